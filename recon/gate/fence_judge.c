/* fence_judge.c: is a server fenced, by what was read of it; see fence.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "recon/gate/fence.h"

#define MESSAGE_BYTES 1024 /* a list of users may be longer, and is cut */

struct judging {
    const struct mr_fence_facts *f;
    struct mr_arena *arena;
    struct mr_vec *findings;
    enum mr_gate_severity worst;
    bool nomem;
};

MR_PRINTF(5, 6)
static void say(struct judging *j, enum mr_gate_severity severity, const char *name,
                const char *hint, const char *fmt, ...)
{
    struct mr_fence_finding *finding = mr_vec_push(j->findings);
    char text[MESSAGE_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *message = mr_arena_strdup(j->arena, text);
    if (finding == NULL || message == NULL) {
        j->nomem = true;
        return;
    }
    *finding = (struct mr_fence_finding){
        .severity = severity, .name = name, .message = message, .hint = hint};
    if (severity > j->worst)
        j->worst = severity;
}

/* A value that is not seen is unknown, whatever it would have been. */
static bool is_hidden(struct judging *j, const struct mr_fence_value *value, const char *name,
                      const char *what, const char *hint)
{
    if (value->is_seen)
        return false;
    say(j, MR_GATE_UNKNOWN, name, hint, "%s: not known: %s", what,
        value->why != NULL ? value->why : "not read");
    return true;
}

static bool is_on(const struct mr_fence_value *value)
{
    return value->is_seen && value->value != 0;
}

/* ---- who it is ---- */

/* An address may have moved, and lead to a replica by now that is read-only as all are. */
static void judge_identity(struct judging *j)
{
    const char *uuid = j->f->uuid != NULL ? j->f->uuid : "";
    if (!j->f->is_twin)
        say(j, MR_GATE_OK, "identity", NULL, "it calls itself %s, server_id %" PRIu32 "%s%s",
            j->f->calls_itself != NULL ? j->f->calls_itself : "", j->f->server_id,
            uuid[0] != '\0' ? ", " : "", uuid);
    else
        say(j, MR_GATE_WARNING, "identity",
            "One was set up from the other's data directory. What both have written bears the same "
            "GTIDs, and a replica of the one passes over it from the other: do not let any follow "
            "them before that is told apart (myrecon check, with each of the two).",
            "it has the server_uuid of the live server, %s", uuid);
}

/* ---- who may write ---- */

static void judge_read_only(struct judging *j)
{
    static const char hint[] =
        "SET GLOBAL read_only = ON (MySQL: super_read_only = ON), and in its option file, so that "
        "a "
        "restart does not open it again. Rented servers: stop the instance, or take its security "
        "group away; read_only is a parameter there.";
    if (is_hidden(j, &j->f->read_only, "read_only", "whether it is read-only", NULL))
        return;
    if (!is_on(&j->f->read_only))
        say(j, MR_GATE_CRITICAL, "read_only", hint, "it takes writes: read_only is off");
    else if (is_on(&j->f->super_read_only))
        say(j, MR_GATE_OK, "read_only", NULL, "super_read_only is on: no account may write");
    else if (is_on(&j->f->offline))
        say(j, MR_GATE_OK, "read_only", NULL, "read_only and offline_mode are on");
    else
        say(j, MR_GATE_OK, "read_only", NULL, "read_only is on");
}

/* A group writes on all of its members what one takes, and opens another one where that is lost. */
static void judge_group(struct judging *j, const struct mr_gate_group *g)
{
    if (g->view.seen != MR_GATE_SEEN)
        say(j, MR_GATE_UNKNOWN, "cluster", g->view.grant,
            "it is set up for the group %s; whether it is a member is not known: %s", g->name,
            g->view.why != NULL ? g->view.why : "not read");
    else if (j->f->nodes > j->f->named)
        say(j, MR_GATE_CRITICAL, "cluster",
            "Name all of its members; or STOP GROUP_REPLICATION there, where it alone is to be out "
            "of use.",
            "it is a member of a group of %u, of which %u %s looked at: what the others take is "
            "written here, too, and the group may make it its primary",
            j->f->nodes, j->f->named, j->f->named == 1 ? "is" : "are");
}

/* What any node takes is written on all of them. */
static void judge_cluster(struct judging *j)
{
    const struct mr_gate_group *g = &j->f->group;
    if (g->name != NULL && g->name[0] != '\0')
        judge_group(j, g);
    else if (j->f->nodes > j->f->named)
        say(j, MR_GATE_CRITICAL, "cluster",
            "Name all of its nodes; or stop this one, or set wsrep_reject_queries = 'ALL_KILL' "
            "there, where it alone is to be out of use.",
            "it is a node of a Galera cluster of %u, of which %u %s looked at: what the others "
            "take is written here, too",
            j->f->nodes, j->f->named, j->f->named == 1 ? "is" : "are");
}

/* Under super_read_only there is none that may. */
static void judge_exempt(struct judging *j)
{
    static const char hidden[] = "GRANT PROCESS ON *.*, and SELECT ON mysql.*, to the account; or "
                                 "SET GLOBAL super_read_only = ON where there is that.";
    static const char there[] = "End these sessions, and lock their accounts (ALTER USER … ACCOUNT "
                                "LOCK), or take READ ONLY ADMIN and SUPER from them.";
    if (!is_on(&j->f->read_only) || is_on(&j->f->super_read_only))
        return;
    if (is_hidden(j, &j->f->exempt, "exempt",
                  "whether a session may write although it is read-only", hidden))
        return;
    if (j->f->exempt.value > 0)
        say(j, MR_GATE_CRITICAL, "exempt", there, "sessions may write although it is read-only: %s",
            j->f->exempt_users);
    else
        say(j, MR_GATE_OK, "exempt", NULL, "no session may write in spite of read_only");
}

/* Nobody else is connected now, but for whom sessions speak. */
static void judge_accounts(struct judging *j)
{
    static const char hint[] = "Lock them (ALTER USER … ACCOUNT LOCK), or take READ ONLY ADMIN, "
                               "CONNECTION_ADMIN and SUPER from them.";
    const struct mr_fence_facts *f = j->f;
    if (!is_on(&f->read_only) || is_on(&f->super_read_only) || !f->exempt.is_seen ||
        f->exempt.value > 0)
        return;
    if (is_hidden(j, &f->accounts, "accounts", "which accounts may write in spite of it", NULL))
        return;
    if (f->accounts.value > 0)
        say(j, MR_GATE_WARNING, "accounts", hint,
            "accounts may write although it is read-only, and are not connected: %s",
            f->account_names);
    else
        say(j, MR_GATE_OK, "accounts", NULL, "no other account may write in spite of read_only");
}

/* Whether a session may call one, and whether it writes, is not known. */
static void judge_routines(struct judging *j)
{
    static const char hint[] =
        "End all sessions and lock their accounts; or SET GLOBAL super_read_only = ON where there "
        "is "
        "that; or take READ ONLY ADMIN, CONNECTION_ADMIN and SUPER from the definers.";
    static const char hidden[] = "GRANT SHOW_ROUTINE ON *.* to the account; or SET GLOBAL "
                                 "super_read_only = ON.";
    const struct mr_fence_facts *f = j->f;
    if (!is_on(&f->read_only) || is_on(&f->super_read_only))
        return;
    if (is_hidden(j, &f->exempt_routines, "routines",
                  "whether routines write by the rights of their definers", hidden))
        return;
    if (f->exempt_routines.value == 0)
        say(j, MR_GATE_OK, "routines", NULL, "no routine may write in spite of read_only");
    else
        say(j, !f->sessions.is_seen || f->sessions.value > 0 ? MR_GATE_UNKNOWN : MR_GATE_WARNING,
            "routines", hint,
            "whoever calls a routine of these definers may write although it is read-only: %s",
            f->routine_definers);
}

static void judge_sessions(struct judging *j)
{
    if (is_hidden(j, &j->f->sessions, "sessions", "who is connected",
                  "GRANT PROCESS ON *.* to the account."))
        return;
    if (j->f->sessions.value > 0)
        say(j, MR_GATE_WARNING, "sessions",
            "They write here again as soon as it is writable: lead them to the live server, and "
            "lock their accounts here.",
            "%" PRIu64 " session%s still connected: %s", j->f->sessions.value,
            j->f->sessions.value == 1 ? " is" : "s are", j->f->session_users);
    else
        say(j, MR_GATE_OK, "sessions", NULL, "nobody else is connected");
}

static void judge_writing(struct judging *j)
{
    if (is_hidden(j, &j->f->writing, "transactions", "whether transactions with changes are open",
                  "GRANT PROCESS ON *.* to the account."))
        return;
    if (j->f->writing.value > 0)
        say(j, MR_GATE_CRITICAL, "transactions",
            "KILL their sessions: their changes are rolled back.",
            "%" PRIu64 " open transaction%s changed rows", j->f->writing.value,
            j->f->writing.value == 1 ? " has" : "s have");
    else
        say(j, MR_GATE_OK, "transactions", NULL, "no open transaction has changed rows");
}

/* An event runs as its definer. */
static bool judge_exempt_events(struct judging *j)
{
    const struct mr_fence_facts *f = j->f;
    if (!is_on(&f->events) || !is_on(&f->read_only) || is_on(&f->super_read_only))
        return false;
    if (is_hidden(j, &f->exempt_events, "events", "whether events write in spite of read_only",
                  "SET GLOBAL event_scheduler = OFF."))
        return true;
    if (f->exempt_events.value == 0)
        return false;
    say(j, MR_GATE_CRITICAL, "events", "SET GLOBAL event_scheduler = OFF.",
        "events run that may write although it is read-only, as their definers: %s",
        f->event_definers);
    return true;
}

static void judge_events(struct judging *j)
{
    if (judge_exempt_events(j))
        return;
    if (is_hidden(j, &j->f->events, "events", "whether events run", NULL))
        return;
    if (j->f->events.value > 0)
        say(j, MR_GATE_WARNING, "events", "SET GLOBAL event_scheduler = OFF.",
            "the event scheduler runs, with %" PRIu64 " enabled event%s", j->f->events.value,
            j->f->events.value == 1 ? "" : "s");
    else
        say(j, MR_GATE_OK, "events", NULL, "no event runs");
}

/* ---- what was written ---- */

static const char *log_hint(struct judging *j)
{
    char text[128];
    (void)snprintf(text, sizeof text, "GRANT %s ON *.* to the account.", j->f->log_right);
    const char *hint = mr_arena_strdup(j->arena, text);
    j->nomem |= hint == NULL;
    return hint;
}

/* By position what it applies of others counts, too, if it logs that. */
static void judge_log(struct judging *j, double seconds)
{
    const struct mr_fence_facts *f = j->f;
    static const char moved[] =
        "Find who writes: the general log, or SHOW BINLOG EVENTS at its end.";
    if (!f->written.is_seen && f->written.why == NULL)
        say(j, MR_GATE_UNKNOWN, "log", "Look at SHOW GLOBAL STATUS LIKE 'Innodb_rows_%' twice.",
            "whether it was written to: not known: it has no binary log");
    else if (is_hidden(j, &f->written, "log", "whether it was written to",
                       f->written.is_seen ? NULL : log_hint(j)))
        return;
    else if (f->written.value == 0)
        say(j, MR_GATE_OK, "log", NULL, "nothing of its own was written in %.1f s", seconds);
    else if (f->mark == MR_FENCE_BY_GTID)
        say(j, MR_GATE_CRITICAL, "log", moved, "it has written %" PRIu64 " transaction%s in %.1f s",
            f->written.value, f->written.value == 1 ? "" : "s", seconds);
    else if (f->sources[0] != '\0')
        say(j, MR_GATE_UNKNOWN, "log",
            "With GTIDs its own writes are told from those that it applies.",
            "its log moved in %.1f s, and it applies what %s writes", seconds, f->sources);
    else
        say(j, MR_GATE_CRITICAL, "log", moved, "its log moved in %.1f s: %s to %s", seconds,
            f->before, f->after);
}

/* What it applies of others are rows, too. */
static void judge_rows(struct judging *j, double seconds)
{
    const struct mr_fence_facts *f = j->f;
    static const char hint[] =
        "Temporary tables count; so do sessions with sql_log_bin = 0, and databases that are not "
        "logged. Find who it is: the general log; or SET GLOBAL super_read_only = ON where there "
        "is "
        "that.";
    if (is_on(&f->super_read_only) || f->sources[0] != '\0' ||
        f->replication.seen != MR_GATE_SEEN || is_on(&f->written))
        return;
    if (is_hidden(j, &f->rows, "rows", "whether rows were written", NULL))
        return;
    if (f->rows.value > 0)
        say(j, MR_GATE_UNKNOWN, "rows", hint,
            "%" PRIu64 " row%s written in %.1f s that its log does not have", f->rows.value,
            f->rows.value == 1 ? " was" : "s were", seconds);
    else
        say(j, MR_GATE_OK, "rows", NULL, "no row was written in %.1f s", seconds);
}

static void judge_replication(struct judging *j)
{
    const struct mr_fence_facts *f = j->f;
    if (f->replication.seen != MR_GATE_SEEN)
        say(j, MR_GATE_UNKNOWN, "replication", f->replication.grant,
            "whether it applies what others write: not known: %s",
            f->replication.why != NULL ? f->replication.why : "not read");
    else if (f->sources[0] != '\0')
        say(j, MR_GATE_OK, "replication", NULL, "it applies what %s writes", f->sources);
    else
        say(j, MR_GATE_OK, "replication", NULL, "it replicates from nobody");
}

enum mr_code mr_fence_judge(const struct mr_fence_facts *facts, double seconds,
                            struct mr_arena *arena, struct mr_vec *findings,
                            enum mr_gate_severity *worst, struct mr_err *err)
{
    struct judging j = {.f = facts, .arena = arena, .findings = findings, .worst = MR_GATE_OK};
    if (facts->away != NULL) {
        say(&j, MR_GATE_UNKNOWN, "connection",
            facts->away_hint != NULL
                ? facts->away_hint
                : "Not reachable from here is not fenced: who is nearer may reach it. Make sure "
                  "where it runs: power, network, security group, or the server stopped.",
            facts->away_hint != NULL ? "it is there, refused the login, and cannot be looked at: %s"
                                     : "it cannot be looked at: %s",
            facts->away);
    } else if (facts->is_live) {
        say(&j, MR_GATE_CRITICAL, "identity", "Name the old server by an address that is its own.",
            "it is the live server itself");
    } else if (facts->shares_cluster) {
        say(&j, MR_GATE_CRITICAL, "identity",
            "What one node writes all have, so that there is no old and no live one of them. To "
            "take a node out, stop it, or set wsrep_reject_queries = 'ALL_KILL' there.",
            "it and the live server are nodes of one Galera cluster");
    } else if (facts->shares_group) {
        say(&j, MR_GATE_CRITICAL, "identity",
            "What one member writes all have, so that there is no old and no live one of them. To "
            "take a member out, STOP GROUP_REPLICATION there.",
            "it and the live server are members of one group");
    } else {
        judge_identity(&j);
        judge_cluster(&j);
        judge_read_only(&j);
        judge_exempt(&j);
        judge_accounts(&j);
        judge_routines(&j);
        judge_writing(&j);
        judge_log(&j, seconds);
        judge_rows(&j, seconds);
        judge_sessions(&j);
        judge_events(&j);
        judge_replication(&j);
    }
    *worst = j.worst;
    return j.nomem ? mr_err_nomem(err, "judging a server") : MR_OK;
}
