/* fleet_gate_cmd.c: `myrecon fleet gate`; see fleet_cmd.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/base/same_text.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/file/io.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_gate.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/fleet_record.h"
#include "recon/fleet/inventory_map.h"
#include "recon/gate/gate_answer.h"
#include "recon/gate/gate_config.h"
#include "recon/gate/gate_pick.h"

enum sides { SIDES_BOTH, SIDES_SOURCE, SIDES_TARGET };

struct options {
    struct mr_fleet_options fleet;
    unsigned sides; /* enum sides */
    bool peers;
    struct mr_string_list only, skip;
    const char *output; /* or NULL */
    bool json, nagios;
    const char *prometheus;
    struct mr_general_options general;
};

static const struct mr_choice side_words[] = {
    {"both", SIDES_BOTH}, {"source", SIDES_SOURCE}, {"target", SIDES_TARGET}, {NULL, 0}};

static const struct mr_option options[] = {
    MR_FLEET_OPTIONS(struct options, fleet),
    {.name = "side",
     .type = MR_OPTION_CHOICE,
     .offset = offsetof(struct options, sides),
     .arg = "both|source|target",
     .choices = side_words,
     .group = "The fleet",
     .help = "which servers of a pair",
     .initial = "both",
     .not_in_file = true},
    {.name = "peers",
     .type = MR_OPTION_FLAG,
     .offset = offsetof(struct options, peers),
     .group = "Which checks",
     .help = "each server of a pair is the other's peer, too",
     .not_in_file = true},
    MR_GATE_PICK_OPTIONS(struct options, mr_gate_choices),
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = offsetof(struct options, output),
     .arg = "DIR",
     .group = "Result",
     .help = "of record: the directory of the baselines; needed",
     .not_in_file = true},
    MR_GATE_ANSWER_OPTIONS(struct options),
    MR_PASSWORD_COMMAND_OPTION(struct options, fleet),
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    bool wanted[MR_GATE_NAMES_END];
    MR_TRY(mr_general_options_finish(settings, &values->general, err));
    return mr_gate_pick(mr_gate_choices, &values->only, &values->skip, wanted, MR_GATE_NAMES_END,
                        err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "gate record or check of all servers of a fleet at once",
    .operands = "record | check [DIR]",
    .description =
        "Runs \"gate record\" or \"gate check\" of both servers of every pair of an inventory, up "
        "to 64 at a time, each in a process of its own: a server that stands still is unknown when "
        "its time limit is over, and delays nobody else. Nothing is written to any server.\n"
        "\n"
        "record writes a baseline a server, DIR/PAIR.source.json and DIR/PAIR.target.json. check "
        "compares with those of DIR; without DIR it runs the checks that need no baseline. The "
        "verdict is the worst of all, and what is worst comes first. A pair's side that is a "
        "snapshot is passed over, and said.\n"
        "\n"
        "Where the inventory's URI gives no user or password, MYRECON_SOURCE_USER and the like "
        "count as for check, then MYRECON_USER and MYRECON_PASSWORD; with --peers, where a task "
        "logs in to both, only these two.\n"
        "\n"
        "Exit status of check: 0 all is well; 1 a warning; 2 critical; 3 could not run, with "
        "--nagios also unknown; 4 unknown; 6 interrupted; 70 bug. Of record: 0 all are recorded; 3 "
        "could not run; 4 one is not, or not completely; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon fleet gate record --inventory fleet.ini --output before\n"
                "  myrecon fleet gate check before --inventory fleet.ini --side target\n"
                "  myrecon fleet gate check --inventory fleet.ini --nagios \\\n"
                "      --prometheus /var/lib/prometheus/node-exporter/fleet.prom\n",
};

struct fleet_gate {
    const struct options *opts;
    const struct mr_invocation *invocation;
    bool records;
    const char *dir; /* of baselines; NULL: none */
    struct mr_arena arena;
    struct mr_inventory inventory;
    struct mr_fleet_gate gate;
    struct mr_fleet_task *tasks; /* as gate.servers, until these are sorted */
};

/* ---- which servers ---- */

static bool is_wanted(const struct options *opts, enum mr_side side)
{
    return opts->sides == SIDES_BOTH || (opts->sides == SIDES_SOURCE) == (side == MR_SOURCE);
}

/* A baseline that is not there is unknown to the server's check, which names it. */
static enum mr_code name_baseline(struct fleet_gate *f, struct mr_fleet_gate_server *s,
                                  struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    if (f->dir == NULL)
        return MR_OK;
    mr_strbuf_add_fmt(&path, "%s/%s.%s.json", f->dir, s->pair->name, mr_side_name(s->side));
    enum mr_code code = mr_strbuf_check(&path, "naming a baseline", err);
    if (code == MR_OK && (s->baseline = mr_arena_strdup(&f->arena, path.ptr)) == NULL)
        code = mr_err_nomem(err, "naming a baseline");
    mr_strbuf_release(&path);
    return code;
}

/* A source of a map has a part of the target's rows, in which ids of all are. */
static bool has_peer(const struct fleet_gate *f, const struct mr_fleet_gate_server *s)
{
    return f->opts->peers && !s->pair->of_map && s->pair->uri[mr_other_side(s->side)] != NULL &&
           strncmp(s->pair->uri[mr_other_side(s->side)], "snapshot:", 9) != 0;
}

/* Without passwords. */
static enum mr_code name_server(struct fleet_gate *f, struct mr_fleet_gate_server *s,
                                const struct mr_endpoint *ep, struct mr_err *err)
{
    struct mr_endpoint peer = {0};
    s->shown = mr_endpoint_text(ep, false, &f->arena);
    s->connect = mr_endpoint_text(ep, true, &f->arena);
    if (has_peer(f, s)) {
        MR_TRY(mr_endpoint_parse(&peer, s->pair->uri[mr_other_side(s->side)], err));
        s->peer = mr_endpoint_text(&peer, true, &f->arena);
        mr_endpoint_release(&peer);
        if (s->peer == NULL)
            return mr_err_nomem(err, "planning the tasks of a fleet");
    }
    return s->shown != NULL && s->connect != NULL
               ? MR_OK
               : mr_err_nomem(err, "planning the tasks of a fleet");
}

/* Its words may hold passwords: they are read by a fork of this process, and are nobody's argv. */
static enum mr_code make_line(struct fleet_gate *f, const struct mr_fleet_gate_server *s,
                              struct mr_fleet_task *task, struct mr_err *err)
{
    static const char *const record[] = {"gate", "record", "--json", NULL};
    static const char *const check[] = {"gate", "check", "--json", NULL};
    struct mr_fleet_line line;
    mr_fleet_line_begin(&line, &f->arena, &f->opts->fleet, s->config, f->records ? record : check);
    if (f->records)
        mr_fleet_line_add(&line, "--output");
    mr_fleet_line_add_option(&line, "--only", &f->opts->only);
    mr_fleet_line_add_option(&line, "--skip", &f->opts->skip);
    if (f->records)
        mr_fleet_line_add(&line, s->baseline);
    if (has_peer(f, s)) {
        mr_fleet_line_add(&line, "--peer");
        mr_fleet_line_add(&line, s->pair->uri[mr_other_side(s->side)]);
    }
    mr_fleet_line_add(&line, "--");
    if (!f->records && s->baseline != NULL)
        mr_fleet_line_add(&line, s->baseline);
    mr_fleet_line_add(&line, s->pair->uri[s->side]);
    task->argv = mr_fleet_line_take(&line);
    task->role = f->opts->peers ? -1 : (int)s->side;
    return task->argv != NULL ? MR_OK : mr_err_nomem(err, "planning the tasks of a fleet");
}

/* Servers and tasks belong together by their place. */
static enum mr_code add_server(struct fleet_gate *f, const struct mr_inventory_pair *pair,
                               enum mr_side side, struct mr_err *err)
{
    struct mr_fleet_gate_server *s = &f->gate.servers[f->gate.count];
    struct mr_endpoint ep = {0};
    if (!is_wanted(f->opts, side) || pair->uri[side] == NULL ||
        (side == MR_TARGET && pair->only_source))
        return MR_OK;
    enum mr_code code = mr_endpoint_parse(&ep, pair->uri[side], err);
    if (code == MR_OK && ep.kind == MR_ENDPOINT_SNAPSHOT) {
        mr_log_info("pair \"%s\": its %s is a snapshot, which has no gate", pair->name,
                    mr_side_name(side));
        mr_endpoint_release(&ep);
        return MR_OK;
    }
    *s = (struct mr_fleet_gate_server){
        .pair = pair,
        .side = side,
        .config = pair->config != NULL ? pair->config : f->opts->general.config_path};
    if (code == MR_OK)
        code = name_server(f, s, &ep, err);
    mr_endpoint_release(&ep);
    if (code == MR_OK)
        code = name_baseline(f, s, err);
    if (code == MR_OK)
        code = make_line(f, s, &f->tasks[f->gate.count], err);
    f->gate.count += code == MR_OK ? 1 : 0;
    return code;
}

static enum mr_code add_servers(struct fleet_gate *f, struct mr_err *err)
{
    MR_TRY(mr_inventory_spread(&f->inventory, MR_SPREAD_SERVERS, &f->arena, err));
    const size_t most = f->inventory.pairs.count * MR_SIDES;
    f->gate.peers = f->opts->peers;
    f->gate.servers = calloc(most + 1, sizeof *f->gate.servers);
    f->tasks = calloc(most + 1, sizeof *f->tasks);
    if (f->gate.servers == NULL || f->tasks == NULL)
        return mr_err_nomem(err, "planning the tasks of a fleet");
    for (size_t i = 0; i < f->inventory.pairs.count; i++)
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            MR_TRY(add_server(f, mr_vec_at(&f->inventory.pairs, i), (enum mr_side)side, err));
    if (f->gate.count > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "none of the pairs has a server on the side asked for");
    mr_err_hint(err, "See --side and --pair.");
    return MR_E_USAGE;
}

/* ---- the work ---- */

/* One that was killed while it wrote a baseline could not take back what was not whole. */
static void tidy(const struct fleet_gate *f)
{
    for (size_t i = 0; f->records && i < f->gate.count; i++)
        if (f->tasks[i].child.has_ended && f->tasks[i].exit_code < 0)
            mr_io_remove_temps(f->dir, f->tasks[i].child.pid);
}

static enum mr_code run_tasks(struct fleet_gate *f, struct mr_err *err)
{
    enum mr_code code =
        mr_fleet_ask(&f->opts->fleet, f->invocation->commands, f->opts->general.progress, f->tasks,
                     f->gate.count, &f->gate.seconds, err);
    tidy(f);
    return code;
}

static enum mr_code print_check(const struct fleet_gate *f, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (f->opts->json)
        return mr_fleet_gate_json(&f->gate, stdout, err);
    mr_fleet_gate_text(&f->gate, mr_general_look(&f->opts->general), f->opts->general.verbose > 0,
                       &out);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

/* Metrics are written also where the result cannot be printed, and the other way round. */
static enum mr_code conclude(struct fleet_gate *f, int *exit_code, struct mr_err *err)
{
    for (size_t i = 0; i < f->gate.count; i++)
        MR_TRY(mr_fleet_gate_read(&f->gate.servers[i], &f->tasks[i], &f->arena, err));
    mr_fleet_gate_sort(&f->gate);
    enum mr_code code = print_check(f, err);
    *exit_code = mr_gate_output_exit(mr_fleet_gate_verdict(&f->gate), f->opts->nagios);
    if (f->opts->prometheus != NULL) {
        struct mr_err late = {0};
        enum mr_code metrics = mr_fleet_gate_prometheus(&f->gate, f->opts->prometheus, &late);
        if (code == MR_OK && metrics != MR_OK && *exit_code == 2)
            mr_log_err_as_warning(&late); /* that it is critical has to be heard */
        else if (code == MR_OK && metrics != MR_OK) {
            code = metrics;
            *err = late;
        }
    }
    return code;
}

static void add_word(struct mr_strbuf *out, const char *before, const char *word)
{
    mr_strbuf_add_str(out, before);
    mr_utf8_show_word(out, word);
}

/* A line of the same servers. */
static void add_line(const struct fleet_gate *f, const char *verb, struct mr_strbuf *out)
{
    const struct options *o = f->opts;
    mr_strbuf_add_fmt(out, "  myrecon fleet gate %s", verb);
    if (o->general.config_path != NULL)
        add_word(out, " --config ", o->general.config_path);
    add_word(out, " --inventory ", f->inventory.path);
    for (size_t i = 0; i < o->fleet.pairs.count; i++)
        add_word(out, " --pair ", o->fleet.pairs.items[i]);
    if (o->sides != SIDES_BOTH)
        add_word(out, " --side ", o->sides == SIDES_SOURCE ? "source" : "target");
    mr_strbuf_add_str(out, o->peers ? " --peers" : "");
    add_word(out, strcmp(verb, "record") == 0 ? " --output " : " ", f->dir);
    mr_strbuf_add_char(out, '\n');
}

/* A check of one without a baseline would be unknown: it is recorded first. */
static enum mr_code print_record(const struct fleet_gate *f, int *exit_code, struct mr_err *err)
{
    const struct options *o = f->opts;
    struct mr_strbuf next = MR_STRBUF_INIT;
    const size_t failed = mr_fleet_record_failed(&f->gate, f->tasks);
    if (failed > 0) {
        mr_strbuf_add_fmt(&next, "To record %s, once it is mended, before the change:\n",
                          failed == 1 ? "the one that failed" : "what failed");
        add_line(f, "record", &next);
    }
    if (failed < f->gate.count) {
        mr_strbuf_add_str(&next, "After the change:\n");
        add_line(f, "check", &next);
    }
    enum mr_code code = mr_strbuf_check(&next, "printing the result", err);
    if (code == MR_OK && o->json)
        code = mr_fleet_record_json(&f->gate, f->tasks, err);
    else if (code == MR_OK)
        code = mr_fleet_record_text(&f->gate, f->tasks, o->general.brief ? "" : next.ptr, err);
    *exit_code = mr_fleet_record_exit(&f->gate, f->tasks);
    mr_strbuf_release(&next);
    return code;
}

static enum mr_code require(bool holds, const char *what, const char *hint, struct mr_err *err)
{
    if (holds)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "%s", what);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

/* What belongs to the other of the two is a slip. */
static enum mr_code read_operands(struct fleet_gate *f, struct mr_err *err)
{
    const struct mr_invocation *invocation = f->invocation;
    const struct options *o = f->opts;
    const char *verb = invocation->operands[0];
    f->records = strcmp(verb, "record") == 0;
    if (!f->records && strcmp(verb, "check") != 0) {
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is neither \"record\" nor \"check\"", verb);
        mr_err_hint(err, "Write \"fleet gate record --output DIR\" or \"fleet gate check [DIR]\".");
        return MR_E_USAGE;
    }
    if (!f->records) {
        f->dir = invocation->noperands == 2 ? invocation->operands[1] : NULL;
        return require(o->output == NULL, "option \"--output\" is one of record",
                       "check prints its result; baselines are an operand: fleet gate check DIR.",
                       err);
    }
    f->dir = o->output;
    MR_TRY(require(invocation->noperands == 1, "record takes no second operand",
                   "Name the directory of the baselines: --output DIR.", err));
    MR_TRY(require(o->output != NULL, "option \"--output\" is missing",
                   "Name the directory of the baselines: --output DIR.", err));
    return require(o->only.count == 0 && o->skip.count == 0 && !o->nagios && o->prometheus == NULL,
                   "--only, --skip, --nagios and --prometheus are options of check",
                   "record takes everything down.", err);
}

/* Baselines say where data lies, and what it is like: nobody else reads them.  Of a directory that
 * is not there every server would be told unknown. */
static enum mr_code open_dir(const struct fleet_gate *f, struct mr_err *err)
{
    struct stat st;
    if (f->dir == NULL || (f->records && mkdir(f->dir, 0700) == 0))
        return MR_OK;
    if (f->records && errno != EEXIST)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not make directory \"%s\"", f->dir);
    if (stat(f->dir, &st) != 0)
        (void)mr_err_set_sys(err, MR_E_IO, errno, "could not look into directory \"%s\"", f->dir);
    else if (!S_ISDIR(st.st_mode))
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is no directory of baselines", f->dir);
    else
        return MR_OK;
    mr_err_hint(err, "%s",
                f->records ? "Name another directory: --output DIR."
                           : "Name the one that fleet gate record has made (--output "
                             "DIR), or leave it out: then checks that need no baseline "
                             "are run.");
    return err->code;
}

/* ---- what is not asked for ---- */

#define UNUSED_SAID 4

/* A server's, by the name that record gives it. */
static bool is_used(const struct fleet_gate *f, const char *name)
{
    for (size_t i = 0; i < f->gate.count; i++)
        if (strcmp(strrchr(f->gate.servers[i].baseline, '/') + 1, name) == 0)
            return true;
    return false;
}

/* A section that was lost from the inventory takes a server out of the verdict: its baseline is there still.
 * Who chooses pairs or a side means that. */
static void warn_unused(const struct fleet_gate *f)
{
    size_t unused = 0;
    DIR *dir = !f->records && f->dir != NULL && f->opts->fleet.pairs.count == 0 &&
                       f->opts->sides == SIDES_BOTH
                   ? opendir(f->dir)
                   : NULL;
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        const char *name = entry->d_name;
        if ((!mr_ends_with(name, ".source.json") && !mr_ends_with(name, ".target.json")) ||
            is_used(f, name) || unused++ >= UNUSED_SAID)
            continue;
        mr_log_warning("baseline \"%s/%s\" is of no server of the inventory: nothing is compared "
                       "with it",
                       f->dir, name);
    }
    if (unused > UNUSED_SAID)
        mr_log_warning("%zu more baselines in \"%s\" are of no server of the inventory",
                       unused - UNUSED_SAID, f->dir);
    if (dir != NULL)
        (void)closedir(dir);
}

static void release(struct fleet_gate *f)
{
    for (size_t i = 0; i < f->gate.count; i++) {
        mr_vec_release(&f->gate.servers[i].checks);
        mr_fleet_task_release(&f->tasks[i]);
    }
    free(f->gate.servers);
    free(f->tasks);
    mr_inventory_release(&f->inventory);
    mr_arena_release(&f->arena);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct fleet_gate f = {.opts = invocation->settings.values,
                           .invocation = invocation,
                           .arena = MR_ARENA_INIT,
                           .gate = {.id = mr_run_id_now()}};
    const struct mr_gate_answer how = {f.opts->json, f.opts->nagios, f.opts->prometheus};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&f.opts->general);
    MR_TRY_OUT(read_operands(&f, err));
    MR_TRY_OUT(mr_fleet_open(&f.opts->fleet, &f.arena, &f.inventory, err));
    f.gate.inventory = f.inventory.path;
    MR_TRY_OUT(add_servers(&f, err));
    MR_TRY_OUT(open_dir(&f, err));
    warn_unused(&f);
    MR_TRY_OUT(run_tasks(&f, err));
    MR_TRY_OUT(f.records ? print_record(&f, exit_code, err) : conclude(&f, exit_code, err));
out:
    code = mr_gate_answer_nagios(&how, code, exit_code, err);
    release(&f);
    return code;
}

const struct mr_command mr_fleet_gate_command = {.name = "fleet gate",
                                                 .doc = &doc,
                                                 .options = &option_set,
                                                 .min_operands = 1,
                                                 .max_operands = 2,
                                                 .run = run};
