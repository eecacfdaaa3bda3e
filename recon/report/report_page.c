/* report_page.c: see report_page.h.  The order of the parts. */
#include "recon/report/report_page.h"

#include "recon/report/report_parts.h"

/* Links only to parts that this report has; the conditions are those under which the parts say
 * something. */
static void add_bar(struct mr_edition *e)
{
    const struct mr_report *report = e->report;
    struct mr_doc *doc = &e->doc;
    mr_doc_say(doc, "<bar>");
    if (report->up != NULL)
        mr_doc_say(doc, "<to %s>All pairs</to>", report->up);
    if (report->story != NULL)
        mr_doc_say(doc, "<a story>What was done</a>");
    if (report->result->diverged > 0)
        mr_doc_say(doc, "<a picture>Where</a>");
    mr_doc_say(doc, "<a tables>Tables</a>");
    if (report->result->diverged > 0)
        mr_doc_say(doc, "<a details>Details</a>");
    if (report->result->objects.count > 0)
        mr_doc_say(doc, "<a schema>Schema</a>");
    if (report->counters.count > 0)
        mr_doc_say(doc, "<a counters>AUTO_INCREMENT</a>");
    mr_doc_say(doc, "<a reading>How to read</a><a method>Method</a></bar>");
}

/* From what decides to what explains: somebody under pressure reads the top and stops. Drained
 * before the sections, which may be large. */
static enum mr_code tell_page(struct mr_edition *e, struct mr_err *err)
{
    add_bar(e);
    mr_doc_say(&e->doc, "<main>");
    mr_parts_verdict(e);
    mr_parts_notes(e);
    mr_parts_course(e);
    mr_parts_left(e);
    mr_parts_sides(e);
    mr_parts_figures(e);
    MR_TRY(mr_parts_picture(e, err));
    if (e->report->story != NULL)
        mr_story_tell(&e->doc, e->report);
    mr_parts_tables(e);
    MR_TRY(mr_report_sink_drain(e->sink, err));
    MR_TRY(mr_parts_sections(e, err));
    mr_parts_objects(e);
    mr_parts_counters(e);
    mr_parts_advice(e);
    mr_parts_hidden(e);
    mr_parts_legend(&e->doc);
    mr_parts_method(e);
    mr_doc_say(&e->doc, "</main>");
    return MR_OK;
}

static enum mr_code tell_brief(struct mr_edition *e, struct mr_err *err)
{
    mr_parts_brief(e);
    if (e->report->story != NULL)
        mr_story_tell(&e->doc, e->report);
    mr_parts_tables(e);
    MR_TRY(mr_parts_sections(e, err));
    mr_parts_objects(e);
    mr_parts_counters(e);
    return MR_OK;
}

static enum mr_code begin(struct mr_edition *e, struct mr_err *err)
{
    const struct mr_find_run *run = e->report->result->run;
    struct mr_strbuf title = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&title, "%s: %s and %s", mr_report_verdict(e->report), run->source,
                      run->target);
    enum mr_code code = MR_OK;
    if (e->doc.format->begin != NULL)
        code = e->doc.format->begin(&e->doc, title.ptr, err);
    e->doc.out->failed |= title.failed;
    mr_strbuf_release(&title);
    return code;
}

/* The order of the tables is made once, so that the list and the sections agree on which tables are
 * in. */
static enum mr_code tell(struct mr_edition *e, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    e->order = mr_parts_order(e->report, &arena);
    enum mr_code code = e->order != NULL ? begin(e, err) : mr_err_nomem(err, "writing the report");
    if (code == MR_OK)
        code = e->is_brief ? tell_brief(e, err) : tell_page(e, err);
    if (code == MR_OK && e->doc.format->end != NULL)
        e->doc.format->end(&e->doc);
    if (code == MR_OK)
        code = mr_report_sink_drain(e->sink, err);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_report_html(const struct mr_report *report, struct mr_report_sink *sink,
                            struct mr_err *err)
{
    struct mr_edition page = {.report = report,
                              .tables_max = SIZE_MAX,
                              .sections_max = 500,
                              .objects_max = 500,
                              .counters_max = 200,
                              .sink = sink,
                              .doc = {.format = &mr_doc_html, .out = &sink->buf}};
    return tell(&page, err);
}

enum mr_code mr_report_md(const struct mr_report *report, struct mr_report_sink *sink,
                          struct mr_err *err)
{
    struct mr_edition text = {.report = report,
                              .is_brief = true,
                              .tables_max = 50,
                              .sections_max = 20,
                              .objects_max = 30,
                              .counters_max = 50,
                              .sink = sink,
                              .doc = {.format = &mr_doc_md, .out = &sink->buf}};
    return tell(&text, err);
}
