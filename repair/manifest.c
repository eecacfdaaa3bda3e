/* manifest.c: see manifest.h. */
#include "repair/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/json_in.h"
#include "core/jsonw.h"
#include "core/sha256.h"

/* The manifest ends in SEAL, 64 hex digits, and TAIL. */
#define SEAL ",\"sha256\":\""
#define TAIL "\"}\n"

static const char *const side_keys[MR_SIDES] = {"source", "target"};

bool mr_manifest_is_incomplete(const struct mr_manifest *manifest)
{
    for (size_t i = 0; i < manifest->nskipped; i++)
        if (manifest->skipped[i].incomplete)
            return true;
    return false;
}

/* ---- writing ---- */

static void put_text(struct mr_jsonw *w, const char *key, const char *text)
{
    mr_jsonw_key(w, key);
    mr_jsonw_str(w, text);
}

/* JSON's numbers end at 2^53. */
static void put_number(struct mr_jsonw *w, const char *key, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    put_text(w, key, text);
}

static void put_count(struct mr_jsonw *w, const char *key, uint64_t count)
{
    mr_jsonw_key(w, key);
    mr_jsonw_uint(w, count);
}

static void put_sides(struct mr_jsonw *w, const char *key, const uint64_t value[MR_SIDES])
{
    mr_jsonw_key(w, key);
    mr_jsonw_object_begin(w);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        put_number(w, side_keys[side], value[side]);
    mr_jsonw_object_end(w);
}

static void put_server(struct mr_jsonw *w, const struct mr_plan_server *server)
{
    mr_jsonw_key(w, "server");
    mr_jsonw_object_begin(w);
    put_text(w, "flavour", server->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    put_text(w, "version", server->version);
    put_text(w, "hostname", server->hostname);
    put_number(w, "port", server->port);
    put_number(w, "server_id", server->server_id);
    put_text(w, "uuid", server->uuid);
    put_text(w, "datadir", server->datadir);
    mr_jsonw_key(w, "databases");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < server->ndbs; i++)
        mr_jsonw_str(w, server->dbs[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

static void put_counter(struct mr_jsonw *w, const struct mr_counter *c)
{
    mr_jsonw_object_begin(w);
    put_text(w, "table", c->table);
    put_text(w, "target_table", c->target_table);
    put_text(w, "target_db", c->db);
    put_text(w, "target_name", c->name);
    put_text(w, "column", c->column);
    put_text(w, "sequence_db", c->sequence_db);
    put_text(w, "sequence", c->sequence);
    mr_jsonw_key(w, "rebuild");
    mr_jsonw_bool(w, c->rebuild);
    put_sides(w, "next", c->next);
    put_sides(w, "greatest", c->greatest);
    put_number(w, "margin", c->margin);
    put_text(w, "margin_note", c->margin_note);
    mr_jsonw_key(w, "block");
    mr_jsonw_object_begin(w);
    put_number(w, "from", c->from);
    put_number(w, "to", c->to);
    mr_jsonw_object_end(w);
    mr_jsonw_key(w, "step");
    mr_jsonw_object_begin(w);
    put_number(w, "increment", c->increment);
    put_number(w, "offset", c->offset);
    mr_jsonw_object_end(w);
    put_number(w, "reseed_to", c->reseed_to);
    mr_jsonw_object_end(w);
}

static void put_lists(struct mr_jsonw *w, const struct mr_manifest *m)
{
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->ncounters; i++)
        put_counter(w, &m->counters[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "skipped");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nskipped; i++) {
        mr_jsonw_object_begin(w);
        put_text(w, "table", m->skipped[i].table);
        put_text(w, "reason", m->skipped[i].reason);
        mr_jsonw_key(w, "incomplete");
        mr_jsonw_bool(w, m->skipped[i].incomplete);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "files");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nfiles; i++) {
        mr_jsonw_object_begin(w);
        put_text(w, "name", m->files[i].name);
        put_count(w, "size", m->files[i].size_bytes);
        put_text(w, "sha256", m->files[i].sha256);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_all(struct mr_jsonw *w, const struct mr_manifest *m)
{
    mr_jsonw_object_begin(w);
    put_text(w, "schema", MR_MANIFEST_SCHEMA);
    put_text(w, "uuid", m->uuid);
    put_text(w, "created", m->created);
    put_text(w, "version", m->version);
    put_text(w, "policy", m->policy);
    put_text(w, "source", m->source);
    put_text(w, "target", m->target);
    put_text(w, "run", m->run);
    put_number(w, "margin", m->margin);
    put_server(w, &m->server);
    mr_jsonw_key(w, "counts");
    mr_jsonw_object_begin(w);
    put_count(w, "tables", m->ncounters);
    put_count(w, "skipped", m->nskipped);
    mr_jsonw_object_end(w);
    put_lists(w, m);
    mr_jsonw_object_end(w);
}

enum mr_code mr_manifest_write(const struct mr_manifest *manifest, struct mr_strbuf *out,
                               struct mr_err *err)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    struct mr_jsonw w;
    char hex[MR_SHA256_HEX];
    mr_jsonw_init_buf(&w, &body);
    put_all(&w, manifest);
    enum mr_code code = mr_jsonw_finish(&w, "plan.json", err);
    mr_jsonw_release(&w);
    if (code == MR_OK && body.len > 0)
        body.len--; /* the closing brace comes behind the digest */
    if (code == MR_OK)
        code = mr_sha256_bytes(body.ptr, body.len, hex, err);
    if (code == MR_OK) {
        mr_strbuf_add(out, body.ptr, body.len);
        mr_strbuf_add_str(out, SEAL);
        mr_strbuf_add_str(out, hex);
        mr_strbuf_add_str(out, TAIL);
        code = mr_strbuf_check(out, "writing a manifest", err);
    }
    mr_strbuf_release(&body);
    return code;
}

/* ---- reading ---- */

struct reader {
    struct mr_arena *arena;
    struct mr_err *err;
    enum mr_code code; /* of the first failure */
};

static void *keep(struct reader *r, void *ptr)
{
    if (ptr == NULL && r->code == MR_OK)
        r->code = mr_err_nomem(r->err, "reading a manifest");
    return ptr;
}

static const char *get_text(struct reader *r, const struct json_t *object,
                            const char *key)
{
    const char *text = "";
    if (r->code == MR_OK)
        r->code = mr_json_get_text(object, key, &text, r->err);
    return r->code == MR_OK ? keep(r, mr_arena_strdup(r->arena, text)) : "";
}

static const char *get_text_or_null(struct reader *r, const struct json_t *object,
                                    const char *key)
{
    const char *text = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_text_or_null(object, key, &text, r->err);
    return r->code == MR_OK && text != NULL ? keep(r, mr_arena_strdup(r->arena, text))
                                            : NULL;
}

static uint64_t get_number(struct reader *r, const struct json_t *object, const char *key)
{
    uint64_t number = 0;
    if (r->code == MR_OK)
        r->code = mr_json_get_uint(object, key, &number, r->err);
    return number;
}

static bool get_bool(struct reader *r, const struct json_t *object, const char *key)
{
    bool value = false;
    if (r->code == MR_OK)
        r->code = mr_json_get_bool(object, key, &value, r->err);
    return value;
}

static const struct json_t *get_object(struct reader *r, const struct json_t *object,
                                       const char *key)
{
    const struct json_t *inner = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_get_object(object, key, &inner, r->err);
    return inner;
}

/* The array, and zeroed room for its items. */
static const struct json_t *get_array(struct reader *r, const struct json_t *object,
                                      const char *key, size_t item_size, size_t *count,
                                      void **items)
{
    const struct json_t *array = NULL;
    *count = 0;
    if (r->code == MR_OK)
        r->code = mr_json_get_array(object, key, &array, count, r->err);
    if (r->code == MR_OK)
        *items = keep(r, mr_arena_calloc(r->arena, *count + 1, item_size));
    if (r->code != MR_OK)
        *count = 0;
    return array;
}

static const struct json_t *get_item(struct reader *r, const struct json_t *array,
                                     size_t at)
{
    const struct json_t *item = NULL;
    if (r->code == MR_OK)
        r->code = mr_json_item(array, at, &item, r->err);
    return item;
}

static void get_sides(struct reader *r, const struct json_t *object, const char *key,
                      uint64_t value[MR_SIDES])
{
    const struct json_t *inner = get_object(r, object, key);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        value[side] = get_number(r, inner, side_keys[side]);
}

static void get_server(struct reader *r, const struct json_t *root,
                       struct mr_plan_server *server)
{
    const struct json_t *object = get_object(r, root, "server");
    const char *flavour = get_text(r, object, "flavour");
    void *items = NULL;
    server->flavour =
        strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    server->version = get_text(r, object, "version");
    server->hostname = get_text(r, object, "hostname");
    server->port = (unsigned)get_number(r, object, "port");
    server->server_id = (uint32_t)get_number(r, object, "server_id");
    server->uuid = get_text(r, object, "uuid");
    server->datadir = get_text(r, object, "datadir");
    const struct json_t *dbs =
        get_array(r, object, "databases", sizeof(const char *), &server->ndbs, &items);
    const char **names = items;
    for (size_t i = 0; i < server->ndbs && r->code == MR_OK; i++) {
        const char *name = NULL;
        r->code = mr_json_item_text(dbs, i, &name, r->err);
        if (r->code == MR_OK)
            names[i] = keep(r, mr_arena_strdup(r->arena, name));
    }
    server->dbs = names;
}

static void get_counter(struct reader *r, const struct json_t *item, struct mr_counter *c)
{
    c->table = get_text(r, item, "table");
    c->target_table = get_text(r, item, "target_table");
    c->db = get_text(r, item, "target_db");
    c->name = get_text(r, item, "target_name");
    c->column = get_text(r, item, "column");
    c->sequence_db = get_text_or_null(r, item, "sequence_db");
    c->sequence = get_text_or_null(r, item, "sequence");
    c->rebuild = get_bool(r, item, "rebuild");
    get_sides(r, item, "next", c->next);
    get_sides(r, item, "greatest", c->greatest);
    c->margin = get_number(r, item, "margin");
    c->margin_note = get_text_or_null(r, item, "margin_note");
    const struct json_t *block = get_object(r, item, "block");
    c->from = get_number(r, block, "from");
    c->to = get_number(r, block, "to");
    const struct json_t *step = get_object(r, item, "step");
    c->increment = get_number(r, step, "increment");
    c->offset = get_number(r, step, "offset");
    c->reseed_to = get_number(r, item, "reseed_to");
}

static void get_lists(struct reader *r, const struct json_t *root, struct mr_manifest *m)
{
    void *items = NULL;
    const struct json_t *array =
        get_array(r, root, "tables", sizeof *m->counters, &m->ncounters, &items);
    struct mr_counter *counters = items;
    for (size_t i = 0; i < m->ncounters; i++)
        get_counter(r, get_item(r, array, i), &counters[i]);
    m->counters = counters;

    array = get_array(r, root, "skipped", sizeof *m->skipped, &m->nskipped, &items);
    struct mr_plan_skipped *skipped = items;
    for (size_t i = 0; i < m->nskipped; i++) {
        const struct json_t *item = get_item(r, array, i);
        skipped[i].table = get_text(r, item, "table");
        skipped[i].reason = get_text(r, item, "reason");
        skipped[i].incomplete = get_bool(r, item, "incomplete");
    }
    m->skipped = skipped;

    array = get_array(r, root, "files", sizeof *m->files, &m->nfiles, &items);
    struct mr_plan_file *files = items;
    for (size_t i = 0; i < m->nfiles; i++) {
        const struct json_t *item = get_item(r, array, i);
        files[i].name = get_text(r, item, "name");
        files[i].size_bytes = get_number(r, item, "size");
        files[i].sha256 = get_text(r, item, "sha256");
    }
    m->files = files;
}

static void get_all(struct reader *r, const struct json_t *root, struct mr_manifest *m)
{
    m->uuid = get_text(r, root, "uuid");
    m->created = get_text(r, root, "created");
    m->version = get_text(r, root, "version");
    m->policy = get_text(r, root, "policy");
    m->source = get_text(r, root, "source");
    m->target = get_text(r, root, "target");
    m->run = get_text_or_null(r, root, "run");
    m->margin = get_number(r, root, "margin");
    get_server(r, root, &m->server);
    get_lists(r, root, m);
}

static enum mr_code check_seal(const char *text, size_t len, const char *name,
                               struct mr_err *err)
{
    const size_t seal = sizeof SEAL - 1, tail = sizeof TAIL - 1, hex = MR_SHA256_HEX - 1;
    char actual[MR_SHA256_HEX] = "";
    size_t body = len >= seal + hex + tail ? len - seal - hex - tail : 0;
    if (body > 0 && memcmp(text + body, SEAL, seal) == 0 &&
        memcmp(text + len - tail, TAIL, tail) == 0) {
        enum mr_code code = mr_sha256_bytes(text, body, actual, err);
        if (code != MR_OK)
            return code;
        if (memcmp(text + body + seal, actual, hex) == 0)
            return MR_OK;
    }
    (void)mr_err_set(err, MR_E_REFUSED, "file \"%s\" was changed since it was written",
                     name);
    mr_err_hint(err, "Nothing was done. Plan again; a plan is not edited by hand.");
    return MR_E_REFUSED;
}

static enum mr_code check_schema(const struct json_t *root, const char *name,
                                 struct mr_err *err)
{
    const char *schema = NULL;
    enum mr_code code = mr_json_get_text(root, "schema", &schema, err);
    if (code != MR_OK)
        mr_err_context(err, "file \"%s\"", name);
    if (code != MR_OK || strcmp(schema, MR_MANIFEST_SCHEMA) == 0)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "file \"%s\" is of format \"%s\"; this version knows \"%s\"", name,
                     schema, MR_MANIFEST_SCHEMA);
    mr_err_hint(err, "Use the myrecon that made the plan, or plan again.");
    return MR_E_REFUSED;
}

enum mr_code mr_manifest_read(const char *text, size_t len, const char *name,
                              struct mr_arena *arena, struct mr_manifest *out,
                              struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct reader r = {.arena = arena, .err = err, .code = MR_OK};
    *out = (struct mr_manifest){0};
    enum mr_code code = check_seal(text, len, name, err);
    if (code == MR_OK)
        code = mr_json_parse(text, len, name, &doc, err);
    if (code == MR_OK)
        code = check_schema(mr_json_root(doc), name, err);
    if (code == MR_OK) {
        get_all(&r, mr_json_root(doc), out);
        code = r.code;
        if (code == MR_OK && strcmp(out->policy, MR_POLICY_RESEED) != 0)
            code =
                mr_err_set(err, MR_E_REFUSED,
                           "this version does not know the policy \"%s\"", out->policy);
        if (code != MR_OK)
            mr_err_context(err, "file \"%s\"", name);
    }
    mr_json_free(doc);
    return code;
}
