LIB_SRC += $(wildcard snapshot/*.c snapshot/*/*.c)
