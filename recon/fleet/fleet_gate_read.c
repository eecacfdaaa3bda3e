/* fleet_gate_read.c: what the tasks have answered; see fleet_gate.h. */
#include <stdlib.h>
#include <string.h>

#include "recon/fleet/fleet_gate.h"

struct reading {
    struct mr_fleet_gate_server *server;
    struct mr_arena *arena;
};

static bool severity_of(const char *text, enum mr_gate_severity *out)
{
    for (int s = MR_GATE_OK; s <= MR_GATE_CRITICAL; s++)
        if (strcmp(text, mr_gate_severity_text((enum mr_gate_severity)s)) == 0) {
            *out = (enum mr_gate_severity)s;
            return true;
        }
    return false;
}

static enum mr_code get_severity(const struct json_t *object, const char *name,
                                 enum mr_gate_severity *out, struct mr_err *err)
{
    const char *text;
    MR_TRY(mr_json_get_text(object, name, &text, err));
    if (!severity_of(text, out))
        return mr_err_set(err, MR_E_REFUSED, "\"%s\" is no severity", text);
    return MR_OK;
}

static enum mr_code read_check(struct reading *r, const struct json_t *object,
                               struct mr_fleet_said said, struct mr_err *err)
{
    struct mr_fleet_gate_check c = {.said = said};
    const char *priority;
    MR_TRY(mr_fleet_answer_text(object, "name", r->arena, &c.name, err));
    MR_TRY(mr_fleet_answer_text(object, "message", r->arena, &c.message, err));
    MR_TRY(mr_fleet_answer_text(object, "hint", r->arena, &c.hint, err));
    MR_TRY(mr_fleet_answer_text(object, "silenced_until", r->arena, &c.silenced_until, err));
    MR_TRY(get_severity(object, "severity", &c.severity, err));
    MR_TRY(mr_json_get_text(object, "priority", &priority, err));
    if (c.name == NULL || c.message == NULL || priority[0] != 'P')
        return mr_err_set(err, MR_E_REFUSED, "a check lacks its name");
    c.priority = (unsigned)strtoul(priority + 1, NULL, 10);
    struct mr_fleet_gate_check *slot = mr_vec_push(&r->server->checks);
    if (slot == NULL)
        return mr_err_nomem(err, "reading an answer");
    *slot = c;
    return MR_OK;
}

static enum mr_code read_said(void *ctx, const char *type, const struct json_t *object,
                              struct mr_fleet_said said, struct mr_err *err)
{
    struct reading *r = ctx;
    if (strcmp(type, "check") == 0)
        return read_check(r, object, said, err);
    return strcmp(type, "summary") == 0 ? get_severity(object, "verdict", &r->server->verdict, err)
                                        : MR_OK;
}

enum mr_code mr_fleet_gate_read(struct mr_fleet_gate_server *server,
                                const struct mr_fleet_task *task, struct mr_arena *arena,
                                struct mr_err *err)
{
    struct reading r = {server, arena};
    server->checks = (struct mr_vec)MR_VEC_INIT(struct mr_fleet_gate_check);
    server->seconds = task->seconds;
    MR_TRY(mr_fleet_answer_read(task, read_said, &r, arena, &server->why, err));
    if (server->why != NULL) {
        server->verdict = MR_GATE_UNKNOWN;
        mr_vec_clear(&server->checks);
    }
    return MR_OK;
}

/* Findings of a priority that count, and are as bad as the server's verdict; of one that gave no answer nothing is
 * known, which is more. */
static size_t count_of(const struct mr_fleet_gate_server *s, unsigned priority)
{
    size_t count = s->why != NULL ? SIZE_MAX : 0;
    for (size_t i = 0; i < s->checks.count; i++) {
        const struct mr_fleet_gate_check *c = mr_vec_at(&s->checks, i);
        count += c->severity == s->verdict && c->priority == priority && c->silenced_until == NULL;
    }
    return count;
}

static int by_gravity(const void *a, const void *b)
{
    const struct mr_fleet_gate_server *x = a, *y = b;
    if (x->verdict != y->verdict)
        return x->verdict > y->verdict ? -1 : 1;
    const size_t p0 = count_of(x, 0), other = count_of(y, 0);
    if (x->verdict != MR_GATE_OK && p0 != other)
        return p0 > other ? -1 : 1;
    if (x->pair != y->pair)
        return x->pair < y->pair ? -1 : 1;
    return (int)x->side - (int)y->side;
}

void mr_fleet_gate_sort(struct mr_fleet_gate *gate)
{
    if (gate->count > 1)
        qsort(gate->servers, gate->count, sizeof *gate->servers, by_gravity);
}

enum mr_gate_severity mr_fleet_gate_verdict(const struct mr_fleet_gate *gate)
{
    enum mr_gate_severity worst = MR_GATE_OK;
    for (size_t i = 0; i < gate->count; i++)
        if (gate->servers[i].verdict > worst)
            worst = gate->servers[i].verdict;
    return worst;
}
