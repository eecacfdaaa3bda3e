/* binlog_format.c: see binlog_format.h. */
#include "core/binlog/binlog_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 4
#define SERVER_BYTES 50
/* How many types a server had that knew no checksums yet. */
#define TYPES_BEFORE_CHECKSUMS 27
/* MariaDB's own types begin at 160; MySQL has come to 42. */
#define TYPES_OF_MARIADB 100
#define CRC_NONE 0
#define CRC_CRC32 1

/* "8.0.36-28" is 80036; what is no number ends it. */
static unsigned number_of(const char *text)
{
    unsigned number = 0;
    for (int part = 0; part < 3; part++) {
        unsigned value = 0;
        for (; *text >= '0' && *text <= '9'; text++)
            value = value < 1000 ? value * 10 + (unsigned)(*text - '0') : value;
        number = number * 100 + (value < 100 ? value : 99);
        if (*text == '.')
            text++;
    }
    return number;
}

/* Since when they can: in their logs a byte says which checksum, and four follow in any case. */
static bool knows_checksums(const struct mr_binlog_format *format)
{
    return format->number >= (format->is_mariadb ? 50300 : 50601);
}

/* Bodies that we read by fixed offsets are of the lengths that servers since 5.1 write. */
static bool is_known_layout(const struct mr_binlog_format *format)
{
    static const struct {
        enum mr_binlog_type type;
        uint8_t len;
    } known[] = {
        {MR_BINLOG_QUERY, 13},          {MR_BINLOG_ROTATE, 8},
        {MR_BINLOG_TABLE_MAP, 8},       {MR_BINLOG_WRITE_ROWS_V1, 8},
        {MR_BINLOG_UPDATE_ROWS_V1, 8},  {MR_BINLOG_DELETE_ROWS_V1, 8},
        {MR_BINLOG_WRITE_ROWS_V2, 10},  {MR_BINLOG_UPDATE_ROWS_V2, 10},
        {MR_BINLOG_DELETE_ROWS_V2, 10}, {MR_BINLOG_PARTIAL_UPDATE_ROWS, 10},
        {MR_BINLOG_MARIADB_GTID, 19},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const unsigned at = (unsigned)known[i].type - 1;
        const uint8_t len = at < format->ntypes ? format->fixed_len[at] : 0;
        if (len != 0 && len != known[i].len)
            return false;
    }
    return knows_checksums(format) ? format->ntypes > TYPES_BEFORE_CHECKSUMS
                                   : format->ntypes == TYPES_BEFORE_CHECKSUMS;
}

size_t mr_binlog_format_tail(const struct mr_binlog_format *format)
{
    return knows_checksums(format) ? MR_BINLOG_CRC_BYTES : 0;
}

static enum mr_code unsupported(const struct mr_binlog_event *event,
                                const struct mr_binlog_format *format, const char *what,
                                struct mr_err *err)
{
    return mr_err_set(err, MR_E_UNSUPPORTED,
                      "binary log \"%s\", position %" PRIu64 ": of server \"%s\", %s",
                      event->place.log, event->place.position, format->server, what);
}

enum mr_code mr_binlog_format_read(const struct mr_binlog_event *event,
                                   struct mr_binlog_format *format, struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    *format = (struct mr_binlog_format){.is_closed = (event->flags & MR_BINLOG_IN_USE) == 0};
    const unsigned version = (unsigned)mr_binlog_uint(&c, 2);
    const uint8_t *server = mr_binlog_take(&c, SERVER_BYTES);
    format->created = (uint32_t)mr_binlog_uint(&c, 4);
    const unsigned header = (unsigned)mr_binlog_uint(&c, 1);
    if (server == NULL || c.failed)
        return mr_binlog_damaged(&event->place, "a format description that is cut off", err);
    memcpy(format->server, server, SERVER_BYTES); /* the last byte stays NUL */
    for (const char *at = format->server; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return mr_binlog_damaged(&event->place, "a server's version that cannot be one", err);
    format->number = number_of(format->server);
    /* or its version was given another name by who built it, or by its configuration */
    format->is_mariadb = strstr(format->server, "MariaDB") != NULL ||
                         mr_binlog_left(&c) > TYPES_OF_MARIADB + 1 + MR_BINLOG_CRC_BYTES;
    const size_t tail =
        knows_checksums(format) ? 1 + (size_t)MR_BINLOG_CRC_BYTES : 0; /* which, and it */
    if (version != VERSION || header != MR_BINLOG_HEADER_BYTES)
        return unsupported(event, format, "of another format than 4", err);
    if (mr_binlog_left(&c) < tail || mr_binlog_left(&c) - tail > sizeof format->fixed_len)
        return mr_binlog_damaged(&event->place, "a format description of a wrong length", err);
    format->ntypes = (uint8_t)(mr_binlog_left(&c) - tail);
    memcpy(format->fixed_len, c.at, format->ntypes);
    (void)mr_binlog_take(&c, format->ntypes);
    if (!is_known_layout(format))
        return unsupported(event, format, "whose events are laid out in a way that is not known",
                           err);
    const unsigned crc = tail > 0 ? (unsigned)mr_binlog_uint(&c, 1) : CRC_NONE;
    if (crc != CRC_NONE && crc != CRC_CRC32)
        return unsupported(event, format, "with checksums of a kind that is not known", err);
    format->has_crc = crc == CRC_CRC32;
    return MR_OK;
}
