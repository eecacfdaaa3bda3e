/* fleet_status.c: see fleet_status.h. */
#include "recon/fleet/fleet_status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "recon/fleet/fleet_lease.h"
#include "recon/fleet/fleet_snap_part.h"

/* The pairs of a file by name, for those that parts tell of. */
struct by_name {
    const char *name;
    size_t at;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct by_name *)a)->name, ((const struct by_name *)b)->name);
}

static void add_pair(struct mr_fleet_status_pair *sum, const struct mr_fleet_part_pair *told,
                     const struct mr_fleet_status_part *part)
{
    const bool done = told->state == MR_FLEET_DONE;
    sum->done += done && part->keeps;
    sum->unkept += done && !part->keeps;
    sum->failed += told->state == MR_FLEET_FAILED;
    sum->running += part->state == MR_FLEET_RUNNING &&
                    (told->state == MR_FLEET_RUNNING || (done && !part->keeps));
    sum->diverged |= told->verdict == MR_FLEET_DIVERGED;
    sum->incomplete |= told->verdict == MR_FLEET_INCOMPLETE;
    sum->differing += told->differing;
    if (told->why != NULL && (told->state == MR_FLEET_FAILED || sum->failed == 0))
        sum->why = told->why;
}

static void add_told(struct mr_fleet_status *s, const struct by_name *names,
                     const struct mr_fleet_status_part *part)
{
    const struct mr_fleet_part *told = &part->told;
    for (size_t i = 0; i < told->npairs; i++) {
        const struct by_name key = {.name = told->pairs[i].name};
        const struct by_name *found =
            bsearch(&key, names, s->file->npairs, sizeof key, compare_names);
        if (found != NULL)
            add_pair(&s->pairs[found->at], &told->pairs[i], part);
    }
    s->rows += told->rows;
    s->bytes += told->bytes;
}

/* Of a part that says that it is done, or has tried all of its pairs: its case; of snapshots all of
 * them. */
static bool has_result(const struct mr_fleet_status *s, size_t at, const struct mr_fleet_part *told,
                       struct mr_arena *arena)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    bool there = true;
    if (!s->file->is_snapshots) {
        const char *result = mr_fleet_part_path(s->file->dir, at, "case", arena);
        return result != NULL && access(result, F_OK) == 0;
    }
    for (size_t i = 0; there && i < told->npairs; i++) {
        mr_strbuf_reset(&path);
        mr_strbuf_add_fmt(&path, "%s/%s/manifest.json", s->file->dir, told->pairs[i].name);
        there = !path.failed && access(path.ptr, F_OK) == 0;
    }
    mr_strbuf_release(&path);
    return there;
}

/* On this machine it is known at once that a process is gone, else by what it does not say. */
static enum mr_fleet_word judge_running(struct mr_fleet_status *s, size_t at, uint64_t now,
                                        struct mr_arena *arena)
{
    struct mr_fleet_status_part *part = &s->parts[at];
    const struct mr_fleet_part *told = &part->told;
    const char *lease = mr_fleet_part_path(s->file->dir, at, "lease", arena);
    if (told->updated_at > now && told->updated_at - now > MR_FLEET_STATUS_SILENT_S)
        mr_log_warning(
            "part %zu: the clock of host %s is %" PRIu64
            " s ahead of this one's: that it has fallen silent would be seen so much later",
            at, told->host, told->updated_at - now);
    const bool is_gone = lease != NULL && mr_fleet_lease_is_dead(lease);
    if (is_gone)
        part->why = "its process is gone";
    if (now > told->updated_at && (is_gone || now - told->updated_at > MR_FLEET_STATUS_SILENT_S))
        part->silent_s = now - told->updated_at;
    return is_gone || part->silent_s > 0 ? MR_FLEET_SILENT : MR_FLEET_RUNNING;
}

/* What cannot be read counts as not told: a part at work writes it anew in a moment. */
static enum mr_code read_part(struct mr_fleet_status *s, size_t at, uint64_t now,
                              struct mr_arena *arena, struct mr_err *err)
{
    struct mr_fleet_status_part *part = &s->parts[at];
    const char *status = mr_fleet_part_path(s->file->dir, at, "json", arena);
    struct mr_err why = {0};
    bool there = false;
    if (status == NULL)
        return mr_err_nomem(err, "reading how far a fleet is");
    if (mr_fleet_part_read(status, arena, &part->told, &there, &why) != MR_OK) {
        if (why.code == MR_E_NOMEM)
            return mr_err_nomem(err, "reading how far a fleet is");
        mr_log_err_as_warning(&why);
        there = false;
    }
    if (there && (part->told.part != at || strcmp(part->told.fleet, s->file->id) != 0)) {
        mr_log_warning("%s is of another fleet: it counts as not there", status);
        there = false;
    }
    if (!there)
        part->told = (struct mr_fleet_part){0};
    enum mr_fleet_word state = there ? part->told.state : MR_FLEET_WAITING;
    part->keeps =
        s->file->is_snapshots || ((state == MR_FLEET_DONE || state == MR_FLEET_INCOMPLETE) &&
                                  has_result(s, at, &part->told, arena));
    if (state == MR_FLEET_DONE && !has_result(s, at, &part->told, arena)) {
        state = MR_FLEET_WAITING;
        part->told.npairs = 0;
    }
    if (state == MR_FLEET_STOPPED)
        part->why = part->told.why;
    if (state == MR_FLEET_RUNNING)
        state = judge_running(s, at, now, arena);
    part->state = state;
    return MR_OK;
}

static void count_part(struct mr_fleet_status *s, const struct mr_fleet_status_part *part,
                       uint64_t weight)
{
    const struct mr_fleet_part *told = &part->told;
    const bool runs = part->state == MR_FLEET_RUNNING;
    const double seconds = (double)told->millis / 1000;
    s->weight += weight;
    s->done += part->state == MR_FLEET_DONE;
    s->running += runs;
    s->held_up += runs && told->waits != NULL;
    s->silent += part->state == MR_FLEET_SILENT;
    s->failed += part->state == MR_FLEET_INCOMPLETE;
    s->stopped += part->state == MR_FLEET_STOPPED;
    s->waiting += part->state == MR_FLEET_WAITING || part->state == MR_FLEET_STOPPED;
    if (runs && seconds > 0) {
        s->rows_s += (double)told->rows / seconds;
        s->bytes_s += (double)told->bytes / seconds;
    }
    if (part->state == MR_FLEET_DONE || part->state == MR_FLEET_INCOMPLETE)
        s->weight_done += weight;
    else if (told->bytes / 2 < weight) /* of both sides; weights are of one */
        s->weight_done += told->bytes / 2;
    else
        s->weight_done += weight;
}

/* Nobody has asked how large they are: they weigh the same. */
static void count_snapshots(struct mr_fleet_status *s)
{
    s->weight = s->file->npairs;
    for (size_t i = 0; i < s->file->npairs; i++)
        s->weight_done += s->pairs[i].done;
}

/* By what was done in the time that parts took, and how many work now; nobody knows how long they wait. */
static void estimate(struct mr_fleet_status *s)
{
    uint64_t millis = 0;
    s->left_s = -1;
    for (size_t i = 0; i < s->file->nparts; i++)
        millis += s->parts[i].told.millis;
    if (s->done == s->file->nparts)
        s->left_s = 0;
    else if (s->weight_done < s->weight && s->running > s->held_up && millis > 0 &&
             s->weight_done > 0)
        s->left_s = (double)(s->weight - s->weight_done) / (double)s->weight_done *
                    ((double)millis / 1000) / (double)s->running;
}

enum mr_code mr_fleet_status_read(const struct mr_fleet_file *file, uint64_t now,
                                  struct mr_arena *arena, struct mr_fleet_status *out,
                                  struct mr_err *err)
{
    struct by_name *names = mr_arena_calloc(arena, file->npairs + 1, sizeof *names);
    *out = (struct mr_fleet_status){.file = file};
    out->parts = mr_arena_calloc(arena, file->nparts + 1, sizeof *out->parts);
    out->pairs = mr_arena_calloc(arena, file->npairs + 1, sizeof *out->pairs);
    if (names == NULL || out->parts == NULL || out->pairs == NULL)
        return mr_err_nomem(err, "reading how far a fleet is");
    for (size_t i = 0; i < file->npairs; i++)
        names[i] = (struct by_name){file->pairs[i].name, i};
    if (file->npairs > 1)
        qsort(names, file->npairs, sizeof *names, compare_names);
    for (size_t i = 0; i < file->nparts; i++) {
        MR_TRY(read_part(out, i, now, arena, err));
        count_part(out, &out->parts[i], file->is_snapshots ? 0 : file->parts[i].weight);
        add_told(out, names, &out->parts[i]);
    }
    if (file->is_snapshots)
        count_snapshots(out);
    estimate(out);
    return MR_OK;
}

enum mr_fleet_word mr_fleet_status_good(const struct mr_fleet_status *status)
{
    return status->file->is_snapshots ? MR_FLEET_MADE : MR_FLEET_EQUAL;
}

/* A part that was never begun has told of none of its pairs. */
enum mr_fleet_word mr_fleet_status_verdict(const struct mr_fleet_status *status, size_t at)
{
    const struct mr_fleet_status_pair *pair = &status->pairs[at];
    const struct mr_fleet_file_pair *planned = &status->file->pairs[at];
    if (planned->failed != NULL || pair->failed > 0)
        return MR_FLEET_FAILED;
    if (pair->done >= planned->parts && pair->incomplete)
        return MR_FLEET_INCOMPLETE;
    if (pair->diverged)
        return MR_FLEET_DIVERGED;
    if (pair->done >= planned->parts)
        return mr_fleet_status_good(status);
    return pair->running > 0 ? MR_FLEET_RUNNING : MR_FLEET_WAITING;
}

int mr_fleet_status_exit(const struct mr_fleet_status *status)
{
    int exit_code = 0;
    if (status->done < status->file->nparts)
        return mr_code_exit(MR_E_CHANGED);
    for (size_t i = 0; i < status->file->npairs; i++) {
        const enum mr_fleet_word verdict = mr_fleet_status_verdict(status, i);
        if (verdict == MR_FLEET_DIVERGED)
            exit_code = 1;
        else if (verdict != mr_fleet_status_good(status))
            return mr_code_exit(MR_E_CHANGED);
    }
    return exit_code;
}
