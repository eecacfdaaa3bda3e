/*
 * strbuf: a growing buffer of bytes.
 *
 * Invariants: ptr is never NULL and ptr[len] is NUL, also after init; len is the truth
 * (the bytes may contain NUL).  Appending never fails visibly: after the first failed
 * allocation the buffer is marked `failed`, further appends do nothing, and
 * mr_strbuf_check() turns it into an error.  So a long text is built straight down and
 * checked once, before it is used.
 *
 * Calling sequence: init (or MR_STRBUF_INIT), append…, check, use, release.
 * Ownership: release frees; detach hands the heap block to the caller, who frees it.
 * Threads: one at a time.
 */
#ifndef MR_STRBUF_H
#define MR_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct mr_strbuf {
    char *ptr;
    size_t len;
    size_t cap; /* 0: nothing allocated yet */
    bool failed;
};

extern char mr_strbuf_empty[1];
#define MR_STRBUF_INIT                                                                             \
    {                                                                                              \
        .ptr = mr_strbuf_empty                                                                     \
    }

void mr_strbuf_init(struct mr_strbuf *sb);
void mr_strbuf_release(struct mr_strbuf *sb);
/* Forgets the content and a failure, keeps the memory. */
void mr_strbuf_reset(struct mr_strbuf *sb);

/* Append.  ptr may be NULL where len is 0; what is appended must not stand in the buffer
 * itself. */
void mr_strbuf_add(struct mr_strbuf *sb, const void *ptr, size_t len);
void mr_strbuf_add_str(struct mr_strbuf *sb, const char *str);
void mr_strbuf_add_char(struct mr_strbuf *sb, char c);
/* With the letters of ASCII in lower case. */
void mr_strbuf_add_lower(struct mr_strbuf *sb, const char *ptr, size_t len);
/* No argument may stand in the buffer itself. */
void mr_strbuf_add_fmt(struct mr_strbuf *sb, const char *fmt, ...) MR_PRINTF(2, 3);
/* The same for a function that takes a format itself. */
void mr_strbuf_add_args(struct mr_strbuf *sb, const char *fmt, va_list args) MR_PRINTF(2, 0);
/* As "%" PRIu64 would, for texts of many numbers. */
void mr_strbuf_add_uint(struct mr_strbuf *sb, uint64_t number);
/* 1234567 as 1,234,567: for people, never for a machine. */
void mr_strbuf_add_grouped(struct mr_strbuf *sb, uint64_t number);
/* "1.4 GiB", for people. */
void mr_strbuf_add_size(struct mr_strbuf *sb, uint64_t bytes);
/* Two lower-case hex digits a byte. */
void mr_strbuf_add_hex(struct mr_strbuf *sb, const void *ptr, size_t len);
/* One word of a POSIX shell, whatever the bytes; in quotes where they need them. */
void mr_strbuf_add_shell_word(struct mr_strbuf *sb, const char *ptr, size_t len);
/* Makes room for `more` bytes beyond len; false (and failed) when there is none. */
bool mr_strbuf_reserve(struct mr_strbuf *sb, size_t more);
/* Gives memory beyond `keep_bytes` back to the system if the buffer holds more. */
void mr_strbuf_shrink(struct mr_strbuf *sb, size_t keep_bytes);

/* MR_OK, or MR_E_NOMEM naming `what` ("building a query"). */
enum mr_code mr_strbuf_check(const struct mr_strbuf *sb, const char *what, struct mr_err *err);
/* The NUL-terminated block, now the caller's to free(); NULL if failed. */
char *mr_strbuf_detach(struct mr_strbuf *sb);

#endif
