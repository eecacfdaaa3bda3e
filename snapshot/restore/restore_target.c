/* restore_target.c: what is restored where, and what of it is there; see restore.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/cli/pattern_names.h"
#include "core/db/sqltext.h"
#include "core/file/sha256.h"
#include "snapshot/restore/restore.h"

bool mr_restore_wants(const struct mr_restore *r, const char *db, const char *name)
{
    const struct mr_snap_options *o = r->opts;
    return mr_pattern_selects(o->tables.items, o->tables.count, o->exclude.items, o->exclude.count,
                              db, name);
}

enum mr_code mr_restore_no_match(const struct mr_snap_options *opts, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_NO_SUCH, "no table of the snapshot matches --tables %s%s",
                     opts->tables.items[0], opts->tables.count > 1 ? " …" : "");
    mr_err_hint(err, "\"myrecon snapshot list\" has the names.");
    return MR_E_NO_SUCH;
}

const char *mr_restore_db_name(const struct mr_restore *r, const char *db)
{
    for (size_t i = 0; i < r->ndbs; i++)
        if (strcmp(r->dbs[i].from, db) == 0)
            return r->dbs[i].to;
    return NULL;
}

void mr_restore_progress_table(struct mr_strbuf *sql, const struct mr_restore *r)
{
    mr_sql_table(sql, r->dbs[0].to, MR_SNAP_PROGRESS_TABLE);
}

/* ---- names ---- */

/* Two of the snapshot's that become one would be no copy of either. */
static enum mr_code require_apart(const struct mr_restore *r, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(r->db);
    for (size_t i = 0; i < r->ndbs; i++)
        for (size_t k = 0; k < i; k++) {
            if (!mr_server_same_name(server, r->dbs[i].to, r->dbs[k].to))
                continue;
            (void)mr_err_set(err, MR_E_USAGE,
                             "databases \"%s\" and \"%s\" of the snapshot would both be "
                             "\"%s\" on the target",
                             r->dbs[k].from, r->dbs[i].from, r->dbs[i].to);
            mr_err_hint(err, "Give each a name of its own (--rename).");
            return MR_E_USAGE;
        }
    return MR_OK;
}

/* Databases of the URI pair by position, as everywhere. */
static enum mr_code name_dbs(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    r->dbs = mr_arena_calloc(&r->arena, m->nobjects + 1, sizeof *r->dbs);
    if (r->dbs == NULL)
        return mr_err_nomem(err, "restoring");
    for (size_t i = 0; i < m->nobjects; i++)
        if (m->objects[i].kind == MR_OBJECT_DATABASE)
            r->dbs[r->ndbs++] = (struct mr_restore_db){
                .object = &m->objects[i], .from = m->objects[i].db, .to = m->objects[i].db};
    if (r->ndbs == 0)
        return mr_err_set(err, MR_E_SNAPSHOT, "snapshot \"%s\" holds no database", r->snap.path);
    if (r->ep.ndbs > 0 && r->ep.ndbs != r->ndbs) {
        (void)mr_err_set(err, MR_E_USAGE, "the target names %zu database%s, the snapshot holds %zu",
                         r->ep.ndbs, r->ep.ndbs == 1 ? "" : "s", r->ndbs);
        mr_err_hint(err, "They pair by position; leave them out of the URI, or name all.");
        return MR_E_USAGE;
    }
    for (size_t i = 0; i < r->ndbs && r->ep.ndbs > 0; i++)
        r->dbs[i].to = r->ep.dbs[i];
    MR_TRY(mr_restore_rename_dbs(r, err));
    return require_apart(r, err);
}

/* As the server tells names apart: it may write them in small letters. */
static const struct mr_database *find_db(const struct mr_restore *r, const char *name)
{
    for (size_t i = 0; i < r->cat->ndbs; i++)
        if (mr_server_same_name(&r->cat->server, r->cat->dbs[i].name, name))
            return &r->cat->dbs[i];
    return NULL;
}

/* Read again after what was in the way is gone, since everything behind it goes by what is
 * there. */
enum mr_code mr_restore_look(struct mr_restore *r, struct mr_err *err)
{
    const char **names = mr_arena_calloc(&r->arena, r->ndbs, sizeof *names);
    if (names == NULL)
        return mr_err_nomem(err, "restoring");
    for (size_t i = 0; i < r->ndbs; i++)
        names[i] = r->dbs[i].to;
    mr_catalogue_free(r->cat);
    r->cat = NULL;
    MR_TRY(mr_catalogue_load(r->db, names, r->ndbs, &r->cat, err));
    for (size_t i = 0; i < r->ndbs; i++)
        r->dbs[i].there = find_db(r, r->dbs[i].to);
    return MR_OK;
}

bool mr_restore_has_table(const struct mr_restore *r, const char *db, const char *table)
{
    const struct mr_server *server = mr_db_server(r->db);
    for (size_t i = 0; i < r->ntables; i++)
        if (mr_server_same_name(server, r->tables[i].db, db) &&
            mr_server_same_name(server, r->tables[i].snap->name, table))
            return true;
    return false;
}

/* ---- an unfinished restore ---- */

/* A file of the same name may hold other rows: what a chain is merged into has the uuid of its last
 * link, however large its files are made. */
static void add_files(struct mr_strbuf *text, const struct mr_restore *r)
{
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_snap_table *t = r->tables[i].snap;
        for (size_t k = 0; k < t->nchunks; k++)
            mr_strbuf_add_fmt(text, "\n%s %" PRIu64 " %" PRIu64, t->chunks[k].file,
                              t->chunks[k].rows, t->chunks[k].plain_bytes);
    }
}

/* What it may touch: which databases, by which names, what of them, and in which files.  --no-binlog is
 * part of it: replicas get all of a restore or nothing, never rows of tables that they do not have. */
static enum mr_code make_scope(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_string_list *lists[] = {&r->opts->tables, &r->opts->exclude};
    struct mr_strbuf text = MR_STRBUF_INIT;
    char hex[MR_SHA256_HEX];
    for (size_t i = 0; i < r->ndbs; i++)
        mr_strbuf_add_fmt(&text, "%s\n%s\n", r->dbs[i].from, r->dbs[i].to);
    for (size_t i = 0; i < r->ntables; i++)
        if (mr_restore_is_renamed(&r->tables[i]))
            mr_strbuf_add_fmt(&text, "\n%zu\n%s\n", r->tables[i].from->number,
                              r->tables[i].snap->name);
    if (!r->opts->schema_only)
        add_files(&text, r);
    if (r->opts->schema_only || r->opts->data_only)
        mr_strbuf_add_str(&text, r->opts->schema_only ? "\nschema only" : "\ndata only");
    if (r->opts->no_binlog)
        mr_strbuf_add_str(&text, "\nno binary log");
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        mr_strbuf_add_char(&text, '\n');
        for (size_t i = 0; i < lists[l]->count; i++)
            mr_strbuf_add(&text, lists[l]->items[i], strlen(lists[l]->items[i]) + 1);
    }
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&text, "restoring", err));
    MR_TRY_OUT(mr_sha256_bytes(text.ptr, text.len, hex, err));
    if ((r->scope = mr_arena_strdup(&r->arena, hex)) == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "restoring"));
out:
    mr_strbuf_release(&text);
    return code;
}

void mr_restore_begun(struct mr_strbuf *out, const struct mr_restore *r)
{
    mr_strbuf_add_fmt(out, "begun %s", r->scope);
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Only a run of this snapshot and of the same scope is gone on with: lines of another one mean
 * other rows by the same file names. */
static enum mr_code read_done(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, begun = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    bool other = false, ours = false, ended = false;
    mr_restore_begun(&begun, r);
    mr_strbuf_add_str(&sql, "SELECT uuid, file FROM ");
    mr_restore_progress_table(&sql, r);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "restoring", err));
    MR_TRY_OUT(mr_strbuf_check(&begun, "restoring", err));
    MR_TRY_OUT(mr_db_query(r->db, "vv", sql.ptr, sql.len, &res, err));
    while ((cells = mr_result_next(res)) != NULL) {
        other |= strcmp(cells[0].ptr, r->snap.manifest.uuid) != 0;
        ours |= strcmp(cells[1].ptr, begun.ptr) == 0;
        ended |= strcmp(cells[1].ptr, MR_RESTORE_ENDED) == 0;
        const char **slot = mr_vec_push(&r->done);
        if (slot != NULL)
            *slot = mr_arena_strdup(&r->arena, cells[1].ptr);
        if (slot == NULL || *slot == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "restoring"));
    }
out:
    mr_result_free(res);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&begun);
    if (code == MR_OK && r->done.count > 0)
        qsort(r->done.items, r->done.count, sizeof(const char *), compare_texts);
    r->resumed = code == MR_OK && ours && !other;
    r->ended = r->resumed && ended;
    r->others = code == MR_OK && !ours && !other && r->done.count > 0;
    r->strange = code == MR_OK && other;
    if (code == MR_OK && !r->resumed)
        mr_vec_clear(&r->done);
    return code;
}

bool mr_restore_is_done(const struct mr_restore *r, const char *file)
{
    return r->done.count > 0 && bsearch(&file, r->done.items, r->done.count, sizeof(const char *),
                                        compare_texts) != NULL;
}

/* Of --data-only the table may be of another engine than the snapshot's was. */
bool mr_restore_is_undone(const struct mr_restore *r, const struct mr_restore_table *t)
{
    const struct mr_table *there =
        r->opts->data_only ? mr_catalogue_meant(r->cat, t->db, t->snap->name) : NULL;
    return there != NULL ? there->transactional : t->snap->transactional;
}

bool mr_restore_is_trusted(const struct mr_restore *r, const struct mr_restore_table *t)
{
    bool all = r->ended;
    for (size_t i = 0; all && i < t->snap->nchunks; i++)
        all = mr_restore_is_done(r, t->snap->chunks[i].file);
    return all || mr_restore_is_undone(r, t) || mr_snap_is_merge(t->snap);
}

/* ---- tables ---- */

/* Of a database that was half restored when the snapshot was made. */
static enum mr_code refuse_progress(const struct mr_snap_table *t, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the snapshot holds table \"%s.%s\", by which a restore knows how far "
                     "it is: database \"%s\" was not wholly restored when it was made",
                     t->db, t->name, t->db);
    mr_err_hint(err, "Nothing was changed. To restore what it holds: --exclude '%s.%s'.", t->db,
                t->name);
    return MR_E_REFUSED;
}

static bool nth_name(const void *ctx, size_t index, const char **db, const char **name)
{
    const struct mr_snap_manifest *m = ctx;
    const bool is_table = index < m->ntables;
    if (index >= m->ntables + m->nobjects)
        return false;
    *db = is_table ? m->tables[index].db : m->objects[index - m->ntables].db;
    *name = is_table ? m->tables[index].name : m->objects[index - m->ntables].name;
    return true;
}

static enum mr_code check_names(const struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    enum mr_code code = mr_pattern_names_warn("--tables", &r->opts->tables, nth_name, m, err);
    return code == MR_OK ? mr_pattern_names_warn("--exclude", &r->opts->exclude, nth_name, m, err)
                         : code;
}

static enum mr_code list_tables(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    r->tables = mr_arena_calloc(&r->arena, m->ntables + 1, sizeof *r->tables);
    if (r->tables == NULL)
        return mr_err_nomem(err, "restoring");
    for (size_t i = 0; i < m->ntables; i++) {
        const struct mr_snap_table *t = &m->tables[i];
        const char *db = mr_restore_db_name(r, t->db);
        if (db == NULL)
            return mr_err_set(err, MR_E_SNAPSHOT,
                              "table \"%s.%s\" is of no database of "
                              "the snapshot",
                              t->db, t->name);
        if (mr_restore_wants(r, t->db, t->name) && strcmp(t->name, MR_SNAP_PROGRESS_TABLE) == 0)
            return refuse_progress(t, err);
        if (mr_restore_wants(r, t->db, t->name))
            r->tables[r->ntables++] = (struct mr_restore_table){.snap = t, .from = t, .db = db};
    }
    if (r->ntables > 0 || r->opts->tables.count == 0)
        return check_names(r, err);
    return mr_restore_no_match(r->opts, err);
}

/* Is it an earlier one of the snapshot that has the name on a server where letters are alike? */
static bool has_namesake(const struct mr_restore *r, size_t table)
{
    const struct mr_restore_table *t = &r->tables[table];
    const struct mr_server *server = &r->cat->server;
    for (size_t i = 0; server->lower_case_table_names != 0 && i < table; i++)
        if (mr_server_same_name(server, r->tables[i].db, t->db) &&
            mr_server_same_name(server, r->tables[i].snap->name, t->snap->name))
            return true;
    return false;
}

static void note_made(struct mr_restore *r)
{
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_table *t =
            mr_catalogue_meant(r->cat, r->tables[i].db, r->tables[i].snap->name);
        r->tables[i].is_there = t != NULL && !has_namesake(r, i);
        r->tables[i].has_keys = t != NULL && t->nfks > 0;
    }
}

static enum mr_code learn_infile(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(r->db, "SELECT @@GLOBAL.local_infile", &text, err);
    r->insert = code == MR_OK && strcmp(text.ptr, "0") == 0;
    mr_strbuf_release(&text);
    if (code == MR_OK)
        code = mr_restore_learn_bulk(r, err);
    if (r->insert && !r->bulk)
        mr_log_info("local_infile is off on the target: rows are inserted, which is "
                    "slower than LOAD DATA");
    return code;
}

/* The lock comes before the first look: what a second restore would see of the first changes
 * under its eyes. */
enum mr_code mr_restore_target(struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(name_dbs(r, err));
    MR_TRY(list_tables(r, err));
    MR_TRY(mr_restore_rename_tables(r, err));
    MR_TRY(mr_restore_lock(r, err));
    MR_TRY(mr_restore_look(r, err));
    MR_TRY(make_scope(r, err));
    if (mr_catalogue_meant(r->cat, r->dbs[0].to, MR_SNAP_PROGRESS_TABLE) != NULL)
        MR_TRY(read_done(r, err));
    MR_TRY(mr_restore_pass(
        r, r->resumed ? mr_restore_keep_again(r, err) : mr_restore_require_room(r, err), err));
    if (!r->ended)
        MR_TRY(mr_restore_pass(r, mr_restore_fit(r, err), err));
    if (!r->opts->data_only) {
        MR_TRY(mr_restore_pass(r, mr_restore_find_losses(r, err), err));
        MR_TRY(mr_restore_find_orphans(r, err));
    }
    if (!r->resumed && !r->opts->dry_run)
        MR_TRY(mr_restore_clear(r, err));
    if (r->ended)
        mr_log_info("going on with a restore of this snapshot that has set tables aside");
    else if (r->resumed)
        mr_log_info("going on with a restore of this snapshot that was interrupted");
    note_made(r);
    if (r->opts->data_only && r->resumed)
        MR_TRY(mr_restore_pass(r, mr_restore_require_tables(r, err), err));
    if (!r->opts->data_only)
        MR_TRY(mr_restore_pass(r, mr_restore_refuse_others(r, err), err));
    return r->opts->schema_only ? MR_OK : learn_infile(r, err);
}
