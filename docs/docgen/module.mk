# docgen is linked with the commands and run by the build: see docgen.c.
DOCGEN     := $(BUILD)/docgen/docgen
DOCGEN_SRC := $(wildcard docs/docgen/*.c) commands.c
TEST_BIN   += $(DOCGEN)
DOCGEN_OBJ := $(DOCGEN_SRC:%.c=$(BUILD)/obj/%.o)

$(DOCGEN): $(DOCGEN_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(say_ld) $(CC) $(ALL_LDFLAGS) -o $@ $(DOCGEN_OBJ) $(LIB) $(ALL_LIBS)

# Completions of shells.
COMPLETIONS := $(BUILD)/completions/myrecon.bash $(BUILD)/completions/_myrecon \
    $(BUILD)/completions/myrecon.fish

$(BUILD)/completions/myrecon.bash: docs/docgen/myrecon.bash $(DOCGEN)
	@mkdir -p $(@D)
	@$(DOCGEN) bash < $< > $@

$(BUILD)/completions/_myrecon: docs/docgen/myrecon.zsh $(DOCGEN)
	@mkdir -p $(@D)
	@$(DOCGEN) zsh < $< > $@

$(BUILD)/completions/myrecon.fish: docs/docgen/myrecon.fish $(DOCGEN)
	@mkdir -p $(@D)
	@$(DOCGEN) fish < $< > $@
