/* case_merge_seen.c: tables that came, went, were altered or changed names between the parts of a pair. */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_merge_internal.h"
#include "core/schema/table_numbers.h"
#include "core/source/sides.h"

/* ---- between base and the part under way ---- */

/* A table that no scope has stands for itself, once. */
static enum mr_code add_stranger(struct mr_case_merging *m, const char *name, const char *reason,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < m->strangers.count; i++)
        if (strcmp(((struct mr_case_merged_table *)mr_vec_at(&m->strangers, i))->name, name) == 0)
            return MR_OK;
    struct mr_case_merged_table *t = mr_vec_push(&m->strangers);
    if (t == NULL)
        return mr_case_merge_nomem(err);
    *t = (struct mr_case_merged_table){.name = name, .reason = reason};
    t->find.name = t->find.target_name = name;
    t->find.time_at = -1;
    return MR_OK;
}

static enum mr_code tell(struct mr_case_merging *m, int side, const char *name, bool altered,
                         struct mr_err *err)
{
    const struct mr_case_merge_part *base = &m->of->parts[m->base];
    struct mr_case_merged_table *t = mr_case_merge_table_of(m, name);
    const char *reason = mr_case_merge_say(
        m, "it %s on the %s between the ends of %s%s and %s",
        altered ? "was altered" : "came or went", mr_side_name((enum mr_side)side), base->name,
        base->has_objects ? ", which has compared the objects," : "", m->of->parts[m->at].name);
    if (reason == NULL)
        return mr_case_merge_nomem(err);
    return t != NULL ? mr_case_merge_give_up(t, reason, err) : add_stranger(m, name, reason, err);
}

/* What is told of is told once, however many parts saw it: `more` is to be known as told of, too. */
static enum mr_code compare_lists(struct mr_case_merging *m, int side, const struct mr_vec *now,
                                  struct mr_vec *more, struct mr_err *err)
{
    const struct mr_vec *was = &m->seen[side].tables;
    for (size_t i = 0, k = 0; i < was->count || k < now->count;) {
        struct mr_seen_table *a = i < was->count ? mr_vec_at(was, i) : NULL, *added;
        const struct mr_seen_table *b = k < now->count ? mr_vec_at(now, k) : NULL;
        const int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a->name, b->name);
        i += order <= 0;
        k += order >= 0;
        if (order > 0) {
            const char *name = mr_arena_strdup(&m->arena, b->name);
            if (name == NULL || (added = mr_vec_push(more)) == NULL)
                return mr_case_merge_nomem(err);
            *added = (struct mr_seen_table){.name = name};
            MR_TRY(tell(m, side, name, false, err));
        } else if (a->columns != NULL && (order < 0 || strcmp(a->columns, b->columns) != 0)) {
            MR_TRY(tell(m, side, a->name, order == 0, err));
            a->columns = NULL;
        }
    }
    return MR_OK;
}

/* now: those of the part under way. */
static enum mr_code compare_tables(struct mr_case_merging *m, struct mr_findings *base, int side,
                                   const struct mr_vec *now, struct mr_err *err)
{
    struct mr_case_merging_seen *seen = &m->seen[side];
    struct mr_vec more = MR_VEC_INIT(struct mr_seen_table);
    enum mr_code code = MR_OK;
    if (!seen->is_read)
        MR_TRY_OUT(mr_seen_tables(base, side, &m->arena, &seen->tables, err));
    seen->is_read = true;
    MR_TRY_OUT(compare_lists(m, side, now, &more, err));
    for (size_t i = 0; i < more.count; i++) {
        struct mr_seen_table *t = mr_vec_push(&seen->tables);
        if (t == NULL)
            MR_TRY_OUT(mr_case_merge_nomem(err));
        *t = *(const struct mr_seen_table *)mr_vec_at(&more, i);
    }
    if (more.count > 0)
        qsort(seen->tables.items, seen->tables.count, sizeof(struct mr_seen_table),
              mr_seen_tables_by_name);
out:
    mr_vec_release(&more);
    return code;
}

static enum mr_code compare_side(struct mr_case_merging *m, struct mr_findings *base, int side,
                                 struct mr_err *err)
{
    struct mr_case_merging_seen *seen = &m->seen[side];
    struct mr_vec now = MR_VEC_INIT(struct mr_seen_table);
    struct mr_arena arena = MR_ARENA_INIT; /* of one part */
    const char *digest = NULL;
    enum mr_code code = MR_OK;
    if (!seen->is_asked)
        MR_TRY_OUT(mr_seen_tables_digest(base, side, &m->arena, &seen->digest, err));
    seen->is_asked = true;
    MR_TRY_OUT(mr_seen_tables_digest(m->part, side, &arena, &digest, err));
    if (seen->digest == NULL || digest == NULL || strcmp(seen->digest, digest) == 0)
        goto out;
    MR_TRY_OUT(mr_seen_tables(m->part, side, &arena, &now, err));
    MR_TRY_OUT(compare_tables(m, base, side, &now, err));
out:
    mr_vec_release(&now);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_case_merge_seen(struct mr_case_merging *m, struct mr_findings *base,
                                struct mr_err *err)
{
    for (int side = 0; base != NULL && m->at != m->base && side < 2; side++)
        MR_TRY(compare_side(m, base, side, err));
    return MR_OK;
}

/* ---- all parts ---- */

static enum mr_code tell_swapped(struct mr_case_merging *m, size_t a, size_t b, int side,
                                 struct mr_err *err)
{
    const struct mr_case_merged_table *other = mr_vec_at(&m->tables, b);
    return mr_case_merge_give_up(
        mr_vec_at(&m->tables, a),
        mr_case_merge_say(m,
                          "\"%s\" was the same table of the %s when its part read it: "
                          "one has taken the other's name",
                          other->name, mr_side_name((enum mr_side)side)),
        err);
}

/* Two names that have had one number were read as one table, and another was not read at all. */
static enum mr_code compare_numbers(struct mr_case_merging *m, int side, struct mr_err *err)
{
    struct mr_table_numbers numbers = MR_TABLE_NUMBERS_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < m->tables.count; i++) {
        const struct mr_case_merged_table *t = mr_vec_at(&m->tables, i);
        if (t->is_made)
            MR_TRY_OUT(mr_table_numbers_add(&numbers, t->made[side].numbers, i, err));
    }
    for (size_t at = 0, a, b; mr_table_numbers_shared(&numbers, &at, &a, &b);) {
        MR_TRY_OUT(tell_swapped(m, a, b, side, err));
        MR_TRY_OUT(tell_swapped(m, b, a, side, err));
    }
out:
    mr_table_numbers_release(&numbers);
    return code;
}

enum mr_code mr_case_merge_seen_end(struct mr_case_merging *m, struct mr_err *err)
{
    for (int side = 0; side < 2; side++)
        MR_TRY(compare_numbers(m, side, err));
    return mr_case_merge_add_tables(m, &m->strangers, err);
}
