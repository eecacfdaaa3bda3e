/*
 * affected_type: the type of a column of the table that the SQL list creates.
 *
 * It is that of the listed column on SOURCE where every value that is listed fits it, else
 * the next one that holds them all: the two sides' columns may differ.  Text is text of
 * utf8mb4, bytes stay bytes.  What one flavour of server alone has (uuid, inet6, a JSON
 * type of its own) becomes text.
 */
#ifndef MR_AFFECTED_TYPE_H
#define MR_AFFECTED_TYPE_H

#include "core/row/value_text.h"
#include "recon/affected/affected_extent.h"

struct mr_affected_type {
    const char *declared; /* as SOURCE's catalogue writes it; NULL: unknown */
    struct mr_value_style style;
    const struct mr_affected_extent *extent;
};

/* Appends the type.  *row_bytes: what the columns of the table's rows take so far, which
 * has a limit; long texts do not count. */
void mr_affected_add_type(struct mr_strbuf *sql, const struct mr_affected_type *type,
                          size_t *row_bytes);
/* Appends a type for texts of up to so many characters. */
void mr_affected_add_text_type(struct mr_strbuf *sql, size_t chars, size_t *row_bytes);

#endif
