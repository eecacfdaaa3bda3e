/* check_cmd.c: see check_cmd.h.  Opens what a run needs, runs it, prints the result. */
#include "recon/check/check_cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/pair/pair_references.h"
#include "core/pair/pair_sections.h"
#include "recon/check/check_changed.h"
#include "recon/check/check_json.h"
#include "recon/check/check_options.h"
#include "recon/check/check_plan.h"
#include "recon/check/check_relate.h"
#include "recon/check/check_result.h"
#include "recon/check/check_rolling.h"
#include "recon/check/check_run.h"
#include "recon/check/check_same.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_servers.h"
#include "recon/check/check_shards.h"
#include "recon/check/check_sides.h"
#include "recon/check/check_text.h"
#include "recon/check/objects.h"

static void add_list(struct mr_strbuf *sb, const char *name, const struct mr_string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mr_strbuf_add_fmt(sb, "%s=%s\n", name, list->items[i]);
}

/* What of TARGET each column is compared with. */
static void add_renamed(struct mr_strbuf *sb, const struct mr_pair *table)
{
    for (size_t i = 0; i < table->config->nrenamed; i++)
        mr_strbuf_add_fmt(sb, "column of %s=%s -> %s\n", table->find.name,
                          table->config->renamed[i].from, table->config->renamed[i].to);
}

/* Everything that changes what a run finds: --resume goes on only with the same. */
static const char *options_text(struct mr_check_run *check)
{
    const struct mr_check_options *o = check->opts;
    struct mr_strbuf sb = MR_STRBUF_INIT;
    add_list(&sb, "tables", &o->tables);
    add_list(&sb, "exclude", &o->exclude);
    add_list(&sb, "where", &o->where.texts);
    mr_strbuf_add_fmt(&sb, "since=%s\nobjects=%s\nconsistent=%d\n",
                      o->since_text != NULL ? o->since_text : "", o->objects, o->consistent);
    if (o->unrelated)
        mr_strbuf_add_str(&sb, "unrelated=1\n");
    if (o->same_server)
        mr_strbuf_add_str(&sb, "same-server=1\n");
    if (o->trust_manifest)
        mr_strbuf_add_str(&sb, MR_RUN_TRUSTS "\n");
    if (check->scope != NULL)
        mr_strbuf_add_fmt(&sb, "%s%s\n", MR_RUN_SCOPE + 1, check->scope_digest);
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        const struct mr_readspec *scan = check->pairing.tables[i]->scan;
        const char *where =
            scan[MR_SOURCE].where != NULL ? scan[MR_SOURCE].where : scan[MR_TARGET].where;
        if (where != NULL)
            mr_strbuf_add_fmt(&sb, "rows of %s=%s\n", check->pairing.tables[i]->find.name, where);
    }
    for (size_t i = 0; i < check->pairing.ntables; i++)
        add_renamed(&sb, check->pairing.tables[i]);
    for (size_t i = 0; i < check->pairing.nreferences; i++)
        if (check->pairing.references[i].edge.condition != NULL)
            mr_strbuf_add_fmt(&sb, "reference %s when %s\n", check->pairing.references[i].edge.name,
                              check->pairing.references[i].edge.condition);
    if (o->changed)
        mr_strbuf_add_fmt(&sb, "changed=1\nrolling=%u\n", o->rolling);
    const char *text = sb.failed ? NULL : mr_arena_strdup(&check->arena, sb.ptr);
    mr_strbuf_release(&sb);
    return text;
}

/* Chunks of another question are no answer to this one. */
static enum mr_code refuse_other_run(const struct mr_find_run *old, const struct mr_find_run *now,
                                     struct mr_err *err)
{
    const char *what = strcmp(old->source, now->source) != 0     ? "another source"
                       : strcmp(old->target, now->target) != 0   ? "another target"
                       : strcmp(old->options, now->options) != 0 ? "other options"
                                                                 : NULL;
    if (what == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CASE_OTHER, "the unfinished run %s of the case file has %s",
                     old->uuid, what);
    struct mr_strbuf options = MR_STRBUF_INIT; /* one a line */
    for (const char *at = old->options; *at != '\0'; at += strspn(at, "\n")) {
        const size_t len = strcspn(at, "\n");
        mr_strbuf_add_fmt(&options, "%s%.*s", options.len > 0 ? "; " : "", (int)len, at);
        at += len;
    }
    mr_err_detail(err, "unfinished run: %s -> %s, options: %s", old->source, old->target,
                  options.ptr);
    mr_strbuf_release(&options);
    return MR_E_CASE_OTHER;
}

/* For plans and commands of the run: they are to connect as it did. */
static enum mr_code keep_uris(struct mr_check_run *check, struct mr_err *err)
{
    const struct mr_find_run *run = &check->run;
    enum mr_code code = mr_findings_uri_save(check->fd, run->source, run->uri[MR_SOURCE], err);
    return code == MR_OK ? mr_findings_uri_save(check->fd, run->target, run->uri[MR_TARGET], err)
                         : code;
}

/* For plans of the run: they are to know rows by the same columns. */
static enum mr_code keep_settings(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_vec lines = MR_VEC_INIT(struct mr_config_line);
    struct mr_vec settings = MR_VEC_INIT(struct mr_find_setting);
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < check->pairing.ntables; i++) {
        const struct mr_pair *pair = check->pairing.tables[i];
        const struct mr_table *t = pair->side[MR_SOURCE];
        mr_vec_clear(&lines);
        MR_TRY_OUT(mr_config_lines(check->pairing.config, t->db, t->name, &lines, err));
        for (size_t k = 0; k < lines.count; k++) {
            const struct mr_config_line *line = mr_vec_at(&lines, k);
            struct mr_find_setting *setting = mr_vec_push(&settings);
            if (setting == NULL)
                MR_TRY_OUT(mr_err_nomem(err, "starting a run"));
            else
                *setting = (struct mr_find_setting){pair->find.name, line->key, line->value};
        }
    }
    MR_TRY_OUT(mr_findings_settings_save(check->fd, settings.items, settings.count, err));
out:
    mr_vec_release(&lines);
    mr_vec_release(&settings);
    return code;
}

/* The run that --resume goes on with: the last one, or that of the scope, behind which others of its
 * part may have begun; id 0: there is none. */
static enum mr_code find_run(struct mr_check_run *check, struct mr_find_run *run,
                             struct mr_err *err)
{
    struct mr_err why = {0};
    if (check->scope == NULL)
        return mr_findings_run_last(check->fd, &check->arena, run, err);
    enum mr_code code =
        mr_findings_run_choose(check->fd, check->scope->run, &check->arena, run, &why);
    if (code == MR_E_NO_SUCH || (code == MR_OK && strcmp(run->uuid, check->scope->run) != 0))
        *run = (struct mr_find_run){0};
    else if (code != MR_OK)
        *err = why;
    return code == MR_E_NO_SUCH ? MR_OK : code;
}

/* Two of one name would be taken for each other. */
static enum mr_code refuse_second(const struct mr_find_run *run, struct mr_err *err)
{
    return mr_err_set(err, MR_E_CASE_OTHER, "the case file has finished run %s of that scope",
                      run->uuid);
}

/* Nobody who runs a part has chosen to resume it. */
static void hint_part(struct mr_err *err)
{
    mr_err_hint(err, "A part of a fleet goes on with what is kept of it. To read it from its start "
                     "remove its parts/I.case and parts/I.progress, and run it again; where other "
                     "parts have read the other server, plan the fleet anew.");
}

/* A new run in the case, or with --resume the unfinished one. */
static enum mr_code begin_run(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_find_run last = {0};
    enum mr_code code = MR_OK;
    check->run.options = options_text(check);
    if (check->run.options == NULL)
        return mr_err_nomem(err, "starting a run");
    if (check->opts->resume || check->scope != NULL)
        code = find_run(check, &last, err);
    if (code == MR_OK && check->scope != NULL && last.id != 0 &&
        (last.finished || !check->opts->resume))
        return refuse_second(&last, err);
    if (code == MR_OK && last.id != 0 && !last.finished) {
        code = refuse_other_run(&last, &check->run, err);
        if (code == MR_OK)
            code = mr_check_servers_refuse(check, &last, err);
        if (code == MR_E_CASE_OTHER && check->scope != NULL)
            hint_part(err);
        last.options = check->run.options;
        last.replication = check->run.replication;
        last.hidden = NULL;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            last.uri[side] = check->run.uri[side];
        check->run = last;
        check->is_resumed = true;
        if (code == MR_OK)
            mr_log_info("resuming run %s", last.uuid);
        return code;
    }
    if (code == MR_OK && check->opts->resume && check->scope == NULL)
        mr_log_info("the case holds no unfinished run: starting a new one");
    if (code == MR_OK)
        code = mr_findings_run_begin(check->fd, &check->run, err);
    return code == MR_OK ? mr_check_servers_keep(check, err) : code;
}

/* --max-rows must not look like "no more". */
static void say_not_printed(const struct mr_check_result *result, const struct mr_check_options *o)
{
    uint64_t rows = mr_check_result_not_printed(result);
    if (rows > 0 && o->json)
        mr_log_info("%" PRIu64 " more row%s not printed (--max-rows %" PRIu64 ")%s", rows,
                    rows == 1 ? " is" : "s are", o->max_rows,
                    o->case_path != NULL ? "; the case keeps all" : "");
}

/* Equal is what a person reads who has named two wrong databases. */
static void say_empty(const struct mr_check_result *result)
{
    struct mr_err err = {0};
    if (result->ntables > 0 || result->differs || result->incomplete)
        return;
    (void)mr_err_set(&err, MR_E_REFUSED,
                     "neither side has a table that is looked at: nothing was compared");
    mr_err_hint(&err, "See that the databases, and the tables in --tables and --exclude, "
                      "are those you mean.");
    mr_log_err_as_warning(&err);
}

/* Out of the case alone: --resume prints the same of a run that was read and not printed. */
static enum mr_code print_result(struct mr_check_run *check, int *exit_code, struct mr_err *err)
{
    struct mr_check_result result;
    const struct mr_check_options *o = check->opts;
    MR_TRY(mr_check_explain(check->fd, err));
    enum mr_code code = mr_check_result_load(&result, check->fd, &check->run, o->max_rows, err);
    if (code == MR_OK && o->json) {
        code = mr_check_json(&result, stdout, err);
    } else if (code == MR_OK) {
        const struct mr_look look = mr_general_look(&o->general);
        struct mr_check_text_opts text = {.color = look.color,
                                          .brief = look.brief,
                                          .width = mr_term_width(1),
                                          .case_path = o->case_path != NULL ? o->case_path : "",
                                          .config = check->pairing.config->file};
        code = mr_check_text(&result, stdout, &text, err);
    }
    if (code == MR_OK && (fflush(stdout) != 0 || ferror(stdout)))
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write to standard output");
    if (code == MR_OK) {
        say_not_printed(&result, o);
        say_empty(&result);
    }
    *exit_code = mr_check_result_exit(&result);
    mr_check_result_release(&result);
    return code;
}

/* Keeps the first error. */
static enum mr_code save_run(struct mr_check_run *check, enum mr_code code, struct mr_err *err)
{
    struct mr_err late = {0};
    enum mr_code saved = mr_findings_run_end(check->fd, &check->run, &late);
    if (code != MR_OK || saved == MR_OK)
        return code;
    *err = late;
    return saved;
}

/* Who looks at the beginning only (| head) has to know what the case takes the run for. */
static void hint_unprinted(const struct mr_check_options *o, struct mr_err *err)
{
    if (err->code == MR_E_IO && ferror(stdout) != 0 && o->case_path != NULL)
        mr_err_hint(err, "Every finding is kept in the case, but the run counts as unfinished "
                         "until its result is printed: run the same command with --resume.");
}

/* A run is finished when its result was printed: what a full disk or a closed pipe cut
 * short can be printed again by --resume. */
static enum mr_code end_run(struct mr_check_run *check, enum mr_code code, int *exit_code,
                            struct mr_err *err)
{
    bool finished = check->run.finished;
    check->run.finished = false;
    code = save_run(check, code, err);
    check->run.finished = finished;
    if (code == MR_OK) {
        code = print_result(check, exit_code, err);
        if (code != MR_OK)
            hint_unprinted(check->opts, err);
    }
    if (code == MR_OK)
        code = save_run(check, code, err);
    return code == MR_OK && finished ? mr_check_rolling_keep(check, err) : code;
}

/* Plans, opens the case, runs. */
static enum mr_code run_check(struct mr_check_run *check, int *exit_code, struct mr_err *err)
{
    struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
    struct mr_db_opts db_opts = {.run_tag = check->run.uuid};
    const struct mr_endpoint *const *eps = NULL;
    size_t servers = 0;
    double begun = mr_clock_now_s();
    enum mr_code code = MR_OK;
    check->dbs = &pairs;
    MR_TRY_OUT(mr_check_endpoints(check, &eps, &servers, err));
    MR_TRY_OUT(mr_sides_pair_dbs(check->pairing.side, &check->arena, &pairs, err));
    MR_TRY_OUT(mr_check_same(check, &pairs, err));
    MR_TRY_OUT(mr_pair_sections_warn(&check->pairing, err));
    MR_TRY_OUT(mr_check_plan(check, &pairs, err));
    MR_TRY_OUT(mr_check_scope_apply(check, err));
    MR_TRY_OUT(mr_pair_patterns_warn(&check->pairing, "--tables", &check->opts->tables, err));
    MR_TRY_OUT(mr_pair_patterns_warn(&check->pairing, "--exclude", &check->opts->exclude, err));
    MR_TRY_OUT(mr_pair_references_plan(&check->pairing, err));
    MR_TRY_OUT(mr_check_relate(check, err));
    MR_TRY_OUT(mr_check_choose_digest(check, err));
    MR_TRY_OUT(mr_check_changed_begin(check, err));
    MR_TRY_OUT(begin_run(check, err));
    MR_TRY_OUT(mr_check_places_keep(check, err));
    MR_TRY_OUT(keep_uris(check, err));
    MR_TRY_OUT(keep_settings(check, err));
    mr_progress_begin(check->progress, "comparing");
    MR_TRY_OUT(mr_throttle_new(&check->opts->load, eps, servers, &db_opts, &check->throttle, err));
    MR_TRY_OUT(mr_check_execute(check, &pairs, err));
    MR_TRY_OUT(mr_check_places_end(check, err));
out:
    mr_progress_finish(check->progress);
    check->run.seconds += mr_clock_now_s() - begun;
    if (check->run.id != 0 && code != MR_E_CASE && code != MR_E_CASE_OTHER)
        code = end_run(check, code, exit_code, err);
    mr_check_changed_end(check);
    mr_throttle_free(check->throttle);
    mr_digest_choice_end(&check->choice);
    mr_vec_release(&pairs);
    return code;
}

/* What interrupted work needs to hear depends on whether a case keeps it. */
static void explain_interruption(const struct mr_check_options *o, struct mr_err *err)
{
    if (err->code != MR_E_CANCELLED)
        return;
    if (o->case_path == NULL)
        mr_err_hint(err, "Nothing was written to either server. With --case FILE a run "
                         "can be resumed.");
    else
        mr_err_hint(err, "Nothing is lost: the same command%s goes on where it was.",
                    o->resume ? "" : " with --resume");
}

/* The case outlives the run: what is shown of it has no password, what plans connect by has all
 * options. */
static enum mr_code name_sides(struct mr_check_run *check, struct mr_err *err)
{
    const struct mr_server_side *sides = check->pairing.side;
    const char *shown[MR_SIDES];
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        shown[side] = mr_endpoint_text(sides[side].ep, false, &check->arena);
        check->run.uri[side] = mr_endpoint_text(sides[side].ep, true, &check->arena);
        if (shown[side] == NULL || check->run.uri[side] == NULL)
            return mr_err_nomem(err, "starting a run");
    }
    check->run.source = shown[MR_SOURCE];
    check->run.target = shown[MR_TARGET];
    return MR_OK;
}

/* The first error is the one that is reported; a case that does not close is one, too. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_check_options *opts = invocation->settings.values;
    struct mr_check_run check = {.opts = opts,
                                 .pairing = {.config = invocation->config},
                                 .arena = MR_ARENA_INIT,
                                 .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .asking = PTHREAD_MUTEX_INITIALIZER};
    struct mr_sides sides = {0};
    const char *operands[MR_SIDES] = {invocation->operands[0], invocation->operands[1]};
    const struct mr_run_id id = mr_run_id_now();
    mr_general_options_apply(&opts->general);
    check.pairing.arena = &check.arena;
    check.pairing.followed = opts->case_path != NULL;
    struct mr_scope scope = {0};
    check.open_snapshot = invocation->commands.open_snapshot;
    check.read_changes = invocation->commands.read_changes;
    check.run.uuid = id.id;
    check.run.started = id.started;
    struct mr_err late = {0};
    enum mr_code code = MR_OK, closed;
    if (opts->scope_path != NULL) {
        MR_TRY_OUT(mr_scope_load(opts->scope_path, &check.arena, &scope, &check.scope_digest, err));
        check.scope = &scope;
        check.run.uuid = scope.run;
    }
    MR_TRY_OUT(mr_db_global_init(err));
    MR_TRY_OUT(mr_objects_parse_kinds(opts->objects, &check.object_kinds, err));
    MR_TRY_OUT(mr_progress_new(opts->general.progress, &check.progress, err));
    code = mr_check_sides_open(&check, &sides, operands, err);
    mr_check_hint_connections(code, err);
    if (code != MR_OK)
        goto out;
    if (mr_check_has_shards(&check))
        check.object_kinds &= MR_OBJECTS_OF_SHARDS;
    MR_TRY_OUT(mr_findings_open(opts->case_path, MR_CASE_WRITE, &check.fd, err));
    MR_TRY_OUT(name_sides(&check, err));
    MR_TRY_OUT(run_check(&check, exit_code, err));
out:
    mr_progress_free(check.progress);
    closed = mr_findings_close(check.fd, &late);
    if (code == MR_OK && closed != MR_OK) {
        code = closed;
        *err = late;
    }
    if (code != MR_OK)
        explain_interruption(opts, err);
    if (code == MR_E_MOVED) /* nothing is refused here: it is incomplete */
        code = err->code = MR_E_CHANGED;
    mr_sides_close(&sides);
    mr_arena_release(&check.arena);
    return code;
}

const struct mr_command mr_check_command = {.name = "check",
                                            .doc = &mr_check_doc,
                                            .options = &mr_check_option_set,
                                            .min_operands = 2,
                                            .max_operands = 2,
                                            .run = run};
