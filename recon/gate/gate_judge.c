/* gate_judge.c: see gate_judge.h. */
#include "recon/gate/gate_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recon/gate/gate_rules.h"

#define UNREAD_HINT "Remove what kept it from being read, and check again."

const char *mr_gate_severity_text(enum mr_gate_severity severity)
{
    static const char *const texts[] = {"undecided", "ok", "warning", "unknown", "critical"};
    return texts[severity];
}

void mr_gate_judge_init(struct mr_gate_judge *judge)
{
    *judge = (struct mr_gate_judge){.results = MR_VEC_INIT(struct mr_gate_result),
                                    .metrics = MR_VEC_INIT(struct mr_gate_metric),
                                    .gtid_last = "",
                                    .aside = MR_STRBUF_INIT,
                                    .message = MR_STRBUF_INIT,
                                    .note = MR_STRBUF_INIT,
                                    .value = MR_STRBUF_INIT,
                                    .base = MR_STRBUF_INIT,
                                    .hint = MR_STRBUF_INIT};
    for (size_t i = 0; i < MR_GATE_SHOWN; i++)
        mr_strbuf_init(&judge->shows[i].text);
}

void mr_gate_judge_release(struct mr_gate_judge *judge)
{
    mr_vec_release(&judge->results);
    mr_vec_release(&judge->metrics);
    for (size_t i = 0; i < MR_GATE_SHOWN; i++)
        mr_strbuf_release(&judge->shows[i].text);
    mr_strbuf_release(&judge->aside);
    mr_strbuf_release(&judge->message);
    mr_strbuf_release(&judge->note);
    mr_strbuf_release(&judge->value);
    mr_strbuf_release(&judge->base);
    mr_strbuf_release(&judge->hint);
}

const struct mr_gate_facts *mr_gate_past(const struct mr_gate_judge *judge)
{
    return judge->baseline != NULL ? &judge->baseline->server : NULL;
}

bool mr_gate_judge_applies(const struct mr_gate_judge *judge, enum mr_gate_name name)
{
    switch (mr_gate_names[name].needs) {
    case MR_GATE_NEEDS_ALWAYS: return true;
    case MR_GATE_NEEDS_BASELINE: return judge->baseline != NULL;
    case MR_GATE_NEEDS_PEER: return judge->npeers > 0;
    case MR_GATE_NEEDS_EITHER: break;
    }
    return judge->baseline != NULL || judge->npeers > 0;
}

/* ---- what rules say ---- */

static void add_args(struct mr_strbuf *out, const char *fmt, va_list args)
{
    char text[2048];
    (void)vsnprintf(text, sizeof text, fmt, args);
    mr_strbuf_add_str(out, text);
}

/* Where there is no room any more, the last of the least grave ones makes it; NULL: all are as grave. */
static struct mr_gate_finding *make_room(struct mr_gate_judge *judge,
                                         enum mr_gate_severity severity)
{
    struct mr_gate_finding *shows = judge->shows;
    size_t least = MR_GATE_SHOWN - 1;
    if (judge->shown < MR_GATE_SHOWN)
        return &shows[judge->shown++];
    for (size_t i = MR_GATE_SHOWN - 1; i-- > 0;)
        if (shows[i].severity < shows[least].severity)
            least = i;
    if (shows[least].severity >= severity)
        return NULL;
    const struct mr_gate_finding out = shows[least];
    memmove(&shows[least], &shows[least + 1], (MR_GATE_SHOWN - 1 - least) * sizeof *shows);
    shows[MR_GATE_SHOWN - 1] = out;
    return &shows[MR_GATE_SHOWN - 1];
}

void mr_gate_found(struct mr_gate_judge *judge, enum mr_gate_severity severity, const char *fmt,
                   ...)
{
    va_list args;
    if (severity > judge->severity && judge->severity > MR_GATE_OK)
        mr_strbuf_reset(&judge->hint); /* of something less grave */
    if (severity > judge->severity)
        judge->severity = severity;
    judge->found++;
    struct mr_gate_finding *finding = make_room(judge, severity);
    if (finding == NULL)
        return;
    finding->severity = severity;
    mr_strbuf_reset(&finding->text);
    va_start(args, fmt);
    add_args(&finding->text, fmt, args);
    va_end(args);
}

void mr_gate_found_hidden(struct mr_gate_judge *judge, const char *what,
                          const struct mr_gate_view *view)
{
    if (view->seen == MR_GATE_HIDDEN)
        mr_gate_found(judge, MR_GATE_UNKNOWN, "%s not visible to this account", what);
    else
        mr_gate_found(judge, MR_GATE_UNKNOWN, "%s could not be read: %s", what,
                      view->why != NULL ? view->why : "?");
    if (view->grant != NULL)
        mr_gate_hint(judge, "%s", view->grant);
    else
        judge->unread = true;
}

void mr_gate_found_away(struct mr_gate_judge *judge, const struct mr_gate_peer *peer)
{
    mr_gate_found(judge, MR_GATE_UNKNOWN, "%s cannot be reached: %s", peer->uri, peer->why);
    judge->unread = true;
}

void mr_gate_note(struct mr_gate_judge *judge, const char *fmt, ...)
{
    va_list args;
    if (judge->note.len > 0)
        mr_strbuf_add_str(&judge->note, "; ");
    va_start(args, fmt);
    add_args(&judge->note, fmt, args);
    va_end(args);
}

void mr_gate_value(struct mr_gate_judge *judge, const char *fmt, ...)
{
    va_list args;
    if (judge->value.len > 0)
        mr_strbuf_add_str(&judge->value, "; ");
    va_start(args, fmt);
    add_args(&judge->value, fmt, args);
    va_end(args);
}

void mr_gate_base(struct mr_gate_judge *judge, const char *fmt, ...)
{
    va_list args;
    if (judge->base.len > 0)
        mr_strbuf_add_str(&judge->base, "; ");
    va_start(args, fmt);
    add_args(&judge->base, fmt, args);
    va_end(args);
}

void mr_gate_hint(struct mr_gate_judge *judge, const char *fmt, ...)
{
    va_list args;
    if (judge->hint.len > 0)
        return;
    va_start(args, fmt);
    add_args(&judge->hint, fmt, args);
    va_end(args);
}

enum mr_gate_severity mr_gate_weigh(const struct mr_gate_judge *judge,
                                    enum mr_gate_threshold threshold, double value)
{
    const struct mr_gate_limits *limits = &judge->config->limits[threshold];
    if (mr_gate_threshold_is_floor(threshold)) {
        if (value < limits->critical)
            return MR_GATE_CRITICAL;
        return value < limits->warning ? MR_GATE_WARNING : MR_GATE_OK;
    }
    if (value >= limits->critical)
        return MR_GATE_CRITICAL;
    return value >= limits->warning ? MR_GATE_WARNING : MR_GATE_OK;
}

void mr_gate_metric(struct mr_gate_judge *judge, const struct mr_gate_metric *metric)
{
    struct mr_gate_metric *kept = mr_vec_push(&judge->metrics);
    if (kept != NULL)
        *kept = *metric;
    else
        judge->nomem = true;
}

/* ---- results ---- */

static const char *keep(struct mr_gate_judge *judge, const struct mr_strbuf *text)
{
    const char *kept = text->failed ? NULL : mr_arena_dup(judge->arena, text->ptr, text->len);
    judge->nomem |= kept == NULL;
    return kept;
}

static const char *keep_or_null(struct mr_gate_judge *judge, const struct mr_strbuf *text)
{
    return text->len > 0 || text->failed ? keep(judge, text) : NULL;
}

/* A time as text sorts as it runs: both are UTC, of one form. */
static bool is_before(const char *now, const struct mr_time *end)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", end->year, end->month,
                   end->day, end->hour, end->minute, end->second);
    return strcmp(now, text) < 0;
}

static const struct mr_gate_silence *silence_of(const struct mr_gate_judge *judge,
                                                enum mr_gate_name name)
{
    for (size_t i = 0; judge->config != NULL && i < judge->config->nsilences; i++) {
        const struct mr_gate_silence *s = &judge->config->silences[i];
        if (s->name == name && judge->time != NULL && is_before(judge->time, &s->until))
            return s;
    }
    return NULL;
}

static unsigned priority_of(unsigned priority, enum mr_gate_severity severity)
{
    return severity == MR_GATE_WARNING && priority < 2 ? priority + 1 : priority;
}

static void join_findings(struct mr_gate_judge *judge)
{
    struct mr_strbuf *message = &judge->message;
    for (size_t i = 0; i < judge->shown; i++) {
        mr_strbuf_add_str(message, i > 0 ? "; " : "");
        mr_strbuf_add(message, judge->shows[i].text.ptr, judge->shows[i].text.len);
        message->failed |= judge->shows[i].text.failed;
    }
    mr_strbuf_add(message, judge->aside.ptr, judge->aside.len);
    message->failed |= judge->aside.failed;
    if (judge->found > judge->shown)
        mr_strbuf_add_fmt(message, "; and %zu more", judge->found - judge->shown);
}

/* Only a few findings are spelled out: of a thousand tables, a line that a pager can show. That
 * nothing could be read has a hint of its own: the rule's would advise to mend what is not known to
 * be broken. */
struct mr_gate_result *mr_gate_judge_end(struct mr_gate_judge *judge, const char *check,
                                         unsigned priority)
{
    struct mr_gate_result *r = mr_vec_push(&judge->results);
    if (r == NULL) {
        judge->nomem = true;
        return NULL;
    }
    join_findings(judge);
    *r = (struct mr_gate_result){.check = check,
                                 .check_priority = priority,
                                 .severity = judge->severity,
                                 .priority = priority_of(priority, judge->severity),
                                 .message =
                                     keep(judge, judge->found > 0 ? &judge->message : &judge->note),
                                 .value = keep_or_null(judge, &judge->value),
                                 .baseline = keep_or_null(judge, &judge->base)};
    if (judge->severity != MR_GATE_OK) {
        r->hint = judge->severity == MR_GATE_UNKNOWN && judge->unread
                      ? UNREAD_HINT
                      : keep_or_null(judge, &judge->hint);
    }
    return r;
}

static void push_result(struct mr_gate_judge *judge, enum mr_gate_name name)
{
    struct mr_gate_result *r =
        mr_gate_judge_end(judge, mr_gate_names[name].name, mr_gate_names[name].priority);
    if (r == NULL)
        return;
    r->name = name;
    if (r->severity != MR_GATE_OK)
        r->silence = silence_of(judge, name);
}

void mr_gate_judge_begin(struct mr_gate_judge *judge)
{
    judge->severity = MR_GATE_OK;
    judge->found = judge->shown = 0;
    judge->unread = false;
    mr_strbuf_reset(&judge->aside);
    mr_strbuf_reset(&judge->message);
    mr_strbuf_reset(&judge->note);
    mr_strbuf_reset(&judge->value);
    mr_strbuf_reset(&judge->base);
    mr_strbuf_reset(&judge->hint);
}

enum mr_code mr_gate_judge_run(struct mr_gate_judge *judge, const bool wanted[MR_GATE_NAMES_END],
                               struct mr_err *err)
{
    for (int i = MR_GATE_NONE + 1; i < MR_GATE_NAMES_END; i++) {
        const enum mr_gate_name name = (enum mr_gate_name)i;
        if (!wanted[i] || !mr_gate_judge_applies(judge, name))
            continue;
        mr_gate_judge_begin(judge);
        mr_gate_rules[i](judge);
        push_result(judge, name);
    }
    return judge->nomem ? mr_err_nomem(err, "judging a server") : MR_OK;
}

enum mr_code mr_gate_judge_add(struct mr_gate_judge *judge, enum mr_gate_name name,
                               enum mr_gate_severity severity, const char *message,
                               const char *hint, struct mr_err *err)
{
    mr_gate_judge_begin(judge);
    if (severity == MR_GATE_OK)
        mr_gate_note(judge, "%s", message);
    else
        mr_gate_found(judge, severity, "%s", message);
    if (hint != NULL)
        mr_gate_hint(judge, "%s", hint);
    push_result(judge, name);
    return judge->nomem ? mr_err_nomem(err, "judging a server") : MR_OK;
}

enum mr_gate_severity mr_gate_judge_verdict(const struct mr_gate_judge *judge)
{
    enum mr_gate_severity worst = MR_GATE_OK;
    for (size_t i = 0; i < judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&judge->results, i);
        if (r->silence == NULL && r->severity > worst)
            worst = r->severity;
    }
    return worst;
}
