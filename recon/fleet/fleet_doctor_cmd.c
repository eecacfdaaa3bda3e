/* fleet_doctor_cmd.c: `myrecon fleet doctor`; see fleet_cmd.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "recon/doctor/doctor.h"
#include "recon/doctor/doctor_works.h"
#include "recon/fleet/fleet_answer.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/inventory_map.h"

struct options {
    struct mr_fleet_options fleet;
    struct mr_string_list works;
    bool json;
    struct mr_general_options general;
};

static const struct mr_option options[] = {
    MR_FLEET_OPTIONS(struct options, fleet),
    MR_DOCTOR_FOR_OPTION(struct options, works),
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_PASSWORD_COMMAND_OPTION(struct options, fleet),
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    unsigned work = 0;
    MR_TRY(mr_doctor_works(settings, &values->works, &work, err));
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "what is wrong with the servers and accounts of a fleet",
    .operands = "",
    .description =
        "Runs \"doctor SOURCE TARGET\" for every pair of an inventory, up to 64 at a time, each "
        "in a process of its own: a pair that has not answered when its time limit is over is "
        "unknown, and delays nobody else. A side that is a snapshot is passed over, and said. "
        "Nothing is written to any server. User and password come from the inventory's URI, else "
        "from MYRECON_USER and MYRECON_PASSWORD.\n"
        "\n"
        "The pairs with problems come first, with what to do: once, where several want the same. "
        "With -v it says that each time, and, too, what is unknown only.\n"
        "\n"
        "Exit status: 0 no problem; 1 a problem was found; 3 no server of any pair could be "
        "reached; 4 no problem, but something is unknown; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon fleet doctor --inventory fleet.ini\n"
                "  myrecon fleet doctor --inventory fleet.ini --pair 'shop-0*' --for repair\n",
};

struct finding {
    enum mr_doctor_state state;
    const char *server, *name, *message, *hint; /* server, hint: or NULL */
    struct mr_fleet_said said;
};

struct patient {
    const struct mr_inventory_pair *pair;
    enum mr_doctor_state verdict;
    const char *why; /* it gave no answer; else NULL */
    bool reached;
    struct mr_vec findings; /* struct finding */
    struct mr_fleet_task *task;
};

struct fleet_doctor {
    const struct options *opts;
    const struct mr_invocation *invocation;
    struct mr_run_id id;
    struct mr_arena arena;
    struct mr_inventory inventory;
    struct patient *patients;
    struct mr_fleet_task *tasks;
    size_t count;
    double seconds;
};

/* ---- the tasks ---- */

/* A snapshot needs no doctor: of a pair of two there is no task. */
static enum mr_code add_patient(struct fleet_doctor *d, const struct mr_inventory_pair *pair,
                                struct mr_err *err)
{
    struct patient *p = &d->patients[d->count];
    struct mr_fleet_line line;
    size_t servers = 0;
    p->pair = pair;
    p->task = &d->tasks[d->count];
    p->findings = (struct mr_vec)MR_VEC_INIT(struct finding);
    p->verdict = MR_DOCTOR_OK;
    mr_fleet_line_begin(&line, &d->arena, &d->opts->fleet,
                        pair->config != NULL ? pair->config : d->opts->general.config_path,
                        (const char *const[]){"doctor", "--json", NULL});
    mr_fleet_line_add_option(&line, "--for", &d->opts->works);
    mr_fleet_line_add(&line, "--");
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (strncmp(pair->uri[side], "snapshot:", 9) == 0) {
            mr_log_info("pair \"%s\": its %s is a snapshot, which is passed over", pair->name,
                        mr_side_name((enum mr_side)side));
            continue;
        }
        mr_fleet_line_add(&line, pair->uri[side]);
        servers++;
    }
    p->task->argv = mr_fleet_line_take(&line);
    p->task->role = -1;
    if (p->task->argv == NULL)
        return mr_err_nomem(err, "planning the tasks of a fleet");
    d->count += servers > 0 ? 1 : 0;
    return MR_OK;
}

static enum mr_code add_patients(struct fleet_doctor *d, struct mr_err *err)
{
    MR_TRY(mr_inventory_spread(&d->inventory, MR_SPREAD_PAIRS, &d->arena, err));
    const size_t pairs = d->inventory.pairs.count;
    d->patients = calloc(pairs + 1, sizeof *d->patients);
    d->tasks = calloc(pairs + 1, sizeof *d->tasks);
    if (d->patients == NULL || d->tasks == NULL)
        return mr_err_nomem(err, "planning the tasks of a fleet");
    for (size_t i = 0; i < pairs; i++)
        MR_TRY(add_patient(d, mr_vec_at(&d->inventory.pairs, i), err));
    if (d->count > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "none of the pairs has a server");
    mr_err_hint(err, "A snapshot is looked at by \"snapshot verify DIR\".");
    return MR_E_USAGE;
}

/* ---- answers ---- */

struct reading {
    struct patient *patient;
    struct mr_arena *arena;
};

static enum mr_code read_finding(struct reading *r, const struct json_t *object,
                                 struct mr_fleet_said said, struct mr_err *err)
{
    struct finding f = {.said = said};
    const char *state;
    MR_TRY(mr_json_get_text(object, "state", &state, err));
    MR_TRY(mr_fleet_answer_text(object, "server", r->arena, &f.server, err));
    MR_TRY(mr_fleet_answer_text(object, "name", r->arena, &f.name, err));
    MR_TRY(mr_fleet_answer_text(object, "message", r->arena, &f.message, err));
    MR_TRY(mr_fleet_answer_text(object, "hint", r->arena, &f.hint, err));
    for (f.state = MR_DOCTOR_OK; strcmp(mr_doctor_state_text(f.state), state) != 0; f.state++)
        if (f.state == MR_DOCTOR_PROBLEM)
            return mr_err_set(err, MR_E_REFUSED, "\"%s\" is no state of a finding", state);
    if (f.name == NULL || f.message == NULL)
        return mr_err_set(err, MR_E_REFUSED, "a finding lacks its name");
    /* by their names tables of a map are missing on both sides; check compares them as it says */
    if (r->patient->pair->of_map && strcmp(f.name, "schema") == 0)
        return MR_OK;
    if (f.state > r->patient->verdict)
        r->patient->verdict = f.state;
    struct finding *slot = mr_vec_push(&r->patient->findings);
    if (slot == NULL)
        return mr_err_nomem(err, "reading an answer");
    *slot = f;
    return MR_OK;
}

static enum mr_code read_said(void *ctx, const char *type, const struct json_t *object,
                              struct mr_fleet_said said, struct mr_err *err)
{
    struct reading *r = ctx;
    uint64_t servers = 0;
    if (strcmp(type, "finding") == 0)
        return read_finding(r, object, said, err);
    if (strcmp(type, "summary") == 0)
        MR_TRY(mr_json_get_uint(object, "servers", &servers, err));
    r->patient->reached |= servers > 0;
    return MR_OK;
}

static enum mr_code read_answer(struct fleet_doctor *d, struct patient *p, struct mr_err *err)
{
    struct reading r = {p, &d->arena};
    MR_TRY(mr_fleet_answer_read(p->task, read_said, &r, &d->arena, &p->why, err));
    if (p->why != NULL) {
        p->verdict = MR_DOCTOR_UNKNOWN;
        mr_vec_clear(&p->findings);
    }
    return MR_OK;
}

static int by_gravity(const void *a, const void *b)
{
    const struct patient *x = a, *y = b;
    if (x->verdict != y->verdict)
        return x->verdict > y->verdict ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static size_t count_of(const struct fleet_doctor *d, enum mr_doctor_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++)
        count += d->patients[i].verdict == state ? 1 : 0;
    return count;
}

static int exit_of(const struct fleet_doctor *d)
{
    bool reached = false;
    for (size_t i = 0; i < d->count; i++)
        reached |= d->patients[i].reached;
    if (!reached)
        return 3;
    if (count_of(d, MR_DOCTOR_PROBLEM) > 0)
        return 1;
    return count_of(d, MR_DOCTOR_UNKNOWN) > 0 ? 4 : 0;
}

/* ---- outputs ---- */

/* What was said to be done already: three hundred servers may lack the same. */
struct advice {
    struct mr_vec hints; /* const char * */
    bool repeats;        /* -v */
    bool left_out;
};

/* Without memory it is said once more. */
static bool is_said(struct advice *advice, const char *hint)
{
    for (size_t i = 0; i < advice->hints.count; i++)
        if (strcmp(*(const char **)mr_vec_at(&advice->hints, i), hint) == 0)
            return true;
    const char **slot = mr_vec_push(&advice->hints);
    if (slot != NULL)
        *slot = hint;
    return false;
}

static void add_finding(const struct finding *f, bool color, struct advice *advice,
                        struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(
        out, "  %s%-8s%s ",
        mr_term_style(f->state == MR_DOCTOR_PROBLEM ? MR_STYLE_BAD : MR_STYLE_WARN, color),
        mr_doctor_state_text(f->state), mr_term_style(MR_STYLE_RESET, color));
    if (f->server != NULL) {
        mr_utf8_show_str(out, f->server);
        mr_strbuf_add_str(out, ": ");
    }
    mr_utf8_show_str(out, f->message);
    mr_strbuf_add_char(out, '\n');
    if (f->hint == NULL)
        return;
    if (is_said(advice, f->hint) && !advice->repeats) {
        advice->left_out = true;
        return;
    }
    mr_strbuf_add_str(out, "           ");
    mr_utf8_show_str(out, f->hint);
    mr_strbuf_add_char(out, '\n');
}

/* Beside a problem what is only unknown waits for -v; where there is none it is the news. */
static void add_patient_text(const struct patient *p, struct advice *advice, bool color,
                             struct mr_strbuf *out)
{
    const enum mr_doctor_state least =
        advice->repeats || p->verdict == MR_DOCTOR_UNKNOWN ? MR_DOCTOR_UNKNOWN : MR_DOCTOR_PROBLEM;
    mr_strbuf_add_fmt(out, "%s%s%s: %s", mr_term_style(MR_STYLE_HEAD, color), p->pair->name,
                      mr_term_style(MR_STYLE_RESET, color), mr_doctor_state_text(p->verdict));
    if (p->why != NULL) {
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, p->why);
    }
    mr_strbuf_add_char(out, '\n');
    for (int state = MR_DOCTOR_PROBLEM; state >= (int)least; state--)
        for (size_t i = 0; i < p->findings.count; i++) {
            const struct finding *f = mr_vec_at(&p->findings, i);
            if ((int)f->state == state)
                add_finding(f, color, advice, out);
        }
}

static enum mr_code print_text(const struct fleet_doctor *d, struct mr_err *err)
{
    const struct mr_look look = mr_general_look(&d->opts->general);
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct advice advice = {.hints = MR_VEC_INIT(const char *),
                            .repeats = d->opts->general.verbose > 0};
    const size_t problems = count_of(d, MR_DOCTOR_PROBLEM),
                 unknown = count_of(d, MR_DOCTOR_UNKNOWN);
    for (size_t i = 0; i < d->count; i++)
        if (d->patients[i].verdict >= MR_DOCTOR_UNKNOWN)
            add_patient_text(&d->patients[i], &advice, look.color, &out);
    mr_vec_release(&advice.hints);
    if (advice.left_out && !look.brief)
        mr_strbuf_add_str(&out, "\nWhat to do is said once, by the first that wants it; -v says it "
                                "each time.\n");
    mr_strbuf_add_fmt(&out, "%s%zu of %zu pair%s well, %zu with problems, %zu unknown, in %.1f s\n",
                      problems + unknown > 0 ? "\n" : "", d->count - problems - unknown, d->count,
                      d->count == 1 ? " is" : "s are", problems, unknown, d->seconds);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

static void put_patient(struct mr_jsonw *w, const struct patient *p)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "pair");
    mr_jsonw_add_str(w, "pair", p->pair->name);
    mr_jsonw_add_str(w, "verdict", mr_doctor_state_text(p->verdict));
    mr_jsonw_add_str(w, "reason", p->why);
    mr_jsonw_add_seconds(w, p->task->seconds);
    mr_jsonw_key(w, "findings");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < p->findings.count; i++) {
        const struct finding *f = mr_vec_at(&p->findings, i);
        mr_jsonw_raw(w, f->said.ptr, f->said.len);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static enum mr_code print_json(const struct fleet_doctor *d, struct mr_err *err)
{
    struct mr_jsonw w;
    enum mr_doctor_state worst = MR_DOCTOR_OK;
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s inventory:%s started:%s",
                  "myrecon/fleet-doctor/1", d->id.id, d->inventory.path, d->id.started);
    for (size_t i = 0; i < d->count; i++) {
        put_patient(&w, &d->patients[i]);
        if (d->patients[i].verdict > worst)
            worst = d->patients[i].verdict;
    }
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "verdict", mr_doctor_state_text(worst));
    mr_jsonw_add_uint(&w, "pairs", d->count);
    mr_jsonw_add_uint(&w, "problems", count_of(d, MR_DOCTOR_PROBLEM));
    mr_jsonw_add_uint(&w, "unknown", count_of(d, MR_DOCTOR_UNKNOWN));
    mr_jsonw_add_seconds(&w, d->seconds);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- the command ---- */

static enum mr_code examine(struct fleet_doctor *d, struct mr_err *err)
{
    MR_TRY(add_patients(d, err));
    enum mr_code code =
        mr_fleet_ask(&d->opts->fleet, d->invocation->commands, d->opts->general.progress, d->tasks,
                     d->count, &d->seconds, err);
    for (size_t i = 0; code == MR_OK && i < d->count; i++)
        code = read_answer(d, &d->patients[i], err);
    if (code == MR_OK && d->count > 1)
        qsort(d->patients, d->count, sizeof *d->patients, by_gravity);
    return code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct fleet_doctor d = {.opts = invocation->settings.values,
                             .invocation = invocation,
                             .id = mr_run_id_now(),
                             .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&d.opts->general);
    MR_TRY_OUT(mr_fleet_open(&d.opts->fleet, &d.arena, &d.inventory, err));
    MR_TRY_OUT(examine(&d, err));
    MR_TRY_OUT(d.opts->json ? print_json(&d, err) : print_text(&d, err));
    *exit_code = exit_of(&d);
out:
    for (size_t i = 0; i < d.count; i++) {
        mr_vec_release(&d.patients[i].findings);
        mr_fleet_task_release(d.patients[i].task);
    }
    free(d.patients);
    free(d.tasks);
    mr_inventory_release(&d.inventory);
    mr_arena_release(&d.arena);
    return code;
}

const struct mr_command mr_fleet_doctor_command = {.name = "fleet doctor",
                                                   .doc = &doc,
                                                   .options = &option_set,
                                                   .min_operands = 0,
                                                   .max_operands = 0,
                                                   .run = run};
