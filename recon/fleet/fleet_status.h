/*
 * fleet_status: how far a fleet's plan is, from what its parts tell (fleet_part.h).
 *
 *   mr_fleet_status_read → mr_fleet_status_text, mr_fleet_status_json
 *
 * What a part tells is some seconds old, and may be missing; that it is done is believed where its
 * case is there, too.  One that is at work and has said nothing for MR_FLEET_STATUS_SILENT_S, by the
 * clocks of the two machines, is silent: dead, cut off, or its clock goes wrong.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_NOMEM, MR_E_IO.  Threads: no state.
 */
#ifndef MR_FLEET_STATUS_H
#define MR_FLEET_STATUS_H

#include "core/base/vec.h"
#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_part.h"

#define MR_FLEET_STATUS_SILENT_S 60

/* A part as it is shown. */
struct mr_fleet_status_part {
    const char *why; /* the error that stopped it, or that it is known to be gone; or NULL */
    bool keeps;      /* what it tells of pairs that are done is in its case, for a merge */
    enum mr_fleet_word state;  /* silent is said by none of itself */
    struct mr_fleet_part told; /* zeroes where it has told nothing */
    uint64_t silent_s;         /* since it was told; of one at work */
};

/* What is known of a pair so far. */
struct mr_fleet_status_pair {
    size_t done;               /* parts whose result of it is kept */
    size_t unkept;             /* that have one, and may lose it */
    size_t failed, running;    /* that have told so of it; running: and are at work */
    bool diverged, incomplete; /* as one of them has found */
    uint64_t differing;        /* rows; those that straddle parts may count twice until merged */
    const char *why;           /* of the last that failed, else of which something was not seen */
};

struct mr_fleet_status {
    const struct mr_fleet_file *file;
    struct mr_fleet_status_part *parts;            /* as many as the file's */
    struct mr_fleet_status_pair *pairs;            /* likewise */
    size_t done, running, silent, failed, waiting; /* parts; failed: incomplete ones */
    size_t held_up;         /* of those that run: they wait for load, a slot, a pause file */
    size_t stopped;         /* of those that wait */
    uint64_t rows, bytes;   /* read so far */
    double rows_s, bytes_s; /* of those at work, a second; 0: none */
    double left_s;          /* -1: not known */
    uint64_t weight, weight_done;
};

/* now: seconds since 1970. */
enum mr_code mr_fleet_status_read(const struct mr_fleet_file *file, uint64_t now,
                                  struct mr_arena *arena, struct mr_fleet_status *out,
                                  struct mr_err *err);

/* What a pair is that is as it should be: equal, or of snapshots made. */
enum mr_fleet_word mr_fleet_status_good(const struct mr_fleet_status *status);
/* That, diverged, incomplete of a pair whose parts are all done; else failed, running, waiting, and
 * diverged as soon as a difference is known. */
enum mr_fleet_word mr_fleet_status_verdict(const struct mr_fleet_status *status, size_t pair);
/* 4 while a part is not done or a pair failed; then 1 where rows or objects differ, else 0. */
int mr_fleet_status_exit(const struct mr_fleet_status *status);
enum mr_code mr_fleet_status_json(const struct mr_fleet_status *status, struct mr_err *err);
enum mr_code mr_fleet_status_text(const struct mr_fleet_status *status, bool color, bool brief,
                                  struct mr_err *err);

#endif
