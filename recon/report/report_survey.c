/*
 * report_survey.c: see report_survey.h.
 *
 * THE TAIL.  Of all keys at which a run of diverged rows begins, the one is taken for
 * which d - 9 e is greatest, d being the diverged rows from there on and e the equal ones:
 * at least nine of ten rows behind it differ, and an old edit some way before it does not
 * move it.  Written with what lies before a key, it is the least d' - 9 e', so that one
 * pass finds it.
 */
#include "recon/report/report_survey.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/case/image.h"
#include "recon/check/check_ranges.h"

#define TAIL_WEIGHT 9
#define TAIL_ROWS_MIN 2
#define ZOOM_BINS (MR_AXIS_BINS / 8) /* a part of the map that is worth enlarging */
#define ZOOM_MARGIN 12
#define TAIL_SHARE 5 /* the tail holds at least 1/TAIL_SHARE of the diverged rows */

/* What the first pass over the findings learns. */
struct first_pass {
    struct mr_report_survey *s;
    struct mr_image image;
    struct mr_axis_facts facts;
    bool all_numbers; /* every key is a single integer */
    uint64_t settled; /* rows that differed once and are equal, so far */
    bool any;
    uint64_t last_equal; /* equal rows before the last diverged one */
    /* the best beginning of a tail so far */
    mr_place best;
    uint64_t best_diverged, best_equal;
    struct mr_strbuf best_key;
    mr_place best_place;
    mr_place first_place, last_place; /* on the axis, of diverged rows */
};

static const struct mr_find_table *table_of(const struct mr_report_survey *s)
{
    return s->columns.table;
}

/* The row that tells when: SOURCE's, else TARGET's. */
static enum mr_code time_of(struct mr_report_survey *s, struct mr_image *image,
                            const struct mr_finding *f, struct mr_value *value, struct mr_err *err)
{
    bool from_source = f->source != NULL;
    enum mr_code code = mr_image_open(image, from_source ? f->source : f->target,
                                      from_source ? f->source_len : f->target_len, err);
    size_t at = (size_t)table_of(s)->time_at;
    return code == MR_OK ? mr_image_value(image, at, value, err) : code;
}

/* Is what the column has shown as it is? */
static bool is_bare(const struct mr_report_columns *columns, size_t at)
{
    return columns->masks[at] == MR_MASK_OFF || columns->masks[at] == MR_MASK_FOUND;
}

/* The ends of a timeline are values of the column, so that a masked one has none. */
static bool has_times(const struct mr_report_survey *s)
{
    int at = table_of(s)->time_at;
    return at >= 0 && (size_t)at < table_of(s)->ncolumns && is_bare(&s->columns, (size_t)at);
}

static bool has_one_key(const struct mr_report_survey *s)
{
    return mr_image_part_column(table_of(s), MR_IMAGE_KEY, 1) == table_of(s)->ncolumns;
}

static mr_place place_of(const struct mr_report_survey *s, const struct mr_finding *f)
{
    mr_place number;
    if (s->map.axis.numeric && mr_axis_key_number(f->key, &number))
        return number;
    return (mr_place)mr_order_rank(&s->order, f) + 1;
}

static void note_number(struct first_pass *p, mr_place number, uint64_t rank)
{
    struct mr_axis_facts *facts = &p->facts;
    if (!p->any || number < facts->min) {
        facts->min = number;
        facts->min_rank = rank;
    }
    if (!p->any || number > facts->max) {
        facts->max = number;
        facts->max_rank = rank;
    }
    p->any = true;
}

/* A run of diverged rows begins where equal ones lie between this and the last. */
static enum mr_code see_beginning(struct first_pass *p, const struct mr_finding *f,
                                  struct mr_err *err)
{
    struct mr_report_survey *s = p->s;
    const struct mr_order_chunk *chunk = mr_order_find(&s->order, f);
    if (chunk == NULL)
        return MR_OK;
    uint64_t equal = chunk->equal_before + f->equal + p->settled;
    bool begins = s->diverged == 0 || equal != p->last_equal;
    p->last_equal = equal;
    mr_place worth = (mr_place)s->diverged - (mr_place)equal * TAIL_WEIGHT;
    if (!begins || (s->diverged > 0 && worth >= p->best))
        return MR_OK;
    p->best = worth;
    p->best_diverged = s->diverged;
    p->best_equal = equal;
    p->best_place = place_of(s, f);
    mr_strbuf_reset(&p->best_key);
    return mr_report_row_add_key(&p->best_key, s->columns, f, err);
}

/* Rows that differed once and settled are equal ones for the tail: left out, they would make
 * stretches look denser than they are. */
static enum mr_code first_look(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct first_pass *p = ctx;
    struct mr_report_survey *s = p->s;
    struct mr_value value;
    mr_place number;
    enum mr_code code = MR_OK;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    p->settled += f->state == MR_FIND_SETTLED;
    if (f->state != MR_FIND_DIVERGED)
        return MR_OK;
    p->all_numbers = p->all_numbers && mr_axis_key_number(f->key, &number);
    if (p->all_numbers)
        note_number(p, number, mr_order_rank(&s->order, f));
    if (mr_order_is_known(&s->order))
        code = see_beginning(p, f, err);
    if (code == MR_OK && has_times(s)) {
        code = time_of(s, &p->image, f, &value, err);
        if (code == MR_OK)
            mr_times_see(&s->times, &value);
    }
    mr_place place = place_of(s, f);
    p->first_place = s->diverged == 0 || place < p->first_place ? place : p->first_place;
    p->last_place = s->diverged == 0 || place > p->last_place ? place : p->last_place;
    s->diverged++;
    return code;
}

/* A place tells the key, so that a masked one has none. */
static bool is_numeric(const struct mr_report_columns *columns)
{
    const struct mr_find_table *table = columns->table;
    size_t first = mr_image_part_column(table, MR_IMAGE_KEY, 0);
    if (table->keyless || first == table->ncolumns ||
        mr_image_part_column(table, MR_IMAGE_KEY, 1) != table->ncolumns)
        return false;
    enum mr_class cls = table->columns[first].style.cls;
    return (cls == MR_CLASS_INT || cls == MR_CLASS_UINT) && is_bare(columns, first);
}

static void note_chunks(struct first_pass *p)
{
    const struct mr_vec *chunks = &p->s->order.chunks;
    for (size_t i = 0; i < chunks->count; i++) {
        const struct mr_order_chunk *chunk = mr_vec_at(chunks, i);
        uint64_t behind = i + 1 < chunks->count
                              ? ((const struct mr_order_chunk *)mr_vec_at(chunks, i + 1))->rank
                              : p->s->order.rows;
        /* the bound of an empty chunk is a key of nobody */
        if (chunk->has_hi && behind > chunk->rank)
            note_number(p, chunk->hi, behind - 1);
    }
}

static void note_counter(struct first_pass *p)
{
    const struct mr_find_table *table = table_of(p->s);
    const struct mr_find_counter *c = p->s->counter;
    size_t key = mr_image_part_column(table, MR_IMAGE_KEY, 0);
    if (c == NULL || strcmp(table->columns[key].name, c->column) != 0) {
        p->s->counter = NULL;
        return;
    }
    uint64_t greatest = c->greatest[0] > c->greatest[1] ? c->greatest[0] : c->greatest[1];
    p->facts.has_greatest = greatest > 0;
    p->facts.greatest = (mr_place)greatest;
}

/* A single key that is not an integer makes the axis one of ranks, on which counters have no place;
 * without ranks either there is no map. */
static void fit_axis(struct first_pass *p)
{
    struct mr_report_survey *s = p->s;
    struct mr_report_axis *axis = &s->map.axis;
    if (s->diverged == 0)
        return;
    if (axis->numeric && p->all_numbers) {
        note_chunks(p);
        note_counter(p);
        p->facts.rows = s->order.rows;
        mr_axis_fit(axis, &p->facts);
        for (int side = 0; s->counter != NULL && side < 2; side++)
            (void)mr_axis_reach(axis, (mr_place)s->counter->next[side]);
        s->has_map = true;
    } else if (mr_order_is_known(&s->order) && !table_of(s)->keyless) {
        *axis = (struct mr_report_axis){.numeric = false, .lo = 1, .hi = (mr_place)s->order.rows};
        s->has_map = true;
    }
    if (!axis->numeric)
        s->counter = NULL;
}

/* The part in which rows differ, with a little around it, where it is a small one. */
static void fit_zoom(struct first_pass *p)
{
    struct mr_report_survey *s = p->s;
    const struct mr_report_axis *whole = &s->map.axis;
    struct mr_report_axis *part = &s->zoom.axis;
    mr_place from = s->tail.known ? s->tail.place : p->first_place;
    mr_place to = s->tail.known ? whole->hi : p->last_place;
    if (!s->has_map || mr_axis_bin(whole, to) - mr_axis_bin(whole, from) >= ZOOM_BINS)
        return;
    mr_place margin = (to - from) / ZOOM_MARGIN + 1;
    *part = (struct mr_report_axis){whole->numeric, from - margin, to + margin};
    if (part->lo < whole->lo)
        part->lo = whole->lo;
    if (part->hi > whole->hi)
        part->hi = whole->hi;
    s->has_zoom = true;
}

/* A tail of one row, or one that holds few of the rows that differ, would be true and misleading:
 * it is not said. */
static enum mr_code find_tail(struct first_pass *p, struct mr_err *err)
{
    struct mr_report_survey *s = p->s;
    struct mr_survey_tail *tail = &s->tail;
    if (!mr_order_is_known(&s->order) || s->diverged == 0)
        return MR_OK;
    tail->rows = s->diverged - p->best_diverged;
    tail->equal = s->order.equal + p->settled - p->best_equal;
    tail->diverged_before = p->best_diverged;
    tail->place = p->best_place;
    tail->known = tail->rows >= TAIL_ROWS_MIN && tail->equal <= tail->rows / TAIL_WEIGHT &&
                  tail->rows * TAIL_SHARE >= s->diverged;
    tail->from = mr_arena_strdup(&s->arena, p->best_key.ptr);
    return tail->from != NULL ? MR_OK : mr_err_nomem(err, "surveying a table");
}

/* The enlarged part comes last: it is fitted into the axis, and where there is a tail it reaches to
 * the axis's end. */
static enum mr_code look_first(struct mr_report_survey *s, struct mr_findings *fd,
                               struct mr_err *err)
{
    struct first_pass p = {.s = s, .all_numbers = true, .best_key = MR_STRBUF_INIT};
    mr_image_init(&p.image);
    s->map.axis.numeric = is_numeric(&s->columns);
    enum mr_code code = mr_findings_walk(fd, table_of(s)->id, true, first_look, &p, err);
    if (code == MR_OK) {
        mr_times_fit(&s->times);
        fit_axis(&p);
        code = find_tail(&p, err);
        fit_zoom(&p);
    }
    mr_image_release(&p.image);
    mr_strbuf_release(&p.best_key);
    return code;
}

/* ---- runs ---- */

static size_t shortest_run(const struct mr_report_survey *s)
{
    size_t at = 0;
    for (size_t i = 1; i < s->nruns; i++)
        if (s->runs[i].rows <= s->runs[at].rows)
            at = i;
    return at;
}

static enum mr_code key_text(struct mr_report_survey *s, const struct mr_finding *f,
                             const char **text, struct mr_err *err)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    enum mr_code code = mr_report_row_add_key(&sb, s->columns, f, err);
    *text = code == MR_OK ? mr_arena_strdup(&s->arena, sb.ptr) : NULL;
    mr_strbuf_release(&sb);
    if (code == MR_OK && *text == NULL)
        code = mr_err_nomem(err, "surveying a table");
    return code;
}

/* The longest are kept in key order; of runs as long as each other the earlier stays. All are
 * counted, kept or not. */
static enum mr_code see_run(void *ctx, const struct mr_check_range *range, struct mr_err *err)
{
    struct mr_report_survey *s = ctx;
    size_t at = s->nruns;
    uint64_t no = s->all_runs++;
    if (range->from == NULL)
        return MR_OK;
    if (s->nruns == MR_SURVEY_RUNS) {
        at = shortest_run(s);
        if (s->runs[at].rows >= range->rows)
            return MR_OK;
        memmove(&s->runs[at], &s->runs[at + 1], (MR_SURVEY_RUNS - at - 1) * sizeof s->runs[0]);
        at = MR_SURVEY_RUNS - 1;
    } else {
        s->nruns++;
    }
    struct mr_survey_run *run = &s->runs[at];
    *run = (struct mr_survey_run){.no = no, .rows = range->rows};
    MR_TRY(key_text(s, range->from, &run->from, err));
    return key_text(s, range->to, &run->to, err);
}

/* ---- bins ---- */

struct second_pass {
    struct mr_report_survey *s;
    struct mr_image image;
};

static void add_to_map(struct mr_survey_map *map, enum mr_lane lane, mr_place place, uint64_t rows)
{
    struct mr_axis_cell cell = mr_axis_cell(&map->axis, place);
    for (size_t bin = cell.first; bin <= cell.last; bin++)
        map->bins[lane][bin] += rows;
}

static void add_to_maps(struct mr_report_survey *s, enum mr_lane lane, const struct mr_finding *f)
{
    mr_place place = place_of(s, f);
    if (s->has_map)
        add_to_map(&s->map, lane, place, f->count);
    if (s->has_zoom && place >= s->zoom.axis.lo && place <= s->zoom.axis.hi)
        add_to_map(&s->zoom, lane, place, f->count);
}

/* The axes are known only after the first pass, so that bins are filled in a second one instead of
 * keeping every finding. */
static enum mr_code second_look(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct second_pass *p = ctx;
    struct mr_value value;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    if (f->kind == MR_KIND_UNDECIDED)
        return MR_OK;
    add_to_maps(p->s, mr_lane_of(f->kind), f);
    if (!has_times(p->s))
        return MR_OK;
    MR_TRY(time_of(p->s, &p->image, f, &value, err));
    mr_times_add(&p->s->times, &value, f->kind, f->count);
    return MR_OK;
}

static enum mr_code see_moved(void *ctx, const struct mr_finding *source,
                              const struct mr_finding *target, struct mr_err *err)
{
    (void)err;
    add_to_maps(ctx, MR_LANE_MOVED, source);
    add_to_maps(ctx, MR_LANE_MOVED, target);
    return MR_OK;
}

static enum mr_code look_again(struct mr_report_survey *s, struct mr_findings *fd,
                               struct mr_err *err)
{
    struct second_pass p = {.s = s};
    int64_t id = table_of(s)->id;
    mr_image_init(&p.image);
    enum mr_code code = mr_findings_walk(fd, id, false, second_look, &p, err);
    if (code == MR_OK && s->has_map)
        code = mr_findings_walk_moved(fd, id, see_moved, s, err);
    mr_image_release(&p.image);
    return code;
}

/* Of rows that were looked up by key nothing tells which others lie between them. */
static bool is_part(const struct mr_report *report, const struct mr_find_table *table)
{
    const struct mr_check_proof *proof = &report->result->proof;
    const size_t at = (size_t)(table - report->result->tables);
    return proof->is_partial && at < report->result->ntables && proof->of[at].how != MR_READ_WHOLE;
}

/* Rows are placed only after the first look, which decides on what they are placed. After a failure
 * nothing is left to be released. */
enum mr_code mr_survey(struct mr_report_survey *survey, const struct mr_report *report,
                       const struct mr_find_table *table, struct mr_err *err)
{
    struct mr_findings *fd = report->result->fd;
    *survey = (struct mr_report_survey){.columns = {.table = table},
                                        .order = {.chunks = MR_VEC_INIT(struct mr_order_chunk)},
                                        .counter = mr_report_counter(report, table->id),
                                        .arena = MR_ARENA_INIT};
    survey->columns.masks = mr_report_masks(report, table, &survey->arena);
    enum mr_code code = MR_OK;
    if (survey->columns.masks == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "surveying a table"));
    if (!is_part(report, table))
        MR_TRY_OUT(mr_order_load(&survey->order, fd, table->id, err));
    MR_TRY_OUT(look_first(survey, fd, err));
    MR_TRY_OUT(mr_check_ranges(fd, table, see_run, survey, err));
    MR_TRY_OUT(look_again(survey, fd, err));
out:
    if (code != MR_OK)
        mr_survey_release(survey);
    return code;
}

void mr_survey_release(struct mr_report_survey *survey)
{
    mr_order_release(&survey->order);
    mr_arena_release(&survey->arena);
}

/* ---- words ---- */

void mr_survey_key_names(const struct mr_find_table *table, struct mr_strbuf *out)
{
    bool single = mr_image_part_column(table, MR_IMAGE_KEY, 1) == table->ncolumns;
    mr_strbuf_add_str(out, single ? "" : "(");
    for (size_t n = 0;; n++) {
        size_t i = mr_image_part_column(table, MR_IMAGE_KEY, n);
        if (i == table->ncolumns)
            break;
        mr_strbuf_add_fmt(out, "%s%s", n > 0 ? ", " : "", table->columns[i].name);
    }
    mr_strbuf_add_str(out, single ? "" : ")");
}

/* The sentence that names the moment of the split: from this key on, and how sure. What lies before
 * is said, lest it passes for equal. */
static void tail_words(const struct mr_report_survey *s, struct mr_strbuf *out)
{
    const struct mr_survey_tail *tail = &s->tail;
    const bool is_window = table_of(s)->windowed; /* of the other rows nothing is known */
    struct mr_texts t = {.made = 0};
    if (tail->equal == 0 && tail->rows == s->order.rows) {
        mr_strbuf_add_str(out, is_window ? "Every row that was compared differs."
                                         : "Every row of the table differs.");
        return;
    }
    mr_strbuf_add_str(out, tail->equal == 0 ? "Everything from " : "Nearly everything from ");
    mr_survey_key_names(table_of(s), out);
    if (s->has_map && s->map.axis.numeric) {
        mr_strbuf_add_char(out, ' ');
        mr_axis_add_number(out, tail->place);
    } else {
        mr_strbuf_add_fmt(out, has_one_key(s) ? " %s" : " (%s)", tail->from);
    }
    mr_strbuf_add_fmt(out, " on differs: %s%s%s, to the end of %s.",
                      tail->equal > 0 ? mr_text_number(&t, tail->rows) : "",
                      tail->equal > 0 ? " of " : "",
                      mr_text_count(&t, tail->rows + tail->equal, "row", "rows"),
                      is_window ? "what was compared" : "the table");
    if (tail->diverged_before > 0)
        mr_strbuf_add_fmt(out, " Before that, %s.",
                          mr_text_count(&t, tail->diverged_before, "row differs", "rows differ"));
}

/* A single run of a single row needs no "longest"; of many places the longest is named, as the most
 * likely to have one cause. */
static void run_words(const struct mr_report_survey *s, struct mr_strbuf *out)
{
    const struct mr_survey_run *longest = &s->runs[0];
    const bool several = s->all_runs > 1;
    struct mr_texts t = {.made = 0};
    for (size_t i = 1; i < s->nruns; i++)
        if (s->runs[i].rows > longest->rows)
            longest = &s->runs[i];
    mr_report_count(out, s->diverged, "row differs", "rows differ");
    if (several)
        mr_strbuf_add_fmt(out, " in %s", mr_text_count(&t, s->all_runs, "place", "places"));
    if (s->nruns > 0 && (longest->rows > 1 || s->all_runs == 1)) {
        mr_strbuf_add_str(out, several ? "; the longest run is " : ": ");
        mr_survey_key_names(table_of(s), out);
        mr_strbuf_add_fmt(out, has_one_key(s) ? " %s" : " (%s)", longest->from);
        if (longest->rows > 1)
            mr_strbuf_add_fmt(out, has_one_key(s) ? " to %s" : " to (%s)", longest->to);
    }
    if (s->nruns > 0 && longest->rows > 1 && several)
        mr_strbuf_add_fmt(out, " (%s)", mr_text_count(&t, longest->rows, "row", "rows"));
    mr_strbuf_add_char(out, '.');
}

void mr_survey_words(const struct mr_report_survey *survey, struct mr_strbuf *out)
{
    const struct mr_find_counts *c = &table_of(survey)->counts;
    if (table_of(survey)->keyless) {
        mr_report_count(out, c->missing + c->extra, "row differs", "rows differ");
        mr_strbuf_add_str(out, ". The table has no key: whole rows are counted, and a "
                               "changed row is one missing and one extra.");
    } else if (survey->tail.known) {
        tail_words(survey, out);
    } else if (survey->diverged > 0) {
        run_words(survey, out);
    }
}
