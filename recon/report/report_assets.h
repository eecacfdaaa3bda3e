/*
 * report_assets: style and script of a report, as the build has put them into the
 * program: core/page/page_style.css with recon/report/report_style.css, and report_script.js, byte by byte.
 */
#ifndef MR_REPORT_ASSETS_H
#define MR_REPORT_ASSETS_H

#include <stddef.h>

extern const unsigned char mr_report_style[], mr_report_script[];
extern const size_t mr_report_style_size, mr_report_script_size;

#endif
