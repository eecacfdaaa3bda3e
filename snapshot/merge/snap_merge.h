/*
 * snap_merge: a chain of snapshots becomes one full snapshot, without a server.
 *
 *   mr_snap_chain_open (snap_chain.h) → mr_snap_merge_run → the manifest of what was made
 *
 * Of each table the newest link that has all of its rows is the bottom; rows of links above it take the
 * place of those of the same key, and keys that are gone take theirs away.  Where the order of the keys is
 * known without a server (snap_order.h), rows come out in it, in files with ranges of keys, as `snapshot
 * create` writes them; else in the order in which they stand, and the table has hidden keys.
 * Tables that no link has changed are copied file by file.  The schema is that of the last link.
 *
 * The same chain makes the same files, whenever it is merged, but for encryption.
 *
 * Memory: the keys of the links' changes, as many as `snapshot create` holds for a table; a row of each link.
 * Errors: MR_E_REFUSED for damage, and for links that do not fit together; MR_E_IO.  Threads: one.
 */
#ifndef MR_SNAP_MERGE_H
#define MR_SNAP_MERGE_H

#include "core/cli/progress.h"
#include "core/file/recipient.h"
#include "core/file/sign.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/read/snap_chain.h"
#include "snapshot/until/until_log.h"

struct mr_snap_merge_opts {
    unsigned chunk_mib, level;
    const struct mr_recipient *const *recipients; /* of the new rows; none: not encrypted */
    size_t nrecipients;
    const struct mr_sign_key *signer; /* NULL: not signed */
    struct mr_progress *progress;
    const struct mr_until
        *until; /* what the log made of the rows since (until_log.h); NULL: nothing */
};

struct mr_snap_merge {
    const struct mr_snap_chain *chain;
    const struct mr_snap_merge_opts *opts;
    struct mr_arena arena;
    struct mr_snap_dir *dir;
    struct mr_snap_manifest manifest; /* of what is made */
    struct mr_vec files;              /* struct mr_snap_file */
};

/* Links whose rows are encrypted are unlocked.  *merge is to be released in any case. */
enum mr_code mr_snap_merge_run(struct mr_snap_merge *merge, const struct mr_snap_chain *chain,
                               const char *output, const struct mr_snap_merge_opts *opts,
                               struct mr_err *err);
void mr_snap_merge_release(struct mr_snap_merge *merge);

/* merge_table.c: all rows of the table that is `number`th in the last link. */
enum mr_code mr_snap_merge_table(struct mr_snap_merge *merge, size_t number,
                                 struct mr_snap_table *out, struct mr_err *err);
/* A file of a link under the same name, proved on the way: MR_E_REFUSED where it is another one. */
enum mr_code mr_snap_merge_copy(struct mr_snap_merge *merge, const struct mr_snap *from,
                                const struct mr_snap_file *file, struct mr_err *err);

#endif
