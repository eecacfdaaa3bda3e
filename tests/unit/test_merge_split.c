/* test_merge_split.c: --split-at TIME, as a column has it. */
#include "merge_world.h"

#include "core/row/when.h"
#include "repair/merge/merge_split.h"

static const char *server_utc; /* what TARGET makes of a time without a zone */
static size_t asked;
static int dummy;

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *text,
                                     struct mr_err *err)
{
    (void)db, (void)err;
    asked++;
    assert_string_equal(sql,
                        "SELECT CONVERT_TZ('2026-04-02 12:00:00', @@GLOBAL.time_zone, '+00:00')");
    mr_strbuf_add_str(text, server_utc);
    return MR_OK;
}

static struct mr_when split;

static struct world *build(const char *type, const char *at)
{
    struct world *w = world_new();
    char columns[48];
    (void)snprintf(columns, sizeof columns, "id:int# made:%s?@", type);
    world_table(w, "t", columns);
    world_open(w);
    assert_int_equal(mr_when_parse(&split, at, NULL), MR_OK);
    w->options.split_at = &split;
    server_utc = "2026-04-02 10:00:00";
    asked = 0;
    return w;
}

/* A row's time, of a type, and TIME → -1 before it, 1 at or after it, 0 it does not tell. */
static void test_side(void **state)
{
    const struct {
        const char *type, *at, *made;
        int side;
    } cases[] = {
        {"datetime", "2026-04-02 12:00:00", "2026-04-02 11:59:59", -1},
        {"datetime", "2026-04-02 12:00:00", "2026-04-02 12:00:00", 1},
        {"datetime", "2026-04-02 12:00:00", "NULL", 0},
        {"datetime", "2026-04-02 12:00:00", "0000-00-00 00:00:00", 0},
        {"datetime", "2026-04-02 12:00:00", "0000-01-01 00:00:00", 0},
        {"datetime", "2026-04-02 12:00:00", "2026-00-00 00:00:00", -1},
        {"datetime", "2026-04-02 12:00:00", "9999-12-31 23:59:59", 1},
        /* with a zone: its wall clock for DATETIME, that instant for TIMESTAMP */
        {"datetime", "2026-04-02 12:00:00+05:00", "2026-04-02 11:59:59", -1},
        {"stamp", "2026-04-02 12:00:00+05:00", "2026-04-02 07:00:00", 1},
        {"stamp", "2026-04-02 12:00:00+05:00", "2026-04-02 06:59:59", -1},
        {"stamp", "2026-04-02 01:00:00+05:00", "2026-04-01 20:00:00", 1}, /* the day before */
        /* without one: in TARGET's */
        {"stamp", "2026-04-02 12:00:00", "2026-04-02 10:00:00", 1},
        {"stamp", "2026-04-02 12:00:00", "2026-04-02 09:59:59", -1},
        /* a DATE on the day of a TIME within it is neither */
        {"date", "2026-04-02 12:00:00", "2026-04-02", 0},
        {"date", "2026-04-02 12:00:00", "2026-04-03", 1},
        {"date", "2026-04-02 12:00:00", "2026-04-01", -1},
        {"date", "2026-04-02 00:00:00", "2026-04-02", 1},
        {"int", "2026-04-02 12:00:00", "20260402", 0}, /* tells nothing */
        {"text", "2026-04-02 12:00:00", "2026-04-03", 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = build(cases[i].type, cases[i].at);
        char row[48];
        int side = 7;
        w->readers[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
        (void)snprintf(row, sizeof row, "1|%s", cases[i].made);
        for (int again = 0; again < 2; again++)
            world_run(w, mr_merge_split_side(&w->m, &w->planned[0], 1, world_image(w, 0, row),
                                             &side, &w->err));
        if (side != cases[i].side || asked > 1)
            fail_msg("case %zu: %d, asked %zu", i, side, asked);
        world_free(w);
    }
}

static void test_says_nothing(void **state)
{
    struct world *w = build("datetime", "2026-04-02 12:00:00");
    int side = 7;
    (void)state;
    world_run(w, mr_merge_split_side(&w->m, &w->planned[0], MR_NO_COLUMN, (struct mr_key){0}, &side,
                                     &w->err));
    assert_int_equal(side, 0);
    w->options.split_at = NULL;
    side = 7;
    world_run(w, mr_merge_split_side(&w->m, &w->planned[0], 1, (struct mr_key){0}, &side, &w->err));
    assert_int_equal(side, 0);
    world_free(w);
}

/* Why TIME cannot say where the past of a table ends. */
static void test_misses(void **state)
{
    const struct {
        const char *type, *at, *words;
    } cases[] = {{"datetime", "2026-04-02 12:00:00", NULL},
                 {"date", "2026-04-02 00:00:00", NULL},
                 {"date", "2026-04-02 00:00:01", "is a DATE"},
                 {"int", "2026-04-02 00:00:00", NULL}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = build(cases[i].type, cases[i].at);
        const char *why = mr_merge_split_misses(&w->planned[0], &split);
        if ((why == NULL) != (cases[i].words == NULL) ||
            (why != NULL && strstr(why, cases[i].words) == NULL))
            fail_msg("case %zu: %s", i, why);
        w->planned[0].time_at = MR_NO_COLUMN;
        assert_non_null(strstr(mr_merge_split_misses(&w->planned[0], &split), "no time-column"));
        world_free(w);
    }
}

/* A TIMESTAMP and a DATETIME of one plan are asked for once each, and are two times. */
static void test_both(void **state)
{
    struct world *w = build("stamp", "2026-04-02 12:00:00");
    struct mr_time time;
    (void)state;
    w->readers[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    const size_t other = world_table(w, "u", "id:int# made:datetime?@");
    for (int i = 0; i < 2; i++) {
        world_run(w, mr_merge_split_time(&w->m, &w->planned[0], 1, &time, &w->err));
        assert_int_equal(time.hour, 10);
        world_run(w, mr_merge_split_time(&w->m, &w->planned[other], 1, &time, &w->err));
        assert_int_equal(time.hour, 12);
    }
    assert_int_equal(asked, 1);
    world_free(w);
}

/* A time that nobody can tell the instant of is refused, and not taken as it is written. */
static void test_refused(void **state)
{
    struct world *w = build("stamp", "2026-04-02 12:00:00");
    struct mr_time time;
    (void)state;
    world_refuse(w, mr_merge_split_time(&w->m, &w->planned[0], 1, &time, &w->err), MR_E_LOST,
                 "connection to the target");
    w->readers[MR_TARGET].db = (struct mr_db *)(void *)&dummy;
    server_utc = ""; /* NULL: no time zone tables */
    world_refuse(w, mr_merge_split_time(&w->m, &w->planned[0], 1, &time, &w->err), MR_E_USAGE,
                 "Give the time with a zone");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_side),    cmocka_unit_test(test_says_nothing),
        cmocka_unit_test(test_misses),  cmocka_unit_test(test_both),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
