/* log_names.c: see log_names.h. */
#include "core/logs/log_names.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/binlog/binlog_file.h"
#include "core/logs/archive_list.h"

size_t mr_history_log_len(const char *name, bool archived)
{
    size_t len = strlen(name);
    if (len > 4 && strcmp(name + len - 4, ".zst") == 0)
        len -= 4;
    else if (len > 3 && strcmp(name + len - 3, ".gz") == 0)
        len -= 3;
    size_t digits = 0;
    while (digits < len && name[len - digits - 1] >= '0' && name[len - digits - 1] <= '9')
        digits++;
    return archived && digits > 0 && len > digits && name[len - digits - 1] == '.'
               ? len - digits - 1
               : len;
}

/* Files that history archive has written have names of their own. */
bool mr_history_log_follows(const char *before, const char *name)
{
    for (unsigned i = 0; i < 4; i++) {
        char a[256], b[256];
        (void)snprintf(a, sizeof a, "%.*s", (int)mr_history_log_len(before, (i & 1) != 0), before);
        (void)snprintf(b, sizeof b, "%.*s", (int)mr_history_log_len(name, (i & 2) != 0), name);
        if (mr_archive_is_next(a, b))
            return true;
    }
    return false;
}

static bool ends_in(const char *place, size_t len, const char *log)
{
    const size_t end = strlen(log);
    return len >= end && memcmp(place + len - end, log, end) == 0 &&
           (len == end || place[len - end - 1] == '/');
}

bool mr_history_log_is(const char *place, const char *log)
{
    return ends_in(place, strlen(place), log) ||
           ends_in(place, mr_history_log_len(place, false), log) ||
           ends_in(place, mr_history_log_len(place, true), log);
}

static enum mr_code add_given(const char *given, struct mr_arena *arena, struct mr_vec *paths,
                              struct mr_err *err)
{
    struct stat st;
    const char **found = NULL;
    size_t nfound = 0;
    if (stat(given, &st) == 0 && S_ISDIR(st.st_mode)) {
        MR_TRY(mr_binlog_files_list(given, arena, &found, &nfound, err));
        if (nfound == 0)
            return mr_err_set(err, MR_E_NO_SUCH, "directory \"%s\" has no binary log in it", given);
    } else {
        found = &given;
        nfound = 1;
    }
    for (size_t i = 0; i < nfound; i++) {
        const char **path = mr_vec_push(paths);
        if (path == NULL)
            return mr_err_nomem(err, "reading binary logs");
        *path = found[i];
    }
    return MR_OK;
}

enum mr_code mr_history_log_files(const char *const *given, size_t ngiven, struct mr_arena *arena,
                                  struct mr_vec *paths, struct mr_err *err)
{
    enum mr_binlog_order by;
    for (size_t i = 0; i < ngiven; i++)
        MR_TRY(add_given(given[i], arena, paths, err));
    return mr_binlog_files_sort(paths->items, paths->count, &by, err);
}

static bool ends_in_one(const char *name, size_t len)
{
    size_t at = len;
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
        at--;
    while (at < len && name[at] == '0')
        at++;
    return len - at == 1 && name[at] == '1';
}

bool mr_history_log_is_first(const char *log)
{
    return ends_in_one(log, mr_history_log_len(log, false)) ||
           ends_in_one(log, mr_history_log_len(log, true));
}
