/* utf8.c: see utf8.h. */
#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Overlong forms and surrogates are no characters: a filter that looks for a byte would not find it
 * in its longer form. */
size_t mr_utf8_decode(const char *ptr, size_t len, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)ptr[0];
    size_t need = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    *code_point = MR_UTF8_INVALID;
    if (need == 1) {
        *code_point = lead;
        return 1;
    }
    if (need == 0 || lead > 0xF4 || len < need)
        return 1;
    uint32_t cp = lead & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
        if (!is_continuation(ptr[i]))
            return 1;
        cp = cp << 6 | ((unsigned char)ptr[i] & 0x3FU);
    }
    if (cp < least[need] || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return 1;
    *code_point = cp;
    return need;
}

bool mr_utf8_is_valid(const char *ptr, size_t len)
{
    size_t i = 0;
    while (i < len) {
        uint64_t word;
        if (len - i >= sizeof word) {
            memcpy(&word, ptr + i, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof word;
                continue;
            }
        }
        uint32_t cp;
        i += mr_utf8_decode(ptr + i, len - i, &cp);
        if (cp == MR_UTF8_INVALID)
            return false;
    }
    return true;
}

struct range {
    uint32_t first, last;
};

/* Combining marks and format characters that take no column; ascending. */
static const struct range zero_width[] = {
    {0x0300, 0x036F},   {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
    {0x05C4, 0x05C5},   {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC},
    {0x06DF, 0x06E4},   {0x06E7, 0x06E8}, {0x06EA, 0x06ED}, {0x093C, 0x093C}, {0x0941, 0x0948},
    {0x094D, 0x094D},   {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},   {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2069}, {0x20D0, 0x20FF},
    {0x302A, 0x302D},   {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
    {0xE0100, 0xE01EF},
};

/* East Asian wide and full-width characters, emoji; ascending. */
static const struct range double_width[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF},
    {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD},
};

static bool is_in(const struct range *ranges, size_t count, uint32_t cp)
{
    for (size_t i = 0; i < count && ranges[i].first <= cp; i++)
        if (cp <= ranges[i].last)
            return true;
    return false;
}

unsigned mr_utf8_char_width(uint32_t code_point)
{
    if (code_point < 0x300 || code_point == MR_UTF8_INVALID)
        return 1;
    if (is_in(zero_width, sizeof zero_width / sizeof *zero_width, code_point))
        return 0;
    if (is_in(double_width, sizeof double_width / sizeof *double_width, code_point))
        return 2;
    return 1;
}

size_t mr_utf8_width(const char *ptr, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += mr_utf8_decode(ptr + i, len - i, &cp);
        columns += mr_utf8_char_width(cp);
    }
    return columns;
}

size_t mr_utf8_fit(const char *ptr, size_t len, size_t columns)
{
    size_t i = 0, used = 0;
    while (i < len) {
        uint32_t cp;
        size_t bytes = mr_utf8_decode(ptr + i, len - i, &cp);
        used += mr_utf8_char_width(cp);
        if (used > columns)
            break;
        i += bytes;
    }
    return i;
}

/* C1 controls, what turns the reading direction, and what nobody sees; ascending.  Joiners are none:
 * scripts and emoji need them. */
static const struct range hidden[] = {
    {0x0080, 0x009F}, {0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x115F, 0x1160},   {0x180E, 0x180E},
    {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

static bool is_hidden(uint32_t cp)
{
    return is_in(hidden, sizeof hidden / sizeof *hidden, cp);
}

static const char *short_escape(uint32_t cp, bool quote_backslash)
{
    switch (cp) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\\': return quote_backslash ? "\\\\" : NULL;
    default: return NULL;
    }
}

/* What moves the cursor, or is not seen at all, shows as its number: a name of a server's must not
 * write over a line of ours. */
size_t mr_utf8_show_one(const char *ptr, size_t len, bool quote_backslash,
                        char shown[MR_UTF8_SHOWN_MAX], size_t *shown_len)
{
    uint32_t cp;
    size_t bytes = mr_utf8_decode(ptr, len, &cp);
    const char *escape = short_escape(cp, quote_backslash);
    int written = 0;
    if (escape != NULL) {
        written = snprintf(shown, MR_UTF8_SHOWN_MAX, "%s", escape);
    } else if (cp == MR_UTF8_INVALID || cp < 0x20 || cp == 0x7F) {
        written = snprintf(shown, MR_UTF8_SHOWN_MAX, "\\x%02x", (unsigned char)ptr[0]);
    } else if (is_hidden(cp)) {
        written = snprintf(shown, MR_UTF8_SHOWN_MAX, "\\u{%04x}", (unsigned)cp);
    } else {
        memcpy(shown, ptr, bytes);
        shown[bytes] = '\0';
        written = (int)bytes;
    }
    *shown_len = (size_t)written;
    return bytes;
}

void mr_utf8_show(struct mr_strbuf *out, const char *ptr, size_t len, bool quote_backslash)
{
    for (size_t i = 0; i < len;) {
        char shown[MR_UTF8_SHOWN_MAX];
        size_t shown_len;
        i += mr_utf8_show_one(ptr + i, len - i, quote_backslash, shown, &shown_len);
        mr_strbuf_add(out, shown, shown_len);
    }
}

void mr_utf8_show_str(struct mr_strbuf *out, const char *text)
{
    mr_utf8_show(out, text, strlen(text), false);
}

void mr_utf8_show_word(struct mr_strbuf *out, const char *text)
{
    struct mr_strbuf word = MR_STRBUF_INIT;
    mr_strbuf_add_shell_word(&word, text, strlen(text));
    mr_utf8_show(out, word.ptr, word.len, false);
    out->failed = out->failed || word.failed;
    mr_strbuf_release(&word);
}

void mr_utf8_print(FILE *file, const char *text)
{
    for (size_t i = 0, len = strlen(text); i < len;) {
        char shown[MR_UTF8_SHOWN_MAX];
        size_t shown_len;
        i += mr_utf8_show_one(text + i, len - i, false, shown, &shown_len);
        (void)fwrite(shown, 1, shown_len, file);
    }
}
