/*
 * gate_output: results for people, programs and monitoring.
 *
 * Of `gate check` and `gate cutover`.  Text: the first line is a Nagios plugin's,
 * "GATE CRITICAL - …| metrics", then a block for each check that is not well, then the names of
 * those that are.  JSON: the lines of docs/formats/gate-json-v1.md.  Prometheus: a file for the
 * textfile collector, replaced as a whole, mode 0644.
 *
 * Errors: MR_E_IO, MR_E_NOMEM.
 */
#ifndef MR_GATE_OUTPUT_H
#define MR_GATE_OUTPUT_H

#include <stdio.h>

#include "core/base/term.h"
#include "recon/gate/gate_judge.h"

/* How the names of metrics begin: a server's of one command are not those of another. */
#define MR_GATE_CHECK_METRICS "myrecon_gate_"
#define MR_GATE_CUTOVER_METRICS "myrecon_gate_cutover_"

/* Something that is left to be done, and on which server. */
struct mr_gate_step {
    const char *server, *statement;
};

/* What stands around the results. */
struct mr_gate_report {
    const struct mr_gate_judge *judge;
    const char *run_id, *started; /* UTC */
    const char *server;           /* URI without password */
    const char *label;            /* of SERVER in metrics: "host:port" */
    const char *metrics;          /* MR_GATE_…_METRICS */
    const char *old;              /* of a cutover: whose place SERVER is to take; else NULL */
    const struct mr_gate_step *steps;
    size_t nsteps;
    double seconds;
    bool color;
    bool verbose; /* text: a line for what is well, too */
    bool brief;   /* text: not a word of what is well */
};

/* Writes all results; the text's order is by gravity, the JSON's that of the checks. */
enum mr_code mr_gate_output_text(const struct mr_gate_report *report, FILE *file,
                                 struct mr_err *err);
enum mr_code mr_gate_output_json(const struct mr_gate_report *report, FILE *file,
                                 struct mr_err *err);
/* Replaces the file at once, so that a collector never reads half of it. */
enum mr_code mr_gate_output_prometheus(const struct mr_gate_report *report, const char *path,
                                       struct mr_err *err);
/* The file of a server that could not be checked: up is 0. */
enum mr_code mr_gate_output_prometheus_down(const char *metrics, const char *label,
                                            const char *path, struct mr_err *err);

/* "OK", "CRITICAL": as Nagios says it. */
const char *mr_gate_output_word(enum mr_gate_severity verdict);
enum mr_style mr_gate_output_style(enum mr_gate_severity severity);
/* The process's exit status of a verdict. */
int mr_gate_output_exit(enum mr_gate_severity verdict, bool nagios);

#endif
