/* journal_rows.c: see journal_rows.h. */
#include "repair/apply/journal_rows.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

void mr_journal_add_left_out(struct mr_strbuf *out, const char *table, const char *key)
{
    mr_strbuf_add_fmt(out, "%zu:%s%zu:%s", strlen(table), table, strlen(key), key);
}

void mr_journal_add_found(struct mr_strbuf *out, const char *table, char op, const char *key)
{
    mr_strbuf_add_fmt(out, "%zu:%s%zu:%c:%s", strlen(table), table, strlen(key) + 2, op, key);
}

void mr_journal_add_fired(struct mr_strbuf *out, const char *table, const char *key,
                          const char *digest)
{
    mr_journal_add_left_out(out, table, key);
    mr_strbuf_add_fmt(out, "%zu:%s", strlen(digest), digest);
}

void mr_journal_add_beside(struct mr_strbuf *out, const char *table, const char *key,
                           const char *columns)
{
    mr_journal_add_fired(out, table, key, columns);
}

/* ---- reading ---- */

bool mr_journal_next_text(const char **at, struct mr_journal_text *text)
{
    char *colon = NULL;
    size_t n = **at >= '0' && **at <= '9' ? strtoul(*at, &colon, 10) : 0;
    if (colon == NULL || *colon != ':' || strnlen(colon + 1, n) < n)
        return false;
    *text = (struct mr_journal_text){colon + 1, n};
    *at = colon + 1 + n;
    return true;
}

/* The next table and key of a list, as one piece; false as above, and without a list. */
static bool next_row(const char **at, struct mr_journal_text *row)
{
    struct mr_journal_text table, key;
    const char *p = *at;
    if (p == NULL || !mr_journal_next_text(&p, &table) || !mr_journal_next_text(&p, &key))
        return false;
    *row = (struct mr_journal_text){*at, (size_t)(p - *at)};
    *at = p;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct mr_journal_text *x = a, *y = b;
    const int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

void mr_journal_rows_sort(struct mr_vec *rows)
{
    if (rows->count > 1)
        qsort(rows->items, rows->count, sizeof(struct mr_journal_text), compare);
}

bool mr_journal_rows_find(const struct mr_vec *rows, const char *row, size_t len)
{
    const struct mr_journal_text wanted = {row, len};
    return rows->count > 0 &&
           bsearch(&wanted, rows->items, rows->count, sizeof wanted, compare) != NULL;
}

bool mr_journal_rows_have(const char *list, const char *row, size_t len)
{
    const struct mr_journal_text wanted = {row, len};
    struct mr_journal_text one;
    while (next_row(&list, &one))
        if (compare(&one, &wanted) == 0)
            return true;
    return false;
}

void mr_journal_rows_common(struct mr_strbuf *out, const char *list, const char *other)
{
    struct mr_vec rows = MR_VEC_INIT(struct mr_journal_text);
    struct mr_journal_text one;
    out->failed = mr_journal_rows_add(&rows, other, NULL) != MR_OK || out->failed;
    mr_journal_rows_sort(&rows);
    while (next_row(&list, &one))
        if (mr_journal_rows_find(&rows, one.ptr, one.len))
            mr_strbuf_add(out, one.ptr, one.len);
    mr_vec_release(&rows);
}

uint64_t mr_journal_rows_count(const char *list)
{
    struct mr_journal_text one;
    uint64_t n = 0;
    while (next_row(&list, &one))
        n++;
    return n;
}

enum mr_code mr_journal_rows_add(struct mr_vec *rows, const char *list, struct mr_err *err)
{
    struct mr_journal_text one;
    while (next_row(&list, &one)) {
        struct mr_journal_text *slot = mr_vec_push(rows);
        if (slot == NULL)
            return mr_err_nomem(err, "reading the journal");
        *slot = one;
    }
    return MR_OK;
}

enum mr_code mr_journal_keep_found(struct mr_strbuf *list, const char *other, struct mr_err *err)
{
    struct mr_strbuf both = MR_STRBUF_INIT;
    if (list->len > 0)
        mr_journal_rows_common(&both, list->ptr, other);
    mr_strbuf_release(list);
    *list = both;
    return mr_strbuf_check(list, "listing what stood as planned", err);
}
