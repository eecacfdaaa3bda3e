/*
 * affected_output: where the list is written to: standard output or a file that appears
 * whole or not at all.
 */
#ifndef MR_AFFECTED_OUTPUT_H
#define MR_AFFECTED_OUTPUT_H

#include "core/io.h"

struct mr_affected_output {
    const char *path; /* NULL: standard output */
    struct mr_io_file *file;
};

enum mr_code mr_affected_output_begin(struct mr_affected_output *out, const char *path,
                                      bool force, struct mr_err *err);
enum mr_code mr_affected_output_write(struct mr_affected_output *out, const void *ptr,
                                      size_t len, struct mr_err *err);
enum mr_code mr_affected_output_commit(struct mr_affected_output *out,
                                       struct mr_err *err);
void mr_affected_output_release(struct mr_affected_output *out);

#endif
