/* check_sides.c: see check_sides.h. */
#include "recon/check/check_sides.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "recon/check/check_options.h"

/* A link that carries less than this is slow: then digests travel instead of rows. */
#define SLOW_BYTES_S (25.0 * 1024 * 1024)
#define PROBE_BYTES 1000000
#define TEST_WAIT_S 5

enum mr_code mr_check_sides_open(struct mr_check_run *check, struct mr_sides *sides,
                                 const char *const operands[MR_SIDES], struct mr_err *err)
{
    struct mr_sides_opts opts = {.run_tag = check->run.uuid,
                                 .statement_timeout_s = check->opts->statement_timeout_s,
                                 .ask_password = check->opts->ask_password,
                                 .consistent = check->opts->consistent,
                                 .open_snapshot = check->open_snapshot};
    check->pairing.side = sides->side;
    return mr_sides_open(sides, operands, &opts, &check->arena, err);
}

static bool has_snapshot(const struct mr_check_run *check)
{
    return mr_side_is_snapshot(&check->pairing.side[MR_SOURCE]) ||
           mr_side_is_snapshot(&check->pairing.side[MR_TARGET]);
}

/* Tries one direction; a relation that is found ends the search. */
static enum mr_code relate(struct mr_check_run *check, enum mr_side up,
                           struct mr_strbuf *note, struct mr_err *err)
{
    struct mr_db *a = mr_reader_db(check->pairing.side[up].main);
    struct mr_db *b = mr_reader_db(check->pairing.side[mr_other_side(up)].main);
    mr_strbuf_reset(note);
    if (a == NULL || b == NULL)
        return mr_err_set(err, MR_E_LOST, "a connection is gone");
    check->upstream = up;
    return mr_replication_relation(a, b, &check->relation, note, err);
}

/*
 * What cannot be seen may have stopped: a relation that only GTID state proves counts
 * while the downstream side really catches up; else rounds are --settle apart.
 */
static enum mr_code test_catching_up(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_db *up = mr_reader_db(check->pairing.side[check->upstream].main);
    struct mr_db *down =
        mr_reader_db(check->pairing.side[mr_other_side(check->upstream)].main);
    struct mr_strbuf position = MR_STRBUF_INIT;
    bool reached = false;
    if (check->relation_seen)
        return MR_OK;
    enum mr_code code = mr_replication_position(up, &position, err);
    if (code == MR_OK && position.len > 0)
        code = mr_replication_wait(down, position.ptr, TEST_WAIT_S, &reached, err);
    check->follows = reached;
    mr_strbuf_release(&position);
    return code;
}

/*
 * The target follows the source, or the source the target.  "Unknown" one way and
 * "follows" the other is "follows"; a stopped replica is said so and compared as it is.
 */
enum mr_code mr_check_relate(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT, back = MR_STRBUF_INIT;
    if (has_snapshot(check)) {
        check->upstream = MR_SOURCE;
        check->relation = MR_RELATION_NONE;
        return MR_OK;
    }
    enum mr_code code = relate(check, MR_SOURCE, &note, err);
    enum mr_relation forward = check->relation;
    if (code == MR_OK && forward != MR_RELATION_FOLLOWS &&
        forward != MR_RELATION_STOPPED) {
        code = relate(check, MR_TARGET, &back, err);
        bool better = check->relation == MR_RELATION_FOLLOWS ||
                      check->relation == MR_RELATION_STOPPED;
        if (code == MR_OK && !better) {
            check->upstream = MR_SOURCE;
            check->relation = forward;
        }
    }
    const struct mr_strbuf *said = check->upstream == MR_SOURCE ? &note : &back;
    check->follows = code == MR_OK && check->relation == MR_RELATION_FOLLOWS;
    check->relation_seen = strstr(said->ptr, "GRANT") == NULL;
    if (check->follows)
        code = test_catching_up(check, err);
    if (code == MR_OK && said->len > 0) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_strbuf_add_fmt(&text, "%s to %s: %s", mr_side_name(check->upstream),
                          mr_side_name(mr_other_side(check->upstream)), said->ptr);
        check->run.replication = mr_arena_strdup(&check->arena, text.ptr);
        if (!check->follows)
            mr_strbuf_add_fmt(&text,
                              "; rows that differ are read again --settle seconds "
                              "later (%g)",
                              check->opts->settle_ms / 1000.0);
        if (check->relation == MR_RELATION_STOPPED || !check->relation_seen)
            mr_log_warning("replication, %s", text.ptr);
        else if (check->relation == MR_RELATION_NONE)
            mr_log_info("replication, %s", text.ptr);
        else
            mr_log_detail("replication, %s", text.ptr);
        mr_strbuf_release(&text);
    }
    mr_strbuf_release(&note);
    mr_strbuf_release(&back);
    return code;
}

/* Bytes a second that the slower of the two links carries, from one short statement. */
static enum mr_code measure(struct mr_db *db, double *bytes_s, struct mr_err *err)
{
    static const char sql[] = "SELECT REPEAT('x', 1000000)";
    struct mr_result *res = NULL;
    double begun = mr_clock_now_s();
    enum mr_code code = mr_db_query(db, sql, sizeof sql - 1, &res, err);
    double took = mr_clock_now_s() - begun;
    *bytes_s = PROBE_BYTES / (took > 1e-6 ? took : 1e-6);
    mr_result_free(res);
    return code;
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
        double best = 0;
        for (int i = 0; code == MR_OK && db != NULL && i < 3; i++) {
            double bytes_s = 0;
            code = measure(db, &bytes_s, err);
            if (code == MR_E_LOST) /* nothing is known of the link; readers reconnect */
                return MR_OK;
            best = bytes_s > best ? bytes_s : best;
        }
        if (code == MR_OK && db != NULL && best < SLOW_BYTES_S) {
            check->server_digest = true;
            mr_log_info("the link to the %s carries %.1f MiB/s: the servers compute the "
                        "digests (--digest client reads rows instead)",
                        mr_side_name((enum mr_side)side), best / (1024 * 1024));
        }
    }
    return code;
}
