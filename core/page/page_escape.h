/*
 * page_escape: text that comes from a database, put into HTML and into Markdown.
 *
 * Everything that a page did not write itself passes through here.  What is invisible
 * becomes visible on the way: control characters as their pictures (U+2400 and after),
 * characters that turn the reading direction and bytes that are no UTF-8 as
 * core/base/utf8 shows them.  So the result is printable, on one line, and valid UTF-8.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_PAGE_ESCAPE_H
#define MR_PAGE_ESCAPE_H

#include "core/base/strbuf.h"

/* For the content of an element, of an SVG text, or of a quoted attribute. */
void mr_page_escape_html(struct mr_strbuf *out, const char *ptr, size_t len);
void mr_page_escape_html_str(struct mr_strbuf *out, const char *str);

/* For a paragraph or a cell of a table; not for the beginning of a line.  Nobody is called by
 * an @, and no address becomes a link. */
void mr_page_escape_md(struct mr_strbuf *out, const char *ptr, size_t len);

#endif
