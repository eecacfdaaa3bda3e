/* shared_gtids.c: see shared_gtids.h. */
#include "core/logs/shared_gtids.h"

#include <string.h>
#include <strings.h>

#include "core/logs/gtid_logs.h"

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
    const uint64_t number = mr_gtid_number(step->gtid);
    for (size_t i = 0; i < s->origins.count && s->under == NULL; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        const uint64_t last = mr_gtid_number(&origin->last);
        if (number <= last && last - number < MR_SHARED_LAST &&
            mr_gtid_is_of(step->gtid, &origin->last))
            s->under = origin;
    }
    s->tx.number = number;
    mr_tx_mark_begin(&s->tx.mark, step);
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

static enum mr_code take_step(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    (void)err;
    mr_shared_gtids_take(ctx, step);
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

/* The last of an origin is in one log with most of those before it. */
enum mr_code mr_shared_gtids_look(struct mr_shared_gtids *s, const struct mr_endpoint *ep,
                                  const struct mr_db_opts *opts, struct mr_throttle *throttle,
                                  struct mr_err *err)
{
    struct mr_gtid_logs logs = {.ep = ep, .opts = opts, .throttle = throttle};
    if (is_complete(s))
        return MR_OK;
    enum mr_code code = mr_gtid_logs_open(&logs, err);
    for (size_t i = 0; code == MR_OK && i < s->origins.count; i++) {
        struct mr_shared_origin *origin = mr_vec_at(&s->origins, i);
        if (!origin->may_differ || is_met(origin))
            continue;
        code = mr_gtid_logs_read(&logs, &origin->last, &origin->last, take_step, s, err);
        origin->is_gone = logs.is_gone;
    }
    mr_gtid_logs_close(&logs);
    return code;
}

/* ---- both sides ---- */

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
        if (mr_tx_marks_differ(&a->met[i].mark, &b->met[i].mark) &&
            (first == 0 || a->met[i].number < first))
            first = a->met[i].number;
    }
    return first;
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

enum mr_code mr_shared_gtids_compare(const struct mr_shared_gtids sides[2], struct mr_arena *arena,
                                     struct mr_shared_found *found, struct mr_err *err)
{
    const char *gone = NULL;
    bool is_proved = false;
    *found = (struct mr_shared_found){.differs = NULL};
    for (size_t i = 0; i < sides[0].origins.count && i < sides[1].origins.count; i++) {
        const struct mr_shared_origin *a = mr_vec_at(&sides[0].origins, i);
        const struct mr_shared_origin *b = mr_vec_at(&sides[1].origins, i);
        bool is_told;
        const uint64_t first = first_of_two(a, b, &is_told);
        if (first != 0) {
            found->two = a->last;
            found->two.number = found->two.sequence = first;
            found->origins++;
        }
        is_proved = is_proved || (is_told && first == 0);
        const char **untold = a->is_gone || b->is_gone ? &gone : &found->untold;
        if (first != 0 && found->differs == NULL)
            MR_TRY(name(&found->two, arena, &found->differs, err));
        if (a->may_differ && !is_told && *untold == NULL)
            MR_TRY(name(&a->last, arena, untold, err));
    }
    found->untold = found->untold == NULL && !is_proved ? gone : found->untold;
    return MR_OK;
}
