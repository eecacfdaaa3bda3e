/*
 * approval: that somebody has agreed to a plan, who may be another than the one who applies.
 *
 * An approval is a signature (sign.h) over plan.json, which has the digests of all other
 * files, in DIR/approval-ID.sig; ID names the key.  Whoever plans may sign what is planned
 * (plan_dir.h), anybody else what was planned.
 *
 * Errors: MR_E_REFUSED where the approval is missing, or is not of this plan by that key;
 * those of sign.h; MR_E_IO.  Threads: one.
 */
#ifndef MR_APPROVAL_H
#define MR_APPROVAL_H

#include "core/file/sign.h"
#include "repair/plan/plan_dir.h"

#define MR_APPROVAL_NAME (sizeof "approval-.sig" + MR_SIGN_ID)

/* Who has signed a plan, as far as it is known. */
struct mr_plan_signers {
    struct mr_vec ids;       /* const char *: of the keys that approvals name, sorted */
    char proved[MR_SIGN_ID]; /* the one of them whose signature was checked, or "" */
};

/* Of the file that the approval by that key is in. */
void mr_approval_name(const char *id, char name[MR_APPROVAL_NAME]);
/* Is it such a name?  The ID within it. */
bool mr_approval_is_name(const char *name, char id[MR_SIGN_ID]);

/* Approves the opened plan with a private key.  *path (in the plan's arena) is the file
 * that was written; the same key's older one is replaced. */
enum mr_code mr_approval_write(struct mr_plan_dir *plan, const char *key_path, const char **path,
                               struct mr_err *err);
/* Has the key of that certificate approved the opened plan? */
enum mr_code mr_approval_check(struct mr_plan_dir *plan, const char *cert_path, struct mr_err *err);
/* The IDs that approvals in the directory name, sorted; whether they are right, only
 * mr_approval_check() says, which has the key.  Of the plan's arena. */
enum mr_code mr_approval_list(struct mr_plan_dir *plan, struct mr_vec *ids, struct mr_err *err);

#endif
