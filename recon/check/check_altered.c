/* check_altered.c: see check_altered.h. */
#include "recon/check/check_altered.h"

#include "recon/check/check_catalogues.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_seen.h"
#include "recon/check/objects.h"

static enum mr_code on_change(void *ctx, const struct mr_object_diff *diff, struct mr_err *err)
{
    (void)diff;
    (void)err;
    *(bool *)ctx = true;
    return MR_OK;
}

/* Sets *why where it was, and leaves it else. */
static enum mr_code compare(const struct mr_catalogue *then, const struct mr_table *old,
                            const struct mr_catalogue *now, enum mr_side side, struct mr_err *why,
                            struct mr_err *err)
{
    const struct mr_table *table = mr_catalogue_table(now, old->db, old->name);
    bool changed = false;
    struct mr_objects_pair pair = {old->db, old->db};
    struct mr_objects_opts opts = {.pairs = &pair,
                                   .npairs = 1,
                                   .kinds = MR_OBJECTS_COLUMN | MR_OBJECTS_CHARSET,
                                   .fn = on_change,
                                   .fn_ctx = &changed};
    if (table == NULL) {
        (void)mr_err_set(why, MR_E_CHANGED, "the table was dropped on the %s while it was read",
                         mr_side_name(side));
        return MR_OK;
    }
    if (table->unfit != NULL) {
        (void)mr_err_set(why, MR_E_CHANGED, "the table was altered while it was read: %s",
                         table->unfit);
        return MR_OK;
    }
    MR_TRY(mr_objects_compare_table(then, old, now, table, &opts, err));
    if (changed)
        (void)mr_err_set(why, MR_E_CHANGED, "the table was altered on the %s while it was read",
                         mr_side_name(side));
    return MR_OK;
}

enum mr_code mr_check_altered(struct mr_check_run *check, struct mr_pair *table,
                              struct mr_catalogue *const cat[MR_SIDES], struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_err why = {0};
        if (atomic_load(&table->failed))
            return MR_OK;
        MR_TRY(compare(check->pairing.side[side].cat, table->side[side], cat[side],
                       (enum mr_side)side, &why, err));
        if (why.code != MR_OK)
            mr_check_give_up(check, table, &why);
    }
    return MR_OK;
}

enum mr_code mr_check_altered_all(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err)
{
    struct mr_catalogue *cat[MR_SIDES] = {NULL, NULL};
    enum mr_code code = mr_check_catalogues(check, pairs, false, cat, err);
    for (size_t i = 0; code == MR_OK && i < check->pairing.ntables; i++)
        if (mr_check_in_scope(check, check->pairing.tables[i]))
            code = mr_check_altered(check, check->pairing.tables[i], cat, err);
    if (code == MR_OK)
        code = mr_check_seen_keep(check, cat, err);
    check->run.objects_done = code == MR_OK;
    mr_catalogue_free(cat[MR_SOURCE]);
    mr_catalogue_free(cat[MR_TARGET]);
    return code;
}
