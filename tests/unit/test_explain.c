/* test_explain.c: what the logs say of a row, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "explain_lines.h"

static const struct line lines[] = {
    /* ---- both logs ---- */
    {"nobody, equal",
     {{"1/a/x", GOOD}, {"1/a/x", GOOD}},
     "...",
     MR_BASE_ROW,
     {SAME, SAME},
     MR_EXPLAINED_EQUAL,
     false,
     {0, 0}},
    {"source changed a column",
     {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/a/x", GOOD}},
     ".s.",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"target changed a column",
     {{"1/a/x", GOOD}, {"1/a/y", UPDATED("1/a/x", "1/a/y")}},
     "..t",
     MR_BASE_ROW,
     {SAME, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"each changed another column",
     {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/a/y", UPDATED("1/a/x", "1/a/y")}},
     ".st",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"both the same one, to the same value",
     {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/b/y", UPDATED("1/a/x", "1/b/y")}},
     ".at",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"both the same one, otherwise",
     {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"1/c/x", UPDATED("1/a/x", "1/c/x")}},
     ".b.",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"changed and changed back",
     {{"1/a/x", UPDATED("1/a/x", "1/a/x")}, {"1/a/y", UPDATED("1/a/x", "1/a/y")}},
     "..t",
     MR_BASE_ROW,
     {SAME, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"to NULL, and from NULL",
     {{"1/NULL/x", UPDATED("1/a/NULL", "1/NULL/x")}, {"1/a/NULL", GOOD}},
     ".ss",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"NULL is not the text NULL, nor empty",
     {{"1//x", UPDATED("1/NULL/x", "1//x")}, {"1/NULL/x", GOOD}},
     ".s.",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},

    /* ---- presence ---- */
    {"inserted on source",
     {{"1/a/x", INSERTED("1/a/x")}, {NULL, GOOD}},
     "sss",
     MR_BASE_ABSENT,
     {INS, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"inserted on target",
     {{NULL, GOOD}, {"1/a/x", INSERTED("1/a/x")}},
     "ttt",
     MR_BASE_ABSENT,
     {SAME, INS},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"inserted on both, one column alike",
     {{"1/a/x", INSERTED("1/a/x")}, {"1/b/x", INSERTED("1/b/x")}},
     "aba",
     MR_BASE_ABSENT,
     {INS, INS},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"inserted and deleted again",
     {{NULL, GOOD, .touched = true, .flags = MR_MARK_ABSENT_BEFORE | MR_MARK_DELETED},
      {"1/b/x", INSERTED("1/b/x")}},
     "ttt",
     MR_BASE_ABSENT,
     {SAME, INS},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"deleted on source",
     {{NULL, DELETED("1/a/x")}, {"1/a/x", GOOD}},
     "...",
     MR_BASE_ROW,
     {DEL, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"deleted on target",
     {{"1/a/x", GOOD}, {NULL, DELETED("1/a/x")}},
     "...",
     MR_BASE_ROW,
     {SAME, DEL},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"deleted on target, changed on source",
     {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {NULL, DELETED("1/a/x")}},
     ".s.",
     MR_BASE_ROW,
     {CHG, DEL},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"deleted on both",
     {{NULL, DELETED("1/a/x")}, {NULL, DELETED("1/a/x")}},
     "...",
     MR_BASE_ROW,
     {DEL, DEL},
     MR_EXPLAINED_EQUAL,
     false,
     {0, 0}},
    {"deleted and inserted again on target",
     {{"1/a/x", GOOD}, {"1/b/x", GOOD, true, MR_MARK_AGAIN, .first = "1/a/x", .last = "1/b/x"}},
     ".t.",
     MR_BASE_ROW,
     {SAME, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"the key was changed on source: gone here",
     {{NULL, GOOD, true, MR_MARK_DELETED | MR_MARK_WENT, .first = "1/a/x"}, {"1/a/x", GOOD}},
     "...",
     MR_BASE_ROW,
     {DEL, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"the key was changed on source: come there",
     {{"2/a/x", GOOD, true, MR_MARK_ABSENT_BEFORE | MR_MARK_CAME, .last = "2/a/x"}, {NULL, GOOD}},
     "sss",
     MR_BASE_ABSENT,
     {INS, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},

    /* ---- no logged change explains it ---- */
    {"a value that differs, untouched",
     {{"1/a/x", GOOD}, {"1/b/x", GOOD}},
     ".!.",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},
    {"a row on one side alone, untouched",
     {{"1/a/x", GOOD}, {NULL, GOOD}},
     "!!!",
     MR_BASE_CONTRADICTED,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},
    {"the base of target's log is another than source's row",
     {{"1/a/x", GOOD}, {"1/c/x", UPDATED("1/b/x", "1/c/x")}},
     ".!.",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},
    {"two bases",
     {{"1/d/x", UPDATED("1/a/x", "1/d/x")}, {"1/c/x", UPDATED("1/b/x", "1/c/x")}},
     ".!.",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},
    {"two bases, and equal today",
     {{"1/c/x", UPDATED("1/a/x", "1/c/x")}, {"1/c/x", UPDATED("1/b/x", "1/c/x")}},
     "...",
     MR_BASE_ROW,
     {SAME, SAME},
     MR_EXPLAINED_EQUAL,
     true,
     {0, 0}},
    {"one column unexplained, another explained",
     {{"1/a/y", UPDATED("1/a/x", "1/a/y")}, {"1/b/x", GOOD}},
     ".!s",
     MR_BASE_ROW,
     {CHG, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},
    {"inserted here, and there since ever",
     {{"1/a/x", INSERTED("1/a/x")}, {"1/b/x", GOOD}},
     ".!.",
     MR_BASE_CONTRADICTED,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},
    {"deleted here, and never there",
     {{NULL, DELETED("1/a/x")}, {"1/a/x", INSERTED("1/a/x")}},
     "!!!",
     MR_BASE_CONTRADICTED,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT,
     true,
     {0, 0}},

    /* ---- partial images ---- */
    {"an unseen column, proved by the other side",
     {{"1/b/x", UPDATED("1/?/?", "1/b/?")}, {"1/a/x", GOOD}},
     ".s.",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"an unseen column that differs",
     {{"1/b/y", UPDATED("1/?/?", "1/b/?")}, {"1/a/x", GOOD}},
     ".s?",
     MR_BASE_ROW,
     {CHG, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, 0}},
    {"the base is seen by neither",
     {{"1/b/x", UPDATED("1/?/?", "1/b/?")}, {"1/c/x", UPDATED("1/?/?", "1/c/?")}},
     ".??",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, 0}},
    {"the base is seen by one", /* NOBLOB beside FULL */
     {{"1/b/y", UPDATED("1/a/?", "1/b/y")}, {"1/c/x", UPDATED("1/a/x", "1/c/x")}},
     ".bs",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},
    {"no contradiction where one saw nothing",
     {{"1/a/x", GOOD}, {"1/a/y", UPDATED("1/?/?", "1/?/y")}},
     "..t",
     MR_BASE_ROW,
     {SAME, CHG},
     MR_EXPLAINED,
     false,
     {0, 0}},

    /* ---- one log ---- */
    {"source's alone: it changed nothing",
     {{"1/a/x", GOOD}, {"1/b/x", NO_LOG}},
     ".T.",
     MR_BASE_ROW,
     {SAME, CHG},
     MR_EXPLAINED_INFERRED,
     false,
     {0, MR_TOLD_UNREAD}},
    {"target's alone: it changed all of it",
     {{"1/a/x", NO_LOG}, {"1/b/x", UPDATED("1/a/x", "1/b/x")}},
     ".t.",
     MR_BASE_ROW,
     {SAME, CHG},
     MR_EXPLAINED,
     false,
     {MR_TOLD_UNREAD, 0}},
    {"target's alone: source, too",
     {{"1/c/x", NO_LOG}, {"1/b/x", UPDATED("1/a/x", "1/b/x")}},
     ".B.",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_UNREAD, 0}},
    {"target's alone: both alike",
     {{"1/b/y", NO_LOG}, {"1/b/x", UPDATED("1/a/x", "1/b/x")}},
     ".AS",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_UNREAD, 0}},
    {"target's alone: source has inserted",
     {{"1/c/x", NO_LOG}, {NULL, GOOD}},
     "SSS",
     MR_BASE_ABSENT,
     {INS, SAME},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_UNREAD, 0}},
    {"target's alone: source has deleted",
     {{NULL, NO_LOG}, {"1/a/x", GOOD}},
     "...",
     MR_BASE_ROW,
     {DEL, SAME},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_UNREAD, 0}},
    {"target's alone: target has deleted",
     {{"1/a/x", NO_LOG}, {NULL, DELETED("1/a/x")}},
     "...",
     MR_BASE_ROW,
     {SAME, DEL},
     MR_EXPLAINED,
     false,
     {MR_TOLD_UNREAD, 0}},
    {"target's alone: target has inserted",
     {{NULL, NO_LOG}, {"1/a/x", INSERTED("1/a/x")}},
     "ttt",
     MR_BASE_ABSENT,
     {SAME, INS},
     MR_EXPLAINED,
     false,
     {MR_TOLD_UNREAD, 0}},

    /* ---- none that is good ---- */
    {"no log",
     {{"1/a/x", NO_LOG}, {"1/b/x", NO_LOG}},
     ".-.",
     MR_BASE_UNKNOWN,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {MR_TOLD_UNREAD, MR_TOLD_UNREAD}},
    {"no log, one row",
     {{"1/a/x", NO_LOG}, {NULL, NO_LOG}},
     "---",
     MR_BASE_UNKNOWN,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {MR_TOLD_UNREAD, MR_TOLD_UNREAD}},
    {"incomplete and blind",
     {{"1/a/x", .is = MR_WITNESS_INCOMPLETE}, {"1/b/x", .is = MR_WITNESS_BLIND}},
     ".-.",
     MR_BASE_UNKNOWN,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {MR_TOLD_INCOMPLETE, MR_TOLD_BLIND}},
    {"a broken table, with a mark that looks good",
     {{"1/a/x", .is = MR_WITNESS_BROKEN, .touched = true, .first = "1/q/x", .last = "1/a/x"},
      {"1/b/x", GOOD}},
     ".S.",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_BROKEN, 0}},
    {"a broken key",
     {{"1/a/x", GOOD, true, MR_MARK_BROKEN, "1/q/x", "1/a/x"}, {"1/b/x", GOOD}},
     ".S.",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_BROKEN, 0}},
    {"shared transactions behind own ones",
     {{"1/a/x", GOOD, true, MR_MARK_SHARED, "1/q/x", "1/a/x"}, {"1/b/x", GOOD}},
     ".-.",
     MR_BASE_UNKNOWN,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {MR_TOLD_SHARED, 0}},
    {"images that were not kept",
     {{"1/a/x", GOOD, true}, {"1/b/x", GOOD}},
     ".S.",
     MR_BASE_ROW,
     {CHG, SAME},
     MR_EXPLAINED_INFERRED,
     false,
     {MR_TOLD_NOT_KEPT, 0}},
    {"moving: its first image is the base all the same",
     {{"1/a/x", GOOD}, {"1/b/x", GOOD, true, MR_MARK_MOVING, "1/a/x", "1/c/x"}},
     "---",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, MR_TOLD_MOVING}},
    {"changed since: what stands as the log left it is told",
     {{"1/a/x", GOOD}, {"1/c/y", UPDATED("1/a/x", "1/b/y")}},
     ".-t",
     MR_BASE_ROW,
     {UNKNOWN, CHG},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, MR_TOLD_SINCE}},
    {"deleted since",
     {{"1/a/x", GOOD}, {NULL, UPDATED("1/a/x", "1/b/x")}},
     "...",
     MR_BASE_ROW,
     {SAME, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, MR_TOLD_SINCE}},
    {"inserted again since",
     {{"1/a/x", GOOD}, {"1/b/x", DELETED("1/a/x")}},
     "---",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, MR_TOLD_SINCE}},
    {"a contradiction, and a row that moves: nothing is claimed",
     {{NULL, GOOD}, {"1/b/x", GOOD, true, MR_MARK_MOVING, "1/a/x", "1/c/x"}},
     "---",
     MR_BASE_CONTRADICTED,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     true,
     {0, MR_TOLD_MOVING}},
};

static const char swapped[] = "stST";

/* Every line, and its mirror image: no side is another than the other. */
static void test_lines(void **state)
{
    struct check_case c;
    struct mr_explain x;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    mr_explain_init(&x);
    for (size_t i = 0; i < LEN(lines); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct given g;
        struct line line = lines[i];
        char columns[4] = "";
        give(&g, line.of, &arena);
        assert_int_equal(mr_explain(&x, &c.table, g.sides, NULL), MR_OK);
        assert_line(&line, &x);
        for (size_t at = 0; at < 3; at++) {
            const char *found = strchr(swapped, line.columns[at]);
            columns[at] = found != NULL ? swapped[(found - swapped) ^ 1] : line.columns[at];
        }
        line.columns = columns;
        line.become[0] = lines[i].become[1];
        line.become[1] = lines[i].become[0];
        line.told[0] = lines[i].told[1];
        line.told[1] = lines[i].told[0];
        const struct side of[2] = {lines[i].of[1], lines[i].of[0]};
        give(&g, of, &arena);
        assert_int_equal(mr_explain(&x, &c.table, g.sides, NULL), MR_OK);
        assert_line(&line, &x);
        mr_arena_release(&arena);
    }
    mr_explain_release(&x);
    case_end(&c);
}

/* ---- values that are the same by more than their bytes ---- */

static struct mr_key encode(struct mr_arena *arena, const struct mr_value *values, size_t count)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < count; i++)
        case_require(mr_row_encode_exact(&out, &values[i], NULL));
    const struct mr_key key = {mr_arena_dup(arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return key;
}

/* -0.0 is 0.0, and a document is the same however its server spells it. */
static void test_same_values(void **state)
{
    struct mr_find_column columns[2] = {
        {.name = "d", .style = {MR_CLASS_DOUBLE, 0}, .show_at = 0, .key_at = -1, .flag_at = -1},
        {.name = "j",
         .style = {MR_CLASS_JSON, 0},
         .show_at = 1,
         .key_at = -1,
         .flag_at = -1,
         .normalise = true}};
    const struct mr_find_table table = {.columns = columns, .ncolumns = 2};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_explain x;
    (void)state;
    const struct mr_value source[2] = {{.cls = MR_CLASS_DOUBLE, .d = -0.0},
                                       {.cls = MR_CLASS_JSON, .ptr = "{\"a\": 1}", .len = 8}};
    const struct mr_value target[2] = {{.cls = MR_CLASS_DOUBLE, .d = 0.0},
                                       {.cls = MR_CLASS_JSON, .ptr = "{\"a\":1}", .len = 7}};
    struct mr_value later[2] = {target[0], {.cls = MR_CLASS_JSON, .ptr = "{\"a\":2}", .len = 7}};
    struct mr_explain_side sides[2] = {
        {.row = encode(&arena, source, 2), .witness = MR_WITNESS_GOOD},
        {.row = encode(&arena, target, 2), .witness = MR_WITNESS_GOOD}};
    mr_explain_init(&x);
    assert_int_equal(mr_explain(&x, &table, sides, NULL), MR_OK);
    assert_int_equal(x.explained, MR_EXPLAINED_EQUAL);
    assert_false(x.bases_differ);
    const struct mr_evidence_mark mark = {.first = sides[1].row, .last = encode(&arena, later, 2)};
    sides[1].row = mark.last;
    sides[1].mark = &mark;
    assert_int_equal(mr_explain(&x, &table, sides, NULL), MR_OK);
    assert_int_equal(x.explained, MR_EXPLAINED);
    assert_int_equal(mr_explain_column(&x, 0)->changed, MR_CHANGED_NOBODY);
    assert_int_equal(mr_explain_column(&x, 1)->changed, MR_CHANGED_BY_TARGET);
    columns[1].normalise = false; /* of one flavour spellings count */
    assert_int_equal(mr_explain(&x, &table, sides, NULL), MR_OK);
    assert_true(x.bases_differ);
    assert_int_equal(mr_explain_column(&x, 1)->changed, MR_CHANGED_UNEXPLAINED);
    mr_explain_release(&x);
    mr_arena_release(&arena);
}

/* ENUM's 0 and a member '' are told apart by a hidden value of the rows, which no log has. */
static void test_hidden_value(void **state)
{
    struct mr_find_column column = {
        .name = "e", .style = {MR_CLASS_ENUM, 0}, .show_at = 0, .key_at = -1, .flag_at = 1};
    const struct mr_find_table table = {.columns = &column, .ncolumns = 1};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_explain x;
    (void)state;
    const struct mr_value zero[2] = {{.cls = MR_CLASS_TEXT, .ptr = "", .len = 0},
                                     {.cls = MR_CLASS_INT, .i = 0}};
    const struct mr_value member[2] = {zero[0], {.cls = MR_CLASS_INT, .i = 1}};
    const struct mr_explain_side sides[2] = {
        {.row = encode(&arena, zero, 2), .witness = MR_WITNESS_GOOD},
        {.row = encode(&arena, member, 2), .witness = MR_WITNESS_GOOD}};
    mr_explain_init(&x);
    assert_int_equal(mr_explain(&x, &table, sides, NULL), MR_OK);
    assert_int_equal(mr_explain_column(&x, 0)->changed, MR_CHANGED_UNSEEN);
    assert_int_equal(x.explained, MR_EXPLAINED_NOT_TOLD);
    mr_explain_release(&x);
    mr_arena_release(&arena);
}

static void test_damage(void **state)
{
    struct check_case c;
    struct mr_explain x;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    const struct mr_evidence_mark mark = {.first = {"!", 1}, .last = {"N", 1}};
    const struct mr_explain_side sides[2] = {
        {.row = {"NNN", 3}, .witness = MR_WITNESS_GOOD, .mark = &mark},
        {.row = {"NNN", 3}, .witness = MR_WITNESS_GOOD}};
    mr_explain_init(&x);
    assert_int_equal(mr_explain(&x, &c.table, sides, NULL), MR_E_CASE);
    mr_explain_release(&x);
    case_end(&c);
}

/* Marks are of the key as SOURCE spells it: the sides are not alike here. */
static const struct line spelled[] = {
    {"a key that TARGET's collation alone takes for the same: its log has it as it is spelled "
     "there",
     {{"1/b/x", UPDATED("1/a/x", "1/b/x")}, {"2/a/y", GOOD}},
     "TsT",
     MR_BASE_ROW,
     {CHG, CHG},
     MR_EXPLAINED_INFERRED,
     false,
     {0, MR_TOLD_SPELLED}},
    {"… and that SOURCE has spelled so since",
     {{"1/b/x", INSERTED("1/b/x")}, {"2/a/x", GOOD}},
     "--.",
     MR_BASE_UNKNOWN,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {MR_TOLD_SPELLED, MR_TOLD_SPELLED}},
    {"… or TARGET has: its log knows how it was",
     {{"1/a/x", GOOD}, {"2/a/x", DELETED("1/a/x")}},
     "---",
     MR_BASE_ROW,
     {UNKNOWN, UNKNOWN},
     MR_EXPLAINED_NOT_TOLD,
     false,
     {0, MR_TOLD_SINCE}},
};

static void test_spelled(void **state)
{
    struct check_case c;
    struct mr_explain x;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.t", MR_VERDICT_DIVERGED, true);
    mr_explain_init(&x);
    for (size_t i = 0; i < LEN(spelled); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct given g;
        give(&g, spelled[i].of, &arena);
        assert_int_equal(mr_explain(&x, &c.table, g.sides, NULL), MR_OK);
        assert_line(&spelled[i], &x);
        mr_arena_release(&arena);
    }
    mr_explain_release(&x);
    case_end(&c);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(mr_changed_name(MR_CHANGED_NOBODY), "nobody");
    assert_string_equal(mr_changed_name(MR_CHANGED_UNEXPLAINED), "unexplained");
    assert_string_equal(mr_explained_name(MR_EXPLAINED_EQUAL), "equal");
    assert_string_equal(mr_explained_name(MR_EXPLAINED_NOT), "unexplained");
    for (int a = MR_TOLD; a <= MR_TOLD_SINCE; a++)
        for (int b = MR_TOLD; b < a; b++)
            assert_string_not_equal(mr_told_text((enum mr_told)a), mr_told_text((enum mr_told)b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),        cmocka_unit_test(test_same_values),
        cmocka_unit_test(test_hidden_value), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_words),        cmocka_unit_test(test_spelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
