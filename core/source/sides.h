/*
 * sides: the two servers or snapshots that a command works with: connected, described, and
 * their databases paired.
 *
 * Calling sequence: mr_sides_open, then mr_sides_pair_dbs as needed, at the end
 * mr_sides_close (also after a failed open).
 *
 * Ownership: everything lives until mr_sides_close; struct mr_sides must not move while it
 * is open.  Errors: those of endpoint.h and db.h, with the side in front; MR_E_USAGE where
 * the two name different numbers of databases.  Threads: one; readers of a source may be
 * opened by any.
 */
#ifndef MR_SIDES_H
#define MR_SIDES_H

#include <stdatomic.h>

#include "core/db/grants.h"
#include "core/db/login_opts.h"
#include "core/schema/schema.h"
#include "core/source/shards.h"
#include "core/source/source.h"

/* Index of everything that exists once a side. */
enum mr_side { MR_SOURCE = 0, MR_TARGET = 1, MR_SIDES = 2 };

const char *mr_side_name(enum mr_side side); /* "source", "target" */

static inline enum mr_side mr_other_side(enum mr_side side)
{
    return side == MR_SOURCE ? MR_TARGET : MR_SOURCE;
}

struct mr_server_side {
    const struct mr_endpoint *ep;
    const char *const *dbs; /* named by the endpoint, or by what a snapshot was made of */
    size_t ndbs;            /* 0: all that there are */
    struct mr_source *source;
    struct mr_source *view; /* with `consistent`: each reader of a server in one view; else
                               NULL */
    struct mr_catalogue *cat;
    struct mr_reader *main;   /* the coordinator's own connection */
    atomic_bool *abandoned;   /* of both sides, see abreast.h: what reads a catalogue heeds it */
    struct mr_grants *grants; /* NULL: a snapshot, or they cannot be read (warned of) */
};

struct mr_sides_opts {
    const char *run_tag; /* of statement comments */
    unsigned statement_timeout_s;
    struct mr_login_opts login;
    bool consistent;
    bool frees_tables;                /* of the views: see struct mr_source_opts */
    bool takes_shards;                /* the source may be many servers (source_shards.h) */
    mr_source_open_fn *open_snapshot; /* NULL: servers only */
    void (*connected)(void *ctx);     /* called before catalogues are read; NULL: nothing is */
    void *ctx;
};

struct mr_sides {
    struct mr_server_side side[MR_SIDES];
    struct mr_endpoint ep[MR_SIDES];
    struct mr_source_opts opts, view_opts;
    struct mr_shards shards; /* of a source that is many servers */
    atomic_bool abandoned;
};

/* The databases that side->ep names, in order; the list is the arena's. */
enum mr_code mr_side_take_names(struct mr_server_side *side, struct mr_arena *arena,
                                struct mr_err *err);
/* False for a server, and for a side that was not opened. */
bool mr_side_is_snapshot(const struct mr_server_side *side);
/* Many servers as one: it has no connection of its own, and each of them moves. */
bool mr_side_is_shards(const struct mr_server_side *side);
/* One server, which has a connection to be asked. */
bool mr_side_is_server(const struct mr_server_side *side);
/* A reader that sees one moment: of sides that were opened `consistent`, or a snapshot. */
enum mr_code mr_side_view_reader(const struct mr_server_side *side, struct mr_reader **out,
                                 struct mr_err *err);

/* Connects both (asking for passwords if told to), loads catalogues of the databases that
 * either URI names, and the grants.  Names live in arena. */
enum mr_code mr_sides_open(struct mr_sides *sides, const char *const uris[MR_SIDES],
                           const struct mr_sides_opts *opts, struct mr_arena *arena,
                           struct mr_err *err);
void mr_sides_close(struct mr_sides *sides);

/* A pair of databases: SOURCE's name and TARGET's. */
struct mr_db_pair {
    const char *name[MR_SIDES];
};

/* By position where both sides name databases (then their numbers must be equal), else by
 * name over what the other side has: pushes struct mr_db_pair.  A name that an
 * endpoint gives and its server does not have is MR_E_NO_SUCH, or MR_E_DENIED where it may
 * only be hidden. */
enum mr_code mr_sides_pair_dbs(const struct mr_server_side side[MR_SIDES], struct mr_arena *arena,
                               struct mr_vec *pairs, struct mr_err *err);

/* The table of that name, which is one of own_db here and of db there, in the other
 * catalogue, or NULL.  Where one of the servers folds the case of names, so does the search,
 * after an exact one; a table has one twin at most. */
const struct mr_table *mr_sides_twin(const struct mr_catalogue *own, const char *own_db,
                                     const struct mr_catalogue *other, const char *db,
                                     const char *name);

#endif
