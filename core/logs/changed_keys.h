/*
 * changed_keys: which keys of which tables a server's binary log changes, from a place on.
 *
 *   mr_changed_keys_init → mr_changed_keys_read (a dump), or _take (any stream) → mr_changed_keys_finish
 *   → tables → release
 *
 * A key is listed where any row event in the log names it, whoever wrote it first and whatever became of its
 * transaction: the list may hold too much, and never too little.  Of values only those of keys are decoded.
 * Where the log does not say which rows were changed, the table is *blind*, and says why: statements,
 * definitions (statement_reach.h), databases that are left out, events that do not fit today's columns, images
 * without the key, more keys than are to be held.  All of them are where the log has a gap, or an XA transaction
 * was prepared before the place and committed behind it.
 *
 * Foreign keys that act change rows of children that are in no log: a child of a table that may have fired one
 * is blind, too, and so on down (cascades.h).  So all tables of the catalogue are followed, also those whose
 * keys nobody wants.
 *
 * What was written without the log (sql_log_bin = 0) is not seen: whoever asks has to know whether the server
 * may do that.
 *
 * Memory: keys, at most most_bytes.  Ownership: texts and keys are its own; what the caller sets must outlive
 * it.  Errors: those of binlog_dump.h and binlog_walk.h; MR_E_NOMEM, MR_E_CANCELLED.  Threads: one.
 */
#ifndef MR_CHANGED_KEYS_H
#define MR_CHANGED_KEYS_H

#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_stream.h"
#include "core/binlog/binlog_walk.h"
#include "core/db/log_place.h"
#include "core/source/key_set.h"
#include "core/source/source.h"

struct mr_changed_keys_of {
    /* set by the caller */
    bool wanted;       /* its keys are; else it is followed for what hangs on it */
    const size_t *key; /* the key's parts, places among today's columns, in index order */
    size_t nkey;       /* 0: it has none; then it is blind as soon as a row of it changed */
    /* found */
    const char *why; /* it is blind; NULL: keys are all that changed */
    struct mr_key_set keys;
};

struct mr_changed_keys {
    /* set by the caller */
    const struct mr_catalogue *cat;
    struct mr_changed_keys_of *tables; /* by place in the catalogue */
    size_t most_bytes; /* of memory for keys; beyond that the table with the most is blind */
    bool keeps_none;   /* only which tables are blind, and why: keys are read, and not kept */
    /* Only rows whose key was changed by an UPDATE, both keys of each.  What goes by a cascade is left out, and a
     * table without a key has none. */
    bool moved_only;
    /* The catalogue is of a moment in front of the log: foreign keys that come are not in it, and the child is
     * blind from there on, if one changes its rows. */
    bool is_older;
    /* MySQL: GTIDs of transactions that are passed over, since somebody has seen them; or NULL */
    const char *seen;
    /* When they had been seen, seconds of UTC by the server's clock, or 0.  One that was committed later is another
     * under its number: the server was put back to what it was before, and gives it again. */
    uint64_t seen_at;
    bool takes_seen; /* nothing is passed over: by `seen` only that is told */
    /* What the server does with changes; NULL: it logs all databases, and no cascades. */
    const struct mr_log_habits *habits;
    enum mr_code (*breathe)(void *ctx, struct mr_err *err); /* now and then; or NULL */
    void *ctx;
    /* found */
    const char *why;              /* all tables are blind; NULL: they are not */
    bool unended;                 /* of a dump: mr_binlog_dump_unended */
    uint64_t bytes, transactions; /* of the log */
    /* private */
    struct mr_changed_work *work;
};

/* Where the parts of the spec's key stand among today's columns: room for MR_KEY_PARTS_MAX.  false: the log has
 * one in another form than a reader of the spec. */
bool mr_changed_keys_place(const struct mr_readspec *spec, const struct mr_table *today,
                           size_t *key);

/* The fields of the caller are set.  To be released also after a failure. */
enum mr_code mr_changed_keys_init(struct mr_changed_keys *changed, struct mr_err *err);
void mr_changed_keys_release(struct mr_changed_keys *changed);
/* Of a connection that serves nothing else until it is reconnected. */
enum mr_code mr_changed_keys_read(struct mr_changed_keys *changed, struct mr_db *db,
                                  const struct mr_binlog_span *span, struct mr_err *err);
/* Of a stream that is in the order of the log. */
enum mr_code mr_changed_keys_take(struct mr_changed_keys *changed, struct mr_binlog_stream *stream,
                                  struct mr_err *err);
/* Behind all streams: what may have gone by a cascade is blind, and keys are in order. */
enum mr_code mr_changed_keys_finish(struct mr_changed_keys *changed, struct mr_err *err);
/* The place in the catalogue of a table that a log names so; none is there: a place behind all of them. */
size_t mr_changed_keys_find(const struct mr_changed_keys *changed, const char *db,
                            const char *name);
/* A step of a walk of the caller's, in the log's order; _begin in front of each walk's first. */
void mr_changed_keys_begin(struct mr_changed_keys *changed);
enum mr_code mr_changed_keys_step(struct mr_changed_keys *changed,
                                  const struct mr_binlog_step *step, struct mr_err *err);

#endif
