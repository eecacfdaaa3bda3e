/* decision_faults.c: see decision_faults.h. */
#include "repair/planning/decision_faults.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/base/log.h"

struct mr_decision_fault {
    uint64_t line;
    const char *table, *key, *message, *hint;
};

void mr_decision_faults_init(struct mr_decision_faults *faults, const char *path)
{
    *faults = (struct mr_decision_faults){
        .path = path, .arena = MR_ARENA_INIT, .list = MR_VEC_INIT(struct mr_decision_fault)};
}

void mr_decision_faults_release(struct mr_decision_faults *faults)
{
    mr_vec_release(&faults->list);
    mr_arena_release(&faults->arena);
}

/* err is emptied: the file is read on, and its next line may be right. */
enum mr_code mr_decision_faults_add(struct mr_decision_faults *faults, uint64_t line,
                                    const char *table, const char *key, struct mr_err *err)
{
    struct mr_decision_fault *fault = mr_vec_push(&faults->list);
    if (fault == NULL)
        return mr_err_nomem(err, "reading decisions");
    *fault = (struct mr_decision_fault){.line = line,
                                        .table = mr_arena_strdup(&faults->arena, table),
                                        .key = mr_arena_strdup(&faults->arena, key),
                                        .message = mr_arena_strdup(&faults->arena, err->message),
                                        .hint = mr_arena_strdup(&faults->arena, err->hint)};
    if (fault->table == NULL || fault->key == NULL || fault->message == NULL || fault->hint == NULL)
        return mr_err_nomem(err, "reading decisions");
    *err = (struct mr_err){0};
    return MR_OK;
}

static enum mr_code state(const struct mr_decision_faults *faults,
                          const struct mr_decision_fault *f, struct mr_err *err)
{
    bool table = f->table[0] != '\0', key = f->key[0] != '\0';
    (void)mr_err_set(err, MR_E_REFUSED, "%s", f->message);
    mr_err_hint(err, "%s", f->hint);
    mr_err_context(err, "decisions \"%s\", line %" PRIu64 "%s%s%s%s%.100s%s", faults->path, f->line,
                   table ? ", table \"" : "", f->table, table ? "\"" : "", key ? ", key \"" : "",
                   key ? f->key : "", key ? "\"" : "");
    return MR_E_REFUSED;
}

static int compare_lines(const void *a, const void *b)
{
    const struct mr_decision_fault *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Faults come as they are found, those of rows that nobody asked for last: people read files
 * by line. */
enum mr_code mr_decision_faults_report(struct mr_decision_faults *faults, struct mr_err *err)
{
    size_t n = faults->list.count;
    if (n == 0)
        return MR_OK;
    qsort(faults->list.items, n, sizeof(struct mr_decision_fault), compare_lines);
    if (n == 1)
        return state(faults, mr_vec_at(&faults->list, 0), err);
    for (size_t i = 0; i < n; i++) {
        struct mr_err one = {0};
        (void)state(faults, mr_vec_at(&faults->list, i), &one);
        mr_log_err(&one);
    }
    (void)mr_err_set(err, MR_E_REFUSED, "%zu lines of decisions \"%s\" cannot be taken", n,
                     faults->path);
    mr_err_hint(err, "Nothing was planned. Correct the lines named above, or empty their "
                     "decision.");
    return MR_E_REFUSED;
}
