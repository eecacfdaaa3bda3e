/*
 * report_story_json: a story as lines of "myrecon/report/1"
 * (docs/formats/report-json-v1.md).
 *
 * Errors: the writer's.  Threads: no state.
 */
#ifndef MR_REPORT_STORY_JSON_H
#define MR_REPORT_STORY_JSON_H

#include "core/json/jsonw.h"
#include "recon/report/report_story_text.h"

/* tone, conclusion: what it comes to, by mr_story_conclude(). */
void mr_story_json(struct mr_jsonw *w, const struct mr_story *story, enum mr_doc_tone tone,
                   const char *conclusion);

#endif
