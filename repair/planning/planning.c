/* planning.c: see planning.h. */
#include "repair/planning/planning.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/version.h"
#include "core/case/run_command.h"
#include "repair/plan/asked.h"
#include "repair/plan/plan_next.h"
#include "repair/planning/plan_again.h"
#include "repair/planning/rejoin_rows.h"
#include "repair/planning/rewind_rows.h"
#include "repair/planning/plan_asked.h"

/* ---- case and run ---- */

/* A case is not started for want of endpoints, nor for rows that it does not know. */
static enum mr_code open_case(struct mr_planning *p, struct mr_err *err)
{
    const struct mr_plan_options *o = p->opts;
    if (mr_rewind_is_asked(o)) /* a temporary one: nothing of it is needed again */
        return mr_findings_open(NULL, MR_CASE_WRITE, &p->fd, err);
    if (o->case_path == NULL)
        return MR_OK;
    bool needed = o->policy != NULL || o->source == NULL || o->target == NULL;
    if (needed && access(o->case_path, F_OK) != 0 && errno == ENOENT) {
        (void)mr_err_set(err, MR_E_USAGE, "case \"%s\" does not exist yet", o->case_path);
        mr_err_hint(err, "%s",
                    o->policy != NULL ? "Compare the servers first: myrecon check --case FILE."
                                      : "Give --source URI and --target URI to start it.");
        return MR_E_USAGE;
    }
    return mr_findings_open(o->case_path, MR_CASE_WRITE, &p->fd, err);
}

/* A reseed takes what the case knows and needs no run; a policy without one is refused. */
static enum mr_code choose_run(struct mr_planning *p, struct mr_err *err)
{
    if (mr_rewind_is_asked(p->opts))
        return MR_OK; /* it makes one */
    if (p->fd != NULL && p->opts->policy == NULL)
        MR_TRY(mr_findings_run_last(p->fd, &p->arena, &p->run, err));
    if (p->opts->policy != NULL || p->run.id != 0)
        MR_TRY(mr_findings_run_choose(p->fd, p->opts->run, &p->arena, &p->run, err));
    if (p->opts->policy != NULL)
        mr_log_info("run %s: %s -> %s", p->run.uuid, p->run.source, p->run.target);
    return MR_OK;
}

/* ---- servers ---- */

static enum mr_code no_endpoints(const struct mr_planning *p, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "case \"%s\" does not know which servers are meant",
                     p->opts->case_path);
    mr_err_hint(err, "Give --source URI and --target URI; the case will keep them.");
    return MR_E_USAGE;
}

/* Those of the command line; else of the run; else of the case's last plan. */
static enum mr_code choose_endpoints(struct mr_planning *p, const char *uris[MR_SIDES],
                                     struct mr_err *err)
{
    const char *known[MR_SIDES] = {mr_run_uri(&p->run, MR_SOURCE), mr_run_uri(&p->run, MR_TARGET)};
    enum mr_code code = MR_OK;
    uris[MR_SOURCE] = p->opts->source;
    uris[MR_TARGET] = p->opts->target;
    if (mr_rewind_is_asked(p->opts)) /* what it was, and what it is */
        uris[MR_SOURCE] = p->opts->target;
    if (uris[MR_SOURCE] != NULL && uris[MR_TARGET] != NULL)
        return MR_OK;
    if (p->run.id == 0)
        code = mr_planbook_endpoints(p->fd, NULL, &p->arena, known, err);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (uris[side] == NULL)
            uris[side] = known[side];
    if (code == MR_OK && (uris[MR_SOURCE] == NULL || uris[MR_TARGET] == NULL))
        code = no_endpoints(p, err);
    return code;
}

/* An endpoint without databases is all of them. */
static bool share_database(const struct mr_endpoint *a, const struct mr_endpoint *b)
{
    if (a->ndbs == 0 || b->ndbs == 0)
        return true;
    for (size_t i = 0; i < a->ndbs; i++)
        for (size_t k = 0; k < b->ndbs; k++)
            if (strcmp(a->dbs[i], b->dbs[k]) == 0)
                return true;
    return false;
}

/* As far as their addresses tell. */
static bool same_place(const struct mr_endpoint *a, const struct mr_endpoint *b)
{
    enum { PORT = 3306 };
    if (a->kind != MR_ENDPOINT_MYSQL || b->kind != MR_ENDPOINT_MYSQL ||
        strcasecmp(a->host, b->host) != 0 ||
        (a->port != 0 ? a->port : PORT) != (b->port != 0 ? b->port : PORT) ||
        strcmp(a->socket != NULL ? a->socket : "", b->socket != NULL ? b->socket : "") != 0)
        return false;
    return share_database(a, b);
}

/* Is that side what was the other one?  was: the other one's URI, of a run or plan. */
static enum mr_code is_turned(const struct mr_planning *p, int side, const char *was, bool *turned,
                              struct mr_err *err)
{
    struct mr_endpoint ep = {0};
    enum mr_code code = mr_endpoint_parse(&ep, was, err);
    *turned = code == MR_OK && same_place(&p->sides.ep[side], &ep);
    mr_endpoint_release(&ep);
    return code;
}

/* What the run found, and what the case keeps of merges, is of one side each: interchanged,
 * people who stand would count as lost, or as deleted. */
static enum mr_code refuse_turned(const struct mr_planning *p, int side,
                                  const char *const merged[MR_SIDES], struct mr_err *err)
{
    static const char *const names[MR_SIDES] = {"source", "target"};
    int other = side == MR_SOURCE ? MR_TARGET : MR_SOURCE;
    const char *was = other == MR_SOURCE ? p->run.source : p->run.target;
    bool turned = false;
    if (same_place(&p->sides.ep[MR_SOURCE], &p->sides.ep[MR_TARGET]))
        return MR_OK; /* which is refused for that */
    enum mr_code code = is_turned(p, side, was, &turned, err);
    if (code == MR_OK && turned) {
        code = mr_err_set(err, MR_E_REFUSED, "the %s \"%s\" is the %s of run %s", names[side], was,
                          names[other], p->run.uuid);
        mr_err_hint(err, "Nothing was changed. Leave out --source and --target; to plan "
                         "the other way round, check that way into a case of its own.");
        return code;
    }
    if (code == MR_OK && merged[other] != NULL)
        code = is_turned(p, side, merged[other], &turned, err);
    if (code == MR_OK && turned) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "the %s of run %s is the %s of an earlier merge of the case", names[side],
                          p->run.uuid, names[other]);
        mr_err_hint(err, "Nothing was changed. The case keeps who is who of that "
                         "direction: name a run of it with --run, or check the other way "
                         "round into a case of its own.");
    }
    return code;
}

static enum mr_code refuse_all_turned(struct mr_planning *p, struct mr_err *err)
{
    const char *merged[MR_SIDES];
    MR_TRY(mr_planbook_endpoints(p->fd, "merge", &p->arena, merged, err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(refuse_turned(p, side, merged, err));
    return MR_OK;
}

static bool is_merge(const struct mr_planning *p)
{
    return p->opts->policy != NULL && strcmp(p->opts->policy, "merge") == 0;
}

/* What servers have written since their logs were collected is read on before their views are opened, and
 * the little that came in between behind that. */
static enum mr_code read_logs_on(struct mr_planning *p, const char *const uris[MR_SIDES],
                                 bool is_second, struct mr_err *err)
{
    struct mr_catch_up *c = &p->caught_up;
    if (!is_merge(p) || p->read_logs_on == NULL || (is_second && (!c->is_known || c->why != NULL)))
        return MR_OK;
    if (!is_second)
        *c = (struct mr_catch_up){.fd = p->fd,
                                  .run = &p->run,
                                  .uris = {uris[MR_SOURCE], uris[MR_TARGET]},
                                  .config = p->config,
                                  .login = p->opts->login,
                                  .statement_timeout_s = p->opts->statement_timeout_s,
                                  .run_tag = p->id.id,
                                  .progress = p->opts->general.progress,
                                  .arena = &p->arena};
    c->is_second = is_second;
    if (p->opts->login.ask_password) { /* nobody is asked three times for one */
        c->why = "the passwords are asked for, and not kept";
        return MR_OK;
    }
    MR_TRY(p->read_logs_on(c, err));
    if (is_second && c->why == NULL && c->transactions[MR_SOURCE] + c->transactions[MR_TARGET] > 0)
        mr_log_info("binary logs were read on: %" PRIu64 " transactions of the source, %" PRIu64
                    " of the target since they were collected",
                    c->transactions[MR_SOURCE], c->transactions[MR_TARGET]);
    return MR_OK;
}

static enum mr_code open_sides(struct mr_planning *p, struct mr_err *err)
{
    const char *uris[MR_SIDES];
    const struct mr_sides_opts opts = {.run_tag = p->id.id,
                                       .statement_timeout_s = p->opts->statement_timeout_s,
                                       .login = p->opts->login,
                                       .consistent = p->opts->policy != NULL,
                                       .frees_tables = true,
                                       .open_snapshot = p->open_snapshot};
    MR_TRY(choose_endpoints(p, uris, err));
    if (strncmp(uris[MR_TARGET], "snapshot:", 9) == 0) {
        (void)mr_err_set(err, MR_E_USAGE, "a snapshot cannot be the target of a repair");
        mr_err_hint(err, "Name the live server with --target; a snapshot may be SOURCE.");
        return MR_E_USAGE;
    }
    MR_TRY(read_logs_on(p, uris, false, err));
    MR_TRY(mr_sides_open(&p->sides, uris, &opts, &p->arena, err));
    MR_TRY(read_logs_on(p, uris, true, err));
    if (mr_rewind_is_asked(p->opts))
        return mr_rewind_make_run(p, err);
    return p->opts->policy != NULL ? refuse_all_turned(p, err) : MR_OK;
}

enum mr_code mr_planning_open(struct mr_planning *p, struct mr_err *err)
{
    MR_TRY((p->opts->is_over ? mr_plan_writer_begin_over : mr_plan_writer_begin)(p->opts->output,
                                                                                 &p->writer, err));
    if (p->opts->sign_with != NULL)
        MR_TRY(mr_sign_key_load(p->opts->sign_with, &p->signer, err));
    MR_TRY(open_case(p, err));
    MR_TRY(choose_run(p, err));
    if (mr_rejoin_is_asked(p->opts)) /* before sessions of our own are in the way */
        MR_TRY(mr_rejoin_open(p, err));
    return open_sides(p, err);
}

/* The first error is the one to be told: what closing says after it came of that. */
enum mr_code mr_planning_close(struct mr_planning *p, enum mr_code code, struct mr_err *err)
{
    struct mr_err late = {0};
    if (mr_findings_close(p->fd, &late) != MR_OK && code == MR_OK) {
        code = late.code;
        *err = late;
    }
    mr_plan_writer_free(p->writer);
    mr_sign_key_free(p->signer);
    mr_rejoin_close(p);
    mr_sides_close(&p->sides);
    mr_arena_release(&p->arena);
    return code;
}

/* ---- the plan ---- */

enum mr_code mr_planning_describe(struct mr_planning *p, const char *policy, struct mr_err *err)
{
    struct mr_manifest *m = &p->manifest;
    const struct mr_endpoint *eps = p->sides.ep;
    *m = (struct mr_manifest){.uuid = p->id.id,
                              .created = p->id.started,
                              .version = MR_VERSION,
                              .policy = policy,
                              .source = mr_endpoint_text(&eps[MR_SOURCE], false, &p->arena),
                              .target = mr_endpoint_text(&eps[MR_TARGET], false, &p->arena),
                              .uri = {mr_endpoint_text(&eps[MR_SOURCE], true, &p->arena),
                                      mr_endpoint_text(&eps[MR_TARGET], true, &p->arena)},
                              .run = p->run.id != 0 ? p->run.uuid : NULL,
                              .check_options = p->run.options,
                              .again_of = p->opts->is_over ? p->opts->again_of : NULL,
                              .margin = p->opts->margin};
    char page_key[MR_SHA256_HEX];
    MR_TRY(mr_asked_key(page_key, err));
    m->page_key = mr_arena_strdup(&p->arena, page_key);
    if (p->rejoin != NULL) {
        m->source = mr_endpoint_text(&p->rejoin->ep[MR_SOURCE], false, &p->arena);
        m->uri[MR_SOURCE] = mr_endpoint_text(&p->rejoin->ep[MR_SOURCE], true, &p->arena);
    }
    if (m->source == NULL || m->target == NULL || m->uri[MR_SOURCE] == NULL ||
        m->uri[MR_TARGET] == NULL || m->page_key == NULL)
        return mr_err_nomem(err, "planning");
    if (p->settings != NULL)
        MR_TRY(mr_plan_again_keep(p->settings, m->uri, &p->arena, &m->options, &m->noptions, err));
    p->record = (struct mr_plan_record){.uuid = m->uuid,
                                        .policy = m->policy,
                                        .created = m->created,
                                        .dir = p->opts->output,
                                        .source = m->source,
                                        .target = m->target,
                                        .uri = {m->uri[MR_SOURCE], m->uri[MR_TARGET]},
                                        .run = p->run.id};
    return MR_OK;
}

enum mr_code mr_planning_blocks(struct mr_planning *p, struct mr_plan_block **blocks,
                                struct mr_err *err)
{
    const struct mr_manifest *m = &p->manifest;
    struct mr_plan_block *items = mr_arena_calloc(&p->arena, m->ncounters + 1, sizeof *items);
    if (items == NULL)
        return mr_err_nomem(err, "recording the plan");
    for (size_t i = 0; i < m->ncounters; i++) {
        const struct mr_counter *c = &m->counters[i];
        items[i] = (struct mr_plan_block){.table = c->table,
                                          .target_table = c->target_table,
                                          .column = c->column,
                                          .sequence = c->sequence,
                                          .from = c->from,
                                          .to = c->to,
                                          .reseed_to = c->reseed_to};
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            items[i].next[side] = c->next[side];
            items[i].greatest[side] = c->greatest[side];
        }
    }
    *blocks = items;
    return MR_OK;
}

enum mr_code mr_planning_add_script(struct mr_planning *p, const char *name,
                                    mr_planning_script *write, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = write(&p->manifest, &text, err);
    if (code == MR_OK)
        code = mr_plan_writer_add(p->writer, name, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

/* For whoever is told what to do next. */
static enum mr_code add_next(struct mr_planning *p, struct mr_err *err)
{
    struct mr_manifest *m = &p->manifest;
    m->case_path = p->opts->case_path;
    m->config = p->config->file;
    m->apply_to = mr_plan_next_target(m->uri[MR_TARGET], p->sides.side[MR_TARGET].grants,
                                      &m->server, &p->arena);
    return m->apply_to != NULL ? MR_OK : mr_err_nomem(err, "planning");
}

enum mr_code mr_planning_seal(struct mr_planning *p, struct mr_err *err)
{
    MR_TRY(add_next(p, err));
    return mr_plan_writer_seal(p->writer, &p->manifest, p->signer, err);
}

/* What is asked is kept first: of a plan that counts, no answer may be taken for another one's. */
static enum mr_code finish_record(struct mr_planning *p, struct mr_err *err)
{
    MR_TRY(mr_plan_asked_keep(mr_findings_case(p->fd), p->record.id, &p->manifest, err));
    return mr_planbook_finish(p->fd, p->record.id, err);
}

/* The case takes it for a plan last: one whose directory has no name yet is none. */
enum mr_code mr_planning_publish(struct mr_planning *p, struct mr_err *err)
{
    enum mr_code code = mr_planning_seal(p, err);
    if (code == MR_OK)
        code = mr_plan_writer_publish(p->writer, &p->manifest, p->signer, err);
    p->is_published = code == MR_OK;
    if (code == MR_OK && mr_plan_writer_old(p->writer) != NULL) {
        mr_log_info("the plan that was \"%s\" is \"%s\"", p->opts->output,
                    mr_plan_writer_old(p->writer));
        mr_plan_again_put_by(p->opts, mr_plan_writer_old(p->writer), &p->arena);
    }
    if (p->record.id == 0)
        return code;
    if (p->is_published)
        return finish_record(p, err);
    (void)mr_planbook_remove(p->fd, p->record.id, NULL);
    return code;
}
