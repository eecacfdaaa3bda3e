/*
 * doctor_scrub: what may leave the house: settings without secrets, messages without
 * values of rows.
 *
 * When in doubt it hides.  Each function appends to out, with control characters escaped.
 * Threads: any.
 */
#ifndef MR_DOCTOR_SCRUB_H
#define MR_DOCTOR_SCRUB_H

#include "core/base/strbuf.h"

#define MR_SCRUB_HIDDEN "(hidden)"

/* A server variable's value: passwords are hidden, SQL is without its values. */
void mr_scrub_variable(struct mr_strbuf *out, const char *name, const char *value);
/* A message: what a server said, behind "error N", may quote a row, and goes. */
void mr_scrub_message(struct mr_strbuf *out, const char *message);
/* A value of the configuration: URIs lose their password, SQL its values. */
void mr_scrub_setting(struct mr_strbuf *out, const char *key, const char *value);

#endif
