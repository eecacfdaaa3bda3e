/* reseed_sql.c: see reseed_sql.h. */
#include "repair/script/reseed_sql.h"

#include <inttypes.h>

#include "core/db/sqltext.h"
#include "repair/script/script_text.h"

/* Seconds that a statement of the script waits for a table; queries queue behind it. */
#define LOCK_WAIT_S 2

void mr_reseed_raise_sql(const struct mr_counter *c, uint64_t to, struct mr_strbuf *out)
{
    if (c->sequence != NULL) {
        mr_strbuf_add_str(out, "DO SETVAL(");
        mr_sql_table(out, c->sequence_db, c->sequence);
        mr_strbuf_add_fmt(out, ", %" PRIu64 ", 0)", to);
        return;
    }
    mr_strbuf_add_str(out, "ALTER TABLE ");
    mr_sql_table(out, c->db, c->name);
    mr_strbuf_add_fmt(out, " AUTO_INCREMENT = %" PRIu64 "%s", to,
                      c->rebuild ? "" : ", ALGORITHM = INPLACE, LOCK = NONE");
}

static bool is_mariadb(const struct mr_manifest *m)
{
    return m->server.flavour == MR_FLAVOUR_MARIADB;
}

/* ---- pieces ---- */

/* What information_schema shows is cached on MySQL 8 unless the session says otherwise. */
static bool is_cached(const struct mr_manifest *m)
{
    return mr_script_is_since(m, 80000, 0);
}

static void add_session(struct mr_strbuf *out, const struct mr_manifest *m)
{
    mr_strbuf_add_fmt(out, "SET SESSION lock_wait_timeout = %d%s;\n", LOCK_WAIT_S,
                      is_cached(m) ? ", information_schema_stats_expiry = 0" : "");
}

/* The next value as a subquery; NULL where the table is gone. */
static void add_next(struct mr_strbuf *out, const struct mr_counter *c)
{
    if (c->sequence != NULL) {
        mr_strbuf_add_str(out, "(SELECT next_not_cached_value FROM ");
        mr_sql_table(out, c->sequence_db, c->sequence);
        mr_strbuf_add_char(out, ')');
        return;
    }
    mr_strbuf_add_str(out, "(SELECT COALESCE(AUTO_INCREMENT, 1) FROM "
                           "information_schema.TABLES WHERE TABLE_SCHEMA = ");
    mr_sql_string(out, c->db);
    mr_strbuf_add_str(out, " AND TABLE_NAME = ");
    mr_sql_string(out, c->name);
    mr_strbuf_add_char(out, ')');
}

/* After a restart MySQL shows a counter one too low until somebody has opened the table.
 * Before raising that does not matter: it is raised to where it stands. */
static void add_opening(struct mr_strbuf *out, const struct mr_manifest *m,
                        const struct mr_counter *c)
{
    if (is_mariadb(m) || c->sequence != NULL)
        return;
    mr_strbuf_add_str(out, "SET @myrecon_open = (SELECT 1 FROM ");
    mr_sql_table(out, c->db, c->name);
    mr_strbuf_add_str(out, " LIMIT 0);\n");
}

/* ---- raising ---- */

static void add_unit(struct mr_strbuf *out, const struct mr_manifest *m, const struct mr_counter *c)
{
    struct mr_strbuf raise = MR_STRBUF_INIT;
    mr_reseed_raise_sql(c, c->reseed_to, &raise);
    mr_strbuf_add_char(out, '\n');
    mr_script_comment(out, "", c->target_table);
    /* what an earlier unit has left must not be run again by this one */
    mr_strbuf_add_str(out, "SET @myrecon_sql = 'DO 0';\n");
    add_session(out, m);
    mr_strbuf_add_str(out, "SET @myrecon_sql = IF(");
    mr_script_server(out, m);
    mr_script_writable(out, m);
    mr_strbuf_add_fmt(out, "\n    AND @@SESSION.lock_wait_timeout = %d%s\n    AND ", LOCK_WAIT_S,
                      is_cached(m) ? " AND @@SESSION.information_schema_stats_expiry = 0" : "");
    add_next(out, c);
    mr_strbuf_add_fmt(out, " < %" PRIu64 ",\n    ", c->reseed_to);
    mr_sql_string(out, raise.ptr);
    mr_strbuf_add_str(out, ", 'DO 0');\n"
                           "PREPARE myrecon FROM @myrecon_sql;\n"
                           "EXECUTE myrecon;\n"
                           "DEALLOCATE PREPARE myrecon;\n");
    out->failed |= raise.failed;
    mr_strbuf_release(&raise);
}

/* ---- reading back ---- */

/* Each value is read once, into a variable of its own: one that a new session lost is
 * NULL, and counts as too low. */
static void add_readings(struct mr_strbuf *out, const struct mr_manifest *m)
{
    add_session(out, m);
    for (size_t i = 0; i < m->ncounters; i++) {
        add_opening(out, m, &m->counters[i]);
        mr_strbuf_add_fmt(out, "SET @myrecon_%zu = ", i + 1);
        add_next(out, &m->counters[i]);
        mr_strbuf_add_str(out, ";\n");
    }
}

static void add_rows(struct mr_strbuf *out, const struct mr_manifest *m)
{
    for (size_t i = 0; i < m->ncounters; i++) {
        const struct mr_counter *c = &m->counters[i];
        mr_strbuf_add_str(out, i > 0 ? "\n    UNION ALL SELECT " : "SELECT ");
        mr_sql_string(out, c->target_table);
        mr_strbuf_add_str(out, i > 0 ? ", " : " AS tbl, ");
        mr_sql_string(out, c->column);
        mr_strbuf_add_fmt(out, "%s, CAST(@myrecon_%zu AS UNSIGNED)%s, %" PRIu64 "%s",
                          i > 0 ? "" : " AS col", i + 1, i > 0 ? "" : " AS next_id", c->reseed_to,
                          i > 0 ? "" : " AS wanted");
    }
}

void mr_reseed_proof(const struct mr_manifest *m, struct mr_strbuf *out)
{
    if (m->ncounters == 0)
        return;
    add_readings(out, m);
    mr_strbuf_add_str(out, "SELECT tbl AS `table`, col AS `column`, next_id, wanted,\n"
                           "    IF(");
    mr_script_server(out, m);
    mr_strbuf_add_str(out, ",\n    IF(next_id >= wanted, 'high enough', 'TOO LOW'), "
                           "'NOT THE PLANNED SERVER') AS verdict\n  FROM (");
    add_rows(out, m);
    mr_strbuf_add_str(out, ") AS counters;\nSET SESSION time_zone = IF(");
    for (size_t i = 0; i < m->ncounters; i++)
        mr_strbuf_add_fmt(out, "%s@myrecon_%zu >= %" PRIu64, i > 0 ? "\n    AND " : "", i + 1,
                          m->counters[i].reseed_to);
    mr_strbuf_add_str(out, ",\n    @@SESSION.time_zone, 'myrecon: a counter is too low, "
                           "see the list');\n");
}

enum mr_code mr_reseed_sql(const struct mr_manifest *m, struct mr_strbuf *out, struct mr_err *err)
{
    mr_script_header(out, m, "reseed.sql",
                     "raises counters above both histories; never lowers one");
    mr_strbuf_add_fmt(
        out,
        "-- It may be run again at any time. A table that is in use makes it stop\n"
        "-- after %d seconds (error 1205): run it again, or end what uses the table. A\n"
        "-- client that runs on after an error, or connects anew, does no harm.\n\n",
        LOCK_WAIT_S);
    mr_strbuf_add_str(out, "SET SESSION sql_mode = '', autocommit = 1;\n");
    mr_script_guard(out, m, true);
    for (size_t i = 0; i < m->ncounters; i++)
        add_unit(out, m, &m->counters[i]);
    mr_strbuf_add_str(out, "\n-- How they stand now; an error follows where one is too "
                           "low.\n");
    mr_reseed_proof(m, out);
    return mr_strbuf_check(out, "writing reseed.sql", err);
}

enum mr_code mr_reseed_verify_sql(const struct mr_manifest *m, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    mr_script_header(out, m, "verify.sql", "reads where the counters stand; changes nothing");
    mr_strbuf_add_str(out, "-- It ends with an error where a counter is too low.\n\n"
                           "SET SESSION sql_mode = '';\n");
    mr_script_guard(out, m, false);
    mr_reseed_proof(m, out);
    return mr_strbuf_check(out, "writing verify.sql", err);
}
