/*
 * jsonw: writes JSON as it comes, one value a line, into a FILE, a sink or a strbuf.
 *
 *   mr_jsonw_init_file / init_sink / init_buf
 *     → object_begin, key, value, …, object_end, end_line … → mr_jsonw_finish → release
 *
 * Wrong nesting (a value without key in an object, an end without begin, a second value
 * on a line) is a bug and asserts.  Errors are sticky: after the first failed write or
 * allocation nothing more is written, and mr_jsonw_finish() reports it.
 *
 * Strings are UTF-8; each invalid byte becomes U+FFFD, so the output is always valid:
 * where the exact bytes matter use mr_jsonw_hex().  NUL and other control characters
 * are escaped.  Contract of the outputs: numbers from a database are strings, so use
 * mr_jsonw_string() for them, and mr_jsonw_uint() for counts.
 *
 * Ownership: the sink is the caller's and must outlive the writer; a FILE is not
 * closed. Limits: 64 levels.  Memory: at most 64 KiB plus one string's width before a
 * FILE or a sink. Threads: one at a time.
 */
#ifndef MR_JSONW_H
#define MR_JSONW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/file/sink.h"

struct mr_jsonw {
    struct mr_strbuf own;  /* what was not yet handed to file */
    struct mr_strbuf *out; /* &own, or the caller's */
    FILE *file;            /* NULL for others */
    struct mr_sink sink;   /* write is NULL for others */
    struct mr_err *told;   /* where the sink says what fails, or NULL */
    enum mr_code lost;     /* the first failure of the sink, else MR_OK */
    uint64_t arrays;       /* bit d: level d is an array */
    uint64_t filled;       /* bit d: level d has an item */
    unsigned depth;
    bool has_key;  /* a key waits for its value */
    int sys_errno; /* of the first failed write, else 0 */
};

/* The writer holds a pointer into itself: it must not be copied or moved. */
void mr_jsonw_init_file(struct mr_jsonw *w, FILE *file);
/* The sink's first failure is told to err, which outlives the writer, when it happens. */
void mr_jsonw_init_sink(struct mr_jsonw *w, struct mr_sink sink, struct mr_err *err);
void mr_jsonw_init_buf(struct mr_jsonw *w, struct mr_strbuf *out);
void mr_jsonw_release(struct mr_jsonw *w);

/* In an object each value has a key in front; begin and end are pairs. */
void mr_jsonw_object_begin(struct mr_jsonw *w);
void mr_jsonw_object_end(struct mr_jsonw *w);
void mr_jsonw_array_begin(struct mr_jsonw *w);
void mr_jsonw_array_end(struct mr_jsonw *w);
void mr_jsonw_key(struct mr_jsonw *w, const char *name);
void mr_jsonw_key_len(struct mr_jsonw *w, const char *ptr, size_t len);

void mr_jsonw_string(struct mr_jsonw *w, const char *ptr, size_t len);
void mr_jsonw_str(struct mr_jsonw *w, const char *str); /* NULL: null */
void mr_jsonw_int(struct mr_jsonw *w, int64_t value);
void mr_jsonw_uint(struct mr_jsonw *w, uint64_t value);
/* The shortest text that reads back as the same double; NaN and infinities are null. */
void mr_jsonw_double(struct mr_jsonw *w, double value);
void mr_jsonw_bool(struct mr_jsonw *w, bool value);
void mr_jsonw_null(struct mr_jsonw *w);
/* {"hex":"00ff"}: bytes that are no text. */
void mr_jsonw_hex(struct mr_jsonw *w, const void *ptr, size_t len);
/* A text whose exact bytes matter: a string, or as mr_jsonw_hex where it is no UTF-8; read
 * by mr_json_get_exact (json_in.h). */
void mr_jsonw_exact(struct mr_jsonw *w, const char *str);
/* One whole value that is JSON already. */
void mr_jsonw_raw(struct mr_jsonw *w, const char *ptr, size_t len);

/* A member of an object: its key and its value. */
void mr_jsonw_add_str(struct mr_jsonw *w, const char *name, const char *str);
void mr_jsonw_add_uint(struct mr_jsonw *w, const char *name, uint64_t value);
void mr_jsonw_add_bool(struct mr_jsonw *w, const char *name, bool value);
/* "seconds", to the millisecond. */
void mr_jsonw_add_seconds(struct mr_jsonw *w, double seconds);
/* A number of a database, which is a string. */
void mr_jsonw_add_number(struct mr_jsonw *w, const char *name, uint64_t value);
void mr_jsonw_add_texts(struct mr_jsonw *w, const char *name, const char *const *texts,
                        size_t count);

/* Several members, one after the other: "type:row table:%s whole:%d rows:%" PRIu64
 * " next:'%" PRIu64 "'": a word that is the value itself, a string (NULL: null), a bool, a
 * count, and a number of a database. */
void mr_jsonw_add_fmt(struct mr_jsonw *w, const char *members, ...) MR_PRINTF(2, 3);
/* An object of such members, and the end of its line. */
void mr_jsonw_line(struct mr_jsonw *w, const char *members, ...) MR_PRINTF(2, 3);

/* Ends the line after a top-level value. */
void mr_jsonw_end_line(struct mr_jsonw *w);
/* Flushes.  MR_E_IO (`name` is the output's, for the message), MR_E_NOMEM, or the
 * code of the sink's failure, which init_sink's err has. */
enum mr_code mr_jsonw_finish(struct mr_jsonw *w, const char *name, struct mr_err *err);

#endif
