/* report_row.c: see report_row.h. */
#include "recon/report/report_row.h"

#include "recon/report/report_value.h"

#define PART_CHARS 60 /* of one column */

static void add_value(struct mr_strbuf *out, const struct mr_report_value *value)
{
    const struct mr_strbuf *text = &value->text;
    switch (value->form) {
    case MR_FORM_NULL: mr_strbuf_add_str(out, "NULL"); break;
    case MR_FORM_EMPTY: mr_strbuf_add_str(out, "''"); break;
    case MR_FORM_ABSENT: mr_strbuf_add_str(out, "-"); break;
    case MR_FORM_TEXT: {
        struct mr_diff_view view =
            mr_diff_view(text->ptr, text->len, (struct mr_diff_part){0, 0}, PART_CHARS);
        mr_strbuf_add(out, text->ptr, view.to);
        if (view.to < text->len)
            mr_strbuf_add_str(out, "…");
        break;
    }
    }
}

enum mr_code mr_report_row_add(struct mr_strbuf *out, struct mr_report_columns columns,
                               const struct mr_image *image, enum mr_image_part part,
                               bool names, struct mr_err *err)
{
    const struct mr_find_table *table = columns.table;
    struct mr_report_value value;
    enum mr_code code = MR_OK;
    mr_report_value_init(&value);
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        code = mr_report_value_load(&value, image, &table->columns[i], columns.masks[i],
                                    err);
        if (n > 0)
            mr_strbuf_add_str(out, ", ");
        if (names)
            mr_strbuf_add_fmt(out, "%s ", table->columns[i].name);
        add_value(out, &value);
    }
    mr_report_value_release(&value);
    return code == MR_OK ? mr_strbuf_check(out, "showing a key", err) : code;
}

enum mr_code mr_report_row_add_key(struct mr_strbuf *out,
                                   struct mr_report_columns columns,
                                   const struct mr_finding *finding, bool names,
                                   struct mr_err *err)
{
    struct mr_image image;
    bool from_source = finding->source != NULL;
    mr_image_init(&image);
    enum mr_code code =
        mr_image_open(&image, from_source ? finding->source : finding->target,
                      from_source ? finding->source_len : finding->target_len, err);
    if (code == MR_OK)
        code = mr_report_row_add(out, columns, &image, MR_IMAGE_KEY, names, err);
    mr_image_release(&image);
    return code;
}
