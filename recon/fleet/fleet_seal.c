/* fleet_seal.c: see fleet_seal.h. */
#include "recon/fleet/fleet_seal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/file/in_file.h"

#define PIECE 65536
#define SECTOR 512 /* pages of a database are multiples of it; what a seal stood behind is none */

void mr_fleet_seal_line(const char hex[MR_SHA256_HEX], char out[MR_FLEET_SEAL_BYTES + 1])
{
    (void)snprintf(out, MR_FLEET_SEAL_BYTES + 1, MR_FLEET_SEAL_BEGINS "%s\n", hex);
}

static enum mr_code unreadable(const char *path, struct mr_err *err)
{
    return mr_err_set_sys(err, MR_E_IO, errno, "could not read \"%s\"", path);
}

/* The last bytes of the file, if they are a seal's. */
static enum mr_code read_line(int fd, const char *path, char line[MR_FLEET_SEAL_BYTES + 1],
                              uint64_t *body_bytes, bool *sealed, struct mr_err *err)
{
    struct stat st;
    *sealed = false;
    if (fstat(fd, &st) != 0)
        return unreadable(path, err);
    *body_bytes = (uint64_t)st.st_size;
    if (*body_bytes < MR_FLEET_SEAL_BYTES)
        return MR_OK;
    const uint64_t at = *body_bytes - MR_FLEET_SEAL_BYTES;
    const ssize_t got = pread(fd, line, MR_FLEET_SEAL_BYTES, (off_t)at);
    if (got < 0)
        return unreadable(path, err);
    *sealed = got == MR_FLEET_SEAL_BYTES &&
              memcmp(line, MR_FLEET_SEAL_BEGINS, sizeof MR_FLEET_SEAL_BEGINS - 1) == 0;
    if (*sealed)
        *body_bytes = at;
    return MR_OK;
}

static enum mr_code hash_body(int fd, const char *path, uint64_t bytes, char hex[MR_SHA256_HEX],
                              struct mr_err *err)
{
    char piece[PIECE];
    struct mr_sha256 hash = {NULL};
    size_t got = 1;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sha256_init(&hash, err));
    for (; bytes > 0 && got > 0; bytes -= got) {
        if (mr_is_cancelled())
            MR_TRY_OUT(mr_cancelled_err(err));
        const size_t size = bytes < sizeof piece ? (size_t)bytes : sizeof piece;
        MR_TRY_OUT(mr_in_read(fd, path, piece, size, &got, err));
        mr_sha256_add(&hash, piece, got);
    }
    mr_sha256_finish(&hash, hex);
out:
    mr_sha256_release(&hash);
    return code;
}

enum mr_code mr_fleet_seal_check(const char *path, uint64_t *body_bytes, struct mr_err *err)
{
    char line[MR_FLEET_SEAL_BYTES + 1] = "", wanted[MR_FLEET_SEAL_BYTES + 1], hex[MR_SHA256_HEX];
    uint64_t bytes = 0;
    bool sealed = false;
    int fd = -1;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_in_open(path, MR_IN_PART, &fd, err));
    MR_TRY_OUT(read_line(fd, path, line, &bytes, &sealed, err));
    if (body_bytes != NULL)
        *body_bytes = bytes;
    if (!sealed && bytes % SECTOR == 0)
        goto out;
    MR_TRY_OUT(hash_body(fd, path, bytes, hex, err));
    mr_fleet_seal_line(hex, wanted);
    if (!sealed || memcmp(line, wanted, MR_FLEET_SEAL_BYTES) != 0)
        code = mr_err_set(err, MR_E_CASE,
                          "the bytes of case file \"%s\" are others than were written", path);
out:
    if (fd >= 0)
        (void)close(fd);
    return code;
}
