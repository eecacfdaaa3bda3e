/*
 * script: apply.sql, undo.sql and verify.sql of a plan: what the stock client runs, and what
 * `repair apply` and `repair undo` run unit by unit, to the byte.
 *
 * A UNIT is self-contained: it sets its session, stages its rows in temporary tables, and
 * in one transaction locks what it leans on, compares what is there with what was planned, writes, counts, and
 * ends in COMMIT or ROLLBACK by a prepared statement.  Guards are set-based: each finds
 * trees (plan_store.h) that cannot be applied, which are left out with all that hangs on
 * them; the rest of the unit is written.  Every INSERT, UPDATE and DELETE reads the guard
 * table, which a client that connects anew has lost with its session.  Rows that stand
 * already as planned are passed over, so that a script may be run again.
 *
 * Text: ASCII; a statement ends with ";" at the end of a line, and no other line ends so;
 * sections of a unit begin with "-- unit N of M: R rows", "-- stage", "-- locks",
 * "-- guards", "-- write", "-- again" and "-- end" (docs/formats/plan-v1.md).
 *
 * The client may run on after an error (mysql --force, source): so the last statement is
 * COMMIT only where every guard has left its row in a temporary table, else ROLLBACK.
 *
 * Limits: a unit is held in memory.  Errors: those of the case and of the servers; MR_E_IO.
 * Threads: one.
 */
#ifndef MR_SCRIPT_H
#define MR_SCRIPT_H

#include "core/file/sink.h"
#include "repair/plan/manifest.h"
#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

/* The script of that name has been written to its end, and is not written to again. */
typedef enum mr_code mr_script_written_fn(void *ctx, const char *name, struct mr_err *err);

struct mr_script_task {
    struct mr_plan_tables *tables; /* of sides that are open */
    struct mr_findings *fd;
    struct mr_plan_store *store;
    const struct mr_manifest *manifest; /* source, target, server, counters are set */
    struct mr_sink apply, undo, verify;
    mr_script_written_fn *written; /* or NULL; of one script after the other, in this order */
    void *written_ctx;
};

/* What the scripts come to. */
struct mr_script_result {
    uint64_t units, rows;
};

/* Rows that planned rows refer to and that the plan leaves as they are become entities of
 * the store (MR_DECIDE_PARENT), so that who they are is known to verify. */
enum mr_code mr_script_write(const struct mr_script_task *task, struct mr_script_result *result,
                             struct mr_err *err);

#endif
