/*
 * history_top: the transactions of a log that changed most rows, and the statements in it whose rows it does
 * not hold.
 *
 *   mr_history_top_init → fields → mr_history_top_take for each step (history_read.h)
 *   → mr_history_top_order → the lists → mr_history_top_release
 *
 * Memory: `keep` transactions and as many statements, each with at most MR_TOP_TABLES tables and the
 * beginning of its statement, whatever the log holds; of the transaction under way MR_TOP_TABLES_MET tables.
 * Rows of the tables beyond are counted together.
 *
 * Of equal size the later one counts more: it is the one that somebody has just noticed.
 *
 * Ownership: the struct owns what it keeps.  Errors: MR_E_BINLOG, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_HISTORY_TOP_H
#define MR_HISTORY_TOP_H

#include "core/base/vec.h"
#include "core/binlog/binlog_walk.h"
#include "core/logs/change_kinds.h"

#define MR_TOP_TABLES 12
#define MR_TOP_TABLES_MET 4096
#define MR_TOP_STATEMENT_BYTES 2000

/* By enum mr_binlog_kind; [0] is not used. */
#define MR_TOP_KINDS MR_CHANGE_KINDS

struct mr_top_table {
    char *db, *name;
    uint64_t rows[MR_TOP_KINDS];
};

struct mr_top_tx {
    int64_t committed_us;
    char *gtid, *log; /* gtid "": it has none */
    uint64_t position;
    uint32_t thread; /* 0: the log does not say */
    char *user;      /* "user@host" where the log says it, else "" */
    uint64_t rows;
    struct mr_vec tables; /* struct mr_top_table, most rows first */
    size_t more_tables;   /* beyond those */
    uint64_t more_rows;
    char *statement;          /* of most rows, as mr_top_say_fn made it; NULL: the log has none */
    uint64_t statements;      /* that made rows, as far as the log says */
    uint64_t statement_bytes; /* of that one, all of it */
    uint64_t number;          /* in the order of the log */
    bool is_statement;        /* of the list of these: its rows are not in the log */
    bool is_definition;       /* and it defines: CREATE, ALTER, DROP, TRUNCATE */
    bool is_torn;             /* rolled back in part: some of the rows may not have stayed */
    bool is_prepared;         /* of XA: another transaction says what became of it */
    bool is_uncounted;        /* it has rows that cannot be read */
};

/* Appends a statement as it is to be shown. */
typedef void mr_top_say_fn(void *ctx, const char *text, size_t len, struct mr_strbuf *out);

struct mr_history_top {
    /* set by the caller */
    size_t keep;
    const char *const *tables, *const *excluded; /* patterns (core/base/pattern.h) */
    size_t ntables, nexcluded;
    bool kinds[MR_TOP_KINDS]; /* that are counted */
    mr_top_say_fn *say;
    void *ctx;
    /* what was met within the window */
    uint64_t transactions; /* with rows that count */
    uint64_t rows[MR_TOP_KINDS];
    uint64_t nstatements; /* without rows, that may have changed tables that are meant */
    uint64_t nuncounted;  /* transactions with rows that cannot be read */
    uint64_t
        nchanging;     /* of nstatements: those that define nothing, and so may have changed rows */
    struct mr_vec top; /* struct mr_top_tx *: a heap, then in order */
    struct mr_vec statements; /* struct mr_top_tx *, by the log: the last ones */
    /* private */
    struct mr_top_work *work;
};

/* To be released also after a failure. */
enum mr_code mr_history_top_init(struct mr_history_top *top, struct mr_err *err);
void mr_history_top_release(struct mr_history_top *top);
enum mr_code mr_history_top_take(struct mr_history_top *top, const struct mr_binlog_step *step,
                                 struct mr_err *err);
/* Behind the last step: most rows first. */
void mr_history_top_order(struct mr_history_top *top);

#endif
