/*
 * lineage_reader: the rows that other rows name, by a reference or by their own key.
 *
 *   init → begin(lookup, nodes) → next, until it gives no pair → begin … → release
 *
 * A node names at most one value, and a value names any number of rows: each node comes
 * in as many pairs as there are rows, in one without a row if there is none, and in none
 * if it names nothing (a NULL, or a condition that does not hold).  What the case knows by
 * its key is not read again (mr_lineage_nodes).  Pairs of one row come one after the other.
 *
 * Texts are matched as TARGET's collation does (canon.h), like everything else.
 *
 * Ownership: nodes belong to the caller and stay until the last next; pairs and the rows in
 * them live until the next call.  Errors: as source.h; after MR_E_LOST begin anew.
 * Threads: those of the worker.  Limits: a statement names keys of at most 512 KiB, or half
 * of the server's packet.  Of the rows 8 MiB are held in memory, and one, or all that one value
 * names.
 */
#ifndef MR_LINEAGE_READER_H
#define MR_LINEAGE_READER_H

#include "core/case/lineage.h"
#include "core/pair/rowset.h"
#include "core/pair/spelling.h"
#include "recon/check/check_scan.h"

struct mr_lineage_lookup {
    const struct mr_pair *table; /* whose rows are named */
    enum mr_side side;
    const size_t *columns;       /* positions in the images of the nodes */
    const size_t *named_columns; /* positions in the images of the table */
    size_t ncolumns;
    const struct mr_spelling *spelling; /* how the nodes write the values; NULL: as the table */
    int condition_at;                   /* position in the images of the nodes; -1: none */
};

/* A row whose image names another one. */
struct mr_lineage_node {
    int64_t id;
    const void *image;
    size_t len;
};

struct mr_lineage_pair {
    size_t node;                      /* of the nodes, by position */
    int64_t known;                    /* the row's node; 0: not known, see `row` */
    const struct mr_lineage_row *row; /* NULL: nobody is there */
};

struct mr_lineage_reader {
    struct mr_check_worker *worker;
    const struct mr_lineage_lookup *lookup;
    struct mr_arena scrap; /* of one lookup */
    struct mr_vec asks;    /* struct ask, sorted */
    size_t done;           /* of them */
    bool begun;
    size_t most;          /* values a statement may name: fewer where rows are wide */
    struct mr_vec founds; /* struct found */
    struct mr_vec items;  /* struct mr_canon_item */
    struct mr_vec pairs;  /* struct mr_lineage_pair */
    struct mr_rowset set;
    struct mr_strbuf bytes;
};

void mr_lineage_reader_init(struct mr_lineage_reader *r, struct mr_check_worker *worker);
void mr_lineage_reader_release(struct mr_lineage_reader *r);

/* lookup stays until the last next. */
enum mr_code mr_lineage_reader_begin(struct mr_lineage_reader *r,
                                     const struct mr_lineage_lookup *lookup,
                                     const struct mr_lineage_node *nodes, size_t count,
                                     struct mr_err *err);
/* The next pairs (struct mr_lineage_pair); none: that was all. */
enum mr_code mr_lineage_reader_next(struct mr_lineage_reader *r, const struct mr_vec **pairs,
                                    struct mr_err *err);

#endif
