/* test_plan_written.c: the keys of all rows that plans of a case write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "repair/plan/plan_written.h"
#include "script_world.h"

static void save(struct world *w, size_t table, const char *source, const char *target,
                 enum mr_decision decision)
{
    struct mr_entity e = {.table = table, .decision = decision};
    if (source != NULL)
        e.source_key = (struct mr_key){source, strlen(source)};
    if (target != NULL)
        e.target_key = (struct mr_key){target, strlen(target)};
    assert_int_equal(mr_plan_store_save(w->store, &e, NULL), MR_OK);
}

static void page_is(struct world *w, size_t table, struct mr_key after, const char *wanted)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    assert_int_equal(mr_plan_written_page(mr_findings_case(w->fd), &w->tables[table], after,
                                          &w->arena, &keys, NULL),
                     MR_OK);
    mr_strbuf_reset(&w->shown);
    mr_strbuf_add_str(&w->shown, "");
    for (size_t i = 0; i < keys.count; i++) {
        const struct mr_key *key = mr_vec_at(&keys, i);
        mr_strbuf_add_str(&w->shown, i > 0 ? " " : "");
        mr_strbuf_add(&w->shown, key->ptr, key->len);
    }
    assert_string_equal(w->shown.ptr, wanted);
    mr_vec_release(&keys);
}

/* By the key on SOURCE, where there is one: a row under a new id is known by its old one. */
static void test_note(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    world_table(&w, "other", "id:int#");
    page_is(&w, 0, (struct mr_key){0}, ""); /* of a case that has none */
    save(&w, 0, "b", "x", MR_DECIDE_INSERT);
    save(&w, 0, "a", "y", MR_DECIDE_RENUMBER);
    save(&w, 0, NULL, "c", MR_DECIDE_DELETE);
    save(&w, 0, "d", "d", MR_DECIDE_UPDATE);
    save(&w, 0, "e", "e", MR_DECIDE_SAME);
    save(&w, 0, "f", "f", MR_DECIDE_MATCHED);
    save(&w, 0, "g", "g", MR_DECIDE_CONFLICT);
    save(&w, 0, "h", "h", MR_DECIDE_PARENT);
    assert_int_equal(mr_plan_written_note(mr_findings_case(w.fd), w.store, &w.plan, NULL), MR_OK);
    page_is(&w, 0, (struct mr_key){0}, "a b c d");
    page_is(&w, 0, (struct mr_key){"b", 1}, "c d");
    page_is(&w, 0, (struct mr_key){"d", 1}, "");
    page_is(&w, 1, (struct mr_key){0}, "");
    /* noted again, and by another case's plan, they are there once */
    assert_int_equal(mr_plan_written_note(mr_findings_case(w.fd), w.store, &w.plan, NULL), MR_OK);
    assert_int_equal(
        mr_plan_written_add(mr_findings_case(w.fd), &w.tables[0], (struct mr_key){"a", 1}, NULL),
        MR_OK);
    assert_int_equal(
        mr_plan_written_add(mr_findings_case(w.fd), &w.tables[0], (struct mr_key){"aa", 2}, NULL),
        MR_OK);
    page_is(&w, 0, (struct mr_key){0}, "a aa b c d");
    world_end(&w);
}

/* Of a table without a key one line says that all of its rows are looked at. */
static void test_keyless(void **state)
{
    struct world w;
    bool any = true;
    (void)state;
    world_begin(&w);
    world_table(&w, "log", "a:text");
    save(&w, 0, "x", NULL, MR_DECIDE_SAME);
    assert_int_equal(mr_plan_written_note(mr_findings_case(w.fd), w.store, &w.plan, NULL), MR_OK);
    assert_int_equal(mr_plan_written_any(mr_findings_case(w.fd), &w.tables[0], &any, NULL), MR_OK);
    assert_false(any);
    save(&w, 0, "y", NULL, MR_DECIDE_INSERT);
    assert_int_equal(mr_plan_written_note(mr_findings_case(w.fd), w.store, &w.plan, NULL), MR_OK);
    assert_int_equal(mr_plan_written_any(mr_findings_case(w.fd), &w.tables[0], &any, NULL), MR_OK);
    assert_true(any);
    page_is(&w, 0, (struct mr_key){0}, "");
    world_end(&w);
}

/* More than a page: the last key of one leads to the next. */
static void test_pages(void **state)
{
    struct world w;
    struct mr_key after = {0};
    size_t n = 0, pages = 0;
    (void)state;
    world_begin(&w);
    world_table(&w, "t", "id:int#");
    for (int i = 0; i < 1001; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "%06d", i);
        assert_int_equal(mr_plan_written_add(mr_findings_case(w.fd), &w.tables[0],
                                             (struct mr_key){key, 6}, NULL),
                         MR_OK);
    }
    for (;; pages++) {
        struct mr_vec keys = MR_VEC_INIT(struct mr_key);
        assert_int_equal(mr_plan_written_page(mr_findings_case(w.fd), &w.tables[0], after, &w.arena,
                                              &keys, NULL),
                         MR_OK);
        n += keys.count;
        if (keys.count > 0)
            after = *(struct mr_key *)mr_vec_at(&keys, keys.count - 1);
        const bool last = keys.count == 0;
        mr_vec_release(&keys);
        if (last)
            break;
    }
    assert_int_equal(n, 1001);
    assert_int_equal(pages, 3);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_keyless),
        cmocka_unit_test(test_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
