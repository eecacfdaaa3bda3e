/*
 * sheet_cell: cells of a CSV that are to survive a spreadsheet.
 *
 * A spreadsheet runs what begins with = + - @, and makes other values of what it takes for numbers,
 * dates or truths: 9007199254740993 loses its last digits, 007 its zeros, 1-2 becomes a date.  A cell
 * that could be changed gets an apostrophe in front, which makes it a text in all of them; so does one
 * that begins with an apostrophe, and one that is taken off gives the cell again.
 *
 * A file of such cells says so by its header: every name has one.  Spreadsheets that take the
 * apostrophe for a mark of their own take it off everywhere, header included.
 *
 * Threads: any.  Errors: none.
 */
#ifndef MR_SHEET_CELL_H
#define MR_SHEET_CELL_H

#include <stdbool.h>
#include <stddef.h>

#define MR_SHEET_MARK '\''

/* May a spreadsheet run or change it?  What stays as it is: whole numbers of up to 15 digits as they
 * are usually written, texts without digits that begin with a letter, and JSON objects. */
bool mr_sheet_cell_is_unsafe(const char *ptr, size_t len);

#endif
