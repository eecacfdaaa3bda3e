/*
 * affected_format: the list as CSV, JSON, SQL, or by a template.
 *
 * Calling sequence: new; begin, line for each person, end: each appends to a buffer that
 * the caller empties as it likes; free.  A format that cannot show something counts it in
 * `left_out` or `no_value`, and the list is incomplete.
 *
 * Ownership: list, facts and options are the caller's and must outlive the writer.
 * Threads: one.  Errors: MR_E_NOMEM, MR_E_CASE; MR_E_USAGE and MR_E_NO_SUCH from new for
 * options that do not fit.
 */
#ifndef MR_AFFECTED_FORMAT_H
#define MR_AFFECTED_FORMAT_H

#include "recon/affected/affected_line.h"

enum mr_affected_format {
    MR_AFFECTED_NO_FORMAT = 0,
#define MR_AFFECTED_FORMAT(symbol, word) MR_AFFECTED_##symbol,
#include "recon/affected/affected_format.def"
#undef MR_AFFECTED_FORMAT
    MR_AFFECTED_FORMATS
};

struct mr_affected_format_opts {
    enum mr_affected_format format;
    const char *template; /* of MR_AFFECTED_TEMPLATE */
    bool sheet;           /* csv: cells that a spreadsheet would run or change have a mark */
    bool shell_safe;      /* each value that it inserts is one word of a shell */
    const char *table;    /* that SQL creates */
};

struct mr_affected_writer;

/* What a format is made of; a module each. */
struct mr_affected_writer_ops {
    enum mr_code (*begin)(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err);
    enum mr_code (*line)(struct mr_affected_writer *w, const struct mr_affected_line *line,
                         struct mr_strbuf *out, struct mr_err *err);
    enum mr_code (*end)(struct mr_affected_writer *w, struct mr_strbuf *out, struct mr_err *err);
    void (*release)(struct mr_affected_writer *w); /* of `state` */
};

struct mr_affected_writer {
    const struct mr_affected_writer_ops *ops;
    const struct mr_affected *list;
    const struct mr_affected_facts *facts; /* set before begin */
    const struct mr_affected_format_opts *opts;
    void *state;
    uint64_t written;  /* lines, or what a template made of them */
    uint64_t left_out; /* lines that the format cannot show */
    uint64_t no_value; /* people without a value that a template inserts: they have no line */
    uint64_t no_key;   /* people without a key on the side whose keys a template inserts */
};

/* Before people are collected, so that a slip in the options costs no time. */
enum mr_code mr_affected_writer_new(const struct mr_affected *list,
                                    const struct mr_affected_format_opts *opts,
                                    struct mr_affected_writer **out, struct mr_err *err);
void mr_affected_writer_free(struct mr_affected_writer *w); /* NULL is fine */

#define MR_AFFECTED_FORMAT(symbol, word)                                                           \
    extern const struct mr_affected_writer_ops mr_affected_##word;
#include "recon/affected/affected_format.def"
#undef MR_AFFECTED_FORMAT

/* Sets w->state from w->opts->template.  MR_E_USAGE, MR_E_NO_SUCH: it cannot be used. */
enum mr_code mr_affected_template_parse(struct mr_affected_writer *w, struct mr_err *err);

#endif
