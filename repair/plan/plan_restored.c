/* plan_restored.c: see plan_restored.h. */
#include "repair/plan/plan_restored.h"

#include <string.h>

enum mr_code mr_plan_restored_columns(const struct mr_plan_table *t, struct mr_key before,
                                      struct mr_key after, bool *of, bool *any, struct mr_err *err)
{
    size_t x = 0, y = 0;
    *any = false;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        const char *was = (const char *)before.ptr + x, *is = (const char *)after.ptr + y;
        const size_t from_x = x, from_y = y;
        MR_TRY(mr_row_skip(before.ptr, before.len, &x, err));
        MR_TRY(mr_row_skip(after.ptr, after.len, &y, err));
        of[i] = !t->generated[i] && (x - from_x != y - from_y || memcmp(was, is, x - from_x) != 0);
        *any = *any || of[i];
    }
    return MR_OK;
}
