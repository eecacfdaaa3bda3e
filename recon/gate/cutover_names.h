/*
 * cutover_names: the names of all that `gate cutover` judges, in the order of the output.
 *
 * Threads: no state.
 */
#ifndef MR_CUTOVER_NAMES_H
#define MR_CUTOVER_NAMES_H

#include "core/cli/option.h"

enum mr_cutover_name {
    MR_CUTOVER_NONE = 0,
#define MR_CUTOVER_NAME(id, priority, text) MR_CUTOVER_##id,
#include "recon/gate/cutover_names.def"
#undef MR_CUTOVER_NAME
#define MR_CUTOVER_SETTING(id, also, kind, severity, how) MR_CUTOVER_SETTING_##id,
#include "recon/gate/cutover_settings.def"
#undef MR_CUTOVER_SETTING
    MR_CUTOVER_NAMES_END
};

/* For --only and --skip; a NULL word ends them. */
extern const struct mr_choice mr_cutover_choices[];
/* Which are wanted: --only and --skip, whose items may hold several, joined by commas.  MR_E_USAGE
 * for a name that is none, with the nearest, and where nothing is left. */
enum mr_code mr_cutover_wanted(const struct mr_string_list *only, const struct mr_string_list *skip,
                               bool wanted[MR_CUTOVER_NAMES_END], struct mr_err *err);
unsigned mr_cutover_priority(enum mr_cutover_name name);
const char *mr_cutover_text(enum mr_cutover_name name);

#endif
