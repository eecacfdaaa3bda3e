/* strbuf.c: see strbuf.h. */
#include "core/base/strbuf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE ((size_t)1 << 20)

char mr_strbuf_empty[1];

void mr_strbuf_init(struct mr_strbuf *sb)
{
    *sb = (struct mr_strbuf)MR_STRBUF_INIT;
}

void mr_strbuf_release(struct mr_strbuf *sb)
{
    if (sb->cap > 0)
        free(sb->ptr);
    mr_strbuf_init(sb);
}

void mr_strbuf_reset(struct mr_strbuf *sb)
{
    sb->len = 0;
    sb->failed = false;
    if (sb->cap > 0)
        sb->ptr[0] = '\0';
}

bool mr_strbuf_reserve(struct mr_strbuf *sb, size_t more)
{
    if (sb->failed)
        return false;
    if (sb->cap > sb->len && sb->cap - sb->len > more)
        return true;
    if (more > SIZE_MAX / 4 || sb->len > SIZE_MAX / 4) {
        sb->failed = true;
        return false;
    }
    size_t cap = sb->cap < 64 ? 64 : sb->cap;
    while (cap - sb->len <= more && cap < LARGE)
        cap += cap;
    if (cap - sb->len <= more) /* large: by an eighth, so that little is held in reserve */
        cap = sb->len + more + 1 + (sb->len + more) / 8;
    char *ptr = realloc(sb->cap > 0 ? sb->ptr : NULL, cap);
    if (ptr == NULL) {
        sb->failed = true;
        return false;
    }
    if (sb->cap == 0)
        ptr[0] = '\0';
    sb->ptr = ptr;
    sb->cap = cap;
    return true;
}

void mr_strbuf_shrink(struct mr_strbuf *sb, size_t keep_bytes)
{
    if (sb->cap > keep_bytes && sb->len < keep_bytes) {
        char *ptr = realloc(sb->ptr, keep_bytes);
        if (ptr != NULL) {
            sb->ptr = ptr;
            sb->cap = keep_bytes;
        }
    }
}

void mr_strbuf_add(struct mr_strbuf *sb, const void *ptr, size_t len)
{
    if (len == 0 || !mr_strbuf_reserve(sb, len))
        return;
    memcpy(sb->ptr + sb->len, ptr, len);
    sb->len += len;
    sb->ptr[sb->len] = '\0';
}

void mr_strbuf_add_str(struct mr_strbuf *sb, const char *str)
{
    mr_strbuf_add(sb, str, strlen(str));
}

void mr_strbuf_add_char(struct mr_strbuf *sb, char c)
{
    mr_strbuf_add(sb, &c, 1);
}

void mr_strbuf_add_lower(struct mr_strbuf *sb, const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char c = ptr[i];
        mr_strbuf_add_char(sb, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

/* Into the room that there is, as a rule enough; else once more. */
void mr_strbuf_add_args(struct mr_strbuf *sb, const char *fmt, va_list args)
{
    size_t room = sb->cap > sb->len ? sb->cap - sb->len : 0;
    if (sb->failed)
        return;
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(room > 0 ? sb->ptr + sb->len : NULL, room, fmt, args);
    bool fits = need >= 0 && (size_t)need < room;
    if (!fits && room > 0)
        sb->ptr[sb->len] = '\0';
    if (need < 0)
        sb->failed = true;
    else if (fits)
        sb->len += (size_t)need;
    else if (mr_strbuf_reserve(sb, (size_t)need)) {
        (void)vsnprintf(sb->ptr + sb->len, (size_t)need + 1, fmt, again);
        sb->len += (size_t)need;
    }
    va_end(again);
}

void mr_strbuf_add_fmt(struct mr_strbuf *sb, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    mr_strbuf_add_args(sb, fmt, args);
    va_end(args);
}

void mr_strbuf_add_uint(struct mr_strbuf *sb, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    mr_strbuf_add(sb, digits + at, sizeof digits - at);
}

void mr_strbuf_add_grouped(struct mr_strbuf *sb, uint64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            mr_strbuf_add_char(sb, ',');
        mr_strbuf_add_char(sb, digits[i]);
    }
}

void mr_strbuf_add_size(struct mr_strbuf *sb, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        size /= 1024;
    mr_strbuf_add_fmt(sb, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

static bool is_shell_plain(const char *ptr, size_t len)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_@%+=:,./-";
    for (size_t i = 0; i < len; i++)
        if (ptr[i] == '\0' || strchr(plain, ptr[i]) == NULL)
            return false;
    return len > 0;
}

void mr_strbuf_add_shell_word(struct mr_strbuf *sb, const char *ptr, size_t len)
{
    if (is_shell_plain(ptr, len)) {
        mr_strbuf_add(sb, ptr, len);
        return;
    }
    mr_strbuf_add_char(sb, '\'');
    for (size_t i = 0; i < len; i++) {
        if (ptr[i] == '\'')
            mr_strbuf_add_str(sb, "'\\''");
        else
            mr_strbuf_add_char(sb, ptr[i]);
    }
    mr_strbuf_add_char(sb, '\'');
}

void mr_strbuf_add_hex(struct mr_strbuf *sb, const void *ptr, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = ptr;
    if (len > SIZE_MAX / 4) {
        sb->failed = true;
        return;
    }
    if (!mr_strbuf_reserve(sb, 2 * len))
        return;
    for (size_t i = 0; i < len; i++) {
        sb->ptr[sb->len++] = digits[bytes[i] >> 4];
        sb->ptr[sb->len++] = digits[bytes[i] & 15];
    }
    sb->ptr[sb->len] = '\0';
}

enum mr_code mr_strbuf_check(const struct mr_strbuf *sb, const char *what, struct mr_err *err)
{
    return sb->failed ? mr_err_nomem(err, what) : MR_OK;
}

char *mr_strbuf_detach(struct mr_strbuf *sb)
{
    if (sb->failed || !mr_strbuf_reserve(sb, 0)) {
        mr_strbuf_release(sb);
        return NULL;
    }
    char *ptr = sb->ptr;
    mr_strbuf_init(sb);
    return ptr;
}
