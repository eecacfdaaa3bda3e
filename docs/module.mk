# Manual pages: docs/man/NAME.SECTION.scd becomes build/man/NAME.SECTION.
MAN_SRC   := $(wildcard docs/man/*.scd)
MAN_PAGES := $(MAN_SRC:docs/man/%.scd=$(BUILD)/man/%)

$(BUILD)/man/%: docs/man/%.scd
	@mkdir -p $(@D)
	scdoc < $< > $@
