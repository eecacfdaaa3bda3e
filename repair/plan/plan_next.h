/*
 * plan_next: what is to be done with a plan next, as commands that can be pasted.
 *
 * A plan is made by an account that reads.  It knows whether that one may write to the
 * planned databases; where it may not, the command names no account, so that the
 * environment or an option file says which one applies it.
 *
 * Errors: those of the strbuf.  Threads: any.
 */
#ifndef MR_PLAN_NEXT_H
#define MR_PLAN_NEXT_H

#include "core/db/grants.h"
#include "repair/plan/manifest.h"

/* TARGET as apply is to be given it; grants NULL: they are not known.  NULL: memory. */
const char *mr_plan_next_target(const char *target, const struct mr_grants *grants,
                                const struct mr_plan_server *server, struct mr_arena *arena);

/* Appends lines "apply it with: …", as terminals may show them; nothing where there is
 * nothing to apply. */
void mr_plan_next_apply(const struct mr_manifest *manifest, const char *dir, struct mr_strbuf *out);
/* Appends the line "decide one by one with: …", on a terminal. */
void mr_plan_next_decide(const struct mr_manifest *manifest, const char *dir,
                         struct mr_strbuf *out);
/* Logs the command that proves what was applied. */
void mr_plan_next_verify(const struct mr_manifest *manifest, const char *dir);
/* Logs the check that shows what is left, where the plan was made of a case. */
void mr_plan_next_check(const struct mr_manifest *manifest);

#endif
