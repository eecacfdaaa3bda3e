/*
 * key_set: encoded keys, each once, in the order of their bytes.
 *
 *   init → add … → unite → count, at → release
 *
 * What is added is copied.  The same key may be added again and again: it is united with itself now and
 * then, so that memory follows the number of different keys: of each its bytes and eight more, and up
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
enum mr_code mr_key_set_add(struct mr_key_set *set, struct mr_key key, struct mr_err *err);
/* Puts them in order.  Before count and at. */
enum mr_code mr_key_set_unite(struct mr_key_set *set, struct mr_err *err);
size_t mr_key_set_count(const struct mr_key_set *set);
/* Its bytes are the set's. */
struct mr_key mr_key_set_at(const struct mr_key_set *set, size_t i);
/* What it holds in memory. */
size_t mr_key_set_bytes(const struct mr_key_set *set);

#endif
