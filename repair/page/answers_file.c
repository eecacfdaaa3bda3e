/* answers_file.c: the decisions file of answers: written, and read again; see answers.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/utf8.h"
#include "core/file/outfile.h"
#include "core/file/sheet_cell.h"
#include "repair/page/answers.h"
#include "repair/plan/asked.h"
#include "repair/plan/plan_text.h"

/* ---- writing ---- */

struct writing {
    const struct mr_answers *answers;
    bool sheet, has_notes; /* a column of their own at the end */
    struct mr_strbuf line, cell;
};

static void add_cell(struct writing *w, const char *text, bool is_name)
{
    const size_t len = strlen(text);
    if (!w->sheet || (!is_name && !mr_sheet_cell_is_unsafe(text, len))) {
        mr_plan_text_field(&w->line, text, len);
        return;
    }
    mr_strbuf_reset(&w->cell);
    mr_strbuf_add_char(&w->cell, MR_SHEET_MARK);
    mr_strbuf_add(&w->cell, text, len);
    w->line.failed |= w->cell.failed;
    if (!w->cell.failed)
        mr_plan_text_field(&w->line, w->cell.ptr, w->cell.len);
}

/* What stands in the file in that place. */
static const char *saved(const struct mr_answers *a, const struct mr_answer *answer, size_t at)
{
    if (a->rows.at[MR_ASKS_DECISION] == at + 1)
        return answer->is_left ? MR_CHOICE_OPEN : answer->decision;
    if (a->rows.at[MR_ASKS_NOTE] == at + 1)
        return answer->note;
    for (size_t n = 0; n < MR_IMAGES; n++)
        if (a->rows.at[n] == at + 1 && answer->digests[n] != NULL)
            return answer->digests[n];
    return answer->fields[at];
}

static int compare_index(const void *left, const void *right)
{
    const struct mr_answer *const *x = left, *const *y = right;
    return (*x)->index < (*y)->index ? -1 : (*x)->index > (*y)->index;
}

/* In the order of conflicts.csv. */
static const struct mr_answer **in_order(const struct mr_answers *a)
{
    const struct mr_answer **list = calloc(a->list.count + 1, sizeof *list);
    for (size_t i = 0; list != NULL && i < a->list.count; i++)
        list[i] = mr_answers_at(a, i);
    if (list != NULL)
        qsort(list, a->list.count, sizeof *list, compare_index);
    return list;
}

static bool has_notes(const struct mr_answers *a)
{
    for (size_t i = 0; i < a->list.count; i++)
        if (mr_answers_at(a, i)->note[0] != '\0')
            return a->rows.at[MR_ASKS_NOTE] == 0;
    return false;
}

static enum mr_code write_mark(struct writing *w, struct mr_sink sink, struct mr_err *err)
{
    const struct mr_answers *a = w->answers;
    add_cell(w, MR_ASKED_MARK, false);
    add_cell(w, a->rows.plan->manifest.uuid, false);
    add_cell(w, a->digest, false);
    for (size_t i = 3; i < a->rows.width + w->has_notes; i++)
        add_cell(w, "", false);
    return mr_plan_text_end(&w->line, sink, err);
}

static enum mr_code write_all(struct writing *w, const struct mr_answer **list, struct mr_sink sink,
                              struct mr_err *err)
{
    const struct mr_answers *a = w->answers;
    for (size_t i = 0; i < a->rows.width; i++)
        add_cell(w, a->head[i], true);
    if (w->has_notes)
        add_cell(w, MR_ASKED_NOTE, true);
    MR_TRY(mr_plan_text_end(&w->line, sink, err));
    for (size_t n = 0; n < a->list.count; n++) {
        for (size_t i = 0; i < a->rows.width; i++)
            add_cell(w, saved(a, list[n], i), false);
        if (w->has_notes)
            add_cell(w, list[n]->note, false);
        MR_TRY(mr_plan_text_end(&w->line, sink, err));
    }
    return write_mark(w, sink, err);
}

enum mr_code mr_answers_save(const struct mr_answers *a, const char *path, bool force, bool sheet,
                             struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = path, .force = force};
    struct writing w = {.answers = a,
                        .sheet = sheet,
                        .has_notes = has_notes(a),
                        .line = MR_STRBUF_INIT,
                        .cell = MR_STRBUF_INIT};
    struct mr_outfile *out = NULL;
    const struct mr_answer **list = in_order(a);
    enum mr_code code = list != NULL ? MR_OK : mr_err_nomem(err, "saving decisions");
    MR_TRY_OUT(code);
    MR_TRY_OUT(mr_outfile_begin(&opts, &out, err));
    MR_TRY_OUT(write_all(&w, list, mr_outfile_sink(out), err));
    MR_TRY_OUT(mr_outfile_commit(out, err));
out:
    mr_outfile_free(out);
    free(list);
    mr_strbuf_release(&w.line);
    mr_strbuf_release(&w.cell);
    return code;
}

/* ---- writing it again and again ---- */

static bool is_known(const struct mr_answers *a, const struct stat *now)
{
    const struct stat *was = &a->file;
    return a->knows_file && now->st_dev == was->st_dev && now->st_ino == was->st_ino &&
           now->st_size == was->st_size && now->st_mtim.tv_sec == was->st_mtim.tv_sec &&
           now->st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

#define BESIDE_TRIES 100

/* Under a name that nobody has. */
static enum mr_code save_beside(struct mr_answers *a, const char *path, struct mr_err *err)
{
    const char *beside = NULL;
    enum mr_code code = MR_E_EXISTS;
    for (int n = 1; code == MR_E_EXISTS && n <= BESIDE_TRIES; n++) {
        beside = mr_arena_fmt(&a->arena, "%s.%d", path, n);
        if (beside == NULL)
            return mr_err_nomem(err, "saving decisions");
        code = mr_answers_save(a, beside, false, false, err);
    }
    if (code != MR_OK)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "decisions \"%s\" were written by somebody else meanwhile; what was decided "
                     "here is saved in \"%s\"",
                     path, beside);
    mr_err_hint(err, "Join the two: repair decide --join.");
    return MR_E_REFUSED;
}

/* A lock of the plan keeps out whoever decides on a terminal, but no editor, and no run on a plan that was
 * made in its place. */
enum mr_code mr_answers_keep(struct mr_answers *a, const char *path, struct mr_err *err)
{
    struct stat now;
    const bool is_there = stat(path, &now) == 0;
    if (is_there && !is_known(a, &now))
        return save_beside(a, path, err);
    MR_TRY(mr_answers_save(a, path, is_there, false, err));
    a->knows_file = stat(path, &a->file) == 0;
    return MR_OK;
}

/* ---- reading it again ---- */

struct reading {
    struct mr_answers *answers;
    const char *path;
    const struct mr_answer **list; /* in the order of conflicts.csv */
    size_t next;                   /* of them */
    size_t width, decision, note;  /* SIZE_MAX: there is none */
    bool has_mark;
};

static enum mr_code refuse(const struct reading *r, const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "decisions \"%s\": %s", r->path, why);
    mr_err_hint(err, "Move the file away to begin anew, or name another one with --decisions.");
    return MR_E_REFUSED;
}

static bool is(struct mr_csv_field f, const char *text)
{
    return f.len == strlen(text) && memcmp(f.ptr, text, f.len) == 0;
}

/* The columns of conflicts.csv in their order, and perhaps one of notes. */
static enum mr_code take_head(struct reading *r, const struct mr_csv_field *fields, size_t count,
                              struct mr_err *err)
{
    const struct mr_answers *a = r->answers;
    if (count < a->rows.width || count > a->rows.width + 1)
        return refuse(r, "it has not the columns of the plan's conflicts.csv", err);
    for (size_t i = 0; i < count; i++)
        if (!is(fields[i], i < a->rows.width ? a->head[i] : MR_ASKED_NOTE))
            return refuse(r, "it has not the columns of the plan's conflicts.csv", err);
    r->width = count;
    r->decision = a->rows.at[MR_ASKS_DECISION] - 1;
    r->note = count > a->rows.width          ? count - 1
              : a->rows.at[MR_ASKS_NOTE] > 0 ? a->rows.at[MR_ASKS_NOTE] - 1
                                             : SIZE_MAX;
    return MR_OK;
}

static enum mr_code take_mark(struct reading *r, const struct mr_csv_field *fields, size_t count,
                              struct mr_err *err)
{
    const struct mr_answers *a = r->answers;
    r->has_mark = true;
    if (count < 3 || !is(fields[1], a->rows.plan->manifest.uuid) || !is(fields[2], a->digest))
        return refuse(r, "it answers another plan", err);
    return MR_OK;
}

static bool is_record(const struct reading *r, const struct mr_csv_field *fields,
                      const struct mr_answer *answer)
{
    for (size_t i = 0; i < r->answers->rows.width; i++)
        if (i != r->decision && i != r->note && !is(fields[i], saved(r->answers, answer, i)))
            return false;
    return true;
}

static enum mr_code take_answer(struct reading *r, const struct mr_csv_field *fields,
                                struct mr_answer *answer, struct mr_err *err)
{
    const struct mr_csv_field note = {"", 0};
    struct mr_answers *a = r->answers;
    const struct mr_csv_field decision = mr_csv_trimmed(fields[r->decision]),
                              said = r->note != SIZE_MAX ? fields[r->note] : note;
    const char *decided = mr_arena_dup(&a->arena, decision.ptr, decision.len);
    const bool had = mr_answers_field(a, answer, MR_ASKS_DECISION)[0] != '\0';
    answer->note = mr_arena_dup(&a->arena, said.ptr, said.len);
    if (decided == NULL || answer->note == NULL)
        return mr_err_nomem(err, "reading decisions");
    /* whoever has emptied what the plan had decided wants to be asked */
    mr_answers_set(a, answer, had && decided[0] == '\0' ? MR_CHOICE_OPEN : decided);
    return MR_OK;
}

/* Lines may have been taken out; what is there stands in the order of conflicts.csv, as it does in
 * whatever saves such a file. */
static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct reading *r = ctx;
    if (r->width == 0)
        return take_head(r, fields, count, err);
    if (mr_asked_is_mark(fields[0]))
        return take_mark(r, fields, count, err);
    if (mr_asked_is_blank(fields, count))
        return MR_OK;
    while (count == r->width && r->next < r->answers->list.count) {
        const struct mr_answer *answer = r->list[r->next++];
        if (is_record(r, fields, answer))
            return take_answer(r, fields, (struct mr_answer *)(uintptr_t)answer, err);
    }
    (void)refuse(r, "a line is not what the plan asks", err);
    mr_err_context(err, "line %" PRIu64, line);
    return MR_E_REFUSED;
}

enum mr_code mr_answers_resume(struct mr_answers *a, const char *path, struct mr_err *err)
{
    struct reading r = {.answers = a, .path = path, .list = in_order(a)};
    struct mr_csv_in csv;
    if (r.list == NULL)
        return mr_err_nomem(err, "reading decisions");
    a->knows_file = stat(path, &a->file) == 0;
    mr_csv_in_init_lenient(&csv, take_record, &r);
    enum mr_code code = mr_csv_in_file(&csv, path, MR_IN_NAMED, err);
    mr_csv_in_release(&csv);
    free(r.list);
    if (code == MR_OK && !r.has_mark)
        code = refuse(&r, "it does not say which plan it answers", err);
    return code;
}
