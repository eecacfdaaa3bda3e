/* merge_fit.c: see merge_fit.h. */
#include "repair/merge/merge_fit.h"

#include "core/case/case_args.h"
#include "repair/merge/merge_work.h"

struct fitting {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    struct mr_case_stmt *note;
    struct mr_arena arena;
    struct mr_vec rows;
    struct mr_strbuf choices;
};

static struct fitting begin(struct mr_merge *m, const struct mr_plan_table *table)
{
    return (struct fitting){.m = m,
                            .table = table,
                            .arena = MR_ARENA_INIT,
                            .rows = MR_VEC_INIT(struct mr_merge_work_row),
                            .choices = MR_STRBUF_INIT};
}

static void end(struct fitting *f)
{
    mr_case_free(f->note);
    mr_vec_release(&f->rows);
    mr_strbuf_release(&f->choices);
    mr_arena_release(&f->arena);
}

/* Rows that fit are not noted: they are nearly all. */
static enum mr_code judge(struct fitting *f, const struct mr_merge_work_row *row,
                          struct mr_err *err)
{
    struct mr_plan_fit *fit = &f->m->fit;
    enum mr_code code = mr_plan_fit_row(fit, f->table, (struct mr_key){row->image, row->len},
                                        (struct mr_key){row->live, row->live_len}, err);
    if (code != MR_OK || fit->columns.count == 0)
        return code;
    mr_plan_fit_choices(fit, f->table, &f->choices);
    code = mr_strbuf_check(&f->choices, "judging a row", err);
    return code == MR_OK ? MR_CASE_RUN(f->note, err, MR_ARG_INT("id", row->id),
                                       MR_ARG_TEXT("why", fit->why.ptr),
                                       MR_ARG_TEXT("choices", f->choices.ptr))
                         : code;
}

/* Rows of a query with :tbl, and :after, the id after which to go on. */
static enum mr_code judge_all(struct fitting *f, const char *rows_sql, const char *note_sql,
                              struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = mr_case_prepare(f->m->cf, note_sql, &f->note, err);
    while (code == MR_OK) {
        mr_arena_reset(&f->arena);
        code = MR_MERGE_PAGE(f->m, rows_sql, after, &f->arena, &f->rows, err,
                             MR_ARG_INT("tbl", f->table->at));
        if (code != MR_OK || f->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < f->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&f->rows, i);
            after = row->id;
            code = judge(f, row, err);
        }
    }
    return code;
}

static const char absent_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, img.after AS image FROM m INDEXED BY "
    "m_tbl"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id LEFT JOIN mark k ON k.id=m.id"
    " WHERE m.tbl=:tbl AND m.id>:after AND m.there IS NULL AND m.own IS NULL"
    " AND k.skip IS NOT 1 ORDER BY m.id LIMIT 1000";

enum mr_code mr_merge_fit_absent(struct mr_merge *m, const struct mr_plan_table *table,
                                 struct mr_err *err)
{
    struct fitting f = begin(m, table);
    enum mr_code code = mr_plan_fit_is_needed(table)
                            ? judge_all(&f, absent_sql,
                                        "UPDATE m SET misfit=1, detail=:why,"
                                        " choices=:choices WHERE id=:id",
                                        err)
                            : MR_OK;
    end(&f);
    return code;
}

static const char standing_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, img.after AS image,"
    " m.there AS live_key, img.there AS live FROM m "
    "INDEXED BY m_tbl"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl AND m.id>:after"
    " AND m.there IS NOT NULL AND m.kind IS NOT NULL AND m.three=0 ORDER BY m.id LIMIT 1000";

enum mr_code mr_merge_fit_standing(struct mr_merge *m, size_t first, size_t count,
                                   struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = first; code == MR_OK && i < first + count; i++) {
        struct fitting f = begin(m, &m->plan->tables[i]);
        if (mr_plan_fit_is_needed(f.table))
            code = judge_all(&f, standing_sql,
                             "UPDATE m SET unfit=:choices IS NOT NULL, detail=:why"
                             " WHERE id=:id",
                             err);
        end(&f);
    }
    return code;
}

/* The row is judged again, since the judge knows only the last one; a choice that cannot be carried
 * out leaves the conflict open, and says why. */
enum mr_code mr_merge_fit_choose(struct mr_merge *m, const struct mr_plan_table *table, int64_t id,
                                 const char *choice, struct mr_strbuf *edits, bool *possible,
                                 struct mr_err *err)
{
    struct fitting f = begin(m, table);
    *possible = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_MERGE_ROWS(m, "SELECT id, after AS image FROM img WHERE id=:id", &f.arena,
                             &f.rows, err, MR_ARG_INT("id", id)));
    if (f.rows.count == 1) {
        const struct mr_merge_work_row *row = mr_vec_at(&f.rows, 0);
        MR_TRY_OUT(mr_plan_fit_row(&m->fit, table, (struct mr_key){row->image, row->len},
                                   (struct mr_key){0}, err));
    }
    MR_TRY_OUT(mr_plan_fit_choose(&m->fit, table, choice, edits, possible, err));
    if (!*possible)
        MR_TRY_OUT(MR_CASE_ONCE(m->cf, "UPDATE m SET detail=:why WHERE id=:id", err,
                                MR_ARG_INT("id", id), MR_ARG_TEXT("why", m->fit.why.ptr)));
out:
    end(&f);
    return code;
}
