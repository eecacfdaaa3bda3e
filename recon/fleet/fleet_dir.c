/* fleet_dir.c: see fleet_dir.h. */
#include "recon/fleet/fleet_dir.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/io.h"
#include "core/file/new_dir.h"
#include "core/file/remove_tree.h"
#include "recon/fleet/fleet_engines.h"
#include "recon/fleet/fleet_work.h"

#define DOING "writing a fleet"

static const char *const folders[] = {"config", "work", "certificates"};
#define FOLDERS (sizeof folders / sizeof *folders)

static bool is_folder(const char *name)
{
    bool is = false;
    for (size_t i = 0; i < FOLDERS; i++)
        is |= strcmp(name, folders[i]) == 0;
    return is;
}

/* May a run that was killed have left it? */
static bool is_leftover(const char *name)
{
    static const char *const names[] = {MR_FLEET_FILE, "fleet.sbatch", "fleet-job.yaml",
                                        "README.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return is_folder(name) || strncmp(name, ".myrecon-", 9) == 0;
}

static const struct mr_new_dir_kind fleet_kind = {"output", "fleet", is_leftover};

struct writer {
    struct mr_new_dir dir;
    const struct mr_fleet_dir_plan *plan;
    struct mr_arena *arena;
    struct mr_err *err;
};

/* Of our own names only: others have been refused when the directory was taken. */
static enum mr_code remove_entry(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    const struct writer *w = ctx;
    struct mr_strbuf path = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (is_folder(name)) {
        mr_strbuf_add_fmt(&path, "%s/%s", w->dir.partial, name);
        code = mr_strbuf_check(&path, DOING, err);
        if (code == MR_OK)
            code = mr_remove_tree(path.ptr, err);
    } else if (unlinkat(folder_fd, name, 0) != 0) {
        code = mr_new_dir_fail("clear away what an earlier run left in", w->dir.partial, err);
    }
    mr_strbuf_release(&path);
    return code;
}

static enum mr_code clear(struct writer *w, struct mr_err *err)
{
    return mr_new_dir_each(&w->dir, ".", remove_entry, w, err);
}

static enum mr_code write_file(struct writer *w, const char *name, const struct mr_strbuf *text)
{
    struct mr_strbuf path = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&path, "%s/%s", w->dir.partial, name);
    enum mr_code code = mr_strbuf_check(&path, DOING, w->err);
    if (code == MR_OK)
        code = mr_strbuf_check(text, DOING, w->err);
    if (code == MR_OK)
        code = mr_io_write_file(path.ptr, 0600, text->ptr, text->len, w->err);
    mr_strbuf_release(&path);
    return code;
}

static enum mr_code write_configs(struct writer *w)
{
    struct mr_fleet_file *file = w->plan->file;
    for (size_t i = 0; i < file->nconfigs; i++) {
        const struct mr_strbuf *text = &w->plan->configs[i];
        const char *name = mr_fleet_file_config_path(NULL, i, w->arena);
        if (name == NULL)
            return mr_err_nomem(w->err, DOING);
        MR_TRY(mr_sha256_bytes(text->ptr, text->len, file->configs[i].sha256, w->err));
        MR_TRY(write_file(w, name, text));
    }
    return MR_OK;
}

static enum mr_code write_certificates(struct writer *w)
{
    struct mr_fleet_file *file = w->plan->file;
    for (size_t i = 0; i < file->ncertificates; i++) {
        const struct mr_strbuf *text = &w->plan->certificates[i];
        const char *name = mr_fleet_file_certificate_path(NULL, i, w->arena);
        if (name == NULL)
            return mr_err_nomem(w->err, DOING);
        MR_TRY(mr_sha256_bytes(text->ptr, text->len, file->certificates[i].sha256, w->err));
        MR_TRY(write_file(w, name, text));
    }
    return MR_OK;
}

static enum mr_code write_work(struct writer *w)
{
    struct mr_fleet_file *file = w->plan->file;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < file->nparts; i++) {
        const char *name = mr_fleet_file_work_path(NULL, i, w->arena);
        mr_strbuf_reset(&text);
        MR_TRY_OUT(name != NULL ? MR_OK : mr_err_nomem(w->err, DOING));
        MR_TRY_OUT(mr_fleet_work_text(file, w->plan->units, i, &text, w->err));
        MR_TRY_OUT(write_file(w, name, &text));
    }
out:
    mr_strbuf_release(&text);
    return code;
}

/* From the root: a job runs from another place than the plan did. */
static enum mr_code add_absolute(const char *path, struct mr_strbuf *out, struct mr_err *err)
{
    char here[PATH_MAX];
    if (path[0] != '/') {
        if (getcwd(here, sizeof here) == NULL)
            return mr_err_set_sys(err, MR_E_IO, errno, "could not find the working directory");
        mr_strbuf_add_fmt(out, "%s/", here);
    }
    mr_strbuf_add_str(out, path);
    return mr_strbuf_check(out, DOING, err);
}

/* README.txt goes with them: it names the same place. */
static enum mr_code write_engines(struct writer *w)
{
    struct mr_strbuf dir = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    const struct mr_fleet_file *file = w->plan->file;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(add_absolute(w->dir.path, &dir, w->err));
    mr_fleet_engines_slurm(file, dir.ptr, &text);
    MR_TRY_OUT(write_file(w, "fleet.sbatch", &text));
    mr_strbuf_reset(&text);
    mr_fleet_engines_job(file, &text);
    MR_TRY_OUT(write_file(w, "fleet-job.yaml", &text));
    mr_strbuf_reset(&text);
    mr_fleet_engines_readme(file, dir.ptr, &text);
    MR_TRY_OUT(write_file(w, "README.txt", &text));
out:
    mr_strbuf_release(&dir);
    mr_strbuf_release(&text);
    return code;
}

static bool is_needed(const struct mr_fleet_file *file, const char *folder)
{
    return strcmp(folder, "config") == 0 ||
           strcmp(folder, file->is_snapshots ? "certificates" : "work") == 0;
}

/* fleet.json comes last, as it holds the digests of what stands beside it. */
static enum mr_code write_all(struct writer *w)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < FOLDERS; i++)
        if (is_needed(w->plan->file, folders[i]) && mkdirat(w->dir.fd, folders[i], 0700) != 0)
            MR_TRY_OUT(mr_new_dir_fail("create a folder of", w->dir.partial, w->err));
    MR_TRY_OUT(write_configs(w));
    MR_TRY_OUT(w->plan->file->is_snapshots ? write_certificates(w) : write_work(w));
    MR_TRY_OUT(write_engines(w));
    MR_TRY_OUT(mr_fleet_file_text(w->plan->file, &text, w->err));
    MR_TRY_OUT(write_file(w, MR_FLEET_FILE, &text));
    MR_TRY_OUT(mr_new_dir_publish(&w->dir, w->err));
out:
    mr_strbuf_release(&text);
    return code;
}

enum mr_code mr_fleet_dir_write(const char *path, const struct mr_fleet_dir_plan *plan,
                                struct mr_arena *arena, struct mr_err *err)
{
    struct writer w = {.plan = plan, .arena = arena, .err = err};
    enum mr_code code = mr_new_dir_begin(&w.dir, path, &fleet_kind, arena, err);
    if (code == MR_OK)
        code = clear(&w, err);
    if (code == MR_OK)
        code = write_all(&w);
    if (code != MR_OK && w.dir.fd >= 0) {
        (void)clear(&w, NULL);
        (void)rmdir(w.dir.partial);
    }
    mr_new_dir_close(&w.dir);
    return code;
}
