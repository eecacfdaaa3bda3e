/* cutover_names.c: see cutover_names.h. */
#include "recon/gate/cutover_names.h"

#include "recon/gate/gate_pick.h"

#define SETTING_PRIORITY 1

const struct mr_choice mr_cutover_choices[] = {
#define MR_CUTOVER_NAME(id, priority, text) {#id, MR_CUTOVER_##id},
#include "recon/gate/cutover_names.def"
#undef MR_CUTOVER_NAME
#define MR_CUTOVER_SETTING(id, also, kind, severity, how) {#id, MR_CUTOVER_SETTING_##id},
#include "recon/gate/cutover_settings.def"
#undef MR_CUTOVER_SETTING
    {NULL, 0},
};

unsigned mr_cutover_priority(enum mr_cutover_name name)
{
    static const unsigned priorities[MR_CUTOVER_NAMES_END] = {
#define MR_CUTOVER_NAME(id, level, text) [MR_CUTOVER_##id] = (level),
#include "recon/gate/cutover_names.def"
#undef MR_CUTOVER_NAME
#define MR_CUTOVER_SETTING(id, also, kind, severity, how)                                          \
    [MR_CUTOVER_SETTING_##id] = SETTING_PRIORITY,
#include "recon/gate/cutover_settings.def"
#undef MR_CUTOVER_SETTING
    };
    return priorities[name];
}

const char *mr_cutover_text(enum mr_cutover_name name)
{
    return name > MR_CUTOVER_NONE && name < MR_CUTOVER_NAMES_END ? mr_cutover_choices[name - 1].word
                                                                 : "";
}

enum mr_code mr_cutover_wanted(const struct mr_string_list *only, const struct mr_string_list *skip,
                               bool wanted[MR_CUTOVER_NAMES_END], struct mr_err *err)
{
    return mr_gate_pick(mr_cutover_choices, only, skip, wanted, MR_CUTOVER_NAMES_END, err);
}
