/*
 * sequence: MariaDB's sequences as makers of ids: DEFAULT NEXTVAL(s).
 *
 * Errors: of db.h.  Threads: no state.
 */
#ifndef MR_SEQUENCE_H
#define MR_SEQUENCE_H

#include "core/base/arena.h"
#include "core/db/db.h"
#include "core/schema/schema.h"

/* The sequence that the column's default draws from; false: none.  own_db is that of the
 * column's table.  Names live in arena. */
bool mr_sequence_of(const struct mr_column *column, const char *own_db, struct mr_arena *arena,
                    const char **db, const char **name);

struct mr_sequence {
    uint64_t next; /* that is not handed out or cached yet; 0: negative */
    uint64_t maximum;
    uint64_t start, increment; /* increment 0: the server's auto_increment_increment */
    bool descends, cycles;
    uint64_t below; /* how far below 0 the next is */
};

/* Where it stands now.  Reading draws no number.  MR_E_CHANGED where it holds no row. */
enum mr_code mr_sequence_read(struct mr_db *db, const char *dbname, const char *name,
                              struct mr_sequence *out, struct mr_err *err);
/* Would it, in other's direction, give numbers that other has given? */
bool mr_sequence_is_behind(const struct mr_sequence *sequence, const struct mr_sequence *other);

#endif
