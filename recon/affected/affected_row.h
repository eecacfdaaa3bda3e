/*
 * affected_row: what is listed of one row of a subject table, taken from its image.
 *
 * Calling sequence: init once, read for each image, release.  Threads: one at a time.
 */
#ifndef MR_AFFECTED_ROW_H
#define MR_AFFECTED_ROW_H

#include "core/case/image.h"
#include "recon/affected/affected.h"

struct mr_affected_row {
    struct mr_image image;
    /* Of the row that was read last. */
    struct mr_strbuf key;    /* as people see it, the parts joined by ','; "": no key */
    struct mr_strbuf order;  /* bytes in whose order keys stand: numbers by value */
    struct mr_strbuf values; /* of the fields, as people see them, encoded (row.h) */
    bool no_name;            /* a column of the identity is NULL */
    size_t name_len;         /* bytes of `values` that the identity takes */
};

void mr_affected_row_init(struct mr_affected_row *row);
void mr_affected_row_release(struct mr_affected_row *row);
/* MR_E_CASE for bytes that no encoder wrote, MR_E_NOMEM. */
enum mr_code mr_affected_row_read(struct mr_affected_row *row, const struct mr_affected *list,
                                  const struct mr_affected_subject *subject, const void *image,
                                  size_t len, struct mr_err *err);

/* Appends bytes so that texts put behind each other this way stand in the order of their
 * bytes, a shorter one in front of what it begins. */
void mr_affected_add_ordered(struct mr_strbuf *out, const void *ptr, size_t len);
/* The text of a value in lists: as people see it; hex digits for what is no UTF-8. */
void mr_affected_add_text(struct mr_strbuf *out, const struct mr_value *value,
                          struct mr_value_style style);
/* Is the value text that is not valid UTF-8, so that hex digits stand for it? */
bool mr_affected_is_hex(const struct mr_value *value);

#endif
