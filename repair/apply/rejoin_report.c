/* rejoin_report.c: see rejoin_report.h. */
#include "repair/apply/rejoin_report.h"

#include "core/json/jsonw.h"
#include "repair/reseed/reseed_show.h"

static void begin_line(struct mr_jsonw *w, FILE *out, const char *type)
{
    mr_jsonw_init_file(w, out);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", type);
}

static enum mr_code end_line(struct mr_jsonw *w, struct mr_err *err)
{
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    const enum mr_code code = mr_jsonw_finish(w, "standard output", err);
    mr_jsonw_release(w);
    return code;
}

enum mr_code mr_rejoin_report_plan(FILE *out, const struct mr_manifest *manifest,
                                   struct mr_err *err)
{
    struct mr_jsonw w;
    begin_line(&w, out, "plan");
    mr_jsonw_add_str(&w, "schema", MR_REPAIR_SCHEMA);
    mr_jsonw_add_str(&w, "plan", manifest->uuid);
    mr_jsonw_add_str(&w, "policy", manifest->policy);
    mr_jsonw_add_str(&w, "target", manifest->target);
    return end_line(&w, err);
}

enum mr_code mr_rejoin_report_archive(FILE *out, const char *dir, size_t logs, struct mr_err *err)
{
    struct mr_jsonw w;
    begin_line(&w, out, "archive");
    mr_jsonw_add_str(&w, "path", dir);
    mr_jsonw_add_uint(&w, "logs", logs);
    return end_line(&w, err);
}

enum mr_code mr_rejoin_report_step(FILE *out, enum mr_rejoin_step step, struct mr_err *err)
{
    struct mr_jsonw w;
    begin_line(&w, out, "step");
    mr_jsonw_add_str(&w, "step", mr_rejoin_step_name(step));
    return end_line(&w, err);
}

enum mr_code mr_rejoin_report_end(FILE *out, const struct mr_rejoin_end *end, struct mr_err *err)
{
    static const char *const stages[] = {
        [MR_REJOIN_STAGE_ROWS] = "rows",       [MR_REJOIN_STAGE_EMPTY] = "reset",
        [MR_REJOIN_STAGE_PLACED] = "position", [MR_REJOIN_STAGE_POINTED] = "point",
        [MR_REJOIN_STAGE_RUNS] = "start",      [MR_REJOIN_STAGE_STRANGE] = "strange"};
    struct mr_jsonw w;
    begin_line(&w, out, end->type);
    mr_jsonw_add_str(&w, "stage", stages[end->stage]);
    mr_jsonw_add_bool(&w, "caught_up", end->caught_up);
    mr_jsonw_add_str(&w, "fault", end->fault);
    if (end->is_verify && end->has_touched) {
        mr_jsonw_add_uint(&w, "touched", end->touched);
        mr_jsonw_add_uint(&w, "differ", end->differ);
    } else if (end->is_verify) {
        mr_jsonw_add_str(&w, "touched", NULL);
        mr_jsonw_add_str(&w, "differ", NULL);
    }
    if (end->is_verify)
        mr_jsonw_add_str(&w, "unreadable", end->unreadable);
    return end_line(&w, err);
}
