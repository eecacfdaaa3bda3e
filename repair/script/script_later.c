/* script_later.c: rows that other units write again; see script_internal.h.
 *
 * A row that makes way is written by two units or more.  Once the later ones are done it is
 * not any more as the first has left it, and yet that one is done: so the images that come
 * later are staged, too, and each of them says that the row stands. */
#include "core/case/case_args.h"
#include "repair/script/script_internal.h"

static const char schema_sql[] = "DROP TABLE IF EXISTS temp.script_goes;"
                                 "CREATE TEMP TABLE script_goes (entity INT, unit INT, step INT,"
                                 " PRIMARY KEY (entity, unit, step)) WITHOUT ROWID";

static const char fill_sql[] =
    "INSERT INTO script_goes SELECT entity, unit, id FROM step WHERE plan=:plan AND entity "
    "IN"
    " (SELECT entity FROM step WHERE plan=:plan GROUP BY entity HAVING min(unit)<max(unit))";

static const char find_sql[] =
    "SELECT step FROM script_goes WHERE entity=:entity AND unit BETWEEN :first AND :last";

enum mr_code mr_script_later_open(struct mr_script *s, struct mr_err *err)
{
    int64_t found = 0;
    enum mr_code code = mr_case_exec(s->lookup.cf, schema_sql, err);
    if (code == MR_OK)
        code = MR_CASE_CHANGE(s->lookup.cf, fill_sql, &found, err,
                              MR_ARG_INT("plan", mr_plan_store_id(s->task->store)));
    s->goes_on = found > 0;
    return code;
}

enum mr_code mr_script_step(struct mr_script *s, int64_t id, struct mr_step *step,
                            struct mr_err *err)
{
    struct mr_vec steps = MR_VEC_INIT(struct mr_step);
    enum mr_code code = mr_plan_store_steps(s->task->store, id - 1, 1, &s->unit_arena, &steps, err);
    const struct mr_step *found = steps.count > 0 ? mr_vec_at(&steps, 0) : NULL;
    if (code == MR_OK && (found == NULL || found->id != id))
        code = mr_err_set(err, MR_E_BUG, "a step that was read is gone");
    if (code == MR_OK)
        *step = *found;
    mr_vec_release(&steps);
    return code;
}

static enum mr_code add_image(struct mr_script *s, const struct mr_script_row *row, int64_t step,
                              struct mr_err *err)
{
    struct mr_step found = {0};
    enum mr_code code = mr_script_step(s, step, &found, err);
    bool undo = s->kind == MR_SCRIPT_UNDO;
    struct mr_key image = undo ? found.before : found.after;
    if (code != MR_OK || image.ptr == NULL)
        return code;
    struct mr_script_later *later = mr_vec_push(&s->later);
    if (later == NULL)
        return mr_err_nomem(err, "writing a script");
    *later = (struct mr_script_later){row->step.table, row->number, image};
    return MR_OK;
}

/* Which units come later depends on the direction: apply goes up, undo down. A row that is
 * passed through needs none of it, as its own last step stands for it. */
enum mr_code mr_script_later_find(struct mr_script *s, struct mr_err *err)
{
    struct mr_case_stmt *get = NULL;
    bool undo = s->kind == MR_SCRIPT_UNDO;
    mr_vec_clear(&s->later);
    if (!s->goes_on)
        return MR_OK;
    enum mr_code code = mr_case_prepare(s->lookup.cf, find_sql, &get, err);
    for (size_t i = 0; code == MR_OK && i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        bool found = false;
        if (row->step.op != MR_STEP_UPDATE || row->passing)
            continue;
        MR_CASE_BIND(get, MR_ARG_INT("entity", row->step.entity),
                     MR_ARG_INT("first", undo ? 0 : s->last_unit + 1),
                     MR_ARG_INT("last", undo ? (int64_t)s->unit - 1 : INT64_MAX));
        while (code == MR_OK && (code = mr_case_step(get, &found, err)) == MR_OK && found)
            code = add_image(s, row, mr_case_int(get, 0), err);
        mr_case_reset(get);
    }
    mr_case_free(get);
    return code;
}

bool mr_script_has_later(const struct mr_script *s, size_t table)
{
    for (size_t i = 0; i < s->later.count; i++) {
        const struct mr_script_later *later = mr_vec_at(&s->later, i);
        if (later->table == table)
            return true;
    }
    return false;
}

void mr_script_stands(struct mr_script *s, const struct mr_plan_table *t, size_t extent)
{
    if (extent > 0) {
        const struct mr_script_extent *e = mr_script_extent(s, extent);
        if (!e->any_sum)
            mr_script_exact_of(s, t, e->stands, "t", "s");
        else if (s->kind == MR_SCRIPT_VERIFY)
            mr_script_sums_proved(s, t, e);
        else
            mr_script_sums_stand(s, t, e);
        return;
    }
    if (!mr_script_has_later(s, t->at)) {
        mr_script_exact(s, t, "t", "s");
        return;
    }
    mr_strbuf_add_str(&s->sql, "(");
    mr_script_exact(s, t, "t", "s");
    mr_strbuf_add_str(&s->sql, " OR EXISTS (SELECT 1 FROM ");
    mr_script_temp_n(s, 'f', t->at);
    mr_strbuf_add_str(&s->sql, " AS f WHERE f.myrecon_row = s.myrecon_row AND ");
    mr_script_exact(s, t, "t", "f");
    mr_strbuf_add_str(&s->sql, "))");
}
