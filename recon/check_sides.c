/* check_sides.c: see check_sides.h. */
#include "recon/check_sides.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "recon/check_options.h"

/* A link that carries less than this is slow: then digests travel instead of rows. */
#define SLOW_BYTES_S (25.0 * 1024 * 1024)
#define PROBE_BYTES 1000000
#define TEST_WAIT_S 5

static enum mr_code open_endpoint(struct mr_check_run *check,
                                  struct mr_check_sides *sides, enum mr_side side,
                                  const char *operand, struct mr_err *err)
{
    struct mr_endpoint *ep = &sides->ep[side];
    const char *role = side == MR_SOURCE ? "SOURCE" : "TARGET";
    enum mr_code code = mr_endpoint_parse(ep, operand, err);
    if (code == MR_OK && ep->kind != MR_ENDPOINT_MYSQL)
        code = mr_err_set(err, MR_E_USAGE,
                          "snapshot \"%s\": this version compares servers only", ep->dir);
    if (code == MR_OK)
        code = mr_endpoint_from_env(ep, role, err);
    if (code == MR_OK && check->opts->ask_password && ep->password == NULL)
        code = mr_endpoint_ask_password(ep, mr_side_name(side), err);
    return code;
}

/* Databases to load: those that either URI names, by position where both do. */
static enum mr_code load_catalogue(struct mr_check_run *check, enum mr_side side,
                                   struct mr_err *err)
{
    const struct mr_endpoint *own = check->side[side].ep;
    const struct mr_endpoint *other = check->side[mr_other_side(side)].ep;
    const struct mr_endpoint *named = own->ndbs > 0 ? own : other;
    const char **names = mr_arena_calloc(&check->arena, named->ndbs + 1, sizeof *names);
    if (names == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; i < named->ndbs; i++)
        names[i] = named->dbs[i];
    enum mr_code code = mr_source_catalogue(check->side[side].source, names, named->ndbs,
                                            &check->side[side].cat, err);
    if (code != MR_OK)
        mr_err_context(err, "could not read the catalogue of the %s", mr_side_name(side));
    return code;
}

static enum mr_code connect_side(struct mr_check_run *check, struct mr_check_sides *sides,
                                 enum mr_side side, struct mr_err *err)
{
    struct mr_check_side *s = &check->side[side];
    struct mr_err ignored = {0};
    s->ep = &sides->ep[side];
    enum mr_code code = mr_source_live_new(s->ep, &sides->opts, &s->source, err);
    if (code == MR_OK && check->opts->consistent)
        code = mr_source_live_new(s->ep, &sides->view_opts, &s->view, err);
    if (code == MR_OK)
        code = mr_source_reader_new(s->source, &s->main, err);
    if (code != MR_OK) {
        mr_err_context(err, "%s", mr_side_name(side));
        return code;
    }
    if (mr_grants_load(mr_reader_db(s->main), &s->grants, &ignored) != MR_OK)
        mr_log_warning("the grants of the %s account cannot be read: %s",
                       mr_side_name(side), ignored.message);
    return MR_OK;
}

static enum mr_code require_pairs(const struct mr_check_sides *sides, struct mr_err *err)
{
    size_t s = sides->ep[MR_SOURCE].ndbs, t = sides->ep[MR_TARGET].ndbs;
    if (s == 0 || t == 0 || s == t)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "the source names %zu database%s, the target %zu",
                     s, s == 1 ? "" : "s", t);
    mr_err_hint(err, "Databases of the two URIs pair by position; name as many on both "
                     "sides, or on one side only.");
    return MR_E_USAGE;
}

enum mr_code mr_check_sides_open(struct mr_check_run *check, struct mr_check_sides *sides,
                                 const char *const operands[MR_SIDES], struct mr_err *err)
{
    enum mr_code code = MR_OK;
    sides->opts.db.run_tag = check->run.uuid;
    sides->opts.db.statement_timeout_s = check->opts->statement_timeout_s;
    sides->view_opts = sides->opts;
    sides->view_opts.consistent = true;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = open_endpoint(check, sides, (enum mr_side)side, operands[side], err);
    if (code == MR_OK)
        code = require_pairs(sides, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = connect_side(check, sides, (enum mr_side)side, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++)
        code = load_catalogue(check, (enum mr_side)side, err);
    return code;
}

void mr_check_sides_close(struct mr_check_run *check, struct mr_check_sides *sides)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_check_side *s = &check->side[side];
        mr_catalogue_free(s->cat);
        mr_grants_free(s->grants);
        mr_reader_free(s->main);
        mr_source_free(s->view);
        mr_source_free(s->source);
        mr_endpoint_release(&sides->ep[side]);
    }
}

/* Tries one direction; a relation that is found ends the search. */
static enum mr_code relate(struct mr_check_run *check, enum mr_side up,
                           struct mr_strbuf *note, struct mr_err *err)
{
    struct mr_db *a = mr_reader_db(check->side[up].main);
    struct mr_db *b = mr_reader_db(check->side[mr_other_side(up)].main);
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
    struct mr_db *up = mr_reader_db(check->side[check->upstream].main);
    struct mr_db *down = mr_reader_db(check->side[mr_other_side(check->upstream)].main);
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
    check->server_digest = check->opts->digest == MR_DIGEST_SERVER;
    if (check->opts->digest != MR_DIGEST_AUTO)
        return MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        struct mr_db *db = mr_reader_db(check->side[side].main);
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
