/*
 * report_story_text: a story in words and small tables, in the order in which it is told,
 * for any format that is read by people.
 *
 * Ownership: texts live in the arena given.  Nothing is escaped yet.  Errors: MR_E_NOMEM.
 * Threads: no state.
 */
#ifndef MR_REPORT_STORY_TEXT_H
#define MR_REPORT_STORY_TEXT_H

#include "recon/report/report_story.h"

struct mr_report;

enum mr_story_stage {
    MR_STAGE_BEFORE = 1,
    MR_STAGE_ACTION,
    MR_STAGE_AFTER,
    MR_STAGE_PROOF
};

enum mr_story_tone { MR_TONE_PLAIN, MR_TONE_GOOD, MR_TONE_WARN, MR_TONE_BAD };

/* A paragraph, a table, or a table with a paragraph in front. */
struct mr_story_block {
    enum mr_story_stage stage;
    enum mr_story_tone tone; /* of the text */
    const char *text;        /* or NULL */
    size_t ncolumns;         /* 0: no table */
    unsigned numbers;        /* bit i: column i holds numbers */
    struct mr_vec cells;     /* const char *, row by row; the first row is the head */
};

struct mr_story_telling {
    const struct mr_report *report;
    struct mr_arena *arena;
    struct mr_vec blocks; /* struct mr_story_block, by stage */
    const char *conclusion;
    enum mr_story_tone tone; /* of the whole */
};

/* report->story is there.  To be released also after a failure. */
enum mr_code mr_story_tell(struct mr_story_telling *telling,
                           const struct mr_report *report, struct mr_arena *arena,
                           struct mr_err *err);
void mr_story_telling_release(struct mr_story_telling *telling);

const char *mr_story_stage_name(enum mr_story_stage stage);

#endif
