/* reseed_report.c: see reseed_report.h. */
#include "repair/apply/reseed_report.h"

#include <inttypes.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"
#include "repair/reseed/reseed_show.h"

int mr_reseed_report_exit(const struct mr_reseed_run *run)
{
    if (mr_reseed_count(run, MR_RAISE_UNPROVEN) + mr_reseed_count(run, MR_RAISE_UNDECIDED) > 0)
        return 4;
    return mr_reseed_count(run, MR_RAISE_FAILED) > 0 ? 1 : 0;
}

/* ---- text ---- */

static void add_state(struct mr_strbuf *out, const struct mr_raise_result *r)
{
    const uint64_t to = r->counter->reseed_to;
    switch (r->raise) {
    case MR_RAISE_ALREADY:
        mr_strbuf_add_fmt(out, "stands high enough, next id %" PRIu64, r->after);
        break;
    case MR_RAISE_WOULD:
        mr_strbuf_add_fmt(out, "would be raised, next id %" PRIu64 " -> %" PRIu64, r->before,
                          r->before > to ? r->before : to);
        break;
    case MR_RAISE_DONE:
        if (r->how != NULL)
            mr_strbuf_add_fmt(out, "raised, next id %" PRIu64 " -> %" PRIu64 " (%s)", r->before,
                              r->after, r->how);
        else
            mr_strbuf_add_fmt(out, "stands high enough, next id %" PRIu64, r->after);
        break;
    case MR_RAISE_FAILED:
        mr_strbuf_add_fmt(out, "TOO LOW, next id %" PRIu64 ", wanted %" PRIu64, r->after, to);
        break;
    case MR_RAISE_UNPROVEN:
        mr_strbuf_add_fmt(out, "NOT PROVEN, next id %" PRIu64 " here", r->after);
        break;
    case MR_RAISE_UNDECIDED: mr_strbuf_add_str(out, "NOT LOOKED AT"); break;
    }
}

static enum mr_style style_of(enum mr_raise raise)
{
    if (raise == MR_RAISE_FAILED)
        return MR_STYLE_BAD;
    return raise == MR_RAISE_UNPROVEN || raise == MR_RAISE_UNDECIDED ? MR_STYLE_WARN
                                                                     : MR_STYLE_GOOD;
}

static void add_result(struct mr_strbuf *out, const struct mr_raise_result *r, bool color)
{
    mr_strbuf_add_str(out, "  ");
    mr_utf8_show_str(out, r->counter->target_table);
    mr_strbuf_add_char(out, '.');
    mr_utf8_show_str(out, r->counter->column);
    mr_strbuf_add_fmt(out, ": %s", mr_term_style(style_of(r->raise), color));
    add_state(out, r);
    mr_strbuf_add_fmt(out, "%s\n", mr_term_style(MR_STYLE_RESET, color));
    if (r->reason != NULL) {
        mr_strbuf_add_str(out, "    ");
        mr_utf8_show_str(out, r->reason);
        mr_strbuf_add_char(out, '\n');
    }
    mr_blockers_to_text(&r->blockers, "    ", out);
}

static void add_sums(struct mr_strbuf *out, const struct mr_reseed_run *run)
{
    static const struct {
        enum mr_raise raise;
        const char *text;
    } sums[] = {{MR_RAISE_WOULD, "would be raised"},
                {MR_RAISE_FAILED, "too low"},
                {MR_RAISE_UNPROVEN, "not proven"},
                {MR_RAISE_UNDECIDED, "not looked at"}};
    size_t count = run->manifest->ncounters;
    size_t high = mr_reseed_count(run, MR_RAISE_DONE) + mr_reseed_count(run, MR_RAISE_ALREADY);
    mr_strbuf_add_fmt(out, "%zu counter%s: %zu high enough", count, count == 1 ? "" : "s", high);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        size_t some = mr_reseed_count(run, sums[i].raise);
        if (some > 0)
            mr_strbuf_add_fmt(out, ", %zu %s", some, sums[i].text);
    }
    mr_strbuf_add_char(out, '\n');
}

static bool is_high(enum mr_raise raise)
{
    return raise == MR_RAISE_DONE || raise == MR_RAISE_ALREADY;
}

enum mr_code mr_reseed_report_text(const struct mr_reseed_run *run, struct mr_look look, FILE *out,
                                   struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < run->manifest->ncounters; i++)
        if (!look.brief || !is_high(run->results[i].raise))
            add_result(&text, &run->results[i], look.color);
    add_sums(&text, run);
    enum mr_code code = mr_term_print(&text, out, "printing the result", err);
    mr_strbuf_release(&text);
    return code;
}

/* ---- JSON ---- */

static void put_result(struct mr_jsonw *w, const struct mr_raise_result *r)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "counter");
    mr_jsonw_add_str(w, "table", r->counter->table);
    mr_jsonw_add_str(w, "target_table", r->counter->target_table);
    mr_jsonw_add_str(w, "column", r->counter->column);
    mr_jsonw_add_str(w, "result", mr_raise_name(r->raise));
    mr_jsonw_add_str(w, "how", r->how);
    mr_jsonw_add_number(w, "before", r->before);
    mr_jsonw_add_number(w, "after", r->after);
    mr_jsonw_add_number(w, "reseed_to", r->counter->reseed_to);
    mr_jsonw_add_str(w, "reason", r->reason);
    mr_jsonw_key(w, "blockers");
    mr_blockers_to_json(&r->blockers, w);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

void mr_reseed_report_lines(const struct mr_reseed_run *run, struct mr_jsonw *w)
{
    for (size_t i = 0; i < run->manifest->ncounters; i++)
        put_result(w, &run->results[i]);
}

void mr_reseed_report_sums(const struct mr_reseed_run *run, struct mr_jsonw *w)
{
    mr_jsonw_add_uint(w, "counters", run->manifest->ncounters);
    mr_jsonw_add_uint(w, "high_enough",
                      mr_reseed_count(run, MR_RAISE_DONE) + mr_reseed_count(run, MR_RAISE_ALREADY));
    mr_jsonw_add_uint(w, "would_raise", mr_reseed_count(run, MR_RAISE_WOULD));
    mr_jsonw_add_uint(w, "too_low", mr_reseed_count(run, MR_RAISE_FAILED));
    mr_jsonw_add_uint(w, "unproven",
                      mr_reseed_count(run, MR_RAISE_UNPROVEN) +
                          mr_reseed_count(run, MR_RAISE_UNDECIDED));
}

enum mr_code mr_reseed_report_json(const struct mr_reseed_run *run, FILE *out, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, out);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "plan");
    mr_jsonw_add_str(&w, "schema", MR_REPAIR_SCHEMA);
    mr_jsonw_add_str(&w, "plan", run->manifest->uuid);
    mr_jsonw_add_str(&w, "policy", run->manifest->policy);
    mr_jsonw_add_str(&w, "target", run->manifest->target);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    mr_reseed_report_lines(run, &w);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_reseed_report_sums(run, &w);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}
