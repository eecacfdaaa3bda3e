/*
 * pair: a table of SOURCE and its twin on TARGET: what is read of them, by which key, and
 * what names a row.
 *
 * A struct mr_pair is what the process knows about a table while it runs; it is planned
 * once (mr_pair_plan), then read by all threads.  A struct mr_pairing holds all pairs of a
 * run, and the graph of references between them (pair_references.h).
 *
 * Ownership: pairs live in the pairing's arena.  Errors: see each function.
 */
#ifndef MR_PAIR_H
#define MR_PAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/case/findings.h"
#include "core/cli/config.h"
#include "core/source/sides.h"

/* How the rows of the two sides find each other. */
enum mr_join {
    MR_JOIN_UNDECIDED = 0,
    MR_JOIN_SHARED, /* one key order: the source's bounds are the target's ranges */
    MR_JOIN_SPILL,  /* a key whose order differs: both sides tiled, joined on disk */
    MR_JOIN_DIGEST  /* no key: a multiset of row digests */
};

struct mr_pair {
    struct mr_find_table find;
    size_t at; /* in pairing->tables */
    const struct mr_table *side[MR_SIDES];
    enum mr_join join;
    /* The columns of both tables, by their position in find.columns. */
    const struct mr_column *const *column[MR_SIDES];
    /* Values of a scan: the columns, flags (all compared: `ncompared` in front), then
     * hidden key values; of a full read: the same and then texts for people. */
    struct mr_readspec scan[MR_SIDES], full[MR_SIDES];
    size_t ncompared;
    /* Rows of both sides may be compared as the bytes that the servers send, until their
     * layouts turn out to differ (under no lock: it only ever falls). */
    atomic_bool raw;
    const bool *normalise; /* per scanned value: JSON across flavours */
    const bool *ignored;   /* per column: read, but never a difference; NULL: none is */
    bool text_key;         /* the server may equate keys of other bytes */
    /* key as columns among the compared ones (MR_JOIN_SPILL joins by them) */
    const size_t *key_columns;
    size_t nkey_columns;
    /* identity, as positions of columns; none: see `by_identity` */
    const size_t *identity;
    size_t nidentity;
    bool by_identity;     /* collision and moved are possible */
    bool row_is_identity; /* identity = none: other row, other entity */
    const struct mr_table_config *config;
    /* Positions in a full read of the values of the conditions of config->references, as
     * many; SIZE_MAX where one has none. */
    const size_t *condition_at;
    uint64_t est_rows;
    struct mr_arena *arena; /* of the plan: reasons and notes may be added to it */

    /* shared by workers */
    atomic_bool failed;    /* a segment failed; find.reason says why (set under lock) */
    atomic_bool misplaced; /* rows are met by scans that their keys do not find */
};

struct mr_pair_reference;

struct mr_pairing {
    struct mr_server_side *side; /* both, of the struct mr_sides that is open */
    const struct mr_config *config;
    struct mr_arena *arena;
    bool whole_rows; /* ignore-columns are read, too: rows are to be copied */
    struct mr_pair **tables;
    size_t ntables;
    struct mr_pair_reference *references; /* pair_references.h */
    size_t nreferences;
    bool followed; /* references will be: what makes that slow is warned of */
};

/*
 * Plans the pair of two tables: names, configuration, columns, key, identity.  *out is set
 * also where the tables cannot be compared: then *reason says why, and is MR_OK otherwise.
 * MR_E_CONFIG, MR_E_NOMEM and MR_E_USAGE (mr_pair_check_names) end the run.
 */
enum mr_code mr_pair_plan(const struct mr_pairing *pairing, const struct mr_table *source,
                          const struct mr_table *target, struct mr_pair **out,
                          struct mr_err *reason, struct mr_err *err);

/* MR_E_USAGE where a side has another table that lines, cases and patterns name alike
 * (mr_catalogue_namesake), MR_E_CONFIG where a section means the table of SOURCE in other
 * letters (mr_config_require_letters).  mr_pair_plan asks for it. */
enum mr_code mr_pair_check_names(const struct mr_server_side side[MR_SIDES],
                                 const struct mr_table *const tables[MR_SIDES],
                                 const struct mr_config *config, struct mr_err *err);

/* Appends to find.note, after a semicolon where there is one. */
enum mr_code mr_pair_add_note(struct mr_pair *pair, const char *text, struct mr_err *err);
/* Notes the FLOATs that are compared as text, beside another type: servers write six digits. */
enum mr_code mr_pair_note_rounded(struct mr_pair *pair, struct mr_err *err);

/* A condition that a server does not understand is the user's slip, and is to be said
 * before the first row is read: MR_OK, or MR_E_SQL or MR_E_NO_SUCH with what the server
 * says. */
enum mr_code mr_pair_try_condition(const struct mr_pairing *pairing, const struct mr_pair *pair,
                                   const char *const condition[MR_SIDES], struct mr_err *err);

#endif
