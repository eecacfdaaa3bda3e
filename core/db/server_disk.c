/* server_disk.c: see server_disk.h. */
#include "core/db/server_disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Of the server's name and path there may be another directory: an empty one of an image,
 * beside the server's container.  Every server's holds "mysql". */
static bool is_here(const struct mr_server *server)
{
    char name[256], inside[sizeof server->datadir + sizeof "/mysql"];
    (void)snprintf(inside, sizeof inside, "%s/mysql", server->datadir);
    return gethostname(name, sizeof name) == 0 && strcmp(name, server->hostname) == 0 &&
           access(server->datadir, F_OK) == 0 && (access(inside, F_OK) == 0 || errno == EACCES);
}

bool mr_server_disk_here(const struct mr_server *server, struct mr_server_disk *out)
{
    struct statvfs fs;
    if (!is_here(server) || statvfs(server->datadir, &fs) != 0)
        return false;
    out->bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
    out->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return true;
}

/* KiB of the file system with the longest matching path. */
enum mr_code mr_server_disk_ask(struct mr_db *db, struct mr_server_disk *out, struct mr_err *err)
{
    static const char sql[] =
        "SELECT Total * 1024, Available * 1024 FROM information_schema.DISKS WHERE "
        "LEFT(@@datadir, CHAR_LENGTH(Path)) = Path ORDER BY CHAR_LENGTH(Path) DESC "
        "LIMIT 1";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    enum mr_code code = mr_db_query(db, "nn", sql, sizeof sql - 1, &res, err);
    if (code == MR_OK && (row = mr_result_next(res)) != NULL && row[0].ptr != NULL &&
        row[1].ptr != NULL) {
        out->bytes = strtoull(row[0].ptr, NULL, 10);
        out->free_bytes = strtoull(row[1].ptr, NULL, 10);
    }
    mr_result_free(res);
    return code;
}
