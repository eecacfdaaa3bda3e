/*
 * csv_in: records of an RFC 4180 stream, as its bytes come.
 *
 *   mr_csv_in_init (or _init_lenient) → mr_csv_in_feed … → mr_csv_in_finish → mr_csv_in_release
 *
 * Fields may be quoted, with "" for a quote, and then hold commas and line ends.  Lines
 * end with CR LF or LF; the last one has to.  Nothing is skipped, also no empty line (a
 * record of one empty field).
 *
 * Ownership: fields live until the callback returns; each has a NUL behind it.
 * Errors: MR_E_REFUSED for what is no CSV, with the number of the line; the callback's
 * own.  After an error only release may follow.  Limits: a record that takes more than
 * 1 GiB of memory, its fields counted, is refused, and one that begins in the first line, where
 * names of columns stand, if it takes more than 1 MiB.  Threads: one at a time.
 */
#ifndef MR_CSV_IN_H
#define MR_CSV_IN_H

#include <stdbool.h>

#include "core/base/strbuf.h"
#include "core/base/vec.h"
#include "core/file/in_file.h"
#include "core/file/utf16_in.h"

struct mr_csv_field {
    const char *ptr;
    size_t len;
};

/* Without blanks (spaces, tabs) around it, which a spreadsheet or a person may have left. */
struct mr_csv_field mr_csv_trimmed(struct mr_csv_field field);

/* line: of the record's begin, from 1. */
typedef enum mr_code mr_csv_in_fn(void *ctx, const struct mr_csv_field *fields, size_t count,
                                  uint64_t line, struct mr_err *err);

struct mr_csv_in {
    mr_csv_in_fn *fn;
    void *ctx;
    const char *path;       /* for messages; NULL: no file is read */
    struct mr_strbuf bytes; /* of the record so far; fields end with NUL */
    struct mr_vec ends;     /* size_t */
    struct mr_vec fields;   /* struct mr_csv_field */
    uint64_t line, begun;
    size_t max_bytes; /* of a record; may be made less behind init */
    int state;
    bool lenient;
    bool is_sheet;  /* lenient: marks are taken off */
    char separator; /* lenient: 0 until it is known */
    size_t width;   /* of the first record */
    unsigned mark;  /* lenient: bytes of a byte order mark so far; 3: none comes any more */
    struct mr_utf16_in utf16; /* lenient */
};

void mr_csv_in_init(struct mr_csv_in *csv, mr_csv_in_fn *fn, void *ctx);
/* For what a spreadsheet has written: a byte order mark is skipped; one of UTF-16 ("Unicode text")
 * says that all is UTF-16, of which UTF-8 is made; fields are separated by
 * whatever comes first in the first record, `,`, `;` or a tab; lines may end with CR alone,
 * the last one need not end; a quote within a field is a quote; the marks of sheet_cell.h are taken
 * off where the first record has them; a record that has fewer fields than the first one gets empty ones, which
 * spreadsheets leave out at the ends of lines. */
void mr_csv_in_init_lenient(struct mr_csv_in *csv, mr_csv_in_fn *fn, void *ctx);
void mr_csv_in_release(struct mr_csv_in *csv);
enum mr_code mr_csv_in_feed(struct mr_csv_in *csv, const char *ptr, size_t len, struct mr_err *err);
/* MR_E_REFUSED where the last line has no end. */
enum mr_code mr_csv_in_finish(struct mr_csv_in *csv, struct mr_err *err);
/* Feeds a whole file, and finishes; its errors are those of in_file.h, too. */
enum mr_code mr_csv_in_file(struct mr_csv_in *csv, const char *path, enum mr_in_kind kind,
                            struct mr_err *err);

#endif
