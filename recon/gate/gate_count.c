/* gate_count.c: exact row counts while the budget lasts; see gate_work.h. */
#include <stdlib.h>

#include "core/db/sqltext.h"
#include "recon/gate/gate_work.h"

/* No server counts faster; a table beyond what is left is not begun. */
#define ROWS_PER_SECOND 20e6

static int by_size(const void *left, const void *right)
{
    const struct mr_gate_item *a = *(const struct mr_gate_item *const *)left;
    const struct mr_gate_item *b = *(const struct mr_gate_item *const *)right;
    return (a->table->est_rows > b->table->est_rows) - (a->table->est_rows < b->table->est_rows);
}

/* Within what is left of the time for exact counts; without an answer the estimate stays, and
 * rows_exact stays false. */
static enum mr_code count(struct mr_gate_work *work, struct mr_gate_item *item, struct mr_err *why)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&body, "COUNT(*) FROM ");
    mr_sql_table(&body, item->table->db, item->table->name);
    enum mr_code code = mr_strbuf_check(&body, "building a query", why);
    if (code == MR_OK)
        code = mr_gate_work_query(work, "v", body.ptr, mr_gate_work_left(work), &res, why);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL && row[0].ptr != NULL) {
        item->out->rows = strtoull(row[0].ptr, NULL, 10);
        item->out->rows_exact = true;
    }
    mr_result_free(res);
    mr_strbuf_release(&body);
    return code;
}

enum mr_code mr_gate_count_rows(struct mr_gate_work *work, struct mr_err *err)
{
    struct mr_gate_item **order =
        mr_arena_calloc(work->task->arena, work->items.count + 1, sizeof *order);
    enum mr_code code = MR_OK;
    if (order == NULL)
        return mr_err_nomem(err, "counting rows");
    for (size_t i = 0; i < work->items.count; i++)
        order[i] = mr_vec_at(&work->items, i);
    qsort(order, work->items.count, sizeof *order, by_size);
    for (size_t i = 0; code == MR_OK && i < work->items.count; i++) {
        struct mr_err why = {0};
        const double left = mr_gate_work_left(work);
        if (left <= 0)
            break;
        if (order[i]->out->view.seen != MR_GATE_SEEN || order[i]->out->rows_exact ||
            (double)order[i]->table->est_rows > left * ROWS_PER_SECOND)
            continue;
        code = count(work, order[i], &why);
        if (code == MR_E_TIMEOUT || code == MR_E_NO_SUCH)
            code = MR_OK; /* the estimate stands, or the table is gone in a moment */
        else if (code != MR_OK)
            code = mr_gate_work_fail(work, order[i], code, &why, err);
    }
    return code;
}
