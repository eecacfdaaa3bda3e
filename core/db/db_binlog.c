/*
 * db_binlog.c: see db_binlog.h.
 *
 * Both libraries send the request; the answer's packets are read by each in its own way.
 * MariaDB's would take the events apart, and stops at those it does not know: of it only the
 * packets are read.
 */
#include "core/db/db_binlog.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/db/db_internal.h"
#include "core/db/sqltext.h"

#ifdef MARIADB_PACKAGE_VERSION
#include <mariadb_rpl.h>
#endif

#define DOES_NOT_WAIT 1 /* a flag of the request */
/* MariaDB: statements beside their rows are wanted; to MySQL the bit says something else. */
#define WITH_STATEMENTS 2
#define PACKET_EVENT 0 /* first byte of a packet with an event */
#define PACKET_END 0xfe
#define CANCEL_EVERY 256 /* events */

struct mr_db_binlog {
    struct mr_db *db;
    unsigned until_check;
    uint64_t events;
    bool over;
    char *file; /* the libraries point to it */
#ifdef MARIADB_PACKAGE_VERSION
    MARIADB_RPL *rpl;
#else
    MYSQL_RPL rpl;
#endif
};

uint32_t mr_db_binlog_id(void)
{
    struct timespec now;
    uint32_t id = 0;
    if (getrandom(&id, sizeof id, GRND_NONBLOCK) != (ssize_t)sizeof id) {
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        id = (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
    }
    return (id | 0x80000000u) & 0xfffffffeu; /* the last one is no number of a server */
}

/* MariaDB leaves out, or writes anew, what a replica is not known to understand; either server takes
 * the checksums off unless it is told that we know them. */
static enum mr_code introduce(struct mr_db *db, struct mr_err *err)
{
    static const char mariadb[] =
        "SET @mariadb_slave_capability = 4, @master_binlog_checksum = @@global.binlog_checksum";
    static const char mysql[] = "SET @master_binlog_checksum = @@global.binlog_checksum, "
                                "@source_binlog_checksum = @@global.binlog_checksum";
    const char *sql = mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB ? mariadb : mysql;
    return mr_db_exec(db, sql, strlen(sql), err);
}

/* What the log of statements, and messages, call it: there is no statement. */
static enum mr_code announce(struct mr_db *db, const char *file, uint64_t position,
                             struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, "COM_BINLOG_DUMP of ");
    mr_sql_ident(&text, file);
    mr_strbuf_add_fmt(&text, " from %llu", (unsigned long long)position);
    enum mr_code code = mr_strbuf_check(&text, "reading a binary log", err);
    if (code == MR_OK)
        code = mr_db_prepare_text(db, text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

static unsigned flags_for(const struct mr_db *db)
{
    return mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB ? DOES_NOT_WAIT | WITH_STATEMENTS
                                                           : DOES_NOT_WAIT;
}

#ifdef MARIADB_PACKAGE_VERSION
static bool ask(struct mr_db_binlog *dump, uint64_t position, uint32_t server_id)
{
    MARIADB_RPL *rpl = dump->rpl = mariadb_rpl_init(dump->db->mysql);
    return rpl != NULL &&
           mariadb_rpl_optionsv(rpl, MARIADB_RPL_FILENAME, dump->file, strlen(dump->file)) == 0 &&
           mariadb_rpl_optionsv(rpl, MARIADB_RPL_START, (unsigned long)position) == 0 &&
           mariadb_rpl_optionsv(rpl, MARIADB_RPL_SERVER_ID, server_id) == 0 &&
           mariadb_rpl_optionsv(rpl, MARIADB_RPL_FLAGS, flags_for(dump->db)) == 0 &&
           mariadb_rpl_open(rpl) == 0;
}

static void stop_asking(struct mr_db_binlog *dump)
{
    if (dump->rpl != NULL)
        mariadb_rpl_close(dump->rpl);
}

/* false: an error of the connection. */
static bool read_packet(struct mr_db_binlog *dump, const uint8_t **packet, size_t *len)
{
    MYSQL *mysql = dump->db->mysql;
    *len = mysql_net_read_packet(mysql);
    *packet = mysql->net.read_pos;
    return *len != packet_error;
}
#else
static bool ask(struct mr_db_binlog *dump, uint64_t position, uint32_t server_id)
{
    dump->rpl = (MYSQL_RPL){.file_name = dump->file,
                            .file_name_length = strlen(dump->file),
                            .start_position = position,
                            .server_id = server_id,
                            .flags = flags_for(dump->db)};
    return mysql_binlog_open(dump->db->mysql, &dump->rpl) == 0;
}

static void stop_asking(struct mr_db_binlog *dump)
{
    if (dump->rpl.file_name != NULL)
        mysql_binlog_close(dump->db->mysql, &dump->rpl);
}

static bool read_packet(struct mr_db_binlog *dump, const uint8_t **packet, size_t *len)
{
    static const uint8_t end[] = {PACKET_END};
    if (mysql_binlog_fetch(dump->db->mysql, &dump->rpl) != 0)
        return false;
    *packet = dump->rpl.size > 0 ? dump->rpl.buffer : end;
    *len = dump->rpl.size > 0 ? dump->rpl.size : sizeof end;
    return true;
}
#endif

/* A library that refuses before it asks says nothing of a connection. */
static enum mr_code refused(struct mr_db *db, struct mr_err *err)
{
    if (mysql_errno(db->mysql) == 0)
        return mr_err_nomem(err, "reading a binary log");
    return mr_db_fail_now(db, err);
}

enum mr_code mr_db_binlog_open(struct mr_db *db, const char *file, uint64_t position,
                               uint32_t server_id, struct mr_db_binlog **out, struct mr_err *err)
{
    *out = NULL;
    if (position > UINT32_MAX) {
        (void)mr_err_set(err, MR_E_UNSUPPORTED,
                         "binary log \"%s\" of server \"%s\" cannot be read from position %llu on, "
                         "since the protocol has room for four bytes of it",
                         file, db->label, (unsigned long long)position);
        mr_err_hint(err, "FLUSH BINARY LOGS there begins a new log: run it again behind that.");
        return MR_E_UNSUPPORTED;
    }
    MR_TRY(introduce(db, err));
    MR_TRY(announce(db, file, position, err));
    struct mr_db_binlog *dump = calloc(1, sizeof *dump);
    char *copy = dump != NULL ? strdup(file) : NULL;
    if (copy == NULL) {
        free(dump);
        return mr_err_nomem(err, "reading a binary log");
    }
    dump->db = db;
    dump->file = copy;
    dump->until_check = CANCEL_EVERY;
    mr_db_trace_begin(db);
    mr_watch_begin(db->watch);
    const bool asked = ask(dump, position, server_id);
    mr_watch_end(db->watch);
    *out = dump;
    return asked ? MR_OK : refused(db, err);
}

static bool is_stopped(struct mr_db_binlog *dump)
{
    if (--dump->until_check > 0)
        return false;
    dump->until_check = CANCEL_EVERY;
    return mr_is_cancelled();
}

enum mr_code mr_db_binlog_next(struct mr_db_binlog *dump, const uint8_t **raw, size_t *len,
                               struct mr_err *err)
{
    const uint8_t *packet = NULL;
    size_t size = 0;
    *raw = NULL;
    *len = 0;
    if (dump->over)
        return MR_OK;
    if (is_stopped(dump))
        return mr_cancelled_err(err);
    mr_watch_begin(dump->db->watch);
    const bool good = read_packet(dump, &packet, &size);
    mr_watch_end(dump->db->watch);
    if (!good)
        return mr_db_fail_now(dump->db, err);
    if (size == 0 || (packet[0] != PACKET_EVENT && packet[0] != PACKET_END) ||
        (packet[0] == PACKET_EVENT && size == 1))
        return mr_err_set(err, MR_E_BINLOG,
                          "server \"%s\" sent a packet that is no event of binary log \"%s\"",
                          dump->db->label, dump->file);
    if (packet[0] == PACKET_END) {
        dump->over = true;
        return MR_OK;
    }
    dump->events++;
    *raw = packet + 1;
    *len = size - 1;
    return MR_OK;
}

/* The libraries close the connection by themselves, or leave it in a state that is nobody's: it
 * is cut, so that the server does not send to nobody. */
void mr_db_binlog_close(struct mr_db_binlog *dump)
{
    if (dump == NULL)
        return;
    mr_db_trace_end(dump->db, dump->events, dump->over ? "" : ", not read to the end");
    mr_db_cut(dump->db);
    stop_asking(dump);
    free(dump->file);
    free(dump);
}
