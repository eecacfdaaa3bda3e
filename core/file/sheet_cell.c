/* sheet_cell.c: see sheet_cell.h. */
#include "core/file/sheet_cell.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"

#define DIGITS 15 /* that a spreadsheet keeps of a number */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct range {
    uint32_t first, last;
};

/* Digits of other scripts, and of full width, which some spreadsheets take for the number; ascending. */
static const struct range digits[] = {{0x0660, 0x0669}, {0x06F0, 0x06F9}, {0x0966, 0x096F},
                                      {0x09E6, 0x09EF}, {0x0A66, 0x0A6F}, {0x0AE6, 0x0AEF},
                                      {0x0BE6, 0x0BEF}, {0x0E50, 0x0E59}, {0xFF10, 0xFF19}};

/* Blanks, signs and marks, among them = + - @ in other widths; ascending. */
static const struct range marks[] = {{0x0080, 0x00A9}, {0x00AB, 0x00B4}, {0x00B6, 0x00B9},
                                     {0x00BB, 0x00BF}, {0x00D7, 0x00D7}, {0x00F7, 0x00F7},
                                     {0x2000, 0x2BFF}, {0x3000, 0x3004}, {0x3008, 0x3020},
                                     {0xFE00, 0xFE6F}, {0xFEFF, 0xFEFF}, {0xFF00, 0xFF20}};

static bool is_in(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count && ranges[i].first <= c; i++)
        if (c <= ranges[i].last)
            return true;
    return false;
}

static bool begins_with_letter(const char *ptr, size_t len)
{
    uint32_t c;
    (void)mr_utf8_decode(ptr, len, &c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= 0x80 && c != MR_UTF8_INVALID && !is_in(marks, sizeof marks / sizeof marks[0], c) &&
            !is_in(digits, sizeof digits / sizeof digits[0], c));
}

/* A digit of any script, or what could begin a cell of its own where somebody pastes it. */
static bool has_digit_or_break(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        i += mr_utf8_decode(ptr + i, len - i, &c);
        if ((c >= '0' && c <= '9') || c == '\t' || c == '\r' || c == '\n' ||
            is_in(digits, sizeof digits / sizeof digits[0], c))
            return true;
    }
    return false;
}

/* As a spreadsheet shows the number, too. */
static bool is_plain_number(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_digit(ptr[i]))
            return false;
    return len <= DIGITS && (ptr[0] != '0' || len == 1);
}

/* Truths in the languages that spreadsheets are used in most: they become numbers, or capitals. */
static bool is_truth(const char *ptr, size_t len)
{
    static const char *const words[] = {"true",  "false", "wahr",       "falsch",
                                        "vrai",  "faux",  "vero",       "verdadero",
                                        "falso", "waar",  "verdadeiro", "onwaar"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && strncasecmp(words[i], ptr, len) == 0)
            return true;
    return false;
}

/* Digits within a text make dates of it (MAR1, 3 May), and numbers (1E5); so only what has none passes. */
bool mr_sheet_cell_is_unsafe(const char *ptr, size_t len)
{
    if (len == 0 || is_plain_number(ptr, len))
        return false;
    if (ptr[0] == '{')
        return false;
    return !begins_with_letter(ptr, len) || is_truth(ptr, len) || has_digit_or_break(ptr, len);
}
