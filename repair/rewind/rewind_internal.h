/*
 * rewind_internal: what the files of repair/rewind share; see rewind.h.
 *
 * The temporary table rw of the case has a row for each key that a selected change has met:
 *   tbl, key  the plan's table, and its key as `pair` reads it
 *   s         the row before the first selected change; NULL: there was none
 *   base      the row behind the last one; NULL: there was none
 *   last      the row behind the last change of all
 *   flags     enum mr_rewind_flag
 *   tx        the number of the transaction that changed it last, of those that are not selected
 *   origin    the key that the row which selected changes have brought here had before them; NULL: this
 *             one, or none
 * rw_ours has the numbers of those transactions that were units of a rewind.
 * Images are encodings of the plan table's columns, in their order, and of their flags (mr_find_column), as
 * far as images of a server are compared.
 */
#ifndef MR_REWIND_INTERNAL_H
#define MR_REWIND_INTERNAL_H

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/rewind/rewind.h"

enum mr_rewind_flag {
    MR_REWIND_SINCE = 1,   /* changed behind the last selected change */
    MR_REWIND_BETWEEN = 2, /* changed by others between two of them */
    MR_REWIND_BROKEN = 4,  /* an image is not what the change before it had left */
    MR_REWIND_STAYS = 8,   /* it does not become what it was: it is asked about, or gone, or left */
    MR_REWIND_CHOSEN = 16, /* somebody has decided about it */
    MR_REWIND_BACK =
        32, /* since, it was rewound, or a number went back by just what they had made of
                           it: who has rewound it without a mark in the log has done that */
    MR_REWIND_MOVED = 64,   /* others gave the row another key */
    MR_REWIND_REMADE = 128, /* others put a row there where none was left, unlike base */
    MR_REWIND_ANEW = 256    /* selected changes did so, where s had stood */
};

struct mr_rewind_table {
    const char *why; /* it cannot be rewound; NULL: it can */
    uint64_t keys;   /* rows of rw */
    bool lets_go; /* a selected change deleted a row, or changed its key, or what a foreign key that
                        acts ON UPDATE refers to */
    uint64_t serial; /* of the map that shape is of; 0: none */
    struct mr_binlog_shape *shape;
    struct mr_arena arena; /* of shape */
};

/* What rw has of a key. */
struct mr_rewind_known {
    struct mr_key s, base, last;
    int flags;
};

struct mr_rewind {
    const struct mr_rewind_task *task;
    struct mr_case *cf;
    struct mr_rewind_table *tables; /* as many as the plan has */
    struct mr_case_stmt *find, *add, *change, *ours;
    struct mr_case_fields find_map; /* struct mr_rewind_known */
    /* the log */
    struct mr_binlog_rows rows;
    const char *log;     /* serials are those of one file */
    uint64_t met_serial; /* the map that was looked up last; 0: none */
    size_t met_table;
    bool is_selected, is_saved, is_torn;
    bool has_rows;             /* the transaction under way, of tables that are planned */
    struct mr_vec prepared;    /* char *: XA transactions without such rows */
    const char *strange;       /* a table that selected ones changed, and that is not planned */
    bool *touched;             /* per table, by the transaction under way */
    int64_t others;            /* that are not selected, so far: the number of the one under way */
    uint64_t transactions;     /* selected, of which a row counts */
    struct mr_vec definitions; /* const char *: selected ones */
    struct mr_strbuf scratch, images[2], keys[2];
};

/* The error of an allocation that failed. */
enum mr_code mr_rewind_nomem(struct mr_err *err);
/* Behind the log: rows that a rewind changed last get MR_REWIND_BACK. */
enum mr_code mr_rewind_mark_ours(struct mr_rewind *rewind, struct mr_err *err);
/* Behind the last slot of a table (struct mr_copy, table c): a row whose key they changed has two. */
struct mr_copy;
enum mr_code mr_rewind_tie(struct mr_copy *copy, size_t table, struct mr_err *err);
/* The first reason stays. */
void mr_rewind_blind(struct mr_rewind *rewind, size_t table, const char *why);

#endif
