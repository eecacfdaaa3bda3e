# What tests/it/fault_*.sh break things with: libraries that are preloaded (failing_*.c),
# proxy.c between myrecon and a server, case_sql.c to look into a case file.  A sanitizer
# wants to be loaded first: with one there are no libraries, and no tests that preload them.
FAULT_LIB_SRC := $(wildcard tests/fault/failing_*.c)
FAULT_BIN_SRC := $(filter-out $(FAULT_LIB_SRC),$(wildcard tests/fault/*.c))
TEST_BIN      += $(FAULT_BIN_SRC:%.c=$(BUILD)/%)
ifeq ($(SAN),)
TEST_BIN      += $(FAULT_LIB_SRC:%.c=$(BUILD)/%.so)
endif

# Without -fno-builtin the compiler takes a malloc for what it knows of malloc.
CFLAGS_failing_alloc := -fPIC -fno-builtin
CFLAGS_failing_io    := -fPIC
CFLAGS_failing_any   := -fPIC -fno-builtin
CFLAGS_failing_lock  := -fPIC

$(BUILD)/tests/fault/%.so: $(BUILD)/obj/tests/fault/%.o
	@mkdir -p $(@D)
	$(say_ld) $(CC) -shared -pthread $(RELRO) $(CFLAGS) $(LDFLAGS) -o $@ $<

$(BUILD)/tests/fault/%: $(BUILD)/obj/tests/fault/%.o
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(ALL_LIBS)
