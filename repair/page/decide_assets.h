/*
 * decide_assets: style and script of the page of decisions, as the build has put them into the
 * program: core/page/page_style.css with repair/page/decide_page.css, and decide_page.js.
 */
#ifndef MR_DECIDE_ASSETS_H
#define MR_DECIDE_ASSETS_H

#include <stddef.h>

extern const unsigned char mr_decide_style[], mr_decide_script[];
extern const size_t mr_decide_style_size, mr_decide_script_size;

#endif
