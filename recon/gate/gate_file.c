/* gate_file.c: writing facts; see gate_file.h. */
#include "recon/gate/gate_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/base/version.h"
#include "core/file/sha256.h"
#include "core/json/jsonw.h"
#include "recon/gate/gate_file_internal.h"

static void begin_object(struct mr_jsonw *w, const char *key)
{
    mr_jsonw_key(w, key);
    mr_jsonw_object_begin(w);
}

/* Why something is not known; null where it is. */
static void put_view(struct mr_jsonw *w, const struct mr_gate_view *view)
{
    mr_jsonw_add_str(w, "unknown", view->seen == MR_GATE_SEEN ? NULL : view->why);
}

static void put_server(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    const struct mr_server *s = &f->server;
    begin_object(w, "server");
    mr_jsonw_add_str(w, "flavour", s->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    mr_jsonw_add_str(w, "version", s->version_text);
    mr_jsonw_add_number(w, "version_number", s->version);
    mr_jsonw_add_str(w, "hostname", s->hostname);
    mr_jsonw_add_number(w, "port", s->port);
    mr_jsonw_add_number(w, "server_id", s->server_id);
    mr_jsonw_add_str(w, "uuid", s->uuid);
    mr_jsonw_add_str(w, "datadir", s->datadir);
    mr_jsonw_add_str(w, "started", f->started);
    mr_jsonw_add_number(w, "uptime_seconds", f->uptime_s);
    mr_jsonw_object_end(w);
}

/* An unknown lag is null, which no reader can take for a number. */
static void put_channel(struct mr_jsonw *w, const struct mr_gate_channel *c)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "name", c->name);
    mr_jsonw_add_str(w, "host", c->host);
    mr_jsonw_add_number(w, "port", c->port);
    mr_jsonw_add_str(w, "uuid", c->uuid);
    mr_jsonw_add_number(w, "server_id", c->source_id);
    mr_jsonw_add_str(w, "io", c->io);
    mr_jsonw_add_str(w, "sql", c->sql);
    mr_jsonw_key(w, "lag_seconds");
    if (c->lag_s == MR_GATE_UNKNOWN_S)
        mr_jsonw_null(w);
    else
        mr_jsonw_int(w, c->lag_s);
    mr_jsonw_add_number(w, "delay_seconds", (uint64_t)c->delay_s);
    mr_jsonw_add_str(w, "filters", c->filters);
    mr_jsonw_add_number(w, "io_errno", c->io_errno);
    mr_jsonw_add_number(w, "sql_errno", c->sql_errno);
    mr_jsonw_object_end(w);
}

static void put_group(struct mr_jsonw *w, const struct mr_gate_group *group)
{
    begin_object(w, "group");
    put_view(w, &group->view);
    mr_jsonw_add_str(w, "name", group->name);
    mr_jsonw_add_str(w, "state", group->state);
    mr_jsonw_add_number(w, "members", group->members);
    mr_jsonw_add_number(w, "reached", group->reached);
    mr_jsonw_add_str(w, "with", group->with);
    mr_jsonw_object_end(w);
}

/* The binary log is left out where there is none: then nothing can be said later of what came
 * between. */
static void put_replication(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    begin_object(w, "gtid");
    mr_jsonw_add_str(w, "executed", f->gtid_executed);
    mr_jsonw_add_str(w, "position", f->gtid_position);
    mr_jsonw_object_end(w);
    if (f->log.file != NULL && f->log.file[0] != '\0') {
        begin_object(w, "binary_log");
        mr_jsonw_add_str(w, "file", f->log.file);
        mr_jsonw_add_number(w, "position", f->log.position);
        mr_jsonw_add_str(w, "gtid", f->log.gtid);
        mr_jsonw_object_end(w);
    }
    begin_object(w, "replication");
    put_view(w, &f->replication);
    mr_jsonw_key(w, "channels");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < f->nchannels; i++)
        put_channel(w, &f->channels[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
    begin_object(w, "semi_sync");
    mr_jsonw_add_bool(w, "known", f->semi_sync_known);
    mr_jsonw_add_bool(w, "wanted", f->semi_sync_wanted);
    mr_jsonw_add_bool(w, "on", f->semi_sync_on);
    mr_jsonw_add_number(w, "clients", f->semi_sync_clients);
    mr_jsonw_object_end(w);
    if (f->group.name != NULL && f->group.name[0] != '\0')
        put_group(w, &f->group);
    if (!f->cluster.is_member)
        return;
    begin_object(w, "cluster");
    mr_jsonw_add_str(w, "uuid", f->cluster.uuid);
    mr_jsonw_add_str(w, "component", f->cluster.component);
    mr_jsonw_add_str(w, "state", f->cluster.state);
    mr_jsonw_add_number(w, "size", f->cluster.size);
    mr_jsonw_object_end(w);
}

/* What could not be seen is null and not 0: a disk without room, and a disk that nobody could look
 * at, are different findings. */
static void put_load(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    begin_object(w, "sessions");
    put_view(w, &f->sessions);
    mr_jsonw_add_number(w, "replicas_attached", f->attached);
    mr_jsonw_add_str(w, "replicas", f->replicas);
    mr_jsonw_add_str(w, "by_account", f->by_account);
    mr_jsonw_object_end(w);
    begin_object(w, "load");
    mr_jsonw_add_number(w, "max_connections", f->max_connections);
    mr_jsonw_add_number(w, "connected", f->connected);
    mr_jsonw_add_number(w, "running", f->running);
    mr_jsonw_add_number(w, "most_connected", f->most_connected);
    mr_jsonw_add_number(w, "data_bytes", f->data_bytes);
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
        mr_jsonw_add_str(w, "name", f->variables[i].name);
        mr_jsonw_add_str(w, "value", f->variables[i].value);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_range(struct mr_jsonw *w, const struct mr_gate_range *r)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "lo", r->lo);
    mr_jsonw_add_str(w, "hi", r->hi);
    mr_jsonw_add_number(w, "rows", r->rows);
    mr_jsonw_add_str(w, "digest", r->digest);
    mr_jsonw_add_str(w, "each", r->each);
    if (r->keys != NULL && r->keys[0] != '\0')
        mr_jsonw_add_str(w, "keys", r->keys);
    mr_jsonw_object_end(w);
}

/* "key:who:born:held" */
static void put_rows(struct mr_jsonw *w, const char *name, const struct mr_gate_rows *list)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_jsonw_key(w, name);
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < list->count; i++) {
        const struct mr_gate_row *row = &list->rows[i];
        mr_strbuf_reset(&text);
        mr_strbuf_add_fmt(&text, "%s:%s:%s:%s", row->key, row->who, row->born, row->held);
        mr_jsonw_str(w, text.failed ? "" : text.ptr);
    }
    mr_jsonw_array_end(w);
    mr_strbuf_release(&text);
}

static void put_last_rows(struct mr_jsonw *w, const struct mr_gate_table *t)
{
    if (t->by_key.count == 0 && t->by_time.count == 0)
        return;
    begin_object(w, "last_rows");
    mr_jsonw_add_str(w, "key", t->rows_key);
    mr_jsonw_add_str(w, "identity", t->rows_identity);
    mr_jsonw_add_str(w, "time", t->rows_born);
    put_rows(w, "by_key", &t->by_key);
    put_rows(w, "by_time", &t->by_time);
    mr_jsonw_object_end(w);
}

/* A counter that counts within groups has no single next number: it is left out, or the next
 * baseline would see it go back. */
static void put_keys(struct mr_jsonw *w, const struct mr_gate_table *t)
{
    begin_object(w, "rows");
    mr_jsonw_add_number(w, "count", t->rows);
    mr_jsonw_add_bool(w, "exact", t->rows_exact);
    mr_jsonw_object_end(w);
    begin_object(w, "key");
    mr_jsonw_add_str(w, "column", t->key_column);
    mr_jsonw_add_str(w, "greatest", t->has_greatest ? t->greatest : NULL);
    mr_jsonw_object_end(w);
    begin_object(w, "counter");
    mr_jsonw_add_str(w, "column", t->counter_grouped ? NULL : t->counter_column);
    mr_jsonw_add_number(w, "next", t->next);
    mr_jsonw_add_number(w, "greatest", t->counter_greatest);
    mr_jsonw_add_number(w, "type_max", t->counter_max);
    mr_jsonw_object_end(w);
    begin_object(w, "newest");
    mr_jsonw_add_str(w, "column", t->time_column);
    mr_jsonw_add_str(w, "value", t->time_column != NULL ? t->newest : NULL);
    mr_jsonw_add_bool(w, "is_number", t->time_is_number);
    mr_jsonw_add_str(w, "read_by", t->newest_by);
    mr_jsonw_object_end(w);
    begin_object(w, "sequence");
    mr_jsonw_add_str(w, "column", t->sequence_column);
    put_view(w, &t->sequence_view);
    mr_jsonw_add_number(w, "lo", t->sequence_lo);
    mr_jsonw_add_number(w, "hi", t->sequence_hi);
    mr_jsonw_add_number(w, "present", t->sequence_present);
    mr_jsonw_add_str(w, "gaps", t->sequence_gaps);
    mr_jsonw_object_end(w);
}

/* Triggers are written only where they were seen: an empty list says that there are none. */
static void put_table(struct mr_jsonw *w, const struct mr_gate_table *t)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "db", t->db);
    mr_jsonw_add_str(w, "name", t->name);
    put_view(w, &t->view);
    mr_jsonw_add_str(w, "engine", t->engine);
    mr_jsonw_add_str(w, "fingerprint", t->fingerprint);
    mr_jsonw_add_texts(w, "shape", t->shape, t->nshape);
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
    put_last_rows(w, t);
    if (t->triggers_seen)
        mr_jsonw_add_texts(w, "triggers", t->triggers, t->ntriggers);
    mr_jsonw_object_end(w);
}

static void put_sequences(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    mr_jsonw_key(w, "sequences");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < f->nsequences; i++) {
        const struct mr_gate_sequence *s = &f->sequences[i];
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "db", s->db);
        mr_jsonw_add_str(w, "name", s->name);
        put_view(w, &s->view);
        mr_jsonw_add_number(w, "next", s->next);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_facts(struct mr_jsonw *w, const struct mr_gate_facts *f)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "uri", f->uri);
    mr_jsonw_add_str(w, "recorded", f->recorded);
    put_server(w, f);
    mr_jsonw_add_str(w, "role", f->role);
    mr_jsonw_add_bool(w, "read_only", f->read_only);
    mr_jsonw_add_bool(w, "super_read_only", f->super_read_only);
    put_replication(w, f);
    put_load(w, f);
    mr_jsonw_add_texts(w, "named", f->named, f->nnamed);
    mr_jsonw_add_texts(w, "databases", f->dbs, f->ndbs);
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < f->ntables; i++)
        put_table(w, &f->tables[i]);
    mr_jsonw_array_end(w);
    put_sequences(w, f);
    mr_jsonw_object_end(w);
}

/* The digest stands before the brace that ends the file: the last byte waits for what comes. */
struct seal {
    struct mr_sink to;
    struct mr_sha256 hash;
    char last; /* '\0': none yet */
};

static enum mr_code pass(struct seal *seal, const char *ptr, size_t len, struct mr_err *err)
{
    mr_sha256_add(&seal->hash, ptr, len);
    return seal->to.write(seal->to.arg, ptr, len, err);
}

static enum mr_code pass_all_but_one(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    struct seal *seal = arg;
    const char *bytes = ptr;
    if (len == 0)
        return MR_OK;
    if (seal->last != '\0')
        MR_TRY(pass(seal, &seal->last, 1, err));
    seal->last = bytes[len - 1];
    return pass(seal, bytes, len - 1, err);
}

static enum mr_code put_seal(struct seal *seal, struct mr_err *err)
{
    char digest[MR_SHA256_HEX];
    struct mr_strbuf end = MR_STRBUF_INIT;
    assert(seal->last == '}');
    mr_sha256_finish(&seal->hash, digest);
    mr_strbuf_add_fmt(&end, "%s%s%s", MR_GATE_SEAL, digest, MR_GATE_TAIL);
    enum mr_code code = mr_strbuf_check(&end, "writing the facts", err);
    if (code == MR_OK)
        code = seal->to.write(seal->to.arg, end.ptr, end.len, err);
    mr_strbuf_release(&end);
    return code;
}

static void put_file(struct mr_jsonw *w, const struct mr_gate_facts *servers, size_t count)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "schema", MR_GATE_FACTS_SCHEMA);
    mr_jsonw_add_str(w, "version", MR_VERSION);
    mr_jsonw_add_str(w, "recorded", servers[0].recorded);
    mr_jsonw_key(w, "servers");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < count; i++)
        put_facts(w, &servers[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

/* As it is made: of many tables it is long. */
static enum mr_code write_sealed(struct mr_sink to, const struct mr_gate_facts *servers,
                                 size_t count, struct mr_err *err)
{
    struct seal seal = {.to = to};
    struct mr_jsonw w;
    MR_TRY(mr_sha256_init(&seal.hash, err));
    mr_jsonw_init_sink(&w, (struct mr_sink){pass_all_but_one, &seal}, err);
    put_file(&w, servers, count);
    enum mr_code code = mr_jsonw_finish(&w, "the facts", err);
    mr_jsonw_release(&w);
    if (code == MR_OK)
        code = put_seal(&seal, err);
    mr_sha256_release(&seal.hash);
    return code;
}

enum mr_code mr_gate_file_text(const struct mr_gate_facts *servers, size_t count,
                               struct mr_strbuf *out, struct mr_err *err)
{
    return write_sealed(mr_sink_to_strbuf(out), servers, count, err);
}

enum mr_code mr_gate_file_write(struct mr_outfile *out, const struct mr_gate_facts *servers,
                                size_t count, struct mr_err *err)
{
    MR_TRY(write_sealed(mr_outfile_sink(out), servers, count, err));
    return mr_outfile_commit(out, err);
}
