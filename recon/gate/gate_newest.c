/* gate_newest.c: see gate_newest.h. */
#include "recon/gate/gate_newest.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/row/row_class.h"

#define LAST_ROWS 100

/* Names that say when a row came, the surest first. */
static const char *const names[] = {
    "created_at",    "create_time", "created",      "created_on",  "createdat",
    "creation_time", "gmt_create",  "ctime",        "inserted_at", "insert_time",
    "registered_at", "reg_time",    "added_at",     "add_time",    "logged_at",
    "log_time",      "event_time",  "placed_at",    "ordered_at",  "joined_at",
    "signed_up_at",  "posted_at",   "ts",           "timestamp",   "updated_at",
    "update_time",   "modified_at", "gmt_modified",
};

static bool is_moment(const struct mr_column *column)
{
    return column->cls == MR_CLASS_DATETIME;
}

static const struct mr_column *named(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static const struct mr_column *filled_by_server(const struct mr_table *table)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_column *c = &table->columns[i];
        if (is_moment(c) && c->default_text != NULL && c->on_update == NULL &&
            strcasestr(c->default_text, "current_timestamp") != NULL)
            return c;
    }
    return NULL;
}

/* From what somebody has said to what a name suggests; a name counts only for a column of
 * moments. */
const struct mr_column *mr_gate_newest_column(const struct mr_table *table,
                                              const struct mr_table_config *config)
{
    const struct mr_column *column = NULL;
    if (config->time_column != NULL)
        column = named(table, config->time_column);
    if (column == NULL && config->freshness != NULL)
        column = named(table, config->freshness);
    if (column == NULL)
        column = filled_by_server(table);
    for (size_t i = 0; column == NULL && i < sizeof names / sizeof *names; i++) {
        const struct mr_column *c = named(table, names[i]);
        if (c != NULL && is_moment(c))
            column = c;
    }
    return column;
}

/* Names of times that an application sets again and again. */
static bool looks_edited(const char *name)
{
    static const char *const words[] = {"last",   "seen",  "login", "upd",   "mod",
                                        "access", "activ", "sync",  "touch", "expir"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]) != NULL)
            return true;
    return false;
}

const struct mr_column *mr_gate_born_column(const struct mr_table *table,
                                            const struct mr_table_config *config)
{
    if (config->time_column != NULL && named(table, config->time_column) != NULL)
        return named(table, config->time_column);
    const struct mr_column *column = filled_by_server(table);
    if (column != NULL && !looks_edited(column->name))
        return column;
    for (size_t i = 0; strcmp(names[i], "ts") != 0; i++) { /* from there on less sure */
        column = named(table, names[i]);
        if (column != NULL && is_moment(column) && column->on_update == NULL)
            return column;
    }
    return NULL;
}

/* A TIMESTAMP is compared in the session's zone, which is UTC. A DATETIME holds the server's own
 * time, by which now() has filled it. */
bool mr_gate_touched_sql(struct mr_strbuf *sql, const struct mr_table *table,
                         const struct mr_table_config *config, const char *since)
{
    const struct mr_column *updated = NULL;
    if (config->update_column != NULL)
        updated = named(table, config->update_column);
    for (size_t i = 0; updated == NULL && i < table->ncolumns; i++)
        if (table->columns[i].on_update != NULL)
            updated = &table->columns[i];
    if (updated == NULL || !is_moment(updated))
        return false;
    const bool stamp = strcmp(updated->data_type, "timestamp") == 0;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add(&text, since, strcspn(since, "Z"));
    mr_sql_ident(sql, updated->name);
    mr_strbuf_add_str(sql, stamp ? " >= " : " >= CONVERT_TZ(");
    mr_sql_string(sql, text.ptr);
    mr_strbuf_add_str(sql, stamp ? "" : ", '+00:00', @@GLOBAL.time_zone)");
    sql->failed |= text.failed;
    mr_strbuf_release(&text);
    return true;
}

static bool is_integer(const struct mr_column *column)
{
    return mr_class_is_integer(column->cls) && strstr(column->data_type, "int") != NULL;
}

const struct mr_column *mr_gate_key_column(const struct mr_table *table)
{
    if (table->nindexes == 0 || strcmp(table->indexes[0].name, "PRIMARY") != 0 ||
        table->indexes[0].nparts != 1 || table->indexes[0].parts[0].column == NULL)
        return NULL;
    const struct mr_column *column = named(table, table->indexes[0].parts[0].column);
    return column != NULL && is_integer(column) ? column : NULL;
}

static bool begins_index(const struct mr_table *table, const struct mr_column *column)
{
    for (size_t i = 0; i < table->nindexes; i++) {
        const struct mr_index *index = &table->indexes[i];
        const struct mr_index_part *part = &index->parts[0];
        if (index->usable && index->nparts > 0 && strcmp(index->kind, "BTREE") == 0 &&
            part->column != NULL && part->prefix_len == 0 &&
            strcasecmp(part->column, column->name) == 0)
            return true;
    }
    return false;
}

enum mr_gate_newest_by mr_gate_newest_by(const struct mr_table *table,
                                         const struct mr_column *column)
{
    if (begins_index(table, column))
        return MR_GATE_BY_INDEX;
    if (table->est_rows <= MR_GATE_SMALL_ROWS)
        return MR_GATE_BY_ALL_ROWS;
    return mr_gate_key_column(table) != NULL ? MR_GATE_BY_LAST_ROWS : MR_GATE_BY_NOTHING;
}

const char *mr_gate_newest_by_text(enum mr_gate_newest_by by)
{
    static const char *const texts[] = {"", "index", "last rows", "all rows"};
    return texts[by];
}

/* "(SELECT time FROM t ORDER BY key DESC LIMIT n)", of the rows up to a key. */
static void last_rows(struct mr_strbuf *sql, const struct mr_table *table,
                      const struct mr_column *column, const char *upto, int rows)
{
    const struct mr_column *key = mr_gate_key_column(table);
    mr_strbuf_add_str(sql, "(SELECT ");
    mr_sql_ident(sql, column->name);
    mr_strbuf_add_str(sql, " FROM ");
    mr_sql_table(sql, table->db, table->name);
    if (upto != NULL) {
        mr_strbuf_add_str(sql, " WHERE ");
        mr_sql_ident(sql, key->name);
        mr_strbuf_add_fmt(sql, " <= %s", upto);
    }
    mr_strbuf_add_str(sql, " ORDER BY ");
    mr_sql_ident(sql, key->name);
    mr_strbuf_add_fmt(sql, " DESC LIMIT %d)", rows);
}

void mr_gate_newest_sql(struct mr_strbuf *sql, const struct mr_table *table,
                        const struct mr_column *column, enum mr_gate_newest_by by)
{
    const struct mr_column *key = mr_gate_key_column(table);
    mr_strbuf_add_str(sql, "(SELECT MAX(");
    mr_sql_ident(sql, column->name);
    mr_strbuf_add_str(sql, ") FROM ");
    if (by != MR_GATE_BY_LAST_ROWS || key == NULL) {
        mr_sql_table(sql, table->db, table->name);
        mr_strbuf_add_char(sql, ')');
        return;
    }
    last_rows(sql, table, column, NULL, LAST_ROWS);
    mr_strbuf_add_str(sql, " last_rows)");
}

/* An index on the time and a status gives no order by the time and the key, but for what the server
 * sorts: all of it.  So a large table is read in the index's own order. */
void mr_gate_newest_order_sql(struct mr_strbuf *sql, const struct mr_table *table,
                              const struct mr_column *column, bool newest, uint64_t limit)
{
    const bool breaks_ties = table->est_rows <= MR_GATE_SMALL_ROWS && table->nindexes > 0;
    const struct mr_index *key = breaks_ties ? &table->indexes[0] : NULL;
    mr_strbuf_add_str(sql, " ORDER BY ");
    mr_sql_ident(sql, column->name);
    mr_strbuf_add_str(sql, newest ? " DESC" : "");
    for (size_t i = 0; key != NULL && i < key->nparts; i++) {
        const char *name = key->parts[i].column;
        if (name == NULL || strcasecmp(name, column->name) == 0)
            continue;
        mr_strbuf_add_str(sql, ", ");
        mr_sql_ident(sql, name);
        mr_strbuf_add_str(sql, newest ? " DESC" : "");
    }
    mr_strbuf_add_fmt(sql, " LIMIT %" PRIu64, limit);
}

void mr_gate_newest_again_sql(struct mr_strbuf *sql, const struct mr_table *table,
                              const struct mr_column *column, const char *greatest,
                              const char *read_by)
{
    const bool all = strcmp(read_by, mr_gate_newest_by_text(MR_GATE_BY_ALL_ROWS)) == 0;
    mr_strbuf_add_str(sql, "(SELECT MAX(");
    mr_sql_ident(sql, column->name);
    mr_strbuf_add_str(sql, ") FROM (");
    last_rows(sql, table, column, NULL, LAST_ROWS);
    mr_strbuf_add_str(sql, " UNION ALL ");
    last_rows(sql, table, column, greatest, all ? 2 * MR_GATE_SMALL_ROWS : LAST_ROWS);
    mr_strbuf_add_str(sql, ") last_rows)");
}

bool mr_gate_age_sql(struct mr_strbuf *sql, const struct mr_table *table,
                     const struct mr_column *column, enum mr_gate_newest_by by)
{
    static const char local[] = "CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', @@GLOBAL.time_zone)";
    const char *now = strcmp(column->data_type, "timestamp") == 0 ? "UTC_TIMESTAMP(6)" : local;
    struct mr_strbuf newest = MR_STRBUF_INIT;
    mr_gate_newest_sql(&newest, table, column, by);
    bool known = true;
    if (is_moment(column))
        mr_strbuf_add_fmt(sql, "TIMESTAMPDIFF(MICROSECOND, %s, %s) / 1000000", newest.ptr, now);
    else if (column->cls == MR_CLASS_DATE)
        /* the day itself is no age: until it ends, its rows are new */
        mr_strbuf_add_fmt(sql,
                          "IF(%s > DATE(%s), TIMESTAMPDIFF(SECOND, %s, %s), GREATEST(0, "
                          "TIMESTAMPDIFF(SECOND, %s + INTERVAL 1 DAY, %s)))",
                          newest.ptr, now, newest.ptr, now, newest.ptr, now);
    else if (is_integer(column))
        /* seconds, milliseconds or microseconds: told apart by their size */
        mr_strbuf_add_fmt(sql,
                          "UNIX_TIMESTAMP(NOW(6)) - %s / IF(%s > 100000000000000, "
                          "1000000, IF(%s > 100000000000, 1000, 1))",
                          newest.ptr, newest.ptr, newest.ptr);
    else
        known = false;
    sql->failed |= newest.failed;
    mr_strbuf_release(&newest);
    return known;
}
