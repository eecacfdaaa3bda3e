LIB_SRC += $(wildcard repair/*.c repair/*/*.c)

# What the page of decisions carries along: its style and its script (core/module.mk).
DECIDE_ASSETS := $(BUILD)/gen/decide_assets.c
DECIDE_STYLE  := core/page/page_style.css repair/page/decide_page.css
DECIDE_SCRIPT := repair/page/decide_model.js repair/page/decide_page.js
LIB_SRC       += $(DECIDE_ASSETS)

$(DECIDE_ASSETS): $(DECIDE_STYLE) $(DECIDE_SCRIPT) repair/module.mk core/module.mk
	@mkdir -p $(@D)
	@{ echo '/* decide_assets.c: made from $(DECIDE_STYLE) and $(DECIDE_SCRIPT). */'; \
	   echo '#include "repair/page/decide_assets.h"'; \
	   $(call as_array,decide_style,$(DECIDE_STYLE)); \
	   $(call as_array,decide_script,$(DECIDE_SCRIPT)); } > $@
