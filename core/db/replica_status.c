/* replica_status.c: see replica_status.h. */
#include "core/db/replica_status.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Both spellings of a column: of MariaDB and older MySQL, and of MySQL since 8.0.22. */
static const char *const field_names[MR_REPLICA_FIELDS][2] = {
    [MR_REPLICA_HOST] = {"Master_Host", "Source_Host"},
    [MR_REPLICA_PORT] = {"Master_Port", "Source_Port"},
    [MR_REPLICA_IO] = {"Slave_IO_Running", "Replica_IO_Running"},
    [MR_REPLICA_SQL] = {"Slave_SQL_Running", "Replica_SQL_Running"},
    [MR_REPLICA_IO_ERROR] = {"Last_IO_Error", "Last_IO_Error"},
    [MR_REPLICA_SQL_ERROR] = {"Last_SQL_Error", "Last_SQL_Error"},
    [MR_REPLICA_IO_ERRNO] = {"Last_IO_Errno", "Last_IO_Errno"},
    [MR_REPLICA_LAG] = {"Seconds_Behind_Master", "Seconds_Behind_Source"},
    [MR_REPLICA_SERVER_ID] = {"Master_Server_Id", "Source_Server_Id"},
    [MR_REPLICA_UUID] = {"Master_UUID", "Source_UUID"},
    [MR_REPLICA_DELAY] = {"SQL_Delay", "SQL_Delay"},
    [MR_REPLICA_CHANNEL] = {"Connection_name", "Channel_Name"},
    [MR_REPLICA_READ_FILE] = {"Master_Log_File", "Source_Log_File"},
    [MR_REPLICA_READ_POS] = {"Read_Master_Log_Pos", "Read_Source_Log_Pos"},
    [MR_REPLICA_DONE_FILE] = {"Relay_Master_Log_File", "Relay_Source_Log_File"},
    [MR_REPLICA_DONE_POS] = {"Exec_Master_Log_Pos", "Exec_Source_Log_Pos"},
    [MR_REPLICA_FETCHED] = {"Retrieved_Gtid_Set", "Retrieved_Gtid_Set"},
};

const char *const mr_replica_filters[MR_REPLICA_FILTERS] = {"Replicate_Do_DB",
                                                            "Replicate_Ignore_DB",
                                                            "Replicate_Do_Table",
                                                            "Replicate_Ignore_Table",
                                                            "Replicate_Wild_Do_Table",
                                                            "Replicate_Wild_Ignore_Table",
                                                            "Replicate_Rewrite_DB",
                                                            "Replicate_Do_Domain_Ids",
                                                            "Replicate_Ignore_Domain_Ids",
                                                            "Replicate_Ignore_Server_Ids"};

bool mr_has_replica_words(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80022;
}

/* MySQL 8.4 has no SHOW MASTER STATUS, MariaDB no SHOW BINARY LOG STATUS. */
const char *mr_log_status_sql(const struct mr_db *db)
{
    const struct mr_server *server = mr_db_server(db);
    return server->flavour == MR_FLAVOUR_MYSQL && server->version >= 80200
               ? "SHOW BINARY LOG STATUS"
               : "SHOW MASTER STATUS";
}

size_t mr_result_column_named(const struct mr_result *res, const char *name)
{
    for (size_t c = 0; c < mr_result_columns(res); c++)
        if (strcasecmp(mr_result_column_name(res, c), name) == 0)
            return c;
    return MR_NO_COLUMN;
}

enum mr_code mr_replica_status_open(struct mr_db *db, struct mr_replica_status *status,
                                    struct mr_err *err)
{
    const char *sql = "SHOW SLAVE STATUS";
    if (mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB)
        sql = "SHOW ALL SLAVES STATUS";
    else if (mr_has_replica_words(mr_db_server(db)))
        sql = "SHOW REPLICA STATUS";
    memset(status, 0, sizeof *status);
    enum mr_code rc = mr_db_query(db, "*", sql, strlen(sql), &status->res, err);
    if (rc != MR_OK)
        return rc;
    for (size_t f = 0; f < MR_REPLICA_FIELDS; f++) {
        status->columns[f] = mr_result_column_named(status->res, field_names[f][0]);
        if (status->columns[f] == MR_NO_COLUMN)
            status->columns[f] = mr_result_column_named(status->res, field_names[f][1]);
    }
    return MR_OK;
}

bool mr_replica_status_next(struct mr_replica_status *status)
{
    status->row = mr_result_next(status->res);
    return status->row != NULL;
}

const char *mr_replica_status_text(const struct mr_replica_status *status,
                                   enum mr_replica_field field)
{
    size_t column = status->columns[field];
    if (column == MR_NO_COLUMN || status->row[column].ptr == NULL)
        return "";
    return status->row[column].ptr;
}

void mr_replica_status_close(struct mr_replica_status *status)
{
    mr_result_free(status->res);
}

enum mr_code mr_replica_goes_by_gtid(struct mr_db *db, bool *all, struct mr_err *err)
{
    struct mr_replica_status status;
    *all = true;
    MR_TRY(mr_replica_status_open(db, &status, err));
    const size_t at = mr_result_column_named(status.res, "Using_Gtid");
    while (*all && mr_replica_status_next(&status)) {
        const char *by = at != MR_NO_COLUMN ? status.row[at].ptr : NULL;
        *all = by != NULL && by[0] != '\0' && strcasecmp(by, "No") != 0;
    }
    mr_replica_status_close(&status);
    return MR_OK;
}

bool mr_replica_status_is_running(const struct mr_replica_status *status,
                                  enum mr_replica_field field)
{
    return strcasecmp(mr_replica_status_text(status, field), "yes") == 0;
}

bool mr_replica_status_is_stopped(const struct mr_replica_status *status,
                                  enum mr_replica_field field)
{
    return strcasecmp(mr_replica_status_text(status, field), "no") == 0;
}

static bool is_known(const char *file)
{
    return file[0] != '\0' && strcmp(file, "INVALID") != 0;
}

bool mr_replica_status_has_positions(const struct mr_replica_status *status)
{
    return is_known(mr_replica_status_text(status, MR_REPLICA_READ_FILE)) &&
           is_known(mr_replica_status_text(status, MR_REPLICA_DONE_FILE));
}

bool mr_replica_status_is_drained(const struct mr_replica_status *status)
{
    return strcmp(mr_replica_status_text(status, MR_REPLICA_READ_FILE),
                  mr_replica_status_text(status, MR_REPLICA_DONE_FILE)) == 0 &&
           strcmp(mr_replica_status_text(status, MR_REPLICA_READ_POS),
                  mr_replica_status_text(status, MR_REPLICA_DONE_POS)) == 0;
}

bool mr_is_loopback(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
           strcasecmp(host, "localhost") == 0;
}

/* Is the row's source the server a?  By its uuid, else its server_id, which the replica
 * b learns when it connects; before that only the address is known. */
bool mr_replica_status_is_source(const struct mr_replica_status *status, const struct mr_server *a,
                                 const struct mr_server *b)
{
    const char *uuid = mr_replica_status_text(status, MR_REPLICA_UUID);
    unsigned long id = strtoul(mr_replica_status_text(status, MR_REPLICA_SERVER_ID), NULL, 10);
    if (uuid[0] != '\0' && a->flavour == MR_FLAVOUR_MYSQL && a->uuid[0] != '\0')
        return strcmp(uuid, a->uuid) == 0;
    if (id != 0)
        return id == a->server_id;
    const char *host = mr_replica_status_text(status, MR_REPLICA_HOST);
    if (mr_is_loopback(host))
        host = b->hostname;
    return strtoul(mr_replica_status_text(status, MR_REPLICA_PORT), NULL, 10) == a->port &&
           strcasecmp(host, a->hostname) == 0;
}
