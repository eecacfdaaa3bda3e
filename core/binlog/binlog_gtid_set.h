/*
 * binlog_gtid_set: which transactions a side has executed.
 *
 * MySQL: struct mr_gtid_set, of intervals for each uuid and tag, read from text as the server
 * takes it (GTID_SUBTRACT, gtid_executed, gtid_purged) or from a PREVIOUS_GTIDS event, and printed
 * as the server prints it, but on one line.  Intervals that overlap or touch are merged; a reversed
 * one is empty, as the server has it; numbers below 1 and beyond the greatest are refused.
 *
 *   mr_gtid_set_init → parse, read, add … → is_empty, has, contains, subtract, text → release
 *
 * MariaDB: struct mr_gtid_state, the last sequence of each domain and server, as
 * gtid_binlog_state and a GTID_LIST have it; struct mr_gtid_pos, the last of each domain, whichever
 * server it is of, as gtid_slave_pos has it.
 *
 * Limits: 256 Ki intervals, 16 Ki uuids with tags, or domains with servers; beyond is
 * MR_E_UNSUPPORTED.
 * Ownership: both own their memory.  On failure a set may hold some of what was to be added.
 * Errors: MR_E_BINLOG for events, MR_E_USAGE for texts, MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_BINLOG_GTID_SET_H
#define MR_BINLOG_GTID_SET_H

#include "core/base/vec.h"
#include "core/binlog/binlog_gtid.h"

/* ---- MySQL ---- */

struct mr_gtid_set {
    struct mr_vec sources; /* private: sorted by uuid and tag */
    size_t nranges;
};

/* Empty; release gives all memory back, and leaves it empty. */
void mr_gtid_set_init(struct mr_gtid_set *set);
void mr_gtid_set_release(struct mr_gtid_set *set);

/* Adds what the text says; white space and empty parts are passed over. */
enum mr_code mr_gtid_set_parse(struct mr_gtid_set *set, const char *ptr, size_t len,
                               struct mr_err *err);
/* Adds what the logs before this one hold: a PREVIOUS_GTIDS, of either format. */
enum mr_code mr_gtid_set_read(struct mr_gtid_set *set, const struct mr_binlog_event *event,
                              struct mr_err *err);
/* One of MySQL's; others add nothing. */
enum mr_code mr_gtid_set_add(struct mr_gtid_set *set, const struct mr_gtid *gtid,
                             struct mr_err *err);
enum mr_code mr_gtid_set_add_set(struct mr_gtid_set *set, const struct mr_gtid_set *other,
                                 struct mr_err *err);
/* Takes away what the other holds; it may be the set itself. */
enum mr_code mr_gtid_set_subtract(struct mr_gtid_set *set, const struct mr_gtid_set *other,
                                  struct mr_err *err);
/* has: that one; contains: all of the other. */
bool mr_gtid_set_has(const struct mr_gtid_set *set, const struct mr_gtid *gtid);
bool mr_gtid_set_contains(const struct mr_gtid_set *set, const struct mr_gtid_set *other);
bool mr_gtid_set_is_empty(const struct mr_gtid_set *set);
/* Pushes struct mr_gtid: of each uuid and tag the greatest number that both hold. */
enum mr_code mr_gtid_set_last_shared(const struct mr_gtid_set *set, const struct mr_gtid_set *other,
                                     struct mr_vec *last, struct mr_err *err);
/* "uuid:1-5:7:tag:3,uuid:2", sorted. */
void mr_gtid_set_add_text(struct mr_strbuf *out, const struct mr_gtid_set *set);

/* ---- MariaDB ---- */

struct mr_gtid_state {
    struct mr_vec last; /* private: sorted by domain and server */
};

/* As those of a set. */
void mr_gtid_state_init(struct mr_gtid_state *state);
void mr_gtid_state_release(struct mr_gtid_state *state);

/* "0-1-105,0-2-3"; of one domain and server the greatest sequence counts. */
enum mr_code mr_gtid_state_parse(struct mr_gtid_state *state, const char *ptr, size_t len,
                                 struct mr_err *err);
/* A GTID_LIST: what the logs before this one hold. */
enum mr_code mr_gtid_state_read(struct mr_gtid_state *state, const struct mr_binlog_event *event,
                                struct mr_err *err);
/* One of MariaDB's; others add nothing. */
enum mr_code mr_gtid_state_add(struct mr_gtid_state *state, const struct mr_gtid *gtid,
                               struct mr_err *err);
/* That one, or a later of its domain and server, is in it. */
bool mr_gtid_state_covers(const struct mr_gtid_state *state, const struct mr_gtid *gtid);
/* covers, for all of the other's. */
bool mr_gtid_state_contains(const struct mr_gtid_state *state, const struct mr_gtid_state *other);
/* The same, of the domains that it has itself: a MariaDB can be told to forget one. */
bool mr_gtid_state_contains_shared(const struct mr_gtid_state *state,
                                   const struct mr_gtid_state *other);
bool mr_gtid_state_is_empty(const struct mr_gtid_state *state);
/* Pushes struct mr_gtid: of each domain and server that both have the lesser of their last ones. */
enum mr_code mr_gtid_state_last_shared(const struct mr_gtid_state *state,
                                       const struct mr_gtid_state *other, struct mr_vec *last,
                                       struct mr_err *err);
/* Sorted by domain, then server. */
void mr_gtid_state_add_text(struct mr_strbuf *out, const struct mr_gtid_state *state);

/* Appends what a log says that stands in front of it (PREVIOUS_GTIDS, or MariaDB's GTID_LIST), as the server
 * has it. */
enum mr_code mr_gtid_before_text(const struct mr_binlog_event *event, struct mr_strbuf *out,
                                 struct mr_err *err);

/*
 * A position: "0-2-105" says that everything of domain 0 up to 105 was applied, of whichever server.
 *
 * It may be asked only for what was applied in one history: a replica's own, up to the split.  From
 * the split on two histories give the same numbers to other transactions, and a position would call
 * those of the other applied, too: there only triples tell, by mr_gtid_state_covers().
 */
struct mr_gtid_pos {
    struct mr_gtid_state last; /* private: one of each domain */
};

/* As those of a set. */
void mr_gtid_pos_init(struct mr_gtid_pos *pos);
void mr_gtid_pos_release(struct mr_gtid_pos *pos);
/* "0-2-105,7-1-3"; MR_E_USAGE, too, for two servers of one domain: that is a state. */
enum mr_code mr_gtid_pos_parse(struct mr_gtid_pos *pos, const char *ptr, size_t len,
                               struct mr_err *err);
bool mr_gtid_pos_covers(const struct mr_gtid_pos *pos, uint32_t domain, uint64_t sequence);
/* covers, for each domain of the other: both are of one server, at two times. */
bool mr_gtid_pos_contains(const struct mr_gtid_pos *pos, const struct mr_gtid_pos *other);

#endif
