/*
 * conflict: the kinds of conflicts, as they are called in conflicts.csv and configurations
 * (core/cli/conflict_kinds.def), and what a person may choose for them.
 *
 * Threads: any.  Errors: none.
 */
#ifndef MR_CONFLICT_H
#define MR_CONFLICT_H

#include <stdbool.h>

enum mr_conflict {
    MR_CONFLICT_NONE = 0,
#define MR_CONFLICT_KIND(symbol, name, classes) MR_CONFLICT_##symbol,
#include "core/cli/conflict_kinds.def"
#undef MR_CONFLICT_KIND
    MR_CONFLICTS
};

#define MR_CHOICE_RESTORE "restore"
#define MR_CHOICE_SKIP "skip"
#define MR_CHOICE_STOP "stop"
#define MR_CHOICE_COLUMNS "columns"
#define MR_CHOICE_KEEP "keep"
#define MR_CHOICE_DELETE "delete"
/* Of no kind: somebody has withdrawn what was decided about the row, and it is asked about. */
#define MR_CHOICE_OPEN "open"

const char *mr_conflict_name(enum mr_conflict conflict); /* NULL: none */
/* The other way; none is what no kind is called, and NULL. */
enum mr_conflict mr_conflict_named(const char *name);

/* Is it about what TARGET's row is to hold, so that a choice is for the row as it is on both sides? */
bool mr_conflict_is_value(enum mr_conflict conflict);
/* Is it settled where what is above the row is restored? */
bool mr_conflict_is_of_tree(enum mr_conflict conflict);

/* Does what a person chose for the row in one conflict answer another one, too?  Who restores a
 * row of which nothing was known but that it may be deleted was not told what else there is; who
 * chose a side for some columns has not said that the others are to be that side's.
 * None of the two: it does. */
bool mr_conflict_is_answered(enum mr_conflict conflict, enum mr_conflict asked, const char *choice);

/* What may be chosen for the row, joined by ';'. */
const char *mr_conflict_choices(enum mr_conflict conflict);
/* Is it one of these, with a column behind newest:, or to stop?  None: of any kind. */
bool mr_conflict_takes(enum mr_conflict conflict, const char *choice);

/* What each says who may choose; NULL: nothing. */
struct mr_voices {
    const char *person;  /* of this row */
    const char *above;   /* what was chosen for the tree that the row is of */
    const char *command; /* --on-conflict, of its kind */
    const char *earlier; /* an earlier plan, of this row */
    const char *table;   /* the configuration, of its kind in this table */
};
/* Whose word counts: NULL, nobody said anything. */
const char *mr_decide_choice(const struct mr_voices *voices);

#endif
