/* report_doc.c: see report_doc.h. */
#include "recon/report/report_doc.h"

#include <stdarg.h>
#include <string.h>

/* ---- markup ---- */

/* A word of a tag at *at, behind which *at is then; or the text of a %s. */
static struct mr_doc_attr take_word(const char **at, va_list *args)
{
    struct mr_doc_attr word = {*at, strcspn(*at, " >")};
    *at += word.len;
    if (word.ptr[0] == '%') {
        word.ptr = va_arg(*args, const char *);
        word.len = strlen(word.ptr);
    }
    return word;
}

/* A tag behind its '<'; what is behind its '>'. */
static const char *take_tag(struct mr_doc *doc, const char *at, va_list *args)
{
    struct mr_doc_attr attrs[MR_DOC_ATTRS] = {{"", 0}};
    const bool closes = *at == '/';
    at += closes;
    const struct mr_doc_attr tag = take_word(&at, args);
    for (size_t i = 0; *at == ' ' && i < MR_DOC_ATTRS; i++) {
        at++;
        attrs[i] = take_word(&at, args);
    }
    if (closes)
        doc->format->close(doc, tag.ptr, tag.len);
    else
        doc->format->open(doc, tag.ptr, tag.len, attrs);
    return at + 1;
}

/* Only the markup can hold tags; what is put into it goes through the format's escape, so that no
 * value of a server ever becomes a part of the page. */
void mr_doc_say(struct mr_doc *doc, const char *markup, ...)
{
    va_list args;
    va_start(args, markup);
    while (*markup != '\0') {
        const size_t len = strcspn(markup, "<%");
        mr_doc_text(doc, markup, len);
        markup += len;
        if (*markup == '%') {
            const char *text = va_arg(args, const char *);
            mr_doc_text(doc, text, text != NULL ? strlen(text) : 0);
            markup += 2;
        } else if (*markup == '<') {
            markup = take_tag(doc, markup + 1, &args);
        }
    }
    va_end(args);
}

void mr_doc_text(struct mr_doc *doc, const char *ptr, size_t len)
{
    doc->format->escape(doc->out, ptr, len);
}

void mr_doc_words(struct mr_doc *doc, const char *tag, struct mr_strbuf *words)
{
    mr_doc_say(doc, "<%s>%s</%s>", tag, words->ptr, tag);
    doc->out->failed |= words->failed;
    mr_strbuf_reset(words);
}

const char *mr_doc_number(struct mr_doc *doc, uint64_t number)
{
    return mr_text_number(&doc->texts, number);
}

const char *mr_doc_count(struct mr_doc *doc, uint64_t number, const char *one, const char *many)
{
    return mr_text_count(&doc->texts, number, one, many);
}

const char *mr_doc_tone(enum mr_doc_tone tone)
{
    static const char *const names[] = {[MR_TONE_PLAIN] = "p",
                                        [MR_TONE_GOOD] = "good",
                                        [MR_TONE_WARN] = "warn",
                                        [MR_TONE_BAD] = "bad"};
    return names[tone];
}

/* ---- values, pictures, tables, parts ---- */

void mr_doc_value(struct mr_doc *doc, const struct mr_report_value *value, bool in_cell)
{
    doc->format->value(doc, value, in_cell);
    doc->out->failed |= value->text.failed;
}

void mr_doc_value_cell(struct mr_doc *doc, const struct mr_report_value *value)
{
    mr_doc_say(doc, "<value>");
    mr_doc_value(doc, value, true);
    mr_doc_say(doc, "</value>");
}

void mr_doc_picture(struct mr_doc *doc, struct mr_strbuf *svg)
{
    if (doc->format->has_pictures)
        mr_doc_put_part(doc, svg, 0, svg->len);
    mr_strbuf_reset(svg);
}

void mr_doc_head(struct mr_doc *doc, const char *const *columns, size_t ncolumns, unsigned numbers)
{
    mr_doc_say(doc, "<head>");
    for (size_t i = 0; i < ncolumns; i++)
        mr_doc_say(doc, (numbers >> i & 1U) != 0 ? "<ncol>%s</ncol>" : "<col>%s</col>", columns[i]);
    mr_doc_say(doc, "</head>");
}

struct mr_doc mr_doc_part(const struct mr_doc *doc, struct mr_strbuf *buf)
{
    return (struct mr_doc){.format = doc->format, .out = buf};
}

void mr_doc_put_part(struct mr_doc *doc, const struct mr_strbuf *buf, size_t from, size_t to)
{
    mr_strbuf_add(doc->out, buf->ptr + from, to - from);
    doc->out->failed |= buf->failed;
}
