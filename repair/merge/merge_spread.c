/* merge_spread.c: see merge_spread.h. */
#include "repair/merge/merge_spread.h"

/* Neighbours of the rows that were reached; SQLite is to begin with those. */
static const char *const beside_sql[] = {
    [MR_MERGE_TO_CHILDREN] =
        "INSERT OR IGNORE INTO beside SELECT l.child FROM reached CROSS JOIN link l"
        " ON l.parent=reached.id AND l.parent>0 CROSS JOIN ",
    [MR_MERGE_TO_PARENTS] =
        "INSERT OR IGNORE INTO beside SELECT l.parent FROM reached CROSS JOIN link l"
        " ON l.child=reached.id AND l.parent>0 CROSS JOIN ",
};
static const char *const beside_end[] = {
    [MR_MERGE_TO_CHILDREN] = "l.child", [MR_MERGE_TO_PARENTS] = "l.parent"};

struct spreading {
    const struct mr_merge_spread *what;
    struct mr_case *cf;
    const struct mr_case_arg *args;
    size_t nargs;
    int64_t *wave;
    struct mr_case_stmt *first, *write, *beside, *next, *any, *clear, *forget;
};

static enum mr_code prepare_rows(struct spreading *s, struct mr_err *err)
{
    const struct mr_merge_spread *w = s->what;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "INSERT INTO reached SELECT %s.id FROM %s WHERE %s", w->table,
                      w->table, w->takes);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&text, "deciding the plan", err));
    MR_TRY_OUT(mr_case_prepare(s->cf, text.ptr, &s->first, err));
    mr_strbuf_reset(&text);
    mr_strbuf_add_fmt(&text, "%s%s ON %s.id=%s WHERE %s", beside_sql[w->way], w->table, w->table,
                      beside_end[w->way], w->takes);
    MR_TRY_OUT(mr_strbuf_check(&text, "deciding the plan", err));
    MR_TRY_OUT(mr_case_prepare(s->cf, text.ptr, &s->beside, err));
out:
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code open_statements(struct spreading *s, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->next, "INSERT INTO reached SELECT id FROM beside"},
        {&s->any, "SELECT 1 FROM reached LIMIT 1"},
        {&s->clear, "DELETE FROM reached"},
        {&s->forget, "DELETE FROM beside"},
    };
    MR_TRY(mr_case_exec(s->cf, "DELETE FROM reached; DELETE FROM beside", err));
    MR_TRY(prepare_rows(s, err));
    if (s->what->write != NULL)
        MR_TRY(mr_case_prepare(s->cf, s->what->write, &s->write, err));
    return mr_case_prepare_all(s->cf, list, sizeof list / sizeof list[0], err);
}

static void close_statements(struct spreading *s)
{
    mr_case_free(s->first);
    mr_case_free(s->write);
    mr_case_free(s->beside);
    mr_case_free(s->next);
    mr_case_free(s->any);
    mr_case_free(s->clear);
    mr_case_free(s->forget);
}

static enum mr_code run(const struct spreading *s, struct mr_case_stmt *stmt, struct mr_err *err)
{
    return mr_case_run_with(stmt, s->args, s->nargs, err);
}

/* Those in temp.beside (first: of all rows) that take it, into temp.reached. */
static enum mr_code reach(const struct spreading *s, bool first, struct mr_err *err)
{
    if (s->what->write == NULL)
        return s->what->take(s->what->ctx, first, err);
    MR_TRY(first ? run(s, s->first, err) : mr_case_run(s->next, err));
    if (s->wave != NULL)
        MR_CASE_BIND(s->write, MR_ARG_INT("wave", *s->wave));
    return mr_case_run(s->write, err);
}

static enum mr_code has_reached(const struct spreading *s, bool *any, struct mr_err *err)
{
    enum mr_code code = mr_case_step(s->any, any, err);
    mr_case_reset(s->any);
    return code;
}

static enum mr_code find_beside(const struct spreading *s, struct mr_err *err)
{
    MR_TRY(mr_case_run(s->forget, err));
    MR_TRY(run(s, s->beside, err));
    return mr_case_run(s->clear, err);
}

/* The first wave looks at all rows, later ones only at neighbours of the one before: else a chain
 * of n rows would cost n times all of them. */
enum mr_code mr_merge_spread(struct mr_merge *m, const struct mr_merge_spread *what,
                             const struct mr_case_arg *args, size_t nargs, int64_t *wave,
                             struct mr_err *err)
{
    struct spreading s = {.what = what, .cf = m->cf, .args = args, .nargs = nargs, .wave = wave};
    bool any = false;
    enum mr_code code = open_statements(&s, err);
    for (bool first = true; code == MR_OK && (first || any); first = false) {
        if (!first)
            code = find_beside(&s, err);
        if (code == MR_OK)
            code = reach(&s, first, err);
        if (code == MR_OK)
            code = has_reached(&s, &any, err);
        if (any && wave != NULL)
            ++*wave;
    }
    close_statements(&s);
    return code;
}
