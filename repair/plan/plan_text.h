/*
 * plan_text: keys, identities and rows of a plan as people read them, and the fields of
 * its CSV files (RFC 4180).
 *
 * Keys are printed as `affected` prints them: values as text, binary in hex, those of a
 * composite key joined by commas, NULL as nothing.
 *
 * Errors: MR_E_CASE for bytes that no encoder wrote; out of memory the buffer is marked
 * failed.  Threads: no state.
 */
#ifndef MR_PLAN_TEXT_H
#define MR_PLAN_TEXT_H

#include "core/file/sink.h"
#include "repair/plan/plan_tables.h"

/* Appends the values of an encoding that stand for these columns, in their order. */
enum mr_code mr_plan_text_values(struct mr_strbuf *out, const struct mr_plan_table *table,
                                 const struct mr_plan_columns *columns, struct mr_key values,
                                 struct mr_err *err);
/* The same of a row image. */
enum mr_code mr_plan_text_of_row(struct mr_strbuf *out, const struct mr_plan_table *table,
                                 const struct mr_plan_columns *columns, struct mr_key image,
                                 struct mr_err *err);
/* Appends the row as a JSON object; nothing for ptr NULL. */
enum mr_code mr_plan_text_json(struct mr_strbuf *out, const struct mr_plan_table *table,
                               struct mr_key image, struct mr_err *err);

/* The same of what a log has shown of a row (seen_image.h): columns that it has not are left out. */
enum mr_code mr_plan_text_seen(struct mr_strbuf *out, const struct mr_plan_table *table,
                               struct mr_key image, struct mr_err *err);

/* Appends a field, quoted where that is needed; the first of a line is never empty. */
void mr_plan_text_field(struct mr_strbuf *line, const char *ptr, size_t len);
void mr_plan_text_str(struct mr_strbuf *line, const char *text); /* NULL: nothing */
/* Ends the line, hands it to the sink, and begins the next one. */
enum mr_code mr_plan_text_end(struct mr_strbuf *line, struct mr_sink sink, struct mr_err *err);

#endif
