/* merge_decide.c: the merge planner as a whole; see merge.h. */
#include "repair/merge/merge.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "repair/merge/merge_earlier.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_choice.h"
#include "repair/merge/merge_collect.h"
#include "repair/merge/merge_conflict.h"
#include "repair/merge/merge_entities.h"
#include "repair/merge/merge_erased.h"
#include "repair/merge/merge_fit.h"
#include "repair/merge/merge_group.h"
#include "repair/merge/merge_ids.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_map.h"
#include "repair/merge/merge_match.h"
#include "repair/merge/merge_past.h"
#include "repair/merge/merge_referrers.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_steps.h"
#include "repair/merge/merge_still.h"
#include "repair/merge/merge_suspects.h"
#include "repair/merge/merge_told.h"
#include "repair/merge/merge_unknown.h"
#include "repair/merge/merge_value.h"
#include "repair/merge/merge_work.h"

/* Decides one component again and again, until no choice brings up another conflict. */
static enum mr_code decide_component(struct mr_merge *m, size_t first, size_t count,
                                     struct mr_err *err)
{
    uint64_t live_only = m->result->live_only;
    bool again = true, learnt = false, noted = false;
    while (again) {
        m->result->live_only = live_only;
        MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : mr_merge_match(m, first, count, err));
        MR_TRY(mr_merge_group(m, first, count, err));
        MR_TRY(mr_merge_past_learn(m, first, count, &learnt, err));
        if (learnt)
            continue;
        if (!noted)
            MR_TRY(mr_merge_past_note(m, first, count, err));
        noted = true;
        MR_TRY(mr_merge_conflict(m, first, count, err));
        MR_TRY(mr_merge_value(m, first, count, err));
        MR_TRY(mr_merge_fit_standing(m, first, count, err));
        MR_TRY(mr_merge_choose(m, first, count, &again, err));
    }
    return MR_OK;
}

/* Bounds are kept when all components are decided: U may fall until then. */
static enum mr_code decide_all(struct mr_merge *m, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables;) {
        size_t n = 1;
        while (i + n < m->plan->ntables &&
               m->plan->tables[i + n].component == m->plan->tables[i].component)
            n++;
        code = decide_component(m, i, n, err);
        i += n;
    }
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++)
        if (mr_plan_has_counter(m->tables[i].plan)) {
            int64_t deleted = 0;
            code = mr_merge_bounds_keep(m, &m->tables[i], err);
            if (code == MR_OK)
                code = MR_CASE_NUMBER(
                    m->cf, "SELECT count(*) FROM extra WHERE tbl=:tbl AND n<=:base", &deleted, err,
                    MR_ARG_INT("tbl", i), MR_ARG_INT("base", m->tables[i].bound.base));
            m->result->deleted_in_source += (uint64_t)deleted;
        }
    return code;
}

/* Each phase lets go of the servers' tables at its end: who alters one of them waits no longer
 * than for the reading at hand. */
static enum mr_code plan(struct mr_merge *m, struct mr_err *err)
{
    static const struct {
        const char *name;
        enum mr_code (*work)(struct mr_merge *m, struct mr_err *err);
    } phases[] = {
        {"preparing", mr_merge_work_open},
        {"collecting rows", mr_merge_collect_findings},
        {"servers", mr_merge_still},
        {"bounds", mr_merge_bounds_find},
        {"children", mr_merge_collect_children},
        {"references", mr_merge_link},
        {"logs", mr_merge_told},
        {"earlier plans", mr_merge_earlier},
        {"decisions", decide_all},
        {"suspects", mr_merge_suspects},
        {"bounds tested", mr_merge_past_test},
        {"merged before", mr_merge_unknown},
        {"new ids", mr_merge_ids},
        {"referenced", mr_merge_referenced},
        {"deleted on SOURCE", mr_merge_erased},
        {"entities", mr_merge_entities},
        {"their entities", mr_merge_erased_save},
        {"map", mr_merge_propose},
        {"steps", mr_merge_steps},
    };
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < sizeof phases / sizeof phases[0]; i++) {
        double begun = mr_clock_now_s();
        code = phases[i].work(m, err);
        if (code == MR_OK)
            code = mr_merge_unlock(m, err);
        mr_log_debug("plan: %s took %.1f s", phases[i].name, mr_clock_now_s() - begun);
    }
    return code;
}

static enum mr_code open_readers(struct mr_merge *m, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        MR_TRY(mr_side_view_reader(&m->plan->pairing.side[side], &m->reader[side], err));
    }
    return MR_OK;
}

enum mr_code mr_merge_plan(const struct mr_merge_task *task, struct mr_merge_result *result,
                           struct mr_err *err)
{
    struct mr_merge m = {.plan = task->tables,
                         .options = task->options,
                         .fd = task->fd,
                         .cf = mr_findings_case(task->fd),
                         .store = task->store,
                         .target = task->target,
                         .logs = task->logs,
                         .arena = MR_ARENA_INIT,
                         .result = result};
    *result = (struct mr_merge_result){0};
    mr_image_init(&m.image[0]);
    mr_image_init(&m.image[1]);
    m.tables = mr_arena_calloc(&m.arena, m.plan->ntables + 1, sizeof *m.tables);
    enum mr_code code = m.tables != NULL ? open_readers(&m, err) : mr_merge_nomem(err);
    for (size_t i = 0; m.tables != NULL && i < m.plan->ntables; i++)
        m.tables[i].plan = &m.plan->tables[i];
    mr_plan_fit_open(&m.fit, m.plan, m.reader[MR_TARGET]);
    m.fit.is_placeholder = mr_merge_provisional_within;
    if (code == MR_OK)
        code = plan(&m, err);
    mr_plan_fit_close(&m.fit);
    mr_merge_work_close(&m);
    mr_reader_free(m.reader[MR_SOURCE]);
    mr_reader_free(m.reader[MR_TARGET]);
    mr_image_release(&m.image[0]);
    mr_image_release(&m.image[1]);
    mr_arena_release(&m.arena);
    return code;
}
