/* binlog_decimal.c: see binlog_decimal.h. */
#include "core/binlog/binlog_decimal.h"

#include <string.h>

#define GROUP_DIGITS 9
#define GROUP_BYTES 4

static const uint8_t bytes_of[GROUP_DIGITS + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t beyond[GROUP_DIGITS + 1] = {1,      10,      100,      1000,      10000,
                                                  100000, 1000000, 10000000, 100000000, 1000000000};

size_t mr_binlog_decimal_width(unsigned digits, unsigned scale)
{
    if (digits == 0 || digits > MR_BINLOG_DIGITS_MAX || scale > digits)
        return SIZE_MAX;
    const unsigned whole = digits - scale;
    return (size_t)(whole / GROUP_DIGITS + scale / GROUP_DIGITS) * GROUP_BYTES +
           bytes_of[whole % GROUP_DIGITS] + bytes_of[scale % GROUP_DIGITS];
}

/* Where the next group stands; the first byte of all has its sign's bit inverted. */
struct digits {
    const uint8_t *at;
    uint8_t first; /* to be turned in the next byte; 0 behind it */
    uint8_t flip;  /* of all bytes of a negative number */
    char *out;
};

/* The next `count` digits, 1 to 9 of them. */
static bool take_group(struct digits *d, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes_of[count]; i++) {
        value = value << 8 | (uint8_t)(*d->at++ ^ d->flip ^ d->first);
        d->first = 0;
    }
    if (value >= beyond[count])
        return false;
    for (unsigned i = count; i > 0; value /= 10)
        d->out[--i] = (char)('0' + value % 10);
    d->out += count;
    return true;
}

bool mr_binlog_decimal_text(struct mr_strbuf *out, const uint8_t *at, unsigned digits,
                            unsigned scale)
{
    char text[MR_BINLOG_DIGITS_MAX];
    if (mr_binlog_decimal_width(digits, scale) == SIZE_MAX)
        return false;
    const unsigned whole = digits - scale;
    const bool negative = (*at & 0x80) == 0;
    struct digits d = {.at = at, .first = 0x80, .flip = negative ? 0xff : 0, .out = text};
    bool good = whole % GROUP_DIGITS == 0 || take_group(&d, whole % GROUP_DIGITS);
    for (unsigned n = whole / GROUP_DIGITS + scale / GROUP_DIGITS; good && n > 0; n--)
        good = take_group(&d, GROUP_DIGITS);
    if (!good || (scale % GROUP_DIGITS != 0 && !take_group(&d, scale % GROUP_DIGITS)))
        return false;
    unsigned skip = 0;
    while (skip + 1 < whole && text[skip] == '0')
        skip++;
    if (negative)
        mr_strbuf_add_char(out, '-');
    if (whole == 0)
        mr_strbuf_add_char(out, '0');
    mr_strbuf_add(out, text + skip, whole - (whole > 0 ? skip : 0));
    if (scale > 0) {
        mr_strbuf_add_char(out, '.');
        mr_strbuf_add(out, text + whole, scale);
    }
    return true;
}
