/* gate_activity.c: see gate_activity.h. */
#include "recon/gate/gate_activity.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/vec.h"
#include "core/db/sqltext.h"

#define MAX_SESSIONS "20"
#define STATEMENT_CHARS "200"
#define PROBED_TABLES 5
#define PROBES 3

struct reading {
    const struct mr_gate_link *link;
    struct mr_arena *arena;
    struct mr_err *err;
};

static const char *keep(const struct reading *r, const struct mr_cell *cell, bool *nomem)
{
    const char *text = cell->ptr != NULL ? mr_arena_dup(r->arena, cell->ptr, cell->len) : "";
    *nomem |= text == NULL;
    return text != NULL ? text : "";
}

/* Columns: id, user, host, seconds, what, statement.  A view that this server does not
 * have, or that the account may not read, shows nobody; out->why tells. */
static enum mr_code read_sessions(const struct reading *r, const char *sql,
                                  struct mr_gate_sessions *out)
{
    struct mr_vec found = MR_VEC_INIT(struct mr_gate_session);
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *row;
    bool nomem = false;
    enum mr_code code = mr_db_query(r->link->db, "nnnnnn", sql, strlen(sql), &res, &why);
    *out = (struct mr_gate_sessions){0};
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        struct mr_gate_session *s = mr_vec_push(&found);
        if (s == NULL) {
            code = mr_err_nomem(&why, "reading sessions");
            break;
        }
        *s = (struct mr_gate_session){.id = keep(r, &row[0], &nomem),
                                      .user = keep(r, &row[1], &nomem),
                                      .host = keep(r, &row[2], &nomem),
                                      .seconds = row[3].ptr != NULL ? strtod(row[3].ptr, NULL) : 0,
                                      .what = keep(r, &row[4], &nomem),
                                      .statement = keep(r, &row[5], &nomem)};
    }
    mr_result_free(res);
    if (code == MR_OK && found.count > 0) {
        out->items = (const struct mr_gate_session *)(void *)mr_arena_dup(
            r->arena, found.items, found.count * sizeof(struct mr_gate_session));
        out->count = found.count;
        if (out->items == NULL || nomem)
            code = mr_err_nomem(&why, "reading sessions");
    }
    mr_vec_release(&found);
    if (!mr_gate_is_fatal(code)) {
        out->why = code != MR_OK ? mr_arena_strdup(r->arena, why.message) : NULL;
        return code == MR_OK || out->why != NULL ? MR_OK : mr_err_nomem(r->err, "reading sessions");
    }
    *r->err = why;
    return code;
}

/* trx_started is in the system's time zone whatever the session's is.  A prepared XA
 * transaction outlives its session: its number is 0. */
static const char transactions_sql[] =
    "SELECT x.trx_mysql_thread_id, p.USER, p.HOST, TIMESTAMPDIFF(SECOND, x.trx_started, "
    "CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')), CONCAT(x.trx_rows_modified, "
    "' rows changed'), LEFT(p.INFO, " STATEMENT_CHARS
    ") FROM information_schema.INNODB_TRX x LEFT JOIN information_schema.PROCESSLIST p "
    "ON p.ID = x.trx_mysql_thread_id WHERE x.trx_mysql_thread_id <> CONNECTION_ID() AND "
    "(p.ID IS NOT NULL OR x.trx_mysql_thread_id = 0) ORDER BY 4 DESC "
    "LIMIT " MAX_SESSIONS;

#define LOCK_STATES                                                                                \
    "('Waiting for table metadata lock', 'Waiting for schema metadata lock', 'Waiting "            \
    "for global read lock', 'Waiting for commit lock', 'Waiting for backup lock', "                \
    "'Waiting for table level lock', 'Waiting for table flush', 'Waiting for stored "              \
    "procedure metadata lock', 'Waiting for stored function metadata lock', 'Waiting "             \
    "for trigger metadata lock')"

static const char waiting_sql[] =
    "SELECT ID, USER, HOST, TIME, STATE, LEFT(INFO, " STATEMENT_CHARS
    ") FROM information_schema.PROCESSLIST WHERE STATE IN " LOCK_STATES
    " AND ID <> CONNECTION_ID() ORDER BY TIME DESC LIMIT " MAX_SESSIONS;

/* Holders of what others wait for, that do not wait themselves. */
static const char mysql_blocking_sql[] =
    "SELECT DISTINCT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, "
    "t.PROCESSLIST_TIME, CONCAT(g.LOCK_TYPE, ' on ', g.OBJECT_TYPE, IFNULL(CONCAT(' ', "
    "g.OBJECT_SCHEMA, '.', g.OBJECT_NAME), '')), LEFT(COALESCE(t.PROCESSLIST_INFO, "
    "(SELECT e.SQL_TEXT FROM performance_schema.events_statements_current e WHERE "
    "e.THREAD_ID = t.THREAD_ID ORDER BY e.EVENT_ID DESC LIMIT 1)), " STATEMENT_CHARS
    ") FROM performance_schema.metadata_locks w JOIN performance_schema.metadata_locks g "
    "ON g.OBJECT_TYPE = w.OBJECT_TYPE AND g.OBJECT_SCHEMA <=> w.OBJECT_SCHEMA AND "
    "g.OBJECT_NAME <=> w.OBJECT_NAME AND g.OWNER_THREAD_ID <> w.OWNER_THREAD_ID JOIN "
    "performance_schema.threads t ON t.THREAD_ID = g.OWNER_THREAD_ID WHERE "
    "w.LOCK_STATUS = 'PENDING' AND g.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> "
    "CONNECTION_ID() AND NOT EXISTS (SELECT 1 FROM performance_schema.metadata_locks o "
    "WHERE o.OWNER_THREAD_ID = g.OWNER_THREAD_ID AND o.LOCK_STATUS = 'PENDING') ORDER BY "
    "4 DESC LIMIT " MAX_SESSIONS;

static const char mariadb_blocking_sql[] =
    "SELECT DISTINCT p.ID, p.USER, p.HOST, p.TIME, CONCAT(m.LOCK_MODE, ' on ', "
    "m.TABLE_SCHEMA, '.', m.TABLE_NAME), LEFT(p.INFO, " STATEMENT_CHARS
    ") FROM information_schema.METADATA_LOCK_INFO m JOIN information_schema.PROCESSLIST "
    "p ON p.ID = m.THREAD_ID WHERE p.ID <> CONNECTION_ID() AND p.STATE NOT "
    "IN " LOCK_STATES " ORDER BY p.TIME DESC LIMIT " MAX_SESSIONS;

/* Neither view shows anybody: whose transaction is open may hold it. */
static const char suspects_sql[] =
    "SELECT p.ID, p.USER, p.HOST, p.TIME, 'open transaction', "
    "LEFT(p.INFO, " STATEMENT_CHARS ") FROM information_schema.PROCESSLIST p JOIN "
    "information_schema.INNODB_TRX x ON x.trx_mysql_thread_id = p.ID WHERE p.ID <> "
    "CONNECTION_ID() AND p.STATE NOT IN " LOCK_STATES " ORDER BY x.trx_started LIMIT " MAX_SESSIONS;

static enum mr_code read_locks(const struct reading *r, struct mr_gate_activity *out)
{
    enum mr_code code = read_sessions(r, waiting_sql, &out->waiting);
    if (code != MR_OK || out->waiting.count == 0)
        return code;
    code = read_sessions(
        r, mr_gate_link_is_mariadb(r->link) ? mariadb_blocking_sql : mysql_blocking_sql,
        &out->blocking);
    out->blocking_is_certain = out->blocking.count > 0;
    if (code == MR_OK && !out->blocking_is_certain)
        code = read_sessions(r, suspects_sql, &out->blocking);
    return code;
}

/* Clients put comments in front; no long text, for which an expression gets too deep. */
#define BEGINS "LEFT(INFO, 500) REGEXP '^([[:space:]]|/[*]([^*]|[*]+[^*/])*[*]+/)*"

/* Texts that dumps and backups send, and statements that rebuild a table. */
static const char backups_sql[] =
    "SELECT ID, USER, HOST, TIME, CASE WHEN INFO LIKE 'SELECT /*!40001 SQL_NO_CACHE */%' "
    "THEN 'dump' WHEN " BEGINS "(BACKUP|CLONE)[[:space:]]' THEN 'backup' "
    "ELSE 'schema change' END, LEFT(INFO, " STATEMENT_CHARS
    ") FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER <> "
    "'system user' AND (INFO LIKE 'SELECT /*!40001 SQL_NO_CACHE */%' OR " BEGINS
    "(BACKUP|CLONE|ALTER[[:space:]]+(ONLINE[[:space:]]+|IGNORE[[:space:]]+"
    ")*TABLE|OPTIMIZE|REPAIR|CREATE[[:space:]]+(UNIQUE[[:space:]]+|FULLTEXT[[:space:]]+)?"
    "INDEX|DROP[[:space:]]+INDEX)[[:space:]]') ORDER BY TIME DESC LIMIT " MAX_SESSIONS;

/* Tools that give their name when they connect; performance_schema keeps it. */
static const char programs_sql[] =
    "SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, "
    "t.PROCESSLIST_TIME, CONCAT('session of ', a.ATTR_VALUE), "
    "LEFT(t.PROCESSLIST_INFO, " STATEMENT_CHARS
    ") FROM performance_schema.session_connect_attrs a JOIN "
    "performance_schema.threads t ON t.PROCESSLIST_ID = a.PROCESSLIST_ID WHERE "
    "a.ATTR_NAME = 'program_name' AND a.ATTR_VALUE IN ('mysqldump', 'mariadb-dump', "
    "'mydumper', 'mysqlpump', 'mysqlbackup', 'xtrabackup', 'mariabackup', "
    "'mariadb-backup') ORDER BY 4 DESC LIMIT " MAX_SESSIONS;

static const char mysql_global_sql[] =
    "SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, "
    "t.PROCESSLIST_TIME, IF(m.OBJECT_TYPE = 'GLOBAL', 'FLUSH TABLES WITH READ LOCK', "
    "'LOCK INSTANCE FOR BACKUP'), LEFT(t.PROCESSLIST_INFO, " STATEMENT_CHARS
    ") FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON "
    "t.THREAD_ID = m.OWNER_THREAD_ID WHERE m.OBJECT_TYPE IN ('GLOBAL', 'BACKUP LOCK') "
    "AND m.LOCK_TYPE = 'SHARED' AND m.LOCK_STATUS = 'GRANTED' AND m.LOCK_DURATION = "
    "'EXPLICIT' ORDER BY 4 DESC LIMIT " MAX_SESSIONS;

static const char mariadb_global_sql[] =
    "SELECT p.ID, p.USER, p.HOST, p.TIME, IF(m.LOCK_MODE LIKE '%FTWRL%', 'FLUSH TABLES "
    "WITH READ LOCK', 'BACKUP STAGE'), LEFT(p.INFO, " STATEMENT_CHARS
    ") FROM information_schema.METADATA_LOCK_INFO m JOIN information_schema.PROCESSLIST "
    "p ON p.ID = m.THREAD_ID WHERE m.LOCK_MODE REGEXP "
    "'^MDL_BACKUP_(FTWRL|START|FLUSH|WAIT|BLOCK_DDL)' ORDER BY p.TIME DESC "
    "LIMIT " MAX_SESSIONS;

/* MySQL's view is there, and empty, where performance_schema or its instrument is off. */
static enum mr_code see_locks(const struct reading *r, bool *visible)
{
    static const char sql[] = "SELECT COUNT(*) FROM performance_schema.setup_instruments "
                              "WHERE NAME = 'wait/lock/metadata/sql/mdl' AND ENABLED = "
                              "'YES'";
    struct mr_strbuf found = MR_STRBUF_INIT;
    struct mr_err why = {0};
    const enum mr_code code = mr_db_query_text(r->link->db, sql, &found, &why);
    *visible = code == MR_OK && strcmp(found.ptr, "0") != 0;
    mr_strbuf_release(&found);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *r->err = why;
    return code;
}

static enum mr_code read_backups(const struct reading *r, struct mr_gate_activity *out)
{
    const bool mariadb = mr_gate_link_is_mariadb(r->link);
    struct mr_gate_sessions programs = {0};
    bool visible = true;
    enum mr_code code = read_sessions(r, backups_sql, &out->backups);
    if (code == MR_OK && out->backups.count == 0) {
        code = read_sessions(r, programs_sql, &programs);
        programs.why = out->backups.why; /* what these show is only more */
        out->backups = programs;
    }
    if (code == MR_OK)
        code = read_sessions(r, mariadb ? mariadb_global_sql : mysql_global_sql, &out->locks);
    if (code == MR_OK && !mariadb)
        code = see_locks(r, &visible);
    out->locks_are_visible = visible && out->locks.why == NULL;
    return code;
}

/* ---- probe ---- */

static bool is_better(const struct mr_gate_table *a, const struct mr_gate_table *b)
{
    return b == NULL || a->rows > b->rows;
}

/* The largest tables with an integer key, each once. */
static size_t choose_tables(const struct mr_gate_facts *facts,
                            const struct mr_gate_table *chosen[PROBED_TABLES])
{
    size_t count = 0;
    while (count < PROBED_TABLES) {
        const struct mr_gate_table *best = NULL;
        for (size_t i = 0; i < facts->ntables; i++) {
            const struct mr_gate_table *t = &facts->tables[i];
            bool taken =
                t->view.seen != MR_GATE_SEEN || t->key_column == NULL || t->greatest[0] == '\0';
            for (size_t c = 0; c < count && !taken; c++)
                taken = chosen[c] == t;
            if (!taken && is_better(t, best))
                best = t;
        }
        if (best == NULL)
            break;
        chosen[count++] = best;
    }
    return count;
}

/* *why: the lookup failed, and says nothing of how long one takes. */
static enum mr_code probe_table(const struct reading *r, const struct mr_gate_table *t,
                                double *fastest, const char **why)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err err = {0};
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM ");
    mr_sql_table(&sql, t->db, t->name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&sql, t->key_column);
    mr_strbuf_add_fmt(&sql, " = %s", t->greatest);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &err);
    *fastest = -1;
    *why = NULL;
    for (int i = 0; code == MR_OK && i < PROBES; i++) {
        struct mr_strbuf found = MR_STRBUF_INIT;
        double began = mr_clock_now_s();
        code = mr_db_query_text(r->link->db, sql.ptr, &found, &err);
        double took = mr_clock_now_s() - began;
        mr_strbuf_release(&found);
        if (*fastest < 0 || took < *fastest)
            *fastest = took;
        if (took > 1)
            break; /* slow enough to know */
    }
    mr_strbuf_release(&sql);
    if (code != MR_OK && !mr_gate_is_fatal(code)) {
        *why = mr_arena_strdup(r->arena, err.message);
        code = *why != NULL ? MR_OK : mr_err_nomem(&err, "probing a table");
    }
    if (code != MR_OK)
        *r->err = err;
    return code;
}

static enum mr_code name_of(const struct reading *r, const struct mr_gate_table *t,
                            const char **out)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->name);
    const char *kept = name.failed ? NULL : mr_arena_strdup(r->arena, name.ptr);
    mr_strbuf_release(&name);
    if (kept == NULL)
        return mr_err_nomem(r->err, "probing a table");
    *out = kept;
    return MR_OK;
}

/* Several tables are looked up, since one may be cached and another on a disk that hangs; the
 * slowest is what is reported. */
static enum mr_code probe(const struct reading *r, const struct mr_gate_facts *facts,
                          struct mr_gate_probe *out)
{
    const struct mr_gate_table *chosen[PROBED_TABLES];
    size_t count = choose_tables(facts, chosen);
    enum mr_code code = MR_OK;
    out->table = "";
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const char *why;
        double took;
        code = probe_table(r, chosen[i], &took, &why);
        if (code == MR_OK && why != NULL) {
            out->why = why;
            code = name_of(r, chosen[i], &out->failed);
            continue;
        }
        out->tables++;
        if (code == MR_OK && took > out->seconds) {
            out->seconds = took;
            code = name_of(r, chosen[i], &out->table);
        }
    }
    return code;
}

enum mr_code mr_gate_read_activity(const struct mr_gate_link *link,
                                   const struct mr_gate_facts *facts, struct mr_arena *arena,
                                   struct mr_gate_activity *out, struct mr_err *err)
{
    const struct reading r = {.link = link, .arena = arena, .err = err};
    *out = (struct mr_gate_activity){.probe = {.table = ""}};
    MR_TRY(read_locks(&r, out));
    MR_TRY(read_sessions(&r, transactions_sql, &out->transactions));
    MR_TRY(read_backups(&r, out));
    return probe(&r, facts, &out->probe);
}
