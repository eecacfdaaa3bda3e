/* fleet_run_cmd.c: `myrecon fleet run`; see fleet_cmd.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/cli/general_options.h"
#include "core/cli/load_options.h"
#include "core/json/jsonw.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_next.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/fleet_run.h"
#include "recon/fleet/fleet_run_all.h"
#include "recon/fleet/fleet_snap_part.h"
#include "recon/fleet/fleet_telling.h"

#define NO_PART UINT64_MAX

struct options {
    uint64_t part; /* NO_PART: the engine says */
    unsigned threads, save_s;
    struct mr_login_opts login;
    bool no_verdict;
    bool all; /* parts, here */
    unsigned at_once;
    bool json;
    struct mr_general_options general;
};

#define AT(field) offsetof(struct options, field)

static const struct mr_option options[] = {
    {.name = "part",
     .type = MR_OPTION_UINT64,
     .offset = AT(part),
     .arg = "I",
     .group = "The part",
     .help = "which one, from 0 on",
     .initial_note = "what the engine says: SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, or "
                     "PARALLEL_SEQ - 1",
     .max = MR_FLEET_PARTS_MAX - 1,
     .not_in_file = true},
    {.name = "all",
     .type = MR_OPTION_FLAG,
     .offset = AT(all),
     .group = "The part",
     .help = "all of them, here, for who has no engine",
     .not_in_file = true},
    {.name = "at-once",
     .type = MR_OPTION_UINT,
     .offset = AT(at_once),
     .arg = "N",
     .group = "The part",
     .help = "with --all: so many at the same time",
     .initial = "4",
     .min = 1,
     .max = MR_FLEET_AT_ONCE,
     .not_in_file = true},
    {.name = "threads",
     .type = MR_OPTION_UINT,
     .offset = AT(threads),
     .arg = "N",
     .group = "Load and pace",
     .help = "workers, each with a reader's slot on both servers",
     .initial = "1",
     .min = 1,
     .max = MR_THREADS_MAX},
    {.name = "save-every",
     .type = MR_OPTION_UINT,
     .offset = AT(save_s),
     .arg = "SECONDS",
     .group = "Load and pace",
     .help = "keep what was read so far in the fleet's directory, from which another machine "
             "goes on",
     .initial = "30",
     .min = 1,
     .max = 86400},
    {.name = "no-verdict",
     .type = MR_OPTION_FLAG,
     .offset = AT(no_verdict),
     .group = "Result",
     .help = "exit with 0 where the work is done, whatever it has found: for an engine",
     .not_in_file = true},
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_PASSWORD_COMMAND_OPTION(struct options, login),
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    const struct mr_option *part = mr_settings_find(settings->set, "part");
    if (mr_settings_origin(settings, part)->kind == MR_ORIGIN_DEFAULT)
        values->part = NO_PART;
    if (values->all && values->part != NO_PART) {
        (void)mr_err_set(err, MR_E_USAGE, "--all and --part exclude each other");
        mr_err_hint(err, "Keep one of them.");
        return MR_E_USAGE;
    }
    const struct mr_option *at_once = mr_settings_find(settings->set, "at-once");
    if (!values->all && mr_settings_origin(settings, at_once)->kind != MR_ORIGIN_DEFAULT) {
        (void)mr_err_set(err, MR_E_USAGE, "--at-once is an option of --all");
        mr_err_hint(err, "An engine says itself how many parts run at once; --threads N reads one "
                         "part by N connections.");
        return MR_E_USAGE;
    }
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "do one part of a fleet's plan",
    .operands = "DIR",
    .description =
        "Compares what part I of the plan in DIR (fleet plan) says: of each of its pairs a check, "
        "one after the other. The result is DIR/parts/I.case, which fleet merge reads. A part that "
        "is done returns at once; one that was killed goes on where it was; of two runs of one "
        "part the second waits, and takes over when the first is dead.\n"
        "\n"
        "DIR is shared by all machines, and nothing else is. It is worked on in $TMPDIR, else "
        "/var/tmp, of each machine. Passwords are in no file of DIR: they come from "
        "MYRECON_SOURCE_PASSWORD and MYRECON_TARGET_PASSWORD, an option file, or "
        "--password-command.\n"
        "\n"
        "A pair that cannot be read is told of and left; running the part again tries it again.\n"
        "\n"
        "Of a fleet of snapshots (fleet snapshot) a part makes those of its pairs, DIR/NAME, as "
        "snapshot create does.\n"
        "\n"
        "With --all this machine does all parts, and what is printed is what fleet status says "
        "then.\n"
        "\n"
        "Exit status: 0 equal; 1 differences, unless --no-verdict; 3 could not run; 4 a pair was "
        "not read, or not all of it was checked; 5 DIR is none of a fleet, or was changed; 6 "
        "interrupted, and kept; 70 bug.\n",
    .examples = "  myrecon fleet run fleet --part 0\n"
                "  sbatch fleet/fleet.sbatch\n"
                "  kubectl apply -f fleet/fleet-job.yaml\n"
                "  seq 0 15 | parallel -j 4 myrecon fleet run fleet --part {}\n"
                "  myrecon fleet run fleet --all --at-once 4\n",
};

/* ---- which part ---- */

static enum mr_code bad_index(const char *name, const char *text, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "$%s is \"%s\", which is no number of a part", name, text);
    mr_err_hint(err, "Name the part: --part I, from 0 on.");
    return MR_E_USAGE;
}

/* As in a task of Slurm that runs GNU parallel: which of them deals the parts out cannot be known. */
static enum mr_code two_engines(const char *one, const char *other, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "$%s and $%s name different parts", one, other);
    mr_err_hint(err, "Name the part that is meant: --part I, from 0 on.");
    return MR_E_USAGE;
}

/* GNU parallel counts from 1. */
static enum mr_code part_of_engine(uint64_t *part, struct mr_err *err)
{
    static const struct {
        const char *name;
        unsigned first;
    } engines[] = {{"SLURM_ARRAY_TASK_ID", 0}, {"JOB_COMPLETION_INDEX", 0}, {"PARALLEL_SEQ", 1}};
    const char *said_by = NULL;
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        const char *text = getenv(engines[i].name);
        char *end;
        if (text == NULL || text[0] == '\0')
            continue;
        errno = 0;
        const unsigned long long number = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
            number < engines[i].first)
            return bad_index(engines[i].name, text, err);
        if (said_by != NULL && *part != number - engines[i].first)
            return two_engines(said_by, engines[i].name, err);
        *part = number - engines[i].first;
        said_by = engines[i].name;
    }
    if (said_by != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "which part is to be done?");
    mr_err_hint(err, "Name it: --part I, from 0 on; --all does all of them here. Slurm, Kubernetes "
                     "and GNU parallel say it themselves.");
    return MR_E_USAGE;
}

static enum mr_code choose_part(const struct options *opts, const struct mr_fleet_file *file,
                                size_t *part, struct mr_err *err)
{
    uint64_t number = opts->part;
    if (number == NO_PART)
        MR_TRY(part_of_engine(&number, err));
    if (number >= file->nparts) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "there is no part %" PRIu64 ": \"%s\" has %zu, from 0 to %zu", number,
                         file->dir, file->nparts, file->nparts - 1);
        mr_err_hint(err, "fleet status lists them.");
        return MR_E_USAGE;
    }
    *part = (size_t)number;
    return MR_OK;
}

/* ---- the result ---- */

static int exit_of(const struct mr_fleet_part *part)
{
    int exit_code = 0;
    for (size_t i = 0; i < part->npairs; i++) {
        const struct mr_fleet_part_pair *pair = &part->pairs[i];
        if (pair->state != MR_FLEET_DONE || pair->verdict == MR_FLEET_INCOMPLETE)
            return mr_code_exit(MR_E_CHANGED);
        if (pair->verdict == MR_FLEET_DIVERGED)
            exit_code = 1;
    }
    return exit_code;
}

static const char *verdict_of(const struct mr_fleet_run *run)
{
    const int exit_code = exit_of(&run->status);
    if (exit_code == 0 && run->file->is_snapshots)
        return mr_fleet_word_text(MR_FLEET_MADE);
    return mr_fleet_word_text(mr_fleet_verdict_of_exit(exit_code));
}

static enum mr_code print_json(const struct mr_fleet_run *run, struct mr_err *err)
{
    const struct mr_fleet_part *s = &run->status;
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s part:%" PRIu64 " was_done:%d",
                  "myrecon/fleet-run/1", run->file->id, s->part, run->was_done);
    for (size_t i = 0; i < s->npairs; i++)
        mr_jsonw_line(&w, "type:pair pair:%s state:%s verdict:%s differing:%" PRIu64 " reason:%s",
                      s->pairs[i].name, mr_fleet_word_text(s->pairs[i].state),
                      mr_fleet_word_text(s->pairs[i].verdict), s->pairs[i].differing,
                      s->pairs[i].why);
    mr_jsonw_line(&w, "type:summary verdict:%s pairs:%" PRIu64 " rows:%" PRIu64 " bytes:%" PRIu64,
                  verdict_of(run), (uint64_t)s->npairs, s->rows, s->bytes);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

static void add_pair(const struct mr_fleet_part_pair *pair, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(
        out, "  %-24s  %s", pair->name,
        mr_fleet_word_text(pair->state == MR_FLEET_DONE ? pair->verdict : pair->state));
    if (pair->differing > 0) {
        mr_strbuf_add_str(out, ", ");
        mr_strbuf_add_grouped(out, pair->differing);
        mr_strbuf_add_str(out, pair->differing == 1 ? " row differs" : " rows differ");
    }
    if (pair->why != NULL) {
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, pair->why);
    }
    mr_strbuf_add_char(out, '\n');
}

static enum mr_code print_text(const struct mr_fleet_run *run, bool brief, struct mr_err *err)
{
    const struct mr_fleet_part *s = &run->status;
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < s->npairs; i++)
        if (!brief ||
            !(s->pairs[i].verdict == MR_FLEET_EQUAL || s->pairs[i].verdict == MR_FLEET_MADE))
            add_pair(&s->pairs[i], &out);
    for (size_t i = 0; i < s->npairs; i++)
        if (!run->file->is_snapshots && s->pairs[i].state == MR_FLEET_DONE &&
            s->pairs[i].verdict == MR_FLEET_INCOMPLETE) {
            mr_strbuf_add_fmt(&out,
                              "A pair was read, and not all of it could be checked: remove "
                              "parts/%" PRIu64 ".case to read this part again;\nwhere tables are "
                              "others than when the fleet was planned, plan it anew.\n",
                              s->part);
            break;
        }
    mr_strbuf_add_fmt(&out, "%s: part %" PRIu64 " of %zu, %zu pair%s%s\n", verdict_of(run), s->part,
                      run->file->nparts, s->npairs, s->npairs == 1 ? "" : "s",
                      run->was_done ? ", done before" : "");
    if (!brief)
        mr_fleet_next_of_part(run->file, s, &out);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

/* ---- the command ---- */

static enum mr_code run_all(const struct mr_invocation *invocation,
                            const struct mr_fleet_file *file, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    const struct mr_fleet_all all = {.commands = invocation->commands,
                                     .file = file,
                                     .config = invocation->config->file,
                                     .at_once = opts->at_once,
                                     .threads = opts->threads,
                                     .save_s = opts->save_s,
                                     .verbose = opts->general.verbose,
                                     .password_command = opts->login.password_command,
                                     .log_file = opts->general.log_file,
                                     .log_format = opts->general.log_format,
                                     .progress = opts->general.progress,
                                     .json = opts->json,
                                     .look = mr_general_look(&opts->general)};
    return mr_fleet_run_all(&all, exit_code, err);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_fleet_file file = {0};
    struct mr_fleet_run work = {.commands = invocation->commands,
                                .file = &file,
                                .threads = opts->threads,
                                .verbose = opts->general.verbose,
                                .save_s = opts->save_s,
                                .password_command = opts->login.password_command,
                                .log_file = opts->general.log_file,
                                .log_format = opts->general.log_format,
                                .arena = &arena};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    MR_TRY_OUT(mr_fleet_file_read(invocation->operands[0], &arena, &file, err));
    if (opts->all) {
        MR_TRY_OUT(run_all(invocation, &file, exit_code, err));
        goto out;
    }
    MR_TRY_OUT(choose_part(opts, &file, &work.part, err));
    MR_TRY_OUT(file.is_snapshots ? mr_fleet_snap_part(&work, err) : mr_fleet_run(&work, err));
    MR_TRY_OUT(opts->json ? print_json(&work, err) : print_text(&work, opts->general.brief, err));
    *exit_code = exit_of(&work.status);
    if (opts->no_verdict && mr_fleet_part_is_done(&work.status))
        *exit_code = 0;
out:
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "What was read is kept: the same command goes on where it was.");
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_fleet_run_command = {.name = "fleet run",
                                                .doc = &doc,
                                                .options = &option_set,
                                                .min_operands = 1,
                                                .max_operands = 1,
                                                .run = run};
