/* decision_faults.c: see decision_faults.h. */
#include "repair/planning/decision_faults.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"

#define TEXT_BYTES 256 /* of a name or key, which may be anything */

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

static const char *keep(struct mr_decision_faults *faults, const char *text)
{
    char start[TEXT_BYTES];
    (void)snprintf(start, sizeof start, "%s", text);
    return mr_arena_strdup(&faults->arena, start);
}

/* err is emptied: the file is read on, and its next line may be right. */
enum mr_code mr_decision_faults_add(struct mr_decision_faults *faults, uint64_t line,
                                    const char *table, const char *key, struct mr_err *err)
{
    struct mr_decision_fault *fault = mr_vec_push(&faults->list);
    if (fault == NULL)
        return mr_err_nomem(err, "reading decisions");
    *fault = (struct mr_decision_fault){.line = line,
                                        .table = keep(faults, table),
                                        .key = keep(faults, key),
                                        .message = mr_arena_strdup(&faults->arena, err->message),
                                        .hint = mr_arena_strdup(&faults->arena, err->hint)};
    if (fault->table == NULL || fault->key == NULL || fault->message == NULL || fault->hint == NULL)
        return mr_err_nomem(err, "reading decisions");
    *err = (struct mr_err){0};
    return faults->list.count < MR_DECISION_FAULTS_MAX ? MR_OK
                                                       : mr_decision_faults_report(faults, err);
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
    (void)mr_err_set(err, MR_E_REFUSED, "%zu lines of decisions \"%s\" cannot be taken%s", n,
                     faults->path,
                     n < MR_DECISION_FAULTS_MAX ? "" : ", and it was read no further");
    mr_err_hint(err, "Nothing was planned. Correct the lines named above, or empty their "
                     "decision.");
    return MR_E_REFUSED;
}
