/*
 * binlog_json: a document as MySQL stores JSON, and the text that its SELECT gives of it.
 *
 * A value is a type and bytes.  An object or array holds a table of entries, with offsets of two
 * bytes (small) or four (large) from its own beginning; numbers that fit stand in the entry itself.
 * Keys are in the order in which they are printed.  What JSON has no type for is opaque: a field
 * type of the client protocol and its bytes (decimals, dates, times; all else as base64).
 *
 * Offsets may lie: a document whose parts overlap could have a text without an end.  A text is at
 * most TEXT_TIMES as long as its document, and as deep as MySQL allows, else the document is damaged.
 *
 * Ownership: values point into the document.  Threads: no state.
 */
#ifndef MR_BINLOG_JSON_H
#define MR_BINLOG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/strbuf.h"

#define MR_BINLOG_JSON_DEPTH_MAX 100 /* as MySQL's own */

/* A value within a document. */
struct mr_binlog_json {
    uint8_t type;
    const uint8_t *at;
    size_t len; /* up to the end of what it stands in */
};

struct mr_binlog_json_key {
    const char *ptr;
    size_t len;
};

/* An object or array. */
struct mr_binlog_json_list {
    struct mr_binlog_json value;
    size_t count;
    bool is_object, is_large;
};

/* The value of a whole document; an empty one is null, as MySQL has it. */
void mr_binlog_json_open(const uint8_t *doc, size_t len, struct mr_binlog_json *out);
/* *is_list: whether it is one.  False: damaged. */
bool mr_binlog_json_list(const struct mr_binlog_json *value, struct mr_binlog_json_list *out,
                         bool *is_list);
bool mr_binlog_json_item(const struct mr_binlog_json_list *list, size_t i,
                         struct mr_binlog_json *out);
bool mr_binlog_json_key(const struct mr_binlog_json_list *list, size_t i,
                        struct mr_binlog_json_key *out);

/* Appends the text of a value that stands `depth` lists deep.  limit: of out->len, beyond which the
 * document is damaged.  False: damaged. */
bool mr_binlog_json_add(struct mr_strbuf *out, const struct mr_binlog_json *value, unsigned depth,
                        size_t limit);
/* Appends a text in quotes, with MySQL's escapes. */
void mr_binlog_json_quote(struct mr_strbuf *out, const char *ptr, size_t len);
/* The limit for a text of documents of so many bytes that begins now. */
size_t mr_binlog_json_limit(const struct mr_strbuf *out, size_t bytes);
/* A whole document.  False: damaged, or out->failed. */
bool mr_binlog_json_text(struct mr_strbuf *out, const uint8_t *doc, size_t len);

#endif
