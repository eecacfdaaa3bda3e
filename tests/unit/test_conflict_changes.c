/* test_conflict_changes.c: when each side has last changed what of a conflict's row, as far as its log
 * attests it; and when a log attests nothing. */
#include "told_world.h"

#include "repair/planning/conflict_changes.h"

#define GOOD MR_WITNESS_GOOD
#define PEOPLE "id:int# name:text! seen:text?~ city:text?"
#define OLD "1|ann|x|a" /* at the split */

/* The transaction at that second, and what stands of it in a cell. */
#define AT(second)                                                                                 \
    "\"time\":\"1970-01-01 00:00:0" second "\",\"gtid\":\"0-1-101\",\"log\":\"bin.000001\","       \
    "\"position\":\"4\"}"
#define ROW(kind, second) "\"row\":{\"kind\":\"" kind "\"," AT(second)
#define CITY(second) "\"city\":{" AT(second)
#define NAME(second) "\"name\":{" AT(second)

struct change {
    int64_t n; /* 0: none */
    enum mr_change_kind kind;
    int second;
    const char *image;
};

static const struct changes_case {
    const char *what;
    enum mr_witness witness[MR_SIDES];
    const char *rows[MR_SIDES]; /* of the conflict */
    const char *other;          /* row whose key TARGET's has; NULL: the same */
    struct told_mark marks[MR_SIDES];
    uint64_t counts[MR_SIDES]; /* of changes; 0: the side's log does not know it */
    struct change changes[MR_SIDES][4];
    const char *cells[MR_SIDES];
} cases[] = {
    {"each side another column; one that is not compared has no place",
     {GOOD, GOOD},
     {"1|ann|y|b", "1|eve|z|a"},
     NULL,
     {{0, OLD, "1|ann|?|b", 0, 0}, {0, OLD, "1|eve|?|a", 0, 0}},
     {1, 1},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}, {{1, MR_CHANGE_UPDATE, 2, "?|eve|?|?"}}},
     {"{\"columns\":{" CITY("1") "}}", "{\"columns\":{" NAME("2") "}}"}},
    {"of each column the last change",
     {GOOD, GOOD},
     {"1|eve|y|c", OLD},
     NULL,
     {{0, OLD, "1|eve|?|c", 0, 0}, {0}},
     {3, 0},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"},
       {2, MR_CHANGE_UPDATE, 2, "?|eve|?|?"},
       {3, MR_CHANGE_UPDATE, 3, "?|?|?|c"}}},
     {"{\"columns\":{" NAME("2") "," CITY("3") "}}", ""}},
    {"inserted under two keys, and changed",
     {GOOD, GOOD},
     {"1|ann|y|b", "2|ann|y|c"},
     "2",
     {{0, NULL, "1|ann|?|b", 0, 0}, {0, NULL, "2|ann|?|c", 0, 0}},
     {2, 1},
     {{{1, MR_CHANGE_INSERT, 1, "1|ann|?|a"}, {2, MR_CHANGE_UPDATE, 2, "?|?|?|b"}},
      {{1, MR_CHANGE_INSERT, 3, "2|ann|?|c"}}},
     {"{" ROW("insert", "1") ",\"columns\":{" CITY("2") "}}",
      "{" ROW("insert", "3") ",\"columns\":{}}"}},
    {"deleted on one side",
     {GOOD, GOOD},
     {"1|ann|y|b", NULL},
     NULL,
     {{0, OLD, "1|ann|?|b", 0, 0}, {0, OLD, NULL, 0, 0}},
     {1, 2},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}},
      {{1, MR_CHANGE_UPDATE, 2, "?|?|?|z"}, {2, MR_CHANGE_DELETE, 3, NULL}}},
     {"{\"columns\":{" CITY("1") "}}", "{" ROW("delete", "3") ",\"columns\":{}}"}},
    {"deleted on the lost side: its row has TARGET's key alone",
     {GOOD, GOOD},
     {NULL, OLD},
     NULL,
     {{0, OLD, NULL, 0, 0}, {0}},
     {1, 0},
     {{{1, MR_CHANGE_DELETE, 3, NULL}}},
     {"{" ROW("delete", "3") ",\"columns\":{}}", ""}},
    {"who was deleted there under that key is another one: this row was made since",
     {GOOD, GOOD},
     {"1|ann|y|b", NULL},
     NULL,
     {{0, NULL, "1|ann|?|b", 0, 0}, {0, OLD, NULL, 0, 0}},
     {1, 1},
     {{{1, MR_CHANGE_INSERT, 1, "1|ann|?|b"}}, {{1, MR_CHANGE_DELETE, 3, NULL}}},
     {"{" ROW("insert", "1") ",\"columns\":{}}", ""}},
    {"moved to this key, and away",
     {GOOD, GOOD},
     {"1|ann|y|b", NULL},
     NULL,
     {{MR_MARK_CAME, OLD, "1|ann|?|b", 0, 0}, {MR_MARK_WENT, OLD, NULL, 0, 0}},
     {1, 1},
     {{{1, MR_CHANGE_INSERT, 1, "1|ann|?|b"}}, {{1, MR_CHANGE_DELETE, 2, NULL}}},
     {"{" ROW("came", "1") ",\"columns\":{}}", "{" ROW("went", "2") ",\"columns\":{}}"}},
    {"changed more often than is kept: what is before the gap may not be the last",
     {GOOD, GOOD},
     {"1|eve|y|b", OLD},
     NULL,
     {{0, OLD, "1|eve|?|b", 0, 0}, {0}},
     {5, 0},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}, {5, MR_CHANGE_UPDATE, 2, "?|eve|?|?"}}},
     {"{\"columns\":{" NAME("2") ",\"city\":null},\"not_kept\":\"3\"}", ""}},
    {"nor is the last one kept",
     {GOOD, GOOD},
     {"1|ann|y|b", OLD},
     NULL,
     {{0, OLD, "1|ann|?|b", 0, 0}, {0}},
     {5, 0},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}},
     {"{\"columns\":{\"city\":null},\"not_kept\":\"4\"}", ""}},
    {"which insertion it was is in the gap",
     {GOOD, GOOD},
     {"1|ann|y|b", OLD},
     NULL,
     {{MR_MARK_AGAIN, NULL, "1|ann|?|b", 0, 0}, {0}},
     {5, 0},
     {{{1, MR_CHANGE_INSERT, 1, "1|ann|?|a"}, {5, MR_CHANGE_UPDATE, 2, "?|?|?|b"}}},
     {"{\"columns\":{" CITY("2") "},\"not_kept\":\"3\"}", ""}},
    {"inserted again: what was before the deletion is not of this row",
     {GOOD, GOOD},
     {"1|ann|y|b", OLD},
     NULL,
     {{MR_MARK_AGAIN, OLD, "1|ann|?|b", 0, 0}, {0}},
     {3, 0},
     {{{1, MR_CHANGE_UPDATE, 1, "?|eve|?|?"},
       {2, MR_CHANGE_DELETE, 2, NULL},
       {3, MR_CHANGE_INSERT, 3, "1|ann|?|b"}}},
     {"{" ROW("insert", "3") ",\"columns\":{}}", ""}},
    /* what is not attested */
    {"the log leads to another row",
     {GOOD, GOOD},
     {"1|ann|y|c", OLD},
     NULL,
     {{0, OLD, "1|ann|?|b", 0, 0}, {0}},
     {1, 0},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}},
     {"", ""}},
    {"it was deleted, by the log, and is there",
     {GOOD, GOOD},
     {"1|ann|y|c", OLD},
     NULL,
     {{0, OLD, NULL, 0, 0}, {0}},
     {1, 0},
     {{{1, MR_CHANGE_DELETE, 1, NULL}}},
     {"", ""}},
    {"a column that the log has not shown contradicts nothing",
     {GOOD, GOOD},
     {"1|ann|y|b", OLD},
     NULL,
     {{0, "1|?|?|a", "1|?|?|b", 0, 0}, {0}},
     {1, 0},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}},
     {"{\"columns\":{" CITY("1") "}}", ""}},
    {"the row moved on while it was read",
     {GOOD, GOOD},
     {"1|ann|y|b", "1|ann|y|b"},
     NULL,
     {{MR_MARK_MOVING, OLD, "1|ann|?|b", 0, 0}, {MR_MARK_SHARED, OLD, "1|ann|?|b", 0, 0}},
     {1, 1},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}, {{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}},
     {"", ""}},
    {"its images were not kept",
     {GOOD, GOOD},
     {"1|ann|y|b", OLD},
     NULL,
     {{MR_MARK_PARTIAL, NULL, NULL, 0, 0}, {0}},
     {1, 0},
     {{{0}}},
     {"", ""}},
    {"one side's log is not to be relied upon",
     {MR_WITNESS_BLIND, GOOD},
     {"1|ann|y|b", "1|eve|y|a"},
     NULL,
     {{0, OLD, "1|ann|?|b", 0, 0}, {0, OLD, "1|eve|?|a", 0, 0}},
     {1, 1},
     {{{1, MR_CHANGE_UPDATE, 1, "?|?|?|b"}}, {{1, MR_CHANGE_UPDATE, 2, "?|eve|?|?"}}},
     {"", "{\"columns\":{" NAME("2") "}}"}},
};

static size_t at; /* of cases */

static void build(struct world *w)
{
    const struct changes_case *c = &cases[at];
    struct told t;
    world_begin(w);
    world_table(w, "members", PEOPLE);
    world_open_case(w);
    told_still(w);
    told_begin(w, &t);
    told_table(&t, 0, c->witness[MR_SOURCE], c->witness[MR_TARGET]);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const char *row = side == MR_TARGET && c->other != NULL ? c->rows[side] : OLD;
        if (c->counts[side] == 0)
            continue;
        told_changed(&t, 0, (enum mr_side)side, row, c->marks[side], c->counts[side]);
        for (size_t i = 0; i < 4 && c->changes[side][i].n != 0; i++) {
            const struct change *ch = &c->changes[side][i];
            const int64_t tx = told_tx(&t, (enum mr_side)side, ch->second * INT64_C(1000000));
            told_change(&t, 0, (enum mr_side)side, row, ch->n, ch->kind, tx, ch->image);
        }
    }
    told_end(&t);
}

static enum mr_code tell(struct world *w, struct mr_err *err)
{
    const struct changes_case *c = &cases[at];
    struct mr_conflict_changes *changes = NULL;
    struct mr_entity e = {.id = 0};
    e.source = world_image(w, 0, c->rows[MR_SOURCE]);
    e.target = world_image(w, 0, c->rows[MR_TARGET]);
    if (c->rows[MR_SOURCE] != NULL)
        e.source_key = world_key(w, 0, c->rows[MR_SOURCE]);
    if (c->rows[MR_TARGET] != NULL)
        e.target_key = world_key(w, 0, c->rows[MR_TARGET]);
    mr_strbuf_reset(&w->text);
    enum mr_code code = mr_conflict_changes_open(w->fd, &changes, err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        code =
            mr_conflict_changes_add(changes, &w->planned[0], &e, (enum mr_side)side, &w->text, err);
        mr_strbuf_add_char(&w->text, '\n');
    }
    mr_conflict_changes_close(changes);
    return code;
}

static void test_cells(void **state)
{
    (void)state;
    for (at = 0; at < LEN(cases); at++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_strbuf wanted = MR_STRBUF_INIT;
        build(w);
        world_require(tell(w, &w->err));
        mr_strbuf_add_fmt(&wanted, "%s\n%s\n", cases[at].cells[0], cases[at].cells[1]);
        if (strcmp(w->text.ptr, wanted.ptr) != 0)
            fail_msg("%s: %s, not %s", cases[at].what, w->text.ptr, wanted.ptr);
        mr_strbuf_release(&wanted);
        world_free(w);
    }
}

/* A table without a key, and one that no log was collected for. */
static void test_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_conflict_changes *changes = NULL;
        world_begin(w);
        world_table(w, "t", i == 0 ? "note:text" : "id:int# note:text");
        world_open(w);
        w->planned[0].witness.is_used = i == 0;
        const struct mr_entity e = {.source = world_image(w, 0, i == 0 ? "a" : "1|a")};
        world_require(mr_conflict_changes_open(w->fd, &changes, NULL));
        world_require(
            mr_conflict_changes_add(changes, &w->planned[0], &e, MR_SOURCE, &w->text, NULL));
        assert_int_equal(w->text.len, 0);
        mr_conflict_changes_close(changes);
        world_free(w);
    }
    mr_conflict_changes_close(NULL);
}

/* A case of which a part is missing is not passed over. */
static void test_damaged(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    at = 0;
    build(w);
    world_sql(w, "DELETE FROM history_tx");
    world_refuse(w, tell(w, &w->err), MR_E_CASE, "lacks a transaction of its evidence");
    world_free(w);
}

static void test_failures(void **state)
{
    (void)state;
    for (at = 0; at < 4; at++)
        world_each_failure(build, tell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
