/*
 * check_text: the result of a check for people: one line a table, the diverged key ranges,
 * samples of rows with the differing columns side by side, objects, and one sentence that
 * says what to do next.
 */
#ifndef MR_CHECK_TEXT_H
#define MR_CHECK_TEXT_H

#include <stdio.h>

#include "recon/check/check_result.h"

struct mr_check_text_opts {
    bool color;
    bool brief;            /* no equal tables, and nothing behind the verdict */
    unsigned width;        /* columns of the terminal */
    const char *case_path; /* "" for none: then the hint says how to keep one */
    const char *config;    /* file of the configuration, or NULL */
};

enum mr_code mr_check_text(const struct mr_check_result *result, FILE *out,
                           const struct mr_check_text_opts *opts, struct mr_err *err);

#endif
