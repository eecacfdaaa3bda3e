/*
 * gate_link: one server that the gate looks at: connected, with its grants.
 *
 * Calling sequence: mr_gate_link_open, use, mr_gate_link_close (also after a failed open).
 * The struct must not move while it is open.  User and password: the URI's, else
 * MYRECON_USER and MYRECON_PASSWORD, else option files.
 *
 * The session waits at most a second for a table's lock, so that the gate answers while
 * others are stuck.  Errors: those of endpoint.h and db.h.  Threads: one.
 */
#ifndef MR_GATE_LINK_H
#define MR_GATE_LINK_H

#include "core/db/grants.h"
#include "core/db/login_opts.h"
#include "core/source/source.h"
#include "recon/gate/gate_facts.h"

struct mr_gate_link {
    struct mr_endpoint ep;
    struct mr_source_opts opts;
    struct mr_source *source;
    struct mr_reader *reader;
    struct mr_db *db;
    struct mr_grants *grants; /* NULL where they cannot be read */
    char uri[512];            /* without password */
};

struct mr_gate_link_opts {
    const char *run_tag;
    unsigned statement_timeout_s;
    struct mr_login_opts login;
};

enum mr_code mr_gate_link_open(struct mr_gate_link *link, const char *uri,
                               const struct mr_gate_link_opts *opts, struct mr_err *err);
void mr_gate_link_close(struct mr_gate_link *link);
/* One more connection to the same server, as impatient as the first; the caller's (mr_reader_free),
 * and closed before the link is. */
enum mr_code mr_gate_link_second(struct mr_gate_link *link, struct mr_reader **out,
                                 struct mr_err *err);

/* The URI as it may be shown, also of one that cannot be connected to. */
void mr_gate_link_display(const char *uri, char *out, size_t size);
/* "host:port" of the URI, or its socket: one name for metrics, whoever answers. */
void mr_gate_link_label(const char *uri, char *out, size_t size);

/* Errors after which there is no point in going on: lost, cancelled, no memory. */
bool mr_gate_is_fatal(enum mr_code code);
/* Did a statement wait for a lock in vain?  In whatever language the server says so. */
bool mr_gate_is_locked(const struct mr_err *why);
/* Of opening one of several: what is not of that server, so that the others are not looked at. */
bool mr_gate_link_ends_run(enum mr_code code);

/*
 * What an error means for a part of the facts: a missing right is HIDDEN, with the GRANT
 * of `privilege` on `place` ("*.*"), anything else FAILED.  MR_OK is SEEN.  privilege
 * NULL: no statement is named.
 */
struct mr_gate_view mr_gate_link_view(const struct mr_gate_link *link, enum mr_code code,
                                      const struct mr_err *why, const char *privilege,
                                      const char *place, struct mr_arena *arena);

/* Else it is MySQL, or what says it is. */
bool mr_gate_link_is_mariadb(const struct mr_gate_link *link);

/* Of what was read there: into the arena; "" for an empty text. */
enum mr_code mr_gate_link_keep(struct mr_arena *arena, const struct mr_strbuf *text,
                               const char **out, struct mr_err *err);

#endif
