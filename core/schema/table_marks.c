/* table_marks.c: see table_marks.h. */
#include "core/schema/table_marks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "core/schema/innodb_name.h"

/* Names as InnoDB or the catalogue has them, and the text found. */
struct name {
    const char *text;
    size_t table;
    struct mr_strbuf found;
};
struct names {
    struct mr_db *db;
    const struct mr_table *const *tables;
    const bool *known; /* not to be asked for, or NULL */
    bool of_files;     /* InnoDB's numbers; else the catalogue's times */
    struct name *all;  /* sorted by text */
    size_t count;
    struct mr_arena arena;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static struct name *find_name(const struct names *n, const char *text)
{
    struct name key = {.text = text};
    return n->count > 0 ? bsearch(&key, n->all, n->count, sizeof key, compare_names) : NULL;
}

static void names_release(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        mr_strbuf_release(&n->all[i].found);
    free(n->all);
    mr_arena_release(&n->arena);
}

/* MySQL 8 and later open a table to tell its number, and so wait behind an ALTER of it; that
 * of its tablespace they tell without. */
static bool has_spaces(const struct names *n)
{
    const struct mr_server *server = mr_db_server(n->db);
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80000;
}

/* False: the table has no name that could be found. */
static bool name_add(struct mr_strbuf *out, const struct names *n, const struct mr_table *t)
{
    if (n->of_files)
        return mr_innodb_name_add(out, t->db, t->name,
                                  has_spaces(n) ? MR_INNODB_SPACE : MR_INNODB_FILE,
                                  mr_db_server(n->db)->lower_case_table_names != 0);
    mr_strbuf_add_fmt(out, "%zu/%s/%s", strlen(t->db), t->db, t->name);
    return true;
}

/* By which InnoDB's numbers go: "db/table", in its own spelling; and times: "2/db/table", as a
 * name may hold a slash. */
static enum mr_code names_fill(struct names *n, size_t count, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    n->all = calloc(count + 1, sizeof *n->all);
    bool failed = n->all == NULL;
    for (size_t i = 0; !failed && i < count; i++) {
        mr_strbuf_reset(&text);
        const bool is_known = n->known != NULL && n->known[i];
        if (n->tables[i] == NULL || is_known || !name_add(&text, n, n->tables[i]))
            continue;
        const char *kept = text.failed ? NULL : mr_arena_strdup(&n->arena, text.ptr);
        failed = kept == NULL;
        if (failed)
            break;
        struct name *name = &n->all[n->count++];
        *name = (struct name){.text = kept, .table = i};
        mr_strbuf_init(&name->found);
    }
    mr_strbuf_release(&text);
    if (failed)
        return mr_err_nomem(err, "reading the schema");
    if (n->count > 1)
        qsort(n->all, n->count, sizeof *n->all, compare_names);
    return MR_OK;
}

/* ---- what is asked ---- */

/* The databases of the tables, as a list of texts; of several the last is '': see schema.c. */
static void add_databases(struct mr_strbuf *sql, const struct names *n)
{
    const char *last = NULL;
    size_t last_len = 0, count = 0;
    struct mr_strbuf db = MR_STRBUF_INIT;
    for (size_t i = 0; i < n->count; i++) {
        const char *text = n->of_files ? n->all[i].text : n->tables[n->all[i].table]->db;
        size_t len = n->of_files ? strcspn(text, "/") : strlen(text);
        if (last != NULL && len == last_len && strncmp(text, last, len) == 0)
            continue;
        mr_strbuf_reset(&db);
        mr_strbuf_add(&db, text, len);
        mr_strbuf_add_str(sql, last != NULL ? ", " : "");
        mr_sql_string(sql, db.ptr);
        last = text;
        last_len = len;
        count++;
    }
    if (count > 1)
        mr_strbuf_add_str(sql, ", ''");
    if (db.failed)
        sql->failed = true;
    mr_strbuf_release(&db);
}

static void add_query(struct mr_strbuf *sql, const struct names *n)
{
    if (n->of_files)
        mr_strbuf_add_fmt(sql, "SELECT NAME, %s WHERE SUBSTRING_INDEX(NAME, '/', 1) IN (",
                          has_spaces(n) ? "SPACE FROM information_schema.INNODB_TABLESPACES"
                                        : "TABLE_ID FROM information_schema.INNODB_SYS_TABLES");
    else
        mr_strbuf_add_str(sql, "SELECT CONCAT(LENGTH(TABLE_SCHEMA), '/', TABLE_SCHEMA, '/', "
                               "TABLE_NAME), CREATE_TIME FROM information_schema.TABLES "
                               "WHERE TABLE_SCHEMA IN (");
    add_databases(sql, n);
    mr_strbuf_add_char(sql, ')');
}

/* "db/t#p#p0" is a partition of db/t; "db/t#1" may be a table. */
static size_t base_len(const char *text)
{
    const char *at = text;
    while ((at = strchr(at, '#')) != NULL && strncasecmp(at, "#p#", 3) != 0)
        at++;
    return at != NULL ? (size_t)(at - text) : strlen(text);
}

static enum mr_code take_row(const struct names *n, const struct mr_cell *cells, struct mr_err *err)
{
    struct mr_strbuf base = MR_STRBUF_INIT;
    if (cells[0].ptr == NULL || cells[1].ptr == NULL)
        return MR_OK;
    size_t len = n->of_files ? base_len(cells[0].ptr) : cells[0].len;
    mr_strbuf_add(&base, cells[0].ptr, len);
    enum mr_code code = mr_strbuf_check(&base, "reading the schema", err);
    struct name *name = code == MR_OK ? find_name(n, base.ptr) : NULL;
    if (name != NULL)
        mr_strbuf_add_fmt(&name->found, "%s=%s\n", cells[0].ptr + len, cells[1].ptr);
    mr_strbuf_release(&base);
    return code;
}

/* What a server does not show, or does not have. */
static bool is_hidden(enum mr_code code)
{
    return code == MR_E_DENIED || code == MR_E_NO_SUCH || code == MR_E_SQL;
}

static enum mr_code ask(const struct names *n, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *cells;
    if (n->count == 0)
        return MR_OK;
    add_query(&sql, n);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(n->db, "nn", sql.ptr, sql.len, &res, &why);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        code = take_row(n, cells, &why);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (is_hidden(code)) {
        mr_log_detail("tables cannot be told apart: %s", why.message);
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

static enum mr_code keep(const struct names *n, struct mr_arena *arena, struct mr_table_mark *marks,
                         struct mr_err *err)
{
    for (size_t i = 0; i < n->count; i++) {
        struct mr_table_mark *mark = &marks[n->all[i].table];
        const struct mr_strbuf *found = &n->all[i].found;
        const char *text = found->len > 0 ? mr_arena_strdup(arena, found->ptr) : NULL;
        if (found->failed || (found->len > 0 && text == NULL))
            return mr_err_nomem(err, "reading the schema");
        if (n->of_files)
            mark->numbers = text;
        else
            mark->time = text;
    }
    return MR_OK;
}

static enum mr_code read_kind(struct names *n, size_t count, struct mr_arena *arena,
                              struct mr_table_mark *marks, struct mr_err *err)
{
    enum mr_code code = names_fill(n, count, err);
    if (code == MR_OK)
        code = ask(n, err);
    if (code == MR_OK)
        code = keep(n, arena, marks, err);
    names_release(n);
    return code;
}

/* What the catalogue said of when a table was made, as a text of a statement (take_row()), and more
 * behind it; in arena.  NULL: out of memory. */
static const char *time_told(const struct mr_table *table, const char *more, struct mr_arena *arena)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "=%s\n%s", table->made_at, more);
    const char *kept = text.failed ? NULL : mr_arena_strdup(arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

static bool has_time(const struct mr_table *table)
{
    return table != NULL && table->made_at != NULL;
}

/* Only of tables that numbers tell apart: another may have taken the place since, and of those without
 * numbers the time alone tells which one rows are read of. */
static enum mr_code take_times(const struct mr_table *const *tables, size_t count,
                               struct mr_arena *arena, struct mr_table_mark *marks, bool *known,
                               struct mr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        known[i] = has_time(tables[i]) && marks[i].numbers != NULL;
        if (known[i] && (marks[i].time = time_told(tables[i], "", arena)) == NULL)
            return mr_err_nomem(err, "reading the schema");
    }
    return MR_OK;
}

/* Made anew, or in another's place, between the catalogue and now: such a mark is that of no table, so
 * that rows are not believed whose table nothing else tells (a RENAME leaves MySQL's times as they are,
 * and gives MariaDB's tables that of the second). */
static enum mr_code spoil_times(const struct mr_table *const *tables, size_t count,
                                struct mr_arena *arena, struct mr_table_mark *marks,
                                struct mr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_time(tables[i]) || marks[i].time == NULL)
            continue;
        const char *told = time_told(tables[i], "", arena);
        if (told != NULL && strcmp(told, marks[i].time) != 0)
            told = time_told(tables[i], marks[i].time, arena);
        if (told == NULL)
            return mr_err_nomem(err, "reading the schema");
        marks[i].time = told;
    }
    return MR_OK;
}

enum mr_code mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                 size_t count, const struct mr_table_mark *was,
                                 struct mr_arena *arena, struct mr_table_mark *marks,
                                 struct mr_err *err)
{
    struct names numbers = {.db = db, .tables = tables, .of_files = true, .arena = MR_ARENA_INIT};
    bool *known = mr_arena_calloc(arena, count + 1, sizeof *known);
    if (known == NULL)
        return mr_err_nomem(err, "reading the schema");
    for (size_t i = 0; i < count; i++)
        marks[i] = (struct mr_table_mark){NULL, NULL};
    MR_TRY(read_kind(&numbers, count, arena, marks, err));
    if (was == NULL)
        MR_TRY(take_times(tables, count, arena, marks, known, err));
    for (size_t i = 0; was != NULL && i < count; i++)
        known[i] = was[i].numbers != NULL && marks[i].numbers != NULL;
    struct names times = {.db = db, .tables = tables, .known = known, .arena = MR_ARENA_INIT};
    MR_TRY(read_kind(&times, count, arena, marks, err));
    return was == NULL ? spoil_times(tables, count, arena, marks, err) : MR_OK;
}

/* ---- what they tell ---- */

/* A case file may lack the end of the last line. */
static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line == '\n' ? line + 1 : line;
}

static bool same_line(const char *a, const char *b)
{
    const size_t len = strcspn(a, "\n");
    return len == strcspn(b, "\n") && memcmp(a, b, len) == 0;
}

bool mr_table_marks_agree(const char *a, const char *b)
{
    bool met = false;
    for (const char *line = a; *line != '\0'; line = next_line(line)) {
        const size_t name = strcspn(line, "=\n") + 1;
        for (const char *other = b; *other != '\0'; other = next_line(other)) {
            if (strncmp(line, other, name) != 0)
                continue;
            if (!same_line(line, other))
                return false;
            met = true;
        }
    }
    return met;
}

bool mr_table_mark_is_other(const struct mr_table_mark *was, const struct mr_table_mark *now)
{
    if (was->numbers != NULL && now->numbers != NULL)
        return !mr_table_marks_agree(was->numbers, now->numbers);
    return was->time != NULL && now->time != NULL && strcmp(was->time, now->time) != 0;
}
