/* plan_text.c: see plan_text.h. */
#include "repair/plan/plan_text.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/case/seen_image.h"
#include "core/json/jsonw.h"
#include "core/row/row_class.h"

static void add_value(struct mr_strbuf *out, const struct mr_plan_table *t, size_t column,
                      const struct mr_value *value)
{
    bool bytes = mr_class_is_bytes(value->cls);
    bool text = mr_class_is_text(value->cls);
    if (value->cls == MR_CLASS_NULL)
        return;
    if (bytes || (text && !mr_utf8_is_valid(value->ptr, value->len)))
        mr_strbuf_add_hex(out, value->ptr, value->len);
    else
        mr_value_to_text(out, value, t->pair->find.columns[column].style);
}

enum mr_code mr_plan_text_values(struct mr_strbuf *out, const struct mr_plan_table *table,
                                 const struct mr_plan_columns *columns, struct mr_key values,
                                 struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && values.ptr != NULL && i < columns->count; i++) {
        struct mr_value value;
        code = mr_row_decode(values.ptr, values.len, &pos, &value, err);
        if (code != MR_OK)
            break;
        if (i > 0)
            mr_strbuf_add_char(out, ',');
        add_value(out, table, columns->at[i], &value);
    }
    return code;
}

enum mr_code mr_plan_text_of_row(struct mr_strbuf *out, const struct mr_plan_table *table,
                                 const struct mr_plan_columns *columns, struct mr_key image,
                                 struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && image.ptr != NULL && i < columns->count; i++) {
        struct mr_value value;
        size_t pos = 0;
        for (size_t skip = 0; code == MR_OK && skip < columns->at[i]; skip++)
            code = mr_row_skip(image.ptr, image.len, &pos, err);
        if (code == MR_OK)
            code = mr_row_decode(image.ptr, image.len, &pos, &value, err);
        if (code != MR_OK)
            break;
        if (i > 0)
            mr_strbuf_add_char(out, ',');
        add_value(out, table, columns->at[i], &value);
    }
    return code;
}

/* Values have the style of their columns, so that a person sees 0007 or a date where the table
 * shows it. */
static void put_value(struct mr_jsonw *w, const struct mr_plan_table *table, size_t column,
                      const struct mr_value *value)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_value_to_json(&text, value, table->pair->find.columns[column].style);
    mr_jsonw_key(w, mr_plan_column_name(table, column));
    mr_jsonw_raw(w, text.ptr, text.len);
    mr_strbuf_release(&text);
}

enum mr_code mr_plan_text_json(struct mr_strbuf *out, const struct mr_plan_table *table,
                               struct mr_key image, struct mr_err *err)
{
    struct mr_jsonw w;
    size_t pos = 0;
    enum mr_code code = MR_OK;
    if (image.ptr == NULL)
        return MR_OK;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    for (size_t i = 0; code == MR_OK && i < table->pair->find.ncolumns; i++) {
        struct mr_value value;
        code = mr_row_decode(image.ptr, image.len, &pos, &value, err);
        if (code == MR_OK)
            put_value(&w, table, i, &value);
    }
    mr_jsonw_object_end(&w);
    mr_jsonw_release(&w);
    return code;
}

enum mr_code mr_plan_text_seen(struct mr_strbuf *out, const struct mr_plan_table *table,
                               struct mr_key image, struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_seen_image seen;
    if (image.ptr == NULL)
        return MR_OK;
    mr_seen_image_init(&seen);
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    enum mr_code code = mr_seen_image_open(&seen, image.ptr, image.len, err);
    for (size_t i = 0; code == MR_OK && i < table->pair->find.ncolumns; i++) {
        const struct mr_key bytes = mr_seen_image_at(&seen, i);
        struct mr_value value;
        size_t pos = 0;
        if (bytes.ptr == NULL)
            continue;
        code = mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err);
        if (code == MR_OK)
            put_value(&w, table, i, &value);
    }
    mr_jsonw_object_end(&w);
    mr_jsonw_release(&w);
    mr_seen_image_release(&seen);
    return code;
}

/* ---- CSV ---- */

static bool needs_quotes(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (ptr[i] == ',' || ptr[i] == '"' || ptr[i] == '\n' || ptr[i] == '\r')
            return true;
    return len > 0 && (ptr[0] == ' ' || ptr[len - 1] == ' ');
}

static void begin_field(struct mr_strbuf *line)
{
    if (line->len > 0)
        mr_strbuf_add_char(line, ',');
}

/* Blanks at the ends are quoted, too: a spreadsheet would take them off, and the key that is
 * left is another one. */
void mr_plan_text_field(struct mr_strbuf *line, const char *ptr, size_t len)
{
    begin_field(line);
    if (!needs_quotes(ptr, len)) {
        mr_strbuf_add(line, ptr, len);
        return;
    }
    mr_strbuf_add_char(line, '"');
    while (len > 0) {
        const char *quote = memchr(ptr, '"', len);
        size_t upto = quote != NULL ? (size_t)(quote - ptr) + 1 : len;
        mr_strbuf_add(line, ptr, upto);
        if (quote != NULL)
            mr_strbuf_add_char(line, '"');
        ptr += upto;
        len -= upto;
    }
    mr_strbuf_add_char(line, '"');
}

void mr_plan_text_str(struct mr_strbuf *line, const char *text)
{
    mr_plan_text_field(line, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

enum mr_code mr_plan_text_end(struct mr_strbuf *line, struct mr_sink sink, struct mr_err *err)
{
    mr_strbuf_add_str(line, "\r\n");
    enum mr_code code = mr_strbuf_check(line, "writing a plan", err);
    if (code == MR_OK)
        code = sink.write(sink.arg, line->ptr, line->len, err);
    mr_strbuf_reset(line);
    return code;
}
