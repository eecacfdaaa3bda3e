/* check_result.c: see check_result.h. */
#include "recon/check/check_result.h"

#include <string.h>

static enum mr_code add_note(struct mr_check_result *result, size_t at, struct mr_err *err)
{
    const struct mr_find_table *table = &result->tables[at];
    struct mr_strbuf both = MR_STRBUF_INIT;
    result->notes[at] = table->note != NULL ? table->note : table->alike;
    if (table->note == NULL || table->alike == NULL)
        return MR_OK;
    mr_strbuf_add_fmt(&both, "%s; %s", table->note, table->alike);
    enum mr_code code = mr_strbuf_check(&both, "reading the case", err);
    result->notes[at] = code == MR_OK ? mr_arena_strdup(&result->arena, both.ptr) : NULL;
    if (code == MR_OK && result->notes[at] == NULL)
        code = mr_err_nomem(err, "reading the case");
    mr_strbuf_release(&both);
    return code;
}

bool mr_check_result_is_in_part(const struct mr_find_table *table)
{
    return table->verdict == MR_VERDICT_NOT_CHECKED && mr_find_counts_differing(&table->counts) > 0;
}

bool mr_check_result_has_lines(const struct mr_check_result *result, size_t table)
{
    const struct mr_find_table *of = &result->tables[table];
    return (of->verdict == MR_VERDICT_DIVERGED || mr_check_result_is_in_part(of)) &&
           (result->explained[table].rows == 0 || mr_check_result_unexplained(result, table) > 0);
}

/* Verdicts of tables make the exit code: one that was not checked outweighs any that is equal. */
static enum mr_code add_table(struct mr_check_result *result, size_t at, bool by_plans,
                              struct mr_err *err)
{
    const struct mr_find_table *table = &result->tables[at];
    struct mr_check_explained *explained = &result->explained[at];
    uint64_t unsettled = 0;
    enum mr_code code =
        mr_findings_count(result->fd, table->id, MR_FIND_UNSETTLED, &unsettled, err);
    if (code == MR_OK && by_plans)
        code = mr_check_explained(result->fd, table->id, explained, err);
    result->all_explained.rows += explained->rows;
    result->all_explained.restored += explained->restored;
    result->all_explained.met += explained->met;
    mr_find_counts_add(&result->sums, &table->counts);
    result->unsettled_rows += unsettled;
    result->diverged += table->verdict == MR_VERDICT_DIVERGED;
    result->differing += table->verdict == MR_VERDICT_DIVERGED || mr_check_result_is_in_part(table);
    result->unsettled += table->verdict == MR_VERDICT_UNSETTLED;
    result->not_checked +=
        table->verdict == MR_VERDICT_NOT_CHECKED || table->verdict == MR_VERDICT_UNDECIDED;
    result->differs = result->differs || table->verdict == MR_VERDICT_DIVERGED ||
                      table->schema_differs || mr_check_result_is_in_part(table);
    return code;
}

/* Of a part of a fleet's plan, once it is done, what was not its work is none of its result. */
static void leave_out_of_scope(struct mr_check_result *result)
{
    size_t kept = 0;
    if (!result->run->finished || strstr(result->run->options, MR_RUN_SCOPE) == NULL)
        return;
    for (size_t i = 0; i < result->ntables; i++)
        if (result->tables[i].verdict != MR_VERDICT_UNDECIDED)
            result->tables[kept++] = result->tables[i];
    result->ntables = kept;
}

enum mr_code mr_check_result_load(struct mr_check_result *result, struct mr_findings *fd,
                                  const struct mr_find_run *run, uint64_t max_rows,
                                  struct mr_err *err)
{
    *result = (struct mr_check_result){.arena = MR_ARENA_INIT,
                                       .fd = fd,
                                       .run = run,
                                       .objects = MR_VEC_INIT(struct mr_find_object),
                                       .advice = MR_VEC_INIT(struct mr_find_advice),
                                       .max_rows = max_rows};
    bool by_plans = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_tables(fd, &result->arena, &result->tables, &result->ntables, err));
    leave_out_of_scope(result);
    MR_TRY_OUT(mr_check_proof_load(&result->proof, fd, result->tables, result->ntables,
                                   &result->arena, err));
    MR_TRY_OUT(mr_findings_objects(fd, &result->arena, &result->objects, err));
    MR_TRY_OUT(mr_findings_advice(fd, &result->arena, &result->advice, err));
    result->explained =
        mr_arena_calloc(&result->arena, result->ntables + 1, sizeof *result->explained);
    result->notes = mr_arena_calloc(&result->arena, result->ntables + 1, sizeof *result->notes);
    if (result->explained == NULL || result->notes == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading the case"));
    MR_TRY_OUT(mr_check_is_explained(fd, &by_plans, err));
    for (size_t i = 0; i < result->ntables; i++)
        MR_TRY_OUT(add_table(result, i, by_plans, err));
    for (size_t i = 0; i < result->ntables; i++)
        MR_TRY_OUT(add_note(result, i, err));
    if (by_plans)
        MR_TRY_OUT(mr_check_explained_plan(fd, &result->arena, &result->explained_by, err));
    for (size_t at = 0; mr_check_result_one_sided(result, &at) != NULL;)
        result->one_sided++;
out: /* also a result that was half read is never called whole */
    result->differs = result->differs || result->objects.count > 0;
    result->interrupted = !run->finished;
    result->incomplete = result->not_checked > 0 || result->unsettled_rows > 0 ||
                         run->hidden != NULL || !run->objects_done || !run->kin_done;
    return code;
}

void mr_check_result_release(struct mr_check_result *result)
{
    mr_vec_release(&result->objects);
    mr_vec_release(&result->advice);
    mr_arena_release(&result->arena);
}

int mr_check_result_exit(const struct mr_check_result *result)
{
    return result->incomplete ? 4 : result->differs ? 1 : 0;
}

const char *mr_check_result_verdict(const struct mr_check_result *result)
{
    return result->incomplete ? "incomplete" : result->differs ? "diverged" : "equal";
}

const char *mr_check_result_note(const struct mr_check_result *result, size_t table)
{
    return result->notes != NULL ? result->notes[table] : NULL;
}

/* A CHECK may be called as its table is, which both sides have then. */
bool mr_check_result_is_one_sided(const struct mr_check_result *result,
                                  const struct mr_find_object *object)
{
    bool is = mr_find_object_is_one_sided(object);
    for (size_t i = 0; is && i < result->ntables; i++)
        is = strcmp(result->tables[i].name, object->table) != 0;
    return is;
}

const struct mr_find_object *mr_check_result_one_sided(const struct mr_check_result *result,
                                                       size_t *at)
{
    while (*at < result->objects.count) {
        const struct mr_find_object *object = mr_vec_at(&result->objects, (*at)++);
        if (mr_check_result_is_one_sided(result, object))
            return object;
    }
    return NULL;
}

static uint64_t explained_rows(const struct mr_check_result *result, size_t table)
{
    return result->explained != NULL ? result->explained[table].rows : 0;
}

uint64_t mr_check_result_unexplained(const struct mr_check_result *result, size_t table)
{
    const uint64_t rows = mr_find_counts_differing(&result->tables[table].counts);
    uint64_t explained = explained_rows(result, table);
    return rows > explained ? rows - explained : 0;
}

bool mr_check_result_all_explained(const struct mr_check_result *result)
{
    bool all = result->all_explained.rows > 0 && !result->incomplete;
    for (size_t i = 0; all && i < result->ntables; i++)
        all = mr_check_result_unexplained(result, i) == 0;
    for (size_t i = 0; all && i < result->objects.count; i++) {
        const struct mr_find_object *object = mr_vec_at(&result->objects, i);
        all = strcmp(object->kind, "auto_increment") == 0;
    }
    return all;
}

/* A kind of which nothing is left; who has moved stands among the collisions and extra
 * rows. */
static void take_off(const struct mr_check_explained *explained, struct mr_find_counts *c)
{
    c->missing -= explained->of_kind[MR_KIND_MISSING];
    c->extra -= explained->of_kind[MR_KIND_EXTRA];
    c->collision -= explained->of_kind[MR_KIND_COLLISION];
    c->moved = 0;
}

static bool is_snapshot(const char *uri)
{
    return strncmp(uri, "snapshot:", 9) == 0;
}

bool mr_check_result_trusts(const struct mr_check_result *r)
{
    const char *at = strstr(r->run->options, MR_RUN_TRUSTS "\n");
    return at != NULL && (at == r->run->options || at[-1] == '\n') &&
           (is_snapshot(r->run->source) || is_snapshot(r->run->target));
}

bool mr_check_result_two_histories(const struct mr_check_result *result)
{
    for (size_t i = 0; i < result->ntables; i++) {
        struct mr_find_counts left = result->tables[i].counts, *c = &left;
        if (explained_rows(result, i) > 0)
            take_off(&result->explained[i], c);
        if (c->collision > 0 || c->moved > 0 || (c->missing > 0 && c->extra > 0))
            return true;
    }
    return false;
}

size_t mr_check_result_without_identity(const struct mr_check_result *result)
{
    size_t worst = result->ntables;
    for (size_t i = 0; i < result->ntables; i++) {
        const struct mr_find_table *t = &result->tables[i];
        bool unnamed = !t->identity_known && !t->keyless && t->counts.changed > 0 &&
                       mr_check_result_unexplained(result, i) > 0;
        if (unnamed &&
            (worst == result->ntables || t->counts.changed > result->tables[worst].counts.changed))
            worst = i;
    }
    return worst;
}

uint64_t mr_check_result_not_printed(const struct mr_check_result *result)
{
    uint64_t left_out = 0;
    for (size_t i = 0; i < result->ntables; i++) {
        uint64_t rows = 0;
        (void)mr_findings_count(result->fd, result->tables[i].id, MR_FIND_DIVERGED, &rows, NULL);
        left_out += rows > result->max_rows ? rows - result->max_rows : 0;
    }
    return left_out;
}
