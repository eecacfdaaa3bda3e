/*
 * fleet_lease: who is at work on a part, in a directory that many machines share.
 *
 *   mr_fleet_lease_take → mr_fleet_lease_renew, now and then → mr_fleet_lease_end
 *
 * parts/I.lease names its owner and counts its beats.  It is made by O_EXCL and renewed by rename: no
 * other lock of a file system is needed.  Who finds another's waits until that has changed no more
 * for MR_FLEET_SILENT_S by its own clock, or, on the same machine, until the process is gone; then it
 * puts its own in its place.
 *
 * A lease only saves work.  That each unit counts once does not rest on it: what a part publishes
 * takes its name by one rename, whole, whoever has made it.
 *
 * Ownership: path stays the caller's.  Errors: MR_E_IO; MR_E_CHANGED where another has taken it;
 * MR_E_CANCELLED; what the caller's `look` returns.  Threads: one.
 */
#ifndef MR_FLEET_LEASE_H
#define MR_FLEET_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

#define MR_FLEET_SILENT_S 60.0
#define MR_FLEET_BEAT_S 10.0
#define MR_FLEET_TOKEN 192

struct mr_fleet_lease {
    const char *path;
    char token[MR_FLEET_TOKEN]; /* nobody else's */
    uint64_t beats;
    double beaten_s; /* of the clock */
};

/* While it waits, look(ctx, &over): over ends the wait, with *taken false. */
struct mr_fleet_wait {
    enum mr_code (*look)(void *ctx, bool *over, struct mr_err *err);
    void *ctx;
    double silent_s; /* MR_FLEET_SILENT_S; less in tests */
};

/* path: of the file; its directory is there. */
enum mr_code mr_fleet_lease_take(struct mr_fleet_lease *lease, const char *path,
                                 const struct mr_fleet_wait *wait, bool *taken, struct mr_err *err);
/* Beats, where it is time to. */
enum mr_code mr_fleet_lease_renew(struct mr_fleet_lease *lease, struct mr_err *err);
/* Lets go of it, where it is still ours. */
void mr_fleet_lease_end(struct mr_fleet_lease *lease);

/* Is there one at that path whose owner, on this machine, is provably gone? */
bool mr_fleet_lease_is_dead(const char *path);

/* "host db7, process 4711", of a lease's text, for people. */
void mr_fleet_lease_owner(const char *text, struct mr_strbuf *out);

#endif
