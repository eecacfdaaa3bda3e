/* page_escape.c: see page_escape.h. */
#include "core/page/page_escape.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

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

void mr_page_escape_html(struct mr_strbuf *out, const char *ptr, size_t len)
{
    add_visible(out, ptr, len, html_char);
}

void mr_page_escape_html_str(struct mr_strbuf *out, const char *str)
{
    mr_page_escape_html(out, str, strlen(str));
}

/* Does the text end with these letters, in lower or upper case? */
static bool ends_with(const struct mr_strbuf *out, const char *text)
{
    size_t len = strlen(text);
    return out->len >= len && strncasecmp(out->ptr + out->len - len, text, len) == 0;
}

/* Ticket systems look for names after the text was rendered, where a backslash is gone: only
 * within code, or within a word, they call nobody.  Two pieces of code side by side would be one. */
static void add_at(struct mr_strbuf *out)
{
    bool within = out->len > 0 && isalnum((unsigned char)out->ptr[out->len - 1]);
    if (ends_with(out, "@`"))
        out->ptr[--out->len] = '\0';
    else if (!within)
        mr_strbuf_add_char(out, '`');
    mr_strbuf_add_str(out, within ? "@" : "@`");
}

static bool begins_address(const struct mr_strbuf *out, char c)
{
    return (c == '/' &&
            (ends_with(out, "http:/") || ends_with(out, "https:/") || ends_with(out, "ftp:/"))) ||
           (c == '.' && ends_with(out, "www"));
}

/* $ begins a formula in the Markdown of some ticket systems; what begins like an address of
 * the web becomes a link. */
static void md_char(struct mr_strbuf *out, char c)
{
    if (c == '@') {
        add_at(out);
        return;
    }
    if (strchr("\\`*_{}[]<>#&|~!$", c) != NULL || begins_address(out, c))
        mr_strbuf_add_char(out, '\\');
    mr_strbuf_add_char(out, c);
}

void mr_page_escape_md(struct mr_strbuf *out, const char *ptr, size_t len)
{
    add_visible(out, ptr, len, md_char);
}
