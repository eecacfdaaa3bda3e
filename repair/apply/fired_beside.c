/* fired_beside.c: see fired_beside.h. */
#include "repair/apply/fired_beside.h"

#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "repair/apply/apply_internal.h"
#include "repair/apply/fired.h"
#include "repair/apply/journal.h"
#include "repair/plan/plan_image.h"
#include "repair/script/script_text.h"

/* A row that the unit changes, before it does. */
struct row {
    size_t at; /* of the planned table */
    uint64_t line;
    const char *columns; /* of each a digest or nothing, with a comma between */
};

struct mr_fired_beside {
    const struct mr_target *target;
    const struct mr_planned *planned;
    const struct mr_staged *staged;
    struct mr_arena arena;
    struct mr_vec rows;    /* struct row, of the try at hand; by table and line */
    struct mr_strbuf list; /* of the unit */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "looking for what triggers changed");
}

enum mr_code mr_fired_beside_new(const struct mr_target *target, const struct mr_planned *planned,
                                 const struct mr_staged *staged, struct mr_fired_beside **out,
                                 struct mr_err *err)
{
    *out = NULL;
    if (!mr_planned_fires(planned))
        return MR_OK;
    struct mr_fired_beside *b = calloc(1, sizeof *b);
    if (b == NULL)
        return nomem(err);
    *b = (struct mr_fired_beside){.target = target,
                                  .planned = planned,
                                  .staged = staged,
                                  .arena = MR_ARENA_INIT,
                                  .rows = MR_VEC_INIT(struct row),
                                  .list = MR_STRBUF_INIT};
    *out = b;
    return MR_OK;
}

void mr_fired_beside_free(struct mr_fired_beside *b)
{
    if (b == NULL)
        return;
    mr_vec_release(&b->rows);
    mr_strbuf_release(&b->list);
    mr_arena_release(&b->arena);
    free(b);
}

void mr_fired_beside_begin(struct mr_fired_beside *b)
{
    mr_strbuf_reset(&b->list);
    mr_vec_clear(&b->rows);
    mr_arena_reset(&b->arena);
}

/* ---- rows ---- */

/* Of a column that is written, or that the server computes, nothing is asked. */
static void add_columns(struct mr_strbuf *sql, const struct mr_planned_table *t)
{
    mr_strbuf_add_str(sql, "CONCAT_WS(','");
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct mr_planned_column *c = &t->columns[i];
        if (mr_plan_reading_is_generated(c->reading)) {
            mr_strbuf_add_str(sql, ", ''");
            continue;
        }
        mr_strbuf_add_str(sql, ", IF(");
        mr_fired_sql_value(sql, c, "s");
        mr_strbuf_add_str(sql, " = ");
        mr_fired_sql_value(sql, c, "b");
        mr_strbuf_add_str(sql, ", LEFT(SHA2(");
        mr_fired_sql_value(sql, c, "t");
        mr_strbuf_add_str(sql, ", 256), 16), '')");
    }
    mr_strbuf_add_str(sql, ")");
}

/* Rows that stand as planned already are not written: what triggers once made of them is of an earlier
 * try.  The rows are locked, and the isolation is READ COMMITTED (script_stage.c): what is read is what
 * stands. */
static void add_query(const struct mr_fired_beside *b, size_t at, struct mr_strbuf *sql)
{
    const struct mr_planned_table *t = &b->planned->tables[at];
    const char *db = b->planned->tables[0].target_db;
    mr_strbuf_add_str(sql, "SELECT s.myrecon_row, ");
    mr_attempt_sql_key(sql, t);
    mr_strbuf_add_str(sql, ", ");
    add_columns(sql, t);
    mr_strbuf_add_str(sql, " FROM ");
    mr_script_staged(sql, db, 'u', at);
    mr_strbuf_add_str(sql, " AS s JOIN ");
    mr_script_staged(sql, db, 'b', at);
    mr_strbuf_add_str(sql, " AS b ON b.myrecon_row = s.myrecon_row JOIN ");
    mr_sql_table(sql, t->target_db, t->target_name);
    mr_strbuf_add_str(sql, " AS t ON ");
    mr_planned_sql_same(sql, t, "t.", "s.");
    mr_strbuf_add_str(sql, " WHERE s.myrecon_row NOT IN (SELECT line FROM myrecon_there)"
                           " ORDER BY s.myrecon_row");
}

typedef enum mr_code row_fn(struct mr_fired_beside *b, size_t at, const struct mr_cell *cells,
                            struct mr_err *err);

static enum mr_code each(struct mr_fired_beside *b, row_fn *fn, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t at = 0; code == MR_OK && at < b->planned->ntables; at++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        struct mr_result *res = NULL;
        const struct mr_cell *cells;
        if (b->planned->tables[at].key.count == 0 || !mr_staged_has(b->staged, 'u', at) ||
            !mr_staged_has(b->staged, 'b', at))
            continue;
        add_query(b, at, &sql);
        code = mr_fired_ask(b->target->db, "nnn", &sql, &res, err);
        while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
            if (cells[0].ptr != NULL && cells[1].ptr != NULL && cells[2].ptr != NULL)
                code = fn(b, at, cells, err);
        mr_result_free(res);
        mr_strbuf_release(&sql);
    }
    return code;
}

static enum mr_code take(struct mr_fired_beside *b, size_t at, const struct mr_cell *cells,
                         struct mr_err *err)
{
    struct row *row = mr_vec_push(&b->rows);
    if (row == NULL)
        return nomem(err);
    *row = (struct row){.at = at,
                        .line = strtoull(cells[0].ptr, NULL, 10),
                        .columns = mr_arena_strdup(&b->arena, cells[2].ptr)};
    return row->columns != NULL ? MR_OK : nomem(err);
}

/* After a try that may have been committed its rows stay listed, since no later try writes them again. */
enum mr_code mr_fired_beside_before(struct mr_fired_beside *b, bool lost, struct mr_err *err)
{
    if (!lost)
        mr_strbuf_reset(&b->list);
    mr_vec_clear(&b->rows);
    mr_arena_reset(&b->arena);
    return each(b, take, err);
}

/* ---- and behind the change ---- */

static int compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* Appends the names of the columns in which both differ. */
static void add_differing(struct mr_strbuf *out, const struct mr_planned_table *t, const char *was,
                          const char *is)
{
    for (size_t i = 0; i < t->ncolumns; i++) {
        const size_t n = strcspn(was, ","), m = strcspn(is, ",");
        if (n != m || memcmp(was, is, n) != 0) {
            mr_strbuf_add_str(out, out->len > 0 ? ", " : "");
            mr_strbuf_add_str(out, t->columns[i].name);
        }
        was += n + (was[n] == ',');
        is += m + (is[m] == ',');
    }
}

static enum mr_code judge(struct mr_fired_beside *b, size_t at, const struct mr_cell *cells,
                          struct mr_err *err)
{
    const struct row wanted = {.at = at, .line = strtoull(cells[0].ptr, NULL, 10)};
    const struct mr_planned_table *t = &b->planned->tables[at];
    struct mr_strbuf columns = MR_STRBUF_INIT;
    const struct row *row =
        b->rows.count > 0 ? bsearch(&wanted, b->rows.items, b->rows.count, sizeof wanted, compare)
                          : NULL;
    if (row == NULL)
        return MR_OK;
    mr_strbuf_add_str(&columns, "");
    add_differing(&columns, t, row->columns, cells[2].ptr);
    enum mr_code code = mr_strbuf_check(&columns, "looking for what triggers changed", err);
    if (code == MR_OK)
        mr_journal_add_beside(&b->list, t->table, cells[1].ptr, columns.ptr);
    mr_strbuf_release(&columns);
    return code;
}

/* One that is not found by its key any more is listed by nobody: verify misses the row itself. */
enum mr_code mr_fired_beside_after(struct mr_fired_beside *b, struct mr_err *err)
{
    MR_TRY(each(b, judge, err));
    return b->list.len > 0 ? mr_strbuf_check(&b->list, "looking for what triggers changed", err)
                           : MR_OK;
}

void mr_fired_beside_list(const struct mr_fired_beside *b, struct mr_strbuf *list)
{
    if (b->list.len > 0)
        mr_strbuf_add(list, b->list.ptr, b->list.len);
}
