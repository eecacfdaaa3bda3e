/* merge_facts.c: see merge_facts.h. */
#include "repair/merge/merge_facts.h"

#include <string.h>

#include "core/case/case_fields.h"
#include "repair/merge/merge_bounds.h"

#define KNOWN(member, type) MR_CASE_FIELD(struct mr_merge_known, member, type)
#define FACT(member) MR_CASE_FIELD_AS(#member, struct mr_merge_known, fact.member, MR_CASE_FLAG)

static const struct mr_case_field fields[] = MR_CASE_LIST(
    KNOWN(id, MR_CASE_INT), KNOWN(grp, MR_CASE_TEXT), KNOWN(image, MR_CASE_BYTES), FACT(above),
    FACT(fresh), FACT(there), FACT(same), FACT(taken), FACT(held), FACT(doubt), FACT(traced),
    FACT(rival), FACT(crosses), FACT(ambiguous), FACT(owned), FACT(unfit), FACT(disagrees),
    FACT(twin), FACT(namesake), FACT(attaches), FACT(differs_above), FACT(refers_to_lost),
    FACT(refers_to_new), FACT(key_refers_to_lost), FACT(restored), FACT(merged), FACT(gone),
    FACT(stood), FACT(made));

struct mr_fact mr_merge_facts_about(const struct mr_merge_table *table)
{
    const struct mr_merge_bound *b = &table->bound;
    return (struct mr_fact){.counted = mr_plan_has_counter(table->plan),
                            .keyless = table->plan->key.count == 0,
                            .believed = b->is_stated && !b->is_early,
                            .split =
                                b->base_origin != NULL && strcmp(b->base_origin, MR_BOUND_AT) == 0,
                            .guarded = mr_plan_is_guarded(table->plan)};
}

/* A walk over the rows of a table. */
struct walk {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_arena arena;
    struct mr_vec rows; /* of a page: struct mr_merge_known */
};

/* Each row begins with what is true of its whole table, so that no query has to say it. */
static enum mr_code read_rows(struct walk *w, struct mr_case_stmt *stmt, struct mr_err *err)
{
    const struct mr_fact of_table = mr_merge_facts_about(w->table);
    struct mr_case_fields map;
    bool more = false;
    enum mr_code code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &more, err)) == MR_OK && more) {
        struct mr_merge_known *row = mr_vec_push(&w->rows);
        if (row == NULL)
            return mr_merge_nomem(err);
        *row = (struct mr_merge_known){.fact = of_table};
        code = mr_case_fields_read(&map, &w->arena, row, err);
    }
    return code;
}

/* The rows after that id; the statement is at its end then, and rows may be written. */
static enum mr_code read_page(struct walk *w, const struct mr_merge_facts_query *query,
                              int64_t after, struct mr_err *err)
{
    struct mr_case_arg args[MR_MERGE_FACTS_ARGS + 2] = {MR_ARG_INT("tbl", w->table->plan->at),
                                                        MR_ARG_INT("after", after)};
    struct mr_case_stmt *stmt = NULL;
    mr_vec_clear(&w->rows);
    mr_arena_reset(&w->arena);
    if (query->nargs > MR_MERGE_FACTS_ARGS)
        return mr_err_set(err, MR_E_BUG, "a query of facts has %zu parameters", query->nargs);
    for (size_t i = 0; i < query->nargs; i++)
        args[2 + i] = query->args[i];
    enum mr_code code =
        mr_case_prepare_with(w->m->cf, query->sql, args, 2 + query->nargs, &stmt, err);
    if (code == MR_OK)
        code = read_rows(w, stmt, err);
    mr_case_free(stmt);
    return code;
}

/* A page is read whole before the callback sees it: it may write to the tables of the query. */
enum mr_code mr_merge_facts_each(struct mr_merge *m, const struct mr_merge_table *table,
                                 struct mr_merge_facts_query query, mr_merge_known_fn *fn,
                                 void *ctx, struct mr_err *err)
{
    struct walk w = {
        .m = m, .table = table, .arena = MR_ARENA_INIT, .rows = MR_VEC_INIT(struct mr_merge_known)};
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        code = read_page(&w, &query, after, err);
        for (size_t i = 0; code == MR_OK && i < w.rows.count; i++) {
            struct mr_merge_known *row = mr_vec_at(&w.rows, i);
            after = row->id;
            code = fn(ctx, row, err);
        }
    } while (code == MR_OK && w.rows.count > 0);
    mr_vec_release(&w.rows);
    mr_arena_release(&w.arena);
    return code;
}
