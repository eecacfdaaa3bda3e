/*
 * source_shards_tables.c: the catalogue of many servers as one; see source_shards.h.
 *
 * What rows are read by must be the same everywhere: columns by name, with their types, character sets
 * and collations, and unique keys.  A table of which that is not so is in the catalogue all the same, with the
 * reason and the two places that differ, so that it is told of as not checked.  What a map has wrong
 * (a table that it does not name, one that no source has) is an error.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/letters.h"
#include "core/db/grants.h"
#include "core/db/sqltext.h"
#include "core/schema/engine.h"
#include "core/source/source_shards_internal.h"

#define DOING "reading the catalogues of many sources"
#define NAMED 5 /* tables that an error names */

struct builder {
    struct mr_source_shards *src;
    struct mr_arena *arena; /* of the catalogue that is made */
    struct mr_catalogue *cat;
    const char *db;             /* what the logical source is called */
    struct mr_reader **readers; /* a server each, opened at its first question; NULL before */
    struct mr_err *err;
};

static enum mr_code no_memory(const struct builder *b)
{
    return mr_err_nomem(b->err, DOING);
}

static const char *keep(const struct builder *b, struct mr_arena *arena, struct mr_strbuf *text)
{
    (void)b;
    const char *kept = text->failed ? NULL : mr_arena_strdup(arena, text->ptr);
    mr_strbuf_release(text);
    return kept;
}

/* ---- reading ---- */

static enum mr_code load_server(const struct builder *b, size_t at)
{
    struct mr_shards_server *server = &b->src->servers[at];
    struct mr_catalogue **slot = mr_vec_push(&b->src->kept);
    if (slot == NULL)
        return no_memory(b);
    MR_TRY(mr_source_catalogue(server->source, server->dbs.items, server->dbs.count, slot, b->err));
    server->cat = *slot;
    return MR_OK;
}

/* JSON, floating point and spellings of one kind of server and of another are compared in their own
 * ways, which a table can have one of. */
static enum mr_code require_one_flavour(const struct builder *b)
{
    const struct mr_shards_server *first = &b->src->servers[0];
    for (size_t i = 1; i < b->src->nservers; i++) {
        const struct mr_shards_server *server = &b->src->servers[i];
        struct mr_strbuf one = MR_STRBUF_INIT, other = MR_STRBUF_INIT;
        if (server->cat->server.flavour == first->cat->server.flavour)
            continue;
        mr_endpoint_place(first->ep, &one);
        mr_endpoint_place(server->ep, &other);
        (void)mr_err_set(b->err, MR_E_USAGE,
                         "the sources %s and %s are a MySQL and a MariaDB, of which one source "
                         "cannot be made",
                         one.ptr, other.ptr);
        mr_err_hint(b->err, "Make a map of each kind.");
        mr_strbuf_release(&one);
        mr_strbuf_release(&other);
        return MR_E_USAGE;
    }
    return MR_OK;
}

static const struct mr_shards_server *server_of(const struct builder *b, size_t shard)
{
    return &b->src->servers[b->src->server_of[shard]];
}

/* "db03:3306/shop_03", and behind it the table's name, where there is one. */
static const char *place_name(const struct builder *b, size_t shard, const char *table)
{
    const struct mr_endpoint *ep = &b->src->map->servers[shard];
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_endpoint_place(ep, &text);
    mr_strbuf_add_fmt(&text, "/%s%s%s", ep->dbs[0], table != NULL ? "." : "",
                      table != NULL ? table : "");
    return keep(b, &b->src->arena, &text);
}

static enum mr_code require_dbs(const struct builder *b)
{
    for (size_t i = 0; i < b->src->map->nservers; i++) {
        const char *name = b->src->map->servers[i].dbs[0];
        const struct mr_catalogue *cat = server_of(b, i)->cat;
        size_t k = 0;
        while (k < cat->ndbs && !mr_server_same_name(&cat->server, cat->dbs[k].name, name))
            k++;
        if (k < cat->ndbs)
            continue;
        const char *place = place_name(b, i, NULL);
        (void)mr_err_set(b->err, MR_E_NO_SUCH,
                         "source \"%s\": there is no such database, or the account may not see it",
                         place != NULL ? place : name);
        mr_err_hint(b->err, "All sources of a map must be there: what one of them has would be "
                            "missing otherwise.");
        return MR_E_NO_SUCH;
    }
    return MR_OK;
}

/* ---- what the map has wrong ---- */

static bool is_mapped(const struct builder *b, const struct mr_catalogue *cat,
                      const struct mr_table *table)
{
    if (mr_shards_find(b->src->map, table->name) != NULL)
        return true;
    if (cat->server.lower_case_table_names == 0)
        return false;
    for (size_t i = 0; i < b->src->map->tables.count; i++) {
        const struct mr_shards_table *entry = mr_vec_at(&b->src->map->tables, i);
        if (mr_letters_same(entry->source, table->name))
            return true;
    }
    return false;
}

/* Rows of such a table would be compared with nothing, and nobody would hear of it. */
static enum mr_code refuse_unmapped(const struct builder *b)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < b->src->map->nservers; i++) {
        const struct mr_catalogue *cat = server_of(b, i)->cat;
        for (size_t t = 0; t < cat->ntables; t++) {
            const struct mr_table *table = &cat->tables[t];
            if (!mr_server_same_name(&cat->server, table->db, b->src->map->servers[i].dbs[0]) ||
                is_mapped(b, cat, table))
                continue;
            const char *place = count < NAMED ? place_name(b, i, table->name) : "";
            if (count < NAMED && place != NULL)
                mr_strbuf_add_fmt(&names, "%s\"%s\"", count > 0 ? ", " : "", place);
            count++;
        }
    }
    if (count > 0) {
        (void)mr_err_set(b->err, MR_E_USAGE,
                         "%zu table%s of the sources %s in no line of the map: "
                         "%s%s",
                         count, count == 1 ? "" : "s", count == 1 ? "stands" : "stand", names.ptr,
                         count > NAMED ? " …" : "");
        mr_err_hint(b->err, "Say which table each of them makes, or \"-> none\" where it is not "
                            "meant.");
    }
    mr_strbuf_release(&names);
    return count > 0 ? MR_E_USAGE : MR_OK;
}

/* ---- places ---- */

/* One connection a server, however many of its tables are asked for. */
static enum mr_code reader_of(const struct builder *b, size_t server, struct mr_reader **out)
{
    struct mr_reader **slot = &b->readers[server];
    if (*slot == NULL)
        MR_TRY(mr_source_reader_new(b->src->servers[server].source, slot, b->err));
    *out = *slot;
    return MR_OK;
}

/* What is not in a catalogue is absent, or hidden from the account. */
static enum mr_code look_for_absent(const struct builder *b, size_t shard, const char *name,
                                    struct mr_shards_view *view)
{
    struct mr_reader *reader;
    struct mr_err why = {0};
    MR_TRY(reader_of(b, b->src->server_of[shard], &reader));
    enum mr_code code =
        mr_reader_probe(reader, b->src->map->servers[shard].dbs[0], name, NULL, &why);
    if (code == MR_E_NO_SUCH)
        return MR_OK;
    if (code != MR_E_DENIED && code != MR_OK) {
        *b->err = why;
        return code;
    }
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *place = place_name(b, shard, name);
    if (code == MR_OK) /* it has rows, which nobody would read */
        mr_strbuf_add_fmt(&text,
                          "source \"%s\" is no table but a view or a sequence, or was made while "
                          "the catalogue was read",
                          place != NULL ? place : name);
    else
        mr_strbuf_add_fmt(&text, "the account may not see source \"%s\": %s",
                          place != NULL ? place : name, why.message);
    if (view->unfit == NULL)
        view->unfit = keep(b, &b->src->arena, &text);
    else
        mr_strbuf_release(&text);
    return view->unfit != NULL ? MR_OK : no_memory(b);
}

static struct mr_shards_view *view_named(const struct builder *b, const char *name)
{
    for (size_t i = 0; i < b->src->views.count; i++) {
        struct mr_shards_view *view = mr_vec_at(&b->src->views, i);
        if (strcmp(view->name, name) == 0)
            return view;
    }
    struct mr_shards_view *view = mr_vec_push(&b->src->views);
    if (view != NULL)
        *view =
            (struct mr_shards_view){.name = name, .places = MR_VEC_INIT(struct mr_shards_place)};
    return view;
}

static enum mr_code add_place(const struct builder *b, size_t shard,
                              const struct mr_shards_table *entry, struct mr_shards_view *view,
                              bool *found)
{
    const struct mr_shards_server *server = server_of(b, shard);
    const struct mr_table *table =
        mr_catalogue_meant(server->cat, b->src->map->servers[shard].dbs[0], entry->source);
    if (table == NULL)
        return look_for_absent(b, shard, entry->source, view);
    struct mr_shards_place *place = mr_vec_push(&view->places);
    if (place == NULL)
        return no_memory(b);
    *place = (struct mr_shards_place){.server = b->src->server_of[shard],
                                      .table = table,
                                      .name = place_name(b, shard, table->name)};
    *found = true;
    return place->name != NULL ? MR_OK : no_memory(b);
}

static enum mr_code add_entry(const struct builder *b, const struct mr_shards_table *entry)
{
    struct mr_shards_view *view = view_named(b, entry->target);
    bool found = false;
    if (view == NULL)
        return no_memory(b);
    for (size_t i = 0; i < b->src->map->nservers; i++)
        MR_TRY(add_place(b, i, entry, view, &found));
    if (found || view->unfit != NULL)
        return MR_OK;
    (void)mr_err_set(b->err, MR_E_NO_SUCH, "no source has the table \"%s\" that the map names",
                     entry->source);
    mr_err_hint(b->err, "See that its name is right, and that the account may read it.");
    return MR_E_NO_SUCH;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mr_shards_view *)a)->name,
                  ((const struct mr_shards_view *)b)->name);
}

static enum mr_code add_places(const struct builder *b)
{
    struct mr_vec *views = &b->src->views;
    for (size_t i = 0; i < views->count; i++)
        mr_vec_release(&((struct mr_shards_view *)mr_vec_at(views, i))->places);
    mr_vec_clear(views);
    for (size_t i = 0; i < b->src->map->tables.count; i++) {
        const struct mr_shards_table *entry = mr_vec_at(&b->src->map->tables, i);
        if (entry->target != NULL)
            MR_TRY(add_entry(b, entry));
    }
    if (views->count > 1)
        qsort(views->items, views->count, sizeof(struct mr_shards_view), by_name);
    return MR_OK;
}

/* ---- are they alike? ---- */

/* Of integers a server may write a width, which says nothing of their values. */
static size_t type_len(const struct mr_column *c)
{
    const bool is_integer = c->cls == MR_CLASS_INT || c->cls == MR_CLASS_UINT;
    return is_integer && strcmp(c->data_type, "bit") != 0 ? strcspn(c->type, "(") : strlen(c->type);
}

static bool same_or_null(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_type(const struct mr_column *a, const struct mr_column *b)
{
    const size_t len = type_len(a);
    return a->cls == b->cls && a->is_unsigned == b->is_unsigned && a->decimals == b->decimals &&
           a->is_set == b->is_set && a->is_json == b->is_json &&
           strcmp(a->data_type, b->data_type) == 0 && type_len(b) == len &&
           strncmp(a->type, b->type, len) == 0;
}

/* NULL, or what of two columns of one name differs. */
static const char *column_difference(const struct mr_column *a, const struct mr_column *b)
{
    if (!is_same_type(a, b))
        return "type";
    if (!same_or_null(a->charset, b->charset) || !same_or_null(a->collation, b->collation))
        return "collation";
    if (a->nullable != b->nullable)
        return "NULL or NOT NULL";
    if (a->generated != b->generated || a->invisible != b->invisible ||
        a->system_time != b->system_time)
        return "kind";
    return same_or_null(a->srid, b->srid) ? NULL : "SRID";
}

static bool is_same_index(const struct mr_index *a, const struct mr_index *b)
{
    if (b == NULL || !b->unique || a->nparts != b->nparts || a->usable != b->usable)
        return false;
    for (size_t i = 0; i < a->nparts; i++) {
        const struct mr_index_part *x = &a->parts[i], *y = &b->parts[i];
        const bool both = x->column != NULL && y->column != NULL;
        if ((both ? !mr_letters_same(x->column, y->column) : x->column != y->column) ||
            !same_or_null(x->expression, y->expression) || x->prefix_len != y->prefix_len ||
            x->descending != y->descending)
            return false;
    }
    return true;
}

static size_t unique_count(const struct mr_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->nindexes; i++)
        count += table->indexes[i].unique;
    return count;
}

/* Appends what differs: "column \"price\" (type)". */
static bool add_difference(const struct mr_table *a, const struct mr_table *b,
                           struct mr_strbuf *out)
{
    for (size_t i = 0; i < a->ncolumns; i++) {
        const struct mr_column *other = mr_table_column(b, a->columns[i].name);
        const char *what =
            other != NULL ? column_difference(&a->columns[i], other) : "which only one has";
        if (what != NULL) {
            mr_strbuf_add_fmt(out, "column \"%s\" (%s)", a->columns[i].name, what);
            return true;
        }
    }
    for (size_t i = 0; a->ncolumns != b->ncolumns && i < b->ncolumns; i++)
        if (mr_table_column(a, b->columns[i].name) == NULL) {
            mr_strbuf_add_fmt(out, "column \"%s\" (which only one has)", b->columns[i].name);
            return true;
        }
    for (size_t i = 0; i < a->nindexes; i++)
        if (a->indexes[i].unique &&
            !is_same_index(&a->indexes[i], mr_table_index(b, a->indexes[i].name))) {
            mr_strbuf_add_fmt(out, "unique key \"%s\"", a->indexes[i].name);
            return true;
        }
    if (unique_count(a) != unique_count(b))
        mr_strbuf_add_str(out, "the number of unique keys");
    else if (a->system_versioned != b->system_versioned)
        mr_strbuf_add_str(out, "system versioning");
    else if (a->made_key_hidden != b->made_key_hidden)
        mr_strbuf_add_str(out, "a primary key that the server made up");
    return out->len > 0;
}

static enum mr_code compare_places(const struct builder *b, struct mr_shards_view *view)
{
    for (size_t i = 1; view->unfit == NULL && i < view->places.count; i++) {
        const struct mr_shards_place *first = mr_vec_at(&view->places, 0);
        const struct mr_shards_place *other = mr_vec_at(&view->places, i);
        struct mr_strbuf what = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
        if (add_difference(first->table, other->table, &what)) {
            mr_strbuf_add_fmt(&text,
                              "the sources \"%s\" and \"%s\" differ in %s, and cannot be "
                              "read as one table",
                              first->name, other->name, what.ptr);
            view->unfit = keep(b, &b->src->arena, &text);
            if (view->unfit == NULL || what.failed) {
                mr_strbuf_release(&what);
                return no_memory(b);
            }
        }
        mr_strbuf_release(&what);
    }
    return MR_OK;
}

/* ---- what an account sees ---- */

/* With rights on some columns alone the others are not shown, as if there were none. */
static enum mr_code see_columns(const struct builder *b, struct mr_reader *reader,
                                const struct mr_grants *grants, const struct mr_shards_place *place,
                                struct mr_shards_view *view)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_table *t = place->table;
    struct mr_db *db = mr_reader_db(reader);
    if (view->unfit != NULL || db == NULL ||
        (grants != NULL && mr_grants_on_table(grants, "SELECT", t->db, t->name)))
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT * FROM ");
    mr_sql_table(&sql, t->db, t->name);
    mr_strbuf_add_str(&sql, " LIMIT 0");
    enum mr_code code = mr_strbuf_check(&sql, DOING, b->err);
    if (code == MR_OK)
        code = mr_db_query(db, "*", sql.ptr, sql.len, &res, &why);
    if (code == MR_E_DENIED) {
        mr_strbuf_add_fmt(&text, "the account may not see all columns of source \"%s\"",
                          place->name);
        view->unfit = keep(b, &b->src->arena, &text);
        code = view->unfit != NULL ? MR_OK : no_memory(b);
    } else if (code != MR_OK) { /* what else is wrong shows when it is read */
        code = MR_OK;
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code see_server(const struct builder *b, size_t at)
{
    struct mr_reader *reader;
    struct mr_grants *grants = NULL;
    enum mr_code code = reader_of(b, at, &reader);
    if (code == MR_OK)
        (void)mr_grants_load(mr_reader_db(reader), &grants, NULL);
    for (size_t i = 0; code == MR_OK && i < b->src->views.count; i++) {
        struct mr_shards_view *view = mr_vec_at(&b->src->views, i);
        for (size_t p = 0; code == MR_OK && p < view->places.count; p++) {
            const struct mr_shards_place *place = mr_vec_at(&view->places, p);
            if (place->server == at)
                code = see_columns(b, reader, grants, place, view);
        }
    }
    mr_grants_free(grants);
    return code;
}

/* ---- the catalogue ---- */

/* References lead to what the map makes of the tables that they name; others lead nowhere. */
static enum mr_code map_references(const struct builder *b, struct mr_table *t)
{
    struct mr_foreign_key *fks = mr_arena_calloc(b->arena, t->nfks + 1, sizeof *fks);
    size_t count = 0;
    if (fks == NULL)
        return no_memory(b);
    for (size_t i = 0; i < t->nfks; i++) {
        const struct mr_shards_table *entry = mr_shards_find(b->src->map, t->fks[i].ref_table);
        if (entry == NULL || entry->target == NULL)
            continue;
        fks[count] = t->fks[i];
        fks[count].ref_db = b->db;
        fks[count++].ref_table = entry->target;
    }
    t->fks = fks;
    t->nfks = count;
    return MR_OK;
}

/* What is true of one place is true of the table: an engine that cannot be opened, or whose rows lie
 * elsewhere, and one that blocks writers. */
static void take_engine(struct mr_table *t, const struct mr_table *part)
{
    const bool is_worse = part->engine == NULL || mr_engine_is_elsewhere(part->engine) ||
                          (!part->transactional && t->transactional);
    if (t->engine == NULL || mr_engine_is_elsewhere(t->engine) || !is_worse)
        return;
    t->engine = part->engine;
    t->open_error = part->open_error;
}

static enum mr_code make_table(const struct builder *b, const struct mr_shards_view *view,
                               struct mr_table *t)
{
    const struct mr_shards_place *first =
        view->places.count > 0 ? mr_vec_at(&view->places, 0) : NULL;
    *t = first != NULL ? *first->table : (struct mr_table){.kind = MR_TABLE_BASE};
    t->db = b->db;
    t->name = view->name;
    t->unfit = view->unfit;
    t->made_at = NULL;
    t->next = 0;
    t->triggers = NULL;
    t->ntriggers = 0;
    t->est_rows = t->data_bytes = t->avg_row_bytes = 0;
    for (size_t i = 0; i < view->places.count; i++) {
        const struct mr_table *part =
            ((const struct mr_shards_place *)mr_vec_at(&view->places, i))->table;
        take_engine(t, part);
        t->est_rows += part->est_rows;
        t->data_bytes += part->data_bytes;
        if (part->avg_row_bytes > t->avg_row_bytes)
            t->avg_row_bytes = part->avg_row_bytes;
        t->transactional &= part->transactional;
        t->partitioned |= part->partitioned;
    }
    return map_references(b, t);
}

static enum mr_code make_catalogue(const struct builder *b)
{
    const struct mr_catalogue *first = b->src->servers[0].cat;
    const size_t count = b->src->views.count;
    struct mr_database *db = mr_arena_calloc(b->arena, 1, sizeof *db);
    struct mr_table *tables = mr_arena_calloc(b->arena, count + 1, sizeof *tables);
    if (db == NULL || tables == NULL)
        return no_memory(b);
    *db = first->dbs[0];
    db->name = b->db;
    for (size_t i = 0; i < count; i++)
        MR_TRY(make_table(b, mr_vec_at(&b->src->views, i), &tables[i]));
    b->cat->server = first->server;
    for (size_t i = 1; i < b->src->nservers; i++)
        if (b->src->servers[i].cat->server.max_packet_bytes < b->cat->server.max_packet_bytes)
            b->cat->server.max_packet_bytes = b->src->servers[i].cat->server.max_packet_bytes;
    b->cat->dbs = db;
    b->cat->ndbs = 1;
    b->cat->tables = tables;
    b->cat->ntables = count;
    b->cat->charsets = first->charsets;
    b->cat->ncharsets = first->ncharsets;
    return MR_OK;
}

static enum mr_code build_all(struct builder *b)
{
    const struct mr_source_shards *src = b->src;
    for (size_t i = 0; i < src->nservers; i++)
        MR_TRY(load_server(b, i));
    MR_TRY(require_one_flavour(b));
    MR_TRY(require_dbs(b));
    MR_TRY(refuse_unmapped(b));
    MR_TRY(add_places(b));
    for (size_t i = 0; i < src->views.count; i++)
        MR_TRY(compare_places(b, mr_vec_at(&src->views, i)));
    for (size_t i = 0; i < src->nservers; i++)
        MR_TRY(see_server(b, i));
    return make_catalogue(b);
}

static enum mr_code build(struct builder *b)
{
    const size_t count = b->src->nservers;
    b->readers = calloc(count, sizeof(struct mr_reader *));
    enum mr_code code = b->readers != NULL ? build_all(b) : no_memory(b);
    for (size_t i = 0; b->readers != NULL && i < count; i++)
        mr_reader_free(b->readers[i]);
    free(b->readers);
    return code;
}

enum mr_code mr_shards_catalogue(struct mr_source *source, const char *const *dbs, size_t ndbs,
                                 const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                 struct mr_err *err)
{
    (void)opts; /* a counter of many servers is none */
    struct mr_catalogue *cat = calloc(1, sizeof *cat);
    struct mr_err why = {0};
    if (cat == NULL)
        return mr_err_nomem(err, DOING);
    struct builder b = {
        .src = (struct mr_source_shards *)source, .arena = &cat->arena, .cat = cat, .err = &why};
    enum mr_code code = MR_OK;
    if (ndbs != 1) {
        code = mr_err_set(&why, MR_E_USAGE,
                          "many sources make one database, and the target names "
                          "%s",
                          ndbs == 0 ? "none" : "several");
        mr_err_hint(&why, "Name the target's database: mysql://host/shop.");
    } else if ((b.db = mr_arena_strdup(&b.src->arena, dbs[0])) == NULL) {
        code = mr_err_nomem(&why, DOING);
    } else {
        code = build(&b);
    }
    if (code != MR_OK) {
        mr_catalogue_free(cat);
        if (err != NULL)
            *err = why;
        return code;
    }
    *out = cat;
    return MR_OK;
}
