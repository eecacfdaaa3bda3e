/*
 * log_made: transactions of a MariaDB that are made event by event, of tables of two columns INT, id and v.
 *
 *   begin_made → add_gtid, add_map, add_rows, add_statement, add_xid …, or change, which is all of one
 */
#ifndef MR_TESTS_LOG_MADE_H
#define MR_TESTS_LOG_MADE_H

#include "tests/unit/binlog_made.h"

enum {
    QUERY = 2,
    XID = 16,
    TABLE_MAP = 19,
    WRITE = 23,
    UPDATE = 24,
    DELETE = 25,
    INCIDENT = 26,
    GTID = 162
};

static inline void add_gtid(struct made *m, uint64_t sequence, unsigned flags)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, sequence, 8);
    put(&body, 0, 4);
    put(&body, flags, 1);
    put(&body, 0, 6);
    add_event(m, GTID, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

static inline void add_xid(struct made *m)
{
    add_event(m, XID, "12345678", 8, 0);
}

static inline void add_statement(struct made *m, const char *text)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, 0, 8);
    put(&body, 1, 1);
    put(&body, 0, 4);
    mr_strbuf_add(&body, "d", 2);
    mr_strbuf_add_str(&body, text);
    add_event(m, QUERY, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

/* Of a table of two columns INT. */
static inline void add_map(struct made *m, unsigned id, const char *db, const char *name)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, id, 6);
    put(&body, 1, 2);
    put(&body, strlen(db), 1);
    mr_strbuf_add(&body, db, strlen(db) + 1);
    put(&body, strlen(name), 1);
    mr_strbuf_add(&body, name, strlen(name) + 1);
    put(&body, 2, 1);
    put(&body, 3, 1);
    put(&body, 3, 1);
    put(&body, 0, 1);
    put(&body, 2, 1);
    add_event(m, TABLE_MAP, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

static inline void add_image(struct mr_strbuf *body, unsigned a, unsigned b)
{
    put(body, 0, 1);
    put(body, a, 4);
    put(body, b, 4);
}

/* One row: before and after, of which an insert and a deletion have one. */
static inline void add_rows(struct made *m, unsigned id, unsigned type, unsigned key,
                            unsigned after)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, id, 6);
    put(&body, 1, 2);
    put(&body, 2, 1);
    put(&body, 3, 1);
    if (type == UPDATE)
        put(&body, 3, 1);
    add_image(&body, key, 1);
    if (type == UPDATE)
        add_image(&body, after, 2);
    add_event(m, type, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

static inline void change(struct made *m, const char *db, const char *name, unsigned type,
                          unsigned key, unsigned after)
{
    static uint64_t sequence;
    add_gtid(m, ++sequence, 0);
    add_map(m, 50, db, name);
    add_rows(m, 50, type, key, after);
    add_xid(m);
}

#endif
