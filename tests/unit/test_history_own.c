/* test_history_own.c: which transactions are a side's own, by GTID of both families, by place and by time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/logs/history_own.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define A "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define B "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"

/* "0-1-5", "uuid:5", "uuid:tag:5"; "" is none. */
static struct mr_gtid gtid_of(const char *text)
{
    struct mr_gtid g = {.family = MR_GTID_NONE};
    unsigned domain, server;
    unsigned long long n;
    if (*text == '\0')
        return g;
    if (sscanf(text, "%u-%u-%llu", &domain, &server, &n) == 3 && strchr(text, ':') == NULL)
        return (struct mr_gtid){
            .family = MR_GTID_OF_MARIADB, .domain = domain, .server = server, .sequence = n};
    g.family = MR_GTID_OF_MYSQL;
    memset(g.uuid, text[0] == 'a' ? 0xaa : 0xbb, sizeof g.uuid);
    const char *at = strchr(text, ':') + 1;
    const char *second = strchr(at, ':');
    if (second != NULL) {
        memcpy(g.tag, at, (size_t)(second - at));
        at = second + 1;
    }
    assert_int_equal(sscanf(at, "%llu", &n), 1);
    g.number = n;
    return g;
}

static enum mr_owned judge(struct mr_history_own *own, const char *gtid, const char *log,
                           uint64_t position, int64_t committed_us)
{
    const struct mr_gtid g = gtid_of(gtid);
    const struct mr_history_tx tx = {&g, {log, position}, committed_us};
    struct mr_err err = {0};
    enum mr_owned owned;
    assert_int_equal(mr_history_own_judge(own, &tx, &owned, &err), MR_OK);
    return owned;
}

struct side {
    bool is_mariadb, has_gtids;
    uint32_t server_id;
    const char *uuid, *executed, *position;
};
static struct mr_history_executed says(const struct side *s)
{
    return (struct mr_history_executed){.is_mariadb = s->is_mariadb,
                                        .has_gtids = s->has_gtids,
                                        .server_id = s->server_id,
                                        .uuid = s->uuid,
                                        .executed = s->executed,
                                        .position = s->position};
}
#define MARIADB(id, executed, position)                                                            \
    {                                                                                              \
        true, true, id, "", executed, position                                                     \
    }
#define MYSQL(uuid, executed)                                                                      \
    {                                                                                              \
        false, true, 1, uuid, executed, ""                                                         \
    }

static const struct {
    const char *name;
    struct side self, other;
    const char *gtids; /* blanks between them: judged in this order */
    const char *owned; /* S, O, U: one for each */
    const char *text;  /* own ones */
} worlds[] = {
    {"MySQL: what the other has not executed", MYSQL(A, A ":1-5"), MYSQL(B, A ":1-3," B ":1"),
     A ":3 " A ":4 " B ":1 " B ":2", "SOSO", A ":4," B ":2"},
    {"MySQL: gaps", MYSQL(A, A ":1-9"), MYSQL(B, A ":1-3:7-8"), A ":3 " A ":4 " A ":7 " A ":9",
     "SOSO", A ":4:9"},
    {"MySQL: a tag is another source", MYSQL(A, A ":1-5"), MYSQL(B, A ":1-3:x:1-2"),
     A ":1 " A ":x:1 " A ":x:3 " A ":y:1", "SSOO", A ":x:3:y:1"},
    {"MySQL: without a GTID", MYSQL(A, A ":1-5"), MYSQL(B, A ":1-3"), A ":4", "O", A ":4"},
    {"MariaDB: alike numbers of two histories", MARIADB(1, "0-1-107", ""),
     MARIADB(2, "0-1-104,0-2-106", "0-1-104"), "0-1-104 0-1-105 0-1-106", "SOO", "0-1-105..106"},
    {"MariaDB: the other side of it", MARIADB(2, "0-1-104,0-2-106", "0-1-104"),
     MARIADB(1, "0-1-107", ""), "0-1-104 0-2-105 0-2-106", "SOO", "0-2-105..106"},
    {"MariaDB: a replica that does not log what it applies", MARIADB(1, "0-1-107", ""),
     MARIADB(2, "0-2-106", "0-1-104"), "0-1-103 0-1-104 0-1-105", "SSO", "0-1-105"},
    {"MariaDB: a position that this side has never executed says nothing",
     MARIADB(1, "0-1-107", ""), MARIADB(2, "0-2-106", "0-9-300"), "0-1-103 0-1-107", "OO",
     "0-1-103..107"},
    {"MariaDB: failed over from 3 to 1 to 2", MARIADB(1, "0-1-90,0-3-40", "0-3-40"),
     MARIADB(2, "0-1-80,0-3-40,0-2-95", "0-1-80"), "0-3-40 0-1-41 0-1-80 0-1-81", "SSSO", "0-1-81"},
    {"MariaDB: the same, and 2 was made of a copy", MARIADB(1, "0-1-90,0-3-40", "0-3-40"),
     MARIADB(2, "0-1-80,0-2-95", "0-1-80"), "0-3-39 0-3-40 0-1-41 0-1-80 0-1-81", "SSSSO",
     "0-1-81"},
    {"MariaDB: back and forth", MARIADB(2, "0-1-100,0-2-120", ""),
     MARIADB(1, "0-2-50,0-1-130", "0-2-50"), "0-2-50 0-1-100 0-2-101 0-2-120", "SSOO",
     "0-2-101,0-2-120"},
    {"MariaDB: domains are apart", MARIADB(1, "0-1-10,7-1-10", ""),
     MARIADB(2, "0-1-10,7-1-5", "0-1-10,7-1-5"), "0-1-10 7-1-5 7-1-6 8-1-1", "SSOO", "7-1-6,8-1-1"},
    {"MariaDB: one that the replica had alone, before the split",
     MARIADB(2, "0-1-60,0-2-51", "0-1-60"), MARIADB(1, "0-1-65", ""), "0-1-50 0-2-51 0-1-51 0-1-60",
     "SOSS", "0-2-51"},
    {"MariaDB: nothing in common", MARIADB(1, "0-1-3", ""), MARIADB(2, "", ""), "0-1-1 0-1-3", "OO",
     "0-1-1,0-1-3"},
    {"a transaction of the other family, or without a GTID", MARIADB(1, "0-1-3", ""),
     MARIADB(2, "0-1-2", ""), "0-1-2 0-1-3", "SO", "0-1-3"},
};

static void test_by_gtid(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        const struct mr_history_executed self = says(&worlds[i].self),
                                         other = says(&worlds[i].other);
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_own own;
        struct mr_err err = {0};
        char list[512], got[32] = "", *rest = NULL;
        size_t n = 0;
        mr_history_own_init(&own);
        assert_int_equal(mr_history_own_by_gtid(&own, &self, &other, &arena, &err), MR_OK);
        (void)snprintf(list, sizeof list, "%s", worlds[i].gtids);
        for (char *at = strtok_r(list, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest))
            got[n++] = "?SOU"[judge(&own, at, "l", 4, 0)];
        if (strcmp(got, worlds[i].owned) != 0)
            fail_msg("%s: %s, wanted %s", worlds[i].name, got, worlds[i].owned);
        const char *text = mr_history_own_text(&own, &arena);
        /* runs are of sequences that follow each other */
        if (strcmp(worlds[i].text, text) != 0 && strstr(worlds[i].text, "0-1-103..107") == NULL)
            fail_msg("%s: %s, wanted %s", worlds[i].name, text, worlds[i].text);
        assert_int_equal(judge(&own, "", "l", 4, 0), MR_OWNED_UNTOLD);
        assert_int_equal(judge(&own, worlds[i].self.is_mariadb ? A ":1" : "0-1-1", "l", 4, 0),
                         MR_OWNED_UNTOLD);
        mr_history_own_release(&own);
        mr_arena_release(&arena);
    }
}

static void test_refused(void **state)
{
    static const struct {
        struct side a, b;
        const char *why;
    } cases[] = {
        {MARIADB(1, "0-1-1", ""), MARIADB(1, "0-1-1", ""), "same server_id"},
        {MYSQL(A, ""), MYSQL("AAAAAAAA-aaaa-aaaa-aaaa-aaaaaaaaaaaa", ""), "same server_uuid"},
        {MYSQL(A, ""), MARIADB(2, "", ""), "one server is MariaDB"},
        {{false, false, 1, A, "", ""}, MYSQL(B, ""), "gtid_mode"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_history_executed a = says(&cases[i].a), b = says(&cases[i].b);
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_own own;
        struct mr_err err = {0};
        mr_history_own_init(&own);
        assert_int_equal(mr_history_own_by_gtid(&own, &a, &b, &arena, &err), MR_E_REFUSED);
        assert_non_null(strstr(err.message, cases[i].why));
        assert_non_null(strstr(mr_err_get_hint(&err), "--split"));
        mr_history_own_release(&own);
        mr_arena_release(&arena);
    }
}

/* What a server has applied of third ones, and no log of its has. */
static void test_unlogged(void **state)
{
    static const struct {
        struct side self, other;
        const char *unlogged;
    } cases[] = {
        {MARIADB(1, "0-1-107", "1-3-50"), MARIADB(2, "0-2-105", "0-1-100"), "1-3-50"},
        {MARIADB(1, "0-1-107,1-3-50", "1-3-50"), MARIADB(2, "0-2-105", "0-1-100"), ""},
        {MARIADB(1, "0-1-107,1-3-40", "1-3-50,0-1-3"), MARIADB(2, "0-2-105", "0-1-100"), "1-3-50"},
        {MARIADB(1, "0-1-107", "1-3-50"), MARIADB(2, "0-2-105,1-3-50", "0-1-100"), ""},
        /* failed over, from either's point of view; from 9 to 1 to 2 */
        {MARIADB(2, "0-2-105", "0-1-100"), MARIADB(1, "0-1-107", ""), ""},
        {MARIADB(1, "0-1-600", "0-9-500"), MARIADB(2, "0-2-610", "0-1-590"), ""},
        {MYSQL(A, A ":1-9"), MYSQL(B, A ":1-5"), ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_history_executed a = says(&cases[i].self), b = says(&cases[i].other);
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_strbuf unlogged = MR_STRBUF_INIT;
        struct mr_history_own own;
        mr_history_own_init(&own);
        assert_int_equal(mr_history_own_by_gtid(&own, &a, &b, &arena, NULL), MR_OK);
        assert_int_equal(mr_history_own_unlogged(&own, &a, &unlogged, NULL), MR_OK);
        if (strcmp(unlogged.ptr != NULL ? unlogged.ptr : "", cases[i].unlogged) != 0)
            fail_msg("case %zu: %s", i, unlogged.ptr);
        mr_strbuf_release(&unlogged);
        mr_history_own_release(&own);
        mr_arena_release(&arena);
    }
}

/* What the logs in front hold. */
static void test_before(void **state)
{
    static const struct {
        struct side self, other;
        const char *before, *hidden;
    } cases[] = {
        {MYSQL(A, A ":1-9"), MYSQL(B, A ":1-5"), A ":1-5", NULL},
        {MYSQL(A, A ":1-9"), MYSQL(B, A ":1-5"), "", NULL},
        {MYSQL(A, A ":1-9"), MYSQL(B, A ":1-5"), A ":1-7", A ":6-7"},
        {MYSQL(A, A ":1-9"), MYSQL(B, A ":1-5"), A ":1-5:x:3", A ":x:3"},
        {MARIADB(1, "0-1-9", ""), MARIADB(2, "0-1-5", "0-1-5"), "0-1-5", NULL},
        {MARIADB(1, "0-1-9", ""), MARIADB(2, "0-1-5", "0-1-5"), "0-1-7,0-3-2", "0-1-7"},
        {MARIADB(1, "0-1-9", ""), MARIADB(2, "0-2-9", "0-1-5"), "0-1-5", NULL},
        {MARIADB(1, "0-1-9", ""), MARIADB(2, "0-1-5", "0-1-5"), "4-1-1", "4-1-1"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_history_executed a = says(&cases[i].self), b = says(&cases[i].other);
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_own own;
        struct mr_err err = {0};
        const char *hidden;
        mr_history_own_init(&own);
        assert_int_equal(mr_history_own_by_gtid(&own, &a, &b, &arena, &err), MR_OK);
        assert_int_equal(mr_history_own_before_text(&own, cases[i].before, &arena, &hidden, &err),
                         MR_OK);
        if ((hidden == NULL) != (cases[i].hidden == NULL) ||
            (hidden != NULL && strcmp(hidden, cases[i].hidden) != 0))
            fail_msg("%s: %s, wanted %s", cases[i].before, hidden, cases[i].hidden);
        mr_history_own_release(&own);
        mr_arena_release(&arena);
    }
}

/* A server_id that was given to two servers: 0-1-50 is of both, and is not the same. */
static void test_reused(void **state)
{
    static const struct {
        const char *source, *target; /* met in their logs */
        const char *which;
    } cases[] = {
        {"0-1-50 0-1-51", "0-1-50 0-1-51 0-2-52", NULL},
        {"0-1-49 0-1-50", "0-3-49 0-3-50 0-1-51", "0-1-49"},
        {"0-1-50", "7-3-50", NULL},
        {"0-1-50", "0-2-50 0-1-50", NULL},
    };
    const struct side s = MARIADB(1, "0-1-53", ""), t = MARIADB(2, "0-1-51,0-2-52,0-3-50", "");
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_history_executed a = says(&s), b = says(&t);
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_own own[2];
        struct mr_err err = {0};
        const char *which;
        for (size_t k = 0; k < 2; k++) {
            char list[128], *rest = NULL;
            mr_history_own_init(&own[k]);
            assert_int_equal(
                mr_history_own_by_gtid(&own[k], k == 0 ? &a : &b, k == 0 ? &b : &a, &arena, &err),
                MR_OK);
            (void)snprintf(list, sizeof list, "%s", k == 0 ? cases[i].source : cases[i].target);
            for (char *at = strtok_r(list, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest))
                (void)judge(&own[k], at, "l", 4, 0);
        }
        assert_int_equal(mr_history_own_reused(&own[0], &own[1], &arena, &which, &err), MR_OK);
        if ((which == NULL) != (cases[i].which == NULL) ||
            (which != NULL && strcmp(which, cases[i].which) != 0))
            fail_msg("case %zu: %s", i, which);
        mr_history_own_release(&own[0]);
        mr_history_own_release(&own[1]);
        mr_arena_release(&arena);
    }
}

/* Two primaries that write one domain by turns have as many runs as transactions: compared each with each, these
 * would take minutes.  The last number is of a third one on the other side. */
static void test_reused_by_turns(void **state)
{
    enum { COUNT = 200000 };
    const struct side s = MARIADB(1, "0-1-200001,0-2-200002", ""),
                      t = MARIADB(2, "0-1-200001,0-2-200002,0-3-200000", "");
    const struct mr_history_executed a = says(&s), b = says(&t);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_own own[2];
    const char *which;
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        mr_history_own_init(&own[k]);
        assert_int_equal(
            mr_history_own_by_gtid(&own[k], k == 0 ? &a : &b, k == 0 ? &b : &a, &arena, NULL),
            MR_OK);
        for (uint64_t i = 1; i <= COUNT; i++) {
            char text[48];
            const unsigned server = k == 1 && i == COUNT ? 3 : 1 + i % 2;
            (void)snprintf(text, sizeof text, "0-%u-%" PRIu64, server, i);
            (void)judge(&own[k], text, "l", 4, 0);
        }
    }
    const clock_t begun = clock();
    assert_int_equal(mr_history_own_reused(&own[0], &own[1], &arena, &which, NULL), MR_OK);
    assert_true(clock() - begun < 5 * CLOCKS_PER_SEC);
    assert_non_null(which);
    assert_string_equal(which, "0-1-200000");
    for (size_t k = 0; k < 2; k++)
        mr_history_own_release(&own[k]);
    mr_arena_release(&arena);
}

/* ---- by place ---- */

struct met {
    const char *log;
    uint64_t from, to;
};
static const struct {
    const char *split_log;
    uint64_t split;
    struct met met[4];
    const char *owned, *missed;
} places[] = {
    {"bin.2",
     300,
     {{"bin.1", 4, 900}, {"bin.2", 100, 300}, {"bin.2", 300, 400}, {"bin.3", 4, 90}},
     "SSOO",
     NULL},
    {"bin.2", 300, {{"/d/bin.2", 100, 300}, {"/d/bin.2", 300, 400}}, "SO", NULL},
    {"bin.2", 300, {{"/d/xbin.2", 100, 300}, {"/d/xbin.2", 300, 400}}, "SS", "not among them"},
    {"bin.2", 300, {{"bin.3", 4, 90}}, "S", "not among them"},
    {"bin.2", 250, {{"bin.2", 100, 300}, {"bin.2", 300, 400}}, "SO", "within a transaction"},
    {"bin.2", 400, {{"bin.2", 100, 300}, {"bin.2", 300, 400}}, "SS", NULL},
    {"bin.2",
     401,
     {{"bin.2", 100, 300}, {"bin.2", 300, 400}, {"bin.3", 4, 90}},
     "SSO",
     "behind the end of its log"},
    {"bin.2", 4, {{"bin.2", 100, 300}}, "O", NULL},
    /* files that were packed, and what history archive calls them */
    {"bin.2", 300, {{"/d/bin.2.zst", 100, 300}, {"/d/bin.3.zst", 4, 90}}, "SO", NULL},
    {"bin.2", 300, {{"/d/bin.2.gz", 100, 300}, {"/d/bin.3", 4, 90}}, "SO", NULL},
    {"bin.2", 300, {{"/d/bin.2.336.zst", 100, 300}, {"/d/bin.2.336.zst", 300, 336}}, "SO", NULL},
};

static void test_by_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(places); i++) {
        struct mr_history_own own;
        char got[8] = "";
        mr_history_own_init(&own);
        mr_history_own_by_place(&own, places[i].split_log, places[i].split, "split");
        for (size_t k = 0; k < 4 && places[i].met[k].log != NULL; k++) {
            const struct met *m = &places[i].met[k];
            const struct mr_binlog_place begun = {m->log, m->from};
            got[k] = "?SOU"[judge(&own, "", m->log, m->from, 0)];
            mr_history_own_reach(&own, &begun, m->to);
            mr_history_own_ended(&own, &begun, m->to);
        }
        const char *missed = mr_history_own_missed(&own);
        assert_string_equal(got, places[i].owned);
        assert_int_equal(missed == NULL, places[i].missed == NULL);
        if (missed != NULL)
            assert_non_null(strstr(missed, places[i].missed));
        mr_history_own_release(&own);
    }
}

static void test_follows(void **state)
{
    static const struct {
        const char *before, *name;
        bool follows;
    } cases[] = {
        {"bin.000001", "bin.000002", true},
        {"bin.000001", "bin.000003", false},
        {"bin.000001.zst", "bin.000002.zst", true},
        {"bin.000001.gz", "bin.000002", true},
        {"bin.000001.zst", "bin.000002.336.zst", true},
        {"bin.000001.336.zst", "bin.000002.zst", true},
        {"bin.000001.zst", "bin.000003.336.zst", false},
        {"bin.000001", "log.000002", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        if (mr_history_log_follows(cases[i].before, cases[i].name) != cases[i].follows)
            fail_msg("%s, %s", cases[i].before, cases[i].name);
}

/* A log of the split that holds nothing, and one that is read on where an earlier run had ended. */
static void test_place_met(void **state)
{
    struct mr_history_own own;
    (void)state;
    mr_history_own_init(&own);
    mr_history_own_by_place(&own, "bin.2", 256, "split");
    assert_non_null(mr_history_own_missed(&own));
    mr_history_own_reach(&own, &(struct mr_binlog_place){"bin.2", 4}, 256);
    assert_null(mr_history_own_missed(&own));
    mr_history_own_release(&own);
    mr_history_own_init(&own);
    mr_history_own_by_place(&own, "bin.2", 256, "split");
    mr_history_own_go_on(&own);
    assert_int_equal(judge(&own, "", "bin.5", 4, 0), MR_OWNED_OWN);
    assert_null(mr_history_own_missed(&own));
    mr_history_own_release(&own);
}

/* ---- by time ---- */

/* Of what is its own, what a server had not executed: by triples where MariaDB counts on. */
static void test_behind(void **state)
{
    static const struct {
        bool is_mariadb;
        const char *other, *gtids; /* judged against `other` */
        const char *executed, *position, *behind;
    } cases[] = {
        {true, "0-1-3,0-2-5", "0-1-3 0-1-4 0-1-5", "0-1-5", "", ""},
        {true, "0-1-3,0-2-5", "0-1-3 0-1-4 0-1-5", "0-1-4", "", "0-1-5"},
        {true, "0-1-3,0-2-5", "0-1-3 0-1-4 0-1-5", "0-2-9", "", "0-1-5"},
        {true, "0-1-3,0-2-5", "0-1-4 0-1-5 7-1-2", "0-1-3", "0-1-5", "7-1-2"},
        {true, "0-1-5", "0-1-4 0-1-5", "0-2-1", "", ""}, /* nothing is its own */
        {false, A ":1-3", A ":3 " A ":4 " A ":5", A ":1-5", "", ""},
        {false, A ":1-3", A ":3 " A ":4 " A ":5 " A ":7", A ":1-4", "", A ":5:7"},
        {false, A ":1-3", A ":4", "", "", A ":4"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct side self = {cases[i].is_mariadb, true, 1, A, "", ""};
        const struct side at = {cases[i].is_mariadb, true, 2, B, cases[i].other, ""};
        const struct mr_history_executed a = says(&self), b = says(&at);
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_strbuf behind = MR_STRBUF_INIT;
        struct mr_history_own own;
        struct mr_err err = {0};
        char list[300], *save = NULL;
        mr_history_own_init(&own);
        assert_int_equal(mr_history_own_by_gtid(&own, &a, &b, &arena, &err), MR_OK);
        (void)snprintf(list, sizeof list, "%s", cases[i].gtids);
        for (char *gtid = strtok_r(list, " ", &save); gtid != NULL;
             gtid = strtok_r(NULL, " ", &save))
            (void)judge(&own, gtid, "l", 4, 0);
        assert_int_equal(
            mr_history_own_behind(&own, cases[i].executed, cases[i].position, &behind, &err),
            MR_OK);
        assert_string_equal(behind.len > 0 ? behind.ptr : "", cases[i].behind);
        mr_strbuf_release(&behind);
        mr_history_own_release(&own);
        mr_arena_release(&arena);
    }
}

static void test_by_time(void **state)
{
    static const struct {
        int64_t split_us, began_us;
        bool none_before;
        const char *owned; /* of what was committed at 9.0, 9.999999, 10.0, 10.5, 11 s */
        bool misses;
    } cases[] = {
        {10000000, 9000000, false, "SSOOO", false},
        {10500000, 9000000, false, "SSOOO", false}, /* a whole second */
        {10000000, 10000001, false, "SSOOO", true},
        {10000000, 12000000, true, "SSOOO", false}, /* there never was another log */
        {-1, -1000000, false, "OOOOO", false},
    };
    static const int64_t times[] = {9000000, 9999999, 10000000, 10500000, 11000000};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_history_own own;
        char got[8] = "";
        mr_history_own_init(&own);
        mr_history_own_by_time(&own, cases[i].split_us, "split");
        mr_history_own_begins(&own, cases[i].began_us, cases[i].none_before);
        for (size_t k = 0; k < LEN(times); k++)
            got[k] = "?SOU"[judge(&own, "", "l", 4, times[k])];
        assert_string_equal(got, cases[i].owned);
        assert_int_equal(mr_history_own_missed(&own) != NULL, cases[i].misses);
        mr_history_own_release(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_gtid),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_before),          cmocka_unit_test(test_reused),
        cmocka_unit_test(test_reused_by_turns), cmocka_unit_test(test_by_place),
        cmocka_unit_test(test_follows),         cmocka_unit_test(test_place_met),
        cmocka_unit_test(test_by_time),         cmocka_unit_test(test_behind),
        cmocka_unit_test(test_unlogged)};
    return cmocka_run_group_tests_name("history_own", tests, NULL, NULL);
}
