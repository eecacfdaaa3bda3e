/* pair_identity.c: see pair_identity.h. */
#include "core/pair/pair_identity.h"

#include <string.h>

/* An image is a row of encodings: a value is found by passing over those before it. */
enum mr_code mr_pair_values_of(const void *image, size_t len, const size_t *positions, size_t count,
                               struct mr_strbuf *out, bool *null, struct mr_err *err)
{
    const char *bytes = image;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    *null = false;
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        size_t from = 0;
        for (size_t skip = 0; code == MR_OK && skip < positions[i]; skip++)
            code = mr_row_skip(image, len, &from, err);
        size_t to = from;
        if (code == MR_OK)
            code = mr_row_skip(image, len, &to, err);
        if (code != MR_OK)
            break;
        *null = *null || bytes[from] == 'N';
        mr_strbuf_add(out, bytes + from, to - from);
    }
    return code == MR_OK ? mr_strbuf_check(out, "reading a row image", err) : code;
}

enum mr_code mr_pair_identity_of(const struct mr_pair *table, const void *image, size_t len,
                                 struct mr_strbuf *out, bool *null, struct mr_err *err)
{
    return mr_pair_values_of(image, len, table->identity, table->nidentity, out, null, err);
}

/* TARGET's column of that value, if it is text on both sides. */
static const struct mr_column *text_column(const struct mr_pair *table,
                                           const struct mr_readcol *value)
{
    const struct mr_table *t = table->side[MR_TARGET];
    for (size_t i = 0; value->cls == MR_CLASS_TEXT && i < t->ncolumns; i++)
        if (strcmp(t->columns[i].name, value->name) == 0 && t->columns[i].cls == MR_CLASS_TEXT)
            return &t->columns[i];
    return NULL;
}

struct mr_db *mr_pair_judge(struct mr_reader *const reader[MR_SIDES])
{
    struct mr_db *db = mr_reader_db(reader[MR_TARGET]);
    return db != NULL ? db : mr_reader_db(reader[MR_SOURCE]);
}

enum mr_code mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                              size_t npositions, struct mr_db *db, struct mr_vec *items,
                              struct mr_arena *arena, struct mr_err *err)
{
    return mr_pair_canonise_parts(table, positions, NULL, npositions, db, items, arena, err);
}

/* In the arena; prefixes NULL: all of each value counts. */
static enum mr_code canon_columns(const struct mr_pair *table, const size_t *positions,
                                  const size_t *prefixes, size_t npositions, struct mr_arena *arena,
                                  struct mr_canon_column **out, struct mr_err *err)
{
    struct mr_canon_column *columns = mr_arena_calloc(arena, npositions + 1, sizeof *columns);
    if (columns == NULL)
        return mr_err_nomem(err, "comparing texts");
    for (size_t i = 0; i < npositions; i++) {
        const struct mr_readcol *value = &table->full[MR_TARGET].cols[positions[i]];
        columns[i].target = text_column(table, value);
        columns[i].charset = columns[i].target != NULL ? value->charset : NULL;
        columns[i].prefix = prefixes != NULL ? prefixes[i] : 0;
    }
    *out = columns;
    return MR_OK;
}

enum mr_code mr_pair_canonise_parts(const struct mr_pair *table, const size_t *positions,
                                    const size_t *prefixes, size_t npositions, struct mr_db *db,
                                    struct mr_vec *items, struct mr_arena *arena,
                                    struct mr_err *err)
{
    struct mr_canon_column *columns = NULL;
    MR_TRY(canon_columns(table, positions, prefixes, npositions, arena, &columns, err));
    return mr_canon(db, columns, npositions, items->items, items->count, arena, err);
}

enum mr_code mr_pair_canonise_plain(const struct mr_pair *table, const size_t *positions,
                                    size_t npositions, struct mr_vec *items, struct mr_arena *arena,
                                    bool *exact, struct mr_err *err)
{
    struct mr_canon_column *columns = NULL;
    MR_TRY(canon_columns(table, positions, NULL, npositions, arena, &columns, err));
    return mr_canon_plain(columns, npositions, items->items, items->count, arena, exact, err);
}
