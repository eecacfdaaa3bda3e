/*
 * asked: which plan a decisions file answers.
 *
 * A file that a page of a plan has saved ends with a record that is no conflict: `#plan` in the
 * first field, then the plan's uuid, and the digest of what it asks (undecided.h).  A field that
 * the page could not show whole (a masked column, a long value) stands in it as `digest:` and
 * SHA-256 of the plan's page key, a line feed and the field, in hex: whoever has the page alone
 * cannot try values until one fits.
 *
 * Threads: any.  Errors: MR_E_BUG where no digest can be made.
 */
#ifndef MR_ASKED_H
#define MR_ASKED_H

#include "core/file/csv_in.h"
#include "core/file/sha256.h"

#define MR_ASKED_MARK "#plan"
#define MR_ASKED_NOTE "note" /* the column of what people wrote beside their decisions */
#define MR_ASKED_DIGEST "digest:"
#define MR_ASKED_BYTES (sizeof MR_ASKED_DIGEST - 1 + MR_SHA256_HEX)

/* Is it such a record?  first: its first field, blanks around it left out or not. */
bool mr_asked_is_mark(struct mr_csv_field first);
/* Is it a record of blanks alone, as editors and spreadsheets leave one? */
bool mr_asked_is_blank(const struct mr_csv_field *fields, size_t count);
/* What stands for the field. */
enum mr_code mr_asked_digest(const char *page_key, struct mr_csv_field field,
                             char text[MR_ASKED_BYTES], struct mr_err *err);
bool mr_asked_is_digest(const char *text);
/* A new page key, 64 hexadecimal digits. */
enum mr_code mr_asked_key(char key[MR_SHA256_HEX], struct mr_err *err);

#endif
