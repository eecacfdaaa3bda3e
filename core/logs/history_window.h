/*
 * history_window: which transactions of one server's log are meant: from a time or a place to a time or
 * a place.
 *
 *   mr_history_window_read → mr_history_window_meet of each log, mr_history_window_judge of each
 *   transaction, in the log's order
 *
 * "From" is within the window, "to" is not, as the servers' own tools have it.  A time is compared with
 * that of the transaction, which is no order of the log: a MariaDB writes when the statement began, and
 * clocks are set.  So what comes behind "to" by time is passed over and ends nothing; a log that was begun
 * MR_WINDOW_SLACK_S later is not read any more.  A place is where a transaction begins.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_USAGE.  Threads: no state beside the struct.
 */
#ifndef MR_HISTORY_WINDOW_H
#define MR_HISTORY_WINDOW_H

#include "core/base/arena.h"
#include "core/binlog/binlog_event.h"

/* A statement that ran longer than that is missed, where "to" is a time. */
#define MR_WINDOW_SLACK_S 86400

enum mr_bound_by { MR_BOUND_NONE = 0, MR_BOUND_TIME, MR_BOUND_PLACE };

struct mr_history_bound {
    enum mr_bound_by by;
    const char *text; /* as it was given; NULL: none */
    int64_t us;       /* of a time: microseconds of UTC since 1970 */
    bool is_bare;     /* a time without a zone */
    const char *log;  /* of a place: as the server calls its log */
    uint64_t position;
};

struct mr_history_window {
    struct mr_history_bound from, to;
    /* private: which of the places' logs were met, and left */
    bool in_from, in_to, is_behind, is_over;
};

/* Texts of --from and --to: a time as of mr_when_parse(), UTC without a zone, or FILE:POS; NULL: open.  A
 * window that begins in the future is refused: mostly it is a time of another zone. */
enum mr_code mr_history_window_read(struct mr_history_window *window, const char *from,
                                    const char *to, struct mr_arena *arena, struct mr_err *err);

/* Reading has come to that log: its name, or the path of its file. */
void mr_history_window_meet(struct mr_history_window *window, const char *log);

enum mr_in_window {
    MR_WINDOW_OUTSIDE = 1,
    MR_WINDOW_INSIDE,
    MR_WINDOW_OVER /* nor will anything behind it be within */
};
enum mr_in_window mr_history_window_judge(struct mr_history_window *window,
                                          const struct mr_binlog_place *begun,
                                          int64_t committed_us);
/* Of a log's head: does nothing within the window stand in logs that were begun so late? */
bool mr_history_window_is_over(const struct mr_history_window *window, int64_t began_us);

#endif
