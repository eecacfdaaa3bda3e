/* test_check_trail.c: the catalogues of the end come behind the rows that they tell of, and are taken
 * where nothing differs, and nothing fails (check_trail.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/signals.h"
#include "recon/check/check_options.h"
#include "recon/check/check_trail.h"

#define TABLES 3000
#define SLICE 500 /* a third of what is kept open */

static struct mr_table tables[TABLES];
static char names[TABLES][8];
static struct mr_pair pairs[TABLES], *pair_list[TABLES];

/* A server that gives its catalogue slice by slice, the last names first, and asks before each. */
struct server {
    struct mr_source base;
    struct mr_catalogue cat;
    bool by_db;       /* all of the database is one slice */
    size_t slices;    /* that were read */
    size_t not_ready; /* tables of a slice that had rows to be read still */
    enum mr_code fails;
};
static struct server servers[MR_SIDES];
static bool is_read[TABLES];
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;

static void look(struct server *s, size_t from, size_t to)
{
    pthread_mutex_lock(&reading);
    for (size_t i = from; i < to; i++)
        s->not_ready += !is_read[i];
    s->slices++;
    pthread_mutex_unlock(&reading);
}

static enum mr_code catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                              const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                              struct mr_err *err)
{
    struct server *s = (struct server *)src;
    const char *slice[SLICE];
    assert_true(opts->counters);
    *out = NULL;
    if (s->fails != MR_OK)
        return mr_err_set(err, s->fails, "too many connections");
    if (s->by_db) {
        MR_TRY(opts->before(opts->before_ctx, dbs, ndbs, NULL, 0, err));
        look(s, 0, TABLES);
    }
    for (size_t at = TABLES; !s->by_db && at > 0; at -= SLICE) {
        for (size_t i = 0; i < SLICE; i++)
            slice[i] = names[at - SLICE + i];
        MR_TRY(opts->before(opts->before_ctx, dbs, ndbs, slice, SLICE, err));
        look(s, at - SLICE, at);
    }
    *out = calloc(1, sizeof **out);
    return *out != NULL ? MR_OK : mr_err_nomem(err, "a test");
}

static const struct mr_source_ops ops = {.catalogue = catalogue};

struct world {
    struct mr_check_options opts;
    struct mr_check_run check;
    struct mr_server_side sides[MR_SIDES];
    struct mr_vec dbs;
};

static void begin(struct world *w, const char *mistake)
{
    struct mr_err err = {0};
    memset(w, 0, sizeof *w);
    memset(servers, 0, sizeof servers);
    memset(is_read, 0, sizeof is_read);
    w->opts.threads = 4;
    w->opts.consistent = strcmp(mistake, "consistent") == 0;
    w->check.opts = &w->opts;
    w->check.is_resumed = strcmp(mistake, "resumed") == 0;
    w->dbs = (struct mr_vec)MR_VEC_INIT(struct mr_db_pair);
    struct mr_db_pair *db = mr_vec_push(&w->dbs);
    assert_non_null(db);
    db->name[MR_SOURCE] = db->name[MR_TARGET] = "d";
    for (size_t i = 0; i < TABLES; i++) {
        (void)snprintf(names[i], sizeof names[i], "t%04zu", i);
        tables[i] = (struct mr_table){.db = "d", .name = names[i], .data_bytes = 16384};
        pairs[i] =
            (struct mr_pair){.at = i, .side = {&tables[i], &tables[i]}, .join = MR_JOIN_SHARED};
        pair_list[i] = &pairs[i];
    }
    if (strcmp(mistake, "large") == 0)
        tables[7].data_bytes = (uint64_t)1 << 30;
    if (strcmp(mistake, "spilled") == 0)
        pairs[7].join = MR_JOIN_SPILL;
    w->check.pairing.side = w->sides;
    w->check.pairing.tables = pair_list;
    w->check.pairing.ntables = TABLES;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_server_side *s = &w->check.pairing.side[side];
        servers[side].base.ops = &ops;
        servers[side].cat.server = (struct mr_server){
            .flavour = MR_FLAVOUR_MARIADB, .version = 101119, .open_tables = 3 * SLICE};
        s->source = &servers[side].base;
        s->cat = &servers[side].cat;
    }
    if (strcmp(mistake, "dictionary") == 0)
        servers[MR_TARGET].cat.server.flavour = MR_FLAVOUR_MYSQL,
        servers[MR_TARGET].cat.server.version = 80036;
    assert_int_equal(mr_check_trail_begin(&w->check, &w->dbs, 1000, &err), MR_OK);
}

/* Rows of all tables but those that were read by an earlier one, the last names first. */
static void read_rows(struct world *w, size_t until, size_t spoils_at)
{
    for (size_t i = TABLES; i-- > until;) {
        pthread_mutex_lock(&reading);
        is_read[i] = true;
        pthread_mutex_unlock(&reading);
        if (i == spoils_at)
            mr_check_trail_spoil(&w->check);
        mr_check_trail_done(&w->check, &pairs[i]);
        if (i % 3 == 0) /* two segments */
            mr_check_trail_done(&w->check, &pairs[i]);
    }
}

static void expect_rows(struct world *w)
{
    for (size_t i = 0; i < TABLES; i++) {
        mr_check_trail_expect(&w->check, &pairs[i]);
        if (i % 3 == 0)
            mr_check_trail_expect(&w->check, &pairs[i]);
    }
    mr_check_trail_start(&w->check);
}

static void end(struct world *w, bool has)
{
    struct mr_catalogue *cat[MR_SIDES] = {NULL, NULL};
    assert_int_equal(mr_check_trail_take(&w->check, cat), has);
    assert_int_equal(cat[MR_SOURCE] != NULL && cat[MR_TARGET] != NULL, has);
    assert_false(mr_check_trail_take(&w->check, cat));
    mr_check_trail_drop(&w->check);
    assert_null(w->check.trail);
    mr_catalogue_free(cat[MR_SOURCE]);
    mr_catalogue_free(cat[MR_TARGET]);
    mr_vec_release(&w->dbs);
    mr_arena_release(&w->check.arena);
}

static void test_behind_the_rows(void **state)
{
    struct world w;
    (void)state;
    for (int by_db = 0; by_db < 2; by_db++) {
        begin(&w, "");
        servers[MR_TARGET].by_db = by_db;
        expect_rows(&w);
        read_rows(&w, 0, SIZE_MAX);
        mr_check_trail_end(&w.check, false);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            assert_int_equal(servers[side].not_ready, 0);
            assert_int_equal(servers[side].slices, servers[side].by_db ? 1 : TABLES / SLICE);
        }
        end(&w, true);
    }
}

static void test_rows_that_differ(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "");
    expect_rows(&w);
    read_rows(&w, 0, 400);
    mr_check_trail_end(&w.check, false);
    end(&w, false);
    assert_true(servers[MR_SOURCE].slices < TABLES / SLICE);
}

/* Rows that nobody reads any more end it, too; and one side without the other is of no use. */
static void test_what_fails(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "");
    expect_rows(&w);
    read_rows(&w, 1200, SIZE_MAX);
    mr_check_trail_end(&w.check, true);
    end(&w, false);
    begin(&w, ""); /* workers end without an error, and rows are left */
    expect_rows(&w);
    read_rows(&w, 1200, SIZE_MAX);
    mr_check_trail_end(&w.check, false);
    end(&w, false);
    begin(&w, "");
    servers[MR_SOURCE].fails = MR_E_CONNECT;
    expect_rows(&w);
    read_rows(&w, 0, SIZE_MAX);
    mr_check_trail_end(&w.check, false);
    end(&w, false);
    begin(&w, ""); /* before any row */
    expect_rows(&w);
    mr_check_trail_drop(&w.check);
    end(&w, false);
}

static void test_where_it_is_not(void **state)
{
    static const char *const mistakes[] = {"consistent", "resumed", "large", "spilled",
                                           "dictionary"};
    struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        begin(&w, mistakes[i]);
        assert_null(w.check.trail);
        expect_rows(&w);
        read_rows(&w, 0, 3);
        mr_check_trail_end(&w.check, false);
        end(&w, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_behind_the_rows),
        cmocka_unit_test(test_rows_that_differ),
        cmocka_unit_test(test_what_fails),
        cmocka_unit_test(test_where_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
