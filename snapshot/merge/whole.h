/*
 * whole: a chain of snapshots, put together in a directory that goes away again.
 *
 *   mr_whole_make → path, to be read as any snapshot → mr_whole_remove
 *
 * The directory is .NAME.whole in work_dir, or beside the last link: as large as a full snapshot.  What a
 * run that was killed has left of it is removed by the next.  Rows that are encrypted would lie there in
 * clear: such a chain is refused, with the way out.
 *
 * Ownership: the struct's own.  Errors: those of snap_merge.h and snap_chain.h.  Threads: one.
 */
#ifndef MR_WHOLE_H
#define MR_WHOLE_H

#include "snapshot/merge/snap_merge.h"
#include "snapshot/read/snap_options.h"

struct mr_whole {
    struct mr_strbuf path; /* of the directory; empty: none was made */
    struct mr_strbuf
        reached; /* with until: the transaction that rows are as of; empty: the snapshot's moment */
    struct mr_strbuf noted;   /* with until: definitions that stay the snapshot's; empty: none */
    struct mr_strbuf unended; /* with until: a log that its server has not ended; empty: none */
    uint64_t transactions;    /* with until: of the log */
};

/*
 * dir: the last link.  opts: bases, work_dir, decrypt_with, signer (each link must be signed by that one),
 * until and source_logs are looked at.  chooser: which tables the log is asked about; NULL without until.
 */
struct mr_whole_chooser {
    bool (*wants)(const void *ctx, const char *db, const char *name);
    const void *ctx;
};
enum mr_code mr_whole_make(struct mr_whole *whole, const char *dir,
                           const struct mr_snap_options *opts,
                           const struct mr_whole_chooser *chooser, struct mr_progress *progress,
                           struct mr_err *err);
/* Zeroed is fine.  What cannot be removed is said in a warning. */
void mr_whole_remove(struct mr_whole *whole);

#endif
