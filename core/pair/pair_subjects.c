/* pair_subjects.c: see pair_subjects.h. */
#include "core/pair/pair_subjects.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cli/config.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_references.h"
#include "core/row/row_class.h"

static bool may_be_subject(const struct mr_pair *table)
{
    return table->by_identity && !table->row_is_identity &&
           table->config->identity != MR_IDENTITY_ROW;
}

static bool is_referenced(const struct mr_pairing *pairing, const struct mr_pair *table)
{
    for (size_t i = 0; i < pairing->nreferences; i++) {
        const struct mr_pair_reference *r = &pairing->references[i];
        if (r->parent == table && r->child != table)
            return true;
    }
    return false;
}

/* Marks a table and all that it reaches upwards. */
static void mark_ancestors(const struct mr_pairing *pairing, size_t at, bool *marked)
{
    bool grown = true;
    memset(marked, 0, pairing->ntables * sizeof *marked);
    marked[at] = true;
    while (grown) {
        grown = false;
        for (size_t i = 0; i < pairing->nreferences; i++) {
            const struct mr_pair_reference *r = &pairing->references[i];
            if (r->parent == NULL || !marked[r->child->at] || marked[r->parent->at])
                continue;
            marked[r->parent->at] = true;
            grown = true;
        }
    }
}

/* A candidate that reaches no other candidate. */
static bool is_root(const struct mr_pairing *pairing, size_t at, bool *marked)
{
    mark_ancestors(pairing, at, marked);
    for (size_t i = 0; i < pairing->ntables; i++)
        if (i != at && marked[i] && may_be_subject(pairing->tables[i]))
            return false;
    return true;
}

/* A guess only where there is nothing to choose: of two tables that might be people, neither is
 * taken. */
static enum mr_code infer(struct mr_pairing *pairing, struct mr_err *err)
{
    struct mr_pair *only = NULL;
    size_t roots = 0;
    bool *marked = mr_arena_calloc(pairing->arena, pairing->ntables + 1, sizeof *marked);
    if (marked == NULL)
        return mr_err_nomem(err, "planning references");
    for (size_t i = 0; i < pairing->ntables; i++) {
        struct mr_pair *table = pairing->tables[i];
        if (!may_be_subject(table) || !is_referenced(pairing, table) ||
            !is_root(pairing, i, marked))
            continue;
        only = table;
        roots++;
    }
    if (roots == 1)
        only->find.subject = MR_SUBJECT_INFERRED;
    return MR_OK;
}

static bool is_time(const struct mr_column *col)
{
    return col != NULL && mr_class_is_moment(col->cls);
}

static bool tells_creation(const struct mr_column *col, bool by_name)
{
    static const char *const names[] = {"created_at", "create_time",   "created_on",
                                        "created",    "inserted_at",   "registered_at",
                                        "signup_at",  "registered_on", "creation_time"};
    if (!is_time(col))
        return false;
    for (size_t i = 0; by_name && i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(col->name, names[i]) == 0)
            return true;
    return !by_name && col->on_update == NULL && col->default_text != NULL &&
           strncasecmp(col->default_text, "current_timestamp", 17) == 0;
}

/* Position of the first column that tells it, in that way; -1: none. */
static int creation_at(const struct mr_pair *table, bool by_name)
{
    for (size_t i = 0; i < table->find.ncolumns; i++)
        if (tells_creation(mr_table_column(table->side[MR_SOURCE], table->find.columns[i].name),
                           by_name))
            return (int)i;
    return -1;
}

static enum mr_code time_column(const struct mr_pair *table, const struct mr_table_config *config,
                                int *at, struct mr_err *err)
{
    const char *name = config->time_column;
    const struct mr_table *s = table->side[MR_SOURCE];
    *at = -1;
    if (name != NULL && (mr_table_column(s, name) != NULL || !config->time_by_pattern)) {
        for (size_t i = 0; *at < 0 && i < table->find.ncolumns; i++)
            if (strcasecmp(table->find.columns[i].name, name) == 0 &&
                is_time(mr_table_column(s, name)))
                *at = (int)i;
        if (*at >= 0)
            return MR_OK;
        return mr_err_set(err, MR_E_CONFIG,
                          "time column \"%s\" of table \"%s\" is no compared date or time", name,
                          table->find.name);
    }
    *at = creation_at(table, true);
    if (*at < 0)
        *at = creation_at(table, false);
    return MR_OK;
}

/* The people may be in a table that this run does not compare: then nobody else is meant. */
static bool names_subject(const struct mr_config *config)
{
    for (const struct mr_ini_section *section = config->sections; section != NULL;
         section = section->next)
        for (const struct mr_ini_entry *entry = section->entries; entry != NULL;
             entry = entry->next)
            if (strcmp(entry->key, "subject") == 0 && strcmp(entry->value, "yes") == 0)
                return true;
    return false;
}

enum mr_code mr_pair_subjects_plan(struct mr_pairing *pairing, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < pairing->ntables; i++) {
        struct mr_pair *table = pairing->tables[i];
        if (table->find.ncolumns == 0)
            continue;
        code = time_column(table, table->config, &table->find.time_at, err);
        if (table->config->subject)
            table->find.subject = MR_SUBJECT_CONFIGURED;
    }
    return code == MR_OK && !names_subject(pairing->config) ? infer(pairing, err) : code;
}
