/*
 * plan_dir_internal: what plan_dir.c shares with plan_file.c: a plan directory that is
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
};

#endif
