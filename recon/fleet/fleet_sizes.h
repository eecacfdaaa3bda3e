/*
 * fleet_sizes: what `fleet plan` knows of each pair's tables: how large they are, and where they can
 * be cut.
 *
 * Lines of JSON, an object a line.  A survey (fleet_survey.h) prints the tables of its pair and a
 * summary; --record-sizes keeps those of all pairs in a file, which --sizes plans from without a
 * connection:
 *
 *   {"type":"sizes","schema":"myrecon-fleet-sizes/1","created":…,"version":…}
 *   {"type":"pair","pair","source","target","failed"}
 *   {"type":"table","table","bytes","rows","order":[…],"cuts":["hex",…],"rough":true}
 *                                           of the pair before it
 *   {"type":"end","pairs","tables","sha256"}   of all that stands before this line
 *
 * Keys that are not in order would be ranges that read nothing, and whose order is no one's but the
 * server's: a file that was changed is refused.  Values of keys stand in it: mode 0600.
 *
 * Ownership: everything lives in the arena.  Errors: MR_E_REFUSED for a file that was not written
 * so; MR_E_IO, MR_E_NOMEM.  Limits: a file of 1 GiB.  Threads: no state.
 */
#ifndef MR_FLEET_SIZES_H
#define MR_FLEET_SIZES_H

#include "core/json/jsonw.h"
#include "recon/fleet/fleet_tasks.h"
#include "recon/fleet/fleet_units.h"

#define MR_FLEET_SIZES_SCHEMA "myrecon-fleet-sizes/1"

struct mr_fleet_sizes_pair {
    const char *name, *uri[MR_SIDES]; /* of the inventory */
    const char *failed;               /* why nothing is known of it, or NULL */
    const struct mr_fleet_table *tables;
    size_t ntables;
};

struct mr_fleet_sizes {
    struct mr_fleet_sizes_pair *pairs;
    size_t npairs;
};

/* A table's line, and the end of it. */
void mr_fleet_sizes_put(struct mr_jsonw *w, const struct mr_fleet_table *table);
/* What the survey of the pair has said: its tables, or why it failed. */
enum mr_code mr_fleet_sizes_take(const struct mr_fleet_task *task, struct mr_fleet_sizes_pair *pair,
                                 struct mr_arena *arena, struct mr_err *err);

/* All pairs, also failed ones, into a file that is replaced at once. */
enum mr_code mr_fleet_sizes_save(const struct mr_fleet_sizes *sizes, const char *path,
                                 struct mr_err *err);
/* Names and URIs are the caller's; fills the rest.  A pair that the file does not have, or has of
 * other servers, is a failed one; what the caller does not have is passed over. */
enum mr_code mr_fleet_sizes_load(const char *path, struct mr_fleet_sizes *sizes,
                                 struct mr_arena *arena, struct mr_err *err);
/* From memory; name stands for the file in messages. */
enum mr_code mr_fleet_sizes_parse(const char *text, size_t len, const char *name,
                                  struct mr_fleet_sizes *sizes, struct mr_arena *arena,
                                  struct mr_err *err);

#endif
