/* plan_reseed.c: `repair plan --reseed-only`; see planning.h. */
#include <string.h>

#include "core/base/log.h"
#include "repair/planning/planning.h"
#include "repair/reseed/reseed_plan.h"
#include "repair/script/reseed_sql.h"

/* One database has one history: surely a slip. */
static void warn_of_itself(const struct mr_manifest *m)
{
    if (strcmp(m->source, m->target) == 0)
        mr_log_warning("source and target are the same");
}

static enum mr_code make_plan(struct mr_planning *p, struct mr_err *err)
{
    const struct mr_reseed_task task = {.side = p->sides.side,
                                        .config = p->config,
                                        .tables = &p->opts->tables,
                                        .exclude = &p->opts->exclude,
                                        .margin = p->opts->margin,
                                        .fd = p->fd,
                                        .target = p->manifest.target,
                                        .arena = &p->arena};
    warn_of_itself(&p->manifest);
    return mr_reseed_plan(&task, &p->manifest, err);
}

static enum mr_code record(struct mr_planning *p, struct mr_err *err)
{
    struct mr_plan_block *blocks = NULL;
    if (p->fd == NULL)
        return MR_OK;
    enum mr_code code = mr_planning_blocks(p, &blocks, err);
    return code == MR_OK
               ? mr_planbook_add(p->fd, &p->record, blocks, p->manifest.ncounters, err)
               : code;
}

enum mr_code mr_plan_reseed(struct mr_planning *p, struct mr_err *err)
{
    enum mr_code code = mr_planning_describe(p, MR_POLICY_RESEED, err);
    if (code == MR_OK)
        code = make_plan(p, err);
    if (code == MR_OK)
        code = mr_planning_add_script(p, "reseed.sql", mr_reseed_sql, err);
    if (code == MR_OK)
        code = mr_planning_add_script(p, "verify.sql", mr_reseed_verify_sql, err);
    if (code == MR_OK)
        code = record(p, err);
    return code == MR_OK ? mr_planning_publish(p, err) : code;
}
