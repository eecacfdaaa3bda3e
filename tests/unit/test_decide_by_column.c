/*
 * test_decide_by_column.c: a row of three states from its facts to what becomes of it.
 *
 * A row is written as its columns: a letter for who changed each.
 *
 *   -  nobody                       S  SOURCE             T  TARGET
 *   =  both, to the same value      B  both, otherwise    ?  no image has it as it was
 *   +  both; a rule makes a value   >  both; its rule takes SOURCE's    <  TARGET's
 *   !  both; its rule fails         s  SOURCE; it has a rule            t  TARGET; it has a rule
 *   k  SOURCE, and it is of the key   u  SOURCE, and it does not fit    g  SOURCE; it is generated
 *   h  it is generated, and no image has it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "repair/decide/decide_three.h"

#define COLUMNS_MAX 6

#define KNOWN .seen = true
#define BOTH KNOWN, .source_changed = true, .target_changed = true

static struct mr_column_fact column(char letter)
{
    switch (letter) {
    case '-': return (struct mr_column_fact){KNOWN, .same = true};
    case 'S': return (struct mr_column_fact){KNOWN, .source_changed = true};
    case 'T': return (struct mr_column_fact){KNOWN, .target_changed = true};
    case '=': return (struct mr_column_fact){BOTH, .same = true};
    case 'B': return (struct mr_column_fact){BOTH};
    case '+':
        return (struct mr_column_fact){BOTH, .rule = MR_RULE_ADD, .answer = MR_RULE_TAKES_VALUE};
    case '>':
        return (struct mr_column_fact){BOTH, .rule = MR_RULE_MAX, .answer = MR_RULE_TAKES_SOURCE};
    case '<':
        return (struct mr_column_fact){BOTH, .rule = MR_RULE_MAX, .answer = MR_RULE_TAKES_TARGET};
    case '!': return (struct mr_column_fact){BOTH, .rule = MR_RULE_ADD, .answer = MR_RULE_IS_NULL};
    case 's': return (struct mr_column_fact){KNOWN, .source_changed = true, .rule = MR_RULE_TARGET};
    case 't': return (struct mr_column_fact){KNOWN, .target_changed = true, .rule = MR_RULE_SOURCE};
    case 'k': return (struct mr_column_fact){KNOWN, .source_changed = true, .key = true};
    case 'u': return (struct mr_column_fact){KNOWN, .source_changed = true, .unfit = true};
    case 'g': return (struct mr_column_fact){KNOWN, .source_changed = true, .generated = true};
    case 'h': return (struct mr_column_fact){.generated = true};
    default: break;
    }
    return (struct mr_column_fact){0};
}

/* What is done with a column: K keeps, W writes, C computes; . where the row has not asked it. */
static char deed_of(const struct mr_column_ruling *r)
{
    static const char deeds[] = {
        [MR_COLUMN_KEEPS] = 'K', [MR_COLUMN_WRITES] = 'W', [MR_COLUMN_COMPUTES] = 'C'};
    return r->outcome == MR_COLUMN_UNDECIDED && r->deed == MR_COLUMN_KEEPS ? '.' : deeds[r->deed];
}

/* Which row it is. */
#define COMMON                                                                                     \
    {                                                                                              \
        .evidence = true, .base_known = true, .base = true, .source = true, .target = true         \
    }
#define GONE                                                                                       \
    {                                                                                              \
        .evidence = true, .base_known = true, .base = true, .source = true                         \
    }
#define MADE                                                                                       \
    {                                                                                              \
        .evidence = true, .base_known = true, .source = true, .target = true, .same_entity = true  \
    }
#define ERASED                                                                                     \
    {                                                                                              \
        .evidence = true, .base_known = true, .base = true, .target = true                         \
    }
#define TWO_BASES                                                                                  \
    {                                                                                              \
        .evidence = true, .bases_differ = true, .source = true, .target = true,                    \
        .source_touched = true                                                                     \
    }
#define MOVED                                                                                      \
    {                                                                                              \
        .evidence = true, .base_known = true, .base = true, .target = true, .source_moved = true   \
    }

static const struct row {
    struct mr_three_fact fact;
    const char *columns;
    enum mr_conflict kind; /* of which something is chosen */
    enum mr_pick pick;
    enum mr_three_outcome outcome;
    enum mr_three_deed deed;
    enum mr_conflict conflict;
    const char *deeds;
} rows[] = {
    /* changed | same */
    {COMMON, "S-", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WK"},
    {COMMON, "SsS", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WWW"},
    {COMMON, "Sg", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WK"},
    {COMMON, "S-", MR_CONFLICT_RESTORED_CHANGE, MR_PICK_TARGET, MR_THREE_IS_RESTORED,
     MR_THREE_LEAVES, 0, "KK"},
    {COMMON, "S-", MR_CONFLICT_RESTORED_CHANGE, MR_PICK_SOURCE, MR_THREE_IS_RESTORED,
     MR_THREE_UPDATES, 0, "WK"},
    {COMMON, "S+", MR_CONFLICT_RESTORED_CHANGE, MR_PICK_TARGET, MR_THREE_IS_RESTORED,
     MR_THREE_UPDATES, 0, "KC"},
    /* same */
    {COMMON, "--", 0, 0, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0, ".."},
    {COMMON, "-T", 0, 0, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0, ".."},
    {COMMON, "-h", 0, 0, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0, ".."},
    {COMMON, "-g", 0, 0, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0, ".."},
    {COMMON, "", 0, 0, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0, ""},
    /* changed | the same column to the same value */
    {COMMON, "=-", 0, 0, MR_THREE_IS_SAME_CHANGE, MR_THREE_LEAVES, 0, "KK"},
    {COMMON, "=T", 0, 0, MR_THREE_IS_SAME_CHANGE, MR_THREE_LEAVES, 0, "KK"},
    {COMMON, "=S", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "KW"},
    /* changed | changed elsewhere */
    {COMMON, "ST-", 0, 0, MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES, MR_CONFLICT_BOTH_CHANGED,
     "WKK"},
    {COMMON, "ST+", 0, 0, MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES, MR_CONFLICT_BOTH_CHANGED,
     "WKC"},
    {COMMON, "ST=", MR_CONFLICT_BOTH_CHANGED, MR_PICK_COLUMNS, MR_THREE_IS_BOTH_CHANGED,
     MR_THREE_UPDATES, 0, "WKK"},
    {COMMON, "ST", MR_CONFLICT_BOTH_CHANGED, MR_PICK_TARGET, MR_THREE_IS_BOTH_CHANGED,
     MR_THREE_LEAVES, 0, "WK"},
    {COMMON, "ST-+g", MR_CONFLICT_BOTH_CHANGED, MR_PICK_SOURCE, MR_THREE_IS_BOTH_CHANGED,
     MR_THREE_UPDATES, 0, "WWKWK"},
    /* restored-change is another kind */
    {COMMON, "ST", MR_CONFLICT_RESTORED_CHANGE, MR_PICK_TARGET, MR_THREE_IS_BOTH_CHANGED,
     MR_THREE_LEAVES, MR_CONFLICT_BOTH_CHANGED, "WK"},
    /* a column that has a rule stands for itself */
    {COMMON, "S+", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WC"},
    {COMMON, "St", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WK"},
    {COMMON, "sT", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WK"},
    {COMMON, "S<", 0, 0, MR_THREE_IS_RESTORED, MR_THREE_UPDATES, 0, "WK"},
    /* changed | the same column otherwise */
    {COMMON, "+-", 0, 0, MR_THREE_IS_BY_RULE, MR_THREE_UPDATES, 0, "CK"},
    {COMMON, ">T", 0, 0, MR_THREE_IS_BY_RULE, MR_THREE_UPDATES, 0, "WK"},
    {COMMON, "<T", 0, 0, MR_THREE_IS_BY_RULE, MR_THREE_LEAVES, 0, "KK"},
    {COMMON, "B-", 0, 0, MR_THREE_IS_CHANGED, MR_THREE_LEAVES, MR_CONFLICT_CHANGED, "KK"},
    {COMMON, "!S", 0, 0, MR_THREE_IS_CHANGED, MR_THREE_LEAVES, MR_CONFLICT_CHANGED, "KW"},
    {COMMON, "SBT", 0, 0, MR_THREE_IS_CHANGED, MR_THREE_LEAVES, MR_CONFLICT_CHANGED, "WKK"},
    {COMMON, "S?", 0, 0, MR_THREE_IS_UNSEEN, MR_THREE_LEAVES, MR_CONFLICT_CHANGED, "WK"},
    {COMMON, "?-", 0, 0, MR_THREE_IS_UNSEEN, MR_THREE_LEAVES, MR_CONFLICT_CHANGED, "KK"},
    {COMMON, "B-", MR_CONFLICT_CHANGED, MR_PICK_TARGET, MR_THREE_IS_CHANGED, MR_THREE_LEAVES, 0,
     "KK"},
    {COMMON, "B-", MR_CONFLICT_CHANGED, MR_PICK_SOURCE, MR_THREE_IS_CHANGED, MR_THREE_UPDATES, 0,
     "WK"},
    /* one choice may bring up another question */
    {COMMON, "BS", MR_CONFLICT_CHANGED, MR_PICK_TARGET, MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES,
     MR_CONFLICT_BOTH_CHANGED, "KW"},
    {COMMON, "?S", MR_CONFLICT_CHANGED, MR_PICK_TARGET, MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES,
     MR_CONFLICT_BOTH_CHANGED, "KW"},
    {COMMON, "BS", MR_CONFLICT_CHANGED, MR_PICK_SOURCE, MR_THREE_IS_CHANGED, MR_THREE_UPDATES, 0,
     "WW"},
    {COMMON, "BT", MR_CONFLICT_CHANGED, MR_PICK_SOURCE, MR_THREE_IS_BOTH_CHANGED, MR_THREE_LEAVES,
     MR_CONFLICT_BOTH_CHANGED, "WK"},
    /* the weightiest is told */
    {COMMON, "kB", 0, 0, MR_THREE_IS_KEY_CHANGED, MR_THREE_LEAVES, MR_CONFLICT_KEY_CHANGED, "KK"},
    {COMMON, "Bu", 0, 0, MR_THREE_IS_HELD_UP, MR_THREE_LEAVES, MR_CONFLICT_DOES_NOT_FIT, "KK"},
    {COMMON, "Bu", MR_CONFLICT_DOES_NOT_FIT, MR_PICK_TARGET, MR_THREE_IS_CHANGED, MR_THREE_LEAVES,
     MR_CONFLICT_CHANGED, "KK"},
    {COMMON, "uS", MR_CONFLICT_DOES_NOT_FIT, MR_PICK_TARGET, MR_THREE_IS_HELD_UP, MR_THREE_UPDATES,
     0, "KW"},
    /* an entity that both made */
    {MADE, "--", 0, 0, MR_THREE_IS_SAME_CHANGE, MR_THREE_LEAVES, 0, "KK"},
    {MADE, "", 0, 0, MR_THREE_IS_SAME_CHANGE, MR_THREE_LEAVES, 0, ""},
    {MADE, "kS", 0, 0, MR_THREE_IS_DIFFERS, MR_THREE_LEAVES, MR_CONFLICT_DIFFERS, "KK"},
    {MADE, "k>", 0, 0, MR_THREE_IS_BY_RULE, MR_THREE_UPDATES, 0, "KW"},
    {MADE, "kS", MR_CONFLICT_DIFFERS, MR_PICK_SOURCE, MR_THREE_IS_DIFFERS, MR_THREE_UPDATES, 0,
     "KW"},
    /* not decided by their columns */
    {GONE, "-S", 0, 0, MR_THREE_IS_DELETED_ON_LIVE, MR_THREE_LEAVES, MR_CONFLICT_DELETED_ON_LIVE,
     ".."},
    {GONE, "-?", 0, 0, MR_THREE_IS_DELETED_ON_LIVE, MR_THREE_LEAVES, MR_CONFLICT_DELETED_ON_LIVE,
     ".."},
    {GONE, "-g", 0, 0, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0, ".."},
    {GONE, "-S", MR_CONFLICT_DELETED_ON_LIVE, MR_PICK_SOURCE, MR_THREE_IS_DELETED_ON_LIVE,
     MR_THREE_FOLLOWS, 0, ".."},
    {GONE, "-S", MR_CONFLICT_DELETED_ON_LIVE, MR_PICK_TARGET, MR_THREE_IS_DELETED_ON_LIVE,
     MR_THREE_LEAVES, 0, ".."},
    {ERASED, "--", 0, 0, MR_THREE_IS_DELETED_IN_SOURCE, MR_THREE_LEAVES,
     MR_CONFLICT_DELETED_IN_SOURCE, ".."},
    {ERASED, "--", MR_CONFLICT_DELETED_IN_SOURCE, MR_PICK_SOURCE, MR_THREE_IS_DELETED_IN_SOURCE,
     MR_THREE_DELETES, 0, ".."},
    {ERASED, "--", MR_CONFLICT_DELETED_IN_SOURCE, MR_PICK_TARGET, MR_THREE_IS_DELETED_IN_SOURCE,
     MR_THREE_LEAVES, 0, ".."},
    {ERASED, "--", MR_CONFLICT_DELETED_IN_SOURCE, MR_PICK_COLUMNS, MR_THREE_IS_DELETED_IN_SOURCE,
     MR_THREE_LEAVES, MR_CONFLICT_DELETED_IN_SOURCE, ".."},
    {MOVED, "--", MR_CONFLICT_KEY_CHANGED, MR_PICK_SOURCE, MR_THREE_IS_KEY_CHANGED, MR_THREE_LEAVES,
     MR_CONFLICT_KEY_CHANGED, ".."},
    {MOVED, "--", MR_CONFLICT_KEY_CHANGED, MR_PICK_TARGET, MR_THREE_IS_KEY_CHANGED, MR_THREE_LEAVES,
     0, ".."},
    {TWO_BASES, "-S", 0, 0, MR_THREE_IS_BASES_DIFFER, MR_THREE_LEAVES, MR_CONFLICT_BASES_DIFFER,
     ".."},
    {TWO_BASES, "-Skg", MR_CONFLICT_BASES_DIFFER, MR_PICK_SOURCE, MR_THREE_IS_BASES_DIFFER,
     MR_THREE_UPDATES, 0, ".W.."},
    {TWO_BASES, "-u", MR_CONFLICT_BASES_DIFFER, MR_PICK_SOURCE, MR_THREE_IS_HELD_UP,
     MR_THREE_LEAVES, MR_CONFLICT_DOES_NOT_FIT, ".K"},
    {TWO_BASES, "-=", MR_CONFLICT_BASES_DIFFER, MR_PICK_SOURCE, MR_THREE_IS_BASES_DIFFER,
     MR_THREE_LEAVES, 0, ".."},
    /* whatever else has been chosen */
    {COMMON, "-T", MR_CONFLICT_NONE, MR_PICK_TARGET, MR_THREE_IS_SOURCE_SAME, MR_THREE_LEAVES, 0,
     ".."},
};

#define ROWS (sizeof rows / sizeof rows[0])

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        struct mr_column_fact columns[COLUMNS_MAX];
        struct mr_column_ruling rulings[COLUMNS_MAX];
        enum mr_pick picks[MR_CONFLICTS] = {0};
        char deeds[COLUMNS_MAX + 1] = "";
        const size_t n = strlen(r->columns);
        for (size_t c = 0; c < n; c++)
            columns[c] = column(r->columns[c]);
        picks[r->kind] = r->pick;
        const struct mr_three_ruling is = mr_decide_three(&r->fact, columns, n, picks, rulings);
        for (size_t c = 0; c < n; c++)
            deeds[c] = deed_of(&rulings[c]);
        if (is.outcome != r->outcome || is.deed != r->deed || is.why.conflict != r->conflict ||
            strcmp(deeds, r->deeds) != 0)
            fail_msg("row %zu, %s: %s, %s, %s", i, r->columns, mr_three_outcome_name(is.outcome),
                     is.why.conflict != 0 ? mr_conflict_name(is.why.conflict) : "decided", deeds);
    }
}

/* What SOURCE changed is told by the columns, whatever the row says of itself. */
static void test_told_by_columns(void **state)
{
    static const enum mr_pick none[MR_CONFLICTS];
    struct mr_three_fact f = COMMON;
    const struct mr_column_fact same = column('-');
    struct mr_column_ruling ruling;
    (void)state;
    f.source_changed = f.source_unsure = true;
    assert_int_equal(mr_decide_three(&f, &same, 1, none, &ruling).outcome, MR_THREE_IS_SOURCE_SAME);
}

static void test_picks(void **state)
{
    static const struct {
        const char *choice;
        enum mr_pick pick;
    } picks[] = {
        {"target", MR_PICK_TARGET}, {"keep", MR_PICK_TARGET},    {"skip", MR_PICK_TARGET},
        {"source", MR_PICK_SOURCE}, {"restore", MR_PICK_SOURCE}, {"delete", MR_PICK_SOURCE},
        {"stop", MR_PICK_NONE},     {"newest:a", MR_PICK_NONE},  {"columns", MR_PICK_COLUMNS},
        {NULL, MR_PICK_NONE},       {"", MR_PICK_NONE},          {"without-value", MR_PICK_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof picks / sizeof picks[0]; i++)
        assert_int_equal(mr_pick_of(picks[i].choice), picks[i].pick);
}

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (size_t s = MR_SAYS_SAME_CHANGE; s < MR_SENTENCES; s++) {
        bool shown = s == MR_SAYS_HELD_UP; /* the column's own reason is told */
        for (size_t i = 0; i < ROWS; i++)
            shown = shown || mr_three_ruling_of(rows[i].outcome).why.because == s;
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words((enum mr_sentence)s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_told_by_columns),
        cmocka_unit_test(test_picks),
        cmocka_unit_test(test_every_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
