/* script_text.c: see script_text.h. */
#include "repair/script/script_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/db/db.h"
#include "core/db/sqltext.h"

static bool is_mariadb(const struct mr_manifest *m)
{
    return m->server.flavour == MR_FLAVOUR_MARIADB;
}

bool mr_script_is_since(const struct mr_manifest *m, unsigned mysql, unsigned mariadb)
{
    unsigned since = is_mariadb(m) ? mariadb : mysql;
    return since != 0 && mr_db_parse_version(m->server.version) >= since;
}

void mr_script_comment(struct mr_strbuf *out, const char *label, const char *text)
{
    mr_strbuf_add_fmt(out, "-- %s", label);
    mr_utf8_show(out, text, strlen(text), false);
    mr_strbuf_add_char(out, '\n');
}

void mr_script_staged(struct mr_strbuf *out, const char *db, char prefix, size_t number)
{
    mr_sql_ident(out, db);
    mr_strbuf_add_fmt(out, ".myrecon_%c%zu", prefix, number);
}

void mr_script_key_part(struct mr_strbuf *out, const char *alias, const char *column, bool hex,
                        bool alone)
{
    const bool escapes = !hex && !alone;
    mr_strbuf_add_fmt(out, ", %s%s(%s.", escapes ? "REPLACE(REPLACE(" : "", hex ? "HEX" : "CAST",
                      alias);
    mr_sql_ident(out, column);
    mr_strbuf_add_str(out, hex ? ")" : " AS CHAR)");
    if (escapes)
        mr_strbuf_add_str(out, ", '\\\\', '\\\\\\\\'), ',', '\\\\,')");
}

void mr_script_header(struct mr_strbuf *out, const struct mr_manifest *m, const char *file,
                      const char *what)
{
    mr_strbuf_add_fmt(out, "-- %s: %s\n--\n", file, what);
    mr_script_comment(out, "plan:   ", m->uuid);
    mr_script_comment(out, "source: ", m->source);
    mr_script_comment(out, "target: ", m->target);
    mr_strbuf_add_str(out, "--         ");
    mr_utf8_show(out, m->server.version, strlen(m->server.version), false);
    mr_strbuf_add_str(out, " on host ");
    mr_utf8_show(out, m->server.hostname, strlen(m->server.hostname), false);
    mr_strbuf_add_fmt(out, ", port %u, server_id %" PRIu32 "\n", m->server.port,
                      m->server.server_id);
    mr_strbuf_add_fmt(out, "--\n-- Run it on that server with its own client: %s ... < %s\n",
                      is_mariadb(m) ? "mariadb" : "mysql", file);
}

void mr_script_server(struct mr_strbuf *out, const struct mr_manifest *m)
{
    const struct mr_plan_server *s = &m->server;
    mr_strbuf_add_str(out, "@@hostname = ");
    mr_sql_string(out, s->hostname);
    mr_strbuf_add_fmt(out, " AND @@port = %u AND @@server_id = %" PRIu32 "", s->port, s->server_id);
    mr_strbuf_add_str(out, " AND @@datadir = ");
    mr_sql_string(out, s->datadir);
    if (s->uuid[0] != '\0') {
        mr_strbuf_add_str(out, is_mariadb(m) ? " AND @@server_uid = " : " AND @@server_uuid = ");
        mr_sql_string(out, s->uuid);
    }
}

/* MariaDB: 0 and 1, or the words of later versions; MySQL: a number, and in an INSERT the
 * word would be an error.  A server that is to be a replica is the other way round: read-only for all
 * but who repairs it. */
static const char *writable(const struct mr_manifest *m)
{
    const bool rejoins = mr_manifest_rejoins(m);
    if (is_mariadb(m))
        return rejoins ? " AND @@read_only IN ('1', 'ON')" : " AND @@read_only IN ('0', 'OFF')";
    return rejoins ? " AND @@read_only = 1" : " AND @@read_only = 0";
}

void mr_script_writable(struct mr_strbuf *out, const struct mr_manifest *m)
{
    mr_strbuf_add_str(out, writable(m));
    if (mr_script_is_since(m, 50708, 0))
        mr_strbuf_add_str(out, " AND @@super_read_only = 0");
}

/* MySQL 8 and MariaDB 11.1 have it under another name than those before. */
void mr_script_isolation(struct mr_strbuf *out, const struct mr_manifest *m)
{
    mr_strbuf_add_fmt(out, " AND @@SESSION.%s = 'READ-COMMITTED'",
                      mr_script_is_since(m, 80000, 110100) ? "transaction_isolation"
                                                           : "tx_isolation");
}

void mr_script_guard_packet(struct mr_strbuf *out, const struct mr_manifest *m)
{
    const uint64_t bytes = m->planned.packet;
    if (bytes > 0)
        mr_strbuf_add_fmt(out,
                          "SET SESSION time_zone = IF(@@SESSION.max_allowed_packet >= "
                          "%" PRIu64 ",\n    @@SESSION.time_zone, 'myrecon: "
                          "max_allowed_packet is below %" PRIu64 "');\n",
                          bytes, bytes);
}

void mr_script_guard(struct mr_strbuf *out, const struct mr_manifest *m, bool writes)
{
    mr_strbuf_add_str(out, "SET SESSION time_zone = IF(");
    mr_script_server(out, m);
    if (writes)
        mr_script_writable(out, m);
    mr_strbuf_add_fmt(out, ",\n    @@SESSION.time_zone, 'myrecon: %s');\n",
                      writes && mr_manifest_rejoins(m)
                          ? "not the planned server, or not read-only: nothing is done"
                      : writes ? "not the planned server, or read-only: nothing is done"
                               : "not the planned server");
}
