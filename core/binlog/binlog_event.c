/* binlog_event.c: see binlog_event.h. */
#include "core/binlog/binlog_event.h"

#include <inttypes.h>
#include <stdio.h>

const char *mr_binlog_type_word(enum mr_binlog_type type, char buf[MR_BINLOG_WORD_BYTES])
{
    switch ((unsigned)type) {
#define MR_BINLOG_TYPE(number, symbol, word)                                                       \
    case number:                                                                                   \
        return word;
#include "core/binlog/binlog_type.def"
#undef MR_BINLOG_TYPE
    default: break;
    }
    (void)snprintf(buf, MR_BINLOG_WORD_BYTES, "event %u", (unsigned)type % 1000000);
    return buf;
}

enum mr_code mr_binlog_damaged(const struct mr_binlog_place *place, const char *what,
                               struct mr_err *err)
{
    return mr_err_set(err, MR_E_BINLOG, "binary log \"%s\", position %" PRIu64 ": %s",
                      place->log != NULL ? place->log : "", place->position, what);
}

bool mr_binlog_ends_log(enum mr_binlog_type type)
{
    return type == MR_BINLOG_ROTATE || type == MR_BINLOG_STOP;
}

enum mr_code mr_binlog_header(const struct mr_binlog_place *place, const uint8_t *raw, size_t len,
                              struct mr_binlog_event *event, struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(raw, len);
    *event = (struct mr_binlog_event){.place = *place};
    event->when = (uint32_t)mr_binlog_uint(&c, 4);
    event->type = (enum mr_binlog_type)mr_binlog_uint(&c, 1);
    event->server_id = (uint32_t)mr_binlog_uint(&c, 4);
    const uint64_t size = mr_binlog_uint(&c, 4);
    event->end = mr_binlog_uint(&c, 4);
    event->flags = (uint16_t)mr_binlog_uint(&c, 2);
    if (c.failed)
        return mr_binlog_damaged(place, "an event without a whole header", err);
    if (size != len)
        return mr_binlog_damaged(place, "an event of another length than its header says", err);
    event->body = c.at;
    event->len = mr_binlog_left(&c);
    return MR_OK;
}
