/* plan_reseed.c: `repair plan --reseed-only`; see planning.h. */
#include "repair/planning/plan_refuse.h"
#include "repair/planning/planning.h"
#include "repair/reseed/reseed_plan.h"
#include "repair/script/reseed_sql.h"

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
    return mr_reseed_plan(&task, &p->manifest, err);
}

static enum mr_code record(struct mr_planning *p, struct mr_err *err)
{
    struct mr_plan_block *blocks = NULL;
    if (p->fd == NULL)
        return MR_OK;
    enum mr_code code = mr_planning_blocks(p, &blocks, err);
    return code == MR_OK ? mr_planbook_add(p->fd, &p->record, blocks, p->manifest.ncounters, err)
                         : code;
}

enum mr_code mr_plan_reseed(struct mr_planning *p, struct mr_err *err)
{
    MR_TRY(mr_plan_refuse_itself(&p->sides, &p->arena, err));
    MR_TRY(mr_planning_describe(p, MR_POLICY_RESEED, err));
    MR_TRY(make_plan(p, err));
    MR_TRY(mr_planning_add_script(p, "reseed.sql", mr_reseed_sql, err));
    MR_TRY(mr_planning_add_script(p, "verify.sql", mr_reseed_verify_sql, err));
    MR_TRY(record(p, err));
    return mr_planning_publish(p, err);
}
