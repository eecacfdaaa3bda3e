/* staged.c: see staged.h. */
#include "repair/apply/staged.h"

#include <stdlib.h>
#include <string.h>

struct table {
    char prefix;
    size_t number;
};

void mr_staged_init(struct mr_staged *staged)
{
    staged->tables = (struct mr_vec)MR_VEC_INIT(struct table);
    staged->has_sums = false;
}

void mr_staged_release(struct mr_staged *staged)
{
    mr_vec_release(&staged->tables);
}

void mr_staged_clear(struct mr_staged *staged)
{
    mr_vec_clear(&staged->tables);
    staged->has_sums = false;
}

enum mr_code mr_staged_see(struct mr_staged *staged, const char *sql, struct mr_err *err)
{
    static const char create[] = "CREATE TEMPORARY TABLE ", name[] = ".myrecon_";
    const char *at = strncmp(sql, create, sizeof create - 1) == 0 ? strstr(sql, name) : NULL;
    if (at == NULL)
        return MR_OK;
    at += sizeof name - 1;
    staged->has_sums = staged->has_sums || strncmp(at, "sums ", 5) == 0;
    if (*at == '\0' || at[1] < '0' || at[1] > '9')
        return MR_OK; /* none of rows */
    struct table *slot = mr_vec_push(&staged->tables);
    if (slot == NULL)
        return mr_err_nomem(err, "staging a unit");
    *slot = (struct table){*at, (size_t)strtoul(at + 1, NULL, 10)};
    return MR_OK;
}

bool mr_staged_has(const struct mr_staged *staged, char prefix, size_t number)
{
    for (size_t i = 0; i < staged->tables.count; i++) {
        const struct table *t = mr_vec_at(&staged->tables, i);
        if (t->prefix == prefix && t->number == number)
            return true;
    }
    return false;
}
