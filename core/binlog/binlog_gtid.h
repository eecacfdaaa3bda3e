/*
 * binlog_gtid: a transaction's id, as the event that begins it says it, of either family.
 *
 * MySQL: a server's uuid, perhaps a tag (8.3 and later), and a number; GTID, ANONYMOUS_GTID and
 * GTID_TAGGED.  MariaDB: domain, server and sequence; two histories number alike from their split
 * on, so the triple is the id and not the pair.
 *
 * Ownership: the struct is the caller's, and points nowhere.
 * Errors: MR_E_BINLOG; MR_E_UNSUPPORTED for a tagged one of a later layout that may not be
 * skipped.  Threads: no state.
 */
#ifndef MR_BINLOG_GTID_H
#define MR_BINLOG_GTID_H

#include "core/base/strbuf.h"
#include "core/binlog/binlog_event.h"

#define MR_GTID_UUID_BYTES 16
#define MR_GTID_TAG_MAX 32
/* The greatest number that MySQL gives. */
#define MR_GTID_NUMBER_MAX ((uint64_t)INT64_MAX - 1)

enum mr_gtid_family {
    MR_GTID_NONE = 0, /* ANONYMOUS_GTID: a MySQL without GTIDs; times are there */
    MR_GTID_OF_MYSQL,
    MR_GTID_OF_MARIADB,
};

/* gtid.flags of MariaDB */
#define MR_GTID_STANDALONE 0x1    /* one event without a COMMIT, as a definition is */
#define MR_GTID_GROUP_COMMIT 0x2  /* it has a commit_id */
#define MR_GTID_TRANSACTIONAL 0x4 /* it can be rolled back */
#define MR_GTID_ALLOW_PARALLEL 0x8
#define MR_GTID_WAITED 0x10
#define MR_GTID_DDL 0x20
#define MR_GTID_XA_PREPARED 0x40  /* it ends in XA PREPARE: in doubt until … */
#define MR_GTID_XA_COMPLETED 0x80 /* … this one, XA COMMIT or XA ROLLBACK */

/* gtid.alter: an ALTER that MariaDB logs at its start, and again at its end (two-phase) */
enum mr_gtid_alter {
    MR_GTID_ALTER_WHOLE = 0, /* any other transaction, too */
    MR_GTID_ALTER_START,     /* it has changed nothing yet */
    MR_GTID_ALTER_COMMIT,
    MR_GTID_ALTER_ROLLBACK, /* it never will */
};

struct mr_gtid {
    enum mr_gtid_family family;
    /* MySQL */
    uint8_t uuid[MR_GTID_UUID_BYTES];
    char tag[MR_GTID_TAG_MAX + 1]; /* "": none */
    uint64_t number;
    bool has_statements;            /* it may hold changes logged as statements */
    uint64_t committed_us;          /* since 1970, on the log's server; 0: not said (before 8.0) */
    uint64_t originally_us;         /* on the server where it first was */
    uint64_t last_committed, order; /* of the log: from where on, and as which, it was committed */
    uint64_t size_bytes;            /* of the whole transaction in the log; 0: not said */
    uint32_t version, origin_version; /* of those two servers, 80036; 0: not said */
    /* MariaDB; its time is the event's `when` */
    uint32_t domain, server;
    uint64_t sequence;
    uint8_t flags;
    uint64_t commit_id;
    enum mr_gtid_alter alter;
    uint64_t alter_start; /* of _COMMIT and _ROLLBACK: the sequence of its start */
};

/* The event is one of the four that begin a transaction. */
enum mr_code mr_binlog_gtid_read(const struct mr_binlog_event *event, struct mr_gtid *gtid,
                                 struct mr_err *err);

/* "uuid:number", "uuid:tag:number", "domain-server-sequence"; "ANONYMOUS". */
void mr_gtid_add_text(struct mr_strbuf *out, const struct mr_gtid *gtid);
/* "3e11fa47-71ca-11e1-9e33-c80aa9429562" */
void mr_gtid_add_uuid(struct mr_strbuf *out, const uint8_t uuid[MR_GTID_UUID_BYTES]);

/* A number of MySQL's serialization: its first byte ends in as many ones as bytes follow. */
uint64_t mr_binlog_varint(struct mr_binlog_cursor *c);
/* A tag that was read: a letter or _, then letters, digits and _; at most 32, in lower case. */
bool mr_gtid_is_tag(const char *ptr, size_t len);

#endif
