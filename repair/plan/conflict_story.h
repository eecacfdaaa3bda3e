/*
 * conflict_story: which side changed what of a row since the split, and when, where the logs tell: a
 * sentence, for the page and for the terminal.
 *
 *     Since the split the lost side changed city (2026-04-02 10:00:00); the live side changed name
 *     (2026-04-03 09:30:00). Times are UTC, as each side's log attests.
 *
 * Errors: out of memory the buffer is marked failed.  Threads: no state.
 */
#ifndef MR_CONFLICT_STORY_H
#define MR_CONFLICT_STORY_H

#include <stdbool.h>

#include "core/base/strbuf.h"

/* What conflicts.csv has of the row, as it is shown; "" for none. */
struct mr_conflict_story {
    const char *base, *source, *target; /* images (image_text.h) */
    /* what each side's log attests (planning/conflict_changes.h); NULL: the plan is of a version that did
     * not ask */
    const char *source_changes, *target_changes;
    bool whole; /* with each time the transaction, and where it stands in the log */
};

/* Appends the sentence; nothing where no log has shown the row. */
void mr_conflict_story_add(struct mr_strbuf *out, const struct mr_conflict_story *story);

#endif
