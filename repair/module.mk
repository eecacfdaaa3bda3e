LIB_SRC += $(wildcard repair/*.c)
