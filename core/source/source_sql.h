/*
 * source_sql: the SELECT statements with which a live server is read (source_live.c).
 *
 * Every function appends one whole statement to `sql`, which the caller has
 * initialised; a key that cannot be decoded, or no memory, marks it failed
 * (mr_strbuf_check).  Texts hold everything in place (no parameters), name the table by
 * its database, and force spec->index.  "Key columns" are the select expressions of
 * spec->key, in index order. Keys are never NULL, at most MR_KEY_PARTS_MAX parts.
 * Threads: no state.
 */
#ifndef MR_SOURCE_SQL_H
#define MR_SOURCE_SQL_H

#include <stdbool.h>

#include "core/source/source.h"

/* All columns of the rows in range, in key order; limit 0: no limit. */
void mr_source_sql_scan(struct mr_strbuf *sql, const struct mr_readspec *spec,
                        struct mr_range range, uint64_t limit);
/* All columns of the rows with these keys, in any order. */
void mr_source_sql_fetch(struct mr_strbuf *sql, const struct mr_readspec *spec,
                         const struct mr_key *keys, size_t nkeys);
/*
 * Key columns of the first (or last) row of a range over the first `nparts` parts of
 * the key.  spec->where is left out: such a read must end at the first entry of the
 * index.
 */
void mr_source_sql_edge(struct mr_strbuf *sql, const struct mr_readspec *spec, size_t nparts,
                        struct mr_range range, bool last);
/* The plan for reading a range by the key's index, a row a table, without spec->where. */
void mr_source_sql_explain(struct mr_strbuf *sql, const struct mr_readspec *spec,
                           struct mr_range range, bool is_mariadb);
/* Key columns of those of these keys that lie in the range, in the server's order, without
 * spec->where. */
void mr_source_sql_sorted(struct mr_strbuf *sql, const struct mr_readspec *spec,
                          struct mr_range range, const struct mr_key *keys, size_t nkeys);
/* Key columns of the rows-th row (from 1) of the range. */
void mr_source_sql_nth(struct mr_strbuf *sql, const struct mr_readspec *spec, struct mr_range range,
                       uint64_t rows);
/* Key columns of the every-th, 2 every-th … row of the range, `count` of them and fewer where it
 * ends before: one statement, so that they are of one moment, and in the key's order. */
void mr_source_sql_every(struct mr_strbuf *sql, const struct mr_readspec *spec,
                         struct mr_range range, uint64_t every, size_t count);
/* Key columns of the row that has `rows` others behind it in the whole key space, without
 * spec->where: what is read of the index are these entries. */
void mr_source_sql_nth_last(struct mr_strbuf *sql, const struct mr_readspec *spec, uint64_t rows);
/*
 * One row: COUNT(*), the count of rows that have a digest, and the sums of the two words.  The
 * digest of a row is SHA2-256 over a letter for the class of each column, ':', and for each column
 * 'N' for NULL, else its exact bytes: with their length and ':' before them where they may be any
 * (text, bytes), else with ',' behind them; the words are the first and the second 64 bits.  It is
 * injective, as the encoding of row.h is, and a sum, unlike an XOR, does not cancel what occurs
 * twice.  The same row gives the same bytes whether a column is known to be NOT NULL or not.  A row
 * that is wider than the server's max_allowed_packet has no digest.
 */
void mr_source_sql_digest(struct mr_strbuf *sql, const struct mr_readspec *spec,
                          struct mr_range range);
/* The same for each part of the range that holds rows, in any order, its number (from 0) in front:
 * part i ends with cuts[i], the last with the range.  The cuts ascend; there is at least one. */
void mr_source_sql_digest_parts(struct mr_strbuf *sql, const struct mr_readspec *spec,
                                struct mr_range range, const struct mr_key *cuts, size_t ncuts);

#endif
