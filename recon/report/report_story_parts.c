/* report_story_parts.c: what is told of the gate and of facts; see report_story_block.h. */
#include <string.h>

#include "recon/report/report_story_block.h"

#define FIRING_MAX 20
#define TABLES_MAX 50

static enum mr_doc_tone tone_of(const char *severity)
{
    if (severity == NULL || strcmp(severity, "unknown") == 0 ||
        strcmp(severity, "warning") == 0)
        return MR_TONE_WARN;
    return strcmp(severity, "critical") == 0 ? MR_TONE_BAD : MR_TONE_GOOD;
}

/* ---- the gate ---- */

static void add_firing(struct mr_teller *t, const struct mr_story_gate *gate)
{
    static const char *const head[] = {"Check", "Severity", "Priority", "What it says"};
    size_t shown = 0;
    for (size_t i = 0; i < gate->checks.count && shown < FIRING_MAX; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        if (!mr_story_check_fires(check))
            continue;
        if (shown++ == 0)
            mr_block_table(t, head, 4, 0);
        mr_block_cell(t, check->name);
        mr_block_cell(t, check->severity);
        mr_block_cell(t, check->priority);
        mr_block_cell(t, check->message);
    }
}

static void add_gate(struct mr_teller *t, const struct mr_story_gate *gate)
{
    uint64_t firing = 0, silenced = 0;
    for (size_t i = 0; i < gate->checks.count; i++) {
        const struct mr_story_check *check = mr_vec_at(&gate->checks, i);
        firing += mr_story_check_fires(check);
        silenced += check->silenced;
    }
    mr_strbuf_add_fmt(&t->words, "The gate of %s said %s at ", gate->server,
                      gate->verdict != NULL ? gate->verdict : "nothing whole");
    mr_report_time(&t->words, gate->started);
    mr_strbuf_add_str(&t->words, ": ");
    mr_report_count(&t->words, firing, "check fires", "checks fire");
    mr_strbuf_add_str(&t->words, " of ");
    mr_strbuf_add_grouped(&t->words, gate->checks.count);
    if (silenced > 0)
        mr_strbuf_add_fmt(&t->words, ", %llu silenced", (unsigned long long)silenced);
    mr_strbuf_add_str(&t->words, gate->baseline != NULL ? ", compared with a baseline."
                                                        : ", without a baseline.");
    if (gate->verdict == NULL)
        mr_strbuf_add_str(&t->words, " Its output was cut short.");
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

static void add_severity(struct mr_teller *t, const struct mr_story_check *check)
{
    mr_strbuf_add_str(&t->words, check != NULL ? check->severity : "not asked");
    mr_strbuf_add_str(&t->words, check != NULL && check->silenced ? ", silenced" : "");
    mr_block_cell_words(t);
}

void mr_block_changes(struct mr_teller *t)
{
    static const char *const head[] = {"Server", "Check", "Before", "After",
                                       "What it says now"};
    const struct mr_vec *changes = &t->story->changes;
    if (changes->count > 0)
        mr_block_table(t, head, 5, 0);
    for (size_t i = 0; i < changes->count; i++) {
        const struct mr_story_change *c = mr_vec_at(changes, i);
        mr_block_cell(t, c->server);
        mr_block_cell(t, c->name);
        add_severity(t, c->before);
        add_severity(t, c->after);
        mr_block_cell(t, c->after != NULL ? c->after->message : NULL);
    }
    if (t->story->unchanged > 0) {
        mr_report_count(&t->words, t->story->unchanged, "check of the gate says",
                        "checks of the gate say");
        mr_strbuf_add_str(&t->words, " what it said before.");
        mr_block_words(t, MR_TONE_PLAIN);
    }
}

/* ---- facts ---- */

void mr_block_facts(struct mr_teller *t, enum mr_story_when when)
{
    for (size_t i = 0; i < t->story->facts.count; i++) {
        const struct mr_story_facts *f = mr_vec_at(&t->story->facts, i);
        if (f->when != when)
            continue;
        mr_strbuf_add_fmt(&t->words, "Facts of %s were recorded at ", f->base.server.uri);
        mr_report_time(&t->words, f->base.recorded);
        mr_strbuf_add_str(&t->words, ": ");
        mr_report_count(&t->words, f->tables, "table", "tables");
        mr_strbuf_add_str(&t->words, f->exact ? " with " : " with about ");
        mr_report_count(&t->words, f->rows, "row", "rows");
        mr_strbuf_add_str(&t->words, ".");
        mr_block_words(t, MR_TONE_PLAIN);
    }
}

static bool has_changed(const struct mr_gate_table *a, const struct mr_gate_table *b)
{
    return b == NULL || a->rows != b->rows ||
           (a->has_greatest && b->has_greatest && strcmp(a->greatest, b->greatest) != 0);
}

static void add_pair(struct mr_teller *t, const struct mr_gate_table *before,
                     const struct mr_gate_table *after)
{
    const struct mr_gate_table *both[] = {before, after};
    mr_strbuf_add_fmt(&t->words, "%s.%s", before->db, before->name);
    mr_block_cell_words(t);
    for (size_t i = 0; i < 2; i++) {
        if (both[i] == NULL) {
            mr_block_cell(t, "gone");
            mr_block_cell(t, "");
            continue;
        }
        mr_strbuf_add_str(&t->words, both[i]->rows_exact ? "" : "about ");
        mr_block_number(t, both[i]->rows);
        mr_block_cell(t, both[i]->has_greatest ? both[i]->greatest : "");
    }
}

static void compare(struct mr_teller *t, const struct mr_gate_facts *before,
                    const struct mr_gate_facts *after)
{
    static const char *const head[] = {"Table", "Rows before", "Greatest key",
                                       "Rows after", "Greatest key"};
    size_t shown = 0, changed = 0;
    for (size_t i = 0; i < before->ntables; i++) {
        const struct mr_gate_table *table = &before->tables[i],
                                   *now =
                                       mr_gate_facts_table(after, table->db, table->name);
        if (!has_changed(table, now) || ++changed > TABLES_MAX)
            continue;
        if (shown++ == 0)
            mr_block_table(t, head, 5, 0x1eU);
        add_pair(t, table, now);
    }
    if (changed > shown) {
        mr_report_count(&t->words, changed - shown, "more table", "more tables");
        mr_strbuf_add_str(&t->words, " changed.");
        mr_block_words(t, MR_TONE_PLAIN);
    }
}

void mr_block_facts_changed(struct mr_teller *t)
{
    for (size_t i = 0; i < t->story->facts.count; i++) {
        const struct mr_story_facts *after = mr_vec_at(&t->story->facts, i);
        const char *uri = after->base.server.uri;
        const struct mr_story_facts *before =
            mr_story_facts_of(t->story, uri, MR_STORY_BEFORE);
        if (before != NULL && after == mr_story_facts_of(t->story, uri, MR_STORY_AFTER))
            compare(t, &before->base.server, &after->base.server);
    }
}
