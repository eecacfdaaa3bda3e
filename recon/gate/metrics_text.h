/*
 * metrics_text: the text exposition format of Prometheus, a line at a time, and the textfile
 * collector's file.
 *
 * Series of one name stand together below one head.  Errors: MR_E_IO, MR_E_NOMEM; MR_E_EXISTS for
 * a file that holds something else.  Threads: no state.
 */
#ifndef MR_METRICS_TEXT_H
#define MR_METRICS_TEXT_H

#include <stdbool.h>

#include "core/base/strbuf.h"

/* HELP and TYPE of the gauge PREFIXname. */
void mr_metrics_head(struct mr_strbuf *out, const char *prefix, const char *name, const char *help);
/* name="value", with a comma in front but for the first one, which is none behind. */
void mr_metrics_label(struct mr_strbuf *out, bool *first, const char *name, const char *value);
/* Replaces the file at once, so that a collector never reads half of it. */
enum mr_code mr_metrics_write(const char *path, const struct mr_strbuf *out, struct mr_err *err);

#endif
