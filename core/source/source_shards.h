/*
 * source_shards: the tables of many servers as one source of rows.
 *
 *   mr_source_shards_new → as any source; then mr_source_free
 *
 * Rows of a table come merged by key where its order is known without a server (key_order.h), else
 * place by place, and then only whole.  A *place* is a table of one of the servers; reader->place is
 * that of the row that is being given.  A key that stands in two places is given twice, one row behind
 * the other, in the order of places; where a scan has a limit, all rows of its last key are given.
 *
 * Each place is read in statements of its own, one after the other, so that a reader has one
 * connection a server, however many databases it has.  What was read of a place and is not given yet
 * is kept for the next scan, if that goes on where this one ended.  Memory: about MR_SHARDS_BYTES, by how
 * wide the rows were that were read last, and one row a place.
 *
 * All places of a table must have the same columns and unique keys; a table of which that is not so
 * has mr_table.unfit, and is not read.  All servers are of one flavour.  There are no digests, no
 * counters and no objects of such a source: what many servers count is no one's counter.
 *
 * Ownership: shards and endpoints are the caller's and outlive the source; options, as of
 * mr_source_live_new().  Errors: as source.h, each with the server's name; MR_E_USAGE for what the
 * map has wrong.
 */
#ifndef MR_SOURCE_SHARDS_H
#define MR_SOURCE_SHARDS_H

#include "core/source/shards.h"
#include "core/source/source.h"

#define MR_SHARDS_BYTES ((size_t)8 << 20)

enum mr_code mr_source_shards_new(const struct mr_shards *shards, const struct mr_source_opts *opts,
                                  struct mr_source **out, struct mr_err *err);
/* All functions below are for such a source alone. */
bool mr_source_is_shards(const struct mr_source *src);

/* Its servers, each once, in the order in which they are named. */
size_t mr_source_shards_count(const struct mr_source *src);
const struct mr_endpoint *mr_source_shards_endpoint(const struct mr_source *src, size_t server);
/* One server's share of a reader: the connection to it. */
struct mr_reader *mr_reader_shard(struct mr_reader *reader, size_t server);

/* A place of a table of the last catalogue. */
struct mr_shards_place {
    size_t server;
    const struct mr_table *table; /* as its server has it */
    const char *name;             /* for people: "db03:3306/shop_03.orders_7" */
};
/* Of the table of that name: *count places, which live as long as the source. */
const struct mr_shards_place *mr_source_shards_places(const struct mr_source *src,
                                                      const char *table, size_t *count);

#endif
