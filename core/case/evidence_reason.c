/* evidence_reason.c: see evidence_reason.h. */
#include "core/case/evidence_reason.h"

#include <string.h>

static enum mr_mask mask_of_column(const struct mr_find_table *table, size_t column,
                                   const enum mr_mask *masks)
{
    if (masks != NULL)
        return masks[column];
    return table->columns[column].masked ? MR_MASK_VALUE : MR_MASK_OFF;
}

/* Of a key that is a text as a whole nobody can tell where the ends of a part are. */
static enum mr_mask mask_of_key(const struct mr_find_table *table, const enum mr_mask *masks)
{
    enum mr_mask most = table != NULL ? MR_MASK_OFF : MR_MASK_SECRET;
    for (size_t i = 0; table != NULL && i < table->ncolumns; i++)
        if (table->columns[i].key_at >= 0 && mask_of_column(table, i, masks) > most)
            most = mask_of_column(table, i, masks);
    return most == MR_MASK_VALUE ? MR_MASK_SECRET : most;
}

void mr_evidence_add_reason(struct mr_strbuf *out, const char *reason,
                            const struct mr_find_table *table, const enum mr_mask *masks)
{
    const char *at = strstr(reason, MR_WITNESS_AT_KEY);
    const char *key = at != NULL ? at + strlen(MR_WITNESS_AT_KEY) : reason + strlen(reason);
    mr_strbuf_add(out, reason, (size_t)(key - reason));
    mr_mask_text(mask_of_key(table, masks), true, key, strlen(key), out);
}
