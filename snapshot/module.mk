LIB_SRC += $(wildcard snapshot/*.c)
