/*
 * object_kind: kinds of schema objects beside tables (object_kind.def), and of routines.
 *
 * A routine's full name begins with the word of its kind ("procedure p", "package body p"), since
 * a procedure and a function may share a name.
 *
 * Threads: any.  Errors: none.
 */
#ifndef MR_OBJECT_KIND_H
#define MR_OBJECT_KIND_H

#include <stdbool.h>

enum mr_object_kind {
    MR_OBJECT_NONE = 0,
#define MR_OBJECT_KIND(symbol, word, sql, stage, traits) MR_OBJECT_##symbol,
#include "core/schema/object_kind.def"
#undef MR_OBJECT_KIND
    MR_OBJECT_KINDS
};

/* When a restore makes objects of a kind. */
enum mr_object_stage {
    MR_MADE_WITH_DATABASES = 1,
    MR_MADE_FIRST, /* whatever else is made may draw from them */
    MR_MADE_BEFORE_TABLES,
    MR_MADE_BEHIND_ROWS, /* or they would act on rows that are loaded */
    MR_MADE_LAST         /* they act by themselves */
};

enum mr_object_trait {
    MR_OBJECT_LISTED = 1,   /* a catalogue lists it by itself: no part of something else */
    MR_OBJECT_RELATION = 2, /* tables share its names, and their rules for names */
    MR_OBJECT_BODY = 4      /* statements that run later, under settings of when it was made */
};

/* The next kind of that stage behind *kind (MR_OBJECT_NONE: the first); false: there is none. */
bool mr_object_next(enum mr_object_stage stage, enum mr_object_kind *kind);
bool mr_object_has(enum mr_object_kind kind, enum mr_object_trait trait);
/* "view"; and back: MR_OBJECT_NONE where no kind is called so. */
const char *mr_object_word(enum mr_object_kind kind);
enum mr_object_kind mr_object_named(const char *word);
/* What SQL calls an object of that full name ("PACKAGE BODY"), and *name: it without the word of a
 * routine's kind, within full. */
const char *mr_object_sql(enum mr_object_kind kind, const char *full, const char **name);

enum mr_routine_kind {
    MR_ROUTINE_NONE = 0, /* no routine's full name */
    MR_ROUTINE_PROCEDURE,
    MR_ROUTINE_FUNCTION,
    MR_ROUTINE_LIBRARY,      /* MySQL 9.2: JavaScript that routines import */
    MR_ROUTINE_PACKAGE_BODY, /* MariaDB; can be made behind its package only */
    MR_ROUTINE_PACKAGE
};

/* By the word that the full name of a routine begins with; of other objects it means nothing. */
enum mr_routine_kind mr_routine_kind(const char *full);

#endif
