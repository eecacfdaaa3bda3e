/*
 * places_json: the places of a key's rows in a line of JSON, beside its keys and in the same order.
 *
 *   MR_PLACES_INIT → { mr_places_keep… → mr_places_put }… → mr_places_release
 *
 * Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_PLACES_JSON_H
#define MR_PLACES_JSON_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/json/jsonw.h"

/* No more than a map has tables. */
struct mr_places {
    struct mr_vec names; /* const char *, in arena */
    struct mr_arena arena;
};
#define MR_PLACES_INIT                                                                             \
    {                                                                                              \
        MR_VEC_INIT(const char *), MR_ARENA_INIT                                                   \
    }

/* place is copied. */
enum mr_code mr_places_keep(struct mr_places *places, const char *place, struct mr_err *err);
/* The member "places", where there are any; then there are none. */
void mr_places_put(struct mr_places *places, struct mr_jsonw *w);
void mr_places_release(struct mr_places *places);

#endif
