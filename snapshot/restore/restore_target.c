/* restore_target.c: what is on the target, and whether it may be written to; see
 * restore.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/cli/confirm.h"
#include "core/db/sqltext.h"
#include "core/file/sha256.h"
#include "snapshot/restore/restore.h"

bool mr_restore_wants(const struct mr_restore *r, const char *db, const char *name)
{
    const struct mr_snap_options *o = r->opts;
    return mr_pattern_selects(o->tables.items, o->tables.count, o->exclude.items,
                              o->exclude.count, db, name);
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
    mr_sql_table(sql, r->dbs[0].to, MR_RESTORE_TABLE);
}

/* ---- names ---- */

/* --rename-db old=new */
static enum mr_code rename_by_option(const struct mr_restore *r, struct mr_restore_db *db,
                                     struct mr_err *err)
{
    const struct mr_string_list *list = &r->opts->renames;
    size_t len = strlen(db->from);
    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i], db->from, len) == 0 && list->items[i][len] == '=') {
            db->to = list->items[i] + len + 1;
            if (*db->to == '\0')
                return mr_err_set(err, MR_E_USAGE, "--rename-db \"%s\" has no new name",
                                  list->items[i]);
        }
    return MR_OK;
}

static enum mr_code require_renames(const struct mr_restore *r, struct mr_err *err)
{
    const struct mr_string_list *list = &r->opts->renames;
    for (size_t i = 0; i < list->count; i++) {
        size_t k = 0, len = strcspn(list->items[i], "=");
        while (k < r->ndbs && (strlen(r->dbs[k].from) != len ||
                               strncmp(r->dbs[k].from, list->items[i], len) != 0))
            k++;
        if (k < r->ndbs && list->items[i][len] == '=')
            continue;
        (void)mr_err_set(err, MR_E_USAGE,
                         "--rename-db \"%s\" names no database of the snapshot",
                         list->items[i]);
        mr_err_hint(err, "Write it as --rename-db old=new; \"myrecon snapshot list\" has "
                         "the names.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

/* Databases of the URI pair by position, as everywhere. */
static enum mr_code name_dbs(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    enum mr_code code = MR_OK;
    r->dbs = mr_arena_calloc(&r->arena, m->nobjects + 1, sizeof *r->dbs);
    if (r->dbs == NULL)
        return mr_err_nomem(err, "restoring");
    for (size_t i = 0; i < m->nobjects; i++)
        if (m->objects[i].kind == MR_SNAP_DATABASE)
            r->dbs[r->ndbs++] = (struct mr_restore_db){.object = &m->objects[i],
                                                       .from = m->objects[i].db,
                                                       .to = m->objects[i].db};
    if (r->ndbs == 0)
        return mr_err_set(err, MR_E_SNAPSHOT, "snapshot \"%s\" holds no database",
                          r->snap.path);
    if (r->ep.ndbs > 0 && r->ep.ndbs != r->ndbs) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "the target names %zu database%s, the snapshot holds %zu",
                         r->ep.ndbs, r->ep.ndbs == 1 ? "" : "s", r->ndbs);
        mr_err_hint(err,
                    "They pair by position; leave them out of the URI, or name all.");
        return MR_E_USAGE;
    }
    for (size_t i = 0; code == MR_OK && i < r->ndbs; i++) {
        if (r->ep.ndbs > 0)
            r->dbs[i].to = r->ep.dbs[i];
        code = rename_by_option(r, &r->dbs[i], err);
    }
    return code == MR_OK ? require_renames(r, err) : code;
}

static enum mr_code load_catalogue(struct mr_restore *r, struct mr_err *err)
{
    const char **names = mr_arena_calloc(&r->arena, r->ndbs, sizeof *names);
    if (names == NULL)
        return mr_err_nomem(err, "restoring");
    for (size_t i = 0; i < r->ndbs; i++)
        names[i] = r->dbs[i].to;
    mr_catalogue_free(r->cat);
    r->cat = NULL;
    enum mr_code code = mr_catalogue_load(r->db, names, r->ndbs, &r->cat, err);
    for (size_t i = 0; code == MR_OK && i < r->ndbs; i++)
        r->dbs[i].there = mr_catalogue_db(r->cat, r->dbs[i].to);
    return code;
}

/* ---- an unfinished restore ---- */

/* What it may touch: which databases, by which names, and what of them. */
static enum mr_code make_scope(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_string_list *lists[] = {&r->opts->tables, &r->opts->exclude};
    struct mr_strbuf text = MR_STRBUF_INIT;
    char hex[MR_SHA256_HEX];
    for (size_t i = 0; i < r->ndbs; i++)
        mr_strbuf_add_fmt(&text, "%s\n%s\n", r->dbs[i].from, r->dbs[i].to);
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        mr_strbuf_add_char(&text, '\n');
        for (size_t i = 0; i < lists[l]->count; i++)
            mr_strbuf_add(&text, lists[l]->items[i], strlen(lists[l]->items[i]) + 1);
    }
    enum mr_code code = mr_strbuf_check(&text, "restoring", err);
    if (code == MR_OK)
        code = mr_sha256_bytes(text.ptr, text.len, hex, err);
    if (code == MR_OK && (r->scope = mr_arena_strdup(&r->arena, hex)) == NULL)
        code = mr_err_nomem(err, "restoring");
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

static enum mr_code read_done(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, begun = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    bool other = false, ours = false;
    mr_restore_begun(&begun, r);
    mr_strbuf_add_str(&sql, "SELECT uuid, file FROM ");
    mr_restore_progress_table(&sql, r);
    enum mr_code code = mr_strbuf_check(&sql, "restoring", err);
    if (code == MR_OK)
        code = mr_strbuf_check(&begun, "restoring", err);
    if (code == MR_OK)
        code = mr_db_query(r->db, "vv", sql.ptr, sql.len, &res, err);
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL) {
        other |= strcmp(cells[0].ptr, r->snap.manifest.uuid) != 0;
        ours |= strcmp(cells[1].ptr, begun.ptr) == 0;
        const char **slot = mr_vec_push(&r->done);
        if (slot != NULL)
            *slot = mr_arena_strdup(&r->arena, cells[1].ptr);
        if (slot == NULL || *slot == NULL)
            code = mr_err_nomem(err, "restoring");
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&begun);
    if (code == MR_OK && r->done.count > 0)
        qsort(r->done.items, r->done.count, sizeof(const char *), compare_texts);
    r->resumed = code == MR_OK && ours && !other;
    r->others = code == MR_OK && !ours && !other && r->done.count > 0;
    if (code == MR_OK && !r->resumed)
        mr_vec_clear(&r->done);
    return code;
}

/* ---- what stands in the way ---- */

static enum mr_code refuse(const char *db, const char *what, const char *name,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "database \"%s\" is not empty: it has %s \"%s\"",
                     db, what, name);
    mr_err_hint(err, "Nothing was changed. Restore under another name (--rename-db), or "
                     "see --into-existing.");
    return MR_E_REFUSED;
}

/* What that run did not touch is not this restore's own. */
static enum mr_code refuse_others(const struct mr_restore *r, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "database \"%s\" has an unfinished restore of this snapshot, of other "
        "tables or under other names",
        r->dbs[0].to);
    mr_err_hint(err,
                "Nothing was changed. End it by the command that began it, or drop what "
                "it has made, table " MR_RESTORE_TABLE " too.");
    return MR_E_REFUSED;
}

static const char *object_word(enum mr_object_kind kind)
{
    switch (kind) {
    case MR_OBJECT_VIEW: return "view";
    case MR_OBJECT_ROUTINE: return "routine";
    case MR_OBJECT_EVENT: return "event";
    case MR_OBJECT_SEQUENCE: return "sequence";
    }
    return "object";
}

/* Does the snapshot hold a table, view or sequence of that name in that database? */
static bool holds(const struct mr_restore *r, const char *to, const char *name)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < r->ntables; i++)
        if (strcmp(r->tables[i].db, to) == 0 &&
            strcasecmp(r->tables[i].snap->name, name) == 0)
            return true;
    for (size_t i = 0; i < m->nobjects; i++) {
        const char *db = mr_restore_db_name(r, m->objects[i].db);
        if (m->objects[i].kind != MR_SNAP_DATABASE && db != NULL && strcmp(db, to) == 0 &&
            strcasecmp(m->objects[i].name, name) == 0 &&
            mr_restore_wants(r, m->objects[i].db, m->objects[i].name))
            return true;
    }
    return false;
}

static enum mr_code require_empty(const struct mr_restore *r, bool only_clashes,
                                  struct mr_err *err)
{
    for (size_t i = 0; i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        if (strcmp(t->name, MR_RESTORE_TABLE) != 0 &&
            (!only_clashes || holds(r, t->db, t->name)))
            return refuse(t->db, "table", t->name, err);
    }
    for (size_t i = 0; i < r->cat->nobjects; i++) {
        const struct mr_object *o = &r->cat->objects[i];
        if (!only_clashes || holds(r, o->db, o->name))
            return refuse(o->db, object_word(o->kind), o->name, err);
    }
    return MR_OK;
}

static enum mr_code drop(struct mr_restore *r, const char *kind, const char *db,
                         const char *name, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql, "DROP %s IF EXISTS ", kind);
    mr_sql_table(&sql, db, name);
    enum mr_code code = mr_restore_exec(r->db, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code refuse_reference(const struct mr_restore *r, const struct mr_table *t,
                                     struct mr_err *err)
{
    if (holds(r, t->db, t->name))
        return MR_OK;
    for (size_t k = 0; k < t->nfks; k++) {
        const struct mr_foreign_key *fk = &t->fks[k];
        if (!holds(r, fk->ref_db, fk->ref_table))
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "table \"%s.%s\" stays, and refers to \"%s.%s\", which would be "
                         "dropped",
                         t->db, t->name, fk->ref_db, fk->ref_table);
        mr_err_hint(err, "Nothing was changed. Drop its foreign key, or restore under "
                         "another name (--rename-db).");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

/* A table that another one refers to cannot be dropped, whatever comes of that one: so the
 * references between tables that all go are dropped first, and one of a table that stays is
 * refused while everything is still there. */
static enum mr_code drop_references(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++)
        code = refuse_reference(r, &r->cat->tables[i], err);
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        for (size_t k = 0; code == MR_OK && holds(r, t->db, t->name) && k < t->nfks;
             k++) {
            mr_strbuf_reset(&sql);
            mr_strbuf_add_str(&sql, "ALTER TABLE ");
            mr_sql_table(&sql, t->db, t->name);
            mr_strbuf_add_str(&sql, " DROP FOREIGN KEY ");
            mr_sql_ident(&sql, t->fks[k].name);
            code = mr_restore_exec(r->db, &sql, err);
        }
    }
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code drop_clashes(struct mr_restore *r, struct mr_err *err)
{
    enum mr_code code = drop_references(r, err);
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++)
        if (holds(r, r->cat->tables[i].db, r->cat->tables[i].name))
            code = drop(r, "TABLE", r->cat->tables[i].db, r->cat->tables[i].name, err);
    for (size_t i = 0; code == MR_OK && i < r->cat->nobjects; i++) {
        const struct mr_object *o = &r->cat->objects[i];
        if (!holds(r, o->db, o->name))
            continue;
        const char *name = o->name;
        const char *kind = "VIEW";
        if (o->kind == MR_OBJECT_EVENT)
            kind = "EVENT";
        else if (o->kind == MR_OBJECT_SEQUENCE)
            kind = "SEQUENCE";
        else if (o->kind == MR_OBJECT_ROUTINE) {
            kind = strncmp(name, "function ", 9) == 0 ? "FUNCTION" : "PROCEDURE";
            name = strchr(name, ' ') + 1;
        }
        code = drop(r, kind, o->db, name, err);
    }
    return code == MR_OK ? load_catalogue(r, err) : code;
}

static enum mr_code clear_the_way(struct mr_restore *r, struct mr_err *err)
{
    char question[512];
    if (r->others && r->opts->into_existing != MR_INTO_REPLACE)
        return refuse_others(r, err);
    if (r->opts->into_existing == MR_INTO_REFUSE)
        return require_empty(r, false, err);
    if (r->opts->into_existing == MR_INTO_ADD)
        return require_empty(r, true, err);
    (void)snprintf(question, sizeof question,
                   "drop what \"%s\" already has of the %zu tables of the snapshot, and "
                   "restore them?",
                   mr_db_label(r->db), r->ntables);
    enum mr_code code = mr_confirm(question, r->opts->yes, err);
    return code == MR_OK ? drop_clashes(r, err) : code;
}

/* ---- tables ---- */

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
        if (mr_restore_wants(r, t->db, t->name))
            r->tables[r->ntables++] = (struct mr_restore_table){.snap = t, .db = db};
    }
    if (r->ntables > 0 || r->opts->tables.count == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "no table of the snapshot matches --tables");
    mr_err_hint(err, "\"myrecon snapshot list\" has the names.");
    return MR_E_NO_SUCH;
}

static void note_made(struct mr_restore *r)
{
    for (size_t i = 0; i < r->ntables; i++) {
        const struct mr_table *t =
            mr_catalogue_table(r->cat, r->tables[i].db, r->tables[i].snap->name);
        r->tables[i].is_there = t != NULL;
        r->tables[i].has_keys = t != NULL && t->nfks > 0;
    }
}

static enum mr_code learn_infile(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code =
        mr_db_query_text(r->db, "SELECT @@GLOBAL.local_infile", &text, err);
    r->insert = code == MR_OK && strcmp(text.ptr, "0") == 0;
    mr_strbuf_release(&text);
    if (r->insert)
        mr_log_info("local_infile is off on the target: rows are inserted, which is "
                    "slower than LOAD DATA");
    return code;
}

enum mr_code mr_restore_target(struct mr_restore *r, struct mr_err *err)
{
    enum mr_code code = name_dbs(r, err);
    if (code == MR_OK)
        code = list_tables(r, err);
    if (code == MR_OK)
        code = load_catalogue(r, err);
    if (code == MR_OK)
        code = make_scope(r, err);
    if (code == MR_OK &&
        mr_catalogue_table(r->cat, r->dbs[0].to, MR_RESTORE_TABLE) != NULL)
        code = read_done(r, err);
    if (code == MR_OK && !r->resumed)
        code = clear_the_way(r, err);
    if (code != MR_OK)
        return code;
    if (r->resumed)
        mr_log_info("going on with a restore of this snapshot that was interrupted");
    note_made(r);
    return learn_infile(r, err);
}
