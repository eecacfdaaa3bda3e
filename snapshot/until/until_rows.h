/*
 * until_rows: what the log made of the rows of one table: of each key that it names the last state, and the
 * state that its first change found.
 *
 *   mr_until_rows_init → mr_until_rows_put, in the log's order → mr_until_rows_find, _read, _compose → release
 *
 * A row is an *image*: the encodings (core/row/row.h) of a snapshot's columns in their order, where a column
 * that the log did not show is the one byte MR_UNTIL_UNSEEN: it is what it was before.  A change has to find
 * the row as the change before it has left it, and the first one as the snapshot has it: else something changed the
 * row that is not in the log, and nothing of it is believed.
 *
 * Memory: keys, and 48 bytes for each; images stand in the scratch file, as they came.
 * Ownership: texts live in the caller's arena.  Errors: MR_E_UNSUPPORTED with what does not fit, to be
 * completed by the caller with table and place; those of scratch_file.h.  Threads: one.
 */
#ifndef MR_UNTIL_ROWS_H
#define MR_UNTIL_ROWS_H

#include "core/file/scratch_file.h"
#include "core/source/key_numbers.h"
#include "snapshot/format/snap_table.h"

#define MR_UNTIL_UNSEEN 'U'

/* An image in the scratch file; of no bytes: the row is not there. */
struct mr_until_image {
    uint64_t at;
    size_t len;
};

struct mr_until_row {
    struct mr_until_image first, last;
    bool
        is_vague; /* the snapshot may hold the row as of before its first change, or as of behind it */
    bool is_met; /* the caller's: it was found in the snapshot */
};

struct mr_until_rows {
    const struct mr_snap_table *table;
    struct mr_key_numbers keys; /* the number is a place in rows */
    struct mr_vec rows;         /* struct mr_until_row */
    struct mr_scratch_file *scratch;
    uint64_t
        counted; /* the caller's: the greatest value that the log has of its counter; 0: none */
    struct mr_strbuf was, made; /* private */
};

void mr_until_rows_init(struct mr_until_rows *rows, const struct mr_snap_table *table,
                        struct mr_scratch_file *scratch);
void mr_until_rows_release(struct mr_until_rows *rows);

/*
 * A row that had the key `key`: before and after are its images, NULL where it was not there.  An update of the
 * key is two changes, of which the second has after-images without unseen columns.  is_vague: of a
 * transaction that the snapshot may hold already.
 */
struct mr_until_change {
    struct mr_key key;
    const struct mr_strbuf *before, *after;
    bool is_vague;
};
enum mr_code mr_until_rows_put(struct mr_until_rows *rows, const struct mr_until_change *change,
                               struct mr_err *err);

/* Columns of an image that are unseen become those of `from`, where it shows them.  out: another buffer. */
enum mr_code mr_until_image_fill(const struct mr_strbuf *image, const struct mr_strbuf *from,
                                 struct mr_strbuf *out, struct mr_err *err);
bool mr_until_image_is_whole(const struct mr_strbuf *image, size_t ncolumns, struct mr_err *err);
/* The key's columns, encoded as keys are.  MR_E_UNSUPPORTED where one of them is unseen. */
enum mr_code mr_until_image_key(const struct mr_snap_table *table, const struct mr_strbuf *image,
                                struct mr_strbuf *key, struct mr_err *err);

/* NULL: the log does not name the key.  Good until the next put. */
struct mr_until_row *mr_until_rows_find(const struct mr_until_rows *rows, struct mr_key key);
/* An image into out, which is emptied before. */
enum mr_code mr_until_rows_read(const struct mr_until_rows *rows, struct mr_until_image image,
                                struct mr_strbuf *out, struct mr_err *err);
/*
 * What became of a row of the snapshot: values become those of `row`, pointing into `image`, and *is_gone tells
 * whether it is there at all.  was: the snapshot's values; NULL: it has no such row.  MR_E_UNSUPPORTED where
 * the log's first change found another row than the snapshot has.
 */
enum mr_code mr_until_rows_compose(struct mr_until_rows *rows, const struct mr_until_row *row,
                                   const struct mr_value *was, struct mr_strbuf *image,
                                   struct mr_value *values, bool *is_gone, struct mr_err *err);

#endif
