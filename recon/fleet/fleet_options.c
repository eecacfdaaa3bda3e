/* fleet_options.c: see fleet_options.h. */
#include "recon/fleet/fleet_options.h"

#include <fnmatch.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/suggest.h"

static bool is_chosen(const struct mr_string_list *patterns, const char *name)
{
    bool chosen = patterns->count == 0;
    for (size_t i = 0; !chosen && i < patterns->count; i++)
        chosen = fnmatch(patterns->items[i], name, 0) == 0;
    return chosen;
}

/* A slip would leave a pair out without a word. */
static enum mr_code require_matches(const struct mr_string_list *patterns,
                                    const struct mr_inventory *inventory, struct mr_err *err)
{
    for (size_t i = 0; i < patterns->count; i++) {
        struct mr_suggest near = {.typed = patterns->items[i]};
        bool found = false;
        for (size_t k = 0; !found && k < inventory->pairs.count; k++) {
            const struct mr_inventory_pair *pair = mr_vec_at(&inventory->pairs, k);
            found = fnmatch(patterns->items[i], pair->name, 0) == 0;
            mr_suggest_offer(&near, pair->name);
        }
        if (found)
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "--pair: no pair of inventory \"%s\" is named \"%s\"",
                         inventory->path, patterns->items[i]);
        if (near.best != NULL)
            mr_err_hint(err, "Did you mean \"%s\"?", near.best);
        else
            mr_err_hint(err, "The first pair there is called \"%s\".",
                        ((const struct mr_inventory_pair *)mr_vec_at(&inventory->pairs, 0))->name);
        return MR_E_USAGE;
    }
    return MR_OK;
}

enum mr_code mr_fleet_open(const struct mr_fleet_options *opts, struct mr_arena *arena,
                           struct mr_inventory *inventory, struct mr_err *err)
{
    *inventory = (struct mr_inventory){.pairs = MR_VEC_INIT(struct mr_inventory_pair)};
    if (opts->inventory == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--inventory\" is missing");
        mr_err_hint(err, "Name the file that says which pairs there are: --inventory FILE.");
        return MR_E_USAGE;
    }
    MR_TRY(mr_inventory_load(opts->inventory, arena, inventory, err));
    MR_TRY(require_matches(&opts->pairs, inventory, err));
    struct mr_inventory_pair *pairs = inventory->pairs.items;
    size_t kept = 0;
    for (size_t i = 0; i < inventory->pairs.count; i++)
        if (is_chosen(&opts->pairs, pairs[i].name))
            pairs[kept++] = pairs[i];
    inventory->pairs.count = kept;
    return MR_OK;
}

static void one_has_ended(void *bar, const struct mr_fleet_task *task)
{
    (void)task;
    mr_progress_add_done(bar, 1);
    mr_progress_tick(bar);
}

enum mr_code mr_fleet_ask(const struct mr_fleet_options *opts, struct mr_command_list commands,
                          enum mr_progress_mode mode, struct mr_fleet_task *tasks, size_t count,
                          double *seconds, struct mr_err *err)
{
    const double begun_s = mr_clock_now_s();
    struct mr_progress *bar = NULL;
    MR_TRY(mr_progress_new(mode, &bar, err));
    mr_progress_begin(bar, "asking servers");
    mr_progress_add_total(bar, count);
    const struct mr_fleet_how how = {.commands = commands,
                                     .at_once = opts->at_once,
                                     .limit_s = opts->limit_s,
                                     .done = one_has_ended,
                                     .ctx = bar};
    enum mr_code code = mr_fleet_tasks_run(tasks, count, &how, err);
    mr_progress_finish(bar);
    mr_progress_free(bar);
    *seconds = mr_clock_now_s() - begun_s;
    return code;
}

void mr_fleet_line_begin(struct mr_fleet_line *line, struct mr_arena *arena,
                         const struct mr_fleet_options *opts, const char *config,
                         const char *const *words)
{
    *line = (struct mr_fleet_line){.arena = arena, .words = MR_VEC_INIT(char *)};
    mr_fleet_line_add(line, "myrecon");
    for (; *words != NULL; words++)
        mr_fleet_line_add(line, *words);
    mr_fleet_line_add(line, "--no-progress");
    mr_fleet_line_add(line, "--color=never");
    if (config != NULL) {
        mr_fleet_line_add(line, "--config");
        mr_fleet_line_add(line, config);
    }
    if (opts->password_command != NULL) {
        mr_fleet_line_add(line, "--password-command");
        mr_fleet_line_add(line, opts->password_command);
    }
}

void mr_fleet_line_add(struct mr_fleet_line *line, const char *word)
{
    char **slot = mr_vec_push(&line->words);
    char *copy = mr_arena_strdup(line->arena, word);
    if (slot == NULL || copy == NULL)
        line->nomem = true;
    else
        *slot = copy;
}

void mr_fleet_line_add_log(struct mr_fleet_line *line, const char *file, enum mr_log_format format)
{
    if (file == NULL)
        return;
    mr_fleet_line_add(line, "--log-file");
    mr_fleet_line_add(line, file);
    mr_fleet_line_add(line, "--log-format");
    mr_fleet_line_add(line, format == MR_LOG_JSON ? "json" : "text");
}

void mr_fleet_line_add_option(struct mr_fleet_line *line, const char *option,
                              const struct mr_string_list *values)
{
    for (size_t i = 0; i < values->count; i++) {
        mr_fleet_line_add(line, option);
        mr_fleet_line_add(line, values->items[i]);
    }
}

char *const *mr_fleet_line_take(struct mr_fleet_line *line)
{
    char **argv = mr_arena_calloc(line->arena, line->words.count + 1, sizeof *argv);
    if (argv != NULL && !line->nomem)
        memcpy(argv, line->words.items, line->words.count * sizeof *argv);
    mr_vec_release(&line->words);
    return line->nomem ? NULL : argv;
}
