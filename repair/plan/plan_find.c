/* plan_find.c: see plan_find.h. */
#include "repair/plan/plan_find.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/suggest.h"
#include "core/base/utf8.h"
#include "core/file/csv_in.h"
#include "core/json/jsonw.h"
#include "core/row/value_text.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_why.h"
#include "repair/plan/undecided.h"

/* Columns of idmap.csv, and those that conflicts.csv has behind them. */
enum column { TABLE, SOURCE_KEY, TARGET_KEY, IDENTITY, KIND, CHOICES, SOURCE, TARGET };

/* A row that is asked for. */
struct wanted {
    const char *table, *key;
};

/* Both rows of a conflict, as JSON, or NULL. */
struct images {
    const char *table, *source_key, *target_key;
    const char *source, *target;
};

struct finding {
    const struct mr_plan_find_task *task;
    struct mr_arena arena;
    struct mr_vec wanted; /* struct wanted */
    struct mr_vec images; /* struct images */
    bool has_images;      /* the file at hand is conflicts.csv */
    struct mr_jsonw json;
    struct mr_strbuf key[2];
    struct mr_strbuf awaited; /* the key of whom the row at hand waits for */
    size_t found;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "looking into a plan");
}

/* ---- what is asked for ---- */

static struct wanted *find_wanted(struct finding *f, const char *table, const char *key)
{
    for (size_t i = 0; i < f->wanted.count; i++) {
        struct wanted *w = mr_vec_at(&f->wanted, i);
        if (strcmp(w->table, table) == 0 && strcmp(w->key, key) == 0)
            return w;
    }
    return NULL;
}

static enum mr_code want(struct finding *f, const char *table, const char *key, struct mr_err *err)
{
    if (key[0] == '\0' || find_wanted(f, table, key) != NULL)
        return MR_OK;
    struct wanted *w = mr_vec_push(&f->wanted);
    if (w == NULL)
        return no_memory(err);
    *w = (struct wanted){.table = mr_arena_strdup(&f->arena, table),
                         .key = mr_arena_strdup(&f->arena, key)};
    return w->table != NULL && w->key != NULL ? MR_OK : no_memory(err);
}

/* A slip in the table's name is the likeliest reason, so that the nearest one is offered. */
static enum mr_code refuse_row(struct finding *f, struct mr_err *err)
{
    const char *row = f->task->row;
    const struct mr_planned *planned = &f->task->plan->manifest.planned;
    const char *typed = mr_arena_dup(&f->arena, row, strcspn(row, "="));
    struct mr_suggest suggest = {.typed = typed};
    if (typed == NULL)
        return no_memory(err);
    for (size_t i = 0; i < planned->ntables; i++)
        mr_suggest_offer(&suggest, planned->tables[i].table);
    (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\": \"%s\" names no row of a planned table",
                     f->task->why ? "why" : "row", row);
    if (suggest.best != NULL)
        mr_err_hint(err, "Is a row of \"%s\" meant?", suggest.best);
    else
        mr_err_hint(err, f->task->why
                             ? "Write it like: myrecon repair show club.plan --why "
                               "club.members 4711."
                             : "Write it like club.members=42; values of a composite key are "
                               "joined by commas.");
    return MR_E_USAGE;
}

/* A table's name may hold a =, too; keys seldom do. */
static enum mr_code want_row(struct finding *f, struct mr_err *err)
{
    const char *row = f->task->row;
    const struct mr_planned *planned = &f->task->plan->manifest.planned;
    for (size_t i = 0; row != NULL && i < planned->ntables; i++) {
        const char *name = planned->tables[i].table;
        size_t len = strlen(name);
        if (strncmp(row, name, len) == 0 && row[len] == '=')
            return want(f, name, row + len + 1, err);
    }
    return row == NULL ? MR_OK : refuse_row(f, err);
}

/* An identity leads to the key that its row has on the source; a key may be either's. */
static bool is_wanted(struct finding *f, const char *table, const char *source_key,
                      const char *target_key)
{
    return find_wanted(f, table, source_key) != NULL ||
           (f->task->row != NULL && find_wanted(f, table, target_key) != NULL);
}

static enum mr_code keep_images(struct finding *f, const struct mr_csv_field *fields,
                                struct mr_err *err)
{
    struct images *i = mr_vec_push(&f->images);
    if (i == NULL)
        return no_memory(err);
    *i = (struct images){.table = mr_arena_strdup(&f->arena, fields[TABLE].ptr),
                         .source_key = mr_arena_strdup(&f->arena, fields[SOURCE_KEY].ptr),
                         .target_key = mr_arena_strdup(&f->arena, fields[TARGET_KEY].ptr)};
    if (fields[SOURCE].len > 0)
        i->source = mr_arena_strdup(&f->arena, fields[SOURCE].ptr);
    if (fields[TARGET].len > 0)
        i->target = mr_arena_strdup(&f->arena, fields[TARGET].ptr);
    bool whole = i->table != NULL && i->source_key != NULL && i->target_key != NULL &&
                 (i->source != NULL) == (fields[SOURCE].len > 0) &&
                 (i->target != NULL) == (fields[TARGET].len > 0);
    return whole ? MR_OK : no_memory(err);
}

static enum mr_code take_record(void *ctx, const struct mr_csv_field *fields, size_t count,
                                uint64_t line, struct mr_err *err)
{
    struct finding *f = ctx;
    const char *identity = f->task->identity;
    enum mr_code code = MR_OK;
    if (line == 1 || count <= IDENTITY)
        return MR_OK;
    if (identity != NULL && strcmp(fields[IDENTITY].ptr, identity) == 0)
        code = want(f, fields[TABLE].ptr, fields[SOURCE_KEY].ptr, err);
    if (code != MR_OK || !f->has_images || count <= TARGET ||
        !is_wanted(f, fields[TABLE].ptr, fields[SOURCE_KEY].ptr, fields[TARGET_KEY].ptr))
        return code;
    return keep_images(f, fields, err);
}

/* conflicts.csv may have been through a spreadsheet. */
static enum mr_code read_csv(struct finding *f, const char *name, struct mr_err *err)
{
    struct mr_csv_in csv;
    const char *path = mr_plan_path(&f->task->plan->arena, f->task->plan->path, name);
    if (path == NULL)
        return no_memory(err);
    f->has_images = strcmp(name, MR_CONFLICTS_FILE) == 0;
    mr_csv_in_init_lenient(&csv, take_record, f);
    enum mr_code code = mr_csv_in_file(&csv, path, MR_IN_PART, err);
    mr_csv_in_release(&csv);
    return code;
}

/* ---- what the plan says of it ---- */

/* As conflicts.csv writes keys, so that what a person copies from there is found again. */
static enum mr_code key_text(struct mr_strbuf *out, struct mr_key key, struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    while (code == MR_OK && pos < key.len) {
        struct mr_value value;
        if (pos > 0)
            mr_strbuf_add_char(out, ',');
        code = mr_row_decode(key.ptr, key.len, &pos, &value, err);
        if (code != MR_OK || value.cls == MR_CLASS_NULL)
            continue;
        if (value.cls == MR_CLASS_TEXT && !mr_utf8_is_valid(value.ptr, value.len))
            mr_strbuf_add_hex(out, value.ptr, value.len);
        else
            mr_value_to_text(out, &value, (struct mr_value_style){.cls = value.cls});
    }
    return code == MR_OK ? mr_strbuf_check(out, "looking into a plan", err) : code;
}

static void put(struct finding *f, const char *name, const char *text)
{
    mr_jsonw_add_str(&f->json, name, text != NULL && text[0] != '\0' ? text : NULL);
}

static void put_image(struct finding *f, const char *name, const char *image)
{
    mr_jsonw_key(&f->json, name);
    if (image != NULL)
        mr_jsonw_raw(&f->json, image, strlen(image));
    else
        mr_jsonw_null(&f->json);
}

/* Of the conflict that the line is about: key 7 of the source is another row than key 7 of
 * the target. */
static struct images images_of(const struct finding *f, const struct mr_entity_line *line)
{
    for (size_t n = 0; line->kind != NULL && n < f->images.count; n++) {
        const struct images *i = mr_vec_at(&f->images, n);
        const char *key = f->key[i->source_key[0] == '\0'].ptr;
        const char *own = i->source_key[0] == '\0' ? i->target_key : i->source_key;
        if (strcmp(i->table, line->table) == 0 && key != NULL && strcmp(own, key) == 0)
            return *i;
    }
    return (struct images){0};
}

static const char *awaited(const struct finding *f, const struct mr_entity_line *line)
{
    return line->waits_table != NULL ? f->awaited.ptr : NULL;
}

static void print_json(struct finding *f, const struct mr_entity_line *line)
{
    struct images images = images_of(f, line);
    mr_jsonw_object_begin(&f->json);
    put(f, "type", "row");
    put(f, "table", line->table);
    put(f, "source_key", f->key[0].ptr);
    put(f, "target_key", f->key[1].ptr);
    put(f, "decision", mr_decision_name(line->decision));
    put(f, "kind", line->kind);
    put(f, "choice", line->choice);
    put_image(f, "source", images.source);
    put_image(f, "target", images.target);
    if (f->task->why)
        mr_plan_why_json(&f->json, line, awaited(f, line));
    mr_jsonw_object_end(&f->json);
    mr_jsonw_end_line(&f->json);
}

static void print_part(FILE *out, const char *before, const char *text)
{
    if (text == NULL)
        return;
    (void)fputs(before, out);
    mr_utf8_print(out, text);
}

static void print_text(const struct finding *f, const struct mr_entity_line *line)
{
    struct images images = images_of(f, line);
    FILE *out = f->task->out;
    print_part(out, "", line->table);
    print_part(out, ": ", f->key[0].len > 0 ? f->key[0].ptr : "nothing");
    print_part(out, " on the source, ", f->key[1].len > 0 ? f->key[1].ptr : "nothing");
    print_part(out, " on the target: ", mr_decision_name(line->decision));
    print_part(out, "\n  conflict ", line->kind);
    if (line->kind != NULL)
        print_part(out, ": ", line->choice != NULL ? line->choice : "open");
    print_part(out, "\n  source ", images.source);
    print_part(out, "\n  target ", images.target);
    (void)fputs("\n", out);
    if (f->task->why)
        mr_plan_why_text(out, line, awaited(f, line));
}

/* A row that no line is about was not looked at. */
static void print_unknown(struct finding *f)
{
    const struct wanted *w = mr_vec_at(&f->wanted, 0);
    if (!f->task->json) {
        print_part(f->task->out, "", w->table);
        print_part(f->task->out, ": ", w->key);
        (void)fprintf(f->task->out, ": %s\n", MR_PLAN_WHY_UNKNOWN);
        return;
    }
    mr_jsonw_object_begin(&f->json);
    put(f, "type", "row");
    put(f, "table", w->table);
    put(f, "source_key", w->key);
    put(f, "decision", NULL);
    put(f, "because", MR_PLAN_WHY_UNKNOWN);
    mr_jsonw_object_end(&f->json);
    mr_jsonw_end_line(&f->json);
}

/* Compared as text, since that is what was asked: the same text may be several keys, and then
 * all of them are reported. */
static enum mr_code take_entity(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    struct finding *f = ctx;
    MR_TRY(key_text(&f->key[0], line->source_key, err));
    MR_TRY(key_text(&f->key[1], line->target_key, err));
    MR_TRY(key_text(&f->awaited, line->waits_key, err));
    if (!is_wanted(f, line->table, f->key[0].ptr, f->key[1].ptr))
        return MR_OK;
    f->found++;
    if (f->task->json)
        print_json(f, line);
    else
        print_text(f, line);
    return MR_OK;
}

enum mr_code mr_plan_find(const struct mr_plan_find_task *task, struct mr_err *err)
{
    struct finding f = {.task = task,
                        .arena = MR_ARENA_INIT,
                        .wanted = MR_VEC_INIT(struct wanted),
                        .images = MR_VEC_INIT(struct images),
                        .key = {MR_STRBUF_INIT, MR_STRBUF_INIT},
                        .awaited = MR_STRBUF_INIT};
    const char *path = mr_plan_path(&task->plan->arena, task->plan->path, MR_ENTITY_FILE);
    mr_jsonw_init_file(&f.json, task->out);
    enum mr_code code = path != NULL ? want_row(&f, err) : no_memory(err);
    if (code == MR_OK && task->identity != NULL)
        code = read_csv(&f, "idmap.csv", err);
    if (code == MR_OK)
        code = read_csv(&f, MR_CONFLICTS_FILE, err);
    if (code == MR_OK && f.wanted.count > 0)
        code = mr_entity_file_read(path, take_entity, &f, err);
    /* an empty key is none: "nothing" is no row that could have been looked at */
    if (code == MR_OK && f.found == 0 && task->why && f.wanted.count > 0) {
        print_unknown(&f);
    } else if (code == MR_OK && f.found == 0) {
        code = mr_err_set(err, MR_E_NO_SUCH, "the plan knows nothing of \"%s\"",
                          task->row != NULL ? task->row : task->identity);
        mr_err_hint(err, "It knows the rows that differ, and those that refer to rows "
                         "whose key changes.");
    }
    if (code == MR_OK && task->json)
        code = mr_jsonw_finish(&f.json, "standard output", err);
    mr_jsonw_release(&f.json);
    mr_vec_release(&f.wanted);
    mr_vec_release(&f.images);
    mr_strbuf_release(&f.key[0]);
    mr_strbuf_release(&f.key[1]);
    mr_strbuf_release(&f.awaited);
    mr_arena_release(&f.arena);
    return code;
}
