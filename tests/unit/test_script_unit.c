/* test_script_unit.c: the rows of a unit: joined, ordered, put into batches, and inverted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "script_world.h"

#define INSERT MR_STEP_INSERT
#define UPDATE MR_STEP_UPDATE
#define DELETE MR_STEP_DELETE

/* "1 i0 'before'→'after' +open p c =nth tN" a row, and "[i0 1-2]" a batch. */
static const char *rows(struct world *w)
{
    static const char ops[] = "-iud";
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (size_t i = 0; i < w->s.rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&w->s.rows, i);
        mr_strbuf_add_fmt(&w->shown, "%zu %c%u", row->number, ops[row->step.op], row->step.table);
        for (int after = 0; after < 2; after++) {
            const struct mr_key image =
                after ? mr_script_after(&w->s, row) : mr_script_before(&w->s, row);
            mr_strbuf_add_str(&w->shown, after ? ">" : " ");
            struct mr_value v;
            for (size_t c = 0; image.ptr != NULL && mr_script_value(image, c, &v) &&
                               c < w->tables[row->step.table].pair->find.ncolumns;
                 c++) {
                mr_strbuf_add_str(&w->shown, c > 0 ? "," : "");
                if (v.cls == MR_CLASS_NULL)
                    mr_strbuf_add_str(&w->shown, "-");
                else if (v.cls == MR_CLASS_TEXT)
                    mr_strbuf_add(&w->shown, v.ptr, v.len);
                else
                    mr_strbuf_add_fmt(&w->shown, "%lld", (long long)v.i);
            }
        }
        if (row->open != 0)
            mr_strbuf_add_fmt(&w->shown, " +%llu", (unsigned long long)row->open);
        mr_strbuf_add_fmt(&w->shown, "%s%s", row->passing ? " p" : "", row->chained ? " c" : "");
        if (row->nth != 0)
            mr_strbuf_add_fmt(&w->shown, " =%llu", (unsigned long long)row->nth);
        mr_strbuf_add_fmt(&w->shown, " t%lld", (long long)row->step.tree);
        if (row->of != 0)
            mr_strbuf_add_fmt(&w->shown, " of %lld", (long long)row->of);
        mr_strbuf_add_char(&w->shown, '\n');
    }
    for (size_t i = 0; i < w->s.batches.count; i++) {
        const struct mr_script_batch *b = mr_vec_at(&w->s.batches, i);
        mr_strbuf_add_fmt(&w->shown, "%s[%c%zu %zu-%zu]", i > 0 ? " " : "", ops[b->op], b->table,
                          b->first, b->last);
    }
    return w->shown.ptr;
}

/* Tables: 0 has a key and refers to itself, 1 has a key, 2 has none. */
static void begin(struct world *w)
{
    world_begin(w);
    world_table(w, "people", "id:int# up:int? name:text?");
    world_table(w, "notes", "id:int# of:int?");
    world_table(w, "log", "a:text");
    world_reference(w, 0, "up", 0, "id", true);
}

static void load(struct world *w, enum mr_script_kind kind, uint64_t first, uint64_t last,
                 const char *wanted)
{
    const size_t keeps = w->s.keeps_bytes;
    w->s.kind = kind;
    w->s.unit = first;
    w->s.last_unit = last;
    for (int leaves = 0; leaves < 2; leaves++) { /* images in memory, or in the case */
        w->s.keeps_bytes = leaves ? 0 : keeps;
        assert_int_equal(mr_script_load(&w->s, NULL), MR_OK);
        assert_string_equal(rows(w), wanted);
        assert_int_equal(w->s.leaves_images, leaves && w->s.rows.count > 0);
    }
    w->s.keeps_bytes = keeps;
}

static void step(struct world *w, uint64_t level, enum mr_step_op op, size_t table,
                 const char *before, const char *after, int64_t tree)
{
    world_step(w, (struct world_step){1, tree, level, op, table, before, after, 0});
}

/* By level, then table, then kind; inserts of neighbouring levels are one statement, no others. */
static void test_order(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    step(&w, 3, INSERT, 1, NULL, "9|NULL", 1);
    step(&w, 2, INSERT, 0, NULL, "2|1|b", 1);
    step(&w, 1, INSERT, 0, NULL, "1|NULL|a", 1);
    step(&w, 2, UPDATE, 1, "5|1", "5|2", 2);
    step(&w, 3, UPDATE, 1, "6|1", "6|2", 2);
    step(&w, 3, UPDATE, 1, "7|1", "7|2", 2);
    world_open(&w);
    load(&w, MR_SCRIPT_APPLY, 1, 1,
         "1 i0 >1,-,a t1\n2 i0 >2,1,b t1\n3 u1 5,1>5,2 t2\n4 i1 >9,- t1\n"
         "5 u1 6,1>6,2 t2\n6 u1 7,1>7,2 t2\n"
         "[i0 1-2] [u1 3-3] [i1 4-4] [u1 5-6]");
    load(&w, MR_SCRIPT_APPLY, 2, 2, "");
    world_end(&w);
}

/* Undo is the inverse: other images, other kinds, the other way round; rows of trees that it only
 * deletes are trees of their own. */
static void test_inverse(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    step(&w, 1, INSERT, 0, NULL, "1|NULL|a", 1);
    step(&w, 2, INSERT, 0, NULL, "2|1|b", 1);
    step(&w, 2, UPDATE, 1, "5|1", "5|2", 2);
    step(&w, 2, INSERT, 1, NULL, "8|1", 2);
    step(&w, 4, DELETE, 1, "6|NULL", NULL, 3);
    step(&w, 4, INSERT, 1, NULL, "7|NULL", 4);
    world_open(&w);
    load(&w, MR_SCRIPT_UNDO, 1, 1,
         "1 i1 >6,- t3\n2 d1 7,-> t4\n3 d0 2,1,b> t-3 of 1\n4 u1 5,2>5,1 t2\n5 d1 8,1> t2\n"
         "6 d0 1,-,a> t-6 of 1\n"
         "[i1 1-1] [d1 2-2] [d0 3-3] [u1 4-4] [d1 5-5] [d0 6-6]");
    world_end(&w);
}

/* Units that are undone as one are one list. */
static void test_span(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_step(&w, (struct world_step){1, 1, 1, INSERT, 1, NULL, "1|NULL", 0});
    world_step(&w, (struct world_step){2, 1, 1, INSERT, 1, NULL, "2|NULL", 0});
    world_step(&w, (struct world_step){3, 2, 1, INSERT, 1, NULL, "3|NULL", 0});
    world_open(&w);
    load(&w, MR_SCRIPT_UNDO, 1, 2, "1 d1 2,-> t-1 of 1\n2 d1 1,-> t-2 of 1\n[d1 1-2]");
    load(&w, MR_SCRIPT_UNDO, 3, 3, "1 d1 3,-> t2\n[d1 1-1]");
    world_end(&w);
}

/* A circle of references: what was inserted empty is filled, and both are one row. */
static void test_circle(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    const int64_t a =
        world_step(&w, (struct world_step){1, 1, 1, INSERT, 0, NULL, "1|NULL|NULL", 0});
    world_step(&w, (struct world_step){1, 1, 2, INSERT, 0, NULL, "2|1|b", 0});
    world_step(&w, (struct world_step){1, 1, 3, UPDATE, 0, "1|NULL|NULL", "1|2|NULL", a});
    world_open(&w);
    world_opens(&w, 0, "up");
    load(&w, MR_SCRIPT_APPLY, 1, 1, "1 i0 >1,2,- +1 t1\n2 i0 >2,1,b t1\n[i0 1-2]");
    load(&w, MR_SCRIPT_UNDO, 1, 1,
         "1 d0 2,1,b> t-1 of 1\n2 d0 1,2,-> +1 t-2 of 1\n[d0 1-1] [d0 2-2]");
    world_end(&w);
}

/* The other way: what is deleted was emptied before, and is compared as it stood at first. */
static void test_emptied(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    const int64_t a =
        world_step(&w, (struct world_step){1, 1, 1, UPDATE, 0, "1|2|a", "1|NULL|a", 0});
    world_step(&w, (struct world_step){1, 1, 2, DELETE, 0, "1|NULL|a", NULL, a});
    world_open(&w);
    world_opens(&w, 0, "up");
    load(&w, MR_SCRIPT_APPLY, 1, 1, "1 d0 1,2,a> +1 t1\n[d0 1-1]");
    world_end(&w);
}

/* Of a row that makes way the first image is passed through; undone, it is the other one. */
static void test_chain(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    const int64_t a = world_step(&w, (struct world_step){1, 1, 1, UPDATE, 1, "1|1", "1|9", 0});
    world_step(&w, (struct world_step){1, 1, 2, UPDATE, 1, "2|2", "2|1", 0});
    world_step(&w, (struct world_step){1, 1, 3, UPDATE, 1, "1|9", "1|2", a});
    world_open(&w);
    load(&w, MR_SCRIPT_APPLY, 1, 1,
         "1 u1 1,1>1,9 p t1\n2 u1 2,2>2,1 t1\n3 u1 1,9>1,2 c t1\n[u1 1-1] [u1 2-2] [u1 3-3]");
    load(&w, MR_SCRIPT_UNDO, 1, 1,
         "1 u1 1,2>1,9 p t1\n2 u1 2,1>2,2 t1\n3 u1 1,9>1,1 c t1\n[u1 1-1] [u1 2-2] [u1 3-3]");
    world_end(&w);
}

/* A server does not delete a row that refers to itself: it is emptied first. */
static void test_own_parent(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    step(&w, 1, DELETE, 0, "1|1|a", NULL, 1);
    step(&w, 1, DELETE, 0, "2|1|b", NULL, 1);
    step(&w, 1, DELETE, 0, "3|NULL|c", NULL, 1);
    world_open(&w);
    world_opens(&w, 0, "up");
    load(&w, MR_SCRIPT_APPLY, 1, 1, "1 d0 1,1,a> +1 t1\n2 d0 2,1,b> t1\n3 d0 3,-,c> t1\n[d0 1-3]");
    world_end(&w);
}

/* Without a key rows are counted; one that nobody counted is the first. */
static void test_keyless(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_live(&w, &w.tables[2], "x");
    step(&w, 1, INSERT, 2, NULL, "x", 1);
    step(&w, 1, INSERT, 2, NULL, "x", 2);
    step(&w, 1, INSERT, 2, NULL, "X", 3);
    world_open(&w);
    load(&w, MR_SCRIPT_APPLY, 1, 1, "1 i2 >x =2 t1\n2 i2 >x =3 t2\n3 i2 >X =1 t3\n[i2 1-3]");
    load(&w, MR_SCRIPT_UNDO, 1, 1, "1 d2 X> =1 t3\n2 d2 x> =3 t2\n3 d2 x> =2 t1\n[d2 1-3]");
    world_end(&w);
}

/* Images that are many are left in the case from the first one on, also where the unit began with
 * few; one that cannot be read is told when the unit ends. */
static void test_many_images(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    step(&w, 1, INSERT, 0, NULL, "1|NULL|a", 1);
    step(&w, 1, INSERT, 0, NULL, "2|NULL|bcdefghijklmnop", 1);
    step(&w, 1, INSERT, 0, NULL, "3|NULL|c", 1);
    world_open(&w);
    w.s.kind = MR_SCRIPT_APPLY;
    w.s.unit = w.s.last_unit = 1;
    w.s.keeps_bytes = 30;
    assert_int_equal(mr_script_load(&w.s, NULL), MR_OK);
    assert_true(w.s.leaves_images);
    assert_int_equal(w.s.images.count, 0);
    assert_string_equal(rows(&w), "1 i0 >1,-,a t1\n2 i0 >2,-,bcdefghijklmnop t1\n"
                                  "3 i0 >3,-,c t1\n[i0 1-3]");
    assert_int_equal(w.s.late, MR_OK);
    const struct mr_script_row *first = mr_vec_at(&w.s.rows, 0), *last = mr_vec_at(&w.s.rows, 2);
    const struct mr_key one = mr_script_after(&w.s, first), other = mr_script_after(&w.s, last);
    assert_int_not_equal(mr_key_compare(one, other), 0); /* both are there */
    assert_null(mr_script_before(&w.s, first).ptr);
    assert_int_equal(w.s.late, MR_OK);
    assert_int_equal(mr_case_exec(mr_findings_case(w.fd), "DELETE FROM step WHERE id=1", NULL),
                     MR_OK);
    assert_null(mr_script_after(&w.s, first).ptr);
    assert_int_equal(w.s.late, MR_E_BUG);
    world_end(&w);
}

/* An image that ends too early is no row of NULLs. */
static void test_broken_image(void **state)
{
    struct world w;
    bool null = false;
    (void)state;
    begin(&w);
    world_open(&w);
    struct mr_key image = world_row(&w, &w.tables[0], "1|NULL|name");
    assert_int_equal(mr_script_is_null(image, 1, &null, NULL), MR_OK);
    assert_true(null);
    assert_int_equal(mr_script_is_null(image, 2, &null, NULL), MR_OK);
    assert_false(null);
    image.len = 3;
    assert_int_not_equal(mr_script_is_null(image, 1, &null, NULL), MR_OK);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_span),         cmocka_unit_test(test_circle),
        cmocka_unit_test(test_emptied),      cmocka_unit_test(test_chain),
        cmocka_unit_test(test_own_parent),   cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_broken_image), cmocka_unit_test(test_many_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
