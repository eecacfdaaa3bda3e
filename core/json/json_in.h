/*
 * json_in: reading JSON that myrecon itself has written (manifests), with jansson.
 *
 *   mr_json_load → mr_json_get_… → mr_json_free
 *
 * A getter takes an object and the name of a member; it fails where the member is missing
 * or of another type, naming both, so that a manifest that somebody edited is refused and
 * not guessed at.  A text with a NUL in it counts as none.  64-bit values stand in JSON as
 * strings of digits, which JSON's numbers cannot hold; mr_json_get_uint reads both.
 *
 * Ownership: texts and items belong to the document.  Errors: MR_E_IO for a file that
 * cannot be read or is larger than max_bytes, MR_E_NOMEM; MR_E_REFUSED for what is no JSON
 * or lacks a member: such a file is not acted upon.  Threads: one at a time per document.
 */
#ifndef MR_JSON_IN_H
#define MR_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"

struct mr_json_doc; /* owns everything */
struct json_t;      /* an object or array in it */

enum mr_code mr_json_load(const char *path, size_t max_bytes, struct mr_json_doc **out,
                          struct mr_err *err);
/* The same from memory; name stands for the file in messages. */
enum mr_code mr_json_parse(const char *text, size_t len, const char *name, struct mr_json_doc **out,
                           struct mr_err *err);
void mr_json_free(struct mr_json_doc *doc); /* NULL is fine */
const struct json_t *mr_json_root(const struct mr_json_doc *doc);

/* The text of a member; MR_E_REFUSED where there is none. */
enum mr_code mr_json_get_text(const struct json_t *object, const char *name, const char **out,
                              struct mr_err *err);
/* The same; a null or missing member is NULL. */
enum mr_code mr_json_get_text_or_null(const struct json_t *object, const char *name,
                                      const char **out, struct mr_err *err);
/* What mr_jsonw_exact (jsonw.h) has written, copied into the arena; NULL likewise.  Bytes
 * in hex that hold a NUL are refused. */
enum mr_code mr_json_get_exact(const struct json_t *object, const char *name,
                               struct mr_arena *arena, const char **out, struct mr_err *err);
bool mr_json_has(const struct json_t *object, const char *name);
enum mr_code mr_json_get_uint(const struct json_t *object, const char *name, uint64_t *out,
                              struct mr_err *err);
enum mr_code mr_json_get_bool(const struct json_t *object, const char *name, bool *out,
                              struct mr_err *err);
enum mr_code mr_json_get_object(const struct json_t *object, const char *name,
                                const struct json_t **out, struct mr_err *err);
/* *count items; read with mr_json_item. */
enum mr_code mr_json_get_array(const struct json_t *object, const char *name,
                               const struct json_t **out, size_t *count, struct mr_err *err);
/* An item that is an object. */
enum mr_code mr_json_item(const struct json_t *array, size_t at, const struct json_t **out,
                          struct mr_err *err);
/* An item as mr_json_get_exact reads it; NULL is refused. */
enum mr_code mr_json_item_exact(const struct json_t *array, size_t at, struct mr_arena *arena,
                                const char **out, struct mr_err *err);
/* An item that is a text. */
enum mr_code mr_json_item_text(const struct json_t *array, size_t at, const char **out,
                               struct mr_err *err);

#endif
