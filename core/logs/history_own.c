/* history_own.c: see history_own.h. */
#include "core/logs/history_own.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/binlog/binlog_gtid_text.h"
#include "core/logs/archive_list.h"

/* Sequences of a domain and server that follow each other. */
struct run {
    uint32_t domain, server;
    uint64_t lo, hi;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "telling own transactions");
}

/* ---- what a server says ---- */

static const char *keep(struct mr_arena *arena, const char *text)
{
    return mr_arena_strdup(arena, text != NULL ? text : "");
}

/* MySQL 5.6 knows gtid_mode, too, and has it off.  MariaDB has secure_timestamp since 10.3.7; REPLICATION and less let
 * appliers take the seconds of what they apply. */
enum mr_code mr_history_executed_read(struct mr_db *db, struct mr_arena *arena,
                                      struct mr_history_executed *out, struct mr_err *err)
{
    static const char of_mariadb[] =
        "SELECT @@global.gtid_binlog_state, @@global.gtid_slave_pos, "
        "(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = "
        "'SECURE_TIMESTAMP')";
    static const char of_mysql[] = "SELECT @@global.gtid_executed, @@global.gtid_mode";
    const struct mr_server *server = mr_db_server(db);
    struct mr_result *res = NULL;
    *out = (struct mr_history_executed){.is_mariadb = server->flavour == MR_FLAVOUR_MARIADB,
                                        .server_id = server->server_id,
                                        .uuid = keep(arena, server->uuid)};
    const char *sql = out->is_mariadb ? of_mariadb : of_mysql;
    MR_TRY(mr_db_query(db, out->is_mariadb ? "vvn" : "vv", sql, strlen(sql), &res, err));
    const struct mr_cell *row = mr_result_next(res);
    out->executed = keep(arena, row != NULL ? row[0].ptr : NULL);
    out->position = keep(arena, row != NULL && out->is_mariadb ? row[1].ptr : NULL);
    out->own_clock =
        row != NULL && out->is_mariadb && row[2].ptr != NULL && strcasecmp(row[2].ptr, "YES") == 0;
    out->has_gtids = out->is_mariadb || out->executed == NULL || *out->executed != '\0' ||
                     (row != NULL && row[1].ptr != NULL && strncasecmp(row[1].ptr, "OFF", 3) != 0);
    mr_result_free(res);
    return out->executed != NULL && out->position != NULL && out->uuid != NULL ? MR_OK : nomem(err);
}

/* ---- by what it is told ---- */

void mr_history_own_init(struct mr_history_own *own)
{
    *own = (struct mr_history_own){.shared = MR_VEC_INIT(struct run),
                                   .seen = MR_VEC_INIT(struct run),
                                   .own = MR_VEC_INIT(struct run)};
    mr_gtid_set_init(&own->executed);
    mr_gtid_set_init(&own->own_set);
    mr_gtid_set_init(&own->by_hand);
    mr_gtid_state_init(&own->applied);
    mr_gtid_pos_init(&own->position);
}

void mr_history_own_release(struct mr_history_own *own)
{
    mr_vec_release(&own->shared);
    mr_vec_release(&own->seen);
    mr_vec_release(&own->own);
    mr_gtid_set_release(&own->executed);
    mr_gtid_set_release(&own->own_set);
    mr_gtid_set_release(&own->by_hand);
    mr_gtid_state_release(&own->applied);
    mr_gtid_pos_release(&own->position);
}

static enum mr_code refuse(const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "GTIDs do not tell which transactions are of one side: %s",
                     why);
    mr_err_hint(err, "Say where the histories part: --split source=FILE:POS,target=FILE:POS, or "
                     "--split-at TIME.");
    return MR_E_REFUSED;
}

/* What the other has applied without logging it, of the domains in which this side has executed the very
 * transaction that it names. */
static enum mr_code take_position(struct mr_history_own *own, const char *text,
                                  const struct mr_gtid_state *self, struct mr_err *err)
{
    struct mr_strbuf usable = MR_STRBUF_INIT;
    struct mr_gtid gtid;
    for (const char *at = text; mr_gtid_text_next(&at, &gtid);) {
        if (!mr_gtid_state_covers(self, &gtid))
            continue;
        mr_strbuf_add_str(&usable, usable.len > 0 ? "," : "");
        mr_gtid_add_text(&usable, &gtid);
    }
    enum mr_code code = mr_strbuf_check(&usable, "telling own transactions", err);
    if (code == MR_OK)
        code = mr_gtid_pos_parse(&own->position, usable.ptr, usable.len, err);
    mr_strbuf_release(&usable);
    return code;
}

static enum mr_code by_triples(struct mr_history_own *own, const struct mr_history_executed *self,
                               const struct mr_history_executed *other, struct mr_err *err)
{
    struct mr_gtid_state state;
    if (self->server_id == other->server_id)
        return refuse("both servers have the same server_id", err);
    mr_gtid_state_init(&state);
    enum mr_code code =
        mr_gtid_state_parse(&own->applied, other->executed, strlen(other->executed), err);
    if (code == MR_OK)
        code = mr_gtid_state_parse(&state, self->executed, strlen(self->executed), err);
    if (code == MR_OK)
        code = take_position(own, other->position, &state, err);
    mr_gtid_state_release(&state);
    return code;
}

/* As the server writes it. */
static void read_uuid(const char *text, uint8_t uuid[MR_GTID_UUID_BYTES])
{
    size_t n = 0;
    for (const char *at = text; n < MR_GTID_UUID_BYTES && *at != '\0';) {
        unsigned byte;
        at += *at == '-';
        if (sscanf(at, "%2x", &byte) != 1 || at[1] == '\0')
            break;
        uuid[n++] = (uint8_t)byte;
        at += 2;
    }
}

enum mr_code mr_history_own_by_gtid(struct mr_history_own *own,
                                    const struct mr_history_executed *self,
                                    const struct mr_history_executed *other, struct mr_arena *arena,
                                    struct mr_err *err)
{
    if (self->is_mariadb != other->is_mariadb)
        return refuse("one server is MariaDB, the other one MySQL", err);
    if (!self->has_gtids || !other->has_gtids)
        return refuse("a server has none (gtid_mode)", err);
    own->by = MR_OWN_BY_GTID;
    own->is_mariadb = self->is_mariadb;
    own->split = mr_arena_strdup(arena, other->executed);
    if (own->split == NULL)
        return nomem(err);
    if (self->is_mariadb)
        return by_triples(own, self, other, err);
    if (strcasecmp(self->uuid, other->uuid) == 0)
        return refuse("both servers have the same server_uuid", err);
    own->self_id = self->server_id;
    read_uuid(other->uuid, own->other_uuid);
    return mr_gtid_set_parse(&own->executed, other->executed, strlen(other->executed), err);
}

void mr_history_own_by_place(struct mr_history_own *own, const char *log, uint64_t position,
                             const char *split)
{
    own->by = MR_OWN_BY_PLACE;
    own->log = log;
    own->at = position;
    own->split = split;
}

void mr_history_own_by_time(struct mr_history_own *own, int64_t time_us, const char *split)
{
    own->by = MR_OWN_BY_TIME;
    own->time_us = time_us - (time_us % 1000000 + 1000000) % 1000000;
    own->split = split;
}

/* ---- runs ---- */

static enum mr_code add_run(struct mr_vec *runs, const struct mr_gtid *gtid, struct mr_err *err)
{
    /* few servers write by turns: the run is among the last */
    for (size_t i = runs->count, tries = 0; i > 0 && tries < 16; i--, tries++) {
        struct run *run = mr_vec_at(runs, i - 1);
        if (run->domain != gtid->domain || run->server != gtid->server ||
            gtid->sequence != run->hi + 1)
            continue;
        run->hi++;
        return MR_OK;
    }
    struct run *run = mr_vec_push(runs);
    if (run == NULL)
        return nomem(err);
    *run = (struct run){gtid->domain, gtid->server, gtid->sequence, gtid->sequence};
    return MR_OK;
}

static int compare_starts(const void *a, const void *b)
{
    const struct run *left = a, *right = b;
    if (left->domain != right->domain)
        return left->domain < right->domain ? -1 : 1;
    return left->lo < right->lo ? -1 : left->lo > right->lo;
}

/* A copy by domain and lo; to be released. */
static enum mr_code sort_runs(const struct mr_vec *runs, struct mr_vec *sorted, struct mr_err *err)
{
    *sorted = (struct mr_vec)MR_VEC_INIT(struct run);
    for (size_t i = 0; i < runs->count; i++) {
        struct run *run = mr_vec_push(sorted);
        if (run == NULL)
            return nomem(err);
        *run = *(const struct run *)mr_vec_at(runs, i);
    }
    if (sorted->count > 1)
        qsort(sorted->items, sorted->count, sizeof(struct run), compare_starts);
    return MR_OK;
}

/* Of sorted ones. */
struct sweep {
    const struct run *runs;
    size_t count, from; /* those before it end in front of whatever is still looked for */
};

static bool is_at(const struct sweep *seen, size_t at, const struct run *of, uint64_t until)
{
    return at < seen->count && seen->runs[at].domain == of->domain && seen->runs[at].lo <= until;
}

static bool sweep_holds(const struct sweep *seen, const struct run *of, uint64_t n)
{
    for (size_t i = seen->from; is_at(seen, i, of, n); i++)
        if (seen->runs[i].server == of->server && n <= seen->runs[i].hi)
            return true;
    return false;
}

/* *number: of `mine`, that another server has given there, and this one has not; 0: none. */
static void sweep_on(struct sweep *seen, const struct run *mine, uint64_t *number)
{
    *number = 0;
    while (seen->from < seen->count && (seen->runs[seen->from].domain < mine->domain ||
                                        (seen->runs[seen->from].domain == mine->domain &&
                                         seen->runs[seen->from].hi < mine->lo)))
        seen->from++;
    for (size_t i = seen->from; is_at(seen, i, mine, mine->hi); i++) {
        const struct run *run = &seen->runs[i];
        const uint64_t lo = run->lo > mine->lo ? run->lo : mine->lo;
        const uint64_t hi = run->hi < mine->hi ? run->hi : mine->hi;
        if (run->server == mine->server || lo > hi ||
            (sweep_holds(seen, mine, lo) && sweep_holds(seen, mine, hi)))
            continue;
        *number = lo;
        return;
    }
}

/* Two that write one domain by turns have a run for each transaction: both lists are gone through side by side. */
enum mr_code mr_history_own_reused(const struct mr_history_own *own,
                                   const struct mr_history_own *other, struct mr_arena *arena,
                                   const char **which, struct mr_err *err)
{
    struct mr_vec shared = MR_VEC_INIT(struct run), seen = MR_VEC_INIT(struct run);
    struct sweep sweep = {0};
    uint64_t number = 0;
    *which = NULL;
    enum mr_code code = sort_runs(&own->shared, &shared, err);
    if (code == MR_OK)
        code = sort_runs(&other->seen, &seen, err);
    if (code == MR_OK)
        sweep = (struct sweep){seen.items, seen.count, 0};
    for (size_t i = 0; code == MR_OK && number == 0 && i < shared.count; i++) {
        const struct run *mine = mr_vec_at(&shared, i);
        sweep_on(&sweep, mine, &number);
        if (number != 0 && (*which = mr_arena_fmt(arena, "%" PRIu32 "-%" PRIu32 "-%" PRIu64,
                                                  mine->domain, mine->server, number)) == NULL)
            code = nomem(err);
        else if (mr_is_cancelled())
            code = mr_cancelled_err(err);
    }
    mr_vec_release(&shared);
    mr_vec_release(&seen);
    return code;
}

const char *mr_history_own_text(const struct mr_history_own *own, struct mr_arena *arena)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_gtid_set_add_text(&out, &own->own_set);
    for (size_t i = 0; i < own->own.count; i++) {
        const struct run *run = mr_vec_at(&own->own, i);
        mr_strbuf_add_fmt(&out, "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64, out.len > 0 ? "," : "",
                          run->domain, run->server, run->lo);
        if (run->hi > run->lo)
            mr_strbuf_add_fmt(&out, "..%" PRIu64, run->hi);
    }
    const char *text = out.failed ? NULL : mr_arena_dup(arena, out.ptr, out.len);
    mr_strbuf_release(&out);
    return text;
}

/* ---- judging ---- */

/* Its GTID as the other knows it. */
static enum mr_owned judge_gtid(const struct mr_history_own *own, const struct mr_gtid *gtid,
                                bool *by_state)
{
    *by_state = false;
    if (gtid->family == MR_GTID_NONE || own->is_mariadb != (gtid->family == MR_GTID_OF_MARIADB))
        return MR_OWNED_UNTOLD;
    if (!own->is_mariadb)
        return mr_gtid_set_has(&own->executed, gtid) ? MR_OWNED_SHARED : MR_OWNED_OWN;
    if (mr_gtid_pos_covers(&own->position, gtid->domain, gtid->sequence))
        return MR_OWNED_SHARED;
    *by_state = mr_gtid_state_covers(&own->applied, gtid);
    return *by_state ? MR_OWNED_SHARED : MR_OWNED_OWN;
}

static enum mr_owned judge_place(struct mr_history_own *own, const struct mr_binlog_place *begun)
{
    const bool here = mr_history_log_is(begun->log, own->log);
    own->is_behind = own->is_behind || (here ? begun->position >= own->at : own->is_in_log);
    own->is_in_log = own->is_in_log || here;
    return own->is_behind ? MR_OWNED_OWN : MR_OWNED_SHARED;
}

void mr_history_own_reach(struct mr_history_own *own, const struct mr_binlog_place *place,
                          uint64_t end)
{
    if (own->by != MR_OWN_BY_PLACE || !mr_history_log_is(place->log, own->log))
        return;
    own->is_in_log = true;
    own->log_end = end > own->log_end ? end : own->log_end;
}

void mr_history_own_ended(struct mr_history_own *own, const struct mr_binlog_place *begun,
                          uint64_t end)
{
    if (own->by == MR_OWN_BY_PLACE && mr_history_log_is(begun->log, own->log))
        own->is_within = own->is_within || (begun->position < own->at && end > own->at);
}

enum mr_code mr_history_own_wrote(struct mr_history_own *own, const struct mr_gtid *gtid,
                                  uint32_t server_id, bool is_empty, struct mr_err *err)
{
    if (own->by != MR_OWN_BY_GTID || gtid->family != MR_GTID_OF_MYSQL ||
        memcmp(gtid->uuid, own->other_uuid, sizeof own->other_uuid) != 0)
        return MR_OK;
    if (server_id != own->self_id && gtid->tag[0] == '\0' && gtid->number > own->replicated)
        own->replicated = gtid->number;
    return server_id == own->self_id && is_empty && mr_gtid_set_has(&own->executed, gtid)
               ? mr_gtid_set_add(&own->by_hand, gtid, err)
               : MR_OK;
}

/* The other's, up to the last one that was replicated. */
static enum mr_code subtract_replicated(const struct mr_history_own *own, struct mr_gtid_set *set,
                                        struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_gtid_set older;
    if (own->replicated == 0)
        return MR_OK;
    mr_gtid_set_init(&older);
    mr_gtid_add_uuid(&text, own->other_uuid);
    mr_strbuf_add_fmt(&text, ":1-%" PRIu64, own->replicated);
    enum mr_code code = mr_strbuf_check(&text, "telling own transactions", err);
    if (code == MR_OK)
        code = mr_gtid_set_parse(&older, text.ptr, text.len, err);
    if (code == MR_OK)
        code = mr_gtid_set_subtract(set, &older, err);
    mr_strbuf_release(&text);
    mr_gtid_set_release(&older);
    return code;
}

enum mr_code mr_history_own_by_hand(const struct mr_history_own *own, const char *then,
                                    struct mr_arena *arena, const char **which, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_gtid_set set, had;
    *which = NULL;
    mr_gtid_set_init(&set);
    mr_gtid_set_init(&had);
    enum mr_code code = mr_gtid_set_add_set(&set, &own->by_hand, err);
    if (code == MR_OK && then != NULL && !mr_gtid_set_is_empty(&set))
        code = mr_gtid_set_parse(&had, then, strlen(then), err);
    if (code == MR_OK)
        code = mr_gtid_set_subtract(&set, &had, err);
    if (code == MR_OK)
        code = subtract_replicated(own, &set, err);
    mr_gtid_set_add_text(&text, &set);
    if (code == MR_OK)
        code = mr_strbuf_check(&text, "telling own transactions", err);
    if (code == MR_OK && text.len > 0 && (*which = mr_arena_dup(arena, text.ptr, text.len)) == NULL)
        code = nomem(err);
    mr_strbuf_release(&text);
    mr_gtid_set_release(&set);
    mr_gtid_set_release(&had);
    return code;
}

void mr_history_own_go_on(struct mr_history_own *own)
{
    own->is_in_log = own->is_behind = true;
    own->log_end = own->at;
}

void mr_history_own_begins(struct mr_history_own *own, int64_t began_us, bool has_none_before)
{
    own->begins_late = own->by == MR_OWN_BY_TIME && !has_none_before && began_us > own->time_us;
}

const char *mr_history_own_missed(const struct mr_history_own *own)
{
    if (own->begins_late)
        return "the first log was begun behind the split";
    if (own->by != MR_OWN_BY_PLACE)
        return NULL;
    if (!own->is_in_log)
        return "the log of the split was not among them";
    if (own->is_within)
        return "the place of the split is within a transaction";
    if (own->at > own->log_end)
        return "the place of the split is behind the end of its log";
    return NULL;
}

static enum mr_code note(struct mr_history_own *own, const struct mr_gtid *gtid, bool by_state,
                         enum mr_owned owned, struct mr_err *err)
{
    if (gtid->family == MR_GTID_OF_MARIADB) {
        MR_TRY(add_run(&own->seen, gtid, err));
        if (by_state)
            MR_TRY(add_run(&own->shared, gtid, err));
        if (owned == MR_OWNED_OWN)
            MR_TRY(add_run(&own->own, gtid, err));
    } else if (owned == MR_OWNED_OWN) {
        return mr_gtid_set_add(&own->own_set, gtid, err);
    }
    return MR_OK;
}

enum mr_code mr_history_own_judge(struct mr_history_own *own, const struct mr_history_tx *tx,
                                  enum mr_owned *owned, struct mr_err *err)
{
    bool by_state = false;
    if (own->by == MR_OWN_BY_GTID)
        *owned = judge_gtid(own, tx->gtid, &by_state);
    else if (own->by == MR_OWN_BY_PLACE)
        *owned = judge_place(own, &tx->begun);
    else
        *owned = tx->committed_us >= own->time_us ? MR_OWNED_OWN : MR_OWNED_SHARED;
    return note(own, tx->gtid, by_state, *owned, err);
}

/* ---- the head of a log ---- */

/* The other's rest, for MySQL. */
static enum mr_code hidden_of_set(const struct mr_history_own *own, struct mr_gtid_set *before,
                                  struct mr_strbuf *out, struct mr_err *err)
{
    MR_TRY(mr_gtid_set_subtract(before, &own->executed, err));
    mr_gtid_set_add_text(out, before);
    return MR_OK;
}

static void hidden_of_state(const struct mr_history_own *own, const char *before,
                            struct mr_strbuf *out)
{
    struct mr_gtid gtid;
    bool by_state;
    for (const char *at = before; mr_gtid_text_next(&at, &gtid);) {
        if (judge_gtid(own, &gtid, &by_state) != MR_OWNED_OWN)
            continue;
        mr_strbuf_add_str(out, out->len > 0 ? "," : "");
        mr_gtid_add_text(out, &gtid);
    }
}

enum mr_code mr_history_own_before_text(const struct mr_history_own *own, const char *before,
                                        struct mr_arena *arena, const char **hidden,
                                        struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_gtid_set set;
    enum mr_code code = MR_OK;
    *hidden = NULL;
    if (own->by != MR_OWN_BY_GTID)
        return MR_OK;
    mr_gtid_set_init(&set);
    if (own->is_mariadb) {
        hidden_of_state(own, before, &out);
    } else {
        code = mr_gtid_set_parse(&set, before, strlen(before), err);
        if (code == MR_OK)
            code = hidden_of_set(own, &set, &out, err);
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&out, "telling own transactions", err);
    if (code == MR_OK && out.len > 0 && (*hidden = mr_arena_dup(arena, out.ptr, out.len)) == NULL)
        code = nomem(err);
    mr_gtid_set_release(&set);
    mr_strbuf_release(&out);
    return code;
}

enum mr_code mr_history_own_before(const struct mr_history_own *own,
                                   const struct mr_binlog_event *event, struct mr_arena *arena,
                                   const char **hidden, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_gtid_before_text(event, &text, err);
    if (code == MR_OK)
        code = mr_history_own_before_text(own, text.ptr, arena, hidden, err);
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_history_own_follows(const struct mr_binlog_event *event,
                                    const struct mr_gtid_set *met,
                                    const struct mr_gtid_state *met_state, bool *follows,
                                    struct mr_err *err)
{
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    enum mr_code code;
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    if (event->is_mariadb) {
        code = mr_gtid_state_read(&state, event, err);
        *follows = code == MR_OK && mr_gtid_state_contains(met_state, &state);
    } else {
        code = mr_gtid_set_read(&set, event, err);
        *follows = code == MR_OK && mr_gtid_set_contains(met, &set);
    }
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    return code;
}

enum mr_code mr_history_own_lacks(const struct mr_history_own *own, const struct mr_gtid_set *met,
                                  const struct mr_gtid_state *met_state, const char *executed,
                                  struct mr_strbuf *lacks, struct mr_err *err)
{
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    enum mr_code code;
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    if (own->is_mariadb) {
        code = mr_gtid_state_parse(&state, executed, strlen(executed), err);
        if (code == MR_OK && !mr_gtid_state_contains(met_state, &state))
            mr_strbuf_add_str(lacks, executed);
    } else {
        code = mr_gtid_set_parse(&set, executed, strlen(executed), err);
        if (code == MR_OK)
            code = mr_gtid_set_subtract(&set, met, err);
        /* a replica that does not log what it applies has that in no log */
        if (code == MR_OK)
            code = mr_gtid_set_subtract(&set, &own->executed, err);
        if (code == MR_OK && !mr_gtid_set_is_empty(&set))
            mr_gtid_set_add_text(lacks, &set);
    }
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    return code == MR_OK ? mr_strbuf_check(lacks, "reading a binary log", err) : code;
}

enum mr_code mr_history_own_unlogged(const struct mr_history_own *own,
                                     const struct mr_history_executed *self,
                                     struct mr_strbuf *unlogged, struct mr_err *err)
{
    struct mr_gtid_state logged;
    struct mr_gtid gtid;
    bool by_state;
    if (own->by != MR_OWN_BY_GTID || !own->is_mariadb)
        return MR_OK;
    mr_gtid_state_init(&logged);
    const enum mr_code code =
        mr_gtid_state_parse(&logged, self->executed, strlen(self->executed), err);
    for (const char *at = self->position; code == MR_OK && mr_gtid_text_next(&at, &gtid);) {
        if (mr_gtid_state_covers(&logged, &gtid) ||
            judge_gtid(own, &gtid, &by_state) != MR_OWNED_OWN)
            continue;
        mr_strbuf_add_str(unlogged, unlogged->len > 0 ? "," : "");
        mr_gtid_add_text(unlogged, &gtid);
    }
    mr_gtid_state_release(&logged);
    return code == MR_OK ? mr_strbuf_check(unlogged, "telling own transactions", err) : code;
}

static enum mr_code behind_state(const struct mr_history_own *own, const char *executed,
                                 const char *position, struct mr_strbuf *behind, struct mr_err *err)
{
    struct mr_gtid_state state;
    mr_gtid_state_init(&state);
    enum mr_code code = mr_gtid_state_parse(&state, executed, strlen(executed), err);
    if (code == MR_OK)
        code = mr_gtid_state_parse(&state, position, strlen(position), err);
    for (size_t i = 0; code == MR_OK && i < own->own.count; i++) {
        const struct run *run = mr_vec_at(&own->own, i);
        const struct mr_gtid last = {.family = MR_GTID_OF_MARIADB,
                                     .domain = run->domain,
                                     .server = run->server,
                                     .sequence = run->hi};
        if (mr_gtid_state_covers(&state, &last))
            continue;
        mr_strbuf_add_str(behind, behind->len > 0 ? "," : "");
        mr_gtid_add_text(behind, &last);
    }
    mr_gtid_state_release(&state);
    return code;
}

enum mr_code mr_history_own_behind(const struct mr_history_own *own, const char *executed,
                                   const char *position, struct mr_strbuf *behind,
                                   struct mr_err *err)
{
    struct mr_gtid_set set, has;
    if (own->is_mariadb) {
        MR_TRY(behind_state(own, executed, position, behind, err));
        return mr_strbuf_check(behind, "telling own transactions", err);
    }
    mr_gtid_set_init(&set);
    mr_gtid_set_init(&has);
    enum mr_code code = mr_gtid_set_parse(&has, executed, strlen(executed), err);
    if (code == MR_OK)
        code = mr_gtid_set_add_set(&set, &own->own_set, err);
    if (code == MR_OK)
        code = mr_gtid_set_subtract(&set, &has, err);
    if (code == MR_OK && !mr_gtid_set_is_empty(&set))
        mr_gtid_set_add_text(behind, &set);
    mr_gtid_set_release(&set);
    mr_gtid_set_release(&has);
    return code == MR_OK ? mr_strbuf_check(behind, "telling own transactions", err) : code;
}
