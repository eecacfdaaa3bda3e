/*
 * worlds.c: every world of facts, and what repair/decide makes of it, for rules.py.
 *
 *     worlds
 *
 * Prints of each decider a line with its name and the names of the facts that it is asked with,
 * and a line with a letter a world, 'a' + the answer: in world N a fact is true whose bit is
 * set in N, the first fact being bit 0.  A decider that goes by a group is asked for each, as
 * NAME:GROUP; copy by a policy, as copy:POLICY.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repair/decide/decide.h"
#include "repair/decide/decide_copy.h"

#define FACTS_MAX 20

static int by_group(const struct mr_fact *f, enum mr_group group)
{
    (void)group;
    return (int)mr_decide_group(f).group;
}

static int by_below(const struct mr_fact *f, enum mr_group group)
{
    return (int)mr_decide_below(f, group).group;
}

static int by_twin(const struct mr_fact *f, enum mr_group group)
{
    (void)group;
    return (int)mr_decide_twin(f).twin;
}

static int by_holder(const struct mr_fact *f, enum mr_group group)
{
    (void)group;
    return mr_decide_holder(f).is_it;
}

/* 0: it is nobody, 1: it is that row, else the conflict behind them. */
static int by_identity(const struct mr_fact *f, enum mr_group group)
{
    const struct mr_meeting m = mr_decide_identity(f);
    (void)group;
    return m.obstacle.conflict != MR_CONFLICT_NONE ? (int)m.obstacle.conflict + 1 : m.is_it;
}

static int by_place(const struct mr_fact *f, enum mr_group group)
{
    (void)group;
    return (int)mr_decide_place(f).place;
}

static int by_values(const struct mr_fact *f, enum mr_group group)
{
    return (int)mr_decide_values(f, group).conflict;
}

static int by_obstacle(const struct mr_fact *f, enum mr_group group)
{
    return (int)mr_decide_obstacle(f, group).conflict;
}

static const struct decider {
    const char *name;
    int (*decide)(const struct mr_fact *f, enum mr_group group);
    bool of_group;
    const char *facts; /* each with a blank behind it */
} deciders[] = {
    {"twin", by_twin, false,
     "dated same_time same_name alike split believed settled refers_to_lost "},
    {"group", by_group, false,
     "counted believed above fresh late there same taken held doubt restored merged "
     "keyless traced gone stood made "},
    {"below", by_below, true,
     "counted refers_to_lost refers_to_new key_refers_to_lost there above "},
    {"holder", by_holder, false,
     "counted above taken merged same namesake there traced believed fresh "},
    {"identity", by_identity, false, "met crosses ambiguous owned counted above taken "},
    {"place", by_place, false, "counted above there taken traced keyless restored "},
    {"values", by_values, true, "there differs same_name edited edited_live "},
    {"obstacle", by_obstacle, true,
     "counted keyless there taken traced rival crosses ambiguous owned guarded unfit "
     "disagrees twin attaches differs_above restored gone above namesake "},
};

/* The bit of that fact. */
static uint64_t find(const char *name, size_t len)
{
    for (size_t i = 0; i < MR_FACTS; i++)
        if (strlen(mr_fact_name(i)) == len && strncmp(mr_fact_name(i), name, len) == 0)
            return (uint64_t)1 << i;
    (void)fprintf(stderr, "worlds: there is no fact %.*s\n", (int)len, name);
    exit(3);
}

static void print_worlds(const struct decider *d, enum mr_group group)
{
    uint64_t of[FACTS_MAX];
    size_t n = 0;
    for (const char *at = d->facts; *at != '\0'; at += strcspn(at, " ") + 1)
        of[n++] = find(at, strcspn(at, " "));
    (void)printf("%s%s%s %s\n", d->name, d->of_group ? ":" : "",
                 d->of_group ? mr_group_name(group) : "", d->facts);
    for (size_t world = 0; world < (size_t)1 << n; world++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < n; i++)
            bits |= (world >> i & 1) != 0 ? of[i] : 0;
        const struct mr_fact f = mr_fact_of(bits);
        (void)putchar('a' + d->decide(&f, group));
    }
    (void)putchar('\n');
}

/* ---- the policies that copy, which have facts of their own ---- */

static const char *const policies[] = {
    [MR_COPY_MIRROR] = "mirror", [MR_COPY_BACKFILL] = "backfill", [MR_COPY_NEWEST] = "newest"};

static struct mr_copy_fact copy_world(unsigned world)
{
    return (struct mr_copy_fact){.planned = (world & 1) != 0,
                                 .on_source = (world & 2) != 0,
                                 .on_target = (world & 4) != 0,
                                 .differs = (world & 8) != 0,
                                 .same_name = (world & 16) != 0,
                                 .several = (world & 32) != 0,
                                 .newer = (world & 64) != 0,
                                 .older = (world & 128) != 0};
}

/* The deed, or behind them the conflict that keeps it from being done. */
static void print_copies(enum mr_copy_policy policy)
{
    (void)printf("copy:%s planned on_source on_target differs same_name several newer "
                 "older \n",
                 policies[policy]);
    for (unsigned world = 0; world < 256; world++) {
        const struct mr_copy_fact f = copy_world(world);
        const struct mr_copy_ruling is = mr_decide_copy(&f, policy);
        (void)putchar('a' + (is.why.conflict != MR_CONFLICT_NONE
                                 ? (int)MR_COPY_DELETES + (int)is.why.conflict
                                 : (int)is.deed));
    }
    (void)putchar('\n');
}

int main(void)
{
    for (size_t i = 0; i < sizeof deciders / sizeof deciders[0]; i++) {
        if (!deciders[i].of_group)
            print_worlds(&deciders[i], MR_GROUP_UNDECIDED);
        else
            for (enum mr_group g = MR_GROUP_BASE; g <= MR_GROUP_DOUBT; g++)
                print_worlds(&deciders[i], g);
    }
    for (enum mr_copy_policy p = MR_COPY_MIRROR; p <= MR_COPY_NEWEST; p++)
        print_copies(p);
    return fflush(stdout) == 0 ? 0 : 3;
}
