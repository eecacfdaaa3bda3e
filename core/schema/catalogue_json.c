/* catalogue_json.c: writing a catalogue; see catalogue_json.h. */
#include "core/schema/catalogue_json.h"

#include "core/json/jsonw.h"
#include "core/row/row_class.h"

/* ---- members ---- */

static void put_text(struct mr_jsonw *w, const char *key, const char *text)
{
    if (text == NULL)
        return;
    mr_jsonw_key(w, key);
    mr_jsonw_exact(w, text);
}

static void put_flag(struct mr_jsonw *w, const char *key, bool value)
{
    if (value)
        mr_jsonw_add_bool(w, key, value);
}

/* As a string: 64 bits are more than JSON's numbers hold everywhere. */
static void put_number(struct mr_jsonw *w, const char *key, uint64_t number)
{
    if (number != 0)
        mr_jsonw_add_number(w, key, number);
}

static void put_count(struct mr_jsonw *w, const char *key, uint64_t count)
{
    if (count != 0)
        mr_jsonw_add_uint(w, key, count);
}

static void put_names(struct mr_jsonw *w, const char *key, const char *const *names, size_t count)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < count; i++)
        mr_jsonw_exact(w, names[i]);
    mr_jsonw_array_end(w);
}

static void list_begin(struct mr_jsonw *w, const char *key)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
}

/* ---- tables ---- */

static void put_column(struct mr_jsonw *w, const struct mr_column *c)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", c->name);
    put_text(w, "type", c->type);
    put_text(w, "data_type", c->data_type);
    put_text(w, "class", mr_row_class_word(c->cls));
    put_text(w, "charset", c->charset);
    put_text(w, "collation", c->collation);
    put_text(w, "srid", c->srid);
    put_flag(w, "nullable", c->nullable);
    put_flag(w, "unsigned", c->is_unsigned);
    put_flag(w, "generated", c->generated);
    put_flag(w, "generated_stored", c->generated_stored);
    put_flag(w, "invisible", c->invisible);
    put_flag(w, "json", c->is_json);
    put_flag(w, "empty_member", c->empty_member);
    put_flag(w, "set", c->is_set);
    put_flag(w, "auto_increment", c->auto_increment);
    put_flag(w, "system_time", c->system_time);
    put_text(w, "default", c->default_text);
    put_text(w, "on_update", c->on_update);
    put_text(w, "generation", c->generation_expr);
    put_text(w, "comment", c->comment);
    put_text(w, "versions", c->versions);
    put_count(w, "decimals", c->decimals);
    put_count(w, "ordinal", c->ordinal);
    mr_jsonw_object_end(w);
}

/* A part is a column or an expression: the one that it is not is left out, and read back as
 * NULL. */
static void put_index(struct mr_jsonw *w, const struct mr_index *index)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", index->name);
    put_flag(w, "unique", index->unique);
    put_flag(w, "usable", index->usable);
    put_text(w, "kind", index->kind);
    put_text(w, "clause", index->clause);
    list_begin(w, "parts");
    for (size_t i = 0; i < index->nparts; i++) {
        mr_jsonw_object_begin(w);
        put_text(w, "column", index->parts[i].column);
        put_text(w, "expression", index->parts[i].expression);
        put_count(w, "prefix", index->parts[i].prefix_len);
        put_flag(w, "descending", index->parts[i].descending);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

static void put_foreign_key(struct mr_jsonw *w, const struct mr_foreign_key *fk)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", fk->name);
    put_names(w, "columns", fk->columns, fk->ncolumns);
    put_text(w, "ref_db", fk->ref_db);
    put_text(w, "ref_table", fk->ref_table);
    put_names(w, "ref_columns", fk->ref_columns, fk->ncolumns);
    put_text(w, "on_update", fk->on_update);
    put_text(w, "on_delete", fk->on_delete);
    mr_jsonw_object_end(w);
}

static void put_made(struct mr_jsonw *w, const struct mr_made_as *made)
{
    put_text(w, "definer", made->definer);
    put_text(w, "sql_mode", made->sql_mode);
    put_text(w, "client_collation", made->collation);
    put_text(w, "db_collation", made->db_collation);
}

static void put_trigger(struct mr_jsonw *w, const struct mr_trigger *trigger)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", trigger->name);
    put_text(w, "timing", trigger->timing);
    put_text(w, "event", trigger->event);
    put_text(w, "body", trigger->body);
    put_count(w, "order", trigger->order);
    put_made(w, &trigger->made);
    mr_jsonw_object_end(w);
}

static void put_check(struct mr_jsonw *w, const struct mr_check *check)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", check->name);
    put_text(w, "column", check->column);
    put_text(w, "clause", check->clause);
    put_text(w, "period", check->period);
    mr_jsonw_object_end(w);
}

static void put_table_facts(struct mr_jsonw *w, const struct mr_table *t)
{
    put_text(w, "db", t->db);
    put_text(w, "name", t->name);
    put_text(w, "engine", t->engine);
    put_text(w, "open_error", t->open_error);
    put_flag(w, "transactional", t->transactional);
    put_flag(w, "partitioned", t->partitioned);
    put_flag(w, "system_versioned", t->system_versioned);
    put_text(w, "collation", t->collation);
    put_text(w, "charset", t->charset);
    put_text(w, "comment", t->comment);
    put_text(w, "row_format", t->row_format);
    put_text(w, "partitioning", t->partitioning);
    put_number(w, "est_rows", t->est_rows);
    put_number(w, "data_bytes", t->data_bytes);
    put_number(w, "avg_row_bytes", t->avg_row_bytes);
}

static void put_table(struct mr_jsonw *w, const struct mr_table *t)
{
    mr_jsonw_object_begin(w);
    put_table_facts(w, t);
    list_begin(w, "columns");
    for (size_t i = 0; i < t->ncolumns; i++)
        put_column(w, &t->columns[i]);
    mr_jsonw_array_end(w);
    list_begin(w, "indexes");
    for (size_t i = 0; i < t->nindexes; i++)
        put_index(w, &t->indexes[i]);
    mr_jsonw_array_end(w);
    list_begin(w, "foreign_keys");
    for (size_t i = 0; i < t->nfks; i++)
        put_foreign_key(w, &t->fks[i]);
    mr_jsonw_array_end(w);
    list_begin(w, "triggers");
    for (size_t i = 0; i < t->ntriggers; i++)
        put_trigger(w, &t->triggers[i]);
    mr_jsonw_array_end(w);
    list_begin(w, "checks");
    for (size_t i = 0; i < t->nchecks; i++)
        put_check(w, &t->checks[i]);
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

/* ---- the rest ---- */

static void put_server(struct mr_jsonw *w, const struct mr_server *s)
{
    mr_jsonw_key(w, "server");
    mr_jsonw_object_begin(w);
    put_text(w, "flavour", s->flavour == MR_FLAVOUR_MARIADB ? "mariadb" : "mysql");
    put_count(w, "number", s->version);
    put_text(w, "version", s->version_text);
    put_text(w, "hostname", s->hostname);
    put_text(w, "uuid", s->uuid);
    put_count(w, "server_id", s->server_id);
    put_count(w, "port", s->port);
    put_text(w, "datadir", s->datadir);
    put_count(w, "lower_case_table_names", (uint64_t)s->lower_case_table_names);
    put_number(w, "max_packet_bytes", s->max_packet_bytes);
    put_text(w, "tls_cipher", s->tls_cipher);
    mr_jsonw_object_end(w);
}

static void put_database(struct mr_jsonw *w, const struct mr_database *db)
{
    mr_jsonw_object_begin(w);
    put_text(w, "name", db->name);
    put_text(w, "charset", db->charset);
    put_text(w, "collation", db->collation);
    mr_jsonw_object_end(w);
}

static void put_object(struct mr_jsonw *w, const struct mr_object *object)
{
    mr_jsonw_object_begin(w);
    put_text(w, "kind", mr_object_word(object->kind));
    put_text(w, "db", object->db);
    put_text(w, "name", object->name);
    put_text(w, "definition", object->definition);
    put_made(w, &object->made);
    put_text(w, "algorithm", object->algorithm);
    put_text(w, "comment", object->comment);
    mr_jsonw_object_end(w);
}

static void put_charset(struct mr_jsonw *w, const struct mr_charset_default *charset)
{
    mr_jsonw_object_begin(w);
    put_text(w, "charset", charset->charset);
    put_text(w, "collation", charset->collation);
    mr_jsonw_object_end(w);
}

enum mr_code mr_catalogue_json_write(const struct mr_catalogue *cat, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    put_text(&w, "schema", MR_CATALOGUE_SCHEMA);
    put_server(&w, &cat->server);
    list_begin(&w, "charsets");
    for (size_t i = 0; i < cat->ncharsets; i++)
        put_charset(&w, &cat->charsets[i]);
    mr_jsonw_array_end(&w);
    list_begin(&w, "databases");
    for (size_t i = 0; i < cat->ndbs; i++)
        put_database(&w, &cat->dbs[i]);
    mr_jsonw_array_end(&w);
    list_begin(&w, "tables");
    for (size_t i = 0; i < cat->ntables; i++)
        put_table(&w, &cat->tables[i]);
    mr_jsonw_array_end(&w);
    list_begin(&w, "objects");
    for (size_t i = 0; i < cat->nobjects; i++)
        put_object(&w, &cat->objects[i]);
    mr_jsonw_array_end(&w);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, MR_CATALOGUE_SCHEMA, err);
    mr_jsonw_release(&w);
    return code;
}
