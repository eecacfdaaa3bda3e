/*
 * rehearsal: a restore that is tried: into a server of our own, which is gone afterwards.
 *
 *   mr_rehearse_run → what there is to say (.restore, .program, …) → mr_rehearse_release
 *
 *     look at the snapshot → find a server program → room, place → initialise, start →
 *     restore and prove (snapshot/restore) → stop and remove → keep a record beside it
 *
 * What was started is stopped, and its directory removed, before mr_rehearse_run returns, whatever
 * came of it.  The snapshot is read as a restore reads it, and cannot be removed meanwhile.
 *
 * ROOM.  Rows take about as much as their text, indexes the same again, and an index that is made
 * needs room to sort: MR_REHEARSE_FACTOR times the text of the rows that are restored, and
 * MR_REHEARSE_BASE_BYTES for an empty server.
 *
 * Threads: one; the restore has workers of its own.
 */
#ifndef MR_REHEARSAL_H
#define MR_REHEARSAL_H

#include "snapshot/rehearse/rehearse_server.h"
#include "snapshot/restore/restore.h"

#define MR_REHEARSE_FACTOR 3
#define MR_REHEARSE_BASE_BYTES ((uint64_t)512 << 20)

struct mr_rehearse {
    const struct mr_snap_options *opts;
    struct mr_arena arena;
    struct mr_snap snap; /* open until the end, so that nobody removes it */
    struct mr_program program;
    struct mr_child_account account;
    const char *work_dir;
    struct mr_rehearse_place place;
    struct mr_rehearse_server server;
    struct mr_restore restore;
    bool is_all;          /* tables of the snapshot are restored */
    uint64_t plain_bytes; /* of the rows that are restored */
    uint64_t needed_bytes;
    bool is_other_family, is_older; /* than the snapshot's server */
    double start_s, total_s;        /* to set the server up; all of it */
    double estimate_s;  /* that a restore of the whole snapshot takes on such a server */
    const char *record; /* path; NULL: none was kept */
    struct mr_err left; /* why its directory is still there; code MR_OK: it is not */
};

/* opts is set.  To be released also after an error.  That its directory could not be removed is no
 * error of what was rehearsed: it is left. */
enum mr_code mr_rehearse_run(struct mr_rehearse *rehearse, const char *dir, struct mr_err *err);
void mr_rehearse_release(struct mr_rehearse *rehearse);

/* rehearse_record.c: keeps what came of it beside the snapshot, by this verdict ("equal", …), which a
 * rehearsal of some tables takes from no better one of all.  mr_rehearse_run has proved that it can. */
enum mr_code mr_rehearse_keep(struct mr_rehearse *rehearse, const char *verdict,
                              struct mr_err *err);

#endif
