/* went_back.c: see went_back.h. */
#include "core/source/went_back.h"

#include "core/binlog/binlog_gtid_text.h"

#define MOMENT_S 60

enum mr_code mr_went_back(bool is_mariadb, const char *was, const char *now, bool *back,
                          struct mr_err *err)
{
    bool has_all = true;
    *back = false;
    MR_TRY(mr_gtid_text_contains(is_mariadb, now, was, &has_all, err));
    *back = !has_all;
    return MR_OK;
}

enum mr_code mr_went_back_between(bool is_mariadb, const struct mr_log_place *a,
                                  const struct mr_log_place *b, bool *back, struct mr_err *err)
{
    const bool in_order = a->at < b->at;
    const struct mr_log_place *was = in_order ? a : b, *now = in_order ? b : a;
    *back = false;
    return a->log == NULL || b->log == NULL || now->at <= was->at + MOMENT_S
               ? MR_OK
               : mr_went_back(is_mariadb, was->gtids, now->gtids, back, err);
}

/* Who may not see the log is told nothing of what was executed either. */
enum mr_code mr_went_back_ask(struct mr_db *db, const struct mr_log_place *was,
                              struct mr_arena *arena, bool *back, struct mr_err *err)
{
    struct mr_log_place now;
    *back = false;
    if (was->gtids == NULL || was->gtids[0] == '\0')
        return MR_OK;
    MR_TRY(mr_log_place_read(db, arena, &now, err));
    return now.log == NULL ? MR_OK
                           : mr_went_back(mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB,
                                          was->gtids, now.gtids, back, err);
}
