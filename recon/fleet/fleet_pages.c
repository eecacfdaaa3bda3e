/* fleet_pages.c: see fleet_pages.h. */
#include "recon/fleet/fleet_pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/same_text.h"
#include "core/base/strbuf.h"
#include "core/file/io.h"
#include "core/file/remove_tree.h"

#define PAGE_ENDING ".html"

/* A page, or one that is being written (core/file/parts.h). */
static bool is_own(const char *name)
{
    return mr_ends_with(name, PAGE_ENDING) || strncmp(name, ".myrecon-", 9) == 0;
}

static const struct mr_new_dir_kind kind = {"output", "directory of pages", is_own};

static const char *keep(struct mr_strbuf *text, struct mr_arena *arena)
{
    const char *kept = text->failed ? NULL : mr_arena_strdup(arena, text->ptr);
    mr_strbuf_release(text);
    return kept;
}

static const char *join(struct mr_arena *arena, const char *start, size_t len, const char *end)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add(&text, start, len);
    mr_strbuf_add_str(&text, end);
    return keep(&text, arena);
}

/* A part of a URL that means that name alone, whatever it holds. */
static const char *url_of(struct mr_arena *arena, const char *before, const char *name,
                          const char *behind)
{
    struct mr_strbuf url = MR_STRBUF_INIT;
    mr_strbuf_add_str(&url, before);
    for (; *name != '\0'; name++) {
        const unsigned char c = (unsigned char)*name;
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                           (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-';
        mr_strbuf_add_fmt(&url, plain ? "%c" : "%%%02X", c);
    }
    mr_strbuf_add_str(&url, behind);
    return keep(&url, arena);
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum mr_code name_all(struct mr_fleet_pages *p, const char *output, struct mr_err *err)
{
    size_t len = strlen(output);
    const size_t all = len;
    if (mr_ends_with(output, ".html") || mr_ends_with(output, ".htm"))
        len -= output[len - 1] == 'l' ? 5 : 4;
    if (all == 0 || output[all - 1] == '/')
        return mr_err_set(err, MR_E_USAGE, "output \"%s\" is no name of a file", output);
    p->path = join(p->arena, output, len, ".pages");
    p->fresh = join(p->arena, output, len, ".pages.new");
    p->old = join(p->arena, output, len, ".pages.old");
    p->link = p->path != NULL ? url_of(p->arena, "", last_name(p->path), "/") : NULL;
    p->back = url_of(p->arena, "../", last_name(output), "");
    return p->path != NULL && p->fresh != NULL && p->old != NULL && p->link != NULL &&
                   p->back != NULL
               ? MR_OK
               : mr_err_nomem(err, "naming the pages of a fleet");
}

/* ---- what is there ---- */

enum found { ABSENT = 1, EMPTY, OWN, FOREIGN };

/* A folder is none of ours, whatever its name is: what is in it would be removed with it. */
static bool is_file(DIR *stream, const char *name)
{
    struct stat st;
    const int saved = errno;
    const bool is =
        fstatat(dirfd(stream), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
    errno = saved;
    return is;
}

/* A link is somebody's, wherever it leads. */
static enum mr_code look_at(const char *path, enum found *found, struct mr_err *err)
{
    struct stat st;
    *found = FOREIGN;
    if (lstat(path, &st) != 0) {
        *found = ABSENT;
        return errno == ENOENT ? MR_OK : mr_new_dir_fail("look at", path, err);
    }
    if (!S_ISDIR(st.st_mode))
        return MR_OK;
    DIR *stream = opendir(path);
    if (stream == NULL)
        return mr_new_dir_fail("open directory", path, err);
    *found = EMPTY;
    const struct dirent *entry;
    errno = 0;
    while (*found != FOREIGN && (entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *found = is_own(entry->d_name) && is_file(stream, entry->d_name) ? OWN : FOREIGN;
    enum mr_code code =
        *found != FOREIGN && errno != 0 ? mr_new_dir_fail("read directory", path, err) : MR_OK;
    (void)closedir(stream);
    return code;
}

static enum mr_code refuse_foreign(const char *path, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_EXISTS, "\"%s\" is there, and is no directory of pages alone", path);
    mr_err_hint(err, "Nothing was changed. Choose another --output: its pages go beside it.");
    return MR_E_EXISTS;
}

/* What a run that was killed has left. */
static enum mr_code clear_away(const char *path, struct mr_err *err)
{
    enum found found = ABSENT;
    MR_TRY(look_at(path, &found, err));
    if (found == FOREIGN)
        return refuse_foreign(path, err);
    return found != ABSENT ? mr_remove_tree(path, err) : MR_OK;
}

static enum mr_code require_room(struct mr_fleet_pages *p, bool force, struct mr_err *err)
{
    enum found found = ABSENT;
    MR_TRY(look_at(p->path, &found, err));
    if (found == FOREIGN)
        return refuse_foreign(p->path, err);
    if (found == OWN && !force)
        return mr_err_set(err, MR_E_EXISTS, "directory \"%s\" exists", p->path);
    p->had_old = found != ABSENT;
    return MR_OK;
}

/* ---- the pages ---- */

static enum mr_code remove_file(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    const struct mr_fleet_pages *p = ctx;
    return unlinkat(folder_fd, name, 0) == 0
               ? MR_OK
               : mr_new_dir_fail("clear away what an earlier run left in", p->dir.partial, err);
}

enum mr_code mr_fleet_pages_begin(struct mr_fleet_pages *p, const char *output, bool force,
                                  struct mr_arena *arena, struct mr_err *err)
{
    *p = (struct mr_fleet_pages){.arena = arena, .dir = {.fd = -1}};
    MR_TRY(name_all(p, output, err));
    MR_TRY(require_room(p, force, err));
    MR_TRY(clear_away(p->fresh, err));
    MR_TRY(clear_away(p->old, err));
    MR_TRY(mr_new_dir_begin(&p->dir, p->fresh, &kind, arena, err));
    return mr_new_dir_each(&p->dir, ".", remove_file, p, err);
}

const char *mr_fleet_pages_path(const struct mr_fleet_pages *p, const char *name,
                                struct mr_arena *arena)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s" PAGE_ENDING, p->dir.partial, name);
    return keep(&path, arena);
}

enum mr_code mr_fleet_pages_publish(struct mr_fleet_pages *p, struct mr_err *err)
{
    MR_TRY(mr_io_sync_files(p->dir.partial, false, err));
    MR_TRY(mr_new_dir_publish(&p->dir, err));
    p->is_fresh = true;
    if (p->had_old && rename(p->path, p->old) != 0)
        return mr_new_dir_fail("set aside directory", p->path, err);
    p->is_published = true;
    return rename(p->fresh, p->path) == 0 ? MR_OK
                                          : mr_new_dir_fail("give its name to", p->fresh, err);
}

static void drop(const char *path)
{
    struct mr_err why = {0};
    if (path != NULL && mr_remove_tree(path, &why) != MR_OK)
        mr_log_err_as_warning(&why);
}

void mr_fleet_pages_keep(struct mr_fleet_pages *p)
{
    if (p->had_old)
        drop(p->old);
}

void mr_fleet_pages_undo(struct mr_fleet_pages *p)
{
    if (p->dir.fd >= 0)
        drop(p->dir.partial);
    if (p->is_fresh)
        drop(p->fresh);
    if (!p->is_published)
        return;
    drop(p->path);
    if (p->had_old && rename(p->old, p->path) != 0)
        mr_log_warning("the pages that were there before are in \"%s\"", p->old);
}

void mr_fleet_pages_close(struct mr_fleet_pages *p)
{
    mr_new_dir_close(&p->dir);
}
