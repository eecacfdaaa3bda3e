/*
 * cutover: is a replica, NEW, ready to take the place of its source, OLD?
 *
 *   mr_cutover_init → mr_cutover_run → judge's results, steps → mr_cutover_release
 *
 * Nothing is compared by two machines' clocks: OLD's position is read, and once NEW has applied it
 * all that OLD held before is on NEW.  What is read of both is read of OLD first, then NEW passes
 * OLD's position, then it is read of NEW; what differs is read again so.  Nothing is written, and no
 * lock is taken that a writer would feel: a table that is locked is waited for one second.
 *
 * OLD that cannot be looked at is unknown, not ready; NEW that cannot be is the run's error.  What a
 * right hides is unknown, and the GRANT is named.
 *
 * Ownership: texts live in the run's arena.  Errors: only what ends the run (mr_gate_is_fatal),
 * usage, and NEW away.  Threads: one.
 */
#ifndef MR_CUTOVER_H
#define MR_CUTOVER_H

#include "core/base/run_id.h"
#include "core/cli/config.h"
#include "core/cli/general_options.h"
#include "core/db/replication.h"
#include "core/pair/pair.h"
#include "core/source/sides.h"
#include "recon/gate/cutover_names.h"
#include "recon/gate/cutover_settings.h"
#include "recon/gate/fence.h"
#include "recon/gate/gate_output.h"

/* The sides, by the indices of sides.h. */
#define MR_OLD MR_SOURCE
#define MR_NEW MR_TARGET

struct mr_cutover_options {
    struct mr_string_list tables, exclude, only, skip;
    unsigned rows, wait_s, statement_timeout_s;
    bool accounts, json, nagios;
    const char *prometheus; /* or NULL */
    struct mr_login_opts login;
    struct mr_general_options general;
};

/* How NEW follows OLD. */
struct mr_cutover_link {
    struct mr_gate_view view; /* of what follows */
    enum mr_relation relation;
    const char *note; /* for people; with the GRANT where it is UNKNOWN */
    bool is_direct;   /* no server stands in between */
    const char *
        channel; /* the name of the channel from OLD, or through whom; "": none, or several that may be */
    const char *others; /* whom it replicates from besides; "" nobody */
    unsigned long delay_s;
    const char *filters; /* what keeps it from getting all; "" nothing */
    const char *lenient; /* settings by which it passes over what it should have applied; "" none */
    struct mr_cutover_log {
        struct mr_gate_view view;
        const char *filters; /* of databases that are not written to it; "" none */
    } log[MR_SIDES];
    const char *error; /* of a thread, or "" */
};

/* Where both stand. */
struct mr_cutover_place {
    const char *why;       /* why it cannot be told whether NEW has caught up; NULL: it can */
    const char *hint;      /* the GRANT, or NULL */
    const char *old, *new; /* positions for people, or "" */
    bool reached;
    double waited_s;
};

/* An event of the server's scheduler that is enabled on both, or on OLD alone. */
struct mr_cutover_events {
    struct mr_fence_value twice; /* run by both schedulers now */
    const char *twice_names;
    struct mr_fence_value alone; /* by NEW's, enabled on NEW alone */
    const char *alone_names;
    struct mr_fence_value off; /* enabled on OLD, not on NEW */
    const char *off_names;
    struct mr_vec enable;     /* const char *: the statement that enables each of them */
    bool scheduler[MR_SIDES]; /* it runs there */
};

/* What is at work on NEW that applies what OLD wrote. */
struct mr_cutover_work {
    struct mr_fence_value slow; /* statements and transactions of appliers, so long at it */
    const char *slow_names;
};

/* What is judged beside tables, settings and accounts. */
struct mr_cutover_facts {
    const char *away;      /* why OLD could not be looked at; NULL: it was */
    const char *away_hint; /* where it is there and refused the login: what helps; or NULL */
    struct mr_server server[MR_SIDES];
    bool is_same;    /* one server, or */
    bool is_cluster; /* nodes of one Galera cluster, which is one server: is_same, too */
    bool is_group;   /* members of one group of Group Replication: the same */
    unsigned wait_s;
    struct mr_cutover_link link;
    struct mr_cutover_place place;
    struct mr_cutover_work work;
    struct mr_cutover_events events;
    struct mr_fence_facts fence; /* of NEW, read twice */
    double seconds;              /* between the two */
    /* Transactions of NEW's own that OLD lacks. */
    struct mr_fence_value errant;
    const char *errant_set;
};

/* A finding about tables or accounts, and what is behind them in number. */
struct mr_cutover_finding {
    enum mr_gate_severity severity;
    const char *text, *hint; /* hint or NULL */
};
struct mr_cutover_findings {
    struct mr_vec items; /* struct mr_cutover_finding */
    const char *note;    /* where there is none */
};

struct mr_cutover {
    const struct mr_cutover_options *opts;
    const struct mr_config *config;
    const char *uris[MR_SIDES]; /* as given */
    struct mr_run_id id;
    struct mr_arena arena;
    bool wanted[MR_CUTOVER_NAMES_END];
    struct mr_gate_config gate; /* what section [gate] leaves out */

    struct mr_gate_link link[MR_SIDES];
    char display[MR_SIDES][512]; /* URIs without passwords */
    char label[320];             /* "host:port" of NEW */
    struct mr_cutover_facts facts;
    struct mr_cutover_values values[MR_SIDES];
    struct mr_server_side side[MR_SIDES]; /* of the links; catalogues are read with the schema */
    struct mr_vec dbs;                    /* struct mr_db_pair */
    struct mr_pairing pairing;            /* tables that both have */
    struct mr_cutover_findings schema, counters, rows, accounts, plugins;
    uint64_t rows_compared;

    struct mr_gate_judge judge;
    struct mr_vec steps; /* struct mr_gate_step */
    double seconds;      /* that the run took */
};

enum mr_code mr_cutover_init(struct mr_cutover *c, const struct mr_cutover_options *opts,
                             const struct mr_config *config, const char *const uris[MR_SIDES],
                             struct mr_err *err);
enum mr_code mr_cutover_run(struct mr_cutover *c, struct mr_err *err);
void mr_cutover_release(struct mr_cutover *c);

/* ---- for the files of cutover ---- */

/* Has NEW applied all that OLD has written by now?  Waits for it at most timeout_s. */
enum mr_code mr_cutover_catch_up(struct mr_cutover *c, double timeout_s, bool *reached,
                                 struct mr_err *err);
/* cutover_lossy.c: of facts.link what is left out of the logs, and passed over. */
enum mr_code mr_cutover_read_lossy(struct mr_cutover *c, struct mr_err *err);
/* cutover_follow.c: facts.link, and facts.place with the first wait. */
enum mr_code mr_cutover_read_link(struct mr_cutover *c, struct mr_err *err);
enum mr_code mr_cutover_read_place(struct mr_cutover *c, struct mr_err *err);
/* cutover_read.c: the settings of one side; what NEW is at; what it has that OLD lacks. */
enum mr_code mr_cutover_read_values(struct mr_cutover *c, enum mr_side side, struct mr_err *err);
enum mr_code mr_cutover_read_state(struct mr_cutover *c, struct mr_err *err);
enum mr_code mr_cutover_read_errant(struct mr_cutover *c, struct mr_err *err);
/* cutover_plugins.c: what OLD has loaded from libraries and NEW has not. */
enum mr_code mr_cutover_read_plugins(struct mr_cutover *c, struct mr_err *err);
/* cutover_judge.c: facts in, results out. */
void mr_cutover_judge_facts(struct mr_gate_judge *judge, const struct mr_cutover_facts *facts,
                            const bool wanted[MR_CUTOVER_NAMES_END]);
void mr_cutover_judge_findings(struct mr_gate_judge *judge, enum mr_cutover_name name,
                               const struct mr_cutover_findings *findings);
/* cutover_steps.c: what of a server that is ready is left to be done, in its order. */
enum mr_code mr_cutover_add_steps(struct mr_cutover *c, struct mr_err *err);
/* Appends a command to be pasted: myrecon check of these tables (count 0: of all), with the
 * configuration, and both servers with all that is said of the connection. */
void mr_cutover_add_check(const struct mr_cutover *cutover, const char *const *tables, size_t count,
                          struct mr_strbuf *out);

/* Adds one, from a format. */
enum mr_code mr_cutover_found(struct mr_cutover *c, struct mr_cutover_findings *findings,
                              enum mr_gate_severity severity, const char *hint, struct mr_err *err,
                              const char *fmt, ...) MR_PRINTF(6, 7);

#endif
