/* case_fields.c: see case_fields.h. */
#include "core/case/case_fields.h"

#include <string.h>

_Static_assert(sizeof(enum mr_case_type) == sizeof(unsigned),
               "enums are written as unsigned");

static const struct mr_case_field *find(const struct mr_case_field *fields, size_t n,
                                        const char *name)
{
    for (size_t i = 0; name != NULL && i < n; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

enum mr_code mr_case_fields_open(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                 const struct mr_case_field *fields, size_t nfields,
                                 struct mr_err *err)
{
    *map = (struct mr_case_fields){.stmt = stmt, .count = mr_case_columns(stmt)};
    if (map->count > MR_CASE_FIELDS_MAX)
        return mr_err_set(err, MR_E_BUG, "a statement of the case file has %zu columns",
                          map->count);
    for (size_t i = 0; i < map->count; i++) {
        const char *name = mr_case_column_name(stmt, (int)i);
        map->of[i] = find(fields, nfields, name);
        if (map->of[i] == NULL)
            return mr_err_set(err, MR_E_BUG,
                              "column \"%s\" of the case file has no field",
                              name != NULL ? name : "");
    }
    return MR_OK;
}

/* Copies a column's bytes; *ptr NULL where it is NULL.  False: no memory. */
static bool copy(const struct mr_case_fields *map, int column, struct mr_arena *arena,
                 struct mr_key *out)
{
    *out = (struct mr_key){0};
    const void *bytes = mr_case_blob(map->stmt, column, &out->len);
    if (bytes == NULL)
        return true;
    out->ptr = mr_arena_dup(arena, bytes, out->len);
    return out->ptr != NULL;
}

enum mr_code mr_case_fields_read(const struct mr_case_fields *map, struct mr_arena *arena,
                                 void *row, struct mr_err *err)
{
    for (size_t i = 0; i < map->count; i++) {
        void *member = (char *)row + map->of[i]->at;
        const int column = (int)i;
        struct mr_key bytes = {0};
        bool copied = true;
        switch (map->of[i]->type) {
        case MR_CASE_FLAG: *(bool *)member = mr_case_int(map->stmt, column) != 0; break;
        case MR_CASE_INT: *(int64_t *)member = mr_case_int(map->stmt, column); break;
        case MR_CASE_ENUM:
            *(unsigned *)member = (unsigned)mr_case_int(map->stmt, column);
            break;
        case MR_CASE_BYTES: copied = copy(map, column, arena, member); break;
        case MR_CASE_TEXT:
            copied = copy(map, column, arena, &bytes);
            *(const char **)member = bytes.ptr;
            break;
        }
        if (!copied)
            return mr_err_nomem(err, "reading the case file");
    }
    return MR_OK;
}
