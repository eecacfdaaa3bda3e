/* report_doc.c: see report_doc.h. */
#include "recon/report/report_doc.h"

#include <stdarg.h>
#include <string.h>

/* ---- markup ---- */

/* A tag behind its '<'; what is behind its '>'. */
static const char *take_tag(struct mr_doc *doc, const char *at, va_list *args)
{
    struct mr_doc_attr attrs[MR_DOC_ATTRS] = {{"", 0}};
    const char *tag = at + (*at == '/');
    const size_t len = strcspn(tag, " >");
    const char *end = tag + len;
    for (size_t i = 0; *end == ' ' && i < MR_DOC_ATTRS; i++) {
        attrs[i] = (struct mr_doc_attr){end + 1, strcspn(end + 1, " >")};
        end += 1 + attrs[i].len;
        if (attrs[i].ptr[0] == '%') {
            attrs[i].ptr = va_arg(*args, const char *);
            attrs[i].len = strlen(attrs[i].ptr);
        }
    }
    if (*at == '/')
        doc->format->close(doc, tag, len);
    else
        doc->format->open(doc, tag, len, attrs);
    return end + 1;
}

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
            mr_doc_text(doc, text, strlen(text));
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
    const struct mr_doc_attr none[MR_DOC_ATTRS] = {{"", 0}};
    if (tag != NULL)
        doc->format->open(doc, tag, strlen(tag), none);
    mr_doc_text(doc, words->ptr, words->len);
    if (tag != NULL)
        doc->format->close(doc, tag, strlen(tag));
    doc->out->failed |= words->failed;
    mr_strbuf_reset(words);
}

/* ---- texts ---- */

static char *next_text(struct mr_doc *doc)
{
    return doc->texts[doc->ntexts++ % MR_DOC_TEXTS];
}

const char *mr_doc_number(struct mr_doc *doc, uint64_t number)
{
    char *text = next_text(doc) + sizeof doc->texts[0] - 1;
    unsigned digits = 0;
    *text = '\0';
    do {
        if (digits > 0 && digits % 3 == 0)
            *--text = ',';
        *--text = (char)('0' + number % 10);
        number /= 10;
        digits++;
    } while (number > 0);
    return text;
}

const char *mr_doc_count(struct mr_doc *doc, uint64_t number, const char *one,
                         const char *many)
{
    const char *digits = mr_doc_number(doc, number);
    char *text = next_text(doc);
    (void)snprintf(text, sizeof doc->texts[0], "%s %s", digits, number == 1 ? one : many);
    return text;
}

const char *mr_doc_tone(enum mr_doc_tone tone)
{
    static const char *const names[] = {[MR_TONE_PLAIN] = "plain",
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

void mr_doc_head(struct mr_doc *doc, const char *const *columns, size_t ncolumns,
                 unsigned numbers)
{
    mr_doc_say(doc, "<head>");
    for (size_t i = 0; i < ncolumns; i++)
        mr_doc_say(doc, (numbers >> i & 1U) != 0 ? "<ncol>%s</ncol>" : "<col>%s</col>",
                   columns[i]);
    mr_doc_say(doc, "</head>");
}

struct mr_doc mr_doc_part(const struct mr_doc *doc, struct mr_strbuf *buf)
{
    return (struct mr_doc){.format = doc->format, .out = buf};
}

void mr_doc_put_part(struct mr_doc *doc, const struct mr_strbuf *buf, size_t from,
                     size_t to)
{
    mr_strbuf_add(doc->out, buf->ptr + from, to - from);
    doc->out->failed |= buf->failed;
}
