/*
 * rejoin_plan: what a plan of policy rejoin says beside its rows, in DIR/rejoin.json, and what of it is
 * told to the target: rejoin.sql.
 *
 *   of the planner:  fill a struct mr_rejoin_plan → mr_rejoin_plan_put, _put_sql
 *   of apply:        mr_rejoin_plan_read → mr_rejoin_now_read → mr_rejoin_stage → _statement …
 *
 * How far the target is is asked of the target, not of a journal: what a step leaves behind is seen.
 *
 * A password is in neither file.  Ownership: texts live in the arena.  Errors: MR_E_REFUSED for a file
 * that no planner wrote; those of db.h.  Threads: one.
 */
#ifndef MR_REJOIN_PLAN_H
#define MR_REJOIN_PLAN_H

#include "core/base/arena.h"
#include "core/base/strbuf.h"
#include "core/db/db.h"

#define MR_REJOIN_FILE "rejoin.json"
#define MR_REJOIN_SQL "rejoin.sql"

struct mr_rejoin_plan {
    bool is_mariadb, has_source_words; /* the target's: RESET BINARY LOGS, of MySQL 8.4 on */
    const char *host, *user;           /* of LIVE, as the target is to reach it */
    unsigned port;
    bool tls;
    bool
        asks_key; /* MySQL from 8.0.4 on: an account may need the source's key on a line without TLS */
    const char *live_uuid;
    uint32_t live_id;
    const char *executed;  /* what the target says now: gtid_executed, gtid_binlog_state */
    const char *own;       /* of that its own; "": nothing */
    const char *position;  /* the split: gtid_purged, gtid_slave_pos that is set */
    const char *lost;      /* what became of them: "none", "discarded", "merged" */
    const char *merged;    /* uuids of the plans that have merged them, joined by ", "; or NULL */
    uint64_t transactions; /* own ones that changed rows */
};

/* Is the target's history reset?  Not where all of it is LIVE's, too: then there is nothing to keep or to take back, and it
 * stands at the position from the start. */
bool mr_rejoin_resets(const struct mr_rejoin_plan *plan);

/* Append the text of the file; MR_E_NOMEM. */
enum mr_code mr_rejoin_plan_put(const struct mr_rejoin_plan *plan, struct mr_strbuf *out,
                                struct mr_err *err);
/* The same, of rejoin.sql. */
enum mr_code mr_rejoin_plan_put_sql(const struct mr_rejoin_plan *plan, struct mr_strbuf *out,
                                    struct mr_err *err);
enum mr_code mr_rejoin_plan_read(const char *path, struct mr_arena *arena,
                                 struct mr_rejoin_plan *plan, struct mr_err *err);

/* In their order; each is seen on the target when it is done. */
enum mr_rejoin_step {
    MR_REJOIN_RESET = 1, /* the point of no return */
    MR_REJOIN_POSITION,
    MR_REJOIN_POINT, /* at LIVE */
    MR_REJOIN_START,
    MR_REJOIN_STEPS
};
const char *mr_rejoin_step_name(enum mr_rejoin_step step);
/* password: of the step POINT; NULL: left out. */
void mr_rejoin_statement(const struct mr_rejoin_plan *plan, enum mr_rejoin_step step,
                         const char *password, struct mr_strbuf *out);

/* What the target shows. */
struct mr_rejoin_now {
    const char *executed, *position; /* as of struct mr_rejoin_plan; MySQL: position is "" */
    bool follows_live, follows_other, runs;
    const char *fault; /* why a thread of it has stopped; or NULL */
    bool is_denied;    /* LIVE does not let the account in */
};
enum mr_code mr_rejoin_now_read(struct mr_db *old, const struct mr_rejoin_plan *plan,
                                struct mr_arena *arena, struct mr_rejoin_now *now,
                                struct mr_err *err);

enum mr_rejoin_stage {
    MR_REJOIN_STAGE_ROWS = 1, /* as it was planned: rows are (being) taken back */
    MR_REJOIN_STAGE_EMPTY,    /* its logs were reset */
    MR_REJOIN_STAGE_PLACED,   /* and the position set, or nothing is reset */
    MR_REJOIN_STAGE_POINTED,  /* it knows LIVE */
    MR_REJOIN_STAGE_RUNS,
    MR_REJOIN_STAGE_STRANGE /* nothing of this leads there */
};
enum mr_code mr_rejoin_stage(const struct mr_rejoin_plan *plan, const struct mr_rejoin_now *now,
                             enum mr_rejoin_stage *stage, struct mr_err *err);
/* Has it all that it had executed when it was planned, whatever came since, and follows nobody?  Then no step was
 * taken. */
enum mr_code mr_rejoin_keeps_history(const struct mr_rejoin_plan *plan,
                                     const struct mr_rejoin_now *now, bool *keeps,
                                     struct mr_err *err);

#endif
