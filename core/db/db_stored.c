/* db_stored.c: see db_stored.h. */
#include "core/db/db_stored.h"

#include <stdlib.h>
#include <string.h>

struct mr_stored_row {
    struct mr_stored_row *next;
    size_t len;
    unsigned char bytes[];
};

/* One block a row, and not an arena: each is freed when the next is asked for, so that memory falls
 * as the rows are read. */
enum mr_code mr_stored_add(struct mr_stored *stored, const void *row, size_t len,
                           struct mr_err *err)
{
    struct mr_stored_row *kept = malloc(sizeof *kept + len);
    if (kept == NULL)
        return mr_err_nomem(err, "reading rows");
    kept->next = NULL;
    kept->len = len;
    memcpy(kept->bytes, row, len);
    if (stored->last != NULL)
        stored->last->next = kept;
    else
        stored->first = kept;
    stored->last = kept;
    stored->bytes += sizeof *kept + len;
    return MR_OK;
}

bool mr_stored_is_full(const struct mr_stored *stored)
{
    return stored->bytes >= MR_STORED_MAX_BYTES;
}

unsigned char *mr_stored_next(struct mr_stored *stored, size_t *len)
{
    struct mr_stored_row *row = stored->first;
    free(stored->current);
    stored->current = row;
    if (row == NULL)
        return NULL;
    stored->first = row->next;
    if (stored->first == NULL)
        stored->last = NULL;
    *len = row->len;
    return row->bytes;
}

void mr_stored_release(struct mr_stored *stored)
{
    size_t len;
    while (mr_stored_next(stored, &len) != NULL)
        ;
}
