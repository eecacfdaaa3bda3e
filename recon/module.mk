LIB_SRC += $(wildcard recon/*.c)
