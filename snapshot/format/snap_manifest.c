/* snap_manifest.c: writing a manifest; see snap_manifest.h. */
#include "snapshot/format/snap_manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/json/jsonw.h"
#include "core/row/row_class.h"

const char *mr_snap_proof_word(enum mr_snap_proof proof)
{
    static const char *const words[] = {NULL, "connection", "log", "engine"};
    return words[proof];
}

const char *mr_snap_position_word(enum mr_snap_position position)
{
    static const char *const words[] = {NULL, "exact", "at-or-before"};
    return words[position];
}

const struct mr_snap_object *mr_snap_manifest_database(const struct mr_snap_manifest *manifest,
                                                       const char *db)
{
    for (size_t i = 0; i < manifest->nobjects; i++)
        if (manifest->objects[i].kind == MR_OBJECT_DATABASE &&
            strcmp(manifest->objects[i].db, db) == 0)
            return &manifest->objects[i];
    return NULL;
}

struct mr_snap_totals mr_snap_manifest_totals(const struct mr_snap_manifest *manifest)
{
    struct mr_snap_totals sum = {.tables = manifest->ntables};
    for (size_t i = 0; i < manifest->ntables; i++) {
        sum.rows += manifest->tables[i].rows;
        sum.plain_bytes += manifest->tables[i].plain_bytes;
        sum.stored_bytes += manifest->tables[i].stored_bytes;
        sum.chunks += manifest->tables[i].nchunks;
    }
    return sum;
}

/* ---- members ---- */

static void put_digest(struct mr_jsonw *w, struct mr_snap_sum sum)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, sum.hi, sum.lo);
    mr_jsonw_add_str(w, "digest", text);
}

static void put_key(struct mr_jsonw *w, const char *name, struct mr_key key)
{
    struct mr_strbuf hex = MR_STRBUF_INIT;
    mr_jsonw_key(w, name);
    if (key.ptr == NULL) {
        mr_jsonw_null(w);
        return;
    }
    mr_strbuf_add_hex(&hex, key.ptr, key.len);
    w->out->failed |= hex.failed;
    mr_jsonw_string(w, hex.ptr, hex.len);
    mr_strbuf_release(&hex);
}

static void put_readable(struct mr_jsonw *w, const char *name, const struct mr_snap_table *table,
                         struct mr_key key)
{
    struct mr_strbuf json = MR_STRBUF_INIT;
    mr_snap_key_json(&json, table, key);
    w->out->failed |= json.failed;
    mr_jsonw_key(w, name);
    mr_jsonw_raw(w, json.ptr, json.len);
    mr_strbuf_release(&json);
}

/* Keys stand twice: for people, and as bytes, which alone are read back. */
void mr_snap_chunk_put(struct mr_jsonw *w, const struct mr_snap_table *table,
                       const struct mr_snap_chunk *chunk)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "file", chunk->file);
    mr_jsonw_add_uint(w, "rows", chunk->rows);
    put_readable(w, "from", table, chunk->first);
    put_readable(w, "to", table, chunk->last);
    mr_jsonw_add_uint(w, "plain_bytes", chunk->plain_bytes);
    mr_jsonw_add_uint(w, "bytes", chunk->stored_bytes);
    put_digest(w, chunk->sum);
    mr_jsonw_add_str(w, "sha256", chunk->sha256);
    put_key(w, "above", chunk->range.lo);
    put_key(w, "up_to", chunk->range.hi);
    put_key(w, "first", chunk->first);
    put_key(w, "last", chunk->last);
    mr_jsonw_object_end(w);
}

/* ---- parts ---- */

static void put_server(struct mr_jsonw *w, const struct mr_snap_server *server)
{
    mr_jsonw_key(w, "server");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "flavour", server->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    mr_jsonw_add_str(w, "version", server->version);
    mr_jsonw_add_str(w, "hostname", server->hostname);
    mr_jsonw_add_uint(w, "port", server->port);
    mr_jsonw_add_uint(w, "server_id", server->server_id);
    mr_jsonw_add_str(w, "uuid", server->uuid);
    mr_jsonw_add_uint(w, "lower_case_table_names", server->lower_case_table_names);
    mr_jsonw_object_end(w);
}

/* Members that older versions did not write. */
static void put_proof(struct mr_jsonw *w, const struct mr_snap_consistency *c)
{
    mr_jsonw_add_str(w, "proof", mr_snap_proof_word(c->proof));
    mr_jsonw_add_str(w, "position", mr_snap_position_word(c->position));
    if (c->position == MR_SNAP_AT_OR_BEFORE) {
        mr_jsonw_add_str(w, "until_gtid", c->until_gtid);
        mr_jsonw_add_str(w, "until_file", c->until_file);
        mr_jsonw_add_number(w, "until_position", c->until_position);
    }
    mr_jsonw_add_str(w, "applied", c->applied);
    if (c->purged != NULL)
        mr_jsonw_add_str(w, "gtid_purged", c->purged);
}

static void put_consistency(struct mr_jsonw *w, const struct mr_snap_consistency *c)
{
    mr_jsonw_key(w, "consistency");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "kind", c->kind == MR_SNAP_VIEWS ? "views" : "view");
    mr_jsonw_add_uint(w, "connections", c->connections);
    mr_jsonw_add_uint(w, "tries", c->tries);
    mr_jsonw_add_str(w, "gtid", c->gtid);
    mr_jsonw_add_str(w, "binlog_file", c->binlog_file);
    mr_jsonw_add_number(w, "binlog_position", c->binlog_position);
    if (c->proof != 0)
        put_proof(w, c);
    mr_jsonw_add_str(w, "note", c->note);
    mr_jsonw_object_end(w);
}

static void put_object(struct mr_jsonw *w, const struct mr_snap_object *object)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "kind", mr_object_word(object->kind));
    mr_jsonw_add_str(w, "db", object->db);
    mr_jsonw_add_str(w, "name", object->name);
    mr_jsonw_add_str(w, "file", object->file);
    mr_jsonw_add_str(w, "sql_mode", object->sql_mode);
    mr_jsonw_add_str(w, "collation_connection", object->collation);
    if (object->db_collation != NULL) /* older versions did not write it */
        mr_jsonw_add_str(w, "database_collation", object->db_collation);
    mr_jsonw_add_str(w, "table", object->table);
    mr_jsonw_add_str(w, "value", object->value);
    mr_jsonw_add_texts(w, "columns", object->columns, object->ncolumns);
    mr_jsonw_object_end(w);
}

static void put_column(struct mr_jsonw *w, const struct mr_snap_column *col)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "name", col->name);
    mr_jsonw_add_str(w, "type", col->type);
    mr_jsonw_add_str(w, "class", mr_row_class_word(col->cls));
    mr_jsonw_add_str(w, "charset", col->charset);
    mr_jsonw_add_uint(w, "decimals", col->decimals);
    mr_jsonw_add_str(w, "load", mr_snap_load_word(col->load));
    mr_jsonw_add_bool(w, "by_number", col->by_number);
    mr_jsonw_add_number(w, "numbers", col->numbers);
    mr_jsonw_object_end(w);
}

static void put_table_facts(struct mr_jsonw *w, const struct mr_snap_table *t)
{
    mr_jsonw_add_str(w, "db", t->db);
    mr_jsonw_add_str(w, "name", t->name);
    mr_jsonw_add_uint(w, "number", t->number);
    mr_jsonw_add_str(w, "engine", t->engine);
    mr_jsonw_add_bool(w, "transactional", t->transactional);
    mr_jsonw_add_bool(w, "consistent", t->consistent);
    mr_jsonw_add_str(w, "note", t->note);
    mr_jsonw_add_str(w, "schema_file", t->schema_file);
    mr_jsonw_add_str(w, "keys_file", t->keys_file);
    mr_jsonw_add_str(w, "where", t->where);
    mr_jsonw_add_str(w, "rows_of", t->rows_of);
    mr_jsonw_add_bool(w, "keys_hidden", t->keys_hidden);
    mr_jsonw_add_str(w, "index", t->index);
    mr_jsonw_add_number(w, "auto_increment", t->auto_increment);
    mr_jsonw_add_number(w, "auto_increment_greatest", t->greatest);
    mr_jsonw_add_uint(w, "rows", t->rows);
    mr_jsonw_add_uint(w, "plain_bytes", t->plain_bytes);
    mr_jsonw_add_uint(w, "bytes", t->stored_bytes);
    put_digest(w, t->sum);
}

/* The keys that are gone have no ranges: a list of those that mr_snap_chunk_put has. */
static void put_gone(struct mr_jsonw *w, const struct mr_snap_chunk *gone)
{
    if (gone->file == NULL)
        return;
    mr_jsonw_key(w, "gone");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "file", gone->file);
    mr_jsonw_add_uint(w, "keys", gone->rows);
    mr_jsonw_add_uint(w, "plain_bytes", gone->plain_bytes);
    mr_jsonw_add_uint(w, "bytes", gone->stored_bytes);
    put_digest(w, gone->sum);
    mr_jsonw_add_str(w, "sha256", gone->sha256);
    mr_jsonw_object_end(w);
}

/* Members of tables of a snapshot that has a base. */
static void put_kept_rows(struct mr_jsonw *w, const struct mr_snap_table *t)
{
    if (t->kept_rows == MR_SNAP_ROWS_ALL)
        return;
    mr_jsonw_add_str(w, "kept_rows", t->kept_rows == MR_SNAP_ROWS_COPIED ? "all" : "changed");
    mr_jsonw_add_str(w, "why_all", t->why_copied);
    put_gone(w, &t->gone);
}

static void put_table(struct mr_jsonw *w, const struct mr_snap_table *t)
{
    mr_jsonw_object_begin(w);
    put_table_facts(w, t);
    put_kept_rows(w, t);
    mr_jsonw_key(w, "columns");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->ncolumns; i++)
        put_column(w, &t->columns[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "key");
    mr_jsonw_array_begin(w);
    for (size_t k = 0; k < t->nkey; k++)
        mr_jsonw_str(w, t->columns[t->key[k]].name);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "chunks");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < t->nchunks; i++)
        mr_snap_chunk_put(w, t, &t->chunks[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

static void put_totals(struct mr_jsonw *w, const struct mr_snap_manifest *m)
{
    struct mr_snap_totals sum = mr_snap_manifest_totals(m);
    mr_jsonw_key(w, "totals");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_uint(w, "tables", m->ntables);
    mr_jsonw_add_uint(w, "rows", sum.rows);
    mr_jsonw_add_uint(w, "chunks", sum.chunks);
    mr_jsonw_add_uint(w, "plain_bytes", sum.plain_bytes);
    mr_jsonw_add_uint(w, "bytes", sum.stored_bytes);
    mr_jsonw_object_end(w);
}

static void put_base(struct mr_jsonw *w, const struct mr_snap_base *base)
{
    if (base->uuid == NULL)
        return;
    mr_jsonw_key(w, "base");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "uuid", base->uuid);
    mr_jsonw_add_str(w, "created", base->created);
    mr_jsonw_add_str(w, "manifest_sha256", base->sha256);
    mr_jsonw_add_str(w, "from_file", base->from_file);
    mr_jsonw_add_number(w, "from_position", base->from_position);
    mr_jsonw_add_str(w, "until_file", base->until_file);
    mr_jsonw_add_number(w, "until_position", base->until_position);
    if (base->links > 0)
        mr_jsonw_add_number(w, "links", base->links);
    mr_jsonw_object_end(w);
}

static void put_recipients(struct mr_jsonw *w, const struct mr_snap_manifest *m)
{
    mr_jsonw_key(w, "recipients");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nrecipients; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "subject", m->recipients[i].subject);
        mr_jsonw_add_str(w, "sha256", m->recipients[i].sha256);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_texts(struct mr_jsonw *w, const char *key, const struct mr_string_list *list)
{
    if (list->count > 0)
        mr_jsonw_add_texts(w, key, list->items, list->count);
}

/* Objects in the order in which they can be made: restore.sql and a restore go by it. */
static void put_lists(struct mr_jsonw *w, const struct mr_snap_manifest *m)
{
    mr_jsonw_key(w, "objects");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nobjects; i++)
        put_object(w, &m->objects[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "left_out");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nleft_out; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "kind", m->left_out[i].kind);
        mr_jsonw_add_str(w, "name", m->left_out[i].name);
        mr_jsonw_add_str(w, "reason", m->left_out[i].reason);
        mr_jsonw_add_str(w, "hint", m->left_out[i].hint);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->ntables; i++)
        put_table(w, &m->tables[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_key(w, "files");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < m->nfiles; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "name", m->files[i].name);
        mr_jsonw_add_uint(w, "bytes", m->files[i].bytes);
        mr_jsonw_add_str(w, "sha256", m->files[i].sha256);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

enum mr_code mr_snap_manifest_write(const struct mr_snap_manifest *manifest, struct mr_sink to,
                                    struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_sink(&w, to, err);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "schema",
                     manifest->base.uuid != NULL ? MR_SNAP_SCHEMA_CHAINED : MR_SNAP_SCHEMA);
    mr_jsonw_add_str(&w, "uuid", manifest->uuid);
    mr_jsonw_add_str(&w, "created", manifest->created);
    mr_jsonw_add_str(&w, "finished", manifest->finished);
    mr_jsonw_add_str(&w, "version", manifest->version);
    mr_jsonw_add_str(&w, "source", manifest->source);
    put_base(&w, &manifest->base);
    put_server(&w, &manifest->server);
    put_consistency(&w, &manifest->consistency);
    put_recipients(&w, manifest);
    put_key(&w, "signer", manifest->signer);
    put_totals(&w, manifest);
    put_texts(&w, "merged", &manifest->merged);
    put_texts(&w, "only", &manifest->only);
    put_texts(&w, "except", &manifest->except);
    put_lists(&w, manifest);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, MR_SNAP_SCHEMA, err);
    mr_jsonw_release(&w);
    return code;
}
