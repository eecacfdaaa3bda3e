/* report_escape.c: see report_escape.h. */
#include "recon/report/report_escape.h"

#include <string.h>

#include "core/base/utf8.h"

/* "␀" … "␟", and "␡": three bytes, of which the last tells them apart. */
static void add_picture(struct mr_strbuf *out, unsigned char control)
{
    char picture[3] = {'\xe2', '\x90', (char)(control == 0x7f ? 0xa1 : 0x80 + control)};
    mr_strbuf_add(out, picture, sizeof picture);
}

/* Plain characters go through `plain`, which escapes for the format. */
static void add_visible(struct mr_strbuf *out, const char *ptr, size_t len,
                        void (*plain)(struct mr_strbuf *out, char c))
{
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)ptr[i];
        if (c < 0x20 || c == 0x7f) {
            add_picture(out, c);
            i++;
        } else if (c < 0x80) {
            plain(out, ptr[i++]);
        } else {
            char shown[MR_UTF8_SHOWN_MAX];
            size_t shown_len;
            i += mr_utf8_show_one(ptr + i, len - i, false, shown, &shown_len);
            for (size_t j = 0; j < shown_len; j++)
                plain(out, shown[j]);
        }
    }
}

static void html_char(struct mr_strbuf *out, char c)
{
    switch (c) {
    case '&': mr_strbuf_add_str(out, "&amp;"); break;
    case '<': mr_strbuf_add_str(out, "&lt;"); break;
    case '>': mr_strbuf_add_str(out, "&gt;"); break;
    case '"': mr_strbuf_add_str(out, "&quot;"); break;
    case '\'': mr_strbuf_add_str(out, "&#39;"); break;
    default: mr_strbuf_add_char(out, c); break;
    }
}

void mr_report_escape_html(struct mr_strbuf *out, const char *ptr, size_t len)
{
    add_visible(out, ptr, len, html_char);
}

void mr_report_escape_html_str(struct mr_strbuf *out, const char *str)
{
    mr_report_escape_html(out, str, strlen(str));
}

/* $ begins a formula in the Markdown of some ticket systems. */
static void md_char(struct mr_strbuf *out, char c)
{
    if (strchr("\\`*_{}[]<>#&|~!$", c) != NULL)
        mr_strbuf_add_char(out, '\\');
    mr_strbuf_add_char(out, c);
}

void mr_report_escape_md(struct mr_strbuf *out, const char *ptr, size_t len)
{
    add_visible(out, ptr, len, md_char);
}

void mr_report_escape_md_str(struct mr_strbuf *out, const char *str)
{
    mr_report_escape_md(out, str, strlen(str));
}
