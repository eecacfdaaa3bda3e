/*
 * until_take: the transactions of a log, one after the other: which are taken, and what they make of rows; see
 * until_log.h.
 *
 * Threads: one.  Errors: those of until_log.h.
 */
#ifndef MR_UNTIL_TAKE_H
#define MR_UNTIL_TAKE_H

#include "snapshot/until/until_log.h"

/* A table of the snapshot. */
struct mr_until_table {
    struct mr_until_rows rows;
    const size_t *columns; /* of each that is kept: its place among the catalogue's */
    bool is_wanted, is_touched, is_in_transaction; /* touched: the log has rows of it */
    const char *why;    /* no change of it can be taken; NULL: they can */
    const char *broken; /* a change that could not be, and where; NULL: none so far */
    /* private: what the log's table map is, as it was last met */
    uint64_t serial;
    struct mr_binlog_shape *shape; /* NULL: it does not fit, which changed_keys.h tells */
    struct mr_arena shapes;
};

/* Of a code that the scratch file gave: where it may lie as well. */
void mr_until_hint_elsewhere(const struct mr_until *until, enum mr_code code, struct mr_err *err);
/* Memory of the private part. */
void mr_until_shapes_release(struct mr_until_table *table);
/* The moment is a transaction that the snapshot has. */
enum mr_code mr_until_refuse_had(const struct mr_until *until, struct mr_err *err);
/* Why the table that is in that place cannot be brought to the moment; NULL: it can. */
const char *mr_until_why(const struct mr_until *until, size_t at);
/* It lies in front of the snapshot, or may: why. */
enum mr_code mr_until_refuse_early(const struct mr_until *until, const char *why,
                                   struct mr_err *err);
#define MR_UNTIL_MAY_HOLD "it may hold some of what was committed behind that"
/* Before the first log: where the snapshot stands in them. */
void mr_until_place(struct mr_until *until);
/* mr_history_read's meet and take. */
void mr_until_meet(void *until, const char *log);
enum mr_code mr_until_take(void *until, const struct mr_binlog_step *step, struct mr_err *err);

#endif
