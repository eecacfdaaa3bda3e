/* check_scope.c: see check_scope.h. */
#include "recon/check/check_scope.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/file/io.h"
#include "core/file/sha256.h"
#include "core/json/json_reader.h"
#include "core/json/jsonw.h"
#include "recon/check/check.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_objects.h"
#include "recon/check/check_result.h"

#define DOING "reading a scope"

/* ---- writing ---- */

static void write_end(struct mr_jsonw *w, const char *name, struct mr_key key)
{
    struct mr_strbuf hex = MR_STRBUF_INIT;
    mr_jsonw_key(w, name);
    mr_strbuf_add_hex(&hex, key.ptr, key.ptr != NULL ? key.len : 0);
    if (hex.failed)
        w->out->failed = true;
    if (key.ptr == NULL)
        mr_jsonw_null(w);
    else
        mr_jsonw_string(w, hex.ptr, hex.len);
    mr_strbuf_release(&hex);
}

static void write_table(struct mr_jsonw *w, const struct mr_scope_table *table)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_key(w, "table");
    mr_jsonw_exact(w, table->name);
    if (table->order[MR_SOURCE] != NULL) {
        mr_jsonw_key(w, "order");
        mr_jsonw_array_begin(w);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            mr_jsonw_str(w, table->order[side]);
        mr_jsonw_array_end(w);
    }
    mr_jsonw_key(w, "ranges");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < table->nranges; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_uint(w, "at", table->ranges[i].at);
        write_end(w, "lo", table->ranges[i].range.lo);
        write_end(w, "hi", table->ranges[i].range.hi);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

void mr_scope_write(const struct mr_scope *scope, struct mr_strbuf *out)
{
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema", MR_SCOPE_SCHEMA);
    mr_jsonw_add_str(&w, "run", scope->run);
    mr_jsonw_add_str(&w, "pair", scope->pair);
    mr_jsonw_add_bool(&w, "objects", scope->has_objects);
    if (scope->slots.name != NULL) {
        mr_jsonw_key(&w, "slots");
        mr_jsonw_object_begin(&w);
        mr_jsonw_add_str(&w, "name", scope->slots.name);
        mr_jsonw_add_uint(&w, "count", scope->slots.count);
        mr_jsonw_object_end(&w);
    }
    mr_jsonw_key(&w, "tables");
    mr_jsonw_array_begin(&w);
    for (size_t i = 0; i < scope->ntables; i++)
        write_table(&w, &scope->tables[i]);
    mr_jsonw_array_end(&w);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    mr_jsonw_release(&w);
}

/* ---- reading ---- */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct mr_key mr_scope_read_key(struct mr_json_reader *r, const char *name, const char *hex)
{
    const struct mr_key none = {NULL, 0};
    const size_t len = strlen(hex);
    unsigned char *bytes = mr_json_read_keep(r, mr_arena_alloc(r->arena, len / 2 + 1));
    for (size_t i = 0; bytes != NULL && i < len / 2; i++) {
        const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            mr_json_read_refuse(r, name, hex);
            return none;
        }
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    if (len == 0 || len % 2 != 0)
        mr_json_read_refuse(r, name, hex);
    return r->code == MR_OK ? (struct mr_key){bytes, len / 2} : none;
}

/* Without an end it is ptr NULL. */
static struct mr_key read_end(struct mr_json_reader *r, const struct json_t *object,
                              const char *name)
{
    const char *hex = mr_json_read_text_or_null(r, object, name);
    return hex != NULL ? mr_scope_read_key(r, name, hex) : (struct mr_key){NULL, 0};
}

static bool has_end(const struct mr_range *range)
{
    return range->lo.ptr != NULL || range->hi.ptr != NULL;
}

static void read_order(struct mr_json_reader *r, const struct json_t *object,
                       struct mr_scope_table *table)
{
    size_t count = 0;
    if (!mr_json_has(object, "order"))
        return;
    const char *const *texts = mr_json_read_texts(r, object, "order", &count);
    if (texts != NULL && count != MR_SIDES)
        mr_json_read_refuse(r, "order", "that is not of two sides");
    for (int side = MR_SOURCE; r->code == MR_OK && side < MR_SIDES; side++)
        table->order[side] = texts[side];
}

static void read_table(struct mr_json_reader *r, const struct json_t *object,
                       struct mr_scope_table *table)
{
    void *items = NULL;
    table->name = mr_json_read_exact(r, object, "table");
    read_order(r, object, table);
    const struct json_t *array = mr_json_read_array(
        r, object, "ranges", sizeof(struct mr_scope_range), &table->nranges, &items);
    struct mr_scope_range *ranges = items;
    table->ranges = ranges;
    if (r->code == MR_OK && table->name == NULL)
        mr_json_read_refuse(r, "table", "null");
    if (r->code == MR_OK && table->nranges == 0)
        mr_json_read_refuse(r, "ranges", "of no range");
    for (size_t i = 0; r->code == MR_OK && i < table->nranges; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        ranges[i].at = (size_t)mr_json_read_number(r, item, "at");
        ranges[i].range.lo = read_end(r, item, "lo");
        ranges[i].range.hi = read_end(r, item, "hi");
        if (r->code == MR_OK && has_end(&ranges[i].range) && table->order[MR_SOURCE] == NULL)
            mr_json_read_refuse(r, "order", "which ranges with an end need");
        if (r->code == MR_OK && i > 0 && ranges[i].at <= ranges[i - 1].at)
            mr_json_read_refuse(r, "at", "out of order");
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mr_scope_table *)a)->name,
                  ((const struct mr_scope_table *)b)->name);
}

static void read_slots(struct mr_json_reader *r, const struct json_t *root, struct mr_scope *scope)
{
    if (!mr_json_has(root, "slots"))
        return;
    const struct json_t *slots = mr_json_read_object(r, root, "slots");
    if (slots == NULL)
        return;
    scope->slots.name = mr_json_read_text(r, slots, "name");
    const uint64_t count = mr_json_read_number(r, slots, "count");
    if (r->code == MR_OK && (count == 0 || count > MR_SLOTS_MAX))
        mr_json_read_refuse(r, "count", "of slots");
    scope->slots.count = (unsigned)count;
}

static void read_tables(struct mr_json_reader *r, const struct json_t *root, struct mr_scope *scope)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(
        r, root, "tables", sizeof(struct mr_scope_table), &scope->ntables, &items);
    struct mr_scope_table *tables = items;
    scope->tables = tables;
    for (size_t i = 0; r->code == MR_OK && i < scope->ntables; i++)
        read_table(r, mr_json_read_item(r, array, i), &tables[i]);
    if (r->code != MR_OK)
        return;
    if (scope->ntables > 1)
        qsort(tables, scope->ntables, sizeof *tables, by_name);
    for (size_t i = 1; i < scope->ntables; i++)
        if (by_name(&tables[i - 1], &tables[i]) == 0) {
            mr_json_read_refuse(r, "table", tables[i].name);
            return;
        }
}

enum mr_code mr_scope_parse(const char *text, size_t len, const char *name, struct mr_arena *arena,
                            struct mr_scope *out, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = DOING};
    *out = (struct mr_scope){0};
    MR_TRY(mr_json_parse(text, len, name, &doc, err));
    const struct json_t *root = mr_json_root(doc);
    const char *schema = mr_json_read_text(&r, root, "schema");
    if (r.code == MR_OK && strcmp(schema, MR_SCOPE_SCHEMA) != 0)
        mr_json_read_refuse(&r, "schema", schema);
    out->run = mr_json_read_text(&r, root, "run");
    out->pair = mr_json_read_text(&r, root, "pair");
    out->has_objects = mr_json_read_bool(&r, root, "objects");
    read_slots(&r, root, out);
    read_tables(&r, root, out);
    if (r.code == MR_OK && out->run[0] == '\0')
        mr_json_read_refuse(&r, "run", "");
    mr_json_free(doc);
    if (r.code != MR_OK && r.code != MR_E_NOMEM)
        mr_err_context(err, "%s", name);
    return r.code;
}

enum mr_code mr_scope_load(const char *path, struct mr_arena *arena, struct mr_scope *out,
                           const char **digest, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    char *hex = mr_arena_alloc(arena, MR_SHA256_HEX);
    enum mr_code code = hex != NULL ? MR_OK : mr_err_nomem(err, DOING);
    *digest = hex;
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_io_read_file(path, MR_SCOPE_MAX_BYTES, &text, err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, hex, err));
    MR_TRY_OUT(mr_scope_parse(text.ptr, text.len, path, arena, out, err));
out:
    mr_strbuf_release(&text);
    return code;
}

/* The file of a scope holds its line, and the run the digest of that file. */
enum mr_code mr_scope_option(const struct mr_scope *scope, struct mr_strbuf *out,
                             struct mr_err *err)
{
    struct mr_strbuf line = MR_STRBUF_INIT;
    char hex[MR_SHA256_HEX] = "";
    enum mr_code code = MR_OK;
    mr_scope_write(scope, &line);
    MR_TRY_OUT(mr_strbuf_check(&line, DOING, err));
    MR_TRY_OUT(mr_sha256_bytes(line.ptr, line.len, hex, err));
    mr_strbuf_add_fmt(out, "%s%s\n", MR_RUN_SCOPE + 1, hex);
    MR_TRY_OUT(mr_strbuf_check(out, DOING, err));
out:
    mr_strbuf_release(&line);
    return code;
}

enum mr_code mr_scope_was_read(const struct mr_scope *scope, const char *options, bool *is,
                               struct mr_err *err)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT;
    mr_strbuf_add_char(&wanted, '\n');
    enum mr_code code = mr_scope_option(scope, &wanted, err);
    *is = code == MR_OK && strstr(options, wanted.ptr) != NULL;
    mr_strbuf_release(&wanted);
    return code;
}

/* ---- a check's ---- */

const struct mr_scope_table *mr_scope_find(const struct mr_scope *scope, const char *name)
{
    const struct mr_scope_table key = {.name = name};
    return scope->ntables > 0 ? bsearch(&key, scope->tables, scope->ntables, sizeof key, by_name)
                              : NULL;
}

bool mr_check_in_scope(const struct mr_check_run *check, const struct mr_pair *table)
{
    return check->scope == NULL || mr_scope_find(check->scope, table->find.name) != NULL;
}

static enum mr_code judge(struct mr_check_run *check, struct mr_pair *table,
                          const struct mr_scope_table *part, struct mr_err *err)
{
    struct mr_err why = {0};
    if (part->order[MR_SOURCE] == NULL || atomic_load(&table->failed))
        return MR_OK;
    if (table->join != MR_JOIN_SHARED)
        (void)mr_err_set(&why, MR_E_CHANGED,
                         "the fleet's plan has cut it by a key that both sides had in one order; "
                         "now they have none");
    for (int side = MR_SOURCE; why.code == MR_OK && side < MR_SIDES; side++) {
        const char *order = mr_check_key_order(check, table, (enum mr_side)side);
        if (order == NULL)
            return mr_err_nomem(err, "planning the work");
        if (strcmp(order, part->order[side]) != 0)
            (void)mr_err_set(&why, MR_E_CHANGED,
                             "the fleet's plan has cut it by the key (%s), which is (%s) now on "
                             "the %s",
                             part->order[side], order, mr_side_name((enum mr_side)side));
    }
    if (why.code != MR_OK) {
        mr_err_hint(&why, "Plan the fleet anew.");
        mr_check_give_up(check, table, &why);
    }
    return MR_OK;
}

enum mr_code mr_check_scope_apply(struct mr_check_run *check, struct mr_err *err)
{
    if (check->scope == NULL)
        return MR_OK;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        struct mr_pair *table = check->pairing.tables[i];
        const struct mr_scope_table *part = mr_scope_find(check->scope, table->find.name);
        if (part != NULL)
            MR_TRY(judge(check, table, part, err));
    }
    return MR_OK;
}

static bool is_planned(const struct mr_check_run *check, const char *name)
{
    for (size_t i = 0; i < check->pairing.ntables; i++)
        if (strcmp(check->pairing.tables[i]->find.name, name) == 0)
            return true;
    return false;
}

/* A name of the scope is "db.t", and a point may stand in either: each pair of databases whose name it
 * can begin with is looked into. */
static bool is_anywhere(const struct mr_check_run *check, const char *name)
{
    const struct mr_catalogue *source = check->pairing.side[MR_SOURCE].cat;
    const struct mr_catalogue *target = check->pairing.side[MR_TARGET].cat;
    for (size_t i = 0; i < check->dbs->count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(check->dbs, i);
        const char *db = pair->name[MR_SOURCE];
        const size_t len = strlen(db);
        if (strncmp(name, db, len) != 0 || name[len] != '.')
            continue;
        if (mr_catalogue_table(source, db, name + len + 1) != NULL ||
            mr_sides_twin(source, db, target, pair->name[MR_TARGET], name + len + 1) != NULL)
            return true;
    }
    return false;
}

enum mr_code mr_check_scope_gone(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_err why = {0};
    (void)mr_err_set(&why, MR_E_CHANGED,
                     "it was there when the fleet was planned, and neither side shows it any more");
    mr_err_hint(&why, "Plan the fleet anew.");
    for (size_t i = 0; check->scope != NULL && i < check->scope->ntables; i++) {
        const char *name = check->scope->tables[i].name;
        if (!is_planned(check, name) && !is_anywhere(check, name))
            MR_TRY(mr_check_add_unchecked(check, name, name, &why, err));
    }
    return MR_OK;
}
