/* manifest.c: see manifest.h. */
#include "repair/plan/manifest.h"

#include <string.h>

#include "core/case/plan_manifest.h"

static const char *const side_keys[MR_SIDES] = {"source", "target"};

/* A merge brings back what the run found lost; the other policies hold TARGET against what
 * SOURCE has when they are planned. */
static bool misses_rows(const struct mr_manifest *manifest)
{
    const struct mr_planned *p = &manifest->planned;
    for (size_t i = 0; i < p->nnotes; i++)
        if (strcmp(p->notes[i].kind, MR_NOTE_GONE) == 0)
            return manifest->policy != NULL &&
                   strcmp(manifest->policy, MR_POLICY_MERGE) == 0;
    return false;
}

bool mr_manifest_is_incomplete(const struct mr_manifest *manifest)
{
    for (size_t i = 0; i < manifest->nskipped; i++)
        if (manifest->skipped[i].incomplete)
            return true;
    return manifest->planned.partial != NULL || misses_rows(manifest);
}

int mr_manifest_exit(const struct mr_manifest *manifest)
{
    if (mr_manifest_is_incomplete(manifest))
        return 4;
    return manifest->planned.open > 0 ? 1 : 0;
}

bool mr_manifest_writes_rows(const struct mr_manifest *manifest)
{
    return strcmp(manifest->policy, MR_POLICY_RESEED) != 0;
}

bool mr_policy_is_known(const char *policy)
{
    static const char *const known[] = {MR_POLICY_RESEED, MR_POLICY_MERGE,
                                        MR_POLICY_MIRROR, MR_POLICY_BACKFILL};
    const size_t newest = sizeof MR_POLICY_NEWEST - 1;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(policy, known[i]) == 0)
            return true;
    return strncmp(policy, MR_POLICY_NEWEST, newest) == 0 && policy[newest] != '\0';
}

/* ---- writing ---- */

static void put_sides(struct mr_jsonw *w, const char *key, const uint64_t value[MR_SIDES])
{
    mr_jsonw_key(w, key);
    mr_jsonw_object_begin(w);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_jsonw_add_number(w, side_keys[side], value[side]);
    mr_jsonw_object_end(w);
}

static void put_server(struct mr_jsonw *w, const struct mr_plan_server *server)
{
    mr_jsonw_key(w, "server");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "flavour",
                     server->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    mr_jsonw_add_str(w, "version", server->version);
    mr_jsonw_add_str(w, "hostname", server->hostname);
    mr_jsonw_add_number(w, "port", server->port);
    mr_jsonw_add_number(w, "server_id", server->server_id);
    mr_jsonw_add_str(w, "uuid", server->uuid);
    mr_jsonw_add_str(w, "datadir", server->datadir);
    mr_jsonw_add_texts(w, "databases", server->dbs, server->ndbs);
    mr_jsonw_add_str(w, "replicates_from", server->replicates_from);
    mr_jsonw_object_end(w);
}

static void put_counter(struct mr_jsonw *w, const struct mr_counter *c)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "table", c->table);
    mr_jsonw_add_str(w, "target_table", c->target_table);
    mr_jsonw_add_str(w, "target_db", c->db);
    mr_jsonw_add_str(w, "target_name", c->name);
    mr_jsonw_add_str(w, "column", c->column);
    mr_jsonw_add_str(w, "sequence_db", c->sequence_db);
    mr_jsonw_add_str(w, "sequence", c->sequence);
    mr_jsonw_add_bool(w, "rebuild", c->rebuild);
    put_sides(w, "next", c->next);
    put_sides(w, "greatest", c->greatest);
    mr_jsonw_add_number(w, "margin", c->margin);
    mr_jsonw_add_str(w, "margin_note", c->margin_note);
    mr_jsonw_key(w, "block");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_number(w, "from", c->from);
    mr_jsonw_add_number(w, "to", c->to);
    mr_jsonw_object_end(w);
    mr_jsonw_key(w, "step");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_number(w, "increment", c->increment);
    mr_jsonw_add_number(w, "offset", c->offset);
    mr_jsonw_object_end(w);
    mr_jsonw_add_number(w, "reseed_to", c->reseed_to);
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
        mr_jsonw_add_str(w, "table", m->skipped[i].table);
        mr_jsonw_add_str(w, "reason", m->skipped[i].reason);
        mr_jsonw_add_bool(w, "incomplete", m->skipped[i].incomplete);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "files");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nfiles; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "name", m->files[i].name);
        mr_jsonw_add_uint(w, "size", m->files[i].size_bytes);
        mr_jsonw_add_str(w, "sha256", m->files[i].sha256);
        if (m->files[i].undecided != NULL)
            mr_jsonw_add_str(w, "undecided", m->files[i].undecided);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_all(struct mr_jsonw *w, const struct mr_manifest *m)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "schema", MR_PLAN_SCHEMA);
    mr_jsonw_add_str(w, "uuid", m->uuid);
    mr_jsonw_add_str(w, "created", m->created);
    mr_jsonw_add_str(w, "version", m->version);
    mr_jsonw_add_str(w, "policy", m->policy);
    mr_jsonw_add_str(w, "source", m->source);
    mr_jsonw_add_str(w, "target", m->target);
    mr_jsonw_add_str(w, "source_uri", m->uri[MR_SOURCE]);
    mr_jsonw_add_str(w, "target_uri", m->uri[MR_TARGET]);
    mr_jsonw_add_str(w, "apply_to", m->apply_to);
    mr_jsonw_add_str(w, "case", m->case_path);
    mr_jsonw_add_str(w, "config", m->config);
    mr_jsonw_add_str(w, "run", m->run);
    mr_jsonw_add_str(w, "check_options", m->check_options);
    mr_jsonw_add_number(w, "margin", m->margin);
    put_server(w, &m->server);
    mr_jsonw_key(w, "counts");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_uint(w, "tables", m->ncounters);
    mr_jsonw_add_uint(w, "skipped", m->nskipped);
    mr_jsonw_object_end(w);
    put_lists(w, m);
    if (mr_manifest_writes_rows(m))
        mr_planned_put(w, &m->planned);
    mr_jsonw_object_end(w);
}

enum mr_code mr_manifest_write(const struct mr_manifest *manifest, struct mr_strbuf *out,
                               struct mr_err *err)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, &body);
    put_all(&w, manifest);
    enum mr_code code = mr_jsonw_finish(&w, "plan.json", err);
    mr_jsonw_release(&w);
    if (code == MR_OK)
        code = mr_plan_manifest_seal(&body, out, err);
    mr_strbuf_release(&body);
    return code;
}

/* ---- reading ---- */

static void get_sides(struct mr_json_reader *r, const struct json_t *object,
                      const char *key, uint64_t value[MR_SIDES])
{
    const struct json_t *inner = mr_json_read_object(r, object, key);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        value[side] = mr_json_read_number(r, inner, side_keys[side]);
}

static void get_server(struct mr_json_reader *r, const struct json_t *root,
                       struct mr_plan_server *server)
{
    const struct json_t *object = mr_json_read_object(r, root, "server");
    const char *flavour = mr_json_read_text(r, object, "flavour");
    server->flavour =
        strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    server->version = mr_json_read_text(r, object, "version");
    server->hostname = mr_json_read_text(r, object, "hostname");
    server->port = (unsigned)mr_json_read_number(r, object, "port");
    server->server_id = (uint32_t)mr_json_read_number(r, object, "server_id");
    server->uuid = mr_json_read_text(r, object, "uuid");
    server->datadir = mr_json_read_text(r, object, "datadir");
    server->dbs = mr_json_read_texts(r, object, "databases", &server->ndbs);
    server->replicates_from = mr_json_read_text_or_null(r, object, "replicates_from");
}

static void get_counter(struct mr_json_reader *r, const struct json_t *item,
                        struct mr_counter *c)
{
    c->table = mr_json_read_text(r, item, "table");
    c->target_table = mr_json_read_text(r, item, "target_table");
    c->db = mr_json_read_text(r, item, "target_db");
    c->name = mr_json_read_text(r, item, "target_name");
    c->column = mr_json_read_text(r, item, "column");
    c->sequence = mr_json_read_text_or_null(r, item, "sequence");
    c->sequence_db =
        c->sequence != NULL ? mr_json_read_text(r, item, "sequence_db") : NULL;
    c->rebuild = mr_json_read_bool(r, item, "rebuild");
    get_sides(r, item, "next", c->next);
    get_sides(r, item, "greatest", c->greatest);
    c->margin = mr_json_read_number(r, item, "margin");
    c->margin_note = mr_json_read_text_or_null(r, item, "margin_note");
    const struct json_t *block = mr_json_read_object(r, item, "block");
    c->from = mr_json_read_number(r, block, "from");
    c->to = mr_json_read_number(r, block, "to");
    const struct json_t *step = mr_json_read_object(r, item, "step");
    c->increment = mr_json_read_number(r, step, "increment");
    c->offset = mr_json_read_number(r, step, "offset");
    c->reseed_to = mr_json_read_number(r, item, "reseed_to");
}

static void get_lists(struct mr_json_reader *r, const struct json_t *root,
                      struct mr_manifest *m)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "tables", sizeof *m->counters, &m->ncounters, &items);
    struct mr_counter *counters = items;
    for (size_t i = 0; i < m->ncounters; i++)
        get_counter(r, mr_json_read_item(r, array, i), &counters[i]);
    m->counters = counters;

    array =
        mr_json_read_array(r, root, "skipped", sizeof *m->skipped, &m->nskipped, &items);
    struct mr_plan_skipped *skipped = items;
    for (size_t i = 0; i < m->nskipped; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        skipped[i].table = mr_json_read_text(r, item, "table");
        skipped[i].reason = mr_json_read_text(r, item, "reason");
        skipped[i].incomplete = mr_json_read_bool(r, item, "incomplete");
    }
    m->skipped = skipped;

    array = mr_json_read_array(r, root, "files", sizeof *m->files, &m->nfiles, &items);
    struct mr_plan_file *files = items;
    for (size_t i = 0; i < m->nfiles; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        files[i].name = mr_json_read_text(r, item, "name");
        files[i].size_bytes = mr_json_read_number(r, item, "size");
        files[i].sha256 = mr_json_read_text(r, item, "sha256");
        if (mr_json_has(item, "undecided"))
            files[i].undecided = mr_json_read_text_or_null(r, item, "undecided");
    }
    m->files = files;
}

static void get_all(struct mr_json_reader *r, const struct json_t *root,
                    struct mr_manifest *m)
{
    m->uuid = mr_json_read_text(r, root, "uuid");
    m->created = mr_json_read_text(r, root, "created");
    m->version = mr_json_read_text(r, root, "version");
    m->policy = mr_json_read_text(r, root, "policy");
    m->source = mr_json_read_text(r, root, "source");
    m->target = mr_json_read_text(r, root, "target");
    m->uri[MR_SOURCE] = mr_json_read_text_or_null(r, root, "source_uri");
    m->uri[MR_TARGET] = mr_json_read_text_or_null(r, root, "target_uri");
    m->apply_to = mr_json_read_text_or_null(r, root, "apply_to");
    m->case_path = mr_json_read_text_or_null(r, root, "case");
    m->config = mr_json_read_text_or_null(r, root, "config");
    m->run = mr_json_read_text_or_null(r, root, "run");
    m->check_options = mr_json_read_text_or_null(r, root, "check_options");
    m->margin = mr_json_read_number(r, root, "margin");
    get_server(r, root, &m->server);
    get_lists(r, root, m);
    if (r->code == MR_OK && !mr_policy_is_known(m->policy))
        r->code = mr_err_set(r->err, MR_E_REFUSED,
                             "this version does not know the policy \"%s\"", m->policy);
    if (r->code == MR_OK && mr_manifest_writes_rows(m))
        mr_planned_get(r, root, &m->planned);
}

enum mr_code mr_manifest_read(const char *text, size_t len, const char *name,
                              struct mr_arena *arena, struct mr_manifest *out,
                              struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a plan"};
    *out = (struct mr_manifest){0};
    enum mr_code code = mr_plan_manifest_parse(text, len, name, &doc, err);
    if (code == MR_OK) {
        get_all(&r, mr_json_root(doc), out);
        code = r.code;
        if (code != MR_OK)
            mr_err_context(err, "file \"%s\"", name);
    }
    mr_json_free(doc);
    return code;
}
