/*
 * history_top_print: what `history show --top` has found, for people and as JSON.
 *
 * Names and statements of a server can neither move a cursor nor disguise themselves.
 *
 * Errors: MR_E_IO, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_HISTORY_TOP_PRINT_H
#define MR_HISTORY_TOP_PRINT_H

#include <stdio.h>

#include "core/base/run_id.h"
#include "core/logs/history_read.h"
#include "recon/history/history_top.h"

struct mr_top_print {
    const struct mr_history_top *top; /* in order */
    const struct mr_history_read *read;
    const char *server; /* whose logs: no password */
    const char *uri;    /* the server, for a command to come; NULL: files were read */
    const char *config; /* the configuration file; NULL: none */
    const struct mr_run_id *run;
    bool hides; /* literals of statements */
    bool color;
};

/* May something of the window not be in what is told? */
bool mr_history_top_is_incomplete(const struct mr_top_print *print);
enum mr_code mr_history_top_text(const struct mr_top_print *print, FILE *out, struct mr_err *err);
/* Objects, one a line: myrecon/history-top/1. */
enum mr_code mr_history_top_json(const struct mr_top_print *print, FILE *out, struct mr_err *err);

#endif
