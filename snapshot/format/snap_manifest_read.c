/* snap_manifest_read.c: reading a manifest; see snap_manifest.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqlscan.h"
#include "core/json/json_reader.h"
#include "core/row/row_class.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_manifest.h"

static const char *get_file(struct mr_json_reader *r, const struct json_t *object, const char *key)
{
    const char *name = mr_json_read_text(r, object, key);
    if (r->code == MR_OK && !mr_snap_name_is_safe(name))
        mr_json_read_refuse(r, "file name", name);
    return name;
}

static const char *get_file_or_null(struct mr_json_reader *r, const struct json_t *object,
                                    const char *key)
{
    const char *name = mr_json_read_text_or_null(r, object, key);
    if (name != NULL && !mr_snap_name_is_safe(name))
        mr_json_read_refuse(r, "file name", name);
    return name;
}

static const char *get_sha256(struct mr_json_reader *r, const struct json_t *object,
                              const char *key)
{
    const char *hex = mr_json_read_text(r, object, key);
    if (r->code == MR_OK &&
        (strlen(hex) != MR_SHA256_HEX - 1 || strspn(hex, "0123456789abcdef") != MR_SHA256_HEX - 1))
        mr_json_read_refuse(r, key, hex);
    return hex;
}

static struct mr_snap_sum get_digest(struct mr_json_reader *r, const struct json_t *object)
{
    struct mr_snap_sum sum = {0};
    const char *hex = mr_json_read_text(r, object, "digest");
    if (r->code == MR_OK && (strlen(hex) != 32 || strspn(hex, "0123456789abcdef") != 32 ||
                             sscanf(hex, "%16" SCNx64 "%16" SCNx64, &sum.hi, &sum.lo) != 2))
        mr_json_read_refuse(r, "digest", hex);
    return sum;
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Capital letters are refused, too: one key has one spelling, or a manifest could be changed
 * without changing what it says. */
enum mr_code mr_snap_key_unhex(const char *hex, struct mr_arena *arena, struct mr_key *key,
                               struct mr_err *err)
{
    size_t len = strlen(hex);
    *key = (struct mr_key){NULL, 0};
    if (len == 0 || len % 2 != 0 || strspn(hex, "0123456789abcdef") != len)
        return mr_err_set(err, MR_E_REFUSED, "key \"%.200s\" is not as it is written", hex);
    unsigned char *bytes = mr_arena_alloc(arena, len / 2);
    if (bytes == NULL)
        return mr_err_nomem(err, "reading a key");
    for (size_t i = 0; i < len / 2; i++)
        bytes[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    *key = (struct mr_key){bytes, len / 2};
    return MR_OK;
}

static struct mr_key get_key(struct mr_json_reader *r, const struct json_t *object,
                             const char *name)
{
    struct mr_key key = {NULL, 0};
    const char *hex = mr_json_read_text_or_null(r, object, name);
    if (r->code == MR_OK && hex != NULL)
        r->code = mr_snap_key_unhex(hex, r->arena, &key, r->err);
    return key;
}

static void get_chunk(struct mr_json_reader *r, const struct json_t *item, struct mr_snap_chunk *c)
{
    c->file = get_file(r, item, "file");
    c->rows = mr_json_read_number(r, item, "rows");
    c->plain_bytes = mr_json_read_number(r, item, "plain_bytes");
    c->stored_bytes = mr_json_read_number(r, item, "bytes");
    c->sum = get_digest(r, item);
    c->sha256 = get_sha256(r, item, "sha256");
    c->range.lo = get_key(r, item, "above");
    c->range.hi = get_key(r, item, "up_to");
    c->first = get_key(r, item, "first");
    c->last = get_key(r, item, "last");
}

enum mr_code mr_snap_chunk_get(const struct json_t *object, struct mr_arena *arena,
                               struct mr_snap_chunk *out, struct mr_err *err)
{
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a manifest"};
    *out = (struct mr_snap_chunk){0};
    get_chunk(&r, object, out);
    return r.code;
}

static void get_server(struct mr_json_reader *r, const struct json_t *root,
                       struct mr_snap_server *server)
{
    const struct json_t *o = mr_json_read_object(r, root, "server");
    const char *flavour = mr_json_read_text(r, o, "flavour");
    server->flavour = strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    server->version = mr_json_read_text(r, o, "version");
    server->hostname = mr_json_read_text(r, o, "hostname");
    server->port = (unsigned)mr_json_read_number(r, o, "port");
    server->server_id = (uint32_t)mr_json_read_number(r, o, "server_id");
    server->uuid = mr_json_read_text(r, o, "uuid");
    server->lower_case_table_names = (unsigned)mr_json_read_number(r, o, "lower_case_table_names");
}

static void get_proof(struct mr_json_reader *r, const struct json_t *o,
                      struct mr_snap_consistency *c)
{
    const char *proof = mr_json_read_text(r, o, "proof"),
               *position = mr_json_read_text_or_null(r, o, "position");
    for (unsigned word = MR_SNAP_BY_CONNECTION; word <= MR_SNAP_BY_ENGINE; word++)
        if (strcmp(mr_snap_proof_word((enum mr_snap_proof)word), proof) == 0)
            c->proof = (enum mr_snap_proof)word;
    if (r->code == MR_OK && c->proof == 0)
        mr_json_read_refuse(r, "proof", proof);
    c->applied = mr_json_read_text_or_null(r, o, "applied");
    if (mr_json_has(o, "gtid_purged"))
        c->purged = mr_json_read_text_or_null(r, o, "gtid_purged");
    if (position == NULL)
        return;
    c->position = MR_SNAP_EXACT;
    if (strcmp(position, mr_snap_position_word(c->position)) == 0)
        return;
    c->position = MR_SNAP_AT_OR_BEFORE;
    if (strcmp(position, mr_snap_position_word(c->position)) != 0)
        mr_json_read_refuse(r, "position", position);
    c->until_gtid = mr_json_read_text_or_null(r, o, "until_gtid");
    c->until_file = mr_json_read_text_or_null(r, o, "until_file");
    c->until_position = mr_json_read_number(r, o, "until_position");
}

static void get_consistency(struct mr_json_reader *r, const struct json_t *root,
                            struct mr_snap_consistency *c)
{
    const struct json_t *o = mr_json_read_object(r, root, "consistency");
    c->kind =
        strcmp(mr_json_read_text(r, o, "kind"), "views") == 0 ? MR_SNAP_VIEWS : MR_SNAP_ONE_VIEW;
    c->connections = (unsigned)mr_json_read_number(r, o, "connections");
    c->tries = (unsigned)mr_json_read_number(r, o, "tries");
    c->gtid = mr_json_read_text_or_null(r, o, "gtid");
    c->binlog_file = mr_json_read_text_or_null(r, o, "binlog_file");
    c->binlog_position = mr_json_read_number(r, o, "binlog_position");
    if (mr_json_has(o, "proof")) /* older versions did not say */
        get_proof(r, o, c);
    c->note = mr_json_read_text_or_null(r, o, "note");
}

static enum mr_object_kind kind_of(struct mr_json_reader *r, const char *word)
{
    const enum mr_object_kind kind = mr_object_named(word);
    if (kind != MR_OBJECT_NONE)
        return kind;
    mr_json_read_refuse(r, "kind of object", word);
    return MR_OBJECT_DATABASE;
}

/* Words and numbers that are written into statements as they stand. */
static const char *get_word_or_null(struct mr_json_reader *r, const struct json_t *item,
                                    const char *key)
{
    const char *word = mr_json_read_text_or_null(r, item, key);
    for (const char *at = word; at != NULL && (at == word || *at != '\0'); at++)
        if (*at != '_' && !isalnum((unsigned char)*at)) {
            mr_json_read_refuse(r, key, word);
            break;
        }
    return word;
}

static void check_value(struct mr_json_reader *r, const struct mr_snap_object *sequence)
{
    const char *digits = sequence->value;
    if (digits == NULL)
        return;
    digits += *digits == '-' ? 1 : 0;
    if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits))
        mr_json_read_refuse(r, "value of sequence", sequence->value);
}

/* "A,B": spelled otherwise, a server may know modes in it that whoever reads it does not. */
static const char *get_sql_mode(struct mr_json_reader *r, const struct json_t *item)
{
    const char *mode = mr_json_read_text_or_null(r, item, "sql_mode");
    for (const char *at = mode; at != NULL && *at != '\0'; at++)
        if (*at != '_' && *at != ',' && !isalnum((unsigned char)*at)) {
            mr_json_read_refuse(r, "sql_mode", mode);
            break;
        }
    return mode;
}

static void get_object_item(struct mr_json_reader *r, const struct json_t *item,
                            struct mr_snap_object *o)
{
    o->kind = kind_of(r, mr_json_read_text(r, item, "kind"));
    o->db = mr_json_read_text(r, item, "db");
    o->name = mr_json_read_text(r, item, "name");
    o->file = get_file(r, item, "file");
    o->sql_mode = get_sql_mode(r, item);
    o->collation = get_word_or_null(r, item, "collation_connection");
    if (mr_json_has(item, "database_collation"))
        o->db_collation = get_word_or_null(r, item, "database_collation");
    o->table = mr_json_read_text_or_null(r, item, "table");
    o->value = mr_json_read_text_or_null(r, item, "value");
    o->columns = mr_json_read_texts(r, item, "columns", &o->ncolumns);
    if (o->kind == MR_OBJECT_SEQUENCE)
        check_value(r, o);
}

/* A word that is not known is refused: a newer version may mean by it that the bytes are written
 * in another way. */
static void get_column(struct mr_json_reader *r, const struct json_t *item,
                       struct mr_snap_column *c)
{
    const char *cls = mr_json_read_text(r, item, "class"),
               *load = mr_json_read_text(r, item, "load");
    c->name = mr_json_read_text(r, item, "name");
    c->type = mr_json_read_text(r, item, "type");
    c->cls = mr_row_class_of_word(cls);
    c->charset = get_word_or_null(r, item, "charset");
    c->decimals = (unsigned)mr_json_read_number(r, item, "decimals");
    c->load = mr_snap_load_of_word(load);
    c->by_number = mr_json_read_bool(r, item, "by_number");
    c->numbers = mr_json_read_number(r, item, "numbers");
    if (c->cls == MR_CLASS_UNDECIDED)
        mr_json_read_refuse(r, "class", cls);
    if (c->load == 0)
        mr_json_read_refuse(r, "load", load);
    if (c->decimals > 6)
        mr_json_read_refuse(r, "decimals of column", c->name);
}

/* By name: positions would silently be those of other columns if a list were reordered. */
static void get_key_columns(struct mr_json_reader *r, const struct json_t *item,
                            struct mr_snap_table *t)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, item, "key", sizeof(size_t), &t->nkey, &items);
    size_t *key = items;
    if (t->nkey > MR_KEY_PARTS_MAX) {
        mr_json_read_refuse(r, "key of table", t->name);
        t->nkey = 0;
    }
    for (size_t k = 0; k < t->nkey && r->code == MR_OK; k++) {
        const char *name = NULL;
        r->code = mr_json_item_text(array, k, &name, r->err);
        while (r->code == MR_OK && key[k] < t->ncolumns &&
               strcmp(t->columns[key[k]].name, name) != 0)
            key[k]++;
        if (r->code == MR_OK && key[k] == t->ncolumns)
            mr_json_read_refuse(r, "key column", name);
    }
    t->key = key;
}

/* It is put into parentheses, on a live server too. */
static const char *get_where(struct mr_json_reader *r, const struct json_t *item)
{
    const char *where = mr_json_read_text_or_null(r, item, "where");
    if (where != NULL && mr_sqlscan_why_open(where) != NULL)
        mr_json_read_refuse(r, "where", where);
    return where;
}

static void get_table_facts(struct mr_json_reader *r, const struct json_t *item,
                            struct mr_snap_table *t)
{
    t->db = mr_json_read_text(r, item, "db");
    t->name = mr_json_read_text(r, item, "name");
    t->number = (size_t)mr_json_read_number(r, item, "number");
    t->engine = mr_json_read_text(r, item, "engine");
    t->transactional = mr_json_read_bool(r, item, "transactional");
    t->consistent = mr_json_read_bool(r, item, "consistent");
    t->note = mr_json_read_text_or_null(r, item, "note");
    t->schema_file = get_file(r, item, "schema_file");
    t->keys_file = get_file_or_null(r, item, "keys_file");
    t->where = get_where(r, item);
    t->rows_of = mr_json_read_text_or_null(r, item, "rows_of");
    t->keys_hidden = mr_json_read_bool(r, item, "keys_hidden");
    t->index = mr_json_read_text_or_null(r, item, "index");
    t->auto_increment = mr_json_read_number(r, item, "auto_increment");
    t->greatest = mr_json_read_number(r, item, "auto_increment_greatest");
    t->rows = mr_json_read_number(r, item, "rows");
    t->plain_bytes = mr_json_read_number(r, item, "plain_bytes");
    t->stored_bytes = mr_json_read_number(r, item, "bytes");
    t->sum = get_digest(r, item);
}

static void get_gone(struct mr_json_reader *r, const struct json_t *item, struct mr_snap_chunk *c)
{
    const struct json_t *o = mr_json_read_object(r, item, "gone");
    c->file = get_file(r, o, "file");
    c->rows = mr_json_read_number(r, o, "keys");
    c->plain_bytes = mr_json_read_number(r, o, "plain_bytes");
    c->stored_bytes = mr_json_read_number(r, o, "bytes");
    c->sum = get_digest(r, o);
    c->sha256 = get_sha256(r, o, "sha256");
}

/* Of a table of a snapshot that has a base.  Only rows with a key can be put in the place of others. */
static void get_kept_rows(struct mr_json_reader *r, const struct json_t *item,
                          struct mr_snap_table *t)
{
    const char *word = mr_json_read_text(r, item, "kept_rows");
    t->kept_rows = strcmp(word, "all") == 0 ? MR_SNAP_ROWS_COPIED : MR_SNAP_ROWS_CHANGED;
    t->why_copied = mr_json_read_text_or_null(r, item, "why_all");
    if (r->code == MR_OK && t->kept_rows == MR_SNAP_ROWS_CHANGED && strcmp(word, "changed") != 0)
        mr_json_read_refuse(r, "kept_rows", word);
    if (r->code == MR_OK && mr_json_has(item, "gone"))
        get_gone(r, item, &t->gone);
    if (r->code == MR_OK && (t->kept_rows == MR_SNAP_ROWS_COPIED
                                 ? t->gone.file != NULL
                                 : t->nkey == 0 && (t->nchunks > 0 || t->gone.file != NULL)))
        mr_json_read_refuse(r, "kept_rows of table", t->name);
}

/* A table without columns has no rows that could be read, whatever the manifest counts. */
static void get_table(struct mr_json_reader *r, const struct json_t *item, struct mr_snap_table *t)
{
    void *items = NULL;
    get_table_facts(r, item, t);
    const struct json_t *array =
        mr_json_read_array(r, item, "columns", sizeof *t->columns, &t->ncolumns, &items);
    struct mr_snap_column *columns = items;
    for (size_t i = 0; i < t->ncolumns; i++)
        get_column(r, mr_json_read_item(r, array, i), &columns[i]);
    t->columns = columns;
    if (t->ncolumns == 0)
        mr_json_read_refuse(r, "table", t->name);
    get_key_columns(r, item, t);
    array = mr_json_read_array(r, item, "chunks", sizeof *t->chunks, &t->nchunks, &items);
    struct mr_snap_chunk *chunks = items;
    for (size_t i = 0; i < t->nchunks && r->code == MR_OK; i++)
        get_chunk(r, mr_json_read_item(r, array, i), &chunks[i]);
    t->chunks = chunks;
}

static void get_recipients(struct mr_json_reader *r, const struct json_t *root,
                           struct mr_snap_manifest *m)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "recipients", sizeof *m->recipients, &m->nrecipients, &items);
    struct mr_snap_recipient *recipients = items;
    for (size_t i = 0; i < m->nrecipients; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        recipients[i].subject = mr_json_read_text(r, item, "subject");
        recipients[i].sha256 = get_sha256(r, item, "sha256");
    }
    m->recipients = recipients;
    m->signer = get_key(r, root, "signer");
}

/* A list that stands there only where it has something. */
static struct mr_string_list get_patterns(struct mr_json_reader *r, const struct json_t *root,
                                          const char *key)
{
    struct mr_string_list list = {0};
    if (mr_json_has(root, key))
        list.items = mr_json_read_texts(r, root, key, &list.count);
    return list;
}

static void get_lists(struct mr_json_reader *r, const struct json_t *root,
                      struct mr_snap_manifest *m)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, root, "objects", sizeof *m->objects, &m->nobjects, &items);
    struct mr_snap_object *objects = items;
    for (size_t i = 0; i < m->nobjects; i++)
        get_object_item(r, mr_json_read_item(r, array, i), &objects[i]);
    m->objects = objects;

    array = mr_json_read_array(r, root, "left_out", sizeof *m->left_out, &m->nleft_out, &items);
    struct mr_snap_left_out *left = items;
    for (size_t i = 0; i < m->nleft_out; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        left[i].kind = mr_json_read_text(r, item, "kind");
        left[i].name = mr_json_read_text(r, item, "name");
        left[i].reason = mr_json_read_text(r, item, "reason");
        left[i].hint = mr_json_read_text_or_null(r, item, "hint");
    }
    m->left_out = left;

    array = mr_json_read_array(r, root, "tables", sizeof *m->tables, &m->ntables, &items);
    m->tables = items;
    for (size_t i = 0; i < m->ntables; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        get_table(r, item, &m->tables[i]);
        if (m->base.uuid != NULL)
            get_kept_rows(r, item, &m->tables[i]);
    }

    array = mr_json_read_array(r, root, "files", sizeof *m->files, &m->nfiles, &items);
    struct mr_snap_file *files = items;
    for (size_t i = 0; i < m->nfiles; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        files[i].name = get_file(r, item, "name");
        files[i].bytes = mr_json_read_number(r, item, "bytes");
        files[i].sha256 = get_sha256(r, item, "sha256");
    }
    m->files = files;
}

static void get_base(struct mr_json_reader *r, const struct json_t *root, struct mr_snap_base *base)
{
    const struct json_t *o = mr_json_read_object(r, root, "base");
    base->uuid = mr_json_read_text(r, o, "uuid");
    base->created = mr_json_read_text(r, o, "created");
    base->sha256 = get_sha256(r, o, "manifest_sha256");
    base->from_file = mr_json_read_text(r, o, "from_file");
    base->from_position = mr_json_read_number(r, o, "from_position");
    base->until_file = mr_json_read_text(r, o, "until_file");
    base->until_position = mr_json_read_number(r, o, "until_position");
    base->links = mr_json_has(o, "links") ? mr_json_read_number(r, o, "links") : 0;
}

static void get_totals(struct mr_json_reader *r, const struct json_t *root,
                       struct mr_snap_totals *said)
{
    const struct json_t *o = mr_json_read_object(r, root, "totals");
    said->tables = mr_json_read_number(r, o, "tables");
    said->rows = mr_json_read_number(r, o, "rows");
    said->chunks = mr_json_read_number(r, o, "chunks");
    said->plain_bytes = mr_json_read_number(r, o, "plain_bytes");
    said->stored_bytes = mr_json_read_number(r, o, "bytes");
}

/* *chained: it is of the format of those that have a base. */
static enum mr_code check_schema(const struct json_t *root, bool *chained, struct mr_err *err)
{
    const char *schema = NULL;
    enum mr_code code = mr_json_get_text(root, "schema", &schema, err);
    *chained = code == MR_OK && strcmp(schema, MR_SNAP_SCHEMA_CHAINED) == 0;
    if (code != MR_OK || *chained || strcmp(schema, MR_SNAP_SCHEMA) == 0)
        return code;
    (void)mr_err_set(err, MR_E_SNAPSHOT,
                     "it is of format \"%.100s\"; this version knows \"%s\" "
                     "and \"%s\"",
                     schema, MR_SNAP_SCHEMA, MR_SNAP_SCHEMA_CHAINED);
    mr_err_hint(err, "Use the myrecon that made the snapshot, or a newer one.");
    return MR_E_SNAPSHOT;
}

/* What is not as it is written is no snapshot of this version. */
static enum mr_code finish(enum mr_code code, struct mr_json_doc *doc, const char *name,
                           struct mr_err *err)
{
    mr_json_free(doc);
    if (code == MR_E_REFUSED) {
        code = MR_E_SNAPSHOT;
        if (err != NULL)
            err->code = code;
    }
    if (code != MR_OK && code != MR_E_NOMEM)
        mr_err_context(err, "file \"%s\"", name);
    return code;
}

/* The first error stays in the reader and all further reads do nothing, so that the fields stand
 * here like a list. */
enum mr_code mr_snap_manifest_read(const char *text, size_t len, const char *name,
                                   struct mr_arena *arena, struct mr_snap_manifest *out,
                                   struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .err = err, .doing = "reading a manifest"};
    *out = (struct mr_snap_manifest){0};
    enum mr_code code = mr_json_parse(text, len, name, &doc, err);
    if (code != MR_OK)
        return finish(code, doc, name, err);
    const struct json_t *root = mr_json_root(doc);
    bool chained = false;
    code = check_schema(root, &chained, err);
    if (code == MR_OK) {
        out->uuid = mr_json_read_text(&r, root, "uuid");
        out->created = mr_json_read_text(&r, root, "created");
        out->finished = mr_json_read_text(&r, root, "finished");
        out->version = mr_json_read_text(&r, root, "version");
        out->source = mr_json_read_text(&r, root, "source");
        if (chained)
            get_base(&r, root, &out->base);
        get_server(&r, root, &out->server);
        get_consistency(&r, root, &out->consistency);
        get_recipients(&r, root, out);
        out->merged = get_patterns(&r, root, "merged");
        out->only = get_patterns(&r, root, "only");
        out->except = get_patterns(&r, root, "except");
        get_totals(&r, root, &out->said);
        get_lists(&r, root, out);
        code = r.code;
    }
    return finish(code, doc, name, err);
}
