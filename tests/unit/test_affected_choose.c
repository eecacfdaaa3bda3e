/* test_affected_choose.c: whose rows are people, which columns, and what is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "affected_case.h"
#include "capture.h"

/* Two tables with an identity, one without; none of them is a subject unless said. */
static void begin(struct club *club, enum mr_find_subject members)
{
    club_begin(club);
    (void)club_table(club, "d.b.guests", true, MR_SUBJECT_NO);
    (void)club_table(club, "d.members", true, members);
    (void)club_table(club, "d.orders", false, MR_SUBJECT_NO);
}

static const char *chosen(const struct club *club)
{
    static char names[128];
    size_t len = 0;
    names[0] = '\0';
    for (size_t i = 0; i < club->list.nsubjects; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s ",
                                club->list.subjects[i].table->name);
    return names;
}

static void end(struct club *club)
{
    mr_arena_release(&club->list.arena);
    case_end(&club->c);
}

static void test_which_tables(void **state)
{
    static const struct {
        const char *subject, *config; /* --subject, configuration */
        enum mr_find_subject of_run;
        const char *chosen;
    } cases[] = {
        {NULL, "", MR_SUBJECT_CONFIGURED, "d.members "},
        {NULL, "", MR_SUBJECT_INFERRED, "d.members "},
        {NULL, "[table d.b.guests]\nsubject = yes\n", MR_SUBJECT_CONFIGURED, "d.b.guests "},
        {NULL, "[table *.members]\nsubject = no\n", MR_SUBJECT_CONFIGURED, "d.members "},
        {"d.*", "", MR_SUBJECT_NO, NULL},
        {"members", "[table guests]\nsubject = yes\n", MR_SUBJECT_NO, "d.members "},
        {"*s", "", MR_SUBJECT_NO, NULL},
        {"*e*s", "[table orders]\nidentity = phone\n", MR_SUBJECT_NO, NULL},
        {"*.?????*s", "", MR_SUBJECT_NO, NULL},
        {"d.b.guests", "", MR_SUBJECT_NO, "d.b.guests "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct club club;
        struct capture stderr_text;
        begin(&club, cases[i].of_run);
        if (cases[i].subject != NULL)
            club.subjects = (struct mr_string_list){&cases[i].subject, 1};
        capture_begin(&stderr_text, CAPTURE_FILE, 0);
        enum mr_code code = club_choose(&club, NULL, cases[i].config, NULL);
        capture_end(&stderr_text);
        if (cases[i].chosen == NULL) {
            assert_int_not_equal(code, MR_OK);
        } else {
            assert_int_equal(code, MR_OK);
            assert_string_equal(chosen(&club), cases[i].chosen);
        }
        bool warned = capture_count(&stderr_text, "subject = yes in [table d.members]");
        assert_int_equal(warned, cases[i].of_run == MR_SUBJECT_INFERRED);
        end(&club);
    }
}

/* Two tables, one header. */
static void test_several(void **state)
{
    static const char *const patterns[] = {"members", "guests"};
    struct club club;
    (void)state;
    begin(&club, MR_SUBJECT_NO);
    club.subjects = (struct mr_string_list){patterns, 2};
    assert_int_equal(club_choose(&club, "note", "", NULL), MR_OK);
    assert_string_equal(chosen(&club), "d.b.guests d.members ");
    assert_int_equal(club.list.nidentity, 1);
    assert_int_equal(club.list.nfields, 2);
    end(&club);
}

static void refused(struct club *club, const char *columns, const char *config, const char *message,
                    const char *detail, const char *hint)
{
    struct mr_err err = {0};
    assert_int_not_equal(club_choose(club, columns, config, &err), MR_OK);
    assert_int_equal(mr_code_exit(err.code), 3);
    assert_string_equal(err.message, message);
    assert_string_equal(err.detail, detail);
    if (strstr(err.hint, hint) == NULL)
        fail_msg("\"%s\" not in \"%s\"", hint, err.hint);
    end(club);
}

static int64_t table_id(struct club *club, const char *name)
{
    int64_t id = 0;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "SELECT id FROM tbl WHERE name = '%s'", name);
    case_require(mr_case_number_with(mr_findings_case(club->c.fd), sql.ptr, NULL, 0, &id, NULL));
    mr_strbuf_release(&sql);
    return id;
}

static void test_refusals(void **state)
{
    static const char *const mistyped = "d.memebrs", *const both = "*m*", *const nowhere = "x";
    struct club club;
    (void)state;
    begin(&club, MR_SUBJECT_NO);
    refused(&club, NULL, "", "it is not known which table's rows are people",
            "tables whose rows have an identity: \"d.b.guests\", \"d.members\"",
            "write subject = yes in [table DB.TABLE] of each");
    /* the one that most others lead to, whatever the number of steps */
    begin(&club, MR_SUBJECT_NO);
    const int64_t orders = club_table(&club, "d.orders", false, MR_SUBJECT_NO);
    const int64_t lines = club_table(&club, "d.order_lines", false, MR_SUBJECT_NO);
    (void)club_reference(&club, orders, table_id(&club, "d.members"));
    (void)club_reference(&club, lines, orders);
    (void)club_reference(&club, table_id(&club, "d.members"), table_id(&club, "d.members"));
    (void)club_reference(&club, orders, table_id(&club, "d.b.guests"));
    (void)club_reference(&club, table_id(&club, "d.b.guests"), table_id(&club, "d.members"));
    refused(&club, NULL, "", "it is not known which table's rows are people",
            "tables whose rows have an identity: \"d.b.guests\", \"d.members\"",
            "Most others lead to \"d.members\" (3 tables). If its rows are people, give --subject "
            "d.members");
    begin(&club, MR_SUBJECT_NO);
    club.subjects = (struct mr_string_list){&mistyped, 1};
    refused(&club, NULL, "", "no table of the run matches --subject d.memebrs", "",
            "\"d.members\"");
    begin(&club, MR_SUBJECT_NO);
    club.subjects = (struct mr_string_list){&nowhere, 1};
    refused(&club, NULL, "", "no table of the run matches --subject x", "", "SOURCE's names");
    begin(&club, MR_SUBJECT_NO);
    (void)club_table(&club, "d.humans", false, MR_SUBJECT_NO);
    club.subjects = (struct mr_string_list){&both, 1};
    refused(&club, NULL, "",
            "the identities of the subject tables \"d.humans\" and \"d.members\" have "
            "other columns",
            "", "--subject");
    begin(&club, MR_SUBJECT_CONFIGURED);
    refused(&club, "phone,nota", "", "subject table \"d.members\" has no column \"nota\"",
            "columns that were compared: id, phone, note", "\"note\"");
    begin(&club, MR_SUBJECT_CONFIGURED);
    refused(&club, "", "", "subject table \"d.members\" has no column \"\"",
            "columns that were compared: id, phone, note", "joined by commas");
    begin(&club, MR_SUBJECT_CONFIGURED);
    refused(&club, NULL, "[table d.members]\nidentity = phnoe\n",
            "identity column \"phnoe\" of table \"d.members\" does not exist in the case", "",
            "\"phone\"");
    /* another identity than the run's is no refusal: affected_config tells */
    begin(&club, MR_SUBJECT_CONFIGURED);
    assert_int_equal(club_choose(&club, NULL, "[table d.members]\nidentity = phone, note\n", NULL),
                     MR_OK);
    end(&club);
}

static void run_sql(struct club *club, const char *sql)
{
    case_require(mr_case_exec(mr_findings_case(club->c.fd), sql, NULL));
}

static void test_tables_without_people(void **state)
{
    struct club club;
    (void)state;
    begin(&club, MR_SUBJECT_CONFIGURED);
    run_sql(&club, "UPDATE col SET identity_at = -1");
    refused(&club, NULL, "", "the rows of subject table \"d.members\" have no identity", "",
            "identity = COLUMN in [table d.members]");
    begin(&club, MR_SUBJECT_CONFIGURED);
    run_sql(&club, "UPDATE tbl SET verdict = 4, reason = 'no right';"
                   "DELETE FROM col");
    refused(&club, NULL, "", "subject table \"d.members\" was not checked: no right", "",
            "run check again");
    begin(&club, MR_SUBJECT_NO);
    run_sql(&club, "UPDATE tbl SET identity_known = 0");
    refused(&club, NULL, "", "it is not known which table's rows are people", "",
            "No table of the run has an identity");
}

/* ---- fields */

/* Names that the list itself has, and names given twice. */
static void test_labels(void **state)
{
    static const char *const labels[] = {"phone",       "id",      "phone",
                                         "source_key_", "TABLES_", "reasons_"};
    struct club club;
    (void)state;
    begin(&club, MR_SUBJECT_CONFIGURED);
    run_sql(&club, "INSERT INTO col SELECT tbl, at + 3, CASE at WHEN 0 THEN 'source_key'"
                   " WHEN 1 THEN 'TABLES' ELSE 'reasons_' END, cls, decimals, show_at,"
                   " charset, -1, -1, -1, 0, type, 0 FROM col");
    run_sql(&club, "INSERT INTO col SELECT tbl, at + 4, 'Reasons', cls, decimals,"
                   " show_at, charset, -1, -1, -1, 0, type, 0 FROM col WHERE at = 2");
    case_require(club_choose(&club, "ID , PHONE,source_key,tables,reasons_,reasons", "", NULL));
    assert_int_equal(club.list.nfields, 7);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(club.list.fields[i].label, labels[i]);
        assert_int_equal(club.list.fields[i].repeated, i == 2);
    }
    assert_string_equal(club.list.fields[6].label, "Reasons__");
    assert_string_equal(club.list.fields[6].name, "Reasons");
    end(&club);
}

/* ---- gaps */

static void collect(struct club *club, struct capture *said)
{
    capture_begin(said, CAPTURE_FILE, 0);
    club_collect(club, NULL);
    capture_end(said);
}

static void expect_gap(struct club *club, const char *warning)
{
    struct capture said;
    collect(club, &said);
    if (warning == NULL) {
        assert_string_equal(said.text, "");
    } else if (strstr(said.text, warning) == NULL) {
        fail_msg("\"%s\" not in \"%s\"", warning, said.text);
    }
    assert_int_equal(club->incomplete, warning != NULL);
    club_end(club);
}

static void test_runs(void **state)
{
    struct club club;
    (void)state;
    begin(&club, MR_SUBJECT_CONFIGURED);
    expect_gap(&club, NULL);
    begin(&club, MR_SUBJECT_CONFIGURED);
    club.c.run.finished = false;
    expect_gap(&club, "is not finished: it was interrupted, or it is still going on");
    begin(&club, MR_SUBJECT_CONFIGURED);
    club.c.run.objects_done = false;
    expect_gap(&club, "schema objects could not be seen");
    begin(&club, MR_SUBJECT_CONFIGURED);
    run_sql(&club, "UPDATE tbl SET verdict = 4 WHERE name = 'd.orders'");
    expect_gap(&club, "1 table not checked, 0 rows unsettled");
}

static void test_lineage_not_done(void **state)
{
    struct club club;
    (void)state;
    begin(&club, MR_SUBJECT_CONFIGURED);
    club.c.run.kin_done = false;
    expect_gap(&club, "did not come to follow references");
}

/* A reference to a table that was not compared: only a row that refers matters. */
static void test_reference_elsewhere(void **state)
{
    static const struct {
        const char *source, *target;
        bool with_condition, from_subject, gap;
    } cases[] = {
        {"7/x/x", NULL, false, false, true},     {NULL, "7/x/x", false, false, true},
        {"7/NULL/x", NULL, false, false, false}, {"7/x/x", NULL, false, true, false},
        {"0/x/x", NULL, true, false, false},     {"1/x/x", NULL, true, false, true},
        {NULL, NULL, false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const size_t column[1] = {1};
        struct club club;
        begin(&club, MR_SUBJECT_CONFIGURED);
        int64_t child = club.c.table.id - (cases[i].from_subject ? 1 : 0);
        struct mr_lineage_reference r = {.table = child,
                                         .parent_name = "other.people",
                                         .name = "fk",
                                         .condition = cases[i].with_condition ? "id" : NULL,
                                         .condition_at = cases[i].with_condition ? 0 : -1,
                                         .columns = column,
                                         .parent_columns = column,
                                         .ncolumns = 1};
        case_require(mr_lineage_reference_add(club.c.fd, &r, NULL));
        if (cases[i].source != NULL || cases[i].target != NULL)
            club_row(&club, child, MR_KIND_MISSING, cases[i].source, cases[i].target, NULL, NULL);
        expect_gap(&club,
                   cases[i].gap ? "rows of \"d.orders\" refer to table \"other.people\"" : NULL);
    }
}

/* The run took members for the people; now guests are, and members may lead to them. */
static void test_other_subjects(void **state)
{
    static const char *const pattern = "guests";
    enum { NO_REFERENCE = 1, NO_ROW, OWN_ROW, REACHED, ITSELF };
    (void)state;
    for (int which = NO_REFERENCE; which <= ITSELF; which++) {
        struct club club;
        begin(&club, MR_SUBJECT_CONFIGURED);
        int64_t orders = club.c.table.id, members = orders - 1, guests = orders - 2;
        club.subjects = (struct mr_string_list){&pattern, 1};
        int64_t up = club_reference(&club, orders, members);
        if (which == ITSELF)
            (void)club_reference(&club, members, members);
        else if (which != NO_REFERENCE)
            (void)club_reference(&club, members, guests);
        if (which == OWN_ROW || which == ITSELF || which == NO_REFERENCE)
            club_row(&club, members, MR_KIND_MISSING, "1/a/x", NULL, "a", NULL);
        if (which == REACHED)
            club_link(&club, 0, club_row(&club, orders, MR_KIND_MISSING, "1/a/x", NULL, NULL, NULL),
                      up, members, "5/ann/x", "ann");
        expect_gap(&club, which == OWN_ROW || which == REACHED
                              ? "table \"d.members\" was a subject when run"
                              : NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_tables),     cmocka_unit_test(test_several),
        cmocka_unit_test(test_refusals),         cmocka_unit_test(test_tables_without_people),
        cmocka_unit_test(test_labels),           cmocka_unit_test(test_runs),
        cmocka_unit_test(test_lineage_not_done), cmocka_unit_test(test_reference_elsewhere),
        cmocka_unit_test(test_other_subjects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
