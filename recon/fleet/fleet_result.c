/* fleet_result.c: see fleet_result.h. */
#include "recon/fleet/fleet_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json/json_lines.h"
#include "recon/fleet/inventory.h"

#define FILE_BYTES ((size_t)1 << 30) /* of the most pairs that an inventory names, with reasons */

#define FIGURE(name, member) MR_JSON_MEMBER(name, MR_JSON_COUNT, struct mr_fleet_figures, member)
static const struct mr_json_member figure_members[] = {
    FIGURE("tables", tables),
    FIGURE("diverged", diverged),
    FIGURE("not_checked", not_checked),
    FIGURE("rows", rows),
    FIGURE("bytes", counts.bytes),
    FIGURE("missing", counts.missing),
    FIGURE("extra", counts.extra),
    FIGURE("changed", counts.changed),
    FIGURE("collision", counts.collision),
    FIGURE("moved", counts.moved),
    FIGURE("unsettled_rows", unsettled_rows),
    FIGURE("objects", objects),
};
static const struct mr_json_record figure_record =
    MR_JSON_RECORD(struct mr_fleet_figures, figure_members);

#define PAIR(name, type, member) MR_JSON_MEMBER(name, type, struct mr_fleet_result_pair, member)
static const struct mr_json_member pair_members[] = {
    PAIR("pair", MR_JSON_TEXT, name),
    MR_JSON_WORD_OF("verdict", &mr_fleet_words, struct mr_fleet_result_pair, verdict),
    PAIR("reason", MR_JSON_TEXT_OR_NULL, reason),
    PAIR("config", MR_JSON_TEXT_OR_NULL, config),
};
static const struct mr_json_record pair_record =
    MR_JSON_RECORD(struct mr_fleet_result_pair, pair_members);

#define RUN(name, member) MR_JSON_MEMBER(name, MR_JSON_TEXT, struct mr_fleet_result, member)
static const struct mr_json_member run_members[] = {
    RUN("run_id", run), RUN("fleet", fleet), RUN("created", created), RUN("started", started)};
static const struct mr_json_record run_record = MR_JSON_RECORD(struct mr_fleet_result, run_members);

/* Of the summary. */
struct sum {
    uint64_t pairs, parts, missing;
};
#define SUM(name, member) MR_JSON_MEMBER(name, MR_JSON_COUNT, struct sum, member)
static const struct mr_json_member sum_members[] = {SUM("pairs", pairs), SUM("parts", parts),
                                                    SUM("parts_missing", missing)};
static const struct mr_json_record sum_record = MR_JSON_RECORD(struct sum, sum_members);

struct reading {
    struct mr_arena *arena;
    struct mr_fleet_result *out;
    struct mr_vec pairs; /* struct mr_fleet_result_pair */
    struct sum sum;
    bool has_run, has_sum;
};

static enum mr_code refuse(struct mr_err *err, const char *what, const char *value)
{
    return mr_err_set(err, MR_E_REFUSED, "%s \"%s\"", what, value);
}

static enum mr_code take_run(struct reading *r, struct mr_json_reader *reader,
                             const struct json_t *line)
{
    const char *schema = mr_json_read_text(reader, line, "schema");
    if (reader->code == MR_OK && strcmp(schema, MR_FLEET_RESULT_SCHEMA) != 0)
        mr_json_read_refuse(reader, "schema", schema);
    mr_json_get_record(reader, line, &run_record, r->out);
    r->has_run = true;
    return reader->code;
}

static enum mr_code take_pair(struct reading *r, struct mr_json_reader *reader,
                              const struct json_t *line, struct mr_err *err)
{
    struct mr_fleet_result_pair *pair = mr_vec_push(&r->pairs);
    if (pair == NULL)
        return mr_err_nomem(err, reader->doing);
    *pair = (struct mr_fleet_result_pair){0};
    mr_json_get_record(reader, line, &pair_record, pair);
    mr_json_get_record(reader, line, &figure_record, &pair->figures);
    if (reader->code != MR_OK)
        return reader->code;
    if (mr_inventory_strange_name(pair->name) != NULL)
        return refuse(err, "no pair can be named", pair->name);
    if (pair->verdict != MR_FLEET_EQUAL && pair->verdict != MR_FLEET_DIVERGED &&
        pair->verdict != MR_FLEET_INCOMPLETE)
        return refuse(err, "there is no verdict of pair", pair->name);
    return MR_OK;
}

static enum mr_code take_line(void *ctx, const struct json_t *line, struct mr_err *err)
{
    struct reading *r = ctx;
    struct mr_json_reader reader = {
        .arena = r->arena, .err = err, .doing = "reading the result of a fleet"};
    const char *type = mr_json_read_text(&reader, line, "type");
    if (reader.code != MR_OK)
        return reader.code;
    if (r->has_sum)
        return refuse(err, "behind the summary stands a line of type", type);
    if (r->has_run != (strcmp(type, "run") != 0))
        return refuse(err, "in that place stands no line of type", type);
    if (strcmp(type, "run") == 0)
        return take_run(r, &reader, line);
    if (strcmp(type, "pair") == 0)
        return take_pair(r, &reader, line, err);
    if (strcmp(type, "summary") != 0)
        return refuse(err, "there is no line of type", type);
    mr_json_get_record(&reader, line, &sum_record, &r->sum);
    r->has_sum = true;
    return reader.code;
}

static int by_name(const void *a, const void *b)
{
    const struct mr_fleet_result_pair *const *x = a, *const *y = b;
    return strcasecmp((*x)->name, (*y)->name);
}

/* Also in letters of another case, as in an inventory. */
static enum mr_code refuse_twice(const struct mr_fleet_result *result, struct mr_arena *arena,
                                 struct mr_err *err)
{
    const struct mr_fleet_result_pair **sorted =
        mr_arena_calloc(arena, result->npairs + 1, sizeof *sorted);
    if (sorted == NULL)
        return mr_err_nomem(err, "reading the result of a fleet");
    for (size_t i = 0; i < result->npairs; i++)
        sorted[i] = &result->pairs[i];
    if (result->npairs > 1)
        qsort(sorted, result->npairs, sizeof *sorted, by_name);
    for (size_t i = 1; i < result->npairs; i++)
        if (by_name(&sorted[i - 1], &sorted[i]) == 0)
            return refuse(err, "it has two pairs", sorted[i]->name);
    return MR_OK;
}

static enum mr_code finish(struct reading *r, struct mr_err *err)
{
    struct mr_fleet_result *out = r->out;
    if (!r->has_run || !r->has_sum || r->sum.pairs != r->pairs.count)
        return mr_err_set(err, MR_E_REFUSED, "it was cut short, or lines of it are missing");
    out->npairs = r->pairs.count;
    out->parts = r->sum.parts;
    out->parts_missing = r->sum.missing;
    out->pairs = mr_arena_calloc(r->arena, out->npairs + 1, sizeof *out->pairs);
    if (out->pairs == NULL)
        return mr_err_nomem(err, "reading the result of a fleet");
    if (out->npairs > 0)
        memcpy(out->pairs, r->pairs.items, out->npairs * sizeof *out->pairs);
    return refuse_twice(out, r->arena, err);
}

static enum mr_code read_file(const char *path, struct reading *r, struct mr_err *err)
{
    struct stat st;
    enum mr_code code = MR_OK;
    if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is no directory that fleet merge has written",
                         r->out->dir);
        mr_err_hint(err, "Name what \"fleet merge DIR --output DIR2\" was given as DIR2.");
        return MR_E_REFUSED;
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* a pipe would be waited for */
        return mr_err_set(err, MR_E_REFUSED, "file \"%s\" is no regular file", path);
    code = mr_json_lines_read(path, FILE_BYTES, MR_JSON_LINES_WHOLE, take_line, r, err);
    if (code == MR_OK)
        code = finish(r, err);
    if (code != MR_E_REFUSED)
        return code;
    if (strstr(err->message, path) == NULL) /* a line that is no JSON names it */
        mr_err_context(err, "%s", path);
    mr_err_hint(err, "Merge the fleet again: myrecon fleet merge DIR --output DIR2.");
    return code;
}

enum mr_code mr_fleet_result_read(const char *dir, struct mr_arena *arena,
                                  struct mr_fleet_result *out, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct reading r = {
        .arena = arena, .out = out, .pairs = MR_VEC_INIT(struct mr_fleet_result_pair)};
    *out = (struct mr_fleet_result){.dir = dir};
    mr_strbuf_add_fmt(&path, "%s/%s", dir, MR_FLEET_RESULT_FILE);
    enum mr_code code = mr_strbuf_check(&path, "reading the result of a fleet", err);
    if (code == MR_OK)
        code = read_file(path.ptr, &r, err);
    mr_strbuf_release(&path);
    mr_vec_release(&r.pairs);
    return code;
}

void mr_fleet_figures_add(struct mr_fleet_figures *sum, const struct mr_fleet_figures *more)
{
    sum->tables += more->tables;
    sum->diverged += more->diverged;
    sum->not_checked += more->not_checked;
    sum->rows += more->rows;
    sum->unsettled_rows += more->unsettled_rows;
    sum->objects += more->objects;
    mr_find_counts_add(&sum->counts, &more->counts);
}

bool mr_fleet_figures_equal(const struct mr_fleet_figures *a, const struct mr_fleet_figures *b)
{
    return a->tables == b->tables && a->diverged == b->diverged &&
           a->not_checked == b->not_checked && a->rows == b->rows &&
           a->unsettled_rows == b->unsettled_rows && a->objects == b->objects &&
           a->counts.missing == b->counts.missing && a->counts.extra == b->counts.extra &&
           a->counts.changed == b->counts.changed && a->counts.collision == b->counts.collision &&
           a->counts.moved == b->counts.moved;
}

void mr_fleet_figures_put(struct mr_jsonw *w, const struct mr_fleet_figures *figures)
{
    mr_json_put_record(w, &figure_record, figures);
}
