/* verify_named.c: rows by the names that the journal has for them; see verify_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "core/row/row_class.h"
#include "core/row/value_text.h"
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

/* HEX() of the server writes A to F, and of several parts each has its commas told from those between them
 * (mr_script_key_part). */
static void add_part(struct mr_strbuf *out, const struct mr_find_column *col,
                     const struct mr_value *value, bool alone)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_value_to_text(&text, value, col->style);
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (mr_class_is_bytes(value->cls)) {
            mr_strbuf_add_char(out, c >= 'a' ? (char)(c - 'a' + 'A') : c);
            continue;
        }
        if (!alone && (c == '\\' || c == ','))
            mr_strbuf_add_char(out, '\\');
        mr_strbuf_add_char(out, c);
    }
    out->failed = out->failed || text.failed;
    mr_strbuf_release(&text);
}

void mr_verify_named_key(struct mr_strbuf *out, const struct mr_verify_table *t, struct mr_key key)
{
    const struct mr_pair *image = t->image;
    size_t pos = 0;
    mr_strbuf_add_str(out, "");
    for (size_t i = 0; pos < key.len && i < image->nkey_columns; i++) {
        struct mr_value value;
        if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK)
            return;
        mr_strbuf_add_str(out, i > 0 ? "," : "");
        add_part(out, &image->find.columns[image->key_columns[i]], &value,
                 image->nkey_columns == 1);
    }
}

/* The last of equal names stands in front of the first that is greater. */
const struct mr_verify_named *
mr_verify_named_last(const struct mr_vec *rows, const struct mr_verify_table *t, struct mr_key key)
{
    struct mr_strbuf text = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    const struct mr_verify_named *all = rows->items;
    size_t lo = 0, hi = rows->count;
    mr_verify_named_key(&text, t, key);
    name.failed = text.failed;
    if (!text.failed)
        mr_journal_add_left_out(&name, t->planned->table, text.ptr);
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
