/*
 * plan_manifest: plan.json of a plan directory (docs/formats/plan-v1.md) as a JSON document
 * that is known to be what was written.
 *
 *   mr_plan_manifest_load or _parse → mr_json_get_… → mr_json_free
 *   mr_plan_manifest_seal, to write one
 *
 * How it is sealed, and errors: core/json/json_sealed.h.  Threads: no state.
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
