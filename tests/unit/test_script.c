/* test_script.c: whole scripts of a plan: their frames, their order, and that no statement is one
 * that `repair apply` would refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/signals.h"
#include "core/file/io.h"
#include "place.h"
#include "repair/script/script_shape.h"
#include "script_world.h"

#define INSERT MR_STEP_INSERT
#define UPDATE MR_STEP_UPDATE
#define DELETE MR_STEP_DELETE

static void step(struct world *w, uint64_t level, enum mr_step_op op, size_t table,
                 const char *before, const char *after)
{
    world_step(w, (struct world_step){1, (int64_t)level, level, op, table, before, after, 0});
}

static enum mr_code write_all(struct world *w, struct mr_script_result *result)
{
    for (size_t i = 0; i < w->plan.ntables; i++) { /* as the planner describes them */
        const struct mr_table *live = w->tables[i].pair->side[MR_TARGET];
        w->planned[i].table = w->tables[i].pair->find.name;
        w->planned[i].target_db = live->db;
        w->planned[i].target_name = live->name;
        w->planned[i].decisions[MR_DECIDE_INSERT] = 1;
    }
    w->manifest.planned.ntables = w->plan.ntables;
    memset(&w->err, 0, sizeof w->err);
    return mr_script_write(&w->task, result, &w->err);
}

/* Lines of a script that begin a unit, or say what it does, without what they hold. */
static const char *frame(struct world *w, const struct mr_strbuf *script)
{
    static const char *const lines[] = {"-- unit ",  "-- stage",   "-- aside", "-- locks",
                                        "-- guards", "-- write",   "-- again", "-- end",
                                        "-- proof",  "-- counters"};
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (const char *at = script->ptr; at != NULL && *at != '\0';) {
        const char *stop = strchr(at, '\n');
        for (size_t i = 0; i < LEN(lines); i++)
            if (strncmp(at, lines[i], strlen(lines[i])) == 0) {
                mr_strbuf_add_str(&w->shown, i == 0 ? "\n" : " ");
                mr_strbuf_add(&w->shown, at + 3, (size_t)(stop - at - 3));
            }
        at = stop != NULL ? stop + 1 : NULL;
    }
    return w->shown.ptr;
}

#define CHANGES " stage aside locks guards write again end"

/* A plan of names that need quotes, values that need them, and rows of every kind. */
static void begin(struct world *w)
{
    world_begin(w);
    struct mr_plan_table *p =
        world_table(w, "pe`op'le", "id:int#+ na`me:text?! up:int? size:size sum:int* at:edited");
    world_named(w, p, "na`me");
    world_index(w, p, "first", "na`me", true, 3);
    world_table(w, "no;tes", "id:int# of:int?& k:kind b:bytes?");
    world_table(w, "lo\\g", "a:text? n:real?");
    world_reference(w, 0, "up", 0, "id", true);
    world_reference(w, 1, "of", 0, "id", false);
    w->pairs[1].condition = "`k` = 'x' AND NOT (`b` <=> 'it''s; -- no') -- or none";
    world_live(w, p, "5|Eve|NULL|a|0|2026-04-02 13:05:00|0");
}

static void fill(struct world *w)
{
    static const char at[] = "2026-04-02 13:05:00";
    struct mr_strbuf row[3] = {MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT};
    mr_strbuf_add_fmt(&row[0], "1|o'dd;\\nUSE mysql;\\n-- |NULL|it's|0|%s|0", at);
    mr_strbuf_add_fmt(&row[1], "1|o'dd;\\nUSE mysql;\\n-- |2|it's|0|%s|0", at);
    mr_strbuf_add_fmt(&row[2], "2|\\\\\\0|1||0|%s|1", at);
    const int64_t first =
        world_step(w, (struct world_step){1, 1, 1, INSERT, 0, NULL, row[0].ptr, 0});
    world_step(w, (struct world_step){1, 1, 2, INSERT, 0, NULL, row[2].ptr, 0});
    world_step(w, (struct world_step){1, 1, 3, UPDATE, 0, row[0].ptr, row[1].ptr, first});
    world_step(w, (struct world_step){1, 1, 3, INSERT, 1, NULL, "1|1|x|\\0;\\n", 0});
    world_step(w, (struct world_step){2, 2, 1, INSERT, 1, NULL, "2|1|x|NULL", 0});
    world_step(w, (struct world_step){2, 3, 2, UPDATE, 1, "3|5||x", "3|NULL||y", 0});
    world_step(w, (struct world_step){3, 4, 1, DELETE, 1, "4|1|x|", NULL, 0});
    world_step(w, (struct world_step){3, 4, 2, INSERT, 2, NULL, "NULL|-0.0", 0});
    for (size_t i = 0; i < LEN(row); i++)
        mr_strbuf_release(&row[i]);
}

static void test_frames(void **state)
{
    struct world w;
    struct mr_script_result result = {0};
    (void)state;
    begin(&w);
    fill(&w);
    assert_int_equal(write_all(&w, &result), MR_OK);
    assert_int_equal(result.units, 3);
    assert_int_equal(result.rows, 7); /* the circle is one row */
    assert_string_equal(frame(&w, &w.out[0]),
                        "\nunit 1 of 3: 3 rows" CHANGES "\nunit 2 of 3: 2 rows" CHANGES
                        "\nunit 3 of 3: 2 rows" CHANGES);
    /* undo: the other way round, units that share somebody as one */
    assert_string_equal(frame(&w, &w.out[1]),
                        "\nunit 2 of 2: 2 rows" CHANGES "\nunit 1 of 2: 5 rows" CHANGES);
    assert_string_equal(frame(&w, &w.out[2]),
                        "\nunit 1 of 3: 3 rows stage proof\nunit 2 of 3: 2 rows stage proof"
                        "\nunit 3 of 3: 2 rows stage proof counters");
    assert_memory_equal(w.out[0].ptr, "-- apply.sql: restores what the plan says", 41);
    assert_memory_equal(w.out[1].ptr, "-- undo.sql: takes back what apply.sql has", 42);
    assert_memory_equal(w.out[2].ptr, "-- verify.sql: reads whether all stands", 39);
    world_end(&w);
}

/* Every statement is one that the judge of scripts lets pass, and each ends as it reads them. */
static void test_judged(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *version;
    } servers[] = {{MR_FLAVOUR_MARIADB, "10.1.48-MariaDB"},
                   {MR_FLAVOUR_MARIADB, "11.4.2-MariaDB"},
                   {MR_FLAVOUR_MYSQL, "5.7.44"},
                   {MR_FLAVOUR_MYSQL, "9.7.4"}};
    (void)state;
    for (size_t i = 0; i < LEN(servers); i++)
        for (size_t k = 0; k < 2; k++) { /* apply.sql, undo.sql */
            struct world w;
            struct mr_script_result result = {0};
            begin(&w);
            w.manifest.server.flavour = servers[i].flavour;
            w.manifest.server.version = servers[i].version;
            fill(&w);
            assert_int_equal(write_all(&w, &result), MR_OK);
            assert_int_equal(mr_io_write_file("s.sql", 0600, w.out[k].ptr, w.out[k].len, NULL),
                             MR_OK);
            if (mr_script_shape_check(&w.manifest, "s.sql", NULL, &w.err) != MR_OK)
                fail_msg("%s: %s", servers[i].version, w.err.message);
            world_end(&w);
        }
}

/* It fails where the table has other columns than were planned, by name and type. */
static void test_columns(void **state)
{
    struct world w;
    struct mr_script_result result = {0};
    (void)state;
    world_begin(&w);
    world_table(&w, "li`ve.t'", "id:int# a`b:kind");
    world_table(&w, "idle", "id:int#");
    step(&w, 1, INSERT, 0, NULL, "1|x");
    assert_int_equal(write_all(&w, &result), MR_OK);
    const char *sql = strstr(world_shown(&w, &w.out[0]), "information_schema.COLUMNS");
    assert_non_null(sql);
    assert_string_equal(
        strndupa(sql, strcspn(sql, ";")),
        "information_schema.COLUMNS WHERE TABLE_SCHEMA = 'li`ve' AND TABLE_NAME = _utf8mb4 "
        "x'7427') "
        "= 2\n    AND (SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
        "'li`ve' "
        "AND TABLE_NAME = _utf8mb4 x'7427' AND (COLUMN_NAME = 'id' AND COLUMN_TYPE = 'int'\n    OR "
        "COLUMN_NAME = 'a`b' AND COLUMN_TYPE = _utf8mb4 x'656e756d282778272c27792729')) = 2,\n    "
        "@@SESSION.time_zone, LEFT(_utf8mb4 "
        "x'"
        "6d797265636f6e3a206f7468657220636f6c756d6e73207468616e20706c616e6e65643a206c696076652e7427"
        "', 62))");
    world_end(&w);
}

/* A reference that may be NULL can be left empty for a while, another one cannot. */
static void test_opens(void **state)
{
    static const struct {
        const char *child;
        bool opens;
    } cases[] = {{"id:int# of:int?", true}, {"id:int# of:int", false}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_script_result result = {0};
        world_begin(&w);
        world_table(&w, "p", "id:int#");
        world_table(&w, "c", cases[i].child);
        world_reference(&w, 1, "of", 0, "id", true);
        step(&w, 1, INSERT, 1, NULL, "1|2");
        assert_int_equal(write_all(&w, &result), MR_OK);
        assert_int_equal(strstr(w.out[0].ptr, "IF(s.myrecon_open & 1, NULL, s.`of`)") != NULL,
                         cases[i].opens);
        assert_null(strstr(w.out[0].ptr, "NULL, s.`id`)"));
        world_end(&w);
    }
}

/* What rows refer by must be staged: refused by name, before anything is written. */
static void test_computed(void **state)
{
    static const struct {
        const char *parent, *child;
        size_t planned;
        bool refused;
        const char *column;
    } cases[] = {
        {"id:int# no:int!*", "id:int# of:int?", 0, true, "no"},
        {"id:int# no:int!*", "id:int# of:int?", 1, false, NULL},
        {"id:int# no:int!", "id:int# of:int?*", 1, true, "of"},
        {"id:int# no:int!", "id:int# of:int?*", 0, false, NULL},
        {"id:int# no:int!", "id:int# of:int? k:int*", 1, true, "k"}, /* of the condition */
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        static const bool reads[] = {false, false, true};
        struct world w;
        struct mr_script_result result = {0};
        world_begin(&w);
        world_table(&w, "p", cases[i].parent);
        world_table(&w, "c", cases[i].child);
        world_reference(&w, 1, "of", 0, "no", false)->reads =
            strstr(cases[i].child, "k:") != NULL ? reads : NULL;
        step(&w, 1, INSERT, cases[i].planned, NULL, cases[i].planned == 0 ? "1|2" : "1|NULL|3");
        assert_int_equal(write_all(&w, &result), cases[i].refused ? MR_E_REFUSED : MR_OK);
        if (cases[i].refused) {
            char quoted[32];
            (void)snprintf(quoted, sizeof quoted, "column \"%s\"", cases[i].column);
            assert_non_null(strstr(w.err.message, quoted));
            assert_int_equal(w.writes, 0);
        }
        world_end(&w);
    }
}

static void test_nothing(void **state)
{
    struct world w;
    struct mr_script_result result = {7, 7};
    (void)state;
    world_begin(&w);
    assert_int_equal(write_all(&w, &result), MR_OK); /* without a table */
    assert_int_equal(w.writes, 0);
    world_table(&w, "t", "id:int#");
    assert_int_equal(write_all(&w, &result), MR_OK); /* without a step */
    assert_int_equal(result.units, 0);
    assert_int_equal(result.rows, 0);
    assert_int_equal(w.writes, 4); /* three heads, and the end of verify.sql */
    world_end(&w);
}

/* A file that cannot be written, and a target that is lost, end it, whenever. */
static void test_faults(void **state)
{
    unsigned writes = 0, asks = 0;
    (void)state;
    for (unsigned i = 0; i <= writes + asks; i++) {
        struct world w;
        struct mr_script_result result = {0};
        begin(&w);
        fill(&w);
        w.fail_write = i <= writes ? i : 0;
        w.fail_at = i > writes ? i - writes : 0;
        assert_int_equal(write_all(&w, &result), i == 0        ? MR_OK
                                                 : i <= writes ? MR_E_IO
                                                               : MR_E_LOST);
        if (i == 0) {
            writes = w.writes;
            asks = w.asks;
        } else if (i <= writes) {
            assert_int_equal(w.writes, i); /* the sink is left alone */
        }
        world_end(&w);
    }
    assert_true(writes > 8 && asks > 20);
}

/* Units that are undone as one have no end of text: it goes to the file as it comes, and a file that
 * takes no more is told at the unit's end. */
static void test_long_unit(void **state)
{
    enum { BYTES = 700000, ROWS = 6 };
    static char long_text[BYTES + 32];
    unsigned writes = 0;
    (void)state;
    for (unsigned i = 0; i <= writes; i++) {
        struct world w;
        struct mr_script_result result = {0};
        world_begin(&w);
        world_table(&w, "t", "id:int#+ text:text");
        for (int row = 1; row <= ROWS; row++) {
            int n = snprintf(long_text, sizeof long_text, "%d|", row);
            memset(long_text + n, 'x', BYTES);
            long_text[n + BYTES] = '\0';
            step(&w, (uint64_t)row, INSERT, 0, NULL, long_text);
        }
        w.fail_write = i;
        assert_int_equal(write_all(&w, &result), i == 0 ? MR_OK : MR_E_IO);
        if (i == 0)
            writes = w.writes;
        assert_int_equal(w.writes, i == 0 ? writes : i);
        world_end(&w);
    }
    assert_true(writes > 12); /* 7 are heads, units and the end of verify.sql */
}

static void test_no_view(void **state)
{
    struct world w;
    struct mr_script_result result = {0};
    (void)state;
    begin(&w);
    w.servers[MR_TARGET].view = NULL;
    assert_int_equal(write_all(&w, &result), MR_E_BUG);
    assert_int_equal(w.writes, 0);
    world_end(&w);
}

/* A statement that TARGET does not take is refused before anybody runs it. */
static void test_packet(void **state)
{
    struct world w;
    struct mr_script_result result = {0};
    (void)state;
    begin(&w);
    fill(&w);
    w.cat.server.max_packet_bytes = 600;
    assert_int_equal(write_all(&w, &result), MR_E_REFUSED);
    assert_non_null(strstr(w.err.message, "apply.sql would have a statement of "));
    world_end(&w);
}

/* The last test: the flag stays up. */
static void test_cancelled(void **state)
{
    struct world w;
    struct mr_script_result result = {0};
    (void)state;
    begin(&w);
    fill(&w);
    mr_cancel();
    assert_int_equal(write_all(&w, &result), MR_E_CANCELLED);
    assert_int_equal(w.writes, 1); /* a head */
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_columns),
        cmocka_unit_test_setup_teardown(test_judged, place_begin, place_end),
        cmocka_unit_test(test_computed),
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_long_unit),
        cmocka_unit_test(test_no_view),
        cmocka_unit_test(test_packet),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
