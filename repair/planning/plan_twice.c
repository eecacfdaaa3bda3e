/* plan_twice.c: see plan_twice.h. */
#include "repair/planning/plan_twice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/schema/trigger_event.h"
#include "repair/plan/trigger_writes.h"

/* What happens to rows of a table, and fires triggers. */
enum event { EVENT_INSERT = 0, EVENT_UPDATE, EVENT_DELETE, EVENTS };

static const char *const event_names[EVENTS] = {"INSERT", "UPDATE", "DELETE"};

struct twice {
    const struct mr_catalogue *cat;
    const struct mr_planned *planned;
    bool rewinds;
    const struct mr_planned_table *first; /* whose rows the plan writes */
    const char *name; /* of its trigger; texts of others' are reached from there */
    bool *met;        /* EVENTS per table of the catalogue: nothing goes in circles */
};

static uint64_t changed(const struct mr_planned_table *t)
{
    return t->decisions[MR_DECIDE_UPDATE] + t->decisions[MR_DECIDE_DELETE];
}

static uint64_t written(const struct mr_planned_table *t)
{
    return changed(t) + t->decisions[MR_DECIDE_INSERT] + t->decisions[MR_DECIDE_RENUMBER];
}

/* Which rows of the plan may a trigger do again?  An INSERT changes none of a plan that was not read from
 * the log that has the trigger's own rows. */
static uint64_t at_stake(const struct twice *w, const struct mr_planned_table *t,
                         enum mr_trigger_verb verb)
{
    if (w->rewinds)
        return written(t);
    return verb != MR_TRIGGER_INSERTS ? changed(t) : 0;
}

static enum mr_code refuse(const struct twice *w, const char *does, const char *whose,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "trigger \"%s\" ON %s would fire for the rows of the plan and %s %s, of which "
                     "the plan itself writes rows: what it did would be done twice",
                     w->name, w->first->target_table, does, whose);
    mr_err_hint(err,
                "Nothing was changed. The plan has what triggers did: drop them, plan without "
                "--allow-triggers, apply, and make them again. Or leave %s to the trigger with "
                "--exclude.",
                whose);
    return MR_E_REFUSED;
}

/* The name of a table in lines; its database is the trigger's where none is written. */
static bool is_table(const struct mr_trigger_writes *writes, const char *from_db, const char *db,
                     const char *name)
{
    const char *named = writes->db.len > 0 ? writes->db.ptr : from_db;
    return strcasecmp(named, db) == 0 && strcasecmp(writes->table.ptr, name) == 0;
}

static enum mr_code look_at_table(struct twice *w, const struct mr_table *t, enum event event,
                                  struct mr_err *err);

/* A trigger's own write fires the triggers of the table that it is to. */
static enum mr_code follow(struct twice *w, const struct mr_trigger_writes *writes,
                           const char *from_db, struct mr_err *err)
{
    static const bool does[][EVENTS] = {
        [MR_TRIGGER_INSERTS] = {[EVENT_INSERT] = true},
        [MR_TRIGGER_REPLACES] = {[EVENT_INSERT] = true, [EVENT_DELETE] = true},
        [MR_TRIGGER_UPDATES] = {[EVENT_UPDATE] = true},
        [MR_TRIGGER_DELETES] = {[EVENT_DELETE] = true},
        [MR_TRIGGER_CALLS] = {false}};
    for (size_t i = 0; i < w->cat->ntables; i++) {
        const struct mr_table *t = &w->cat->tables[i];
        if (!is_table(writes, from_db, t->db, t->name))
            continue;
        for (int e = 0; e < EVENTS; e++) {
            if (!does[writes->verb][e] || w->met[i * EVENTS + (size_t)e])
                continue;
            w->met[i * EVENTS + (size_t)e] = true;
            MR_TRY(look_at_table(w, t, (enum event)e, err));
        }
    }
    return MR_OK;
}

/* What a routine writes nobody reads here: where the plan has rows of another table than the trigger's
 * own, which no trigger may write, it may be these. */
static enum mr_code look_at_call(const struct twice *w, const struct mr_trigger_writes *writes,
                                 struct mr_err *err)
{
    for (size_t i = 0; w->rewinds && i < w->planned->ntables; i++)
        if (&w->planned->tables[i] != w->first && written(&w->planned->tables[i]) > 0) {
            (void)mr_err_set(err, MR_E_REFUSED,
                             "trigger \"%s\" ON %s would fire for the rows of the plan and call "
                             "\"%s\", which may write what the plan itself writes into %s: it "
                             "would be done twice",
                             w->name, w->first->target_table, writes->table.ptr,
                             w->planned->tables[i].target_table);
            mr_err_hint(err, "Nothing was changed. The plan has what triggers did: drop them, plan "
                             "without --allow-triggers, apply, and make them again.");
            return MR_E_REFUSED;
        }
    return MR_OK;
}

static enum mr_code look_at_write(struct twice *w, const struct mr_trigger_writes *writes,
                                  const char *from_db, struct mr_err *err)
{
    static const char *const words[] = {[MR_TRIGGER_INSERTS] = "insert into",
                                        [MR_TRIGGER_REPLACES] = "replace rows of",
                                        [MR_TRIGGER_UPDATES] = "update",
                                        [MR_TRIGGER_DELETES] = "delete from",
                                        [MR_TRIGGER_CALLS] = ""};
    if (writes->db.failed || writes->table.failed)
        return mr_err_nomem(err, "looking at triggers");
    if (writes->verb == MR_TRIGGER_CALLS)
        return look_at_call(w, writes, err);
    for (size_t i = 0; i < w->planned->ntables; i++) {
        const struct mr_planned_table *t = &w->planned->tables[i];
        if (is_table(writes, from_db, t->target_db, t->target_name) &&
            at_stake(w, t, writes->verb) > 0)
            return refuse(w, words[writes->verb], t->target_table, err);
    }
    return follow(w, writes, from_db, err);
}

static enum mr_code look_at_trigger(struct twice *w, const struct mr_table *t,
                                    const struct mr_trigger *trigger, struct mr_err *err)
{
    struct mr_trigger_writes writes;
    enum mr_code code = MR_OK;
    mr_trigger_writes_init(&writes, trigger->body != NULL ? trigger->body : "");
    while (code == MR_OK && mr_trigger_writes_next(&writes))
        code = look_at_write(w, &writes, t->db, err);
    if (code == MR_OK && (writes.db.failed || writes.table.failed))
        code = mr_err_nomem(err, "looking at triggers");
    mr_trigger_writes_release(&writes);
    return code;
}

static enum mr_code look_at_table(struct twice *w, const struct mr_table *t, enum event event,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < t->ntriggers; i++)
        if (mr_trigger_fires(&t->triggers[i], event_names[event]))
            MR_TRY(look_at_trigger(w, t, &t->triggers[i], err));
    return MR_OK;
}

/* list: the triggers of the planned table that fire, by name. */
static enum mr_code look_at_fired(struct twice *w, const struct mr_table *t,
                                  const struct mr_planned_trigger *list, size_t count,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < t->ntriggers; k++) {
            if (strcmp(t->triggers[k].name, list[i].name) != 0)
                continue;
            w->name = list[i].name;
            memset(w->met, 0, w->cat->ntables * EVENTS * sizeof *w->met);
            MR_TRY(look_at_trigger(w, t, &t->triggers[k], err));
        }
    return MR_OK;
}

/* What is met is what the plan does, since undo takes back just that. */
enum mr_code mr_plan_undo_twice(const struct mr_plan_tables *plan, const struct mr_planned *planned,
                                size_t at, bool rewinds, bool *is, struct mr_err *err)
{
    const struct mr_planned_table *t = &planned->tables[at];
    struct mr_err why = {0};
    struct twice w = {.cat = plan->pairing.side[MR_TARGET].cat,
                      .planned = planned,
                      .rewinds = rewinds,
                      .first = t};
    *is = false;
    if (t->nundo_triggers == 0)
        return MR_OK;
    w.met = calloc(w.cat->ntables * EVENTS + 1, sizeof *w.met);
    if (w.met == NULL)
        return mr_err_nomem(err, "looking at triggers");
    const enum mr_code code = look_at_fired(&w, plan->tables[at].pair->side[MR_TARGET],
                                            t->undo_triggers, t->nundo_triggers, &why);
    free(w.met);
    *is = code == MR_E_REFUSED;
    if (code == MR_OK || *is)
        return MR_OK;
    *err = why;
    return code;
}

/* planned has the tables of the plan, in its order.  A plan whose triggers may fire fires them in undo,
 * too. */
enum mr_code mr_plan_refuse_twice(const struct mr_plan_tables *plan,
                                  const struct mr_planned *planned, bool rewinds,
                                  struct mr_err *err)
{
    struct twice w = {.planned = planned, .rewinds = rewinds};
    enum mr_code code = MR_OK;
    if (!planned->fire_triggers)
        return MR_OK;
    w.cat = plan->pairing.side[MR_TARGET].cat;
    w.met = calloc(w.cat->ntables * EVENTS + 1, sizeof *w.met);
    if (w.met == NULL)
        return mr_err_nomem(err, "looking at triggers");
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        const struct mr_table *live = plan->tables[i].pair->side[MR_TARGET];
        w.first = t;
        code = look_at_fired(&w, live, t->triggers, t->ntriggers, err);
        if (code == MR_OK)
            code = look_at_fired(&w, live, t->undo_triggers, t->nundo_triggers, err);
    }
    free(w.met);
    return code;
}
