/* plan_over.c: a plan that takes the name of another, which stays beside it; see plan_dir.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/case/plan_manifest.h"
#include "core/json/json_in.h"
#include "repair/plan/plan_dir_internal.h"

#define OLD_MAX 10000

/* DIR.1, DIR.2 …: the first that nothing is called; in arena. */
static enum mr_code name_old(const char *path, struct mr_arena *arena, const char **old,
                             struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct stat st;
    *old = NULL;
    for (unsigned n = 1; *old == NULL && n <= OLD_MAX; n++) {
        mr_strbuf_reset(&name);
        mr_strbuf_add_fmt(&name, "%s.%u", path, n);
        if (name.failed || (lstat(name.ptr, &st) != 0 && errno == ENOENT)) {
            *old = name.failed ? NULL : mr_arena_strdup(arena, name.ptr);
            name.failed |= *old == NULL;
            break;
        }
    }
    enum mr_code code = mr_strbuf_check(&name, "naming a directory", err);
    mr_strbuf_release(&name);
    if (code == MR_OK && *old == NULL) {
        code =
            mr_err_set(err, MR_E_REFUSED, "there are %d older plans beside \"%s\"", OLD_MAX, path);
        mr_err_hint(err, "Nothing was changed. Remove those that nobody needs any more.");
    }
    return code;
}

/* A journal says what was written to the target, and belongs to the plan that lies with it. */
static enum mr_code refuse_applied(const char *path, struct mr_err *err)
{
    bool applied = false;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return mr_new_dir_fail("open directory", path, err);
    for (const struct dirent *entry = NULL; !applied && (entry = readdir(dir)) != NULL;)
        applied = strncmp(entry->d_name, "journal", 7) == 0;
    (void)closedir(dir);
    if (!applied)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "plan \"%s\" was carried out, or begun to be: it has a journal", path);
    mr_err_hint(err, "Nothing was changed. Add --output with another directory: this plan stays as "
                     "it is, with what undo needs.");
    return MR_E_REFUSED;
}

/* Member `name` of DIR's plan.json, in arena; NULL: it has none, or is none. */
static const char *said_in(const char *dir, const char *name, struct mr_arena *arena)
{
    struct mr_json_doc *doc = NULL;
    struct mr_err ignored = {0};
    const char *text = NULL;
    if (mr_plan_manifest_load(dir, &doc, &ignored) == MR_OK &&
        mr_json_get_text_or_null(mr_json_root(doc), name, &text, &ignored) != MR_OK)
        text = NULL;
    text = text != NULL ? mr_arena_strdup(arena, text) : NULL;
    mr_json_free(doc);
    return text;
}

/* Between the exchange and the last rename a crash leaves the plan that was replaced as DIR.partial,
 * which any other run would clear away as a leftover. */
static enum mr_code rescue(const char *path, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_strbuf partial = MR_STRBUF_INIT;
    const char *old = NULL;
    mr_strbuf_add_fmt(&partial, "%s.partial", path);
    enum mr_code code = mr_strbuf_check(&partial, "reading a plan", err);
    const char *replaced = code == MR_OK ? said_in(path, "again_of", arena) : NULL;
    const char *left = replaced != NULL ? said_in(partial.ptr, "uuid", arena) : NULL;
    if (left != NULL && strcmp(left, replaced) == 0) {
        code = name_old(path, arena, &old, err);
        if (code == MR_OK && renameat2(AT_FDCWD, partial.ptr, AT_FDCWD, old, RENAME_NOREPLACE) != 0)
            code = mr_new_dir_fail("give its name to directory", partial.ptr, err);
        if (code == MR_OK)
            mr_log_info("the plan that \"%s\" has replaced is \"%s\"", path, old);
    }
    mr_strbuf_release(&partial);
    return code;
}

static enum mr_code refuse_missing(const char *path, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "there is no plan \"%s\"", path);
    mr_err_hint(err, "Nothing was changed. Name the directory of a plan.");
    return MR_E_REFUSED;
}

enum mr_code mr_plan_over_check(const char *path, struct mr_arena *arena, struct mr_err *err)
{
    struct stat st;
    char *real = realpath(path, NULL); /* new_dir follows a link, too */
    if (real == NULL || stat(real, &st) != 0 || !S_ISDIR(st.st_mode)) {
        free(real);
        return refuse_missing(path, err);
    }
    const char *own = mr_arena_strdup(arena, real);
    free(real);
    if (own == NULL)
        return mr_err_nomem(err, "reading a plan");
    MR_TRY(refuse_applied(own, err));
    return rescue(own, arena, err);
}

/* Looked at once more: an apply may have begun while this was planned. */
enum mr_code mr_plan_over_publish(struct mr_plan_writer *w, struct mr_err *err)
{
    const char *old = NULL;
    MR_TRY(refuse_applied(w->dir.path, err));
    MR_TRY(name_old(w->dir.path, &w->arena, &old, err));
    MR_TRY(mr_new_dir_publish_over(&w->dir, old, err));
    w->old = old;
    return MR_OK;
}
