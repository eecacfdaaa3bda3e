/*
 * sink_behind: a sink whose bytes go on in a thread: whoever writes does not wait for what hashes,
 * compresses and stores them.
 *
 *   new → write … → finish → free
 *
 * Threads: one writes.  What is behind is called by one thread at a time, that of its own from
 * the first 256 KiB on, and is the caller's again after finish or free.  Less than that, and where no thread
 * can be had, the caller's thread carries it on.
 *
 * Errors: the first of what is behind is told by the write or finish that comes after it, and by all
 * later ones; nothing goes on after it.  Limits: 512 KiB of memory.
 */
#ifndef MR_SINK_BEHIND_H
#define MR_SINK_BEHIND_H

#include "core/file/sink.h"

struct mr_sink_behind;

/* to: outlives it. */
enum mr_code mr_sink_behind_new(struct mr_sink to, struct mr_sink_behind **out, struct mr_err *err);
enum mr_code mr_sink_behind_write(struct mr_sink_behind *behind, const void *ptr, size_t len,
                                  struct mr_err *err);
/* All has gone on when it returns MR_OK; nothing may be written any more. */
enum mr_code mr_sink_behind_finish(struct mr_sink_behind *behind, struct mr_err *err);
/* What has not gone on yet is given up; NULL is fine. */
void mr_sink_behind_free(struct mr_sink_behind *behind);

#endif
