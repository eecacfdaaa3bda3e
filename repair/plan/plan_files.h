/*
 * plan_files: entities.csv.zst, idmap.csv and conflicts.csv (entity_file.h) of a plan,
 * from its store (docs/formats/plan-v1.md).
 *
 * All are streamed: memory is bounded by a batch of rows.
 *
 * Errors: those of the case, of the directory, of SOURCE (for runs of keys).  Threads: one.
 */
#ifndef MR_PLAN_FILES_H
#define MR_PLAN_FILES_H

#include "repair/plan/plan_dir.h"

struct mr_plan_files_task {
    const struct mr_plan_tables *tables;
    struct mr_plan_store *store; /* filled */
    struct mr_findings *fd;
    struct mr_plan_writer *writer;
    const struct mr_planned *planned; /* for readings of columns */
};

/* After the scripts, which add rows that planned rows refer to. */
enum mr_code mr_plan_files_entities(const struct mr_plan_files_task *task, struct mr_err *err);
enum mr_code mr_plan_files_idmap(const struct mr_plan_files_task *task, struct mr_err *err);
/* plan_conflicts.c */
enum mr_code mr_plan_files_conflicts(const struct mr_plan_files_task *task, struct mr_err *err);

#endif
