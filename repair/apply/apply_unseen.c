/* apply_unseen.c: tables that the account does not see, and that refer to rows that go; see
 * apply_checks.h. */
#include "repair/apply/apply_checks.h"
#include "repair/side/unseen.h"

static enum mr_code refuse(const struct mr_planned_table *t, const char *child, bool undo,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "table \"%s\", which the account may not see, refers to \"%s\"",
                     child, t->target_table);
    mr_err_hint(
        err, "Nothing was changed. A row that goes would take its rows along: %s.",
        undo ? "let the account see it" : "let the account see it, and plan again");
    return MR_E_REFUSED;
}

enum mr_code mr_apply_check_unseen(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_err *err)
{
    const struct mr_planned *planned = &manifest->planned;
    struct mr_strbuf child = MR_STRBUF_INIT;
    bool is_known = true;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        enum mr_unseen what;
        if (!mr_apply_writes(planned, i, needs, MR_STEP_DELETE) &&
            !mr_apply_writes(planned, i, needs, MR_STEP_UPDATE))
            continue;
        code = mr_unseen_look(target->db, target->grants, t->target_db, t->target_name,
                              &child, &what, err);
        is_known = is_known && (code != MR_OK || what != MR_UNSEEN_UNKNOWN);
        if (code == MR_OK && what == MR_UNSEEN_CHILD)
            code = refuse(t, child.ptr, needs->undo, err);
    }
    if (!is_known)
        mr_unseen_warn(target->grants);
    mr_strbuf_release(&child);
    return code;
}
