/* exact_sum.c: see exact_sum.h. */
#include "core/row/exact_sum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits, the least first: those behind the point, those before it, and one for the carry.  Each is
 * a sum of three while numbers are added up, and 0 to 9 once it has been carried. */
#define DIGITS (MR_EXACT_FRACTION + MR_EXACT_WHOLE + 1)

struct sum {
    int digit[DIGITS];
};

/* Adds digits[.digits]; sign: 1 or -1. */
static bool add_text(struct sum *sum, const char *text, size_t len, int sign)
{
    const char *point = memchr(text, '.', len);
    const size_t whole = point != NULL ? (size_t)(point - text) : len;
    const size_t fraction = point != NULL ? len - whole - 1 : 0;
    if (whole + fraction == 0 || whole > MR_EXACT_WHOLE || fraction > MR_EXACT_FRACTION)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (i == whole)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        const size_t at = MR_EXACT_FRACTION + whole - i - (i < whole ? 1 : 0);
        sum->digit[at] += sign * (text[i] - '0');
    }
    return true;
}

static bool add(struct sum *sum, const struct mr_value *v, int sign)
{
    char digits[24];
    const char *text = v->ptr;
    size_t len = v->len;
    if (v->cls == MR_CLASS_INT || v->cls == MR_CLASS_UINT) {
        const int n = v->cls == MR_CLASS_INT ? snprintf(digits, sizeof digits, "%" PRId64, v->i)
                                             : snprintf(digits, sizeof digits, "%" PRIu64, v->u);
        text = digits;
        len = (size_t)n;
    } else if (v->cls != MR_CLASS_DECIMAL || text == NULL || len == 0) {
        return false;
    }
    const bool minus = *text == '-';
    return add_text(sum, text + minus, len - minus, minus ? -sign : sign);
}

/* True: the number is below 0, and its digits are the ten's complement. */
static bool carry(struct sum *sum)
{
    int over = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        const int all = sum->digit[i] + over;
        over = all < 0 ? -((9 - all) / 10) : all / 10;
        sum->digit[i] = all - over * 10;
    }
    return over < 0;
}

static void print(const struct sum *sum, bool minus, char *text)
{
    size_t first = DIGITS - 1, last = 0, n = 0;
    while (first > MR_EXACT_FRACTION && sum->digit[first] == 0)
        first--;
    while (last < MR_EXACT_FRACTION && sum->digit[last] == 0)
        last++;
    if (minus)
        text[n++] = '-';
    for (size_t i = first + 1; i-- > last;) {
        if (i + 1 == MR_EXACT_FRACTION)
            text[n++] = '.';
        text[n++] = (char)('0' + sum->digit[i]);
    }
    text[n] = '\0';
}

bool mr_exact_sum(const struct mr_value *target, const struct mr_value *source,
                  const struct mr_value *base, char text[MR_EXACT_TEXT])
{
    struct sum sum = {{0}};
    if (!add(&sum, target, 1) || !add(&sum, source, 1) || !add(&sum, base, -1))
        return false;
    const bool minus = carry(&sum);
    for (size_t i = 0; minus && i < DIGITS; i++)
        sum.digit[i] = -sum.digit[i];
    if (minus)
        (void)carry(&sum);
    print(&sum, minus, text);
    return true;
}
