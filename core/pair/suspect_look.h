/*
 * suspect_look: references that nobody declares, found by what columns hold.
 *
 * Who looks says which ids of which tables change hands (struct mr_suspect_parent), and
 * shows the rows of one table after another.  All columns are watched that could hold an id
 * (integer, decimal, text), whatever they are called; beside a column of types also by type.
 * The verdict is suspect_rule.h's.
 *
 *   mr_suspect_look_open → parents[…] = … → for each table: begin, row …, tail, end →
 *   suspects → mr_suspect_look_release
 *
 * Ownership: suspects and their texts live until the release.  Memory: 9 KiB a column of
 * the table at hand, and of each type of a type column.  Errors: those of the reader,
 * MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_SUSPECT_LOOK_H
#define MR_SUSPECT_LOOK_H

#include "core/pair/pair.h"
#include "core/pair/suspect_names.h"
#include "core/pair/suspect_tally.h"

#define MR_SUSPECT_TAIL 20000 /* rows */

/* A column of the child that looks like a reference to the parent's key. */
struct mr_suspect {
    const struct mr_pair *child, *parent;
    const char *column, *parent_column;
    const char *type_column, *type; /* only where the one holds the other; NULL: always */
    bool unlike;                    /* it is not of the key's type */
    bool either;                    /* one of several parents as near as each other */
};

/* Are both about one column, and is one of them meant? */
bool mr_suspect_is_or(const struct mr_suspect *a, const struct mr_suspect *b);

struct mr_suspect_watch;

struct mr_suspect_look {
    const struct mr_pairing *pairing;
    struct mr_reader *source;          /* whose keys are looked up, and whose tails are read */
    struct mr_suspect_parent *parents; /* the caller's to fill; as pairing->tables */
    struct mr_vec suspects;            /* struct mr_suspect */
    /* private */
    struct mr_arena arena, table_arena;
    struct mr_suspect_names names;
    struct mr_vec hits;
    const struct mr_pair *table;
    struct mr_suspect_watch *watched;
    size_t nwatched;
    struct mr_value *values;
    uint64_t found;
};

enum mr_code mr_suspect_look_open(struct mr_suspect_look *look, const struct mr_pairing *pairing,
                                  struct mr_reader *source, struct mr_err *err);
void mr_suspect_look_release(struct mr_suspect_look *look);

/* Can ids of the table be told: does a counter make its key, or a column of it (of a table that
 * is partitioned by a date, which others refer to by the id alone)?  *column: that one. */
bool mr_suspect_look_id(const struct mr_pair *table, size_t *column);

/* How near a table is that a column of the child may mean by its name (suspect_names.h); less
 * is nearer, MR_SUSPECT_FAR: a namesake of another database. */
#define MR_SUSPECT_FAR 5
unsigned mr_suspect_distance(const struct mr_pair *child, const struct mr_pair *parent,
                             bool by_word);

/* By a foreign key, or by the configuration, as what it is or as none?  always: a reference
 * that has a condition does not count. */
bool mr_suspect_is_declared(const struct mr_pair *table, const char *column, bool always);

enum mr_code mr_suspect_look_begin(struct mr_suspect_look *look, const struct mr_pair *table,
                                   struct mr_err *err);
/* A row, as an encoded image of the table's columns. */
enum mr_code mr_suspect_look_row(struct mr_suspect_look *look, const void *image, size_t len,
                                 struct mr_err *err);
/* The last rows of SOURCE's table by its key, at most MR_SUSPECT_TAIL: equal on both
 * sides, they may mean two people. */
enum mr_code mr_suspect_look_tail(struct mr_suspect_look *look, struct mr_err *err);
/* Pushes what is suspected of the table. */
enum mr_code mr_suspect_look_end(struct mr_suspect_look *look, struct mr_err *err);

#endif
