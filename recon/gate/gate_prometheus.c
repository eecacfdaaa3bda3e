/*
 * gate_prometheus.c: metrics in the text exposition format; see gate_output.h.
 *
 * Series of one name stand together under one HELP and TYPE, none occurs twice, and no
 * time stamps are written: the textfile collector refuses them.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recon/gate/gate_output.h"
#include "recon/gate/metrics_text.h"

/* Of which server, and how its metrics begin. */
struct about {
    const char *prefix, *label;
};

static void one(struct mr_strbuf *out, struct about a, const char *name, const char *help,
                double value)
{
    bool first = true;
    mr_metrics_head(out, a.prefix, name, help);
    mr_strbuf_add_fmt(out, "%s%s{", a.prefix, name);
    mr_metrics_label(out, &first, "server", a.label);
    mr_strbuf_add_fmt(out, "} %.17g\n", value);
}

/* ok 0, warning 1, critical 2, unknown 3: as Nagios counts. */
static int number_of(enum mr_gate_severity severity)
{
    return mr_gate_output_exit(severity, true);
}

static void add_states(const struct mr_gate_report *report, struct mr_strbuf *out)
{
    mr_metrics_head(out, report->metrics, "check_state",
                    "Result of a check: 0 ok, 1 warning, 2 critical, 3 unknown.");
    for (size_t i = 0; i < report->judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&report->judge->results, i);
        const char priority[] = {'P', (char)('0' + r->check_priority), '\0'};
        bool first = true;
        mr_strbuf_add_fmt(out, "%scheck_state{", report->metrics);
        mr_metrics_label(out, &first, "server", report->label);
        mr_metrics_label(out, &first, "check", r->check);
        mr_metrics_label(out, &first, "priority", priority);
        mr_strbuf_add_fmt(out, "} %d\n", number_of(r->severity));
    }
    mr_metrics_head(out, report->metrics, "check_silenced",
                    "Whether a silence keeps a check from counting.");
    for (size_t i = 0; i < report->judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&report->judge->results, i);
        bool first = true;
        mr_strbuf_add_fmt(out, "%scheck_silenced{", report->metrics);
        mr_metrics_label(out, &first, "server", report->label);
        mr_metrics_label(out, &first, "check", r->check);
        mr_strbuf_add_fmt(out, "} %d\n", r->silence != NULL ? 1 : 0);
    }
}

static int by_name(const void *left, const void *right)
{
    const struct mr_gate_metric *a = *(const struct mr_gate_metric *const *)left;
    const struct mr_gate_metric *b = *(const struct mr_gate_metric *const *)right;
    int order = strcmp(a->name, b->name);
    for (size_t i = 0; order == 0 && i < 2 && a->labels[i] != NULL; i++)
        order = strcmp(a->labels[i], b->labels[i]);
    return order;
}

/* The format wants all samples of a metric together, below one head, and none of them twice: hence
 * by name. */
static enum mr_code add_metrics(const struct mr_gate_report *report, struct mr_strbuf *out,
                                struct mr_err *err)
{
    const struct mr_vec *metrics = &report->judge->metrics;
    const struct mr_gate_metric **order = calloc(metrics->count + 1, sizeof *order);
    if (order == NULL)
        return mr_err_nomem(err, "writing metrics");
    for (size_t i = 0; i < metrics->count; i++)
        order[i] = mr_vec_at(metrics, i);
    qsort(order, metrics->count, sizeof *order, by_name);
    for (size_t i = 0; i < metrics->count; i++) {
        const struct mr_gate_metric *m = order[i];
        bool first = true;
        if (i > 0 && by_name(&order[i - 1], &order[i]) == 0)
            continue;
        if (i == 0 || strcmp(order[i - 1]->name, m->name) != 0)
            mr_metrics_head(out, report->metrics, m->name, m->help);
        mr_strbuf_add_fmt(out, "%s%s{", report->metrics, m->name);
        mr_metrics_label(out, &first, "server", report->label);
        for (size_t l = 0; l < 2 && m->label_names[l] != NULL; l++)
            mr_metrics_label(out, &first, m->label_names[l], m->labels[l]);
        mr_strbuf_add_fmt(out, "} %.17g\n", m->value);
    }
    free(order);
    return MR_OK;
}

enum mr_code mr_gate_output_prometheus(const struct mr_gate_report *report, const char *path,
                                       struct mr_err *err)
{
    const struct about a = {report->metrics, report->label};
    struct mr_strbuf out = MR_STRBUF_INIT;
    one(&out, a, "up", "Whether the server could be checked.", 1);
    one(&out, a, "state", "Result of all checks: 0 ok, 1 warning, 2 critical, 3 unknown.",
        number_of(mr_gate_judge_verdict(report->judge)));
    one(&out, a, "duration_seconds", "Time that the checks took.", report->seconds);
    one(&out, a, "last_run_timestamp_seconds", "When the checks ended.", (double)time(NULL));
    add_states(report, &out);
    enum mr_code code = add_metrics(report, &out, err);
    if (code == MR_OK)
        code = mr_metrics_write(path, &out, err);
    mr_strbuf_release(&out);
    return code;
}

enum mr_code mr_gate_output_prometheus_down(const char *metrics, const char *label,
                                            const char *path, struct mr_err *err)
{
    const struct about a = {metrics, label};
    struct mr_strbuf out = MR_STRBUF_INIT;
    one(&out, a, "up", "Whether the server could be checked.", 0);
    one(&out, a, "state", "Result of all checks: 0 ok, 1 warning, 2 critical, 3 unknown.", 3);
    one(&out, a, "last_run_timestamp_seconds", "When the checks ended.", (double)time(NULL));
    enum mr_code code = mr_metrics_write(path, &out, err);
    mr_strbuf_release(&out);
    return code;
}
