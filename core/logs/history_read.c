/* history_read.c: see history_read.h. */
#include "core/logs/history_read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_file.h"
#include "core/row/when.h"
#include "core/logs/archive_head.h"
#include "core/logs/log_names.h"
#include "core/logs/server_logs.h"

#define GAPS_MAX 10
#define BREATHE_BYTES ((uint64_t)1024 * 1024)
#define HEAD_EVENTS 4 /* among which a log's head is */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

void mr_history_read_init(struct mr_history_read *r)
{
    *r = (struct mr_history_read){.ep = NULL};
    mr_gtid_set_init(&r->met);
    mr_gtid_state_init(&r->met_state);
}

void mr_history_read_release(struct mr_history_read *r)
{
    mr_gtid_set_release(&r->met);
    mr_gtid_state_release(&r->met_state);
}

/* ---- gaps ---- */

static enum mr_code add_gap(struct mr_history_read *r, struct mr_err *err, const char *fmt, ...)
    MR_PRINTF(3, 4);

/* Of very many the first ones, which hold all that there is to say. */
static enum mr_code add_gap(struct mr_history_read *r, struct mr_err *err, const char *fmt, ...)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    va_list args;
    if (r->is_beyond)
        return MR_OK;
    if (++r->gaps > GAPS_MAX + 1)
        return MR_OK;
    if (r->gap != NULL)
        mr_strbuf_add_fmt(&text, "%s\n", r->gap);
    va_start(args, fmt);
    if (r->gaps > GAPS_MAX)
        mr_strbuf_add_str(&text, "there is more of this kind");
    else
        mr_strbuf_add_args(&text, fmt, args);
    va_end(args);
    r->gap = text.failed ? NULL : mr_arena_strdup(r->arena, text.ptr);
    mr_strbuf_release(&text);
    return r->gap != NULL ? MR_OK : nomem(err);
}

/* Nothing is asked of what was before a window that has no beginning; nor where there was nothing: the server
 * had no log before, and nothing is said to have been written in front of this one. */
static enum mr_code check_begin(struct mr_history_read *r, const char *log, bool is_first,
                                struct mr_err *err)
{
    struct mr_strbuf when = MR_STRBUF_INIT;
    if (r->window->from.by != MR_BOUND_TIME || r->began_us <= r->window->from.us || is_first)
        return MR_OK;
    mr_when_format_us(r->began_us, &when);
    const enum mr_code code = add_gap(
        r, err, "the first log that is there, \"%.200s\", was begun at %s UTC", log, when.ptr);
    mr_strbuf_release(&when);
    return code;
}

/* What logs before this one hold, and was not met, stands in one that is not there. */
static enum mr_code take_before(struct mr_history_read *r, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    enum mr_code code = event->is_mariadb ? mr_gtid_state_read(&state, event, err)
                                          : mr_gtid_set_read(&set, event, err);
    const bool follows = !r->has_before || (mr_gtid_set_contains(&r->met, &set) &&
                                            mr_gtid_state_contains_shared(&r->met_state, &state));
    if (code == MR_OK && !r->has_before)
        code = event->is_mariadb ? mr_gtid_state_read(&r->met_state, event, err)
                                 : mr_gtid_set_read(&r->met, event, err);
    const bool is_none = mr_gtid_set_is_empty(&set) && mr_gtid_state_is_empty(&state);
    if (code == MR_OK && !r->has_before && mr_history_log_is_first(event->place.log))
        code = check_begin(r, event->place.log, is_none, err);
    r->has_gtids = r->has_gtids || !is_none;
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    r->has_before = true;
    if (code != MR_OK || follows)
        return code;
    return add_gap(r, err, "transactions are missing in front of log \"%.200s\"", event->place.log);
}

/* ---- steps ---- */

static enum mr_code note_met(struct mr_history_read *r, const struct mr_gtid *gtid,
                             struct mr_err *err)
{
    r->has_gtids = r->has_gtids || gtid->family != MR_GTID_NONE;
    MR_TRY(mr_gtid_set_add(&r->met, gtid, err));
    return mr_gtid_state_add(&r->met_state, gtid, err);
}

static enum mr_code begin_tx(struct mr_history_read *r, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    const enum mr_in_window in =
        r->takes_all
            ? MR_WINDOW_INSIDE
            : mr_history_window_judge(r->window, &step->begun, mr_binlog_committed_us(step));
    r->is_over = in == MR_WINDOW_OVER;
    r->is_within = in == MR_WINDOW_INSIDE;
    if (r->is_over)
        return MR_OK;
    MR_TRY(note_met(r, step->gtid, err));
    if (r->is_within && step->is_headless)
        return add_gap(r, err,
                       "reading began within a transaction, at \"%.200s\" position %" PRIu64,
                       step->begun.log, step->begun.position);
    return MR_OK;
}

static enum mr_code take_head(struct mr_history_read *r, const struct mr_binlog_event *head,
                              struct mr_err *err)
{
    const int64_t began_us = (int64_t)head->when * 1000000;
    r->log_us = began_us;
    r->is_mixed =
        r->is_mixed || (!r->is_beyond && r->server_id != 0 && r->server_id != head->server_id);
    r->server_id = r->server_id == 0 ? head->server_id : r->server_id;
    r->is_over = r->is_over || (!r->takes_all && mr_history_window_is_over(r->window, began_us));
    if (r->first_log != NULL)
        return MR_OK;
    r->began_us = began_us;
    return check_begin(r, head->place.log, mr_history_log_is_first(head->place.log), err);
}

static enum mr_code take_step(struct mr_history_read *r, const struct mr_binlog_step *step,
                              struct mr_err *err)
{
    switch (step->kind) {
    case MR_STEP_LOG: return take_head(r, step->event, err);
    case MR_STEP_BEFORE: return take_before(r, step->event, err);
    case MR_STEP_LOST:
        return add_gap(r, err,
                       "the server says that changes are not in its log, at \"%.200s\" position "
                       "%" PRIu64,
                       step->event->place.log, step->event->place.position);
    case MR_STEP_END: return MR_OK;
    case MR_STEP_BEGIN: MR_TRY(begin_tx(r, step, err)); break;
    case MR_STEP_ROWS:
    case MR_STEP_STATEMENT:
    case MR_STEP_COMMIT:
    case MR_STEP_ROLLBACK:
    case MR_STEP_PREPARED:
    case MR_STEP_XA_COMMIT:
    case MR_STEP_XA_ROLLBACK:
    case MR_STEP_UNFINISHED: break;
    }
    if (!r->is_within || r->is_over)
        return MR_OK;
    MR_TRY(r->take(r->ctx, step, err));
    r->is_over = r->is_enough;
    return MR_OK;
}

static enum mr_code breathe(struct mr_history_read *r, uint64_t bytes, struct mr_err *err)
{
    r->since_breath += bytes;
    if (r->since_breath < BREATHE_BYTES)
        return MR_OK;
    if (r->progress != NULL) {
        mr_progress_add(r->progress, 0, r->since_breath);
        mr_progress_add_done(r->progress, r->since_breath);
        mr_progress_tick(r->progress);
    }
    r->since_breath = 0;
    return r->throttle != NULL ? mr_throttle_wait(r->throttle, err) : MR_OK;
}

static enum mr_code note_log(struct mr_history_read *r, const struct mr_binlog_place *place,
                             struct mr_err *err)
{
    r->end_log = mr_arena_strdup(r->arena, place->log);
    r->end_position = place->position;
    if (r->first_log == NULL) {
        r->first_log = r->end_log;
        r->first_position = place->position;
    }
    mr_history_window_meet(r->window, place->log);
    if (r->meet != NULL)
        r->meet(r->ctx, place->log);
    return r->end_log != NULL ? MR_OK : nomem(err);
}

/* Events between two steps count with the later one, those of a payload with the first of it. */
static enum mr_code note_event(struct mr_history_read *r, const struct mr_binlog_event *event,
                               struct mr_err *err)
{
    if (event->place.position == 0)
        return MR_OK;
    if (r->end_log == NULL || strcmp(r->end_log, event->place.log) != 0)
        MR_TRY(note_log(r, &event->place, err));
    if (event->end <= r->end_position)
        return MR_OK;
    const uint64_t bytes = event->end - r->end_position;
    r->end_position = event->end;
    return breathe(r, bytes, err);
}

static enum mr_code walk(struct mr_history_read *r, struct mr_binlog_stream *stream,
                         struct mr_err *err)
{
    struct mr_binlog_walk *w = NULL;
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    enum mr_code code = mr_binlog_walk_open(stream, &w, err);
    while (code == MR_OK && !r->is_over && step.kind != MR_STEP_END) {
        code = mr_binlog_walk_next(w, &step, err);
        if (code == MR_OK)
            code = take_step(r, &step, err);
        if (code == MR_OK && step.event != NULL && !r->is_over)
            code = note_event(r, step.event, err);
    }
    mr_binlog_walk_close(w);
    return code;
}

/* ---- of a server ---- */

static const struct mr_server_log *log_at(const struct mr_vec *logs, size_t at)
{
    return mr_vec_at(logs, at);
}

static enum mr_code find_log(const struct mr_vec *logs, const struct mr_history_bound *bound,
                             size_t *at, struct mr_err *err)
{
    if (bound->by != MR_BOUND_PLACE)
        return MR_OK;
    for (size_t i = 0; i < logs->count; i++)
        if (strcmp(log_at(logs, i)->name, bound->log) == 0) {
            *at = i;
            return MR_OK;
        }
    (void)mr_err_set(err, MR_E_NO_SUCH, "the server has no binary log \"%.200s\"", bound->log);
    mr_err_hint(
        err,
        "It has %s to %s. Logs that it has removed may be files, of history archive or of a "
        "backup: name them in place of the server.",
        log_at(logs, 0)->name, log_at(logs, logs->count - 1)->name);
    return MR_E_NO_SUCH;
}

/* The newest log that was begun before the window; what was committed before that was so in a second
 * that is not later. */
static enum mr_code find_time(struct mr_history_read *r, const struct mr_db *db,
                              const struct mr_vec *logs, size_t *first, struct mr_err *err)
{
    struct mr_db_opts opts = *r->opts;
    size_t lo = 0, hi = logs->count;
    opts.same_as = mr_db_server(db);
    while (hi - lo > 1) {
        const size_t mid = lo + (hi - lo) / 2;
        struct mr_archive_head head;
        mr_archive_head_init(&head);
        const enum mr_code code =
            mr_archive_head_ask(&head, r->ep, &opts, log_at(logs, mid)->name, err);
        const bool is_before = (int64_t)head.began * 1000000 < r->window->from.us;
        mr_archive_head_release(&head);
        MR_TRY(code);
        if (is_before)
            lo = mid;
        else
            hi = mid;
    }
    *first = lo;
    return MR_OK;
}

static enum mr_code read_span(struct mr_history_read *r, struct mr_db *db,
                              const struct mr_binlog_span *span, struct mr_err *err)
{
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    mr_log_detail("reading binary logs, \"%s\" to \"%s\"", span->from_log, span->until_log);
    mr_history_window_meet(r->window, span->from_log); /* nothing may begin in it any more */
    enum mr_code code = mr_binlog_dump_open(db, span, &dump, err);
    if (code == MR_OK)
        code = mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err);
    if (code == MR_OK)
        code = walk(r, stream, err);
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    return code;
}

/* A log in which the window ends, and that is not read, would never end it. */
static enum mr_code is_behind(const char *first, const char *last, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "log \"%.200s\" is behind log \"%.200s\"", first, last);
    mr_err_hint(err, "What begins at --from is within, what begins at --to is not.");
    return MR_E_USAGE;
}

static enum mr_code read_server(struct mr_history_read *r, struct mr_db *db, struct mr_err *err)
{
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    size_t first = 0, last = 0;
    uint64_t bytes = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_server_logs(db, r->arena, &logs, err));
    last = logs.count - 1;
    MR_TRY_OUT(find_log(&logs, &r->window->from, &first, err));
    MR_TRY_OUT(find_log(&logs, &r->window->to, &last, err));
    if (r->window->from.by == MR_BOUND_TIME)
        MR_TRY_OUT(find_time(r, db, &logs, &first, err));
    if (first > last)
        MR_TRY_OUT(is_behind(log_at(&logs, first)->name, log_at(&logs, last)->name, err));
    last = r->takes_all ? logs.count - 1 : last;
    for (size_t i = first; i <= last; i++)
        bytes += log_at(&logs, i)->bytes;
    if (r->progress != NULL)
        mr_progress_add_total(r->progress, bytes);
    const struct mr_binlog_span span = {log_at(&logs, first)->name,
                                        r->window->from.by == MR_BOUND_PLACE &&
                                                r->window->from.position > MR_DB_BINLOG_FIRST
                                            ? r->window->from.position
                                            : MR_DB_BINLOG_FIRST,
                                        log_at(&logs, last)->name, log_at(&logs, last)->bytes};
    code = read_span(r, db, &span, err);
out:
    mr_vec_release(&logs);
    return code;
}

static enum mr_code open_server(struct mr_history_read *r, struct mr_err *err)
{
    struct mr_db *db = NULL;
    enum mr_code code = mr_db_open(r->ep, r->opts, &db, err);
    if (code == MR_OK) {
        code = read_server(r, db, err);
        if (code == MR_E_DENIED)
            mr_server_logs_name_rights(r->ep, r->opts, mr_db_server(db), err);
    }
    mr_db_close(db);
    return code;
}

/* ---- of files ---- */

static enum mr_code open_file(const char *path, struct mr_binlog_file **file,
                              struct mr_binlog_stream **stream, struct mr_err *err)
{
    enum mr_code code = mr_binlog_file_open(path, file, err);
    if (code == MR_OK)
        code = mr_binlog_stream_open(mr_binlog_file_input(*file), stream, err);
    return code;
}

/* 0: the file does not come to its head. */
static enum mr_code read_began(const char *path, int64_t *began_us, struct mr_err *err)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_event event = {.type = MR_BINLOG_NONE};
    enum mr_code code = open_file(path, &file, &stream, err);
    *began_us = 0;
    for (int i = 0; code == MR_OK && *began_us == 0 && i < HEAD_EVENTS; i++) {
        code = mr_binlog_stream_next(stream, &event, err);
        if (code == MR_OK && event.type == MR_BINLOG_FORMAT_DESCRIPTION)
            *began_us = (int64_t)event.when * 1000000;
    }
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
    return code;
}

/* The first file that may hold something of the window, as for a server. */
static enum mr_code first_file(const struct mr_history_read *r, const struct mr_vec *paths,
                               size_t *first, struct mr_err *err)
{
    const struct mr_history_window *w = r->window;
    const char *const *list = paths->items;
    size_t lo = 0, hi = paths->count;
    *first = 0;
    if (w->from.by == MR_BOUND_PLACE) {
        while (*first < paths->count && !mr_history_log_is(list[*first], w->from.log))
            ++*first;
        return MR_OK;
    }
    while (w->from.by == MR_BOUND_TIME && hi - lo > 1) {
        const size_t mid = lo + (hi - lo) / 2;
        int64_t began_us;
        MR_TRY(read_began(list[mid], &began_us, err));
        if (began_us < w->from.us)
            lo = mid;
        else
            hi = mid;
    }
    *first = lo;
    return MR_OK;
}

static enum mr_code find_file(const struct mr_vec *paths, const struct mr_history_bound *bound,
                              struct mr_err *err)
{
    const char *const *list = paths->items;
    if (bound->by != MR_BOUND_PLACE)
        return MR_OK;
    for (size_t i = 0; i < paths->count; i++)
        if (mr_history_log_is(list[i], bound->log))
            return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "binary log \"%.200s\" is not among the files", bound->log);
    mr_err_hint(err, "Name its file, too, with all that are between it and the others.");
    return MR_E_NO_SUCH;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Of one that others follow.  By GTIDs, which MariaDB always has, the next one tells whether something lacks; a
 * MySQL that has crashed takes its mark off the log when it starts again. */
static enum mr_code check_end(struct mr_history_read *r, const struct mr_binlog_stream *stream,
                              const char *path, struct mr_err *err)
{
    const struct mr_binlog_format *format = mr_binlog_stream_format(stream);
    if (mr_binlog_stream_is_cut(stream))
        return add_gap(r, err, "log \"%.200s\" ends within an event", path);
    if (r->unended == NULL && !mr_binlog_stream_is_ended(stream) &&
        (r->unended = mr_arena_strdup(r->arena, path)) == NULL)
        return nomem(err);
    return r->has_gtids || (format != NULL && format->is_mariadb) ||
                   !mr_binlog_stream_was_open(stream)
               ? MR_OK
               : add_gap(r, err,
                         "log \"%.200s\" was copied while its server still wrote it, and may lack "
                         "its end",
                         path);
}

/* before: the file before it, or NULL; without GTIDs only their names tell whether one lacks. */
static enum mr_code read_file(struct mr_history_read *r, const char *before, const char *path,
                              bool is_last, struct mr_err *err)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    if (before != NULL && !r->has_gtids && !mr_history_log_follows(name_of(before), name_of(path)))
        MR_TRY(add_gap(r, err, "log \"%.200s\" does not follow \"%.200s\"", name_of(path),
                       name_of(before)));
    mr_history_window_meet(r->window, path);
    enum mr_code code = open_file(path, &file, &stream, err);
    if (code == MR_OK)
        code = walk(r, stream, err);
    if (code == MR_OK && !is_last && !r->is_over && !r->is_beyond)
        code = check_end(r, stream, path, err);
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
    return code;
}

static enum mr_code read_files(struct mr_history_read *r, struct mr_err *err)
{
    struct mr_vec paths = MR_VEC_INIT(const char *);
    struct stat st;
    size_t first = 0;
    const char *const *list;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_history_log_files(r->given, r->ngiven, r->arena, &paths, err));
    MR_TRY_OUT(find_file(&paths, &r->window->from, err));
    MR_TRY_OUT(find_file(&paths, &r->window->to, err));
    MR_TRY_OUT(first_file(r, &paths, &first, err));
    list = paths.items;
    for (size_t i = 0; r->window->to.by == MR_BOUND_PLACE && i < first; i++)
        if (mr_history_log_is(list[i], r->window->to.log))
            MR_TRY_OUT(is_behind(list[first], list[i], err));
    for (size_t i = first; r->progress != NULL && i < paths.count; i++)
        if (stat(list[i], &st) == 0 && S_ISREG(st.st_mode))
            mr_progress_add_total(r->progress, (uint64_t)st.st_size);
    for (size_t i = first; i < paths.count && !r->is_over; i++)
        MR_TRY_OUT(
            read_file(r, i > first ? list[i - 1] : NULL, list[i], i + 1 == paths.count, err));
out:
    mr_vec_release(&paths);
    return code;
}

enum mr_code mr_history_read(struct mr_history_read *r, struct mr_err *err)
{
    return r->ep != NULL ? open_server(r, err) : read_files(r, err);
}
