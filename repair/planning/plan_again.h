/*
 * plan_again: the options of `repair plan` that a plan keeps, and `--again DIR`, which takes them up.
 *
 * Kept are the options of the command line that say what is planned, as NAME=VALUE; not the words of
 * who ran it: how it prints and logs, how it logs in, where the plan goes, a key to sign with, and
 * decisions, which stand in conflicts.csv and in the case.  Endpoints are kept without passwords.  What
 * configuration and environment say is read again.
 *
 * --again: an option given beside it takes the place of the kept one, a list that of the whole list.
 *
 * Ownership: texts live in the arena of the settings, or in the one given.
 * Errors: MR_E_REFUSED for a plan that was changed, that keeps no options (an older version), or that
 * is another user's; MR_E_USAGE for options that --again cannot go with; MR_E_IO.  Threads: no state.
 */
#ifndef MR_PLAN_AGAIN_H
#define MR_PLAN_AGAIN_H

#include "core/cli/settings.h"
#include "core/source/sides.h"
#include "repair/planning/plan_options.h"

/* Before the configuration is read: takes up what DIR keeps (a prepare of struct mr_option_set). */
enum mr_code mr_plan_again_prepare(struct mr_settings *settings, struct mr_err *err);
/* What this plan is to keep; uris: of both sides, without passwords, in place of those given. */
enum mr_code mr_plan_again_keep(const struct mr_settings *settings,
                                const char *const uris[MR_SIDES], struct mr_arena *arena,
                                const char *const **options, size_t *count, struct mr_err *err);
/* The decisions that the terminal keeps beside a plan answer that plan alone: where the new plan was made
 * with that very file, it goes on with the old plan, whose directory is `old` by now.  What keeps it from
 * that is told, and no error: the plan is made. */
void mr_plan_again_put_by(const struct mr_plan_options *o, const char *old, struct mr_arena *arena);

#endif
