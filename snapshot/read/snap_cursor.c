/* snap_cursor.c: see snap_cursor.h. */
#include "snapshot/read/snap_cursor.h"

#include "snapshot/read/snap_order.h"

void mr_snap_cursor_init(struct mr_snap_cursor *c, struct mr_snap_store *store)
{
    *c = (struct mr_snap_cursor){.store = store, .key = MR_STRBUF_INIT, .passed = MR_STRBUF_INIT};
}

void mr_snap_cursor_drop(struct mr_snap_cursor *c)
{
    mr_snap_rows_close(c->rows);
    c->rows = NULL;
    c->values = NULL;
    mr_strbuf_reset(&c->passed);
}

void mr_snap_cursor_release(struct mr_snap_cursor *c)
{
    mr_snap_cursor_drop(c);
    mr_strbuf_release(&c->key);
    mr_strbuf_release(&c->passed);
}

static struct mr_key key_in(const struct mr_strbuf *text)
{
    return (struct mr_key){text->ptr, text->len};
}

/* Has the row, or one beyond it, been taken already? */
static bool is_behind(const struct mr_snap_cursor *c, struct mr_key lo, bool from)
{
    if (c->passed.len == 0)
        return false;
    int order = lo.ptr != NULL ? mr_snap_order_compare(c->table, key_in(&c->passed), lo) : 1;
    return order > 0 || (order == 0 && from);
}

/* Ranges are mostly asked for in order: an open file is read on rather than opened anew, unless
 * the row that is wanted lies behind what was already passed. */
enum mr_code mr_snap_cursor_seek(struct mr_snap_cursor *c, const struct mr_snap_table *table,
                                 struct mr_key lo, bool from, struct mr_err *err)
{
    const struct mr_value *values;
    size_t chunk = mr_snap_order_chunk(table, lo, !from);
    if (c->table != table || c->chunk != chunk || is_behind(c, lo, from) || lo.ptr == NULL)
        mr_snap_cursor_drop(c);
    c->table = table;
    c->chunk = chunk;
    if (lo.ptr == NULL)
        return MR_OK;
    for (;;) {
        enum mr_code code = mr_snap_cursor_peek(c, (struct mr_key){NULL, 0}, &values, err);
        if (code != MR_OK || values == NULL)
            return code;
        int order = mr_snap_order_compare(table, key_in(&c->key), lo);
        if (order > 0 || (order == 0 && from))
            return MR_OK;
        mr_snap_cursor_take(c);
    }
}

static enum mr_code read_row(struct mr_snap_cursor *c, struct mr_err *err)
{
    enum mr_code code = mr_snap_store_next(c->store, c->rows, &c->values, err);
    mr_strbuf_reset(&c->key);
    for (size_t k = 0; code == MR_OK && c->values != NULL && k < c->table->nkey; k++)
        code = mr_row_encode(&c->key, &c->values[c->table->key[k]], err);
    return code == MR_OK ? mr_strbuf_check(&c->key, "reading rows", err) : code;
}

/* Does the chunk begin at hi, or beyond it? */
static bool is_beyond(const struct mr_snap_table *table, size_t chunk, struct mr_key hi)
{
    struct mr_key lo = table->chunks[chunk].range.lo;
    return hi.ptr != NULL && lo.ptr != NULL && mr_snap_order_compare(table, lo, hi) >= 0;
}

/* A chunk that begins beyond hi is not opened: the next range has it, and to open is to
 * decompress. */
enum mr_code mr_snap_cursor_peek(struct mr_snap_cursor *c, struct mr_key hi,
                                 const struct mr_value **values, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    while (code == MR_OK && c->values == NULL && c->chunk < c->table->nchunks) {
        if (c->rows == NULL && c->table->chunks[c->chunk].rows == 0) {
            c->chunk++;
            continue;
        }
        if (c->rows == NULL && is_beyond(c->table, c->chunk, hi))
            break;
        if (c->rows == NULL)
            code = mr_snap_store_rows(c->store, c->table, c->chunk, &c->rows, err);
        if (code == MR_OK)
            code = read_row(c, err);
        if (code == MR_OK && c->values == NULL) {
            mr_snap_cursor_drop(c);
            c->chunk++;
        }
    }
    if (code != MR_OK)
        mr_snap_cursor_drop(c);
    *values = c->values;
    return code;
}

void mr_snap_cursor_take(struct mr_snap_cursor *c)
{
    struct mr_strbuf old = c->passed;
    c->passed = c->key;
    c->key = old;
    c->values = NULL;
}
