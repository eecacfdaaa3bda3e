/* report_story_page.c: see report_story_page.h. */
#include "recon/report/report_story_page.h"

#include "recon/report/report_escape.h"

static const char *cell(const struct mr_story_block *block, size_t row, size_t column)
{
    return *(const char **)mr_vec_at(&block->cells, row * block->ncolumns + column);
}

static size_t rows_of(const struct mr_story_block *block)
{
    return block->cells.count / block->ncolumns;
}

static bool is_number(const struct mr_story_block *block, size_t column)
{
    return (block->numbers >> column & 1U) != 0;
}

static bool begins_stage(const struct mr_story_telling *telling, size_t at)
{
    const struct mr_story_block *block = mr_vec_at(&telling->blocks, at),
                                *before =
                                    at > 0 ? mr_vec_at(&telling->blocks, at - 1) : NULL;
    return before == NULL || before->stage != block->stage;
}

/* ---- HTML ---- */

static const char *tone_class(enum mr_story_tone tone)
{
    switch (tone) {
    case MR_TONE_GOOD: return " class=\"is-good\"";
    case MR_TONE_WARN: return " class=\"is-warn\"";
    case MR_TONE_BAD: return " class=\"is-bad\"";
    case MR_TONE_PLAIN: break;
    }
    return "";
}

static void html_table(struct mr_strbuf *out, const struct mr_story_block *block)
{
    mr_strbuf_add_fmt(out, "<div class=\"sheet scroll\"><table%s>\n<thead><tr>",
                      block->numbers == 0 ? " class=\"says\"" : "");
    for (size_t c = 0; c < block->ncolumns; c++) {
        mr_strbuf_add_str(out, is_number(block, c) ? "<th scope=\"col\" class=\"n\">"
                                                   : "<th scope=\"col\">");
        mr_report_escape_html_str(out, cell(block, 0, c));
        mr_strbuf_add_str(out, "</th>");
    }
    mr_strbuf_add_str(out, "</tr></thead>\n<tbody>\n");
    for (size_t r = 1; r < rows_of(block); r++) {
        mr_strbuf_add_str(out, "<tr>");
        for (size_t c = 0; c < block->ncolumns; c++) {
            mr_strbuf_add_str(out, is_number(block, c) ? "<td class=\"n\">" : "<td>");
            mr_report_escape_html_str(out, cell(block, r, c));
            mr_strbuf_add_str(out, "</td>");
        }
        mr_strbuf_add_str(out, "</tr>\n");
    }
    mr_strbuf_add_str(out, "</tbody></table></div>\n");
}

void mr_story_html(struct mr_strbuf *out, const struct mr_story_telling *telling)
{
    mr_strbuf_add_str(out, "<h2 id=\"story\">What was done</h2>\n"
                           "<section class=\"story\">\n");
    for (size_t i = 0; i < telling->blocks.count; i++) {
        const struct mr_story_block *block = mr_vec_at(&telling->blocks, i);
        if (begins_stage(telling, i))
            mr_strbuf_add_fmt(out, "<h3>%s</h3>\n", mr_story_stage_name(block->stage));
        if (block->text != NULL) {
            mr_strbuf_add_fmt(out, "<p%s>", tone_class(block->tone));
            mr_report_escape_html_str(out, block->text);
            mr_strbuf_add_str(out, "</p>\n");
        }
        if (block->ncolumns > 0)
            html_table(out, block);
    }
    mr_strbuf_add_str(out, "</section>\n");
}

/* ---- Markdown ---- */

static void md_row(struct mr_strbuf *out, const struct mr_story_block *block, size_t row)
{
    mr_strbuf_add_char(out, '|');
    for (size_t c = 0; c < block->ncolumns; c++) {
        mr_strbuf_add_char(out, ' ');
        mr_report_escape_md_str(out, cell(block, row, c));
        mr_strbuf_add_str(out, " |");
    }
    mr_strbuf_add_char(out, '\n');
}

static void md_table(struct mr_strbuf *out, const struct mr_story_block *block)
{
    md_row(out, block, 0);
    mr_strbuf_add_char(out, '|');
    for (size_t c = 0; c < block->ncolumns; c++)
        mr_strbuf_add_str(out, is_number(block, c) ? "---:|" : "---|");
    mr_strbuf_add_char(out, '\n');
    for (size_t r = 1; r < rows_of(block); r++)
        md_row(out, block, r);
    mr_strbuf_add_char(out, '\n');
}

void mr_story_md(struct mr_strbuf *out, const struct mr_story_telling *telling)
{
    mr_strbuf_add_str(out, "\n## What was done\n\n");
    for (size_t i = 0; i < telling->blocks.count; i++) {
        const struct mr_story_block *block = mr_vec_at(&telling->blocks, i);
        if (begins_stage(telling, i))
            mr_strbuf_add_fmt(out, "### %s\n\n", mr_story_stage_name(block->stage));
        if (block->text != NULL) {
            mr_report_escape_md_str(out, block->text);
            mr_strbuf_add_str(out, "\n\n");
        }
        if (block->ncolumns > 0)
            md_table(out, block);
    }
    while (out->len > 1 && out->ptr[out->len - 1] == '\n' &&
           out->ptr[out->len - 2] == '\n')
        out->ptr[--out->len] = '\0';
}
