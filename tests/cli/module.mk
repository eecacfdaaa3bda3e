# make_case FILE writes the case file that tests of commands which read one work with.
TEST_BIN += $(BUILD)/tests/cli/make_case

$(BUILD)/tests/cli/make_case: $(BUILD)/obj/tests/cli/make_case.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LIBS)
