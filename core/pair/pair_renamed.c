/* pair_renamed.c: see pair_renamed.h. */
#include "core/pair/pair_renamed.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"

/* The column of TARGET that the configuration gives to one of SOURCE; NULL: none. */
static const struct mr_renamed *renamed_from(const struct mr_table_config *config, const char *name)
{
    for (size_t i = 0; i < config->nrenamed; i++)
        if (strcasecmp(config->renamed[i].from, name) == 0)
            return &config->renamed[i];
    return NULL;
}

bool mr_pair_is_renamed(const struct mr_table_config *config, const struct mr_table *source,
                        const char *name)
{
    for (size_t i = 0; i < config->nrenamed; i++)
        if (strcasecmp(config->renamed[i].to, name) == 0 &&
            mr_table_column(source, config->renamed[i].from) != NULL)
            return true;
    return false;
}

const struct mr_column *mr_pair_renamed_twin(const struct mr_table_config *config,
                                             const struct mr_table *const side[MR_SIDES],
                                             const char *name)
{
    const struct mr_table *t = side[MR_TARGET];
    const struct mr_renamed *renamed = renamed_from(config, name);
    const struct mr_column *twin = renamed != NULL ? mr_table_column(t, renamed->to) : NULL;
    if (twin != NULL || (renamed != NULL && !renamed->by_pattern))
        return twin;
    return mr_pair_is_renamed(config, side[MR_SOURCE], name) ? NULL : mr_table_column(t, name);
}

static bool is_of_key(const struct mr_table *table, const char *name)
{
    const struct mr_index *key = mr_table_index(table, "PRIMARY");
    for (size_t i = 0; key != NULL && i < key->nparts; i++)
        if (key->parts[i].column != NULL && strcasecmp(key->parts[i].column, name) == 0)
            return true;
    return false;
}

/* Of a pattern the columns may be missing; a section that names its table is wrong then. */
enum mr_code mr_pair_renamed_check(const struct mr_table_config *config,
                                   const struct mr_table *const side[MR_SIDES], struct mr_err *err)
{
    const struct mr_table *s = side[MR_SOURCE];
    const struct mr_table *t = side[MR_TARGET];
    for (size_t i = 0; i < config->nrenamed; i++) {
        const struct mr_renamed *r = &config->renamed[i];
        bool from = mr_table_column(s, r->from) != NULL;
        bool to = mr_table_column(t, r->to) != NULL;
        bool key = is_of_key(s, r->from) || is_of_key(t, r->to);
        if ((from && to && !key) || (r->by_pattern && !(from && to)))
            continue;
        (void)mr_err_set(err, MR_E_CONFIG, "column = %s -> %s of table \"%s.%s\": %s", r->from,
                         r->to, s->db, s->name,
                         key     ? "a column of the primary key keeps its name"
                         : !from ? "SOURCE has no such column"
                                 : "TARGET has no such column");
        mr_err_hint(err, "Write SOURCE's name -> TARGET's name of a column that was "
                         "renamed.");
        return MR_E_CONFIG;
    }
    return MR_OK;
}

/* ---- conditions ---- */

/* Is the name something else than a column: what another is of, a function, or what tells a
 * string's kind? */
static bool is_other(const struct mr_token *name, struct mr_sqlscan ahead)
{
    struct mr_token next;
    if (!mr_sqlscan_next_code(&ahead, &next))
        return false;
    return mr_token_is(&next, ".") || (name->kind == MR_TOKEN_WORD &&
                                       (mr_token_is(&next, "(") || next.kind == MR_TOKEN_STRING));
}

/* TARGET's column where the token is one of SOURCE that TARGET calls otherwise, or NULL. */
static const struct mr_column *called_otherwise(const struct mr_table_config *config,
                                                const struct mr_table *const side[MR_SIDES],
                                                const struct mr_token *token,
                                                const struct mr_sqlscan *behind,
                                                struct mr_strbuf *name)
{
    mr_strbuf_reset(name);
    if ((token->kind != MR_TOKEN_WORD && token->kind != MR_TOKEN_IDENT) || is_other(token, *behind))
        return NULL;
    mr_token_unquote(name, token);
    if (name->len == 0 || mr_table_column(side[MR_SOURCE], name->ptr) == NULL)
        return NULL;
    const struct mr_column *twin = mr_pair_renamed_twin(config, side, name->ptr);
    return twin != NULL && strcasecmp(twin->name, name->ptr) != 0 ? twin : NULL;
}

/* Word by word, so that a text that looks like the column's name stays as it is. */
enum mr_code mr_pair_renamed_condition(const struct mr_table_config *config,
                                       const struct mr_table *const side[MR_SIDES],
                                       const char *condition, struct mr_arena *arena,
                                       const char **out, struct mr_err *err)
{
    struct mr_strbuf sb = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    *out = condition;
    if (condition == NULL || config->nrenamed == 0)
        return MR_OK;
    struct mr_sqlscan scan;
    struct mr_token token;
    const char *done = condition;
    mr_sqlscan_init(&scan, condition, strlen(condition));
    while (mr_sqlscan_next(&scan, &token)) {
        const struct mr_column *twin = called_otherwise(config, side, &token, &scan, &name);
        if (twin == NULL)
            continue;
        mr_strbuf_add(&sb, done, (size_t)(token.ptr - done));
        mr_sql_ident(&sb, twin->name);
        done = scan.ptr;
    }
    mr_strbuf_add_str(&sb, done);
    enum mr_code code = mr_strbuf_check(&sb, "planning references", err);
    if (code == MR_OK) {
        *out = mr_arena_strdup(arena, sb.ptr);
        code = *out != NULL ? MR_OK : mr_err_nomem(err, "planning references");
    }
    mr_strbuf_release(&sb);
    mr_strbuf_release(&name);
    return code;
}

bool mr_pair_condition_reads(const char *condition, const char *column)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    struct mr_token token;
    bool reads = false;
    mr_sqlscan_init(&scan, condition, strlen(condition));
    while (!reads && mr_sqlscan_next(&scan, &token)) {
        if ((token.kind != MR_TOKEN_WORD && token.kind != MR_TOKEN_IDENT) || is_other(&token, scan))
            continue;
        mr_strbuf_reset(&name);
        mr_token_unquote(&name, &token);
        reads = name.failed || (name.len > 0 && strcasecmp(name.ptr, column) == 0);
    }
    mr_strbuf_release(&name);
    return reads;
}
