/* check_sides.c: see check_sides.h. */
#include "recon/check/check_sides.h"

#include <string.h>

#include "core/base/log.h"
#include "core/cli/progress.h"
#include "core/db/line.h"
#include "recon/check/check_options.h"

#define RECONNECTS 8

/* Nobody is asked for a password any more. */
static void show_phase(void *progress)
{
    if (progress != NULL)
        mr_progress_phase(progress, "reading the catalogues");
}

enum mr_code mr_check_sides_open(struct mr_check_run *check, struct mr_sides *sides,
                                 const char *const operands[MR_SIDES], struct mr_err *err)
{
    struct mr_sides_opts opts = {.run_tag = check->run.uuid,
                                 .statement_timeout_s = check->opts->statement_timeout_s,
                                 .login = check->opts->login,
                                 .consistent = check->opts->consistent,
                                 .open_snapshot = check->open_snapshot,
                                 .takes_shards = true,
                                 .connected = show_phase,
                                 .ctx = check->progress};
    check->pairing.side = sides->side;
    return mr_sides_open(sides, operands, &opts, &check->arena, err);
}

enum mr_code mr_check_main(const struct mr_check_run *check, enum mr_side side, struct mr_db **db,
                           struct mr_err *err)
{
    *db = mr_reader_db(check->pairing.side[side].main);
    if (*db == NULL)
        return mr_err_set(err, MR_E_LOST, "a connection is gone");
    /* workers have waited for a server that is lost, in vain */
    return mr_db_is_lost(*db)
               ? mr_db_reconnect(*db, atomic_load(&check->lost) ? 1 : RECONNECTS, err)
               : MR_OK;
}

static bool has_snapshot(const struct mr_check_run *check)
{
    return mr_side_is_snapshot(&check->pairing.side[MR_SOURCE]) ||
           mr_side_is_snapshot(&check->pairing.side[MR_TARGET]);
}

/* Who asks for compression has said that the link is slow; and what is sent to measure it would come
 * as nearly nothing. */
static void say_asked(enum mr_side side, const struct mr_db *db)
{
    if (!mr_db_can_compress(db))
        mr_log_warning("compress=1 is said of the link to the %s, but what answers there does not "
                       "compress: rows come as they are",
                       mr_side_name(side));
    mr_log_info("compress=1 is said of the link to the %s: the servers compute the digests, until "
                "rows are found to come faster (--digest client reads rows)",
                mr_side_name(side));
}

/* The readers of that side connect later than this. */
static void spare_link(struct mr_check_run *check, enum mr_side side, bool compresses,
                       const struct mr_line *line)
{
    const struct mr_server_side *own = &check->pairing.side[side];
    char carries[MR_LINE_TEXT];
    mr_line_text(line, carries);
    mr_source_compress(own->source);
    if (own->view != NULL)
        mr_source_compress(own->view);
    mr_log_info("the link to the %s carries %s, %.1f ms away: the servers compute the "
                "digests, until rows are found to come faster (--digest client reads rows)%s",
                mr_side_name(side), carries, line->trip_s * 1000,
                compresses ? ", and rows come compressed (compress=0 in its URI: they do not)"
                           : "");
}

/* Of one side: is its link slow? */
static enum mr_code try_link(struct mr_check_run *check, enum mr_side side, struct mr_db *db,
                             struct mr_line *line, bool *slow, struct mr_err *err)
{
    const enum mr_protocol_compress said = mr_db_compress(db);
    *slow = said == MR_COMPRESS_ON;
    if (*slow) {
        MR_TRY(mr_line_trip(db, &line->trip_s, err));
        say_asked(side, db);
        return MR_OK;
    }
    MR_TRY(mr_line_measure(db, line, err));
    *slow = mr_line_is_slow(line);
    if (*slow)
        spare_link(check, side, said != MR_COMPRESS_OFF && mr_db_can_compress(db), line);
    return MR_OK;
}

static enum mr_code try_links(struct mr_check_run *check, struct mr_err *err)
{
    bool digests = false;
    double trip_s = 0;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_line line = {0};
        bool slow = false;
        struct mr_db *db = mr_reader_db(check->pairing.side[side].main);
        enum mr_code code =
            db != NULL ? try_link(check, (enum mr_side)side, db, &line, &slow, err) : MR_OK;
        if (code == MR_E_LOST) /* nothing is known of the link; readers reconnect */
            break;
        MR_TRY(code);
        digests |= slow;
        trip_s = line.trip_s > trip_s ? line.trip_s : trip_s;
    }
    mr_digest_choice_begin(&check->choice, digests, true, trip_s);
    return MR_OK;
}

enum mr_code mr_check_choose_digest(struct mr_check_run *check, struct mr_err *err)
{
    if (mr_side_is_shards(&check->pairing.side[MR_SOURCE])) {
        if (check->opts->digest == MR_DIGEST_SERVER)
            mr_log_info("many sources compute no digests together: --digest client");
        return MR_OK;
    }
    if (has_snapshot(check)) {
        if (check->opts->digest == MR_DIGEST_SERVER)
            mr_log_info("a snapshot computes no digests: --digest client");
        return MR_OK;
    }
    if (check->opts->digest == MR_DIGEST_AUTO)
        return try_links(check, err);
    mr_digest_choice_begin(&check->choice, check->opts->digest == MR_DIGEST_SERVER, false, 0);
    return MR_OK;
}
