/* report_json.c: see report_json.h. */
#include "recon/report/report_json.h"

#include <inttypes.h>
#include <string.h>

#include "core/json/jsonw.h"
#include "recon/check/places_json.h"
#include "recon/report/report_history.h"
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
    struct mr_places places; /* of the duplicate under way */
    struct mr_strbuf text;
    bool nomem; /* a text was not whole */
};

/* Empties the text; that it had failed is not forgotten. */
static void fresh(struct json *j)
{
    j->nomem = j->nomem || j->text.failed;
    mr_strbuf_reset(&j->text);
}

/* A line that goes on behind its first members. */
static void end_line(struct json *j)
{
    mr_jsonw_object_end(&j->w);
    mr_jsonw_end_line(&j->w);
}

/* For as many counts. */
#define COUNTS                                                                                     \
    "missing:%" PRIu64 " extra:%" PRIu64 " changed:%" PRIu64 " collision:%" PRIu64 " moved:"       \
    "%" PRIu64
#define COUNTS_OF(c) (c)->missing, (c)->extra, (c)->changed, (c)->collision, (c)->moved

/* ---- values ---- */

/* As check writes it, unless its mask hides something. */
static enum mr_code put_value(struct json *j, const struct mr_value *value,
                              const struct mr_find_column *column, enum mr_mask mask,
                              struct mr_err *err)
{
    struct mr_strbuf plain = MR_STRBUF_INIT;
    bool plainly = mask == MR_MASK_OFF || value->cls == MR_CLASS_NULL ||
                   (mask == MR_MASK_FOUND && !mr_report_value_is_text(value->cls));
    fresh(j);
    if (plainly) {
        mr_value_to_json(&j->text, value, column->style);
        mr_jsonw_raw(&j->w, j->text.ptr, j->text.len);
    } else {
        mr_value_to_text(&plain, value, column->style);
        mr_mask_text(mr_report_value_is_binary(value->cls) ? MR_MASK_SECRET : mask,
                     mr_report_value_is_text(value->cls), plain.ptr, plain.len, &j->text);
        mr_jsonw_string(&j->w, j->text.ptr, j->text.len);
    }
    j->text.failed |= plain.failed;
    mr_strbuf_release(&plain);
    return mr_strbuf_check(&j->text, "writing JSON", err);
}

/* Values that cannot be read are null, and the code tells: the object must be closed in any case,
 * or what was written so far would be no JSON. */
static enum mr_code put_part(struct json *j, const struct mr_image *image, enum mr_image_part part,
                             struct mr_err *err)
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

static enum mr_code put_named(struct json *j, const char *name, const struct mr_image *image,
                              enum mr_image_part part, struct mr_err *err)
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

/* Equal tables have a line, too: otherwise nobody could tell a table that is equal from one that
 * was never looked at. */
static void table_line(struct json *j)
{
    const struct mr_find_table *t = j->columns.table;
    struct mr_jsonw *w = &j->w;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w, "type:table table:%s target_table:%s verdict:%s", t->name, t->target_name,
                     mr_verdict_name(t->verdict));
    if (t->verdict == MR_VERDICT_NOT_CHECKED)
        mr_jsonw_add_str(w, "reason", t->reason);
    put_columns(j, "key", MR_IMAGE_KEY);
    put_columns(j, "identity", MR_IMAGE_IDENTITY);
    put_masked(j);
    mr_jsonw_add_fmt(w,
                     "people:%d source_rows:%" PRIu64 " target_rows:%" PRIu64 " " COUNTS
                     " null_identities:%" PRIu64 " schema:%s",
                     t->subject != MR_SUBJECT_NO, t->counts.source_rows, t->counts.target_rows,
                     COUNTS_OF(&t->counts), t->counts.null_identities,
                     t->schema_differs ? "different" : "equal");
    const char *note =
        mr_check_result_note(j->report->result, (size_t)(t - j->report->result->tables));
    if (note != NULL)
        mr_jsonw_add_str(w, "note", note);
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
    mr_jsonw_add_fmt(&j->w, "from:%s rows:%" PRIu64 " equal_rows:%" PRIu64 " rows_before:%" PRIu64,
                     tail->from, tail->rows, tail->equal, tail->diverged_before);
    mr_jsonw_object_end(&j->w);
}

/* null where there is no time at all; rows without one are counted, so that from and to are not
 * taken for the bounds of all. */
static void put_times(struct json *j, const struct mr_report_survey *s)
{
    const struct mr_report_times *t = &s->times;
    mr_jsonw_key(&j->w, "created");
    if (t->dated == 0) {
        mr_jsonw_null(&j->w);
        return;
    }
    mr_jsonw_object_begin(&j->w);
    fresh(j);
    mr_times_add_moment(&j->text, t->min_s);
    mr_jsonw_add_fmt(&j->w, "column:%s from:%s",
                     j->columns.table->columns[j->columns.table->time_at].name, j->text.ptr);
    fresh(j);
    mr_times_add_moment(&j->text, t->max_s);
    mr_jsonw_add_fmt(&j->w, "to:%s undated_rows:%" PRIu64, j->text.ptr, t->undated);
    mr_jsonw_object_end(&j->w);
}

/* All runs are counted, but only the longest have lines; their number in the first line tells
 * whether some are left out. */
static void where_lines(struct json *j, const struct mr_report_survey *s)
{
    const char *table = j->columns.table->name;
    fresh(j);
    mr_survey_words(s, &j->text);
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_fmt(&j->w, "type:where table:%s text:%s runs:%" PRIu64, table, j->text.ptr,
                     s->all_runs);
    put_tail(j, &s->tail);
    put_times(j, s);
    end_line(j);
    for (size_t i = 0; i < s->nruns; i++)
        mr_jsonw_line(&j->w, "type:range table:%s from:%s to:%s rows:%" PRIu64, table,
                      s->runs[i].from, s->runs[i].to, s->runs[i].rows);
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

/* Both sides are always there, null for one that lacks the row, so that a reader needs no cases.
 * Without a key, the count tells equal rows apart from one. */
static enum mr_code row_line(void *ctx, enum mr_find_kind kind, uint64_t count, struct mr_err *err)
{
    struct json *j = ctx;
    const struct mr_image *images = j->samples.images;
    enum mr_code code = MR_OK;
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_fmt(&j->w, "type:row table:%s kind:%s", j->columns.table->name,
                     mr_kind_name(kind));
    if (j->columns.table->keyless) {
        mr_jsonw_add_str(&j->w, "key", NULL);
        mr_jsonw_add_uint(&j->w, "count", count);
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
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_fmt(&j->w, "type:moved table:%s", j->columns.table->name);
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
    mr_places_put(&j->places, &j->w);
    end_line(j);
    j->in_duplicate = false;
}

/* Rows come one at a time, and an identity may have any number: the line stays open while its keys
 * come, and is ended by whatever follows. */
static enum mr_code duplicate_line(void *ctx, const struct mr_find_duplicate *d, bool first,
                                   struct mr_err *err)
{
    struct json *j = ctx;
    const struct mr_image *row = &j->samples.images[0];
    enum mr_code code = MR_OK;
    if (first) {
        end_duplicate(j);
        j->in_duplicate = true;
        mr_jsonw_object_begin(&j->w);
        mr_jsonw_add_fmt(&j->w, "type:duplicate table:%s side:%s", j->columns.table->name,
                         d->side == 0 ? "source" : "target");
        code =
            put_named(j, "identity", row, d->place == NULL ? MR_IMAGE_IDENTITY : MR_IMAGE_KEY, err);
        mr_jsonw_key(&j->w, "keys");
        mr_jsonw_array_begin(&j->w);
    }
    if (code == MR_OK && d->place != NULL)
        code = mr_places_keep(&j->places, d->place, err);
    return code == MR_OK ? put_part(j, row, MR_IMAGE_KEY, err) : code;
}

static enum mr_code sample_lines(struct json *j, struct mr_err *err)
{
    static const struct mr_sample_fns fns = {row_line, moved_line, duplicate_line};
    j->places = (struct mr_places)MR_PLACES_INIT;
    mr_samples_init(&j->samples, j->report, j->columns);
    enum mr_code code = mr_samples_walk(&j->samples, &fns, j, err);
    end_duplicate(j);
    mr_places_release(&j->places);
    mr_samples_release(&j->samples);
    return code;
}

static enum mr_code history_line(void *ctx, const struct mr_row_history *row, struct mr_err *err)
{
    struct json *j = ctx;
    (void)err;
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_str(&j->w, "type", "history");
    mr_jsonw_add_str(&j->w, "table", j->columns.table->name);
    mr_jsonw_add_str(&j->w, "key", row->key);
    mr_jsonw_add_str(&j->w, "source_untold", row->untold[0][0] != '\0' ? row->untold[0] : NULL);
    mr_jsonw_add_str(&j->w, "target_untold", row->untold[1][0] != '\0' ? row->untold[1] : NULL);
    mr_jsonw_add_str(&j->w, "split", row->split);
    mr_jsonw_add_texts(&j->w, "changes", row->changes, row->nchanges);
    mr_jsonw_add_str(&j->w, "explained", row->explained);
    end_line(j);
    return MR_OK;
}

/* Drained after each table, so that the memory needed does not grow with the number of tables. The
 * survey is lent, for it is too large to be made anew for each. */
static enum mr_code table_lines(struct json *j, struct mr_report_survey *survey,
                                const struct mr_find_table *table, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    j->columns = (struct mr_report_columns){.table = table,
                                            .masks = mr_report_masks(j->report, table, &arena)};
    if (j->columns.masks == NULL)
        code = mr_err_nomem(err, "writing JSON");
    if (code == MR_OK)
        table_line(j);
    if (code == MR_OK && table->verdict == MR_VERDICT_DIVERGED) {
        code = mr_survey(survey, j->report, table, err);
        if (code == MR_OK) {
            where_lines(j, survey);
            mr_survey_release(survey);
            code = sample_lines(j, err);
            if (code == MR_OK)
                code = mr_report_history(j->report, j->columns, j->report->max_rows, history_line,
                                         j, err);
        }
    }
    mr_arena_release(&arena);
    return code == MR_OK ? mr_report_sink_drain(j->sink, err) : code;
}

/* ---- the run ---- */

static void run_line(struct json *j)
{
    const struct mr_find_run *run = j->report->result->run;
    mr_jsonw_line(&j->w,
                  "type:run schema:myrecon/report/1 run_id:%s source:%s target:%s "
                  "started:%s finished:%d replication:%s unmasked:%d",
                  run->uuid, run->source, run->target, run->started, run->finished,
                  run->replication, j->report->unmask);
}

static void object_lines(struct json *j)
{
    const struct mr_vec *objects = &j->report->result->objects;
    for (size_t i = 0; i < objects->count; i++) {
        const struct mr_find_object *o = mr_vec_at(objects, i);
        mr_jsonw_line(&j->w,
                      "type:object object:%s table:%s name:%s source:%s target:%s "
                      "database:%s",
                      o->kind, o->table, o->name, o->source, o->target, o->database);
    }
}

/* Positions are strings: they go up to 2^64, and many readers of JSON round numbers above 2^53. */
static void counter_lines(struct json *j)
{
    for (size_t i = 0; i < j->report->counters.count; i++) {
        const struct mr_find_counter *c = mr_vec_at(&j->report->counters, i);
        const struct mr_find_table *table = mr_report_counter_table(j->report, c);
        const bool is_masked = mr_report_counter_is_masked(j->report, c);
        char next[2][24], greatest[2][24];
        for (int side = 0; side < 2; side++) {
            (void)snprintf(next[side], sizeof next[side], "%" PRIu64, c->next[side]);
            (void)snprintf(greatest[side], sizeof greatest[side], "%" PRIu64, c->greatest[side]);
        }
        mr_jsonw_line(&j->w,
                      "type:counter table:%s column:%s source_next:%s source_greatest:%s "
                      "source_gives_taken:%d target_next:%s target_greatest:%s "
                      "target_gives_taken:%d",
                      table != NULL ? table->name : NULL, c->column,
                      is_masked ? MR_MASK_DOTS : next[0], is_masked ? MR_MASK_DOTS : greatest[0],
                      mr_report_counter_collides(c, 0), is_masked ? MR_MASK_DOTS : next[1],
                      is_masked ? MR_MASK_DOTS : greatest[1], mr_report_counter_collides(c, 1));
    }
}

/* Only of a run in which rows differ. people is null, not 0, where nobody knows which table holds
 * them; reason says why. */
static void affected_line(struct json *j)
{
    const struct mr_report_people *people = &j->report->people;
    if (j->report->result->differing == 0)
        return;
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_fmt(&j->w, "type:affected");
    mr_jsonw_key(&j->w, "people");
    if (people->known)
        mr_jsonw_uint(&j->w, people->people);
    else
        mr_jsonw_null(&j->w);
    mr_jsonw_add_fmt(&j->w, "at_least:%d other_configuration:%d subjects:%s reason:%s",
                     people->at_least, people->other, people->subjects, people->why);
    for (size_t i = 0; people->known && i < MR_AFFECTED_REASONS; i++)
        if (1U << i != MR_AFFECTED_WINDOW)
            mr_jsonw_add_uint(&j->w, mr_affected_reason_names[i], people->by_reason[i]);
    end_line(j);
}

static void advice_lines(struct json *j)
{
    for (size_t i = 0; i < j->report->result->advice.count; i++) {
        const struct mr_find_advice *a = mr_vec_at(&j->report->result->advice, i);
        mr_jsonw_line(&j->w, "type:advice table:%s column:%s text:%s config:%s", a->table,
                      a->column, a->text, a->config);
    }
}

/* Names are part of the format, so that a script can act upon them: the texts beside them are for
 * people and may change. */
static void step_lines(struct json *j)
{
    static const char *const names[] = {[MR_NEXT_TWO_HISTORIES] = "two-histories",
                                        [MR_NEXT_RESEED] = "reseed",
                                        [MR_NEXT_IDENTITY] = "identity",
                                        [MR_NEXT_ONE_SIDED] = "one-sided",
                                        [MR_NEXT_NOT_CHECKED] = "not-checked",
                                        [MR_NEXT_RESUME] = "resume",
                                        [MR_NEXT_UNSETTLED] = "unsettled",
                                        [MR_NEXT_NOTHING] = "nothing",
                                        [MR_NEXT_KEEP] = "keep",
                                        [MR_NEXT_AFFECTED] = "affected",
                                        [MR_NEXT_HISTORY] = "history",
                                        [MR_NEXT_WHOLE] = "compare-whole",
                                        [MR_NEXT_PLAN] = "plan"};
    for (size_t i = 0; i < j->report->steps.items.count; i++) {
        const struct mr_next_step *step = mr_vec_at(&j->report->steps.items, i);
        mr_jsonw_line(&j->w, "type:step step:%s text:%s command:%s", names[step->kind], step->text,
                      step->command);
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

/* An interrupted run is "incomplete" whatever it has found: what it did not reach may be worse.
 * Seconds are rounded to what the clock is good for. */
static void summary_line(struct json *j)
{
    const struct mr_check_result *r = j->report->result;
    fresh(j);
    mr_report_headline(j->report, &j->text);
    mr_jsonw_object_begin(&j->w);
    mr_jsonw_add_fmt(
        &j->w,
        "type:summary verdict:%s text:%s tables:%" PRIu64 " diverged_tables:%" PRIu64 " "
        "not_checked:%" PRIu64 " rows:%" PRIu64 " " COUNTS " unsettled_rows:%" PRIu64
        " objects:%zu",
        r->interrupted ? "incomplete" : mr_check_result_verdict(r), j->text.ptr, r->ntables,
        r->diverged, r->not_checked, r->sums.source_rows + r->sums.target_rows, COUNTS_OF(&r->sums),
        r->unsettled_rows, r->objects.count);
    mr_jsonw_add_seconds(&j->w, r->run->seconds);
    mr_jsonw_add_str(&j->w, "not_visible", r->run->hidden);
    end_line(j);
}

/* The run first, for it says which format follows; the summary last, so that an output without it
 * is known to be cut short. */
static enum mr_code all_lines(struct json *j, struct mr_report_survey *survey, struct mr_err *err)
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
