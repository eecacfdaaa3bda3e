/*
 * shards: which servers and tables one logical source is made of.
 *
 *   shards:mysql://recon@db{00..15}/shop_{}#orders_{0..9}->orders,items->items,audit->none
 *
 * In front of the # is the URI of a source; a range in it stands for as many sources, and {}
 * elsewhere in it for the number of each.  Behind it stands which tables of theirs make which table
 * of the logical source; of a range on the left, {} on the right is the number.  All sources have
 * the same tables, but a table may be absent from some.  "none": it is not meant.  Within names, %XX
 * stands for a byte, as for `,`, `>` and `none` itself.
 *
 * A password has no place in it, since it is kept in cases and shared with machines.
 *
 *   mr_shards_parse → servers, tables → mr_shards_release
 *
 * Ownership: endpoints are the struct's, texts are the arena's.  Errors: MR_E_USAGE, which repeats no
 * value of the URI, MR_E_NOMEM.  Limits: MR_SHARDS_MAX sources, MR_SHARDS_TABLES names of tables.
 */
#ifndef MR_SHARDS_H
#define MR_SHARDS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/endpoint.h"

#define MR_SHARDS_MAX 256
#define MR_SHARDS_TABLES 100000

/* A table of the sources, and of which table of the logical one its rows are. */
struct mr_shards_table {
    const char *source;
    const char *target; /* NULL: it is not meant */
};

struct mr_shards {
    struct mr_endpoint *servers; /* each of one server and one database */
    const char **labels;         /* the number of each, "00"; "" where there is no range */
    size_t nservers;
    struct mr_vec tables; /* struct mr_shards_table, in the order in which they are written */
};

/* What an endpoint of kind MR_ENDPOINT_SHARDS has behind its scheme. */
enum mr_code mr_shards_parse(const char *text, struct mr_arena *arena, struct mr_shards *out,
                             struct mr_err *err);
/* Also after a failed parse. */
void mr_shards_release(struct mr_shards *shards);

/* The mapping of a source's table; NULL: nothing is said of it. */
const struct mr_shards_table *mr_shards_find(const struct mr_shards *shards, const char *source);
/* Is it a table of the logical source? */
bool mr_shards_makes(const struct mr_shards *shards, const char *target);

#endif
