/* verify_chain.c: see verify_chain.h. */
#include "snapshot/verify_chain.h"

#include "snapshot/read/snap_chain.h"

/* Under the link's path, so that one of the same name in another link is told apart. */
static enum mr_code take_damage(struct mr_snap *snap, const struct mr_snap *link,
                                struct mr_err *err)
{
    struct mr_strbuf file = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < link->damage.count; i++) {
        const struct mr_snap_damage *d = mr_vec_at(&link->damage, i);
        mr_snap_path(&file, link, d->file);
        code = mr_strbuf_check(&file, "verifying a snapshot", err);
        if (code == MR_OK)
            code = mr_snap_add_damage(snap, file.ptr, d->reason, err);
    }
    mr_strbuf_release(&file);
    return code;
}

static enum mr_code verify_links(struct mr_snap *snap, const struct mr_snap_chain *chain,
                                 const struct mr_snap_options *opts, struct mr_progress *progress,
                                 bool *unread, struct mr_err *err)
{
    for (size_t i = 0; i + 1 < chain->links.count; i++) {
        struct mr_snap *link = mr_snap_chain_link(chain, i);
        MR_TRY(mr_verify_one(link, opts, progress, err));
        (void)mr_verify_keep_record(link, opts);
        *unread = *unread || mr_verify_is_unread(link, opts);
        MR_TRY(take_damage(snap, link, err));
    }
    return MR_OK;
}

enum mr_code mr_verify_chain(struct mr_snap *snap, const struct mr_snap_options *opts,
                             struct mr_progress *progress, size_t *links, bool *unread,
                             struct mr_err *err)
{
    struct mr_snap_chain chain;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *links = 1;
    *unread = false;
    if (snap->manifest.base.uuid == NULL)
        return MR_OK;
    MR_TRY_OUT(mr_snap_chain_open(&chain, snap->path, &opts->bases, err));
    *links = chain.links.count;
    MR_TRY_OUT(verify_links(snap, &chain, opts, progress, unread, err));
    if (chain.missing != NULL) {
        mr_snap_chain_add_missing(&text, &chain);
        MR_TRY_OUT(mr_strbuf_check(&text, "verifying a snapshot", err));
        MR_TRY_OUT(mr_snap_add_damage(snap, chain.missing_of, text.ptr, err));
    }
out:
    mr_strbuf_release(&text);
    mr_snap_chain_close(&chain);
    return code;
}
