/* suspect_sample.c: see suspect_sample.h. */
#include "recon/check/suspect_sample.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/row/row_class.h"

#define END_ROWS 1000 /* at either end */
#define RUNS 8        /* in between, of an integer's range */
#define RUN_ROWS 100

/* A run of the child's index. */
struct stretch {
    const struct mr_value *from; /* NULL: from its end */
    bool descending;
    unsigned rows;
};

/* SELECT col AS v FROM t FORCE INDEX … WHERE … ORDER BY col LIMIT n.  Both servers read
 * these entries and no more (measured, as all of this, by the Handler_read counters). */
static void add_stretch(struct mr_strbuf *sql, const struct mr_suspect_column *child,
                        const struct stretch *stretch)
{
    mr_strbuf_add_str(sql, "SELECT ");
    mr_sql_ident(sql, child->column->name);
    mr_strbuf_add_str(sql, " AS v FROM ");
    mr_sql_table(sql, child->table->db, child->table->name);
    mr_strbuf_add_str(sql, " FORCE INDEX (");
    mr_sql_ident(sql, child->index->name);
    mr_strbuf_add_str(sql, ") WHERE ");
    mr_sql_ident(sql, child->column->name);
    if (stretch->from != NULL) {
        mr_strbuf_add_str(sql, " >= ");
        mr_sql_value(sql, stretch->from, NULL);
    } else {
        mr_strbuf_add_str(sql, " IS NOT NULL");
    }
    mr_strbuf_add_str(sql, " ORDER BY ");
    mr_sql_ident(sql, child->column->name);
    mr_strbuf_add_fmt(sql, "%s LIMIT %u", stretch->descending ? " DESC" : "", stretch->rows);
}

/* Two integers of the first row.  *have is false where the first is NULL. */
static enum mr_code query_two(struct mr_db *db, const struct mr_strbuf *sql, enum mr_class cls,
                              struct mr_value values[2], bool *have, struct mr_err *err)
{
    struct mr_result *res = NULL;
    *have = false;
    enum mr_code code = mr_strbuf_check(sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(db, "nn", sql->ptr, sql->len, &res, err);
    const struct mr_cell *row = code == MR_OK ? mr_result_next(res) : NULL;
    if (row != NULL && row[0].ptr != NULL && row[1].ptr != NULL) {
        *have = true;
        for (size_t i = 0; i < 2; i++) {
            values[i] = (struct mr_value){.cls = cls};
            if (cls == MR_CLASS_INT)
                values[i].i = strtoll(row[i].ptr, NULL, 10);
            else
                values[i].u = strtoull(row[i].ptr, NULL, 10);
        }
    }
    mr_result_free(res);
    return code;
}

/* The least and the greatest value of an integer column; *have: there is any. */
static enum mr_code read_ends(struct mr_db *db, const struct mr_suspect_column *child,
                              struct mr_value ends[2], bool *have, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct stretch stretch = {.rows = 1};
    mr_strbuf_add_str(&sql, "SELECT (");
    add_stretch(&sql, child, &stretch);
    mr_strbuf_add_str(&sql, "), (");
    stretch.descending = true;
    add_stretch(&sql, child, &stretch);
    mr_strbuf_add_str(&sql, ")");
    enum mr_code code = query_two(db, &sql, child->column->cls, ends, have, err);
    mr_strbuf_release(&sql);
    return code;
}

static void add_member(struct mr_strbuf *sql, const struct mr_suspect_column *child,
                       const struct stretch *stretch, unsigned no)
{
    mr_strbuf_add_str(sql, no > 0 ? " UNION ALL SELECT v FROM (" : "SELECT v FROM (");
    add_stretch(sql, child, stretch);
    mr_strbuf_add_fmt(sql, ") AS s%u", no);
}

/* Runs that begin at even distances between the two ends. */
static void add_runs(struct mr_strbuf *sql, const struct mr_suspect_column *child,
                     const struct mr_value ends[2])
{
    bool is_signed = child->column->cls == MR_CLASS_INT;
    uint64_t lo = is_signed ? (uint64_t)ends[0].i : ends[0].u;
    uint64_t hi = is_signed ? (uint64_t)ends[1].i : ends[1].u;
    uint64_t step = (hi - lo) / (RUNS + 1);
    for (unsigned i = 1; step > 0 && i <= RUNS; i++) {
        struct mr_value from = {.cls = child->column->cls};
        if (is_signed)
            from.i = (int64_t)(lo + step * i);
        else
            from.u = lo + step * i;
        add_member(sql, child, &(struct stretch){.from = &from, .rows = RUN_ROWS}, i + 1);
    }
}

/* One statement: between two, rows that come and go would look like broken references. */
enum mr_code mr_suspect_sample(struct mr_db *db, const struct mr_suspect_column *child,
                               const struct mr_suspect_column *parent, uint64_t *sampled,
                               uint64_t *found, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_value ends[2], counts[2];
    bool is_integer = mr_class_is_integer(child->column->cls);
    bool have = true;
    enum mr_code code = MR_OK;
    *sampled = *found = 0;
    if (is_integer)
        code = read_ends(db, child, ends, &have, err);
    if (code != MR_OK || !have)
        return code;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*), COUNT(p.");
    mr_sql_ident(&sql, parent->column->name);
    mr_strbuf_add_str(&sql, ") FROM (");
    add_member(&sql, child, &(struct stretch){.rows = END_ROWS}, 0);
    add_member(&sql, child, &(struct stretch){.descending = true, .rows = END_ROWS}, 1);
    if (is_integer)
        add_runs(&sql, child, ends);
    mr_strbuf_add_str(&sql, ") AS s LEFT JOIN ");
    mr_sql_table(&sql, parent->table->db, parent->table->name);
    mr_strbuf_add_str(&sql, " AS p FORCE INDEX (");
    mr_sql_ident(&sql, parent->index->name);
    mr_strbuf_add_str(&sql, ") ON p.");
    mr_sql_ident(&sql, parent->column->name);
    mr_strbuf_add_str(&sql, " = s.v");
    code = query_two(db, &sql, MR_CLASS_UINT, counts, &have, err);
    if (code == MR_OK && have) {
        *sampled = counts[0].u;
        *found = counts[1].u;
    }
    mr_strbuf_release(&sql);
    return code;
}
