/* sequence.c: see sequence.h. */
#include "core/schema/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"

static const char *keep_token(struct mr_arena *arena, const struct mr_token *token)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_token_unquote(&text, token);
    const char *copy = text.failed ? NULL : mr_arena_strdup(arena, text.ptr);
    mr_strbuf_release(&text);
    return copy;
}

static bool next_name(struct mr_sqlscan *scan, struct mr_token *token)
{
    return mr_sqlscan_next_code(scan, token) &&
           (token->kind == MR_TOKEN_WORD || token->kind == MR_TOKEN_IDENT);
}

bool mr_sequence_of(const struct mr_column *column, const char *own_db, struct mr_arena *arena,
                    const char **db, const char **name)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    if (column->default_text == NULL)
        return false;
    mr_sqlscan_init(&scan, column->default_text, strlen(column->default_text));
    if (!mr_sqlscan_next_code(&scan, &token) || !mr_token_is(&token, "nextval") ||
        !mr_sqlscan_next_code(&scan, &token) || !mr_token_is(&token, "(") ||
        !next_name(&scan, &token))
        return false;
    *db = mr_arena_strdup(arena, own_db);
    *name = keep_token(arena, &token);
    if (mr_sqlscan_next_code(&scan, &token) && mr_token_is(&token, ".")) {
        *db = *name;
        if (!next_name(&scan, &token))
            return false;
        *name = keep_token(arena, &token);
    }
    return *db != NULL && *name != NULL;
}

static uint64_t positive(const struct mr_cell *cell)
{
    return cell->ptr != NULL && cell->ptr[0] != '-' ? strtoull(cell->ptr, NULL, 10) : 0;
}

static uint64_t negative(const struct mr_cell *cell)
{
    return cell->ptr != NULL && cell->ptr[0] == '-' ? strtoull(cell->ptr + 1, NULL, 10) : 0;
}

static int compare_next(const struct mr_sequence *a, const struct mr_sequence *b)
{
    if (a->below != b->below)
        return a->below > b->below ? -1 : 1;
    return (a->next > b->next) - (a->next < b->next);
}

bool mr_sequence_is_behind(const struct mr_sequence *sequence, const struct mr_sequence *other)
{
    const int order = compare_next(sequence, other);
    return other->descends ? order > 0 : order < 0;
}

enum mr_code mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                              struct mr_sequence *out, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    *out = (struct mr_sequence){0};
    mr_strbuf_add_str(&sql, "SELECT next_not_cached_value, maximum_value, start_value, "
                            "increment, cycle_option FROM ");
    mr_sql_table(&sql, dbname, name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, "nnnnn", sql.ptr, sql.len, &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL) {
        out->next = positive(&cells[0]);
        out->below = negative(&cells[0]);
        out->maximum = positive(&cells[1]);
        out->start = positive(&cells[2]);
        out->increment = positive(&cells[3]);
        out->descends = cells[3].ptr != NULL && cells[3].ptr[0] == '-';
        out->cycles = positive(&cells[4]) != 0;
    } else if (code == MR_OK) {
        code = mr_err_set(err, MR_E_CHANGED, "sequence \"%s.%s\" has no row", dbname, name);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}
