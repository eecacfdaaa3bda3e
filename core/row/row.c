/* row.c: the injective encoding of values, and the digest of rows; see row.h. */
#include "core/row/row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    MAX_HEAD = 16,                  /* tag and fixed payload of any value fit */
    REAL_LEN = 9,                   /* of an encoded double */
    SIGN_BYTE = 0x80,               /* in its second byte */
    HASHER_BUFFER_BYTES = 64 * 1024 /* also the slice in which long values are read */
};

/* A row's digest is taken in one call if the row fits into buffer; only what does not
 * fit goes through the streaming state, which costs more a row. */
struct mr_hasher {
    XXH3_state_t state;
    size_t used;
    bool streaming; /* state holds the beginning of the row */
    unsigned char buffer[HASHER_BUFFER_BYTES];
};

static inline void put_be16(unsigned char *out, uint32_t v)
{
    out[0] = (unsigned char)(v >> 8);
    out[1] = (unsigned char)v;
}

static inline void put_be32(unsigned char *out, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(out, &v, sizeof v);
}

static inline void put_be64(unsigned char *out, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(out, &v, sizeof v);
}

static uint32_t get_be16(const unsigned char *in)
{
    return (uint32_t)in[0] << 8 | in[1];
}

static uint32_t get_be32(const unsigned char *in)
{
    return get_be16(in) << 16 | get_be16(in + 2);
}

static uint64_t get_be64(const unsigned char *in)
{
    return (uint64_t)get_be32(in) << 32 | get_be32(in + 4);
}

/* Beginning of an encoded value, and the bytes that follow it.  The head is written where
 * it is to stay: a copy would have to wait for the single bytes it was made of. */
struct piece {
    unsigned char *head; /* room for MAX_HEAD bytes */
    size_t head_len;
    const void *body; /* NULL: none, or a long value */
    size_t body_len;
};

static inline void put_integer(struct piece *p, bool negative, uint64_t bits)
{
    p->head[0] = 'i';
    p->head[1] = negative ? 0 : 1;
    put_be64(p->head + 2, bits);
    p->head_len = 10;
}

static inline void put_double(struct piece *p, double d)
{
    uint64_t bits;
    if (d == 0)
        d = 0; /* -0 as +0 */
    memcpy(&bits, &d, sizeof bits);
    p->head[0] = 'f';
    put_be64(p->head + 1, bits);
    p->head_len = 9;
}

static enum mr_code refuse(const struct mr_value *v, struct mr_err *err)
{
    if (v->len > UINT32_MAX)
        return mr_err_set(err, MR_E_UNSUPPORTED, "value of %zu bytes is too long to be encoded",
                          v->len);
    return mr_err_set(err, MR_E_BUG, "value of class %d cannot be encoded", (int)v->cls);
}

static inline enum mr_code put_bytes(struct piece *p, char tag, const struct mr_value *v,
                                     struct mr_err *err)
{
    if (v->len > UINT32_MAX || (v->ptr == NULL && v->len > 0 && v->lob == NULL))
        return refuse(v, err);
    p->head[0] = (unsigned char)tag;
    put_be32(p->head + 1, (uint32_t)v->len);
    p->head_len = 5;
    p->body = v->ptr;
    p->body_len = v->len;
    return MR_OK;
}

/* What is left of a decimal's text without its redundant zeros. */
struct decimal {
    bool negative;
    bool zero_first;    /* ".5": the digit before the point is missing */
    const char *digits; /* within the text */
    size_t len;         /* 0: the number is zero */
};

/* False for text that is no plain decimal number: it has only its own spelling. */
static bool parse_decimal(const char *text, size_t len, struct decimal *out)
{
    const char *p = text, *end = text + len, *point = NULL;
    size_t digits = 0;
    *out = (struct decimal){.negative = len > 0 && *p == '-'};
    if (len > 0 && (*p == '-' || *p == '+'))
        p++;
    for (const char *q = p; q < end; q++) {
        if (*q >= '0' && *q <= '9')
            digits++;
        else if (*q == '.' && point == NULL)
            point = q;
        else
            return false;
    }
    if (digits == 0)
        return false;
    if (point != NULL) {
        while (end[-1] == '0')
            end--;
        if (end[-1] == '.')
            end--;
    }
    while (p < end && *p == '0')
        p++;
    out->digits = p;
    out->len = (size_t)(end - p);
    out->zero_first = out->len == 0 || *p == '.';
    return true;
}

static enum mr_code put_decimal(struct piece *p, const struct mr_value *v, struct mr_err *err)
{
    struct decimal dec;
    if (v->ptr == NULL)
        return refuse(v, err);
    enum mr_code code = put_bytes(p, 'd', v, err);
    if (code != MR_OK || !parse_decimal(v->ptr, v->len, &dec))
        return code;
    p->body = dec.digits;
    p->body_len = dec.len;
    if (dec.negative && dec.len > 0)
        p->head[p->head_len++] = '-';
    if (dec.zero_first)
        p->head[p->head_len++] = '0';
    put_be32(p->head + 1, (uint32_t)(dec.len + p->head_len - 5));
    return MR_OK;
}

/* Fields that an encoding would cut could make two different times equal. */
static inline bool time_fits(const struct mr_time *t, uint32_t hour_max)
{
    return t->year <= UINT16_MAX && t->hour <= hour_max &&
           (t->month | t->day | t->minute | t->second) <= UINT8_MAX;
}

static inline enum mr_code put_date(struct piece *p, const struct mr_value *v, struct mr_err *err)
{
    const struct mr_time *t = &v->t;
    if (!time_fits(t, UINT8_MAX))
        return refuse(v, err);
    p->head[0] = 'D';
    put_be16(p->head + 1, t->year);
    p->head[3] = (unsigned char)t->month;
    p->head[4] = (unsigned char)t->day;
    p->head_len = 5;
    if (v->cls == MR_CLASS_DATE)
        return MR_OK;
    p->head[0] = 'M';
    p->head[5] = (unsigned char)t->hour;
    p->head[6] = (unsigned char)t->minute;
    p->head[7] = (unsigned char)t->second;
    put_be32(p->head + 8, t->micros);
    p->head_len = 12;
    return MR_OK;
}

static inline enum mr_code put_time(struct piece *p, const struct mr_value *v, struct mr_err *err)
{
    const struct mr_time *t = &v->t;
    if (!time_fits(t, UINT16_MAX))
        return refuse(v, err);
    bool zero = (t->hour | t->minute | t->second | t->micros) == 0;
    p->head[0] = 'H';
    p->head[1] = t->negative && !zero;
    put_be16(p->head + 2, t->hour);
    p->head[4] = (unsigned char)t->minute;
    p->head[5] = (unsigned char)t->second;
    put_be32(p->head + 6, t->micros);
    p->head_len = 10;
    return MR_OK;
}

static inline enum mr_code make_piece(struct piece *p, const struct mr_value *v, struct mr_err *err)
{
    p->body = NULL;
    p->body_len = 0;
    switch (v->cls) {
    case MR_CLASS_NULL:
        p->head[0] = 'N';
        p->head_len = 1;
        return MR_OK;
    case MR_CLASS_INT: put_integer(p, v->i < 0, (uint64_t)v->i); return MR_OK;
    case MR_CLASS_UINT: put_integer(p, false, v->u); return MR_OK;
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: put_double(p, v->d); return MR_OK;
    case MR_CLASS_DECIMAL: return put_decimal(p, v, err);
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM: return put_bytes(p, 't', v, err);
    case MR_CLASS_BINARY: return put_bytes(p, 'b', v, err);
    case MR_CLASS_GEOMETRY: return put_bytes(p, 'g', v, err);
    case MR_CLASS_JSON: return put_bytes(p, 'j', v, err);
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME: return put_date(p, v, err);
    case MR_CLASS_TIME: return put_time(p, v, err);
    case MR_CLASS_UNDECIDED: break;
    }
    return refuse(v, err);
}

enum mr_code mr_row_encode(struct mr_strbuf *out, const struct mr_value *value, struct mr_err *err)
{
    struct piece p;
    size_t start = out->len;
    if (!mr_strbuf_reserve(out, MAX_HEAD))
        return mr_err_nomem(err, "encoding a row");
    p.head = (unsigned char *)out->ptr + start;
    enum mr_code code = make_piece(&p, value, err);
    if (code == MR_OK) {
        out->len += p.head_len;
        if (!mr_strbuf_reserve(out, p.body_len))
            code = mr_err_nomem(err, "encoding a row");
        else if (p.body != NULL)
            memcpy(out->ptr + out->len, p.body, p.body_len);
        else if (p.body_len > 0)
            code = value->lob->read(value->lob, value->lob_column, 0, out->ptr + out->len,
                                    p.body_len, err);
    }
    out->len = code == MR_OK ? out->len + p.body_len : start;
    out->ptr[out->len] = '\0';
    return code;
}

enum mr_code mr_row_encode_exact(struct mr_strbuf *out, const struct mr_value *value,
                                 struct mr_err *err)
{
    size_t start = out->len;
    MR_TRY(mr_row_encode(out, value, err));
    bool is_real = value->cls == MR_CLASS_FLOAT || value->cls == MR_CLASS_DOUBLE;
    if (is_real && value->d == 0 && signbit(value->d))
        out->ptr[start + 1] = (char)SIGN_BYTE;
    return MR_OK;
}

static bool is_zero(const unsigned char *value, size_t len)
{
    static const unsigned char rest[REAL_LEN - 2];
    return len == REAL_LEN && value[0] == 'f' && (value[1] & ~SIGN_BYTE) == 0 &&
           memcmp(value + 2, rest, sizeof rest) == 0;
}

bool mr_row_same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (memcmp(a, b, a_len) == 0 || (is_zero(a, a_len) && is_zero(b, b_len)));
}

static enum mr_code malformed(size_t pos, struct mr_err *err)
{
    return mr_err_set(err, MR_E_CASE, "stored row is malformed at byte %zu", pos);
}

/* Length of the whole encoded value at the beginning of the `left` bytes; 0: malformed.
 */
static size_t encoded_len(const unsigned char *in, size_t left)
{
    size_t len = 0;
    if (left == 0)
        return 0;
    switch (in[0]) {
    case 'N': len = 1; break;
    case 'D': len = 5; break;
    case 'f': len = 9; break;
    case 'i':
    case 'H': len = 10; break;
    case 'M': len = 12; break;
    case 'd':
    case 't':
    case 'b':
    case 'g':
    case 'j':
        if (left < 5)
            return 0;
        len = 5 + (size_t)get_be32(in + 1);
        break;
    default: return 0;
    }
    return len <= left ? len : 0;
}

static bool get_integer(const unsigned char *in, struct mr_value *value)
{
    uint64_t bits = get_be64(in + 2);
    bool high = bits > INT64_MAX;
    if (in[1] > 1 || (in[1] == 0 && !high))
        return false;
    value->cls = in[1] == 1 && high ? MR_CLASS_UINT : MR_CLASS_INT;
    value->u = bits;
    return true;
}

static void get_double(const unsigned char *in, struct mr_value *value)
{
    uint64_t bits = get_be64(in + 1);
    value->cls = MR_CLASS_DOUBLE;
    memcpy(&value->d, &bits, sizeof bits);
}

static void get_date(const unsigned char *in, struct mr_value *value)
{
    value->cls = in[0] == 'D' ? MR_CLASS_DATE : MR_CLASS_DATETIME;
    value->t = (struct mr_time){.year = get_be16(in + 1), .month = in[3], .day = in[4]};
    if (in[0] == 'D')
        return;
    value->t.hour = in[5];
    value->t.minute = in[6];
    value->t.second = in[7];
    value->t.micros = get_be32(in + 8);
}

static bool get_time(const unsigned char *in, struct mr_value *value)
{
    value->cls = MR_CLASS_TIME;
    value->t = (struct mr_time){.negative = in[1] == 1,
                                .hour = get_be16(in + 2),
                                .minute = in[4],
                                .second = in[5],
                                .micros = get_be32(in + 6)};
    const struct mr_time *t = &value->t;
    bool zero = (t->hour | t->minute | t->second | t->micros) == 0;
    return in[1] <= 1 && !(zero && t->negative);
}

/* Only the normal spelling of a decimal is ever written. */
static bool get_decimal(struct mr_value *value)
{
    unsigned char head[MAX_HEAD];
    struct piece p = {.head = head};
    value->cls = MR_CLASS_DECIMAL;
    if (put_decimal(&p, value, NULL) != MR_OK)
        return false;
    size_t extra = p.head_len - 5;
    return p.body_len + extra == value->len && memcmp(head + 5, value->ptr, extra) == 0;
}

static bool get_bytes(const unsigned char *in, size_t len, struct mr_value *value)
{
    value->ptr = in + 5;
    value->len = len - 5;
    switch (in[0]) {
    case 't': value->cls = MR_CLASS_TEXT; return true;
    case 'b': value->cls = MR_CLASS_BINARY; return true;
    case 'g': value->cls = MR_CLASS_GEOMETRY; return true;
    case 'j': value->cls = MR_CLASS_JSON; return true;
    default: return get_decimal(value);
    }
}

enum mr_code mr_row_decode(const void *row, size_t len, size_t *pos, struct mr_value *value,
                           struct mr_err *err)
{
    if (*pos > len)
        return malformed(*pos, err);
    const unsigned char *in = (const unsigned char *)row + *pos;
    size_t size = encoded_len(in, len - *pos);
    bool sound = size > 0;
    memset(value, 0, sizeof *value);
    if (sound) {
        switch (in[0]) {
        case 'N': value->cls = MR_CLASS_NULL; break;
        case 'i': sound = get_integer(in, value); break;
        case 'f': get_double(in, value); break;
        case 'D':
        case 'M': get_date(in, value); break;
        case 'H': sound = get_time(in, value); break;
        default: sound = get_bytes(in, size, value); break;
        }
    }
    if (!sound)
        return malformed(*pos, err);
    *pos += size;
    return MR_OK;
}

enum mr_code mr_row_skip(const void *row, size_t len, size_t *pos, struct mr_err *err)
{
    if (*pos > len)
        return malformed(*pos, err);
    size_t size = encoded_len((const unsigned char *)row + *pos, len - *pos);
    if (size == 0)
        return malformed(*pos, err);
    *pos += size;
    return MR_OK;
}

static struct mr_digest digest_of(XXH128_hash_t hash)
{
    return (struct mr_digest){.hi = hash.high64, .lo = hash.low64};
}

struct mr_digest mr_digest_bytes(const void *ptr, size_t len)
{
    return digest_of(XXH3_128bits(ptr, len));
}

enum mr_code mr_row_digest(const void *row, size_t len, struct mr_digest *digest,
                           struct mr_err *err)
{
    const unsigned char *bytes = row;
    struct mr_strbuf plain = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t pos = 0, from = 0; code == MR_OK && pos < len; from = pos) {
        code = mr_row_skip(row, len, &pos, err);
        if (code != MR_OK || !is_zero(bytes + from, pos - from) || bytes[from + 1] == 0)
            continue;
        if (plain.len == 0)
            mr_strbuf_add(&plain, row, len);
        if (!plain.failed)
            plain.ptr[from + 1] = 0;
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&plain, "digesting a row", err);
    if (code == MR_OK)
        *digest = plain.len > 0 ? mr_digest_bytes(plain.ptr, len) : mr_digest_bytes(row, len);
    mr_strbuf_release(&plain);
    return code;
}

bool mr_digest_equal(struct mr_digest a, struct mr_digest b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

int mr_digest_compare(const void *a, const void *b)
{
    const struct mr_digest *x = a, *y = b;
    if (x->hi != y->hi)
        return x->hi < y->hi ? -1 : 1;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

struct mr_hasher *mr_hasher_new(void)
{
    struct mr_hasher *hasher = aligned_alloc(_Alignof(struct mr_hasher), sizeof(struct mr_hasher));
    if (hasher == NULL)
        return NULL;
    hasher->used = 0;
    hasher->streaming = false;
    XXH3_INITSTATE(&hasher->state);
    return hasher;
}

void mr_hasher_free(struct mr_hasher *hasher)
{
    free(hasher);
}

/* Moves the buffer into the streaming state. */
static void flush(struct mr_hasher *hasher)
{
    if (!hasher->streaming)
        (void)XXH3_128bits_reset(&hasher->state);
    hasher->streaming = true;
    (void)XXH3_128bits_update(&hasher->state, hasher->buffer, hasher->used);
    hasher->used = 0;
}

/* The rest of a value that does not fit: buffer holds its head. */
static enum mr_code stream_body(struct mr_hasher *hasher, const struct mr_value *value,
                                const struct piece *p, struct mr_err *err)
{
    flush(hasher);
    if (p->body != NULL) {
        (void)XXH3_128bits_update(&hasher->state, p->body, p->body_len);
        return MR_OK;
    }
    for (size_t done = 0; done < p->body_len;) {
        size_t size = p->body_len - done;
        if (size > sizeof hasher->buffer)
            size = sizeof hasher->buffer;
        MR_TRY(value->lob->read(value->lob, value->lob_column, done, hasher->buffer, size, err));
        (void)XXH3_128bits_update(&hasher->state, hasher->buffer, size);
        done += size;
    }
    return MR_OK;
}

enum mr_code mr_hasher_add(struct mr_hasher *hasher, const struct mr_value *value,
                           struct mr_err *err)
{
    struct piece p;
    if (sizeof hasher->buffer - hasher->used < MAX_HEAD)
        flush(hasher);
    p.head = hasher->buffer + hasher->used;
    MR_TRY(make_piece(&p, value, err));
    hasher->used += p.head_len;
    if (p.body_len == 0)
        return MR_OK;
    if (p.body == NULL || p.body_len > sizeof hasher->buffer - hasher->used)
        return stream_body(hasher, value, &p, err);
    memcpy(hasher->buffer + hasher->used, p.body, p.body_len);
    hasher->used += p.body_len;
    return MR_OK;
}

struct mr_digest mr_hasher_finish(struct mr_hasher *hasher)
{
    struct mr_digest digest;
    if (hasher->streaming) {
        flush(hasher);
        digest = digest_of(XXH3_128bits_digest(&hasher->state));
    } else {
        digest = mr_digest_bytes(hasher->buffer, hasher->used);
    }
    hasher->used = 0;
    hasher->streaming = false;
    return digest;
}
