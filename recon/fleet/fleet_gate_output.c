/* fleet_gate_output.c: text, JSON and metrics of a fleet's gate; see fleet_gate.h. */
#include <string.h>
#include <time.h>

#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "recon/fleet/fleet_gate.h"
#include "recon/gate/gate_output.h"
#include "recon/gate/metrics_text.h"

#define PREFIX "myrecon_fleet_gate_"

static size_t count_of(const struct mr_fleet_gate *gate, enum mr_gate_severity verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++)
        count += gate->servers[i].verdict == verdict ? 1 : 0;
    return count;
}

/* ---- text ---- */

/* The verdict, how many are what, and who is worst. */
static void first_line(const struct mr_fleet_gate *gate, struct mr_strbuf *out)
{
    const enum mr_gate_severity verdict = mr_fleet_gate_verdict(gate);
    const size_t critical = count_of(gate, MR_GATE_CRITICAL);
    const size_t unknown = count_of(gate, MR_GATE_UNKNOWN);
    const size_t warning = count_of(gate, MR_GATE_WARNING), ok = count_of(gate, MR_GATE_OK);
    size_t shown = 0;
    mr_strbuf_add_fmt(out, "FLEET GATE %s - %zu of %zu server%s ok", mr_gate_output_word(verdict),
                      ok, gate->count, gate->count == 1 ? "" : "s");
    if (critical > 0)
        mr_strbuf_add_fmt(out, ", %zu critical", critical);
    if (unknown > 0)
        mr_strbuf_add_fmt(out, ", %zu unknown", unknown);
    if (warning > 0)
        mr_strbuf_add_fmt(out, ", %zu with a warning", warning);
    for (size_t i = 0; i < gate->count && verdict != MR_GATE_OK; i++) {
        const struct mr_fleet_gate_server *s = &gate->servers[i];
        if (s->verdict != verdict || shown++ >= 3)
            continue;
        mr_strbuf_add_fmt(out, "%s%s %s", shown > 1 ? ", " : ": ", s->pair->name,
                          mr_side_name(s->side));
    }
    if (shown > 3)
        mr_strbuf_add_fmt(out, " and %zu more", shown - 3);
    mr_strbuf_add_fmt(out,
                      " | 'servers'=%zu 'ok'=%zu 'warning'=%zu 'unknown'=%zu 'critical'=%zu "
                      "'seconds'=%.3fs\n",
                      gate->count, ok, warning, unknown, critical, gate->seconds);
}

static void add_head(const struct mr_fleet_gate_server *s, bool color, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%s%-8s%s ", mr_term_style(mr_gate_output_style(s->verdict), color),
                      mr_gate_severity_text(s->verdict), mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show_str(out, s->pair->name);
    mr_strbuf_add_fmt(out, " %s ", mr_side_name(s->side));
    mr_utf8_show_str(out, s->shown);
    if (s->why != NULL) {
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, s->why);
    }
    mr_strbuf_add_char(out, '\n');
}

/* Those of one gravity. */
static void add_checks(const struct mr_fleet_gate_server *s, enum mr_gate_severity severity,
                       struct mr_strbuf *out)
{
    for (size_t i = 0; i < s->checks.count; i++) {
        const struct mr_fleet_gate_check *c = mr_vec_at(&s->checks, i);
        if (c->severity != severity || c->silenced_until != NULL)
            continue;
        mr_strbuf_add_fmt(out, "         %s P%u ", mr_gate_severity_text(severity), c->priority);
        mr_utf8_show_str(out, c->name);
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, c->message);
        mr_strbuf_add_char(out, '\n');
        if (c->hint == NULL)
            continue;
        mr_strbuf_add_str(out, "           ");
        mr_utf8_show_str(out, c->hint);
        mr_strbuf_add_char(out, '\n');
    }
}

/* They come last, and count for nothing; left out they would be forgotten. */
static void add_silenced(const struct mr_fleet_gate_server *s, struct mr_strbuf *out)
{
    for (size_t i = 0; i < s->checks.count; i++) {
        const struct mr_fleet_gate_check *c = mr_vec_at(&s->checks, i);
        if (c->silenced_until == NULL)
            continue;
        mr_strbuf_add_str(out, "         silenced until ");
        mr_utf8_show_str(out, c->silenced_until);
        mr_strbuf_add_fmt(out, ": %s ", mr_gate_severity_text(c->severity));
        mr_utf8_show_str(out, c->name);
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, c->message);
        mr_strbuf_add_char(out, '\n');
    }
}

/* The command that looks at the worst of them alone. */
static void add_next(const struct mr_fleet_gate_server *s, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, "\nNext, of the first one:\n  myrecon gate check -v");
    if (s->config != NULL) {
        mr_strbuf_add_str(out, " --config ");
        mr_utf8_show_word(out, s->config);
    }
    if (s->peer != NULL) {
        mr_strbuf_add_str(out, " --peer ");
        mr_utf8_show_word(out, s->peer);
    }
    if (s->baseline != NULL) {
        mr_strbuf_add_char(out, ' ');
        mr_utf8_show_word(out, s->baseline);
    }
    mr_strbuf_add_char(out, ' ');
    mr_utf8_show_word(out, s->connect);
    mr_strbuf_add_char(out, '\n');
}

void mr_fleet_gate_text(const struct mr_fleet_gate *gate, struct mr_look look, bool verbose,
                        struct mr_strbuf *out)
{
    static const enum mr_gate_severity order[] = {MR_GATE_CRITICAL, MR_GATE_UNKNOWN,
                                                  MR_GATE_WARNING};
    first_line(gate, out);
    for (size_t i = 0; i < gate->count; i++) {
        const struct mr_fleet_gate_server *s = &gate->servers[i];
        if (s->verdict == MR_GATE_OK && (!verbose || look.brief))
            continue;
        add_head(s, look.color, out);
        for (size_t k = 0; k < sizeof order / sizeof *order; k++)
            add_checks(s, order[k], out);
        add_silenced(s, out);
    }
    if (gate->count > 0 && gate->servers[0].verdict != MR_GATE_OK && !look.brief)
        add_next(&gate->servers[0], out);
    else if (!look.brief && !gate->peers && gate->count > 1) /* two primaries may each be well */
        mr_strbuf_add_str(out, "\nEach was looked at alone: what the servers of a pair are to each "
                               "other, such as two primaries, is seen with --peers.\n");
}

/* ---- JSON ---- */

static size_t count_silenced(const struct mr_fleet_gate *gate)
{
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++)
        for (size_t k = 0; k < gate->servers[i].checks.count; k++) {
            const struct mr_fleet_gate_check *c = mr_vec_at(&gate->servers[i].checks, k);
            count += c->silenced_until != NULL ? 1 : 0;
        }
    return count;
}

void mr_fleet_gate_put_server(struct mr_jsonw *w, const struct mr_fleet_gate_server *server)
{
    mr_jsonw_add_fmt(w, "type:server pair:%s side:%s server:%s baseline:%s", server->pair->name,
                     mr_side_name(server->side), server->shown, server->baseline);
}

static void put_server(struct mr_jsonw *w, const struct mr_fleet_gate_server *s)
{
    mr_jsonw_object_begin(w);
    mr_fleet_gate_put_server(w, s);
    mr_jsonw_add_str(w, "verdict", mr_gate_severity_text(s->verdict));
    mr_jsonw_add_str(w, "reason", s->why);
    mr_jsonw_add_seconds(w, s->seconds);
    mr_jsonw_key(w, "checks");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < s->checks.count; i++) {
        const struct mr_fleet_gate_check *c = mr_vec_at(&s->checks, i);
        mr_jsonw_raw(w, c->said.ptr, c->said.len);
    }
    mr_jsonw_array_end(w);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_fleet_gate_json(const struct mr_fleet_gate *gate, FILE *file, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, file);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s inventory:%s started:%s",
                  "myrecon/fleet-gate/1", gate->id.id, gate->inventory, gate->id.started);
    for (size_t i = 0; i < gate->count; i++)
        put_server(&w, &gate->servers[i]);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_str(&w, "verdict", mr_gate_severity_text(mr_fleet_gate_verdict(gate)));
    mr_jsonw_add_uint(&w, "servers", gate->count);
    for (int s = MR_GATE_OK; s <= MR_GATE_CRITICAL; s++)
        mr_jsonw_add_uint(&w, mr_gate_severity_text((enum mr_gate_severity)s),
                          count_of(gate, (enum mr_gate_severity)s));
    mr_jsonw_add_uint(&w, "silenced", count_silenced(gate));
    mr_jsonw_add_seconds(&w, gate->seconds);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- metrics ---- */

static void add_labels(struct mr_strbuf *out, const char *name,
                       const struct mr_fleet_gate_server *s)
{
    bool first = true;
    mr_strbuf_add_fmt(out, PREFIX "%s{", name);
    mr_metrics_label(out, &first, "pair", s->pair->name);
    mr_metrics_label(out, &first, "side", mr_side_name(s->side));
}

/* As Nagios counts: unknown is 3. */
static int number_of(enum mr_gate_severity severity)
{
    return mr_gate_output_exit(severity, true);
}

static int state_of(const struct mr_fleet_gate_check *c)
{
    return number_of(c->severity);
}

static int is_silenced(const struct mr_fleet_gate_check *c)
{
    return c->silenced_until != NULL ? 1 : 0;
}

/* A series a check, all of them below one head. */
static void add_each(const struct mr_fleet_gate *gate, const char *name, const char *help,
                     int (*value)(const struct mr_fleet_gate_check *), struct mr_strbuf *out)
{
    mr_metrics_head(out, PREFIX, name, help);
    for (size_t i = 0; i < gate->count; i++)
        for (size_t k = 0; k < gate->servers[i].checks.count; k++) {
            const struct mr_fleet_gate_check *c = mr_vec_at(&gate->servers[i].checks, k);
            bool first = false;
            add_labels(out, name, &gate->servers[i]);
            mr_metrics_label(out, &first, "check", c->name);
            mr_strbuf_add_fmt(out, "} %d\n", value(c));
        }
}

enum mr_code mr_fleet_gate_prometheus(const struct mr_fleet_gate *gate, const char *path,
                                      struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_metrics_head(&out, PREFIX, "up", "Whether the server could be checked.");
    for (size_t i = 0; i < gate->count; i++) {
        add_labels(&out, "up", &gate->servers[i]);
        mr_strbuf_add_fmt(&out, "} %d\n", gate->servers[i].why == NULL ? 1 : 0);
    }
    mr_metrics_head(&out, PREFIX, "state",
                    "Result of all checks: 0 ok, 1 warning, 2 critical, 3 unknown.");
    for (size_t i = 0; i < gate->count; i++) {
        add_labels(&out, "state", &gate->servers[i]);
        mr_strbuf_add_fmt(&out, "} %d\n", number_of(gate->servers[i].verdict));
    }
    add_each(gate, "check_state", "Result of a check: 0 ok, 1 warning, 2 critical, 3 unknown.",
             state_of, &out);
    add_each(gate, "check_silenced", "Whether a silence keeps a check from counting.", is_silenced,
             &out);
    mr_metrics_head(&out, PREFIX, "duration_seconds", "Time that the checks took.");
    mr_strbuf_add_fmt(&out, PREFIX "duration_seconds %.17g\n", gate->seconds);
    mr_metrics_head(&out, PREFIX, "last_run_timestamp_seconds", "When the checks ended.");
    mr_strbuf_add_fmt(&out, PREFIX "last_run_timestamp_seconds %.17g\n", (double)time(NULL));
    enum mr_code code = mr_metrics_write(path, &out, err);
    mr_strbuf_release(&out);
    return code;
}
