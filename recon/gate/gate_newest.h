/*
 * gate_newest: which column of a table tells when a row came, and how to read its
 * greatest value without reading the table.
 *
 * The greatest value is read from an index that begins with the column; else from the
 * last rows by the primary key, where that is one integer column; else, in a small table,
 * from all rows; else not at all.
 */
#ifndef MR_GATE_NEWEST_H
#define MR_GATE_NEWEST_H

#include "core/cli/table_config.h"
#include "core/schema/schema.h"

#define MR_GATE_SMALL_ROWS 10000 /* as estimated: all of so few may be read */

enum mr_gate_newest_by {
    MR_GATE_BY_NOTHING = 0,
    MR_GATE_BY_INDEX,
    MR_GATE_BY_LAST_ROWS,
    MR_GATE_BY_ALL_ROWS
};

/* The configured time column; else the one that freshness names; else one that the
 * server fills with the time of the insert; else one whose name says so.  NULL: none. */
const struct mr_column *mr_gate_newest_column(const struct mr_table *table,
                                              const struct mr_table_config *config);

/* The one of them that says when a row came and is not edited later, as far as a name and a
 * default can tell; NULL: none. */
const struct mr_column *mr_gate_born_column(const struct mr_table *table,
                                            const struct mr_table_config *config);

/* Appends a condition that holds for rows updated since that time (UTC, as in a baseline):
 * by the configured column, else by one ON UPDATE.  False: there is none. */
bool mr_gate_touched_sql(struct mr_strbuf *sql, const struct mr_table *table,
                         const struct mr_table_config *config, const char *since);

/* The only column of the primary key, if it is an integer; or NULL. */
const struct mr_column *mr_gate_key_column(const struct mr_table *table);

/* How the greatest value of the column may be read; NOTHING where it would take too long. */
enum mr_gate_newest_by mr_gate_newest_by(const struct mr_table *table,
                                         const struct mr_column *column);
const char *mr_gate_newest_by_text(enum mr_gate_newest_by by);

/* Appends "(SELECT MAX(…) FROM …)"; `by` is not NOTHING. */
void mr_gate_newest_sql(struct mr_strbuf *sql, const struct mr_table *table,
                        const struct mr_column *column, enum mr_gate_newest_by by);
/* The same BY_LAST_ROWS, for a table that was read before: rows that came since may bring
 * older times along, so the rows up to the key that was the greatest then are looked at,
 * too.  greatest: an integer in digits; read_by: of then (mr_gate_newest_by_text). */
void mr_gate_newest_again_sql(struct mr_strbuf *sql, const struct mr_table *table,
                              const struct mr_column *column, const char *greatest,
                              const char *read_by);
/* Appends " ORDER BY … LIMIT n": the rows of a table with a primary key from the newest on, or from
 * the oldest; of a small one those of one time by their keys. */
void mr_gate_newest_order_sql(struct mr_strbuf *sql, const struct mr_table *table,
                              const struct mr_column *column, bool newest, uint64_t limit);
/* Appends an expression: how many seconds ago the greatest value was.  A DATETIME is
 * taken as written in the server's global time zone, an integer as a Unix time.  False:
 * the column's type has no time in it. */
bool mr_gate_age_sql(struct mr_strbuf *sql, const struct mr_table *table,
                     const struct mr_column *column, enum mr_gate_newest_by by);

#endif
