/* keyrange.c: conditions on keys; see keyrange.h. */
#include "core/source/keyrange.h"

#include <inttypes.h>
#include <string.h>

#include "core/db/sqltext.h"

#define YEAR_MAX 2155
#define RUN_KEYS 8 /* keys without a gap that are worth a range of their own */

/* A key taken apart. */
struct split_key {
    bool open;
    struct mr_value values[MR_KEY_PARTS_MAX];
};

/* What a condition is built from. */
struct builder {
    struct mr_strbuf *sql;
    const struct mr_key_part *parts;
    size_t nparts;
};

/* Is the part to be asked for by a list of numbers? */
static bool is_numbered(const struct mr_key_part *part)
{
    return part->numbers > 0 && part->numbers <= MR_KEY_NUMBERS_MAX;
}

/* False if the key does not hold one value for each part. */
static bool split(const struct builder *b, struct mr_key key, struct split_key *out)
{
    size_t pos = 0;
    out->open = key.ptr == NULL;
    if (out->open)
        return true;
    if (b->nparts == 0 || b->nparts > MR_KEY_PARTS_MAX)
        return false;
    for (size_t i = 0; i < b->nparts; i++) {
        struct mr_value *v = &out->values[i];
        if (mr_row_decode(key.ptr, key.len, &pos, v, NULL) != MR_OK)
            return false;
        /* Numbers of an ENUM or SET are small; their sums must not wrap. */
        if (is_numbered(&b->parts[i]) && (v->cls != MR_CLASS_INT || v->i < 0 || v->i == INT64_MAX))
            return false;
    }
    return pos == key.len;
}

static void add_column(struct builder *b, size_t part)
{
    mr_sql_ident(b->sql, b->parts[part].column);
}

/* `column` op value */
static void add_compare(struct builder *b, size_t part, const char *op,
                        const struct mr_value *value)
{
    add_column(b, part);
    mr_strbuf_add_fmt(b->sql, " %s ", op);
    mr_sql_value(b->sql, value, b->parts[part].charset);
}

/*
 * `column` IN (first, …, last).  Of nothing the list is a number that the type cannot
 * hold, not "1 = 0": then a condition "1 = 0 OR (e = 6 AND a > 7)" would fold to an
 * equality, and servers sort its rows instead of reading them in the index's order.
 */
static void add_numbers(struct builder *b, size_t part, uint64_t first, uint64_t last)
{
    uint64_t numbers = b->parts[part].numbers;
    if (last > numbers)
        last = numbers;
    if (first > last)
        first = last = numbers + 1;
    add_column(b, part);
    mr_strbuf_add_str(b->sql, " IN (");
    for (uint64_t n = first; n <= last; n++)
        mr_strbuf_add_fmt(b->sql, "%s%" PRIu64, n > first ? ", " : "", n);
    mr_strbuf_add_char(b->sql, ')');
}

/*
 * The part lies between lo and hi, either of which may be NULL; `strict` leaves lo out.
 */
static void add_between(struct builder *b, size_t part, const struct mr_value *lo, bool strict,
                        const struct mr_value *hi)
{
    if (is_numbered(&b->parts[part])) {
        add_numbers(b, part, lo == NULL ? 0 : lo->u + strict, hi == NULL ? UINT64_MAX : hi->u);
        return;
    }
    if (lo != NULL)
        add_compare(b, part, strict ? ">" : ">=", lo);
    if (lo != NULL && hi != NULL)
        mr_strbuf_add_str(b->sql, " AND ");
    if (hi != NULL)
        add_compare(b, part, "<=", hi);
}

/* The part lies on the inner side of one end: above lo, below hi. */
static void add_beyond(struct builder *b, size_t part, const struct mr_value *end, bool is_lo)
{
    if (!is_numbered(&b->parts[part]))
        add_compare(b, part, is_lo ? ">" : "<", end);
    else if (is_lo)
        add_numbers(b, part, end->u + 1, UINT64_MAX);
    else if (end->u > 0)
        add_numbers(b, part, 0, end->u - 1);
    else
        add_numbers(b, part, 1, 0);
}

/* (a > x OR (a = x AND (b > y OR (b = y AND c > z)))); the last part of an upper end is
 * included. */
static void add_end(struct builder *b, const struct mr_value *values, bool is_lo)
{
    size_t part = 0, opened = 0;
    for (; part + 1 < b->nparts; part++, opened++) {
        mr_strbuf_add_char(b->sql, '(');
        add_beyond(b, part, &values[part], is_lo);
        mr_strbuf_add_str(b->sql, " OR (");
        add_compare(b, part, "=", &values[part]);
        mr_strbuf_add_str(b->sql, " AND ");
    }
    if (is_lo)
        add_between(b, part, &values[part], true, NULL);
    else
        add_between(b, part, NULL, false, &values[part]);
    for (; opened > 0; opened--)
        mr_strbuf_add_str(b->sql, "))");
}

bool mr_keyrange_condition(struct mr_strbuf *sql, const struct mr_key_part *parts, size_t nparts,
                           struct mr_range range)
{
    struct builder b = {.sql = sql, .parts = parts, .nparts = nparts};
    struct split_key lo, hi;
    if (range.lo.ptr == NULL && range.hi.ptr == NULL)
        return false;
    if (!split(&b, range.lo, &lo) || !split(&b, range.hi, &hi)) {
        sql->failed = true;
        return true;
    }
    /* In front of a composite key's numbers a list of one would be an equality, too. */
    bool front = nparts == 1 || !is_numbered(&parts[0]);
    mr_strbuf_add_char(sql, '(');
    if (front)
        add_between(&b, 0, lo.open ? NULL : &lo.values[0], nparts == 1,
                    hi.open ? NULL : &hi.values[0]);
    if (nparts > 1 && !lo.open) {
        mr_strbuf_add_str(sql, front ? " AND " : "");
        add_end(&b, lo.values, true);
    }
    if (nparts > 1 && !hi.open) {
        mr_strbuf_add_str(sql, front || !lo.open ? " AND " : "");
        add_end(&b, hi.values, false);
    }
    mr_strbuf_add_char(sql, ')');
    return true;
}

/* One key: (a = 1 AND b = 2); of a list of one part: its value. */
static void add_key(struct builder *b, struct mr_key key)
{
    struct split_key values;
    if (!split(b, key, &values) || values.open) {
        b->sql->failed = true;
        return;
    }
    if (b->nparts == 1) {
        mr_sql_value(b->sql, &values.values[0], b->parts[0].charset);
        return;
    }
    for (size_t part = 0; part < b->nparts; part++) {
        mr_strbuf_add_str(b->sql, part == 0 ? "(" : " AND ");
        add_compare(b, part, "=", &values.values[part]);
    }
    mr_strbuf_add_char(b->sql, ')');
}

/* The number that a key of one integer part is; false for an ENUM or SET by its number,
 * which BETWEEN takes for text, and for what may be a YEAR, whose small numbers mean
 * others. */
static bool get_number(const struct builder *b, struct mr_key key, uint64_t *number)
{
    struct split_key values;
    const struct mr_value *v = &values.values[0];
    if (b->parts[0].numbers > 0 || !split(b, key, &values) || values.open ||
        (v->cls != MR_CLASS_INT && v->cls != MR_CLASS_UINT) ||
        (v->cls == MR_CLASS_INT && v->i < 0) || v->u <= YEAR_MAX)
        return false;
    *number = v->u;
    return true;
}

/* How many keys from here on follow each other without a gap; at least 1. */
static size_t run_length(const struct builder *b, const struct mr_key *keys, size_t nkeys)
{
    uint64_t first = 0, number = 0;
    size_t len = 1;
    if (!get_number(b, keys[0], &first))
        return 1;
    while (len < nkeys && get_number(b, keys[len], &number) && number == first + len)
        len++;
    return len;
}

/* Appends the runs among the keys as ranges, and counts the keys that are in none. */
static size_t add_runs(struct builder *b, const struct mr_key *keys, size_t nkeys)
{
    size_t alone = 0;
    const char *before = "";
    for (size_t i = 0, len; i < nkeys; i += len) {
        uint64_t first = 0;
        len = run_length(b, &keys[i], nkeys - i);
        if (len < RUN_KEYS) {
            alone += len;
            continue;
        }
        (void)get_number(b, keys[i], &first);
        mr_strbuf_add_str(b->sql, before);
        add_column(b, 0);
        mr_strbuf_add_fmt(b->sql, " BETWEEN %" PRIu64 " AND %" PRIu64, first, first + (len - 1));
        before = " OR ";
    }
    return alone;
}

/* Keys of one part: ranges where they follow each other (measured: half of the server's
 * time, because parsing and sorting a list costs as much as reading its rows), the others
 * in a list. */
static void add_list(struct builder *b, const struct mr_key *keys, size_t nkeys)
{
    size_t alone = add_runs(b, keys, nkeys);
    const char *before = "";
    if (alone == 0)
        return;
    if (alone < nkeys)
        mr_strbuf_add_str(b->sql, " OR ");
    add_column(b, 0);
    mr_strbuf_add_str(b->sql, " IN (");
    for (size_t i = 0, len; i < nkeys; i += len) {
        len = run_length(b, &keys[i], nkeys - i);
        for (size_t k = 0; len < RUN_KEYS && k < len; k++, before = ", ") {
            mr_strbuf_add_str(b->sql, before);
            add_key(b, keys[i + k]);
        }
    }
    mr_strbuf_add_char(b->sql, ')');
}

void mr_keyrange_keys_condition(struct mr_strbuf *sql, const struct mr_key_part *parts,
                                size_t nparts, const struct mr_key *keys, size_t nkeys)
{
    struct builder b = {.sql = sql, .parts = parts, .nparts = nparts};
    if (nparts == 0 || nkeys == 0) {
        sql->failed = true;
        return;
    }
    mr_strbuf_add_char(sql, '(');
    if (nparts == 1)
        add_list(&b, keys, nkeys);
    for (size_t i = 0; nparts > 1 && i < nkeys; i++) {
        mr_strbuf_add_str(sql, i > 0 ? " OR " : "");
        add_key(&b, keys[i]);
    }
    mr_strbuf_add_char(sql, ')');
}

int mr_key_compare(struct mr_key a, struct mr_key b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    if (a.ptr == NULL || b.ptr == NULL)
        return (a.ptr != NULL) - (b.ptr != NULL);
    int order = memcmp(a.ptr, b.ptr, common);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}
