/* test_explain_unlogged.c: what no event of a row shows: what cascades have made of it, and what images leave out. */
#include "explain_lines.h"

#define PART(a, b) GOOD, .touched = true, .flags = MR_MARK_PARTIAL, .first = (a), .last = (b)

/* Lines, with what may have become of the columns; not of each its mirror image, since SOURCE's
 * cascades follow their parents, and TARGET's are its own. */
static const struct unlogged_line {
    struct line line;
    unsigned char unlogged[2][3];
} unlogged_lines[] = {
    {{"what no image shows was left as it was",
      {{"1/b/x", PART("1/?/?", "1/b/?")}, {"1/a/y", PART("1/?/?", "1/?/y")}},
      ".st",
      MR_BASE_ROW,
      {CHG, CHG},
      MR_EXPLAINED,
      false,
      {0, 0}},
     {{0}, {0}}},
    {{"but one that the server computes",
      {{"1/b/x", PART("1/?/?", "1/b/?")}, {"1/a/y", PART("1/?/?", "1/?/?")}},
      ".s?",
      MR_BASE_ROW,
      {CHG, UNKNOWN},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {0, 0}},
     {{0, 0, MR_UNLOGGED_LEFT_OUT}, {0, 0, MR_UNLOGGED_LEFT_OUT}}},
    {{"nor what an insertion has left to its default",
      {{"1/b/x", GOOD, true, MR_MARK_PARTIAL | MR_MARK_AGAIN, "1/?/?", "1/b/?"},
       {"1/a/y", PART("1/?/?", "1/?/y")}},
      ".s?",
      MR_BASE_ROW,
      {CHG, UNKNOWN},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {0, 0}},
     {{0}, {0}}},
    {{"nor where the log does not lead to the row",
      {{"1/b/x", PART("1/?/?", "1/b/?")}, {"1/a/y", PART("1/?/?", "1/c/?")}},
      ".?-",
      MR_BASE_ROW,
      {UNKNOWN, UNKNOWN},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {0, MR_TOLD_SINCE}},
     {{0}, {0}}},
    {{"TARGET deleted the parent: that is its change",
      {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/a/NULL", GOOD}},
      ".sT",
      MR_BASE_ROW,
      {CHG, CHG},
      MR_EXPLAINED_INFERRED,
      false,
      {0, 0}},
     {{0}, {0, 0, MR_UNLOGGED_NULL}}},
    {{"SOURCE did: its own change it is not",
      {{"1/a/NULL", GOOD}, {"1/b/x", UPDATED("1/a/x", "1/b/x")}},
      ".tC",
      MR_BASE_ROW,
      {SAME, CHG},
      MR_EXPLAINED_INFERRED,
      false,
      {0, 0}},
     {{0, 0, MR_UNLOGGED_NULL}, {0}}},
    {{"and no event of it says otherwise",
      {{"1/b/NULL", UPDATED("1/a/NULL", "1/b/NULL")}, {"1/a/x", GOOD}},
      ".sC",
      MR_BASE_ROW,
      {CHG, SAME},
      MR_EXPLAINED_INFERRED,
      false,
      {0, 0}},
     {{0, 0, MR_UNLOGGED_NULL}, {0}}},
    {{"SOURCE has made the row again, and an image of a part leaves out what that has set it to",
      {{"1/b/NULL", GOOD, true, MR_MARK_PARTIAL | MR_MARK_AGAIN, "1/?/?", "1/b/?"},
       {"1/a/x", GOOD}},
      ".s?",
      MR_BASE_ROW,
      {CHG, UNKNOWN},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {0, 0}},
     {{0, 0, MR_UNLOGGED_NULL}, {0}}},
    {{"TARGET has set it since",
      {{"1/a/NULL", GOOD}, {"1/a/y", UPDATED("1/a/x", "1/a/y")}},
      "..t",
      MR_BASE_ROW,
      {SAME, CHG},
      MR_EXPLAINED,
      false,
      {0, 0}},
     {{0, 0, MR_UNLOGGED_NULL}, {0}}},
    {{"NULL need not be that of the split: who set it on the other side is not known alone",
      {{"1/a/y", PART("1/?/?", "1/?/y")}, {"1/a/NULL", GOOD}},
      "..?",
      MR_BASE_ROW,
      {UNKNOWN, UNKNOWN},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {0, 0}},
     {{0}, {0, 0, MR_UNLOGGED_NULL}}},
    {{"nor if TARGET's own log begins with it",
      {{"1/a/y", PART("1/?/?", "1/?/y")}, {"1/b/NULL", UPDATED("1/a/NULL", "1/b/NULL")}},
      ".t?",
      MR_BASE_ROW,
      {UNKNOWN, CHG},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {0, 0}},
     {{0}, {0, 0, MR_UNLOGGED_NULL}}},
    {{"a key that the parent was given",
      {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/a/y", GOOD}},
      ".sT",
      MR_BASE_ROW,
      {CHG, CHG},
      MR_EXPLAINED_INFERRED,
      false,
      {0, 0}},
     {{0}, {0, 0, MR_UNLOGGED_VALUE}}},
    {{"which a NULL is not",
      {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/a/NULL", GOOD}},
      ".s!",
      MR_BASE_ROW,
      {CHG, UNKNOWN},
      MR_EXPLAINED_NOT,
      true,
      {0, 0}},
     {{0}, {0, 0, MR_UNLOGGED_VALUE}}},
    {{"SOURCE's log does not tell of the child: it may have gone along, or been changed",
      {{"1/b/NULL", .is = MR_WITNESS_BROKEN}, {"1/a/x", GOOD}},
      ".S?",
      MR_BASE_ROW,
      {CHG, UNKNOWN},
      MR_EXPLAINED_NOT_TOLD,
      false,
      {MR_TOLD_BROKEN, 0}},
     {{0, 0, MR_UNLOGGED_NULL}, {0}}},
    {{"TARGET's does not: its value stays, whoever set it",
      {{"1/a/x", GOOD}, {"1/a/NULL", .is = MR_WITNESS_BROKEN}},
      "..T",
      MR_BASE_ROW,
      {SAME, CHG},
      MR_EXPLAINED_INFERRED,
      false,
      {0, MR_TOLD_BROKEN}},
     {{0}, {0, 0, MR_UNLOGGED_NULL}}},
    {{"neither side knows it: it is not SOURCE's doing",
      {{"1/a/NULL", GOOD}, {"1/a/y", PART("1/?/?", "1/?/y")}},
      "..c",
      MR_BASE_ROW,
      {SAME, SAME},
      MR_EXPLAINED,
      false,
      {0, 0}},
     {{0, 0, MR_UNLOGGED_NULL}, {0}}},
};

static void test_unlogged(void **state)
{
    struct check_case c;
    struct mr_explain x;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    mr_explain_init(&x);
    for (size_t i = 0; i < LEN(unlogged_lines); i++) {
        const struct unlogged_line *line = &unlogged_lines[i];
        struct mr_arena arena = MR_ARENA_INIT;
        struct given g;
        give(&g, line->line.of, &arena);
        for (int side = 0; side < 2; side++)
            g.sides[side].unlogged = line->unlogged[side];
        assert_int_equal(mr_explain(&x, &c.table, g.sides, NULL), MR_OK);
        assert_line(&line->line, &x);
        mr_arena_release(&arena);
    }
    mr_explain_release(&x);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unlogged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
