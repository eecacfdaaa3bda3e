/* merge_gone.c: see merge_gone.h. */
#include "repair/merge/merge_gone.h"

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_work.h"
#include "repair/plan/plan_text.h"

#define FINDINGS 500 /* a batch, with their images */

/* ---- rows with a key ---- */

struct expected {
    struct mr_key key;
    bool seen;
};

void mr_merge_gone_init(struct mr_merge_gone *gone)
{
    gone->expected = (struct mr_vec)MR_VEC_INIT(struct expected);
}

void mr_merge_gone_release(struct mr_merge_gone *gone)
{
    mr_vec_release(&gone->expected);
}

enum mr_code mr_merge_gone_expect(struct mr_merge_gone *gone, struct mr_merge_ask *ask,
                                  struct mr_err *err)
{
    struct expected *e = mr_vec_push(&gone->expected);
    if (e == NULL)
        return mr_merge_nomem(err);
    *e = (struct expected){.key = ask->value};
    ask->tag = (int64_t)gone->expected.count;
    return MR_OK;
}

void mr_merge_gone_see(struct mr_merge_gone *gone, const struct mr_merge_ask *ask)
{
    if (ask != NULL && ask->tag > 0 && (size_t)ask->tag <= gone->expected.count)
        ((struct expected *)mr_vec_at(&gone->expected, (size_t)ask->tag - 1))->seen = true;
}

static enum mr_code name_key(const struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_key key, struct mr_err *err)
{
    struct mr_plan_gone *gone = table->gone;
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *kept = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_plan_text_values(&text, table, &table->key, key, err));
    MR_TRY_OUT(mr_strbuf_check(&text, "naming a row", err));
    kept = mr_arena_strdup(m->plan->pairing.arena, text.ptr);
    MR_TRY_OUT(kept != NULL ? MR_OK : mr_merge_nomem(err));

    gone->keys[gone->nkeys++] = kept;
out:
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_merge_gone_take(struct mr_merge_gone *gone, const struct mr_merge *m,
                                const struct mr_plan_table *table, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < gone->expected.count; i++) {
        const struct expected *e = mr_vec_at(&gone->expected, i);
        if (e->seen)
            continue;
        table->gone->rows++;
        if (table->gone->nkeys < MR_PLAN_GONE_KEYS)
            code = name_key(m, table, e->key, err);
    }
    mr_vec_clear(&gone->expected);
    return code;
}

/* ---- rows without one ---- */

struct multiset {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    size_t *in_run, *in_plan; /* places of the columns that both images have */
    size_t ncolumns;
    struct mr_case_stmt *put, *get;
    struct mr_strbuf bytes;
};

/* The run and the plan may read other columns: rows are compared by those that both know. */
static enum mr_code find_columns(struct multiset *b, struct mr_err *err)
{
    const struct mr_plan_table *t = b->table;
    size_t n = t->pair->find.ncolumns;
    b->in_run = mr_arena_calloc(&b->m->arena, n + 1, sizeof *b->in_run);
    b->in_plan = mr_arena_calloc(&b->m->arena, n + 1, sizeof *b->in_plan);
    if (b->in_run == NULL || b->in_plan == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (t->found_at[i] == MR_NO_COLUMN)
            continue;
        b->in_run[b->ncolumns] = t->found_at[i];
        b->in_plan[b->ncolumns++] = i;
    }
    return MR_OK;
}

static enum mr_code digest_of(struct multiset *b, const void *image, size_t len,
                              const size_t *columns, struct mr_digest *digest, struct mr_err *err)
{
    bool null = false;
    enum mr_code code = mr_pair_values_of(image, len, columns, b->ncolumns, &b->bytes, &null, err);
    if (code == MR_OK)
        *digest = mr_digest_bytes(b->bytes.ptr, b->bytes.len);
    return code;
}

static enum mr_code put_finding(struct multiset *b, const struct mr_finding *f, struct mr_err *err)
{
    struct mr_digest digest;
    if (f->source == NULL)
        return MR_OK;
    enum mr_code code = digest_of(b, f->source, f->source_len, b->in_run, &digest, err);
    return code == MR_OK ? MR_CASE_RUN(b->put, err, MR_ARG_BLOB("digest", &digest, sizeof digest),
                                       MR_ARG_INT("n", f->count))
                         : code;
}

/* Findings come in pages with their images, which may be wide. */
static enum mr_code put_state(struct multiset *b, enum mr_find_state state, struct mr_err *err)
{
    struct mr_vec findings = MR_VEC_INIT(struct mr_finding);
    struct mr_arena arena = MR_ARENA_INIT;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&findings);
        const struct mr_find_page page = {.table = b->table->found->id,
                                          .state = state,
                                          .after_id = after,
                                          .limit = FINDINGS,
                                          .max_bytes = MR_MERGE_PAGE_BYTES,
                                          .with_images = true};
        code = mr_findings_page(b->m->fd, &page, &arena, &findings, err);
        for (size_t i = 0; code == MR_OK && i < findings.count; i++) {
            const struct mr_finding *f = mr_vec_at(&findings, i);
            after = f->id;
            code = put_finding(b, f, err);
        }
    } while (code == MR_OK && findings.count > 0);
    mr_vec_release(&findings);
    mr_arena_release(&arena);
    return code;
}

static enum mr_code see_row(void *ctx, const struct mr_merge_ask *ask,
                            const struct mr_merge_answer *row, struct mr_err *err)
{
    struct multiset *b = ctx;
    struct mr_digest digest;
    (void)ask;
    enum mr_code code = digest_of(b, row->image, row->len, b->in_plan, &digest, err);
    return code == MR_OK ? MR_CASE_RUN(b->get, err, MR_ARG_BLOB("digest", &digest, sizeof digest))
                         : code;
}

/* What both states of findings stand for, less what SOURCE gives now: SOURCE is not read where the
 * run found nothing. */
static enum mr_code count_multiset(struct multiset *b, struct mr_err *err)
{
    static const char left[] = "SELECT coalesce(sum(n), 0) FROM gone";
    const struct mr_merge_lookup what = {MR_SOURCE, b->table, {NULL, 0}};
    int64_t n = 0;
    MR_TRY(put_state(b, MR_FIND_DIVERGED, err));
    MR_TRY(put_state(b, MR_FIND_UNSETTLED, err));
    MR_TRY(mr_case_number_with(b->m->cf, left, NULL, 0, &n, err));
    if (n > 0) {
        MR_TRY(mr_merge_lookup_stream(b->m, &what, NULL, 0, see_row, b, err));
        MR_TRY(mr_case_number_with(b->m->cf, left, NULL, 0, &n, err));
    }
    b->table->gone->rows += (uint64_t)n;
    return MR_OK;
}

enum mr_code mr_merge_gone_bag(struct mr_merge *m, const struct mr_plan_table *table,
                               struct mr_err *err)
{
    struct multiset b = {.m = m, .table = table, .bytes = MR_STRBUF_INIT};
    const struct mr_case_sql list[] = {
        {&b.put, "INSERT INTO gone (digest, n) VALUES (:digest, :n)"
                 " ON CONFLICT (digest) DO UPDATE SET n=n+excluded.n"},
        {&b.get, "UPDATE gone SET n=n-1 WHERE digest=:digest AND n>0"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(find_columns(&b, err));
    MR_TRY_OUT(mr_case_exec(m->cf,
                            "CREATE TEMP TABLE IF NOT EXISTS gone (digest BLOB PRIMARY "
                            "KEY, n INT) WITHOUT ROWID; DELETE FROM temp.gone",
                            err));
    MR_TRY_OUT(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY_OUT(count_multiset(&b, err));
out:
    mr_case_free(b.put);
    mr_case_free(b.get);
    (void)mr_case_exec(m->cf, "DROP TABLE IF EXISTS temp.gone", NULL);
    mr_strbuf_release(&b.bytes);
    return code;
}
