/* test_side_sample.c: are the values of a column keys of another table?  Rows of a snapshot, or what a
 * server answers, in; how many have a value, and how many of those a key, out. */
#include "side_world.h"

#include "repair/side/side_sample.h"

/* One reader reads both tables: the child's columns are id and ref, the parent's key is no. */
struct pair {
    struct side s;
    struct mr_readspec child, parent;
    size_t key;
};

static void pair_init(struct pair *p, const char *columns, const char *const *rows)
{
    static const size_t first = 0;
    side_init(&p->s, columns, rows);
    p->child = (struct mr_readspec){.db = "club",
                                    .table = "o`dd",
                                    .cols = p->s.cols,
                                    .ncols = p->s.ncolumns,
                                    .key = &first,
                                    .nkey = 1};
    p->parent = p->child;
    p->parent.table = "par`ents";
}

static struct mr_side_sample ask_of(struct pair *p)
{
    return (struct mr_side_sample){
        .reader = &p->s.reader, .child = &p->child, .parent = &p->parent, .column = 1, .key = 0};
}

/* Rows "id|ref", which are parents by their ids, too. */
static void test_rows(void **state)
{
    static const struct {
        const char *what, *columns, *rows[6];
        uint64_t values, keys;
    } cases[] = {
        {"no rows", "id:int ref:int", {NULL}, 0, 0},
        {"all are keys", "id:int ref:int", {"1|2", "2|1", "3|3"}, 3, 3},
        {"some are", "id:int ref:int", {"1|2", "2|9", "3|2"}, 3, 2},
        {"NULL has no value", "id:int ref:int", {"1|NULL", "2|1"}, 1, 1},
        {"'' is a value", "id:text ref:text", {"|a", "a|"}, 2, 2},
        {"bytes count", "id:text ref:text", {"a|A", "b|a\\0"}, 2, 0},
        {"below zero, and the greatest",
         "id:int ref:int",
         {"-1|9223372036854775807", "9223372036854775807|-1"},
         2,
         2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (int order = 0; order < 3; order++) {
            struct pair p;
            uint64_t counts[2] = {100, 200}; /* it adds */
            pair_init(&p, cases[i].columns, cases[i].rows);
            p.s.no_order = order == 1;
            p.child.nkey = order == 2 ? 0 : 1;
            const struct mr_side_sample what = ask_of(&p);
            assert_int_equal(mr_side_sample(&what, counts, NULL), MR_OK);
            /* what is at both ends of so few rows is seen from both */
            if (counts[0] != 100 + 2 * cases[i].values || counts[1] != 200 + 2 * cases[i].keys)
                fail_msg("%s: %d, %d", cases[i].what, (int)counts[0], (int)counts[1]);
            side_release(&p.s);
        }
}

enum { MANY = 3 * MR_SIDE_SAMPLE_ROWS };

static const char **many_rows(char **texts)
{
    const char **rows = calloc(MANY + 1, sizeof *rows);
    *texts = calloc(MANY, 24);
    for (size_t i = 0; i < MANY; i++) {
        const bool is_key = i < MR_SIDE_SAMPLE_ROWS; /* only the first third refers to keys */
        (void)snprintf(*texts + 24 * i, 24, "%zu|%zu", i, is_key ? i : i + MANY);
        rows[i] = *texts + 24 * i;
    }
    return rows;
}

/* Of many rows only the ends are read: of the end the last stretch, where that has enough. */
static void test_ends(void **state)
{
    static const struct {
        const char *what;
        size_t segment;
        bool no_order;
        size_t scanned;
    } cases[] = {
        {"a stretch that is long enough", MANY / 2, false, MR_SIDE_SAMPLE_ROWS + MANY / 2},
        {"one that is not", 500, false, MR_SIDE_SAMPLE_ROWS + 500 + MANY},
        {"no stretches", 0, false, MR_SIDE_SAMPLE_ROWS + MANY},
        {"no order", 500, true, MANY},
    };
    char *texts = NULL;
    const char **rows = many_rows(&texts);
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct pair p;
        uint64_t counts[2] = {0, 0};
        pair_init(&p, "id:int ref:int", rows);
        p.s.segment = cases[i].segment;
        p.s.no_order = cases[i].no_order;
        const struct mr_side_sample what = ask_of(&p);
        assert_int_equal(mr_side_sample(&what, counts, NULL), MR_OK);
        assert_int_equal(counts[0], 2 * MR_SIDE_SAMPLE_ROWS);
        assert_int_equal(counts[1], MR_SIDE_SAMPLE_ROWS);
        if (p.s.scanned != cases[i].scanned)
            fail_msg("%s: %zu rows are read", cases[i].what, p.s.scanned);
        side_release(&p.s);
    }
    free(texts);
    free(rows);
}

static void test_failures(void **state)
{
    static const char *const rows[] = {"1|2", "2|1", "3|NULL", NULL};
    enum mr_code code = MR_E_IO;
    (void)state;
    for (size_t n = 1; code != MR_OK; n++) {
        struct pair p;
        uint64_t counts[2] = {0, 0};
        pair_init(&p, "id:int ref:int", rows);
        p.s.segment = 1;
        p.s.fail_at = n;
        const struct mr_side_sample what = ask_of(&p);
        code = mr_side_sample(&what, counts, NULL);
        if (code == MR_OK && p.s.reads >= n)
            fail_msg("failure %zu is not told", n);
        side_release(&p.s);
    }
}

/* A server counts itself, of the same rows. */
static void test_server(void **state)
{
    static const struct {
        struct world_answer answer;
        enum mr_code code;
        uint64_t values, keys;
    } cases[] = {
        {{.has = "LEFT JOIN", .rows = "7|5"}, MR_OK, 7, 5},
        {{.has = "LEFT JOIN", .rows = "~|~"}, MR_OK, 0, 0},
        {{.has = "LEFT JOIN", .code = MR_E_SQL, .text = "SELECT denied"}, MR_E_SQL, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct pair p;
        uint64_t counts[2] = {100, 200};
        static const char *const none[] = {NULL};
        world_begin(&cases[i].answer, 1);
        pair_init(&p, "i`d:int re`f:int", none);
        p.s.db = world_db();
        const struct mr_side_sample what = ask_of(&p);
        assert_int_equal(mr_side_sample(&what, counts, NULL), cases[i].code);
        assert_int_equal(counts[0], 100 + cases[i].values);
        assert_int_equal(counts[1], 200 + cases[i].keys);
        assert_string_equal(
            world_sent(),
            "SELECT COUNT(s.v), COUNT(p.`i``d`) FROM ((SELECT `re``f` AS v FROM `club`.`o``dd`"
            " ORDER BY `i``d` LIMIT 1000) UNION ALL (SELECT `re``f` AS v FROM `club`.`o``dd`"
            " ORDER BY `i``d` DESC LIMIT 1000)) AS s LEFT JOIN `club`.`par``ents` AS p ON p.`i``d`"
            " = s.v\n");
        side_release(&p.s);
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
