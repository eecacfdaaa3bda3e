/*
 * page_frame: what stands around any page: one file of HTML that needs nothing else.
 *
 *   mr_page_begin → the body, by the caller → mr_page_end
 *
 * Style and script are in it, allowed by their digests in its Content-Security-Policy, and it
 * loads nothing: a value that got past an escape could still do nothing.
 *
 * Ownership: assets are constants.  Errors: MR_E_BUG where no digest can be made; else the
 * buffer's.  Threads: no state.
 */
#ifndef MR_PAGE_FRAME_H
#define MR_PAGE_FRAME_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"

/* A style or script, as the build has put it into the program. */
struct mr_page_asset {
    const unsigned char *ptr;
    size_t len;
};

struct mr_page_frame {
    const char *title; /* text of whatever origin */
    struct mr_page_asset style, script;
    const char *skip_to; /* what the link for keyboards says: "To the result"; it leads to #main */
};

/* Up to the beginning of the body. */
enum mr_code mr_page_begin(const struct mr_page_frame *frame, struct mr_strbuf *out,
                           struct mr_err *err);
/* The script, and the end. */
void mr_page_end(const struct mr_page_frame *frame, struct mr_strbuf *out);

#endif
