/* report_map.c: see report_map.h. */
#include "recon/report/report_map.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/page/page_escape.h"

/* Units of the view box; the page scales it. */
#define WIDTH 1080
#define LEFT 110 /* where the axis begins; names stand before it */
#define BIN 4
#define SPAN (MR_AXIS_BINS * BIN)
#define TOP 20
#define LANE 18 /* height, and with the gap below */
#define STEP 24
#define LEVELS 4 /* heights of a bar */
#define CHAR 7   /* width of a digit, about */

#define TIME_HEIGHT 110
#define BAR_MAX 36
#define LABEL 88 /* width of one */

/* A map under way. */
struct drawing {
    struct mr_strbuf *out;
    const struct mr_report_survey *s;
    const struct mr_survey_map *map;
};

static bool is_used(const struct mr_survey_map *map, enum mr_lane lane)
{
    for (size_t i = 0; i < MR_AXIS_BINS; i++)
        if (map->bins[lane][i] > 0)
            return true;
    return false;
}

/* Kinds are told apart by patterns, not by colours alone: the page is printed, and read by people
 * who do not see all colours. Once a page, for all maps. */
void mr_map_definitions(struct mr_strbuf *out)
{
    static const char *const patterns[MR_LANES] = {
        [MR_LANE_MISSING] = "<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\" stroke-width=\"2\"/>",
        [MR_LANE_EXTRA] = "<circle cx=\"3\" cy=\"3\" r=\"1.5\" stroke=\"none\"/>",
        [MR_LANE_CHANGED] = "<path d=\"M0 1.5H6M0 4.5H6\" stroke-width=\"1.4\"/>",
        [MR_LANE_COLLISION] = "<path d=\"M0 0L6 6M0 6L6 0\" stroke-width=\"1.5\"/>",
        [MR_LANE_MOVED] = "<path d=\"M1.5 0V6M4.5 0V6\" stroke-width=\"1.4\"/>"};
    mr_strbuf_add_str(out, "<svg class=\"defs\" aria-hidden=\"true\"><defs>");
    for (int lane = 0; lane < MR_LANES; lane++) {
        const char *name = mr_lane_name((enum mr_lane)lane);
        mr_strbuf_add_fmt(out,
                          "<pattern id=\"p-%s\" width=\"6\" height=\"6\" "
                          "patternUnits=\"userSpaceOnUse\"><g class=\"f-%s\">"
                          "<rect class=\"weak\" width=\"6\" height=\"6\"/>%s</g></pattern>",
                          name, name, patterns[lane]);
        mr_strbuf_add_fmt(out,
                          "<symbol id=\"s-%s\" viewBox=\"0 0 12 12\"><rect width=\"12\" "
                          "height=\"12\" fill=\"url(#p-%s)\"/></symbol>",
                          name, name);
    }
    mr_strbuf_add_str(out, "</defs></svg>\n");
}

/* ---- the map ---- */

/* Height of a bar; most: rows of the fullest bin, or 1: all bars are alike.  By the logarithm, so
 * that one row among thousands is still seen. */
static int height_of(uint64_t rows, uint64_t most)
{
    static const int heights[LEVELS] = {9, 12, 15, LANE};
    if (rows == 0)
        return 0;
    if (rows >= most)
        return LANE;
    return heights[(int)(log((double)rows) / log((double)most) * (LEVELS - 1) + 0.5)];
}

/* One path for all bars of a lane; (LEFT, y) is its lower left corner. */
static void add_bars(struct mr_strbuf *out, const uint64_t bins[MR_AXIS_BINS], uint64_t most, int y)
{
    int height = 0;
    size_t since = 0;
    mr_strbuf_add_fmt(out, "M%d %d", LEFT, y);
    for (size_t i = 0; i <= MR_AXIS_BINS; i++) {
        int next = i < MR_AXIS_BINS ? height_of(bins[i], most) : 0;
        if (next == height && i < MR_AXIS_BINS)
            continue;
        if (i > since)
            mr_strbuf_add_fmt(out, "h%zu", (i - since) * BIN);
        if (next != height)
            mr_strbuf_add_fmt(out, "v%d", height - next);
        height = next;
        since = i;
    }
    mr_strbuf_add_char(out, 'z');
}

/* On a stretch where every place has bins of its own, a bar is a row.  Else some bins have a place more
 * than others: where all rows differ that would draw a comb, so that what any bin can hold is full. */
static uint64_t fullest_bin(const struct mr_survey_map *map)
{
    uint64_t most = 0;
    if (map->axis.hi - map->axis.lo < MR_AXIS_BINS)
        return 1;
    for (int lane = 0; lane < MR_LANES; lane++)
        for (size_t i = 0; i < MR_AXIS_BINS; i++)
            if (map->bins[lane][i] > most)
                most = map->bins[lane][i];
    const mr_place any = (map->axis.hi - map->axis.lo + 1) / MR_AXIS_BINS;
    return any < (mr_place)most ? (uint64_t)any : most;
}

/* Only the whole map has counts: an enlarged part shows some of the rows, and the number of all
 * beside it would be wrong. */
static void add_lane(const struct drawing *d, enum mr_lane lane, uint64_t most, int y)
{
    const char *name = mr_lane_name(lane);
    mr_strbuf_add_fmt(d->out, "<text class=\"end\" x=\"%d\" y=\"%d\">%s", LEFT - 8, y - 5, name);
    if (d->map == &d->s->map) {
        mr_strbuf_add_str(d->out, " <tspan class=\"strong\">");
        mr_strbuf_add_grouped(d->out, mr_lane_rows(&d->s->columns.table->counts, lane));
        mr_strbuf_add_str(d->out, "</tspan>");
    }
    mr_strbuf_add_fmt(d->out,
                      "</text><rect class=\"track\" x=\"%d\" y=\"%d\" width=\"%d\" "
                      "height=\"%d\"/><path fill=\"url(#p-%s)\" d=\"",
                      LEFT, y - LANE, SPAN, LANE, name);
    add_bars(d->out, d->map->bins[lane], most, y);
    mr_strbuf_add_str(d->out, "\"/>\n");
}

static int x_of(const struct drawing *d, mr_place place)
{
    return LEFT + (int)mr_axis_bin(&d->map->axis, place) * BIN;
}

static const char *anchor_at(int x)
{
    return x > LEFT + SPAN - 70 ? " class=\"end\"" : x > LEFT + 40 ? " class=\"mid\"" : "";
}

/* Characters of a number with its separators. */
static size_t label_len(mr_place place)
{
    size_t digits = 1;
    for (mr_place rest = place < 0 ? -place : place; rest >= 10; rest /= 10)
        digits++;
    return digits + (digits - 1) / 3 + (place < 0);
}

/* As many ticks as the widest label leaves room for; with long keys, labels would otherwise run
 * into each other. */
static void add_axis(const struct drawing *d, int y)
{
    const struct mr_report_axis *axis = &d->map->axis;
    mr_place ticks[MR_AXIS_TICKS_MAX];
    size_t lo = label_len(axis->lo), hi = label_len(axis->hi);
    size_t room = SPAN / (((lo > hi ? lo : hi) + 4) * CHAR);
    size_t count = mr_axis_ticks(axis, room < 8 ? room : 8, ticks);
    mr_strbuf_add_fmt(d->out, "<path class=\"axis\" d=\"M%d %dh%d", LEFT, y, SPAN);
    for (size_t i = 0; i < count; i++)
        mr_strbuf_add_fmt(d->out, "M%d %dv5", x_of(d, ticks[i]), y);
    mr_strbuf_add_str(d->out, "\"/>");
    for (size_t i = 0; i < count; i++) {
        int x = x_of(d, ticks[i]);
        mr_strbuf_add_fmt(d->out, "<text%s x=\"%d\" y=\"%d\">", anchor_at(x), x, y + 18);
        mr_axis_add_number(d->out, ticks[i]);
        mr_strbuf_add_str(d->out, "</text>");
    }
}

/* Where the tail begins: often the moment at which one side stopped receiving what the other did.
 * In the last third the label stands before the line, or it would leave the picture. */
static void add_cut(const struct drawing *d, int bottom)
{
    if (!d->s->tail.known)
        return;
    int x = x_of(d, d->s->tail.place);
    bool left = x > LEFT + SPAN * 2 / 3;
    mr_strbuf_add_fmt(d->out, "<path class=\"cut\" d=\"M%d 4V%d\"/>", x, bottom);
    mr_strbuf_add_fmt(d->out, "<text class=\"strong%s\" x=\"%d\" y=\"13\">from ",
                      left ? " end" : "", left ? x - 6 : x + 6);
    if (d->map->axis.numeric)
        mr_axis_add_number(d->out, d->s->tail.place);
    else
        mr_page_escape_html_str(d->out, d->s->tail.from);
    mr_strbuf_add_str(d->out, " on</text>\n");
}

/* A triangle that points at the axis from below; one beyond its end lies on its side. */
static void add_next(const struct drawing *d, int side, int y)
{
    mr_place next = (mr_place)d->s->counter->next[side];
    const char *name = side == 0 ? "source" : "target";
    bool beyond = next > d->map->axis.hi;
    int x = x_of(d, next) + BIN / 2;
    mr_strbuf_add_fmt(d->out, "<path class=\"next-%s\" d=\"M%d %d%s\"><title>next of %s: ", name,
                      beyond ? LEFT + SPAN + 10 : x, beyond ? y + 4 : y,
                      beyond ? "l-8 -5v10z" : "l5 8h-10z", name);
    mr_axis_add_number(d->out, next);
    mr_strbuf_add_str(d->out, "</title></path>");
}

static void begin_svg(struct mr_strbuf *out, int height, const char *what,
                      const struct mr_report_survey *s)
{
    mr_strbuf_add_fmt(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s ", WIDTH,
                      height, what);
    mr_page_escape_html_str(out, s->columns.table->name);
    mr_strbuf_add_str(out, "\">\n");
}

/* Lanes without rows are left out, so that the height is known only once they are counted. Both
 * maps of a table have this form. */
void mr_map_add(struct mr_strbuf *out, const struct mr_report_survey *survey,
                const struct mr_survey_map *map)
{
    struct drawing d = {out, survey, map};
    uint64_t most = fullest_bin(map);
    int lanes = 0, y = TOP;
    for (int lane = 0; lane < MR_LANES; lane++)
        lanes += is_used(map, (enum mr_lane)lane);
    int bottom = TOP + lanes * STEP;
    begin_svg(out, bottom + 36,
              map == &survey->map ? "Key-space map of" : "Part of the key-space map of", survey);
    for (int i = 0; i < MR_LANES; i++) {
        if (!is_used(map, mr_lane_order[i]))
            continue;
        add_lane(&d, mr_lane_order[i], most, y + LANE);
        y += STEP;
    }
    add_axis(&d, bottom);
    add_cut(&d, bottom);
    for (int side = 0; survey->counter != NULL && side < 2; side++)
        add_next(&d, side, bottom + 24);
    mr_strbuf_add_str(out, "</svg>\n");
}

/* ---- the timeline ---- */

static uint64_t bucket_rows(const struct mr_report_times *t, size_t bucket)
{
    uint64_t rows = 0;
    for (int kind = 0; kind < MR_TIMES_KINDS; kind++)
        rows += t->count[kind][bucket];
    return rows;
}

/* All bars of a kind, each upon those of the kinds before. */
static void add_kind(struct mr_strbuf *out, const struct mr_report_times *t, int kind,
                     uint64_t most, int width)
{
    const char *name = mr_lane_name((enum mr_lane)kind);
    bool any = false;
    for (size_t i = 0; i < t->nbuckets; i++) {
        uint64_t rows = t->count[kind][i], below = 0;
        if (rows == 0)
            continue;
        for (int other = 0; other < kind; other++)
            below += t->count[other][i];
        double unit = (double)TIME_HEIGHT / (double)most;
        double top = TOP + TIME_HEIGHT - (double)(below + rows) * unit;
        double height = fmax((double)rows * unit, 2);
        if (!any)
            mr_strbuf_add_fmt(out, "<path fill=\"url(#p-%s)\" d=\"", name);
        any = true;
        mr_strbuf_add_fmt(out, "M%zu %.4gh%dv%.3gh-%dz", LEFT + i * (size_t)width, top,
                          width > 4 ? width - 1 : width, height, width > 4 ? width - 1 : width);
    }
    if (any)
        mr_strbuf_add_str(out, "\"/>\n");
}

static void add_time_labels(struct mr_strbuf *out, const struct mr_report_times *t, int width)
{
    size_t apart = (size_t)(LABEL * 5 / 4 / width) + 1;
    for (size_t i = 0; i < t->nbuckets; i += apart) {
        int x = LEFT + (int)i * width;
        mr_strbuf_add_fmt(out, "<path class=\"axis\" d=\"M%d %dv5\"/>", x, TOP + TIME_HEIGHT);
        bool fits = x < LEFT + SPAN - LABEL;
        mr_strbuf_add_fmt(out, "<text%s x=\"%d\" y=\"%d\">", fits ? "" : " class=\"end\"",
                          fits ? x : LEFT + SPAN, TOP + TIME_HEIGHT + 18);
        mr_times_add_label(out, t, i);
        mr_strbuf_add_str(out, "</text>");
    }
}

/* All kinds share one scale, that of the fullest bucket: heights may be compared. A bar has a
 * greatest width, or few buckets would look like many rows. */
void mr_map_add_timeline(struct mr_strbuf *out, const struct mr_report_survey *survey)
{
    const struct mr_report_times *t = &survey->times;
    uint64_t most = 1;
    int width = SPAN / (int)t->nbuckets;
    if (width > BAR_MAX)
        width = BAR_MAX;
    for (size_t i = 0; i < t->nbuckets; i++)
        if (bucket_rows(t, i) > most)
            most = bucket_rows(t, i);
    begin_svg(out, TOP + TIME_HEIGHT + 24, "Timeline of the diverged rows of", survey);
    mr_strbuf_add_fmt(out, "<path class=\"axis\" d=\"M%d %dh%dm0 %dh-%d\"/>", LEFT, TOP, SPAN,
                      TIME_HEIGHT, SPAN);
    mr_strbuf_add_fmt(out, "<text class=\"end\" x=\"%d\" y=\"%d\">", LEFT - 8, TOP + 8);
    mr_report_count(out, most, "row", "rows");
    mr_strbuf_add_str(out, "</text>");
    for (int kind = 0; kind < MR_TIMES_KINDS; kind++)
        add_kind(out, t, kind, most, width);
    add_time_labels(out, t, width);
    mr_strbuf_add_str(out, "</svg>\n");
}
