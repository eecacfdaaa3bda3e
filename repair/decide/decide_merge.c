/* decide_merge.c: a row from its facts to what becomes of it; see decide.h. */
#include "repair/decide/decide.h"

struct mr_outcome mr_decide_merge(const struct mr_fact *f)
{
    struct mr_outcome out = {.ruling = mr_decide_group(f)};
    const struct mr_ruling below = mr_decide_below(f, out.ruling.group);
    if (below.because != MR_SAYS_NOTHING)
        out.ruling = below;
    out.obstacle =
        f->there ? mr_decide_values(f, out.ruling.group) : mr_decide_obstacle(f, out.ruling.group);
    return out;
}
