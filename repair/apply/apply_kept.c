/* apply_kept.c: rows that undo keeps because of what apply had left out; see
 * apply_internal.h.
 *
 * A stranger under the key of a row that was left out keeps its tree, and with it what the
 * tree refers to.  Of those rows the script lists none: they are counted, by their keys. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/db/sqltext.h"
#include "repair/apply/apply_internal.h"

enum { NO_SUCH_TABLE = 1146 };

/* Where the unit deletes nothing of the table: 0. */
static enum mr_code count_standing(struct mr_attempt *a, size_t at, uint64_t *count,
                                   struct mr_err *err)
{
    const struct mr_planned *planned = &a->run->manifest->planned;
    const struct mr_planned_table *t = &planned->tables[at];
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    *count = 0;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM ");
    mr_sql_ident(&sql, planned->tables[0].target_db);
    mr_strbuf_add_fmt(&sql, ".myrecon_d%zu AS s STRAIGHT_JOIN ", at);
    mr_sql_table(&sql, t->target_db, t->target_name);
    mr_strbuf_add_str(&sql, " AS t ON ");
    for (size_t i = 0; i < t->key.count; i++) {
        mr_strbuf_add_str(&sql, i > 0 ? " AND t." : "t.");
        mr_sql_ident(&sql, t->key.items[i]);
        mr_strbuf_add_str(&sql, " = s.");
        mr_sql_ident(&sql, t->key.items[i]);
    }
    /* an earlier unit may have left its rows */
    mr_strbuf_add_str(&sql, " WHERE s.myrecon_tree IN (SELECT tree FROM ");
    mr_sql_ident(&sql, planned->tables[0].target_db);
    mr_strbuf_add_str(&sql, ".myrecon_tree)");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK) {
        code = mr_db_query_text(a->run->target->db, sql.ptr, &text, &why);
        if (code == MR_OK)
            *count = strtoull(text.ptr, NULL, 10);
        else if (why.sql_errno == NO_SUCH_TABLE)
            code = MR_OK;
        else
            *err = why;
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_attempt_find_kept(struct mr_attempt *a, size_t strangers,
                                  struct mr_err *err)
{
    const struct mr_planned *planned = &a->run->manifest->planned;
    uint64_t standing = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        uint64_t count = 0;
        if (planned->tables[i].key.count > 0)
            code = count_standing(a, i, &count, err);
        standing += count;
    }
    if (code != MR_OK || standing <= strangers)
        return code;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "%" PRIu64
                      " of its rows stay: who stands under a key that apply had "
                      "left out keeps what it belongs to",
                      standing - strangers);
    code = mr_strbuf_check(&text, "listing what was refused", err);
    if (code == MR_OK)
        code =
            mr_attempt_add_refusal(a, "", "", mr_arena_strdup(&a->arena, text.ptr), err);
    mr_strbuf_release(&text);
    return code;
}
