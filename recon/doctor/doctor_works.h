/*
 * doctor_works: --for, whose needs `doctor` and `fleet doctor` look at.
 *
 * Threads: no state.
 */
#ifndef MR_DOCTOR_WORKS_H
#define MR_DOCTOR_WORKS_H

#include "core/cli/settings.h"

extern const struct mr_choice
    mr_doctor_work_words[]; /* of MR_DOCTOR_FOR_…; a NULL word ends them */

/* An entry of an option table; the field is a struct mr_string_list. */
#define MR_DOCTOR_FOR_OPTION(owner, field)                                                         \
    {                                                                                              \
        .name = "for", .type = MR_OPTION_LIST, .offset = offsetof(owner, field), .arg = "COMMAND", \
        .choices = mr_doctor_work_words, .group = "What is examined",                              \
        .help = "whose needs: check, snapshot, gate, repair, restore or history, joined by "       \
                "commas; repeatable",                                                              \
        .initial_note = "check, snapshot, gate; repair where the account may write",               \
        .not_in_file = true                                                                        \
    }

/* Adds their bits to *work.  MR_E_USAGE for a word that is none, with the nearest one. */
enum mr_code mr_doctor_works(const struct mr_settings *settings, const struct mr_string_list *list,
                             unsigned *work, struct mr_err *err);

#endif
