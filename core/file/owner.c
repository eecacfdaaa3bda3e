/* owner.c: see owner.h. */
#include "core/file/owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 64
#define LOOKUP_BYTES 4096

/* How much of a path is left without the slashes that end it. */
static size_t plain_len(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len;
}

/* A directory that cannot be looked at is reported when it is used. */
static bool is_public(const char *path)
{
    struct stat st;
    size_t len = plain_len(path);
    while (len > 0 && path[len - 1] != '/')
        len--;
    char *dir = len == 0 ? strdup(".") : strndup(path, len);
    bool is = dir == NULL || (stat(dir, &st) == 0 && (st.st_mode & S_IWOTH) != 0);
    free(dir);
    return is;
}

static void name_of(uid_t uid, char name[NAME_BYTES])
{
    char buffer[LOOKUP_BYTES];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        (void)snprintf(name, NAME_BYTES, "%s", found->pw_name);
    else
        (void)snprintf(name, NAME_BYTES, "%lu", (unsigned long)uid);
}

enum mr_code mr_owner_check_stat(const char *path, const struct stat *st, struct mr_err *err)
{
    char name[NAME_BYTES];
    if (st->st_uid == geteuid() || st->st_uid == 0 || !is_public(path))
        return MR_OK;
    name_of(st->st_uid, name);
    (void)mr_err_set(err, MR_E_IO,
                     "\"%s\" belongs to user \"%s\", in a directory that everybody may "
                     "write",
                     path, name);
    mr_err_hint(err, "Nothing was written. Choose a place where only this user may write.");
    return MR_E_IO;
}

enum mr_code mr_owner_check(const char *path, struct mr_err *err)
{
    struct stat st;
    char *plain = strndup(path, plain_len(path));
    if (plain == NULL)
        return mr_err_nomem(err, "looking at a file");
    bool is_there = lstat(plain, &st) == 0;
    free(plain);
    return is_there ? mr_owner_check_stat(path, &st, err) : MR_OK;
}

enum mr_code mr_owner_check_open(const char *path, int fd, struct mr_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not look at \"%s\"", path);
    return mr_owner_check_stat(path, &st, err);
}

/* A directory's or device's mode says nothing: /dev/null may be written by all. */
enum mr_code mr_owner_check_own(const char *path, const struct stat *st, struct mr_err *err)
{
    char name[NAME_BYTES];
    if (st->st_uid != geteuid() && st->st_uid != 0) {
        name_of(st->st_uid, name);
        (void)mr_err_set(err, MR_E_IO, "file \"%s\" belongs to user \"%s\"", path, name);
    } else if (S_ISREG(st->st_mode) && (st->st_mode & S_IWOTH) != 0) {
        (void)mr_err_set(err, MR_E_IO, "file \"%s\" may be written by everybody", path);
    } else {
        return MR_OK;
    }
    mr_err_hint(err,
                "It was found, not named, and so it is not used. If it is what is wanted, name "
                "it with --config.");
    return MR_E_IO;
}
