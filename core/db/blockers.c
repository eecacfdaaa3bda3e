/* blockers.c: see blockers.h. */
#include "core/db/blockers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/db/own_sessions.h"
#include "core/db/sqltext.h"

#define MAX_BLOCKERS "5"
#define STATEMENT_CHARS "300"

struct search {
    struct mr_db *db;
    const char *dbname, *table;
    struct mr_arena *arena;
    bool guesses;        /* whoever looks so: not this process's own */
    struct mr_vec found; /* struct mr_blocker */
    struct mr_err *err;
};

static const char *keep(struct mr_arena *arena, const struct mr_cell *cell)
{
    return cell->ptr != NULL ? mr_arena_dup(arena, cell->ptr, cell->len) : NULL;
}

/* A statement that fails for want of a right or a table finds nobody. */
static enum mr_code run(struct search *s, const struct mr_strbuf *sql)
{
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    enum mr_code code = mr_strbuf_check(sql, "building a query", s->err);
    if (code == MR_OK)
        code = mr_db_query(s->db, "nnnnnn", sql->ptr, sql->len, &res, &why);
    const struct mr_cell *cells;
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        if (s->guesses && mr_own_session_is(mr_db_label(s->db), cells[0].ptr))
            continue;
        struct mr_blocker *b = mr_vec_push(&s->found);
        if (b == NULL) {
            code = mr_err_nomem(s->err, "looking for blockers");
            break;
        }
        b->id = keep(s->arena, &cells[0]);
        b->user = keep(s->arena, &cells[1]);
        b->host = keep(s->arena, &cells[2]);
        b->command = keep(s->arena, &cells[3]);
        b->seconds = keep(s->arena, &cells[4]);
        b->statement = keep(s->arena, &cells[5]);
    }
    mr_result_free(res);
    if (code != MR_E_LOST)
        return code == MR_E_NOMEM ? code : MR_OK;
    *s->err = why;
    return code;
}

static void add_table(struct mr_strbuf *sql, const struct search *s, const char *schema,
                      const char *name)
{
    mr_strbuf_add_fmt(sql, "%s = ", schema);
    mr_sql_string(sql, s->dbname);
    mr_strbuf_add_fmt(sql, " AND %s = ", name);
    mr_sql_string(sql, s->table);
}

static enum mr_code by_performance_schema(struct search *s)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(
        &sql, "SELECT DISTINCT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, "
              "t.PROCESSLIST_COMMAND, t.PROCESSLIST_TIME, LEFT(COALESCE(t.PROCESSLIST_INFO, "
              "(SELECT e.SQL_TEXT FROM performance_schema.events_statements_current e WHERE "
              "e.THREAD_ID = t.THREAD_ID ORDER BY e.EVENT_ID DESC LIMIT 1)), " STATEMENT_CHARS
              ") FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON "
              "t.THREAD_ID = m.OWNER_THREAD_ID WHERE m.OBJECT_TYPE = 'TABLE' AND "
              "m.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID() AND ");
    add_table(&sql, s, "m.OBJECT_SCHEMA", "m.OBJECT_NAME");
    mr_strbuf_add_str(&sql, " ORDER BY t.PROCESSLIST_TIME DESC LIMIT " MAX_BLOCKERS);
    enum mr_code code = run(s, &sql);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code by_plugin(struct search *s)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT DISTINCT p.ID, p.USER, p.HOST, p.COMMAND, p.TIME, "
                            "LEFT(p.INFO, " STATEMENT_CHARS
                            ") FROM information_schema.METADATA_LOCK_INFO m JOIN "
                            "information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID WHERE p.ID <> "
                            "CONNECTION_ID() AND ");
    add_table(&sql, s, "m.TABLE_SCHEMA", "m.TABLE_NAME");
    mr_strbuf_add_str(&sql, " ORDER BY p.TIME DESC LIMIT " MAX_BLOCKERS);
    enum mr_code code = run(s, &sql);
    mr_strbuf_release(&sql);
    return code;
}

#define ROW_STATE "Waiting for a row lock"
#define SESSION "p.ID, p.USER, p.HOST, p.COMMAND, p.TIME, LEFT(p.INFO, " STATEMENT_CHARS ")"
#define THREAD                                                                                     \
    "t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, t.PROCESSLIST_COMMAND, "            \
    "t.PROCESSLIST_TIME, LEFT(COALESCE(t.PROCESSLIST_INFO, (SELECT e.SQL_TEXT FROM "               \
    "performance_schema.events_statements_current e WHERE e.THREAD_ID = t.THREAD_ID "              \
    "ORDER BY e.EVENT_ID DESC LIMIT 1)), " STATEMENT_CHARS ")"

/* Ways to find who holds what a session waits for, best first; the session's number is put
 * behind.  The blocking thread of data_lock_waits is whoever made the lock: of a row that was
 * inserted, that is the one who waits for it.  The transactions tell. */
static const struct {
    bool mariadb, mysql;
    bool certain;
    bool if_locked; /* only where the server speaks of a lock */
    const char *sql;
} holders[] = {
    {.mysql = true,
     .certain = true,
     .sql = "SELECT DISTINCT " THREAD
            " FROM performance_schema.data_lock_waits w JOIN information_schema.INNODB_TRX "
            "r ON r.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID JOIN "
            "information_schema.INNODB_TRX b ON b.trx_id = "
            "w.BLOCKING_ENGINE_TRANSACTION_ID JOIN performance_schema.threads t ON "
            "t.PROCESSLIST_ID = b.trx_mysql_thread_id WHERE r.trx_mysql_thread_id = "},
    {.mariadb = true,
     .mysql = true,
     .certain = true,
     .sql = "SELECT DISTINCT " SESSION " FROM information_schema.INNODB_LOCK_WAITS w JOIN "
            "information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id JOIN "
            "information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id JOIN "
            "information_schema.PROCESSLIST p ON p.ID = b.trx_mysql_thread_id WHERE "
            "r.trx_mysql_thread_id = "},
    {.mariadb = true,
     .mysql = true,
     .certain = true,
     .sql = "SELECT DISTINCT " THREAD
            " FROM performance_schema.threads r JOIN performance_schema.metadata_locks a "
            "ON a.OWNER_THREAD_ID = r.THREAD_ID AND a.LOCK_STATUS = 'PENDING' JOIN "
            "performance_schema.metadata_locks m ON m.OBJECT_TYPE = a.OBJECT_TYPE AND "
            "m.OBJECT_SCHEMA <=> a.OBJECT_SCHEMA AND m.OBJECT_NAME <=> a.OBJECT_NAME AND "
            "m.LOCK_STATUS = 'GRANTED' AND m.OWNER_THREAD_ID <> a.OWNER_THREAD_ID JOIN "
            "performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID WHERE "
            "r.PROCESSLIST_ID = "},
    {.mariadb = true,
     .if_locked = true,
     .sql = "SELECT DISTINCT " SESSION " FROM information_schema.PROCESSLIST o JOIN "
            "information_schema.METADATA_LOCK_INFO m ON INSTR(o.INFO, CONCAT('`', "
            "m.TABLE_NAME, '`')) > 0 "
            "JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID AND p.ID <> o.ID "
            "WHERE p.ID <> CONNECTION_ID() AND o.ID = "},
    {.mariadb = true,
     .mysql = true,
     .if_locked = true,
     .sql = "SELECT DISTINCT " SESSION
            " FROM information_schema.PROCESSLIST o JOIN information_schema.PROCESSLIST p "
            "ON p.ID NOT IN (o.ID, CONNECTION_ID()) LEFT JOIN "
            "information_schema.INNODB_TRX x ON x.trx_mysql_thread_id = p.ID WHERE "
            "(x.trx_id "
            "IS NOT NULL OR p.STATE LIKE '%lock%') AND o.ID = "},
};

/* Who may hold it: the statement names the table, or a transaction is open. */
static enum mr_code by_suspicion(struct search *s)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    mr_sql_string(&name, s->table);
    mr_strbuf_add_fmt(
        &sql,
        "SELECT p.ID, p.USER, p.HOST, p.COMMAND, p.TIME, LEFT(p.INFO, " STATEMENT_CHARS
        ") FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX "
        "x ON x.trx_mysql_thread_id = p.ID WHERE p.ID <> CONNECTION_ID() AND (x.trx_id "
        "IS "
        "NOT NULL OR INSTR(p.INFO, %s) > 0) ORDER BY COALESCE(INSTR(p.INFO, %s) > 0, 0) "
        "DESC, p.TIME DESC LIMIT " MAX_BLOCKERS,
        name.ptr, name.ptr);
    sql.failed |= name.failed;
    enum mr_code code = run(s, &sql);
    mr_strbuf_release(&name);
    mr_strbuf_release(&sql);
    return code;
}

/* Why nobody was found who holds a lock, and the statement that helps; NULL: not known. */
static const char *hidden(struct mr_db *db, const struct mr_grants *grants, const char *state,
                          struct mr_arena *arena)
{
    const bool locked = strcasestr(state, "lock") != NULL;
    const bool mariadb = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
    struct mr_strbuf note = MR_STRBUF_INIT;
    if (grants == NULL)
        return NULL;
    if (!mr_grants_global(grants, "PROCESS"))
        mr_strbuf_add_fmt(&note,
                          "sessions of other accounts are hidden: GRANT PROCESS ON *.* "
                          "TO %s",
                          mr_grants_account(grants));
    else if (strcmp(state, ROW_STATE) == 0) /* the engine tells of every session */
        mr_strbuf_add_str(&note, "no session holds it: see XA RECOVER for a transaction that "
                                 "was prepared and left");
    else if (locked && mariadb)
        mr_strbuf_add_str(&note, "who holds it the server does not tell: INSTALL SONAME "
                                 "'metadata_lock_info' lets it");
    else if (locked && !mr_grants_on_db(grants, "SELECT", "performance_schema"))
        mr_strbuf_add_fmt(&note,
                          "who holds it is hidden: GRANT SELECT ON "
                          "performance_schema.* TO %s",
                          mr_grants_account(grants));
    const char *text = note.failed || note.len == 0 ? NULL : mr_arena_strdup(arena, note.ptr);
    mr_strbuf_release(&note);
    return text;
}

static enum mr_code finish(struct search *s, const struct mr_grants *grants, const char *state,
                           struct mr_blockers *out, enum mr_code code)
{
    if (code == MR_OK && s->found.count > 0) {
        out->items = (const struct mr_blocker *)(void *)mr_arena_dup(
            s->arena, s->found.items, s->found.count * sizeof(struct mr_blocker));
        out->count = out->items != NULL ? s->found.count : 0;
    }
    if (code == MR_OK && out->count == 0)
        out->note = hidden(s->db, grants, state, s->arena);
    mr_vec_release(&s->found);
    return code;
}

/* From what is certain to what is likely: the servers' own lists of locks first; where they are off
 * or hidden, who looks as if he held one. */
enum mr_code mr_blockers_find(struct mr_db *db, const struct mr_grants *grants, const char *dbname,
                              const char *table, struct mr_arena *arena, struct mr_blockers *out,
                              struct mr_err *err)
{
    struct search s = {.db = db,
                       .dbname = dbname,
                       .table = table,
                       .arena = arena,
                       .found = MR_VEC_INIT(struct mr_blocker),
                       .err = err};
    *out = (struct mr_blockers){.certain = true};
    enum mr_code code = by_performance_schema(&s);
    if (code == MR_OK && s.found.count == 0)
        code = by_plugin(&s);
    if (code == MR_OK && s.found.count == 0) {
        out->certain = false;
        s.guesses = true;
        code = by_suspicion(&s);
    }
    return finish(&s, grants, "lock", out, code);
}

static const char *text_of(const char *text)
{
    return text != NULL ? text : "?";
}

/* Who waits for a row is updating, or sending data, for all that STATE says. */
static enum mr_code read_state(struct mr_db *db, const char *connection, struct mr_arena *arena,
                               const char **state)
{
    static const char *const ask[] = {
        "SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = ",
        "SELECT '" ROW_STATE "' FROM information_schema.INNODB_TRX WHERE trx_state = "
        "'LOCK WAIT' AND trx_mysql_thread_id = "};
    *state = "";
    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
        struct mr_err ignored = {0};
        if (strcasestr(*state, "lock") != NULL)
            break;
        mr_strbuf_add_fmt(&sql, "%s%s", ask[i], connection);
        enum mr_code code =
            sql.failed ? MR_E_NOMEM : mr_db_query_text(db, sql.ptr, &text, &ignored);
        if (code == MR_OK && text.len > 0)
            *state = mr_arena_strdup(arena, text.ptr);
        mr_strbuf_release(&sql);
        mr_strbuf_release(&text);
        if (*state == NULL)
            return MR_E_NOMEM;
    }
    return MR_OK;
}

/* The ways to look are tried in order, and the first that finds anybody says how certain it is: a
 * session is not to be killed on a guess that looks like a fact. */
enum mr_code mr_blockers_of(struct mr_db *db, const struct mr_grants *grants, uint64_t connection,
                            struct mr_arena *arena, struct mr_blockers *out, const char **state,
                            struct mr_err *err)
{
    char number[24];
    struct search s = {
        .db = db, .arena = arena, .found = MR_VEC_INIT(struct mr_blocker), .err = err};
    bool mariadb = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
    (void)snprintf(number, sizeof number, "%" PRIu64, connection);
    *out = (struct mr_blockers){.certain = true};
    enum mr_code code = read_state(db, number, arena, state);
    if (code != MR_OK)
        return mr_err_nomem(err, "looking for blockers");
    bool locked = strcasestr(*state, "lock") != NULL;
    for (size_t i = 0; code == MR_OK && s.found.count == 0 && i < sizeof holders / sizeof *holders;
         i++) {
        struct mr_strbuf sql = MR_STRBUF_INIT;
        if (!(mariadb ? holders[i].mariadb : holders[i].mysql) || (holders[i].if_locked && !locked))
            continue;
        mr_strbuf_add_fmt(&sql, "%s%s LIMIT " MAX_BLOCKERS, holders[i].sql, number);
        out->certain = holders[i].certain;
        s.guesses = !holders[i].certain;
        code = run(&s, &sql);
        mr_strbuf_release(&sql);
    }
    return finish(&s, grants, *state, out, code);
}

/* Names and statements are the server's, who may be anybody: they are shown escaped. */
void mr_blockers_to_text(const struct mr_blockers *blockers, const char *indent,
                         struct mr_strbuf *out)
{
    for (size_t i = 0; i < blockers->count; i++) {
        const struct mr_blocker *b = &blockers->items[i];
        mr_strbuf_add_fmt(out, "%s%s session ", indent,
                          blockers->certain ? "held by" : "perhaps held by");
        mr_utf8_show_str(out, text_of(b->id));
        mr_strbuf_add_str(out, " of ");
        mr_utf8_show_str(out, text_of(b->user));
        mr_strbuf_add_char(out, '@');
        mr_utf8_show_str(out, text_of(b->host));
        mr_strbuf_add_str(out, " (");
        mr_utf8_show_str(out, text_of(b->command));
        mr_strbuf_add_str(out, ", ");
        mr_utf8_show_str(out, text_of(b->seconds));
        mr_strbuf_add_str(out, " s)");
        if (b->statement != NULL) {
            mr_strbuf_add_str(out, ": ");
            mr_utf8_show(out, b->statement, strlen(b->statement), false);
        }
        mr_strbuf_add_char(out, '\n');
    }
    if (blockers->note != NULL)
        mr_strbuf_add_fmt(out, "%s%s\n", indent, blockers->note);
}

void mr_blockers_to_json(const struct mr_blockers *blockers, struct mr_jsonw *w)
{
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < blockers->count; i++) {
        const struct mr_blocker *b = &blockers->items[i];
        const char *const members[][2] = {{"id", b->id},           {"user", b->user},
                                          {"host", b->host},       {"command", b->command},
                                          {"seconds", b->seconds}, {"statement", b->statement}};
        mr_jsonw_object_begin(w);
        for (size_t m = 0; m < sizeof members / sizeof *members; m++) {
            mr_jsonw_add_str(w, members[m][0], members[m][1]);
        }
        mr_jsonw_add_bool(w, "certain", blockers->certain);
        mr_jsonw_object_end(w);
    }
    mr_jsonw_array_end(w);
}
