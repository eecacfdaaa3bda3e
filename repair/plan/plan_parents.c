/* plan_parents.c: see plan_parents.h. */
#include "repair/plan/plan_parents.h"

#include <string.h>
#include <strings.h>

#include "core/base/strbuf.h"
#include "repair/plan/plan_recheck.h"

enum { NAMED = 5 }; /* tables that the message names */

struct parents {
    const struct mr_plan_parents_task *task;
    const struct mr_find_table *known; /* of the run */
    size_t nknown;
    struct mr_vec missing; /* struct mr_recheck_table, SOURCE's names */
    struct mr_strbuf text;
};

static const struct mr_catalogue *catalogue(const struct parents *p, enum mr_side side)
{
    return p->task->tables->pairing.side[side].cat;
}

static bool is_planned(const struct parents *p, enum mr_side side, const char *db, const char *name)
{
    for (size_t i = 0; i < p->task->tables->ntables; i++) {
        const struct mr_table *t = p->task->tables->tables[i].pair->side[side];
        if (mr_catalogue_is_table(catalogue(p, side), t, db, name))
            return true;
    }
    return false;
}

/* The other side's name of a database, as far as planned tables tell. */
static const char *other_db(const struct parents *p, enum mr_side side, const char *db)
{
    for (size_t i = 0; i < p->task->tables->ntables; i++) {
        const struct mr_pair *pair = p->task->tables->tables[i].pair;
        if (mr_server_same_name(&catalogue(p, side)->server, pair->side[side]->db, db))
            return pair->side[mr_other_side(side)]->db;
    }
    return db;
}

/* Is the table on `side`, and is there none like it on the other? */
static bool is_alone(const struct parents *p, enum mr_side side, const char *db, const char *name)
{
    const struct mr_catalogue *own = catalogue(p, side);
    const struct mr_catalogue *other = catalogue(p, mr_other_side(side));
    const char *there = other_db(p, side, db);
    return mr_catalogue_db(other, there) != NULL &&
           mr_sides_twin(own, db, other, there, name) == NULL;
}

/* ---- what is missing ---- */

static const char *why(const struct parents *p, const char *name, bool alone)
{
    const struct mr_find_table *known = NULL;
    for (size_t i = 0; known == NULL && i < p->nknown; i++)
        if (strcmp(p->known[i].name, name) == 0)
            known = &p->known[i];
    if (alone)
        return "which is on one side only";
    if (known == NULL)
        return "which the run did not compare";
    if (known->verdict == MR_VERDICT_NOT_CHECKED)
        return "which was not checked";
    return known->windowed ? "which was checked only in part" : "which cannot be planned";
}

/* A table is missing once, however many lead to it, under SOURCE's name, since that is how the
 * check is told. */
static enum mr_code miss(struct parents *p, const struct mr_plan_table *child, enum mr_side side,
                         const char *db, const char *table, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_recheck_table item = {.db = side == MR_SOURCE ? db : other_db(p, side, db),
                                    .name = table};
    bool alone = is_alone(p, side, db, table);
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&name, "%s.%s", item.db, item.name);
    for (size_t i = 0; i < p->missing.count; i++) {
        const struct mr_recheck_table *m = mr_vec_at(&p->missing, i);
        if (strcmp(m->db, item.db) == 0 && strcmp(m->name, item.name) == 0)
            goto out;
    }
    if (p->missing.count < NAMED)
        mr_strbuf_add_fmt(&p->text, "%stable \"%s\" refers to \"%s\", %s",
                          p->text.len > 0 ? "; " : "", mr_plan_table_name(child), name.ptr,
                          why(p, name.ptr, alone));
    struct mr_recheck_table *slot = mr_vec_push(&p->missing);
    if (slot == NULL || name.failed || p->text.failed)
        code = mr_err_nomem(err, "looking for references");
    else
        *slot = item;
out:
    mr_strbuf_release(&name);
    return code;
}

/* ---- what a table refers to ---- */

static bool is_dismissed(const struct mr_plan_table *t, const char *column)
{
    const struct mr_table_config *config = t->pair->config;
    for (size_t i = 0; i < config->nreferences; i++)
        for (size_t k = 0; k < config->references[i].columns.count; k++)
            if (config->references[i].dismissed &&
                strcasecmp(config->references[i].columns.items[k], column) == 0)
                return true;
    return false;
}

static enum mr_code by_foreign_keys(struct parents *p, const struct mr_plan_table *t,
                                    enum mr_side side, struct mr_err *err)
{
    const struct mr_table *table = t->pair->side[side];
    for (size_t i = 0; i < table->nfks; i++) {
        const struct mr_foreign_key *fk = &table->fks[i];
        if (is_planned(p, side, fk->ref_db, fk->ref_table) ||
            (is_dismissed(t, fk->columns[0]) && is_alone(p, side, fk->ref_db, fk->ref_table)))
            continue;
        MR_TRY(miss(p, t, side, fk->ref_db, fk->ref_table, err));
    }
    return MR_OK;
}

/* Of the configuration those count whose columns the table has (pair_references.c). */
static enum mr_code by_configuration(struct parents *p, const struct mr_plan_table *t,
                                     struct mr_err *err)
{
    const struct mr_table_config *config = t->pair->config;
    for (size_t i = 0; i < config->nreferences; i++) {
        const struct mr_reference *ref = &config->references[i];
        if (mr_table_config_is_dismissed(config, i) ||
            mr_table_column(t->pair->side[MR_SOURCE], ref->columns.items[0]) == NULL ||
            is_planned(p, MR_SOURCE, ref->ref_db, ref->ref_table))
            continue;
        MR_TRY(miss(p, t, MR_SOURCE, ref->ref_db, ref->ref_table, err));
    }
    return MR_OK;
}

/* The message ends in the command that mends it, for all of the missing tables and what hangs on
 * them: one check more, not one for each. */
static enum mr_code refuse(struct parents *p, struct mr_err *err)
{
    const struct mr_plan_recheck recheck = {.tables = p->task->tables,
                                            .run = p->task->run,
                                            .case_path = p->task->case_path,
                                            .config = p->task->config,
                                            .more = p->missing.items,
                                            .nmore = p->missing.count};
    struct mr_strbuf command = MR_STRBUF_INIT;
    if (p->missing.count > NAMED)
        mr_strbuf_add_fmt(&p->text, "; and %zu more", p->missing.count - NAMED);
    enum mr_code code = mr_plan_recheck_command(&recheck, &command, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&p->text, "looking for references", err);
    if (code == MR_OK) {
        code = mr_err_set(err, MR_E_REFUSED, "%s", p->text.ptr);
        mr_err_hint(err,
                    "Nothing was changed. Whom its rows mean on the target is known only "
                    "of tables that the same run compared in full: %s",
                    command.ptr);
    }
    mr_strbuf_release(&command);
    return code;
}

/* A foreign key between columns that cannot be looked up as each other, as where the two
 * sides differ in type, leads nowhere (pair_references.c), and its rows would keep their
 * old ids. */
static enum mr_code refuse_unlike(const struct parents *p, struct mr_err *err)
{
    const struct mr_pairing *pairing = &p->task->tables->pairing;
    for (size_t i = 0; i < pairing->nreferences; i++) {
        const struct mr_pair_reference *r = &pairing->references[i];
        bool planned = false;
        for (size_t k = 0; k < p->task->tables->ntables; k++)
            planned = planned ||
                      strcmp(p->task->tables->tables[k].pair->find.name, r->edge.parent_name) == 0;
        if (r->parent != NULL || !planned)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "reference \"%s\" of table \"%s\" to \"%s\" cannot be followed: "
                         "its columns are not of one type on both servers",
                         r->edge.name, r->child->find.name, r->edge.parent_name);
        mr_err_hint(err, "Nothing was changed. Bring the columns to one type on both "
                         "servers, and check again; or leave the table out of check and "
                         "plan with --exclude.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

enum mr_code mr_plan_parents_check(const struct mr_plan_parents_task *task, struct mr_err *err)
{
    struct parents p = {
        .task = task, .missing = MR_VEC_INIT(struct mr_recheck_table), .text = MR_STRBUF_INIT};
    struct mr_find_table *known = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_tables(task->fd, task->arena, &known, &p.nknown, err));
    p.known = known;
    for (size_t i = 0; i < task->tables->ntables; i++) {
        const struct mr_plan_table *t = &task->tables->tables[i];
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            MR_TRY_OUT(by_foreign_keys(&p, t, (enum mr_side)side, err));
        MR_TRY_OUT(by_configuration(&p, t, err));
    }
    if (p.missing.count > 0)
        MR_TRY_OUT(refuse(&p, err));
    MR_TRY_OUT(refuse_unlike(&p, err));
out:
    mr_vec_release(&p.missing);
    mr_strbuf_release(&p.text);
    return code;
}
