/* plan_conflicts_show.c: see plan_conflicts_show.h. */
#include "repair/plan/plan_conflicts_show.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/base/suggest.h"
#include "core/base/utf8.h"
#include "core/file/csv_in.h"
#include "core/json/jsonw.h"
#include "repair/decide/conflict.h"
#include "repair/plan/asked.h"
#include "repair/plan/conflict_story.h"
#include "repair/plan/plan_next.h"
#include "repair/plan/undecided.h"

#define SHOWN 1000 /* columns of a screen that a row takes at most */

/* Columns of the file, found by their names: plans of earlier versions lack some. */
enum { TABLE, SOURCE_KEY, TARGET_KEY, IDENTITY, KIND, CHOICES, SOURCE, TARGET, DECISION, DIFFERS };
enum { BASE = DIFFERS + 1, MERGED, SOURCE_CHANGES, TARGET_CHANGES, COLUMNS };
static const char *const names[COLUMNS] = {[TABLE] = "table",
                                           [SOURCE_KEY] = "source_key",
                                           [TARGET_KEY] = "target_key",
                                           [IDENTITY] = "identity",
                                           [KIND] = "kind",
                                           [CHOICES] = "choices",
                                           [SOURCE] = "source",
                                           [TARGET] = "target",
                                           [DIFFERS] = "differs",
                                           [DECISION] = "decision",
                                           [BASE] = "base",
                                           [MERGED] = "columns",
                                           [SOURCE_CHANGES] = "source_changes",
                                           [TARGET_CHANGES] = "target_changes"};

struct showing {
    const struct mr_plan_conflicts_task *task;
    size_t at[COLUMNS]; /* position of each, from 1; 0: the file has none */
    struct mr_jsonw json;
    struct mr_strbuf text; /* what is being printed */
    uint64_t conflicts, open;
    bool is_to_choose; /* something of what is open */
};

/* ---- what is asked for ---- */

/* A slip is the likeliest reason, so that the nearest name is offered. */
static enum mr_code refuse(const char *option, struct mr_suggest *suggest, const char *what,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\": \"%s\" is no %s", option, suggest->typed,
                     what);
    if (suggest->best != NULL)
        mr_err_hint(err, "Did you mean \"%s\"?", suggest->best);
    return MR_E_USAGE;
}

static enum mr_code check_kind(const char *kind, struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = kind};
    if (kind == NULL || mr_conflict_named(kind) != MR_CONFLICT_NONE)
        return MR_OK;
    for (int i = MR_CONFLICT_NONE + 1; i < MR_CONFLICTS; i++)
        mr_suggest_offer(&suggest, mr_conflict_name((enum mr_conflict)i));
    return refuse("kind", &suggest, "kind of conflict", err);
}

static enum mr_code check_table(const struct mr_planned *planned, const char *table,
                                struct mr_err *err)
{
    struct mr_suggest suggest = {.typed = table};
    for (size_t i = 0; table != NULL && i < planned->ntables; i++) {
        if (strcmp(planned->tables[i].table, table) == 0)
            return MR_OK;
        mr_suggest_offer(&suggest, planned->tables[i].table);
    }
    return table == NULL ? MR_OK : refuse("table", &suggest, "planned table", err);
}

/* ---- a record ---- */

static struct mr_csv_field field(const struct showing *s, const struct mr_csv_field *fields,
                                 size_t column)
{
    const struct mr_csv_field none = {"", 0};
    return s->at[column] > 0 ? fields[s->at[column] - 1] : none;
}

/* As --decisions reads words and names of columns. */
static bool is_called(struct mr_csv_field f, const char *name)
{
    return f.len == strlen(name) && strncasecmp(f.ptr, name, f.len) == 0;
}

/* Left open in so many words is open. */
static struct mr_csv_field decision_of(const struct showing *s, const struct mr_csv_field *fields)
{
    const struct mr_csv_field none = {"", 0}, f = mr_csv_trimmed(field(s, fields, DECISION));
    return is_called(f, MR_CHOICE_OPEN) ? none : f;
}

static bool is(struct mr_csv_field f, const char *text)
{
    return text == NULL || (f.len == strlen(text) && memcmp(f.ptr, text, f.len) == 0);
}

static enum mr_code take_head(struct showing *s, const struct mr_csv_field *fields, size_t count,
                              struct mr_err *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < COLUMNS; n++)
            if (is_called(mr_csv_trimmed(fields[i]), names[n]))
                s->at[n] = i + 1;
    for (size_t n = 0; n < COLUMNS; n++)
        if (s->at[n] == 0 && n < DIFFERS)
            return mr_err_set(err, MR_E_REFUSED, "%s has no column \"%s\"", MR_CONFLICTS_FILE,
                              names[n]);
    return MR_OK;
}

static void put(struct showing *s, const char *name, struct mr_csv_field f)
{
    mr_jsonw_key(&s->json, name);
    if (f.len > 0)
        mr_jsonw_string(&s->json, f.ptr, f.len);
    else
        mr_jsonw_null(&s->json);
}

static void put_image(struct showing *s, const char *name, struct mr_csv_field f)
{
    mr_jsonw_key(&s->json, name);
    if (f.len > 0)
        mr_jsonw_raw(&s->json, f.ptr, f.len);
    else
        mr_jsonw_null(&s->json);
}

static void print_json(struct showing *s, const struct mr_csv_field *fields)
{
    mr_jsonw_object_begin(&s->json);
    mr_jsonw_add_str(&s->json, "type", "conflict");
    for (size_t n = 0; n < COLUMNS; n++) {
        const struct mr_csv_field f = field(s, fields, n);
        if (n == SOURCE || n == TARGET || n > DIFFERS)
            put_image(s, names[n], f);
        else
            put(s, names[n], n == DECISION ? decision_of(s, fields) : f);
    }
    mr_jsonw_object_end(&s->json);
    mr_jsonw_end_line(&s->json);
}

static void print(struct showing *s, const char *before, struct mr_csv_field f, const char *behind)
{
    mr_strbuf_reset(&s->text);
    mr_strbuf_add(&s->text, f.ptr, f.len);
    if (f.len == 0 || s->text.failed)
        return;
    const size_t fits = mr_utf8_fit(s->text.ptr, s->text.len, SHOWN);
    const bool is_cut = fits < s->text.len;
    s->text.ptr[fits] = '\0';
    (void)fputs(before, s->task->out);
    mr_utf8_print(s->task->out, s->text.ptr);
    (void)fputs(is_cut ? "…" : "", s->task->out);
    (void)fputs(behind, s->task->out);
}

/* A column a line: they are joined by "; ", which within a value stands between quotes. */
static void print_differs(struct showing *s, struct mr_csv_field f)
{
    bool quoted = false;
    const char *begin = f.ptr;
    for (const char *p = f.ptr; f.len > 0; p++) {
        const bool ends = *p == '\0' || (!quoted && *p == ';' && p[1] == ' ');
        if (quoted && *p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '\'')
            quoted = !quoted;
        if (!ends)
            continue;
        print(s, "  ", (struct mr_csv_field){begin, (size_t)(p - begin)}, "\n");
        if (*p == '\0')
            break;
        begin = p + 2;
        p++;
    }
}

/* Who changed what, and when, where logs attest it. */
static void print_story(struct showing *s, const struct mr_csv_field *fields)
{
    const struct mr_conflict_story story = {.base = field(s, fields, BASE).ptr,
                                            .source = field(s, fields, SOURCE).ptr,
                                            .target = field(s, fields, TARGET).ptr,
                                            .source_changes = field(s, fields, SOURCE_CHANGES).ptr,
                                            .target_changes = field(s, fields, TARGET_CHANGES).ptr};
    if (field(s, fields, SOURCE_CHANGES).len == 0 && field(s, fields, TARGET_CHANGES).len == 0)
        return;
    mr_strbuf_reset(&s->text);
    mr_conflict_story_add(&s->text, &story);
    if (s->text.failed)
        return;
    (void)fputs("  ", s->task->out);
    mr_utf8_print(s->task->out, s->text.ptr);
    (void)fputc('\n', s->task->out);
}

/* Both keys where they differ; whose it is; what is asked, and what was answered. */
static void print_text(struct showing *s, const struct mr_csv_field *fields)
{
    const struct mr_csv_field key = field(s, fields, SOURCE_KEY);
    const struct mr_csv_field live = field(s, fields, TARGET_KEY);
    const struct mr_csv_field differs = field(s, fields, DIFFERS);
    const struct mr_csv_field decision = decision_of(s, fields);
    FILE *out = s->task->out;
    print(s, "", field(s, fields, TABLE), "");
    print(s, " ", key, "");
    if (live.len > 0 && !is(live, key.ptr)) {
        (void)fputs(key.len > 0 ? " on the source," : "", out);
        print(s, " ", live, " on the target");
    }
    if (!is(field(s, fields, IDENTITY), key.ptr))
        print(s, " (", field(s, fields, IDENTITY), ")");
    print(s, ": ", field(s, fields, KIND), "");
    print(s, ", decided: ", decision, "\n");
    if (decision.len == 0)
        (void)fputs(", open\n", out);
    print_differs(s, differs);
    if (differs.len == 0) {
        print(s, "  source ", field(s, fields, SOURCE), "\n");
        print(s, "  target ", field(s, fields, TARGET), "\n");
    }
    print(s, "  at the split ", field(s, fields, BASE), "\n");
    print_story(s, fields);
    if (decision.len == 0)
        print(s, "  choices ", field(s, fields, CHOICES), "\n");
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct showing *s = ctx;
    if (line == 1)
        return take_head(s, fields, count, err);
    if (mr_asked_is_mark(fields[0]) || mr_asked_is_blank(fields, count))
        return MR_OK; /* as pages add one, and editors */
    if (!is(field(s, fields, KIND), s->task->kind) || !is(field(s, fields, TABLE), s->task->table))
        return MR_OK;
    s->conflicts++;
    if (decision_of(s, fields).len == 0) {
        s->open++;
        s->is_to_choose |= field(s, fields, CHOICES).len > 0;
    }
    if (s->task->json)
        print_json(s, fields);
    else
        print_text(s, fields);
    return MR_OK;
}

/* ---- the end ---- */

/* Where something can be chosen for one of them. */
static void print_next(struct showing *s)
{
    if (!s->is_to_choose)
        return;
    mr_strbuf_reset(&s->text);
    mr_plan_next_decide(&s->task->plan->manifest, s->task->plan->path, &s->text);
    if (!s->text.failed)
        (void)fputs(s->text.ptr, s->task->out);
}

static void print_sum(struct showing *s)
{
    if (!s->task->json) {
        (void)fprintf(s->task->out, "%s%" PRIu64 " conflict%s, %" PRIu64 " open\n",
                      s->conflicts > 0 ? "\n" : "", s->conflicts, s->conflicts == 1 ? "" : "s",
                      s->open);
        print_next(s);
        return;
    }
    mr_jsonw_object_begin(&s->json);
    mr_jsonw_add_str(&s->json, "type", "summary");
    mr_jsonw_add_uint(&s->json, "conflicts", s->conflicts);
    mr_jsonw_add_uint(&s->json, "open", s->open);
    mr_jsonw_object_end(&s->json);
    mr_jsonw_end_line(&s->json);
}

/* A plan that only raises counters asks nothing, and has no such file. */
static bool asks(const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->nfiles; i++)
        if (strcmp(m->files[i].name, MR_CONFLICTS_FILE) == 0)
            return true;
    return false;
}

enum mr_code mr_plan_conflicts_show(const struct mr_plan_conflicts_task *task, struct mr_err *err)
{
    struct showing s = {.task = task, .text = MR_STRBUF_INIT};
    struct mr_csv_in csv;
    const char *path = mr_plan_path(&task->plan->arena, task->plan->path, MR_CONFLICTS_FILE);
    MR_TRY(check_kind(task->kind, err));
    MR_TRY(check_table(&task->plan->manifest.planned, task->table, err));
    if (path == NULL)
        return mr_err_nomem(err, "looking into a plan");
    mr_jsonw_init_file(&s.json, task->out);
    mr_csv_in_init_lenient(&csv, take_record, &s);
    enum mr_code code =
        asks(&task->plan->manifest) ? mr_csv_in_file(&csv, path, MR_IN_PART, err) : MR_OK;
    if (code == MR_OK)
        code = mr_strbuf_check(&s.text, "looking into a plan", err);
    if (code == MR_OK)
        print_sum(&s);
    if (code == MR_OK && task->json)
        code = mr_jsonw_finish(&s.json, "standard output", err);
    mr_csv_in_release(&csv);
    mr_jsonw_release(&s.json);
    mr_strbuf_release(&s.text);
    return code;
}
