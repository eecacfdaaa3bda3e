/* test_merge_lookup.c: rows of a server by the values of any of their columns. */
#include "merge_world.h"

#include "core/base/signals.h"
#include "repair/merge/merge_lookup.h"

/* What TARGET is asked to compare: how many texts so far. */
static size_t canonised;
enum mr_code __real_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err)
{
    canonised += items->count;
    return __real_mr_pair_canonise(table, positions, npositions, db, items, arena, err);
}

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "t", "id:uint# name:text? code:exact? n:int?");
    world_open(w);
    static const char *const rows[] = {"1|Ann|x|NULL", "2|ann |y|7", "3||X|7", "4|NULL|x |7",
                                       "18446744073709551615|o`dd|x\\0|-1"};
    for (size_t i = 0; i < LEN(rows); i++)
        world_both(w, 0, rows[i]);
}

/* Answers as "tag=id tag=id"; the n-th one refuses. */
struct log {
    struct mr_strbuf text;
    size_t refuses;
};

static enum mr_code note(void *ctx, const struct mr_merge_ask *ask,
                         const struct mr_merge_answer *row, struct mr_err *err)
{
    struct log *log = ctx;
    struct mr_key id;
    struct mr_value v;
    size_t pos = 0;
    if (log->refuses > 0 && --log->refuses == 0)
        return mr_err_set(err, MR_E_REFUSED, "not that one");
    MR_TRY(mr_merge_row_value((struct mr_key){row->image, row->len}, 0, &id, err));
    MR_TRY(mr_row_decode(id.ptr, id.len, &pos, &v, err));
    if (ask != NULL)
        mr_strbuf_add_fmt(&log->text, "%d=", (int)ask->tag);
    mr_strbuf_add_fmt(&log->text, "%" PRIu64 " ", v.cls == MR_CLASS_INT ? (uint64_t)v.i : v.u);
    return MR_OK;
}

static void ask_for(struct world *w, struct mr_vec *asks, int64_t tag, const char *row,
                    struct mr_plan_columns columns)
{
    world_require(
        mr_merge_lookup_push(asks, tag, world_image(w, 0, row), columns, &w->arena, NULL));
}

/* Values of some columns of up to three rows → who has them. */
static void test_ask(void **state)
{
    static const size_t id[] = {0}, name[] = {1}, code[] = {2}, both[] = {1, 3}, turned[] = {3, 1};
    const struct {
        enum mr_side side;
        struct mr_plan_columns columns;
        const char *rows[3];
        const char *log;
    } cases[] = {
        {MR_TARGET, {id, 1}, {"18446744073709551615|||0", "9|||0"}, "0=18446744073709551615 "},
        {MR_TARGET, {name, 1}, {"0|ANN|a|0"}, "0=1 0=2 "},
        /* two questions that are one to TARGET are both answered */
        {MR_TARGET, {name, 1}, {"0|ann|a|0", "0|ANN  |a|0"}, "0=1 0=2 1=1 1=2 "},
        {MR_SOURCE,
         {name, 1},
         {"0|ann|a|0", "0|ANN  |a|0", "0|ann|a|0"},
         "0=1 0=2 1=1 1=2 2=1 2=2 "},
        {MR_TARGET, {name, 1}, {"0||a|0", "0|  |a|0"}, "0=3 1=3 "}, /* padded, '' is blanks */
        {MR_TARGET, {name, 1}, {"0|NULL|a|0"}, ""},                 /* NULL finds nobody */
        {MR_TARGET, {code, 1}, {"0|a|x|0", "0|a|x\\0|0"}, "0=1 1=18446744073709551615 "},
        {MR_TARGET, {both, 2}, {"0|ann|a|7", "0|ann|a|NULL"}, "0=2 "},
        {MR_TARGET, {turned, 2}, {"0|ann|a|7"}, "0=2 "},
        {MR_TARGET, {name, 1}, {NULL}, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
        struct log log = {.text = MR_STRBUF_INIT};
        build(w);
        for (size_t k = 0; k < 3 && cases[i].rows[k] != NULL; k++)
            ask_for(w, &asks, (int64_t)k, cases[i].rows[k], cases[i].columns);
        const struct mr_merge_lookup what = {cases[i].side, &w->planned[0], cases[i].columns};
        mr_strbuf_add_str(&log.text, "");
        world_run(w, mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err));
        /* questions are sorted, so that their answers may come in another order */
        if (strlen(log.text.ptr) != strlen(cases[i].log) ||
            (cases[i].rows[1] == NULL && strcmp(log.text.ptr, cases[i].log) != 0))
            fail_msg("case %zu: %s", i, log.text.ptr);
        for (const char *at = cases[i].log; *at != '\0'; at = strchr(at, ' ') + 1) {
            char one[32];
            (void)snprintf(one, sizeof one, "%.*s ", (int)strcspn(at, " "), at);
            if (strstr(log.text.ptr, one) == NULL)
                fail_msg("case %zu: no %s in %s", i, one, log.text.ptr);
        }
        for (size_t k = 0; k < asks.count; k++) /* their memory is gone */
            assert_null(((struct mr_merge_ask *)mr_vec_at(&asks, k))->canon.ptr);
        mr_vec_release(&asks);
        mr_strbuf_release(&log.text);
        world_free(w);
    }
}

/* SOURCE keeps apart what is one to TARGET: it is asked for both, and each row answers both. */
static void test_apart(void **state)
{
    static const size_t name[] = {1};
    struct world *w = calloc(1, sizeof *w);
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct log log = {.text = MR_STRBUF_INIT};
    (void)state;
    build(w);
    w->tables[0].columns[MR_SOURCE][1].collation = "utf8mb4_nopad_bin";
    const struct mr_merge_lookup what = {MR_SOURCE, &w->planned[0], {name, 1}};
    ask_for(w, &asks, 7, "0|Ann||0", what.columns);
    ask_for(w, &asks, 7, "0|ann ||0", what.columns);
    world_run(w, mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err));
    assert_string_equal(log.text.ptr, "7=1 7=2 7=1 7=2 ");
    mr_vec_release(&asks);
    mr_strbuf_release(&log.text);
    world_free(w);
}

/* TARGET is asked once how it compares a value: not again for rows that have the bytes of a
 * question, and not for questions whose answer is known. */
static void test_asked_once(void **state)
{
    static const size_t name[] = {1};
    const struct {
        const char *known; /* canonical already */
        const char *rows[3];
        size_t canonised;
        const char *log;
    } cases[] = {
        {NULL, {"0|Ann||0"}, 2, "0=1 0=2 "}, /* "ann " is another text */
        {NULL, {"0|o`dd||0"}, 1, "0=18446744073709551615 "},
        {NULL, {"0|O`DD||0"}, 2, "0=18446744073709551615 "},
        {NULL, {"0|Ann||0", "0|ann ||0"}, 2, "0=1 0=2 1=1 1=2 "},
        {"0|Ann||0", {"0|Ann||0"}, 1, "0=1 0=2 "},
        {"0|o`dd||0", {"0|o`dd||0"}, 0, "0=18446744073709551615 "},
        {"0|o`dd||0", {"0|o`dd||0", "0|nobody||0"}, 1, "0=18446744073709551615 "},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
        struct log log = {.text = MR_STRBUF_INIT};
        build(w);
        const struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {name, 1}};
        if (cases[i].known != NULL) {
            ask_for(w, &asks, 0, cases[i].known, what.columns);
            world_require(
                mr_merge_lookup_canonise(&w->m, what.table, what.columns, &asks, &w->arena, NULL));
        }
        for (size_t k = asks.count; k < 3 && cases[i].rows[k] != NULL; k++)
            ask_for(w, &asks, (int64_t)k, cases[i].rows[k], what.columns);
        canonised = 0;
        world_run(w, mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err));
        if (canonised != cases[i].canonised || strcmp(log.text.ptr, cases[i].log) != 0)
            fail_msg("case %zu: %zu texts, %s", i, canonised, log.text.ptr);
        for (size_t k = 0; k < asks.count; k++) /* what was known before, too */
            assert_null(((struct mr_merge_ask *)mr_vec_at(&asks, k))->canon.ptr);
        mr_vec_release(&asks);
        mr_strbuf_release(&log.text);
        world_free(w);
    }
}

/* Rows that are wider than the average: batches are halved until their images fit, and each
 * question is answered once. */
static void test_wide(void **state)
{
    static const size_t id[] = {0};
    struct world *w = world_new();
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct log log = {.text = MR_STRBUF_INIT};
    char *rows[6];
    (void)state;
    world_table(w, "t", "id:uint# name:text?");
    world_open(w);
    for (int i = 0; i < 6; i++) {
        rows[i] = malloc(9000010);
        const int n = snprintf(rows[i], 8, "%d|", i + 1);
        memset(rows[i] + n, 'x', 9000000);
        rows[i][n + 9000000] = '\0';
        world_target(w, 0, rows[i]);
    }
    for (int i = 0; i < 6; i++) {
        char row[16];
        (void)snprintf(row, sizeof row, "%d|", i + 1);
        ask_for(w, &asks, i + 1, row, (struct mr_plan_columns){id, 1});
    }
    const struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {id, 1}};
    world_run(w, mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err));
    assert_string_equal(log.text.ptr, "1=1 2=2 3=3 4=4 5=5 6=6 ");
    assert_true(w->reads > 1);
    for (int i = 0; i < 6; i++)
        free(rows[i]);
    mr_vec_release(&asks);
    mr_strbuf_release(&log.text);
    world_free(w);
}

/* A batch is as small as rows are wide, and never empty. */
static void test_batches(void **state)
{
    static const size_t id[] = {0};
    const struct {
        uint64_t width;
        size_t asks, reads;
    } cases[] = {{0, 2000, 2}, {8 * 1024 * 1024, 3, 3}, {UINT64_MAX - 1, 2, 2}, {0, 1, 1}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
        struct log log = {.text = MR_STRBUF_INIT};
        build(w);
        w->tables[0].side[MR_TARGET].avg_row_bytes = cases[i].width;
        for (size_t k = 0; k < cases[i].asks; k++) {
            char row[32];
            (void)snprintf(row, sizeof row, "%zu|||0", 100 + k);
            ask_for(w, &asks, 1, row, (struct mr_plan_columns){id, 1});
        }
        const struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {id, 1}};
        world_run(w, mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err));
        if (w->reads != cases[i].reads)
            fail_msg("case %zu: %zu reads", i, w->reads);
        mr_vec_release(&asks);
        mr_strbuf_release(&log.text);
        world_free(w);
    }
}

/* Every row that has one of the values, each once; without values all; none for no value. */
static void test_stream(void **state)
{
    static const size_t name[] = {1};
    struct world *w = calloc(1, sizeof *w);
    struct log log = {.text = MR_STRBUF_INIT};
    (void)state;
    build(w);
    const struct mr_value ann[] = {{.cls = MR_CLASS_TEXT, .ptr = "ann", .len = 3},
                                   {.cls = MR_CLASS_TEXT, .ptr = "ANN", .len = 3}};
    const struct mr_key keys[] = {world_encode(w, &ann[0], NULL, 1),
                                  world_encode(w, &ann[1], NULL, 1)};
    const struct mr_merge_lookup what = {MR_SOURCE, &w->planned[0], {name, 1}};
    world_run(w, mr_merge_lookup_stream(&w->m, &what, keys, 2, note, &log, &w->err));
    assert_string_equal(log.text.ptr, "1 2 ");
    world_run(w, mr_merge_lookup_stream(&w->m, &what, keys, 0, note, &log, &w->err));
    assert_string_equal(log.text.ptr, "1 2 ");
    world_run(w, mr_merge_lookup_stream(&w->m, &what, NULL, 0, note, &log, &w->err));
    assert_string_equal(log.text.ptr, "1 2 1 2 3 4 18446744073709551615 ");
    mr_strbuf_release(&log.text);
    world_free(w);
}

/* Where no index leads to the values, one statement asks for many. */
static void test_keys(void **state)
{
    static const struct mr_index_part part = {.column = "NAME"}, none = {.expression = "n+1"};
    static const size_t name[] = {1}, two[] = {1, 3};
    struct mr_index index = {.usable = true, .parts = &part, .nparts = 1};
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {name, 1}};
    assert_true(mr_merge_lookup_keys(&w->m, &what) > MR_MERGE_BATCH);
    w->tables[0].side[MR_TARGET].indexes = &index;
    w->tables[0].side[MR_TARGET].nindexes = 1;
    assert_int_equal(mr_merge_lookup_keys(&w->m, &what), MR_MERGE_BATCH);
    index.usable = false; /* invisible to the server's optimizer */
    assert_true(mr_merge_lookup_keys(&w->m, &what) > MR_MERGE_BATCH);
    index = (struct mr_index){.usable = true, .parts = &none, .nparts = 1};
    assert_true(mr_merge_lookup_keys(&w->m, &what) > MR_MERGE_BATCH);
    what.columns = (struct mr_plan_columns){two, 2};
    assert_int_equal(mr_merge_lookup_keys(&w->m, &what), MR_MERGE_BATCH);
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    static const size_t id[] = {0}, name[] = {1};
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct log log = {.text = MR_STRBUF_INIT};
    const struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {id, 1}};
    const struct mr_key key = world_key(w, 0, "3|||0");
    ask_for(w, &asks, 1, "3|||0", (struct mr_plan_columns){id, 1});
    ask_for(w, &asks, 2, "4|||0", (struct mr_plan_columns){name, 1});
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, err));
    MR_TRY_OUT(mr_merge_lookup_stream(&w->m, &what, &key, 1, note, &log, err));
    MR_TRY_OUT(mr_merge_lookup_stream_where(&w->m, &what, NULL, note, &log, err));
out:
    mr_vec_release(&asks);
    mr_strbuf_release(&log.text);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

/* What a callback refuses ends all of it. */
static void test_refusal(void **state)
{
    static const size_t name[] = {1};
    struct world *w = calloc(1, sizeof *w);
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct log log = {.text = MR_STRBUF_INIT, .refuses = 2};
    (void)state;
    build(w);
    const struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {name, 1}};
    ask_for(w, &asks, 1, "0|ann||0", what.columns);
    world_refuse(w, mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err), MR_E_REFUSED,
                 "not that one");
    log.refuses = 1;
    world_refuse(w, mr_merge_lookup_stream(&w->m, &what, NULL, 0, note, &log, &w->err),
                 MR_E_REFUSED, "not that one");
    mr_vec_release(&asks);
    mr_strbuf_release(&log.text);
    world_free(w);
}

/* The last one: nothing takes the flag back. */
static void test_cancelled(void **state)
{
    static const size_t id[] = {0};
    struct world *w = calloc(1, sizeof *w);
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct log log = {.text = MR_STRBUF_INIT};
    (void)state;
    build(w);
    const struct mr_merge_lookup what = {MR_TARGET, &w->planned[0], {id, 1}};
    const struct mr_key key = world_key(w, 0, "3|||0");
    ask_for(w, &asks, 1, "3|||0", what.columns);
    mr_cancel();
    assert_int_equal(mr_merge_lookup_ask(&w->m, &what, &asks, note, &log, &w->err), MR_E_CANCELLED);
    assert_int_equal(mr_merge_lookup_stream(&w->m, &what, &key, 1, note, &log, &w->err),
                     MR_E_CANCELLED);
    assert_int_equal(w->reads, 0);
    mr_vec_release(&asks);
    mr_strbuf_release(&log.text);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ask),        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_asked_once), cmocka_unit_test(test_wide),
        cmocka_unit_test(test_batches),    cmocka_unit_test(test_stream),
        cmocka_unit_test(test_keys),       cmocka_unit_test(test_failures),
        cmocka_unit_test(test_refusal),    cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
