/* casefile_copy.c: see casefile_copy.h. */
#include "core/case/casefile_copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

/* The header says WAL where a writer has the case open: the copy is one file, without. */
static int copy_all(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return sqlite3_errcode(to);
    const int rc = sqlite3_backup_step(backup, -1), ended = sqlite3_backup_finish(backup);
    if (rc != SQLITE_DONE)
        return rc;
    return ended == SQLITE_OK ? sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL)
                              : ended;
}

int mr_case_copy_pages(sqlite3 *from, const char *path)
{
    sqlite3 *to = NULL;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return SQLITE_CANTOPEN;
    (void)close(fd);
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = copy_all(from, to);
    const int closed = sqlite3_close(to);
    if (rc == SQLITE_OK)
        rc = closed;
    if (rc != SQLITE_OK)
        (void)unlink(path);
    return rc;
}
