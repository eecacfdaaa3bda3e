/* merge_facts.c: see merge_facts.h. */
#include "repair/merge/merge_facts.h"

#include <string.h>

#include "core/case/case_fields.h"
#include "repair/merge/merge_bounds.h"

#define KNOWN(member, type) MR_CASE_FIELD(struct mr_merge_known, member, type)
#define FACT(member)                                                                     \
    {                                                                                    \
#member, MR_CASE_FLAG, offsetof(struct mr_merge_known, fact.member)              \
    }

static const struct mr_case_field fields[] = {KNOWN(id, MR_CASE_INT),
                                              KNOWN(grp, MR_CASE_TEXT),
                                              KNOWN(image, MR_CASE_BYTES),
                                              FACT(above),
                                              FACT(fresh),
                                              FACT(there),
                                              FACT(same),
                                              FACT(taken),
                                              FACT(held),
                                              FACT(doubt),
                                              FACT(traced),
                                              FACT(rival),
                                              FACT(crosses),
                                              FACT(ambiguous),
                                              FACT(owned),
                                              FACT(unfit),
                                              FACT(disagrees),
                                              FACT(twin),
                                              FACT(attaches),
                                              FACT(differs_above),
                                              FACT(refers_to_lost),
                                              FACT(refers_to_new),
                                              FACT(key_refers_to_lost),
                                              FACT(restored),
                                              FACT(merged),
                                              FACT(gone)};

struct mr_merge_facts mr_merge_facts_of(struct mr_merge *m,
                                        const struct mr_merge_table *table)
{
    return (struct mr_merge_facts){.m = m,
                                   .table = table,
                                   .arena = MR_ARENA_INIT,
                                   .rows = MR_VEC_INIT(struct mr_merge_known)};
}

struct mr_fact mr_merge_facts_about(const struct mr_merge_table *table)
{
    const struct mr_merge_bound *b = &table->bound;
    return (struct mr_fact){.counted = mr_plan_has_counter(table->plan),
                            .keyless = table->plan->key.count == 0,
                            .believed = b->is_told && !b->is_early,
                            .split = b->base_origin != NULL &&
                                     strcmp(b->base_origin, MR_BOUND_AT) == 0,
                            .guarded = mr_plan_is_guarded(table->plan)};
}

static enum mr_code read_rows(struct mr_merge_facts *pages, struct mr_case_stmt *stmt,
                              struct mr_err *err)
{
    const struct mr_fact of_table = mr_merge_facts_about(pages->table);
    struct mr_case_fields map;
    bool more = false;
    enum mr_code code =
        mr_case_fields_open(&map, stmt, fields, sizeof fields / sizeof fields[0], err);
    while (code == MR_OK && (code = mr_case_step(stmt, &more, err)) == MR_OK && more) {
        struct mr_merge_known *row = mr_vec_push(&pages->rows);
        if (row == NULL)
            return mr_merge_nomem(err);
        *row = (struct mr_merge_known){.fact = of_table};
        code = mr_case_fields_read(&map, &pages->arena, row, err);
    }
    return code;
}

enum mr_code mr_merge_facts_next(struct mr_merge_facts *pages, const char *sql,
                                 int64_t *args, size_t nargs, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    mr_vec_clear(&pages->rows);
    mr_arena_reset(&pages->arena);
    enum mr_code code = mr_case_prepare(pages->m->cf, sql, &stmt, err);
    for (size_t i = 0; code == MR_OK && i < nargs; i++)
        mr_case_bind_int(stmt, (int)i + 1, args[i]);
    if (code == MR_OK)
        code = read_rows(pages, stmt, err);
    mr_case_free(stmt);
    if (code == MR_OK && pages->rows.count > 0) {
        const struct mr_merge_known *last =
            mr_vec_at(&pages->rows, pages->rows.count - 1);
        args[nargs - 1] = last->id;
    }
    return code;
}

void mr_merge_facts_release(struct mr_merge_facts *pages)
{
    mr_vec_release(&pages->rows);
    mr_arena_release(&pages->arena);
}
