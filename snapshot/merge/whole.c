/* whole.c: see whole.h. */
#include "snapshot/merge/whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>
#include <fcntl.h>

#include "core/base/log.h"
#include "core/file/remove_tree.h"
#include "snapshot/read/snap_keys.h"
#include "snapshot/read/snap_rows.h"

#define CHUNK_MIB 32
#define LEVEL 1

/* "/backup/n3/" in its own directory, or in work_dir: "/backup/.n3.whole" */
static void add_name(struct mr_strbuf *out, const char *dir, const char *work_dir)
{
    size_t len = strlen(dir), at;
    while (len > 1 && dir[len - 1] == '/')
        len--;
    for (at = len; at > 0 && dir[at - 1] != '/';)
        at--;
    if (work_dir != NULL)
        mr_strbuf_add_fmt(out, "%s/", work_dir);
    else
        mr_strbuf_add(out, dir, at);
    mr_strbuf_add_fmt(out, ".%.*s.whole", (int)(len - at), dir + at);
}

/* What ends in "." has another name, and in itself nothing is to be written. */
static enum mr_code name_it(struct mr_strbuf *out, const char *dir, const char *work_dir,
                            struct mr_err *err)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    char *real = len > 0 && dir[len - 1] == '.' ? realpath(dir, NULL) : NULL;
    mr_strbuf_init(out);
    add_name(out, real != NULL ? real : dir, work_dir);
    free(real);
    return mr_strbuf_check(out, "merging snapshots", err);
}

/* Does another run read it?  Where directories cannot be locked nobody does. */
static bool is_in_use(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool in_use = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(fd);
    return in_use;
}

static enum mr_code remove_left(const char *path, struct mr_err *err)
{
    if (!is_in_use(path))
        return mr_remove_tree(path, err);
    return mr_err_set(err, MR_E_REFUSED, "another run works with \"%s\"", path);
}

/* Is what lies in the directory in memory alone? */
static bool is_memory(const char *dir)
{
    struct statfs fs;
    return dir != NULL && statfs(dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

static enum mr_code unlock_links(const struct mr_snap_chain *chain,
                                 const struct mr_snap_options *opts, struct mr_err *err)
{
    for (size_t i = 0; i < chain->links.count; i++) {
        struct mr_snap *link = mr_snap_chain_link(chain, i);
        if (!mr_snap_is_encrypted(link))
            continue;
        if (is_memory(opts->work_dir)) {
            MR_TRY(mr_snap_unlock(link, opts->decrypt_with, err));
            continue;
        }
        (void)mr_err_set(err, MR_E_REFUSED,
                         "rows of snapshot \"%s\" are encrypted, and would lie in clear "
                         "on the disk while %s",
                         link->path,
                         opts->until != NULL ? "they are brought to that moment"
                                             : "the chain is restored");
        mr_err_hint(
            err, "With --work-dir DIR of a file system that is memory (tmpfs) they lie there. Or "
                 "make a full one of a chain: myrecon snapshot merge --decrypt-with KEY.pem "
                 "--encrypt-to CERT.pem --output DIR BASE... DIR1, and restore that.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

/* The manifest of what is made here is nobody's: the links' are asked for who signed them. */
static enum mr_code judge_links(const struct mr_snap_chain *chain,
                                const struct mr_snap_options *opts, struct mr_err *err)
{
    for (size_t i = 0; i < chain->links.count; i++) {
        struct mr_snap *link = mr_snap_chain_link(chain, i);
        if (opts->signer != NULL && link->has_manifest)
            MR_TRY(mr_snap_require_signer(link, opts->signer, err));
    }
    MR_TRY(mr_snap_chain_require(chain, err));
    return unlock_links(chain, opts, err);
}

/* The last link's moment is where the log is read from. */
static enum mr_code read_until(struct mr_whole *w, const struct mr_snap_chain *chain,
                               const struct mr_until_opts *opts, struct mr_until *until,
                               struct mr_err *err)
{
    struct mr_snap *last = mr_snap_chain_link(chain, chain->links.count - 1);
    MR_TRY(mr_snap_check_manifest(last, err));
    MR_TRY(mr_snap_require_whole(last, err));
    mr_progress_begin(opts->progress, "reading the logs");
    MR_TRY(mr_until_read(until, last, opts, err));
    mr_strbuf_init(&w->reached);
    mr_strbuf_init(&w->noted);
    mr_strbuf_init(&w->unended);
    mr_strbuf_add_str(&w->reached, until->reached != NULL ? until->reached : "");
    mr_strbuf_add_str(&w->noted, until->noted != NULL ? until->noted : "");
    mr_strbuf_add_str(&w->unended, until->unended != NULL ? until->unended : "");
    w->transactions = until->transactions;
    MR_TRY(mr_strbuf_check(&w->noted, "reading a binary log", err));
    MR_TRY(mr_strbuf_check(&w->unended, "reading a binary log", err));
    mr_progress_begin(opts->progress, "putting rows together");
    return mr_strbuf_check(&w->reached, "reading a binary log", err);
}

enum mr_code mr_whole_make(struct mr_whole *w, const char *dir, const struct mr_snap_options *opts,
                           const struct mr_whole_chooser *chooser, struct mr_progress *progress,
                           struct mr_err *err)
{
    struct mr_snap_merge_opts how = {.chunk_mib = CHUNK_MIB, .level = LEVEL, .progress = progress};
    struct mr_snap_chain chain;
    struct mr_snap_merge merge = {.chain = NULL};
    struct mr_until until = {.opts = NULL};
    struct mr_until_opts until_opts = {
        .until = opts->until, .logs = &opts->source_logs, .progress = progress};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_snap_chain_open(&chain, dir, &opts->bases, err));
    MR_TRY_OUT(judge_links(&chain, opts, err));
    MR_TRY_OUT(name_it(&w->path, dir, opts->work_dir, err));
    MR_TRY_OUT(remove_left(w->path.ptr, err));
    if (opts->until != NULL) {
        until_opts.wants = chooser->wants;
        until_opts.ctx = chooser->ctx;
        until_opts.work_dir = opts->work_dir;
        MR_TRY_OUT(read_until(w, &chain, &until_opts, &until, err));
        how.until = &until;
    }
    mr_log_info("putting %zu snapshot%s together in \"%s\"", chain.links.count,
                chain.links.count == 1 ? "" : "s", w->path.ptr);
    code = mr_snap_merge_run(&merge, &chain, w->path.ptr, &how, err);
    if (code == MR_E_IO && opts->work_dir == NULL)
        mr_err_hint(err, "With --work-dir DIR they are put together elsewhere.");
    mr_snap_merge_release(&merge);
out:
    mr_until_release(&until);
    mr_snap_chain_close(&chain);
    return code;
}

void mr_whole_remove(struct mr_whole *w)
{
    struct mr_err why = {0};
    if (w->path.len > 0 && !is_in_use(w->path.ptr) && mr_remove_tree(w->path.ptr, &why) != MR_OK)
        mr_log_warning("%s", why.message);
    mr_strbuf_release(&w->path);
    mr_strbuf_release(&w->reached);
    mr_strbuf_release(&w->noted);
    mr_strbuf_release(&w->unended);
}
