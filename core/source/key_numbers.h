/*
 * key_numbers: a set of encoded keys (keyrange.h), each with a number beside it.
 *
 *   mr_key_numbers_init → mr_key_numbers_put … → mr_key_numbers_find … → mr_key_numbers_release
 *
 * Keys are the same where their bytes are.  They are found by a digest of 128 bits, and compared; at any time, while
 * those of key_set.h, which are smaller, are found once all are there.
 *
 * Ownership: it keeps copies of the keys; places that it gives are good until the next put.
 * Errors: MR_E_NOMEM.  Threads: read-only once filled.
 */
#ifndef MR_KEY_NUMBERS_H
#define MR_KEY_NUMBERS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/source/keyrange.h"

struct mr_key_entry {
    struct mr_key key;
    unsigned number;
};

struct mr_key_numbers {
    struct mr_vec entries; /* struct mr_key_entry, in the order in which they came */
    size_t bytes;          /* of all keys */
    /* private */
    struct mr_arena arena;
    size_t *slots; /* 0 is free; else one more than a place among the entries */
    size_t nslots;
};

/* Empty; release gives its memory back, and leaves it empty. */
void mr_key_numbers_init(struct mr_key_numbers *set);
void mr_key_numbers_release(struct mr_key_numbers *set);
/* The key's number becomes that one, whether it was there or not. */
enum mr_code mr_key_numbers_put(struct mr_key_numbers *set, struct mr_key key, unsigned number,
                                struct mr_err *err);
/* Bytes of memory that it takes, about. */
size_t mr_key_numbers_memory(const struct mr_key_numbers *set);
/* NULL: it is not there. */
struct mr_key_entry *mr_key_numbers_find(const struct mr_key_numbers *set, struct mr_key key);

#endif
