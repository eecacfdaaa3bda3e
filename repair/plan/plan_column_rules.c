/* plan_column_rules.c: see plan_column_rules.h. */
#include "repair/plan/plan_column_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/suggest.h"
#include "core/pair/pair_columns.h"
#include "repair/decide/conflict.h"

static const char leave_out[] =
    "Leave the column out of merge: where both sides changed it, the row is asked about.";

/* What is looked at: one line of the configuration, one of its rules, and the column. */
struct loading {
    const struct mr_plan_tables *plan;
    const struct mr_plan_table *table;
    const struct mr_table_merge *merge;
    const struct mr_merge_rule *rule;
    struct mr_err *err;
};

/* "ini:4: merge of [table *.members]: rule …" */
static enum mr_code refuse(const struct loading *l, const char *why, const char *hint)
{
    (void)mr_err_set(l->err, MR_E_CONFIG, "rule \"%s\" for column \"%s\" of table \"%s\": %s",
                     mr_column_rule_name(l->rule->rule), l->rule->column,
                     mr_plan_table_name(l->table), why);
    mr_err_hint(l->err, "%s", hint);
    mr_err_context(l->err, "%s:%u: merge of [table %s]", l->merge->place.file, l->merge->place.line,
                   l->merge->place.section);
    return MR_E_CONFIG;
}

/* ---- which column ---- */

/* The configuration has SOURCE's names. */
static size_t column_named(const struct mr_pair *pair, const char *name)
{
    size_t i = 0;
    while (i < pair->find.ncolumns &&
           strcasecmp(mr_pair_column(pair, MR_SOURCE, i)->name, name) != 0)
        i++;
    return i < pair->find.ncolumns ? i : MR_NO_COLUMN;
}

/* A section with wildcards is also for tables that have no such column; one that a side has, and
 * that is not compared, would be left as it is without a word. */
static enum mr_code refuse_missing(const struct loading *l)
{
    const struct mr_table *const *side = l->table->pair->side;
    const char *name = l->rule->column;
    const bool source = mr_table_column(side[MR_SOURCE], name) != NULL,
               target = mr_table_column(side[MR_TARGET], name) != NULL;
    char hint[200] = "Names are SOURCE's.";
    if (!source && !target && l->merge->place.by_pattern)
        return MR_OK;
    if (source && target)
        return refuse(l, "the column is not compared", leave_out);
    if (source)
        return refuse(l, "TARGET has no such column",
                      "Where TARGET calls it otherwise, say so by column = OLD -> NEW.");
    if (target)
        return refuse(l, "SOURCE has no such column", "Names are SOURCE's.");
    struct mr_suggest near = {.typed = name};
    for (size_t i = 0; i < side[MR_SOURCE]->ncolumns; i++)
        mr_suggest_offer(&near, side[MR_SOURCE]->columns[i].name);
    if (near.best != NULL)
        (void)snprintf(hint, sizeof hint, "Did you mean \"%s\"?", near.best);
    return refuse(l, "there is no such column", hint);
}

/* ---- which columns have no rule ---- */

static bool has(const size_t *at, size_t count, size_t column)
{
    return mr_plan_columns_has(&(struct mr_plan_columns){at, count}, column);
}

/* References to tables that are not compared count, too: they mean somebody. */
static const char *why_reference(const struct mr_plan_tables *plan, const struct mr_plan_table *t,
                                 size_t column)
{
    for (size_t i = 0; i < plan->pairing.nreferences; i++) {
        const struct mr_pair_reference *r = &plan->pairing.references[i];
        if (r->child == t->pair && has(r->edge.columns, r->edge.ncolumns, column))
            return "it refers to another row";
        if (r->parent == t->pair && has(r->edge.parent_columns, r->edge.ncolumns, column))
            return "other rows refer to it";
    }
    for (size_t i = 0; i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        if (&plan->tables[r->child] == t && r->reads != NULL && r->reads[column])
            return "whether its row refers to another one depends on it";
    }
    return NULL;
}

static bool is_filled(const struct mr_column *column)
{
    return column->generated || column->auto_increment || column->system_time;
}

/* NULL: it may have one. */
static const char *why_none(const struct loading *l, size_t column)
{
    const struct mr_plan_table *t = l->table;
    if (mr_plan_columns_has(&t->key, column))
        return "it is of the key";
    if (t->identity != MR_PLAN_BY_NONE && mr_plan_columns_has(&t->named_by, column))
        return "it is of the identity";
    if (is_filled(mr_pair_column(t->pair, MR_TARGET, column)) ||
        is_filled(mr_pair_column(t->pair, MR_SOURCE, column)))
        return "the server makes its values";
    if (t->pair->ignored != NULL && t->pair->ignored[column])
        return "ignore-columns names it, so that it is never a difference";
    return why_reference(l->plan, t, column);
}

static enum mr_code take_rule(const struct loading *l, struct mr_plan_column_rules *rules)
{
    const struct mr_pair *pair = l->table->pair;
    const size_t column = column_named(pair, l->rule->column);
    if (column == MR_NO_COLUMN)
        return refuse_missing(l);
    const char *why = why_none(l, column);
    if (why != NULL)
        return refuse(l, why, leave_out);
    why = mr_rule_misfit(l->rule->rule, mr_pair_column(pair, MR_SOURCE, column),
                         mr_pair_column(pair, MR_TARGET, column));
    if (why != NULL)
        return refuse(l, why,
                      "Give it another rule, or leave it out of merge: where both sides changed "
                      "it, the row is asked about.");
    rules->of[column] = l->rule->rule;
    return MR_OK;
}

/* ---- both-changed ---- */

/* The last one of a kind counts; NULL: there is none. */
static const struct mr_conflict_rule *rule_of_kind(const struct mr_table_config *config,
                                                   const char *kind)
{
    for (size_t i = config->non_conflict; i > 0; i--)
        if (strcmp(config->on_conflict[i - 1].kind, kind) == 0)
            return &config->on_conflict[i - 1];
    return NULL;
}

static enum mr_code choose_columns(const struct loading *l, const struct mr_table_config *config,
                                   bool *by_columns)
{
    const struct mr_conflict_rule *rule =
        rule_of_kind(config, mr_conflict_name(MR_CONFLICT_BOTH_CHANGED));
    const bool other = rule != NULL && strcmp(rule->choice, MR_CHOICE_COLUMNS) != 0;
    *by_columns = config->merge.by_columns || (rule != NULL && !other);
    if (!config->merge.by_columns || !other)
        return MR_OK;
    (void)mr_err_set(l->err, MR_E_CONFIG,
                     "\"columns\" for table \"%s\": on-conflict says both-changed=%s",
                     mr_plan_table_name(l->table), rule->choice);
    mr_err_hint(l->err, "Keep one of the two: they say different things of one row.");
    mr_err_context(l->err, "%s:%u: merge of [table %s]", l->merge->place.file, l->merge->place.line,
                   l->merge->place.section);
    return MR_E_CONFIG;
}

enum mr_code mr_plan_column_rules_load(struct mr_plan_column_rules *rules,
                                       const struct mr_plan_tables *plan, size_t at,
                                       struct mr_err *err)
{
    const struct mr_pair *pair = plan->tables[at].pair;
    const struct mr_table_config *config = pair->config;
    struct loading l = {
        .plan = plan, .table = &plan->tables[at], .merge = &config->merge, .err = err};
    *rules = (struct mr_plan_column_rules){.ncolumns = pair->find.ncolumns};
    MR_TRY(choose_columns(&l, config, &rules->by_columns));
    if (config->merge.nrules == 0)
        return MR_OK;
    rules->of = calloc(rules->ncolumns + 1, sizeof *rules->of);
    if (rules->of == NULL)
        return mr_err_nomem(err, "reading rules of columns");
    for (size_t i = 0; i < config->merge.nrules; i++) {
        l.rule = &config->merge.rules[i];
        MR_TRY(take_rule(&l, rules));
    }
    return MR_OK;
}

void mr_plan_column_rules_release(struct mr_plan_column_rules *rules)
{
    free(rules->of);
    *rules = (struct mr_plan_column_rules){0};
}

enum mr_column_rule mr_plan_column_rules_find(const struct mr_plan_column_rules *rules,
                                              size_t column)
{
    return rules->of != NULL && column < rules->ncolumns ? rules->of[column] : MR_RULE_NONE;
}

enum mr_code mr_plan_column_rules_check(const struct mr_plan_tables *plan, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < plan->ntables; i++) {
        struct mr_plan_column_rules rules;
        code = mr_plan_column_rules_load(&rules, plan, i, err);
        mr_plan_column_rules_release(&rules);
    }
    return code;
}
