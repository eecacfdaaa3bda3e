/*
 * test_suspect_values.c: which ids of a run may change hands, and what holds them.
 * The verdict on a column: test_suspect_rule.c, test_suspect_look.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "core/base/clock.h"
#include "recon/check/suspect_values.h"

enum { MEMBERS, ORDERS };

static void begin(struct world *w)
{
    static const size_t first = 0;
    world_begin(w);
    graph_table(&w->g, "members", "id:uint name:text?", NULL);
    graph_table(&w->g, "orders", "id member_id:uint?", NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        w->g.sides[side][MEMBERS].columns[0].auto_increment = true;
    world_plan(w, "");
    for (size_t i = 0; i < 2; i++) {
        world_pair(w, i)->key_columns = &first;
        world_pair(w, i)->nkey_columns = 1;
    }
}

static void found(struct world *w, size_t table, enum mr_find_kind kind, const char *source,
                  const char *target)
{
    struct mr_finding f = world_found(w, table, source, target);
    f.kind = kind;
    world_require(mr_findings_save(w->check.fd, world_pair(w, table)->find.id, &f, 1, true, NULL));
}

static enum mr_code look_at(struct world *w, struct mr_suspect_look *look, double end_s,
                            struct mr_err *err)
{
    world_require(mr_suspect_look_open(look, &w->check.pairing, w->g.servers[MR_SOURCE].main, err));
    return mr_suspect_values(&w->check, look, end_s, err);
}

/* "7 9 of 12" */
static void show_ids(const struct mr_suspect_look *look, size_t table, struct mr_strbuf *out)
{
    const struct mr_suspect_parent *p = &look->parents[table];
    for (size_t i = 0; i < p->nids; i++)
        mr_strbuf_add_fmt(out, "%llu ", (unsigned long long)p->ids[i]);
    if (p->nids > 0)
        mr_strbuf_add_fmt(out, "of %llu", (unsigned long long)p->greatest);
}

static void test_ids(void **state)
{
    static const struct {
        const char *what;
        bool named; /* rows are known by more than the counter's number */
        uint64_t greatest;
        const char *ids;
    } cases[] = {
        {"only who is missing, or somebody else there", true, 12, "7 9 of 12"},
        {"without a name whoever differs may be somebody else", false, 12, "5 7 9 of 12"},
        {"a row of an earlier moment is above the counter's", true, 8, "7 9 of 9"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_suspect_look look;
        struct mr_strbuf ids = MR_STRBUF_INIT;
        begin(&w);
        world_pair(&w, MEMBERS)->find.identity_known = cases[i].named;
        w.side[MR_SOURCE].greatest = cases[i].greatest;
        found(&w, MEMBERS, MR_KIND_COLLISION, "9|a", "9|b");
        found(&w, MEMBERS, MR_KIND_MISSING, "7|c", NULL);
        found(&w, MEMBERS, MR_KIND_CHANGED, "5|d", "5|e");
        found(&w, MEMBERS, MR_KIND_EXTRA, NULL, "11|f"); /* SOURCE's rows mean nobody by it */
        assert_int_equal(look_at(&w, &look, mr_clock_now_s() + 60, NULL), MR_OK);
        show_ids(&look, MEMBERS, &ids);
        if (strcmp(ids.ptr, cases[i].ids) != 0)
            fail_msg("%s: %s", cases[i].what, ids.ptr);
        mr_strbuf_release(&ids);
        mr_suspect_look_release(&look);
        world_end(&w);
    }
}

/* What differs is looked at, and the last rows that do not. */
static void test_holders(void **state)
{
    static const struct {
        const char *what, *equal, *differing; /* orders */
        bool failed;
        size_t suspects;
    } cases[] = {
        {"a row that differs", NULL, "1|7", false, 1},
        {"one that is equal on both sides", "1|7", NULL, false, 1},
        {"of somebody who keeps the id", "1|3", "2|4", false, 0},
        {"nobody's", "1|NULL", NULL, false, 0},
        {"of a table that could not be read", "1|7", NULL, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_suspect_look look;
        begin(&w);
        w.side[MR_SOURCE].greatest = 12;
        found(&w, MEMBERS, MR_KIND_MISSING, "7|c", NULL);
        if (cases[i].equal != NULL)
            world_put_both(&w, ORDERS, cases[i].equal);
        if (cases[i].differing != NULL)
            found(&w, ORDERS, MR_KIND_MISSING, cases[i].differing, NULL);
        atomic_store(&world_pair(&w, ORDERS)->failed, cases[i].failed);
        assert_int_equal(look_at(&w, &look, mr_clock_now_s() + 60, NULL), MR_OK);
        if (look.suspects.count != cases[i].suspects)
            fail_msg("%s: %zu", cases[i].what, look.suspects.count);
        if (cases[i].suspects > 0) {
            const struct mr_suspect *s = mr_vec_at(&look.suspects, 0);
            assert_string_equal(s->column, "member_id");
            assert_ptr_equal(s->parent, world_pair(&w, MEMBERS));
        }
        mr_suspect_look_release(&look);
        world_end(&w);
    }
}

/* No id changes hands, or there is no time left: no row is read. */
static void test_nothing_to_look_for(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct world w;
        struct mr_suspect_look look;
        begin(&w);
        world_put_both(&w, ORDERS, "1|7");
        if (late)
            found(&w, MEMBERS, MR_KIND_MISSING, "7|c", NULL);
        assert_int_equal(look_at(&w, &look, late ? 0 : mr_clock_now_s() + 60, NULL), MR_OK);
        assert_int_equal(look.suspects.count, 0);
        assert_int_equal(w.side[MR_SOURCE].reads, 0);
        mr_suspect_look_release(&look);
        world_end(&w);
    }
}

/* More findings than a page holds, and ids in order. */
static void test_pages(void **state)
{
    enum { ROWS = 1203 };
    struct world w;
    struct mr_suspect_look look;
    (void)state;
    begin(&w);
    for (int i = ROWS; i > 0; i--) {
        char row[24];
        (void)snprintf(row, sizeof row, "%d|x", i);
        found(&w, MEMBERS, MR_KIND_MISSING, row, NULL);
    }
    assert_int_equal(look_at(&w, &look, mr_clock_now_s() + 60, NULL), MR_OK);
    const struct mr_suspect_parent *p = &look.parents[MEMBERS];
    assert_int_equal(p->nids, ROWS);
    for (size_t i = 0; i < p->nids; i++)
        assert_int_equal(p->ids[i], i + 1);
    mr_suspect_look_release(&look);
    world_end(&w);
}

static void test_breaks(void **state)
{
    (void)state;
    for (int scan = 0; scan < 2; scan++) {
        struct world w;
        struct mr_suspect_look look;
        struct mr_err err = {0};
        begin(&w);
        world_put_both(&w, ORDERS, "1|7");
        found(&w, MEMBERS, MR_KIND_MISSING, "7|c", NULL);
        w.side[MR_SOURCE].counter_code = scan ? MR_OK : MR_E_LOST;
        w.side[MR_SOURCE].fail_at = scan ? 1 : 0;
        w.side[MR_SOURCE].fail_times = 9;
        w.side[MR_SOURCE].fail_code = MR_E_DENIED;
        assert_int_equal(look_at(&w, &look, mr_clock_now_s() + 60, &err),
                         scan ? MR_E_DENIED : MR_E_LOST);
        mr_suspect_look_release(&look);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_holders),
        cmocka_unit_test(test_nothing_to_look_for),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
