/* decide_twin.c: two rows of one key, and two states of one row; see decide.h. */
#include "repair/decide/decide.h"

static struct mr_likeness likeness(enum mr_twin twin, enum mr_sentence because)
{
    return (struct mr_likeness){twin, because};
}

struct mr_likeness mr_decide_twin(const struct mr_fact *f)
{
    const bool settled = f->settled || f->refers_to_lost;
    if (!f->dated && (f->same_name || !f->alike))
        return likeness(MR_TWIN_OTHER, MR_SAYS_NOTHING_ALIKE);
    if (!f->dated)
        return settled ? likeness(MR_TWIN_OTHER, MR_SAYS_SETTLED)
                       : likeness(MR_TWIN_DOUBT, MR_SAYS_ALIKE);
    if (!f->same_time)
        return likeness(MR_TWIN_OTHER, MR_SAYS_BORN_APART);
    if (f->same_name)
        return likeness(MR_TWIN_SELF, MR_SAYS_BORN_TOGETHER);
    if (f->split && f->believed)
        return likeness(MR_TWIN_OTHER, MR_SAYS_SPLIT_BY_TIME);
    return settled ? likeness(MR_TWIN_OTHER, MR_SAYS_SETTLED)
                   : likeness(MR_TWIN_DOUBT, MR_SAYS_BORN_AS_ANOTHER);
}

static struct mr_obstacle value(enum mr_conflict conflict, enum mr_sentence because)
{
    return (struct mr_obstacle){conflict, because};
}

struct mr_obstacle mr_decide_values(const struct mr_fact *f, enum mr_group group)
{
    if (!f->there || !f->differs)
        return value(MR_CONFLICT_NONE, MR_SAYS_EQUAL);
    if (group == MR_GROUP_LOST)
        return value(MR_CONFLICT_DIFFERS, MR_SAYS_DIFFERS);
    if (f->edited_live && !f->edited)
        return value(MR_CONFLICT_NONE, MR_SAYS_LIVE_EDITED);
    if (f->edited && !f->edited_live)
        return value(MR_CONFLICT_CHANGED_IN_SOURCE, MR_SAYS_SOURCE_EDITED);
    return f->same_name ? value(MR_CONFLICT_CHANGED, MR_SAYS_CHANGED)
                        : value(MR_CONFLICT_IDENTITY_CHANGED, MR_SAYS_RENAMED);
}
