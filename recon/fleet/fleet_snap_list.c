/* fleet_snap_list.c: see fleet_snap_list.h. */
#include "recon/fleet/fleet_snap_list.h"

#include <string.h>

#include "core/base/log.h"
#include "core/file/io.h"
#include "recon/fleet/fleet_lease.h"
#include "recon/fleet/fleet_part.h"

#define DOING "listing the snapshots of a fleet"

static bool has_ended(const struct mr_fleet_part *part)
{
    return part->state == MR_FLEET_DONE || part->state == MR_FLEET_INCOMPLETE;
}

/* *differs: the part has made one that the list does not have. */
static void take_part(const struct mr_fleet_file *file, size_t at, const struct mr_fleet_part *part,
                      bool *differs)
{
    size_t next = 0; /* both are in the order of the inventory */
    for (size_t i = 0; i < file->npairs && next < part->npairs; i++) {
        struct mr_fleet_file_pair *pair = &file->pairs[i];
        if (pair->part != at || strcmp(pair->name, part->pairs[next].name) != 0)
            continue;
        const char *manifest = part->pairs[next++].manifest;
        if (manifest == NULL || (pair->manifest != NULL && strcmp(pair->manifest, manifest) == 0))
            continue;
        pair->manifest = manifest;
        *differs = true;
    }
}

/* What a part has told; *there false: nothing that can be read, as of one that has not ended.  The part
 * at hand is made, whatever has become of the file of another one. */
static enum mr_code read_part(const struct mr_fleet_file *file, size_t at, struct mr_arena *arena,
                              struct mr_fleet_part *out, bool *there, struct mr_err *err)
{
    const char *path = mr_fleet_part_path(file->dir, at, "json", arena);
    struct mr_err why = {0};
    *there = false;
    if (path == NULL)
        return mr_err_nomem(err, DOING);
    const enum mr_code code = mr_fleet_part_read(path, arena, out, there, &why);
    if (code == MR_E_NOMEM || code == MR_E_CANCELLED) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        mr_log_err_as_warning(&why);
    *there = *there && code == MR_OK;
    return MR_OK;
}

/* Of all parts; *ended false: one of them has not.  The last ones end last. */
static enum mr_code take_parts(const struct mr_fleet_file *file, struct mr_arena *arena,
                               bool *ended, bool *differs, struct mr_err *err)
{
    *ended = true;
    for (size_t i = file->nparts; i-- > 0 && *ended;) {
        struct mr_fleet_part part;
        bool there;
        MR_TRY(read_part(file, i, arena, &part, &there, err));
        *ended = there && strcmp(part.fleet, file->id) == 0 && part.part == i && has_ended(&part);
        if (*ended)
            take_part(file, i, &part, differs);
    }
    return MR_OK;
}

static enum mr_code never(void *ctx, bool *over, struct mr_err *err)
{
    (void)ctx;
    (void)err;
    *over = false;
    return MR_OK;
}

/* Read again: another may have written it since. */
static enum mr_code write_anew(const struct mr_fleet_file *old, struct mr_arena *arena,
                               struct mr_err *err)
{
    struct mr_fleet_file file;
    struct mr_strbuf text = MR_STRBUF_INIT, path = MR_STRBUF_INIT;
    bool ended = false, differs = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_fleet_file_read(old->dir, arena, &file, err));
    MR_TRY_OUT(take_parts(&file, arena, &ended, &differs, err));
    if (!ended || !differs)
        goto out;
    mr_strbuf_add_fmt(&path, "%s/" MR_FLEET_FILE, old->dir);
    MR_TRY_OUT(mr_strbuf_check(&path, DOING, err));
    MR_TRY_OUT(mr_fleet_file_text(&file, &text, err));
    MR_TRY_OUT(mr_io_write_file(path.ptr, 0600, text.ptr, text.len, err));
    mr_log_info("all parts have ended: %s lists what was made", path.ptr);
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&path);
    return code;
}

/* Of two that end at the same moment the second finds what the first has written. */
enum mr_code mr_fleet_snap_list_write(const struct mr_fleet_file *file, struct mr_arena *arena,
                                      struct mr_err *err)
{
    const struct mr_fleet_wait wait = {.look = never, .silent_s = MR_FLEET_SILENT_S};
    struct mr_strbuf path = MR_STRBUF_INIT;
    struct mr_fleet_lease lease;
    bool ended = false, differs = false, taken = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(take_parts(file, arena, &ended, &differs, err));
    if (!ended || !differs)
        goto out;
    mr_strbuf_add_fmt(&path, "%s/parts/list.lease", file->dir);
    MR_TRY_OUT(mr_strbuf_check(&path, DOING, err));
    MR_TRY_OUT(mr_fleet_lease_take(&lease, path.ptr, &wait, &taken, err));
    code = write_anew(file, arena, err);
    mr_fleet_lease_end(&lease);
out:
    mr_strbuf_release(&path);
    return code;
}
