/*
 * fleet_merge: the parts of a fleet become one case a pair; what `fleet merge` does.
 *
 *   mr_fleet_merge_open → for each pair mr_fleet_merge_pair → mr_fleet_merge_close
 *
 * Everything is read from the fleet's directory, nothing from a server.  What a pair comes to is in
 * DIR2/NAME.case and DIR2/NAME.jsonl, as one check of that pair would have left and printed it
 * (core/case/case_merge.h).
 *
 * Ownership: texts and scopes live in the merge.  Errors: MR_E_CASE where a part is missing or
 * damaged, and partial is not asked for; those of fleet_file.h; MR_E_IO, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_FLEET_MERGE_H
#define MR_FLEET_MERGE_H

#include "core/case/case_merge.h"
#include "recon/check/check_scope.h"
#include "recon/fleet/fleet_file.h"
#include "recon/fleet/fleet_part.h"
#include "recon/fleet/fleet_rank.h"

/* A part, as it was found. */
struct mr_fleet_merge_part {
    const char *name;     /* "part 7" */
    const char *path;     /* of its case; NULL: there is none that is to be read */
    const char *why;      /* there is none: why */
    struct mr_vec scopes; /* struct mr_scope */
    struct mr_fleet_part status;
    bool has_status;
};

struct mr_fleet_merge {
    struct mr_arena arena;
    struct mr_fleet_file file;
    struct mr_fleet_merge_part *parts; /* file.nparts */
    bool partial;
    size_t missing; /* parts that are not there, or damaged */
    size_t damaged; /* of these */
    uint64_t max_rows;
};

/* What a pair comes to. */
struct mr_fleet_merged {
    const struct mr_fleet_file_pair *pair;
    enum mr_fleet_word verdict; /* equal, diverged, incomplete */
    const char *reason;         /* what could not be seen or was not checked, lines; or NULL */
    struct mr_find_counts counts;
    size_t tables, objects;
    uint64_t diverged, not_checked; /* tables */
    uint64_t differing;             /* tables of which rows differ, also of those not checked */
    uint64_t unsettled_rows;
    struct mr_fleet_only only; /* tables that one side alone has */
    double seconds;
};

/* To be closed also after an error. */
enum mr_code mr_fleet_merge_open(struct mr_fleet_merge *merge, const char *dir, struct mr_err *err);
void mr_fleet_merge_close(struct mr_fleet_merge *merge);
/* Into the directory `into`; the texts of *out live in merge. */
enum mr_code mr_fleet_merge_pair(struct mr_fleet_merge *merge, size_t pair, const char *into,
                                 struct mr_fleet_merged *out, struct mr_err *err);

#endif
