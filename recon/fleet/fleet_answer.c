/* fleet_answer.c: see fleet_answer.h. */
#include "recon/fleet/fleet_answer.h"

#include <string.h>

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, "reading an answer");
}

static enum mr_code read_line(mr_fleet_said_fn *fn, void *ctx, struct mr_fleet_said said,
                              bool *whole, struct mr_err *err)
{
    struct mr_json_doc *doc = NULL;
    const char *type = "";
    MR_TRY(mr_json_parse(said.ptr, said.len, "the answer", &doc, err));
    enum mr_code code = mr_json_get_text(mr_json_root(doc), "type", &type, err);
    if (code == MR_OK)
        code = fn(ctx, type, mr_json_root(doc), said, err);
    *whole |= code == MR_OK && strcmp(type, "summary") == 0;
    mr_json_free(doc);
    return code;
}

/* wrong: what cannot be read of it, or no error. */
static enum mr_code tell_why(const struct mr_fleet_task *task, const struct mr_err *wrong,
                             struct mr_arena *arena, const char **why, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (wrong->code != MR_OK)
        mr_strbuf_add_fmt(&text, "its answer cannot be read: %s", wrong->message);
    else
        mr_fleet_task_why(task, &text);
    *why = text.failed ? NULL : mr_arena_strdup(arena, text.ptr);
    mr_strbuf_release(&text);
    return *why != NULL ? MR_OK : no_memory(err);
}

enum mr_code mr_fleet_answer_read(const struct mr_fleet_task *task, mr_fleet_said_fn *fn, void *ctx,
                                  struct mr_arena *arena, const char **why, struct mr_err *err)
{
    struct mr_err wrong = {0};
    bool whole = false;
    enum mr_code code = MR_OK;
    const char *at = task->out.ptr, *end = at + task->out.len;
    *why = NULL;
    for (const char *newline; code == MR_OK && at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            break;
        const struct mr_fleet_said said = {at, (size_t)(newline - at)};
        code = read_line(fn, ctx, said, &whole, &wrong);
    }
    if (code == MR_E_NOMEM)
        return no_memory(err);
    if (code == MR_OK && whole && !task->late && !task->flooded)
        return MR_OK;
    return tell_why(task, &wrong, arena, why, err);
}

enum mr_code mr_fleet_answer_text(const struct json_t *object, const char *name,
                                  struct mr_arena *arena, const char **out, struct mr_err *err)
{
    const char *text;
    MR_TRY(mr_json_get_text_or_null(object, name, &text, err));
    *out = text != NULL ? mr_arena_strdup(arena, text) : NULL;
    return text != NULL && *out == NULL ? no_memory(err) : MR_OK;
}
