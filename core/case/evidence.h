/*
 * evidence: what the binary logs of both sides say of the rows of a case, kept in the case file.
 *
 * `history collect` writes it; `history show`, check, affected, report and plans read it.  It is of the
 * case and not of one run: its tables are known by their names and columns, so that a later run's
 * tables find theirs (mr_evidence_match), unless their columns have changed since.
 *
 *   side         which logs were read, how far, and what is lacking
 *   table, side  whether its evidence is good there, and if not, why
 *   mark         a key that own transactions have changed on a side: what was there before the first
 *                change, what after the last
 *   change       each change of a key that matters, in the log's order, the first and the last of very
 *                many
 *   transaction  its GTID, when it was committed, and where it stands in a log
 *
 * OWN: a transaction that the other side has not executed.  Only those are evidence.
 *
 * Keys are those of findings (findings.h).  Images are those of seen_image.h: a place for each column
 * of the table in the order of mr_find_column, encoded exactly, as the side's own column has it.
 *
 * A COLLECTION is all that one `history collect` has written.  It counts from the moment that it is
 * finished; what was collected before stays until then, and is dropped with it.
 *
 * Calling sequence (collect): mr_evidence_writer_new → table_add … → within mr_findings_begin … end:
 * tx_add, mark_put, change_add, side_save, table_save → mr_evidence_finish → free.  Readers:
 * mr_evidence_has, then what they need.
 *
 * Ownership: what is read lives in the caller's arena.  Threads: every function takes the case's
 * lock.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_EVIDENCE_H
#define MR_EVIDENCE_H

#include "core/case/findings.h"

/* Is what a side's log says of a table to be relied upon?  In this order: the greatest counts. */
enum mr_witness {
    MR_WITNESS_NONE = 0,   /* the side's logs were not read for it */
    MR_WITNESS_GOOD,       /* complete, and the closing equation holds */
    MR_WITNESS_INCOMPLETE, /* the side's logs do not reach from the split to now, or have a gap */
    MR_WITNESS_BLIND, /* something changed it that left no rows in the log, or not decodable ones */
    MR_WITNESS_BROKEN /* the images do not chain, or do not lead to the row that is there */
};
/* "good", "incomplete", "blind", "broken"; "none". */
const char *mr_witness_name(enum mr_witness witness);

/* How transactions of a side were known to be its own. */
enum mr_own_by {
    MR_OWN_BY_NONE = 0,
    MR_OWN_BY_GTID,
    MR_OWN_BY_PLACE, /* by the split's FILE:POS of each side */
    MR_OWN_BY_TIME   /* by the split's time: inexact */
};

/* "gtid", "place", "time"; NULL: none. */
const char *mr_own_by_name(enum mr_own_by own_by);

struct mr_evidence_side {
    enum mr_own_by own_by;
    const char *server;    /* for people: whose logs, or the files' directory */
    const char *split;     /* what tells own from shared: a GTID set, FILE:POS, or a time */
    const char *own;       /* GTIDs of the transactions of its own; "" where it has none */
    bool is_complete;      /* from the split to `end`, without a gap */
    const char *gap;       /* why not: lines; or NULL */
    const char *first_log; /* name of the log that reading began with; NULL: none was read */
    uint64_t first_position;
    const char *end_log; /* and where it ended */
    uint64_t end_position;
    const char *executed;           /* GTIDs that the side had executed at the end */
    const char *collected;          /* UTC, when that was: as mr_find_run.started */
    uint64_t transactions, changes; /* of its own, of the tables that were looked at */
    uint64_t bytes;                 /* of logs that were read */
    bool is_read;                   /* to its end; else a collection that goes on begins there */
    bool has_own;                   /* a transaction of its own was met */
};

/* What stands in a reason before the key of a row, with which it ends. */
#define MR_WITNESS_AT_KEY ", at key "

/* What is known of a table on one side. */
struct mr_evidence_of {
    enum mr_witness witness;
    const char *reason;     /* of all but good and none: a clause; it may end with a key */
    uint64_t keys, changes; /* that own transactions changed */
    uint64_t moving;        /* keys of which the last row could not be held still (mark: moving) */
    int64_t since;          /* transaction from which on it is blind; 0: from the beginning */
};

struct mr_evidence_table {
    int64_t id;
    const char *name; /* "db.t", SOURCE's names */
    const char *target_name;
    const char *columns;         /* signature: mr_evidence_columns() */
    struct mr_evidence_of of[2]; /* source, target */
};

struct mr_evidence_tx {
    int64_t id; /* ascending in the order of its side's log */
    int side;
    const char *gtid;     /* as its server writes it; "": it has none */
    int64_t committed_us; /* since 1970; of a family without such times, to the second */
    const char *log;      /* name of the log */
    uint64_t position;    /* of its first event */
};

/* Flags of a mark. */
enum mr_mark_flag {
    MR_MARK_ABSENT_BEFORE = 1, /* there was no row before the first own change */
    MR_MARK_DELETED = 2,       /* there is none after the last */
    MR_MARK_AGAIN = 4,         /* it was deleted and inserted again */
    MR_MARK_BROKEN = 8,        /* a before-image is not the after-image before it */
    MR_MARK_SHARED = 16,  /* transactions that the other side has, too, changed it after own ones */
    MR_MARK_MOVING = 32,  /* the row was changed again and again while it was read */
    MR_MARK_PARTIAL = 64, /* some image has not all columns */
    MR_MARK_CAME = 128,   /* the row came from another key: an UPDATE of the key; see `came` */
    MR_MARK_WENT = 256    /* it went to another: `went` */
};

struct mr_evidence_mark {
    struct mr_key key;
    int flags; /* of enum mr_mark_flag */
    uint64_t changes;
    int64_t first_tx, last_tx;
    struct mr_key first, last; /* images; ptr NULL: no row there, or not kept (has_images) */
    bool has_images;           /* kept, since the key matters */
    bool has_digest;           /* of the whole last row; else an image tells it, or it is deleted */
    struct mr_digest digest;   /* mr_row_digest() */
    struct mr_key came, went;  /* keys; ptr NULL: none */
};

/* enum mr_change_kind: as it stood in the log. */
enum mr_change_kind { MR_CHANGE_INSERT = 1, MR_CHANGE_UPDATE, MR_CHANGE_DELETE };

/* One change of a key. */
struct mr_evidence_change {
    int64_t n; /* from 1 on, of the key; what is lacking in between was not kept */
    enum mr_change_kind kind;
    int64_t tx;
    /* insert: the row; update: the columns that it has changed, all others unseen; deletion: none */
    struct mr_key image;
};

/* Of the compared columns, by name and class: equal texts, equal places in images. */
const char *mr_evidence_columns(const struct mr_find_table *table, struct mr_arena *arena);

/* ---- writing: but for new and finish, within mr_findings_begin … mr_findings_end ---- */

struct mr_evidence_writer;

/* A collection with these options (in a normal form).  resume: the unfinished one of the case goes on,
 * *resumed, if it has the same options; else what is unfinished is dropped. */
enum mr_code mr_evidence_writer_new(struct mr_findings *fd, const char *options, bool resume,
                                    struct mr_evidence_writer **out, bool *resumed,
                                    struct mr_err *err);
void mr_evidence_writer_free(struct mr_evidence_writer *writer); /* NULL is fine */
/* One whose logs were read to their end, with its options and how far that was: the one that counts; else one
 * that was being read on, and whose run was ended.  *found false: there is none. */
struct mr_evidence_collection {
    int64_t id;
    const char *options;
    bool finished; /* it counts */
    struct mr_evidence_side sides[2];
};
enum mr_code mr_evidence_collection_find(struct mr_findings *fd, struct mr_arena *arena,
                                         struct mr_evidence_collection *out, bool *found,
                                         struct mr_err *err);
/* It is read on, and does not count until mr_evidence_finish.  No row is known to move any more. */
enum mr_code mr_evidence_writer_go_on(struct mr_findings *fd,
                                      const struct mr_evidence_collection *collection,
                                      struct mr_evidence_writer **out, struct mr_err *err);
/* How many of its tables have that name and these columns; each NULL: any. */
enum mr_code mr_evidence_collection_tables(struct mr_findings *fd, int64_t collection,
                                           const char *name, const char *columns, int64_t *count,
                                           struct mr_err *err);
/* The greatest id of a transaction in the case; 0: there is none. */
enum mr_code mr_evidence_newest_tx(struct mr_findings *fd, int64_t *id, struct mr_err *err);
/* Flags as moving what transactions of that side behind last_tx have changed, of the collection that counts. */
enum mr_code mr_evidence_flag_since(struct mr_findings *fd, int side, int64_t last_tx,
                                    struct mr_err *err);
/* No row of the collection that counts moves any more: its logs have nothing behind what was read. */
enum mr_code mr_evidence_flag_none(struct mr_findings *fd, struct mr_err *err);
/* The collection counts from now on, and what was there before it is dropped. */
enum mr_code mr_evidence_finish(struct mr_evidence_writer *writer, struct mr_err *err);

/* table->id is set; of a collection that goes on, what is known of the table is read. */
enum mr_code mr_evidence_table_add(struct mr_evidence_writer *writer, struct mr_arena *arena,
                                   struct mr_evidence_table *table, struct mr_err *err);
/* What is known of it on that side. */
enum mr_code mr_evidence_table_save(struct mr_evidence_writer *writer,
                                    const struct mr_evidence_table *table, int side,
                                    struct mr_err *err);
/* How far that side was read, and what is known of it. */
enum mr_code mr_evidence_side_save(struct mr_evidence_writer *writer, int side,
                                   const struct mr_evidence_side *known, struct mr_err *err);
/* As it was saved last in this collection; own_by MR_OWN_BY_NONE: never. */
enum mr_code mr_evidence_side_resume(struct mr_evidence_writer *writer, int side,
                                     struct mr_arena *arena, struct mr_evidence_side *known,
                                     struct mr_err *err);
/* tx->id is the caller's: greater than all before it (mr_evidence_last_tx). */
enum mr_code mr_evidence_tx_add(struct mr_evidence_writer *writer, const struct mr_evidence_tx *tx,
                                struct mr_err *err);
/* The greatest id of a transaction in the case; 0: there is none. */
enum mr_code mr_evidence_last_tx(struct mr_evidence_writer *writer, int64_t *id,
                                 struct mr_err *err);
/* The greatest key by its bytes that has a mark so far, in arena; ptr NULL: none has. */
enum mr_code mr_evidence_greatest_key(struct mr_evidence_writer *writer, int64_t table, int side,
                                      struct mr_arena *arena, struct mr_key *key,
                                      struct mr_err *err);
/* The mark of that key so far, its bytes in arena. */
enum mr_code mr_evidence_mark_get(struct mr_evidence_writer *writer, int64_t table, int side,
                                  struct mr_key key, struct mr_arena *arena,
                                  struct mr_evidence_mark *mark, bool *found, struct mr_err *err);
/* Adds one of a key that has none yet, fastest in the order of table and key. */
enum mr_code mr_evidence_mark_add(struct mr_evidence_writer *writer, int64_t table, int side,
                                  const struct mr_evidence_mark *mark, struct mr_err *err);
/* Adds it, or replaces the one of its key. */
enum mr_code mr_evidence_mark_put(struct mr_evidence_writer *writer, int64_t table, int side,
                                  const struct mr_evidence_mark *mark, struct mr_err *err);
enum mr_code mr_evidence_change_add(struct mr_evidence_writer *writer, int64_t table, int side,
                                    struct mr_key key, const struct mr_evidence_change *change,
                                    struct mr_err *err);
/* Between mr_findings_begin and end: what was written so far is committed, whatever becomes of the
 * rest.  For a great deal of it, so that what SQLite has to hold until then stays small. */
enum mr_code mr_evidence_commit_piece(struct mr_evidence_writer *writer, struct mr_err *err);
/* Pushes struct mr_evidence_mark, as mr_evidence_marks() does, of this collection, and of each what says
 * how the row is now: `last` only where there is no digest, no `first`. */
enum mr_code mr_evidence_ends_so_far(struct mr_evidence_writer *writer, int64_t table, int side,
                                     struct mr_key after, size_t limit, struct mr_arena *arena,
                                     struct mr_vec *marks, struct mr_err *err);

/* ---- reading ---- */

/* Does the case hold any? */
enum mr_code mr_evidence_has(struct mr_findings *fd, bool *has, struct mr_err *err);
/* own_by MR_OWN_BY_NONE: that side's logs were not read. */
enum mr_code mr_evidence_sides(struct mr_findings *fd, struct mr_arena *arena,
                               struct mr_evidence_side sides[2], struct mr_err *err);
/* Were the rows of the run read after the side's logs?  Then changes since are in the rows alone. */
bool mr_evidence_is_before(const struct mr_evidence_side *side, const struct mr_find_run *run);
/* Pushes struct mr_evidence_table, by name. */
enum mr_code mr_evidence_tables(struct mr_findings *fd, struct mr_arena *arena,
                                struct mr_vec *tables, struct mr_err *err);
/* Of a run's table.  *found false: it has none.  Where its columns have changed since, both sides are
 * blind. */
enum mr_code mr_evidence_match(struct mr_findings *fd, const struct mr_find_table *table,
                               struct mr_arena *arena, struct mr_evidence_table *out, bool *found,
                               struct mr_err *err);
/* *found false: no own transaction changed it on that side, as far as the logs show. */
enum mr_code mr_evidence_mark(struct mr_findings *fd, int64_t table, int side, struct mr_key key,
                              struct mr_arena *arena, struct mr_evidence_mark *mark, bool *found,
                              struct mr_err *err);
/* Pushes struct mr_evidence_mark: those behind a key (ptr NULL: from the first on) in the order of
 * their bytes, at most limit. */
enum mr_code mr_evidence_marks(struct mr_findings *fd, int64_t table, int side, struct mr_key after,
                               size_t limit, struct mr_arena *arena, struct mr_vec *marks,
                               struct mr_err *err);
/* Pushes struct mr_evidence_change, by n. */
enum mr_code mr_evidence_changes(struct mr_findings *fd, int64_t table, int side, struct mr_key key,
                                 struct mr_arena *arena, struct mr_vec *changes,
                                 struct mr_err *err);
enum mr_code mr_evidence_tx(struct mr_findings *fd, int64_t id, struct mr_arena *arena,
                            struct mr_evidence_tx *tx, bool *found, struct mr_err *err);

/* When the first transaction of its own was committed that is kept of that side, in microseconds since
 * 1970; 0: none is. */
enum mr_code mr_evidence_own_since(struct mr_findings *fd, int side, int64_t *committed_us,
                                   struct mr_err *err);

/* What a transaction changed, of the keys that matter. */
struct mr_evidence_deed {
    int64_t table;
    int side;
    struct mr_key key;
    struct mr_evidence_change change;
};
/* Pushes struct mr_evidence_tx: those of that GTID, of both sides. */
enum mr_code mr_evidence_tx_named(struct mr_findings *fd, const char *gtid, struct mr_arena *arena,
                                  struct mr_vec *txs, struct mr_err *err);
/* Pushes struct mr_evidence_deed, at most limit, in the order of tables and keys. */
enum mr_code mr_evidence_deeds(struct mr_findings *fd, int64_t tx, size_t limit,
                               struct mr_arena *arena, struct mr_vec *deeds, struct mr_err *err);

#endif
