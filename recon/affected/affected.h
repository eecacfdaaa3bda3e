/*
 * affected: what the parts of `myrecon affected` share: the run that is read, whose rows
 * are people, and what is listed of them.
 *
 * The parts, in the order in which affected_cmd.c calls them:
 *   affected_subject   which tables' rows are people; which columns are listed
 *   affected_people    the people whose own rows are findings, with their keys
 *   affected_reach     the people to whom findings of other tables lead
 *   affected_window    the people who registered in a window, read from the servers
 *   affected_gaps      what the case does not tell: the list is incomplete
 *   affected_line      the people in order, one line each
 *   affected_format    lines as CSV, JSON, SQL or by a template
 *
 * A PERSON is a row of a subject table, by its identity where that is not NULL, else by
 * its key; the rows of one identity on both sides are one person.
 */
#ifndef MR_AFFECTED_H
#define MR_AFFECTED_H

#include "core/case/findings.h"
#include "core/cli/option.h"

/* Why somebody is listed; in the order in which reasons are written. */
enum mr_affected_reason {
    MR_AFFECTED_MISSING = 1,
    MR_AFFECTED_EXTRA = 2,
    MR_AFFECTED_CHANGED = 4,
    MR_AFFECTED_COLLISION = 8,
    MR_AFFECTED_MOVED = 16,
    MR_AFFECTED_CHILD = 32,
    MR_AFFECTED_WINDOW = 64
};
#define MR_AFFECTED_REASONS 7
extern const char *const mr_affected_reason_names[MR_AFFECTED_REASONS];

/* What a field has that is no column (affected_told.h). */
enum mr_affected_told {
    MR_AFFECTED_NOT_TOLD = 0,
    MR_AFFECTED_FIRST_DIVERGENCE,
    MR_AFFECTED_LAST_CHANGE
};

/* A column of the subject tables that is listed: those of the identity first. */
struct mr_affected_field {
    const char *name;
    const char *label;          /* the same, or changed where it would be another field's name */
    bool repeated;              /* an earlier field shows the same column */
    enum mr_affected_told told; /* it is no column of a subject table */
};

struct mr_affected_plan; /* affected_plan.h */

struct mr_affected_subject {
    const struct mr_find_table *table;
    const size_t *columns; /* one a field; table->ncolumns: it has no such column */
    size_t nkey;           /* columns of its key; 0: it has none */
    bool counts;           /* its own findings are reasons (--tables, --exclude) */
};

struct mr_affected {
    struct mr_findings *fd;
    struct mr_arena arena;
    struct mr_find_run run;
    struct mr_find_table *tables; /* of the run, by name */
    size_t ntables;
    const bool *selected;                 /* one a table: its findings are reasons */
    struct mr_string_list only, without;  /* patterns that select; none: all tables */
    struct mr_affected_subject *subjects; /* by name */
    size_t nsubjects;
    const struct mr_affected_field *fields;
    size_t nfields, nidentity;
    struct mr_affected_plan *plan; /* NULL: no new_key is listed */
};

/* The subject whose table has that id in the case, or NULL. */
const struct mr_affected_subject *mr_affected_subject_of(const struct mr_affected *list,
                                                         int64_t table);
/* Position of the column of that name, compared as the servers do; ncolumns: none. */
size_t mr_affected_column(const struct mr_find_table *table, const char *name);

#endif
