/*
 * term: what the terminal behind a stream can do.
 *
 * Colour is decided once per stream by mr_term_use_color() and handed on as a bool, so
 * that text output is `style(X, on) text style(RESET, on)` and the same code prints
 * both. NO_COLOR (not empty) and TERM=dumb switch automatic colour off; --color always
 * wins over both.  Threads: any.
 */
#ifndef MR_TERM_H
#define MR_TERM_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

enum mr_color_mode { MR_COLOR_AUTO = 1, MR_COLOR_ALWAYS, MR_COLOR_NEVER };

/* Styles say what a text is, not how it looks. */
enum mr_style {
    MR_STYLE_RESET = 1,
    MR_STYLE_GOOD, /* equal, done */
    MR_STYLE_BAD,  /* diverged, error */
    MR_STYLE_WARN, /* not checked, warning, hint */
    MR_STYLE_HEAD, /* titles, names that open a block */
    MR_STYLE_DIM   /* what may be skipped */
};

/* How a result looks that is for people. */
struct mr_look {
    bool color;
    bool brief; /* only what is not clean, and the last line */
};

/* fd: 1 or 2. */
bool mr_term_use_color(enum mr_color_mode mode, int fd);
bool mr_term_is_terminal(int fd);
/* Columns: the terminal's, else $COLUMNS, else 80; never below 20. */
unsigned mr_term_width(int fd);
/* Waits for a person: until a line can be read from fd.  MR_E_CANCELLED as soon as a signal
 * asks for the end; read() by itself would be begun again after it. */
enum mr_code mr_term_await_line(int fd, struct mr_err *err);

/* All of a text to standard output (file: that, or a test's), in one piece, so that a full disk is
 * one error and no half of it looks whole.  MR_E_IO; MR_E_NOMEM while `doing` ("printing") where the
 * text has failed. */
enum mr_code mr_term_print(const struct mr_strbuf *text, FILE *file, const char *doing,
                           struct mr_err *err);

/* The escape sequence, or "" when off. */
const char *mr_term_style(enum mr_style style, bool on);

#endif
