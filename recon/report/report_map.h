/*
 * report_map: a table's two pictures, as inline SVG: the key-space map and the timeline.
 *
 * MAP: one lane a kind over the axis of the survey; a bin in which rows differ is a bar,
 * the higher the more rows.  The beginning of the tail is a dashed line; triangles below
 * the axis are AUTO_INCREMENT's next values.  TIMELINE: bars by time, the kinds stacked.
 *
 * Each kind has a colour and a pattern of its own, defined once a page by
 * mr_map_definitions().  A lane is one path, so that a picture has a few KiB however many
 * rows differ.  Texts are escaped.  Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_MAP_H
#define MR_REPORT_MAP_H

#include "recon/report/report_survey.h"

void mr_map_definitions(struct mr_strbuf *out);

/* map: one of the survey's. */
void mr_map_add(struct mr_strbuf *out, const struct mr_report_survey *survey,
                const struct mr_survey_map *map);
/* survey->times.nbuckets must not be 0. */
void mr_map_add_timeline(struct mr_strbuf *out, const struct mr_report_survey *survey);

#endif
