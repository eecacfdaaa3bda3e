/* history_archive.c: see history_archive.h. */
#include "core/logs/history_archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/binlog/binlog_event.h"
#include "core/db/db_binlog.h"
#include "core/logs/archive_log.h"
#include "core/logs/log_names.h"
#include "core/logs/server_logs.h"

#define THROTTLE_EVERY_BYTES (4u << 20)
#define CANNOT_SEND 1236 /* of a dump: the file is not what it should be */
#define RECONNECTS 3
#define MADE_MAX 100 /* events that a server makes for us, one behind the other */

#define ANEW_HINT                                                                                  \
    "The server has begun its logs anew (RESET), or is another one. Archive them into another "    \
    "directory, and keep this one."

struct work {
    struct mr_history_archive *a;
    const char *dir;
    int dir_fd;         /* locked */
    struct mr_vec logs; /* struct mr_server_log, in the server's order */
    size_t at, until;   /* the log that events are of, and the first that is not wanted any more */
    struct mr_archive_log w;
    uint64_t since_wait;
    unsigned made; /* events that are in no log, since the last one that is */
    bool is_used;  /* the connection was: it has to be opened again */
    bool is_made;  /* the directory was made by us */
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "archiving binary logs");
}

void mr_history_archive_init(struct mr_history_archive *a)
{
    *a = (struct mr_history_archive){.told = MR_VEC_INIT(struct mr_archive_told)};
    mr_archive_list_init(&a->list);
}

void mr_history_archive_release(struct mr_history_archive *a)
{
    mr_archive_list_release(&a->list);
    mr_vec_release(&a->told);
}

const char *mr_archive_state_word(enum mr_archive_state state)
{
    static const char *const words[] = {"undecided", "added", "kept", "good", "damaged", "missing"};
    return words[state];
}

static const struct mr_server_log *log_at(const struct work *w, size_t at)
{
    return mr_vec_at(&w->logs, at);
}

static const struct mr_archived_log *kept_of(const struct work *w, size_t at)
{
    return mr_archive_list_find(&w->a->list, log_at(w, at)->name);
}

static enum mr_code tell(struct work *w, const struct mr_archived_log *log,
                         enum mr_archive_state state, const char *why, struct mr_err *err)
{
    struct mr_archive_told *told = mr_vec_push(&w->a->told);
    if (told == NULL)
        return nomem(err);
    *told = (struct mr_archive_told){.log = *log, .state = state, .why = why};
    return MR_OK;
}

/* ---- what the server has ---- */

static bool is_listed(const struct work *w, const char *name)
{
    for (size_t i = 0; i < w->logs.count; i++)
        if (strcmp(log_at(w, i)->name, name) == 0)
            return true;
    return false;
}

static enum mr_code ask_head(const struct work *w, const char *name, struct mr_archive_head *head,
                             struct mr_err *err)
{
    struct mr_db_opts opts = *w->a->opts;
    opts.same_as = mr_db_server(w->a->db);
    mr_archive_head_init(head);
    return mr_archive_head_ask(head, w->a->ep, &opts, name, err);
}

/* ---- is it what was archived before? ---- */

static enum mr_code refuse_anew(const char *hint, struct mr_err *err)
{
    mr_err_hint(err, "%s", hint);
    return MR_E_REFUSED;
}

static enum mr_code require_same_server(const struct work *w, struct mr_err *err)
{
    const struct mr_server *now = mr_db_server(w->a->db);
    if (mr_server_is_same(&w->a->list.of, now))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is the archive of another server, %s", w->dir,
                     w->a->list.server);
    return refuse_anew("Each server has a directory of its own.", err);
}

/* A log that was whole stays as long as it was; one that was not has grown, or stands. */
static enum mr_code require_same_sizes(const struct work *w, struct mr_err *err)
{
    for (size_t i = 0; i < w->logs.count; i++) {
        const struct mr_server_log *log = log_at(w, i);
        const struct mr_archived_log *kept = kept_of(w, i);
        if (kept == NULL || log->bytes == 0)
            continue;
        if (kept->is_whole ? log->bytes == kept->server_bytes : log->bytes >= kept->server_bytes)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "binary log \"%s\" of server \"%s\" has %" PRIu64
                         " bytes, and the one in \"%s\" had %" PRIu64 ": it is another one",
                         log->name, mr_db_label(w->a->db), log->bytes, w->dir, kept->server_bytes);
        return refuse_anew(ANEW_HINT, err);
    }
    return MR_OK;
}

/* No log of the archive is on the server any more: that the first there comes behind the last here is
 * proved by GTIDs, or not taken for true. */
static enum mr_code require_later(const struct work *w, struct mr_err *err)
{
    const struct mr_archived_log *last = mr_vec_at(&w->a->list.logs, w->a->list.logs.count - 1);
    const bool is_mariadb = mr_db_server(w->a->db)->flavour == MR_FLAVOUR_MARIADB;
    struct mr_archive_head head;
    bool known = false, follows = false;
    enum mr_code code = ask_head(w, log_at(w, 0)->name, &head, err);
    if (code == MR_OK)
        code = mr_archive_head_follows(last->before, head.before.ptr != NULL ? head.before.ptr : "",
                                       is_mariadb, &known, &follows, err);
    if (code == MR_OK && !(known && follows && head.began >= last->began)) {
        code = mr_err_set(
            err, MR_E_REFUSED,
            "none of the logs in \"%s\" is on server \"%s\" any more, and %s that \"%s\" "
            "comes behind \"%s\"",
            w->dir, mr_db_label(w->a->db), known ? "its GTIDs contradict" : "nothing says",
            log_at(w, 0)->name, last->name);
        (void)refuse_anew("Archive them into another directory, and keep this one.", err);
    }
    mr_archive_head_release(&head);
    return code;
}

/* Two logs of the same name and size are the same if they were begun at the same time. */
static enum mr_code require_same_beginning(const struct work *w, struct mr_err *err)
{
    for (size_t i = w->logs.count; i > 0; i--) {
        const struct mr_archived_log *kept = kept_of(w, i - 1);
        struct mr_archive_head head;
        if (kept == NULL || log_at(w, i - 1)->bytes == 0)
            continue;
        enum mr_code code = ask_head(w, kept->name, &head, err);
        if (code == MR_OK && head.began != kept->began) {
            code =
                mr_err_set(err, MR_E_REFUSED,
                           "binary log \"%s\" of server \"%s\" was begun at another time than the "
                           "one in \"%s\"",
                           kept->name, mr_db_label(w->a->db), w->dir);
            (void)refuse_anew(ANEW_HINT, err);
        }
        mr_archive_head_release(&head);
        return code;
    }
    return w->a->list.logs.count > 0 ? require_later(w, err) : MR_OK;
}

/* ---- what of it is wanted ---- */

/* A log holds what its transactions wrote from when it was begun until the next one was.  The newest of
 * those that were begun before that time is the first that is needed.  Of one whose file is gone, or is
 * none, nobody knows. */
static enum mr_code first_wanted(struct work *w, size_t *first, struct mr_err *err)
{
    *first = 0;
    if (w->a->since == NULL)
        return MR_OK;
    const int64_t since_us = mr_when_us(w->a->since);
    for (size_t i = w->logs.count; i > 1; i--) {
        struct mr_archive_head head;
        struct mr_err why = {0};
        if (log_at(w, i - 1)->bytes == 0)
            continue;
        enum mr_code code = ask_head(w, log_at(w, i - 1)->name, &head, &why);
        const bool is_before = code == MR_OK && (int64_t)head.began * 1000000 <= since_us;
        mr_archive_head_release(&head);
        if (code != MR_OK && code != MR_E_BINLOG && why.sql_errno != CANNOT_SEND) {
            *err = why;
            return code;
        }
        if (is_before) {
            *first = i - 1;
            return MR_OK;
        }
    }
    return MR_OK;
}

/* Whether it is what was written only --verify knows; that it is gone is seen while the server may still
 * have the log. */
static bool is_there(const struct work *w, const struct mr_archived_log *log)
{
    struct stat st;
    return fstatat(w->dir_fd, log->file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == log->stored_bytes;
}

/* The last one, too, where nothing was written to it since; and one that has a fault and has not grown. */
static bool is_kept(const struct work *w, size_t at)
{
    const struct mr_archived_log *kept = kept_of(w, at);
    const struct mr_server_log *log = log_at(w, at);
    return kept != NULL && is_there(w, kept) &&
           (kept->is_whole ||
            (kept->server_bytes == log->bytes && (log->is_last || kept->fault != NULL)));
}

static bool is_to_be_read(const struct work *w, size_t at)
{
    return !is_kept(w, at) && log_at(w, at)->bytes > 0;
}

/* ---- reading ---- */

static enum mr_code begin_log(struct work *w, struct mr_err *err)
{
    const struct mr_server_log *log = log_at(w, w->at);
    w->w = (struct mr_archive_log){.dir = w->dir,
                                   .server = mr_db_label(w->a->db),
                                   .of = log,
                                   .kept = kept_of(w, w->at),
                                   .arena = w->a->arena};
    mr_log_detail("reading binary log \"%s\", %" PRIu64 " bytes", log->name, log->bytes);
    return mr_archive_log_begin(&w->w, err);
}

static enum mr_code write_list(struct work *w, struct mr_err *err)
{
    char now[MR_RUN_TIME_SIZE];
    mr_run_id_time(now);
    w->a->list.made = mr_arena_strdup(w->a->arena, now);
    return w->a->list.made != NULL ? mr_archive_list_write(w->dir, &w->a->list, err) : nomem(err);
}

/* The copy that it takes the place of is removed behind the list, which names the new one. */
static enum mr_code end_log(struct work *w, const char *fault, struct mr_err *err)
{
    struct mr_archived_log log;
    const char *old = w->w.kept != NULL ? w->w.kept->file : NULL;
    MR_TRY(mr_archive_log_end(&w->w, fault, &log, err));
    mr_archive_log_drop(&w->w);
    if (mr_archive_list_put(&w->a->list, &log) == NULL)
        return nomem(err);
    MR_TRY(write_list(w, err));
    if (old != NULL && strcmp(old, log.file) != 0)
        (void)unlinkat(w->dir_fd, old, 0);
    w->a->bytes += log.bytes;
    w->a->stored_bytes += log.stored_bytes;
    return tell(w, &log, MR_ARCHIVE_ADDED, log.fault, err);
}

/* The server says which log comes now, before its first event.  Logs that are begun while we read are for
 * the next run, which finds the one before them whole. */
static enum mr_code follow(struct work *w, const uint8_t *raw, size_t len, bool *over,
                           struct mr_err *err)
{
    struct mr_binlog_rotate rotate;
    MR_TRY(mr_archive_head_rotate(log_at(w, w->at)->name, raw, len, &rotate, err));
    for (;;) {
        const char *name = log_at(w, w->at)->name;
        if (rotate.name.len == strlen(name) && memcmp(rotate.name.ptr, name, strlen(name)) == 0)
            return w->w.is_open ? MR_OK : begin_log(w, err);
        if (!w->w.is_open)
            return mr_err_set(
                err, MR_E_BINLOG,
                "server \"%s\" sends another binary log than \"%s\", which was asked for",
                mr_db_label(w->a->db), name);
        MR_TRY(end_log(w, NULL, err));
        *over = ++w->at == w->until;
        if (*over)
            return MR_OK;
        MR_TRY(begin_log(w, err));
    }
}

/* The throttle is asked a few times a second at most: it is no statement a chunk that is sent here. */
static enum mr_code add_event(struct work *w, const uint8_t *raw, size_t len, struct mr_err *err)
{
    mr_progress_add(w->a->progress, 0, len);
    mr_progress_add_done(w->a->progress, len);
    mr_progress_tick(w->a->progress);
    w->since_wait += len;
    if (w->since_wait > THROTTLE_EVERY_BYTES && w->a->throttle != NULL) {
        w->since_wait = 0;
        MR_TRY(mr_throttle_wait(w->a->throttle, err));
    }
    return mr_archive_log_add(&w->w, raw, len, err);
}

static enum mr_code take_event(struct work *w, const uint8_t *raw, size_t len, bool *over,
                               struct mr_err *err)
{
    const struct mr_binlog_place place = {log_at(w, w->at)->name,
                                          w->w.is_open ? w->w.log.bytes : MR_DB_BINLOG_FIRST};
    struct mr_binlog_event event;
    MR_TRY(mr_binlog_header(&place, raw, len, &event, err));
    const bool is_made = (event.flags & MR_BINLOG_ARTIFICIAL) != 0;
    w->made = is_made ? w->made + 1 : 0;
    if (w->made > MADE_MAX)
        return mr_binlog_damaged(&place, "the server sends events that are in no log, without end",
                                 err);
    if (is_made && event.type == MR_BINLOG_ROTATE)
        return follow(w, raw, len, over, err);
    if (is_made)
        return MR_OK;
    if (!w->w.is_open)
        MR_TRY(begin_log(w, err));
    return add_event(w, raw, len, err);
}

/* A file that ends within an event, as a crash leaves it, or that is damaged: what came of it is evidence,
 * and so is what stands behind it. */
static bool is_of_the_file(const struct work *w, const struct mr_err *why)
{
    return why->sql_errno == CANNOT_SEND && w->w.is_open && w->w.events > 0;
}

/* It was there when the server listed it, and was removed since; or what came is no log.  Those behind it may
 * be whole: one that cannot be had does not keep us from them. */
static bool is_not_had(const struct work *w, enum mr_code code, const struct mr_err *why)
{
    return code == MR_E_BINLOG ||
           (why->sql_errno == CANNOT_SEND && !(w->w.is_open && w->w.events > 0));
}

static enum mr_code tell_not_had(struct work *w, const struct mr_err *why, struct mr_err *err)
{
    const struct mr_archived_log *kept = kept_of(w, w->at);
    const struct mr_archived_log gone = {.name = log_at(w, w->at)->name};
    const char *reason = mr_arena_strdup(w->a->arena, why->message);
    if (reason == NULL)
        return nomem(err);
    return kept != NULL && is_there(w, kept) ? tell(w, kept, MR_ARCHIVE_KEPT, reason, err)
                                             : tell(w, &gone, MR_ARCHIVE_MISSING, reason, err);
}

static enum mr_code end_dump(struct work *w, bool over, struct mr_err *err)
{
    if (over)
        return MR_OK;
    if (w->w.is_open) {
        MR_TRY(end_log(w, NULL, err));
        w->at++;
    }
    if (w->at == w->until)
        return MR_OK;
    return mr_err_set(err, MR_E_BINLOG, "server \"%s\" sent nothing of binary log \"%s\"",
                      mr_db_label(w->a->db), log_at(w, w->at)->name);
}

/* One request for all up to w->until: the server goes from log to log by itself. */
static enum mr_code read_logs(struct work *w, struct mr_err *err)
{
    struct mr_db_binlog *dump = NULL;
    struct mr_err why = {0};
    const uint8_t *raw;
    size_t len = 1;
    bool over = false;
    if (w->is_used)
        MR_TRY(mr_db_reconnect(w->a->db, RECONNECTS, err));
    w->is_used = true;
    w->made = 0;
    enum mr_code code = mr_db_binlog_open(w->a->db, log_at(w, w->at)->name, MR_DB_BINLOG_FIRST,
                                          mr_db_binlog_id(), &dump, &why);
    while (code == MR_OK && !over && len > 0) {
        code = mr_db_binlog_next(dump, &raw, &len, &why);
        if (code == MR_OK && len > 0)
            code = take_event(w, raw, len, &over, &why);
    }
    if (code == MR_OK)
        code = end_dump(w, over, &why);
    if (code != MR_OK && is_not_had(w, code, &why)) {
        code = tell_not_had(w, &why, err);
        w->at++;
    } else if (code != MR_OK && is_of_the_file(w, &why)) {
        const char *fault = mr_arena_strdup(w->a->arena, why.message);
        code = fault != NULL ? end_log(w, fault, err) : nomem(err);
        w->at++;
    } else if (code != MR_OK) {
        *err = why;
    }
    mr_archive_log_drop(&w->w);
    mr_db_binlog_close(dump);
    return code;
}

static enum mr_code pass_by(struct work *w, struct mr_err *err)
{
    const struct mr_archived_log *kept = kept_of(w, w->at);
    const struct mr_archived_log gone = {.name = log_at(w, w->at)->name};
    w->at++;
    return kept != NULL && is_there(w, kept)
               ? tell(w, kept, MR_ARCHIVE_KEPT, kept->fault, err)
               : tell(w, &gone, MR_ARCHIVE_MISSING, "its file is gone from the server's disk", err);
}

/* Of what the server has no more: what is gone here is gone. */
static enum mr_code tell_gone(struct work *w, struct mr_err *err)
{
    for (size_t i = 0; i < w->a->list.logs.count; i++) {
        const struct mr_archived_log *log = mr_vec_at(&w->a->list.logs, i);
        if (!is_there(w, log) && !is_listed(w, log->name))
            MR_TRY(tell(
                w, log, MR_ARCHIVE_MISSING,
                "its file in the archive is gone, or was changed, and the server has it no more",
                err));
    }
    return MR_OK;
}

static enum mr_code read_all(struct work *w, struct mr_err *err)
{
    for (size_t i = w->at; i < w->logs.count; i++)
        if (is_to_be_read(w, i))
            mr_progress_add_total(w->a->progress, log_at(w, i)->bytes);
    while (w->at < w->logs.count) {
        w->until = w->at;
        while (w->until < w->logs.count && is_to_be_read(w, w->until))
            w->until++;
        while (w->at < w->until)
            MR_TRY(read_logs(w, err));
        if (w->at < w->logs.count)
            MR_TRY(pass_by(w, err));
    }
    return MR_OK;
}

/* ---- the directory ---- */

/* One at a time: two would write each other's list.  Where a file system knows no locks it is said. */
static enum mr_code lock_dir(struct work *w, struct mr_err *err)
{
    w->is_made = mkdir(w->dir, 0700) == 0;
    if (!w->is_made && errno != EEXIST)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not make directory \"%s\"", w->dir);
    w->dir_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir_fd < 0)
        return mr_err_set_sys(err, MR_E_IO, errno, "could not open directory \"%s\"", w->dir);
    if (flock(w->dir_fd, LOCK_EX | LOCK_NB) == 0)
        return MR_OK;
    if (errno == EWOULDBLOCK || errno == EINTR) {
        (void)mr_err_set(err, MR_E_REFUSED, "another run is at work in \"%s\"", w->dir);
        mr_err_hint(err, "Wait until it has finished.");
        return MR_E_REFUSED;
    }
    mr_log_warning(
        "the file system of \"%s\" knows no locks: see that one run at a time works there", w->dir);
    return MR_OK;
}

/* What a run that was killed has left: nobody else is at work here. */
static void tidy(const struct work *w, const struct mr_vec *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = *(const char *const *)mr_vec_at(names, i);
        if (mr_archive_list_is_left(&w->a->list, name))
            (void)unlinkat(w->dir_fd, name, 0);
    }
}

/* Where nobody has kept an archive yet nothing else may lie: it could be what we write, or take for left
 * over.  A file system has its own directory. */
static enum mr_code require_empty(const struct work *w, const struct mr_vec *names,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = *(const char *const *)mr_vec_at(names, i);
        if (strcmp(name, "lost+found") == 0 || mr_archive_list_is_left(&w->a->list, name))
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "\"%s\" holds no " MR_ARCHIVE_FILE ", and is not empty: \"%.200s\"",
                         w->dir, name);
        mr_err_hint(err, "Nothing was changed. Name a directory that is new, or empty, or that "
                         "\"history archive\" has written.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code read_names(const struct work *w, struct mr_vec *names, struct mr_err *err)
{
    const int fd = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    enum mr_code code = MR_OK;
    if (dir == NULL) {
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", w->dir);
        if (fd >= 0)
            (void)close(fd);
        return code;
    }
    for (errno = 0; code == MR_OK && (entry = readdir(dir)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const char *name = mr_arena_strdup(w->a->arena, entry->d_name);
        const char **slot = name != NULL ? mr_vec_push(names) : NULL;
        if (slot == NULL)
            code = nomem(err);
        else
            *slot = name;
    }
    if (code == MR_OK && errno != 0)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not read directory \"%s\"", w->dir);
    (void)closedir(dir);
    return code;
}

static enum mr_code look_around(const struct work *w, bool found, struct mr_err *err)
{
    struct mr_vec names = MR_VEC_INIT(const char *);
    enum mr_code code = read_names(w, &names, err);
    if (code == MR_OK && !found)
        code = require_empty(w, &names, err);
    if (code == MR_OK)
        tidy(w, &names);
    mr_vec_release(&names);
    return code;
}

/* All that can be refused is refused before a byte is written.  The list comes first, so that what lies
 * here is known as ours, whatever ends the run. */
static enum mr_code prepare(struct work *w, struct mr_err *err)
{
    struct mr_history_archive *a = w->a;
    bool found = false;
    MR_TRY(lock_dir(w, err));
    MR_TRY(mr_archive_list_read(w->dir, a->arena, &a->list, &found, err));
    if (found)
        MR_TRY(require_same_server(w, err));
    MR_TRY(look_around(w, found, err));
    a->list.server = a->shown;
    a->list.of = *mr_db_server(a->db);
    MR_TRY(mr_server_logs(w->a->db, w->a->arena, &w->logs, err));
    MR_TRY(require_same_sizes(w, err));
    MR_TRY(require_same_beginning(w, err));
    MR_TRY(first_wanted(w, &w->at, err));
    return found ? MR_OK : write_list(w, err);
}

static enum mr_code archive_all(struct work *w, struct mr_err *err)
{
    MR_TRY(prepare(w, err));
    MR_TRY(tell_gone(w, err));
    MR_TRY(read_all(w, err));
    return mr_history_archive_gaps(w->a, err);
}

enum mr_code mr_history_archive(struct mr_history_archive *a, const char *dir, struct mr_err *err)
{
    struct work w = {.a = a, .dir = dir, .dir_fd = -1, .logs = MR_VEC_INIT(struct mr_server_log)};
    const enum mr_code code = archive_all(&w, err);
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(w.a->ep, w.a->opts, mr_db_server(w.a->db), err);
    else if (code == MR_E_BINLOG)
        mr_err_hint(err,
                    "Logs that were read whole are in the archive. Run the same command again, "
                    "without a proxy in between; if it stays, keep the server's own file.");
    mr_vec_release(&w.logs);
    if (w.dir_fd >= 0)
        (void)close(w.dir_fd);
    if (code != MR_OK && w.is_made)
        (void)rmdir(dir); /* as it was, if nothing is in it */
    return code;
}

/* What was written behind that time, and before the first log that there is.  A server that had none before it
 * has written nothing. */
static void add_late(const struct mr_history_archive *a, struct mr_strbuf *text)
{
    const struct mr_archived_log *first =
        a->list.logs.count > 0 ? mr_vec_at(&a->list.logs, 0) : NULL;
    struct mr_strbuf when = MR_STRBUF_INIT;
    if (a->since == NULL || first == NULL ||
        (int64_t)first->began * 1000000 <= mr_when_us(a->since) ||
        (mr_history_log_is_first(first->name) && first->before[0] == '\0'))
        return;
    mr_when_format_us((int64_t)first->began * 1000000, &when);
    mr_strbuf_add_fmt(text, "%sthe first log that is there, \"%s\", was begun at %s UTC",
                      text->len > 0 ? "\n" : "", first->name, when.ptr);
    text->failed = text->failed || when.failed;
    mr_strbuf_release(&when);
}

enum mr_code mr_history_archive_gaps(struct mr_history_archive *a, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_archive_list_add_gaps(&a->list, &text);
    add_late(a, &text);
    enum mr_code code = mr_strbuf_check(&text, "archiving binary logs", err);
    if (code == MR_OK && text.len > 0) {
        a->gap = mr_arena_strdup(a->arena, text.ptr);
        code = a->gap != NULL ? MR_OK : nomem(err);
    }
    mr_strbuf_release(&text);
    return code;
}
