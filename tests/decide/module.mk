# The deciders in every world of facts; see tests/decide/decide.sh.
DECIDE_WORLDS := $(BUILD)/tests/decide/worlds $(BUILD)/tests/decide/worlds_three
TEST_BIN      += $(DECIDE_WORLDS)

$(DECIDE_WORLDS): $(BUILD)/tests/decide/%: $(BUILD)/obj/tests/decide/%.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LIBS)
