/* test_check_alike.c: what differing rows have in common: looked at early, counted, kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture.h"
#include "core/base/log.h"
#include "check_world.h"
#include "recon/check/check_alike.h"

#define SUSPECTS 1000
#define SENTENCE "rows differ in `note` only, which is NULL in TARGET"

static void world_of(struct world *w, const char *ini)
{
    world_begin(w);
    graph_table(&w->g, "t", "id mobile:text? note:text?", NULL);
    world_plan(w, ini);
    assert_int_equal(mr_check_alikes_begin(&w->check, NULL), MR_OK);
}

static void end_world(struct world *w)
{
    mr_check_alikes_drop(&w->check);
    world_end(w);
}

/* "ID|a|NOTE". */
static const char *row(char *buf, size_t size, unsigned id, const char *note)
{
    (void)snprintf(buf, size, "%u|a|%s", id, note);
    return buf;
}

/* Of as many rows as differ, in each of which TARGET's note is NULL. */
static void summarised(struct world *w, unsigned rows)
{
    struct mr_find_counts *c = &world_pair(w, 0)->find.counts;
    world_require(mr_findings_summarise(w->check.fd, world_pair(w, 0)->find.id, c, NULL));
    c->source_rows = c->target_rows = rows;
}

/* What the case keeps; NULL: nothing. */
static void kept_is(struct world *w, const char *want)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    world_require(mr_findings_tables(w->check.fd, &arena, &tables, &count, NULL));
    assert_int_equal(count, 1);
    if (want == NULL)
        assert_null(tables[0].alike);
    else
        assert_string_equal(tables[0].alike, want);
    mr_arena_release(&arena);
}

static void end_is(struct world *w, const char *want)
{
    assert_int_equal(mr_check_alike_end(&w->check, world_pair(w, 0), NULL), MR_OK);
    kept_is(w, want);
}

/* As they become true, and, by the half of them that another process has seen, from the case. */
static void test_counted(void **state)
{
    (void)state;
    for (unsigned seen = 0; seen <= 24; seen += 12) {
        struct world w;
        char s[40], t[40];
        world_of(&w, "");
        kept_is(&w, NULL);
        for (unsigned i = 0; i < 24; i++) {
            struct mr_finding f =
                world_found(&w, 0, row(s, sizeof s, i, "x"), row(t, sizeof t, i, "NULL"));
            const int64_t table = world_pair(&w, 0)->find.id;
            world_require(mr_findings_save(w.check.fd, table, &f, 1, true, NULL));
            if (i < seen)
                assert_int_equal(mr_check_alike_add(&w.check, world_pair(&w, 0), &f, 1, NULL),
                                 MR_OK);
        }
        summarised(&w, 24);
        end_is(&w, "all 24 " SENTENCE);
        /* again, of a table that has more rows by now: the old sentence is not true any more */
        summarised(&w, 100);
        end_is(&w, NULL);
        summarised(&w, 48);
        end_is(&w, "50.0 % of 48 " SENTENCE);
        world_require(mr_findings_table_clear(w.check.fd, world_pair(&w, 0)->find.id, NULL));
        kept_is(&w, NULL);
        end_world(&w);
    }
}

/* One identity under the next key each: what is told is that, and not which columns differ. */
static void test_moved(void **state)
{
    struct world w;
    char s[40], t[40];
    (void)state;
    world_of(&w, "[table *]\nidentity = mobile\n");
    for (unsigned i = 1; i <= 30; i++) {
        (void)snprintf(s, sizeof s, "%u|p%u|x", i, i);
        (void)snprintf(t, sizeof t, "%u|p%u|x", i, i - 1);
        struct mr_finding f = world_found(&w, 0, s, t);
        char ids[2][8];
        f.source_id_len = (size_t)snprintf(ids[0], sizeof ids[0], "p%u", i);
        f.target_id_len = (size_t)snprintf(ids[1], sizeof ids[1], "p%u", i - 1);
        f.source_id = ids[0];
        f.target_id = ids[1];
        f.kind = MR_KIND_COLLISION;
        world_require(mr_findings_save(w.check.fd, world_pair(&w, 0)->find.id, &f, 1, true, NULL));
    }
    summarised(&w, 30);
    end_is(&w,
           "96.6 % of 30 rows have another `id` in TARGET, by exactly 1 (more in TARGET), as in a "
           "table that was shifted");
    end_world(&w);
}

static void add_suspects(struct world *w, struct mr_vec *suspects)
{
    char text[40];
    for (unsigned i = 0; i < SUSPECTS; i++) {
        struct mr_find_suspect *s = mr_vec_push(suspects);
        world_put(w, MR_SOURCE, 0, row(text, sizeof text, i, "x"));
        *s = (struct mr_find_suspect){
            .key = world_bytes(w, MR_SOURCE, 0, &world_pair(w, 0)->full[MR_SOURCE], true, text)};
        world_put(w, MR_TARGET, 0, row(text, sizeof text, i, "NULL"));
    }
}

/* Of a chunk in which most rows differ, once a table; whatever fails, the check goes on. */
static void test_look(void **state)
{
    static const struct {
        uint64_t rows;
        bool consistent;
        unsigned fail_at; /* of TARGET's reads */
        const char *log;  /* "": nothing */
    } cases[] = {
        {SUSPECTS, false, 0,
         "most of its rows differ so far; all 200 rows looked at differ in "
         "`note` only, which is NULL in TARGET"},
        {2 * SUSPECTS, false, 0, "most of its rows differ so far"},
        {2 * SUSPECTS + 2, false, 0, ""},
        {SUSPECTS, true, 0, ""},
        {SUSPECTS, false, 1, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct capture c;
        struct mr_vec suspects = MR_VEC_INIT(struct mr_find_suspect);
        world_of(&w, "");
        add_suspects(&w, &suspects);
        w.options.consistent = cases[i].consistent;
        w.side[MR_TARGET].fail_at = cases[i].fail_at;
        w.side[MR_TARGET].fail_times = 1;
        w.side[MR_TARGET].fail_code = MR_E_LOST;
        mr_log_set_level(MR_LOG_INFO);
        capture_begin(&c, CAPTURE_FILE, 80);
        mr_check_alike_look(&w.worker, world_pair(&w, 0), &suspects, cases[i].rows);
        const unsigned fetched = w.side[MR_SOURCE].fetched;
        mr_check_alike_look(&w.worker, world_pair(&w, 0), &suspects, cases[i].rows);
        capture_end(&c);
        if (*cases[i].log == '\0')
            assert_string_equal(c.text, "");
        else
            assert_non_null(strstr(c.text, cases[i].log));
        assert_int_equal(w.side[MR_SOURCE].fetched, fetched);
        mr_vec_release(&suspects);
        end_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
