/* report_facts.c: what stands below the tables: schema objects, AUTO_INCREMENT, what could
 * not be seen, how to read it all, and how it was compared; see report_parts.h. */
#include <string.h>

#include "core/base/version.h"
#include "recon/report/report_parts.h"

#define ADVICE_MAX 200

void mr_parts_beyond(struct mr_edition *e, uint64_t all, uint64_t max)
{
    if (all > max)
        mr_doc_say(&e->doc,
                   e->is_brief ? "<more>And %s more.</more>"
                               : "<more>%s more: the case file keeps all of them.</more>",
                   mr_doc_number(&e->doc, all - max));
}

/* The length of the line, and where the next one begins. */
static size_t line_len(const char *line, const char **next)
{
    size_t len = strcspn(line, "\n");
    *next = line + len + (line[len] != '\0');
    return len;
}

/* ---- schema objects ---- */

/* Where it is, and what it is called there; a text has a column for each. */
static void add_object_name(struct mr_edition *e, const struct mr_find_object *o)
{
    const char *scope = o->table != NULL ? o->table : o->database != NULL ? o->database : "";
    const char *name = o->name != NULL ? o->name : "";
    bool itself =
        strcmp(o->kind, "table") == 0 || strcmp(o->kind, "database") == 0 || o->name == NULL;
    if (e->is_brief)
        mr_doc_say(&e->doc, "<cell>%s</cell><cell>%s</cell>", scope, name);
    else if (itself || (o->table == NULL && o->database == NULL))
        mr_doc_say(&e->doc, "<key><code>%s</code></key>", itself ? scope : name);
    else
        mr_doc_say(&e->doc, "<key><code>%s.%s</code></key>", scope, name);
}

static void add_object(struct mr_edition *e, const struct mr_find_object *o)
{
    struct mr_report_value values[2];
    mr_report_value_init(&values[0]);
    mr_report_value_init(&values[1]);
    mr_report_value_set_texts(values, o->source, o->target);
    mr_doc_say(&e->doc, "<row><cell>%s</cell>", o->kind);
    add_object_name(e, o);
    mr_doc_value_cell(&e->doc, &values[0]);
    mr_doc_value_cell(&e->doc, &values[1]);
    mr_doc_say(&e->doc, "</row>");
    mr_report_value_release(&values[0]);
    mr_report_value_release(&values[1]);
}

/* An object that only one side has is listed as well, with a dash for the other. */
void mr_parts_objects(struct mr_edition *e)
{
    const struct mr_vec *objects = &e->report->result->objects;
    if (objects->count == 0)
        return;
    mr_doc_say(&e->doc, "<part schema>Schema objects that differ</part><sorted><head>");
    mr_doc_say(&e->doc, e->is_brief ? "<col>object</col><col>in</col><col>name</col>"
                                      "<col>source</col><col>target</col></head><rows>"
                                    : "<col>Object</col><col>Name</col><col>Source</col>"
                                      "<col>Target</col></head><rows>");
    for (size_t i = 0; i < objects->count && i < e->objects_max; i++)
        add_object(e, mr_vec_at(objects, i));
    mr_doc_say(&e->doc, "</rows></table>");
    mr_parts_beyond(e, objects->count, e->objects_max);
}

/* ---- AUTO_INCREMENT ---- */

/* Those of diverged tables, and those that give out taken keys. */
static bool is_worth_showing(const struct mr_find_table *table, const struct mr_find_counter *c)
{
    return table != NULL && (table->verdict == MR_VERDICT_DIVERGED ||
                             mr_report_counter_collides(c, 0) || mr_report_counter_collides(c, 1));
}

static void add_collision(struct mr_doc *doc, const struct mr_find_counter *c)
{
    bool side[2] = {mr_report_counter_collides(c, 0), mr_report_counter_collides(c, 1)};
    if (!side[0] && !side[1])
        mr_doc_say(doc, "<cell><tag good>above both</tag></cell>");
    else
        mr_doc_say(doc, "<cell><tag bad>the %s would give out a key that is taken</tag></cell>",
                   side[0] && side[1] ? "next insert of either side"
                   : side[0]          ? "source"
                                      : "target");
}

static void add_counter(struct mr_edition *e, const struct mr_find_table *table,
                        const struct mr_find_counter *c)
{
    const uint64_t numbers[] = {c->next[0], c->greatest[0], c->next[1], c->greatest[1]};
    const bool is_masked = mr_report_counter_is_masked(e->report, c);
    struct mr_doc *doc = &e->doc;
    mr_doc_say(doc, "<row><key><code>%s.%s</code></key>", table->name, c->column);
    for (size_t i = 0; i < 4; i++) {
        mr_doc_say(doc, "<number>%s</number>",
                   is_masked     ? MR_MASK_DOTS
                   : e->is_brief ? mr_text_plain(&doc->texts, numbers[i])
                                 : mr_doc_number(doc, numbers[i]));
    }
    if (!e->is_brief)
        add_collision(doc, c);
    mr_doc_say(doc, "</row>");
}

static void begin_counters(struct mr_edition *e)
{
    if (e->is_brief)
        mr_doc_say(&e->doc, "<part counters>AUTO_INCREMENT</part><sorted><head>"
                            "<col>column</col><ncol>source: next</ncol><ncol>greatest"
                            "</ncol><ncol>target: next</ncol><ncol>greatest</ncol></head>"
                            "<rows>");
    else
        mr_doc_say(&e->doc, "<sorted><head><col>Column</col><ncol>Source: next</ncol>"
                            "<ncol>greatest</ncol><ncol>Target: next</ncol><ncol>greatest"
                            "</ncol><col>Next to the other side</col></head><rows>");
}

/* A counter of an equal table that stands above both sides is no news: it is only counted, so that
 * one that gives out taken keys is not lost among hundreds. */
void mr_parts_counters(struct mr_edition *e)
{
    const struct mr_vec *counters = &e->report->counters;
    struct mr_doc *doc = &e->doc;
    size_t worth = 0;
    if (counters->count > 0 && !e->is_brief)
        mr_doc_say(doc, "<part counters>AUTO_INCREMENT</part><p>Where the counters stood "
                        "when the run looked: the key that the next insert would get, and "
                        "the greatest key in use.</p>");
    for (size_t i = 0; i < counters->count; i++) {
        const struct mr_find_counter *c = mr_vec_at(counters, i);
        const struct mr_find_table *table = mr_report_counter_table(e->report, c);
        if (!is_worth_showing(table, c) || worth++ >= e->counters_max)
            continue;
        if (worth == 1)
            begin_counters(e);
        add_counter(e, table, c);
    }
    size_t shown = worth < e->counters_max ? worth : e->counters_max;
    if (shown > 0)
        mr_doc_say(doc, "</rows></table>");
    if (e->is_brief)
        mr_parts_beyond(e, worth, e->counters_max);
    else if (counters->count > shown)
        mr_doc_say(doc,
                   shown == e->counters_max
                       ? "<more>%s more: the case file keeps all of them.</more>"
                       : "<more>%s of equal tables above both sides.</more>",
                   mr_doc_count(doc, counters->count - shown, "counter", "counters"));
}

/* ---- advice, and what was not seen ---- */

/* Advice holds lines to be copied into a configuration file, so that their line breaks are kept. */
void mr_parts_advice(struct mr_edition *e)
{
    const struct mr_vec *list = &e->report->result->advice;
    struct mr_doc *doc = &e->doc;
    if (list->count == 0)
        return;
    mr_doc_say(doc, "<part advice>What the configuration could say</part><p>With it, more "
                    "rows find the person that they belong to.</p><sorted><head><col>Table"
                    "</col><col>Advice</col><col>For the configuration</col></head><rows>");
    for (size_t i = 0; i < list->count && i < ADVICE_MAX; i++) {
        const struct mr_find_advice *a = mr_vec_at(list, i);
        const char *next = a->config;
        mr_doc_say(doc, "<row><key><code>%s</code></key><cell>%s</cell><value>", a->table, a->text);
        for (const char *line = next; *line != '\0'; line = next) {
            mr_doc_text(doc, line, line_len(line, &next));
            if (*next != '\0')
                mr_doc_say(doc, "<br>");
        }
        mr_doc_say(doc, "</value></row>");
    }
    mr_doc_say(doc, "</rows></table>");
    mr_parts_beyond(e, list->count, ADVICE_MAX);
}

/* "Equal" is worth nothing for what the account could not read: each gap is named with the right
 * that would close it. */
void mr_parts_hidden(struct mr_edition *e)
{
    const char *line = e->report->result->run->hidden, *next;
    struct mr_doc *doc = &e->doc;
    if (line == NULL)
        return;
    mr_doc_say(doc, "<part hidden>Not visible to the account</part><p>What was not seen was "
                    "not compared. Each line names what would show it.</p><list>");
    for (; *line != '\0'; line = next) {
        mr_doc_say(doc, "<item>");
        mr_doc_text(doc, line, line_len(line, &next));
        mr_doc_say(doc, "</item>");
    }
    mr_doc_say(doc, "</list>");
}

/* ---- how to read it ---- */

/* The page goes to people who have never seen the tool: each word of a kind is explained in the
 * colour and pattern that the maps have for it. */
void mr_parts_legend(struct mr_doc *doc)
{
    static const char *const meanings[MR_LANES] = {
        [MR_LANE_COLLISION] =
            "Both sides have a row under this key, and it is about somebody else: the "
            "key "
            "was given away twice. Whatever refers to it, here or in another system, may "
            "mean either.",
        [MR_LANE_MOVED] =
            "One identity stands under different keys. It is counted on top of the rows "
            "it consists of; the map shows both places.",
        [MR_LANE_CHANGED] = "Same key, same identity, other values: an edit that one "
                            "side does not have.",
        [MR_LANE_MISSING] = "Only the source has the row.",
        [MR_LANE_EXTRA] = "Only the target has the row."};
    mr_doc_say(doc, "<part reading>How to read this</part><legend>");
    for (size_t i = 0; i < MR_LANES; i++) {
        const char *name = mr_lane_name(mr_lane_order[i]);
        mr_doc_say(doc, "<meaning><term><kind %s>%s</kind></term><said>%s</said></meaning>", name,
                   name, meanings[mr_lane_order[i]]);
    }
    mr_doc_say(doc,
               "<meaning><term>identity</term><said>What a row is about, beside its key: a "
               "mobile "
               "number, a mail address. The configuration names it, or a unique index does."
               "</said></meaning><meaning><term>source, target</term><said>The source is what "
               "should be true, or the lost history; the target is what is being judged, or the "
               "live server.</said></meaning></legend>");
}

/* ---- how it was compared ---- */

static bool says_something(const char *option, size_t len)
{
    bool off = len == strlen("consistent=0") && memcmp(option, "consistent=0", len) == 0;
    return len > 0 && option[len - 1] != '=' && !off;
}

/* The run's options are lines NAME=VALUE; those without a value say nothing. */
static void add_options(struct mr_doc *doc, const char *options)
{
    bool any = false;
    const char *next;
    for (const char *line = options; *line != '\0'; line = next) {
        size_t len = line_len(line, &next);
        if (!says_something(line, len))
            continue;
        if (!any)
            mr_doc_say(doc, "<p>Options that decide what is compared:");
        any = true;
        mr_doc_say(doc, "<br><code>");
        mr_doc_text(doc, line, len);
        mr_doc_say(doc, "</code>");
    }
    if (any)
        mr_doc_say(doc, "</p>");
}

/* What the result rests on: whoever doubts it finds here the options that decide what is compared,
 * and the id by which the run's statements are found in the servers' logs. */
void mr_parts_method(struct mr_edition *e)
{
    const struct mr_find_run *run = e->report->result->run;
    struct mr_doc *doc = &e->doc;
    const bool is_partial = e->report->result->proof.is_partial;
    mr_doc_say(doc,
               "<part method>How it was compared</part><prose><p>%s compared value by value, "
               "over exact encodings of the values. What differed was read again on both sides, "
               "until it was "
               "confirmed, gone, or still moving; only what was confirmed is counted "
               "here. Nothing was written to either server.</p>",
               is_partial
                   ? "Rows that the binary logs of both sides name since the run before, and "
                     "those that differed then, were read on both sides and"
                   : "Every row of both sides was read and");
    if (run->replication != NULL)
        mr_doc_say(doc, "<p>Replication, %s.</p>", run->replication);
    if (!run->objects_done)
        mr_doc_say(doc, "<p>Schema objects were not compared.</p>");
    add_options(doc, run->options);
    mr_doc_say(doc,
               "<p>Run <code>%s</code>, kept in <code>%s</code>; every statement on the "
               "servers carried this id.</p></prose><foot>myrecon " MR_VERSION "</foot>",
               run->uuid, e->report->case_path);
}
