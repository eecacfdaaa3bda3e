/* report_doc_html.c: a document as one page of HTML that needs nothing else: style and script
 * are in it, allowed by their digests in its Content-Security-Policy, and it loads nothing.
 * It is whole without the script, which adds sorting, searching and themes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/page/page_escape.h"
#include "core/page/page_frame.h"
#include "recon/report/report.h"
#include "recon/report/report_assets.h"
#include "recon/report/report_doc.h"
#include "recon/report/report_map.h"

/* ---- tags ---- */

#define SHEET(class) "<div class=\"sheet scroll\"><table" class ">\n"
#define SCROLL(class) "<div class=\"scroll\"><table class=\"" class "\">\n"
#define TABLE_END "</table></div>\n"

/* By name.  The attributes stand between the pieces of what opens it. */
static const struct mark {
    const char *tag, *close, *open[MR_DOC_ATTRS + 1];
} marks[] = {
    {"a", "</a>", {"<a href=\"#", "\">"}},
    {"aside", "</th>", {"<th scope=\"rowgroup\" rowspan=\"", "\">"}},
    {"bad", "</p>\n", {"<p class=\"is-bad\">"}},
    {"badge", "</span>\n", {"<span class=\"badge\">"}},
    {"bar",
     "</nav></header>\n",
     {"<header class=\"bar\"><strong>myrecon report</strong>\n"
      "<nav aria-label=\"Parts of the page\">"}},
    {"beyond", "</td></tr>\n", {"<tr><td class=\"name\" colspan=\"3\">"}},
    {"br", "", {"<br>"}},
    {"caption", "</figcaption>", {"</div><figcaption>"}},
    {"cell", "</td>", {"<td>"}},
    {"chip",
     "</button>\n",
     {"<button type=\"button\" data-verdict=\"", "\" aria-pressed=\"", "\">"}},
    {"code", "</code>", {"<code>"}},
    {"col", "</th>", {"<th scope=\"col\">"}},
    {"command", "</pre>", {"<pre>"}},
    {"count", "</span>", {"<span>"}},
    {"course", "</dl>\n", {"<dl class=\"course\" aria-label=\"What happened when\">\n"}},
    {"defined", "</p>\n", {"<p class=\"facts\">"}},
    {"edits", TABLE_END, {SCROLL("edits")}},
    {"fact", "</div>\n", {"<div>"}},
    {"figures", "</dl>\n", {"<dl class=\"kpi\">\n"}},
    {"fold", "</summary>\n", {"<summary>"}},
    {"folding",
     "",
     {"<div class=\"tools\" id=\"open-tools\" hidden><button type=\"button\" "
      "id=\"open-all\">Open all</button><button type=\"button\" id=\"close-all\">"
      "Close all</button></div>\n"}},
    {"foot", "</footer>\n", {"<footer>"}},
    {"found", "</td>", {"<td class=\"n found\">"}},
    {"go", "</a>", {"<a href=\"#t", "\">"}},
    {"good", "</p>\n", {"<p class=\"is-good\">"}},
    {"group", "</tbody>\n", {"<tbody>"}},
    {"h1", "</h1>\n", {"<h1>"}},
    {"h2", "</h2>\n", {"<h2>"}},
    {"h3", "</h3>\n", {"<h3>"}},
    {"h4", "</h4>\n", {"<h4>"}},
    {"head", "</tr></thead>\n", {"<thead><tr>"}},
    {"inside", "</div>", {"</summary>\n<div class=\"inside\">\n"}},
    {"item", "</li>\n", {"<li>"}},
    {"key", "</th>", {"<th scope=\"row\">"}},
    {"kind",
     "</span>",
     {"<span class=\"k\"><svg class=\"sw\" aria-hidden=\"true\"><use href=\"#s-", "\"/></svg>"}},
    {"lanes", "</p>\n", {"<p class=\"lanes\">"}},
    {"lead", "</p>\n", {"<p class=\"lead\">"}},
    {"legend", "</dl></div>\n", {"<div class=\"prose\"><dl class=\"legend\">\n"}},
    {"list", "</ul>\n", {"<ul>\n"}},
    {"listed", "</tr>\n", {"<tr data-verdict=\"", "\" data-name=\"", "\" class=\"", "\">"}},
    {"long", "</dd>", {"<dd class=\"long\">"}},
    {"main", "</main>\n", {"<main id=\"main\">\n"}},
    {"meaning", "\n", {""}},
    {"more", "</p>\n", {"<p class=\"more\">"}},
    {"name", "</td>", {"<td class=\"name\">"}},
    {"ncol", "</th>", {"<th scope=\"col\" class=\"n\">"}},
    {"none", "</div>\n", {"<div class=\"none\">"}},
    {"note", "</p></div>\n", {"<div class=\"note is-", "\"><p>"}},
    {"number", "</td>", {"<td class=\"n\">"}},
    {"onpaper", "</p>\n", {"<p class=\"onpaper\">"}},
    {"onscreen", "</div>\n", {"<div class=\"onscreen\">\n"}},
    {"over", "</th>", {"<th colspan=\"3\" scope=\"rowgroup\">"}},
    {"p", "</p>\n", {"<p>"}},
    {"pairs", TABLE_END, {SCROLL("pairs")}},
    {"part", "</h2>\n", {"<h2 id=\"", "\">"}},
    {"picture", "</figure>\n", {"<figure><div class=\"scroll\">\n"}},
    {"plain", TABLE_END, {SCROLL("plain")}},
    {"prose", "</div>\n", {"<div class=\"prose\">\n"}},
    {"rest", "</details>\n", {"<details class=\"rest\">"}},
    {"row", "</tr>\n", {"<tr>"}},
    {"rows", "</tbody>", {"<tbody>\n"}},
    {"said", "</dd>", {"<dd>"}},
    {"same", "</td>", {"<td class=\"zero\">"}},
    {"search",
     "<span class=\"count\" id=\"count\" role=\"status\"></span>\n</div>\n",
     {"<div class=\"tools\" id=\"tools\" role=\"search\" data-what=\"",
      "\" hidden>\n<input "
      "type=\"search\" id=\"search\" autocomplete=\"off\" spellcheck=\"false\">\n"}},
    {"section",
     "</details>\n",
     {"<details class=\"table\" id=\"t", "\"", " data-verdict=\"", "\" data-name=\"", "\">"}},
    {"several", "</span>", {"<span class=\"v\">"}},
    {"short", TABLE_END, {SCROLL("short")}},
    {"sides", "</dl>\n", {"<dl class=\"sides\">\n"}},
    {"small", "</small>", {"<small>"}},
    {"sorted", TABLE_END, {SHEET(" class=\"sortable\"")}},
    {"step", "</li>\n", {"<li>"}},
    {"steps", "</ol>\n", {"<ol class=\"steps\">\n"}},
    {"story", "</section>\n", {"<section class=\"story\">\n"}},
    {"strong", "</strong>", {"<strong>"}},
    {"table", TABLE_END, {SHEET("")}},
    {"tables", TABLE_END, {SHEET(" class=\"sortable list\" id=\"list\"")}},
    {"tag", "</span>", {"<span class=\"tag is-", "\">"}},
    {"term", "</dt>", {"<dt>"}},
    {"text", "</p>", {"<p>"}},
    {"texts", TABLE_END, {SHEET(" class=\"says\"")}},
    {"title", "</h3>", {"<summary><h3>"}},
    {"to", "</a>", {"<a href=\"", "\">"}},
    {"v", "</b>", {"<b class=\"v\">"}},
    {"value", "</td>", {"<td class=\"v\">"}},
    {"verdict", "</header>\n", {"<header class=\"verdict is-", "\">\n"}},
    {"warn", "</p>\n", {"<p class=\"is-warn\">"}},
    {"why", "</span>", {"<span class=\"why\">"}},
    {"zero", "</td>", {"<td class=\"n zero\">"}},
};

struct name {
    const char *ptr;
    size_t len;
};

static int compare_mark(const void *name, const void *mark)
{
    const struct name *a = name;
    const struct mark *b = mark;
    int order = strncmp(a->ptr, b->tag, a->len);
    return order != 0 ? order : b->tag[a->len] == '\0' ? 0 : -1;
}

static const struct mark *mark_of(const char *tag, size_t len)
{
    const struct name name = {tag, len}; /* bsearch may be a macro */
    const struct mark *mark =
        bsearch(&name, marks, sizeof marks / sizeof *marks, sizeof *marks, compare_mark);
    assert(mark != NULL); /* else a slip of whoever says it */
    return mark;
}

static void html_open(struct mr_doc *doc, const char *tag, size_t len,
                      const struct mr_doc_attr *attrs)
{
    const struct mark *mark = mark_of(tag, len);
    mr_strbuf_add_str(doc->out, mark->open[0]);
    for (size_t i = 0; i < MR_DOC_ATTRS && mark->open[i + 1] != NULL; i++) {
        mr_page_escape_html(doc->out, attrs[i].ptr, attrs[i].len);
        mr_strbuf_add_str(doc->out, mark->open[i + 1]);
    }
}

static void html_close(struct mr_doc *doc, const char *tag, size_t len)
{
    mr_strbuf_add_str(doc->out, mark_of(tag, len)->close);
}

/* ---- texts ---- */

/* The length of the option that a text begins with, as "--case"; 0: it begins with none. */
static size_t option_len(const char *ptr, size_t len)
{
    size_t n = 2;
    if (len < 3 || ptr[0] != '-' || ptr[1] != '-' || ptr[2] < 'a' || ptr[2] > 'z')
        return 0;
    while (n < len && ((ptr[n] >= 'a' && ptr[n] <= 'z') || ptr[n] == '-'))
        n++;
    return n;
}

/* A browser may begin a line behind any hyphen, and "--" at the end of one with "case" below it reads
 * as two words: whoever types what he reads has another command then. */
static void html_text(struct mr_strbuf *out, const char *ptr, size_t len)
{
    size_t told = 0;
    for (size_t i = 0; i < len; i++) {
        const size_t option = i == 0 || ptr[i - 1] == ' ' ? option_len(ptr + i, len - i) : 0;
        if (option == 0)
            continue;
        mr_page_escape_html(out, ptr + told, i - told);
        mr_strbuf_add_fmt(out, "<span class=\"opt\">%.*s</span>", (int)option, ptr + i);
        told = i + option;
        i = told - 1;
    }
    mr_page_escape_html(out, ptr + told, len - told);
}

/* ---- values ---- */

/* A value that is another one as a whole is marked more lightly than a part of one, unless
 * nothing but the mark tells the two apart. */
static const char *begin_mark(const struct mr_report_value *value)
{
    bool whole = value->part.from == 0 && value->part.to == value->text.len;
    return whole && !value->alike ? "<mark class=\"all\">" : "<mark>";
}

/* Long values are cut to a window around what differs, for their beginnings are often alike. How
 * long the whole is stands behind it, as the cut would hide it. */
static void add_text(struct mr_strbuf *out, const struct mr_report_value *value)
{
    const char *ptr = value->text.ptr;
    size_t len = value->text.len;
    struct mr_diff_view view = mr_diff_view(ptr, len, value->part, MR_REPORT_VALUE_CHARS);
    if (view.from > 0)
        mr_strbuf_add_str(out, "…");
    mr_page_escape_html(out, ptr + view.from, view.mark_from - view.from);
    if (view.mark_to > view.mark_from) {
        mr_strbuf_add_str(out, begin_mark(value));
        mr_page_escape_html(out, ptr + view.mark_from, view.mark_to - view.mark_from);
        mr_strbuf_add_str(out, "</mark>");
    }
    mr_page_escape_html(out, ptr + view.mark_to, view.to - view.mark_to);
    if (view.to < len)
        mr_strbuf_add_str(out, "…");
    if (view.from > 0 || view.to < len) {
        mr_strbuf_add_str(out, " <i class=\"len\">(");
        mr_report_count(out, mr_diff_chars(ptr, len), "character", "characters");
        mr_strbuf_add_str(out, ")</i>");
    }
}

/* NULL and the empty string are told from texts. */
static void html_value(struct mr_doc *doc, const struct mr_report_value *value, bool in_cell)
{
    const char *word = value->form == MR_FORM_NULL ? "NULL" : "empty";
    if (value->form == MR_FORM_ABSENT)
        mr_strbuf_add_str(doc->out, "–");
    else if (value->form == MR_FORM_TEXT)
        add_text(doc->out, value);
    else if (value->differs)
        mr_strbuf_add_fmt(doc->out, "<mark class=\"all\"><i class=\"nul\">%s</i></mark>", word);
    else
        mr_strbuf_add_fmt(doc->out, "<i class=\"nul\">%s</i>", word);
    if (in_cell && value->alike)
        mr_strbuf_add_str(doc->out, " <i class=\"len\">(differs)</i>");
}

/* ---- the frame ---- */

static struct mr_page_frame frame_of(const char *title)
{
    return (struct mr_page_frame){.title = title,
                                  .style = {mr_report_style, mr_report_style_size},
                                  .script = {mr_report_script, mr_report_script_size},
                                  .skip_to = "To the result"};
}

static enum mr_code html_begin(struct mr_doc *doc, const char *title, struct mr_err *err)
{
    const struct mr_page_frame frame = frame_of(title);
    MR_TRY(mr_page_begin(&frame, doc->out, err));
    mr_map_definitions(doc->out);
    return MR_OK;
}

static void html_end(struct mr_doc *doc)
{
    const struct mr_page_frame frame = frame_of("");
    mr_page_end(&frame, doc->out);
}

const struct mr_doc_format mr_doc_html = {.begin = html_begin,
                                          .end = html_end,
                                          .open = html_open,
                                          .close = html_close,
                                          .escape = html_text,
                                          .value = html_value,
                                          .has_pictures = true};
