/* merge_still.c: see merge_still.h. */
#include "repair/merge/merge_still.h"

#include <string.h>

#include "core/base/log.h"
#include "core/case/catch_up.h"
#include "core/binlog/binlog_gtid_text.h"
#include "core/db/replica_status.h"
#include "core/logs/log_names.h"

/* ---- by GTIDs ---- */

/* Both ways: a server that was reset has executed less.  *all false: some transactions
 * have no GTID there, and are not counted. */
static enum mr_code by_gtids(struct mr_db *db, const char *then, bool *is, bool *all,
                             struct mr_err *err)
{
    const bool is_mariadb = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB;
    const char *sql = is_mariadb ? "SELECT @@global.gtid_binlog_state, 'ON'"
                                 : "SELECT @@global.gtid_executed, @@global.gtid_mode";
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(db, "vv", sql, strlen(sql), &res, err));
    const struct mr_cell *row = mr_result_next(res);
    const char *now = row != NULL && row[0].ptr != NULL ? row[0].ptr : "";
    *all = row != NULL && row[1].ptr != NULL && strcmp(row[1].ptr, "ON") == 0;
    enum mr_code code = mr_gtid_text_is_same(is_mariadb, now, then, is, err);
    mr_result_free(res);
    return code;
}

/* ---- by the end of its log ---- */

static enum mr_code by_place(struct mr_db *db, const struct mr_evidence_side *then, bool *is,
                             struct mr_err *err)
{
    *is = false;
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(db, "*", sql, strlen(sql), &res, err);
    if (code == MR_E_DENIED)
        return MR_OK;
    MR_TRY(code);
    const size_t file = mr_result_column_named(res, "File");
    const size_t position = mr_result_column_named(res, "Position");
    const struct mr_cell *row = mr_result_next(res);
    if (row != NULL && file != MR_NO_COLUMN && position != MR_NO_COLUMN && row[file].ptr != NULL &&
        row[position].ptr != NULL && then->end_log != NULL)
        *is = mr_history_log_is(then->end_log, row[file].ptr) &&
              strtoull(row[position].ptr, NULL, 10) == then->end_position;
    mr_result_free(res);
    return MR_OK;
}

static enum mr_code is_still(struct mr_merge *m, enum mr_side side,
                             const struct mr_evidence_side *then, bool *is, struct mr_err *err)
{
    const struct mr_server_side *s = &m->plan->pairing.side[side];
    if (then->own_by == MR_OWN_BY_NONE || !mr_side_is_server(s))
        return MR_OK;
    struct mr_db *db = mr_reader_db(s->main);
    bool all = false;
    if (then->executed != NULL && *then->executed != '\0')
        MR_TRY(by_gtids(db, then->executed, is, &all, err));
    return all ? MR_OK : by_place(db, then, is, err);
}

enum mr_code mr_merge_still(struct mr_merge *m, struct mr_err *err)
{
    struct mr_evidence_side sides[MR_SIDES];
    MR_TRY(mr_evidence_sides(m->fd, &m->arena, sides, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        m->is_still[side] = m->logs != NULL && m->logs->is_covered[side];
        if (!m->is_still[side])
            MR_TRY(is_still(m, (enum mr_side)side, &sides[side], &m->is_still[side], err));
    }
    const char *why = m->logs != NULL ? m->logs->why : NULL;
    if (sides[MR_SOURCE].own_by != MR_OWN_BY_NONE && !m->is_still[MR_SOURCE])
        mr_log_warning(
            "SOURCE has executed transactions since its binary logs were read, or does not "
            "say%s%s: what they tell of its rows is not used; run history collect again",
            why != NULL ? ", and they cannot be read on: " : "", why != NULL ? why : "");
    return MR_OK;
}
