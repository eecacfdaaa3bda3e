/* plan_manifest.c: see plan_manifest.h. */
#include "core/case/plan_manifest.h"

#include "core/json/json_sealed.h"

static const struct mr_json_sealed_kind kind = {
    .file = "plan.json", .schema = MR_PLAN_SCHEMA, .thing = "plan", .made_by = "repair plan"};

enum mr_code mr_plan_manifest_parse(const char *text, size_t len, const char *name,
                                    struct mr_json_doc **out, struct mr_err *err)
{
    return mr_json_sealed_parse(text, len, name, &kind, out, err);
}

enum mr_code mr_plan_manifest_load(const char *dir, struct mr_json_doc **out, struct mr_err *err)
{
    return mr_json_sealed_load(dir, &kind, out, err);
}

enum mr_code mr_plan_manifest_seal(struct mr_strbuf *body, struct mr_strbuf *out,
                                   struct mr_err *err)
{
    return mr_json_sealed_add(body, out, err);
}
