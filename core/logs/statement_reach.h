/*
 * statement_reach: which tables may a statement have changed, of whose rows the log says nothing?
 *
 * A log has statements beside rows: definitions, and changes of servers with binlog_format STATEMENT or
 * MIXED.  From such a statement on nothing is known of the rows of what it may have touched.  It is
 * not parsed as a server does: the words that it begins with, and the names of tables behind them where
 * these say all (ALTER TABLE t, TRUNCATE t, DROP TABLE a, b, RENAME TABLE a TO b).  Whatever is not
 * understood may have touched everything in its databases, or, where it does not name them, all.
 *
 * Threads: no state.  Errors: MR_E_NOMEM.
 */
#ifndef MR_STATEMENT_REACH_H
#define MR_STATEMENT_REACH_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/binlog/binlog_query.h"

enum mr_reach {
    MR_REACH_NOTHING = 1, /* no rows: GRANT, CREATE INDEX, ANALYZE … */
    MR_REACH_TABLES,      /* those that it names */
    MR_REACH_DATABASES,   /* whatever is in those */
    MR_REACH_ALL
};

struct mr_named_table {
    const char *db, *name;
};

struct mr_statement_reach {
    enum mr_reach reach;
    bool is_definition; /* of tables; else a change of rows */
    bool is_beside;     /* a definition of what no database keeps: accounts, temporary tables … */
    bool makes_table;   /* a definition of a table or sequence that is there from then on */
    /* An ALTER TABLE that leaves rows alone, with a foreign key that changes them from then on, of which no
     * log tells: its table stands in `tables`. */
    bool adds_cascade;
    struct mr_vec tables; /* struct mr_named_table; of REACH_DATABASES name is NULL */
};

/* The texts live in the arena; *out is released by mr_statement_reach_release, also after a failure. */
enum mr_code mr_statement_reach(const struct mr_binlog_query *query, struct mr_arena *arena,
                                struct mr_statement_reach *out, struct mr_err *err);
void mr_statement_reach_release(struct mr_statement_reach *reach);
/* Does it touch that table?  Names are compared without regard to letters (letters.h): a server may fold them. */
bool mr_statement_reaches(const struct mr_statement_reach *reach, const char *db, const char *name);
/* Does it add to that table a foreign key that changes its rows? */
bool mr_statement_hangs(const struct mr_statement_reach *reach, const char *db, const char *name);

#endif
