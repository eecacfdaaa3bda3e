/*
 * approval: that somebody else than the one who applies has agreed to a plan.
 *
 * An approval is a signature (sign.h) over plan.json, which has the digests of all other
 * files, in DIR/approval-ID.sig; ID names the key.
 *
 * Errors: MR_E_REFUSED where the approval is missing, or is not of this plan by that key;
 * those of sign.h; MR_E_IO.  Threads: one.
 */
#ifndef MR_APPROVAL_H
#define MR_APPROVAL_H

#include "repair/plan/plan_dir.h"

/* Approves the opened plan with a private key.  *path (in the plan's arena) is the file
 * that was written; the same key's older one is replaced. */
enum mr_code mr_approval_write(struct mr_plan_dir *plan, const char *key_path,
                               const char **path, struct mr_err *err);
/* Has the key of that certificate approved the opened plan? */
enum mr_code mr_approval_check(struct mr_plan_dir *plan, const char *cert_path,
                               struct mr_err *err);

#endif
