/* plan_moved.c: see plan_moved.h. */
#include "repair/planning/plan_moved.h"

#include "core/base/log.h"

static enum mr_code warn(const struct mr_find_run *run, enum mr_side side,
                         const struct mr_server *was, const struct mr_server *now,
                         struct mr_err *err)
{
    struct mr_strbuf then = MR_STRBUF_INIT, here = MR_STRBUF_INIT;
    mr_server_add_text(was, &then);
    mr_server_add_text(now, &here);
    const bool failed = then.failed || here.failed;
    if (!failed)
        mr_log_warning("the %s is not the server that run %s has read, and rows that were equal on "
                       "that one are not looked at: compare again, unless the two are alike (the "
                       "run's: %s; now: %s)",
                       mr_side_name(side), run->uuid, then.ptr, here.ptr);
    mr_strbuf_release(&then);
    mr_strbuf_release(&here);
    return failed ? mr_err_nomem(err, "planning") : MR_OK;
}

enum mr_code mr_plan_moved_warn(struct mr_findings *fd, const struct mr_find_run *run,
                                const struct mr_server_side side[MR_SIDES], struct mr_err *err)
{
    for (int i = MR_SOURCE; i < MR_SIDES; i++) {
        struct mr_server was;
        bool known = false;
        MR_TRY(mr_findings_server(fd, i, &was, &known, err));
        if (!known || !mr_side_is_server(&side[i]))
            continue;
        if (!mr_server_is_same(&was, &side[i].cat->server))
            MR_TRY(warn(run, (enum mr_side)i, &was, &side[i].cat->server, err));
    }
    return MR_OK;
}
