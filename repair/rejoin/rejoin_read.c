/* rejoin_read.c: see rejoin_read.h. */
#include "repair/rejoin/rejoin_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/signals.h"
#include "core/binlog/binlog_gtid_text.h"
#include "core/db/grants.h"
#include "core/db/log_place.h"
#include "core/db/replica_status.h"
#include "core/db/replication.h"
#include "core/logs/archive_head.h"
#include "core/logs/server_logs.h"

#define SUPER_READ_ONLY_SINCE 50708 /* of MySQL */

static enum mr_code read_flag(struct mr_db *db, const char *sql, bool *on, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *on = code == MR_OK && text.len > 0 && strcmp(text.ptr, "0") != 0 &&
          strcasecmp(text.ptr, "OFF") != 0;
    mr_strbuf_release(&text);
    return code;
}

/* What is not to be had is unseen, and no error: the refusal says what is missing.  *who: the first
 * cell of an answer that has one. */
static enum mr_code read_any(struct mr_db *db, const char *sql, enum mr_rejoin_seen *seen,
                             struct mr_arena *arena, const char **who, struct mr_err *err)
{
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const enum mr_code code = mr_db_query(db, "*", sql, strlen(sql), &res, &why);
    const struct mr_cell *row = code == MR_OK ? mr_result_next(res) : NULL;
    *seen = code != MR_OK                       ? MR_REJOIN_UNSEEN
            : row != NULL && row[0].ptr != NULL ? MR_REJOIN_SOME
                                                : MR_REJOIN_NONE;
    if (*seen == MR_REJOIN_SOME && who != NULL)
        *who = mr_arena_strdup(arena, row[0].ptr);
    mr_result_free(res);
    if (code == MR_E_LOST || code == MR_E_CANCELLED || code == MR_E_NOMEM) {
        *err = why;
        return code;
    }
    return MR_OK;
}

/* ---- sessions of OLD ---- */

#define SESSIONS                                                                                   \
    "SELECT GROUP_CONCAT(CONCAT('#', p.ID, ' ', p.USER, '@', p.HOST) ORDER BY p.ID SEPARATOR ', "  \
    "')"                                                                                           \
    " FROM information_schema.PROCESSLIST p WHERE p.ID <> CONNECTION_ID() AND p.USER NOT IN"       \
    " ('system user', 'event_scheduler', 'unauthenticated user') AND p.COMMAND NOT IN ('Daemon',"  \
    " 'Binlog Dump', 'Binlog Dump GTID')"
/* By a privilege of the user's name, whatever host it is of. */
#define BY_PRIVILEGE                                                                               \
    " AND (EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES u WHERE"                       \
    " LEFT(u.GRANTEE, CHAR_LENGTH(p.USER) + 3) = CONCAT('''', p.USER, '''@') AND u.PRIVILEGE_TYPE" \
    " IN ('SUPER', 'CONNECTION_ADMIN', 'READ ONLY ADMIN', 'READ_ONLY ADMIN'))"

/* Sessions whose account has the right, or a role, which may have it.  Who may not read roles cannot
 * tell, and counts every session. */
static enum mr_code read_writers(struct mr_db *old, struct mr_arena *arena,
                                 struct mr_rejoin_facts *facts, struct mr_err *err)
{
    const bool is_mariadb = mr_db_server(old)->flavour == MR_FLAVOUR_MARIADB;
    const char *by_role =
        is_mariadb ? SESSIONS BY_PRIVILEGE " OR EXISTS (SELECT 1 FROM mysql.roles_mapping r WHERE "
                                           "r.User = p.USER))"
                   : SESSIONS BY_PRIVILEGE " OR EXISTS (SELECT 1 FROM mysql.role_edges r WHERE "
                                           "r.TO_USER = p.USER))";
    MR_TRY(read_any(old, by_role, &facts->writers, arena, &facts->who, err));
    if (facts->writers == MR_REJOIN_UNSEEN)
        return read_any(old, SESSIONS, &facts->writers, arena, &facts->who, err);
    return MR_OK;
}

/* ---- who reads OLD's log ---- */

#define BELOW_TRIES 20 /* of 0.1 s: a reader of ours that has just ended may still be listed */

/* A replica that is connected has a thread, whether it is registered by a name or not; so the list of
 * registered ones only adds, and who may not see it has seen enough. */
static enum mr_code read_below(struct mr_db *old, struct mr_arena *arena,
                               struct mr_rejoin_facts *facts, struct mr_err *err)
{
    static const char threads[] =
        "SELECT GROUP_CONCAT(CONCAT('#', ID, ' ', USER, '@', HOST) ORDER BY ID SEPARATOR ', ') "
        "FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'";
    const char *hosts =
        mr_has_replica_words(mr_db_server(old)) ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";
    enum mr_rejoin_seen registered = MR_REJOIN_UNSEEN;
    const char *id = NULL;
    MR_TRY(read_any(old, threads, &facts->replicas, arena, &facts->who, err));
    if (facts->replicas != MR_REJOIN_NONE)
        return MR_OK;
    MR_TRY(read_any(old, hosts, &registered, arena, &id, err));
    if (registered != MR_REJOIN_SOME)
        return MR_OK;
    facts->replicas = MR_REJOIN_SOME;
    facts->who = mr_arena_fmt(arena, "server_id %s", id != NULL ? id : "?");
    return MR_OK;
}

enum mr_code mr_rejoin_facts_read_below(struct mr_db *old, struct mr_arena *arena,
                                        struct mr_rejoin_facts *facts, struct mr_err *err)
{
    const char *who = facts->who;
    for (int i = 0; i < BELOW_TRIES; i++) {
        facts->who = who;
        MR_TRY(read_below(old, arena, facts, err));
        if (facts->replicas != MR_REJOIN_SOME)
            return MR_OK;
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        const struct timespec pause = {.tv_nsec = 100L * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
    }
    return MR_OK;
}

enum mr_code mr_rejoin_facts_read_only(struct mr_db *old, struct mr_rejoin_facts *facts,
                                       struct mr_err *err)
{
    return read_flag(old, "SELECT @@GLOBAL.read_only", &facts->is_read_only, err);
}

enum mr_code mr_rejoin_facts_read_quiet(struct mr_db *old, struct mr_arena *arena,
                                        struct mr_rejoin_facts *facts, struct mr_err *err)
{
    static const char open[] = "SELECT trx_id FROM information_schema.INNODB_TRX WHERE "
                               "trx_mysql_thread_id <> CONNECTION_ID() LIMIT 1";
    static const char events[] =
        "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE STATUS = 'ENABLED' LIMIT 1";
    const struct mr_server *server = mr_db_server(old);
    struct mr_grants *grants = NULL;
    bool scheduler = false;
    MR_TRY(mr_rejoin_facts_read_only(old, facts, err));
    if (server->flavour == MR_FLAVOUR_MYSQL && server->version >= SUPER_READ_ONLY_SINCE)
        MR_TRY(read_flag(old, "SELECT @@GLOBAL.super_read_only", &facts->is_super_read_only, err));
    MR_TRY(read_flag(old, "SELECT @@GLOBAL.event_scheduler = 'ON'", &scheduler, err));
    MR_TRY(mr_grants_load(old, &grants, err));
    enum mr_code code = MR_OK;
    facts->writers = facts->transactions = facts->replicas = MR_REJOIN_UNSEEN;
    if (mr_grants_global(grants, "PROCESS")) {
        MR_TRY_OUT(mr_rejoin_facts_read_below(old, arena, facts, err));
        MR_TRY_OUT(read_writers(old, arena, facts, err));
        MR_TRY_OUT(read_any(old, open, &facts->transactions, arena, NULL, err));
    }
    MR_TRY_OUT(read_any(old, "XA RECOVER", &facts->prepared, arena, NULL, err));
    facts->events = MR_REJOIN_NONE;
    if (scheduler)
        MR_TRY_OUT(read_any(old, events, &facts->events, arena, NULL, err));
    if (scheduler && facts->events == MR_REJOIN_NONE && !mr_grants_global(grants, "EVENT"))
        facts->events = MR_REJOIN_UNSEEN;
out:
    mr_grants_free(grants);
    return code;
}

/* ---- the account ---- */

static enum mr_code replace(char **text, const char *with, struct mr_err *err)
{
    char *copy = strdup(with);
    if (copy == NULL)
        return mr_err_nomem(err, "rejoining");
    free(*text);
    *text = copy;
    return MR_OK;
}

/* Behind the reset nobody could go back, so all that can be known of it is known before. */
static enum mr_code check_account(struct mr_endpoint *ep, const struct mr_db_opts *opts,
                                  struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_grants *grants = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_open(ep, opts, &db, err));
    MR_TRY_OUT(mr_grants_load(db, &grants, err));
    if (!mr_grants_global(grants, "REPLICATION SLAVE")) {
        code = mr_err_set(err, MR_E_REFUSED, "account %s may not replicate from \"%s\"",
                          mr_grants_account(grants), mr_db_label(db));
        mr_err_hint(err, "On the source: GRANT REPLICATION SLAVE ON *.* TO %s.",
                    mr_grants_account(grants));
    }
out:
    mr_grants_free(grants);
    mr_db_close(db);
    return code;
}

enum mr_code mr_rejoin_try_account(const struct mr_endpoint *live, const struct mr_db_opts *opts,
                                   const char *user, const char *password, struct mr_err *err)
{
    struct mr_endpoint ep = {0};
    struct mr_err why = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_endpoint_copy(&ep, live, err));
    free(ep.password_command);
    ep.password_command = NULL;
    MR_TRY_OUT(replace(&ep.user, user, err));
    MR_TRY_OUT(replace(&ep.password, password, err));
    code = check_account(&ep, opts, &why);
    if (code == MR_OK || code != MR_E_AUTH) {
        *err = why;
        goto out;
    }
    code = mr_err_set(err, MR_E_REFUSED, "the source does not let the replication account in: %s",
                      why.message);
    mr_err_hint(
        err,
        "Put MYRECON_REPLICATION_PASSWORD right, or let \"%.100s\" in from this machine, too: "
        "it is tried before the target is pointed at the source.",
        user);
out:
    mr_endpoint_release(&ep);
    return code;
}

/* ---- who follows whom ---- */

static enum mr_code read_sources(struct mr_rejoin_servers *s, struct mr_rejoin_facts *facts,
                                 struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    enum mr_relation relation = MR_RELATION_UNKNOWN;
    bool seen = false;
    enum mr_code code = mr_replication_sources(s->old, &seen, &note, err);
    if (code == MR_OK) {
        facts->old_follows = !seen          ? MR_REJOIN_UNSEEN
                             : note.len > 0 ? MR_REJOIN_SOME
                                            : MR_REJOIN_NONE;
        if (facts->old_follows == MR_REJOIN_SOME)
            facts->who = mr_arena_strdup(s->arena, note.ptr);
        mr_strbuf_reset(&note);
        code = mr_replication_relation(s->old, s->live, &relation, &note, err);
    }
    facts->live_follows = relation == MR_RELATION_NONE      ? MR_REJOIN_NONE
                          : relation == MR_RELATION_UNKNOWN ? MR_REJOIN_UNSEEN
                                                            : MR_REJOIN_SOME;
    mr_strbuf_release(&note);
    return code;
}

/* ---- what LIVE has removed ---- */

static enum mr_code compare_mysql(struct mr_rejoin_servers *s, const char *removed,
                                  const char *executed, struct mr_rejoin_facts *facts,
                                  struct mr_err *err)
{
    struct mr_gtid_set gone, has;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_gtid_set_init(&gone);
    mr_gtid_set_init(&has);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_gtid_set_parse(&gone, removed, strlen(removed), err));
    MR_TRY_OUT(mr_gtid_set_parse(&has, executed, strlen(executed), err));
    MR_TRY_OUT(mr_gtid_set_subtract(&gone, &has, err));
    facts->live_has_all = mr_gtid_set_is_empty(&gone);
    mr_gtid_set_add_text(&text, &gone);
    if (!facts->live_has_all)
        facts->who = mr_arena_strdup(s->arena, text.ptr);
out:
    mr_strbuf_release(&text);
    mr_gtid_set_release(&gone);
    mr_gtid_set_release(&has);
    return code;
}

/* What stands before LIVE's first log was written by servers whose numbers OLD has, too, or has got from
 * the one that wrote them. */
static enum mr_code compare_mariadb(struct mr_rejoin_servers *s, const char *removed,
                                    struct mr_rejoin_facts *facts, struct mr_err *err)
{
    struct mr_gtid_state gone, has;
    mr_gtid_state_init(&gone);
    mr_gtid_state_init(&has);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_gtid_state_parse(&gone, removed, strlen(removed), err));
    MR_TRY_OUT(
        mr_gtid_state_parse(&has, s->executed[1].executed, strlen(s->executed[1].executed), err));
    MR_TRY_OUT(
        mr_gtid_state_parse(&has, s->executed[1].position, strlen(s->executed[1].position), err));
    facts->live_has_all = mr_gtid_state_contains(&has, &gone);
    if (!facts->live_has_all)
        facts->who = mr_arena_strdup(s->arena, removed);
out:
    mr_gtid_state_release(&gone);
    mr_gtid_state_release(&has);
    return code;
}

/* The same of a position, which is of one history: of a domain it has all up to its number. */
static enum mr_code compare_position(struct mr_rejoin_servers *s, const char *removed,
                                     const struct mr_rejoin_plan *plan,
                                     struct mr_rejoin_facts *facts, struct mr_err *err)
{
    struct mr_gtid_state has;
    struct mr_gtid_pos position;
    struct mr_gtid gtid;
    mr_gtid_state_init(&has);
    mr_gtid_pos_init(&position);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_gtid_state_parse(&has, plan->executed, strlen(plan->executed), err));
    MR_TRY_OUT(mr_gtid_pos_parse(&position, plan->position, strlen(plan->position), err));
    facts->live_has_all = true;
    for (const char *at = removed; mr_gtid_text_next(&at, &gtid);)
        facts->live_has_all =
            facts->live_has_all && (mr_gtid_state_covers(&has, &gtid) ||
                                    mr_gtid_pos_covers(&position, gtid.domain, gtid.sequence));
    if (!facts->live_has_all)
        facts->who = mr_arena_strdup(s->arena, removed);
out:
    mr_gtid_state_release(&has);
    mr_gtid_pos_release(&position);
    return code;
}

/* What LIVE's first log has in front of it. */
static enum mr_code ask_removed(struct mr_rejoin_servers *s, bool is_mariadb, const char **removed,
                                struct mr_err *err)
{
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    struct mr_archive_head head;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_archive_head_init(&head);
    enum mr_code code = MR_OK;
    if (is_mariadb)
        MR_TRY_OUT(mr_server_logs(s->live, s->arena, &logs, err));
    else
        MR_TRY_OUT(mr_db_query_text(s->live, "SELECT @@GLOBAL.gtid_purged", &text, err));
    if (logs.count > 0) {
        const struct mr_server_log *first = mr_vec_at(&logs, 0);
        MR_TRY_OUT(mr_archive_head_ask(&head, s->live_ep, s->opts, first->name, err));
        mr_strbuf_add_str(&text, head.before.ptr != NULL ? head.before.ptr : "");
    }
    MR_TRY_OUT(mr_strbuf_check(&text, "rejoining", err));
    *removed = mr_arena_strdup(s->arena, text.ptr != NULL ? text.ptr : "");
    code = *removed != NULL ? MR_OK : mr_err_nomem(err, "rejoining");
out:
    mr_strbuf_release(&text);
    mr_archive_head_release(&head);
    mr_vec_release(&logs);
    return code;
}

static enum mr_code read_removed(struct mr_rejoin_servers *s, struct mr_rejoin_facts *facts,
                                 struct mr_err *err)
{
    const char *removed = NULL;
    MR_TRY(ask_removed(s, facts->is_mariadb, &removed, err));
    return facts->is_mariadb ? compare_mariadb(s, removed, facts, err)
                             : compare_mysql(s, removed, s->executed[1].executed, facts, err);
}

enum mr_code mr_rejoin_facts_read_removed(struct mr_rejoin_servers *s,
                                          const struct mr_rejoin_plan *plan,
                                          struct mr_rejoin_facts *facts, struct mr_err *err)
{
    const char *removed = NULL;
    MR_TRY(ask_removed(s, plan->is_mariadb, &removed, err));
    return plan->is_mariadb ? compare_position(s, removed, plan, facts, err)
                            : compare_mysql(s, removed, plan->position, facts, err);
}

/* ---- all ---- */

static enum mr_code read_executed(struct mr_rejoin_servers *s, struct mr_rejoin_facts *facts,
                                  struct mr_err *err)
{
    const struct mr_history_executed *live = &s->executed[0], *old = &s->executed[1];
    MR_TRY(mr_history_executed_read(s->old, s->arena, &s->executed[1], err));
    MR_TRY(mr_history_executed_read(s->live, s->arena, &s->executed[0], err));
    facts->is_mariadb = old->is_mariadb;
    facts->is_same_family = old->is_mariadb == live->is_mariadb;
    facts->old_has_gtids = old->has_gtids;
    facts->live_has_gtids = live->has_gtids;
    facts->is_same_id = old->server_id == live->server_id ||
                        (!old->is_mariadb && strcasecmp(old->uuid, live->uuid) == 0);
    return MR_OK;
}

enum mr_code mr_rejoin_facts_read(struct mr_rejoin_servers *s, struct mr_rejoin_facts *facts,
                                  struct mr_err *err)
{
    const char *const applied = mr_db_server(s->live)->flavour == MR_FLAVOUR_MYSQL
                                    ? "SELECT 1"
                                    : "SELECT @@GLOBAL.log_slave_updates";
    *facts = (struct mr_rejoin_facts){.who = NULL};
    MR_TRY(mr_rejoin_facts_read_quiet(s->old, s->arena, facts, err));
    MR_TRY(read_executed(s, facts, err));
    MR_TRY(read_flag(s->live, "SELECT @@GLOBAL.log_bin", &facts->live_logs, err));
    MR_TRY(read_flag(s->live, applied, &facts->live_logs_applied, err));
    MR_TRY(read_sources(s, facts, err));
    if (mr_rejoin_decide(facts) != MR_REJOIN_BAR_LIVE_PURGED)
        return MR_OK; /* what is in the way before that is told first */
    return read_removed(s, facts, err);
}
