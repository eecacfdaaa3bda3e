/* went_back.c: see went_back.h. */
#include "core/source/went_back.h"

#include "core/binlog/binlog_gtid_text.h"

#define MOMENT_S 5

enum mr_code mr_went_back(bool is_mariadb, const char *was, const char *now, bool *back,
                          struct mr_err *err)
{
    bool has_all = true;
    *back = false;
    MR_TRY(mr_gtid_text_contains(is_mariadb, now, was, &has_all, err));
    *back = !has_all;
    return MR_OK;
}

/* A replica that does not log what it applies (log_slave_updates), or nothing at all, tells by the latter alone;
 * which of a MySQL's is in gtid_executed. */
enum mr_code mr_went_back_since(bool is_mariadb, const struct mr_log_place *was,
                                const struct mr_log_place *now, bool *back, struct mr_err *err)
{
    bool is_as_far = true;
    *back = false;
    if (was->log != NULL && now->log != NULL)
        MR_TRY(mr_went_back(is_mariadb, was->gtids, now->gtids, back, err));
    if (!*back && is_mariadb && was->applied != NULL && now->applied != NULL)
        MR_TRY(mr_gtid_text_is_as_far(now->applied, was->applied, &is_as_far, err));
    *back = *back || !is_as_far;
    return MR_OK;
}

bool mr_went_back_tells(const struct mr_log_place *was, const struct mr_log_place *now)
{
    return now->at > was->at + MOMENT_S;
}

enum mr_code mr_went_back_between(bool is_mariadb, const struct mr_log_place *a,
                                  const struct mr_log_place *b, bool *back, struct mr_err *err)
{
    const bool in_order = a->at < b->at;
    const struct mr_log_place *was = in_order ? a : b, *now = in_order ? b : a;
    *back = false;
    return mr_went_back_tells(was, now) ? mr_went_back_since(is_mariadb, was, now, back, err)
                                        : MR_OK;
}

enum mr_code mr_went_back_ask(struct mr_db *db, const struct mr_log_place *was,
                              struct mr_arena *arena, bool *back, struct mr_err *err)
{
    struct mr_log_place now;
    *back = false;
    if (was->at == 0)
        return MR_OK;
    MR_TRY(mr_log_place_read(db, arena, &now, err));
    return mr_went_back_since(mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB, was, &now, back,
                              err);
}
