/* db_result.c: results of the text protocol, a row at a time or kept in memory, once they are what
 * was asked for; see db.h. */
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/db/db_internal.h"

/* Of a result, as it would lie in memory.  A catalogue of a million tables has some 100 bytes a
 * table. */
#define RESULT_MAX_MIB 256

/* A result that is being read. */
struct reading {
    struct mr_db *db;
    const char *shape;
    struct mr_result *kept; /* or NULL: who takes the rows keeps what it wants */
    mr_db_row_fn *take;
    void *user;
    size_t count;          /* of columns */
    struct mr_cell *cells; /* the row's */
    uint64_t bytes;        /* that have come */
};

struct row {
    struct row *next;
    struct mr_cell cells[];
};

struct mr_result {
    struct mr_arena arena;
    size_t count;
    const char **names;
    struct row *first, **last; /* `last`: where the next one is hung */
    const struct row *at;      /* the next to be given out */
};

/* ---- what was asked for, and what came ---- */

static enum mr_code refuse(const struct mr_db *db, struct mr_err *err)
{
    size_t skip = db->sql.len < db->comment.len ? 0 : db->comment.len;
    mr_err_hint(err, "Whatever answers there, or stands in between, does not speak like a "
                     "MySQL or MariaDB server.");
    mr_err_detail(err, "statement: %.400s", db->sql.ptr + skip);
    return MR_E_SQL;
}

/* Letters of the columns that are known beforehand. */
static size_t named(const char *shape)
{
    return strcspn(shape, "*");
}

static enum mr_code check_columns(const struct mr_db *db, const char *shape, size_t count,
                                  struct mr_err *err)
{
    size_t least = named(shape);
    if (count == least || (count > least && shape[least] == '*'))
        return MR_OK;
    (void)mr_err_set(err, MR_E_SQL,
                     "server \"%s\" answered with %zu column%s where %zu were asked for", db->label,
                     count, count == 1 ? "" : "s", least);
    return refuse(db, err);
}

static enum mr_code check_nulls(const struct reading *r, MYSQL_RES *rows, struct mr_err *err)
{
    for (size_t i = 0; i < named(r->shape); i++)
        if (r->shape[i] == 'v' && r->cells[i].ptr == NULL) {
            const char *name = mysql_fetch_fields(rows)[i].name;
            (void)mr_err_set(err, MR_E_SQL,
                             "server \"%s\" answered NULL in column \"%s\", which has none",
                             r->db->label, name != NULL ? name : "");
            return refuse(r->db, err);
        }
    return MR_OK;
}

/* A bound on what comes: the server may be another program than it says, and its answer without
 * an end. */
static enum mr_code check_size(const struct reading *r, struct mr_err *err)
{
    if (r->bytes >> 20 < RESULT_MAX_MIB)
        return MR_OK;
    (void)mr_err_set(err, MR_E_SQL,
                     "server \"%s\" answered with more than %d MiB, which is more "
                     "than any such answer has",
                     r->db->label, RESULT_MAX_MIB);
    return refuse(r->db, err);
}

/* ---- keeping it ---- */

static enum mr_code keep_names(MYSQL_RES *rows, struct mr_result *res, struct mr_err *err)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(rows);
    res->names = mr_arena_calloc(&res->arena, res->count + 1, sizeof *res->names);
    for (size_t i = 0; res->names != NULL && i < res->count; i++) {
        const char *name = fields[i].name != NULL ? fields[i].name : "";
        res->names[i] = mr_arena_strdup(&res->arena, name);
        if (res->names[i] == NULL)
            res->names = NULL;
    }
    return res->names != NULL ? MR_OK : mr_err_nomem(err, "reading a result");
}

/* Row and cells are one piece of the arena, in a list: a result of unknown length is never
 * moved. */
static enum mr_code keep_row(void *user, const struct mr_cell *cells, struct mr_err *err)
{
    struct mr_result *res = user;
    struct row *kept = mr_arena_alloc(&res->arena, sizeof *kept + res->count * sizeof *kept->cells);
    bool failed = kept == NULL;
    for (size_t i = 0; !failed && i < res->count; i++) {
        kept->cells[i] = cells[i];
        if (cells[i].ptr != NULL)
            kept->cells[i].ptr = mr_arena_dup(&res->arena, cells[i].ptr, cells[i].len);
        failed = cells[i].ptr != NULL && kept->cells[i].ptr == NULL;
    }
    if (failed)
        return mr_err_nomem(err, "reading a result");
    kept->next = NULL;
    *res->last = kept;
    res->last = &kept->next;
    return MR_OK;
}

static void set_cells(struct reading *r, const MYSQL_ROW row, const unsigned long *lengths)
{
    r->bytes += sizeof(struct row);
    for (size_t i = 0; i < r->count; i++) {
        r->cells[i] = (struct mr_cell){row[i], row[i] != NULL ? lengths[i] : 0};
        r->bytes += sizeof *r->cells + r->cells[i].len;
    }
}

static enum mr_code read_rows(struct reading *r, MYSQL_RES *rows, struct mr_err *err)
{
    MYSQL_ROW row;
    while ((row = mysql_fetch_row(rows)) != NULL) {
        set_cells(r, row, mysql_fetch_lengths(rows));
        MR_TRY(check_nulls(r, rows, err));
        MR_TRY(check_size(r, err));
        MR_TRY(r->take(r->user, r->cells, err));
    }
    return MR_OK;
}

static enum mr_code read_result(struct reading *r, MYSQL_RES *rows, struct mr_err *err)
{
    r->count = mysql_num_fields(rows);
    MR_TRY(check_columns(r->db, r->shape, r->count, err));
    if (r->kept != NULL) {
        r->kept->count = r->count;
        MR_TRY(keep_names(rows, r->kept, err));
    }
    r->cells = calloc(r->count + 1, sizeof *r->cells);
    enum mr_code code =
        r->cells != NULL ? read_rows(r, rows, err) : mr_err_nomem(err, "reading a result");
    free(r->cells);
    return code;
}

/* ---- asking ---- */

static enum mr_code no_rows(const struct mr_db *db, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_SQL,
                     "server \"%s\" answered without rows to a statement that asks for "
                     "some",
                     db->label);
    return refuse(db, err);
}

static enum mr_code too_many(const struct mr_db *db, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_SQL,
                     "server \"%s\" answered with more than one result to a statement "
                     "that has one",
                     db->label);
    return refuse(db, err);
}

/* What is left of a result that is not wanted could be endless: the line is cut. */
static enum mr_code ask(struct reading *r, struct mr_err *err)
{
    struct mr_db *db = r->db;
    enum mr_code code = MR_OK;
    mr_watch_begin(db->watch);
    MYSQL_RES *rows = mysql_real_query(db->mysql, db->sql.ptr, db->sql.len) == 0
                          ? mysql_use_result(db->mysql)
                          : NULL;
    if (rows != NULL)
        code = read_result(r, rows, err);
    if (code == MR_OK && rows != NULL && mysql_errno(db->mysql) == 0 &&
        mysql_more_results(db->mysql))
        code = too_many(db, err);
    if (code != MR_OK)
        mr_db_cut(db);
    bool failed = code == MR_OK && mysql_errno(db->mysql) != 0;
    mr_watch_end(db->watch);
    mr_db_trace_end(db, rows != NULL ? mysql_num_rows(rows) : 0,
                    failed || code != MR_OK ? ", failed" : "");
    if (failed)
        code = mr_db_fail_now(db, err);
    else if (code == MR_OK && rows == NULL)
        code = no_rows(db, err);
    if (rows != NULL)
        mysql_free_result(rows);
    return code;
}

enum mr_code mr_db_each(struct mr_db *db, const char *shape, const char *sql, size_t len,
                        mr_db_row_fn *take, void *user, struct mr_err *err)
{
    struct reading reading = {.db = db, .shape = shape, .take = take, .user = user};
    MR_TRY(mr_db_prepare_text(db, sql, len, err));
    return ask(&reading, err);
}

enum mr_code mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                         struct mr_result **out, struct mr_err *err)
{
    *out = NULL;
    MR_TRY(mr_db_prepare_text(db, sql, len, err));
    struct mr_result *res = calloc(1, sizeof *res);
    if (res == NULL)
        return mr_err_nomem(err, "reading a result");
    mr_arena_init(&res->arena);
    res->last = &res->first;
    struct reading reading = {.db = db, .shape = shape, .kept = res, .take = keep_row, .user = res};
    enum mr_code code = ask(&reading, err);
    res->at = res->first;
    if (code == MR_OK)
        *out = res;
    else
        mr_result_free(res);
    return code;
}

const struct mr_cell *mr_result_next(struct mr_result *res)
{
    const struct row *row = res->at;
    if (row == NULL)
        return NULL;
    res->at = row->next;
    return row->cells;
}

size_t mr_result_columns(const struct mr_result *res)
{
    return res->count;
}

const char *mr_result_column_name(const struct mr_result *res, size_t column)
{
    return res->names[column];
}

void mr_result_free(struct mr_result *res)
{
    if (res == NULL)
        return;
    mr_arena_release(&res->arena);
    free(res);
}

enum mr_code mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                              struct mr_err *err)
{
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(db, "n", sql, strlen(sql), &res, err);
    if (code != MR_OK)
        return code;
    const struct mr_cell *cells = mr_result_next(res);
    mr_strbuf_reset(out);
    if (cells == NULL)
        code =
            mr_err_set(err, MR_E_NO_SUCH, "server \"%s\" has no row for: %.400s", db->label, sql);
    else if (cells[0].ptr != NULL)
        mr_strbuf_add(out, cells[0].ptr, cells[0].len);
    mr_result_free(res);
    return code == MR_OK ? mr_strbuf_check(out, "reading a result", err) : code;
}
