/*
 * json_reader: members of a document of json_in.h, read one after the other.
 *
 *   struct mr_json_reader r = {.arena = …, .err = …, .doing = "reading a manifest"};
 *   mr_json_read_… as often as needed → r.code
 *
 * Sticky: after the first failure every call gives nothing (0, false, NULL, no items; of
 * mr_json_read_text an empty text), and code and *err say what it was.
 *
 * Ownership: texts and lists live in the arena; objects and arrays belong to the document.
 * Errors: those of json_in.h.  Threads: one at a time per reader.
 */
#ifndef MR_JSON_READER_H
#define MR_JSON_READER_H

#include "core/base/intern.h"
#include "core/json/json_in.h"

struct mr_json_reader {
    struct mr_arena *arena;
    struct mr_err *err;
    enum mr_code code;       /* of the first failure */
    const char *doing;       /* for the message where memory is short */
    struct mr_intern *texts; /* over the arena: equal texts are kept once; or NULL */
};

const char *mr_json_read_text(struct mr_json_reader *r, const struct json_t *object,
                              const char *name);
/* NULL where the member is null or missing. */
const char *mr_json_read_text_or_null(struct mr_json_reader *r, const struct json_t *object,
                                      const char *name);
/* As mr_json_get_exact. */
const char *mr_json_read_exact(struct mr_json_reader *r, const struct json_t *object,
                               const char *name);
uint64_t mr_json_read_number(struct mr_json_reader *r, const struct json_t *object,
                             const char *name);
/* A string of digits, with or without a sign. */
int64_t mr_json_read_signed(struct mr_json_reader *r, const struct json_t *object,
                            const char *name);
bool mr_json_read_bool(struct mr_json_reader *r, const struct json_t *object, const char *name);
const struct json_t *mr_json_read_object(struct mr_json_reader *r, const struct json_t *object,
                                         const char *name);
/* The array, and zeroed room for its items; *items is NULL only after a failure. */
const struct json_t *mr_json_read_array(struct mr_json_reader *r, const struct json_t *object,
                                        const char *name, size_t item_size, size_t *count,
                                        void **items);
/* An item that is an object. */
const struct json_t *mr_json_read_item(struct mr_json_reader *r, const struct json_t *array,
                                       size_t at);
/* An array of texts. */
const char *const *mr_json_read_texts(struct mr_json_reader *r, const struct json_t *object,
                                      const char *name, size_t *count);
/* Fails by MR_E_REFUSED: a value that no writer would have written; `what` says of what. */
void mr_json_read_refuse(struct mr_json_reader *r, const char *what, const char *value);
/* Passes on what was allocated; fails where it is NULL. */
void *mr_json_read_keep(struct mr_json_reader *r, void *ptr);

#endif
