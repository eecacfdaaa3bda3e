/* apply_fired.c: see apply_fired.h. */
#include "repair/apply/apply_fired.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"

#define HEX 64 /* of a SHA-256 */

struct digest {
    char hex[HEX + 1];
};

/* A reference by which rows of triggers are found. */
struct watch {
    const struct mr_planned_table *child, *parent;
    const struct mr_planned_reference *reference;
    size_t child_at, parent_at;
    size_t first, end; /* among those taken in the try */
};

/* A row that was deleted, by what it referred to: a row of myrecon_dN. */
struct taken {
    struct digest digest;
    size_t parent_at;
    uint64_t row;
};

void mr_fired_init(struct mr_fired *f)
{
    *f = (struct mr_fired){.arena = MR_ARENA_INIT,
                           .watches = MR_VEC_INIT(struct watch),
                           .before = MR_VEC_INIT(struct digest),
                           .rows = MR_VEC_INIT(struct digest),
                           .known = MR_VEC_INIT(struct digest),
                           .spared = MR_VEC_INIT(struct digest),
                           .staged = MR_VEC_INIT(size_t),
                           .taken = MR_VEC_INIT(struct taken)};
}

void mr_fired_release(struct mr_fired *f)
{
    mr_vec_release(&f->watches);
    mr_vec_release(&f->before);
    mr_vec_release(&f->rows);
    mr_vec_release(&f->known);
    mr_vec_release(&f->spared);
    mr_vec_release(&f->staged);
    mr_vec_release(&f->taken);
    mr_arena_release(&f->arena);
}

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "looking for what triggers wrote");
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct digest *)a)->hex, ((const struct digest *)b)->hex);
}

static bool has(const struct mr_vec *sorted, const char *hex)
{
    struct digest d = {{0}};
    if (strlen(hex) != HEX || sorted->count == 0)
        return false;
    memcpy(d.hex, hex, HEX);
    return bsearch(&d, sorted->items, sorted->count, sizeof d, compare) != NULL;
}

static enum mr_code push(struct mr_vec *list, const char *hex, size_t len,
                         struct mr_err *err)
{
    struct digest *d = mr_vec_push(list);
    if (d == NULL)
        return nomem(err);
    *d = (struct digest){{0}};
    memcpy(d->hex, hex, len < HEX ? len : HEX);
    return MR_OK;
}

static void sort(struct mr_vec *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(struct digest), compare);
}

/* ---- what is looked at ---- */

/* With a primary key, and without a trigger that a DELETE would fire. */
static enum mr_code may_be_watched(struct mr_db *db, const struct mr_planned_table *t,
                                   bool *may, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT (SELECT COUNT(*) FROM information_schema.STATISTICS"
                            " WHERE INDEX_NAME = 'PRIMARY' AND TABLE_SCHEMA = ");
    mr_sql_string(&sql, t->target_db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, t->target_name);
    mr_strbuf_add_str(&sql, ") > 0 AND (SELECT COUNT(*) FROM information_schema.TRIGGERS"
                            " WHERE EVENT_MANIPULATION = 'DELETE' AND"
                            " EVENT_OBJECT_SCHEMA = ");
    mr_sql_string(&sql, t->target_db);
    mr_strbuf_add_str(&sql, " AND EVENT_OBJECT_TABLE = ");
    mr_sql_string(&sql, t->target_name);
    mr_strbuf_add_str(&sql, ") = 0");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(db, sql.ptr, &text, err);
    *may = code == MR_OK && strcmp(text.ptr, "1") == 0 && t->key.count > 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code watch_table(struct mr_fired *f, size_t at, struct mr_err *err)
{
    const struct mr_planned_table *child = &f->planned->tables[at];
    for (size_t k = 0; k < child->nreferences; k++) {
        const struct mr_planned_reference *r = &child->references[k];
        for (size_t p = 0; p < f->planned->ntables; p++) {
            const struct mr_planned_table *parent = &f->planned->tables[p];
            if (p == at || r->condition != NULL || strcmp(parent->table, r->parent) != 0)
                continue;
            struct watch *w = mr_vec_push(&f->watches);
            if (w == NULL)
                return nomem(err);
            *w = (struct watch){child, parent, r, at, p, 0, 0};
        }
    }
    return MR_OK;
}

static enum mr_code learn(struct mr_fired *f, const struct mr_journal *journal,
                          struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < mr_journal_fired_count(journal); i++)
        for (const char *at = mr_journal_fired(journal, i);
             code == MR_OK && *at != '\0';) {
            size_t len = strcspn(at, ",");
            if (len == HEX)
                code = push(&f->known, at, len, err);
            at += len + (at[len] == ',');
        }
    sort(&f->known);
    return code;
}

enum mr_code mr_fired_open(struct mr_fired *f, struct mr_db *db,
                           const struct mr_planned *planned,
                           const struct mr_journal *journal, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    f->planned = planned;
    if (!planned->fire_triggers || journal == NULL)
        return MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        bool may = false;
        if (planned->tables[i].nreferences > 0)
            code = may_be_watched(db, &planned->tables[i], &may, err);
        if (code == MR_OK && may)
            code = watch_table(f, i, err);
    }
    return code == MR_OK ? learn(f, journal, err) : code;
}

bool mr_fired_is_on(const struct mr_fired *f)
{
    return f->watches.count > 0;
}

/* ---- the unit's tables ---- */

void mr_fired_begin(struct mr_fired *f)
{
    mr_vec_clear(&f->staged);
    mr_vec_clear(&f->before);
    mr_vec_clear(&f->rows);
    mr_vec_clear(&f->spared);
    mr_vec_clear(&f->taken);
}

enum mr_code mr_fired_see(struct mr_fired *f, const char *sql, size_t len,
                          struct mr_err *err)
{
    static const char create[] = "CREATE TEMPORARY TABLE ", name[] = ".myrecon_";
    if (len < sizeof create || memcmp(sql, create, sizeof create - 1) != 0)
        return MR_OK;
    const char *at = memmem(sql, len, name, sizeof name - 1);
    if (at == NULL)
        return MR_OK;
    at += sizeof name - 1;
    if ((*at != 'i' && *at != 'd') || at[1] < '0' || at[1] > '9')
        return MR_OK;
    size_t *slot = mr_vec_push(&f->staged);
    if (slot == NULL)
        return nomem(err);
    *slot = 2 * (size_t)strtoul(at + 1, NULL, 10) + (*at == 'd');
    return MR_OK;
}

static bool is_staged(const struct mr_fired *f, size_t table, char prefix)
{
    for (size_t i = 0; i < f->staged.count; i++)
        if (*(size_t *)mr_vec_at(&f->staged, i) == 2 * table + (prefix == 'd'))
            return true;
    return false;
}

/* ---- queries ---- */

static void add_digest(struct mr_strbuf *sql, const struct mr_planned_table *t)
{
    mr_strbuf_add_str(sql, "SHA2(CONCAT_WS(',', ");
    mr_sql_string(sql, t->target_table);
    for (size_t i = 0; i < t->ncolumns; i++) {
        mr_strbuf_add_str(sql, ", IFNULL(HEX(CONCAT(c.");
        mr_sql_ident(sql, t->columns[i].name);
        mr_strbuf_add_str(sql, ")), '-')");
    }
    mr_strbuf_add_str(sql, "), 256)");
}

/* " FROM" the rows c of the child that refer to rows s of myrecon_iN or _dN. */
static void add_join(struct mr_strbuf *sql, const struct watch *w, char prefix)
{
    mr_strbuf_add_fmt(sql, " FROM myrecon_%c%zu AS s STRAIGHT_JOIN ", prefix,
                      w->parent_at);
    mr_sql_table(sql, w->child->target_db, w->child->target_name);
    mr_strbuf_add_str(sql, " AS c ON ");
    for (size_t i = 0; i < w->reference->columns.count; i++) {
        mr_strbuf_add_str(sql, i > 0 ? " AND c." : "c.");
        mr_sql_ident(sql, w->reference->columns.items[i]);
        mr_strbuf_add_str(sql, " = s.");
        mr_sql_ident(sql, w->reference->parent_columns.items[i]);
    }
}

/* Rows of the plan itself are none of the triggers'. */
static void add_not_own(const struct mr_fired *f, struct mr_strbuf *sql,
                        const struct watch *w)
{
    if (!is_staged(f, w->child_at, 'i'))
        return;
    mr_strbuf_add_fmt(sql, " WHERE NOT EXISTS (SELECT 1 FROM myrecon_i%zu AS o WHERE ",
                      w->child_at);
    for (size_t i = 0; i < w->child->key.count; i++) {
        mr_strbuf_add_str(sql, i > 0 ? " AND o." : "o.");
        mr_sql_ident(sql, w->child->key.items[i]);
        mr_strbuf_add_str(sql, " = c.");
        mr_sql_ident(sql, w->child->key.items[i]);
    }
    mr_strbuf_add_str(sql, ")");
}

static enum mr_code referring(struct mr_fired *f, struct mr_db *db, struct mr_vec *list,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_vec_clear(list);
    for (size_t i = 0; code == MR_OK && i < f->watches.count; i++) {
        const struct watch *w = mr_vec_at(&f->watches, i);
        struct mr_result *res = NULL;
        const struct mr_cell *cells;
        if (!is_staged(f, w->parent_at, 'i'))
            continue;
        mr_strbuf_reset(&sql);
        mr_strbuf_add_str(&sql, "SELECT ");
        add_digest(&sql, w->child);
        add_join(&sql, w, 'i');
        add_not_own(f, &sql, w);
        code = mr_strbuf_check(&sql, "building a query", err);
        if (code == MR_OK)
            code = mr_db_query(db, sql.ptr, sql.len, &res, err);
        while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
            if (cells[0].ptr != NULL && cells[0].len == HEX)
                code = push(list, cells[0].ptr, HEX, err);
        mr_result_free(res);
    }
    sort(list);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- apply ---- */

enum mr_code mr_fired_before(struct mr_fired *f, struct mr_db *db, struct mr_err *err)
{
    mr_vec_clear(&f->rows);
    return referring(f, db, &f->before, err);
}

enum mr_code mr_fired_after(struct mr_fired *f, struct mr_db *db, struct mr_err *err)
{
    return referring(f, db, &f->rows, err);
}

void mr_fired_list(const struct mr_fired *f, struct mr_strbuf *list)
{
    for (size_t i = 0; i < f->rows.count; i++) {
        const struct digest *d = mr_vec_at(&f->rows, i);
        if (has(&f->before, d->hex))
            continue;
        mr_strbuf_add_fmt(list, "%s%s", list->len > 0 ? "," : "", d->hex);
    }
}

/* ---- undo ---- */

static bool is_spared(const struct mr_fired *f, const char *hex)
{
    for (size_t i = 0; i < f->spared.count; i++)
        if (strcmp(((struct digest *)mr_vec_at(&f->spared, i))->hex, hex) == 0)
            return true;
    return false;
}

/* Locks what is found, so that it is still so when it is deleted. */
static enum mr_code find(struct mr_fired *f, struct mr_db *db, const struct watch *w,
                         struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT ");
    add_digest(&sql, w->child);
    mr_strbuf_add_str(&sql, ", s.myrecon_row");
    add_join(&sql, w, 'd');
    mr_strbuf_add_str(&sql, " FOR UPDATE");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        if (cells[0].ptr == NULL || !has(&f->known, cells[0].ptr) ||
            is_spared(f, cells[0].ptr))
            continue;
        struct taken *t = mr_vec_push(&f->taken);
        if (t == NULL) {
            code = nomem(err);
            break;
        }
        *t = (struct taken){.parent_at = w->parent_at,
                            .row = strtoull(cells[1].ptr, NULL, 10)};
        memcpy(t->digest.hex, cells[0].ptr, HEX);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code delete_from(struct mr_fired *f, struct mr_db *db,
                                const struct watch *w, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    if (w->first == w->end)
        return MR_OK;
    mr_strbuf_add_str(&sql, "DELETE c");
    add_join(&sql, w, 'd');
    mr_strbuf_add_str(&sql, " WHERE ");
    add_digest(&sql, w->child);
    for (size_t i = w->first; i < w->end; i++)
        mr_strbuf_add_fmt(&sql, "%s'%s'", i > w->first ? ", " : " IN (",
                          ((struct taken *)mr_vec_at(&f->taken, i))->digest.hex);
    mr_strbuf_add_str(&sql, ")");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_exec(db, sql.ptr, sql.len, err);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_fired_take_back(struct mr_fired *f, struct mr_db *db, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&f->taken);
    if (f->known.count == 0)
        return MR_OK;
    for (size_t i = 0; code == MR_OK && i < f->watches.count; i++) {
        struct watch *w = mr_vec_at(&f->watches, i);
        w->first = f->taken.count;
        if (is_staged(f, w->parent_at, 'd'))
            code = find(f, db, w, err);
        w->end = f->taken.count;
    }
    /* when all are found: one may refer to two rows */
    for (size_t i = 0; code == MR_OK && i < f->watches.count; i++)
        code = delete_from(f, db, mr_vec_at(&f->watches, i), err);
    return code;
}

/* Does the row of myrecon_dN still stand, under its key? */
static enum mr_code spare_kept(struct mr_fired *f, struct mr_db *db, size_t parent_at,
                               struct mr_err *err)
{
    const struct mr_planned_table *t = &f->planned->tables[parent_at];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_fmt(&sql, "SELECT s.myrecon_row FROM myrecon_d%zu AS s STRAIGHT_JOIN ",
                      parent_at);
    mr_sql_table(&sql, t->target_db, t->target_name);
    mr_strbuf_add_str(&sql, " AS t ON ");
    for (size_t i = 0; i < t->key.count; i++) {
        mr_strbuf_add_str(&sql, i > 0 ? " AND t." : "t.");
        mr_sql_ident(&sql, t->key.items[i]);
        mr_strbuf_add_str(&sql, " = s.");
        mr_sql_ident(&sql, t->key.items[i]);
    }
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        uint64_t row = strtoull(cells[0].ptr, NULL, 10);
        for (size_t i = 0; code == MR_OK && i < f->taken.count; i++) {
            const struct taken *one = mr_vec_at(&f->taken, i);
            if (one->parent_at == parent_at && one->row == row)
                code = push(&f->spared, one->digest.hex, HEX, err);
        }
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_fired_check(struct mr_fired *f, struct mr_db *db, bool *again,
                            struct mr_err *err)
{
    size_t before = f->spared.count;
    enum mr_code code = MR_OK;
    for (size_t p = 0; code == MR_OK && p < f->planned->ntables; p++) {
        bool any = false;
        for (size_t i = 0; !any && i < f->taken.count; i++)
            any = ((const struct taken *)mr_vec_at(&f->taken, i))->parent_at == p;
        if (any)
            code = spare_kept(f, db, p, err);
    }
    *again = code == MR_OK && f->spared.count > before;
    return code;
}

size_t mr_fired_taken(const struct mr_fired *f)
{
    size_t count = 0;
    for (size_t i = 0; i < f->taken.count; i++) {
        const struct taken *one = mr_vec_at(&f->taken, i);
        bool known = false;
        for (size_t k = 0; !known && k < i; k++)
            known =
                compare(&one->digest,
                        &((const struct taken *)mr_vec_at(&f->taken, k))->digest) == 0;
        count += !known;
    }
    return count;
}
