/* binlog_dump.c: see binlog_dump.h. */
#include "core/binlog/binlog_dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/signals.h"
#include "core/binlog/binlog_query.h"
#include "core/file/inflate.h"

#define AGAIN_MAX 25 /* tries */
#define AGAIN_NS 200000000L
#define RECONNECTS 3

struct mr_binlog_dump {
    struct mr_db *db;
    struct mr_db_binlog *events;
    struct mr_binlog_span span;
    struct mr_strbuf log; /* that is sent now */
    uint64_t at;          /* of the next event in it */
    uint64_t bytes;
    bool is_over;
    bool is_ended;            /* the log that is sent now, by its last event so far */
    struct mr_strbuf unended; /* the first that another follows; empty: none */
    unsigned again;           /* how often it was asked anew since the last event */
};

enum mr_code mr_binlog_dump_open(struct mr_db *db, const struct mr_binlog_span *span,
                                 struct mr_binlog_dump **out, struct mr_err *err)
{
    struct mr_binlog_dump *dump = calloc(1, sizeof *dump);
    if (dump == NULL)
        return mr_err_nomem(err, "reading a binary log");
    *dump = (struct mr_binlog_dump){.db = db,
                                    .span = *span,
                                    .log = MR_STRBUF_INIT,
                                    .unended = MR_STRBUF_INIT,
                                    .at = span->from};
    mr_strbuf_add_str(&dump->log, span->from_log);
    enum mr_code code = mr_strbuf_check(&dump->log, "reading a binary log", err);
    if (code == MR_OK)
        code = mr_db_binlog_open(db, span->from_log, span->from, mr_db_binlog_id(), &dump->events,
                                 err);
    if (code != MR_OK) {
        mr_binlog_dump_close(dump);
        return code;
    }
    *out = dump;
    return MR_OK;
}

void mr_binlog_dump_close(struct mr_binlog_dump *dump)
{
    if (dump == NULL)
        return;
    mr_db_binlog_close(dump->events);
    mr_strbuf_release(&dump->log);
    mr_strbuf_release(&dump->unended);
    free(dump);
}

uint64_t mr_binlog_dump_bytes(const struct mr_binlog_dump *dump)
{
    return dump->bytes;
}

const char *mr_binlog_dump_unended(const struct mr_binlog_dump *dump)
{
    return dump->unended.len > 0 ? dump->unended.ptr : NULL;
}

static bool is_in_last(const struct mr_binlog_dump *dump)
{
    return strcmp(dump->log.ptr, dump->span.until_log) == 0;
}

/* What a server makes for us has a checksum or not: it has, if the last four bytes are one. */
static bool has_crc(const uint8_t *raw, size_t len)
{
    if (len < MR_BINLOG_HEADER_BYTES + MR_BINLOG_CRC_BYTES)
        return false;
    struct mr_binlog_cursor c =
        mr_binlog_cursor(raw + len - MR_BINLOG_CRC_BYTES, MR_BINLOG_CRC_BYTES);
    return mr_crc32(raw, len - MR_BINLOG_CRC_BYTES) == mr_binlog_uint(&c, MR_BINLOG_CRC_BYTES);
}

/* The server names each log before its first event. */
static enum mr_code follow(struct mr_binlog_dump *dump, const struct mr_binlog_event *event,
                           const uint8_t *raw, size_t len, struct mr_err *err)
{
    struct mr_binlog_event plain = *event;
    struct mr_binlog_rotate rotate;
    if (has_crc(raw, len))
        plain.len -= MR_BINLOG_CRC_BYTES;
    MR_TRY(mr_binlog_rotate_read(&plain, &rotate, err));
    if (rotate.name.len == dump->log.len &&
        memcmp(rotate.name.ptr, dump->log.ptr, dump->log.len) == 0)
        return MR_OK;
    /* behind the last log there is nothing that was asked for */
    if (is_in_last(dump)) {
        dump->is_over = true;
        return MR_OK;
    }
    if (dump->unended.len == 0 && !dump->is_ended)
        mr_strbuf_add(&dump->unended, dump->log.ptr, dump->log.len);
    dump->is_ended = false;
    MR_TRY(mr_strbuf_check(&dump->unended, "reading a binary log", err));
    mr_strbuf_reset(&dump->log);
    mr_strbuf_add(&dump->log, rotate.name.ptr, rotate.name.len);
    dump->at = MR_DB_BINLOG_FIRST;
    return mr_strbuf_check(&dump->log, "reading a binary log", err);
}

static enum mr_code end_early(const struct mr_binlog_dump *dump, struct mr_err *err)
{
    return mr_err_set(err, MR_E_BINLOG,
                      "server \"%s\" ended its binary logs at \"%.200s\" position %" PRIu64
                      ", and had said that they go to \"%.200s\" position %" PRIu64,
                      mr_db_label(dump->db), dump->log.ptr, dump->at, dump->span.until_log,
                      dump->span.until);
}

/* MySQL with sync_binlog = 1 says how long a log is before all of that is on disk, and sends no more
 * than what is: the rest comes in a moment.  What is sent ends with a transaction. */
static enum mr_code ask_again(struct mr_binlog_dump *dump, struct mr_err *err)
{
    const struct timespec pause = {0, AGAIN_NS};
    if (++dump->again > AGAIN_MAX)
        return end_early(dump, err);
    mr_db_binlog_close(dump->events);
    dump->events = NULL;
    (void)nanosleep(&pause, NULL);
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    MR_TRY(mr_db_reconnect(dump->db, RECONNECTS, err));
    return mr_db_binlog_open(dump->db, dump->log.ptr, dump->at, mr_db_binlog_id(), &dump->events,
                             err);
}

static enum mr_code read_event(struct mr_binlog_dump *dump, const uint8_t **raw, size_t *len,
                               struct mr_err *err)
{
    for (;;) {
        MR_TRY(mr_db_binlog_next(dump->events, raw, len, err));
        if (*len > 0)
            return MR_OK;
        /* a log that is not the last one is as long as it will ever be */
        if (!is_in_last(dump))
            return end_early(dump, err);
        MR_TRY(ask_again(dump, err));
    }
}

/* Where a dump that begins within a log has its head, and where the server makes events of its own, is
 * no place in the log. */
static enum mr_code next_event(void *arg, const uint8_t **raw, size_t *len, uint64_t *position,
                               struct mr_err *err)
{
    struct mr_binlog_dump *dump = arg;
    struct mr_binlog_event event;
    *len = 0;
    if (dump->is_over || (is_in_last(dump) && dump->at >= dump->span.until))
        return MR_OK;
    MR_TRY(read_event(dump, raw, len, err));
    const struct mr_binlog_place place = {dump->log.ptr, dump->at};
    MR_TRY(mr_binlog_header(&place, *raw, *len, &event, err));
    dump->bytes += *len;
    *position = 0;
    if ((event.flags & MR_BINLOG_ARTIFICIAL) != 0) {
        if (event.type == MR_BINLOG_ROTATE)
            MR_TRY(follow(dump, &event, *raw, *len, err));
        if (dump->is_over)
            *len = 0;
        return MR_OK;
    }
    if (event.type == MR_BINLOG_FORMAT_DESCRIPTION && dump->at > MR_DB_BINLOG_FIRST)
        return MR_OK;
    dump->is_ended = mr_binlog_ends_log(event.type);
    *position = dump->at;
    dump->at += *len;
    dump->again = 0;
    return MR_OK;
}

struct mr_binlog_input mr_binlog_dump_input(struct mr_binlog_dump *dump)
{
    return (struct mr_binlog_input){
        .next = next_event, .arg = dump, .log = dump->span.from_log, .is_file = false};
}
