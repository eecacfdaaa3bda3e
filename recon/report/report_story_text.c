/* report_story_text.c: see report_story_text.h.  The order of the telling, and the proof. */
#include "recon/report/report_story_text.h"

#include <string.h>

#include "recon/report/report.h"
#include "recon/report/report_story_block.h"

void mr_block_begin(struct mr_teller *t)
{
    if (t->stage != NULL)
        mr_doc_say(t->doc, "<h3>%s</h3>", t->stage);
    t->stage = NULL;
}

void mr_block_words(struct mr_teller *t, enum mr_doc_tone tone)
{
    mr_block_begin(t);
    mr_doc_words(t->doc, mr_doc_tone(tone), &t->words);
}

void mr_block_some(struct mr_strbuf *words, uint64_t number, const char *one, const char *many)
{
    if (number == 0)
        return;
    bool is_first = words->len > 0 && words->ptr[words->len - 1] == ':';
    mr_strbuf_add_str(words, is_first ? " " : ", ");
    mr_report_count(words, number, one, many);
}

/* ---- what was found ---- */

/* A plan may have been made from another run than the one that is reported: its numbers would not
 * fit what is said here, and nobody would see why. */
static void tell_found(struct mr_teller *t)
{
    const struct mr_report *report = t->report;
    const struct mr_find_run *run = report->result->run;
    mr_strbuf_add_fmt(&t->words, "Run %s compared %s with %s at %s: ", run->uuid, run->source,
                      run->target, mr_text_time(&t->texts, run->started));
    mr_report_headline(report, &t->words);
    mr_strbuf_add_str(&t->words, ".");
    if (report->people.known) {
        mr_strbuf_add_str(&t->words, " It touches ");
        mr_report_people_words(&report->people, &t->words);
        mr_strbuf_add_str(&t->words, ".");
    }
    mr_block_words(t, report->result->differs ? MR_TONE_BAD : MR_TONE_PLAIN);
    for (size_t i = 0; i < t->story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&t->story->plans, i);
        if (plan->run != NULL && strcmp(plan->run, run->uuid) != 0)
            mr_doc_say(t->doc,
                       "<warn>Plan %s was not made from this run, but from %s: report "
                       "--run %s, of the case that has it, tells what it found.</warn>",
                       plan->uuid, plan->run, plan->run);
    }
}

/* ---- the proof ---- */

/* What does not stand is named by what verify found, each with its number: a sum of faults would
 * not tell what is to be mended. */
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
    const bool has_rows = plan->tables.count > 0;
    const uint64_t enough =
        verify->counters > verify->too_low ? verify->counters - verify->too_low : 0;
    mr_strbuf_add_fmt(&t->words, "verify of plan %s at %s: %s", verify->plan,
                      mr_text_time(&t->texts, verify->started),
                      has_rows ? mr_text_count(&t->texts, verify->rows[MR_STORY_STANDS],
                                               "row stands as planned", "rows stand as planned")
                               : "");
    for (size_t i = MR_STORY_CHANGED_SINCE; i < MR_STORY_PROOFS; i++)
        mr_block_some(&t->words, verify->rows[i], words[i], words[i]);
    mr_block_some(&t->words, verify->not_proven, "table could not be proven",
                  "tables could not be proven");
    mr_block_some(&t->words, verify->open, "conflict open", "conflicts open");
    mr_strbuf_add_fmt(&t->words, "%s%s of %s high enough.", has_rows ? "; " : "",
                      mr_text_number(&t->texts, enough),
                      mr_text_count(&t->texts, verify->counters, "counter is", "counters are"));
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
    mr_block_begin(t);
    mr_doc_say(t->doc, "<warn>verify of plan %s on %s at %s %s</warn>", verify->plan,
               verify->target, mr_text_time(&t->texts, verify->started),
               is_of ? "was cut short: it proves nothing."
                     : "is of no plan that is told here: it proves nothing of them.");
}

/* A plan that was applied and has no proof is said to have none: silence would read as success. One
 * that is not in force needs none. */
static void tell_proofs(struct mr_teller *t)
{
    for (size_t i = 0; i < t->story->verifies.count; i++)
        tell_unused(t, mr_vec_at(&t->story->verifies, i));
    for (size_t i = 0; i < t->story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&t->story->plans, i);
        const struct mr_story_verify *verify = mr_story_verify_of(t->story, plan);
        if (plan->acts.count == 0 || plan->is_undone)
            continue;
        mr_block_begin(t);
        if (verify != NULL)
            tell_verify(t, plan, verify);
        else
            mr_doc_say(t->doc,
                       "<warn>Nothing proves yet that plan %s stands: save what repair "
                       "verify --json says, and give it to report --verify.</warn>",
                       plan->uuid);
    }
}

/* In the order in which it happened. A stage is named only once something of it is reported, so that
 * there are no empty headings. */
void mr_story_tell(struct mr_doc *doc, const struct mr_report *report)
{
    struct mr_teller t = {
        .doc = doc, .report = report, .story = report->story, .words = MR_STRBUF_INIT};
    mr_doc_say(doc, "<part story>What was done</part><story>");
    t.stage = "Before";
    tell_found(&t);
    mr_block_facts(&t, MR_STORY_BEFORE);
    mr_block_gates(&t, MR_STORY_BEFORE);
    t.stage = "Action";
    mr_block_plans(&t);
    mr_block_facts(&t, MR_STORY_DURING);
    mr_block_gates(&t, MR_STORY_DURING);
    t.stage = "After";
    mr_block_facts(&t, MR_STORY_AFTER);
    mr_block_facts_changed(&t);
    mr_block_gates(&t, MR_STORY_AFTER);
    t.stage = "Verification";
    tell_proofs(&t);
    mr_block_changes(&t);
    mr_doc_say(doc, "</story>");
    mr_strbuf_release(&t.words);
}
