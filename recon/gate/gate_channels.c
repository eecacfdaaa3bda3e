/* gate_channels.c: see gate_channels.h. */
#include "recon/gate/gate_channels.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"

#define ER_UNKNOWN_SYSTEM_VARIABLE 1193

enum field {
    F_NAME,
    F_HOST,
    F_PORT,
    F_UUID,
    F_SERVER_ID,
    F_IO,
    F_SQL,
    F_LAG,
    F_DELAY,
    F_IO_ERRNO,
    F_IO_ERROR,
    F_SQL_ERRNO,
    F_SQL_ERROR,
    F_RETRIEVED,
    F_READ_FILE,
    F_READ_POS,
    F_EXEC_FILE,
    F_EXEC_POS,
    F_COUNT
};

/* Of MariaDB and MySQL before 8.0.22, and of MySQL since. */
static const char *const names[F_COUNT][2] = {
    [F_NAME] = {"Connection_name", "Channel_Name"},
    [F_HOST] = {"Master_Host", "Source_Host"},
    [F_PORT] = {"Master_Port", "Source_Port"},
    [F_UUID] = {"Master_UUID", "Source_UUID"},
    [F_SERVER_ID] = {"Master_Server_Id", "Source_Server_Id"},
    [F_IO] = {"Slave_IO_Running", "Replica_IO_Running"},
    [F_SQL] = {"Slave_SQL_Running", "Replica_SQL_Running"},
    [F_LAG] = {"Seconds_Behind_Master", "Seconds_Behind_Source"},
    [F_DELAY] = {"SQL_Delay", "SQL_Delay"},
    [F_IO_ERRNO] = {"Last_IO_Errno", "Last_IO_Errno"},
    [F_IO_ERROR] = {"Last_IO_Error", "Last_IO_Error"},
    [F_SQL_ERRNO] = {"Last_SQL_Errno", "Last_SQL_Errno"},
    [F_SQL_ERROR] = {"Last_SQL_Error", "Last_SQL_Error"},
    [F_RETRIEVED] = {"Gtid_IO_Pos", "Retrieved_Gtid_Set"},
    [F_READ_FILE] = {"Master_Log_File", "Source_Log_File"},
    [F_READ_POS] = {"Read_Master_Log_Pos", "Read_Source_Log_Pos"},
    [F_EXEC_FILE] = {"Relay_Master_Log_File", "Relay_Source_Log_File"},
    [F_EXEC_POS] = {"Exec_Master_Log_Pos", "Exec_Source_Log_Pos"},
};

struct status {
    struct mr_arena *arena;
    size_t columns[F_COUNT];
    size_t filters[MR_REPLICA_FILTERS];
    const struct mr_cell *row;
    bool nomem;
};

static const char *raw(const struct status *s, enum field field)
{
    size_t column = s->columns[field];
    return column == MR_NO_COLUMN ? NULL : s->row[column].ptr;
}

static const char *text(struct status *s, enum field field)
{
    return mr_arena_keep(s->arena, raw(s, field), &s->nomem);
}

static unsigned long number(const struct status *s, enum field field)
{
    const char *value = raw(s, field);
    return value != NULL ? strtoul(value, NULL, 10) : 0;
}

static bool same(const struct status *s, enum field a, enum field b)
{
    const char *left = raw(s, a), *right = raw(s, b);
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static const char *filters(struct status *s)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < MR_REPLICA_FILTERS; i++) {
        const char *value = s->filters[i] != MR_NO_COLUMN ? s->row[s->filters[i]].ptr : NULL;
        if (value != NULL && value[0] != '\0')
            mr_strbuf_add_fmt(&out, "%s%s %s", out.len > 0 ? ", " : "", mr_replica_filters[i],
                              value);
    }
    const char *kept = out.failed ? NULL : mr_arena_dup(s->arena, out.ptr, out.len);
    mr_strbuf_release(&out);
    s->nomem |= kept == NULL;
    return kept != NULL ? kept : "";
}

/* The lag is unknown where the server gives NULL: a replica that is stopped must not look as if it
 * were level. */
static void take(struct status *s, struct mr_gate_channel *c)
{
    const char *lag = raw(s, F_LAG);
    *c = (struct mr_gate_channel){
        .name = text(s, F_NAME),
        .host = text(s, F_HOST),
        .uuid = text(s, F_UUID),
        .port = (unsigned)number(s, F_PORT),
        .source_id = (uint32_t)number(s, F_SERVER_ID),
        .io = text(s, F_IO),
        .sql = text(s, F_SQL),
        .lag_s = lag != NULL ? strtol(lag, NULL, 10) : MR_GATE_UNKNOWN_S,
        .delay_s = (long)number(s, F_DELAY),
        .io_errno = (unsigned)number(s, F_IO_ERRNO),
        .sql_errno = (unsigned)number(s, F_SQL_ERRNO),
        .io_error = text(s, F_IO_ERROR),
        .sql_error = text(s, F_SQL_ERROR),
        .worker_error = "",
        .filters = filters(s),
        .retrieved = text(s, F_RETRIEVED),
        .caught_up = same(s, F_READ_FILE, F_EXEC_FILE) && same(s, F_READ_POS, F_EXEC_POS),
    };
}

static const char *statement(const struct mr_gate_link *link)
{
    if (mr_gate_link_is_mariadb(link))
        return "SHOW ALL SLAVES STATUS";
    return mr_db_server(link->db)->version >= 80022 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

/* MySQL's coordinator says only that some worker failed.  Where the account may not see
 * which, that has to do. */
static enum mr_code read_worker_error(const struct mr_gate_link *link, struct mr_arena *arena,
                                      struct mr_gate_channel *c, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, found = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "SELECT CONCAT(LAST_ERROR_NUMBER, ': ', LEFT(LAST_ERROR_MESSAGE, "
                            "400)) FROM performance_schema."
                            "replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER <> 0 "
                            "AND CHANNEL_NAME = ");
    mr_sql_string(&sql, c->name);
    mr_strbuf_add_str(&sql, " LIMIT 1");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(link->db, sql.ptr, &found, &why);
    if (code == MR_OK && found.len > 0) {
        c->worker_error = mr_arena_strdup(arena, found.ptr);
        if (c->worker_error == NULL)
            code = mr_err_nomem(&why, "reading replication");
    }
    mr_strbuf_release(&sql);
    mr_strbuf_release(&found);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

bool mr_gate_is_source(const char *host)
{
    return host != NULL && host[0] != '\0' && strcmp(host, "<NULL>") != 0;
}

static enum mr_code take_rows(struct mr_result *res, struct mr_arena *arena,
                              struct mr_vec *channels, struct mr_err *err)
{
    struct status s = {.arena = arena};
    for (size_t f = 0; f < F_COUNT; f++) {
        s.columns[f] = mr_result_column_named(res, names[f][0]);
        if (s.columns[f] == MR_NO_COLUMN)
            s.columns[f] = mr_result_column_named(res, names[f][1]);
    }
    for (size_t i = 0; i < MR_REPLICA_FILTERS; i++)
        s.filters[i] = mr_result_column_named(res, mr_replica_filters[i]);
    while ((s.row = mr_result_next(res)) != NULL) {
        if (!mr_gate_is_source(raw(&s, F_HOST)))
            continue;
        struct mr_gate_channel *c = mr_vec_push(channels);
        if (c == NULL)
            return mr_err_nomem(err, "reading replication");
        take(&s, c);
    }
    return s.nomem ? mr_err_nomem(err, "reading replication") : MR_OK;
}

/* An account without the right gets an error, and not an empty list: that is kept as a view, so
 * that no rule takes hidden channels for none. */
enum mr_code mr_gate_read_channels(const struct mr_gate_link *link, struct mr_arena *arena,
                                   struct mr_gate_facts *facts, struct mr_err *err)
{
    struct mr_vec channels = MR_VEC_INIT(struct mr_gate_channel);
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const char *sql = statement(link);
    enum mr_code code = mr_db_query(link->db, "*", sql, strlen(sql), &res, &why);
    facts->replication = mr_gate_link_view(
        link, code, &why, mr_monitor_right_replica(mr_db_server(link->db)), "*.*", arena);
    if (mr_gate_is_fatal(code))
        *err = why;
    else if (code != MR_OK)
        code = MR_OK;
    else
        code = take_rows(res, arena, &channels, err);
    mr_result_free(res);
    for (size_t i = 0; code == MR_OK && i < channels.count; i++) {
        struct mr_gate_channel *c = mr_vec_at(&channels, i);
        if (!mr_gate_link_is_mariadb(link) && c->sql_errno != 0)
            code = read_worker_error(link, arena, c, err);
    }
    facts->nchannels = channels.count;
    facts->channels = (const struct mr_gate_channel *)(void *)mr_arena_dup(
        arena, channels.items != NULL ? channels.items : "",
        channels.count * sizeof(struct mr_gate_channel));
    if (code == MR_OK && facts->channels == NULL)
        code = mr_err_nomem(err, "reading replication");
    mr_vec_release(&channels);
    return code;
}

static enum mr_code read_text(const struct mr_gate_link *link, struct mr_arena *arena,
                              const char *sql, const char **out, struct mr_err *err)
{
    struct mr_strbuf found = MR_STRBUF_INIT;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query_text(link->db, sql, &found, &why);
    *out = "";
    if (code == MR_OK) {
        size_t kept = 0; /* MySQL breaks long sets into lines */
        for (size_t i = 0; i < found.len; i++)
            if (found.ptr[i] != '\n' && found.ptr[i] != ' ')
                found.ptr[kept++] = found.ptr[i];
        *out = mr_arena_dup(arena, found.ptr, kept);
        if (*out == NULL)
            code = mr_err_nomem(&why, "reading GTIDs");
    }
    mr_strbuf_release(&found);
    if (code == MR_OK || why.sql_errno == ER_UNKNOWN_SYSTEM_VARIABLE)
        return MR_OK; /* a server older than the variable has none */
    *err = why;
    *out = "";
    return code;
}

enum mr_code mr_gate_read_gtid(const struct mr_gate_link *link, struct mr_arena *arena,
                               const char **executed, const char **position, struct mr_err *err)
{
    *position = "";
    if (!mr_gate_link_is_mariadb(link))
        return read_text(link, arena, "SELECT @@GLOBAL.gtid_executed", executed, err);
    enum mr_code code = read_text(link, arena, "SELECT @@GLOBAL.gtid_slave_pos", position, err);
    if (code == MR_OK)
        code = read_text(link, arena, "SELECT @@GLOBAL.gtid_binlog_state", executed, err);
    return code;
}
