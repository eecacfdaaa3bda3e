/* rejoin_rows.c: see rejoin_rows.h. */
#include "repair/planning/rejoin_rows.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/binlog/binlog_gtid_text.h"
#include "core/db/replica_status.h"
#include "core/logs/archive_head.h"
#include "core/logs/server_logs.h"
#include "core/logs/shared_gtids.h"

#define SOURCE_WORDS_SINCE 80200 /* of MySQL: RESET BINARY LOGS AND GTIDS */
#define PUBLIC_KEY_SINCE 80004   /* GET_MASTER_PUBLIC_KEY */

bool mr_rejoin_is_asked(const struct mr_plan_options *o)
{
    return o->policy != NULL && strcmp(o->policy, MR_POLICY_REJOIN) == 0;
}

/* ---- options ---- */

static enum mr_code refuse_option(const char *name, bool is_for, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\" is %s--policy rejoin", name,
                     is_for ? "for " : "not for ");
    if (!is_for)
        mr_err_hint(err, "%s",
                    strcmp(name, "again") == 0
                        ? "Plan with all options, into another directory."
                        : "All that the target did alone is taken back, or nothing is: a replica "
                          "that differs in a row is none.");
    return MR_E_USAGE;
}

enum mr_code mr_rejoin_check_options(const struct mr_plan_options *o, struct mr_err *err)
{
    const struct {
        const char *name;
        bool given;
    } ours[] = {{"merged", o->merged.count > 0},
                {"discard-lost", o->discard_lost},
                {"replication-user", o->replication_user != NULL}},
      others[] = {{"again", o->again != NULL},
                  {"transactions", o->transactions != NULL},
                  {"from", o->from != NULL},
                  {"to", o->to != NULL},
                  {"kind", o->kinds != NULL},
                  {"tables", o->tables.count > 0},
                  {"exclude", o->exclude.count > 0},
                  {"case", o->case_path != NULL && o->merged.count == 0},
                  {"run", o->run != NULL},
                  {"partial", o->partial},
                  {"decisions", o->decisions != NULL},
                  {"on-conflict", o->non_conflict > 0},
                  {"allow-deletes", o->allow_deletes > 0},
                  {"allow-triggers", o->allow_triggers != NULL},
                  {"forget-decisions", o->forget_decisions}};
    for (size_t i = 0; !mr_rejoin_is_asked(o) && i < sizeof ours / sizeof *ours; i++)
        if (ours[i].given)
            return refuse_option(ours[i].name, true, err);
    for (size_t i = 0; mr_rejoin_is_asked(o) && i < sizeof others / sizeof *others; i++)
        if (others[i].given)
            return refuse_option(others[i].name, false, err);
    if (o->merged.count > 0 && o->discard_lost) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "options \"--merged\" and \"--discard-lost\" exclude each other");
        mr_err_hint(err, "The one has it proved that nothing is lost, the other does not ask.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

/* ---- the servers ---- */

static enum mr_code open_side(struct mr_planning *p, enum mr_side side, const char *uri,
                              struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    MR_TRY(mr_endpoint_parse(&r->ep[side], uri, err));
    if (r->ep[side].kind != MR_ENDPOINT_MYSQL)
        return mr_err_set(err, MR_E_USAGE, "a rejoin is of two servers: \"%.200s\" is none", uri);
    MR_TRY(mr_login_complete(&r->ep[side], side == MR_SOURCE ? "SOURCE" : "TARGET",
                             mr_side_name(side), &p->opts->login, err));
    return mr_db_open(&r->ep[side], &r->opts, &r->db[side], err);
}

/* The address by which we reach LIVE is the one that OLD is told: it has to be one. */
static enum mr_code check_address(const struct mr_endpoint *live, struct mr_err *err)
{
    if (live->host[0] != '\0' && live->socket == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "--source does not name the live server by host and port");
    mr_err_hint(err, "The target is told to replicate from there: write it as the target can "
                     "reach it, mysql://user@host:port.");
    return MR_E_USAGE;
}

/* LIVE's logs are read, too, and for nothing else: the account may lack the right there alone. */
static enum mr_code look_at_shared(struct mr_rejoin_rows *r, enum mr_side side,
                                   struct mr_shared_gtids *shared, struct mr_err *err)
{
    const enum mr_code code = mr_shared_gtids_look(shared, &r->ep[side], &r->opts, err);
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(&r->ep[side], &r->opts, mr_db_server(r->db[side]), err);
    if (code != MR_OK)
        mr_err_context(err, "logs of the %s", mr_side_name(side));
    return code;
}

/* What both have executed is not taken back, and is not sent again: it has to be the same. */
static enum mr_code check_shared(struct mr_planning *p, struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    struct mr_shared_gtids shared[MR_SIDES];
    struct mr_shared_found found;
    enum mr_code code = MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_shared_gtids_init(&shared[side]);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        MR_TRY_OUT(mr_shared_gtids_find(&shared[side], &r->servers.executed[side],
                                        &r->servers.executed[mr_other_side((enum mr_side)side)],
                                        err));
        MR_TRY_OUT(look_at_shared(r, (enum mr_side)side, &shared[side], err));
    }
    MR_TRY_OUT(mr_shared_gtids_compare(shared, &p->arena, &found, err));
    if (found.differs != NULL) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "both servers have executed %s, and their logs show two transactions of "
                          "that number",
                          found.differs);
        mr_err_hint(err,
                    "Nothing was changed. A server was set up from another's disk or backup and "
                    "went on under its server_uuid or server_id, or lost its last transactions in "
                    "a crash and gave their numbers anew, before %s UTC. Build the replica anew "
                    "from a snapshot of the live server.",
                    found.before);
    } else if (found.untold != NULL) {
        mr_log_warning("that both servers mean the same transaction by %s is not proved: it is not "
                       "in the logs of both",
                       found.untold);
    }
out:
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_shared_gtids_release(&shared[side]);
    return code;
}

enum mr_code mr_rejoin_open(struct mr_planning *p, struct mr_err *err)
{
    struct mr_rejoin_facts facts;
    struct mr_rejoin_rows *r = p->rejoin = mr_arena_calloc(&p->arena, 1, sizeof *r);
    if (r == NULL)
        return mr_err_nomem(err, "planning");
    r->opts = (struct mr_db_opts){.run_tag = p->id.id,
                                  .statement_timeout_s = p->opts->statement_timeout_s};
    mr_history_own_init(&r->own);
    MR_TRY(open_side(p, MR_SOURCE, p->opts->source, err));
    MR_TRY(check_address(&r->ep[MR_SOURCE], err));
    MR_TRY(open_side(p, MR_TARGET, p->opts->target, err));
    r->servers = (struct mr_rejoin_servers){.live = r->db[MR_SOURCE],
                                            .old = r->db[MR_TARGET],
                                            .live_ep = &r->ep[MR_SOURCE],
                                            .opts = &r->opts,
                                            .arena = &p->arena};
    MR_TRY(mr_rejoin_facts_read(&r->servers, &facts, err));
    MR_TRY(mr_rejoin_refuse(mr_rejoin_decide(&facts), &facts, err));
    MR_TRY(mr_history_own_by_gtid(&r->own, &r->servers.executed[1], &r->servers.executed[0],
                                  &p->arena, err));
    return check_shared(p, err);
}

void mr_rejoin_close(struct mr_planning *p)
{
    struct mr_rejoin_rows *r = p->rejoin;
    if (r == NULL)
        return;
    mr_history_own_release(&r->own);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_db_close(r->db[side]);
        mr_endpoint_release(&r->ep[side]);
    }
}

/* ---- where the split is ---- */

/* Of each domain the last that LIVE has, too, of what a MariaDB has executed and is not read: it stands in front of the
 * first log, or was applied and not logged. */
static enum mr_code take_shared(struct mr_planning *p, struct mr_rewind_select *select,
                                const char *triples, struct mr_err *err)
{
    struct mr_gtid gtid;
    for (const char *at = triples; mr_gtid_text_next(&at, &gtid);) {
        const char *own = NULL,
                   *triple = mr_arena_fmt(&p->arena, "%" PRIu32 "-%" PRIu32 "-%" PRIu64,
                                          gtid.domain, gtid.server, gtid.sequence);
        if (triple == NULL)
            return mr_err_nomem(err, "planning");
        MR_TRY(mr_history_own_before_text(&p->rejoin->own, triple, &p->arena, &own, err));
        if (own == NULL)
            MR_TRY(mr_rewind_select_keep_last(select, &gtid, err));
    }
    return MR_OK;
}

/* From the last log in front of which nothing of OLD's own stands: what it lost is read, and not what
 * it ever wrote. */
enum mr_code mr_rejoin_select(struct mr_planning *p, struct mr_rewind_select *select,
                              struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    const char *hidden = "";
    enum mr_code code = mr_server_logs(r->db[MR_TARGET], &p->arena, &logs, err);
    const char *from = NULL, *first = NULL;
    for (size_t i = logs.count; code == MR_OK && i > 0 && hidden != NULL; i--) {
        const struct mr_server_log *log = mr_vec_at(&logs, i - 1);
        struct mr_archive_head head;
        mr_archive_head_init(&head);
        code = mr_archive_head_ask(&head, &r->ep[MR_TARGET], &r->opts, log->name, err);
        if (code == MR_OK)
            first = mr_arena_strdup(&p->arena, head.before.ptr != NULL ? head.before.ptr : "");
        from = mr_arena_fmt(&p->arena, "%s:4", log->name);
        if (code == MR_OK)
            code = first == NULL || from == NULL
                       ? mr_err_nomem(err, "planning")
                       : mr_history_own_before_text(&r->own, first, &p->arena, &hidden, err);
        mr_archive_head_release(&head);
    }
    mr_vec_release(&logs);
    MR_TRY(code);
    if (hidden != NULL) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the target's logs are not complete since the split: %.200s, which it "
                         "executed alone, is in logs that it has removed",
                         hidden);
        mr_err_hint(err, "Nothing was changed. Build the replica anew from a snapshot of the live "
                         "server.");
        return MR_E_REFUSED;
    }
    MR_TRY(mr_rewind_select_read(select, NULL, from, NULL, &p->arena, err));
    select->own = &r->own;
    r->select = select;
    if (!r->servers.executed[1].is_mariadb)
        return MR_OK;
    MR_TRY(take_shared(p, select, first, err));
    return take_shared(p, select, r->servers.executed[1].position, err);
}

/* ---- what was read ---- */

static enum mr_code refuse_moved(struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "the target was written to meanwhile");
    mr_err_hint(err, "Nothing was changed. Keep everybody away from it, and plan again.");
    return MR_E_REFUSED;
}

/* The same texts come of the same sets. */
static enum mr_code check_still(struct mr_planning *p, struct mr_err *err)
{
    struct mr_history_executed now;
    const struct mr_history_executed *was = &p->rejoin->servers.executed[1];
    MR_TRY(mr_history_executed_read(p->rejoin->db[MR_TARGET], &p->arena, &now, err));
    return strcmp(now.executed, was->executed) == 0 && strcmp(now.position, was->position) == 0
               ? MR_OK
               : refuse_moved(err);
}

static enum mr_code check_lacks(struct mr_planning *p, const struct mr_history_read *read,
                                struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    struct mr_strbuf lacks = MR_STRBUF_INIT;
    enum mr_code code = mr_history_own_lacks(&r->own, &read->met, &read->met_state,
                                             r->servers.executed[1].executed, &lacks, err);
    if (code == MR_OK && (lacks.len > 0 || r->select->is_untold)) {
        code = mr_err_set(err, MR_E_REFUSED,
                          r->select->is_untold
                              ? "the target's logs hold transactions without a GTID%s"
                              : "the target's logs do not hold all that it has executed: %.200s",
                          r->select->is_untold ? "" : lacks.ptr);
        mr_err_hint(err, "Nothing was changed. Build the replica anew from a snapshot of the live "
                         "server.");
    }
    mr_strbuf_release(&lacks);
    return code;
}

/* What it applied of others and did not log no log of it gives back. */
static enum mr_code check_unlogged(struct mr_planning *p, struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    struct mr_strbuf unlogged = MR_STRBUF_INIT;
    enum mr_code code = mr_history_own_unlogged(&r->own, &r->servers.executed[1], &unlogged, err);
    if (code == MR_OK && unlogged.len > 0) {
        code =
            mr_err_set(err, MR_E_REFUSED,
                       "the target has applied without logging it what the source does not have: "
                       "up to %.200s",
                       unlogged.ptr);
        mr_err_hint(err,
                    "Nothing was changed. Bring it to the source by a merge, and build the replica "
                    "anew from a snapshot of the live server. A domain that is over since before "
                    "the source was set up from the target is first taken out of the target's "
                    "gtid_slave_pos.");
    }
    mr_strbuf_release(&unlogged);
    return code;
}

/* Who says nothing has not thought of them: people may be among the rows. */
static enum mr_code check_lost(struct mr_planning *p, uint64_t transactions, struct mr_err *err)
{
    if (transactions == 0 || p->opts->discard_lost || p->opts->merged.count > 0)
        return MR_OK; /* what merges have is proved once the rows are known: rejoin_merged.h */
    const char *own = mr_history_own_text(&p->rejoin->own, &p->arena);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the target has executed %" PRIu64
                     " transactions that the source does not have: %.200s",
                     transactions, own != NULL ? own : "");
    mr_err_hint(err, "Nothing was changed. Bring them back first (check, repair plan --policy "
                     "merge, repair apply), and name that plan with --merged DIR; where they are "
                     "not wanted, say --discard-lost.");
    return MR_E_REFUSED;
}

static enum mr_code position_mysql(struct mr_planning *p, struct mr_strbuf *out, struct mr_err *err)
{
    struct mr_gtid_set set, own;
    const char *executed = p->rejoin->servers.executed[1].executed, *mine = p->rejoin->plan.own;
    mr_gtid_set_init(&set);
    mr_gtid_set_init(&own);
    enum mr_code code = mr_gtid_set_parse(&set, executed, strlen(executed), err);
    if (code == MR_OK)
        code = mr_gtid_set_parse(&own, mine, strlen(mine), err);
    if (code == MR_OK)
        code = mr_gtid_set_subtract(&set, &own, err);
    if (code == MR_OK)
        mr_gtid_set_add_text(out, &set);
    mr_gtid_set_release(&set);
    mr_gtid_set_release(&own);
    return code;
}

static void position_mariadb(const struct mr_rewind_select *select, struct mr_strbuf *out)
{
    for (size_t i = 0; i < select->last.count; i++) {
        mr_strbuf_add_str(out, i > 0 ? "," : "");
        mr_gtid_add_text(out, mr_vec_at(&select->last, i));
    }
}

/* Everything that OLD has executed and LIVE has, too: from there on LIVE is to send. */
static enum mr_code find_position(struct mr_planning *p, struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (r->servers.executed[1].is_mariadb)
        position_mariadb(r->select, &text);
    else
        code = position_mysql(p, &text, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "planning", err);
    if (code == MR_OK && text.len == 0) {
        code = mr_err_set(err, MR_E_REFUSED, "the two servers share no transaction");
        mr_err_hint(err, "Nothing was changed. They are no old and new primary of one history.");
    }
    r->plan.position = code == MR_OK ? mr_arena_strdup(&p->arena, text.ptr) : NULL;
    mr_strbuf_release(&text);
    return code != MR_OK || r->plan.position != NULL ? code : mr_err_nomem(err, "planning");
}

enum mr_code mr_rejoin_check_read(void *ctx, const struct mr_history_read *read,
                                  uint64_t transactions, struct mr_err *err)
{
    struct mr_planning *p = ctx;
    struct mr_rejoin_rows *r = p->rejoin;
    MR_TRY(check_lacks(p, read, err));
    MR_TRY(check_unlogged(p, err));
    MR_TRY(check_lost(p, transactions, err));
    r->plan.transactions = transactions;
    r->plan.own = mr_history_own_text(&r->own, &p->arena);
    if (r->plan.own == NULL)
        return mr_err_nomem(err, "planning");
    MR_TRY(find_position(p, err));
    return check_still(p, err);
}

enum mr_code mr_rejoin_refuse_open(const struct mr_planning *p, struct mr_err *err)
{
    const struct mr_planned *planned = &p->manifest.planned;
    for (size_t i = 0; i < planned->ntables; i++)
        for (size_t k = 0; k < planned->tables[i].nkinds; k++) {
            const struct mr_planned_kind *kind = &planned->tables[i].kinds[k];
            const uint64_t left = kind->open + kind->decided;
            if (left == 0)
                continue;
            (void)mr_err_set(err, MR_E_REFUSED,
                             "rows of table \"%s\" cannot be taken back to what they were at the "
                             "split: %" PRIu64 " (%s)",
                             planned->tables[i].table, left, kind->kind);
            mr_err_hint(err,
                        "Nothing was changed. Something changed them without the log, rows that "
                        "are there refer to them, or a value is longer than what the server "
                        "takes. Build the replica anew from a snapshot of the live server.");
            return MR_E_REFUSED;
        }
    return MR_OK;
}

/* ---- the files ---- */

static enum mr_code add_file(struct mr_planning *p, const char *name,
                             enum mr_code (*put)(const struct mr_rejoin_plan *, struct mr_strbuf *,
                                                 struct mr_err *),
                             struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = put(&p->rejoin->plan, &text, err);
    if (code == MR_OK)
        code = mr_plan_writer_add(p->writer, name, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_rejoin_write(struct mr_planning *p, struct mr_err *err)
{
    struct mr_rejoin_rows *r = p->rejoin;
    const struct mr_server *live = mr_db_server(r->db[MR_SOURCE]);
    const struct mr_server *old = mr_db_server(r->db[MR_TARGET]);
    r->plan.is_mariadb = old->flavour == MR_FLAVOUR_MARIADB;
    r->plan.has_source_words = !r->plan.is_mariadb && old->version >= SOURCE_WORDS_SINCE;
    r->plan.host = r->ep[MR_SOURCE].host;
    r->plan.port = r->ep[MR_SOURCE].port != 0 ? r->ep[MR_SOURCE].port : live->port;
    r->plan.user = p->opts->replication_user;
    r->plan.tls = live->tls_cipher[0] != '\0';
    r->plan.asks_key = !r->plan.is_mariadb && old->version >= PUBLIC_KEY_SINCE;
    r->plan.live_uuid = live->uuid;
    r->plan.live_id = live->server_id;
    r->plan.executed = r->servers.executed[1].executed;
    r->plan.lost = r->plan.transactions == 0   ? "none"
                   : p->opts->merged.count > 0 ? "merged"
                                               : "discarded";
    MR_TRY(add_file(p, MR_REJOIN_FILE, mr_rejoin_plan_put, err));
    MR_TRY(add_file(p, MR_REJOIN_SQL, mr_rejoin_plan_put_sql, err));
    mr_log_info("%" PRIu64 " transaction%s of the target's own %s taken back (%s); it goes on from "
                "%s",
                r->plan.transactions, r->plan.transactions == 1 ? "" : "s",
                r->plan.transactions == 1 ? "is" : "are", r->plan.lost, r->plan.position);
    return MR_OK;
}
