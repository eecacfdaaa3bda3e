/* report_row.c: see report_row.h. */
#include "recon/report/report_row.h"

/* For lists, captions and sentences alike: one place that knows the masks of keys and identities,
 * so that no sentence forgets them. */
enum mr_code mr_report_row_say(struct mr_doc *doc, struct mr_report_columns columns,
                               const struct mr_image *image, enum mr_image_part part, bool names,
                               struct mr_err *err)
{
    const struct mr_find_table *table = columns.table;
    struct mr_report_value value;
    enum mr_code code = MR_OK;
    mr_report_value_init(&value);
    for (size_t n = 0; code == MR_OK; n++) {
        size_t i = mr_image_part_column(table, part, n);
        if (i == table->ncolumns)
            break;
        code = mr_report_value_load(&value, image, &table->columns[i], columns.masks[i], err);
        mr_doc_say(doc, "%s%s%s<v>", n > 0 ? ", " : "", names ? table->columns[i].name : "",
                   names ? " " : "");
        mr_doc_value(doc, &value, false);
        mr_doc_say(doc, "</v>");
    }
    mr_report_value_release(&value);
    return code;
}

enum mr_code mr_report_row_add_key(struct mr_strbuf *out, struct mr_report_columns columns,
                                   const struct mr_finding *finding, struct mr_err *err)
{
    struct mr_doc plain = {.format = &mr_doc_plain, .out = out};
    struct mr_image image;
    bool from_source = finding->source != NULL;
    mr_image_init(&image);
    enum mr_code code = mr_image_open(&image, from_source ? finding->source : finding->target,
                                      from_source ? finding->source_len : finding->target_len, err);
    if (code == MR_OK)
        code = mr_report_row_say(&plain, columns, &image, MR_IMAGE_KEY, false, err);
    mr_image_release(&image);
    return code == MR_OK ? mr_strbuf_check(out, "showing a key", err) : code;
}
