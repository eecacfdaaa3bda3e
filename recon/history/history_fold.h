/*
 * history_fold: changes of rows, in the order of a log, become one mark a key.
 *
 *   mr_history_fold_new → add … → flush, at any time and at the end → free
 *
 * What is added stands in memory, one entry a key, until the caller finds that it is too much: then it
 * is spilled, sorted, to a file without a name (history_runs.h).  A flush puts all of it together with
 * the marks that the case has of the same keys, in the order of their bytes.  So a log of any length
 * takes the memory that the caller allows between two spills, and the case's trees grow at their end.
 *
 * THE CHAIN.  Each before-image has to be the after-image before it; where one is not, the key is flagged
 * broken.  Whole rows are compared by their digests, others in the columns that both have shown.
 *
 * Changes of transactions that the other side has, too, are no evidence, but are part of the chain: a key
 * that only they have changed leaves no mark, one that both have is flagged shared.
 *
 * Ownership: all that is added is copied.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_HISTORY_FOLD_H
#define MR_HISTORY_FOLD_H

#include "core/case/evidence.h"

/* Of a key that matters, so many of its first changes are kept, each. */
#define MR_HISTORY_CHANGES_MAX 100

/* One image of a row: whole, or what was seen of it (seen_image.h). */
struct mr_history_image {
    struct mr_key
        bytes; /* ptr NULL: no row; without length: a whole one, known by its digest alone */
    bool is_whole;
    struct mr_digest digest; /* of a whole one */
};

struct mr_history_change {
    size_t table; /* as the caller counts them */
    struct mr_key key;
    enum mr_change_kind kind;
    bool is_own;
    int64_t tx; /* of own ones */
    struct mr_history_image before, after;
    struct mr_key came,
        went;     /* of an update of the key: an insertion that came, a deletion that went */
    bool matters; /* images are kept */
};

struct mr_history_fold;
/* beside: the case's path, or "" (mr_scratch_file_open), which outlives it. */
enum mr_code mr_history_fold_new(int side, const char *beside, struct mr_history_fold **out,
                                 struct mr_err *err);
void mr_history_fold_free(struct mr_history_fold *fold); /* NULL is fine */
/* In their order. */
enum mr_code mr_history_fold_add(struct mr_history_fold *fold,
                                 const struct mr_history_change *changes, size_t count,
                                 struct mr_err *err);
/* Bytes that it holds in memory. */
size_t mr_history_fold_bytes(const struct mr_history_fold *fold);
/* What it holds in memory goes to the file. */
enum mr_code mr_history_fold_spill(struct mr_history_fold *fold, struct mr_err *err);

/* Where a flush puts it. */
struct mr_history_into {
    struct mr_evidence_writer *writer;
    /* The case's id of a table, by the caller's number. */
    int64_t (*id_of)(void *ctx, size_t table);
    void *ctx;
    /* Is it committed piece by piece?  Only where a part of it is of no use to anybody: what is in the
     * case is not read on from there. */
    bool in_pieces;
};

/* Into the case, and empties it; within mr_findings_begin … mr_findings_end.  Heeds signals. */
enum mr_code mr_history_fold_flush(struct mr_history_fold *fold, const struct mr_history_into *into,
                                   struct mr_err *err);

#endif
