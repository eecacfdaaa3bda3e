/* report_doc_md.c: a document as a short text in GitHub's Markdown, without any HTML; and as
 * plain text. */
#include <string.h>

#include "recon/report/report_doc.h"
#include "core/page/page_escape.h"

#define CELL_CHARS 80 /* of a value that are shown */
#define KEY_CHARS 60  /* of one that is named within a text */

/* A block is an empty line away from the one before. */
static const struct mark {
    const char *tag, *open, *close;
    enum { BLOCK = 1, LINE, CELL } is;
} marks[] = {
    {"h1", "# ", "\n", BLOCK},     {"h2", "## ", "\n", BLOCK},  {"part", "## ", "\n", BLOCK},
    {"title", "## ", "\n", BLOCK}, {"h3", "### ", "\n", BLOCK}, {"h4", "#### ", "\n", BLOCK},
    {"p", "", "\n", BLOCK},        {"good", "", "\n", BLOCK},   {"warn", "", "\n", BLOCK},
    {"bad", "", "\n", BLOCK},      {"note", "", "\n", BLOCK},   {"more", "", "\n", BLOCK},
    {"list", "", "", BLOCK},       {"item", "- ", "\n", LINE},  {"steps", "", "", BLOCK},
    {"step", "1. ", "\n", LINE},   {"table", "", "", BLOCK},    {"texts", "", "", BLOCK},
    {"tables", "", "", BLOCK},     {"sorted", "", "", BLOCK},   {"head", "", "|\n", LINE},
    {"row", "", "|\n", LINE},      {"listed", "", "|\n", LINE}, {"col", "| ", " ", CELL},
    {"ncol", "| ", " ", CELL},     {"cell", "| ", " ", CELL},   {"key", "| ", " ", CELL},
    {"number", "| ", " ", CELL},   {"zero", "| ", " ", CELL},   {"same", "| ", " ", CELL},
    {"found", "| ", " ", CELL},    {"name", "| ", " ", CELL},   {"value", "| ", " ", CELL},
    {"strong", "**", "**", LINE},
};

static bool is_tag(const char *tag, size_t len, const char *name)
{
    return strncmp(tag, name, len) == 0 && name[len] == '\0';
}

/* NULL: it has no form here. */
static const struct mark *mark_of(const char *tag, size_t len)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (is_tag(tag, len, marks[i].tag))
            return &marks[i];
    return NULL;
}

/* Markdown wants the line below a table's head to tell the alignment, so that the columns are
 * counted while the head is written, and those of numbers remembered. */
static void md_open(struct mr_doc *doc, const char *tag, size_t len,
                    const struct mr_doc_attr *attrs)
{
    const struct mark *mark = mark_of(tag, len);
    (void)attrs;
    if (mark == NULL)
        return;
    if (mark->is == BLOCK && doc->has_begun)
        mr_strbuf_add_char(doc->out, '\n');
    doc->has_begun = doc->has_begun || mark->is == BLOCK;
    mr_strbuf_add_str(doc->out, mark->open);
    if (mark->is == CELL)
        doc->opened_at = doc->out->len;
    if (is_tag(tag, len, "head"))
        doc->ncolumns = doc->numbers = 0;
    if (is_tag(tag, len, "ncol"))
        doc->numbers |= 1U << doc->ncolumns;
    doc->ncolumns += is_tag(tag, len, "ncol") || is_tag(tag, len, "col");
}

static void md_close(struct mr_doc *doc, const char *tag, size_t len)
{
    const struct mark *mark = mark_of(tag, len);
    if (mark == NULL || (mark->is == CELL && doc->out->len == doc->opened_at))
        return;
    mr_strbuf_add_str(doc->out, mark->close);
    if (!is_tag(tag, len, "head"))
        return;
    mr_strbuf_add_char(doc->out, '|');
    for (unsigned i = 0; i < doc->ncolumns; i++)
        mr_strbuf_add_str(doc->out, (doc->numbers >> i & 1U) != 0 ? "---:|" : "---|");
    mr_strbuf_add_char(doc->out, '\n');
}

/* Without HTML nothing can be marked within a value: a cell whose two sides look alike says in
 * words that they differ. */
static void md_value(struct mr_doc *doc, const struct mr_report_value *value, bool in_cell)
{
    const struct mr_strbuf *text = &value->text;
    switch (value->form) {
    case MR_FORM_ABSENT: mr_strbuf_add_str(doc->out, "–"); return;
    case MR_FORM_NULL: mr_strbuf_add_str(doc->out, "NULL"); return;
    case MR_FORM_EMPTY: mr_strbuf_add_str(doc->out, "''"); return;
    case MR_FORM_TEXT: break;
    }
    struct mr_diff_view view =
        mr_diff_view(text->ptr, text->len, value->part, in_cell ? CELL_CHARS : KEY_CHARS);
    mr_strbuf_add_str(doc->out, view.from > 0 ? "…" : "");
    mr_doc_text(doc, text->ptr + view.from, view.to - view.from);
    mr_strbuf_add_str(doc->out, view.to < text->len ? "…" : "");
    mr_strbuf_add_str(doc->out, in_cell && value->alike ? " (differs)" : "");
}

const struct mr_doc_format mr_doc_md = {
    .open = md_open, .close = md_close, .escape = mr_page_escape_md, .value = md_value};

static void plain_open(struct mr_doc *doc, const char *tag, size_t len,
                       const struct mr_doc_attr *attrs)
{
    (void)doc;
    (void)tag;
    (void)len;
    (void)attrs;
}

static void plain_close(struct mr_doc *doc, const char *tag, size_t len)
{
    plain_open(doc, tag, len, NULL);
}

static void plain_text(struct mr_strbuf *out, const char *ptr, size_t len)
{
    mr_strbuf_add(out, ptr, len);
}

const struct mr_doc_format mr_doc_plain = {
    .open = plain_open, .close = plain_close, .escape = plain_text, .value = md_value};
