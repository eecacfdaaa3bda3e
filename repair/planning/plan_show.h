/*
 * plan_show: a plan for people, and as JSON lines: by table and in people, what is to be
 * decided, and where the common past ends.
 *
 * Errors: MR_E_IO for stdout.  Threads: one.
 */
#ifndef MR_PLAN_SHOW_H
#define MR_PLAN_SHOW_H

#include <stdio.h>

#include "core/base/term.h"
#include "repair/plan/approval.h"
#include "repair/plan/manifest.h"

/* A plan that only raises counters is shown as reseed_show.h does. */
enum mr_code mr_plan_show_text(const struct mr_manifest *manifest, const char *dir,
                               const struct mr_plan_signers *signers, struct mr_look look,
                               FILE *out, struct mr_err *err);
enum mr_code mr_plan_show_json(const struct mr_manifest *manifest,
                               const struct mr_plan_signers *signers, FILE *out,
                               struct mr_err *err);

#endif
