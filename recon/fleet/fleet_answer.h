/*
 * fleet_answer: what a task has printed with --json, an object a line, of which the last is its
 * summary.  Half an answer is none: what it lacks may be what is wrong.
 *
 * Ownership: texts live in the arena; lines are parts of the task's output.  Threads: no state.
 */
#ifndef MR_FLEET_ANSWER_H
#define MR_FLEET_ANSWER_H

#include "core/json/json_in.h"
#include "recon/fleet/fleet_tasks.h"

/* A line as it was printed. */
struct mr_fleet_said {
    const char *ptr;
    size_t len;
};

/* A line of that type.  What is not as it should be is MR_E_REFUSED: the answer cannot be read. */
typedef enum mr_code mr_fleet_said_fn(void *ctx, const char *type, const struct json_t *object,
                                      struct mr_fleet_said said, struct mr_err *err);

/* *why: NULL where the answer was read to its summary; else for people why there is none, and what fn
 * has kept of it is to be forgotten.  MR_E_NOMEM. */
enum mr_code mr_fleet_answer_read(const struct mr_fleet_task *task, mr_fleet_said_fn *fn, void *ctx,
                                  struct mr_arena *arena, const char **why, struct mr_err *err);

/* A member as a copy in the arena; NULL where it is null. */
enum mr_code mr_fleet_answer_text(const struct json_t *object, const char *name,
                                  struct mr_arena *arena, const char **out, struct mr_err *err);

#endif
