/*
 * affected_subject: which tables' rows are people, and which columns are listed.
 *
 * The subject tables are those that match a pattern of --subject, else those that the
 * configuration gives `subject = yes`, else those that the run held for subjects.  With
 * several of them the names of their identities' columns must agree, since they stand
 * under one header.
 */
#ifndef MR_AFFECTED_SUBJECT_H
#define MR_AFFECTED_SUBJECT_H

#include "core/cli/config.h"
#include "recon/affected/affected.h"

struct mr_affected_choice {
    struct mr_string_list subjects;        /* patterns of --subject */
    struct mr_string_list tables, exclude; /* patterns of tables whose findings count */
    struct mr_string_list columns;         /* of --columns */
    const struct mr_config *config;
    bool planned; /* the run is that of a plan (--plan), which another check alone leaves */
};

/* Fills subjects, fields and `selected` of the list, whose tables are loaded; all in its arena.
 * MR_E_NO_SUCH: a pattern that matches nothing, no subject is known, a column that no
 * subject table has.  MR_E_USAGE, MR_E_CONFIG: a choice that cannot be listed. */
enum mr_code mr_affected_choose(struct mr_affected *list, const struct mr_affected_choice *choice,
                                struct mr_err *err);

#endif
