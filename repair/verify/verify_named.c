/* verify_named.c: rows by the names that the journal has for them; see verify_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "repair/verify/verify_internal.h"

static int compare(const void *a, const void *b)
{
    const struct mr_verify_named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

void mr_verify_named_sort(struct mr_vec *rows)
{
    if (rows->count > 1)
        qsort(rows->items, rows->count, sizeof(struct mr_verify_named), compare);
}

/* The last of equal names stands in front of the first that is greater. */
const struct mr_verify_named *
mr_verify_named_last(const struct mr_vec *rows, const struct mr_verify_table *t, struct mr_key key)
{
    struct mr_strbuf text = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    const struct mr_verify_named *all = rows->items;
    size_t lo = 0, hi = rows->count;
    mr_proof_key_text(&text, t->image, key);
    mr_journal_add_left_out(&name, t->planned->table, text.len > 0 ? text.ptr : "");
    while (!name.failed && lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcmp(all[mid].name, name.ptr) <= 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    const bool is = !name.failed && lo > 0 && strcmp(all[lo - 1].name, name.ptr) == 0;
    mr_strbuf_release(&text);
    mr_strbuf_release(&name);
    return is ? &all[lo - 1] : NULL;
}
