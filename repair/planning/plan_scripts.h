/*
 * plan_scripts: apply.sql, undo.sql and verify.sql of a plan, and the proof that repair apply and
 * repair undo will take them.
 *
 *   { writer, manifest } → write → what else the plan has → end
 *
 * Each script that is run is read again from its file, to its last statement, as soon as it is
 * there: beside the next one, and beside what else is written before the end.
 *
 * Threads: those that read live from write to end.  Meanwhile nobody changes what the manifest says
 * of tables.  Where no thread can be had, a script is read at once.
 */
#ifndef MR_PLAN_SCRIPTS_H
#define MR_PLAN_SCRIPTS_H

#include <pthread.h>

#include "repair/plan/plan_dir.h"
#include "repair/script/script.h"

/* A script that is read again. */
struct mr_plan_proof {
    const struct mr_manifest *manifest;
    const char *path; /* NULL: it is not there yet */
    pthread_t thread;
    bool is_apart;     /* thread runs */
    enum mr_code code; /* with err, what came of it; of the thread until the end */
    struct mr_err err;
};

enum { MR_PLAN_SCRIPTS = 3, MR_PLAN_PROOFS = 2 };

struct mr_plan_scripts {
    struct mr_plan_writer *writer;
    struct mr_manifest *manifest;
    /* its own */
    struct mr_plan_file_out *out[MR_PLAN_SCRIPTS]; /* NULL: closed */
    struct mr_plan_proof proofs[MR_PLAN_PROOFS];
};

/* task: without its manifest and sinks.  Sets packet, units and rows of what is planned.  Also after
 * an error there has to be an end. */
enum mr_code mr_plan_scripts_write(struct mr_plan_scripts *scripts,
                                   const struct mr_script_task *task, struct mr_err *err);

/* All have been read when it returns.  code: how what came since the writing ended; an error of that
 * is returned, and err left alone.  MR_E_REFUSED: a script is none that is taken. */
enum mr_code mr_plan_scripts_end(struct mr_plan_scripts *scripts, enum mr_code code,
                                 struct mr_err *err);

#endif
