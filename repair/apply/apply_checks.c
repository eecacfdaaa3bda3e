/* apply_checks.c: see apply_checks.h. */
#include "repair/apply/apply_checks.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/log.h"
#include "core/db/binlog_off.h"
#include "core/db/sqltext.h"
#include "core/schema/engine.h"
#include "repair/apply/dropped.h"
#include "repair/side/fingerprint.h"
#include "repair/side/surroundings.h"

enum { UNKNOWN_VARIABLE = 1193, NEEDS_RIGHT = 1227 };

/* ---- age ---- */

/* A time that cannot be read, or that lies ahead, is no proof of youth. */
enum mr_code mr_apply_check_age(const struct mr_manifest *manifest, unsigned max_age_s,
                                struct mr_err *err)
{
    struct tm made = {0};
    if (max_age_s == 0)
        return MR_OK;
    const char *end = strptime(manifest->created, "%Y-%m-%dT%H:%M:%SZ", &made);
    double age = end != NULL && *end == '\0' ? difftime(time(NULL), timegm(&made)) : -1;
    if (age >= 0 && age <= max_age_s)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "the plan was made at %s, more than %u s ago",
                     manifest->created, max_age_s);
    if (age < 0)
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the age of the plan is not known: it was made at \"%s\"",
                         manifest->created);
    mr_err_hint(err, "Nothing was changed. Plan again.");
    return MR_E_REFUSED;
}

/* ---- columns ---- */

/* Digests and literals of the plan are of the columns as they were then: by others an equal row
 * would look changed, and a value might lose what does not fit. */
enum mr_code mr_apply_check_columns(const struct mr_target *target,
                                    const struct mr_manifest *manifest, struct mr_err *err)
{
    const struct mr_planned *planned = &manifest->planned;
    for (size_t i = 0; i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        char hex[MR_SHA256_HEX];
        enum mr_code code =
            mr_fingerprint_columns(target->db, t->target_db, t->target_name, hex, err);
        if (code != MR_OK && code != MR_E_NO_SUCH)
            return code;
        if (code == MR_OK && strcmp(hex, t->fingerprint) == 0)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED, "table \"%s\" %s since it was planned", t->target_table,
                         code == MR_OK ? "has got other columns" : "is gone");
        mr_err_hint(err, "Nothing was changed. Run check, and plan again.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

/* ---- rights ---- */

static enum mr_code refuse_right(const struct mr_target *t, const char *privilege, const char *db,
                                 const char *name, struct mr_err *err)
{
    struct mr_strbuf on = MR_STRBUF_INIT;
    if (name != NULL) {
        mr_sql_table(&on, db, name);
    } else {
        mr_sql_ident(&on, db);
        mr_strbuf_add_str(&on, ".*");
    }
    (void)mr_err_set(err, MR_E_REFUSED, "the account lacks the right %s on %s", privilege, on.ptr);
    mr_err_hint(err,
                "Nothing was changed. Run: GRANT %s ON %s TO %s (\"myrecon "
                "doctor --for repair\" names all that is missing)",
                privilege, on.ptr, mr_grants_account(t->grants));
    mr_strbuf_release(&on);
    return MR_E_REFUSED;
}

/* ---- what acts on rows beside them ---- */

static enum mr_code refuse_new(const struct mr_planned_table *t, const char *what, bool undo,
                               struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\" has something that it had not when it was planned, or "
                     "that the planner could not see: %s",
                     t->target_table, what);
    mr_err_hint(err, "Nothing was changed. %s",
                undo ? "Take it away while the plan is undone." : "Run check, and plan again.");
    return MR_E_REFUSED;
}

static enum mr_code refuse_gone(const struct mr_planned_table *t, const char *what, bool undo,
                                struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\" has not any more what it had when it was planned, or "
                     "the account does not see it: %s",
                     t->target_table, what);
    mr_err_hint(err, "Nothing was changed. %s",
                undo ? "Put it back while the plan is undone: what keeps other sessions "
                       "out leans on it."
                     : "Run check, and plan again.");
    return MR_E_REFUSED;
}

/* Undo deletes what was inserted, which others may come to refer to, and puts back what was
 * deleted, which somebody may have come to have; whom that refers to it does not ask. */
static struct mr_surroundings_needs needs_of(const struct mr_planned *planned, size_t at,
                                             const struct mr_apply_needs *needs)
{
    const struct mr_planned_table *t = &planned->tables[at];
    const bool changes = needs->undo && mr_apply_writes(planned, at, needs, MR_STEP_UPDATE);
    const bool puts =
        changes || !needs->undo || mr_apply_writes(planned, at, needs, MR_STEP_INSERT);
    const bool takes =
        changes || !needs->undo || mr_apply_writes(planned, at, needs, MR_STEP_DELETE);
    return (struct mr_surroundings_needs){.dbname = t->target_db,
                                          .table = t->target_name,
                                          .unique = puts,
                                          .refers = !needs->undo,
                                          .referred = takes};
}

struct around {
    const struct mr_target *target;
    const struct mr_planned *planned;
    const struct mr_apply_needs *needs;
    struct mr_arena *arena;
    struct mr_vec *dropped;
};

/* A foreign key that is gone with its whole table can lead nobody to a row that goes. */
static enum mr_code check_gone(const struct around *a, size_t at, const struct mr_surroundings *now,
                               struct mr_err *err)
{
    const struct mr_planned_table *t = &a->planned->tables[at];
    const struct mr_surroundings then = {t->around.items, t->around.count};
    const struct mr_surroundings_needs needs = needs_of(a->planned, at, a->needs);
    const char *what;
    for (size_t i = 0; (what = mr_surroundings_gone(now, &then, &needs, &i)) != NULL;) {
        bool harmless = false;
        MR_TRY(mr_dropped_look(a->target->db, what, a->arena, a->dropped, &harmless, err));
        if (!harmless)
            MR_TRY(refuse_gone(t, what, a->needs->undo, err));
    }
    return MR_OK;
}

static enum mr_code check_table_around(const struct around *a, size_t at, struct mr_err *err)
{
    const struct mr_planned_table *t = &a->planned->tables[at];
    struct mr_surroundings now, then = {t->around.items, t->around.count};
    MR_TRY(mr_surroundings_read(a->target->db, t->target_db, t->target_name, a->arena, &now, err));
    const char *what =
        mr_surroundings_new(&now, &then, a->needs->undo ? mr_surroundings_of_undo : NULL);
    return what != NULL ? refuse_new(t, what, a->needs->undo, err) : check_gone(a, at, &now, err);
}

/* information_schema leaves triggers out silently where the right is missing, so that comes first:
 * without it "there is none" is not known. */
enum mr_code mr_apply_check_around(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_arena *arena,
                                   struct mr_vec *dropped, struct mr_err *err)
{
    const struct around a = {target, &manifest->planned, needs, arena, dropped};
    bool warned = false;
    for (size_t i = 0; i < a.planned->ntables; i++) {
        const struct mr_planned_table *t = &a.planned->tables[i];
        if (target->grants == NULL ||
            !mr_grants_on_table(target->grants, "TRIGGER", t->target_db, t->target_name))
            return refuse_right(target, "TRIGGER", t->target_db, t->target_name, err);
        if (!t->knows_around && !warned)
            mr_log_warning("the plan is of an older version, which did not keep what "
                           "triggers, indexes and constraints it saw: that none is new "
                           "is not proved; plan again");
        warned = warned || !t->knows_around;
        if (t->knows_around)
            MR_TRY(check_table_around(&a, i, err));
    }
    return MR_OK;
}

/* ---- what the account may ---- */

static bool has_rows(const struct mr_planned_table *t, enum mr_step_op op)
{
    switch (op) {
    case MR_STEP_INSERT:
        return t->decisions[MR_DECIDE_INSERT] + t->decisions[MR_DECIDE_RENUMBER] > 0;
    case MR_STEP_UPDATE: return t->decisions[MR_DECIDE_UPDATE] > 0;
    case MR_STEP_DELETE: return t->decisions[MR_DECIDE_DELETE] > 0;
    }
    return false;
}

/* Rows of a circle of references are written with an empty one, which is filled later; a
 * circle leads to the table itself, or to one that was planned after it. */
static bool may_close_circle(const struct mr_planned *planned, size_t at)
{
    const struct mr_planned_table *t = &planned->tables[at];
    for (size_t i = 0; i < t->nreferences; i++)
        for (size_t k = at; k < planned->ntables; k++)
            if (strcmp(t->references[i].parent, planned->tables[k].table) == 0)
                return true;
    return false;
}

bool mr_apply_writes(const struct mr_planned *p, size_t table, const struct mr_apply_needs *needs,
                     enum mr_step_op op)
{
    const struct mr_planned_table *t = &p->tables[table];
    if (op == MR_STEP_UPDATE)
        return has_rows(t, MR_STEP_UPDATE) || (needs->updates && may_close_circle(p, table));
    return has_rows(t, needs->undo ? mr_step_undone_by(op) : op);
}

static enum mr_code check_table(const struct mr_target *t, const struct mr_planned *p, size_t at,
                                const struct mr_apply_needs *needs, struct mr_err *err)
{
    const struct mr_planned_table *table = &p->tables[at];
    const struct {
        const char *privilege;
        bool needed;
    } rights[] = {
        {"SELECT", true},
        {"INSERT", mr_apply_writes(p, at, needs, MR_STEP_INSERT)},
        {"UPDATE", mr_apply_writes(p, at, needs, MR_STEP_UPDATE)},
        {"DELETE", mr_apply_writes(p, at, needs, MR_STEP_DELETE)},
    };
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        if (rights[i].needed && !mr_grants_on_table(t->grants, rights[i].privilege,
                                                    table->target_db, table->target_name))
            return refuse_right(t, rights[i].privilege, table->target_db, table->target_name, err);
    return MR_OK;
}

/* All before the first unit: a right that is missing in the middle would leave half a plan. */
enum mr_code mr_apply_check_rights(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_err *err)
{
    const struct mr_planned *planned = &manifest->planned;
    if (target->grants == NULL)
        return MR_OK;
    if (!needs->undo)
        MR_TRY(mr_target_check_rights(target, manifest, err));
    for (size_t i = 0; i < planned->ntables; i++)
        MR_TRY(check_table(target, planned, i, needs, err));
    for (size_t i = 0; i < manifest->server.ndbs; i++)
        if (!mr_grants_on_db(target->grants, "CREATE TEMPORARY TABLES", manifest->server.dbs[i]))
            MR_TRY(refuse_right(target, "CREATE TEMPORARY TABLES", manifest->server.dbs[i], NULL,
                                err));
    return MR_OK;
}

/* ---- binary log ---- */

static enum mr_code ask(const struct mr_target *target, const char *sql, struct mr_strbuf *text,
                        struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(target->db, sql, text, &why);
    if (code != MR_OK && why.sql_errno == UNKNOWN_VARIABLE) {
        mr_strbuf_reset(text);
        return MR_OK;
    }
    if (code != MR_OK)
        *err = why;
    return code;
}

/* Is it written, or locked since rows that are written refer to it? */
static bool is_used(const struct mr_planned *p, const struct mr_planned_table *t)
{
    bool used = mr_planned_writes(t) > 0;
    for (size_t i = 0; !used && i < p->ntables; i++)
        for (size_t k = 0; !used && k < p->tables[i].nreferences; k++)
            used = mr_planned_writes(&p->tables[i]) > 0 &&
                   strcmp(p->tables[i].references[k].parent, t->table) == 0;
    return used;
}

/* Appends 'db.t" is MyISAM' of the first table without transactions. */
static enum mr_code name_nontransactional(const struct mr_target *target,
                                          const struct mr_strbuf *sql, struct mr_strbuf *name,
                                          struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    MR_TRY(mr_db_query(target->db, "vn", sql->ptr, sql->len, &res, err));
    while (name->len == 0 && (cells = mr_result_next(res)) != NULL) {
        if (cells[1].ptr == NULL || mr_engine_is_transactional(cells[1].ptr))
            continue;
        mr_strbuf_add(name, cells[0].ptr, cells[0].len);
        mr_strbuf_add_fmt(name, "\" is %s", cells[1].ptr);
    }
    mr_result_free(res);
    return mr_strbuf_check(name, "looking at tables", err);
}

static enum mr_code find_nontransactional(const struct mr_target *target,
                                          const struct mr_planned *p, struct mr_strbuf *name,
                                          struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME), ENGINE FROM"
                            " information_schema.TABLES WHERE (0");
    for (size_t i = 0; i < p->ntables; i++) {
        if (!is_used(p, &p->tables[i]))
            continue;
        mr_strbuf_add_str(&sql, " OR (TABLE_SCHEMA = ");
        mr_sql_string(&sql, p->tables[i].target_db);
        mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
        mr_sql_string(&sql, p->tables[i].target_name);
        mr_strbuf_add_char(&sql, ')');
    }
    mr_strbuf_add_str(&sql, ") ORDER BY 1");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = name_nontransactional(target, &sql, name, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Else each unit would fail by itself, and be told as if its rows were to blame. */
enum mr_code mr_apply_check_gtid(const struct mr_target *target, const struct mr_manifest *m,
                                 struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (mr_db_server(target->db)->flavour != MR_FLAVOUR_MYSQL)
        return MR_OK;
    enum mr_code code = ask(target, "SELECT @@GLOBAL.enforce_gtid_consistency", &text, err);
    const bool enforced =
        text.len > 0 && (strcasecmp(text.ptr, "ON") == 0 || strcmp(text.ptr, "1") == 0);
    mr_strbuf_reset(&text);
    if (code == MR_OK && enforced)
        code = find_nontransactional(target, &m->planned, &text, err);
    if (code == MR_OK && text.len > 0) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "table \"%s, and the server enforces GTID consistency: it "
                          "lets no transaction write such a table",
                          text.ptr);
        mr_err_hint(err, "Nothing was changed. ALTER TABLE … ENGINE = InnoDB, or leave "
                         "the table out, and plan again.");
    }
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code set(const struct mr_target *target, const char *sql, const char *what,
                        const char *instead, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_db_exec(target->db, sql, strlen(sql), &why);
    if (code == MR_OK)
        return MR_OK;
    if (why.sql_errno != NEEDS_RIGHT) {
        *err = why;
        return code;
    }
    (void)mr_err_set(err, MR_E_REFUSED, "%s, and the account may not change that", what);
    mr_err_hint(err, "Nothing was changed. Run: GRANT %s ON *.* TO %s; or %s",
                mr_binlog_right(mr_db_server(target->db)), mr_grants_account(target->grants),
                instead);
    return MR_E_REFUSED;
}

/* In another format the statements that fill our temporary tables go to the replicas, which
 * have none of what they read. */
static enum mr_code log_rows(const struct mr_target *target, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = ask(target, "SELECT @@GLOBAL.log_bin", &text, err);
    bool logs = text.len > 0 && strcmp(text.ptr, "0") != 0;
    mr_strbuf_reset(&text);
    if (code == MR_OK && logs)
        code = ask(target, "SELECT @@SESSION.binlog_format", &text, err);
    bool other = text.len > 0 && strcasecmp(text.ptr, "ROW") != 0;
    mr_strbuf_release(&text);
    if (code != MR_OK || !logs || !other)
        return code;
    return set(target, "SET SESSION binlog_format = 'ROW'",
               "the server's binary log is not in row format", "SET GLOBAL binlog_format = 'ROW'.",
               err);
}

enum mr_code mr_apply_check_session(const struct mr_target *target, bool no_binlog,
                                    struct mr_err *err)
{
    static const char again[] = "SET SESSION sql_log_bin = 1";
    enum mr_code code = mr_apply_session(target, no_binlog, err);
    return code == MR_OK && no_binlog ? mr_db_exec(target->db, again, sizeof again - 1, err) : code;
}

enum mr_code mr_apply_session(const struct mr_target *target, bool no_binlog, struct mr_err *err)
{
    if (!no_binlog)
        return log_rows(target, err);
    MR_TRY(mr_binlog_refuse_cluster(target->db, err));
    return set(target, "SET SESSION sql_log_bin = 0",
               "--no-binlog: the session writes to the binary log", "leave --no-binlog out.", err);
}

/* Only a warning: units that can be done alone are rehearsed all the same. */
enum mr_code mr_apply_check_quiet(const struct mr_target *target, struct mr_err *err)
{
    static const char again[] = "SET SESSION sql_log_bin = 1";
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    if (mr_db_server(target->db)->flavour != MR_FLAVOUR_MARIADB)
        return MR_OK;
    enum mr_code code = ask(target, "SELECT @@GLOBAL.log_bin", &text, err);
    const bool logs = strcmp(text.ptr != NULL ? text.ptr : "", "1") == 0;
    mr_strbuf_release(&text);
    if (code != MR_OK || !logs)
        return code;
    code = set(target, "SET SESSION sql_log_bin = 0",
               "units that build on others are rehearsed out of the binary log",
               "only units that can be done alone are rehearsed.", &why);
    if (code == MR_OK)
        return mr_db_exec(target->db, again, sizeof again - 1, err);
    if (code != MR_E_REFUSED) {
        *err = why;
        return code;
    }
    mr_log_warning("%s. %s", why.message, why.hint);
    return MR_OK;
}
