/* cutover_run.c: looks at both servers, in the order that makes the answer true; see cutover.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "recon/gate/cutover_accounts.h"
#include "recon/gate/cutover_tables.h"
#include "recon/gate/gate_cluster.h"

enum mr_code mr_cutover_init(struct mr_cutover *c, const struct mr_cutover_options *opts,
                             const struct mr_config *config, const char *const uris[MR_SIDES],
                             struct mr_err *err)
{
    *c = (struct mr_cutover){.opts = opts,
                             .config = config,
                             .uris = {uris[MR_OLD], uris[MR_NEW]},
                             .id = mr_run_id_now(),
                             .arena = MR_ARENA_INIT,
                             .dbs = MR_VEC_INIT(struct mr_db_pair),
                             .schema = {.items = MR_VEC_INIT(struct mr_cutover_finding)},
                             .counters = {.items = MR_VEC_INIT(struct mr_cutover_finding)},
                             .rows = {.items = MR_VEC_INIT(struct mr_cutover_finding)},
                             .accounts = {.items = MR_VEC_INIT(struct mr_cutover_finding)},
                             .plugins = {.items = MR_VEC_INIT(struct mr_cutover_finding)},
                             .facts = {.events = {.enable = MR_VEC_INIT(const char *)}},
                             .steps = MR_VEC_INIT(struct mr_gate_step)};
    c->facts.wait_s = opts->wait_s;
    c->facts.link.note = c->facts.link.others = c->facts.link.filters = c->facts.link.error = "";
    c->facts.link.channel = "";
    c->facts.link.lenient = "";
    c->facts.link.log[MR_OLD].filters = c->facts.link.log[MR_NEW].filters = "";
    c->facts.place.old = c->facts.place.new = "";
    c->facts.errant_set = "";
    mr_gate_judge_init(&c->judge);
    c->judge.arena = &c->arena;
    for (int side = MR_OLD; side <= MR_NEW; side++)
        mr_gate_link_display(uris[side], c->display[side], sizeof c->display[side]);
    mr_gate_link_label(uris[MR_NEW], c->label, sizeof c->label);
    MR_TRY(mr_gate_config_load(config, &c->arena, &c->gate, err));
    MR_TRY(mr_cutover_wanted(&opts->only, &opts->skip, c->wanted, err));
    /* by --accounts, or by its name */
    if (!opts->accounts && opts->only.count == 0)
        c->wanted[MR_CUTOVER_accounts] = false;
    if (opts->accounts && opts->only.count > 0)
        c->wanted[MR_CUTOVER_accounts] = true;
    return mr_db_global_init(err);
}

void mr_cutover_release(struct mr_cutover *c)
{
    struct mr_cutover_findings *const lists[] = {&c->schema, &c->counters, &c->rows, &c->accounts,
                                                 &c->plugins};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        mr_vec_release(&lists[i]->items);
    for (int side = MR_OLD; side <= MR_NEW; side++) {
        mr_catalogue_free(c->side[side].cat);
        mr_gate_link_close(&c->link[side]);
    }
    mr_vec_release(&c->dbs);
    mr_vec_release(&c->facts.events.enable);
    mr_vec_release(&c->steps);
    mr_gate_judge_release(&c->judge);
    mr_arena_release(&c->arena);
}

enum mr_code mr_cutover_found(struct mr_cutover *c, struct mr_cutover_findings *findings,
                              enum mr_gate_severity severity, const char *hint, struct mr_err *err,
                              const char *fmt, ...)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    mr_strbuf_add_args(&text, fmt, args);
    va_end(args);
    const char *kept = text.failed ? NULL : mr_arena_strdup(&c->arena, text.ptr);
    const char *kept_hint = hint != NULL ? mr_arena_strdup(&c->arena, hint) : NULL;
    struct mr_cutover_finding *f = mr_vec_push(&findings->items);
    mr_strbuf_release(&text);
    if (f == NULL || kept == NULL || (hint != NULL && kept_hint == NULL))
        return mr_err_nomem(err, "comparing servers");
    *f = (struct mr_cutover_finding){severity, kept, kept_hint};
    return MR_OK;
}

/* ---- looking ---- */

static enum mr_code open_both(struct mr_cutover *c, struct mr_err *err)
{
    const struct mr_gate_link_opts how = {.run_tag = c->id.id,
                                          .statement_timeout_s = c->opts->statement_timeout_s,
                                          .login = c->opts->login};
    struct mr_err why = {0};
    enum mr_code code = mr_gate_link_open(&c->link[MR_NEW], c->uris[MR_NEW], &how, err);
    if (code != MR_OK) {
        mr_err_context(err, "NEW");
        return code;
    }
    code = mr_gate_link_open(&c->link[MR_OLD], c->uris[MR_OLD], &how, &why);
    if (code != MR_OK && mr_gate_link_ends_run(code)) {
        *err = why;
        mr_err_context(err, "OLD");
        return code;
    }
    c->facts.server[MR_NEW] = *mr_db_server(c->link[MR_NEW].db);
    if (code == MR_OK) {
        c->facts.server[MR_OLD] = *mr_db_server(c->link[MR_OLD].db);
        c->facts.is_same = mr_server_is_one(&c->facts.server[MR_OLD], &c->facts.server[MR_NEW]);
        if (!c->facts.is_same)
            MR_TRY(mr_gate_share_cluster(&c->link[MR_OLD], &c->link[MR_NEW], &c->facts.is_cluster,
                                         err));
        if (!c->facts.is_same && !c->facts.is_cluster)
            MR_TRY(
                mr_gate_share_group(&c->link[MR_OLD], &c->link[MR_NEW], &c->facts.is_group, err));
        c->facts.is_same = c->facts.is_same || c->facts.is_cluster || c->facts.is_group;
        return MR_OK;
    }
    c->facts.away = mr_arena_strdup(&c->arena, why.message);
    c->facts.away_hint = mr_fence_refusal_hint(&c->arena, &why);
    return c->facts.away != NULL ? MR_OK : mr_err_nomem(err, "comparing servers");
}

static bool wants_settings(const struct mr_cutover *c)
{
    for (int i = MR_CUTOVER_settings; i < MR_CUTOVER_NAMES_END; i++)
        if (c->wanted[i])
            return true;
    return false;
}

static bool wants_tables(const struct mr_cutover *c)
{
    return c->wanted[MR_CUTOVER_schema] || c->wanted[MR_CUTOVER_counters] ||
           c->wanted[MR_CUTOVER_rows];
}

/* What needs both. */
static enum mr_code compare(struct mr_cutover *c, struct mr_err *err)
{
    MR_TRY(mr_cutover_read_link(c, err));
    if (c->wanted[MR_CUTOVER_replication])
        MR_TRY(mr_cutover_read_lossy(c, err));
    MR_TRY(mr_cutover_read_place(c, err));
    MR_TRY(mr_cutover_read_errant(c, err));
    for (int side = MR_OLD; side <= MR_NEW && wants_settings(c); side++)
        MR_TRY(mr_cutover_read_values(c, (enum mr_side)side, err));
    if (wants_tables(c))
        MR_TRY(mr_cutover_read_tables(c, err));
    if (c->wanted[MR_CUTOVER_plugins])
        MR_TRY(mr_cutover_read_plugins(c, err));
    return c->wanted[MR_CUTOVER_accounts] ? mr_cutover_read_accounts(c, err) : MR_OK;
}

static enum mr_code look(struct mr_cutover *c, struct mr_err *err)
{
    MR_TRY(open_both(c, err));
    if (c->facts.is_same)
        return MR_OK;
    const double begun_s = mr_clock_now_s();
    MR_TRY(mr_fence_read(&c->link[MR_NEW], &c->arena, &c->facts.fence, err));
    MR_TRY(mr_cutover_read_state(c, err));
    if (c->facts.away == NULL)
        MR_TRY(compare(c, err));
    c->facts.seconds = mr_clock_now_s() - begun_s;
    return mr_fence_read_again(&c->link[MR_NEW], &c->arena, &c->facts.fence, err);
}

/* ---- judging ---- */

static enum mr_code judge(struct mr_cutover *c, struct mr_err *err)
{
    mr_cutover_judge_facts(&c->judge, &c->facts, c->wanted);
    const struct {
        enum mr_cutover_name name;
        const struct mr_cutover_findings *found;
    } lists[] = {{MR_CUTOVER_schema, &c->schema},
                 {MR_CUTOVER_counters, &c->counters},
                 {MR_CUTOVER_rows, &c->rows},
                 {MR_CUTOVER_accounts, &c->accounts},
                 {MR_CUTOVER_plugins, &c->plugins}};
    if (c->facts.away == NULL && !c->facts.is_same) {
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
            if (c->wanted[lists[i].name])
                mr_cutover_judge_findings(&c->judge, lists[i].name, lists[i].found);
        if (wants_settings(c))
            mr_cutover_judge_settings(&c->judge, &c->values[MR_OLD], &c->values[MR_NEW], c->wanted);
        const enum mr_gate_severity verdict = mr_gate_judge_verdict(&c->judge);
        if (c->opts->only.count == 0 && (verdict == MR_GATE_OK || verdict == MR_GATE_WARNING))
            MR_TRY(mr_cutover_add_steps(c, err));
    }
    return c->judge.nomem ? mr_err_nomem(err, "judging servers") : MR_OK;
}

enum mr_code mr_cutover_run(struct mr_cutover *c, struct mr_err *err)
{
    const double begun_s = mr_clock_now_s();
    MR_TRY(look(c, err));
    MR_TRY(judge(c, err));
    c->seconds = mr_clock_now_s() - begun_s;
    return MR_OK;
}
