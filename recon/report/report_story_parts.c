/* report_story_parts.c: what is said of the gate and of facts; see report_story_block.h. */
#include <string.h>

#include "recon/report/report_story_block.h"

#define FIRING_MAX 20
#define TABLES_MAX 50

static enum mr_doc_tone tone_of(const char *severity)
{
    if (severity == NULL || strcmp(severity, "unknown") == 0 || strcmp(severity, "warning") == 0)
        return MR_TONE_WARN;
    return strcmp(severity, "critical") == 0 ? MR_TONE_BAD : MR_TONE_GOOD;
}

/* ---- the gate ---- */

static void add_firing(struct mr_teller *t, const struct mr_story_gate *gate)
{
    size_t shown = 0;
    for (size_t i = 0; i < gate->checks.count && shown < FIRING_MAX; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        if (!mr_story_check_fires(check))
            continue;
        if (shown++ == 0)
            mr_doc_say(t->doc, "<texts><head><col>Check</col><col>Severity</col><col>"
                               "Priority</col><col>What it says</col></head><rows>");
        mr_doc_say(t->doc,
                   "<row><cell>%s</cell><cell>%s</cell><cell>%s</cell><cell>%s</cell>"
                   "</row>",
                   check->name, check->severity, check->priority, check->message);
    }
    if (shown > 0)
        mr_doc_say(t->doc, "</rows></table>");
}

/* What fires is listed only of the last output of its time: earlier ones were overtaken, and would
 * read as if they still held. */
static void add_gate(struct mr_teller *t, const struct mr_story_gate *gate)
{
    uint64_t firing = 0, silenced = 0;
    for (size_t i = 0; i < gate->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        firing += mr_story_check_fires(check);
        silenced += check->silenced;
    }
    mr_strbuf_add_fmt(&t->words, "The gate of %s said %s at %s: %s of %s", gate->server,
                      gate->verdict != NULL ? gate->verdict : "nothing whole",
                      mr_text_time(&t->texts, gate->started),
                      mr_text_count(&t->texts, firing, "check fires", "checks fire"),
                      mr_text_number(&t->texts, gate->checks.count));
    if (silenced > 0)
        mr_strbuf_add_fmt(&t->words, ", %llu silenced", (unsigned long long)silenced);
    mr_strbuf_add_fmt(&t->words, ", %s a baseline.%s",
                      gate->baseline != NULL ? "compared with" : "without",
                      gate->verdict == NULL ? " Its output was cut short." : "");
    mr_block_words(t, tone_of(gate->verdict));
    if (gate == mr_story_gate_of(t->story, gate->server, gate->when))
        add_firing(t, gate);
}

void mr_block_gates(struct mr_teller *t, enum mr_story_when when)
{
    for (size_t i = 0; i < t->story->gates.count; i++) {
        const struct mr_story_gate *gate = mr_vec_at(&t->story->gates, i);
        if (gate->when == when)
            add_gate(t, gate);
    }
}

static const char *severity_of(const struct mr_story_check *check)
{
    return check != NULL ? check->severity : "not asked";
}

static const char *silenced_of(const struct mr_story_check *check)
{
    return check != NULL && check->silenced ? ", silenced" : "";
}

/* Whether the repair healed what the gate had complained of, and broke nothing: what is as before
 * is only counted. */
void mr_block_changes(struct mr_teller *t)
{
    const struct mr_vec *changes = &t->story->changes;
    if (changes->count + t->story->unchanged > 0)
        mr_block_begin(t);
    for (size_t i = 0; i < changes->count; i++) {
        const struct mr_story_change *c = mr_vec_at(changes, i);
        if (i == 0)
            mr_doc_say(t->doc, "<texts><head><col>Server</col><col>Check</col><col>Before"
                               "</col><col>After</col><col>What it says now</col></head>"
                               "<rows>");
        mr_doc_say(t->doc,
                   "<row><cell>%s</cell><cell>%s</cell><cell>%s%s</cell><cell>%s%s</cell>"
                   "<cell>%s</cell></row>",
                   c->server, c->name, severity_of(c->before), silenced_of(c->before),
                   severity_of(c->after), silenced_of(c->after),
                   c->after != NULL ? c->after->message : "");
    }
    if (changes->count > 0)
        mr_doc_say(t->doc, "</rows></table>");
    if (t->story->unchanged > 0)
        mr_doc_say(t->doc, "<p>%s what it said before.</p>",
                   mr_text_count(&t->texts, t->story->unchanged, "check of the gate says",
                                 "checks of the gate say"));
}

/* ---- facts ---- */

void mr_block_facts(struct mr_teller *t, enum mr_story_when when)
{
    for (size_t i = 0; i < t->story->facts.count; i++) {
        const struct mr_story_facts *f = mr_vec_at(&t->story->facts, i);
        if (f->when != when)
            continue;
        mr_block_begin(t);
        mr_doc_say(t->doc, "<p>Facts of %s were recorded at %s: %s with %s%s.</p>",
                   f->base.server.uri, mr_text_time(&t->texts, f->base.recorded),
                   mr_text_count(&t->texts, f->tables, "table", "tables"), f->exact ? "" : "about ",
                   mr_text_count(&t->texts, f->rows, "row", "rows"));
    }
}

static bool has_changed(const struct mr_gate_table *a, const struct mr_gate_table *b)
{
    return b == NULL || a->rows != b->rows ||
           (a->has_greatest && b->has_greatest && strcmp(a->greatest, b->greatest) != 0);
}

static void add_rows(struct mr_teller *t, const struct mr_gate_table *table)
{
    if (table == NULL)
        mr_doc_say(t->doc, "<number>gone</number><number></number>");
    else
        mr_doc_say(t->doc, "<number>%s%s</number><number>%s</number>",
                   table->rows_exact ? "" : "about ", mr_text_number(&t->texts, table->rows),
                   table->has_greatest ? table->greatest : "");
}

/* Tables whose rows and greatest keys are as before are left out. One that is gone is a change,
 * whatever it held. */
static void compare(struct mr_teller *t, const struct mr_gate_facts *before,
                    const struct mr_gate_facts *after)
{
    size_t changed = 0;
    for (size_t i = 0; i < before->ntables; i++) {
        const struct mr_gate_table *table = &before->tables[i],
                                   *now = mr_gate_facts_table(after, table->db, table->name);
        if (!has_changed(table, now) || ++changed > TABLES_MAX)
            continue;
        mr_block_begin(t);
        if (changed == 1)
            mr_doc_say(t->doc, "<table><head><col>Table</col><ncol>Rows before</ncol>"
                               "<ncol>Greatest key</ncol><ncol>Rows after</ncol><ncol>"
                               "Greatest key</ncol></head><rows>");
        mr_doc_say(t->doc, "<row><cell>%s.%s</cell>", table->db, table->name);
        add_rows(t, table);
        add_rows(t, now);
        mr_doc_say(t->doc, "</row>");
    }
    if (changed > 0)
        mr_doc_say(t->doc, "</rows></table>");
    if (changed > TABLES_MAX)
        mr_doc_say(t->doc, "<p>%s changed.</p>",
                   mr_text_count(&t->texts, changed - TABLES_MAX, "more table", "more tables"));
}

void mr_block_facts_changed(struct mr_teller *t)
{
    for (size_t i = 0; i < t->story->facts.count; i++) {
        const struct mr_story_facts *after = mr_vec_at(&t->story->facts, i);
        const char *uri = after->base.server.uri;
        const struct mr_story_facts *before = mr_story_facts_of(t->story, uri, MR_STORY_BEFORE);
        if (before != NULL && after == mr_story_facts_of(t->story, uri, MR_STORY_AFTER))
            compare(t, &before->base.server, &after->base.server);
    }
}
