/*
 * decide_three: what becomes of a row of which the binary logs tell: three ways (the base at the
 * split, SOURCE, TARGET), by column, as pure functions over what is known; see decide.h.
 *
 *   mr_decide_three(row, columns, …) decides a row and says of each of its columns what is done
 *
 * It asks mr_decide_three_row, whether the row is one to be decided by its columns, and
 * mr_decide_column of each; the tests of both, and `repair show --row`, ask them alone.
 *
 * What fills the facts (three_facts.def) needs the two sides' marks of the key, today's rows of
 * both, and today's map of references; nothing else:
 *
 *   the base        TARGET's first image, or its row where its complete log did not touch the
 *                   key; the same of SOURCE.  `bases_differ` where both tell and disagree in a
 *                   column that both saw, or in whether there was a row.  The chains of images have
 *                   been proved before: a table of which one broke has no `evidence`.
 *   …_touched       there is a mark.  …_moved, …_arrived: its link to the other key (the base stood
 *                   under the one that it had).  …_remade: its flag "deleted and inserted again",
 *                   and another identity than the base's, or one that cannot be compared (unseen,
 *                   or a table without); of one identity it is one row, as by REPLACE.
 *   columns         `seen` where one of the two bases has the column, also where a row that was not
 *                   touched, or images that leave out what was not changed, prove it.  Seen, it was
 *                   changed by a side whose value today is not the base's.  Unseen, it was changed by
 *                   a side one of whose after-images has it; of the other nothing is known.
 *                   Base and side are compared as they stand; `same` after mapping references.
 *   the answer      of core/source/column_rule.h, asked where `seen` or without a base; newest from
 *                   the commit times of the marks.  Of columns that no rule is for: none.
 *   nobody, unfit…  as for a row that is inserted (facts.def), of the one value.
 *
 * One log is enough: of the side whose log is missing, its row against the base is its change.
 *
 * Threads: any.  Errors: none.  Nothing is allocated: rulings are the caller's.
 */
#ifndef MR_DECIDE_THREE_H
#define MR_DECIDE_THREE_H

#include "core/source/column_rule.h"
#include "repair/decide/decide.h"

/* ---- facts ---- */

/* Of a row: a flag for each line. */
struct mr_three_fact {
#define MR_THREE_ROW(name, words) bool name;
#define MR_THREE_COLUMN(name, words)
#include "repair/decide/three_facts.def"
#undef MR_THREE_ROW
#undef MR_THREE_COLUMN
};

/* Of a column of it. */
struct mr_column_fact {
#define MR_THREE_ROW(name, words)
#define MR_THREE_COLUMN(name, words) bool name;
#include "repair/decide/three_facts.def"
#undef MR_THREE_ROW
#undef MR_THREE_COLUMN
    enum mr_column_rule rule;   /* of the configuration */
    enum mr_rule_answer answer; /* what add, max, min, union or newest come to */
};

/* What was chosen for a kind of conflict: the side whose state it is to be. */
enum mr_pick {
    MR_PICK_NONE = 0,
    MR_PICK_TARGET, /* target, keep, skip */
    MR_PICK_SOURCE, /* source, restore, delete */
    MR_PICK_COLUMNS /* of both-changed: each side's own */
};
/* Of a choice; none of those that are no side (stop, merge-into, without-value), and of newest:COLUMN,
 * which is TARGET or SOURCE once the rows have been looked at; NULL: none. */
enum mr_pick mr_pick_of(const char *choice);

/* ---- columns ---- */

enum mr_column_deed {
    MR_COLUMN_KEEPS = 0, /* TARGET's value */
    MR_COLUMN_WRITES,    /* SOURCE's, references mapped */
    MR_COLUMN_COMPUTES   /* what its rule made */
};

enum mr_column_outcome {
    MR_COLUMN_UNDECIDED = 0, /* the row was not decided by its columns */
#define MR_THREE_COLUMN_OUTCOME(symbol, name, deed, conflict, sentence, row) MR_COLUMN_##symbol,
#define MR_THREE_OUTCOME(symbol, name, deed, conflict, sentence)
#include "repair/decide/three_outcomes.def"
#undef MR_THREE_COLUMN_OUTCOME
#undef MR_THREE_OUTCOME
    MR_COLUMN_OUTCOMES
};
/* "restored-change"; NULL: undecided. */
const char *mr_column_outcome_name(enum mr_column_outcome outcome);

/* The conflict is none where a person has answered it, as `deed` then says. */
struct mr_column_ruling {
    enum mr_column_outcome outcome;
    enum mr_column_deed deed;
    struct mr_obstacle why;
};
struct mr_column_ruling mr_decide_column(const struct mr_column_fact *f,
                                         const enum mr_pick picks[MR_CONFLICTS]);
/* The same if SOURCE's value is to be written, whoever changed the column. */
struct mr_column_ruling mr_decide_written(const struct mr_column_fact *f,
                                          const enum mr_pick picks[MR_CONFLICTS]);
/* The rule that counts: no key, identity, reference or generated column has one. */
enum mr_column_rule mr_decide_rule(const struct mr_column_fact *f);

/* ---- rows ---- */

enum mr_three_deed {
    MR_THREE_UNDECIDED = 0,
    MR_THREE_LEAVES,   /* TARGET as it is */
    MR_THREE_FOLLOWS,  /* mr_decide_merge goes on with it: without logs, or as lost history */
    MR_THREE_COMPARES, /* by its columns; never the answer of mr_decide_three */
    MR_THREE_UPDATES,  /* columns of TARGET's row */
    MR_THREE_DELETES   /* TARGET's row */
};

enum mr_three_outcome {
    MR_THREE_NOTHING = 0,
#define MR_THREE_COLUMN_OUTCOME(symbol, name, deed, conflict, sentence, row)
#define MR_THREE_OUTCOME(symbol, name, deed, conflict, sentence) MR_THREE_IS_##symbol,
#include "repair/decide/three_outcomes.def"
#undef MR_THREE_COLUMN_OUTCOME
#undef MR_THREE_OUTCOME
    MR_THREE_OUTCOMES
};
/* By which rows are counted: "restored-change"; NULL: nothing. */
const char *mr_three_outcome_name(enum mr_three_outcome outcome);

/* As of columns: an answered conflict is none, the outcome stays what it is counted as. */
struct mr_three_ruling {
    enum mr_three_outcome outcome;
    enum mr_three_deed deed;
    struct mr_obstacle why;
};
/* That outcome as three_outcomes.def has it. */
struct mr_three_ruling mr_three_ruling_of(enum mr_three_outcome outcome);
/* The outcome of a row of which that column is the weightiest; undecided: it has none. */
enum mr_three_outcome mr_three_outcome_of(enum mr_column_outcome outcome);

/* Without its columns. */
struct mr_three_ruling mr_decide_three_row(const struct mr_three_fact *f);

/*
 * All of it.  The row's facts source_changed and source_unsure, and baseless of each column, are told
 * here, and need not be set.  picks: what was chosen for this row, by kind; restored-change=target
 * keeps what would be written.  rulings: one for each column, to be carried out where the deed is
 * UPDATES; where the row is asked about or left, what would be: of both-changed, the row that
 * `columns` gives.
 */
struct mr_three_ruling mr_decide_three(const struct mr_three_fact *f,
                                       const struct mr_column_fact *columns, size_t ncolumns,
                                       const enum mr_pick picks[MR_CONFLICTS],
                                       struct mr_column_ruling *rulings);

#endif
