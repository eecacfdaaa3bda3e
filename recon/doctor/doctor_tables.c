/* doctor_tables.c: tables and views that are there and cannot be used; see doctor.h. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "recon/doctor/doctor.h"
#include "recon/doctor/doctor_files.h"

#define SHOWN 5
#define SHOWN_KEYLESS 20
#define PROBED_MAX 2000 /* tables and views each; help and manual page */
#define PROBED_FEW 500 /* of more tables than these, where InnoDB tells which of them lack a file */
#define PATIENCE 3     /* tables that are locked, a second each */
#define TOGETHER 32    /* tables of one statement */
#define TOGETHER_FAILURES 3 /* after which each is opened by itself */

struct probes {
    struct mr_doctor *doctor;
    const struct mr_doctor_server *server;
    const struct mr_doctor_files *files; /* of tables, or NULL */
    size_t most;                         /* to be opened, but for those that lack a file */
    size_t tried, opened, locked, broken;
    size_t left;   /* that were not opened: there are more than `most` */
    size_t filed;  /* of these InnoDB has the files */
    size_t unseen; /* neither: locked, or a right is missing */
    size_t failed_together;
    char why[256]; /* of the first of them */
};

/* A table is opened, and a row of it read: only that shows a tablespace that was discarded. */
static void table_statement(struct mr_strbuf *sql, const char *db, const char *name)
{
    mr_strbuf_add_str(sql, "SELECT 1 FROM ");
    mr_sql_table(sql, db, name);
    mr_strbuf_add_str(sql, " LIMIT 1");
}

/* A view's names are resolved, and nothing is read, however much it would. */
static void view_statement(struct mr_strbuf *sql, const char *db, const char *name)
{
    struct mr_strbuf inner = MR_STRBUF_INIT;
    mr_strbuf_add_str(&inner, "SELECT 1 FROM ");
    mr_sql_table(&inner, db, name);
    mr_strbuf_add_str(sql, "PREPARE myrecon_probe FROM ");
    mr_sql_string(sql, inner.ptr);
    sql->failed |= inner.failed;
    mr_strbuf_release(&inner);
}

static void say_table(const struct probes *p, const char *db, const char *name, const char *why)
{
    if (p->broken > SHOWN)
        return;
    mr_doctor_say(p->doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_table,
                  "table \"%s.%s\" cannot be opened: %s", db, name, why);
    if (strstr(why, "error 1047") != NULL) /* no fault of the table's */
        mr_doctor_hint(p->doctor,
                       "It is a node of Galera without a quorum, or joins: \"myrecon gate check "
                       "--only cluster\" says which. Ask a node of the Primary component.");
    else
        mr_doctor_hint(p->doctor,
                       "See the server's error log. \"missing\", \"doesn't exist in engine\", "
                       "\"discarded\": bring its file back, or restore it; \"crashed\": CHECK "
                       "TABLE, REPAIR TABLE. Listed, and not found: lower_case_table_names was "
                       "changed.");
}

static void say_view(const struct probes *p, const char *db, const char *name, const char *why)
{
    if (p->broken > SHOWN)
        return;
    mr_doctor_say(p->doctor, MR_DOCTOR_PROBLEM, MR_DOCTOR_view, "view \"%s.%s\" cannot be used: %s",
                  db, name, why);
    mr_doctor_hint(p->doctor, "SHOW CREATE VIEW names what it reads, and its definer: one of "
                              "them is gone, or the definer lost a right.");
}

/* What it reads is gone, or its definer is. */
static bool is_a_view_fault(const struct mr_err *why)
{
    return why->sql_errno == 1356 || why->sql_errno == 1449;
}

/* What a right hides is no fault. */
static bool is_a_fault(enum mr_code code, const struct mr_err *why, bool view)
{
    if (code == MR_OK || code == MR_E_TIMEOUT || mr_gate_is_locked(why))
        return false;
    return view ? is_a_view_fault(why) : code != MR_E_DENIED;
}

/* The server's list of names alone: it opens no table for that. */
static enum mr_code is_listed(const struct probes *p, const char *db, const char *name,
                              bool *listed, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    double count = 0;
    bool known = false;
    mr_strbuf_add_str(&sql, "SELECT COUNT(TABLE_NAME) FROM information_schema.TABLES "
                            "WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, db);
    mr_strbuf_add_str(&sql, " AND BINARY TABLE_NAME = ");
    mr_sql_string(&sql, name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_doctor_ask_number(p->server, sql.ptr, &count, &known, err);
    mr_strbuf_release(&sql);
    *listed = known && count > 0;
    return code;
}

/* It came and went: the server does not know it, and lists it no more. */
static enum mr_code is_gone(const struct probes *p, const char *db, const char *name,
                            const struct mr_err *why, bool *gone, struct mr_err *err)
{
    bool listed = false;
    *gone = why->sql_errno == 1049;
    if (why->sql_errno != 1146)
        return MR_OK;
    enum mr_code code = is_listed(p, db, name, &listed, err);
    *gone = !listed;
    return code;
}

static void add_unseen(struct probes *p, const char *why)
{
    if (p->unseen++ == 0)
        (void)snprintf(p->why, sizeof p->why, "%.255s", why);
}

/* Of all that are there; `what` is a plural. */
static void say_opened(const struct probes *p, enum mr_doctor_name name, const char *what,
                       const char *can)
{
    if (p->broken > SHOWN)
        mr_doctor_say(p->doctor, MR_DOCTOR_PROBLEM, name, "of %zu %s %zu more are like these",
                      p->tried, what, p->broken - SHOWN);
    if (p->unseen > 0) {
        mr_doctor_say(p->doctor, MR_DOCTOR_UNKNOWN, name,
                      "%zu of %zu %s %s; whether the others can is not known: %s", p->opened,
                      p->tried, what, can, p->why);
        mr_doctor_hint(p->doctor, "Run it again where they are not locked, by an account "
                                  "that may read them.");
    } else if (p->left > 0) {
        mr_doctor_say(p->doctor, MR_DOCTOR_NOTE, name, "%zu of %zu %s were not opened", p->left,
                      p->tried, what);
        mr_doctor_hint(p->doctor, "%s--all-tables opens them, too.",
                       p->filed == p->left ? "InnoDB has the files of all of them. "
                       : p->filed > 0      ? "InnoDB has the files of most or some of them. "
                                           : "");
    } else if (p->broken == 0) {
        mr_doctor_say(p->doctor, MR_DOCTOR_OK, name, "all %zu %s %s", p->tried, what, can);
    }
}

/* A table that was dropped since it was listed is not counted; what the account may not open is
 * unseen, not broken. */
static enum mr_code say_failed(struct probes *p, const char *db, const char *name, bool view,
                               enum mr_code failed, const struct mr_err *why, struct mr_err *err)
{
    bool gone = false;
    MR_TRY(is_gone(p, db, name, why, &gone, err));
    if (gone) {
        p->tried--;
    } else if (why->sql_errno != 1146 && !is_a_fault(failed, why, view)) {
        add_unseen(p, why->message);
    } else {
        p->broken++;
        if (view)
            say_view(p, db, name, why->message);
        else
            say_table(p, db, name, why->message);
    }
    return MR_OK;
}

static enum mr_code probe(struct probes *p, const char *db, const char *name, bool view,
                          struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    p->tried++;
    if (p->locked >= PATIENCE) {
        add_unseen(p, "too many are locked to wait for each");
        return MR_OK;
    }
    if (view)
        view_statement(&sql, db, name);
    else
        table_statement(&sql, db, name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK && view)
        code = mr_db_exec(p->server->link.db, sql.ptr, sql.len, &why);
    else if (code == MR_OK)
        code = mr_db_query(p->server->link.db, "*", sql.ptr, sql.len, &res, &why);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    p->locked += mr_gate_is_locked(&why) ? 1 : 0;
    p->opened += code == MR_OK ? 1 : 0;
    return code != MR_OK ? say_failed(p, db, name, view, code, &why, err) : MR_OK;
}

static size_t most_of(const struct mr_doctor *d, size_t most)
{
    return d->opts.all_tables ? SIZE_MAX : most;
}

/* Are there as many as are opened? */
static bool may_be_left(const struct probes *p)
{
    return p->tried - p->left >= p->most;
}

static bool is_innodb(const struct mr_table *t)
{
    return t->engine != NULL && strcasecmp(t->engine, "InnoDB") == 0;
}

/* InnoDB, which has its file, cannot tell more of it; of another engine's table nobody can. */
static bool is_filed(const struct probes *p, const struct mr_table *t)
{
    return p->files->known && is_innodb(t) && !mr_doctor_files_lack(p->files, t->db, t->name);
}

static void leave(struct probes *p)
{
    p->tried++;
    p->left++;
}

static bool is_object(const struct mr_catalogue *cat, const char *db, const char *name)
{
    for (size_t i = 0; i < cat->nobjects; i++)
        if (strcmp(cat->objects[i].db, db) == 0 && strcmp(cat->objects[i].name, name) == 0)
            return true;
    return false;
}

/* What the server lists by its name, and says nothing more of, is in no catalogue: its
 * definition cannot be read. */
static enum mr_code probe_listed(struct probes *p, const char *db, struct mr_err *err)
{
    const struct mr_catalogue *cat = p->server->cat;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_add_str(&sql,
                      "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
    mr_sql_string(&sql, db);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_doctor_query(p->server, "v", sql.ptr, &res, err));
    while (res != NULL && (row = mr_result_next(res)) != NULL)
        if (mr_catalogue_table(cat, db, row[0].ptr) == NULL && !is_object(cat, db, row[0].ptr))
            MR_TRY_OUT(probe(p, db, row[0].ptr, false, err));
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* A statement of several tables holds locks on some while it waits for another: on InnoDB's only
 * those that an ALTER feels, for a second. */
static bool opens_with_others(const struct probes *p, const struct mr_table *t)
{
    return t->open_error == NULL && is_innodb(t) && (!p->files->known || is_filed(p, t));
}

/* Those from `first` on that one statement opens: whether one of them is broken or locked, each
 * shows by itself. */
static enum mr_code probe_together(struct probes *p, size_t first, size_t *count,
                                   struct mr_err *err)
{
    const struct mr_catalogue *cat = p->server->cat;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    size_t n = 0;
    *count = 0;
    for (; n < TOGETHER && first + n < cat->ntables && p->tried - p->left + n < p->most &&
           opens_with_others(p, &cat->tables[first + n]);
         n++) {
        mr_strbuf_add_str(&sql, n > 0 ? " UNION ALL (" : "(");
        table_statement(&sql, cat->tables[first + n].db, cat->tables[first + n].name);
        mr_strbuf_add_char(&sql, ')');
    }
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK && n > 1)
        code = mr_db_query(p->server->link.db, "*", sql.ptr, sql.len, &res, &why);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (mr_gate_is_fatal(code)) {
        *err = why;
        return code;
    }
    p->failed_together += code != MR_OK ? 1 : 0;
    *count = code == MR_OK && n > 1 ? n : 0;
    p->tried += *count;
    p->opened += *count;
    return MR_OK;
}

/* One that no statement with others has opened. */
static enum mr_code probe_alone(struct probes *p, const struct mr_table *t, struct mr_err *err)
{
    if (t->open_error != NULL) {
        p->tried++;
        p->broken++;
        say_table(p, t->db, t->name, t->open_error);
        return MR_OK;
    }
    const bool filed = is_filed(p, t);
    if (may_be_left(p) && (filed || p->tried - p->left >= most_of(p->doctor, PROBED_MAX))) {
        leave(p);
        p->filed += filed ? 1 : 0;
        return MR_OK;
    }
    return probe(p, t->db, t->name, false, err);
}

static enum mr_code probe_each(struct probes *p, struct mr_err *err)
{
    const struct mr_catalogue *cat = p->server->cat;
    size_t next = 0, try_at = 0; /* to be opened; to be opened with those behind it */
    for (size_t i = 0; i < cat->ntables; i++) {
        size_t count = 0;
        if (i >= try_at && p->failed_together < TOGETHER_FAILURES && !may_be_left(p)) {
            MR_TRY(probe_together(p, i, &count, err));
            next = i + count;
            try_at = i + (count > 0 ? count : TOGETHER);
        }
        if (i >= next)
            MR_TRY(probe_alone(p, &cat->tables[i], err));
    }
    for (size_t i = 0; i < cat->ndbs; i++)
        MR_TRY(probe_listed(p, cat->dbs[i].name, err));
    return MR_OK;
}

/* A table is opened, since the catalogue shows broken ones as if they were well.  Of thousands that
 * takes seconds, and of InnoDB's its own list says which cannot be: these are opened always. */
static enum mr_code probe_tables(struct mr_doctor *d, const struct mr_doctor_server *server,
                                 struct mr_err *err)
{
    struct mr_doctor_files files;
    struct probes p = {
        .doctor = d, .server = server, .files = &files, .most = most_of(d, PROBED_MAX)};
    mr_doctor_files_init(&files);
    enum mr_code code = MR_OK;
    if (server->cat->ntables > PROBED_MAX && !d->opts.all_tables)
        MR_TRY_OUT(mr_doctor_files_read(&files, server, err));
    if (files.known)
        p.most = PROBED_FEW;
    MR_TRY_OUT(probe_each(&p, err));
    say_opened(&p, MR_DOCTOR_table, "tables", "can be opened");
out:
    mr_doctor_files_release(&files);
    return code;
}

static enum mr_code probe_views(struct mr_doctor *d, const struct mr_doctor_server *server,
                                struct mr_err *err)
{
    static const char done[] = "DEALLOCATE PREPARE myrecon_probe";
    const struct mr_catalogue *cat = server->cat;
    struct probes p = {.doctor = d, .server = server, .most = most_of(d, PROBED_MAX)};
    for (size_t i = 0; i < cat->nobjects; i++)
        if (cat->objects[i].kind == MR_OBJECT_VIEW && may_be_left(&p))
            leave(&p);
        else if (cat->objects[i].kind == MR_OBJECT_VIEW)
            MR_TRY(probe(&p, cat->objects[i].db, cat->objects[i].name, true, err));
    if (p.tried > 0)
        (void)mr_db_exec(server->link.db, done, sizeof done - 1, NULL);
    say_opened(&p, MR_DOCTOR_view, "views", "can be used");
    return MR_OK;
}

/* The fewest are many: the first are named. */
static enum mr_code say_keyless(struct mr_doctor *d, const struct mr_doctor_server *server,
                                struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    size_t keyless = 0;
    for (size_t i = 0; i < server->cat->ntables; i++) {
        const struct mr_table *t = &server->cat->tables[i];
        if (t->open_error != NULL || mr_doctor_has_key(t) || keyless++ >= SHOWN_KEYLESS)
            continue;
        mr_strbuf_add_fmt(&names, "%s%s.%s", keyless > 1 ? ", " : "", t->db, t->name);
    }
    enum mr_code code = mr_strbuf_check(&names, "examining a server", err);
    if (code == MR_OK && keyless > 0) {
        mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_keys, "tables without a primary key: %zu (%s%s)",
                      keyless, names.ptr, keyless > SHOWN_KEYLESS ? ", ..." : "");
        mr_doctor_hint(d, "Without a unique index over NOT NULL columns, too, they are "
                          "compared as a whole, and rows that are equal to the byte cannot "
                          "be told apart when they are repaired; and they slow replicas "
                          "down.");
    }
    mr_strbuf_release(&names);
    return code;
}

enum mr_code mr_doctor_tables(struct mr_doctor *d, struct mr_doctor_server *server,
                              struct mr_err *err)
{
    MR_TRY(probe_tables(d, server, err));
    MR_TRY(probe_views(d, server, err));
    return say_keyless(d, server, err);
}
