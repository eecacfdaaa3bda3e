/* report_story_end.c: what a story comes to; see report_story_text.h. */
#include <string.h>

#include "recon/report/report_story_block.h"

static uint64_t not_standing(const struct mr_story_verify *verify)
{
    uint64_t sum = 0;
    for (size_t i = MR_STORY_CHANGED_SINCE + 1; i < MR_STORY_PROOFS; i++)
        sum += verify->rows[i];
    return sum;
}

struct sums {
    uint64_t plans, applied, undone, rows, raised, refused, failed, open;
    uint64_t proven, disproven, wrong, edited;
    uint64_t unended;          /* units of applied plans that have not come to their end */
    uint64_t kept, left, stay; /* of plans taken back: rows, units not yet, counters */
    uint64_t replaced;         /* taken back whole, and planned anew: none of `plans` */
};

static void sum_acts(struct sums *s, const struct mr_story_plan *plan)
{
    for (size_t i = plan->acts.count; i-- > 0;) {
        const struct mr_story_act *act = mr_vec_at(&plan->acts, i);
        if (act->is_undo && act->units > 0)
            return;
        if (act->is_undo)
            continue;
        s->rows += act->written;
        s->raised += act->raised;
    }
}

/* What an undo leaves: rows that it kept, units that it has not come to, and counters. */
static void sum_undone(struct sums *s, const struct mr_story_plan *plan)
{
    s->undone++;
    s->kept += plan->rows_refused;
    s->left += plan->units_left;
    s->stay += plan->raises.count;
}

/* A plan that was taken back counts neither as applied nor as proven: an old proof says nothing any
 * more. */
static struct sums sum_up(const struct mr_story *story)
{
    struct sums s = {.plans = story->plans.count};
    for (size_t i = 0; i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(story, plan);
        if (mr_story_is_replaced(story, plan)) {
            s.replaced++;
            s.plans--;
            continue;
        }
        if (plan->is_undone) {
            sum_undone(&s, plan);
            continue;
        }
        /* of one that waits, too: it may have taken up what another left */
        s.open += mr_story_open_of(story, plan);
        if (plan->acts.count == 0)
            continue;
        s.applied++;
        s.refused += plan->rows_refused;
        s.failed += plan->units_failed;
        if (plan->units > plan->units_done + plan->units_partial)
            s.unended += plan->units - plan->units_done - plan->units_partial;
        sum_acts(&s, plan);
        if (verify != NULL && mr_story_verify_is_clean(verify))
            s.proven++;
        else if (verify != NULL)
            s.disproven++;
        s.wrong += verify != NULL ? not_standing(verify) : 0;
        s.edited += verify != NULL ? verify->rows[MR_STORY_CHANGED_SINCE] : 0;
    }
    return s;
}

static void worsen(enum mr_doc_tone *worst, enum mr_doc_tone tone)
{
    if (tone > *worst)
        *worst = tone;
}

static void add_undone(const struct sums *s, struct mr_strbuf *out)
{
    mr_block_some(out, s->kept, "row kept", "rows kept");
    mr_block_some(out, s->left, "unit not yet", "units not yet");
    mr_block_some(out, s->stay, "counter stays raised", "counters stay raised");
    mr_strbuf_add_char(out, '.');
}

/* "All stands" only where every applied plan has a clean proof of its own; each doubt worsens the
 * tone, and none makes it better. */
static void conclude_plans(const struct sums *s, struct mr_strbuf *out, enum mr_doc_tone *tone)
{
    const uint64_t waiting = s->plans - s->applied - s->undone;
    if (s->applied == 0 && s->plans > 0) {
        mr_strbuf_add_str(out, s->undone > 0 ? "What was applied has been taken back"
                                             : "A plan is made, and nothing is applied");
        add_undone(s, out);
        worsen(tone, MR_TONE_WARN);
        return;
    }
    if (s->applied == 0)
        return;
    if (s->undone > 0) { /* first of all: who reads no further must not take its rows for there */
        mr_report_count(out, s->undone, "plan was taken back", "plans were taken back");
        add_undone(s, out);
        mr_strbuf_add_char(out, ' ');
        worsen(tone, MR_TONE_WARN);
    }
    if (s->rows == 0 && s->raised > 0) {
        mr_report_count(out, s->raised, "counter was raised", "counters were raised");
    } else {
        mr_report_count(out, s->rows, "row was written", "rows were written");
        mr_block_some(out, s->raised, "counter raised", "counters raised");
    }
    mr_block_some(out, s->refused, "row refused", "rows refused");
    mr_block_some(out, s->failed, "unit failed", "units failed");
    mr_block_some(out, s->open, "conflict left open", "conflicts left open");
    mr_strbuf_add_str(out, ".");
    if (s->refused + s->failed + s->open > 0)
        worsen(tone, MR_TONE_WARN);
    if (s->disproven > 0) {
        mr_strbuf_add_str(out, " Not all of it stands as planned");
        mr_block_some(out, s->wrong, "row does not", "rows do not");
        mr_strbuf_add_str(out, ".");
        worsen(tone, MR_TONE_BAD);
    } else if (s->proven == s->applied) {
        mr_strbuf_add_fmt(out, " All that was %s stands, as verify proves",
                          s->undone > 0 ? "applied and not taken back"
                          : waiting > 0 ? "applied"
                                        : "planned");
        mr_block_some(out, s->edited, "row of it edited since", "rows of it edited since");
        mr_strbuf_add_char(out, '.');
    } else {
        mr_strbuf_add_str(out, " Not all of it is verified.");
        worsen(tone, MR_TONE_WARN);
    }
    if (s->replaced > 0) {
        mr_strbuf_add_str(out, " Before that, ");
        mr_report_count(out, s->replaced, "plan was taken back.", "plans were taken back.");
    }
    if (waiting > 0) {
        mr_strbuf_add_char(out, ' ');
        mr_report_count(out, waiting, "plan is not applied.", "plans are not applied.");
        worsen(tone, MR_TONE_WARN);
    }
}

/* Of each server the last output after the action counts: earlier ones were overtaken. */
static void conclude_gate(const struct mr_story *story, struct mr_strbuf *out,
                          enum mr_doc_tone *tone)
{
    for (size_t i = 0; i < story->gates.count; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&story->gates, i);
        const struct mr_story_gate *before = mr_story_gate_of(story, gate->server, MR_STORY_BEFORE);
        if (gate != mr_story_gate_of(story, gate->server, MR_STORY_AFTER))
            continue;
        mr_strbuf_add_fmt(out, "%sThe gate of %s ", out->len > 0 ? " " : "", gate->server);
        if (before != NULL)
            mr_strbuf_add_fmt(out, "said %s before, and ", before->verdict);
        mr_strbuf_add_fmt(out, "says %s now.", gate->verdict);
        if (strcmp(gate->verdict, "ok") != 0)
            worsen(tone, strcmp(gate->verdict, "critical") == 0 ? MR_TONE_BAD : MR_TONE_WARN);
    }
}

enum mr_doc_tone mr_story_conclude(const struct mr_story *story, struct mr_strbuf *out)
{
    const struct sums s = sum_up(story);
    enum mr_doc_tone tone = MR_TONE_GOOD;
    conclude_plans(&s, out, &tone);
    conclude_gate(story, out, &tone);
    if (out->len == 0) {
        mr_strbuf_add_str(out, "Nothing was done yet.");
        worsen(&tone, MR_TONE_WARN);
    }
    return tone;
}

/* What an undo has kept, or has not come to, stands, and so does what another plan has written. */
static const char *taken_back(const struct sums *s)
{
    return s->rows + s->kept + s->left > 0 ? "Taken back in part" : "Taken back";
}

/* In part is said wherever anything was left out, whatever the proof says of the rest: whoever reads
 * no further than this must not take the repair for finished. */
const char *mr_story_state(const struct mr_story *story)
{
    const struct sums s = sum_up(story);
    if (s.plans == 0)
        return NULL;
    if (s.applied == 0)
        return s.undone > 0 ? taken_back(&s) : "Planned, not applied";
    if (s.disproven > 0)
        return "Applied, and does not stand";
    if (s.undone > 0)
        return taken_back(&s);
    if (s.applied < s.plans || s.refused + s.failed + s.open + s.unended > 0)
        return "Applied in part";
    return s.proven == s.applied ? "Applied and verified" : "Applied, not verified";
}
