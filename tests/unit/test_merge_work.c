/* test_merge_work.c: the planner's tables, and how their rows are read. */
#include "merge_world.h"

static void build(struct world *w)
{
    world_begin(w);
    const size_t t = world_table(w, "members", "id:uint# name:text?");
    world_open(w);
    world_look(w, 1, t, "18446744073709551615|", NULL);
    world_look(w, 2, t, "0|NULL", "0|x\\0y");
    world_look(w, 3, t, "9223372036854775808|o`dd", "9223372036854775808|o`dd");
}

static const char rows_sql[] = "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                               " WHERE w.id>:after AND w.tbl=:tbl ORDER BY w.id LIMIT 2";

/* What was never written, an empty value and a byte of zero are three things. */
static void test_rows(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    (void)state;
    build(w);
    world_run(w, MR_MERGE_PAGE(&w->m, rows_sql, 0, &arena, &rows, &w->err, MR_ARG_INT("tbl", 0)));
    assert_int_equal(rows.count, 2);
    const struct mr_merge_work_row *row = mr_vec_at(&rows, 0);
    assert_true(row->n == INT64_MAX && row->above && !row->equal);
    assert_null(row->live_key.ptr);
    assert_null(row->live);
    row = mr_vec_at(&rows, 1);
    assert_true(row->n == INT64_MIN && !row->above && !row->equal);
    const struct mr_key live = world_image(w, 0, "0|x\\0y");
    assert_int_equal(row->live_len, live.len);
    assert_memory_equal(row->live, live.ptr, live.len);
    world_run(w, MR_MERGE_PAGE(&w->m, rows_sql, 2, &arena, &rows, &w->err, MR_ARG_INT("tbl", 0)));
    assert_int_equal(rows.count, 1); /* those before are gone */
    row = mr_vec_at(&rows, 0);
    assert_true(row->n == 0 && row->equal);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    world_free(w);
}

/* Wide rows end a page before the query does, and never before its first row. */
static void test_page(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    (void)state;
    build(w);
    world_sql(w, "INSERT INTO w (id) VALUES (11), (12), (13);"
                 "INSERT INTO source (id, image) SELECT id, zeroblob(5000000) FROM w WHERE id>10");
    world_run(w, MR_MERGE_ROWS(&w->m,
                               "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                               " WHERE w.id>:first ORDER BY w.id",
                               &arena, &rows, &w->err, MR_ARG_INT("first", 10)));
    assert_int_equal(rows.count, 2);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    world_free(w);
}

/* Parameters go by their names, and one that the statement lacks, or has beside, is an error. */
static void test_wrong_names(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    (void)state;
    build(w);
    assert_int_equal(
        MR_MERGE_PAGE(&w->m, rows_sql, 0, &arena, &rows, &w->err, MR_ARG_INT("table", 0)),
        MR_E_CASE);
    assert_int_equal(MR_MERGE_ROWS(&w->m, rows_sql, &arena, &rows, &w->err, MR_ARG_INT("tbl", 0)),
                     MR_E_CASE);
    assert_int_equal(rows.count, 0);
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    world_free(w);
}

/* A plan that is made again after one that failed finds nothing of it. */
static void test_open_again(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_sql(w, "CREATE TEMP TABLE ins (id INT); CREATE TEMP TABLE defer (id INT);"
                 "CREATE TEMP TABLE fresh_id (id INT); CREATE TEMP TABLE ent (id INT);"
                 "CREATE TEMP TABLE ins_order (id INT)");
    world_run(w, mr_merge_work_open(&w->m, &w->err));
    world_expect(w, "SELECT count(*) FROM w", "0");
    mr_merge_work_close(&w->m);
    world_expect(w,
                 "SELECT count(*) FROM sqlite_temp_master WHERE name IN ('w', 'name', 'link',"
                 " 'm', 'img', 'holder', 'mark', 'revived', 'earlier', 'chosen', 'live', 'ins',"
                 " 'extra', 'defer', 'ins_order', 'fresh_id', 'ent', 'reached', 'beside')",
                 "0");
    world_free(w);
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec rows = MR_VEC_INIT(struct mr_merge_work_row);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_MERGE_PAGE(&w->m, rows_sql, 0, &arena, &rows, err, MR_ARG_INT("tbl", 0)));
out:
    mr_vec_release(&rows);
    mr_arena_release(&arena);
    return code;
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_page),
        cmocka_unit_test(test_wrong_names), cmocka_unit_test(test_open_again),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
