/* report_html.c: see report_html.h. */
#include "recon/report/report_html.h"

#include <openssl/evp.h>

#include "core/case/run_command.h"
#include "recon/report/report_assets.h"
#include "recon/report/report_escape.h"
#include "recon/report/report_facts.h"
#include "recon/report/report_map.h"
#include "recon/report/report_overview.h"
#include "recon/report/report_section.h"
#include "recon/report/report_story_page.h"

#define SECTIONS_OPEN 12   /* unfolded, where there are not more */
#define SECTIONS_WHOLE 100 /* with runs and samples */
#define SECTIONS_MAX 500   /* with words and pictures */
/* Of page, behind which samples stop; whoever asks for more rows gets them. */
#define SAMPLE_BYTES (4 * 1024 * 1024)
#define USUAL_ROWS 50

/* ---- head ---- */

/* 'sha256-…' of what stands between the tags. */
static enum mr_code add_source(struct mr_strbuf *out, const unsigned char *ptr,
                               size_t len, struct mr_err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(ptr, len, digest, &size, EVP_sha256(), NULL) != 1)
        return mr_err_set(err, MR_E_BUG, "OpenSSL could not compute a SHA-256 digest");
    (void)EVP_EncodeBlock(base64, digest, (int)size);
    mr_strbuf_add_fmt(out, "'sha256-%s'", (const char *)base64);
    return MR_OK;
}

static enum mr_code add_head(struct mr_strbuf *out, const struct mr_report *report,
                             struct mr_err *err)
{
    mr_strbuf_add_str(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
             "\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
             "'none'; base-uri 'none'; form-action 'none'; img-src data:; "
             "style-src ");
    enum mr_code code = add_source(out, mr_report_style, mr_report_style_size, err);
    mr_strbuf_add_str(out, "; script-src ");
    if (code == MR_OK)
        code = add_source(out, mr_report_script, mr_report_script_size, err);
    mr_strbuf_add_str(out, "\">\n<meta name=\"viewport\" content=\"width=device-width, "
                           "initial-scale=1\">\n<meta name=\"referrer\" content=\"no-"
                           "referrer\">\n<meta name=\"color-scheme\" content=\"light "
                           "dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    mr_strbuf_add_str(out, mr_report_verdict(report));
    mr_strbuf_add_str(out, ": ");
    mr_report_escape_html_str(out, report->result->run->source);
    mr_strbuf_add_str(out, " and ");
    mr_report_escape_html_str(out, report->result->run->target);
    mr_strbuf_add_str(out, "</title>\n<style>");
    mr_strbuf_add(out, mr_report_style, mr_report_style_size);
    mr_strbuf_add_str(out, "</style>\n</head>\n");
    return code;
}

/* ---- the verdict ---- */

static const char *tone(const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    if (r->interrupted || r->incomplete)
        return "is-warn";
    return r->differs ? "is-bad" : "is-good";
}

static void add_bar(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    mr_strbuf_add_str(out,
                      "<body>\n<a class=\"skip\" href=\"#main\">To the result</a>\n");
    mr_map_definitions(out);
    mr_strbuf_add_str(out, "<div class=\"bar\"><strong>myrecon report</strong>\n"
                           "<nav aria-label=\"Parts of the page\">");
    if (report->story != NULL)
        mr_strbuf_add_str(out, "<a href=\"#story\">What was done</a>");
    mr_strbuf_add_str(out, "<a href=\"#tables\">Tables</a>");
    if (r->diverged > 0)
        mr_strbuf_add_str(out, "<a href=\"#details\">Details</a>");
    if (r->objects.count > 0)
        mr_strbuf_add_str(out, "<a href=\"#schema\">Schema</a>");
    if (report->counters.count > 0)
        mr_strbuf_add_str(out, "<a href=\"#counters\">AUTO_INCREMENT</a>");
    mr_strbuf_add_str(out,
                      "<a href=\"#reading\">How to read</a><a href=\"#method\">Method"
                      "</a></nav></div>\n<main id=\"main\">\n");
}

static void add_side(struct mr_strbuf *out, const char *title, const char *who,
                     const char *what)
{
    mr_strbuf_add_fmt(out, "<div><dt>%s</dt><dd><code>", title);
    mr_report_escape_html_str(out, who);
    mr_strbuf_add_fmt(out, "</code><br><small>%s</small></dd></div>\n", what);
}

static void add_when(struct mr_strbuf *out, const struct mr_find_run *run)
{
    size_t date = strcspn(run->started, "T");
    mr_strbuf_add_str(out, "<div><dt>When</dt><dd>");
    mr_report_escape_html(out, run->started, date);
    if (run->started[date] == 'T') {
        const char *time = run->started + date + 1;
        mr_strbuf_add_char(out, ' ');
        mr_report_escape_html(out, time, strcspn(time, "Z"));
    }
    mr_strbuf_add_str(out, " UTC<br><small>it took ");
    mr_report_duration(out, run->seconds);
    mr_strbuf_add_str(out, "</small></dd></div>\n");
}

static void add_what(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    size_t windowed = 0;
    for (size_t i = 0; i < r->ntables; i++)
        windowed += r->tables[i].windowed;
    mr_strbuf_add_str(out, "<div><dt>What</dt><dd>every row of ");
    if (r->not_checked > 0) {
        mr_strbuf_add_grouped(out, r->ntables - r->not_checked);
        mr_strbuf_add_str(out, " of ");
    }
    mr_report_count(out, r->ntables, "table", "tables");
    if (r->run->objects_done)
        mr_strbuf_add_str(out, ", and the schema");
    mr_strbuf_add_str(out, "<br><small>");
    if (windowed > 0) {
        mr_strbuf_add_str(out, "of ");
        mr_report_count(out, windowed, "table", "tables");
        mr_strbuf_add_str(out, " only a part, as noted below");
    } else {
        mr_strbuf_add_str(out, "read on both sides, compared value by value");
    }
    mr_strbuf_add_str(out, "</small></dd></div>\n");
}

static void add_verdict(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_find_run *run = report->result->run;
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool taken = false;
    mr_report_headline(report, &text);
    if (text.len > 0 && text.ptr[0] >= 'a' && text.ptr[0] <= 'z')
        text.ptr[0] = (char)(text.ptr[0] - 'a' + 'A');
    mr_strbuf_add_fmt(out,
                      "<header class=\"verdict %s\">\n<span class=\"badge\">%s</span>\n"
                      "<h1>",
                      tone(report), mr_report_verdict(report));
    mr_report_escape_html(out, text.ptr, text.len);
    mr_strbuf_add_str(out, ".</h1>\n<p class=\"lead\">");
    mr_report_escape_html_str(out, report->story != NULL
                                       ? report->telling.conclusion
                                       : mr_report_lead(report, &taken));
    mr_strbuf_add_str(out, "</p>\n<dl class=\"sides\">\n");
    add_side(out, "Source", run->source, "what should be true, or the lost history");
    add_side(out, "Target", run->target, "what is being judged, or the live server");
    add_when(out, run);
    add_what(out, report);
    mr_strbuf_add_str(out, "</dl>\n</header>\n");
    out->failed |= text.failed;
    mr_strbuf_release(&text);
}

static void add_notes(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_check_result *r = report->result;
    if (r->interrupted)
        mr_strbuf_add_str(out,
                          "<div class=\"note is-warn\"><p><strong>The run has not come "
                          "to its end.</strong> What is here was found so far; what "
                          "is not here may still differ.</p></div>\n");
    else if (r->incomplete)
        mr_strbuf_add_str(out, "<div class=\"note is-warn\"><p><strong>The result is "
                               "incomplete:</strong> something was skipped, unsettled or "
                               "could not be seen. What is not here may still "
                               "differ.</p></div>\n");
    if (report->unmask)
        mr_strbuf_add_str(out, "<div class=\"note is-bad\"><p><strong>This page holds "
                               "personal data:</strong> it was written with --unmask. "
                               "Treat it like the database itself.</p></div>\n");
}

/* ---- what to do: its first sentence stands in the verdict, unless all of it is done ---- */

/* Whom it touches; where nobody knows who the people are, what would tell. */
static void add_affected_step(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_report_people *people = &report->people;
    struct mr_strbuf words = MR_STRBUF_INIT, command = MR_STRBUF_INIT;
    mr_strbuf_add_str(out, "<li><p>");
    if (people->known) {
        mr_report_people_words(people, &words);
        mr_strbuf_add_str(out,
                          "Block whoever is touched, drop their caches, and hand the "
                          "list on: ");
        mr_report_escape_html(out, words.ptr, words.len);
        mr_strbuf_add_str(out, " of ");
        mr_report_escape_html_str(out, people->subjects);
        mr_strbuf_add_str(out, ", each with old and new key.");
    } else {
        mr_strbuf_add_str(out,
                          "List everyone touched, with old and new key, to block "
                          "them, drop their caches and hand them on. First say which "
                          "table holds the people, by subject = yes: ");
        mr_report_escape_html_str(out, people->why != NULL ? people->why : "");
        mr_strbuf_add_char(out, '.');
    }
    mr_strbuf_add_str(&command, "myrecon affected");
    mr_command_add_option(&command, "--config", report->config->file);
    mr_command_add_option(&command, "--case", report->case_path);
    mr_strbuf_add_str(out, "</p><pre>");
    mr_report_escape_html(out, command.ptr, command.len);
    mr_strbuf_add_str(out, "</pre></li>\n");
    out->failed |= words.failed || command.failed;
    mr_strbuf_release(&words);
    mr_strbuf_release(&command);
}

static void add_steps(struct mr_strbuf *out, const struct mr_report *report)
{
    const struct mr_vec *steps = &report->steps.items;
    bool rows = report->result->diverged > 0, taken = false;
    (void)mr_report_lead(report, &taken);
    size_t first = taken && report->story == NULL ? 1 : 0;
    if (steps->count <= first && !rows)
        return;
    mr_strbuf_add_fmt(out, "<h2>%s</h2>\n<ol class=\"steps\">\n",
                      report->story != NULL ? "What the check advised" : "And then");
    for (size_t i = first; i < steps->count; i++) {
        const struct mr_next_step *step = mr_vec_at(steps, i);
        mr_strbuf_add_str(out, "<li><p>");
        mr_report_escape_html_str(out, step->text);
        if (step->kind == MR_NEXT_RESEED)
            mr_strbuf_add_str(out, " <a href=\"#counters\">The positions</a>.");
        if (step->kind == MR_NEXT_NOT_CHECKED)
            mr_strbuf_add_str(out, " <a href=\"#tables\">The list</a>.");
        mr_strbuf_add_str(out, "</p></li>\n");
    }
    if (rows)
        add_affected_step(out, report);
    mr_strbuf_add_str(out, "</ol>\n");
}

/* ---- details ---- */

static void begin_details(struct mr_strbuf *out, uint64_t count)
{
    mr_strbuf_add_str(out, "<h2 id=\"details\">Where they differ</h2>\n");
    if (count > 1)
        mr_strbuf_add_str(out, "<div class=\"tools\" id=\"open-tools\" hidden><button "
                               "type=\"button\" id=\"open-all\">Open all</button><button "
                               "type=\"button\" id=\"close-all\">Close all</button>"
                               "</div>\n");
}

static enum mr_code add_details(const struct mr_report *report, const size_t *order,
                                struct mr_report_sink *sink, struct mr_err *err)
{
    const struct mr_check_result *r = report->result;
    uint64_t budget = report->max_rows > USUAL_ROWS ? UINT64_MAX : SAMPLE_BYTES;
    enum mr_code code = MR_OK;
    if (r->diverged == 0)
        return MR_OK;
    begin_details(&sink->buf, r->diverged);
    for (size_t i = 0; code == MR_OK && i < r->diverged && i < SECTIONS_MAX; i++) {
        struct mr_section_opts opts = {.no = order[i],
                                       .open = r->diverged <= SECTIONS_OPEN,
                                       .with_samples =
                                           i < SECTIONS_WHOLE && sink->bytes < budget};
        code = mr_section_html(&sink->buf, report, &r->tables[order[i]], &opts, err);
        if (code == MR_OK)
            code = mr_report_sink_drain(sink, err);
    }
    if (r->diverged > SECTIONS_MAX) {
        mr_strbuf_add_str(&sink->buf, "<p class=\"more\">");
        mr_report_count(&sink->buf, r->diverged - SECTIONS_MAX, "more table differs",
                        "more tables differ");
        mr_strbuf_add_str(&sink->buf,
                          ", without details here: see the list above and the "
                          "case file.</p>\n");
    }
    return code;
}

static void add_foot(struct mr_strbuf *out, const struct mr_report *report)
{
    mr_facts_objects(out, report);
    mr_facts_counters(out, report);
    mr_facts_advice(out, report);
    mr_facts_hidden(out, report);
    mr_facts_legend(out);
    mr_facts_method(out, report);
    mr_strbuf_add_str(out, "</main>\n<script>");
    mr_strbuf_add(out, mr_report_script, mr_report_script_size);
    mr_strbuf_add_str(out, "</script>\n</body>\n</html>\n");
}

enum mr_code mr_report_html(const struct mr_report *report, struct mr_report_sink *sink,
                            struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf *out = &sink->buf;
    const struct mr_check_result *r = report->result;
    const size_t *order = mr_overview_order(report, &arena);
    enum mr_code code = order != NULL ? add_head(out, report, err)
                                      : mr_err_nomem(err, "writing the report");
    if (code != MR_OK)
        goto out;
    add_bar(out, report);
    add_verdict(out, report);
    add_notes(out, report);
    mr_overview_figures(out, report);
    if (report->story != NULL)
        mr_story_html(out, &report->telling);
    add_steps(out, report);
    mr_overview_tables(out, report, order,
                       r->diverged < SECTIONS_MAX ? (size_t)r->diverged : SECTIONS_MAX);
    code = mr_report_sink_drain(sink, err);
    if (code == MR_OK)
        code = add_details(report, order, sink, err);
    if (code == MR_OK)
        add_foot(out, report);
    if (code == MR_OK)
        code = mr_report_sink_drain(sink, err);
out:
    mr_arena_release(&arena);
    return code;
}
