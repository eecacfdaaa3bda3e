/*
 * planjson: members of plan.json, written and read (manifest.h, manifest_tables.h).
 *
 * Numbers that come from a database are strings, because JSON's end at 2^53; counts are
 * numbers.  Reading is sticky: after the first failure every get gives nothing, and
 * reader->code says what it was.
 *
 * Ownership: what is read lives in the reader's arena.  Threads: no state.
 */
#ifndef MR_PLANJSON_H
#define MR_PLANJSON_H

#include "core/arena.h"
#include "core/json_in.h"
#include "core/jsonw.h"

void mr_planjson_put_text(struct mr_jsonw *w, const char *key, const char *text);
void mr_planjson_put_number(struct mr_jsonw *w, const char *key, uint64_t number);
void mr_planjson_put_signed(struct mr_jsonw *w, const char *key, int64_t number);
void mr_planjson_put_count(struct mr_jsonw *w, const char *key, uint64_t count);
void mr_planjson_put_bool(struct mr_jsonw *w, const char *key, bool value);
void mr_planjson_put_texts(struct mr_jsonw *w, const char *key, const char *const *texts,
                           size_t count);

struct mr_planjson {
    struct mr_arena *arena;
    struct mr_err *err;
    enum mr_code code; /* of the first failure */
};

const char *mr_planjson_get_text(struct mr_planjson *r, const struct json_t *object,
                                 const char *key);
const char *mr_planjson_get_text_or_null(struct mr_planjson *r,
                                         const struct json_t *object, const char *key);
uint64_t mr_planjson_get_number(struct mr_planjson *r, const struct json_t *object,
                                const char *key);
int64_t mr_planjson_get_signed(struct mr_planjson *r, const struct json_t *object,
                               const char *key);
bool mr_planjson_get_bool(struct mr_planjson *r, const struct json_t *object,
                          const char *key);
const char *const *mr_planjson_get_texts(struct mr_planjson *r,
                                         const struct json_t *object, const char *key,
                                         size_t *count);
const struct json_t *mr_planjson_get_object(struct mr_planjson *r,
                                            const struct json_t *object, const char *key);
/* The array, and zeroed room for its items. */
const struct json_t *mr_planjson_get_array(struct mr_planjson *r,
                                           const struct json_t *object, const char *key,
                                           size_t item_size, size_t *count, void **items);
const struct json_t *mr_planjson_get_item(struct mr_planjson *r,
                                          const struct json_t *array, size_t at);

#endif
