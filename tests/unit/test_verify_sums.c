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

/* The journal has names by the server: bytes as HEX() writes them, commas of parts told from others. */
static void test_names(void **state)
{
    static const struct {
        const char *columns, *row, *name;
    } cases[] = {
        {"id:bytes* n:int", "\\0a\xff|0", "6:0061FF"},
        {"a:text* n:int", "x,y\\\\|0", "4:x,y\\"},
        {"a:text* b:text* n:int", "x,y|z\\\\|0", "8:x\\,y,z\\\\"},
        {"a:text* b:text* n:int", "x|y,z|0", "6:x,y\\,z"},
        {"a:int* b:bytes* n:int", "7|,|0", "4:7,2C"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf name = MR_STRBUF_INIT;
        struct world w;
        mr_strbuf_add_fmt(&name, "3:d.t%s", cases[i].name);
        struct mr_verify_named row = {.name = name.ptr};
        const struct mr_vec rows = {.items = &row, .count = 1, .item_size = sizeof row};
        world_begin(&w);
        world_table(&w, "t", cases[i].columns);
        if (mr_verify_named_last(&rows, &w.tables[0], world_key(&w, 0, cases[i].row)) != &row)
            fail_msg("%s", name.ptr);
        world_end(&w);
        mr_strbuf_release(&name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
