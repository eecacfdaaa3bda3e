/* binlog_gtid.c: see binlog_gtid.h. */
#include "core/binlog/binlog_gtid.h"

#include <inttypes.h>
#include <string.h>

/* Of an untagged one: what follows the number is a logical clock. */
#define LOGICAL_CLOCK 2
/* The top bit of a time or a version: the original one follows, since it is another. */
#define TIME_BITS 55
#define VERSION_BITS 31

uint64_t mr_binlog_varint(struct mr_binlog_cursor *c)
{
    const unsigned first = (unsigned)mr_binlog_uint(c, 1);
    unsigned more = 0;
    while (more < 8 && (first >> more & 1) != 0)
        more++;
    const uint64_t rest = mr_binlog_uint(c, more);
    if (more == 8)
        return rest;
    return (more == 7 ? 0 : first >> (more + 1)) | rest << (7 - more);
}

/* Signed ones have their sign in the lowest bit; none that we read may be below zero. */
static uint64_t varint_signed(struct mr_binlog_cursor *c)
{
    const uint64_t value = mr_binlog_varint(c);
    c->failed = c->failed || (value & 1) != 0;
    return value >> 1;
}

bool mr_gtid_is_tag(const char *ptr, size_t len)
{
    if (len == 0 || len > MR_GTID_TAG_MAX || (*ptr >= '0' && *ptr <= '9'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(ptr[i] >= 'a' && ptr[i] <= 'z') && !(ptr[i] >= '0' && ptr[i] <= '9') && ptr[i] != '_')
            return false;
    return true;
}

/* ---- MySQL ---- */

/* A number of that many bits, and, where the bit above is set, another that is as long. */
static void read_pair(struct mr_binlog_cursor *c, unsigned bits, uint64_t *first, uint64_t *second)
{
    const uint64_t top = (uint64_t)1 << bits;
    const uint64_t value = mr_binlog_uint(c, (bits + 1) / 8);
    *first = value & (top - 1);
    *second = (value & top) != 0 ? mr_binlog_uint(c, (bits + 1) / 8) : *first;
}

static void read_version(struct mr_binlog_cursor *c, struct mr_gtid *gtid)
{
    uint64_t version = 0, origin = 0;
    read_pair(c, VERSION_BITS, &version, &origin);
    gtid->version = (uint32_t)version;
    gtid->origin_version = (uint32_t)origin;
}

/* 5.6 ends behind the number, 5.7 behind the clock or with times, 8.0 says all; what a later
 * server adds stands at the end. */
static void read_untagged(struct mr_binlog_cursor *c, struct mr_gtid *gtid)
{
    gtid->has_statements = (mr_binlog_uint(c, 1) & 1) != 0;
    const uint8_t *uuid = mr_binlog_take(c, sizeof gtid->uuid);
    if (uuid != NULL)
        memcpy(gtid->uuid, uuid, sizeof gtid->uuid);
    gtid->number = mr_binlog_uint(c, 8);
    if (mr_binlog_left(c) == 0 || mr_binlog_uint(c, 1) != LOGICAL_CLOCK)
        return;
    gtid->last_committed = mr_binlog_uint(c, 8);
    gtid->order = mr_binlog_uint(c, 8);
    if (mr_binlog_left(c) == 0)
        return;
    read_pair(c, TIME_BITS, &gtid->committed_us, &gtid->originally_us);
    if (mr_binlog_left(c) > 0)
        gtid->size_bytes = mr_binlog_packed(c);
    if (mr_binlog_left(c) > 0)
        read_version(c, gtid);
}

static void read_tag(struct mr_binlog_cursor *c, struct mr_gtid *gtid)
{
    const uint64_t len = mr_binlog_varint(c);
    const uint8_t *tag = mr_binlog_take(c, len);
    if (tag != NULL && len > 0 && !mr_gtid_is_tag((const char *)tag, (size_t)len))
        c->failed = true;
    if (tag != NULL && !c->failed)
        memcpy(gtid->tag, tag, (size_t)len);
}

/* Fields of a tagged one; false: a number that is not known, with no length to pass over it. */
static bool read_field(struct mr_binlog_cursor *c, uint64_t field, struct mr_gtid *gtid)
{
    switch (field) {
    case 0: gtid->has_statements = (mr_binlog_varint(c) & 1) != 0; return true;
    case 1:
        for (size_t i = 0; i < sizeof gtid->uuid; i++)
            gtid->uuid[i] = (uint8_t)mr_binlog_varint(c);
        return true;
    case 2: gtid->number = varint_signed(c); return true;
    case 3: read_tag(c, gtid); return true;
    case 4: gtid->last_committed = varint_signed(c); return true;
    case 5: gtid->order = varint_signed(c); return true;
    case 6: gtid->committed_us = mr_binlog_varint(c); return true;
    case 7: gtid->originally_us = mr_binlog_varint(c); return true;
    case 8: gtid->size_bytes = mr_binlog_varint(c); return true;
    case 9: gtid->version = (uint32_t)mr_binlog_varint(c); return true;
    case 10: gtid->origin_version = (uint32_t)mr_binlog_varint(c); return true;
    default: return false;
    }
}

/* Numbered fields in ascending order, each of which may be missing.  Before them: the version of
 * the serialization, the size of all, and up to which number a reader must understand. */
static enum mr_code read_tagged(const struct mr_binlog_event *event, struct mr_binlog_cursor *c,
                                struct mr_gtid *gtid, struct mr_err *err)
{
    const uint64_t version = mr_binlog_varint(c), size = mr_binlog_varint(c);
    const uint64_t last_needed = mr_binlog_varint(c);
    bool is_known = c->failed || version == 1;
    uint64_t next = 0; /* the least that may come */
    c->failed = c->failed || size > event->len;
    while (is_known && !c->failed && mr_binlog_left(c) > 0) {
        const uint64_t field = mr_binlog_varint(c);
        c->failed = c->failed || field < next;
        next = field + 1;
        if (c->failed || !read_field(c, field, gtid)) {
            is_known = c->failed || field > last_needed;
            break;
        }
    }
    if (!is_known)
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "binary log \"%s\", position %" PRIu64
                          ": a tagged transaction id of a layout that is not known",
                          event->place.log, event->place.position);
    if (gtid->originally_us == 0)
        gtid->originally_us = gtid->committed_us;
    if (gtid->origin_version == 0)
        gtid->origin_version = gtid->version;
    return MR_OK;
}

/* ---- MariaDB ---- */

#define SEVERAL_ENGINES 0x1
#define ALTER_START 0x2
#define ALTER_COMMIT 0x4
#define ALTER_ROLLBACK 0x8

/* More flags, of 10.8 and later, behind what the first ones ask for. */
static void read_alter(struct mr_binlog_cursor *c, struct mr_gtid *gtid)
{
    const unsigned more = (unsigned)mr_binlog_uint(c, 1);
    if ((more & SEVERAL_ENGINES) != 0)
        (void)mr_binlog_take(c, 1);
    if ((more & ALTER_START) != 0)
        gtid->alter = MR_GTID_ALTER_START;
    if ((more & (ALTER_COMMIT | ALTER_ROLLBACK)) == 0)
        return;
    gtid->alter = (more & ALTER_COMMIT) != 0 ? MR_GTID_ALTER_COMMIT : MR_GTID_ALTER_ROLLBACK;
    gtid->alter_start = mr_binlog_uint(c, 8);
}

/* Zeros fill it up.  The name of an XA transaction is of no use here. */
static void read_mariadb(const struct mr_binlog_event *event, struct mr_binlog_cursor *c,
                         struct mr_gtid *gtid)
{
    gtid->family = MR_GTID_OF_MARIADB;
    gtid->sequence = mr_binlog_uint(c, 8);
    gtid->domain = (uint32_t)mr_binlog_uint(c, 4);
    gtid->flags = (uint8_t)mr_binlog_uint(c, 1);
    gtid->server = event->server_id;
    if ((gtid->flags & MR_GTID_GROUP_COMMIT) != 0)
        gtid->commit_id = mr_binlog_uint(c, 8);
    if ((gtid->flags & (MR_GTID_XA_PREPARED | MR_GTID_XA_COMPLETED)) != 0) {
        (void)mr_binlog_take(c, 4);
        const uint64_t global_len = mr_binlog_uint(c, 1);
        (void)mr_binlog_take(c, global_len + mr_binlog_uint(c, 1));
    }
    if (mr_binlog_left(c) > 0)
        read_alter(c, gtid);
    c->failed = c->failed || gtid->sequence == 0;
}

enum mr_code mr_binlog_gtid_read(const struct mr_binlog_event *event, struct mr_gtid *gtid,
                                 struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    *gtid = (struct mr_gtid){.family = MR_GTID_OF_MYSQL};
    if (event->type == MR_BINLOG_MARIADB_GTID)
        read_mariadb(event, &c, gtid);
    else if (event->type == MR_BINLOG_GTID_TAGGED)
        MR_TRY(read_tagged(event, &c, gtid, err));
    else
        read_untagged(&c, gtid);
    if (event->type == MR_BINLOG_ANONYMOUS_GTID)
        gtid->family = MR_GTID_NONE;
    if (gtid->family == MR_GTID_OF_MYSQL &&
        (gtid->number == 0 || gtid->number > MR_GTID_NUMBER_MAX))
        c.failed = true;
    return c.failed ? mr_binlog_damaged(&event->place, "a transaction id that cannot be one", err)
                    : MR_OK;
}

/* ---- text ---- */

void mr_gtid_add_uuid(struct mr_strbuf *out, const uint8_t uuid[MR_GTID_UUID_BYTES])
{
    for (size_t i = 0; i < MR_GTID_UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            mr_strbuf_add_char(out, '-');
        mr_strbuf_add_hex(out, &uuid[i], 1);
    }
}

void mr_gtid_add_text(struct mr_strbuf *out, const struct mr_gtid *gtid)
{
    if (gtid->family == MR_GTID_NONE) {
        mr_strbuf_add_str(out, "ANONYMOUS");
        return;
    }
    if (gtid->family == MR_GTID_OF_MYSQL) {
        mr_gtid_add_uuid(out, gtid->uuid);
        if (gtid->tag[0] != '\0')
            mr_strbuf_add_fmt(out, ":%s", gtid->tag);
        mr_strbuf_add_char(out, ':');
        mr_strbuf_add_uint(out, gtid->number);
        return;
    }
    mr_strbuf_add_uint(out, gtid->domain);
    mr_strbuf_add_char(out, '-');
    mr_strbuf_add_uint(out, gtid->server);
    mr_strbuf_add_char(out, '-');
    mr_strbuf_add_uint(out, gtid->sequence);
}
