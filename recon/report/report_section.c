/* report_section.c: see report_section.h. */
#include "recon/report/report_section.h"

#include <string.h>

#include "recon/report/report_escape.h"
#include "recon/report/report_map.h"
#include "recon/report/report_samples.h"

static void escape_buf(struct mr_strbuf *out, struct mr_strbuf *text)
{
    mr_report_escape_html(out, text->ptr, text->len);
    out->failed |= text->failed;
    mr_strbuf_release(text);
}

static void add_summary(struct mr_strbuf *out, const struct mr_report_survey *s,
                        const struct mr_section_opts *opts)
{
    const struct mr_find_table *table = s->columns.table;
    mr_strbuf_add_fmt(out, "<details class=\"table\" id=\"t%zu\"%s data-verdict=\"%s\" ",
                      opts->no, opts->open ? " open" : "",
                      mr_verdict_name(table->verdict));
    mr_strbuf_add_str(out, "data-name=\"");
    mr_report_escape_html_str(out, table->name);
    mr_strbuf_add_str(out, "\"><summary><h3>");
    mr_report_escape_html_str(out, table->name);
    mr_strbuf_add_str(out, "</h3>");
    for (int i = 0; i < MR_LANES; i++) {
        enum mr_survey_lane lane = mr_survey_lane_order[i];
        uint64_t rows = mr_survey_lane_rows(s, lane);
        if (rows == 0)
            continue;
        mr_strbuf_add_str(out, "<span>");
        mr_map_key(out, lane);
        mr_strbuf_add_char(out, ' ');
        mr_strbuf_add_grouped(out, rows);
        mr_strbuf_add_str(out, "</span>");
    }
    mr_strbuf_add_str(out, "</summary>\n<div class=\"inside\">\n");
}

static void add_names(struct mr_strbuf *out, const struct mr_find_table *table,
                      enum mr_image_part part)
{
    for (size_t n = 0;; n++) {
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        mr_strbuf_add_str(out, n > 0 ? ", <code>" : "<code>");
        mr_report_escape_html_str(out, table->columns[i].name);
        mr_strbuf_add_str(out, "</code>");
    }
}

static void add_facts(struct mr_strbuf *out, const struct mr_find_table *table)
{
    const struct mr_find_counts *c = &table->counts;
    mr_strbuf_add_str(out, "<p class=\"facts\">");
    if (strcmp(table->name, table->target_name) != 0) {
        mr_strbuf_add_str(out, "In the target <code>");
        mr_report_escape_html_str(out, table->target_name);
        mr_strbuf_add_str(out, "</code>. ");
    }
    if (!table->keyless) {
        mr_strbuf_add_str(out, "Key: ");
        add_names(out, table, MR_IMAGE_KEY);
        mr_strbuf_add_str(out, ". ");
    }
    if (table->identity_known) {
        mr_strbuf_add_str(out, "Identity: ");
        add_names(out, table, MR_IMAGE_IDENTITY);
        mr_strbuf_add_str(out, ". ");
    }
    mr_strbuf_add_str(out, "Rows read: ");
    mr_strbuf_add_grouped(out, c->source_rows);
    mr_strbuf_add_str(out, " in the source, ");
    mr_strbuf_add_grouped(out, c->target_rows);
    mr_strbuf_add_str(out, " in the target.");
    if (c->null_identities > 0) {
        mr_strbuf_add_char(out, ' ');
        mr_report_count(out, c->null_identities, "row", "rows");
        mr_strbuf_add_str(out, " without an identity (NULL), judged by key.");
    }
    if (table->schema_differs)
        mr_strbuf_add_str(out, " Its <a href=\"#schema\">schema differs</a>, too.");
    if (table->note != NULL) {
        mr_strbuf_add_char(out, ' ');
        mr_report_escape_html_str(out, table->note);
        mr_strbuf_add_char(out, '.');
    }
    mr_strbuf_add_str(out, "</p>\n");
}

static void add_counter_words(struct mr_strbuf *out, const struct mr_report_survey *s)
{
    if (s->counter == NULL)
        return;
    mr_strbuf_add_str(out, " AUTO_INCREMENT goes on at ");
    mr_strbuf_add_grouped(out, s->counter->next[0]);
    mr_strbuf_add_str(out, " in the source (△) and at ");
    mr_strbuf_add_grouped(out, s->counter->next[1]);
    mr_strbuf_add_str(out, " in the target (▲).");
}

static void add_map(struct mr_strbuf *out, const struct mr_report_survey *s)
{
    if (!s->has_map) {
        mr_strbuf_add_str(out, s->columns.table->keyless
                                   ? ""
                                   : "<p class=\"more\">The two servers order this key "
                                     "differently; how many equal rows lie between two "
                                     "that differ is not known, so that there is no "
                                     "map.</p>\n");
        return;
    }
    mr_strbuf_add_str(out, "<h4>Where they lie</h4>\n<figure><div class=\"scroll\">\n");
    mr_map_add(out, s, &s->map);
    if (s->has_zoom) {
        mr_strbuf_add_str(out, "<p class=\"zoom\">enlarged</p>\n");
        mr_map_add(out, s, &s->zoom);
    }
    mr_strbuf_add_str(out, "</div><figcaption>");
    if (s->map.axis.numeric) {
        mr_strbuf_add_str(out, "The axis is the key, ");
        add_names(out, s->columns.table, MR_IMAGE_KEY);
        mr_strbuf_add_char(out, '.');
    } else {
        mr_strbuf_add_str(out, "The axis counts the rows in the order of the key.");
    }
    mr_strbuf_add_str(out, " The higher a bar, the more rows.");
    if (s->map.axis.numeric)
        add_counter_words(out, s);
    mr_strbuf_add_str(out, "</figcaption></figure>\n");
}

static void add_timeline(struct mr_strbuf *out, const struct mr_report_survey *s)
{
    const struct mr_report_times *t = &s->times;
    const struct mr_find_table *table = s->columns.table;
    if (t->nbuckets == 0)
        return;
    const struct mr_find_column *column = &table->columns[table->time_at];
    bool utc = column->type != NULL && strncasecmp(column->type, "timestamp", 9) == 0;
    mr_strbuf_add_str(out, "<h4>When they were created</h4>\n<figure><div "
                           "class=\"scroll\">\n");
    mr_map_add_timeline(out, s);
    mr_strbuf_add_str(out, "</div><figcaption><code>");
    mr_report_escape_html_str(out, column->name);
    mr_strbuf_add_str(out, "</code> of the diverged rows, the source’s where it has the "
                           "row, from ");
    mr_times_add_moment(out, t->min_s);
    mr_strbuf_add_str(out, " to ");
    mr_times_add_moment(out, t->max_s);
    mr_strbuf_add_str(out, utc ? " UTC" : ", in the column’s own time");
    mr_strbuf_add_fmt(out, "; each bar is %s.", mr_times_unit_name(t->unit));
    if (t->undated > 0) {
        mr_strbuf_add_char(out, ' ');
        mr_report_count(out, t->undated, "row has", "rows have");
        mr_strbuf_add_str(out, " no time.");
    }
    mr_strbuf_add_str(out, "</figcaption></figure>\n");
}

static void add_runs(struct mr_strbuf *out, const struct mr_report_survey *s)
{
    const struct mr_find_table *table = s->columns.table;
    uint64_t longest = 0;
    for (size_t i = 0; i < s->nruns; i++)
        longest = s->runs[i].rows > longest ? s->runs[i].rows : longest;
    /* one run, or runs of one row, say nothing that the words or the rows do not */
    if (longest < 2 || s->all_runs < 2)
        return;
    mr_strbuf_add_str(
        out, "<h4>Runs of diverged keys</h4>\n<p>No equal row lies within a "
             "run.</p>\n<div class=\"scroll\"><table class=\"short\"><thead><tr><th "
             "scope=\"col\">From ");
    struct mr_strbuf names = MR_STRBUF_INIT;
    mr_survey_key_names(table, &names);
    escape_buf(out, &names);
    mr_strbuf_add_str(out, "</th><th scope=\"col\">To</th><th scope=\"col\" "
                           "class=\"n\">Rows</th></tr></thead>\n<tbody>");
    for (size_t i = 0; i < s->nruns; i++) {
        mr_strbuf_add_str(out, "<tr><td class=\"v\">");
        mr_report_escape_html_str(out, s->runs[i].from);
        mr_strbuf_add_str(out, "</td><td class=\"v\">");
        mr_report_escape_html_str(out, s->runs[i].to);
        mr_strbuf_add_str(out, "</td><td class=\"n\">");
        mr_strbuf_add_grouped(out, s->runs[i].rows);
        mr_strbuf_add_str(out, "</td></tr>\n");
    }
    mr_strbuf_add_str(out, "</tbody></table></div>\n");
    if (s->all_runs > s->nruns) {
        mr_strbuf_add_str(out, "<p class=\"more\">The longest of ");
        mr_strbuf_add_grouped(out, s->all_runs);
        mr_strbuf_add_str(out, " runs.</p>\n");
    }
}

static enum mr_code add_body(struct mr_strbuf *out, const struct mr_report *report,
                             const struct mr_report_survey *s,
                             const struct mr_section_opts *opts, struct mr_err *err)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    mr_survey_words(s, &words);
    mr_strbuf_add_str(out, "<p>");
    escape_buf(out, &words);
    mr_strbuf_add_str(out, "</p>\n");
    add_facts(out, s->columns.table);
    add_map(out, s);
    add_timeline(out, s);
    if (!opts->with_samples) {
        mr_strbuf_add_str(out, "<p class=\"more\">So many tables differ that this one is "
                               "shown without runs and rows; the case file has "
                               "them.</p>\n");
        return MR_OK;
    }
    add_runs(out, s);
    return mr_samples_html(out, report, s->columns, err);
}

enum mr_code mr_section_html(struct mr_strbuf *out, const struct mr_report *report,
                             const struct mr_find_table *table,
                             const struct mr_section_opts *opts, struct mr_err *err)
{
    struct mr_report_survey *s = malloc(sizeof *s);
    if (s == NULL)
        return mr_err_nomem(err, "writing a table's section");
    enum mr_code code = mr_survey(s, report, table, err);
    if (code != MR_OK)
        goto out;
    add_summary(out, s, opts);
    code = add_body(out, report, s, opts, err);
    mr_strbuf_add_str(out, "</div></details>\n");
    mr_survey_release(s);
out:
    free(s);
    return code == MR_OK ? mr_strbuf_check(out, "writing a table's section", err) : code;
}
