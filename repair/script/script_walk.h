/*
 * script_walk: a statement of a script, or an expression, token by token; see script_shape.h.
 *
 * Calling sequence: set text, fault, the scanner and, for an expression, prev; then mr_walk_on.
 * What is wrong is reported in *fault, once.  Threads: a walk belongs to one.
 */
#ifndef MR_SCRIPT_WALK_H
#define MR_SCRIPT_WALK_H

#include "core/db/sqlscan.h"
#include "repair/plan/manifest.h"
#include "repair/script/script_read.h"
#include "repair/script/script_words.h"

#define MR_WALK_LEVELS 100

struct mr_walk_table {
    const char *name; /* `db`.`table`, as scripts write it */
    bool written;
};

struct mr_script_shape {
    const struct mr_manifest *manifest;
    const char *db; /* `db` of staged tables */
    const struct mr_walk_table *tables;
    size_t ntables;
    struct mr_script_calls *calls; /* noted there, or NULL */
    struct mr_script_memo *memo;   /* statements that are right */
};

/* A parenthesis, or the statement itself. */
struct mr_walk_level {
    bool may_query;  /* may begin with SELECT or WITH */
    bool must_query; /* … and has to */
    bool query, with;
    bool from;      /* in its FROM */
    bool table;     /* a table is to come */
    bool from_word; /* of a function in which FROM is a word: TRIM(BOTH 'x' FROM y) */
};

struct mr_walk {
    const struct mr_script_shape *shape; /* NULL: an expression alone */
    enum mr_script_read_section section;
    struct mr_sqlscan scan;
    const char *text;
    struct mr_token prev;
    unsigned prev_is; /* set of enum mr_word */
    bool member;      /* prev stands behind a dot */
    struct mr_walk_level levels[MR_WALK_LEVELS];
    size_t depth;
    bool has_cte;
    bool assigns;                  /* commas part assignments of variables */
    bool one;                      /* no commas but in parentheses */
    bool sets;                     /* SET is to come, of an UPDATE */
    bool own0;                     /* the statement's own tables: staged ones */
    bool written0;                 /* … or those that are written to */
    struct mr_script_calls *calls; /* or NULL */
    struct mr_script_read_fault *fault;
};

enum mr_place { MR_PLACE_NONE, MR_PLACE_STAGED, MR_PLACE_READ, MR_PLACE_WRITTEN };

/* Notes what is wrong with the statement at that place of it; token: what is shown, or NULL.
 * Always false. */
bool mr_walk_fails(struct mr_walk *w, const char *at, const char *what,
                   const struct mr_token *token);
/* The next token but for "-- " comments; false at the end, and where something is wrong. */
bool mr_walk_next(struct mr_walk *w, struct mr_token *t);
/* A variable of ours, but not the one that is prepared and executed: that is set in one way. */
bool mr_walk_is_settable(const struct mr_token *t);
bool mr_walk_is_name(const struct mr_token *t); /* a plain one, without quotes */
bool mr_walk_is_text(const struct mr_token *t, const char *text);
/* Behind `db`: the rest of a table's name, without spaces. */
enum mr_place mr_walk_place(struct mr_walk *w, const struct mr_token *db, struct mr_token *name);
int mr_walk_compare_tables(const void *a, const void *b); /* for qsort() */
/* Goes on to the end, or behind the parenthesis that begins: is all of it right, and nothing
 * missing at the end? */
bool mr_walk_on(struct mr_walk *w, bool to_close);

#endif
