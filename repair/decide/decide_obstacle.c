/* decide_obstacle.c: what keeps a row from being written; see decide.h. */
#include "repair/decide/decide.h"

static struct mr_obstacle obstacle(enum mr_conflict conflict, enum mr_sentence because)
{
    return (struct mr_obstacle){conflict, because};
}

/* Is it to be there at all?  Who restores a row has answered that. */
static struct mr_obstacle by_existence(const struct mr_fact *f, enum mr_group group)
{
    if (f->restored)
        return obstacle(MR_CONFLICT_NONE, MR_SAYS_FREE);
    if (f->gone)
        return obstacle(MR_CONFLICT_DELETED_SINCE, MR_SAYS_DELETED_SINCE);
    /* who wants it to be there has to know that it would be a stranger's */
    if (f->attaches && (group == MR_GROUP_GONE || group == MR_GROUP_MAYBE))
        return obstacle(MR_CONFLICT_ORPHAN_WOULD_ATTACH, MR_SAYS_ATTACHES);
    if (group == MR_GROUP_GONE)
        return obstacle(MR_CONFLICT_DELETED_ON_LIVE, MR_SAYS_GONE);
    if (group == MR_GROUP_DOUBT)
        return obstacle(MR_CONFLICT_PAST_OR_LOST, MR_SAYS_DOUBT);
    if (group == MR_GROUP_MAYBE)
        return obstacle(MR_CONFLICT_DELETED_OR_LOST, MR_SAYS_ASKED);
    return obstacle(MR_CONFLICT_NONE, MR_SAYS_FREE);
}

/* What is ambiguous can be restored all the same where no index forbids it. */
static struct mr_obstacle by_identity(const struct mr_fact *f)
{
    if (f->restored && !f->guarded)
        return obstacle(MR_CONFLICT_NONE, MR_SAYS_FREE);
    return mr_decide_identity(f).obstacle;
}

static struct mr_obstacle by_references(const struct mr_fact *f)
{
    if (f->differs_above && !f->restored)
        return obstacle(MR_CONFLICT_PARENT_DIFFERS, MR_SAYS_DIFFERS_ABOVE);
    if (f->attaches && !f->restored)
        return obstacle(MR_CONFLICT_ORPHAN_WOULD_ATTACH, MR_SAYS_ATTACHES);
    if (f->disagrees)
        return obstacle(MR_CONFLICT_REFERENCES_DISAGREE, MR_SAYS_DISAGREES);
    return obstacle(MR_CONFLICT_NONE, MR_SAYS_FREE);
}

/* A counter gives another id where the key is taken; nothing gives another name. */
static struct mr_obstacle by_values(const struct mr_fact *f, enum mr_group group)
{
    if (f->unfit)
        return obstacle(MR_CONFLICT_DOES_NOT_FIT, MR_SAYS_UNFIT);
    if (f->rival)
        return obstacle(MR_CONFLICT_UNIQUE, MR_SAYS_RIVAL);
    if (!f->counted && !f->keyless && group == MR_GROUP_LOST &&
        (f->taken || f->twin || (f->traced && !f->restored)))
        return obstacle(MR_CONFLICT_KEY_TAKEN, MR_SAYS_KEY_TAKEN);
    return obstacle(MR_CONFLICT_NONE, MR_SAYS_FREE);
}

bool mr_decide_displaced(const struct mr_fact *f)
{
    return f->namesake && !(f->counted && f->above);
}

struct mr_obstacle mr_decide_obstacle(const struct mr_fact *f, enum mr_group group)
{
    if (f->there)
        return obstacle(MR_CONFLICT_NONE, MR_SAYS_THERE);
    if (mr_decide_displaced(f))
        return obstacle(MR_CONFLICT_DUPLICATE, MR_SAYS_NAMESAKE);
    struct mr_obstacle found = by_existence(f, group);
    if (found.conflict == MR_CONFLICT_NONE)
        found = by_identity(f);
    if (found.conflict == MR_CONFLICT_NONE)
        found = by_references(f);
    return found.conflict == MR_CONFLICT_NONE ? by_values(f, group) : found;
}
