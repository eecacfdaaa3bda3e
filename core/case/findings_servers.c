/* findings_servers.c: the servers that a run reads; see findings.h. */
#include <stdio.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/case/findings_internal.h"

static enum mr_code insert(struct mr_findings *fd, int side, const struct mr_server *server,
                           struct mr_err *err)
{
    return MR_CASE_ONCE(
        fd->cf,
        "INSERT OR REPLACE INTO run_server (run, side, flavour, uuid, server_id, "
        "hostname,"
        " port, datadir) VALUES (:run, :side, :flavour, :uuid, :server_id, :hostname,"
        " :port, :datadir)",
        err, MR_ARG_INT("run", fd->run), MR_ARG_INT("side", side),
        MR_ARG_INT("flavour", server->flavour), MR_ARG_TEXT("uuid", server->uuid),
        MR_ARG_INT("server_id", server->server_id), MR_ARG_TEXT("hostname", server->hostname),
        MR_ARG_INT("port", server->port), MR_ARG_TEXT("datadir", server->datadir));
}

/* The table is made on demand, so that cases of older versions stay usable without a new format. */
enum mr_code mr_findings_servers_save(struct mr_findings *fd,
                                      const struct mr_server *const *servers, size_t count,
                                      struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = mr_case_exec(fd->cf,
                                     "CREATE TABLE IF NOT EXISTS run_server (run INT NOT NULL,"
                                     " side INT NOT NULL, flavour INT NOT NULL, uuid TEXT NOT NULL,"
                                     " server_id INT NOT NULL, hostname TEXT NOT NULL,"
                                     " port INT NOT NULL, datadir TEXT NOT NULL,"
                                     " PRIMARY KEY (run, side)) STRICT, WITHOUT ROWID",
                                     err);
    for (size_t side = 0; code == MR_OK && side < count; side++)
        if (servers[side] != NULL)
            code = insert(fd, (int)side, servers[side], err);
    return mr_findings_end(fd, code, err);
}

/* A text that is too long is none that a server has given: then it is another one's. */
static void take(const char *text, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

struct kept {
    enum mr_flavour flavour;
    uint32_t server_id;
    unsigned port;
    const char *uuid, *hostname, *datadir;
};

#define KEPT(member, type) MR_CASE_FIELD(struct kept, member, MR_CASE_##type)
static const struct mr_case_field kept_fields[] =
    MR_CASE_LIST(KEPT(flavour, SMALL), KEPT(server_id, SMALL), KEPT(port, SMALL), KEPT(uuid, TEXT),
                 KEPT(hostname, TEXT), KEPT(datadir, TEXT));

/* uuid: of a run; NULL: the one that is chosen. */
static enum mr_code find(struct mr_findings *fd, const char *uuid, int side,
                         struct mr_server *server, bool *known, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct kept kept;
    enum mr_code code =
        MR_CASE_PREPARE(fd->cf,
                        "SELECT flavour, uuid, server_id, hostname, port, datadir FROM run_server"
                        " WHERE side=:side AND run=CASE WHEN :uuid IS NULL THEN :run ELSE"
                        " (SELECT id FROM run WHERE uuid=:uuid) END",
                        &stmt, err, MR_ARG_INT("side", side), MR_ARG_TEXT("uuid", uuid),
                        MR_ARG_INT("run", fd->run));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(kept_fields), NULL, &kept, known, err);
    if (code == MR_OK && *known) {
        server->flavour =
            kept.flavour == MR_FLAVOUR_MARIADB ? MR_FLAVOUR_MARIADB : MR_FLAVOUR_MYSQL;
        take(kept.uuid, server->uuid, sizeof server->uuid);
        server->server_id = kept.server_id;
        take(kept.hostname, server->hostname, sizeof server->hostname);
        server->port = kept.port;
        take(kept.datadir, server->datadir, sizeof server->datadir);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code server_of(struct mr_findings *fd, const char *uuid, int side,
                              struct mr_server *server, bool *known, struct mr_err *err)
{
    bool has_table = false;
    *known = false;
    memset(server, 0, sizeof *server);
    mr_case_lock(fd->cf);
    enum mr_code code = mr_case_has_table(fd->cf, "run_server", &has_table, err);
    if (code == MR_OK && has_table)
        code = find(fd, uuid, side, server, known, err);
    mr_case_unlock(fd->cf);
    return code;
}

enum mr_code mr_findings_server(struct mr_findings *fd, int side, struct mr_server *server,
                                bool *known, struct mr_err *err)
{
    return server_of(fd, NULL, side, server, known, err);
}

enum mr_code mr_findings_server_of(struct mr_findings *fd, const char *uuid, int side,
                                   struct mr_server *server, bool *known, struct mr_err *err)
{
    return server_of(fd, uuid, side, server, known, err);
}
