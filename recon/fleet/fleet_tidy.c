/* fleet_tidy.c: see fleet_tidy.h. */
#include "recon/fleet/fleet_tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/file/io.h"

/* Its writer may have needed a while for a byte, but no hour.  Should he live all the same, his rename
 * fails, and he says so. */
static bool was_left(int folder, const char *name, time_t now)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           st.st_uid == geteuid() && st.st_mtime < now - MR_FLEET_LEFT_S;
}

static void tidy(DIR *dir, const char *path, time_t now)
{
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        if (mr_io_is_temp_name(entry->d_name) && was_left(dirfd(dir), entry->d_name, now) &&
            unlinkat(dirfd(dir), entry->d_name, 0) == 0)
            mr_log_info("removed %s/%s, which a killed process has left", path, entry->d_name);
}

void mr_fleet_tidy(const struct mr_fleet_file *file, const char *fresh)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct stat st;
    mr_strbuf_add_fmt(&path, "%s/parts", file->dir);
    DIR *dir = !path.failed && stat(fresh, &st) == 0 ? opendir(path.ptr) : NULL;
    if (dir != NULL) {
        tidy(dir, path.ptr, st.st_mtime);
        (void)closedir(dir);
    }
    mr_strbuf_release(&path);
}
