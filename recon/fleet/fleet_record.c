/* fleet_record.c: see fleet_record.h. */
#include "recon/fleet/fleet_record.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/json/jsonw.h"

/* gate record ends so where something is missing of what it has recorded. */
#define EXIT_INCOMPLETE 4

static const char *state_of(const struct mr_fleet_task *task)
{
    const bool answered = !task->late && !task->flooded && task->out.len > 0;
    if (answered && task->exit_code == 0)
        return "recorded";
    return answered && task->exit_code == EXIT_INCOMPLETE ? "incomplete" : "failed";
}

static bool is_state(const struct mr_fleet_task *task, const char *state)
{
    return strcmp(state_of(task), state) == 0;
}

/* What it warned of, or the error that ended it. */
static void add_reason(const struct mr_fleet_task *task, struct mr_strbuf *out)
{
    if (is_state(task, "failed"))
        mr_fleet_task_why(task, out);
    else if (is_state(task, "incomplete"))
        mr_fleet_task_warned(task, out);
}

static void put_server(struct mr_jsonw *w, const struct mr_fleet_gate_server *s,
                       const struct mr_fleet_task *task)
{
    struct mr_strbuf reason = MR_STRBUF_INIT;
    add_reason(task, &reason);
    mr_jsonw_object_begin(w);
    mr_fleet_gate_put_server(w, s);
    mr_jsonw_add_str(w, "state", state_of(task));
    mr_jsonw_add_str(w, "reason", reason.len > 0 ? reason.ptr : NULL);
    mr_jsonw_add_seconds(w, task->seconds);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    mr_strbuf_release(&reason);
}

static size_t count_of(const struct mr_fleet_gate *gate, const struct mr_fleet_task *tasks,
                       const char *state)
{
    size_t count = 0;
    for (size_t i = 0; i < gate->count; i++)
        count += is_state(&tasks[i], state) ? 1 : 0;
    return count;
}

size_t mr_fleet_record_failed(const struct mr_fleet_gate *gate, const struct mr_fleet_task *tasks)
{
    return count_of(gate, tasks, "failed");
}

enum mr_code mr_fleet_record_json(const struct mr_fleet_gate *gate,
                                  const struct mr_fleet_task *tasks, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_line(&w, "type:run schema:%s run_id:%s inventory:%s started:%s",
                  "myrecon/fleet-gate-record/1", gate->id.id, gate->inventory, gate->id.started);
    for (size_t i = 0; i < gate->count; i++)
        put_server(&w, &gate->servers[i], &tasks[i]);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_uint(&w, "servers", gate->count);
    mr_jsonw_add_uint(&w, "recorded", count_of(gate, tasks, "recorded"));
    mr_jsonw_add_uint(&w, "incomplete", count_of(gate, tasks, "incomplete"));
    mr_jsonw_add_uint(&w, "failed", count_of(gate, tasks, "failed"));
    mr_jsonw_add_seconds(&w, gate->seconds);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

static void add_server(const struct mr_fleet_gate_server *s, const struct mr_fleet_task *task,
                       struct mr_strbuf *out)
{
    struct mr_strbuf reason = MR_STRBUF_INIT;
    add_reason(task, &reason);
    mr_strbuf_add_fmt(out, "%-10s %s %s ", state_of(task), s->pair->name, mr_side_name(s->side));
    mr_utf8_show_str(out, s->shown);
    mr_strbuf_add_str(out, reason.len > 0 ? ": " : "");
    mr_utf8_show_str(out, reason.ptr);
    mr_strbuf_add_char(out, '\n');
    mr_strbuf_release(&reason);
}

enum mr_code mr_fleet_record_text(const struct mr_fleet_gate *gate,
                                  const struct mr_fleet_task *tasks, const char *next,
                                  struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    const size_t failed = count_of(gate, tasks, "failed");
    const size_t incomplete = count_of(gate, tasks, "incomplete");
    for (size_t i = 0; i < gate->count; i++)
        if (!is_state(&tasks[i], "recorded"))
            add_server(&gate->servers[i], &tasks[i], &out);
    mr_strbuf_add_fmt(&out, "recorded %zu of %zu server%s in %.1f s", gate->count - failed,
                      gate->count, gate->count == 1 ? "" : "s", gate->seconds);
    if (incomplete > 0)
        mr_strbuf_add_fmt(&out, ", %zu not completely", incomplete);
    mr_strbuf_add_char(&out, '\n');
    mr_strbuf_add_str(&out, next);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

int mr_fleet_record_exit(const struct mr_fleet_gate *gate, const struct mr_fleet_task *tasks)
{
    return count_of(gate, tasks, "recorded") == gate->count ? 0 : EXIT_INCOMPLETE;
}
