/* doctor_session.c: how we are connected: TLS, certificate, account; see doctor.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/db/sqlscan.h"
#include "recon/doctor/doctor.h"

#define SLOW_LOGIN_S 1.0
#define SOON_DAYS 30

static enum mr_code session_status(const struct mr_doctor_server *server, const char *name,
                                   struct mr_strbuf *out, bool *known, struct mr_err *err)
{
    char sql[128];
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    mr_strbuf_reset(out);
    (void)snprintf(sql, sizeof sql, "SHOW SESSION STATUS LIKE '%s'", name);
    enum mr_code code = mr_doctor_query(server, "nn", sql, &res, err);
    *known = res != NULL && (row = mr_result_next(res)) != NULL && row[1].len > 0;
    if (*known)
        mr_strbuf_add(out, row[1].ptr, row[1].len);
    mr_result_free(res);
    return code;
}

/* "Mar  1 12:00:00 2034 GMT", as OpenSSL prints it. */
static bool days_until(const char *text, double *days)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%b %d %H:%M:%S %Y", &tm);
    if (end == NULL)
        return false;
    *days = difftime(timegm(&tm), time(NULL)) / 86400;
    return true;
}

static enum mr_code say_certificate(struct mr_doctor *d, const struct mr_doctor_server *server,
                                    struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool known;
    double days = 0;
    enum mr_code code = session_status(server, "Ssl_server_not_after", &text, &known, err);
    if (code == MR_OK && (!known || !days_until(text.ptr, &days))) {
        mr_doctor_say(d, MR_DOCTOR_UNKNOWN, MR_DOCTOR_certificate,
                      "the server does not tell how long its certificate is valid");
    } else if (code == MR_OK) {
        mr_doctor_say(d,
                      days < 0           ? MR_DOCTOR_PROBLEM
                      : days < SOON_DAYS ? MR_DOCTOR_NOTE
                                         : MR_DOCTOR_OK,
                      MR_DOCTOR_certificate, "the server's certificate %s %s",
                      days < 0 ? "ended on" : "is valid until", text.ptr);
        if (days < SOON_DAYS)
            mr_doctor_hint(d, "Renew it, then ALTER INSTANCE RELOAD TLS (MariaDB: FLUSH "
                              "SSL), before clients that verify it are shut out.");
    }
    mr_strbuf_release(&text);
    return code;
}

static bool leaves_machine(const struct mr_doctor_server *server)
{
    const struct mr_endpoint *ep = &server->link.ep;
    return ep->socket == NULL && ep->host[0] != '\0' && strcasecmp(ep->host, "localhost") != 0 &&
           strncmp(ep->host, "127.", 4) != 0 && strcmp(ep->host, "::1") != 0;
}

/* Unencrypted is a note only where the connection leaves this machine. */
static enum mr_code say_tls(struct mr_doctor *d, const struct mr_doctor_server *server,
                            struct mr_err *err)
{
    const char *cipher = mr_db_server(server->link.db)->tls_cipher;
    struct mr_strbuf version = MR_STRBUF_INIT;
    bool known;
    if (cipher[0] == '\0') {
        const bool leaves = leaves_machine(server);
        mr_doctor_say(d, leaves ? MR_DOCTOR_NOTE : MR_DOCTOR_OK, MR_DOCTOR_tls,
                      "the connection is not encrypted%s",
                      leaves ? "" : ", and stays on this machine");
        if (leaves)
            mr_doctor_hint(d, "Add ?ssl-mode=required to the URI, or verify-identity with "
                              "ssl-ca=FILE; the server needs ssl_cert and ssl_key.");
        return MR_OK;
    }
    enum mr_code code = session_status(server, "Ssl_version", &version, &known, err);
    if (code == MR_OK) {
        const bool old = strcmp(version.ptr, "TLSv1") == 0 || strcmp(version.ptr, "TLSv1.1") == 0 ||
                         strncmp(version.ptr, "SSL", 3) == 0;
        mr_doctor_say(d, old ? MR_DOCTOR_PROBLEM : MR_DOCTOR_OK, MR_DOCTOR_tls,
                      "encrypted by %s, %s", known ? version.ptr : "TLS", cipher);
        if (old)
            mr_doctor_hint(d, "Set tls_version = TLSv1.2,TLSv1.3 on the server.");
        code = say_certificate(d, server, err);
    }
    mr_strbuf_release(&version);
    return code;
}

/* The plugin alone: the rest of the statement is a hash of the password. */
static void plugin_of(const char *create, size_t len, struct mr_strbuf *out)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    bool with = false;
    mr_sqlscan_init(&scan, create, len);
    while (out->len == 0 && mr_sqlscan_next_code(&scan, &token)) {
        if (with) {
            size_t quote = token.len > 1 && strchr("'`\"", token.ptr[0]) != NULL ? 1 : 0;
            mr_strbuf_add(out, token.ptr + quote, token.len - 2 * quote);
        }
        with = mr_token_is(&token, "WITH") || mr_token_is(&token, "VIA");
    }
}

static void say_login_time(struct mr_doctor *d, const struct mr_doctor_server *server)
{
    if (server->connect_s < SLOW_LOGIN_S)
        return;
    mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_login, "a login takes %.1f s", server->connect_s);
    mr_doctor_hint(d, "Often the server looks up this host's name in vain: "
                      "skip_name_resolve = ON in its option file.");
}

static enum mr_code say_account(struct mr_doctor *d, const struct mr_doctor_server *server,
                                struct mr_err *err)
{
    struct mr_strbuf account = MR_STRBUF_INIT, plugin = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    bool known;
    enum mr_code code = mr_doctor_ask(server, "SELECT CURRENT_USER()", &account, &known, err);
    if (code == MR_OK)
        code = mr_doctor_query(server, "n*", "SHOW CREATE USER CURRENT_USER()", &res, err);
    if (res != NULL && (row = mr_result_next(res)) != NULL && row[0].ptr != NULL)
        plugin_of(row[0].ptr, row[0].len, &plugin);
    mr_result_free(res);
    if (code == MR_OK)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_account, "logged in as %s in %.3f s%s%s",
                      account.ptr, server->connect_s, plugin.len > 0 ? ", plugin " : "",
                      plugin.ptr);
    mr_strbuf_release(&account);
    mr_strbuf_release(&plugin);
    return code;
}

enum mr_code mr_doctor_session(struct mr_doctor *d, struct mr_doctor_server *server,
                               struct mr_err *err)
{
    const struct mr_server *s = mr_db_server(server->link.db);
    mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_login, "%s %s on %s:%u",
                  s->flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL", s->version_text,
                  s->hostname, s->port);
    say_login_time(d, server);
    MR_TRY(say_account(d, server, err));
    return say_tls(d, server, err);
}
