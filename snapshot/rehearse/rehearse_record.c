/* rehearse_record.c: see rehearsal.h. */
#include <string.h>

#include "core/base/log.h"
#include "snapshot/read/snap_record.h"
#include "snapshot/rehearse/rehearsal.h"

/* Does a proof of all tables stand there, which one of some would take the place of? */
static enum mr_code has_better(struct mr_rehearse *h, const char *verdict, bool *better,
                               struct mr_err *err)
{
    struct mr_snap_record there;
    bool found = false;
    *better = false;
    if (h->is_all || strcmp(verdict, "equal") != 0)
        return MR_OK;
    MR_TRY(mr_snap_record_read(MR_RECORD_REHEARSED, h->snap.path, h->snap.manifest_sha256,
                               &h->arena, &there, &found, err));
    *better = found && mr_snap_record_is_good(&there);
    return MR_OK;
}

static const char *name_server(struct mr_rehearse *h)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s %s", mr_program_family(h->program.flavour),
                      h->program.version_text);
    const char *kept = text.failed ? NULL : mr_arena_strdup(&h->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

enum mr_code mr_rehearse_keep(struct mr_rehearse *h, const char *verdict, struct mr_err *err)
{
    const struct mr_snap_record record = {.verdict = verdict,
                                          .all = h->is_all,
                                          .tables = h->restore.ntables,
                                          .rows = mr_restore_rows_read(&h->restore),
                                          .server = name_server(h),
                                          .seconds = (uint64_t)(h->estimate_s + 0.5)};
    struct mr_strbuf path = MR_STRBUF_INIT;
    bool better = false;
    enum mr_code code = MR_OK;
    if (h->opts->no_record)
        return MR_OK;
    MR_TRY_OUT(has_better(h, verdict, &better, err));
    if (better) {
        mr_log_info("the record of a rehearsal of all tables stays");
        goto out;
    }
    MR_TRY_OUT(mr_snap_record_write(MR_RECORD_REHEARSED, &h->snap, &record, err));
    MR_TRY_OUT(mr_snap_record_path(MR_RECORD_REHEARSED, h->snap.path, &path, err));
    if ((h->record = mr_arena_dup(&h->arena, path.ptr, path.len)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "keeping a record"));
out:
    mr_strbuf_release(&path);
    return code;
}
