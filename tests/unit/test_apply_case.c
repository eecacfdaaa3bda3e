/* test_apply_case.c: what a case learns of a plan that is applied or undone, and what it keeps
 * where that cannot be written. */
#include "apply_world.h"

#include "core/case/case_args.h"
#include "repair/apply/apply_case.h"

/* ---- the n-th statement of the case fails ---- */

static unsigned steps, fail_at;

enum mr_code __real_mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err);
enum mr_code __wrap_mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err);
enum mr_code __wrap_mr_case_run(struct mr_case_stmt *stmt, struct mr_err *err)
{
    return ++steps == fail_at ? mr_err_set(err, MR_E_CASE, "the disk is full")
                              : __real_mr_case_run(stmt, err);
}

enum mr_code __real_mr_case_commit(struct mr_case *cf, struct mr_err *err);
enum mr_code __wrap_mr_case_commit(struct mr_case *cf, struct mr_err *err);
enum mr_code __wrap_mr_case_commit(struct mr_case *cf, struct mr_err *err)
{
    return ++steps == fail_at ? mr_err_set(err, MR_E_CASE, "the disk is full")
                              : __real_mr_case_commit(cf, err);
}

/* ---- a case of three plans, of which the second is at work ---- */

static char path[96];

#define STORE                                                                                      \
    "CREATE TABLE entity (id INTEGER PRIMARY KEY, source_key BLOB, target_key BLOB);"              \
    "CREATE TABLE step (plan INT, entity INT, unit INT, tbl INT);"
/* as merge_earlier.c makes it */
#define MAP                                                                                        \
    "CREATE TABLE plan_map (tbl TEXT NOT NULL, source_key BLOB NOT NULL, target_key BLOB NOT "     \
    "NULL, state TEXT NOT NULL, plan INT NOT NULL, PRIMARY KEY (tbl, source_key, target_key)) "    \
    "STRICT, WITHOUT ROWID;"
/* unit 1: rows 01 and 02 of t; unit 2: row 03 of t, and 01 of u */
#define STEPS                                                                                      \
    "INSERT INTO entity VALUES (1, x'01', x'11'), (2, x'02', x'12'), (3, x'03', x'13'),"           \
    " (4, x'01', x'21');"                                                                          \
    "INSERT INTO step VALUES (2, 1, 1, 0), (2, 2, 1, 0), (2, 3, 2, 0), (2, 4, 2, 1);"

static void run_sql(const char *sql)
{
    struct mr_findings *fd = NULL;
    assert_int_equal(mr_findings_open(path, MR_CASE_WRITE, &fd, &p.err), MR_OK);
    if (mr_case_exec(mr_findings_case(fd), sql, &p.err) != MR_OK)
        fail_msg("%s", p.err.message);
    assert_int_equal(mr_findings_close(fd, &p.err), MR_OK);
}

/* Rows of one text column, blank between them. */
static void rows_are(const char *sql, const char *wanted)
{
    struct mr_findings *fd = NULL;
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool row = false;
    mr_strbuf_add_str(&text, "");
    assert_int_equal(mr_findings_open(path, MR_CASE_WRITE, &fd, &p.err), MR_OK);
    assert_int_equal(mr_case_prepare(mr_findings_case(fd), sql, &stmt, &p.err), MR_OK);
    while (mr_case_step(stmt, &row, &p.err) == MR_OK && row)
        mr_strbuf_add_fmt(&text, "%s%s", text.len > 0 ? " " : "", mr_case_text(stmt, 0));
    mr_case_free(stmt);
    assert_int_equal(mr_findings_close(fd, &p.err), MR_OK);
    if (strcmp(text.ptr, wanted) != 0)
        fail_msg("\"%s\", wanted \"%s\"", text.ptr, wanted);
    mr_strbuf_release(&text);
}

#define PLANS "SELECT id || state FROM plan ORDER BY id"
#define ROWS                                                                                       \
    "SELECT tbl || hex(source_key) || '>' || hex(target_key) || ':' || state || plan FROM "        \
    "plan_map ORDER BY 1"

/* states: of the plans. */
static void begin_case(const char *states, const char *sql)
{
    char first[64], second[64], third[64], text[512];
    begin(NULL, 0);
    steps = fail_at = 0;
    (void)snprintf(path, sizeof path, "%s/a.case", plan_dir());
    assert_int_equal(sscanf(states, "%60s %60s %60s", first, second, third), 3);
    (void)snprintf(text, sizeof text,
                   "INSERT INTO plan VALUES (1, 'one', 1, 'merge', '', '', '', 'dir1', '%s'),"
                   " (2, 'two', 1, 'merge', '', '', '', 'dir2', '%s'),"
                   " (3, 'three', 1, 'merge', '', '', '', 'dir3', '%s')",
                   first, second, third);
    run_sql(text);
    run_sql(sql);
    p.m.uuid = "two";
    p.m.planned.rows = 4;
    p.m.planned.units = 2;
    plan_table("x.t", "id#");
    plan_table("x.u", "id#");
}

static struct mr_apply_case *open_case(void)
{
    struct mr_apply_case *ac = NULL;
    if (mr_apply_case_open(path, &p.m, &ac, &p.err) != MR_OK)
        fail_msg("%s", p.err.message);
    return ac;
}

static void end_case(struct mr_apply_case *ac)
{
    assert_int_equal(mr_apply_case_close(ac, &p.err), MR_OK);
}

/* ---- opening ---- */

static void test_open(void **state)
{
    struct mr_apply_case *ac = NULL;
    (void)state;
    begin_case("proposed proposed proposed", STORE);
    p.m.uuid = "four";
    refused_for(mr_apply_case_open(path, &p.m, &ac, &p.err), "plan \"four\" is not of case");
    assert_null(ac);
    assert_int_equal(mr_apply_case_open("/nonexistent/a.case", &p.m, &ac, &p.err), MR_E_IO);
    assert_int_equal(access("/nonexistent/a.case", F_OK), -1);
    p.m.uuid = "two";
    end_case(open_case());
    assert_int_equal(mr_apply_case_close(NULL, &p.err), MR_OK);
    end();
}

/* ---- begin and end ---- */

#define ALL_OURS                                                                                   \
    STORE STEPS MAP "INSERT INTO plan_map VALUES ('x.t', x'01', x'11', 'proposed', 2),"            \
                    " ('x.t', x'02', x'12', 'proposed', 2), ('x.t', x'03', x'13', 'proposed', 2)," \
                    " ('x.u', x'01', x'21', 'proposed', 2), ('x.t', x'09', x'19', 'matched', 2),"  \
                    " ('x.t', x'08', x'18', 'applied', 1);"

struct telling {
    enum mr_journal_script which;
    const char *done; /* units that the journal has as done */
    bool clean, empty;
    const char *plans, *rows;
};

#define KEPT "x.t08>18:applied1 x.t09>19:matched2"
static const struct telling tellings[] = {
    {MR_JOURNAL_APPLY, "12", true, false, "1applied 2applied 3proposed",
     "x.t01>11:applied2 x.t02>12:applied2 x.t03>13:applied2 " KEPT " x.u01>21:applied2"},
    /* of a unit with a refused row nobody knows which others went along */
    {MR_JOURNAL_APPLY, "1", false, false, "1applied 2applied 3proposed",
     "x.t01>11:applied2 x.t02>12:applied2 x.t03>13:proposed2 " KEPT " x.u01>21:proposed2"},
    {MR_JOURNAL_APPLY, "2", false, false, "1applied 2applied 3proposed",
     "x.t01>11:proposed2 x.t02>12:proposed2 x.t03>13:applied2 " KEPT " x.u01>21:applied2"},
    {MR_JOURNAL_APPLY, "", false, false, "1applied 2applied 3proposed",
     "x.t01>11:proposed2 x.t02>12:proposed2 x.t03>13:proposed2 " KEPT " x.u01>21:proposed2"},
    /* a plan without rows is never in the way of another */
    {MR_JOURNAL_APPLY, "", true, true, "1applied 2proposed 3proposed", NULL},
    {MR_JOURNAL_UNDO, "12", true, false, "1applied 2undone 3proposed",
     "x.t01>11:undone2 x.t02>12:undone2 x.t03>13:undone2 " KEPT " x.u01>21:undone2"},
    {MR_JOURNAL_UNDO, "12", false, false, "1applied 2proposed 3proposed",
     "x.t01>11:proposed2 x.t02>12:proposed2 x.t03>13:proposed2 " KEPT " x.u01>21:proposed2"},
};

static void journal_done(enum mr_journal_script which, const char *units)
{
    plan_journal();
    for (const char *c = units; *c != '\0'; c++) {
        const struct mr_journal_unit unit = {.script = which, .number = (uint64_t)(*c - '0')};
        assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &unit, NULL, &p.err),
                         MR_OK);
    }
}

static void test_tell(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(tellings); i++) {
        const struct telling *c = &tellings[i];
        begin_case("applied proposed proposed", ALL_OURS);
        if (c->empty)
            p.m.planned.rows = 0;
        journal_done(c->which, c->done);
        struct mr_apply_case *ac = open_case();
        if (c->which == MR_JOURNAL_UNDO) /* what it takes back was applied */
            assert_int_equal(mr_apply_case_end(ac, p.run.journal, MR_JOURNAL_APPLY, true, &p.err),
                             MR_OK);
        assert_int_equal(mr_apply_case_begin(ac, c->which, &p.err), MR_OK);
        assert_int_equal(mr_apply_case_end(ac, p.run.journal, c->which, c->clean, &p.err), MR_OK);
        end_case(ac);
        rows_are(PLANS, c->plans);
        if (c->rows != NULL)
            rows_are(ROWS, c->rows);
        end();
    }
}

/* ---- rows that stood, and were updated ---- */

#define RESTORED                                                                                   \
    STORE STEPS                                                                                    \
        "CREATE TABLE plan_restored (plan INT, tbl TEXT, key BLOB, state TEXT);"                   \
        "INSERT INTO plan_restored VALUES (2, 'x.t', x'01', 'proposed'), (2, 'x.t', x'02', "       \
        "'undone'), (2, 'x.t', x'03', 'applied'), (2, 'x.u', x'01', 'proposed'), (1, 'x.t', "      \
        "x'01', 'proposed');"

/* What journal.jsonl has of apply: of unit 1, then of unit 2: d(one), p(artly), t(ried), f(ailed). */
static void journal_units(const char *what)
{
    static const struct {
        char as;
        enum mr_journal_event event;
        uint64_t refused;
    } known[] = {{'d', MR_JOURNAL_DONE, 0}, {'p', MR_JOURNAL_DONE, 1}, {'f', MR_JOURNAL_FAILED, 0}};
    plan_journal();
    for (uint64_t n = 1; *what != '\0'; n++, what++) {
        const struct mr_journal_unit tried = {.script = MR_JOURNAL_APPLY, .number = n};
        if (*what != ' ')
            assert_int_equal(
                mr_journal_write_unit(p.run.journal, MR_JOURNAL_TRY, &tried, NULL, &p.err), MR_OK);
        for (size_t i = 0; i < LEN(known); i++) {
            const struct mr_journal_unit unit = {
                .script = MR_JOURNAL_APPLY, .number = n, .refused = known[i].refused};
            if (known[i].as == *what)
                assert_int_equal(
                    mr_journal_write_unit(p.run.journal, known[i].event, &unit, "why", &p.err),
                    MR_OK);
        }
    }
}

/* As long as nobody knows whether a row was written, TARGET's value does not tell either. */
static void test_restored(void **state)
{
    static const struct {
        const char *what;
        enum mr_journal_script which;
        const char *units;
        bool ends, clean;
        const char *states; /* of rows 01, 02, 03 of t, and of 01 of u */
    } cases[] = {
        {"apply was killed", MR_JOURNAL_APPLY, "", false, false, "begun begun applied begun"},
        {"undo was killed", MR_JOURNAL_UNDO, "", false, false, "begun undone begun begun"},
        {"applied", MR_JOURNAL_APPLY, "dd", true, true, "applied applied applied applied"},
        {"undone", MR_JOURNAL_UNDO, "", true, true, "undone undone undone undone"},
        {"undone but for some", MR_JOURNAL_UNDO, "", true, false, "begun begun begun begun"},
        {"a unit is done, and one was never begun", MR_JOURNAL_APPLY, "d ", true, false,
         "applied applied proposed proposed"},
        {"a unit is done, and of one rows were refused", MR_JOURNAL_APPLY, "dp", true, false,
         "applied applied begun begun"},
        {"a unit has failed, and of one nobody knows", MR_JOURNAL_APPLY, "ft", true, false,
         "proposed proposed begun begun"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_case("proposed applied proposed", RESTORED);
        journal_units(cases[i].units);
        struct mr_apply_case *ac = open_case();
        assert_int_equal(mr_apply_case_begin(ac, cases[i].which, &p.err), MR_OK);
        if (cases[i].ends)
            assert_int_equal(
                mr_apply_case_end(ac, p.run.journal, cases[i].which, cases[i].clean, &p.err),
                MR_OK);
        end_case(ac);
        rows_are("SELECT state FROM plan_restored WHERE plan = 2 ORDER BY tbl, key",
                 cases[i].states);
        rows_are("SELECT state FROM plan_restored WHERE plan = 1", "proposed");
        end();
    }
}

/* What an undo has taken back of units that it did not keep anything of is open, whatever others kept. */
static void test_undone_units(void **state)
{
    static const struct {
        uint64_t of, refused;
        const char *states;
    } cases[] = {
        {2, 0, "undone undone begun begun"},
        {2, 1, "begun begun begun begun"},
        {1, 0, "begun begun begun begun"}, /* both units are one of undo.sql's */
        {0, 0, "begun begun begun begun"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_case("proposed applied proposed", RESTORED);
        journal_units("dd");
        const struct mr_journal_unit unit = {
            .script = MR_JOURNAL_UNDO, .number = 1, .of = cases[i].of, .refused = cases[i].refused};
        assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &unit, NULL, &p.err),
                         MR_OK);
        struct mr_apply_case *ac = open_case();
        assert_int_equal(mr_apply_case_end(ac, p.run.journal, MR_JOURNAL_UNDO, false, &p.err),
                         MR_OK);
        end_case(ac);
        rows_are("SELECT state FROM plan_restored WHERE plan = 2 ORDER BY tbl, key",
                 cases[i].states);
        end();
    }
}

#define NUMBER(n) "x'690100000000000000" n "'"

/* A row that the journal has as left out was never written, whatever became of others of its unit; it has TARGET's
 * keys. */
static void test_left_out(void **state)
{
    static const struct {
        const char *what, *reading, *left_out, *states;
    } cases[] = {
        {"one of two", "int", "3:x.t3:107", "proposed begun"},
        {"by its key on SOURCE", "uint", "3:x.t1:7", "begun begun"},
        {"of another table", "int", "3:x.u3:107", "begun begun"},
        {"nobody", "int", NULL, "begun begun"},
        {"a text is not looked for", "text/latin1", "3:x.t3:107", "begun begun"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_case("proposed applied proposed",
                   STORE "CREATE TABLE plan_restored (plan INT, tbl TEXT, key BLOB, state TEXT);"
                         "INSERT INTO entity VALUES (1, " NUMBER("07") ", " NUMBER(
                             "6B") "),"
                                   " (2, " NUMBER("08") ", " NUMBER(
                                       "6C") ");"
                                             "INSERT INTO step VALUES (2, 1, 1, 0), (2, 2, 1, 0);"
                                             "INSERT INTO plan_restored VALUES (2, 'x.t', " NUMBER(
                                                 "07") ", 'begun'),"
                                                       " (2, 'x.t', " NUMBER("08") ", 'begun');");
        p.columns[0][0].reading = cases[i].reading;
        plan_journal();
        const struct mr_journal_unit unit = {
            .script = MR_JOURNAL_APPLY, .number = 1, .refused = 1, .left_out = cases[i].left_out};
        assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &unit, NULL, &p.err),
                         MR_OK);
        struct mr_apply_case *ac = open_case();
        assert_int_equal(mr_apply_case_end(ac, p.run.journal, MR_JOURNAL_APPLY, false, &p.err),
                         MR_OK);
        end_case(ac);
        rows_are("SELECT state FROM plan_restored ORDER BY key", cases[i].states);
        end();
    }
}

/* as merge_restored.c makes it */
#define SUMMED                                                                                     \
    STORE STEPS "CREATE TABLE plan_restored (plan INT, tbl TEXT, key BLOB, state TEXT, sums TEXT," \
                " since INT NOT NULL DEFAULT 0);"

/* What another plan has added behind this one's back must not be added again. */
static void test_sums(void **state)
{
    static const struct {
        const char *what, *rows;
        const char *refused; /* NULL: it is not */
    } cases[] = {
        {"nobody else", "(2, 'x.t', x'01', 'proposed', '2', 0)", NULL},
        {"proposed alone",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (3, 'x.t', x'01', 'proposed', '2', 0)", NULL},
        {"a later one",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (3, 'x.t', x'01', 'applied', '2', 3)",
         "\"dir3\" of the case was carried out since this plan was made, and adds to 1 row that"},
        {"an earlier one, before this was made",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (1, 'x.t', x'01', 'applied', '2', 1)", NULL},
        {"an earlier one, since this was made",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (1, 'x.t', x'01', 'applied', '2', 3)", "\"dir1\""},
        {"one of which nobody knows how it ended",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (1, 'x.t', x'01', 'begun', '2', 2)", "\"dir1\""},
        {"one that was taken back",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (3, 'x.t', x'01', 'undone', '2', 3)", NULL},
        {"this one has done it",
         "(2, 'x.t', x'01', 'applied', '2', 3), (1, 'x.t', x'01', 'begun', '2', 3)", NULL},
        {"other columns",
         "(2, 'x.t', x'01', 'proposed', '2 14', 0), (3, 'x.t', x'01', 'applied', '1 4 12', 3)",
         NULL},
        {"some of them",
         "(2, 'x.t', x'01', 'proposed', '2 14', 0), (3, 'x.t', x'01', 'applied', '1 14', 3)",
         "\"dir3\""},
        {"other rows, and tables",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (3, 'x.t', x'02', 'applied', '2', 3),"
         " (3, 'x.u', x'01', 'applied', '2', 3)",
         NULL},
        {"no sums",
         "(2, 'x.t', x'01', 'proposed', NULL, 0), (3, 'x.t', x'01', 'applied', '2', 3),"
         " (2, 'x.t', x'02', 'proposed', '2', 0), (3, 'x.t', x'02', 'applied', NULL, 3)",
         NULL},
        {"several",
         "(2, 'x.t', x'01', 'proposed', '2', 0), (3, 'x.t', x'01', 'applied', '2', 3),"
         " (2, 'x.t', x'02', 'proposed', '2', 0), (1, 'x.t', x'02', 'applied', '2', 3)",
         "\"dir3\" of the case was carried out since this plan was made, and adds to 2 rows that"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char sql[1024];
        (void)snprintf(sql, sizeof sql, "%s INSERT INTO plan_restored VALUES %s", SUMMED,
                       cases[i].rows);
        begin_case("proposed proposed proposed", sql);
        struct mr_apply_case *ac = open_case();
        const enum mr_code code = mr_apply_case_check_sums(ac, &p.err);
        if (cases[i].refused != NULL)
            refused_for(code, cases[i].refused);
        else if (code != MR_OK)
            fail_msg("%s: %s", cases[i].what, p.err.message);
        end_case(ac);
        end();
    }
}

/* The last plan of the case by then is kept: those after it know. */
static void test_since(void **state)
{
    (void)state;
    begin_case("proposed proposed proposed", SUMMED
               "INSERT INTO plan_restored VALUES (2, 'x.t', x'01', 'proposed', '2', 0),"
               " (2, 'x.t', x'02', 'applied', '2', 2), (1, 'x.t', x'01', 'proposed', '2', 0)");
    struct mr_apply_case *ac = open_case();
    assert_int_equal(mr_apply_case_begin(ac, MR_JOURNAL_APPLY, &p.err), MR_OK);
    end_case(ac);
    rows_are("SELECT plan || state || since FROM plan_restored ORDER BY plan, key",
             "1proposed0 2begun3 2applied2");
    end();
    begin_case("proposed proposed proposed", RESTORED); /* of an earlier version */
    ac = open_case();
    assert_int_equal(mr_apply_case_check_sums(ac, &p.err), MR_OK);
    end_case(ac);
    end();
}

/* Before the first unit it is applied, whatever comes of it: who is killed has perhaps written. */
static void test_begin(void **state)
{
    (void)state;
    begin_case("proposed proposed proposed", ALL_OURS);
    struct mr_apply_case *ac = open_case();
    assert_int_equal(mr_apply_case_begin(ac, MR_JOURNAL_APPLY, &p.err), MR_OK);
    end_case(ac);
    rows_are(PLANS, "1proposed 2applied 3proposed");
    end();
}

/* What a check had found as the plan made it is not so from the first unit of an undo on. */
static void test_explained(void **state)
{
    static const struct {
        enum mr_journal_script which;
        const char *left;
    } cases[] = {{MR_JOURNAL_APPLY, "5:2 6:3 7:2"}, {MR_JOURNAL_UNDO, "6:3"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_case("applied applied applied",
                   STORE MAP "CREATE TABLE explained (finding INTEGER PRIMARY KEY, tbl INT NOT"
                             " NULL, how INT NOT NULL, plan INT NOT NULL) STRICT;"
                             "INSERT INTO explained VALUES (5, 1, 1, 2), (6, 1, 1, 3), (7, 1, 2, "
                             "2);");
        struct mr_apply_case *ac = open_case();
        assert_int_equal(mr_apply_case_begin(ac, cases[i].which, &p.err), MR_OK);
        end_case(ac);
        rows_are("SELECT finding || ':' || plan FROM explained ORDER BY finding", cases[i].left);
        end();
    }
}

/* TARGET had a matched row before: to write it anew does not make it the plan's. */
static void test_matched(void **state)
{
    (void)state;
    begin_case("proposed proposed proposed",
               STORE STEPS MAP "INSERT INTO plan_map VALUES ('x.t', x'01', x'11', 'matched', 2),"
                               " ('x.t', x'02', x'12', 'proposed', 2);");
    journal_done(MR_JOURNAL_APPLY, "1");
    struct mr_apply_case *ac = open_case();
    assert_int_equal(mr_apply_case_end(ac, p.run.journal, MR_JOURNAL_APPLY, false, &p.err), MR_OK);
    end_case(ac);
    rows_are(ROWS, "x.t01>11:matched2 x.t02>12:applied2");
    end();
}

/* Plans that propose the same rows: they belong to the one at work, but for what is applied. */
static void test_claim(void **state)
{
    (void)state;
    begin_case("applied proposed undone",
               STORE STEPS MAP "INSERT INTO plan_map VALUES ('x.t', x'01', x'11', 'proposed', 3),"
                               " ('x.t', x'02', x'12', 'applied', 1),"
                               " ('x.t', x'03', x'33', 'proposed', 3),"
                               " ('x.u', x'01', x'21', 'undone', 3),"
                               " ('x.v', x'01', x'11', 'proposed', 3);");
    struct mr_apply_case *ac = open_case();
    assert_int_equal(mr_apply_case_begin(ac, MR_JOURNAL_APPLY, &p.err), MR_OK);
    end_case(ac);
    rows_are(ROWS, "x.t01>11:proposed2 x.t02>12:applied1 x.t03>33:proposed3 x.u01>21:undone2 "
                   "x.v01>11:proposed3");
    end();
}

/* A case whose plans only raise counters, or copy, has no such map. */
static void test_without_map(void **state)
{
    (void)state;
    begin_case("proposed proposed proposed", STORE);
    struct mr_apply_case *ac = open_case();
    assert_int_equal(mr_apply_case_check_later(ac, &p.err), MR_OK);
    assert_int_equal(mr_apply_case_begin(ac, MR_JOURNAL_APPLY, &p.err), MR_OK);
    assert_int_equal(mr_apply_case_end(ac, NULL, MR_JOURNAL_APPLY, false, &p.err), MR_OK);
    assert_int_equal(mr_apply_case_end(ac, NULL, MR_JOURNAL_UNDO, true, &p.err), MR_OK);
    end_case(ac);
    rows_are(PLANS, "1proposed 2undone 3proposed");
    end();
}

/* ---- later plans ---- */

static void test_later(void **state)
{
    static const struct {
        const char *states, *map, *why;
    } cases[] = {
        {"applied applied proposed", "", NULL}, /* earlier ones do not matter */
        {"applied applied undone", "", NULL},
        {"proposed applied applied", "", "build on this one: \"dir3\" (three)"},
        /* begun, and cut: rows of it are there */
        {"proposed applied proposed",
         "INSERT INTO plan_map VALUES ('x.v', x'07', x'07', 'applied', 3);", "\"dir3\" (three)"},
        {"proposed applied proposed",
         "INSERT INTO plan_map VALUES ('x.v', x'07', x'07', 'proposed', 3);", NULL},
        /* what is ours to undo is no later plan's */
        {"proposed applied proposed",
         "INSERT INTO plan_map VALUES ('x.t', x'01', x'11', 'applied', 3);", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char sql[1024];
        (void)snprintf(sql, sizeof sql, "%s%s", STORE STEPS MAP, cases[i].map);
        begin_case(cases[i].states, sql);
        struct mr_apply_case *ac = open_case();
        const enum mr_code code = mr_apply_case_check_later(ac, &p.err);
        if (cases[i].why != NULL)
            refused_for(code, cases[i].why);
        else if (code != MR_OK)
            fail_msg("%zu: %s", i, p.err.message);
        end_case(ac);
        if (*cases[i].map != '\0') /* it may be a dry run: nothing is changed */
            rows_are("SELECT plan FROM plan_map", "3");
        end();
    }
}

/* ---- failures ---- */

/* Where anything of it cannot be written, all is as it was. */
static void test_failures(void **state)
{
    (void)state;
    for (int what = 0; what < 3; what++)
        for (unsigned n = 1;; n++) {
            enum mr_code code = MR_OK;
            begin_case("proposed applied proposed", ALL_OURS);
            journal_done(MR_JOURNAL_APPLY, "12");
            struct mr_apply_case *ac = open_case();
            steps = 0;
            fail_at = n;
            if (what == 0)
                code = mr_apply_case_end(ac, p.run.journal, MR_JOURNAL_APPLY, false, &p.err);
            else if (what == 1)
                code = mr_apply_case_end(ac, p.run.journal, MR_JOURNAL_UNDO, true, &p.err);
            else
                code = mr_apply_case_journal(ac, plan_dir(), &p.err);
            const bool failed = steps >= n;
            fail_at = 0;
            assert_int_equal(code, failed ? MR_E_CASE : MR_OK);
            end_case(ac);
            if (failed) {
                rows_are(PLANS, "1proposed 2applied 3proposed");
                rows_are("SELECT DISTINCT state FROM plan_map WHERE plan = 2 ORDER BY 1",
                         "matched proposed");
                rows_are("SELECT name FROM sqlite_schema WHERE name = 'plan_journal'", "");
            }
            end();
            if (!failed)
                break;
            assert_true(n < 30);
        }
}

/* ---- the journal ---- */

static void put_journal(const char *text)
{
    char name[96];
    (void)snprintf(name, sizeof name, "%s/journal.jsonl", plan_dir());
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_journal(void **state)
{
    static const struct {
        const char *text, *lines; /* NULL: there is no file */
    } cases[] = {{NULL, NULL},
                 {"", ""},
                 {"a\nb'\"\n", "1:a 2:b'\""},
                 {"a\n\nc", "1:a 2: 3:c"}, /* a torn end is kept, too */
                 {"x\n", "1:x 2: 3:c"}};   /* the file only grows; who cut it is not believed */
    (void)state;
    begin_case("proposed applied proposed", STORE);
    struct mr_apply_case *ac = open_case();
    for (size_t i = 0; i < LEN(cases); i++) {
        if (cases[i].text != NULL)
            put_journal(cases[i].text);
        assert_int_equal(mr_apply_case_journal(ac, plan_dir(), &p.err), MR_OK);
        end_case(ac);
        if (cases[i].lines != NULL)
            rows_are("SELECT n || ':' || line FROM plan_journal WHERE plan = 2 ORDER BY n",
                     cases[i].lines);
        ac = open_case();
    }
    end_case(ac);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),     cmocka_unit_test(test_tell),
        cmocka_unit_test(test_begin),    cmocka_unit_test(test_explained),
        cmocka_unit_test(test_matched),  cmocka_unit_test(test_restored),
        cmocka_unit_test(test_left_out), cmocka_unit_test(test_undone_units),
        cmocka_unit_test(test_sums),     cmocka_unit_test(test_since),
        cmocka_unit_test(test_claim),    cmocka_unit_test(test_without_map),
        cmocka_unit_test(test_later),    cmocka_unit_test(test_failures),
        cmocka_unit_test(test_journal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
