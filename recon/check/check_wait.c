/* check_wait.c: see check_wait.h. */
#include "recon/check/check_wait.h"

enum mr_code mr_check_let_go(struct mr_check_worker *worker, enum mr_side side, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_reader_unlock(worker->reader[side], &why);
    if (code == MR_OK || !mr_check_is_fatal(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

enum mr_code mr_check_let_go_all(struct mr_check_worker *worker, struct mr_err *err)
{
    MR_TRY(mr_check_let_go(worker, MR_SOURCE, err));
    return mr_check_let_go(worker, MR_TARGET, err);
}

struct waiting {
    struct mr_check_worker *worker;
    enum mr_side side;
};

static enum mr_code let_go(void *ctx, struct mr_err *err)
{
    const struct waiting *w = ctx;
    return mr_check_let_go(w->worker, w->side, err);
}

enum mr_code mr_check_wait(struct mr_check_worker *worker, enum mr_side side, struct mr_err *err)
{
    struct waiting waiting = {worker, side};
    const struct mr_throttle_held held = {.let_go = let_go, .ctx = &waiting};
    return mr_throttle_wait_holding(worker->check->throttle, &held, err);
}
