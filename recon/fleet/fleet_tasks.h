/*
 * fleet_tasks: many command lines of myrecon at once, each in a process of its own, so that a
 * server that stands still delays nobody else, and can be left.
 *
 *   mr_fleet_tasks_run → of each task: out, said, exit_code, late → mr_fleet_task_release
 *
 * A task is a fork that runs its line (run_line.h): no password ever stands in an argv.  What it
 * prints is kept, up to MR_FLEET_OUT bytes; more is a failure of the task, and not cut.  A task
 * that is not done in time gets SIGTERM, and SIGKILL 3 s later (1 s where the whole is interrupted),
 * with all that it has started; SIGTERM, too, where the fleet's own process is killed.  Of that
 * process it has neither what is held back, nor the log file, nor the status line.  Where there is no
 * room for one more process, or for its descriptors, it waits for one that ends.
 *
 * Errors: MR_E_NOMEM, MR_E_IO where not one process can be had, MR_E_CANCELLED (all tasks have ended
 * then).  Threads: none may have been started before.
 */
#ifndef MR_FLEET_TASKS_H
#define MR_FLEET_TASKS_H

#include "core/base/child.h"
#include "core/base/strbuf.h"
#include "core/cli/cli.h"

#define MR_FLEET_AT_ONCE 64
#define MR_FLEET_OUT ((size_t)64 << 20)

struct mr_fleet_task {
    char *const *argv; /* from the program's name on; NULL ends it */
    bool echoes;       /* what it says goes on through the log as it comes, too (log_relay.h) */
    const char *label; /* of its lines there; or NULL */
    int role; /* whose MYRECON_…_USER and _PASSWORD count where the URI gives none: a side,
                          or -1 */

    struct mr_strbuf out, said; /* its stdout, and the end of its stderr */
    struct mr_strbuf waits; /* what it has said last that it waits for, of one that echoes; or "" */
    int exit_code;          /* of one that ended by itself, else -1 */
    bool late;              /* it was not done in time */
    bool flooded;           /* it printed more than is kept */
    double seconds;
    /* while it runs */
    struct mr_child child;
    int fd[2];               /* out, said; -1: closed */
    struct mr_strbuf line;   /* of what it says: begun, and not yet passed on */
    bool is_muted;           /* that it was interrupted is not passed on, with what is behind it */
    double begun_s, asked_s; /* of the clock: to end */
    int ending;              /* the last signal that it was sent; 0: none */
};

struct mr_fleet_how {
    struct mr_command_list commands;
    unsigned at_once;                                          /* at most MR_FLEET_AT_ONCE */
    double limit_s;                                            /* of each task */
    void (*done)(void *ctx, const struct mr_fleet_task *task); /* each that has ended; or NULL */
    /* Many times a second; its error ends the run as an interruption does.  Or NULL. */
    enum mr_code (*tick)(void *ctx, struct mr_err *err);
    void *ctx;
};

/* argv, echoes, label and role are the caller's, all else zeroes.  Of a task that echoes it is not passed
 * on that it was interrupted where the whole is. */
enum mr_code mr_fleet_tasks_run(struct mr_fleet_task *tasks, size_t count,
                                const struct mr_fleet_how *how, struct mr_err *err);
void mr_fleet_task_release(struct mr_fleet_task *task);

/* The last error that it has told, "myrecon: error: …" without its beginning, into out; what ended
 * it where it told none. */
void mr_fleet_task_why(const struct mr_fleet_task *task, struct mr_strbuf *out);

/* The last warning that it has told, likewise; nothing where it told none. */
void mr_fleet_task_warned(const struct mr_fleet_task *task, struct mr_strbuf *out);

#endif
