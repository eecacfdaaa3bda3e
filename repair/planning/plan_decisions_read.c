/* plan_decisions_read.c: lines of a decisions file, judged one by one (plan_decisions_internal.h). */
#include "repair/planning/plan_decisions_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/file/csv_in.h"
#include "repair/decide/conflict.h"
#include "repair/merge/merge_choice.h"
#include "repair/plan/asked.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/plan_text.h"
#include "repair/planning/decision_line.h"
#include "repair/planning/decision_proof.h"
#include "repair/planning/plan_asked.h"
#include "repair/side/counted.h"

static const char *const column_names[MR_DECISION_COLUMNS] = {
    [MR_DECISION_TABLE] = "table",
    [MR_DECISION_SOURCE_KEY] = "source_key",
    [MR_DECISION_TARGET_KEY] = "target_key",
    [MR_DECISION_IDENTITY] = "identity",
    [MR_DECISION_KIND] = "kind",
    [MR_DECISION_SOURCE] = "source",
    [MR_DECISION_TARGET] = "target",
    [MR_DECISION_DECISION] = "decision",
    [MR_DECISION_DIFFERS] = "differs",
    [MR_DECISION_DERIVED] = "derived"};

/* What is refused about a line is kept, so that all such lines are named at once. */
enum mr_code mr_decision_name_line(struct mr_plan_decisions *d, uint64_t line, const char *table,
                                   const char *key, enum mr_code code, struct mr_err *err)
{
    return code == MR_E_REFUSED ? mr_decision_faults_add(&d->faults, line, table, key, err) : code;
}

/* Blanks at both ends go; in place. */
static const char *trim(const char *text)
{
    char *at = (char *)(uintptr_t)text;
    at += strspn(at, " \t");
    size_t len = strlen(at);
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        at[--len] = '\0';
    return at;
}

static enum mr_code read_header(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                                size_t count, struct mr_err *err)
{
    for (size_t c = 0; c < MR_DECISION_COLUMNS; c++) {
        d->at[c] = SIZE_MAX;
        for (size_t i = 0; i < count; i++) {
            if (strcasecmp(trim(fields[i].ptr), column_names[c]) != 0)
                continue;
            if (d->at[c] != SIZE_MAX)
                return mr_err_set(err, MR_E_REFUSED, "decisions \"%s\": column \"%s\" stands twice",
                                  d->path, column_names[c]);
            d->at[c] = i;
        }
    }
    while (count > 1 && trim(fields[count - 1].ptr)[0] == '\0')
        count--; /* as spreadsheets add them */
    d->width = count;
    for (size_t c = 0; c < MR_DECISION_COLUMNS; c++) {
        bool needed =
            c == MR_DECISION_TABLE || c == MR_DECISION_SOURCE_KEY || c == MR_DECISION_DECISION;
        if (!needed || d->at[c] != SIZE_MAX)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED, "there is no column \"%s\"", column_names[c]);
        mr_err_hint(err, "It is conflicts.csv of a plan, its column decision filled in.");
        mr_err_context(err, "decisions \"%s\"", d->path);
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static const char *field_of(const struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                            enum mr_decision_column column)
{
    return d->at[column] != SIZE_MAX ? trim(fields[d->at[column]].ptr) : "";
}

/* Which column has the key that a line is about: of a row that SOURCE has no more it is TARGET's. */
static enum mr_decision_column key_column(const struct mr_plan_decisions *d,
                                          const struct mr_csv_field *fields)
{
    const bool erased = field_of(d, fields, MR_DECISION_SOURCE_KEY)[0] == '\0' &&
                        strcasecmp(field_of(d, fields, MR_DECISION_KIND),
                                   mr_conflict_name(MR_CONFLICT_DELETED_IN_SOURCE)) == 0;
    return erased ? MR_DECISION_TARGET_KEY : MR_DECISION_SOURCE_KEY;
}

/* For messages, before it is known what is a blank of the key's own. */
static const char *key_field(const struct mr_plan_decisions *d, const struct mr_csv_field *fields)
{
    return field_of(d, fields, key_column(d, fields));
}

/* Into d->key; the key and the row that stands beside it are of one row. */
static enum mr_code take_key(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                             struct mr_err *err)
{
    const struct mr_plan_table *t = mr_decision_table(d, field_of(d, fields, MR_DECISION_TABLE));
    const bool erased = key_column(d, fields) == MR_DECISION_TARGET_KEY;
    const struct mr_strbuf *raw = &d->raw[erased];
    const char *image = field_of(d, fields, erased ? MR_DECISION_TARGET : MR_DECISION_SOURCE);
    return mr_decision_line_key(t, (struct mr_csv_field){raw->len > 0 ? raw->ptr : "", raw->len},
                                image, &d->key, err);
}

/* Fields lose the blanks around them in place. */
static enum mr_code keep_raw(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                             struct mr_err *err)
{
    static const enum mr_decision_column of[] = {MR_DECISION_SOURCE_KEY, MR_DECISION_TARGET_KEY};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        mr_strbuf_reset(&d->raw[i]);
        if (d->at[of[i]] != SIZE_MAX)
            mr_strbuf_add(&d->raw[i], fields[d->at[of[i]]].ptr, fields[d->at[of[i]]].len);
        MR_TRY(mr_strbuf_check(&d->raw[i], "reading decisions", err));
    }
    d->nul = 0;
    for (size_t i = 0; i < d->width && d->nul == 0; i++)
        if (memchr(fields[i].ptr, '\0', fields[i].len) != NULL)
            d->nul = i + 1;
    return MR_OK;
}

/* A word as the plan wrote it, however it is spelled now. */
static void lower_word(const char *text)
{
    char *at = (char *)(uintptr_t)text;
    const size_t len = mr_plan_fit_words(at);
    for (size_t i = 0; i < len; i++)
        if (at[i] >= 'A' && at[i] <= 'Z')
            at[i] = (char)(at[i] - 'A' + 'a');
}

/* "lo..hi" of a table; false where it is none.  Orders of keys (side/counted.h). */
static bool parse_run(const struct mr_plan_table *table, const char *text, int64_t *low,
                      int64_t *high)
{
    const bool is_unsigned = table->counts_unsigned;
    char *end = NULL;
    errno = 0;
    *low = mr_counted_of_text(text, is_unsigned, &end);
    if (end == text || end[0] != '.' || end[1] != '.')
        return false;
    const char *second = end + 2;
    *high = mr_counted_of_text(second, is_unsigned, &end);
    return errno == 0 && end != second && *end == '\0' && *low <= *high;
}

const struct mr_plan_table *mr_decision_table(const struct mr_plan_decisions *d, const char *name)
{
    bool several = false;
    return mr_plan_table_meant(d->tables, name, &several);
}

static enum mr_code check_newest(const struct mr_plan_table *t, const char *choice,
                                 struct mr_err *err)
{
    if (strncmp(choice, "newest:", 7) != 0)
        return MR_OK;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (strcasecmp(mr_plan_column_name(t, i), choice + 7) == 0)
            return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "the table has no column \"%s\"", choice + 7);
    mr_err_hint(err, "newest: names the column that says which row is the newer one.");
    return MR_E_REFUSED;
}

/* Of a row that was merged into another conflicts.csv lists the values that differ, with that
 * decision, which was about the unique value that both hold. */
static bool is_choice(const char *kind, const char *choice)
{
    return mr_merge_is_choice(kind[0] != '\0' ? kind : NULL, choice) ||
           (mr_conflict_is_value(mr_conflict_named(kind)) && strcmp(choice, MR_DECIDE_MERGED) == 0);
}

static enum mr_code check_line(const struct mr_plan_decisions *d, const char *table,
                               const char *kind, const char *choice, struct mr_err *err)
{
    bool several = false;
    const struct mr_plan_table *t = mr_plan_table_meant(d->tables, table, &several);
    if (several) {
        (void)mr_err_set(err, MR_E_REFUSED, "several tables are \"%s\" but for capitals", table);
        mr_err_hint(err, "Write the name as conflicts.csv has it.");
        return MR_E_REFUSED;
    }
    if (t == NULL) {
        (void)mr_err_set(err, MR_E_REFUSED, "table \"%s\" is not planned", table);
        mr_err_hint(err, "Use conflicts.csv of a plan of the same case.");
        return MR_E_REFUSED;
    }
    if (strcmp(choice, MR_CHOICE_OPEN) == 0)
        return MR_OK;
    if (is_choice(kind, choice))
        return check_newest(t, choice, err);
    (void)mr_err_set(err, MR_E_REFUSED, "unknown decision \"%s\"%s%s",
                     mr_decision_proof_shown(d, choice), kind[0] != '\0' ? " for " : "", kind);
    mr_err_hint(err, "Choose one of: %s.",
                kind[0] != '\0' ? mr_conflict_choices(mr_conflict_named(kind))
                                : "target, source, newest:COLUMN, restore, skip, "
                                  "merge-into, without-value, columns");
    return MR_E_REFUSED;
}

static enum mr_code keep_line(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                              uint64_t line, struct mr_err *err)
{
    const char *key = d->key.len > 0 ? d->key.ptr : "";
    const char *source = field_of(d, fields, MR_DECISION_SOURCE);
    int64_t low = 0, high = 0;
    const struct mr_plan_table *table =
        mr_decision_table(d, field_of(d, fields, MR_DECISION_TABLE));
    bool run = mr_plan_has_runs(table) && parse_run(table, key, &low, &high);
    /* a row of a table without a key is named by itself; where there is one it may be an empty text */
    return MR_CASE_RUN(d->add, err, MR_ARG_INT("line", line),
                       MR_ARG_TEXT("tbl", mr_plan_table_name(table)),
                       MR_ARG_TEXT("key", run                    ? NULL
                                          : table->key.count > 0 ? key
                                                                 : source),
                       run ? MR_ARG_INT("low", low) : MR_ARG_NULL("low"),
                       run ? MR_ARG_INT("high", high) : MR_ARG_NULL("high"),
                       MR_ARG_TEXT("choice", field_of(d, fields, MR_DECISION_DECISION)),
                       MR_ARG_TEXT("source", source),
                       MR_ARG_TEXT("target", field_of(d, fields, MR_DECISION_TARGET)),
                       MR_ARG_TEXT("tkey", field_of(d, fields, MR_DECISION_TARGET_KEY)),
                       MR_ARG_TEXT("kind", field_of(d, fields, MR_DECISION_KIND)),
                       MR_ARG_TEXT("identity", field_of(d, fields, MR_DECISION_IDENTITY)),
                       MR_ARG_TEXT("differs", field_of(d, fields, MR_DECISION_DIFFERS)));
}

enum mr_code mr_decision_ask_key(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                 const char *key, const char *image, struct mr_decision_line *line,
                                 bool *found, struct mr_err *err)
{
    char digest[MR_ASKED_BYTES] = "";
    if (image != NULL && d->page_key != NULL)
        MR_TRY(
            mr_asked_digest(d->page_key, (struct mr_csv_field){image, strlen(image)}, digest, err));
    MR_CASE_BIND(d->by_key, MR_ARG_TEXT("tbl", mr_plan_table_name(t)), MR_ARG_TEXT("key", key),
                 MR_ARG_TEXT("image", image), MR_ARG_TEXT("digest", digest));
    return mr_case_fields_next(&d->by_key_map, NULL, line, found, err);
}

/* Two lines about one row that say different things: the first of them. */
static enum mr_code refuse_twice(const struct mr_plan_decisions *d,
                                 const struct mr_decision_line *first, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "line %" PRId64 " decides about the same row: \"%s\"",
                     first->line, mr_decision_proof_shown(d, first->choice));
    mr_err_hint(err, "Leave one decision a row.");
    return MR_E_REFUSED;
}

/* A single key may say something else than the run that it lies in; a run may not. */
static enum mr_code check_crossed(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                  const char *choice, int64_t low, int64_t high, struct mr_err *err)
{
    struct mr_decision_line line;
    bool found = false;
    MR_CASE_BIND(d->crossed, MR_ARG_TEXT("tbl", mr_plan_table_name(t)), MR_ARG_INT("low", low),
                 MR_ARG_INT("high", high), MR_ARG_TEXT("choice", choice));
    enum mr_code code = mr_case_fields_next(&d->crossed_map, NULL, &line, &found, err);
    if (code == MR_OK && found)
        code = refuse_twice(d, &line, err);
    mr_case_reset(d->crossed);
    return code;
}

static enum mr_code check_twice(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                                struct mr_err *err)
{
    const struct mr_plan_table *t = mr_decision_table(d, field_of(d, fields, MR_DECISION_TABLE));
    const char *key = d->key.len > 0 ? d->key.ptr : "";
    const char *choice = field_of(d, fields, MR_DECISION_DECISION);
    int64_t low = 0, high = 0;
    struct mr_decision_line line;
    bool found = false;
    const char *source = field_of(d, fields, MR_DECISION_SOURCE);
    const char *image =
        mr_decision_line_is_vague(&t->key, key) && source[0] != '\0' ? source : NULL;
    if (t->key.count == 0 || (key[0] == '\0' && source[0] == '\0'))
        return MR_OK; /* see check_equal(); or it names no row */
    if (mr_plan_has_runs(t) && parse_run(t, key, &low, &high))
        return check_crossed(d, t, choice, low, high, err);
    enum mr_code code = mr_decision_ask_key(d, t, key, image, &line, &found, err);
    if (code == MR_OK && found && strcmp(line.choice, choice) != 0)
        code = refuse_twice(d, &line, err);
    mr_case_reset(d->by_key);
    return code;
}

/* Nothing tells equal rows of a table without a key apart: what one line says would hold for
 * all of them, also where another says nothing. */
static enum mr_code check_equal(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                                uint64_t line, struct mr_err *err)
{
    const struct mr_plan_table *t = mr_decision_table(d, field_of(d, fields, MR_DECISION_TABLE));
    const char *source = field_of(d, fields, MR_DECISION_SOURCE);
    const char *choice = field_of(d, fields, MR_DECISION_DECISION);
    struct mr_decision_line equal = {.choice = choice};
    bool found = false;
    if (t == NULL || t->key.count > 0 || source[0] == '\0')
        return MR_OK;
    MR_CASE_BIND(d->equal, MR_ARG_TEXT("tbl", mr_plan_table_name(t)), MR_ARG_TEXT("image", source),
                 MR_ARG_INT("line", line), MR_ARG_TEXT("choice", choice));
    enum mr_code code = mr_case_fields_next(&d->equal_map, NULL, &equal, &found, err);
    const char *other = equal.choice;
    if (code == MR_OK && strcmp(other, choice) != 0) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "line %" PRId64 " is about an equal row, and decides %s%s%s", equal.line,
                          other[0] != '\0' ? "\"" : "",
                          other[0] != '\0' ? mr_decision_proof_shown(d, other) : "nothing",
                          other[0] != '\0' ? "\"" : "");
        mr_err_hint(err, "The table has no key: decide alike about rows that are equal.");
    }
    mr_case_reset(d->equal);
    return code;
}

/* Does the line say what the plan had filled in by itself, by a rule, by what is above the row, or as it is usual?
 * That is nobody's word: what was decided about the row above since, or another rule, would meet one. */
static bool is_derived(const struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                       const char *choice)
{
    return strcmp(field_of(d, fields, MR_DECISION_DERIVED), choice) == 0;
}

/* Of a plan's own file: a choice by kind of then, which may be another one now, or a table that is
 * planned no more. */
static bool is_passed_over(const struct mr_plan_decisions *d, const char *table, const char *kind,
                           const char *choice)
{
    bool several = false;
    if (mr_decision_file_is_rule(&d->file, kind, choice))
        return true;
    if (!d->file.is_plans_own || mr_plan_table_meant(d->tables, table, &several) != NULL || several)
        return false;
    mr_log_warning("table \"%s\" is not planned any more: what was decided about its rows is "
                   "passed over",
                   table);
    return true;
}

/* What stands behind a NUL is not looked at: the key that is left is another row's, perhaps. */
static enum mr_code check_whole(const struct mr_plan_decisions *d, struct mr_err *err)
{
    if (d->nul == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "field %zu has a byte of value 0 in it", d->nul);
    mr_err_hint(err, "A row whose key has one is decided by --on-conflict, or on the servers.");
    return MR_E_REFUSED;
}

/* A line without a choice decides nothing; it is refused only where an equal row has one. */
static enum mr_code take_line(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                              uint64_t line, struct mr_err *err)
{
    const char *choice = field_of(d, fields, MR_DECISION_DECISION),
               *kind = field_of(d, fields, MR_DECISION_KIND);
    lower_word(choice);
    lower_word(kind);
    MR_TRY(check_equal(d, fields, line, err));
    if (choice[0] != '\0' && is_derived(d, fields, choice)) {
        d->derived++;
        return MR_OK;
    }
    if (choice[0] == '\0' ||
        is_passed_over(d, field_of(d, fields, MR_DECISION_TABLE), kind, choice))
        return MR_OK;
    MR_TRY(check_whole(d, err));
    MR_TRY(check_line(d, field_of(d, fields, MR_DECISION_TABLE), kind, choice, err));
    MR_TRY(take_key(d, fields, err));
    MR_TRY(check_twice(d, fields, err));
    return keep_line(d, fields, line, err);
}

/* Which plan is answered: a page writes it behind its decisions. */
static bool is_mark(const struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                    size_t count)
{
    const size_t at = d->at[MR_DECISION_TABLE];
    return at < count && d->at[MR_DECISION_SOURCE_KEY] < count &&
           d->at[MR_DECISION_TARGET_KEY] < count && mr_asked_is_mark(fields[at]);
}

/* A case of no file knows no plan; the one of --again does, and whether this answers it.  Of another plan rows that
 * stand there whole are compared all the same. */
static enum mr_code ask_again(struct mr_plan_decisions *d, const char *uuid, const char *digest,
                              struct mr_err *err)
{
    const struct mr_decision_file *file = &d->file;
    if (mr_case_path(d->cf)[0] != '\0' || file->asked == NULL || strcmp(file->uuid, uuid) != 0)
        return MR_OK;
    if (strcmp(file->asked, digest) != 0)
        return mr_err_set(err, MR_E_REFUSED, "it answers other questions than those of plan \"%s\"",
                          uuid);
    d->page_key = file->page_key;
    return MR_OK;
}

static enum mr_code take_mark(struct mr_plan_decisions *d, const struct mr_csv_field *fields,
                              struct mr_err *err)
{
    const char *uuid = field_of(d, fields, MR_DECISION_SOURCE_KEY),
               *digest = field_of(d, fields, MR_DECISION_TARGET_KEY);
    enum mr_code code = mr_plan_asked_check(d->cf, uuid, digest, &d->arena, &d->page_key, err);
    if (code == MR_OK)
        code = ask_again(d, uuid, digest, err);
    if (code == MR_E_REFUSED)
        mr_err_context(err, "decisions \"%s\"", d->path);
    return code;
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct mr_plan_decisions *d = ctx;
    if (d->width == 0)
        return read_header(d, fields, count, err);
    if (is_mark(d, fields, count))
        return take_mark(d, fields, err);
    if (mr_asked_is_blank(fields, count))
        return MR_OK; /* as editors leave one */
    while (count > d->width && trim(fields[count - 1].ptr)[0] == '\0')
        count--;
    if (count != d->width)
        return mr_decision_name_line(
            d, line, "", "",
            mr_err_set(err, MR_E_REFUSED, "%zu fields where the header has %zu", count, d->width),
            err);
    MR_TRY(keep_raw(d, fields, err));
    return mr_decision_name_line(d, line, field_of(d, fields, MR_DECISION_TABLE),
                                 key_field(d, fields), take_line(d, fields, line, err), err);
}

enum mr_code mr_decisions_read(struct mr_plan_decisions *d, struct mr_err *err)
{
    struct mr_csv_in csv;
    mr_csv_in_init_lenient(&csv, take_record, d);
    enum mr_code code = mr_csv_in_file(&csv, d->path, MR_IN_NAMED, err);
    mr_csv_in_release(&csv);
    return code;
}
