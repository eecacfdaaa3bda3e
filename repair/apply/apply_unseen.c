/* apply_unseen.c: tables that the account does not see, and that refer to rows that go; see
 * apply_checks.h. */
#include "repair/apply/apply_checks.h"
#include "core/schema/unseen.h"

#define HINT                                                                                       \
    "Nothing was changed. A row that goes would take its rows along: let the account "             \
    "see it"

enum mr_code mr_apply_check_unseen(const struct mr_target *target,
                                   const struct mr_manifest *manifest,
                                   const struct mr_apply_needs *needs, struct mr_err *err)
{
    const struct mr_planned *planned = &manifest->planned;
    struct mr_unseen unseen = {.db = target->db, .grants = target->grants};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        const struct mr_planned_table *t = &planned->tables[i];
        if (mr_apply_writes(planned, i, needs, MR_STEP_DELETE) ||
            mr_apply_writes(planned, i, needs, MR_STEP_UPDATE))
            code = mr_unseen_check(&unseen, t->target_db, t->target_name, t->target_table,
                                   needs->undo ? HINT "." : HINT ", and plan again.", err);
    }
    mr_unseen_warn(&unseen, MR_UNSEEN_CASCADES);
    return code;
}
