/* table_numbers.c: see table_numbers.h. */
#include "core/schema/table_numbers.h"

#include <stdlib.h>
#include <string.h>

/* A partition's name may hold "=": the number stands behind the last one. */
enum mr_code mr_table_numbers_add(struct mr_table_numbers *n, const char *numbers, size_t table,
                                  struct mr_err *err)
{
    n->is_sorted = false;
    for (const char *line = numbers; line != NULL && *line != '\0';) {
        const size_t len = strcspn(line, "\n");
        const char *at = memrchr(line, '=', len);
        if (at != NULL) {
            struct mr_table_number *slot = mr_vec_push(&n->items);
            if (slot == NULL)
                return mr_err_nomem(err, "comparing tables");
            *slot = (struct mr_table_number){strtoull(at + 1, NULL, 10), table};
        }
        line += len + (line[len] == '\n');
    }
    return MR_OK;
}

static int by_number(const void *a, const void *b)
{
    const struct mr_table_number *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->table > y->table) - (x->table < y->table);
}

bool mr_table_numbers_shared(struct mr_table_numbers *n, size_t *at, size_t *a, size_t *b)
{
    const struct mr_table_number *items = n->items.items;
    if (!n->is_sorted && n->items.count > 1)
        qsort(n->items.items, n->items.count, sizeof *items, by_number);
    n->is_sorted = true;
    for (size_t i = *at + 1; i < n->items.count; i++) {
        if (items[i - 1].number != items[i].number || items[i - 1].table == items[i].table)
            continue;
        *a = items[i - 1].table;
        *b = items[i].table;
        *at = i;
        return true;
    }
    return false;
}

void mr_table_numbers_release(struct mr_table_numbers *n)
{
    mr_vec_release(&n->items);
}
