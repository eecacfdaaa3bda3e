/*
 * check_scope: the part of a pair that one check of a fleet reads: which tables, which ranges of
 * their keys, and whether it compares the objects.
 *
 *   mr_scope_write        by `fleet plan`: one line of JSON (docs/formats/fleet-plan-v1.md)
 *   mr_scope_load         of a file that holds one such line; mr_scope_parse, from memory
 *   mr_check_scope_apply  to the tables that a check has planned, before the first row
 *
 * All tables of the pair are registered in the case, since references need them; those out of
 * scope stay undecided, and nothing is read of them but their catalogue.  Ranges are cut in the
 * order of a key: where the servers' is another one by now, the table is not checked.
 *
 * Ownership: what is read lives in the arena.  Errors: MR_E_REFUSED for what mr_scope_write has
 * not written, MR_E_IO, MR_E_NOMEM.  Limits: a line of MR_SCOPE_MAX_BYTES.
 */
#ifndef MR_CHECK_SCOPE_H
#define MR_CHECK_SCOPE_H

#include "core/db/slots.h"
#include "core/json/json_reader.h"
#include "core/pair/pair.h"

#define MR_SCOPE_SCHEMA "myrecon-scope/1"
#define MR_SCOPE_MAX_BYTES ((size_t)64 << 20)

struct mr_check_run;

struct mr_scope_range {
    size_t at; /* its place among all ranges of the table, over all parts */
    struct mr_range range;
};

struct mr_scope_table {
    const char *name;            /* "db.t", SOURCE's names */
    const char *order[MR_SIDES]; /* mr_check_key_order; NULL where no range has an end */
    const struct mr_scope_range *ranges;
    size_t nranges; /* at least 1; by `at` */
};

struct mr_scope {
    const char *run;                     /* the uuid that the run is to have */
    const char *pair;                    /* of the inventory */
    bool has_objects;                    /* objects, counters and advice are this part's, too */
    struct mr_slots slots;               /* that readers hold (check_slots.h) */
    const struct mr_scope_table *tables; /* by name */
    size_t ntables;
};

/* Appends the line, with its end. */
void mr_scope_write(const struct mr_scope *scope, struct mr_strbuf *out);
/* name stands for the file in messages. */
enum mr_code mr_scope_parse(const char *text, size_t len, const char *name, struct mr_arena *arena,
                            struct mr_scope *out, struct mr_err *err);
/* A key as plans write it, in the reader's arena: hex in small letters, of a byte at least. */
struct mr_key mr_scope_read_key(struct mr_json_reader *r, const char *name, const char *hex);
/* *digest: SHA-256 of the file, in the arena. */
enum mr_code mr_scope_load(const char *path, struct mr_arena *arena, struct mr_scope *out,
                           const char **digest, struct mr_err *err);

/* Appends what the options of a run (struct mr_find_run) that has read exactly this scope have of it:
 * "scope=DIGEST\n". */
enum mr_code mr_scope_option(const struct mr_scope *scope, struct mr_strbuf *out,
                             struct mr_err *err);
/* *is: a run of those options (struct mr_find_run) has read exactly this scope. */
enum mr_code mr_scope_was_read(const struct mr_scope *scope, const char *options, bool *is,
                               struct mr_err *err);
/* NULL: the table is out of scope; of a check without a scope every table is in it. */
const struct mr_scope_table *mr_scope_find(const struct mr_scope *scope, const char *name);
/* Is the table one that this run reads? */
bool mr_check_in_scope(const struct mr_check_run *check, const struct mr_pair *table);
/* Gives up tables of which ranges are asked for that cannot be read so. */
enum mr_code mr_check_scope_apply(struct mr_check_run *check, struct mr_err *err);
/* Once the run is in the case: a table of the scope that neither side has any more is not checked.  One
 * that a single side has is told of by whoever compares the objects. */
enum mr_code mr_check_scope_gone(struct mr_check_run *check, struct mr_err *err);

#endif
