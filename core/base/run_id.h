/*
 * run_id: the name of one run, in statement comments, logs, cases and plans.
 *
 * "20261120T033301Z-8f3a12": sorts by time, and is unique enough to be found in a process
 * list.  Threads: no state.
 */
#ifndef MR_RUN_ID_H
#define MR_RUN_ID_H

#define MR_RUN_ID_SIZE 32
#define MR_RUN_TIME_SIZE 32

struct mr_run_id {
    char id[MR_RUN_ID_SIZE];
    char started[MR_RUN_TIME_SIZE]; /* the same moment, UTC: "2026-11-20T03:33:01Z" */
};

/* A new name, of the present moment. */
struct mr_run_id mr_run_id_now(void);
/* The present moment alone, in the form of `started`. */
void mr_run_id_time(char text[MR_RUN_TIME_SIZE]);

#endif
