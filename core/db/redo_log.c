/* redo_log.c: see redo_log.h. */
#include "core/db/redo_log.h"

#include <string.h>

enum mr_code mr_redo_log_look(struct mr_db *db, enum mr_redo_log *state, struct mr_err *err)
{
    static const char sql[] = "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'";
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(db, "vv", sql, sizeof sql - 1, &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    *state = cells == NULL                      ? MR_REDO_FIXED
             : strcmp(cells[1].ptr, "OFF") == 0 ? MR_REDO_OFF
                                                : MR_REDO_ON;
    mr_result_free(res);
    return MR_OK;
}

enum mr_code mr_redo_log_switch(struct mr_db *db, bool on, struct mr_err *err)
{
    const char *sql = on ? MR_REDO_ENABLE : "ALTER INSTANCE DISABLE INNODB REDO_LOG";
    return mr_db_exec(db, sql, strlen(sql), err);
}
