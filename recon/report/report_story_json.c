/* report_story_json.c: see report_story_json.h. */
#include "recon/report/report_story_json.h"

#include <string.h>

static const char *const when_names[] = {[MR_STORY_BEFORE] = "before",
                                         [MR_STORY_DURING] = "during",
                                         [MR_STORY_AFTER] = "after"};

static void begin(struct mr_jsonw *w, const char *type)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", type);
}

static void end(struct mr_jsonw *w)
{
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void begin_list(struct mr_jsonw *w, const char *key)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
}

/* ---- plans ---- */

static void put_counters(struct mr_jsonw *w, const struct mr_story_plan *plan)
{
    begin_list(w, "counters");
    for (size_t i = 0; i < plan->counters.count; i++) {
        const struct mr_story_counter *c = mr_vec_at(&plan->counters, i);
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "target_table", c->table);
        mr_jsonw_add_str(w, "column", c->column);
        mr_jsonw_add_number(w, "target_next", c->next);
        mr_jsonw_add_number(w, "reseed_to", c->reseed_to);
        mr_jsonw_add_number(w, "from", c->from);
        mr_jsonw_add_number(w, "to", c->to);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_plan(struct mr_jsonw *w, const struct mr_story_plan *plan)
{
    begin(w, "plan");
    mr_jsonw_add_str(w, "plan", plan->uuid);
    mr_jsonw_add_str(w, "dir", plan->dir);
    mr_jsonw_add_str(w, "created", plan->created);
    mr_jsonw_add_str(w, "policy", plan->policy);
    mr_jsonw_add_str(w, "source", plan->source);
    mr_jsonw_add_str(w, "target", plan->target);
    mr_jsonw_add_str(w, "run", plan->run);
    mr_jsonw_add_uint(w, "units", plan->units);
    mr_jsonw_add_uint(w, "rows", plan->rows);
    mr_jsonw_add_uint(w, "decided", plan->decided);
    mr_jsonw_add_uint(w, "open", plan->open);
    mr_jsonw_add_uint(w, "notes", plan->notes);
    put_counters(w, plan);
    mr_jsonw_add_bool(w, "applied", plan->acts.count > 0 && !plan->is_undone);
    mr_jsonw_add_bool(w, "undone", plan->is_undone);
    mr_jsonw_add_uint(w, "units_done", plan->units_done);
    mr_jsonw_add_uint(w, "units_partial", plan->units_partial);
    mr_jsonw_add_uint(w, "units_failed", plan->units_failed);
    mr_jsonw_add_uint(w, "rows_refused", plan->rows_refused);
    end(w);
    for (size_t i = 0; i < plan->tables.count; i++) {
        const struct mr_story_table *table = mr_vec_at(&plan->tables, i);
        begin(w, "decisions");
        mr_jsonw_add_str(w, "plan", plan->uuid);
        mr_jsonw_add_str(w, "table", table->name);
        mr_jsonw_add_bool(w, "people", table->people);
        for (size_t d = 0; d < MR_STORY_DECISIONS; d++)
            mr_jsonw_add_uint(w, mr_story_decision_names[d], table->decided[d]);
        end(w);
    }
}

static void put_raises(struct mr_jsonw *w, const struct mr_story_plan *plan, size_t act)
{
    begin_list(w, "raised");
    for (size_t i = 0; i < plan->raises.count; i++) {
        const struct mr_story_raise *raise = mr_vec_at(&plan->raises, i);
        if (raise->act != act)
            continue;
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "target_table", raise->table);
        mr_jsonw_add_str(w, "column", raise->column);
        mr_jsonw_add_str(w, "to", raise->to);
        mr_jsonw_add_str(w, "how", raise->how);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_act(struct mr_jsonw *w, const struct mr_story_plan *plan, size_t at)
{
    const struct mr_story_act *act = mr_vec_at(&plan->acts, at);
    double seconds;
    begin(w, "act");
    mr_jsonw_add_str(w, "plan", plan->uuid);
    mr_jsonw_add_str(w, "run_id", act->run);
    mr_jsonw_add_str(w, "act", act->is_undo ? "undo" : "apply");
    mr_jsonw_add_str(w, "from", act->from);
    mr_jsonw_add_str(w, "to", act->to);
    mr_jsonw_key(w, "seconds");
    if (mr_story_seconds(act->from, act->to, &seconds))
        mr_jsonw_double(w, seconds);
    else
        mr_jsonw_null(w);
    put_raises(w, plan, at);
    mr_jsonw_add_uint(w, "units", act->units);
    mr_jsonw_add_uint(w, "units_partial", act->partial);
    mr_jsonw_add_uint(w, "rows_written", act->written);
    mr_jsonw_add_uint(w, "rows_there", act->there);
    mr_jsonw_add_uint(w, "rows_refused", act->refused);
    mr_jsonw_add_uint(w, "failed", act->failed);
    mr_jsonw_add_bool(w, "cut_short", act->begun > act->ended);
    mr_jsonw_add_str(w, "reason", act->reason);
    end(w);
}

/* ---- what was said ---- */

static void put_facts(struct mr_jsonw *w, const struct mr_story_facts *facts)
{
    begin(w, "facts");
    mr_jsonw_add_str(w, "file", facts->file);
    mr_jsonw_add_str(w, "server", facts->base.server.uri);
    mr_jsonw_add_str(w, "recorded", facts->base.recorded);
    mr_jsonw_add_str(w, "when", when_names[facts->when]);
    mr_jsonw_add_uint(w, "tables", facts->tables);
    mr_jsonw_add_uint(w, "rows", facts->rows);
    mr_jsonw_add_bool(w, "exact", facts->exact);
    end(w);
}

static void put_gate(struct mr_jsonw *w, const struct mr_story_gate *gate)
{
    begin(w, "gate");
    mr_jsonw_add_str(w, "file", gate->file);
    mr_jsonw_add_str(w, "run_id", gate->run);
    mr_jsonw_add_str(w, "server", gate->server);
    mr_jsonw_add_str(w, "baseline", gate->baseline);
    mr_jsonw_add_str(w, "started", gate->started);
    mr_jsonw_add_str(w, "when", when_names[gate->when]);
    mr_jsonw_add_str(w, "verdict", gate->verdict);
    mr_jsonw_add_uint(w, "checks", gate->checks.count);
    begin_list(w, "fires");
    for (size_t i = 0; i < gate->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        if (!mr_story_check_fires(check))
            continue;
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "name", check->name);
        mr_jsonw_add_str(w, "severity", check->severity);
        mr_jsonw_add_str(w, "priority", check->priority);
        mr_jsonw_add_str(w, "message", check->message);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    end(w);
}

static void put_verify(struct mr_jsonw *w, const struct mr_story *story,
                       const struct mr_story_verify *verify)
{
    bool is_last = false;
    for (size_t i = 0; i < story->plans.count; i++)
        is_last =
            is_last || mr_story_verify_of(story, mr_vec_at(&story->plans, i)) == verify;
    begin(w, "verify");
    mr_jsonw_add_str(w, "file", verify->file);
    mr_jsonw_add_str(w, "plan", verify->plan);
    mr_jsonw_add_str(w, "target", verify->target);
    mr_jsonw_add_str(w, "started", verify->started);
    mr_jsonw_add_bool(w, "whole", verify->whole);
    mr_jsonw_add_bool(w, "counts", is_last);
    mr_jsonw_add_bool(w, "clean", verify->whole && mr_story_verify_is_clean(verify));
    for (size_t i = 0; i < MR_STORY_PROOFS; i++)
        mr_jsonw_add_uint(w, mr_story_proof_names[i], verify->rows[i]);
    mr_jsonw_add_uint(w, "open", verify->open);
    mr_jsonw_add_uint(w, "not_proven", verify->not_proven);
    mr_jsonw_add_uint(w, "counters", verify->counters);
    mr_jsonw_add_uint(w, "counters_too_low", verify->too_low);
    end(w);
}

static void put_change(struct mr_jsonw *w, const struct mr_story_change *change)
{
    begin(w, "gate-change");
    mr_jsonw_add_str(w, "server", change->server);
    mr_jsonw_add_str(w, "name", change->name);
    mr_jsonw_add_str(w, "before",
                     change->before != NULL ? change->before->severity : NULL);
    mr_jsonw_add_str(w, "after", change->after != NULL ? change->after->severity : NULL);
    mr_jsonw_add_str(w, "message", change->after != NULL ? change->after->message : NULL);
    end(w);
}

/* ---- all ---- */

static void put_story(struct mr_jsonw *w, const struct mr_story *story,
                      enum mr_doc_tone tone, const char *conclusion)
{
    static const char *const outcomes[] = {[MR_TONE_PLAIN] = "ok",
                                           [MR_TONE_GOOD] = "ok",
                                           [MR_TONE_WARN] = "open",
                                           [MR_TONE_BAD] = "bad"};
    begin(w, "story");
    mr_jsonw_add_str(w, "outcome", outcomes[tone]);
    mr_jsonw_add_str(w, "text", conclusion);
    mr_jsonw_add_str(w, "from", story->from);
    mr_jsonw_add_str(w, "to", story->to);
    mr_jsonw_add_uint(w, "gate_unchanged", story->unchanged);
    end(w);
}

void mr_story_json(struct mr_jsonw *w, const struct mr_story *story,
                   enum mr_doc_tone tone, const char *conclusion)
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
    put_story(w, story, tone, conclusion);
}
