/*
 * restore_fit.c: what the target's settings will not take, told before anything is changed; see
 * restore.h.
 *
 * Without this a table that has no primary key is refused by the server when its turn comes, and
 * an event of a named time zone at the very end, hours later.
 */
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "snapshot/format/snap_schema.h"
#include "snapshot/read/snap_places.h"
#include "snapshot/restore/restore.h"

#define REQUIRES_KEYS_SINCE 80013 /* MySQL */
#define NAMES_SHOWN 5

/* A server that has no such variable has it off. */
static enum mr_code is_set(struct mr_restore *r, const char *sql, bool *set, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err why = {0};
    const enum mr_code code = mr_db_query_text(r->db, sql, &text, &why);
    *set = code == MR_OK && strcmp(text.ptr, "1") == 0;
    mr_strbuf_release(&text);
    if (code == MR_OK || code == MR_E_SQL || code == MR_E_NO_SUCH)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

enum mr_code mr_restore_requires_keys(struct mr_restore *r, bool *requires, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(r->db);
    *requires = false;
    if (server->flavour != MR_FLAVOUR_MYSQL || server->version < REQUIRES_KEYS_SINCE)
        return MR_OK;
    return is_set(r, "SELECT @@SESSION.sql_require_primary_key", requires, err);
}

/* By its statement, as the server will see it; a UNIQUE index whose columns are all NOT NULL, by
 * which the snapshot was read, then, is a primary key to it as well. */
static enum mr_code has_key(const struct mr_restore *r, const struct mr_snap_table *t, bool *has,
                            struct mr_err *err)
{
    const struct mr_snap_place place = mr_snap_table_place(t);
    struct mr_strbuf sql = MR_STRBUF_INIT;
    *has = t->nkey > 0;
    if (*has)
        return MR_OK;
    const enum mr_code code = mr_snap_read_statement(&r->snap, t->schema_file, &place, &sql, err);
    *has = code == MR_OK && mr_snap_has_primary_key(sql.ptr, sql.len);
    mr_strbuf_release(&sql);
    return code;
}

/* Only of those that will be made: what stays on the target is not among them any more. */
static enum mr_code require_keys(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    bool requires_keys = false, gives_keys = false, has = true;
    size_t count = 0;
    enum mr_code code = MR_OK;
    MR_TRY(mr_restore_requires_keys(r, &requires_keys, err));
    if (requires_keys)
        MR_TRY(is_set(r, "SELECT @@SESSION.sql_generate_invisible_primary_key", &gives_keys, err));
    for (size_t i = 0; requires_keys && !gives_keys && i < r->ntables; i++) {
        const struct mr_snap_table *t = r->tables[i].from;
        MR_TRY_OUT(has_key(r, t, &has, err));
        if (!has && ++count <= NAMES_SHOWN)
            mr_strbuf_add_fmt(&names, "%s\"%s.%s\"", count > 1 ? ", " : "", t->db, t->name);
    }
    MR_TRY_OUT(mr_strbuf_check(&names, "restoring", err));
    if (count == 0)
        goto out;
    code = mr_err_set(err, MR_E_REFUSED,
                      "server \"%s\" takes no table without a primary key "
                      "(sql_require_primary_key), and %zu of the snapshot %s none: %s%s",
                      mr_db_label(r->db), count, count == 1 ? "has" : "have", names.ptr,
                      count > NAMES_SHOWN ? " …" : "");
    mr_err_hint(err, "Nothing was changed. For the time of the restore SET GLOBAL "
                     "sql_require_primary_key = OFF (a rented server: in its parameter group); or "
                     "leave them out with --exclude.");
out:
    mr_strbuf_release(&names);
    return code;
}

/* "SYSTEM" and offsets need no tables. */
static bool is_named(const char *zone)
{
    return zone != NULL && *zone != '+' && *zone != '-' && strcasecmp(zone, "SYSTEM") != 0;
}

static enum mr_code knows_zone(struct mr_restore *r, const char *zone, bool *known,
                               struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool unknown = false;
    mr_strbuf_add_str(&sql, "SELECT CONVERT_TZ('2000-01-01 00:00:00', '+00:00', ");
    mr_sql_string(&sql, zone);
    mr_strbuf_add_str(&sql, ") IS NULL");
    enum mr_code code = mr_strbuf_check(&sql, "restoring", err);
    if (code == MR_OK)
        code = is_set(r, sql.ptr, &unknown, err);
    *known = !unknown;
    mr_strbuf_release(&sql);
    return code;
}

/* All else is restored, and the summary names the event, so that this ends nothing. */
static enum mr_code look_at_zones(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &r->snap.manifest;
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        bool known = true;
        if (o->kind != MR_OBJECT_EVENT || !is_named(o->value) || !mr_restore_wants_object(r, o))
            continue;
        MR_TRY(knows_zone(r, o->value, &known, err));
        if (!known)
            mr_log_warning("event \"%s.%s\" will not be made: server \"%s\" does not know its "
                           "time zone \"%s\" (on it: mysql_tzinfo_to_sql /usr/share/zoneinfo | "
                           "mysql -u root mysql)",
                           o->db, o->name, mr_db_label(r->db), o->value);
    }
    return MR_OK;
}

enum mr_code mr_restore_fit(struct mr_restore *r, struct mr_err *err)
{
    if (!r->opts->data_only)
        MR_TRY(require_keys(r, err));
    return look_at_zones(r, err);
}
