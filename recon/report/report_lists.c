/* report_lists.c: the samples of a table as lists; see report_parts.h.  The page has a list a
 * kind, the first rows in sight and the others folded; a text has all kinds in one. */
#include "recon/report/report_parts.h"
#include "recon/report/report_sample.h"

#define DIFFERING_MAX 12 /* columns of one pair */
#define IN_SIGHT 12      /* rows of a list; the rest is folded */
#define KEYS_MAX 20      /* of one duplicate identity */

/* Rows of a list, as they are reported. */
struct list {
    struct mr_doc doc;
    struct mr_strbuf buf; /* of doc */
    uint64_t shown;
    size_t fold; /* where the rows begin that are not in sight; 0: nowhere */
};

/* One list a kind, because the rows come in key order; of a text kinds[0] alone. */
struct lists {
    struct mr_edition *e;
    struct mr_samples samples;
    struct mr_report_value values[2];
    struct list kinds[MR_KIND_COLLISION + 1], moved, duplicates;
    uint64_t keys; /* of the identity under way */
};

/* Counts one more row and remembers where the fold is. */
static struct mr_doc *begin_row(struct list *list)
{
    if (list->shown == IN_SIGHT)
        list->fold = list->buf.len;
    list->shown++;
    return &list->doc;
}

static enum mr_code add_part(struct lists *l, struct mr_doc *doc, const struct mr_image *image,
                             enum mr_image_part part, bool names, struct mr_err *err)
{
    return mr_report_row_say(doc, l->samples.columns, image, part, names, err);
}

/* The key, or where there is none how often the row is there. */
static enum mr_code add_key(struct lists *l, struct mr_doc *doc, uint64_t count, bool names,
                            struct mr_err *err)
{
    if (!l->samples.columns.table->keyless)
        return add_part(l, doc, mr_samples_either(&l->samples), MR_IMAGE_KEY, names, err);
    mr_doc_say(doc, "%s", mr_doc_count(doc, count, "row", "equal rows"));
    return MR_OK;
}

static enum mr_code load_pair(struct lists *l, size_t column, struct mr_err *err)
{
    const struct mr_report_columns *c = &l->samples.columns;
    return mr_report_value_load_pair(l->values, l->samples.images, c->table, column,
                                     c->masks[column], err);
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
static enum mr_code add_was_is(struct lists *l, struct mr_doc *doc, struct mr_err *err)
{
    const struct mr_find_table *table = l->samples.columns.table;
    enum mr_code code = MR_OK;
    for (int side = 0; side < 2; side++) {
        mr_doc_say(doc, side == 0 ? ": was <several>" : ", is <several>");
        for (size_t n = 0; code == MR_OK; n++) {
            size_t i = mr_image_part_column(table, MR_IMAGE_IDENTITY, n);
            if (i == table->ncolumns)
                break;
            code = load_pair(l, i, err);
            mr_doc_say(doc, "%s", n > 0 ? ", " : "");
            mr_doc_value(doc, &l->values[side], false);
        }
        mr_doc_say(doc, "</several>");
    }
    return code;
}

/* The page's head of a collision has the identities of both. */
static bool is_shown(const struct lists *l, enum mr_find_kind kind, size_t column)
{
    const struct mr_image *images = l->samples.images;
    const struct mr_find_table *table = l->samples.columns.table;
    bool in_head = !l->e->is_brief && kind == MR_KIND_COLLISION &&
                   table->columns[column].identity_at >= 0 && has_own_identity(table);
    return !in_head && mr_image_differs(&images[0], &images[1], column, &table->columns[column]);
}

/* The key, and who the row is about, above or beside the columns that differ. */
static enum mr_code add_pair_head(struct lists *l, struct mr_doc *doc, bool is_above,
                                  uint64_t lines, struct mr_err *err)
{
    const bool named = has_own_identity(l->samples.columns.table);
    const struct mr_image *row = mr_samples_either(&l->samples);
    if (is_above)
        mr_doc_say(doc, "<row><over>");
    else
        mr_doc_say(doc, "<row><aside %s>", mr_doc_number(doc, lines));
    enum mr_code code = add_part(l, doc, row, MR_IMAGE_KEY, true, err);
    if (code == MR_OK && named && is_above) {
        code = add_was_is(l, doc, err);
    } else if (code == MR_OK && named) {
        mr_doc_say(doc, "<br>");
        code = add_part(l, doc, row, MR_IMAGE_IDENTITY, true, err);
    }
    mr_doc_say(doc, is_above ? "</over></row>" : "</aside>");
    return code;
}

static enum mr_code add_pair_line(struct lists *l, struct mr_doc *doc, size_t column,
                                  struct mr_err *err)
{
    enum mr_code code = load_pair(l, column, err);
    mr_doc_say(doc, "<name>%s</name>", l->samples.columns.table->columns[column].name);
    mr_doc_value_cell(doc, &l->values[0]);
    mr_doc_value_cell(doc, &l->values[1]);
    mr_doc_say(doc, "</row>");
    return code;
}

/* The cell beside the lines spans all of them, so that they are counted before the first is
 * written; what is hidden is one line more. */
static enum mr_code add_pair(struct lists *l, struct mr_doc *doc, enum mr_find_kind kind,
                             struct mr_err *err)
{
    const struct mr_find_table *table = l->samples.columns.table;
    const bool is_above = kind == MR_KIND_COLLISION;
    uint64_t differing = 0, shown = 0;
    for (size_t i = 0; i < table->ncolumns; i++)
        differing += is_shown(l, kind, i);
    uint64_t hidden = differing > DIFFERING_MAX ? differing - DIFFERING_MAX : 0;
    mr_doc_say(doc, "<group>");
    enum mr_code code = add_pair_head(l, doc, is_above, differing - hidden + (hidden > 0), err);
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++)
        if (shown < DIFFERING_MAX && is_shown(l, kind, i)) {
            if (is_above || shown > 0)
                mr_doc_say(doc, "<row>");
            code = add_pair_line(l, doc, i, err);
            shown++;
        }
    if (hidden > 0)
        mr_doc_say(doc, "<beyond>and %s</beyond>",
                   mr_doc_count(doc, hidden, "more column", "more columns"));
    mr_doc_say(doc, "</group>");
    return code;
}

/* ---- rows of one side ---- */

/* Only one side has the row, so that there is nothing to compare: its identity and a few columns
 * tell whoever looks for it what it is. */
static enum mr_code add_row(struct lists *l, struct mr_doc *doc, uint64_t count, struct mr_err *err)
{
    const struct mr_report_columns *c = &l->samples.columns;
    size_t columns[MR_SAMPLE_COLUMNS];
    size_t ncolumns = mr_sample_columns(c->table, columns);
    mr_doc_say(doc, "<row><key>");
    enum mr_code code = add_key(l, doc, count, false, err);
    mr_doc_say(doc, "</key>");
    for (size_t n = 0; code == MR_OK && n < ncolumns; n++) {
        size_t i = columns[n];
        code = mr_report_value_load(&l->values[0], mr_samples_either(&l->samples),
                                    &c->table->columns[i], c->masks[i], err);
        mr_doc_value_cell(doc, &l->values[0]);
    }
    mr_doc_say(doc, "</row>");
    return code;
}

/* ---- rows of a text: kind, key, column, source, target ---- */

static enum mr_code begin_line(struct lists *l, struct mr_doc *doc, enum mr_find_kind kind,
                               uint64_t count, struct mr_err *err)
{
    mr_doc_say(doc, "<row><cell>%s</cell><cell>", mr_kind_name(kind));
    enum mr_code code = add_key(l, doc, count, true, err);
    mr_doc_say(doc, "</cell>");
    return code;
}

static enum mr_code add_pair_lines(struct lists *l, struct mr_doc *doc, enum mr_find_kind kind,
                                   struct mr_err *err)
{
    for (size_t i = 0; i < l->samples.columns.table->ncolumns; i++) {
        if (!is_shown(l, kind, i))
            continue;
        MR_TRY(begin_line(l, doc, kind, 1, err));
        MR_TRY(add_pair_line(l, doc, i, err));
    }
    return MR_OK;
}

/* What the row is about stands in its side's column. */
static enum mr_code add_single_line(struct lists *l, struct mr_doc *doc, enum mr_find_kind kind,
                                    uint64_t count, struct mr_err *err)
{
    const struct mr_find_table *table = l->samples.columns.table;
    const enum mr_image_part part = table->identity_known ? MR_IMAGE_IDENTITY : MR_IMAGE_ROW;
    const bool tells = (table->identity_known || table->keyless) &&
                       mr_image_part_column(table, part, 0) < table->ncolumns;
    enum mr_code code = begin_line(l, doc, kind, count, err);
    mr_doc_say(doc, "<cell></cell>");
    for (int side = 0; code == MR_OK && side < 2; side++) {
        const struct mr_image *image = &l->samples.images[side];
        mr_doc_say(doc, "<cell>");
        if (mr_image_is_row(image) && tells)
            code = add_part(l, doc, image, part, true, err);
        else
            mr_doc_say(doc, mr_image_is_row(image) ? "there" : "–");
        mr_doc_say(doc, "</cell>");
    }
    mr_doc_say(doc, "</row>");
    return code;
}

/* ---- what the samples call ---- */

static enum mr_code take_row(void *ctx, enum mr_find_kind kind, uint64_t count, struct mr_err *err)
{
    struct lists *l = ctx;
    const bool is_pair = mr_samples_is_pair(&l->samples);
    struct mr_doc *doc = begin_row(&l->kinds[l->e->is_brief ? 0 : kind]);
    if (l->e->is_brief)
        return is_pair ? add_pair_lines(l, doc, kind, err)
                       : add_single_line(l, doc, kind, count, err);
    return is_pair ? add_pair(l, doc, kind, err) : add_row(l, doc, count, err);
}

/* Both keys are of the same identity, which is shown once, from the source: the target's is equal
 * by what "moved" means. */
static enum mr_code take_moved(void *ctx, struct mr_err *err)
{
    struct lists *l = ctx;
    const struct mr_image *images = l->samples.images;
    struct mr_doc *doc = begin_row(&l->moved);
    mr_doc_say(doc, "<row><key>");
    enum mr_code code = add_part(l, doc, &images[0], MR_IMAGE_IDENTITY, false, err);
    mr_doc_say(doc, "</key>");
    for (int side = 0; code == MR_OK && side < 2; side++) {
        mr_doc_say(doc, "<cell>");
        code = add_part(l, doc, &images[side], MR_IMAGE_KEY, l->e->is_brief, err);
        mr_doc_say(doc, "</cell>");
    }
    mr_doc_say(doc, "</row>");
    return code;
}

/* Rows of an identity come one after the other: its cell stays open until the next one begins.
 * Behind KEYS_MAX there is one sign that some are left out. */
static enum mr_code take_duplicate(void *ctx, const struct mr_find_duplicate *d, bool first,
                                   struct mr_err *err)
{
    struct lists *l = ctx;
    const struct mr_image *row = &l->samples.images[0];
    struct mr_doc *doc = &l->duplicates.doc;
    enum mr_code code = MR_OK;
    if (first) {
        if (l->duplicates.shown > 0)
            mr_doc_say(doc, "</cell></row>");
        (void)begin_row(&l->duplicates);
        mr_doc_say(doc, "<row><key>");
        code =
            add_part(l, doc, row, d->place == NULL ? MR_IMAGE_IDENTITY : MR_IMAGE_KEY, false, err);
        mr_doc_say(doc, "</key><cell>%s</cell><cell>", d->side == 0 ? "source" : "target");
        l->keys = 0;
    }
    l->keys++;
    if (!first && l->keys <= KEYS_MAX + 1)
        mr_doc_say(doc, l->keys > KEYS_MAX ? " …" : "; ");
    if (code == MR_OK && l->keys <= KEYS_MAX)
        code = add_part(l, doc, row, MR_IMAGE_KEY, false, err);
    if (d->place != NULL && l->keys <= KEYS_MAX)
        mr_doc_say(doc, " in %s", d->place);
    return code;
}

/* ---- the lists ---- */

/* How a list looks, and its columns. */
struct look {
    const char *tag;
    const char *columns[MR_SAMPLE_COLUMNS + 1];
    size_t ncolumns;
    bool has_groups; /* the rows are in groups */
};

static void add_table(struct mr_doc *doc, const struct look *look, const struct list *list,
                      size_t from, size_t to)
{
    mr_doc_say(doc, "<%s>", look->tag);
    mr_doc_head(doc, look->columns, look->ncolumns, 0);
    if (!look->has_groups)
        mr_doc_say(doc, "<rows>");
    mr_doc_put_part(doc, &list->buf, from, to);
    mr_doc_say(doc, look->has_groups ? "</table>" : "</rows></table>");
}

/* The first rows in sight, the others folded, and how many there are beyond. */
static void add_list(struct mr_doc *doc, const struct look *look, const struct list *list,
                     uint64_t all, const char *const words[2])
{
    const size_t fold = list->fold > 0 ? list->fold : list->buf.len;
    add_table(doc, look, list, 0, fold);
    if (list->fold > 0) {
        mr_doc_say(doc, "<rest><fold>%s more</fold>", mr_doc_number(doc, list->shown - IN_SIGHT));
        add_table(doc, look, list, fold, list->buf.len);
        mr_doc_say(doc, "</rest>");
    }
    if (list->shown < all)
        mr_doc_say(doc, "<more>%s beyond these: the case file keeps all of them.</more>",
                   mr_doc_count(doc, all - list->shown, words[0], words[1]));
}

static const char *const *row_words(const struct mr_find_table *table)
{
    static const char *const rows[2] = {"row", "rows"};
    static const char *const different[2] = {"different row", "different rows"};
    return table->keyless ? different : rows;
}

static void add_heading(struct mr_doc *doc, const char *kind, const char *title, const char *text)
{
    mr_doc_say(doc, "<h4><kind %s>%s</kind>: %s</h4><p>%s</p>", kind, kind, title, text);
}

/* Of rows of one side: the key, and what else is shown of them. */
static void name_columns(struct look *look, const struct mr_find_table *table,
                         struct mr_strbuf *key)
{
    size_t shown[MR_SAMPLE_COLUMNS];
    if (table->keyless)
        mr_strbuf_add_str(key, "how often");
    else
        mr_survey_key_names(table, key);
    look->columns[0] = key->ptr;
    look->ncolumns = 1 + mr_sample_columns(table, shown);
    for (size_t n = 1; n < look->ncolumns; n++)
        look->columns[n] = table->columns[shown[n - 1]].name;
}

/* Kinds that nothing was shown of have no heading. Each kind has columns of its own, since pairs
 * are compared and single rows only described. */
static void add_kind(struct lists *l, enum mr_find_kind kind, const char *title, const char *text)
{
    const struct mr_find_table *table = l->samples.columns.table;
    struct mr_doc *doc = &l->e->doc;
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct look look = {"plain", {NULL}, 0, false};
    if (l->kinds[kind].shown == 0)
        return;
    if (kind == MR_KIND_CHANGED)
        look = (struct look){"edits", {"Row", "Column", "Source", "Target"}, 4, true};
    else if (kind == MR_KIND_COLLISION)
        look = (struct look){"pairs", {"Column", "Source", "Target"}, 3, true};
    else
        name_columns(&look, table, &key);
    add_heading(doc, mr_kind_name(kind), title, text);
    add_list(doc, &look, &l->kinds[kind], l->samples.all[kind], row_words(table));
    doc->out->failed |= key.failed;
    mr_strbuf_release(&key);
}

static void add_identities(struct lists *l, const struct list *list, uint64_t all,
                           const char *const columns[3])
{
    static const char *const words[2] = {"identity", "identities"};
    const struct look look = {"short", {columns[0], columns[1], columns[2]}, 3, false};
    add_list(&l->e->doc, &look, list, all, words);
}

/* The gravest first: a key given away twice may hurt people who have no row here at all, and a row
 * that only one side lacks can be copied. */
static void add_page(struct lists *l)
{
    static const char *const moved[] = {"Identity", "Key in the source", "Key in the target"};
    static const char *const duplicates[] = {"Identity", "Side", "Keys"};
    struct mr_doc *doc = &l->e->doc;
    add_kind(l, MR_KIND_COLLISION, "same key, somebody else",
             "What refers to such a key belongs to one of two. Only the columns that "
             "differ are shown.");
    if (l->moved.shown > 0) {
        add_heading(doc, "moved", "same identity, another key",
                    "These came back under a key that is not theirs in the source.");
        add_identities(l, &l->moved, l->samples.all_moved, moved);
    }
    add_kind(l, MR_KIND_CHANGED, "same key, same identity, other values",
             "Only the columns that differ are shown.");
    add_kind(l, MR_KIND_MISSING, "only in the source", "The target does not have these rows.");
    add_kind(l, MR_KIND_EXTRA, "only in the target", "The source does not have these rows.");
    if (l->duplicates.shown > 0) {
        mr_doc_say(&l->duplicates.doc, "</cell></row>");
        mr_doc_say(doc, "<h4>One identity, several rows of a side</h4><p>Which of them is "
                        "meant, nobody can tell.</p>");
        add_identities(l, &l->duplicates, l->samples.all_duplicates, duplicates);
    }
}

/* All kinds in one table: a ticket has room for few rows, and headings would take most of it. */
static void add_brief(struct lists *l)
{
    static const struct look rows = {
        "table", {"kind", "key", "column", "source", "target"}, 5, false};
    static const struct look moved = {"table", {"moved", "source key", "target key"}, 3, false};
    const char *const *words = row_words(l->samples.columns.table);
    struct mr_doc *doc = &l->e->doc;
    uint64_t all = 0;
    for (size_t kind = 0; kind <= MR_KIND_COLLISION; kind++)
        all += l->samples.all[kind];
    if (l->kinds[0].buf.len > 0)
        add_table(doc, &rows, &l->kinds[0], 0, l->kinds[0].buf.len);
    if (l->moved.shown > 0)
        add_table(doc, &moved, &l->moved, 0, l->moved.buf.len);
    if (all > l->e->report->max_rows)
        mr_doc_say(doc, "<more>The first of %s; the case file keeps all.</more>",
                   mr_doc_count(doc, all, words[0], words[1]));
}

static void list_init(struct list *list, const struct mr_doc *doc)
{
    *list = (struct list){.buf = MR_STRBUF_INIT};
    list->doc = mr_doc_part(doc, &list->buf);
}

static void list_release(struct list *list, struct mr_doc *doc)
{
    doc->out->failed |= list->buf.failed;
    mr_strbuf_release(&list->buf);
}

/* Rows come by key, lists go by kind: each list is written into a buffer of its own, and they are
 * put together once all rows were seen. */
enum mr_code mr_parts_samples(struct mr_edition *e, struct mr_report_columns columns,
                              struct mr_err *err)
{
    const struct mr_sample_fns fns = {take_row, take_moved, e->is_brief ? NULL : take_duplicate};
    struct lists l = {.e = e};
    for (size_t kind = 0; kind <= MR_KIND_COLLISION; kind++)
        list_init(&l.kinds[kind], &e->doc);
    list_init(&l.moved, &e->doc);
    list_init(&l.duplicates, &e->doc);
    mr_report_value_init(&l.values[0]);
    mr_report_value_init(&l.values[1]);
    mr_samples_init(&l.samples, e->report, columns);
    enum mr_code code = mr_samples_walk(&l.samples, &fns, &l, err);
    if (code == MR_OK && e->is_brief)
        add_brief(&l);
    else if (code == MR_OK)
        add_page(&l);
    for (size_t kind = 0; kind <= MR_KIND_COLLISION; kind++)
        list_release(&l.kinds[kind], &e->doc);
    list_release(&l.moved, &e->doc);
    list_release(&l.duplicates, &e->doc);
    mr_report_value_release(&l.values[0]);
    mr_report_value_release(&l.values[1]);
    mr_samples_release(&l.samples);
    return code;
}
