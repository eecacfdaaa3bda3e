/* gate_deleted.c: see gate_deleted.h. */
#include "recon/gate/gate_deleted.h"

#include <string.h>

#include "recon/gate/gate_gtid.h"
#include "recon/gate/gate_rules.h"
#include "recon/gate/gate_shape.h"

#define ROUNDING_S 2.0       /* of two times in whole seconds */
#define ZONE_S (14 * 3600.0) /* so far ahead of UTC a clock on the wall may be */

/* Is all of a in b, and is that known? */
static bool is_within(const struct mr_gate_judge *j, const char *a, const char *b)
{
    struct mr_strbuf rest = MR_STRBUF_INIT;
    struct mr_err why;
    uint64_t count = 0;
    const enum mr_code code =
        mr_gate_gtid_subtract(j->now->server.flavour, a, b, &rest, &count, &why);
    mr_strbuf_release(&rest);
    return code == MR_OK && count == 0;
}

static bool is_same_server(const struct mr_gate_facts *past, const struct mr_gate_facts *now)
{
    return past->server.flavour == now->server.flavour &&
           past->server.server_id == now->server.server_id &&
           strcmp(past->server.uuid, now->server.uuid) == 0;
}

/* The process that was recorded: of what lies below a running server nothing is put back. */
static bool runs_on(const struct mr_gate_facts *past, const struct mr_gate_facts *now)
{
    const double apart = mr_gate_seconds_between(past->started, now->started);
    return is_same_server(past, now) && !mr_gate_was_restarted(past, now) && apart <= ROUNDING_S &&
           apart >= -ROUNDING_S;
}

/* Up to the baseline's position its log holds what it held, or goes on with the first
 * transaction behind it. */
static bool has_log(const struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    const struct mr_gate_log *then = &past->log, *now = &j->now->log;
    if (!is_same_server(past, j->now) || now->fate != MR_GATE_LOG_THERE || then->gtid == NULL ||
        then->gtid[0] == '\0')
        return false;
    if (now->gtid_then[0] != '\0')
        return is_within(j, then->gtid, now->gtid_then) && is_within(j, now->gtid_then, then->gtid);
    return now->next[0] != '\0' && !is_within(j, now->next, then->gtid) &&
           is_within(j, past->gtid_executed, j->gtid_last);
}

/* Another server writes its own numbers: those of the baseline's it got from there. */
static bool got_all(const struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    struct mr_strbuf has = MR_STRBUF_INIT;
    const struct mr_server *a = &past->server, *b = &j->now->server;
    if (a->flavour != b->flavour || past->gtid_executed[0] == '\0' ||
        a->server_id == b->server_id || strcmp(a->uuid, b->uuid) == 0)
        return false;
    mr_strbuf_add_fmt(&has, "%s%s%s", j->gtid_last,
                      j->gtid_last[0] != '\0' && j->now->gtid_position[0] != '\0' ? "," : "",
                      j->now->gtid_position);
    const bool all = !has.failed && is_within(j, past->gtid_executed, has.ptr);
    mr_strbuf_release(&has);
    return all;
}

/* Is it known when its rows came? */
static bool tells_times(const struct mr_gate_table *t)
{
    return t->view.seen == MR_GATE_SEEN && t->time_column != NULL && !t->time_is_number &&
           t->newest[0] != '\0' && strcmp(t->rows_born, t->time_column) == 0;
}

static bool is_there(const struct mr_gate_row *row)
{
    return row->state == MR_GATE_ROW_SAME || row->state == MR_GATE_ROW_TOUCHED ||
           row->state == MR_GATE_ROW_CHANGED;
}

/* Did its newest row come behind all of the table's, and before the baseline, and is it
 * there?  Times of one type are of one clock. */
static bool bears_witness(const struct mr_gate_judge *j, const struct mr_gate_table *then,
                          const struct mr_gate_table *other)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    const struct mr_gate_table *now = mr_gate_table_now(j, other);
    if (other == then || now == NULL || !tells_times(other) || !tells_times(now) ||
        strcmp(other->newest_by, "last rows") == 0)
        return false;
    const char *type = mr_gate_shape_type(other, other->time_column);
    const char *mine = mr_gate_shape_type(then, then->time_column);
    const size_t len = strcspn(type, " (");
    if (len == 0 || len != strcspn(mine, " (") || strncmp(type, mine, len) != 0 ||
        strcmp(other->newest, then->newest) < 0 ||
        mr_gate_seconds_between(past->recorded, other->newest) > ZONE_S)
        return false;
    const struct mr_gate_rows *rows = now->by_time.count > 0 ? &now->by_time : &now->by_key;
    return rows->count > 0 && is_there(&rows->rows[0]);
}

static bool has_witness(const struct mr_gate_judge *j, const struct mr_gate_table *then)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    if (!tells_times(then))
        return false;
    for (size_t i = 0; i < past->ntables; i++)
        if (bears_witness(j, then, &past->tables[i]))
            return true;
    return false;
}

const char *mr_gate_why_not_deleted(const struct mr_gate_judge *judge,
                                    const struct mr_gate_table *then,
                                    const struct mr_gate_table *now)
{
    const struct mr_gate_facts *past = mr_gate_past(judge);
    if (!now->age_known)
        return "since when there is this table is not known";
    if (now->age_s + ROUNDING_S < mr_gate_seconds_between(past->recorded, judge->now->recorded))
        return "the table was created anew since";
    if (runs_on(past, judge->now) || has_log(judge, past) || got_all(judge, past) ||
        has_witness(judge, then))
        return NULL;
    return "nothing proves that these data are the baseline's";
}
