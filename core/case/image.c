/* image.c: see image.h. */
#include "core/case/image.h"

#include <string.h>

#include "core/row/json_norm.h"

void mr_image_init(struct mr_image *image)
{
    *image = (struct mr_image){.starts = MR_VEC_INIT(size_t)};
}

void mr_image_release(struct mr_image *image)
{
    mr_vec_release(&image->starts);
    image->ptr = NULL;
}

/* Values have no fixed length: finding their starts once makes every later look a step. An image
 * of nothing has no values, and is not NULLs. */
enum mr_code mr_image_open(struct mr_image *image, const void *ptr, size_t len, struct mr_err *err)
{
    size_t pos = 0;
    image->ptr = ptr;
    image->len = len;
    mr_vec_clear(&image->starts);
    while (ptr != NULL && pos < len) {
        size_t *start = mr_vec_push(&image->starts);
        if (start == NULL)
            return mr_err_nomem(err, "reading a row image");
        *start = pos;
        MR_TRY(mr_row_skip(ptr, len, &pos, err));
    }
    return MR_OK;
}

bool mr_image_is_row(const struct mr_image *image)
{
    return image->ptr != NULL;
}

enum mr_code mr_image_value(const struct mr_image *image, size_t at, struct mr_value *value,
                            struct mr_err *err)
{
    if (at >= image->starts.count)
        return mr_err_set(err, MR_E_CASE, "a row image of the case file is too short");
    size_t pos = *(size_t *)mr_vec_at(&image->starts, at);
    return mr_row_decode(image->ptr, image->len, &pos, value, err);
}

static void bytes_at(const struct mr_image *image, size_t at, const char **ptr, size_t *len)
{
    size_t from = *(size_t *)mr_vec_at(&image->starts, at);
    size_t to =
        at + 1 < image->starts.count ? *(size_t *)mr_vec_at(&image->starts, at + 1) : image->len;
    *ptr = image->ptr + from;
    *len = to - from;
}

static bool same_bytes(const struct mr_image *a, const struct mr_image *b, size_t at)
{
    const char *x, *y;
    size_t n, m;
    if (at >= a->starts.count || at >= b->starts.count)
        return a->starts.count == b->starts.count;
    bytes_at(a, at, &x, &n);
    bytes_at(b, at, &y, &m);
    return mr_row_same(x, n, y, m);
}

/* JSON of two flavours: the texts may differ where the documents do not. */
static bool same_json(const struct mr_image *a, const struct mr_image *b, size_t at)
{
    struct mr_value x, y;
    struct mr_strbuf n = MR_STRBUF_INIT, m = MR_STRBUF_INIT;
    bool same = false;
    if (mr_image_value(a, at, &x, NULL) == MR_OK && mr_image_value(b, at, &y, NULL) == MR_OK &&
        x.cls != MR_CLASS_NULL && y.cls != MR_CLASS_NULL && mr_json_norm(x.ptr, x.len, &n) &&
        mr_json_norm(y.ptr, y.len, &m))
        same = n.len == m.len && memcmp(n.ptr, m.ptr, n.len) == 0;
    mr_strbuf_release(&n);
    mr_strbuf_release(&m);
    return same;
}

bool mr_image_differs(const struct mr_image *a, const struct mr_image *b, size_t column,
                      const struct mr_find_column *spec)
{
    bool same = same_bytes(a, b, column);
    if (!same && spec->normalise)
        same = same_json(a, b, column);
    if (same && spec->flag_at >= 0)
        same = same_bytes(a, b, (size_t)spec->flag_at);
    return !same;
}

size_t mr_image_part_column(const struct mr_find_table *table, enum mr_image_part part, size_t n)
{
    if (part == MR_IMAGE_ROW)
        return n < table->ncolumns ? n : table->ncolumns;
    for (size_t i = 0; i < table->ncolumns; i++) {
        int at = part == MR_IMAGE_KEY ? table->columns[i].key_at : table->columns[i].identity_at;
        if (at == (int)n)
            return i;
    }
    return table->ncolumns;
}

/* A side without a row is null, and not an object of nulls: that would be a row. */
enum mr_code mr_image_to_json(const struct mr_image *image, const struct mr_find_table *table,
                              enum mr_image_part part, struct mr_jsonw *w, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!mr_image_is_row(image)) {
        mr_jsonw_null(w);
        return MR_OK;
    }
    mr_jsonw_object_begin(w);
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        const struct mr_find_column *col = &table->columns[i];
        struct mr_value value;
        code = mr_image_value(image, col->show_at, &value, err);
        if (code != MR_OK)
            break;
        mr_strbuf_reset(&text);
        mr_value_to_json(&text, &value, col->style);
        code = mr_strbuf_check(&text, "writing JSON", err);
        mr_jsonw_key(w, col->name);
        mr_jsonw_raw(w, text.ptr, text.len);
    }
    mr_jsonw_object_end(w);
    mr_strbuf_release(&text);
    return code;
}
