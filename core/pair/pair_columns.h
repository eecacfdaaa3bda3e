/*
 * pair_columns: one pair of tables, column by column: what is read on each side, by
 * which key, and what names a row.
 */
#ifndef MR_PAIR_COLUMNS_H
#define MR_PAIR_COLUMNS_H

#include "core/cli/config.h"
#include "core/pair/pair.h"

/* What the plan of one pair needs to know besides the catalogues' tables. */
struct mr_column_task {
    const struct mr_table_config *config;
    enum mr_flavour flavour[MR_SIDES];
    struct mr_arena *arena;
    bool whole_rows; /* columns that the configuration ignores are planned, too, and
                        marked in table->ignored */
    const struct mr_kept *kept[MR_SIDES]; /* of a snapshot; NULL: a server */
};

/*
 * Fills join, scan, full, ncompared, keys, identity and find.columns of `table`, whose
 * `side` is set.  MR_E_CONFIG for a configured column that does not exist;
 * MR_E_UNSUPPORTED where no column is common.
 */
enum mr_code mr_pair_columns(struct mr_pair *table, const struct mr_column_task *task,
                             struct mr_err *err);

/* How a column is read that need not agree with another one: as its own class has it. */
struct mr_readcol mr_pair_own_column(const struct mr_column *col);

/* A side's column at a position of find.columns. */
const struct mr_column *mr_pair_column(const struct mr_pair *pair, enum mr_side side, size_t at);

#endif
