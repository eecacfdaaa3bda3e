/* snap_kept.c: see snap_kept.h. */
#include "snapshot/read/snap_kept.h"

#include "core/db/endpoint.h"

static struct mr_digest sum_of(struct mr_snap_sum sum)
{
    return (struct mr_digest){.hi = sum.hi, .lo = sum.lo};
}

/* Where keys are hidden several files have no ranges that tile, so none are reported; one file alone
 * covers the whole table all the same. */
static enum mr_code keep_table(struct mr_kept *to, const struct mr_snap_table *t,
                               struct mr_arena *arena, struct mr_err *err)
{
    struct mr_kept_range *ranges = mr_arena_calloc(arena, t->nchunks + 1, sizeof *ranges);
    if (ranges == NULL)
        return mr_err_nomem(err, "opening a snapshot");
    for (size_t i = 0; i < t->nchunks; i++)
        ranges[i] = (struct mr_kept_range){.range = t->chunks[i].range,
                                           .rows = t->chunks[i].rows,
                                           .sum = sum_of(t->chunks[i].sum)};
    to->note = t->note;
    to->ranges = ranges;
    to->nranges = t->keys_hidden && t->nchunks > 1 ? 0 : t->nchunks;
    to->rows_of = t->rows_of;
    to->rows = t->rows;
    to->sum = sum_of(t->sum);
    return mr_snap_readspec(t, t->db, arena, &to->spec, err);
}

/* Did the endpoint name no database? */
static bool is_whole(const char *source)
{
    struct mr_endpoint ep = {.ndbs = 0};
    bool whole = source != NULL && mr_endpoint_parse(&ep, source, NULL) == MR_OK && ep.ndbs == 0;
    mr_endpoint_release(&ep);
    return whole;
}

static enum mr_code keep_names(struct mr_snap_kept *kept, struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    struct mr_left_out *out = mr_arena_calloc(&snap->arena, m->nleft_out + 1, sizeof *out);
    const char **dbs = mr_arena_calloc(&snap->arena, m->nobjects + 1, sizeof *dbs);
    if (out == NULL || dbs == NULL)
        return mr_err_nomem(err, "opening a snapshot");
    for (size_t i = 0; i < m->nleft_out; i++)
        out[i] = (struct mr_left_out){.kind = m->left_out[i].kind,
                                      .name = m->left_out[i].name,
                                      .reason = m->left_out[i].reason,
                                      .hint = m->left_out[i].hint};
    for (size_t i = 0; i < m->nobjects; i++)
        if (m->objects[i].kind == MR_OBJECT_DATABASE)
            dbs[kept->ndbs++] = m->objects[i].db;
    kept->left_out = out;
    kept->nleft_out = m->nleft_out;
    kept->dbs = dbs;
    kept->whole = is_whole(m->source);
    return MR_OK;
}

enum mr_code mr_snap_kept_init(struct mr_snap_kept *kept, struct mr_snap *snap, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &snap->manifest;
    struct mr_kept *tables = mr_arena_calloc(&snap->arena, m->ntables + 1, sizeof *tables);
    *kept = (struct mr_snap_kept){.tables = tables};
    MR_TRY(tables != NULL ? keep_names(kept, snap, err) : mr_err_nomem(err, "opening a snapshot"));
    for (size_t i = 0; i < m->ntables; i++)
        MR_TRY(keep_table(&tables[i], &m->tables[i], &snap->arena, err));
    return MR_OK;
}
