/*
 * affected_sql.c: the list as a table and its rows, for the stock client; see
 * affected_format.h.
 *
 * The session's settings that decide what the statements mean are pinned in front and put
 * back at the end.  Nothing is dropped: a table of that name makes the first statement
 * fail.  line_no numbers the lines in their order, and is the key that some servers
 * demand.
 */
#include "recon/affected/affected_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/base/version.h"
#include "core/case/image.h"
#include "core/db/sqltext.h"
#include "recon/affected/affected_plan.h"
#include "recon/affected/affected_type.h"

#define STATEMENT_BYTES ((size_t)512 * 1024)

struct field {
    bool as_text;  /* subject tables disagree about its type */
    bool as_bytes; /* some text in it is none */
};

struct sql {
    struct field *fields;
    bool number_keys;
    struct mr_strbuf row;
    size_t statement_bytes; /* of the INSERT that is open; 0: none */
};

static const char head[] = "SET @myrecon_sql_mode = @@SESSION.sql_mode,\n"
                           "    @myrecon_time_zone = @@SESSION.time_zone,\n"
                           "    @myrecon_client = @@SESSION.character_set_client,\n"
                           "    @myrecon_results = @@SESSION.character_set_results,\n"
                           "    @myrecon_collation = @@SESSION.collation_connection;\n"
                           "SET NAMES utf8mb4;\n"
                           "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES',\n"
                           "    SESSION time_zone = '+00:00';\n";

static const char tail[] = "COMMIT;\n"
                           "SET SESSION sql_mode = @myrecon_sql_mode,\n"
                           "    SESSION time_zone = @myrecon_time_zone,\n"
                           "    SESSION character_set_client = @myrecon_client,\n"
                           "    SESSION character_set_results = @myrecon_results,\n"
                           "    SESSION collation_connection = @myrecon_collation;\n";

/* ---- the table ---- */

static const struct mr_find_column *column_of(const struct mr_affected_subject *subject,
                                              size_t field)
{
    size_t at = subject->columns[field];
    return at < subject->table->ncolumns ? &subject->table->columns[at] : NULL;
}

/* The field's column in the first subject table that has it; *agreed: all others that
 * have it are of the same type. */
static const struct mr_find_column *typical(const struct mr_affected *list, size_t field,
                                            bool *agreed)
{
    const struct mr_find_column *first = NULL;
    *agreed = true;
    for (size_t i = 0; i < list->nsubjects; i++) {
        const struct mr_find_column *col = column_of(&list->subjects[i], field);
        if (first == NULL)
            first = col;
        if (col == NULL || col == first)
            continue;
        bool same_type =
            col->type != NULL && first->type != NULL && strcmp(col->type, first->type) == 0;
        *agreed = *agreed && same_type && col->style.cls == first->style.cls &&
                  col->style.decimals == first->style.decimals;
    }
    return first;
}

static void add_name(struct mr_strbuf *out, const char *name)
{
    mr_strbuf_add_str(out, ",\n    ");
    mr_sql_ident(out, name);
    mr_strbuf_add_char(out, ' ');
}

/* Where the subject tables disagree about a column there is no type that has all its values, so
 * it becomes text. */
static void add_field_column(struct mr_affected_writer *w, size_t field, struct mr_strbuf *out,
                             size_t *row_bytes)
{
    struct sql *sql = w->state;
    bool agreed = true;
    const struct mr_find_column *col = typical(w->list, field, &agreed);
    bool typed = agreed && col != NULL;
    struct mr_affected_type type = {.style = {MR_CLASS_JSON, 0},
                                    .extent = &w->facts->fields[field]};
    if (typed) {
        type.declared = col->type;
        type.style = col->style;
    }
    sql->fields[field].as_text = !typed;
    sql->fields[field].as_bytes = typed && type.extent->no_text;
    add_name(out, w->list->fields[field].label);
    mr_affected_add_type(out, &type, row_bytes);
    mr_strbuf_add_str(out, " NULL");
}

static void add_key_column(struct mr_affected_writer *w, int side, struct mr_strbuf *out,
                           size_t *row_bytes)
{
    const struct sql *sql = w->state;
    const struct mr_affected_extent *extent = &w->facts->keys[side];
    const struct mr_find_table *table = w->list->subjects[0].table;
    add_name(out, side == 0 ? "source_key" : "target_key");
    if (sql->number_keys) {
        size_t at = mr_image_part_column(table, MR_IMAGE_KEY, 0);
        struct mr_affected_type type = {
            .declared = table->columns[at].type, .style = {MR_CLASS_INT, 0}, .extent = extent};
        mr_affected_add_type(out, &type, row_bytes);
    } else {
        mr_affected_add_text_type(out, extent->chars, row_bytes);
    }
    mr_strbuf_add_str(out, " NULL");
}

/* Which keys a person gets is looked up line by line: no more than the keys that anybody has, and
 * none longer than the longest, with what joins them. */
static size_t longest_new_key(const struct mr_affected_writer *w)
{
    const size_t kept = w->facts->keys[1].chars, planned = w->list->plan->chars;
    const size_t longest = kept > planned ? kept : planned;
    return w->facts->most_keys > 1 ? w->facts->most_keys * (longest + 1) : longest;
}

/* Widths come from what is listed, and the bytes of a row are counted on the way: a declared row
 * beyond the server's limit would refuse the whole file. */
static void add_table(struct mr_affected_writer *w, struct mr_strbuf *out)
{
    const struct mr_affected *list = w->list;
    size_t row_bytes = 8 + 4 * 64 + 2;
    mr_strbuf_add_str(out, "CREATE TABLE ");
    mr_sql_ident(out, w->opts->table);
    mr_strbuf_add_str(out, " (\n    `line_no` bigint unsigned NOT NULL PRIMARY KEY");
    for (size_t i = 0; i < list->nidentity; i++)
        if (!list->fields[i].repeated)
            add_field_column(w, i, out, &row_bytes);
    for (int side = 0; side < 2; side++)
        add_key_column(w, side, out, &row_bytes);
    mr_strbuf_add_str(out, ",\n    `reasons` varchar(64) NOT NULL");
    add_name(out, "tables");
    mr_affected_add_text_type(out, w->facts->tables.chars, &row_bytes);
    mr_strbuf_add_str(out, " NOT NULL");
    for (size_t i = list->nidentity; i < list->nfields; i++)
        if (!list->fields[i].repeated)
            add_field_column(w, i, out, &row_bytes);
    if (list->plan != NULL) {
        add_name(out, "new_key");
        mr_affected_add_text_type(out, longest_new_key(w), &row_bytes);
        mr_strbuf_add_str(out, " NULL");
    }
    mr_strbuf_add_str(out, "\n) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;\n"
                           "START TRANSACTION;\n");
}

static void add_comment(struct mr_strbuf *out, const char *name, const char *text)
{
    mr_strbuf_add_fmt(out, "-- %s", name);
    mr_utf8_show(out, text, strlen(text), false);
    mr_strbuf_add_char(out, '\n');
}

static bool has_number_keys(const struct mr_affected_writer *w)
{
    const struct mr_affected *list = w->list;
    if (w->facts->most_keys > 1 || list->nsubjects != 1)
        return false;
    return mr_affected_key_is_number(&list->subjects[0]);
}

static enum mr_code begin(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    struct sql *sql = calloc(1, sizeof *sql);
    w->state = sql;
    if (sql == NULL)
        return mr_err_nomem(err, "writing SQL");
    mr_strbuf_init(&sql->row);
    sql->fields = calloc(w->list->nfields + 1, sizeof *sql->fields);
    if (sql->fields == NULL)
        return mr_err_nomem(err, "writing SQL");
    sql->number_keys = has_number_keys(w);
    mr_strbuf_add_str(out, "-- myrecon " MR_VERSION ": everybody affected\n");
    add_comment(out, "run ", w->list->run.uuid);
    add_comment(out, "source ", w->list->run.source);
    add_comment(out, "target ", w->list->run.target);
    mr_strbuf_add_str(out, head);
    add_table(w, out);
    return mr_strbuf_check(out, "writing SQL", err);
}

/* ---- rows ---- */

/* Plain text as people can read it, any other as its bytes. */
static void add_text(struct mr_strbuf *row, const char *ptr, size_t len)
{
    const struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = ptr, .len = len};
    bool readable = len > 0;
    for (size_t i = 0; i < len && readable; i++)
        readable = ptr[i] >= ' ' && ptr[i] <= '~' && ptr[i] != '\'' && ptr[i] != '\\';
    if (!readable && len > 0) {
        mr_sql_value(row, &value, "utf8mb4");
        return;
    }
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add(&text, ptr, len);
    row->failed = row->failed || text.failed;
    mr_sql_string(row, text.ptr);
    mr_strbuf_release(&text);
}

/* How a value is written must follow what its column was declared as, or the server would
 * convert it, or refuse it. */
static void add_value(struct mr_affected_writer *w, const struct mr_affected_line *person,
                      size_t field)
{
    struct sql *sql = w->state;
    const struct mr_value *value = &person->values[field];
    mr_strbuf_add_str(&sql->row, ", ");
    if (value->cls == MR_CLASS_NULL) {
        mr_strbuf_add_str(&sql->row, "NULL");
    } else if (sql->fields[field].as_text) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_affected_add_text(&text, value, mr_affected_style(person->subject, field));
        add_text(&sql->row, text.ptr, text.len);
        sql->row.failed = sql->row.failed || text.failed;
        mr_strbuf_release(&text);
    } else if (sql->fields[field].as_bytes) {
        struct mr_value bytes = *value;
        bytes.cls = MR_CLASS_BINARY;
        mr_sql_value(&sql->row, &bytes, NULL);
    } else if (value->cls == MR_CLASS_TEXT || value->cls == MR_CLASS_JSON) {
        add_text(&sql->row, value->ptr, value->len);
    } else {
        mr_sql_value(&sql->row, value, NULL);
    }
}

static void add_key(struct sql *sql, const struct mr_affected_line *person, int side)
{
    const struct mr_strbuf *text = &person->key_text[side];
    mr_strbuf_add_str(&sql->row, ", ");
    if (person->keys[side].count == 0)
        mr_strbuf_add_str(&sql->row, "NULL");
    else if (sql->number_keys) /* a BIT would take a text's bytes */
        mr_strbuf_add(&sql->row, text->ptr, text->len);
    else
        add_text(&sql->row, text->ptr, text->len);
}

static void add_new_key(struct sql *sql, const struct mr_affected_line *person)
{
    mr_strbuf_add_str(&sql->row, ", ");
    if (person->no_new_key)
        mr_strbuf_add_str(&sql->row, "NULL");
    else
        add_text(&sql->row, person->new_key.ptr, person->new_key.len);
}

/* Rows share statements up to a size that servers take as they are set up; one INSERT a row
 * would load many times slower. */
static enum mr_code line(struct mr_affected_writer *w, const struct mr_affected_line *person,
                         struct mr_strbuf *out, struct mr_err *err)
{
    struct sql *sql = w->state;
    const struct mr_affected *list = w->list;
    mr_strbuf_reset(&sql->row);
    mr_strbuf_add_fmt(&sql->row, "(%" PRIu64, ++w->written);
    for (size_t i = 0; i < list->nidentity; i++)
        if (!list->fields[i].repeated)
            add_value(w, person, i);
    for (int side = 0; side < 2; side++)
        add_key(sql, person, side);
    mr_strbuf_add_str(&sql->row, ", ");
    add_text(&sql->row, person->reasons.ptr, person->reasons.len);
    mr_strbuf_add_str(&sql->row, ", ");
    add_text(&sql->row, person->tables.ptr, person->tables.len);
    for (size_t i = list->nidentity; i < list->nfields; i++)
        if (!list->fields[i].repeated)
            add_value(w, person, i);
    if (list->plan != NULL)
        add_new_key(sql, person);
    mr_strbuf_add_char(&sql->row, ')');
    if (sql->statement_bytes > 0 && sql->statement_bytes + sql->row.len > STATEMENT_BYTES) {
        mr_strbuf_add_str(out, ";\n");
        sql->statement_bytes = 0;
    }
    if (sql->statement_bytes == 0) {
        mr_strbuf_add_str(out, "INSERT INTO ");
        mr_sql_ident(out, w->opts->table);
        mr_strbuf_add_str(out, " VALUES\n");
    } else {
        mr_strbuf_add_str(out, ",\n");
    }
    mr_strbuf_add(out, sql->row.ptr, sql->row.len);
    sql->statement_bytes += sql->row.len + 2;
    MR_TRY(mr_strbuf_check(&sql->row, "writing SQL", err));
    return mr_strbuf_check(out, "writing SQL", err);
}

static enum mr_code end(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err)
{
    const struct sql *sql = w->state;
    if (sql->statement_bytes > 0)
        mr_strbuf_add_str(out, ";\n");
    mr_strbuf_add_str(out, tail);
    return mr_strbuf_check(out, "writing SQL", err);
}

static void release(struct mr_affected_writer *w)
{
    struct sql *sql = w->state;
    if (sql == NULL)
        return;
    free(sql->fields);
    mr_strbuf_release(&sql->row);
    free(sql);
}

const struct mr_affected_writer_ops mr_affected_sql = {
    .begin = begin, .line = line, .end = end, .release = release};
