/* cutover_tables.c: pairs the tables of both, and has them looked at; see cutover_tables.h. */
#include "recon/gate/cutover_tables.h"

#include <string.h>

static void open_sides(struct mr_cutover *c)
{
    for (int side = MR_OLD; side <= MR_NEW; side++) {
        struct mr_gate_link *link = &c->link[side];
        c->side[side] = (struct mr_server_side){
            .ep = &link->ep, .source = link->source, .main = link->reader, .grants = link->grants};
    }
}

/* Those that the URIs name pair by position. */
static enum mr_code take_names(struct mr_cutover *c, struct mr_err *err)
{
    const size_t old = c->link[MR_OLD].ep.ndbs, new = c->link[MR_NEW].ep.ndbs;
    if (old > 0 && new > 0 && old != new) {
        (void)mr_err_set(err, MR_E_USAGE, "OLD names %zu database%s, NEW %zu", old,
                         old == 1 ? "" : "s", new);
        mr_err_hint(err, "Databases of the two URIs pair by position; name as many on both sides, "
                         "or on one side only.");
        return MR_E_USAGE;
    }
    for (int side = MR_OLD; side <= MR_NEW; side++)
        MR_TRY(mr_side_take_names(&c->side[side], &c->arena, err));
    return MR_OK;
}

/* With the definitions, where these are looked at. */
struct mr_cutover_findings *mr_cutover_uncompared(struct mr_cutover *c)
{
    return c->wanted[MR_CUTOVER_schema] ? &c->schema
           : c->wanted[MR_CUTOVER_rows] ? &c->rows
                                        : &c->counters;
}

/* What cannot be read as a pair is not compared, and that is said. */
static enum mr_code add_table(struct mr_cutover *c, struct mr_vec *list, const struct mr_table *old,
                              const struct mr_table *new, struct mr_err *err)
{
    struct mr_pair *pair = NULL;
    struct mr_err reason = {0};
    MR_TRY(mr_pair_plan(&c->pairing, old, new, &pair, &reason, err));
    if (reason.code != MR_OK)
        return mr_cutover_found(c, c->wanted[MR_CUTOVER_rows] ? &c->rows : mr_cutover_uncompared(c),
                                MR_GATE_UNKNOWN, mr_err_get_hint(&reason), err,
                                "%s.%s: not compared: %s", old->db, old->name, reason.message);
    struct mr_pair **slot = mr_vec_push(list);
    if (slot == NULL)
        return mr_err_nomem(err, "pairing tables");
    *slot = pair;
    return MR_OK;
}

static enum mr_code pair_tables(struct mr_cutover *c, struct mr_err *err)
{
    const struct mr_catalogue *old = c->side[MR_OLD].cat, *new = c->side[MR_NEW].cat;
    struct mr_vec list = MR_VEC_INIT(struct mr_pair *);
    enum mr_code code = MR_OK;
    c->pairing = (struct mr_pairing){.side = c->side, .config = c->config, .arena = &c->arena};
    for (size_t d = 0; d < c->dbs.count; d++) {
        const struct mr_db_pair *dbs = mr_vec_at(&c->dbs, d);
        for (size_t i = 0; i < old->ntables; i++) {
            const struct mr_table *t = &old->tables[i];
            if (strcmp(t->db, dbs->name[MR_OLD]) != 0 || !mr_cutover_selects(c, t->db, t->name))
                continue;
            const struct mr_table *twin =
                mr_sides_twin(old, t->db, new, dbs->name[MR_NEW], t->name);
            if (twin != NULL)
                MR_TRY_OUT(add_table(c, &list, t, twin, err));
            else if (!c->wanted[MR_CUTOVER_schema])
                MR_TRY_OUT(mr_cutover_found(c, mr_cutover_uncompared(c), MR_GATE_CRITICAL, NULL,
                                            err, "table %s.%s is not on NEW", t->db, t->name));
        }
    }
    c->pairing.tables = mr_arena_calloc(&c->arena, list.count + 1, sizeof(struct mr_pair *));
    if (c->pairing.tables == NULL) {
        code = mr_err_nomem(err, "pairing tables");
        goto out;
    }
    if (list.count > 0)
        memcpy((void *)c->pairing.tables, list.items, list.count * sizeof(struct mr_pair *));
    c->pairing.ntables = list.count;
out:
    mr_vec_release(&list);
    return code;
}

/* Where NEW is not where OLD was nothing can be said of what differs. */
static enum mr_code set_uncompared(struct mr_cutover *c, struct mr_err *err)
{
    static const char why[] =
        "not compared: whether NEW has caught up with OLD is not known, or it "
        "has not";
    struct mr_cutover_findings *const lists[] = {&c->schema, &c->counters, &c->rows};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        mr_vec_clear(&lists[i]->items);
        MR_TRY(mr_cutover_found(c, lists[i], MR_GATE_UNKNOWN, NULL, err, "%s", why));
    }
    return MR_OK;
}

enum mr_code mr_cutover_read_tables(struct mr_cutover *c, struct mr_err *err)
{
    bool reached = false;
    if (!c->facts.place.reached)
        return set_uncompared(c, err);
    open_sides(c);
    MR_TRY(take_names(c, err));
    MR_TRY(mr_cutover_read_schema(c, &reached, err));
    if (!reached)
        return set_uncompared(c, err);
    c->schema.note = "tables, views, routines, triggers and events are the same";
    MR_TRY(pair_tables(c, err));
    if (c->wanted[MR_CUTOVER_counters])
        MR_TRY(mr_cutover_read_counters(c, err));
    return c->wanted[MR_CUTOVER_rows] ? mr_cutover_read_rows(c, err) : MR_OK;
}
