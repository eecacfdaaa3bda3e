/* apply_sums.c: see apply_sums.h. */
#include "repair/apply/apply_sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "repair/apply/sum_log.h"
#include "repair/script/script_internal.h"

/* A column of a row of the unit at hand. */
struct sum {
    uint64_t line;
    const char *name;                     /* table, key and column, each with its length in front */
    const char *now;                      /* its value; NULL: NULL, which is none of ours */
    const char *was, *becomes;            /* of the batch that names it last */
    const struct mr_journal_batch *batch; /* NULL: none does */
};

struct summing {
    struct mr_attempt *a;
    struct mr_arena arena;
    struct mr_vec sums; /* struct sum */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "adding to rows");
}

static const char *keep(struct summing *s, const char *ptr, size_t len)
{
    char *copy = mr_arena_calloc(&s->arena, len + 1, 1);
    return copy != NULL ? memcpy(copy, ptr, len) : NULL;
}

static void add_text(struct mr_strbuf *out, const char *text)
{
    mr_strbuf_add_fmt(out, "%zu:%s", strlen(text), text);
}

/* ---- what the unit adds to ---- */

static enum mr_code take(struct summing *s, const struct mr_cell *cells, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct sum *sum = mr_vec_push(&s->sums);
    if (sum == NULL)
        return nomem(err);
    for (int i = 1; i <= 3; i++)
        add_text(&name, cells[i].ptr != NULL ? cells[i].ptr : "");
    *sum = (struct sum){.line = strtoull(cells[0].ptr, NULL, 10),
                        .name = name.failed ? NULL : mr_arena_strdup(&s->arena, name.ptr)};
    if (cells[4].ptr != NULL)
        sum->now = mr_arena_strdup(&s->arena, cells[4].ptr);
    mr_strbuf_release(&name);
    return sum->name == NULL || (cells[4].ptr != NULL && sum->now == NULL) ? nomem(err) : MR_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sum *)a)->name, ((const struct sum *)b)->name);
}

static enum mr_code read_sums(struct summing *s, struct mr_err *err)
{
    static const char sql[] = "SELECT line, tbl, id, col, was FROM myrecon_added";
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(s->a->run->target->db, "nnnnn", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        code = take(s, cells, err);
    mr_result_free(res);
    if (code == MR_OK && s->sums.count > 1)
        qsort(s->sums.items, s->sums.count, sizeof(struct sum), compare);
    return code;
}

/* ---- what the journal says of them ---- */

static struct sum *find(const struct summing *s, const char *name)
{
    const struct sum wanted = {.name = name};
    return s->sums.count > 0
               ? bsearch(&wanted, s->sums.items, s->sums.count, sizeof wanted, compare)
               : NULL;
}

/* Is the plan's change there behind a batch that is done?  In front of it, it is the other way round: a row
 * that stood as the batch would leave it was not announced.  That holds whatever became of batches before. */
static bool puts_in_place(const struct mr_journal_batch *b)
{
    return b->script == MR_JOURNAL_APPLY;
}

static enum mr_code name_batch(struct summing *s, const struct mr_journal_batch *b,
                               struct mr_err *err)
{
    const char *at = b->rows;
    struct mr_journal_text text[5];
    for (;;) {
        const char *from = at;
        size_t n = 0, named = 0;
        for (; n < 5 && mr_journal_next_text(&at, &text[n]); n++)
            named = n == 2 ? (size_t)(at - from) : named;
        if (n < 5)
            return MR_OK;
        const char *name = keep(s, from, named);
        struct sum *sum = name != NULL ? find(s, name) : NULL;
        if (name == NULL)
            return nomem(err);
        if (sum == NULL)
            continue;
        sum->batch = b;
        sum->was = keep(s, text[3].ptr, text[3].len);
        sum->becomes = keep(s, text[4].ptr, text[4].len);
        if (sum->was == NULL || sum->becomes == NULL)
            return nomem(err);
    }
}

static enum mr_code read_journal(struct summing *s, struct mr_err *err)
{
    const struct mr_journal_sums *known = mr_journal_sums(s->a->run->journal);
    for (size_t i = 0; i < known->batches.count; i++) {
        const struct mr_journal_batch *b = mr_vec_at(&known->batches, i);
        if (b->status != MR_BATCH_GONE)
            MR_TRY(name_batch(s, b, err));
    }
    return MR_OK;
}

/* ---- what became of a batch ---- */

/* A server that was restarted may have lost what it had committed; --recheck asks, too. */
static bool is_doubted(const struct mr_attempt *a, const struct mr_journal_batch *b)
{
    return b->status == MR_BATCH_OPEN || a->looks_again || a->run->recheck;
}

static enum mr_code settle(struct mr_attempt *a, const struct mr_journal_batch *b, bool happened,
                           struct mr_err *err)
{
    const struct mr_journal_unit unit = {
        .script = b->script, .number = b->unit, .marker = b->marker, .happened = happened};
    if (a->dry || a->run->rehearse || a->last > 0)
        return MR_OK;
    return mr_journal_write_unit(a->run->journal, MR_JOURNAL_SETTLED, &unit, NULL, err);
}

/* A log that cannot be read is no error: the rows are asked then. */
static enum mr_code ask_log(struct mr_attempt *a, const struct mr_journal_batch *b,
                            enum mr_sum_found *found, struct mr_err *err)
{
    struct mr_err why = {0};
    *found = MR_SUM_UNREAD;
    if (b->log == NULL)
        return MR_OK;
    const enum mr_code code = mr_sum_log_find(a->run, b->log, b->position, b->marker, found, &why);
    if (code == MR_E_CANCELLED || code == MR_E_NOMEM) {
        *err = why;
        return code;
    }
    if (code == MR_OK)
        return settle(a, b, *found == MR_SUM_FOUND, err);
    *found = MR_SUM_UNREAD;
    mr_log_warning("unit %" PRIu64 ": whether an earlier try was committed is told by the rows "
                   "alone, since the log \"%s\" cannot be read: %s",
                   a->unit->number, b->log, why.message);
    return MR_OK;
}

struct verdict {
    const struct mr_journal_batch *batch;
    enum mr_sum_found found;
};

/* Of one batch the log is asked once a try, and what it says is the journal's from then on. */
static enum mr_code judge_batch(struct summing *s, struct mr_vec *verdicts,
                                const struct mr_journal_batch *b, enum mr_sum_found *found,
                                struct mr_err *err)
{
    for (size_t i = 0; i < verdicts->count; i++) {
        const struct verdict *v = mr_vec_at(verdicts, i);
        if (v->batch == b) {
            *found = v->found;
            return MR_OK;
        }
    }
    *found = MR_SUM_FOUND;
    if (is_doubted(s->a, b))
        MR_TRY(ask_log(s->a, b, found, err));
    struct verdict *v = mr_vec_push(verdicts);
    if (v == NULL)
        return nomem(err);
    *v = (struct verdict){b, *found};
    return MR_OK;
}

static bool is_now(const struct sum *sum, const char *value)
{
    return sum->now != NULL && strcmp(sum->now, value) == 0;
}

/* The log has the last word, but for a row that stands as it would if it had happened: a server may have
 * lost the end of its log, and not the row. */
static enum mr_sum_found by_row(const struct sum *sum, enum mr_sum_found by_log)
{
    if (by_log == MR_SUM_FOUND)
        return MR_SUM_FOUND;
    if (is_now(sum, sum->becomes))
        return by_log == MR_SUM_UNREAD ? MR_SUM_FOUND : MR_SUM_UNREAD;
    if (by_log == MR_SUM_NOT_FOUND)
        return MR_SUM_NOT_FOUND;
    return is_now(sum, sum->was) ? MR_SUM_NOT_FOUND : MR_SUM_UNREAD;
}

/* ---- telling the script ---- */

/* Of a row that no journal names: apply.sql by a client may have been there. Undo takes back what it wrote
 * where it still stands. */
static enum mr_script_sum of_none(const struct mr_attempt *a)
{
    return a->run->which == MR_JOURNAL_APPLY ? MR_SCRIPT_SUM_FIRST : 0;
}

static enum mr_code state_of(struct summing *s, struct mr_vec *verdicts, const struct sum *sum,
                             enum mr_script_sum *state, struct mr_err *err)
{
    const bool apply = s->a->run->which == MR_JOURNAL_APPLY;
    enum mr_sum_found found = MR_SUM_FOUND;
    *state = of_none(s->a);
    if (sum->batch == NULL)
        return MR_OK;
    MR_TRY(judge_batch(s, verdicts, sum->batch, &found, err));
    found = by_row(sum, found);
    if (found == MR_SUM_UNREAD) {
        *state = MR_SCRIPT_SUM_UNKNOWN;
        return MR_OK;
    }
    const bool in_place = puts_in_place(sum->batch) == (found == MR_SUM_FOUND);
    *state = in_place == apply ? MR_SCRIPT_SUM_DONE : MR_SCRIPT_SUM_FREE;
    return MR_OK;
}

static int by_line(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

/* All columns of a row are added to at once: what is not known of one is known of none. */
static enum mr_code tell(struct summing *s, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_vec verdicts = MR_VEC_INIT(struct verdict);
    struct sum *sums = s->sums.items;
    enum mr_code code = MR_OK;
    if (s->sums.count > 1)
        qsort(sums, s->sums.count, sizeof *sums, by_line);
    for (size_t i = 0, end; i < s->sums.count; i = end) {
        enum mr_script_sum state = 0, other = 0;
        MR_TRY_OUT(state_of(s, &verdicts, &sums[i], &state, err));
        for (end = i + 1; end < s->sums.count && sums[end].line == sums[i].line; end++) {
            MR_TRY_OUT(state_of(s, &verdicts, &sums[end], &other, err));
            state = other != state ? MR_SCRIPT_SUM_UNKNOWN : state;
        }
        if (state != 0)
            mr_strbuf_add_fmt(&sql, "%s(%" PRIu64 ", %d)",
                              sql.len > 0 ? ", " : "INSERT INTO myrecon_sums (line, state) VALUES ",
                              sums[i].line, (int)state);
    }
    MR_TRY_OUT(mr_strbuf_check(&sql, "adding to rows", err));
    if (sql.len > 0)
        code = mr_db_exec(s->a->run->target->db, sql.ptr, sql.len, err);
out:
    mr_vec_release(&verdicts);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_attempt_tell_sums(struct mr_attempt *a, struct mr_err *err)
{
    struct summing s = {.a = a, .arena = MR_ARENA_INIT, .sums = MR_VEC_INIT(struct sum)};
    enum mr_code code = MR_OK;
    if (!a->tables.has_sums || a->run->journal == NULL)
        return MR_OK;
    MR_TRY_OUT(read_sums(&s, err));
    MR_TRY_OUT(read_journal(&s, err));
    MR_TRY_OUT(tell(&s, err));
out:
    mr_vec_release(&s.sums);
    mr_arena_release(&s.arena);
    return code;
}

/* ---- announcing ---- */

static enum mr_code list_rows(struct mr_attempt *a, struct mr_strbuf *rows, struct mr_err *err)
{
    static const char sql[] = "SELECT tbl, id, col, was, becomes FROM myrecon_added"
                              " WHERE tree NOT IN (SELECT tree FROM myrecon_skip)"
                              " AND line NOT IN (SELECT line FROM myrecon_there) ORDER BY no";
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    enum mr_code code = mr_db_query(a->run->target->db, "nnnnn", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        for (int i = 0; i < 5; i++)
            add_text(rows, cells[i].ptr != NULL ? cells[i].ptr : "");
    mr_result_free(res);
    return code == MR_OK ? mr_strbuf_check(rows, "adding to rows", err) : code;
}

/* Invariant: the line is on disk before COMMIT is sent, and the savepoint is part of the transaction that
 * it names. */
enum mr_code mr_attempt_announce_sums(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_journal_unit unit = {.script = a->run->which, .number = a->unit->number};
    struct mr_strbuf rows = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    struct mr_sum_place place = {0};
    enum mr_code code = MR_OK;
    a->marker[0] = '\0';
    if (!a->tables.has_sums || a->run->journal == NULL || a->run->rehearse || a->dry || a->last > 0)
        return MR_OK;
    MR_TRY_OUT(list_rows(a, &rows, err));
    if (rows.len == 0)
        goto out;
    (void)snprintf(a->marker, sizeof a->marker, "myrecon_%.30s_%d_%" PRIu64 "_%u", a->run->run_tag,
                   (int)a->run->which, a->unit->number, ++a->markers);
    MR_TRY_OUT(mr_sum_log_place(a->run, &place, err));
    mr_strbuf_add_fmt(&sql, "SAVEPOINT `%s`", a->marker);
    MR_TRY_OUT(mr_attempt_exec(a, sql.ptr, err));
    unit.marker = a->marker;
    unit.sums = rows.ptr;
    unit.log = place.log[0] != '\0' ? place.log : NULL;
    unit.position = place.position;
    code = mr_journal_write_unit(a->run->journal, MR_JOURNAL_SUMS, &unit, NULL, err);
out:
    mr_strbuf_release(&rows);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_attempt_forget_sums(struct mr_attempt *a, struct mr_err *err)
{
    const struct mr_journal_unit unit = {
        .script = a->run->which, .number = a->unit->number, .marker = a->marker};
    if (a->marker[0] == '\0')
        return MR_OK;
    MR_TRY(mr_journal_write_unit(a->run->journal, MR_JOURNAL_SETTLED, &unit, NULL, err));
    a->marker[0] = '\0';
    return MR_OK;
}
