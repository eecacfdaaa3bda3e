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

#include "core/logs/gtid_logs.h"
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
         {true, true, 1, "", "0-1-120", "", false},
         {true, true, 2, "", "0-1-100,0-2-150", "", false},
         "0-1-100!"},
        {"… and both under one of a third",
         {true, true, 2, "", "0-1-500,0-2-90", "", false},
         {true, true, 3, "", "0-1-150", "", false},
         "0-1-150!"},
        {"of an old server that is gone they have the same",
         {true, true, 2, "", "0-1-100,0-2-150,7-9-1", "", false},
         {true, true, 3, "", "0-1-100,0-2-140,0-3-152", "", false},
         "0-1-100 0-2-140!"},
        {"MySQL",
         {false, true, 1, A, A ":1-500," C ":1-7", "", false},
         {false, true, 2, B, A ":1-150," B ":1-9," C ":1-7", "", false},
         A ":150! " C ":7"},
        {"with holes",
         {false, true, 1, A, C ":1-5:9-12:20", "", false},
         {false, true, 2, B, C ":1-4:6-10:13-19:21", "", false},
         C ":10!"},
        {"that do not overlap",
         {false, true, 1, A, C ":1-5", "", false},
         {false, true, 2, B, C ":6-9", "", false},
         ""},
        {"by tags",
         {false, true, 1, A, C ":1-5:t:1-9", "", false},
         {false, true, 2, B, C ":1-5:t:1-3:u:1", "", false},
         C ":5 " C ":t:3!"},
        {"MariaDB: the other has applied it, and logs nothing of that",
         {true, true, 1, "", "0-1-500", "", false},
         {true, true, 2, "", "0-2-151", "0-1-150,7-9-3", false},
         "0-1-150!"},
        {"… and has applied more of it",
         {true, true, 1, "", "0-1-120", "", false},
         {true, true, 2, "", "", "0-1-150", false},
         "0-1-120!"},
        {"of two families",
         {false, true, 1, A, A ":1-5", "", false},
         {true, true, 2, "", "0-1-5", "", false},
         ""},
        {"without GTIDs",
         {false, true, 1, A, A ":1-5", "", false},
         {false, false, 2, B, "", "", false},
         ""},
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
 * p prepared, ~ rolled back.  "/9" behind the number: when it was committed at first; "!9": by this log. */
static void take(struct mr_shared_gtids *s, const struct mr_gtid *of, const char *text)
{
    struct mr_gtid gtid = *of;
    char word[16];
    int len;
    uint64_t number;
    assert_int_equal(sscanf(text, "%" SCNu64 "%n", &number, &len), 1);
    gtid.number = gtid.sequence = number;
    text += len;
    if (*text == '/' || *text == '!') {
        const bool is_first = *text == '!';
        assert_int_equal(sscanf(text + 1, "%" SCNu64 "%n", &gtid.originally_us, &len), 1);
        gtid.committed_us = is_first ? gtid.originally_us : gtid.originally_us + 5;
        text += len + 1;
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

static const struct {
    const char *what;
    bool is_mariadb;
    const char *logs[2][LOG_MAX];
    const char *differs, *untold;
} worlds[] = {
    {"one", true, {{"100 t@5 ="}, {"100 t@5 ="}}, NULL, NULL},
    {"statements here, rows there", true, {{"100 sql@5 sql@8 ="}, {"100 t@5 u@8 ="}}, NULL, NULL},
    {"a filter has left out its first table", true, {{"100 t@5 u@8 ="}, {"100 u@8 ="}}, NULL, NULL},
    {"an event without a table is none", true, {{"100 t@5 end@9 ="}, {"100 t@5 ="}}, NULL, NULL},
    {"another second", true, {{"100 t@5 ="}, {"100 t@6 ="}}, "0-1-100", NULL},
    {"and before", true, {{"100 t@5 t@6 ="}, {"100 t@3 t@4 ="}}, "0-1-100", NULL},
    {"the second of 1970", true, {{"100 t@0 ="}, {"100 t@0 ="}}, NULL, NULL},
    {"another table", true, {{"100 t@5 ="}, {"100 u@5 ="}}, "0-1-100", NULL},
    {"small letters on a replica", true, {{"100 TaB@5 ="}, {"100 tab@5 ="}}, NULL, NULL},
    {"prepared", true, {{"100 t@5 p"}, {"100 t@6 p"}}, "0-1-100", NULL},
    {"rolled back: nothing is told", true, {{"100 t@5 ~"}, {"100 t@6 ="}}, NULL, "0-1-100"},
    {"empty here", true, {{"100 ="}, {"100 t@6 ="}}, NULL, "0-1-100"},
    {"empty, and the one before is not",
     true,
     {{"99 t@5 =", "100 ="}, {"99 t@5 =", "100 t@6 ="}},
     NULL,
     NULL},
    {"not met there", true, {{"100 t@5 ="}, {"17 t@5 ="}}, NULL, "0-1-100"},
    {"sixteen prove it", true, {{"85 t@5 =", "100 ="}, {"85 t@5 =", "100 ="}}, NULL, NULL},
    {"and none before them", true, {{"84 t@5 =", "100 ="}, {"84 t@5 =", "100 ="}}, NULL, "0-1-100"},
    {"a crash has cost one side its last, which are behind it by now",
     true,
     {{"2 t@3 =", "3 t@4 =", "99 t@9 =", "100 t@9 ="},
      {"2 t@3 =", "3 t@5 =", "99 t@9 =", "100 t@9 ="}},
     "0-1-3",
     NULL},
    {"… and that is all that was met of it",
     false,
     {{"3/7000001 t@5 ="}, {"3/8000001 t@5 ="}},
     A ":3",
     A ":100"},
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
    {"which is all that counts", false, {{"100/7000001 t@5 ="}, {"100/7000001 u@6 ="}}, NULL, NULL},
    {"also of the one that wrote it",
     false,
     {{"100!7000001 t@5 ="}, {"100/7000002 t@5 ="}},
     A ":100",
     NULL},
    {"where both say that they did, by seconds",
     false,
     {{"100!7000001 t@5 ="}, {"100!7000002 t@5 ="}},
     NULL,
     NULL},
    {"… of two", false, {{"100!7000001 t@5 ="}, {"100!8000002 t@6 ="}}, A ":100", NULL},
    {"where a log says it", false, {{"100/7000001 t@5 ="}, {"100 t@5 ="}}, NULL, NULL},
    {"else by seconds", false, {{"100/7000001 t@5 ="}, {"100 t@6 ="}}, A ":100", NULL},
};

static void test_compare(void **state)
{
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
    } pairs[] = {
        {"of an old server", {"0-1-100,0-2-7", "0-1-100"}, 9, false, NULL},
        {"roles have changed, long ago", {"0-1-100,0-2-70", "0-1-120,0-2-7"}, 1, true, NULL},
        {"… and its log is there", {"0-1-100,0-2-70", "0-1-120,0-2-7"}, 9, true, "0-2-7"},
        {"… or nothing is proved", {"0-1-100,0-2-70", "0-1-120,0-2-7"}, 1, false, "0-1-100"},
        {"all is gone", {"0-2-70", "0-2-7"}, 0, false, "0-2-7"},
    };
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++) {
        const struct mr_history_executed servers[2] = {server(true, 2, "", pairs[i].executed[0]),
                                                       server(true, 3, "", pairs[i].executed[1])};
        struct mr_shared_gtids sides[2];
        struct mr_shared_found found;
        for (size_t side = 0; side < 2; side++) {
            mr_shared_gtids_init(&sides[side]);
            assert_int_equal(
                mr_shared_gtids_find(&sides[side], &servers[side], &servers[1 - side], NULL),
                MR_OK);
            struct mr_shared_origin *first = mr_vec_at(&sides[side].origins, 0);
            if (pairs[i].is_proved)
                take(&sides[side], &first->last, "100 t@5 =");
            if (pairs[i].gone < sides[side].origins.count && side == 1)
                ((struct mr_shared_origin *)mr_vec_at(&sides[side].origins, pairs[i].gone))
                    ->is_gone = true;
        }
        assert_int_equal(mr_shared_gtids_compare(sides, &arena, &found, NULL), MR_OK);
        assert_null(found.differs);
        if ((found.untold == NULL) != (pairs[i].untold == NULL) ||
            (found.untold != NULL && strcmp(found.untold, pairs[i].untold) != 0))
            fail_msg("%s: %s", pairs[i].what, found.untold != NULL ? found.untold : "none");
        for (size_t side = 0; side < 2; side++)
            mr_shared_gtids_release(&sides[side]);
    }
    mr_arena_release(&arena);
}

struct pair {
    struct mr_shared_gtids sides[2];
    struct mr_arena arena;
    struct mr_shared_found found;
};

static void find_pair(struct pair *p, const struct mr_history_executed servers[2])
{
    *p = (struct pair){.arena = MR_ARENA_INIT};
    for (size_t side = 0; side < 2; side++) {
        mr_shared_gtids_init(&p->sides[side]);
        assert_int_equal(
            mr_shared_gtids_find(&p->sides[side], &servers[side], &servers[1 - side], NULL), MR_OK);
    }
}

static void compare_pair(struct pair *p)
{
    assert_int_equal(mr_shared_gtids_compare(p->sides, &p->arena, &p->found, NULL), MR_OK);
}

static void release_pair(struct pair *p)
{
    for (size_t side = 0; side < 2; side++)
        mr_shared_gtids_release(&p->sides[side]);
    mr_arena_release(&p->arena);
}

static struct mr_shared_origin *origin_of(struct pair *p, size_t side)
{
    return mr_vec_at(&p->sides[side].origins, 0);
}

/* A server that was primary once, and is so again: of what it gave then neither has a log any more. */
static void test_gone(void **state)
{
    const struct mr_history_executed servers[2] = {server(false, 1, A, A ":1-7"),
                                                   server(false, 2, B, A ":1-7," B ":1-9")};
    (void)state;
    for (int with = 0; with < 3; with++) {
        struct pair p;
        find_pair(&p, servers);
        origin_of(&p, 0)->is_gone = true;
        origin_of(&p, 1)->is_gone = with != 1;
        if (with == 2)
            take(&p.sides[0], &origin_of(&p, 0)->last, "7 t@5 =");
        compare_pair(&p);
        assert_null(p.found.differs);
        if (with == 0)
            assert_null(p.found.untold);
        else
            assert_string_equal(p.found.untold, A ":7");
        release_pair(&p);
    }
}

/* No log of the one has it, and the other's may be another's. */
static void test_unlogged(void **state)
{
    const struct mr_history_executed servers[2] = {
        {true, true, 1, "", "0-1-500", "", false},
        {true, true, 2, "", "0-2-151", "0-1-150", false}};
    static const char *const then[2] = {"0-1-490", "0-2-151"};
    struct pair p;
    (void)state;
    find_pair(&p, servers);
    take(&p.sides[0], &origin_of(&p, 0)->last, "150 t@5 =");
    compare_pair(&p);
    assert_null(p.found.differs);
    assert_string_equal(p.found.untold, "0-1-150");
    for (size_t side = 0; side < 2; side++) /* which was said */
        assert_int_equal(mr_shared_gtids_know(&p.sides[side], true, then, NULL), MR_OK);
    compare_pair(&p);
    assert_null(p.found.untold);
    release_pair(&p);
}

/* Of a pair whose logs are read on: what both had then was told then. */
static void test_know(void **state)
{
    const struct mr_history_executed servers[2] = {server(false, 1, A, A ":1-120"),
                                                   server(false, 2, B, A ":1-100")};
    static const char *const as_now[2] = {A ":1-110", A ":1-100"}, *const less[2] = {A ":1-90",
                                                                                     A ":1-100"};
    struct pair p;
    (void)state;
    for (int has_less = 0; has_less < 2; has_less++) {
        find_pair(&p, servers);
        for (size_t side = 0; side < 2; side++) {
            assert_int_equal(
                mr_shared_gtids_know(&p.sides[side], false, has_less ? less : as_now, NULL), MR_OK);
            take(&p.sides[side], &origin_of(&p, side)->last, side == 0 ? "95 t@5 =" : "95 t@6 =");
        }
        compare_pair(&p);
        assert_null(p.found.untold);
        if (has_less)
            assert_string_equal(p.found.differs, A ":95");
        if (has_less) /* of the earlier one */
            assert_string_equal(p.found.before, "1970-01-01 00:00:05");
        if (!has_less)
            assert_true(p.found.differs == NULL && p.found.before == NULL);
        release_pair(&p);
    }
}

/* Memory has an end: of many origins each has less. */
static void test_room(void **state)
{
    static const struct {
        size_t origins;
        uint64_t kept;
    } rooms[] = {
        {1, MR_SHARED_KEPT}, {4, MR_SHARED_KEPT}, {5, MR_SHARED_KEPT / 2}, {9, 16384}, {16384, 16}};
    struct mr_strbuf mine = MR_STRBUF_INIT, others = MR_STRBUF_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(rooms); i++) {
        mr_strbuf_reset(&mine);
        mr_strbuf_reset(&others);
        mr_strbuf_add_str(&mine, "7-7-5"); /* the same on both: it does not differ */
        mr_strbuf_add_str(&others, "7-7-5");
        for (size_t k = 1; k < rooms[i].origins + (rooms[i].origins < 16384); k++) {
            mr_strbuf_add_fmt(&mine, ",0-%zu-100000", k + 7);
            mr_strbuf_add_fmt(&others, ",0-%zu-%d", k + 7, 100001);
        }
        const struct mr_history_executed servers[2] = {server(true, 1, "", mine.ptr),
                                                       server(true, 2, "", others.ptr)};
        struct pair p;
        find_pair(&p, servers);
        for (size_t side = 0; side < 2; side++)
            for (size_t k = 0; k < p.sides[side].origins.count; k++) {
                const struct mr_shared_origin *origin = mr_vec_at(&p.sides[side].origins, k);
                assert_int_equal(origin->kept, origin->may_differ ? rooms[i].kept : MR_SHARED_LAST);
            }
        release_pair(&p);
    }
    mr_strbuf_release(&mine);
    mr_strbuf_release(&others);
}

/* The first that has room, and the one in front of it. */
static void test_edge(void **state)
{
    const struct mr_history_executed servers[2] = {server(true, 1, "", "0-1-100000"),
                                                   server(true, 2, "", "0-1-100000")};
    (void)state;
    for (int is_behind = 0; is_behind < 2; is_behind++) {
        struct pair p;
        char text[32];
        find_pair(&p, servers);
        for (size_t side = 0; side < 2; side++) {
            (void)snprintf(text, sizeof text, "%d t@%zu =", 100000 - MR_SHARED_KEPT + is_behind,
                           side + 5);
            take(&p.sides[side], &origin_of(&p, side)->last, text);
            take(&p.sides[side], &origin_of(&p, side)->last, "100000 t@9 =");
        }
        compare_pair(&p);
        assert_true((p.found.differs != NULL) == (is_behind == 1));
        assert_null(p.found.untold);
        release_pair(&p);
    }
}

/* MariaDB with secure_timestamp = YES: a replica's seconds are those of applying. */
static void test_own_clock(void **state)
{
    static const struct {
        bool own_clock[2];
        const char *logs[2], *differs;
    } pairs[] = {
        {{false, true}, {"100 t@5 =", "100 t@8 ="}, NULL},
        {{true, false}, {"100 t@8 =", "100 t@5 ="}, NULL},
        {{true, true}, {"100 t@5 =", "100 u@8 ="}, "0-1-100"},
        {{false, false}, {"100 t@5 =", "100 t@8 ="}, "0-1-100"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++) {
        struct mr_history_executed servers[2] = {server(true, 1, "", "0-1-100"),
                                                 server(true, 2, "", "0-1-100")};
        struct pair p;
        for (size_t side = 0; side < 2; side++)
            servers[side].own_clock = pairs[i].own_clock[side];
        find_pair(&p, servers);
        for (size_t side = 0; side < 2; side++)
            take(&p.sides[side], &origin_of(&p, side)->last, pairs[i].logs[side]);
        compare_pair(&p);
        assert_true((p.found.differs == NULL) == (pairs[i].differs == NULL));
        assert_null(p.found.untold);
        release_pair(&p);
    }
}

/* ---- logs that are looked at ---- */

static const char *const *log_of_server; /* "A:5": by the letter of an origin; NULL at the end */

enum mr_code __wrap_mr_gtid_logs_open(struct mr_gtid_logs *logs, struct mr_err *err);
enum mr_code __wrap_mr_gtid_logs_open(struct mr_gtid_logs *logs, struct mr_err *err)
{
    (void)logs;
    (void)err;
    return MR_OK;
}

void __wrap_mr_gtid_logs_close(struct mr_gtid_logs *logs);
void __wrap_mr_gtid_logs_close(struct mr_gtid_logs *logs)
{
    (void)logs;
}

enum mr_code __wrap_mr_gtid_logs_find(const struct mr_gtid_logs *logs, const struct mr_gtid *gtid,
                                      size_t *at, struct mr_err *err);
enum mr_code __wrap_mr_gtid_logs_find(const struct mr_gtid_logs *logs, const struct mr_gtid *gtid,
                                      size_t *at, struct mr_err *err)
{
    (void)logs;
    (void)gtid;
    (void)err;
    *at = 1;
    return MR_OK;
}

enum mr_code __wrap_mr_gtid_logs_read(const struct mr_gtid_logs *logs, size_t at,
                                      const struct mr_gtid *to, mr_gtid_logs_take_fn *read,
                                      void *ctx, struct mr_err *err);
enum mr_code __wrap_mr_gtid_logs_read(const struct mr_gtid_logs *logs, size_t at,
                                      const struct mr_gtid *to, mr_gtid_logs_take_fn *read,
                                      void *ctx, struct mr_err *err)
{
    struct mr_shared_gtids *s = ctx;
    (void)logs;
    (void)at;
    (void)read;
    (void)err;
    for (const char *const *tx = log_of_server; *tx != NULL; tx++) {
        struct mr_gtid of = *to;
        char text[32];
        memset(of.uuid, (*tx)[0] == 'A' ? 0xaa : 0xcc, sizeof of.uuid);
        (void)snprintf(text, sizeof text, "%s t@5 =", *tx + 2);
        take(s, &of, text);
        if (mr_gtid_is_of(&of, to) && strtoull(*tx + 2, NULL, 10) == mr_gtid_number(to))
            return MR_OK;
    }
    return MR_OK;
}

/* What was met of one origin on the way to the last of another is not all of it, whichever comes first. */
static void test_two_origins(void **state)
{
    static const char *const logs[2][9] = {
        {"C:1", "C:2", "C:3", "A:1", "A:2", "C:4", NULL},
        {"A:1", "A:2", "A:3", "C:1", "C:2", "A:4", NULL},
    };
    static const char *const executed[2] = {A ":1-2," C ":1-4", A ":1-4," C ":1-2"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mr_shared_gtids s;
        const struct mr_history_executed self = server(false, 1, A, executed[i]),
                                         other = server(false, 2, C, executed[i]);
        mr_shared_gtids_init(&s);
        assert_int_equal(mr_shared_gtids_find(&s, &self, &other, NULL), MR_OK);
        assert_int_equal(s.origins.count, 2);
        log_of_server = logs[i];
        assert_int_equal(mr_shared_gtids_look(&s, NULL, NULL, NULL), MR_OK);
        for (size_t k = 0; k < 2; k++) {
            const struct mr_shared_origin *origin = mr_vec_at(&s.origins, k);
            const uint64_t last = mr_gtid_number(&origin->last);
            assert_true(origin->may_differ);
            assert_int_equal(origin->met[last % origin->kept].number, last);
        }
        mr_shared_gtids_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),      cmocka_unit_test(test_compare),
        cmocka_unit_test(test_untold),    cmocka_unit_test(test_gone),
        cmocka_unit_test(test_unlogged),  cmocka_unit_test(test_know),
        cmocka_unit_test(test_room),      cmocka_unit_test(test_edge),
        cmocka_unit_test(test_own_clock), cmocka_unit_test(test_two_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
