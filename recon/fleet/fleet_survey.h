/*
 * fleet_survey: the tables of a pair, as a check of it would plan them, without reading a row.
 *
 *   mr_fleet_survey_new → lines "check --cuts N … SOURCE TARGET" for fleet_tasks, with its commands
 *     → mr_fleet_sizes_take of each → mr_fleet_survey_free
 *
 * A survey is a line of myrecon that has its own "check": it takes the options of check, so that
 * configurations mean what they will mean when the parts run, opens both sides, plans the tables, and
 * prints a line a table (fleet_sizes.h) in the place of comparing.  A table of more than MR_UNIT_BYTES
 * whose key both sides order alike comes with the keys at which it can be cut.  What check gives up
 * when it plans is listed as any other, whole: the part that has it tells why.
 *
 * Costs a server what the beginning of a check does, and fleet_cuts.h.  Errors: those of check up to
 * its plan; MR_E_USAGE for a configuration that chooses tables or rows by [options].
 */
#ifndef MR_FLEET_SURVEY_H
#define MR_FLEET_SURVEY_H

#include "core/cli/cli.h"

struct mr_fleet_survey;

/* all: the commands of myrecon, which outlive it. */
enum mr_code mr_fleet_survey_new(struct mr_command_list all, struct mr_fleet_survey **out,
                                 struct mr_err *err);
struct mr_command_list mr_fleet_survey_commands(const struct mr_fleet_survey *survey);
void mr_fleet_survey_free(struct mr_fleet_survey *survey); /* NULL is fine */

#endif
