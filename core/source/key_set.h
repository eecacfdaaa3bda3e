/*
 * key_set: encoded keys, each once, in the order of their bytes, with a number beside each.
 *
 *   init → add, put … → unite → count, at, number, find, mark → release
 *
 * What is added is copied.  The same key may be added again and again: it is united with itself now and
 * then, so that memory follows the number of different keys: of each its bytes and twelve more, and up
 * to as much again between two times.  The caller looks at mr_key_set_bytes and sets the limit.
 *
 * Errors: MR_E_NOMEM; MR_E_UNSUPPORTED beyond 4 GiB of keys.  Threads: one, read-only once united.
 */
#ifndef MR_KEY_SET_H
#define MR_KEY_SET_H

#include "core/base/vec.h"
#include "core/source/keyrange.h"

struct mr_key_set {
    struct mr_strbuf bytes; /* private, as all of it */
    struct mr_vec refs;     /* where the keys are */
    size_t united;          /* of refs, when it was done last */
};

/* Empty; release gives all memory back, and leaves it empty. */
void mr_key_set_init(struct mr_key_set *set);
void mr_key_set_release(struct mr_key_set *set);
/* With the number 0. */
enum mr_code mr_key_set_add(struct mr_key_set *set, struct mr_key key, struct mr_err *err);
/* Of a key that is put again the last number counts.  Not of keys without bytes. */
enum mr_code mr_key_set_put(struct mr_key_set *set, struct mr_key key, uint32_t number,
                            struct mr_err *err);
/* Puts them in order.  Before all that follows. */
enum mr_code mr_key_set_unite(struct mr_key_set *set, struct mr_err *err);
size_t mr_key_set_count(const struct mr_key_set *set);
/* Its bytes are the set's. */
struct mr_key mr_key_set_at(const struct mr_key_set *set, size_t i);
uint32_t mr_key_set_number(const struct mr_key_set *set, size_t i);
/* The number of the i-th becomes that one. */
void mr_key_set_mark(struct mr_key_set *set, size_t i, uint32_t number);
/* *i: which one it is; false: it is not among them. */
bool mr_key_set_find(const struct mr_key_set *set, struct mr_key key, size_t *i);
/* What it holds in memory. */
size_t mr_key_set_bytes(const struct mr_key_set *set);
/* Of `count` sets, one each `stride` bytes: unites them, so that what is there twice does not count, and says
 * what all of them hold, and which holds the most. */
enum mr_code mr_key_sets_weigh(struct mr_key_set *first, size_t count, size_t stride, size_t *bytes,
                               size_t *most, struct mr_err *err);

#endif
