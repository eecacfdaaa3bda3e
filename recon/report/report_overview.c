/* report_overview.c: all tables together, in figures and as a list; see report_parts.h. */
#include <stdio.h>

#include "recon/report/report_parts.h"
#include "recon/report/report_rank.h"

#define LONG_FIGURE 1000000 /* from here on in smaller type */

/* ---- the order ---- */

static int gravity(const struct mr_find_table *table)
{
    switch (table->verdict) {
    case MR_VERDICT_DIVERGED: return 0;
    case MR_VERDICT_UNDECIDED:
    case MR_VERDICT_NOT_CHECKED: return 1;
    case MR_VERDICT_UNSETTLED: return 2;
    case MR_VERDICT_EQUAL: break;
    }
    return table->schema_differs ? 3 : 4;
}

/* Diverged tables first, and among them those with collisions: the sections rely on it, for they
 * are the first so many of this order. */
size_t *mr_parts_order(const struct mr_report *report, struct mr_arena *arena)
{
    const struct mr_check_result *r = report->result;
    size_t *order = mr_arena_alloc(arena, (r->ntables + 1) * sizeof *order);
    struct mr_report_rank *ranked = mr_arena_alloc(arena, (r->ntables + 1) * sizeof *ranked);
    if (order == NULL || ranked == NULL)
        return NULL;
    for (size_t i = 0; i < r->ntables; i++)
        ranked[i] = mr_report_rank_of(i, gravity(&r->tables[i]), &r->tables[i].counts);
    mr_report_rank_sort(ranked, r->ntables, order);
    return order;
}

/* ---- the figures ---- */

bool mr_parts_was_applied(const struct mr_report *report)
{
    const struct mr_story *story = report->story;
    for (size_t i = 0; story != NULL && i < story->plans.count; i++) {
        const struct mr_story_plan *plan = mr_vec_at(&story->plans, i);
        if (plan->acts.count > 0)
            return true;
    }
    return false;
}

void mr_parts_figure(struct mr_doc *doc, const char *name, bool is_kind, uint64_t number,
                     const char *note)
{
    mr_doc_say(doc, number == 0 ? "<none>" : "<fact>");
    mr_doc_say(doc, is_kind ? "<term><kind %s>%s</kind></term>" : "<term>%s%s</term>",
               is_kind ? name : "", name);
    mr_doc_say(doc,
               number < LONG_FIGURE ? "<said>%s<small>%s</small></said>"
                                    : "<long>%s<small>%s</small></long>",
               mr_doc_number(doc, number), note);
    mr_doc_say(doc, number == 0 ? "</none>" : "</fact>");
}

/* Kinds without rows keep their place, in grey: that there are no collisions is worth knowing. */
void mr_parts_kind_figures(struct mr_doc *doc, const struct mr_find_counts *counts)
{
    static const char *const notes[MR_LANES] = {[MR_LANE_COLLISION] = "same key, somebody else",
                                                [MR_LANE_MOVED] = "same identity, another key",
                                                [MR_LANE_CHANGED] = "same row, other values",
                                                [MR_LANE_MISSING] = "only in the source",
                                                [MR_LANE_EXTRA] = "only in the target"};
    for (size_t i = 0; i < MR_LANES; i++) {
        enum mr_lane lane = mr_lane_order[i];
        mr_parts_figure(doc, mr_lane_name(lane), true, mr_lane_rows(counts, lane), notes[lane]);
    }
}

/* How sure the number of people is stands below it. */
void mr_parts_figures(struct mr_edition *e)
{
    const struct mr_check_result *r = e->report->result;
    const struct mr_report_people *people = &e->report->people;
    struct mr_doc *doc = &e->doc;
    char note[48];
    (void)snprintf(note, sizeof note, "%s diverged", mr_doc_number(doc, r->diverged));
    mr_doc_say(doc, "<figures>");
    mr_parts_figure(doc, "tables", false, r->ntables, note);
    mr_parts_figure(doc, "rows read", false, r->sums.source_rows + r->sums.target_rows,
                    "of both sides");
    mr_parts_kind_figures(doc, &r->sums);
    if (people->known)
        mr_parts_figure(doc, "people touched", false, people->people,
                        people->other      ? "or others: the configuration is not the run's"
                        : people->at_least ? "at least: not all is known"
                                           : "by rows of their own or others");
    mr_doc_say(doc, "</figures>");
}

/* ---- the list ---- */

static const char *tone_of(const struct mr_find_table *table)
{
    switch (table->verdict) {
    case MR_VERDICT_DIVERGED: return "bad";
    case MR_VERDICT_EQUAL: return "good";
    case MR_VERDICT_UNDECIDED:
    case MR_VERDICT_UNSETTLED:
    case MR_VERDICT_NOT_CHECKED: break;
    }
    return "warn";
}

static const char *why_of(const struct mr_find_table *table)
{
    return table->verdict == MR_VERDICT_NOT_CHECKED ? table->reason
           : table->verdict == MR_VERDICT_UNDECIDED ? "the run ended before this table was compared"
           : table->verdict == MR_VERDICT_UNSETTLED ? "rows kept moving while they were compared"
           : table->alike != NULL                   ? table->alike
                                                    : table->note;
}

void mr_parts_number(struct mr_doc *doc, uint64_t number)
{
    mr_doc_say(doc, number == 0 ? "<zero>%s</zero>" : "<number>%s</number>",
               mr_doc_number(doc, number));
}

/* Paper has no room for these. */
static bool is_calm(const struct mr_find_table *table)
{
    return table->verdict == MR_VERDICT_EQUAL && !table->schema_differs && why_of(table) == NULL;
}

/* Only tables that have a section are links: one to nowhere would look like a fault of the page. */
static void add_table(struct mr_edition *e, size_t no, bool has_section)
{
    const struct mr_find_table *table = &e->report->result->tables[no];
    const char *verdict = mr_verdict_name(table->verdict), *why = why_of(table);
    struct mr_doc *doc = &e->doc;
    mr_doc_say(doc, "<listed %s %s %s><key>", verdict, table->name, is_calm(table) ? "calm" : "");
    if (has_section)
        mr_doc_say(doc, "<go %s><code>%s</code></go>", mr_text_plain(&doc->texts, no), table->name);
    else
        mr_doc_say(doc, "<code>%s</code>", table->name);
    if (why != NULL && !e->is_brief)
        mr_doc_say(doc, "<why>%s</why>", why);
    mr_doc_say(doc, "</key><cell><tag %s>%s</tag></cell>", tone_of(table), verdict);
    mr_parts_number(doc, table->counts.source_rows);
    mr_parts_number(doc, table->counts.target_rows);
    mr_parts_kind_cells(doc, &table->counts);
    mr_doc_say(doc, table->schema_differs ? "<cell><tag bad>different</tag></cell></listed>"
                                          : "<same>equal</same></listed>");
}

void mr_parts_chip(struct mr_doc *doc, const char *verdict, const char *label, uint64_t count)
{
    const bool is_all = verdict[0] == '\0';
    if (count > 0 || is_all)
        mr_doc_say(doc, "<chip %s %s>%s %s</chip>", verdict, is_all ? "true" : "false", label,
                   mr_doc_number(doc, count));
}

static void add_search(struct mr_doc *doc, const struct mr_check_result *r)
{
    mr_doc_say(doc, "<search table>");
    mr_parts_chip(doc, "", "All", r->ntables);
    mr_parts_chip(doc, "diverged", "Diverged", r->diverged);
    mr_parts_chip(doc, "not-checked", "Not checked", r->not_checked);
    mr_parts_chip(doc, "unsettled", "Unsettled", r->unsettled);
    mr_parts_chip(doc, "equal", "Equal", r->ntables - r->diverged - r->unsettled - r->not_checked);
    mr_doc_say(doc, "</search>");
}

void mr_parts_kind_columns(struct mr_doc *doc)
{
    for (size_t i = 0; i < MR_LANES; i++) {
        const char *name = mr_lane_name(mr_lane_order[i]);
        mr_doc_say(doc, "<ncol><kind %s>%s</kind></ncol>", name, name);
    }
}

void mr_parts_kind_cells(struct mr_doc *doc, const struct mr_find_counts *counts)
{
    for (size_t i = 0; i < MR_LANES; i++) {
        const uint64_t rows = mr_lane_rows(counts, mr_lane_order[i]);
        if (rows > 0)
            mr_doc_say(doc, "<found>%s</found>", mr_doc_number(doc, rows));
        else
            mr_parts_number(doc, rows);
    }
}

static void begin_list(struct mr_edition *e)
{
    struct mr_doc *doc = &e->doc;
    mr_doc_say(doc, e->is_brief ? "<tables><head><col>table</col><col>verdict</col>"
                                  "<ncol>source rows</ncol><ncol>target rows</ncol>"
                                : "<tables><head><col>Table</col><col>Verdict</col>"
                                  "<ncol>Source rows</ncol><ncol>Target rows</ncol>");
    mr_parts_kind_columns(doc);
    mr_doc_say(doc, "<col>%s</col></head><rows>", e->is_brief ? "schema" : "Schema");
}

/* A text lists those that are not equal. */
static bool is_listed(const struct mr_edition *e, const struct mr_find_table *table)
{
    return !e->is_brief || table->verdict != MR_VERDICT_EQUAL || table->schema_differs;
}

/* What is left out is counted by its two reasons, equal or beyond the limit: the second must not
 * pass for the first. */
static void add_list(struct mr_edition *e, size_t listed)
{
    const struct mr_check_result *r = e->report->result;
    struct mr_doc *doc = &e->doc;
    size_t shown = 0, calm = 0;
    begin_list(e);
    for (size_t i = 0; i < r->ntables && shown < e->tables_max; i++) {
        const struct mr_find_table *table = &r->tables[e->order[i]];
        if (!is_listed(e, table))
            continue;
        add_table(e, e->order[i], i < e->sections_max && table->verdict == MR_VERDICT_DIVERGED);
        calm += is_calm(table);
        shown++;
    }
    mr_doc_say(doc, "</rows></table>");
    if (calm > 0 && !e->is_brief)
        mr_doc_say(doc, "<onpaper>%s not printed.</onpaper>",
                   mr_doc_count(doc, calm, "equal table is", "equal tables are"));
    if (r->ntables == shown)
        return;
    mr_doc_say(doc, "<p>Not listed: %s",
               mr_doc_count(doc, r->ntables - listed, "equal table", "equal tables"));
    if (listed > shown)
        mr_doc_say(doc, " and %s", mr_doc_count(doc, listed - shown, "other", "others"));
    mr_doc_say(doc, ".</p>");
}

/* Why they were not, where the list has no room for it. */
static void add_not_checked(struct mr_edition *e)
{
    const struct mr_check_result *r = e->report->result;
    struct mr_doc *doc = &e->doc;
    size_t count = 0;
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_find_table *table = &r->tables[e->order[i]];
        if (table->verdict != MR_VERDICT_NOT_CHECKED || table->reason == NULL ||
            count++ >= e->tables_max)
            continue;
        if (count == 1)
            mr_doc_say(doc, "<p>Not checked:</p><list>");
        mr_doc_say(doc, "<item>Table %s: %s</item>", table->name, table->reason);
    }
    if (count > 0)
        mr_doc_say(doc, "</list>");
    mr_parts_beyond(e, count, e->tables_max);
}

/* A text that has nothing to list has no heading; the page has one even without tables, since its
 * bar leads there. */
void mr_parts_tables(struct mr_edition *e)
{
    const struct mr_check_result *r = e->report->result;
    size_t listed = 0;
    for (size_t i = 0; i < r->ntables; i++)
        listed += is_listed(e, &r->tables[i]);
    if (listed > 0 || !e->is_brief)
        mr_doc_say(&e->doc, "<part tables>Tables%s</part>",
                   mr_parts_was_applied(e->report) ? ", as the check found them" : "");
    if (r->ntables == 0 && !e->is_brief)
        mr_doc_say(&e->doc, "<p>There is no table that both sides have.</p>");
    else if (!e->is_brief)
        add_search(&e->doc, r);
    if (listed > 0)
        add_list(e, listed);
    if (e->is_brief)
        add_not_checked(e);
}
