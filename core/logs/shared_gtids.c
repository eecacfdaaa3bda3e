/* shared_gtids.c: see shared_gtids.h. */
#include "core/logs/shared_gtids.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/logs/gtid_logs.h"
#include "core/row/when.h"

#define KEPT_ALL ((uint64_t)4 * MR_SHARED_KEPT) /* of all origins that may differ */

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
    for (size_t i = 0; i < s->origins.count; i++)
        free(((struct mr_shared_origin *)mr_vec_at(&s->origins, i))->met);
    mr_vec_release(&s->origins);
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
            if (mr_gtid_is_of(gtid, &origin->last) &&
                mr_gtid_number(gtid) > mr_gtid_number(&origin->last))
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

/* What a MariaDB has applied and not logged stands in its position alone. */
static enum mr_code last_of_states(const struct mr_history_executed *const servers[2],
                                   struct mr_vec *last, struct mr_vec *greatest, struct mr_err *err)
{
    struct mr_gtid_state state[2];
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < 2; i++)
        mr_gtid_state_init(&state[i]);
    for (size_t i = 0; i < 2; i++) {
        MR_TRY_OUT(mr_gtid_state_parse(&state[i], servers[i]->executed,
                                       strlen(servers[i]->executed), err));
        MR_TRY_OUT(mr_gtid_state_parse(&state[i], servers[i]->position,
                                       strlen(servers[i]->position), err));
    }
    MR_TRY_OUT(mr_gtid_state_last_shared(&state[0], &state[1], last, err));
    for (size_t i = 0; i < 2; i++)
        MR_TRY_OUT(mr_gtid_state_last_shared(&state[i], &state[i], greatest, err));
out:
    for (size_t i = 0; i < 2; i++)
        mr_gtid_state_release(&state[i]);
    return code;
}

/* at: of the side itself, or of the other. */
static enum mr_code note_unlogged(struct mr_shared_gtids *s, const struct mr_history_executed *of,
                                  size_t at, struct mr_err *err)
{
    struct mr_gtid_state logged;
    mr_gtid_state_init(&logged);
    const enum mr_code code = mr_gtid_state_parse(&logged, of->executed, strlen(of->executed), err);
    for (size_t i = 0; code == MR_OK && i < s->origins.count; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        origin->is_unlogged[at] = !mr_gtid_state_covers(&logged, &origin->last);
    }
    mr_gtid_state_release(&logged);
    return code;
}

/* The same of both sides, since these have the same origins. */
static enum mr_code make_room(struct mr_shared_gtids *s, struct mr_err *err)
{
    uint64_t kept = MR_SHARED_KEPT, differing = 0;
    for (size_t i = 0; i < s->origins.count; i++)
        differing += ((const struct mr_shared_origin *)mr_vec_at(&s->origins, i))->may_differ;
    while (kept > MR_SHARED_LAST && kept * differing > KEPT_ALL)
        kept /= 2;
    for (size_t i = 0; i < s->origins.count; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        origin->kept = origin->may_differ ? kept : MR_SHARED_LAST;
        origin->met = calloc(origin->kept, sizeof *origin->met);
        if (origin->met == NULL)
            return nomem(err);
    }
    return MR_OK;
}

enum mr_code mr_shared_gtids_find(struct mr_shared_gtids *s, const struct mr_history_executed *self,
                                  const struct mr_history_executed *other, struct mr_err *err)
{
    const struct mr_history_executed *const servers[2] = {self, other};
    struct mr_vec last = MR_VEC_INIT(struct mr_gtid), greatest = MR_VEC_INIT(struct mr_gtid);
    s->own_clock = self->own_clock;
    if (self->is_mariadb != other->is_mariadb || !self->has_gtids || !other->has_gtids)
        return MR_OK;
    enum mr_code code = self->is_mariadb ? last_of_states(servers, &last, &greatest, err)
                                         : last_of_sets(servers, &last, &greatest, err);
    if (code == MR_OK)
        code = add_origins(s, &last, &greatest, servers, err);
    for (size_t i = 0; code == MR_OK && self->is_mariadb && i < 2; i++)
        code = note_unlogged(s, servers[i], i, err);
    if (code == MR_OK)
        code = make_room(s, err);
    mr_vec_release(&last);
    mr_vec_release(&greatest);
    return code;
}

static bool is_unlogged(const struct mr_shared_origin *origin)
{
    return origin->is_unlogged[0] || origin->is_unlogged[1];
}

enum mr_code mr_shared_gtids_know(struct mr_shared_gtids *s, bool is_mariadb,
                                  const char *const executed[2], struct mr_err *err)
{
    const struct mr_history_executed then[2] = {
        {.is_mariadb = is_mariadb, .executed = executed[0], .position = ""},
        {.is_mariadb = is_mariadb, .executed = executed[1], .position = ""}};
    const struct mr_history_executed *const servers[2] = {&then[0], &then[1]};
    struct mr_vec last = MR_VEC_INIT(struct mr_gtid), greatest = MR_VEC_INIT(struct mr_gtid);
    if (s->origins.count == 0)
        return MR_OK;
    const enum mr_code code = is_mariadb ? last_of_states(servers, &last, &greatest, err)
                                         : last_of_sets(servers, &last, &greatest, err);
    for (size_t i = 0; code == MR_OK && i < s->origins.count; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        origin->is_known = is_unlogged(origin); /* no log will ever tell it, and that was said */
        for (size_t k = 0; k < last.count; k++) {
            const struct mr_gtid *was = mr_vec_at(&last, k);
            if (mr_gtid_is_of(was, &origin->last) &&
                mr_gtid_number(was) == mr_gtid_number(&origin->last))
                origin->is_known = true;
        }
    }
    mr_vec_release(&last);
    mr_vec_release(&greatest);
    return code;
}

/* ---- what a log shows ---- */

static bool is_last(const struct mr_shared_origin *origin, uint64_t number)
{
    return mr_gtid_number(&origin->last) - number < MR_SHARED_LAST;
}

static void begin_tx(struct mr_shared_gtids *s, const struct mr_binlog_step *step)
{
    s->under = NULL;
    if (step->gtid->family == MR_GTID_NONE || step->is_headless)
        return;
    const uint64_t number = mr_gtid_number(step->gtid);
    for (size_t i = 0; i < s->origins.count && s->under == NULL; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        const uint64_t last = mr_gtid_number(&origin->last);
        if (!mr_gtid_is_of(step->gtid, &origin->last))
            continue;
        origin->is_passed = origin->is_passed || number >= last;
        if (number > last)
            continue;
        origin->is_met = true;
        if (last - number < origin->kept)
            s->under = origin;
    }
    s->tx.number = number;
    mr_tx_mark_begin(&s->tx.mark, step);
    s->tx.mark.own_clock = s->own_clock;
}

static void keep_tx(struct mr_shared_origin *origin, const struct mr_shared_tx *tx)
{
    origin->met[tx->number % origin->kept] = *tx;
    origin->is_shown = origin->is_shown || is_last(origin, tx->number);
}

void mr_shared_gtids_take(struct mr_shared_gtids *s, const struct mr_binlog_step *step)
{
    switch (step->kind) {
    case MR_STEP_BEGIN: begin_tx(s, step); return;
    case MR_STEP_ROWS:
    case MR_STEP_STATEMENT:
        if (s->under != NULL)
            mr_tx_mark_take(&s->tx.mark, step);
        return;
    case MR_STEP_COMMIT:
    case MR_STEP_PREPARED:
        if (s->under != NULL && s->tx.mark.tables != 0)
            keep_tx(s->under, &s->tx);
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

static bool is_lacking(const struct mr_shared_origin *origin)
{
    return origin->may_differ && !origin->is_known && !origin->is_unlogged[0] &&
           !(origin->is_shown && origin->is_passed);
}

/* ---- what is in none of the logs that were read ---- */

static enum mr_code take_step(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    (void)err;
    mr_shared_gtids_take(ctx, step);
    return MR_OK;
}

static bool is_complete(const struct mr_shared_gtids *s)
{
    for (size_t i = 0; i < s->origins.count; i++)
        if (is_lacking(mr_vec_at(&s->origins, i)))
            return false;
    return true;
}

/* The last of an origin is in one log with most of those before it.  Where the other logs none of them, there is nothing
 * that it could be compared with. */
enum mr_code mr_shared_gtids_look(struct mr_shared_gtids *s, const struct mr_endpoint *ep,
                                  const struct mr_db_opts *opts, struct mr_err *err)
{
    struct mr_gtid_logs logs = {.ep = ep, .opts = opts, .breathe = s->breathe, .ctx = s->ctx};
    enum mr_code code = MR_OK;
    if (is_complete(s))
        return MR_OK;
    MR_TRY_OUT(mr_gtid_logs_open(&logs, err));
    for (size_t i = 0; i < s->origins.count; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        size_t at = 0;
        if (!is_lacking(origin))
            continue;
        MR_TRY_OUT(mr_gtid_logs_find(&logs, &origin->last, &at, err));
        origin->is_gone = at == 0;
        if (at > 0 && !origin->is_unlogged[1])
            MR_TRY_OUT(mr_gtid_logs_read(&logs, at, &origin->last, take_step, s, err));
    }
out:
    mr_gtid_logs_close(&logs);
    return code;
}

/* ---- both sides ---- */

/* The first number that is two transactions; 0: none.  *is_told: one of the last was met on both sides; *before:
 * seconds. */
static uint64_t first_of_two(const struct mr_shared_origin *a, const struct mr_shared_origin *b,
                             bool *is_told, uint32_t *before)
{
    uint64_t first = 0;
    *is_told = false;
    for (uint64_t i = 0; i < a->kept; i++) {
        const struct mr_shared_tx *x = &a->met[i], *y = &b->met[i];
        if (x->number == 0 || x->number != y->number)
            continue;
        *is_told = *is_told || is_last(a, x->number);
        if (!mr_tx_marks_differ(&x->mark, &y->mark) || (first != 0 && x->number > first))
            continue;
        first = x->number;
        *before = x->mark.last < y->mark.last ? x->mark.last : y->mark.last;
    }
    return first;
}

static enum mr_code tell_time(uint32_t seconds, struct mr_arena *arena, const char **text,
                              struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_when_format_us((int64_t)seconds * 1000000, &out);
    *text = out.failed ? NULL : mr_arena_strdup(arena, out.ptr);
    mr_strbuf_release(&out);
    return *text != NULL ? MR_OK : nomem(err);
}

static enum mr_code name(const struct mr_gtid *gtid, struct mr_arena *arena, const char **text,
                         struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_gtid_add_text(&out, gtid);
    *text = out.failed ? NULL : mr_arena_strdup(arena, out.ptr);
    mr_strbuf_release(&out);
    return *text != NULL ? MR_OK : nomem(err);
}

static enum mr_code take_two(struct mr_shared_found *found, const struct mr_gtid *last,
                             uint64_t number, uint32_t before, struct mr_arena *arena,
                             struct mr_err *err)
{
    found->two = *last;
    found->two.number = found->two.sequence = number;
    if (found->origins++ > 0)
        return MR_OK;
    MR_TRY(name(&found->two, arena, &found->differs, err));
    return tell_time(before, arena, &found->before, err);
}

/* What stands in no log of either side was told of by none: whose it is decides nothing. */
static bool may_stand(const struct mr_shared_origin *origin)
{
    return !origin->is_unlogged[0] && (origin->is_met || !origin->is_gone);
}

enum mr_code mr_shared_gtids_compare(const struct mr_shared_gtids sides[2], struct mr_arena *arena,
                                     struct mr_shared_found *found, struct mr_err *err)
{
    const char *gone = NULL;
    bool is_proved = false;
    *found = (struct mr_shared_found){.differs = NULL};
    for (size_t i = 0; i < sides[0].origins.count && i < sides[1].origins.count; i++) {
        const struct mr_shared_origin *a = mr_vec_at(&sides[0].origins, i);
        const struct mr_shared_origin *b = mr_vec_at(&sides[1].origins, i);
        uint32_t before = 0;
        bool is_told;
        if (a->is_known)
            continue;
        const uint64_t first = first_of_two(a, b, &is_told, &before);
        if (first != 0)
            MR_TRY(take_two(found, &a->last, first, before, arena, err));
        is_proved = is_proved || (is_told && first == 0);
        const char **untold = a->is_gone || b->is_gone ? &gone : &found->untold;
        if (a->may_differ && !is_told && (may_stand(a) || may_stand(b)) && *untold == NULL)
            MR_TRY(name(&a->last, arena, untold, err));
    }
    found->untold = found->untold == NULL && !is_proved ? gone : found->untold;
    return MR_OK;
}
