/* affected_row.c: see affected_row.h. */
#include "recon/affected/affected_row.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/row/row_class.h"

void mr_affected_row_init(struct mr_affected_row *row)
{
    *row = (struct mr_affected_row){
        .key = MR_STRBUF_INIT, .order = MR_STRBUF_INIT, .values = MR_STRBUF_INIT};
    mr_image_init(&row->image);
}

void mr_affected_row_release(struct mr_affected_row *row)
{
    mr_image_release(&row->image);
    mr_strbuf_release(&row->key);
    mr_strbuf_release(&row->order);
    mr_strbuf_release(&row->values);
}

bool mr_affected_is_hex(const struct mr_value *value)
{
    bool bytes = mr_class_is_bytes(value->cls);
    bool text = mr_class_is_text(value->cls);
    return bytes || (text && !mr_utf8_is_valid(value->ptr, value->len));
}

void mr_affected_add_text(struct mr_strbuf *out, const struct mr_value *value,
                          struct mr_value_style style)
{
    if (mr_affected_is_hex(value))
        mr_strbuf_add_hex(out, value->ptr, value->len);
    else
        mr_value_to_text(out, value, style);
}

/* 00 ends a text and is 00 ff inside of it: no text then begins with another one's bytes
 * and its end (the encoding of FoundationDB's tuples). */
void mr_affected_add_ordered(struct mr_strbuf *out, const void *ptr, size_t len)
{
    const char *text = ptr;
    for (const char *nul; len > 0 && (nul = memchr(text, '\0', len)) != NULL;) {
        size_t upto = (size_t)(nul - text) + 1;
        mr_strbuf_add(out, text, upto);
        mr_strbuf_add_char(out, '\xff');
        text += upto;
        len -= upto;
    }
    mr_strbuf_add(out, text, len);
    mr_strbuf_add_char(out, '\0');
}

/* The text is what people see; the order is kept apart, since numbers as texts would stand 1,
 * 10, 2. */
static enum mr_code read_key(struct mr_affected_row *row, const struct mr_affected_subject *subject,
                             struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t n = 0; code == MR_OK && n < subject->nkey; n++) {
        const struct mr_find_column *col =
            &subject->table->columns[mr_image_part_column(subject->table, MR_IMAGE_KEY, n)];
        struct mr_value value;
        code = mr_image_value(&row->image, col->show_at, &value, err);
        if (code != MR_OK)
            break;
        if (n > 0)
            mr_strbuf_add_char(&row->key, ',');
        size_t from = row->key.len;
        mr_affected_add_text(&row->key, &value, col->style);
        /* Encoded integers stand in numeric order. */
        if (mr_class_is_integer(value.cls))
            code = mr_row_encode(&row->order, &value, err);
        else
            mr_affected_add_ordered(&row->order, row->key.ptr + from, row->key.len - from);
    }
    return code;
}

/* One NULL in the identity makes it nobody's name, as in a unique key: two such rows are not one
 * person. */
static enum mr_code read_values(struct mr_affected_row *row, const struct mr_affected *list,
                                const struct mr_affected_subject *subject, struct mr_err *err)
{
    static const struct mr_value null = {.cls = MR_CLASS_NULL};
    const struct mr_find_table *table = subject->table;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < list->nfields; i++) {
        struct mr_value value = null;
        if (subject->columns[i] < table->ncolumns)
            code = mr_image_value(&row->image, table->columns[subject->columns[i]].show_at, &value,
                                  err);
        if (code == MR_OK)
            code = mr_row_encode(&row->values, &value, err);
        if (i < list->nidentity) {
            row->no_name = row->no_name || value.cls == MR_CLASS_NULL;
            row->name_len = row->values.len;
        }
    }
    return code;
}

enum mr_code mr_affected_row_read(struct mr_affected_row *row, const struct mr_affected *list,
                                  const struct mr_affected_subject *subject, const void *image,
                                  size_t len, struct mr_err *err)
{
    mr_strbuf_reset(&row->key);
    mr_strbuf_reset(&row->order);
    mr_strbuf_reset(&row->values);
    row->no_name = false;
    MR_TRY(mr_image_open(&row->image, image, len, err));
    MR_TRY(read_key(row, subject, err));
    MR_TRY(read_values(row, list, subject, err));
    MR_TRY(mr_strbuf_check(&row->key, "reading a row", err));
    MR_TRY(mr_strbuf_check(&row->order, "reading a row", err));
    return mr_strbuf_check(&row->values, "reading a row", err);
}
