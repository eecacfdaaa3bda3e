/*
 * gate_prometheus.c: metrics in the text exposition format; see gate_output.h.
 *
 * Series of one name stand together under one HELP and TYPE, none occurs twice, and no
 * time stamps are written: the textfile collector refuses them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/file/io.h"
#include "recon/gate/gate_output.h"

/* What the format wants escaped in a label, and nothing else. */
static void add_label(struct mr_strbuf *out, bool *first, const char *name, const char *value)
{
    mr_strbuf_add_fmt(out, "%s%s=\"", *first ? "" : ",", name);
    *first = false;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\\' || *c == '"')
            mr_strbuf_add_char(out, '\\');
        if (*c == '\n')
            mr_strbuf_add_str(out, "\\n");
        else
            mr_strbuf_add_char(out, *c);
    }
    mr_strbuf_add_char(out, '"');
}

static void head(struct mr_strbuf *out, const char *prefix, const char *name, const char *help)
{
    mr_strbuf_add_fmt(out, "# HELP %s%s %s\n# TYPE %s%s gauge\n", prefix, name, help, prefix, name);
}

/* Of which server, and how its metrics begin. */
struct about {
    const char *prefix, *label;
};

static void one(struct mr_strbuf *out, struct about a, const char *name, const char *help,
                double value)
{
    bool first = true;
    head(out, a.prefix, name, help);
    mr_strbuf_add_fmt(out, "%s%s{", a.prefix, name);
    add_label(out, &first, "server", a.label);
    mr_strbuf_add_fmt(out, "} %.17g\n", value);
}

/* ok 0, warning 1, critical 2, unknown 3: as Nagios counts. */
static int number_of(enum mr_gate_severity severity)
{
    return mr_gate_output_exit(severity, true);
}

static void add_states(const struct mr_gate_report *report, struct mr_strbuf *out)
{
    head(out, report->metrics, "check_state",
         "Result of a check: 0 ok, 1 warning, 2 critical, 3 unknown.");
    for (size_t i = 0; i < report->judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&report->judge->results, i);
        const char priority[] = {'P', (char)('0' + r->check_priority), '\0'};
        bool first = true;
        mr_strbuf_add_fmt(out, "%scheck_state{", report->metrics);
        add_label(out, &first, "server", report->label);
        add_label(out, &first, "check", r->check);
        add_label(out, &first, "priority", priority);
        mr_strbuf_add_fmt(out, "} %d\n", number_of(r->severity));
    }
    head(out, report->metrics, "check_silenced", "Whether a silence keeps a check from counting.");
    for (size_t i = 0; i < report->judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&report->judge->results, i);
        bool first = true;
        mr_strbuf_add_fmt(out, "%scheck_silenced{", report->metrics);
        add_label(out, &first, "server", report->label);
        add_label(out, &first, "check", r->check);
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
            head(out, report->metrics, m->name, m->help);
        mr_strbuf_add_fmt(out, "%s%s{", report->metrics, m->name);
        add_label(out, &first, "server", report->label);
        for (size_t l = 0; l < 2 && m->label_names[l] != NULL; l++)
            add_label(out, &first, m->label_names[l], m->labels[l]);
        mr_strbuf_add_fmt(out, "} %.17g\n", m->value);
    }
    free(order);
    return MR_OK;
}

/* Replaced every minute, and without a question: nothing but what has the form of metrics.
 * A baseline that is taken for the name of this file must not be lost. */
static bool is_foreign(const char *path)
{
    static const char mark[] = "# HELP ";
    return mr_io_head(AT_FDCWD, path, 0, mark, sizeof mark - 1) == MR_IO_HEAD_OTHER;
}

static enum mr_code write_file(const char *path, const struct mr_strbuf *out, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(out, "writing metrics", err));
    if (is_foreign(path)) {
        (void)mr_err_set(err, MR_E_EXISTS, "file \"%s\" holds no metrics, and is not replaced",
                         path);
        mr_err_hint(err, "Give the metrics a name of their own.");
        return MR_E_EXISTS;
    }
    return mr_io_write_file(path, 0644, out->ptr, out->len, err);
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
        code = write_file(path, &out, err);
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
    enum mr_code code = write_file(path, &out, err);
    mr_strbuf_release(&out);
    return code;
}
