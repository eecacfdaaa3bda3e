/* apply_along.c: rows that go along with one that was refused; see apply_internal.h.
 *
 * The script lists who was refused, and why.  With them goes what is theirs, and what they
 * refer to or what refers to them: those rows are read when the unit is committed, or
 * before it is rolled back, as what of the trees that are left out does not stand as
 * planned. */
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "repair/apply/apply_internal.h"
#include "repair/script/script_text.h"

static const char stays[] = "it stays with what it belongs to";
static const char not_put_back[] = "it is not put back, as what it belongs to stays";
static const char left_out[] = "it is left out with what it belongs to";

void mr_attempt_sql_key(struct mr_strbuf *sql, const struct mr_planned_table *t)
{
    mr_strbuf_add_str(sql, "CONCAT_WS(','");
    for (size_t k = 0; k < t->key.count; k++) {
        const char *reading = NULL;
        for (size_t i = 0; i < t->ncolumns; i++)
            if (strcmp(t->columns[i].name, t->key.items[k]) == 0)
                reading = t->columns[i].reading;
        const bool hex = reading != NULL && (strncmp(reading, "binary", 6) == 0 ||
                                             strncmp(reading, "geometry", 8) == 0);
        mr_script_key_part(sql, "s", t->key.items[k], hex, t->key.count == 1);
    }
    mr_strbuf_add_char(sql, ')');
}

/* What stood so before apply is none of the plan's; nor is a row there as it only makes way
 * for others. */
static void add_query(const struct mr_attempt *a, struct mr_strbuf *sql, size_t at, char prefix)
{
    const struct mr_planned *planned = &a->run->manifest->planned;
    const struct mr_planned_table *t = &planned->tables[at];
    mr_strbuf_add_str(sql, "SELECT ");
    mr_attempt_sql_key(sql, t);
    mr_strbuf_add_str(sql, " FROM ");
    mr_script_staged(sql, planned->tables[0].target_db, prefix, at);
    mr_strbuf_add_str(sql, " AS s");
    mr_strbuf_add_str(sql, " WHERE s.myrecon_tree IN (SELECT tree FROM myrecon_skip)"
                           " AND s.myrecon_row NOT IN (SELECT line FROM myrecon_there)");
    if (prefix == 'u')
        mr_strbuf_add_str(sql, " AND s.myrecon_open & 1 = 0");
    if (a->passed > 0)
        mr_strbuf_add_str(sql, " AND s.myrecon_row NOT IN (SELECT line FROM myrecon_found)");
    mr_strbuf_add_str(sql, " ORDER BY s.myrecon_row");
}

static int compare(const void *a, const void *b)
{
    const struct mr_refusal *x = a, *y = b;
    int order = strcmp(x->table, y->table);
    return order != 0 ? order : strcmp(x->key, y->key);
}

static const char *reason_of(const struct mr_attempt *a, char prefix)
{
    if (a->run->which == MR_JOURNAL_APPLY)
        return left_out;
    return prefix == 'i' ? not_put_back : stays;
}

static enum mr_code add_along(struct mr_attempt *a, const char *table, const char *key, char prefix,
                              struct mr_err *err)
{
    const size_t before = a->refusals.count;
    MR_TRY(mr_attempt_add_refusal(a, table, mr_arena_strdup(&a->arena, key), reason_of(a, prefix),
                                  err));
    if (a->refusals.count > before)
        ((struct mr_refusal *)mr_vec_at(&a->refusals, before))->along = true;
    return MR_OK;
}

/* listed: what the script has refused, sorted. */
static enum mr_code list_rows(struct mr_attempt *a, size_t at, char prefix,
                              const struct mr_vec *listed, struct mr_err *err)
{
    const char *table = a->run->manifest->planned.tables[at].table;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    if (!mr_staged_has(&a->tables, prefix, at))
        return MR_OK;
    add_query(a, &sql, at, prefix);
    enum mr_code code = mr_fired_ask(a->run->target->db, "n", &sql, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        const struct mr_refusal row = {.table = table,
                                       .key = cells[0].ptr != NULL ? cells[0].ptr : ""};
        if (bsearch(&row, listed->items, listed->count, sizeof row, compare) == NULL)
            code = add_along(a, table, row.key, prefix, err);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Of rows that make way; of the images that are not the last. */
static enum mr_code count_images(struct mr_attempt *a, size_t at, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    if (!mr_staged_has(&a->tables, 'u', at))
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM ");
    mr_script_staged(&sql, a->run->manifest->planned.tables[0].target_db, 'u', at);
    mr_strbuf_add_str(&sql, " WHERE myrecon_open & 1 = 1");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(a->run->target->db, sql.ptr, &text, err);
    if (code == MR_OK)
        a->images += strtoull(text.ptr, NULL, 10);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code copy_list(const struct mr_vec *from, struct mr_vec *to, struct mr_err *err)
{
    for (size_t i = 0; i < from->count; i++) {
        struct mr_refusal *slot = mr_vec_push(to);
        if (slot == NULL)
            return mr_err_nomem(err, "listing what is kept");
        *slot = *(const struct mr_refusal *)mr_vec_at(from, i);
    }
    qsort(to->items, to->count, sizeof(struct mr_refusal), compare);
    return MR_OK;
}

enum mr_code mr_attempt_list_along(struct mr_attempt *a, struct mr_err *err)
{
    const struct mr_planned *planned = &a->run->manifest->planned;
    struct mr_vec listed = MR_VEC_INIT(struct mr_refusal);
    if (a->refusals.count == 0 ||
        a->unlisted > 0) /* too many to tell which have a reason: they are counted */
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(copy_list(&a->refusals, &listed, err));
    for (size_t i = 0; i < planned->ntables; i++)
        MR_TRY_OUT(count_images(a, i, err));
    for (size_t i = 0; i < planned->ntables; i++)
        for (const char *p = "iud"; planned->tables[i].key.count > 0 && *p != '\0'; p++)
            MR_TRY_OUT(list_rows(a, i, *p, &listed, err));
out:
    mr_vec_release(&listed);
    return code;
}
