/* fired.c: see fired.h. */
#include "repair/apply/fired.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "repair/apply/journal.h"
#include "repair/script/script_text.h"

/* Our server, in a row of its own in front of the others. */
#define SERVER "CONCAT_WS('/', @@hostname, @@port, @@datadir, @@server_id)"

struct row {
    size_t at; /* of the planned table */
    char key[MR_FIRED_KEY_SIZE], digest[MR_FIRED_DIGEST_SIZE];
};

/* A table that is looked at. */
struct watched {
    size_t at;
    bool empty;                   /* before the write */
    char last[MR_FIRED_KEY_SIZE]; /* the greatest key then */
};

struct mr_fired {
    const struct mr_target *target;
    const struct mr_planned *planned;
    const char *run_tag;
    struct mr_db *second; /* opened when it is first needed */
    bool off;             /* it cannot be told */
    struct mr_vec tables; /* struct watched */
    const struct mr_staged *staged;
    struct mr_vec rows; /* struct row: of the unit */
};

/* ---- what both sides have in common ---- */

enum mr_code mr_fired_ask(struct mr_db *db, const char *shape, const struct mr_strbuf *sql,
                          struct mr_result **res, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(sql, "building a query", err));
    return mr_db_query(db, shape, sql->ptr, sql->len, res, err);
}

/* A FLOAT as text has six digits, a DOUBLE all. */
void mr_fired_sql_value(struct mr_strbuf *sql, const struct mr_planned_column *column,
                        const char *alias)
{
    const bool rounds = column->reading != NULL && strncmp(column->reading, "float", 5) == 0;
    mr_strbuf_add_fmt(sql, "IFNULL(HEX(CONCAT(%s.", alias);
    mr_sql_ident(sql, column->name);
    mr_strbuf_add_fmt(sql, "%s)), '-')", rounds ? " + 0e0" : "");
}

void mr_fired_sql_digest(struct mr_strbuf *sql, const struct mr_planned_table *t, const char *alias)
{
    mr_strbuf_add_str(sql, "LEFT(SHA2(CONCAT_WS(',', 'row'");
    for (size_t i = 0; i < t->ncolumns; i++) {
        mr_strbuf_add_str(sql, ", ");
        mr_fired_sql_value(sql, &t->columns[i], alias);
    }
    mr_strbuf_add_str(sql, "), 256), 32)");
}

/* ---- the tables ---- */

enum mr_code mr_fired_new(const struct mr_target *target, const char *run_tag,
                          const struct mr_planned *planned, const struct mr_staged *staged,
                          struct mr_fired **out, struct mr_err *err)
{
    struct mr_fired *f = calloc(1, sizeof *f);
    *out = NULL;
    if (f == NULL)
        return mr_err_nomem(err, "looking for what triggers wrote");
    *f = (struct mr_fired){.target = target,
                           .planned = planned,
                           .run_tag = run_tag,
                           .tables = MR_VEC_INIT(struct watched),
                           .staged = staged,
                           .rows = MR_VEC_INIT(struct row)};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        struct watched *w = NULL;
        if (!mr_planned_counts(&planned->tables[i]))
            continue;
        if ((w = mr_vec_push(&f->tables)) != NULL)
            w->at = i;
        else
            code = mr_err_nomem(err, "looking for what triggers wrote");
    }
    if (code == MR_OK && f->tables.count > 0)
        *out = f;
    else
        mr_fired_free(f);
    return code;
}

void mr_fired_free(struct mr_fired *f)
{
    if (f == NULL)
        return;
    mr_db_close(f->second);
    mr_vec_release(&f->tables);
    mr_vec_release(&f->rows);
    free(f);
}

void mr_fired_begin(struct mr_fired *f)
{
    mr_vec_clear(&f->rows);
}

/* ---- queries ---- */

/* " FROM" the rows c above the greatest key of before. */
static void add_from(const struct mr_fired *f, const struct watched *w, struct mr_strbuf *sql)
{
    const struct mr_planned_table *t = &f->planned->tables[w->at];
    mr_strbuf_add_str(sql, " FROM ");
    mr_sql_table(sql, t->target_db, t->target_name);
    mr_strbuf_add_str(sql, " AS c WHERE ");
    if (w->empty) {
        mr_strbuf_add_str(sql, "TRUE");
        return;
    }
    mr_strbuf_add_str(sql, "c.");
    mr_sql_ident(sql, t->counter);
    mr_strbuf_add_fmt(sql, " > %s", w->last);
}

/* What the plan inserts is none of the triggers'. */
static void add_not_planned(const struct mr_fired *f, const struct watched *w,
                            struct mr_strbuf *sql)
{
    const char *counter = f->planned->tables[w->at].counter;
    if (!mr_staged_has(f->staged, 'i', w->at))
        return;
    mr_strbuf_add_str(sql, " AND NOT EXISTS (SELECT 1 FROM ");
    mr_script_staged(sql, f->planned->tables[0].target_db, 'i', w->at);
    mr_strbuf_add_str(sql, " AS o WHERE o.");
    mr_sql_ident(sql, counter);
    mr_strbuf_add_str(sql, " = c.");
    mr_sql_ident(sql, counter);
    mr_strbuf_add_str(sql, ")");
}

/* A row above the greatest key of now is new when the unit has written.  After a try that may have
 * been committed its rows stay listed, since no later try writes them again. */
enum mr_code mr_fired_before(struct mr_fired *f, bool lost, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!lost)
        mr_vec_clear(&f->rows);
    for (size_t i = 0; code == MR_OK && !f->off && i < f->tables.count; i++) {
        struct watched *w = mr_vec_at(&f->tables, i);
        const struct mr_planned_table *t = &f->planned->tables[w->at];
        struct mr_result *res = NULL;
        mr_strbuf_reset(&sql);
        mr_strbuf_add_str(&sql, "SELECT MAX(");
        mr_sql_ident(&sql, t->counter);
        mr_strbuf_add_str(&sql, ") FROM ");
        mr_sql_table(&sql, t->target_db, t->target_name);
        code = mr_fired_ask(f->target->db, "n", &sql, &res, err);
        const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
        w->empty = cells == NULL || cells[0].ptr == NULL;
        if (!w->empty)
            (void)snprintf(w->last, sizeof w->last, "%s", cells[0].ptr);
        mr_result_free(res);
    }
    mr_strbuf_release(&sql);
    return code;
}

/* Rows of a table that are there now, and were not before. */
static enum mr_code read_new(struct mr_fired *f, const struct watched *w, struct mr_err *err)
{
    const struct mr_planned_table *t = &f->planned->tables[w->at];
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    mr_strbuf_add_str(&sql, "SELECT c.");
    mr_sql_ident(&sql, t->counter);
    mr_strbuf_add_str(&sql, ", ");
    mr_fired_sql_digest(&sql, t, "c");
    add_from(f, w, &sql);
    add_not_planned(f, w, &sql);
    enum mr_code code = mr_fired_ask(f->target->db, "nn", &sql, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        if (cells[0].ptr == NULL || cells[0].len >= MR_FIRED_KEY_SIZE || cells[1].ptr == NULL ||
            cells[1].len >= MR_FIRED_DIGEST_SIZE)
            continue; /* one that is longer than the server's packets */
        struct row *row = mr_vec_push(&f->rows);
        if (row == NULL) {
            code = mr_err_nomem(err, "looking for what triggers wrote");
            break;
        }
        *row = (struct row){.at = w->at};
        memcpy(row->key, cells[0].ptr, cells[0].len);
        memcpy(row->digest, cells[1].ptr, cells[1].len);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- the second session ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->key, ((const struct row *)b)->key);
}

/* Is it led to where the first one is? */
static enum mr_code check_server(const struct mr_fired *f, const char *second, struct mr_err *err)
{
    const struct mr_server *ours = mr_db_server(f->target->db);
    char text[sizeof ours->hostname + sizeof ours->datadir + 64];
    (void)snprintf(text, sizeof text, "%s/%u/%s/%" PRIu32, ours->hostname, (unsigned)ours->port,
                   ours->datadir, ours->server_id);
    return strcmp(text, second) == 0
               ? MR_OK
               : mr_err_set(err, MR_E_CHANGED, "another server answers: %s", second);
}

/* Leaves of the rows from `first` on, all of one table, those that it does not see.  The
 * server is asked in the same statement, since what lies between may lead each elsewhere. */
static enum mr_code drop_seen(struct mr_fired *f, const struct watched *w, size_t first,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    const size_t count = f->rows.count - first;
    struct row *rows = mr_vec_at(&f->rows, first);
    qsort(rows, count, sizeof *rows, compare);
    mr_strbuf_add_str(&sql, "SELECT " SERVER ", NULL UNION ALL SELECT NULL, CONCAT(c.");
    mr_sql_ident(&sql, f->planned->tables[w->at].counter);
    mr_strbuf_add_str(&sql, ")");
    add_from(f, w, &sql);
    enum mr_code code = mr_fired_ask(f->second, "nn", &sql, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        struct row seen = {0}, *found = NULL;
        if (cells[0].ptr != NULL)
            code = check_server(f, cells[0].ptr, err);
        else if (cells[1].ptr != NULL && cells[1].len < MR_FIRED_KEY_SIZE) {
            memcpy(seen.key, cells[1].ptr, cells[1].len);
            found = bsearch(&seen, rows, count, sizeof *rows, compare);
        }
        if (found != NULL)
            found->digest[0] = '\0';
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i].digest[0] != '\0')
            rows[kept++] = rows[i];
    f->rows.count = first + kept;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Whoever changes the table waits for us, and this one would wait for that. */
static enum mr_code open_second(struct mr_fired *f, struct mr_err *err)
{
    static const char limit[] = "SET SESSION lock_wait_timeout = 2";
    const struct mr_db_opts opts = {
        .run_tag = f->run_tag, .statement_timeout_s = 10, .same_as = mr_db_server(f->target->db)};
    if (f->second != NULL)
        return MR_OK;
    MR_TRY(mr_db_open(&f->target->ep, &opts, &f->second, err));
    return mr_db_exec(f->second, limit, sizeof limit - 1, err);
}

static void give_up(struct mr_fired *f, size_t first, const struct mr_err *why)
{
    f->off = true;
    f->rows.count = first;
    mr_log_warning("what triggers write is not told from what others do, so that undo "
                   "will keep all it refers to: a second session is needed for that: %s",
                   why->message);
}

/* The second session is only opened where there is something to tell apart: an apply whose triggers
 * write elsewhere needs no second login. */
enum mr_code mr_fired_after(struct mr_fired *f, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && !f->off && i < f->tables.count; i++) {
        const struct watched *w = mr_vec_at(&f->tables, i);
        const size_t first = f->rows.count;
        struct mr_err why = {0};
        code = read_new(f, w, err);
        if (code != MR_OK || f->rows.count == first)
            continue;
        if (open_second(f, &why) != MR_OK || drop_seen(f, w, first, &why) != MR_OK)
            give_up(f, first, &why);
    }
    return code;
}

void mr_fired_list(const struct mr_fired *f, struct mr_strbuf *list)
{
    for (size_t i = 0; i < f->rows.count; i++) {
        const struct row *row = mr_vec_at(&f->rows, i);
        mr_journal_add_fired(list, f->planned->tables[row->at].target_table, row->key, row->digest);
    }
}
