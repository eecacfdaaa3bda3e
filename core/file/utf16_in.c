/* utf16_in.c: see utf16_in.h. */
#include "core/file/utf16_in.h"

static bool is_mark(unsigned char a, unsigned char b)
{
    return (a == 0xFF && b == 0xFE) || (a == 0xFE && b == 0xFF);
}

static size_t put(uint32_t c, char out[MR_UTF16_OUT])
{
    unsigned char *to = (unsigned char *)out;
    if (c < 0x80) {
        to[0] = (unsigned char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (unsigned char)(0xC0 | c >> 6);
        to[1] = (unsigned char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (unsigned char)(0xE0 | c >> 12);
        to[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (unsigned char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (unsigned char)(0xF0 | c >> 18);
    to[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (unsigned char)(0x80 | (c & 0x3F));
    return 4;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/* A low half comes behind a high one, and nothing else does. */
static bool take_unit(struct mr_utf16_in *in, uint32_t unit, char out[MR_UTF16_OUT], size_t *n)
{
    if (is_low(unit) != (in->high != 0))
        return false;
    if (is_high(unit)) {
        in->high = unit;
        return true;
    }
    *n = put(in->high != 0 ? 0x10000 + ((in->high - 0xD800) << 10) + (unit - 0xDC00) : unit, out);
    in->high = 0;
    return true;
}

static bool take_half(struct mr_utf16_in *in, unsigned char byte, char out[MR_UTF16_OUT], size_t *n)
{
    in->has_byte = !in->has_byte;
    if (in->has_byte) {
        in->byte = byte;
        return true;
    }
    const unsigned first = in->byte, second = byte;
    return take_unit(in, in->state == MR_UTF16_LITTLE ? second << 8 | first : first << 8 | second,
                     out, n);
}

/* Half a mark that was none is text, and so is what stands behind it. */
static bool take_behind_half(struct mr_utf16_in *in, unsigned char byte, char out[MR_UTF16_OUT],
                             size_t *n)
{
    if (is_mark(in->byte, byte)) {
        in->state = byte == 0xFE ? MR_UTF16_LITTLE : MR_UTF16_BIG;
        return true;
    }
    in->state = MR_UTF16_NONE;
    out[0] = (char)in->byte;
    out[1] = (char)byte;
    *n = 2;
    return true;
}

bool mr_utf16_in_take(struct mr_utf16_in *in, unsigned char byte, char out[MR_UTF16_OUT], size_t *n)
{
    *n = 0;
    switch (in->state) {
    case MR_UTF16_HALF_MARK: return take_behind_half(in, byte, out, n);
    case MR_UTF16_LITTLE:
    case MR_UTF16_BIG: return take_half(in, byte, out, n);
    case MR_UTF16_NEW:
        in->state = byte >= 0xFE ? MR_UTF16_HALF_MARK : MR_UTF16_NONE;
        in->byte = byte;
        if (in->state == MR_UTF16_HALF_MARK)
            return true;
        break;
    case MR_UTF16_NONE: break;
    }
    out[0] = (char)byte;
    *n = 1;
    return true;
}

bool mr_utf16_in_is_whole(struct mr_utf16_in *in, char out[MR_UTF16_OUT], size_t *n)
{
    *n = 0;
    if (in->state == MR_UTF16_HALF_MARK) {
        in->state = MR_UTF16_NONE;
        out[0] = (char)in->byte;
        *n = 1;
    }
    return !in->has_byte && in->high == 0;
}
