/*
 * column_rule: rules by which a column is merged that both sides of a split changed otherwise
 * (column_rule.def): which columns they are for, and their arithmetic.
 *
 *   mr_rule_misfit(rule, …) == NULL, once a column; then of each row
 *   mr_rule_add, _extreme, _union, _newest → an answer: whose value it is, a value of its own,
 *   or why there is none
 *
 * What has no certain result has none: nothing is wrapped, rounded, cut or guessed.  MR_RULE_SOURCE
 * and MR_RULE_TARGET need no arithmetic.
 *
 * Ownership: values and columns are the caller's; results are appended to the caller's buffer in
 * core/row's encoding.  Errors: only memory, kept in the buffer (mr_strbuf_check).  Threads: no
 * state.  Limits: long values (row.h) have to be read before.
 */
#ifndef MR_COLUMN_RULE_H
#define MR_COLUMN_RULE_H

#include "core/base/strbuf.h"
#include "core/row/row.h"
#include "core/schema/schema.h"

enum mr_column_rule {
    MR_RULE_NONE = 0,
#define MR_COLUMN_RULE(symbol, name) MR_RULE_##symbol,
#define MR_RULE_ANSWER(symbol, words)
#include "core/source/column_rule.def"
#undef MR_COLUMN_RULE
#undef MR_RULE_ANSWER
    MR_COLUMN_RULES
};

enum mr_rule_answer {
    MR_RULE_UNASKED = 0, /* no rule was asked, or one without arithmetic */
#define MR_COLUMN_RULE(symbol, name)
#define MR_RULE_ANSWER(symbol, words) MR_RULE_##symbol,
#include "core/source/column_rule.def"
#undef MR_COLUMN_RULE
#undef MR_RULE_ANSWER
    MR_RULE_ANSWERS
};

/* "add"; NULL: none. */
const char *mr_column_rule_name(enum mr_column_rule rule);
/* The other way; none is what no rule is called. */
enum mr_column_rule mr_column_rule_named(const char *name);
/* For people; NULL: not asked. */
const char *mr_rule_answer_words(enum mr_rule_answer answer);

/* Why the rule is none for the columns of both sides, which are one column; NULL: it is.  What
 * a key, an identity, a reference or a generated column may not have is the caller's to say. */
const char *mr_rule_misfit(enum mr_column_rule rule, const struct mr_column *source,
                           const struct mr_column *target);

/* Values of a column that fits its rule, and that stands by that definition on both sides. */
struct mr_rule_values {
    const struct mr_column *column; /* TARGET's */
    const struct mr_value *source, *target;
    const struct mr_value *base; /* at the split; NULL: not known, or there was no row */
};

/* TARGET + SOURCE - base, into out. */
enum mr_rule_answer mr_rule_add(const struct mr_rule_values *v, struct mr_strbuf *out);
/* The greatest of both, else the least; equal ones are TARGET's. */
enum mr_rule_answer mr_rule_extreme(const struct mr_rule_values *v, bool greatest);
/* The members of a SET that either has, in the order of its definition, into out; where TARGET has all
 * of them, its value stays. */
enum mr_rule_answer mr_rule_union(const struct mr_rule_values *v, struct mr_strbuf *out);

/* When a side last changed the column, as close as is known: not before `from`, not after `to`, in
 * microseconds since 1970, by its commits.  Of marks alone: the first and the last change of the
 * row; a time that is known to the second is that whole second. */
struct mr_rule_times {
    bool is_known;
    uint64_t from_us, to_us;
};
/* The side that is later by more than the clocks may be apart. */
enum mr_rule_answer mr_rule_newest(struct mr_rule_times source, struct mr_rule_times target,
                                   uint64_t skew_us);

#endif
