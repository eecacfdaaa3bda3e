/*
 * gate_pick: which checks --only and --skip leave, of `gate check` and `gate cutover`.
 *
 * Names are a list of choices that a NULL word ends; the value of each is its place in `wanted`, and
 * 0 is none.  Threads: no state.
 */
#ifndef MR_GATE_PICK_H
#define MR_GATE_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cli/option.h"

/* --only and --skip of the options in `of`, which has lists of these names. */
#define MR_GATE_PICK_OPTIONS(of, names)                                                            \
    {.name = "only",                                                                               \
     .type = MR_OPTION_LIST,                                                                       \
     .offset = offsetof(of, only),                                                                 \
     .arg = "NAME",                                                                                \
     .choices = (names),                                                                           \
     .group = "Which checks",                                                                      \
     .help = "only this check; repeatable",                                                        \
     .not_in_file = true},                                                                         \
    {                                                                                              \
        .name = "skip", .type = MR_OPTION_LIST, .offset = offsetof(of, skip), .arg = "NAME",       \
        .choices = (names), .group = "Which checks", .help = "not this check; repeatable",         \
        .not_in_file = true                                                                        \
    }

/* The value of that name, or 0 with MR_E_USAGE and the nearest name. */
int mr_gate_pick_find(const struct mr_choice *names, const char *name, struct mr_err *err);
/* Fills wanted[count].  Each item of the lists may hold several names, joined by commas.  MR_E_USAGE
 * for a name that is none, and where nothing is left. */
enum mr_code mr_gate_pick(const struct mr_choice *names, const struct mr_string_list *only,
                          const struct mr_string_list *skip, bool *wanted, size_t count,
                          struct mr_err *err);

#endif
