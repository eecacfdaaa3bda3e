/*
 * plan_dir_internal: what plan_dir.c shares with plan_file.c and plan_over.c: a plan directory that is
 * being written; see plan_dir.h.
 */
#ifndef MR_PLAN_DIR_INTERNAL_H
#define MR_PLAN_DIR_INTERNAL_H

#include "core/base/vec.h"
#include "core/file/new_dir.h"
#include "repair/plan/plan_dir.h"

struct mr_plan_writer {
    struct mr_arena arena;
    struct mr_new_dir dir;
    struct mr_vec files; /* struct mr_plan_file */
    size_t unfinished;   /* files that were begun and are not in `files` */
    bool is_sealed;      /* plan.json is written */
    bool is_over;        /* it takes the name of a plan that is there */
    const char *old;     /* what that one is called by then; or NULL */
};

extern const struct mr_new_dir_kind mr_plan_dir_kind;

/* Gives the directory its name beside the plan that had it (plan_over.c). */
enum mr_code mr_plan_over_publish(struct mr_plan_writer *writer, struct mr_err *err);
/* Is there a plan that may be replaced?  Gives one that a crash left as DIR.partial its name. */
enum mr_code mr_plan_over_check(const char *path, struct mr_arena *arena, struct mr_err *err);

#endif
