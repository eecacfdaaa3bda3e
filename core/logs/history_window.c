/* history_window.c: see history_window.h. */
#include "core/logs/history_window.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/row/when.h"
#include "core/logs/log_names.h"

#define DIGITS_MAX 19
#define CLOCKS_S 60

/* FILE:POS; false: it is none. */
static bool read_place(struct mr_history_bound *bound, const char *text, struct mr_arena *arena)
{
    const char *colon = strrchr(text, ':');
    const size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    if (colon == NULL || colon == text || digits == 0 || digits > DIGITS_MAX ||
        colon[1 + digits] != '\0')
        return false;
    bound->by = MR_BOUND_PLACE;
    bound->position = strtoull(colon + 1, NULL, 10);
    bound->log = mr_arena_dup(arena, text, (size_t)(colon - text));
    return true;
}

/* What reads as a time is one: no log is called like a day. */
static enum mr_code read_bound(struct mr_history_bound *bound, const char *option, const char *text,
                               struct mr_arena *arena, struct mr_err *err)
{
    struct mr_when when;
    if (text == NULL)
        return MR_OK;
    bound->text = text;
    if (mr_when_parse(&when, text, NULL) == MR_OK) {
        bound->by = MR_BOUND_TIME;
        bound->us = mr_when_us(&when);
        bound->is_bare = !when.has_zone;
        return MR_OK;
    }
    if (read_place(bound, text, arena))
        return bound->log != NULL ? MR_OK : mr_err_nomem(err, "reading options");
    (void)mr_err_set(err, MR_E_USAGE,
                     "option \"%s\": \"%.200s\" is neither a time nor a place in a log", option,
                     text);
    mr_err_hint(err, "Write YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM], or FILE:POS as bin.000041:1207.");
    return MR_E_USAGE;
}

static bool is_reversed(const struct mr_history_bound *from, const struct mr_history_bound *to)
{
    if (from->by == MR_BOUND_TIME && to->by == MR_BOUND_TIME)
        return from->us >= to->us;
    return from->by == MR_BOUND_PLACE && to->by == MR_BOUND_PLACE &&
           strcmp(from->log, to->log) == 0 && from->position >= to->position;
}

/* A minute is what clocks may differ. */
static enum mr_code refuse_future(const struct mr_history_bound *from, struct mr_err *err)
{
    const int64_t now_s = (int64_t)time(NULL);
    struct mr_strbuf now = MR_STRBUF_INIT;
    if (from->by != MR_BOUND_TIME || from->us / 1000000 <= now_s + CLOCKS_S)
        return MR_OK;
    mr_when_format_us(now_s * 1000000, &now);
    (void)mr_err_set(err, MR_E_USAGE, "option \"--from\": \"%.200s\" is in the future", from->text);
    mr_err_hint(err, "Without Z or +HH:MM behind it a time is UTC. It is %s UTC now.",
                now.failed ? "earlier" : now.ptr);
    mr_strbuf_release(&now);
    return MR_E_USAGE;
}

enum mr_code mr_history_window_read(struct mr_history_window *w, const char *from, const char *to,
                                    struct mr_arena *arena, struct mr_err *err)
{
    *w = (struct mr_history_window){.from = {.by = MR_BOUND_NONE}};
    MR_TRY(read_bound(&w->from, "--from", from, arena, err));
    MR_TRY(read_bound(&w->to, "--to", to, arena, err));
    MR_TRY(refuse_future(&w->from, err));
    if (!is_reversed(&w->from, &w->to))
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "nothing is between \"%.100s\" and \"%.100s\"", from, to);
    mr_err_hint(err, "What begins at --from is within, what begins at --to is not.");
    return MR_E_USAGE;
}

/* A log may have no transaction: that it was there is what counts. */
void mr_history_window_meet(struct mr_history_window *w, const char *log)
{
    const bool is_from = w->from.by == MR_BOUND_PLACE && mr_history_log_is(log, w->from.log);
    const bool is_to = w->to.by == MR_BOUND_PLACE && mr_history_log_is(log, w->to.log);
    w->is_behind = w->is_behind || (w->in_from && !is_from);
    w->is_over = w->is_over || (w->in_to && !is_to);
    w->in_from = w->in_from || is_from;
    w->in_to = w->in_to || is_to;
}

static bool is_begun(const struct mr_history_window *w, uint64_t position)
{
    return w->from.by != MR_BOUND_PLACE || w->is_behind ||
           (w->in_from && position >= w->from.position);
}

static bool is_ended(const struct mr_history_window *w, uint64_t position)
{
    return w->to.by == MR_BOUND_PLACE && (w->is_over || (w->in_to && position >= w->to.position));
}

enum mr_in_window mr_history_window_judge(struct mr_history_window *w,
                                          const struct mr_binlog_place *begun, int64_t committed_us)
{
    mr_history_window_meet(w, begun->log);
    if (is_ended(w, begun->position))
        return MR_WINDOW_OVER;
    if (!is_begun(w, begun->position))
        return MR_WINDOW_OUTSIDE;
    if (w->from.by == MR_BOUND_TIME && committed_us < w->from.us)
        return MR_WINDOW_OUTSIDE;
    return w->to.by == MR_BOUND_TIME && committed_us >= w->to.us ? MR_WINDOW_OUTSIDE
                                                                 : MR_WINDOW_INSIDE;
}

bool mr_history_window_is_over(const struct mr_history_window *w, int64_t began_us)
{
    return w->to.by == MR_BOUND_TIME && began_us > w->to.us + (int64_t)MR_WINDOW_SLACK_S * 1000000;
}
