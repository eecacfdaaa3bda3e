/* decide_copy.c: what backfill, newest and mirror do with a key; see decide_copy.h. */
#include "repair/decide/decide_copy.h"

static struct mr_copy_ruling does(enum mr_copy_deed deed, enum mr_sentence because)
{
    return (struct mr_copy_ruling){deed, {MR_CONFLICT_NONE, because}};
}

static struct mr_copy_ruling asks(enum mr_conflict conflict, enum mr_sentence because)
{
    return (struct mr_copy_ruling){MR_COPY_LEAVES, {conflict, because}};
}

/* Time tells which of two states of a row is kept, where there is one. */
static struct mr_copy_ruling by_time(const struct mr_copy_fact *f)
{
    if (f->newer)
        return does(MR_COPY_UPDATES, MR_SAYS_NEWER);
    return f->older ? asks(MR_CONFLICT_CHANGED, MR_SAYS_OLDER)
                    : asks(MR_CONFLICT_DIFFERS, MR_SAYS_NO_TIME);
}

static struct mr_copy_ruling of_both(const struct mr_copy_fact *f, enum mr_copy_policy policy)
{
    if (!f->differs)
        return does(MR_COPY_LEAVES, MR_SAYS_COPY_EQUAL);
    if (policy == MR_COPY_MIRROR)
        return does(MR_COPY_UPDATES, MR_SAYS_MIRRORED);
    if (!f->same_name)
        return asks(MR_CONFLICT_KEY_TAKEN, MR_SAYS_SOMEBODY_ELSE);
    return policy == MR_COPY_BACKFILL ? asks(MR_CONFLICT_CHANGED, MR_SAYS_BACKFILLED) : by_time(f);
}

static struct mr_copy_ruling of_target(enum mr_copy_policy policy)
{
    return policy == MR_COPY_MIRROR ? does(MR_COPY_DELETES, MR_SAYS_MIRROR_DELETES)
                                    : does(MR_COPY_KEEPS, MR_SAYS_KEPT);
}

struct mr_copy_ruling mr_decide_copy(const struct mr_copy_fact *f, enum mr_copy_policy policy)
{
    if (!f->planned)
        return does(MR_COPY_LEAVES, MR_SAYS_UNPLANNED);
    struct mr_copy_ruling ruling = !f->on_source  ? of_target(policy)
                                   : f->on_target ? of_both(f, policy)
                                                  : does(MR_COPY_INSERTS, MR_SAYS_LACKED);
    /* one of them may be TARGET's row, and equal: the others would be lost without a word */
    if (f->several && ruling.deed != MR_COPY_KEEPS)
        ruling.why = (struct mr_obstacle){MR_CONFLICT_DUPLICATE, MR_SAYS_SEVERAL};
    return ruling;
}
