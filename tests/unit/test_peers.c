/* test_peers.c: replicas of the target: who is one, who has caught up, and on which of them a
 * counter stands lowest. */
#include "apply_world.h"

#include "core/db/replication.h"
#include "repair/apply/peers.h"

/* ---- peers by script ---- */

enum { PEERS = 3 };

static struct {
    char nobody[PEERS]; /* their connections */
    size_t opened;
    enum mr_relation relation;
    long lag_s;
    unsigned long delay_s[PEERS];
    double takes_s[PEERS]; /* until it has caught up, from the first wait on; -1: it cannot wait */
    double waited_s[PEERS];
    const char *position;
} peer;

static size_t at(const struct mr_db *db)
{
    for (size_t i = 0; i < PEERS; i++)
        if ((const void *)db == (const void *)&peer.nobody[i])
            return i;
    return PEERS;
}

static struct mr_db *db_at(size_t i)
{
    return (struct mr_db *)(void *)&peer.nobody[i];
}

static struct mr_db *open_next(const struct mr_endpoint *ep)
{
    (void)ep;
    return db_at(peer.opened++);
}

static const char *label(const struct mr_db *db)
{
    static const char *const labels[] = {"r0", "r1", "r2", "live"};
    return labels[at(db)];
}

enum mr_code __wrap_mr_replication_relation(struct mr_db *a, struct mr_db *b,
                                            enum mr_relation *relation, struct mr_strbuf *note,
                                            struct mr_err *err);
enum mr_code __wrap_mr_replication_relation(struct mr_db *a, struct mr_db *b,
                                            enum mr_relation *relation, struct mr_strbuf *note,
                                            struct mr_err *err)
{
    const struct world_answer *answer;
    assert_ptr_equal(a, world_db()); /* the peer follows the target, not the other way round */
    assert_ptr_not_equal(b, world_db());
    mr_strbuf_add_str(note, "the thread of SQL stands");
    *relation = peer.relation;
    return world_ask("(relation)", 10, &answer, err);
}

enum mr_code __wrap_mr_replication_lag(struct mr_db *db, long *seconds, unsigned long *delay_s,
                                       struct mr_err *err);
enum mr_code __wrap_mr_replication_lag(struct mr_db *db, long *seconds, unsigned long *delay_s,
                                       struct mr_err *err)
{
    const struct world_answer *answer;
    *seconds = peer.lag_s;
    *delay_s = peer.delay_s[at(db)];
    return world_ask("(lag)", 5, &answer, err);
}

enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err);
enum mr_code __wrap_mr_replication_position(struct mr_db *a, struct mr_strbuf *position,
                                            struct mr_err *err)
{
    const struct world_answer *answer;
    assert_ptr_equal(a, world_db());
    mr_strbuf_add_str(position, peer.position);
    return world_ask("(position)", 10, &answer, err);
}

enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err)
{
    const struct world_answer *answer;
    const size_t i = at(b);
    char text[64];
    const double left_s = peer.takes_s[i] - peer.waited_s[i];
    assert_string_equal(position, peer.position);
    (void)snprintf(text, sizeof text, "(wait %s %u)", label(b), timeout_s);
    *reached = peer.takes_s[i] >= 0 && left_s <= timeout_s;
    const double took_s = peer.takes_s[i] < 0 ? 0 : *reached ? left_s : timeout_s;
    peer.waited_s[i] += took_s;
    p.moment += took_s;
    return world_ask(text, strlen(text), &answer, err);
}

static struct mr_peers begin_peers(size_t count)
{
    static struct mr_peer items[PEERS];
    memset(items, 0, sizeof items);
    memset(&peer, 0, sizeof peer);
    peer.relation = MR_RELATION_FOLLOWS;
    peer.position = "0-1-17";
    world.open = open_next;
    world.label = label;
    for (size_t i = 0; i < count; i++)
        items[i].db = db_at(i);
    return (struct mr_peers){items, count};
}

/* ---- opening ---- */

static const char *uris[] = {"mysql://r@r0", "mysql://r@r1"};
static const struct mr_string_list two = {.items = uris, .count = 2};
static const struct mr_target_opts opts = {.run_tag = "run-1"};

static void test_relation(void **state)
{
    static const struct {
        enum mr_relation relation;
        const char *why, *said;
    } cases[] = {{MR_RELATION_FOLLOWS, NULL, NULL},
                 {MR_RELATION_NONE, "peer \"r0\" does not follow the target", NULL},
                 {MR_RELATION_STOPPED, "to peer \"r0\" has stopped: the thread of SQL", NULL},
                 {MR_RELATION_UNKNOWN, NULL, "peer \"r1\": the thread of SQL stands"}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_peers peers = {0};
        begin(NULL, 0);
        (void)begin_peers(0);
        peer.relation = cases[i].relation;
        const enum mr_code code = mr_peers_open(&two, &p.target, &opts, &p.arena, &peers, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else
            assert_int_equal(code, MR_OK);
        if (cases[i].said != NULL)
            said_has(cases[i].said);
        assert_int_equal(world.open_dbs, code == MR_OK ? 2 : 1);
        mr_peers_close(&peers);
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

/* Nothing stays open, whatever failed: open, relation, lag of each. */
static void test_open_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 7; n++) {
        struct mr_peers peers = {0};
        begin(NULL, 0);
        (void)begin_peers(0);
        world.fail_at = n;
        const enum mr_code code = mr_peers_open(&two, &p.target, &opts, &p.arena, &peers, &p.err);
        assert_int_equal(code, n <= 6 ? MR_E_LOST : MR_OK);
        if (code != MR_OK)
            assert_string_equal(p.err.message, "peer: the server has failed");
        mr_peers_close(&peers);
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

static void test_snapshot(void **state)
{
    static const char *snapshot[] = {"snapshot:dir"};
    const struct mr_string_list one = {.items = snapshot, .count = 1}, none = {0};
    struct mr_peers peers = {0};
    (void)state;
    begin(NULL, 0);
    (void)begin_peers(0);
    assert_int_equal(mr_peers_open(&one, &p.target, &opts, &p.arena, &peers, &p.err), MR_E_USAGE);
    mr_peers_close(&peers);
    assert_int_equal(mr_peers_open(&none, &p.target, &opts, &p.arena, &peers, &p.err), MR_OK);
    assert_int_equal(peers.count, 0);
    sent_is("");
    end();
}

/* ---- waiting ---- */

struct waiting {
    size_t count;
    const char *position;
    double takes_s[PEERS];
    unsigned long delay_s[PEERS];
    unsigned timeout_s;
    const char *behind, *sent;
};

static const struct waiting waitings[] = {
    {0, "0-1-17", {0}, {0}, 60, NULL, ""},
    {1, "0-1-17", {0}, {0}, 60, NULL, "(position)\n(wait r0 3)\n"},
    {1, "0-1-17", {2}, {0}, 2, NULL, "(position)\n(wait r0 2)\n"},
    {1, "0-1-17", {20}, {0}, 60, NULL, "(position)\n(wait r0 3)\n(lag)\n(wait r0 30)\n"},
    {1,
     "0-1-17",
     {34},
     {0},
     34,
     NULL,
     "(position)\n(wait r0 3)\n(lag)\n(wait r0 30)\n(lag)\n(wait r0 1)\n"},
    {1, "0-1-17", {99}, {0}, 10, "r0", "(position)\n(wait r0 3)\n(lag)\n(wait r0 7)\n"},
    {1, "0-1-17", {-1}, {0}, 10, "r0", "(position)\n(wait r0 3)\n"}, /* it cannot wait */
    {1, "0-1-17", {0}, {0}, 0, "r0", "(position)\n"},
    /* each has its time; the first that is late is enough */
    {3, "0-1-17", {1, 99, 1}, {0}, 3, "r1", "(position)\n(wait r0 3)\n(wait r1 3)\n"},
    {3, "0-1-17", {2, 2, 2}, {0}, 2, NULL, "(position)\n(wait r0 2)\n(wait r1 2)\n(wait r2 2)\n"},
    /* who is late on purpose is not waited for, and is behind */
    {2, "0-1-17", {0, 0}, {3600, 0}, 10, "r0", "(position)\n(wait r1 3)\n"},
    {2, "0-1-17", {0, 0}, {0, 3600}, 10, "r1", "(position)\n(wait r0 3)\n"},
    {2, "0-1-17", {99, 99}, {3600, 0}, 3, "r1", "(position)\n(wait r1 3)\n"},
    /* where the target writes no log nobody can tell */
    {1, "", {0}, {0}, 10, "r0", "(position)\n"},
};

static void test_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(waitings); i++) {
        const struct waiting *w = &waitings[i];
        const char *behind = "nobody";
        begin(NULL, 0);
        struct mr_peers peers = begin_peers(w->count);
        peer.position = w->position;
        memcpy(peer.takes_s, w->takes_s, sizeof peer.takes_s);
        for (size_t k = 0; k < w->count; k++)
            peers.items[k].delay_s = w->delay_s[k];
        assert_int_equal(mr_peers_wait(&peers, p.target.db, w->timeout_s, &behind, &p.err), MR_OK);
        if ((behind == NULL) != (w->behind == NULL) ||
            (behind != NULL && strcmp(behind, w->behind) != 0))
            fail_msg("%zu: %s", i, behind != NULL ? behind : "none");
        sent_is(w->sent);
        end();
    }
}

static void test_wait_fails(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        const char *behind = NULL;
        begin(NULL, 0);
        struct mr_peers peers = begin_peers(1);
        world.fail_at = n;
        assert_int_equal(mr_peers_wait(&peers, p.target.db, 10, &behind, &p.err), MR_E_LOST);
        end();
    }
}

/* ---- counters ---- */

static void test_lowest(void **state)
{
    static const struct {
        const char *next[PEERS];
        const char *low;
        uint64_t at;
    } cases[] = {{{"10", "10", "11"}, NULL, UINT64_MAX},
                 {{"9", "10", "10"}, "r0", 9},
                 {{"9", "8", "9"}, "r1", 8},
                 {{"8", "8", "8"}, "r0", 8},
                 {{"10", "10", "0"}, "r2", 0}, /* no counter */
                 {{"18446744073709551615", "10", "10"}, NULL, UINT64_MAX}};
    static const struct mr_counter counter = {
        .db = "o`dd", .name = "t", .column = "id", .reseed_to = 10};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *low = "x";
        uint64_t next = 7;
        BEGIN({.has = "(counter r0.t.id)", .text = cases[i].next[0]},
              {.has = "(counter r1.t.id)", .text = cases[i].next[1]},
              {.has = "(counter r2.t.id)", .text = cases[i].next[2]});
        struct mr_peers peers = begin_peers(3);
        assert_int_equal(mr_peers_lowest(&peers, &counter, &low, &next, &p.err), MR_OK);
        if (cases[i].low == NULL)
            assert_null(low);
        else
            assert_string_equal(low, cases[i].low);
        assert_int_equal(next, cases[i].at);
        end();
    }
}

/* A replica that is late on purpose may not have the table yet: it has no counter, so it is low. */
static void test_lowest_fails(void **state)
{
    static const struct {
        enum mr_code says;
        unsigned long delay_s;
        enum mr_code code;
        const char *low;
    } cases[] = {{MR_E_NO_SUCH, 3600, MR_OK, "r0"},
                 {MR_E_NO_SUCH, 0, MR_E_NO_SUCH, NULL},
                 {MR_E_DENIED, 3600, MR_E_DENIED, NULL}};
    static const struct mr_counter counter = {
        .db = "o`dd", .name = "t", .column = "id", .reseed_to = 10};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *low = NULL;
        uint64_t next = 0;
        BEGIN({.has = "(counter r0", .code = cases[i].says, .number = 1146});
        struct mr_peers peers = begin_peers(1);
        peers.items[0].delay_s = cases[i].delay_s;
        assert_int_equal(mr_peers_lowest(&peers, &counter, &low, &next, &p.err), cases[i].code);
        if (cases[i].low != NULL)
            assert_string_equal(low, cases[i].low);
        else
            assert_null(low);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relation),    cmocka_unit_test(test_open_fails),
        cmocka_unit_test(test_snapshot),    cmocka_unit_test(test_wait),
        cmocka_unit_test(test_wait_fails),  cmocka_unit_test(test_lowest),
        cmocka_unit_test(test_lowest_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
