/* whole.c: see whole.h. */
#include "snapshot/merge/whole.h"

#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <fcntl.h>

#include "core/base/log.h"
#include "core/file/remove_tree.h"
#include "snapshot/read/snap_keys.h"

#define CHUNK_MIB 32
#define LEVEL 1

/* "/backup/n3/" in its own directory, or in work_dir: "/backup/.n3.whole" */
static enum mr_code name_it(struct mr_strbuf *out, const char *dir, const char *work_dir,
                            struct mr_err *err)
{
    size_t len = strlen(dir), at;
    while (len > 1 && dir[len - 1] == '/')
        len--;
    for (at = len; at > 0 && dir[at - 1] != '/';)
        at--;
    mr_strbuf_init(out);
    if (work_dir != NULL)
        mr_strbuf_add_fmt(out, "%s/", work_dir);
    else
        mr_strbuf_add(out, dir, at);
    mr_strbuf_add_fmt(out, ".%.*s.whole", (int)(len - at), dir + at);
    return mr_strbuf_check(out, "merging snapshots", err);
}

/* Does another run read it? */
static bool is_in_use(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool in_use = flock(fd, LOCK_EX | LOCK_NB) != 0;
    (void)close(fd);
    return in_use;
}

static enum mr_code remove_left(const char *path, struct mr_err *err)
{
    if (!is_in_use(path))
        return mr_remove_tree(path, err);
    return mr_err_set(err, MR_E_REFUSED, "another run works with \"%s\"", path);
}

/* The manifest of what is made here is nobody's: the links' are asked for who signed them. */
static enum mr_code judge_links(const struct mr_snap_chain *chain, const char *signer,
                                struct mr_err *err)
{
    for (size_t i = 0; i < chain->links.count; i++) {
        struct mr_snap *link = mr_snap_chain_link(chain, i);
        if (signer != NULL && link->has_manifest)
            MR_TRY(mr_snap_require_signer(link, signer, err));
    }
    MR_TRY(mr_snap_chain_require(chain, err));
    for (size_t i = 0; i < chain->links.count; i++) {
        if (!mr_snap_is_encrypted(mr_snap_chain_link(chain, i)))
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "rows of snapshot \"%s\" are encrypted, and would lie in clear "
                         "on the disk while the chain is restored",
                         mr_snap_chain_link(chain, i)->path);
        mr_err_hint(
            err,
            "Make a full one of it: myrecon snapshot merge --decrypt-with KEY.pem --encrypt-to "
            "CERT.pem --output DIR BASE... DIR1, and restore that.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

enum mr_code mr_whole_make(struct mr_whole *w, const char *dir, const struct mr_snap_options *opts,
                           struct mr_progress *progress, struct mr_err *err)
{
    const struct mr_snap_merge_opts how = {
        .chunk_mib = CHUNK_MIB, .level = LEVEL, .progress = progress};
    struct mr_snap_chain chain;
    struct mr_snap_merge merge = {.chain = NULL};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_snap_chain_open(&chain, dir, &opts->bases, err));
    MR_TRY_OUT(judge_links(&chain, opts->signer, err));
    MR_TRY_OUT(name_it(&w->path, dir, opts->work_dir, err));
    MR_TRY_OUT(remove_left(w->path.ptr, err));
    mr_log_info("putting %zu snapshots together in \"%s\"", chain.links.count, w->path.ptr);
    code = mr_snap_merge_run(&merge, &chain, w->path.ptr, &how, err);
    if (code == MR_E_IO && opts->work_dir == NULL)
        mr_err_hint(err, "With --work-dir DIR they are put together elsewhere.");
    mr_snap_merge_release(&merge);
out:
    mr_snap_chain_close(&chain);
    return code;
}

void mr_whole_remove(struct mr_whole *w)
{
    struct mr_err why = {0};
    if (w->path.len > 0 && !is_in_use(w->path.ptr) && mr_remove_tree(w->path.ptr, &why) != MR_OK)
        mr_log_warning("%s", why.message);
    mr_strbuf_release(&w->path);
}
