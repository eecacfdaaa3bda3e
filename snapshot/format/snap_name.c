/* snap_name.c: names of files in a snapshot; see snap_dir.h. */
#include <string.h>

#include "core/file/sha256.h"
#include "snapshot/format/snap_dir.h"

#define STEM_MAX_BYTES 180
#define STEM_DIGITS 32

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

void mr_snap_name_add(struct mr_strbuf *out, const char *name)
{
    for (; *name != '\0'; name++) {
        if (is_plain(*name))
            mr_strbuf_add_char(out, *name);
        else
            mr_strbuf_add_fmt(out, "%%%02X", (unsigned)(unsigned char)*name);
    }
}

/* Escaped, two names may be longer together than a file's name may be: then a digest of both
 * stands for them, so that no two tables meet. */
void mr_snap_stem_add(struct mr_strbuf *out, const char *db, const char *name)
{
    char hex[MR_SHA256_HEX];
    size_t from = out->len;
    mr_snap_name_add(out, db);
    mr_strbuf_add_char(out, '.');
    mr_snap_name_add(out, name);
    if (out->failed || out->len - from <= STEM_MAX_BYTES)
        return;
    if (mr_sha256_bytes(out->ptr + from, out->len - from, hex, NULL) != MR_OK) {
        out->failed = true;
        return;
    }
    out->len = from;
    mr_strbuf_add(out, hex, STEM_DIGITS);
}

bool mr_snap_name_ends(const char *name, const char *suffix)
{
    const size_t len = strlen(name), tail = strlen(suffix);
    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

bool mr_snap_name_is_encrypted(const char *name)
{
    return mr_snap_name_ends(name, MR_SNAP_ENCRYPTED);
}

static bool is_name(const char *name, size_t len)
{
    if (len == 0 || name[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_plain(name[i]) && name[i] != '.' && name[i] != '%')
            return false;
    return true;
}

bool mr_snap_name_is_safe(const char *name)
{
    static const char *const folders[] = {"data/", "schema/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t len = strlen(folders[i]);
        if (strncmp(name, folders[i], len) == 0)
            return is_name(name + len, strlen(name + len));
    }
    return is_name(name, strlen(name));
}
