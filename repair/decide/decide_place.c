/* decide_place.c: who of TARGET a row is, and which key it has there; see decide.h. */
#include "repair/decide/decide.h"

static struct mr_meeting meeting(bool is_it, enum mr_conflict conflict, enum mr_sentence because)
{
    return (struct mr_meeting){is_it, {conflict, because}};
}

/* A key that a counter made above the past says nothing: it may have been given twice. */
struct mr_meeting mr_decide_holder(const struct mr_fact *f)
{
    if (!f->taken)
        return meeting(false, MR_CONFLICT_NONE, MR_SAYS_NOTHING);
    if (f->merged)
        return meeting(true, MR_CONFLICT_NONE, MR_SAYS_CHOSEN);
    if (f->namesake)
        return meeting(false, MR_CONFLICT_DUPLICATE, MR_SAYS_NAMESAKE);
    if (!f->counted)
        return meeting(true, MR_CONFLICT_NONE, MR_SAYS_BY_KEY);
    if (!f->above)
        return meeting(true, MR_CONFLICT_NONE, MR_SAYS_BASE);
    return f->same ? meeting(true, MR_CONFLICT_NONE, MR_SAYS_SAME)
                   : meeting(false, MR_CONFLICT_NONE, MR_SAYS_TAKEN);
}

struct mr_meeting mr_decide_identity(const struct mr_fact *f)
{
    if (f->crosses)
        return meeting(false, MR_CONFLICT_IDENTITY_CROSSES_BASE, MR_SAYS_CROSSES);
    if (f->ambiguous)
        return meeting(false, MR_CONFLICT_DUPLICATE, MR_SAYS_AMBIGUOUS);
    if (f->owned)
        return meeting(false, MR_CONFLICT_OWNER_DIFFERS, MR_SAYS_OWNED);
    return f->met ? meeting(true, MR_CONFLICT_NONE, MR_SAYS_MET)
                  : meeting(false, MR_CONFLICT_NONE, MR_SAYS_NOTHING);
}

struct mr_placing mr_decide_place(const struct mr_fact *f)
{
    if (f->there)
        return (struct mr_placing){MR_PLACE_THERE, MR_SAYS_THERE};
    if (f->counted && f->above && f->taken)
        return (struct mr_placing){MR_PLACE_NEW_ID, MR_SAYS_NEW_FOR_TAKEN};
    if (f->counted && f->above && f->traced)
        return (struct mr_placing){MR_PLACE_NEW_ID, MR_SAYS_NEW_FOR_TRACE};
    return (struct mr_placing){MR_PLACE_KEY, MR_SAYS_KEEPS_KEY};
}
