/* doctor_bundle_server.c: what a bundle says of one server; see doctor_bundle.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"
#include "core/db/sqlmask.h"
#include "recon/doctor/doctor_bundle.h"
#include "recon/doctor/doctor_scrub.h"
#include "recon/gate/gate_shape.h"

enum treatment {
    BY_COLUMN, /* by each column's name */
    BY_NAME,   /* name and value */
    AS_SQL     /* statements */
};

static const struct listing {
    const char *file, *mariadb, *mysql;
    enum treatment treatment;
} listings[] = {
    {"variables.tsv", "SHOW GLOBAL VARIABLES", "SHOW GLOBAL VARIABLES", BY_NAME},
    {"status.tsv", "SHOW GLOBAL STATUS", "SHOW GLOBAL STATUS", BY_NAME},
    {"processlist.tsv",
     "SELECT ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, 2000) INFO FROM "
     "information_schema.PROCESSLIST ORDER BY ID",
     "SELECT ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, 2000) INFO FROM "
     "information_schema.PROCESSLIST ORDER BY ID",
     BY_COLUMN},
    {"transactions.tsv",
     "SELECT trx_id, trx_state, trx_started, trx_wait_started, trx_mysql_thread_id, "
     "trx_tables_locked, trx_rows_locked, trx_rows_modified, trx_isolation_level, "
     "LEFT(trx_query, 2000) INFO FROM information_schema.INNODB_TRX ORDER BY trx_started",
     "SELECT trx_id, trx_state, trx_started, trx_wait_started, trx_mysql_thread_id, "
     "trx_tables_locked, trx_rows_locked, trx_rows_modified, trx_isolation_level, "
     "LEFT(trx_query, 2000) INFO FROM information_schema.INNODB_TRX ORDER BY trx_started",
     BY_COLUMN},
    {"replication.tsv", "SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS", BY_COLUMN},
    {"binlogs.tsv", "SHOW BINARY LOGS", "SHOW BINARY LOGS", BY_COLUMN},
    {"plugins.tsv",
     "SELECT PLUGIN_NAME, PLUGIN_VERSION, PLUGIN_STATUS, PLUGIN_TYPE FROM "
     "information_schema.PLUGINS ORDER BY 1",
     "SELECT PLUGIN_NAME, PLUGIN_VERSION, PLUGIN_STATUS, PLUGIN_TYPE FROM "
     "information_schema.PLUGINS ORDER BY 1",
     BY_COLUMN},
    {"grants.txt", "SHOW GRANTS", "SHOW GRANTS", AS_SQL},
};

static void add_masked(struct mr_strbuf *out, const struct mr_cell *cell)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_sqlmask(&text, cell->ptr, cell->len);
    mr_utf8_show(out, text.ptr, text.len, true);
    out->failed |= text.failed;
    mr_strbuf_release(&text);
}

/* The number of an error may stay, its text may quote a row. */
static bool may_quote(const char *column)
{
    return strcasestr(column, "error") != NULL && strcasestr(column, "errno") == NULL &&
           strcasestr(column, "timestamp") == NULL;
}

static void add_by_column(struct mr_strbuf *out, const char *column, const struct mr_cell *cell)
{
    if (cell->ptr == NULL)
        mr_strbuf_add_str(out, "NULL");
    else if (strcasecmp(column, "INFO") == 0)
        add_masked(out, cell);
    else if (cell->len > 0 && (may_quote(column) || strcasestr(column, "password") != NULL))
        mr_strbuf_add_str(out, MR_SCRUB_HIDDEN);
    else
        mr_utf8_show(out, cell->ptr, cell->len, true);
}

/* How a listing is made harmless depends on what it is: a statement loses its values, a variable is
 * judged by its name, a table of the server column by column. */
static void add_row(struct mr_strbuf *out, const struct listing *l, const struct mr_result *res,
                    const struct mr_cell *row)
{
    switch (l->treatment) {
    case AS_SQL: add_masked(out, &row[0]); break;
    case BY_NAME:
        mr_utf8_show(out, row[0].ptr, row[0].len, true);
        mr_strbuf_add_char(out, '\t');
        mr_scrub_variable(out, row[0].ptr, row[1].ptr != NULL ? row[1].ptr : "");
        break;
    case BY_COLUMN:
        for (size_t c = 0; c < mr_result_columns(res); c++) {
            mr_strbuf_add_str(out, c > 0 ? "\t" : "");
            add_by_column(out, mr_result_column_name(res, c), &row[c]);
        }
        break;
    }
    mr_strbuf_add_char(out, '\n');
}

static const char *shape_of(const struct listing *l)
{
    switch (l->treatment) {
    case AS_SQL: return "v*";
    case BY_NAME: return "vn*";
    case BY_COLUMN: break;
    }
    return "*";
}

static void add_header(struct mr_strbuf *out, const struct mr_result *res)
{
    for (size_t c = 0; c < mr_result_columns(res); c++)
        mr_strbuf_add_fmt(out, "%s%s", c > 0 ? "\t" : "", mr_result_column_name(res, c));
    mr_strbuf_add_char(out, '\n');
}

/* What the server does not tell, or no longer, is said in the file. */
static void list(const struct mr_doctor_server *server, const struct listing *l,
                 struct mr_strbuf *out)
{
    const char *sql = mr_gate_link_is_mariadb(&server->link) ? l->mariadb : l->mysql;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *row;
    if (mr_db_query(server->link.db, shape_of(l), sql, strlen(sql), &res, &why) != MR_OK) {
        mr_strbuf_add_str(out, "not available: ");
        mr_scrub_message(out, why.message);
        mr_strbuf_add_char(out, '\n');
        return;
    }
    if (l->treatment == BY_COLUMN)
        add_header(out, res);
    while ((row = mr_result_next(res)) != NULL)
        add_row(out, l, res, row);
    mr_result_free(res);
}

static void put_server(struct mr_strbuf *out, const struct mr_doctor_server *server)
{
    const struct mr_server *s = mr_db_server(server->link.db);
    mr_strbuf_add_fmt(out,
                      "uri %s\nkind %s\nversion %s\nhost %s\nport %u\nserver_id %" PRIu32
                      "\nuuid %s\ndatadir %s\ncipher %s\nlogin %.3f s\nclock %+.1f s\n",
                      server->uri, s->flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL",
                      s->version_text, s->hostname, s->port, s->server_id, s->uuid, s->datadir,
                      s->tls_cipher, server->connect_s, server->skew_s);
}

/* A fingerprint tells whether two tables are built alike, without the definitions, whose defaults
 * and comments may hold anything. */
static enum mr_code put_schema(struct mr_strbuf *out, const struct mr_doctor_server *server,
                               struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_str(out, "table\tengine\tcollation\trows\tbytes\tcolumns\tindexes\t"
                           "fingerprint\n");
    for (size_t i = 0; server->cat != NULL && code == MR_OK && i < server->cat->ntables; i++) {
        const struct mr_table *t = &server->cat->tables[i];
        struct mr_gate_table shape = {0};
        mr_arena_reset(&arena);
        code = mr_gate_shape(t, &arena, &shape, err);
        mr_utf8_show(out, t->db, strlen(t->db), true);
        mr_strbuf_add_char(out, '.');
        mr_utf8_show(out, t->name, strlen(t->name), true);
        mr_strbuf_add_fmt(out, "\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%zu\t%zu\t%s\n",
                          t->engine != NULL ? t->engine : "?",
                          t->collation != NULL ? t->collation : "?", t->est_rows, t->data_bytes,
                          t->ncolumns, t->nindexes, code == MR_OK ? shape.fingerprint : "");
    }
    mr_arena_release(&arena);
    return code;
}

static enum mr_code add(struct mr_doctor_bundle *bundle, const char *dir, const char *file,
                        struct mr_strbuf *text, struct mr_err *err)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s/%s", dir, file);
    enum mr_code code = mr_doctor_bundle_add(bundle, name, text, err);
    mr_strbuf_reset(text);
    return code;
}

enum mr_code mr_doctor_bundle_server(struct mr_doctor_bundle *bundle, const char *dir,
                                     const struct mr_doctor_server *server, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    put_server(&text, server);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(add(bundle, dir, "server.txt", &text, err));
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++) {
        list(server, &listings[i], &text);
        MR_TRY_OUT(add(bundle, dir, listings[i].file, &text, err));
    }
    MR_TRY_OUT(put_schema(&text, server, err));
    MR_TRY_OUT(add(bundle, dir, "schema.tsv", &text, err));
out:
    mr_strbuf_release(&text);
    return code;
}
