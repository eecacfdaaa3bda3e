/* plan_gone.c: see plan_gone.h. */
#include "repair/plan/plan_gone.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"

enum { NAMED = 5 }; /* tables that the message names */

struct gone {
    const struct mr_plan_gone_task *task;
    struct mr_vec pairs; /* struct mr_db_pair */
    struct mr_strbuf text, exclude, right;
    struct mr_strbuf elsewhere; /* tables that the plan's URIs leave out */
    size_t found, nelsewhere;
};

static const struct mr_server_side *side_of(const struct gone *g, enum mr_side side)
{
    return &g->task->sides->side[side];
}

/* "db.t" may have more dots than one: where a database ends is known to the catalogue. */
static enum mr_code split(const struct gone *g, const char *name, const char **db,
                          const char **table, struct mr_err *err)
{
    const struct mr_catalogue *cat = side_of(g, MR_SOURCE)->cat;
    size_t len = strcspn(name, ".");
    for (size_t i = 0; i < cat->ndbs; i++) {
        size_t n = strlen(cat->dbs[i].name);
        if (n > len && strncmp(name, cat->dbs[i].name, n) == 0 && name[n] == '.')
            len = n;
    }
    char *copy = mr_arena_strdup(g->task->arena, name);
    if (copy == NULL)
        return mr_err_nomem(err, "looking for tables");
    *table = copy + len + (name[len] == '.');
    copy[len] = '\0';
    *db = copy;
    return MR_OK;
}

/* Does the URI of the plan name databases, and not this one?  That is a choice, too. */
static bool is_elsewhere(const struct gone *g, const char *db)
{
    const struct mr_server_side *s = side_of(g, MR_SOURCE);
    for (size_t i = 0; i < s->ndbs; i++)
        if (mr_server_same_name(&s->cat->server, s->dbs[i], db))
            return false;
    return s->ndbs > 0;
}

static bool is_meant(const struct gone *g, const char *db, const char *table)
{
    const struct mr_plan_patterns *p = g->task->patterns;
    return p == NULL || mr_pattern_selects(p->tables->items, p->tables->count, p->exclude->items,
                                           p->exclude->count, db, table);
}

/* ---- what became of it ---- */

/* TARGET's name of a database. */
static const char *twin_db(const struct gone *g, const char *db)
{
    for (size_t i = 0; i < g->pairs.count; i++) {
        const struct mr_db_pair *pair = mr_vec_at(&g->pairs, i);
        if (strcmp(pair->name[MR_SOURCE], db) == 0)
            return pair->name[MR_TARGET];
    }
    return db;
}

/* A right that is missing is kept for the hint. */
static enum mr_code probe(struct gone *g, enum mr_side side, const char *db, const char *table,
                          const char **what, struct mr_err *err)
{
    struct mr_err own = {0};
    enum mr_code code = mr_reader_probe(side_of(g, side)->main, db, table, NULL, &own);
    if (code == MR_OK) {
        *what = "is no table any more on";
    } else if (code == MR_E_NO_SUCH) {
        *what = "is no longer on";
    } else if (code == MR_E_DENIED) {
        *what = "cannot be seen by the account on";
        if (g->right.len == 0)
            mr_strbuf_add_str(&g->right, own.hint);
    } else {
        if (err != NULL)
            *err = own;
        return code;
    }
    return MR_OK;
}

static enum mr_code tell_fate(struct gone *g, const char *db, const char *table, struct mr_err *err)
{
    bool lost = mr_catalogue_table(side_of(g, MR_SOURCE)->cat, db, table) == NULL;
    enum mr_side side = lost ? MR_SOURCE : MR_TARGET;
    const char *what = NULL;
    MR_TRY(probe(g, side, lost ? db : twin_db(g, db), table, &what, err));
    mr_strbuf_add_fmt(&g->text, "%s the %s", what, mr_side_name(side));
    return MR_OK;
}

/* A table of a database that the plan's URI does not name was left out on purpose, one that is
 * not meant too: only what somebody expects to be planned is refused. */
static enum mr_code name_table(struct gone *g, size_t at, struct mr_err *err)
{
    const struct mr_find_table *t = &g->task->known[at];
    const struct mr_find_counts *n = &t->counts;
    const char *db = NULL, *table = NULL, *why = g->task->fates[at].why;
    uint64_t rows = n->missing + n->extra + n->changed + n->collision;
    enum mr_code code = split(g, t->name, &db, &table, err);
    if (code != MR_OK || !is_meant(g, db, table))
        return code;
    if (is_elsewhere(g, db)) {
        if (g->nelsewhere++ < NAMED)
            mr_strbuf_add_fmt(&g->elsewhere, "%s\"%s\"", g->nelsewhere > 1 ? ", " : "", t->name);
        return MR_OK;
    }
    if (g->found++ >= NAMED)
        return MR_OK;
    mr_strbuf_add_fmt(&g->text, "%s\"%s\" ", g->found > 1 ? "; " : "", t->name);
    mr_strbuf_add_fmt(&g->exclude, " --exclude '%s'", t->name);
    if (why != NULL)
        mr_strbuf_add_fmt(&g->text, "cannot be planned: %s", why);
    else
        code = tell_fate(g, db, table, err);
    if (rows > 0)
        mr_strbuf_add_fmt(&g->text, " (%" PRIu64 " row%s of it differ%s)", rows,
                          rows == 1 ? "" : "s", rows == 1 ? "s" : "");
    return code;
}

static enum mr_code refuse(struct gone *g, struct mr_err *err)
{
    if (g->found > NAMED)
        mr_strbuf_add_fmt(&g->text, "; and %zu more", g->found - NAMED);
    MR_TRY(mr_strbuf_check(&g->text, "looking for tables", err));
    MR_TRY(mr_strbuf_check(&g->exclude, "looking for tables", err));
    (void)mr_err_set(err, MR_E_REFUSED, "the run compared what cannot be planned now: %s",
                     g->text.ptr);
    mr_err_hint(err,
                "Nothing was changed. %s%s%scheck again into the same case; or leave it out "
                "of the plan:%s",
                g->right.len > 0 ? "Run: " : "Bring it back, or ", g->right.ptr,
                g->right.len > 0 ? "; or " : "", g->exclude.ptr);
    return MR_E_REFUSED;
}

static enum mr_code warn_elsewhere(struct gone *g, struct mr_err *err)
{
    if (g->nelsewhere > NAMED)
        mr_strbuf_add_fmt(&g->elsewhere, " and %zu more", g->nelsewhere - NAMED);
    MR_TRY(mr_strbuf_check(&g->elsewhere, "looking for tables", err));
    mr_log_warning("the run compared tables of databases that this plan's source does "
                   "not name; they are left out: %s",
                   g->elsewhere.ptr);
    return MR_OK;
}

/* All of them are looked at before the plan is refused, so that one message names them and one
 * command leaves them out. */
enum mr_code mr_plan_gone_check(const struct mr_plan_gone_task *task, struct mr_err *err)
{
    struct gone g = {.task = task,
                     .pairs = MR_VEC_INIT(struct mr_db_pair),
                     .text = MR_STRBUF_INIT,
                     .exclude = MR_STRBUF_INIT,
                     .right = MR_STRBUF_INIT,
                     .elsewhere = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_sides_pair_dbs(task->sides->side, task->arena, &g.pairs, err));
    for (size_t i = 0; i < task->nknown; i++) {
        const struct mr_find_table *t = &task->known[i];
        if (!task->fates[i].planned && !t->windowed && t->verdict != MR_VERDICT_NOT_CHECKED)
            MR_TRY_OUT(name_table(&g, i, err));
    }
    if (g.found > 0)
        MR_TRY_OUT(refuse(&g, err));
    if (g.nelsewhere > 0)
        MR_TRY_OUT(warn_elsewhere(&g, err));
out:
    mr_vec_release(&g.pairs);
    mr_strbuf_release(&g.text);
    mr_strbuf_release(&g.exclude);
    mr_strbuf_release(&g.right);
    mr_strbuf_release(&g.elsewhere);
    return code;
}
