/* test_plan_server.c: what TARGET is recognised by when a plan is carried out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/log.h"
#include "core/db/replication.h"
#include "repair/plan/plan_server.h"

static const char *sources; /* whom TARGET replicates from; NULL: it cannot be asked */
static bool connected;

struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return connected ? (struct mr_db *)&connected : NULL;
}

enum mr_code __wrap_mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *text,
                                           struct mr_err *err);
enum mr_code __wrap_mr_replication_sources(struct mr_db *db, bool *seen, struct mr_strbuf *text,
                                           struct mr_err *err)
{
    (void)db;
    if (sources == NULL)
        return mr_err_set(err, MR_E_LOST, "lost");
    *seen = true;
    mr_strbuf_add_str(text, sources);
    return MR_OK;
}

static void describe(const char *const *source_dbs, const char *const *target_dbs,
                     enum mr_code code, size_t ndbs, const char *from)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_database dbs[MR_SIDES][2] = {{{.name = "club"}, {.name = "shop"}},
                                           {{.name = "club"}, {.name = "live"}}};
    struct mr_catalogue cat[MR_SIDES] = {{.dbs = dbs[0], .ndbs = 2}, {.dbs = dbs[1], .ndbs = 2}};
    const struct mr_endpoint ep[MR_SIDES] = {{0}};
    struct mr_server_side side[MR_SIDES] = {
        {.cat = &cat[0], .ep = &ep[0], .dbs = source_dbs, .ndbs = source_dbs != NULL ? 1 : 0},
        {.cat = &cat[1], .ep = &ep[1], .dbs = target_dbs, .ndbs = target_dbs != NULL ? 1 : 0}};
    struct mr_plan_server server;
    cat[MR_TARGET].server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL,
                                               .version_text = "9.7.4",
                                               .hostname = "db's",
                                               .datadir = "/d/",
                                               .uuid = "u-1",
                                               .server_id = UINT32_MAX,
                                               .port = 65535};
    assert_int_equal(mr_plan_server_describe(side, &arena, &server, NULL), code);
    if (code == MR_OK) {
        assert_int_equal(server.flavour, MR_FLAVOUR_MYSQL);
        assert_string_equal(server.version, "9.7.4");
        assert_string_equal(server.hostname, "db's");
        assert_string_equal(server.datadir, "/d/");
        assert_string_equal(server.uuid, "u-1");
        assert_true(server.server_id == UINT32_MAX && server.port == 65535);
        assert_int_equal(server.ndbs, ndbs);
        if (from == NULL)
            assert_null(server.replicates_from);
        else
            assert_string_equal(server.replicates_from, from);
    }
    mr_arena_release(&arena);
}

static void test_describe(void **state)
{
    static const char *const shop[] = {"shop"}, *const live[] = {"live"};
    (void)state;
    mr_log_set_level(MR_LOG_ERROR);
    connected = true;
    sources = "";
    describe(NULL, NULL, MR_OK, 2, NULL); /* club and live: shop is not on TARGET */
    describe(shop, live, MR_OK, 1, NULL); /* under TARGET's name */
    sources = "primary:3306";
    describe(NULL, NULL, MR_OK, 2, "primary:3306");
    connected = false; /* a snapshot, or gone: nothing is said */
    describe(NULL, NULL, MR_OK, 2, NULL);
    connected = true;
    sources = NULL;
    describe(NULL, NULL, MR_E_LOST, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_describe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
