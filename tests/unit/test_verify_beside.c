/* test_verify_beside.c: what triggers made of the columns that a restored change did not write, by
 * what the journal says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "repair/apply/journal.h"
#include "verify_world.h"

static void write_done(struct mr_journal *j, enum mr_journal_script script, const char *beside)
{
    const struct mr_journal_unit unit = {.script = script, .number = 1, .beside = beside};
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &unit, NULL, NULL), MR_OK);
}

/* The last that names a row counts; undo makes all of it unknown. */
static void test_last(void **state)
{
    static const char *const wanted[][2] = {
        {"1", "city"}, {"2", ""}, {"3", "a, b"}, {"4", NULL}, {"17", NULL}};
    char dir[] = "/tmp/myrecon_beside.XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(dir));
    for (int undone = 0; undone < 3; undone++) {
        struct mr_journal *journal = NULL;
        static struct mr_planned_table planned = {.ntriggers = 1};
        struct world w;
        assert_int_equal(mr_journal_open(dir, "run", &journal, NULL), MR_OK);
        if (undone == 0) {
            write_done(journal, MR_JOURNAL_APPLY, "3:d.t1:40:");
            write_done(journal, MR_JOURNAL_UNDO, NULL);
            write_done(journal, MR_JOURNAL_APPLY, "3:d.t1:16:points3:d.t1:20:3:d.t1:34:a, b");
            write_done(journal, MR_JOURNAL_APPLY, "3:d.t1:14:city3:d.t1:4");
            write_done(journal, MR_JOURNAL_APPLY, NULL);
        } else if (undone == 1) {
            write_done(journal, MR_JOURNAL_UNDO, NULL);
        }
        mr_journal_close(journal);
        assert_int_equal(mr_journal_read(dir, &journal, NULL), MR_OK);
        world_begin(&w);
        world_table(&w, "t", "id:int* n:int");
        w.run.journal = undone < 2 ? journal : NULL;
        w.plan.manifest.planned.tables = &planned;
        w.plan.manifest.planned.ntables = 1;
        w.plan.manifest.planned.fire_triggers = true;
        assert_int_equal(mr_verify_beside_open(&w.v, NULL), MR_OK);
        assert_true(w.v.fires);
        for (size_t i = 0; i < LEN(wanted); i++) {
            char row[32];
            (void)snprintf(row, sizeof row, "%s|0", wanted[i][0]);
            const char *found = mr_verify_beside(&w.v, &w.tables[0], world_key(&w, 0, row));
            const char *of = undone > 0 ? NULL : wanted[i][1];
            if ((found == NULL) != (of == NULL) || (of != NULL && strcmp(found, of) != 0))
                fail_msg("%d %s: %s", undone, wanted[i][0], found != NULL ? found : "(none)");
        }
        mr_vec_release(&w.v.beside);
        world_end(&w);
        mr_journal_close(journal);
    }
    (void)snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void test_fires(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct mr_planned_table planned[2] = {{.ntriggers = 0}, {.ntriggers = i & 1}};
        struct world w;
        world_begin(&w);
        w.plan.manifest.planned.tables = planned;
        w.plan.manifest.planned.ntables = 2;
        w.plan.manifest.planned.fire_triggers = i & 2;
        assert_int_equal(mr_verify_beside_open(&w.v, NULL), MR_OK);
        assert_int_equal(w.v.fires, i == 3);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last), cmocka_unit_test(test_fires)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
