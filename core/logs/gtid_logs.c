/* gtid_logs.c: see gtid_logs.h. */
#include "core/logs/gtid_logs.h"

#include <string.h>

#include "core/base/log.h"
#include "core/binlog/binlog_dump.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/logs/archive_head.h"
#include "core/logs/server_logs.h"

#define BREATHE_BYTES ((uint64_t)1024 * 1024)

uint64_t mr_gtid_number(const struct mr_gtid *gtid)
{
    return gtid->family == MR_GTID_OF_MARIADB ? gtid->sequence : gtid->number;
}

bool mr_gtid_is_of(const struct mr_gtid *a, const struct mr_gtid *b)
{
    if (a->family != b->family)
        return false;
    return a->family == MR_GTID_OF_MARIADB
               ? a->domain == b->domain && a->server == b->server
               : memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0 && strcmp(a->tag, b->tag) == 0;
}

enum mr_code mr_gtid_logs_open(struct mr_gtid_logs *l, struct mr_err *err)
{
    l->logs = (struct mr_vec)MR_VEC_INIT(struct mr_server_log);
    l->arena = (struct mr_arena)MR_ARENA_INIT;
    MR_TRY(mr_db_open(l->ep, l->opts, &l->db, err));
    l->same = *l->opts;
    l->same.same_as = mr_db_server(l->db);
    return mr_server_logs(l->db, &l->arena, &l->logs, err);
}

void mr_gtid_logs_close(struct mr_gtid_logs *l)
{
    mr_db_close(l->db);
    l->db = NULL;
    mr_vec_release(&l->logs);
    mr_arena_release(&l->arena);
}

/* ---- where it begins ---- */

static const struct mr_server_log *log_at(const struct mr_gtid_logs *l, size_t at)
{
    return mr_vec_at(&l->logs, at);
}

/* Is it in front of that log? */
static enum mr_code is_before(const struct mr_gtid_logs *l, const struct mr_gtid *gtid, size_t at,
                              bool *is, struct mr_err *err)
{
    struct mr_archive_head head;
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    mr_archive_head_init(&head);
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    enum mr_code code = mr_archive_head_ask(&head, l->ep, &l->same, log_at(l, at)->name, err);
    const char *before = head.before.len > 0 ? head.before.ptr : "";
    if (code == MR_OK && gtid->family == MR_GTID_OF_MARIADB)
        code = mr_gtid_state_parse(&state, before, strlen(before), err);
    else if (code == MR_OK)
        code = mr_gtid_set_parse(&set, before, strlen(before), err);
    *is = code == MR_OK && (mr_gtid_state_covers(&state, gtid) || mr_gtid_set_has(&set, gtid));
    mr_archive_head_release(&head);
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    return code;
}

/* The last log in front of which it is not has it. */
enum mr_code mr_gtid_logs_find(const struct mr_gtid_logs *l, const struct mr_gtid *gtid, size_t *at,
                               struct mr_err *err)
{
    size_t lo = 0, hi = l->logs.count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        bool is;
        MR_TRY(is_before(l, gtid, mid, &is, err));
        if (is)
            hi = mid;
        else
            lo = mid + 1;
    }
    *at = lo;
    return MR_OK;
}

/* ---- reading ---- */

static enum mr_code breathe(const struct mr_gtid_logs *l, const struct mr_binlog_event *event,
                            uint64_t *since, struct mr_err *err)
{
    const uint64_t bytes = *since + event->len + MR_BINLOG_HEADER_BYTES;
    *since = bytes < BREATHE_BYTES ? bytes : 0;
    return l->breathe == NULL || bytes < BREATHE_BYTES ? MR_OK : l->breathe(l->ctx, bytes, err);
}

/* A number far behind it tells, too, that it was passed. */
static bool ends(const struct mr_gtid *gtid, const struct mr_gtid *to)
{
    const uint64_t number = mr_gtid_number(gtid), last = mr_gtid_number(to);
    return mr_gtid_is_of(gtid, to) &&
           (number == last || (number > last && number - last >= MR_GTID_LOGS_AHEAD));
}

static enum mr_code walk_to(const struct mr_gtid_logs *l, struct mr_binlog_walk *walk,
                            const struct mr_gtid *to, mr_gtid_logs_take_fn *take, void *ctx,
                            struct mr_err *err)
{
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    bool is_last = false;
    uint64_t since = 0;
    for (;;) {
        MR_TRY(mr_binlog_walk_next(walk, &step, err));
        if (step.kind == MR_STEP_END || (step.kind == MR_STEP_BEGIN && is_last))
            return MR_OK;
        MR_TRY(take(ctx, &step, err));
        if (step.kind == MR_STEP_BEGIN)
            is_last = ends(step.gtid, to);
        if (step.event != NULL)
            MR_TRY(breathe(l, step.event, &since, err));
    }
}

enum mr_code mr_gtid_logs_read(const struct mr_gtid_logs *l, size_t at, const struct mr_gtid *to,
                               mr_gtid_logs_take_fn *take, void *ctx, struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *walk = NULL;
    enum mr_code code = MR_OK;
    if (l->logs.count == 0)
        return MR_OK;
    const struct mr_server_log *until = log_at(l, l->logs.count - 1);
    const struct mr_binlog_span span = {log_at(l, at > 0 ? at - 1 : 0)->name, MR_DB_BINLOG_FIRST,
                                        until->name, until->bytes};
    mr_log_info("reading \"%s\" for transactions that both servers have", span.from_log);
    MR_TRY_OUT(mr_db_open(l->ep, &l->same, &db, err));
    MR_TRY_OUT(mr_binlog_dump_open(db, &span, &dump, err));
    MR_TRY_OUT(mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err));
    MR_TRY_OUT(mr_binlog_walk_open(stream, &walk, err));
    code = walk_to(l, walk, to, take, ctx, err);
out:
    mr_binlog_walk_close(walk);
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    mr_db_close(db);
    return code;
}
