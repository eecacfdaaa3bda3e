/* decide_group.c: what kind of row a row is; see decide.h. */
#include <string.h>

#include "repair/decide/decide.h"

static const char *const group_names[] = {
    [MR_GROUP_UNDECIDED] = NULL, [MR_GROUP_BASE] = "base", [MR_GROUP_GONE] = "gone",
    [MR_GROUP_SAME] = "same",    [MR_GROUP_LOST] = "lost", [MR_GROUP_MAYBE] = "maybe",
    [MR_GROUP_DOUBT] = "doubt"};

const char *mr_group_name(enum mr_group group)
{
    return group_names[group];
}

enum mr_group mr_group_named(const char *name)
{
    for (size_t i = 1; name != NULL && i < sizeof group_names / sizeof group_names[0]; i++)
        if (strcmp(group_names[i], name) == 0)
            return (enum mr_group)i;
    return MR_GROUP_UNDECIDED;
}

const char *mr_sentence_words(enum mr_sentence sentence)
{
    static const char *const words[MR_SENTENCES] = {
#define MR_SENTENCE(symbol, section, words) [symbol] = words,
#include "repair/decide/sentences.def"
#undef MR_SENTENCE
    };
    return words[sentence];
}

static struct mr_ruling ruling(enum mr_group group, enum mr_sentence because)
{
    return (struct mr_ruling){group, because};
}

/* They know the split, and TARGET has no such row. */
static struct mr_ruling by_logs(const struct mr_fact *f)
{
    return f->stood ? ruling(MR_GROUP_GONE, MR_SAYS_STOOD) : ruling(MR_GROUP_LOST, MR_SAYS_MADE);
}

/* A key that a counter made says on which side of the split its row was made. */
static struct mr_ruling group_counted(const struct mr_fact *f)
{
    if (f->same)
        return ruling(MR_GROUP_SAME, MR_SAYS_SAME);
    if (!f->above)
        return f->there ? ruling(MR_GROUP_BASE, MR_SAYS_BASE) : ruling(MR_GROUP_GONE, MR_SAYS_GONE);
    if (f->doubt)
        return ruling(MR_GROUP_DOUBT, MR_SAYS_DOUBT);
    if (f->merged)
        return ruling(MR_GROUP_LOST, MR_SAYS_MERGED);
    if (f->taken)
        return ruling(MR_GROUP_LOST, MR_SAYS_TAKEN);
    if (f->there || f->held)
        return ruling(MR_GROUP_LOST, MR_SAYS_HELD);
    if (f->believed)
        return ruling(MR_GROUP_LOST, MR_SAYS_BELIEVED);
    if (f->restored)
        return ruling(MR_GROUP_LOST, MR_SAYS_RESTORED);
    if (f->stood || f->made)
        return by_logs(f);
    if (f->fresh)
        return ruling(MR_GROUP_LOST, MR_SAYS_FRESH);
    return ruling(MR_GROUP_MAYBE, MR_SAYS_MAYBE);
}

/* Another key (a UUID, a name, one that is made of references) says nothing of time. */
static struct mr_ruling group_uncounted(const struct mr_fact *f)
{
    if (f->merged)
        return ruling(MR_GROUP_LOST, MR_SAYS_MERGED);
    if (f->there)
        return ruling(MR_GROUP_BASE, MR_SAYS_BY_KEY);
    if (f->restored)
        return ruling(MR_GROUP_LOST, MR_SAYS_RESTORED);
    if (f->stood || f->made)
        return by_logs(f);
    if (f->late)
        return ruling(MR_GROUP_LOST, MR_SAYS_LATE);
    return ruling(MR_GROUP_MAYBE, MR_SAYS_PARENTS_BASE);
}

struct mr_ruling mr_decide_group(const struct mr_fact *f)
{
    return f->counted ? group_counted(f) : group_uncounted(f);
}

struct mr_ruling mr_decide_below(const struct mr_fact *f, enum mr_group group)
{
    if (group == MR_GROUP_MAYBE && f->refers_to_lost)
        return ruling(MR_GROUP_LOST, MR_SAYS_REFERS_TO_LOST);
    if (f->counted)
        return ruling(group, MR_SAYS_NOTHING);
    if (group == MR_GROUP_MAYBE && f->refers_to_new)
        return ruling(MR_GROUP_LOST, MR_SAYS_REFERS_TO_NEW);
    if (group == MR_GROUP_BASE && f->key_refers_to_lost)
        return ruling(MR_GROUP_LOST, MR_SAYS_KEY_OF_LOST);
    return ruling(group, MR_SAYS_NOTHING);
}
