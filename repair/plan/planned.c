/* planned.c: see planned.h. */
#include "repair/plan/planned.h"

#include <string.h>

#include "core/db/sqltext.h"
#include "core/json/json_record.h"

static const char *const identity_words[] = {
    [MR_PLAN_BY_COLUMNS] = "columns", [MR_PLAN_BY_ROW] = "row", [MR_PLAN_BY_NONE] = "none"};
enum { NIDENTITIES = sizeof identity_words / sizeof identity_words[0] };

uint64_t mr_planned_count(const struct mr_planned *planned, enum mr_decision decision, bool people)
{
    uint64_t count = 0;
    for (size_t i = 0; i < planned->ntables; i++)
        if (planned->tables[i].subject || !people)
            count += planned->tables[i].decisions[decision];
    return count;
}

bool mr_planned_fires(const struct mr_planned *planned)
{
    for (size_t i = 0; planned->fire_triggers && i < planned->ntables; i++)
        if (planned->tables[i].ntriggers > 0)
            return true;
    return false;
}

uint64_t mr_planned_writes(const struct mr_planned_table *t)
{
    return t->decisions[MR_DECIDE_INSERT] + t->decisions[MR_DECIDE_RENUMBER] +
           t->decisions[MR_DECIDE_UPDATE] + t->decisions[MR_DECIDE_DELETE];
}

/* ---- records ---- */

#define TABLE(name, type, member) MR_JSON_MEMBER(name, type, struct mr_planned_table, member)
#define TABLE_NAMES(name, member)                                                                  \
    MR_JSON_STRINGS(name, struct mr_planned_table, member.items, member.count, false)
#define TABLE_LIST(name, record, member, number)                                                   \
    MR_JSON_MEMBERS(name, record, struct mr_planned_table, member, number)

static const struct mr_json_member column_members[] = {
    MR_JSON_MEMBER("name", MR_JSON_TEXT, struct mr_planned_column, name),
    MR_JSON_MEMBER("reading", MR_JSON_TEXT, struct mr_planned_column, reading),
    MR_JSON_MAY_LACK("source_name", MR_JSON_TEXT_OR_NULL, struct mr_planned_column, source_name),
    MR_JSON_MAY_LACK("masked", MR_JSON_BOOL, struct mr_planned_column, masked),
};
static const struct mr_json_record column_record =
    MR_JSON_RECORD(struct mr_planned_column, column_members);

#define REFERENCE_NAMES(name, member, lacks)                                                       \
    MR_JSON_STRINGS(name, struct mr_planned_reference, member.items, member.count, lacks)
static const struct mr_json_member reference_members[] = {
    REFERENCE_NAMES("columns", columns, false),
    MR_JSON_MEMBER("parent", MR_JSON_TEXT, struct mr_planned_reference, parent),
    REFERENCE_NAMES("parent_columns", parent_columns, false),
    MR_JSON_MEMBER("declared", MR_JSON_BOOL, struct mr_planned_reference, declared),
    MR_JSON_MEMBER("condition", MR_JSON_TEXT_OR_NULL, struct mr_planned_reference, condition),
    REFERENCE_NAMES("spelling", spelling, true),
};
static const struct mr_json_record reference_record =
    MR_JSON_RECORD(struct mr_planned_reference, reference_members);

static const struct mr_json_member trigger_members[] = {
    MR_JSON_MEMBER("name", MR_JSON_TEXT, struct mr_planned_trigger, name),
    MR_JSON_MEMBER("timing", MR_JSON_TEXT, struct mr_planned_trigger, timing),
    MR_JSON_MEMBER("event", MR_JSON_TEXT, struct mr_planned_trigger, event),
};
static const struct mr_json_record trigger_record =
    MR_JSON_RECORD(struct mr_planned_trigger, trigger_members);

static const struct mr_json_member kind_members[] = {
    MR_JSON_MEMBER("kind", MR_JSON_TEXT, struct mr_planned_kind, kind),
    MR_JSON_MEMBER("open", MR_JSON_COUNT, struct mr_planned_kind, open),
    MR_JSON_MEMBER("decided", MR_JSON_COUNT, struct mr_planned_kind, decided),
};
static const struct mr_json_record kind_record =
    MR_JSON_RECORD(struct mr_planned_kind, kind_members);

static const struct mr_json_member logs_members[] = {
    MR_JSON_MEMBER("outcome", MR_JSON_TEXT, struct mr_planned_logs, outcome),
    MR_JSON_MEMBER("count", MR_JSON_COUNT, struct mr_planned_logs, count),
};
static const struct mr_json_record logs_record =
    MR_JSON_RECORD(struct mr_planned_logs, logs_members);

#define EVIDENCE(type, member) MR_JSON_MEMBER(#member, type, struct mr_planned_evidence, member)
static const struct mr_json_member evidence_members[] = {
    EVIDENCE(MR_JSON_TEXT, side),
    EVIDENCE(MR_JSON_TEXT, evidence),
    EVIDENCE(MR_JSON_TEXT_OR_NULL, reason),
};
static const struct mr_json_record evidence_record =
    MR_JSON_RECORD(struct mr_planned_evidence, evidence_members);

/* What it is; between them and the next ones stand the identity, and the bounds. */
static const struct mr_json_member name_members[] = {
    TABLE("table", MR_JSON_TEXT, table),         TABLE("target_table", MR_JSON_TEXT, target_table),
    TABLE("target_db", MR_JSON_TEXT, target_db), TABLE("target_name", MR_JSON_TEXT, target_name),
    TABLE("subject", MR_JSON_BOOL, subject),     TABLE_NAMES("key", key),
};
static const struct mr_json_record name_record =
    MR_JSON_RECORD(struct mr_planned_table, name_members);

static const struct mr_json_member identity_members[] = {
    TABLE_NAMES("identity_columns", identity_columns),
    TABLE("counter", MR_JSON_TEXT_OR_NULL, counter),
    TABLE("time_column", MR_JSON_TEXT_OR_NULL, time_column),
};
static const struct mr_json_record identity_record =
    MR_JSON_RECORD(struct mr_planned_table, identity_members);

static const struct mr_json_member id_members[] = {
    TABLE("first_id", MR_JSON_NUMBER, first_id),
    TABLE("id_step", MR_JSON_NUMBER, id_step),
    TABLE("ids", MR_JSON_COUNT, nids),
    TABLE("fingerprint", MR_JSON_TEXT, fingerprint),
};
static const struct mr_json_record id_record = MR_JSON_RECORD(struct mr_planned_table, id_members);

static const struct mr_json_member made_members[] = {
    TABLE_LIST("columns", &column_record, columns, ncolumns),
    TABLE_LIST("references", &reference_record, references, nreferences),
    TABLE_LIST("triggers", &trigger_record, triggers, ntriggers),
};
static const struct mr_json_record made_record =
    MR_JSON_RECORD(struct mr_planned_table, made_members);

static const struct mr_json_member note_members[] = {
    MR_JSON_MEMBER("kind", MR_JSON_TEXT, struct mr_planned_note, kind),
    MR_JSON_MEMBER("table", MR_JSON_TEXT_OR_NULL, struct mr_planned_note, table),
    MR_JSON_MEMBER("text", MR_JSON_TEXT, struct mr_planned_note, text),
};
static const struct mr_json_record note_record =
    MR_JSON_RECORD(struct mr_planned_note, note_members);

#define ROWS(name, type, member) MR_JSON_MEMBER(name, type, struct mr_planned, member)
static const struct mr_json_member rows_members[] = {
    ROWS("split_at", MR_JSON_TEXT_OR_NULL, split_at),
    ROWS("partial", MR_JSON_TEXT_OR_NULL, partial),
    ROWS("fire_triggers", MR_JSON_BOOL, fire_triggers),
    ROWS("units", MR_JSON_COUNT, units),
    ROWS("rows", MR_JSON_COUNT, rows),
};
static const struct mr_json_record rows_record = MR_JSON_RECORD(struct mr_planned, rows_members);

static const struct mr_json_member open_members[] = {ROWS("open", MR_JSON_COUNT, open),
                                                     ROWS("decided", MR_JSON_COUNT, decided)};
static const struct mr_json_record open_record = MR_JSON_RECORD(struct mr_planned, open_members);

/* ---- writing ---- */

static void put_counts(struct mr_jsonw *w, const struct mr_planned_table *t)
{
    mr_jsonw_key(w, "decisions");
    mr_jsonw_array_begin(w);
    for (int d = MR_DECIDE_SAME; d < MR_DECISIONS; d++) {
        if (t->decisions[d] == 0)
            continue;
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "decision", mr_decision_name((enum mr_decision)d));
        mr_jsonw_add_uint(w, "count", t->decisions[d]);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
    mr_json_put_list(w, "conflicts", &kind_record, t->kinds, t->nkinds);
    if (t->nlogs > 0)
        mr_json_put_list(w, "logs", &logs_record, t->logs, t->nlogs);
    if (t->nevidence > 0)
        mr_json_put_list(w, "evidence", &evidence_record, t->evidence, t->nevidence);
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
    mr_json_put_record(w, &name_record, t);
    mr_jsonw_add_str(w, "identity", identity_words[t->identity]);
    mr_json_put_record(w, &identity_record, t);
    mr_planned_put_bound(w, "base", "base_origin", t->base, t->base_origin);
    mr_planned_put_bound(w, "fresh", "fresh_origin", t->fresh, t->fresh_origin);
    mr_json_put_record(w, &id_record, t);
    if (t->knows_around)
        mr_jsonw_add_texts(w, "surroundings", t->around.items, t->around.count);
    mr_json_put_record(w, &made_record, t);
    if (t->knows_undo)
        mr_json_put_list(w, "undo_triggers", &trigger_record, t->undo_triggers, t->nundo_triggers);
    put_counts(w, t);
    mr_jsonw_object_end(w);
}

void mr_planned_put(struct mr_jsonw *w, const struct mr_planned *p)
{
    mr_jsonw_key(w, "rows");
    mr_jsonw_object_begin(w);
    mr_json_put_record(w, &rows_record, p);
    mr_jsonw_add_uint(w, "packet", p->packet);
    mr_json_put_record(w, &open_record, p);
    mr_jsonw_key(w, "tables");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < p->ntables; i++)
        put_table(w, &p->tables[i]);
    mr_jsonw_array_end(w);
    mr_json_put_list(w, "notes", &note_record, p->notes, p->nnotes);
    mr_jsonw_object_end(w);
}

/* ---- reading ---- */

static void refuse_word(struct mr_json_reader *r, const char *what, const char *word)
{
    if (r->code == MR_OK)
        r->code = mr_err_set(r->err, MR_E_REFUSED, "this version does not know the %s \"%s\"", what,
                             word);
}

static enum mr_plan_identity get_identity(struct mr_json_reader *r, const struct json_t *object)
{
    const char *word = mr_json_read_text(r, object, "identity");
    for (int i = MR_PLAN_BY_COLUMNS; i < NIDENTITIES; i++)
        if (strcmp(word, identity_words[i]) == 0)
            return (enum mr_plan_identity)i;
    refuse_word(r, "identity", word);
    return MR_PLAN_BY_COLUMNS;
}

/* Each column of a reference has one of the parent's. */
static void check_references(struct mr_json_reader *r, const struct mr_planned_table *t)
{
    for (size_t i = 0; r->code == MR_OK && i < t->nreferences; i++) {
        const struct mr_planned_reference *ref = &t->references[i];
        const size_t columns = ref->columns.count, spelt = ref->spelling.count;
        if (columns == 0 || columns != ref->parent_columns.count ||
            (spelt != 0 && spelt != columns))
            mr_json_read_refuse(r, "the reference to", ref->parent);
    }
}

static void get_decisions(struct mr_json_reader *r, const struct json_t *object,
                          struct mr_planned_table *t)
{
    void *items = NULL;
    size_t count = 0;
    const struct json_t *array = mr_json_read_array(r, object, "decisions", 1, &count, &items);
    for (size_t i = 0; i < count; i++) {
        const struct json_t *item = mr_json_read_item(r, array, i);
        const char *name = mr_json_read_text(r, item, "decision");
        int d = MR_DECIDE_SAME;
        while (d < MR_DECISIONS && strcmp(mr_decision_name((enum mr_decision)d), name) != 0)
            d++;
        if (d < MR_DECISIONS)
            t->decisions[d] = mr_json_read_number(r, item, "count");
        else
            refuse_word(r, "decision", name);
    }
}

/* Digits of what a counter may hand out, or below 0. */
static const char *get_key(struct mr_json_reader *r, const struct json_t *item, const char *name)
{
    const char *text = mr_json_read_text(r, item, name);
    if (text != NULL && text[0] == '-')
        (void)mr_json_read_signed(r, item, name);
    else
        (void)mr_json_read_number(r, item, name);
    return text;
}

/* What a newer version added may be missing, and says so (knows_…); what is there has to be
 * right, word by word. */
static void get_table(struct mr_json_reader *r, const struct json_t *item,
                      struct mr_planned_table *t)
{
    mr_json_get_record(r, item, &name_record, t);
    t->identity = get_identity(r, item);
    mr_json_get_record(r, item, &identity_record, t);
    t->base_origin = mr_json_read_text_or_null(r, item, "base_origin");
    if (t->base_origin != NULL)
        t->base = get_key(r, item, "base");
    t->fresh_origin = mr_json_read_text_or_null(r, item, "fresh_origin");
    if (t->fresh_origin != NULL)
        t->fresh = get_key(r, item, "fresh");
    mr_json_get_record(r, item, &id_record, t);
    t->knows_around = mr_json_has(item, "surroundings");
    if (t->knows_around)
        t->around.items = mr_json_read_texts(r, item, "surroundings", &t->around.count);
    mr_json_get_record(r, item, &made_record, t);
    check_references(r, t);
    t->knows_undo = mr_json_has(item, "undo_triggers");
    if (t->knows_undo)
        t->undo_triggers =
            mr_json_get_list(r, item, "undo_triggers", &trigger_record, &t->nundo_triggers);
    get_decisions(r, item, t);
    t->kinds = mr_json_get_list(r, item, "conflicts", &kind_record, &t->nkinds);
    if (mr_json_has(item, "logs"))
        t->logs = mr_json_get_list(r, item, "logs", &logs_record, &t->nlogs);
    if (mr_json_has(item, "evidence"))
        t->evidence = mr_json_get_list(r, item, "evidence", &evidence_record, &t->nevidence);
}

void mr_planned_get(struct mr_json_reader *r, const struct json_t *root, struct mr_planned *p)
{
    void *items = NULL;
    const struct json_t *rows = mr_json_read_object(r, root, "rows");
    mr_json_get_record(r, rows, &rows_record, p);
    if (mr_json_has(rows, "packet")) /* an older myrecon did not */
        p->packet = mr_json_read_number(r, rows, "packet");
    mr_json_get_record(r, rows, &open_record, p);
    const struct json_t *array =
        mr_json_read_array(r, rows, "tables", sizeof *p->tables, &p->ntables, &items);
    struct mr_planned_table *tables = items;
    for (size_t i = 0; i < p->ntables; i++)
        get_table(r, mr_json_read_item(r, array, i), &tables[i]);
    p->tables = tables;
    if (r->code != MR_OK)
        p->ntables = 0;
    p->notes = mr_json_get_list(r, rows, "notes", &note_record, &p->nnotes);
}

/* ---- references ---- */

void mr_planned_sql_same(struct mr_strbuf *sql, const struct mr_planned_table *t, const char *a,
                         const char *b)
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
    return t->counter != NULL && t->key.count == 1 && strcmp(t->key.items[0], t->counter) == 0;
}

bool mr_planned_is_parent(const struct mr_planned *planned, const struct mr_planned_table *table)
{
    for (size_t i = 0; i < planned->ntables; i++)
        for (size_t r = 0; r < planned->tables[i].nreferences; r++)
            if (strcmp(planned->tables[i].references[r].parent, table->table) == 0)
                return true;
    return false;
}

static bool has_name(const struct mr_planned_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool is_referred(const struct mr_planned *planned, const struct mr_planned_table *table,
                        const char *column)
{
    for (size_t i = 0; i < planned->ntables && !has_name(&table->key, column); i++)
        for (size_t r = 0; r < planned->tables[i].nreferences; r++) {
            const struct mr_planned_reference *to = &planned->tables[i].references[r];
            if (strcmp(to->parent, table->table) == 0 && has_name(&to->parent_columns, column))
                return true;
        }
    return false;
}

size_t mr_planned_referred(const struct mr_planned *planned, const struct mr_planned_table *table,
                           size_t *at)
{
    size_t count = 0;
    for (size_t i = 0; i < table->ncolumns; i++)
        if (is_referred(planned, table, table->columns[i].name))
            at[count++] = i;
    return count;
}

struct mr_spelling mr_planned_spelling(const struct mr_planned_reference *r, size_t column,
                                       enum mr_class child)
{
    const char *word = column < r->spelling.count ? r->spelling.items[column] : MR_PLANNED_SAME;
    return (struct mr_spelling){.kind = strcmp(word, MR_PLANNED_NUMBER) == 0 ? MR_SPELL_NUMBER
                                        : strcmp(word, MR_PLANNED_UUID) == 0 ? MR_SPELL_UUID
                                                                             : MR_SPELL_SAME,
                                .child = child,
                                .dashed = true};
}

void mr_planned_sql_key(struct mr_strbuf *sql, const struct mr_planned_reference *r, size_t column,
                        const char *before)
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
