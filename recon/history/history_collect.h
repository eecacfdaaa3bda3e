/*
 * history_collect: what the binary logs of both sides say of the tables of a case, into the case.
 *
 *   init → mr_history_collect → its results → release
 *
 * For each side: which transactions are its own (history_own.h), its logs (history_logs.h) into marks
 * (history_scan.h), and the closing equation (history_close.h).  What was collected before counts until
 * all of it is done; and longer, where a side's logs were complete then and are not any more.
 *
 * Errors: MR_E_UNSUPPORTED for a side that is no server; MR_E_REFUSED where GTIDs do not tell, or what
 * is there would be replaced by less; those of what it calls.  Threads: one.
 */
#ifndef MR_HISTORY_COLLECT_H
#define MR_HISTORY_COLLECT_H

#include "core/cli/config.h"
#include "core/cli/option.h"
#include "core/cli/progress.h"
#include "core/db/login_opts.h"
#include "core/db/throttle.h"
#include "core/row/when.h"
#include "core/source/sides.h"
#include "recon/history/history_table.h"

struct mr_history_collect {
    /* set by the caller */
    struct mr_findings *fd; /* opened for writing */
    struct mr_find_run run; /* chosen */
    const char *uris[MR_SIDES];
    struct mr_string_list
        logs[MR_SIDES]; /* files, directories, or one URI; none: the side's server */
    struct mr_string_list tables, exclude; /* patterns */
    const char *split[MR_SIDES];           /* FILE:POS, or NULL */
    const struct mr_when *split_at;        /* or NULL */
    const char *split_at_text;
    bool resume;
    const char *known_run; /* that a collection was made of which is read on; or NULL */
    const struct mr_config *config;
    struct mr_login_opts login;
    struct mr_throttle_opts load;
    unsigned statement_timeout_s;
    const char *run_tag;
    struct mr_progress *progress;
    struct mr_arena *arena;
    /* results */
    struct mr_evidence_side sides[MR_SIDES];
    struct mr_history_table *of;
    size_t ntables;
    bool resumed;
    uint64_t fresh[MR_SIDES]; /* of a side's own transactions, that were read on */
    bool has_begun; /* reading on has: what is in the case does not count until it is done */
    /* private */
    struct mr_history_collecting *work;
};

void mr_history_collect_init(struct mr_history_collect *collect);
void mr_history_collect_release(struct mr_history_collect *collect);
enum mr_code mr_history_collect(struct mr_history_collect *collect, struct mr_err *err);
/* Reads on what the servers have written since that collection was made, with its options; the run may be
 * another one.  Nothing is changed where that cannot be, and while has_begun is not set: MR_E_REFUSED where a log
 * is not the one that was read, a server not that of known_run, or tables of the collection not those of the run. */
enum mr_code mr_history_collect_on(struct mr_history_collect *collect,
                                   const struct mr_evidence_collection *known, struct mr_err *err);

#endif
