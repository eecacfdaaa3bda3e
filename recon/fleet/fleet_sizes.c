/* fleet_sizes.c: see fleet_sizes.h. */
#include "recon/fleet/fleet_sizes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/run_id.h"
#include "core/base/version.h"
#include "core/file/io.h"
#include "core/file/sha256.h"
#include "core/json/json_reader.h"
#include "recon/check/check_scope.h"
#include "recon/fleet/fleet_answer.h"

#define MAX_BYTES ((size_t)1 << 30)
#define DOING "reading sizes"

/* ---- writing ---- */

void mr_fleet_sizes_put(struct mr_jsonw *w, const struct mr_fleet_table *table)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "table");
    mr_jsonw_key(w, "table");
    mr_jsonw_exact(w, table->name);
    mr_jsonw_add_uint(w, "bytes", table->bytes);
    mr_jsonw_add_uint(w, "rows", table->rows);
    if (table->ncuts > 0) {
        struct mr_strbuf hex = MR_STRBUF_INIT;
        mr_jsonw_add_texts(w, "order", table->order, MR_SIDES);
        mr_jsonw_key(w, "cuts");
        mr_jsonw_array_begin(w);
        for (size_t i = 0; i < table->ncuts; i++) {
            mr_strbuf_reset(&hex);
            mr_strbuf_add_hex(&hex, table->cuts[i].ptr, table->cuts[i].len);
            mr_jsonw_string(w, hex.ptr, hex.len);
        }
        mr_jsonw_array_end(w);
        w->out->failed = w->out->failed || hex.failed;
        mr_strbuf_release(&hex);
    }
    if (table->rough)
        mr_jsonw_add_bool(w, "rough", true);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static size_t put_pairs(struct mr_jsonw *w, const struct mr_fleet_sizes *sizes)
{
    size_t ntables = 0;
    for (size_t i = 0; i < sizes->npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &sizes->pairs[i];
        mr_jsonw_line(w, "type:pair pair:%s source:%s target:%s failed:%s", pair->name,
                      pair->uri[MR_SOURCE], pair->uri[MR_TARGET], pair->failed);
        for (size_t t = 0; t < pair->ntables; t++)
            mr_fleet_sizes_put(w, &pair->tables[t]);
        ntables += pair->ntables;
    }
    return ntables;
}

enum mr_code mr_fleet_sizes_save(const struct mr_fleet_sizes *sizes, const char *path,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_jsonw w;
    char created[MR_RUN_TIME_SIZE], hex[MR_SHA256_HEX];
    enum mr_code code = MR_OK;
    mr_run_id_time(created);
    mr_jsonw_init_buf(&w, &text);
    mr_jsonw_line(&w, "type:sizes schema:%s created:%s version:%s", MR_FLEET_SIZES_SCHEMA, created,
                  MR_VERSION);
    const size_t ntables = put_pairs(&w, sizes);
    MR_TRY_OUT(mr_jsonw_finish(&w, path, err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, hex, err));
    mr_jsonw_line(&w, "type:end pairs:%" PRIu64 " tables:%" PRIu64 " sha256:%s",
                  (uint64_t)sizes->npairs, (uint64_t)ntables, hex);
    MR_TRY_OUT(mr_jsonw_finish(&w, path, err));
    MR_TRY_OUT(mr_io_write_file(path, 0600, text.ptr, text.len, err));
out:
    mr_jsonw_release(&w);
    mr_strbuf_release(&text);
    return code;
}

/* ---- reading ---- */

/* Order and cuts come together, or not at all. */
static void read_cuts(struct mr_json_reader *r, const struct json_t *line,
                      struct mr_fleet_table *table)
{
    size_t norder = 0, ncuts = 0;
    if (r->code != MR_OK || !mr_json_has(line, "cuts"))
        return;
    const char *const *order = mr_json_read_texts(r, line, "order", &norder);
    const char *const *hex = mr_json_read_texts(r, line, "cuts", &ncuts);
    struct mr_key *cuts = mr_json_read_keep(r, mr_arena_calloc(r->arena, ncuts + 1, sizeof *cuts));
    if (r->code == MR_OK && norder != MR_SIDES)
        mr_json_read_refuse(r, "order", "that is not of two sides");
    for (size_t i = 0; r->code == MR_OK && i < ncuts; i++)
        cuts[i] = mr_scope_read_key(r, "cuts", hex[i]);
    if (r->code != MR_OK)
        return;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        table->order[side] = order[side];
    table->cuts = cuts;
    table->ncuts = ncuts;
}

static void read_table(struct mr_json_reader *r, const struct json_t *line,
                       struct mr_fleet_table *table)
{
    table->name = mr_json_read_exact(r, line, "table");
    if (r->code == MR_OK && table->name == NULL)
        mr_json_read_refuse(r, "table", "null");
    table->bytes = mr_json_read_number(r, line, "bytes");
    table->rows = mr_json_read_number(r, line, "rows");
    table->rough = mr_json_has(line, "rough") && mr_json_read_bool(r, line, "rough");
    read_cuts(r, line, table);
}

static int by_table(const void *a, const void *b)
{
    return strcmp(((const struct mr_fleet_table *)a)->name,
                  ((const struct mr_fleet_table *)b)->name);
}

/* The tables that were read, by name; one that comes twice would be counted twice. */
static enum mr_code keep_tables(struct mr_vec *tables, struct mr_fleet_sizes_pair *pair,
                                struct mr_arena *arena, struct mr_err *err)
{
    const size_t bytes = tables->count * sizeof(struct mr_fleet_table);
    struct mr_fleet_table *kept = mr_arena_alloc(arena, bytes + 1);
    if (kept == NULL)
        return mr_err_nomem(err, DOING);
    if (tables->count > 0)
        memcpy(kept, tables->items, bytes);
    if (tables->count > 1)
        qsort(kept, tables->count, sizeof *kept, by_table);
    for (size_t i = 1; i < tables->count; i++)
        if (by_table(&kept[i - 1], &kept[i]) == 0)
            return mr_err_set(err, MR_E_REFUSED, "pair \"%s\" has table \"%s\" twice", pair->name,
                              kept[i].name);
    pair->tables = kept;
    pair->ntables = tables->count;
    mr_vec_clear(tables);
    return MR_OK;
}

/* ---- of a survey ---- */

struct taker {
    struct mr_arena *arena;
    struct mr_vec tables;
};

/* Of other types is only the summary, which the answer's reader looks for. */
static enum mr_code take_line(void *ctx, const char *type, const struct json_t *line,
                              struct mr_fleet_said said, struct mr_err *err)
{
    struct taker *t = ctx;
    struct mr_json_reader r = {.arena = t->arena, .err = err, .doing = DOING};
    (void)said;
    if (strcmp(type, "table") != 0)
        return MR_OK;
    struct mr_fleet_table *table = mr_vec_push(&t->tables);
    if (table == NULL)
        return mr_err_nomem(err, DOING);
    read_table(&r, line, table);
    return r.code;
}

enum mr_code mr_fleet_sizes_take(const struct mr_fleet_task *task, struct mr_fleet_sizes_pair *pair,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct taker t = {.arena = arena, .tables = MR_VEC_INIT(struct mr_fleet_table)};
    enum mr_code code = mr_fleet_answer_read(task, take_line, &t, arena, &pair->failed, err);
    if (code == MR_OK && pair->failed == NULL)
        code = keep_tables(&t.tables, pair, arena, err);
    mr_vec_release(&t.tables);
    return code;
}

/* ---- of a file ---- */

struct loader {
    struct mr_json_reader r;
    struct mr_fleet_sizes *sizes;
    struct mr_fleet_sizes_pair **by_name; /* the caller's */
    bool *had;                            /* as sizes->pairs */
    struct mr_fleet_sizes_pair *pair;     /* whose tables come; NULL: of nobody who is asked for */
    struct mr_vec tables;
};

static int by_pair(const void *a, const void *b)
{
    return strcmp((*(const struct mr_fleet_sizes_pair *const *)a)->name,
                  (*(const struct mr_fleet_sizes_pair *const *)b)->name);
}

/* A pair has failed until the file has it. */
static enum mr_code loader_begin(struct loader *l, struct mr_err *err)
{
    const size_t count = l->sizes->npairs;
    l->by_name = calloc(count + 1, sizeof *l->by_name);
    l->had = calloc(count + 1, sizeof *l->had);
    if (l->by_name == NULL || l->had == NULL)
        return mr_err_nomem(err, DOING);
    for (size_t i = 0; i < count; i++) {
        l->by_name[i] = &l->sizes->pairs[i];
        l->sizes->pairs[i].failed = "the recorded sizes do not have it";
    }
    if (count > 1)
        qsort(l->by_name, count, sizeof *l->by_name, by_pair);
    return MR_OK;
}

static enum mr_code end_pair(struct loader *l)
{
    if (l->pair == NULL || l->pair->failed != NULL) {
        mr_vec_clear(&l->tables);
        return MR_OK;
    }
    return keep_tables(&l->tables, l->pair, l->r.arena, l->r.err);
}

/* Sizes of other servers are no sizes of these. */
static enum mr_code begin_pair(struct loader *l, const struct json_t *line)
{
    struct mr_json_reader *r = &l->r;
    const struct mr_fleet_sizes_pair key = {.name = mr_json_read_text(r, line, "pair")};
    const struct mr_fleet_sizes_pair *wanted = &key;
    const char *source = mr_json_read_text(r, line, "source");
    const char *target = mr_json_read_text(r, line, "target");
    const char *failed = mr_json_read_text_or_null(r, line, "failed");
    if (r->code != MR_OK)
        return r->code;
    struct mr_fleet_sizes_pair **found =
        bsearch(&wanted, l->by_name, l->sizes->npairs, sizeof *l->by_name, by_pair);
    l->pair = found != NULL ? *found : NULL;
    if (l->pair == NULL)
        return MR_OK;
    bool *had = &l->had[l->pair - l->sizes->pairs];
    if (*had)
        mr_json_read_refuse(r, "a second pair", key.name);
    *had = true;
    l->pair->failed =
        strcmp(source, l->pair->uri[MR_SOURCE]) != 0 || strcmp(target, l->pair->uri[MR_TARGET]) != 0
            ? "the recorded sizes are of other servers"
            : failed;
    return r->code;
}

/* The first line says what the file is; the tables of a pair stand below it. */
static enum mr_code load_line(struct loader *l, const struct json_t *line, bool is_first)
{
    struct mr_json_reader *r = &l->r;
    const char *type = mr_json_read_text(r, line, "type");
    if (r->code == MR_OK && is_first) {
        const char *schema = mr_json_read_text(r, line, "schema");
        if (r->code == MR_OK && strcmp(schema, MR_FLEET_SIZES_SCHEMA) != 0)
            mr_json_read_refuse(r, "schema", schema);
        return r->code;
    }
    if (strcmp(type, "pair") == 0) {
        MR_TRY(end_pair(l));
        return begin_pair(l, line);
    }
    if (strcmp(type, "table") != 0)
        return r->code;
    struct mr_fleet_table *table = mr_vec_push(&l->tables);
    if (mr_json_read_keep(r, table) != NULL)
        read_table(r, line, table);
    return r->code;
}

static enum mr_code load_lines(struct loader *l, const char *text, size_t len, const char *name)
{
    const char *at = text, *end = text + len;
    for (const char *newline; at < end; at = newline + 1) {
        struct mr_json_doc *doc = NULL;
        newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            newline = end - 1;
        enum mr_code code = mr_json_parse(at, (size_t)(newline - at), name, &doc, l->r.err);
        if (code == MR_OK)
            code = load_line(l, mr_json_root(doc), at == text);
        mr_json_free(doc);
        if (code != MR_OK)
            return code;
    }
    return end_pair(l);
}

static enum mr_code refuse_changed(const char *name, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\" holds no sizes, or was changed since", name);
    mr_err_hint(err, "Record them anew: fleet plan --record-sizes FILE.");
    return MR_E_REFUSED;
}

/* *body: what stands before the last line, which has its digest. */
static enum mr_code check_end(const char *text, size_t len, const char *name, size_t *body,
                              struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    const char *known = "";
    char hex[MR_SHA256_HEX];
    if (len < 2 || text[len - 1] != '\n')
        return refuse_changed(name, err);
    for (*body = len - 1; *body > 0 && text[*body - 1] != '\n';)
        --*body;
    enum mr_code code = mr_json_parse(text + *body, len - 1 - *body, name, &doc, err);
    if (code == MR_OK)
        code = mr_json_get_text(mr_json_root(doc), "sha256", &known, err);
    if (code == MR_OK)
        code = mr_sha256_bytes(text, *body, hex, err);
    if (code == MR_E_REFUSED || (code == MR_OK && (*body == 0 || strcmp(hex, known) != 0)))
        code = refuse_changed(name, err);
    mr_json_free(doc);
    return code;
}

enum mr_code mr_fleet_sizes_parse(const char *text, size_t len, const char *name,
                                  struct mr_fleet_sizes *sizes, struct mr_arena *arena,
                                  struct mr_err *err)
{
    struct loader l = {.r = {.arena = arena, .err = err, .doing = DOING},
                       .sizes = sizes,
                       .tables = MR_VEC_INIT(struct mr_fleet_table)};
    size_t body = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(check_end(text, len, name, &body, err));
    MR_TRY_OUT(loader_begin(&l, err));
    code = load_lines(&l, text, body, name);
    if (code != MR_OK)
        mr_err_context(err, "file \"%s\"", name);
out:
    free(l.by_name);
    free(l.had);
    mr_vec_release(&l.tables);
    return code;
}

enum mr_code mr_fleet_sizes_load(const char *path, struct mr_fleet_sizes *sizes,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_io_read_file(path, MAX_BYTES, &text, err);
    if (code == MR_OK)
        code = mr_fleet_sizes_parse(text.ptr, text.len, path, sizes, arena, err);
    mr_strbuf_release(&text);
    return code;
}
