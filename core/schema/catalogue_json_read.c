/* catalogue_json_read.c: reading a catalogue; see catalogue_json.h. */
#include "core/schema/catalogue_json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/json_reader.h"
#include "core/row/row_class.h"

/* ---- members ---- */

/* Never NULL. */
static const char *need_text(struct mr_json_reader *r, const struct json_t *object, const char *key)
{
    const char *text = mr_json_read_exact(r, object, key);
    if (r->code == MR_OK && text == NULL)
        r->code = mr_err_set(r->err, MR_E_REFUSED, "member \"%s\" is missing", key);
    return text != NULL ? text : "";
}

/* What is 0 or false is not written. */
static uint64_t get_number(struct mr_json_reader *r, const struct json_t *object, const char *key)
{
    bool is_there = r->code == MR_OK && mr_json_has(object, key);
    return is_there ? mr_json_read_number(r, object, key) : 0;
}

static uint64_t get_up_to(struct mr_json_reader *r, const struct json_t *object, const char *key,
                          uint64_t most)
{
    uint64_t number = get_number(r, object, key);
    if (number > most)
        mr_json_read_refuse(r, "number", key);
    return number <= most ? number : 0;
}

static bool get_flag(struct mr_json_reader *r, const struct json_t *object, const char *key)
{
    return r->code == MR_OK && mr_json_has(object, key) && mr_json_read_bool(r, object, key);
}

/* Reads an array of objects, each with fn; NULL where there are none. */
typedef void item_fn(struct mr_json_reader *r, const struct json_t *item, void *to);
static void *get_items(struct mr_json_reader *r, const struct json_t *object, const char *key,
                       size_t item_size, size_t *count, item_fn *fn)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(r, object, key, item_size, count, &items);
    for (size_t i = 0; i < *count && r->code == MR_OK; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        if (r->code == MR_OK)
            fn(r, item, (char *)items + i * item_size);
    }
    return items;
}

static const char *const *get_names(struct mr_json_reader *r, const struct json_t *object,
                                    const char *key, size_t *count)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, object, key, sizeof(const char *), count, &items);
    const char **names = items;
    for (size_t i = 0; i < *count && r->code == MR_OK; i++)
        r->code = mr_json_item_exact(array, i, r->arena, &names[i], r->err);
    return names;
}

/* ---- tables ---- */

/* What other rooms take for granted is asked here: a class for every column, and an expression for
 * every generated one. */
static void get_column(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_column *c = to;
    const char *cls = need_text(r, item, "class");
    c->name = need_text(r, item, "name");
    c->type = need_text(r, item, "type");
    c->data_type = need_text(r, item, "data_type");
    c->cls = mr_row_class_of_word(cls);
    c->charset = mr_json_read_exact(r, item, "charset");
    c->collation = mr_json_read_exact(r, item, "collation");
    c->srid = mr_json_read_exact(r, item, "srid");
    c->nullable = get_flag(r, item, "nullable");
    c->is_unsigned = get_flag(r, item, "unsigned");
    c->generated = get_flag(r, item, "generated");
    c->generated_stored = get_flag(r, item, "generated_stored");
    c->invisible = get_flag(r, item, "invisible");
    c->is_json = get_flag(r, item, "json");
    c->empty_member = get_flag(r, item, "empty_member");
    c->is_set = get_flag(r, item, "set");
    c->auto_increment = get_flag(r, item, "auto_increment");
    c->system_time = get_flag(r, item, "system_time");
    c->default_text = mr_json_read_exact(r, item, "default");
    c->on_update = mr_json_read_exact(r, item, "on_update");
    c->generation_expr = mr_json_read_exact(r, item, "generation");
    c->comment = mr_json_read_exact(r, item, "comment");
    c->versions = mr_json_read_exact(r, item, "versions");
    c->decimals = (unsigned)get_up_to(r, item, "decimals", 6);
    c->ordinal = (size_t)get_number(r, item, "ordinal");
    if (c->cls == MR_CLASS_UNDECIDED)
        mr_json_read_refuse(r, "class", cls);
    if (c->generated && c->generation_expr == NULL)
        mr_json_read_refuse(r, "generated column", c->name);
}

static void get_part(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_index_part *part = to;
    part->column = mr_json_read_exact(r, item, "column");
    part->expression = mr_json_read_exact(r, item, "expression");
    part->prefix_len = (size_t)get_number(r, item, "prefix");
    part->descending = get_flag(r, item, "descending");
    if (part->column != NULL && part->expression != NULL)
        mr_json_read_refuse(r, "part of an index", part->column);
}

static void get_index(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_index *index = to;
    index->name = need_text(r, item, "name");
    index->unique = get_flag(r, item, "unique");
    index->usable = get_flag(r, item, "usable");
    index->kind = need_text(r, item, "kind");
    index->clause = mr_json_read_exact(r, item, "clause");
    index->parts = get_items(r, item, "parts", sizeof *index->parts, &index->nparts, get_part);
    if (index->nparts == 0)
        mr_json_read_refuse(r, "index", index->name);
}

/* As many columns as it refers to: whoever walks both lists by one counter would read beyond the
 * shorter. */
static void get_foreign_key(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_foreign_key *fk = to;
    size_t referred = 0;
    fk->name = need_text(r, item, "name");
    fk->columns = get_names(r, item, "columns", &fk->ncolumns);
    fk->ref_db = need_text(r, item, "ref_db");
    fk->ref_table = need_text(r, item, "ref_table");
    fk->ref_columns = get_names(r, item, "ref_columns", &referred);
    fk->on_update = mr_json_read_exact(r, item, "on_update");
    fk->on_delete = mr_json_read_exact(r, item, "on_delete");
    if (fk->ncolumns == 0 || fk->ncolumns != referred)
        mr_json_read_refuse(r, "foreign key", fk->name);
}

static void get_made(struct mr_json_reader *r, const struct json_t *item, struct mr_made_as *made)
{
    made->definer = mr_json_read_exact(r, item, "definer");
    made->sql_mode = mr_json_read_exact(r, item, "sql_mode");
    made->collation = mr_json_read_exact(r, item, "client_collation");
    made->db_collation = mr_json_read_exact(r, item, "db_collation");
}

static void get_trigger(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_trigger *trigger = to;
    trigger->name = need_text(r, item, "name");
    trigger->timing = need_text(r, item, "timing");
    trigger->event = need_text(r, item, "event");
    trigger->body = mr_json_read_exact(r, item, "body");
    trigger->order = (unsigned)get_up_to(r, item, "order", UINT_MAX);
    get_made(r, item, &trigger->made);
}

static void get_check(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_check *check = to;
    check->name = need_text(r, item, "name");
    check->column = mr_json_read_exact(r, item, "column");
    check->clause = need_text(r, item, "clause");
    check->period = mr_json_read_exact(r, item, "period");
}

static void get_table_facts(struct mr_json_reader *r, const struct json_t *item, struct mr_table *t)
{
    t->kind = MR_TABLE_BASE;
    t->db = need_text(r, item, "db");
    t->name = need_text(r, item, "name");
    t->engine = mr_json_read_exact(r, item, "engine");
    t->open_error = mr_json_read_exact(r, item, "open_error");
    t->transactional = get_flag(r, item, "transactional");
    t->partitioned = get_flag(r, item, "partitioned");
    t->system_versioned = get_flag(r, item, "system_versioned");
    t->collation = mr_json_read_exact(r, item, "collation");
    t->charset = mr_json_read_exact(r, item, "charset");
    t->comment = mr_json_read_exact(r, item, "comment");
    t->row_format = mr_json_read_exact(r, item, "row_format");
    t->partitioning = mr_json_read_exact(r, item, "partitioning");
    t->est_rows = get_number(r, item, "est_rows");
    t->data_bytes = get_number(r, item, "data_bytes");
    t->avg_row_bytes = get_number(r, item, "avg_row_bytes");
}

static void get_table(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_table *t = to;
    get_table_facts(r, item, t);
    t->columns = get_items(r, item, "columns", sizeof *t->columns, &t->ncolumns, get_column);
    t->indexes = get_items(r, item, "indexes", sizeof *t->indexes, &t->nindexes, get_index);
    t->fks = get_items(r, item, "foreign_keys", sizeof *t->fks, &t->nfks, get_foreign_key);
    t->triggers = get_items(r, item, "triggers", sizeof *t->triggers, &t->ntriggers, get_trigger);
    t->checks = get_items(r, item, "checks", sizeof *t->checks, &t->nchecks, get_check);
}

/* ---- the rest ---- */

/* Into a field of fixed size; a longer text is none that the server has given. */
static void get_field(struct mr_json_reader *r, const struct json_t *object, const char *key,
                      char *to, size_t size)
{
    const char *text = need_text(r, object, key);
    size_t len = strlen(text);
    if (len >= size)
        mr_json_read_refuse(r, key, text);
    else
        memcpy(to, text, len + 1);
}

/* Numbers are bounded by what they are put into: a forged one would come out as another number. */
static void get_server(struct mr_json_reader *r, const struct json_t *root, struct mr_server *s)
{
    const struct json_t *o = mr_json_read_object(r, root, "server");
    const char *flavour = need_text(r, o, "flavour");
    if (strcmp(flavour, "mariadb") == 0)
        s->flavour = MR_FLAVOUR_MARIADB;
    else if (strcmp(flavour, "mysql") == 0)
        s->flavour = MR_FLAVOUR_MYSQL;
    else
        mr_json_read_refuse(r, "flavour", flavour);
    s->version = (unsigned)get_up_to(r, o, "number", UINT_MAX);
    get_field(r, o, "version", s->version_text, sizeof s->version_text);
    get_field(r, o, "hostname", s->hostname, sizeof s->hostname);
    get_field(r, o, "uuid", s->uuid, sizeof s->uuid);
    s->server_id = (uint32_t)get_up_to(r, o, "server_id", UINT32_MAX);
    s->port = (unsigned)get_up_to(r, o, "port", UINT_MAX);
    get_field(r, o, "datadir", s->datadir, sizeof s->datadir);
    s->lower_case_table_names = (char)get_up_to(r, o, "lower_case_table_names", 2);
    s->max_packet_bytes = get_number(r, o, "max_packet_bytes");
    get_field(r, o, "tls_cipher", s->tls_cipher, sizeof s->tls_cipher);
}

static void get_charset(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_charset_default *charset = to;
    charset->charset = need_text(r, item, "charset");
    charset->collation = mr_json_read_exact(r, item, "collation");
}

static void get_database(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_database *db = to;
    db->name = need_text(r, item, "name");
    db->charset = need_text(r, item, "charset");
    db->collation = need_text(r, item, "collation");
}

/* A word that is no kind leaves 0, which no switch knows: it is refused. */
static void get_object(struct mr_json_reader *r, const struct json_t *item, void *to)
{
    struct mr_object *object = to;
    const char *kind = need_text(r, item, "kind");
    object->kind = mr_object_named(kind);
    object->db = need_text(r, item, "db");
    object->name = need_text(r, item, "name");
    object->definition = mr_json_read_exact(r, item, "definition");
    get_made(r, item, &object->made);
    object->algorithm = mr_json_read_exact(r, item, "algorithm");
    object->comment = mr_json_read_exact(r, item, "comment");
    if (!mr_object_has(object->kind, MR_OBJECT_LISTED))
        mr_json_read_refuse(r, "kind of object", kind);
}

/* Who looks a name up relies on the order. */
static void check_order(struct mr_json_reader *r, const struct mr_catalogue *cat)
{
    for (size_t i = 1; i < cat->ndbs && r->code == MR_OK; i++)
        if (strcmp(cat->dbs[i - 1].name, cat->dbs[i].name) >= 0)
            mr_json_read_refuse(r, "order of database", cat->dbs[i].name);
    for (size_t i = 1; i < cat->ntables && r->code == MR_OK; i++) {
        const struct mr_table *a = &cat->tables[i - 1], *b = &cat->tables[i];
        int order = strcmp(a->db, b->db);
        if (order > 0 || (order == 0 && strcmp(a->name, b->name) >= 0))
            mr_json_read_refuse(r, "order of table", b->name);
    }
    for (size_t i = 1; i < cat->nobjects && r->code == MR_OK; i++) {
        const struct mr_object *a = &cat->objects[i - 1], *b = &cat->objects[i];
        int order = (int)a->kind - (int)b->kind;
        if (order == 0)
            order = strcmp(a->db, b->db);
        if (order > 0 || (order == 0 && strcmp(a->name, b->name) > 0))
            mr_json_read_refuse(r, "order of object", b->name);
    }
}

static void get_catalogue(struct mr_json_reader *r, const struct json_t *root,
                          struct mr_catalogue *cat)
{
    get_server(r, root, &cat->server);
    cat->charsets =
        get_items(r, root, "charsets", sizeof *cat->charsets, &cat->ncharsets, get_charset);
    cat->dbs = get_items(r, root, "databases", sizeof *cat->dbs, &cat->ndbs, get_database);
    cat->tables = get_items(r, root, "tables", sizeof *cat->tables, &cat->ntables, get_table);
    cat->objects = get_items(r, root, "objects", sizeof *cat->objects, &cat->nobjects, get_object);
    check_order(r, cat);
}

static enum mr_code check_schema(const struct json_t *root, struct mr_err *err)
{
    const char *schema = NULL;
    enum mr_code code = mr_json_get_text(root, "schema", &schema, err);
    if (code != MR_OK || strcmp(schema, MR_CATALOGUE_SCHEMA) == 0)
        return code;
    (void)mr_err_set(err, MR_E_SNAPSHOT, "it is of format \"%.100s\"; this version knows \"%s\"",
                     schema, MR_CATALOGUE_SCHEMA);
    mr_err_hint(err, "Use the myrecon that made the snapshot, or a newer one.");
    return MR_E_SNAPSHOT;
}

/* What is not as it is written is no catalogue of this version. */
static enum mr_code fail(enum mr_code code, const char *name, struct mr_err *err)
{
    if (code == MR_E_REFUSED) {
        code = MR_E_SNAPSHOT;
        if (err != NULL)
            err->code = code;
    }
    if (code != MR_E_NOMEM)
        mr_err_context(err, "file \"%s\"", name);
    return code;
}

enum mr_code mr_catalogue_json_read(const char *text, size_t len, const char *name,
                                    struct mr_catalogue **out, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    *out = NULL;
    struct mr_catalogue *cat = calloc(1, sizeof *cat);
    if (cat == NULL)
        return mr_err_nomem(err, "reading a catalogue");
    struct mr_json_reader r = {.arena = &cat->arena, .err = err, .doing = "reading a catalogue"};
    enum mr_code code = mr_json_parse(text, len, name, &doc, err);
    if (code == MR_OK)
        code = check_schema(mr_json_root(doc), err);
    if (code == MR_OK) {
        get_catalogue(&r, mr_json_root(doc), cat);
        code = r.code;
    }
    mr_json_free(doc);
    if (code == MR_OK) {
        *out = cat;
        return MR_OK;
    }
    mr_catalogue_free(cat);
    return fail(code, name, err);
}
