/* schema_columns.c: columns, their classes and defaults, and CHECK constraints. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/schema/schema_internal.h"
#include "core/schema/schema_norm.h"

/* -- classes ---------------------------------------------------------------------- */

static const struct {
    const char *type;
    enum mr_class cls;
} classes[] = {
    {"tinyint", MR_CLASS_INT},
    {"smallint", MR_CLASS_INT},
    {"mediumint", MR_CLASS_INT},
    {"int", MR_CLASS_INT},
    {"bigint", MR_CLASS_INT},
    {"year", MR_CLASS_UINT},
    {"bit", MR_CLASS_UINT},
    {"float", MR_CLASS_FLOAT},
    {"double", MR_CLASS_DOUBLE},
    {"decimal", MR_CLASS_DECIMAL},
    {"char", MR_CLASS_TEXT},
    {"varchar", MR_CLASS_TEXT},
    {"tinytext", MR_CLASS_TEXT},
    {"text", MR_CLASS_TEXT},
    {"mediumtext", MR_CLASS_TEXT},
    {"longtext", MR_CLASS_TEXT},
    {"enum", MR_CLASS_ENUM},
    {"set", MR_CLASS_ENUM},
    {"json", MR_CLASS_JSON},
    {"date", MR_CLASS_DATE},
    {"datetime", MR_CLASS_DATETIME},
    {"timestamp", MR_CLASS_DATETIME},
    {"time", MR_CLASS_TIME},
    {"geometry", MR_CLASS_GEOMETRY},
    {"point", MR_CLASS_GEOMETRY},
    {"linestring", MR_CLASS_GEOMETRY},
    {"polygon", MR_CLASS_GEOMETRY},
    {"multipoint", MR_CLASS_GEOMETRY},
    {"multilinestring", MR_CLASS_GEOMETRY},
    {"multipolygon", MR_CLASS_GEOMETRY},
    {"geometrycollection", MR_CLASS_GEOMETRY},
    {"geomcollection", MR_CLASS_GEOMETRY},
    {"inet4", MR_CLASS_TEXT},
    {"inet6", MR_CLASS_TEXT},
    {"uuid", MR_CLASS_TEXT},
};

/* What is not listed (binary, blob, vector, types of later versions) is read as bytes.
 */
static enum mr_class class_of(const char *data_type)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(classes[i].type, data_type) == 0)
            return classes[i].cls;
    return MR_CLASS_BINARY;
}

static void classify(struct mr_column *col)
{
    col->is_unsigned = strcasestr(col->type, " unsigned") != NULL;
    col->cls = class_of(col->data_type);
    if (col->cls == MR_CLASS_INT && col->is_unsigned)
        col->cls = MR_CLASS_UINT;
    if (col->charset != NULL && strcasecmp(col->charset, "binary") == 0)
        col->charset = col->collation = NULL;
    if (col->cls == MR_CLASS_TEXT && col->charset == NULL) {
        if (strchr("iu", *col->data_type) != NULL)
            col->charset = "ascii"; /* inet4, inet6, uuid: as they stream */
        else
            col->cls = MR_CLASS_BINARY;
    }
    col->is_json = col->cls == MR_CLASS_JSON;
    if (col->cls == MR_CLASS_ENUM) {
        col->is_set = strcmp(col->data_type, "set") == 0;
        col->empty_member = mr_norm_has_empty_member(col->type);
    }
}

/* -- columns ---------------------------------------------------------------------- */

enum {
    C_DB,
    C_TABLE,
    C_NAME,
    C_ORDINAL,
    C_DEFAULT,
    C_NULLABLE,
    C_DATA_TYPE,
    C_TYPE,
    C_CHARSET,
    C_COLLATION,
    C_EXTRA,
    C_EXPR,
    C_COMMENT,
    C_DECIMALS,
    C_SRID
};

struct column_item {
    size_t table;
    const struct mr_column *col; /* of the step */
};

static enum mr_default_style default_style(const struct mr_schema_load *load, const char *extra)
{
    if (load->server->flavour == MR_FLAVOUR_MARIADB)
        return load->server->version >= 100207 ? MR_DEFAULT_EXPRESSION : MR_DEFAULT_RAW;
    return strcasestr(extra, "DEFAULT_GENERATED") != NULL ? MR_DEFAULT_EXPRESSION : MR_DEFAULT_RAW;
}

/* A server writes a default as a literal or as an expression, and which of the two it is has to be
 * known before it is read: 'now()' may be a text. */
static void take_default(struct mr_schema_load *load, struct mr_column *col,
                         const struct mr_cell *cells, const char *extra)
{
    if (cells[C_DEFAULT].ptr == NULL)
        return;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_default_style style = default_style(load, extra);
    col->default_computed =
        style == MR_DEFAULT_EXPRESSION && load->server->flavour != MR_FLAVOUR_MARIADB;
    mr_norm_default(&text, cells[C_DEFAULT].ptr, style, col->cls,
                    strcmp(col->data_type, "binary") == 0, cells[C_DB].ptr);
    if (text.len > 0 || text.failed)
        col->default_text = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
}

static void take_on_update(struct mr_schema_load *load, struct mr_column *col, const char *extra)
{
    static const char start[] = "on update ";
    const char *at = strcasestr(extra, start);
    if (at == NULL)
        return;
    at += sizeof start - 1;
    struct mr_strbuf raw = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add(&raw, at, strcspn(at, " ,"));
    mr_norm_expr(&text, raw.ptr, NULL);
    col->on_update = mr_schema_keep(load, &text);
    mr_strbuf_release(&raw);
    mr_strbuf_release(&text);
}

/* MariaDB before 10.2 says VIRTUAL and PERSISTENT alone. */
static void take_generation(struct mr_schema_load *load, struct mr_column *col,
                            const struct mr_cell *cells, const char *extra)
{
    bool is_virtual = strcasestr(extra, "VIRTUAL") != NULL;
    col->generated_stored =
        strcasestr(extra, "STORED GENERATED") != NULL || strcasestr(extra, "PERSISTENT") != NULL;
    col->generated = is_virtual || col->generated_stored;
    if (!col->generated)
        return;
    const char *expr = cells[C_EXPR].ptr != NULL ? cells[C_EXPR].ptr : "";
    col->system_time = strcasecmp(expr, "ROW START") == 0 || strcasecmp(expr, "ROW END") == 0;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_norm_expr(&text, expr, cells[C_DB].ptr);
    col->generation_expr = mr_schema_keep(load, &text);
    mr_norm_unescape(&text, expr);
    col->generation_sql = mr_schema_keep(load, &text);
    mr_strbuf_release(&text);
}

static enum mr_code read_column(struct mr_schema_load *load, struct mr_column *col,
                                const struct mr_cell *cells, struct mr_err *err)
{
    col->name = mr_schema_dup(load, &cells[C_NAME]);
    col->ordinal = (size_t)mr_cell_uint(&cells[C_ORDINAL]);
    col->type = mr_schema_dup(load, &cells[C_TYPE]);
    col->data_type = mr_schema_dup_lower(load, &cells[C_DATA_TYPE]);
    if (load->nomem || col->type == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    col->charset = mr_schema_dup(load, &cells[C_CHARSET]);
    if (col->charset != NULL)
        col->collation = mr_schema_dup(load, &cells[C_COLLATION]);
    if (col->collation == NULL)
        col->charset = NULL;
    col->comment = mr_schema_dup(load, &cells[C_COMMENT]);
    col->srid = mr_schema_dup(load, &cells[C_SRID]);
    col->nullable = mr_cell_is(&cells[C_NULLABLE], "YES");
    col->decimals = (unsigned)mr_cell_uint(&cells[C_DECIMALS]);
    classify(col);
    const char *extra = cells[C_EXTRA].ptr != NULL ? cells[C_EXTRA].ptr : "";
    col->invisible = strcasestr(extra, "INVISIBLE") != NULL;
    col->auto_increment = strcasestr(extra, "auto_increment") != NULL;
    col->versions =
        strcasestr(extra, "WITHOUT SYSTEM VERSIONING") != NULL ? "without system versioning" : "";
    take_on_update(load, col, extra);
    take_generation(load, col, cells, extra);
    take_default(load, col, cells, extra);
    return MR_OK;
}

/* The bytes of a column are compared as such below: padding included. */
static enum mr_code take_column(struct mr_schema_load *load, const struct mr_cell *cells,
                                struct mr_err *err)
{
    size_t table = mr_schema_find(load, cells[C_DB].ptr, cells[C_TABLE].ptr);
    if (table == SIZE_MAX)
        return MR_OK; /* of a view */
    struct mr_column col;
    memset(&col, 0, sizeof col);
    MR_TRY(read_column(load, &col, cells, err));
    struct column_item *item = mr_schema_push(load);
    const struct mr_column *kept = mr_intern(&load->step_texts, &col, sizeof col);
    if (item == NULL || kept == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    item->table = table;
    item->col = kept;
    return MR_OK;
}

static int compare_columns(const void *a, const void *b)
{
    const struct column_item *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return x->col->ordinal < y->col->ordinal ? -1 : x->col->ordinal > y->col->ordinal;
}

/* The first columns of items, as many as are of one table, in one list. */
static enum mr_code keep_columns_of_one(struct mr_schema_load *load,
                                        const struct column_item *items, size_t count,
                                        struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct mr_column);
    for (size_t i = 0; i < count; i++) {
        struct mr_column *col = mr_vec_push(&list);
        if (col != NULL)
            memcpy(col, items[i].col, sizeof *col);
        load->nomem = load->nomem || col == NULL;
    }
    struct mr_table *table = mr_schema_table(load, items->table);
    table->columns = mr_schema_keep_list(load, &list);
    table->ncolumns = count;
    return load->nomem ? mr_err_nomem(err, "reading the catalogue") : MR_OK;
}

static enum mr_code keep_columns(struct mr_schema_load *load, struct mr_err *err)
{
    struct column_item *items = load->items.items;
    size_t n = load->items.count;
    if (n == 0)
        return MR_OK;
    qsort(items, n, sizeof *items, compare_columns);
    for (size_t i = 0, first = 0; i < n; i++)
        if (i + 1 == n || items[i + 1].table != items[i].table) {
            MR_TRY(keep_columns_of_one(load, &items[first], i + 1 - first, err));
            first = i + 1;
        }
    return MR_OK;
}

enum mr_code mr_schema_load_columns(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {[C_DB] = "TABLE_SCHEMA",
                                          [C_TABLE] = "TABLE_NAME",
                                          [C_NAME] = "COLUMN_NAME",
                                          [C_ORDINAL] = "ORDINAL_POSITION",
                                          [C_DEFAULT] = "COLUMN_DEFAULT",
                                          [C_NULLABLE] = "IS_NULLABLE",
                                          [C_DATA_TYPE] = "DATA_TYPE",
                                          [C_TYPE] = "COLUMN_TYPE",
                                          [C_CHARSET] = "CHARACTER_SET_NAME",
                                          [C_COLLATION] = "COLLATION_NAME",
                                          [C_EXTRA] = "EXTRA",
                                          [C_EXPR] = "GENERATION_EXPRESSION",
                                          [C_COMMENT] = "COLUMN_COMMENT",
                                          [C_DECIMALS] = "DATETIME_PRECISION",
                                          [C_SRID] = "SRS_ID"};
    static const struct mr_schema_view view = {.name = "COLUMNS",
                                               .db_column = "TABLE_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvvvnnvvnnnnnnn"};
    mr_schema_step(load, sizeof(struct column_item));
    MR_TRY(mr_schema_each(load, &view, take_column, err));
    return keep_columns(load, err);
}

/* -- CHECK constraints ------------------------------------------------------------ */

struct check_item {
    size_t table;
    struct mr_check check;
};

/* The list may be that of other tables, too: this one gets another. */
static void make_json(struct mr_schema_load *load, struct mr_table *table, size_t which)
{
    size_t bytes = table->ncolumns * sizeof(struct mr_column);
    struct mr_column *list = malloc(bytes);
    const char *json = mr_schema_intern(load, "json", 4);
    const void *kept = NULL;
    if (list != NULL && json != NULL) {
        memcpy(list, table->columns, bytes);
        list[which].cls = MR_CLASS_JSON;
        list[which].is_json = true;
        list[which].data_type = json;
        kept = mr_schema_intern(load, list, bytes);
    }
    free(list);
    if (kept != NULL)
        table->columns = kept;
    else
        load->nomem = true;
}

/*
 * MariaDB's JSON is LONGTEXT with CHECK (json_valid(`column`)).  In utf8mb4 only: in
 * any other character set somebody wrote the check by hand, and its bytes are not what
 * another server's JSON would send.
 */
static bool take_json(struct mr_schema_load *load, struct mr_table *table, const char *clause)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        struct mr_strbuf wanted = MR_STRBUF_INIT, quoted = MR_STRBUF_INIT;
        mr_sql_ident(&quoted, table->columns[i].name);
        mr_strbuf_add_fmt(&wanted, "json_valid(%s)", quoted.ptr);
        bool same = strcasecmp(clause, wanted.ptr) == 0;
        mr_strbuf_release(&quoted);
        mr_strbuf_release(&wanted);
        if (!same)
            continue;
        const struct mr_column *col = &table->columns[i];
        if (strcmp(col->data_type, "longtext") != 0 || col->charset == NULL ||
            strcasecmp(col->charset, "utf8mb4") != 0)
            return false;
        make_json(load, table, i);
        return true;
    }
    return false;
}

enum { K_DB, K_TABLE, K_NAME, K_LEVEL, K_CLAUSE, K_ENFORCED };

static enum mr_code take_check(struct mr_schema_load *load, const struct mr_cell *cells,
                               struct mr_err *err)
{
    size_t index = mr_schema_find(load, cells[K_DB].ptr, cells[K_TABLE].ptr);
    if (index == SIZE_MAX || cells[K_CLAUSE].ptr == NULL)
        return MR_OK;
    struct mr_table *table = mr_schema_table(load, index);
    bool mariadb = load->server->flavour == MR_FLAVOUR_MARIADB;
    if (mariadb && take_json(load, table, cells[K_CLAUSE].ptr))
        return MR_OK;
    struct check_item *item = mr_schema_push(load);
    if (item == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    struct mr_strbuf clause = MR_STRBUF_INIT;
    mr_norm_expr(&clause, cells[K_CLAUSE].ptr, cells[K_DB].ptr);
    if (mr_cell_is(&cells[K_ENFORCED], "NO"))
        mr_strbuf_add_str(&clause, " not enforced");
    item->table = index;
    item->check.name = mr_schema_dup(load, &cells[K_NAME]);
    item->check.clause = mr_schema_keep(load, &clause);
    if (mr_cell_is(&cells[K_LEVEL], "Column"))
        item->check.column = item->check.name; /* MariaDB names it after the column */
    mr_strbuf_release(&clause);
    return MR_OK;
}

static int compare_checks(const void *a, const void *b)
{
    const struct check_item *x = a, *y = b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    int order = strcmp(x->check.clause, y->check.clause);
    return order != 0 ? order : strcmp(x->check.name, y->check.name);
}

static enum mr_code keep_checks(struct mr_schema_load *load, struct mr_err *err)
{
    struct check_item *items = load->items.items;
    size_t n = load->items.count;
    if (n == 0)
        return MR_OK;
    qsort(items, n, sizeof *items, compare_checks);
    struct mr_check *checks = mr_arena_calloc(load->arena, n, sizeof *checks);
    if (checks == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; i < n; i++) {
        struct mr_table *table = mr_schema_table(load, items[i].table);
        checks[i] = items[i].check;
        if (table->nchecks++ == 0)
            table->checks = &checks[i];
    }
    return MR_OK;
}

/* MySQL's CHECK_CONSTRAINTS does not say which table: TABLE_CONSTRAINTS does. */
static enum mr_code each_mysql_check(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {"t.TABLE_SCHEMA", "t.TABLE_NAME",   "t.CONSTRAINT_NAME",
                                          "NULL",           "c.CHECK_CLAUSE", "t.ENFORCED"};
    static const struct mr_schema_view view = {
        .name = "TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c ON "
                "c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND "
                "c.CONSTRAINT_NAME = t.CONSTRAINT_NAME",
        .db_column = "t.TABLE_SCHEMA",
        .table_column = "t.TABLE_NAME",
        .columns = columns,
        .shape = "vvvnnn",
        .condition = " AND t.CONSTRAINT_TYPE = 'CHECK'",
        .verbatim = true};
    return mr_schema_each(load, &view, take_check, err);
}

static enum mr_code each_mariadb_check(struct mr_schema_load *load, struct mr_err *err)
{
    static const char *const columns[] = {
        [K_DB] = "CONSTRAINT_SCHEMA", [K_TABLE] = "TABLE_NAME",    [K_NAME] = "CONSTRAINT_NAME",
        [K_LEVEL] = "LEVEL",          [K_CLAUSE] = "CHECK_CLAUSE", [K_ENFORCED] = "ENFORCED"};
    static const struct mr_schema_view view = {.name = "CHECK_CONSTRAINTS",
                                               .db_column = "CONSTRAINT_SCHEMA",
                                               .table_column = "TABLE_NAME",
                                               .columns = columns,
                                               .shape = "vvvnnn"};
    return mr_schema_each(load, &view, take_check, err);
}

enum mr_code mr_schema_load_checks(struct mr_schema_load *load, struct mr_err *err)
{
    if (!mr_schema_has(load, "CHECK_CONSTRAINTS", NULL))
        return MR_OK; /* MySQL before 8.0.16 parses CHECK and forgets it */
    mr_schema_step(load, sizeof(struct check_item));
    MR_TRY(mr_schema_has(load, "CHECK_CONSTRAINTS", "TABLE_NAME") ? each_mariadb_check(load, err)
                                                                  : each_mysql_check(load, err));
    return keep_checks(load, err);
}
