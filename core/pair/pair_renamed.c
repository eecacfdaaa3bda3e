/* pair_renamed.c: see pair_renamed.h. */
#include "core/pair/pair_renamed.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"

/* The column of TARGET that the configuration gives to one of SOURCE; NULL: none. */
static const struct mr_renamed *renamed_from(const struct mr_table_config *config,
                                             const char *name)
{
    for (size_t i = 0; i < config->nrenamed; i++)
        if (strcasecmp(config->renamed[i].from, name) == 0)
            return &config->renamed[i];
    return NULL;
}

/* Is a column of TARGET another one's twin already? */
static bool is_renamed_to(const struct mr_table_config *config,
                          const struct mr_table *source, const char *name)
{
    for (size_t i = 0; i < config->nrenamed; i++)
        if (strcasecmp(config->renamed[i].to, name) == 0 &&
            mr_pair_find_column(source, config->renamed[i].from) != NULL)
            return true;
    return false;
}

const struct mr_column *mr_pair_renamed_twin(const struct mr_table_config *config,
                                             const struct mr_table *const side[MR_SIDES],
                                             const char *name)
{
    const struct mr_table *t = side[MR_TARGET];
    const struct mr_renamed *renamed = renamed_from(config, name);
    const struct mr_column *twin =
        renamed != NULL ? mr_pair_find_column(t, renamed->to) : NULL;
    if (twin != NULL || (renamed != NULL && !renamed->by_pattern))
        return twin;
    return is_renamed_to(config, side[MR_SOURCE], name) ? NULL
                                                        : mr_pair_find_column(t, name);
}

static bool is_of_key(const struct mr_table *table, const char *name)
{
    const struct mr_index *key = mr_table_index(table, "PRIMARY");
    for (size_t i = 0; key != NULL && i < key->nparts; i++)
        if (key->parts[i].column != NULL && strcasecmp(key->parts[i].column, name) == 0)
            return true;
    return false;
}

enum mr_code mr_pair_renamed_check(const struct mr_table_config *config,
                                   const struct mr_table *const side[MR_SIDES],
                                   struct mr_err *err)
{
    const struct mr_table *s = side[MR_SOURCE];
    const struct mr_table *t = side[MR_TARGET];
    for (size_t i = 0; i < config->nrenamed; i++) {
        const struct mr_renamed *r = &config->renamed[i];
        bool from = mr_pair_find_column(s, r->from) != NULL;
        bool to = mr_pair_find_column(t, r->to) != NULL;
        bool key = is_of_key(s, r->from) || is_of_key(t, r->to);
        if ((from && to && !key) || (r->by_pattern && !(from && to)))
            continue;
        (void)mr_err_set(err, MR_E_CONFIG, "column = %s -> %s of table \"%s.%s\": %s",
                         r->from, r->to, s->db, s->name,
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

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Behind a string or a quoted name; name: what it is without its quotes. */
static const char *past_quoted(const char *p, struct mr_strbuf *name)
{
    const char quote = *p++;
    for (; *p != '\0'; p++) {
        if (*p == quote && p[1] != quote)
            return p + 1;
        if (*p == quote || (*p == '\\' && quote != '`' && p[1] != '\0'))
            p++;
        mr_strbuf_add_char(name, *p);
    }
    return p;
}

/* Behind the comment that begins at p; p: there is none. */
static const char *past_comment(const char *p)
{
    bool block = strncmp(p, "/*", 2) == 0;
    bool dashes =
        strncmp(p, "--", 2) == 0 && (p[2] == '\0' || isspace((unsigned char)p[2]));
    if (!block && !dashes && *p != '#')
        return p;
    const char *end = block ? strstr(p + 2, "*/") : strchr(p, '\n');
    return end == NULL ? p + strlen(p) : block ? end + 2 : end;
}

/* The next token; name: of a word or a quoted name, else empty. */
static const char *past_token(const char *p, struct mr_strbuf *name)
{
    const char *from = p;
    mr_strbuf_reset(name);
    p = past_comment(p);
    if (p != from)
        return p;
    if (*p == '`' || *p == '\'' || *p == '"') {
        bool is_name = *p == '`';
        p = past_quoted(p, name);
        if (!is_name)
            mr_strbuf_reset(name);
        return p;
    }
    while (is_word(*p))
        p++;
    mr_strbuf_add(name, from, (size_t)(p - from));
    return p > from ? p : p + 1;
}

/* Is the word that ends at p, and is quoted or not, something else than a column? */
static bool is_other(const char *from, const char *p, const char *text)
{
    while (isspace((unsigned char)*p))
        p++;
    if (*p == '.')
        return true;
    return *from != '`' &&
           ((from > text && from[-1] == '@') || *p == '(' || *p == '\'' || *p == '"');
}

enum mr_code mr_pair_renamed_condition(const struct mr_table_config *config,
                                       const struct mr_table *const side[MR_SIDES],
                                       const char *condition, struct mr_arena *arena,
                                       const char **out, struct mr_err *err)
{
    struct mr_strbuf sb = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    *out = condition;
    if (condition == NULL || config->nrenamed == 0)
        return MR_OK;
    for (const char *p = condition, *next; *p != '\0'; p = next) {
        next = past_token(p, &name);
        const struct mr_column *twin = NULL;
        if (name.len > 0 && !is_other(p, next, condition) &&
            mr_pair_find_column(side[MR_SOURCE], name.ptr) != NULL)
            twin = mr_pair_renamed_twin(config, side, name.ptr);
        if (twin != NULL && strcasecmp(twin->name, name.ptr) != 0)
            mr_sql_ident(&sb, twin->name);
        else
            mr_strbuf_add(&sb, p, (size_t)(next - p));
    }
    enum mr_code code = mr_strbuf_check(&sb, "planning references", err);
    if (code == MR_OK) {
        *out = mr_arena_strdup(arena, sb.ptr);
        code = *out != NULL ? MR_OK : mr_err_nomem(err, "planning references");
    }
    mr_strbuf_release(&sb);
    mr_strbuf_release(&name);
    return code;
}
