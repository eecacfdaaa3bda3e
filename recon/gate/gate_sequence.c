/* gate_sequence.c: gaps in columns that are numbered without gaps; see gate_work.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "recon/gate/gate_work.h"

#define GAPS_SHOWN 20
#define LEAST_S 1.0 /* also where the budget is smaller */

struct reading {
    struct mr_gate_work *work;
    struct mr_gate_item *item;
    struct mr_strbuf column; /* quoted */
    struct mr_strbuf number; /* the value as a number, in SQL */
    enum mr_class cls;       /* of that number */
    bool as_text;
};

static enum mr_code not_read(struct reading *r, const char *why)
{
    r->item->out->sequence_view = (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = why};
    return MR_OK;
}

/* MIN, MAX, distinct values, how many are no whole numbers, and rows. */
static enum mr_code read_extent(struct reading *r, struct mr_err *why)
{
    struct mr_gate_table *out = r->item->out;
    struct mr_strbuf body = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    double left = mr_gate_work_left(r->work);
    mr_strbuf_add_fmt(&body, "MIN(%s), MAX(%s), COUNT(DISTINCT %s), ", r->number.ptr, r->number.ptr,
                      r->number.ptr);
    if (r->as_text)
        mr_strbuf_add_fmt(&body, "SUM(%s NOT REGEXP '^[0-9]{1,19}$')", r->column.ptr);
    else
        mr_strbuf_add_fmt(&body, "SUM(%s < 0)", r->column.ptr);
    mr_strbuf_add_str(&body, ", COUNT(*) FROM ");
    mr_sql_table(&body, r->item->table->db, r->item->table->name);
    enum mr_code code = mr_strbuf_check(&body, "building a query", why);
    if (code == MR_OK)
        code = mr_gate_work_query(r->work, "nnnnv", body.ptr, left > LEAST_S ? left : LEAST_S, &res,
                                  why);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        if (row[0].ptr == NULL || row[1].ptr == NULL || row[2].ptr == NULL) {
            out->sequence_null = strcmp(row[4].ptr, "0") != 0;
        } else if (row[3].ptr != NULL && strtoull(row[3].ptr, NULL, 10) > 0) {
            code = not_read(r, "some values are no whole numbers from 0");
        } else {
            out->sequence_lo = strtoull(row[0].ptr, NULL, 10);
            out->sequence_hi = strtoull(row[1].ptr, NULL, 10);
            out->sequence_present = strtoull(row[2].ptr, NULL, 10);
            out->sequence_missing = out->sequence_hi - out->sequence_lo + 1 - out->sequence_present;
        }
    }
    mr_result_free(res);
    mr_strbuf_release(&body);
    if (code != MR_E_TIMEOUT)
        return code;
    return not_read(r, mr_gate_is_locked(why)
                           ? "the table is locked"
                           : "no time left to read the column; raise --budget or index it");
}

static void add_gap(struct mr_strbuf *gaps, uint64_t lo, uint64_t hi, size_t *shown)
{
    if (++*shown > GAPS_SHOWN)
        return;
    mr_strbuf_add_fmt(gaps, "%s%" PRIu64, *shown > 1 ? ", " : "", lo);
    if (hi > lo)
        mr_strbuf_add_fmt(gaps, "–%" PRIu64, hi);
}

/* Read to its end, whatever has been seen: a stream that is broken off costs the
 * connection. */
static enum mr_code read_gaps(struct reading *r, struct mr_err *why)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, gaps = MR_STRBUF_INIT;
    struct mr_stream *stream = NULL;
    const struct mr_value *values = NULL;
    size_t shown = 0;
    uint64_t next = r->item->out->sequence_lo;
    mr_strbuf_add_fmt(&sql, "SELECT DISTINCT %s FROM ", r->number.ptr);
    mr_sql_table(&sql, r->item->table->db, r->item->table->name);
    mr_strbuf_add_fmt(&sql, " WHERE %s IS NOT NULL ORDER BY 1", r->column.ptr);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", why);
    if (code == MR_OK)
        code = mr_stream_open(r->work->task->link->db, sql.ptr, sql.len, &r->cls, 1,
                              !r->item->table->transactional, &stream, why);
    while (code == MR_OK && (code = mr_stream_next(stream, &values, why)) == MR_OK &&
           values != NULL) {
        if (values[0].u > next)
            add_gap(&gaps, next, values[0].u - 1, &shown);
        next = values[0].u + 1;
    }
    if (stream != NULL)
        mr_stream_close(stream);
    if (shown > GAPS_SHOWN)
        mr_strbuf_add_fmt(&gaps, " and %zu more", shown - GAPS_SHOWN);
    if (code == MR_OK)
        code = mr_strbuf_check(&gaps, "reading a sequence", why);
    if (code == MR_OK) {
        r->item->out->sequence_gaps = mr_arena_strdup(r->work->task->arena, gaps.ptr);
        if (r->item->out->sequence_gaps == NULL)
            code = mr_err_nomem(why, "reading a sequence");
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&gaps);
    return code;
}

static bool begin(struct reading *r, const struct mr_column *column)
{
    mr_sql_ident(&r->column, column->name);
    switch (column->cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
        r->cls = column->cls;
        mr_strbuf_add_str(&r->number, r->column.ptr);
        return true;
    case MR_CLASS_TEXT:
    case MR_CLASS_DECIMAL:
        r->as_text = true;
        r->cls = MR_CLASS_UINT;
        mr_strbuf_add_fmt(&r->number, "CAST(%s AS UNSIGNED)", r->column.ptr);
        return true;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: break;
    }
    return false;
}

enum mr_code mr_gate_read_sequence(struct mr_gate_work *work, struct mr_gate_item *item,
                                   struct mr_err *err)
{
    struct reading r = {
        .work = work, .item = item, .column = MR_STRBUF_INIT, .number = MR_STRBUF_INIT};
    const struct mr_column *column = mr_table_column(item->table, item->config.sequence);
    enum mr_code code = MR_OK;
    if (column == NULL)
        return MR_OK;
    if (!begin(&r, column))
        MR_TRY_OUT(not_read(&r, "the column holds no numbers"));
    else if (r.column.failed || r.number.failed)
        MR_TRY_OUT(mr_err_nomem(err, "reading a sequence"));
    else
        MR_TRY_OUT(read_extent(&r, err));
    if (item->out->sequence_missing > 0)
        MR_TRY_OUT(read_gaps(&r, err));
out:
    mr_strbuf_release(&r.column);
    mr_strbuf_release(&r.number);
    return code;
}
