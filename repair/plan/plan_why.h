/*
 * plan_why: why a merge decided about a row as it did: what was known of it, the rules that it
 * followed (repair/decide), and which single fact would have made it come out otherwise.
 *
 * Plans of other policies, and of versions that kept no facts, say that they do not know.
 * Errors: those of the file, at its end.  Threads: any.
 */
#ifndef MR_PLAN_WHY_H
#define MR_PLAN_WHY_H

#include <stdio.h>

#include "core/json/jsonw.h"
#include "repair/plan/entity_file.h"

#define MR_PLAN_WHY_UNKNOWN                                                                        \
    "the plan did not look at it: check found it equal on both sides, or not at all, "             \
    "and "                                                                                         \
    "it refers to no row whose key changes"

/* awaited: the key of whom it waits for, for people; NULL: nobody, or not known. */
void mr_plan_why_text(FILE *out, const struct mr_entity_line *line, const char *awaited);
/* Members of an object that is open: group, facts, because, waits_for, otherwise. */
void mr_plan_why_json(struct mr_jsonw *w, const struct mr_entity_line *line, const char *awaited);

#endif
