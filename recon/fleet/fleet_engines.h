/*
 * fleet_engines: what hands a fleet's parts to an engine that the team has: a Slurm array, a
 * Kubernetes Indexed Job; and the page that says how each is begun.
 *
 * All of them run `myrecon fleet run DIR`, which takes its part's number from the engine.  What is to
 * be adapted stands in each file's comments.
 *
 * Errors: only those of the strbuf.  Threads: no state.
 */
#ifndef MR_FLEET_ENGINES_H
#define MR_FLEET_ENGINES_H

#include "core/base/strbuf.h"
#include "recon/fleet/fleet_file.h"

/* dir: where the fleet's directory is, on every machine, from the root. */
void mr_fleet_engines_slurm(const struct mr_fleet_file *file, const char *dir,
                            struct mr_strbuf *out);
void mr_fleet_engines_job(const struct mr_fleet_file *file, struct mr_strbuf *out);
void mr_fleet_engines_readme(const struct mr_fleet_file *file, const char *dir,
                             struct mr_strbuf *out);

#endif
