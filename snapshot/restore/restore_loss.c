/*
 * restore_loss.c: what the target cannot express of the snapshot (loss.h), before the first write;
 * see restore.h.
 *
 * Names of collations, character sets, engines and parsers are asked of the server one by one, as
 * they are met, and kept: there are few, whatever there are of tables.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

#define SHOWN 20 /* of those that are refused, one by one */

/* ---- names that the target has ---- */

/* What can be a part of a statement, as it stands. */
static bool is_plain(const char *name)
{
    return *name != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_") == strlen(name);
}

/* The server is the judge of what it calls a collation: catalogues of MariaDB list some of them
 * without their character set, and take names for others that they do not list. */
static void add_question(struct mr_strbuf *sql, enum mr_loss_names what, const char *name)
{
    switch (what) {
    case MR_LOSS_COLLATIONS:
        mr_strbuf_add_fmt(sql, "SELECT CONVERT('' USING %.*s) COLLATE %s", (int)strcspn(name, "_"),
                          name, name);
        return;
    case MR_LOSS_CHARSETS: mr_strbuf_add_fmt(sql, "SELECT CONVERT('' USING %s)", name); return;
    case MR_LOSS_ENGINES:
        mr_strbuf_add_str(sql, "SELECT 1 FROM information_schema.ENGINES WHERE SUPPORT IN "
                               "('YES', 'DEFAULT') AND ENGINE = ");
        break;
    case MR_LOSS_PARSERS:
        mr_strbuf_add_str(sql, "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = "
                               "'FTPARSER' AND PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_NAME = ");
        break;
    case MR_LOSS_NAMES: break;
    }
    mr_sql_string(sql, name);
}

/* A server that cannot be asked is not told what it lacks: it refuses by itself what it does not
 * have.  A lost one ends the run. */
static enum mr_code ask(struct mr_restore *r, enum mr_loss_names what, const char *name, bool *has,
                        struct mr_err *err)
{
    const bool is_list = what == MR_LOSS_ENGINES || what == MR_LOSS_PARSERS;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    add_question(&sql, what, name);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query(r->db, "n", sql.ptr, sql.len, &res, &why);
    *has = code != MR_OK ? is_list : !is_list || mr_result_next(res) != NULL;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    if (code == MR_OK || code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code learn(struct mr_restore *r, enum mr_loss_names what, const char *name,
                          bool *has, struct mr_err *err)
{
    for (size_t i = 0; i < r->names.count; i++) {
        const struct mr_restore_name *known = mr_vec_at(&r->names, i);
        if (known->what != what || strcasecmp(known->text, name) != 0)
            continue;
        *has = known->has;
        return MR_OK;
    }
    MR_TRY(ask(r, what, name, has, err));
    struct mr_restore_name *known = mr_vec_push(&r->names);
    if (known != NULL)
        *known = (struct mr_restore_name){what, mr_arena_strdup(&r->arena, name), *has};
    return known != NULL && known->text != NULL ? MR_OK : mr_err_nomem(err, "restoring");
}

/* One reading of definitions. */
struct reading {
    struct mr_restore *restore;
    const char *of; /* the table */
    enum mr_code code;
    struct mr_err err;
};

static bool has_name(const void *ctx, enum mr_loss_names what, const char *name)
{
    struct reading *reading = *(struct reading *const *)ctx;
    bool has = true;
    if (reading->code == MR_OK && is_plain(name))
        reading->code = learn(reading->restore, what, name, &has, &reading->err);
    return has;
}

/* ---- definitions ---- */

static enum mr_code add(struct mr_restore *r, enum mr_loss_kind kind, const char *part,
                        const char *name, const char *of, struct mr_err *err)
{
    struct mr_restore_loss *loss = mr_vec_push(&r->losses);
    if (loss != NULL)
        *loss = (struct mr_restore_loss){kind, part, mr_arena_strdup(&r->arena, name), of};
    return loss != NULL && loss->name != NULL ? MR_OK : mr_err_nomem(err, "restoring");
}

static enum mr_code add_found(void *ctx, const struct mr_loss *loss, struct mr_err *err)
{
    const struct reading *reading = ctx;
    return add(reading->restore, loss->kind, loss->part, loss->name, reading->of, err);
}

static enum mr_code find(struct reading *reading, const struct mr_strbuf *sql, mr_loss_fn *found,
                         struct mr_strbuf *without, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(reading->restore->db);
    const struct mr_loss_target target = {server->flavour, server->version, has_name, &reading};
    MR_TRY(mr_loss_find(&target, sql->ptr, sql->len, found, reading, without, err));
    if (reading->code != MR_OK && err != NULL)
        *err = reading->err;
    return reading->code;
}

/* Whatever was left out, renamed and put together: it is looked at again, as the file's own statement
 * was, before it is run. */
enum mr_code mr_restore_express(struct mr_restore *r, const struct mr_snap_place *place,
                                struct mr_strbuf *sql, struct mr_err *err)
{
    const struct mr_restore_table *t = mr_restore_table_of(r, place->db, place->name);
    struct mr_snap_place now = *place;
    struct reading reading = {.restore = r};
    struct mr_strbuf without = MR_STRBUF_INIT;
    enum mr_code code = find(&reading, sql, NULL, &without, err);
    mr_strbuf_reset(sql);
    if (t != NULL)
        now.name = t->snap->name;
    if (code == MR_OK)
        code = mr_snap_place(&now, without.ptr, without.len, sql, err);
    mr_strbuf_release(&without);
    return code == MR_OK ? mr_strbuf_check(sql, "restoring", err) : code;
}

static const char *full_name(struct mr_restore *r, const char *db, const char *name)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s.%s", db, name);
    const char *kept = text.failed ? NULL : mr_arena_strdup(&r->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

static enum mr_code find_in_table(struct mr_restore *r, const struct mr_restore_table *t,
                                  struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_table_place(t->from);
    struct reading reading = {.restore = r, .of = full_name(r, t->db, t->snap->name)};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    if (reading.of == NULL)
        return mr_err_nomem(err, "restoring");
    enum mr_code code = mr_snap_read_statement(&r->snap, t->snap->schema_file, &place, &sql, err);
    if (code == MR_OK)
        code = find(&reading, &sql, add_found, NULL, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Of a database that was there its collation is its own. */
static enum mr_code find_in_db(struct mr_restore *r, const struct mr_restore_db *db,
                               struct mr_err *err)
{
    const char *collation = db->object->db_collation;
    bool has = true;
    if (collation == NULL || !is_plain(collation) || !mr_restore_makes_db(r, db))
        return MR_OK;
    MR_TRY(learn(r, MR_LOSS_COLLATIONS, collation, &has, err));
    return has ? MR_OK : add(r, MR_LOSS_COLLATION, "database", db->to, "", err);
}

static enum mr_code find_in_object(struct mr_restore *r, const struct mr_snap_object *o,
                                   struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(r->db);
    const bool has = server->flavour == MR_FLAVOUR_MARIADB && server->version >= 100300;
    if (o->kind != MR_OBJECT_SEQUENCE || has || !mr_restore_wants_object(r, o))
        return MR_OK;
    const char *name = full_name(r, mr_restore_db_name(r, o->db), o->name);
    return name != NULL ? add(r, MR_LOSS_SEQUENCE, "sequence", name, "", err)
                        : mr_err_nomem(err, "restoring");
}

/* ---- refusing ---- */

void mr_restore_loss_text(struct mr_strbuf *out, const struct mr_restore_loss *loss)
{
    if (loss->of[0] == '\0' || loss->name[0] == '\0')
        mr_strbuf_add_fmt(out, "%s \"%s\"", loss->part,
                          loss->name[0] != '\0' ? loss->name : loss->of);
    else
        mr_strbuf_add_fmt(out, "%s \"%s\" of table \"%s\"", loss->part, loss->name, loss->of);
    mr_strbuf_add_fmt(out, ": %s (%s)", mr_loss_means(loss->kind), mr_loss_word(loss->kind));
}

static bool is_allowed(const struct mr_restore *r, enum mr_loss_kind kind)
{
    return mr_string_list_has(&r->opts->allow_lossy, mr_loss_word(kind));
}

static enum mr_code refuse(const struct mr_restore *r, size_t count, const bool *refused,
                           struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(r->db);
    struct mr_strbuf options = MR_STRBUF_INIT;
    for (unsigned k = MR_LOSS_NONE + 1; k < MR_LOSS_KINDS; k++)
        if (refused[k])
            mr_strbuf_add_fmt(&options, " --allow-lossy %s", mr_loss_word((enum mr_loss_kind)k));
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the target, %s %s, cannot express %zu thing%s of the snapshot",
                     server->flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL",
                     server->version_text, count, count == 1 ? "" : "s");
    mr_err_hint(err, "Nothing was changed. To restore without them:%s", options.ptr);
    enum mr_code code = mr_strbuf_check(&options, "restoring", err);
    mr_strbuf_release(&options);
    return code == MR_OK ? MR_E_REFUSED : code;
}

/* All of them are listed before it ends, so that whoever decides knows what is decided. */
static enum mr_code judge(const struct mr_restore *r, struct mr_err *err)
{
    bool refused[MR_LOSS_KINDS] = {false};
    struct mr_strbuf text = MR_STRBUF_INIT;
    size_t count = 0;
    for (size_t i = 0; i < r->losses.count; i++) {
        const struct mr_restore_loss *loss = mr_vec_at(&r->losses, i);
        if (is_allowed(r, loss->kind))
            continue;
        refused[loss->kind] = true;
        if (count++ >= SHOWN || r->opts->dry_run) /* which lists them itself */
            continue;
        mr_strbuf_reset(&text);
        mr_restore_loss_text(&text, loss);
        mr_log_warning("%s", text.ptr);
    }
    if (count > SHOWN && !r->opts->dry_run)
        mr_log_warning("… and %zu more", count - SHOWN);
    mr_strbuf_release(&text);
    return count > 0 ? refuse(r, count, refused, err) : MR_OK;
}

enum mr_code mr_restore_find_losses(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < r->ndbs; i++)
        MR_TRY(find_in_db(r, &r->dbs[i], err));
    for (size_t i = 0; i < m->nobjects; i++)
        MR_TRY(find_in_object(r, &m->objects[i], err));
    for (size_t i = 0; i < r->ntables; i++)
        MR_TRY(find_in_table(r, &r->tables[i], err));
    return judge(r, err);
}
