/* test_merge_bounds.c: where the common past of each table ends, and what the case keeps. */
#include "told_world.h"

#include "core/row/when.h"
#include "core/schema/sequence.h"
#include "repair/merge/merge_bounds.h"

enum { MEMBERS, LOG };

static uint64_t server_next, server_greatest; /* what TARGET says of its counter */
static int dummy;

enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest,
                                             struct mr_err *err);
enum mr_code __wrap_mr_schema_auto_increment(struct mr_db *db, const struct mr_table *table,
                                             uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    (void)db, (void)table, (void)err;
    *next = server_next;
    *greatest = server_greatest;
    return MR_OK;
}

enum mr_code __wrap_mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                                     struct mr_sequence *out, struct mr_err *err);
enum mr_code __wrap_mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                                     struct mr_sequence *out, struct mr_err *err)
{
    (void)db, (void)dbname, (void)name, (void)err;
    *out = (struct mr_sequence){.next = server_next};
    return MR_OK;
}

static void build_of(struct world *w, const char *members)
{
    world_begin(w);
    world_table(w, "members", members);
    world_table(w, "log", "id:uint# note:text?");
    world_open(w);
    w->mains[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    w->cat[MR_TARGET].server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL, .version = 90000};
    w->m.target = "mysql://a@new/";
    server_next = 100;
    server_greatest = 50;
}

static void build(struct world *w)
{
    build_of(w, "id:int# mobile:text! made:datetime?@");
}

#define KEPT "SELECT tbl, base, base_origin, fresh, fresh_origin, first_next FROM plan_bound"

/* Told by a key, by a time, or by equal rows; the nearer word counts. */
static void test_base(void **state)
{
    static const struct mr_merge_split_key keys[] = {{"D.Members", 7}, {"d.members", 8}};
    const struct {
        size_t nkeys;
        bool config, time;
        const char *kept;
    } cases[] = {
        {0, false, false, "d.members 3 equal rows - - 100"},
        {0, false, true, "d.members 5 split-at - - 100"},
        {0, true, true, "d.members 9 split-key - - 100"},
        {1, true, true, "d.members 7 split-key - - 100"},
        {2, true, true, "d.members 8 split-key - - 100"}, /* the last one that was said */
    };
    struct mr_when split = {0};
    (void)state;
    assert_int_equal(mr_when_parse(&split, "2026-04-02 12:00:00", NULL), MR_OK);
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_both(w, MEMBERS, "3|c|2026-01-01");
        world_source(w, MEMBERS, "4|d|2026-05-01");
        world_target(w, MEMBERS, "5|e|2026-04-02 11:59:59");
        world_source(w, MEMBERS, "6|f|2026-04-02 12:00:00");
        world_target(w, MEMBERS, "7|g|NULL");
        w->options.split_keys = keys;
        w->options.nsplit_keys = cases[i].nkeys;
        w->options.split_at = cases[i].time ? &split : NULL;
        w->tables[MEMBERS].config.has_split_key = cases[i].config;
        w->tables[MEMBERS].config.split_key = 9;
        world_run(w, mr_merge_bounds_find(&w->m, &w->err));
        const char *got = world_ask(w, KEPT " WHERE tbl='d.members'");
        if (strcmp(got, cases[i].kept) != 0)
            fail_msg("case %zu: %s", i, got);
        assert_true(w->merged[MEMBERS].bound.is_stated == (i > 0));
        world_free(w);
    }
}

/* Of tables whose names differ in capitals, a key is that of the one that it writes. */
static void test_capitals(void **state)
{
    static const struct mr_merge_split_key keys[] = {
        {"d.Log", 7}, {"d.log", 8}, {"D.MEMBERS", 9}, {"D.LOG", 6}};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    world_begin(w);
    world_table(w, "Log", "id:int# note:text?");
    world_table(w, "log", "id:int# note:text?");
    world_table(w, "members", "id:int# note:text?");
    world_open(w);
    w->mains[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    w->options.split_keys = keys;
    w->options.nsplit_keys = 3;
    world_run(w, mr_merge_bounds_find(&w->m, &w->err));
    world_expect(w, "SELECT tbl, base FROM plan_bound ORDER BY tbl",
                 "d.Log 7; d.log 8; d.members 9");
    w->options.nsplit_keys = 4;
    assert_int_equal(mr_merge_bounds_find(&w->m, &w->err), MR_E_USAGE);
    assert_non_null(strstr(w->err.message, "several tables are \"D.LOG\" but for capitals"));
    world_free(w);
}

/* What the case knows from its first plan is not inferred again; a new word counts all the
 * same, and U was that of the other bound. */
static void test_kept(void **state)
{
    static const struct mr_merge_split_key key = {"d.members", 7}, same = {"d.members", 2};
    const struct {
        const struct mr_merge_split_key *key;
        const char *kept;
    } cases[] = {
        {NULL, "d.members 2 equal rows 6 collision 40"},
        {&key, "d.members 7 split-key - - 40"},
        {&same, "d.members 2 split-key 6 collision 40"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_both(w, MEMBERS, "3|c|NULL"); /* a merge has made it equal */
        world_sql(w, "CREATE TABLE plan_bound (tbl TEXT PRIMARY KEY, base INT, base_origin TEXT,"
                     " fresh INT, fresh_origin TEXT, first_next TEXT) STRICT;"
                     "INSERT INTO plan_bound VALUES ('d.members', 2, 'equal rows', 6, 'collision',"
                     " '40')");
        w->options.split_keys = cases[i].key;
        w->options.nsplit_keys = cases[i].key != NULL;
        world_run(w, mr_merge_bounds_find(&w->m, &w->err));
        const char *got = world_ask(w, KEPT " WHERE tbl='d.members'");
        if (strcmp(got, cases[i].kept) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Of a counter that goes up to 2^64-1, what the case keeps are the bits. */
static void test_unsigned(void **state)
{
    static const struct mr_merge_split_key key = {"d.log", UINT64_MAX - 1};
    struct world *w = calloc(1, sizeof *w);
    struct mr_merge_bound bound;
    bool known = false;
    (void)state;
    build(w);
    w->options.split_keys = &key;
    w->options.nsplit_keys = 1;
    server_next = UINT64_MAX;
    world_run(w, mr_merge_bounds_find(&w->m, &w->err));
    world_expect(w, KEPT " WHERE tbl='d.log'", "d.log -2 split-key - - 18446744073709551615");
    world_run(w,
              mr_merge_bounds_load(w->m.cf, &w->planned[LOG], &bound, &w->arena, &known, &w->err));
    assert_true(known && bound.base == INT64_MAX - 1 && bound.first_next == UINT64_MAX);
    world_run(w, mr_merge_bounds_fresh(&w->m, &w->merged[LOG], &w->err));
    assert_true(w->merged[LOG].bound.has_fresh && w->merged[LOG].bound.fresh == INT64_MAX);
    world_run(w, mr_merge_bounds_keep(&w->m, &w->merged[LOG], &w->err));
    world_expect(w, KEPT " WHERE tbl='d.log'",
                 "d.log -2 split-key -1 counter 18446744073709551615");
    world_free(w);
}

/* TARGET's counter, as the case first saw it. */
static void test_first_next(void **state)
{
    const struct {
        enum mr_flavour flavour;
        unsigned version;
        uint64_t next, greatest;
        bool sequence;
        const char *first;
    } cases[] = {
        {MR_FLAVOUR_MYSQL, 80000, 100, 50, false, "100"},
        {MR_FLAVOUR_MYSQL, 80000, 0, 50, false, "51"}, /* CREATE TABLE states none */
        {MR_FLAVOUR_MYSQL, 80000, 0, 0, false, "1"},
        {MR_FLAVOUR_MYSQL, 50744, 100, 50, false, "0"}, /* forgets it at a restart */
        {MR_FLAVOUR_MARIADB, 100203, 100, 50, false, "0"},
        {MR_FLAVOUR_MARIADB, 100204, 100, 50, false, "100"},
        {MR_FLAVOUR_MARIADB, 100203, 100, 50, true, "100"}, /* a sequence does not */
        {MR_FLAVOUR_MYSQL, 80000, 0, UINT64_MAX, false, "18446744073709551615"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        w->cat[MR_TARGET].server.flavour = cases[i].flavour;
        w->cat[MR_TARGET].server.version = cases[i].version;
        server_next = cases[i].next;
        server_greatest = cases[i].greatest;
        w->planned[MEMBERS].sequence = cases[i].sequence ? "s" : NULL;
        world_run(w, mr_merge_bounds_find(&w->m, &w->err));
        const char *got = world_ask(w, "SELECT first_next FROM plan_bound WHERE tbl='d.members'");
        if (strcmp(got, cases[i].first) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* The first key that two identities hold, or the counter, whichever is smaller. */
static void test_fresh(void **state)
{
    const struct {
        const char *collides; /* of rows 11, 13 and -1 */
        uint64_t next;
        bool known;
        const char *fresh;
    } cases[] = {
        {"0", 0, false, "- -"},
        {"id=2", 0, false, "13 collision"},
        {"id<3", 0, false, "11 collision"},
        {"id=2", 12, false, "12 counter"},
        {"id=2", 13, false, "13 collision"},
        {"0", 10, false, "- -"}, /* not above the past: recorded before the histories parted */
        {"0", 11, false, "11 counter"},
        {"id=3", 11, false, "-1 collision"},
        {"id<3", 11, true, "77 counter"}, /* known already */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char sql[64], got[64];
        build(w);
        struct mr_merge_bound *b = &w->merged[MEMBERS].bound;
        *b = (struct mr_merge_bound){.base = 10, .base_origin = "split-key"};
        b->first_next = cases[i].next;
        b->has_fresh = cases[i].known;
        b->fresh = 77;
        b->fresh_origin = "counter";
        world_row(w, 1, MEMBERS, "11|a|NULL", NULL, NULL);
        world_row(w, 2, MEMBERS, "13|b|NULL", NULL, NULL);
        world_row(w, 3, MEMBERS, "-1|c|NULL", NULL, NULL);
        world_row(w, 4, LOG, "5|x", NULL, "collides=1");
        (void)snprintf(sql, sizeof sql, "UPDATE m SET collides=1 WHERE tbl=0 AND (%s)",
                       cases[i].collides);
        world_sql(w, sql);
        world_run(w, mr_merge_bounds_fresh(&w->m, &w->merged[MEMBERS], &w->err));
        if (b->has_fresh)
            (void)snprintf(got, sizeof got, "%" PRId64 " %s", b->fresh, b->fresh_origin);
        else
            (void)snprintf(got, sizeof got, "- -");
        if (strcmp(got, cases[i].fresh) != 0)
            fail_msg("case %zu: %s", i, got);
        world_free(w);
    }
}

/* Rows above a time that both sides have: it is not believed, of any table. */
static void test_early(void **state)
{
    struct mr_when split = {0};
    (void)state;
    assert_int_equal(mr_when_parse(&split, "2026-04-02 12:00:00", NULL), MR_OK);
    for (int i = 0; i < 2; i++) {
        static const struct mr_merge_split_key key = {"d.log", 0};
        struct world *w = calloc(1, sizeof *w);
        build(w);
        world_both(w, MEMBERS, "3|c|2026-01-01");
        if (i == 1)
            world_both(w, MEMBERS, "4|d|2026-05-01");
        world_both(w, LOG, "7|x");
        world_both(w, LOG, "9|y");
        w->options.split_at = &split;
        w->options.split_keys = &key;
        w->options.nsplit_keys = 1;
        world_run(w, mr_merge_bounds_find(&w->m, &w->err));
        assert_true(w->merged[MEMBERS].bound.is_early == (i == 1));
        assert_int_equal(w->planned[MEMBERS].younger_equal, i);
        /* a key is taken as it is */
        assert_false(w->merged[LOG].bound.is_early);
        assert_int_equal(w->planned[LOG].younger_equal, 2);
        assert_int_equal(mr_counted_number(w->planned[LOG].younger_key, true), 9);
        world_free(w);
    }
}

static void test_refused(void **state)
{
    static const struct mr_merge_split_key slip = {"d.member", 7};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    w->options.split_keys = &slip;
    w->options.nsplit_keys = 1;
    world_refuse(w, mr_merge_bounds_find(&w->m, &w->err), MR_E_USAGE,
                 "Did you mean \"d.members\"?");
    w->options.nsplit_keys = 0;
    w->tables[MEMBERS].columns[MR_TARGET][0].cls = MR_CLASS_DOUBLE;
    w->tables[MEMBERS].columns[MR_TARGET][0].type = "double";
    world_refuse(w, mr_merge_bounds_find(&w->m, &w->err), MR_E_REFUSED, "is of type double");
    w->tables[MEMBERS].columns[MR_TARGET][0].cls = MR_CLASS_INT;
    w->mains[MR_TARGET].db = NULL;
    world_refuse(w, mr_merge_bounds_find(&w->m, &w->err), MR_E_LOST, "connection to the target");
    world_free(w);
}

/* TARGET has lost what counts a key; or others refer to what a counter makes beside it. */
static void test_uncounted(void **state)
{
    const struct {
        const char *columns, *to;
        enum mr_identity identity;
        bool rows, unique;
        size_t counted; /* column that SOURCE counts */
        const char *words;
    } cases[] = {
        {"id:int* a:text", "id", MR_IDENTITY_DEFAULT, true, false, 0, "and none on the target"},
        {"id:int* a:text", "id", MR_IDENTITY_DEFAULT, false, false, 0, NULL}, /* of no concern */
        {"id:int* a:text", "id", MR_IDENTITY_KEY, true, false, 0, NULL},
        {"id:text* n:int", "n", MR_IDENTITY_DEFAULT, true, false, 1, "would be there twice"},
        {"id:text* n:int", "n", MR_IDENTITY_DEFAULT, true, true, 1, NULL},
        {"id:text* n:int", "id", MR_IDENTITY_DEFAULT, true, false, 1,
         NULL}, /* nobody refers to it */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build_of(w, cases[i].columns);
        world_reference(w, LOG, "id", MEMBERS, cases[i].to);
        w->tables[MEMBERS].columns[MR_SOURCE][cases[i].counted].auto_increment = true;
        w->tables[MEMBERS].config.identity = cases[i].identity;
        if (cases[i].unique)
            world_unique(w, MEMBERS, "u", "n");
        if (cases[i].rows)
            world_look(w, 1, MEMBERS, "1|2", NULL);
        const enum mr_code code = mr_merge_bounds_find(&w->m, &w->err);
        if (code != (cases[i].words != NULL ? MR_E_REFUSED : MR_OK) ||
            (code != MR_OK && strstr(w->err.message, cases[i].words) == NULL))
            fail_msg("case %zu: %d: %s", i, (int)code, w->err.message);
        world_free(w);
    }
}

static void build_few(struct world *w)
{
    static struct mr_when split;
    build(w);
    if (mr_when_parse(&split, "2026-04-02 12:00:00", NULL) != MR_OK)
        abort();
    w->options.split_at = &split;
    world_both(w, MEMBERS, "3|c|2026-01-01");
    world_both(w, LOG, "3|c");
    world_row(w, 1, MEMBERS, "11|a|NULL", NULL, "collides=1");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_merge_bound bound;
    bool known = false;
    MR_TRY(mr_merge_bounds_find(&w->m, err));
    MR_TRY(mr_merge_bounds_fresh(&w->m, &w->merged[MEMBERS], err));
    MR_TRY(mr_merge_bounds_keep(&w->m, &w->merged[MEMBERS], err));
    return mr_merge_bounds_load(w->m.cf, &w->planned[LOG], &bound, &w->arena, &known, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

/* ---- by the logs ---- */

struct logged {
    enum mr_side side;
    const char *row;
};

/* Where the logs say that the past ends, unless rows above belie them: what the case kept before counts
 * then, or else what is inferred. */
static void test_logs(void **state)
{
    const struct {
        const char *what;
        struct logged inserted[4];
        const char *rows[3][2]; /* that are looked at: SOURCE's, TARGET's */
        const char *kept;       /* by an earlier plan: its values in plan_bound; NULL: none */
        const char *bound;
    } cases[] = {
        {"the last key below all that were inserted",
         {{MR_SOURCE, "12|l|NULL"}, {MR_TARGET, "11|t|NULL"}},
         {{"12|l|NULL", NULL}},
         NULL,
         "10 " MR_BOUND_LOGS},
        {"a row above it that no log has inserted",
         {{MR_SOURCE, "12|l|NULL"}},
         {{"12|l|NULL", NULL}, {"13|m|NULL", NULL}},
         NULL,
         "3 equal rows"},
        {"the same, and the case knew better",
         {{MR_SOURCE, "12|l|NULL"}},
         {{"12|l|NULL", NULL}, {"13|m|NULL", NULL}},
         "7, 'split-at'",
         "7 split-at"},
        {"rows that were copied",
         {{MR_SOURCE, "11|s|NULL"}, {MR_TARGET, "11|s|NULL"}},
         {{"11|s|NULL", "11|t|NULL"}},
         NULL,
         "3 equal rows"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct told t;
        world_begin(w);
        world_table(w, "members", "id:int# mobile:text! made:datetime?@");
        world_table(w, "log", "id:uint# note:text?");
        world_open_case(w);
        w->mains[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
        w->cat[MR_TARGET].server =
            (struct mr_server){.flavour = MR_FLAVOUR_MYSQL, .version = 90000};
        w->m.target = "mysql://a@new/";
        server_next = 100;
        server_greatest = 50;
        told_still(w);
        world_both(w, MEMBERS, "3|c|2026-01-01");
        told_begin(w, &t);
        told_table(&t, MEMBERS, MR_WITNESS_GOOD, MR_WITNESS_GOOD);
        for (size_t k = 0; k < 4 && cases[i].inserted[k].row != NULL; k++)
            told_mark(&t, MEMBERS, cases[i].inserted[k].side, cases[i].inserted[k].row,
                      (struct told_mark){.last = cases[i].inserted[k].row});
        told_end(&t);
        for (size_t k = 0; k < 3 && cases[i].rows[k][0] != NULL; k++)
            world_look(w, (int64_t)k + 1, MEMBERS, cases[i].rows[k][0], cases[i].rows[k][1]);
        if (cases[i].kept != NULL) {
            char sql[200];
            world_run(w, mr_merge_bounds_find(&w->m, &w->err));
            (void)snprintf(sql, sizeof sql,
                           "UPDATE plan_bound SET (base, base_origin)=(%s) WHERE tbl='d.members'",
                           cases[i].kept);
            world_sql(w, sql);
            w->merged[MEMBERS].bound = (struct mr_merge_bound){.base_origin = NULL};
        }
        world_run(w, mr_merge_bounds_find(&w->m, &w->err));
        char got[80];
        (void)snprintf(got, sizeof got, "%" PRId64 " %s", w->merged[MEMBERS].bound.base,
                       w->merged[MEMBERS].bound.base_origin);
        if (strcmp(got, cases[i].bound) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),     cmocka_unit_test(test_kept),
        cmocka_unit_test(test_unsigned), cmocka_unit_test(test_first_next),
        cmocka_unit_test(test_fresh),    cmocka_unit_test(test_early),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_uncounted),
        cmocka_unit_test(test_logs),     cmocka_unit_test(test_failures),
        cmocka_unit_test(test_capitals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
