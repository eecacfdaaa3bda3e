/* fleet_report_json.c: all pairs of a fleet, one JSON object a line; see fleet_report_page.h. */
#include <inttypes.h>

#include "core/json/jsonw.h"
#include "recon/fleet/fleet_report_page.h"

#define SCHEMA "myrecon/fleet-report/1"

/* Nobody knows is null, and never 0. */
static void put_people(struct mr_jsonw *w, const struct mr_fleet_report_pair *pair)
{
    const struct mr_report_people *people = &pair->people;
    mr_jsonw_key(w, "people");
    if (pair->has_people)
        mr_jsonw_uint(w, people->people);
    else
        mr_jsonw_null(w);
    mr_jsonw_add_bool(w, "people_at_least", pair->has_people && people->at_least);
    mr_jsonw_add_bool(w, "people_other", pair->has_people && people->other);
    mr_jsonw_add_str(w, "people_reason", pair->has_people ? NULL : people->why);
}

static void put_pair(struct mr_jsonw *w, const struct mr_fleet_report_pair *pair)
{
    const uint64_t kept = pair->ngaps < MR_FLEET_GAPS ? pair->ngaps : MR_FLEET_GAPS;
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w, "type:pair pair:%s verdict:%s fault:%s", pair->told->name,
                     mr_fleet_word_text(pair->verdict), pair->fault);
    mr_jsonw_add_str(w, "source", pair->source);
    mr_jsonw_add_str(w, "target", pair->target);
    mr_fleet_figures_put(w, &pair->figures);
    mr_jsonw_add_texts(w, "only_source", pair->only.tables[MR_SOURCE], pair->only.count[MR_SOURCE]);
    mr_jsonw_add_texts(w, "only_target", pair->only.tables[MR_TARGET], pair->only.count[MR_TARGET]);
    put_people(w, pair);
    mr_jsonw_add_texts(w, "not_seen", pair->gaps, (size_t)kept);
    mr_jsonw_add_uint(w, "not_seen_more", pair->ngaps - kept);
    mr_jsonw_add_str(w, "checked_since", pair->later);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_summary(struct mr_jsonw *w, const struct mr_fleet_report *r)
{
    const struct mr_fleet_figures *f = &r->sums;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_fleet_report_headline(r, &text);
    mr_jsonw_object_begin(w);
    mr_jsonw_add_fmt(w, "type:summary verdict:%s text:%s",
                     mr_fleet_word_text(mr_fleet_report_verdict(r)), text.ptr);
    mr_jsonw_add_fmt(w, "pairs:%zu equal:%zu diverged:%zu incomplete:%zu faults:%zu",
                     r->result->npairs, r->equal, r->diverged, r->incomplete, r->faults);
    mr_jsonw_add_fmt(w,
                     "parts:%" PRIu64 " parts_missing:%" PRIu64 " tables:%" PRIu64
                     " not_checked:%" PRIu64 " rows:%" PRIu64 " bytes:%" PRIu64,
                     r->result->parts, r->result->parts_missing, f->tables, f->not_checked, f->rows,
                     f->counts.bytes);
    mr_jsonw_add_fmt(w,
                     "missing:%" PRIu64 " extra:%" PRIu64 " changed:%" PRIu64 " collision:%" PRIu64
                     " moved:%" PRIu64,
                     f->counts.missing, f->counts.extra, f->counts.changed, f->counts.collision,
                     f->counts.moved);
    mr_jsonw_add_fmt(w, "unsettled_rows:%" PRIu64 " objects:%" PRIu64, f->unsettled_rows,
                     f->objects);
    mr_jsonw_add_uint(w, "people", r->people);
    mr_jsonw_add_bool(w, "people_at_least", r->people_at_least || r->people_unknown > 0);
    mr_jsonw_add_bool(w, "people_other", r->people_other);
    mr_jsonw_add_uint(w, "people_unknown", r->people_unknown);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    mr_strbuf_release(&text);
}

/* The summary last, so that an output without it is known to be cut short. */
enum mr_code mr_fleet_report_json(const struct mr_fleet_report *r, struct mr_report_sink *sink,
                                  struct mr_err *err)
{
    struct mr_jsonw w;
    enum mr_code code = MR_OK;
    mr_jsonw_init_buf(&w, &sink->buf);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s fleet:%s created:%s merged:%s directory:%s",
                  SCHEMA, r->result->run, r->result->fleet, r->result->created, r->result->started,
                  r->result->dir);
    for (size_t i = 0; code == MR_OK && i < r->result->npairs; i++) {
        put_pair(&w, &r->pairs[r->order[i]]);
        code = mr_report_sink_drain(sink, err);
    }
    put_summary(&w, r);
    if (code == MR_OK)
        code = mr_jsonw_finish(&w, "the report", err);
    mr_jsonw_release(&w);
    return code == MR_OK ? mr_report_sink_drain(sink, err) : code;
}
