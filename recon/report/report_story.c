/* report_story.c: see report_story.h.  Puts what was read into order: by time, before and
 * after what was done, and check by check. */
#include "recon/report/report_story.h"

#include <string.h>

#include "recon/report/report_story_get.h"

/* ---- order ---- */

static const char *time_of(const char *item, size_t time_at)
{
    const char *time;
    memcpy(&time, item + time_at, sizeof time);
    return time;
}

/* Stable: of two in one second the one that was given first comes first.  time_at: where in
 * an item its time is. */
static enum mr_code sort(struct mr_story *story, struct mr_vec *vec, size_t time_at,
                         struct mr_err *err)
{
    const size_t size = vec->item_size;
    char *held = mr_arena_alloc(&story->arena, size);
    if (held == NULL)
        return mr_err_nomem(err, "reading what was done");
    for (size_t i = 1; i < vec->count; i++) {
        size_t at = i;
        memcpy(held, mr_vec_at(vec, i), size);
        const char *time = time_of(held, time_at);
        while (at > 0 && strcmp(time_of(mr_vec_at(vec, at - 1), time_at), time) > 0) {
            memcpy(mr_vec_at(vec, at), mr_vec_at(vec, at - 1), size);
            at--;
        }
        memcpy(mr_vec_at(vec, at), held, size);
    }
    return MR_OK;
}

static void find_span(struct mr_story *story)
{
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        for (size_t j = 0; j < plan->acts.count; j++) {
            const struct mr_story_act *act = mr_vec_at(&plan->acts, j);
            if (story->from == NULL || strcmp(act->from, story->from) < 0)
                story->from = act->from;
            if (story->to == NULL || strcmp(act->to, story->to) > 0)
                story->to = act->to;
        }
    }
}

/* Times have whole seconds: where all fell into one, the first came before.  Where nothing
 * was done, the first is what the others are compared with. */
static enum mr_story_when when_of(const struct mr_story *story, const char *time, bool is_first)
{
    if (story->from == NULL)
        return is_first ? MR_STORY_BEFORE : MR_STORY_AFTER;
    const int from = strcmp(time, story->from), to = strcmp(time, story->to);
    if (from < 0 || (from == 0 && (to < 0 || is_first)))
        return MR_STORY_BEFORE;
    return to >= 0 ? MR_STORY_AFTER : MR_STORY_DURING;
}

/* Of its server. */
static bool is_first_gate(const struct mr_story *story, size_t at)
{
    const struct mr_story_gate *gate = mr_vec_at(&story->gates, at);
    for (size_t i = 0; i < at; i++) {
        const struct mr_story_gate *other = mr_vec_at(&story->gates, i);
        if (strcmp(other->server, gate->server) == 0)
            return false;
    }
    return true;
}

static void place(struct mr_story *story)
{
    for (size_t i = 0; i < story->gates.count; i++) {
        struct mr_story_gate *gate = mr_vec_at(&story->gates, i);
        gate->when = when_of(story, gate->started, is_first_gate(story, i));
    }
    for (size_t i = 0; i < story->facts.count; i++) {
        struct mr_story_facts *facts = mr_vec_at(&story->facts, i);
        facts->when = when_of(story, facts->base.recorded, i == 0);
    }
}

/* ---- the gate, before and after ---- */

const struct mr_story_gate *mr_story_gate_of(const struct mr_story *story, const char *server,
                                             enum mr_story_when when)
{
    for (size_t i = story->gates.count; i-- > 0;) {
        const struct mr_story_gate *gate = mr_vec_at(&story->gates, i);
        if (gate->when == when && gate->verdict != NULL && strcmp(gate->server, server) == 0)
            return gate;
    }
    return NULL;
}

const struct mr_story_facts *mr_story_facts_of(const struct mr_story *story, const char *uri,
                                               enum mr_story_when when)
{
    for (size_t i = story->facts.count; i-- > 0;) {
        const struct mr_story_facts *facts = mr_vec_at(&story->facts, i);
        if (facts->when == when && strcmp(facts->base.server.uri, uri) == 0)
            return facts;
    }
    return NULL;
}

static const struct mr_story_check *check_of(const struct mr_story_gate *gate, const char *name)
{
    for (size_t i = 0; i < gate->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        if (strcmp(check->name, name) == 0)
            return check;
    }
    return NULL;
}

bool mr_story_check_fires(const struct mr_story_check *check)
{
    return check != NULL && !check->silenced && strcmp(check->severity, "ok") != 0;
}

/* Only what fires on one of the two sides is a change worth a line; a check that was "ok" and is
 * not asked any more is none. */
static void add_change(struct mr_story_reader *r, const char *server,
                       const struct mr_story_check *before, const struct mr_story_check *after)
{
    if (before != NULL && after != NULL && strcmp(before->severity, after->severity) == 0 &&
        before->silenced == after->silenced) {
        r->story->unchanged++;
        return;
    }
    if (!mr_story_check_fires(before) && !mr_story_check_fires(after))
        return;
    struct mr_story_change *change = mr_story_push(r, &r->story->changes);
    if (change != NULL)
        *change = (struct mr_story_change){server, after != NULL ? after->name : before->name,
                                           before, after};
}

static void compare_gates(struct mr_story_reader *r, const struct mr_story_gate *before,
                          const struct mr_story_gate *after)
{
    for (size_t i = 0; i < before->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&before->checks, i);
        add_change(r, after->server, check, check_of(after, check->name));
    }
    for (size_t i = 0; i < after->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&after->checks, i);
        if (check_of(before, check->name) == NULL)
            add_change(r, after->server, NULL, check);
    }
}

/* Each server's last output before with its last one after. */
static enum mr_code find_changes(struct mr_story *story, struct mr_err *err)
{
    struct mr_story_reader r = {story, err, MR_OK};
    for (size_t i = 0; i < story->gates.count; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&story->gates, i);
        const struct mr_story_gate *before = mr_story_gate_of(story, gate->server, MR_STORY_BEFORE);
        if (gate == mr_story_gate_of(story, gate->server, MR_STORY_AFTER) && before != NULL)
            compare_gates(&r, before, gate);
    }
    return r.code;
}

/* ---- the proof ---- */

bool mr_story_verify_is_of(const struct mr_story_verify *verify, const struct mr_story_plan *plan)
{
    return strcmp(verify->plan, plan->uuid) == 0 && strcmp(verify->target, plan->target) == 0;
}

const struct mr_story_verify *mr_story_verify_of(const struct mr_story *story,
                                                 const struct mr_story_plan *plan)
{
    const struct mr_story_act *last =
        plan->acts.count > 0 ? mr_vec_at(&plan->acts, plan->acts.count - 1) : NULL;
    for (size_t i = story->verifies.count; i-- > 0;) {
        const struct mr_story_verify *verify = mr_vec_at(&story->verifies, i);
        if (verify->whole && mr_story_verify_is_of(verify, plan))
            return last == NULL || strcmp(verify->started, last->to) >= 0 ? verify : NULL;
    }
    return NULL;
}

bool mr_story_verify_is_clean(const struct mr_story_verify *verify)
{
    for (size_t i = MR_STORY_CHANGED_SINCE + 1; i < MR_STORY_PROOFS; i++)
        if (verify->rows[i] > 0)
            return false;
    return verify->not_proven == 0 && verify->too_low == 0;
}

/* ---- what one plan is to another ---- */

bool mr_story_plan_has(const struct mr_story_plan *plan, const char *table)
{
    for (size_t i = 0; i < plan->tables.count; i++) {
        const struct mr_story_table *t = mr_vec_at(&plan->tables, i);
        if (t->name != NULL && strcmp(t->name, table) == 0)
            return true;
    }
    return false;
}

/* What another server has lost is another story; what only inserts stands in for nothing but such a plan. */
bool mr_story_covers(const struct mr_story_plan *other, const struct mr_story_plan *plan)
{
    bool all = strcmp(other->target, plan->target) == 0 &&
               (other->source == NULL || plan->source == NULL ||
                strcmp(other->source, plan->source) == 0) &&
               (strcmp(other->policy, "backfill") != 0 || strcmp(plan->policy, "backfill") == 0);
    for (size_t i = 0; all && i < plan->tables.count; i++) {
        const struct mr_story_table *t = mr_vec_at(&plan->tables, i);
        all = t->name != NULL && mr_story_plan_has(other, t->name);
    }
    return all;
}

bool mr_story_is_replaced(const struct mr_story *story, const struct mr_story_plan *plan)
{
    const struct mr_story_act *last =
        plan->acts.count > 0 ? mr_vec_at(&plan->acts, plan->acts.count - 1) : NULL;
    bool is = false;
    if (last == NULL || !plan->is_undone || plan->rows_refused + plan->units_left > 0)
        return false;
    for (size_t i = 0; !is && i < story->plans.count; i++) {
        const struct mr_story_plan *other = mr_vec_at(&story->plans, i);
        is = other->rows > 0 && other->acts.count > 0 && !other->is_undone &&
             strcmp(other->created, last->to) >= 0 && mr_story_covers(other, plan);
    }
    return is;
}

static bool takes_up(const struct mr_story_plan *later, const struct mr_story_plan *plan)
{
    return !later->is_undone && later->tables.count > 0 &&
           strcmp(later->created, plan->created) > 0 && strcmp(later->policy, plan->policy) == 0 &&
           mr_story_covers(later, plan);
}

/* What was decided since stands in the later plan, and what was not is open there. */
uint64_t mr_story_open_of(const struct mr_story *story, const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < story->plans.count; i++)
        if (takes_up(mr_vec_at(&story->plans, i), plan))
            return 0;
    return plan->open;
}

/* Where all of them were decided to stay as they are there may be nothing to carry out. */
uint64_t mr_story_waiting_of(const struct mr_story *story, const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *later = mr_vec_at(&story->plans, i);
        if (takes_up(later, plan) && (later->acts.count > 0 || later->units + later->open == 0))
            return 0;
    }
    return plan->open;
}

/* By a plan that was carried out, and knows where the rows of this one stand, too. */
static bool is_succeeded(const struct mr_story *story, const struct mr_story_plan *plan)
{
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *later = mr_vec_at(&story->plans, i);
        if (later->acts.count > 0 && takes_up(later, plan))
            return true;
    }
    return false;
}

bool mr_story_is_in_force(const struct mr_story *story, const struct mr_story_plan *plan)
{
    return plan->acts.count > 0 && !plan->is_undone && plan->rows > 0 && !is_succeeded(story, plan);
}

/* A proof of counters alone is none of a plan that writes rows. */
static enum mr_code check_proofs(const struct mr_story *story, struct mr_err *err)
{
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(story, plan);
        if (verify == NULL || verify->tells_rows || plan->tables.count == 0)
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "file \"%s\": verify says nothing of the rows of plan %s",
                         verify->file, plan->uuid);
        mr_err_hint(err,
                    "Save what verify says anew: myrecon repair verify --json %s "
                    "TARGET > FILE.",
                    plan->dir);
        return MR_E_USAGE;
    }
    return MR_OK;
}

/* ---- all ---- */

bool mr_story_is_empty(const struct mr_story *story)
{
    return story->plans.count + story->gates.count + story->facts.count + story->verifies.count ==
           0;
}

typedef enum mr_code read_fn(struct mr_story *story, const char *path, struct mr_err *err);

static enum mr_code read_each(struct mr_story *story, const struct mr_string_list *list,
                              read_fn *read, struct mr_err *err)
{
    for (size_t i = 0; i < list->count; i++)
        MR_TRY(read(story, list->items[i], err));
    return MR_OK;
}

/* Everything after it relies on the order by time: the span of what was done, what lies before and
 * after it, and which output is the last. */
static enum mr_code order(struct mr_story *story, struct mr_err *err)
{
    MR_TRY(sort(story, &story->plans, offsetof(struct mr_story_plan, created), err));
    MR_TRY(sort(story, &story->gates, offsetof(struct mr_story_gate, started), err));
    MR_TRY(sort(story, &story->facts, offsetof(struct mr_story_facts, base.recorded), err));
    MR_TRY(sort(story, &story->verifies, offsetof(struct mr_story_verify, started), err));
    find_span(story);
    place(story);
    MR_TRY(check_proofs(story, err));
    return find_changes(story, err);
}

/* Files are read in any order that they are given in; what they mean for each other is decided once
 * all are there. */
enum mr_code mr_story_load(struct mr_story *story, const struct mr_story_from *from,
                           struct mr_err *err)
{
    *story = (struct mr_story){.arena = MR_ARENA_INIT,
                               .unmask = from->unmask,
                               .plans = MR_VEC_INIT(struct mr_story_plan),
                               .gates = MR_VEC_INIT(struct mr_story_gate),
                               .facts = MR_VEC_INIT(struct mr_story_facts),
                               .verifies = MR_VEC_INIT(struct mr_story_verify),
                               .changes = MR_VEC_INIT(struct mr_story_change)};
    MR_TRY(read_each(story, from->plans, mr_story_read_plan, err));
    MR_TRY(read_each(story, from->gates, mr_story_read_gate, err));
    MR_TRY(read_each(story, from->verifies, mr_story_read_verify, err));
    return order(story, err);
}

void mr_story_release(struct mr_story *story)
{
    for (size_t i = 0; i < story->plans.count; i++) {
        struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        mr_vec_release(&plan->counters);
        mr_vec_release(&plan->tables);
        mr_vec_release(&plan->acts);
        mr_vec_release(&plan->raises);
        mr_by_number_release(&plan->states);
    }
    for (size_t i = 0; i < story->gates.count; i++)
        mr_vec_release(&((struct mr_story_gate *)mr_vec_at(&story->gates, i))->checks);
    mr_vec_release(&story->plans);
    mr_vec_release(&story->gates);
    mr_vec_release(&story->facts);
    mr_vec_release(&story->verifies);
    mr_vec_release(&story->changes);
    mr_arena_release(&story->arena);
}
