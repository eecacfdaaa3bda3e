/* fleet_status_output.c: how far a fleet is, for people and for scripts; see fleet_status.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/cli/progress.h"
#include "core/json/jsonw.h"
#include "recon/fleet/fleet_next.h"
#include "recon/fleet/fleet_status.h"

#define PARTS_SHOWN 20

/* ---- JSON ---- */

static void put_part(struct mr_jsonw *w, size_t at, const struct mr_fleet_status_part *part)
{
    const struct mr_fleet_part *told = &part->told;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "part");
    mr_jsonw_add_uint(w, "part", at);
    mr_jsonw_add_str(w, "state", mr_fleet_word_text(part->state));
    mr_jsonw_add_str(w, "host", told->host);
    mr_jsonw_add_str(w, "begun", told->begun);
    mr_jsonw_add_str(w, "updated", told->updated);
    mr_jsonw_add_uint(w, "silent_seconds", part->silent_s);
    mr_jsonw_add_uint(w, "rows", told->rows);
    mr_jsonw_add_uint(w, "bytes", told->bytes);
    mr_jsonw_add_seconds(w, (double)told->millis / 1000);
    mr_jsonw_add_str(w, "waits", part->state == MR_FLEET_RUNNING ? told->waits : NULL);
    mr_jsonw_add_str(w, "reason", part->why);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_pair(struct mr_jsonw *w, const struct mr_fleet_status *s, size_t at)
{
    const struct mr_fleet_status_pair *pair = &s->pairs[at];
    const struct mr_fleet_file_pair *planned = &s->file->pairs[at];
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "pair");
    mr_jsonw_add_str(w, "pair", planned->name);
    mr_jsonw_add_str(w, "verdict", mr_fleet_word_text(mr_fleet_status_verdict(s, at)));
    mr_jsonw_add_uint(w, "parts", planned->parts);
    mr_jsonw_add_uint(w, "parts_done", pair->done);
    mr_jsonw_add_uint(w, "parts_not_kept", pair->unkept);
    mr_jsonw_add_uint(w, "parts_failed", pair->failed);
    mr_jsonw_add_uint(w, "differing", pair->differing);
    mr_jsonw_add_str(w, "reason", planned->failed != NULL ? planned->failed : pair->why);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_summary(struct mr_jsonw *w, const struct mr_fleet_status *s)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_uint(w, "parts", s->file->nparts);
    mr_jsonw_add_uint(w, "done", s->done);
    mr_jsonw_add_uint(w, "running", s->running);
    mr_jsonw_add_uint(w, "silent", s->silent);
    mr_jsonw_add_uint(w, "incomplete", s->failed);
    mr_jsonw_add_uint(w, "waiting", s->waiting);
    mr_jsonw_add_uint(w, "stopped", s->stopped);
    mr_jsonw_add_uint(w, "rows", s->rows);
    mr_jsonw_add_uint(w, "bytes", s->bytes);
    mr_jsonw_key(w, "rows_per_second");
    mr_jsonw_double(w, s->rows_s);
    mr_jsonw_key(w, "bytes_per_second");
    mr_jsonw_double(w, s->bytes_s);
    mr_jsonw_key(w, "seconds_left");
    if (s->left_s < 0)
        mr_jsonw_null(w);
    else
        mr_jsonw_double(w, s->left_s);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

enum mr_code mr_fleet_status_json(const struct mr_fleet_status *s, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s created:%s", "myrecon/fleet-status/1",
                  s->file->id, s->file->created);
    for (size_t i = 0; i < s->file->nparts; i++)
        put_part(&w, i, &s->parts[i]);
    for (size_t i = 0; i < s->file->npairs; i++)
        put_pair(&w, s, i);
    put_summary(&w, s);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- text ---- */

static void add_count(struct mr_strbuf *out, size_t count, const char *what)
{
    if (count > 0)
        mr_strbuf_add_fmt(out, ", %zu %s", count, what);
}

static void add_parts(struct mr_strbuf *out, const struct mr_fleet_status *s, bool color)
{
    size_t shown = 0;
    for (size_t i = 0; i < s->file->nparts; i++) {
        const struct mr_fleet_status_part *part = &s->parts[i];
        if (part->state == MR_FLEET_DONE || part->state == MR_FLEET_WAITING)
            continue;
        if (shown++ >= PARTS_SHOWN)
            continue;
        const bool bad = part->state == MR_FLEET_SILENT || part->state == MR_FLEET_INCOMPLETE;
        mr_strbuf_add_fmt(out, "  part %-5zu %s%s%s", i,
                          mr_term_style(bad ? MR_STYLE_WARN : MR_STYLE_DIM, color),
                          mr_fleet_word_text(part->state), mr_term_style(MR_STYLE_RESET, color));
        if (part->told.host != NULL) {
            mr_strbuf_add_str(out, " on ");
            mr_utf8_show_str(out, part->told.host);
        }
        if (part->silent_s > 0) {
            mr_strbuf_add_str(out, ", said nothing for ");
            mr_progress_add_duration(out, (double)part->silent_s);
        }
        mr_strbuf_add_str(out, ", ");
        mr_progress_add_count(out, (double)part->told.rows);
        mr_strbuf_add_str(out, " rows");
        if (part->state == MR_FLEET_RUNNING && part->told.waits != NULL) {
            mr_strbuf_add_str(out, ", ");
            mr_utf8_show_str(out, part->told.waits);
        }
        if (part->why != NULL) {
            mr_strbuf_add_str(out, ": ");
            mr_utf8_show_str(out, part->why);
        }
        mr_strbuf_add_char(out, '\n');
    }
    if (shown > PARTS_SHOWN)
        mr_strbuf_add_fmt(out, "  and %zu more parts\n", shown - PARTS_SHOWN);
}

static enum mr_style style_of(enum mr_fleet_word verdict)
{
    return verdict == MR_FLEET_EQUAL || verdict == MR_FLEET_MADE          ? MR_STYLE_GOOD
           : verdict == MR_FLEET_DIVERGED                                 ? MR_STYLE_BAD
           : verdict == MR_FLEET_FAILED || verdict == MR_FLEET_INCOMPLETE ? MR_STYLE_WARN
                                                                          : MR_STYLE_DIM;
}

static void add_pair(struct mr_strbuf *out, const struct mr_fleet_status *s, size_t at, bool color)
{
    const struct mr_fleet_status_pair *pair = &s->pairs[at];
    const struct mr_fleet_file_pair *planned = &s->file->pairs[at];
    const enum mr_fleet_word verdict = mr_fleet_status_verdict(s, at);
    const char *why = planned->failed != NULL ? planned->failed : pair->why;
    mr_strbuf_add_fmt(out, "  %-24s  %s%s%s", planned->name,
                      mr_term_style(style_of(verdict), color), mr_fleet_word_text(verdict),
                      mr_term_style(MR_STYLE_RESET, color));
    if (pair->done < planned->parts)
        mr_strbuf_add_fmt(out, ", %zu of %zu parts", pair->done, planned->parts);
    if (pair->differing > 0) {
        mr_strbuf_add_str(out, ", ");
        mr_strbuf_add_grouped(out, pair->differing);
        mr_strbuf_add_str(out, pair->differing == 1 ? " row differs" : " rows differ");
        mr_strbuf_add_str(out, pair->done < planned->parts ? " so far" : "");
        mr_strbuf_add_str(out, pair->unkept > 0 ? ", not kept yet" : "");
    }
    if (why != NULL) {
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, why);
    }
    mr_strbuf_add_char(out, '\n');
}

static void add_sum(struct mr_strbuf *out, const struct mr_fleet_status *s)
{
    mr_strbuf_add_fmt(out, "%zu of %zu part%s done", s->done, s->file->nparts,
                      s->file->nparts == 1 ? "" : "s");
    add_count(out, s->running, "running");
    add_count(out, s->silent, "silent");
    add_count(out, s->failed, "incomplete");
    add_count(out, s->stopped, "stopped");
    add_count(out, s->waiting - s->stopped, "waiting");
    mr_strbuf_add_str(out, "; ");
    mr_progress_add_count(out, (double)s->rows);
    mr_strbuf_add_str(out, " rows read");
    if (s->rows_s > 0) {
        mr_strbuf_add_str(out, ", ");
        mr_progress_add_count(out, s->rows_s);
        mr_strbuf_add_str(out, " rows/s, ");
        mr_strbuf_add_size(out, (uint64_t)s->bytes_s);
        mr_strbuf_add_str(out, "/s");
    }
    if (s->left_s > 0) {
        mr_strbuf_add_str(out, ", about ");
        mr_progress_add_duration(out, s->left_s);
        mr_strbuf_add_str(out, " left");
    }
    mr_strbuf_add_char(out, '\n');
}

enum mr_code mr_fleet_status_text(const struct mr_fleet_status *s, bool color, bool brief,
                                  struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (!brief || s->silent + s->failed > 0)
        add_parts(&out, s, color);
    for (size_t i = 0; i < s->file->npairs; i++)
        if (!brief || mr_fleet_status_verdict(s, i) != mr_fleet_status_good(s))
            add_pair(&out, s, i, color);
    add_sum(&out, s);
    if (!brief)
        mr_fleet_next_of_status(s, &out);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}
