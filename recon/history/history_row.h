/*
 * history_row: a row of a row event as changes of keys, in the encodings of the case.
 *
 * An update that leaves the key is one change; one of the key is a deletion that went and an insertion
 * that came.  What an image does not show is unseen in it; a part of the key that an after-image leaves
 * out is that of the before-image.
 *
 * Ownership: keys and images live in `kept`, until the caller resets it.  Errors: those of
 * binlog_value.h (MR_E_UNSUPPORTED: the table is blind); MR_E_UNSUPPORTED, too, where an image does not
 * show the key.  Threads: one at a time.
 */
#ifndef MR_HISTORY_ROW_H
#define MR_HISTORY_ROW_H

#include "core/binlog/binlog_value.h"
#include "recon/history/history_fold.h"
#include "recon/history/history_table.h"

struct mr_history_rowing {
    /* Set by the caller, or NULL: does that key matter?  Of one that does not, images are kept by their
     * digests alone, with bytes of no length, until a row is met of which not all is seen. */
    bool (*matters)(void *ctx, size_t table, struct mr_key key);
    void *matters_ctx;
    size_t table; /* of the next row, as the caller counts them */
    struct mr_arena kept;
    /* private */
    struct mr_strbuf scratch, turned, before, after, key;
    struct mr_vec ends;  /* size_t: of the before-image's columns */
    bool has_partial;    /* some image did not have all columns */
    bool has_minus_zero; /* some value of the row is -0 */
};

/* Empty; release gives its memory back. */
void mr_history_rowing_init(struct mr_history_rowing *r);
void mr_history_rowing_release(struct mr_history_rowing *r);
/* changes: one or two, *count; of what they hold table, kind, key, before, after, came and went are set, and
 * whether one of the row's keys matters. */
enum mr_code mr_history_rowing_take(struct mr_history_rowing *r,
                                    const struct mr_history_table *table, enum mr_side side,
                                    const struct mr_binlog_shape *shape,
                                    const struct mr_binlog_row *row,
                                    struct mr_history_change changes[2], size_t *count,
                                    struct mr_err *err);

#endif
