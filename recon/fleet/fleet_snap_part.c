/* fleet_snap_part.c: see fleet_snap_part.h. */
#include "recon/fleet/fleet_snap_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/db/endpoint.h"
#include "core/file/remove_tree.h"
#include "core/json/json_in.h"
#include "recon/fleet/fleet_lease.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/fleet_snap_list.h"
#include "recon/fleet/fleet_telling.h"
#include "recon/fleet/fleet_tidy.h"

#define NO_LIMIT_S 1e9
#define DOING "making the snapshots of a part"

struct work {
    struct mr_fleet_run *run;
    const struct mr_fleet_file_pair **pairs; /* one a pair of the status */
    const char *lease_path;
    struct mr_fleet_telling telling;
    struct mr_fleet_lease lease;
    double looked_s;
};

static enum mr_code no_memory(struct mr_err *err)
{
    return mr_err_nomem(err, DOING);
}

static const char *path_of(const struct work *w, size_t at, const char *file)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s%s", w->run->file->dir, w->pairs[at]->name, file);
    const char *kept = path.failed ? NULL : mr_arena_strdup(w->run->arena, path.ptr);
    mr_strbuf_release(&path);
    return kept;
}

/* Of the snapshot that is there: the digest of its manifest, NULL where there is none. */
static enum mr_code digest_of(const struct work *w, size_t at, const char **digest,
                              struct mr_err *err)
{
    const char *path = path_of(w, at, "/manifest.json");
    char hex[MR_SHA256_HEX];
    *digest = NULL;
    if (path == NULL)
        return no_memory(err);
    if (access(path, F_OK) != 0)
        return MR_OK;
    MR_TRY(mr_sha256_file(path, hex, NULL, err));
    *digest = mr_arena_strdup(w->run->arena, hex);
    return *digest != NULL ? MR_OK : no_memory(err);
}

/* ---- what was told before ---- */

/* Takes over what an earlier run has told of pairs that are done, whose snapshots are there still.  Of one in whose
 * place another stands it is kept which was made. */
static enum mr_code take_told(struct work *w, struct mr_err *err)
{
    struct mr_fleet_part *s = &w->run->status, told;
    bool there = false;
    const char *digest;
    if (mr_fleet_part_read(w->telling.path, w->run->arena, &told, &there, NULL) != MR_OK ||
        !there || strcmp(told.fleet, s->fleet) != 0 || told.npairs != s->npairs)
        return MR_OK;
    w->telling.millis_before = told.millis;
    s->begun = told.begun;
    s->rows = s->bytes =
        0; /* of those that are taken over: one that is gone is made and counted again */
    for (size_t i = 0; i < s->npairs; i++) {
        if (told.pairs[i].manifest == NULL || strcmp(told.pairs[i].name, s->pairs[i].name) != 0)
            continue;
        MR_TRY(digest_of(w, i, &digest, err));
        if (digest != NULL && strcmp(digest, told.pairs[i].manifest) != 0)
            s->pairs[i].manifest = told.pairs[i].manifest;
        else if (digest != NULL && told.pairs[i].state == MR_FLEET_DONE)
            s->pairs[i] = told.pairs[i];
        s->rows += s->pairs[i].rows;
        s->bytes += s->pairs[i].bytes;
    }
    return MR_OK;
}

/* While it waits for the lease. */
static enum mr_code look(void *ctx, bool *over, struct mr_err *err)
{
    struct work *w = ctx;
    *over = false;
    if (w->looked_s > 0 && mr_clock_now_s() < w->looked_s + MR_FLEET_LOOK_S)
        return MR_OK;
    w->looked_s = mr_clock_now_s();
    MR_TRY(take_told(w, err));
    *over = mr_fleet_part_is_done(&w->run->status);
    return MR_OK;
}

/* A moment in which the shared directory cannot be written ends no part. */
static enum mr_code tell(struct work *w, enum mr_fleet_word state, struct mr_err *err)
{
    struct mr_err why = {0};
    const enum mr_code code = mr_fleet_telling_tell(&w->telling, state, &why);
    return mr_fleet_telling_bear(code, &why, err);
}

static enum mr_code tick(void *ctx, struct mr_err *err)
{
    struct work *w = ctx;
    struct mr_err why = {0};
    enum mr_code code = mr_fleet_lease_renew(&w->lease, &why);
    if (code == MR_OK && mr_fleet_telling_is_due(&w->telling))
        code = mr_fleet_telling_tell(&w->telling, MR_FLEET_RUNNING, &why);
    return mr_fleet_telling_bear(code, &why, err);
}

/* ---- a snapshot ---- */

/* Where the directory knows no locks, `snapshot create` cannot tell what a killed run has left from what
 * another one writes; the lease can.  It is begun anew then. */
static void clear_unlockable(const char *partial)
{
    const int fd = open(partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    const bool is_unlockable =
        flock(fd, LOCK_EX | LOCK_NB) != 0 && errno != EWOULDBLOCK && errno != EINTR;
    (void)close(fd);
    if (!is_unlockable)
        return;
    mr_log_info("%s is begun anew: its file system knows no locks", partial);
    (void)mr_remove_tree(partial, NULL);
}

static bool is_same_or_unsaid(const char *a, const char *b)
{
    return a == NULL || b == NULL || a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

static bool is_same_place(const struct mr_endpoint *a, const struct mr_endpoint *b)
{
    if (a->kind != b->kind || a->ndbs != b->ndbs || !is_same_or_unsaid(a->host, b->host) ||
        !is_same_or_unsaid(a->socket, b->socket) ||
        (a->port != b->port && a->port != 0 && b->port != 0))
        return false;
    for (size_t i = 0; i < a->ndbs; i++)
        if (strcmp(a->dbs[i], b->dbs[i]) != 0)
            return false;
    return true;
}

bool mr_fleet_snap_is_of(const char *source, const char *uri)
{
    struct mr_endpoint a = {0}, b = {0};
    const bool same = mr_endpoint_parse(&a, source, NULL) == MR_OK &&
                      mr_endpoint_parse(&b, uri, NULL) == MR_OK && is_same_place(&a, &b);
    mr_endpoint_release(&a);
    mr_endpoint_release(&b);
    return same;
}

/* Certificates are those of the fleet's directory; the key stays where it is on each machine. */
static char *const *line_of(const struct work *w, const struct mr_fleet_file_pair *pair,
                            const char *dir, bool is_there)
{
    const char *const list[] = {"snapshot", "list", "--json", NULL};
    const char *const create[] = {"snapshot", "create", "--json", NULL};
    const struct mr_fleet_options opts = {.password_command =
                                              is_there ? NULL : w->run->password_command};
    const struct mr_fleet_file *file = w->run->file;
    struct mr_fleet_line line;
    char number[16], slots[128];
    mr_fleet_line_begin(&line, w->run->arena, &opts, pair->config, is_there ? list : create);
    for (unsigned i = 0; i < w->run->verbose; i++)
        mr_fleet_line_add(&line, "-v");
    mr_fleet_line_add_log(&line, w->run->log_file, w->run->log_format);
    if (!is_there) {
        (void)snprintf(number, sizeof number, "%u", w->run->threads);
        (void)snprintf(slots, sizeof slots, "myrecon %s=%u", file->id, file->readers_per_server);
        mr_fleet_line_add(&line, "--threads");
        mr_fleet_line_add(&line, number);
        mr_fleet_line_add(&line, "--slots");
        mr_fleet_line_add(&line, slots);
        for (size_t i = 0; i < file->ncertificates; i++) {
            mr_fleet_line_add(&line, "--encrypt-to");
            mr_fleet_line_add(&line, file->certificates[i].path);
        }
        if (file->sign_with != NULL) {
            mr_fleet_line_add(&line, "--sign-with");
            mr_fleet_line_add(&line, file->sign_with);
        }
        mr_fleet_line_add(&line, "--");
        mr_fleet_line_add(&line, pair->uri[MR_SOURCE]);
    }
    mr_fleet_line_add(&line, dir);
    return mr_fleet_line_take(&line);
}

/* What `snapshot create` and `list` print of it. */
struct answer {
    const char *source;
    uint64_t rows, bytes;
    size_t left_out;
};

static enum mr_code read_answer(const struct mr_fleet_task *task, struct mr_json_doc **doc,
                                struct answer *out, struct mr_err *err)
{
    const struct json_t *root, *list;
    MR_TRY(mr_json_parse(task->out.ptr, task->out.len, "the answer", doc, err));
    root = mr_json_root(*doc);
    MR_TRY(mr_json_get_text(root, "source", &out->source, err));
    MR_TRY(mr_json_get_uint(root, "rows", &out->rows, err));
    MR_TRY(mr_json_get_uint(root, "plain_bytes", &out->bytes, err));
    return mr_json_get_array(root, "left_out", &list, &out->left_out, err);
}

static enum mr_code keep_why(const struct work *w, struct mr_fleet_part_pair *pair,
                             const struct mr_strbuf *why, struct mr_err *err)
{
    pair->why = why->failed ? NULL : mr_arena_strdup(w->run->arena, why->len > 0 ? why->ptr : "");
    if (pair->why == NULL)
        return no_memory(err);
    if (pair->why[0] == '\0')
        pair->why = NULL;
    return MR_OK;
}

/* Of one that is made, whole or not. */
static enum mr_code take_made(struct work *w, size_t at, const struct mr_fleet_task *task,
                              const struct answer *a, struct mr_err *err)
{
    struct mr_fleet_part *s = &w->run->status;
    struct mr_fleet_part_pair *pair = &s->pairs[at];
    struct mr_strbuf why = MR_STRBUF_INIT;
    const bool lacks = a->left_out > 0 || task->exit_code == mr_code_exit(MR_E_CHANGED);
    MR_TRY(digest_of(w, at, &pair->manifest, err));
    pair->state = MR_FLEET_DONE;
    pair->verdict = lacks ? MR_FLEET_INCOMPLETE : MR_FLEET_MADE;
    pair->rows = a->rows;
    pair->bytes = a->bytes;
    s->rows += a->rows;
    s->bytes += a->bytes;
    if (lacks)
        mr_fleet_task_warned(task, &why);
    if (lacks && why.len == 0)
        mr_strbuf_add_str(&why, "something was left out; snapshot list says what");
    enum mr_code code = keep_why(w, pair, &why, err);
    mr_strbuf_release(&why);
    return code;
}

static enum mr_code take_answer(struct work *w, size_t at, const struct mr_fleet_task *task,
                                bool was_there, struct mr_err *err)
{
    struct mr_fleet_part_pair *pair = &w->run->status.pairs[at];
    struct mr_json_doc *doc = NULL;
    struct answer a = {0};
    struct mr_strbuf why = MR_STRBUF_INIT;
    struct mr_err unread = {0};
    /* what was refused, or lost, ends with the same number, and has no answer */
    const bool is_answer = task->exit_code == 0 ||
                           (task->exit_code == mr_code_exit(MR_E_CHANGED) && task->out.len > 0);
    enum mr_code code = MR_OK;
    if (!is_answer && was_there)
        mr_strbuf_add_str(&why, "what is there in its place is damaged, or no snapshot");
    else if (!is_answer)
        mr_fleet_task_why(task, &why);
    else if (read_answer(task, &doc, &a, &unread) != MR_OK)
        mr_strbuf_add_fmt(&why, "its answer cannot be read: %s", unread.message);
    else if (was_there && !mr_fleet_snap_is_of(a.source, w->pairs[at]->uri[MR_SOURCE]))
        mr_strbuf_add_fmt(&why, "the snapshot that is there in its place is of %s", a.source);
    else
        code = take_made(w, at, task, &a, err);
    if (code == MR_OK && why.len > 0) {
        pair->state = MR_FLEET_FAILED;
        code = keep_why(w, pair, &why, err);
        if (code == MR_OK)
            mr_log_warning("pair %s has no snapshot: %s", pair->name, pair->why);
    }
    mr_json_free(doc);
    mr_strbuf_release(&why);
    return code;
}

/* An older copy that was put there is no snapshot of this fleet. */
static enum mr_code refuse_other(struct work *w, struct mr_fleet_part_pair *pair,
                                 struct mr_err *err)
{
    pair->state = MR_FLEET_FAILED;
    pair->why = "another snapshot stands in the place of the one that was made: move it away, or "
                "put that one back";
    mr_log_warning("pair %s has no snapshot: %s", pair->name, pair->why);
    return tell(w, MR_FLEET_RUNNING, err);
}

static enum mr_code do_pair(struct work *w, size_t at, struct mr_err *err)
{
    const struct mr_fleet_how how = {
        .commands = w->run->commands, .at_once = 1, .limit_s = NO_LIMIT_S, .tick = tick, .ctx = w};
    struct mr_fleet_task task = {.role = -1, .echoes = true};
    const char *dir = path_of(w, at, ""), *manifest = path_of(w, at, "/manifest.json"),
               *partial = path_of(w, at, ".partial");
    if (dir == NULL || manifest == NULL || partial == NULL)
        return no_memory(err);
    const bool is_there = access(manifest, F_OK) == 0;
    struct mr_fleet_part_pair *pair = &w->run->status.pairs[at];
    if (is_there && pair->manifest != NULL)
        return refuse_other(w, pair, err);
    pair->manifest = NULL; /* what was made is gone */
    if (!is_there)
        clear_unlockable(partial);
    task.argv = line_of(w, w->pairs[at], dir, is_there);
    task.label = mr_fleet_telling_label(pair->name, w->run->arena);
    if (task.argv == NULL || task.label == NULL)
        return no_memory(err);
    mr_log_info("snapshot of pair %s, %zu of %zu", w->pairs[at]->name, at + 1,
                w->run->status.npairs);
    pair->state = MR_FLEET_RUNNING;
    MR_TRY(tell(w, MR_FLEET_RUNNING, err));
    enum mr_code code = mr_fleet_tasks_run(&task, 1, &how, err);
    if (code == MR_OK)
        code = take_answer(w, at, &task, is_there, err);
    mr_fleet_task_release(&task);
    return code;
}

/* ---- the part ---- */

static enum mr_code find_pairs(struct work *w, struct mr_err *err)
{
    const struct mr_fleet_file *file = w->run->file;
    struct mr_fleet_part *s = &w->run->status;
    w->pairs = mr_arena_calloc(w->run->arena, file->npairs + 1, sizeof *w->pairs);
    s->pairs = mr_arena_calloc(w->run->arena, file->npairs + 1, sizeof *s->pairs);
    if (w->pairs == NULL || s->pairs == NULL)
        return no_memory(err);
    for (size_t i = 0; i < file->npairs; i++) {
        if (file->pairs[i].part != w->run->part || file->pairs[i].failed != NULL)
            continue;
        w->pairs[s->npairs] = &file->pairs[i];
        s->pairs[s->npairs++] =
            (struct mr_fleet_part_pair){.name = file->pairs[i].name, .state = MR_FLEET_WAITING};
    }
    return MR_OK;
}

static enum mr_code plan_status(struct work *w, struct mr_err *err)
{
    struct mr_fleet_run *run = w->run;
    w->lease_path = mr_fleet_part_path(run->file->dir, run->part, "lease", run->arena);
    if (w->lease_path == NULL)
        return no_memory(err);
    MR_TRY(find_pairs(w, err));
    return mr_fleet_telling_begin(&w->telling, run->file, run->part, &run->status, run->arena, err);
}

static enum mr_code do_pairs(struct work *w, struct mr_err *err)
{
    struct mr_fleet_part *s = &w->run->status;
    w->telling.begun_s = mr_clock_now_s();
    mr_fleet_tidy(w->run->file, w->lease_path);
    MR_TRY(take_told(w, err));
    for (size_t i = 0; i < s->npairs; i++)
        if (s->pairs[i].state != MR_FLEET_DONE)
            MR_TRY(do_pair(w, i, err));
    return tell(w, mr_fleet_part_is_done(s) ? MR_FLEET_DONE : MR_FLEET_INCOMPLETE, err);
}

/* A snapshot that was under way goes on with the next run. */
static void stop(struct work *w, const struct mr_err *why)
{
    mr_fleet_telling_pause(&w->telling, why);
    (void)mr_fleet_telling_tell(&w->telling, MR_FLEET_STOPPED, NULL);
}

enum mr_code mr_fleet_snap_part(struct mr_fleet_run *run, struct mr_err *err)
{
    struct work w = {.run = run};
    const struct mr_fleet_wait wait = {.look = look, .ctx = &w, .silent_s = MR_FLEET_SILENT_S};
    bool taken = false;
    enum mr_code code = MR_OK;
    MR_TRY(plan_status(&w, err));
    MR_TRY(mr_fleet_lease_take(&w.lease, w.lease_path, &wait, &taken, err));
    run->was_done = !taken;
    if (taken) {
        code = do_pairs(&w, err);
        if (code != MR_OK && code != MR_E_CHANGED)
            stop(&w, err);
        mr_fleet_lease_end(&w.lease);
    }
    return code == MR_OK ? mr_fleet_snap_list_write(run->file, run->arena, err) : code;
}
