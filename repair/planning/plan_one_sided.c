/* plan_one_sided.c: see plan_one_sided.h. */
#include "repair/planning/plan_one_sided.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"

#define NAMED 5 /* tables that are warned of by name */

struct looking {
    const struct mr_plan_one_sided_task *task;
    struct mr_find_table *tables; /* of the run */
    size_t ntables;
    struct mr_vec found; /* struct mr_plan_skipped */
};

/* A CHECK may be called as its table is, which both sides have then. */
static bool is_compared(const struct looking *l, const char *name)
{
    for (size_t i = 0; i < l->ntables; i++)
        if (strcmp(l->tables[i].name, name) == 0)
            return true;
    return false;
}

/* A database that the plan's source does not name was left out on purpose. */
static bool is_meant(const struct looking *l, const struct mr_find_object *object)
{
    const struct mr_plan_one_sided_task *task = l->task;
    const struct mr_plan_patterns *p = task->patterns;
    const struct mr_server_side *source = task->source;
    bool named = source->ndbs == 0 || object->database == NULL;
    for (size_t i = 0; !named && i < source->ndbs; i++)
        named = mr_server_same_name(&source->cat->server, source->dbs[i], object->database);
    return named && (object->database == NULL ||
                     mr_pattern_selects(p->tables->items, p->tables->count, p->exclude->items,
                                        p->exclude->count, object->database, object->name));
}

static enum mr_code add(struct looking *l, const struct mr_find_object *object, struct mr_err *err)
{
    const bool is_source = object->source != NULL;
    const char *side = is_source ? "source" : "target";
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_plan_skipped *skipped = mr_vec_push(&l->found);
    if (l->found.count <= NAMED)
        mr_log_warning("not planned: table \"%s\" is only on the %s", object->table, side);
    mr_strbuf_add_fmt(&text,
                      "it was only on the %s when the run looked, and no row of it was compared: "
                      "%s; or --exclude it",
                      side,
                      is_source ? "if the target has lost it, take it over (snapshot create "
                                  "--tables, snapshot restore --into-existing add) and check again"
                                : "where it is not meant to be, drop it");
    const char *reason = text.failed ? NULL : mr_arena_strdup(l->task->arena, text.ptr);
    mr_strbuf_release(&text);
    if (skipped == NULL || reason == NULL)
        return mr_err_nomem(err, "planning");
    *skipped = (struct mr_plan_skipped){
        .table = object->table, .reason = reason, .incomplete = is_source || l->task->is_mirror};
    return MR_OK;
}

/* Behind what the plan of counters has skipped. */
static enum mr_code keep(const struct looking *l, struct mr_manifest *m, struct mr_err *err)
{
    const size_t count = l->found.count;
    struct mr_plan_skipped *all =
        count > 0 ? mr_arena_calloc(l->task->arena, m->nskipped + count, sizeof *all) : NULL;
    if (count == 0)
        return MR_OK;
    if (all == NULL)
        return mr_err_nomem(err, "planning");
    for (size_t i = 0; i < m->nskipped; i++)
        all[i] = m->skipped[i];
    memcpy(all + m->nskipped, l->found.items, count * sizeof *all);
    m->skipped = all;
    m->nskipped += count;
    if (count > NAMED)
        mr_log_warning("not planned: %zu more tables that are only on one side", count - NAMED);
    return MR_OK;
}

enum mr_code mr_plan_one_sided(const struct mr_plan_one_sided_task *task,
                               struct mr_manifest *manifest, struct mr_err *err)
{
    struct looking l = {.task = task, .found = MR_VEC_INIT(struct mr_plan_skipped)};
    struct mr_vec objects = MR_VEC_INIT(struct mr_find_object);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_tables(task->fd, task->arena, &l.tables, &l.ntables, err));
    MR_TRY_OUT(mr_findings_objects(task->fd, task->arena, &objects, err));
    for (size_t i = 0; i < objects.count; i++) {
        const struct mr_find_object *object = mr_vec_at(&objects, i);
        if (mr_find_object_is_one_sided(object) && !is_compared(&l, object->table) &&
            is_meant(&l, object))
            MR_TRY_OUT(add(&l, object, err));
    }
    code = keep(&l, manifest, err);
out:
    mr_vec_release(&objects);
    mr_vec_release(&l.found);
    return code;
}
