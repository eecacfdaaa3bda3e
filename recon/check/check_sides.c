/* check_sides.c: see check_sides.h. */
#include "recon/check/check_sides.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/cli/progress.h"
#include "recon/check/check_options.h"

/* A link that carries less than this is slow: then digests travel instead of rows. */
#define SLOW_BYTES_S (25.0 * 1024 * 1024)
#define PROBE_BYTES 1000000
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
    return mr_db_is_lost(*db) ? mr_db_reconnect(*db, RECONNECTS, err) : MR_OK;
}

static bool has_snapshot(const struct mr_check_run *check)
{
    return mr_side_is_snapshot(&check->pairing.side[MR_SOURCE]) ||
           mr_side_is_snapshot(&check->pairing.side[MR_TARGET]);
}

/* Bytes a second that the slower of the two links carries, from one short statement. */
static enum mr_code measure(struct mr_db *db, double *bytes_s, struct mr_err *err)
{
    static const char sql[] = "SELECT REPEAT('x', 1000000)";
    struct mr_result *res = NULL;
    mr_db_say(db, "measuring what the link carries");
    double begun = mr_clock_now_s();
    enum mr_code code = mr_db_query(db, "n", sql, sizeof sql - 1, &res, err);
    double took = mr_clock_now_s() - begun;
    *bytes_s = PROBE_BYTES / (took > 1e-6 ? took : 1e-6);
    mr_db_say(db, "%s", "");
    mr_result_free(res);
    return code;
}

/* Who asks for compression has said that the link is slow; and what the probe sends would come as
 * nearly nothing. */
static void spare_asked(struct mr_check_run *check, enum mr_side side)
{
    check->server_digest = true;
    mr_log_info(
        "compress=1 is said of the link to the %s: the servers compute the digests (--digest "
        "client reads rows instead)",
        mr_side_name(side));
}

/* The readers of that side connect later than this. */
static void spare_link(struct mr_check_run *check, enum mr_side side, bool compresses,
                       double bytes_s)
{
    const struct mr_server_side *own = &check->pairing.side[side];
    mr_source_compress(own->source);
    if (own->view != NULL)
        mr_source_compress(own->view);
    check->server_digest = true;
    mr_log_info("the link to the %s carries %.1f MiB/s: the servers compute the digests (--digest "
                "client reads rows instead)%s",
                mr_side_name(side), bytes_s / (1024 * 1024),
                compresses ? ", and rows of chunks that differ come compressed (compress=0 in its "
                             "URI: they do not)"
                           : "");
}

/* The best of three tries, since one slow answer says nothing of the link. */
static enum mr_code try_link(struct mr_check_run *check, enum mr_side side, struct mr_db *db,
                             struct mr_err *err)
{
    const enum mr_protocol_compress said = mr_db_compress(db);
    double best = 0;
    if (said == MR_COMPRESS_ON) {
        spare_asked(check, side);
        return MR_OK;
    }
    for (int i = 0; i < 3; i++) {
        double bytes_s = 0;
        MR_TRY(measure(db, &bytes_s, err));
        best = bytes_s > best ? bytes_s : best;
    }
    if (best < SLOW_BYTES_S)
        spare_link(check, side, said != MR_COMPRESS_OFF, best);
    return MR_OK;
}

enum mr_code mr_check_choose_digest(struct mr_check_run *check, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (has_snapshot(check)) {
        if (check->opts->digest == MR_DIGEST_SERVER)
            mr_log_info("a snapshot computes no digests: --digest client");
        return MR_OK;
    }
    check->server_digest = check->opts->digest == MR_DIGEST_SERVER;
    if (check->opts->digest != MR_DIGEST_AUTO)
        return MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        struct mr_db *db = mr_reader_db(check->pairing.side[side].main);
        if (db != NULL)
            code = try_link(check, (enum mr_side)side, db, err);
        if (code == MR_E_LOST) /* nothing is known of the link; readers reconnect */
            return MR_OK;
    }
    return code;
}
