/* sha256.c: see sha256.h. */
#include "core/file/sha256.h"

#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "core/file/in_file.h"

enum mr_code mr_sha256_init(struct mr_sha256 *hash, struct mr_err *err)
{
    hash->ctx = EVP_MD_CTX_new();
    if (hash->ctx != NULL && EVP_DigestInit_ex(hash->ctx, EVP_sha256(), NULL) == 1)
        return MR_OK;
    mr_sha256_release(hash);
    return mr_err_nomem(err, "computing a SHA-256");
}

void mr_sha256_add(struct mr_sha256 *hash, const void *ptr, size_t len)
{
    (void)EVP_DigestUpdate(hash->ctx, ptr, len);
}

void mr_sha256_finish(struct mr_sha256 *hash, char hex[MR_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE] = {0};
    (void)EVP_DigestFinal_ex(hash->ctx, bytes, NULL);
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[64] = '\0';
    mr_sha256_release(hash);
}

bool mr_sha256_is_hex(const char *text)
{
    return strlen(text) == MR_SHA256_HEX - 1 && text[strspn(text, "0123456789abcdef")] == '\0';
}

void mr_sha256_release(struct mr_sha256 *hash)
{
    EVP_MD_CTX_free(hash->ctx);
    hash->ctx = NULL;
}

enum mr_code mr_sha256_bytes(const void *ptr, size_t len, char hex[MR_SHA256_HEX],
                             struct mr_err *err)
{
    struct mr_sha256 hash;
    MR_TRY(mr_sha256_init(&hash, err));
    mr_sha256_add(&hash, ptr, len);
    mr_sha256_finish(&hash, hex);
    return MR_OK;
}

enum mr_code mr_sha256_file(const char *path, char hex[MR_SHA256_HEX], uint64_t *size_bytes,
                            struct mr_err *err)
{
    char buffer[64 * 1024];
    struct mr_sha256 hash = {NULL};
    uint64_t size = 0;
    size_t got = 0;
    int fd = -1;
    enum mr_code code = mr_in_open(path, MR_IN_PART, &fd, err);
    if (code == MR_OK)
        code = mr_sha256_init(&hash, err);
    while (code == MR_OK &&
           (code = mr_in_read(fd, path, buffer, sizeof buffer, &got, err)) == MR_OK && got > 0) {
        mr_sha256_add(&hash, buffer, got);
        size += got;
    }
    if (code == MR_OK)
        mr_sha256_finish(&hash, hex);
    mr_sha256_release(&hash);
    if (fd >= 0)
        (void)close(fd);
    if (size_bytes != NULL)
        *size_bytes = size;
    return code;
}
