/* manifest.c: see manifest.h. */
#include "repair/plan/manifest.h"

#include <string.h>

#include "core/case/plan_manifest.h"
#include "core/json/json_record.h"

/* A merge brings back what the run found lost; the other policies hold TARGET against what
 * SOURCE has when they are planned. */
static bool misses_rows(const struct mr_manifest *manifest)
{
    const struct mr_planned *p = &manifest->planned;
    for (size_t i = 0; i < p->nnotes; i++)
        if (strcmp(p->notes[i].kind, MR_NOTE_GONE) == 0)
            return manifest->policy != NULL && strcmp(manifest->policy, MR_POLICY_MERGE) == 0;
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
    static const char *const known[] = {MR_POLICY_RESEED,   MR_POLICY_MERGE,  MR_POLICY_MIRROR,
                                        MR_POLICY_BACKFILL, MR_POLICY_REWIND, MR_POLICY_REJOIN};
    const size_t newest = sizeof MR_POLICY_NEWEST - 1;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(policy, known[i]) == 0)
            return true;
    return strncmp(policy, MR_POLICY_NEWEST, newest) == 0 && policy[newest] != '\0';
}

bool mr_policy_rewinds(const char *policy)
{
    return strcmp(policy, MR_POLICY_REWIND) == 0 || strcmp(policy, MR_POLICY_REJOIN) == 0;
}

bool mr_manifest_rejoins(const struct mr_manifest *manifest)
{
    return manifest->policy != NULL && strcmp(manifest->policy, MR_POLICY_REJOIN) == 0;
}

/* ---- records ---- */

#define COUNTER(name, type, member) MR_JSON_MEMBER(name, type, struct mr_counter, member)

static const struct mr_json_member side_members[] = {
    {"source", MR_JSON_NUMBER, MR_SOURCE * sizeof(uint64_t), 0, NULL, false, NULL},
    {"target", MR_JSON_NUMBER, MR_TARGET * sizeof(uint64_t), 0, NULL, false, NULL},
};
static const struct mr_json_record sides = MR_JSON_RECORD(uint64_t[MR_SIDES], side_members);

static const struct mr_json_member block_members[] = {COUNTER("from", MR_JSON_NUMBER, from),
                                                      COUNTER("to", MR_JSON_NUMBER, to)};
static const struct mr_json_record block = MR_JSON_RECORD(struct mr_counter, block_members);

static const struct mr_json_member step_members[] = {
    COUNTER("increment", MR_JSON_NUMBER, increment), COUNTER("offset", MR_JSON_NUMBER, offset)};
static const struct mr_json_record step = MR_JSON_RECORD(struct mr_counter, step_members);

static const struct mr_json_member counter_members[] = {
    COUNTER("table", MR_JSON_TEXT, table),
    COUNTER("target_table", MR_JSON_TEXT, target_table),
    COUNTER("target_db", MR_JSON_TEXT, db),
    COUNTER("target_name", MR_JSON_TEXT, name),
    COUNTER("column", MR_JSON_TEXT, column),
    COUNTER("sequence_db", MR_JSON_TEXT_OR_NULL, sequence_db),
    COUNTER("sequence", MR_JSON_TEXT_OR_NULL, sequence),
    COUNTER("rebuild", MR_JSON_BOOL, rebuild),
    MR_JSON_INNER("next", &sides, offsetof(struct mr_counter, next)),
    MR_JSON_INNER("greatest", &sides, offsetof(struct mr_counter, greatest)),
    COUNTER("margin", MR_JSON_NUMBER, margin),
    COUNTER("margin_note", MR_JSON_TEXT_OR_NULL, margin_note),
    MR_JSON_INNER("block", &block, 0),
    MR_JSON_INNER("step", &step, 0),
    COUNTER("reseed_to", MR_JSON_NUMBER, reseed_to),
};
static const struct mr_json_record counter = MR_JSON_RECORD(struct mr_counter, counter_members);

static const struct mr_json_member skipped_members[] = {
    MR_JSON_MEMBER("table", MR_JSON_TEXT, struct mr_plan_skipped, table),
    MR_JSON_MEMBER("reason", MR_JSON_TEXT, struct mr_plan_skipped, reason),
    MR_JSON_MEMBER("incomplete", MR_JSON_BOOL, struct mr_plan_skipped, incomplete),
};
static const struct mr_json_record skipped =
    MR_JSON_RECORD(struct mr_plan_skipped, skipped_members);

static const struct mr_json_member file_members[] = {
    MR_JSON_MEMBER("name", MR_JSON_TEXT, struct mr_plan_file, name),
    MR_JSON_MEMBER("size", MR_JSON_COUNT, struct mr_plan_file, size_bytes),
    MR_JSON_MEMBER("sha256", MR_JSON_TEXT, struct mr_plan_file, sha256),
    MR_JSON_MAY_LACK("undecided", MR_JSON_TEXT_OR_NULL, struct mr_plan_file, undecided),
};
static const struct mr_json_record file = MR_JSON_RECORD(struct mr_plan_file, file_members);

#define SERVER(name, type, member) MR_JSON_MEMBER(name, type, struct mr_plan_server, member)
static const struct mr_json_member server_members[] = {
    SERVER("version", MR_JSON_TEXT, version),
    SERVER("hostname", MR_JSON_TEXT, hostname),
    SERVER("port", MR_JSON_UNSIGNED, port),
    SERVER("server_id", MR_JSON_UNSIGNED, server_id),
    SERVER("uuid", MR_JSON_TEXT, uuid),
    SERVER("datadir", MR_JSON_TEXT, datadir),
    MR_JSON_STRINGS("databases", struct mr_plan_server, dbs, ndbs, false),
    SERVER("replicates_from", MR_JSON_TEXT_OR_NULL, replicates_from),
};
static const struct mr_json_record server_record =
    MR_JSON_RECORD(struct mr_plan_server, server_members);

#define PLAN(name, type, member) MR_JSON_MEMBER(name, type, struct mr_manifest, member)
static const struct mr_json_member head_members[] = {
    PLAN("uuid", MR_JSON_TEXT, uuid),
    PLAN("created", MR_JSON_TEXT, created),
    PLAN("version", MR_JSON_TEXT, version),
    PLAN("policy", MR_JSON_TEXT, policy),
    PLAN("source", MR_JSON_TEXT, source),
    PLAN("target", MR_JSON_TEXT, target),
    PLAN("source_uri", MR_JSON_TEXT_OR_NULL, uri[MR_SOURCE]),
    PLAN("target_uri", MR_JSON_TEXT_OR_NULL, uri[MR_TARGET]),
    PLAN("apply_to", MR_JSON_TEXT_OR_NULL, apply_to),
    PLAN("case", MR_JSON_TEXT_OR_NULL, case_path),
    PLAN("config", MR_JSON_TEXT_OR_NULL, config),
    PLAN("run", MR_JSON_TEXT_OR_NULL, run),
    PLAN("check_options", MR_JSON_TEXT_OR_NULL, check_options),
    PLAN("margin", MR_JSON_NUMBER, margin),
    MR_JSON_MAY_LACK("page_key", MR_JSON_TEXT_OR_NULL, struct mr_manifest, page_key),
    MR_JSON_MAY_LACK("again_of", MR_JSON_TEXT_OR_NULL, struct mr_manifest, again_of),
    MR_JSON_STRINGS("options", struct mr_manifest, options, noptions, true),
};
static const struct mr_json_record head_record = MR_JSON_RECORD(struct mr_manifest, head_members);

static const struct mr_json_member lists[] = {
    MR_JSON_MEMBERS("tables", &counter, struct mr_manifest, counters, ncounters),
    MR_JSON_MEMBERS("skipped", &skipped, struct mr_manifest, skipped, nskipped),
    MR_JSON_MEMBERS("files", &file, struct mr_manifest, files, nfiles),
};
static const struct mr_json_record list_record = MR_JSON_RECORD(struct mr_manifest, lists);

/* ---- writing ---- */

static void put_server(struct mr_jsonw *w, const struct mr_plan_server *server)
{
    mr_jsonw_key(w, "server");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "flavour", server->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    mr_json_put_record(w, &server_record, server);
    mr_jsonw_object_end(w);
}

static void put_all(struct mr_jsonw *w, const struct mr_manifest *m)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "schema", MR_PLAN_SCHEMA);
    mr_json_put_record(w, &head_record, m);
    put_server(w, &m->server);
    mr_jsonw_key(w, "counts");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_uint(w, "tables", m->ncounters);
    mr_jsonw_add_uint(w, "skipped", m->nskipped);
    mr_jsonw_object_end(w);
    mr_json_put_record(w, &list_record, m);
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

static void get_server(struct mr_json_reader *r, const struct json_t *root,
                       struct mr_plan_server *server)
{
    const struct json_t *object = mr_json_read_object(r, root, "server");
    const char *flavour = mr_json_read_text(r, object, "flavour");
    server->flavour = strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    mr_json_get_record(r, object, &server_record, server);
}

/* A sequence is where its database is said, too. */
static void check_sequences(struct mr_json_reader *r, const struct mr_manifest *m)
{
    for (size_t i = 0; r->code == MR_OK && i < m->ncounters; i++)
        if (m->counters[i].sequence != NULL && m->counters[i].sequence_db == NULL)
            mr_json_read_refuse(r, "sequence_db of sequence", m->counters[i].sequence);
}

static void get_all(struct mr_json_reader *r, const struct json_t *root, struct mr_manifest *m)
{
    mr_json_get_record(r, root, &head_record, m);
    get_server(r, root, &m->server);
    mr_json_get_record(r, root, &list_record, m);
    check_sequences(r, m);
    if (r->code == MR_OK && !mr_policy_is_known(m->policy))
        r->code = mr_err_set(r->err, MR_E_REFUSED, "this version does not know the policy \"%s\"",
                             m->policy);
    if (r->code == MR_OK && mr_manifest_writes_rows(m))
        mr_planned_get(r, root, &m->planned);
}

/* The seal is looked at before anything of the text is believed. */
enum mr_code mr_manifest_read(const char *text, size_t len, const char *name,
                              struct mr_arena *arena, struct mr_manifest *out, struct mr_err *err)
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
