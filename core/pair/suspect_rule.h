/*
 * suspect_rule: does a column hold references that nobody declares?  Facts in, verdict out.
 *
 * Ids that change hands are keys of a table (the parent) that mean somebody else on the
 * other side, or nobody.  A column whose values hit some of them leads to strangers after a
 * merge, if it is a reference.  What a column is called says how much its values must say:
 *
 *   TABLE     it is called after the parent (suspect_names.h): one hit is enough
 *   ID, ROLE  it is called like a reference (ref_id, created_by), or like somebody (payer,
 *             owner): of the values from the smallest such id on, nine of ten are keys of
 *             the parent
 *   PLAIN     all of them are, and the values are many, or far apart
 *   QUANTITY  it is called like a number of something (quantity, position, year): besides,
 *             there are hundreds of them
 *
 * Few small values (quantities, states, years) and values that are all different under a
 * unique index (numbers of documents) are never suspected without a name.
 *
 * Threads: any.
 */
#ifndef MR_SUSPECT_RULE_H
#define MR_SUSPECT_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* What a column's name says by itself. */
enum mr_suspect_name { MR_SUSPECT_PLAIN = 1, MR_SUSPECT_QUANTITY, MR_SUSPECT_ID, MR_SUSPECT_ROLE };
enum mr_suspect_name mr_suspect_name_of(const char *column);

/* Does the text, of a column beside the reference, name a class or a table of the kind that
 * polymorphic references do: owner_type, or owner alone, beside owner_id?  True for the
 * names of such a pair. */
bool mr_suspect_is_pair(const char *column, const char *type_column);

/* Of a column and a parent, over the rows that were looked at. */
struct mr_suspect_facts {
    enum mr_suspect_name name;
    bool means_parent, means_other; /* it is called after the parent, after another table */
    bool unique;                    /* by an index of its own */
    bool only_numbers;              /* every value reads as a whole number */
    uint64_t values;                /* rows that have one */
    uint64_t distinct;              /* values, as far as they were told apart */
    uint64_t least, greatest;       /* value */
    uint64_t above;   /* distinct values from the smallest id that changes hands on … */
    uint64_t outside; /* … of which so many are no key of the parent */
    uint64_t hits;    /* … and so many change hands */
};

/* True: the column is to be shown to somebody, for it may hold references. */
bool mr_suspect_judge(const struct mr_suspect_facts *facts);

#endif
