/* casefile_header.c: see casefile_header.h. */
#include "core/case/casefile_header.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/file/in_file.h"
#include "core/file/owner.h"

/* Of the database header (SQLite file format, section 1.3). */
enum {
    HEADER_SIZE = 100,
    HEADER_AT_PAGE_SIZE = 16,    /* two bytes; 1: 65,536 */
    HEADER_AT_READ_VERSION = 19, /* 2: WAL */
    HEADER_AT_PAGES = 28,
    HEADER_AT_USER_VERSION = 60,
    HEADER_AT_APPLICATION_ID = 68
};

enum mr_code mr_case_fail_open(const char *path, const char *verb, int errno_value,
                               struct mr_err *err)
{
    (void)mr_err_set_sys(err, MR_E_CASE, errno_value, "could not %s case file \"%s\"", verb, path);
    if (errno_value == ENOENT)
        mr_err_hint(err, "Check the path; its directory must exist.");
    else
        mr_err_hint(err, "Check the owner and mode of the file and of its directory.");
    return MR_E_CASE;
}

static uint32_t be32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

enum mr_code mr_case_fail_foreign(const char *path, const char *reason, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CASE, "file \"%s\" is not a case file: %s", path, reason);
    mr_err_hint(err, "Nothing was changed in it; give a new path or a case of myrecon.");
    return MR_E_CASE;
}

enum mr_code mr_case_check_version(const char *path, int found, int known, struct mr_err *err)
{
    if (found >= MR_CASE_OLDEST && found <= known)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CASE,
                     "case file \"%s\" was written by %s version of myrecon: its format "
                     "is %d, this one knows %d",
                     path, found > known ? "a newer" : "an older", found, known);
    mr_err_hint(err, "%s",
                found > known ? "Use that version, or a newer one, to read it."
                              : "Use that version to read it, or start a new case.");
    return MR_E_CASE;
}

/* Read without SQLite, which would take an empty file for a database and play back what lies
 * beside a foreign one. */
enum mr_code mr_case_read_header(int fd, const char *path, int version, struct mr_case_header *out,
                                 struct mr_err *err)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char bytes[HEADER_SIZE] = {0};
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mr_case_fail_open(path, "read", errno, err);
    if (!S_ISREG(st.st_mode))
        return mr_case_fail_foreign(path, "it is no regular file", err);
    *out = (struct mr_case_header){.empty = st.st_size == 0};
    if (out->empty)
        return MR_OK;
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    if (got < 0)
        return mr_case_fail_open(path, "read", errno, err);
    if (got < HEADER_SIZE || memcmp(bytes, magic, sizeof magic) != 0)
        return mr_case_fail_foreign(path, "it is no SQLite database", err);
    if (be32(bytes + HEADER_AT_APPLICATION_ID) != MR_CASE_APPLICATION_ID)
        return mr_case_fail_foreign(path, "it is a SQLite database of another program", err);
    out->wal = bytes[HEADER_AT_READ_VERSION] == 2;
    unsigned long long page = be32(bytes + HEADER_AT_PAGE_SIZE) >> 16;
    if (page == 1)
        page = 65536;
    out->cut = (unsigned long long)st.st_size < page * be32(bytes + HEADER_AT_PAGES);
    return mr_case_check_version(path, (int)be32(bytes + HEADER_AT_USER_VERSION), version, err);
}

/* Size of path + suffix; -1 if there is none. */
long long mr_case_side_file_size(const char *path, const char *suffix)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct stat st;
    mr_strbuf_add_str(&name, path);
    mr_strbuf_add_str(&name, suffix);
    long long size = !name.failed && stat(name.ptr, &st) == 0 ? (long long)st.st_size : -1;
    mr_strbuf_release(&name);
    return size;
}

/* What another user than the case's own has put there would be read as a part of it. */
static enum mr_code check_side(const struct stat *own, const char *path, struct mr_err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? MR_OK : mr_case_fail_open(path, "look at", errno, err);
    if (S_ISREG(st.st_mode))
        return st.st_uid == own->st_uid ? MR_OK : mr_owner_check_stat(path, &st, err);
    (void)mr_err_set(err, MR_E_CASE, "\"%s\", which belongs to the case file, %s", path,
                     mr_in_strange(st.st_mode));
    mr_err_hint(err, "SQLite keeps it there while a run is open; see who has put it there, and "
                     "remove it.");
    return MR_E_CASE;
}

enum mr_code mr_case_check_sides(const char *real, struct mr_err *err)
{
    static const char *const sides[] = {"-journal", "-wal", "-shm"};
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat own;
    enum mr_code code = MR_OK;
    if (stat(real, &own) != 0)
        return mr_case_fail_open(real, "look at", errno, err);
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        mr_strbuf_reset(&path);
        mr_strbuf_add_fmt(&path, "%s%s", real, sides[i]);
        MR_TRY_OUT(mr_strbuf_check(&path, "opening the case file", err));
        MR_TRY_OUT(check_side(&own, path.ptr, err));
    }
out:
    mr_strbuf_release(&path);
    return code;
}

/* SQLite takes what is missing at the end of the last page for zeros, and rows there for
 * none: that would be an answer that is wrong.  With a log beside it the rest is there. */
enum mr_code mr_case_check_whole(const char *path, const char *real,
                                 const struct mr_case_header *header, struct mr_err *err)
{
    if (!header->cut || mr_case_side_file_size(real, "-wal") > 0 ||
        mr_case_side_file_size(real, "-journal") > 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CASE, "case file \"%s\" is cut short: its end is missing", path);
    mr_err_hint(err, "Copy it again, or take it from a backup.");
    return MR_E_CASE;
}
