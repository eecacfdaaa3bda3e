/* table_where.c: see table_where.h. */
#include "core/cli/table_where.h"

#include <string.h>

#include "core/base/pattern.h"
#include "core/db/sqlscan.h"

/* The pattern ends at the first =, which no pattern needs. */
static enum mr_code split(struct mr_table_where *where, const char *text, struct mr_arena *arena,
                          struct mr_err *err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1 + strspn(equals + 1, " ")] == '\0') {
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is not DB.TABLE=SQL", text);
        mr_err_hint(err, "Write it like --where \"club.orders=id > 1000\".");
        return MR_E_USAGE;
    }
    const char *open = mr_sqlscan_why_open(equals + 1);
    if (open != NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "the condition \"%s\" does not stand by itself: %s",
                         equals + 1, open);
        mr_err_hint(err, "It is put into parentheses: write one expression, as behind WHERE.");
        return MR_E_USAGE;
    }
    where->pattern = mr_arena_dup(arena, text, (size_t)(equals - text));
    where->sql = equals + 1;
    return where->pattern != NULL ? MR_OK : mr_err_nomem(err, "reading options");
}

enum mr_code mr_table_wheres_finish(struct mr_settings *settings, struct mr_table_wheres *wheres,
                                    struct mr_err *err)
{
    size_t count = wheres->texts.count;
    struct mr_table_where *items = mr_arena_calloc(settings->arena, count + 1, sizeof *items);
    enum mr_code code = items != NULL ? MR_OK : mr_err_nomem(err, "reading options");
    for (size_t i = 0; code == MR_OK && i < count; i++)
        code = split(&items[i], wheres->texts.items[i], settings->arena, err);
    if (code == MR_E_USAGE)
        mr_settings_context(settings, "where", err);
    wheres->items = items;
    wheres->count = code == MR_OK ? count : 0;
    return code;
}

const char *mr_table_wheres_sql(const struct mr_table_wheres *wheres, const char *db,
                                const char *table)
{
    for (size_t i = wheres->count; i > 0; i--)
        if (mr_pattern_match(wheres->items[i - 1].pattern, db, table))
            return wheres->items[i - 1].sql;
    return NULL;
}
