/* doctor_output.c: see doctor_output.h. */
#include "recon/doctor/doctor_output.h"

#include <string.h>

#include "core/base/same_text.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/json/jsonw.h"

static enum mr_style style_of(enum mr_doctor_state state)
{
    switch (state) {
    case MR_DOCTOR_OK: return MR_STYLE_GOOD;
    case MR_DOCTOR_PROBLEM: return MR_STYLE_BAD;
    case MR_DOCTOR_NOTE:
    case MR_DOCTOR_UNKNOWN: break;
    }
    return MR_STYLE_WARN;
}

static void add_finding(struct mr_strbuf *out, const struct mr_doctor_finding *f, bool color)
{
    mr_strbuf_add_fmt(out, "%s%s%s %s%s%s: ", mr_term_style(style_of(f->state), color),
                      mr_doctor_state_text(f->state), mr_term_style(MR_STYLE_RESET, color),
                      mr_term_style(MR_STYLE_HEAD, color), mr_doctor_name_text(f->name),
                      mr_term_style(MR_STYLE_RESET, color));
    mr_utf8_show(out, f->message, strlen(f->message), false);
    mr_strbuf_add_char(out, '\n');
    if (f->hint != NULL && f->hint[0] != '\0') {
        mr_strbuf_add_str(out, "    -> ");
        mr_utf8_show(out, f->hint, strlen(f->hint), false);
        mr_strbuf_add_char(out, '\n');
    }
}

/* What is well is shown where it was asked for: by -v, and the verdict on each command that
 * --for names. */
static bool is_shown(const struct mr_doctor *d, const struct mr_doctor_finding *f, bool verbose)
{
    return f->state != MR_DOCTOR_OK || verbose ||
           (!d->opts.guesses && (f->name == MR_DOCTOR_rights || f->name == MR_DOCTOR_pair_logs));
}

/* Findings of one state, each place's under its name. */
static void add_state(const struct mr_doctor *d, enum mr_doctor_state state, bool color,
                      bool verbose, struct mr_strbuf *out)
{
    const char *place = "";
    for (size_t i = 0; i < d->findings.count; i++) {
        const struct mr_doctor_finding *f = mr_vec_at(&d->findings, i);
        if (f->state != state || !is_shown(d, f, verbose))
            continue;
        if (!mr_same_text(place, f->server)) {
            mr_strbuf_add_fmt(out, "\n%s", mr_term_style(MR_STYLE_DIM, color));
            mr_utf8_show_str(out, f->server != NULL      ? f->server
                                  : d->servers.count > 1 ? "this machine, and the servers together"
                                                         : "this machine");
            mr_strbuf_add_fmt(out, "%s\n", mr_term_style(MR_STYLE_RESET, color));
        }
        place = f->server;
        add_finding(out, f, color);
    }
}

static void add_count(struct mr_strbuf *out, size_t count, const char *one, const char *many)
{
    mr_strbuf_add_fmt(out, "%zu %s", count, count == 1 ? one : many);
}

/* Gravest first, whatever the order in which it was found; what is well is only counted, unless
 * more is asked for. */
void mr_doctor_output_text(const struct mr_doctor *d, struct mr_look look, bool verbose,
                           struct mr_strbuf *out)
{
    const enum mr_doctor_state order[] = {MR_DOCTOR_PROBLEM, MR_DOCTOR_UNKNOWN, MR_DOCTOR_NOTE,
                                          MR_DOCTOR_OK};
    const size_t problems = mr_doctor_count(d, MR_DOCTOR_PROBLEM);
    mr_strbuf_add_str(out, mr_term_style(problems > 0 ? MR_STYLE_BAD : MR_STYLE_GOOD, look.color));
    add_count(out, problems, "problem", "problems");
    mr_strbuf_add_str(out, mr_term_style(MR_STYLE_RESET, look.color));
    mr_strbuf_add_fmt(out, ", %zu unknown, ", mr_doctor_count(d, MR_DOCTOR_UNKNOWN));
    add_count(out, mr_doctor_count(d, MR_DOCTOR_NOTE), "note", "notes");
    mr_strbuf_add_str(out, "; ");
    add_count(out, mr_doctor_count(d, MR_DOCTOR_OK), "thing is well", "things are well");
    mr_strbuf_add_str(out, "\n");
    const size_t shown = look.brief ? 2 : sizeof order / sizeof *order; /* the gravest */
    for (size_t i = 0; i < shown; i++)
        add_state(d, order[i], look.color, verbose, out);
}

static void put_text(struct mr_jsonw *w, const char *key, const char *text)
{
    mr_jsonw_key(w, key);
    mr_jsonw_str(w, text);
}

static void put_count(struct mr_jsonw *w, const char *key, size_t count)
{
    mr_jsonw_key(w, key);
    mr_jsonw_uint(w, count);
}

static void put_finding(struct mr_jsonw *w, const struct mr_doctor_finding *f)
{
    mr_jsonw_object_begin(w);
    put_text(w, "type", "finding");
    put_text(w, "server", f->server);
    put_text(w, "name", mr_doctor_name_text(f->name));
    put_text(w, "state", mr_doctor_state_text(f->state));
    put_text(w, "message", f->message);
    put_text(w, "hint", f->hint);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_doctor_output_json(const struct mr_doctor *d, const struct mr_run_id *id,
                                   FILE *file, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, file);
    mr_jsonw_object_begin(&w);
    put_text(&w, "type", "run");
    put_text(&w, "schema", "myrecon/doctor/1");
    put_text(&w, "run_id", id->id);
    put_text(&w, "started", id->started);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    for (size_t i = 0; i < d->findings.count; i++)
        put_finding(&w, mr_vec_at(&d->findings, i));
    mr_jsonw_object_begin(&w);
    put_text(&w, "type", "summary");
    put_text(&w, "verdict", mr_doctor_state_text(mr_doctor_verdict(d)));
    put_count(&w, "servers", d->servers.count);
    put_count(&w, "problems", mr_doctor_count(d, MR_DOCTOR_PROBLEM));
    put_count(&w, "unknown", mr_doctor_count(d, MR_DOCTOR_UNKNOWN));
    put_count(&w, "notes", mr_doctor_count(d, MR_DOCTOR_NOTE));
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}
