/* report_overview.c: see report_overview.h. */
#include "recon/report/report_overview.h"

#include <stdlib.h>

#include "recon/report/report_escape.h"
#include "recon/report/report_map.h"

#define LONG_FIGURE 10000000 /* from here on in smaller type */

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

struct ranked {
    size_t at; /* in result->tables, which are sorted by name */
    int gravity;
    uint64_t collisions, rows;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->gravity != y->gravity)
        return x->gravity - y->gravity;
    if (x->collisions != y->collisions)
        return x->collisions > y->collisions ? -1 : 1;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

size_t *mr_overview_order(const struct mr_report *report, struct mr_arena *arena)
{
    const struct mr_check_result *r = report->result;
    size_t *order = mr_arena_alloc(arena, (r->ntables + 1) * sizeof *order);
    struct ranked *ranked = mr_arena_alloc(arena, (r->ntables + 1) * sizeof *ranked);
    if (order == NULL || ranked == NULL)
        return NULL;
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_find_counts *c = &r->tables[i].counts;
        ranked[i] = (struct ranked){i, gravity(&r->tables[i]), c->collision,
                                    c->collision + c->changed + c->missing + c->extra};
    }
    qsort(ranked, r->ntables, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < r->ntables; i++)
        order[i] = ranked[i].at;
    return order;
}

/* ---- the figures ---- */

static void begin_figure(struct mr_strbuf *out, uint64_t number)
{
    mr_strbuf_add_str(out, number == 0 ? "<div class=\"none\"><dt>" : "<div><dt>");
}

static void end_figure(struct mr_strbuf *out, uint64_t number, const char *note)
{
    mr_strbuf_add_str(out,
                      number < LONG_FIGURE ? "</dt><dd>" : "</dt><dd class=\"long\">");
    mr_strbuf_add_grouped(out, number);
    if (note != NULL)
        mr_strbuf_add_fmt(out, "<small>%s</small>", note);
    mr_strbuf_add_str(out, "</dd></div>\n");
}

void mr_overview_figures(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    const struct mr_find_counts *c = &r->sums;
    const struct {
        enum mr_survey_lane lane;
        uint64_t rows;
        const char *note;
    } kinds[] = {
        {MR_LANE_COLLISION, c->collision, "same key, somebody else"},
        {MR_LANE_MOVED, c->moved, "same identity, another key"},
        {MR_LANE_CHANGED, c->changed, "same row, other values"},
        {MR_LANE_MISSING, c->missing, "only in the source"},
        {MR_LANE_EXTRA, c->extra, "only in the target"},
    };
    struct mr_strbuf note = MR_STRBUF_INIT;
    mr_strbuf_add_str(out, "<dl class=\"kpi\">\n");
    mr_strbuf_add_grouped(&note, r->diverged);
    mr_strbuf_add_str(&note, " diverged");
    begin_figure(out, r->ntables);
    mr_strbuf_add_str(out, "tables");
    end_figure(out, r->ntables, note.ptr);
    begin_figure(out, c->source_rows + c->target_rows);
    mr_strbuf_add_str(out, "rows read");
    end_figure(out, c->source_rows + c->target_rows, "of both sides");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        begin_figure(out, kinds[i].rows);
        mr_map_key(out, kinds[i].lane);
        end_figure(out, kinds[i].rows, kinds[i].note);
    }
    if (report->people.known) {
        begin_figure(out, report->people.people);
        mr_strbuf_add_str(out, "people touched");
        end_figure(out, report->people.people,
                   report->people.other      ? "or others: the configuration is not the "
                                               "run's"
                   : report->people.at_least ? "at least: not all is known"
                                             : "by rows of their own or others");
    }
    mr_strbuf_add_str(out, "</dl>\n");
    out->failed |= note.failed;
    mr_strbuf_release(&note);
}

/* ---- the list ---- */

static const char *tone(const struct mr_find_table *table)
{
    switch (table->verdict) {
    case MR_VERDICT_DIVERGED: return "is-bad";
    case MR_VERDICT_EQUAL: return "is-good";
    case MR_VERDICT_UNDECIDED:
    case MR_VERDICT_UNSETTLED:
    case MR_VERDICT_NOT_CHECKED: break;
    }
    return "is-warn";
}

static void add_number(struct mr_strbuf *out, uint64_t number)
{
    mr_strbuf_add_str(out, number == 0 ? "<td class=\"n zero\">" : "<td class=\"n\">");
    mr_strbuf_add_grouped(out, number);
    mr_strbuf_add_str(out, "</td>");
}

static void add_why(struct mr_strbuf *out, const struct mr_find_table *table)
{
    const char *why = table->verdict == MR_VERDICT_NOT_CHECKED ? table->reason
                      : table->verdict == MR_VERDICT_UNDECIDED
                          ? "the run ended before this table was compared"
                      : table->verdict == MR_VERDICT_UNSETTLED
                          ? "rows kept moving while they were compared"
                          : table->note;
    if (why == NULL)
        return;
    mr_strbuf_add_str(out, "<span class=\"why\">");
    mr_report_escape_html_str(out, why);
    mr_strbuf_add_str(out, "</span>");
}

static void add_table(struct mr_strbuf *out, const struct mr_find_table *table, size_t no,
                      bool has_section)
{
    const struct mr_find_counts *c = &table->counts;
    const uint64_t numbers[] = {c->source_rows, c->target_rows, c->collision, c->moved,
                                c->changed,     c->missing,     c->extra};
    const char *verdict = mr_verdict_name(table->verdict);
    mr_strbuf_add_fmt(out, "<tr data-verdict=\"%s\" data-name=\"", verdict);
    mr_report_escape_html_str(out, table->name);
    mr_strbuf_add_str(out, "\"><th scope=\"row\">");
    if (has_section)
        mr_strbuf_add_fmt(out, "<a href=\"#t%zu\">", no);
    mr_strbuf_add_str(out, "<code>");
    mr_report_escape_html_str(out, table->name);
    mr_strbuf_add_str(out, has_section ? "</code></a>" : "</code>");
    add_why(out, table);
    mr_strbuf_add_fmt(out, "</th><td><span class=\"tag %s\">%s</span></td>", tone(table),
                      verdict);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        add_number(out, numbers[i]);
    mr_strbuf_add_str(out, table->schema_differs
                               ? "<td><span class=\"tag is-bad\">different</span></td>"
                               : "<td class=\"zero\">equal</td>");
    mr_strbuf_add_str(out, "</tr>\n");
}

static void add_chip(struct mr_strbuf *out, const char *verdict, const char *label,
                     uint64_t count, bool pressed)
{
    if (count == 0 && verdict[0] != '\0')
        return;
    mr_strbuf_add_fmt(out,
                      "<button type=\"button\" data-verdict=\"%s\" "
                      "aria-pressed=\"%s\">%s ",
                      verdict, pressed ? "true" : "false", label);
    mr_strbuf_add_grouped(out, count);
    mr_strbuf_add_str(out, "</button>\n");
}

static void add_tools(struct mr_strbuf *out, const struct mr_check_result *r)
{
    uint64_t equal = r->ntables - r->diverged - r->unsettled - r->not_checked;
    mr_strbuf_add_str(out, "<div class=\"tools\" id=\"tools\" role=\"search\" hidden>\n"
                           "<input type=\"search\" id=\"search\" placeholder=\"Find a "
                           "table\" aria-label=\"Find a table by its name\" "
                           "autocomplete=\"off\" spellcheck=\"false\">\n");
    add_chip(out, "", "All", r->ntables, true);
    add_chip(out, "diverged", "Diverged", r->diverged, false);
    add_chip(out, "not-checked", "Not checked", r->not_checked, false);
    add_chip(out, "unsettled", "Unsettled", r->unsettled, false);
    add_chip(out, "equal", "Equal", equal, false);
    mr_strbuf_add_str(out, "<span class=\"count\" id=\"count\" role=\"status\"></span>\n"
                           "</div>\n");
}

void mr_overview_tables(struct mr_strbuf *out, const struct mr_report *report,
                        const size_t *order, size_t details)
{
    const struct mr_check_result *r = report->result;
    mr_strbuf_add_str(out, "<h2 id=\"tables\">Tables</h2>\n");
    if (r->ntables == 0) {
        mr_strbuf_add_str(out, "<p>There is no table that both sides have.</p>\n");
        return;
    }
    add_tools(out, r);
    mr_strbuf_add_str(out, "<div class=\"sheet scroll\"><table class=\"sortable list\" "
                           "id=\"list\">\n<thead><tr><th scope=\"col\">Table</th><th "
                           "scope=\"col\">Verdict</th><th scope=\"col\" class=\"n\">"
                           "Source rows</th><th scope=\"col\" class=\"n\">Target "
                           "rows</th>");
    for (size_t i = 0; i < MR_LANES; i++) {
        mr_strbuf_add_str(out, "<th scope=\"col\" class=\"n\">");
        mr_map_key(out, mr_survey_lane_order[i]);
        mr_strbuf_add_str(out, "</th>");
    }
    mr_strbuf_add_str(out, "<th scope=\"col\">Schema</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->ntables; i++)
        add_table(out, &r->tables[order[i]], order[i],
                  i < details && r->tables[order[i]].verdict == MR_VERDICT_DIVERGED);
    mr_strbuf_add_str(out, "</tbody></table></div>\n");
}
