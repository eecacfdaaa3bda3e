/* planned.c: see planned.h. */
#include "repair/plan/planned.h"

#include <string.h>

#include "core/db/sqltext.h"

static const char *const identity_words[] = {[MR_PLAN_BY_COLUMNS] = "columns",
                                             [MR_PLAN_BY_ROW] = "row",
                                             [MR_PLAN_BY_NONE] = "none"};
enum { NIDENTITIES = sizeof identity_words / sizeof identity_words[0] };

uint64_t mr_planned_count(const struct mr_planned *planned, enum mr_decision decision,
                          bool people)
{
    uint64_t count = 0;
    for (size_t i = 0; i < planned->ntables; i++)
        if (planned->tables[i].subject || !people)
            count += planned->tables[i].decisions[decision];
    return count;
}

uint64_t mr_planned_writes(const struct mr_planned_table *t)
{
    return t->decisions[MR_DECIDE_INSERT] + t->decisions[MR_DECIDE_RENUMBER] +
           t->decisions[MR_DECIDE_UPDATE] + t->decisions[MR_DECIDE_DELETE];
}

/* ---- writing ---- */

static void put_names(struct mr_jsonw *w, const char *key,
                      const struct mr_planned_names *names)
{
    mr_jsonw_add_texts(w, key, names->items, names->count);
}

static void put_list(struct mr_jsonw *w, const char *key)
{
    mr_jsonw_key(w, key);
    mr_jsonw_array_begin(w);
}

static void put_columns(struct mr_jsonw *w, const struct mr_planned_table *t)
{
    put_list(w, "columns");
    for (size_t i = 0; i < t->ncolumns; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "name", t->columns[i].name);
        mr_jsonw_add_str(w, "reading", t->columns[i].reading);
        const char *own = t->columns[i].source_name;
        if (own != NULL && strcmp(own, t->columns[i].name) != 0)
            mr_jsonw_add_str(w, "source_name", own);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_references(struct mr_jsonw *w, const struct mr_planned_table *t)
{
    put_list(w, "references");
    for (size_t i = 0; i < t->nreferences; i++) {
        const struct mr_planned_reference *r = &t->references[i];
        mr_jsonw_object_begin(w);
        put_names(w, "columns", &r->columns);
        mr_jsonw_add_str(w, "parent", r->parent);
        put_names(w, "parent_columns", &r->parent_columns);
        mr_jsonw_add_bool(w, "declared", r->declared);
        mr_jsonw_add_str(w, "condition", r->condition);
        if (r->spelling.count > 0)
            put_names(w, "spelling", &r->spelling);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_triggers(struct mr_jsonw *w, const char *key,
                         const struct mr_planned_trigger *triggers, size_t count)
{
    put_list(w, key);
    for (size_t i = 0; i < count; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "name", triggers[i].name);
        mr_jsonw_add_str(w, "timing", triggers[i].timing);
        mr_jsonw_add_str(w, "event", triggers[i].event);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

static void put_counts(struct mr_jsonw *w, const struct mr_planned_table *t)
{
    put_list(w, "decisions");
    for (int d = MR_DECIDE_SAME; d < MR_DECISIONS; d++) {
        if (t->decisions[d] == 0)
            continue;
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "decision", mr_decision_name((enum mr_decision)d));
        mr_jsonw_add_uint(w, "count", t->decisions[d]);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    put_list(w, "conflicts");
    for (size_t i = 0; i < t->nkinds; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "kind", t->kinds[i].kind);
        mr_jsonw_add_uint(w, "open", t->kinds[i].open);
        mr_jsonw_add_uint(w, "decided", t->kinds[i].decided);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}

void mr_planned_put_bound(struct mr_jsonw *w, const char *key, const char *origin_key,
                          const char *value, const char *origin)
{
    mr_jsonw_add_str(w, key, origin != NULL ? value : NULL);
    mr_jsonw_add_str(w, origin_key, origin);
}

static void put_table(struct mr_jsonw *w, const struct mr_planned_table *t)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "table", t->table);
    mr_jsonw_add_str(w, "target_table", t->target_table);
    mr_jsonw_add_str(w, "target_db", t->target_db);
    mr_jsonw_add_str(w, "target_name", t->target_name);
    mr_jsonw_add_bool(w, "subject", t->subject);
    put_names(w, "key", &t->key);
    mr_jsonw_add_str(w, "identity", identity_words[t->identity]);
    put_names(w, "identity_columns", &t->identity_columns);
    mr_jsonw_add_str(w, "counter", t->counter);
    mr_jsonw_add_str(w, "time_column", t->time_column);
    mr_planned_put_bound(w, "base", "base_origin", t->base, t->base_origin);
    mr_planned_put_bound(w, "fresh", "fresh_origin", t->fresh, t->fresh_origin);
    mr_jsonw_add_number(w, "first_id", t->first_id);
    mr_jsonw_add_number(w, "id_step", t->id_step);
    mr_jsonw_add_uint(w, "ids", t->nids);
    mr_jsonw_add_str(w, "fingerprint", t->fingerprint);
    if (t->knows_around)
        mr_jsonw_add_texts(w, "surroundings", t->around.items, t->around.count);
    put_columns(w, t);
    put_references(w, t);
    put_triggers(w, "triggers", t->triggers, t->ntriggers);
    if (t->knows_undo)
        put_triggers(w, "undo_triggers", t->undo_triggers, t->nundo_triggers);
    put_counts(w, t);
    mr_jsonw_object_end(w);
}

void mr_planned_put(struct mr_jsonw *w, const struct mr_planned *p)
{
    mr_jsonw_key(w, "rows");
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "split_at", p->split_at);
    mr_jsonw_add_str(w, "partial", p->partial);
    mr_jsonw_add_bool(w, "fire_triggers", p->fire_triggers);
    mr_jsonw_add_uint(w, "units", p->units);
    mr_jsonw_add_uint(w, "rows", p->rows);
    mr_jsonw_add_uint(w, "packet", p->packet);
    mr_jsonw_add_uint(w, "open", p->open);
    mr_jsonw_add_uint(w, "decided", p->decided);
    put_list(w, "tables");
    for (size_t i = 0; i < p->ntables; i++)
        put_table(w, &p->tables[i]);
    mr_jsonw_array_end(w);
    put_list(w, "notes");
    for (size_t i = 0; i < p->nnotes; i++) {
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "kind", p->notes[i].kind);
        mr_jsonw_add_str(w, "table", p->notes[i].table);
        mr_jsonw_add_str(w, "text", p->notes[i].text);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
}

/* ---- reading ---- */

static struct mr_planned_names get_names(struct mr_json_reader *r,
                                         const struct json_t *object, const char *key)
{
    struct mr_planned_names names = {0};
    names.items = mr_json_read_texts(r, object, key, &names.count);
    return names;
}

static void refuse_word(struct mr_json_reader *r, const char *what, const char *word)
{
    if (r->code == MR_OK)
        r->code = mr_err_set(r->err, MR_E_REFUSED,
                             "this version does not know the %s \"%s\"", what, word);
}

static enum mr_plan_identity get_identity(struct mr_json_reader *r,
                                          const struct json_t *object)
{
    const char *word = mr_json_read_text(r, object, "identity");
    for (int i = MR_PLAN_BY_COLUMNS; i < NIDENTITIES; i++)
        if (strcmp(word, identity_words[i]) == 0)
            return (enum mr_plan_identity)i;
    refuse_word(r, "identity", word);
    return MR_PLAN_BY_COLUMNS;
}

static void get_columns(struct mr_json_reader *r, const struct json_t *object,
                        struct mr_planned_table *t)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(
        r, object, "columns", sizeof *t->columns, &t->ncolumns, &items);
    struct mr_planned_column *columns = items;
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        columns[i].name = mr_json_read_text(r, item, "name");
        columns[i].reading = mr_json_read_text(r, item, "reading");
        columns[i].source_name = mr_json_read_text_or_null(r, item, "source_name");
    }
    t->columns = columns;
}

static void get_references(struct mr_json_reader *r, const struct json_t *object,
                           struct mr_planned_table *t)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(
        r, object, "references", sizeof *t->references, &t->nreferences, &items);
    struct mr_planned_reference *references = items;
    for (size_t i = 0; i < t->nreferences; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        references[i].columns = get_names(r, item, "columns");
        references[i].parent = mr_json_read_text(r, item, "parent");
        references[i].parent_columns = get_names(r, item, "parent_columns");
        references[i].declared = mr_json_read_bool(r, item, "declared");
        references[i].condition = mr_json_read_text_or_null(r, item, "condition");
        if (mr_json_has(item, "spelling"))
            references[i].spelling = get_names(r, item, "spelling");
        size_t columns = references[i].columns.count,
               spelt = references[i].spelling.count;
        if (columns == 0 || columns != references[i].parent_columns.count ||
            (spelt != 0 && spelt != columns))
            mr_json_read_refuse(r, "the reference to", references[i].parent);
    }
    t->references = references;
}

static const struct mr_planned_trigger *get_triggers(struct mr_json_reader *r,
                                                     const struct json_t *object,
                                                     const char *key, size_t *count)
{
    void *items = NULL;
    const struct json_t *array = mr_json_read_array(
        r, object, key, sizeof(struct mr_planned_trigger), count, &items);
    struct mr_planned_trigger *triggers = items;
    for (size_t i = 0; i < *count; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        triggers[i].name = mr_json_read_text(r, item, "name");
        triggers[i].timing = mr_json_read_text(r, item, "timing");
        triggers[i].event = mr_json_read_text(r, item, "event");
    }
    return triggers;
}

static void get_decisions(struct mr_json_reader *r, const struct json_t *object,
                          struct mr_planned_table *t)
{
    void *items = NULL;
    size_t count = 0;
    const struct json_t *array =
        mr_json_read_array(r, object, "decisions", 1, &count, &items);
    for (size_t i = 0; i < count; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        const char *name = mr_json_read_text(r, item, "decision");
        int d = MR_DECIDE_SAME;
        while (d < MR_DECISIONS &&
               strcmp(mr_decision_name((enum mr_decision)d), name) != 0)
            d++;
        if (d < MR_DECISIONS)
            t->decisions[d] = mr_json_read_number(r, item, "count");
        else
            refuse_word(r, "decision", name);
    }
}

static void get_kinds(struct mr_json_reader *r, const struct json_t *object,
                      struct mr_planned_table *t)
{
    void *items = NULL;
    const struct json_t *array =
        mr_json_read_array(r, object, "conflicts", sizeof *t->kinds, &t->nkinds, &items);
    struct mr_planned_kind *kinds = items;
    for (size_t i = 0; i < t->nkinds; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        kinds[i].kind = mr_json_read_text(r, item, "kind");
        kinds[i].open = mr_json_read_number(r, item, "open");
        kinds[i].decided = mr_json_read_number(r, item, "decided");
    }
    t->kinds = kinds;
}

/* Digits of what a counter may hand out, or below 0. */
static const char *get_key(struct mr_json_reader *r, const struct json_t *item,
                           const char *name)
{
    const char *text = mr_json_read_text(r, item, name);
    if (text != NULL && text[0] == '-')
        (void)mr_json_read_signed(r, item, name);
    else
        (void)mr_json_read_number(r, item, name);
    return text;
}

static void get_table(struct mr_json_reader *r, const struct json_t *item,
                      struct mr_planned_table *t)
{
    t->table = mr_json_read_text(r, item, "table");
    t->target_table = mr_json_read_text(r, item, "target_table");
    t->target_db = mr_json_read_text(r, item, "target_db");
    t->target_name = mr_json_read_text(r, item, "target_name");
    t->subject = mr_json_read_bool(r, item, "subject");
    t->key = get_names(r, item, "key");
    t->identity = get_identity(r, item);
    t->identity_columns = get_names(r, item, "identity_columns");
    t->counter = mr_json_read_text_or_null(r, item, "counter");
    t->time_column = mr_json_read_text_or_null(r, item, "time_column");
    t->base_origin = mr_json_read_text_or_null(r, item, "base_origin");
    if (t->base_origin != NULL)
        t->base = get_key(r, item, "base");
    t->fresh_origin = mr_json_read_text_or_null(r, item, "fresh_origin");
    if (t->fresh_origin != NULL)
        t->fresh = get_key(r, item, "fresh");
    t->first_id = mr_json_read_number(r, item, "first_id");
    t->id_step = mr_json_read_number(r, item, "id_step");
    t->nids = mr_json_read_number(r, item, "ids");
    t->fingerprint = mr_json_read_text(r, item, "fingerprint");
    t->knows_around = mr_json_has(item, "surroundings");
    if (t->knows_around)
        t->around = get_names(r, item, "surroundings");
    get_columns(r, item, t);
    get_references(r, item, t);
    t->triggers = get_triggers(r, item, "triggers", &t->ntriggers);
    t->knows_undo = mr_json_has(item, "undo_triggers");
    if (t->knows_undo)
        t->undo_triggers = get_triggers(r, item, "undo_triggers", &t->nundo_triggers);
    get_decisions(r, item, t);
    get_kinds(r, item, t);
}

void mr_planned_get(struct mr_json_reader *r, const struct json_t *root,
                    struct mr_planned *p)
{
    void *items = NULL;
    const struct json_t *rows = mr_json_read_object(r, root, "rows");
    p->split_at = mr_json_read_text_or_null(r, rows, "split_at");
    p->partial = mr_json_read_text_or_null(r, rows, "partial");
    p->fire_triggers = mr_json_read_bool(r, rows, "fire_triggers");
    p->units = mr_json_read_number(r, rows, "units");
    p->rows = mr_json_read_number(r, rows, "rows");
    if (mr_json_has(rows, "packet")) /* an older myrecon did not */
        p->packet = mr_json_read_number(r, rows, "packet");
    p->open = mr_json_read_number(r, rows, "open");
    p->decided = mr_json_read_number(r, rows, "decided");
    const struct json_t *array =
        mr_json_read_array(r, rows, "tables", sizeof *p->tables, &p->ntables, &items);
    struct mr_planned_table *tables = items;
    for (size_t i = 0; i < p->ntables; i++)
        get_table(r, mr_json_read_item(r, array, i), &tables[i]);
    p->tables = tables;
    array = mr_json_read_array(r, rows, "notes", sizeof *p->notes, &p->nnotes, &items);
    struct mr_planned_note *notes = items;
    for (size_t i = 0; i < p->nnotes; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        notes[i].kind = mr_json_read_text(r, item, "kind");
        notes[i].table = mr_json_read_text_or_null(r, item, "table");
        notes[i].text = mr_json_read_text(r, item, "text");
    }
    p->notes = notes;
}

/* ---- references ---- */

void mr_planned_sql_same(struct mr_strbuf *sql, const struct mr_planned_table *t,
                         const char *a, const char *b)
{
    for (size_t i = 0; i < t->key.count; i++) {
        mr_strbuf_add_fmt(sql, "%s%s", i > 0 ? " AND " : "", a);
        mr_sql_ident(sql, t->key.items[i]);
        mr_strbuf_add_fmt(sql, " = %s", b);
        mr_sql_ident(sql, t->key.items[i]);
    }
}

bool mr_planned_counts(const struct mr_planned_table *t)
{
    return t->counter != NULL && t->key.count == 1 &&
           strcmp(t->key.items[0], t->counter) == 0;
}

bool mr_planned_is_parent(const struct mr_planned *planned,
                          const struct mr_planned_table *table)
{
    for (size_t i = 0; i < planned->ntables; i++)
        for (size_t r = 0; r < planned->tables[i].nreferences; r++)
            if (strcmp(planned->tables[i].references[r].parent, table->table) == 0)
                return true;
    return false;
}

struct mr_spelling mr_planned_spelling(const struct mr_planned_reference *r,
                                       size_t column, enum mr_class child)
{
    const char *word =
        column < r->spelling.count ? r->spelling.items[column] : MR_PLANNED_SAME;
    return (struct mr_spelling){.kind =
                                    strcmp(word, MR_PLANNED_NUMBER) == 0 ? MR_SPELL_NUMBER
                                    : strcmp(word, MR_PLANNED_UUID) == 0 ? MR_SPELL_UUID
                                                                         : MR_SPELL_SAME,
                                .child = child,
                                .dashed = true};
}

void mr_planned_sql_key(struct mr_strbuf *sql, const struct mr_planned_reference *r,
                        size_t column, const char *before)
{
    const struct mr_spelling spelling = mr_planned_spelling(r, column, MR_CLASS_TEXT);
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_str(&name, before);
    mr_sql_ident(&name, r->columns.items[column]);
    if (spelling.kind == MR_SPELL_NUMBER)
        mr_spelling_sql_read(sql, &spelling, name.ptr);
    else
        mr_strbuf_add_str(sql, name.ptr);
    sql->failed |= name.failed;
    mr_strbuf_release(&name);
}
