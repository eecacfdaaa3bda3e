/* repair_plan_cmd.c: `myrecon repair plan`; see repair_cmd.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/findings.h"
#include "core/log.h"
#include "core/planbook.h"
#include "core/run_id.h"
#include "core/sides.h"
#include "core/term.h"
#include "core/version.h"
#include "repair/plan_dir.h"
#include "repair/repair_cmd.h"
#include "repair/repair_options.h"
#include "repair/reseed_plan.h"
#include "repair/reseed_show.h"
#include "repair/reseed_sql.h"

static const struct mr_command_doc doc = {
    .summary = "plan a repair, as files that can be read and run",
    .operands = "",
    .description =
        "Reads how far AUTO_INCREMENT counters and sequences have come on both servers, "
        "and plans to raise those of TARGET above both histories, so that no new row "
        "takes an id that somebody else has had. Nothing is written to any server. The "
        "plan is a directory with plan.json, and reseed.sql and verify.sql for the stock "
        "client; \"repair apply\" carries it out.\n"
        "\n"
        "The ids between the greatest of both histories and the new counter are reserved "
        "for restoring lost rows. With --case they are recorded: later plans of the case "
        "keep them.\n"
        "\n"
        "Exit status: 0 planned; 3 could not run; 4 a table could not be planned, the "
        "others are; 5 refused: a margin does not fit, or DIR is not empty; 6 "
        "interrupted; 70 bug.\n",
    .examples =
        "  myrecon repair plan --reseed-only --case club.case --output club.reseed \\\n"
        "      --source mysql://dba@lost-replica/club --target mysql://dba@live/club\n"
        "  myrecon repair plan --reseed-only --margin 50000 --tables 'club.*' \\\n"
        "      --case club.case --output club.reseed\n",
};

struct planning {
    const struct mr_plan_options *opts;
    const struct mr_config *config;
    struct mr_run_id id;
    struct mr_arena arena;
    struct mr_sides sides;
    struct mr_findings *fd; /* NULL without a case */
    struct mr_find_run run; /* that endpoints are taken from; id 0: none */
    struct mr_plan_writer *writer;
    struct mr_manifest manifest;
};

/* ---- which servers ---- */

static enum mr_code needs(const char *option, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "command \"repair plan\" needs --%s", option);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static enum mr_code require_options(const struct mr_plan_options *o, struct mr_err *err)
{
    if (!o->reseed_only)
        return needs("reseed-only", "It plans to raise counters above both histories.",
                     err);
    if (o->output == NULL)
        return needs("output DIR", "Name a directory that does not exist yet.", err);
    if (o->case_path == NULL && (o->source == NULL || o->target == NULL))
        return needs("source URI and --target URI",
                     "Or name a case that knows them: --case FILE.", err);
    return MR_OK;
}

static enum mr_code no_endpoints(const struct planning *p, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "case \"%s\" does not know which servers are meant",
                     p->opts->case_path);
    mr_err_hint(err, "Give --source URI and --target URI; the case will keep them.");
    return MR_E_USAGE;
}

/* Those of the command line; else of the case's last finished run; else of its last plan. */
static enum mr_code choose_endpoints(struct planning *p, const char *uris[MR_SIDES],
                                     struct mr_err *err)
{
    const char *source = NULL, *target = NULL;
    enum mr_code code = MR_OK;
    uris[MR_SOURCE] = p->opts->source;
    uris[MR_TARGET] = p->opts->target;
    if (p->fd != NULL)
        code = mr_findings_run_last(p->fd, &p->arena, &p->run, err);
    if (code == MR_OK && p->run.id != 0)
        code = mr_findings_run_choose(p->fd, NULL, &p->arena, &p->run, err);
    if (code != MR_OK || (uris[MR_SOURCE] != NULL && uris[MR_TARGET] != NULL))
        return code;
    if (p->run.id != 0) {
        source = p->run.source;
        target = p->run.target;
    } else {
        code = mr_planbook_endpoints(p->fd, &p->arena, &source, &target, err);
    }
    if (uris[MR_SOURCE] == NULL)
        uris[MR_SOURCE] = source;
    if (uris[MR_TARGET] == NULL)
        uris[MR_TARGET] = target;
    if (code == MR_OK && (uris[MR_SOURCE] == NULL || uris[MR_TARGET] == NULL))
        code = no_endpoints(p, err);
    return code;
}

/* A case is not started for want of endpoints. */
static enum mr_code open_case(struct planning *p, struct mr_err *err)
{
    const struct mr_plan_options *o = p->opts;
    if (o->case_path == NULL)
        return MR_OK;
    if ((o->source == NULL || o->target == NULL) && access(o->case_path, F_OK) != 0 &&
        errno == ENOENT) {
        (void)mr_err_set(err, MR_E_USAGE, "case \"%s\" does not exist yet", o->case_path);
        mr_err_hint(err, "Give --source URI and --target URI to start it.");
        return MR_E_USAGE;
    }
    return mr_findings_open(o->case_path, MR_CASE_WRITE, &p->fd, err);
}

static enum mr_code open_sides(struct planning *p, struct mr_err *err)
{
    const char *uris[MR_SIDES];
    const struct mr_sides_opts opts = {.run_tag = p->id.id,
                                       .statement_timeout_s =
                                           p->opts->statement_timeout_s,
                                       .ask_password = p->opts->ask_password};
    enum mr_code code = choose_endpoints(p, uris, err);
    return code == MR_OK ? mr_sides_open(&p->sides, uris, &opts, &p->arena, err) : code;
}

/* One database has one history: surely a slip. */
static void warn_of_itself(const struct mr_manifest *m)
{
    if (strcmp(m->source, m->target) == 0)
        mr_log_warning("source and target are the same");
}

/* ---- the plan ---- */

static const char *display(struct mr_arena *arena, const struct mr_endpoint *ep)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_endpoint_display(ep, &sb);
    const char *text = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return text;
}

static enum mr_code make_plan(struct planning *p, struct mr_err *err)
{
    struct mr_manifest *m = &p->manifest;
    *m = (struct mr_manifest){.uuid = p->id.id,
                              .created = p->id.started,
                              .version = MR_VERSION,
                              .policy = MR_POLICY_RESEED,
                              .source = display(&p->arena, &p->sides.ep[MR_SOURCE]),
                              .target = display(&p->arena, &p->sides.ep[MR_TARGET]),
                              .run = p->run.id != 0 ? p->run.uuid : NULL,
                              .margin = p->opts->margin};
    const struct mr_reseed_task task = {.side = p->sides.side,
                                        .config = p->config,
                                        .tables = &p->opts->tables,
                                        .exclude = &p->opts->exclude,
                                        .margin = p->opts->margin,
                                        .fd = p->fd,
                                        .target = m->target,
                                        .arena = &p->arena};
    if (m->source == NULL || m->target == NULL)
        return mr_err_nomem(err, "planning");
    warn_of_itself(m);
    return mr_reseed_plan(&task, m, err);
}

typedef enum mr_code script_fn(const struct mr_manifest *manifest, struct mr_strbuf *out,
                               struct mr_err *err);

static enum mr_code add_script(struct planning *p, const char *name, script_fn *write,
                               struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = write(&p->manifest, &text, err);
    if (code == MR_OK)
        code = mr_plan_writer_add(p->writer, name, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code record(struct planning *p, struct mr_plan_record *plan,
                           struct mr_err *err)
{
    const struct mr_manifest *m = &p->manifest;
    struct mr_plan_block *blocks =
        mr_arena_calloc(&p->arena, m->ncounters + 1, sizeof *blocks);
    *plan = (struct mr_plan_record){.uuid = m->uuid,
                                    .policy = m->policy,
                                    .created = m->created,
                                    .dir = p->opts->output,
                                    .source = m->source,
                                    .target = m->target,
                                    .run = p->run.id};
    if (p->fd == NULL)
        return MR_OK;
    if (blocks == NULL)
        return mr_err_nomem(err, "recording the plan");
    for (size_t i = 0; i < m->ncounters; i++) {
        const struct mr_counter *c = &m->counters[i];
        blocks[i] = (struct mr_plan_block){.table = c->table,
                                           .target_table = c->target_table,
                                           .column = c->column,
                                           .sequence = c->sequence,
                                           .from = c->from,
                                           .to = c->to,
                                           .reseed_to = c->reseed_to};
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            blocks[i].next[side] = c->next[side];
            blocks[i].greatest[side] = c->greatest[side];
        }
    }
    return mr_planbook_add(p->fd, plan, blocks, m->ncounters, err);
}

static enum mr_code write_plan(struct planning *p, struct mr_err *err)
{
    struct mr_plan_record plan;
    enum mr_code code = add_script(p, "reseed.sql", mr_reseed_sql, err);
    if (code == MR_OK)
        code = add_script(p, "verify.sql", mr_reseed_verify_sql, err);
    if (code == MR_OK)
        code = record(p, &plan, err);
    if (code != MR_OK)
        return code;
    code = mr_plan_writer_publish(p->writer, &p->manifest, err);
    if (p->fd == NULL || plan.id == 0)
        return code;
    if (code == MR_OK)
        return mr_planbook_finish(p->fd, plan.id, err);
    (void)mr_planbook_remove(p->fd, plan.id, NULL);
    return code;
}

static enum mr_code print_plan(const struct planning *p, struct mr_err *err)
{
    const struct mr_plan_options *o = p->opts;
    return o->json
               ? mr_reseed_show_json(&p->manifest, stdout, err)
               : mr_reseed_show_text(&p->manifest, o->output,
                                     mr_term_use_color(o->general.color, 1), stdout, err);
}

static enum mr_code plan_all(struct planning *p, struct mr_err *err)
{
    enum mr_code code = mr_plan_writer_begin(p->opts->output, &p->writer, err);
    if (code == MR_OK)
        code = open_case(p, err);
    if (code == MR_OK)
        code = open_sides(p, err);
    if (code == MR_OK)
        code = make_plan(p, err);
    if (code == MR_OK)
        code = write_plan(p, err);
    return code == MR_OK ? print_plan(p, err) : code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code,
                        struct mr_err *err)
{
    struct planning p = {.opts = invocation->settings.values,
                         .config = invocation->config,
                         .id = mr_run_id_now(),
                         .arena = MR_ARENA_INIT};
    struct mr_err late = {0};
    mr_general_options_apply(&p.opts->general);
    enum mr_code code = require_options(p.opts, err);
    if (code == MR_OK)
        code = mr_db_global_init(err);
    if (code == MR_OK)
        code = plan_all(&p, err);
    if (code == MR_E_CANCELLED || code == MR_E_LOST)
        mr_err_hint(err, "No plan was written, and no server was changed. Run it again.");
    if (mr_findings_close(p.fd, &late) != MR_OK && code == MR_OK) {
        code = late.code;
        *err = late;
    }
    *exit_code = mr_manifest_is_incomplete(&p.manifest) ? 4 : 0;
    mr_plan_writer_free(p.writer);
    mr_sides_close(&p.sides);
    mr_arena_release(&p.arena);
    return code;
}

const struct mr_command mr_repair_plan_command = {.name = "repair plan",
                                                  .doc = &doc,
                                                  .options = &mr_plan_option_set,
                                                  .min_operands = 0,
                                                  .max_operands = 0,
                                                  .run = run};
