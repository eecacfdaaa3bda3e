/*
 * test_check_duplicates.c: one identity on several rows of a side, and where it is not looked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "core/base/signals.h"
#include "recon/check/check_duplicates.h"

#define BY_MOBILE "[table *]\nidentity = mobile\n"

static enum mr_code list_one(void *ctx, const struct mr_find_duplicate *d, bool first,
                             struct mr_err *err)
{
    struct mr_strbuf *text = ctx;
    (void)err;
    mr_strbuf_add_fmt(text, "%s%s ", first ? "\n" : " ", d->side == MR_SOURCE ? "s" : "t");
    if (first)
        world_show(text, d->identity, d->identity_len);
    mr_strbuf_add_char(text, ':');
    world_show(text, d->image, d->image_len);
    return MR_OK;
}

static void found_is(struct world *w, const char *want)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "");
    assert_int_equal(
        mr_findings_walk_duplicates(w->check.fd, world_pair(w, 0)->find.id, list_one, &text, NULL),
        MR_OK);
    assert_string_equal(text.ptr, want);
    mr_strbuf_release(&text);
}

static void begin(struct world *w, const char *columns, const char *ini)
{
    world_begin(w);
    graph_table(&w->g, "o`dd", columns, NULL);
    world_plan(w, ini);
}

/* Rows of SOURCE, and one finding: the rows that share its identity. */
static void test_twins(void **state)
{
    static const struct {
        const char *columns, *ini, *rows[4], *finding, *found;
    } cases[] = {
        {"id mobile:text?",
         BY_MOBILE,
         {"1|ann", "2|ann", "3|bob"},
         "1|ann",
         "\ns ann:1|ann s :2|ann"},
        {"id mobile:text?", BY_MOBILE, {"1|ann", "2|bob"}, "1|ann", ""},
        {"id mobile:text?", BY_MOBILE, {"1|Ann", "2|aNN"}, "1|Ann", "\ns ann:1|Ann s :2|aNN"},
        /* nobody is not one person */
        {"id mobile:text?", BY_MOBILE, {"1|NULL", "2|NULL"}, "1|NULL", ""},
        /* an empty number is a number */
        {"id mobile:text?", BY_MOBILE, {"1|", "2|"}, "1|", "\ns :1| s :2|"},
        {"id mobile:text?",
         BY_MOBILE,
         {"1|a\\0b", "2|a\\0b", "3|a\\0c"},
         "1|a\\0b",
         "\ns a\\0b:1|a\\0b s :2|a\\0b"},
        /* twins of somebody who does not differ are none of the run's */
        {"id mobile:text?", BY_MOBILE, {"1|ann", "2|bob", "3|bob"}, "1|ann", ""},
        {"id mobile:uint?",
         BY_MOBILE,
         {"1|18446744073709551615", "2|18446744073709551615"},
         "1|18446744073709551615",
         "\ns 18446744073709551615:1|18446744073709551615 s :2|18446744073709551615"},
        {"id mobile:int?", BY_MOBILE, {"1|-1", "2|1", "3|-1"}, "1|-1", "\ns -1:1|-1 s :3|-1"},
        {"id a:text b:text",
         "[table *]\nidentity = a, b\n",
         {"1|ab|c", "2|a|bc", "3|AB|c"},
         "1|ab|c",
         "\ns ab|c:1|ab|c s :3|AB|c"},
        /* without an identity there is nothing to look for */
        {"id mobile:text?", "", {"1|ann", "2|ann"}, "1|ann", ""},
        /* a UNIQUE index rules it out */
        {"id mobile:text!", BY_MOBILE, {"1|ann", "2|ann"}, "1|ann", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        begin(&w, cases[i].columns, cases[i].ini);
        for (size_t k = 0; k < LEN(cases[i].rows) && cases[i].rows[k] != NULL; k++)
            world_put(&w, MR_SOURCE, 0, cases[i].rows[k]);
        world_finding(&w, 0, cases[i].finding, NULL);
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
        found_is(&w, cases[i].found);
        assert_null(world_pair(&w, 0)->find.note);
        world_end(&w);
    }
}

/* Each side is asked for those of its own. */
static void test_sides(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w, "id mobile:text?", BY_MOBILE);
    world_put(&w, MR_SOURCE, 0, "1|ann");
    world_put(&w, MR_TARGET, 0, "1|bob");
    world_put(&w, MR_TARGET, 0, "2|bob");
    world_put(&w, MR_TARGET, 0, "3|ann");
    world_put(&w, MR_TARGET, 0, "4|ann");
    world_finding(&w, 0, "1|ann", "1|bob");
    assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
    found_is(&w, "\nt bob:1|bob t :2|bob");
    world_end(&w);
}

/* A UNIQUE index does it only where all its columns are the identity's, whole. */
static void test_indexes(void **state)
{
    static const struct {
        struct mr_index_part parts[2];
        size_t nparts;
        bool unique;
        bool ruled_out;
    } cases[] = {
        {{{.column = "mobile"}}, 1, true, true},
        {{{.column = "MOBILE"}}, 1, true, true},
        {{{.column = "mobile"}}, 1, false, false},
        {{{.column = "mobile", .prefix_len = 3}}, 1, true, false},
        {{{.column = "mobile"}, {.column = "note"}}, 2, true, false},
        {{{.expression = "lower(mobile)"}}, 1, true, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        begin(&w, "id mobile:text? note:text?", BY_MOBILE);
        struct mr_table *t = &w.g.tables[MR_SOURCE][0];
        w.g.sides[MR_SOURCE][0].indexes[t->nindexes++] =
            (struct mr_index){.name = "u",
                              .unique = cases[i].unique,
                              .usable = true,
                              .parts = cases[i].parts,
                              .nparts = cases[i].nparts};
        world_put(&w, MR_SOURCE, 0, "1|ann|x");
        world_put(&w, MR_SOURCE, 0, "2|ann|x");
        world_finding(&w, 0, "1|ann|x", NULL);
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
        found_is(&w, cases[i].ruled_out ? "" : "\ns ann:1|ann|x s :2|ann|x");
        world_end(&w);
    }
}

static const struct mr_index_part by_mobile = {.column = "mobile"};

static void add_index(struct world *w, enum mr_side side, struct mr_index index)
{
    struct mr_table *t = &w->g.tables[side][0];
    w->g.sides[side][0].indexes[t->nindexes++] = index;
}

/* Who is alone is looked up once, by nothing but his identity; the others a second time, as rows. */
static void test_looked_up(void **state)
{
    static const struct {
        const char *rows[4], *findings[3], *found;
        unsigned fetched; /* keys */
    } cases[] = {
        {{"1|ann", "2|bob", "3|cid"}, {"1|ann", "2|bob", "3|cid"}, "", 3},
        {{"1|ann", "2|bob", "3|BOB"}, {"1|ann", "2|bob"}, "\ns bob:2|bob s :3|BOB", 3},
        /* in this column TARGET is the one who knows what equals what */
        {{"1|\303\244", "2|bob", "3|cid"}, {"1|\303\244", "2|bob"}, "", 4},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        begin(&w, "id mobile:text?", BY_MOBILE);
        for (size_t k = 0; k < LEN(cases[i].rows) && cases[i].rows[k] != NULL; k++)
            world_put(&w, MR_SOURCE, 0, cases[i].rows[k]);
        for (size_t k = 0; k < LEN(cases[i].findings) && cases[i].findings[k] != NULL; k++)
            world_finding(&w, 0, cases[i].findings[k], NULL);
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
        found_is(&w, cases[i].found);
        assert_int_equal(w.side[MR_SOURCE].fetched, cases[i].fetched);
        world_end(&w);
    }
}

/* A side that compares texts otherwise than TARGET, or is a snapshot, is asked for rows at once. */
static void test_not_sifted(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct world w;
        struct mr_err err = {0};
        world_begin(&w);
        graph_table(&w.g, "o`dd", "id mobile:text?", NULL);
        if (how == 0)
            w.g.sides[MR_SOURCE][0].columns[1].collation = "utf8mb4_bin";
        else
            world_snapshot(&w, MR_SOURCE);
        world_plan(&w, BY_MOBILE);
        world_put(&w, MR_SOURCE, 0, "1|ann");
        world_put(&w, MR_SOURCE, 0, "2|bob");
        world_put(&w, MR_SOURCE, 0, "3|bob");
        world_finding(&w, 0, "1|ann", NULL);
        world_finding(&w, 0, "2|bob", NULL);
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
        found_is(&w, "\ns bob:2|bob s :3|bob");
        assert_int_equal(w.side[MR_SOURCE].fetched, 2);
        world_end(&w);
    }
}

/* With an index of them all identities are read in order: only those that several have are looked up, and
 * only a finding's are told. */
static void test_read_in_order(void **state)
{
    static const struct {
        struct mr_index index;
        struct mr_index_part part;
        unsigned fetched; /* keys */
    } cases[] = {
        {{.name = "i", .usable = true}, {.column = "MOBILE"}, 1},
        {{.name = "i", .usable = true, .kind = "BTREE"}, {.column = "mobile"}, 1},
        /* each is looked up, and bob again */
        {{.name = "i", .usable = false}, {.column = "mobile"}, 3},
        {{.name = "i", .usable = true, .kind = "FULLTEXT"}, {.column = "mobile"}, 3},
        {{.name = "i", .usable = true}, {.column = "mobile", .prefix_len = 5}, 3},
        {{.name = "i", .usable = true}, {.column = "mobile", .descending = true}, 3},
        {{.name = "i", .usable = true}, {.column = "id"}, 3},
        {{.name = "i", .usable = true}, {.expression = "lower(mobile)"}, 3},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        struct mr_index index = cases[i].index;
        begin(&w, "id mobile:text?", BY_MOBILE);
        index.parts = &cases[i].part;
        index.nparts = 1;
        add_index(&w, MR_SOURCE, index);
        world_put(&w, MR_SOURCE, 0, "1|ann");
        world_put(&w, MR_SOURCE, 0, "2|bob");
        world_put(&w, MR_SOURCE, 0, "3|cid");
        world_put(&w, MR_SOURCE, 0, "4|bob");
        world_put(&w, MR_SOURCE, 0, "5|cid");
        world_finding(&w, 0, "1|ann", NULL);
        world_finding(&w, 0, "2|bob", NULL);
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
        found_is(&w, "\ns bob:2|bob s :4|bob");
        assert_int_equal(w.side[MR_SOURCE].fetched, cases[i].fetched);
        world_end(&w);
    }
}

/* Two columns, of which the index has the second in front. */
static void test_read_in_the_index_order(void **state)
{
    static const struct mr_index_part parts[] = {{.column = "b"}, {.column = "a"}};
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w, "id a:text b:text", "[table *]\nidentity = a, b\n");
    add_index(&w, MR_SOURCE,
              (struct mr_index){.name = "i", .usable = true, .parts = parts, .nparts = 2});
    world_put(&w, MR_SOURCE, 0, "1|ab|c");
    world_put(&w, MR_SOURCE, 0, "2|a|bc");
    world_put(&w, MR_SOURCE, 0, "3|AB|c");
    world_finding(&w, 0, "1|ab|c", NULL);
    assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
    found_is(&w, "\ns ab|c:1|ab|c s :3|AB|c");
    assert_int_equal(w.side[MR_SOURCE].fetched, 1);
    world_end(&w);
}

static void row_of(char *row, size_t size, int n)
{
    (void)snprintf(row, size, "%d|m%05d", n, n == 5001 ? 5000 : n);
}

/* A page of 5,000 rows ends between two of one identity; few findings in a table are looked up. */
static void test_pages(void **state)
{
    enum { ROWS = 10010 };
    static const struct {
        uint64_t est_rows;
        int from, to;     /* findings */
        unsigned fetched; /* keys */
    } cases[] = {{ROWS, 4001, 5100, 1}, {100000, 4991, 5011, 20}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        char row[64];
        begin(&w, "id mobile:text?", BY_MOBILE);
        add_index(&w, MR_SOURCE,
                  (struct mr_index){.name = "i", .usable = true, .parts = &by_mobile, .nparts = 1});
        w.g.tables[MR_SOURCE][0].est_rows = cases[i].est_rows;
        for (int n = 1; n <= ROWS; n++) {
            row_of(row, sizeof row, n);
            world_put(&w, MR_SOURCE, 0, row);
        }
        for (int n = cases[i].from; n < cases[i].to; n++) {
            row_of(row, sizeof row, n);
            world_finding(&w, 0, row, NULL);
        }
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
        found_is(&w, "\ns m05000:5000|m05000 s :5001|m05000");
        assert_int_equal(w.side[MR_SOURCE].fetched, cases[i].fetched);
        world_end(&w);
    }
}

/* Where each look would read a big table, it is not done, and said. */
static void test_big_tables(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w, "id mobile:text?", BY_MOBILE);
    w.g.tables[MR_SOURCE][0].est_rows = 200001;
    world_put_both(&w, 0, "1|ann");
    world_put_both(&w, 0, "2|ann");
    world_finding(&w, 0, "1|ann", "1|ann");
    assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
    found_is(&w, "\nt ann:1|ann t :2|ann");
    assert_string_equal(world_pair(&w, 0)->find.note,
                        "duplicates on the source: not looked for, no index leads with the "
                        "identity");
    world_end(&w);
}

/* Of an identity with very many rows some are listed, and it is said that there are more; the
 * others of the batch are looked for all the same. */
static void test_a_crowd(void **state)
{
    enum { CROWD = 40002 };
    struct world w;
    struct mr_err err = {0};
    uint64_t listed = 0;
    (void)state;
    begin(&w, "id mobile:text?", BY_MOBILE);
    for (int i = 0; i < CROWD; i++) {
        char row[64];
        (void)snprintf(row, sizeof row, "%d|crowd", i);
        world_put(&w, MR_SOURCE, 0, row);
    }
    world_put(&w, MR_SOURCE, 0, "100001|ann");
    world_put(&w, MR_SOURCE, 0, "100002|ann");
    world_finding(&w, 0, "1|crowd", NULL);
    world_finding(&w, 0, "100001|ann", NULL);
    assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_OK);
    assert_string_equal(world_pair(&w, 0)->find.note,
                        "duplicates on the source: of an identity with very many rows not all are "
                        "listed");
    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_int_equal(
        mr_findings_walk_duplicates(w.check.fd, world_pair(&w, 0)->find.id, list_one, &text, NULL),
        MR_OK);
    for (const char *at = text.ptr; (at = strchr(at, ':')) != NULL; at++)
        listed++;
    assert_int_equal(listed, 40000 + 2);
    assert_non_null(strstr(text.ptr, ":100002|ann"));
    mr_strbuf_release(&text);
    world_end(&w);
}

/* The n-th read breaks, the judge is gone, the run is cancelled: an error, and no guess. */
static void test_what_ends_it(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w, "id mobile:text?", BY_MOBILE);
    world_put_both(&w, 0, "1|ann");
    world_put_both(&w, 0, "2|ann");
    world_finding(&w, 0, "1|ann", "1|ann");
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct world_side *s = &w.side[side];
        s->reads = 0;
        s->fail_at = s->fail_times = 1;
        s->fail_code = MR_E_SQL;
        assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_E_SQL);
        s->fail_at = 0;
    }
    world_server.canon_code = MR_E_LOST;
    assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_E_LOST);
    world_server.canon_code = MR_OK;
    mr_cancel();
    assert_int_equal(mr_check_duplicates(&w.worker, world_pair(&w, 0), &err), MR_E_CANCELLED);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_looked_up),
        cmocka_unit_test(test_not_sifted),
        cmocka_unit_test(test_read_in_order),
        cmocka_unit_test(test_read_in_the_index_order),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_big_tables),
        cmocka_unit_test(test_a_crowd),
        cmocka_unit_test(test_what_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
