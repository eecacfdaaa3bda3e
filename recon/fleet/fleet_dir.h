/*
 * fleet_dir: the directory that `fleet plan` or `fleet snapshot` writes: whole, or not at all (core/file/new_dir.h).
 *
 *   fleet.json, config/K.ini, work/I.jsonl or certificates/K.pem (fleet_file.h), fleet.sbatch,
 *   fleet-job.yaml, README.txt
 *
 * Modes are 0700 and 0600: work has values of keys in it.
 *
 * Errors: MR_E_REFUSED where the directory is there and not empty; MR_E_IO, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_FLEET_DIR_H
#define MR_FLEET_DIR_H

#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_units.h"

struct mr_fleet_dir_plan {
    struct mr_fleet_file *file;           /* parts and digests of configurations are filled in */
    const struct mr_fleet_units *units;   /* dealt; NULL of snapshots */
    const struct mr_strbuf *configs;      /* as file->configs */
    const struct mr_strbuf *certificates; /* as file->certificates */
};

/* path: as --output gives it; names in it live in the arena.  After a failure nothing is left. */
enum mr_code mr_fleet_dir_write(const char *path, const struct mr_fleet_dir_plan *plan,
                                struct mr_arena *arena, struct mr_err *err);

#endif
