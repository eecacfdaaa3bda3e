/* conflict.c: see conflict.h. */
#include "repair/decide/conflict.h"

#include <stddef.h>

const char *mr_conflict_name(enum mr_conflict conflict)
{
    static const char *const names[MR_CONFLICTS] = {
        [MR_CONFLICT_NONE] = NULL,
#define MR_CONFLICT_KIND(symbol, name, classes) [MR_CONFLICT_##symbol] = name,
#include "core/cli/conflict_kinds.def"
#undef MR_CONFLICT_KIND
    };
    return names[conflict];
}
