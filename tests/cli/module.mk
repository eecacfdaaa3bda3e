# make_case FILE and make_history FILE write the case files that tests of commands which read one
# work with.
MAKES_CASE := $(BUILD)/tests/cli/make_case $(BUILD)/tests/cli/make_history
TEST_BIN += $(MAKES_CASE)

$(MAKES_CASE): $(BUILD)/tests/cli/%: $(BUILD)/obj/tests/cli/%.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LIBS)
