/*
 * outfile: the file that an export is written to: plain, compressed, encrypted, or both;
 * or standard output.
 *
 *   mr_outfile_begin → mr_outfile_write … → mr_outfile_commit → mr_outfile_free
 *
 * Layers, each usable alone: content → compress → cms → parts.  Encrypted output is
 * encrypted before it reaches the disk; above part_bytes of (compressed) content it goes
 * on in numbered parts, PATH.001, PATH.002, …, each a CMS message of its own, because
 * whoever decrypts holds a whole message in memory.  The contents of the parts, one after
 * the other, are the whole.  One part is just PATH; without encryption there are none.
 * What is guaranteed of names, of replacing and of crashes: parts.h.
 *
 * Nothing has its name before the commit, and a freed or failed output leaves no trace
 * (standard output, of course, keeps what it got).
 *
 * Errors: MR_E_USAGE, MR_E_EXISTS, MR_E_CERT, MR_E_IO.  Sticky: every later call returns
 * the first error again, so that a long text may be written straight down and checked at
 * the commit.  Memory: constant, below 6 MiB.  Threads: one at a time per output.
 */
#ifndef MR_OUTFILE_H
#define MR_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/file/sink.h"

struct mr_outfile;

struct mr_outfile_opts {
    const char *path; /* NULL: standard output */
    bool force;       /* replace what is there */
    bool compress;
    bool unsynced; /* one of many in a directory, which is brought to the disk as a whole */
    const char *encrypt_to; /* PEM file of a certificate, or NULL */
    size_t part_bytes;      /* 0: 64 MiB */
};

/* Does this name ask for compression?  NULL is fine. */
bool mr_outfile_wants_zstd(const char *path);

/* opts need not outlive the call. */
enum mr_code mr_outfile_begin(const struct mr_outfile_opts *opts, struct mr_outfile **out,
                              struct mr_err *err);
enum mr_code mr_outfile_write(struct mr_outfile *out, const void *ptr, size_t len,
                              struct mr_err *err);
/* Once.  Standard output is flushed. */
enum mr_code mr_outfile_commit(struct mr_outfile *out, struct mr_err *err);
void mr_outfile_free(struct mr_outfile *out); /* NULL is fine */
/* Writes to it, for a layer above. */
struct mr_sink mr_outfile_sink(struct mr_outfile *out);

/* After the commit, for a message.  Files: 0 for standard output. */
size_t mr_outfile_files(const struct mr_outfile *out);
const char *mr_outfile_name(const struct mr_outfile *out, size_t index);
uint64_t mr_outfile_content_bytes(const struct mr_outfile *out); /* as given to write */
uint64_t mr_outfile_stored_bytes(const struct mr_outfile *out);  /* in all files */

#endif
