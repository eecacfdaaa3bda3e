/* check_text.c: see check_text.h. */
#include "recon/check/check_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/case/image.h"
#include "core/cli/progress.h"
#include "recon/check/check_ranges.h"
#include "recon/check/check_unexplained.h"
#include "recon/check/next_step.h"

#define RANGES_A_TABLE 8
#define SAMPLES_A_TABLE 5
#define OBJECTS_SHOWN 40
#define OBJECT_WIDTH 70
#define SUSPECTS_SHOWN 10
#define MAX_NAME 44
#define ALIKES_SHOWN 5
#define TEXT_WIDTH 76 /* of paragraphs, whatever the terminal has */

struct text {
    const struct mr_check_result *result;
    const struct mr_check_text_opts *opts;
    FILE *out;
    const struct mr_find_table *table;
    struct mr_image source, target;
    struct mr_strbuf a, b;
    struct mr_strbuf name;  /* of the table, fit for a screen */
    bool nomem;             /* something of what was written may be missing */
    uint64_t shown, hidden; /* of the list under way */
    size_t name_width;
    bool has_places; /* the heading of these is written */
};

static const char *style(const struct text *t, enum mr_style s)
{
    return mr_term_style(s, t->opts->color);
}

/* Empties a buffer; that it had failed is not forgotten. */
static void fresh(struct text *t, struct mr_strbuf *sb)
{
    t->nomem = t->nomem || sb->failed;
    mr_strbuf_reset(sb);
}

/* A name may hold anything; a terminal must not obey it. */
static void set_table(struct text *t, size_t i)
{
    t->table = &t->result->tables[i];
    t->shown = t->hidden = 0;
    fresh(t, &t->name);
    mr_utf8_show_str(&t->name, t->table->name);
}

static void add_count(struct mr_strbuf *sb, uint64_t n, const char *what)
{
    if (n == 0)
        return;
    if (sb->len > 0)
        mr_strbuf_add_str(sb, ", ");
    mr_strbuf_add_grouped(sb, n);
    mr_strbuf_add_fmt(sb, " %s", what);
}

static void add_kinds(struct mr_strbuf *sb, const struct mr_find_counts *c)
{
    add_count(sb, c->collision, "collision");
    add_count(sb, c->changed, "changed");
    add_count(sb, c->missing, "missing");
    add_count(sb, c->extra, "extra");
    add_count(sb, c->moved, "moved");
    add_count(sb, c->null_identities, "without identity");
}

static void heading(struct text *t, const char *title)
{
    (void)fprintf(t->out, "\n%s%s%s\n", style(t, MR_STYLE_HEAD), title, style(t, MR_STYLE_RESET));
}

/* Text that a server, a file or the command line has given. */
static void foreign(struct text *t, const char *before, const char *text, const char *behind)
{
    (void)fputs(before, t->out);
    mr_utf8_print(t->out, text);
    (void)fputs(behind, t->out);
}

static void table_line(struct text *t)
{
    const struct mr_find_table *table = t->table;
    const struct mr_find_counts *c = &table->counts;
    static const enum mr_style styles[] = {[MR_VERDICT_UNDECIDED] = MR_STYLE_WARN,
                                           [MR_VERDICT_EQUAL] = MR_STYLE_GOOD,
                                           [MR_VERDICT_DIVERGED] = MR_STYLE_BAD,
                                           [MR_VERDICT_UNSETTLED] = MR_STYLE_WARN,
                                           [MR_VERDICT_NOT_CHECKED] = MR_STYLE_WARN};
    int pad = (int)t->name_width - (int)mr_utf8_width(t->name.ptr, t->name.len);
    fresh(t, &t->a);
    fresh(t, &t->b);
    mr_strbuf_add_grouped(&t->a, c->source_rows);
    if (c->target_rows != c->source_rows) {
        mr_strbuf_add_str(&t->a, " / ");
        mr_strbuf_add_grouped(&t->a, c->target_rows);
    }
    mr_strbuf_add_str(&t->a, c->source_rows == 1 && c->target_rows == 1 ? " row" : " rows");
    if (table->verdict == MR_VERDICT_EQUAL && c->source_rows != c->target_rows)
        mr_strbuf_add_str(&t->b, "rows came and went while it was read");
    add_kinds(&t->b, c);
    add_count(&t->b, t->result->explained[table - t->result->tables].rows, "explained by a plan");
    if (table->schema_differs)
        mr_strbuf_add_fmt(&t->b, "%sschema differs", t->b.len > 0 ? ", " : "");
    (void)fprintf(t->out, "  %s%*s  %s%-11s%s  ", t->name.ptr, pad > 0 ? pad : 0, "",
                  style(t, styles[table->verdict]), mr_verdict_name(table->verdict),
                  style(t, MR_STYLE_RESET));
    if (t->b.len > 0)
        (void)fprintf(t->out, "%-22s  %s\n", t->a.ptr, t->b.ptr);
    else
        (void)fprintf(t->out, "%s\n", t->a.ptr);
    const char *dim = style(t, MR_STYLE_DIM), *reset = style(t, MR_STYLE_RESET);
    if (table->reason != NULL && table->verdict == MR_VERDICT_NOT_CHECKED)
        foreign(t, "      ", table->reason, "\n");
    if (table->note != NULL) {
        (void)fprintf(t->out, "      %s", dim);
        foreign(t, "(", table->note, ")");
        (void)fprintf(t->out, "%s\n", reset);
    }
}

static bool is_equal(const struct mr_find_table *table)
{
    return table->verdict == MR_VERDICT_EQUAL && !table->schema_differs;
}

/* A sentence as a paragraph. */
static void paragraph(struct text *t, const char *sentence)
{
    size_t column = 0;
    fresh(t, &t->a);
    mr_utf8_show_str(&t->a, sentence);
    for (const char *at = t->a.ptr; *at != '\0';) {
        size_t len = strcspn(at, " ");
        size_t width = mr_utf8_width(at, len);
        if (column > 0) {
            bool fits = column + 1 + width <= TEXT_WIDTH;
            (void)fputc(fits ? ' ' : '\n', t->out);
            column = fits ? column + 1 : 0;
        }
        (void)fprintf(t->out, "%.*s", (int)len, at);
        column += width;
        at += len + (at[len] != '\0');
    }
    (void)fputc('\n', t->out);
}

/* On top: who knows the cause need not read a million rows.  Which columns and by how much is the
 * same for many tables, of which some are named. */
static void alikes(struct text *t)
{
    const struct mr_check_result *r = t->result;
    size_t hidden = 0;
    t->shown = 0;
    for (size_t i = 0; i < r->ntables; i++) {
        if (r->tables[i].alike == NULL)
            continue;
        if (t->shown == ALIKES_SHOWN) {
            hidden++;
            continue;
        }
        (void)fprintf(t->out, "%s%s", t->shown++ == 0 ? "\n" : "", style(t, MR_STYLE_BAD));
        fresh(t, &t->b);
        mr_strbuf_add_fmt(&t->b, "%s: %s.", r->tables[i].name, r->tables[i].alike);
        paragraph(t, t->b.ptr);
        (void)fputs(style(t, MR_STYLE_RESET), t->out);
    }
    if (hidden > 0)
        (void)fprintf(t->out, "… and %zu more table%s of which nearly all differs\n", hidden,
                      hidden == 1 ? "" : "s");
}

static bool has_unequal(const struct mr_check_result *r)
{
    for (size_t i = 0; i < r->ntables; i++)
        if (!is_equal(&r->tables[i]))
            return true;
    return false;
}

static void table_lines(struct text *t)
{
    const struct mr_check_result *r = t->result;
    t->name_width = 12;
    for (size_t i = 0; i < r->ntables; i++) {
        size_t width = mr_utf8_width(r->tables[i].name, strlen(r->tables[i].name));
        if (width > t->name_width && width <= MAX_NAME)
            t->name_width = width;
    }
    if (!t->opts->brief || has_unequal(r))
        heading(t, "Tables");
    for (size_t i = 0; i < r->ntables; i++) {
        if (t->opts->brief && is_equal(&r->tables[i]))
            continue;
        set_table(t, i);
        table_line(t);
    }
    if (r->ntables == 0 && !t->opts->brief)
        (void)fprintf(t->out, "  none that both sides have\n");
}

static void add_column_name(struct mr_strbuf *out, const char *name)
{
    mr_utf8_show_str(out, name);
    mr_strbuf_add_char(out, ' ');
}

/* "id 3001" or "(a, b) (1, 'x')". */
static enum mr_code add_key(struct text *t, const struct mr_image *image, struct mr_strbuf *out,
                            bool names, struct mr_err *err)
{
    const struct mr_find_table *table = t->table;
    enum mr_code code = MR_OK;
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(table, MR_IMAGE_KEY, n);
        if (i == table->ncolumns)
            break;
        struct mr_value value;
        code = mr_image_value(image, table->columns[i].show_at, &value, err);
        if (code != MR_OK)
            break;
        if (n > 0)
            mr_strbuf_add_str(out, ", ");
        if (names)
            add_column_name(out, table->columns[i].name);
        mr_value_to_screen(out, &value, table->columns[i].style, 40);
    }
    return code;
}

static enum mr_code add_finding_key(struct text *t, const struct mr_finding *f,
                                    struct mr_strbuf *out, bool names, struct mr_err *err)
{
    bool from_source = f->source != NULL;
    MR_TRY(mr_image_open(&t->source, from_source ? f->source : f->target,
                         from_source ? f->source_len : f->target_len, err));
    return add_key(t, &t->source, out, names, err);
}

static enum mr_code range_line(void *ctx, const struct mr_check_range *range, struct mr_err *err)
{
    struct text *t = ctx;
    enum mr_code code = MR_OK;
    if (t->shown == RANGES_A_TABLE) {
        t->hidden++;
        return MR_OK;
    }
    t->shown++;
    fresh(t, &t->a);
    fresh(t, &t->b);
    if (range->from == NULL)
        mr_strbuf_add_str(&t->a, "no key: whole rows are counted");
    else
        code = add_finding_key(t, range->from, &t->a, true, err);
    if (code == MR_OK && range->from != range->to) {
        mr_strbuf_add_str(&t->a, " .. ");
        code = add_finding_key(t, range->to, &t->a, false, err);
    }
    mr_strbuf_add_grouped(&t->b, range->rows);
    (void)fprintf(t->out, "  %s  %s  (%s row%s)\n", t->name.ptr, t->a.ptr, t->b.ptr,
                  range->rows == 1 ? "" : "s");
    return code;
}

static void say_hidden(struct text *t, const char *one, const char *many)
{
    const char *rest = t->shown >= t->result->max_rows ? ""
                       : t->opts->case_path[0] != '\0' ? "; the case keeps them"
                                                       : "; --json prints them";
    if (t->hidden == 0)
        return;
    fresh(t, &t->b);
    mr_strbuf_add_grouped(&t->b, t->hidden);
    (void)fprintf(t->out, "  %s… and %s more %s of %s%s%s\n", style(t, MR_STYLE_DIM), t->b.ptr,
                  t->hidden == 1 ? one : many, t->name.ptr, rest, style(t, MR_STYLE_RESET));
}

/* One value of a side-by-side line, where only one side has the row. */
static enum mr_code add_cell(struct text *t, const struct mr_image *image, size_t column,
                             size_t width, struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_find_column *col = &t->table->columns[column];
    struct mr_value value;
    if (!mr_image_is_row(image)) {
        mr_strbuf_add_str(out, "-");
        return MR_OK;
    }
    MR_TRY(mr_image_value(image, col->show_at, &value, err));
    mr_value_to_screen(out, &value, col->style, width);
    return MR_OK;
}

static enum mr_code add_cells(struct text *t, size_t column, size_t width, struct mr_err *err)
{
    const struct mr_find_column *col = &t->table->columns[column];
    struct mr_value source, target;
    if (!mr_image_is_row(&t->source) || !mr_image_is_row(&t->target)) {
        MR_TRY(add_cell(t, &t->source, column, width, &t->a, err));
        return add_cell(t, &t->target, column, width, &t->b, err);
    }
    MR_TRY(mr_image_value(&t->source, col->show_at, &source, err));
    MR_TRY(mr_image_value(&t->target, col->show_at, &target, err));
    mr_value_pair_to_screen(&t->a, &t->b, &source, &target, col->style, width);
    return MR_OK;
}

/* In a box of that width. */
static enum mr_code fill_cell(struct mr_strbuf *cell, size_t width, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(cell, "writing a sample", err));
    size_t used = mr_utf8_width(cell->ptr, cell->len);
    while (used++ < width)
        mr_strbuf_add_char(cell, ' ');
    return mr_strbuf_check(cell, "writing a sample", err);
}

static size_t cell_width(const struct text *t)
{
    unsigned width = t->opts->width < 60 ? 60 : t->opts->width > 140 ? 140 : t->opts->width;
    return (width - 26) / 2;
}

#define NAME_CELL 16

/* The column's name in a box, cut where it is wider. */
static void print_name_cell(struct text *t, const char *name)
{
    struct mr_strbuf shown = MR_STRBUF_INIT;
    mr_utf8_show_str(&shown, name);
    size_t len = mr_utf8_fit(shown.ptr, shown.len, NAME_CELL);
    size_t width = mr_utf8_width(shown.ptr, len);
    (void)fprintf(t->out, "      %.*s%*s ", (int)len, shown.ptr, (int)(NAME_CELL - width), "");
    mr_strbuf_release(&shown);
}

/* A column's values side by side; one-sided rows show what they have. */
static enum mr_code column_line(struct text *t, size_t column, struct mr_err *err)
{
    size_t width = cell_width(t);
    fresh(t, &t->a);
    fresh(t, &t->b);
    MR_TRY(add_cells(t, column, width, err));
    MR_TRY(fill_cell(&t->a, width, err));
    MR_TRY(mr_strbuf_check(&t->b, "writing a sample", err));
    print_name_cell(t, t->table->columns[column].name);
    (void)fprintf(t->out, "%s | %s\n", t->a.ptr, t->b.ptr);
    return MR_OK;
}

static enum mr_code sample(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct text *t = ctx;
    const struct mr_find_table *table = t->table;
    enum mr_code code = MR_OK;
    t->shown++;
    fresh(t, &t->a);
    if (table->keyless) {
        mr_strbuf_add_grouped(&t->a, f->count);
        mr_strbuf_add_str(&t->a, f->count == 1 ? " row" : " equal rows");
    } else {
        code = add_finding_key(t, f, &t->a, true, err);
    }
    if (code == MR_OK)
        code = mr_image_open(&t->source, f->source, f->source_len, err);
    if (code == MR_OK)
        code = mr_image_open(&t->target, f->target, f->target_len, err);
    bool both = mr_image_is_row(&t->source) && mr_image_is_row(&t->target);
    (void)fprintf(t->out, "  %s  %s%s%s  %s\n", t->name.ptr, style(t, MR_STYLE_BAD),
                  mr_kind_name(f->kind), style(t, MR_STYLE_RESET), t->a.ptr);
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++) {
        if (both ? !mr_image_differs(&t->source, &t->target, i, &table->columns[i])
                 : (table->columns[i].key_at >= 0 || i >= 8))
            continue;
        code = column_line(t, i, err);
    }
    return code;
}

static enum mr_code moved_sample(void *ctx, const struct mr_finding *source,
                                 const struct mr_finding *target, struct mr_err *err)
{
    struct text *t = ctx;
    t->shown++;
    fresh(t, &t->a);
    fresh(t, &t->b);
    enum mr_code code = mr_image_open(&t->source, source->source, source->source_len, err);
    if (code == MR_OK)
        code = mr_image_open(&t->target, target->target, target->target_len, err);
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(t->table, MR_IMAGE_IDENTITY, n);
        if (i == t->table->ncolumns)
            break;
        struct mr_value value;
        code = mr_image_value(&t->source, t->table->columns[i].show_at, &value, err);
        if (code != MR_OK)
            break;
        mr_strbuf_add_str(&t->a, n > 0 ? ", " : "");
        add_column_name(&t->a, t->table->columns[i].name);
        mr_value_to_screen(&t->a, &value, t->table->columns[i].style, 40);
    }
    if (code == MR_OK)
        code = add_key(t, &t->source, &t->b, true, err);
    mr_strbuf_add_str(&t->b, " -> ");
    if (code == MR_OK)
        code = add_key(t, &t->target, &t->b, false, err);
    (void)fprintf(t->out, "  %s  %smoved%s  %s: %s\n", t->name.ptr, style(t, MR_STYLE_BAD),
                  style(t, MR_STYLE_RESET), t->a.ptr, t->b.ptr);
    return code;
}

static bool has_any_lines(const struct text *t)
{
    bool any = false;
    for (size_t i = 0; i < t->result->ntables; i++)
        any = any || mr_check_result_has_lines(t->result, i);
    return any;
}

static enum mr_code all_ranges(struct text *t, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool is_begun = false;
    for (size_t i = 0; code == MR_OK && i < t->result->ntables; i++) {
        set_table(t, i);
        if (!mr_check_result_has_lines(t->result, i) ||
            t->table->verdict != MR_VERDICT_DIVERGED) /* else of gaps, too */
            continue;
        if (!is_begun)
            heading(t, "Diverged keys");
        is_begun = true;
        code = mr_check_ranges(t->result->fd, t->table, range_line, t, err);
        say_hidden(t, "range", "ranges");
    }
    return code;
}

/* A collision behind a thousand edits is what somebody has to see. */
static enum mr_code row_samples(struct text *t, struct mr_err *err)
{
    uint64_t limit = t->result->max_rows < SAMPLES_A_TABLE ? t->result->max_rows : SAMPLES_A_TABLE;
    struct mr_findings *fd = t->result->fd;
    uint64_t count = 0;
    enum mr_code code = mr_findings_count(fd, t->table->id, MR_FIND_DIVERGED, &count, err);
    if (code == MR_OK)
        code = mr_findings_walk_samples(
            fd, t->table->id, (size_t)limit,
            limit == SAMPLES_A_TABLE ? mr_find_counts_kinds(&t->table->counts) : 0, sample, t, err);
    count -= t->result->explained[t->table - t->result->tables].rows;
    t->hidden = count - t->shown;
    if (code == MR_OK)
        say_hidden(t, "row", "rows");
    return code;
}

static enum mr_code moved_samples(struct text *t, struct mr_err *err)
{
    t->shown = t->hidden = 0;
    enum mr_code code = mr_findings_walk_moved_first(t->result->fd, t->table->id, SAMPLES_A_TABLE,
                                                     moved_sample, t, err);
    /* of those that a plan explains it is not counted how many were left out */
    t->hidden = t->result->explained[t->table - t->result->tables].rows > 0
                    ? 0
                    : t->table->counts.moved - t->shown;
    if (code == MR_OK)
        say_hidden(t, "moved identity", "moved identities");
    return code;
}

static enum mr_code all_samples(struct text *t, struct mr_err *err)
{
    heading(t, "Samples: source | target");
    for (size_t i = 0; i < t->result->ntables; i++) {
        set_table(t, i);
        if (!mr_check_result_has_lines(t->result, i))
            continue;
        MR_TRY(row_samples(t, err));
        MR_TRY(moved_samples(t, err));
    }
    return MR_OK;
}

/* A key of several sources: it, and where its rows stand. */
static enum mr_code place_line(void *ctx, const struct mr_find_duplicate *d, bool first,
                               struct mr_err *err)
{
    struct text *t = ctx;
    if (d->place == NULL)
        return MR_OK;
    t->hidden += first && t->shown == SAMPLES_A_TABLE;
    if (t->hidden > 0)
        return MR_OK;
    t->shown += first;
    fresh(t, &t->a);
    fresh(t, &t->b);
    MR_TRY(mr_image_open(&t->source, d->image, d->image_len, err));
    MR_TRY(add_key(t, &t->source, &t->a, true, err));
    mr_utf8_show_str(&t->b, d->place);
    if (!t->has_places)
        heading(t, "Keys in several sources");
    t->has_places = true;
    if (first)
        (void)fprintf(t->out, "  %s  %s\n", t->name.ptr, t->a.ptr);
    (void)fprintf(t->out, "      %s\n", t->b.ptr);
    return MR_OK;
}

static enum mr_code all_places(struct text *t, struct mr_err *err)
{
    for (size_t i = 0; i < t->result->ntables; i++) {
        set_table(t, i);
        if (mr_check_result_has_lines(t->result, i))
            MR_TRY(mr_findings_walk_duplicates(t->result->fd, t->table->id, place_line, t, err));
        say_hidden(t, "key", "keys");
    }
    return MR_OK;
}

static struct mr_value as_value(const char *text)
{
    return (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = text, .len = strlen(text)};
}

static void one_line(struct mr_strbuf *out, const char *text)
{
    if (text == NULL) {
        mr_strbuf_add_str(out, "-");
        return;
    }
    const struct mr_value value = as_value(text);
    mr_value_to_screen(out, &value, (struct mr_value_style){MR_CLASS_TEXT, 0}, OBJECT_WIDTH);
}

/* "SOURCE | TARGET": to a; b is used for it, too. */
static void both_lines(struct text *t, const struct mr_find_object *o)
{
    fresh(t, &t->a);
    fresh(t, &t->b);
    if (o->source != NULL && o->target != NULL) {
        const struct mr_value source = as_value(o->source), target = as_value(o->target);
        mr_value_pair_to_screen(&t->a, &t->b, &source, &target,
                                (struct mr_value_style){MR_CLASS_TEXT, 0}, OBJECT_WIDTH);
    } else {
        one_line(&t->a, o->source);
        one_line(&t->b, o->target);
    }
    mr_strbuf_add_str(&t->a, " | ");
    mr_strbuf_add(&t->a, t->b.ptr, t->b.len);
}

static void objects(struct text *t)
{
    size_t count = t->result->objects.count;
    heading(t, "Objects that differ: source | target");
    for (size_t i = 0; i < count && i < OBJECTS_SHOWN; i++) {
        const struct mr_find_object *o = mr_vec_at(&t->result->objects, i);
        both_lines(t, o);
        const char *scope = o->table != NULL ? o->table : o->database;
        fresh(t, &t->b);
        bool itself =
            strcmp(o->kind, "table") == 0 || o->name == NULL || strcmp(o->kind, "database") == 0;
        mr_utf8_show_str(&t->b, scope != NULL ? scope : "");
        mr_strbuf_add_str(&t->b, itself ? "" : ".");
        mr_utf8_show_str(&t->b, itself ? "" : o->name);
        (void)fprintf(t->out, "  %s  %s\n      %s\n", o->kind, t->b.ptr, t->a.ptr);
    }
    if (count > OBJECTS_SHOWN)
        (void)fprintf(t->out, "  … and %zu more; --json prints them\n", count - OBJECTS_SHOWN);
}

/* Lines that may hold anything, such as those of a configuration to be pasted. */
static void print_lines(struct text *t, const char *lines, size_t len)
{
    for (const char *end = lines + len; lines < end;) {
        size_t n = strcspn(lines, "\n");
        fresh(t, &t->a);
        mr_utf8_show(&t->a, lines, n, false);
        (void)fprintf(t->out, "  %s\n", t->a.ptr);
        lines += n + (lines[n] != '\0');
    }
}

static void not_seen(struct text *t)
{
    if (t->result->run->hidden == NULL)
        return;
    heading(t, "Not visible to the account");
    print_lines(t, t->result->run->hidden, strlen(t->result->run->hidden));
}

/* A section's name once. */
static void suspects(struct text *t)
{
    const struct mr_vec *list = &t->result->advice;
    const char *dim = style(t, MR_STYLE_DIM), *reset = style(t, MR_STYLE_RESET);
    size_t section_len = 0;
    const char *section = "";
    heading(t, "Columns that look like references, declared nowhere");
    (void)fprintf(t->out,
                  "  %sFor the configuration; of what is none: reference = none: "
                  "COLUMN%s\n",
                  dim, reset);
    for (size_t i = 0; i < list->count && i < SUSPECTS_SHOWN; i++) {
        const struct mr_find_advice *a = mr_vec_at(list, i);
        size_t len = strcspn(a->config, "\n");
        bool again = len == section_len && memcmp(a->config, section, len) == 0;
        const char *rest = a->config + len + (a->config[len] != '\0');
        if (!again)
            print_lines(t, a->config, len);
        print_lines(t, rest, strlen(rest));
        section = a->config;
        section_len = len;
    }
    if (list->count > SUSPECTS_SHOWN)
        (void)fprintf(t->out, "  %s… and %zu more; --json prints them%s\n", dim,
                      list->count - SUSPECTS_SHOWN, reset);
}

/* A command on a line of its own, to be pasted. */
static void command_line(struct text *t, const char *command)
{
    fresh(t, &t->a);
    mr_utf8_show_str(&t->a, command);
    (void)fprintf(t->out, "  %s\n", t->a.ptr);
}

static enum mr_code advice(struct text *t, struct mr_err *err)
{
    struct mr_next_steps steps;
    const struct mr_next_opts opts = {.has_case = t->opts->case_path[0] != '\0',
                                      .commands = true,
                                      .case_path = t->opts->case_path,
                                      .config = t->opts->config};
    MR_TRY(mr_next_steps(&steps, t->result, &opts, err));
    bool noted = !t->result->differs || !opts.has_case;
    for (size_t i = 0; i <= steps.items.count; i++) {
        const struct mr_next_step *step = i < steps.items.count ? mr_vec_at(&steps.items, i) : NULL;
        if (!noted && (step == NULL || step->kind > MR_NEXT_IDENTITY)) {
            foreign(t, "Every finding is kept in ", opts.case_path, ".\n");
            noted = true;
        }
        if (step == NULL)
            break;
        paragraph(t, step->text);
        if (step->command != NULL)
            command_line(t, step->command);
    }
    mr_next_steps_release(&steps);
    return MR_OK;
}

/* Plans are not asked about them: of equal rows nobody can say which a plan wrote. */
static void add_keyless(struct text *t)
{
    const struct mr_check_result *r = t->result;
    uint64_t rows = 0;
    for (size_t i = 0; i < r->ntables; i++)
        rows += r->tables[i].keyless ? mr_check_result_unexplained(r, i) : 0;
    if (rows == 0)
        return;
    mr_strbuf_add_str(&t->b, " Of tables without a key: ");
    mr_strbuf_add_grouped(&t->b, rows);
    mr_strbuf_add_str(&t->b, "; what a plan wrote there only repair verify tells.");
}

/* What is no news after a merge, summed up. */
static void explained_line(struct text *t)
{
    const struct mr_check_result *r = t->result;
    const struct mr_find_counts *c = &r->sums;
    uint64_t rows = mr_find_counts_differing(c);
    if (r->all_explained.rows == 0)
        return;
    fresh(t, &t->b);
    mr_strbuf_add_grouped(&t->b, r->all_explained.rows);
    mr_strbuf_add_str(&t->b, " of the ");
    mr_strbuf_add_grouped(&t->b, rows);
    mr_strbuf_add_str(&t->b, " differing rows are what ");
    if (r->explained_by != NULL)
        mr_strbuf_add_fmt(&t->b, "the plan in %s", r->explained_by);
    else
        mr_strbuf_add_str(&t->b, "the plans of the case");
    mr_strbuf_add_str(&t->b, " made of them (of SOURCE: ");
    mr_strbuf_add_grouped(&t->b, r->all_explained.restored);
    mr_strbuf_add_str(&t->b, " restored, ");
    mr_strbuf_add_grouped(&t->b, r->all_explained.met);
    mr_strbuf_add_str(&t->b, " met under another key or merged); ");
    mr_strbuf_add_grouped(&t->b, rows - r->all_explained.rows);
    mr_strbuf_add_str(&t->b, rows - r->all_explained.rows == 1 ? " is not explained."
                                                               : " are not explained.");
    add_keyless(t);
    paragraph(t, t->b.ptr);
}

/* What the collected logs do not explain is neither lost history nor a change since. */
static enum mr_code unexplained_line(struct text *t, struct mr_err *err)
{
    const struct mr_check_result *r = t->result;
    fresh(t, &t->b);
    MR_TRY(mr_check_unexplained_say(r->fd, r->run, r->tables, r->ntables, &t->b, err));
    if (t->b.len > 0)
        paragraph(t, t->b.ptr);
    return MR_OK;
}

/* Is the verdict all that is said? */
static bool is_clean(const struct text *t)
{
    return t->opts->brief && !t->result->differs && !t->result->incomplete;
}

static enum mr_code summary(struct text *t, struct mr_err *err)
{
    const struct mr_check_result *r = t->result;
    enum mr_style s = r->incomplete ? MR_STYLE_WARN : r->differs ? MR_STYLE_BAD : MR_STYLE_GOOD;
    fresh(t, &t->a);
    fresh(t, &t->b);
    mr_strbuf_add_grouped(&t->a, r->sums.source_rows + r->sums.target_rows);
    add_kinds(&t->b, &r->sums);
    add_count(&t->b, r->objects.count, r->objects.count == 1 ? "object differs" : "objects differ");
    add_count(&t->b, r->not_checked,
              r->not_checked == 1 ? "table not checked" : "tables not checked");
    add_count(&t->b, r->unsettled_rows,
              r->unsettled_rows == 1 ? "row unsettled" : "rows unsettled");
    (void)fprintf(t->out, "%s%s%s%s: %zu table%s, %s rows read in %.1f s%s%s\n",
                  is_clean(t) ? "" : "\n", style(t, s), mr_check_result_verdict(r),
                  style(t, MR_STYLE_RESET), r->ntables, r->ntables == 1 ? "" : "s", t->a.ptr,
                  r->run->seconds, t->b.len > 0 ? "; " : "", t->b.ptr);
    mr_check_proof_print(&r->proof, r->tables, r->ntables, t->opts->brief, t->out);
    if (!t->opts->brief) {
        explained_line(t);
        MR_TRY(unexplained_line(t, err));
    }
    if (mr_check_result_trusts(r))
        (void)fprintf(t->out, "Files of the snapshot were not read where sums of its "
                              "manifest agree (--trust-manifest).\n");
    if (t->opts->brief)
        return MR_OK;
    if (r->run->replication != NULL)
        foreign(t, "Replication, ", r->run->replication, ".\n");
    return advice(t, err);
}

enum mr_code mr_check_text(const struct mr_check_result *result, FILE *out,
                           const struct mr_check_text_opts *opts, struct mr_err *err)
{
    struct text t = {.result = result,
                     .opts = opts,
                     .out = out,
                     .a = MR_STRBUF_INIT,
                     .b = MR_STRBUF_INIT,
                     .name = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    mr_image_init(&t.source);
    mr_image_init(&t.target);
    if (!is_clean(&t)) {
        foreign(&t, "source  ", result->run->source, "\n");
        foreign(&t, "target  ", result->run->target, "\n");
    }
    alikes(&t);
    table_lines(&t);
    mr_findings_hide_explained(result->fd, result->all_explained.rows > 0);
    if (has_any_lines(&t))
        code = all_ranges(&t, err);
    if (code == MR_OK && has_any_lines(&t))
        code = all_samples(&t, err);
    if (code == MR_OK && has_any_lines(&t))
        code = all_places(&t, err);
    mr_findings_hide_explained(result->fd, false);
    if (code == MR_OK && result->objects.count > 0)
        objects(&t);
    if (code == MR_OK) {
        not_seen(&t);
        if (result->advice.count > 0 && !opts->brief)
            suspects(&t);
        code = summary(&t, err);
    }
    if (code == MR_OK && (t.nomem || t.a.failed || t.b.failed || t.name.failed))
        code = mr_err_nomem(err, "writing the result");
    mr_image_release(&t.source);
    mr_image_release(&t.target);
    mr_strbuf_release(&t.a);
    mr_strbuf_release(&t.b);
    mr_strbuf_release(&t.name);
    return code;
}
