/*
 * pair_renamed: which column of TARGET is the twin of one of SOURCE: the one of that name, or
 * the one that the configuration names (column = OLD -> NEW).
 */
#ifndef MR_PAIR_RENAMED_H
#define MR_PAIR_RENAMED_H

#include "core/cli/config.h"
#include "core/pair/pair.h"

/* NULL: there is none.  name: SOURCE's. */
const struct mr_column *mr_pair_renamed_twin(const struct mr_table_config *config,
                                             const struct mr_table *const side[MR_SIDES],
                                             const char *name);

/* Is TARGET's column of that name the twin of one that SOURCE calls otherwise? */
bool mr_pair_is_renamed(const struct mr_table_config *config, const struct mr_table *source,
                        const char *name);

/* What the configuration says of columns must be there on both sides: else MR_E_CONFIG. */
enum mr_code mr_pair_renamed_check(const struct mr_table_config *config,
                                   const struct mr_table *const side[MR_SIDES], struct mr_err *err);

/* A condition as the configuration has it, with SOURCE's names, by TARGET's: words and quoted
 * names that are columns which TARGET calls otherwise are exchanged.  Strings, comments,
 * functions, variables and qualifiers stay.  *out is the condition itself, or in arena. */
enum mr_code mr_pair_renamed_condition(const struct mr_table_config *config,
                                       const struct mr_table *const side[MR_SIDES],
                                       const char *condition, struct mr_arena *arena,
                                       const char **out, struct mr_err *err);

/* Does a condition look at the column of that name?  Where memory is out it does. */
bool mr_pair_condition_reads(const char *condition, const char *column);

#endif
