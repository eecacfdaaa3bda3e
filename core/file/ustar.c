/* ustar.c: see ustar.h. */
#include "core/file/ustar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 512
#define SIZE_LIMIT ((uint64_t)1 << 33) /* eleven octal digits */

/* As POSIX lays it out; numbers are octal text. */
struct header {
    char name[100];
    char mode[8], uid[8], gid[8];
    char size[12], mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6], version[2];
    char user[32], group[32];
    char device_major[8], device_minor[8];
    char prefix[155];
    char pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

void mr_ustar_init(struct mr_ustar *tar, struct mr_sink sink, uint64_t mtime)
{
    *tar = (struct mr_ustar){.sink = sink, .mtime = mtime};
}

static void put_octal(char *field, size_t size, uint64_t value)
{
    (void)snprintf(field, size, "%0*" PRIo64, (int)size - 1, value);
}

/* The sum of all bytes, those of the checksum itself taken for blanks. */
static void put_checksum(struct header *h)
{
    unsigned sum = 0;
    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof *h; i++)
        sum += ((const unsigned char *)h)[i];
    (void)snprintf(h->checksum, sizeof h->checksum, "%06o", sum);
    h->checksum[7] = ' ';
}

/* Everything that would differ from machine to machine (owner, mode, time of the file) is the same
 * for all: equal contents make equal archives. */
enum mr_code mr_ustar_add(struct mr_ustar *tar, const char *name, const void *ptr, size_t len,
                          struct mr_err *err)
{
    static const char zeros[BLOCK];
    struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    const size_t name_len = strlen(name);
    if (name_len == 0 || name_len >= sizeof h.name || (uint64_t)len >= SIZE_LIMIT)
        return mr_err_set(err, MR_E_USAGE, "file \"%.100s\" does not fit into an archive", name);
    memcpy(h.name, name, name_len);
    put_octal(h.mode, sizeof h.mode, 0600);
    put_octal(h.uid, sizeof h.uid, 0);
    put_octal(h.gid, sizeof h.gid, 0);
    put_octal(h.size, sizeof h.size, len);
    put_octal(h.mtime, sizeof h.mtime, tar->mtime);
    put_checksum(&h);
    MR_TRY(tar->sink.write(tar->sink.arg, &h, sizeof h, err));
    if (len > 0)
        MR_TRY(tar->sink.write(tar->sink.arg, ptr, len, err));
    if (len % BLOCK != 0)
        MR_TRY(tar->sink.write(tar->sink.arg, zeros, BLOCK - len % BLOCK, err));
    return MR_OK;
}

enum mr_code mr_ustar_finish(struct mr_ustar *tar, struct mr_err *err)
{
    static const char zeros[2 * BLOCK];
    return tar->sink.write(tar->sink.arg, zeros, sizeof zeros, err);
}
