/* create_plan.c: which tables are kept, and how; see create.h. */
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/cli/pattern_names.h"
#include "core/db/sqltext.h"
#include "core/schema/near_db.h"
#include "snapshot/create/create_case.h"
#include "snapshot/create/create_identity.h"
#include "snapshot/create/create_true.h"

bool mr_create_is_fatal(enum mr_code code)
{
    return code == MR_E_NOMEM || code == MR_E_CANCELLED || code == MR_E_BUG || code == MR_E_IO ||
           code == MR_E_LOST || code == MR_E_REFUSED || code == MR_E_MOVED;
}

bool mr_create_is_marked(const struct mr_create_table *table)
{
    return table->snap.transactional && table->table->engine != NULL &&
           strcasecmp(table->table->engine, "InnoDB") == 0;
}

static enum mr_code name_hidden_db(const struct mr_create *c, const char *name, struct mr_err *err)
{
    struct mr_strbuf near = MR_STRBUF_INIT;
    mr_near_db(c->db, name, &near);
    (void)mr_err_set(err, MR_E_DENIED, "access to database \"%s\" is denied, or it does not exist",
                     name);
    mr_err_hint(err,
                "%s%s%sIf the name is right, run: GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON "
                "`%s`.* TO %s",
                near.len > 0 ? "Did you mean \"" : "", near.len > 0 ? near.ptr : "",
                near.len > 0 ? "\"? " : "", name, mr_grants_account(c->grants));
    mr_strbuf_release(&near);
    return MR_E_DENIED;
}

/* A database that the account has no right on looks as if it were absent: told apart here, since
 * one is a slip in the URI and the other a missing GRANT. */
static enum mr_code name_missing_db(const struct mr_create *c, const char *name, struct mr_err *err)
{
    struct mr_err why = {0};
    const bool lists_all = c->grants != NULL && mr_grants_lists_dbs(c->grants);
    if (!lists_all && mr_schema_probe(c->db, name, "myrecon", NULL, &why) == MR_E_DENIED)
        return name_hidden_db(c, name, err);
    (void)mr_err_set(err, MR_E_NO_SUCH, "database \"%s\" does not exist on the source", name);
    mr_near_db_hint(c->db, name, err);
    return MR_E_NO_SUCH;
}

static enum mr_code require_dbs(const struct mr_create *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->ep.ndbs; i++) {
        size_t at = 0;
        while (at < c->cat->ndbs &&
               !mr_server_same_name(&c->cat->server, c->cat->dbs[at].name, c->ep.dbs[i]))
            at++;
        if (at == c->cat->ndbs)
            return name_missing_db(c, c->ep.dbs[i], err);
    }
    return MR_OK;
}

/* A condition that the server does not understand is the user's slip, and is to be said
 * before the first row is read: as readers send it, on a connection that uses no database. */
static enum mr_code try_where(const struct mr_create *c, const struct mr_snap_table *t,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_db *db = NULL;
    struct mr_db_opts opts = c->source_opts.db;
    opts.same_as = mr_db_server(c->db);
    mr_strbuf_add_str(&sql, "SELECT 1 FROM ");
    mr_sql_table(&sql, t->db, t->name);
    mr_strbuf_add_fmt(&sql, " WHERE (%s\n) LIMIT 0", t->where);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_open(&c->ep, &opts, &db, err);
    if (code == MR_OK)
        code = mr_db_query(db, "n", sql.ptr, sql.len, &res, err);
    if (code != MR_OK)
        mr_err_context(err, "--where of table \"%s.%s\"", t->db, t->name);
    mr_result_free(res);
    mr_db_close(db);
    mr_strbuf_release(&sql);
    return code;
}

enum mr_code mr_create_leave_out(struct mr_create *c, struct mr_create_table *t,
                                 const struct mr_err *why, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    t->left_out = true;
    mr_strbuf_add_fmt(&name, "%s.%s", t->table->db, t->table->name);
    enum mr_code code = mr_strbuf_check(&name, "planning", err);
    if (code == MR_OK)
        code = mr_snap_schema_leave_out(&c->schema, "table", name.ptr, why->message,
                                        why->hint[0] != '\0' ? why->hint : NULL, err);
    mr_strbuf_release(&name);
    return code;
}

/* A copy of it would hold up the restore of what is kept. */
static enum mr_code refuse_progress(const struct mr_table *table, struct mr_err *err)
{
    if (strcmp(table->name, MR_SNAP_PROGRESS_TABLE) != 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_SNAPSHOT,
                     "of a restore into \"%s\" that has not come to its end: what is "
                     "there may be a part",
                     table->db);
    mr_err_hint(err, "End that restore by the command that began it.");
    return MR_E_SNAPSHOT;
}

static const char *note_of(const struct mr_table *table)
{
    if (!table->transactional)
        return "its engine has no transactions: rows may be of different moments";
    if (table->system_versioned)
        return "only its current rows are kept, not their history";
    return NULL;
}

enum mr_code mr_create_plan_read(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    enum mr_code code = mr_create_true_read(c, t, err);
    if (code == MR_OK)
        code = mr_snap_readspec(&t->snap, t->table->db, &c->arena, &t->spec, err);
    t->spec.store = !t->table->transactional && t->snap.nkey > 0;
    /* keys that may name people stay within the encrypted files */
    t->snap.keys_hidden =
        c->opts->encrypt_to.count > 0 && t->snap.nkey > 0 && !mr_snap_key_is_plain(&t->snap);
    return code == MR_OK && t->found != NULL ? mr_create_case_plan(c, t, err) : code;
}

/* What one table cannot is a reason to leave it out by name; only what would meet every table
 * ends the run. A --where that the server does not take is neither: it is the user's slip, and
 * is told before anything is written. */
static enum mr_code plan_table(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = refuse_progress(t->table, &why);
    if (code == MR_OK)
        code = mr_snap_plan(t->table, &c->arena, &t->snap, &why);
    t->snap.note = note_of(t->table);
    t->snap.where = mr_table_wheres_sql(&c->opts->where, t->table->db, t->table->name);
    t->est_rows = t->table->est_rows;
    if (code == MR_OK && t->snap.where != NULL) {
        code = try_where(c, &t->snap, err);
        if (code != MR_OK)
            return code;
    }
    if (code == MR_OK)
        code = mr_create_identify(c, t, &why);
    if (code == MR_OK)
        code = mr_create_plan_read(c, t, &why);
    if (code == MR_OK)
        return MR_OK;
    if (!mr_create_is_fatal(code))
        return mr_create_leave_out(c, t, &why, err);
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code add_table(struct mr_create *c, const struct mr_table *table,
                              const struct mr_find_table *found, struct mr_err *err)
{
    struct mr_create_table *t = mr_arena_calloc(&c->arena, 1, sizeof *t);
    struct mr_create_table **slot = t != NULL ? mr_vec_push(&c->tables) : NULL;
    if (slot == NULL)
        return mr_err_nomem(err, "planning");
    *slot = t;
    t->table = table;
    t->found = found;
    t->bounds = (struct mr_vec)MR_VEC_INIT(struct mr_key);
    t->chunks = (struct mr_vec)MR_VEC_INIT(struct mr_journal_chunk);
    enum mr_code code = plan_table(c, t, err);
    t->snap.number = c->tables.count;
    if (code == MR_OK && !t->left_out && c->base == NULL) /* else the log says how many */
        mr_progress_add_total(c->progress, t->est_rows);
    return code;
}

/* A table of a case, if rows of it differ. */
static enum mr_code add_found(struct mr_create *c, const struct mr_table *table, struct mr_err *err)
{
    const struct mr_find_table *found = NULL;
    const char *reason = NULL;
    struct mr_strbuf name = MR_STRBUF_INIT;
    enum mr_code code = mr_create_case_take(c, table, &found, &reason, err);
    if (code == MR_OK && reason != NULL) {
        mr_strbuf_add_fmt(&name, "%s.%s", table->db, table->name);
        code = mr_strbuf_check(&name, "planning", err);
        if (code == MR_OK)
            code = mr_snap_schema_leave_out(&c->schema, "table", name.ptr, reason, NULL, err);
        mr_strbuf_release(&name);
    }
    return code == MR_OK && found != NULL ? add_table(c, table, found, err) : code;
}

/* A snapshot of nothing would be a success that nobody notices to be empty. */
static enum mr_code require_tables(const struct mr_create *c, struct mr_err *err)
{
    if (c->tables.count > 0)
        return MR_OK;
    if (c->evidence != NULL) {
        (void)mr_err_set(err, MR_E_NO_SUCH, "%s has no row of this side that differs",
                         mr_create_case_rows_of(c));
        mr_err_hint(err, "\"myrecon report\" says what it has; name the other side, or "
                         "other tables.");
        return MR_E_NO_SUCH;
    }
    if (c->opts->tables.count == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_NO_SUCH, "no table matches --tables %s%s", c->opts->tables.items[0],
                     c->opts->tables.count > 1 ? " …" : "");
    mr_err_hint(err, "A pattern is db.table with * and ?; a bare name means any database; for "
                     "another one repeat the option. Quote it so that the shell leaves it alone.");
    return MR_E_NO_SUCH;
}

/* Patterns choose views and routines, too. */
static bool nth_name(const void *ctx, size_t index, const char **db, const char **name)
{
    const struct mr_catalogue *cat = ctx;
    const bool is_table = index < cat->ntables;
    if (index >= cat->ntables + cat->nobjects)
        return false;
    *db = is_table ? cat->tables[index].db : cat->objects[index - cat->ntables].db;
    *name = is_table ? cat->tables[index].name : cat->objects[index - cat->ntables].name;
    return true;
}

static bool is_selected(const struct mr_create *c, const struct mr_table *table)
{
    const struct mr_create_options *o = c->opts;
    return mr_pattern_selects(o->tables.items, o->tables.count, o->exclude.items, o->exclude.count,
                              table->db, table->name);
}

/* A --where that no table answers to would silently keep all rows. */
static enum mr_code require_wheres(const struct mr_create *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->opts->where.count; i++) {
        const char *pattern = c->opts->where.items[i].pattern;
        size_t at = 0;
        while (at < c->cat->ntables &&
               !(is_selected(c, &c->cat->tables[at]) &&
                 mr_pattern_match(pattern, c->cat->tables[at].db, c->cat->tables[at].name)))
            at++;
        if (at < c->cat->ntables)
            continue;
        (void)mr_err_set(err, MR_E_NO_SUCH, "no table that is kept matches --where %s", pattern);
        mr_err_hint(err, "Write --where DB.TABLE=CONDITION with a table of SOURCE.");
        return MR_E_NO_SUCH;
    }
    return MR_OK;
}

static enum mr_code check_names(const struct mr_create *c, struct mr_err *err)
{
    enum mr_code code = mr_pattern_names_warn("--tables", &c->opts->tables, nth_name, c->cat, err);
    if (code == MR_OK)
        code = mr_pattern_names_warn("--exclude", &c->opts->exclude, nth_name, c->cat, err);
    return code == MR_OK ? require_wheres(c, err) : code;
}

/* Numbers of tables are read before the first definition, so that a table that changes places in
 * between is seen as changed, and not taken for the one that was planned. */
enum mr_code mr_create_plan(struct mr_create *c, struct mr_err *err)
{
    MR_TRY(require_dbs(c, err));
    MR_TRY(check_names(c, err));
    MR_TRY(mr_create_numbers_read(c, err));
    for (size_t i = 0; i < c->cat->ntables; i++) {
        const struct mr_table *table = &c->cat->tables[i];
        if (is_selected(c, table))
            MR_TRY(c->evidence != NULL ? add_found(c, table, err) : add_table(c, table, NULL, err));
    }
    if (c->evidence != NULL)
        MR_TRY(mr_create_case_name_gone(c, err));
    return require_tables(c, err);
}
