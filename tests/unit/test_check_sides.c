/* test_check_sides.c: how both sides are opened, and who computes the digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_sides.h"

static struct {
    double now, took[6]; /* seconds, of the n-th probe */
    unsigned reads, reconnects;
    enum mr_code reconnect_code;
    struct mr_sides_opts opts; /* that the sides were opened with */
    const char *operands[MR_SIDES];
    enum mr_protocol_compress said; /* of both links */
} fake;

enum mr_protocol_compress __wrap_mr_db_compress(const struct mr_db *db);
enum mr_protocol_compress __wrap_mr_db_compress(const struct mr_db *db)
{
    (void)db;
    return fake.said;
}

/* Read before and after a probe. */
double __wrap_mr_clock_now_s(void);
double __wrap_mr_clock_now_s(void)
{
    if (fake.reads % 2 == 1 && fake.reads / 2 < LEN(fake.took))
        fake.now += fake.took[fake.reads / 2];
    fake.reads++;
    return fake.now;
}

void __wrap_mr_db_say(struct mr_db *db, const char *fmt, ...);
void __wrap_mr_db_say(struct mr_db *db, const char *fmt, ...)
{
    (void)db;
    (void)fmt;
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
    fake.reads = 0;
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

/* The best of three tries a side counts; below 25 MiB a second the servers compute. */
static void test_digest(void **state)
{
    static const struct {
        const char *what;
        enum mr_digest_mode mode;
        double took[6];
        enum mr_code fail; /* of the probes */
        bool snapshot, server;
        enum mr_code code;
        size_t probes;
    } cases[] = {
        {"as told: servers", MR_DIGEST_SERVER, {0}, MR_OK, false, true, MR_OK, 0},
        {"as told: here", MR_DIGEST_CLIENT, {0}, MR_OK, false, false, MR_OK, 0},
        {"both links are fast",
         MR_DIGEST_AUTO,
         {.01, .01, .01, .01, .01, .01},
         MR_OK,
         false,
         false,
         MR_OK,
         6},
        {"two slow answers say nothing",
         MR_DIGEST_AUTO,
         {1, .01, 1, 1, 1, .01},
         MR_OK,
         false,
         false,
         MR_OK,
         6},
        {"the way to the source is slow",
         MR_DIGEST_AUTO,
         {1, 1, 1, .01, .01, .01},
         MR_OK,
         false,
         true,
         MR_OK,
         6},
        {"the way to the target is slow",
         MR_DIGEST_AUTO,
         {.01, .01, .01, 1, 1, 1},
         MR_OK,
         false,
         true,
         MR_OK,
         6},
        {"at once", MR_DIGEST_AUTO, {0}, MR_OK, false, false, MR_OK, 6},
        {"a lost connection says nothing",
         MR_DIGEST_AUTO,
         {1, 1, 1, 1, 1, 1},
         MR_E_LOST,
         false,
         false,
         MR_OK,
         1},
        {"a server that refuses", MR_DIGEST_AUTO, {0}, MR_E_SQL, false, false, MR_E_SQL, 1},
        {"a snapshot computes none", MR_DIGEST_SERVER, {0}, MR_OK, true, false, MR_OK, 0},
        {"a snapshot is not asked",
         MR_DIGEST_AUTO,
         {1, 1, 1, 1, 1, 1},
         MR_OK,
         true,
         false,
         MR_OK,
         0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        const struct world_answer answer = {"REPEAT", "x", cases[i].fail, 0};
        size_t probes = 0;
        begin(&w);
        if (cases[i].snapshot)
            world_snapshot(&w, MR_SOURCE);
        memcpy(fake.took, cases[i].took, sizeof fake.took);
        w.options.digest = cases[i].mode;
        world_answers(&answer, 1);
        assert_int_equal(mr_check_choose_digest(&w.check, &err), cases[i].code);
        for (const char *at = world_server.log.len > 0 ? world_server.log.ptr : "";
             (at = strstr(at, "REPEAT")) != NULL; at++)
            probes++;
        if (w.check.server_digest != cases[i].server || probes != cases[i].probes)
            fail_msg("%s: %d, %zu probes", cases[i].what, w.check.server_digest, probes);
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
    static const double slow[] = {1, 1, 1, 1, 1, 1};
    static const struct world_answer answer = {"REPEAT", "x", MR_OK, 0};
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w);
    struct mr_source_ops ops = *w.side[MR_TARGET].base.ops;
    ops.compress = compress;
    w.side[MR_TARGET].base.ops = &ops;
    memcpy(fake.took, slow, sizeof slow);
    w.options.digest = MR_DIGEST_AUTO;
    world_answers(&answer, 1);
    w.g.servers[MR_TARGET].view = w.g.servers[MR_TARGET].source;
    assert_int_equal(mr_check_choose_digest(&w.check, &err), MR_OK);
    w.g.servers[MR_TARGET].view = NULL;
    assert_true(w.check.server_digest);
    assert_int_equal(compressed, 2);
    world_end(&w);
}

/* A probe that comes compressed says nothing of the link: it is slow, by who asked for that. */
static void test_asked(void **state)
{
    static const struct world_answer answer = {"REPEAT", "x", MR_OK, 0};
    static const enum mr_protocol_compress said[] = {MR_COMPRESS_UNSAID, MR_COMPRESS_OFF,
                                                     MR_COMPRESS_ON};
    (void)state;
    for (size_t i = 0; i < LEN(said); i++) {
        struct world w;
        struct mr_err err = {0};
        begin(&w);
        fake.said = said[i];
        w.options.digest = MR_DIGEST_AUTO;
        world_answers(&answer, 1);
        assert_int_equal(mr_check_choose_digest(&w.check, &err), MR_OK);
        assert_int_equal(w.check.server_digest, said[i] == MR_COMPRESS_ON);
        world_end(&w);
    }
    fake.said = MR_COMPRESS_UNSAID;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),   cmocka_unit_test(test_main_connection),
        cmocka_unit_test(test_digest), cmocka_unit_test(test_compress),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
