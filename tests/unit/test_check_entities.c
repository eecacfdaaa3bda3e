/*
 * test_check_entities.c: which rows of two readings upstream and one downstream are one row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_entities.h"

/* Replaces the rows of a side, and reads all of them by their keys. */
static void read_rows(struct world *w, enum mr_side side, struct mr_rowset *set, const char *rows)
{
    struct mr_pair *t = world_pair(w, 0);
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct mr_rowhash hash;
    char text[256];
    (void)snprintf(text, sizeof text, "%s", rows);
    mr_vec_clear(&w->side[side].rows[0]);
    for (char *at = text, *end; *at != '\0'; at = end) {
        size_t len = strcspn(at, ";");
        end = at + len + (at[len] == ';');
        at[len] = '\0';
        world_put(w, side, 0, at);
        struct mr_key *key = mr_vec_push(&keys);
        *key = world_bytes(w, side, 0, &t->scan[side], true, at);
    }
    assert_int_equal(mr_rowhash_init(&hash, t, &t->scan[side], NULL), MR_OK);
    assert_int_equal(
        mr_rowset_fetch(set, w->worker.reader[side], &hash, keys.items, keys.count, 0, NULL),
        MR_OK);
    mr_rowhash_release(&hash);
    mr_vec_release(&keys);
}

static void show_row(struct mr_strbuf *out, const struct mr_rowset *set,
                     const struct mr_rowset_row *row)
{
    if (row != NULL) {
        struct mr_key key = mr_rowset_key(set, row);
        world_show(out, key.ptr, key.len);
    } else {
        mr_strbuf_add_char(out, '-');
    }
}

/* "u1/u2/d" of each entity by their keys; '-' where it is not there. */
static void test_pairs(void **state)
{
    static const struct {
        const char *columns;
        bool composite;
        const char *u1, *u2, *d, *entities;
    } cases[] = {
        {"id", false, "", "", "", ""},
        {"id", false, "1;2", "1;2", "1;2", "1/1/1 2/2/2"},
        {"id", false, "1", "", "1", "1/-/1"},
        {"id", false, "", "1", "", "-/1/-"},
        {"id", false, "", "", "1;2", "-/-/1 -/-/2"},
        {"id", false, "1;3", "2;3", "3;4", "-/2/- 3/3/3 1/-/- -/-/4"},
        {"id", false, "-1", "-1", "1", "-1/-1/- -/-/1"},
        {"id:uint", false, "18446744073709551615", "18446744073709551615", "0",
         "18446744073709551615/18446744073709551615/- -/-/0"},
        /* the collation takes them for one, whatever their bytes are */
        {"id:text", false, "a", "a", "A", "a/a/A"},
        {"id:text", false, "a", "A", "a", "-/A/- a/-/a"},
        {"id:text", false, "", "a;B", "A;b", "-/B/b -/a/A"},
        {"id:text", false, "a", "", "A;b", "a/-/A -/-/b"},
        /* same bytes before same letters: the other one stays alone */
        {"id:text", false, "", "a", "A;a", "-/a/a -/-/A"},
        {"id:text", false, "a\\0x", "a\\0x", "A\\0X", "a\\0x/a\\0x/A\\0X"},
        {"id:text", false, "a\\0x", "a\\0x", "a\\0y", "a\\0x/a\\0x/- -/-/a\\0y"},
        /* of composite keys each part counts, and none runs into the next */
        {"id:text no:text", true, "", "ab|c", "a|bc", "-/ab|c/- -/-/a|bc"},
        {"id:text no:text", true, "", "ab|c", "AB|c", "-/ab|c/AB|c"},
        {"id:text no:text", true, "", "ab|", "ab|x", "-/ab|/- -/-/ab|x"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_entities e;
        struct mr_err err = {0};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_strbuf text = MR_STRBUF_INIT;
        world_begin(&w);
        graph_table(&w.g, "t", cases[i].columns, NULL);
        if (cases[i].composite)
            world_key(&w, 0, "no");
        world_plan(&w, "");
        mr_entities_init(&e);
        read_rows(&w, MR_SOURCE, &e.u1, cases[i].u1);
        read_rows(&w, MR_SOURCE, &e.u2, cases[i].u2);
        read_rows(&w, MR_TARGET, &e.d, cases[i].d);
        /* made anew, it is the same again */
        for (int again = 0; again < 2; again++) {
            for (size_t k = 0; k < e.u1.rows.count; k++)
                mr_rowset_at(&e.u1, k)->claimed = false;
            for (size_t k = 0; k < e.d.rows.count; k++)
                mr_rowset_at(&e.d, k)->claimed = false;
            assert_int_equal(mr_entities_make(&e, world_pair(&w, 0), NULL, &arena, &err), MR_OK);
        }
        mr_strbuf_add_str(&text, "");
        for (size_t k = 0; k < e.list.count; k++) {
            const struct mr_entity *one = mr_vec_at(&e.list, k);
            mr_strbuf_add_str(&text, k > 0 ? " " : "");
            show_row(&text, &e.u1, one->u1);
            mr_strbuf_add_char(&text, '/');
            show_row(&text, &e.u2, one->u2);
            mr_strbuf_add_char(&text, '/');
            show_row(&text, &e.d, one->d);
            /* the later reading names it */
            struct mr_key up = mr_entity_up_key(&e, one);
            assert_int_equal(up.ptr == NULL, one->u1 == NULL && one->u2 == NULL);
            assert_int_equal(mr_entity_down_key(&e, one).ptr == NULL, one->d == NULL);
        }
        assert_string_equal(text.ptr, cases[i].entities);
        mr_strbuf_release(&text);
        mr_entities_release(&e);
        mr_arena_release(&arena);
        world_end(&w);
    }
}

/* The collation is asked only where rows are alone on both sides, and its failure is reported. */
static void test_who_is_asked(void **state)
{
    struct world w;
    struct mr_entities e;
    struct mr_err err = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", "id:text", NULL);
    world_plan(&w, "");
    mr_entities_init(&e);
    world_server.canon_code = MR_E_LOST;
    read_rows(&w, MR_SOURCE, &e.u2, "a;b");
    read_rows(&w, MR_TARGET, &e.d, "a");
    assert_int_equal(mr_entities_make(&e, world_pair(&w, 0), NULL, &arena, &err), MR_OK);
    assert_int_equal(e.list.count, 2);
    read_rows(&w, MR_TARGET, &e.d, "a;B");
    assert_int_equal(mr_entities_make(&e, world_pair(&w, 0), NULL, &arena, &err), MR_E_LOST);
    mr_entities_release(&e);
    mr_arena_release(&arena);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_who_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
