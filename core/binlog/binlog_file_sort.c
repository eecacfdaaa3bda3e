/* binlog_file_sort.c: which files are logs, and in which order they were written (binlog_file.h). */
#include "core/binlog/binlog_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_stream.h"

/* What a log says of those before it stands behind its format and little else. */
#define HEAD_EVENTS 8
#define FILES_MAX ((size_t)1 << 16)

struct log {
    const char *path;
    size_t stem;     /* of the path, before the number */
    uint64_t number; /* that the name ends in */
    bool has_number;
    /* The same of "bin.000003.1207.zst", as history archive calls a log that may get longer: what stands in front
     * of its bytes. */
    size_t archived_stem;
    uint64_t archived_number;
    bool is_archived; /* it may be called so */
    bool has_before;  /* it says what the logs before it hold: */
    struct mr_gtid_set mysql;
    struct mr_gtid_state mariadb;
};

/* The number behind the last dot of the path's first len bytes; *stem: what is in front of it. */
static bool read_number(const char *path, size_t len, size_t *stem, uint64_t *number)
{
    size_t at = len;
    while (at > 0 && path[at - 1] >= '0' && path[at - 1] <= '9')
        at--;
    *stem = at;
    *number = 0;
    if (at == len || len - at > 18 || at == 0 || path[at - 1] != '.')
        return false;
    for (; at < len; at++)
        *number = *number * 10 + (uint64_t)(path[at] - '0');
    return true;
}

/* When endings of packing are taken off. */
static void look_at_name(struct log *log)
{
    size_t len = strlen(log->path);
    static const char *const endings[] = {".gz", ".zst"};
    for (size_t i = 0; i < 2; i++) {
        const size_t more = strlen(endings[i]);
        if (len > more && strncmp(log->path + len - more, endings[i], more) == 0)
            len -= more;
    }
    log->has_number = read_number(log->path, len, &log->stem, &log->number);
    log->is_archived = log->has_number && read_number(log->path, log->stem - 1, &log->archived_stem,
                                                      &log->archived_number);
}

/* What stands at its head; a log that ends there says nothing. */
static enum mr_code read_head(struct mr_binlog_stream *stream, struct log *log, struct mr_err *err)
{
    for (int i = 0; i < HEAD_EVENTS && !log->has_before; i++) {
        struct mr_binlog_event event;
        MR_TRY(mr_binlog_stream_next(stream, &event, err));
        if (event.type == MR_BINLOG_NONE)
            return MR_OK;
        if (event.type == MR_BINLOG_PREVIOUS_GTIDS)
            MR_TRY(mr_gtid_set_read(&log->mysql, &event, err));
        if (event.type == MR_BINLOG_MARIADB_GTID_LIST)
            MR_TRY(mr_gtid_state_read(&log->mariadb, &event, err));
        log->has_before =
            event.type == MR_BINLOG_PREVIOUS_GTIDS || event.type == MR_BINLOG_MARIADB_GTID_LIST;
    }
    return MR_OK;
}

static enum mr_code look_into(struct log *log, struct mr_err *err)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_binlog_file_open(log->path, &file, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_file_input(file), &stream, err));
    MR_TRY_OUT(read_head(stream, log, err));
out:
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
    return code;
}

/* ---- which is before which ---- */

/* a's earlier logs hold no more than b's. */
static bool is_within(const struct log *a, const struct log *b)
{
    return mr_gtid_set_contains(&b->mysql, &a->mysql) &&
           mr_gtid_state_contains(&b->mariadb, &a->mariadb);
}

static bool has_same_stem(const struct log *a, const struct log *b)
{
    return a->stem == b->stem && strncmp(a->path, b->path, a->stem) == 0;
}

/* Up to those stems.  Where the directories differ their names still may be of one series. */
static bool are_same_stems(const struct log *a, size_t a_stem, const struct log *b, size_t b_stem)
{
    const char *slash_a = strrchr(a->path, '/'), *slash_b = strrchr(b->path, '/');
    const size_t from_a = slash_a != NULL ? (size_t)(slash_a - a->path) + 1 : 0;
    const size_t from_b = slash_b != NULL ? (size_t)(slash_b - b->path) + 1 : 0;
    return (a_stem == b_stem && strncmp(a->path, b->path, a_stem) == 0) ||
           (a_stem >= from_a && b_stem >= from_b && a_stem - from_a == b_stem - from_b &&
            strncmp(a->path + from_a, b->path + from_b, a_stem - from_a) == 0);
}

static bool is_same_series(const struct log *a, const struct log *b)
{
    return are_same_stems(a, a->stem, b, b->stem);
}

/* A name that is of no other's series as it stands, and of one without its last number, is an archive's. */
static void look_at_archived(struct log *logs, size_t count, struct log *log)
{
    bool is_of = false;
    for (size_t i = 0; log->is_archived && i < count; i++) {
        const struct log *other = &logs[i];
        if (other == log || !other->has_number)
            continue;
        if (is_same_series(log, other))
            return;
        is_of = is_of || are_same_stems(log, log->archived_stem, other, other->stem) ||
                (other->is_archived &&
                 are_same_stems(log, log->archived_stem, other, other->archived_stem));
    }
    if (!is_of)
        return;
    log->stem = log->archived_stem;
    log->number = log->archived_number;
    log->is_archived = false;
}

static bool is_numbered(const struct log *a, const struct log *b)
{
    return a->has_number && b->has_number && a->number != b->number && is_same_series(a, b);
}

static int by_number(const void *left, const void *right)
{
    const struct log *a = left, *b = right;
    return a->number < b->number ? -1 : a->number > b->number;
}

static enum mr_code refuse(const struct log *a, const struct log *b, const char *why,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_BINLOG, "binary logs \"%s\" and \"%s\" %s", a->path, b->path, why);
    mr_err_hint(err, "Give the logs of one server, each once, under the names that it gave them.");
    return MR_E_BINLOG;
}

/* Insertion by what is within what; of a server's logs any two are comparable.  *by_name: some
 * pairs hold the same, which only their names can order. */
static enum mr_code order_by_gtid(struct log *logs, size_t count, bool *by_name, struct mr_err *err)
{
    for (size_t i = 1; i < count; i++) {
        const struct log log = logs[i];
        size_t at = i;
        for (; at > 0; at--) {
            const bool is_behind = is_within(&logs[at - 1], &log);
            const bool is_before = is_within(&log, &logs[at - 1]);
            if (!is_behind && !is_before)
                return refuse(&logs[at - 1], &log,
                              "are not of one server: neither begins with what the other does",
                              err);
            if (is_behind && is_before && !is_numbered(&logs[at - 1], &log))
                return refuse(&logs[at - 1], &log,
                              "begin with the same GTIDs, and their names have no order", err);
            *by_name = *by_name || (is_behind && is_before);
            if (is_behind && (!is_before || logs[at - 1].number < log.number))
                break;
        }
        memmove(&logs[at + 1], &logs[at], (i - at) * sizeof log);
        logs[at] = log;
    }
    for (size_t i = 1; i < count; i++)
        if (is_numbered(&logs[i - 1], &logs[i]) && logs[i - 1].number > logs[i].number)
            return refuse(&logs[i - 1], &logs[i],
                          "have one order by their names, and another by their GTIDs", err);
    return MR_OK;
}

static enum mr_code order_by_name(struct log *logs, size_t count, struct mr_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!logs[i].has_number)
            return refuse(&logs[i], &logs[i == 0 ? 1 : 0],
                          "cannot be put in order: they have neither GTIDs nor numbers", err);
    qsort(logs, count, sizeof *logs, by_number);
    for (size_t i = 1; i < count; i++)
        if (!is_numbered(&logs[i - 1], &logs[i]))
            return refuse(&logs[i - 1], &logs[i], "have no order by their names", err);
    return MR_OK;
}

/* Sorts by names, paths and all of one series, and tells whether the GTIDs allow it: those of MySQL
 * only grow, and so do those of each domain, until it is deleted. */
static bool order_by_name_agrees(struct log *logs, size_t count)
{
    qsort(logs, count, sizeof *logs, by_number);
    for (size_t i = 1; i < count; i++) {
        const struct log *a = &logs[i - 1], *b = &logs[i];
        if (!is_numbered(a, b) || !has_same_stem(a, b) ||
            !mr_gtid_set_contains(&b->mysql, &a->mysql) ||
            !mr_gtid_state_contains_shared(&b->mariadb, &a->mariadb))
            return false;
    }
    return true;
}

/* Every log has a set at its head, and some of them one that is not empty: a server without GTIDs
 * writes empty ones. */
static bool have_gtids(const struct log *logs, size_t count)
{
    bool is_any = false;
    for (size_t i = 0; i < count; i++) {
        if (!logs[i].has_before)
            return false;
        is_any = is_any || !mr_gtid_set_is_empty(&logs[i].mysql) ||
                 !mr_gtid_state_is_empty(&logs[i].mariadb);
    }
    return is_any;
}

static enum mr_code sort(struct log *logs, const char **paths, size_t count,
                         enum mr_binlog_order *by, struct mr_err *err)
{
    bool by_name = false;
    for (size_t i = 0; i < count; i++) {
        logs[i].path = paths[i];
        mr_gtid_set_init(&logs[i].mysql);
        mr_gtid_state_init(&logs[i].mariadb);
        look_at_name(&logs[i]);
        MR_TRY(look_into(&logs[i], err));
    }
    for (size_t i = 0; i < count; i++)
        look_at_archived(logs, count, &logs[i]);
    if (have_gtids(logs, count)) {
        struct mr_err why = {.code = MR_OK};
        const enum mr_code code = order_by_gtid(logs, count, &by_name, &why);
        by_name = by_name || code != MR_OK;
        if (code != MR_OK && !order_by_name_agrees(logs, count)) {
            if (err != NULL)
                *err = why;
            return code;
        }
    } else {
        by_name = true;
        MR_TRY(order_by_name(logs, count, err));
    }
    *by = by_name ? MR_BINLOG_BY_NAME : MR_BINLOG_BY_GTID;
    for (size_t i = 0; i < count; i++)
        paths[i] = logs[i].path;
    return MR_OK;
}

enum mr_code mr_binlog_files_sort(const char **paths, size_t npaths, enum mr_binlog_order *by,
                                  struct mr_err *err)
{
    *by = MR_BINLOG_BY_NONE;
    if (npaths < 2)
        return MR_OK;
    struct log *logs = calloc(npaths, sizeof *logs);
    if (logs == NULL)
        return mr_err_nomem(err, "putting binary logs in order");
    const enum mr_code code = sort(logs, paths, npaths, by, err);
    for (size_t i = 0; i < npaths; i++) {
        mr_gtid_set_release(&logs[i].mysql);
        mr_gtid_state_release(&logs[i].mariadb);
    }
    free(logs);
    return code;
}

/* ---- which files are logs ---- */

/* *path NULL: it is no log.  One that cannot be read, or is encrypted, is an error: what is missing
 * in a list would be taken for a gap. */
static enum mr_code look_at_entry(const char *dir, const char *name, struct mr_arena *arena,
                                  const char **path, struct mr_err *err)
{
    struct mr_strbuf whole = MR_STRBUF_INIT;
    struct mr_binlog_file *file = NULL;
    struct stat st;
    enum mr_code code = MR_OK;
    *path = NULL;
    mr_strbuf_add_fmt(&whole, "%s/%s", dir, name);
    MR_TRY_OUT(mr_strbuf_check(&whole, "listing binary logs", err));
    if (stat(whole.ptr, &st) != 0 || !S_ISREG(st.st_mode))
        goto out;
    struct mr_err why = {.code = MR_OK};
    code = mr_binlog_file_open(whole.ptr, &file, &why);
    if (code == MR_OK && (*path = mr_arena_strdup(arena, whole.ptr)) == NULL)
        code = mr_err_nomem(err, "listing binary logs");
    else if (code == MR_E_BINLOG)
        code = MR_OK;
    else if (code != MR_OK && err != NULL)
        *err = why;
out:
    mr_binlog_file_close(file);
    mr_strbuf_release(&whole);
    return code;
}

enum mr_code mr_binlog_files_list(const char *dir, struct mr_arena *arena, const char ***paths,
                                  size_t *npaths, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    DIR *list = opendir(dir);
    *npaths = 0;
    if (list == NULL)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", dir);
    *paths = mr_arena_calloc(arena, FILES_MAX, sizeof **paths);
    if (*paths == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "listing binary logs"));
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(list);
        const char *path = NULL;
        if (entry == NULL && errno != 0)
            MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", dir));
        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.')
            continue;
        MR_TRY_OUT(look_at_entry(dir, entry->d_name, arena, &path, err));
        if (path != NULL && *npaths == FILES_MAX)
            MR_TRY_OUT(mr_err_set(err, MR_E_UNSUPPORTED,
                                  "directory \"%s\" has more than 65,536 binary logs", dir));
        if (path != NULL)
            (*paths)[(*npaths)++] = path;
    }
out:
    (void)closedir(list);
    return code;
}
