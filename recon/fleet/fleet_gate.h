/*
 * fleet_gate: `gate check` of all servers of a fleet, and one verdict.
 *
 *   mr_fleet_gate_read(task's answer) → mr_fleet_gate_sort → the outputs below
 *
 * A server that gave no answer is unknown, with the reason; none is ever left out.
 *
 * Ownership: texts live in the arena, lines in the tasks.  Errors: MR_E_NOMEM, MR_E_IO.
 */
#ifndef MR_FLEET_GATE_H
#define MR_FLEET_GATE_H

#include <stdio.h>

#include "core/base/run_id.h"
#include "core/base/term.h"
#include "recon/fleet/fleet_answer.h"
#include "recon/fleet/inventory.h"
#include "recon/gate/gate_judge.h"

/* A line of its answer: a check. */
struct mr_fleet_gate_check {
    const char *name, *message, *hint; /* hint or NULL */
    enum mr_gate_severity severity;
    unsigned priority;          /* 0 to 2 */
    const char *silenced_until; /* it does not count; or NULL */
    struct mr_fleet_said said;
};

struct mr_fleet_gate_server {
    const struct mr_inventory_pair *pair;
    enum mr_side side;
    const char *shown;    /* URI without password */
    const char *baseline; /* path, or NULL */
    const char *connect;  /* the same with all its options: for a command to paste */
    const char *config;   /* that it is looked at by, or NULL */
    const char *peer;     /* with --peers: the other server, likewise; else NULL */
    enum mr_gate_severity verdict;
    const char *why;      /* it gave no answer; else NULL */
    struct mr_vec checks; /* struct mr_fleet_gate_check */
    double seconds;
};

struct mr_fleet_gate {
    struct mr_fleet_gate_server *servers; /* in the inventory's order */
    size_t count;
    const char *inventory;
    bool peers; /* were asked for: not each server has one */
    struct mr_run_id id;
    double seconds;
};

/* Fills verdict, why and checks. */
enum mr_code mr_fleet_gate_read(struct mr_fleet_gate_server *server,
                                const struct mr_fleet_task *task, struct mr_arena *arena,
                                struct mr_err *err);
/* Worst first: critical, unknown, warning, ok; of one verdict those with more P0 findings; else as they are. */
void mr_fleet_gate_sort(struct mr_fleet_gate *gate);
/* The worst of all. */
enum mr_gate_severity mr_fleet_gate_verdict(const struct mr_fleet_gate *gate);

/* Within an object that is begun: the line's type, and which server it is of. */
struct mr_jsonw;
void mr_fleet_gate_put_server(struct mr_jsonw *w, const struct mr_fleet_gate_server *server);

/* Text: the first line as Nagios takes it, a block for each server that is not well. */
void mr_fleet_gate_text(const struct mr_fleet_gate *gate, struct mr_look look, bool verbose,
                        struct mr_strbuf *out);
enum mr_code mr_fleet_gate_json(const struct mr_fleet_gate *gate, FILE *file, struct mr_err *err);
enum mr_code mr_fleet_gate_prometheus(const struct mr_fleet_gate *gate, const char *path,
                                      struct mr_err *err);

#endif
