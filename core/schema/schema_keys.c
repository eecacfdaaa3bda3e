/* schema_keys.c: indexes, foreign keys and triggers. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "core/db/sqltext.h"
#include "core/schema/schema_internal.h"
#include "core/schema/schema_norm.h"

/* -- indexes ---------------------------------------------------------------------- */

enum {
    I_DB,
    I_TABLE,
    I_NAME,
    I_NON_UNIQUE,
    I_SEQ,
    I_COLUMN,
    I_ORDER,
    I_PREFIX,
    I_KIND,
    I_EXPR,
    I_VISIBLE,
    I_IGNORED,
    I_COMMENT
};

struct part_item {
    size_t table;
    uint64_t seq;
    struct mr_index index; /* all but the parts */
    struct mr_index_part part;
};

static void take_expression(struct mr_schema_load *load, struct mr_index_part *part,
                            const struct mr_cell *cells)
{
    if (part->column == NULL)
        part->expression = part->sql = "";
    if (cells[I_EXPR].ptr == NULL)
        return;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_norm_expr(&text, cells[I_EXPR].ptr, cells[I_DB].ptr);
    part->expression = mr_schema_keep(load, &text);
    mr_norm_unescape(&text, cells[I_EXPR].ptr);
    part->sql = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
}

/* MariaDB adds the end of a row's time to the unique indexes of a versioned table, and shows
 * it where the table names that column.  Of the rows of today it is the same in all. */
static bool is_row_end(const struct mr_schema_load *load, size_t table, const struct mr_cell *cells)
{
    const struct mr_column *col = NULL;
    if (cells[I_COLUMN].ptr != NULL)
        col = mr_table_column(mr_schema_table(load, table), cells[I_COLUMN].ptr);
    return col != NULL && col->system_time && col->generation_sql != NULL &&
           strcasecmp(col->generation_sql, "ROW END") == 0;
}

static enum mr_code take_part(struct mr_schema_load *load, const struct mr_cell *cells,
                              struct mr_err *err)
{
    size_t table = mr_schema_find(load, cells[I_DB].ptr, cells[I_TABLE].ptr);
    bool is_unique = mr_cell_is(&cells[I_NON_UNIQUE], "0");
    if (table == SIZE_MAX ||
        (is_unique && mr_cell_uint(&cells[I_SEQ]) > 1 && is_row_end(load, table, cells)))
        return MR_OK;
    struct part_item *item = mr_schema_push(load);
    if (item == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    item->table = table;
    item->seq = mr_cell_uint(&cells[I_SEQ]);
    item->index.name = mr_schema_dup(load, &cells[I_NAME]);
    item->index.kind = mr_schema_dup_upper(load, &cells[I_KIND]);
    item->index.unique = is_unique;
    /* "disabled": ALTER TABLE … DISABLE KEYS of MyISAM */
    item->index.usable = !mr_cell_is(&cells[I_VISIBLE], "NO") &&
                         !mr_cell_is(&cells[I_IGNORED], "YES") &&
                         !mr_cell_is(&cells[I_COMMENT], "disabled");
    item->part.column = mr_schema_dup(load, &cells[I_COLUMN]);
    item->part.prefix_len = (size_t)mr_cell_uint(&cells[I_PREFIX]);
    item->part.descending = mr_cell_is(&cells[I_ORDER], "D");
    take_expression(load, &item->part, cells);
    return MR_OK;
}

static int compare_index_names(const char *a, const char *b)
{
    bool primary_a = strcmp(a, "PRIMARY") == 0, primary_b = strcmp(b, "PRIMARY") == 0;
    if (primary_a != primary_b)
        return primary_a ? -1 : 1;
    return strcmp(a, b);
}

static int compare_parts(const void *a, const void *b)
{
    const struct part_item *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    int order = compare_index_names(x->index.name, y->index.name);
    if (order != 0)
        return order;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool same_index(const struct part_item *a, const struct part_item *b)
{
    return a->table == b->table && strcmp(a->index.name, b->index.name) == 0;
}

/* The first parts of items, as many as are of one index. */
static enum mr_code keep_parts_of_one(struct mr_schema_load *load, struct mr_index *index,
                                      const struct part_item *items, size_t count,
                                      struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_index_part);
    for (size_t i = 0; i < count; i++) {
        struct mr_index_part *part = mr_vec_push(&list);
        if (part != NULL)
            memcpy(part, &items[i].part, sizeof *part);
        load->nomem = load->nomem || part == NULL;
    }
    *index = items->index;
    index->parts = mr_schema_keep_list(load, &list);
    index->nparts = count;
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

/* One array for all tables, each of which has a piece of its own: SHOW CREATE TABLE may tell more
 * of an index (mr_schema_read_create). */
static enum mr_code keep_indexes(struct mr_schema_load *load, struct mr_err *err)
{
    struct part_item *items = load->items.items;
    size_t n = load->items.count, count = 0, index = 0;
    if (n == 0)
        return MR_OK;
    qsort(items, n, sizeof *items, compare_parts);
    for (size_t i = 0; i < n; i++)
        count += i == 0 || !same_index(&items[i - 1], &items[i]);
    struct mr_index *indexes = mr_arena_calloc(load->arena, count, sizeof *indexes);
    if (indexes == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0, first = 0; i < n; i++) {
        if (i + 1 < n && same_index(&items[i], &items[i + 1]))
            continue;
        struct mr_table *table = mr_schema_table(load, items[i].table);
        if (table->nindexes++ == 0)
            table->indexes = &indexes[index];
        MR_TRY(keep_parts_of_one(load, &indexes[index++], &items[first], i + 1 - first, err));
        first = i + 1;
    }
    return MR_OK;
}

enum mr_code mr_schema_load_indexes(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {
        [I_DB] = "TABLE_SCHEMA",       [I_TABLE] = "TABLE_NAME",   [I_NAME] = "INDEX_NAME",
        [I_NON_UNIQUE] = "NON_UNIQUE", [I_SEQ] = "SEQ_IN_INDEX",   [I_COLUMN] = "COLUMN_NAME",
        [I_ORDER] = "COLLATION",       [I_PREFIX] = "SUB_PART",    [I_KIND] = "INDEX_TYPE",
        [I_EXPR] = "EXPRESSION",       [I_VISIBLE] = "IS_VISIBLE", [I_IGNORED] = "IGNORED",
        [I_COMMENT] = "COMMENT"};
    static const struct mr_schema_view view = {.name = "STATISTICS",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvvnvnnnvnnnn"};
    mr_schema_step(load, sizeof(struct part_item));
    MR_TRY(mr_schema_each(load, &view, take_part, err));
    return keep_indexes(load, err);
}

enum mr_code mr_schema_load_primary_keys(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {[I_DB] = "TABLE_SCHEMA",  [I_TABLE] = "TABLE_NAME",
                                          [I_NAME] = "INDEX_NAME",  [I_NON_UNIQUE] = "NON_UNIQUE",
                                          [I_SEQ] = "SEQ_IN_INDEX", [I_COLUMN] = "COLUMN_NAME",
                                          [I_ORDER] = "NULL",       [I_PREFIX] = "SUB_PART",
                                          [I_KIND] = "NULL",        [I_EXPR] = "NULL",
                                          [I_VISIBLE] = "NULL",     [I_IGNORED] = "NULL",
                                          [I_COMMENT] = "NULL"};
    static const struct mr_schema_view view = {.name = "STATISTICS",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvvnvnnnnnnnn",
                                               .condition = " AND INDEX_NAME = 'PRIMARY'",
                                               .verbatim = true};
    mr_schema_step(load, sizeof(struct part_item));
    MR_TRY(mr_schema_each(load, &view, take_part, err));
    return keep_indexes(load, err);
}

/* -- foreign keys ----------------------------------------------------------------- */

enum { F_DB, F_TABLE, F_NAME, F_POSITION, F_COLUMN, F_REF_DB, F_REF_TABLE, F_REF_COLUMN };

struct fk_item {
    size_t table;
    uint64_t position;
    struct mr_foreign_key fk; /* name, ref_db and ref_table */
    const char *column, *ref_column;
};

static enum mr_code take_fk_column(struct mr_schema_load *load, const struct mr_cell *cells,
                                   struct mr_err *err)
{
    size_t table = mr_schema_find(load, cells[F_DB].ptr, cells[F_TABLE].ptr);
    if (table == SIZE_MAX)
        return MR_OK;
    struct fk_item *item = mr_schema_push(load);
    if (item == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    item->table = table;
    item->position = mr_cell_uint(&cells[F_POSITION]);
    item->fk.name = mr_schema_dup(load, &cells[F_NAME]);
    item->fk.ref_db = mr_schema_dup(load, &cells[F_REF_DB]);
    item->fk.ref_table = mr_schema_dup(load, &cells[F_REF_TABLE]);
    item->column = mr_schema_dup(load, &cells[F_COLUMN]);
    item->ref_column = mr_schema_dup(load, &cells[F_REF_COLUMN]);
    return MR_OK;
}

static int compare_fk_items(const void *a, const void *b)
{
    const struct fk_item *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    int order = strcmp(x->fk.name, y->fk.name);
    if (order != 0)
        return order;
    return x->position < y->position ? -1 : x->position > y->position;
}

static bool same_fk(const struct fk_item *a, const struct fk_item *b)
{
    return a->table == b->table && strcmp(a->fk.name, b->fk.name) == 0;
}

static enum mr_code keep_fks(struct mr_schema_load *load, struct mr_err *err)
{
    struct fk_item *items = load->items.items;
    size_t n = load->items.count, fk = 0;
    if (n == 0)
        return MR_OK;
    qsort(items, n, sizeof *items, compare_fk_items);
    struct mr_foreign_key *fks = mr_arena_calloc(load->arena, n, sizeof *fks);
    const char **columns = mr_arena_calloc(load->arena, n, 2 * sizeof *columns);
    if (fks == NULL || columns == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; i < n; i++) {
        columns[i] = items[i].column;
        columns[n + i] = items[i].ref_column;
        if (i > 0 && same_fk(&items[i - 1], &items[i])) {
            fks[fk - 1].ncolumns++;
            continue;
        }
        struct mr_table *table = mr_schema_table(load, items[i].table);
        if (table->nfks++ == 0)
            table->fks = &fks[fk];
        fks[fk] = items[i].fk;
        fks[fk].columns = &columns[i];
        fks[fk].ref_columns = &columns[n + i];
        fks[fk++].ncolumns = 1;
    }
    return MR_OK;
}

/* RESTRICT and NO ACTION do the same in InnoDB, and servers print one for the other. */
static const char *action_of(const char *text)
{
    static const char *const actions[] = {"CASCADE", "SET NULL", "SET DEFAULT"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcasecmp(text, actions[i]) == 0)
            return actions[i];
    return "RESTRICT";
}

/* The foreign keys of the tables are still this module's to change. */
static struct mr_foreign_key *fk_of(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; i < table->nfks; i++)
        if (strcmp(table->fks[i].name, name) == 0)
            return (struct mr_foreign_key *)(uintptr_t)&table->fks[i];
    return NULL;
}

enum { R_DB, R_TABLE, R_NAME, R_UPDATE, R_DELETE };

static enum mr_code take_rule(struct mr_schema_load *load, const struct mr_cell *cells,
                              struct mr_err *err)
{
    (void)err;
    size_t table = mr_schema_find(load, cells[R_DB].ptr, cells[R_TABLE].ptr);
    if (table == SIZE_MAX)
        return MR_OK;
    struct mr_foreign_key *fk = fk_of(mr_schema_table(load, table), cells[R_NAME].ptr);
    if (fk != NULL && cells[R_UPDATE].ptr != NULL && cells[R_DELETE].ptr != NULL) {
        fk->on_update = action_of(cells[R_UPDATE].ptr);
        fk->on_delete = action_of(cells[R_DELETE].ptr);
    }
    return MR_OK;
}

/* CASCADE, SET NULL … behind ON DELETE or ON UPDATE. */
static const char *scan_action(struct mr_sqlscan *scan)
{
    struct mr_token token;
    if (!mr_sqlscan_next_code(scan, &token))
        return "RESTRICT";
    if (mr_token_is(&token, "CASCADE"))
        return "CASCADE";
    if (!mr_token_is(&token, "SET"))
        return "RESTRICT";
    mr_sqlscan_next_code(scan, &token);
    return mr_token_is(&token, "DEFAULT") ? "SET DEFAULT" : "SET NULL";
}

/* Reads `CONSTRAINT name FOREIGN KEY … ON DELETE x ON UPDATE y` clauses. */
static void scan_rules(const struct mr_table *table, const char *create)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    struct mr_foreign_key *fk = NULL;
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_sqlscan_init(&scan, create, strlen(create));
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (mr_token_is(&token, "CONSTRAINT") && mr_sqlscan_next_code(&scan, &token)) {
            mr_strbuf_reset(&name);
            mr_token_unquote(&name, &token);
            fk = fk_of(table, name.ptr);
            if (fk != NULL)
                fk->on_update = fk->on_delete = "RESTRICT";
        } else if (fk != NULL && mr_token_is(&token, "ON") && mr_sqlscan_next_code(&scan, &token)) {
            if (mr_token_is(&token, "DELETE"))
                fk->on_delete = scan_action(&scan);
            else
                fk->on_update = scan_action(&scan);
        }
    }
    mr_strbuf_release(&name);
}

static enum mr_code read_rules(struct mr_schema_load *load, const struct mr_table *table,
                               struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&sql, "SHOW CREATE TABLE ");
    mr_sql_table(&sql, table->db, table->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(load->db, "nn*", sql.ptr, sql.len, &res, err);
    if (code == MR_OK) {
        const struct mr_cell *cells = mr_result_next(res);
        if (cells != NULL && cells[1].ptr != NULL)
            scan_rules(table, cells[1].ptr);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    /* Gone or not ours to see: the rules stay unknown, which shows as a difference. */
    return code == MR_E_DENIED || code == MR_E_NO_SUCH ? MR_OK : code;
}

/* MariaDB hides REFERENTIAL_CONSTRAINTS, but not KEY_COLUMN_USAGE, from an account that
 * has nothing but SELECT on the table. */
static enum mr_code read_hidden_rules(struct mr_schema_load *load, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < load->tables.count && code == MR_OK; i++) {
        const struct mr_table *table = mr_schema_table(load, i);
        for (size_t j = 0; j < table->nfks; j++) {
            if (table->fks[j].on_update == NULL) {
                code = read_rules(load, table, err);
                break;
            }
        }
    }
    return code;
}

static bool has_fks(const struct mr_schema_load *load)
{
    return load->items.count > 0;
}

enum mr_code mr_schema_load_fks(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {[F_DB] = "TABLE_SCHEMA",
                                          [F_TABLE] = "TABLE_NAME",
                                          [F_NAME] = "CONSTRAINT_NAME",
                                          [F_POSITION] = "ORDINAL_POSITION",
                                          [F_COLUMN] = "COLUMN_NAME",
                                          [F_REF_DB] = "REFERENCED_TABLE_SCHEMA",
                                          [F_REF_TABLE] = "REFERENCED_TABLE_NAME",
                                          [F_REF_COLUMN] = "REFERENCED_COLUMN_NAME"};
    static const struct mr_schema_view view = {.name = "KEY_COLUMN_USAGE",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvvvvvvv",
                                               .condition =
                                                   " AND REFERENCED_TABLE_NAME IS NOT NULL"};
    static const char *const rule_columns[] = {[R_DB] = "CONSTRAINT_SCHEMA",
                                               [R_TABLE] = "TABLE_NAME",
                                               [R_NAME] = "CONSTRAINT_NAME",
                                               [R_UPDATE] = "UPDATE_RULE",
                                               [R_DELETE] = "DELETE_RULE"};
    static const struct mr_schema_view rules = {.name = "REFERENTIAL_CONSTRAINTS",
                                                .db_column = "CONSTRAINT_SCHEMA",
                                                .table_column = "TABLE_NAME",
                                                .columns = rule_columns,
                                                .shape = "vvvvv"};
    mr_schema_step(load, sizeof(struct fk_item));
    enum mr_code code = mr_schema_each(load, &view, take_fk_column, err);
    if (code == MR_OK)
        code = keep_fks(load, err);
    if (code != MR_OK || !has_fks(load))
        return code;
    code = mr_schema_each(load, &rules, take_rule, err);
    return code == MR_OK ? read_hidden_rules(load, err) : code;
}

/* -- triggers --------------------------------------------------------------------- */

enum { G_DB, G_TABLE, G_NAME, G_TIMING, G_EVENT, G_BODY, G_ORDER, G_MADE };

struct trigger_item {
    size_t table;
    struct mr_trigger trigger;
};

static enum mr_code take_trigger(struct mr_schema_load *load, const struct mr_cell *cells,
                                 struct mr_err *err)
{
    size_t table = mr_schema_find(load, cells[G_DB].ptr, cells[G_TABLE].ptr);
    if (table == SIZE_MAX)
        return MR_OK;
    struct trigger_item *item = mr_schema_push(load);
    if (item == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    item->table = table;
    item->trigger.name = mr_schema_dup(load, &cells[G_NAME]);
    item->trigger.timing = mr_schema_dup_upper(load, &cells[G_TIMING]);
    item->trigger.event = mr_schema_dup_upper(load, &cells[G_EVENT]);
    item->trigger.body = mr_schema_dup(load, &cells[G_BODY]);
    item->trigger.order = (unsigned)mr_cell_uint(&cells[G_ORDER]);
    item->trigger.made = mr_schema_made(load, &cells[G_MADE]);
    return MR_OK;
}

static int compare_triggers(const void *a, const void *b)
{
    const struct trigger_item *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return strcmp(x->trigger.name, y->trigger.name);
}

static enum mr_code keep_triggers(struct mr_schema_load *load, struct mr_err *err)
{
    struct trigger_item *items = load->items.items;
    size_t n = load->items.count;
    if (n == 0)
        return MR_OK;
    qsort(items, n, sizeof *items, compare_triggers);
    struct mr_trigger *triggers = mr_arena_calloc(load->arena, n, sizeof *triggers);
    if (triggers == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; i < n; i++) {
        struct mr_table *table = mr_schema_table(load, items[i].table);
        triggers[i] = items[i].trigger;
        if (table->ntriggers++ == 0)
            table->triggers = &triggers[i];
    }
    return MR_OK;
}

enum mr_code mr_schema_load_triggers(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {
        [G_DB] = "EVENT_OBJECT_SCHEMA",   [G_TABLE] = "EVENT_OBJECT_TABLE",
        [G_NAME] = "TRIGGER_NAME",        [G_TIMING] = "ACTION_TIMING",
        [G_EVENT] = "EVENT_MANIPULATION", [G_BODY] = "ACTION_STATEMENT",
        [G_ORDER] = "ACTION_ORDER",       MR_SCHEMA_MADE_COLUMNS(G_MADE)};
    static const struct mr_schema_view view = {.name = "TRIGGERS",
                                               .db_column = "TRIGGER_SCHEMA",
                                               .table_column = "EVENT_OBJECT_TABLE",
                                               .columns = columns,
                                               .shape = "vvvvvvnnnnn"};
    if (load->no_triggers)
        return MR_OK;
    mr_schema_step(load, sizeof(struct trigger_item));
    MR_TRY(mr_schema_each(load, &view, take_trigger, err));
    return keep_triggers(load, err);
}

static enum mr_code note_trigger(struct mr_schema_load *load, const struct mr_cell *cells,
                                 struct mr_err *err)
{
    (void)err;
    if (mr_schema_is_wanted(load, cells[0].ptr))
        load->no_triggers = false;
    return MR_OK;
}

enum mr_code mr_schema_look_for_triggers(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {"TRIGGER_SCHEMA"};
    static const struct mr_schema_view view = {
        .name = "TRIGGERS", .db_column = "TRIGGER_SCHEMA", .columns = columns, .shape = "v"};
    load->no_triggers = true;
    return mr_schema_each(load, &view, note_trigger, err);
}
