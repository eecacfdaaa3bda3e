/*
 * case_fields: rows of a statement as structs, column by name.
 *
 * A list of fields says which member a column of that name fills, so that a query and the
 * struct can each be read, and changed, alone:
 *
 *     static const struct mr_case_field fields[] = {
 *         MR_CASE_FIELD(struct mr_fact, above, MR_CASE_FLAG), …};
 *     mr_case_fields_open(&map, stmt, fields, n, err);     after preparing
 *     mr_case_fields_read(&map, arena, &fact, err);        after each step that gave a row
 *
 * Members without a column stay as they are.  Ownership: bytes and text are copied into the
 * arena.  Errors: MR_E_BUG (a column that names no field), MR_E_NOMEM.  Threads: the
 * statement's.
 */
#ifndef MR_CASE_FIELDS_H
#define MR_CASE_FIELDS_H

#include "core/base/arena.h"
#include "core/case/casefile.h"
#include "core/source/keyrange.h"

enum mr_case_type {
    MR_CASE_FLAG = 1, /* bool; NULL is false */
    MR_CASE_INT,      /* int64_t, or unsigned of that size; NULL is 0 */
    MR_CASE_ENUM,     /* without negative values; NULL is 0 */
    MR_CASE_BYTES,    /* struct mr_key; NULL has ptr NULL */
    MR_CASE_TEXT      /* const char *; NULL is NULL */
};

struct mr_case_field {
    const char *name;
    enum mr_case_type type;
    size_t at; /* where in the struct */
};

#define MR_CASE_FIELD(type, member, kind)                                                \
    {                                                                                    \
#member, kind, offsetof(type, member)                                            \
    }

#define MR_CASE_FIELDS_MAX 32

struct mr_case_fields {
    struct mr_case_stmt *stmt;
    size_t count; /* of columns */
    const struct mr_case_field *of[MR_CASE_FIELDS_MAX];
};

enum mr_code mr_case_fields_open(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                 const struct mr_case_field *fields, size_t nfields,
                                 struct mr_err *err);
enum mr_code mr_case_fields_read(const struct mr_case_fields *map, struct mr_arena *arena,
                                 void *row, struct mr_err *err);

#endif
