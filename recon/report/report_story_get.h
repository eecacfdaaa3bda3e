/*
 * report_story_get: members of the JSON that a story is read from.
 *
 * Readers of outputs pass over what they do not know and take what is missing for none;
 * only memory can run out.  Sticky: after the first failure every get gives nothing, and
 * reader->code says what it was.
 *
 * Ownership: what is read lives in the reader's arena.  Threads: no state.
 */
#ifndef MR_REPORT_STORY_GET_H
#define MR_REPORT_STORY_GET_H

#include "recon/report/report_story.h"

struct mr_story_reader {
    struct mr_story *story;
    struct mr_err *err;
    enum mr_code code; /* of the first failure */
};

/* A copy, or NULL where there is none. */
const char *mr_story_get_text(struct mr_story_reader *r, const struct json_t *object,
                              const char *key);
/* The same of a text that may quote rows: masked. */
const char *mr_story_get_said(struct mr_story_reader *r, const struct json_t *object,
                              const char *key);
uint64_t mr_story_get_count(const struct json_t *object, const char *key);
bool mr_story_get_bool(const struct json_t *object, const char *key);
/* NULL where there is none. */
const struct json_t *mr_story_get_object(const struct json_t *object, const char *key);
/* The array; *count 0 where there is none. */
const struct json_t *mr_story_get_array(const struct json_t *object, const char *key,
                                        size_t *count);
const char *mr_story_keep(struct mr_story_reader *r, const char *text);
/* A zeroed new item, or NULL. */
void *mr_story_push(struct mr_story_reader *r, struct mr_vec *vec);

/* ---- what is read ---- */

/* plan.json and the journal of a plan directory. */
enum mr_code mr_story_read_plan(struct mr_story *story, const char *dir, struct mr_err *err);
/* Outputs of `gate check --json`, or a file of `gate record`. */
enum mr_code mr_story_read_gate(struct mr_story *story, const char *path, struct mr_err *err);
/* Outputs of `repair verify --json`. */
enum mr_code mr_story_read_verify(struct mr_story *story, const char *path, struct mr_err *err);

#endif
