# Manual pages: docs/man/NAME.SECTION.scd becomes build/man/NAME.SECTION.  The options in
# them come from the option tables: see docs/docgen/man_page.h.
MAN_SRC   := $(wildcard docs/man/*.scd)
MAN_PAGES := $(MAN_SRC:docs/man/%.scd=$(BUILD)/man/%)

$(BUILD)/man/%.scd: docs/man/%.scd $(DOCGEN)
	@mkdir -p $(@D)
	@$(DOCGEN) man < $< > $@ || { echo 'error: in $<' >&2; false; }

# scdoc's .nh stands before .TH, which undoes it: an option that is cut in two is not found by
# whoever searches the page for it.
$(BUILD)/man/%: $(BUILD)/man/%.scd
	@scdoc < $< > $@.roff && sed '/^\.TH /a .nh' $@.roff > $@ && rm $@.roff
