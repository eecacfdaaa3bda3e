/* report_json.c: see report_json.h. */
#include "recon/report/report_json.h"

#include <math.h>
#include <string.h>

#include "core/json/jsonw.h"
#include "recon/report/report_sample.h"
#include "recon/report/report_story_json.h"
#include "recon/report/report_survey.h"
#include "recon/report/report_value.h"

struct json {
    const struct mr_report *report;
    struct mr_report_sink *sink;
    struct mr_jsonw w;
    /* of the table under way */
    struct mr_report_columns columns;
    struct mr_samples samples;
    bool in_duplicate;
    struct mr_strbuf text;
    bool nomem; /* a text was not whole */
};

/* Empties the text; that it had failed is not forgotten. */
static void fresh(struct json *j)
{
    j->nomem = j->nomem || j->text.failed;
    mr_strbuf_reset(&j->text);
}

static void begin_line(struct json *j, const char *type)
{
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", type);
}

static void end_line(struct json *j)
{
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
}

static void put_str(struct json *j, const char *key, const char *value)
{
    mr_jsonw_add_str(&j->w, key, value);
}

static void put_uint(struct json *j, const char *key, uint64_t value)
{
    mr_jsonw_add_uint(&j->w, key, value);
}

static void put_bool(struct json *j, const char *key, bool value)
{
    mr_jsonw_add_bool(&j->w, key, value);
}

static void put_counts(struct json *j, const struct mr_find_counts *c)
{
    put_uint(j, "missing", c->missing);
    put_uint(j, "extra", c->extra);
    put_uint(j, "changed", c->changed);
    put_uint(j, "collision", c->collision);
    put_uint(j, "moved", c->moved);
}

/* ---- values ---- */

static bool is_text(enum mr_class cls)
{
    return cls == MR_CLASS_TEXT || cls == MR_CLASS_ENUM || cls == MR_CLASS_JSON;
}

static bool is_binary(enum mr_class cls)
{
    return cls == MR_CLASS_BINARY || cls == MR_CLASS_GEOMETRY;
}

/* As check writes it, unless its mask hides something. */
static enum mr_code put_value(struct json *j, const struct mr_value *value,
                              const struct mr_find_column *column, enum mr_mask mask,
                              struct mr_err *err)
{
    struct mr_strbuf plain = MR_STRBUF_INIT;
    bool plainly = mask == MR_MASK_OFF || value->cls == MR_CLASS_NULL ||
                   (mask == MR_MASK_FOUND && !is_text(value->cls));
    fresh(j);
    if (plainly) {
        mr_value_to_json(&j->text, value, column->style);
        mr_jsonw_raw(&j->w, j->text.ptr, j->text.len);
    } else {
        mr_value_to_text(&plain, value, column->style);
        mr_mask_text(is_binary(value->cls) ? MR_MASK_SECRET : mask, is_text(value->cls),
                     plain.ptr, plain.len, &j->text);
        mr_jsonw_string(&j->w, j->text.ptr, j->text.len);
    }
    j->text.failed |= plain.failed;
    mr_strbuf_release(&plain);
    return mr_strbuf_check(&j->text, "writing JSON", err);
}

static enum mr_code put_part(struct json *j, const struct mr_image *image,
                             enum mr_image_part part, struct mr_err *err)
{
    const struct mr_find_table *table = j->columns.table;
    enum mr_code code = MR_OK;
    if (!mr_image_is_row(image)) {
        mr_jsonw_null(&j->w);
        return MR_OK;
    }
    mr_jsonw_object_begin(&j->w);
    for (size_t n = 0; code == MR_OK; n++) {
        struct mr_value value;
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        code = mr_image_value(image, table->columns[i].show_at, &value, err);
        mr_jsonw_key(&j->w, table->columns[i].name);
        if (code == MR_OK)
            code = put_value(j, &value, &table->columns[i], j->columns.masks[i], err);
        else
            mr_jsonw_null(&j->w);
    }
    mr_jsonw_object_end(&j->w);
    return code;
}

static enum mr_code put_named(struct json *j, const char *name,
                              const struct mr_image *image, enum mr_image_part part,
                              struct mr_err *err)
{
    mr_jsonw_key(&j->w, name);
    return put_part(j, image, part, err);
}

static void put_columns(struct json *j, const char *key, enum mr_image_part part)
{
    const struct mr_find_table *table = j->columns.table;
    mr_jsonw_key(&j->w, key);
    mr_jsonw_array_begin(&j->w);
    for (size_t n = 0; mr_image_part_column(table, part, n) < table->ncolumns; n++)
        mr_jsonw_str(&j->w, table->columns[mr_image_part_column(table, part, n)].name);
    mr_jsonw_array_end(&j->w);
}

/* ---- a table ---- */

static void put_masked(struct json *j)
{
    const struct mr_find_table *table = j->columns.table;
    mr_jsonw_key(&j->w, "masked");
    mr_jsonw_array_begin(&j->w);
    for (size_t i = 0; i < table->ncolumns; i++)
        if (j->columns.masks[i] == MR_MASK_VALUE || j->columns.masks[i] == MR_MASK_SECRET)
            mr_jsonw_str(&j->w, table->columns[i].name);
    mr_jsonw_array_end(&j->w);
}

static void table_line(struct json *j)
{
    const struct mr_find_table *t = j->columns.table;
    begin_line(j, "table");
    put_str(j, "table", t->name);
    put_str(j, "target_table", t->target_name);
    put_str(j, "verdict", mr_verdict_name(t->verdict));
    if (t->verdict == MR_VERDICT_NOT_CHECKED)
        put_str(j, "reason", t->reason);
    put_columns(j, "key", MR_IMAGE_KEY);
    put_columns(j, "identity", MR_IMAGE_IDENTITY);
    put_masked(j);
    put_bool(j, "people", t->subject != MR_SUBJECT_NO);
    put_uint(j, "source_rows", t->counts.source_rows);
    put_uint(j, "target_rows", t->counts.target_rows);
    put_counts(j, &t->counts);
    put_uint(j, "null_identities", t->counts.null_identities);
    put_str(j, "schema", t->schema_differs ? "different" : "equal");
    if (t->note != NULL)
        put_str(j, "note", t->note);
    end_line(j);
}

static void put_tail(struct json *j, const struct mr_survey_tail *tail)
{
    mr_jsonw_key(&j->w, "tail");
    if (!tail->known) {
        mr_jsonw_null(&j->w);
        return;
    }
    mr_jsonw_object_begin(&j->w);
    put_str(j, "from", tail->from);
    put_uint(j, "rows", tail->rows);
    put_uint(j, "equal_rows", tail->equal);
    put_uint(j, "rows_before", tail->diverged_before);
    mr_jsonw_object_end(&j->w);
}

static void put_times(struct json *j, const struct mr_report_survey *s)
{
    const struct mr_report_times *t = &s->times;
    mr_jsonw_key(&j->w, "created");
    if (t->dated == 0) {
        mr_jsonw_null(&j->w);
        return;
    }
    mr_jsonw_object_begin(&j->w);
    put_str(j, "column", j->columns.table->columns[j->columns.table->time_at].name);
    fresh(j);
    mr_times_add_moment(&j->text, t->min_s);
    put_str(j, "from", j->text.ptr);
    fresh(j);
    mr_times_add_moment(&j->text, t->max_s);
    put_str(j, "to", j->text.ptr);
    put_uint(j, "undated_rows", t->undated);
    mr_jsonw_object_end(&j->w);
}

static void where_line(struct json *j, const struct mr_report_survey *s)
{
    begin_line(j, "where");
    put_str(j, "table", j->columns.table->name);
    fresh(j);
    mr_survey_words(s, &j->text);
    put_str(j, "text", j->text.ptr);
    put_uint(j, "runs", s->all_runs);
    put_tail(j, &s->tail);
    put_times(j, s);
    end_line(j);
}

static void run_lines(struct json *j, const struct mr_report_survey *s)
{
    for (size_t i = 0; i < s->nruns; i++) {
        begin_line(j, "range");
        put_str(j, "table", j->columns.table->name);
        put_str(j, "from", s->runs[i].from);
        put_str(j, "to", s->runs[i].to);
        put_uint(j, "rows", s->runs[i].rows);
        end_line(j);
    }
}

static void put_differing(struct json *j)
{
    const struct mr_find_table *table = j->columns.table;
    const struct mr_image *images = j->samples.images;
    bool pair = mr_samples_is_pair(&j->samples);
    mr_jsonw_key(&j->w, "columns");
    mr_jsonw_array_begin(&j->w);
    for (size_t i = 0; pair && i < table->ncolumns; i++)
        if (mr_image_differs(&images[0], &images[1], i, &table->columns[i]))
            mr_jsonw_str(&j->w, table->columns[i].name);
    mr_jsonw_array_end(&j->w);
}

static enum mr_code row_line(void *ctx, enum mr_find_kind kind, uint64_t count,
                             struct mr_err *err)
{
    struct json *j = ctx;
    const struct mr_image *images = j->samples.images;
    enum mr_code code = MR_OK;
    begin_line(j, "row");
    put_str(j, "table", j->columns.table->name);
    put_str(j, "kind", mr_kind_name(kind));
    if (j->columns.table->keyless) {
        put_str(j, "key", NULL);
        put_uint(j, "count", count);
    } else {
        code = put_named(j, "key", mr_samples_either(&j->samples), MR_IMAGE_KEY, err);
    }
    if (code == MR_OK)
        code = put_named(j, "source", &images[0], MR_IMAGE_ROW, err);
    if (code == MR_OK)
        code = put_named(j, "target", &images[1], MR_IMAGE_ROW, err);
    put_differing(j);
    end_line(j);
    return code == MR_OK ? mr_report_sink_drain(j->sink, err) : code;
}

static enum mr_code moved_line(void *ctx, struct mr_err *err)
{
    struct json *j = ctx;
    const struct mr_image *images = j->samples.images;
    begin_line(j, "moved");
    put_str(j, "table", j->columns.table->name);
    enum mr_code code = put_named(j, "identity", &images[0], MR_IMAGE_IDENTITY, err);
    if (code == MR_OK)
        code = put_named(j, "source_key", &images[0], MR_IMAGE_KEY, err);
    if (code == MR_OK)
        code = put_named(j, "target_key", &images[1], MR_IMAGE_KEY, err);
    end_line(j);
    return code == MR_OK ? mr_report_sink_drain(j->sink, err) : code;
}

static void end_duplicate(struct json *j)
{
    if (!j->in_duplicate)
        return;
    mr_jsonw_array_end(&j->w);
    end_line(j);
    j->in_duplicate = false;
}

static enum mr_code duplicate_line(void *ctx, int side, bool first, struct mr_err *err)
{
    struct json *j = ctx;
    const struct mr_image *row = &j->samples.images[0];
    enum mr_code code = MR_OK;
    if (first) {
        end_duplicate(j);
        j->in_duplicate = true;
        begin_line(j, "duplicate");
        put_str(j, "table", j->columns.table->name);
        put_str(j, "side", side == 0 ? "source" : "target");
        code = put_named(j, "identity", row, MR_IMAGE_IDENTITY, err);
        mr_jsonw_key(&j->w, "keys");
        mr_jsonw_array_begin(&j->w);
    }
    return code == MR_OK ? put_part(j, row, MR_IMAGE_KEY, err) : code;
}

static enum mr_code sample_lines(struct json *j, struct mr_err *err)
{
    static const struct mr_sample_fns fns = {row_line, moved_line, duplicate_line};
    mr_samples_init(&j->samples, j->report, j->columns);
    enum mr_code code = mr_samples_walk(&j->samples, &fns, j, err);
    end_duplicate(j);
    mr_samples_release(&j->samples);
    return code;
}

static enum mr_code table_lines(struct json *j, struct mr_report_survey *survey,
                                const struct mr_find_table *table, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    j->columns = (struct mr_report_columns){
        .table = table, .masks = mr_report_masks(j->report, table, &arena)};
    if (j->columns.masks == NULL)
        code = mr_err_nomem(err, "writing JSON");
    if (code == MR_OK)
        table_line(j);
    if (code == MR_OK && table->verdict == MR_VERDICT_DIVERGED) {
        code = mr_survey(survey, j->report, table, err);
        if (code == MR_OK) {
            where_line(j, survey);
            run_lines(j, survey);
            mr_survey_release(survey);
            code = sample_lines(j, err);
        }
    }
    mr_arena_release(&arena);
    return code == MR_OK ? mr_report_sink_drain(j->sink, err) : code;
}

/* ---- the run ---- */

static void run_line(struct json *j)
{
    const struct mr_find_run *run = j->report->result->run;
    begin_line(j, "run");
    put_str(j, "schema", "myrecon/report/1");
    put_str(j, "run_id", run->uuid);
    put_str(j, "source", run->source);
    put_str(j, "target", run->target);
    put_str(j, "started", run->started);
    put_bool(j, "finished", run->finished);
    put_str(j, "replication", run->replication);
    put_bool(j, "unmasked", j->report->unmask);
    end_line(j);
}

static void object_lines(struct json *j)
{
    for (size_t i = 0; i < j->report->result->objects.count; i++) {
        const struct mr_find_object *o = mr_vec_at(&j->report->result->objects, i);
        begin_line(j, "object");
        put_str(j, "object", o->kind);
        put_str(j, "table", o->table);
        put_str(j, "name", o->name);
        put_str(j, "source", o->source);
        put_str(j, "target", o->target);
        put_str(j, "database", o->database);
        end_line(j);
    }
}

static void counter_lines(struct json *j)
{
    static const char *const next[2] = {"source_next", "target_next"};
    static const char *const greatest[2] = {"source_greatest", "target_greatest"};
    static const char *const taken[2] = {"source_gives_taken", "target_gives_taken"};
    for (size_t i = 0; i < j->report->counters.count; i++) {
        const struct mr_find_counter *c = mr_vec_at(&j->report->counters, i);
        const struct mr_find_table *table = mr_report_counter_table(j->report, c);
        begin_line(j, "counter");
        put_str(j, "table", table != NULL ? table->name : NULL);
        put_str(j, "column", c->column);
        for (int side = 0; side < 2; side++) {
            fresh(j);
            mr_strbuf_add_fmt(&j->text, "%llu", (unsigned long long)c->next[side]);
            put_str(j, next[side], j->text.ptr);
            fresh(j);
            mr_strbuf_add_fmt(&j->text, "%llu", (unsigned long long)c->greatest[side]);
            put_str(j, greatest[side], j->text.ptr);
            put_bool(j, taken[side], mr_report_counter_collides(c, side));
        }
        end_line(j);
    }
}

static void affected_line(struct json *j)
{
    const struct mr_report_people *people = &j->report->people;
    if (j->report->result->diverged == 0)
        return;
    begin_line(j, "affected");
    mr_jsonw_key(&j->w, "people");
    if (people->known)
        mr_jsonw_uint(&j->w, people->people);
    else
        mr_jsonw_null(&j->w);
    put_bool(j, "at_least", people->at_least);
    put_bool(j, "other_configuration", people->other);
    put_str(j, "subjects", people->subjects);
    put_str(j, "reason", people->why);
    for (size_t i = 0; people->known && i < MR_AFFECTED_REASONS; i++)
        if (1U << i != MR_AFFECTED_WINDOW)
            put_uint(j, mr_affected_reason_names[i], people->by_reason[i]);
    end_line(j);
}

static void advice_lines(struct json *j)
{
    for (size_t i = 0; i < j->report->result->advice.count; i++) {
        const struct mr_find_advice *a = mr_vec_at(&j->report->result->advice, i);
        begin_line(j, "advice");
        put_str(j, "table", a->table);
        put_str(j, "column", a->column);
        put_str(j, "text", a->text);
        put_str(j, "config", a->config);
        end_line(j);
    }
}

static void step_lines(struct json *j)
{
    static const char *const names[] = {[MR_NEXT_TWO_HISTORIES] = "two-histories",
                                        [MR_NEXT_RESEED] = "reseed",
                                        [MR_NEXT_IDENTITY] = "identity",
                                        [MR_NEXT_NOT_CHECKED] = "not-checked",
                                        [MR_NEXT_RESUME] = "resume",
                                        [MR_NEXT_UNSETTLED] = "unsettled",
                                        [MR_NEXT_NOTHING] = "nothing"};
    for (size_t i = 0; i < j->report->steps.items.count; i++) {
        const struct mr_next_step *step = mr_vec_at(&j->report->steps.items, i);
        begin_line(j, "step");
        put_str(j, "step", names[step->kind]);
        put_str(j, "text", step->text);
        end_line(j);
    }
}

static void story_lines(struct json *j)
{
    if (j->report->story == NULL)
        return;
    fresh(j);
    enum mr_doc_tone tone = mr_story_conclude(j->report->story, &j->text);
    mr_story_json(&j->w, j->report->story, tone, j->text.ptr);
}

static void summary_line(struct json *j)
{
    const struct mr_check_result *r = j->report->result;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_report_headline(j->report, &text);
    begin_line(j, "summary");
    put_str(j, "verdict", r->interrupted ? "incomplete" : mr_check_result_verdict(r));
    put_str(j, "text", text.ptr);
    put_uint(j, "tables", r->ntables);
    put_uint(j, "diverged_tables", r->diverged);
    put_uint(j, "not_checked", r->not_checked);
    put_uint(j, "rows", r->sums.source_rows + r->sums.target_rows);
    put_counts(j, &r->sums);
    put_uint(j, "unsettled_rows", r->unsettled_rows);
    put_uint(j, "objects", r->objects.count);
    mr_jsonw_key(&j->w, "seconds");
    mr_jsonw_double(&j->w, round(r->run->seconds * 1000) / 1000);
    put_str(j, "not_visible", r->run->hidden);
    end_line(j);
    j->nomem = j->nomem || text.failed;
    mr_strbuf_release(&text);
}

static enum mr_code all_lines(struct json *j, struct mr_report_survey *survey,
                              struct mr_err *err)
{
    const struct mr_check_result *r = j->report->result;
    enum mr_code code = MR_OK;
    run_line(j);
    for (size_t i = 0; code == MR_OK && i < r->ntables; i++)
        code = table_lines(j, survey, &r->tables[i], err);
    if (code != MR_OK)
        return code;
    object_lines(j);
    counter_lines(j);
    affected_line(j);
    advice_lines(j);
    step_lines(j);
    story_lines(j);
    summary_line(j);
    fresh(j);
    if (j->nomem)
        return mr_err_nomem(err, "writing JSON");
    return code == MR_OK ? mr_jsonw_finish(&j->w, "the report", err) : code;
}

enum mr_code mr_report_json(const struct mr_report *report, struct mr_report_sink *sink,
                            struct mr_err *err)
{
    struct json j = {.report = report, .sink = sink, .text = MR_STRBUF_INIT};
    struct mr_report_survey *survey = malloc(sizeof *survey);
    mr_jsonw_init_buf(&j.w, &sink->buf);
    enum mr_code code =
        survey != NULL ? all_lines(&j, survey, err) : mr_err_nomem(err, "writing JSON");
    mr_strbuf_release(&j.text);
    mr_jsonw_release(&j.w);
    free(survey);
    return code == MR_OK ? mr_report_sink_drain(sink, err) : code;
}
