/*
 * case_fields: rows of a statement as structs, column by name.
 *
 * A list of fields says which member a column of that name fills, so that a query and the
 * struct can each be read, and changed, alone:
 *
 *     static const struct mr_case_field fields[] = MR_CASE_LIST(
 *         MR_CASE_FIELD(struct mr_fact, above, MR_CASE_FLAG), …);
 *     mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);   after preparing
 *     mr_case_fields_read(&map, arena, &fact, err);                   after each row
 *     mr_case_fields_next(&map, arena, &fact, &more, err);            the same, with the step
 *     mr_case_fields_one(stmt, MR_CASE_FIELDS(fields), arena, &fact, &found, err);
 *     mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, &facts, err);
 *
 * Members without a column stay as they are.  Ownership: bytes and text are copied into the
 * arena; without one they are the statement's, until its next step.  Errors: MR_E_BUG (a column
 * that names no field), MR_E_NOMEM.  Threads: the statement's.
 */
#ifndef MR_CASE_FIELDS_H
#define MR_CASE_FIELDS_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/case/casefile.h"
#include "core/source/keyrange.h"

enum mr_case_type {
    MR_CASE_FLAG = 1, /* bool; NULL is false */
    MR_CASE_INT,      /* int64_t, uint64_t or size_t; NULL is 0 */
    MR_CASE_SMALL,    /* int, unsigned or an enum; NULL is 0 */
    MR_CASE_DIGITS,   /* uint64_t of a text (MR_ARG_DIGITS); NULL is 0 */
    MR_CASE_MILLIS,   /* double, in seconds */
    MR_CASE_BYTES,    /* struct mr_key; NULL has ptr NULL */
    MR_CASE_START,    /* const void *; NULL is NULL.  The next field, */
    MR_CASE_LENGTH,   /* size_t, has its length */
    MR_CASE_TEXT      /* const char *; NULL is NULL */
};

struct mr_case_field {
    const char *name;
    enum mr_case_type type;
    size_t at; /* where in the struct */
};

/* A member of another size than its kind has does not compile. */
#define MR_CASE_SIZE(kind)                                                                         \
    ((kind) == MR_CASE_FLAG    ? sizeof(bool)                                                      \
     : (kind) == MR_CASE_SMALL ? sizeof(int)                                                       \
     : (kind) == MR_CASE_BYTES ? sizeof(struct mr_key)                                             \
                               : sizeof(int64_t))
#define MR_CASE_FITS(size, kind) sizeof(char[(size) == MR_CASE_SIZE(kind) ? 1 : -1])

#define MR_CASE_FIELD_AS(name, type, member, kind)                                                 \
    {                                                                                              \
        name, kind, offsetof(type, member) + 0 * MR_CASE_FITS(sizeof(((type *)0)->member), kind)   \
    }
#define MR_CASE_FIELD(type, member, kind) MR_CASE_FIELD_AS(#member, type, member, kind)
/* Bytes in `member` and `member`_len. */
#define MR_CASE_SPAN(type, member)                                                                 \
    MR_CASE_FIELD(type, member, MR_CASE_START), MR_CASE_FIELD(type, member##_len, MR_CASE_LENGTH)

/* A list of them, and that list as the functions take it. */
#define MR_CASE_LIST(...)                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define MR_CASE_FIELDS(list) list, sizeof(list) / sizeof((list)[0])

#define MR_CASE_FIELDS_MAX 32

struct mr_case_fields {
    struct mr_case_stmt *stmt;
    size_t first, count; /* columns */
    const struct mr_case_field *of[MR_CASE_FIELDS_MAX];
};

enum mr_code mr_case_fields_open(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                 const struct mr_case_field *fields, size_t nfields,
                                 struct mr_err *err);
/* Of some columns: a row may hold several structs. */
enum mr_code mr_case_fields_part(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                 size_t first, size_t count, const struct mr_case_field *fields,
                                 size_t nfields, struct mr_err *err);
enum mr_code mr_case_fields_read(const struct mr_case_fields *map, struct mr_arena *arena,
                                 void *row, struct mr_err *err);
/* Steps to the next row, if there is one. */
enum mr_code mr_case_fields_next(const struct mr_case_fields *map, struct mr_arena *arena,
                                 void *row, bool *more, struct mr_err *err);
/* The first row, if there is one; *found may be NULL. */
enum mr_code mr_case_fields_one(struct mr_case_stmt *stmt, const struct mr_case_field *fields,
                                size_t nfields, struct mr_arena *arena, void *row, bool *found,
                                struct mr_err *err);
/* Pushes a struct for each row. */
enum mr_code mr_case_fields_all(struct mr_case_stmt *stmt, const struct mr_case_field *fields,
                                size_t nfields, struct mr_arena *arena, struct mr_vec *out,
                                struct mr_err *err);

#endif
