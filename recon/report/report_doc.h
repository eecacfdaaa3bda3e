/*
 * report_doc: a report as a document, written in a small markup of its own:
 *
 *   mr_doc_say(doc, "<p>Run <code>%s</code> found %s.</p>", uuid, words)
 *
 * Whoever tells something knows nothing of the format, and a format knows nothing of what
 * is reported: it is a table that says how each tag looks (report_doc_html.c has all of them).
 * Tags take up to MR_DOC_ATTRS words behind their name.  Markdown passes over tags that it
 * has no form for, and writes what stands between them.  A table of whatever look ends with
 * </table>, a paragraph with </p>.
 *
 * What comes in by %s is text of whatever origin; it is escaped, and never markup.
 *
 * What was said stands in `out` at once, so that a document of any length needs the memory
 * that lies between two drains of its sink.  Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_DOC_H
#define MR_REPORT_DOC_H

#include "recon/report/report_text.h"
#include "recon/report/report_value.h"

#define MR_DOC_ATTRS 4

enum mr_doc_tone { MR_TONE_PLAIN, MR_TONE_GOOD, MR_TONE_WARN, MR_TONE_BAD };

struct mr_doc_attr {
    const char *ptr;
    size_t len;
};

struct mr_doc_format;

struct mr_doc {
    const struct mr_doc_format *format;
    struct mr_strbuf *out;
    struct mr_texts texts;
    /* of a format that needs them */
    bool has_begun;
    size_t opened_at;
    unsigned ncolumns, numbers; /* bit i: column i holds numbers */
};

struct mr_doc_format {
    /* What a document begins and ends with; NULL: nothing. */
    enum mr_code (*begin)(struct mr_doc *doc, const char *title, struct mr_err *err);
    void (*end)(struct mr_doc *doc);
    void (*open)(struct mr_doc *doc, const char *tag, size_t len, const struct mr_doc_attr *attrs);
    void (*close)(struct mr_doc *doc, const char *tag, size_t len);
    void (*escape)(struct mr_strbuf *out, const char *ptr, size_t len);
    void (*value)(struct mr_doc *doc, const struct mr_report_value *value, bool in_cell);
    bool has_pictures;
};

/* The last one is the text alone, as it is: no tag has a form in it. */
extern const struct mr_doc_format mr_doc_html, mr_doc_md, mr_doc_plain;

/* Only %s, for texts (NULL: none), names of tags, and words behind these. */
void mr_doc_say(struct mr_doc *doc, const char *markup, ...) MR_PRINTF(2, 3);
/* The words, in that tag; the buffer is empty then, and whether it had failed is not lost. */
void mr_doc_words(struct mr_doc *doc, const char *tag, struct mr_strbuf *words);
/* A text that does not end with a NUL. */
void mr_doc_text(struct mr_doc *doc, const char *ptr, size_t len);

/* For a %s: mr_text_number() and mr_text_count(); the paragraph of a tone. */
const char *mr_doc_number(struct mr_doc *doc, uint64_t number);
const char *mr_doc_count(struct mr_doc *doc, uint64_t number, const char *one, const char *many);
const char *mr_doc_tone(enum mr_doc_tone tone);

/* A value with what of it differs; in a cell, it says, too, that it differs where that
 * cannot be seen. */
void mr_doc_value(struct mr_doc *doc, const struct mr_report_value *value, bool in_cell);
void mr_doc_value_cell(struct mr_doc *doc, const struct mr_report_value *value);
/* SVG as it is; formats without pictures pass over it.  The buffer is empty then. */
void mr_doc_picture(struct mr_doc *doc, struct mr_strbuf *svg);

/* The head of a table, that was just opened; numbers: bit i, column i holds some. */
void mr_doc_head(struct mr_doc *doc, const char *const *columns, size_t ncolumns, unsigned numbers);

/* What is said to it stands in the buffer until it is put into the document. */
struct mr_doc mr_doc_part(const struct mr_doc *doc, struct mr_strbuf *buf);
void mr_doc_put_part(struct mr_doc *doc, const struct mr_strbuf *buf, size_t from, size_t to);

#endif
