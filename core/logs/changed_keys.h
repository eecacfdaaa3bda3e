/*
 * changed_keys: which keys of which tables a server's binary log changes, from a place on.
 *
 *   mr_changed_keys_init → mr_changed_keys_read (a dump), or _take (any stream), → tables → release
 *
 * A key is listed where any row event in the log names it, whatever became of its transaction: the list may
 * hold too much, and never too little.  Where the log does not say which rows were changed, the table is
 * *blind*, and says why: statements, definitions (core/logs/statement_reach.h), events that do not fit
 * today's columns, images without the key, more keys than are to be held, an XA transaction that was
 * prepared before the place and committed behind it.
 *
 * Foreign keys with CASCADE or SET NULL change rows of children that are in no log: a child of a table that
 * may have fired one is blind, too, and so on down (mr_changed_keys_cascade).  Of tables that are not
 * ours, what happened to them is kept for that.
 *
 * What was written without the log (sql_log_bin = 0, filters) is not seen: whoever asks has to know whether
 * the server may do that.
 *
 * Memory: keys, at most most_bytes a table, and most_in_all of all tables together.  Ownership: texts and keys are its own; the catalogue, the
 * tables' columns and the server must outlive it.  Errors: those of binlog_dump.h and binlog_walk.h;
 * MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_CHANGED_KEYS_H
#define MR_CHANGED_KEYS_H

#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_stream.h"
#include "core/schema/schema.h"
#include "core/source/key_numbers.h"

struct mr_changed_keys_of {
    /* set by the caller */
    const struct mr_table *today; /* of the catalogue */
    const size_t *key; /* the key's parts, places among today's columns, in index order */
    size_t nkey;       /* 0: it has none; then only whether it was touched is known */
    /* found */
    bool touched, deletes, updates,
        moves;       /* a row changed; went, or was changed; its key was changed */
    const char *why; /* it is blind; NULL: keys are all that changed */
    struct mr_key_numbers keys;
};

struct mr_changed_keys {
    /* set by the caller */
    const struct mr_server *server;
    struct mr_changed_keys_of *tables;
    size_t ntables;
    /* of memory for the keys of a table, and of all; beyond that a table is blind */
    size_t most_bytes, most_in_all;
    enum mr_code (*breathe)(void *ctx, struct mr_err *err); /* now and then; or NULL */
    void *ctx;
    /* found */
    uint64_t bytes, transactions; /* of the log */
    /* private */
    struct mr_changed_work *work;
};

/* The fields of the caller are set.  To be released also after a failure. */
enum mr_code mr_changed_keys_init(struct mr_changed_keys *changed, struct mr_err *err);
void mr_changed_keys_release(struct mr_changed_keys *changed);
/* Of a connection that serves nothing else until it is reconnected. */
enum mr_code mr_changed_keys_read(struct mr_changed_keys *changed, struct mr_db *db,
                                  const struct mr_binlog_span *span, struct mr_err *err);
/* Of a stream that is in the order of the log. */
enum mr_code mr_changed_keys_take(struct mr_changed_keys *changed, struct mr_binlog_stream *stream,
                                  struct mr_err *err);
/* Behind all streams: children of what was changed are blind where a cascade may have reached them. */
enum mr_code mr_changed_keys_cascade(struct mr_changed_keys *changed, struct mr_err *err);

#endif
