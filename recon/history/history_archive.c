/* history_archive.c: see history_archive.h. */
#include "recon/history/history_archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/db/db_binlog.h"
#include "core/file/outfile.h"

#define MAGIC                                                                                      \
    "\xfe"                                                                                         \
    "bin"
#define MAGIC_BYTES MR_DB_BINLOG_FIRST
#define HEADER_BYTES 19
#define TYPE_AT 4
#define SIZE_AT 9
#define END_AT 13
#define FLAGS_AT 17
#define ARTIFICIAL 0x20
#define ROTATE 4
#define FORMAT_DESCRIPTION 15
#define ROTATE_NAME_AT (HEADER_BYTES + 8)
#define NO_LOG 1381 /* of SHOW BINARY LOGS */
#define THROTTLE_EVERY_BYTES (4u << 20)

/* A log of the server's. */
struct log {
    const char *name;
    uint64_t bytes;
    bool is_last; /* it is being written */
};

/* The file that is being written. */
struct writing {
    struct mr_outfile *file;
    struct mr_sha256 hash;
    struct mr_archived_log log;
    const struct log *of;
    bool is_open;
};

struct work {
    struct mr_history_archive *a;
    const char *dir;
    struct mr_vec logs; /* struct log */
    size_t at;          /* the log that events are of */
    struct writing w;
    uint64_t since_wait;
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

static const struct log *log_at(const struct work *w, size_t at)
{
    return mr_vec_at(&w->logs, at);
}

/* ---- what the server has ---- */

static enum mr_code take_log(struct work *w, const struct mr_cell *row, struct mr_err *err)
{
    struct log *log = mr_vec_push(&w->logs);
    if (log == NULL)
        return nomem(err);
    *log = (struct log){mr_arena_strdup(w->a->arena, row[0].ptr), strtoull(row[1].ptr, NULL, 10),
                        false};
    if (log->name == NULL)
        return nomem(err);
    if (!mr_archive_is_name(log->name))
        return mr_err_set(err, MR_E_REFUSED,
                          "server \"%s\" has a binary log \"%.200s\", which is no name of a file",
                          mr_db_label(w->a->db), log->name);
    return MR_OK;
}

/* The names in the server's order, which is that of time. */
static enum mr_code list_logs(struct work *w, struct mr_err *err)
{
    static const char sql[] = "SHOW BINARY LOGS";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    enum mr_code code = mr_db_query(w->a->db, "vv*", sql, sizeof sql - 1, &res, err);
    while (code == MR_OK && (row = mr_result_next(res)) != NULL)
        code = take_log(w, row, err);
    mr_result_free(res);
    if ((code == MR_OK && w->logs.count == 0) || (code != MR_OK && err->sql_errno == NO_LOG))
        return mr_err_set(err, MR_E_UNSUPPORTED, "server \"%s\" has no binary log",
                          mr_db_label(w->a->db));
    if (code == MR_OK)
        ((struct log *)mr_vec_at(&w->logs, w->logs.count - 1))->is_last = true;
    return code;
}

static enum mr_code began_of(const struct work *w, const char *name, uint64_t *began,
                             struct mr_err *err)
{
    struct mr_db_opts opts = *w->a->opts;
    opts.same_as = mr_db_server(w->a->db);
    return mr_db_binlog_began(w->a->ep, &opts, name, began, err);
}

/* ---- what of it is wanted ---- */

static int64_t seconds_of(const struct mr_when *when)
{
    const struct mr_time t = mr_when_utc(when);
    return mr_when_day_number(&t) * 86400 + t.hour * 3600 + t.minute * 60 + t.second;
}

/* A log holds what its transactions wrote from when it was begun until the next one was.  The newest of
 * those that were begun before that time is the first that is needed. */
static enum mr_code first_wanted(struct work *w, size_t *first, struct mr_err *err)
{
    *first = 0;
    if (w->a->since == NULL)
        return MR_OK;
    const int64_t since_s = seconds_of(w->a->since);
    for (size_t i = w->logs.count; i > 1; i--) {
        uint64_t began = 0;
        MR_TRY(began_of(w, log_at(w, i - 1)->name, &began, err));
        if ((int64_t)began <= since_s) {
            *first = i - 1;
            return MR_OK;
        }
    }
    return MR_OK;
}

/* The server has begun anew (RESET) where a log that was whole has another size, or one that was not is
 * shorter: what it has now would be taken for the other history. */
static enum mr_code require_same_logs(const struct work *w, struct mr_err *err)
{
    for (size_t i = 0; i < w->logs.count; i++) {
        const struct log *log = log_at(w, i);
        const struct mr_archived_log *kept = mr_archive_list_find(&w->a->list, log->name);
        if (kept == NULL || kept->has_shifted)
            continue;
        if (kept->is_whole ? log->bytes != kept->bytes : log->bytes < kept->bytes) {
            (void)mr_err_set(err, MR_E_REFUSED,
                             "binary log \"%s\" of server \"%s\" has %" PRIu64
                             " bytes, and the one in \"%s\" %" PRIu64 ": it is another one",
                             log->name, mr_db_label(w->a->db), log->bytes, w->dir, kept->bytes);
            mr_err_hint(err, "The server has begun its logs anew (RESET), or is another one. "
                             "Archive them into another directory, and keep this one.");
            return MR_E_REFUSED;
        }
    }
    return MR_OK;
}

/* Two logs of the same name and size are the same if they were begun at the same time. */
static enum mr_code require_same_beginning(const struct work *w, struct mr_err *err)
{
    for (size_t i = w->logs.count; i > 0; i--) {
        const struct mr_archived_log *kept =
            mr_archive_list_find(&w->a->list, log_at(w, i - 1)->name);
        uint64_t began = 0;
        if (kept == NULL)
            continue;
        MR_TRY(began_of(w, kept->name, &began, err));
        if (began == kept->began)
            return MR_OK;
        (void)mr_err_set(
            err, MR_E_REFUSED,
            "binary log \"%s\" of server \"%s\" was begun at another time than the one "
            "in \"%s\"",
            kept->name, mr_db_label(w->a->db), w->dir);
        mr_err_hint(err, "The server has begun its logs anew (RESET), or is another one. Archive "
                         "them into another directory, and keep this one.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code require_same_server(const struct work *w, struct mr_err *err)
{
    const struct mr_server *now = mr_db_server(w->a->db);
    if (mr_server_is_same(&w->a->list.of, now))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is the archive of another server, %s", w->dir,
                     w->a->list.server);
    mr_err_hint(err, "Each server has a directory of its own.");
    return MR_E_REFUSED;
}

/* Logs that are neither in the archive nor on the server any more: the first one that is to be read is
 * not the one behind the last that is archived. */
static enum mr_code look_for_gap(struct work *w, size_t first, struct mr_err *err)
{
    const size_t count = w->a->list.logs.count;
    const struct mr_archived_log *last = count > 0 ? mr_vec_at(&w->a->list.logs, count - 1) : NULL;
    if (last == NULL)
        return MR_OK;
    for (size_t i = 0; i < w->logs.count; i++)
        if (strcmp(log_at(w, i)->name, last->name) == 0)
            return MR_OK;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text,
                      "the server has removed what came between \"%s\"%s and \"%s\" before it was "
                      "archived",
                      last->name, last->is_whole ? "" : " (its end, too)", log_at(w, first)->name);
    w->a->gap = text.failed ? NULL : mr_arena_strdup(w->a->arena, text.ptr);
    mr_strbuf_release(&text);
    return w->a->gap != NULL ? MR_OK : nomem(err);
}

/* ---- writing ---- */

static uint32_t number_at(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static enum mr_code put(struct work *w, const void *ptr, size_t len, struct mr_err *err)
{
    mr_sha256_add(&w->w.hash, ptr, len);
    w->w.log.bytes += len;
    return mr_outfile_write(w->w.file, ptr, len, err);
}

/* It has its name only when it is whole: a run that is killed leaves nothing of it. */
static enum mr_code begin_file(struct work *w, struct mr_err *err)
{
    const struct log *log = log_at(w, w->at);
    struct mr_outfile_opts opts = {
        .path = mr_archive_path(w->dir, log->name, w->a->arena), .force = true, .compress = true};
    if (opts.path == NULL)
        return nomem(err);
    w->w = (struct writing){.log = {.name = log->name, .is_whole = !log->is_last}, .of = log};
    MR_TRY(mr_sha256_init(&w->w.hash, err));
    w->w.is_open = true;
    MR_TRY(mr_outfile_begin(&opts, &w->w.file, err));
    mr_log_detail("reading binary log \"%s\", %" PRIu64 " bytes", log->name, log->bytes);
    return put(w, MAGIC, MAGIC_BYTES, err);
}

/* In the place of its kind of an earlier run, or behind all others. */
static enum mr_code list_it(struct work *w, struct mr_err *err)
{
    struct mr_archive_list *list = &w->a->list;
    char now[MR_RUN_TIME_SIZE];
    struct mr_archived_log *slot = mr_archive_list_find(list, w->w.log.name);
    if (slot == NULL)
        slot = mr_vec_push(&list->logs);
    struct mr_archive_told *told = mr_vec_push(&w->a->told);
    mr_run_id_time(now);
    list->made = mr_arena_strdup(w->a->arena, now);
    if (slot == NULL || told == NULL || list->made == NULL)
        return nomem(err);
    *slot = w->w.log;
    *told = (struct mr_archive_told){.log = w->w.log, .state = MR_ARCHIVE_ADDED};
    return mr_archive_list_write(w->dir, list, err);
}

static void drop_file(struct work *w)
{
    if (w->w.is_open)
        mr_sha256_release(&w->w.hash);
    mr_outfile_free(w->w.file);
    w->w = (struct writing){.file = NULL};
}

/* A log that the server had closed has as many bytes as the server said, or something was lost on the
 * way. */
static enum mr_code end_file(struct work *w, struct mr_err *err)
{
    const char *path = mr_archive_path(w->dir, w->w.log.name, w->a->arena);
    if (path == NULL)
        return nomem(err);
    if (w->w.log.is_whole && !w->w.log.has_shifted && w->w.log.bytes != w->w.of->bytes)
        return mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" sent %" PRIu64 " bytes of binary log \"%s\", which has "
                          "%" PRIu64,
                          mr_db_label(w->a->db), w->w.log.bytes, w->w.log.name, w->w.of->bytes);
    MR_TRY(mr_outfile_commit(w->w.file, err));
    mr_sha256_finish(&w->w.hash, w->w.log.content);
    MR_TRY(mr_sha256_file(path, w->w.log.stored, &w->w.log.stored_bytes, err));
    w->a->bytes += w->w.log.bytes;
    w->a->stored_bytes += w->w.log.stored_bytes;
    enum mr_code code = list_it(w, err);
    drop_file(w);
    return code;
}

/* An event stands where the one before it ended.  What an encrypted file holds for itself alone is not
 * sent; it stands behind the head. */
static enum mr_code check_place(struct work *w, const uint8_t *raw, size_t len, struct mr_err *err)
{
    const uint32_t end = number_at(raw + END_AT);
    const uint32_t want = (uint32_t)(w->w.log.bytes + len);
    if (number_at(raw + SIZE_AT) != len)
        return mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" sent an event of binary log \"%s\" that says another size "
                          "than it has, behind %" PRIu64,
                          mr_db_label(w->a->db), w->w.log.name, w->w.log.bytes);
    if (end == want || end == 0 || w->w.log.has_shifted)
        return MR_OK;
    if (w->w.log.bytes > MAGIC_BYTES && raw[TYPE_AT] != FORMAT_DESCRIPTION && end > want) {
        w->w.log.has_shifted = true;
        return MR_OK;
    }
    return mr_err_set(err, MR_E_BINLOG,
                      "server \"%s\" sent an event of binary log \"%s\" that ends at %" PRIu32
                      " in place of %" PRIu32,
                      mr_db_label(w->a->db), w->w.log.name, end, want);
}

/* The throttle is asked a few times a second at most: it is no statement a chunk that is sent here. */
static enum mr_code add_event(struct work *w, const uint8_t *raw, size_t len, struct mr_err *err)
{
    const bool is_head = raw[TYPE_AT] == FORMAT_DESCRIPTION;
    if (w->w.log.bytes == MAGIC_BYTES && !is_head)
        return mr_err_set(err, MR_E_BINLOG,
                          "binary log \"%s\" of server \"%s\" begins without its head",
                          w->w.log.name, mr_db_label(w->a->db));
    MR_TRY(check_place(w, raw, len, err));
    if (is_head && w->w.log.began == 0)
        w->w.log.began = number_at(raw);
    mr_progress_add(w->a->progress, 0, len);
    mr_progress_add_done(w->a->progress, len);
    mr_progress_tick(w->a->progress);
    w->since_wait += len;
    if (w->since_wait > THROTTLE_EVERY_BYTES && w->a->throttle != NULL) {
        w->since_wait = 0;
        MR_TRY(mr_throttle_wait(w->a->throttle, err));
    }
    return put(w, raw, len, err);
}

/* The server says which log comes now, before its first event.  Logs that are begun while we read are for
 * the next run, which finds the one before them whole. */
static enum mr_code follow(struct work *w, const uint8_t *raw, size_t len, bool *over,
                           struct mr_err *err)
{
    const char *name = (const char *)raw + ROTATE_NAME_AT;
    const size_t size = len > ROTATE_NAME_AT ? len - ROTATE_NAME_AT : 0;
    const struct log *now = log_at(w, w->at);
    if (size >= strlen(now->name) && strncmp(name, now->name, strlen(now->name)) == 0)
        return w->w.is_open ? MR_OK : begin_file(w, err);
    *over = w->at + 1 == w->logs.count;
    if (w->w.is_open)
        MR_TRY(end_file(w, err));
    if (*over)
        return MR_OK;
    w->at++;
    now = log_at(w, w->at);
    if (size < strlen(now->name) || strncmp(name, now->name, strlen(now->name)) != 0)
        return mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" goes on with another binary log than \"%s\"",
                          mr_db_label(w->a->db), now->name);
    return begin_file(w, err);
}

static enum mr_code take_event(struct work *w, const uint8_t *raw, size_t len, bool *over,
                               struct mr_err *err)
{
    if (len < HEADER_BYTES)
        return mr_err_set(err, MR_E_BINLOG, "server \"%s\" sent an event without a header",
                          mr_db_label(w->a->db));
    const bool is_made = ((raw[FLAGS_AT] | (unsigned)raw[FLAGS_AT + 1] << 8) & ARTIFICIAL) != 0;
    if (is_made && raw[TYPE_AT] == ROTATE)
        return follow(w, raw, len, over, err);
    if (is_made)
        return MR_OK;
    if (!w->w.is_open)
        MR_TRY(begin_file(w, err));
    return add_event(w, raw, len, err);
}

/* One request for all that is left: the server goes from log to log by itself. */
static enum mr_code read_logs(struct work *w, struct mr_err *err)
{
    struct mr_db_binlog *dump = NULL;
    const uint8_t *raw;
    size_t len = 1;
    bool over = false;
    enum mr_code code = mr_db_binlog_open(w->a->db, log_at(w, w->at)->name, MAGIC_BYTES,
                                          mr_db_binlog_id(), &dump, err);
    while (code == MR_OK && !over && len > 0) {
        code = mr_db_binlog_next(dump, &raw, &len, err);
        if (code == MR_OK && len > 0)
            code = take_event(w, raw, len, &over, err);
    }
    if (code == MR_OK && w->w.is_open)
        code = end_file(w, err);
    if (code == MR_OK && !over && w->at + 1 < w->logs.count)
        code = mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" sent nothing of binary log \"%s\" and those behind it",
                          mr_db_label(w->a->db), log_at(w, w->at + 1)->name);
    drop_file(w);
    mr_db_binlog_close(dump);
    return code;
}

/* ---- all of it ---- */

/* Logs that are whole in the archive are passed by; only at the beginning, since what follows is read in
 * one go. */
static enum mr_code pass_kept(struct work *w, struct mr_err *err)
{
    for (; w->at < w->logs.count; w->at++) {
        const struct mr_archived_log *kept =
            mr_archive_list_find(&w->a->list, log_at(w, w->at)->name);
        if (kept == NULL || !kept->is_whole)
            return MR_OK;
        struct mr_archive_told *told = mr_vec_push(&w->a->told);
        if (told == NULL)
            return nomem(err);
        *told = (struct mr_archive_told){.log = *kept, .state = MR_ARCHIVE_KEPT};
    }
    return MR_OK;
}

static enum mr_code make_dir(const char *dir, struct mr_err *err)
{
    struct stat st;
    if (mkdir(dir, 0700) == 0)
        return MR_OK;
    if (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
        return MR_OK;
    return mr_err_set_sys(err, MR_E_IO, errno, "could not make directory \"%s\"", dir);
}

/* All that can be refused is refused before a byte is written. */
static enum mr_code prepare(struct work *w, struct mr_err *err)
{
    struct mr_history_archive *a = w->a;
    bool found = false;
    size_t first = 0;
    MR_TRY(make_dir(w->dir, err));
    MR_TRY(mr_archive_list_read(w->dir, a->arena, &a->list, &found, err));
    if (found)
        MR_TRY(require_same_server(w, err));
    a->list.server = a->shown;
    a->list.of = *mr_db_server(a->db);
    MR_TRY(list_logs(w, err));
    MR_TRY(require_same_logs(w, err));
    MR_TRY(require_same_beginning(w, err));
    MR_TRY(first_wanted(w, &first, err));
    MR_TRY(look_for_gap(w, first, err));
    w->at = first;
    return pass_kept(w, err);
}

enum mr_code mr_history_archive(struct mr_history_archive *a, const char *dir, struct mr_err *err)
{
    struct work w = {.a = a, .dir = dir, .logs = MR_VEC_INIT(struct log)};
    enum mr_code code = prepare(&w, err);
    for (size_t i = w.at; code == MR_OK && i < w.logs.count; i++)
        mr_progress_add_total(a->progress, log_at(&w, i)->bytes);
    if (code == MR_OK && w.at < w.logs.count)
        code = read_logs(&w, err);
    mr_vec_release(&w.logs);
    return code;
}
