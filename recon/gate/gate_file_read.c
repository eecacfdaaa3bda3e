/* gate_file_read.c: reading facts; see gate_file.h. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"
#include "core/file/sha256.h"
#include "core/json/json_apart.h"
#include "core/json/json_reader.h"
#include "recon/gate/gate_file.h"
#include "recon/gate/gate_file_internal.h"
#include "recon/gate/gate_shape.h"

#define MAX_BYTES ((size_t)1 << 30)

typedef const struct json_t *node;

static struct mr_gate_view get_view(struct mr_json_reader *r, node object)
{
    struct mr_gate_view view = {.seen = MR_GATE_SEEN};
    view.why = mr_json_read_text_or_null(r, object, "unknown");
    if (view.why != NULL)
        view.seen = MR_GATE_FAILED;
    return view;
}

/* Whole, or not at all: what is cut could pass for another. */
static void get_chars(struct mr_json_reader *r, node object, const char *name, char *to,
                      size_t size)
{
    const char *text = mr_json_read_text(r, object, name);
    if (strlen(text) >= size)
        mr_json_read_refuse(r, name, text);
    else
        memcpy(to, text, strlen(text) + 1);
}

/* A number that fits where it is kept. */
static uint64_t get_number(struct mr_json_reader *r, node object, const char *name, uint64_t most)
{
    const uint64_t number = mr_json_read_number(r, object, name);
    char text[24];
    if (number <= most)
        return number;
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    mr_json_read_refuse(r, name, text);
    return 0;
}

/* "2026-11-20T14:03:00Z": statements are built with it. */
static const char *get_time(struct mr_json_reader *r, node object, const char *name)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    const char *text = mr_json_read_text(r, object, name);
    bool fits = strlen(text) == sizeof form - 1;
    for (size_t i = 0; fits && form[i] != '\0'; i++)
        fits = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
    if (!fits)
        mr_json_read_refuse(r, name, text);
    return text;
}

/* Numbers are bounded by what they are put into, and a flavour that is neither is refused: rules
 * choose by it. */
static void get_server(struct mr_json_reader *r, node facts, struct mr_gate_facts *f)
{
    node object = mr_json_read_object(r, facts, "server");
    struct mr_server *s = &f->server;
    const char *flavour = mr_json_read_text(r, object, "flavour");
    s->flavour = strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    if (s->flavour == MR_FLAVOUR_MYSQL && strcmp(flavour, "mysql") != 0)
        mr_json_read_refuse(r, "flavour", flavour);
    s->version = (unsigned)get_number(r, object, "version_number", UINT_MAX);
    get_chars(r, object, "version", s->version_text, sizeof s->version_text);
    get_chars(r, object, "hostname", s->hostname, sizeof s->hostname);
    s->port = (unsigned)get_number(r, object, "port", UINT_MAX);
    s->server_id = (uint32_t)get_number(r, object, "server_id", UINT32_MAX);
    get_chars(r, object, "uuid", s->uuid, sizeof s->uuid);
    get_chars(r, object, "datadir", s->datadir, sizeof s->datadir);
    f->started = mr_json_read_text(r, object, "started");
    f->uptime_s = mr_json_read_number(r, object, "uptime_seconds");
}

/* The lag of then says nothing now, and texts of errors are not kept in a baseline. */
static void get_channel(struct mr_json_reader *r, node object, struct mr_gate_channel *c)
{
    c->name = mr_json_read_text(r, object, "name");
    c->host = mr_json_read_text(r, object, "host");
    c->port = (unsigned)get_number(r, object, "port", UINT_MAX);
    c->uuid = mr_json_read_text(r, object, "uuid");
    c->source_id = (uint32_t)get_number(r, object, "server_id", UINT32_MAX);
    c->io = mr_json_read_text(r, object, "io");
    c->sql = mr_json_read_text(r, object, "sql");
    c->lag_s = MR_GATE_UNKNOWN_S;
    c->delay_s = (long)get_number(r, object, "delay_seconds", LONG_MAX);
    c->io_errno = (unsigned)get_number(r, object, "io_errno", UINT_MAX);
    c->sql_errno = (unsigned)get_number(r, object, "sql_errno", UINT_MAX);
    c->filters = mr_json_read_text_or_null(r, object, "filters");
    c->io_error = c->sql_error = c->worker_error = c->retrieved = "";
}

/* Not in files of older versions, nor of a server without a log. */
static void get_log(struct mr_json_reader *r, node facts, struct mr_gate_log *log)
{
    *log = (struct mr_gate_log){
        .view = {.seen = MR_GATE_SEEN}, .file = "", .gtid = "", .gtid_then = "", .next = ""};
    if (r->code != MR_OK || !mr_json_has(facts, "binary_log"))
        return;
    node object = mr_json_read_object(r, facts, "binary_log");
    log->file = mr_json_read_text(r, object, "file");
    log->position = mr_json_read_number(r, object, "position");
    log->gtid = mr_json_read_text(r, object, "gtid");
}

/* Not of a server that is in none, nor in files of older versions. */
static void get_cluster(struct mr_json_reader *r, node facts, struct mr_gate_cluster *cluster)
{
    *cluster = (struct mr_gate_cluster){.uuid = "", .component = "", .state = ""};
    if (r->code != MR_OK || !mr_json_has(facts, "cluster"))
        return;
    node object = mr_json_read_object(r, facts, "cluster");
    cluster->is_member = true;
    cluster->uuid = mr_json_read_text(r, object, "uuid");
    cluster->component = mr_json_read_text(r, object, "component");
    cluster->state = mr_json_read_text(r, object, "state");
    cluster->size = mr_json_read_number(r, object, "size");
}

/* Not of a server that is set up for none, nor in files of older versions. */
static void get_group(struct mr_json_reader *r, node facts, struct mr_gate_group *group)
{
    *group = (struct mr_gate_group){.name = "", .state = "", .with = ""};
    if (r->code != MR_OK || !mr_json_has(facts, "group"))
        return;
    node object = mr_json_read_object(r, facts, "group");
    if (r->code != MR_OK)
        return;
    group->view = get_view(r, object);
    group->name = mr_json_read_text(r, object, "name");
    group->state = mr_json_read_text(r, object, "state");
    group->members = mr_json_read_number(r, object, "members");
    group->reached = mr_json_read_number(r, object, "reached");
    group->with = mr_json_read_text(r, object, "with");
}

static void get_replication(struct mr_json_reader *r, node facts, struct mr_gate_facts *f)
{
    node object = mr_json_read_object(r, facts, "gtid");
    f->gtid_executed = mr_json_read_text(r, object, "executed");
    f->gtid_position = mr_json_read_text(r, object, "position");
    get_log(r, facts, &f->log);
    object = mr_json_read_object(r, facts, "replication");
    if (r->code != MR_OK)
        return;
    f->replication = get_view(r, object);
    void *items = NULL;
    node array = mr_json_read_array(r, object, "channels", sizeof(struct mr_gate_channel),
                                    &f->nchannels, &items);
    struct mr_gate_channel *channels = items;
    for (size_t i = 0; i < f->nchannels && r->code == MR_OK; i++)
        get_channel(r, mr_json_read_item(r, array, i), &channels[i]);
    f->channels = channels;
    object = mr_json_read_object(r, facts, "semi_sync");
    f->semi_sync_known = mr_json_read_bool(r, object, "known");
    f->semi_sync_wanted = mr_json_read_bool(r, object, "wanted");
    f->semi_sync_on = mr_json_read_bool(r, object, "on");
    f->semi_sync_clients = mr_json_read_number(r, object, "clients");
    get_group(r, facts, &f->group);
    get_cluster(r, facts, &f->cluster);
}

static void get_load(struct mr_json_reader *r, node facts, struct mr_gate_facts *f)
{
    node object = mr_json_read_object(r, facts, "sessions");
    if (r->code != MR_OK)
        return;
    f->sessions = get_view(r, object);
    f->attached = mr_json_read_number(r, object, "replicas_attached");
    f->replicas = mr_json_read_text_or_null(r, object, "replicas");
    f->by_account = mr_json_read_text(r, object, "by_account");
    object = mr_json_read_object(r, facts, "load");
    f->max_connections = mr_json_read_number(r, object, "max_connections");
    f->connected = mr_json_read_number(r, object, "connected");
    f->running = mr_json_read_number(r, object, "running");
    f->most_connected = mr_json_read_number(r, object, "most_connected");
    f->data_bytes = mr_json_read_number(r, object, "data_bytes");
    void *items = NULL;
    node array = mr_json_read_array(r, facts, "variables", sizeof(struct mr_gate_variable),
                                    &f->nvariables, &items);
    struct mr_gate_variable *variables = items;
    for (size_t i = 0; i < f->nvariables && r->code == MR_OK; i++) {
        node item = mr_json_read_item(r, array, i);
        variables[i].name = mr_json_read_text(r, item, "name");
        variables[i].value = mr_json_read_text(r, item, "value");
    }
    f->variables = variables;
}

static void get_range(struct mr_json_reader *r, node object, uint64_t most_rows,
                      struct mr_gate_range *range)
{
    range->lo = mr_json_read_text(r, object, "lo");
    range->hi = mr_json_read_text(r, object, "hi");
    range->rows = get_number(r, object, "rows", most_rows);
    range->digest = mr_json_read_text(r, object, "digest");
    const char *each = mr_json_read_text_or_null(r, object, "each");
    const char *keys = mr_json_read_text_or_null(r, object, "keys");
    range->each = each != NULL ? each : "";
    range->keys = keys != NULL ? keys : "";
}

static void get_samples(struct mr_json_reader *r, node object, struct mr_gate_table *t)
{
    void *items = NULL;
    node array =
        mr_json_read_array(r, object, "samples", sizeof(struct mr_gate_range), &t->nranges, &items);
    struct mr_gate_range *ranges = items;
    struct mr_err ignored;
    node full = NULL;
    for (size_t i = 0; i < t->nranges && r->code == MR_OK; i++)
        get_range(r, mr_json_read_item(r, array, i), UINT32_MAX, &ranges[i]);
    t->ranges = ranges;
    if (r->code == MR_OK && mr_json_get_object(object, "full", &full, &ignored) == MR_OK)
        get_range(r, full, UINT64_MAX, &t->full);
}

/* Cuts the text up to the next colon off; NULL: there is no part more. */
static const char *next_part(char **at)
{
    char *part = *at, *colon = part != NULL ? strchr(part, ':') : NULL;
    *at = colon != NULL ? colon + 1 : NULL;
    if (colon != NULL)
        *colon = '\0';
    return part;
}

/* A row is one text of four parts. What has fewer or more was not written by this program, whatever
 * its checksum. */
static void get_rows(struct mr_json_reader *r, node object, const char *name,
                     struct mr_gate_rows *list)
{
    const char *const *texts = mr_json_read_texts(r, object, name, &list->count);
    if (r->code != MR_OK)
        return;
    list->rows =
        mr_json_read_keep(r, mr_arena_calloc(r->arena, list->count + 1, sizeof *list->rows));
    for (size_t i = 0; i < list->count && r->code == MR_OK; i++) {
        struct mr_gate_row *row = &list->rows[i];
        char *at = mr_json_read_keep(r, mr_arena_strdup(r->arena, texts[i]));
        if (at == NULL)
            return;
        row->key = next_part(&at);
        row->who = next_part(&at);
        row->born = next_part(&at);
        row->held = next_part(&at);
        if (row->held == NULL || at != NULL)
            mr_json_read_refuse(r, name, texts[i]);
    }
}

/* Not in files of older versions. */
static void get_last_rows(struct mr_json_reader *r, node table, struct mr_gate_table *t)
{
    t->rows_key = t->rows_identity = t->rows_born = "";
    if (r->code != MR_OK || !mr_json_has(table, "last_rows"))
        return;
    node object = mr_json_read_object(r, table, "last_rows");
    t->rows_key = mr_json_read_text(r, object, "key");
    t->rows_identity = mr_json_read_text(r, object, "identity");
    t->rows_born = mr_json_read_text(r, object, "time");
    get_rows(r, object, "by_key", &t->by_key);
    get_rows(r, object, "by_time", &t->by_time);
}

/* A greatest key of no column could not be compared with anything, and would be passed over in
 * silence. */
static void get_keys(struct mr_json_reader *r, node table, struct mr_gate_table *t)
{
    node object = mr_json_read_object(r, table, "rows");
    t->rows = mr_json_read_number(r, object, "count");
    t->rows_exact = mr_json_read_bool(r, object, "exact");
    object = mr_json_read_object(r, table, "key");
    t->key_column = mr_json_read_text_or_null(r, object, "column");
    const char *greatest = mr_json_read_text_or_null(r, object, "greatest");
    t->has_greatest = greatest != NULL;
    t->greatest = greatest != NULL ? greatest : "";
    if (t->has_greatest && t->key_column == NULL)
        mr_json_read_refuse(r, "the greatest key of no column", t->greatest);
    object = mr_json_read_object(r, table, "counter");
    t->counter_column = mr_json_read_text_or_null(r, object, "column");
    t->next = mr_json_read_number(r, object, "next");
    t->counter_greatest = mr_json_read_number(r, object, "greatest");
    t->counter_max = mr_json_read_number(r, object, "type_max");
    object = mr_json_read_object(r, table, "newest");
    t->time_column = mr_json_read_text_or_null(r, object, "column");
    const char *newest = mr_json_read_text_or_null(r, object, "value");
    t->newest = newest != NULL ? newest : "";
    t->time_is_number = mr_json_read_bool(r, object, "is_number");
    t->newest_by = mr_json_read_text(r, object, "read_by");
    object = mr_json_read_object(r, table, "sequence");
    t->sequence_view = get_view(r, object);
    t->sequence_column = mr_json_read_text_or_null(r, object, "column");
    t->sequence_lo = mr_json_read_number(r, object, "lo");
    t->sequence_hi = mr_json_read_number(r, object, "hi");
    t->sequence_present = mr_json_read_number(r, object, "present");
    t->sequence_gaps = mr_json_read_text(r, object, "gaps");
}

static void get_table(struct mr_json_reader *r, node object, struct mr_gate_table *t)
{
    if (r->code != MR_OK)
        return;
    t->db = mr_json_read_text(r, object, "db");
    t->name = mr_json_read_text(r, object, "name");
    t->view = get_view(r, object);
    t->engine = mr_json_read_text(r, object, "engine");
    t->fingerprint = mr_json_read_text(r, object, "fingerprint");
    t->shape = mr_json_read_texts(r, object, "shape", &t->nshape);
    if (r->code == MR_OK)
        r->code = mr_gate_shape_renew(t, r->arena, r->err);
    get_keys(r, object, t);
    get_samples(r, object, t);
    get_last_rows(r, object, t);
    t->triggers_seen = r->code == MR_OK && mr_json_has(object, "triggers");
    if (t->triggers_seen)
        t->triggers = mr_json_read_texts(r, object, "triggers", &t->ntriggers);
}

/* Not in files of older versions. */
static void get_sequences(struct mr_json_reader *r, node facts, struct mr_gate_facts *f)
{
    void *items = NULL;
    f->is_older = r->code == MR_OK && !mr_json_has(facts, "sequences");
    if (r->code != MR_OK || f->is_older)
        return;
    node array = mr_json_read_array(r, facts, "sequences", sizeof(struct mr_gate_sequence),
                                    &f->nsequences, &items);
    struct mr_gate_sequence *sequences = items;
    for (size_t i = 0; i < f->nsequences && r->code == MR_OK; i++) {
        node object = mr_json_read_item(r, array, i);
        sequences[i].db = mr_json_read_text(r, object, "db");
        sequences[i].name = mr_json_read_text(r, object, "name");
        sequences[i].view = get_view(r, object);
        sequences[i].next = mr_json_read_number(r, object, "next");
    }
    f->sequences = sequences;
}

/* Tables are looked up by halves: one out of its order would not be found, and would not
 * be judged. */
static void check_order(struct mr_json_reader *r, const struct mr_gate_facts *f)
{
    for (size_t i = 1; i < f->ntables && r->code == MR_OK; i++) {
        const struct mr_gate_table *a = &f->tables[i - 1], *b = &f->tables[i];
        const int order = strcmp(a->db, b->db);
        if (order > 0 || (order == 0 && strcmp(a->name, b->name) >= 0))
            mr_json_read_refuse(r, "the order of tables, at", b->name);
    }
}

/* Files of older versions have the names of the URI in its letters. */
static void get_letters(struct mr_json_reader *r, struct mr_gate_facts *f)
{
    if (r->code != MR_OK)
        return; /* with names read half-way */
    const char *value = mr_gate_facts_variable(f, "lower_case_table_names");
    f->server.lower_case_table_names = (char)(value != NULL && strcmp(value, "0") != 0);
    r->code = mr_gate_facts_spell(f, r->arena, r->err);
}

/* Of tables there may be thousands, each with a page of text. */
static void get_tables(struct mr_json_reader *r, struct mr_json_apart *doc, node object,
                       struct mr_gate_facts *f)
{
    struct mr_gate_table *tables = NULL;
    size_t first = 0;
    if (r->code == MR_OK)
        r->code = mr_json_apart_array(doc, object, &first, &f->ntables, r->err);
    if (r->code == MR_OK)
        tables = mr_json_read_keep(r, mr_arena_calloc(r->arena, f->ntables + 1, sizeof *tables));
    for (size_t i = 0; i < f->ntables && r->code == MR_OK; i++) {
        node item = NULL;
        r->code = mr_json_apart_item(doc, first + i, &item, r->err);
        get_table(r, item, &tables[i]);
    }
    if (r->code != MR_OK)
        f->ntables = 0;
    f->tables = tables;
}

/* Tables are searched by halving, so that their order in the file is checked, too. */
static void get_facts(struct mr_json_reader *r, struct mr_json_apart *doc, node object,
                      struct mr_gate_facts *f)
{
    f->uri = mr_json_read_text(r, object, "uri");
    f->recorded = get_time(r, object, "recorded");
    get_server(r, object, f);
    f->role = mr_json_read_text(r, object, "role");
    f->read_only = mr_json_read_bool(r, object, "read_only");
    f->super_read_only = mr_json_read_bool(r, object, "super_read_only");
    get_replication(r, object, f);
    get_load(r, object, f);
    f->named = mr_json_read_texts(r, object, "named", &f->nnamed);
    f->dbs = mr_json_read_texts(r, object, "databases", &f->ndbs);
    get_letters(r, f);
    get_tables(r, doc, object, f);
    check_order(r, f);
    get_sequences(r, object, f);
    f->tables_read = true;
}

/* ---- the file as a whole ---- */

static enum mr_code refuse(const char *path, const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG, "baseline \"%s\" %s", path, why);
    mr_err_hint(err, "Look for it as it was recorded. One that is recorded now takes what is "
                     "there now for right: compare first, with a replica (--peer) or a backup.");
    return MR_E_CONFIG;
}

/* Another version is told apart from another file: it can still be read, by the program that wrote
 * it. */
static enum mr_code check_schema(node root, const char *path, struct mr_err *err)
{
    const char *schema = NULL;
    struct mr_err why;
    if (mr_json_get_text(root, "schema", &schema, &why) != MR_OK ||
        strncmp(schema, "myrecon/facts/", 14) != 0)
        return refuse(path, "is no file of \"gate record\"", err);
    if (strcmp(schema, MR_GATE_FACTS_SCHEMA) != 0) {
        (void)mr_err_set(err, MR_E_CONFIG,
                         "baseline \"%s\" is of version \"%.40s\", this myrecon reads "
                         "\"" MR_GATE_FACTS_SCHEMA "\"",
                         path, schema);
        mr_err_hint(err, "Use the myrecon that recorded it. One that is recorded now takes what "
                         "is there now for right.");
        return MR_E_CONFIG;
    }
    return MR_OK;
}

/* The checksum stands at the very end and covers all bytes before it: one that is missing is a file
 * that was cut short. */
static enum mr_code check_seal(const char *text, size_t len, const char *path, struct mr_err *err)
{
    const size_t tail = sizeof MR_GATE_TAIL - 1, seal = sizeof MR_GATE_SEAL - 1;
    const size_t closing = seal + (MR_SHA256_HEX - 1) + tail;
    char digest[MR_SHA256_HEX];
    if (len < closing || memcmp(text + len - tail, MR_GATE_TAIL, tail) != 0 ||
        memcmp(text + len - closing, MR_GATE_SEAL, seal) != 0)
        return refuse(path, "is cut short or was changed", err);
    MR_TRY(mr_sha256_bytes(text, len - closing, digest, err));
    if (memcmp(digest, text + len - closing + seal, MR_SHA256_HEX - 1) != 0)
        MR_TRY(refuse(path,
                      "was changed after it had been recorded: its checksum is "
                      "wrong",
                      err));
    return MR_OK;
}

static enum mr_code get_all(struct mr_json_reader *r, struct mr_json_apart *doc,
                            struct mr_gate_baseline *out)
{
    node root = mr_json_apart_root(doc);
    size_t count;
    void *items = NULL;
    node array =
        mr_json_read_array(r, root, "servers", sizeof(struct mr_gate_facts), &count, &items);
    struct mr_gate_facts *servers = items;
    for (size_t i = 0; i < count && r->code == MR_OK; i++)
        get_facts(r, doc, mr_json_read_item(r, array, i), &servers[i]);
    out->recorded = get_time(r, root, "recorded");
    out->version = mr_json_read_text(r, root, "version");
    if (r->code == MR_OK && count == 0)
        r->code = mr_err_set(r->err, MR_E_CONFIG, "it holds no server");
    if (r->code == MR_OK) {
        out->server = servers[0];
        out->peers = servers + 1;
        out->npeers = count - 1;
    }
    return r->code;
}

/* Whether the file is whole is asked before anything in it is believed. */
enum mr_code mr_gate_file_parse(const char *text, size_t len, const char *path,
                                struct mr_arena *arena, struct mr_gate_baseline *out,
                                struct mr_err *err)
{
    struct mr_json_apart *doc = NULL;
    struct mr_err why = {0};
    struct mr_intern texts;
    struct mr_json_reader r = {
        .arena = arena, .err = &why, .doing = "reading the baseline", .texts = &texts};
    *out = (struct mr_gate_baseline){.path = mr_arena_strdup(arena, path)};
    if (out->path == NULL)
        return mr_err_nomem(err, "reading the baseline");
    enum mr_code code = mr_json_apart_parse(text, len, path, "tables", &doc, &why);
    if (code == MR_E_NOMEM)
        return mr_err_nomem(err, "reading the baseline");
    if (code != MR_OK)
        return refuse(path, "is no file of \"gate record\", or cut short", err);
    mr_intern_init(&texts, arena);
    code = check_schema(mr_json_apart_root(doc), path, err);
    if (code == MR_OK)
        code = check_seal(text, len, path, err);
    if (code == MR_OK && get_all(&r, doc, out) != MR_OK) {
        code = r.code == MR_E_NOMEM ? mr_err_nomem(err, "reading the baseline")
                                    : refuse(path, "lacks something", err);
        mr_err_detail(err, "%s", why.message);
    }
    mr_intern_release(&texts);
    mr_json_apart_free(doc);
    return code;
}

enum mr_code mr_gate_file_read(const char *path, struct mr_arena *arena,
                               struct mr_gate_baseline *out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_io_read_file(path, MAX_BYTES, &text, err);
    if (code == MR_OK)
        code = mr_gate_file_parse(text.ptr, text.len, path, arena, out, err);
    mr_strbuf_release(&text);
    return code;
}
