/*
 * history_names: which of the case's tables a log means by a name.
 *
 * A log may hold rows of very many tables: names are halved, not walked.  Of names that differ in their
 * letters alone the server says whether they are one.
 *
 * Ownership: its own list; the tables must outlive it.  Errors: MR_E_NOMEM.  Threads: read-only once made.
 */
#ifndef MR_HISTORY_NAMES_H
#define MR_HISTORY_NAMES_H

#include "core/binlog/binlog_table.h"
#include "recon/history/history_table.h"

#define MR_HISTORY_NO_TABLE SIZE_MAX

struct mr_history_names {
    const struct mr_history_table *tables;
    enum mr_side side;
    size_t *by_name; /* places in tables, of those that are there */
    size_t count;
};

/* Of a side's own names; to be released also after a failure. */
enum mr_code mr_history_names_make(struct mr_history_names *names,
                                   const struct mr_history_table *tables, size_t ntables,
                                   enum mr_side side, struct mr_err *err);
void mr_history_names_release(struct mr_history_names *names);
/* Its place, or MR_HISTORY_NO_TABLE. */
size_t mr_history_names_find(const struct mr_history_names *names, const struct mr_server *server,
                             const struct mr_binlog_table *table);

#endif
