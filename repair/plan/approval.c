/* approval.c: see approval.h. */
#include "repair/plan/approval.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file/io.h"

#define PLAN_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define SIGNATURE_MAX_BYTES ((size_t)64 * 1024)

/* The bytes of plan.json.  The plan was opened before: another one may lie there by now,
 * and an approval of that one is none of this. */
static enum mr_code read_plan(struct mr_plan_dir *plan, struct mr_strbuf *text, struct mr_err *err)
{
    char sha256[MR_SHA256_HEX];
    const char *path = mr_plan_path(&plan->arena, plan->path, "plan.json");
    if (path == NULL)
        return mr_err_nomem(err, "reading a plan");
    MR_TRY(mr_io_read_part(path, PLAN_MAX_BYTES, text, err));
    MR_TRY(mr_sha256_bytes(text->ptr, text->len, sha256, err));
    return strcmp(sha256, plan->sha256) == 0
               ? MR_OK
               : mr_err_set(err, MR_E_REFUSED, "plan \"%s\" was changed while it was read",
                            plan->path);
}

void mr_approval_name(const char *id, char name[MR_APPROVAL_NAME])
{
    (void)snprintf(name, MR_APPROVAL_NAME, "approval-%s.sig", id);
}

static const char *path_of(struct mr_plan_dir *plan, const char *id)
{
    char name[MR_APPROVAL_NAME];
    mr_approval_name(id, name);
    return mr_plan_path(&plan->arena, plan->path, name);
}

/* What is signed are the bytes that were opened and looked at, not whatever lies in the
 * directory by the time the key is at hand. */
enum mr_code mr_approval_write(struct mr_plan_dir *plan, const char *key_path, const char **path,
                               struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, signature = MR_STRBUF_INIT;
    char id[MR_SIGN_ID] = "";
    *path = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(read_plan(plan, &text, err));
    MR_TRY_OUT(mr_sign_bytes(key_path, text.ptr, text.len, &signature, id, err));
    if ((*path = path_of(plan, id)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "approving a plan"));
    MR_TRY_OUT(mr_io_write_file(*path, 0644, signature.ptr, signature.len, err));
out:
    mr_strbuf_release(&signature);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code refuse(const struct mr_plan_dir *plan, const char *cert_path, const char *what,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "plan \"%s\" %s by the key of certificate \"%s\"",
                     plan->path, what, cert_path);
    mr_err_hint(err, "Nothing was done. Whoever holds that key runs: myrecon repair show "
                     "--approve-with KEY.pem DIR");
    return MR_E_REFUSED;
}

/* A signature that is not of this plan and one that is none are told alike: whoever reads it has
 * to do the same thing about both. */
enum mr_code mr_approval_check(struct mr_plan_dir *plan, const char *cert_path, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, signature = MR_STRBUF_INIT;
    char id[MR_SIGN_ID] = "";
    struct stat st;
    const char *path = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sign_id(cert_path, id, err));
    if ((path = path_of(plan, id)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading an approval"));
    if (stat(path, &st) != 0 && errno == ENOENT)
        MR_TRY_OUT(refuse(plan, cert_path, "is not approved", err));
    MR_TRY_OUT(mr_io_read_part(path, SIGNATURE_MAX_BYTES, &signature, err));
    MR_TRY_OUT(read_plan(plan, &text, err));
    code = mr_sign_check(cert_path, text.ptr, text.len, &signature, err);
    if (code == MR_E_REFUSED)
        code = refuse(plan, cert_path, "has an approval that is not of this plan, or not", err);
out:
    mr_strbuf_release(&signature);
    mr_strbuf_release(&text);
    return code;
}

/* ---- whose there are ---- */

bool mr_approval_is_name(const char *name, char id[MR_SIGN_ID])
{
    char other[MR_APPROVAL_NAME];
    const char *from = strchr(name, '-');
    size_t len = from != NULL ? strcspn(from + 1, ".") : 0;
    if (len != MR_SIGN_ID - 1)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)from[1 + i]))
            return false;
    (void)snprintf(id, MR_SIGN_ID, "%s", from + 1);
    mr_approval_name(id, other);
    return strcmp(name, other) == 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct listing {
    struct mr_plan_dir *plan;
    struct mr_vec *ids;
};

static enum mr_code list_name(void *ctx, int dir_fd, const char *name, struct mr_err *err)
{
    const struct listing *l = ctx;
    char id[MR_SIGN_ID];
    (void)dir_fd;
    if (!mr_approval_is_name(name, id))
        return MR_OK;
    const char **slot = mr_vec_push(l->ids);
    if (slot == NULL || (*slot = mr_arena_strdup(&l->plan->arena, id)) == NULL)
        return mr_err_nomem(err, "reading a plan");
    return MR_OK;
}

enum mr_code mr_approval_list(struct mr_plan_dir *plan, struct mr_vec *ids, struct mr_err *err)
{
    struct listing l = {plan, ids};
    enum mr_code code = mr_plan_each_name(plan, list_name, &l, err);
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof(const char *), compare_ids);
    return code;
}
