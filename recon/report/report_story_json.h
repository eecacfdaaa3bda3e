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

void mr_story_json(struct mr_jsonw *w, const struct mr_story *story,
                   const struct mr_story_telling *telling);

#endif
