/*
 * report_story_page: a story as a part of the page, and of the text for a ticket.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_STORY_PAGE_H
#define MR_REPORT_STORY_PAGE_H

#include "recon/report/report_story_text.h"

void mr_story_html(struct mr_strbuf *out, const struct mr_story_telling *telling);
void mr_story_md(struct mr_strbuf *out, const struct mr_story_telling *telling);

#endif
