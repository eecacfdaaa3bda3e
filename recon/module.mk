LIB_SRC += $(wildcard recon/*/*.c)

# What a report carries along: its style and its script (core/module.mk).
REPORT_ASSETS := $(BUILD)/gen/report_assets.c
REPORT_STYLE  := core/page/page_style.css recon/report/report_style.css
LIB_SRC       += $(REPORT_ASSETS)

$(REPORT_ASSETS): $(REPORT_STYLE) recon/report/report_script.js recon/module.mk core/module.mk
	@mkdir -p $(@D)
	@{ echo '/* report_assets.c: made from $(REPORT_STYLE) and report_script.js. */'; \
	   echo '#include "recon/report/report_assets.h"'; \
	   $(call as_array,report_style,$(REPORT_STYLE)); \
	   $(call as_array,report_script,recon/report/report_script.js); } > $@
