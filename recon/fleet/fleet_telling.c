/* fleet_telling.c: see fleet_telling.h. */
#include "recon/fleet/fleet_telling.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/strbuf.h"
#include "core/base/version.h"

#define TELL_S 5.0
#define HOST_BYTES 256
#define DOING "working on a part"

static enum mr_code make_folder(const char *dir, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/parts", dir);
    enum mr_code code = mr_strbuf_check(&path, DOING, err);
    if (code == MR_OK && mkdir(path.ptr, 0700) != 0 && errno != EEXIST)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not create directory \"%s\"", path.ptr);
    mr_strbuf_release(&path);
    return code;
}

enum mr_code mr_fleet_telling_begin(struct mr_fleet_telling *t, const struct mr_fleet_file *file,
                                    size_t part, struct mr_fleet_part *out, struct mr_arena *arena,
                                    struct mr_err *err)
{
    char *host = mr_arena_calloc(arena, 1, HOST_BYTES),
         *now = mr_arena_alloc(arena, MR_RUN_TIME_SIZE);
    *t = (struct mr_fleet_telling){
        .part = out, .arena = arena, .path = mr_fleet_part_path(file->dir, part, "json", arena)};
    if (t->path == NULL || host == NULL || now == NULL)
        return mr_err_nomem(err, DOING);
    (void)gethostname(host, HOST_BYTES - 1);
    mr_run_id_time(now);
    out->fleet = file->id;
    out->part = part;
    out->state = MR_FLEET_WAITING;
    out->host = host;
    out->process = (uint64_t)getpid();
    out->version = MR_VERSION;
    out->begun = out->updated = now;
    return make_folder(file->dir, err);
}

bool mr_fleet_telling_is_due(const struct mr_fleet_telling *t)
{
    return mr_clock_now_s() - t->told_s >= TELL_S;
}

/* One that could not be written is not tried again before the next one is due. */
enum mr_code mr_fleet_telling_tell(struct mr_fleet_telling *t, enum mr_fleet_word state,
                                   struct mr_err *err)
{
    char *now = mr_arena_alloc(t->arena, MR_RUN_TIME_SIZE);
    t->told_s = mr_clock_now_s();
    if (now == NULL)
        return mr_err_nomem(err, "keeping how far a part is");
    mr_run_id_time(now);
    t->part->state = state;
    t->part->updated = now;
    t->part->updated_at = (uint64_t)time(NULL);
    t->part->millis = t->millis_before + (uint64_t)((t->told_s - t->begun_s) * 1000);
    return mr_fleet_part_write(t->path, t->part, err);
}

enum mr_code mr_fleet_telling_bear(enum mr_code code, const struct mr_err *why, struct mr_err *err)
{
    if (code == MR_OK)
        return MR_OK;
    if (code == MR_E_CHANGED || code == MR_E_NOMEM) {
        *err = *why;
        return code;
    }
    mr_log_err_as_warning(why);
    return MR_OK;
}

const char *mr_fleet_telling_label(const char *pair, struct mr_arena *arena)
{
    struct mr_strbuf label = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&label, "pair %s", pair);
    const char *kept = label.failed ? NULL : mr_arena_strdup(arena, label.ptr);
    mr_strbuf_release(&label);
    return kept;
}

bool mr_fleet_part_is_done(const struct mr_fleet_part *part)
{
    for (size_t i = 0; i < part->npairs; i++)
        if (part->pairs[i].state != MR_FLEET_DONE)
            return false;
    return true;
}

void mr_fleet_telling_pause(struct mr_fleet_telling *t, const struct mr_err *why)
{
    struct mr_fleet_part *part = t->part;
    for (size_t i = 0; i < part->npairs; i++)
        if (part->pairs[i].state == MR_FLEET_RUNNING)
            part->pairs[i].state = MR_FLEET_WAITING;
    part->why = why->code == MR_E_CANCELLED ? NULL : mr_arena_strdup(t->arena, why->message);
}
