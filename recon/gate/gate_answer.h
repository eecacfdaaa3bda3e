/*
 * gate_answer: what `gate check` and `gate cutover` give to whom they were asked by: a person, a
 * program, Nagios, a collector of metrics; and the exit status.
 *
 * Errors: MR_E_IO, MR_E_NOMEM.
 */
#ifndef MR_GATE_ANSWER_H
#define MR_GATE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cli/general_options.h"
#include "recon/gate/gate_output.h"

/* Options of the members json, nagios and prometheus of `of`. */
#define MR_GATE_ANSWER_OPTIONS(of)                                                                 \
    MR_JSON_OPTION(of, json, "one JSON object a line"),                                            \
        {.name = "nagios",                                                                         \
         .type = MR_OPTION_FLAG,                                                                   \
         .offset = offsetof(of, nagios),                                                           \
         .group = "Result",                                                                        \
         .help = "exit as Nagios expects: 3 for what is unknown",                                  \
         .not_in_file = true},                                                                     \
    {                                                                                              \
        .name = "prometheus", .type = MR_OPTION_STRING, .offset = offsetof(of, prometheus),        \
        .arg = "FILE", .group = "Result", .help = "write metrics for the textfile collector, too", \
        .not_in_file = true                                                                        \
    }

struct mr_gate_answer {
    bool json, nagios;
    const char *prometheus; /* or NULL */
};

/* Prints the report and writes its metrics: each also where the other cannot be written. */
enum mr_code mr_gate_answer(const struct mr_gate_report *report, const struct mr_gate_answer *how,
                            int *exit_code, struct mr_err *err);
/*
 * With --nagios, what has come of a run: every way to fail is an answer, with an exit status of its
 * own, since Nagios shows what is on stdout, and knows no status beyond 3.  With --json nothing but
 * objects belongs there, so the error goes where errors go.  Returns what is left of `code`.
 */
enum mr_code mr_gate_answer_nagios(const struct mr_gate_answer *how, enum mr_code code,
                                   int *exit_code, struct mr_err *err);

#endif
