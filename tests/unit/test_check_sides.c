/* test_check_sides.c: how both sides are opened, and who computes the digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture.h"
#include "check_world.h"
#include "core/db/line.h"
#include "recon/check/check_sides.h"

static struct {
    struct mr_line lines[MR_SIDES]; /* as they are measured */
    enum mr_code line_code;
    unsigned measured, trips, reconnects;
    enum mr_code reconnect_code;
    struct mr_sides_opts opts; /* that the sides were opened with */
    const char *operands[MR_SIDES];
    enum mr_protocol_compress said; /* of both links */
    bool cannot;                    /* compress */
} fake;

bool __wrap_mr_db_can_compress(const struct mr_db *db);
bool __wrap_mr_db_can_compress(const struct mr_db *db)
{
    (void)db;
    return !fake.cannot;
}

enum mr_protocol_compress __wrap_mr_db_compress(const struct mr_db *db);
enum mr_protocol_compress __wrap_mr_db_compress(const struct mr_db *db)
{
    (void)db;
    return fake.said;
}

enum mr_code __wrap_mr_line_measure(struct mr_db *db, struct mr_line *line, struct mr_err *err);
enum mr_code __wrap_mr_line_measure(struct mr_db *db, struct mr_line *line, struct mr_err *err)
{
    (void)db;
    if (fake.line_code != MR_OK)
        return mr_err_set(err, fake.line_code, "it does not answer");
    *line = fake.lines[fake.measured++];
    return MR_OK;
}

enum mr_code __wrap_mr_line_trip(struct mr_db *db, double *trip_s, struct mr_err *err);
enum mr_code __wrap_mr_line_trip(struct mr_db *db, double *trip_s, struct mr_err *err)
{
    (void)db;
    (void)err;
    fake.trips++;
    *trip_s = 0.25;
    return MR_OK;
}

enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err);
enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err)
{
    (void)db;
    (void)attempts;
    fake.reconnects++;
    return fake.reconnect_code == MR_OK ? MR_OK
                                        : mr_err_set(err, fake.reconnect_code, "it is gone");
}

enum mr_code __wrap_mr_sides_open(struct mr_sides *sides, const char *const uris[MR_SIDES],
                                  const struct mr_sides_opts *opts, struct mr_arena *arena,
                                  struct mr_err *err);
enum mr_code __wrap_mr_sides_open(struct mr_sides *sides, const char *const uris[MR_SIDES],
                                  const struct mr_sides_opts *opts, struct mr_arena *arena,
                                  struct mr_err *err)
{
    (void)sides;
    (void)arena;
    (void)err;
    fake.opts = *opts;
    memcpy(fake.operands, uris, sizeof fake.operands);
    return MR_OK;
}

static void begin(struct world *w)
{
    memset(&fake, 0, sizeof fake);
    world_begin(w);
    graph_table(&w->g, "t", "id", NULL);
    world_plan(w, "");
}

static void test_open(void **state)
{
    static const char *const operands[MR_SIDES] = {"mysql://a/", "mysql://b/"};
    struct world w;
    struct mr_sides sides = {0};
    (void)state;
    begin(&w);
    w.options.statement_timeout_s = 7;
    w.options.login.ask_password = true;
    w.options.consistent = true;
    assert_int_equal(mr_check_sides_open(&w.check, &sides, operands, NULL), MR_OK);
    assert_string_equal(fake.opts.run_tag, w.check.run.uuid);
    assert_int_equal(fake.opts.statement_timeout_s, 7);
    assert_true(fake.opts.login.ask_password);
    assert_true(fake.opts.consistent);
    assert_ptr_equal(fake.operands[MR_TARGET], operands[MR_TARGET]);
    assert_ptr_equal(w.check.pairing.side, sides.side);
    w.check.pairing.side = w.g.servers;
    world_end(&w);
}

static void test_main_connection(void **state)
{
    static const struct {
        bool silent, lost;
        enum mr_code reconnect, code;
        unsigned reconnects;
    } cases[] = {
        {false, false, MR_OK, MR_OK, 0},
        {false, true, MR_OK, MR_OK, 1},
        {false, true, MR_E_CHANGED, MR_E_CHANGED, 1},
        {true, false, MR_OK, MR_E_LOST, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        struct mr_db *db = NULL;
        begin(&w);
        w.side[MR_TARGET].silent = cases[i].silent;
        world_server.lost = cases[i].lost;
        fake.reconnect_code = cases[i].reconnect;
        assert_int_equal(mr_check_main(&w.check, MR_TARGET, &db, &err), cases[i].code);
        assert_int_equal(fake.reconnects, cases[i].reconnects);
        assert_int_equal(db == NULL, cases[i].silent);
        world_end(&w);
    }
}

#define FAST                                                                                       \
    {                                                                                              \
        1e9, .001                                                                                  \
    }
#define SLOW                                                                                       \
    {                                                                                              \
        1e6, .1                                                                                    \
    }

/* Where one of the lines is slow the servers compute, to begin with; the longer one counts. */
static void test_digest(void **state)
{
    static const struct {
        const char *what;
        enum mr_digest_mode mode;
        const char *slow; /* lines, by their number */
        enum mr_code fail;
        bool snapshot, digests, adapts;
        unsigned measured;
    } cases[] = {
        {"as told: servers", MR_DIGEST_SERVER, "01", MR_OK, false, true, false, 0},
        {"as told: here", MR_DIGEST_CLIENT, "01", MR_OK, false, false, false, 0},
        {"both are fast", MR_DIGEST_AUTO, "", MR_OK, false, false, true, 2},
        {"to the source slow", MR_DIGEST_AUTO, "0", MR_OK, false, true, true, 2},
        {"to the target slow", MR_DIGEST_AUTO, "1", MR_OK, false, true, true, 2},
        {"a lost connection", MR_DIGEST_AUTO, "01", MR_E_LOST, false, false, true, 0},
        {"a server that refuses", MR_DIGEST_AUTO, "01", MR_E_SQL, false, false, false, 0},
        {"a snapshot has none", MR_DIGEST_SERVER, "01", MR_OK, true, false, false, 0},
        {"a snapshot is not asked", MR_DIGEST_AUTO, "01", MR_OK, true, false, false, 0},
    };
    static const struct mr_line lines[] = {FAST, SLOW};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        const struct mr_digest_choice *choice = &w.check.choice;
        begin(&w);
        if (cases[i].snapshot)
            world_snapshot(&w, MR_SOURCE);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            fake.lines[side] = lines[strchr(cases[i].slow, '0' + side) != NULL];
        fake.line_code = cases[i].fail;
        w.options.digest = cases[i].mode;
        assert_int_equal(mr_check_choose_digest(&w.check, &err),
                         cases[i].fail == MR_E_LOST ? MR_OK : cases[i].fail);
        if (choice->digests != cases[i].digests || choice->adapts != cases[i].adapts ||
            fake.measured != cases[i].measured)
            fail_msg("%s: %d %d, %u measured", cases[i].what, choice->digests, choice->adapts,
                     fake.measured);
        if (fake.measured == MR_SIDES)
            assert_true((choice->trip_s > .05) == (cases[i].slow[0] != 0));
        world_end(&w);
    }
}

static unsigned compressed;

static void compress(struct mr_source *src)
{
    (void)src;
    compressed++;
}

/* Only what comes over the slow line, and its view as well. */
static void test_compress(void **state)
{
    static const struct mr_line lines[] = {FAST, SLOW};
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w);
    struct mr_source_ops ops = *w.side[MR_TARGET].base.ops;
    ops.compress = compress;
    w.side[MR_TARGET].base.ops = &ops;
    memcpy(fake.lines, lines, sizeof lines);
    w.options.digest = MR_DIGEST_AUTO;
    w.g.servers[MR_TARGET].view = w.g.servers[MR_TARGET].source;
    assert_int_equal(mr_check_choose_digest(&w.check, &err), MR_OK);
    w.g.servers[MR_TARGET].view = NULL;
    assert_true(w.check.choice.digests);
    assert_int_equal(compressed, 2);
    world_end(&w);
}

/* Where nobody compresses it is not promised. */
static void test_cannot_compress(void **state)
{
    static const struct mr_line lines[] = {FAST, SLOW};
    static const enum mr_protocol_compress said[] = {MR_COMPRESS_UNSAID, MR_COMPRESS_ON};
    (void)state;
    for (size_t i = 0; i < LEN(said); i++) {
        struct world w;
        struct mr_err err = {0};
        static struct capture c;
        begin(&w);
        fake.said = said[i];
        fake.cannot = true;
        memcpy(fake.lines, lines, sizeof lines);
        w.options.digest = MR_DIGEST_AUTO;
        mr_log_set_level(MR_LOG_INFO);
        capture_begin(&c, CAPTURE_FILE, 0);
        const enum mr_code code = mr_check_choose_digest(&w.check, &err);
        capture_end(&c);
        mr_log_set_level(MR_LOG_WARNING);
        assert_int_equal(code, MR_OK);
        assert_true(w.check.choice.digests);
        assert_int_equal(capture_count(&c, "rows come compressed"), 0);
        assert_int_equal(capture_count(&c, "does not compress: rows come as they are"),
                         said[i] == MR_COMPRESS_ON ? 2 : 0);
        world_end(&w);
    }
}

/* A probe that comes compressed says nothing of the link: it is slow, by who asked for that. */
static void test_asked(void **state)
{
    static const struct mr_line lines[] = {FAST, FAST};
    static const enum mr_protocol_compress said[] = {MR_COMPRESS_UNSAID, MR_COMPRESS_OFF,
                                                     MR_COMPRESS_ON};
    (void)state;
    for (size_t i = 0; i < LEN(said); i++) {
        struct world w;
        struct mr_err err = {0};
        begin(&w);
        fake.said = said[i];
        memcpy(fake.lines, lines, sizeof lines);
        w.options.digest = MR_DIGEST_AUTO;
        assert_int_equal(mr_check_choose_digest(&w.check, &err), MR_OK);
        assert_int_equal(w.check.choice.digests, said[i] == MR_COMPRESS_ON);
        assert_int_equal(fake.trips, said[i] == MR_COMPRESS_ON ? 2 : 0);
        assert_int_equal(fake.measured, said[i] == MR_COMPRESS_ON ? 0 : 2);
        world_end(&w);
    }
    fake.said = MR_COMPRESS_UNSAID;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_main_connection),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_compress),
        cmocka_unit_test(test_cannot_compress),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
