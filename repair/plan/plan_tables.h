/*
 * plan_tables: the tables that a plan looks at: what names a row, what its key is made of,
 * and how the tables refer to each other.
 *
 * The tables are those that the chosen run of the case compared, and with them every table
 * that refers to one of them (closure): one that refers to a planned table but was
 * excluded, not checked, checked only in part, or cannot be read, is MR_E_REFUSED by name.
 * So is a table that is meant, and that a side does not have any more (plan_gone.h).
 *
 * Positions are those of the pair's columns (find.columns), which are also those of row
 * images in the plan's store.
 *
 * ORDER.  A reference is HARD where it is part of the child's key or identity, or of what
 * others refer to the child by: before who a row is can be said, its parent must be known.
 * Tables come in components, parents first; tables that refer to each other in a circle
 * are one component, in which hard references still lead from later to earlier tables.  A
 * circle of hard references through several tables is MR_E_REFUSED by name; a table that
 * refers to itself so is to be taken row by row (self_hard).
 *
 * Calling sequence: open (the case's run is chosen, the sides are open), read, release.
 * Ownership: everything lives in the arena that is handed in.  Threads: read-only after.
 * Errors: MR_E_REFUSED, MR_E_CONFIG, MR_E_SQL and those of the servers and the case.
 */
#ifndef MR_PLAN_TABLES_H
#define MR_PLAN_TABLES_H

#include "core/case/evidence.h"
#include "core/cli/option.h"
#include "core/pair/pair.h"
#include "core/pair/pair_references.h"

#define MR_NO_COLUMN SIZE_MAX

/* By what a row above the common past is known again. */
enum mr_plan_identity {
    MR_PLAN_BY_COLUMNS = 1,
    MR_PLAN_BY_ROW, /* counted as a multiset */
    MR_PLAN_BY_NONE /* every row is its own event */
};

struct mr_plan_columns {
    const size_t *at;
    size_t count;
};

/* A UNIQUE index of TARGET's table.  Not listed are those of which a part is an expression,
 * a piece of a long value, or a column that is not planned: script_computed.c compares
 * them when rows are written. */
struct mr_plan_unique {
    const char *name;
    struct mr_plan_columns columns;
    bool is_identity, is_key;
    bool is_partial;  /* some part is a prefix: other values may collide, too */
    bool is_computed; /* some column is computed from one that is mapped */
};

struct mr_plan_reference {
    const struct mr_pair_reference *pair;
    struct mr_plan_columns from, to; /* of the child, of the parent; as many */
    size_t child, parent;            /* plan tables */
    size_t to_set;                   /* place of `to` among the parent's sets */
    const bool *reads;               /* per column of the child: its condition looks at it, or
                                        at what is computed from it; NULL: no condition */
    bool hard;                       /* see above */
    bool of_key;                     /* shares a column with the child's key */
    bool nullable;                   /* some column may be NULL: it can be set later */
};

/* Rows that the run found on SOURCE, and that SOURCE has no more. */
#define MR_PLAN_GONE_KEYS 5
struct mr_plan_gone {
    uint64_t rows;
    const char *keys[MR_PLAN_GONE_KEYS]; /* of the first, for people */
    size_t nkeys;
};

/* What the binary logs of a case are worth for a table; filled by a merge. */
struct mr_plan_witness {
    bool is_asked; /* the case has collected logs */
    bool is_used;  /* one side's at least: rows are decided by what they tell */
    bool is_good;  /* both sides', also where they have gone on since: where the past ends */
    enum mr_witness side[MR_SIDES];
    const char *reason[MR_SIDES]; /* of all but good: a clause, or NULL */
};

struct mr_plan_table {
    struct mr_pair *pair;
    size_t at;
    const struct mr_find_table *found; /* the chosen run's */
    struct mr_plan_gone *gone;         /* filled when rows are collected */
    struct mr_plan_witness witness;
    uint64_t younger_equal;     /* rows that both sides have, above the key or created after
                               the time that was given; filled by a merge */
    int64_t younger_key;        /* the greatest of their keys (counted.h) */
    const size_t *found_at;     /* per column, its position in the run's images;
                                          MR_NO_COLUMN: the run did not compare it */
    struct mr_plan_columns key; /* count 0: none */
    enum mr_plan_identity identity;
    struct mr_plan_columns named_by;    /* columns of the identity; of MR_PLAN_BY_ROW, and
                                        without a key, all that count but the key */
    size_t counter;                     /* the column of the key that the server counts */
    bool counts_unsigned;               /* it may go beyond 2^63-1: side/counted.h */
    const char *sequence_db, *sequence; /* TARGET's, where a sequence counts; else NULL */
    size_t time_at, update_at;          /* configured columns, or MR_NO_COLUMN */
    size_t created_at;                  /* time_at, else the column that tells creation */
    struct mr_plan_unique *uniques;
    size_t nuniques;
    const struct mr_plan_columns *sets; /* the sets of columns that others refer to */
    size_t nsets;
    const bool *nullable, *generated; /* per column, on TARGET */
    /* Per column: how it writes the key of another type that it refers to; NULL: as it is. */
    const struct mr_spelling **spelling;
    const bool *signs; /* per column: images keep the sign of -0 */
    /* Where others refer to what a counter makes, and that is not the key: may rows of one side
     * share it?  Known once the rows are matched; of a mirror never. */
    enum { MR_PLAN_PARTS_UNKNOWN = 0, MR_PLAN_PARTS_ALONE, MR_PLAN_PARTS_SHARED } parts;
    size_t component; /* tables come in the order of their components */
    bool self_hard;
};

struct mr_plan_tables {
    struct mr_pairing pairing;
    struct mr_plan_table *tables; /* in the order in which they are planned */
    size_t ntables;
    struct mr_plan_reference *references;
    size_t nreferences;
};

/* Which tables are meant: --tables and --exclude. */
struct mr_plan_patterns {
    const struct mr_string_list *tables, *exclude; /* none in `tables`: all are meant */
};

struct mr_plan_tables_task {
    struct mr_sides *sides;
    const struct mr_config *config;
    struct mr_findings *fd; /* its current run is the one whose findings are planned */
    const struct mr_plan_patterns *patterns; /* NULL: all are meant */
    /* The policy asks who a row is: warns of tables with findings in which nothing but a counter's key says so. */
    bool asks_who;
    struct mr_arena *arena;
};

enum mr_code mr_plan_tables_open(struct mr_plan_tables *plan,
                                 const struct mr_plan_tables_task *task, struct mr_err *err);

/* A table that the run did not compare, and of which rows are read: its key, and what names
 * a row.  Without found, uniques and times. */
enum mr_code mr_plan_table_outside(struct mr_plan_table *out, struct mr_pair *pair, size_t at,
                                   struct mr_arena *arena, struct mr_err *err);

/* The other side's column that is planned with it; NULL: there is none. */
const struct mr_column *mr_plan_twin(const struct mr_plan_table *table,
                                     const struct mr_column *column, enum mr_side side);
/* Has only that side this column, which holds values of people's own, and does no
 * `ignore-columns` dismiss it? */
bool mr_plan_is_alone(const struct mr_plan_table *table, const struct mr_column *column,
                      enum mr_side side);
/* "db.t", SOURCE's names. */
const char *mr_plan_table_name(const struct mr_plan_table *table);
/* Whom a person means by a name: the table that has it, or else the first that has it but for
 * capitals (*several: others have it so, too); NULL: there is none. */
const struct mr_plan_table *mr_plan_table_meant(const struct mr_plan_tables *plan, const char *name,
                                                bool *several);
const char *mr_plan_column_name(const struct mr_plan_table *table, size_t column);
/* The column that TARGET calls so, or MR_NO_COLUMN. */
size_t mr_plan_target_column(const struct mr_plan_table *table, const char *name);
/* Is the reference this foreign key of TARGET's child; and does any stand for that of a table?
 * None does for one over a column that only TARGET has. */
bool mr_plan_is_foreign_key(const struct mr_plan_tables *plan,
                            const struct mr_plan_reference *reference,
                            const struct mr_foreign_key *fk);
bool mr_plan_has_foreign_key(const struct mr_plan_tables *plan, const struct mr_table *child,
                             const struct mr_foreign_key *fk);
/* NULL: it writes no key in a type of its own. */
const struct mr_spelling *mr_plan_spelling(const struct mr_plan_table *table, size_t column);
bool mr_plan_columns_has(const struct mr_plan_columns *columns, size_t column);
/* Has the table at that place a reference?  Its rows have no parents otherwise. */
bool mr_plan_refers(const struct mr_plan_tables *plan, size_t at);
/* Of the columns of an image, without the hidden values behind them. */
enum mr_code mr_plan_row_digest(const struct mr_plan_table *table, struct mr_key image,
                                struct mr_digest *digest, struct mr_err *err);
bool mr_plan_has_counter(const struct mr_plan_table *table);
/* Does that side fill the column by AUTO_INCREMENT, or from a sequence?  In the key or not. */
bool mr_plan_is_counted(const struct mr_plan_table *table, enum mr_side side, size_t column,
                        struct mr_arena *arena);
/* Does the reference lead to the table's key, or to the part of it that the counter makes? */
bool mr_plan_is_of_key(const struct mr_plan_table *table, const struct mr_plan_reference *r);
/* To such a part, and not to all of it? */
bool mr_plan_is_of_part(const struct mr_plan_table *table, const struct mr_plan_reference *r);
/* To what a counter makes, in the key or not, and not to the key as a whole? */
bool mr_plan_is_of_counter(const struct mr_plan_table *table, const struct mr_plan_reference *r,
                           struct mr_arena *arena);
/* Does a unique index of TARGET keep two rows from having one identity? */
bool mr_plan_is_guarded(const struct mr_plan_table *table);
/* Are its rows listed as runs of keys, "lo..hi"? */
bool mr_plan_has_runs(const struct mr_plan_table *table);

#endif
