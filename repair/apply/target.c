/* target.c: see target.h. */
#include "repair/apply/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/replication.h"
#include "core/db/servers_own.h"
#include "core/db/sqltext.h"
#include "core/db/writable.h"

static enum mr_code refuse_server(const struct mr_target *t, const char *what, const char *wanted,
                                  const char *found, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "\"%s\" is not the server that the plan is for: its %s is \"%s\", "
                     "planned was \"%s\"",
                     mr_db_label(t->db), what, found, wanted);
    mr_err_hint(err, "Nothing was changed. Name the planned server, or plan again for "
                     "this one.");
    return MR_E_REFUSED;
}

static enum mr_code refuse_number(const struct mr_target *t, const char *what, uint64_t wanted,
                                  uint64_t found, struct mr_err *err)
{
    char a[24], b[24];
    (void)snprintf(a, sizeof a, "%" PRIu64, wanted);
    (void)snprintf(b, sizeof b, "%" PRIu64, found);
    return refuse_server(t, what, a, b, err);
}

static const char *flavour_name(enum mr_flavour flavour)
{
    return flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL";
}

/* All of it must agree: a clone has the uuid of its original until somebody changes it, and two
 * servers of one machine share the hostname.  The version may change, by an upgrade. */
static enum mr_code check_identity(const struct mr_target *t, const struct mr_plan_server *wanted,
                                   struct mr_err *err)
{
    const struct mr_server *found = mr_db_server(t->db);
    if (found->flavour != wanted->flavour)
        return refuse_server(t, "kind", flavour_name(wanted->flavour), flavour_name(found->flavour),
                             err);
    if (strcmp(found->uuid, wanted->uuid) != 0)
        return refuse_server(t, found->flavour == MR_FLAVOUR_MARIADB ? "server_uid" : "server_uuid",
                             wanted->uuid, found->uuid, err);
    if (found->server_id != wanted->server_id)
        return refuse_number(t, "server_id", wanted->server_id, found->server_id, err);
    if (strcmp(found->hostname, wanted->hostname) != 0)
        return refuse_server(t, "hostname", wanted->hostname, found->hostname, err);
    if (found->port != wanted->port)
        return refuse_number(t, "port", wanted->port, found->port, err);
    if (strcmp(found->datadir, wanted->datadir) != 0)
        return refuse_server(t, "datadir", wanted->datadir, found->datadir, err);
    return MR_OK;
}

static enum mr_code refuse_db(const char *db, const char *what, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "database \"%s\" of the plan %s", db, what);
    mr_err_hint(err, "Nothing was changed. Name the planned server and databases, or "
                     "plan again.");
    return MR_E_REFUSED;
}

static bool names_db(const struct mr_target *t, const char *db)
{
    const struct mr_endpoint *ep = &t->ep;
    for (size_t i = 0; i < ep->ndbs; i++)
        if (mr_server_same_name(mr_db_server(t->db), ep->dbs[i], db))
            return true;
    return ep->ndbs == 0;
}

static enum mr_code check_db(const struct mr_target *t, const char *name, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE "
                            "SCHEMA_NAME = ");
    mr_sql_string(&sql, name);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_query_text(t->db, sql.ptr, &text, err));
    if (strcmp(text.ptr, "0") == 0)
        MR_TRY_OUT(refuse_db(name, "is not on the server, or hidden from the account", err));
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code check_dbs(const struct mr_target *t, const struct mr_plan_server *wanted,
                              struct mr_err *err)
{
    for (size_t i = 0; i < wanted->ndbs; i++) {
        if (!names_db(t, wanted->dbs[i]))
            MR_TRY(refuse_db(wanted->dbs[i], "is not named by the URI", err));
        else
            MR_TRY(check_db(t, wanted->dbs[i], err));
    }
    return MR_OK;
}

/* ---- where its tables are ---- */

static enum mr_code check_place(const struct mr_target *t, const struct mr_plan_server *wanted,
                                const char *table, const char *db, struct mr_err *err)
{
    bool known = false;
    for (size_t i = 0; i < wanted->ndbs; i++)
        known = known || mr_server_same_name(mr_db_server(t->db), wanted->dbs[i], db);
    if (known && !mr_is_servers_own(db, strlen(db)))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "table \"%s\" of the plan is %s", table,
                     mr_is_servers_own(db, strlen(db)) ? "one of the server's own"
                                                       : "in none of its databases");
    mr_err_hint(err, "Nothing was changed. No plan is made so: somebody has edited it. Plan "
                     "again.");
    return MR_E_REFUSED;
}

/* Databases are held against the URI and the server; a table elsewhere would be written to all the
 * same, and one of accounts or privileges would let whoever edits a plan do anything. */
static enum mr_code check_places(const struct mr_target *t, const struct mr_manifest *m,
                                 struct mr_err *err)
{
    for (size_t i = 0; i < m->planned.ntables; i++)
        MR_TRY(check_place(t, &m->server, m->planned.tables[i].table,
                           m->planned.tables[i].target_db, err));
    for (size_t i = 0; i < m->ncounters; i++)
        MR_TRY(check_place(t, &m->server, m->counters[i].table, m->counters[i].db, err));
    return MR_OK;
}

static enum mr_code parse(const char *uri, const struct mr_target_opts *opts, struct mr_target *t,
                          struct mr_err *err)
{
    enum mr_code code = mr_endpoint_parse(&t->ep, uri, err);
    if (code != MR_OK) {
        mr_err_context(err, "target");
        return code;
    }
    if (t->ep.kind != MR_ENDPOINT_MYSQL) {
        (void)mr_err_set(err, MR_E_USAGE, "a snapshot cannot be the target of a repair");
        mr_err_hint(err, "Name the server that the plan is for.");
        return MR_E_USAGE;
    }
    return mr_login_complete(&t->ep, "TARGET", "target", &opts->login, err);
}

/* What the plan's statements and values need. */
static enum mr_code check_packet(const struct mr_target *t, uint64_t needed, struct mr_err *err)
{
    const uint64_t packet = mr_db_server(t->db)->max_packet_bytes;
    if (packet == 0 || packet >= needed)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "max_allowed_packet of server \"%s\" is %" PRIu64
                     ", and the plan needs %" PRIu64,
                     mr_db_label(t->db), packet, needed);
    mr_err_hint(err,
                "Nothing was changed. Raise it, SET GLOBAL max_allowed_packet = %" PRIu64
                ", or plan again for the limit that there is.",
                needed);
    return MR_E_REFUSED;
}

enum mr_code mr_target_check(const struct mr_target *t, const struct mr_manifest *manifest,
                             bool writable, struct mr_err *err)
{
    MR_TRY(check_identity(t, &manifest->server, err));
    MR_TRY(check_dbs(t, &manifest->server, err));
    MR_TRY(check_places(t, manifest, err));
    if (!writable)
        return MR_OK;
    const bool rejoins = mr_manifest_rejoins(manifest);
    MR_TRY(mr_writable_require(t->db, rejoins, err));
    MR_TRY(check_packet(t, manifest->planned.packet, err));
    if (rejoins) /* it is read-only for all others, and is to replicate: rejoin_apply.h looks */
        return MR_OK;
    return mr_replication_refuse(t->db, t->allow_replica, err);
}

enum mr_code mr_target_check_again(const struct mr_target *t, const struct mr_manifest *manifest,
                                   bool writable, struct mr_err *err)
{
    enum mr_code code = mr_target_check(t, manifest, writable, err);
    if (code != MR_E_REFUSED)
        return code;
    err->code = MR_E_CHANGED;
    mr_err_hint(err, "What is done stays done. Run it again when the planned server can be "
                     "written to.");
    return MR_E_CHANGED;
}

/* Grants that cannot be read are no reason to refuse: what they would have shown is refused later by
 * the server, or, where it hides things, by who asks for them. */
enum mr_code mr_target_open(const char *uri, const struct mr_manifest *manifest,
                            const struct mr_target_opts *opts, struct mr_target *t,
                            struct mr_err *err)
{
    struct mr_db_opts db_opts = {.run_tag = opts->run_tag,
                                 .statement_timeout_s = opts->statement_timeout_s,
                                 .writable = opts->writable};
    struct mr_err ignored = {0};
    *t = (struct mr_target){.allow_replica = opts->allow_replica};
    MR_TRY(parse(uri, opts, t, err));
    MR_TRY(mr_db_open(&t->ep, &db_opts, &t->db, err));
    MR_TRY(mr_target_check(t, manifest, opts->writable, err));
    if (mr_grants_load(t->db, &t->grants, &ignored) != MR_OK)
        mr_log_warning("the grants of the account cannot be read: %s", ignored.message);
    mr_grants_warn_idle(t->grants, t->db);
    return MR_OK;
}

void mr_target_close(struct mr_target *t)
{
    mr_grants_free(t->grants);
    mr_db_close(t->db);
    mr_endpoint_release(&t->ep);
}

static enum mr_code refuse_right(const struct mr_target *t, const char *privilege, const char *db,
                                 const char *name, struct mr_err *err)
{
    struct mr_strbuf table = MR_STRBUF_INIT;
    mr_sql_table(&table, db, name);
    (void)mr_err_set(err, MR_E_REFUSED, "the account may not %s %s",
                     strcmp(privilege, "INSERT") == 0 ? "set sequence" : "alter table", table.ptr);
    mr_err_hint(err,
                "Nothing was changed. Run: GRANT %s ON %s TO %s (\"myrecon doctor "
                "--for repair\" names all that is missing)",
                privilege, table.ptr, mr_grants_account(t->grants));
    mr_strbuf_release(&table);
    return MR_E_REFUSED;
}

enum mr_code mr_target_check_rights(const struct mr_target *t, const struct mr_manifest *manifest,
                                    struct mr_err *err)
{
    for (size_t i = 0; t->grants != NULL && i < manifest->ncounters; i++) {
        const struct mr_counter *c = &manifest->counters[i];
        const char *privilege = c->sequence != NULL ? "INSERT" : "ALTER";
        const char *db = c->sequence != NULL ? c->sequence_db : c->db;
        const char *name = c->sequence != NULL ? c->sequence : c->name;
        if (!mr_grants_on_table(t->grants, privilege, db, name))
            MR_TRY(refuse_right(t, privilege, db, name, err));
    }
    return MR_OK;
}
