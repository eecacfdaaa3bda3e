/*
 * apply_internal: what the files behind apply_units.h share: one unit at hand.
 *
 * apply_try.c sends it, until it is done or refused; apply_units.c counts what came of it,
 * and goes from unit to unit; apply_rehearse.c does so for a rehearsal.
 *
 * Nobody else includes it.  Threads: one.
 */
#ifndef MR_APPLY_INTERNAL_H
#define MR_APPLY_INTERNAL_H

#include "repair/apply/apply_aside.h"
#include "repair/apply/apply_units.h"
#include "repair/apply/fired.h"
#include "repair/apply/fired_back.h"
#include "repair/apply/fired_beside.h"

#define MR_GUARD_FAILED "its guards did not hold, and it was rolled back"
#define MR_CHAIN_SAVEPOINT "myrecon_unit"
#define MR_REFUSALS_MAX 100000 /* rows of a unit that are listed */

/* One try of a unit. */
struct mr_attempt {
    struct mr_apply_units *run;
    const struct mr_script_read_unit *unit;
    struct mr_arena arena;
    struct mr_vec refusals; /* struct mr_refusal, texts in arena */
    uint64_t unlisted;      /* refused rows beyond those */
    bool dry;               /* only compared, and rolled back */
    bool chained;           /* a rehearsal behind others, from a savepoint on */
    bool broken;            /* chained: the transaction is gone, with all before */
    bool held;              /* dry: no guard spoke against it */
    bool unheld;            /* a guard spoke against the last try */
    bool unsure;            /* a rehearsal has not sent some unit before */
    struct mr_aside aside;
    struct mr_staged tables;        /* of the unit at hand */
    struct mr_fired *fired;         /* apply: what triggers write; or NULL */
    struct mr_fired_beside *beside; /* apply: what they make of the rows; or NULL */
    struct mr_fired_back *back;     /* undo: what they wrote; or NULL */
    uint64_t last; /* a probe: the first rows up to this one, rolled back; else 0 */
    enum mr_script_read_section section; /* of the last statement sent */
    unsigned ran;                        /* statements that the script counts */
    bool staged;                         /* the session has the unit's rows */
    bool committed;
    bool untold;            /* neither that nor rolled back: no such answer was given */
    bool lost;              /* sight of a try was, at COMMIT: it may have committed */
    struct mr_strbuf found; /* apply: as struct mr_journal_unit has them */
    uint64_t passed;        /* undo: rows that the plan never wrote, and that stay */
    uint64_t never;         /* of these: rows that apply had left out */
    uint64_t images;        /* of the unit: of rows that make way, which are written again */
    uint64_t written, there;
    double since_s;   /* when the run began with its first unit, or did so again */
    bool restarted;   /* the server was, since then */
    bool looks_again; /* it was, and what was done before may be lost */
    char marker[65];  /* savepoint of the try at hand, by apply_sums.h; "": it adds to nothing */
    unsigned markers; /* of this run, so far */
};

enum mr_outcome {
    MR_OUTCOME_DONE = 1,
    MR_OUTCOME_AGAIN,
    MR_OUTCOME_GUARD, /* again, but not as often */
    MR_OUTCOME_LOST,
    MR_OUTCOME_REFUSED
};

/* ---- apply_try.c ---- */

/* One statement, on the target's connection. */
enum mr_code mr_attempt_exec(struct mr_attempt *a, const char *sql, struct mr_err *err);
/* Texts are kept as they are; NULL: no memory.  Of rows (table not "") the first
 * MR_REFUSALS_MAX are kept, the others are counted. */
enum mr_code mr_attempt_add_refusal(struct mr_attempt *a, const char *table, const char *key,
                                    const char *reason, struct mr_err *err);
/* False: the connection is lost, and with it the transaction. */
bool mr_attempt_roll_back(struct mr_attempt *a);
enum mr_code mr_attempt_reconnect(struct mr_attempt *a, struct mr_err *err);
/* Tries until it is done or refused; *why is the reason of a unit that failed. */
enum mr_code mr_attempt_carry_out(struct mr_attempt *a, enum mr_outcome *outcome,
                                  struct mr_err *why, struct mr_err *err);
/* Behind it: sets aside one row after the other, until the rest of the unit is written. */
enum mr_code mr_attempt_write_rest(struct mr_attempt *a, enum mr_outcome *outcome,
                                   struct mr_err *why, struct mr_err *err);

/* ---- apply_units.c ---- */

/* Before a unit: as long as the throttle says.  MR_E_CANCELLED where the run is to end. */
enum mr_code mr_attempt_wait(const struct mr_apply_units *run, struct mr_err *err);
/* Was it done by an earlier run?  As the journal says. */
bool mr_attempt_is_journaled(const struct mr_attempt *a);
/* A unit is done when the target shows it, whatever the journal says.  *left: it is to be
 * carried out, the target shows nothing of it. */
enum mr_code mr_attempt_look_again(struct mr_attempt *a, bool *left, struct mr_err *err);
/* Only rows that an earlier run has set aside are aside. */
enum mr_code mr_attempt_recall(struct mr_attempt *a, struct mr_err *err);
/* apply_along.c: of a unit of which rows were refused: adds what goes along with them, while
 * the session knows.  Behind COMMIT, or in front of ROLLBACK. */
enum mr_code mr_attempt_list_along(struct mr_attempt *a, struct mr_err *err);
/* Appends the key of a staged row s, as the script names rows (script_names.c). */
void mr_attempt_sql_key(struct mr_strbuf *sql, const struct mr_planned_table *table);
/* apply_found.c: of rows that the plan never wrote.  note: apply, in front of COMMIT, those
 * that stood as planned before it came; pass: undo, when the unit is staged, tells the script
 * of these, and of what apply had left out; count: how many it has passed over. */
enum mr_code mr_attempt_note_found(struct mr_attempt *a, struct mr_err *err);
enum mr_code mr_attempt_pass_found(struct mr_attempt *a, struct mr_err *err);
enum mr_code mr_attempt_count_passed(struct mr_attempt *a, struct mr_err *err);
/* What has come of it is counted, written to the journal and handed on. */
enum mr_code mr_attempt_take_done(struct mr_attempt *a, struct mr_err *err);
enum mr_code mr_attempt_take_failed(struct mr_attempt *a, const char *reason, struct mr_err *err);
enum mr_code mr_attempt_take_rolled_back(struct mr_attempt *a, struct mr_err *err);

/* ---- apply_rehearse.c ---- */

/* All units of the run. */
enum mr_code mr_attempt_rehearse(struct mr_attempt *a, struct mr_err *err);

#endif
