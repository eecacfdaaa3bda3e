/* journal_line.c: see journal_line.h. */
#include "core/json/journal_line.h"

#include <string.h>

static const char *const event_names[] = {[MR_JOURNAL_TRY] = "try",
                                          [MR_JOURNAL_DONE] = "done",
                                          [MR_JOURNAL_FAILED] = "failed",
                                          [MR_JOURNAL_SUMS] = "sums",
                                          [MR_JOURNAL_SETTLED] = "settled"};
static const char *const script_names[] = {
    [MR_JOURNAL_APPLY] = "apply", [MR_JOURNAL_UNDO] = "undo"};

const char *mr_journal_event_name(enum mr_journal_event event)
{
    return event_names[event];
}

const char *mr_journal_script_name(enum mr_journal_script script)
{
    return script_names[script];
}

/* The text, or the one given where there is none. */
static const char *text_or(const struct json_t *root, const char *key, const char *none)
{
    const char *text = NULL;
    return mr_json_get_text(root, key, &text, NULL) == MR_OK ? text : none;
}

static bool get_unit(const struct json_t *root, struct mr_journal_unit *unit)
{
    const char *script = text_or(root, "script", NULL);
    if (script == NULL || mr_json_get_uint(root, "unit", &unit->number, NULL) != MR_OK ||
        unit->number == 0 || unit->number > MR_JOURNAL_UNITS_MAX)
        return false;
    for (int i = MR_JOURNAL_APPLY; i <= MR_JOURNAL_UNDO; i++)
        if (strcmp(script, script_names[i]) == 0)
            unit->script = (enum mr_journal_script)i;
    (void)mr_json_get_uint(root, "written", &unit->written, NULL);
    (void)mr_json_get_uint(root, "there", &unit->there, NULL);
    unit->aside = text_or(root, "aside", NULL);
    unit->left_out = text_or(root, "left_out", NULL);
    unit->found = text_or(root, "found", NULL);
    (void)mr_json_get_uint(root, "of", &unit->of, NULL);
    (void)mr_json_get_bool(root, "lost", &unit->lost, NULL);
    unit->fired = text_or(root, "fired", NULL);
    unit->beside = text_or(root, "beside", NULL);
    unit->sums = text_or(root, "sums", NULL);
    unit->marker = text_or(root, "marker", NULL);
    unit->log = text_or(root, "log", NULL);
    (void)mr_json_get_uint(root, "position", &unit->position, NULL);
    (void)mr_json_get_bool(root, "happened", &unit->happened, NULL);
    /* not counted: not done */
    if (mr_json_get_uint(root, "refused", &unit->refused, NULL) != MR_OK)
        unit->refused = 1;
    return unit->script != 0;
}

/* An event that this version does not know is 0 and no error: a later one may have written the
 * line. */
bool mr_journal_line_get(const struct json_t *root, struct mr_journal_line *line)
{
    const char *event = text_or(root, "event", NULL);
    *line = (struct mr_journal_line){.at = text_or(root, "at", ""),
                                     .run = text_or(root, "run", ""),
                                     .how = text_or(root, "how", NULL),
                                     .to = text_or(root, "to", NULL),
                                     .detail = text_or(root, "detail", NULL)};
    if (event == NULL)
        return false;
    for (int i = MR_JOURNAL_TRY; i <= MR_JOURNAL_SETTLED; i++)
        if (strcmp(event, event_names[i]) == 0)
            line->event = (enum mr_journal_event)i;
    if (get_unit(root, &line->unit))
        return true;
    line->unit = (struct mr_journal_unit){0};
    line->table = text_or(root, "table", NULL);
    line->column = text_or(root, "column", NULL);
    return line->table != NULL && line->column != NULL;
}
