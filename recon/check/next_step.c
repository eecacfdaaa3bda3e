/* next_step.c: see next_step.h. */
#include "recon/check/next_step.h"

#include <inttypes.h>
#include <string.h>

#include "core/source/sides.h"

static enum mr_code add(struct mr_next_steps *steps, enum mr_next_kind kind,
                        const struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_next_step *step = mr_vec_push(&steps->items);
    if (step == NULL || text->failed)
        return mr_err_nomem(err, "saying what to do next");
    step->kind = kind;
    step->text = mr_arena_strdup(&steps->arena, text->ptr);
    return step->text != NULL ? MR_OK : mr_err_nomem(err, "saying what to do next");
}

static enum mr_code add_str(struct mr_next_steps *steps, enum mr_next_kind kind,
                            const char *text, struct mr_err *err)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sb, text);
    enum mr_code code = add(steps, kind, &sb, err);
    mr_strbuf_release(&sb);
    return code;
}

static bool is_low(const struct mr_find_counter *counter)
{
    uint64_t next = counter->next[MR_TARGET];
    return next <= counter->next[MR_SOURCE] || next <= counter->greatest[MR_SOURCE] ||
           next <= counter->greatest[MR_TARGET];
}

/* May the live server give out an id that the other side has, or gives out next?  A counter
 * that was raised already stands above both. */
static enum mr_code has_low_counters(const struct mr_check_result *result, bool *has,
                                     struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec counters = MR_VEC_INIT(struct mr_find_counter);
    enum mr_code code = mr_findings_counters(result->fd, &arena, &counters, err);
    *has = false;
    for (size_t i = 0; i < counters.count; i++)
        *has = *has || is_low(mr_vec_at(&counters, i));
    mr_vec_release(&counters);
    mr_arena_release(&arena);
    return code;
}

/* Then one side is of another moment, and differs from the other for that alone. */
static bool has_snapshot(const struct mr_find_run *run)
{
    return strncmp(run->source, "snapshot:", 9) == 0 ||
           strncmp(run->target, "snapshot:", 9) == 0;
}

static enum mr_code two_histories(struct mr_next_steps *steps,
                                  const struct mr_check_result *result,
                                  struct mr_err *err)
{
    bool has = false;
    if (has_snapshot(result->run) || !mr_check_result_two_histories(result))
        return MR_OK;
    enum mr_code code =
        add_str(steps, MR_NEXT_TWO_HISTORIES,
                "The two servers have histories of their own. Before anything else, set "
                "the old primary read-only (SET GLOBAL read_only = 1) and archive its "
                "binary logs: they hold what only it knows.",
                err);
    if (code == MR_OK)
        code = has_low_counters(result, &has, err);
    if (code == MR_OK && has)
        code = add_str(steps, MR_NEXT_RESEED,
                       "Set AUTO_INCREMENT on the live server above the greatest "
                       "keys of both sides, so that no id is given away twice from now "
                       "on.",
                       err);
    return code;
}

static enum mr_code without_identity(struct mr_next_steps *steps,
                                     const struct mr_check_result *result,
                                     struct mr_err *err)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    size_t at = mr_check_result_without_identity(result);
    if (at == result->ntables)
        return MR_OK;
    const char *name = result->tables[at].name;
    mr_strbuf_add_fmt(&sb,
                      "Rows of %s differ under one key and nothing else names them; if "
                      "they can be other people, set identity = COLUMN in a section "
                      "[table %s] of the configuration.",
                      name, name);
    enum mr_code code = add(steps, MR_NEXT_IDENTITY, &sb, err);
    mr_strbuf_release(&sb);
    return code;
}

static enum mr_code unsettled(struct mr_next_steps *steps,
                              const struct mr_check_result *result, struct mr_err *err)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    if (result->unsettled_rows == 0)
        return MR_OK;
    mr_strbuf_add_grouped(&sb, result->unsettled_rows);
    mr_strbuf_add_fmt(&sb,
                      " row%s kept moving while compared: check again at a quieter hour.",
                      result->unsettled_rows == 1 ? "" : "s");
    enum mr_code code = add(steps, MR_NEXT_UNSETTLED, &sb, err);
    mr_strbuf_release(&sb);
    return code;
}

static const char *why_resume(const struct mr_check_result *result)
{
    if (result->not_checked == 0 && result->run->objects_done)
        return "Whom the rows belong to is not known: go on with the same check command "
               "and --resume.";
    return "The run has not come to its end: go on with the same check command and "
           "--resume when both servers can be reached.";
}

enum mr_code mr_next_steps(struct mr_next_steps *steps,
                           const struct mr_check_result *result, bool has_case,
                           struct mr_err *err)
{
    *steps = (struct mr_next_steps){.items = MR_VEC_INIT(struct mr_next_step),
                                    .arena = MR_ARENA_INIT};
    enum mr_code code = two_histories(steps, result, err);
    if (code == MR_OK)
        code = without_identity(steps, result, err);
    if (code == MR_OK && result->not_checked > 0)
        code = add_str(steps, MR_NEXT_NOT_CHECKED,
                       "Tables that could not be checked may hold anything: see their "
                       "reasons.",
                       err);
    if (code == MR_OK && result->interrupted && has_case)
        code = add_str(steps, MR_NEXT_RESUME, why_resume(result), err);
    if (code == MR_OK)
        code = unsettled(steps, result, err);
    if (code != MR_OK)
        mr_next_steps_release(steps);
    return code;
}

void mr_next_steps_release(struct mr_next_steps *steps)
{
    mr_vec_release(&steps->items);
    mr_arena_release(&steps->arena);
}
