/* binlog_query.c: see binlog_query.h. */
#include "core/binlog/binlog_query.h"

#include <string.h>

/* Longer than a path that a server takes. */
#define LOG_NAME_MAX 512

/* Status variables: each is its number and a body whose length follows from the number. */
enum status {
    FLAGS2 = 0,
    SQL_MODE = 1,
    CATALOG = 2, /* of 5.0: with a NUL */
    AUTO_INCREMENT = 3,
    CHARSET = 4,
    TIME_ZONE = 5,
    CATALOG_NZ = 6,
    LC_TIME_NAMES = 7,
    CHARSET_DATABASE = 8,
    TABLE_MAP_FOR_UPDATE = 9,
    SOURCE_DATA_WRITTEN = 10,
    INVOKER = 11,
    UPDATED_DBS = 12,
    MICROSECONDS = 13,
    EXPLICIT_TIMESTAMP = 16,
    DDL_XID = 17,
    UTF8MB4_COLLATION = 18,
    REQUIRE_PRIMARY_KEY = 19,
    TABLE_ENCRYPTION = 20,
    SINCE_9_6 = 21, /* of every changing statement; seen as 0 only */
    MARIADB_MICROSECONDS = 128,
    MARIADB_XID = 129,
    MARIADB_GTID_FLAGS = 130,
    MARIADB_COLLATIONS = 131,
};

static struct mr_binlog_words words(struct mr_binlog_cursor *c, uint64_t len)
{
    const uint8_t *at = mr_binlog_take(c, len);
    return (struct mr_binlog_words){.ptr = (const char *)at, .len = at != NULL ? (size_t)len : 0};
}

static struct mr_binlog_words counted_words(struct mr_binlog_cursor *c)
{
    const uint64_t len = mr_binlog_uint(c, 1);
    return words(c, len);
}

/* Up to 253 names, each with a NUL; 254 says that there were more, and none follows. */
static void read_updated_dbs(struct mr_binlog_query *query, struct mr_binlog_cursor *c)
{
    query->ndbs = (unsigned)mr_binlog_uint(c, 1);
    if (query->ndbs >= MR_BINLOG_MANY_DBS)
        return;
    const uint8_t *begin = c->at;
    for (unsigned i = 0; i < query->ndbs && !c->failed; i++) {
        const uint8_t *end = memchr(c->at, 0, mr_binlog_left(c));
        c->failed = end == NULL;
        if (end != NULL)
            c->at = end + 1;
    }
    query->dbs.ptr = (const char *)begin;
    query->dbs.len = (size_t)(c->at - begin);
}

static void read_charset(struct mr_binlog_query *query, struct mr_binlog_cursor *c)
{
    query->has_charset = true;
    query->client_collation = (uint16_t)mr_binlog_uint(c, 2);
    query->connection_collation = (uint16_t)mr_binlog_uint(c, 2);
    query->server_collation = (uint16_t)mr_binlog_uint(c, 2);
}

static void read_xid(struct mr_binlog_query *query, struct mr_binlog_cursor *c)
{
    query->is_definition = true;
    query->xid = mr_binlog_uint(c, 8);
}

/* An ALTER that was logged at its start names, at its end, the number of that. */
static void skip_gtid_flags(struct mr_binlog_cursor *c)
{
    if ((mr_binlog_uint(c, 1) & 0xc) != 0)
        (void)mr_binlog_take(c, 8);
}

/* False: not a variable of which the length is known.  Numbers above 127 are MariaDB's own. */
static bool read_status(struct mr_binlog_query *query, enum status which,
                        struct mr_binlog_cursor *c)
{
    switch (which) {
    case FLAGS2:
        query->has_options = true;
        query->options = (uint32_t)mr_binlog_uint(c, 4);
        return true;
    case SQL_MODE:
        query->has_sql_mode = true;
        query->sql_mode = mr_binlog_uint(c, 8);
        return true;
    case CATALOG: (void)mr_binlog_take(c, mr_binlog_uint(c, 1) + 1); return true;
    case CATALOG_NZ: (void)counted_words(c); return true;
    case CHARSET: read_charset(query, c); return true;
    case TIME_ZONE: query->time_zone = counted_words(c); return true;
    case CHARSET_DATABASE:
        query->has_db_collation = true;
        query->db_collation = (uint16_t)mr_binlog_uint(c, 2);
        return true;
    case INVOKER:
        query->user = counted_words(c);
        query->host = counted_words(c);
        return true;
    case UPDATED_DBS: read_updated_dbs(query, c); return true;
    case MICROSECONDS:
    case MARIADB_MICROSECONDS: query->microseconds = (uint32_t)mr_binlog_uint(c, 3); return true;
    case DDL_XID:
    case MARIADB_XID: read_xid(query, c); return true;
    case LC_TIME_NAMES:
    case UTF8MB4_COLLATION: (void)mr_binlog_take(c, 2); return true;
    case AUTO_INCREMENT:
    case SOURCE_DATA_WRITTEN: (void)mr_binlog_take(c, 4); return true;
    case TABLE_MAP_FOR_UPDATE: (void)mr_binlog_take(c, 8); return true;
    case EXPLICIT_TIMESTAMP:
    case REQUIRE_PRIMARY_KEY:
    case TABLE_ENCRYPTION:
    case SINCE_9_6: (void)mr_binlog_take(c, 1); return true;
    case MARIADB_GTID_FLAGS: skip_gtid_flags(c); return true;
    case MARIADB_COLLATIONS: (void)mr_binlog_take(c, mr_binlog_uint(c, 1) * 4); return true;
    default: return false;
    }
}

enum mr_code mr_binlog_query_read(const struct mr_binlog_event *event,
                                  struct mr_binlog_query *query, struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    *query = (struct mr_binlog_query){.thread = (uint32_t)mr_binlog_uint(&c, 4)};
    query->seconds = (uint32_t)mr_binlog_uint(&c, 4);
    const uint64_t db_len = mr_binlog_uint(&c, 1);
    query->error = (uint16_t)mr_binlog_uint(&c, 2);
    const uint64_t status_len = mr_binlog_uint(&c, 2);
    const uint8_t *at = mr_binlog_take(&c, status_len);
    query->db = words(&c, db_len);
    if (mr_binlog_uint(&c, 1) != 0 || c.failed)
        return mr_binlog_damaged(&event->place, "a statement without its database", err);
    query->text = words(&c, mr_binlog_left(&c));
    struct mr_binlog_cursor status = mr_binlog_cursor(at, (size_t)status_len);
    while (mr_binlog_left(&status) > 0 && !query->has_unread && !status.failed)
        query->has_unread = !read_status(query, (enum status)mr_binlog_uint(&status, 1), &status);
    if (status.failed)
        return mr_binlog_damaged(&event->place, "a statement whose status variables are cut off",
                                 err);
    return MR_OK;
}

bool mr_binlog_query_db(const struct mr_binlog_query *query, size_t *at, struct mr_binlog_words *db)
{
    if (query->dbs.ptr == NULL || *at >= query->dbs.len)
        return false;
    const char *begin = query->dbs.ptr + *at;
    const char *end = memchr(begin, 0, query->dbs.len - *at);
    *db = (struct mr_binlog_words){begin, (size_t)(end - begin)};
    *at += db->len + 1;
    return true;
}

enum mr_code mr_binlog_rows_text(const struct mr_binlog_event *event, struct mr_binlog_words *text,
                                 struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    /* MySQL writes its length, as far as a byte can hold it: of no use */
    if (event->type == MR_BINLOG_ROWS_QUERY)
        (void)mr_binlog_take(&c, 1);
    *text = words(&c, mr_binlog_left(&c));
    return c.failed ? mr_binlog_damaged(&event->place, "a statement's text that is cut off", err)
                    : MR_OK;
}

enum mr_code mr_binlog_xid(const struct mr_binlog_event *event, uint64_t *xid, struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    *xid = mr_binlog_uint(&c, 8);
    return c.failed ? mr_binlog_damaged(&event->place, "a commit without its number", err) : MR_OK;
}

enum mr_code mr_binlog_xa_read(const struct mr_binlog_event *event, struct mr_binlog_xa *xa,
                               struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    *xa = (struct mr_binlog_xa){.one_phase = mr_binlog_uint(&c, 1) != 0};
    xa->format = (uint32_t)mr_binlog_uint(&c, 4);
    const uint64_t global_len = mr_binlog_uint(&c, 4), branch_len = mr_binlog_uint(&c, 4);
    xa->global = words(&c, global_len);
    xa->branch = words(&c, branch_len);
    if (c.failed || global_len > 64 || branch_len > 64)
        return mr_binlog_damaged(&event->place, "an XA transaction without its name", err);
    return MR_OK;
}

enum mr_code mr_binlog_rotate_read(const struct mr_binlog_event *event,
                                   struct mr_binlog_rotate *rotate, struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    rotate->position = mr_binlog_uint(&c, 8);
    rotate->name = words(&c, mr_binlog_left(&c));
    if (c.failed || rotate->name.len == 0 || rotate->name.len > LOG_NAME_MAX ||
        memchr(rotate->name.ptr, 0, rotate->name.len) != NULL)
        return mr_binlog_damaged(&event->place, "a next log whose name cannot be one", err);
    return MR_OK;
}
