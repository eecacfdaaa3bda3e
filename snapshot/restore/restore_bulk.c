/*
 * restore_bulk.c: rows for MariaDB in the binary protocol (core/db/db_bulk.h); see restore.h.
 *
 * More than half of what LOAD DATA costs a MariaDB server is taking the text apart, byte by byte
 * (measured, docs/design/restore.md).  And while one LOAD DATA fills a table that has a counter, a second
 * into it waits for the first one's end, where InnoDB counts as it does by default; INSERTs of known rows
 * do not.
 *
 * Each column's value takes the way through the server that LOAD DATA with its conversion (enum
 * mr_snap_load) takes: bytes without a charset, text in utf8mb4 where it refuses bytes, or a number.
 * Texts of dates, times and decimals go as they stand in the file.
 */
#include <string.h>

#include "core/db/sqltext.h"
#include "snapshot/restore/restore.h"

/* What a statement in the binary log of statements would hold of such rows was not tried: it has to
 * hold rows, or there is none. */
enum mr_code mr_restore_learn_bulk(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    r->bulk = false;
    if (!mr_bulk_is_there(r->db))
        return MR_OK;
    enum mr_code code = mr_db_query_text(
        r->db, "SELECT @@GLOBAL.log_bin = 0 OR @@SESSION.binlog_format = 'ROW'", &text, err);
    r->bulk = code == MR_OK && strcmp(text.ptr, "1") == 0;
    mr_strbuf_release(&text);
    return code;
}

/* As they are read from the file: what is no number for the line stays the text that it is. */
static enum mr_class read_as(enum mr_class cls)
{
    return cls == MR_CLASS_DATE || cls == MR_CLASS_DATETIME || cls == MR_CLASS_TIME
               ? MR_CLASS_BINARY
               : cls;
}

/* 0: such a column goes as a text. */
static enum mr_bulk_kind kind_of(const struct mr_snap_column *col)
{
    switch (col->load) {
    case MR_SNAP_LOAD_UTF8:
    case MR_SNAP_LOAD_ASCII: return MR_BULK_UTF8;
    case MR_SNAP_LOAD_NUMBER: return col->cls == MR_CLASS_UINT ? MR_BULK_UINT : 0;
    case MR_SNAP_LOAD_PLAIN: break;
    }
    switch (col->cls) {
    case MR_CLASS_INT: return MR_BULK_INT;
    case MR_CLASS_UINT: return MR_BULK_UINT;
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: return MR_BULK_DOUBLE;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME:
    case MR_CLASS_DECIMAL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON: return MR_BULK_BYTES;
    case MR_CLASS_NULL:
    case MR_CLASS_UNDECIDED: break;
    }
    return 0;
}

/* What an engine without transactions has taken of a chunk stays there: a second way behind the first
 * would double it. */
enum mr_code mr_restore_plan_bulk(struct mr_restore *r, struct mr_restore_table *t,
                                  struct mr_err *err)
{
    const size_t count = t->snap->ncolumns;
    if (!r->bulk || !mr_restore_is_undone(r, t))
        return MR_OK;
    struct mr_restore_bulk *bulk = mr_arena_alloc(&r->arena, sizeof *bulk);
    struct mr_snap_column *columns = mr_arena_calloc(&r->arena, count, sizeof *columns);
    enum mr_bulk_kind *kinds = mr_arena_calloc(&r->arena, count, sizeof *kinds);
    if (bulk == NULL || columns == NULL || kinds == NULL)
        return mr_err_nomem(err, "restoring");
    for (size_t i = 0; i < count; i++) {
        columns[i] = t->snap->columns[i];
        columns[i].cls = read_as(columns[i].cls);
        kinds[i] = kind_of(&t->snap->columns[i]);
        if (kinds[i] == 0)
            return MR_OK;
    }
    bulk->table = *t->snap;
    bulk->table.columns = columns;
    bulk->kinds = kinds;
    t->bulk = bulk;
    return MR_OK;
}

void mr_restore_bulk_sql(struct mr_strbuf *sql, const struct mr_restore_table *t)
{
    mr_strbuf_add_str(sql, "INSERT INTO ");
    mr_sql_table(sql, t->db, t->snap->name);
    for (size_t i = 0; i < t->snap->ncolumns; i++) {
        mr_strbuf_add_str(sql, i == 0 ? " (" : ", ");
        mr_sql_ident(sql, t->snap->columns[i].name);
    }
    mr_strbuf_add_str(sql, ") VALUES (");
    for (size_t i = 0; i < t->snap->ncolumns; i++)
        mr_strbuf_add_str(sql, i == 0 ? "?" : ", ?");
    mr_strbuf_add_char(sql, ')');
}

uint64_t mr_restore_bulk_width(const struct mr_restore_bulk *bulk, const struct mr_value *values)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < bulk->table.ncolumns; i++)
        bytes += mr_bulk_cell_bytes(bulk->kinds[i], &values[i]);
    return bytes;
}
