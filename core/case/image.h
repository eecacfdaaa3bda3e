/*
 * image: a stored row image, value by value.
 *
 * Calling sequence: init once, open for each image, value(i) in any order, release.  The
 * bytes of the image must outlive its use.  Threads: one at a time.
 */
#ifndef MR_IMAGE_H
#define MR_IMAGE_H

#include "core/case/findings.h"
#include "core/json/jsonw.h"

struct mr_image {
    const char *ptr; /* NULL: no row */
    size_t len;
    struct mr_vec starts; /* size_t: where each value begins */
};

void mr_image_init(struct mr_image *image);
void mr_image_release(struct mr_image *image);
/* ptr NULL opens "no row".  MR_E_CASE for bytes that no encoder wrote. */
enum mr_code mr_image_open(struct mr_image *image, const void *ptr, size_t len, struct mr_err *err);
bool mr_image_is_row(const struct mr_image *image);
enum mr_code mr_image_value(const struct mr_image *image, size_t at, struct mr_value *value,
                            struct mr_err *err);

/* Are two encoded values of a column the same, but for what hidden values tell? */
bool mr_image_same_value(struct mr_key a, struct mr_key b, const struct mr_find_column *spec);
/* Of an encoded value. */
bool mr_image_value_is_null(struct mr_key value);
/* Do two rows differ in that column, as check compares it? */
bool mr_image_differs(const struct mr_image *a, const struct mr_image *b, size_t column,
                      const struct mr_find_column *spec);

/* Columns in the order of the table: all, those of the key, or those of the identity. */
enum mr_image_part { MR_IMAGE_ROW = 1, MR_IMAGE_KEY, MR_IMAGE_IDENTITY };

/* Position of the n-th column of a part; ncolumns where it has no more. */
size_t mr_image_part_column(const struct mr_find_table *table, enum mr_image_part part, size_t n);

/* {"col": value, …}; null for "no row". */
enum mr_code mr_image_to_json(const struct mr_image *image, const struct mr_find_table *table,
                              enum mr_image_part part, struct mr_jsonw *w, struct mr_err *err);

#endif
