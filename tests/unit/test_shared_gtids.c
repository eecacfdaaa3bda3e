/* test_shared_gtids.c: which numbers two servers share, and whether their logs show one transaction under each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/logs/shared_gtids.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define A "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define B "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
#define C "cccccccc-cccc-cccc-cccc-cccccccccccc"

static struct mr_history_executed server(bool is_mariadb, uint32_t id, const char *uuid,
                                         const char *executed)
{
    return (struct mr_history_executed){.is_mariadb = is_mariadb,
                                        .has_gtids = true,
                                        .server_id = id,
                                        .uuid = uuid,
                                        .executed = executed,
                                        .position = ""};
}

/* "0-1-5 0-2-7!": the origins' last numbers, ! where they may differ. */
static void text_of(const struct mr_shared_gtids *s, struct mr_strbuf *out)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i < s->origins.count; i++) {
        const struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        mr_strbuf_add_str(out, i > 0 ? " " : "");
        mr_gtid_add_text(out, &origin->last);
        mr_strbuf_add_str(out, origin->may_differ ? "!" : "");
    }
    assert_false(out->failed);
}

static void test_find(void **state)
{
    static const struct {
        const char *what;
        struct mr_history_executed self, other;
        const char *shared;
    } pairs[] = {
        {"MariaDB: each went on under its own",
         {true, true, 1, "", "0-1-120", ""},
         {true, true, 2, "", "0-1-100,0-2-150", ""},
         "0-1-100!"},
        {"… and both under one of a third",
         {true, true, 2, "", "0-1-500,0-2-90", ""},
         {true, true, 3, "", "0-1-150", ""},
         "0-1-150!"},
        {"of an old server that is gone they have the same",
         {true, true, 2, "", "0-1-100,0-2-150,7-9-1", ""},
         {true, true, 3, "", "0-1-100,0-2-140,0-3-152", ""},
         "0-1-100 0-2-140!"},
        {"MySQL",
         {false, true, 1, A, A ":1-500," C ":1-7", ""},
         {false, true, 2, B, A ":1-150," B ":1-9," C ":1-7", ""},
         A ":150! " C ":7"},
        {"with holes",
         {false, true, 1, A, C ":1-5:9-12:20", ""},
         {false, true, 2, B, C ":1-4:6-10:13-19:21", ""},
         C ":10!"},
        {"that do not overlap",
         {false, true, 1, A, C ":1-5", ""},
         {false, true, 2, B, C ":6-9", ""},
         ""},
        {"by tags",
         {false, true, 1, A, C ":1-5:t:1-9", ""},
         {false, true, 2, B, C ":1-5:t:1-3:u:1", ""},
         C ":5 " C ":t:3!"},
        {"of two families",
         {false, true, 1, A, A ":1-5", ""},
         {true, true, 2, "", "0-1-5", ""},
         ""},
        {"without GTIDs", {false, true, 1, A, A ":1-5", ""}, {false, false, 2, B, "", ""}, ""},
    };
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++) {
        for (int turn = 0; turn < 2; turn++) { /* the same for both sides */
            struct mr_shared_gtids s;
            mr_shared_gtids_init(&s);
            assert_int_equal(mr_shared_gtids_find(&s, turn == 0 ? &pairs[i].self : &pairs[i].other,
                                                  turn == 0 ? &pairs[i].other : &pairs[i].self,
                                                  NULL),
                             MR_OK);
            text_of(&s, &text);
            if (strcmp(text.ptr != NULL ? text.ptr : "", pairs[i].shared) != 0)
                fail_msg("%s: %s", pairs[i].what, text.ptr);
            mr_shared_gtids_release(&s);
        }
    }
    mr_strbuf_release(&text);
}

/* ---- what logs show ---- */

static void step(struct mr_shared_gtids *s, enum mr_binlog_step_kind kind,
                 const struct mr_gtid *gtid, uint32_t when, const char *table)
{
    const struct mr_binlog_map map = {.table = {.db = "d", .name = table}};
    const struct mr_binlog_event event = {.when = when};
    const struct mr_binlog_step step = {
        .kind = kind, .event = &event, .gtid = gtid, .map = table != NULL ? &map : NULL};
    mr_shared_gtids_take(s, &step);
}

/* "100 t@5 u@7 =": its number, tables that are changed at a second, "sql@5" a statement; then = it is committed,
 * p prepared, ~ rolled back.  "/9" behind the number: when it was committed at first. */
static void take(struct mr_shared_gtids *s, const struct mr_gtid *of, const char *text)
{
    struct mr_gtid gtid = *of;
    char word[16];
    int len;
    uint64_t number;
    assert_int_equal(sscanf(text, "%" SCNu64 "%n", &number, &len), 1);
    gtid.number = gtid.sequence = number;
    text += len;
    if (*text == '/') {
        assert_int_equal(sscanf(text, "/%" SCNu64 "%n", &gtid.originally_us, &len), 1);
        text += len;
    }
    step(s, MR_STEP_BEGIN, &gtid, 1, NULL);
    for (; sscanf(text, " %15s%n", word, &len) == 1; text += len) {
        char *at = strchr(word, '@');
        const uint32_t when = at != NULL ? (uint32_t)strtoul(at + 1, NULL, 10) : 99;
        if (at != NULL)
            *at = '\0';
        if (at == NULL)
            step(s,
                 *word == '='   ? MR_STEP_COMMIT
                 : *word == 'p' ? MR_STEP_PREPARED
                                : MR_STEP_ROLLBACK,
                 &gtid, when, NULL);
        else if (strcmp(word, "sql") == 0)
            step(s, MR_STEP_STATEMENT, &gtid, when, NULL);
        else
            step(s, MR_STEP_ROWS, &gtid, when, strcmp(word, "end") == 0 ? NULL : word);
    }
}

#define LOG_MAX 20

static void test_compare(void **state)
{
    static const struct {
        const char *what;
        bool is_mariadb;
        const char *logs[2][LOG_MAX];
        const char *differs, *untold;
    } worlds[] = {
        {"one", true, {{"100 t@5 ="}, {"100 t@5 ="}}, NULL, NULL},
        {"statements here, rows there",
         true,
         {{"100 sql@5 sql@8 ="}, {"100 t@5 u@8 ="}},
         NULL,
         NULL},
        {"a filter has left out its first table",
         true,
         {{"100 t@5 u@8 ="}, {"100 u@8 ="}},
         NULL,
         NULL},
        {"an event without a table is none",
         true,
         {{"100 t@5 end@9 ="}, {"100 t@5 ="}},
         NULL,
         NULL},
        {"another second", true, {{"100 t@5 ="}, {"100 t@6 ="}}, "0-1-100", NULL},
        {"and before", true, {{"100 t@5 t@6 ="}, {"100 t@3 t@4 ="}}, "0-1-100", NULL},
        {"the second of 1970", true, {{"100 t@0 ="}, {"100 t@0 ="}}, NULL, NULL},
        {"another table", true, {{"100 t@5 ="}, {"100 u@5 ="}}, "0-1-100", NULL},
        {"prepared", true, {{"100 t@5 p"}, {"100 t@6 p"}}, "0-1-100", NULL},
        {"rolled back: nothing is told", true, {{"100 t@5 ~"}, {"100 t@6 ="}}, NULL, "0-1-100"},
        {"empty here", true, {{"100 ="}, {"100 t@6 ="}}, NULL, "0-1-100"},
        {"empty, and the one before is not",
         true,
         {{"99 t@5 =", "100 ="}, {"99 t@5 =", "100 t@6 ="}},
         NULL,
         NULL},
        {"not met there", true, {{"100 t@5 ="}, {"17 t@5 ="}}, NULL, "0-1-100"},
        {"sixteen are looked at",
         true,
         {{"85 t@5 =", "100 ="}, {"85 t@6 =", "100 ="}},
         "0-1-85",
         NULL},
        {"and not more", true, {{"84 t@5 =", "100 ="}, {"84 t@6 =", "100 ="}}, NULL, "0-1-100"},
        {"nor behind the last",
         true,
         {{"100 t@5 =", "101 t@5 ="}, {"100 t@5 =", "101 t@9 ="}},
         NULL,
         NULL},
        {"the first is named",
         true,
         {{"97 t@1 =", "98 t@5 =", "99 t@5 =", "100 t@5 ="},
          {"97 t@1 =", "98 t@6 =", "99 t@6 =", "100 t@6 ="}},
         "0-1-98",
         NULL},
        {"MySQL: to the microsecond",
         false,
         {{"100/7000001 t@5 ="}, {"100/7000002 t@5 ="}},
         A ":100",
         NULL},
        {"which is all that counts",
         false,
         {{"100/7000001 t@5 ="}, {"100/7000001 u@6 ="}},
         NULL,
         NULL},
        {"where a log says it", false, {{"100/7000001 t@5 ="}, {"100 t@5 ="}}, NULL, NULL},
        {"else by seconds", false, {{"100/7000001 t@5 ="}, {"100 t@6 ="}}, A ":100", NULL},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        const struct mr_history_executed servers[2] = {
            server(worlds[i].is_mariadb, 1, A, worlds[i].is_mariadb ? "0-1-120" : A ":1-120"),
            server(worlds[i].is_mariadb, 2, B, worlds[i].is_mariadb ? "0-1-100" : A ":1-100")};
        struct mr_shared_gtids sides[2];
        struct mr_shared_found found;
        for (size_t side = 0; side < 2; side++) {
            mr_shared_gtids_init(&sides[side]);
            assert_int_equal(
                mr_shared_gtids_find(&sides[side], &servers[side], &servers[1 - side], NULL),
                MR_OK);
            assert_int_equal(sides[side].origins.count, 1);
            const struct mr_shared_origin *origin = mr_vec_at(&sides[side].origins, 0);
            for (size_t k = 0; k < LOG_MAX && worlds[i].logs[side][k] != NULL; k++)
                take(&sides[side], &origin->last, worlds[i].logs[side][k]);
        }
        assert_int_equal(mr_shared_gtids_compare(sides, &arena, &found, NULL), MR_OK);
        const char *const got[2] = {found.differs, found.untold}, *const wanted[2] = {
                                                                      worlds[i].differs,
                                                                      worlds[i].untold};
        for (size_t k = 0; k < 2; k++)
            if ((got[k] == NULL) != (wanted[k] == NULL) ||
                (got[k] != NULL && strcmp(got[k], wanted[k]) != 0))
                fail_msg("%s: %s", worlds[i].what, got[k] != NULL ? got[k] : "none");
        for (size_t side = 0; side < 2; side++)
            mr_shared_gtids_release(&sides[side]);
    }
    mr_arena_release(&arena);
}

/* What nobody could have given twice is not asked for, nor what is gone, behind a proof. */
static void test_untold(void **state)
{
    static const struct {
        const char *what, *executed[2];
        size_t gone; /* the origin whose log one side has removed; 9: none */
        bool is_proved;
        const char *untold;
    } worlds[] = {
        {"of an old server", {"0-1-100,0-2-7", "0-1-100"}, 9, false, NULL},
        {"roles have changed, long ago", {"0-1-100,0-2-70", "0-1-120,0-2-7"}, 1, true, NULL},
        {"… and its log is there", {"0-1-100,0-2-70", "0-1-120,0-2-7"}, 9, true, "0-2-7"},
        {"… or nothing is proved", {"0-1-100,0-2-70", "0-1-120,0-2-7"}, 1, false, "0-1-100"},
        {"all is gone", {"0-2-70", "0-2-7"}, 0, false, "0-2-7"},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        const struct mr_history_executed servers[2] = {server(true, 2, "", worlds[i].executed[0]),
                                                       server(true, 3, "", worlds[i].executed[1])};
        struct mr_shared_gtids sides[2];
        struct mr_shared_found found;
        for (size_t side = 0; side < 2; side++) {
            mr_shared_gtids_init(&sides[side]);
            assert_int_equal(
                mr_shared_gtids_find(&sides[side], &servers[side], &servers[1 - side], NULL),
                MR_OK);
            struct mr_shared_origin *first = mr_vec_at(&sides[side].origins, 0);
            if (worlds[i].is_proved)
                take(&sides[side], &first->last, "100 t@5 =");
            if (worlds[i].gone < sides[side].origins.count && side == 1)
                ((struct mr_shared_origin *)mr_vec_at(&sides[side].origins, worlds[i].gone))
                    ->is_gone = true;
        }
        assert_int_equal(mr_shared_gtids_compare(sides, &arena, &found, NULL), MR_OK);
        assert_null(found.differs);
        if ((found.untold == NULL) != (worlds[i].untold == NULL) ||
            (found.untold != NULL && strcmp(found.untold, worlds[i].untold) != 0))
            fail_msg("%s: %s", worlds[i].what, found.untold != NULL ? found.untold : "none");
        for (size_t side = 0; side < 2; side++)
            mr_shared_gtids_release(&sides[side]);
    }
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_untold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
