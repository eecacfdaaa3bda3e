/* answers.c: see answers.h. */
#include "repair/page/answers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "repair/decide/conflict_words.h"

/* Of a step: what an answer had before. */
struct before {
    size_t at;
    const char *decision, *note;
    bool is_left;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "deciding");
}

void mr_answers_set(struct mr_answers *a, struct mr_answer *answer, const char *decision)
{
    a->decided -= answer->decision[0] != '\0';
    answer->is_left = strcasecmp(decision, MR_CHOICE_OPEN) == 0;
    answer->decision = answer->is_left ? "" : decision;
    a->decided += answer->decision[0] != '\0';
}

/* ---- reading ---- */

static const char *const *copy_fields(struct mr_answers *a, const struct mr_csv_field *fields,
                                      size_t count)
{
    const char **copy = mr_arena_calloc(&a->arena, count + 1, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++)
        if ((copy[i] = mr_arena_dup(&a->arena, fields[i].ptr, fields[i].len)) == NULL)
            return NULL;
    return copy;
}

static enum mr_code take_head(void *ctx, const struct mr_csv_field *names, size_t count,
                              struct mr_err *err)
{
    struct mr_answers *a = ctx;
    a->head = copy_fields(a, names, count);
    return a->head != NULL ? MR_OK : no_memory(err);
}

static enum mr_code take_row(void *ctx, const struct mr_decide_row *row, struct mr_err *err)
{
    struct mr_answers *a = ctx;
    struct mr_answer *answer = mr_vec_push(&a->list);
    if (answer == NULL)
        return no_memory(err);
    *answer = (struct mr_answer){.index = a->list.count - 1,
                                 .table = row->table,
                                 .kind = row->kind,
                                 .decision = "",
                                 .fields = copy_fields(a, row->fields, a->rows.width)};
    if (answer->fields == NULL)
        return no_memory(err);
    for (size_t n = 0; n < MR_IMAGES; n++)
        if (row->digests[n] != NULL &&
            (answer->digests[n] = mr_arena_strdup(&a->arena, row->digests[n])) == NULL)
            return no_memory(err);
    mr_answers_set(a, answer, mr_answers_field(a, answer, MR_ASKS_DECISION));
    answer->note = mr_answers_field(a, answer, MR_ASKS_NOTE);
    return MR_OK;
}

/* Tables of people before the others, in the plan's order. */
static int compare(const void *left, const void *right, void *ctx)
{
    const struct mr_answers *a = ctx;
    const struct mr_answer *x = left, *y = right;
    const unsigned rx = mr_conflict_rank(x->kind), ry = mr_conflict_rank(y->kind);
    const bool px = mr_answers_table(a, x)->subject, py = mr_answers_table(a, y)->subject;
    if (rx != ry)
        return rx < ry ? -1 : 1;
    if (px != py)
        return px ? -1 : 1;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

enum mr_code mr_answers_open(struct mr_plan_dir *plan, const struct mr_config *config, bool unmask,
                             struct mr_answers *a, struct mr_err *err)
{
    *a = (struct mr_answers){.rows = {.plan = plan,
                                      .config = config,
                                      .unmask = unmask,
                                      .head = take_head,
                                      .row = take_row},
                             .arena = MR_ARENA_INIT,
                             .list = MR_VEC_INIT(struct mr_answer),
                             .undo = MR_VEC_INIT(struct before),
                             .steps = MR_VEC_INIT(size_t)};
    a->rows.ctx = a;
    MR_TRY(mr_decide_rows_are(plan, err));
    MR_TRY(mr_decide_rows_digest(plan, a->digest, err));
    MR_TRY(mr_decide_rows_read(&a->rows, err));
    if (a->list.count > 0)
        qsort_r(a->list.items, a->list.count, sizeof(struct mr_answer), compare, a);
    return MR_OK;
}

void mr_answers_close(struct mr_answers *a)
{
    mr_vec_release(&a->list);
    mr_vec_release(&a->undo);
    mr_vec_release(&a->steps);
    mr_arena_release(&a->arena);
}

/* ---- looking ---- */

size_t mr_answers_count(const struct mr_answers *a)
{
    return a->list.count;
}

struct mr_answer *mr_answers_at(const struct mr_answers *a, size_t at)
{
    return mr_vec_at(&a->list, at);
}

const char *mr_answers_field(const struct mr_answers *a, const struct mr_answer *answer,
                             enum mr_decide_column column)
{
    return a->rows.at[column] > 0 ? answer->fields[a->rows.at[column] - 1] : "";
}

const struct mr_planned_table *mr_answers_table(const struct mr_answers *a,
                                                const struct mr_answer *answer)
{
    return &a->rows.plan->manifest.planned.tables[answer->table];
}

static size_t next_open(const struct mr_answers *a, size_t at, bool waits)
{
    for (size_t n = 0; n < a->list.count; n++) {
        const size_t i = (at + n) % a->list.count;
        const struct mr_answer *answer = mr_answers_at(a, i);
        if (answer->decision[0] == '\0' && (answer->kind == MR_CONFLICT_PARENT_ABSENT) == waits)
            return i;
    }
    return a->list.count;
}

size_t mr_answers_next_open(const struct mr_answers *a, size_t at)
{
    const size_t next = next_open(a, at, false);
    return next < a->list.count ? next : next_open(a, at, true);
}

static bool is_of_group(const struct mr_answers *a, size_t x, size_t y)
{
    const struct mr_answer *p = mr_answers_at(a, x), *q = mr_answers_at(a, y);
    return p->kind == q->kind && p->table == q->table;
}

void mr_answers_group(const struct mr_answers *a, size_t at, size_t *from, size_t *to)
{
    *from = at;
    *to = at + 1;
    while (*from > 0 && is_of_group(a, at, *from - 1))
        --*from;
    while (*to < a->list.count && is_of_group(a, at, *to))
        ++*to;
}

/* A value that somebody has to write stands last, and may hold anything: only words of which the kinds
 * have a choice end at `;`. */
static size_t word_length(enum mr_conflict kind, const char *at)
{
    static const char newest[] = "newest:";
    const size_t len = strcspn(at, ";");
    char word[32];
    if (len >= sizeof word)
        return strlen(at);
    memcpy(word, at, len);
    word[len] = '\0';
    if (strncmp(word, newest, sizeof newest - 1) == 0 ||
        (strchr(word, '=') == NULL && word[0] != '{' && mr_choice_says(kind, word)[0] != '\0'))
        return len;
    return strlen(at);
}

bool mr_answers_choice(const struct mr_answers *a, const struct mr_answer *answer, size_t n,
                       struct mr_strbuf *word)
{
    const char *at = mr_answers_field(a, answer, MR_ASKS_CHOICES);
    for (;; n--) {
        const size_t len = word_length(answer->kind, at);
        if (len == 0)
            return false;
        if (n == 0) {
            mr_strbuf_reset(word);
            mr_strbuf_add(word, at, len);
            return true;
        }
        at += len + (at[len] == ';');
    }
}

/* ---- deciding ---- */

static enum mr_code put(struct mr_answers *a, size_t at, const char *decision, const char *note,
                        struct mr_err *err)
{
    struct mr_answer *answer = mr_answers_at(a, at);
    struct before *before = mr_vec_push(&a->undo);
    if (before == NULL)
        return no_memory(err);
    *before = (struct before){at, answer->decision, answer->note, answer->is_left};
    mr_answers_set(a, answer, decision);
    answer->note = note != NULL ? note : answer->note;
    return MR_OK;
}

static enum mr_code end_step(struct mr_answers *a, size_t from, struct mr_err *err)
{
    size_t *step = a->undo.count > from ? mr_vec_push(&a->steps) : NULL;
    if (a->undo.count == from)
        return MR_OK;
    if (step == NULL)
        return no_memory(err);
    *step = a->undo.count - from;
    return MR_OK;
}

enum mr_code mr_answers_decide(struct mr_answers *a, size_t at, const char *decision,
                               const char *note, struct mr_err *err)
{
    const size_t from = a->undo.count;
    const char *kept = mr_arena_strdup(&a->arena, decision);
    const char *said = note != NULL ? mr_arena_strdup(&a->arena, note) : NULL;
    if (kept == NULL || (note != NULL && said == NULL))
        return no_memory(err);
    MR_TRY(put(a, at, kept, said, err));
    return end_step(a, from, err);
}

static bool has_choice(const struct mr_answers *a, const struct mr_answer *answer,
                       const char *choice, struct mr_strbuf *word)
{
    for (size_t n = 0; mr_answers_choice(a, answer, n, word); n++)
        if (strcmp(word->ptr, choice) == 0)
            return true;
    return false;
}

enum mr_code mr_answers_decide_group(struct mr_answers *a, size_t at, const char *choice,
                                     const char *decision, size_t *changed, struct mr_err *err)
{
    const size_t before = a->undo.count;
    const char *kept = mr_arena_strdup(&a->arena, decision);
    struct mr_strbuf word = MR_STRBUF_INIT;
    size_t from = 0, to = 0;
    enum mr_code code = kept != NULL ? MR_OK : no_memory(err);
    mr_answers_group(a, at, &from, &to);
    for (size_t i = from; code == MR_OK && i < to; i++) {
        const struct mr_answer *answer = mr_answers_at(a, i);
        if (answer->decision[0] == '\0' && has_choice(a, answer, choice, &word))
            code = put(a, i, kept, NULL, err);
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&word, "deciding", err);
    mr_strbuf_release(&word);
    *changed = a->undo.count - before;
    return code == MR_OK ? end_step(a, before, err) : code;
}

size_t mr_answers_undo(struct mr_answers *a)
{
    size_t first = a->list.count;
    if (a->steps.count == 0)
        return first;
    size_t n = *(size_t *)mr_vec_at(&a->steps, a->steps.count - 1);
    a->steps.count--;
    for (; n > 0; n--) {
        const struct before *before = mr_vec_at(&a->undo, a->undo.count - 1);
        struct mr_answer *answer = mr_answers_at(a, before->at);
        mr_answers_set(a, answer, before->is_left ? MR_CHOICE_OPEN : before->decision);
        answer->note = before->note;
        first = before->at;
        a->undo.count--;
    }
    return first;
}
