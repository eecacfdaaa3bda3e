/* report_head.c: the head of a report: verdict, notes, what to do; see report_parts.h. */
#include <string.h>

#include "core/case/run_command.h"
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

/* Once something was planned or done, what is so now stands first, and what the check had found
 * behind it: the servers are no more as it saw them. What it could not see stays a doubt. */
static void add_state(struct mr_doc *doc, const struct mr_report *report, const char *state)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    enum mr_doc_tone tone = mr_story_conclude(report->story, &words);
    if (tone == MR_TONE_GOOD && (report->result->interrupted || report->result->incomplete))
        tone = MR_TONE_WARN;
    mr_doc_say(doc, "<verdict %s><badge>%s</badge>", mr_doc_tone(tone), state);
    mr_doc_words(doc, "h1", &words);
    mr_strbuf_reset(&words);
    mr_strbuf_add_str(&words, "Before it the check had found: ");
    mr_report_headline(report, &words);
    if (report->people.known) {
        mr_strbuf_add_str(&words, "; it touches ");
        mr_report_people_words(&report->people, &words);
    }
    mr_strbuf_add_char(&words, '.');
    mr_doc_words(doc, "lead", &words);
    mr_strbuf_release(&words);
}

/* What a gate said is the conclusion where no plan is told. */
static void add_found(struct mr_doc *doc, const struct mr_report *report)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    bool taken = false;
    mr_report_headline(report, &words);
    if (words.len > 0 && words.ptr[0] >= 'a' && words.ptr[0] <= 'z')
        words.ptr[0] = (char)(words.ptr[0] - 'a' + 'A');
    mr_strbuf_add_char(&words, '.');
    mr_doc_say(doc, "<verdict %s><badge>%s</badge>", mr_doc_tone(tone_of(report->result)),
               mr_report_verdict(report));
    mr_doc_words(doc, "h1", &words);
    if (report->story != NULL)
        (void)mr_story_conclude(report->story, &words);
    else
        mr_strbuf_add_str(&words, mr_report_lead(report, &taken));
    mr_doc_words(doc, "lead", &words);
    mr_strbuf_release(&words);
}

void mr_parts_verdict(struct mr_edition *e)
{
    const char *state = state_of(e->report);
    if (state != NULL)
        add_state(&e->doc, e->report, state);
    else
        add_found(&e->doc, e->report);
    add_sides(&e->doc, e->report->result);
    mr_doc_say(&e->doc, "</verdict>");
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

/* ---- what to do: its first sentence stands in the verdict, unless all of it is done ---- */

/* Whom it touches; where nobody knows who the people are, what would tell. */
static void add_affected(struct mr_doc *doc, const struct mr_report *report)
{
    const struct mr_report_people *people = &report->people;
    struct mr_strbuf words = MR_STRBUF_INIT;
    if (people->known) {
        mr_report_people_words(people, &words);
        mr_doc_say(doc,
                   "<step><text>Block whoever is touched, drop their caches, and hand the "
                   "list on: %s of %s, each with old and new key.</text>",
                   words.ptr, people->subjects);
    } else {
        mr_doc_say(doc,
                   "<step><text>List everyone touched, with old and new key, to block "
                   "them, drop their caches and hand them on. First say which table holds "
                   "the people, by subject = yes: %s.</text>",
                   people->why != NULL ? people->why : "");
    }
    doc->out->failed |= words.failed;
    mr_strbuf_reset(&words);
    mr_strbuf_add_str(&words, "myrecon affected");
    mr_command_add_option(&words, "--config", report->config->file);
    mr_command_add_option(&words, "--case", report->case_path);
    mr_doc_words(doc, "command", &words);
    mr_doc_say(doc, "</step>");
    mr_strbuf_release(&words);
}

static void add_step(struct mr_edition *e, const struct mr_next_step *step)
{
    mr_doc_say(&e->doc, "<step><text>%s", step->text);
    if (!e->is_brief && step->kind == MR_NEXT_RESEED)
        mr_doc_say(&e->doc, " <a counters>The positions</a>.");
    if (!e->is_brief && step->kind == MR_NEXT_NOT_CHECKED)
        mr_doc_say(&e->doc, " <a tables>The list</a>.");
    mr_doc_say(&e->doc, "</text></step>");
}

/* The first step stands in the verdict already and is not said twice; with a story it does not
 * stand there, so that the list has all of them. */
void mr_parts_steps(struct mr_edition *e)
{
    const struct mr_vec *steps = &e->report->steps.items;
    const bool rows = e->report->result->diverged > 0, has_story = e->report->story != NULL;
    bool taken = false;
    (void)mr_report_lead(e->report, &taken);
    size_t first = taken && !has_story ? 1 : 0;
    if (steps->count <= first && !rows)
        return;
    mr_doc_say(&e->doc, "<h2>%s</h2><steps>", has_story ? "What the check advised" : "And then");
    for (size_t i = first; i < steps->count; i++)
        add_step(e, mr_vec_at(steps, i));
    if (rows)
        add_affected(&e->doc, e->report);
    mr_doc_say(&e->doc, "</steps>");
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
               state != NULL ? "; found before: " : ": ", words.ptr);
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
    for (size_t i = taken ? 1 : 0; i < report->steps.items.count; i++)
        add_step(e, mr_vec_at(&report->steps.items, i));
    mr_doc_say(doc, "</steps>");
    add_lines(doc, report);
    mr_strbuf_release(&words);
}
