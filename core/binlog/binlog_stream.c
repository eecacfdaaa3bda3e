/* binlog_stream.c: see binlog_stream.h. */
#include "core/binlog/binlog_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/binlog/binlog_query.h"
#include "core/binlog/binlog_unpack.h"
#include "core/file/inflate.h"

/* Logs that follow each other with nothing in them; a replica that reconnects all night makes
 * thousands, and one that lies would have us read forever. */
#define EMPTY_LOGS_MAX 100000
#define FORMAT_BYTES_MAX 512
#define NAME_BYTES 513
#define TYPE_AT 4
#define FLAGS_AT 17

struct mr_binlog_stream {
    struct mr_binlog_input input;
    struct mr_binlog_unpack *unpack;
    struct mr_binlog_format format;
    bool has_format;
    bool is_relay;   /* ends are those of the source's log, which is another */
    bool in_payload; /* events come out of one */
    bool is_cut;
    bool is_closed; /* its server has said that this log is whole */
    bool is_ended;  /* by its last event so far */
    /* of a relay log: where in the source's the next event begins (0: not known), whether one did
     * not, so that nothing can be held against the last, and whether that was by unpacking alone */
    uint64_t source_end;
    bool has_jumped, has_unpacked;
    const char *log;           /* input.log, or one of the names */
    char names[2][NAME_BYTES]; /* of this log and the one before it, which an event may name */
    unsigned name;
    unsigned empty_logs;
};

enum mr_code mr_binlog_stream_open(struct mr_binlog_input input, struct mr_binlog_stream **out,
                                   struct mr_err *err)
{
    struct mr_binlog_stream *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return mr_err_nomem(err, "reading a binary log");
    s->input = input;
    s->log = input.log;
    const enum mr_code code = mr_binlog_unpack_new(&s->unpack, err);
    if (code != MR_OK) {
        mr_binlog_stream_close(s);
        return code;
    }
    *out = s;
    return MR_OK;
}

void mr_binlog_stream_close(struct mr_binlog_stream *s)
{
    if (s == NULL)
        return;
    mr_binlog_unpack_free(s->unpack);
    free(s);
}

const struct mr_binlog_format *mr_binlog_stream_format(const struct mr_binlog_stream *s)
{
    return s->has_format ? &s->format : NULL;
}

bool mr_binlog_stream_is_cut(const struct mr_binlog_stream *s)
{
    return s->is_cut;
}

bool mr_binlog_stream_is_ended(const struct mr_binlog_stream *s)
{
    return s->is_ended;
}

bool mr_binlog_stream_was_open(const struct mr_binlog_stream *s)
{
    return s->input.is_file && s->has_format && !s->is_relay && !s->format.is_closed;
}

static bool is_known(enum mr_binlog_type type)
{
    switch ((unsigned)type) {
#define MR_BINLOG_TYPE(number, symbol, word) case number:
#include "core/binlog/binlog_type.def"
#undef MR_BINLOG_TYPE
        return true;
    default: return false;
    }
}

/* ---- checksums ---- */

static bool crc_fits(const uint8_t *raw, size_t len)
{
    if (len < MR_BINLOG_HEADER_BYTES + MR_BINLOG_CRC_BYTES)
        return false;
    struct mr_binlog_cursor c =
        mr_binlog_cursor(raw + len - MR_BINLOG_CRC_BYTES, MR_BINLOG_CRC_BYTES);
    return mr_crc32(raw, len - MR_BINLOG_CRC_BYTES) == mr_binlog_uint(&c, MR_BINLOG_CRC_BYTES);
}

/* The server takes back the mark that it uses the log, and leaves the CRC as it was without. */
static bool format_crc_fits(const uint8_t *raw, size_t len)
{
    uint8_t copy[FORMAT_BYTES_MAX];
    if (len > sizeof copy)
        return false;
    memcpy(copy, raw, len);
    copy[FLAGS_AT] = (uint8_t)(copy[FLAGS_AT] & ~MR_BINLOG_IN_USE);
    return crc_fits(copy, len);
}

/* Takes the CRC off the body.  A ROTATE that a server made for us, which may come before the
 * format, has one or not: it has if what would be it fits. */
static enum mr_code check_crc(const struct mr_binlog_stream *s, const uint8_t *raw, size_t len,
                              struct mr_binlog_event *event, struct mr_err *err)
{
    const bool is_made = event->type == MR_BINLOG_ROTATE && !s->input.is_file &&
                         (!s->has_format || event->place.position == 0 ||
                          (event->flags & MR_BINLOG_ARTIFICIAL) != 0);
    if (!is_made && !s->format.has_crc)
        return MR_OK;
    if (crc_fits(raw, len))
        event->len -= MR_BINLOG_CRC_BYTES;
    else if (!is_made)
        return mr_binlog_damaged(&event->place, "an event whose checksum does not fit", err);
    return MR_OK;
}

/* ---- what the stream sees to ---- */

static enum mr_code take_format(struct mr_binlog_stream *s, const uint8_t *raw, size_t len,
                                struct mr_binlog_event *event, struct mr_err *err)
{
    struct mr_binlog_format format;
    MR_TRY(mr_binlog_format_read(event, &format, err));
    /* in the files of servers it fits, even where they write none behind other events */
    const bool has_one = format.has_crc ||
                         (s->input.is_file && !s->has_format && mr_binlog_format_tail(&format) > 0);
    if (has_one && !format_crc_fits(raw, len))
        return mr_binlog_damaged(&event->place, "a format description whose checksum does not fit",
                                 err);
    s->is_relay = s->has_format || (event->flags & MR_BINLOG_RELAY) != 0;
    s->is_closed = s->input.is_file && !s->is_relay && format.is_closed; /* no relay log says it */
    s->format = format;
    s->has_format = true;
    event->len -= mr_binlog_format_tail(&format);
    return MR_OK;
}

static enum mr_code take_rotate(struct mr_binlog_stream *s, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    struct mr_binlog_rotate rotate;
    MR_TRY(mr_binlog_rotate_read(event, &rotate, err));
    if (++s->empty_logs > EMPTY_LOGS_MAX)
        return mr_binlog_damaged(&event->place, "logs without events follow each other in a loop",
                                 err);
    s->source_end = rotate.position;
    if (s->input.is_file)
        return MR_OK;
    s->name ^= 1;
    memcpy(s->names[s->name], rotate.name.ptr, rotate.name.len);
    s->names[s->name][rotate.name.len] = '\0';
    s->log = s->names[s->name];
    return MR_OK;
}

/* A server that sends its log has decrypted it, and marks this event as none of ours; so it stands in what
 * was kept of that. */
static enum mr_code take_encryption(const struct mr_binlog_event *event, struct mr_err *err)
{
    if ((event->flags & MR_BINLOG_IGNORABLE) != 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_UNSUPPORTED, "binary log \"%s\" is encrypted", event->place.log);
    mr_err_hint(err, "Read it from the server that wrote it, which decrypts it, instead of from "
                     "its file.");
    return MR_E_UNSUPPORTED;
}

static enum mr_code refuse_unknown(const struct mr_binlog_event *event, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_UNSUPPORTED,
                     "binary log \"%s\", position %" PRIu64
                     ": an event of type %u, which is not known",
                     event->place.log, event->place.position, (unsigned)event->type);
    mr_err_hint(err, "A newer server may have written it: see whether there is a newer myrecon.");
    return MR_E_UNSUPPORTED;
}

/* *is_given false: it is for the stream alone. */
static enum mr_code take_whole(struct mr_binlog_stream *s, struct mr_binlog_event *event,
                               bool *is_given, struct mr_err *err)
{
    *is_given = true;
    s->is_ended = mr_binlog_ends_log(event->type);
    event->is_mariadb = s->format.is_mariadb;
    if (event->type == MR_BINLOG_ROTATE)
        return take_rotate(s, event, err);
    if (event->type == MR_BINLOG_FORMAT_DESCRIPTION)
        return MR_OK;
    if (!s->has_format)
        return mr_binlog_damaged(&event->place, "an event before any format description", err);
    switch ((unsigned)event->type) {
    case MR_BINLOG_START_ENCRYPTION: return take_encryption(event, err);
    case MR_BINLOG_HEARTBEAT:
    case MR_BINLOG_HEARTBEAT_V2: *is_given = false; return MR_OK;
    case MR_BINLOG_PREVIOUS_GTIDS:
    case MR_BINLOG_MARIADB_GTID_LIST:
    case MR_BINLOG_BINLOG_CHECKPOINT:
    case MR_BINLOG_STOP: return MR_OK; /* of a log, empty or not */
    case MR_BINLOG_TRANSACTION_PAYLOAD:
        *is_given = false;
        s->in_payload = true;
        s->empty_logs = 0;
        return mr_binlog_unpack_payload_begin(s->unpack, event, err);
    default: break;
    }
    s->empty_logs = 0;
    if (!is_known(event->type) && (event->flags & MR_BINLOG_IGNORABLE) == 0)
        return refuse_unknown(event, err);
    return mr_binlog_unpack_inflate(s->unpack, event, err);
}

static enum mr_code refuse_short(const struct mr_binlog_place *place, struct mr_err *err)
{
    (void)mr_binlog_damaged(place, "the log ends within an event, though its server has closed it",
                            err);
    mr_err_hint(err, "It was damaged, or not copied to its end: copy it again.");
    return MR_E_BINLOG;
}

/* ---- raw events ---- */

static uint64_t size_of(const uint8_t *raw)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(raw + 9, 8);
    return mr_binlog_uint(&c, 4);
}

static uint64_t end_of(const uint8_t *raw)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(raw + 13, 4);
    return mr_binlog_uint(&c, 4);
}

/* Of the log itself, or, in a relay log, an event that the replica has written. */
static bool ends_here(const struct mr_binlog_place *place, uint64_t size, uint64_t end)
{
    return (uint32_t)end == (uint32_t)(place->position + size);
}

static bool follows_source(const struct mr_binlog_stream *s, uint64_t size, uint64_t end)
{
    return (uint32_t)end == (uint32_t)(s->source_end + size);
}

/* An end with more than the 32 bits that a header has of it, beyond 4 GiB of a log.  In a relay log
 * it is the one nearest to the end before it. */
static uint64_t whole_end(const struct mr_binlog_stream *s, const struct mr_binlog_event *event,
                          size_t len)
{
    const bool by_source = s->is_relay && s->input.is_file && s->source_end != 0;
    if (event->end == 0)
        return 0;
    if (by_source && follows_source(s, len, event->end))
        return s->source_end + len;
    if (ends_here(&event->place, len, event->end))
        return event->place.position + len;
    if (!by_source)
        return event->end;
    const int64_t way = (int32_t)(uint32_t)(event->end - s->source_end);
    return way < 0 && (uint64_t)-way > s->source_end ? event->end : s->source_end + (uint64_t)way;
}

/* A replica of MariaDB unpacks what its source has compressed, and leaves the end as it was: the
 * event is longer than the way from the end before it to its own. */
static bool may_be_unpacked(const struct mr_binlog_stream *s, unsigned type)
{
    return s->format.is_mariadb && (type == MR_BINLOG_QUERY || (type >= MR_BINLOG_WRITE_ROWS_V1 &&
                                                                type <= MR_BINLOG_DELETE_ROWS_V1));
}

/* A relay log has the ends of its source's, but for what the replica itself has written. */
static void follow(struct mr_binlog_stream *s, const struct mr_binlog_event *event, size_t len)
{
    if (!s->is_relay || event->end == 0)
        return;
    const bool is_next = s->source_end != 0 && follows_source(s, len, event->end);
    if (!is_next && ends_here(&event->place, len, event->end))
        return;
    if (s->source_end != 0 && !is_next) {
        if (may_be_unpacked(s, event->type))
            s->has_unpacked = true;
        else
            s->has_jumped = true;
    }
    s->source_end = event->end;
}

/* Does the length of an event that is not whole lead where it says that it ends?  An end of 0 says
 * nothing. */
static bool leads_to_end(const struct mr_binlog_stream *s, const struct mr_binlog_event *event,
                         uint64_t size)
{
    if (event->end == 0 || ends_here(&event->place, size, event->end))
        return true;
    return s->is_relay && (s->source_end == 0 || follows_source(s, size, event->end) ||
                           s->has_jumped || (s->has_unpacked && may_be_unpacked(s, event->type)));
}

/*
 * An event that the file ends within.  A length that is damaged looks the same: so where it is
 * said at which position the event ends, its length must lead there.  A server sends whole ones,
 * and what it has closed it has written to the end.
 */
static enum mr_code take_cut(struct mr_binlog_stream *s, const uint8_t *raw, size_t len,
                             const struct mr_binlog_place *place, struct mr_err *err)
{
    bool is_right = s->input.is_file;
    if (len >= MR_BINLOG_HEADER_BYTES)
        is_right = is_right && size_of(raw) <= MR_BINLOG_EVENT_MAX &&
                   leads_to_end(s,
                                &(struct mr_binlog_event){.type = (enum mr_binlog_type)raw[TYPE_AT],
                                                          .end = end_of(raw),
                                                          .place = *place},
                                size_of(raw));
    if (!is_right)
        return mr_binlog_damaged(place, "an event that is longer than what is there of the log",
                                 err);
    if (s->is_closed)
        return refuse_short(place, err);
    uint64_t position = 0;
    const struct mr_binlog_place here = *place;
    MR_TRY(s->input.next(s->input.arg, &raw, &len, &position, err));
    if (len != 0)
        return mr_binlog_damaged(&here, "an event that is shorter than its header says", err);
    s->is_cut = true;
    return MR_OK;
}

/* *is_given false: ask again; is_cut may be set then, and no more will come. */
static enum mr_code take_raw(struct mr_binlog_stream *s, const uint8_t *raw, size_t len,
                             uint64_t position, struct mr_binlog_event *event, bool *is_given,
                             struct mr_err *err)
{
    const struct mr_binlog_place place = {s->log, position};
    *is_given = false;
    if (len < MR_BINLOG_HEADER_BYTES || size_of(raw) > len)
        return take_cut(s, raw, len, &place, err);
    if (len > MR_BINLOG_EVENT_MAX)
        return mr_binlog_damaged(&place, "an event that is longer than any can be", err);
    MR_TRY(mr_binlog_header(&place, raw, len, event, err));
    if (event->type == MR_BINLOG_FORMAT_DESCRIPTION)
        MR_TRY(take_format(s, raw, len, event, err));
    else
        MR_TRY(check_crc(s, raw, len, event, err));
    event->end = whole_end(s, event, len);
    follow(s, event, len);
    return take_whole(s, event, is_given, err);
}

/* A payload gives its events first; else the input is asked. */
enum mr_code mr_binlog_stream_next(struct mr_binlog_stream *s, struct mr_binlog_event *event,
                                   struct mr_err *err)
{
    bool is_given = false;
    while (!is_given) {
        if (s->in_payload) {
            bool is_over = false;
            MR_TRY(mr_binlog_unpack_payload_next(s->unpack, event, &is_over, err));
            s->in_payload = !is_over;
            if (!is_over)
                MR_TRY(take_whole(s, event, &is_given, err));
            continue;
        }
        const uint8_t *raw = NULL;
        size_t len = 0;
        uint64_t position = 0;
        if (!s->is_cut)
            MR_TRY(s->input.next(s->input.arg, &raw, &len, &position, err));
        if (len == 0) {
            *event = (struct mr_binlog_event){.place = {s->log, 0}};
            return MR_OK;
        }
        MR_TRY(take_raw(s, raw, len, position, event, &is_given, err));
    }
    return MR_OK;
}
