/* check_json.c: see check_json.h. */
#include "recon/check/check_json.h"

#include <string.h>

#include "core/case/image.h"
#include "recon/check/check_ranges.h"
#include "recon/check/check_unexplained.h"
#include "recon/check/places_json.h"

struct json {
    const struct mr_check_result *result;
    const struct mr_find_table *table; /* of the lines under way */
    struct mr_jsonw w;
    struct mr_image source, target;
    uint64_t rows; /* row lines of the table so far */
    struct mr_unexplained_run logs;
    uint64_t told, unexplained; /* lines of the table so far; rows of all tables */
    bool in_duplicate;
    struct mr_places places; /* of the duplicate under way */
};

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

/* Names of the columns of a part, in its order. */
static void put_names(struct json *j, const char *key, enum mr_image_part part)
{
    mr_jsonw_key(&j->w, key);
    mr_jsonw_array_begin(&j->w);
    for (size_t n = 0; mr_image_part_column(j->table, part, n) < j->table->ncolumns; n++)
        mr_jsonw_str(&j->w, j->table->columns[mr_image_part_column(j->table, part, n)].name);
    mr_jsonw_array_end(&j->w);
}

static enum mr_code put_image(struct json *j, const char *key, const struct mr_image *image,
                              enum mr_image_part part, struct mr_err *err)
{
    mr_jsonw_key(&j->w, key);
    return mr_image_to_json(image, j->table, part, &j->w, err);
}

static void run_line(struct json *j)
{
    const struct mr_find_run *run = j->result->run;
    begin_line(j, "run");
    put_str(j, "schema", "myrecon/check/1");
    put_str(j, "run_id", run->uuid);
    put_str(j, "source", run->source);
    put_str(j, "target", run->target);
    put_str(j, "started", run->started);
    put_str(j, "replication", run->replication);
    end_line(j);
}

static void put_counts(struct json *j, const struct mr_find_counts *c)
{
    put_uint(j, "missing", c->missing);
    put_uint(j, "extra", c->extra);
    put_uint(j, "changed", c->changed);
    put_uint(j, "collision", c->collision);
    put_uint(j, "moved", c->moved);
}

/* Only where a plan explains anything: a case without plans has no word for it. */
static void put_explained(struct json *j, const struct mr_check_explained *explained)
{
    if (j->result->all_explained.rows > 0)
        put_uint(j, "explained", explained->rows);
}

static void table_line(struct json *j)
{
    const struct mr_find_table *t = j->table;
    begin_line(j, "table");
    put_str(j, "table", t->name);
    put_str(j, "verdict", mr_verdict_name(t->verdict));
    if (t->verdict == MR_VERDICT_NOT_CHECKED)
        put_str(j, "reason", t->reason);
    put_names(j, "key", MR_IMAGE_KEY);
    put_names(j, "identity", MR_IMAGE_IDENTITY);
    put_uint(j, "source_rows", t->counts.source_rows);
    put_uint(j, "target_rows", t->counts.target_rows);
    put_counts(j, &t->counts);
    put_uint(j, "null_identities", t->counts.null_identities);
    put_explained(j, &j->result->explained[t - j->result->tables]);
    put_str(j, "schema", t->schema_differs ? "different" : "equal");
    const char *note = mr_check_result_note(j->result, (size_t)(t - j->result->tables));
    if (note != NULL)
        put_str(j, "note", note);
    mr_check_proof_put_table(&j->result->proof, (size_t)(t - j->result->tables), &j->w);
    end_line(j);
}

static enum mr_code open_images(struct json *j, const struct mr_finding *f, struct mr_err *err)
{
    MR_TRY(mr_image_open(&j->source, f->source, f->source_len, err));
    return mr_image_open(&j->target, f->target, f->target_len, err);
}

/* The key of a finding: the source's where there is a source row. */
static enum mr_code put_key(struct json *j, const char *name, const struct mr_finding *f,
                            struct mr_err *err)
{
    enum mr_code code = open_images(j, f, err);
    const struct mr_image *image = mr_image_is_row(&j->source) ? &j->source : &j->target;
    return code == MR_OK ? put_image(j, name, image, MR_IMAGE_KEY, err) : code;
}

static enum mr_code range_line(void *ctx, const struct mr_check_range *range, struct mr_err *err)
{
    struct json *j = ctx;
    enum mr_code code = MR_OK;
    begin_line(j, "range");
    put_str(j, "table", j->table->name);
    if (range->from == NULL) {
        put_str(j, "from", NULL);
        put_str(j, "to", NULL);
    } else {
        code = put_key(j, "from", range->from, err);
        if (code == MR_OK)
            code = put_key(j, "to", range->to, err);
    }
    put_uint(j, "rows", range->rows);
    end_line(j);
    return code;
}

static void put_differing(struct json *j)
{
    mr_jsonw_key(&j->w, "columns");
    mr_jsonw_array_begin(&j->w);
    if (mr_image_is_row(&j->source) && mr_image_is_row(&j->target))
        for (size_t i = 0; i < j->table->ncolumns; i++)
            if (mr_image_differs(&j->source, &j->target, i, &j->table->columns[i]))
                mr_jsonw_str(&j->w, j->table->columns[i].name);
    mr_jsonw_array_end(&j->w);
}

static enum mr_code row_line(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct json *j = ctx;
    if (j->rows >= j->result->max_rows)
        return MR_OK;
    j->rows++;
    begin_line(j, "row");
    put_str(j, "table", j->table->name);
    put_str(j, "kind", mr_kind_name(f->kind));
    enum mr_code code = MR_OK;
    if (j->table->keyless) {
        put_str(j, "key", NULL);
        put_uint(j, "count", f->count);
        MR_TRY_OUT(open_images(j, f, err));
    } else {
        MR_TRY_OUT(put_key(j, "key", f, err));
    }
    MR_TRY_OUT(put_image(j, "source", &j->source, MR_IMAGE_ROW, err));
    MR_TRY_OUT(put_image(j, "target", &j->target, MR_IMAGE_ROW, err));
    put_differing(j);
out:
    end_line(j);
    return code;
}

/* Columns are those that no logged change explains; none where one side has no row. */
static enum mr_code unexplained_line(void *ctx, const struct mr_finding *f,
                                     const struct mr_explain *explain, struct mr_err *err)
{
    struct json *j = ctx;
    enum mr_code code = MR_OK;
    if (j->told >= j->result->max_rows)
        return MR_OK;
    j->told++;
    begin_line(j, "unexplained");
    put_str(j, "table", j->table->name);
    MR_TRY_OUT(put_key(j, "key", f, err));
    MR_TRY_OUT(put_image(j, "source", &j->source, MR_IMAGE_ROW, err));
    MR_TRY_OUT(put_image(j, "target", &j->target, MR_IMAGE_ROW, err));
    mr_jsonw_key(&j->w, "columns");
    mr_jsonw_array_begin(&j->w);
    if (mr_image_is_row(&j->source) && mr_image_is_row(&j->target))
        for (size_t i = 0; i < j->table->ncolumns; i++)
            if (mr_explain_column(explain, i)->changed == MR_CHANGED_UNEXPLAINED)
                mr_jsonw_str(&j->w, j->table->columns[i].name);
    mr_jsonw_array_end(&j->w);
    mr_jsonw_add_bool(&j->w, "rows_read_later", j->logs.is_later);
out:
    end_line(j);
    return code;
}

static enum mr_code unexplained_lines(struct json *j, struct mr_err *err)
{
    uint64_t count = 0;
    j->told = 0;
    if (!j->logs.has_evidence)
        return MR_OK;
    MR_TRY(mr_check_unexplained(j->result->fd, j->table, unexplained_line, j, &count, err));
    j->unexplained += count;
    return MR_OK;
}

/* A line that could not be filled is closed all the same, so that what was printed stays JSON. */
static enum mr_code moved_line(void *ctx, const struct mr_finding *source,
                               const struct mr_finding *target, struct mr_err *err)
{
    struct json *j = ctx;
    begin_line(j, "moved");
    put_str(j, "table", j->table->name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_image_open(&j->source, source->source, source->source_len, err));
    MR_TRY_OUT(mr_image_open(&j->target, target->target, target->target_len, err));
    MR_TRY_OUT(put_image(j, "identity", &j->source, MR_IMAGE_IDENTITY, err));
    MR_TRY_OUT(put_image(j, "source_key", &j->source, MR_IMAGE_KEY, err));
    MR_TRY_OUT(put_image(j, "target_key", &j->target, MR_IMAGE_KEY, err));
out:
    end_line(j);
    return code;
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

static enum mr_code duplicate_line(void *ctx, const struct mr_find_duplicate *d, bool first,
                                   struct mr_err *err)
{
    struct json *j = ctx;
    if (first)
        end_duplicate(j);
    enum mr_code code = mr_image_open(&j->source, d->image, d->image_len, err);
    if (code == MR_OK && first) {
        begin_line(j, "duplicate");
        put_str(j, "table", j->table->name);
        put_str(j, "side", d->side == 0 ? "source" : "target");
        code = put_image(j, "identity", &j->source,
                         d->place == NULL ? MR_IMAGE_IDENTITY : MR_IMAGE_KEY, err);
        mr_jsonw_key(&j->w, "keys");
        mr_jsonw_array_begin(&j->w);
        j->in_duplicate = true;
    }
    if (code == MR_OK)
        code = mr_image_to_json(&j->source, j->table, MR_IMAGE_KEY, &j->w, err);
    return code == MR_OK && d->place != NULL ? mr_places_keep(&j->places, d->place, err) : code;
}

static enum mr_code table_lines(struct json *j, struct mr_err *err)
{
    struct mr_findings *fd = j->result->fd;
    enum mr_code code = MR_OK;
    j->rows = 0;
    table_line(j);
    /* what lies between its rows is not known */
    const bool in_part = mr_check_result_is_in_part(j->table);
    if (j->table->verdict != MR_VERDICT_DIVERGED && !in_part)
        return MR_OK;
    if (!in_part)
        MR_TRY_OUT(mr_check_ranges(fd, j->table, range_line, j, err));
    if (j->result->max_rows > 0)
        MR_TRY_OUT(mr_findings_walk(fd, j->table->id, false, row_line, j, err));
    MR_TRY_OUT(mr_findings_walk_moved(fd, j->table->id, moved_line, j, err));
    MR_TRY_OUT(mr_findings_walk_duplicates(fd, j->table->id, duplicate_line, j, err));
    end_duplicate(j);
    MR_TRY_OUT(unexplained_lines(j, err));
out:
    end_duplicate(j);
    return code;
}

static void object_lines(struct json *j)
{
    for (size_t i = 0; i < j->result->objects.count; i++) {
        const struct mr_find_object *o = mr_vec_at(&j->result->objects, i);
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

static void advice_line(struct json *j, const struct mr_find_advice *a)
{
    begin_line(j, "advice");
    put_str(j, "table", a->table);
    put_str(j, "column", a->column);
    put_str(j, "text", a->text);
    put_str(j, "config", a->config);
    end_line(j);
}

static enum mr_code identity_line(struct json *j, struct mr_err *err)
{
    size_t at = mr_check_result_without_identity(j->result);
    if (at == j->result->ntables)
        return MR_OK;
    const struct mr_find_table *t = &j->result->tables[at];
    struct mr_strbuf config = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&config, "[table %s]\nidentity = COLUMN", t->name);
    advice_line(
        j, &(struct mr_find_advice){.table = t->name,
                                    .text = "rows differ under the same key and nothing else names "
                                            "them: if they can be other people, say which columns "
                                            "are the identity",
                                    .config = config.ptr});
    enum mr_code code = mr_strbuf_check(&config, "writing JSON", err);
    mr_strbuf_release(&config);
    return code;
}

static enum mr_code advice_lines(struct json *j, struct mr_err *err)
{
    MR_TRY(identity_line(j, err));
    for (size_t i = 0; i < j->result->advice.count; i++)
        advice_line(j, mr_vec_at(&j->result->advice, i));
    return MR_OK;
}

static void summary_line(struct json *j)
{
    const struct mr_check_result *r = j->result;
    begin_line(j, "summary");
    put_str(j, "verdict", mr_check_result_verdict(r));
    put_uint(j, "tables", r->ntables);
    put_uint(j, "rows", r->sums.source_rows + r->sums.target_rows);
    put_uint(j, "bytes", r->sums.bytes);
    put_counts(j, &r->sums);
    put_explained(j, &r->all_explained);
    put_uint(j, "objects", r->objects.count);
    mr_jsonw_add_seconds(&j->w, r->run->seconds);
    put_uint(j, "not_checked", r->not_checked);
    put_uint(j, "unsettled_rows", r->unsettled_rows);
    put_uint(j, "rows_not_printed", mr_check_result_not_printed(r));
    if (mr_check_result_trusts(r))
        mr_jsonw_add_bool(&j->w, "trust_manifest", true);
    if (j->logs.has_evidence)
        put_uint(j, "unexplained", j->unexplained);
    put_str(j, "not_visible", r->run->hidden);
    mr_check_proof_put_summary(&r->proof, &j->w);
    end_line(j);
}

enum mr_code mr_check_json(const struct mr_check_result *result, FILE *out, struct mr_err *err)
{
    struct json j = {.result = result, .places = MR_PLACES_INIT};
    enum mr_code code = MR_OK;
    mr_jsonw_init_file(&j.w, out);
    mr_image_init(&j.source);
    mr_image_init(&j.target);
    MR_TRY_OUT(mr_check_unexplained_run(result->fd, result->run, &j.logs, err));
    run_line(&j);
    for (size_t i = 0; i < result->ntables; i++) {
        j.table = &result->tables[i];
        MR_TRY_OUT(table_lines(&j, err));
    }
    object_lines(&j);
    MR_TRY_OUT(advice_lines(&j, err));

    summary_line(&j);
    MR_TRY_OUT(mr_jsonw_finish(&j.w, "standard output", err));

out:
    mr_places_release(&j.places);
    mr_image_release(&j.source);
    mr_image_release(&j.target);
    mr_jsonw_release(&j.w);
    return code;
}
