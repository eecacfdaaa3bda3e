/*
 * fleet_local: the case of a part while it is worked on, on a disk of this machine.
 *
 *   mr_fleet_local_begin → adopt → a check writes …, publish now and then → mr_fleet_local_end
 *
 * SQLite needs locks and shared memory that the fleet's directory may not have.  So the work is done
 * in a directory of its own below $TMPDIR (else /var/tmp), and copies of it, each of one moment, are
 * published in the fleet's by a rename.  What a process that was killed has left on this machine is
 * removed by the next one, of whichever fleet: each directory is locked as long as its process lives.
 *
 * Ownership: paths live in the arena.  Errors: MR_E_IO, MR_E_CASE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_FLEET_LOCAL_H
#define MR_FLEET_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/err.h"

struct mr_findings;

struct mr_fleet_local {
    const char *dir;        /* NULL: there is none */
    int lock;               /* on it */
    const char *tmp;        /* where it is */
    const char *case_path;  /* in it */
    const char *scope_path; /* in it */
    const char *copy_path;  /* in it, while it is published */
    struct mr_arena *arena;
};

/* To be ended also after an error. */
enum mr_code mr_fleet_local_begin(struct mr_fleet_local *local, struct mr_arena *arena,
                                  struct mr_err *err);
void mr_fleet_local_end(struct mr_fleet_local *local);

/* Is an open case one of this part?  Errors are those of a damaged one. */
typedef enum mr_code mr_fleet_fits_fn(void *ctx, struct mr_findings *fd, struct mr_err *err);

/* Takes a published case over, that of `paths` which has read more; *adopted NULL: none of them is
 * there, whole, and fits (which is logged). */
enum mr_code mr_fleet_local_adopt(const struct mr_fleet_local *local, const char *const *paths,
                                  size_t count, mr_fleet_fits_fn *fits, void *ctx,
                                  const char **adopted, struct mr_err *err);
/* The case as it is now becomes the file of that path, sealed (fleet_seal.h).  One that is not there
 * yet: nothing. */
enum mr_code mr_fleet_local_publish(const struct mr_fleet_local *local, const char *path,
                                    struct mr_err *err);

#endif
