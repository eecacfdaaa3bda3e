LIB_SRC += $(wildcard recon/*/*.c)

# What a report carries along: its style and its script, as arrays in C.
REPORT_ASSETS := $(BUILD)/gen/report_assets.c
LIB_SRC       += $(REPORT_ASSETS)

# NAME FILE: "const unsigned char mr_report_NAME[] = {…};" and its size
as_array = { echo 'const unsigned char mr_report_$(1)[] = {'; \
    od -An -v -tu1 $(2) | sed 's/[0-9][0-9]*/&,/g'; \
    echo '};'; echo 'const size_t mr_report_$(1)_size = sizeof mr_report_$(1);'; }

$(REPORT_ASSETS): recon/report/report_style.css recon/report/report_script.js recon/module.mk
	@mkdir -p $(@D)
	@{ echo '/* report_assets.c: made from recon/report/report_style.css and report_script.js. */'; \
	   echo '#include "recon/report/report_assets.h"'; \
	   $(call as_array,style,recon/report/report_style.css); \
	   $(call as_array,script,recon/report/report_script.js); } > $@
