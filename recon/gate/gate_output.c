/* gate_output.c: text and JSON; see gate_output.h. */
#include "recon/gate/gate_output.h"

#include <math.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/json/jsonw.h"

int mr_gate_output_exit(enum mr_gate_severity verdict, bool nagios)
{
    switch (verdict) {
    case MR_GATE_UNDECIDED:
    case MR_GATE_OK: break;
    case MR_GATE_WARNING: return 1;
    case MR_GATE_UNKNOWN: return nagios ? 3 : 4;
    case MR_GATE_CRITICAL: return 2;
    }
    return 0;
}

const char *mr_gate_output_word(enum mr_gate_severity verdict)
{
    static const char *const words[] = {"OK", "OK", "WARNING", "UNKNOWN", "CRITICAL"};
    return words[verdict];
}

enum mr_style mr_gate_output_style(enum mr_gate_severity severity)
{
    if (severity == MR_GATE_OK)
        return MR_STYLE_GOOD;
    return severity == MR_GATE_CRITICAL ? MR_STYLE_BAD : MR_STYLE_WARN;
}

static const struct mr_gate_result *result_at(const struct mr_gate_report *report, size_t i)
{
    return mr_vec_at(&report->judge->results, i);
}

/* The severity that counts. */
static enum mr_gate_severity effective(const struct mr_gate_result *r)
{
    return r->silence != NULL ? MR_GATE_OK : r->severity;
}

static size_t count_of(const struct mr_gate_report *report, enum mr_gate_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < report->judge->results.count; i++)
        count += effective(result_at(report, i)) == severity ? 1 : 0;
    return count;
}

static size_t count_silenced(const struct mr_gate_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->judge->results.count; i++)
        count += result_at(report, i)->silence != NULL ? 1 : 0;
    return count;
}

/* ---- text ---- */

/* Foreign text in which some characters mean something: those as another one. */
static void show_without(struct mr_strbuf *out, const char *text, const char *without, char instead)
{
    const size_t from = out->len;
    mr_utf8_show_str(out, text);
    for (size_t i = from; i < out->len; i++)
        if (strchr(without, out->ptr[i]) != NULL)
            out->ptr[i] = instead;
}

/* In the first line a bar begins the performance data. */
static void show_plain(struct mr_strbuf *out, const char *text)
{
    show_without(out, text, "|", '/');
}

static bool ends_in(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* By the plugins' guideline a value has digits, a point and a minus: no exponent, which %g writes
 * of 12345678 bytes.  What is no number is unknown, U, and has no unit. */
static void add_value(struct mr_strbuf *out, double value, const char *unit)
{
    if (!isfinite(value)) {
        mr_strbuf_add_char(out, 'U');
        return;
    }
    mr_strbuf_add_fmt(out, "%.6f", fabs(value) < 5e-7 ? 0 : value);
    while (out->len > 0 && out->ptr[out->len - 1] == '0')
        out->ptr[--out->len] = '\0';
    if (out->len > 0 && out->ptr[out->len - 1] == '.')
        out->ptr[--out->len] = '\0';
    mr_strbuf_add_str(out, unit);
}

/* Nagios splits at ' = and |: a name of a table must not have them. */
static void add_perfdata(struct mr_strbuf *out, const struct mr_gate_metric *m)
{
    mr_strbuf_add_fmt(out, " '%s", m->name);
    for (size_t i = 0; i < 2 && m->label_names[i] != NULL; i++)
        if (m->labels[i][0] != '\0') {
            mr_strbuf_add_char(out, ' ');
            show_without(out, m->labels[i], "'=|", '_');
        }
    mr_strbuf_add_str(out, "'=");
    add_value(out, m->value,
              ends_in(m->name, "_seconds") ? "s"
              : ends_in(m->name, "_bytes") ? "B"
                                           : "");
    if (!m->has_limits)
        return;
    mr_strbuf_add_char(out, ';');
    add_value(out, m->limits.warning, "");
    mr_strbuf_add_char(out, ';');
    add_value(out, m->limits.critical, "");
    mr_strbuf_add_str(out, m->value < 0 ? "" : ";0"); /* clocks differ: an age below the least */
}

/* A pager shows this line alone: the verdict, and three findings of that gravity. */
static void first_line(const struct mr_gate_report *report, struct mr_strbuf *out)
{
    const struct mr_gate_judge *judge = report->judge;
    const enum mr_gate_severity verdict = mr_gate_judge_verdict(judge);
    size_t shown = 0;
    mr_strbuf_add_fmt(out, "GATE %s - ", mr_gate_output_word(verdict));
    for (size_t i = 0; i < judge->results.count && verdict != MR_GATE_OK; i++) {
        const struct mr_gate_result *r = result_at(report, i);
        if (effective(r) != verdict || shown++ >= 3)
            continue;
        mr_strbuf_add_fmt(out, "%s%s: ", shown > 1 ? "; " : "", r->check);
        show_plain(out, r->message);
    }
    if (shown > 3)
        mr_strbuf_add_fmt(out, "; and %zu more", shown - 3);
    if (verdict == MR_GATE_OK) {
        mr_strbuf_add_fmt(out, "%zu check%s of ", judge->results.count,
                          judge->results.count == 1 ? "" : "s");
        show_plain(out, report->server);
        /* all is as it was then, which may be longer ago than whoever reads this thinks */
        if (judge->baseline != NULL)
            mr_strbuf_add_fmt(out, " against the baseline of %s", judge->baseline->recorded);
    }
    mr_strbuf_add_str(out, " |");
    for (size_t i = 0; i < judge->metrics.count; i++) {
        const struct mr_gate_metric *m = mr_vec_at(&judge->metrics, i);
        if (m->in_perfdata)
            add_perfdata(out, m);
    }
    mr_strbuf_add_fmt(out, " 'seconds'=%.3fs\n", report->seconds);
}

/* Names and messages may hold what a server says: they are shown escaped. A silenced finding says
 * what it would be, how long it is silenced, and why. */
static void one_block(const struct mr_gate_report *report, const struct mr_gate_result *r,
                      struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(
        out, "%s%-8s%s P%u %s: ", mr_term_style(mr_gate_output_style(effective(r)), report->color),
        r->silence != NULL ? "silenced" : mr_gate_severity_text(r->severity),
        mr_term_style(MR_STYLE_RESET, report->color), r->priority, r->check);
    mr_utf8_show_str(out, r->message);
    mr_strbuf_add_char(out, '\n');
    if (r->silence != NULL) {
        mr_strbuf_add_fmt(out, "         %s until ", mr_gate_severity_text(r->severity));
        mr_utf8_show_str(out, r->silence->until_text);
        if (r->silence->reason != NULL) {
            mr_strbuf_add_str(out, ": ");
            mr_utf8_show_str(out, r->silence->reason);
        }
        mr_strbuf_add_char(out, '\n');
    } else if (r->hint != NULL) {
        mr_strbuf_add_str(out, "         ");
        mr_utf8_show_str(out, r->hint);
        mr_strbuf_add_char(out, '\n');
    }
}

static void add_name(struct mr_strbuf *out, const char *name, size_t *column)
{
    if (*column == 0) {
        mr_strbuf_add_str(out, "ok       ");
        *column = 9;
    } else if (*column + strlen(name) + 2 > 80) {
        mr_strbuf_add_str(out, ",\n         ");
        *column = 9;
    } else {
        mr_strbuf_add_str(out, ", ");
        *column += 2;
    }
    mr_strbuf_add_str(out, name);
    *column += strlen(name);
}

static void names_of_ok(const struct mr_gate_report *report, struct mr_strbuf *out)
{
    size_t column = 0, settings = 0;
    char text[32];
    for (size_t i = 0; i < report->judge->results.count; i++) {
        const struct mr_gate_result *r = result_at(report, i);
        if (r->severity == MR_GATE_OK && r->is_setting)
            settings++;
        else if (r->severity == MR_GATE_OK)
            add_name(out, r->check, &column);
    }
    (void)snprintf(text, sizeof text, "%zu setting%s", settings, settings == 1 ? "" : "s");
    if (settings > 0)
        add_name(out, text, &column);
    if (column > 0)
        mr_strbuf_add_char(out, '\n');
}

/* On which server, and what: to be read in their order. */
static void add_steps(const struct mr_gate_report *report, struct mr_strbuf *out)
{
    if (report->nsteps > 0)
        mr_strbuf_add_str(out, "\nThe steps of the cutover:\n");
    for (size_t i = 0; i < report->nsteps; i++) {
        mr_strbuf_add_fmt(out, "%3zu. ", i + 1);
        if (report->steps[i].server != NULL)
            mr_strbuf_add_fmt(out, "on %s: ", report->steps[i].server);
        mr_utf8_show_str(out, report->steps[i].statement);
        mr_strbuf_add_char(out, '\n');
    }
}

/* Gravest first; what is silenced comes last, for it counts for nothing, and is not left out
 * either. */
enum mr_code mr_gate_output_text(const struct mr_gate_report *report, FILE *file,
                                 struct mr_err *err)
{
    static const enum mr_gate_severity order[] = {MR_GATE_CRITICAL, MR_GATE_UNKNOWN,
                                                  MR_GATE_WARNING};
    struct mr_strbuf out = MR_STRBUF_INIT;
    first_line(report, &out);
    for (size_t s = 0; s < sizeof order / sizeof *order; s++)
        for (size_t i = 0; i < report->judge->results.count; i++)
            if (effective(result_at(report, i)) == order[s])
                one_block(report, result_at(report, i), &out);
    for (size_t i = 0; i < report->judge->results.count && !report->brief; i++) {
        const struct mr_gate_result *r = result_at(report, i);
        if (r->silence != NULL || (report->verbose && r->severity == MR_GATE_OK))
            one_block(report, r, &out);
    }
    if (!report->verbose && !report->brief)
        names_of_ok(report, &out);
    if (!report->brief)
        add_steps(report, &out);
    enum mr_code code = mr_strbuf_check(&out, "printing the result", err);
    if (code == MR_OK)
        (void)fwrite(out.ptr, 1, out.len, file);
    mr_strbuf_release(&out);
    return code;
}

/* ---- JSON ---- */

static void put_cutover(struct mr_jsonw *w, const struct mr_gate_report *report)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "run");
    mr_jsonw_add_str(w, "schema", "myrecon/gate-cutover/1");
    mr_jsonw_add_str(w, "run_id", report->run_id);
    mr_jsonw_add_str(w, "old", report->old);
    mr_jsonw_add_str(w, "new", report->server);
    mr_jsonw_add_str(w, "started", report->started);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_step(struct mr_jsonw *w, const struct mr_gate_step *step)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "step");
    mr_jsonw_add_str(w, "server", step->server);
    mr_jsonw_add_str(w, "statement", step->statement);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_run(struct mr_jsonw *w, const struct mr_gate_report *report)
{
    const struct mr_gate_judge *judge = report->judge;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "run");
    mr_jsonw_add_str(w, "schema", "myrecon/gate/1");
    mr_jsonw_add_str(w, "run_id", report->run_id);
    mr_jsonw_add_str(w, "server", report->server);
    mr_jsonw_add_str(w, "baseline", judge->baseline != NULL ? judge->baseline->path : NULL);
    mr_jsonw_add_str(w, "baseline_recorded",
                     judge->baseline != NULL ? judge->baseline->recorded : NULL);
    mr_jsonw_key(w, "peers");
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < judge->npeers; i++)
        mr_jsonw_str(w, judge->peers[i].uri);
    mr_jsonw_array_end(w);
    mr_jsonw_add_str(w, "started", report->started);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_result(struct mr_jsonw *w, const struct mr_gate_result *r)
{
    const char priority[] = {'P', (char)('0' + r->priority), '\0'};
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "check");
    mr_jsonw_add_str(w, "name", r->check);
    mr_jsonw_add_str(w, "severity", mr_gate_severity_text(r->severity));
    mr_jsonw_add_str(w, "priority", priority);
    mr_jsonw_add_str(w, "message", r->message);
    mr_jsonw_add_str(w, "value", r->value);
    mr_jsonw_add_str(w, "baseline", r->baseline);
    mr_jsonw_add_str(w, "hint", r->hint);
    mr_jsonw_add_str(w, "silenced_until", r->silence != NULL ? r->silence->until_text : NULL);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_summary(struct mr_jsonw *w, const struct mr_gate_report *report)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_str(w, "verdict", mr_gate_severity_text(mr_gate_judge_verdict(report->judge)));
    mr_jsonw_add_uint(w, "checks", report->judge->results.count);
    mr_jsonw_add_uint(w, "ok", count_of(report, MR_GATE_OK) - count_silenced(report));
    mr_jsonw_add_uint(w, "warning", count_of(report, MR_GATE_WARNING));
    mr_jsonw_add_uint(w, "critical", count_of(report, MR_GATE_CRITICAL));
    mr_jsonw_add_uint(w, "unknown", count_of(report, MR_GATE_UNKNOWN));
    mr_jsonw_add_uint(w, "silenced", count_silenced(report));
    mr_jsonw_add_seconds(w, report->seconds);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_gate_output_json(const struct mr_gate_report *report, FILE *file,
                                 struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, file);
    (report->old != NULL ? put_cutover : put_run)(&w, report);
    for (size_t i = 0; i < report->judge->results.count; i++)
        put_result(&w, result_at(report, i));
    for (size_t i = 0; i < report->nsteps; i++)
        put_step(&w, &report->steps[i]);
    put_summary(&w, report);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}
