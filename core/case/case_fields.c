/* case_fields.c: see case_fields.h. */
#include "core/case/case_fields.h"

#include <stdlib.h>
#include <string.h>

/* Begins behind the field of the column before: most statements have them in one order. */
static const struct mr_case_field *find(const struct mr_case_field *fields, size_t n,
                                        const struct mr_case_field *before, const char *name)
{
    size_t at = before != NULL ? (size_t)(before - fields) + 1 : 0;
    for (size_t i = 0; name != NULL && i < n; i++, at++) {
        if (at >= n)
            at = 0;
        if (strcmp(fields[at].name, name) == 0)
            return &fields[at];
    }
    return NULL;
}

/* Columns find their fields by name, once a statement: a SELECT and a struct that drift apart
 * fail at once instead of filling the wrong fields. */
enum mr_code mr_case_fields_part(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                 size_t first, size_t count, const struct mr_case_field *fields,
                                 size_t nfields, struct mr_err *err)
{
    *map = (struct mr_case_fields){.stmt = stmt, .first = first, .count = count};
    if (count > MR_CASE_FIELDS_MAX)
        return mr_err_set(err, MR_E_BUG, "a statement of the case file has %zu columns", count);
    for (size_t i = 0; i < count; i++) {
        const char *name = mr_case_column_name(stmt, (int)(first + i));
        map->of[i] = find(fields, nfields, i > 0 ? map->of[i - 1] : NULL, name);
        if (map->of[i] == NULL)
            return mr_err_set(err, MR_E_BUG, "column \"%s\" of the case file has no field",
                              name != NULL ? name : "");
    }
    return MR_OK;
}

enum mr_code mr_case_fields_open(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                 const struct mr_case_field *fields, size_t nfields,
                                 struct mr_err *err)
{
    return mr_case_fields_part(map, stmt, 0, mr_case_columns(stmt), fields, nfields, err);
}

static uint64_t number_of(const char *digits)
{
    return digits != NULL ? strtoull(digits, NULL, 10) : 0;
}

/* A copy for the arena, if there is one. */
static const void *keep(struct mr_arena *arena, const void *bytes, size_t len, bool *kept)
{
    if (bytes == NULL || arena == NULL)
        return bytes;
    const void *copy = mr_arena_dup(arena, bytes, len);
    *kept = *kept && copy != NULL;
    return copy;
}

static void read_bytes(struct mr_case_stmt *stmt, int column, struct mr_arena *arena,
                       const void **ptr, size_t *len, bool *kept)
{
    const void *bytes = mr_case_blob(stmt, column, len);
    *ptr = keep(arena, bytes, *len, kept);
}

static void read_text(struct mr_case_stmt *stmt, int column, struct mr_arena *arena,
                      const char **text, bool *kept)
{
    const char *there = mr_case_text(stmt, column); /* ends in NUL, as a blob need not */
    *text = keep(arena, there, there != NULL ? strlen(there) : 0, kept);
}

/* Of millions of rows each column comes here. */
static inline void read_field(struct mr_case_stmt *stmt, int column,
                              const struct mr_case_field *field, struct mr_arena *arena, char *row,
                              bool *kept)
{
    void *member = row + field->at;
    struct mr_key *key = member;
    switch (field->type) {
    case MR_CASE_FLAG: *(bool *)member = mr_case_int(stmt, column) != 0; break;
    case MR_CASE_INT: *(int64_t *)member = mr_case_int(stmt, column); break;
    case MR_CASE_SMALL: *(int *)member = (int)mr_case_int(stmt, column); break;
    case MR_CASE_DIGITS: *(uint64_t *)member = number_of(mr_case_text(stmt, column)); break;
    case MR_CASE_MILLIS: *(double *)member = (double)mr_case_int(stmt, column) / 1000; break;
    case MR_CASE_BYTES: read_bytes(stmt, column, arena, &key->ptr, &key->len, kept); break;
    case MR_CASE_START:
        read_bytes(stmt, column, arena, member, (void *)(row + field[1].at), kept);
        break;
    case MR_CASE_LENGTH: *(size_t *)member = (size_t)mr_case_int(stmt, column); break;
    case MR_CASE_TEXT: read_text(stmt, column, arena, member, kept); break;
    }
}

enum mr_code mr_case_fields_read(const struct mr_case_fields *map, struct mr_arena *arena,
                                 void *row, struct mr_err *err)
{
    bool kept = true;
    for (size_t i = 0; i < map->count; i++)
        read_field(map->stmt, (int)(map->first + i), map->of[i], arena, row, &kept);
    return kept ? MR_OK : mr_err_nomem(err, "reading the case file");
}

enum mr_code mr_case_fields_next(const struct mr_case_fields *map, struct mr_arena *arena,
                                 void *row, bool *more, struct mr_err *err)
{
    enum mr_code code = mr_case_step(map->stmt, more, err);
    return code == MR_OK && *more ? mr_case_fields_read(map, arena, row, err) : code;
}

enum mr_code mr_case_fields_one(struct mr_case_stmt *stmt, const struct mr_case_field *fields,
                                size_t nfields, struct mr_arena *arena, void *row, bool *found,
                                struct mr_err *err)
{
    struct mr_case_fields map;
    bool there = false;
    enum mr_code code = mr_case_fields_open(&map, stmt, fields, nfields, err);
    if (code == MR_OK)
        code = mr_case_fields_next(&map, arena, row, &there, err);
    if (found != NULL)
        *found = there;
    return code;
}

enum mr_code mr_case_fields_all(struct mr_case_stmt *stmt, const struct mr_case_field *fields,
                                size_t nfields, struct mr_arena *arena, struct mr_vec *out,
                                struct mr_err *err)
{
    struct mr_case_fields map;
    bool more = false;
    enum mr_code code = mr_case_fields_open(&map, stmt, fields, nfields, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &more, err)) == MR_OK && more) {
        void *row = mr_vec_push(out);
        code = row != NULL ? mr_case_fields_read(&map, arena, row, err)
                           : mr_err_nomem(err, "reading the case file");
    }
    return code;
}
