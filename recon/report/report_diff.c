/* report_diff.c: see report_diff.h. */
#include "recon/report/report_diff.h"

#include <stdint.h>
#include <string.h>

#include "core/base/utf8.h"

#define BEFORE_MARK 4 /* a fourth of the window stands before the differing part */

static size_t char_len(const char *ptr, size_t len)
{
    uint32_t cp;
    return mr_utf8_decode(ptr, len, &cp);
}

/* The last character of ptr[0..len) begins here; len must not be 0. */
static size_t char_before(const char *ptr, size_t len)
{
    size_t max = len < 4 ? len : 4;
    for (size_t back = max; back > 1; back--)
        if (char_len(ptr + len - back, back) == back)
            return len - back;
    return len - 1;
}

/* By whole characters, so that no mark cuts one in two. The common end stops where the common
 * beginning did: in "aa" and "aaa" the same letter would count twice. */
void mr_diff_parts(const char *a, size_t a_len, const char *b, size_t b_len,
                   struct mr_diff_part *a_part, struct mr_diff_part *b_part)
{
    size_t from = 0, tail = 0;
    while (from < a_len && from < b_len) {
        size_t size = char_len(a + from, a_len - from);
        if (size != char_len(b + from, b_len - from) || memcmp(a + from, b + from, size) != 0)
            break;
        from += size;
    }
    while (from + tail < a_len && from + tail < b_len) {
        size_t size = a_len - tail - char_before(a, a_len - tail);
        if (from + tail + size > a_len || from + tail + size > b_len ||
            b_len - tail - char_before(b, b_len - tail) != size ||
            memcmp(a + a_len - tail - size, b + b_len - tail - size, size) != 0)
            break;
        tail += size;
    }
    *a_part = (struct mr_diff_part){from, a_len - tail};
    *b_part = (struct mr_diff_part){from, b_len - tail};
}

size_t mr_diff_chars(const char *ptr, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; count++)
        i += char_len(ptr + i, len - i);
    return count;
}

/* Where the character `count` characters further on begins, at most len. */
static size_t forward(const char *ptr, size_t len, size_t at, size_t count)
{
    for (; count > 0 && at < len; count--)
        at += char_len(ptr + at, len - at);
    return at;
}

static size_t back(const char *ptr, size_t at, size_t count)
{
    for (; count > 0 && at > 0; count--)
        at = char_before(ptr, at);
    return at;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct mr_diff_view mr_diff_view(const char *ptr, size_t len, struct mr_diff_part part,
                                 size_t max_chars)
{
    struct mr_diff_view view = {0, forward(ptr, len, 0, max_chars), part.from, part.to};
    if (view.to < len && part.to > view.to) {
        view.from = back(ptr, part.from, max_chars / BEFORE_MARK);
        view.to = forward(ptr, len, view.from, max_chars);
    }
    view.mark_from = least(part.from, view.to);
    view.mark_to = least(part.to, view.to);
    return view;
}
