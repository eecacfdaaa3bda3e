/* source_sql.c: SELECT statements for reading a live server; see source_sql.h. */
#include "core/source/source_sql.h"

#include <inttypes.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/row/row_class.h"

#define YEAR_MAX 2155

static void add_around(struct mr_strbuf *sql, const char *before, const char *column,
                       const char *after)
{
    mr_strbuf_add_str(sql, before);
    mr_sql_ident(sql, column);
    mr_strbuf_add_str(sql, after);
}

/* Charsets of whole words, in which bytes of two characters may look like '?'. */
static bool has_words(const char *charset)
{
    return strncmp(charset, "ucs2", 4) == 0 || strncmp(charset, "utf16", 5) == 0 ||
           strncmp(charset, "utf32", 5) == 0;
}

/* Servers write '?' for bytes that are no character.  One that is still there where those of
 * the text itself were taken out was none of them.  A plain round trip will not do: some
 * charsets have two encodings of one character. */
static void add_lost(struct mr_strbuf *sql, const struct mr_readcol *col)
{
    add_around(sql, "IF(LOCATE(_binary'?', CAST(CONVERT(", col->name,
               " USING utf8mb4) AS BINARY)) > 0 AND ");
    if (has_words(col->charset)) {
        add_around(sql, "CAST(CONVERT(CONVERT(", col->name, " USING utf8mb4) USING ");
        mr_strbuf_add_str(sql, col->charset);
        add_around(sql, ") AS BINARY) <> CAST(", col->name, " AS BINARY)");
    } else {
        add_around(sql, "LOCATE(_binary'?', CAST(CONVERT(REPLACE(", col->name,
                   ", '?', '') USING utf8mb4) AS BINARY)) > 0");
    }
    mr_strbuf_add_fmt(sql, ", %" PRIu64 ", 0)", col->numbers);
}

/* What stands in the select list for a column. */
static void add_expr(struct mr_strbuf *sql, const struct mr_readcol *col)
{
    switch (col->expr) {
    case MR_EXPR_COLUMN: mr_sql_ident(sql, col->name); return;
    case MR_EXPR_NUMBER:
        /* Not column+0, which is a double on MySQL and signed on MariaDB: a SET of 64
         * members would lose bits. */
        add_around(sql, "CAST(", col->name, " AS UNSIGNED)");
        return;
    case MR_EXPR_INDEX_ZERO: add_around(sql, "((", col->name, " + 0) = 0)"); return;
    case MR_EXPR_UTF8: add_around(sql, "CONVERT(", col->name, " USING utf8mb4)"); return;
    case MR_EXPR_TEXT:
        add_around(sql, "CONVERT(CAST(", col->name, " AS CHAR) USING utf8mb4)");
        return;
    case MR_EXPR_LOST: add_lost(sql, col); return;
    case MR_EXPR_BINARY: add_around(sql, "CAST(", col->name, " AS BINARY)"); return;
    case MR_EXPR_CONDITION:
        /* The line break ends a comment that it may end in. */
        mr_strbuf_add_fmt(sql, "((%s\n) IS TRUE)", col->name);
        return;
    }
    sql->failed = true; /* no such expression */
}

static void add_columns(struct mr_strbuf *sql, const struct mr_readspec *spec)
{
    for (size_t i = 0; i < spec->ncols; i++) {
        mr_strbuf_add_str(sql, i == 0 ? "SELECT " : ", ");
        add_expr(sql, &spec->cols[i]);
    }
}

static void add_key_columns(struct mr_strbuf *sql, const struct mr_readspec *spec)
{
    for (size_t i = 0; i < spec->nkey; i++) {
        mr_strbuf_add_str(sql, i == 0 ? "SELECT " : ", ");
        add_expr(sql, &spec->cols[spec->key[i]]);
    }
}

static void add_from(struct mr_strbuf *sql, const struct mr_readspec *spec)
{
    mr_strbuf_add_str(sql, " FROM ");
    mr_sql_table(sql, spec->db, spec->table);
    if (spec->index != NULL)
        add_around(sql, " FORCE INDEX (", spec->index, ")");
}

/* The parts of the key as keyrange wants them; their number, 0 (and failed) if there
 * are more than any server allows. */
static size_t key_parts(struct mr_strbuf *sql, const struct mr_readspec *spec,
                        struct mr_key_part *parts)
{
    if (spec->nkey > MR_KEY_PARTS_MAX) {
        sql->failed = true;
        return 0;
    }
    for (size_t i = 0; i < spec->nkey; i++) {
        const struct mr_readcol *col = &spec->cols[spec->key[i]];
        parts[i] = (struct mr_key_part){
            .column = col->name, .cls = col->cls, .charset = col->charset, .numbers = col->numbers};
    }
    return spec->nkey;
}

/* The user's condition.  The line break ends a comment that it may end in. */
static void add_user_where(struct mr_strbuf *sql, const struct mr_readspec *spec,
                           const char *before)
{
    if (spec->where == NULL)
        return;
    mr_strbuf_add_str(sql, before);
    mr_strbuf_add_char(sql, '(');
    mr_strbuf_add_str(sql, spec->where);
    mr_strbuf_add_str(sql, "\n)");
}

/* The integer that a key of one part is; false if it is none. */
static bool get_integer(struct mr_key key, struct mr_value *value)
{
    size_t pos = 0;
    return key.ptr != NULL && mr_row_decode(key.ptr, key.len, &pos, value, NULL) == MR_OK &&
           pos == key.len && mr_class_is_integer(value->cls);
}

/*
 * `id` BETWEEN lo + 1 AND hi, where that is the same as a range: one comparison a row less
 * (measured: 5 % of the server's time).  Not for an ENUM or SET by its number, which
 * BETWEEN takes for text; nor up to the greatest YEAR, because lo + 1 may be no year, or
 * mean another one.
 */
static bool add_between(struct mr_strbuf *sql, const struct mr_readspec *spec,
                        struct mr_range range)
{
    const struct mr_readcol *col = &spec->cols[spec->key[0]];
    struct mr_value lo, hi;
    if (spec->nkey != 1 || col->expr != MR_EXPR_COLUMN ||
        (col->cls != MR_CLASS_INT && col->cls != MR_CLASS_UINT) || !get_integer(range.lo, &lo) ||
        !get_integer(range.hi, &hi) || (lo.cls == MR_CLASS_INT && lo.i < YEAR_MAX) ||
        mr_key_compare(range.lo, range.hi) >= 0)
        return false;
    add_around(sql, " WHERE (", col->name, "");
    mr_strbuf_add_fmt(sql, " BETWEEN %" PRIu64 " AND %" PRIu64 ")", lo.u + 1, hi.u);
    return true;
}

/* WHERE for the first nparts parts of the key; false if there is nothing to ask. */
static bool add_range(struct mr_strbuf *sql, const struct mr_readspec *spec, size_t nparts,
                      struct mr_range range)
{
    struct mr_key_part parts[MR_KEY_PARTS_MAX];
    if (range.lo.ptr == NULL && range.hi.ptr == NULL)
        return false;
    if (add_between(sql, spec, range))
        return true;
    size_t known = key_parts(sql, spec, parts);
    mr_strbuf_add_str(sql, " WHERE ");
    return mr_keyrange_condition(sql, parts, nparts < known ? nparts : known, range);
}

static void add_range_and_where(struct mr_strbuf *sql, const struct mr_readspec *spec,
                                struct mr_range range)
{
    bool conditioned = add_range(sql, spec, spec->nkey, range);
    add_user_where(sql, spec, conditioned ? " AND " : " WHERE ");
}

static void add_keys(struct mr_strbuf *sql, const struct mr_readspec *spec, const char *before,
                     const struct mr_key *keys, size_t nkeys)
{
    struct mr_key_part parts[MR_KEY_PARTS_MAX];
    size_t nparts = key_parts(sql, spec, parts);
    mr_strbuf_add_str(sql, before);
    mr_keyrange_keys_condition(sql, parts, nparts, keys, nkeys);
}

/* By the columns themselves, whatever is selected of them: that is the index's order.
 */
static void add_order(struct mr_strbuf *sql, const struct mr_readspec *spec, const char *direction)
{
    for (size_t i = 0; i < spec->nkey; i++) {
        mr_strbuf_add_str(sql, i == 0 ? " ORDER BY " : ", ");
        mr_sql_ident(sql, spec->cols[spec->key[i]].name);
        mr_strbuf_add_str(sql, direction);
    }
}

void mr_source_sql_scan(struct mr_strbuf *sql, const struct mr_readspec *spec,
                        struct mr_range range, uint64_t limit)
{
    add_columns(sql, spec);
    add_from(sql, spec);
    add_range_and_where(sql, spec, range);
    add_order(sql, spec, "");
    if (limit > 0)
        mr_strbuf_add_fmt(sql, " LIMIT %" PRIu64, limit);
}

void mr_source_sql_fetch(struct mr_strbuf *sql, const struct mr_readspec *spec,
                         const struct mr_key *keys, size_t nkeys)
{
    add_columns(sql, spec);
    add_from(sql, spec);
    add_keys(sql, spec, " WHERE ", keys, nkeys);
    add_user_where(sql, spec, " AND ");
    if (spec->in_order)
        add_order(sql, spec, "");
}

void mr_source_sql_edge(struct mr_strbuf *sql, const struct mr_readspec *spec, size_t nparts,
                        struct mr_range range, bool last)
{
    add_key_columns(sql, spec);
    add_from(sql, spec);
    (void)add_range(sql, spec, nparts, range);
    add_order(sql, spec, last ? " DESC" : "");
    mr_strbuf_add_str(sql, " LIMIT 1");
}

/* MySQL's default form of a plan is a setting.  Where an index is forced it does not look into it for
 * how many rows there are: on 9 a range of 36,000 rows has 1 then. */
void mr_source_sql_explain(struct mr_strbuf *sql, const struct mr_readspec *spec,
                           struct mr_range range, bool is_mariadb)
{
    mr_strbuf_add_str(sql, is_mariadb ? "EXPLAIN SELECT 1 FROM "
                                      : "EXPLAIN FORMAT = TRADITIONAL SELECT 1 FROM ");
    mr_sql_table(sql, spec->db, spec->table);
    if (spec->index != NULL)
        add_around(sql, " USE INDEX (", spec->index, ")");
    (void)add_range(sql, spec, spec->nkey, range);
}

void mr_source_sql_sorted(struct mr_strbuf *sql, const struct mr_readspec *spec,
                          struct mr_range range, const struct mr_key *keys, size_t nkeys)
{
    add_key_columns(sql, spec);
    add_from(sql, spec);
    if (add_range(sql, spec, spec->nkey, range))
        add_keys(sql, spec, " AND ", keys, nkeys);
    else
        add_keys(sql, spec, " WHERE ", keys, nkeys);
    add_order(sql, spec, "");
}

void mr_source_sql_nth(struct mr_strbuf *sql, const struct mr_readspec *spec, struct mr_range range,
                       uint64_t rows)
{
    add_key_columns(sql, spec);
    add_from(sql, spec);
    add_range_and_where(sql, spec, range);
    add_order(sql, spec, "");
    mr_strbuf_add_fmt(sql, " LIMIT %" PRIu64 ", 1", rows - 1);
}

void mr_source_sql_every(struct mr_strbuf *sql, const struct mr_readspec *spec,
                         struct mr_range range, uint64_t every, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        mr_strbuf_add_str(sql, i == 1 ? "(" : ") UNION ALL (");
        mr_source_sql_nth(sql, spec, range, i * every);
    }
    mr_strbuf_add_char(sql, ')');
}

void mr_source_sql_nth_last(struct mr_strbuf *sql, const struct mr_readspec *spec, uint64_t rows)
{
    add_key_columns(sql, spec);
    add_from(sql, spec);
    add_order(sql, spec, " DESC");
    mr_strbuf_add_fmt(sql, " LIMIT %" PRIu64 ", 1", rows);
}

/* ---- digest ---- */

/* What is put together with a binary string is not converted.  Not a literal of that kind: where a
 * column and a literal meet, the column's charset wins.  (Measured: a CAST of each text takes a
 * tenth more of the servers' time.) */
#define BINARY_TEXT(text) "CAST('" text "' AS BINARY)"

/* Letter of row.h's encoding, and how a column becomes exact bytes, which may be any (then their
 * length goes before them), or have no comma among them. */
struct rendering {
    char tag;
    bool any_bytes;
    const char *before, *after;
};

/*
 * Numbers as digits without ZEROFILL (+ 0 takes it away and keeps 2^64-1); FLOAT and DOUBLE as
 * doubles that may have all their digits, whatever (M,D) the column has, and -0 + 0e0 is 0;
 * DECIMAL and temporal values with the digits of their columns; text by its bytes, in its own
 * charset (see BINARY_TEXT).  JSON that MySQL cannot write out within max_allowed_packet is an empty
 * text, of which there must be no digest.
 */
static struct rendering rendering_of(enum mr_class cls)
{
    switch (cls) {
    case MR_CLASS_INT:
    case MR_CLASS_UINT: return (struct rendering){'i', false, "", " + 0"};
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: return (struct rendering){'f', false, "", " + 0e0"};
    case MR_CLASS_DECIMAL: return (struct rendering){'d', false, "", ""};
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM: return (struct rendering){'t', true, "", ""};
    case MR_CLASS_JSON: return (struct rendering){'j', true, "NULLIF(CAST(", " AS BINARY), '')"};
    case MR_CLASS_BINARY: return (struct rendering){'b', true, "", ""};
    case MR_CLASS_GEOMETRY: return (struct rendering){'g', true, "", ""};
    case MR_CLASS_DATE: return (struct rendering){'D', false, "", ""};
    case MR_CLASS_DATETIME: return (struct rendering){'M', false, "", ""};
    case MR_CLASS_TIME: return (struct rendering){'H', false, "", ""};
    case MR_CLASS_UNDECIDED:
    case MR_CLASS_NULL: break;
    }
    return (struct rendering){0, false, "", ""};
}

static void add_rendering(struct mr_strbuf *sql, const struct mr_readcol *col,
                          const struct rendering *as)
{
    mr_strbuf_add_str(sql, as->before);
    add_expr(sql, col);
    mr_strbuf_add_str(sql, as->after);
}

/* OCTET_LENGTH(x), ':', x. */
static void add_sized(struct mr_strbuf *sql, const struct mr_readcol *col,
                      const struct rendering *as)
{
    mr_strbuf_add_str(sql, "OCTET_LENGTH(");
    add_rendering(sql, col, as);
    mr_strbuf_add_str(sql, "), " BINARY_TEXT(":") ", ");
    add_rendering(sql, col, as);
}

/*
 * Arguments of a CONCAT.  What is NULL is asked of the column, and its rendering is left to be
 * NULL, too, when it exceeds max_allowed_packet: the whole is NULL then, and such a row must have
 * no digest.  NULL is N in both forms, which begins no value.
 */
static void add_digest_column(struct mr_strbuf *sql, const struct mr_readcol *col)
{
    const struct rendering as = rendering_of(col->cls);
    if (!col->not_null) {
        mr_strbuf_add_str(sql, "IF(");
        add_expr(sql, col);
        mr_strbuf_add_str(sql, " IS NULL, 'N', ");
    }
    if (!as.any_bytes) {
        add_rendering(sql, col, &as);
    } else if (col->not_null) {
        add_sized(sql, col, &as);
    } else {
        mr_strbuf_add_str(sql, "CONCAT(");
        add_sized(sql, col, &as);
        mr_strbuf_add_char(sql, ')');
    }
    if (!col->not_null)
        mr_strbuf_add_char(sql, ')');
    if (!as.any_bytes)
        mr_strbuf_add_str(sql, ", ','");
}

/* The letters of all columns: in front, once, they tell as much as each before its value. */
static void add_tags(struct mr_strbuf *sql, const struct mr_readspec *spec)
{
    mr_strbuf_add_str(sql, "CAST('");
    for (size_t i = 0; i < spec->ncols; i++) {
        const char tag = rendering_of(spec->cols[i].cls).tag;
        sql->failed |= tag == 0;
        mr_strbuf_add_char(sql, tag);
    }
    mr_strbuf_add_str(sql, ":' AS BINARY)");
}

/* In whole rows of d. */
#define COUNT_AND_SUMS                                                                             \
    "COUNT(*), COUNT(h), SUM(CAST(CONV(LEFT(h, 16), 16, 10) AS UNSIGNED)), "                       \
    "SUM(CAST(CONV(SUBSTRING(h, 17, 16), 16, 10) AS UNSIGNED)) "

/* The digest of a row, as h. */
static void add_row_digest(struct mr_strbuf *sql, const struct mr_readspec *spec)
{
    mr_strbuf_add_str(sql, "LEFT(SHA2(CONCAT(");
    add_tags(sql, spec);
    for (size_t i = 0; i < spec->ncols; i++) {
        mr_strbuf_add_str(sql, ", ");
        add_digest_column(sql, &spec->cols[i]);
    }
    mr_strbuf_add_str(sql, "), 256), 32) AS h");
}

/* A LIMIT keeps the derived table from being merged, which would compute every SHA2 three times
 * (measured: half the speed). */
static void add_rows_of(struct mr_strbuf *sql, const struct mr_readspec *spec,
                        struct mr_range range)
{
    add_from(sql, spec);
    add_range_and_where(sql, spec, range);
    mr_strbuf_add_str(sql, " LIMIT 18446744073709551615) AS d");
}

void mr_source_sql_digest(struct mr_strbuf *sql, const struct mr_readspec *spec,
                          struct mr_range range)
{
    mr_strbuf_add_str(sql, "SELECT " COUNT_AND_SUMS "FROM (SELECT ");
    add_row_digest(sql, spec);
    add_rows_of(sql, spec, range);
}

/* Which of the parts first … last a row is in, by halves: each row is compared with few cuts, and
 * is in exactly one part whatever they are. */
static void add_part(struct mr_strbuf *sql, const struct mr_readspec *spec,
                     const struct mr_key *cuts, size_t first, size_t last)
{
    struct mr_key_part parts[MR_KEY_PARTS_MAX];
    if (first == last) {
        mr_strbuf_add_fmt(sql, "%zu", first);
        return;
    }
    const size_t middle = first + (last - first) / 2;
    mr_strbuf_add_str(sql, "IF(");
    (void)mr_keyrange_condition(sql, parts, key_parts(sql, spec, parts),
                                (struct mr_range){{NULL, 0}, cuts[middle]});
    mr_strbuf_add_str(sql, ", ");
    add_part(sql, spec, cuts, first, middle);
    mr_strbuf_add_str(sql, ", ");
    add_part(sql, spec, cuts, middle + 1, last);
    mr_strbuf_add_char(sql, ')');
}

void mr_source_sql_digest_parts(struct mr_strbuf *sql, const struct mr_readspec *spec,
                                struct mr_range range, const struct mr_key *cuts, size_t ncuts)
{
    mr_strbuf_add_str(sql, "SELECT part, " COUNT_AND_SUMS "FROM (SELECT ");
    add_part(sql, spec, cuts, 0, ncuts);
    mr_strbuf_add_str(sql, " AS part, ");
    add_row_digest(sql, spec);
    add_rows_of(sql, spec, range);
    mr_strbuf_add_str(sql, " GROUP BY part");
}
