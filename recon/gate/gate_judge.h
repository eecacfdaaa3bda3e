/*
 * gate_judge: facts in, findings out.
 *
 * Calling sequence: mr_gate_judge_init, mr_gate_judge_run for the checks that are wanted,
 * read results and metrics, mr_gate_judge_release.  A rule (gate_rules.h) looks at the
 * facts and says what it finds through the functions below; the judge makes one result of
 * it.  Nothing here talks to a server.
 *
 * Severity: critical outweighs unknown, which outweighs warning, in a check and in the
 * verdict.  Ownership: results live in the arena.  Errors: out of memory, once, from run.
 */
#ifndef MR_GATE_JUDGE_H
#define MR_GATE_JUDGE_H

#include "core/base/vec.h"
#include "recon/gate/gate_config.h"
#include "recon/gate/gate_activity.h"
#include "recon/gate/gate_facts.h"

/* In the order of weight. */
enum mr_gate_severity {
    MR_GATE_UNDECIDED = 0,
    MR_GATE_OK,
    MR_GATE_WARNING,
    MR_GATE_UNKNOWN,
    MR_GATE_CRITICAL
};

struct mr_gate_result {
    enum mr_gate_name name;  /* MR_GATE_NONE: none of `gate check`'s */
    const char *check;       /* what the name is called */
    unsigned check_priority; /* of a critical finding */
    bool is_setting;         /* one of many alike: counted where it is well */
    enum mr_gate_severity severity;
    unsigned priority; /* 0 to 2 */
    const char *message;
    const char *value, *baseline, *hint;   /* or NULL */
    const struct mr_gate_silence *silence; /* in force: it does not count; or NULL */
};

/* One figure, for performance data and Prometheus. */
struct mr_gate_metric {
    const char *name; /* "replication_lag_seconds" */
    const char *help;
    const char *label_names[2], *labels[2]; /* NULL: none */
    double value;
    bool has_limits;
    struct mr_gate_limits limits;
    bool in_perfdata;
};

/* The other side, as far as it could be reached. */
struct mr_gate_peer {
    const char *uri;
    const char *why; /* not reached; NULL where facts are set */
    const struct mr_gate_facts *facts;
};

#define MR_GATE_SHOWN 5 /* so many findings of a check are spelled out */

/* One of them. */
struct mr_gate_finding {
    enum mr_gate_severity severity;
    struct mr_strbuf text;
};

struct mr_gate_judge {
    /* what is judged; set by the caller of init */
    const struct mr_gate_facts *now;
    const char *gtid_last; /* SERVER's executed set, read after the peers */
    const struct mr_gate_activity *activity;
    const struct mr_gate_baseline *baseline; /* or NULL */
    const struct mr_gate_peer *peers;
    size_t npeers;
    const struct mr_gate_config *config;
    bool expect_new_instance;
    bool full;        /* digests of all rows were asked for */
    const char *time; /* of the check, UTC, for silences */
    struct mr_arena *arena;

    struct mr_vec results; /* struct mr_gate_result */
    struct mr_vec metrics; /* struct mr_gate_metric */

    /* the result that is being made */
    enum mr_gate_severity severity;
    size_t found, shown;
    struct mr_gate_finding shows[MR_GATE_SHOWN];
    bool unread;            /* a part failed: what a rule advises is of no use before it is read */
    struct mr_strbuf aside; /* what is said behind the findings */
    struct mr_strbuf message, note, value, base, hint;
    bool nomem;
};

void mr_gate_judge_init(struct mr_gate_judge *judge);
/* wanted: indexed by enum mr_gate_name. */
enum mr_code mr_gate_judge_run(struct mr_gate_judge *judge, const bool wanted[MR_GATE_NAMES_END],
                               struct mr_err *err);
void mr_gate_judge_release(struct mr_gate_judge *judge);

/* Is there what the check needs? */
bool mr_gate_judge_applies(const struct mr_gate_judge *judge, enum mr_gate_name name);
/* The worst of all results that are not silenced. */
enum mr_gate_severity mr_gate_judge_verdict(const struct mr_gate_judge *judge);
const char *mr_gate_severity_text(enum mr_gate_severity severity);

/* The same for a check that is none of gate_names.def: what is found in between becomes its result. */
void mr_gate_judge_begin(struct mr_gate_judge *judge);
/* The result, of which the caller may set is_setting; NULL: out of memory, as judge->nomem says. */
struct mr_gate_result *mr_gate_judge_end(struct mr_gate_judge *judge, const char *check,
                                         unsigned priority);

/* A result that no rule makes: the server cannot be looked at. */
enum mr_code mr_gate_judge_add(struct mr_gate_judge *judge, enum mr_gate_name name,
                               enum mr_gate_severity severity, const char *message,
                               const char *hint, struct mr_err *err);

/* ---- for rules ---- */

/* One thing found; a few are listed, the gravest of all, and the others counted. */
void mr_gate_found(struct mr_gate_judge *judge, enum mr_gate_severity severity, const char *fmt,
                   ...) MR_PRINTF(3, 4);
/* A part that is hidden or failed: UNKNOWN, with the GRANT as the hint. */
void mr_gate_found_hidden(struct mr_gate_judge *judge, const char *what,
                          const struct mr_gate_view *view);
/* A peer that was not reached: UNKNOWN. */
void mr_gate_found_away(struct mr_gate_judge *judge, const struct mr_gate_peer *peer);
/* What is reported where nothing is found. */
void mr_gate_note(struct mr_gate_judge *judge, const char *fmt, ...) MR_PRINTF(2, 3);
void mr_gate_value(struct mr_gate_judge *judge, const char *fmt, ...) MR_PRINTF(2, 3);
void mr_gate_base(struct mr_gate_judge *judge, const char *fmt, ...) MR_PRINTF(2, 3);
/* The first hint stands, but for one that was given before something graver was found. */
void mr_gate_hint(struct mr_gate_judge *judge, const char *fmt, ...) MR_PRINTF(2, 3);

/* OK, WARNING or CRITICAL by a threshold: reaching it counts. */
enum mr_gate_severity mr_gate_weigh(const struct mr_gate_judge *judge,
                                    enum mr_gate_threshold threshold, double value);
void mr_gate_metric(struct mr_gate_judge *judge, const struct mr_gate_metric *metric);

/* The baseline's facts of SERVER, or NULL. */
const struct mr_gate_facts *mr_gate_past(const struct mr_gate_judge *judge);

#endif
