/* report_md.c: see report_md.h. */
#include "recon/report/report_md.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "recon/report/report_escape.h"
#include "recon/report/report_overview.h"
#include "recon/report/report_samples.h"
#include "recon/report/report_story_page.h"
#include "recon/report/report_survey.h"
#include "recon/report/report_value.h"

#define TABLES_MAX 50   /* in the list */
#define SECTIONS_MAX 20 /* with rows */
#define OBJECTS_MAX 30
#define CELL_CHARS 80

/* The rows of one table, under way. */
struct md {
    const struct mr_report *report;
    struct mr_report_columns columns;
    struct mr_sample_quota quota;
    struct mr_image images[2];
    struct mr_report_value values[2];
    struct mr_strbuf rows, moved, text;
    uint64_t moved_shown;
    uint64_t different; /* rows of a table without a key, equal ones once */
};

static void escape_buf(struct mr_strbuf *out, struct mr_strbuf *text)
{
    mr_report_escape_md(out, text->ptr, text->len);
    out->failed |= text->failed;
    mr_strbuf_reset(text);
}

/* What a list leaves out. */
static void add_beyond(struct mr_strbuf *out, size_t all, size_t max)
{
    if (all <= max)
        return;
    mr_strbuf_add_str(out, "\nAnd ");
    mr_strbuf_add_grouped(out, all - max);
    mr_strbuf_add_str(out, " more.\n");
}

/* ---- the head ---- */

static void add_fact(struct mr_strbuf *out, const char *name, const char *value)
{
    mr_strbuf_add_fmt(out, "| %s | ", name);
    mr_report_escape_md_str(out, value);
    mr_strbuf_add_str(out, " |\n");
}

static void add_head(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool taken = false;
    mr_report_headline(report, &text);
    mr_strbuf_add_fmt(out, "# %s: ", mr_report_verdict(report));
    escape_buf(out, &text);
    mr_strbuf_add_str(out, "\n\n");
    if (report->story != NULL) {
        mr_strbuf_add_str(out, "**");
        mr_report_escape_md_str(out, report->telling.conclusion);
        mr_strbuf_add_str(out, "**\n\n");
    }
    if (r->interrupted || r->incomplete)
        mr_strbuf_add_str(out,
                          "**The result is not complete:** what is not here may still "
                          "differ.\n\n");
    mr_strbuf_add_str(out, "1. ");
    mr_report_escape_md_str(out, mr_report_lead(report, &taken));
    mr_strbuf_add_char(out, '\n');
    for (size_t i = taken ? 1 : 0; i < report->steps.items.count; i++) {
        const struct mr_next_step *step = mr_vec_at(&report->steps.items, i);
        mr_strbuf_add_str(out, "1. ");
        mr_report_escape_md_str(out, step->text);
        mr_strbuf_add_char(out, '\n');
    }
    mr_strbuf_add_char(out, '\n');
    mr_strbuf_add_str(out, "| | |\n|---|---|\n");
    add_fact(out, "source", r->run->source);
    add_fact(out, "target", r->run->target);
    add_fact(out, "compared", r->run->started);
    mr_report_count(&text, r->sums.source_rows + r->sums.target_rows, "row", "rows");
    mr_strbuf_add_str(&text, " in ");
    mr_report_duration(&text, r->run->seconds);
    add_fact(out, "read", text.ptr);
    add_fact(out, "run", r->run->uuid);
    if (report->people.known) {
        mr_strbuf_reset(&text);
        mr_report_people_words(&report->people, &text);
        add_fact(out, "touched", text.ptr);
    }
    if (r->run->replication != NULL)
        add_fact(out, "replication", r->run->replication);
    if (report->unmask)
        add_fact(out, "personal data", "not masked");
    out->failed |= text.failed;
    mr_strbuf_release(&text);
}

/* ---- the list ---- */

static bool is_listed(const struct mr_find_table *table)
{
    return table->verdict != MR_VERDICT_EQUAL || table->schema_differs;
}

static void add_table_line(struct mr_strbuf *out, const struct mr_find_table *table)
{
    const struct mr_find_counts *c = &table->counts;
    const uint64_t numbers[] = {c->source_rows, c->target_rows, c->collision, c->moved,
                                c->changed,     c->missing,     c->extra};
    mr_strbuf_add_str(out, "| ");
    mr_report_escape_md_str(out, table->name);
    mr_strbuf_add_fmt(out, " | %s |", mr_verdict_name(table->verdict));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        mr_strbuf_add_char(out, ' ');
        mr_strbuf_add_grouped(out, numbers[i]);
        mr_strbuf_add_str(out, " |");
    }
    mr_strbuf_add_fmt(out, " %s |\n", table->schema_differs ? "different" : "equal");
}

static void add_list(struct mr_strbuf *out, const struct mr_report *report,
                     const size_t *order)
{
    const struct mr_check_result *r = report->result;
    uint64_t listed = 0, shown = 0;
    for (size_t i = 0; i < r->ntables; i++)
        listed += is_listed(&r->tables[i]);
    if (listed == 0)
        return;
    mr_strbuf_add_str(out,
                      "\n## Tables\n\n| table | verdict | source rows | target rows | "
                      "collision | moved | changed | missing | extra | schema |\n"
                      "|---|---|---:|---:|---:|---:|---:|---:|---:|---|\n");
    for (size_t i = 0; i < r->ntables && shown < TABLES_MAX; i++) {
        const struct mr_find_table *table = &r->tables[order[i]];
        if (!is_listed(table))
            continue;
        add_table_line(out, table);
        shown++;
    }
    if (listed > shown || r->ntables > listed) {
        mr_strbuf_add_str(out, "\nNot listed: ");
        mr_report_count(out, r->ntables - listed, "equal table", "equal tables");
        if (listed > shown) {
            mr_strbuf_add_str(out, " and ");
            mr_report_count(out, listed - shown, "other", "others");
        }
        mr_strbuf_add_str(out, ".\n");
    }
}

static void add_not_checked(struct mr_strbuf *out, const struct mr_report *report,
                            const size_t *order)
{
    const struct mr_check_result *r = report->result;
    size_t shown = 0;
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_find_table *table = &r->tables[order[i]];
        if (table->verdict != MR_VERDICT_NOT_CHECKED || table->reason == NULL ||
            shown++ >= TABLES_MAX)
            continue;
        mr_strbuf_add_str(out, shown == 1 ? "\nNot checked:\n\n- Table " : "- Table ");
        mr_report_escape_md_str(out, table->name);
        mr_strbuf_add_str(out, ": ");
        mr_report_escape_md_str(out, table->reason);
        mr_strbuf_add_char(out, '\n');
    }
    add_beyond(out, shown, TABLES_MAX);
}

/* ---- rows ---- */

static void add_value(struct mr_strbuf *out, const struct mr_report_value *value)
{
    const struct mr_strbuf *text = &value->text;
    switch (value->form) {
    case MR_FORM_ABSENT: mr_strbuf_add_str(out, "–"); return;
    case MR_FORM_NULL: mr_strbuf_add_str(out, "NULL"); return;
    case MR_FORM_EMPTY: mr_strbuf_add_str(out, "''"); return;
    case MR_FORM_TEXT: break;
    }
    struct mr_diff_view view =
        mr_diff_view(text->ptr, text->len, value->part, CELL_CHARS);
    mr_strbuf_add_str(out, view.from > 0 ? "…" : "");
    mr_report_escape_md(out, text->ptr + view.from, view.to - view.from);
    mr_strbuf_add_str(out, view.to < text->len ? "…" : "");
    mr_strbuf_add_str(out, value->alike ? " (differs)" : "");
}

static enum mr_code add_key(struct md *m, struct mr_strbuf *out,
                            const struct mr_image *image, enum mr_image_part part,
                            bool names, struct mr_err *err)
{
    enum mr_code code = mr_report_row_add(&m->text, m->columns, image, part, names, err);
    escape_buf(out, &m->text);
    return code;
}

static const struct mr_image *either(const struct md *m)
{
    return mr_image_is_row(&m->images[0]) ? &m->images[0] : &m->images[1];
}

/* A column of a row that has both sides, as a line of the table. */
static enum mr_code add_pair_lines(struct md *m, const struct mr_finding *f,
                                   struct mr_err *err)
{
    const struct mr_find_table *table = m->columns.table;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++) {
        if (!mr_image_differs(&m->images[0], &m->images[1], i, &table->columns[i]))
            continue;
        mr_strbuf_add_fmt(&m->rows, "| %s | ", mr_kind_name(f->kind));
        code = add_key(m, &m->rows, either(m), MR_IMAGE_KEY, true, err);
        mr_strbuf_add_str(&m->rows, " | ");
        mr_report_escape_md_str(&m->rows, table->columns[i].name);
        if (code == MR_OK)
            code = mr_report_value_load_pair(m->values, m->images, table, i,
                                             m->columns.masks[i], err);
        for (int side = 0; side < 2; side++) {
            mr_strbuf_add_str(&m->rows, " | ");
            add_value(&m->rows, &m->values[side]);
        }
        mr_strbuf_add_str(&m->rows, " |\n");
    }
    return code;
}

/* A row of one side: what it is about stands in that side's column. */
static enum mr_code add_single_line(struct md *m, const struct mr_finding *f,
                                    struct mr_err *err)
{
    const struct mr_find_table *table = m->columns.table;
    bool in_source = mr_image_is_row(&m->images[0]);
    enum mr_code code = MR_OK;
    struct mr_strbuf about = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&m->rows, "| %s | ", mr_kind_name(f->kind));
    if (table->keyless)
        mr_report_count(&m->rows, f->count, "row", "equal rows");
    else
        code = add_key(m, &m->rows, either(m), MR_IMAGE_KEY, true, err);
    if (code == MR_OK && table->identity_known)
        code = add_key(m, &about, either(m), MR_IMAGE_IDENTITY, true, err);
    else if (code == MR_OK && table->keyless)
        code = add_key(m, &about, either(m), MR_IMAGE_ROW, true, err);
    const char *text = about.len > 0 ? about.ptr : "there";
    mr_strbuf_add_fmt(&m->rows, " | | %s | %s |\n", in_source ? text : "–",
                      in_source ? "–" : text);
    m->rows.failed |= about.failed;
    mr_strbuf_release(&about);
    return code;
}

static enum mr_code collect(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct md *m = ctx;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    m->different++;
    if (!mr_sample_take(&m->quota, f->kind))
        return MR_OK;
    enum mr_code code = mr_image_open(&m->images[0], f->source, f->source_len, err);
    if (code == MR_OK)
        code = mr_image_open(&m->images[1], f->target, f->target_len, err);
    if (code != MR_OK)
        return code;
    bool pair = mr_image_is_row(&m->images[0]) && mr_image_is_row(&m->images[1]);
    return pair ? add_pair_lines(m, f, err) : add_single_line(m, f, err);
}

static enum mr_code collect_moved(void *ctx, const struct mr_finding *source,
                                  const struct mr_finding *target, struct mr_err *err)
{
    struct md *m = ctx;
    if (m->moved_shown == m->report->max_rows)
        return MR_OK;
    m->moved_shown++;
    enum mr_code code =
        mr_image_open(&m->images[0], source->source, source->source_len, err);
    if (code == MR_OK)
        code = mr_image_open(&m->images[1], target->target, target->target_len, err);
    mr_strbuf_add_str(&m->moved, "| ");
    if (code == MR_OK)
        code = add_key(m, &m->moved, &m->images[0], MR_IMAGE_IDENTITY, false, err);
    for (int side = 0; code == MR_OK && side < 2; side++) {
        mr_strbuf_add_str(&m->moved, " | ");
        code = add_key(m, &m->moved, &m->images[side], MR_IMAGE_KEY, true, err);
    }
    mr_strbuf_add_str(&m->moved, " |\n");
    return code;
}

static void add_rows(struct md *m, struct mr_strbuf *out)
{
    if (m->rows.len > 0)
        mr_strbuf_add_str(out, "\n| kind | key | column | source | target |\n"
                               "|---|---|---|---|---|\n");
    mr_strbuf_add(out, m->rows.ptr, m->rows.len);
    if (m->moved.len > 0)
        mr_strbuf_add_str(out, "\n| moved | source key | target key |\n|---|---|---|\n");
    mr_strbuf_add(out, m->moved.ptr, m->moved.len);
    out->failed |= m->rows.failed || m->moved.failed || m->text.failed;
}

static void add_more(struct mr_strbuf *out, const struct md *m)
{
    const struct mr_find_counts *c = &m->columns.table->counts;
    bool keyless = m->columns.table->keyless;
    uint64_t all =
        keyless ? m->different : c->collision + c->changed + c->missing + c->extra;
    if (all > m->report->max_rows) {
        mr_strbuf_add_str(out, "\nThe first of ");
        mr_report_count(out, all, keyless ? "different row" : "row",
                        keyless ? "different rows" : "rows");
        mr_strbuf_add_str(out, "; the case file keeps all.\n");
    }
}

static enum mr_code add_section(const struct mr_report *report,
                                const struct mr_find_table *table, struct mr_strbuf *out,
                                struct mr_report_survey *survey, struct mr_err *err)
{
    struct md m = {.report = report,
                   .rows = MR_STRBUF_INIT,
                   .moved = MR_STRBUF_INIT,
                   .text = MR_STRBUF_INIT};
    enum mr_code code = mr_survey(survey, report, table, err);
    if (code != MR_OK)
        return code;
    for (int i = 0; i < 2; i++) {
        mr_image_init(&m.images[i]);
        mr_report_value_init(&m.values[i]);
    }
    m.columns = survey->columns;
    mr_sample_quota_init(&m.quota, &table->counts, report->max_rows);
    mr_strbuf_add_str(out, "\n## ");
    mr_report_escape_md_str(out, table->name);
    mr_strbuf_add_str(out, "\n\n");
    mr_survey_words(survey, &m.text);
    escape_buf(out, &m.text);
    mr_strbuf_add_char(out, '\n');
    code = mr_findings_walk(report->result->fd, table->id, false, collect, &m, err);
    if (code == MR_OK)
        code =
            mr_findings_walk_moved(report->result->fd, table->id, collect_moved, &m, err);
    add_rows(&m, out);
    add_more(out, &m);
    for (int i = 0; i < 2; i++) {
        mr_image_release(&m.images[i]);
        mr_report_value_release(&m.values[i]);
    }
    mr_strbuf_release(&m.rows);
    mr_strbuf_release(&m.moved);
    mr_strbuf_release(&m.text);
    mr_survey_release(survey);
    return code;
}

static enum mr_code add_sections(const struct mr_report *report, const size_t *order,
                                 struct mr_report_sink *sink, struct mr_err *err)
{
    const struct mr_check_result *r = report->result;
    struct mr_report_survey *survey = malloc(sizeof *survey);
    enum mr_code code =
        survey != NULL ? MR_OK : mr_err_nomem(err, "writing a table's section");
    for (size_t i = 0; code == MR_OK && i < r->diverged && i < SECTIONS_MAX; i++) {
        code = add_section(report, &r->tables[order[i]], &sink->buf, survey, err);
        if (code == MR_OK)
            code = mr_report_sink_drain(sink, err);
    }
    if (r->diverged > SECTIONS_MAX) {
        mr_strbuf_add_char(&sink->buf, '\n');
        mr_report_count(&sink->buf, r->diverged - SECTIONS_MAX, "more table differs",
                        "more tables differ");
        mr_strbuf_add_str(&sink->buf, ".\n");
    }
    free(survey);
    return code;
}

/* ---- the rest ---- */

static void add_objects(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_vec *objects = &report->result->objects;
    if (objects->count == 0)
        return;
    mr_strbuf_add_str(out, "\n## Schema objects that differ\n\n| object | in | name | "
                           "source | target |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < objects->count && i < OBJECTS_MAX; i++) {
        const struct mr_find_object *o = mr_vec_at(objects, i);
        const char *scope = o->table != NULL ? o->table : o->database;
        struct mr_report_value values[2];
        mr_report_value_init(&values[0]);
        mr_report_value_init(&values[1]);
        mr_report_value_set_texts(values, o->source, o->target);
        mr_strbuf_add_fmt(out, "| %s | ", o->kind);
        mr_report_escape_md_str(out, scope != NULL ? scope : "");
        mr_strbuf_add_str(out, " | ");
        mr_report_escape_md_str(out, o->name != NULL ? o->name : "");
        for (int side = 0; side < 2; side++) {
            mr_strbuf_add_str(out, " | ");
            add_value(out, &values[side]);
            out->failed |= values[side].text.failed;
            mr_report_value_release(&values[side]);
        }
        mr_strbuf_add_str(out, " |\n");
    }
    add_beyond(out, objects->count, OBJECTS_MAX);
}

static void add_counters(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_vec *counters = &report->counters;
    size_t shown = 0;
    for (size_t i = 0; i < counters->count; i++) {
        const struct mr_find_counter *c = mr_vec_at(counters, i);
        const struct mr_find_table *table = mr_report_counter_table(report, c);
        if (table == NULL || table->verdict != MR_VERDICT_DIVERGED ||
            shown++ >= TABLES_MAX)
            continue;
        if (shown == 1)
            mr_strbuf_add_str(out, "\n## AUTO\\_INCREMENT\n\n| column | source: next | "
                                   "greatest | target: next | greatest |\n"
                                   "|---|---:|---:|---:|---:|\n");
        mr_strbuf_add_str(out, "| ");
        mr_report_escape_md_str(out, table->name);
        mr_strbuf_add_char(out, '.');
        mr_report_escape_md_str(out, c->column);
        mr_strbuf_add_fmt(out,
                          " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n",
                          c->next[0], c->greatest[0], c->next[1], c->greatest[1]);
    }
    add_beyond(out, shown, TABLES_MAX);
}

enum mr_code mr_report_md(const struct mr_report *report, struct mr_report_sink *sink,
                          struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf *out = &sink->buf;
    const size_t *order = mr_overview_order(report, &arena);
    enum mr_code code = order != NULL ? MR_OK : mr_err_nomem(err, "writing the report");
    if (code == MR_OK) {
        add_head(out, report);
        if (report->story != NULL)
            mr_story_md(out, &report->telling);
        add_list(out, report, order);
        add_not_checked(out, report, order);
        code = add_sections(report, order, sink, err);
    }
    if (code == MR_OK) {
        add_objects(out, report);
        add_counters(out, report);
        code = mr_report_sink_drain(sink, err);
    }
    mr_arena_release(&arena);
    return code;
}
