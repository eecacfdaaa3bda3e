/* report_facts.c: see report_facts.h. */
#include "recon/report/report_facts.h"

#include <string.h>

#include "core/base/version.h"
#include "recon/report/report_cell.h"
#include "recon/report/report_escape.h"
#include "recon/report/report_map.h"

#define OBJECTS_MAX 500
#define COUNTERS_MAX 200
#define ADVICE_MAX 200

/* ---- schema objects ---- */

/* "club.members.mobile" of an index; the table or database itself as it is. */
static void add_object_name(struct mr_strbuf *out, const struct mr_find_object *o)
{
    const char *scope = o->table != NULL ? o->table : o->database;
    bool itself = strcmp(o->kind, "table") == 0 || strcmp(o->kind, "database") == 0 ||
                  o->name == NULL;
    mr_report_escape_html_str(out, scope != NULL ? scope : "");
    if (itself)
        return;
    mr_strbuf_add_str(out, scope != NULL ? "." : "");
    mr_report_escape_html_str(out, o->name);
}

void mr_facts_objects(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_vec *objects = &report->result->objects;
    struct mr_report_value values[2];
    if (objects->count == 0)
        return;
    mr_report_value_init(&values[0]);
    mr_report_value_init(&values[1]);
    mr_strbuf_add_str(out, "<h2 id=\"schema\">Schema objects that differ</h2>\n"
                           "<div class=\"sheet scroll\"><table class=\"sortable\">\n"
                           "<thead><tr><th scope=\"col\">Object</th><th scope=\"col\">"
                           "Name</th><th scope=\"col\">Source</th><th scope=\"col\">"
                           "Target</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < objects->count && i < OBJECTS_MAX; i++) {
        const struct mr_find_object *o = mr_vec_at(objects, i);
        mr_report_value_set_texts(values, o->source, o->target);
        mr_strbuf_add_str(out, "<tr><td>");
        mr_report_escape_html_str(out, o->kind);
        mr_strbuf_add_str(out, "</td><th scope=\"row\"><code>");
        add_object_name(out, o);
        mr_strbuf_add_str(out, "</code></th>");
        mr_cell_add_td(out, &values[0]);
        mr_cell_add_td(out, &values[1]);
        mr_strbuf_add_str(out, "</tr>\n");
        out->failed |= values[0].text.failed || values[1].text.failed;
    }
    mr_strbuf_add_str(out, "</tbody></table></div>\n");
    if (objects->count > OBJECTS_MAX) {
        mr_strbuf_add_str(out, "<p class=\"more\">");
        mr_strbuf_add_grouped(out, objects->count - OBJECTS_MAX);
        mr_strbuf_add_str(out, " more: the case file keeps all of them.</p>\n");
    }
    mr_report_value_release(&values[0]);
    mr_report_value_release(&values[1]);
}

/* ---- AUTO_INCREMENT ---- */

static bool collides(const struct mr_find_counter *counter)
{
    return mr_report_counter_collides(counter, 0) ||
           mr_report_counter_collides(counter, 1);
}

static void add_counter(struct mr_strbuf *out, const struct mr_find_table *table,
                        const struct mr_find_counter *c)
{
    bool side[2] = {mr_report_counter_collides(c, 0), mr_report_counter_collides(c, 1)};
    const uint64_t numbers[] = {c->next[0], c->greatest[0], c->next[1], c->greatest[1]};
    mr_strbuf_add_str(out, "<tr><th scope=\"row\"><code>");
    mr_report_escape_html_str(out, table->name);
    mr_strbuf_add_char(out, '.');
    mr_report_escape_html_str(out, c->column);
    mr_strbuf_add_str(out, "</code></th>");
    for (size_t i = 0; i < 4; i++) {
        mr_strbuf_add_str(out, "<td class=\"n\">");
        mr_strbuf_add_grouped(out, numbers[i]);
        mr_strbuf_add_str(out, "</td>");
    }
    if (!side[0] && !side[1])
        mr_strbuf_add_str(out, "<td><span class=\"tag is-good\">above both</span></td>");
    else
        mr_strbuf_add_fmt(out,
                          "<td><span class=\"tag is-bad\">the %s would give out a key "
                          "that is taken</span></td>",
                          side[0] && side[1] ? "next insert of either side"
                          : side[0]          ? "source"
                                             : "target");
    mr_strbuf_add_str(out, "</tr>\n");
}

/* Those that give out taken keys, and those of diverged tables. */
static bool is_worth_showing(const struct mr_find_table *table,
                             const struct mr_find_counter *counter)
{
    return table != NULL && (table->verdict == MR_VERDICT_DIVERGED || collides(counter));
}

void mr_facts_counters(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_vec *counters = &report->counters;
    size_t shown = 0;
    if (counters->count == 0)
        return;
    mr_strbuf_add_str(out, "<h2 id=\"counters\">AUTO_INCREMENT</h2>\n<p>Where the "
                           "counters stood when the run looked: the key that the next "
                           "insert would get, and the greatest key in use.</p>\n");
    for (size_t i = 0; i < counters->count; i++) {
        const struct mr_find_counter *c = mr_vec_at(counters, i);
        const struct mr_find_table *table = mr_report_counter_table(report, c);
        if (!is_worth_showing(table, c) || shown == COUNTERS_MAX)
            continue;
        if (shown++ == 0)
            mr_strbuf_add_str(
                out, "<div class=\"sheet scroll\"><table class=\"sortable\">\n<thead><tr>"
                     "<th scope=\"col\">Column</th><th scope=\"col\" class=\"n\">Source: "
                     "next</th><th scope=\"col\" class=\"n\">greatest</th><th "
                     "scope=\"col\" class=\"n\">Target: next</th><th scope=\"col\" "
                     "class=\"n\">greatest</th><th scope=\"col\">Next to the other "
                     "side</th></tr></thead>\n<tbody>\n");
        add_counter(out, table, c);
    }
    mr_strbuf_add_str(out, shown > 0 ? "</tbody></table></div>\n" : "");
    if (counters->count > shown) {
        mr_strbuf_add_str(out, "<p class=\"more\">");
        mr_report_count(out, counters->count - shown, "counter", "counters");
        mr_strbuf_add_str(out, shown == COUNTERS_MAX
                                   ? " more: the case file keeps all of them.</p>\n"
                                   : " of equal tables above both sides.</p>\n");
    }
}

/* ---- advice ---- */

void mr_facts_advice(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_vec *list = &report->result->advice;
    if (list->count == 0)
        return;
    mr_strbuf_add_str(out, "<h2 id=\"advice\">What the configuration could say</h2>\n<p>"
                           "With it, more rows find the person that they belong "
                           "to.</p>\n<div class=\"sheet scroll\"><table "
                           "class=\"sortable\">\n<thead><tr><th scope=\"col\">Table</th>"
                           "<th scope=\"col\">Advice</th><th scope=\"col\">For the "
                           "configuration</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < list->count && i < ADVICE_MAX; i++) {
        const struct mr_find_advice *a = mr_vec_at(list, i);
        mr_strbuf_add_str(out, "<tr><th scope=\"row\"><code>");
        mr_report_escape_html_str(out, a->table);
        mr_strbuf_add_str(out, "</code></th><td>");
        mr_report_escape_html_str(out, a->text);
        mr_strbuf_add_str(out, "</td><td class=\"v\">");
        for (const char *line = a->config; *line != '\0';) {
            size_t len = strcspn(line, "\n");
            mr_report_escape_html(out, line, len);
            line += len + (line[len] != '\0');
            mr_strbuf_add_str(out, *line != '\0' ? "<br>" : "");
        }
        mr_strbuf_add_str(out, "</td></tr>\n");
    }
    mr_strbuf_add_str(out, "</tbody></table></div>\n");
    if (list->count > ADVICE_MAX) {
        mr_strbuf_add_str(out, "<p class=\"more\">");
        mr_strbuf_add_grouped(out, list->count - ADVICE_MAX);
        mr_strbuf_add_str(out, " more: the case file keeps all of them.</p>\n");
    }
}

void mr_facts_hidden(struct mr_strbuf *out, const struct mr_report *report)
{
    const char *line = report->result->run->hidden;
    if (line == NULL)
        return;
    mr_strbuf_add_str(out, "<h2 id=\"hidden\">Not visible to the account</h2>\n<p>What "
                           "was not seen was not compared. Each line names what would "
                           "show it.</p>\n<ul>\n");
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        mr_strbuf_add_str(out, "<li>");
        mr_report_escape_html(out, line, len);
        mr_strbuf_add_str(out, "</li>\n");
        line += len + (line[len] != '\0');
    }
    mr_strbuf_add_str(out, "</ul>\n");
}

/* ---- how to read it ---- */

void mr_facts_legend(struct mr_strbuf *out)
{
    static const struct {
        enum mr_survey_lane lane;
        const char *text;
    } kinds[] = {
        {MR_LANE_COLLISION,
         "Both sides have a row under this key, and it is about somebody else: the key "
         "was "
         "given away twice. Whatever refers to it, here or in another system, may mean "
         "either."},
        {MR_LANE_MOVED,
         "One identity stands under different keys. It is counted on top of the rows it "
         "consists of; the map shows both places."},
        {MR_LANE_CHANGED,
         "Same key, same identity, other values: an edit that one side does not have."},
        {MR_LANE_MISSING, "Only the source has the row."},
        {MR_LANE_EXTRA, "Only the target has the row."},
    };
    mr_strbuf_add_str(out, "<h2 id=\"reading\">How to read this</h2>\n"
                           "<div class=\"prose\"><dl class=\"legend\">\n");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        mr_strbuf_add_str(out, "<dt>");
        mr_map_key(out, kinds[i].lane);
        mr_strbuf_add_fmt(out, "</dt><dd>%s</dd>\n", kinds[i].text);
    }
    mr_strbuf_add_str(
        out,
        "<dt>identity</dt><dd>What a row is about, beside its key: a mobile number, a "
        "mail address. The configuration names it, or a unique index does.</dd>\n"
        "<dt>source, target</dt><dd>The source is what should be true, or the lost "
        "history; the target is what is being judged, or the live server.</dd>\n"
        "</dl></div>\n");
}

/* ---- how it was compared ---- */

/* The run's options are lines NAME=VALUE; those without a value say nothing. */
static void add_options(struct mr_strbuf *out, const char *options)
{
    bool any = false;
    for (const char *line = options; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool empty = len == 0 || line[len - 1] == '=';
        bool off =
            len == strlen("consistent=0") && memcmp(line, "consistent=0", len) == 0;
        if (!empty && !off) {
            mr_strbuf_add_str(out, any ? "<br>"
                                       : "<p>Options that decide what is "
                                         "compared:<br>");
            mr_strbuf_add_str(out, "<code>");
            mr_report_escape_html(out, line, len);
            mr_strbuf_add_str(out, "</code>");
            any = true;
        }
        line += len + (line[len] != '\0');
    }
    mr_strbuf_add_str(out, any ? "</p>\n" : "");
}

void mr_facts_method(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_find_run *run = report->result->run;
    mr_strbuf_add_str(
        out,
        "<h2 id=\"method\">How it was compared</h2>\n<div class=\"prose\">\n<p>Every "
        "row of both sides was read and compared value by value, over exact "
        "encodings of the values. What differed was read again on both sides, until "
        "it was confirmed, gone, or still moving; only what was confirmed is counted "
        "here. Nothing was written to either server.</p>\n");
    if (run->replication != NULL) {
        mr_strbuf_add_str(out, "<p>Replication, ");
        mr_report_escape_html_str(out, run->replication);
        mr_strbuf_add_str(out, ".</p>\n");
    }
    if (!run->objects_done)
        mr_strbuf_add_str(out, "<p>Schema objects were not compared.</p>\n");
    add_options(out, run->options);
    mr_strbuf_add_str(out, "<p>Run <code>");
    mr_report_escape_html_str(out, run->uuid);
    mr_strbuf_add_str(out, "</code>, kept in <code>");
    mr_report_escape_html_str(out, report->case_path);
    mr_strbuf_add_str(out, "</code>; every statement on the servers carried this "
                           "id.</p>\n</div>\n");
    mr_strbuf_add_str(out, "<footer>myrecon " MR_VERSION "</footer>\n");
}
