# Server tests in C: one program each, run by tests/it/run.sh against started servers.
IT_SRC   := $(wildcard tests/it/test_*.c)
IT_BIN   := $(IT_SRC:%.c=$(BUILD)/%)
TEST_BIN += $(IT_BIN)

$(BUILD)/tests/it/%: $(BUILD)/obj/tests/it/%.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) $(LDFLAGS_$(@F)) -o $@ $< $(LIB) -lcmocka $(ALL_LIBS)

# What the scripts of the merge tests call.
MERGE_DRIVER := $(BUILD)/tests/it/merge_driver
TEST_BIN += $(MERGE_DRIVER)

# What binlog_values.sh reads logs with.
TEST_BIN += $(BUILD)/tests/it/binlog_player
# What tests/it/binlog_events.sh reads logs with.
TEST_BIN += $(BUILD)/tests/it/binlog_driver
