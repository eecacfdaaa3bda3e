/* verify_source.c: is the lost history still what was planned from?  See
 * verify_internal.h.
 *
 * The plan keeps no digest of SOURCE's rows.  But a row that was inserted, and stands to
 * the byte as planned, holds what SOURCE's row held when the plan was made, in every
 * column but those that the plan maps: the new id, references, what the server computes.
 * So SOURCE's row must equal it in all others.  Of other rows, and of those that a decision
 * gave other values, only that they are there is proved. */
#include <string.h>

#include "core/base/log.h"
#include "core/case/image.h"
#include "repair/verify/verify_internal.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading the source");
}

/* ---- opening ---- */

/* Of the databases that the URI names; else of all. */
static enum mr_code load_catalogue(struct mr_verify_source *s, struct mr_verify_rows *run,
                                   struct mr_err *err)
{
    const char **names = mr_arena_calloc(run->arena, s->ep.ndbs + 1, sizeof *names);
    if (names == NULL)
        return nomem(err);
    for (size_t i = 0; i < s->ep.ndbs; i++)
        names[i] = s->ep.dbs[i];
    return mr_source_catalogue(s->source, names, s->ep.ndbs, &s->cat, err);
}

static enum mr_code connect(struct mr_verify_source *s, struct mr_verify_rows *run,
                            struct mr_err *err)
{
    s->opts = (struct mr_source_opts){
        .db = {.run_tag = run->run_tag, .statement_timeout_s = run->statement_timeout_s},
        .consistent = true,
        .frees_tables = true,
        .open_snapshot = run->open_snapshot};
    MR_TRY(mr_endpoint_parse(&s->ep, run->source, err));
    MR_TRY(mr_login_complete(&s->ep, "SOURCE", "source", &run->login, err));
    MR_TRY(mr_source_new(&s->ep, &s->opts, &s->source, err));
    MR_TRY(mr_source_reader_new(s->source, &s->reader, err));
    return load_catalogue(s, run, err);
}

/* "db.t" may be split at any point. */
static bool is_named(const struct mr_table *t, const char *name)
{
    const size_t len = strlen(t->db);
    return strncmp(name, t->db, len) == 0 && name[len] == '.' &&
           strcmp(name + len + 1, t->name) == 0;
}

static enum mr_code find_table(const struct mr_catalogue *cat, const char *name,
                               const struct mr_table **out, struct mr_err *err)
{
    const struct mr_table *found = NULL;
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *t = &cat->tables[i];
        if (found != NULL && is_named(t, name)) {
            (void)mr_err_set(err, MR_E_USAGE,
                             "table \"%s\" of database \"%s\" and table \"%s\" of database "
                             "\"%s\" cannot be told apart on the source: both are written \"%s\"",
                             found->name, found->db, t->name, t->db, name);
            mr_err_hint(err, "Name only one of the two databases with --source.");
            return MR_E_USAGE;
        }
        if (is_named(t, name))
            found = t;
    }
    *out = found;
    return found != NULL ? MR_OK
                         : mr_err_set(err, MR_E_NO_SUCH, "table \"%s\" is not on the source", name);
}

/* Columns in which a restored row need not hold what SOURCE's does. */
static bool *mapped_columns(const struct mr_verify_table *table, struct mr_arena *arena)
{
    bool *mapped = mr_arena_calloc(arena, table->digester.ncolumns + 1, sizeof *mapped);
    for (size_t i = 0; mapped != NULL && i < table->digester.ncolumns; i++)
        mapped[i] = table->digester.generated[i];
    for (size_t i = 0; mapped != NULL && i < table->references.count; i++)
        mapped[table->references.at[i]] = true;
    return mapped;
}

/* Rows that stand as planned would be compared with themselves. */
static enum mr_code refuse_itself(const struct mr_verify_source *s, const struct mr_table *t,
                                  const struct mr_planned_table *planned,
                                  const struct mr_target *target, struct mr_err *err)
{
    const struct mr_db *db = mr_reader_db(s->reader);
    if (db == NULL || !mr_server_is_one(mr_db_server(db), mr_db_server(target->db)) ||
        strcmp(t->db, planned->target_db) != 0 || strcmp(t->name, planned->target_name) != 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "source and target are the same: table \"%s\" of one server",
                     planned->target_table);
    mr_err_hint(err, "Name the lost history with --source.");
    return MR_E_REFUSED;
}

static enum mr_code open_table(struct mr_verify_source *s, struct mr_verify_table *table,
                               struct mr_verify_rows *run, struct mr_err *err)
{
    const struct mr_planned_table *planned = table->planned;
    const struct mr_table *t = NULL;
    struct mr_plan_image_column *columns =
        mr_arena_calloc(run->arena, planned->ncolumns + 1, sizeof *columns);
    if (columns == NULL)
        return nomem(err);
    MR_TRY(find_table(s->cat, planned->table, &t, err));
    MR_TRY(refuse_itself(s, t, planned, run->target, err));
    for (size_t i = 0; i < planned->ncolumns; i++)
        columns[i] = (struct mr_plan_image_column){planned->columns[i].source_name != NULL
                                                       ? planned->columns[i].source_name
                                                       : planned->columns[i].name,
                                                   planned->columns[i].reading};
    const struct mr_plan_image_task task = {.side = MR_SOURCE,
                                            .name = planned->table,
                                            .db = t->db,
                                            .table = t->name,
                                            .columns = columns,
                                            .ncolumns = planned->ncolumns,
                                            .key = table->key};
    MR_TRY(mr_plan_image_open(s->cat, &task, run->arena, &table->source_image, err));
    table->mapped = mapped_columns(table, run->arena);
    if (table->mapped == NULL)
        return nomem(err);
    table->source_spec = table->source_image->full[MR_SOURCE];
    return mr_rowhash_init(&table->source_hash, table->source_image, &table->source_spec, err);
}

/* Rows are asked for by their key. */
static void warn_keyless(const struct mr_verify_table *table)
{
    uint64_t rows = 0;
    for (int d = MR_DECIDE_SAME; d < MR_DECIDE_PARENT; d++)
        rows += table->planned->decisions[d];
    if (rows > 0)
        mr_log_warning("table \"%s\" has no key: whether the source still holds its rows is not "
                       "looked at",
                       table->planned->table);
}

enum mr_code mr_verify_source_open(struct mr_verify *v, struct mr_err *err)
{
    struct mr_verify_source *s = &v->source_side;
    mr_rowset_init(&s->set);
    s->keys = (struct mr_vec)MR_VEC_INIT(struct mr_key);
    mr_image_init(&s->image[0]);
    mr_image_init(&s->image[1]);
    if (v->run->source == NULL)
        return MR_OK;
    enum mr_code code = connect(s, v->run, err);
    for (size_t i = 0; code == MR_OK && i < v->ntables; i++) {
        struct mr_verify_table *table = &v->tables[i];
        struct mr_err why = {0};
        if (table->image != NULL && table->key.count > 0)
            code = mr_verify_excuse(v, table, open_table(s, table, v->run, &why), &why, err);
        else if (table->image != NULL)
            warn_keyless(table);
    }
    return code;
}

void mr_verify_source_close(struct mr_verify *v)
{
    struct mr_verify_source *s = &v->source_side;
    for (size_t i = 0; i < v->ntables; i++)
        mr_rowhash_release(&v->tables[i].source_hash);
    mr_image_release(&s->image[0]);
    mr_image_release(&s->image[1]);
    mr_rowset_release(&s->set);
    mr_vec_release(&s->keys);
    mr_reader_free(s->reader);
    mr_source_free(s->source);
    mr_catalogue_free(s->cat);
    mr_endpoint_release(&s->ep);
}

/* ---- rows ---- */

bool mr_verify_reads_source(const struct mr_verify_table *table)
{
    return table->image != NULL && table->source_image != NULL;
}

static bool in_key(const struct mr_verify_table *table, size_t column)
{
    for (size_t i = 0; i < table->key.count; i++)
        if (table->key.at[i] == column)
            return true;
    return false;
}

/* Names of the columns in which the two rows differ; none: they do not. */
static enum mr_code compare(struct mr_verify_source *s, const struct mr_verify_table *table,
                            struct mr_key row, const struct mr_verify_ask *ask,
                            struct mr_strbuf *names, struct mr_err *err)
{
    const struct mr_find_table *find = &table->image->find;
    MR_TRY(mr_image_open(&s->image[0], row.ptr, row.len, err));
    MR_TRY(mr_image_open(&s->image[1], ask->image.ptr, ask->image.len, err));
    for (size_t i = 0; i < find->ncolumns; i++)
        if (!table->mapped[i] && !(ask->is_new && in_key(table, i)) &&
            mr_image_differs(&s->image[0], &s->image[1], i, &find->columns[i]))
            mr_strbuf_add_fmt(names, "%s%s", names->len > 0 ? ", " : "", find->columns[i].name);
    return mr_strbuf_check(names, "comparing rows", err);
}

/* Without an image only that the row is there is proved: TARGET's has values of its own by now. */
static enum mr_code check_row(struct mr_verify *v, struct mr_verify_table *table,
                              const struct mr_verify_ask *ask, struct mr_err *err)
{
    struct mr_verify_source *s = &v->source_side;
    const struct mr_rowset_row *row = mr_rowset_find(&s->set, ask->source_key);
    struct mr_strbuf names = MR_STRBUF_INIT;
    struct mr_proof_finding finding = {.table = table->planned,
                                       .image = table->image,
                                       .proof = MR_PROOF_SOURCE_GONE,
                                       .source_key = ask->source_key,
                                       .key = ask->target_key};
    enum mr_code code = MR_OK;
    if (row != NULL) {
        const struct mr_key image = {mr_rowset_image(&s->set, row), row->image_len};
        finding.proof = MR_PROOF_SOURCE_DIFFERS;
        if (ask->image.ptr != NULL)
            code = compare(s, table, image, ask, &names, err);
        finding.detail = names.ptr;
    }
    if (code == MR_OK && (row == NULL || names.len > 0))
        code = mr_verify_tell(v, table, &finding, err);
    mr_strbuf_release(&names);
    return code;
}

static bool is_whole(const struct mr_rowset *set)
{
    for (size_t i = 0; i < set->rows.count; i++)
        if (mr_rowset_at(set, i)->image_len == 0)
            return false;
    return true;
}

/* Wide rows may not fit at once: then the halves are read, down to a single row of any width. */
enum mr_code mr_verify_source_rows(struct mr_verify *v, struct mr_verify_table *table,
                                   const struct mr_verify_ask *asks, size_t n, struct mr_err *err)
{
    struct mr_verify_source *s = &v->source_side;
    if (n == 0)
        return MR_OK;
    mr_vec_clear(&s->keys);
    for (size_t i = 0; i < n; i++) {
        struct mr_key *key = mr_vec_push(&s->keys);
        if (key == NULL)
            return nomem(err);
        *key = asks[i].source_key;
    }
    enum mr_code code = mr_rowset_fetch(&s->set, s->reader, &table->source_hash, s->keys.items, n,
                                        n > 1 ? MR_VERIFY_IMAGE_BYTES : SIZE_MAX, err);
    if (code == MR_OK && n > 1 && !is_whole(&s->set)) {
        code = mr_verify_source_rows(v, table, asks, n / 2, err);
        return code == MR_OK ? mr_verify_source_rows(v, table, asks + n / 2, n - n / 2, err) : code;
    }
    for (size_t i = 0; code == MR_OK && i < n; i++)
        code = check_row(v, table, &asks[i], err);
    return code;
}
