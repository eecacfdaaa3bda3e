/*
 * decide_story: which side changed what of a row since the split, where the logs tell: a sentence.
 *
 * Errors: out of memory the buffer is marked failed.  Threads: no state.
 */
#ifndef MR_DECIDE_STORY_H
#define MR_DECIDE_STORY_H

#include "core/base/strbuf.h"

/* What conflicts.csv has of the row, as it is shown; "" for none. */
struct mr_decide_story {
    const char *base, *source, *target; /* images (image_text.h) */
};

/* Appends the sentence; nothing where no log has shown the row. */
void mr_decide_story_add(struct mr_strbuf *out, const struct mr_decide_story *story);

#endif
