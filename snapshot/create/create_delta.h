/*
 * create_delta: of a table only the rows of keys that the log has named, as the view has them; and which of
 * the keys are not there any more.
 *
 * Errors: MR_E_CHANGED where a row comes under another key than it was asked for by (an index or a
 * collation that does not do what it says): the table is then read whole, in the end.
 * Threads: a worker for a table of its own.
 */
#ifndef MR_CREATE_DELTA_H
#define MR_CREATE_DELTA_H

#include "snapshot/create/create_scan.h"

/* All its rows, into chunks, and the keys that are gone into snap.gone. */
enum mr_code mr_create_delta_read(struct mr_create_scan *scan, struct mr_err *err);

#endif
