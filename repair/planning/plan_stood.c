/* plan_stood.c: see plan_stood.h. */
#include "repair/planning/plan_stood.h"

/* Of a snapshot nothing is known: it does not change. */
static enum mr_code read_side(const struct mr_plan_stood *stood, enum mr_side side,
                              const struct mr_table_mark *was, struct mr_table_mark **out,
                              struct mr_err *err)
{
    const struct mr_pairing *pairing = stood->pairing;
    size_t count = pairing->ntables;
    const struct mr_table **tables = mr_arena_calloc(stood->arena, count + 1, sizeof *tables);
    *out = mr_arena_calloc(stood->arena, count + 1, sizeof **out);
    if (tables == NULL || *out == NULL)
        return mr_err_nomem(err, "planning");
    if (mr_side_is_snapshot(&pairing->side[side]))
        return MR_OK;
    for (size_t i = 0; i < count; i++)
        tables[i] = pairing->tables[i]->side[side];
    return mr_table_marks_read(mr_reader_db(pairing->side[side].main), tables, count, was,
                               stood->arena, *out, err);
}

enum mr_code mr_plan_stood_begin(struct mr_plan_stood *stood, const struct mr_pairing *pairing,
                                 struct mr_arena *arena, struct mr_err *err)
{
    *stood = (struct mr_plan_stood){.pairing = pairing, .arena = arena};
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(read_side(stood, (enum mr_side)side, NULL, &stood->marks[side], err));
    return MR_OK;
}

static enum mr_code refuse(const struct mr_plan_stood *stood, size_t table, enum mr_side side,
                           struct mr_err *err)
{
    const struct mr_table *t = stood->pairing->tables[table]->side[side];
    enum mr_code code =
        mr_err_set(err, MR_E_CHANGED,
                   "table \"%s.%s\" of the %s was altered while the repair was planned, "
                   "or another one has taken its place",
                   t->db, t->name, mr_side_name(side));
    mr_err_hint(err, "Nothing was written. Plan again when nobody alters its tables.");
    return code;
}

enum mr_code mr_plan_stood_end(const struct mr_plan_stood *stood, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_table_mark *now = NULL;
        MR_TRY(read_side(stood, (enum mr_side)side, stood->marks[side], &now, err));
        for (size_t i = 0; i < stood->pairing->ntables; i++)
            if (mr_table_mark_is_other(&stood->marks[side][i], &now[i]))
                MR_TRY(refuse(stood, i, (enum mr_side)side, err));
    }
    return MR_OK;
}
