/* copy_fit.c: rows with values that TARGET's columns cannot hold (plan_fit.h), and what was
 * decided about them; see copy_internal.h. */
#include <string.h>

#include "core/case/case_args.h"
#include "repair/copy/copy_internal.h"
#include "repair/decide/conflict.h"

struct fitting {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *conflict, *edit;
    struct mr_strbuf choices, edits, image;
    struct mr_strbuf why;  /* of the row at hand, before anything is chosen */
    struct mr_key *values; /* per column of the table */
    bool is_derived;       /* what was chosen for the row at hand: by a rule */
};

/* A person's word about the row goes before options, and these before the configuration. */
static enum mr_code find_choice(struct fitting *f, const struct mr_merge_work_row *row,
                                const char **choice, struct mr_err *err)
{
    const struct mr_copy_task *task = f->c->task;
    const struct mr_table_config *config = f->table->pair->config;
    enum mr_code code = MR_OK;
    const struct mr_decision_ask ask = {.table = mr_plan_table_name(f->table),
                                        .source_key = row->key,
                                        .kind = MR_FIT_KIND,
                                        .source = {row->image, row->len},
                                        .target = {row->live, row->live_len}};
    *choice = NULL;
    if (task->decision != NULL)
        code = task->decision(task->decision_ctx, &ask, choice, err);
    if (*choice != NULL && strcmp(*choice, MR_CHOICE_OPEN) == 0) {
        *choice = NULL;
        return code;
    }
    f->is_derived = *choice == NULL;
    if (*choice == NULL)
        *choice = mr_plan_fit_rule(task->on_conflict, task->non_conflict);
    if (*choice == NULL)
        *choice = mr_plan_fit_rule(config->on_conflict, config->non_conflict);
    if (code != MR_OK || *choice == NULL || strcmp(*choice, "stop") != 0)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "a row of table \"%s\" is in conflict: %s (%s); the choice for it is "
                     "to stop",
                     mr_plan_table_name(f->table), MR_FIT_KIND, f->c->m.fit.why.ptr);
    return MR_E_REFUSED;
}

static enum mr_code keep_conflict(struct fitting *f, const struct mr_merge_work_row *row,
                                  const char *choice, struct mr_err *err)
{
    return MR_CASE_RUN(f->conflict, err, MR_ARG_INT("id", row->id),
                       MR_ARG_TEXT("why", f->c->m.fit.why.ptr),
                       MR_ARG_TEXT("choices", f->choices.ptr), MR_ARG_TEXT("choice", choice),
                       MR_ARG_INT("derived", choice != NULL && f->is_derived));
}

/* The row as a person wants it; where TARGET has it so already, nothing is done. */
static enum mr_code write_edited(struct fitting *f, const struct mr_merge_work_row *row,
                                 const char *choice, struct mr_err *err)
{
    size_t n = f->table->pair->find.ncolumns;
    const struct mr_key live = {row->live, row->live_len};
    bool differs = true;
    memset(f->values, 0, n * sizeof *f->values);
    mr_plan_fit_apply((struct mr_key){f->edits.ptr, f->edits.len}, f->values, n);
    enum mr_code code =
        mr_merge_row_edit((struct mr_key){row->image, row->len}, f->values, n, &f->image, err);
    const struct mr_key image = {f->image.ptr, f->image.len};
    if (code == MR_OK && live.ptr != NULL)
        code = mr_merge_row_differs(&f->c->m, f->table, image, live, MR_NO_COLUMN, &differs, err);
    return code == MR_OK
               ? MR_CASE_RUN(f->edit, err, MR_ARG_INT("id", row->id), MR_ARG_BYTES("image", image),
                             MR_ARG_TEXT("choice", choice), MR_ARG_INT("differs", differs),
                             MR_ARG_TEXT("why", f->why.ptr), MR_ARG_INT("derived", f->is_derived))
               : code;
}

/* What was chosen and cannot be carried out leaves the conflict open: nothing is made up. */
static enum mr_code judge(struct fitting *f, const struct mr_merge_work_row *row,
                          struct mr_err *err)
{
    struct mr_plan_fit *fit = &f->c->m.fit;
    const char *choice = NULL;
    bool possible = false;
    enum mr_code code = mr_plan_fit_row(fit, f->table, (struct mr_key){row->image, row->len},
                                        (struct mr_key){row->live, row->live_len}, err);
    if (code != MR_OK || fit->columns.count == 0)
        return code;
    mr_plan_fit_choices(fit, f->table, &f->choices);
    code = find_choice(f, row, &choice, err);
    if (code != MR_OK || choice == NULL || strcmp(choice, MR_FIT_SKIP) == 0)
        return code == MR_OK ? keep_conflict(f, row, choice, err) : code;
    mr_strbuf_reset(&f->edits);
    mr_strbuf_reset(&f->why); /* what is chosen is judged in its place */
    mr_strbuf_add_str(&f->why, fit->why.ptr);
    MR_TRY(mr_strbuf_check(&f->why, "judging a row", err));
    code = mr_plan_fit_choose(fit, f->table, choice, &f->edits, &possible, err);
    if (code != MR_OK || !possible)
        return code == MR_OK ? keep_conflict(f, row, NULL, err) : code;
    return write_edited(f, row, choice, err);
}

static enum mr_code judge_all(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct fitting *f = ctx;
    (void)arena;
    for (size_t i = 0; i < rows->count; i++)
        MR_TRY(judge(f, mr_vec_at(rows, i), err));
    return MR_OK;
}

/* Only rows that would be written: what stays on TARGET fits there already.  SOURCE's own row is
 * kept beside the edited one, for people and for the next check. */
static enum mr_code fit_table(struct fitting *f, struct mr_err *err)
{
    f->values =
        mr_arena_calloc(&f->c->m.arena, f->table->pair->find.ncolumns + 1, sizeof *f->values);
    if (f->values == NULL)
        return mr_merge_nomem(err);
    const struct mr_case_sql list[] = {
        {&f->conflict, "UPDATE c SET kind='" MR_FIT_KIND "', why=:why, choices=:choices,"
                       " choice=:choice, derived=:derived WHERE id=:id"},
        {&f->edit, "UPDATE c SET orig=source, source=:image, choice=:choice, why=:why,"
                   " derived=:derived, kind=CASE WHEN :differs THEN NULL ELSE '" MR_FIT_KIND "' END"
                   " WHERE id=:id"},
    };
    enum mr_code code = mr_case_prepare_all(f->c->m.cf, list, sizeof list / sizeof list[0], err);
    return code == MR_OK ? mr_copy_pages(f->c,
                                         "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND"
                                         " c.id>:after AND c.op>0 AND c.kind IS NULL"
                                         " ORDER BY c.id LIMIT 500",
                                         f->table->at, judge_all, f, err)
                         : code;
}

/* Before conflicts are settled: who is left out here may be somebody's parent. */
enum mr_code mr_copy_fit(struct mr_copy *c, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->m.plan->ntables; i++) {
        struct fitting f = {.c = c,
                            .table = &c->m.plan->tables[i],
                            .choices = MR_STRBUF_INIT,
                            .edits = MR_STRBUF_INIT,
                            .why = MR_STRBUF_INIT,
                            .image = MR_STRBUF_INIT};
        if (c->planned[i] && mr_plan_fit_is_needed(f.table))
            code = fit_table(&f, err);
        mr_case_free(f.conflict);
        mr_case_free(f.edit);
        mr_strbuf_release(&f.choices);
        mr_strbuf_release(&f.edits);
        mr_strbuf_release(&f.why);
        mr_strbuf_release(&f.image);
    }
    return code;
}
