/*
 * archive_log: one binary log on its way into an archive.
 *
 *   mr_archive_log_begin → mr_archive_log_add, each event in its turn → mr_archive_log_end
 *   mr_archive_log_drop, in place of the end or behind it
 *
 * It has its name when it is whole on the disk, with both digests known; until then it is
 * DIR/.NAME.new.  What is checked: that it begins with its head, that each event stands where the one
 * before it ended and has the checksum that its bytes have, that a closed log has as many bytes as the
 * server said, and, of one that was archived before it was closed, that it begins with what is there.
 * A checksum that does not fit is a fault of the server's file: it is kept as it is, and told.
 *
 * Ownership: texts live in the arena.  Errors: MR_E_BINLOG for what the server should not have sent,
 * MR_E_REFUSED where it is another log than the one in the archive; MR_E_IO, MR_E_NOMEM.
 * Threads: one.
 */
#ifndef MR_ARCHIVE_LOG_H
#define MR_ARCHIVE_LOG_H

#include "core/file/outfile.h"
#include "core/logs/archive_head.h"
#include "core/logs/archive_list.h"
#include "core/logs/server_logs.h"

struct mr_archive_log {
    const char *dir, *server; /* server: for messages */
    const struct mr_server_log *of;
    const struct mr_archived_log *kept; /* an earlier copy of it; or NULL */
    struct mr_arena *arena;
    /* private */
    struct mr_outfile *file;
    struct mr_sha256 hash, prefix;
    struct mr_archive_head head;
    struct mr_archived_log log;
    const char *path;
    uint64_t events;
    bool is_open, has_prefix;
};

/* The first five members are set. */
enum mr_code mr_archive_log_begin(struct mr_archive_log *w, struct mr_err *err);
enum mr_code mr_archive_log_add(struct mr_archive_log *w, const uint8_t *raw, size_t len,
                                struct mr_err *err);
/* fault: why the server ended it before its end, or NULL.  *out is as it stands in the archive now, to be
 * listed. */
enum mr_code mr_archive_log_end(struct mr_archive_log *w, const char *fault,
                                struct mr_archived_log *out, struct mr_err *err);
void mr_archive_log_drop(struct mr_archive_log *w);

#endif
