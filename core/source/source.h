/*
 * source: something that rows can be read from: a live server, or a snapshot.
 *
 * A source describes itself (catalogue) and opens readers; a reader is one stream of
 * reads, used by one thread at a time (a live server: one connection).  The shape of
 * PostgreSQL's pg_rewind: one vtable, three implementations (a server, a snapshot, and many servers
 * as one, source_shards.h), no other indirection.
 *
 * What is read is described by a struct mr_readspec, which the plan of a command fills
 * for each table and side.  Rows arrive through a callback with values in the order of
 * spec->cols.
 *
 * Errors: as db.h.  After MR_E_LOST a reader reconnects itself at its next use (with
 * back-off); the caller repeats what it asked for.  Ownership: see each function.
 */
#ifndef MR_SOURCE_H
#define MR_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/vec.h"
#include "core/db/db.h"
#include "core/row/row.h"
#include "core/schema/schema.h"
#include "core/source/keyrange.h"

/* What stands in the select list for a column. */
enum mr_expr {
    MR_EXPR_COLUMN = 1, /* the column */
    MR_EXPR_NUMBER,     /* CAST(column AS UNSIGNED): ENUM by its index, for keys */
    MR_EXPR_INDEX_ZERO, /* (column + 0) = 0, as UINT: tells ENUM 0 from a member '' */
    MR_EXPR_UTF8,       /* CONVERT(column USING utf8mb4): as people and JSON see it */
    MR_EXPR_TEXT,       /* CONVERT(CAST(column AS CHAR) USING utf8mb4): unequal types */
    MR_EXPR_BINARY,     /* CAST(column AS BINARY): types without a class of their own */
    MR_EXPR_LOST,       /* 0, or readcol's `numbers` where UTF8 loses bytes that are no character */
    MR_EXPR_CONDITION   /* does the SQL condition that stands for the name hold? 1 or 0 */
};

struct mr_readcol {
    const char *name; /* column */
    enum mr_expr expr;
    enum mr_class cls;   /* how the result arrives and is encoded */
    const char *charset; /* of TEXT and ENUM bytes as they arrive; of MR_EXPR_LOST the
                            column's own; else NULL */
    uint64_t numbers;    /* of an ENUM or SET key by number: see struct mr_key_part */
    bool not_null;       /* the column is NOT NULL; false is always right, and slower */
};

struct mr_readspec {
    const char *db, *table;
    const struct mr_readcol *cols;
    size_t ncols;
    const size_t *key; /* positions in cols of the key's parts, in index order */
    size_t nkey;       /* 0: no key; then only whole-table scans */
    const char *index; /* forced index; NULL: the server chooses */
    const char *where; /* extra condition as the user wrote it, or NULL */
    bool store;        /* result stored in the client at once (MyISAM, Aria …) */
    bool in_order;     /* rows that are fetched by their keys come in the key's order */
    bool whole_rows;   /* raw rows come with all values, not only those of the key */
};

/* Called for each row; values live until it returns.  Not MR_OK: the scan ends with it.
 */
typedef enum mr_code mr_row_fn(void *ctx, const struct mr_value *values, struct mr_err *err);

/* The same for rows that may come as bytes (see struct mr_raw_row in db.h): with bytes,
 * only the values of the key are set, unless whole_rows; without them, all are. */
typedef enum mr_code mr_raw_row_fn(void *ctx, const struct mr_raw_row *row, struct mr_err *err);

/* Digest of a range computed by the server. */
#define MR_CUTS_MAX 64 /* of a range, in one statement */
struct mr_range_digest {
    uint64_t rows;
    char words[2][64]; /* exact decimal sums of the two 64-bit halves, as text */
    bool exact;        /* false: some row had no digest (packet limit): read it instead */
};

/* Rows of a range of keys whose sum is known: half by half modulo 2^64, of the digests
 * (row.h) of all values of struct mr_kept's spec. */
struct mr_kept_range {
    struct mr_range range;
    uint64_t rows;
    struct mr_digest sum;
};

/* What a snapshot says of a table. */
struct mr_kept {
    struct mr_readspec spec;            /* its columns, key and condition, as they were read */
    const char *note;                   /* why its rows are not of one moment, or NULL */
    const char *rows_of;                /* it is not the whole table: "case RUN_ID"; or NULL */
    const struct mr_kept_range *ranges; /* in key order; they tile the key space, or there
                                           are none, since they are not known */
    size_t nranges;
    uint64_t rows;
    struct mr_digest sum; /* of all rows */
};

/* What a snapshot should hold and does not. */
struct mr_left_out {
    const char *kind, *name, *reason, *hint; /* "table", "club.members"; hint may be NULL */
};

struct mr_source;
struct mr_reader;

struct mr_source_ops {
    enum mr_code (*catalogue)(struct mr_source *src, const char *const *dbs, size_t ndbs,
                              const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                              struct mr_err *err);
    enum mr_code (*reader_new)(struct mr_source *src, struct mr_reader **out, struct mr_err *err);
    void (*reader_free)(struct mr_reader *reader);
    enum mr_code (*scan)(struct mr_reader *reader, const struct mr_readspec *spec,
                         struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                         struct mr_err *err);
    /* NULL: the source has no raw rows */
    enum mr_code (*scan_raw)(struct mr_reader *reader, const struct mr_readspec *spec,
                             struct mr_range range, uint64_t limit, mr_raw_row_fn *fn, void *ctx,
                             struct mr_err *err);
    enum mr_code (*fetch)(struct mr_reader *reader, const struct mr_readspec *spec,
                          const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                          struct mr_err *err);
    enum mr_code (*bounds)(struct mr_reader *reader, const struct mr_readspec *spec,
                           struct mr_range range, size_t wanted, struct mr_arena *arena,
                           struct mr_vec *keys, struct mr_err *err);
    enum mr_code (*bound_after)(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, uint64_t rows, struct mr_strbuf *key,
                                struct mr_err *err);
    enum mr_code (*digest)(struct mr_reader *reader, const struct mr_readspec *spec,
                           struct mr_range range, struct mr_range_digest *out, struct mr_err *err);
    /* NULL, both: it computes no digests */
    enum mr_code (*cuts)(struct mr_reader *reader, const struct mr_readspec *spec,
                         struct mr_range range, uint64_t every, size_t wanted,
                         struct mr_arena *arena, struct mr_vec *keys, struct mr_err *err);
    enum mr_code (*digest_parts)(struct mr_reader *reader, const struct mr_readspec *spec,
                                 struct mr_range range, const struct mr_key *cuts, size_t ncuts,
                                 struct mr_range_digest *out, struct mr_err *err);
    struct mr_db *(*reader_db)(struct mr_reader *reader);
    /* NULL: nothing is locked */
    enum mr_code (*reader_view_begun)(struct mr_reader *reader, struct mr_err *err);
    enum mr_code (*reader_unlock)(struct mr_reader *reader, struct mr_err *err);
    const char *(*reader_keeps_locks)(const struct mr_reader *reader);
    enum mr_code (*counter)(struct mr_reader *reader, const struct mr_table *table, uint64_t *next,
                            uint64_t *greatest, struct mr_err *err);
    /* NULL: nothing comes over a line */
    void (*compress)(struct mr_source *src);
    /* NULL: the connection is asked */
    enum mr_code (*sequence)(struct mr_reader *reader, const char *db, const char *name,
                             uint64_t *next, struct mr_err *err);
    enum mr_code (*probe)(struct mr_reader *reader, const char *db, const char *table,
                          const char *column, struct mr_err *err);
    /* of a snapshot; NULL: a server */
    const struct mr_kept *(*kept)(const struct mr_source *src, const char *db, const char *table);
    enum mr_code (*prove)(struct mr_source *src, const char *db, const char *table, size_t range,
                          struct mr_err *err);
    const struct mr_left_out *(*left_out)(const struct mr_source *src, size_t *count);
    const char *const *(*databases)(const struct mr_source *src, size_t *count, bool *whole);
    bool (*chooses)(const struct mr_source *src, const char *db, const char *name);
    enum mr_code (*can_judge)(const struct mr_source *src, const char *db, const char *table,
                              const char *condition, struct mr_err *err);
    bool (*has_order)(struct mr_reader *reader, const struct mr_readspec *spec);
    void (*free)(struct mr_source *src);
};

/* Every implementation starts with this member. */
struct mr_source {
    const struct mr_source_ops *ops;
};
/* What is to be said on a connection that was lost and made anew, before a reader uses it.  Where it
 * fails, so does the use, and the next one tries again. */
typedef enum mr_code mr_reader_renewed_fn(void *ctx, struct mr_db *db, struct mr_err *err);
struct mr_reader {
    struct mr_source *source;
    mr_reader_renewed_fn *renewed; /* or NULL */
    void *renewed_ctx;
    /* Of the row that is being given: from which of the tables that make one (source_shards.h); else 0 */
    size_t place;
};

/* The catalogue is the caller's (mr_catalogue_free).  It lacks the keys that servers made up
 * (core/schema/made_key.h). */
enum mr_code mr_source_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                 struct mr_catalogue **out, struct mr_err *err);
/* The same of a source's servers read as opts say; what is no server, or many, has what it has. */
enum mr_code mr_source_catalogue_as(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                    const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                    struct mr_err *err);
enum mr_code mr_source_reader_new(struct mr_source *src, struct mr_reader **out,
                                  struct mr_err *err);
/* What comes over connections that are made from now on is compressed, where the server can and
 * the endpoint does not forbid it. */
void mr_source_compress(struct mr_source *src);
void mr_source_free(struct mr_source *src);
void mr_reader_free(struct mr_reader *reader);
void mr_reader_on_renewal(struct mr_reader *reader, mr_reader_renewed_fn *fn, void *ctx);

/* Rows of (lo, hi] in key order, at most `limit` of them (0: no limit).  Without a key
 * the range must be open and rows come in any order. */
enum mr_code mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                            struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                            struct mr_err *err);
/* The same rows, raw where the source has them so. */
enum mr_code mr_reader_scan_raw(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, uint64_t limit, mr_raw_row_fn *fn, void *ctx,
                                struct mr_err *err);
/* The rows with these keys (equal by the server's collation), in any order.  A snapshot
 * may give rows besides that a collation takes for other ones: texts are equal to it as
 * mr_canon_local() has them. */
enum mr_code mr_reader_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                             const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                             struct mr_err *err);
/*
 * Up to `wanted` keys that cut the table into segments, strictly ascending in the
 * server's order; none of them is the last key.  Found by probing the index (at most
 * 100 short reads, however big the table, and none after a second), never by COUNT(*) or
 * OFFSET; similar in size where keys are spread evenly between the gaps, whatever gaps there are.
 * spec->where is not looked at.  Pushes struct mr_key, bytes in arena.  None found is fine.
 */
enum mr_code mr_reader_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                              size_t wanted, struct mr_arena *arena, struct mr_vec *keys,
                              struct mr_err *err);
/* The same of one range; a snapshot cuts the whole table only, and gives no key else. */
enum mr_code mr_reader_bounds_within(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, size_t wanted, struct mr_arena *arena,
                                     struct mr_vec *keys, struct mr_err *err);
/* About how many rows a range of the key has, as the server's plan for reading it says: it looks
 * at a few pages of the index.  spec->where is not looked at.  0: not known, as of a snapshot. */
enum mr_code mr_reader_estimate(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, uint64_t *rows, struct mr_err *err);
/* The key of the `rows`-th row of the range, encoded into key; key empty (len 0) if the
 * range holds fewer.  Reads the index of that chunk only. */
enum mr_code mr_reader_bound_after(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t rows, struct mr_strbuf *key,
                                   struct mr_err *err);
enum mr_code mr_reader_digest(struct mr_reader *reader, const struct mr_readspec *spec,
                              struct mr_range range, struct mr_range_digest *out,
                              struct mr_err *err);
/*
 * For a range whose digests differ: the keys of its every-th, 2 every-th … row, at most `wanted`
 * (struct mr_key, bytes in arena; none of a source without digests), and the digests of the parts
 * that they make: part i of ncuts + 1 ends with cuts[i], the last one with the range.  One
 * statement each, so that both together take three round trips (keys are asked for by one that is
 * prepared), however many parts there are.
 */
enum mr_code mr_reader_cuts(struct mr_reader *reader, const struct mr_readspec *spec,
                            struct mr_range range, uint64_t every, size_t wanted,
                            struct mr_arena *arena, struct mr_vec *keys, struct mr_err *err);
enum mr_code mr_reader_digest_parts(struct mr_reader *reader, const struct mr_readspec *spec,
                                    struct mr_range range, const struct mr_key *cuts, size_t ncuts,
                                    struct mr_range_digest *out, struct mr_err *err);
/* The connection behind a live reader (reconnected if it was lost), NULL for a
 * snapshot. */
struct mr_db *mr_reader_db(struct mr_reader *reader);
/*
 * A view keeps the metadata lock of every table that it has read, so that an ALTER of it waits,
 * and behind that every writer.  unlock lets go of all of them and keeps the view (ROLLBACK TO
 * SAVEPOINT, whose savepoint is set where the view begins, as mysqldump does it): from then on
 * a table may be altered, after which the view has no rows of it (error 1412), or change its
 * name, which the caller has to look for.  view_begun says that the caller has begun the view
 * anew on the reader's connection.  Without a view, and of a snapshot, both do nothing.
 *
 * keeps_locks: NULL, or why unlock has no effect, for people: the server has a binary log, is
 * MariaDB, and the account may not leave the log (BINLOG ADMIN), or it has no savepoints.
 */
enum mr_code mr_reader_view_begun(struct mr_reader *reader, struct mr_err *err);
enum mr_code mr_reader_unlock(struct mr_reader *reader, struct mr_err *err);
const char *mr_reader_keeps_locks(const struct mr_reader *reader);
/* As mr_schema_auto_increment(). */
enum mr_code mr_reader_counter(struct mr_reader *reader, const struct mr_table *table,
                               uint64_t *next, uint64_t *greatest, struct mr_err *err);
/* Of a snapshot: what a sequence gives next; 0: negative.  MR_E_NO_SUCH: it is not kept. */
enum mr_code mr_reader_sequence(struct mr_reader *reader, const char *db, const char *name,
                                uint64_t *next, struct mr_err *err);
/* As mr_schema_probe(); what a snapshot names as left out is MR_E_DENIED. */
enum mr_code mr_reader_probe(struct mr_reader *reader, const char *db, const char *table,
                             const char *column, struct mr_err *err);
/* Are the rows to be had in the order of the spec's key?  If not, only the whole table can
 * be scanned, in any order, and there are no bounds.  A server always has the order, a
 * snapshot where it can be known without one. */
bool mr_reader_has_order(struct mr_reader *reader, const struct mr_readspec *spec);

/* Else it is a server. */
bool mr_source_is_snapshot(const struct mr_source *src);
/* NULL: a server, or a table that is not there.  It lives as long as the source. */
const struct mr_kept *mr_source_kept(const struct mr_source *src, const char *db,
                                     const char *table);
/* Is the file that holds one of its ranges as it was written?  MR_E_SNAPSHOT names it. */
enum mr_code mr_source_prove(struct mr_source *src, const char *db, const char *table, size_t range,
                             struct mr_err *err);
/* Is the table, or another object of that name, among those that a snapshot was to hold?
 * What was not chosen is not missing.  Of a server: true. */
bool mr_source_chooses(const struct mr_source *src, const char *db, const char *name);
/* Can rows of the table be chosen by the condition?  Of a snapshot MR_E_UNSUPPORTED where it
 * is not a simple one; a server is not asked. */
enum mr_code mr_source_can_judge(const struct mr_source *src, const char *db, const char *table,
                                 const char *condition, struct mr_err *err);
/* Of a server *count is 0. */
const struct mr_left_out *mr_source_left_out(const struct mr_source *src, size_t *count);
/* The databases that a snapshot holds.  *whole: they are all that its server had, and were
 * not named one by one.  Of a server *count is 0. */
const char *const *mr_source_databases(const struct mr_source *src, size_t *count, bool *whole);

/*
 * How a snapshot is opened; ep must outlive it.  It is snapshot/ that knows, and main.c that
 * hands it down.  Errors: MR_E_SNAPSHOT and MR_E_IO with the path.
 */
typedef enum mr_code mr_source_open_fn(const struct mr_endpoint *ep, struct mr_source **out,
                                       struct mr_err *err);

/*
 * A live server.  Keeps copies of nothing: ep and opts must outlive it.  With
 * `consistent` every reader opens START TRANSACTION WITH CONSISTENT SNAPSHOT and stays
 * in it; a lost connection is then MR_E_LOST for good, since its view is gone.
 */
struct mr_source_opts {
    struct mr_db_opts db;
    bool consistent;
    bool frees_tables;                /* a view unlocks by itself: before another table is read, and
                          else at most once a second */
    unsigned reconnect_attempts;      /* default 8 when 0 */
    mr_source_open_fn *open_snapshot; /* NULL: servers only */
};
enum mr_code mr_source_live_new(const struct mr_endpoint *ep, const struct mr_source_opts *opts,
                                struct mr_source **out, struct mr_err *err);

/* A server or a snapshot, as the endpoint says.  MR_E_USAGE for a snapshot where none can
 * be opened. */
enum mr_code mr_source_new(const struct mr_endpoint *ep, const struct mr_source_opts *opts,
                           struct mr_source **out, struct mr_err *err);

#endif
