/* merge_restored.c: see merge_restored.h. */
#include "repair/merge/merge_restored.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_restored (plan INT NOT NULL, tbl TEXT NOT NULL,"
    " key BLOB NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL, after BLOB NOT NULL,"
    " state TEXT NOT NULL, PRIMARY KEY (tbl, key, plan)) STRICT, WITHOUT ROWID;";

/* What one of the plans would have made of the row. */
struct planned {
    struct mr_key source, target, after;
    const char *state;
};

struct mr_merge_restored {
    struct mr_merge *m;
    struct mr_case_stmt *find, *keep;
    struct mr_case_fields map; /* struct planned */
    struct mr_arena arena;
};

#define PLANNED(member, type) MR_CASE_FIELD(struct planned, member, MR_CASE_##type)
static const struct mr_case_field fields[] = MR_CASE_LIST(
    PLANNED(source, BYTES), PLANNED(target, BYTES), PLANNED(after, BYTES), PLANNED(state, TEXT));

enum mr_code mr_merge_restored_open(struct mr_merge *m, struct mr_merge_restored **out,
                                    struct mr_err *err)
{
    struct mr_merge_restored *a = calloc(1, sizeof *a);
    *out = a;
    if (a == NULL)
        return mr_merge_nomem(err);
    a->m = m;
    a->arena = (struct mr_arena)MR_ARENA_INIT;
    const struct mr_case_sql list[] = {
        {&a->find, "SELECT source, target, after, state FROM plan_restored WHERE tbl=:name AND"
                   " key=:key AND plan<>:plan AND state<>'undone' ORDER BY state='applied' DESC,"
                   " state='begun' DESC, plan DESC"},
        {&a->keep, "INSERT OR REPLACE INTO plan_restored (plan, tbl, key, source, target, after,"
                   " state) VALUES (:plan, :name, :key, :source, :target, :after, 'proposed')"},
    };
    MR_TRY(mr_case_exec(m->cf, schema_sql, err));
    MR_TRY(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    return mr_case_fields_open(&a->map, a->find, MR_CASE_FIELDS(fields), err);
}

void mr_merge_restored_close(struct mr_merge_restored *a)
{
    if (a == NULL)
        return;
    mr_case_free(a->find);
    mr_case_free(a->keep);
    mr_arena_release(&a->arena);
    free(a);
}

static enum mr_code is_equal(struct mr_key a, struct mr_key b, size_t column, bool *is,
                             struct mr_err *err)
{
    struct mr_key x, y;
    MR_TRY(mr_merge_row_value(a, column, &x, err));
    MR_TRY(mr_merge_row_value(b, column, &y, err));
    *is = mr_key_compare(x, y) == 0;
    return MR_OK;
}

/* Whether what was planned stands, by what is there now.  What SOURCE has changed since cannot be
 * told from what it had changed then; nor can what TARGET has set back from what undo.sql took back. */
static enum mr_code judge(const struct planned *p, size_t column,
                          const struct mr_key rows[MR_SIDES], enum mr_restored *is,
                          struct mr_err *err)
{
    bool same = false, before = false, after = false;
    MR_TRY(is_equal(p->source, rows[MR_SOURCE], column, &same, err));
    MR_TRY(is_equal(p->target, rows[MR_TARGET], column, &before, err));
    MR_TRY(is_equal(p->after, rows[MR_TARGET], column, &after, err));
    if (after || (strcmp(p->state, "applied") == 0 && !before))
        *is = same ? MR_RESTORED_DONE : MR_RESTORED_UNSURE;
    else if (!before || strcmp(p->state, "applied") == 0)
        *is = MR_RESTORED_UNSURE;
    else
        *is = strcmp(p->state, "begun") == 0 ? MR_RESTORED_MAYBE : MR_RESTORED_NOT;
    return MR_OK;
}

/* One that is known as applied counts, or as begun; else the last one, which has looked at those before it. */
enum mr_code mr_merge_restored_find(struct mr_merge_restored *a, const struct mr_plan_table *table,
                                    struct mr_key key, size_t column,
                                    const struct mr_key rows[MR_SIDES], enum mr_restored *is,
                                    struct mr_err *err)
{
    struct planned p = {0};
    bool more = false, kept = true;
    enum mr_code code = MR_OK;
    *is = MR_RESTORED_NOT;
    mr_arena_reset(&a->arena);
    MR_CASE_BIND(a->find, MR_ARG_TEXT("name", mr_plan_table_name(table)), MR_ARG_BYTES("key", key),
                 MR_ARG_INT("plan", mr_plan_store_id(a->m->store)));
    while (code == MR_OK && kept &&
           (code = mr_case_fields_next(&a->map, &a->arena, &p, &more, err)) == MR_OK && more) {
        code = is_equal(p.target, p.after, column, &kept, err);
        if (code == MR_OK && !kept)
            code = judge(&p, column, rows, is, err);
    }
    mr_case_reset(a->find);
    return code;
}

enum mr_code mr_merge_restored_keep(struct mr_merge_restored *a, const struct mr_plan_table *table,
                                    const struct mr_entity *e, struct mr_err *err)
{
    return MR_CASE_RUN(a->keep, err, MR_ARG_INT("plan", mr_plan_store_id(a->m->store)),
                       MR_ARG_TEXT("name", mr_plan_table_name(table)),
                       MR_ARG_BYTES("key", e->source_key), MR_ARG_BYTES("source", e->source),
                       MR_ARG_BYTES("target", e->target), MR_ARG_BYTES("after", e->after));
}
