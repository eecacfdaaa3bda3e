# The deciders in every world of facts; see tests/decide/decide.sh.
DECIDE_WORLDS := $(BUILD)/tests/decide/worlds
TEST_BIN      += $(DECIDE_WORLDS)

$(DECIDE_WORLDS): $(BUILD)/obj/tests/decide/worlds.o $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(ALL_LIBS)
