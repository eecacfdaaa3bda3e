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

static struct mr_key bytes_at(const struct mr_image *image, size_t at)
{
    size_t from = *(size_t *)mr_vec_at(&image->starts, at);
    size_t to =
        at + 1 < image->starts.count ? *(size_t *)mr_vec_at(&image->starts, at + 1) : image->len;
    return (struct mr_key){image->ptr + from, to - from};
}

/* JSON of two flavours: the texts may differ where the documents do not. */
static bool same_json(struct mr_key a, struct mr_key b)
{
    struct mr_value x, y;
    struct mr_strbuf n = MR_STRBUF_INIT, m = MR_STRBUF_INIT;
    size_t at = 0, other = 0;
    bool same = false;
    if (mr_row_decode(a.ptr, a.len, &at, &x, NULL) == MR_OK &&
        mr_row_decode(b.ptr, b.len, &other, &y, NULL) == MR_OK && x.cls != MR_CLASS_NULL &&
        y.cls != MR_CLASS_NULL && mr_json_norm(x.ptr, x.len, &n) && mr_json_norm(y.ptr, y.len, &m))
        same = n.len == m.len && memcmp(n.ptr, m.ptr, n.len) == 0;
    mr_strbuf_release(&n);
    mr_strbuf_release(&m);
    return same;
}

bool mr_image_value_is_null(struct mr_key value)
{
    return value.len == 1 && *(const char *)value.ptr == 'N';
}

bool mr_image_same_value(struct mr_key a, struct mr_key b, const struct mr_find_column *spec)
{
    return mr_row_same(a.ptr, a.len, b.ptr, b.len) || (spec->normalise && same_json(a, b));
}

bool mr_image_differs(const struct mr_image *a, const struct mr_image *b, size_t column,
                      const struct mr_find_column *spec)
{
    const size_t flag = spec->flag_at >= 0 ? (size_t)spec->flag_at : column;
    const size_t last = flag > column ? flag : column;
    if (last >= a->starts.count || last >= b->starts.count)
        return a->starts.count != b->starts.count;
    if (!mr_image_same_value(bytes_at(a, column), bytes_at(b, column), spec))
        return true;
    const struct mr_key x = bytes_at(a, flag), y = bytes_at(b, flag);
    return spec->flag_at >= 0 && !mr_row_same(x.ptr, x.len, y.ptr, y.len);
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
