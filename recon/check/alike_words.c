/* alike_words.c: the sentence of a pattern; see alike.h. */
#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/row/row_class.h"
#include "recon/check/alike.h"

#define NEARLY 95 /* of 100 */
#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define ZONES_APART (26 * HOUR) /* from UTC-12 to UTC+14 */
#define ZONE_STEP (15 * MINUTE)

static bool is_nearly(uint64_t part, uint64_t of)
{
    return of > 0 && (double)part * 100 >= (double)of * NEARLY;
}

/* ---- figures ---- */

static void add_percent(struct mr_strbuf *out, uint64_t part, uint64_t of)
{
    unsigned permille = (unsigned)((double)part * 1000 / (double)of);
    if (permille >= 1000)
        permille = 999;
    mr_strbuf_add_fmt(out, "%u.%u %%", permille / 10, permille % 10);
}

void mr_alike_add_share(struct mr_strbuf *out, uint64_t part, uint64_t of, const char *noun)
{
    if (part >= of) {
        mr_strbuf_add_str(out, "all ");
    } else {
        add_percent(out, part, of);
        mr_strbuf_add_str(out, " of ");
    }
    mr_strbuf_add_grouped(out, of);
    mr_strbuf_add_fmt(out, " %s", noun);
}

static void add_micros(struct mr_strbuf *out, uint64_t us)
{
    if (us % DAY == 0) {
        mr_strbuf_add_grouped(out, us / DAY);
        mr_strbuf_add_str(out, us == DAY ? " day" : " days");
    } else if (us % MINUTE == 0 && us < 2 * DAY) {
        mr_strbuf_add_fmt(out, "%" PRIu64 ":%02u h", us / HOUR, (unsigned)(us % HOUR / MINUTE));
    } else if (us % SECOND == 0) {
        mr_strbuf_add_grouped(out, us / SECOND);
        mr_strbuf_add_str(out, " s");
    } else {
        mr_strbuf_add_fmt(out, "%" PRIu64 ".%06u s", us / SECOND, (unsigned)(us % SECOND));
    }
}

static bool is_time(enum mr_class cls)
{
    return mr_class_is_moment(cls) || cls == MR_CLASS_TIME;
}

void mr_alike_add_offset(struct mr_strbuf *out, enum mr_class cls, int64_t by)
{
    uint64_t size = by < 0 ? -(uint64_t)by : (uint64_t)by;
    if (is_time(cls))
        add_micros(out, size);
    else
        mr_strbuf_add_grouped(out, size);
}

/* ---- how a column differs ---- */

/* The two offsets that most rows have; a second only where the first is not nearly all: two of
 * them, an hour apart, are what daylight saving time makes. */
struct shift {
    size_t count; /* 0: no constant */
    struct mr_alike_offset at[2];
};

static struct shift shift_of(const struct mr_alike_column *column)
{
    struct shift shift = {0};
    for (size_t i = 0; i < MR_ALIKE_OFFSETS; i++) {
        const struct mr_alike_offset *o = &column->offsets[i];
        if (o->rows > shift.at[0].rows) {
            shift.at[1] = shift.at[0];
            shift.at[0] = *o;
        } else if (o->rows > shift.at[1].rows) {
            shift.at[1] = *o;
        }
    }
    if (is_nearly(shift.at[0].rows, column->rows))
        shift.count = 1;
    else if (is_nearly(shift.at[0].rows + shift.at[1].rows, column->rows) &&
             (shift.at[0].by < 0) == (shift.at[1].by < 0))
        shift.count = 2;
    return shift;
}

static bool is_between_zones(const struct shift *shift)
{
    for (size_t i = 0; i < shift->count; i++) {
        int64_t by = shift->at[i].by;
        if (by % ZONE_STEP != 0 || by > ZONES_APART || by < -ZONES_APART)
            return false;
    }
    return true;
}

static void add_shift(struct mr_strbuf *out, const struct shift *shift, enum mr_class cls,
                      uint64_t rows)
{
    bool is_down = shift->at[0].by < 0;
    uint64_t shifted = shift->at[0].rows + (shift->count > 1 ? shift->at[1].rows : 0);
    mr_strbuf_add_str(out, "by exactly ");
    for (size_t i = 0; i < shift->count; i++) {
        mr_strbuf_add_str(out, i > 0 ? " or " : "");
        mr_alike_add_offset(out, cls, shift->at[i].by);
    }
    if (shifted < rows) {
        mr_strbuf_add_str(out, " in ");
        add_percent(out, shifted, rows);
        mr_strbuf_add_str(out, " of them");
    }
    if (is_time(cls))
        mr_strbuf_add_fmt(out, " (%s in TARGET", is_down ? "earlier" : "later");
    else
        mr_strbuf_add_fmt(out, " (%s in TARGET", is_down ? "less" : "more");
    mr_strbuf_add_str(out, cls == MR_CLASS_DATETIME && is_between_zones(shift)
                               ? ", as between two time zones)"
                               : ")");
}

/* Appends nothing where the rows have no more in common than the column. */
static void add_way(struct mr_strbuf *out, const struct mr_alike_column *column,
                    const struct mr_find_column *spec)
{
    static const char *const ways[MR_ALIKE_WAYS] = {
        [MR_ALIKE_NULL_ON_TARGET] = "which is NULL in TARGET",
        [MR_ALIKE_NULL_ON_SOURCE] = "which is NULL in SOURCE",
        [MR_ALIKE_LETTER_CASE] = "in upper and lower case",
        [MR_ALIKE_BLANKS] = "in blanks at the end",
        [MR_ALIKE_TWICE] = "by a wrong character set (TARGET's text is SOURCE's UTF-8, taken "
                           "for latin1 and encoded once more)",
        [MR_ALIKE_TWICE_BACK] = "by a wrong character set (SOURCE's text is TARGET's UTF-8, "
                                "taken for latin1 and encoded once more)",
        [MR_ALIKE_MARKS] = "by a wrong character set (TARGET has ? for what is not ASCII)",
        [MR_ALIKE_MARKS_BACK] = "by a wrong character set (SOURCE has ? for what is not ASCII)"};
    const struct shift shift = shift_of(column);
    if (shift.count > 0) {
        add_shift(out, &shift, spec->style.cls, column->rows);
        return;
    }
    for (size_t i = MR_ALIKE_OTHERWISE + 1; i < MR_ALIKE_WAYS; i++) {
        if (!is_nearly(column->ways[i], column->rows))
            continue;
        mr_strbuf_add_str(out, ways[i]);
        if (column->ways[i] < column->rows) {
            mr_strbuf_add_str(out, " in ");
            add_percent(out, column->ways[i], column->rows);
            mr_strbuf_add_str(out, " of them");
        }
        return;
    }
}

/* ---- which columns ---- */

static bool has_column(const struct mr_alike_set *set, size_t column)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->columns[i] == column)
            return true;
    return false;
}

static bool has_all(const struct mr_alike_set *set, const struct mr_alike_set *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (!has_column(set, of->columns[i]))
            return false;
    return true;
}

/* Of rows that differ in columns of the set, and in no other. */
static uint64_t rows_of(const struct mr_alike *p, const struct mr_alike_set *set)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < MR_ALIKE_SETS; i++)
        if (p->sets[i].count > 0 && has_all(set, &p->sets[i]))
            rows += p->sets[i].rows;
    return rows;
}

/* Adds the columns of another set; false, and nothing, where they are too many to be named. */
static bool widen(struct mr_alike_set *set, const struct mr_alike_set *by)
{
    struct mr_alike_set wider = *set;
    for (size_t i = 0; i < by->count; i++) {
        if (has_column(&wider, by->columns[i]))
            continue;
        if (wider.count == MR_ALIKE_COLUMNS)
            return false;
        wider.columns[wider.count++] = by->columns[i];
    }
    *set = wider;
    return true;
}

/* The fewest columns that explain nearly all rows: a column may be NULL in some, which then differ
 * in the others alone. */
static uint64_t choose(const struct mr_alike *p, uint64_t differing, struct mr_alike_set *set)
{
    bool taken[MR_ALIKE_SETS] = {false};
    *set = (struct mr_alike_set){0};
    for (size_t n = 0; n < MR_ALIKE_SETS && !is_nearly(rows_of(p, set), differing); n++) {
        size_t best = MR_ALIKE_SETS;
        for (size_t i = 0; i < MR_ALIKE_SETS; i++)
            if (!taken[i] && p->sets[i].count > 0 &&
                (best == MR_ALIKE_SETS || p->sets[i].rows > p->sets[best].rows))
                best = i;
        if (best == MR_ALIKE_SETS)
            break;
        taken[best] = true;
        (void)widen(set, &p->sets[best]);
    }
    return rows_of(p, set);
}

/* In the order of the table. */
static void sort_columns(struct mr_alike_set *set)
{
    for (size_t i = 1; i < set->count; i++)
        for (size_t k = i; k > 0 && set->columns[k] < set->columns[k - 1]; k--) {
            size_t other = set->columns[k];
            set->columns[k] = set->columns[k - 1];
            set->columns[k - 1] = other;
        }
}

static void add_name(struct mr_strbuf *out, size_t n, size_t count, const char *name)
{
    mr_strbuf_add_str(out, n == 0 ? "" : n + 1 == count ? " and " : ", ");
    mr_strbuf_add_fmt(out, "`%s`", name);
}

/* One way for all columns is told once, behind them: "in `a` and `b` only, by exactly 1:00 h". */
static void add_columns(const struct mr_alike *p, const struct mr_find_column *columns,
                        const struct mr_alike_set *set, struct mr_strbuf *out)
{
    struct mr_strbuf first = MR_STRBUF_INIT, way = MR_STRBUF_INIT;
    bool alike = true;
    add_way(&first, &p->columns[set->columns[0]], &columns[set->columns[0]]);
    for (size_t i = 1; i < set->count; i++) {
        mr_strbuf_reset(&way);
        add_way(&way, &p->columns[set->columns[i]], &columns[set->columns[i]]);
        alike = alike && first.len == way.len && memcmp(first.ptr, way.ptr, way.len) == 0;
    }
    for (size_t i = 0; i < set->count; i++)
        add_name(out, i, set->count, columns[set->columns[i]].name);
    mr_strbuf_add_str(out, " only");
    for (size_t i = 0; i < set->count && (i == 0 || !alike); i++) {
        mr_strbuf_reset(&way);
        add_way(&way, &p->columns[set->columns[i]], &columns[set->columns[i]]);
        if (way.len == 0)
            continue;
        if (alike)
            mr_strbuf_add_fmt(out, ", %s", way.ptr);
        else
            mr_strbuf_add_fmt(out, "; `%s` %s", columns[set->columns[i]].name, way.ptr);
    }
    out->failed = out->failed || first.failed || way.failed;
    mr_strbuf_release(&first);
    mr_strbuf_release(&way);
}

bool mr_alike_say(const struct mr_alike *p, const struct mr_find_column *columns,
                  const struct mr_alike_of *of, struct mr_strbuf *out)
{
    struct mr_alike_set set;
    if (of->differing < MR_ALIKE_LEAST || of->differing < of->rows / 2 + of->rows % 2)
        return false;
    uint64_t rows = choose(p, of->differing, &set);
    bool is_wide = set.count == 0 || !is_nearly(rows, of->differing);
    if (is_wide && !is_nearly(p->wide, of->differing))
        return false;
    mr_alike_add_share(out, is_wide ? p->wide : rows, of->rows, of->noun);
    mr_strbuf_add_str(out, " differ in ");
    sort_columns(&set);
    if (is_wide)
        mr_strbuf_add_fmt(out, "more than %d columns each: are these copies of one table?",
                          MR_ALIKE_COLUMNS);
    else
        add_columns(p, columns, &set, out);
    return true;
}

bool mr_alike_say_moved(const struct mr_alike *p, const struct mr_find_column *columns,
                        uint64_t moved, uint64_t rows, struct mr_strbuf *out)
{
    size_t key = p->ncolumns, parts = 0;
    for (size_t i = 0; i < p->ncolumns; i++) {
        parts += columns[i].key_at >= 0;
        key = columns[i].key_at == 0 ? i : key;
    }
    if (parts != 1 || !mr_class_is_integer(columns[key].style.cls) || p->rows < MR_ALIKE_LEAST)
        return false;
    const struct shift shift = shift_of(&p->columns[key]);
    if (shift.count != 1 || !is_nearly(shift.at[0].rows, p->rows))
        return false;
    mr_alike_add_share(out, moved, rows, "rows");
    mr_strbuf_add_fmt(out, " have another `%s` in TARGET, ", columns[key].name);
    if (p->rows < moved) {
        mr_strbuf_add_str(out, "the first ");
        mr_strbuf_add_grouped(out, p->rows);
        mr_strbuf_add_str(out, " of them ");
    }
    add_shift(out, &shift, columns[key].style.cls, p->columns[key].rows);
    mr_strbuf_add_str(out, ", as in a table that was shifted");
    return true;
}
