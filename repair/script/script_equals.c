/* script_equals.c: rows without a key, of which equal ones are counted; see
 * script_internal.h.
 *
 * A row to be inserted is there when TARGET holds as many rows equal to it as it held when
 * the plan was made, and as many more as the plan inserts up to this one.  A row to be deleted
 * has that number in its key (copy_multiset.c): it is gone when fewer stand. */
#include <string.h>

#include "core/case/case_args.h"
#include "repair/merge/merge_lookup.h"
#include "repair/plan/plan_image.h"
#include "repair/script/script_internal.h"

static const char schema_sql[] =
    "DROP TABLE IF EXISTS temp.script_equal; DROP TABLE IF EXISTS temp.script_bag;"
    "CREATE TEMP TABLE script_equal (entity INTEGER PRIMARY KEY, tbl INT, digest BLOB,"
    " n INT);"
    "CREATE TEMP TABLE script_bag (tbl INT, digest BLOB, n INT NOT NULL DEFAULT 0,"
    " PRIMARY KEY (tbl, digest)) WITHOUT ROWID";

static const char count_sql[] =
    "UPDATE script_equal SET n=(SELECT b.n FROM script_bag b WHERE b.tbl=script_equal.tbl"
    " AND b.digest=script_equal.digest) + r.n FROM (SELECT entity AS e, row_number() OVER"
    " (PARTITION BY tbl, digest ORDER BY entity) AS n FROM script_equal) r"
    " WHERE r.e=script_equal.entity";

/* ---- what is planned ---- */

struct noting {
    const struct mr_plan_table *table;
    struct mr_plan_digester *digester;
    struct mr_case_stmt *add;
};

static enum mr_code note_row(void *ctx, const struct mr_entity *e, struct mr_err *err)
{
    struct noting *n = ctx;
    struct mr_digest digest;
    MR_TRY(mr_plan_digester_row(n->digester, e->after, &digest, err));
    return MR_CASE_RUN(n->add, err, MR_ARG_INT("entity", e->id), MR_ARG_INT("tbl", n->table->at),
                       MR_ARG_BLOB("digest", &digest, sizeof digest));
}

/* ---- what stands on TARGET ---- */

struct counting {
    const struct mr_plan_table *table;
    struct mr_plan_digester *digester;
    struct mr_case_stmt *count;
};

static enum mr_code count_row(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct counting *c = ctx;
    struct mr_digest digest;
    (void)ask;
    MR_TRY(mr_plan_digester_row(c->digester, (struct mr_key){row->image, row->len}, &digest, err));
    return MR_CASE_RUN(c->count, err, MR_ARG_INT("tbl", c->table->at),
                       MR_ARG_BLOB("digest", &digest, sizeof digest));
}

/* Rows are told by their digests, equal ones by their number. The table is read only where
 * something is inserted into it: it may be large, and has no key to be asked by. */
static enum mr_code count_table(struct mr_script *s, const struct mr_plan_table *t,
                                struct mr_case_stmt *add, struct counting *c, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, t, {NULL, 0}};
    int64_t any = 0;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_plan_digester digester;
    struct noting noting = {t, &digester, add};
    c->table = t;
    c->digester = &digester;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_plan_digester_of(&digester, t, &arena, err));
    MR_TRY_OUT(mr_plan_store_each(s->task->store, t->at, MR_DECIDE_INSERT, note_row, &noting, err));
    MR_TRY_OUT(
        mr_plan_store_each(s->task->store, t->at, MR_DECIDE_RENUMBER, note_row, &noting, err));
    MR_TRY_OUT(MR_CASE_CHANGE(s->lookup.cf,
                              "INSERT OR IGNORE INTO script_bag (tbl, digest)"
                              " SELECT tbl, digest FROM script_equal WHERE tbl=:tbl",
                              &any, err, MR_ARG_INT("tbl", t->at)));
    if (any > 0)
        MR_TRY_OUT(mr_merge_lookup_stream(&s->lookup, &what, NULL, 0, count_row, c, err));
out:
    mr_plan_digester_release(&digester);
    mr_arena_release(&arena);
    return code;
}

/* ---- what goes ---- */

/* The number behind the row in the key. */
static enum mr_code number_of(const struct mr_entity *e, int64_t *n, struct mr_err *err)
{
    struct mr_value value = {.cls = MR_CLASS_NULL};
    size_t pos = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK && pos < e->target_key.len)
        code = mr_row_decode(e->target_key.ptr, e->target_key.len, &pos, &value, err);
    *n = value.i;
    return code == MR_OK && value.cls != MR_CLASS_INT
               ? mr_err_set(err, MR_E_BUG, "a row without a key has no number")
               : code;
}

static enum mr_code number_delete(void *ctx, const struct mr_entity *e, struct mr_err *err)
{
    struct mr_case_stmt *add = ctx;
    int64_t n = 0;
    enum mr_code code = number_of(e, &n, err);
    return code == MR_OK ? MR_CASE_RUN(add, err, MR_ARG_INT("entity", e->id), MR_ARG_INT("n", n))
                         : code;
}

static enum mr_code number_all(struct mr_script *s, struct mr_err *err)
{
    struct mr_case_stmt *add = NULL;
    enum mr_code code = mr_case_prepare(
        s->lookup.cf, "INSERT INTO script_equal (entity, n) VALUES (:entity, :n)", &add, err);
    for (size_t i = 0; code == MR_OK && i < s->plan->ntables; i++)
        if (s->plan->tables[i].key.count == 0)
            code = mr_plan_store_each(s->task->store, i, MR_DECIDE_DELETE, number_delete, add, err);
    mr_case_free(add);
    return code;
}

/* Counted once for the plan, not by unit: equal rows of several units share the count, and each
 * must know how many stand when all before it are written. */
enum mr_code mr_script_equals_open(struct mr_script *s, struct mr_err *err)
{
    struct mr_case *cf = s->lookup.cf;
    struct mr_case_stmt *add = NULL;
    struct counting counting = {.count = NULL};
    const struct mr_case_sql list[] = {
        {&add, "INSERT INTO script_equal (entity, tbl, digest)"
               " VALUES (:entity, :tbl, :digest)"},
        {&counting.count, "UPDATE script_bag SET n=n+1 WHERE tbl=:tbl AND digest=:digest"},
    };
    enum mr_code code = MR_OK;
    MR_TRY(mr_case_exec(cf, schema_sql, err));
    MR_TRY_OUT(mr_case_prepare_all(cf, list, sizeof list / sizeof list[0], err));
    for (size_t i = 0; i < s->plan->ntables; i++)
        if (s->plan->tables[i].key.count == 0)
            MR_TRY_OUT(count_table(s, &s->plan->tables[i], add, &counting, err));
    MR_TRY_OUT(mr_case_exec(cf, count_sql, err));
    MR_TRY_OUT(number_all(s, err));
    MR_TRY_OUT(
        mr_case_prepare(cf, "SELECT n FROM script_equal WHERE entity=:entity", &s->equals, err));
out:
    mr_case_free(add);
    mr_case_free(counting.count);
    return code;
}
