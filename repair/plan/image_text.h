/*
 * image_text: the rows of a conflict, as conflicts.csv has them (a JSON object a row), made fit to
 * be shown: columns that are masked stay so, and long values are cut.
 *
 *   mr_image_text_init → mr_image_text_show → mr_image_text_release
 *
 * A value that is masked becomes {"mask":"+49•••21","same":N}, one that is long
 * {"start":"…","bytes":N,"same":N}, or {"hex":"…",…}; all others stay byte by byte as they are.  Of one
 * column two values with one number are equal, so that nothing is told of a masked value but that.  The
 * values of a column with a long one begin where they begin to differ: "skipped":N bytes are before that.
 *
 * Ownership: texts that are shown live in the struct until the next call.  Errors: MR_E_REFUSED
 * for a text that no planner wrote; MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_IMAGE_TEXT_H
#define MR_IMAGE_TEXT_H

#include "core/base/strbuf.h"
#include "core/cli/option.h"
#include "core/file/csv_in.h"

/* source, target, base, columns */
#define MR_IMAGES 4
/* Bytes of a value, as JSON writes it, above which its column's are cut. */
#define MR_IMAGE_VALUE_MAX ((size_t)4096)

struct mr_image_text {
    const struct mr_string_list *masked; /* names of columns; NULL: none */
    struct mr_strbuf shown[MR_IMAGES];
    bool is_changed[MR_IMAGES]; /* some value of it is masked or cut */
};

/* A member of an image, as it stands there: a string, null, or an object. */
struct mr_image_member {
    struct mr_csv_field name, value; /* name without its quotes */
};

/* Moves *at behind the next member of the text up to end; it begins at its `{`.  False: there is none,
 * and *at is NULL where the text is no object. */
bool mr_image_text_next(const char **at, const char *end, struct mr_image_member *member);
/* The value that a text has of that name; ptr NULL: none. */
struct mr_csv_field mr_image_text_value(const char *image, struct mr_csv_field name);
/* Appends what a JSON string says that stands between these quotes. */
void mr_image_text_unquote(struct mr_strbuf *out, struct mr_csv_field quoted);

void mr_image_text_init(struct mr_image_text *text, const struct mr_string_list *masked);
void mr_image_text_release(struct mr_image_text *text);
/* An image without bytes is shown as none. */
enum mr_code mr_image_text_show(struct mr_image_text *text,
                                const struct mr_csv_field images[MR_IMAGES], struct mr_err *err);

#endif
