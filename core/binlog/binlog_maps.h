/*
 * binlog_maps: the table maps that row events refer to by a number.
 *
 *   mr_binlog_maps_init → _add for each TABLE_MAP, _find for each row event, _forget behind the
 *   last row event of a statement and at the head of a log → _release
 *
 * A server writes the maps of a statement's tables in front of its rows, each time: a map holds until the
 * statement ends, and its number may be another table's in the next.  Most are the same bytes as the
 * last of that number, so that they are taken apart once.
 *
 * Memory: each table that was met stays, at most MR_BINLOG_MAPS_MAX; beyond that all are dropped that
 * do not hold just now.  Ownership: maps belong to it, until they are dropped; a caller that keeps what it
 * has made of one keeps its serial beside it, which no other map ever has.
 * Errors: those of binlog_table.h; MR_E_BINLOG for a number without a map; MR_E_NOMEM.
 * Threads: one at a time.
 */
#ifndef MR_BINLOG_MAPS_H
#define MR_BINLOG_MAPS_H

#include "core/binlog/binlog_table.h"

#define MR_BINLOG_MAPS_MAX 4096

struct mr_binlog_map {
    struct mr_binlog_table table;
    uint64_t serial; /* from 1 on */
};

struct mr_binlog_maps {
    struct mr_binlog_map_slot *slots; /* private, all of it */
    size_t count, cap;
    uint64_t statement, last_serial;
};

/* Empty, and without memory. */
void mr_binlog_maps_init(struct mr_binlog_maps *maps);
void mr_binlog_maps_release(struct mr_binlog_maps *maps);
/* The event is a TABLE_MAP. */
enum mr_code mr_binlog_maps_add(struct mr_binlog_maps *maps, const struct mr_binlog_event *event,
                                struct mr_err *err);
/* Of that number, in this statement; place: of the row event, for the error. */
enum mr_code mr_binlog_maps_find(struct mr_binlog_maps *maps, uint64_t table_id,
                                 const struct mr_binlog_place *place,
                                 const struct mr_binlog_map **out, struct mr_err *err);
/* None holds any more. */
void mr_binlog_maps_forget(struct mr_binlog_maps *maps);

#endif
