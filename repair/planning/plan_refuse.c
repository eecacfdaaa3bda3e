/* plan_refuse.c: see plan_refuse.h. */
#include "repair/planning/plan_refuse.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "core/schema/unseen.h"

enum { NAMED = 5 }; /* tables that a message names */

/* ---- the case ---- */

static const char *why_incomplete(const struct mr_find_table *t)
{
    if (t->verdict == MR_VERDICT_NOT_CHECKED)
        return t->reason != NULL ? t->reason : "not checked";
    if (t->verdict == MR_VERDICT_UNSETTLED)
        return "rows were still moving";
    if (t->verdict == MR_VERDICT_UNDECIDED)
        return "not finished";
    return t->windowed ? "compared only in part" : NULL;
}

/* What to do about an incomplete run: more of the same does not make a window whole. */
static const char *what_to_run(const struct mr_find_run *run, bool windowed)
{
    if (!run->finished)
        return "Run the same check again into the same case, with --resume, or plan what was "
               "compared with --partial.";
    if (windowed)
        return "Run the check again into the same case, without --where, --since and where = of "
               "these tables in the configuration; or plan the other tables with --partial.";
    return "Run the check again into the same case, or plan what was compared with --partial.";
}

enum mr_code mr_plan_refuse_incomplete(struct mr_findings *fd, const struct mr_find_run *run,
                                       bool partial, struct mr_arena *arena, const char **what,
                                       struct mr_err *err)
{
    struct mr_find_table *tables = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t count = 0, found = 0;
    bool windowed = false;
    *what = NULL;
    enum mr_code code = mr_findings_tables(fd, arena, &tables, &count, err);
    if (code == MR_OK && !run->finished)
        mr_strbuf_add_str(&text, "the run was not finished");
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const char *why = why_incomplete(&tables[i]);
        if (why == NULL)
            continue;
        windowed = windowed || tables[i].windowed;
        if (found++ < NAMED)
            mr_strbuf_add_fmt(&text, "%s\"%s\": %s", text.len > 0 ? "; " : "", tables[i].name, why);
    }
    if (found > NAMED)
        mr_strbuf_add_fmt(&text, "; and %zu more", found - NAMED);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "reading the case", err);
    if (code == MR_OK && text.len > 0) {
        *what = mr_arena_strdup(arena, text.ptr);
        if (*what == NULL)
            code = mr_err_nomem(err, "reading the case");
    }
    if (code == MR_OK && *what != NULL && !partial) {
        code = mr_err_set(err, MR_E_DENIED, "the comparison of run %s is incomplete: %s", run->uuid,
                          *what);
        mr_err_hint(err, "%s", what_to_run(run, windowed));
    }
    if (code == MR_OK && *what != NULL)
        mr_log_warning("the comparison is incomplete: %s", *what);
    mr_strbuf_release(&text);
    return code;
}

/* ---- the servers ---- */

enum mr_code mr_plan_refuse_itself(const struct mr_sides *sides, struct mr_arena *arena,
                                   struct mr_err *err)
{
    struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
    const struct mr_server_side *side = sides->side;
    enum mr_code code = MR_OK;
    if (sides->ep[MR_SOURCE].kind != MR_ENDPOINT_MYSQL ||
        !mr_server_is_one(&side[MR_SOURCE].cat->server, &side[MR_TARGET].cat->server))
        return MR_OK;
    code = mr_sides_pair_dbs(side, arena, &pairs, err);
    for (size_t i = 0; code == MR_OK && i < pairs.count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(&pairs, i);
        if (strcmp(pair->name[MR_SOURCE], pair->name[MR_TARGET]) != 0)
            continue;
        code = mr_err_set(err, MR_E_REFUSED,
                          "source and target are the same: database \"%s\" of one server",
                          pair->name[MR_SOURCE]);
        mr_err_hint(err, "Nothing was changed. Name the lost history with --source, the "
                         "live server with --target.");
    }
    mr_vec_release(&pairs);
    return code;
}

/* A server that has no such variable any more writes rows. */
static enum mr_code read_variable(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                  struct mr_err *err)
{
    struct mr_err ignored = {0};
    enum mr_code code = mr_db_query_text(db, sql, text, &ignored);
    if (code == MR_E_SQL || code == MR_E_NO_SUCH)
        return MR_OK;
    if (code != MR_OK && err != NULL)
        *err = ignored;
    return code;
}

enum mr_code mr_plan_refuse_binlog(const struct mr_server_side *target, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(target->main);
    struct mr_strbuf log = MR_STRBUF_INIT, format = MR_STRBUF_INIT;
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    enum mr_code code = read_variable(db, "SELECT @@GLOBAL.log_bin", &log, err);
    if (code == MR_OK)
        code = read_variable(db, "SELECT @@GLOBAL.binlog_format", &format, err);
    bool is_on = strcmp(log.len > 0 ? log.ptr : "0", "0") != 0;
    if (code == MR_OK && is_on && format.len > 0 && strcasecmp(format.ptr, "ROW") != 0) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "the target writes its binary log as %s: what the plan's "
                          "guards do would be replicated as statements, and decide "
                          "otherwise on a replica",
                          format.ptr);
        mr_err_hint(err, "Nothing was changed. SET GLOBAL binlog_format = ROW on the "
                         "target, then plan again; it holds for new connections.");
    }
    mr_strbuf_release(&log);
    mr_strbuf_release(&format);
    return code;
}

/* ---- the tables ---- */

enum mr_code mr_plan_refuse_unseen(const struct mr_plan_tables *plan, const char *policy,
                                   struct mr_err *err)
{
    const struct mr_server_side *target = &plan->pairing.side[MR_TARGET];
    const bool only_adds =
        strcmp(policy, MR_POLICY_MERGE) == 0 || strcmp(policy, MR_POLICY_BACKFILL) == 0;
    struct mr_unseen unseen = {.db = mr_reader_db(target->main), .grants = target->grants};
    enum mr_code code = MR_OK;
    for (size_t i = 0; unseen.db != NULL && code == MR_OK && i < plan->ntables; i++) {
        const struct mr_table *t = plan->tables[i].pair->side[MR_TARGET];
        code = mr_unseen_check(&unseen, t->db, t->name, mr_plan_table_name(&plan->tables[i]),
                               "A row that goes would take its rows along: let the account "
                               "see it, and run a check that compares it, too.",
                               err);
    }
    if (!only_adds)
        mr_unseen_warn(&unseen, MR_UNSEEN_CASCADES);
    return code;
}

enum mr_code mr_plan_refuse_hidden(const struct mr_plan_tables *plan, struct mr_err *err)
{
    const struct mr_server_side *target = &plan->pairing.side[MR_TARGET];
    struct mr_strbuf table = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && target->grants != NULL && i < plan->ntables; i++) {
        const struct mr_table *t = plan->tables[i].pair->side[MR_TARGET];
        if (mr_grants_on_table(target->grants, "TRIGGER", t->db, t->name))
            continue;
        mr_sql_table(&table, t->db, t->name);
        code = mr_err_set(err, MR_E_REFUSED,
                          "the account may not see the triggers of the target's table %s, "
                          "which is planned",
                          table.ptr);
        mr_err_hint(err, "Nothing was changed. Run: GRANT TRIGGER ON %s TO %s", table.ptr,
                    mr_grants_account(target->grants));
    }
    mr_strbuf_release(&table);
    return code;
}

static bool gets_rows(const struct mr_planned_table *t)
{
    return t->decisions[MR_DECIDE_INSERT] + t->decisions[MR_DECIDE_RENUMBER] +
               t->decisions[MR_DECIDE_UPDATE] + t->decisions[MR_DECIDE_DELETE] >
           0;
}

enum mr_code mr_plan_refuse_names(const struct mr_plan_tables *plan, struct mr_err *err)
{
    static const char ours[] = "myrecon_";
    for (size_t i = 0; i < plan->ntables; i++) {
        const struct mr_table *t = plan->tables[i].pair->side[MR_TARGET];
        if (strncasecmp(t->name, ours, sizeof ours - 1) != 0)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the target's table \"%s.%s\" is called as temporary tables of "
                         "the scripts are, which would hide it",
                         t->db, t->name);
        mr_err_hint(err, "Nothing was changed. Rename it on both sides, or leave it out of "
                         "check.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

enum mr_code mr_plan_refuse_engines(const struct mr_plan_tables *plan,
                                    const struct mr_planned *planned, struct mr_err *err)
{
    for (size_t i = 0; i < planned->ntables; i++) {
        const struct mr_table *t = plan->tables[i].pair->side[MR_TARGET];
        const char *engine = t->engine != NULL ? t->engine : "an unknown engine";
        if (!gets_rows(&planned->tables[i]) || strcasecmp(engine, "InnoDB") == 0)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the target's table \"%s.%s\" is %s: rows that are written to it "
                         "can neither be guarded nor rolled back",
                         t->db, t->name, engine);
        mr_err_hint(err, "Nothing was changed. ALTER TABLE … ENGINE = InnoDB, or leave "
                         "it out of check and plan with --exclude.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

enum mr_code mr_plan_refuse_triggers(const struct mr_planned *planned, bool fire,
                                     struct mr_err *err)
{
    struct mr_strbuf list = MR_STRBUF_INIT;
    size_t found = 0;
    for (size_t i = 0; i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        for (size_t k = 0; k < t->ntriggers; k++)
            if (found++ < NAMED)
                mr_strbuf_add_fmt(&list, "%s\"%s\" (%s %s ON %s)", list.len > 0 ? ", " : "",
                                  t->triggers[k].name, t->triggers[k].timing, t->triggers[k].event,
                                  t->target_table);
    }
    if (found > NAMED)
        mr_strbuf_add_fmt(&list, " and %zu more", found - NAMED);
    enum mr_code code = mr_strbuf_check(&list, "looking at triggers", err);
    if (code == MR_OK && found > 0 && fire)
        mr_log_warning("triggers of the target will fire for the rows of the plan: %s", list.ptr);
    if (code == MR_OK && found > 0 && !fire) {
        code =
            mr_err_set(err, MR_E_REFUSED,
                       "triggers of the target would fire for the rows of the plan: %s", list.ptr);
        mr_err_hint(err, "Nothing was changed. See what they do; if that is right for "
                         "restored rows, too, plan with --allow-triggers fire; else drop "
                         "them while the plan is applied.");
    }
    mr_strbuf_release(&list);
    return code;
}
