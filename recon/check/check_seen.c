/* check_seen.c: see check_seen.h. */
#include "recon/check/check_seen.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/seen_tables.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_plan.h"

static enum mr_code keep_side(struct mr_check_run *check, enum mr_side side,
                              struct mr_catalogue *const cat[MR_SIDES], struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf columns = MR_STRBUF_INIT;
    struct mr_seen_table *all = mr_arena_calloc(&arena, cat[side]->ntables + 1, sizeof *all);
    size_t count = 0;
    bool failed = all == NULL;
    for (size_t i = 0; !failed && i < cat[side]->ntables; i++) {
        const struct mr_table *t = &cat[side]->tables[i];
        const char *db, *name;
        if (!mr_check_selects_on(check, side, t, cat, &db, &name))
            continue;
        mr_strbuf_reset(&columns);
        mr_check_add_columns(t, &columns);
        all[count].name = mr_arena_fmt(&arena, "%s.%s", db, name);
        all[count].columns = columns.failed ? NULL : mr_arena_strdup(&arena, columns.ptr);
        failed = all[count].name == NULL || all[count].columns == NULL;
        count++;
    }
    enum mr_code code = failed ? mr_err_nomem(err, "keeping tables") : MR_OK;
    if (code == MR_OK) {
        qsort(all, count, sizeof *all, mr_seen_tables_by_name);
        code = mr_seen_tables_save(check->fd, side, all, count, err);
    }
    mr_strbuf_release(&columns);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_check_seen_keep(struct mr_check_run *check,
                                struct mr_catalogue *const cat[MR_SIDES], struct mr_err *err)
{
    for (int side = MR_SOURCE; check->scope != NULL && side < MR_SIDES; side++)
        if (!mr_side_is_shards(&check->pairing.side[side]))
            MR_TRY(keep_side(check, (enum mr_side)side, cat, err));
    return MR_OK;
}
