/*
 * binlog_gtid_text: compares what two servers, or one at two times, have executed, as texts that the
 * server itself gives: gtid_executed of MySQL, gtid_binlog_state and gtid_slave_pos of MariaDB, in
 * whatever order their parts come.
 *
 * Errors: MR_E_USAGE for texts that are none, MR_E_NOMEM; the answer is false then.  Threads: no state.
 */
#ifndef MR_BINLOG_GTID_TEXT_H
#define MR_BINLOG_GTID_TEXT_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/binlog/binlog_gtid.h"

/* Of MariaDB, "0-1-105,2-1-3": the next triple, behind which *text stands then; false: no more, or it is none. */
bool mr_gtid_text_next(const char **text, struct mr_gtid *gtid);

/* Is all of `part` in `whole`? */
enum mr_code mr_gtid_text_contains(bool is_mariadb, const char *whole, const char *part, bool *does,
                                   struct mr_err *err);
/* Does each hold all of the other? */
enum mr_code mr_gtid_text_is_same(bool is_mariadb, const char *a, const char *b, bool *is,
                                  struct mr_err *err);

/* gtid_slave_pos of one MariaDB at two times: is it in each domain as far as it was? */
enum mr_code mr_gtid_text_is_as_far(const char *now, const char *was, bool *is, struct mr_err *err);

#endif
