LIB_SRC += $(wildcard repair/*.c repair/*/*.c)
