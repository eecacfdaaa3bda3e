/* rehearse_triggers.c: see rehearse_triggers.h. */
#include "repair/apply/rehearse_triggers.h"

#include <string.h>

#include "core/db/grants.h"
#include "core/db/sqltext.h"
#include "repair/plan/trigger_writes.h"

#define SYSTEM_DBS "('mysql', 'information_schema', 'performance_schema', 'sys')"

struct reach {
    const struct mr_reseed_run *run;
    struct mr_strbuf dbs; /* "('a', 'b'" */
};

static bool has_triggers(const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->planned.ntables; i++)
        if (m->planned.tables[i].ntriggers > 0 || !m->planned.tables[i].knows_around)
            return true;
    return false;
}

static void add_db(struct reach *r, const char *db)
{
    mr_strbuf_add_str(&r->dbs, r->dbs.len > 0 ? ", " : "(");
    mr_sql_string(&r->dbs, db);
}

static void add_dbs(struct mr_strbuf *sql, const struct reach *r)
{
    mr_strbuf_add(sql, r->dbs.ptr, r->dbs.len);
    mr_strbuf_add_char(sql, ')');
    sql->failed |= r->dbs.failed;
}

static enum mr_code query(const struct reach *r, const struct mr_strbuf *sql, const char *shape,
                          struct mr_result **res, struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(sql, "building a query", err);
    return code == MR_OK ? mr_db_query(r->run->target->db, shape, sql->ptr, sql->len, res, err)
                         : code;
}

/* ---- whose triggers and routines ---- */

/* Adds the databases that texts of those at hand name. */
static enum mr_code widen(struct reach *r, bool *more, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells = NULL;
    mr_strbuf_add_str(&sql, "SELECT s.SCHEMA_NAME FROM information_schema.SCHEMATA s WHERE "
                            "s.SCHEMA_NAME NOT IN " SYSTEM_DBS " AND s.SCHEMA_NAME NOT IN ");
    add_dbs(&sql, r);
    mr_strbuf_add_str(&sql, " AND (EXISTS (SELECT 1 FROM information_schema.TRIGGERS g WHERE "
                            "INSTR(LOWER(g.ACTION_STATEMENT), LOWER(s.SCHEMA_NAME)) > 0 AND "
                            "g.EVENT_OBJECT_SCHEMA IN ");
    add_dbs(&sql, r);
    mr_strbuf_add_str(&sql, ") OR EXISTS (SELECT 1 FROM information_schema.ROUTINES g WHERE "
                            "INSTR(LOWER(g.ROUTINE_DEFINITION), LOWER(s.SCHEMA_NAME)) > 0 "
                            "AND g.ROUTINE_SCHEMA IN ");
    add_dbs(&sql, r);
    mr_strbuf_add_str(&sql, "))");
    *more = false;
    enum mr_code code = query(r, &sql, "v", &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        add_db(r, cells[0].ptr);
        *more = true;
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- tables without transactions ---- */

/* Who may write outside of the transaction: any trigger or routine whose text holds the name
 * of such a table, or is hidden. */
static void add_suspects(struct mr_strbuf *sql, const struct reach *r)
{
    static const char nontransactional[] =
        "t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE NOT IN ('InnoDB', 'ROCKSDB', 'TokuDB') "
        "AND t.TABLE_SCHEMA NOT IN " SYSTEM_DBS;
    mr_strbuf_add_fmt(
        sql,
        "SELECT 'trigger', g.TRIGGER_NAME, t.TABLE_SCHEMA, t.TABLE_NAME, t.ENGINE FROM "
        "information_schema.TRIGGERS g JOIN information_schema.TABLES t ON "
        "INSTR(LOWER(g.ACTION_STATEMENT), LOWER(t.TABLE_NAME)) > 0 WHERE %s AND "
        "g.EVENT_OBJECT_SCHEMA IN ",
        nontransactional);
    add_dbs(sql, r);
    mr_strbuf_add_fmt(
        sql,
        " UNION ALL SELECT 'routine', g.ROUTINE_NAME, t.TABLE_SCHEMA, t.TABLE_NAME, "
        "t.ENGINE FROM information_schema.ROUTINES g JOIN information_schema.TABLES t ON "
        "(g.ROUTINE_DEFINITION IS NULL OR INSTR(LOWER(g.ROUTINE_DEFINITION), "
        "LOWER(t.TABLE_NAME)) > 0) WHERE %s AND g.ROUTINE_SCHEMA IN ",
        nontransactional);
    add_dbs(sql, r);
    mr_strbuf_add_str(sql, " LIMIT 1");
}

static enum mr_code refuse_suspect(const struct mr_cell *cells, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%s \"%s\" may write to table \"%s.%s\", which is %s: what it writes "
                     "there could not be rolled back",
                     cells[0].ptr, cells[1].ptr, cells[2].ptr, cells[3].ptr, cells[4].ptr);
    mr_err_hint(err, "Nothing was changed. A rehearsal needs tables with transactions "
                     "wherever triggers write; apply --dry-run only compares.");
    return MR_E_REFUSED;
}

static enum mr_code check_suspects(const struct reach *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells = NULL;
    add_suspects(&sql, r);
    enum mr_code code = query(r, &sql, "vvvvv", &res, err);
    if (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        code = refuse_suspect(cells, err);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* ---- what is hidden ---- */

static enum mr_code is_visible(const struct reach *r, const struct mr_trigger_writes *w,
                               const char *db, bool *visible, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    const bool calls = w->verb == MR_TRIGGER_CALLS;
    mr_strbuf_add_str(&sql, calls ? "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE "
                                    "ROUTINE_SCHEMA = "
                                  : "SELECT COUNT(*) FROM information_schema.TABLES WHERE "
                                    "TABLE_SCHEMA = ");
    mr_sql_string(&sql, db);
    mr_strbuf_add_str(&sql, calls ? " AND ROUTINE_NAME = " : " AND TABLE_NAME = ");
    mr_sql_string(&sql, w->table.ptr);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(r->run->target->db, sql.ptr, &text, err);
    *visible = code == MR_OK && strcmp(text.ptr, "0") != 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code refuse_hidden(const struct reach *r, const char *what, const char *name,
                                  const struct mr_trigger_writes *w, const char *db,
                                  struct mr_err *err)
{
    const bool calls = w->verb == MR_TRIGGER_CALLS;
    struct mr_strbuf place = MR_STRBUF_INIT;
    mr_sql_table(&place, db, w->table.ptr);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%s \"%s\" %s \"%s.%s\", which is hidden from the account, or its "
                     "triggers are: whether all that is written there could be rolled back "
                     "is not known",
                     what, name, calls ? "calls routine" : "writes to table", db, w->table.ptr);
    mr_err_hint(err, "Nothing was changed. Run: GRANT %s %s TO %s; apply --dry-run only compares.",
                calls ? "EXECUTE ON PROCEDURE" : "SELECT, TRIGGER ON", place.ptr,
                mr_grants_account(r->run->target->grants));
    mr_strbuf_release(&place);
    return MR_E_REFUSED;
}

/* cells: what it is, its name, its database, its text. */
static enum mr_code check_text(const struct reach *r, const struct mr_cell *cells,
                               struct mr_err *err)
{
    const struct mr_grants *grants = r->run->target->grants;
    struct mr_trigger_writes w;
    enum mr_code code = MR_OK;
    mr_trigger_writes_init(&w, cells[3].ptr);
    while (code == MR_OK && mr_trigger_writes_next(&w)) {
        const char *db = w.db.len > 0 ? w.db.ptr : cells[2].ptr;
        bool visible = false;
        code = is_visible(r, &w, db, &visible, err);
        if (visible && w.verb != MR_TRIGGER_CALLS)
            visible = grants != NULL && mr_grants_on_table(grants, "TRIGGER", db, w.table.ptr);
        if (code == MR_OK && !visible)
            code = refuse_hidden(r, cells[0].ptr, cells[1].ptr, &w, db, err);
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&w.table, "looking at triggers", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&w.db, "looking at triggers", err);
    mr_trigger_writes_release(&w);
    return code;
}

struct text {
    struct mr_cell cells[4];
};

/* They are kept, since each is asked about over the same connection. */
static enum mr_code keep_texts(const struct reach *r, struct mr_result *res, struct mr_vec *texts,
                               struct mr_err *err)
{
    const struct mr_cell *cells = NULL;
    while ((cells = mr_result_next(res)) != NULL) {
        struct text *t = mr_vec_push(texts);
        for (size_t i = 0; t != NULL && i < 4; i++) {
            t->cells[i].ptr = mr_arena_dup(r->run->arena, cells[i].ptr, cells[i].len);
            if (t->cells[i].ptr == NULL)
                t = NULL;
        }
        if (t == NULL)
            return mr_err_nomem(err, "looking at triggers");
    }
    return MR_OK;
}

static enum mr_code check_hidden(const struct reach *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_vec texts = MR_VEC_INIT(struct text);
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&sql, "SELECT 'trigger', TRIGGER_NAME, EVENT_OBJECT_SCHEMA, "
                            "ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE "
                            "EVENT_OBJECT_SCHEMA IN ");
    add_dbs(&sql, r);
    mr_strbuf_add_str(&sql, " UNION ALL SELECT 'routine', ROUTINE_NAME, ROUTINE_SCHEMA, "
                            "ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE "
                            "ROUTINE_DEFINITION IS NOT NULL AND ROUTINE_SCHEMA IN ");
    add_dbs(&sql, r);
    enum mr_code code = query(r, &sql, "vvvv", &res, err);
    if (code == MR_OK)
        code = keep_texts(r, res, &texts, err);
    mr_result_free(res);
    for (size_t i = 0; code == MR_OK && i < texts.count; i++)
        code = check_text(r, ((const struct text *)mr_vec_at(&texts, i))->cells, err);
    mr_vec_release(&texts);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_rehearse_triggers(const struct mr_reseed_run *run, struct mr_err *err)
{
    struct reach r = {.run = run, .dbs = MR_STRBUF_INIT};
    const struct mr_plan_server *server = &run->manifest->server;
    bool more = server->ndbs > 0;
    enum mr_code code = MR_OK;
    if (!has_triggers(run->manifest))
        return MR_OK;
    for (size_t i = 0; i < server->ndbs; i++)
        add_db(&r, server->dbs[i]);
    while (more)
        MR_TRY_OUT(widen(&r, &more, err));
    if (server->ndbs > 0)
        MR_TRY_OUT(check_suspects(&r, err));
    if (server->ndbs > 0)
        MR_TRY_OUT(check_hidden(&r, err));
out:
    mr_strbuf_release(&r.dbs);
    return code;
}
