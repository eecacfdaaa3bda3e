/*
 * plan_asked: which questions the plans of a case have asked, so that an answer to another plan, or
 * to one that was made again since, is not taken for one to this (table plan_asked of the case).
 *
 * Errors: those of the case.  Threads: one.
 */
#ifndef MR_PLAN_ASKED_H
#define MR_PLAN_ASKED_H

#include "core/case/findings.h"
#include "repair/plan/manifest.h"

/* What this plan asks, when its directory has its name.  A plan without conflicts.csv asks
 * nothing. */
enum mr_code mr_plan_asked_keep(struct mr_case *cf, int64_t plan,
                                const struct mr_manifest *manifest, struct mr_err *err);

/* Does a file that answers the plan uuid, which asked what digest says, still answer the case?
 * *page_key (in arena): of the digests in that file; NULL: the case does not know it, as one that
 * is of no file.  MR_E_REFUSED: the case knows no such plan, it asked otherwise, or a later plan
 * asks other questions; named. */
enum mr_code mr_plan_asked_check(struct mr_case *cf, const char *uuid, const char *digest,
                                 struct mr_arena *arena, const char **page_key, struct mr_err *err);

#endif
