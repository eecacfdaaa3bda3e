/*
 * history_prepared: transactions of XA that are prepared, and not ended yet, while a log is read.
 *
 * What such a transaction has changed stands in the log, and in no table that anybody sees; its rows are locked until
 * another one says what became of it, perhaps never.  So its changes are held until then: they count with
 * its end.  Of one that is not held what it has touched is known.
 *
 *   mr_history_prepared_add → hold, or not → … → find → give → drop
 *
 * Memory: what is held; mr_history_prepared_bytes says how much.  Ownership: all is copied.
 * Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_HISTORY_PREPARED_H
#define MR_HISTORY_PREPARED_H

#include "core/base/arena.h"
#include "recon/history/history_fold.h"

struct mr_history_prepared {
    const char *xid;
    const bool *tables; /* touched */
    bool is_own;        /* of the transaction that prepared it */
    bool is_counted;    /* its changes are, since they are too many to be held */
    bool is_decoded;    /* its rows are known; not so in front of the first own transaction */
    struct mr_evidence_tx head;
    /* private */
    struct mr_vec changes; /* struct mr_history_change */
    struct mr_arena arena;
};

/* A list of them: struct mr_vec of struct mr_history_prepared. */
void mr_history_prepared_release(struct mr_vec *list);
/* Bytes of all that is held. */
size_t mr_history_prepared_bytes(const struct mr_vec *list);
enum mr_code mr_history_prepared_add(struct mr_vec *list, const char *xid, const bool *touched,
                                     size_t ntables, struct mr_history_prepared **out,
                                     struct mr_err *err);
/* Its changes, and what its transaction is called. */
enum mr_code mr_history_prepared_hold(struct mr_history_prepared *prepared,
                                      const struct mr_history_change *changes, size_t count,
                                      const struct mr_evidence_tx *head, struct mr_err *err);
/* NULL: there is none of that name. */
struct mr_history_prepared *mr_history_prepared_find(const struct mr_vec *list, const char *xid);
/* Pushes what is held, its bytes in kept. */
enum mr_code mr_history_prepared_give(const struct mr_history_prepared *prepared,
                                      struct mr_vec *changes, struct mr_arena *kept,
                                      struct mr_err *err);
/* It has ended: why what it has touched is not known from there on; NULL: it is. */
const char *mr_history_prepared_blinds(const struct mr_history_prepared *prepared, bool commits,
                                       bool is_own);
void mr_history_prepared_drop(struct mr_vec *list, struct mr_history_prepared *prepared);

#endif
