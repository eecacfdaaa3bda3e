/*
 * archive_head: what the first events of a binary log say of it: when it was begun, which transactions
 * are in the logs before it, and whether its events have checksums.
 *
 *   mr_archive_head_init → mr_archive_head_take for each event, from the first on → release
 *   mr_archive_head_ask, of a log on a server
 *
 * Errors: MR_E_BINLOG for what cannot be a log's head; those of db_binlog.h; MR_E_NOMEM.
 * Threads: one at a time.
 */
#ifndef MR_ARCHIVE_HEAD_H
#define MR_ARCHIVE_HEAD_H

#include "core/base/strbuf.h"
#include "core/binlog/binlog_query.h"
#include "core/db/db.h"

struct mr_archive_head {
    uint64_t began; /* seconds of UTC since 1970; 0: no head was seen */
    bool has_crc, has_before;
    struct mr_strbuf before; /* as text */
};

/* Of no log yet. */
void mr_archive_head_init(struct mr_archive_head *head);
void mr_archive_head_release(struct mr_archive_head *head);
/* An event as it stands in the log, with its checksum. */
enum mr_code mr_archive_head_take(struct mr_archive_head *head, const char *log, const uint8_t *raw,
                                  size_t len, struct mr_err *err);
/* Does it end in the checksum of its bytes? */
bool mr_archive_head_crc_fits(const uint8_t *raw, size_t len);
/* Which log a server that sends says it sends now.  A checksum that fits is not of its name. */
enum mr_code mr_archive_head_rotate(const char *log, const uint8_t *raw, size_t len,
                                    struct mr_binlog_rotate *rotate, struct mr_err *err);
/* By a connection of its own. */
enum mr_code mr_archive_head_ask(struct mr_archive_head *head, const struct mr_endpoint *ep,
                                 const struct mr_db_opts *opts, const char *log,
                                 struct mr_err *err);
/* May a log with `later` before it come behind one with `earlier` before it?  Only GTIDs tell: *known. */
enum mr_code mr_archive_head_follows(const char *earlier, const char *later, bool is_mariadb,
                                     bool *known, bool *follows, struct mr_err *err);

#endif
