/*
 * until_point: the moment that rows are brought to: a time, or a transaction, as a person names it.
 *
 *   mr_until_point_read → mr_until_point_judge of each transaction, in the log's order
 *
 * What reads as a time (core/row/when.h; UTC without a zone) is one; "0-1-105" is a transaction of MariaDB,
 * "3e11fa47-71ca-11e1-9e33-c80aa9429562:23" (or with a tag, uuid:tag:23) of MySQL.
 *
 * The log's transactions up to that moment are its first ones: all up to and including the one that is named;
 * or all in front of the first that was committed later.  A transaction behind that one whose time is
 * earlier (MariaDB says when the last statement began, and clocks are set) is not taken.
 *
 * Ownership: texts are the caller's.  Errors: MR_E_USAGE.  Threads: no state.
 */
#ifndef MR_UNTIL_POINT_H
#define MR_UNTIL_POINT_H

#include "core/binlog/binlog_walk.h"
#include "core/db/db.h"

struct mr_until_point {
    const char *text;
    bool is_time;
    int64_t us;                 /* of a time: microseconds of UTC since 1970 */
    enum mr_gtid_family family; /* of a transaction */
};

/* flavour: of the server whose log it is. */
enum mr_code mr_until_point_read(struct mr_until_point *point, const char *text,
                                 enum mr_flavour flavour, struct mr_err *err);

enum mr_until_side {
    MR_UNTIL_BEFORE = 1, /* it is taken, and the log goes on */
    MR_UNTIL_AT,         /* it is taken, and nothing behind it */
    MR_UNTIL_BEHIND      /* neither it nor anything behind it is */
};
enum mr_until_side mr_until_point_judge(const struct mr_until_point *point,
                                        const struct mr_gtid *gtid, int64_t committed_us);

#endif
