/*
 * endpoint: what a command reads from or writes to, as given on the command line.
 *
 *   mysql://[user[:password]@]host[:port][/db[,db…]][?key=value&…]
 *   snapshot:DIR[?key=KEY.pem]
 *   shards:mysql://…#TABLE->TABLE,…   many servers as one source (core/source/shards.h)
 *
 * Percent-encoding is decoded in every part; an unknown key, a malformed port, an empty
 * database name or a bad escape is MR_E_USAGE naming the part.  host may be [v6].
 * User and password: the URI, then MYRECON_<ROLE>_USER/_PASSWORD, then MYRECON_USER/
 * _PASSWORD, then option files (option_file.h), then a prompt if asked for.  In the place of a
 * password the URI and option files may give a command that prints it (password_command.h), and
 * the one of the command line stands between the URI and the environment.
 *
 * Ownership: strings belong to the endpoint (release frees; the password is overwritten
 * first).  A password never appears in mr_endpoint_display().
 */
#ifndef MR_ENDPOINT_H
#define MR_ENDPOINT_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/strbuf.h"

enum mr_endpoint_kind { MR_ENDPOINT_MYSQL = 1, MR_ENDPOINT_SNAPSHOT, MR_ENDPOINT_SHARDS };

enum mr_ssl_mode {
    MR_SSL_PREFERRED = 0,
    MR_SSL_DISABLED,
    MR_SSL_REQUIRED,
    MR_SSL_VERIFY_CA,
    MR_SSL_VERIFY_IDENTITY
};

/* Does the mode prove who the server is, or at least by whom it was certified? */
static inline bool mr_ssl_mode_verifies(enum mr_ssl_mode mode)
{
    return mode == MR_SSL_VERIFY_CA || mode == MR_SSL_VERIFY_IDENTITY;
}
/* "verify-ca", in any letters; false: it is no mode, and *mode stays. */
bool mr_ssl_mode_of(const char *text, enum mr_ssl_mode *mode);

/* May what crosses the line be compressed?  Not said: where a command finds that it pays. */
enum mr_protocol_compress { MR_COMPRESS_UNSAID, MR_COMPRESS_OFF, MR_COMPRESS_ON };

struct mr_endpoint {
    enum mr_endpoint_kind kind;
    char *user, *password; /* NULL: not given */
    /* NULL, or run at each login; then there is no password */
    char *password_command;
    /* Never NULL for mysql; "": not given (the option files', else "localhost");
     * "localhost" if empty with a socket or a port. */
    char *host;
    unsigned port; /* 0: default */
    char **dbs;    /* names in the order given */
    size_t ndbs;   /* 0: all but the server's own */
    char *socket, *ssl_ca, *ssl_cert, *ssl_key, *defaults_file, *defaults_group;
    enum mr_ssl_mode ssl_mode;
    bool enable_cleartext; /* where ssl_mode verifies, the server may ask for the password itself */
    enum mr_protocol_compress compress;
    unsigned connect_timeout_s; /* default 10 */
    char *dir, *key;            /* snapshot */
    char *shards;               /* of shards: what stands behind the scheme */
};

/* Reads what was typed.  *ep is filled anew, and to be released; after an error it is empty. */
enum mr_code mr_endpoint_parse(struct mr_endpoint *ep, const char *uri, struct mr_err *err);
/* The same for whoever can work with many servers as one source, too: anybody else refuses such an
 * endpoint by name (MR_E_REFUSED).  What stands behind its scheme is not looked at. */
enum mr_code mr_endpoint_parse_any(struct mr_endpoint *ep, const char *uri, struct mr_err *err);
bool mr_endpoint_is_shards(const char *uri);
void mr_endpoint_release(struct mr_endpoint *ep);
/* A copy of its own, to be released. */
enum mr_code mr_endpoint_copy(struct mr_endpoint *to, const struct mr_endpoint *from,
                              struct mr_err *err);

/* Fills user and password from the environment where the URI gave none.
 * role is "SOURCE", "TARGET" or NULL (only MYRECON_USER/_PASSWORD). */
enum mr_code mr_endpoint_from_env(struct mr_endpoint *ep, const char *role, struct mr_err *err);

/* "mysql://user@host:3306/db" or "snapshot:DIR": no password, options left out except
 * socket; reparsable. */
void mr_endpoint_display(const struct mr_endpoint *ep, struct mr_strbuf *out);
/* The same with all options, for who is to connect as ep does; but for the key that opens an
 * encrypted snapshot, which is named anew each time, and for the command that prints a password:
 * what is read of a file runs nothing. */
void mr_endpoint_uri(const struct mr_endpoint *ep, struct mr_strbuf *out);
/* One of the two as a text in arena, or NULL: memory. */
const char *mr_endpoint_text(const struct mr_endpoint *ep, bool with_options,
                             struct mr_arena *arena);
/* Where it is, for people: "host:3306", "host socket /run/x.sock", "snapshot:DIR". */
void mr_endpoint_place(const struct mr_endpoint *ep, struct mr_strbuf *out);
/* Of an account, and not of the server: takes user, password, password-command, ssl-cert,
 * ssl-key, defaults-file and defaults-group away.  named (or NULL) gets those of the options that
 * were there: "ssl-cert, ssl-key". */
void mr_endpoint_drop_account(struct mr_endpoint *ep, struct mr_strbuf *named);

/* Overwrites the password inside a URI of argv (so that ps does not show it). */
void mr_endpoint_wipe_arg(char *arg);

/* Asks on the terminal (/dev/tty, no echo).  MR_E_USAGE where there is no terminal. */
enum mr_code mr_endpoint_ask_password(struct mr_endpoint *ep, const char *label,
                                      struct mr_err *err);

#endif
