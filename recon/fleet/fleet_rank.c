/* fleet_rank.c: see fleet_rank.h. */
#include "recon/fleet/fleet_rank.h"

enum mr_code mr_fleet_only_take(const struct mr_check_result *result, struct mr_arena *arena,
                                struct mr_fleet_only *out, struct mr_err *err)
{
    const struct mr_find_object *o = NULL;
    const char **names[MR_SIDES];
    *out = (struct mr_fleet_only){.count = {0}};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        names[side] = mr_arena_calloc(arena, result->one_sided + 1, sizeof *names[side]);
        if (names[side] == NULL)
            return mr_err_nomem(err, "naming tables of one side");
        out->tables[side] = names[side];
    }
    for (size_t at = 0; (o = mr_check_result_one_sided(result, &at)) != NULL;) {
        const int side = o->source != NULL ? MR_SOURCE : MR_TARGET;
        const char *name = mr_arena_strdup(arena, o->table);
        if (name == NULL)
            return mr_err_nomem(err, "naming tables of one side");
        names[side][out->count[side]++] = name;
    }
    return MR_OK;
}

size_t mr_fleet_only_count(const struct mr_fleet_only *only)
{
    return only->count[MR_SOURCE] + only->count[MR_TARGET];
}

/* SOURCE is what should be true: a table that TARGET lacks is more than any of its rows, and one that TARGET
 * has besides may be a leftover. */
int mr_fleet_gravity(enum mr_fleet_word verdict, const struct mr_find_counts *counts,
                     const struct mr_fleet_only *only, bool has_fault)
{
    if (only->count[MR_SOURCE] > 0)
        return 0;
    if (mr_find_counts_differing(counts) > 0 || only->count[MR_TARGET] > 0)
        return 1;
    if (verdict == MR_FLEET_INCOMPLETE)
        return has_fault ? 2 : 3;
    return verdict == MR_FLEET_DIVERGED ? 4 : 5;
}
