/*
 * reseed_show: a reseed-only plan for people, and as JSON lines.
 *
 * Errors: MR_E_IO for stdout.  Threads: one.
 */
#ifndef MR_RESEED_SHOW_H
#define MR_RESEED_SHOW_H

#include <stdio.h>

#include "core/base/term.h"
#include "core/json/jsonw.h"
#include "repair/plan/approval.h"
#include "repair/plan/manifest.h"

#define MR_REPAIR_SCHEMA "myrecon/repair/1"

/* Parts of it, for plans that do more: who and where; each counter; what is left out. */
void mr_reseed_show_head(struct mr_strbuf *out, const struct mr_manifest *manifest,
                         const struct mr_plan_signers *signers, bool color);
void mr_reseed_show_counter(struct mr_strbuf *out, const struct mr_counter *counter);
void mr_reseed_show_skipped(struct mr_strbuf *out, const struct mr_manifest *manifest, bool color);
void mr_reseed_put_plan(struct mr_jsonw *w, const struct mr_manifest *manifest,
                        const struct mr_plan_signers *signers);
void mr_reseed_put_lists(struct mr_jsonw *w, const struct mr_manifest *manifest);

/* The whole plan to out; dir is named in what to do next. */
enum mr_code mr_reseed_show_text(const struct mr_manifest *manifest, const char *dir,
                                 const struct mr_plan_signers *signers, struct mr_look look,
                                 FILE *out, struct mr_err *err);
enum mr_code mr_reseed_show_json(const struct mr_manifest *manifest,
                                 const struct mr_plan_signers *signers, FILE *out,
                                 struct mr_err *err);

#endif
