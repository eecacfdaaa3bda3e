/* plan_closure.c: see plan_closure.h. */
#include "repair/plan/plan_closure.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"

struct closure {
    const struct mr_plan_tables *plan;
    const struct mr_find_table *known;
    size_t nknown;
    enum mr_side side;
};

static bool same_name(const struct closure *c, const char *a, const char *b)
{
    return mr_server_same_name(&c->plan->pairing.side[c->side].cat->server, a, b);
}

static const struct mr_plan_table *planned(const struct closure *c, const char *db,
                                           const char *name)
{
    for (size_t i = 0; i < c->plan->ntables; i++) {
        const struct mr_table *t = c->plan->tables[i].pair->side[c->side];
        if (mr_catalogue_is_table(c->plan->pairing.side[c->side].cat, t, db, name))
            return &c->plan->tables[i];
    }
    return NULL;
}

static const struct mr_find_table *find_known(const struct closure *c, const struct mr_table *t)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    const struct mr_find_table *found = NULL;
    mr_strbuf_add_fmt(&name, "%s.%s", t->db, t->name);
    for (size_t i = 0; found == NULL && i < c->nknown; i++) {
        const struct mr_find_table *k = &c->known[i];
        if (strcmp(c->side == MR_SOURCE ? k->name : k->target_name, name.ptr) == 0)
            found = k;
    }
    mr_strbuf_release(&name);
    return found;
}

/* The reason is the run's own, since what is to be done differs: a table that was left out needs
 * another check, one that was denied a right. */
static enum mr_code refuse(const struct closure *c, const struct mr_table *child,
                           const struct mr_plan_table *parent, struct mr_err *err)
{
    const struct mr_find_table *known = find_known(c, child);
    const char *why = "was left out of the check";
    if (known != NULL && known->verdict == MR_VERDICT_NOT_CHECKED)
        why = "was not checked";
    else if (known != NULL && known->windowed)
        why = "was checked only in part";
    else if (known != NULL)
        why = "cannot be planned";
    (void)mr_err_set(err, MR_E_REFUSED, "table \"%s.%s\" refers to \"%s\" and %s%s%s", child->db,
                     child->name, mr_plan_table_name(parent), why,
                     known != NULL && known->reason != NULL ? ": " : "",
                     known != NULL && known->reason != NULL ? known->reason : "");
    mr_err_hint(err, "Its rows would go on pointing at ids that change hands: run a "
                     "check that compares it, too, into the same case.");
    return MR_E_REFUSED;
}

/* Does it exist on the other side?  A table of one side has no rows to be restored. */
static bool has_twin(const struct closure *c, const struct mr_table *t)
{
    enum mr_side other = mr_other_side(c->side);
    const struct mr_catalogue *cat = c->plan->pairing.side[other].cat;
    const struct mr_find_table *known = find_known(c, t);
    if (known != NULL)
        return true;
    for (size_t i = 0; i < cat->ntables; i++)
        if (same_name(c, cat->tables[i].name, t->name) ||
            mr_server_same_name(&cat->server, cat->tables[i].name, t->name))
            return true;
    return false;
}

static enum mr_code check_table(const struct closure *c, const struct mr_table *t,
                                struct mr_err *err)
{
    if (planned(c, t->db, t->name) != NULL || !has_twin(c, t))
        return MR_OK;
    for (size_t i = 0; i < t->nfks; i++) {
        const struct mr_plan_table *parent = planned(c, t->fks[i].ref_db, t->fks[i].ref_table);
        if (parent != NULL)
            return refuse(c, t, parent, err);
    }
    return MR_OK;
}

static enum mr_code check_configured(const struct closure *c, const struct mr_table *t,
                                     struct mr_err *err)
{
    struct mr_table_config config = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    if (planned(c, t->db, t->name) == NULL && has_twin(c, t))
        code = mr_config_table(c->plan->pairing.config, t->db, t->name, &arena, &config, err);
    for (size_t i = 0; code == MR_OK && i < config.nreferences; i++) {
        const struct mr_reference *r = &config.references[i];
        const struct mr_plan_table *parent =
            r->dismissed ? NULL : planned(c, r->ref_db, r->ref_table);
        if (parent != NULL)
            code = refuse(c, t, parent, err);
    }
    mr_arena_release(&arena);
    return code;
}

/* ---- other databases ---- */

static void add_names(struct mr_strbuf *sql, const struct mr_catalogue *cat)
{
    for (size_t i = 0; i < cat->ndbs; i++) {
        mr_strbuf_add_str(sql, i > 0 ? ", " : "(");
        mr_sql_string(sql, cat->dbs[i].name);
    }
    mr_strbuf_add_str(sql, ")");
}

/* Catalogues hold only the databases that the command names, and foreign keys cross them: so the
 * server is asked for those that lead in from outside. */
static enum mr_code check_elsewhere(const struct closure *c, struct mr_err *err)
{
    const struct mr_server_side *side = &c->plan->pairing.side[c->side];
    struct mr_db *db = mr_reader_db(side->main);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    if (db == NULL || side->cat->ndbs == 0)
        return MR_OK;
    mr_strbuf_add_str(&sql, "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, "
                            "REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME "
                            "FROM information_schema.KEY_COLUMN_USAGE "
                            "WHERE REFERENCED_TABLE_SCHEMA IN ");
    add_names(&sql, side->cat);
    mr_strbuf_add_str(&sql, " AND TABLE_SCHEMA NOT IN ");
    add_names(&sql, side->cat);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "looking for references", err));
    MR_TRY_OUT(mr_db_query(db, "vvvv", sql.ptr, sql.len, &res, err));
    while ((row = mr_result_next(res)) != NULL) {
        const struct mr_table child = {.db = row[0].ptr, .name = row[1].ptr};
        const struct mr_plan_table *parent = planned(c, row[2].ptr, row[3].ptr);
        if (parent != NULL)
            MR_TRY_OUT(refuse(c, &child, parent, err));
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_plan_closure_check(const struct mr_plan_tables *plan,
                                   const struct mr_find_table *known, size_t nknown,
                                   struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct closure c = {plan, known, nknown, (enum mr_side)side};
        const struct mr_catalogue *cat = plan->pairing.side[side].cat;
        for (size_t i = 0; i < cat->ntables; i++) {
            MR_TRY(check_table(&c, &cat->tables[i], err));
            if (side == MR_SOURCE)
                MR_TRY(check_configured(&c, &cat->tables[i], err));
        }
        MR_TRY(check_elsewhere(&c, err));
    }
    return MR_OK;
}
