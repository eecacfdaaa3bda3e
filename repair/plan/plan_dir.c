/* plan_dir.c: writing a plan directory; see plan_dir.h. */
#include "repair/plan/plan_dir_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/io.h"
#include "repair/plan/approval.h"
#include "repair/plan/undecided.h"

#define MANIFEST_NAME "plan.json"

const char *mr_plan_path(struct mr_arena *arena, const char *path, const char *name)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sb, "%s/%s", path, name);
    const char *joined = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return joined;
}

/* May a run that was killed have left it? */
static bool is_leftover(const char *name)
{
    static const char *const names[] = {MANIFEST_NAME,   "entities.csv.zst", "reseed.sql",
                                        "apply.sql",     "undo.sql",         "verify.sql",
                                        "conflicts.csv", "idmap.csv"};
    char id[MR_SIGN_ID];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, ".myrecon-", 9) == 0 || mr_approval_is_name(name, id);
}

const struct mr_new_dir_kind mr_plan_dir_kind = {"output", "plan", is_leftover};

static enum mr_code remove_file(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    const struct mr_plan_writer *w = ctx;
    if (unlinkat(folder_fd, name, 0) == 0)
        return MR_OK;
    return mr_new_dir_fail("clear away what an earlier run left in", w->dir.partial, err);
}

static enum mr_code clear_partial(struct mr_plan_writer *w, struct mr_err *err)
{
    return mr_new_dir_each(&w->dir, ".", remove_file, w, err);
}

/* Written under another name until all of it is there: a directory that carries the plan's name
 * is whole. */
static enum mr_code begin(const char *path, bool is_over, struct mr_plan_writer **out,
                          struct mr_err *err)
{
    struct mr_plan_writer *w = calloc(1, sizeof *w);
    *out = NULL;
    if (w == NULL)
        return mr_err_nomem(err, "writing a plan");
    w->files = (struct mr_vec)MR_VEC_INIT(struct mr_plan_file);
    mr_arena_init(&w->arena);
    w->is_over = is_over;
    w->dir.fd = -1;
    enum mr_code code = is_over ? mr_plan_over_check(path, &w->arena, err) : MR_OK;
    if (code == MR_OK)
        code = (is_over ? mr_new_dir_begin_over
                        : mr_new_dir_begin)(&w->dir, path, &mr_plan_dir_kind, &w->arena, err);
    if (code == MR_OK)
        code = clear_partial(w, err);
    if (code == MR_OK)
        *out = w;
    else
        mr_plan_writer_free(w);
    return code;
}

enum mr_code mr_plan_writer_begin(const char *path, struct mr_plan_writer **out, struct mr_err *err)
{
    return begin(path, false, out, err);
}

enum mr_code mr_plan_writer_begin_over(const char *path, struct mr_plan_writer **out,
                                       struct mr_err *err)
{
    return begin(path, true, out, err);
}

enum mr_code mr_plan_writer_add(struct mr_plan_writer *w, const char *name, const void *ptr,
                                size_t len, struct mr_err *err)
{
    struct mr_plan_file_out *out = NULL;
    MR_TRY(mr_plan_writer_open(w, name, &out, err));
    (void)mr_plan_file_write(out, ptr, len, err);
    return mr_plan_file_close(out, err);
}

/* What of conflicts.csv people may not change. */
static enum mr_code seal_conflicts(struct mr_plan_writer *w, struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    for (size_t i = 0; i < w->files.count; i++) {
        struct mr_plan_file *file = mr_vec_at(&w->files, i);
        if (strcmp(file->name, MR_CONFLICTS_FILE) != 0)
            continue;
        const char *path = mr_plan_path(&w->arena, w->dir.partial, file->name);
        MR_TRY(path != NULL ? mr_undecided_digest(path, hex, err)
                            : mr_err_nomem(err, "writing a plan"));
        if ((file->undecided = mr_arena_strdup(&w->arena, hex)) == NULL)
            return mr_err_nomem(err, "writing a plan");
    }
    return MR_OK;
}

static enum mr_code add_approval(struct mr_plan_writer *w, const struct mr_strbuf *text,
                                 const struct mr_sign_key *signer, struct mr_err *err)
{
    struct mr_strbuf signature = MR_STRBUF_INIT;
    char id[MR_SIGN_ID], name[MR_APPROVAL_NAME];
    const char *path = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sign_key_id(signer, id, err));
    MR_TRY_OUT(mr_sign_key_bytes(signer, text->ptr, text->len, &signature, err));
    mr_approval_name(id, name);
    path = mr_plan_path(&w->arena, w->dir.partial, name);
    MR_TRY_OUT(path != NULL ? mr_io_write_file(path, 0600, signature.ptr, signature.len, err)
                            : mr_err_nomem(err, "writing a plan"));

out:
    mr_strbuf_release(&signature);
    return code;
}

/* plan.json comes last, as it holds the digests of all others, and the approval behind it, as it
 * is over plan.json. */
enum mr_code mr_plan_writer_seal(struct mr_plan_writer *w, struct mr_manifest *manifest,
                                 const struct mr_sign_key *signer, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const char *path = mr_plan_path(&w->arena, w->dir.partial, MANIFEST_NAME);
    if (w->is_sealed)
        return MR_OK;
    if (w->unfinished > 0)
        return mr_err_set(err, MR_E_BUG, "a file of the plan is not finished");
    enum mr_code code = path != NULL ? seal_conflicts(w, err) : mr_err_nomem(err, "writing a plan");
    manifest->files = w->files.items;
    manifest->nfiles = w->files.count;
    if (code == MR_OK)
        code = mr_manifest_write(manifest, &text, err);
    if (code == MR_OK)
        code = mr_io_write_file(path, 0600, text.ptr, text.len, err);
    if (code == MR_OK && signer != NULL)
        code = add_approval(w, &text, signer, err);
    if (code == MR_OK)
        code = mr_new_dir_sync(&w->dir, err);
    mr_strbuf_release(&text);
    w->is_sealed = code == MR_OK;
    return code;
}

enum mr_code mr_plan_writer_publish(struct mr_plan_writer *w, struct mr_manifest *manifest,
                                    const struct mr_sign_key *signer, struct mr_err *err)
{
    MR_TRY(mr_plan_writer_seal(w, manifest, signer, err));
    return w->is_over ? mr_plan_over_publish(w, err) : mr_new_dir_publish(&w->dir, err);
}

const char *mr_plan_writer_old(const struct mr_plan_writer *w)
{
    return w->old;
}

void mr_plan_writer_free(struct mr_plan_writer *w)
{
    if (w == NULL)
        return;
    if (w->dir.fd >= 0) {
        (void)clear_partial(w, NULL);
        (void)rmdir(w->dir.partial);
        mr_new_dir_close(&w->dir);
    }
    mr_vec_release(&w->files);
    mr_arena_release(&w->arena);
    free(w);
}
