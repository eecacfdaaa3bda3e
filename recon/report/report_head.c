/* report_head.c: the head of a report: verdict, notes, who was compared; see report_parts.h. */
#include <string.h>

#include "recon/report/report_parts.h"

/* ---- the verdict ---- */

static enum mr_doc_tone tone_of(const struct mr_check_result *r)
{
    if (r->interrupted || r->incomplete)
        return MR_TONE_WARN;
    return r->differs ? MR_TONE_BAD : MR_TONE_GOOD;
}

/* One of the sides of the run: what, and something smaller below it. */
#define SIDE(name, what, more)                                                                     \
    "<fact><term>" name "</term><said>" what "<br><small>" more "</small></said></fact>"

/* What logs attest is not called compared: only since when each row was. */
static void add_changed(struct mr_doc *doc, const struct mr_check_result *r)
{
    const struct mr_check_proof *p = &r->proof;
    mr_doc_say(doc,
               SIDE("What", "what changed since %s in %s%s",
                    "each row was compared at least once since %s%s"),
               mr_text_time(&doc->texts, p->change.since),
               mr_doc_count(doc, r->ntables - r->not_checked, "table", "tables"),
               r->run->objects_done ? ", and the schema" : "",
               mr_text_time(&doc->texts, p->until != NULL ? p->until : p->change.since),
               p->by_keys > 0 ? "; that no other row changed is what the logs of both sides attest"
                              : "");
}

static void add_what(struct mr_doc *doc, const struct mr_check_result *r)
{
    size_t windowed = 0;
    if (r->proof.is_partial) {
        add_changed(doc, r);
        return;
    }
    for (size_t i = 0; i < r->ntables; i++)
        windowed += r->tables[i].windowed;
    mr_doc_say(doc, SIDE("What", "every row of %s%s%s%s", "%s%s%s"),
               r->not_checked > 0 ? mr_doc_number(doc, r->ntables - r->not_checked) : "",
               r->not_checked > 0 ? " of " : "", mr_doc_count(doc, r->ntables, "table", "tables"),
               r->run->objects_done ? ", and the schema" : "",
               windowed > 0 ? "of " : "read on both sides, compared value by value",
               windowed > 0 ? mr_doc_count(doc, windowed, "table", "tables") : "",
               windowed > 0 ? " only a part, as noted below" : "");
}

static void add_sides(struct mr_doc *doc, const struct mr_check_result *r)
{
    mr_doc_say(
        doc,
        "<sides>" SIDE("Source", "<code>%s</code>", "what should be true, or the lost history"),
        r->run->source);
    mr_doc_say(doc, SIDE("Target", "<code>%s</code>", "what is being judged, or the live server"),
               r->run->target);
    mr_doc_say(doc, SIDE("When", "%s", "it took %s"), mr_text_time(&doc->texts, r->run->started),
               mr_text_duration(&doc->texts, r->run->seconds));
    add_what(doc, r);
    mr_doc_say(doc, "</sides>");
}

static const char *state_of(const struct mr_report *report)
{
    return report->story != NULL ? mr_story_state(report->story) : NULL;
}

/* "35 people are touched", in front of what is so. */
static void add_people(const struct mr_report *report, const char *one, const char *many,
                       struct mr_strbuf *words)
{
    const struct mr_report_people *people = &report->people;
    if (!people->known || people->people == 0)
        return;
    mr_strbuf_add_str(words, people->at_least ? "At least " : "");
    mr_report_count(words, people->people, one, many);
}

/* is_told: how many people it touches, and in what way; the number alone is in the headline. */
static void add_lead(struct mr_doc *doc, const struct mr_report *report, const char *before,
                     bool is_told)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    mr_strbuf_add_str(&words, before);
    if (report->people.known && is_told) {
        mr_strbuf_add_str(&words, "Touched: ");
        mr_report_people_words(&report->people, &words);
        mr_strbuf_add_char(&words, '.');
    }
    if (words.len > 0)
        mr_doc_words(doc, "lead", &words);
    doc->out->failed |= words.failed;
    mr_strbuf_release(&words);
}

/* Whether the run looked at the servers when all that is told here was done already: then what it found is
 * no state of before. */
static bool is_since(const struct mr_report *report)
{
    bool any = false;
    for (size_t i = 0; i < report->story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&report->story->plans, i);
        for (size_t k = 0; k < plan->acts.count; k++) {
            const struct mr_story_act *act = mr_vec_at(&plan->acts, k);
            any = true;
            if (act->to == NULL || strcmp(report->result->run->started, act->to) <= 0)
                return false;
        }
    }
    return any;
}

/* Once something was planned or done, what is so now stands first, and what the check had found
 * behind it: the servers are no more as it saw them. What it could not see stays a doubt. */
static void add_state(struct mr_doc *doc, const struct mr_report *report, const char *state)
{
    struct mr_strbuf words = MR_STRBUF_INIT, now = MR_STRBUF_INIT;
    enum mr_doc_tone tone = mr_story_conclude(report->story, &now);
    if (tone == MR_TONE_GOOD && (report->result->interrupted || report->result->incomplete))
        tone = MR_TONE_WARN;
    const bool since = is_since(report);
    /* Of a check behind all that was done the number is of what is left; but whom a plan has made so is in it, and
     * whose rows are as they were is not: then it is no number of anything. */
    const bool is_number = !since || report->result->all_explained.rows == 0;
    mr_doc_say(doc, "<verdict %s><badge>%s</badge>", mr_doc_tone(tone), state);
    if (is_number && since)
        add_people(report, "person is still touched. ", "people are still touched. ", &words);
    else if (is_number)
        add_people(report, "person was touched. ", "people were touched. ", &words);
    mr_strbuf_add(&words, now.ptr, now.len);
    words.failed = words.failed || now.failed;
    mr_doc_words(doc, "h1", &words);
    mr_strbuf_reset(&words);
    mr_strbuf_add_str(&words, since ? "Since then a check has found: "
                                    : "Before that, the check had found: ");
    mr_report_headline(report, &words);
    mr_strbuf_add_str(&words, ". ");
    add_lead(doc, report, words.failed ? "" : words.ptr, is_number);
    doc->out->failed |= words.failed;
    mr_strbuf_release(&words);
    mr_strbuf_release(&now);
}

/* What a gate said is the conclusion where no plan is told; what to do is told as a list where there is
 * one, and else in a sentence. */
static void add_found(struct mr_doc *doc, const struct mr_report *report)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    bool taken = false;
    mr_doc_say(doc, "<verdict %s><badge>%s</badge>", mr_doc_tone(tone_of(report->result)),
               mr_report_verdict(report));
    if (mr_check_result_all_explained(report->result))
        add_people(report, "person was touched: ", "people were touched: ", &words);
    else
        add_people(report, "person is touched: ", "people are touched: ", &words);
    const size_t begun = words.len;
    mr_report_headline(report, &words);
    if (begun == 0 && words.len > 0 && words.ptr[0] >= 'a' && words.ptr[0] <= 'z')
        words.ptr[0] = (char)(words.ptr[0] - 'a' + 'A');
    mr_strbuf_add_char(&words, '.');
    mr_doc_words(doc, "h1", &words);
    const char *lead = mr_report_lead(report, &taken);
    if (report->story != NULL)
        (void)mr_story_conclude(report->story, &words);
    else if (!taken)
        mr_strbuf_add_str(&words, lead);
    if (words.len > 0)
        mr_strbuf_add_char(&words, ' ');
    add_lead(doc, report, words.failed ? "" : words.len > 0 ? words.ptr : "", true);
    doc->out->failed |= words.failed;
    mr_strbuf_release(&words);
}

void mr_parts_verdict(struct mr_edition *e)
{
    const char *state = state_of(e->report);
    if (state != NULL)
        add_state(&e->doc, e->report, state);
    else
        add_found(&e->doc, e->report);
    mr_doc_say(&e->doc, "</verdict>");
}

void mr_parts_sides(struct mr_edition *e)
{
    add_sides(&e->doc, e->report->result);
}

#define ALIKES_SHOWN 5

/* Where nearly all of a table differs the cause is one, and no list of rows tells it better. */
static void add_alikes(struct mr_edition *e)
{
    const struct mr_check_result *r = e->report->result;
    size_t shown = 0, hidden = 0;
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_find_table *table = &r->tables[e->order[i]];
        if (table->alike == NULL)
            continue;
        if (shown == ALIKES_SHOWN)
            hidden++;
        else
            mr_doc_say(&e->doc, "<note warn><code>%s</code>: %s.</note>", table->name,
                       table->alike);
        shown += shown < ALIKES_SHOWN;
    }
    if (hidden > 0)
        mr_doc_say(&e->doc, "<p>Of %s, too, nearly all differs.</p>",
                   mr_doc_count(&e->doc, hidden, "more table", "more tables"));
}

/* What is not on the page may be mistaken for what is equal, and a page with personal data for one
 * that may be passed on: both are said before any figure. */
void mr_parts_notes(struct mr_edition *e)
{
    const struct mr_check_result *r = e->report->result;
    if (r->interrupted)
        mr_doc_say(&e->doc, "<note warn><strong>The run has not come to its end.</strong> What is "
                            "here was found so far; what is not here may still differ.</note>");
    else if (r->incomplete)
        mr_doc_say(&e->doc, "<note warn><strong>The result is incomplete:</strong> something was "
                            "skipped, unsettled or could not be seen. What is not here may still "
                            "differ.</note>");
    add_alikes(e);
    if (e->report->unmask)
        mr_doc_say(&e->doc, "<note bad><strong>This page holds personal data:</strong> it was "
                            "written with --unmask. Treat it like the database itself.</note>");
}

/* ---- the head of a text ---- */

#define LINE "<row><cell>%s</cell><cell>%s</cell></row>"

/* Whoever reads a ticket months later needs to know which servers, which run and when; that the
 * text is not masked is said here, since it is pasted anywhere. */
static void add_lines(struct mr_doc *doc, const struct mr_report *report)
{
    const struct mr_find_run *run = report->result->run;
    const struct mr_find_counts *c = &report->result->sums;
    struct mr_strbuf people = MR_STRBUF_INIT;
    mr_doc_say(doc, "<table><head><col></col><col></col></head><rows>" LINE LINE LINE, "source",
               run->source, "target", run->target, "compared", run->started);
    mr_doc_say(doc, "<row><cell>read</cell><cell>%s in %s</cell></row>" LINE,
               mr_doc_count(doc, c->source_rows + c->target_rows, "row", "rows"),
               mr_text_duration(&doc->texts, run->seconds), "run", run->uuid);
    if (report->people.known) {
        mr_report_people_words(&report->people, &people);
        mr_doc_say(doc, LINE, "touched", people.ptr);
    }
    if (run->replication != NULL)
        mr_doc_say(doc, LINE, "replication", run->replication);
    if (report->unmask)
        mr_doc_say(doc, LINE, "personal data", "not masked");
    mr_doc_say(doc, "</rows></table>");
    doc->out->failed |= people.failed;
    mr_strbuf_release(&people);
}

/* A ticket is often read no further than its first lines: verdict, how a repair ended, whether
 * something is missing, and what to do, before any table. */
void mr_parts_brief(struct mr_edition *e)
{
    const struct mr_report *report = e->report;
    struct mr_doc *doc = &e->doc;
    struct mr_strbuf words = MR_STRBUF_INIT;
    bool taken = false;
    mr_report_headline(report, &words);
    const char *state = state_of(report);
    mr_doc_say(doc, "<h1>%s%s%s</h1>", state != NULL ? state : mr_report_verdict(report),
               state == NULL      ? ": "
               : is_since(report) ? "; found since: "
                                  : "; found before: ",
               words.ptr);
    doc->out->failed |= words.failed;
    mr_strbuf_reset(&words);
    if (report->story != NULL) {
        (void)mr_story_conclude(report->story, &words);
        mr_doc_say(doc, "<p>");
        mr_doc_words(doc, "strong", &words);
        mr_doc_say(doc, "</p>");
    }
    if (report->result->interrupted || report->result->incomplete)
        mr_doc_say(doc, "<note warn><strong>The result is not complete:</strong> what is "
                        "not here may still differ.</note>");
    add_alikes(e);
    mr_doc_say(doc, "<steps><step>%s</step>", mr_report_lead(report, &taken));
    for (size_t i = taken ? 1 : 0; i < report->steps.items.count; i++) {
        const struct mr_next_step *step = mr_vec_at(&report->steps.items, i);
        if (step->kind < MR_NEXT_KEEP) /* the others are commands, for which a ticket has no room */
            mr_doc_say(doc, "<step>%s</step>", step->text);
    }
    mr_doc_say(doc, "</steps>");
    add_lines(doc, report);
    mr_strbuf_release(&words);
}
