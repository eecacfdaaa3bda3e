/* gate_file.c: writing facts; see gate_file.h. */
#include "recon/gate_file.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/io.h"
#include "core/jsonw.h"
#include "core/sha256.h"
#include "core/version.h"
#include "recon/gate_file_internal.h"

static void put_text(struct mr_jsonw *w, const char *key, const char *text)
{
    mr_jsonw_key(w, key);
    mr_jsonw_str(w, text);
}

/* A number of the server's: a string, because JSON's numbers are no 64-bit integers. */
static void put_number(struct mr_jsonw *w, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    put_text(w, key, text);
}

static void put_bool(struct mr_jsonw *w, const char *key, bool value)
{
    mr_jsonw_key(w, key);
    mr_jsonw_bool(w, value);
}

static void put_texts(struct mr_jsonw *w, const char *key, const char *const *texts,
                      size_t count)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < count; i++)
        mr_jsonw_str(w, texts[i]);
    mr_jsonw_array_end(w);
}

static void begin_object(struct mr_jsonw *w, const char *key)
{
    mr_jsonw_key(w, key);
    mr_jsonw_object_begin(w);
}

/* Why something is not known; null where it is. */
static void put_view(struct mr_jsonw *w, const struct mr_gate_view *view)
{
    put_text(w, "unknown", view->seen == MR_GATE_SEEN ? NULL : view->why);
}

static void put_server(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    const struct mr_server *s = &f->server;
    begin_object(w, "server");
    put_text(w, "flavour", s->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    put_text(w, "version", s->version_text);
    put_number(w, "version_number", s->version);
    put_text(w, "hostname", s->hostname);
    put_number(w, "port", s->port);
    put_number(w, "server_id", s->server_id);
    put_text(w, "uuid", s->uuid);
    put_text(w, "datadir", s->datadir);
    put_text(w, "started", f->started);
    put_number(w, "uptime_seconds", f->uptime_s);
    mr_jsonw_object_end(w);
}

static void put_channel(struct mr_jsonw *w, const struct mr_gate_channel *c)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", c->name);
    put_text(w, "host", c->host);
    put_number(w, "port", c->port);
    put_text(w, "uuid", c->uuid);
    put_number(w, "server_id", c->source_id);
    put_text(w, "io", c->io);
    put_text(w, "sql", c->sql);
    mr_jsonw_key(w, "lag_seconds");
    if (c->lag_s == MR_GATE_UNKNOWN_S)
        mr_jsonw_null(w);
    else
        mr_jsonw_int(w, c->lag_s);
    put_number(w, "delay_seconds", (uint64_t)c->delay_s);
    put_number(w, "io_errno", c->io_errno);
    put_number(w, "sql_errno", c->sql_errno);
    mr_jsonw_object_end(w);
}

static void put_replication(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    begin_object(w, "gtid");
    put_text(w, "executed", f->gtid_executed);
    put_text(w, "position", f->gtid_position);
    mr_jsonw_object_end(w);
    begin_object(w, "replication");
    put_view(w, &f->replication);
    mr_jsonw_key(w, "channels");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < f->nchannels; i++)
        put_channel(w, &f->channels[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
    begin_object(w, "semi_sync");
    put_bool(w, "known", f->semi_sync_known);
    put_bool(w, "wanted", f->semi_sync_wanted);
    put_bool(w, "on", f->semi_sync_on);
    put_number(w, "clients", f->semi_sync_clients);
    mr_jsonw_object_end(w);
}

static void put_load(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    begin_object(w, "sessions");
    put_view(w, &f->sessions);
    put_number(w, "replicas_attached", f->attached);
    put_text(w, "by_account", f->by_account);
    mr_jsonw_object_end(w);
    begin_object(w, "load");
    put_number(w, "max_connections", f->max_connections);
    put_number(w, "connected", f->connected);
    put_number(w, "running", f->running);
    put_number(w, "most_connected", f->most_connected);
    put_number(w, "data_bytes", f->data_bytes);
    mr_jsonw_key(w, "history_length");
    if (f->history.seen == MR_GATE_SEEN)
        mr_jsonw_uint(w, f->history_length);
    else
        mr_jsonw_null(w);
    mr_jsonw_key(w, "disk_free_bytes");
    if (f->disk.seen == MR_GATE_SEEN && f->disk_bytes > 0)
        mr_jsonw_uint(w, f->disk_free_bytes);
    else
        mr_jsonw_null(w);
    mr_jsonw_object_end(w);
    mr_jsonw_key(w, "variables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < f->nvariables; i++) {
        mr_jsonw_object_begin(w);
        put_text(w, "name", f->variables[i].name);
        put_text(w, "value", f->variables[i].value);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_range(struct mr_jsonw *w, const struct mr_gate_range *r)
{
    mr_jsonw_object_begin(w);
    put_text(w, "lo", r->lo);
    put_text(w, "hi", r->hi);
    put_number(w, "rows", r->rows);
    put_text(w, "digest", r->digest);
    mr_jsonw_object_end(w);
}

static void put_keys(struct mr_jsonw *w, const struct mr_gate_table *t)
{
    begin_object(w, "rows");
    put_number(w, "count", t->rows);
    put_bool(w, "exact", t->rows_exact);
    mr_jsonw_object_end(w);
    begin_object(w, "key");
    put_text(w, "column", t->key_column);
    put_text(w, "greatest", t->has_greatest ? t->greatest : NULL);
    mr_jsonw_object_end(w);
    begin_object(w, "counter");
    put_text(w, "column", t->counter_column);
    put_number(w, "next", t->next);
    put_number(w, "greatest", t->counter_greatest);
    put_number(w, "type_max", t->counter_max);
    mr_jsonw_object_end(w);
    begin_object(w, "newest");
    put_text(w, "column", t->time_column);
    put_text(w, "value", t->time_column != NULL ? t->newest : NULL);
    put_bool(w, "is_number", t->time_is_number);
    put_text(w, "read_by", t->newest_by);
    mr_jsonw_object_end(w);
    begin_object(w, "sequence");
    put_text(w, "column", t->sequence_column);
    put_number(w, "lo", t->sequence_lo);
    put_number(w, "hi", t->sequence_hi);
    put_number(w, "present", t->sequence_present);
    put_text(w, "gaps", t->sequence_gaps);
    mr_jsonw_object_end(w);
}

static void put_table(struct mr_jsonw *w, const struct mr_gate_table *t)
{
    mr_jsonw_object_begin(w);
    put_text(w, "db", t->db);
    put_text(w, "name", t->name);
    put_view(w, &t->view);
    put_text(w, "engine", t->engine);
    put_text(w, "fingerprint", t->fingerprint);
    put_texts(w, "shape", t->shape, t->nshape);
    put_keys(w, t);
    mr_jsonw_key(w, "samples");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->nranges; i++)
        put_range(w, &t->ranges[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "full");
    if (t->full.digest != NULL)
        put_range(w, &t->full);
    else
        mr_jsonw_null(w);
    mr_jsonw_object_end(w);
}

static void put_facts(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    mr_jsonw_object_begin(w);
    put_text(w, "uri", f->uri);
    put_text(w, "recorded", f->recorded);
    put_server(w, f);
    put_text(w, "role", f->role);
    put_bool(w, "read_only", f->read_only);
    put_bool(w, "super_read_only", f->super_read_only);
    put_replication(w, f);
    put_load(w, f);
    put_texts(w, "named", f->named, f->nnamed);
    put_texts(w, "databases", f->dbs, f->ndbs);
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < f->ntables; i++)
        put_table(w, &f->tables[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

enum mr_code mr_gate_file_text(const struct mr_gate_facts *servers, size_t count,
                               struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_jsonw w;
    char digest[MR_SHA256_HEX];
    const size_t start = out->len;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    put_text(&w, "schema", MR_GATE_FACTS_SCHEMA);
    put_text(&w, "version", MR_VERSION);
    put_text(&w, "recorded", servers[0].recorded);
    mr_jsonw_key(&w, "servers");
    mr_jsonw_array_begin(&w);
    for (size_t i = 0; i < count; i++)
        put_facts(&w, &servers[i]);
    mr_jsonw_array_end(&w);
    mr_jsonw_object_end(&w);
    enum mr_code code = mr_jsonw_finish(&w, "the facts", err);
    mr_jsonw_release(&w);
    if (code != MR_OK)
        return code;
    out->len--; /* the closing brace comes behind the digest */
    code = mr_sha256_bytes(out->ptr + start, out->len - start, digest, err);
    if (code == MR_OK) {
        mr_strbuf_add_str(out, MR_GATE_SEAL);
        mr_strbuf_add_str(out, digest);
        mr_strbuf_add_str(out, MR_GATE_TAIL);
        code = mr_strbuf_check(out, "writing the facts", err);
    }
    return code;
}

enum mr_code mr_gate_file_write(const char *path, const struct mr_gate_facts *servers,
                                size_t count, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_gate_file_text(servers, count, &text, err);
    if (code == MR_OK)
        code = mr_io_write_file(path, 0600, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}
