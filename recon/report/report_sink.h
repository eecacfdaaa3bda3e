/*
 * report_sink: where a report goes, with a buffer before it.
 *
 *   begin → append to buf, drain now and then … → commit → free
 *
 * What is guaranteed of files, and which errors come: core/file/outfile.h.  Memory: what is
 * appended between two drains.  Threads: one.
 */
#ifndef MR_REPORT_SINK_H
#define MR_REPORT_SINK_H

#include "core/base/strbuf.h"
#include "core/file/outfile.h"

struct mr_report_sink {
    struct mr_strbuf buf;
    struct mr_outfile *out;
    uint64_t bytes; /* drained so far */
};

/* path NULL: standard output.  A file that is there: MR_E_EXISTS without force. */
enum mr_code mr_report_sink_begin(struct mr_report_sink *sink, const char *path, bool force,
                                  struct mr_err *err);
/* A new file among many: the caller brings the directory to the disk (core/file/parts.h). */
enum mr_code mr_report_sink_begin_one(struct mr_report_sink *sink, const char *path,
                                      struct mr_err *err);
/* Writes what has gathered, once it is worth the while. */
enum mr_code mr_report_sink_drain(struct mr_report_sink *sink, struct mr_err *err);
enum mr_code mr_report_sink_commit(struct mr_report_sink *sink, struct mr_err *err);
void mr_report_sink_free(struct mr_report_sink *sink);

#endif
