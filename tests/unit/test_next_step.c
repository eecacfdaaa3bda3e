/* test_next_step.c: which sentences a result asks for, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "evidence_case.h"
#include "recon/check/next_step.h"

static void check_kinds(struct check_case *c, const enum mr_next_kind *kinds)
{
    struct mr_next_steps steps;
    size_t count = 0;
    case_load(c, 10);
    c->result.run = &c->run;
    const struct mr_next_opts opts = {.has_case = true};
    assert_int_equal(mr_next_steps(&steps, &c->result, &opts, NULL), MR_OK);
    while (kinds[count] != 0)
        count++;
    assert_int_equal(steps.items.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct mr_next_step *step = mr_vec_at(&steps.items, i);
        assert_int_equal(step->kind, kinds[i]);
        assert_null(strchr(step->text, '\n'));
        assert_null(step->command);
    }
    mr_next_steps_release(&steps);
    case_end(c);
}

static void begin(struct check_case *c, enum mr_verdict verdict, bool by_phone)
{
    case_begin(c);
    c->run.finished = true;
    case_table(c, "d.t", verdict, by_phone);
}

static void test_equal(void **state)
{
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_EQUAL, true);
    check_kinds(&c, (enum mr_next_kind[]){0});
}

static void add_collision(struct check_case *c)
{
    case_row(c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_COLLISION, "3/ann/x", "3/bob/x",
                                  "ann", "bob"});
    case_summarise(c);
}

static void test_two_histories(void **state)
{
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_TWO_HISTORIES, 0});

    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    struct mr_find_counter counter = {
        .table = c.table.id, .column = "id", .next = {4, 4}, .greatest = {3, 3}};
    case_require(mr_findings_counter_save(c.fd, &counter, NULL));
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_TWO_HISTORIES, MR_NEXT_RESEED, 0});

    /* raised already */
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    counter = (struct mr_find_counter){
        .table = c.table.id, .column = "id", .next = {4, 1000004}, .greatest = {3, 3}};
    case_require(mr_findings_counter_save(c.fd, &counter, NULL));
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_TWO_HISTORIES, 0});
}

static void test_the_rest(void **state)
{
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, false);
    case_row(&c, (struct case_row){0, 0, MR_FIND_DIVERGED, MR_KIND_CHANGED, "3/ann/x", "3/bob/x",
                                   NULL, NULL});
    case_row(&c, (struct case_row){.state = MR_FIND_UNSETTLED, .source = "1/a/b"});
    case_summarise(&c);
    case_table(&c, "d.u", MR_VERDICT_NOT_CHECKED, true);
    c.run.finished = false;
    check_kinds(&c, (enum mr_next_kind[]){MR_NEXT_IDENTITY, MR_NEXT_NOT_CHECKED, MR_NEXT_RESUME,
                                          MR_NEXT_UNSETTLED, 0});
}

/* A step for each side that has tables of its own; five are named. */
static void test_one_sided(void **state)
{
    static const char *const wanted[] = {
        "d.a, d.b, d.c, d.d, d.e and 1 more are on the source only: no row of them was compared, "
        "and "
        "repair plans leave them as they are. If the target has lost them, take them over from the "
        "source",
        "d.z is on the target only: no row of it was compared"};
    struct check_case c;
    struct mr_next_steps steps;
    const struct mr_next_opts opts = {.has_case = true};
    char table[] = "d.?", name[] = "?";
    (void)state;
    begin(&c, MR_VERDICT_EQUAL, true);
    for (const char *at = "abcdefz"; *at != '\0'; at++) {
        table[2] = name[0] = *at;
        const struct mr_find_object object = {
            "table", table, name, *at == 'z' ? NULL : "InnoDB", *at == 'z' ? "InnoDB" : NULL, "d"};
        case_require(mr_findings_object_add(c.fd, &object, NULL));
    }
    case_load(&c, 10);
    c.result.run = &c.run;
    assert_int_equal(c.result.one_sided, 7);
    assert_int_equal(mr_next_steps(&steps, &c.result, &opts, NULL), MR_OK);
    assert_int_equal(steps.items.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct mr_next_step *step = mr_vec_at(&steps.items, i);
        assert_int_equal(step->kind, MR_NEXT_ONE_SIDED);
        assert_memory_equal(step->text, wanted[i], strlen(wanted[i]));
    }
    mr_next_steps_release(&steps);
    case_end(&c);
}

/* Which command each step has; NULL: it is not there. */
static void check_commands(struct check_case *c, const struct mr_next_opts *opts,
                           const char *const *wanted)
{
    struct mr_next_steps steps;
    size_t n = 0;
    case_load(c, 10);
    c->result.run = &c->run;
    assert_int_equal(mr_next_steps(&steps, &c->result, opts, NULL), MR_OK);
    for (size_t i = 0; i < steps.items.count; i++) {
        const struct mr_next_step *step = mr_vec_at(&steps.items, i);
        if (step->command == NULL)
            continue;
        assert_non_null(wanted[n]);
        assert_string_equal(step->command, wanted[n++]);
    }
    assert_null(wanted[n]);
    mr_next_steps_release(&steps);
    case_end(c);
}

#define MERGE "myrecon repair plan --policy merge --config 'my club.ini' "

static void test_commands(void **state)
{
    const struct mr_next_opts kept = {.has_case = true,
                                      .commands = true,
                                      .case_path = "/nowhere/club.case",
                                      .config = "my club.ini"};
    const struct mr_next_opts not_kept = {.commands = true, .case_path = ""};
    struct mr_find_counter counter = {.column = "id", .next = {4, 4}, .greatest = {3, 3}};
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    c.table.subject = MR_SUBJECT_CONFIGURED;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    counter.table = c.table.id;
    case_require(mr_findings_counter_save(c.fd, &counter, NULL));
    check_commands(&c, &kept,
                   (const char *const[]){
                       "myrecon repair plan --reseed-only --config 'my club.ini' --case "
                       "/nowhere/club.case --output /nowhere/club.reseed",
                       "myrecon affected --config 'my club.ini' --case "
                       "/nowhere/club.case --output /nowhere/club.csv",
                       "myrecon history collect --config 'my club.ini' --case /nowhere/club.case",
                       MERGE "--case /nowhere/club.case --output /nowhere/club.merge", NULL});

    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    check_commands(&c, &not_kept,
                   (const char *const[]){"myrecon check --case incident.case "
                                         "mysql://a@old/ mysql://a@new/",
                                         NULL});

    begin(&c, MR_VERDICT_DIVERGED, true);
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                   .kind = MR_KIND_MISSING,
                                   .source = "3/ann/x",
                                   .source_id = "ann"});
    case_summarise(&c);
    check_commands(
        &c, &kept,
        (const char *const[]){"myrecon repair plan --policy backfill --config 'my club.ini' "
                              "--case /nowhere/club.case --output /nowhere/club.backfill",
                              NULL});

    /* a server is reached again as it was */
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    c.run.uri[1] = "mysql://a@new/?ssl-mode=required&ssl-ca=/ca.pem";
    check_commands(&c, &not_kept,
                   (const char *const[]){"myrecon check --case incident.case mysql://a@old/ "
                                         "'mysql://a@new/?ssl-mode=required&ssl-ca=/ca.pem'",
                                         NULL});

    /* a plan of what was not compared is refused */
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    case_table(&c, "d.u", MR_VERDICT_NOT_CHECKED, true);
    c.run.finished = false;
    check_commands(
        &c, &kept,
        (const char *const[]){"myrecon check --config 'my club.ini' --case /nowhere/club.case "
                              "mysql://a@old/ mysql://a@new/ --resume",
                              NULL});

    /* nor can one be made of a window: the tables are to be compared whole */
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    c.run.options = "where=d.t=id > 3\nsince=2026-04-02\nobjects=none\n";
    c.table.windowed = true;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    check_commands(
        &c, &kept,
        (const char *const[]){"myrecon check --config 'my club.ini' --case /nowhere/club.case "
                              "--objects none mysql://a@old/ mysql://a@new/",
                              NULL});

    begin(&c, MR_VERDICT_EQUAL, true);
    check_commands(&c, &not_kept, (const char *const[]){NULL});
}

/* Logs that the case has are not asked for again. */
static void test_collected(void **state)
{
    const struct mr_next_opts opts = {
        .has_case = true, .commands = true, .case_path = "/nowhere/club.case"};
    struct check_case c;
    struct logs l;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    check_commands(&c, &opts,
                   (const char *const[]){"myrecon history collect --case /nowhere/club.case",
                                         "myrecon repair plan --policy merge --case "
                                         "/nowhere/club.case --output /nowhere/club.merge",
                                         NULL});
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    logs_begin(&l, &c);
    logs_side(&l, 0, NULL);
    logs_side(&l, 1, "a log is gone");
    logs_end(&l);
    check_commands(&c, &opts,
                   (const char *const[]){"myrecon repair plan --policy merge --case "
                                         "/nowhere/club.case --output /nowhere/club.merge",
                                         NULL});
}

/* Whoever reads it may have named the live server first. */
static void test_roles(void **state)
{
    static const char *const wrong[] = {"old primary", "new primary", "read_only", "read-only"};
    const struct mr_next_opts opts = {.has_case = true};
    struct mr_next_steps steps;
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, true);
    c.run.source = "mysql://a%40b@10.0.0.1:3307/club";
    c.run.target = "mysql://localhost/club?socket=/run/m.sock";
    add_collision(&c);
    case_load(&c, 10);
    c.result.run = &c.run;
    assert_int_equal(mr_next_steps(&steps, &c.result, &opts, NULL), MR_OK);
    const struct mr_next_step *step = mr_vec_at(&steps.items, 0);
    assert_non_null(strstr(step->text, "SOURCE (lost history, 10.0.0.1:3307) and TARGET "
                                       "(live, localhost socket /run/m.sock) have"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_null(strstr(step->text, wrong[i]));
    mr_next_steps_release(&steps);
    case_end(&c);
}

/* Of another run than the case's last the commands that read a run name it. */
static void test_older_run(void **state)
{
    const struct mr_next_opts opts = {.has_case = true,
                                      .commands = true,
                                      .case_path = "/nowhere/club.case",
                                      .run = "20260101T000000Z-0001"};
    struct check_case c;
    (void)state;
    begin(&c, MR_VERDICT_DIVERGED, true);
    add_collision(&c);
    c.table.subject = MR_SUBJECT_CONFIGURED;
    case_require(mr_findings_table_save(c.fd, &c.table, NULL));
    check_commands(&c, &opts,
                   (const char *const[]){
                       "myrecon affected --run 20260101T000000Z-0001 --case /nowhere/club.case "
                       "--output /nowhere/club.csv",
                       "myrecon history collect --case /nowhere/club.case",
                       "myrecon repair plan --policy merge --run 20260101T000000Z-0001 --case "
                       "/nowhere/club.case --output /nowhere/club.merge",
                       NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),    cmocka_unit_test(test_two_histories),
        cmocka_unit_test(test_the_rest), cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_commands), cmocka_unit_test(test_collected),
        cmocka_unit_test(test_roles),    cmocka_unit_test(test_older_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
