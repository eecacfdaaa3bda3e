/* history_logs.c: see history_logs.h. */
#include "recon/history/history_logs.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_file.h"
#include "core/db/log_place.h"
#include "core/logs/archive_head.h"
#include "core/logs/server_logs.h"

#define RECONNECTS 3

void mr_history_logs_init(struct mr_history_logs *l)
{
    *l = (struct mr_history_logs){.logs = MR_VEC_INIT(struct mr_server_log)};
}

void mr_history_logs_close(struct mr_history_logs *l)
{
    mr_db_close(l->db);
    l->db = NULL;
    mr_vec_release(&l->logs);
}

/* Of what was refused. */
static enum mr_code name_rights(const struct mr_history_logs *l, enum mr_code code,
                                struct mr_err *err)
{
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(l->ep, l->opts, mr_db_server(l->db), err);
    return code;
}

enum mr_code mr_history_logs_open(struct mr_history_logs *l, struct mr_err *err)
{
    if (l->ep == NULL)
        return MR_OK;
    MR_TRY(mr_db_open(l->ep, l->opts, &l->db, err));
    return name_rights(l, mr_server_logs(l->db, l->arena, &l->logs, err), err);
}

/* ---- of a server ---- */

static const struct mr_server_log *log_at(const struct mr_history_logs *l, size_t at)
{
    return mr_vec_at(&l->logs, at);
}

/* May reading begin with that log? */
static enum mr_code may_begin(struct mr_history_logs *l, const struct mr_history_own *own,
                              size_t at, bool *may, struct mr_err *err)
{
    struct mr_db_opts opts = *l->opts;
    struct mr_archive_head head;
    const char *hidden = NULL;
    opts.same_as = mr_db_server(l->db);
    *may = false;
    if (own->by == MR_OWN_BY_PLACE) {
        *may = strcmp(log_at(l, at)->name, own->log) == 0;
        return MR_OK;
    }
    mr_archive_head_init(&head);
    enum mr_code code = mr_archive_head_ask(&head, l->ep, &opts, log_at(l, at)->name, err);
    if (code == MR_OK && own->by == MR_OWN_BY_GTID)
        code = mr_history_own_before_text(own, head.before.len > 0 ? head.before.ptr : "", l->arena,
                                          &hidden, err);
    if (code == MR_OK)
        *may = own->by == MR_OWN_BY_TIME ? (int64_t)head.began * 1000000 <= own->time_us
                                         : hidden == NULL;
    mr_archive_head_release(&head);
    return code;
}

/* The newest that may; what lies in front of a log only grows, so that halving finds it. */
static enum mr_code first_log(struct mr_history_logs *l, const struct mr_history_own *own,
                              size_t *first, struct mr_err *err)
{
    size_t lo = 0, hi = l->logs.count;
    bool may;
    *first = 0;
    if (own->by == MR_OWN_BY_PLACE) {
        for (size_t i = 0; i < l->logs.count; i++) {
            MR_TRY(may_begin(l, own, i, &may, err));
            *first = may ? i : *first;
        }
        return MR_OK;
    }
    while (hi - lo > 1) {
        const size_t mid = lo + (hi - lo) / 2;
        MR_TRY(may_begin(l, own, mid, &may, err));
        if (may)
            lo = mid;
        else
            hi = mid;
    }
    *first = lo;
    return MR_OK;
}

/* ---- logs without their end ---- */

/* What the server does not say is not known, and no failure. */
static bool is_unsaid(enum mr_code code)
{
    return code == MR_E_DENIED || code == MR_E_UNSUPPORTED || code == MR_E_SQL;
}

/* In doubt it does not; as it is set by now. */
static enum mr_code ask_syncs(struct mr_db *db, bool *syncs, struct mr_err *err)
{
    struct mr_err why = {0};
    const enum mr_code code = mr_log_syncs(db, syncs, &why);
    if (code == MR_OK || is_unsaid(code))
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code add_unended(const struct mr_history_logs *l, struct mr_history_scan *scan,
                                const char *log, struct mr_err *err)
{
    const char *what = mr_arena_fmt(l->arena,
                                    "log \"%.200s\" was left without its end: what its server "
                                    "committed last may lack in it",
                                    log);
    return what != NULL ? mr_history_scan_gap(scan, what, err)
                        : mr_err_nomem(err, "reading a binary log");
}

/* A crash of the machine takes along what of a log was not on disk, and leaves its rows in the tables: they would be
 * taken for the other side's. */
static enum mr_code check_unended(const struct mr_history_logs *l, struct mr_history_scan *scan,
                                  const char *log, struct mr_err *err)
{
    bool syncs;
    MR_TRY(mr_db_reconnect(l->db, RECONNECTS, err));
    MR_TRY(ask_syncs(l->db, &syncs, err));
    return syncs ? MR_OK : add_unended(l, scan, log, err);
}

/* ---- reading a server's ---- */

static enum mr_code read_span(struct mr_history_logs *l, struct mr_history_scan *scan,
                              const struct mr_binlog_span *span, struct mr_err *err)
{
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    const char *unended = NULL;
    if (l->is_used)
        MR_TRY(mr_db_reconnect(l->db, RECONNECTS, err));
    l->is_used = true;
    mr_log_detail("reading binary logs of the %s, \"%s\" to \"%s\"", mr_side_name(scan->side),
                  span->from_log, span->until_log);
    enum mr_code code = mr_binlog_dump_open(l->db, span, &dump, err);
    if (code == MR_OK)
        code = mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err);
    if (code == MR_OK)
        code = mr_history_scan_stream(scan, stream, span->from_log, err);
    if (code == MR_OK && mr_binlog_dump_unended(dump) != NULL &&
        (unended = mr_arena_strdup(l->arena, mr_binlog_dump_unended(dump))) == NULL)
        code = mr_err_nomem(err, "reading a binary log");
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    if (code == MR_OK && unended != NULL)
        code = check_unended(l, scan, unended, err);
    if (code != MR_OK)
        return code;
    l->end_log = span->until_log;
    l->end = span->until;
    scan->known->end_log = l->end_log;
    scan->known->end_position = l->end;
    return MR_OK;
}

static enum mr_code read_server(struct mr_history_logs *l, struct mr_history_scan *scan,
                                struct mr_err *err)
{
    size_t first;
    uint64_t bytes = 0;
    MR_TRY(first_log(l, scan->own, &first, err));
    for (size_t i = first; i < l->logs.count; i++)
        bytes += log_at(l, i)->bytes;
    mr_progress_add_total(l->progress, bytes);
    const struct mr_server_log *last = log_at(l, l->logs.count - 1);
    const struct mr_binlog_span span = {log_at(l, first)->name, MR_DB_BINLOG_FIRST, last->name,
                                        last->bytes};
    return read_span(l, scan, &span, err);
}

void mr_history_logs_go_on(struct mr_history_logs *l, const struct mr_evidence_side *known)
{
    l->end_log = known->end_log;
    l->end = known->end_position;
}

enum mr_code mr_history_logs_read_on(struct mr_history_logs *l, struct mr_history_scan *scan,
                                     bool *more, struct mr_err *err)
{
    *more = false;
    if (l->ep == NULL || l->end_log == NULL)
        return MR_OK;
    MR_TRY(mr_db_reconnect(l->db, RECONNECTS, err));
    l->is_used = false;
    mr_vec_clear(&l->logs);
    MR_TRY(mr_server_logs(l->db, l->arena, &l->logs, err));
    const struct mr_server_log *last = log_at(l, l->logs.count - 1);
    *more = strcmp(last->name, l->end_log) != 0 || last->bytes > l->end;
    const struct mr_binlog_span span = {l->end_log, l->end, last->name, last->bytes};
    return *more ? read_span(l, scan, &span, err) : MR_OK;
}

/* ---- behind files ---- */

/* A restart, and whatever else a server writes of itself, is nothing that files lack.  *ends: without one it comes to
 * the end that its server gave it. */
static enum mr_code has_transaction(struct mr_db *db, const struct mr_binlog_span *span, bool *has,
                                    bool *ends, struct mr_err *err)
{
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *walk = NULL;
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    enum mr_code code = mr_binlog_dump_open(db, span, &dump, err);
    if (code == MR_OK)
        code = mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err);
    if (code == MR_OK)
        code = mr_binlog_walk_open(stream, &walk, err);
    while (code == MR_OK && step.kind != MR_STEP_BEGIN && step.kind != MR_STEP_END)
        code = mr_binlog_walk_next(walk, &step, err);
    *has = code == MR_OK && step.kind == MR_STEP_BEGIN;
    *ends = code == MR_OK && !*has && mr_binlog_stream_is_ended(stream);
    mr_binlog_walk_close(walk);
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    return code;
}

/* One of another name is none of the files': the server may have been set up anew since. */
static const struct mr_server_log *log_of_file(const struct mr_vec *logs, const char *file)
{
    for (size_t i = logs->count; i > 0; i--) {
        const struct mr_server_log *log = mr_vec_at(logs, i - 1);
        if (mr_history_log_is(file, log->name))
            return log;
    }
    return NULL;
}

/* *what: what goes on behind the file that was read last, in its log alone or in those behind that, too; NULL: nothing
 * that is known of. */
static enum mr_code find_more(const struct mr_history_logs *l, const struct mr_evidence_side *known,
                              bool alone, const char **what, struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    struct mr_err why = {0};
    bool has = false, ends;
    MR_TRY(mr_db_open(l->of, l->opts, &db, err));
    enum mr_code code = mr_server_logs(db, l->arena, &logs, err);
    const struct mr_server_log *log = code == MR_OK ? log_of_file(&logs, known->end_log) : NULL;
    const struct mr_server_log *last =
        alone || code != MR_OK ? log : mr_vec_at(&logs, logs.count - 1);
    if (alone && code == MR_OK && log == NULL)
        mr_log_warning(
            "log \"%.200s\" was not closed by its server, which does not have it any more: "
            "whether the file holds all of it is not known",
            known->end_log);
    if (log != NULL && log->bytes >= known->end_position &&
        (log != last || log->bytes > known->end_position)) {
        const struct mr_binlog_span span = {log->name, known->end_position, last->name,
                                            last->bytes};
        code = has_transaction(db, &span, &has, &ends, &why);
        /* events that do not begin where the file ends are of another log, or of what it has cut off */
        has = has || code == MR_E_BINLOG;
        if (code != MR_OK && !has && err != NULL)
            *err = why;
        code = has ? MR_OK : code;
    }
    if (has) {
        *what = mr_arena_fmt(l->arena,
                             "log \"%.200s\" of the server goes on behind the file that was given",
                             log->name);
        code = *what != NULL ? MR_OK : mr_err_nomem(err, "reading a binary log");
    }
    mr_vec_release(&logs);
    mr_db_close(db);
    return code;
}

/* A server that has no log, or does not show it, says nothing of files. */
static enum mr_code check_end(const struct mr_history_logs *l, struct mr_history_scan *scan,
                              bool alone, struct mr_err *err)
{
    struct mr_err why = {0};
    const char *what = NULL;
    if (l->of == NULL || scan->own->by == MR_OWN_BY_GTID || scan->known->end_log == NULL)
        return MR_OK;
    const enum mr_code code = find_more(l, scan->known, alone, &what, &why);
    if (is_unsaid(code)) {
        mr_log_warning("whether the %s has written on behind the logs that were given is not seen: "
                       "%s",
                       mr_side_name(scan->side), why.message);
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code == MR_OK && what != NULL ? mr_history_scan_gap(scan, what, err) : code;
}

/* A copy that was made of a log before its server ended it: the server's own has nothing behind it but that end. */
static enum mr_code ends_there(const struct mr_history_logs *l, struct mr_db *db,
                               const struct mr_evidence_side *known, bool *ends, struct mr_err *err)
{
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    bool has;
    *ends = false;
    enum mr_code code = mr_server_logs(db, l->arena, &logs, err);
    const struct mr_server_log *log =
        code == MR_OK && known->end_log != NULL ? log_of_file(&logs, known->end_log) : NULL;
    if (log != NULL && log->bytes > known->end_position) {
        const struct mr_binlog_span span = {log->name, known->end_position, log->name, log->bytes};
        code = has_transaction(db, &span, &has, ends, err);
    }
    mr_vec_release(&logs);
    return code;
}

/* Of a file that others follow. */
static enum mr_code check_file_unended(const struct mr_history_logs *l,
                                       struct mr_history_scan *scan, const char *path,
                                       struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_err why = {0};
    bool is_fine = false;
    if (l->of == NULL)
        return add_unended(l, scan, path, err);
    MR_TRY(mr_db_open(l->of, l->opts, &db, err));
    enum mr_code code = ask_syncs(db, &is_fine, &why);
    if (code == MR_OK && !is_fine)
        code = ends_there(l, db, scan->known, &is_fine, &why);
    mr_db_close(db);
    if (code == MR_OK || code == MR_E_BINLOG || is_unsaid(code))
        return is_fine ? MR_OK : add_unended(l, scan, path, err);
    if (err != NULL)
        *err = why;
    return code;
}

/* ---- of files ---- */

/* One that its server had not closed when it was copied, or crashed on, may end anywhere: between two events, too,
 * and its number alone tells that the next one follows it. */
static enum mr_code read_file(const struct mr_history_logs *l, struct mr_history_scan *scan,
                              const char *path, bool is_last, struct mr_err *err)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    enum mr_code code = mr_binlog_file_open(path, &file, err);
    if (code == MR_OK)
        code = mr_binlog_stream_open(mr_binlog_file_input(file), &stream, err);
    if (code == MR_OK)
        code = mr_history_scan_stream(scan, stream, path, err);
    if (code == MR_OK && !is_last && mr_binlog_stream_is_cut(stream))
        code = mr_history_scan_cut(scan, path, err);
    const struct mr_binlog_format *format = code == MR_OK ? mr_binlog_stream_format(stream) : NULL;
    if (code == MR_OK && (is_last || (format != NULL && !format->is_closed)))
        code = check_end(l, scan, !is_last, err);
    if (code == MR_OK && !is_last && !mr_binlog_stream_is_ended(stream))
        code = check_file_unended(l, scan, path, err);
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
    return code;
}

static enum mr_code read_files(struct mr_history_logs *l, struct mr_history_scan *scan,
                               struct mr_err *err)
{
    struct mr_vec paths = MR_VEC_INIT(const char *);
    struct stat st;
    enum mr_code code = mr_history_log_files(l->given, l->ngiven, l->arena, &paths, err);
    const char **list = paths.items;
    for (size_t i = 0; code == MR_OK && i < paths.count; i++)
        if (stat(list[i], &st) == 0 && S_ISREG(st.st_mode))
            mr_progress_add_total(l->progress, (uint64_t)st.st_size);
    scan->is_files = true;
    for (size_t i = 0; code == MR_OK && i < paths.count; i++)
        code = read_file(l, scan, list[i], i + 1 == paths.count, err);
    mr_vec_release(&paths);
    return code;
}

enum mr_code mr_history_logs_read(struct mr_history_logs *l, struct mr_history_scan *scan,
                                  struct mr_err *err)
{
    if (l->ep != NULL)
        return name_rights(l, read_server(l, scan, err), err);
    return read_files(l, scan, err);
}
