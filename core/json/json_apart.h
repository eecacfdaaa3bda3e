/*
 * json_apart: a JSON document of which the items of long arrays are read one at a time.
 *
 *   mr_json_apart_parse(text, …, "tables") → mr_json_apart_root, and the getters of
 *   json_in.h → mr_json_apart_array, mr_json_apart_item … → mr_json_apart_free
 *
 * A tree of values takes five times the bytes of its text.  The items of every array that is
 * a member of that name are left out of the tree of the rest, and each has a tree of its own
 * for as long as it is looked at.
 *
 * Ownership: the text is the caller's and stays until the free; an item belongs to the
 * document and is gone with the next.  Errors: those of mr_json_parse; MR_E_REFUSED for an
 * array that was not set apart (its name was written in another way) and an item that is no
 * object.  Threads: one at a time per document.
 */
#ifndef MR_JSON_APART_H
#define MR_JSON_APART_H

#include "core/json/json_in.h"

struct mr_json_apart;

/* name stands for the file in messages. */
enum mr_code mr_json_apart_parse(const char *text, size_t len, const char *name, const char *member,
                                 struct mr_json_apart **out, struct mr_err *err);
void mr_json_apart_free(struct mr_json_apart *doc); /* NULL is fine */
const struct json_t *mr_json_apart_root(const struct mr_json_apart *doc);
/* The items first to first + count - 1 are those of the object's array of that member. */
enum mr_code mr_json_apart_array(const struct mr_json_apart *doc, const struct json_t *object,
                                 size_t *first, size_t *count, struct mr_err *err);
enum mr_code mr_json_apart_item(struct mr_json_apart *doc, size_t at, const struct json_t **out,
                                struct mr_err *err);

#endif
