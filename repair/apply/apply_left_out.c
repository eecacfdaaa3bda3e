/* apply_left_out.c: rows that undo would put back although apply never took them away; see
 * apply_internal.h.
 *
 * Whom apply has left out, and who is gone since, was deleted by somebody else: undo has
 * nothing to put back.  Such a row is set aside with its tree, before anything is judged. */
#include <stdlib.h>

#include "repair/apply/apply_internal.h"
#include "repair/script/script_text.h"

static enum mr_code set_aside(struct mr_attempt *a, size_t at, struct mr_err *err)
{
    const struct mr_planned *planned = &a->run->manifest->planned;
    const struct mr_planned_table *t = &planned->tables[at];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT s.myrecon_row, ");
    mr_attempt_sql_key(&sql, t);
    mr_strbuf_add_str(&sql, " FROM ");
    mr_script_staged(&sql, planned->tables[0].target_db, 'i', at);
    mr_strbuf_add_str(&sql, " AS s");
    mr_attempt_sql_of_unit(&sql, planned);
    enum mr_code code = mr_attempt_ask_staged(a, &sql, &res, err);
    while (code == MR_OK && res != NULL && (cells = mr_result_next(res)) != NULL)
        if (cells[0].ptr != NULL && cells[1].ptr != NULL &&
            mr_journal_is_left_out(a->run->journal, t->table, cells[1].ptr))
            code = mr_aside_put(&a->aside, strtoull(cells[0].ptr, NULL, 10),
                                "apply had left it out", err);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_attempt_set_left_out_aside(struct mr_attempt *a, struct mr_err *err)
{
    const struct mr_apply_units *run = a->run;
    const struct mr_planned *planned = &run->manifest->planned;
    enum mr_code code = MR_OK;
    if (run->which != MR_JOURNAL_UNDO || run->journal == NULL ||
        !mr_journal_has_left_out(run->journal))
        return MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++)
        if (planned->tables[i].key.count > 0)
            code = set_aside(a, i, err);
    return code;
}
