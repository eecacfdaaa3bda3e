/*
 * source_bounds.c: keys that cut a live table into segments; see mr_reader_bounds().
 *
 * Bisection of the occupied key space.  The table (or a range of it) is one piece, from its first
 * key to its last.  Again and again the piece with the greatest share is cut: a value halfway
 * between its ends (in the first part of the key in which they differ) is made up, and
 * the index is asked for the last key at or below it and for the first key above it.
 * These end the two new pieces, which divide the share by their widths.  The empty
 * space between them belongs to neither, so one far outlier costs one cut, and few
 * values in the leading part lead on to the next part.
 *
 * Invariant: pieces are disjoint, in the server's order, and hold every row.  It rests
 * on what the server answers alone: the made-up value is a guess, as is the share (rows
 * are taken to be spread evenly between two keys that exist), and a bad guess only
 * makes the segments uneven.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/source/source_live.h"
#include "core/source/source_sql.h"

/* Two reads a cut, two for the ends of the table, one to sort. */
#define CUTS_MAX ((MR_LIVE_PROBES_MAX - 3) / 2)
/* And no further one after so long: of 1,000 partitions each read looks into all of them. */
#define PROBES_MAX_S 1.0

struct piece {
    struct mr_key first, last;
    long double share; /* of the table's rows, as far as one can tell; sums up to 1 */
    bool whole;        /* cannot be cut */
};

struct cutter {
    struct mr_reader *reader;
    const struct mr_readspec *spec;
    struct mr_arena *arena;
    struct mr_vec pieces;
    struct mr_err *err;
};

/* ---- values as positions on a line ---- */

/* The part of the key in which a piece is cut. */
struct axis {
    enum mr_class cls;  /* as decoded */
    size_t skip;        /* bytes that both ends share (TEXT, BINARY) */
    size_t unit;        /* bytes of a character (TEXT) */
    bool little_endian; /* of such a character */
    bool upper;         /* letters are made up in upper case */
};

#define DIGITS_OF_TEXT 6 /* characters, base 36 */
#define BYTES_OF_BINARY 8
#define MICROS_A_SECOND 1000000

static size_t shared_bytes(const struct mr_value *a, const struct mr_value *b)
{
    const unsigned char *x = a->ptr;
    const unsigned char *y = b->ptr;
    size_t n = 0;
    while (n < a->len && n < b->len && x[n] == y[n])
        n++;
    return n;
}

/* The ASCII character at byte `at`, or -1. */
static int ascii_at(const struct axis *axis, const struct mr_value *value, size_t at)
{
    const unsigned char *bytes = value->ptr;
    size_t low = axis->little_endian ? 0 : axis->unit - 1;
    if (at + axis->unit > value->len)
        return -1;
    for (size_t i = 0; i < axis->unit; i++)
        if (i != low && bytes[at + i] != 0)
            return -1;
    return bytes[at + low] < 0x80 ? bytes[at + low] : -1;
}

/* 0-9 and a-z in either case are 0 to 35; what is neither lies at the nearest of them.
 */
static int text_digit(int c)
{
    if (c < 'A')
        return c <= '9' ? (c < '0' ? 0 : c - '0') : 10;
    if (c <= 'Z')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 35;
}

static void set_text_axis(struct axis *axis, const char *charset, const struct mr_value *first,
                          const struct mr_value *last)
{
    size_t shared = shared_bytes(first, last);
    const char *name = charset != NULL ? charset : "";
    axis->little_endian = strcmp(name, "utf16le") == 0;
    axis->unit = strcmp(name, "utf32") == 0                                    ? 4
                 : strncmp(name, "utf16", 5) == 0 || strcmp(name, "ucs2") == 0 ? 2
                                                                               : 1;
    /* Whole ASCII characters only: a byte of a wider one must not be cut off. */
    while (axis->skip + axis->unit <= shared && ascii_at(axis, first, axis->skip) >= 0)
        axis->skip += axis->unit;
    int c = ascii_at(axis, last, axis->skip);
    axis->upper = c >= 'A' && c <= 'Z';
}

/* False for a class that cannot be cut. */
static bool set_axis(struct axis *axis, const char *charset, const struct mr_value *first,
                     const struct mr_value *last)
{
    *axis = (struct axis){.cls = first->cls};
    switch (first->cls) {
    case MR_CLASS_TEXT: set_text_axis(axis, charset, first, last); return true;
    case MR_CLASS_BINARY: axis->skip = shared_bytes(first, last); return true;
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
    case MR_CLASS_DOUBLE:
    case MR_CLASS_DECIMAL:
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return true;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_FLOAT:
    case MR_CLASS_ENUM:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON: break;
    }
    return false;
}

static long double decimal_position(const struct mr_value *value)
{
    char text[128];
    (void)snprintf(text, sizeof text, "%.*s", (int)(value->len < 100 ? value->len : 100),
                   (const char *)value->ptr);
    return strtold(text, NULL);
}

/* Days, or microseconds, on a calendar of 13 months (0 to 12) of 32 days (0 to 31): zero dates included. */
static long double time_position(const struct mr_time *t, enum mr_class cls)
{
    long double days = (long double)((t->year * 13 + t->month) * 32 + t->day);
    long double micros =
        (long double)((t->hour * 60 + t->minute) * 60 + t->second) * MICROS_A_SECOND +
        (long double)t->micros;
    if (cls == MR_CLASS_DATE)
        return days;
    if (cls == MR_CLASS_TIME)
        return t->negative ? -micros : micros;
    return days * 86400 * MICROS_A_SECOND + micros;
}

static long double position_of(const struct axis *axis, const struct mr_value *value)
{
    long double at = 0;
    switch (value->cls) {
    case MR_CLASS_INT: return (long double)value->i;
    case MR_CLASS_UINT: return (long double)value->u;
    case MR_CLASS_DOUBLE: return (long double)value->d;
    case MR_CLASS_DECIMAL: return decimal_position(value);
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: return time_position(&value->t, value->cls);
    case MR_CLASS_TEXT:
        for (size_t i = 0; i < DIGITS_OF_TEXT; i++) {
            int c = ascii_at(axis, value, axis->skip + i * axis->unit);
            bool over = c < 0 && axis->skip + i * axis->unit < value->len;
            at = at * 36 + (over ? 35 : c < 0 ? 0 : text_digit(c));
        }
        return at;
    case MR_CLASS_BINARY:
        for (size_t i = axis->skip; i < axis->skip + BYTES_OF_BINARY; i++)
            at = at * 256 + (i < value->len ? ((const unsigned char *)value->ptr)[i] : 0);
        return at;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_FLOAT:
    case MR_CLASS_ENUM:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON: break;
    }
    return 0;
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* The inverse of time_position.  A day that its month has not is the last moment of that month: a guess
 * never lies before the value from which it was made up. */
static struct mr_time time_at(long double at, enum mr_class cls)
{
    uint64_t whole = (uint64_t)fabsl(at);
    uint64_t seconds = cls == MR_CLASS_DATE ? 0 : whole / MICROS_A_SECOND;
    uint64_t days = cls == MR_CLASS_DATE ? whole : seconds / 86400;
    struct mr_time t = {.hour = (uint32_t)(seconds / 3600),
                        .minute = (uint32_t)(seconds / 60 % 60),
                        .second = (uint32_t)(seconds % 60),
                        .micros = cls == MR_CLASS_DATE ? 0 : (uint32_t)(whole % MICROS_A_SECOND)};
    if (cls == MR_CLASS_TIME) {
        t.negative = at < 0;
        return t;
    }
    t.hour = (uint32_t)(seconds / 3600 % 24);
    t.day = (uint32_t)(days % 32);
    t.month = (uint32_t)(days / 32 % 13);
    t.year = (uint32_t)(days / 32 / 13);
    if (t.month == 0)
        t.month = t.day = 1;
    if (t.day == 0)
        t.day = 1;
    if (t.day > days_of_month(t.year, t.month)) {
        t.day = days_of_month(t.year, t.month);
        if (cls == MR_CLASS_DATETIME) {
            t.hour = 23;
            t.minute = t.second = 59;
            t.micros = MICROS_A_SECOND - 1;
        }
    }
    return t;
}

/* Bytes behind the shared ones, to `text`. */
static void add_text_at(struct mr_strbuf *text, const struct axis *axis, long double at)
{
    uint64_t rest = (uint64_t)at;
    char digits[DIGITS_OF_TEXT];
    for (size_t i = DIGITS_OF_TEXT; i-- > 0; rest /= 36) {
        int digit = (int)(rest % 36);
        digits[i] = (char)(digit < 10 ? '0' + digit : (axis->upper ? 'A' : 'a') + digit - 10);
    }
    for (size_t i = 0; i < DIGITS_OF_TEXT; i++)
        for (size_t b = 0; b < axis->unit; b++) {
            bool low = b == (axis->little_endian ? 0 : axis->unit - 1);
            mr_strbuf_add_char(text, low ? digits[i] : '\0');
        }
}

static void add_binary_at(struct mr_strbuf *bytes, long double at)
{
    uint64_t rest = (uint64_t)at;
    for (int shift = 56; shift >= 0; shift -= 8)
        mr_strbuf_add_char(bytes, (char)(unsigned char)(rest >> shift & 0xff));
}

/* Makes up the value at a position; text and bytes are held by `hold`. */
static struct mr_value value_at(const struct axis *axis, const struct mr_value *first,
                                long double at, long double span, struct mr_strbuf *hold)
{
    struct mr_value value = {.cls = axis->cls};
    mr_strbuf_reset(hold);
    switch (axis->cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT:
        value.cls = at > (long double)INT64_MAX ? MR_CLASS_UINT : MR_CLASS_INT;
        if (value.cls == MR_CLASS_INT)
            value.i = (int64_t)at;
        else
            value.u = (uint64_t)at;
        return value;
    case MR_CLASS_DOUBLE: value.d = (double)at; return value;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: value.t = time_at(at, axis->cls); return value;
    case MR_CLASS_DECIMAL: mr_strbuf_add_fmt(hold, "%.*Lf", span < 1e6L ? 20 : 0, at); break;
    case MR_CLASS_TEXT:
        mr_strbuf_add(hold, first->ptr, axis->skip);
        add_text_at(hold, axis, at);
        break;
    case MR_CLASS_BINARY:
        mr_strbuf_add(hold, first->ptr, axis->skip);
        add_binary_at(hold, at);
        break;
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL:
    case MR_CLASS_FLOAT:
    case MR_CLASS_ENUM:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON: break;
    }
    value.ptr = hold->ptr;
    value.len = hold->len;
    return value;
}

/* Positions of this kind are whole numbers. */
static bool is_whole(const struct axis *axis)
{
    return axis->cls != MR_CLASS_DOUBLE && axis->cls != MR_CLASS_DECIMAL;
}

/* ---- reading keys ---- */

struct collector {
    struct cutter *cutter;
    struct mr_vec *keys;
};

static enum mr_code collect_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct collector *to = ctx;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < to->cutter->spec->nkey; i++)
        MR_TRY_OUT(mr_row_encode(&bytes, &values[i], err));
    MR_TRY_OUT(mr_strbuf_check(&bytes, "reading a key", err));
    void *copy = mr_arena_dup(to->cutter->arena, bytes.ptr, bytes.len);
    struct mr_key *key = copy != NULL ? mr_vec_push(to->keys) : NULL;
    if (key == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading a key"));
    *key = (struct mr_key){copy, bytes.len};
out:
    mr_strbuf_release(&bytes);
    return code;
}

/* The first or last key of a range over nparts parts; ptr NULL if there is none. */
static enum mr_code read_edge(struct cutter *c, size_t nparts, struct mr_range range, bool last,
                              struct mr_key *key)
{
    struct mr_vec found = MR_VEC_INIT(struct mr_key);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct collector to = {c, &found};
    mr_source_sql_edge(&sql, c->spec, nparts, range, last);
    enum mr_code code = mr_live_read_keys(c->reader, c->spec, &sql, collect_key, &to, c->err);
    *key = (struct mr_key){NULL, 0};
    if (code == MR_OK && found.count > 0)
        *key = *(struct mr_key *)mr_vec_at(&found, 0);
    mr_strbuf_release(&sql);
    mr_vec_release(&found);
    return code;
}

/* ---- cutting ---- */

/* Where a piece can be cut. */
struct cut {
    struct axis axis;
    size_t part;    /* the first in which its ends differ */
    size_t at_byte; /* where that begins in the first key */
    struct mr_value first, last;
};

static enum mr_code decode_at(struct mr_key key, size_t part, size_t *at, struct mr_value *value,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    size_t pos = 0;
    for (size_t i = 0; i < part && code == MR_OK; i++)
        code = mr_row_skip(key.ptr, key.len, &pos, err);
    *at = pos;
    return code == MR_OK ? mr_row_decode(key.ptr, key.len, &pos, value, err) : code;
}

/* False if the two ends are one key, or of a class that cannot be cut. */
static enum mr_code find_cut(const struct cutter *c, const struct piece *piece, struct cut *cut,
                             bool *can)
{
    size_t shared = 0;
    size_t pos = 0;
    *can = false;
    *cut = (struct cut){.part = 0};
    if (mr_key_compare(piece->first, piece->last) == 0)
        return MR_OK;
    const unsigned char *x = piece->first.ptr;
    const unsigned char *y = piece->last.ptr;
    while (shared < piece->first.len && shared < piece->last.len && x[shared] == y[shared])
        shared++;
    for (;; cut->part++) {
        enum mr_code code = mr_row_skip(piece->first.ptr, piece->first.len, &pos, c->err);
        if (code != MR_OK)
            return code;
        if (pos > shared)
            break;
    }
    size_t ignored;
    enum mr_code code = decode_at(piece->first, cut->part, &cut->at_byte, &cut->first, c->err);
    if (code == MR_OK)
        code = decode_at(piece->last, cut->part, &ignored, &cut->last, c->err);
    if (code == MR_OK)
        *can = set_axis(&cut->axis, c->spec->cols[c->spec->key[cut->part]].charset, &cut->first,
                        &cut->last);
    return code;
}

/*
 * Zero dates lie far before all others.  The first guess above them is a moment that a
 * TIMESTAMP can hold, too: compared with one that it cannot hold, MariaDB reads the
 * whole index, and MySQL refuses.
 */
static bool is_above_zero_dates(const struct cut *cut, long double *mid)
{
    static const struct mr_time early = {.year = 1970, .month = 1, .day = 2};
    if (cut->axis.cls != MR_CLASS_DATETIME || cut->first.t.year > 0 ||
        cut->last.t.year <= early.year)
        return false;
    *mid = time_position(&early, MR_CLASS_DATETIME);
    return true;
}

/* The made-up key: the parts before the cut as they are, then the value halfway.  Empty
 * if nothing lies between. */
static enum mr_code halfway(const struct cutter *c, const struct piece *piece,
                            const struct cut *cut, struct mr_strbuf *key)
{
    struct mr_strbuf hold = MR_STRBUF_INIT;
    long double lo = position_of(&cut->axis, &cut->first);
    long double hi = position_of(&cut->axis, &cut->last);
    long double mid = lo + (hi - lo) / 2;
    enum mr_code code = MR_OK;
    if (!is_above_zero_dates(cut, &mid) && is_whole(&cut->axis))
        mid = floorl(mid);
    if (mid >= lo && mid < hi) {
        struct mr_value value = value_at(&cut->axis, &cut->first, mid, hi - lo, &hold);
        mr_strbuf_add(key, piece->first.ptr, cut->at_byte);
        MR_TRY_OUT(mr_strbuf_check(&hold, "cutting a table", c->err));
        MR_TRY_OUT(mr_row_encode(key, &value, c->err));
        MR_TRY_OUT(mr_strbuf_check(key, "cutting a table", c->err));
    }
out:
    mr_strbuf_release(&hold);
    return code;
}

/* How much of the piece's share is left of the cut, by widths. */
static enum mr_code left_share(const struct cutter *c, const struct cut *cut, struct mr_key below,
                               struct mr_key above, long double *part)
{
    struct mr_value below_value = {.cls = MR_CLASS_NULL};
    struct mr_value above_value = {.cls = MR_CLASS_NULL};
    size_t ignored;
    MR_TRY(decode_at(below, cut->part, &ignored, &below_value, c->err));
    MR_TRY(decode_at(above, cut->part, &ignored, &above_value, c->err));
    long double lo = position_of(&cut->axis, &cut->first);
    long double hi = position_of(&cut->axis, &cut->last);
    long double one = is_whole(&cut->axis) ? 1 : (hi - lo) * 1e-6L;
    long double left = fmaxl(position_of(&cut->axis, &below_value) - lo, 0) + one;
    long double right = fmaxl(hi - position_of(&cut->axis, &above_value), 0) + one;
    *part = left / (left + right);
    return MR_OK;
}

/* Puts a piece (first, below) in front of piece `at`, which begins at above from now.
 */
static enum mr_code divide(struct cutter *c, size_t at, const struct piece *left,
                           const struct piece *right)
{
    if (mr_vec_push(&c->pieces) == NULL)
        return mr_err_nomem(c->err, "cutting a table");
    struct piece *items = c->pieces.items;
    memmove(&items[at + 1], &items[at], (c->pieces.count - 1 - at) * sizeof *items);
    items[at] = *left;
    items[at + 1] = *right;
    return MR_OK;
}

/* Reads the keys on either side of `key`.  A server that refuses to compare the made-up
 * value has none there. */
static enum mr_code read_sides(const struct cutter *c, size_t nparts, struct mr_key key,
                               struct mr_key *below, struct mr_key *above)
{
    struct mr_err refusal = {.code = MR_OK};
    struct cutter probe = *c;
    const struct mr_range up_to = {.lo = {NULL, 0}, .hi = key};
    const struct mr_range beyond = {.lo = key, .hi = {NULL, 0}};
    probe.err = &refusal;
    *above = (struct mr_key){NULL, 0};
    enum mr_code code = read_edge(&probe, nparts, up_to, true, below);
    if (code == MR_OK && below->ptr != NULL)
        code = read_edge(&probe, nparts, beyond, false, above);
    if (code == MR_E_SQL) {
        *below = (struct mr_key){NULL, 0};
        return MR_OK;
    }
    if (code != MR_OK && c->err != NULL)
        *c->err = refusal;
    return code;
}

/* Cuts one piece, or marks it as whole. */
static enum mr_code cut_piece(struct cutter *c, size_t at)
{
    struct piece *piece = mr_vec_at(&c->pieces, at);
    struct piece left = *piece;
    struct piece right = *piece;
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct cut cut;
    struct mr_key below, above;
    bool can = false;
    long double part = 0;

    piece->whole = true; /* unless it is divided below */
    enum mr_code code = find_cut(c, piece, &cut, &can);
    if (code == MR_OK && can)
        code = halfway(c, piece, &cut, &key);
    if (code != MR_OK || key.len == 0)
        goto out;
    code = read_sides(c, cut.part + 1, (struct mr_key){key.ptr, key.len}, &below, &above);
    if (code != MR_OK || below.ptr == NULL || above.ptr == NULL)
        goto out;
    /* The guess lies outside the piece, by the server's order. */
    if (mr_key_compare(below, piece->last) == 0 || mr_key_compare(above, piece->first) == 0)
        goto out;
    code = left_share(c, &cut, below, above, &part);
    if (code != MR_OK)
        goto out;
    left.last = below;
    left.share *= part;
    right.first = above;
    right.share -= left.share;
    code = divide(c, at, &left, &right);
out:
    mr_strbuf_release(&key);
    return code;
}

/* The piece to be cut next, or SIZE_MAX: all are small enough, or whole. */
static size_t greatest(const struct cutter *c, size_t wanted)
{
    const struct piece *pieces = c->pieces.items;
    long double enough = 0.5L / (long double)(wanted + 1);
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < c->pieces.count; i++)
        if (!pieces[i].whole && pieces[i].share > enough &&
            (best == SIZE_MAX || pieces[i].share > pieces[best].share))
            best = i;
    return best;
}

/* Of the ends of the pieces those that come nearest to equal shares. */
static enum mr_code pick(struct cutter *c, size_t wanted, struct mr_vec *picked)
{
    const struct piece *pieces = c->pieces.items;
    long double sum = 0;
    size_t done = 0;
    for (size_t i = 0; i + 1 < c->pieces.count && done < wanted; i++) {
        sum += pieces[i].share;
        size_t reached = (size_t)(sum * (long double)(wanted + 1) + 0.25L);
        if (reached <= done)
            continue;
        struct mr_key *key = mr_vec_push(picked);
        if (key == NULL)
            return mr_err_nomem(c->err, "cutting a table");
        *key = pieces[i].last;
        done = reached;
    }
    return MR_OK;
}

/* Rows may have come and gone meanwhile, and a guess may have lain before its piece, even before the
 * range: one statement puts the keys in order, as of one moment, without those that are not within the
 * range, and no key is reported twice. */
static enum mr_code sort_keys(struct cutter *c, struct mr_range range, const struct mr_vec *picked,
                              struct mr_vec *keys)
{
    struct mr_vec sorted = MR_VEC_INIT(struct mr_key);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct collector to = {c, &sorted};
    mr_source_sql_sorted(&sql, c->spec, range, picked->items, picked->count);
    enum mr_code code = mr_live_read_keys(c->reader, c->spec, &sql, collect_key, &to, c->err);
    const struct mr_key *items = sorted.items;
    for (size_t i = 0; i < sorted.count && code == MR_OK; i++) {
        if ((i > 0 && mr_key_compare(items[i - 1], items[i]) == 0) ||
            mr_key_compare(items[i], range.hi) == 0)
            continue;
        struct mr_key *key = mr_vec_push(keys);
        if (key == NULL)
            code = mr_err_nomem(c->err, "cutting a table");
        else
            *key = items[i];
    }
    mr_strbuf_release(&sql);
    mr_vec_release(&sorted);
    return code;
}

enum mr_code mr_live_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                            struct mr_range range, size_t wanted, struct mr_arena *arena,
                            struct mr_vec *keys, struct mr_err *err)
{
    struct cutter c = {.reader = reader,
                       .spec = spec,
                       .arena = arena,
                       .pieces = MR_VEC_INIT(struct piece),
                       .err = err};
    struct mr_vec picked = MR_VEC_INIT(struct mr_key);
    const double until_s = mr_clock_now_s() + PROBES_MAX_S;
    struct piece table = {.share = 1};
    enum mr_code code = read_edge(&c, spec->nkey, range, false, &table.first);
    if (code == MR_OK && table.first.ptr != NULL)
        code = read_edge(&c, spec->nkey, range, true, &table.last);
    if (code != MR_OK || table.last.ptr == NULL)
        goto out;
    struct piece *only = mr_vec_push(&c.pieces);
    if (only == NULL) {
        code = mr_err_nomem(err, "cutting a table");
        goto out;
    }
    *only = table;
    for (size_t cuts = 0; cuts < CUTS_MAX && code == MR_OK && mr_clock_now_s() < until_s; cuts++) {
        size_t at = greatest(&c, wanted);
        if (at == SIZE_MAX)
            break;
        code = cut_piece(&c, at);
    }
    if (code == MR_OK)
        code = pick(&c, wanted, &picked);
    if (code == MR_OK && picked.count > 0)
        code = sort_keys(&c, range, &picked, keys);
out:
    mr_vec_release(&picked);
    mr_vec_release(&c.pieces);
    return code;
}
