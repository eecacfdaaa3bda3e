/*
 * fleet_result: DIR2/fleet.jsonl, which `fleet merge` writes last: the pairs of a fleet, and what each
 * comes to.
 *
 *   mr_fleet_result_read → pairs, in the order of the inventory
 *
 * Names are those that an inventory may have, each once, so that DIR2/NAME.case is a file of DIR2.  A
 * file without its last line, or whose last line counts other pairs, was cut short.
 *
 * Ownership: everything lives in the arena.  Errors: MR_E_REFUSED for a directory without such a file,
 * and for a file that `fleet merge` has not written; MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_FLEET_RESULT_H
#define MR_FLEET_RESULT_H

#include "core/case/findings.h"
#include "recon/fleet/fleet_word.h"

#define MR_FLEET_RESULT_FILE "fleet.jsonl"
#define MR_FLEET_RESULT_SCHEMA "myrecon/fleet-merge/1"

/* What a pair comes to. */
struct mr_fleet_figures {
    uint64_t tables, diverged, not_checked; /* tables */
    uint64_t rows;                          /* read, of both sides */
    struct mr_find_counts counts;           /* bytes and rows that differ; no others */
    uint64_t unsettled_rows, objects;
};

struct mr_fleet_result_pair {
    const char *name;
    enum mr_fleet_word verdict; /* equal, diverged, incomplete */
    const char *reason;         /* what could not be seen, lines; or NULL */
    const char *config;         /* path of its configuration when it was merged; NULL: not known */
    struct mr_fleet_figures figures;
};

struct mr_fleet_result {
    const char *dir; /* as given */
    const char *run, *fleet, *created, *started;
    struct mr_fleet_result_pair *pairs;
    size_t npairs;
    uint64_t parts, parts_missing;
};

enum mr_code mr_fleet_result_read(const char *dir, struct mr_arena *arena,
                                  struct mr_fleet_result *out, struct mr_err *err);

/* The figures of `more` on top of those of `sum`. */
void mr_fleet_figures_add(struct mr_fleet_figures *sum, const struct mr_fleet_figures *more);
/* The same of either: tables, rows, and rows by kind. */
bool mr_fleet_figures_equal(const struct mr_fleet_figures *a, const struct mr_fleet_figures *b);
/* As members of an object, as fleet.jsonl has them. */
void mr_fleet_figures_put(struct mr_jsonw *w, const struct mr_fleet_figures *figures);

#endif
