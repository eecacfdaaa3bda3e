/*
 * script_read: apply.sql and undo.sql of a plan, statement by statement.
 *
 *   mr_script_read_open → index → (seek, next … next) for each unit → close
 *
 * A script is a head and units (docs/formats/plan-v1.md).  A unit begins with the line
 * "-- unit N of M: R rows" and has the sections "-- stage", "-- aside", "-- locks", "-- guards",
 * "-- write", "-- again" and "-- end", each once and in that order; "-- aside" may be missing.  A statement ends with ";" at the end of a line;
 * no other line ends so.  Lines that begin with "-- " between statements are comments;
 * in front of the sections of a unit some say where its rows are from (script_origin.h).
 * Units are numbered from 1 to M, upwards or downwards.
 *
 * What does not read like that is MR_E_REFUSED with file and line, so that a cut or edited
 * script is never run in part.  MR_E_IO for a file that cannot be read.
 *
 * What is read after the index is what the index has read: whoever writes into the file meanwhile,
 * which may take hours, has its next statement refused.
 *
 * Memory: one statement, at most MR_SCRIPT_READ_STATEMENT_MAX, and 64 KiB; the index takes 32
 * bytes a unit, and as many for it and for each statement.  Threads: one at a time per script.
 */
#ifndef MR_SCRIPT_READ_H
#define MR_SCRIPT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/vec.h"
#include "core/file/sha256.h"

#define MR_SCRIPT_READ_STATEMENT_MAX ((size_t)64 * 1024 * 1024)

enum mr_script_read_section {
    MR_SCRIPT_READ_HEAD = 1, /* in front of the first unit */
    MR_SCRIPT_READ_UNIT_HEAD,
    MR_SCRIPT_READ_STAGE,
    MR_SCRIPT_READ_ASIDE,
    MR_SCRIPT_READ_LOCKS,
    MR_SCRIPT_READ_GUARDS,
    MR_SCRIPT_READ_WRITE,
    MR_SCRIPT_READ_AGAIN,
    MR_SCRIPT_READ_END
};

struct mr_script_read_unit {
    uint64_t number, rows;
    uint64_t offset; /* of its first line, in bytes */
    size_t item;     /* its place among all items */
};

enum mr_script_read_kind {
    MR_SCRIPT_READ_STATEMENT = 1,
    MR_SCRIPT_READ_UNIT, /* a unit begins */
    MR_SCRIPT_READ_EOF
};

struct mr_script_read_item {
    enum mr_script_read_kind kind;
    enum mr_script_read_section section; /* of a statement */
    const char *sql;                     /* without the ";"; valid until the next call */
    size_t len;
    struct mr_script_read_unit unit; /* that begins, or that the statement belongs to */
};

/* What a judge has against a statement: behind that many of its lines. */
struct mr_script_read_fault {
    uint64_t lines;
    char what[240]; /* as in "it has …" */
};
/* fault is set where the answer is no. */
typedef bool mr_script_read_judge_fn(const void *ctx, const struct mr_script_read_item *item,
                                     struct mr_script_read_fault *fault);

struct mr_script_read;

enum mr_code mr_script_read_open(const char *path, struct mr_script_read **out, struct mr_err *err);
void mr_script_read_close(struct mr_script_read *script); /* NULL is fine */

/* From now on each statement that is read is judged: no other is ever handed out. */
void mr_script_read_judged(struct mr_script_read *script, mr_script_read_judge_fn *judge,
                           const void *ctx);

/* Reads the whole file: its units (struct mr_script_read_unit, in the order of the file) and
 * the SHA-256 of the bytes read. */
enum mr_code mr_script_read_index(struct mr_script_read *script, struct mr_vec *units,
                                  char sha256[MR_SHA256_HEX], struct mr_err *err);
/* After the index: does any unit write by UPDATE? */
bool mr_script_read_has_updates(const struct mr_script_read *script);
/* After the index: does any unit say which units of apply.sql wrote its rows? */
bool mr_script_read_has_origins(const struct mr_script_read *script);
/* What the unit at hand says of that, once a statement of it was read: lines as script_origin.h has
 * them, until the next unit; or NULL. */
const char *mr_script_read_origin(const struct mr_script_read *script);
/* The next item is that unit's beginning. */
enum mr_code mr_script_read_seek(struct mr_script_read *script,
                                 const struct mr_script_read_unit *unit, struct mr_err *err);
enum mr_code mr_script_read_next(struct mr_script_read *script, struct mr_script_read_item *item,
                                 struct mr_err *err);

#endif
