/*
 * log: lines for people on stderr, and the one status line below them.
 *
 *   myrecon: comparing 34 tables
 *   myrecon: warning: table "club.log" has no key
 *   myrecon: error: could not open file "x": Permission denied
 *   myrecon: hint: Check the owner of the directory.
 *
 * Each call writes one whole line in one write(2): lines of several threads do not mix.
 * Control characters and invalid UTF-8 (a server's message may hold anything) are shown
 * escaped, passwords in endpoints hidden; a line beyond 4 KiB is cut and ends in "...".  No call allocates, so that
 * running out of memory can be told.
 *
 * The status line (progress.h) lives here because both share the terminal's last line:
 * a log line clears it first, the next status redraws it.
 *
 * Errors: a failing write to stderr is ignored, there is nobody left to tell.
 * Threads: any.  Level and colour are set once, at start.
 */
#ifndef MR_LOG_H
#define MR_LOG_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/log_file.h"

enum mr_log_level {
    MR_LOG_ERROR = 1,
    MR_LOG_WARNING, /* -q */
    MR_LOG_INFO,    /* the default */
    MR_LOG_DETAIL,  /* -v */
    MR_LOG_DEBUG    /* -v -v */
};

/* Lines above this level are not written. */
void mr_log_set_level(enum mr_log_level level);
/* What is logged goes to that file, too (log_file.h), up to a level of its own.  name: for
 * messages, outlives the log.  fd -1: no longer. */
void mr_log_set_file(int fd, const char *name, enum mr_log_format format, enum mr_log_level level);
/* Also for the status line; see mr_term_use_color(). */
void mr_log_set_color(bool on);
/* On stderr, or in the file. */
bool mr_log_is_on(enum mr_log_level level);

/* One line of that level; nothing where the level is off. */
void mr_log_warning(const char *fmt, ...) MR_PRINTF(1, 2);
void mr_log_info(const char *fmt, ...) MR_PRINTF(1, 2);
void mr_log_detail(const char *fmt, ...) MR_PRINTF(1, 2);
void mr_log_debug(const char *fmt, ...) MR_PRINTF(1, 2);
/* An error as a whole: error line, detail line, hint line.  Called by main.c. */
void mr_log_err(const struct mr_err *err);
/* An error that the run survives: its message as a warning, its hint behind it. */
void mr_log_err_as_warning(const struct mr_err *err);

/* From here on what is for stderr is kept, up to 64 KiB: more is written after all.  The file gets
 * it at once. */
void mr_log_hold(void);
/* Writes what is kept, or forgets it. */
void mr_log_unhold(bool print);

/* In the child of a fork, which has a stderr of its own: what its parent keeps, its file, its
 * status line, its level and its colour are the parent's alone.  What is hidden stays hidden. */
void mr_log_begin_anew(void);

/* A line of the file alone: how a run began, and how it ended. */
void mr_log_file_only(const char *text);

/* An argument that may hold a password (secret.h): it is masked wherever a line has it. */
void mr_log_hide(const char *arg);
/* Lines for people to paste, such as those of a configuration: as they are but for control
 * characters, nothing in front of them, whatever the level. */
void mr_log_lines(const char *text);

/* Replaces the status line, cut to the terminal's width.  stderr must be a terminal. */
void mr_log_status(const char *text);
/* Takes the status line away. */
void mr_log_status_clear(void);
/* A progress line where there is no terminal: written whatever the level. */
void mr_log_plain(const char *text);

#endif
