/* fleet_report_page.c: see fleet_report_page.h. */
#include "recon/fleet/fleet_report_page.h"

#include <stdio.h>

#include "core/base/version.h"
#include "recon/report/report_parts.h"

#define ALL_GAPS 2000 /* lines of what was not seen that a page has */

/* Of the document, what a page and a text have each in their way. */
struct telling {
    const struct mr_fleet_report *r;
    const char *link; /* NULL: there are no pages of the pairs */
    bool is_brief;
    size_t pairs_max, gaps_max;
    struct mr_report_sink *sink;
    struct mr_doc doc;
};

static const char *tone_of(enum mr_fleet_word verdict)
{
    return mr_doc_tone(verdict == MR_FLEET_EQUAL      ? MR_TONE_GOOD
                       : verdict == MR_FLEET_DIVERGED ? MR_TONE_BAD
                                                      : MR_TONE_WARN);
}

static const char *badge_of(enum mr_fleet_word verdict)
{
    return verdict == MR_FLEET_EQUAL      ? "Equal"
           : verdict == MR_FLEET_DIVERGED ? "Diverged"
                                          : "Incomplete";
}

static const struct mr_fleet_report_pair *pair_at(const struct telling *t, size_t rank)
{
    return &t->r->pairs[t->r->order[rank]];
}

/* ---- the verdict ---- */

/* What to do first, and with which pair. */
static void say_lead(struct telling *t)
{
    const struct mr_fleet_report *r = t->r;
    const char *worst = r->result->npairs > 0 ? pair_at(t, 0)->told->name : "";
    const bool is_found = r->with_rows + r->with_only > 0;
    if (is_found)
        mr_doc_say(&t->doc, "Begin with %s, where it is worst: %s says what to do first.", worst,
                   t->link != NULL ? "its own page" : "the report of its case");
    if (r->incomplete > 0)
        mr_doc_say(&t->doc,
                   "%sWhat was not seen may still differ: put right what is named below, do "
                   "those parts again, and merge.",
                   is_found ? " " : "");
    else if (!is_found)
        mr_doc_say(&t->doc, r->diverged > 0 ? "Rows are the same; see which definitions differ."
                                            : "There is nothing to do.");
}

#define SIDE(name, what, more)                                                                     \
    "<fact><term>" name "</term><said>" what "<br><small>" more "</small></said></fact>"

static void say_sides(struct telling *t)
{
    const struct mr_fleet_result *result = t->r->result;
    struct mr_doc *doc = &t->doc;
    mr_doc_say(doc, "<sides>" SIDE("Fleet", "<code>%s</code>", "planned %s"), result->fleet,
               mr_text_time(&doc->texts, result->created));
    mr_doc_say(doc, SIDE("Merged", "%s", "into <code>%s</code>"),
               mr_text_time(&doc->texts, result->started), result->dir);
    mr_doc_say(doc, SIDE("Parts", "%s", "%s missing or damaged"), mr_doc_number(doc, result->parts),
               mr_doc_number(doc, result->parts_missing));
    mr_doc_say(doc, SIDE("What", "every row of %s", "of %s, compared value by value") "</sides>",
               mr_doc_count(doc, t->r->sums.tables, "table", "tables"),
               mr_doc_count(doc, result->npairs, "pair", "pairs"));
}

/* A sentence, with its capital. */
static void headline(const struct mr_fleet_report *r, struct mr_strbuf *words)
{
    mr_fleet_report_headline(r, words);
    if (words->len > 0 && words->ptr[0] >= 'a' && words->ptr[0] <= 'z')
        words->ptr[0] = (char)(words->ptr[0] - 'a' + 'A');
    mr_strbuf_add_char(words, '.');
}

static void say_verdict(struct telling *t)
{
    const enum mr_fleet_word verdict = mr_fleet_report_verdict(t->r);
    struct mr_doc *doc = &t->doc;
    struct mr_strbuf words = MR_STRBUF_INIT;
    if (!t->is_brief) {
        headline(t->r, &words);
        mr_doc_say(doc, "<verdict %s><badge>%s</badge>", tone_of(verdict), badge_of(verdict));
        mr_doc_words(doc, "h1", &words);
        mr_doc_say(doc, "<lead>");
        say_lead(t);
        mr_doc_say(doc, "</lead>");
        say_sides(t);
        mr_doc_say(doc, "</verdict>");
    } else {
        mr_fleet_report_headline(t->r, &words);
        mr_doc_say(doc, "<h1>%s: %s</h1><p>", badge_of(verdict), words.ptr);
        doc->out->failed |= words.failed;
        say_lead(t);
        mr_doc_say(doc, "</p>");
    }
    mr_strbuf_release(&words);
}

/* What may be taken for equal, for nobody, or for a page that may be passed on. */
static void say_notes(struct telling *t)
{
    const struct mr_fleet_report *r = t->r;
    struct mr_doc *doc = &t->doc;
    if (r->result->parts_missing > 0)
        mr_doc_say(doc,
                   "<note warn><strong>%s of %s of the fleet's work %s missing or "
                   "damaged</strong> when it was merged: what was to be read there is named below, "
                   "and may still differ.</note>",
                   mr_doc_number(doc, r->result->parts_missing),
                   mr_doc_count(doc, r->result->parts, "part", "parts"),
                   r->result->parts_missing == 1 ? "was" : "were");
    if (r->faults > 0)
        mr_doc_say(doc,
                   "<note bad><strong>The case of %s does not count,</strong> for the reason that "
                   "is named with it: figures are those of fleet.jsonl, and who is affected is not "
                   "known.</note>",
                   mr_doc_count(doc, r->faults, "pair", "pairs"));
    if (r->people_unknown > r->faults)
        mr_doc_say(doc,
                   "<note warn><strong>Of %s nobody can tell who is affected:</strong> no table "
                   "is known to hold people, one side alone has a table, or not all rows were "
                   "seen. The configuration says it "
                   "by subject = yes.</note>",
                   mr_doc_count(doc, r->people_unknown - r->faults, "pair", "pairs"));
    if (r->unmask)
        mr_doc_say(doc, "<note bad><strong>The pages of the pairs hold personal data:</strong> "
                        "they were written with --unmask. Treat them like the databases "
                        "themselves.</note>");
}

/* ---- figures ---- */

static void say_figures(struct telling *t)
{
    const struct mr_fleet_report *r = t->r;
    struct mr_doc *doc = &t->doc;
    mr_doc_say(doc, "<figures>");
    mr_parts_figure(doc, "pairs", false, r->result->npairs, "");
    mr_parts_figure(doc, "equal", false, r->equal, "pairs");
    mr_parts_figure(doc, "diverged", false, r->diverged, "pairs");
    mr_parts_figure(doc, "incomplete", false, r->incomplete, "pairs");
    mr_parts_figure(doc, "rows read", false, r->sums.rows, "of both sides");
    mr_parts_kind_figures(doc, &r->sums.counts);
    if (r->people_unknown < r->result->npairs)
        mr_parts_figure(doc, "people touched", false, r->people,
                        r->people_other ? "or others: the configuration is not the runs'"
                        : r->people_at_least || r->people_unknown > 0 ? "at least: not all is known"
                                                                      : "counted pair by pair");
    mr_doc_say(doc, "</figures>");
}

#define LINE "<row><cell>%s</cell><cell>%s</cell></row>"

static void say_totals(struct telling *t)
{
    const struct mr_fleet_report *r = t->r;
    struct mr_doc *doc = &t->doc;
    mr_doc_say(doc, "<table><head><col></col><col></col></head><rows>" LINE, "fleet",
               r->result->fleet);
    mr_doc_say(doc, LINE LINE, "merged", r->result->started, "pairs",
               mr_doc_number(doc, r->result->npairs));
    mr_doc_say(doc, LINE LINE LINE, "equal", mr_doc_number(doc, r->equal), "diverged",
               mr_doc_number(doc, r->diverged), "incomplete", mr_doc_number(doc, r->incomplete));
    mr_doc_say(doc, LINE, "read", mr_doc_count(doc, r->sums.rows, "row", "rows"));
    for (size_t i = 0; i < MR_LANES; i++)
        mr_doc_say(doc, LINE, mr_lane_name(mr_lane_order[i]),
                   mr_doc_number(doc, mr_lane_rows(&r->sums.counts, mr_lane_order[i])));
    if (r->people_unknown < r->result->npairs)
        mr_doc_say(doc, "<row><cell>touched</cell><cell>%s%s</cell></row>",
                   r->people_at_least || r->people_unknown > 0 ? "at least " : "",
                   mr_doc_count(doc, r->people, "person", "people"));
    mr_doc_say(doc, "</rows></table>");
}

/* ---- the list ---- */

/* Below the name, where it is not told by the figures. */
static void say_why(struct telling *t, const struct mr_fleet_report_pair *pair)
{
    struct mr_doc *doc = &t->doc;
    if (t->is_brief)
        return;
    if (pair->fault != NULL)
        mr_doc_say(doc, "<why>%s</why>", pair->fault);
    else if (pair->ngaps > 0)
        mr_doc_say(doc, "<why>%s%s%s</why>", pair->gaps[0], pair->ngaps > 1 ? "; more below: " : "",
                   pair->ngaps > 1 ? mr_doc_number(doc, pair->ngaps - 1) : "");
    if (pair->later != NULL)
        mr_doc_say(doc, "<why>checked again since, as run %s</why>", pair->later);
}

/* 12+: at least so many. */
static void say_people(struct mr_doc *doc, const struct mr_fleet_report_pair *pair)
{
    if (!pair->has_people)
        mr_doc_say(doc, "<number>not known</number>");
    else if (pair->people.at_least || pair->people.other)
        mr_doc_say(doc, "<number>%s%s</number>", mr_doc_number(doc, pair->people.people),
                   pair->people.other ? "?" : "+");
    else
        mr_parts_number(doc, pair->people.people);
}

/* A pair whose case does not count has no page of its own. */
static void say_pair(struct telling *t, const struct mr_fleet_report_pair *pair)
{
    const struct mr_fleet_figures *f = &pair->figures;
    const char *verdict = mr_fleet_word_text(pair->verdict), *name = pair->told->name;
    struct mr_doc *doc = &t->doc;
    struct mr_strbuf url = MR_STRBUF_INIT;
    mr_doc_say(doc, "<listed %s %s %s><key>", verdict, name, "");
    if (t->link != NULL && pair->fault == NULL) {
        mr_strbuf_add_fmt(&url, "%s%s.html", t->link, name);
        mr_doc_say(doc, "<to %s><code>%s</code></to>", url.ptr, name);
    } else {
        mr_doc_say(doc, "<code>%s</code>", name);
    }
    doc->out->failed |= url.failed;
    mr_strbuf_release(&url);
    say_why(t, pair);
    mr_doc_say(doc, "</key><cell><tag %s>%s</tag></cell>", tone_of(pair->verdict), verdict);
    say_people(doc, pair);
    mr_parts_kind_cells(doc, &f->counts);
    mr_parts_number(doc, f->objects);
    mr_parts_number(doc, f->not_checked);
    mr_parts_number(doc, f->tables);
    mr_parts_number(doc, f->rows);
    mr_doc_say(doc, "</listed>");
}

static void say_search(struct telling *t)
{
    const struct mr_fleet_report *r = t->r;
    struct mr_doc *doc = &t->doc;
    mr_doc_say(doc, "<search pair>");
    mr_parts_chip(doc, "", "All", r->result->npairs);
    mr_parts_chip(doc, mr_fleet_word_text(MR_FLEET_DIVERGED), "Diverged", r->diverged);
    mr_parts_chip(doc, mr_fleet_word_text(MR_FLEET_INCOMPLETE), "Incomplete", r->incomplete);
    mr_parts_chip(doc, mr_fleet_word_text(MR_FLEET_EQUAL), "Equal", r->equal);
    mr_doc_say(doc, "</search>");
}

/* What is acted upon first: the last columns may be beyond the edge of a screen. */
static void begin_list(struct mr_doc *doc)
{
    mr_doc_say(doc, "<tables><head><col>Pair</col><col>Verdict</col><ncol>People</ncol>");
    mr_parts_kind_columns(doc);
    mr_doc_say(doc, "<ncol>Schema</ncol><ncol>Not checked</ncol><ncol>Tables</ncol>"
                    "<ncol>Rows read</ncol></head><rows>");
}

/* What is left out is counted by its two reasons: the second must not pass for the first. */
static enum mr_code say_pairs(struct telling *t, struct mr_err *err)
{
    const struct mr_fleet_report *r = t->r;
    const size_t listed = t->is_brief ? r->result->npairs - r->equal : r->result->npairs;
    const size_t shown = listed < t->pairs_max ? listed : t->pairs_max;
    struct mr_doc *doc = &t->doc;
    if (listed > 0 || !t->is_brief)
        mr_doc_say(doc, "<part pairs>Pairs</part>");
    if (!t->is_brief)
        say_search(t);
    if (listed > 0)
        begin_list(doc);
    for (size_t i = 0; i < shown; i++) { /* equal ones are the last */
        say_pair(t, pair_at(t, i));
        MR_TRY(mr_report_sink_drain(t->sink, err));
    }
    if (listed > 0)
        mr_doc_say(doc, "</rows></table>");
    if (shown == r->result->npairs)
        return MR_OK;
    mr_doc_say(doc, "<p>Not listed: %s",
               mr_doc_count(doc, r->result->npairs - listed, "equal pair", "equal pairs"));
    if (listed > shown)
        mr_doc_say(doc, " and %s", mr_doc_count(doc, listed - shown, "other", "others"));
    mr_doc_say(doc, ".</p>");
    return MR_OK;
}

/* ---- what was not seen ---- */

static bool has_gaps(const struct mr_fleet_report *r)
{
    for (size_t i = 0; i < r->result->npairs; i++)
        if (r->pairs[i].ngaps > 0 || r->pairs[i].fault != NULL)
            return true;
    return false;
}

static void say_item(struct telling *t, const char *pair, const char *text)
{
    mr_doc_say(&t->doc, "<item><code>%s</code>: %s</item>", pair, text);
}

/* Of each pair the first lines, and how many there are beyond; its page has all. */
static uint64_t say_gaps_of(struct telling *t, const struct mr_fleet_report_pair *pair,
                            uint64_t room)
{
    const char *name = pair->told->name;
    uint64_t said = 0;
    if (pair->fault != NULL && said++ < room)
        say_item(t, name, pair->fault);
    for (uint64_t i = 0; i < pair->ngaps && i < MR_FLEET_GAPS && said < room; i++, said++)
        say_item(t, name, pair->gaps[i]);
    if (pair->ngaps > MR_FLEET_GAPS && said++ < room)
        say_item(t, name,
                 mr_doc_count(&t->doc, pair->ngaps - MR_FLEET_GAPS,
                              "more, which its own report names",
                              "more, which its own report names"));
    return said < room ? said : room;
}

static enum mr_code say_gaps(struct telling *t, struct mr_err *err)
{
    const struct mr_fleet_report *r = t->r;
    struct mr_doc *doc = &t->doc;
    uint64_t room = t->gaps_max;
    size_t beyond = 0;
    if (!has_gaps(r))
        return MR_OK;
    mr_doc_say(doc, "<part gaps>What was not seen</part><p>It was not compared, and may differ.</p>"
                    "<list>");
    for (size_t i = 0; i < r->result->npairs; i++) {
        const struct mr_fleet_report_pair *pair = pair_at(t, i);
        if (pair->ngaps == 0 && pair->fault == NULL)
            continue;
        beyond += room == 0;
        room -= say_gaps_of(t, pair, room);
        MR_TRY(mr_report_sink_drain(t->sink, err));
    }
    mr_doc_say(doc, "</list>");
    if (room == 0)
        mr_doc_say(doc, "<more>The list ends here: %s not in it.</more>",
                   mr_doc_count(doc, beyond, "pair is", "pairs are"));
    return MR_OK;
}

/* ---- how to read it ---- */

static void say_method(struct telling *t)
{
    const struct mr_fleet_result *result = t->r->result;
    struct mr_doc *doc = &t->doc;
    mr_doc_say(doc,
               "<part method>How it was compared</part><prose><p>The work on all pairs was dealt "
               "out to %s, which may have run on many machines; each read the rows of its own key "
               "ranges on both sides and compared them value by value. What they found was "
               "joined by pair, as one check of that pair would have found it. Nothing was written "
               "to any server.</p>",
               mr_doc_count(doc, result->parts, "part", "parts"));
    mr_doc_say(doc,
               "<p>Pairs whose target lacks a whole table come first, then those with differing "
               "rows, those with most collisions before others; then those of which something was "
               "not seen, those whose definitions alone "
               "differ, and equal ones. People are counted pair by pair, so that somebody who is "
               "known to two of them counts twice; 12+ is at least 12, and 12? is by another "
               "configuration than that of the check.</p>");
    mr_doc_say(doc,
               "<p>Merged as <code>%s</code>. Cases are in <code>%s</code>; of each the pair's own "
               "page is made, and what repairs it.</p></prose><foot>myrecon " MR_VERSION "</foot>",
               result->run, result->dir);
}

/* ---- the document ---- */

static void say_bar(struct telling *t)
{
    mr_doc_say(&t->doc, "<bar><a pairs>Pairs</a>");
    if (has_gaps(t->r))
        mr_doc_say(&t->doc, "<a gaps>Not seen</a>");
    mr_doc_say(&t->doc, "<a reading>How to read</a><a method>Method</a></bar>");
}

/* From what decides to what explains. */
static enum mr_code tell_page(struct telling *t, struct mr_err *err)
{
    say_bar(t);
    mr_doc_say(&t->doc, "<main>");
    say_verdict(t);
    say_notes(t);
    say_figures(t);
    MR_TRY(say_pairs(t, err));
    MR_TRY(say_gaps(t, err));
    mr_parts_legend(&t->doc);
    say_method(t);
    mr_doc_say(&t->doc, "</main>");
    return MR_OK;
}

static enum mr_code tell_brief(struct telling *t, struct mr_err *err)
{
    say_verdict(t);
    say_notes(t);
    say_totals(t);
    MR_TRY(say_pairs(t, err));
    return say_gaps(t, err);
}

enum mr_code mr_fleet_report_html(const struct mr_fleet_report *report, const char *link,
                                  struct mr_report_sink *sink, struct mr_err *err)
{
    struct telling t = {.r = report,
                        .link = link,
                        .pairs_max = SIZE_MAX,
                        .gaps_max = ALL_GAPS,
                        .sink = sink,
                        .doc = {.format = &mr_doc_html, .out = &sink->buf}};
    char title[80];
    (void)snprintf(title, sizeof title, "%s: a fleet of %s",
                   badge_of(mr_fleet_report_verdict(report)),
                   mr_doc_count(&t.doc, report->result->npairs, "pair", "pairs"));
    MR_TRY(t.doc.format->begin(&t.doc, title, err));
    MR_TRY(tell_page(&t, err));
    t.doc.format->end(&t.doc);
    return mr_report_sink_drain(sink, err);
}

enum mr_code mr_fleet_report_md(const struct mr_fleet_report *report, struct mr_report_sink *sink,
                                struct mr_err *err)
{
    struct telling t = {.r = report,
                        .is_brief = true,
                        .pairs_max = 50,
                        .gaps_max = 50,
                        .sink = sink,
                        .doc = {.format = &mr_doc_md, .out = &sink->buf}};
    MR_TRY(tell_brief(&t, err));
    return mr_report_sink_drain(sink, err);
}
