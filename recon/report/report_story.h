/*
 * report_story: what became of what a run found, for the post-mortem: what was planned and
 * decided, what was applied when, what the proof said, and what the gate said before and
 * after.
 *
 *   mr_story_load → read → mr_story_release
 *
 * It is put together from what the commands left behind: directories of plans with their
 * journals, outputs of `gate check --json`, files of `gate record`, and outputs of
 * `repair verify --json`.  Nothing is written and nothing is connected to.
 *
 * Ownership: everything lives in the story.  Texts that a server or a person wrote are
 * masked on the way in, unless all may be shown.  Errors: MR_E_IO, MR_E_NOMEM;
 * MR_E_REFUSED for a plan that was changed, MR_E_USAGE for a file of another kind.
 * Threads: one.
 */
#ifndef MR_REPORT_STORY_H
#define MR_REPORT_STORY_H

#include "core/base/arena.h"
#include "core/base/by_number.h"
#include "core/base/vec.h"
#include "core/cli/option.h"
#include "core/json/journal_line.h"
#include "recon/gate/gate_facts.h"

/* What a plan decided of a row of SOURCE. */
enum mr_story_decision {
    MR_STORY_SAME,
    MR_STORY_MATCHED,
    MR_STORY_INSERT,
    MR_STORY_RENUMBER,
    MR_STORY_UPDATE,
    MR_STORY_DELETE,
    MR_STORY_CONFLICT,
    MR_STORY_WAITS,
    MR_STORY_SKIP,
    MR_STORY_LEFT, /* the live side deleted it, and nobody had changed it on SOURCE */
    MR_STORY_DECISIONS
};

struct mr_story_table {
    const char *name; /* "db.t" */
    bool people;
    uint64_t decided[MR_STORY_DECISIONS];
};

/* A counter that the plan raises. */
struct mr_story_counter {
    const char *table, *column;
    uint64_t next, reseed_to; /* TARGET's, when it was planned; and as it is to be */
    uint64_t from, to;        /* reserved: [from, to) */
};

/* One run of `repair apply` or `repair undo`, as the journal tells it. */
struct mr_story_act {
    const char *run, *from, *to;
    bool is_undo;                     /* with units of 0: it was only tried */
    uint64_t raised;                  /* counters */
    uint64_t units, partial;          /* units that ended; some rows refused */
    uint64_t failed;                  /* tries that left nothing */
    uint64_t begun, ended;            /* steps */
    uint64_t written, there, refused; /* rows */
    const char *reason;               /* of the last failure, or NULL */
};

struct mr_story_raise {
    size_t act;
    const char *table, *column, *to, *how;
};

struct mr_story_plan {
    const char *dir, *uuid, *created, *policy, *source, *target;
    const char *run;        /* that it was planned from, or NULL */
    const char *apply_to;   /* TARGET for who may write: without the account that reads; or NULL */
    uint64_t units, rows;   /* of apply.sql */
    uint64_t open, decided; /* conflicts */
    uint64_t notes;
    struct mr_vec counters; /* struct mr_story_counter */
    struct mr_vec tables;   /* struct mr_story_table, parents first */
    struct mr_vec acts;     /* struct mr_story_act, by time */
    struct mr_vec raises;   /* struct mr_story_raise, by time */
    /* how it stands by the journal */
    bool is_undone;
    bool is_rejoined; /* of a rejoin: past the point of no return, replication was started */
    uint64_t units_done, units_partial, units_failed, rows_refused;
    uint64_t units_left; /* is_undone: of undo.sql, not ended; 0 also where the journal is old */
    struct mr_by_number states; /* of units, while the journal is read */
};

enum mr_story_when { MR_STORY_BEFORE = 1, MR_STORY_DURING, MR_STORY_AFTER };

struct mr_story_check {
    const char *name, *severity, *priority, *message;
    bool silenced;
};

struct mr_story_gate {
    const char *file, *run, *server, *started, *baseline;
    const char *verdict;  /* NULL: the output was cut short */
    struct mr_vec checks; /* struct mr_story_check */
    enum mr_story_when when;
};

struct mr_story_facts {
    const char *file;
    struct mr_gate_baseline base;
    uint64_t tables, rows;
    bool exact; /* rows of every table were counted */
    enum mr_story_when when;
};

/* Rows are counted by what `repair verify` says of them. */
enum mr_story_proof {
    MR_STORY_STANDS,
    MR_STORY_CHANGED_SINCE,
    MR_STORY_MISSING,
    MR_STORY_SOMEONE_ELSE,
    MR_STORY_ELSEWHERE,
    MR_STORY_TWICE,
    MR_STORY_NOT_DELETED,
    MR_STORY_UNPLANNED,
    MR_STORY_NOBODY,
    MR_STORY_SOURCE_MISSING,
    MR_STORY_SOURCE_DIFFERS,
    MR_STORY_PROOFS
};

struct mr_story_verify {
    const char *file, *plan, *target, *started;
    bool whole;                     /* it has its last line */
    bool tells_rows;                /* not of a plan that writes none */
    uint64_t rows[MR_STORY_PROOFS]; /* all 0 of a plan that writes none */
    uint64_t open, not_proven;      /* conflicts; tables */
    uint64_t counters, too_low;     /* too_low: or not known */
};

/* A check of the gate whose severity is another one after the action. */
struct mr_story_change {
    const char *server, *name;
    const struct mr_story_check *before, *after; /* NULL: was not asked */
};

struct mr_story {
    struct mr_arena arena;
    bool unmask;
    struct mr_vec plans;    /* struct mr_story_plan, by time */
    struct mr_vec gates;    /* struct mr_story_gate, by time */
    struct mr_vec facts;    /* struct mr_story_facts, by time */
    struct mr_vec verifies; /* struct mr_story_verify, by time */
    struct mr_vec changes;  /* struct mr_story_change */
    uint64_t unchanged;     /* checks that say what they said */
    const char *from, *to;  /* of all acts; NULL: nothing was done */
};

struct mr_story_from {
    const struct mr_string_list *plans, *gates, *verifies;
    bool unmask;
};

/* To be released also after a failure. */
enum mr_code mr_story_load(struct mr_story *story, const struct mr_story_from *from,
                           struct mr_err *err);
void mr_story_release(struct mr_story *story);
/* Was anything given to tell? */
bool mr_story_is_empty(const struct mr_story *story);

/* The last output of that time for this server; NULL: none, or it was cut short. */
const struct mr_story_gate *mr_story_gate_of(const struct mr_story *story, const char *server,
                                             enum mr_story_when when);
/* The last facts of that time for this server, or NULL. */
const struct mr_story_facts *mr_story_facts_of(const struct mr_story *story, const char *uri,
                                               enum mr_story_when when);
/* Is it of that plan, for its target? */
bool mr_story_verify_is_of(const struct mr_story_verify *verify, const struct mr_story_plan *plan);
/* The last whole output of verify for that plan, if nothing was done afterwards. */
const struct mr_story_verify *mr_story_verify_of(const struct mr_story *story,
                                                 const struct mr_story_plan *plan);
bool mr_story_verify_is_clean(const struct mr_story_verify *verify);
/* Conflicts of the plan that somebody has to decide: none where a later plan of the same policy, from its source for
 * its target and about all of its tables, has taken them up. */
uint64_t mr_story_open_of(const struct mr_story *story, const struct mr_story_plan *plan);
/* Conflicts of the plan whose rows are as they were: also those that a later plan has taken up which was not
 * carried out. */
uint64_t mr_story_waiting_of(const struct mr_story *story, const struct mr_story_plan *plan);
/* Was the plan carried out, and not taken back, and do its rows stand where it says: none that was carried out has
 * taken up what it left?  Not one that writes no rows. */
bool mr_story_is_in_force(const struct mr_story *story, const struct mr_story_plan *plan);
/* Does the other plan do for the same target what this one was made for: all of its tables, from its source? */
bool mr_story_covers(const struct mr_story_plan *other, const struct mr_story_plan *plan);
/* Was it taken back whole, and is one in force that was made since and covers it?  Who reads of the repair is
 * told of that one. */
bool mr_story_is_replaced(const struct mr_story *story, const struct mr_story_plan *plan);
/* A table that the plan is about? */
bool mr_story_plan_has(const struct mr_story_plan *plan, const char *table);
/* Between two times; false where one is none. */
bool mr_story_seconds(const char *from, const char *to, double *seconds);
bool mr_story_check_fires(const struct mr_story_check *check);

extern const char *const mr_story_decision_names[MR_STORY_DECISIONS];
extern const char *const mr_story_proof_names[MR_STORY_PROOFS];

#endif
