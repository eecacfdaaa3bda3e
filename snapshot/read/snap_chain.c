/* snap_chain.c: see snap_chain.h. */
#include "snapshot/read/snap_chain.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/io.h"
#include "snapshot/format/snap_dir.h"

#define SUM_BYTES_MAX 256

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a chain of snapshots");
}

/* ---- finding a base ---- */

struct search {
    struct mr_snap_chain *chain;
    const struct mr_snap_base *base;
    const char *found; /* directory; NULL: none yet */
};

/* What manifest.json.sha256 says is enough to choose by: whoever opens the link proves it. */
static enum mr_code try_dir(struct search *s, const char *dir, struct mr_err *err)
{
    struct mr_strbuf path = MR_STRBUF_INIT, sum = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&path, "%s/" MR_SNAP_MANIFEST_SUM, dir);
    MR_TRY_OUT(mr_strbuf_check(&path, "reading a directory", err));
    const bool is_read = mr_io_read_part(path.ptr, SUM_BYTES_MAX, &sum, NULL) == MR_OK;
    if (is_read && sum.len >= MR_SHA256_HEX - 1 &&
        strncmp(sum.ptr, s->base->sha256, MR_SHA256_HEX - 1) == 0) {
        s->found = mr_arena_strdup(&s->chain->arena, dir);
        if (s->found == NULL)
            MR_TRY_OUT(nomem(err));
    }
out:
    mr_strbuf_release(&path);
    mr_strbuf_release(&sum);
    return code;
}

/* Of those whose sum is another one: is it the base, changed or made again? */
static enum mr_code try_uuid(struct search *s, const char *dir, struct mr_err *err)
{
    struct mr_snap snap;
    const enum mr_code code = mr_snap_open(dir, &snap, NULL);
    const bool is_other =
        code == MR_OK && snap.has_manifest && strcmp(snap.manifest.uuid, s->base->uuid) == 0;
    mr_snap_close(&snap);
    if (!is_other)
        return code == MR_E_NOMEM ? nomem(err) : MR_OK;
    s->chain->other = mr_arena_strdup(&s->chain->arena, dir);
    return s->chain->other != NULL ? MR_OK : nomem(err);
}

/* "a/b/" → "a", "b" → ".", "." → "./.." */
static void add_parent(struct mr_strbuf *out, const char *path)
{
    size_t len = strlen(path), at;
    while (len > 1 && path[len - 1] == '/')
        len--;
    for (at = len; at > 0 && path[at - 1] != '/';)
        at--;
    const bool is_up = (len - at == 1 && path[at] == '.') ||
                       (len - at == 2 && path[at] == '.' && path[at + 1] == '.');
    if (is_up) {
        mr_strbuf_add(out, path, len);
        mr_strbuf_add_str(out, "/..");
        return;
    }
    while (at > 1 && path[at - 1] == '/')
        at--;
    if (at == 0)
        mr_strbuf_add_char(out, '.');
    else
        mr_strbuf_add(out, path, at);
}

typedef enum mr_code try_fn(struct search *s, const char *dir, struct mr_err *err);

/* Directories that cannot be listed hold no base that could be read. */
static enum mr_code each_beside(struct search *s, const char *path, try_fn *fn, struct mr_err *err)
{
    struct mr_strbuf parent = MR_STRBUF_INIT, dir = MR_STRBUF_INIT;
    const struct dirent *entry;
    enum mr_code code = MR_OK;
    add_parent(&parent, path);
    DIR *list = parent.failed ? NULL : opendir(parent.ptr);
    while (code == MR_OK && list != NULL && s->found == NULL && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        mr_strbuf_reset(&dir);
        mr_strbuf_add_fmt(&dir, "%s/%s", parent.ptr, entry->d_name);
        code = mr_strbuf_check(&dir, "reading a directory", err);
        if (code == MR_OK)
            code = fn(s, dir.ptr, err);
    }
    if (list != NULL)
        (void)closedir(list);
    mr_strbuf_release(&parent);
    mr_strbuf_release(&dir);
    return code;
}

static enum mr_code find(struct search *s, const char *of, const struct mr_string_list *bases,
                         struct mr_err *err)
{
    for (size_t i = 0; bases != NULL && i < bases->count && s->found == NULL; i++)
        MR_TRY(try_dir(s, bases->items[i], err));
    if (s->found == NULL)
        MR_TRY(each_beside(s, of, try_dir, err));
    if (s->found != NULL)
        return MR_OK;
    for (size_t i = 0; bases != NULL && i < bases->count && s->chain->other == NULL; i++)
        MR_TRY(try_uuid(s, bases->items[i], err));
    return s->chain->other == NULL ? each_beside(s, of, try_uuid, err) : MR_OK;
}

/* ---- opening ---- */

static enum mr_code open_link(struct mr_snap_chain *chain, const char *path, struct mr_snap **out,
                              struct mr_err *err)
{
    struct mr_snap *snap = mr_arena_calloc(&chain->arena, 1, sizeof *snap);
    struct mr_snap **slot = snap != NULL ? mr_vec_push(&chain->links) : NULL;
    if (slot == NULL)
        return nomem(err);
    *slot = *out = snap;
    return mr_snap_open(path, snap, err);
}

static void reverse(struct mr_vec *links)
{
    struct mr_snap **items = links->items;
    for (size_t i = 0; i < links->count / 2; i++) {
        struct mr_snap *other = items[i];
        items[i] = items[links->count - 1 - i];
        items[links->count - 1 - i] = other;
    }
}

/* A directory that was named and is no part of it is a mistake that somebody believes in. */
static enum mr_code require_used(const struct mr_snap_chain *chain,
                                 const struct mr_string_list *bases, struct mr_err *err)
{
    for (size_t i = 0; bases != NULL && i < bases->count; i++) {
        size_t at = 0;
        while (at < chain->links.count &&
               strcmp(mr_snap_chain_link(chain, at)->path, bases->items[i]) != 0)
            at++;
        if (at < chain->links.count)
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "snapshot \"%s\" is no link of the chain of \"%s\"",
                         bases->items[i], mr_snap_chain_link(chain, chain->links.count - 1)->path);
        mr_err_hint(err,
                    "\"myrecon snapshot list --chain DIR\" shows which snapshots it goes on from.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

enum mr_code mr_snap_chain_open(struct mr_snap_chain *chain, const char *path,
                                const struct mr_string_list *bases, struct mr_err *err)
{
    struct mr_snap *link = NULL;
    *chain = (struct mr_snap_chain){.arena = MR_ARENA_INIT, .links = MR_VEC_INIT(struct mr_snap *)};
    MR_TRY(open_link(chain, path, &link, err));
    while (link->has_manifest && link->manifest.base.uuid != NULL) {
        struct search s = {.chain = chain, .base = &link->manifest.base};
        if (chain->links.count >= MR_SNAP_LINKS_MAX)
            return mr_err_set(err, MR_E_SNAPSHOT, "the chain of \"%s\" has more than %d links",
                              path, MR_SNAP_LINKS_MAX);
        MR_TRY(find(&s, link->path, bases, err));
        if (s.found == NULL) {
            chain->missing = &link->manifest.base;
            chain->missing_of = link->path;
            break;
        }
        MR_TRY(open_link(chain, s.found, &link, err));
    }
    reverse(&chain->links);
    return chain->missing == NULL ? require_used(chain, bases, err) : MR_OK;
}

void mr_snap_chain_close(struct mr_snap_chain *chain)
{
    for (size_t i = 0; i < chain->links.count; i++)
        mr_snap_close(mr_snap_chain_link(chain, i));
    mr_vec_release(&chain->links);
    mr_arena_release(&chain->arena);
}

struct mr_snap *mr_snap_chain_link(const struct mr_snap_chain *chain, size_t at)
{
    return *(struct mr_snap *const *)mr_vec_at(&chain->links, at);
}

void mr_snap_chain_add_missing(struct mr_strbuf *out, const struct mr_snap_chain *chain)
{
    mr_strbuf_add_fmt(out, "base %.100s, made at %.40s, is ", chain->missing->uuid,
                      chain->missing->created);
    if (chain->other != NULL)
        mr_strbuf_add_fmt(out, "not what \"%.300s\" is by now: its manifest is another one",
                          chain->other);
    else
        mr_strbuf_add_str(out, "neither beside it nor given by --base");
}

enum mr_code mr_snap_chain_require(const struct mr_snap_chain *chain, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < chain->links.count; i++)
        MR_TRY(mr_snap_require_whole(mr_snap_chain_link(chain, i), err));
    if (chain->missing == NULL)
        return MR_OK;
    mr_snap_chain_add_missing(&text, chain);
    (void)mr_err_set(err, MR_E_REFUSED, "snapshot \"%s\" holds only what changed, and its %s",
                     chain->missing_of, text.ptr);
    mr_err_hint(err, "Name the directory of that base, as it was made.");
    mr_strbuf_release(&text);
    return MR_E_REFUSED;
}

enum mr_code mr_snap_refuse_chained(const struct mr_snap *snap, struct mr_err *err)
{
    if (snap->manifest.base.uuid == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "snapshot \"%s\" holds only what changed since snapshot %.100s", snap->path,
                     snap->manifest.base.uuid);
    mr_err_hint(err,
                "Make a full one of it and its bases: myrecon snapshot merge --output DIR BASE... "
                "%s, and use DIR.",
                snap->path);
    return MR_E_REFUSED;
}
