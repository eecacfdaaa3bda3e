/* schema.c: loading a catalogue: databases, tables, and the frame of all other steps.
 */
#include "core/schema/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/schema/engine.h"
#include "core/schema/schema_internal.h"

/* -- cells and memory ------------------------------------------------------------- */

const void *mr_schema_intern(struct mr_schema_load *load, const void *ptr, size_t len)
{
    const void *copy = mr_intern(&load->texts, ptr, len);
    if (copy == NULL)
        load->nomem = true;
    return copy;
}

const char *mr_schema_dup(struct mr_schema_load *load, const struct mr_cell *cell)
{
    return cell->ptr != NULL ? mr_schema_intern(load, cell->ptr, cell->len) : NULL;
}

const char *mr_schema_keep(struct mr_schema_load *load, struct mr_strbuf *text)
{
    const char *copy = mr_schema_intern(load, text->ptr, text->len);
    load->nomem = load->nomem || text->failed;
    mr_strbuf_reset(text);
    return copy;
}

const void *mr_schema_keep_list(struct mr_schema_load *load, struct mr_vec *list)
{
    const void *kept = mr_schema_intern(load, list->items, list->count * list->item_size);
    mr_vec_release(list);
    return kept;
}

/* ASCII letters from `first` on are moved by that much; others stay. */
static const char *dup_case(struct mr_schema_load *load, const struct mr_cell *cell, char first,
                            int move)
{
    if (cell->ptr == NULL)
        return NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add(&text, cell->ptr, cell->len);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= first && text.ptr[i] < first + 26)
            text.ptr[i] = (char)(text.ptr[i] + move);
    const char *copy = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
    return copy;
}

const char *mr_schema_dup_upper(struct mr_schema_load *load, const struct mr_cell *cell)
{
    return dup_case(load, cell, 'a', 'A' - 'a');
}

const char *mr_schema_dup_lower(struct mr_schema_load *load, const struct mr_cell *cell)
{
    return dup_case(load, cell, 'A', 'a' - 'A');
}

struct mr_made_as mr_schema_made(struct mr_schema_load *load,
                                 const struct mr_cell cells[MR_SCHEMA_MADE])
{
    return (struct mr_made_as){.definer = mr_schema_dup(load, &cells[0]),
                               .sql_mode = mr_schema_dup(load, &cells[1]),
                               .collation = mr_schema_dup(load, &cells[2]),
                               .db_collation = mr_schema_dup(load, &cells[3])};
}

bool mr_cell_is(const struct mr_cell *cell, const char *text)
{
    return cell->ptr != NULL && strcasecmp(cell->ptr, text) == 0;
}

uint64_t mr_cell_uint(const struct mr_cell *cell)
{
    return cell->ptr != NULL && *cell->ptr != '-' ? strtoull(cell->ptr, NULL, 10) : 0;
}

void mr_schema_step(struct mr_schema_load *load, size_t item_size)
{
    mr_vec_release(&load->items);
    mr_intern_release(&load->step_texts);
    mr_arena_release(&load->step);
    mr_intern_init(&load->step_texts, &load->step);
    load->items = (struct mr_vec){.item_size = item_size};
}

void *mr_schema_push(struct mr_schema_load *load)
{
    void *item = mr_vec_push(&load->items);
    if (item == NULL)
        load->nomem = true;
    return item;
}

/* -- queries ---------------------------------------------------------------------- */

struct mr_known_column {
    char view[32], column[32];
};

bool mr_schema_has(const struct mr_schema_load *load, const char *view, const char *column)
{
    const struct mr_known_column *known = load->known.items;
    for (size_t i = 0; i < load->known.count; i++)
        if (strcasecmp(known[i].view, view) == 0 &&
            (column == NULL || strcasecmp(known[i].column, column) == 0))
            return true;
    return false;
}

struct taking {
    struct mr_schema_load *load;
    mr_schema_row_fn *fn;
};

static enum mr_code take_row(void *user, const struct mr_cell *cells, struct mr_err *err)
{
    const struct taking *taking = user;
    MR_TRY(taking->fn(taking->load, cells, err));
    return taking->load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

enum mr_code mr_schema_each_sql(struct mr_schema_load *load, const char *shape,
                                const struct mr_strbuf *sql, mr_schema_row_fn *fn,
                                struct mr_err *err)
{
    struct taking taking = {load, fn};
    MR_TRY(mr_strbuf_check(sql, "building a query", err));
    return mr_db_each(load->db, shape, sql->ptr, sql->len, take_row, &taking, err);
}

/* MariaDB looks up the first of names that its collation has for one (`Club`, `club`, `clüb`), and
 * finds no other, where the list has no more than these: nothing is called ''. */
static void add_db_filter(struct mr_strbuf *sql, const struct mr_schema_load *load,
                          const char *column)
{
    mr_strbuf_add_fmt(sql, " WHERE %s ", column);
    if (load->ndbs == 0) {
        mr_strbuf_add_str(sql, "NOT IN ('mysql', 'information_schema', "
                               "'performance_schema', 'sys')");
        return;
    }
    mr_strbuf_add_str(sql, "IN (");
    for (size_t i = 0; i < load->ndbs; i++) {
        if (i > 0)
            mr_strbuf_add_str(sql, ", ");
        mr_sql_string(sql, load->dbs[i]);
    }
    mr_strbuf_add_str(sql, load->ndbs > 1 ? ", '')" : ")");
}

static void add_range(struct mr_strbuf *sql, const struct mr_schema_load *load, const char *column)
{
    const char *const ends[] = {load->from, load->to}, *const words[] = {">=", "<"};
    for (size_t i = 0; column != NULL && i < 2; i++) {
        if (ends[i] == NULL)
            continue;
        mr_strbuf_add_fmt(sql, " AND %s %s ", column, words[i]);
        mr_sql_string(sql, ends[i]);
    }
}

/* Servers of different ages have different columns in one view: a column that this one does not
 * have is asked for as NULL. */
enum mr_code mr_schema_each(struct mr_schema_load *load, const struct mr_schema_view *view,
                            mr_schema_row_fn *fn, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT ");
    for (size_t i = 0; view->shape[i] != '\0'; i++) {
        bool has = view->verbatim || mr_schema_has(load, view->name, view->columns[i]);
        mr_strbuf_add_fmt(&sql, "%s%s", i > 0 ? ", " : "", has ? view->columns[i] : "NULL");
    }
    mr_strbuf_add_fmt(&sql, " FROM information_schema.%s", view->name);
    add_db_filter(&sql, load, view->db_column);
    if (load->table != NULL && view->table_column != NULL) {
        mr_strbuf_add_fmt(&sql, " AND %s = ", view->table_column);
        mr_sql_string(&sql, load->table);
    }
    add_range(&sql, load, view->table_column);
    if (view->condition != NULL)
        mr_strbuf_add_str(&sql, view->condition);
    enum mr_code code = mr_schema_each_sql(load, view->shape, &sql, fn, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code take_known(struct mr_schema_load *load, const struct mr_cell *cells,
                               struct mr_err *err)
{
    struct mr_known_column *known = mr_vec_push(&load->known);
    if (known == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    if (cells[0].ptr == NULL || cells[0].len >= sizeof known->view || cells[1].ptr == NULL ||
        cells[1].len >= sizeof known->column)
        return MR_OK; /* longer than any name that is asked for */
    memcpy(known->view, cells[0].ptr, cells[0].len);
    memcpy(known->column, cells[1].ptr, cells[1].len);
    return MR_OK;
}

/* What this server's information_schema has to offer: versions and flavours differ. */
static enum mr_code load_known(struct mr_schema_load *load, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
                            "WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME IN ("
                            "'SCHEMATA', 'TABLES', 'COLUMNS', 'STATISTICS', "
                            "'CHECK_CONSTRAINTS', 'TABLE_CONSTRAINTS', 'KEY_COLUMN_USAGE', "
                            "'REFERENTIAL_CONSTRAINTS', 'TRIGGERS', 'VIEWS', 'ROUTINES', "
                            "'PARAMETERS', 'LIBRARIES', 'EVENTS')");
    enum mr_code code = mr_schema_each_sql(load, "nn", &sql, take_known, err);
    mr_strbuf_release(&sql);
    return code;
}

/* -- databases and tables --------------------------------------------------------- */

bool mr_schema_is_wanted(const struct mr_schema_load *load, const char *db)
{
    for (size_t i = 0; i < load->ndbs; i++)
        if (mr_server_same_name(load->server, load->dbs[i], db))
            return true;
    return load->ndbs == 0;
}

static int compare_dbs(const void *a, const void *b)
{
    const struct mr_database *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static enum mr_code take_db(struct mr_schema_load *load, const struct mr_cell *cells,
                            struct mr_err *err)
{
    (void)err;
    if (!mr_schema_is_wanted(load, cells[0].ptr))
        return MR_OK;
    struct mr_database *db = mr_schema_push(load);
    if (db != NULL) {
        db->name = mr_schema_dup(load, &cells[0]);
        db->charset = mr_schema_dup(load, &cells[1]);
        db->collation = mr_schema_dup(load, &cells[2]);
    }
    return MR_OK;
}

/* Copies the items of the step into the arena; NULL when there are none. */
static void *keep_items(struct mr_schema_load *load)
{
    if (load->items.count == 0)
        return NULL;
    size_t bytes = load->items.count * load->items.item_size;
    void *copy = mr_arena_alloc(load->arena, bytes);
    if (copy != NULL)
        memcpy(copy, load->items.items, bytes);
    else
        load->nomem = true;
    return copy;
}

/* Sorted here and not by the server, whose collation has another order than the bytes that are
 * searched by. */
static enum mr_code load_dbs(struct mr_schema_load *load, struct mr_catalogue *cat,
                             struct mr_err *err)
{
    static const char *const columns[] = {"SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME",
                                          "DEFAULT_COLLATION_NAME"};
    static const struct mr_schema_view view = {
        .name = "SCHEMATA", .db_column = "SCHEMA_NAME", .columns = columns, .shape = "vvv"};
    mr_schema_step(load, sizeof(struct mr_database));
    MR_TRY(mr_schema_each(load, &view, take_db, err));
    if (load->items.count > 0)
        qsort(load->items.items, load->items.count, sizeof(struct mr_database), compare_dbs);
    cat->dbs = keep_items(load);
    cat->ndbs = cat->dbs != NULL ? load->items.count : 0;
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

static enum mr_code take_charset(struct mr_schema_load *load, const struct mr_cell *cells,
                                 struct mr_err *err)
{
    (void)err;
    struct mr_charset_default *charset = mr_schema_push(load);
    if (charset != NULL) {
        charset->charset = mr_schema_dup(load, &cells[0]);
        charset->collation = mr_schema_dup(load, &cells[1]);
    }
    return MR_OK;
}

static enum mr_code load_charsets(struct mr_schema_load *load, struct mr_catalogue *cat,
                                  struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_schema_step(load, sizeof(struct mr_charset_default));
    mr_strbuf_add_str(&sql, "SELECT CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME FROM "
                            "information_schema.CHARACTER_SETS");
    enum mr_code code = mr_schema_each_sql(load, "vv", &sql, take_charset, err);
    mr_strbuf_release(&sql);
    if (code != MR_OK)
        return code;
    cat->charsets = keep_items(load);
    cat->ncharsets = cat->charsets != NULL ? load->items.count : 0;
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

enum {
    T_DB,
    T_NAME,
    T_TYPE,
    T_ENGINE,
    T_COLLATION,
    T_OPTIONS,
    T_COMMENT,
    T_ROWS,
    T_DATA,
    T_AVG,
    T_FORMAT,
    T_MADE,
    T_NEXT
};

/* The charset is the collation's name up to its first underscore ("binary": all). */
static const char *charset_of(struct mr_schema_load *load, const char *collation)
{
    if (collation == NULL)
        return NULL;
    struct mr_strbuf charset = MR_STRBUF_INIT;
    mr_strbuf_add(&charset, collation, strcspn(collation, "_"));
    const char *kept = mr_schema_keep(load, &charset);
    mr_strbuf_release(&charset);
    return kept;
}

/* SHOW CREATE TABLE shows none that is 1. */
static uint64_t next_of(const struct mr_cell *cell)
{
    const uint64_t next = mr_cell_uint(cell);
    return next > 1 ? next : 0;
}

static enum mr_code take_table(struct mr_schema_load *load, const struct mr_cell *cells,
                               struct mr_err *err)
{
    bool versioned = mr_cell_is(&cells[T_TYPE], "SYSTEM VERSIONED");
    const bool is_table = versioned || mr_cell_is(&cells[T_TYPE], "BASE TABLE");
    /* what cannot be opened is called a table whatever it is */
    load->only_tables = load->only_tables && is_table && cells[T_ENGINE].ptr != NULL;
    if (!is_table)
        return MR_OK; /* views and sequences are objects; temporary tables are nobody's
                       */
    if (!mr_schema_is_wanted(load, cells[T_DB].ptr))
        return MR_OK;
    struct mr_table *table = mr_vec_push(&load->tables);
    if (table == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    table->db = mr_schema_dup(load, &cells[T_DB]);
    table->name = mr_schema_dup(load, &cells[T_NAME]);
    table->kind = MR_TABLE_BASE;
    table->engine = mr_schema_dup(load, &cells[T_ENGINE]);
    table->comment = mr_schema_dup(load, &cells[T_COMMENT]);
    if (table->engine == NULL)
        table->open_error = table->comment != NULL ? table->comment : "";
    table->transactional = mr_engine_is_transactional(table->engine);
    table->system_versioned = versioned;
    table->partitioned =
        cells[T_OPTIONS].ptr != NULL && strcasestr(cells[T_OPTIONS].ptr, "partitioned") != NULL;
    table->collation = mr_schema_dup(load, &cells[T_COLLATION]);
    table->charset = charset_of(load, table->collation);
    table->row_format = mr_schema_dup(load, &cells[T_FORMAT]);
    table->made_at = mr_schema_dup(load, &cells[T_MADE]);
    table->est_rows = mr_cell_uint(&cells[T_ROWS]);
    table->data_bytes = mr_cell_uint(&cells[T_DATA]);
    table->avg_row_bytes = mr_cell_uint(&cells[T_AVG]);
    /* which a server with a dictionary shows as it was a day ago */
    if (mr_schema_opens_tables(load->server))
        table->next = next_of(&cells[T_NEXT]);
    return MR_OK;
}

static int compare_tables(const void *a, const void *b)
{
    const struct mr_table *x = a, *y = b;
    int order = strcmp(x->db, y->db);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static void sort_tables(struct mr_schema_load *load)
{
    if (load->tables.count > 0)
        qsort(load->tables.items, load->tables.count, sizeof(struct mr_table), compare_tables);
}

static enum mr_code load_tables(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {
        [T_DB] = "TABLE_SCHEMA",           [T_NAME] = "TABLE_NAME",
        [T_TYPE] = "TABLE_TYPE",           [T_ENGINE] = "ENGINE",
        [T_COLLATION] = "TABLE_COLLATION", [T_OPTIONS] = "CREATE_OPTIONS",
        [T_COMMENT] = "TABLE_COMMENT",     [T_ROWS] = "TABLE_ROWS",
        [T_DATA] = "DATA_LENGTH",          [T_AVG] = "AVG_ROW_LENGTH",
        [T_FORMAT] = "ROW_FORMAT",         [T_MADE] = "CREATE_TIME",
        [T_NEXT] = "AUTO_INCREMENT"};
    static const struct mr_schema_view view = {.name = "TABLES",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvvnnnnnnnnnn"};
    static const char *const closed_columns[] = {[T_DB] = "TABLE_SCHEMA",
                                                 [T_NAME] = "TABLE_NAME",
                                                 [T_TYPE] = "TABLE_TYPE",
                                                 [T_ENGINE] = "ENGINE",
                                                 [T_COLLATION] = "TABLE_COLLATION",
                                                 [T_OPTIONS] = "NULL",
                                                 [T_COMMENT] = "TABLE_COMMENT",
                                                 [T_ROWS] = "NULL",
                                                 [T_DATA] = "NULL",
                                                 [T_AVG] = "NULL",
                                                 [T_FORMAT] = "NULL",
                                                 [T_MADE] = "NULL",
                                                 [T_NEXT] = "NULL"};
    static const struct mr_schema_view closed = {.name = "TABLES",
                                                 .db_column = "TABLE_SCHEMA",
                                                 .table_column = "TABLE_NAME",
                                                 .columns = closed_columns,
                                                 .shape = "vvvnnnnnnnnnn",
                                                 .verbatim = true};
    load->tables = (struct mr_vec)MR_VEC_INIT(struct mr_table);
    MR_TRY(mr_schema_each(load, load->opts->keys_only ? &closed : &view, take_table, err));
    sort_tables(load);
    return MR_OK;
}

struct mr_table *mr_schema_table(const struct mr_schema_load *load, size_t index)
{
    return mr_vec_at(&load->tables, index);
}

static const struct mr_table *find_table(const struct mr_table *tables, size_t n, const char *db,
                                         const char *name)
{
    struct mr_table key = {.db = db, .name = name};
    return n == 0 ? NULL : bsearch(&key, tables, n, sizeof *tables, compare_tables);
}

size_t mr_schema_find(const struct mr_schema_load *load, const char *db, const char *table)
{
    const struct mr_table *tables = load->tables.items;
    const struct mr_table *found = find_table(tables, load->tables.count, db, table);
    return found != NULL ? (size_t)(found - tables) : SIZE_MAX;
}

/* -- the whole -------------------------------------------------------------------- */

static enum mr_code load_parts(struct mr_schema_load *load, struct mr_err *err)
{
    MR_TRY(load_tables(load, err));
    if (load->opts->keys_only)
        return mr_schema_load_primary_keys(load, err);
    if (load->tables.count > 0) {
        MR_TRY(mr_schema_load_columns(load, err));
        MR_TRY(mr_schema_load_checks(load, err));
        MR_TRY(mr_schema_load_indexes(load, err));
        MR_TRY(mr_schema_load_fks(load, err));
        MR_TRY(mr_schema_load_triggers(load, err));
        MR_TRY(mr_schema_load_partitions(load, err));
        MR_TRY(mr_schema_load_greatest(load, err));
    }
    return MR_OK;
}

/* Those of one slice, which are shown to who wants to see them at once. */
static enum mr_code load_slice(struct mr_schema_load *load, struct mr_err *err)
{
    const struct mr_catalogue_opts *opts = load->opts;
    MR_TRY(load_parts(load, err));
    if (load->nomem)
        return mr_err_nomem(err, "reading the catalogue");
    if (opts->slice == NULL || load->tables.count == 0)
        return MR_OK;
    mr_schema_step(load, sizeof(char)); /* what the last step needed is not kept meanwhile */
    enum mr_code code =
        opts->slice(opts->ctx, load->cat, load->tables.items, load->tables.count, err);
    load->slice_failed = code != MR_OK;
    return code;
}

static void load_begin(struct mr_schema_load *load, struct mr_db *db, struct mr_arena *arena)
{
    static const struct mr_catalogue_opts none = {0};
    *load = (struct mr_schema_load){.db = db,
                                    .server = mr_db_server(db),
                                    .opts = &none,
                                    .arena = arena,
                                    .known = MR_VEC_INIT(struct mr_known_column)};
    mr_intern_init(&load->texts, arena);
}

static void load_end(struct mr_schema_load *load)
{
    mr_vec_release(&load->known);
    mr_vec_release(&load->tables);
    mr_vec_release(&load->items);
    mr_intern_release(&load->step_texts);
    mr_arena_release(&load->step);
    mr_intern_release(&load->texts);
}

/* Moves the tables into the arena. */
static const struct mr_table *keep_tables(struct mr_schema_load *load)
{
    size_t bytes = load->tables.count * sizeof(struct mr_table);
    struct mr_table *tables = mr_arena_alloc(load->arena, bytes);
    if (tables == NULL)
        load->nomem = true;
    else if (bytes > 0)
        memcpy(tables, load->tables.items, bytes);
    return tables;
}

/* Thousands of them are not held twice: the list becomes the catalogue's. */
static void take_tables(struct mr_catalogue *cat, struct mr_vec *list)
{
    cat->ntables = list->count;
    cat->list = *list;
    *list = (struct mr_vec)MR_VEC_INIT(struct mr_table);
    mr_vec_trim(&cat->list);
    cat->tables = cat->list.items;
}

enum mr_code mr_catalogue_load(struct mr_db *db, const char *const *dbs, size_t ndbs,
                               struct mr_catalogue **out, struct mr_err *err)
{
    const struct mr_catalogue_opts none = {0};
    return mr_catalogue_load_as(db, dbs, ndbs, &none, out, err);
}

enum mr_code mr_catalogue_load_as(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                  const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                  struct mr_err *err)
{
    *out = NULL;
    struct mr_catalogue *cat = calloc(1, sizeof *cat);
    if (cat == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    struct mr_schema_load load;
    load_begin(&load, db, &cat->arena);
    load.dbs = dbs;
    load.ndbs = ndbs;
    load.opts = opts;
    load.cat = cat;
    load.only_tables = true;
    cat->server = *load.server;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(load_known(&load, err));
    MR_TRY_OUT(load_charsets(&load, cat, err));
    MR_TRY_OUT(load_dbs(&load, cat, err));
    MR_TRY_OUT(mr_schema_each_slice(&load, load_slice, err));
    if (opts->before != NULL) /* as they are now */
        MR_TRY_OUT(load_dbs(&load, cat, err));
    sort_tables(&load);
    MR_TRY_OUT(mr_schema_load_objects(&load, &cat->objects, &cat->nobjects, err));
    take_tables(cat, &load.tables);
    cat->server.hides_events = load.hides_events;
    if (load.nomem)
        MR_TRY_OUT(mr_err_nomem(err, "reading the catalogue"));
out:
    load_end(&load);
    if (code != MR_OK) {
        if (!load.slice_failed)
            mr_err_context(err, "could not read the catalogue of %s", mr_db_label(db));
        mr_catalogue_free(cat);
        return code;
    }
    *out = cat;
    return MR_OK;
}

enum mr_code mr_catalogue_has_slices(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                     bool *several, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_schema_load load;
    load_begin(&load, db, &arena);
    load.dbs = dbs;
    load.ndbs = ndbs;
    enum mr_code code = mr_schema_has_slices(&load, several, err);
    if (code != MR_OK)
        mr_err_context(err, "could not read the catalogue of %s", mr_db_label(db));
    load_end(&load);
    mr_arena_release(&arena);
    return code;
}

void mr_catalogue_free(struct mr_catalogue *cat)
{
    if (cat == NULL)
        return;
    mr_vec_release(&cat->list);
    mr_arena_release(&cat->arena);
    free(cat);
}

enum mr_code mr_schema_reload_table(struct mr_db *db, const char *dbname, const char *table,
                                    struct mr_arena *arena, const struct mr_table **out,
                                    struct mr_err *err)
{
    *out = NULL;
    struct mr_schema_load load;
    load_begin(&load, db, arena);
    load.dbs = &dbname;
    load.ndbs = 1;
    load.table = table;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(load_known(&load, err));
    MR_TRY_OUT(load_parts(&load, err));
    const struct mr_table *tables = keep_tables(&load);
    if (load.nomem)
        MR_TRY_OUT(mr_err_nomem(err, "reading the catalogue"));
    *out = find_table(tables, load.tables.count, dbname, table);
out:
    load_end(&load);
    return code;
}

/* -- looking things up ------------------------------------------------------------ */

const struct mr_database *mr_catalogue_db(const struct mr_catalogue *cat, const char *db)
{
    struct mr_database key = {.name = db};
    return cat->ndbs == 0 ? NULL
                          : bsearch(&key, cat->dbs, cat->ndbs, sizeof *cat->dbs, compare_dbs);
}

const struct mr_table *mr_catalogue_table(const struct mr_catalogue *cat, const char *db,
                                          const char *table)
{
    return find_table(cat->tables, cat->ntables, db, table);
}

/* Names may hold dots themselves: each table is asked, and no name is cut. */
const struct mr_table *mr_catalogue_called(const struct mr_catalogue *cat, const char *name)
{
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *t = &cat->tables[i];
        const size_t len = strlen(t->db);
        if (strncmp(name, t->db, len) == 0 && name[len] == '.' &&
            strcmp(name + len + 1, t->name) == 0)
            return t;
    }
    return NULL;
}

bool mr_catalogue_is_table(const struct mr_catalogue *cat, const struct mr_table *table,
                           const char *db, const char *name)
{
    return mr_server_same_name(&cat->server, table->db, db) &&
           mr_server_same_name(&cat->server, table->name, name);
}

const struct mr_table *mr_catalogue_meant(const struct mr_catalogue *cat, const char *db,
                                          const char *name)
{
    const struct mr_table *exact = mr_catalogue_table(cat, db, name);
    if (exact != NULL || cat->server.lower_case_table_names == 0)
        return exact;
    for (size_t i = 0; i < cat->ntables; i++)
        if (mr_catalogue_is_table(cat, &cat->tables[i], db, name))
            return &cat->tables[i];
    return NULL;
}

static size_t joined_len(const struct mr_table *t)
{
    return strlen(t->db) + strlen(t->name) + 1;
}

/* Of "db.table", without putting it together. */
static char joined_at(const struct mr_table *t, size_t i)
{
    size_t db = strlen(t->db);
    return i < db ? t->db[i] : i == db ? '.' : t->name[i - db - 1];
}

static bool is_namesake(const struct mr_table *a, const struct mr_table *b)
{
    size_t len = joined_len(a), i = 0;
    if (len != joined_len(b) || strlen(a->db) == strlen(b->db))
        return false;
    while (i < len && joined_at(a, i) == joined_at(b, i))
        i++;
    return i == len;
}

const struct mr_table *mr_catalogue_namesake(const struct mr_catalogue *cat,
                                             const struct mr_table *table)
{
    if (strchr(table->db, '.') == NULL && strchr(table->name, '.') == NULL)
        return NULL; /* as nearly all */
    for (size_t i = 0; i < cat->ntables; i++)
        if (is_namesake(table, &cat->tables[i]))
            return &cat->tables[i];
    return NULL;
}

/* Names of columns and indexes have no case on any server. */
const struct mr_column *mr_table_column(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

const struct mr_index *mr_table_index(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; i < table->nindexes; i++)
        if (strcasecmp(table->indexes[i].name, name) == 0)
            return &table->indexes[i];
    return NULL;
}

/* A MERGE table guards a key only within each of its tables. */
bool mr_index_leads(const struct mr_table *table, const struct mr_index *index)
{
    const char *engine = table->engine != NULL ? table->engine : "";
    bool is_hash = index->kind != NULL && strcmp(index->kind, "HASH") == 0;
    return strcasecmp(engine, "MRG_MyISAM") != 0 &&
           (!is_hash || strcasecmp(engine, "MEMORY") == 0 || strcasecmp(engine, "ndbcluster") == 0);
}
