/* asked.c: see asked.h. */
#include "repair/plan/asked.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

bool mr_asked_is_mark(struct mr_csv_field first)
{
    while (first.len > 0 && (*first.ptr == ' ' || *first.ptr == '\t')) {
        first.ptr++;
        first.len--;
    }
    while (first.len > 0 && strchr(" \t\r", first.ptr[first.len - 1]) != NULL)
        first.len--;
    return first.len == sizeof MR_ASKED_MARK - 1 &&
           memcmp(first.ptr, MR_ASKED_MARK, first.len) == 0;
}

bool mr_asked_is_blank(const struct mr_csv_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < fields[i].len; n++)
            if (fields[i].ptr[n] != ' ' && fields[i].ptr[n] != '\t' && fields[i].ptr[n] != '\r')
                return false;
    return true;
}

enum mr_code mr_asked_digest(const char *page_key, struct mr_csv_field field,
                             char text[MR_ASKED_BYTES], struct mr_err *err)
{
    struct mr_sha256 hash;
    char hex[MR_SHA256_HEX];
    MR_TRY(mr_sha256_init(&hash, err));
    mr_sha256_add(&hash, page_key, strlen(page_key));
    mr_sha256_add(&hash, "\n", 1);
    mr_sha256_add(&hash, field.ptr, field.len);
    mr_sha256_finish(&hash, hex);
    (void)snprintf(text, MR_ASKED_BYTES, "%s%s", MR_ASKED_DIGEST, hex);
    return MR_OK;
}

bool mr_asked_is_digest(const char *text)
{
    const size_t mark = sizeof MR_ASKED_DIGEST - 1;
    return strncmp(text, MR_ASKED_DIGEST, mark) == 0 && mr_sha256_is_hex(text + mark);
}

enum mr_code mr_asked_key(char key[MR_SHA256_HEX], struct mr_err *err)
{
    unsigned char bytes[32];
    if (RAND_bytes(bytes, (int)sizeof bytes) != 1)
        return mr_err_set(err, MR_E_BUG, "OpenSSL gave no random bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(key + 2 * i, 3, "%02x", bytes[i]);
    return MR_OK;
}
