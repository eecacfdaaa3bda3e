/* spelling.c: see spelling.h. */
#include "core/pair/spelling.h"

#include <stdlib.h>
#include <string.h>

#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "core/schema/column_fit.h"

enum { UUID_BYTES = 16, UUID_DIGITS = 32, UUID_TEXT = 36, DIGITS_MOST = 65 };

/* ---- planning ---- */

static bool is_number(enum mr_class cls)
{
    return mr_class_is_integer(cls) || cls == MR_CLASS_DECIMAL;
}

/* Are digits of the charset the bytes of ASCII? */
static bool has_ascii(const char *charset)
{
    return charset == NULL || (strncmp(charset, "utf16", 5) != 0 &&
                               strncmp(charset, "utf32", 5) != 0 && strcmp(charset, "ucs2") != 0);
}

static bool is_uuid_binary(const struct mr_pair *pair, size_t column)
{
    return mr_column_fit_size(mr_pair_column(pair, MR_TARGET, column)) == UUID_BYTES &&
           mr_column_fit_size(mr_pair_column(pair, MR_SOURCE, column)) == UUID_BYTES;
}

static void set_text(struct mr_spelling *s, const struct mr_pair *pair, size_t column)
{
    const struct mr_column *c = mr_pair_column(pair, MR_TARGET, column);
    s->charset = c->cls == MR_CLASS_TEXT && c->collation != NULL ? c->charset : NULL;
    s->collation = s->charset != NULL ? c->collation : NULL;
}

static bool folds_case(const char *collation)
{
    size_t n = collation != NULL ? strlen(collation) : 0;
    return n > 3 && strcmp(collation + n - 3, "_ci") == 0;
}

/* A text is asked for in one spelling only. */
static const char *plan_uuid_key(const struct mr_pair *parent, size_t column, struct mr_spelling *s)
{
    const struct mr_column *c = mr_pair_column(parent, MR_TARGET, column);
    bool is_uuid = strcmp(c->data_type, "uuid") == 0;
    uint64_t size = mr_column_fit_size(c);
    s->dashed = is_uuid || size == UUID_TEXT;
    if (!s->dashed && size != UUID_DIGITS)
        return "the two columns are of different types, and the key is no CHAR(36) or "
               "CHAR(32), so that nobody knows how it spells a UUID";
    return is_uuid || folds_case(c->collation)
               ? NULL
               : "the two columns are of different types, and the key's collation keeps "
                 "upper and lower case apart, so that nobody knows how it spells a UUID";
}

static const char *plan_texts(const struct mr_find_column *c, const struct mr_find_column *p)
{
    return c->charset == NULL || p->charset == NULL || strcmp(c->charset, p->charset) == 0
               ? NULL
               : "the two columns are of different types: texts in different character "
                 "sets";
}

/* On either side, however its values are read. */
static bool is_real(const struct mr_pair *pair, size_t column)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_column *c = mr_pair_column(pair, (enum mr_side)side, column);
        if (c->cls == MR_CLASS_FLOAT || c->cls == MR_CLASS_DOUBLE)
            return true;
    }
    return false;
}

/* Only spellings that lead to one key and no other: what a server would convert by rules of its own
 * is refused with the reason. */
const char *mr_spelling_plan(const struct mr_pair *child, size_t column,
                             const struct mr_pair *parent, size_t parent_column,
                             struct mr_spelling *s)
{
    const struct mr_find_column *c = &child->find.columns[column];
    const struct mr_find_column *p = &parent->find.columns[parent_column];
    *s = (struct mr_spelling){.kind = MR_SPELL_SAME, .child = c->style.cls, .parent = p->style.cls};
    if (s->child == MR_CLASS_TEXT && s->parent == MR_CLASS_TEXT)
        return plan_texts(c, p);
    if ((mr_class_is_integer(s->child) && mr_class_is_integer(s->parent)) || s->child == s->parent)
        return NULL;
    if (is_real(child, column) || is_real(parent, parent_column))
        return "the two columns are of different types, and one is a floating point "
               "number, which is not exact";
    if (is_number(s->parent) && (is_number(s->child) || s->child == MR_CLASS_TEXT)) {
        s->kind = MR_SPELL_NUMBER;
        set_text(s, child, column);
        return s->child != MR_CLASS_TEXT || has_ascii(c->charset)
                   ? NULL
                   : "the two columns are of different types, and the text's character "
                     "set "
                     "does not hold digits as ASCII does";
    }
    s->kind = MR_SPELL_UUID;
    if (s->child == MR_CLASS_TEXT && s->parent == MR_CLASS_BINARY &&
        is_uuid_binary(parent, parent_column) && has_ascii(c->charset)) {
        set_text(s, child, column);
        return NULL;
    }
    if (s->child == MR_CLASS_BINARY && s->parent == MR_CLASS_TEXT &&
        is_uuid_binary(child, column) && has_ascii(p->charset)) {
        set_text(s, parent, parent_column);
        return plan_uuid_key(parent, parent_column, s);
    }
    if (is_number(s->child) && s->parent == MR_CLASS_TEXT)
        return "the two columns are of different types, and a number does not tell how a "
               "text spells it";
    return "the two columns are of different types";
}

/* ---- numbers ---- */

struct number {
    bool negative;
    char digits[DIGITS_MOST + 1]; /* no zeros in front; "0" */
    size_t len;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **p, const char **end)
{
    while (*p < *end && is_blank(**p))
        ++*p;
    while (*p < *end && is_blank((*end)[-1]))
        --*end;
}

/* 'e', a sign, one digit; nothing at all is 0. */
static bool parse_exponent(const char **p, const char *end, int *exponent)
{
    int sign = 1;
    *exponent = 0;
    if (*p == end || (**p | 0x20) != 'e')
        return true;
    ++*p;
    if (*p < end && (**p == '+' || **p == '-'))
        sign = *(*p)++ == '-' ? -1 : 1;
    if (*p == end || !is_digit(**p))
        return false;
    *exponent = sign * (*(*p)++ - '0');
    return true;
}

/* The digits of whole and fraction, the point moved by the exponent; no rest behind it. */
static bool join(struct number *n, const char *whole, size_t nwhole, const char *fraction,
                 size_t nfraction, int exponent)
{
    size_t last = nwhole + (exponent > 0 ? (size_t)exponent : 0);
    size_t drop = exponent < 0 ? (size_t)-exponent : 0;
    n->len = 0;
    for (size_t i = 0; i < last || i < nwhole + nfraction; i++) {
        char c = i < nwhole ? whole[i] : i < nwhole + nfraction ? fraction[i - nwhole] : '0';
        if (i + drop >= last) {
            if (c != '0')
                return false;
            continue;
        }
        if (n->len == 0 && c == '0')
            continue;
        if (n->len == DIGITS_MOST)
            return false;
        n->digits[n->len++] = c;
    }
    if (n->len == 0)
        n->digits[n->len++] = '0';
    return true;
}

static bool parse_number(const char *text, size_t len, struct number *n)
{
    const char *p = text, *end = text + len;
    int exponent = 0;
    *n = (struct number){.len = 0};
    trim(&p, &end);
    if (p < end && (*p == '+' || *p == '-'))
        n->negative = *p++ == '-';
    const char *whole = p;
    while (p < end && is_digit(*p))
        p++;
    size_t nwhole = (size_t)(p - whole);
    if (p < end && *p == '.')
        p++;
    const char *fraction = p;
    while (p < end && is_digit(*p))
        p++;
    size_t nfraction = (size_t)(p - fraction);
    if (nwhole == 0 || !parse_exponent(&p, end, &exponent) || p != end ||
        !join(n, whole, nwhole, fraction, nfraction, exponent))
        return false;
    n->negative = n->negative && n->digits[0] != '0';
    return true;
}

static size_t print_number(const struct number *n, char out[DIGITS_MOST + 2])
{
    size_t at = 0;
    if (n->negative)
        out[at++] = '-';
    memcpy(out + at, n->digits, n->len);
    return at + n->len;
}

static void number_of(const struct mr_value *v, struct number *n)
{
    uint64_t u = v->cls == MR_CLASS_UINT ? v->u : v->i < 0 ? -(uint64_t)v->i : (uint64_t)v->i;
    char reversed[DIGITS_MOST];
    size_t len = 0;
    do
        reversed[len++] = (char)('0' + u % 10);
    while ((u /= 10) != 0);
    *n = (struct number){.negative = v->cls == MR_CLASS_INT && v->i < 0, .len = len};
    for (size_t i = 0; i < len; i++)
        n->digits[i] = reversed[len - 1 - i];
}

static bool read_number(const struct mr_value *v, struct number *n)
{
    if (mr_class_is_integer(v->cls)) {
        number_of(v, n);
        return true;
    }
    return (v->cls == MR_CLASS_TEXT || v->cls == MR_CLASS_DECIMAL) && v->ptr != NULL &&
           parse_number(v->ptr, v->len, n);
}

/* As a value of that class; text: where its bytes are. */
static bool number_as(const struct number *n, enum mr_class cls, char text[DIGITS_MOST + 2],
                      struct mr_value *out)
{
    uint64_t u = 0;
    *out = (struct mr_value){.cls = cls, .ptr = text, .len = print_number(n, text)};
    if (!mr_class_is_integer(cls))
        return true;
    for (size_t i = 0; i < n->len; i++)
        if (__builtin_mul_overflow(u, 10, &u) ||
            __builtin_add_overflow(u, (uint64_t)(n->digits[i] - '0'), &u))
            return false;
    if (n->negative && u > (uint64_t)INT64_MAX + 1)
        return false;
    *out = n->negative ? (struct mr_value){.cls = MR_CLASS_INT, .i = (int64_t)-u}
                       : (struct mr_value){.cls = MR_CLASS_UINT, .u = u};
    return true;
}

/* ---- UUIDs ---- */

enum { WAY_UPPER = 1, WAY_OTHER_DASHES = 2 };

static bool is_dash_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static int nibble(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* *mixed: letters of both cases. */
static bool parse_uuid(const struct mr_value *v, unsigned char out[UUID_BYTES], bool *upper,
                       bool *mixed)
{
    const char *text = v->ptr;
    bool dashed = v->len == UUID_TEXT, lower = false;
    size_t digits = 0;
    *upper = false;
    if (v->cls != MR_CLASS_TEXT || text == NULL || (!dashed && v->len != UUID_DIGITS))
        return false;
    for (size_t i = 0; i < v->len; i++) {
        if (dashed && is_dash_at(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int half = nibble(text[i]);
        if (half < 0)
            return false;
        *upper = *upper || (text[i] >= 'A' && text[i] <= 'F');
        lower = lower || text[i] >= 'a';
        unsigned char *byte = &out[digits / 2];
        *byte = (unsigned char)(digits % 2 == 0 ? half << 4 : *byte | half);
        digits++;
    }
    *mixed = *upper && lower;
    return true;
}

static size_t print_uuid(const unsigned char *bytes, bool dashed, bool upper, char out[UUID_TEXT])
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (dashed && is_dash_at(at))
            out[at++] = '-';
        out[at++] = digits[bytes[i] >> 4];
        out[at++] = digits[bytes[i] & 15];
    }
    return at;
}

/* ---- values ---- */

static enum mr_code decode(struct mr_key bytes, struct mr_value *value, struct mr_err *err)
{
    size_t pos = 0;
    return mr_row_decode(bytes.ptr, bytes.len, &pos, value, err);
}

static enum mr_code read_uuid(const struct mr_spelling *s, const struct mr_value *value,
                              struct mr_strbuf *out, enum mr_spelt *how, struct mr_err *err)
{
    unsigned char bytes[UUID_BYTES] = {0};
    char text[UUID_TEXT];
    bool upper = false, mixed = false;
    struct mr_value key = {.cls = s->parent, .ptr = bytes, .len = UUID_BYTES};
    if (s->parent == MR_CLASS_BINARY && !parse_uuid(value, bytes, &upper, &mixed))
        return MR_OK;
    if (s->parent == MR_CLASS_TEXT) {
        if (value->cls != MR_CLASS_BINARY || value->len != UUID_BYTES || value->ptr == NULL)
            return MR_OK;
        key.ptr = text;
        key.len = print_uuid(value->ptr, s->dashed, false, text);
    }
    *how = mixed ? MR_SPELT_OTHERWISE : MR_SPELT_AS_KEY;
    return mr_row_encode(out, &key, err);
}

/* A text that is the number, but not as the number is written (007), refers all the same; whoever
 * writes it back has to know. */
static enum mr_code read_as_number(const struct mr_spelling *s, const struct mr_value *value,
                                   struct mr_strbuf *out, enum mr_spelt *how, struct mr_err *err)
{
    struct number n;
    struct mr_value key;
    char text[DIGITS_MOST + 2];
    if (!read_number(value, &n) || !number_as(&n, s->parent, text, &key))
        return MR_OK;
    *how = MR_SPELT_AS_KEY;
    if (value->cls == MR_CLASS_TEXT) {
        size_t len = print_number(&n, text);
        if (len != value->len || memcmp(text, value->ptr, len) != 0)
            *how = MR_SPELT_OTHERWISE;
    }
    return mr_row_encode(out, &key, err);
}

enum mr_code mr_spelling_read(const struct mr_spelling *s, struct mr_key value,
                              struct mr_strbuf *out, enum mr_spelt *how, struct mr_err *err)
{
    struct mr_value v;
    *how = MR_SPELT_NOT;
    enum mr_code code = decode(value, &v, err);
    if (code != MR_OK || v.cls == MR_CLASS_NULL)
        return code;
    if (s->kind == MR_SPELL_NUMBER)
        return read_as_number(s, &v, out, how, err);
    if (s->kind == MR_SPELL_UUID)
        return read_uuid(s, &v, out, how, err);
    *how = MR_SPELT_AS_KEY;
    mr_strbuf_add(out, value.ptr, value.len);
    return MR_OK;
}

unsigned mr_spelling_ways(const struct mr_spelling *s)
{
    return s->kind == MR_SPELL_UUID && s->child == MR_CLASS_TEXT ? MR_SPELLING_WAYS : 1;
}

static enum mr_code write_uuid(const struct mr_spelling *s, const struct mr_value *key,
                               unsigned way, struct mr_key like, struct mr_strbuf *out, bool *can,
                               struct mr_err *err)
{
    unsigned char bytes[UUID_BYTES] = {0};
    char text[UUID_TEXT];
    bool upper = (way & WAY_UPPER) != 0, dashed = (way & WAY_OTHER_DASHES) == 0;
    bool mixed = false;
    struct mr_value value = {.cls = s->child, .ptr = bytes, .len = UUID_BYTES}, old;
    if (s->child == MR_CLASS_BINARY) {
        *can = parse_uuid(key, bytes, &upper, &mixed);
        return *can ? mr_row_encode(out, &value, err) : MR_OK;
    }
    *can = key->cls == MR_CLASS_BINARY && key->len == UUID_BYTES && key->ptr != NULL;
    if (!*can)
        return MR_OK;
    MR_TRY(like.ptr != NULL ? decode(like, &old, err) : MR_OK);
    if (like.ptr != NULL && parse_uuid(&old, bytes, &upper, &mixed))
        dashed = old.len == UUID_TEXT;
    value.ptr = text;
    value.len = print_uuid(key->ptr, dashed, upper, text);
    return mr_row_encode(out, &value, err);
}

enum mr_code mr_spelling_write(const struct mr_spelling *s, struct mr_key key, unsigned way,
                               struct mr_key like, struct mr_strbuf *out, bool *can,
                               struct mr_err *err)
{
    struct mr_value v, value;
    struct number n;
    char text[DIGITS_MOST + 2];
    *can = true;
    if (s->kind == MR_SPELL_SAME) {
        mr_strbuf_add(out, key.ptr, key.len);
        return MR_OK;
    }
    MR_TRY(decode(key, &v, err));
    if (v.cls == MR_CLASS_NULL) {
        mr_strbuf_add(out, key.ptr, key.len);
        return MR_OK;
    }
    if (s->kind == MR_SPELL_UUID)
        return write_uuid(s, &v, way, like, out, can, err);
    *can = read_number(&v, &n) && number_as(&n, s->child, text, &value);
    return *can ? mr_row_encode(out, &value, err) : MR_OK;
}

unsigned mr_spelling_key_ways(const struct mr_spelling *s, size_t ncolumns)
{
    unsigned ways = 1;
    for (size_t i = 0; i < ncolumns; i++)
        if (mr_spelling_ways(&s[i]) > ways)
            ways = mr_spelling_ways(&s[i]);
    return ways;
}

enum mr_code mr_spelling_key_write(const struct mr_spelling *s, size_t ncolumns, struct mr_key key,
                                   unsigned way, struct mr_strbuf *out, bool *can,
                                   struct mr_err *err)
{
    size_t pos = 0;
    *can = true;
    for (size_t i = 0; *can && i < ncolumns; i++) {
        size_t from = pos;
        MR_TRY(mr_row_skip(key.ptr, key.len, &pos, err));
        MR_TRY(mr_spelling_write(&s[i], (struct mr_key){(const char *)key.ptr + from, pos - from},
                                 way, (struct mr_key){0}, out, can, err));
    }
    return mr_strbuf_check(out, "following references", err);
}

/* ---- in SQL ---- */

#define BLANKS "[[:space:]]*"
#define NUMBER "^" BLANKS "[-+]?[0-9]{1,35}([.][0-9]*)?([eE][-+]?[0-9])?" BLANKS "$"
#define UUID "^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$"

/* A text of ours in the charset and collation of the column that it is compared with: its
 * index can be used, and no two collations meet. */
static void as_text(struct mr_strbuf *sql, const struct mr_spelling *s, const char *text)
{
    if (s->charset == NULL)
        mr_strbuf_add_str(sql, text);
    else
        mr_strbuf_add_fmt(sql, "CONVERT(%s USING %s) COLLATE %s", text, s->charset, s->collation);
}

void mr_spelling_sql_read(struct mr_strbuf *sql, const struct mr_spelling *s, const char *child)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (s->kind == MR_SPELL_NUMBER && s->child == MR_CLASS_TEXT) {
        mr_strbuf_add_fmt(sql,
                          "CASE WHEN %s REGEXP '" NUMBER "' THEN CAST(%s AS"
                          " DECIMAL(65,30)) END",
                          child, child);
    } else if (s->kind == MR_SPELL_UUID && s->child == MR_CLASS_TEXT) {
        mr_strbuf_add_fmt(sql,
                          "CASE WHEN %s REGEXP '" UUID "' THEN UNHEX(REPLACE(%s, '-', '')) END",
                          child, child);
    } else if (s->kind == MR_SPELL_UUID && s->dashed) {
        mr_strbuf_add_fmt(&text,
                          "LOWER(CONCAT(HEX(SUBSTR(%s, 1, 4)), '-', HEX(SUBSTR(%s, 5, "
                          "2)), '-', HEX(SUBSTR(%s, 7, 2)), '-', HEX(SUBSTR(%s, 9, 2)), "
                          "'-', HEX(SUBSTR(%s, 11))))",
                          child, child, child, child, child);
        as_text(sql, s, text.ptr);
    } else if (s->kind == MR_SPELL_UUID) {
        mr_strbuf_add_fmt(&text, "LOWER(HEX(%s))", child);
        as_text(sql, s, text.ptr);
    } else {
        mr_strbuf_add_str(sql, child);
    }
    sql->failed |= text.failed;
    mr_strbuf_release(&text);
}

bool mr_spelling_sql_write(struct mr_strbuf *sql, const struct mr_spelling *s, const char *parent)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const bool to_text = s->child == MR_CLASS_TEXT && s->kind != MR_SPELL_SAME;
    if (to_text && (s->kind == MR_SPELL_UUID || !mr_class_is_integer(s->parent)))
        return false; /* 17.00 is 17, too */
    if (s->kind == MR_SPELL_UUID) {
        mr_strbuf_add_fmt(sql, "UNHEX(REPLACE(%s, '-', ''))", parent);
    } else if (to_text) { /* + 0: without ZEROFILL */
        mr_strbuf_add_fmt(&text, "CAST(%s + 0 AS CHAR)", parent);
        as_text(sql, s, text.ptr);
    } else {
        mr_strbuf_add_str(sql, parent);
    }
    sql->failed |= text.failed;
    mr_strbuf_release(&text);
    return true;
}

bool mr_spelling_may_be_otherwise(const struct mr_spelling *s)
{
    return s->kind == MR_SPELL_NUMBER && s->child == MR_CLASS_TEXT;
}

bool mr_spelling_sql_otherwise(struct mr_strbuf *sql, const struct mr_spelling *s,
                               const char *child)
{
    if (!mr_spelling_may_be_otherwise(s))
        return false;
    mr_strbuf_add_fmt(sql,
                      "%s REGEXP '" NUMBER "' AND (%s REGEXP '^[-+0[:space:]]' OR %s"
                      " REGEXP '[.eE[:space:]]')",
                      child, child, child);
    return true;
}
