/* fleet_gate_read.c: what the tasks have answered; see fleet_gate.h. */
#include <stdlib.h>
#include <string.h>

#include "core/json/json_in.h"
#include "recon/fleet/fleet_gate.h"

struct reading {
    struct mr_fleet_gate_server *server;
    struct mr_arena *arena;
    bool is_whole; /* the summary was there */
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

/* A member as a copy in the arena; NULL where it is null. */
static enum mr_code keep(const struct reading *r, const struct json_t *object, const char *name,
                         const char **out, struct mr_err *err)
{
    const char *text;
    MR_TRY(mr_json_get_text_or_null(object, name, &text, err));
    *out = text != NULL ? mr_arena_strdup(r->arena, text) : NULL;
    return text != NULL && *out == NULL ? mr_err_nomem(err, "reading an answer") : MR_OK;
}

static enum mr_code read_check(struct reading *r, const struct json_t *object, const char *line,
                               size_t len, struct mr_err *err)
{
    struct mr_fleet_gate_check c = {.line = line, .line_len = len};
    const char *priority;
    MR_TRY(keep(r, object, "name", &c.name, err));
    MR_TRY(keep(r, object, "message", &c.message, err));
    MR_TRY(keep(r, object, "hint", &c.hint, err));
    MR_TRY(keep(r, object, "silenced_until", &c.silenced_until, err));
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

static enum mr_code read_line(struct reading *r, const char *line, size_t len, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    const char *type = "";
    MR_TRY(mr_json_parse(line, len, "the answer", &doc, err));
    enum mr_code code = mr_json_get_text(mr_json_root(doc), "type", &type, err);
    if (code == MR_OK && strcmp(type, "check") == 0) {
        code = read_check(r, mr_json_root(doc), line, len, err);
    } else if (code == MR_OK && strcmp(type, "summary") == 0) {
        code = get_severity(mr_json_root(doc), "verdict", &r->server->verdict, err);
        r->is_whole = code == MR_OK;
    }
    mr_json_free(doc);
    return code;
}

static enum mr_code set_unknown(struct reading *r, const char *why, struct mr_err *err)
{
    r->server->verdict = MR_GATE_UNKNOWN;
    mr_vec_clear(&r->server->checks);
    r->server->why = mr_arena_strdup(r->arena, why);
    return r->server->why != NULL ? MR_OK : mr_err_nomem(err, "reading an answer");
}

/* Half an answer is none: what it lacks may be what is wrong. */
enum mr_code mr_fleet_gate_read(struct mr_fleet_gate_server *server,
                                const struct mr_fleet_task *task, struct mr_arena *arena,
                                struct mr_err *err)
{
    struct reading r = {.server = server, .arena = arena};
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_err wrong = {0};
    enum mr_code code = MR_OK;
    const char *at = task->out.ptr, *end = at + task->out.len;
    server->checks = (struct mr_vec)MR_VEC_INIT(struct mr_fleet_gate_check);
    server->seconds = task->seconds;
    for (const char *newline; code == MR_OK && at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            break;
        code = read_line(&r, at, (size_t)(newline - at), &wrong);
    }
    if (code == MR_E_NOMEM) {
        *err = wrong;
        return code;
    }
    if (code == MR_OK && r.is_whole && !task->late && !task->flooded)
        return MR_OK;
    if (code != MR_OK)
        mr_strbuf_add_fmt(&why, "its answer cannot be read: %s", wrong.message);
    else
        mr_fleet_task_why(task, &why);
    code = mr_strbuf_check(&why, "reading an answer", err);
    if (code == MR_OK)
        code = set_unknown(&r, why.ptr, err);
    mr_strbuf_release(&why);
    return code;
}

static int by_gravity(const void *a, const void *b)
{
    const struct mr_fleet_gate_server *x = a, *y = b;
    if (x->verdict != y->verdict)
        return x->verdict > y->verdict ? -1 : 1;
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
