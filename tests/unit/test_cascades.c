/* test_cascades.c: which tables a change takes along without an event of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/logs/cascades.h"

/* A table "d.NAME" of columns id and ref, and one foreign key: ref -> PARENT.id. */
struct world {
    struct mr_column columns[2];
    struct mr_foreign_key fks[5];
    struct mr_table tables[5];
    struct mr_catalogue cat;
    struct mr_arena arena;
    struct mr_cascades cascades;
    /* found: by what the first table went, what the second one is, whether the last is a parent */
    const char *by;
    struct mr_cascade p;
    bool is_last_parent;
};

static const char *const id[] = {"id"}, *const ref[] = {"ref"};

static void add(struct world *w, const char *name, const char *parent, const char *on_delete,
                const char *on_update)
{
    const size_t at = w->cat.ntables++;
    w->tables[at] =
        (struct mr_table){.db = "d", .name = name, .columns = w->columns, .ncolumns = 2};
    w->cat.tables = w->tables;
    if (parent == NULL)
        return;
    w->fks[at] = (struct mr_foreign_key){.name = "fk",
                                         .columns = ref,
                                         .ref_db = "d",
                                         .ref_table = parent,
                                         .ref_columns = id,
                                         .ncolumns = 1,
                                         .on_delete = on_delete,
                                         .on_update = on_update};
    w->tables[at].fks = &w->fks[at];
    w->tables[at].nfks = 1;
}

static void touch(struct mr_cascade *of, char how)
{
    of->deleted = of->deleted || how == 'd';
    of->updated = of->updated || how == 'u';
    of->has_lost = of->has_lost || how == 'l';
    of->has_changed = of->has_changed || how == 'c';
}

/* "p d": p's rows were deleted; "p u": updated; "p l", "p c": likewise, but nobody refers to it.  Gives the names of what is taken, joined. */
static void check(struct world *w, const char *what, const char *wanted)
{
    struct mr_strbuf got = MR_STRBUF_INIT;
    assert_int_equal(mr_cascades_init(&w->cascades, &w->cat, &w->arena, NULL), MR_OK);
    for (size_t i = 0; i < w->cat.ntables; i++)
        if (what[0] == w->tables[i].name[0])
            touch(mr_cascades_at(&w->cascades, i), what[2]);
    const size_t beside = mr_cascades_beside(&w->cascades, "d", "elsewhere");
    if (what[0] == 'e')
        touch(mr_cascades_at(&w->cascades, beside), what[2]);
    assert_int_equal(mr_cascades_spread(&w->cascades, NULL), MR_OK);
    for (size_t i = 0; i < w->cat.ntables; i++)
        if (mr_cascades_at(&w->cascades, i)->by != NULL)
            mr_strbuf_add_str(&got, w->tables[i].name);
    assert_string_equal(got.len > 0 ? got.ptr : "", wanted);
    mr_strbuf_release(&got);
    w->by = mr_cascades_at(&w->cascades, 0)->by;
    w->p = *mr_cascades_at(&w->cascades, 1);
    w->is_last_parent = mr_cascades_at(&w->cascades, w->cat.ntables - 1)->is_parent;
    mr_cascades_release(&w->cascades);
}

static struct world *make(void)
{
    static struct world w;
    w = (struct world){.columns = {{.name = "id"}, {.name = "ref"}}, .arena = MR_ARENA_INIT};
    return &w;
}

static void test_chain(void **state)
{
    struct world *w = make();
    (void)state;
    add(w, "g", "c", "CASCADE", "RESTRICT"); /* a grandchild stands before its parent */
    add(w, "p", NULL, NULL, NULL);
    add(w, "c", "p", "CASCADE", "RESTRICT");
    add(w, "x", "p", "RESTRICT", "NO ACTION");
    check(w, "p d", "gc");
    check(w, "p u", "");
    check(w, "c d", "g");
    check(w, "x d", "");
    check(w, "p d", "gc");
    assert_string_equal(w->by, "d.c");
    assert_true(w->p.is_parent);
    assert_true(w->p.referenced[0]);
    assert_false(w->p.referenced[1]);
    assert_false(w->is_last_parent);
    mr_arena_release(&w->arena);
}

/* SET NULL changes the child; who refers to the column that changes goes along by ON UPDATE. */
static void test_set_null_and_updates(void **state)
{
    struct world *w = make();
    (void)state;
    add(w, "p", NULL, NULL, NULL);
    add(w, "c", "p", "SET NULL", "CASCADE");
    add(w, "u", "c", "RESTRICT", "CASCADE");
    add(w, "k", "c", "CASCADE", "RESTRICT");
    check(w, "p u", "cu");
    check(w, "p d", "cuk"); /* in doubt it is taken for deleted, too */
    mr_arena_release(&w->arena);
}

static void test_circle_and_beside(void **state)
{
    struct world *w = make();
    (void)state;
    add(w, "t", "t", "CASCADE", "RESTRICT");
    check(w, "x d", "");
    check(w, "t d", "t");
    mr_arena_release(&w->arena);
    w = make();
    add(w, "o", "elsewhere", "CASCADE", "RESTRICT");
    check(w, "x d", "");
    check(w, "e u", "");
    check(w, "e d", "o");
    assert_string_equal(w->by, "d.elsewhere");
    mr_arena_release(&w->arena);
    w = make(); /* what elsewhere hangs on itself nobody has read: it may be p */
    add(w, "o", "elsewhere", "CASCADE", "RESTRICT");
    add(w, "p", NULL, NULL, NULL);
    check(w, "p l", "o");
    check(w, "p c", "");
    w->fks[0].on_update = "SET NULL";
    check(w, "p c", "o");
    assert_string_equal(w->by, "d.elsewhere");
    mr_arena_release(&w->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chain),
                                       cmocka_unit_test(test_set_null_and_updates),
                                       cmocka_unit_test(test_circle_and_beside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
