/*
 * history_keys: which keys matter to a case: those of findings, and of the rows that findings lead to.
 *
 * Of them the images of changes are kept, of all others only that there were some.  The set has hashes
 * of 64 bits: that two keys share one costs an image that nobody needs.  Where the case has more than
 * MR_HISTORY_KEYS_MAX, every key matters.
 *
 * Ownership: its own.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: read-only once filled.
 */
#ifndef MR_HISTORY_KEYS_H
#define MR_HISTORY_KEYS_H

#include "core/case/findings.h"

#define MR_HISTORY_KEYS_MAX ((size_t)4 * 1024 * 1024)

struct mr_history_keys {
    uint64_t *slots; /* private: 0 is free */
    size_t nslots, count;
    bool all;
};

/* Empty; release gives its memory back. */
void mr_history_keys_init(struct mr_history_keys *keys);
void mr_history_keys_release(struct mr_history_keys *keys);
/* Adds those of a table of the current run; number: by which it is asked for. */
enum mr_code mr_history_keys_add_table(struct mr_history_keys *keys, struct mr_findings *fd,
                                       const struct mr_find_table *table, size_t number,
                                       struct mr_err *err);
bool mr_history_keys_has(const struct mr_history_keys *keys, size_t number, struct mr_key key);

#endif
