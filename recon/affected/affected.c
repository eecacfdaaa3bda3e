/* affected.c: see affected.h. */
#include "recon/affected/affected.h"

#include <strings.h>

const char *const mr_affected_reason_names[MR_AFFECTED_REASONS] = {
    "missing", "extra", "changed", "collision", "moved", "child", "window"};

const struct mr_affected_subject *mr_affected_subject_of(const struct mr_affected *list,
                                                         int64_t table)
{
    for (size_t i = 0; i < list->nsubjects; i++)
        if (list->subjects[i].table->id == table)
            return &list->subjects[i];
    return NULL;
}

size_t mr_affected_column(const struct mr_find_table *table, const char *name)
{
    size_t i = 0;
    while (i < table->ncolumns && strcasecmp(table->columns[i].name, name) != 0)
        i++;
    return i;
}
