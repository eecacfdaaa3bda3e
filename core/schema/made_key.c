/* made_key.c: see made_key.h. */
#include "core/schema/made_key.h"

#include <string.h>
#include <strings.h>

/* As MySQL itself tells it: the first column, and its only key part (MariaDB shows a display
 * width). */
static bool is_made_column(const struct mr_column *c)
{
    return strcasecmp(c->name, MR_MADE_KEY_COLUMN) == 0 && strcmp(c->data_type, "bigint") == 0 &&
           c->is_unsigned && c->auto_increment && c->invisible && !c->nullable;
}

bool mr_table_has_made_key(const struct mr_table *table)
{
    if (table->ncolumns < 2 || table->nindexes == 0 || !is_made_column(&table->columns[0]))
        return false;
    const struct mr_index *key = &table->indexes[0];
    return strcmp(key->name, "PRIMARY") == 0 && key->nparts == 1 && key->parts[0].column != NULL &&
           strcasecmp(key->parts[0].column, MR_MADE_KEY_COLUMN) == 0;
}

static bool has_name(const char *const *names, size_t count)
{
    size_t i = 0;
    while (i < count && strcasecmp(names[i], MR_MADE_KEY_COLUMN) != 0)
        i++;
    return i < count;
}

/* Is another index over it, or does it refer to something? */
static bool is_used_within(const struct mr_table *table)
{
    for (size_t i = 1; i < table->nindexes; i++)
        for (size_t k = 0; k < table->indexes[i].nparts; k++) {
            const char *name = table->indexes[i].parts[k].column;
            if (name != NULL && strcasecmp(name, MR_MADE_KEY_COLUMN) == 0)
                return true;
        }
    for (size_t i = 0; i < table->nfks; i++)
        if (has_name(table->fks[i].columns, table->fks[i].ncolumns))
            return true;
    return false;
}

/* Marks the parents whose made up key foreign keys lead to. */
static void mark_parents(const struct mr_catalogue *cat, bool *is_parent)
{
    for (size_t i = 0; i < cat->ntables; i++)
        for (size_t k = 0; k < cat->tables[i].nfks; k++) {
            const struct mr_foreign_key *fk = &cat->tables[i].fks[k];
            const struct mr_table *parent = has_name(fk->ref_columns, fk->ncolumns)
                                                ? mr_catalogue_meant(cat, fk->ref_db, fk->ref_table)
                                                : NULL;
            if (parent != NULL)
                is_parent[parent - cat->tables] = true;
        }
}

enum mr_code mr_catalogue_drop_made_keys(struct mr_catalogue *cat, struct mr_err *err)
{
    size_t made = 0;
    for (size_t i = 0; i < cat->ntables; i++)
        made += mr_table_has_made_key(&cat->tables[i]);
    if (made == 0)
        return MR_OK; /* as of nearly all servers */
    bool *is_parent = mr_arena_calloc(&cat->arena, cat->ntables, sizeof *is_parent);
    struct mr_table *tables = (struct mr_table *)(void *)mr_arena_dup(
        &cat->arena, cat->tables, cat->ntables * sizeof *tables);
    if (is_parent == NULL || tables == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    mark_parents(cat, is_parent);
    for (size_t i = 0; i < cat->ntables; i++) {
        struct mr_table *t = &tables[i];
        if (!mr_table_has_made_key(t) || is_parent[i] || is_used_within(t))
            continue;
        t->made_key_hidden = true;
        t->columns++;
        t->ncolumns--;
        t->indexes++;
        t->nindexes--;
    }
    cat->tables = tables;
    return MR_OK;
}
