/* decision_proof.c: see decision_proof.h. */
#include "repair/planning/decision_proof.h"

#include <string.h>

#include "core/file/csv_in.h"
#include "repair/decide/conflict.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/plan_text.h"
#include "repair/planning/conflict_differs.h"
#include "repair/planning/decision_line.h"

/* Is there a row in the line that was, or will be, compared with the entity's? */
static bool has_image(const struct mr_decision_line *line, const struct mr_entity *e)
{
    return (line->source != NULL && e->source.ptr != NULL) ||
           (e->source.ptr == NULL && line->target != NULL && e->target.ptr != NULL);
}

static const char hint[] =
    "The key, or that column, is not what the plan wrote, as after a spreadsheet "
    "has changed it. Take conflicts.csv of the plan, and import all columns as "
    "text.";

static enum mr_code refuse(const char *what, const char *said, const char *is, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%s is \"%.200s\", and the row that has this key has \"%.200s\"", what, said,
                     is);
    mr_err_hint(err, "%s", hint);
    return MR_E_REFUSED;
}

/* What tells two rows apart names whom they refer to, too, of whatever table. */
bool mr_decision_proof_is_masked(const struct mr_plan_decisions *d)
{
    for (size_t t = 0; t < d->tables->ntables; t++)
        for (size_t i = 0; i < d->tables->tables[t].pair->find.ncolumns; i++)
            if (d->tables->tables[t].pair->find.columns[i].masked)
                return true;
    return false;
}

const char *mr_decision_proof_shown(const struct mr_plan_decisions *d, const char *choice)
{
    return mr_plan_fit_is_value(choice) && mr_decision_proof_is_masked(d) ? "a value" : choice;
}

static enum mr_code refuse_values(const struct mr_plan_decisions *d, const char *what,
                                  const char *said, struct mr_err *err)
{
    if (!mr_decision_proof_is_masked(d))
        return refuse(what, said, d->text.ptr, err);
    (void)mr_err_set(err, MR_E_REFUSED, "%s is not that of the row that has this key", what);
    mr_err_hint(err, "%s", hint);
    return MR_E_REFUSED;
}

/* Fields of the file have lost the blanks around them. */
static bool is_said(const struct mr_strbuf *text, const char *said)
{
    const struct mr_csv_field is = mr_csv_trimmed((struct mr_csv_field){text->ptr, text->len});
    return strlen(said) == is.len && memcmp(is.ptr, said, is.len) == 0;
}

/* In d->text, which the caller has done with. */
static enum mr_code compare_identity(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                     const struct mr_decision_line *line, const struct mr_entity *e,
                                     struct mr_err *err)
{
    const struct mr_key row = e->source.ptr != NULL ? e->source : e->target;
    if (line->identity == NULL || t->identity != MR_PLAN_BY_COLUMNS || row.ptr == NULL)
        return MR_OK;
    mr_strbuf_reset(&d->text);
    MR_TRY(mr_plan_text_of_row(&d->text, t, &t->named_by, row, err));
    MR_TRY(mr_strbuf_check(&d->text, "reading decisions", err));
    return is_said(&d->text, line->identity)
               ? MR_OK
               : refuse_values(d, "its identity", line->identity, err);
}

/* What told both rows apart when it was decided. */
static enum mr_code compare_differs(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                    const struct mr_decision_line *line, const struct mr_entity *e,
                                    struct mr_err *err)
{
    struct mr_conflict_differs *differs = NULL;
    if (line->differs == NULL || e->source.ptr == NULL || e->target.ptr == NULL)
        return MR_OK;
    mr_strbuf_reset(&d->text);
    enum mr_code code = mr_conflict_differs_open(d->tables, d->fd, &differs, err);
    if (code == MR_OK)
        code = mr_conflict_differs_add(differs, t, e, &d->text, err);
    if (code == MR_OK && !is_said(&d->text, line->differs))
        code = refuse_values(d, "differs", line->differs, err);
    mr_conflict_differs_close(differs);
    return code;
}

/* A choice may have led from one conflict of the row to another one; but then it was asked for. */
static enum mr_code compare_kind(const struct mr_decision_line *line, const struct mr_entity *e,
                                 struct mr_err *err)
{
    if (line->kind == NULL || e->kind == NULL || line->is_asked || strcmp(line->kind, e->kind) == 0)
        return MR_OK;
    return refuse("kind", line->kind, e->kind, err);
}

enum mr_code mr_decision_proof_key(const struct mr_decision_line *line, const char *key,
                                   struct mr_err *err)
{
    /* one that is the key was made another one with it */
    const bool is_named = line->identity != NULL && strcmp(line->identity, key) != 0;
    if (line->source != NULL || line->target != NULL || is_named ||
        !mr_decision_line_is_rounded(key))
        return MR_OK;
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "nothing in the line tells whether \"%.100s\" is its key, or what a spreadsheet "
        "has left of it",
        key);
    mr_err_hint(err, "Leave the columns source and target as the plan wrote them.");
    return MR_E_REFUSED;
}

/* What differs may be the same of both. */
static enum mr_code check_parts(const struct mr_plan_table *t, const struct mr_decision_line *line,
                                const char *key, struct mr_err *err)
{
    const bool is_named = line->identity != NULL && t->identity == MR_PLAN_BY_COLUMNS &&
                          !mr_decision_line_is_vague(&t->named_by, line->identity);
    if (!mr_decision_line_is_vague(&t->key, key) || is_named)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "\"%.200s\" may be the key of several rows, and nothing in the line tells of "
                     "which",
                     key);
    mr_err_hint(err, "Leave the columns source and target as the plan wrote them.");
    return MR_E_REFUSED;
}

/* The other row's key, as the plan prints it. */
static enum mr_code compare_target_key(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                       const struct mr_decision_line *line,
                                       const struct mr_entity *e, struct mr_err *err)
{
    if (line->target_key == NULL || e->target_key.ptr == NULL)
        return MR_OK;
    mr_strbuf_reset(&d->text);
    MR_TRY(mr_plan_text_values(&d->text, t, &t->key, e->target_key, err));
    MR_TRY(mr_strbuf_check(&d->text, "reading decisions", err));
    return is_said(&d->text, line->target_key)
               ? MR_OK
               : refuse("target_key", line->target_key, d->text.ptr, err);
}

/* A choice that writes to a row of TARGET, or pours one into it, is about that row as much as about
 * SOURCE's: who holds a unique value may be somebody else by now. */
static enum mr_code check_other(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                const struct mr_decision_line *line, const struct mr_entity *e,
                                struct mr_err *err)
{
    const bool is_about_both = mr_conflict_is_value(mr_conflict_named(e->kind)) ||
                               strcmp(line->choice, MR_DECIDE_MERGED) == 0;
    if (!is_about_both || !line->used || line->target != NULL)
        return MR_OK;
    MR_TRY(compare_target_key(d, t, line, e, err));
    return compare_differs(d, t, line, e, err);
}

enum mr_code mr_decision_proof_check(struct mr_plan_decisions *d, const struct mr_plan_table *table,
                                     const struct mr_decision_line *line, const char *key,
                                     const struct mr_entity *entity, struct mr_err *err)
{
    if (d->file.is_plans_own || table->key.count == 0)
        return MR_OK;
    MR_TRY(check_other(d, table, line, entity, err));
    if (has_image(line, entity))
        return MR_OK;
    MR_TRY(compare_kind(line, entity, err));
    MR_TRY(compare_identity(d, table, line, entity, err));
    MR_TRY(compare_differs(d, table, line, entity, err));
    MR_TRY(check_parts(table, line, key, err));
    return mr_decision_proof_key(line, key, err);
}
