/*
 * worlds_three.c: every world of facts that logs can tell, and what repair/decide makes of it, for
 * three.py.
 *
 *     worlds_three
 *
 * Prints the names of outcomes and conflicts, a line each, and then of each decider a line with its
 * name and its facts, and a line with WIDTH letters a world, the first fact being bit 0:
 *
 *   row                        of a row by itself: its outcome, what is done, the conflict
 *   column:RULE:ANSWER:PICK    of a column, the same; PICK was chosen for every conflict
 *   three                      of a row by its columns, the same, and what is done with each column.
 *                              The bits are those of `struct joined`
 */
#include <stdio.h>
#include <string.h>

#include "repair/decide/decide_three.h"

#define FIRST '!' /* 0; the others follow it */

static void put(int answer)
{
    (void)putchar(FIRST + answer);
}

/* ---- names ---- */

static void print_names(void)
{
    (void)printf("outcomes");
    for (enum mr_three_outcome o = 1; o < MR_THREE_OUTCOMES; o++)
        (void)printf(" %s", mr_three_outcome_name(o));
    (void)printf("\ncolumns");
    for (enum mr_column_outcome o = 1; o < MR_COLUMN_OUTCOMES; o++)
        (void)printf(" %s", mr_column_outcome_name(o));
    (void)printf("\nconflicts");
    for (enum mr_conflict c = 1; c < MR_CONFLICTS; c++)
        (void)printf(" %s", mr_conflict_name(c));
    (void)putchar('\n');
}

/* ---- rows ---- */

static void print_rows(void)
{
    static const size_t at[] = {
#define MR_THREE_ROW(name, words) offsetof(struct mr_three_fact, name),
#define MR_THREE_COLUMN(name, words)
#include "repair/decide/three_facts.def"
#undef MR_THREE_ROW
#undef MR_THREE_COLUMN
    };
    const size_t n = sizeof at / sizeof at[0];
    (void)printf("row"
#define MR_THREE_ROW(name, words) " " #name
#define MR_THREE_COLUMN(name, words)
#include "repair/decide/three_facts.def"
#undef MR_THREE_ROW
#undef MR_THREE_COLUMN
                 "\n");
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        struct mr_three_fact f = {0};
        for (size_t i = 0; i < n; i++)
            *(bool *)((char *)&f + at[i]) = (world >> i & 1) != 0;
        const struct mr_three_ruling is = mr_decide_three_row(&f);
        put((int)is.outcome);
        put((int)is.deed);
        put((int)is.why.conflict);
    }
    (void)putchar('\n');
}

/* ---- columns ---- */

static const char *const picks[] = {[MR_PICK_NONE] = "none",
                                    [MR_PICK_TARGET] = "target",
                                    [MR_PICK_SOURCE] = "source",
                                    [MR_PICK_COLUMNS] = "columns"};

static const struct {
    enum mr_rule_answer answer;
    const char *name;
} answers[] = {{MR_RULE_UNASKED, "none"},
               {MR_RULE_TAKES_SOURCE, "source"},
               {MR_RULE_TAKES_TARGET, "target"},
               {MR_RULE_TAKES_VALUE, "value"},
               {MR_RULE_OVERFLOWS, "fails"}};

static void print_columns(enum mr_column_rule rule, size_t answer, enum mr_pick pick)
{
    static const size_t at[] = {
#define MR_THREE_ROW(name, words)
#define MR_THREE_COLUMN(name, words) offsetof(struct mr_column_fact, name),
#include "repair/decide/three_facts.def"
#undef MR_THREE_ROW
#undef MR_THREE_COLUMN
    };
    const size_t n = sizeof at / sizeof at[0];
    enum mr_pick chosen[MR_CONFLICTS];
    for (size_t i = 0; i < MR_CONFLICTS; i++)
        chosen[i] = i == MR_CONFLICT_NONE ? MR_PICK_NONE : pick;
    (void)printf("column:%s:%s:%s"
#define MR_THREE_ROW(name, words)
#define MR_THREE_COLUMN(name, words) " " #name
#include "repair/decide/three_facts.def"
#undef MR_THREE_ROW
#undef MR_THREE_COLUMN
                 "\n",
                 rule == MR_RULE_NONE ? "none" : mr_column_rule_name(rule), answers[answer].name,
                 picks[pick]);
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        struct mr_column_fact f = {.rule = rule, .answer = answers[answer].answer};
        for (size_t i = 0; i < n; i++)
            *(bool *)((char *)&f + at[i]) = (world >> i & 1) != 0;
        const struct mr_column_ruling is = mr_decide_column(&f, chosen);
        put((int)is.outcome);
        put((int)is.deed);
        put((int)is.why.conflict);
    }
    (void)putchar('\n');
}

/* min and union are decided as max is. */
static void print_all_columns(void)
{
    static const enum mr_column_rule rules[] = {MR_RULE_NONE,   MR_RULE_ADD,    MR_RULE_MAX,
                                                MR_RULE_NEWEST, MR_RULE_SOURCE, MR_RULE_TARGET};
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++)
        for (size_t a = 0; a < sizeof answers / sizeof answers[0]; a++)
            for (enum mr_pick p = MR_PICK_NONE; p <= MR_PICK_COLUMNS; p++)
                print_columns(rules[r], a, p);
}

/* ---- both ---- */

enum { COLUMNS = 3 };

/* A column of a kind, 0 to 7: - S T = B + ? u (three.py). */
static struct mr_column_fact column_of(size_t kind)
{
    const struct mr_column_fact kinds[] = {
        {.seen = true, .same = true},
        {.seen = true, .source_changed = true},
        {.seen = true, .target_changed = true},
        {.seen = true, .source_changed = true, .target_changed = true, .same = true},
        {.seen = true, .source_changed = true, .target_changed = true},
        {.seen = true,
         .source_changed = true,
         .target_changed = true,
         .rule = MR_RULE_ADD,
         .answer = MR_RULE_TAKES_VALUE},
        {0},
        {.seen = true, .source_changed = true, .unfit = true},
    };
    return kinds[kind];
}

/* The next bits of a world. */
static size_t take(size_t *world, unsigned bits)
{
    const size_t taken = *world & (((size_t)1 << bits) - 1);
    *world >>= bits;
    return taken;
}

/* From bit 0 on: three bits a column; two each for the row's kind and what was chosen for
 * both-changed and changed; one each for whether restored-change, does-not-fit are to be TARGET's, and
 * whether differs, deleted-on-live and bases-differ are to be SOURCE's. */
static void print_world(size_t world)
{
    struct mr_column_fact columns[COLUMNS];
    struct mr_column_ruling rulings[COLUMNS];
    enum mr_pick chosen[MR_CONFLICTS] = {0};
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = column_of(take(&world, 3));
    const size_t kind =
        take(&world, 2); /* common past, deleted on TARGET, made by both, two bases */
    const struct mr_three_fact f = {.evidence = true,
                                    .base_known = true,
                                    .base = kind != 2,
                                    .bases_differ = kind == 3,
                                    .source = true,
                                    .source_touched = true,
                                    .target = kind != 1,
                                    .same_entity = kind == 2};
    chosen[MR_CONFLICT_BOTH_CHANGED] = (enum mr_pick)take(&world, 2);
    chosen[MR_CONFLICT_CHANGED] = (enum mr_pick)take(&world, 2);
    chosen[MR_CONFLICT_RESTORED_CHANGE] = take(&world, 1) != 0 ? MR_PICK_TARGET : MR_PICK_NONE;
    chosen[MR_CONFLICT_DOES_NOT_FIT] = take(&world, 1) != 0 ? MR_PICK_TARGET : MR_PICK_NONE;
    chosen[MR_CONFLICT_DIFFERS] = chosen[MR_CONFLICT_DELETED_ON_LIVE] =
        chosen[MR_CONFLICT_BASES_DIFFER] = take(&world, 1) != 0 ? MR_PICK_SOURCE : MR_PICK_NONE;
    const struct mr_three_ruling is = mr_decide_three(&f, columns, COLUMNS, chosen, rulings);
    put((int)is.outcome);
    put((int)is.deed);
    put((int)is.why.conflict);
    for (size_t i = 0; i < COLUMNS; i++)
        put((int)rulings[i].deed);
}

int main(void)
{
    print_names();
    print_rows();
    print_all_columns();
    (void)printf("three\n");
    for (size_t world = 0; world < (size_t)1 << (3 * COLUMNS + 9); world++)
        print_world(world);
    (void)putchar('\n');
    return fflush(stdout) == 0 ? 0 : 3;
}
