/* test_decide.c: who is who, a row of the table for each sentence of the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "repair/decide/decide.h"

struct row {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_group group;
};

/* What a row is by itself. */
static const struct row own[] = {
    {MR_SAYS_SAME,
     {.counted = true, .above = true, .same = true, .there = true, .taken = true},
     MR_GROUP_SAME},
    {MR_SAYS_BASE, {.counted = true, .there = true, .taken = true}, MR_GROUP_BASE},
    {MR_SAYS_BASE, {.counted = true, .there = true, .merged = true}, MR_GROUP_BASE},
    {MR_SAYS_GONE, {.counted = true}, MR_GROUP_GONE},
    {MR_SAYS_GONE, {.counted = true, .believed = true, .held = true}, MR_GROUP_GONE},
    {MR_SAYS_GONE, {.counted = true, .restored = true}, MR_GROUP_GONE},
    {MR_SAYS_DOUBT, {.counted = true, .above = true, .taken = true, .doubt = true}, MR_GROUP_DOUBT},
    {MR_SAYS_DOUBT,
     {.counted = true, .above = true, .taken = true, .doubt = true, .believed = true},
     MR_GROUP_DOUBT},
    {MR_SAYS_TAKEN, {.counted = true, .above = true, .taken = true}, MR_GROUP_LOST},
    {MR_SAYS_HELD, {.counted = true, .above = true, .there = true}, MR_GROUP_LOST},
    {MR_SAYS_HELD, {.counted = true, .above = true, .held = true}, MR_GROUP_LOST},
    {MR_SAYS_BELIEVED, {.counted = true, .above = true, .believed = true}, MR_GROUP_LOST},
    {MR_SAYS_FRESH, {.counted = true, .above = true, .fresh = true}, MR_GROUP_LOST},
    {MR_SAYS_RESTORED, {.counted = true, .above = true, .restored = true}, MR_GROUP_LOST},
    {MR_SAYS_MERGED,
     {.counted = true, .above = true, .there = true, .taken = true, .merged = true},
     MR_GROUP_LOST},
    {MR_SAYS_MAYBE, {.counted = true, .above = true}, MR_GROUP_MAYBE},
    {MR_SAYS_MAYBE, {.counted = true, .above = true, .late = true}, MR_GROUP_MAYBE},
    {MR_SAYS_BY_KEY, {.there = true, .taken = true}, MR_GROUP_BASE},
    {MR_SAYS_BY_KEY, {.there = true, .late = true, .restored = true}, MR_GROUP_BASE},
    {MR_SAYS_MERGED, {.there = true, .merged = true}, MR_GROUP_LOST},
    {MR_SAYS_RESTORED, {.restored = true}, MR_GROUP_LOST},
    {MR_SAYS_LATE, {.late = true}, MR_GROUP_LOST},
    {MR_SAYS_PARENTS_BASE, {0}, MR_GROUP_MAYBE},
    {MR_SAYS_PARENTS_BASE, {.believed = true, .fresh = true, .held = true}, MR_GROUP_MAYBE},
};

struct moving {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_group from, to;
};

/* Where it moves for what it refers to. */
static const struct moving below[] = {
    {MR_SAYS_REFERS_TO_LOST,
     {.counted = true, .refers_to_lost = true},
     MR_GROUP_MAYBE,
     MR_GROUP_LOST},
    {MR_SAYS_REFERS_TO_LOST, {.refers_to_lost = true}, MR_GROUP_MAYBE, MR_GROUP_LOST},
    {MR_SAYS_REFERS_TO_NEW, {.refers_to_new = true}, MR_GROUP_MAYBE, MR_GROUP_LOST},
    {MR_SAYS_KEY_OF_LOST,
     {.there = true, .key_refers_to_lost = true},
     MR_GROUP_BASE,
     MR_GROUP_LOST},
    /* a key that a counter made is of the time when it was made, whomever its row refers to */
    {MR_SAYS_NOTHING, {.counted = true, .refers_to_new = true}, MR_GROUP_MAYBE, MR_GROUP_MAYBE},
    {MR_SAYS_NOTHING,
     {.counted = true, .there = true, .key_refers_to_lost = true},
     MR_GROUP_BASE,
     MR_GROUP_BASE},
    /* who is the same on both sides has lost history's key in no other column than the key */
    {MR_SAYS_NOTHING,
     {.there = true, .refers_to_lost = true, .refers_to_new = true},
     MR_GROUP_BASE,
     MR_GROUP_BASE},
    {MR_SAYS_NOTHING,
     {.counted = true, .above = true, .refers_to_lost = true},
     MR_GROUP_DOUBT,
     MR_GROUP_DOUBT},
    {MR_SAYS_NOTHING, {.counted = true, .refers_to_lost = true}, MR_GROUP_GONE, MR_GROUP_GONE},
    {MR_SAYS_NOTHING,
     {.counted = true, .same = true, .refers_to_lost = true},
     MR_GROUP_SAME,
     MR_GROUP_SAME},
    {MR_SAYS_NOTHING, {0}, MR_GROUP_MAYBE, MR_GROUP_MAYBE},
};

static void test_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        const struct mr_ruling v = mr_decide_group(&own[i].fact);
        if (v.group != own[i].group || v.because != own[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(own[i].sentence),
                     mr_group_name(v.group), mr_sentence_words(v.because));
    }
}

static void test_below(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        const struct mr_ruling v = mr_decide_below(&below[i].fact, below[i].from);
        if (v.group != below[i].to || v.because != below[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(below[i].sentence),
                     mr_group_name(v.group), mr_sentence_words(v.because));
    }
}

/* What keeps a row from being written, by itself. */
static const struct hindered {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_group group;
    enum mr_conflict conflict;
} hindered[] = {
    {MR_SAYS_THERE, {.there = true, .unfit = true, .rival = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_FREE, {.counted = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_DELETED_SINCE, {.gone = true}, MR_GROUP_LOST, MR_CONFLICT_DELETED_SINCE},
    {MR_SAYS_DELETED_SINCE, {.gone = true}, MR_GROUP_GONE, MR_CONFLICT_DELETED_SINCE},
    {MR_SAYS_FREE,
     {.counted = true, .gone = true, .restored = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
    {MR_SAYS_GONE, {.counted = true}, MR_GROUP_GONE, MR_CONFLICT_DELETED_ON_LIVE},
    {MR_SAYS_FREE, {.counted = true, .restored = true}, MR_GROUP_GONE, MR_CONFLICT_NONE},
    {MR_SAYS_DOUBT, {.counted = true}, MR_GROUP_DOUBT, MR_CONFLICT_PAST_OR_LOST},
    {MR_SAYS_ASKED, {.counted = true}, MR_GROUP_MAYBE, MR_CONFLICT_DELETED_OR_LOST},
    /* whoever is asked whether it is to be there sees whose it would be */
    {MR_SAYS_ATTACHES,
     {.counted = true, .attaches = true, .crosses = true},
     MR_GROUP_MAYBE,
     MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_ATTACHES, {.attaches = true}, MR_GROUP_GONE, MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_DELETED_SINCE,
     {.attaches = true, .gone = true},
     MR_GROUP_GONE,
     MR_CONFLICT_DELETED_SINCE},
    {MR_SAYS_CROSSES,
     {.counted = true, .crosses = true},
     MR_GROUP_LOST,
     MR_CONFLICT_IDENTITY_CROSSES_BASE},
    {MR_SAYS_AMBIGUOUS, {.counted = true, .ambiguous = true}, MR_GROUP_LOST, MR_CONFLICT_DUPLICATE},
    {MR_SAYS_OWNED, {.counted = true, .owned = true}, MR_GROUP_LOST, MR_CONFLICT_OWNER_DIFFERS},
    /* an index forbids two, whoever wants them */
    {MR_SAYS_AMBIGUOUS,
     {.counted = true, .ambiguous = true, .restored = true, .guarded = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DUPLICATE},
    {MR_SAYS_FREE,
     {.counted = true, .ambiguous = true, .restored = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
    {MR_SAYS_DIFFERS_ABOVE,
     {.differs_above = true, .attaches = true},
     MR_GROUP_LOST,
     MR_CONFLICT_PARENT_DIFFERS},
    {MR_SAYS_ATTACHES,
     {.attaches = true, .disagrees = true},
     MR_GROUP_LOST,
     MR_CONFLICT_ORPHAN_WOULD_ATTACH},
    {MR_SAYS_DISAGREES,
     {.disagrees = true, .unfit = true},
     MR_GROUP_LOST,
     MR_CONFLICT_REFERENCES_DISAGREE},
    /* a value that nobody can choose is no matter of existence */
    {MR_SAYS_DISAGREES,
     {.disagrees = true, .restored = true, .attaches = true},
     MR_GROUP_LOST,
     MR_CONFLICT_REFERENCES_DISAGREE},
    {MR_SAYS_UNFIT, {.unfit = true, .rival = true}, MR_GROUP_LOST, MR_CONFLICT_DOES_NOT_FIT},
    {MR_SAYS_RIVAL, {.rival = true, .taken = true}, MR_GROUP_LOST, MR_CONFLICT_UNIQUE},
    {MR_SAYS_KEY_TAKEN, {.taken = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_KEY_TAKEN, {.twin = true, .restored = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_KEY_TAKEN, {.traced = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
    {MR_SAYS_FREE, {.traced = true, .restored = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_FREE, {.keyless = true, .taken = true, .twin = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    /* a counter gives another id */
    {MR_SAYS_FREE,
     {.counted = true, .taken = true, .traced = true},
     MR_GROUP_LOST,
     MR_CONFLICT_NONE},
};

static void test_obstacles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hindered / sizeof hindered[0]; i++) {
        const struct hindered *h = &hindered[i];
        const struct mr_obstacle o = mr_decide_obstacle(&h->fact, h->group);
        if (o.conflict != h->conflict || o.because != h->sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(h->sentence),
                     mr_conflict_name(o.conflict), mr_sentence_words(o.because));
    }
}

/* A key that both sides hold, in rows that differ. */
static const struct likened {
    enum mr_sentence sentence;
    struct mr_fact fact;
    enum mr_twin twin;
} likened[] = {
    {MR_SAYS_BORN_TOGETHER, {.dated = true, .same_time = true, .same_name = true}, MR_TWIN_SELF},
    {MR_SAYS_BORN_TOGETHER,
     {.dated = true,
      .same_time = true,
      .same_name = true,
      .settled = true,
      .split = true,
      .believed = true},
     MR_TWIN_SELF},
    {MR_SAYS_BORN_AS_ANOTHER, {.dated = true, .same_time = true}, MR_TWIN_DOUBT},
    {MR_SAYS_BORN_AS_ANOTHER, {.dated = true, .same_time = true, .split = true}, MR_TWIN_DOUBT},
    {MR_SAYS_BORN_AS_ANOTHER, {.dated = true, .same_time = true, .believed = true}, MR_TWIN_DOUBT},
    {MR_SAYS_SPLIT_BY_TIME,
     {.dated = true, .same_time = true, .split = true, .believed = true},
     MR_TWIN_OTHER},
    {MR_SAYS_BORN_APART, {.dated = true, .same_name = true}, MR_TWIN_OTHER},
    {MR_SAYS_BORN_APART, {.dated = true, .alike = true}, MR_TWIN_OTHER},
    {MR_SAYS_ALIKE, {.alike = true}, MR_TWIN_DOUBT},
    {MR_SAYS_ALIKE, {.alike = true, .same_time = true}, MR_TWIN_DOUBT},
    {MR_SAYS_NOTHING_ALIKE, {0}, MR_TWIN_OTHER},
    {MR_SAYS_NOTHING_ALIKE, {.alike = true, .same_name = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.alike = true, .settled = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.alike = true, .refers_to_lost = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.dated = true, .same_time = true, .refers_to_lost = true}, MR_TWIN_OTHER},
    {MR_SAYS_SETTLED, {.dated = true, .same_time = true, .settled = true}, MR_TWIN_OTHER},
};

static void test_twins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof likened / sizeof likened[0]; i++) {
        const struct mr_likeness l = mr_decide_twin(&likened[i].fact);
        if (l.twin != likened[i].twin || l.because != likened[i].sentence)
            fail_msg("row %zu: %s: %d, since %s", i, mr_sentence_words(likened[i].sentence), l.twin,
                     mr_sentence_words(l.because));
    }
}

/* A row that both sides have with other values. */
static const struct hindered valued[] = {
    {MR_SAYS_EQUAL, {.there = true}, MR_GROUP_BASE, MR_CONFLICT_NONE},
    {MR_SAYS_EQUAL, {.differs = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {MR_SAYS_DIFFERS,
     {.there = true, .differs = true, .edited_live = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DIFFERS},
    {MR_SAYS_LIVE_EDITED,
     {.there = true, .differs = true, .edited_live = true},
     MR_GROUP_BASE,
     MR_CONFLICT_NONE},
    {MR_SAYS_SOURCE_EDITED,
     {.there = true, .differs = true, .edited = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED_IN_SOURCE},
    {MR_SAYS_RENAMED,
     {.there = true, .differs = true, .edited = true, .edited_live = true},
     MR_GROUP_BASE,
     MR_CONFLICT_IDENTITY_CHANGED},
    {MR_SAYS_CHANGED,
     {.there = true, .differs = true, .same_name = true, .edited = true, .edited_live = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED},
    {MR_SAYS_CHANGED,
     {.there = true, .differs = true, .same_name = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
        const struct mr_obstacle o = mr_decide_values(&valued[i].fact, valued[i].group);
        if (o.conflict != valued[i].conflict || o.because != valued[i].sentence)
            fail_msg("row %zu: %s: %s, since %s", i, mr_sentence_words(valued[i].sentence),
                     mr_conflict_name(o.conflict), mr_sentence_words(o.because));
    }
}

#define SHOWN_IN(rows, s, shown)                                                                   \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                    \
    (shown) = (shown) || (rows)[i].sentence == (s)

/* No sentence of this part without a row. */
static void test_every_sentence(void **state)
{
    (void)state;
    for (size_t s = 0; s < MR_SAYS_CHOSEN; s++) {
        bool shown = false;
        SHOWN_IN(own, s, shown);
        SHOWN_IN(below, s, shown);
        SHOWN_IN(hindered, s, shown);
        SHOWN_IN(likened, s, shown);
        SHOWN_IN(valued, s, shown);
        if (!shown)
            fail_msg("no row for: %s", mr_sentence_words((enum mr_sentence)s));
    }
}

/* The facts of a world: its bits are those of the list. */
static struct mr_fact world_of(size_t world, const size_t *offsets, size_t n)
{
    struct mr_fact f = {0};
    for (size_t i = 0; i < n; i++)
        *(bool *)((char *)&f + offsets[i]) = (world >> i & 1) != 0;
    return f;
}

#define AT(member) offsetof(struct mr_fact, member)

/* What the rules promise whatever else is true, in every world of facts. */
static void test_all_worlds(void **state)
{
    (void)state;
    static const size_t facts[] = {
        AT(counted),  AT(believed), AT(above),          AT(fresh),         AT(late),
        AT(there),    AT(same),     AT(taken),          AT(held),          AT(doubt),
        AT(restored), AT(merged),   AT(refers_to_lost), AT(refers_to_new), AT(key_refers_to_lost)};
    const size_t n = sizeof facts / sizeof facts[0];
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        const struct mr_fact f = world_of(world, facts, n);
        const enum mr_group group = mr_decide_group(&f).group;
        assert_int_not_equal(group, MR_GROUP_UNDECIDED);
        /* the live side is sacred: who is past, and there, is nobody that was lost */
        if (f.counted && !f.above && !f.same && f.there)
            assert_int_equal(group, MR_GROUP_BASE);
        /* what may be TARGET's row is asked, never inserted */
        if (f.counted && f.above && f.doubt && !f.same)
            assert_int_equal(group, MR_GROUP_DOUBT);
        /* only a person, U, or TARGET itself makes lost history of what is not there */
        if (group == MR_GROUP_LOST && !f.there && !f.taken && !f.held && !f.believed && !f.fresh &&
            !f.late)
            assert_true(f.restored || f.merged);
        for (enum mr_group from = MR_GROUP_BASE; from <= MR_GROUP_DOUBT; from++) {
            const struct mr_ruling v = mr_decide_below(&f, from);
            assert_true(v.group == from || v.group == MR_GROUP_LOST);
            assert_true((v.because == MR_SAYS_NOTHING) == (v.group == from) ||
                        from == MR_GROUP_LOST);
        }
    }
}

static void test_all_obstacles(void **state)
{
    (void)state;
    static const size_t facts[] = {
        AT(counted), AT(keyless),   AT(there),         AT(taken),    AT(traced), AT(rival),
        AT(crosses), AT(ambiguous), AT(owned),         AT(guarded),  AT(unfit),  AT(disagrees),
        AT(twin),    AT(attaches),  AT(differs_above), AT(restored), AT(gone)};
    const size_t n = sizeof facts / sizeof facts[0];
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        const struct mr_fact f = world_of(world, facts, n);
        for (enum mr_group g = MR_GROUP_BASE; g <= MR_GROUP_DOUBT; g++) {
            const struct mr_obstacle o = mr_decide_obstacle(&f, g);
            if (f.there)
                assert_int_equal(o.conflict, MR_CONFLICT_NONE);
            /* what nobody was asked about is not written */
            if (!f.there && !f.restored &&
                (f.gone || g == MR_GROUP_GONE || g == MR_GROUP_MAYBE || g == MR_GROUP_DOUBT))
                assert_int_not_equal(o.conflict, MR_CONFLICT_NONE);
            /* what TARGET would refuse is not tried, whoever restores it */
            if (!f.there && (f.unfit || f.rival || f.disagrees ||
                             (f.guarded && (f.crosses || f.ambiguous || f.owned))))
                assert_int_not_equal(o.conflict, MR_CONFLICT_NONE);
            assert_true((o.conflict == MR_CONFLICT_NONE) ==
                        (o.because == MR_SAYS_FREE || o.because == MR_SAYS_THERE));
        }
    }
}

/* From the facts to the end. */
static const struct {
    struct mr_fact fact;
    enum mr_group group;
    enum mr_conflict conflict;
} merged[] = {
    {{.counted = true, .above = true, .taken = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {{.counted = true, .above = true}, MR_GROUP_MAYBE, MR_CONFLICT_DELETED_OR_LOST},
    {{.counted = true, .above = true, .refers_to_lost = true}, MR_GROUP_LOST, MR_CONFLICT_NONE},
    {{.counted = true, .above = true, .there = true, .differs = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DIFFERS},
    {{.counted = true, .there = true, .differs = true, .same_name = true},
     MR_GROUP_BASE,
     MR_CONFLICT_CHANGED},
    {{.there = true, .key_refers_to_lost = true, .differs = true},
     MR_GROUP_LOST,
     MR_CONFLICT_DIFFERS},
    {{.refers_to_lost = true, .taken = true}, MR_GROUP_LOST, MR_CONFLICT_KEY_TAKEN},
};

static void test_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merged / sizeof merged[0]; i++) {
        const struct mr_outcome o = mr_decide_merge(&merged[i].fact);
        if (o.ruling.group != merged[i].group || o.obstacle.conflict != merged[i].conflict)
            fail_msg("row %zu: %s, %s", i, mr_group_name(o.ruling.group),
                     mr_conflict_name(o.obstacle.conflict));
    }
}

static void test_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < MR_FACTS; i++) {
        const struct mr_fact f = mr_fact_of((uint64_t)1 << i);
        assert_true(mr_fact_bits(&f) == (uint64_t)1 << i);
        assert_non_null(mr_fact_name(i));
        assert_non_null(mr_fact_words(i));
    }
    assert_string_equal(mr_fact_name(0), "counted");
    assert_true(mr_fact_of(1).counted);
}

static void test_names(void **state)
{
    (void)state;
    for (enum mr_group g = MR_GROUP_BASE; g <= MR_GROUP_DOUBT; g++)
        assert_int_equal(mr_group_named(mr_group_name(g)), g);
    assert_null(mr_group_name(MR_GROUP_UNDECIDED));
    assert_int_equal(mr_group_named(NULL), MR_GROUP_UNDECIDED);
    assert_int_equal(mr_group_named("found"), MR_GROUP_UNDECIDED);
    assert_string_equal(mr_sentence_words(MR_SAYS_ASKED),
                        "whether a row was lost or deleted, if nothing tells, is asked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_all_obstacles),
        cmocka_unit_test(test_every_sentence),
        cmocka_unit_test(test_all_worlds),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
