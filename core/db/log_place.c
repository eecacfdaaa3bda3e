/* log_place.c: see log_place.h. */
#include "core/db/log_place.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/db/db_binlog.h"
#include "core/db/grants.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"
#include "core/db/servers_own.h"

#define START_TRIES 4
#define READ_TRIES 3
#define READ_S 2.0 /* a place is of one moment */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading where a binary log stands");
}

static bool is_mariadb(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
}

static enum mr_code ask(struct mr_db *db, const char *sql, struct mr_arena *arena, const char **out,
                        struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *out = code == MR_OK && !text.failed ? mr_arena_dup(arena, text.ptr, text.len) : NULL;
    mr_strbuf_release(&text);
    return code == MR_OK && *out == NULL ? nomem(err) : code;
}

/* ---- where it stands ---- */

/* Without a log there is no such file. */
static enum mr_code place_of_mariadb(struct mr_db *db, struct mr_arena *arena,
                                     struct mr_log_place *place, struct mr_err *err)
{
    static const char sql[] = "SHOW STATUS LIKE 'binlog_snapshot_%'";
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    const char *position = NULL;
    MR_TRY(mr_db_query(db, "vn", sql, sizeof sql - 1, &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        if (cells[1].ptr == NULL || cells[1].len == 0)
            continue;
        if (strcasecmp(cells[0].ptr, "Binlog_snapshot_file") == 0)
            place->log = mr_arena_dup(arena, cells[1].ptr, cells[1].len);
        else if (strcasecmp(cells[0].ptr, "Binlog_snapshot_position") == 0)
            position = mr_arena_dup(arena, cells[1].ptr, cells[1].len);
    }
    mr_result_free(res);
    place->position = position != NULL ? strtoull(position, NULL, 10) : 0;
    if (place->position < MR_DB_BINLOG_FIRST)
        place->log = NULL;
    MR_TRY(ask(db, "SELECT @@GLOBAL.gtid_binlog_state", arena, &place->gtids, err));
    return ask(db, "SELECT @@GLOBAL.gtid_slave_pos", arena, &place->applied, err);
}

static const char *missing_right(struct mr_db *db, struct mr_arena *arena)
{
    struct mr_grants *grants = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)mr_grants_load(db, &grants, NULL);
    mr_strbuf_add_fmt(&text, "the account may not see its binary log: GRANT %s ON *.* TO %s",
                      mr_monitor_right_log(mr_db_server(db)), mr_grants_account(grants));
    const char *kept = text.failed ? NULL : mr_arena_strdup(arena, text.ptr);
    mr_strbuf_release(&text);
    mr_grants_free(grants);
    return kept;
}

/* The log is asked for before gtid_executed: what stands in front of it is in that then. */
static enum mr_code place_of_mysql(struct mr_db *db, struct mr_arena *arena,
                                   struct mr_log_place *place, struct mr_err *err)
{
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query(db, "vn*", sql, strlen(sql), &res, &why);
    if (code == MR_E_DENIED) {
        place->why = missing_right(db, arena);
        return place->why != NULL ? MR_OK : nomem(err);
    }
    if (code != MR_OK) {
        if (err != NULL)
            *err = why;
        return code;
    }
    const struct mr_cell *cells = mr_result_next(res);
    if (cells != NULL && cells[0].ptr != NULL && cells[0].len > 0)
        place->log = mr_arena_dup(arena, cells[0].ptr, cells[0].len);
    place->position = MR_DB_BINLOG_FIRST;
    mr_result_free(res);
    return mr_db_server(db)->version < 50600
               ? MR_OK
               : ask(db, "SELECT @@GLOBAL.gtid_executed", arena, &place->gtids, err);
}

static enum mr_code read_once(struct mr_db *db, struct mr_arena *arena, struct mr_log_place *place,
                              struct mr_err *err)
{
    const char *at;
    *place = (struct mr_log_place){.gtids = "", .applied = ""};
    MR_TRY(ask(db, "SELECT UNIX_TIMESTAMP()", arena, &at, err));
    place->at = strtoull(at, NULL, 10);
    MR_TRY(is_mariadb(db) ? place_of_mariadb(db, arena, place, err)
                          : place_of_mysql(db, arena, place, err));
    if (place->log == NULL && place->why == NULL)
        place->why = "the server has no binary log";
    return MR_OK;
}

/* What was executed while it was read is in it, and is later than its time says: a server that is slow to answer is
 * asked again. */
enum mr_code mr_log_place_read(struct mr_db *db, struct mr_arena *arena, struct mr_log_place *place,
                               struct mr_err *err)
{
    for (int tries = 1;; tries++) {
        const double begun_s = mr_clock_now_s();
        MR_TRY(read_once(db, arena, place, err));
        if (mr_clock_now_s() - begun_s < READ_S || tries == READ_TRIES)
            return MR_OK;
    }
}

/* ---- habits ---- */

static enum mr_code ask_yes(struct mr_db *db, const char *sql, bool *yes, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *yes = code == MR_OK && strcmp(text.ptr, "1") == 0;
    mr_strbuf_release(&text);
    return code;
}

/* A replica may have triggers that its source has not, and run them (slave_run_triggers_for_rbr); LOGGING and
 * ENFORCE log what they do. */
static enum mr_code read_triggers(struct mr_db *db, struct mr_log_habits *habits,
                                  struct mr_err *err)
{
    return is_mariadb(db) && mr_db_server(db)->version >= 100101
               ? ask_yes(db, "SELECT @@GLOBAL.slave_run_triggers_for_rbr = 'YES'",
                         &habits->hides_triggers, err)
               : MR_OK;
}

/* InnoDB's own cascades leave no events; those of the SQL layer do, in MySQL since 9.6. */
static enum mr_code read_cascades(struct mr_db *db, struct mr_log_habits *habits,
                                  struct mr_err *err)
{
    bool is_native = true;
    if (!is_mariadb(db) && mr_db_server(db)->version >= 90600)
        MR_TRY(ask_yes(db, "SELECT @@GLOBAL.innodb_native_foreign_keys", &is_native, err));
    habits->logs_cascades = !is_native;
    return MR_OK;
}

enum mr_code mr_log_filters_read(struct mr_db *db, struct mr_arena *arena, const char **only,
                                 const char **leaves, struct mr_err *err)
{
    static const char *const columns[] = {"Binlog_Do_DB", "Binlog_Ignore_DB"};
    const char **lists[] = {only, leaves};
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    bool failed = false;
    *only = *leaves = "";
    MR_TRY(mr_db_query(db, "vn*", sql, strlen(sql), &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    for (size_t i = 0; i < 2 && cells != NULL; i++) {
        const size_t at = mr_result_column_named(res, columns[i]);
        if (at != MR_NO_COLUMN)
            *lists[i] = mr_arena_keep(arena, cells[at].ptr, &failed);
    }
    mr_result_free(res);
    return failed ? nomem(err) : MR_OK;
}

/* From within the server's own nobody works. */
bool mr_log_names_others(const char *list)
{
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t len = strcspn(at, ",");
        if (len > 0 && !mr_is_servers_own(at, len))
            return true;
        at += len;
    }
    return false;
}

/* A server that has no such variable logs rows alone. */
enum mr_code mr_log_filters_by_session(struct mr_db *db, const char *only, const char *leaves,
                                       bool *yes, struct mr_err *err)
{
    static const char sql[] = "SHOW GLOBAL VARIABLES LIKE 'binlog_format'";
    struct mr_result *res = NULL;
    *yes = false;
    if (only[0] == '\0' && !mr_log_names_others(leaves))
        return MR_OK;
    MR_TRY(mr_db_query(db, "vn", sql, sizeof sql - 1, &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    *yes = cells != NULL && cells[1].ptr != NULL && strcasecmp(cells[1].ptr, "ROW") != 0;
    mr_result_free(res);
    return MR_OK;
}

static enum mr_code read_filters(struct mr_db *db, struct mr_arena *arena,
                                 struct mr_log_habits *habits, struct mr_err *err)
{
    enum mr_code code = mr_log_filters_read(db, arena, &habits->only, &habits->leaves, err);
    if (code == MR_OK)
        code =
            mr_log_filters_by_session(db, habits->only, habits->leaves, &habits->by_session, err);
    if (code == MR_E_DENIED) {
        const char *why = missing_right(db, arena);
        mr_err_hint(err, "%s", why != NULL ? strstr(why, "GRANT") : "");
    }
    return code;
}

static enum mr_code ask_clock(struct mr_db *db, uint64_t *now_s, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, "SELECT UNIX_TIMESTAMP()", &text, err);
    *now_s = code == MR_OK ? strtoull(text.ptr, NULL, 10) : 0;
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code ask_age(struct mr_db *db, uint64_t *up_s, struct mr_err *err)
{
    static const char sql[] = "SHOW GLOBAL STATUS LIKE 'Uptime'";
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(db, "vv", sql, sizeof sql - 1, &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    *up_s = cells != NULL ? strtoull(cells[1].ptr, NULL, 10) : 0;
    mr_result_free(res);
    return MR_OK;
}

/* Whole seconds: the age is of that of the clock which is the same behind it; else the start is a later one. */
static enum mr_code read_start(struct mr_db *db, uint64_t *since, struct mr_err *err)
{
    uint64_t before = 0, up_s = 0, now = 0;
    MR_TRY(ask_clock(db, &now, err));
    for (int i = 0; i < START_TRIES && before != now; i++) {
        before = now;
        MR_TRY(ask_age(db, &up_s, err));
        MR_TRY(ask_clock(db, &now, err));
    }
    *since = now - up_s;
    return MR_OK;
}

enum mr_code mr_log_syncs(struct mr_db *db, bool *syncs, struct mr_err *err)
{
    return ask_yes(db, "SELECT @@GLOBAL.sync_binlog", syncs, err);
}

enum mr_code mr_log_habits_read(struct mr_db *db, struct mr_arena *arena,
                                struct mr_log_habits *habits, struct mr_err *err)
{
    const bool has_new_word = !is_mariadb(db) && mr_db_server(db)->version >= 80026;
    *habits = (struct mr_log_habits){.only = "", .leaves = ""};
    MR_TRY(ask_yes(db,
                   has_new_word ? "SELECT @@GLOBAL.log_replica_updates"
                                : "SELECT @@GLOBAL.log_slave_updates",
                   &habits->logs_applied, err));
    MR_TRY(mr_log_syncs(db, &habits->syncs, err));
    MR_TRY(read_start(db, &habits->up_since, err));
    MR_TRY(read_cascades(db, habits, err));
    MR_TRY(read_triggers(db, habits, err));
    return read_filters(db, arena, habits, err);
}

static bool lists(const char *list, const char *db, bool folds)
{
    const size_t len = strlen(db);
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t n = strcspn(at, ",");
        if (n == len && (folds ? strncasecmp(at, db, n) : strncmp(at, db, n)) == 0)
            return true;
        at += n;
    }
    return false;
}

/* A name that holds a comma is on no list. */
bool mr_log_habits_has(const struct mr_log_habits *habits, const char *db)
{
    if (habits->by_session)
        return false;
    if (habits->only[0] != '\0')
        return lists(habits->only, db, false);
    return habits->leaves[0] == '\0' ||
           (!lists(habits->leaves, db, true) && strchr(db, ',') == NULL);
}
