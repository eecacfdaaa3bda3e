/* plan_set_times.c: see plan_set_times.h. */
#include "repair/planning/plan_set_times.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/pair/pair_columns.h"
#include "repair/decide/conflict.h"

enum { BATCH = 1000 };

/* The column of that name, where the server sets it; the count of columns where none is. */
static size_t find_set(const struct mr_plan_table *t, const char *name, size_t len)
{
    const size_t n = t->pair->find.ncolumns;
    for (size_t i = 0; i < n; i++) {
        const char *own = t->pair->find.columns[i].name;
        if (strlen(own) == len && memcmp(own, name, len) == 0)
            return mr_pair_column(t->pair, MR_TARGET, i)->on_update != NULL ? i : n;
    }
    return n;
}

/* Are all columns of a conflict, joined as merge_three.c does, set by the server?  marked: those are; NULL:
 * only looked at. */
static bool is_set(const struct mr_plan_table *t, const char *detail, bool *marked)
{
    for (const char *at = detail;; at += 2) {
        const char *end = strstr(at, "; ");
        const size_t len = end != NULL ? (size_t)(end - at) : strlen(at);
        const size_t column = find_set(t, at, len);
        if (column == t->pair->find.ncolumns)
            return false;
        if (marked != NULL)
            marked[column] = true;
        if (end == NULL)
            return true;
        at = end;
    }
}

static enum mr_code count(struct mr_plan_store *store, const struct mr_plan_table *t, bool *marked,
                          uint64_t *rows, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    const char *changed = mr_conflict_name(MR_CONFLICT_CHANGED);
    const char *differs = mr_conflict_name(MR_CONFLICT_DIFFERS);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        code = mr_plan_store_conflicts(store, t->at, after, BATCH, &arena, &list, err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++) {
            const struct mr_entity *e = mr_vec_at(&list, i);
            after = e->id;
            if (e->choice != NULL || e->detail == NULL ||
                (strcmp(e->kind, changed) != 0 && strcmp(e->kind, differs) != 0) ||
                !is_set(t, e->detail, NULL))
                continue;
            (void)is_set(t, e->detail, marked);
            ++*rows;
        }
    } while (code == MR_OK && list.count > 0);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_plan_set_times(struct mr_plan_store *store, const struct mr_plan_table *t,
                               struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    uint64_t rows = 0;
    bool *marked = mr_arena_calloc(&arena, t->pair->find.ncolumns + 1, sizeof *marked);
    enum mr_code code =
        marked != NULL ? count(store, t, marked, &rows, err) : mr_err_nomem(err, "planning");
    if (code == MR_OK && rows > 0) {
        mr_strbuf_add_fmt(out,
                          "%" PRIu64 " row%s asked about for nothing but what the server sets with "
                          "each UPDATE: merge =",
                          rows, rows == 1 ? " is" : "s are");
        for (size_t i = 0, said = 0; i < t->pair->find.ncolumns; i++)
            if (marked[i])
                mr_strbuf_add_fmt(out, "%s %s max", said++ > 0 ? "," : "",
                                  t->pair->find.columns[i].name);
        mr_strbuf_add_fmt(out, " in [table %s], beside its other rules, takes the later time",
                          mr_plan_table_name(t));
        code = mr_strbuf_check(out, "planning", err);
    }
    mr_arena_release(&arena);
    return code;
}
