/* check_subjects.c: see check_subjects.h. */
#include "recon/check_subjects.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "recon/check_references.h"
#include "recon/window.h"

static bool may_be_subject(const struct mr_check_table *table)
{
    return table->config != NULL && table->by_identity && !table->row_is_identity &&
           table->config->identity != MR_IDENTITY_ROW;
}

static bool is_referenced(const struct mr_check_run *check,
                          const struct mr_check_table *table)
{
    for (size_t i = 0; i < check->nreferences; i++) {
        const struct mr_check_reference *r = &check->references[i];
        if (r->parent == table && r->child != table)
            return true;
    }
    return false;
}

/* Marks a table and all that it reaches upwards. */
static void mark_ancestors(const struct mr_check_run *check, size_t at, bool *marked)
{
    bool grown = true;
    memset(marked, 0, check->ntables * sizeof *marked);
    marked[at] = true;
    while (grown) {
        grown = false;
        for (size_t i = 0; i < check->nreferences; i++) {
            const struct mr_check_reference *r = &check->references[i];
            if (r->parent == NULL || !marked[r->child->at] || marked[r->parent->at])
                continue;
            marked[r->parent->at] = true;
            grown = true;
        }
    }
}

/* A candidate that reaches no other candidate. */
static bool is_root(const struct mr_check_run *check, size_t at, bool *marked)
{
    mark_ancestors(check, at, marked);
    for (size_t i = 0; i < check->ntables; i++)
        if (i != at && marked[i] && may_be_subject(check->tables[i]))
            return false;
    return true;
}

static enum mr_code infer(struct mr_check_run *check, struct mr_err *err)
{
    struct mr_check_table *only = NULL;
    size_t roots = 0;
    bool *marked = mr_arena_calloc(&check->arena, check->ntables + 1, sizeof *marked);
    if (marked == NULL)
        return mr_err_nomem(err, "planning references");
    for (size_t i = 0; i < check->ntables; i++) {
        struct mr_check_table *table = check->tables[i];
        if (!may_be_subject(table) || !is_referenced(check, table) ||
            !is_root(check, i, marked))
            continue;
        only = table;
        roots++;
    }
    if (roots == 1)
        only->find.subject = MR_SUBJECT_INFERRED;
    return MR_OK;
}

enum mr_code mr_check_subjects_plan(struct mr_check_run *check, struct mr_err *err)
{
    bool configured = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < check->ntables; i++) {
        struct mr_check_table *table = check->tables[i];
        if (table->config == NULL)
            continue;
        code = mr_window_time_column(table, table->config, &table->find.time_at, err);
        if (table->config->subject) {
            table->find.subject = MR_SUBJECT_CONFIGURED;
            configured = true;
        }
    }
    return code == MR_OK && !configured ? infer(check, err) : code;
}
