/* undo_triggers.c: see undo_triggers.h. */
#include "repair/apply/undo_triggers.h"

#include <string.h>

#include "core/base/log.h"
#include "core/schema/trigger_event.h"
#include "repair/apply/apply_checks.h"
#include "repair/side/surroundings.h"

enum { NAMED = 5 }; /* triggers that a message names */

struct firing {
    const struct mr_undo_triggers *task;
    struct mr_strbuf list;
    size_t found;
};

static bool is_event(const struct mr_surroundings_trigger *t, const char *event)
{
    return mr_trigger_event_has(t->event, t->event_len, event);
}

/* Does undo write rows of the planned table so that a trigger of that event fires? */
static bool fires(const struct mr_undo_triggers *task, size_t at,
                  const struct mr_surroundings_trigger *trigger)
{
    const struct mr_planned_table *t = &task->planned->tables[at];
    const struct mr_apply_needs needs = {.undo = true, .updates = task->updates};
    for (size_t i = 0; t->knows_undo && i < t->nundo_triggers; i++)
        if (is_event(trigger, t->undo_triggers[i].event))
            return true;
    for (int op = MR_STEP_INSERT; !t->knows_undo && op <= MR_STEP_DELETE; op++)
        if (is_event(trigger, mr_step_event((enum mr_step_op)op)))
            return mr_apply_writes(task->planned, at, &needs, (enum mr_step_op)op);
    return false;
}

/* The triggers of now are asked for: one that was dropped since fires no more, and a new one of an
 * event that the plan knew of fires as well. */
static enum mr_code look_at_table(struct firing *f, size_t at, struct mr_err *err)
{
    const struct mr_undo_triggers *task = f->task;
    const struct mr_planned_table *t = &task->planned->tables[at];
    struct mr_surroundings now = {0};
    if (!t->knows_undo || t->nundo_triggers > 0)
        MR_TRY(mr_surroundings_read(task->target->db, t->target_db, t->target_name, task->arena,
                                    &now, err));
    for (size_t i = 0; i < now.count; i++) {
        struct mr_surroundings_trigger trigger;
        if (!mr_surroundings_trigger(now.items[i], &trigger) || !fires(task, at, &trigger) ||
            f->found++ >= NAMED)
            continue;
        mr_strbuf_add_fmt(&f->list, "%s\"", f->list.len > 0 ? ", " : "");
        mr_strbuf_add(&f->list, trigger.name, trigger.name_len);
        mr_strbuf_add_str(&f->list, "\" (");
        mr_strbuf_add(&f->list, trigger.timing, trigger.timing_len);
        mr_strbuf_add_char(&f->list, ' ');
        mr_strbuf_add(&f->list, trigger.event, trigger.event_len);
        mr_strbuf_add_fmt(&f->list, " ON %s)", t->target_table);
    }
    return MR_OK;
}

static enum mr_code judge(const struct firing *f, struct mr_err *err)
{
    if (f->task->fire || f->task->planned->fire_triggers) {
        mr_log_warning("triggers of the target fire for the rows that are taken back: %s",
                       f->list.ptr);
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_REFUSED,
                     "triggers of the target would fire for the rows that are taken "
                     "back: %s",
                     f->list.ptr);
    mr_err_hint(err, "Nothing was changed. See what they do, since nobody takes that back; "
                     "if it is right, undo with --allow-triggers fire; else drop them "
                     "while the plan is undone.");
    return MR_E_REFUSED;
}

enum mr_code mr_undo_triggers_check(const struct mr_undo_triggers *task, struct mr_err *err)
{
    struct firing f = {.task = task, .list = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < task->planned->ntables; i++)
        MR_TRY_OUT(look_at_table(&f, i, err));
    if (f.found > NAMED)
        mr_strbuf_add_fmt(&f.list, " and %zu more", f.found - NAMED);
    MR_TRY_OUT(mr_strbuf_check(&f.list, "looking at triggers", err));
    if (f.found > 0)
        MR_TRY_OUT(judge(&f, err));
out:
    mr_strbuf_release(&f.list);
    return code;
}
