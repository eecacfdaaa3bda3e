/* behind.c: may a replica still apply something?  See replication.h. */
#include <string.h>

#include "core/db/replica_status.h"
#include "core/db/replication.h"
#include "core/db/sqltext.h"

/* What an account without the right can still see: whether any applier runs at all.  Of MariaDB
 * a global status variable counts them; MySQL's tables need SELECT on performance_schema. */
static enum mr_code is_idle_unseen(struct mr_db *db, bool *idle, struct mr_err *err)
{
    static const char mariadb[] = "SELECT VARIABLE_VALUE FROM "
                                  "information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = "
                                  "'SLAVES_RUNNING'";
    static const char mysql[] = "SELECT COUNT(*) FROM performance_schema."
                                "replication_applier_status WHERE SERVICE_STATE <> 'OFF'";
    struct mr_strbuf answer = MR_STRBUF_INIT;
    bool is_mariadb = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
    enum mr_code code = mr_db_query_text(db, is_mariadb ? mariadb : mysql, &answer, err);
    *idle = code == MR_OK && strcmp(answer.ptr, "0") == 0;
    mr_strbuf_release(&answer);
    return code == MR_E_LOST || code == MR_E_NOMEM || code == MR_E_CANCELLED ? code : MR_OK;
}

static void add_other(struct mr_strbuf *others, const struct mr_replica_status *status)
{
    const char *host = mr_replica_status_text(status, MR_REPLICA_HOST);
    mr_strbuf_add_fmt(others, "%s\"%s:%s\"", others->len > 0 ? ", " : "", host,
                      mr_replica_status_text(status, MR_REPLICA_PORT));
}

/* Where a channel does not know its positions, the transactions tell. */
static enum mr_code is_drained(struct mr_db *b, const struct mr_replica_status *status,
                               bool *drained, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    const char *fetched = mr_replica_status_text(status, MR_REPLICA_FETCHED);
    *drained = mr_replica_status_is_drained(status);
    if (fetched[0] == '\0' || mr_replica_status_has_positions(status))
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT GTID_SUBSET(");
    mr_sql_string(&sql, fetched);
    mr_strbuf_add_str(&sql, ", @@GLOBAL.gtid_executed)");
    enum mr_code code = mr_strbuf_check(&sql, "looking at replication", err);
    if (code == MR_OK)
        code = mr_db_query_text(b, sql.ptr, &answer, err);
    *drained = code == MR_OK && strcmp(answer.ptr, "1") == 0;
    mr_strbuf_release(&sql);
    mr_strbuf_release(&answer);
    return code;
}

/* One channel whose applier runs.  A connection that has ended brings nothing more by itself;
 * what it brought before may wait to be applied.  One that is lost ("Connecting") is tried again,
 * and a answers us: it comes back.  To a third server, which may be dead, it may never. */
static enum mr_behind channel(const struct mr_replica_status *status, const struct mr_server *a,
                              const struct mr_server *b, bool drained, struct mr_strbuf *others)
{
    bool of_a = mr_replica_status_is_source(status, a, b);
    bool fetches = mr_replica_status_is_running(status, MR_REPLICA_IO);
    if (of_a && !mr_replica_status_is_stopped(status, MR_REPLICA_IO))
        return MR_BEHIND_DIRECT;
    if (!fetches && drained)
        return MR_BEHIND_NEVER;
    if (of_a)
        return MR_BEHIND_DRAINING;
    add_other(others, status);
    return MR_BEHIND_OTHERS;
}

/* What the strongest channel says counts: as long as one leads to `a`, what its other sources do
 * does not matter. Where the account may not see the channels, only that nothing is applied can be
 * proved. */
enum mr_code mr_replication_behind(struct mr_db *a, struct mr_db *b, enum mr_relation relation,
                                   enum mr_behind *behind, struct mr_strbuf *others,
                                   struct mr_err *err)
{
    struct mr_replica_status status;
    struct mr_err why = {0};
    bool idle = false;
    *behind = MR_BEHIND_NEVER;
    mr_strbuf_reset(others);
    enum mr_code code = mr_replica_status_open(b, &status, &why);
    if (code == MR_E_DENIED) {
        code = is_idle_unseen(b, &idle, err);
        if (code == MR_OK && !idle)
            *behind = relation == MR_RELATION_FOLLOWS ? MR_BEHIND_DIRECT : MR_BEHIND_HIDDEN;
        return code;
    }
    if (code != MR_OK) {
        *err = why;
        return code;
    }
    while (code == MR_OK && mr_replica_status_next(&status)) {
        bool drained = false;
        if (!mr_replica_status_is_running(&status, MR_REPLICA_SQL))
            continue;
        code = is_drained(b, &status, &drained, err);
        enum mr_behind one = channel(&status, mr_db_server(a), mr_db_server(b), drained, others);
        if (*behind != MR_BEHIND_DIRECT && one > *behind)
            *behind = one;
    }
    mr_replica_status_close(&status);
    if (*behind == MR_BEHIND_OTHERS && relation == MR_RELATION_FOLLOWS)
        *behind = MR_BEHIND_DIRECT;
    return code == MR_OK ? mr_strbuf_check(others, "looking at replication", err) : code;
}
