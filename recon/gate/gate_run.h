/*
 * gate_run: one look at SERVER and its peers: connect, read, judge.
 *
 * Calling sequence: mr_gate_run_init, then for each round mr_gate_run_round, whose judge
 * holds until the next round or mr_gate_run_release.  Every round connects anew, so that a
 * server may be restarted between two of them.
 *
 * A peer that cannot be reached is unknown; SERVER that cannot be is the round's error,
 * but for one that refuses because its connections are used up: that is a finding.
 * Threads: one.
 */
#ifndef MR_GATE_RUN_H
#define MR_GATE_RUN_H

#include "core/base/run_id.h"
#include "core/cli/config.h"
#include "recon/gate/gate_collect.h"
#include "recon/gate/gate_judge.h"
#include "recon/gate/gate_options.h"

struct mr_gate_run {
    const struct mr_gate_options *opts;
    const struct mr_config *config;
    const char *server; /* URI as given */
    struct mr_run_id id;
    struct mr_arena arena; /* of the run: baseline, configuration */
    struct mr_gate_config gate;
    bool wanted[MR_GATE_NAMES_END];
    struct mr_gate_baseline baseline;
    bool has_baseline;
    bool records; /* everything is read, whatever the checks want */
    bool patterns_warned;

    /* of the round */
    struct mr_arena round;
    const struct mr_endpoint *scope; /* SERVER's, for peers that name no database */
    struct mr_gate_judge judge;
    char display[512]; /* SERVER without password */
    char label[320];   /* "host:port" */
    double seconds;
};

enum mr_code mr_gate_run_init(struct mr_gate_run *run, const struct mr_gate_options *opts,
                              const struct mr_config *config, const char *server,
                              struct mr_err *err);
enum mr_code mr_gate_run_round(struct mr_gate_run *run, struct mr_err *err);
void mr_gate_run_release(struct mr_gate_run *run);

/* For record: facts of SERVER and of the peers that were reached, *count of them, in
 * run->round; *complete is false where one was not. */
enum mr_code mr_gate_run_record(struct mr_gate_run *run, const struct mr_gate_facts **facts,
                                size_t *count, bool *complete, struct mr_err *err);

#endif
