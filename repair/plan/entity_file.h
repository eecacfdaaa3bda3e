/*
 * entity_file: entities.csv.zst, what a plan promises row by row, for those who prove it.
 *
 * Writing: the header, then a line for each entity and each parent, into any sink.
 * Reading: mr_entity_file_read calls back for each line, in their order; memory is bounded
 * by a line, of at most 64 MiB.  Columns are found by their names; one that is not known is
 * passed over.
 *
 * A row of TARGET that a planned row refers to and that is none of the plan's own
 * (MR_DECIDE_PARENT) is only expected to be there and to be who it was.
 *
 * Ownership: what a callback is given lives until it returns.  Errors: MR_E_REFUSED for a
 * file that no planner wrote, with the number of the line; MR_E_IO; the callback's own.
 * Threads: no state.
 */
#ifndef MR_ENTITY_FILE_H
#define MR_ENTITY_FILE_H

#include "repair/plan/plan_store.h"

#define MR_ENTITY_FILE "entities.csv.zst"

struct mr_entity_line {
    const char *table;        /* "db.t", SOURCE's names */
    struct mr_key source_key; /* ptr NULL: none */
    struct mr_key target_key; /* ptr NULL: none */
    struct mr_key identity;   /* canonical; ptr NULL: nobody */
    enum mr_decision decision;
    const char *kind, *choice; /* NULL: none */
    bool has_digest;           /* a row is to stand on TARGET */
    struct mr_digest digest;   /* of it, by plan_image.h */
    /* of the values of its columns in the order of the table's references in plan.json */
    struct mr_digest references;
    bool has_references;
    /* of a row that planned ones refer to by columns beside its key: of their values */
    struct mr_digest referred;
    bool has_referred;
    bool is_new;          /* under an id out of the plan's block */
    enum mr_group group;  /* of a merge: what kind of row it is; else undecided */
    struct mr_fact facts; /* that were known of it */
    const char *logs;     /* what it comes to by the binary logs; NULL: they say nothing */
    const char *columns;  /* then: "city restored-change; …", or NULL */
    /* of a restored change: which columns it writes, positions in the table's columns of plan.json from
     * 0 on, ascending, with a blank between ("2 5"); NULL: the row as a whole.  part: digest of these
     * values, as mr_plan_digester_part() makes it */
    const char *written;
    struct mr_digest part;
    /* those of them that it adds to, or NULL; rest: digest of the written ones without these */
    const char *sums;
    struct mr_digest rest;
    const char *waits_table; /* whom it waits for, as table and source_key, or where there is
                                none target_key, have him; NULL: nobody, or not known */
    struct mr_key waits_key;
    bool has_equal;       /* of a row that comes into a table without a key: it is known */
    uint64_t equal_there; /* how many rows that are equal to it stood on TARGET */
};

void mr_entity_file_header(struct mr_strbuf *out);
/* Of a row that nobody has decided about: MR_E_BUG. */
enum mr_code mr_entity_file_line(struct mr_strbuf *out, const struct mr_entity_line *line,
                                 struct mr_err *err);

/* Sets of[i] of each column that a text like mr_entity_line.written names, and clears the others;
 * false: it is none, or names one at or above ncolumns. */
bool mr_entity_written_get(const char *written, bool *of, size_t ncolumns);
/* Does it name the column? */
bool mr_entity_written_has(const char *written, size_t column);
/* Appends such a text. */
void mr_entity_written_add(struct mr_strbuf *out, const bool *of, size_t ncolumns);

typedef enum mr_code mr_entity_line_fn(void *ctx, const struct mr_entity_line *line,
                                       struct mr_err *err);
enum mr_code mr_entity_file_read(const char *path, mr_entity_line_fn *fn, void *ctx,
                                 struct mr_err *err);

#endif
