/*
 * create_scan: what one worker needs to read tables: its connection, the chunk that it is
 * writing, and buffers.  create_scan.c and create_chunk.c share it.
 *
 *   mr_create_scan_new → (mr_create_scan_take → mr_create_scan_range) … → _free
 *
 * Threads: one.  Ownership: the reader is the caller's.
 */
#ifndef MR_CREATE_SCAN_H
#define MR_CREATE_SCAN_H

#include "snapshot/create/create.h"
#include "snapshot/format/tsv.h"

#define MR_CREATE_PACE_BYTES ((uint64_t)64 << 10)

struct mr_create_scan {
    struct mr_create *create;
    struct mr_reader *reader;
    struct mr_hasher *hasher;

    /* Tables whose locks the reader has (create_unlock.h). */
    struct mr_vec held; /* struct mr_create_table * */
    double held_since_s, hold_s;
    double wait_left_s; /* of the statement (mr_throttle_held) */

    /* of the table */
    struct mr_create_table *table;
    uint64_t seen_rows, seen_bytes;
    uint64_t unpaced_bytes;

    /* of the range */
    size_t segment, part, sequence;
    size_t last_chunk;   /* among the table's, of this range; SIZE_MAX: none yet */
    struct mr_strbuf lo; /* above which the next chunk begins */
    bool has_lo;
    struct mr_strbuf from; /* above which the next statement begins */
    struct mr_strbuf key;  /* of the last row */

    /* of the chunk */
    struct mr_snap_out *out; /* NULL: none is open */
    const char *file;
    struct mr_tsv tsv;
    struct mr_strbuf first; /* key of its first row */
    uint64_t rows;
    struct mr_snap_sum sum;
};

enum mr_code mr_create_scan_new(struct mr_create *create, struct mr_reader *reader,
                                struct mr_create_scan **out, struct mr_err *err);
void mr_create_scan_free(struct mr_create_scan *scan); /* NULL is fine */
/* What is read from here on is of that table. */
void mr_create_scan_take(struct mr_create_scan *scan, struct mr_create_table *table);
/* From here on rows are of that range, whose lower end is open. */
void mr_create_scan_begin(struct mr_create_scan *scan, size_t segment, size_t part);
/* One row, into the chunk that is open, or a new one. */
enum mr_code mr_create_scan_row(struct mr_create_scan *scan, const struct mr_value *values,
                                struct mr_err *err);
/* Reads a range into chunks. */
enum mr_code mr_create_scan_range(struct mr_create_scan *scan, size_t segment, size_t part,
                                  struct mr_range range, struct mr_err *err);

/* create_chunk.c */
enum mr_code mr_create_chunk_begin(struct mr_create_scan *scan, struct mr_err *err);
/* hi: up to which it reaches. */
enum mr_code mr_create_chunk_end(struct mr_create_scan *scan, struct mr_key hi, struct mr_err *err);
/* The range is read: its last chunk reaches up to its end. */
enum mr_code mr_create_range_end(struct mr_create_scan *scan, struct mr_key hi, struct mr_err *err);
void mr_create_chunk_abandon(struct mr_create_scan *scan);
/* Takes over a chunk of an earlier run, as that is numbered by now. */
enum mr_code mr_create_chunk_keep(struct mr_create_scan *scan, const struct mr_journal_chunk *old,
                                  struct mr_err *err);
/* Is its file still what it was? */
bool mr_create_chunk_is_whole(const struct mr_create *create, const struct mr_snap_chunk *chunk);

#endif
