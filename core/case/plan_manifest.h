/*
 * plan_manifest: plan.json of a plan directory (docs/formats/plan-v1.md) as a JSON document
 * that is known to be what was written.
 *
 *   mr_plan_manifest_load or _parse → mr_json_get_… → mr_json_free
 *   mr_plan_manifest_seal, to write one
 *
 * plan.json is one line.  Its last member is the SHA-256 of all that stands in front of
 * it, so that an edit of the manifest is seen like an edit of any other file.
 *
 * Errors: MR_E_REFUSED for a text that myrecon did not write, that was changed, or that is
 * of another format; MR_E_IO.  Limits: at most 256 MiB.  Threads: no state.
 */
#ifndef MR_PLAN_MANIFEST_H
#define MR_PLAN_MANIFEST_H

#include "core/base/strbuf.h"
#include "core/json/json_in.h"

#define MR_PLAN_SCHEMA "myrecon/plan/1"

/* name stands for the file in messages. */
enum mr_code mr_plan_manifest_parse(const char *text, size_t len, const char *name,
                                    struct mr_json_doc **out, struct mr_err *err);
/* dir: of the plan. */
enum mr_code mr_plan_manifest_load(const char *dir, struct mr_json_doc **out, struct mr_err *err);

/* Appends the object in body, a line of JSON, with its digest; body is used up. */
enum mr_code mr_plan_manifest_seal(struct mr_strbuf *body, struct mr_strbuf *out,
                                   struct mr_err *err);

#endif
