/* sheet_cell.c: see sheet_cell.h. */
#include "core/file/sheet_cell.h"

#include <string.h>
#include <strings.h>

#define DIGITS 15 /* that a spreadsheet keeps of a number */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ((unsigned char)c & 0x80) != 0;
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

/* Digits within a text make dates of it (MAR1, 3 May), and numbers (1E5); so only what has none passes.
 * A line end or a tab could begin a cell of its own where somebody pastes it. */
bool mr_sheet_cell_is_unsafe(const char *ptr, size_t len)
{
    if (len == 0 || is_plain_number(ptr, len))
        return false;
    if (ptr[0] == '{')
        return false;
    if (!is_letter(ptr[0]) || is_truth(ptr, len))
        return true;
    for (size_t i = 0; i < len; i++)
        if (is_digit(ptr[i]) || ptr[i] == '\t' || ptr[i] == '\r' || ptr[i] == '\n')
            return true;
    return false;
}
