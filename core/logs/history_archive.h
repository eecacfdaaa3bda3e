/*
 * history_archive: the binary logs of a server in a directory, before the server removes them.
 *
 *   mr_history_archive → the logs that DIR lacks are read from the server and added
 *   mr_history_archive_verify → each file is what DIR/archive.json says
 *
 * Each log is a file NAME.zst, to the byte what the server has on its disk (but for the mark that
 * it is being written, and what encrypts it there), so that the servers' own tools read it as well:
 * zstd -dc bin.000001.zst | mariadb-binlog -.  A log that was whole is never read again.  The last
 * one, which the server still writes, lies there as NAME.BYTES.zst, until the next run has a longer
 * copy: whenever a run is ended, what archive.json lists is there.  One run at a time works in DIR.
 *
 * Nothing is written to the server, and it locks nothing: it reads its files (db_binlog.h).
 *
 * Errors: MR_E_REFUSED where DIR is another server's archive, or the server has begun its logs
 * anew; those of db_binlog.h, archive_list.h.  Threads: one.
 */
#ifndef MR_HISTORY_ARCHIVE_H
#define MR_HISTORY_ARCHIVE_H

#include "core/cli/progress.h"
#include "core/db/throttle.h"
#include "core/row/when.h"
#include "core/logs/archive_list.h"

enum mr_archive_state {
    MR_ARCHIVE_UNDECIDED = 0,
    MR_ARCHIVE_ADDED,
    MR_ARCHIVE_KEPT, /* it was there */
    MR_ARCHIVE_GOOD, /* of verify */
    MR_ARCHIVE_DAMAGED,
    MR_ARCHIVE_MISSING /* of verify; or the server lists it, and its file is gone there */
};

/* What came of one log. */
struct mr_archive_told {
    struct mr_archived_log log;
    enum mr_archive_state state;
    const char *why; /* what is wrong with it; or NULL */
};

struct mr_history_archive {
    struct mr_db *db;             /* it is lost afterwards */
    const struct mr_endpoint *ep; /* of db; and with what its connections are opened */
    const struct mr_db_opts *opts;
    const char *shown;            /* the server, for people */
    const struct mr_when *since;  /* NULL: all that the server has */
    struct mr_throttle *throttle; /* NULL: none */
    struct mr_progress *progress; /* NULL: none */
    struct mr_arena *arena;
    /* results */
    struct mr_archive_list list;
    struct mr_vec told; /* struct mr_archive_told, as the server orders them */
    const char *gap;    /* logs that were removed before they were archived, a clause; or NULL */
    uint64_t bytes, stored_bytes; /* of what was added */
};

/* To be released also after a failure. */
void mr_history_archive_init(struct mr_history_archive *archive);
void mr_history_archive_release(struct mr_history_archive *archive);
enum mr_code mr_history_archive(struct mr_history_archive *archive, const char *dir,
                                struct mr_err *err);
/* Sets gap, of the list. */
enum mr_code mr_history_archive_gaps(struct mr_history_archive *archive, struct mr_err *err);
/* Uses arena, progress, list, told and gap alone. */
enum mr_code mr_history_archive_verify(struct mr_history_archive *archive, const char *dir,
                                       struct mr_err *err);
/* "added", "kept", "good", "damaged", "missing". */
const char *mr_archive_state_word(enum mr_archive_state state);

#endif
