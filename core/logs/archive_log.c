/* archive_log.c: see archive_log.h. */
#include "core/logs/archive_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/binlog/binlog_event.h"
#include "core/db/db_binlog.h"

#define MAGIC                                                                                      \
    "\xfe"                                                                                         \
    "bin"
#define MAGIC_BYTES MR_DB_BINLOG_FIRST
#define SHIFT_MAX 1024 /* what begins an encrypted file is shorter */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "archiving binary logs");
}

static const char *say(struct mr_archive_log *w, const char *fmt, ...) MR_PRINTF(2, 3);
static const char *say(struct mr_archive_log *w, const char *fmt, ...)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    va_list args;
    va_start(args, fmt);
    mr_strbuf_add_args(&text, fmt, args);
    va_end(args);
    const char *kept = text.failed ? NULL : mr_arena_strdup(w->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

static enum mr_code strange(const struct mr_archive_log *w, const char *what, struct mr_err *err)
{
    return mr_err_set(err, MR_E_BINLOG,
                      "server \"%s\" sent of binary log \"%s\", at %" PRIu64 ", %s", w->server,
                      w->of->name, w->log.bytes + w->log.shift, what);
}

/* ---- what was there before ---- */

/* A log only grows: one that began otherwise is another one, of the same name. */
static enum mr_code compare_prefix(struct mr_archive_log *w, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    if (!w->has_prefix || w->log.bytes < w->kept->bytes)
        return MR_OK;
    mr_sha256_finish(&w->prefix, hex);
    w->has_prefix = false;
    if (w->log.bytes == w->kept->bytes && strcmp(hex, w->kept->content) == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "binary log \"%s\" of server \"%s\" begins otherwise than the one in \"%s\"",
                     w->of->name, w->server, w->dir);
    mr_err_hint(err, "The server has begun its logs anew (RESET), or is another one. Archive them "
                     "into another directory, and keep this one.");
    return MR_E_REFUSED;
}

static enum mr_code put(struct mr_archive_log *w, const void *ptr, size_t len, struct mr_err *err)
{
    mr_sha256_add(&w->hash, ptr, len);
    if (w->has_prefix)
        mr_sha256_add(&w->prefix, ptr, len);
    w->log.bytes += len;
    MR_TRY(compare_prefix(w, err));
    return mr_outfile_write(w->file, ptr, len, err);
}

/* ---- beginning and end ---- */

enum mr_code mr_archive_log_begin(struct mr_archive_log *w, struct mr_err *err)
{
    struct mr_outfile_opts opts = {.force = true, .compress = true};
    w->log = (struct mr_archived_log){.name = w->of->name, .server_bytes = w->of->bytes};
    mr_archive_head_init(&w->head);
    w->is_open = true;
    w->path = say(w, "%s/.%s.new", w->dir, w->of->name);
    opts.path = w->path;
    if (w->path == NULL)
        return nomem(err);
    MR_TRY(mr_sha256_init(&w->hash, err));
    if (w->kept != NULL) {
        MR_TRY(mr_sha256_init(&w->prefix, err));
        w->has_prefix = true;
    }
    MR_TRY(mr_outfile_begin(&opts, &w->file, err));
    return put(w, MAGIC, MAGIC_BYTES, err);
}

void mr_archive_log_drop(struct mr_archive_log *w)
{
    if (!w->is_open)
        return;
    mr_sha256_release(&w->hash);
    mr_sha256_release(&w->prefix);
    mr_archive_head_release(&w->head);
    mr_outfile_free(w->file);
    w->file = NULL;
    w->is_open = w->has_prefix = false;
    w->events = 0;
}

static enum mr_code require_whole(const struct mr_archive_log *w, struct mr_err *err)
{
    if (w->head.began == 0)
        return strange(w, "an end, and no head was before it", err);
    if (w->has_prefix)
        return mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" sent less of binary log \"%s\" than is archived of it",
                          w->server, w->of->name);
    if (w->log.is_whole && w->log.bytes + w->log.shift != w->of->bytes)
        return mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" sent %" PRIu64 " bytes of binary log \"%s\", which has "
                          "%" PRIu64,
                          w->server, w->log.bytes + w->log.shift, w->of->name, w->of->bytes);
    return MR_OK;
}

/* The name says whether there may be more of it. */
enum mr_code mr_archive_log_end(struct mr_archive_log *w, const char *fault,
                                struct mr_archived_log *out, struct mr_err *err)
{
    struct mr_archived_log *log = &w->log;
    log->is_whole = !w->of->is_last && fault == NULL;
    log->fault = log->fault != NULL ? log->fault : fault;
    MR_TRY(require_whole(w, err));
    log->began = w->head.began;
    log->before = mr_arena_strdup(w->arena, w->head.before.ptr != NULL ? w->head.before.ptr : "");
    log->file = log->is_whole ? say(w, "%s.zst", log->name)
                              : say(w, "%s.%" PRIu64 ".zst", log->name, log->bytes);
    const char *path = log->file != NULL ? mr_archive_path(w->dir, log->file, w->arena) : NULL;
    if (path == NULL || log->before == NULL)
        return nomem(err);
    MR_TRY(mr_outfile_commit(w->file, err));
    mr_sha256_finish(&w->hash, log->content);
    MR_TRY(mr_sha256_file(w->path, log->stored, &log->stored_bytes, err));
    if (rename(w->path, path) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not rename \"%s\"", w->path);
    *out = *log;
    return MR_OK;
}

/* ---- events ---- */

/* An event stands where the one before it ended.  What an encrypted file holds for itself alone is not
 * sent: it stands right behind the head. */
static enum mr_code check_place(struct mr_archive_log *w, const struct mr_binlog_event *event,
                                size_t len, struct mr_err *err)
{
    const uint32_t want = (uint32_t)(w->log.bytes + w->log.shift + len);
    const uint32_t end = (uint32_t)event->end;
    if (end == want || end == 0)
        return MR_OK;
    if (w->events == 1 && end - want <= SHIFT_MAX) {
        w->log.shift = end - want;
        return MR_OK;
    }
    return strange(w, "an event that says that it ends elsewhere", err);
}

/* Servers do not look at them when they send. */
static enum mr_code check_crc(struct mr_archive_log *w, const uint8_t *raw, size_t len,
                              struct mr_err *err)
{
    if (len < MR_BINLOG_HEADER_BYTES + MR_BINLOG_CRC_BYTES)
        return strange(w, "an event without its checksum", err);
    if (mr_archive_head_crc_fits(raw, len) || w->log.fault != NULL)
        return MR_OK;
    w->log.fault = say(w,
                       "it is damaged on the server: the event at %" PRIu64
                       " has another checksum than its bytes",
                       w->log.bytes + w->log.shift);
    return w->log.fault != NULL ? MR_OK : nomem(err);
}

enum mr_code mr_archive_log_add(struct mr_archive_log *w, const uint8_t *raw, size_t len,
                                struct mr_err *err)
{
    const struct mr_binlog_place place = {w->of->name, w->log.bytes};
    struct mr_binlog_event event;
    MR_TRY(mr_binlog_header(&place, raw, len, &event, err));
    const bool is_head = event.type == MR_BINLOG_FORMAT_DESCRIPTION;
    if (w->events == 0 && !is_head)
        return strange(w, "another event than the head of a log", err);
    if (!w->of->is_last && w->log.bytes + w->log.shift + len > w->of->bytes)
        return strange(w, "more than there is of it", err);
    MR_TRY(check_place(w, &event, len, err));
    if (w->head.has_crc && !is_head) /* the head's mark that it is open was taken off on the way */
        MR_TRY(check_crc(w, raw, len, err));
    if (is_head || !w->head.has_before)
        MR_TRY(mr_archive_head_take(&w->head, w->of->name, raw, len, err));
    w->events++;
    return put(w, raw, len, err);
}
