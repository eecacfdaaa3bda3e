/* verify_open.c: the tables of a plan on TARGET, and one view of all of them; see
 * verify_internal.h. */
#include <string.h>
#include <strings.h>

#include "core/schema/made_key.h"
#include "repair/side/fingerprint.h"
#include "repair/verify/verify_internal.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "verifying a plan");
}

struct mr_verify_table *mr_verify_find(const struct mr_verify *v, const char *name)
{
    for (size_t i = 0; i < v->ntables; i++)
        if (strcmp(v->tables[i].planned->table, name) == 0)
            return &v->tables[i];
    return NULL;
}

enum mr_code mr_verify_excuse(const struct mr_verify *v, struct mr_verify_table *table,
                              enum mr_code code, struct mr_err *why, struct mr_err *err)
{
    switch ((int)code) {
    case MR_OK: return MR_OK;
    case MR_E_NO_SUCH:
    case MR_E_CHANGED:
    case MR_E_DENIED:
    case MR_E_SQL:
    case MR_E_UNSUPPORTED:
    case MR_E_TIMEOUT:
        table->image = NULL;
        table->result->unreadable = mr_arena_strdup(v->run->arena, why->message);
        return table->result->unreadable != NULL ? MR_OK : nomem(err);
    default: break;
    }
    if (err != NULL)
        *err = *why;
    return code;
}

/* ---- one table ---- */

/* Positions of names among the table's columns, behind those that are there. */
static enum mr_code find_columns(const struct mr_planned_table *t,
                                 const struct mr_planned_names *names, size_t *at, size_t *count,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t c = 0;
        while (c < t->ncolumns && strcasecmp(t->columns[c].name, names->items[i]) != 0)
            c++;
        if (c == t->ncolumns)
            return mr_err_set(err, MR_E_REFUSED, "the plan of table \"%s\" has no column \"%s\"",
                              t->table, names->items[i]);
        at[(*count)++] = c;
    }
    return MR_OK;
}

/* Columns that others refer to, beside those of the key. */
static enum mr_code find_referred(struct mr_verify *v, struct mr_verify_table *table,
                                  struct mr_err *err)
{
    const struct mr_planned_table *t = table->planned;
    size_t *at = mr_arena_calloc(v->run->arena, t->ncolumns + 1, sizeof *at);
    if (at == NULL)
        return nomem(err);
    table->referred.count = mr_planned_referred(&v->run->plan->manifest.planned, t, at);
    table->referred.at = at;
    return MR_OK;
}

static enum mr_code place_columns(struct mr_verify *v, struct mr_verify_table *table,
                                  struct mr_err *err)
{
    const struct mr_planned_table *t = table->planned;
    struct mr_arena *arena = v->run->arena;
    size_t width = 0;
    for (size_t i = 0; i < t->nreferences; i++)
        width += t->references[i].columns.count;
    size_t *key = mr_arena_calloc(arena, t->key.count + 1, sizeof *key);
    size_t *identity = mr_arena_calloc(arena, t->identity_columns.count + 1, sizeof *key);
    size_t *references = mr_arena_calloc(arena, width + 1, sizeof *references);
    if (key == NULL || identity == NULL || references == NULL)
        return nomem(err);
    table->key.at = key;
    table->identity.at = identity;
    table->references.at = references;
    MR_TRY(find_columns(t, &t->key, key, &table->key.count, err));
    if (t->identity == MR_PLAN_BY_COLUMNS)
        MR_TRY(find_columns(t, &t->identity_columns, identity, &table->identity.count, err));
    for (size_t i = 0; i < t->nreferences; i++)
        MR_TRY(
            find_columns(t, &t->references[i].columns, references, &table->references.count, err));
    return find_referred(v, table, err);
}

/* A change of the columns since the plan was made. */
static enum mr_code check_fingerprint(struct mr_verify *v, const struct mr_planned_table *t,
                                      struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    if (t->fingerprint == NULL || *t->fingerprint == '\0')
        return MR_OK;
    enum mr_code code = mr_fingerprint_columns(v->db, t->target_db, t->target_name, hex, err);
    if (code == MR_OK && strcmp(hex, t->fingerprint) != 0)
        code = mr_err_set(err, MR_E_CHANGED, "its columns are not those that were planned with");
    return code;
}

/* The columns are checked before rows are read: values of a changed column would have other
 * digests, and every row be reported as edited. */
static enum mr_code open_image(struct mr_verify *v, struct mr_verify_table *table,
                               struct mr_err *err)
{
    const struct mr_planned_table *t = table->planned;
    struct mr_arena *arena = v->run->arena;
    struct mr_plan_image_column *columns = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *columns);
    const char **readings = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *readings);
    if (columns == NULL || readings == NULL)
        return nomem(err);
    for (size_t i = 0; i < t->ncolumns; i++) {
        columns[i] = (struct mr_plan_image_column){t->columns[i].name, t->columns[i].reading};
        readings[i] = t->columns[i].reading;
    }
    const struct mr_plan_image_task task = {.side = MR_TARGET,
                                            .name = t->table,
                                            .db = t->target_db,
                                            .table = t->target_name,
                                            .columns = columns,
                                            .ncolumns = t->ncolumns,
                                            .key = table->key,
                                            .identity = table->identity};
    table->written = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *table->written);
    table->sums = mr_arena_calloc(arena, t->ncolumns + 1, sizeof *table->sums);
    if (table->written == NULL || table->sums == NULL)
        return mr_err_nomem(err, "verifying a plan");
    MR_TRY(mr_plan_digester_init(&table->digester, readings, t->ncolumns, arena, err));
    MR_TRY(check_fingerprint(v, t, err));
    MR_TRY(mr_plan_image_open(v->cat, &task, arena, &table->image, err));
    table->spec = table->image->full[MR_TARGET];
    return mr_rowhash_init(&table->hash, table->image, &table->spec, err);
}

static enum mr_code open_table(struct mr_verify *v, struct mr_verify_table *table,
                               struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = place_columns(v, table, err);
    return code == MR_OK ? mr_verify_excuse(v, table, open_image(v, table, &why), &why, err) : code;
}

/* ---- all of them ---- */

/* The view must be one of the server that the plan was checked against. */
static enum mr_code open_view(struct mr_verify *v, struct mr_err *err)
{
    const struct mr_verify_rows *run = v->run;
    struct mr_source_opts *opts = mr_arena_calloc(run->arena, 1, sizeof *opts);
    if (opts == NULL)
        return nomem(err);
    opts->db.run_tag = run->run_tag;
    opts->db.statement_timeout_s = run->statement_timeout_s;
    opts->consistent = true;
    opts->frees_tables = true;
    MR_TRY(mr_source_live_new(&run->target->ep, opts, &v->source, err));
    MR_TRY(mr_source_reader_new(v->source, &v->reader, err));
    v->db = mr_reader_db(v->reader);
    if (!mr_server_is_still(mr_db_server(run->target->db), mr_db_server(v->db)))
        return mr_err_set(err, MR_E_CHANGED, "\"%s\" is another server than a moment ago",
                          mr_db_label(v->db));
    return MR_OK;
}

static enum mr_code load_catalogue(struct mr_verify *v, struct mr_err *err)
{
    const struct mr_plan_server *server = &v->run->plan->manifest.server;
    MR_TRY(mr_catalogue_load(v->run->target->db, server->dbs, server->ndbs, &v->cat, err));
    return mr_catalogue_drop_made_keys(v->cat, err);
}

enum mr_code mr_verify_open(struct mr_verify *v, struct mr_verify_rows *run, struct mr_err *err)
{
    const struct mr_planned *planned = &run->plan->manifest.planned;
    size_t n = planned->ntables;
    *v = (struct mr_verify){.run = run};
    run->tables = mr_arena_calloc(run->arena, n + 1, sizeof *run->tables);
    v->tables = mr_arena_calloc(run->arena, n + 1, sizeof *v->tables);
    v->path = mr_plan_path(run->arena, run->plan->path, MR_ENTITY_FILE);
    if (run->tables == NULL || v->tables == NULL || v->path == NULL)
        return nomem(err);
    for (size_t i = 0; i < n; i++) {
        run->tables[i].planned = &planned->tables[i];
        v->tables[i] = (struct mr_verify_table){.result = &run->tables[i],
                                                .planned = &planned->tables[i],
                                                .twice = MR_VEC_INIT(struct mr_digest),
                                                .expected = MR_VEC_INIT(struct mr_verify_expected)};
        mr_verify_gone_init(&v->tables[i]);
    }
    v->ntables = n;
    MR_TRY(load_catalogue(v, err));
    MR_TRY(open_view(v, err));
    for (size_t i = 0; i < n; i++)
        MR_TRY(open_table(v, &v->tables[i], err));
    return mr_verify_source_open(v, err);
}

void mr_verify_close(struct mr_verify *v)
{
    for (size_t i = 0; i < v->ntables; i++) {
        mr_plan_digester_release(&v->tables[i].digester);
        mr_rowhash_release(&v->tables[i].hash);
        mr_vec_release(&v->tables[i].twice);
        mr_vec_release(&v->tables[i].expected);
        mr_vec_release(&v->tables[i].gone);
        mr_vec_release(&v->tables[i].orphans);
        mr_vec_release(&v->tables[i].moved_on);
    }
    mr_vec_release(&v->summed);
    mr_vec_release(&v->beside);
    mr_verify_source_close(v);
    mr_reader_free(v->reader);
    mr_source_free(v->source);
    mr_catalogue_free(v->cat);
}
