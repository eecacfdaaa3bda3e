/* fleet_run_all.c: see fleet_run_all.h. */
#include "recon/fleet/fleet_run_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/log.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/fleet_status.h"

#define NO_LIMIT_S 1e9

static char *const *line_of(const struct mr_fleet_all *all, size_t part, struct mr_arena *arena)
{
    static const char *const words[] = {"fleet", "run", "--brief", "--no-verdict", NULL};
    const struct mr_fleet_options opts = {.password_command = all->password_command};
    const struct {
        const char *option;
        size_t value;
    } numbers[] = {{"--part", part}, {"--threads", all->threads}, {"--save-every", all->save_s}};
    struct mr_fleet_line line;
    char number[32];
    mr_fleet_line_begin(&line, arena, &opts, all->config, words);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        (void)snprintf(number, sizeof number, "%zu", numbers[i].value);
        mr_fleet_line_add(&line, numbers[i].option);
        mr_fleet_line_add(&line, number);
    }
    for (unsigned i = 0; i < all->verbose; i++)
        mr_fleet_line_add(&line, "-v");
    mr_fleet_line_add_log(&line, all->log_file, all->log_format);
    mr_fleet_line_add(&line, "--");
    mr_fleet_line_add(&line, all->file->dir);
    return mr_fleet_line_take(&line);
}

/* What several say at the same time. */
static enum mr_code name_part(struct mr_fleet_task *task, size_t part, struct mr_arena *arena,
                              struct mr_err *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, "part %zu", part);
    task->label = mr_arena_strdup(arena, name);
    return task->label != NULL ? MR_OK : mr_err_nomem(err, "doing the parts of a fleet");
}

static void one_has_ended(void *bar, const struct mr_fleet_task *task)
{
    (void)task;
    mr_progress_add_done(bar, 1);
    mr_progress_tick(bar);
}

static enum mr_code run_parts(const struct mr_fleet_all *all, struct mr_fleet_task *tasks,
                              struct mr_err *err)
{
    struct mr_progress *bar = NULL;
    MR_TRY(mr_progress_new(all->progress, &bar, err));
    mr_progress_begin(bar, "doing parts");
    mr_progress_add_total(bar, all->file->nparts);
    const struct mr_fleet_how how = {.commands = all->commands,
                                     .at_once = all->at_once,
                                     .limit_s = NO_LIMIT_S,
                                     .done = one_has_ended,
                                     .ctx = bar};
    enum mr_code code = mr_fleet_tasks_run(tasks, all->file->nparts, &how, err);
    mr_progress_finish(bar);
    mr_progress_free(bar);
    return code;
}

/* The plan is read again: of snapshots it lists meanwhile what was made. */
static enum mr_code show(const struct mr_fleet_all *all, struct mr_arena *arena, int *exit_code,
                         struct mr_err *err)
{
    struct mr_fleet_file file;
    struct mr_fleet_status status;
    MR_TRY(mr_fleet_file_read(all->file->dir, arena, &file, err));
    MR_TRY(mr_fleet_status_read(&file, (uint64_t)time(NULL), arena, &status, err));
    *exit_code = mr_fleet_status_exit(&status);
    return all->json ? mr_fleet_status_json(&status, err)
                     : mr_fleet_status_text(&status, all->look.color, all->look.brief, err);
}

enum mr_code mr_fleet_run_all(const struct mr_fleet_all *all, int *exit_code, struct mr_err *err)
{
    const size_t count = all->file->nparts;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_fleet_task *tasks = calloc(count, sizeof *tasks);
    bool is_broken = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(tasks != NULL ? MR_OK : mr_err_nomem(err, "doing the parts of a fleet"));
    for (size_t i = 0; i < count; i++) {
        tasks[i].argv = line_of(all, i, &arena);
        tasks[i].role = -1;
        tasks[i].echoes = true;
        if (count > 1 && all->at_once > 1)
            MR_TRY_OUT(name_part(&tasks[i], i, &arena, err));
        MR_TRY_OUT(tasks[i].argv != NULL ? MR_OK : mr_err_nomem(err, "doing the parts of a fleet"));
    }
    MR_TRY_OUT(run_parts(all, tasks, err));
    for (size_t i = 0; i < count; i++)
        is_broken |= tasks[i].exit_code != 0 && tasks[i].exit_code != mr_code_exit(MR_E_CHANGED);
    MR_TRY_OUT(show(all, &arena, exit_code, err));
    if (is_broken)
        *exit_code = mr_code_exit(MR_E_IO);
out:
    for (size_t i = 0; tasks != NULL && i < count; i++)
        mr_fleet_task_release(&tasks[i]);
    free(tasks);
    mr_arena_release(&arena);
    return code;
}
