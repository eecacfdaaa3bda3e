/* test_check_explained.c: which differences plans of the case account for, and which not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"

static const char schema[] =
    "CREATE TABLE plan_map (tbl TEXT NOT NULL, source_key BLOB NOT NULL,"
    " target_key BLOB NOT NULL, identity BLOB, digest BLOB NOT NULL, is_new INT NOT NULL,"
    " state TEXT NOT NULL, plan INT NOT NULL);"
    "CREATE TABLE entity (id INTEGER PRIMARY KEY, plan INT NOT NULL, tbl INT NOT NULL,"
    " source_key BLOB, target_key BLOB, identity BLOB, kind TEXT, choice TEXT)";

/* A row that differs: "7/ann/x" or NULL, and who it is. */
struct row {
    enum mr_find_kind kind;
    const char *source, *target, *source_id, *target_id;
};

/* What a plan says of SOURCE's row of the one id: it is TARGET's row `as`, or he. */
struct said {
    const char *state; /* NULL: nothing is said */
    int source, target;
    const char *identity, *as;
    const char *kind, *choice; /* of a conflict about it; kind NULL: there was none */
};

struct world {
    const char *what;
    struct row rows[3];
    struct said said[2];
    uint64_t explained, restored, met;
};

static void bind_id(struct mr_case_stmt *stmt, int at, int id)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = id};
    case_require(mr_row_encode(&key, &value, NULL));
    mr_case_bind_blob(stmt, at, key.ptr, key.len);
    mr_strbuf_release(&key);
}

static void say(struct check_case *c, const struct said *said)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_strbuf image = MR_STRBUF_INIT;
    struct mr_digest digest = {0};
    case_encode(&image, said->as);
    case_require(mr_row_digest(image.ptr, image.len, &digest, NULL));
    case_require(mr_case_prepare(mr_findings_case(c->fd),
                                 "INSERT INTO plan_map VALUES ('d.t',?,?,?,?,0,?,7)", &stmt, NULL));
    bind_id(stmt, 1, said->source);
    bind_id(stmt, 2, said->target);
    if (said->identity != NULL)
        mr_case_bind_blob(stmt, 3, said->identity, strlen(said->identity));
    mr_case_bind_blob(stmt, 4, &digest, sizeof digest);
    mr_case_bind_text(stmt, 5, said->state);
    case_require(mr_case_run(stmt, NULL));
    mr_case_free(stmt);
    mr_strbuf_release(&image);
    if (said->kind == NULL)
        return;
    case_require(mr_case_prepare(mr_findings_case(c->fd),
                                 "INSERT INTO entity (plan, tbl, source_key, target_key,"
                                 " identity, kind, choice) VALUES (7,0,?,?,?,?,?)",
                                 &stmt, NULL));
    bind_id(stmt, 1, said->source);
    bind_id(stmt, 2, said->target);
    mr_case_bind_blob(stmt, 3, said->identity, strlen(said->identity));
    mr_case_bind_text(stmt, 4, said->kind);
    mr_case_bind_text(stmt, 5, said->choice);
    case_require(mr_case_run(stmt, NULL));
    mr_case_free(stmt);
}

static void check_world(const struct world *w)
{
    struct check_case c;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    for (size_t i = 0; i < 3 && w->rows[i].kind != MR_KIND_UNDECIDED; i++)
        case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                       .kind = w->rows[i].kind,
                                       .source = w->rows[i].source,
                                       .target = w->rows[i].target,
                                       .source_id = w->rows[i].source_id,
                                       .target_id = w->rows[i].target_id});
    case_summarise(&c);
    case_require(mr_case_exec(mr_findings_case(c.fd), schema, NULL));
    for (size_t i = 0; i < 2 && w->said[i].state != NULL; i++)
        say(&c, &w->said[i]);
    /* a second time finds the same, whatever a table that is gone has left behind */
    case_require(mr_check_explain(c.fd, NULL));
    case_require(mr_case_exec(mr_findings_case(c.fd),
                              "INSERT OR REPLACE INTO explained SELECT id, 99, 0, 7 FROM"
                              " finding",
                              NULL));
    case_require(mr_check_explain(c.fd, NULL));
    c.run.finished = true;
    case_load(&c, 10);
    const struct mr_check_explained *got = &c.result.all_explained;
    if (got->rows != w->explained || got->restored != w->restored || got->met != w->met)
        fail_msg("%s: %d explained, %d restored, %d met", w->what, (int)got->rows,
                 (int)got->restored, (int)got->met);
    case_end(&c);
}

#define COLLISION                                                                                  \
    {                                                                                              \
        MR_KIND_COLLISION, "4/ann/x", "4/xen/y", "ann", "xen"                                      \
    }
#define AS_PLANNED                                                                                 \
    {                                                                                              \
        MR_KIND_EXTRA, NULL, "9/ann/x", NULL, "ann"                                                \
    }
#define EDITED                                                                                     \
    {                                                                                              \
        MR_KIND_EXTRA, NULL, "9/ann/new", NULL, "ann"                                              \
    }
#define NAMELESS                                                                                   \
    {                                                                                              \
        MR_KIND_EXTRA, NULL, "9/NULL/new", NULL, NULL                                              \
    }
#define RESTORED                                                                                   \
    {                                                                                              \
        .state = "applied", .source = 4, .target = 9, .identity = "ann", .as = "9/ann/x"           \
    }

static const struct world worlds[] = {
    {"restored under another id", {COLLISION, AS_PLANNED}, {RESTORED}, 2, 1, 0},
    {"and edited since", {COLLISION, EDITED}, {RESTORED}, 2, 1, 0},
    {"deleted since", {COLLISION}, {RESTORED}, 0, 0, 0},
    {"somebody else stands there",
     {COLLISION, {MR_KIND_EXTRA, NULL, "9/bob/x", NULL, "bob"}},
     {RESTORED},
     0,
     0,
     0},
    {"applied by the stock client, and never told",
     {COLLISION, AS_PLANNED},
     {{.state = "proposed", .source = 4, .target = 9, .identity = "ann", .as = "9/ann/x"}},
     2,
     1,
     0},
    {"never applied",
     {COLLISION},
     {{.state = "proposed", .source = 4, .target = 9, .identity = "ann", .as = "9/ann/x"}},
     0,
     0,
     0},
    {"undone, and there all the same",
     {COLLISION, AS_PLANNED},
     {{.state = "undone", .source = 4, .target = 9, .identity = "ann", .as = "9/ann/x"}},
     0,
     0,
     0},
    {"nobody by name: only the bytes tell",
     {COLLISION, NAMELESS},
     {{.state = "applied", .source = 4, .target = 9, .as = "9/NULL/x"}},
     0,
     0,
     0},
    {"nobody by name, to the byte",
     {COLLISION, NAMELESS},
     {{.state = "applied", .source = 4, .target = 9, .as = "9/NULL/new"}},
     2,
     1,
     0},
    {"met under another key",
     {COLLISION, EDITED},
     {{.state = "matched", .source = 4, .target = 9, .identity = "ann", .as = "9/ann/x"}},
     2,
     0,
     1},
    {"met, and what differs is not decided",
     {COLLISION, EDITED},
     {{.state = "matched",
       .source = 4,
       .target = 9,
       .identity = "ann",
       .as = "9/ann/x",
       .kind = "differs"}},
     0,
     0,
     0},
    {"met, and decided",
     {COLLISION, EDITED},
     {{.state = "matched",
       .source = 4,
       .target = 9,
       .identity = "ann",
       .as = "9/ann/x",
       .kind = "differs",
       .choice = "target"}},
     2,
     0,
     1},
    {"restored under its own key, with another reference",
     {{MR_KIND_CHANGED, "4/ann/x", "4/ann/mapped", "ann", "ann"}},
     {{.state = "applied", .source = 4, .target = 4, .identity = "ann", .as = "4/ann/mapped"}},
     1,
     1,
     0},
    {"and edited since: a difference",
     {{MR_KIND_CHANGED, "4/ann/x", "4/ann/edited", "ann", "ann"}},
     {{.state = "applied", .source = 4, .target = 4, .identity = "ann", .as = "4/ann/mapped"}},
     0,
     0,
     0},
    {"met under its own key, with other values: a difference",
     {{MR_KIND_CHANGED, "4/ann/x", "4/ann/y", "ann", "ann"}},
     {{.state = "matched", .source = 4, .target = 4, .identity = "ann", .as = "4/ann/y"}},
     0,
     0,
     0},
    {"who came since, and an edit of the common past",
     {AS_PLANNED,
      {MR_KIND_EXTRA, NULL, "8/new/x", NULL, "new"},
      {MR_KIND_CHANGED, "1/zoe/x", "1/zoe/y", "zoe", "zoe"}},
     {RESTORED},
     1,
     0,
     0},
    {"two rows of one key: whose it is",
     {COLLISION, {MR_KIND_MISSING, "5/bob/x", NULL, "bob", NULL}, AS_PLANNED},
     {RESTORED,
      {.state = "proposed", .source = 5, .target = 9, .identity = "bob", .as = "9/bob/x"}},
     2,
     1,
     0},
};

static void test_worlds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        check_world(&worlds[i]);
}

/* What is explained is no part of two histories. */
static void test_two_histories(void **state)
{
    static const struct said restored = RESTORED;
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                   .kind = MR_KIND_COLLISION,
                                   .source = "4/ann/x",
                                   .target = "4/xen/y",
                                   .source_id = "ann",
                                   .target_id = "xen"});
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                   .kind = MR_KIND_EXTRA,
                                   .target = "9/ann/x",
                                   .target_id = "ann"});
    case_row(&c, (struct case_row){.state = MR_FIND_DIVERGED,
                                   .kind = MR_KIND_CHANGED,
                                   .source = "1/zoe/x",
                                   .target = "1/zoe/y",
                                   .source_id = "zoe",
                                   .target_id = "zoe"});
    case_summarise(&c);
    case_load(&c, 10);
    assert_true(mr_check_result_two_histories(&c.result));
    mr_check_result_release(&c.result);
    case_require(mr_case_exec(mr_findings_case(c.fd), schema, NULL));
    say(&c, &restored);
    case_require(mr_check_explain(c.fd, NULL));
    case_load(&c, 10);
    assert_false(mr_check_result_two_histories(&c.result));
    assert_int_equal(mr_check_result_unexplained(&c.result, 0), 1);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worlds),
        cmocka_unit_test(test_two_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
