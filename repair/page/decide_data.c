/* decide_data.c: see decide_data.h. */
#include "repair/page/decide_data.h"

#include <stdio.h>
#include <string.h>

#include "core/json/jsonw.h"
#include "repair/decide/conflict_words.h"
#include "repair/plan/conflict_story.h"

struct data {
    struct mr_decide_rows rows;
    struct mr_jsonw *json;
    bool used[MR_CONFLICTS]; /* kinds that stand in the file */
};

static const struct mr_planned *planned_of(const struct data *d)
{
    return &d->rows.plan->manifest.planned;
}

/* The rows begin behind it: a reader of one pass has to know where they stand. */
static enum mr_code put_head(void *ctx, const struct mr_csv_field *names, size_t count,
                             struct mr_err *err)
{
    struct data *d = ctx;
    (void)err;
    mr_jsonw_key(d->json, "head");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < count; i++)
        mr_jsonw_string(d->json, names[i].ptr, names[i].len);
    mr_jsonw_array_end(d->json);
    mr_jsonw_key(d->json, "rows");
    mr_jsonw_array_begin(d->json);
    return MR_OK;
}

/* What is saved for fields that were not shown whole, by position. */
static void put_saved(struct data *d, const struct mr_decide_row *row)
{
    bool begun = false;
    for (size_t n = 0; n < MR_IMAGES; n++) {
        char position[32];
        if (row->digests[n] == NULL)
            continue;
        if (!begun) {
            mr_jsonw_key(d->json, "s");
            mr_jsonw_object_begin(d->json);
        }
        begun = true;
        (void)snprintf(position, sizeof position, "%zu", d->rows.at[n] - 1);
        mr_jsonw_add_str(d->json, position, row->digests[n]);
    }
    if (begun)
        mr_jsonw_object_end(d->json);
}

static const char *shown(const struct data *d, const struct mr_decide_row *row,
                         enum mr_decide_column column)
{
    return d->rows.at[column] > 0 ? row->fields[d->rows.at[column] - 1].ptr : NULL;
}

/* The same words as on the terminal. */
static enum mr_code put_story(struct data *d, const struct mr_decide_row *row, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *base = shown(d, row, MR_ASKS_BASE);
    const struct mr_conflict_story story = {.base = base != NULL ? base : "",
                                            .source = shown(d, row, MR_ASKS_SOURCE),
                                            .target = shown(d, row, MR_ASKS_TARGET),
                                            .source_changes = shown(d, row, MR_ASKS_SOURCE_CHANGES),
                                            .target_changes =
                                                shown(d, row, MR_ASKS_TARGET_CHANGES)};
    mr_conflict_story_add(&text, &story);
    if (text.len > 0)
        mr_jsonw_add_str(d->json, "t", text.ptr);
    const enum mr_code code = mr_strbuf_check(&text, "writing a page", err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code put_row(void *ctx, const struct mr_decide_row *row, struct mr_err *err)
{
    struct data *d = ctx;
    d->used[row->kind] = true;
    mr_jsonw_object_begin(d->json);
    mr_jsonw_key(d->json, "f");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < d->rows.width; i++)
        mr_jsonw_string(d->json, row->fields[i].ptr, row->fields[i].len);
    mr_jsonw_array_end(d->json);
    put_saved(d, row);
    const enum mr_code code = put_story(d, row, err);
    mr_jsonw_object_end(d->json);
    return code;
}

/* ---- what stands beside them ---- */

static void put_plan(struct data *d, const char *digest)
{
    const struct mr_manifest *m = &d->rows.plan->manifest;
    mr_jsonw_key(d->json, "plan");
    mr_jsonw_object_begin(d->json);
    mr_jsonw_add_str(d->json, "uuid", m->uuid);
    mr_jsonw_add_str(d->json, "digest", digest);
    mr_jsonw_add_str(d->json, "policy", m->policy);
    mr_jsonw_add_str(d->json, "created", m->created);
    mr_jsonw_add_str(d->json, "source", m->source);
    mr_jsonw_add_str(d->json, "target", m->target);
    mr_jsonw_object_end(d->json);
}

static const struct mr_planned_table *table_named(const struct data *d, const char *name)
{
    for (size_t i = 0; i < planned_of(d)->ntables; i++)
        if (strcmp(planned_of(d)->tables[i].table, name) == 0)
            return &planned_of(d)->tables[i];
    return NULL;
}

/* As the rows call them: the page finds their values there.  t NULL: nothing is known of the table. */
static void put_names(struct data *d, const char *name, const struct mr_planned_table *t,
                      const struct mr_planned_names *list)
{
    mr_jsonw_key(d->json, name);
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < list->count; i++)
        mr_jsonw_str(d->json, t != NULL ? mr_decide_rows_own(t, list->items[i]) : list->items[i]);
    mr_jsonw_array_end(d->json);
}

/* Keys and references: by them the page finds out whose a row is. */
static void put_table(struct data *d, size_t table)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    mr_jsonw_key(d->json, t->table);
    mr_jsonw_object_begin(d->json);
    mr_jsonw_add_bool(d->json, "subject", t->subject);
    mr_jsonw_key(d->json, "columns");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < t->ncolumns; i++)
        mr_jsonw_str(d->json, mr_decide_rows_name(&t->columns[i]));
    mr_jsonw_array_end(d->json);
    put_names(d, "key", t, &t->key);
    put_names(d, "identity", t, &t->identity_columns);
    mr_jsonw_add_texts(d->json, "masked", d->rows.masked[table].items, d->rows.masked[table].count);
    mr_jsonw_key(d->json, "references");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < t->nreferences; i++) {
        mr_jsonw_object_begin(d->json);
        mr_jsonw_add_str(d->json, "parent", t->references[i].parent);
        put_names(d, "columns", t, &t->references[i].columns);
        put_names(d, "to", table_named(d, t->references[i].parent),
                  &t->references[i].parent_columns);
        mr_jsonw_object_end(d->json);
    }
    mr_jsonw_array_end(d->json);
    mr_jsonw_object_end(d->json);
}

/* A choice in words, where the kind has it. */
static void put_choice(struct data *d, enum mr_conflict kind, const char *choice)
{
    const char *says = mr_choice_says(kind, choice);
    if (says[0] == '\0')
        return;
    mr_jsonw_array_begin(d->json);
    mr_jsonw_str(d->json, choice);
    mr_jsonw_str(d->json, says);
    mr_jsonw_array_end(d->json);
}

static void put_kind(struct data *d, enum mr_conflict kind)
{
    static const char *const choices[] = {"target",  "source", "newest:",    "columns",
                                          "restore", "skip",   "merge-into", "without-value",
                                          "keep",    "delete", "name=VALUE"};
    mr_jsonw_key(d->json, mr_conflict_name(kind));
    mr_jsonw_object_begin(d->json);
    mr_jsonw_add_str(d->json, "title", mr_conflict_title(kind));
    mr_jsonw_add_str(d->json, "says", mr_conflict_says(kind));
    mr_jsonw_add_uint(d->json, "rank", mr_conflict_rank(kind));
    mr_jsonw_key(d->json, "choices");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        put_choice(d, kind, choices[i]);
    mr_jsonw_array_end(d->json);
    mr_jsonw_object_end(d->json);
}

/* Behind the rows, which tell what is needed. */
static void put_rest(struct data *d)
{
    mr_jsonw_key(d->json, "tables");
    mr_jsonw_object_begin(d->json);
    for (size_t i = 0; i < planned_of(d)->ntables; i++)
        put_table(d, i);
    mr_jsonw_object_end(d->json);
    mr_jsonw_key(d->json, "kinds");
    mr_jsonw_object_begin(d->json);
    for (enum mr_conflict kind = MR_CONFLICT_NONE + 1; kind < MR_CONFLICTS; kind++)
        if (d->used[kind])
            put_kind(d, kind);
    mr_jsonw_object_end(d->json);
}

/* In a script element nothing may begin a tag, nor a comment: "<" stands in strings alone. */
static void add_safely(struct mr_strbuf *out, const struct mr_strbuf *json)
{
    const char *at = json->ptr, *end = json->ptr + json->len;
    while (at < end) {
        const char *less = memchr(at, '<', (size_t)(end - at));
        const char *upto = less != NULL ? less : end;
        mr_strbuf_add(out, at, (size_t)(upto - at));
        if (less != NULL)
            mr_strbuf_add_str(out, "\\u003c");
        at = upto + (less != NULL);
    }
}

static enum mr_code put_all(struct data *d, const char *digest, struct mr_err *err)
{
    mr_jsonw_object_begin(d->json);
    put_plan(d, digest);
    MR_TRY(mr_decide_rows_read(&d->rows, err));
    mr_jsonw_array_end(d->json);
    put_rest(d);
    mr_jsonw_object_end(d->json);
    return MR_OK;
}

enum mr_code mr_decide_data_add(const struct mr_decide_data_task *task, struct mr_strbuf *out,
                                uint64_t *conflicts, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_jsonw json;
    struct data d = {.rows = {.plan = task->plan,
                              .config = task->config,
                              .unmask = task->unmask,
                              .head = put_head,
                              .row = put_row},
                     .json = &json};
    char digest[MR_SHA256_HEX];
    enum mr_code code = MR_OK;
    d.rows.ctx = &d;
    mr_jsonw_init_buf(&json, &text);
    MR_TRY_OUT(mr_decide_rows_digest(task->plan, digest, err));
    MR_TRY_OUT(put_all(&d, digest, err));
    MR_TRY_OUT(mr_jsonw_finish(&json, "the page", err));
    add_safely(out, &text);
    MR_TRY_OUT(mr_strbuf_check(out, "writing a page", err));
    *conflicts = d.rows.conflicts;
out:
    mr_jsonw_release(&json);
    mr_strbuf_release(&text);
    return code;
}
