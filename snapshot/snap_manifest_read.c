/* snap_manifest_read.c: reading a manifest; see snap_manifest.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/row_class.h"
#include "snapshot/snap_dir.h"
#include "snapshot/snap_manifest.h"

/* Sticky: after the first failure every get gives nothing. */
struct reader {
    struct mr_arena *arena;
    struct mr_err *err;
    enum mr_code code;
};

static void *keep(struct reader *r, void *ptr)
{
    if (ptr == NULL && r->code == MR_OK)
        r->code = mr_err_nomem(r->err, "reading a manifest");
    return ptr;
}

static void refuse(struct reader *r, const char *what, const char *value)
{
    if (r->code != MR_OK)
        return;
    r->code = mr_err_set(r->err, MR_E_REFUSED, "%s \"%.200s\" is not as it is written",
                         what, value);
}

static const char *get_text(struct reader *r, const struct json_t *object,
                            const char *key)
{
    const char *text = "";
    if (r->code == MR_OK)
        r->code = mr_json_get_text(object, key, &text, r->err);
    const char *kept = r->code == MR_OK ? keep(r, mr_arena_strdup(r->arena, text)) : "";
    return kept != NULL ? kept : "";
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
    *items = NULL;
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

static const char *get_file(struct reader *r, const struct json_t *object,
                            const char *key)
{
    const char *name = get_text(r, object, key);
    if (r->code == MR_OK && !mr_snap_name_is_safe(name))
        refuse(r, "file name", name);
    return name;
}

static const char *get_file_or_null(struct reader *r, const struct json_t *object,
                                    const char *key)
{
    const char *name = get_text_or_null(r, object, key);
    if (name != NULL && !mr_snap_name_is_safe(name))
        refuse(r, "file name", name);
    return name;
}

static const char *get_sha256(struct reader *r, const struct json_t *object)
{
    const char *hex = get_text(r, object, "sha256");
    if (r->code == MR_OK && (strlen(hex) != MR_SHA256_HEX - 1 ||
                             strspn(hex, "0123456789abcdef") != MR_SHA256_HEX - 1))
        refuse(r, "sha256", hex);
    return hex;
}

static struct mr_snap_sum get_digest(struct reader *r, const struct json_t *object)
{
    struct mr_snap_sum sum = {0};
    const char *hex = get_text(r, object, "digest");
    if (r->code == MR_OK &&
        (strlen(hex) != 32 || strspn(hex, "0123456789abcdef") != 32 ||
         sscanf(hex, "%16" SCNx64 "%16" SCNx64, &sum.hi, &sum.lo) != 2))
        refuse(r, "digest", hex);
    return sum;
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

enum mr_code mr_snap_key_unhex(const char *hex, struct mr_arena *arena,
                               struct mr_key *key, struct mr_err *err)
{
    size_t len = strlen(hex);
    *key = (struct mr_key){NULL, 0};
    if (len == 0 || len % 2 != 0 || strspn(hex, "0123456789abcdef") != len)
        return mr_err_set(err, MR_E_REFUSED, "key \"%.200s\" is not as it is written",
                          hex);
    unsigned char *bytes = mr_arena_alloc(arena, len / 2);
    if (bytes == NULL)
        return mr_err_nomem(err, "reading a key");
    for (size_t i = 0; i < len / 2; i++)
        bytes[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    *key = (struct mr_key){bytes, len / 2};
    return MR_OK;
}

static struct mr_key get_key(struct reader *r, const struct json_t *object,
                             const char *name)
{
    struct mr_key key = {NULL, 0};
    const char *hex = get_text_or_null(r, object, name);
    if (r->code == MR_OK && hex != NULL)
        r->code = mr_snap_key_unhex(hex, r->arena, &key, r->err);
    return key;
}

static void get_chunk(struct reader *r, const struct json_t *item,
                      struct mr_snap_chunk *c)
{
    c->file = get_file(r, item, "file");
    c->rows = get_number(r, item, "rows");
    c->plain_bytes = get_number(r, item, "plain_bytes");
    c->stored_bytes = get_number(r, item, "bytes");
    c->sum = get_digest(r, item);
    c->sha256 = get_sha256(r, item);
    c->range.lo = get_key(r, item, "above");
    c->range.hi = get_key(r, item, "up_to");
    c->first = get_key(r, item, "first");
    c->last = get_key(r, item, "last");
}

enum mr_code mr_snap_chunk_get(const struct json_t *object, struct mr_arena *arena,
                               struct mr_snap_chunk *out, struct mr_err *err)
{
    struct reader r = {.arena = arena, .err = err, .code = MR_OK};
    *out = (struct mr_snap_chunk){0};
    get_chunk(&r, object, out);
    return r.code;
}

static void get_server(struct reader *r, const struct json_t *root,
                       struct mr_snap_server *server)
{
    const struct json_t *o = get_object(r, root, "server");
    const char *flavour = get_text(r, o, "flavour");
    server->flavour =
        strcmp(flavour, "mariadb") == 0 ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
    server->version = get_text(r, o, "version");
    server->hostname = get_text(r, o, "hostname");
    server->port = (unsigned)get_number(r, o, "port");
    server->server_id = (uint32_t)get_number(r, o, "server_id");
    server->uuid = get_text(r, o, "uuid");
    server->lower_case_table_names = (unsigned)get_number(r, o, "lower_case_table_names");
}

static void get_consistency(struct reader *r, const struct json_t *root,
                            struct mr_snap_consistency *c)
{
    const struct json_t *o = get_object(r, root, "consistency");
    c->kind =
        strcmp(get_text(r, o, "kind"), "views") == 0 ? MR_SNAP_VIEWS : MR_SNAP_ONE_VIEW;
    c->connections = (unsigned)get_number(r, o, "connections");
    c->tries = (unsigned)get_number(r, o, "tries");
    c->gtid = get_text_or_null(r, o, "gtid");
    c->binlog_file = get_text_or_null(r, o, "binlog_file");
    c->binlog_position = get_number(r, o, "binlog_position");
    c->note = get_text_or_null(r, o, "note");
}

static enum mr_snap_object_kind kind_of(struct reader *r, const char *word)
{
    for (unsigned kind = MR_SNAP_DATABASE; kind <= MR_SNAP_EVENT; kind++)
        if (strcmp(mr_snap_object_word((enum mr_snap_object_kind)kind), word) == 0)
            return (enum mr_snap_object_kind)kind;
    refuse(r, "kind of object", word);
    return MR_SNAP_DATABASE;
}

static void get_object_item(struct reader *r, const struct json_t *item,
                            struct mr_snap_object *o)
{
    void *items = NULL;
    o->kind = kind_of(r, get_text(r, item, "kind"));
    o->db = get_text(r, item, "db");
    o->name = get_text(r, item, "name");
    o->file = get_file(r, item, "file");
    o->sql_mode = get_text_or_null(r, item, "sql_mode");
    o->collation = get_text_or_null(r, item, "collation_connection");
    o->table = get_text_or_null(r, item, "table");
    o->value = get_text_or_null(r, item, "value");
    const struct json_t *array =
        get_array(r, item, "columns", sizeof(const char *), &o->ncolumns, &items);
    const char **columns = items;
    for (size_t i = 0; i < o->ncolumns && r->code == MR_OK; i++) {
        const char *text = NULL;
        r->code = mr_json_item_text(array, i, &text, r->err);
        if (r->code == MR_OK)
            columns[i] = keep(r, mr_arena_strdup(r->arena, text));
    }
    o->columns = columns;
}

static void get_column(struct reader *r, const struct json_t *item,
                       struct mr_snap_column *c)
{
    const char *cls = get_text(r, item, "class"), *load = get_text(r, item, "load");
    c->name = get_text(r, item, "name");
    c->type = get_text(r, item, "type");
    c->cls = mr_row_class_of_word(cls);
    c->charset = get_text_or_null(r, item, "charset");
    c->decimals = (unsigned)get_number(r, item, "decimals");
    c->load = mr_snap_load_of_word(load);
    c->by_number = get_bool(r, item, "by_number");
    c->numbers = get_number(r, item, "numbers");
    if (c->cls == MR_CLASS_UNDECIDED)
        refuse(r, "class", cls);
    if (c->load == 0)
        refuse(r, "load", load);
    if (c->decimals > 6)
        refuse(r, "decimals of column", c->name);
}

static void get_key_columns(struct reader *r, const struct json_t *item,
                            struct mr_snap_table *t)
{
    void *items = NULL;
    const struct json_t *array =
        get_array(r, item, "key", sizeof(size_t), &t->nkey, &items);
    size_t *key = items;
    if (t->nkey > MR_KEY_PARTS_MAX) {
        refuse(r, "key of table", t->name);
        t->nkey = 0;
    }
    for (size_t k = 0; k < t->nkey && r->code == MR_OK; k++) {
        const char *name = NULL;
        r->code = mr_json_item_text(array, k, &name, r->err);
        while (r->code == MR_OK && key[k] < t->ncolumns &&
               strcmp(t->columns[key[k]].name, name) != 0)
            key[k]++;
        if (r->code == MR_OK && key[k] == t->ncolumns)
            refuse(r, "key column", name);
    }
    t->key = key;
}

static void get_table_facts(struct reader *r, const struct json_t *item,
                            struct mr_snap_table *t)
{
    t->db = get_text(r, item, "db");
    t->name = get_text(r, item, "name");
    t->number = (size_t)get_number(r, item, "number");
    t->engine = get_text(r, item, "engine");
    t->transactional = get_bool(r, item, "transactional");
    t->consistent = get_bool(r, item, "consistent");
    t->note = get_text_or_null(r, item, "note");
    t->schema_file = get_file(r, item, "schema_file");
    t->keys_file = get_file_or_null(r, item, "keys_file");
    t->where = get_text_or_null(r, item, "where");
    t->rows_of = get_text_or_null(r, item, "rows_of");
    t->keys_hidden = get_bool(r, item, "keys_hidden");
    t->index = get_text_or_null(r, item, "index");
    t->auto_increment = get_number(r, item, "auto_increment");
    t->greatest = get_number(r, item, "auto_increment_greatest");
    t->rows = get_number(r, item, "rows");
    t->plain_bytes = get_number(r, item, "plain_bytes");
    t->stored_bytes = get_number(r, item, "bytes");
    t->sum = get_digest(r, item);
}

static void get_table(struct reader *r, const struct json_t *item,
                      struct mr_snap_table *t)
{
    void *items = NULL;
    get_table_facts(r, item, t);
    const struct json_t *array =
        get_array(r, item, "columns", sizeof *t->columns, &t->ncolumns, &items);
    struct mr_snap_column *columns = items;
    for (size_t i = 0; i < t->ncolumns; i++)
        get_column(r, get_item(r, array, i), &columns[i]);
    t->columns = columns;
    if (t->ncolumns == 0)
        refuse(r, "table", t->name);
    get_key_columns(r, item, t);
    array = get_array(r, item, "chunks", sizeof *t->chunks, &t->nchunks, &items);
    struct mr_snap_chunk *chunks = items;
    for (size_t i = 0; i < t->nchunks && r->code == MR_OK; i++)
        get_chunk(r, get_item(r, array, i), &chunks[i]);
    t->chunks = chunks;
}

static void get_recipients(struct reader *r, const struct json_t *root,
                           struct mr_snap_manifest *m)
{
    void *items = NULL;
    const struct json_t *array =
        get_array(r, root, "recipients", sizeof *m->recipients, &m->nrecipients, &items);
    struct mr_snap_recipient *recipients = items;
    for (size_t i = 0; i < m->nrecipients; i++) {
        const struct json_t *item = get_item(r, array, i);
        recipients[i].subject = get_text(r, item, "subject");
        recipients[i].sha256 = get_sha256(r, item);
    }
    m->recipients = recipients;
    m->signer = get_key(r, root, "signer");
}

/* A list that stands there only where it has something. */
static struct mr_string_list get_texts(struct reader *r, const struct json_t *root,
                                       const char *key)
{
    struct mr_string_list list = {0};
    void *items = NULL;
    if (!mr_json_has(root, key))
        return list;
    const struct json_t *array =
        get_array(r, root, key, sizeof(const char *), &list.count, &items);
    const char **texts = items;
    for (size_t i = 0; i < list.count && r->code == MR_OK; i++) {
        const char *text = NULL;
        r->code = mr_json_item_text(array, i, &text, r->err);
        if (r->code == MR_OK)
            texts[i] = keep(r, mr_arena_strdup(r->arena, text));
    }
    list.items = texts;
    return list;
}

static void get_lists(struct reader *r, const struct json_t *root,
                      struct mr_snap_manifest *m)
{
    void *items = NULL;
    const struct json_t *array =
        get_array(r, root, "objects", sizeof *m->objects, &m->nobjects, &items);
    struct mr_snap_object *objects = items;
    for (size_t i = 0; i < m->nobjects; i++)
        get_object_item(r, get_item(r, array, i), &objects[i]);
    m->objects = objects;

    array = get_array(r, root, "left_out", sizeof *m->left_out, &m->nleft_out, &items);
    struct mr_snap_left_out *left = items;
    for (size_t i = 0; i < m->nleft_out; i++) {
        const struct json_t *item = get_item(r, array, i);
        left[i].kind = get_text(r, item, "kind");
        left[i].name = get_text(r, item, "name");
        left[i].reason = get_text(r, item, "reason");
        left[i].hint = get_text_or_null(r, item, "hint");
    }
    m->left_out = left;

    array = get_array(r, root, "tables", sizeof *m->tables, &m->ntables, &items);
    m->tables = items;
    for (size_t i = 0; i < m->ntables; i++)
        get_table(r, get_item(r, array, i), &m->tables[i]);

    array = get_array(r, root, "files", sizeof *m->files, &m->nfiles, &items);
    struct mr_snap_file *files = items;
    for (size_t i = 0; i < m->nfiles; i++) {
        const struct json_t *item = get_item(r, array, i);
        files[i].name = get_file(r, item, "name");
        files[i].bytes = get_number(r, item, "bytes");
        files[i].sha256 = get_sha256(r, item);
    }
    m->files = files;
}

static enum mr_code check_schema(const struct json_t *root, struct mr_err *err)
{
    const char *schema = NULL;
    enum mr_code code = mr_json_get_text(root, "schema", &schema, err);
    if (code != MR_OK || strcmp(schema, MR_SNAP_SCHEMA) == 0)
        return code;
    (void)mr_err_set(err, MR_E_SNAPSHOT,
                     "it is of format \"%.100s\"; this version knows \"%s\"", schema,
                     MR_SNAP_SCHEMA);
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

enum mr_code mr_snap_manifest_read(const char *text, size_t len, const char *name,
                                   struct mr_arena *arena, struct mr_snap_manifest *out,
                                   struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    struct reader r = {.arena = arena, .err = err, .code = MR_OK};
    *out = (struct mr_snap_manifest){0};
    enum mr_code code = mr_json_parse(text, len, name, &doc, err);
    if (code != MR_OK)
        return finish(code, doc, name, err);
    const struct json_t *root = mr_json_root(doc);
    code = check_schema(root, err);
    if (code == MR_OK) {
        out->uuid = get_text(&r, root, "uuid");
        out->created = get_text(&r, root, "created");
        out->finished = get_text(&r, root, "finished");
        out->version = get_text(&r, root, "version");
        out->source = get_text(&r, root, "source");
        get_server(&r, root, &out->server);
        get_consistency(&r, root, &out->consistency);
        get_recipients(&r, root, out);
        out->only = get_texts(&r, root, "only");
        out->except = get_texts(&r, root, "except");
        get_lists(&r, root, out);
        code = r.code;
    }
    return finish(code, doc, name, err);
}
