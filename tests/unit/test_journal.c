/* test_journal.c: what apply has begun and not ended is known to the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "repair/apply/journal.h"
#include "repair_sample.h"

static char dir[64];

static const char *path(void)
{
    static char text[96];
    (void)snprintf(text, sizeof text, "%s/journal.jsonl", dir);
    return text;
}

static struct mr_journal *reopen(struct mr_journal *journal)
{
    struct mr_err err = {0};
    mr_journal_close(journal);
    journal = NULL;
    assert_int_equal(mr_journal_open(dir, "run-1", &journal, &err), MR_OK);
    return journal;
}

static void append(const char *text)
{
    FILE *file = fopen(path(), "a");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_steps(void **state)
{
    const struct mr_counter *odd = &sample_counters[1], *plain = &sample_counters[0];
    const struct mr_journal_step odd_step = {odd, "alter", UINT64_MAX}, step = {plain, "insert", 7},
                                 later = {plain, "alter", 7};
    struct mr_journal *j = reopen(NULL), *second = NULL;
    struct mr_err err = {0};
    (void)state;
    assert_false(mr_journal_is_open(j, plain));
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_TRY, &odd_step, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_TRY, &step, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_DONE, &step, NULL, &err), MR_OK);
    assert_true(mr_journal_is_open(j, odd));
    assert_int_equal(mr_journal_open(dir, "run-2", &second, &err), MR_E_REFUSED);
    assert_null(second);
    j = reopen(j);
    assert_true(mr_journal_is_open(j, odd));
    assert_false(mr_journal_is_open(j, plain));
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_FAILED, &odd_step, "no \"lock\"", &err), MR_OK);
    j = reopen(j);
    assert_false(mr_journal_is_open(j, odd));
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_TRY, &step, NULL, &err), MR_OK);
    /* a torn line, as a kill leaves it, ends by itself and hides nothing */
    mr_journal_close(j);
    append("{\"event\":\"done\",\"table\":\"club_live.mem");
    j = reopen(NULL);
    assert_true(mr_journal_is_open(j, plain));
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_DONE, &step, NULL, &err), MR_OK);
    j = reopen(j);
    assert_false(mr_journal_is_open(j, plain));
    /* a row that was rolled back raises the counter here alone, whatever an ALTER says then */
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_TRY, &step, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_FAILED, &step, "taken", &err), MR_OK);
    assert_true(mr_journal_is_open(j, plain));
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_TRY, &later, NULL, &err), MR_OK);
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_FAILED, &later, "lock", &err), MR_OK);
    j = reopen(j);
    assert_true(mr_journal_is_open(j, plain));
    assert_int_equal(mr_journal_write(j, MR_JOURNAL_DONE, &later, NULL, &err), MR_OK);
    j = reopen(j);
    assert_false(mr_journal_is_open(j, plain));
    mr_journal_close(j);
    mr_journal_close(NULL);

    struct mr_strbuf text = MR_STRBUF_INIT;
    assert_int_equal(mr_io_read_file(path(), 1 << 20, &text, &err), MR_OK);
    assert_non_null(strstr(text.ptr, "\"to\":\"18446744073709551615\""));
    assert_non_null(strstr(text.ptr, "\"run\":\"run-1\""));
    assert_non_null(strstr(text.ptr, "\"detail\":\"no \\\"lock\\\"\""));
    mr_strbuf_release(&text);
}

static void put(struct mr_journal *j, enum mr_journal_event event, enum mr_journal_script script,
                uint64_t number, uint64_t refused)
{
    const struct mr_journal_unit unit = {
        .script = script, .number = number, .written = 7, .there = 2, .refused = refused};
    struct mr_err err = {0};
    assert_int_equal(mr_journal_write_unit(j, event, &unit, NULL, &err), MR_OK);
}

static void done_are(const struct mr_journal *j, enum mr_journal_script script, const char *wanted)
{
    for (uint64_t i = 1; i <= 4; i++)
        if (mr_journal_unit_is_done(j, script, i) != (strchr(wanted, '0' + (int)i) != NULL))
            fail_msg("unit %d of script %d", (int)i, (int)script);
    assert_int_equal(mr_journal_units_done(j, script), strlen(wanted));
}

/* A unit is carried out, and leaves these rows out. */
static void leave_out(struct mr_journal *j, uint64_t number, const char *rows)
{
    struct mr_journal_unit unit = {
        .script = MR_JOURNAL_APPLY, .number = number, .refused = 2, .left_out = rows};
    struct mr_err err = {0};
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, number, 0);
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &unit, NULL, &err), MR_OK);
}

static bool is_left_out(struct mr_journal *j, const char *table, const char *key)
{
    struct mr_err err = {0};
    bool is = false;
    assert_int_equal(mr_journal_is_left_out(j, table, key, &is, &err), MR_OK);
    return is;
}

static void test_left_out(void **state)
{
    static const char both[] = "4:db.t2:174:db.u3:a:b", first[] = "4:db.t2:17";
    struct mr_journal *j = reopen(NULL);
    struct mr_strbuf rows = MR_STRBUF_INIT;
    (void)state;
    mr_journal_add_left_out(&rows, "db.t", "17");
    mr_journal_add_left_out(&rows, "db.u", "a:b");
    assert_string_equal(rows.ptr, both);
    mr_strbuf_release(&rows);
    assert_false(is_left_out(j, "db.t", "17"));
    leave_out(j, 81, both);
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_UNDO, 81, 1);
    for (int i = 0; i < 2; i++, j = reopen(j)) {
        assert_true(is_left_out(j, "db.t", "17"));
        assert_true(is_left_out(j, "db.u", "a:b"));
        assert_false(is_left_out(j, "db.t", "1"));
        assert_false(is_left_out(j, "db.u", "17"));
    }
    leave_out(j, 81, first); /* the other was written */
    leave_out(j, 81, both);
    j = reopen(j);
    assert_true(is_left_out(j, "db.t", "17"));
    assert_false(is_left_out(j, "db.u", "a:b"));
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 81, 0); /* killed: it may be written */
    j = reopen(j);
    assert_false(is_left_out(j, "db.t", "17"));
    leave_out(j, 81, both);
    j = reopen(j);
    assert_false(is_left_out(j, "db.t", "17"));
    leave_out(j, 82, "4:db.t2:174:db.u9:cut");
    leave_out(j, 83, "nonsense");
    assert_true(is_left_out(j, "db.t", "17"));
    mr_journal_close(j);
}

/* A unit is carried out, and these of the rows that stood are listed. */
static void find(struct mr_journal *j, uint64_t number, uint64_t there, const char *rows)
{
    struct mr_journal_unit unit = {
        .script = MR_JOURNAL_APPLY, .number = number, .there = there, .found = rows};
    struct mr_err err = {0};
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, number, 0);
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &unit, NULL, &err), MR_OK);
}

/* Undo reports so many units of a script of `of`. */
static void undo(struct mr_journal *j, uint64_t number, uint64_t refused, uint64_t of)
{
    struct mr_journal_unit unit = {
        .script = MR_JOURNAL_UNDO, .number = number, .refused = refused, .of = of};
    struct mr_err err = {0};
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &unit, NULL, &err), MR_OK);
}

/* wanted: "iud", those of 17 of db.t that are found. */
static void found_are(struct mr_journal *j, const char *wanted, uint64_t unclear)
{
    struct mr_err err = {0};
    for (const char *op = "iud"; *op != '\0'; op++) {
        bool found = false;
        assert_int_equal(mr_journal_is_found(j, "db.t", *op, "17", &found, &err), MR_OK);
        assert_int_equal(found, strchr(wanted, *op) != NULL);
        assert_int_equal(mr_journal_is_found(j, "db.t", *op, "1", &found, &err), MR_OK);
        assert_false(found);
    }
    assert_int_equal(mr_journal_has_found(j), *wanted != '\0');
    assert_int_equal(mr_journal_rows_found(j), strlen(wanted));
    assert_int_equal(mr_journal_rows_unclear(j), unclear);
}

static void test_found(void **state)
{
    static const char two[] = "4:db.t4:i:174:db.t4:d:17", one[] = "4:db.t4:i:17";
    struct mr_strbuf rows = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    (void)unlink(path());
    struct mr_journal *j = reopen(NULL);
    mr_journal_add_found(&rows, "db.t", 'i', "17");
    assert_string_equal(rows.ptr, one);
    mr_journal_add_found(&rows, "db.t", 'd', "17");
    assert_string_equal(rows.ptr, two);
    assert_int_equal(mr_journal_keep_found(&rows, one, &err), MR_OK);
    assert_string_equal(rows.ptr, one);
    assert_int_equal(mr_journal_keep_found(&rows, NULL, &err), MR_OK);
    assert_int_equal(rows.len, 0);
    mr_strbuf_release(&rows);
    found_are(j, "", 0);

    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 1, 0);
    assert_true(mr_journal_may_be_found(j, 1, "db.t", 'i', "17"));
    find(j, 2, 3, two); /* one of them is not told */
    for (int i = 0; i < 2; i++, j = reopen(j))
        found_are(j, "id", 1);
    /* again: rows that it has written stand, too */
    assert_true(mr_journal_may_be_found(j, 2, "db.t", 'd', "17"));
    assert_false(mr_journal_may_be_found(j, 2, "db.t", 'u', "17"));
    find(j, 2, 9, one);
    found_are(j, "i", 1);
    j = reopen(j);
    found_are(j, "i", 1);
    /* killed, and what stands by then may be ours */
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 2, 0);
    j = reopen(j);
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 2, 0);
    assert_true(mr_journal_may_be_found(j, 2, "db.t", 'i', "17"));
    assert_false(mr_journal_may_be_found(j, 2, "db.t", 'd', "17"));
    find(j, 2, 9, NULL);
    found_are(j, "", 9);
    mr_journal_close(j);
    (void)unlink(path());
}

static void test_found_first(void **state)
{
    static const struct {
        bool lost, first;
    } failures[] = {{false, true}, {true, false}};
    static const char one[] = "4:db.t4:i:17";
    struct mr_err err = {0};
    (void)state;
    (void)unlink(path());
    struct mr_journal *j = reopen(NULL);
    /* rolled back for certain, or perhaps not */
    for (uint64_t i = 0; i < 2; i++) {
        const struct mr_journal_unit unit = {
            .script = MR_JOURNAL_APPLY, .number = i + 1, .lost = failures[i].lost};
        put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, i + 1, 0);
        assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_FAILED, &unit, NULL, &err), MR_OK);
        j = reopen(j);
        put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, i + 1, 0);
        assert_int_equal(mr_journal_may_be_found(j, i + 1, "db.t", 'i', "17"), failures[i].first);
    }
    /* whoever was left out, and stands */
    leave_out(j, 3, "4:db.t2:17");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 3, 0);
    assert_true(mr_journal_may_be_found(j, 3, "db.t", 'i', "17"));
    assert_false(mr_journal_may_be_found(j, 3, "db.t", 'i', "18"));
    /* all is taken back, or not */
    for (uint64_t refused = 0; refused < 2; refused++) {
        find(j, 4, 1, one);
        undo(j, 1, 0, 2);
        undo(j, 2, refused, 2);
        j = reopen(j);
        put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 4, 0);
        assert_int_equal(mr_journal_may_be_found(j, 4, "db.t", 'u', "17"), refused == 0);
    }
    find(j, 4, 3, one); /* what undo has kept, or somebody has written since */
    assert_int_equal(mr_journal_rows_unclear(j), 2);
    mr_journal_close(j);
    (void)unlink(path());
}

/* Of units 1 to 4, which apply has surely not written? */
static struct mr_journal *unwritten_are(struct mr_journal *j, const char *wanted)
{
    for (int time = 0; time < 2; time++, j = reopen(j)) {
        for (uint64_t i = 1; i <= 4; i++)
            if (mr_journal_unit_is_unwritten(j, i) != (strchr(wanted, '0' + (int)i) != NULL))
                fail_msg("%s: unit %d", wanted, (int)i);
        assert_int_equal(mr_journal_units_unwritten(j, 4), strlen(wanted));
    }
    return j;
}

static void test_unwritten(void **state)
{
    const struct mr_journal_unit lost = {.script = MR_JOURNAL_APPLY, .number = 3, .lost = true};
    struct mr_err err = {0};
    (void)state;
    (void)unlink(path());
    struct mr_journal *j = unwritten_are(reopen(NULL), ""); /* nobody knows who applied */
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 1, 0);
    j = unwritten_are(j, "234"); /* begun */
    put(j, MR_JOURNAL_FAILED, MR_JOURNAL_APPLY, 1, 0);
    j = unwritten_are(j, "1234");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 2, 0);
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, 2, 1); /* rows were refused, others are written */
    j = unwritten_are(j, "134");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 3, 0);
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_FAILED, &lost, NULL, &err), MR_OK);
    j = unwritten_are(j, "14");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 2, 0);
    put(j, MR_JOURNAL_FAILED, MR_JOURNAL_APPLY, 2, 0); /* what it has written before stays */
    j = unwritten_are(j, "14");
    undo(j, 1, 0, 1); /* all is taken back; then others */
    j = unwritten_are(j, "14");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 1, 0);
    j = unwritten_are(j, "234");
    assert_false(mr_journal_unit_is_unwritten(j, UINT64_MAX));
    mr_journal_close(j);
    (void)unlink(path());
}

static enum mr_code add_row(void *ctx, const struct mr_journal_fired *row, struct mr_err *err)
{
    const struct mr_journal_text *const texts[] = {&row->table, &row->key, &row->digest};
    (void)err;
    for (int i = 0; i < 3; i++) {
        mr_strbuf_add(ctx, texts[i]->ptr, texts[i]->len);
        mr_strbuf_add_char(ctx, i < 2 ? ' ' : ';');
    }
    return MR_OK;
}

static void test_fired(void **state)
{
    struct mr_journal *j = reopen(NULL);
    struct mr_strbuf list = MR_STRBUF_INIT, all = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    mr_journal_add_fired(&list, "db.t:1", "-17", "ab");
    mr_journal_add_fired(&list, "db.u", "18", "cd");
    assert_string_equal(list.ptr, "6:db.t:13:-172:ab4:db.u2:182:cd");
    const struct mr_journal_unit units[] = {
        {.script = MR_JOURNAL_APPLY, .number = 91, .fired = list.ptr},
        {.script = MR_JOURNAL_UNDO, .number = 91, .fired = list.ptr}, /* none of its */
        {.script = MR_JOURNAL_APPLY, .number = 92, .fired = "1:t1:52:ef1:t1:69:cut"},
        {.script = MR_JOURNAL_APPLY, .number = 93, .fired = "99999999999999999999:x"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &units[i], NULL, &err), MR_OK);
    for (int i = 0; i < 2; i++, j = reopen(j)) {
        mr_strbuf_reset(&all);
        assert_int_equal(mr_journal_each_fired(j, add_row, &all, &err), MR_OK);
        assert_string_equal(all.ptr, "db.t:1 -17 ab;db.u 18 cd;t 5 ef;");
    }
    mr_strbuf_release(&list);
    mr_strbuf_release(&all);
    mr_journal_close(j);
}

static enum mr_code add_looked(void *ctx, const struct mr_journal_beside *row, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add_fmt(ctx, "%.*s %.*s %.*s;", (int)row->table.len, row->table.ptr,
                      (int)row->key.len, row->key.ptr, (int)row->columns.len, row->columns.ptr);
    return MR_OK;
}

/* Undo takes away what triggers made of the rows, so that it is not known any more. */
static void test_beside(void **state)
{
    struct mr_journal *j = reopen(NULL);
    struct mr_strbuf list = MR_STRBUF_INIT, all = MR_STRBUF_INIT;
    struct mr_err err = {0};
    (void)state;
    mr_journal_add_beside(&list, "db.t:1", "-17", "a, b");
    mr_journal_add_beside(&list, "db.u", "18", "");
    assert_string_equal(list.ptr, "6:db.t:13:-174:a, b4:db.u2:180:");
    const struct mr_journal_unit units[] = {
        {.script = MR_JOURNAL_APPLY, .number = 95, .beside = list.ptr},
        {.script = MR_JOURNAL_APPLY, .number = 96, .beside = "1:t1:51:c1:t1:69:cut"},
        {.script = MR_JOURNAL_UNDO, .number = 95}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &units[i], NULL, &err), MR_OK);
    for (int i = 0; i < 4; i++, j = reopen(j)) {
        mr_strbuf_reset(&all);
        mr_strbuf_add_str(&all, "");
        if (i == 2) {
            put(j, MR_JOURNAL_TRY, MR_JOURNAL_UNDO, 95, 0);
            assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &units[2], NULL, &err),
                             MR_OK);
        }
        assert_int_equal(mr_journal_each_beside(j, add_looked, &all, &err), MR_OK);
        assert_string_equal(all.ptr, i < 2 ? "db.t:1 -17 a, b;db.u 18 ;t 5 c;" : "");
    }
    mr_strbuf_release(&list);
    mr_strbuf_release(&all);
    mr_journal_close(j);
}

static void test_asides(void **state)
{
    struct mr_journal *j = reopen(NULL);
    struct mr_journal_unit unit = {
        .script = MR_JOURNAL_APPLY, .number = 77, .refused = 2, .aside = "17,44"};
    struct mr_err err = {0};
    (void)state;
    assert_null(mr_journal_unit_aside(j, MR_JOURNAL_APPLY, 77));
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &unit, NULL, &err), MR_OK);
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 77, 0);
    put(j, MR_JOURNAL_FAILED, MR_JOURNAL_APPLY, 77, 0);
    for (int i = 0; i < 2; i++, j = reopen(j)) {
        assert_string_equal(mr_journal_unit_aside(j, MR_JOURNAL_APPLY, 77), "17,44");
        assert_null(mr_journal_unit_aside(j, MR_JOURNAL_UNDO, 77));
        assert_null(mr_journal_unit_aside(j, MR_JOURNAL_APPLY, 78));
    }
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, 77, 0); /* they are written */
    assert_null(mr_journal_unit_aside(j, MR_JOURNAL_APPLY, 77));
    j = reopen(j);
    assert_null(mr_journal_unit_aside(j, MR_JOURNAL_APPLY, 77));
    mr_journal_close(j);
}

static void test_units(void **state)
{
    struct mr_journal *j = reopen(NULL);
    (void)state;
    done_are(j, MR_JOURNAL_APPLY, "");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 1, 0);
    done_are(j, MR_JOURNAL_APPLY, "");
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, 1, 0);
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 2, 0);
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, 2, 1); /* a row was left out */
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 3, 0);
    put(j, MR_JOURNAL_FAILED, MR_JOURNAL_APPLY, 3, 0);
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_APPLY, 4, 0);
    done_are(j, MR_JOURNAL_APPLY, "14");
    j = reopen(j);
    done_are(j, MR_JOURNAL_APPLY, "14");
    done_are(j, MR_JOURNAL_UNDO, "");
    /* begun again, it may be half way */
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 4, 0);
    done_are(j, MR_JOURNAL_APPLY, "1");
    /* who begins to undo takes back what apply has done, whatever the unit */
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_UNDO, 3, 0);
    done_are(j, MR_JOURNAL_APPLY, "");
    put(j, MR_JOURNAL_DONE, MR_JOURNAL_UNDO, 3, 0);
    j = reopen(j);
    done_are(j, MR_JOURNAL_APPLY, "");
    done_are(j, MR_JOURNAL_UNDO, "3");
    put(j, MR_JOURNAL_TRY, MR_JOURNAL_APPLY, 1, 0);
    done_are(j, MR_JOURNAL_UNDO, "");
    mr_journal_close(j);
    /* what nobody wrote: no counts, no such unit, no such script; a torn end */
    append("{\"event\":\"done\",\"script\":\"apply\",\"unit\":2}\n"
           "{\"event\":\"done\",\"script\":\"apply\",\"unit\":0,\"refused\":0}\n"
           "{\"event\":\"done\",\"script\":\"apply\",\"unit\":18446744073709551615,"
           "\"refused\":0}\n"
           "{\"event\":\"done\",\"script\":\"apply\",\"unit\":100000000,\"refused\":0}\n"
           "{\"event\":\"done\",\"script\":\"verify\",\"unit\":2,\"refused\":0}\n"
           "{\"event\":\"done\",\"script\":\"apply\",\"unit\":3,\"refused\":0}\n"
           "{\"event\":\"done\",\"script\":\"apply\",\"unit\":4,\"refu");
    j = reopen(NULL);
    done_are(j, MR_JOURNAL_APPLY, "3");
    assert_false(mr_journal_unit_is_done(j, MR_JOURNAL_APPLY, 100000000));
    assert_false(mr_journal_unit_is_done(j, MR_JOURNAL_APPLY, UINT64_MAX));
    mr_journal_close(j);
}

static void test_errors(void **state)
{
    struct mr_journal *j = NULL;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_journal_open("/nonexistent", "run", &j, &err), MR_E_IO);
    assert_null(j);
    assert_non_null(strstr(err.message, "/nonexistent/journal.jsonl"));
}

static void test_reader(void **state)
{
    const struct mr_journal_unit unit = {.script = MR_JOURNAL_APPLY, .number = 3, .aside = "4,9"};
    struct mr_journal *j = NULL, *reader = NULL;
    struct mr_err err = {0};
    (void)state;
    (void)unlink(path());
    assert_int_equal(mr_journal_read(dir, &reader, &err), MR_OK);
    assert_false(mr_journal_unit_is_done(reader, MR_JOURNAL_APPLY, 3));
    assert_int_equal(access(path(), F_OK), -1);
    mr_journal_close(reader);
    j = reopen(NULL);
    assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &unit, NULL, &err), MR_OK);
    /* beside an apply, which holds it; and it writes nothing */
    assert_int_equal(mr_journal_read(dir, &reader, &err), MR_OK);
    assert_string_equal(mr_journal_unit_aside(reader, MR_JOURNAL_APPLY, 3), "4,9");
    assert_int_equal(
        mr_journal_write_unit(reader, MR_JOURNAL_DONE,
                              &(struct mr_journal_unit){.script = MR_JOURNAL_APPLY, .number = 8},
                              NULL, &err),
        MR_OK);
    mr_journal_close(reader);
    j = reopen(j);
    assert_false(mr_journal_unit_is_done(j, MR_JOURNAL_APPLY, 8));
    mr_journal_close(j);
    (void)unlink(path());
}

/* No journal is another thing than one that cannot be read. */
static void test_unreadable(void **state)
{
    struct mr_journal *reader = NULL;
    struct mr_err err = {0};
    (void)state;
    (void)unlink(path());
    assert_int_equal(symlink("gone", path()), 0);
    assert_int_not_equal(mr_journal_read(dir, &reader, &err), MR_OK);
    assert_null(reader);
    assert_non_null(strstr(err.message, "journal.jsonl"));
    (void)unlink(path());
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/test_journal.XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path());
    return rmdir(dir);
}

/* A list may be as long as a journal: each of its rows is not looked for in all of another. */
static void test_long_lists(void **state)
{
    enum { ROWS = 300000 };
    struct mr_strbuf list = MR_STRBUF_INIT, back = MR_STRBUF_INIT, both = MR_STRBUF_INIT;
    char key[16];
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        mr_journal_add_left_out(&list, "d.t", key);
        (void)snprintf(key, sizeof key, "%d", ROWS + ROWS / 2 - i);
        mr_journal_add_left_out(&back, "d.t", key);
    }
    mr_journal_rows_common(&both, list.ptr, back.ptr);
    assert_int_equal(mr_journal_rows_count(both.ptr), ROWS / 2 - 1);
    mr_journal_rows_common(&back, NULL, list.ptr);
    assert_false(both.failed || back.failed);
    mr_strbuf_release(&list);
    mr_strbuf_release(&back);
    mr_strbuf_release(&both);
}

/* In a directory that everybody may write: nobody writes into another's journal, nor believes
 * it, but for that of whoever made the plan. */
static void test_theirs(void **state)
{
    struct mr_journal *j = NULL;
    struct mr_err err = {0};
    struct stat st;
    char plan[96];
    (void)state;
    if (geteuid() != 0)
        skip(); /* nobody else's files can be made */
    append("");
    assert_int_equal(lchown(path(), 65534, (gid_t)-1), 0);
    j = reopen(j); /* nobody else could put it there */
    assert_int_equal(chmod(dir, 01777), 0);
    mr_journal_close(j);
    assert_int_equal(mr_journal_open(dir, "run-1", &j, &err), MR_E_IO);
    assert_null(j);
    assert_non_null(strstr(err.message, "journal.jsonl\" belongs to user \""));
    assert_int_equal(mr_journal_read(dir, &j, &err), MR_E_IO);
    assert_int_equal(stat(path(), &st), 0);
    assert_int_equal(st.st_size, 0);
    (void)snprintf(plan, sizeof plan, "%s/plan.json", dir);
    assert_int_equal(mr_io_write_file(plan, 0600, "{}", 2, &err), MR_OK);
    assert_int_equal(mr_journal_read(dir, &j, &err), MR_E_IO);
    assert_int_equal(lchown(plan, 65534, (gid_t)-1), 0);
    assert_int_equal(mr_journal_read(dir, &j, &err), MR_OK);
    mr_journal_close(j);
    assert_int_equal(unlink(plan), 0);
    assert_int_equal(unlink(path()), 0);
    assert_int_equal(chmod(dir, 0700), 0);
}

/* Steps of a rejoin count from where they begin, and in the next run. */
static void test_named(void **state)
{
    struct mr_journal *j = reopen(NULL);
    (void)state;
    assert_false(mr_journal_has_step(j, "reset"));
    assert_int_equal(mr_journal_write_step(j, MR_JOURNAL_TRY, "reset", NULL), MR_OK);
    assert_true(mr_journal_has_step(j, "reset"));
    j = reopen(j);
    assert_true(mr_journal_has_step(j, "reset"));
    assert_false(mr_journal_has_step(j, "start"));
    mr_journal_close(j);
    assert_int_equal(unlink(path()), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),       cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_units),       cmocka_unit_test(test_errors),
        cmocka_unit_test(test_asides),      cmocka_unit_test(test_reader),
        cmocka_unit_test(test_unreadable),  cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_unwritten),   cmocka_unit_test(test_fired),
        cmocka_unit_test(test_beside),      cmocka_unit_test(test_found),
        cmocka_unit_test(test_found_first), cmocka_unit_test(test_named),
        cmocka_unit_test(test_theirs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
