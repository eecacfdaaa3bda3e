/* report_story_text.c: see report_story_text.h.  The order of the telling, the proof, and
 * what it comes to. */
#include "recon/report/report_story_text.h"

#include <string.h>

#include "recon/report/report.h"
#include "recon/report/report_story_block.h"

const char *mr_story_stage_name(enum mr_story_stage stage)
{
    switch (stage) {
    case MR_STAGE_BEFORE: return "Before";
    case MR_STAGE_ACTION: return "Action";
    case MR_STAGE_AFTER: return "After";
    case MR_STAGE_PROOF: break;
    }
    return "Verification";
}

/* ---- what was found ---- */

static void tell_found(struct mr_teller *t)
{
    const struct mr_report *report = t->telling->report;
    const struct mr_find_run *run = report->result->run;
    const struct mr_report_people *people = &report->people;
    mr_strbuf_add_fmt(&t->words, "Run %s compared %s with %s at ", run->uuid, run->source,
                      run->target);
    mr_block_time(t, run->started);
    mr_strbuf_add_str(&t->words, ": ");
    mr_report_headline(report, &t->words);
    mr_strbuf_add_str(&t->words, ".");
    if (people->known) {
        mr_strbuf_add_str(&t->words, " It touches ");
        mr_report_people_words(people, &t->words);
        mr_strbuf_add_str(&t->words, ".");
    }
    mr_block_words(t, report->result->differs ? MR_TONE_BAD : MR_TONE_PLAIN);
    for (size_t i = 0; i < t->story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&t->story->plans, i);
        if (plan->run == NULL || strcmp(plan->run, run->uuid) == 0)
            continue;
        mr_strbuf_add_fmt(&t->words,
                          "Plan %s was not made from this run, but from %s: report "
                          "--run %s, of the case that has it, tells what it found.",
                          plan->uuid, plan->run, plan->run);
        mr_block_words(t, MR_TONE_WARN);
    }
}

/* ---- the proof ---- */

static uint64_t not_standing(const struct mr_story_verify *verify)
{
    uint64_t sum = 0;
    for (size_t i = MR_STORY_CHANGED_SINCE + 1; i < MR_STORY_PROOFS; i++)
        sum += verify->rows[i];
    return sum;
}

static void tell_verify(struct mr_teller *t, const struct mr_story_plan *plan,
                        const struct mr_story_verify *verify)
{
    static const char *const words[MR_STORY_PROOFS] = {
        [MR_STORY_STANDS] = "stands as planned",
        [MR_STORY_CHANGED_SINCE] = "changed since, still the same row",
        [MR_STORY_MISSING] = "missing",
        [MR_STORY_SOMEONE_ELSE] = "someone else",
        [MR_STORY_ELSEWHERE] = "refers to someone else",
        [MR_STORY_TWICE] = "there twice",
        [MR_STORY_NOT_DELETED] = "not deleted",
        [MR_STORY_UNPLANNED] = "unplanned",
        [MR_STORY_NOBODY] = "refers to nobody",
        [MR_STORY_SOURCE_MISSING] = "gone from the source",
        [MR_STORY_SOURCE_DIFFERS] = "not as on the source"};
    mr_strbuf_add_fmt(&t->words, "verify of plan %s at ", verify->plan);
    mr_block_time(t, verify->started);
    mr_strbuf_add_str(&t->words, ": ");
    if (plan->tables.count > 0)
        mr_report_count(&t->words, verify->rows[MR_STORY_STANDS], "row stands as planned",
                        "rows stand as planned");
    for (size_t i = MR_STORY_CHANGED_SINCE; i < MR_STORY_PROOFS; i++)
        mr_block_some(t, verify->rows[i], words[i], words[i]);
    mr_block_some(t, verify->not_proven, "table could not be proven",
                  "tables could not be proven");
    mr_block_some(t, verify->open, "conflict open", "conflicts open");
    mr_strbuf_add_str(&t->words, plan->tables.count > 0 ? "; " : "");
    mr_strbuf_add_grouped(&t->words, verify->counters > verify->too_low
                                         ? verify->counters - verify->too_low
                                         : 0);
    mr_strbuf_add_str(&t->words, " of ");
    mr_report_count(&t->words, verify->counters, "counter is", "counters are");
    mr_strbuf_add_str(&t->words, " high enough.");
    mr_block_words(t, mr_story_verify_is_clean(verify) ? MR_TONE_GOOD : MR_TONE_BAD);
}

/* An output that proves nothing of the plans that are told is named, not passed over. */
static void tell_unused(struct mr_teller *t, const struct mr_story_verify *verify)
{
    bool is_of = false;
    for (size_t i = 0; i < t->story->plans.count; i++)
        is_of = is_of || mr_story_verify_is_of(verify, mr_vec_at(&t->story->plans, i));
    if (is_of && verify->whole)
        return;
    mr_strbuf_add_fmt(&t->words, "verify of plan %s on %s at ", verify->plan,
                      verify->target);
    mr_block_time(t, verify->started);
    mr_strbuf_add_str(&t->words, is_of ? " was cut short: it proves nothing."
                                       : " is of no plan that is told here: it proves "
                                         "nothing of them.");
    mr_block_words(t, MR_TONE_WARN);
}

static void tell_proofs(struct mr_teller *t)
{
    for (size_t i = 0; i < t->story->verifies.count; i++)
        tell_unused(t, mr_vec_at(&t->story->verifies, i));
    for (size_t i = 0; i < t->story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&t->story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(t->story, plan);
        if (plan->acts.count == 0 || plan->is_undone)
            continue;
        if (verify != NULL) {
            tell_verify(t, plan, verify);
            continue;
        }
        mr_strbuf_add_fmt(&t->words,
                          "Nothing proves yet that plan %s stands: save what repair "
                          "verify --json says, and give it to report --verify.",
                          plan->uuid);
        mr_block_words(t, MR_TONE_WARN);
    }
}

/* ---- what it comes to ---- */

struct sums {
    uint64_t plans, applied, undone, rows, raised, refused, failed, open;
    uint64_t proven, disproven, wrong;
};

static void sum_acts(struct sums *s, const struct mr_story_plan *plan)
{
    for (size_t i = plan->acts.count; i-- > 0;) {
        const struct mr_story_act *act = mr_vec_at(&plan->acts, i);
        if (act->is_undo)
            return;
        s->rows += act->written;
        s->raised += act->raised;
    }
}

static struct sums sum_up(const struct mr_story *story)
{
    struct sums s = {.plans = story->plans.count};
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(story, plan);
        s.undone += plan->is_undone;
        if (plan->acts.count == 0 || plan->is_undone)
            continue;
        s.applied++;
        s.open += plan->open;
        s.refused += plan->rows_refused;
        s.failed += plan->units_failed;
        sum_acts(&s, plan);
        if (verify != NULL && mr_story_verify_is_clean(verify))
            s.proven++;
        else if (verify != NULL)
            s.disproven++;
        s.wrong += verify != NULL ? not_standing(verify) : 0;
    }
    return s;
}

static void worsen(struct mr_teller *t, enum mr_story_tone tone)
{
    if (tone > t->telling->tone)
        t->telling->tone = tone;
}

static void conclude_plans(struct mr_teller *t, const struct sums *s)
{
    const uint64_t waiting = s->plans - s->applied - s->undone;
    if (s->applied == 0 && s->plans > 0) {
        mr_strbuf_add_str(&t->words, s->undone > 0
                                         ? "What was applied has been taken back."
                                         : "A plan is made, and nothing is applied.");
        worsen(t, MR_TONE_WARN);
        return;
    }
    if (s->applied == 0)
        return;
    mr_report_count(&t->words, s->rows, "row was written", "rows were written");
    mr_block_some(t, s->raised, "counter raised", "counters raised");
    mr_block_some(t, s->refused, "row refused", "rows refused");
    mr_block_some(t, s->failed, "unit failed", "units failed");
    mr_block_some(t, s->open, "conflict left open", "conflicts left open");
    mr_strbuf_add_str(&t->words, ".");
    if (s->refused + s->failed + s->open > 0)
        worsen(t, MR_TONE_WARN);
    if (s->disproven > 0) {
        mr_strbuf_add_str(&t->words, " Not all of it stands as planned");
        mr_block_some(t, s->wrong, "row does not", "rows do not");
        mr_strbuf_add_str(&t->words, ".");
        worsen(t, MR_TONE_BAD);
    } else if (s->proven == s->applied) {
        mr_strbuf_add_fmt(&t->words, " All that was %s stands, as verify proves.",
                          waiting > 0 ? "applied" : "planned");
    } else {
        mr_strbuf_add_str(&t->words, " Not all of it is verified.");
        worsen(t, MR_TONE_WARN);
    }
    if (waiting > 0) {
        mr_strbuf_add_char(&t->words, ' ');
        mr_report_count(&t->words, waiting, "plan is not applied.",
                        "plans are not applied.");
        worsen(t, MR_TONE_WARN);
    }
}

static void conclude_gate(struct mr_teller *t)
{
    for (size_t i = 0; i < t->story->gates.count; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&t->story->gates, i);
        const struct mr_story_gate *before =
            mr_story_gate_of(t->story, gate->server, MR_STORY_BEFORE);
        if (gate != mr_story_gate_of(t->story, gate->server, MR_STORY_AFTER))
            continue;
        mr_strbuf_add_fmt(&t->words, "%sThe gate of %s ", t->words.len > 0 ? " " : "",
                          gate->server);
        if (before != NULL)
            mr_strbuf_add_fmt(&t->words, "said %s before, and ", before->verdict);
        mr_strbuf_add_fmt(&t->words, "says %s now.", gate->verdict);
        if (strcmp(gate->verdict, "ok") != 0)
            worsen(t,
                   strcmp(gate->verdict, "critical") == 0 ? MR_TONE_BAD : MR_TONE_WARN);
    }
}

static void conclude(struct mr_teller *t)
{
    const struct sums s = sum_up(t->story);
    t->telling->tone = MR_TONE_GOOD;
    conclude_plans(t, &s);
    conclude_gate(t);
    if (t->words.len == 0) {
        mr_strbuf_add_str(&t->words, "Nothing was done yet.");
        worsen(t, MR_TONE_WARN);
    }
    t->telling->conclusion = mr_arena_strdup(t->telling->arena, t->words.ptr);
    t->nomem = t->nomem || t->words.failed || t->telling->conclusion == NULL;
}

enum mr_code mr_story_tell(struct mr_story_telling *telling,
                           const struct mr_report *report, struct mr_arena *arena,
                           struct mr_err *err)
{
    *telling = (struct mr_story_telling){
        .report = report, .arena = arena, .blocks = MR_VEC_INIT(struct mr_story_block)};
    struct mr_teller t = {.telling = telling,
                          .story = report->story,
                          .stage = MR_STAGE_BEFORE,
                          .words = MR_STRBUF_INIT};
    tell_found(&t);
    mr_block_facts(&t, MR_STORY_BEFORE);
    mr_block_gates(&t, MR_STORY_BEFORE);
    t.stage = MR_STAGE_ACTION;
    mr_block_plans(&t);
    mr_block_facts(&t, MR_STORY_DURING);
    mr_block_gates(&t, MR_STORY_DURING);
    t.stage = MR_STAGE_AFTER;
    mr_block_facts(&t, MR_STORY_AFTER);
    mr_block_facts_changed(&t);
    mr_block_gates(&t, MR_STORY_AFTER);
    t.stage = MR_STAGE_PROOF;
    tell_proofs(&t);
    mr_block_changes(&t);
    conclude(&t);
    mr_strbuf_release(&t.words);
    return t.nomem ? mr_err_nomem(err, "telling what was done") : MR_OK;
}

void mr_story_telling_release(struct mr_story_telling *telling)
{
    for (size_t i = 0; i < telling->blocks.count; i++)
        mr_vec_release(&((struct mr_story_block *)mr_vec_at(&telling->blocks, i))->cells);
    mr_vec_release(&telling->blocks);
}
