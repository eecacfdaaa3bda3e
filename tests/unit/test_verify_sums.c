/* test_verify_sums.c: rows to which the plan has added, by what its journal says. */
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

#define ROW(key) "3:d.t" key "1:n2:102:15"

static void write_line(struct mr_journal *j, enum mr_journal_event event,
                       enum mr_journal_script script, const char *marker, const char *rows)
{
    const struct mr_journal_unit unit = {
        .script = script, .number = 1, .marker = marker, .sums = rows};
    assert_int_equal(mr_journal_write_unit(j, event, &unit, NULL, NULL), MR_OK);
}

/* The last that names a row counts, and only what is known to have been committed. */
static void test_last(void **state)
{
    static const struct {
        const char *key;
        bool is;
    } wanted[] = {{"1", true}, {"2", false}, {"3", false}, {"4", true}, {"17", false}};
    char dir[] = "/tmp/myrecon_sums.XXXXXX", path[64];
    struct mr_journal *journal = NULL;
    struct world w;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mr_journal_open(dir, "run", &journal, NULL), MR_OK);
    write_line(journal, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, NULL, NULL);
    write_line(journal, MR_JOURNAL_SUMS, MR_JOURNAL_APPLY, "a", ROW("1:1") ROW("1:2"));
    write_line(journal, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, "a", NULL);
    write_line(journal, MR_JOURNAL_SUMS, MR_JOURNAL_UNDO, "b", ROW("1:2"));
    write_line(journal, MR_JOURNAL_DONE, MR_JOURNAL_UNDO, "b", NULL);
    write_line(journal, MR_JOURNAL_SUMS, MR_JOURNAL_APPLY, "c", ROW("1:4"));
    write_line(journal, MR_JOURNAL_SETTLED, MR_JOURNAL_APPLY, "c", NULL);
    write_line(journal, MR_JOURNAL_SUMS, MR_JOURNAL_APPLY, "d", ROW("1:4"));
    write_line(journal, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, "d", NULL);
    write_line(journal, MR_JOURNAL_SUMS, MR_JOURNAL_APPLY, "e", ROW("1:3")); /* no end */
    mr_journal_close(journal);
    assert_int_equal(mr_journal_read(dir, &journal, NULL), MR_OK);
    world_begin(&w);
    world_table(&w, "t", "id:int* n:int");
    w.run.journal = journal;
    assert_int_equal(mr_verify_sums_open(&w.v, NULL), MR_OK);
    for (size_t i = 0; i < LEN(wanted); i++) {
        char row[32];
        (void)snprintf(row, sizeof row, "%s|0", wanted[i].key);
        if (mr_verify_is_summed(&w.v, &w.tables[0], world_key(&w, 0, row)) != wanted[i].is)
            fail_msg("%s", wanted[i].key);
    }
    mr_vec_release(&w.v.summed);
    world_end(&w);
    mr_journal_close(journal);
    (void)snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
