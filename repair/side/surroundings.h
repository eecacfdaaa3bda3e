/*
 * surroundings: what acts on the rows of a table beside its columns, as texts.
 *
 * Triggers (with a digest of the body), unique indexes, CHECK constraints, foreign keys of
 * the table and those of any table that refer to it, and the engine: one text each, or one a
 * column, which is the same as long as the thing is.  What is new or other than it was is
 * found by comparing two lists of texts.
 *
 * As information_schema shows it to the account: an empty list proves nothing where the
 * right to see is missing (core/db/grants.h).  Ownership: texts live in the arena.
 * Errors: those of db.h.  Threads: one.
 */
#ifndef MR_SURROUNDINGS_H
#define MR_SURROUNDINGS_H

#include "core/base/arena.h"
#include "core/db/db.h"

struct mr_surroundings {
    const char *const *items;
    size_t count;
};

/* Of one table, as the server tells it now. */
enum mr_code mr_surroundings_read(struct mr_db *db, const char *dbname, const char *table,
                                  struct mr_arena *arena, struct mr_surroundings *out,
                                  struct mr_err *err);

/* Does the first list hold a text that is none of the second?  NULL: no. */
const char *mr_surroundings_new(const struct mr_surroundings *now,
                                const struct mr_surroundings *then,
                                bool (*counts)(const char *text));

/* What the writes to a table lean on; true: it must be what it was. */
struct mr_surroundings_needs {
    const char *dbname, *table;
    bool unique;   /* its unique indexes: nobody comes with a value that a row has */
    bool refers;   /* foreign keys of it: the parent stays */
    bool referred; /* foreign keys to it: nobody comes to refer to a row that goes */
};

/* What was there, is needed, and is gone, among `then` from *at on, which is set behind it; a
 * primary key is always needed.  NULL: nothing.  CHECK constraints and triggers that are gone
 * stop nobody. */
const char *mr_surroundings_gone(const struct mr_surroundings *now,
                                 const struct mr_surroundings *then,
                                 const struct mr_surroundings_needs *needs, size_t *at);

/* The table of a foreign key, as such a text has it; bytes of the text. */
struct mr_surroundings_child {
    const char *db, *table; /* none ends with NUL */
    size_t db_len, table_len;
};
/* False: the text is none of a foreign key, or names make it ambiguous. */
bool mr_surroundings_child(const char *text, struct mr_surroundings_child *out);

/* A trigger, as such a text has it; bytes of the text. */
struct mr_surroundings_trigger {
    const char *name, *timing, *event; /* none ends with NUL */
    size_t name_len, timing_len, event_len;
};
/* False: the text is none of a trigger. */
bool mr_surroundings_trigger(const char *text, struct mr_surroundings_trigger *out);

/* May such a text stop the rows of a plan from being taken back?  (For `counts`.) */
bool mr_surroundings_of_undo(const char *text);

#endif
