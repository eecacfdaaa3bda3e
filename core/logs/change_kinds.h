/*
 * change_kinds: --kind: which changes of rows are meant, "insert,delete".
 *
 * Threads: no state.  Errors: MR_E_USAGE.
 */
#ifndef MR_CHANGE_KINDS_H
#define MR_CHANGE_KINDS_H

#include "core/binlog/binlog_rows.h"

/* By enum mr_binlog_kind; [0] is not used. */
#define MR_CHANGE_KINDS (MR_BINLOG_DELETE + 1)

/* text NULL: all of them. */
enum mr_code mr_change_kinds_read(const char *text, bool kinds[MR_CHANGE_KINDS],
                                  struct mr_err *err);

#endif
