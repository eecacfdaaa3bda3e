/* plan_moved.c: see plan_moved.h. */
#include "repair/planning/plan_moved.h"

#include "core/base/log.h"
#include "core/case/run_change.h"
#include "core/source/went_back.h"

static enum mr_code warn(const struct mr_find_run *run, enum mr_side side,
                         const struct mr_server *was, const struct mr_server *now,
                         struct mr_err *err)
{
    struct mr_strbuf then = MR_STRBUF_INIT, here = MR_STRBUF_INIT;
    mr_server_add_text(was, &then);
    mr_server_add_text(now, &here);
    const bool failed = then.failed || here.failed;
    if (!failed)
        mr_log_warning(
            "the %s is not the server that run %s has read%s, and rows that were equal on "
            "that one are not looked at: compare again, unless the two are alike (the "
            "run's: %s; now: %s)",
            mr_side_name(side), run->uuid,
            mr_server_is_same(was, now) ? ", or it has moved to another machine" : "", then.ptr,
            here.ptr);
    mr_strbuf_release(&then);
    mr_strbuf_release(&here);
    return failed ? mr_err_nomem(err, "planning") : MR_OK;
}

/* One that was put back lacks rows that were equal, too. */
static enum mr_code warn_back(const struct mr_find_run *run, enum mr_side side,
                              const struct mr_server_side *on, const struct mr_log_place *was,
                              struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_db *db = was->at != 0 ? mr_reader_db(on->main) : NULL;
    bool back = false;
    if (db == NULL)
        return MR_OK;
    const enum mr_code code = mr_went_back_ask(db, was, &arena, &back, err);
    if (code == MR_OK && back)
        mr_log_warning(
            "the %s has executed less than when run %s read it: it was put back to what it "
            "was before, or it is a copy, and rows that were equal then are not looked "
            "at: compare again",
            mr_side_name(side), run->uuid);
    mr_arena_release(&arena);
    return code;
}

/* A right that was revoked meanwhile leaves what was executed to the place of the beginning. */
static bool knows_more(const struct mr_log_place *ended, const struct mr_log_place *began)
{
    return ended->at != 0 && (ended->log != NULL || began->log == NULL);
}

enum mr_code mr_plan_moved_warn(struct mr_findings *fd, const struct mr_find_run *run,
                                const struct mr_server_side side[MR_SIDES], struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_log_place places[MR_SIDES], ended[MR_SIDES];
    enum mr_code code = mr_run_places(fd, MR_RUN_BEGAN, &arena, places, MR_SIDES, err);
    if (code == MR_OK)
        code = mr_run_places(fd, MR_RUN_ENDED, &arena, ended, MR_SIDES, err);
    for (int i = MR_SOURCE; code == MR_OK && i < MR_SIDES; i++) {
        struct mr_server was;
        bool known = false;
        code = mr_findings_server(fd, i, &was, &known, err);
        if (code != MR_OK || !known || !mr_side_is_server(&side[i]))
            continue;
        const struct mr_server *now = &side[i].cat->server;
        if (!mr_server_is_still(&was, now))
            code = warn(run, (enum mr_side)i, &was, now, err);
        if (code == MR_OK && mr_server_is_same(&was, now))
            code = warn_back(run, (enum mr_side)i, &side[i],
                             knows_more(&ended[i], &places[i]) ? &ended[i] : &places[i], err);
    }
    mr_arena_release(&arena);
    return code;
}
