/* report_samples.c: see report_samples.h. */
#include "recon/report/report_samples.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "recon/report/report_cell.h"
#include "recon/report/report_escape.h"
#include "recon/report/report_map.h"

#define DIFFERING_MAX 12 /* columns of one pair */
#define IN_SIGHT 12      /* rows of a list; the rest is folded */
#define KEYS_MAX 20      /* of one duplicate identity */

void mr_sample_quota_init(struct mr_sample_quota *quota,
                          const struct mr_find_counts *counts, uint64_t max_rows)
{
    const uint64_t rows[MR_KIND_COLLISION + 1] = {[MR_KIND_MISSING] = counts->missing,
                                                  [MR_KIND_EXTRA] = counts->extra,
                                                  [MR_KIND_CHANGED] = counts->changed,
                                                  [MR_KIND_COLLISION] =
                                                      counts->collision};
    uint64_t kinds = 0, rest = max_rows;
    memset(quota, 0, sizeof *quota);
    for (int kind = MR_KIND_MISSING; kind <= MR_KIND_COLLISION; kind++)
        kinds += rows[kind] > 0;
    for (int kind = MR_KIND_MISSING; kind <= MR_KIND_COLLISION; kind++) {
        uint64_t share = kinds > 0 ? max_rows / kinds : 0;
        quota->left[kind] = rows[kind] < share ? rows[kind] : share;
        rest -= quota->left[kind];
    }
    /* what one kind does not need, the gravest of the others get */
    for (int kind = MR_KIND_COLLISION; kind >= MR_KIND_MISSING; kind--) {
        uint64_t more = rows[kind] - quota->left[kind];
        more = more < rest ? more : rest;
        quota->left[kind] += more;
        rest -= more;
    }
}

bool mr_sample_take(struct mr_sample_quota *quota, enum mr_find_kind kind)
{
    if (kind == MR_KIND_UNDECIDED || quota->left[kind] == 0)
        return false;
    quota->left[kind]--;
    return true;
}

size_t mr_sample_columns(const struct mr_find_table *table,
                         size_t columns[MR_SAMPLE_COLUMNS])
{
    size_t count = 0;
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < table->ncolumns && count < MR_SAMPLE_COLUMNS; i++) {
            bool of_identity = table->columns[i].identity_at >= 0;
            if (table->columns[i].key_at < 0 && of_identity == (others == 0))
                columns[count++] = i;
        }
    return count;
}

/* Rows of a list as HTML. */
struct rows {
    struct mr_strbuf html;
    uint64_t shown, all;
    size_t fold; /* where the rows begin that are not in sight; 0: nowhere */
};

/* One list a kind, because the rows come in key order. */
struct samples {
    struct mr_report_columns columns;
    struct mr_sample_quota quota;
    struct mr_image images[2];
    struct mr_report_value values[2];
    struct rows rows[MR_KIND_COLLISION + 1];
    struct rows list; /* moved, then duplicates */
    uint64_t list_max;
    uint64_t keys; /* of the identity under way */
};

static void add_name(struct mr_strbuf *out, const struct mr_find_column *column)
{
    mr_report_escape_html_str(out, column->name);
}

static const struct mr_image *either(const struct samples *s)
{
    return mr_image_is_row(&s->images[0]) ? &s->images[0] : &s->images[1];
}

/* Counts one more row and remembers where the fold is. */
static void begin_row(struct rows *rows)
{
    if (rows->shown == IN_SIGHT)
        rows->fold = rows->html.len;
    rows->shown++;
}

/* "id 3001", each name plain and each value as a value. */
static enum mr_code add_part(struct samples *s, struct mr_strbuf *out,
                             const struct mr_image *image, enum mr_image_part part,
                             bool names, struct mr_err *err)
{
    const struct mr_find_table *table = s->columns.table;
    enum mr_code code = MR_OK;
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        code = mr_report_value_load(&s->values[0], image, &table->columns[i],
                                    s->columns.masks[i], err);
        mr_strbuf_add_str(out, n > 0 ? ", " : "");
        if (names) {
            add_name(out, &table->columns[i]);
            mr_strbuf_add_char(out, ' ');
        }
        mr_strbuf_add_str(out, "<b class=\"v\">");
        mr_cell_add(out, &s->values[0]);
        mr_strbuf_add_str(out, "</b>");
    }
    return code;
}

/* ---- pairs: changed and collision ---- */

static bool has_own_identity(const struct mr_find_table *table)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (table->columns[i].identity_at >= 0 && table->columns[i].key_at < 0)
            return true;
    return false;
}

/* "was A, is B": the identity of a collision, side by side. */
static enum mr_code add_was_is(struct samples *s, struct mr_strbuf *out,
                               struct mr_err *err)
{
    const struct mr_find_table *table = s->columns.table;
    struct mr_strbuf is = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(out, ": was <span class=\"v\">");
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(table, MR_IMAGE_IDENTITY, n);
        if (i == table->ncolumns)
            break;
        code = mr_report_value_load_pair(s->values, s->images, table, i,
                                         s->columns.masks[i], err);
        mr_strbuf_add_str(out, n > 0 ? ", " : "");
        mr_strbuf_add_str(&is, n > 0 ? ", " : "");
        mr_cell_add(out, &s->values[0]);
        mr_cell_add(&is, &s->values[1]);
    }
    mr_strbuf_add_str(out, "</span>, is <span class=\"v\">");
    mr_strbuf_add(out, is.ptr, is.len);
    mr_strbuf_add_str(out, "</span>");
    out->failed |= is.failed;
    mr_strbuf_release(&is);
    return code;
}

static bool is_shown(const struct samples *s, const struct mr_finding *f, size_t column)
{
    const struct mr_find_column *col = &s->columns.table->columns[column];
    bool in_head = f->kind == MR_KIND_COLLISION && col->identity_at >= 0 &&
                   has_own_identity(s->columns.table);
    return !in_head && mr_image_differs(&s->images[0], &s->images[1], column, col);
}

/* The key, and who the row is about: of a collision as a line of its own. */
static enum mr_code add_pair_head(struct samples *s, struct mr_strbuf *out,
                                  const struct mr_finding *f, uint64_t lines,
                                  struct mr_err *err)
{
    bool collision = f->kind == MR_KIND_COLLISION;
    bool named = has_own_identity(s->columns.table);
    if (collision)
        mr_strbuf_add_str(out, "<tr><th colspan=\"3\" scope=\"rowgroup\">");
    else
        mr_strbuf_add_fmt(out, "<tr><th scope=\"rowgroup\" rowspan=\"%" PRIu64 "\">",
                          lines);
    enum mr_code code = add_part(s, out, either(s), MR_IMAGE_KEY, true, err);
    if (code == MR_OK && named && collision) {
        code = add_was_is(s, out, err);
    } else if (code == MR_OK && named) {
        mr_strbuf_add_str(out, "<br>");
        code = add_part(s, out, either(s), MR_IMAGE_IDENTITY, true, err);
    }
    mr_strbuf_add_str(out, collision ? "</th></tr>\n" : "</th>");
    return code;
}

static enum mr_code add_pair_line(struct samples *s, struct mr_strbuf *out, size_t column,
                                  bool begins, struct mr_err *err)
{
    const struct mr_find_table *table = s->columns.table;
    enum mr_code code = mr_report_value_load_pair(s->values, s->images, table, column,
                                                  s->columns.masks[column], err);
    mr_strbuf_add_str(out, begins ? "<tr><td class=\"name\">" : "<td class=\"name\">");
    add_name(out, &table->columns[column]);
    mr_strbuf_add_str(out, "</td>");
    mr_cell_add_td(out, &s->values[0]);
    mr_cell_add_td(out, &s->values[1]);
    mr_strbuf_add_str(out, "</tr>\n");
    return code;
}

static enum mr_code add_pair(struct samples *s, struct mr_strbuf *out,
                             const struct mr_finding *f, struct mr_err *err)
{
    const struct mr_find_table *table = s->columns.table;
    uint64_t differing = 0, shown = 0;
    for (size_t i = 0; i < table->ncolumns; i++)
        differing += is_shown(s, f, i);
    uint64_t hidden = differing > DIFFERING_MAX ? differing - DIFFERING_MAX : 0;
    mr_strbuf_add_str(out, "<tbody>");
    enum mr_code code = add_pair_head(s, out, f, differing - hidden + (hidden > 0), err);
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++)
        if (shown < DIFFERING_MAX && is_shown(s, f, i)) {
            bool begins = f->kind == MR_KIND_COLLISION || shown > 0;
            code = add_pair_line(s, out, i, begins, err);
            shown++;
        }
    if (hidden > 0) {
        mr_strbuf_add_str(out, "<tr><td class=\"name\" colspan=\"3\">and ");
        mr_report_count(out, hidden, "more column", "more columns");
        mr_strbuf_add_str(out, "</td></tr>\n");
    }
    mr_strbuf_add_str(out, "</tbody>\n");
    return code;
}

/* ---- rows of one side ---- */

static enum mr_code add_row(struct samples *s, struct mr_strbuf *out,
                            const struct mr_finding *f, struct mr_err *err)
{
    const struct mr_find_table *table = s->columns.table;
    size_t columns[MR_SAMPLE_COLUMNS];
    size_t count = mr_sample_columns(table, columns);
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(out, "<tr><th scope=\"row\">");
    if (table->keyless)
        mr_report_count(out, f->count, "row", "equal rows");
    else
        code = add_part(s, out, either(s), MR_IMAGE_KEY, false, err);
    mr_strbuf_add_str(out, "</th>");
    for (size_t n = 0; code == MR_OK && n < count; n++) {
        size_t i = columns[n];
        code = mr_report_value_load(&s->values[0], either(s), &table->columns[i],
                                    s->columns.masks[i], err);
        mr_cell_add_td(out, &s->values[0]);
    }
    mr_strbuf_add_str(out, "</tr>\n");
    return code;
}

static enum mr_code collect(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct samples *s = ctx;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    s->rows[f->kind].all += s->columns.table->keyless;
    if (!mr_sample_take(&s->quota, f->kind))
        return MR_OK;
    begin_row(&s->rows[f->kind]);
    enum mr_code code = mr_image_open(&s->images[0], f->source, f->source_len, err);
    if (code == MR_OK)
        code = mr_image_open(&s->images[1], f->target, f->target_len, err);
    if (code != MR_OK)
        return code;
    bool pair = mr_image_is_row(&s->images[0]) && mr_image_is_row(&s->images[1]);
    struct mr_strbuf *out = &s->rows[f->kind].html;
    return pair ? add_pair(s, out, f, err) : add_row(s, out, f, err);
}

/* ---- the lists ---- */

static void add_heading(struct mr_strbuf *out, enum mr_survey_lane lane,
                        const char *title, const char *text)
{
    mr_strbuf_add_str(out, "<h4>");
    mr_map_key(out, lane);
    mr_strbuf_add_fmt(out, ": %s</h4><p>%s</p>\n", title, text);
}

static void add_column_heads(struct mr_strbuf *out, const struct mr_find_table *table)
{
    size_t columns[MR_SAMPLE_COLUMNS];
    size_t count = mr_sample_columns(table, columns);
    mr_strbuf_add_str(out, "<th scope=\"col\">");
    if (table->keyless) {
        mr_strbuf_add_str(out, "how often");
    } else {
        struct mr_strbuf names = MR_STRBUF_INIT;
        mr_survey_key_names(table, &names);
        mr_report_escape_html(out, names.ptr, names.len);
        out->failed |= names.failed;
        mr_strbuf_release(&names);
    }
    mr_strbuf_add_str(out, "</th>");
    for (size_t n = 0; n < count; n++) {
        mr_strbuf_add_str(out, "<th scope=\"col\">");
        add_name(out, &table->columns[columns[n]]);
        mr_strbuf_add_str(out, "</th>");
    }
}

/* How the tables of a list look. */
struct look {
    const char *style; /* class of the table */
    struct mr_strbuf head;
    bool has_bodies; /* the rows bring their <tbody> along */
};

static void add_table(struct mr_strbuf *out, const struct look *look, const char *rows,
                      size_t len)
{
    mr_strbuf_add_fmt(out, "<div class=\"scroll\"><table class=\"%s\">\n<thead><tr>",
                      look->style);
    mr_strbuf_add(out, look->head.ptr, look->head.len);
    mr_strbuf_add_fmt(out, "</tr></thead>\n%s", look->has_bodies ? "" : "<tbody>");
    mr_strbuf_add(out, rows, len);
    mr_strbuf_add_fmt(out, "%s</table></div>\n", look->has_bodies ? "" : "</tbody>");
}

/* The first rows in sight, the others folded, and how many there are beyond. */
static void add_rows(struct mr_strbuf *out, const struct look *look,
                     const struct rows *rows, const char *one, const char *many)
{
    size_t fold = rows->fold > 0 ? rows->fold : rows->html.len;
    add_table(out, look, rows->html.ptr, fold);
    if (rows->fold > 0) {
        mr_strbuf_add_str(out, "<details class=\"rest\"><summary>");
        mr_strbuf_add_grouped(out, rows->shown - IN_SIGHT);
        mr_strbuf_add_str(out, " more</summary>\n");
        add_table(out, look, rows->html.ptr + fold, rows->html.len - fold);
        mr_strbuf_add_str(out, "</details>\n");
    }
    if (rows->shown < rows->all) {
        mr_strbuf_add_str(out, "<p class=\"more\">");
        mr_report_count(out, rows->all - rows->shown, one, many);
        mr_strbuf_add_str(out, " beyond these: the case file keeps all of them.</p>\n");
    }
    out->failed |= rows->html.failed || look->head.failed;
}

static void add_kind(struct samples *s, struct mr_strbuf *out, enum mr_find_kind kind)
{
    static const struct {
        const char *title, *text;
    } words[] = {
        [MR_KIND_MISSING] = {"only in the source",
                             "The target does not have these rows."},
        [MR_KIND_EXTRA] = {"only in the target", "The source does not have these rows."},
        [MR_KIND_CHANGED] = {"same key, same identity, other values",
                             "Only the columns that differ are shown."},
        [MR_KIND_COLLISION] = {
            "same key, somebody else",
            "What refers to such a key belongs to one of two. Only the "
            "columns that differ are shown."}};
    bool changed = kind == MR_KIND_CHANGED, collision = kind == MR_KIND_COLLISION;
    struct look look = {collision ? "pairs"
                        : changed ? "edits"
                                  : "plain",
                        MR_STRBUF_INIT, changed || collision};
    if (s->rows[kind].shown == 0)
        return;
    add_heading(out, (enum mr_survey_lane)(kind - MR_KIND_MISSING), words[kind].title,
                words[kind].text);
    if (changed)
        mr_strbuf_add_str(&look.head, "<th scope=\"col\">Row</th>");
    if (changed || collision)
        mr_strbuf_add_str(&look.head, "<th scope=\"col\">Column</th><th scope=\"col\">"
                                      "Source</th><th scope=\"col\">Target</th>");
    else
        add_column_heads(&look.head, s->columns.table);
    bool keyless = s->columns.table->keyless;
    add_rows(out, &look, &s->rows[kind], keyless ? "different row" : "row",
             keyless ? "different rows" : "rows");
    mr_strbuf_release(&look.head);
}

/* ---- moved, duplicates ---- */

static void begin_list(struct samples *s)
{
    mr_strbuf_reset(&s->list.html);
    s->list.shown = s->list.all = 0;
    s->list.fold = 0;
}

static void add_list(struct samples *s, struct mr_strbuf *out, const char *const heads[3])
{
    struct look look = {"short", MR_STRBUF_INIT, false};
    for (int i = 0; i < 3; i++)
        mr_strbuf_add_fmt(&look.head, "<th scope=\"col\">%s</th>", heads[i]);
    add_rows(out, &look, &s->list, "identity", "identities");
    mr_strbuf_release(&look.head);
}

static enum mr_code collect_moved(void *ctx, const struct mr_finding *source,
                                  const struct mr_finding *target, struct mr_err *err)
{
    struct samples *s = ctx;
    struct mr_strbuf *out = &s->list.html;
    s->list.all++;
    if (s->list.shown == s->list_max)
        return MR_OK;
    begin_row(&s->list);
    enum mr_code code =
        mr_image_open(&s->images[0], source->source, source->source_len, err);
    if (code == MR_OK)
        code = mr_image_open(&s->images[1], target->target, target->target_len, err);
    mr_strbuf_add_str(out, "<tr><th scope=\"row\">");
    if (code == MR_OK)
        code = add_part(s, out, &s->images[0], MR_IMAGE_IDENTITY, false, err);
    for (int side = 0; code == MR_OK && side < 2; side++) {
        mr_strbuf_add_str(out, side == 0 ? "</th><td>" : "</td><td>");
        code = add_part(s, out, &s->images[side], MR_IMAGE_KEY, false, err);
    }
    mr_strbuf_add_str(out, "</td></tr>\n");
    return code;
}

static enum mr_code add_moved(struct samples *s, const struct mr_report *report,
                              struct mr_strbuf *out, struct mr_err *err)
{
    static const char *const heads[3] = {"Identity", "Key in the source",
                                         "Key in the target"};
    begin_list(s);
    enum mr_code code = mr_findings_walk_moved(report->result->fd, s->columns.table->id,
                                               collect_moved, s, err);
    if (code != MR_OK || s->list.shown == 0)
        return code;
    add_heading(out, MR_LANE_MOVED, "same identity, another key",
                "These came back under a key that is not theirs in the source.");
    add_list(s, out, heads);
    return MR_OK;
}

static enum mr_code collect_duplicate(void *ctx, const struct mr_find_duplicate *d,
                                      bool first, struct mr_err *err)
{
    struct samples *s = ctx;
    struct mr_strbuf *out = &s->list.html;
    s->list.all += first;
    if (s->list.all > s->list_max)
        return MR_OK;
    enum mr_code code = mr_image_open(&s->images[0], d->image, d->image_len, err);
    if (code == MR_OK && first) {
        mr_strbuf_add_str(out, s->list.shown > 0 ? "</td></tr>\n" : "");
        begin_row(&s->list);
        mr_strbuf_add_str(out, "<tr><th scope=\"row\">");
        code = add_part(s, out, &s->images[0], MR_IMAGE_IDENTITY, false, err);
        mr_strbuf_add_fmt(out, "</th><td>%s</td><td>",
                          d->side == 0 ? "source" : "target");
    }
    s->keys = first ? 1 : s->keys + 1;
    if (s->keys > KEYS_MAX + 1)
        return code;
    if (!first)
        mr_strbuf_add_str(out, s->keys > KEYS_MAX ? " …" : "; ");
    if (s->keys > KEYS_MAX)
        return code;
    return code == MR_OK ? add_part(s, out, &s->images[0], MR_IMAGE_KEY, false, err)
                         : code;
}

static enum mr_code add_duplicates(struct samples *s, const struct mr_report *report,
                                   struct mr_strbuf *out, struct mr_err *err)
{
    static const char *const heads[3] = {"Identity", "Side", "Keys"};
    begin_list(s);
    enum mr_code code = mr_findings_walk_duplicates(
        report->result->fd, s->columns.table->id, collect_duplicate, s, err);
    if (code != MR_OK || s->list.shown == 0)
        return code;
    mr_strbuf_add_str(&s->list.html, "</td></tr>\n");
    mr_strbuf_add_str(out,
                      "<h4>One identity, several rows of a side</h4><p>Which of them "
                      "is meant, nobody can tell.</p>\n");
    add_list(s, out, heads);
    return MR_OK;
}

static void samples_init(struct samples *s, const struct mr_report *report,
                         struct mr_report_columns columns)
{
    const struct mr_find_counts *c = &columns.table->counts;
    memset(s, 0, sizeof *s);
    s->columns = columns;
    s->list_max = report->max_rows;
    mr_sample_quota_init(&s->quota, c, report->max_rows);
    for (int i = 0; i < 2; i++) {
        mr_image_init(&s->images[i]);
        mr_report_value_init(&s->values[i]);
    }
    for (size_t kind = 0; kind <= MR_KIND_COLLISION; kind++)
        mr_strbuf_init(&s->rows[kind].html);
    mr_strbuf_init(&s->list.html);
    if (columns.table->keyless)
        return; /* its counts are of rows, its findings of different rows */
    s->rows[MR_KIND_MISSING].all = c->missing;
    s->rows[MR_KIND_EXTRA].all = c->extra;
    s->rows[MR_KIND_CHANGED].all = c->changed;
    s->rows[MR_KIND_COLLISION].all = c->collision;
}

static void samples_release(struct samples *s)
{
    for (int i = 0; i < 2; i++) {
        mr_image_release(&s->images[i]);
        mr_report_value_release(&s->values[i]);
    }
    for (size_t kind = 0; kind <= MR_KIND_COLLISION; kind++)
        mr_strbuf_release(&s->rows[kind].html);
    mr_strbuf_release(&s->list.html);
}

enum mr_code mr_samples_html(struct mr_strbuf *out, const struct mr_report *report,
                             struct mr_report_columns columns, struct mr_err *err)
{
    struct samples s;
    if (report->max_rows == 0)
        return MR_OK;
    samples_init(&s, report, columns);
    enum mr_code code =
        mr_findings_walk(report->result->fd, columns.table->id, false, collect, &s, err);
    if (code == MR_OK) {
        add_kind(&s, out, MR_KIND_COLLISION);
        code = add_moved(&s, report, out, err);
    }
    if (code == MR_OK) {
        add_kind(&s, out, MR_KIND_CHANGED);
        add_kind(&s, out, MR_KIND_MISSING);
        add_kind(&s, out, MR_KIND_EXTRA);
        code = add_duplicates(&s, report, out, err);
    }
    samples_release(&s);
    return code == MR_OK ? mr_strbuf_check(out, "writing samples", err) : code;
}
