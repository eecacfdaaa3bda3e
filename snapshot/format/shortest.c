/* shortest.c: see shortest.h. */
#include "snapshot/format/shortest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_INTEGER 1e15 /* below it, every integer's digits are its value */
#define POWER_MAX 27       /* 10^27 = 5^27 * 2^27, and 5^27 < 2^63 */
#define FIXED_MIN (-4)     /* 0.0001234; beyond these with an exponent */
#define FIXED_MAX 16

/* Digits times 10^exponent. */
struct digits {
    uint64_t number;
    int exponent;
};

/* Its digits, without a NUL; how many. */
static int put_number(char text[24], uint64_t number)
{
    char back[24];
    int len = 0;
    do {
        back[len++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (int i = 0; i < len; i++)
        text[i] = back[len - 1 - i];
    return len;
}

static void add_number(struct mr_strbuf *out, uint64_t number)
{
    char text[24];
    mr_strbuf_add(out, text, (size_t)put_number(text, number));
}

/* ---- the C library's way ---- */

static bool is_same(double back, double number, bool is_float)
{
    return is_float ? fabs(back) <= (double)FLT_MAX && (float)back == (float)number
                    : back == number;
}

static void add_slowly(struct mr_strbuf *out, double number, bool is_float)
{
    char text[40];
    int digits = is_float ? 6 : 15;
    do
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
    while (!is_same(strtod(text, NULL), number, is_float) && digits++ < 17);
    mr_strbuf_add_str(out, text);
}

/* ---- the fast way ---- */

#if LDBL_MANT_DIG == 64

static long double power_of_ten(int exponent)
{
    long double power = 1, base = 10;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if ((exponent & 1) != 0)
            power *= base;
    return power;
}

/* Is its rounding to a double certain, although it was rounded once already? */
static bool is_certain(long double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits); /* the explicit mantissa */
    unsigned low = (unsigned)(bits & 0x7ff);
    return low < 0x3ff || low > 0x401;
}

enum outcome { READS_BACK = 1, OTHER_NUMBER, UNCERTAIN };

/* Of `count` digits. */
static enum outcome try_digits(double number, int lead, int count, bool is_float,
                               struct digits *out)
{
    int scale = count - 1 - lead; /* 10^scale makes it an integer of so many digits */
    if (scale > POWER_MAX || scale < -POWER_MAX)
        return UNCERTAIN;
    long double power = power_of_ten(scale < 0 ? -scale : scale);
    long double scaled = scale < 0 ? (long double)number / power : (long double)number * power;
    out->number = (uint64_t)llrintl(scaled);
    out->exponent = -scale;
    long double back =
        scale < 0 ? (long double)out->number * power : (long double)out->number / power;
    if (!is_certain(back))
        return UNCERTAIN;
    return is_same((double)back, number, is_float) ? READS_BACK : OTHER_NUMBER;
}

static bool find_digits(double number, bool is_float, struct digits *out)
{
    int lead = (int)floor(log10(number));
    int last = is_float ? 9 : 17;
    if (number < DBL_MIN)
        return false;
    enum outcome got = OTHER_NUMBER;
    for (int count = is_float ? 6 : 15; got == OTHER_NUMBER && count <= last; count++)
        got = try_digits(number, lead, count, is_float, out);
    return got == READS_BACK;
}

#else

static bool find_digits(double number, bool is_float, struct digits *out)
{
    (void)number;
    (void)is_float;
    (void)out;
    return false;
}

#endif

/* "123.45", "0.0012", "1.5e-07", "1e+22", as printf's %g does. */
static void add_digits(struct mr_strbuf *out, const struct digits *d)
{
    char text[24];
    int len = put_number(text, d->number);
    int lead = d->exponent + len - 1; /* of the first digit */
    while (len > 1 && text[len - 1] == '0')
        len--;
    if (lead < FIXED_MIN || lead > FIXED_MAX) {
        mr_strbuf_add(out, text, 1);
        if (len > 1) {
            mr_strbuf_add_char(out, '.');
            mr_strbuf_add(out, text + 1, (size_t)len - 1);
        }
        mr_strbuf_add_fmt(out, "e%+03d", lead);
    } else if (lead < 0) {
        mr_strbuf_add(out, "0.0000", (size_t)(1 - lead));
        mr_strbuf_add(out, text, (size_t)len);
    } else if (len <= lead + 1) {
        mr_strbuf_add(out, text, (size_t)len);
        for (; len <= lead; len++)
            mr_strbuf_add_char(out, '0');
    } else {
        mr_strbuf_add(out, text, (size_t)lead + 1);
        mr_strbuf_add_char(out, '.');
        mr_strbuf_add(out, text + lead + 1, (size_t)(len - lead - 1));
    }
}

/* Three ways to the same digits, the quickest first: most numbers of a table are whole. */
void mr_shortest_add(struct mr_strbuf *out, double number, bool is_float)
{
    struct digits digits;
    if (signbit(number)) {
        mr_strbuf_add_char(out, '-');
        number = -number;
    }
    if (number < EXACT_INTEGER && number == trunc(number))
        add_number(out, (uint64_t)number);
    else if (find_digits(number, is_float, &digits))
        add_digits(out, &digits);
    else
        add_slowly(out, number, is_float);
}
