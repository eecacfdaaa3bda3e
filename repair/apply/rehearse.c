/* rehearse.c: see rehearse.h. */
#include "repair/apply/rehearse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/db/sqltext.h"
#include "core/json/jsonw.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/rehearse_triggers.h"
#include "repair/apply/reseed_report.h"

#define MYSQL_STATS_EXPIRY 80000

static void add_dbs(struct mr_strbuf *sql, const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->server.ndbs; i++) {
        mr_strbuf_add_str(sql, i > 0 ? ", " : "(");
        mr_sql_string(sql, m->server.dbs[i]);
    }
    mr_strbuf_add_str(sql, m->server.ndbs > 0 ? ")" : "('')");
}

/* ---- planned tables without transactions ---- */

/* InnoDB alone is known to take everything back; of any other engine, and of one that the server
 * does not name, the rows are left out. */
static enum mr_code read_engine(const struct mr_reseed_run *run, const struct mr_planned_table *t,
                                struct mr_vec *nontransactional, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, engine = MR_STRBUF_INIT;
    if (mr_planned_writes(t) == 0)
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT ENGINE FROM information_schema.TABLES WHERE "
                            "TABLE_SCHEMA = ");
    mr_sql_string(&sql, t->target_db);
    mr_strbuf_add_str(&sql, " AND TABLE_NAME = ");
    mr_sql_string(&sql, t->target_name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query_text(run->target->db, sql.ptr, &engine, err));
    if (strcmp(engine.ptr, "InnoDB") != 0) {
        struct mr_rehearse_nontransactional *l = mr_vec_push(nontransactional);
        if (l != NULL)
            *l = (struct mr_rehearse_nontransactional){t, mr_arena_strdup(run->arena, engine.ptr),
                                                       mr_planned_writes(t), false};
        if (l == NULL || l->engine == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "reading engines"));
    }
out:
    mr_strbuf_release(&engine);
    mr_strbuf_release(&sql);
    return code;
}

/* Values stand in the sections before: what a write names is what it writes. */
static bool writes_any(const struct mr_script_read_item *item,
                       const struct mr_vec *nontransactional, struct mr_strbuf *name)
{
    bool any = false;
    for (size_t i = 0; i < nontransactional->count; i++) {
        struct mr_rehearse_nontransactional *l = mr_vec_at(nontransactional, i);
        mr_strbuf_reset(name);
        mr_sql_table(name, l->table->target_db, l->table->target_name);
        if (name->failed || memmem(item->sql, item->len, name->ptr, name->len) == NULL)
            continue;
        l->found = any = true;
    }
    return any;
}

/* A write that was overlooked would stay. */
static enum mr_code check_found(const struct mr_vec *nontransactional, struct mr_err *err)
{
    for (size_t i = 0; i < nontransactional->count; i++) {
        const struct mr_rehearse_nontransactional *l = mr_vec_at(nontransactional, i);
        if (!l->found)
            return mr_err_set(err, MR_E_REFUSED,
                              "table \"%s\" is %s, and the plan does not show which "
                              "units write to it",
                              l->table->target_table, l->engine);
    }
    return MR_OK;
}

/* Sets *writes where the unit writes such a table. */
static enum mr_code look_at_unit(struct mr_script_read *script,
                                 const struct mr_script_read_unit *unit,
                                 const struct mr_vec *nontransactional, struct mr_strbuf *name,
                                 bool *writes, struct mr_err *err)
{
    struct mr_script_read_item item;
    enum mr_code code = MR_OK;
    MR_TRY(mr_script_read_seek(script, unit, err));
    MR_TRY(mr_script_read_next(script, &item, err));
    while ((code = mr_script_read_next(script, &item, err)) == MR_OK &&
           item.kind == MR_SCRIPT_READ_STATEMENT)
        if (item.section == MR_SCRIPT_READ_WRITE && writes_any(&item, nontransactional, name))
            *writes = true;
    return code;
}

enum mr_code mr_rehearse_skip(struct mr_script_read *script, const struct mr_vec *units,
                              const struct mr_vec *nontransactional, bool *skip, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; nontransactional->count > 0 && i < units->count; i++)
        MR_TRY_OUT(
            look_at_unit(script, mr_vec_at(units, i), nontransactional, &name, &skip[i], err));
    MR_TRY_OUT(mr_strbuf_check(&name, "reading a script", err));
    MR_TRY_OUT(check_found(nontransactional, err));
out:
    mr_strbuf_release(&name);
    return code;
}

/* What a rollback leaves must be known before the first statement, as nothing takes it back. */
enum mr_code mr_rehearse_check(const struct mr_reseed_run *run, struct mr_vec *nontransactional,
                               struct mr_err *err)
{
    for (size_t i = 0; i < run->manifest->planned.ntables; i++)
        MR_TRY(read_engine(run, &run->manifest->planned.tables[i], nontransactional, err));
    MR_TRY(mr_rehearse_triggers(run, err));
    MR_TRY(mr_apply_check_quiet(run->target, err));
    if (mr_reseed_count(run, MR_RAISE_WOULD) == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "%zu of %zu counters of the plan are not raised yet: inserts that "
                     "are rolled back would raise them to among the plan's new ids",
                     mr_reseed_count(run, MR_RAISE_WOULD), run->manifest->ncounters);
    mr_err_hint(err, "Nothing was changed. Run reseed.sql of the plan by the server's "
                     "own client first; it takes no more than a moment.");
    return MR_E_REFUSED;
}

/* ---- counters ---- */

/* Read before and after: an insert that is rolled back has taken its id for good, and whoever
 * rehearses is told how many.  MySQL 8 would answer out of a cache of a day. */
enum mr_code mr_rehearse_counters(const struct mr_reseed_run *run, struct mr_vec *out,
                                  struct mr_err *err)
{
    static const char fresh[] = "SET SESSION information_schema_stats_expiry = 0";
    const struct mr_server *server = mr_db_server(run->target->db);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells = NULL;
    mr_strbuf_add_str(&sql, "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME), AUTO_INCREMENT "
                            "FROM information_schema.TABLES WHERE AUTO_INCREMENT IS NOT "
                            "NULL AND TABLE_SCHEMA IN ");
    add_dbs(&sql, run->manifest);
    mr_strbuf_add_str(&sql, " ORDER BY 1");
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    if (server->flavour == MR_FLAVOUR_MYSQL && server->version >= MYSQL_STATS_EXPIRY)
        MR_TRY_OUT(mr_db_exec(run->target->db, fresh, sizeof fresh - 1, err));
    MR_TRY_OUT(mr_db_query(run->target->db, "vv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        struct mr_rehearse_counter *c = mr_vec_push(out);
        if (c != NULL)
            *c = (struct mr_rehearse_counter){mr_arena_dup(run->arena, cells[0].ptr, cells[0].len),
                                              strtoull(cells[1].ptr, NULL, 10)};
        if (c == NULL || c->table == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "reading counters"));
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static const struct mr_rehearse_counter *find(const struct mr_vec *list, const char *table)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct mr_rehearse_counter *c = mr_vec_at(list, i);
        if (strcmp(c->table, table) == 0)
            return c;
    }
    return NULL;
}

static void put_moved(struct mr_strbuf *text, const struct mr_rehearse_counter *now, uint64_t was,
                      bool json)
{
    struct mr_jsonw w;
    if (json) {
        mr_jsonw_init_buf(&w, text);
        mr_jsonw_object_begin(&w);
        mr_jsonw_add_str(&w, "type", "counter_moved");
        mr_jsonw_add_str(&w, "table", now->table);
        mr_jsonw_add_number(&w, "from", was);
        mr_jsonw_add_number(&w, "to", now->next);
        mr_jsonw_object_end(&w);
        mr_jsonw_end_line(&w);
        (void)mr_jsonw_finish(&w, "standard output", NULL);
        mr_jsonw_release(&w);
        return;
    }
    mr_strbuf_add_str(text, "  ");
    mr_utf8_show_str(text, now->table);
    mr_strbuf_add_fmt(text,
                      ": next id %" PRIu64 " -> %" PRIu64
                      ", burnt by the rehearsal or handed out meanwhile\n",
                      was, now->next);
}

enum mr_code mr_rehearse_moved(const struct mr_vec *before, const struct mr_vec *after, bool json,
                               FILE *out, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < after->count; i++) {
        const struct mr_rehearse_counter *now = mr_vec_at(after, i);
        const struct mr_rehearse_counter *old = find(before, now->table);
        const uint64_t was = old != NULL ? old->next : 1; /* MySQL: a fresh one is NULL */
        if (now->next != was)
            put_moved(&text, now, was, json);
    }
    enum mr_code code = mr_strbuf_check(&text, "printing the result", err);
    errno = 0;
    if (code == MR_OK && text.len > 0 &&
        (fwrite(text.ptr, 1, text.len, out) != text.len || fflush(out) != 0))
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write to standard output");
    mr_strbuf_release(&text);
    return code;
}
