/* test_decide_column.c: a column of a row of three states, a row of the table for each sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "repair/decide/decide_three.h"

#define RESTORED .seen = true, .source_changed = true
#define TWICE RESTORED, .target_changed = true
#define RULED(name) TWICE, .rule = MR_RULE_##name

static const struct row {
    enum mr_sentence sentence;
    struct mr_column_fact fact;
    enum mr_column_outcome outcome;
    enum mr_column_deed deed;
    enum mr_conflict conflict;
} rows[] = {
    {MR_SAYS_COLUMN_SAME, {.seen = true, .same = true}, MR_COLUMN_UNTOUCHED, MR_COLUMN_KEEPS, 0},
    {MR_SAYS_COLUMN_SAME, {.same = true}, MR_COLUMN_UNTOUCHED, MR_COLUMN_KEEPS, 0},
    /* a reference that by now means two people */
    {MR_SAYS_COLUMN_SAME,
     {.seen = true, .reference = true},
     MR_COLUMN_UNTOUCHED,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_GENERATED,
     {RESTORED, .generated = true},
     MR_COLUMN_GENERATED,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_GENERATED,
     {RULED(SOURCE), .generated = true, .baseless = true},
     MR_COLUMN_GENERATED,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_ALIKE, {TWICE, .same = true}, MR_COLUMN_ALIKE, MR_COLUMN_KEEPS, 0},
    {MR_SAYS_COLUMN_ALIKE,
     {RULED(ADD), .same = true, .answer = MR_RULE_TAKES_VALUE},
     MR_COLUMN_ALIKE,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_LIVE,
     {.seen = true, .target_changed = true},
     MR_COLUMN_LIVE,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_LIVE,
     {.seen = true, .target_changed = true, .key = true},
     MR_COLUMN_LIVE,
     MR_COLUMN_KEEPS,
     0},
    /* a rule is for what both changed */
    {MR_SAYS_COLUMN_LIVE,
     {.seen = true, .target_changed = true, .rule = MR_RULE_SOURCE},
     MR_COLUMN_LIVE,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_RESTORED, {RESTORED}, MR_COLUMN_RESTORED, MR_COLUMN_WRITES, 0},
    {MR_SAYS_COLUMN_RESTORED,
     {RESTORED, .rule = MR_RULE_TARGET},
     MR_COLUMN_RESTORED,
     MR_COLUMN_WRITES,
     0},
    {MR_SAYS_COLUMN_RESTORED,
     {RESTORED, .identity = true},
     MR_COLUMN_RESTORED,
     MR_COLUMN_WRITES,
     0},
    {MR_SAYS_COLUMN_RESTORED,
     {RESTORED, .reference = true},
     MR_COLUMN_RESTORED,
     MR_COLUMN_WRITES,
     0},
    {MR_SAYS_COLUMN_CHANGED, {TWICE}, MR_COLUMN_CHANGED, MR_COLUMN_KEEPS, MR_CONFLICT_CHANGED},
    /* no image has it as it was, but both sides have it as they made it */
    {MR_SAYS_COLUMN_CHANGED,
     {.source_changed = true, .target_changed = true},
     MR_COLUMN_CHANGED,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    /* no rule is for those */
    {MR_SAYS_COLUMN_CHANGED,
     {RULED(SOURCE), .identity = true},
     MR_COLUMN_CHANGED,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_COLUMN_CHANGED,
     {RULED(TARGET), .reference = true},
     MR_COLUMN_CHANGED,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_COLUMN_KEY,
     {RULED(SOURCE), .key = true},
     MR_COLUMN_KEY,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_KEY_CHANGED},
    {MR_SAYS_COLUMN_KEY,
     {RESTORED, .key = true},
     MR_COLUMN_KEY,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_KEY_CHANGED},
    /* rules */
    {MR_SAYS_COLUMN_RULE, {RULED(SOURCE)}, MR_COLUMN_RULE_WRITES, MR_COLUMN_WRITES, 0},
    {MR_SAYS_COLUMN_RULE, {RULED(TARGET)}, MR_COLUMN_RULE_KEEPS, MR_COLUMN_KEEPS, 0},
    {MR_SAYS_COLUMN_RULE,
     {RULED(ADD), .answer = MR_RULE_TAKES_VALUE},
     MR_COLUMN_RULE_COMPUTES,
     MR_COLUMN_COMPUTES,
     0},
    {MR_SAYS_COLUMN_RULE,
     {RULED(UNION), .answer = MR_RULE_TAKES_VALUE},
     MR_COLUMN_RULE_COMPUTES,
     MR_COLUMN_COMPUTES,
     0},
    {MR_SAYS_COLUMN_RULE,
     {RULED(MAX), .answer = MR_RULE_TAKES_SOURCE},
     MR_COLUMN_RULE_WRITES,
     MR_COLUMN_WRITES,
     0},
    {MR_SAYS_COLUMN_RULE,
     {RULED(MIN), .answer = MR_RULE_TAKES_TARGET},
     MR_COLUMN_RULE_KEEPS,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_RULE,
     {.source_changed = true,
      .target_changed = true,
      .rule = MR_RULE_NEWEST,
      .answer = MR_RULE_TAKES_SOURCE},
     MR_COLUMN_RULE_WRITES,
     MR_COLUMN_WRITES,
     0},
    {MR_SAYS_COLUMN_RULE_FAILS,
     {RULED(ADD), .answer = MR_RULE_OVERFLOWS},
     MR_COLUMN_RULE_FAILS,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_COLUMN_RULE_FAILS,
     {RULED(MAX)},
     MR_COLUMN_RULE_FAILS,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_COLUMN_RULE_FAILS,
     {.source_changed = true,
      .target_changed = true,
      .rule = MR_RULE_ADD,
      .answer = MR_RULE_TAKES_VALUE},
     MR_COLUMN_RULE_FAILS,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    /* partial images */
    {MR_SAYS_COLUMN_UNSEEN, {0}, MR_COLUMN_UNSEEN, MR_COLUMN_KEEPS, MR_CONFLICT_CHANGED},
    {MR_SAYS_COLUMN_UNSEEN,
     {.source_changed = true, .rule = MR_RULE_SOURCE},
     MR_COLUMN_UNSEEN,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_COLUMN_UNSEEN,
     {.target_changed = true, .rule = MR_RULE_MAX, .answer = MR_RULE_TAKES_TARGET},
     MR_COLUMN_UNSEEN,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    /* of an entity that both sides made */
    {MR_SAYS_COLUMN_OWN_KEY,
     {.baseless = true, .key = true},
     MR_COLUMN_OWN_KEY,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_ALIKE, {.baseless = true, .same = true}, MR_COLUMN_ALIKE, MR_COLUMN_KEEPS, 0},
    {MR_SAYS_COLUMN_DIFFERS,
     {.baseless = true},
     MR_COLUMN_DIFFERS,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_DIFFERS},
    {MR_SAYS_COLUMN_DIFFERS,
     {.baseless = true, .rule = MR_RULE_ADD, .answer = MR_RULE_NO_BASE},
     MR_COLUMN_DIFFERS,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_DIFFERS},
    {MR_SAYS_COLUMN_RULE,
     {.baseless = true, .rule = MR_RULE_MAX, .answer = MR_RULE_TAKES_SOURCE},
     MR_COLUMN_RULE_WRITES,
     MR_COLUMN_WRITES,
     0},
    {MR_SAYS_COLUMN_RULE,
     {.baseless = true, .rule = MR_RULE_TARGET},
     MR_COLUMN_RULE_KEEPS,
     MR_COLUMN_KEEPS,
     0},
    /* what cannot be written as it is, the first reason that holds */
    {MR_SAYS_DISAGREES,
     {RESTORED, .disagrees = true, .nobody = true, .attaches = true, .unfit = true},
     MR_COLUMN_DISAGREES,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_REFERENCES_DISAGREE},
    {MR_SAYS_COLUMN_NOBODY,
     {RESTORED, .nobody = true, .attaches = true, .unfit = true, .rival = true},
     MR_COLUMN_NOBODY,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_PARENT_ABSENT},
    {MR_SAYS_ATTACHES,
     {RESTORED, .attaches = true, .unfit = true, .rival = true},
     MR_COLUMN_ATTACHES,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_UNFIT,
     {RULED(SOURCE), .unfit = true, .rival = true},
     MR_COLUMN_UNFIT,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_DOES_NOT_FIT},
    {MR_SAYS_RIVAL,
     {RULED(ADD), .answer = MR_RULE_TAKES_VALUE, .rival = true},
     MR_COLUMN_RIVAL,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_UNIQUE},
    /* what stays needs no room */
    {MR_SAYS_COLUMN_LIVE,
     {.seen = true, .target_changed = true, .unfit = true, .rival = true, .disagrees = true},
     MR_COLUMN_LIVE,
     MR_COLUMN_KEEPS,
     0},
    {MR_SAYS_COLUMN_CHANGED,
     {TWICE, .unfit = true, .rival = true},
     MR_COLUMN_CHANGED,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void assert_ruling(size_t i, struct mr_column_ruling is, struct mr_column_ruling wanted)
{
    if (is.outcome != wanted.outcome || is.deed != wanted.deed ||
        is.why.conflict != wanted.why.conflict || is.why.because != wanted.why.because)
        fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(wanted.why.because),
                 mr_column_outcome_name(is.outcome), mr_sentence_words(is.why.because));
}

static void test_rows(void **state)
{
    static const enum mr_pick none[MR_CONFLICTS];
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        assert_ruling(i, mr_decide_column(&r->fact, none),
                      (struct mr_column_ruling){r->outcome, r->deed, {r->conflict, r->sentence}});
    }
}

/* What a person chose for the kind of conflict. */
static const struct choice {
    struct mr_column_fact fact;
    enum mr_conflict conflict;
    enum mr_pick pick;
    enum mr_column_outcome outcome;
    enum mr_column_deed deed;
    enum mr_conflict left; /* what is asked all the same */
} choices[] = {
    {{TWICE}, MR_CONFLICT_CHANGED, MR_PICK_TARGET, MR_COLUMN_CHANGED, MR_COLUMN_KEEPS, 0},
    {{TWICE}, MR_CONFLICT_CHANGED, MR_PICK_SOURCE, MR_COLUMN_CHANGED, MR_COLUMN_WRITES, 0},
    {{TWICE},
     MR_CONFLICT_CHANGED,
     MR_PICK_COLUMNS,
     MR_COLUMN_CHANGED,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {{TWICE},
     MR_CONFLICT_DIFFERS,
     MR_PICK_SOURCE,
     MR_COLUMN_CHANGED,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_CHANGED},
    {{TWICE, .unfit = true},
     MR_CONFLICT_CHANGED,
     MR_PICK_SOURCE,
     MR_COLUMN_UNFIT,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_DOES_NOT_FIT},
    {{0}, MR_CONFLICT_CHANGED, MR_PICK_SOURCE, MR_COLUMN_UNSEEN, MR_COLUMN_WRITES, 0},
    {{RULED(ADD), .answer = MR_RULE_OVERFLOWS},
     MR_CONFLICT_CHANGED,
     MR_PICK_SOURCE,
     MR_COLUMN_RULE_FAILS,
     MR_COLUMN_WRITES,
     0},
    {{.baseless = true},
     MR_CONFLICT_DIFFERS,
     MR_PICK_SOURCE,
     MR_COLUMN_DIFFERS,
     MR_COLUMN_WRITES,
     0},
    {{.baseless = true},
     MR_CONFLICT_DIFFERS,
     MR_PICK_TARGET,
     MR_COLUMN_DIFFERS,
     MR_COLUMN_KEEPS,
     0},
    {{.baseless = true},
     MR_CONFLICT_CHANGED,
     MR_PICK_SOURCE,
     MR_COLUMN_DIFFERS,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_DIFFERS},
    {{RESTORED, .key = true},
     MR_CONFLICT_KEY_CHANGED,
     MR_PICK_TARGET,
     MR_COLUMN_KEY,
     MR_COLUMN_KEEPS,
     0},
    {{RESTORED, .key = true},
     MR_CONFLICT_KEY_CHANGED,
     MR_PICK_SOURCE,
     MR_COLUMN_KEY,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_KEY_CHANGED},
    {{RESTORED, .attaches = true},
     MR_CONFLICT_ORPHAN_WOULD_ATTACH,
     MR_PICK_SOURCE,
     MR_COLUMN_RESTORED,
     MR_COLUMN_WRITES,
     0},
    {{RESTORED, .attaches = true},
     MR_CONFLICT_ORPHAN_WOULD_ATTACH,
     MR_PICK_TARGET,
     MR_COLUMN_ATTACHES,
     MR_COLUMN_KEEPS,
     0},
    {{RESTORED, .nobody = true},
     MR_CONFLICT_PARENT_ABSENT,
     MR_PICK_TARGET,
     MR_COLUMN_NOBODY,
     MR_COLUMN_KEEPS,
     0},
    {{RESTORED, .nobody = true},
     MR_CONFLICT_PARENT_ABSENT,
     MR_PICK_SOURCE,
     MR_COLUMN_NOBODY,
     MR_COLUMN_KEEPS,
     MR_CONFLICT_PARENT_ABSENT},
    {{RESTORED, .rival = true},
     MR_CONFLICT_UNIQUE,
     MR_PICK_TARGET,
     MR_COLUMN_RIVAL,
     MR_COLUMN_KEEPS,
     0},
    /* a choice for the whole row is none for a column */
    {{RESTORED},
     MR_CONFLICT_RESTORED_CHANGE,
     MR_PICK_TARGET,
     MR_COLUMN_RESTORED,
     MR_COLUMN_WRITES,
     0},
};

static void test_choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const struct choice *c = &choices[i];
        enum mr_pick picks[MR_CONFLICTS] = {0};
        picks[c->conflict] = c->pick;
        const struct mr_column_ruling is = mr_decide_column(&c->fact, picks);
        if (is.outcome != c->outcome || is.deed != c->deed || is.why.conflict != c->left)
            fail_msg("choice %zu: %s", i, mr_column_outcome_name(is.outcome));
    }
}

/* As SOURCE has it, whoever changed it. */
static void test_written(void **state)
{
    static const enum mr_pick none[MR_CONFLICTS];
    const struct mr_column_fact live = {.seen = true, .target_changed = true};
    const struct mr_column_fact taken = {.seen = true, .target_changed = true, .rival = true};
    (void)state;
    assert_int_equal(mr_decide_written(&live, none).deed, MR_COLUMN_WRITES);
    assert_int_equal(mr_decide_written(&taken, none).why.conflict, MR_CONFLICT_UNIQUE);
}

static void test_rules(void **state)
{
    const struct mr_column_fact none[] = {
        {.rule = MR_RULE_ADD, .key = true},
        {.rule = MR_RULE_ADD, .identity = true},
        {.rule = MR_RULE_ADD, .reference = true},
        {.rule = MR_RULE_ADD, .generated = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(mr_decide_rule(&none[i]), MR_RULE_NONE);
    assert_int_equal(mr_decide_rule(&(struct mr_column_fact){.rule = MR_RULE_ADD}), MR_RULE_ADD);
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (size_t s = MR_SAYS_COLUMN_SAME; s < MR_SAYS_SAME_CHANGE; s++) {
        bool shown = false;
        for (size_t i = 0; i < ROWS; i++)
            shown = shown || rows[i].sentence == s;
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words((enum mr_sentence)s));
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_null(mr_column_outcome_name(MR_COLUMN_UNDECIDED));
    assert_int_equal(mr_three_outcome_of(MR_COLUMN_UNDECIDED), MR_THREE_IS_SAME_CHANGE);
    for (enum mr_column_outcome o = MR_COLUMN_UNDECIDED + 1; o < MR_COLUMN_OUTCOMES; o++) {
        assert_non_null(mr_column_outcome_name(o));
        assert_int_not_equal(mr_three_outcome_of(o), MR_THREE_NOTHING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),  cmocka_unit_test(test_choices),
        cmocka_unit_test(test_rules), cmocka_unit_test(test_written),
        cmocka_unit_test(test_names), cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
