/* report_cell.c: see report_cell.h. */
#include "recon/report/report_cell.h"

#include "recon/report/report.h"
#include "recon/report/report_escape.h"

/* A value that is another one as a whole is marked more lightly than a part of one, unless
 * nothing but the mark tells the two apart. */
static const char *mark_of(const struct mr_report_value *value)
{
    bool whole = value->part.from == 0 && value->part.to == value->text.len;
    return whole && !value->alike ? "<mark class=\"all\">" : "<mark>";
}

static void add_text(struct mr_strbuf *out, const struct mr_report_value *value)
{
    const char *ptr = value->text.ptr;
    size_t len = value->text.len;
    struct mr_diff_view view = mr_diff_view(ptr, len, value->part, MR_REPORT_VALUE_CHARS);
    if (view.from > 0)
        mr_strbuf_add_str(out, "…");
    mr_report_escape_html(out, ptr + view.from, view.mark_from - view.from);
    if (view.mark_to > view.mark_from) {
        mr_strbuf_add_str(out, mark_of(value));
        mr_report_escape_html(out, ptr + view.mark_from, view.mark_to - view.mark_from);
        mr_strbuf_add_str(out, "</mark>");
    }
    mr_report_escape_html(out, ptr + view.mark_to, view.to - view.mark_to);
    if (view.to < len)
        mr_strbuf_add_str(out, "…");
    if (view.from > 0 || view.to < len) {
        mr_strbuf_add_str(out, " <i class=\"len\">(");
        mr_report_count(out, mr_diff_chars(ptr, len), "character", "characters");
        mr_strbuf_add_str(out, ")</i>");
    }
}

void mr_cell_add(struct mr_strbuf *out, const struct mr_report_value *value)
{
    const char *word = value->form == MR_FORM_NULL    ? "NULL"
                       : value->form == MR_FORM_EMPTY ? "empty"
                                                      : NULL;
    if (value->form == MR_FORM_ABSENT)
        mr_strbuf_add_str(out, "–");
    else if (word == NULL)
        add_text(out, value);
    else if (value->differs)
        mr_strbuf_add_fmt(out, "<mark class=\"all\"><i class=\"nul\">%s</i></mark>",
                          word);
    else
        mr_strbuf_add_fmt(out, "<i class=\"nul\">%s</i>", word);
}

static void add_alike(struct mr_strbuf *out, const struct mr_report_value *value)
{
    if (value->alike)
        mr_strbuf_add_str(out, " <i class=\"len\">(differs)</i>");
}

void mr_cell_add_td(struct mr_strbuf *out, const struct mr_report_value *value)
{
    mr_strbuf_add_str(out, "<td class=\"v\">");
    mr_cell_add(out, value);
    add_alike(out, value);
    mr_strbuf_add_str(out, "</td>");
}
