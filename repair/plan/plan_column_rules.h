/*
 * plan_column_rules: what the configuration says of a planned table's columns that both sides of
 * a split changed (merge = COLUMN RULE, …, and merge = columns).
 *
 *   mr_plan_column_rules_load → _find of each column, by_columns → mr_plan_column_rules_release
 *
 * A rule that cannot be kept is refused with file, line, section and column: for a column that
 * the table does not have on both sides, or that is not compared; for one of the key, of the
 * identity, of a reference or its condition, or that a server fills by itself; for a type that it
 * is not made for (mr_rule_misfit); and both-changed that is said to be decided in two ways.
 * mr_plan_tables_open asks for that of every table, whatever the policy.
 *
 * Ownership: heap, until released.  Errors: MR_E_CONFIG, MR_E_NOMEM.  Threads: read-only once
 * loaded.  Nothing is asked of a server.
 */
#ifndef MR_PLAN_COLUMN_RULES_H
#define MR_PLAN_COLUMN_RULES_H

#include "core/source/column_rule.h"
#include "repair/plan/plan_tables.h"

struct mr_plan_column_rules {
    enum mr_column_rule *of; /* per column, by its position in the pair; NULL: there are no rules */
    size_t ncolumns;
    /* The configuration decides both-changed by columns: what it says there as struct
     * mr_voices' table. */
    bool by_columns;
};

/* Of the table at that place; rules are set also where it is refused, to be released. */
enum mr_code mr_plan_column_rules_load(struct mr_plan_column_rules *rules,
                                       const struct mr_plan_tables *plan, size_t at,
                                       struct mr_err *err);
void mr_plan_column_rules_release(struct mr_plan_column_rules *rules);
/* Of the column at that position of the pair's, which is that of images and of TARGET's value
 * there; MR_RULE_NONE: it has none. */
enum mr_column_rule mr_plan_column_rules_find(const struct mr_plan_column_rules *rules,
                                              size_t column);
/* Loads and releases those of all tables. */
enum mr_code mr_plan_column_rules_check(const struct mr_plan_tables *plan, struct mr_err *err);

#endif
