/* report_value.c: see report_value.h. */
#include "recon/report/report_value.h"

#include <string.h>

void mr_report_value_init(struct mr_report_value *value)
{
    *value = (struct mr_report_value){.form = MR_FORM_ABSENT, .text = MR_STRBUF_INIT};
}

void mr_report_value_release(struct mr_report_value *value)
{
    mr_strbuf_release(&value->text);
}

bool mr_report_value_is_text(enum mr_class cls)
{
    return cls == MR_CLASS_TEXT || cls == MR_CLASS_ENUM || cls == MR_CLASS_JSON;
}

bool mr_report_value_is_binary(enum mr_class cls)
{
    return cls == MR_CLASS_BINARY || cls == MR_CLASS_GEOMETRY;
}

/* Of bytes nothing is shown where their column is masked: the ends of a text help a reader, those
 * of a digest only give away part of it. */
static void mask_into(struct mr_report_value *value, const struct mr_value *raw,
                      const struct mr_find_column *column, enum mr_mask mask)
{
    struct mr_strbuf plain = MR_STRBUF_INIT;
    if (mr_report_value_is_text(raw->cls)) {
        mr_mask_text(mask, true, raw->ptr, raw->len, &value->text);
    } else {
        if (mr_report_value_is_binary(raw->cls))
            mr_strbuf_add_str(&plain, "0x");
        mr_value_to_text(&plain, raw, column->style);
        if (mr_report_value_is_binary(raw->cls) && mask == MR_MASK_VALUE)
            mask = MR_MASK_SECRET;
        mr_mask_text(mask, false, plain.ptr, plain.len, &value->text);
    }
    value->text.failed |= plain.failed;
    mr_strbuf_release(&plain);
}

/* A value is used for one cell after the other: all that the last one left is undone first, or its
 * marks would show up on this one. */
enum mr_code mr_report_value_load(struct mr_report_value *value, const struct mr_image *image,
                                  const struct mr_find_column *column, enum mr_mask mask,
                                  struct mr_err *err)
{
    struct mr_value raw;
    mr_strbuf_reset(&value->text);
    value->part = (struct mr_diff_part){0, 0};
    value->differs = value->alike = false;
    value->form = MR_FORM_ABSENT;
    if (!mr_image_is_row(image))
        return MR_OK;
    MR_TRY(mr_image_value(image, column->show_at, &raw, err));
    if (raw.cls == MR_CLASS_NULL) {
        value->form = MR_FORM_NULL;
        return MR_OK;
    }
    mask_into(value, &raw, column, mask);
    value->form = value->text.len > 0 ? MR_FORM_TEXT : MR_FORM_EMPTY;
    return mr_strbuf_check(&value->text, "showing a value", err);
}

static void mark_all(struct mr_report_value *value)
{
    value->part = (struct mr_diff_part){0, value->text.len};
}

/* Letters that two words happen to share are no common part. */
static bool has_much_in_common(const struct mr_report_value values[2])
{
    size_t a_len = values[0].text.len, b_len = values[1].text.len;
    size_t longer = a_len > b_len ? a_len : b_len;
    size_t differing = a_len > b_len ? values[0].part.to - values[0].part.from
                                     : values[1].part.to - values[1].part.from;
    return differing > 0 && (longer - differing) * 2 >= longer;
}

/* A part is marked only within texts: digits that two numbers share mean nothing. Where both look
 * the same under their masks, alike tells that they still differ. */
static void mark(struct mr_report_value values[2], bool texts)
{
    struct mr_report_value *a = &values[0], *b = &values[1];
    a->differs = b->differs = true;
    if (texts && a->form == MR_FORM_TEXT && b->form == MR_FORM_TEXT) {
        mr_diff_parts(a->text.ptr, a->text.len, b->text.ptr, b->text.len, &a->part, &b->part);
        if (has_much_in_common(values))
            return;
    }
    mark_all(a);
    mark_all(b);
    a->alike = b->alike = a->form == b->form && a->text.len == b->text.len &&
                          memcmp(a->text.ptr, b->text.ptr, a->text.len) == 0;
}

enum mr_code mr_report_value_load_pair(struct mr_report_value values[2],
                                       const struct mr_image images[2],
                                       const struct mr_find_table *table, size_t column,
                                       enum mr_mask mask, struct mr_err *err)
{
    const struct mr_find_column *col = &table->columns[column];
    MR_TRY(mr_report_value_load(&values[0], &images[0], col, mask, err));
    MR_TRY(mr_report_value_load(&values[1], &images[1], col, mask, err));
    if (mr_image_is_row(&images[0]) && mr_image_is_row(&images[1]) &&
        mr_image_differs(&images[0], &images[1], column, col))
        mark(values, mr_report_value_is_text(col->style.cls));
    return MR_OK;
}

/* Definitions of schema objects are nobody's data, so that they are shown unmasked. */
void mr_report_value_set_texts(struct mr_report_value values[2], const char *source,
                               const char *target)
{
    const char *const texts[2] = {source, target};
    for (int i = 0; i < 2; i++) {
        struct mr_report_value *value = &values[i];
        mr_strbuf_reset(&value->text);
        if (texts[i] != NULL)
            mr_strbuf_add_str(&value->text, texts[i]);
        value->form = texts[i] == NULL      ? MR_FORM_ABSENT
                      : texts[i][0] == '\0' ? MR_FORM_EMPTY
                                            : MR_FORM_TEXT;
        value->differs = value->alike = false;
        value->part = (struct mr_diff_part){0, 0};
    }
    if (source != NULL && target != NULL && strcmp(source, target) != 0)
        mark(values, true);
}
