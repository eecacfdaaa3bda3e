/* test_copy_settle.c: which rows of a copying plan cannot be written, and what hangs on them:
 * slots and what ties them in, kinds of conflict out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/copy/copy_internal.h"

/* Slots that nothing has been found about: 1 to 6; op is what is to be done with them. */
#define SLOT(id, op)                                                                               \
    "INSERT INTO c (id, tbl, canon, op) VALUES (" #id ", 0, CAST(" #id " AS BLOB), " #op ");"
#define CONFLICT(id) "UPDATE c SET kind='key-taken' WHERE id=" #id ";"
#define TAKES(taker, holder) "INSERT INTO take VALUES (" #taker ", 0, " #holder ");"
/* SOURCE's parent and TARGET's present one: a slot, 0 for a row without one, NULL for nobody. */
#define LINK(child, ps, pt, same)                                                                  \
    "INSERT INTO link (child, ref, sfound, ps, tfound, pt, same) VALUES (" #child ", 0, " #ps      \
    " IS NOT NULL, coalesce(" #ps ", 0), " #pt " IS NOT NULL, coalesce(" #pt ", 0), " #same ");"
#define TIED(a, b) "INSERT INTO tie VALUES (" #a ", " #b "), (" #b ", " #a ");"
#define REFERS(child, parent) "INSERT INTO dep VALUES (" #parent ", 0, " #child ");"

static const struct {
    const char *what, *rows, *kinds; /* "slot kind" of what cannot be written */
} cases[] = {
    {"nothing to do", "", ""},
    {"rows by themselves", SLOT(1, 1) SLOT(2, 2) SLOT(3, 3), ""},
    {"a conflict that nobody hangs on", SLOT(1, 1) SLOT(2, 1) CONFLICT(1), "1 key-taken"},

    /* values of unique indexes */
    {"held by a row that check did not find", SLOT(1, 1) TAKES(1, 0), "1 unique"},
    {"its own", SLOT(1, 2) TAKES(1, 1), ""},
    {"held by a row that goes", SLOT(1, 1) SLOT(2, 3) TAKES(1, 2), ""},
    {"held by a row that gets another one", SLOT(1, 1) SLOT(2, 2) TAKES(1, 2), ""},
    {"held by a row that is updated and keeps it", SLOT(1, 1) SLOT(2, 2) TAKES(1, 2) TAKES(2, 2),
     "1 unique"},
    {"held by a row with nothing to do", SLOT(1, 1) SLOT(2, 0) TAKES(1, 2), "1 unique"},
    {"a swap", SLOT(1, 2) SLOT(2, 2) TAKES(1, 2) TAKES(2, 1), ""},
    {"a chain whose end stays",
     SLOT(1, 2) SLOT(2, 2) SLOT(3, 2) CONFLICT(3) TAKES(1, 2) TAKES(2, 3),
     "1 unique,2 unique,3 key-taken"},
    {"a row goes, and who was to have its value does not come",
     SLOT(1, 1) CONFLICT(1) SLOT(2, 3) TAKES(1, 2), "1 key-taken,2 unique"},
    {"who has nothing to do was to have no value", SLOT(1, 0) CONFLICT(1) SLOT(2, 3) TAKES(1, 2),
     "1 key-taken"},
    {"nobody was to have its value", SLOT(1, 0) SLOT(2, 3) TAKES(1, 2), ""},

    /* parents */
    {"nobody on either side", SLOT(1, 1) LINK(1, NULL, NULL, 0), ""},
    {"nobody on either side, and a foreign key wants one",
     SLOT(1, 1) SLOT(2, 1) LINK(1, NULL, NULL, 0) "UPDATE link SET must=1;" LINK(2, 1, NULL, 0),
     "1 parent-absent,2 parent-absent"},
    {"a foreign key wants one, and SOURCE has him",
     SLOT(1, 1) SLOT(2, 1) LINK(2, 1, NULL, 0) "UPDATE link SET must=1;", ""},
    {"nobody on SOURCE, somebody on TARGET", SLOT(1, 1) LINK(1, NULL, 0, 0),
     "1 orphan-would-attach"},
    {"nobody on SOURCE, and TARGET's goes", SLOT(1, 1) SLOT(2, 3) LINK(1, NULL, 2, 0), ""},
    {"nobody on SOURCE, and TARGET's was to go but stays",
     SLOT(1, 1) SLOT(2, 3) REFERS(0, 2) LINK(1, NULL, 2, 0), "1 orphan-would-attach,2 referenced"},
    {"the parent comes with it", SLOT(1, 1) SLOT(2, 1) LINK(1, 2, NULL, 0), ""},
    {"the parent is a conflict", SLOT(1, 1) SLOT(2, 1) CONFLICT(2) LINK(1, 2, NULL, 0),
     "1 parent-absent,2 key-taken"},
    {"the parent is only on SOURCE, and not written", SLOT(1, 1) LINK(1, 0, NULL, 0),
     "1 parent-absent"},
    {"the same on both sides", SLOT(1, 1) LINK(1, 0, 0, 1), ""},
    {"somebody else on TARGET", SLOT(1, 1) LINK(1, 0, 0, 0), "1 parent-differs"},
    {"the same row, which is two people",
     SLOT(1, 1) SLOT(2, 0) "UPDATE c SET taint=3 WHERE id=2;" LINK(1, 2, 2, 1), "1 parent-differs"},
    {"a row that becomes SOURCE's", SLOT(1, 1) SLOT(2, 2) LINK(1, 2, 2, 0), ""},
    {"a row that was to become SOURCE's and does not",
     SLOT(1, 1) SLOT(2, 2) TAKES(2, 0) LINK(1, 2, 2, 0), "1 parent-differs,2 unique"},
    {"a tree falls to its leaves",
     SLOT(1, 1) SLOT(2, 1) SLOT(3, 1) SLOT(4, 1) TAKES(4, 0) LINK(1, 2, NULL, 0) LINK(2, 3, NULL, 0)
         LINK(3, 4, NULL, 0),
     "1 parent-absent,2 parent-absent,3 parent-absent,4 unique"},

    /* who refers to what goes */
    {"a row without a slot refers", SLOT(1, 3) REFERS(0, 1), "1 referenced"},
    {"it refers to itself", SLOT(1, 3) REFERS(1, 1), ""},
    {"its child goes, too", SLOT(1, 3) SLOT(2, 3) REFERS(2, 1), ""},
    {"its child stays", SLOT(1, 3) SLOT(2, 0) REFERS(2, 1), "1 referenced"},
    {"its child gets another parent",
     SLOT(1, 3) SLOT(2, 2) SLOT(3, 1) REFERS(2, 1) LINK(2, 3, 3, 1), ""},
    {"its child is updated and still refers", SLOT(1, 2) SLOT(2, 2) REFERS(2, 1) LINK(2, 1, 1, 1),
     "1 referenced"},
    {"a conflict below keeps all that is above",
     SLOT(1, 3) SLOT(2, 3) SLOT(3, 3) CONFLICT(3) REFERS(2, 1) REFERS(3, 2),
     "1 referenced,2 referenced,3 key-taken"},

    /* two slots of one row, whose key was changed */
    {"both are written", SLOT(1, 3) SLOT(2, 1) TIED(1, 2), ""},
    {"it may not go, so it does not come", SLOT(1, 3) SLOT(2, 1) TIED(1, 2) REFERS(0, 1),
     "1 referenced,2 changed-since"},
    {"it may not come, so it does not go", SLOT(1, 1) SLOT(2, 3) TIED(1, 2) TAKES(1, 0),
     "1 unique,2 changed-since"},
    {"its parent is gone",
     SLOT(1, 1) SLOT(2, 3) TIED(1, 2) LINK(1, NULL, NULL, 0) "UPDATE link SET must=1;",
     "1 parent-absent,2 changed-since"},
    {"its value does not fit", SLOT(1, 1) SLOT(2, 3) TIED(1, 2) CONFLICT(1),
     "1 key-taken,2 changed-since"},
    {"a chain of keys", SLOT(1, 1) SLOT(2, 2) SLOT(3, 3) TIED(1, 2) TIED(2, 3) REFERS(0, 3),
     "1 changed-since,2 changed-since,3 referenced"},
    {"what hangs on the other slot stays, too",
     SLOT(1, 3) SLOT(2, 1) SLOT(3, 1) TIED(1, 2) REFERS(0, 1) LINK(3, 2, NULL, 0),
     "1 referenced,2 changed-since,3 parent-absent"},

    /* one thing leads to another of another kind */
    {"who stays keeps a value, whose taker was a parent",
     SLOT(1, 3) SLOT(2, 1) SLOT(3, 1) REFERS(0, 1) TAKES(2, 1) LINK(3, 2, NULL, 0),
     "1 referenced,2 unique,3 parent-absent"},
    {"nothing is to be done, whatever it hangs on", SLOT(1, 0) TAKES(1, 0) LINK(1, 0, 0, 0), ""},
};

struct sample {
    struct mr_findings *fd;
    struct mr_copy c;
};

static void open_sample(struct sample *s, const char *rows)
{
    static const struct mr_copy_task task = {0};
    memset(s, 0, sizeof *s);
    s->c.task = &task;
    assert_int_equal(mr_findings_open(NULL, MR_CASE_WRITE, &s->fd, NULL), MR_OK);
    s->c.m.fd = s->fd;
    s->c.m.cf = mr_findings_case(s->fd);
    assert_int_equal(mr_copy_work_open(&s->c, NULL), MR_OK);
    assert_int_equal(mr_case_exec(s->c.m.cf, rows, NULL), MR_OK);
}

/* The one text that a query gives is this one. */
static void is(struct sample *s, const char *what, const char *sql, const char *want)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(mr_case_prepare(s->c.m.cf, sql, &stmt, NULL), MR_OK);
    assert_int_equal(mr_case_step(stmt, &row, NULL), MR_OK);
    const char *got = mr_case_text(stmt, 0);
    if (strcmp(got != NULL ? got : "", want) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", what, got != NULL ? got : "", want);
    mr_case_free(stmt);
}

#define KINDS                                                                                      \
    "SELECT group_concat(id||' '||kind) FROM (SELECT * FROM c WHERE kind IS NOT NULL ORDER BY id)"

static void close_sample(struct sample *s)
{
    assert_int_equal(mr_findings_close(s->fd, NULL), MR_OK);
}

static void test_settle(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        open_sample(&s, cases[i].rows);
        assert_int_equal(mr_copy_settle(&s.c, NULL), MR_OK);
        is(&s, cases[i].what, KINDS, cases[i].kinds);
        /* what is settled stays so */
        assert_int_equal(mr_copy_settle(&s.c, NULL), MR_OK);
        is(&s, cases[i].what, KINDS, cases[i].kinds);
        close_sample(&s);
    }
}

/* For whom it waits, and why: of a row that others refer to nobody is named. */
static void test_waits(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, SLOT(1, 1) SLOT(2, 1) SLOT(3, 1) SLOT(4, 3) CONFLICT(3) LINK(1, 2, NULL, 0)
                        TAKES(2, 3) REFERS(0, 4));
    assert_int_equal(mr_copy_settle(&s.c, NULL), MR_OK);
    is(&s, "who waits",
       "SELECT group_concat(id||'>'||waits||' '||detail) FROM (SELECT * FROM c WHERE detail IS"
       " NOT NULL ORDER BY id)",
       "1>2 0,2>3 0,4>0 0");
    close_sample(&s);
}

/* Conflicts that are found later, while rows are ordered, spread from their wave on. */
static void test_spread(void **state)
{
    struct sample s;
    (void)state;
    open_sample(&s, SLOT(1, 1) SLOT(2, 1) SLOT(3, 3) LINK(1, 2, NULL, 0) TAKES(1, 3));
    assert_int_equal(mr_copy_settle(&s.c, NULL), MR_OK);
    is(&s, "before", KINDS, "");
    for (int i = 0; i < 3; i++)
        assert_int_equal(mr_copy_spread(&s.c, NULL), MR_OK);
    is(&s, "nothing was marked", KINDS, "");
    assert_int_equal(MR_CASE_ONCE(s.c.m.cf,
                                  "UPDATE c SET kind='not-null-cycle', wave=:wave WHERE id=2", NULL,
                                  MR_ARG_INT("wave", s.c.wave + 1)),
                     MR_OK);
    assert_int_equal(mr_copy_spread(&s.c, NULL), MR_OK);
    is(&s, "after", KINDS, "1 parent-absent,2 not-null-cycle,3 unique");
    close_sample(&s);
}

/* What fails is said, and not taken for the end of a wave. */
static void test_failure(void **state)
{
    static const char *const broken[] = {"take", "link", "dep", "tie"};
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct sample s;
        struct mr_strbuf sql = MR_STRBUF_INIT;
        open_sample(&s, SLOT(1, 1));
        mr_strbuf_add_fmt(&sql, "DROP TABLE temp.%s", broken[i]);
        assert_int_equal(mr_case_exec(s.c.m.cf, sql.ptr, NULL), MR_OK);
        assert_int_equal(mr_copy_settle(&s.c, NULL), MR_E_CASE);
        mr_strbuf_release(&sql);
        close_sample(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
