/*
 * report_story_text: a story in words and small tables, in the order in which it is reported.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_STORY_TEXT_H
#define MR_REPORT_STORY_TEXT_H

#include "recon/report/report_doc.h"
#include "recon/report/report_story.h"

struct mr_report;

/* report->story is there. */
void mr_story_tell(struct mr_doc *doc, const struct mr_report *report);
/* Puts what it comes to into the empty buffer, in a sentence or two, and says how that is. */
enum mr_doc_tone mr_story_conclude(const struct mr_story *story, struct mr_strbuf *out);
/* What is so now, in two to five words ("Applied and verified"); NULL: no plan was given, so that the
 * check's own verdict is what is so. */
const char *mr_story_state(const struct mr_story *story);

#endif
