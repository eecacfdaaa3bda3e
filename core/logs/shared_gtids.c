/* shared_gtids.c: see shared_gtids.h. */
#include "core/logs/shared_gtids.h"

#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "core/binlog/binlog_dump.h"
#include "core/logs/archive_head.h"
#include "core/logs/server_logs.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "comparing GTIDs");
}

void mr_shared_gtids_init(struct mr_shared_gtids *s)
{
    *s = (struct mr_shared_gtids){.origins = MR_VEC_INIT(struct mr_shared_origin)};
}

void mr_shared_gtids_release(struct mr_shared_gtids *s)
{
    mr_vec_release(&s->origins);
}

static uint64_t number_of(const struct mr_gtid *gtid)
{
    return gtid->family == MR_GTID_OF_MARIADB ? gtid->sequence : gtid->number;
}

static bool is_of(const struct mr_gtid *a, const struct mr_gtid *b)
{
    if (a->family != b->family)
        return false;
    return a->family == MR_GTID_OF_MARIADB
               ? a->domain == b->domain && a->server == b->server
               : memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0 && strcmp(a->tag, b->tag) == 0;
}

/* ---- which ---- */

static bool gives(const struct mr_history_executed *server, const struct mr_gtid *gtid)
{
    struct mr_strbuf uuid = MR_STRBUF_INIT;
    if (gtid->family == MR_GTID_OF_MARIADB)
        return server->server_id == gtid->server;
    mr_gtid_add_uuid(&uuid, gtid->uuid);
    const bool is = !uuid.failed && strcasecmp(uuid.ptr, server->uuid) == 0;
    mr_strbuf_release(&uuid);
    return is;
}

/* greatest: of each origin, whichever of the two has it. */
static enum mr_code add_origins(struct mr_shared_gtids *s, const struct mr_vec *last,
                                const struct mr_vec *greatest,
                                const struct mr_history_executed *const servers[2],
                                struct mr_err *err)
{
    for (size_t i = 0; i < last->count; i++) {
        struct mr_shared_origin *origin = mr_vec_push(&s->origins);
        if (origin == NULL)
            return nomem(err);
        *origin = (struct mr_shared_origin){.last = *(struct mr_gtid *)mr_vec_at(last, i)};
        origin->may_differ = gives(servers[0], &origin->last) || gives(servers[1], &origin->last);
        for (size_t k = 0; k < greatest->count; k++) {
            const struct mr_gtid *gtid = mr_vec_at(greatest, k);
            if (is_of(gtid, &origin->last) && number_of(gtid) > number_of(&origin->last))
                origin->may_differ = true;
        }
    }
    return MR_OK;
}

static enum mr_code last_of_sets(const struct mr_history_executed *const servers[2],
                                 struct mr_vec *last, struct mr_vec *greatest, struct mr_err *err)
{
    struct mr_gtid_set set[2];
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < 2; i++)
        mr_gtid_set_init(&set[i]);
    for (size_t i = 0; i < 2; i++)
        MR_TRY_OUT(
            mr_gtid_set_parse(&set[i], servers[i]->executed, strlen(servers[i]->executed), err));
    MR_TRY_OUT(mr_gtid_set_last_shared(&set[0], &set[1], last, err));
    MR_TRY_OUT(mr_gtid_set_add_set(&set[0], &set[1], err));
    MR_TRY_OUT(mr_gtid_set_last_shared(&set[0], &set[0], greatest, err));
out:
    for (size_t i = 0; i < 2; i++)
        mr_gtid_set_release(&set[i]);
    return code;
}

static enum mr_code last_of_states(const struct mr_history_executed *const servers[2],
                                   struct mr_vec *last, struct mr_vec *greatest, struct mr_err *err)
{
    struct mr_gtid_state state[2];
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < 2; i++)
        mr_gtid_state_init(&state[i]);
    for (size_t i = 0; i < 2; i++)
        MR_TRY_OUT(mr_gtid_state_parse(&state[i], servers[i]->executed,
                                       strlen(servers[i]->executed), err));
    MR_TRY_OUT(mr_gtid_state_last_shared(&state[0], &state[1], last, err));
    for (size_t i = 0; i < 2; i++)
        MR_TRY_OUT(mr_gtid_state_last_shared(&state[i], &state[i], greatest, err));
out:
    for (size_t i = 0; i < 2; i++)
        mr_gtid_state_release(&state[i]);
    return code;
}

enum mr_code mr_shared_gtids_find(struct mr_shared_gtids *s, const struct mr_history_executed *self,
                                  const struct mr_history_executed *other, struct mr_err *err)
{
    const struct mr_history_executed *const servers[2] = {self, other};
    struct mr_vec last = MR_VEC_INIT(struct mr_gtid), greatest = MR_VEC_INIT(struct mr_gtid);
    if (self->is_mariadb != other->is_mariadb || !self->has_gtids || !other->has_gtids)
        return MR_OK;
    enum mr_code code = self->is_mariadb ? last_of_states(servers, &last, &greatest, err)
                                         : last_of_sets(servers, &last, &greatest, err);
    if (code == MR_OK)
        code = add_origins(s, &last, &greatest, servers, err);
    mr_vec_release(&last);
    mr_vec_release(&greatest);
    return code;
}

/* ---- what a log shows ---- */

static void begin_tx(struct mr_shared_gtids *s, const struct mr_binlog_step *step)
{
    s->under = NULL;
    if (step->gtid->family == MR_GTID_NONE || step->is_headless)
        return;
    const uint64_t number = number_of(step->gtid);
    for (size_t i = 0; i < s->origins.count && s->under == NULL; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        const uint64_t last = number_of(&origin->last);
        if (number <= last && last - number < MR_SHARED_LAST && is_of(step->gtid, &origin->last))
            s->under = origin;
    }
    s->tx = (struct mr_shared_tx){.number = number, .originally_us = step->gtid->originally_us};
}

/* Of its name alone: a replica may call its database otherwise. */
static uint64_t bit_of(const char *table)
{
    return (uint64_t)1 << XXH3_64bits(table, strlen(table)) % 64;
}

static void note_change(struct mr_shared_gtids *s, const struct mr_binlog_step *step)
{
    const uint32_t when = step->event->when;
    struct mr_shared_tx *tx = &s->tx;
    if (step->kind == MR_STEP_STATEMENT)
        tx->tables = UINT64_MAX;
    else if (step->map != NULL)
        tx->tables |= bit_of(step->map->table.name);
    else
        return; /* it closes a statement */
    tx->first = tx->last == 0 || when < tx->first ? when : tx->first;
    tx->last = when > tx->last ? when : tx->last;
}

void mr_shared_gtids_take(struct mr_shared_gtids *s, const struct mr_binlog_step *step)
{
    switch (step->kind) {
    case MR_STEP_BEGIN: begin_tx(s, step); return;
    case MR_STEP_ROWS:
    case MR_STEP_STATEMENT:
        if (s->under != NULL)
            note_change(s, step);
        return;
    case MR_STEP_COMMIT:
    case MR_STEP_PREPARED:
        if (s->under != NULL && s->tx.tables != 0)
            s->under->met[s->tx.number % MR_SHARED_LAST] = s->tx;
        s->under = NULL;
        return;
    case MR_STEP_END:
    case MR_STEP_LOG:
    case MR_STEP_BEFORE:
    case MR_STEP_LOST:
    case MR_STEP_ROLLBACK:
    case MR_STEP_XA_COMMIT:
    case MR_STEP_XA_ROLLBACK:
    case MR_STEP_UNFINISHED: return;
    }
}

static bool is_met(const struct mr_shared_origin *origin)
{
    for (size_t i = 0; i < MR_SHARED_LAST; i++)
        if (origin->met[i].number != 0)
            return true;
    return false;
}

/* ---- what is in none of the logs that were read ---- */

struct look {
    struct mr_shared_gtids *shared;
    const struct mr_endpoint *ep;
    struct mr_db_opts opts; /* of the server that the logs were listed of */
    struct mr_vec logs;
};

/* Is it in front of that log? */
static enum mr_code is_before(const struct look *l, const struct mr_gtid *gtid, size_t at, bool *is,
                              struct mr_err *err)
{
    const struct mr_server_log *log = mr_vec_at(&l->logs, at);
    struct mr_archive_head head;
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    mr_archive_head_init(&head);
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    enum mr_code code = mr_archive_head_ask(&head, l->ep, &l->opts, log->name, err);
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

/* What stands in front of a log only grows: the last one in front of which it is not has it.  *log: NULL: it is in
 * front of all. */
static enum mr_code find_log(const struct look *l, const struct mr_gtid *gtid,
                             const struct mr_server_log **log, struct mr_err *err)
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
    *log = lo > 0 ? mr_vec_at(&l->logs, lo - 1) : NULL;
    return MR_OK;
}

static enum mr_code read_up_to(struct mr_shared_gtids *s, struct mr_binlog_walk *walk,
                               const struct mr_gtid *last, struct mr_err *err)
{
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    bool is_last = false, is_over = false;
    while (!is_over) {
        MR_TRY(mr_binlog_walk_next(walk, &step, err));
        mr_shared_gtids_take(s, &step);
        if (step.kind == MR_STEP_BEGIN) {
            is_over = is_last; /* the one behind it has begun */
            is_last = is_of(step.gtid, last) && number_of(step.gtid) == number_of(last);
        }
        is_over = is_over || step.kind == MR_STEP_END;
    }
    return MR_OK;
}

static enum mr_code read_log(const struct look *l, const struct mr_server_log *log,
                             const struct mr_gtid *last, struct mr_err *err)
{
    const struct mr_binlog_span span = {log->name, MR_DB_BINLOG_FIRST, log->name, log->bytes};
    struct mr_db *db = NULL;
    struct mr_binlog_dump *dump = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *walk = NULL;
    enum mr_code code = mr_db_open(l->ep, &l->opts, &db, err);
    if (code == MR_OK)
        code = mr_binlog_dump_open(db, &span, &dump, err);
    if (code == MR_OK)
        code = mr_binlog_stream_open(mr_binlog_dump_input(dump), &stream, err);
    if (code == MR_OK)
        code = mr_binlog_walk_open(stream, &walk, err);
    if (code == MR_OK)
        code = read_up_to(l->shared, walk, last, err);
    mr_binlog_walk_close(walk);
    mr_binlog_stream_close(stream);
    mr_binlog_dump_close(dump);
    mr_db_close(db);
    return code;
}

static enum mr_code look_for(const struct look *l, struct mr_err *err)
{
    for (size_t i = 0; i < l->shared->origins.count; i++) {
        const struct mr_shared_origin *origin = mr_vec_at(&l->shared->origins, i);
        const struct mr_server_log *log = NULL;
        if (!origin->may_differ || is_met(origin))
            continue;
        MR_TRY(find_log(l, &origin->last, &log, err));
        if (log != NULL)
            MR_TRY(read_log(l, log, &origin->last, err));
    }
    return MR_OK;
}

static bool is_complete(const struct mr_shared_gtids *s)
{
    for (size_t i = 0; i < s->origins.count; i++) {
        const struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        if (origin->may_differ && !is_met(origin))
            return false;
    }
    return true;
}

enum mr_code mr_shared_gtids_look(struct mr_shared_gtids *s, const struct mr_endpoint *ep,
                                  const struct mr_db_opts *opts, struct mr_err *err)
{
    struct look l = {
        .shared = s, .ep = ep, .opts = *opts, .logs = MR_VEC_INIT(struct mr_server_log)};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_db *db = NULL;
    enum mr_code code = MR_OK;
    if (is_complete(s))
        return MR_OK;
    MR_TRY_OUT(mr_db_open(ep, opts, &db, err));
    l.opts.same_as = mr_db_server(db);
    MR_TRY_OUT(mr_server_logs(db, &arena, &l.logs, err));
    code = look_for(&l, err);
out:
    mr_db_close(db);
    mr_vec_release(&l.logs);
    mr_arena_release(&arena);
    return code;
}

/* ---- both sides ---- */

static bool are_two(const struct mr_shared_tx *a, const struct mr_shared_tx *b)
{
    if (a->originally_us != 0 && b->originally_us != 0)
        return a->originally_us != b->originally_us;
    return a->last < b->first || b->last < a->first || (a->tables & b->tables) == 0;
}

/* The first number of those that is two transactions; 0: none. */
static uint64_t first_of_two(const struct mr_shared_origin *a, const struct mr_shared_origin *b,
                             bool *is_told)
{
    uint64_t first = 0;
    *is_told = false;
    for (size_t i = 0; i < MR_SHARED_LAST; i++) {
        if (a->met[i].number == 0 || a->met[i].number != b->met[i].number)
            continue;
        *is_told = true;
        if (are_two(&a->met[i], &b->met[i]) && (first == 0 || a->met[i].number < first))
            first = a->met[i].number;
    }
    return first;
}

static enum mr_code name(const struct mr_gtid *gtid, uint64_t number, struct mr_arena *arena,
                         const char **text, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_gtid of = *gtid;
    of.number = of.sequence = number;
    mr_gtid_add_text(&out, &of);
    *text = out.failed ? NULL : mr_arena_strdup(arena, out.ptr);
    mr_strbuf_release(&out);
    return *text != NULL ? MR_OK : nomem(err);
}

enum mr_code mr_shared_gtids_compare(const struct mr_shared_gtids sides[2], struct mr_arena *arena,
                                     const char **differs, const char **untold, struct mr_err *err)
{
    *differs = *untold = NULL;
    for (size_t i = 0; i < sides[0].origins.count && i < sides[1].origins.count; i++) {
        const struct mr_shared_origin *a = mr_vec_at(&sides[0].origins, i);
        const struct mr_shared_origin *b = mr_vec_at(&sides[1].origins, i);
        bool is_told;
        const uint64_t first = first_of_two(a, b, &is_told);
        if (first != 0 && *differs == NULL)
            MR_TRY(name(&a->last, first, arena, differs, err));
        if (a->may_differ && !is_told && *untold == NULL)
            MR_TRY(name(&a->last, number_of(&a->last), arena, untold, err));
    }
    return MR_OK;
}
