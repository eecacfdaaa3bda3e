/* affected_line.c: see affected_line.h. */
#include "recon/affected/affected_line.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/row/row_class.h"
#include "recon/affected/affected_plan.h"
#include "recon/affected/affected_told.h"

/* Puts everybody's rows together into temp.line. */
struct sealer {
    struct mr_affected_lines *lines;
    const struct mr_affected *list;
    const struct mr_find_table **by_id; /* tables of the run */
    struct mr_case_stmt *people, *rows, *tables, *add;
    struct mr_case_fields row_map;
    struct mr_vec names;      /* const struct mr_find_table *, of one person */
    struct mr_strbuf keys[2]; /* encoded texts of one person */
    struct mr_strbuf key_text[2];
    struct mr_strbuf table_text, place, text;
    struct mr_strbuf name, rest, fields; /* of the row that speaks for the person */
    bool no_name;
    size_t nrows;
    size_t nkeys[2];
};

struct mr_value_style mr_affected_style(const struct mr_affected_subject *subject, size_t field)
{
    const struct mr_find_table *table = subject->table;
    return subject->columns[field] < table->ncolumns ? table->columns[subject->columns[field]].style
                                                     : (struct mr_value_style){MR_CLASS_NULL, 0};
}

bool mr_affected_key_is_number(const struct mr_affected_subject *subject)
{
    const struct mr_find_table *table = subject->table;
    if (subject->nkey != 1)
        return false;
    enum mr_class cls = table->columns[mr_image_part_column(table, MR_IMAGE_KEY, 0)].style.cls;
    return mr_class_is_integer(cls);
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = (*(const struct mr_find_table *const *)a)->id;
    int64_t y = (*(const struct mr_find_table *const *)b)->id;
    return x < y ? -1 : x > y;
}

/* Tables of a run are an array in the order of their names. */
static int compare_places(const void *a, const void *b)
{
    const struct mr_find_table *x = *(const struct mr_find_table *const *)a;
    const struct mr_find_table *y = *(const struct mr_find_table *const *)b;
    return x < y ? -1 : x > y;
}

static enum mr_code index_tables(struct sealer *s, struct mr_err *err)
{
    s->by_id = calloc(s->list->ntables + 1, sizeof *s->by_id);
    if (s->by_id == NULL)
        return mr_err_nomem(err, "listing people");
    for (size_t i = 0; i < s->list->ntables; i++)
        s->by_id[i] = &s->list->tables[i];
    qsort(s->by_id, s->list->ntables, sizeof *s->by_id, compare_ids);
    return MR_OK;
}

/* ---- one person ---- */

/* One of the rows of a person. */
struct row {
    int side;
    struct mr_key key, name, fields;
    bool no_name;
};

#define ROW(member, type) MR_CASE_FIELD(struct row, member, MR_CASE_##type)

static const struct mr_case_field row_fields[] = MR_CASE_LIST(
    ROW(side, SMALL), ROW(key, BYTES), ROW(name, BYTES), ROW(fields, BYTES), ROW(no_name, FLAG));

/* A person may have several rows on a side, with a key each; all are listed, since who repairs
 * by hand needs every one. */
static enum mr_code take_row(struct sealer *s, const struct row *row, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (row->key.ptr != NULL) {
        struct mr_value text = {.cls = MR_CLASS_TEXT, .ptr = row->key.ptr, .len = row->key.len};
        code = mr_row_encode(&s->keys[row->side], &text, err);
        if (s->nkeys[row->side]++ > 0)
            mr_strbuf_add_char(&s->key_text[row->side], ';');
        mr_strbuf_add(&s->key_text[row->side], row->key.ptr, row->key.len);
    }
    /* SOURCE's rows come first; who it is, the first row says that says it at all. */
    if (s->nrows == 0 || (s->no_name && !row->no_name)) {
        mr_strbuf_reset(&s->name);
        mr_strbuf_add(&s->name, row->name.ptr, row->name.len);
        s->no_name = row->no_name;
    }
    if (s->nrows++ == 0)
        mr_strbuf_add(&s->rest, row->fields.ptr, row->fields.len);
    return code;
}

static enum mr_code take_rows(struct sealer *s, int64_t person, struct mr_err *err)
{
    bool more = false;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&s->name);
    mr_strbuf_reset(&s->rest);
    s->nrows = 0;
    for (int side = 0; side < 2; side++) {
        s->nkeys[side] = 0;
        mr_strbuf_reset(&s->keys[side]);
        mr_strbuf_reset(&s->key_text[side]);
    }
    MR_CASE_BIND(s->rows, MR_ARG_INT("person", person));
    while (code == MR_OK && (code = mr_case_step(s->rows, &more, err)) == MR_OK && more) {
        struct row row = {0};
        code = mr_case_fields_read(&s->row_map, NULL, &row, err);
        if (code == MR_OK)
            code = take_row(s, &row, err);
    }
    mr_case_reset(s->rows);
    mr_strbuf_reset(&s->fields);
    mr_strbuf_add(&s->fields, s->name.ptr, s->name.len);
    mr_strbuf_add(&s->fields, s->rest.ptr, s->rest.len);
    return code;
}

/* Tables are kept by id and listed by name: the order of ids is that in which they were checked,
 * which differs from run to run. */
static enum mr_code take_tables(struct sealer *s, int64_t person, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = MR_OK;
    mr_vec_clear(&s->names);
    mr_strbuf_reset(&s->table_text);
    MR_CASE_BIND(s->tables, MR_ARG_INT("person", person));
    while (code == MR_OK && (code = mr_case_step(s->tables, &row, err)) == MR_OK && row) {
        const struct mr_find_table wanted = {.id = mr_case_int(s->tables, 0)};
        const struct mr_find_table *at = &wanted;
        const struct mr_find_table **found =
            bsearch(&at, s->by_id, s->list->ntables, sizeof *s->by_id, compare_ids);
        const struct mr_find_table **slot = mr_vec_push(&s->names);
        if (slot == NULL)
            code = mr_err_nomem(err, "listing people");
        else if (found == NULL)
            code = mr_err_set(err, MR_E_BUG, "a table of another run is listed");
        else
            *slot = *found;
    }
    mr_case_reset(s->tables);
    if (code == MR_OK && s->names.count > 1)
        qsort(s->names.items, s->names.count, sizeof(void *), compare_places);
    for (size_t i = 0; code == MR_OK && i < s->names.count; i++) {
        const struct mr_find_table *const *table = mr_vec_at(&s->names, i);
        mr_strbuf_add_fmt(&s->table_text, "%s%s", i > 0 ? ";" : "", (*table)->name);
    }
    return code;
}

/* The bytes in whose order the lines stand, and the extents of what they hold. */
static enum mr_code place(struct sealer *s, const struct mr_affected_subject *subject,
                          struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&s->place);
    for (size_t i = 0; code == MR_OK && i < s->list->nfields; i++) {
        struct mr_value value;
        code = mr_row_decode(s->fields.ptr, s->fields.len, &pos, &value, err);
        if (code != MR_OK)
            break;
        mr_affected_extent_add(&s->lines->facts.fields[i], &value);
        if (i >= s->list->nidentity)
            continue;
        mr_strbuf_add_char(&s->place, value.cls == MR_CLASS_NULL ? '\0' : '\1');
        if (value.cls == MR_CLASS_NULL)
            continue;
        mr_strbuf_reset(&s->text);
        mr_affected_add_text(&s->text, &value, mr_affected_style(subject, i));
        mr_affected_add_ordered(&s->place, s->text.ptr, s->text.len);
    }
    const char *name = subject->table->name;
    mr_affected_add_ordered(&s->place, name, strlen(name));
    for (int side = 0; side < 2; side++)
        mr_affected_add_ordered(&s->place, s->key_text[side].ptr, s->key_text[side].len);
    return code;
}

/* A key that is one integer, of its text. */
static void add_number(struct mr_affected_extent *extent, const char *text)
{
    struct mr_value value = {.cls = MR_CLASS_UINT};
    if (*text == '-')
        value = (struct mr_value){.cls = MR_CLASS_INT, .i = strtoll(text, NULL, 10)};
    else
        value.u = strtoull(text, NULL, 10);
    mr_affected_extent_add(extent, &value);
}

/* SQL declares its columns before the first line is written, so what the lines need is summed
 * while they are made. */
static void add_facts(struct sealer *s, const struct mr_affected_subject *subject, unsigned reasons)
{
    struct mr_affected_facts *facts = &s->lines->facts;
    facts->people++;
    for (unsigned i = 0; i < MR_AFFECTED_REASONS; i++)
        facts->by_reason[i] += reasons >> i & 1;
    for (int side = 0; side < 2; side++) {
        struct mr_value text = {
            .cls = MR_CLASS_TEXT, .ptr = s->key_text[side].ptr, .len = s->key_text[side].len};
        mr_affected_extent_add(&facts->keys[side], &text);
        if (s->nkeys[side] == 1 && mr_affected_key_is_number(subject))
            add_number(&facts->keys[side], s->key_text[side].ptr);
        if (s->nkeys[side] > facts->most_keys)
            facts->most_keys = s->nkeys[side];
    }
    struct mr_value tables = {
        .cls = MR_CLASS_TEXT, .ptr = s->table_text.ptr, .len = s->table_text.len};
    mr_affected_extent_add(&facts->tables, &tables);
}

static enum mr_code check_buffers(const struct sealer *s, struct mr_err *err)
{
    const struct mr_strbuf *all[] = {&s->keys[0], &s->keys[1], &s->key_text[0], &s->key_text[1],
                                     &s->name,    &s->rest,    &s->fields,      &s->table_text,
                                     &s->place,   &s->text};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        MR_TRY(mr_strbuf_check(all[i], "listing people", err));
    return MR_OK;
}

/* What a line is read from. */
#define LINE_COLUMNS "tbl, reasons, fields, source_keys, target_keys, tables"

struct person {
    int64_t id, tbl;
    unsigned reasons;
};

#define PERSON(member, type) MR_CASE_FIELD(struct person, member, MR_CASE_##type)
static const struct mr_case_field person_fields[] =
    MR_CASE_LIST(PERSON(id, INT), PERSON(tbl, INT), PERSON(reasons, SMALL));

/* Everything of a line is kept as it will be written, in the case's scratch: reading them in
 * order is then one walk, whatever the number of people. */
static enum mr_code seal_person(struct sealer *s, const struct person *person, struct mr_err *err)
{
    const struct mr_affected_subject *subject = mr_affected_subject_of(s->list, person->tbl);
    MR_TRY(take_rows(s, person->id, err));
    MR_TRY(mr_affected_told_fill(s->lines->people, person->id, &s->fields, err));
    MR_TRY(take_tables(s, person->id, err));
    MR_TRY(place(s, subject, err));
    MR_TRY(check_buffers(s, err));
    add_facts(s, subject, person->reasons);
    return MR_CASE_RUN(s->add, err, MR_ARG_BLOB("place", s->place.ptr, s->place.len),
                       MR_ARG_INT("tbl", person->tbl), MR_ARG_INT("reasons", person->reasons),
                       MR_ARG_BLOB("fields", s->fields.ptr, s->fields.len),
                       MR_ARG_BLOB("source_keys", s->keys[0].ptr, s->keys[0].len),
                       MR_ARG_BLOB("target_keys", s->keys[1].ptr, s->keys[1].len),
                       MR_ARG_BLOB("tables", s->table_text.ptr, s->table_text.len));
}

/* ---- everybody ---- */

static enum mr_code open_statements(struct sealer *s, struct mr_case *cf, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->rows, "SELECT side, key, name, fields, no_name FROM temp.person_row"
                   " WHERE person = :person ORDER BY side, place"},
        {&s->tables, "SELECT tbl FROM temp.person_table WHERE person = :person"},
        {&s->add, "INSERT INTO temp.line (place, " LINE_COLUMNS ") VALUES (:place, :tbl, :reasons,"
                  " :fields, :source_keys, :target_keys, :tables)"},
        {&s->people, "SELECT id, tbl, reasons FROM temp.person WHERE reasons <> 0"
                     " ORDER BY id"}};
    MR_TRY(mr_case_prepare_all(cf, list, sizeof list / sizeof list[0], err));
    return mr_case_fields_open(&s->row_map, s->rows, MR_CASE_FIELDS(row_fields), err);
}

/* A person whose own row is a finding is affected by its own table, too; whom only children lead
 * to is not. */
static enum mr_code seal_all(struct sealer *s, struct mr_case *cf, struct mr_err *err)
{
    struct mr_case_fields map;
    struct person person;
    bool more = false;
    enum mr_code code = MR_OK;
    MR_TRY(MR_CASE_ONCE(cf,
                        "INSERT OR IGNORE INTO temp.person_table SELECT id, tbl FROM temp.person"
                        " WHERE reasons & ~:child <> 0",
                        err, MR_ARG_INT("child", MR_AFFECTED_CHILD)));
    MR_TRY(mr_case_exec(cf,
                        "CREATE TEMP TABLE line (place BLOB NOT NULL, tbl INT NOT"
                        " NULL, reasons INT NOT NULL, fields BLOB NOT NULL,"
                        " source_keys BLOB NOT NULL, target_keys BLOB NOT NULL,"
                        " tables BLOB NOT NULL) STRICT",
                        err));
    MR_TRY(open_statements(s, cf, err));
    MR_TRY(mr_case_fields_open(&map, s->people, MR_CASE_FIELDS(person_fields), err));
    while ((code = mr_case_fields_next(&map, NULL, &person, &more, err)) == MR_OK && more) {
        MR_TRY(seal_person(s, &person, err));
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
    }
    return code;
}

static void sealer_release(struct sealer *s)
{
    free(s->by_id);
    mr_case_free(s->people);
    mr_case_free(s->rows);
    mr_case_free(s->tables);
    mr_case_free(s->add);
    mr_vec_release(&s->names);
    for (int side = 0; side < 2; side++) {
        mr_strbuf_release(&s->keys[side]);
        mr_strbuf_release(&s->key_text[side]);
    }
    mr_strbuf_release(&s->table_text);
    mr_strbuf_release(&s->place);
    mr_strbuf_release(&s->text);
    mr_strbuf_release(&s->name);
    mr_strbuf_release(&s->rest);
    mr_strbuf_release(&s->fields);
}

static enum mr_code seal(struct mr_affected_lines *lines, struct mr_err *err)
{
    struct sealer s = {.lines = lines,
                       .list = lines->people->list,
                       .names = MR_VEC_INIT(const struct mr_find_table *),
                       .keys = {MR_STRBUF_INIT, MR_STRBUF_INIT},
                       .key_text = {MR_STRBUF_INIT, MR_STRBUF_INIT},
                       .table_text = MR_STRBUF_INIT,
                       .place = MR_STRBUF_INIT,
                       .text = MR_STRBUF_INIT,
                       .name = MR_STRBUF_INIT,
                       .rest = MR_STRBUF_INIT,
                       .fields = MR_STRBUF_INIT};
    enum mr_code code = mr_affected_told(lines->people, err);
    if (code == MR_OK)
        code = index_tables(&s, err);
    if (code == MR_OK)
        code = seal_all(&s, lines->people->cf, err);
    sealer_release(&s);
    return code;
}

struct sealed {
    int64_t table;
    unsigned reasons;
    struct mr_key fields, keys[2], tables;
};

#define SEALED(name, member, type) MR_CASE_FIELD_AS(name, struct sealed, member, MR_CASE_##type)

static const struct mr_case_field sealed_fields[] =
    MR_CASE_LIST(SEALED("tbl", table, INT), SEALED("reasons", reasons, SMALL),
                 SEALED("fields", fields, BYTES), SEALED("source_keys", keys[0], BYTES),
                 SEALED("target_keys", keys[1], BYTES), SEALED("tables", tables, BYTES));

/* Sorting is left to SQLite, which spills to disk: memory does not grow with the people. */
enum mr_code mr_affected_lines_begin(struct mr_affected_lines *lines,
                                     struct mr_affected_people *people, struct mr_err *err)
{
    struct mr_affected *list = people->list;
    *lines = (struct mr_affected_lines){
        .people = people,
        .line = {.keys = {MR_VEC_INIT(struct mr_key), MR_VEC_INIT(struct mr_key)},
                 .key_text = {MR_STRBUF_INIT, MR_STRBUF_INIT},
                 .reasons = MR_STRBUF_INIT,
                 .tables = MR_STRBUF_INIT,
                 .new_key = MR_STRBUF_INIT,
                 .no_new_key = true}};
    lines->values = mr_arena_calloc(&list->arena, list->nfields + 1, sizeof *lines->values);
    lines->facts.fields =
        mr_arena_calloc(&list->arena, list->nfields + 1, sizeof *lines->facts.fields);
    if (lines->values == NULL || lines->facts.fields == NULL)
        return mr_err_nomem(err, "listing people");
    lines->line.values = lines->values;
    MR_TRY(seal(lines, err));
    MR_TRY(mr_case_prepare(people->cf, "SELECT " LINE_COLUMNS " FROM temp.line ORDER BY place",
                           &lines->stmt, err));
    return mr_case_fields_open(&lines->map, lines->stmt, MR_CASE_FIELDS(sealed_fields), err);
}

void mr_affected_lines_release(struct mr_affected_lines *lines)
{
    mr_case_free(lines->stmt);
    for (int side = 0; side < 2; side++) {
        mr_vec_release(&lines->line.keys[side]);
        mr_strbuf_release(&lines->line.key_text[side]);
    }
    mr_strbuf_release(&lines->line.reasons);
    mr_strbuf_release(&lines->line.tables);
    mr_strbuf_release(&lines->line.new_key);
}

/* ---- reading ---- */

/* Keys are kept encoded, one behind another, since a key's text may have the ';' that joins
 * them. */
static enum mr_code read_keys(struct mr_affected_line *line, int side, struct mr_key keys,
                              struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    mr_vec_clear(&line->keys[side]);
    mr_strbuf_reset(&line->key_text[side]);
    while (code == MR_OK && pos < keys.len) {
        struct mr_value value;
        struct mr_key *key = mr_vec_push(&line->keys[side]);
        code = key != NULL ? mr_row_decode(keys.ptr, keys.len, &pos, &value, err)
                           : mr_err_nomem(err, "listing people");
        if (code != MR_OK)
            break;
        *key = (struct mr_key){value.ptr, value.len};
        if (line->keys[side].count > 1)
            mr_strbuf_add_char(&line->key_text[side], ';');
        mr_strbuf_add(&line->key_text[side], value.ptr, value.len);
    }
    return code == MR_OK ? mr_strbuf_check(&line->key_text[side], "listing people", err) : code;
}

static void read_reasons(struct mr_affected_line *line, unsigned reasons)
{
    mr_strbuf_reset(&line->reasons);
    for (unsigned i = 0; i < MR_AFFECTED_REASONS; i++)
        if ((reasons >> i & 1) != 0)
            mr_strbuf_add_fmt(&line->reasons, "%s%s", line->reasons.len > 0 ? ";" : "",
                              mr_affected_reason_names[i]);
}

static enum mr_code read_line(struct mr_affected_lines *lines, struct mr_err *err)
{
    const struct mr_affected *list = lines->people->list;
    struct mr_affected_line *line = &lines->line;
    struct sealed sealed = {0};
    size_t pos = 0;
    enum mr_code code = mr_case_fields_read(&lines->map, NULL, &sealed, err);
    line->subject = mr_affected_subject_of(list, sealed.table);
    read_reasons(line, sealed.reasons);
    for (size_t i = 0; code == MR_OK && i < list->nfields; i++)
        code = mr_row_decode(sealed.fields.ptr, sealed.fields.len, &pos, &lines->values[i], err);
    for (int side = 0; code == MR_OK && side < 2; side++)
        code = read_keys(line, side, sealed.keys[side], err);
    mr_strbuf_reset(&line->tables);
    mr_strbuf_add(&line->tables, sealed.tables.ptr, sealed.tables.len);
    if (code == MR_OK)
        code = mr_strbuf_check(&line->tables, "listing people", err);
    return code == MR_OK ? mr_strbuf_check(&line->reasons, "listing people", err) : code;
}

enum mr_code mr_affected_lines_next(struct mr_affected_lines *lines,
                                    const struct mr_affected_line **line, struct mr_err *err)
{
    bool row = false;
    *line = NULL;
    enum mr_code code = mr_case_step(lines->stmt, &row, err);
    if (code != MR_OK || !row)
        return code;
    code = mr_is_cancelled() ? mr_cancelled_err(err) : read_line(lines, err);
    if (code == MR_OK && lines->people->list->plan != NULL)
        code = mr_affected_plan_key(lines->people->list->plan, &lines->line, &lines->line.new_key,
                                    &lines->line.no_new_key, err);
    if (code == MR_OK)
        *line = &lines->line;
    return code;
}
