/* report_section.c: the diverged tables, one by one; see report_parts.h. */
#include <string.h>

#include "recon/report/report_map.h"
#include "recon/report/report_parts.h"

#define SECTIONS_OPEN 12   /* unfolded, where there are not more */
#define SECTIONS_WHOLE 100 /* with runs and samples */
/* Of page, behind which samples stop; whoever asks for more rows gets them. */
#define SAMPLE_BYTES (2 * 1024 * 1024)
#define USUAL_ROWS 50

/* ---- words ---- */

static void add_names(struct mr_doc *doc, const struct mr_find_table *table,
                      enum mr_image_part part)
{
    for (size_t n = 0;; n++) {
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        mr_doc_say(doc, "%s<code>%s</code>", n > 0 ? ", " : "", table->columns[i].name);
    }
}

/* By what rows were told apart: whoever doubts a finding asks first which columns were key and
 * identity, and how many rows had none. */
static void add_facts(struct mr_doc *doc, const struct mr_find_table *table)
{
    const struct mr_find_counts *c = &table->counts;
    mr_doc_say(doc, "<defined>");
    if (strcmp(table->name, table->target_name) != 0)
        mr_doc_say(doc, "In the target <code>%s</code>. ", table->target_name);
    if (!table->keyless) {
        mr_doc_say(doc, "Key: ");
        add_names(doc, table, MR_IMAGE_KEY);
        mr_doc_say(doc, ". ");
    }
    if (table->identity_known) {
        mr_doc_say(doc, "Identity: ");
        add_names(doc, table, MR_IMAGE_IDENTITY);
        mr_doc_say(doc, ". ");
    }
    mr_doc_say(doc, "Rows read: %s in the source, %s in the target.",
               mr_doc_number(doc, c->source_rows), mr_doc_number(doc, c->target_rows));
    if (c->null_identities > 0)
        mr_doc_say(doc, " %s without an identity (NULL), judged by key.",
                   mr_doc_count(doc, c->null_identities, "row", "rows"));
    if (table->schema_differs)
        mr_doc_say(doc, " Its <a schema>schema differs</a>, too.");
    if (table->note != NULL)
        mr_doc_say(doc, " %s.", table->note);
    if (table->alike != NULL)
        mr_doc_say(doc, " Of them, %s.", table->alike);
    mr_doc_say(doc, "</defined>");
}

/* ---- pictures ---- */

/* Whether AUTO_INCREMENT of that side goes on behind the end of the map. */
static bool is_beyond(const struct mr_report_survey *s, int side)
{
    return (mr_place)s->counter->next[side] > s->map.axis.hi;
}

/* The names of the lanes from the top, for screens on which the map is wider than what is seen of it. */
static void add_lanes(struct mr_doc *doc, const struct mr_report_survey *s)
{
    mr_doc_say(doc, "<lanes>");
    for (size_t i = 0; i < MR_LANES; i++) {
        const char *name = mr_lane_name(mr_lane_order[i]);
        if (mr_lane_rows(&s->columns.table->counts, mr_lane_order[i]) > 0)
            mr_doc_say(doc, "<kind %s>%s</kind> ", name, name);
    }
    mr_doc_say(doc, "</lanes>");
}

/* An axis of ranks is no axis of keys: places on it cannot be looked up, so that the caption says
 * which of the two it is. */
static void add_map_caption(struct mr_doc *doc, const struct mr_report_survey *s)
{
    const bool numeric = s->map.axis.numeric;
    mr_doc_say(doc, "<caption>");
    add_lanes(doc, s);
    mr_doc_say(doc, numeric ? "The axis is the key, "
                            : "The axis counts the rows in the order of the key");
    if (numeric)
        add_names(doc, s->columns.table, MR_IMAGE_KEY);
    mr_doc_say(doc, ". The higher a bar, the more rows.");
    if (numeric && s->counter != NULL)
        mr_doc_say(
            doc,
            " AUTO_INCREMENT goes on at %s in the source (%s) and at %s in the "
            "target (%s).",
            mr_doc_number(doc, s->counter->next[0]), is_beyond(s, 0) ? "▷, beyond the axis" : "△",
            mr_doc_number(doc, s->counter->next[1]), is_beyond(s, 1) ? "▶, beyond the axis" : "▲");
    mr_doc_say(doc, "</caption>");
}

static void draw(struct mr_doc *doc, const struct mr_report_survey *s)
{
    struct mr_strbuf svg = MR_STRBUF_INIT;
    if (!s->has_map)
        return;
    mr_doc_say(doc, "<picture>");
    mr_map_add(&svg, s, &s->map);
    if (s->has_zoom) {
        mr_strbuf_add_str(&svg, "<p class=\"zoom\">enlarged</p>\n");
        mr_map_add(&svg, s, &s->zoom);
    }
    mr_doc_picture(doc, &svg);
    add_map_caption(doc, s);
    mr_doc_say(doc, "</picture>");
    mr_strbuf_release(&svg);
}

/* Where there is no map the reason is reported, lest it looks forgotten; of a table without a key there
 * is nothing to draw. */
static void add_map(struct mr_doc *doc, const struct mr_report_survey *s)
{
    if (!s->has_map) {
        if (!s->columns.table->keyless)
            mr_doc_say(doc, "<more>The two servers order this key differently; how many "
                            "equal rows lie between two that differ is not known, so that "
                            "there is no map.</more>");
        return;
    }
    mr_doc_say(doc, "<h4>Where they lie</h4>");
    draw(doc, s);
}

/* Only a TIMESTAMP is known to be UTC; other columns have whatever time the application wrote, and
 * the caption says so. */
static void add_timeline(struct mr_doc *doc, const struct mr_report_survey *s)
{
    const struct mr_report_times *t = &s->times;
    const struct mr_find_table *table = s->columns.table;
    struct mr_strbuf from = MR_STRBUF_INIT, to = MR_STRBUF_INIT;
    if (t->nbuckets == 0)
        return;
    const struct mr_find_column *column = &table->columns[table->time_at];
    bool utc = column->type != NULL && strncasecmp(column->type, "timestamp", 9) == 0;
    mr_doc_say(doc, "<h4>When they were created</h4><picture>");
    mr_map_add_timeline(&from, s);
    mr_doc_picture(doc, &from);
    mr_times_add_moment(&from, t->min_s);
    mr_times_add_moment(&to, t->max_s);
    mr_doc_say(doc,
               "<caption><code>%s</code> of the diverged rows, the source’s where it has "
               "the row, from %s to %s%s; each bar is %s.",
               column->name, from.ptr, to.ptr, utc ? " UTC" : ", in the column’s own time",
               mr_times_unit_name(t->unit));
    if (t->undated > 0)
        mr_doc_say(doc, " %s no time.", mr_doc_count(doc, t->undated, "row has", "rows have"));
    mr_doc_say(doc, "</caption></picture>");
    doc->out->failed |= from.failed || to.failed;
    mr_strbuf_release(&from);
    mr_strbuf_release(&to);
}

/* Of the gravest table, which the order begins with, before anything is told row by row: whether all
 * behind one key differs or single rows do is what a look at it answers. */
enum mr_code mr_parts_picture(struct mr_edition *e, struct mr_err *err)
{
    const struct mr_check_result *r = e->report->result;
    struct mr_strbuf words = MR_STRBUF_INIT;
    if (r->diverged == 0)
        return MR_OK;
    struct mr_report_survey *s = malloc(sizeof *s);
    if (s == NULL)
        return mr_err_nomem(err, "drawing where rows differ");
    enum mr_code code = mr_survey(s, e->report, &r->tables[e->order[0]], err);
    if (code != MR_OK)
        goto out;
    mr_strbuf_add_str(&words, mr_parts_was_applied(e->report) ? "As the check found it: " : "");
    mr_survey_words(s, &words);
    mr_doc_say(&e->doc, "<part picture>Where they lie in %s</part>", s->columns.table->name);
    mr_doc_words(&e->doc, "p", &words);
    draw(&e->doc, s);
    mr_survey_release(s);
out:
    mr_strbuf_release(&words);
    free(s);
    return code == MR_OK ? mr_report_sink_drain(e->sink, err) : code;
}

/* ---- runs ---- */

/* A stretch that differs as a whole points to one cause, where single rows do not. */
static void add_runs(struct mr_doc *doc, const struct mr_report_survey *s)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    uint64_t longest = 0;
    for (size_t i = 0; i < s->nruns; i++)
        longest = s->runs[i].rows > longest ? s->runs[i].rows : longest;
    /* one run, or runs of one row, say nothing that the words or the rows do not */
    if (longest < 2 || s->all_runs < 2)
        return;
    mr_survey_key_names(s->columns.table, &names);
    mr_doc_say(doc,
               "<h4>Runs of diverged keys</h4><p>No equal row lies within a run.</p>"
               "<short><head><col>From %s</col><col>To</col><ncol>Rows</ncol></head><rows>",
               names.ptr);
    size_t shown = 0;
    for (size_t i = 0; i < s->nruns; i++) {
        if (s->runs[i].rows < 2)
            continue;
        mr_doc_say(doc, "<row><value>%s</value><value>%s</value><number>%s</number></row>",
                   s->runs[i].from, s->runs[i].to, mr_doc_number(doc, s->runs[i].rows));
        shown++;
    }
    mr_doc_say(doc, "</rows></table>");
    /* the longest are kept: with a single row among them all that are longer are here */
    if (shown < s->nruns)
        mr_doc_say(doc, "<more>Beside them %s alone.</more>",
                   mr_doc_count(doc, s->all_runs - shown, "key differs", "keys differ"));
    else if (s->all_runs > shown)
        mr_doc_say(doc, "<more>The longest of %s runs.</more>", mr_doc_number(doc, s->all_runs));
    doc->out->failed |= names.failed;
    mr_strbuf_release(&names);
}

/* ---- a section ---- */

/* Few tables are all unfolded; of many, a page of open ones could not be looked through, and the
 * counts in the title are what is seen of a folded one. */
static void begin_section(struct mr_edition *e, size_t no)
{
    const struct mr_check_result *r = e->report->result;
    const struct mr_find_table *table = &r->tables[no];
    struct mr_doc *doc = &e->doc;
    mr_doc_say(doc, "<section %s %s %s %s><title>%s</title>", mr_text_plain(&doc->texts, no),
               r->diverged <= SECTIONS_OPEN ? " open" : "", mr_verdict_name(table->verdict),
               table->name, table->name);
    for (size_t i = 0; !e->is_brief && i < MR_LANES; i++) {
        uint64_t rows = mr_lane_rows(&table->counts, mr_lane_order[i]);
        const char *name = mr_lane_name(mr_lane_order[i]);
        if (rows > 0)
            mr_doc_say(doc, "<count><kind %s>%s</kind> %s</count>", name, name,
                       mr_doc_number(doc, rows));
    }
    mr_doc_say(doc, "<inside>");
}

/* Row by row, which paper has no room for: it says where they are. */
static enum mr_code add_rows(struct mr_edition *e, const struct mr_report_survey *s,
                             struct mr_err *err)
{
    if (!e->is_brief) {
        mr_doc_say(&e->doc,
                   "<onpaper>Its rows are not printed: %s in the case "
                   "<code>%s</code>, and this page shows some on a screen.</onpaper>",
                   mr_doc_count(&e->doc, s->diverged, "finding is", "findings are"),
                   e->report->case_path);
        mr_doc_say(&e->doc, "<onscreen>");
        add_runs(&e->doc, s);
    }
    enum mr_code code = mr_parts_samples(e, s->columns, err);
    if (code == MR_OK)
        code = mr_parts_history(e, s->columns, err);
    if (!e->is_brief)
        mr_doc_say(&e->doc, "</onscreen>");
    return code;
}

/* is_whole: with runs and samples; else the reader is told. */
static enum mr_code add_section(struct mr_edition *e, size_t no, bool is_whole, struct mr_err *err)
{
    struct mr_report_survey *s = malloc(sizeof *s);
    struct mr_strbuf words = MR_STRBUF_INIT;
    if (s == NULL)
        return mr_err_nomem(err, "writing a table's section");
    enum mr_code code = mr_survey(s, e->report, &e->report->result->tables[no], err);
    if (code != MR_OK)
        goto out;
    begin_section(e, no);
    mr_survey_words(s, &words);
    mr_doc_words(&e->doc, "p", &words);
    if (!e->is_brief) {
        add_facts(&e->doc, s->columns.table);
        add_map(&e->doc, s);
        add_timeline(&e->doc, s);
    }
    if (e->is_brief || is_whole)
        code = add_rows(e, s, err);
    else
        mr_doc_say(&e->doc, "<more>Lest the page gets too long, this table is shown without "
                            "runs and rows; the case file has them.</more>");
    mr_doc_say(&e->doc, "</inside></section>");
    mr_survey_release(s);
out:
    mr_strbuf_release(&words);
    free(s);
    return code == MR_OK ? mr_report_sink_drain(e->sink, err) : code;
}

/* Samples stop behind a number of bytes, not of tables, as values may be long; whoever asked for
 * more rows than usual gets them all. */
enum mr_code mr_parts_sections(struct mr_edition *e, struct mr_err *err)
{
    const struct mr_check_result *r = e->report->result;
    uint64_t budget = e->report->max_rows > USUAL_ROWS ? UINT64_MAX : SAMPLE_BYTES;
    struct mr_doc *doc = &e->doc;
    if (r->diverged > 0 && !e->is_brief)
        mr_doc_say(doc, "<part details>Where they differ</part>");
    if (r->diverged > 1 && !e->is_brief)
        mr_doc_say(doc, "<folding></folding>");
    for (size_t i = 0; i < r->diverged && i < e->sections_max; i++)
        MR_TRY(add_section(e, e->order[i], i < SECTIONS_WHOLE && e->sink->bytes < budget, err));
    const uint64_t in_part = r->differing - r->diverged;
    if (in_part > 0)
        mr_doc_say(doc,
                   "<more>Of %s not all was read: what was found in %s so far is in the case "
                   "alone.</more>",
                   mr_doc_count(doc, in_part, "table", "tables"), in_part == 1 ? "it" : "them");
    if (r->diverged > e->sections_max)
        mr_doc_say(doc, "<more>%s%s</more>",
                   mr_doc_count(doc, r->diverged - e->sections_max, "more table differs",
                                "more tables differ"),
                   e->is_brief ? "."
                               : ", without details here: see the list above and the case "
                                 "file.");
    return MR_OK;
}
