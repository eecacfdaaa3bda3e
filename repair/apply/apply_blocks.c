/* apply_blocks.c: see apply_blocks.h. */
#include "repair/apply/apply_blocks.h"

#include <inttypes.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "repair/reseed/counter_read.h"

/* Ids [from, to) that a table's restored rows get. */
struct block {
    const struct mr_planned_table *table;
    uint64_t from, to, step;
    bool reseeded;
};

static enum mr_code refuse(const char *what, const char *table, const char *column,
                           const char *value, const struct block *b, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%s \"%s.%s\" has come to %s, which is among or above the ids that "
                     "the plan gives (from %" PRIu64 " on)",
                     what, table, column, value, b->from);
    mr_err_hint(err, "Nothing was changed. Plan again; raise the counters first, with "
                     "\"repair plan --reseed-only\" and apply.");
    return MR_E_REFUSED;
}

static const struct mr_counter *counter_of(const struct mr_manifest *m,
                                           const struct mr_planned_table *t)
{
    for (size_t i = 0; i < m->ncounters; i++)
        if (strcmp(m->counters[i].db, t->target_db) == 0 &&
            strcmp(m->counters[i].name, t->target_name) == 0)
            return &m->counters[i];
    return NULL;
}

/* Decides whether the plan's own reseed has come to pass: a counter between the ends of the block is
 * neither before nor after it, and somebody has been handed one of its ids. */
static enum mr_code check_counter(const struct mr_target *target, const struct mr_manifest *m,
                                  struct block *b, struct mr_err *err)
{
    const struct mr_counter *known = counter_of(m, b->table);
    const struct mr_counter plain = {.table = b->table->table,
                                     .target_table = b->table->target_table,
                                     .db = b->table->target_db,
                                     .name = b->table->target_name,
                                     .column = b->table->counter};
    uint64_t next = 0;
    char value[24];
    enum mr_code code = mr_counter_read(target->db, known != NULL ? known : &plain, &next, err);
    if (code != MR_OK)
        return code;
    b->reseeded = next >= b->to;
    if (next < b->from || b->reseeded)
        return MR_OK;
    (void)snprintf(value, sizeof value, "%" PRIu64, next);
    return refuse("the counter of column", b->table->target_table, b->table->counter, value, b,
                  err);
}

/* First cell of the first row; "" where there is none. */
static enum mr_code ask(const struct mr_target *target, const struct mr_strbuf *sql,
                        struct mr_strbuf *value, struct mr_err *err)
{
    struct mr_result *res = NULL;
    enum mr_code code = mr_strbuf_check(sql, "building a query", err);
    mr_strbuf_reset(value);
    if (code == MR_OK)
        code = mr_db_query(target->db, "n", sql->ptr, sql->len, &res, err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    if (cells != NULL && cells[0].ptr != NULL)
        mr_strbuf_add(value, cells[0].ptr, cells[0].len);
    mr_result_free(res);
    return code;
}

/* value: SQL. */
static void add_range(struct mr_strbuf *sql, const struct block *b, const struct mr_strbuf *value)
{
    sql->failed |= value->failed;
    mr_strbuf_add_fmt(sql, "%s >= %" PRIu64, value->ptr, b->from);
    if (b->reseeded)
        mr_strbuf_add_fmt(sql, " AND %s < %" PRIu64, value->ptr, b->to);
}

static enum mr_code check_keys(const struct mr_target *target, const struct block *b,
                               struct mr_err *err)
{
    const struct mr_planned_table *t = b->table;
    struct mr_strbuf sql = MR_STRBUF_INIT, value = MR_STRBUF_INIT, key = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (b->reseeded && b->step <= 1)
        return MR_OK; /* every id of the block is given to a row */
    mr_strbuf_add_str(&sql, "SELECT ");
    mr_sql_ident(&sql, t->counter);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, t->target_db, t->target_name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&key, t->counter);
    add_range(&sql, b, &key);
    mr_strbuf_release(&key);
    if (b->reseeded) {
        mr_strbuf_add_str(&sql, " AND (");
        mr_sql_ident(&sql, t->counter);
        mr_strbuf_add_fmt(&sql, " - %" PRIu64 ") %% %" PRIu64 " <> 0", b->from, b->step);
    }
    mr_strbuf_add_str(&sql, " LIMIT 1");
    code = ask(target, &sql, &value, err);
    if (code == MR_OK && value.len > 0)
        code = refuse("key", t->target_table, t->counter, value.ptr, b, err);
    mr_strbuf_release(&value);
    mr_strbuf_release(&sql);
    return code;
}

/* A reference into the block to a row that is not there, or, before the reseed, to any. */
static enum mr_code check_reference(const struct mr_target *target, const struct block *b,
                                    const struct mr_planned_table *child,
                                    const struct mr_planned_reference *r, size_t at,
                                    struct mr_err *err)
{
    const char *column = r->columns.items[at];
    struct mr_strbuf sql = MR_STRBUF_INIT, value = MR_STRBUF_INIT, key = MR_STRBUF_INIT,
                     own = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT ");
    mr_sql_ident(&sql, column);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_sql_table(&sql, child->target_db, child->target_name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_planned_sql_key(&key, r, at, "");
    add_range(&sql, b, &key);
    if (r->condition != NULL)
        mr_strbuf_add_fmt(&sql, " AND (%s\n)", r->condition);
    if (b->reseeded) {
        mr_strbuf_add_str(&sql, " AND NOT EXISTS (SELECT 1 FROM ");
        mr_sql_table(&sql, b->table->target_db, b->table->target_name);
        mr_strbuf_add_str(&sql, " AS p WHERE p.");
        mr_sql_ident(&sql, b->table->counter);
        mr_strbuf_add_str(&sql, " = ");
        mr_sql_table(&own, child->target_db, child->target_name);
        mr_strbuf_add_char(&own, '.');
        mr_planned_sql_key(&sql, r, at, own.ptr);
        sql.failed |= own.failed;
        mr_strbuf_add_char(&sql, ')');
    }
    mr_strbuf_add_str(&sql, " LIMIT 1");
    enum mr_code code = ask(target, &sql, &value, err);
    if (code == MR_OK && value.len > 0)
        code = refuse("reference", child->target_table, column, value.ptr, b, err);
    mr_strbuf_release(&key);
    mr_strbuf_release(&own);
    mr_strbuf_release(&value);
    mr_strbuf_release(&sql);
    return code;
}

/* By declaration, too: an id that nobody has any more may live on in a column without a foreign key,
 * and a restored row would inherit what belonged to somebody else. */
static enum mr_code check_references(const struct mr_target *target,
                                     const struct mr_planned *planned, const struct block *b,
                                     struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < planned->ntables; i++) {
        const struct mr_planned_table *child = &planned->tables[i];
        for (size_t k = 0; k < child->nreferences; k++) {
            const struct mr_planned_reference *r = &child->references[k];
            if (strcmp(r->parent, b->table->table) != 0)
                continue;
            for (size_t c = 0; code == MR_OK && c < r->columns.count; c++)
                if (strcmp(r->parent_columns.items[c], b->table->counter) == 0)
                    code = check_reference(target, b, child, r, c, err);
        }
    }
    return code;
}

enum mr_code mr_apply_check_blocks(const struct mr_target *target,
                                   const struct mr_manifest *manifest, struct mr_err *err)
{
    const struct mr_planned *planned = &manifest->planned;
    for (size_t i = 0; i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        struct block b = {.table = t, .from = t->first_id, .step = t->id_step};
        if (t->nids == 0 || t->counter == NULL)
            continue;
        if (b.step == 0)
            b.step = 1;
        b.to = b.from + (t->nids - 1) * b.step + 1;
        MR_TRY(check_counter(target, manifest, &b, err));
        MR_TRY(check_keys(target, &b, err));
        MR_TRY(check_references(target, planned, &b, err));
    }
    return MR_OK;
}
