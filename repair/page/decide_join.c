/* decide_join.c: see decide_join.h. */
#include "repair/page/decide_join.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/arena.h"
#include "core/base/intern.h"
#include "core/base/utf8.h"
#include "core/base/vec.h"
#include "core/file/outfile.h"
#include "repair/decide/conflict.h"
#include "repair/plan/asked.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/plan_text.h"

/* A conflict, as one of the files has it. */
struct record {
    const void *name;     /* what it is known by: equal records of whatever file have one */
    const void *conflict; /* its table, keys and kind alone; of rows without a key all of them */
    const char **fields;  /* but for the decision and the note */
    const char *decision, *by; /* "": nobody has decided; whose file has it */
    const char *note;
    size_t file, nth;   /* where it stands */
    bool is_taken_over; /* by that of an earlier file */
    bool is_disputed;
};

/* What the header of a file says. */
struct head {
    size_t width, decision, note; /* SIZE_MAX: there is none */
};

struct joining {
    const struct mr_decide_join_task *task;
    struct mr_arena arena;
    struct mr_vec records; /* struct record, in the order of the files */
    struct mr_intern names_of;
    const char **names;         /* of the first file's columns, without decision's and note's */
    size_t nnames, decision_at; /* where decision stood there */
    struct head head;           /* of the file that is read */
    const char *path;
    size_t file;
    const char *uuid, *digest; /* of the plan that the files answer; NULL: none says so */
    struct mr_strbuf text;
    bool has_note;
    uint64_t disagreed;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "joining decisions");
}

/* Without the blanks that a spreadsheet or a person has left. */
static const char *trimmed(struct joining *j, struct mr_csv_field f)
{
    while (f.len > 0 && strchr(" \t\r", *f.ptr) != NULL)
        f = (struct mr_csv_field){f.ptr + 1, f.len - 1};
    while (f.len > 0 && strchr(" \t\r", f.ptr[f.len - 1]) != NULL)
        f.len--;
    return mr_arena_dup(&j->arena, f.ptr, f.len);
}

/* ---- the header ---- */

static enum mr_code refuse(const struct joining *j, const char *why, const char *hint,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "decisions \"%s\": %s", j->path, why);
    mr_err_hint(err, "%s", hint);
    return MR_E_REFUSED;
}

/* Is it the name of the column at that place of the first file, those of people left out? */
static bool has_name(const struct joining *j, size_t at, const char *name)
{
    return at < j->nnames && strcasecmp(j->names[at], name) == 0;
}

/* The columns of people may stand anywhere, or be missing: all others name the record. */
static enum mr_code take_head(struct joining *j, const struct mr_csv_field *fields, size_t count,
                              struct mr_err *err)
{
    const bool is_first = j->names == NULL;
    size_t n = 0;
    j->head = (struct head){.width = count, .decision = SIZE_MAX, .note = SIZE_MAX};
    if (is_first && (j->names = mr_arena_calloc(&j->arena, count + 1, sizeof *j->names)) == NULL)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const char *name = trimmed(j, fields[i]);
        if (name == NULL)
            return no_memory(err);
        if (strcasecmp(name, "decision") == 0)
            j->head.decision = i;
        else if (strcasecmp(name, MR_ASKED_NOTE) == 0)
            j->head.note = i;
        else if (is_first)
            j->names[j->nnames++] = name;
        else if (!has_name(j, n++, name))
            return refuse(j, "it has other columns than the first file",
                          "Join files that were saved by pages of one plan.", err);
        if (j->head.decision == i && is_first)
            j->decision_at = j->nnames;
    }
    if (j->head.decision == SIZE_MAX)
        return refuse(j, "there is no column \"decision\"",
                      "It is what the page of a plan has saved, or its conflicts.csv.", err);
    if (j->decision_at == 0)
        j->decision_at = j->nnames; /* the first field of a line is never empty */
    if (!is_first && n != j->nnames)
        return refuse(j, "it has other columns than the first file",
                      "Join files that were saved by pages of one plan.", err);
    return MR_OK;
}

/* ---- records ---- */

/* Files without the record are somebody's own, and say nothing against those that have it. */
static enum mr_code take_mark(struct joining *j, const struct mr_csv_field *fields, size_t count,
                              struct mr_err *err)
{
    const char *uuid = count > 1 ? trimmed(j, fields[1]) : "";
    const char *digest = count > 2 ? trimmed(j, fields[2]) : "";
    if (uuid == NULL || digest == NULL)
        return no_memory(err);
    if (j->uuid != NULL && (strcmp(j->uuid, uuid) != 0 || strcmp(j->digest, digest) != 0))
        return refuse(j, "it answers another plan than the files before it",
                      "Join files that were saved by pages of one plan.", err);
    j->uuid = uuid;
    j->digest = digest;
    return MR_OK;
}

/* What the record is known by: each field with its length in front. */
static enum mr_code name_record(struct joining *j, const struct mr_csv_field *fields,
                                struct mr_err *err)
{
    mr_strbuf_reset(&j->text);
    for (size_t i = 0; i < j->head.width; i++) {
        const char *f = trimmed(j, fields[i]);
        if (f == NULL)
            return no_memory(err);
        if (i != j->head.decision && i != j->head.note)
            mr_strbuf_add_fmt(&j->text, "%zu:%s", strlen(f), f);
    }
    return mr_strbuf_check(&j->text, "joining decisions", err);
}

static enum mr_code keep_fields(struct joining *j, const struct mr_csv_field *fields,
                                struct record *r, struct mr_err *err)
{
    size_t n = 0;
    r->fields = mr_arena_calloc(&j->arena, j->nnames + 1, sizeof *r->fields);
    if (r->fields == NULL)
        return no_memory(err);
    for (size_t i = 0; i < j->head.width; i++) {
        if (i == j->head.decision || i == j->head.note)
            continue;
        if ((r->fields[n++] = mr_arena_dup(&j->arena, fields[i].ptr, fields[i].len)) == NULL)
            return no_memory(err);
    }
    return MR_OK;
}

/* Which conflict it is, whatever a page could show of the row. */
static enum mr_code name_conflict(struct joining *j, struct record *r, struct mr_err *err)
{
    static const char *const of[] = {"source_key", "target_key", "table", "kind"};
    mr_strbuf_reset(&j->text);
    for (size_t n = 0; n < sizeof of / sizeof of[0]; n++)
        for (size_t i = 0; i < j->nnames; i++)
            if (has_name(j, i, of[n]))
                mr_strbuf_add_fmt(&j->text, "%zu:%zu:%s", n, strlen(r->fields[i]), r->fields[i]);
    MR_TRY(mr_strbuf_check(&j->text, "joining decisions", err));
    r->conflict = mr_intern(&j->names_of, j->text.ptr, j->text.len);
    return r->conflict != NULL ? MR_OK : no_memory(err);
}

/* As it stands in the file: what was quoted, or had blanks at its ends, is a key perhaps. */
static enum mr_code take_conflict(struct joining *j, const struct mr_csv_field *fields,
                                  struct mr_err *err)
{
    struct record *r = mr_vec_push(&j->records);
    if (r == NULL)
        return no_memory(err);
    *r = (struct record){.file = j->file, .nth = j->records.count, .by = j->path, .note = ""};
    MR_TRY(name_record(j, fields, err));
    MR_TRY(keep_fields(j, fields, r, err));
    r->name = mr_intern(&j->names_of, j->text.ptr, j->text.len);
    r->decision = trimmed(j, fields[j->head.decision]);
    if (j->head.note != SIZE_MAX)
        r->note = trimmed(j, fields[j->head.note]);
    if (r->name == NULL || r->decision == NULL || r->note == NULL)
        return no_memory(err);
    j->has_note |= r->note[0] != '\0';
    return name_conflict(j, r, err);
}

/* What stands behind a NUL would be left out: the key that is left is another row's, perhaps. */
static bool has_nul(const struct mr_csv_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memchr(fields[i].ptr, '\0', fields[i].len) != NULL)
            return true;
    return false;
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct joining *j = ctx;
    if (j->head.width == 0)
        return take_head(j, fields, count, err);
    if (mr_asked_is_mark(fields[0]))
        return take_mark(j, fields, count, err);
    if (mr_asked_is_blank(fields, count))
        return MR_OK; /* as editors leave one */
    if (count != j->head.width)
        return mr_err_set(err, MR_E_REFUSED,
                          "decisions \"%s\", line %" PRIu64 ": %zu fields where the header has %zu",
                          j->path, line, count, j->head.width);
    if (has_nul(fields, count))
        return mr_err_set(err, MR_E_REFUSED,
                          "decisions \"%s\", line %" PRIu64 ": a field has a byte of value 0 in it",
                          j->path, line);
    return take_conflict(j, fields, err);
}

/* ---- joining ---- */

static const char *field_of(const struct joining *j, const struct record *r, const char *name)
{
    for (size_t i = 0; i < j->nnames; i++)
        if (has_name(j, i, name))
            return r->fields[i];
    return "";
}

/* By table and key, which is how people name a row. */
static void list_disagreement(const struct joining *j, const struct record *a,
                              const struct record *b)
{
    FILE *list = j->task->list;
    const char *source = field_of(j, a, "source_key"), *target = field_of(j, a, "target_key");
    mr_utf8_print(list, field_of(j, a, "table"));
    (void)fputs(" ", list);
    mr_utf8_print(list, source[0] != '\0'   ? source
                        : target[0] != '\0' ? target
                                            : "(a row without a key)");
    (void)fputs(": ", list);
    mr_utf8_print(list, a->decision);
    (void)fputs(" (", list);
    mr_utf8_print(list, a->by);
    (void)fputs("), ", list);
    mr_utf8_print(list, b->decision);
    (void)fputs(" (", list);
    mr_utf8_print(list, b->by);
    (void)fputs(")\n", list);
}

/* As --decisions reads them. */
static bool is_same_decision(const char *a, const char *b)
{
    const size_t words = mr_plan_fit_words(a);
    return words == mr_plan_fit_words(b) && strncasecmp(a, b, words) == 0 &&
           strcmp(a + words, b + words) == 0;
}

/* Has a person said it?  What the plan had filled in stands in both files, whoever has left it so. */
static bool is_said(const struct joining *j, const struct record *r)
{
    for (size_t i = 0; i < j->nnames; i++)
        if (has_name(j, i, "derived") && r->fields[i][0] != '\0' &&
            is_same_decision(r->fields[i], r->decision))
            return false;
    return r->decision[0] != '\0';
}

/* Who disagrees with the first is listed, each of several. */
static enum mr_code take_over(struct joining *j, struct record *into, struct record *from,
                              struct mr_err *err)
{
    from->is_taken_over = true;
    if (from->note[0] != '\0' && strcmp(into->note, from->note) != 0)
        into->note = into->note[0] == '\0'
                         ? from->note
                         : mr_arena_fmt(&j->arena, "%s / %s", into->note, from->note);
    if (into->note == NULL)
        return no_memory(err);
    if (from->decision[0] == '\0' || (into->decision[0] != '\0' && !is_said(j, from)))
        return MR_OK;
    if (!is_said(j, into)) {
        into->decision = from->decision;
        into->by = from->by;
    } else if (!is_same_decision(into->decision, from->decision)) {
        list_disagreement(j, into, from);
        j->disagreed += !into->is_disputed;
        into->is_disputed = true;
    }
    return MR_OK;
}

static int compare_names(const void *a, const void *b)
{
    const struct record *const *x = a, *const *y = b;
    if ((*x)->name != (*y)->name)
        return (uintptr_t)(*x)->name < (uintptr_t)(*y)->name ? -1 : 1;
    return (*x)->nth < (*y)->nth ? -1 : (*x)->nth > (*y)->nth;
}

/* Equal rows of a table without a key are several records: the first of one file is the first of
 * the other, and so on.  group: records of one name, in the order of the files. */
static enum mr_code join_group(struct joining *j, struct record **group, size_t count,
                               struct mr_err *err)
{
    size_t into = 0, file = group[0]->file;
    for (size_t i = 1; i < count; i++) {
        if (group[i]->file == group[0]->file)
            continue;
        into = group[i]->file == file ? into + 1 : 0;
        file = group[i]->file;
        if (into < i && group[into]->file != file && !group[into]->is_taken_over)
            MR_TRY(take_over(j, group[into], group[i], err));
    }
    return MR_OK;
}

/* Sorted by name, so that a file of any size is joined without comparing each with each. */
static enum mr_code join_all(struct joining *j, struct mr_err *err)
{
    const size_t n = j->records.count;
    struct record **sorted = mr_arena_calloc(&j->arena, n + 1, sizeof *sorted);
    if (sorted == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = mr_vec_at(&j->records, i);
    qsort(sorted, n, sizeof *sorted, compare_names);
    for (size_t from = 0, to = 0; from < n; from = to) {
        while (to < n && sorted[to]->name == sorted[from]->name)
            to++;
        MR_TRY(join_group(j, &sorted[from], to - from, err));
    }
    return MR_OK;
}

/* ---- files that do not show the same ---- */

/* Does one of them hide what the other shows?  Then neither is known for the other. */
static bool is_shown_otherwise(const struct joining *j, const struct record *a,
                               const struct record *b)
{
    for (size_t i = 0; i < j->nnames; i++)
        if (a->fields[i][0] != '\0' && b->fields[i][0] != '\0' &&
            mr_asked_is_digest(a->fields[i]) != mr_asked_is_digest(b->fields[i]))
            return true;
    return false;
}

static int compare_conflicts(const void *a, const void *b)
{
    const struct record *const *x = a, *const *y = b;
    if ((*x)->conflict != (*y)->conflict)
        return (uintptr_t)(*x)->conflict < (uintptr_t)(*y)->conflict ? -1 : 1;
    return (*x)->nth < (*y)->nth ? -1 : (*x)->nth > (*y)->nth;
}

/* Such a conflict would stand in the file twice, and who disagrees not be seen. */
static enum mr_code check_shown(struct joining *j, struct mr_err *err)
{
    const size_t n = j->records.count;
    struct record **sorted = mr_arena_calloc(&j->arena, n + 1, sizeof *sorted);
    if (sorted == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = mr_vec_at(&j->records, i);
    qsort(sorted, n, sizeof *sorted, compare_conflicts);
    for (size_t first = 0, i = 1; i < n; i++) {
        if (sorted[i]->conflict != sorted[first]->conflict)
            first = i;
        if (sorted[i]->file == sorted[first]->file ||
            !is_shown_otherwise(j, sorted[first], sorted[i]))
            continue;
        j->path = sorted[i]->by;
        return refuse(j, "it shows what the files before it hide, or the other way round",
                      "Join files that were saved by pages of one plan, either all of them made "
                      "with --unmask or "
                      "none.",
                      err);
    }
    return MR_OK;
}

static void add_line(struct joining *j, const char *const *fields, const char *decision,
                     const char *note)
{
    for (size_t i = 0; i <= j->nnames; i++) {
        if (i == j->decision_at)
            mr_plan_text_str(&j->text, decision);
        if (i < j->nnames)
            mr_plan_text_str(&j->text, fields[i]);
    }
    if (j->has_note)
        mr_plan_text_str(&j->text, note);
}

static enum mr_code add_mark(struct joining *j, struct mr_sink sink, struct mr_err *err)
{
    if (j->uuid == NULL)
        return MR_OK;
    mr_plan_text_str(&j->text, MR_ASKED_MARK);
    mr_plan_text_str(&j->text, j->uuid);
    mr_plan_text_str(&j->text, j->digest);
    for (size_t i = 3; i < j->nnames + 1 + j->has_note; i++)
        mr_plan_text_str(&j->text, "");
    return mr_plan_text_end(&j->text, sink, err);
}

/* A disputed one is left open: whoever plans with the file is asked again, whatever earlier plans were told. */
static enum mr_code write_all(struct joining *j, struct mr_sink sink, struct mr_err *err)
{
    mr_strbuf_reset(&j->text);
    add_line(j, j->names, "decision", MR_ASKED_NOTE);
    MR_TRY(mr_plan_text_end(&j->text, sink, err));
    for (size_t i = 0; i < j->records.count; i++) {
        const struct record *r = mr_vec_at(&j->records, i);
        if (r->is_taken_over)
            continue;
        add_line(j, r->fields, r->is_disputed ? MR_CHOICE_OPEN : r->decision, r->note);
        MR_TRY(mr_plan_text_end(&j->text, sink, err));
    }
    return add_mark(j, sink, err);
}

static enum mr_code write_file(struct joining *j, struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = j->task->output, .force = j->task->force};
    struct mr_outfile *out = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_outfile_begin(&opts, &out, err));
    MR_TRY_OUT(write_all(j, mr_outfile_sink(out), err));
    MR_TRY_OUT(mr_outfile_commit(out, err));
out:
    mr_outfile_free(out);
    return code;
}

/* All are read before anything is written: the output may be one of them, with --force. */
static enum mr_code read_files(struct joining *j, struct mr_err *err)
{
    for (; j->file < j->task->count; j->file++) {
        struct mr_csv_in csv;
        j->path = j->task->paths[j->file];
        j->head.width = 0;
        mr_csv_in_init_lenient(&csv, take_record, j);
        enum mr_code code = mr_csv_in_file(&csv, j->path, MR_IN_NAMED, err);
        mr_csv_in_release(&csv);
        MR_TRY(code);
        if (j->head.width == 0)
            return mr_err_set(err, MR_E_REFUSED, "decisions \"%s\" are empty", j->path);
    }
    return MR_OK;
}

enum mr_code mr_decide_join(const struct mr_decide_join_task *task, uint64_t *disagreed,
                            struct mr_err *err)
{
    struct joining j = {.task = task,
                        .arena = MR_ARENA_INIT,
                        .records = MR_VEC_INIT(struct record),
                        .text = MR_STRBUF_INIT};
    mr_intern_init(&j.names_of, &j.arena);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_files(&j, err));
    MR_TRY_OUT(check_shown(&j, err));
    MR_TRY_OUT(join_all(&j, err));
    MR_TRY_OUT(write_file(&j, err));
out:
    *disagreed = j.disagreed;
    mr_intern_release(&j.names_of);
    mr_strbuf_release(&j.text);
    mr_vec_release(&j.records);
    mr_arena_release(&j.arena);
    return code;
}
