/* gate_link.c: see gate_link.h. */
#include "recon/gate/gate_link.h"

#include <stdio.h>
#include <string.h>

#include "core/base/log.h"

#define ER_LOCK_WAIT_TIMEOUT 1205

bool mr_gate_is_fatal(enum mr_code code)
{
    return code == MR_E_LOST || code == MR_E_MOVED || code == MR_E_NOMEM ||
           code == MR_E_CANCELLED || code == MR_E_BUG;
}

bool mr_gate_is_locked(const struct mr_err *why)
{
    return why->sql_errno == ER_LOCK_WAIT_TIMEOUT;
}

bool mr_gate_link_ends_run(enum mr_code code)
{
    return code == MR_E_CANCELLED || code == MR_E_NOMEM || code == MR_E_USAGE || code == MR_E_BUG;
}

bool mr_gate_link_is_mariadb(const struct mr_gate_link *link)
{
    return mr_db_server(link->db)->flavour == MR_FLAVOUR_MARIADB;
}

static void display(const struct mr_endpoint *ep, char *out, size_t size)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_endpoint_display(ep, &text);
    (void)snprintf(out, size, "%s", text.ptr);
    mr_strbuf_release(&text);
}

void mr_gate_link_display(const char *uri, char *out, size_t size)
{
    struct mr_endpoint ep = {0};
    out[0] = '\0';
    if (mr_endpoint_parse(&ep, uri, NULL) == MR_OK)
        display(&ep, out, size);
    mr_endpoint_release(&ep);
}

void mr_gate_link_label(const char *uri, char *out, size_t size)
{
    struct mr_endpoint ep = {0};
    out[0] = '\0';
    if (mr_endpoint_parse(&ep, uri, NULL) == MR_OK && ep.kind == MR_ENDPOINT_MYSQL) {
        if (ep.socket != NULL)
            (void)snprintf(out, size, "%s", ep.socket);
        else
            (void)snprintf(out, size, "%s:%u", ep.host[0] != '\0' ? ep.host : "localhost",
                           ep.port != 0 ? ep.port : 3306);
    }
    mr_endpoint_release(&ep);
}

static enum mr_code parse(struct mr_gate_link *link, const char *uri,
                          const struct mr_login_opts *login, struct mr_err *err)
{
    enum mr_code code = mr_endpoint_parse(&link->ep, uri, err);
    if (code == MR_OK && link->ep.kind != MR_ENDPOINT_MYSQL) {
        code = mr_err_set(err, MR_E_USAGE, "a snapshot is no server to be checked");
        mr_err_hint(err, "Name a running server: mysql://host/db.");
    }
    if (code == MR_OK)
        display(&link->ep, link->uri, sizeof link->uri);
    if (code == MR_OK)
        code = mr_login_complete(&link->ep, NULL, link->uri, login, err);
    return code;
}

/* A second's wait for locks: the gate is asked when servers are in trouble, and has to answer. */
static enum mr_code be_impatient(void *ctx, struct mr_db *db, struct mr_err *err)
{
    static const char impatient[] = "SET SESSION lock_wait_timeout = 1";
    (void)ctx;
    return mr_db_exec(db, impatient, sizeof impatient - 1, err);
}

static enum mr_code open_impatient(struct mr_gate_link *link, struct mr_reader **out,
                                   struct mr_err *err)
{
    MR_TRY(mr_source_reader_new(link->source, out, err));
    mr_reader_on_renewal(*out, be_impatient, NULL);
    return be_impatient(NULL, mr_reader_db(*out), err);
}

/* One reconnect.  Without the grants it goes on, and takes nothing for certain that a missing right
 * may hide. */
enum mr_code mr_gate_link_open(struct mr_gate_link *link, const char *uri,
                               const struct mr_gate_link_opts *opts, struct mr_err *err)
{
    struct mr_err why = {0};
    *link = (struct mr_gate_link){
        .opts = {.db = {.run_tag = opts->run_tag, .statement_timeout_s = opts->statement_timeout_s},
                 .reconnect_attempts = 1}};
    MR_TRY(parse(link, uri, &opts->login, err));
    MR_TRY(mr_source_live_new(&link->ep, &link->opts, &link->source, err));
    MR_TRY(open_impatient(link, &link->reader, err));
    link->db = mr_reader_db(link->reader);
    if (mr_grants_load(link->db, &link->grants, &why) != MR_OK)
        mr_log_warning("the grants of the account on %s cannot be read: %s", link->uri,
                       why.message);
    mr_grants_warn_idle(link->grants, link->db);
    return MR_OK;
}

enum mr_code mr_gate_link_second(struct mr_gate_link *link, struct mr_reader **out,
                                 struct mr_err *err)
{
    *out = NULL;
    enum mr_code code = open_impatient(link, out, err);
    if (code == MR_OK)
        return MR_OK;
    mr_reader_free(*out);
    *out = NULL;
    return code;
}

void mr_gate_link_close(struct mr_gate_link *link)
{
    mr_grants_free(link->grants);
    if (link->reader != NULL)
        mr_reader_free(link->reader);
    if (link->source != NULL)
        mr_source_free(link->source);
    mr_endpoint_release(&link->ep);
    *link = (struct mr_gate_link){0};
}

static const char *grant_text(const struct mr_gate_link *link, const char *privilege,
                              const char *place, struct mr_arena *arena)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "GRANT %s ON %s TO %s", privilege, place,
                      mr_grants_account(link->grants));
    const char *kept = text.failed ? NULL : mr_arena_strdup(arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

struct mr_gate_view mr_gate_link_view(const struct mr_gate_link *link, enum mr_code code,
                                      const struct mr_err *why, const char *privilege,
                                      const char *place, struct mr_arena *arena)
{
    struct mr_gate_view view = {.seen = MR_GATE_SEEN};
    if (code == MR_OK)
        return view;
    view.seen = code == MR_E_DENIED ? MR_GATE_HIDDEN : MR_GATE_FAILED;
    view.why = mr_arena_strdup(arena, why->message);
    if (view.why == NULL)
        view.why = "not read";
    if (code == MR_E_DENIED && privilege != NULL)
        view.grant = grant_text(link, privilege, place, arena);
    return view;
}

enum mr_code mr_gate_link_keep(struct mr_arena *arena, const struct mr_strbuf *text,
                               const char **out, struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(text, "examining a server", err));
    *out = mr_arena_strdup(arena, text->len > 0 ? text->ptr : "");
    return *out != NULL ? MR_OK : mr_err_nomem(err, "examining a server");
}
