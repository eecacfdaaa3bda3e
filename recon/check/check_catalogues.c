/* check_catalogues.c: see check_catalogues.h. */
#include "recon/check/check_catalogues.h"

#include "core/source/abreast.h"
#include "recon/check/check_trail.h"

/* Of one side. */
struct load {
    const struct mr_check_run *check;
    enum mr_side side;
    const char **names; /* of the databases */
    size_t count;
    struct mr_catalogue **cat;
};

static enum mr_code load_side(void *ctx, struct mr_err *err)
{
    static const struct mr_catalogue_opts with_counters = {.counters = true};
    const struct load *load = ctx;
    return mr_source_catalogue_as(load->check->pairing.side[load->side].source, load->names,
                                  load->count, &with_counters, load->cat, err);
}

static enum mr_code begin(struct mr_check_run *check, const struct mr_vec *pairs, enum mr_side side,
                          struct mr_catalogue **cat, struct load *load, struct mr_err *err)
{
    const char **names = mr_arena_calloc(&check->arena, pairs->count + 1, sizeof *names);
    if (names == NULL)
        return mr_err_nomem(err, "comparing objects");
    for (size_t k = 0; k < pairs->count; k++)
        names[k] = ((const struct mr_db_pair *)mr_vec_at(pairs, k))->name[side];
    mr_catalogue_free(*cat);
    *cat = NULL;
    *load = (struct load){check, side, names, pairs->count, cat};
    return MR_OK;
}

static bool has_snapshot(const struct mr_check_run *check)
{
    return mr_side_is_snapshot(&check->pairing.side[MR_SOURCE]) ||
           mr_side_is_snapshot(&check->pairing.side[MR_TARGET]);
}

enum mr_code mr_check_catalogues(struct mr_check_run *check, const struct mr_vec *pairs,
                                 bool in_order, struct mr_catalogue *cat[MR_SIDES],
                                 struct mr_err *err)
{
    const enum mr_side up = check->upstream, down = mr_other_side(up);
    struct load first, second;
    if (!in_order && mr_check_trail_take(check, cat))
        return MR_OK;
    MR_TRY(begin(check, pairs, up, &cat[up], &first, err));
    MR_TRY(begin(check, pairs, down, &cat[down], &second, err));
    if (!in_order && !has_snapshot(check))
        return mr_abreast(load_side, &first, load_side, &second,
                          check->pairing.side[MR_SOURCE].abandoned, err);
    MR_TRY(load_side(&first, err));
    return load_side(&second, err);
}
