/*
 * conflict: the kinds of conflicts, as they are called in conflicts.csv and configurations
 * (core/cli/conflict_kinds.def).
 */
#ifndef MR_CONFLICT_H
#define MR_CONFLICT_H

enum mr_conflict {
    MR_CONFLICT_NONE = 0,
#define MR_CONFLICT_KIND(symbol, name, classes) MR_CONFLICT_##symbol,
#include "core/cli/conflict_kinds.def"
#undef MR_CONFLICT_KIND
    MR_CONFLICTS
};

const char *mr_conflict_name(enum mr_conflict conflict); /* NULL: none */

#endif
