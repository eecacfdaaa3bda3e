/*
 * gate_quick.c: what is read of every table: its greatest key, its newest value and the age of
 * that, its counter; see gate_work.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/db/sqltext.h"
#include "core/row/row_class.h"
#include "recon/gate/gate_newest.h"
#include "recon/gate/gate_work.h"

#define COUNTED_ROWS 1000 /* by the server's estimate, whose count costs nothing; manual page */
#define MANY_S 1.0        /* for a statement of many tables; then each is asked by itself */
#define MANY_FAILURES 3   /* after which no more are tried: something is locked, or slow */

static uint64_t type_max(const struct mr_column *c)
{
    static const struct {
        const char *type;
        unsigned bits;
    } types[] = {{"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(c->data_type, types[i].type) == 0)
            return (UINT64_MAX >> (64 - types[i].bits)) >> (c->is_unsigned ? 0 : 1);
    /* beyond these, one more is the same number */
    if (c->cls == MR_CLASS_FLOAT)
        return UINT64_C(1) << 24;
    return c->cls == MR_CLASS_DOUBLE ? UINT64_C(1) << 53 : 0;
}

/* What one statement reads of a table: greatest key, newest value, its age. */
struct quick {
    const struct mr_column *key, *newest, *fresh;
    enum mr_gate_newest_by newest_by, fresh_by;
    const struct mr_gate_table *past; /* whose last rows are looked at again, or NULL */
};

static bool is_integer_text(const char *text)
{
    const char *digits = text + (text[0] == '-' ? 1 : 0);
    return digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0';
}

/* Where only the last rows are looked at, and the baseline says which those were. */
static const struct mr_gate_table *
read_before(const struct mr_gate_work *work, const struct mr_gate_item *item, const struct quick *q)
{
    const struct mr_gate_facts *past = work->task->past;
    const struct mr_column *key = mr_gate_key_column(item->table);
    if (past == NULL || key == NULL || q->newest == NULL || q->newest_by != MR_GATE_BY_LAST_ROWS)
        return NULL;
    const struct mr_gate_table *then =
        mr_gate_facts_twin(work->facts, past, item->table->db, item->table->name);
    if (then == NULL || then->key_column == NULL || then->time_column == NULL ||
        strcmp(then->key_column, key->name) != 0 ||
        strcmp(then->time_column, q->newest->name) != 0 || !is_integer_text(then->greatest))
        return NULL;
    return then;
}

static void choose(const struct mr_gate_work *work, const struct mr_gate_item *item,
                   struct quick *q)
{
    const struct mr_table *table = item->table;
    *q = (struct quick){.key = mr_gate_work_counter(table)};
    if (q->key == NULL)
        q->key = mr_gate_key_column(table);
    q->newest = mr_gate_newest_column(table, &item->config);
    if (q->newest != NULL)
        q->newest_by = mr_gate_newest_by(table, q->newest);
    q->past = read_before(work, item, q);
    if (item->config.freshness != NULL)
        q->fresh = mr_table_column(table, item->config.freshness);
    if (q->fresh != NULL)
        q->fresh_by = mr_gate_newest_by(table, q->fresh);
}

/* A value of several tables in one column of a UNION would become that of them all: a DATE a
 * DATETIME.  So they are texts, also of one table alone: a number would be written otherwise, and a
 * text be of its own charset.  What is no text is one in hex. */
static void text_begin(struct mr_strbuf *sql, bool is_bytes)
{
    mr_strbuf_add_str(sql, is_bytes ? "CAST(HEX(" : "CAST(");
}

static void text_end(struct mr_strbuf *sql, bool is_bytes)
{
    mr_strbuf_add_str(sql, is_bytes ? ") AS CHAR), " : " AS CHAR), ");
}

static bool is_of_bytes(const struct mr_column *column)
{
    return column != NULL && (strstr(column->data_type, "binary") != NULL ||
                              strstr(column->data_type, "blob") != NULL);
}

/* FLOAT and DOUBLE count, too: in digits they are numbers like the others. */
static bool is_rounded(const struct mr_column *key)
{
    return key->cls == MR_CLASS_FLOAT || key->cls == MR_CLASS_DOUBLE;
}

static void greatest_sql(struct mr_strbuf *sql, const struct mr_gate_item *item,
                         const struct quick *q)
{
    const bool rounds = q->key != NULL && is_rounded(q->key);
    if (q->key == NULL) {
        mr_strbuf_add_str(sql, "NULL");
        return;
    }
    mr_strbuf_add_str(sql, rounds ? "CAST(" : "");
    mr_gate_newest_sql(sql, item->table, q->key, MR_GATE_BY_INDEX);
    mr_strbuf_add_str(sql, rounds ? " AS DECIMAL(65))" : "");
}

static void newest_sql(struct mr_strbuf *sql, const struct mr_gate_item *item,
                       const struct quick *q)
{
    if (q->past != NULL)
        mr_gate_newest_again_sql(sql, item->table, q->newest, q->past->greatest,
                                 q->past->newest_by);
    else if (q->newest != NULL && q->newest_by != MR_GATE_BY_NOTHING)
        mr_gate_newest_sql(sql, item->table, q->newest, q->newest_by);
    else
        mr_strbuf_add_str(sql, "NULL");
}

static void age_sql(struct mr_strbuf *sql, const struct mr_gate_item *item, const struct quick *q)
{
    struct mr_strbuf age = MR_STRBUF_INIT;
    if (q->fresh != NULL && q->fresh_by != MR_GATE_BY_NOTHING &&
        mr_gate_age_sql(&age, item->table, q->fresh, q->fresh_by))
        mr_strbuf_add(sql, age.ptr, age.len);
    else
        mr_strbuf_add_str(sql, "NULL");
    sql->failed |= age.failed;
    mr_strbuf_release(&age);
}

static void quick_sql(struct mr_strbuf *sql, const struct mr_gate_item *item, const struct quick *q)
{
    const bool is_bytes = is_of_bytes(q->newest);
    text_begin(sql, false);
    greatest_sql(sql, item, q);
    text_end(sql, false);
    text_begin(sql, is_bytes);
    newest_sql(sql, item, q);
    text_end(sql, is_bytes);
    text_begin(sql, false);
    age_sql(sql, item, q);
    text_end(sql, false);
    /* also where nothing of it is there: may the table be read at all? */
    mr_strbuf_add_str(sql, "(SELECT 1 FROM ");
    mr_sql_table(sql, item->table->db, item->table->name);
    mr_strbuf_add_str(sql, " LIMIT 1)");
}

static void take_quick(struct mr_gate_work *work, struct mr_gate_item *item, const struct quick *q,
                       const struct mr_cell *row)
{
    struct mr_gate_table *out = item->out;
    if (q->key != NULL) {
        out->key_column = mr_gate_work_keep(work, q->key->name);
        out->has_greatest = true;
        out->greatest = mr_gate_work_keep(work, row[0].ptr);
    }
    if (q->newest != NULL && q->newest_by != MR_GATE_BY_NOTHING) {
        out->time_column = mr_gate_work_keep(work, q->newest->name);
        out->time_is_number = mr_class_is_integer(q->newest->cls);
        out->newest = mr_gate_work_keep(work, row[1].ptr);
        out->newest_by = mr_gate_newest_by_text(q->newest_by);
    }
    if (q->fresh != NULL) {
        out->fresh_known = row[2].ptr != NULL;
        out->fresh_age_s = row[2].ptr != NULL ? strtod(row[2].ptr, NULL) : 0;
    }
}

/* Its greatest value costs a walk over the index: where there is no time, the counter is
 * not reported. */
static enum mr_code read_grouped(struct mr_gate_work *work, struct mr_gate_item *item,
                                 const struct mr_column *counter, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql, "MAX(");
    mr_sql_ident(&sql, counter->name);
    mr_strbuf_add_str(&sql, ") FROM ");
    mr_sql_table(&sql, item->table->db, item->table->name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    item->out->counter_grouped = true;
    if (code == MR_OK)
        code = mr_gate_work_query(work, "n", sql.ptr, 2.0, &res, err);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL && row[0].ptr != NULL &&
        row[0].ptr[0] != '-')
        item->out->counter_greatest = strtoull(row[0].ptr, NULL, 10);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (code != MR_E_TIMEOUT)
        return code;
    item->out->counter_column = NULL;
    return MR_OK;
}

static enum mr_code read_counter(struct mr_gate_work *work, struct mr_gate_item *item,
                                 struct mr_err *err)
{
    const struct mr_column *counter = mr_table_counter(item->table);
    struct mr_gate_table *out = item->out;
    if (counter == NULL)
        return MR_OK;
    out->counter_column = mr_gate_work_keep(work, counter->name);
    out->counter_max = type_max(counter);
    if (mr_gate_work_counter(item->table) == NULL)
        return read_grouped(work, item, counter, err);
    if (out->greatest[0] != '-')
        out->counter_greatest = strtoull(out->greatest, NULL, 10);
    /* It was above the key before that was read, and only grows.  Else it is read behind the key: what
     * was inserted in between has moved it. */
    out->next = item->table->next;
    if (out->next > out->counter_greatest)
        return MR_OK;
    return mr_schema_auto_increment(work->task->link->db, item->table, &out->next, NULL, err);
}

/* ---- of one table ---- */

/* By a statement of its own. */
static enum mr_code ask(struct mr_gate_work *work, struct mr_gate_item *item, struct mr_err *why)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct quick q;
    const struct mr_cell *row;
    choose(work, item, &q);
    quick_sql(&sql, item, &q);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", why);
    if (code == MR_OK)
        code = mr_gate_work_query(work, "nnnn", sql.ptr, 2.0, &res, why);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL)
        take_quick(work, item, &q, row);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_gate_read_quick(struct mr_gate_work *work, struct mr_gate_item *item,
                                struct mr_err *why)
{
    const double began = mr_clock_now_s();
    enum mr_code code = item->has_quick ? MR_OK : ask(work, item, why);
    if (code == MR_OK)
        code = read_counter(work, item, why);
    if (code != MR_OK && mr_gate_is_locked(why))
        work->locked_s += mr_clock_now_s() - began;
    return code;
}

/* ---- of many ---- */

/* A table that has to be looked at by itself first, or cannot be read, is left out; and so is one
 * that is locked as a whole by whoever writes it (MyISAM, Aria): a statement that waits for it would
 * hold the locks that it has of the others. */
static bool is_plain(const struct mr_gate_work *work, const struct mr_gate_item *item)
{
    const struct mr_grants *grants = work->task->link->grants;
    return item->table->open_error == NULL && item->table->transactional && grants != NULL &&
           mr_grants_on_table(grants, "SELECT", item->table->db, item->table->name);
}

/* Also behind the end of the budget, which thousands of tables are while they are listed: to read
 * them without a count takes as long. */
static bool is_counted(const struct mr_gate_work *work, const struct mr_gate_item *item)
{
    return item->table->est_rows <= COUNTED_ROWS && work->task->budget_s > 0;
}

static bool is_of_all_rows(const struct quick *q)
{
    return q->fresh == NULL && q->past == NULL &&
           (q->newest == NULL || q->newest_by != MR_GATE_BY_LAST_ROWS);
}

static void add_max(struct mr_strbuf *sql, const struct mr_column *column, bool rounds)
{
    if (column == NULL) {
        mr_strbuf_add_str(sql, "NULL");
        return;
    }
    mr_strbuf_add_str(sql, rounds ? "CAST(MAX(" : "MAX(");
    mr_sql_ident(sql, column->name);
    mr_strbuf_add_str(sql, rounds ? ") AS DECIMAL(65))" : ")");
}

/* Of a table whose rows are counted anyway by one walk over them: each part of a statement that names
 * it opens it once more, which takes longer. */
static void walk_sql(struct mr_strbuf *sql, const struct mr_gate_item *item, const struct quick *q)
{
    const bool is_bytes = is_of_bytes(q->newest);
    text_begin(sql, false);
    add_max(sql, q->key, q->key != NULL && is_rounded(q->key));
    text_end(sql, false);
    text_begin(sql, is_bytes);
    add_max(sql, q->newest_by != MR_GATE_BY_NOTHING ? q->newest : NULL, false);
    text_end(sql, is_bytes);
    mr_strbuf_add_str(sql, "NULL, 1, COUNT(*) FROM ");
    mr_sql_table(sql, item->table->db, item->table->name);
}

static void many_sql(struct mr_strbuf *sql, const struct mr_gate_work *work,
                     const struct mr_gate_item *items, const struct quick *quick, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!is_plain(work, &items[i]))
            continue;
        mr_strbuf_add_fmt(sql, "%s%zu, ", any ? " UNION ALL SELECT " : "", i);
        any = true;
        if (is_counted(work, &items[i]) && is_of_all_rows(&quick[i])) {
            walk_sql(sql, &items[i], &quick[i]);
            continue;
        }
        quick_sql(sql, &items[i], &quick[i]);
        mr_strbuf_add_str(sql, ", (SELECT COUNT(*) FROM ");
        mr_sql_table(sql, items[i].table->db, items[i].table->name);
        mr_strbuf_add_str(sql, is_counted(work, &items[i]) ? ")" : " WHERE FALSE)");
    }
}

static void take_many(struct mr_gate_work *work, struct mr_gate_item *items,
                      const struct quick *quick, size_t count, struct mr_result *res)
{
    const struct mr_cell *row;
    while ((row = mr_result_next(res)) != NULL) {
        const unsigned long long at = strtoull(row[0].ptr, NULL, 10);
        if (at >= count)
            continue;
        struct mr_gate_item *item = &items[at];
        take_quick(work, item, &quick[at], row + 1);
        item->has_quick = true;
        if (!is_counted(work, item))
            continue;
        item->out->rows = strtoull(row[5].ptr, NULL, 10);
        item->out->rows_exact = true;
    }
}

/* The keys before the counters: what is inserted in between moves these. */
static enum mr_code read_many(struct mr_gate_work *work, struct mr_gate_item *items, size_t count,
                              struct mr_err *err)
{
    struct quick quick[MR_GATE_AT_ONCE];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < count; i++)
        choose(work, &items[i], &quick[i]);
    many_sql(&sql, work, items, quick, count);
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    if (sql.len == 0)
        goto out;
    MR_TRY_OUT(mr_gate_work_query(work, "vnnnnv", sql.ptr, MANY_S, &res, err));
    take_many(work, items, quick, count, res);
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_gate_read_quick_many(struct mr_gate_work *work, struct mr_gate_item *items,
                                     size_t count, struct mr_err *err)
{
    struct mr_err why = {0};
    if (count < 2 || work->many_failed >= MANY_FAILURES)
        return MR_OK;
    enum mr_code code = read_many(work, items, count, &why);
    if (code == MR_OK)
        return MR_OK;
    work->many_failed++;
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}
