/* report_story_json.c: see report_story_json.h. */
#include "recon/report/report_story_json.h"

#include <inttypes.h>

static const char *const when_names[] = {
    [MR_STORY_BEFORE] = "before", [MR_STORY_DURING] = "during", [MR_STORY_AFTER] = "after"};

static void begin_list(struct mr_jsonw *w, const char *key)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
}

static void end_line(struct mr_jsonw *w)
{
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

/* ---- plans ---- */

static void put_counters(struct mr_jsonw *w, const struct mr_story_plan *plan)
{
    begin_list(w, "counters");
    for (size_t i = 0; i < plan->counters.count; i++) {
        const struct mr_story_counter *c = mr_vec_at(&plan->counters, i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_fmt(w,
                         "target_table:%s column:%s target_next:'%" PRIu64 "' reseed_to:'%" PRIu64
                         "' "
                         "from:'%" PRIu64 "' to:'%" PRIu64 "'",
                         c->table, c->column, c->next, c->reseed_to, c->from, c->to);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

/* Decisions have lines of their own, one a table: a plan may have hundreds. All decisions are
 * there, also with 0, so that members do not come and go. */
static void put_plan(struct mr_jsonw *w, const struct mr_story_plan *plan)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w,
                     "type:plan plan:%s dir:%s created:%s policy:%s source:%s target:%s "
                     "run:%s units:%" PRIu64 " rows:%" PRIu64 " decided:%" PRIu64 " open:%" PRIu64
                     " notes:%" PRIu64,
                     plan->uuid, plan->dir, plan->created, plan->policy, plan->source, plan->target,
                     plan->run, plan->units, plan->rows, plan->decided, plan->open, plan->notes);
    put_counters(w, plan);
    mr_jsonw_add_fmt(w,
                     "applied:%d undone:%d units_done:%" PRIu64 " units_partial:%" PRIu64 " "
                     "units_failed:%" PRIu64 " rows_refused:%" PRIu64,
                     plan->acts.count > 0 && !plan->is_undone, plan->is_undone, plan->units_done,
                     plan->units_partial, plan->units_failed, plan->rows_refused);
    end_line(w);
    for (size_t i = 0; i < plan->tables.count; i++) {
        const struct mr_story_table *table = mr_vec_at(&plan->tables, i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_fmt(w, "type:decisions plan:%s table:%s people:%d", plan->uuid, table->name,
                         table->people);
        for (size_t d = 0; d < MR_STORY_DECISIONS; d++)
            mr_jsonw_add_uint(w, mr_story_decision_names[d], table->decided[d]);
        end_line(w);
    }
}

/* The plan has all raises in one list; each act lists its own, so that an undo does not seem to
 * have raised what apply did. */
static void put_raises(struct mr_jsonw *w, const struct mr_story_plan *plan, size_t act)
{
    begin_list(w, "raised");
    for (size_t i = 0; i < plan->raises.count; i++) {
        const struct mr_story_raise *raise = mr_vec_at(&plan->raises, i);
        if (raise->act != act)
            continue;
        mr_jsonw_object_begin(w);
        mr_jsonw_add_fmt(w, "target_table:%s column:%s to:%s how:%s", raise->table, raise->column,
                         raise->to, raise->how);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

/* seconds is null, not 0, where a time cannot be read. cut_short: a step of it was begun and has no
 * end in the journal. */
static void put_act(struct mr_jsonw *w, const struct mr_story_plan *plan, size_t at)
{
    const struct mr_story_act *act = mr_vec_at(&plan->acts, at);
    double seconds;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w, "type:act plan:%s run_id:%s act:%s from:%s to:%s", plan->uuid, act->run,
                     act->is_undo ? "undo" : "apply", act->from, act->to);
    mr_jsonw_key(w, "seconds");
    if (mr_story_seconds(act->from, act->to, &seconds))
        mr_jsonw_double(w, seconds);
    else
        mr_jsonw_null(w);
    put_raises(w, plan, at);
    mr_jsonw_add_fmt(w,
                     "units:%" PRIu64 " units_partial:%" PRIu64 " rows_written:%" PRIu64
                     " rows_there:%" PRIu64 " "
                     "rows_refused:%" PRIu64 " failed:%" PRIu64 " cut_short:%d reason:%s",
                     act->units, act->partial, act->written, act->there, act->refused, act->failed,
                     act->begun > act->ended, act->reason);
    end_line(w);
}

/* ---- what was said ---- */

static void put_facts(struct mr_jsonw *w, const struct mr_story_facts *facts)
{
    mr_jsonw_line(w,
                  "type:facts file:%s server:%s recorded:%s when:%s tables:%" PRIu64
                  " rows:%" PRIu64 " "
                  "exact:%d",
                  facts->file, facts->base.server.uri, facts->base.recorded,
                  when_names[facts->when], facts->tables, facts->rows, facts->exact);
}

/* Checks that are ok or silenced are only counted; the full output is in the file that is named. */
static void put_gate(struct mr_jsonw *w, const struct mr_story_gate *gate)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w,
                     "type:gate file:%s run_id:%s server:%s baseline:%s started:%s "
                     "when:%s verdict:%s checks:%zu",
                     gate->file, gate->run, gate->server, gate->baseline, gate->started,
                     when_names[gate->when], gate->verdict, gate->checks.count);
    begin_list(w, "fires");
    for (size_t i = 0; i < gate->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        if (!mr_story_check_fires(check))
            continue;
        mr_jsonw_object_begin(w);
        mr_jsonw_add_fmt(w, "name:%s severity:%s priority:%s message:%s", check->name,
                         check->severity, check->priority, check->message);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    end_line(w);
}

/* counts says whether this is the output that proves a plan: of several only the last whole one
 * does, and only if nothing was done since. */
static void put_verify(struct mr_jsonw *w, const struct mr_story *story,
                       const struct mr_story_verify *verify)
{
    bool is_last = false;
    for (size_t i = 0; i < story->plans.count; i++)
        is_last = is_last || mr_story_verify_of(story, mr_vec_at(&story->plans, i)) == verify;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w,
                     "type:verify file:%s plan:%s target:%s started:%s whole:%d counts:%d "
                     "clean:%d",
                     verify->file, verify->plan, verify->target, verify->started, verify->whole,
                     is_last, verify->whole && mr_story_verify_is_clean(verify));
    for (size_t i = 0; i < MR_STORY_PROOFS; i++)
        mr_jsonw_add_uint(w, mr_story_proof_names[i], verify->rows[i]);
    mr_jsonw_add_fmt(
        w, "open:%" PRIu64 " not_proven:%" PRIu64 " counters:%" PRIu64 " counters_too_low:%" PRIu64,
        verify->open, verify->not_proven, verify->counters, verify->too_low);
    end_line(w);
}

static void put_change(struct mr_jsonw *w, const struct mr_story_change *c)
{
    mr_jsonw_line(w, "type:gate-change server:%s name:%s before:%s after:%s message:%s", c->server,
                  c->name, c->before != NULL ? c->before->severity : NULL,
                  c->after != NULL ? c->after->severity : NULL,
                  c->after != NULL ? c->after->message : NULL);
}

/* ---- all ---- */

/* The conclusion is last, and is the page's own: a script and a person must not come to different
 * ones from the same files. */
void mr_story_json(struct mr_jsonw *w, const struct mr_story *story, enum mr_doc_tone tone,
                   const char *conclusion)
{
    for (size_t i = 0; i < story->facts.count; i++)
        put_facts(w, mr_vec_at(&story->facts, i));
    for (size_t i = 0; i < story->gates.count; i++)
        put_gate(w, mr_vec_at(&story->gates, i));
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        put_plan(w, plan);
        for (size_t j = 0; j < plan->acts.count; j++)
            put_act(w, plan, j);
    }
    for (size_t i = 0; i < story->verifies.count; i++)
        put_verify(w, story, mr_vec_at(&story->verifies, i));
    for (size_t i = 0; i < story->changes.count; i++)
        put_change(w, mr_vec_at(&story->changes, i));
    mr_jsonw_line(w, "type:story outcome:%s text:%s from:%s to:%s gate_unchanged:%" PRIu64,
                  tone == MR_TONE_BAD    ? "bad"
                  : tone == MR_TONE_WARN ? "open"
                                         : "ok",
                  conclusion, story->from, story->to, story->unchanged);
}
