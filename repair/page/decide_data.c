/* decide_data.c: see decide_data.h. */
#include "repair/page/decide_data.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/base/utf8.h"
#include "core/case/mask.h"
#include "core/file/csv_in.h"
#include "core/json/jsonw.h"
#include "repair/decide/conflict_words.h"
#include "repair/page/image_text.h"
#include "repair/plan/asked.h"
#include "repair/plan/undecided.h"

/* Columns of the file that the page has to know of. */
enum {
    SOURCE, /* the images first, as image_text.h counts them */
    TARGET,
    BASE,
    MERGED,
    TABLE,
    SOURCE_KEY,
    TARGET_KEY,
    IDENTITY,
    KIND,
    DECISION,
    DIFFERS,
    COLUMNS
};
static const char *const names[COLUMNS] = {
    [SOURCE] = "source",         [TARGET] = "target",     [BASE] = "base",
    [MERGED] = "columns",        [TABLE] = "table",       [SOURCE_KEY] = "source_key",
    [TARGET_KEY] = "target_key", [IDENTITY] = "identity", [KIND] = "kind",
    [DECISION] = "decision",     [DIFFERS] = "differs"};

struct data {
    const struct mr_decide_data_task *task;
    struct mr_jsonw *json;
    struct mr_string_list *masked; /* of each planned table */
    bool masks;                    /* of any of them */
    size_t at[COLUMNS];            /* position, from 1; 0: the file has none */
    size_t width;
    bool used[MR_CONFLICTS]; /* kinds that stand in the file */
    struct mr_strbuf shown;  /* of the identity */
    uint64_t conflicts;
};

static const struct mr_planned *planned_of(const struct data *d)
{
    return &d->task->plan->manifest.planned;
}

/* ---- what is masked ---- */

/* As the images call it. */
static const char *image_name(const struct mr_planned_column *c)
{
    return c->source_name != NULL ? c->source_name : c->name;
}

static bool is_configured(const struct mr_table_config *config, const struct mr_planned_column *c)
{
    return mr_string_list_has(&config->mask, image_name(c));
}

/* A decision names its row by the key, which a mask would hide: such a table is refused. */
static enum mr_code mask_table(struct data *d, size_t table, struct mr_err *err)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    struct mr_arena *arena = &d->task->plan->arena;
    struct mr_table_config config = {0};
    const char *dot = strchr(t->table, '.');
    const char **items = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *items);
    const char *db = dot != NULL ? mr_arena_dup(arena, t->table, (size_t)(dot - t->table)) : "";
    if (items == NULL || db == NULL)
        return mr_err_nomem(err, "writing a page");
    if (d->task->config != NULL)
        MR_TRY(mr_config_table(d->task->config, db, dot != NULL ? dot + 1 : t->table, arena,
                               &config, err));
    for (size_t i = 0; i < t->ncolumns && !d->task->unmask; i++)
        if (t->columns[i].masked || is_configured(&config, &t->columns[i]))
            items[d->masked[table].count++] = image_name(&t->columns[i]);
    d->masked[table].items = items;
    d->masks |= d->masked[table].count > 0;
    for (size_t i = 0; i < t->key.count; i++)
        if (mr_string_list_has(&d->masked[table], t->key.items[i])) {
            (void)mr_err_set(err, MR_E_REFUSED,
                             "column \"%s\" of the key of table \"%s\" is masked", t->key.items[i],
                             t->table);
            mr_err_hint(err, "A decision names its row by the key: show it with --unmask, and keep "
                             "the page as you keep the plan.");
            return MR_E_REFUSED;
        }
    return MR_OK;
}

static enum mr_code mask_tables(struct data *d, struct mr_err *err)
{
    const size_t n = planned_of(d)->ntables;
    d->masked = mr_arena_calloc(&d->task->plan->arena, n + 1, sizeof *d->masked);
    if (d->masked == NULL)
        return mr_err_nomem(err, "writing a page");
    for (size_t i = 0; i < n; i++)
        MR_TRY(mask_table(d, i, err));
    return MR_OK;
}

static size_t table_named(const struct data *d, struct mr_csv_field name)
{
    const struct mr_planned *p = planned_of(d);
    size_t i = 0;
    while (i < p->ntables && (strlen(p->tables[i].table) != name.len ||
                              memcmp(p->tables[i].table, name.ptr, name.len) != 0))
        i++;
    return i;
}

/* ---- a record ---- */

static struct mr_csv_field field(const struct data *d, const struct mr_csv_field *fields,
                                 size_t column)
{
    const struct mr_csv_field none = {"", 0};
    return d->at[column] > 0 ? fields[d->at[column] - 1] : none;
}

/* Blanks that a spreadsheet has left, beside the seal's back. */
static struct mr_csv_field trimmed(struct mr_csv_field f)
{
    while (f.len > 0 && (*f.ptr == ' ' || *f.ptr == '\t'))
        f = (struct mr_csv_field){f.ptr + 1, f.len - 1};
    while (f.len > 0 && (f.ptr[f.len - 1] == ' ' || f.ptr[f.len - 1] == '\t'))
        f.len--;
    return f;
}

static bool is(struct mr_csv_field f, const char *text)
{
    return f.len == strlen(text) && memcmp(f.ptr, text, f.len) == 0;
}

/* The rows begin behind it: a reader of one pass has to know where they stand. */
static enum mr_code take_head(struct data *d, const struct mr_csv_field *fields, size_t count,
                              struct mr_err *err)
{
    mr_jsonw_key(d->json, "head");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < count; i++) {
        const struct mr_csv_field name = trimmed(fields[i]);
        mr_jsonw_string(d->json, name.ptr, name.len);
        for (size_t n = 0; n < COLUMNS; n++)
            if (is(name, names[n]))
                d->at[n] = i + 1;
    }
    mr_jsonw_array_end(d->json);
    mr_jsonw_key(d->json, "rows");
    mr_jsonw_array_begin(d->json);
    for (size_t n = 0; n < COLUMNS; n++)
        if (d->at[n] == 0 && n != DIFFERS && n != BASE && n != MERGED)
            return mr_err_set(err, MR_E_REFUSED, "%s has no column \"%s\"", MR_CONFLICTS_FILE,
                              names[n]);
    d->width = count;
    return MR_OK;
}

/* Of a table of whose identity a column is masked, all of it is: where one column ends and the next
 * begins cannot be told. */
static struct mr_csv_field show_identity(struct data *d, struct mr_csv_field identity, size_t table)
{
    const struct mr_planned_table *t = &planned_of(d)->tables[table];
    bool masked = false;
    for (size_t i = 0; i < t->identity_columns.count; i++)
        masked |= mr_string_list_has(&d->masked[table], t->identity_columns.items[i]);
    if (!masked || identity.len == 0)
        return identity;
    mr_strbuf_reset(&d->shown);
    mr_mask_text(MR_MASK_VALUE, true, identity.ptr, identity.len, &d->shown);
    return (struct mr_csv_field){d->shown.ptr, d->shown.len};
}

static enum mr_code require_page_key(const struct data *d, struct mr_err *err)
{
    if (d->task->plan->manifest.page_key != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the plan was made by a version of myrecon that has no pages of decisions");
    mr_err_hint(err, "Plan again: values that are masked or long have to be named by digests.");
    return MR_E_REFUSED;
}

/* What is shown in place of the row's fields, into `f`; and what is saved for them. */
static enum mr_code put_fields(struct data *d, const struct mr_csv_field *fields, size_t table,
                               struct mr_image_text *images, struct mr_err *err)
{
    const struct mr_csv_field none = {"", 0};
    mr_jsonw_key(d->json, "f");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < d->width; i++) {
        struct mr_csv_field f = fields[i];
        for (size_t n = 0; n < MR_IMAGES; n++)
            if (d->at[n] == i + 1 && images->is_changed[n])
                f = (struct mr_csv_field){images->shown[n].ptr, images->shown[n].len};
        if (d->at[IDENTITY] == i + 1)
            f = show_identity(d, f, table);
        if (d->at[DIFFERS] == i + 1 && d->masks)
            f = none; /* it has the values, and those of whom the row refers to */
        if (d->at[DECISION] == i + 1)
            f = trimmed(f);
        mr_jsonw_string(d->json, f.ptr, f.len);
    }
    mr_jsonw_array_end(d->json);
    return mr_strbuf_check(&d->shown, "writing a page", err);
}

/* --decisions compares the row with what was decided about, also where nobody could see all of it. */
static enum mr_code put_saved(struct data *d, const struct mr_csv_field *fields,
                              const struct mr_image_text *images, struct mr_err *err)
{
    bool begun = false;
    for (size_t n = 0; n < MR_IMAGES; n++) {
        char digest[MR_ASKED_BYTES], position[32];
        if (!images->is_changed[n])
            continue;
        MR_TRY(require_page_key(d, err));
        MR_TRY(mr_asked_digest(d->task->plan->manifest.page_key, field(d, fields, n), digest, err));
        if (!begun) {
            mr_jsonw_key(d->json, "s");
            mr_jsonw_object_begin(d->json);
        }
        begun = true;
        (void)snprintf(position, sizeof position, "%zu", d->at[n] - 1);
        mr_jsonw_add_str(d->json, position, digest);
    }
    if (begun)
        mr_jsonw_object_end(d->json);
    return MR_OK;
}

/* What is no text would come back as another one. */
static enum mr_code check_text(const struct data *d, const struct mr_csv_field *fields,
                               uint64_t line, struct mr_err *err)
{
    for (size_t i = 0; i < d->width; i++)
        if (!mr_utf8_is_valid(fields[i].ptr, fields[i].len) ||
            memchr(fields[i].ptr, '\0', fields[i].len) != NULL)
            return mr_err_set(err, MR_E_REFUSED,
                              "line %" PRIu64 " of %s has a field %zu that is no UTF-8 text", line,
                              MR_CONFLICTS_FILE, i + 1);
    return MR_OK;
}

static enum mr_code put_record(struct data *d, const struct mr_csv_field *fields, size_t table,
                               struct mr_err *err)
{
    struct mr_image_text images;
    const struct mr_csv_field of[MR_IMAGES] = {field(d, fields, SOURCE), field(d, fields, TARGET),
                                               field(d, fields, BASE), field(d, fields, MERGED)};
    mr_image_text_init(&images, &d->masked[table]);
    enum mr_code code = mr_image_text_show(&images, of, err);
    mr_jsonw_object_begin(d->json);
    if (code == MR_OK)
        code = put_fields(d, fields, table, &images, err);
    if (code == MR_OK)
        code = put_saved(d, fields, &images, err);
    mr_jsonw_object_end(d->json);
    mr_image_text_release(&images);
    return code;
}

/* What the page cannot name, or hold, is refused here: a conflict that is left out would never be decided. */
static enum mr_code take_conflict(struct data *d, const struct mr_csv_field *fields, uint64_t line,
                                  struct mr_err *err)
{
    const struct mr_csv_field kind = field(d, fields, KIND);
    const size_t table = table_named(d, field(d, fields, TABLE));
    const enum mr_conflict conflict = mr_conflict_named(kind.ptr);
    if (table == planned_of(d)->ntables || conflict == MR_CONFLICT_NONE)
        return mr_err_set(err, MR_E_REFUSED,
                          "line %" PRIu64 " of %s is about no planned table, or of no known kind",
                          line, MR_CONFLICTS_FILE);
    if (++d->conflicts > MR_DECIDE_ROWS_MAX) {
        (void)mr_err_set(err, MR_E_REFUSED, "%s has more than %d conflicts, which no page can hold",
                         MR_CONFLICTS_FILE, MR_DECIDE_ROWS_MAX);
        mr_err_hint(err, "Decide whole kinds first: repair plan --on-conflict KIND=CHOICE.");
        return MR_E_REFUSED;
    }
    d->used[conflict] = true;
    return put_record(d, fields, table, err);
}

/* The seal lets pass what people and pages add, and so does the page. */
static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct data *d = ctx;
    if (d->width == 0)
        return take_head(d, fields, count, err);
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    if (mr_asked_is_mark(fields[0]) || (count == 1 && fields[0].len == 0))
        return MR_OK;
    if (count != d->width)
        return mr_err_set(err, MR_E_REFUSED, "line %" PRIu64 " of %s has %zu fields", line,
                          MR_CONFLICTS_FILE, count);
    MR_TRY(check_text(d, fields, line, err));
    return take_conflict(d, fields, line, err);
}

/* ---- what stands beside them ---- */

static void put_plan(struct data *d, const char *digest)
{
    const struct mr_manifest *m = &d->task->plan->manifest;
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

static void put_names(struct data *d, const char *name, const struct mr_planned_names *list)
{
    mr_jsonw_add_texts(d->json, name, list->items, list->count);
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
        mr_jsonw_str(d->json, image_name(&t->columns[i]));
    mr_jsonw_array_end(d->json);
    put_names(d, "key", &t->key);
    put_names(d, "identity", &t->identity_columns);
    mr_jsonw_add_texts(d->json, "masked", d->masked[table].items, d->masked[table].count);
    mr_jsonw_key(d->json, "references");
    mr_jsonw_array_begin(d->json);
    for (size_t i = 0; i < t->nreferences; i++) {
        mr_jsonw_object_begin(d->json);
        mr_jsonw_add_str(d->json, "parent", t->references[i].parent);
        put_names(d, "columns", &t->references[i].columns);
        put_names(d, "to", &t->references[i].parent_columns);
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

static enum mr_code put_all(struct data *d, const char *path, const char *digest,
                            struct mr_err *err)
{
    struct mr_csv_in csv;
    mr_jsonw_object_begin(d->json);
    put_plan(d, digest);
    mr_csv_in_init_lenient(&csv, take_record, d);
    enum mr_code code = mr_csv_in_file(&csv, path, MR_IN_PART, err);
    mr_csv_in_release(&csv);
    if (code != MR_OK)
        return code;
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
    struct data d = {.task = task, .json = &json, .shown = MR_STRBUF_INIT};
    char digest[MR_SHA256_HEX];
    const char *path = mr_plan_path(&task->plan->arena, task->plan->path, MR_CONFLICTS_FILE);
    mr_jsonw_init_buf(&json, &text);
    enum mr_code code = path != NULL ? MR_OK : mr_err_nomem(err, "writing a page");
    MR_TRY_OUT(code);
    MR_TRY_OUT(mask_tables(&d, err));
    MR_TRY_OUT(mr_undecided_digest(path, digest, err));
    MR_TRY_OUT(put_all(&d, path, digest, err));
    MR_TRY_OUT(mr_jsonw_finish(&json, "the page", err));
    add_safely(out, &text);
    MR_TRY_OUT(mr_strbuf_check(out, "writing a page", err));
    *conflicts = d.conflicts;
out:
    mr_jsonw_release(&json);
    mr_strbuf_release(&d.shown);
    mr_strbuf_release(&text);
    return code;
}
