/* endpoint.c: see endpoint.h. */
#include "core/db/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/strbuf.h"

#define MYSQL_SCHEME "mysql://"
#define SNAPSHOT_SCHEME "snapshot:"
#define SHARDS_SCHEME "shards:"
#define CONNECT_TIMEOUT_S 10
#define CONNECT_TIMEOUT_MAX_S 3600
#define PORT_DIGITS_MAX 5

/*
 * Error messages name the part that is wrong, never its text: any part of a mistyped
 * URI may be a piece of the password.
 */

struct span {
    const char *ptr;
    size_t len;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Percent-decodes to a new string.  A NUL is refused: it would end the string early. */
static enum mr_code decode(struct span in, const char *part, char **out, struct mr_err *err)
{
    char *text = malloc(in.len + 1);
    if (text == NULL)
        return mr_err_nomem(err, "reading an endpoint");
    size_t used = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] != '%') {
            text[used++] = in.ptr[i];
            continue;
        }
        int high = in.len - i > 2 ? hex_digit(in.ptr[i + 1]) : -1;
        int low = in.len - i > 2 ? hex_digit(in.ptr[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            free(text);
            mr_err_set(err, MR_E_USAGE, "bad percent-escape in the %s of the endpoint", part);
            mr_err_hint(err, "Write a percent sign itself as %%25.");
            return MR_E_USAGE;
        }
        text[used++] = (char)(high * 16 + low);
        i += 2;
    }
    text[used] = '\0';
    *out = text;
    return MR_OK;
}

/* The first of `chars` in the span, or its end. */
static const char *find_any(struct span in, const char *chars)
{
    const char *p = in.ptr;
    while (p < in.ptr + in.len && strchr(chars, *p) == NULL)
        p++;
    return p;
}

/* Cuts the span at the first `c`; false if there is none.  tail may be NULL. */
static bool cut(struct span *head, char c, struct span *tail)
{
    const char *at = memchr(head->ptr, c, head->len);
    if (at == NULL)
        return false;
    if (tail != NULL)
        *tail = (struct span){at + 1, head->len - (size_t)(at - head->ptr) - 1};
    head->len = (size_t)(at - head->ptr);
    return true;
}

/* The last '@' of the authority ends user and password: a raw '@' in a password is a
 * common slip with only one possible meaning. */
static const char *last_at(struct span in)
{
    return memrchr(in.ptr, '@', in.len);
}

/* Neither strtoul's signs and blanks nor its wrapping round are wanted: only digits, and never more
 * than max. */
static enum mr_code parse_number(const char *text, unsigned max, unsigned *out)
{
    unsigned value = 0;
    if (*text == '\0')
        return MR_E_USAGE;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return MR_E_USAGE;
        value = value * 10 + (unsigned)(*text - '0');
        if (value > max)
            return MR_E_USAGE;
    }
    if (value == 0)
        return MR_E_USAGE;
    *out = value;
    return MR_OK;
}

/* As many digits as a port has are shown; anything else may be a piece of a password. */
static bool is_like_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= PORT_DIGITS_MAX && text[digits] == '\0';
}

/* A password with a : or @ in it ends up here: it is shown only where it looks like a port. */
static enum mr_code parse_port(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    char *text = NULL;
    enum mr_code rc = decode(in, "port", &text, err);
    if (rc != MR_OK)
        return rc;
    if (parse_number(text, 65535, &ep->port) != MR_OK) {
        bool shows = is_like_port(text);
        rc = mr_err_set(err, MR_E_USAGE, "malformed port%s%s%s in the endpoint", shows ? " \"" : "",
                        shows ? text : "", shows ? "\"" : "");
        mr_err_hint(err, "A port is a number from 1 to 65535; in user and password "
                         "write : @ / ? %% as %%3A %%40 %%2F %%3F %%25.");
    }
    free(text);
    return rc;
}

static enum mr_code refuse_address(struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "malformed [address] in the endpoint");
    mr_err_hint(err, "Write an IPv6 address like [::1] or [::1]:3306.");
    return MR_E_USAGE;
}

static enum mr_code parse_userinfo(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    struct span password;
    if (cut(&in, ':', &password)) {
        enum mr_code rc = decode(password, "password", &ep->password, err);
        if (rc != MR_OK)
            return rc;
    }
    return in.len == 0 ? MR_OK : decode(in, "user", &ep->user, err);
}

static enum mr_code parse_host(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    if (in.len > 0 && in.ptr[0] == '[') {
        const char *close = memchr(in.ptr, ']', in.len);
        if (close == NULL || close == in.ptr + 1)
            return refuse_address(err);
        struct span inner = {in.ptr + 1, (size_t)(close - in.ptr) - 1};
        struct span rest = {close + 1, in.len - inner.len - 2};
        enum mr_code rc = decode(inner, "host", &ep->host, err);
        if (rc != MR_OK || rest.len == 0)
            return rc;
        if (rest.ptr[0] != ':')
            return refuse_address(err);
        return parse_port(ep, (struct span){rest.ptr + 1, rest.len - 1}, err);
    }
    struct span port;
    bool has_port = cut(&in, ':', &port);
    if (has_port && memchr(port.ptr, ':', port.len) != NULL) {
        mr_err_set(err, MR_E_USAGE, "malformed host in the endpoint");
        mr_err_hint(err, "Write an IPv6 address in brackets, and : in a user or "
                         "password as %%3A.");
        return MR_E_USAGE;
    }
    enum mr_code rc = decode(in, "host", &ep->host, err);
    if (rc == MR_OK && has_port)
        rc = parse_port(ep, port, err);
    return rc;
}

/* A password with a raw / ends the authority before its '@', so that what is left of it would
 * be taken for port and database, and shown as such ("u:12345/word@h"). */
static enum mr_code refuse_at(struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "@ behind the first / of the endpoint");
    mr_err_hint(err, "Write / in a user or password as %%2F, and @ in a database name as %%40.");
    return MR_E_USAGE;
}

/* "db,db…", after the slash. */
static enum mr_code parse_dbs(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    if (in.len == 0)
        return MR_OK;
    if (memchr(in.ptr, '@', in.len) != NULL)
        return refuse_at(err);
    if (memchr(in.ptr, '/', in.len) != NULL) {
        mr_err_set(err, MR_E_USAGE, "more than one / after the host of the endpoint");
        mr_err_hint(err, "Write databases as /db1,db2, and / in a name or password "
                         "as %%2F.");
        return MR_E_USAGE;
    }
    size_t count = 1;
    for (size_t i = 0; i < in.len; i++)
        count += in.ptr[i] == ',';
    ep->dbs = calloc(count, sizeof *ep->dbs);
    if (ep->dbs == NULL)
        return mr_err_nomem(err, "reading an endpoint");
    bool more = true;
    while (more) {
        struct span rest = {NULL, 0};
        more = cut(&in, ',', &rest);
        if (in.len == 0)
            return mr_err_set(err, MR_E_USAGE, "empty database name in the endpoint");
        enum mr_code rc = decode(in, "database name", &ep->dbs[ep->ndbs], err);
        if (rc != MR_OK)
            return rc;
        ep->ndbs++;
        in = rest;
    }
    return MR_OK;
}

static const struct {
    const char *name;
    enum mr_ssl_mode mode;
} ssl_modes[] = {
    {"disabled", MR_SSL_DISABLED},
    {"preferred", MR_SSL_PREFERRED},
    {"required", MR_SSL_REQUIRED},
    {"verify-ca", MR_SSL_VERIFY_CA},
    {"verify-identity", MR_SSL_VERIFY_IDENTITY},
};

bool mr_ssl_mode_of(const char *text, enum mr_ssl_mode *mode)
{
    for (size_t i = 0; i < sizeof ssl_modes / sizeof *ssl_modes; i++)
        if (strcasecmp(text, ssl_modes[i].name) == 0) {
            *mode = ssl_modes[i].mode;
            return true;
        }
    return false;
}

static enum mr_code parse_ssl_mode(struct mr_endpoint *ep, const char *text, struct mr_err *err)
{
    if (mr_ssl_mode_of(text, &ep->ssl_mode))
        return MR_OK;
    mr_err_set(err, MR_E_USAGE, "unknown ssl-mode \"%s\" in the endpoint", text);
    mr_err_hint(err, "The modes are disabled, preferred, required, verify-ca and "
                     "verify-identity.");
    return MR_E_USAGE;
}

/* Where the text of a key goes, or NULL for a key that is no text or not known. */
static char **text_option(struct mr_endpoint *ep, struct span key)
{
    const struct {
        const char *name;
        char **slot;
    } mysql[] = {
        {"socket", &ep->socket},
        {"ssl-ca", &ep->ssl_ca},
        {"ssl-cert", &ep->ssl_cert},
        {"ssl-key", &ep->ssl_key},
        {"defaults-file", &ep->defaults_file},
        {"defaults-group", &ep->defaults_group},
        {"password-command", &ep->password_command},
    };
    if (ep->kind == MR_ENDPOINT_SNAPSHOT)
        return key.len == 3 && memcmp(key.ptr, "key", 3) == 0 ? &ep->key : NULL;
    for (size_t i = 0; i < sizeof mysql / sizeof *mysql; i++)
        if (strlen(mysql[i].name) == key.len && memcmp(mysql[i].name, key.ptr, key.len) == 0)
            return mysql[i].slot;
    return NULL;
}

static bool parse_switch(const char *text, bool *is_on)
{
    static const char *const words[][2] = {
        {"0", "1"}, {"no", "yes"}, {"off", "on"}, {"false", "true"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t is = 0; is < 2; is++)
            if (strcasecmp(text, words[i][is]) == 0) {
                *is_on = is == 1;
                return true;
            }
    return false;
}

static enum mr_code parse_cleartext(struct mr_endpoint *ep, const char *text, struct mr_err *err)
{
    if (parse_switch(text, &ep->enable_cleartext))
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "enable-cleartext-plugin of the endpoint is neither 1 nor 0");
    mr_err_hint(err, "With 1 the server may ask for the password itself, where ssl-mode is "
                     "verify-ca or verify-identity.");
    return MR_E_USAGE;
}

static enum mr_code parse_compress(struct mr_endpoint *ep, const char *text, struct mr_err *err)
{
    bool is_on = false;
    if (!parse_switch(text, &is_on))
        return mr_err_set(err, MR_E_USAGE, "compress of the endpoint is neither 1 nor 0");
    ep->compress = is_on ? MR_COMPRESS_ON : MR_COMPRESS_OFF;
    return MR_OK;
}

static enum mr_code parse_timeout(struct mr_endpoint *ep, const char *text, struct mr_err *err)
{
    if (parse_number(text, CONNECT_TIMEOUT_MAX_S, &ep->connect_timeout_s) == MR_OK)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE,
                     "malformed connect-timeout in the endpoint: not a number of "
                     "seconds from 1 to %d",
                     CONNECT_TIMEOUT_MAX_S);
    mr_err_hint(err,
                "Every login has an end; without connect-timeout it is after %d "
                "seconds.",
                CONNECT_TIMEOUT_S);
    return MR_E_USAGE;
}

typedef enum mr_code parse_value_fn(struct mr_endpoint *ep, const char *text, struct mr_err *err);

static bool span_is(struct span in, const char *text)
{
    return in.len == strlen(text) && memcmp(in.ptr, text, in.len) == 0;
}

/* A misspelt option, and no piece of a password behind a stray '?'. */
static bool is_plain_word(struct span in)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.ptr[i] != '-' && (in.ptr[i] < 'a' || in.ptr[i] > 'z'))
            return false;
    return in.len > 3;
}

/* Of a key whose value is more than a text; NULL: it is none. */
static parse_value_fn *value_parser(const struct mr_endpoint *ep, struct span key)
{
    static const struct {
        const char *name;
        parse_value_fn *parse;
    } parsers[] = {{"ssl-mode", parse_ssl_mode},
                   {"enable-cleartext-plugin", parse_cleartext},
                   {"compress", parse_compress},
                   {"connect-timeout", parse_timeout}};
    for (size_t i = 0; i < sizeof parsers / sizeof *parsers; i++)
        if (ep->kind == MR_ENDPOINT_MYSQL && span_is(key, parsers[i].name))
            return parsers[i].parse;
    return NULL;
}

/* What stands in the wrong place may be a part of a password: only a plain word is shown again. */
static enum mr_code parse_option(struct mr_endpoint *ep, struct span key, struct mr_err *err)
{
    struct span in = {NULL, 0};
    if (!cut(&key, '=', &in) || in.len == 0) {
        mr_err_set(err, MR_E_USAGE, "option without a value in the endpoint");
        mr_err_hint(err, "Options are written ?key=value&key=value.");
        return MR_E_USAGE;
    }
    char **slot = text_option(ep, key);
    if (slot != NULL && *slot != NULL)
        return mr_err_set(err, MR_E_USAGE, "option \"%.*s\" given twice in the endpoint",
                          (int)key.len, key.ptr);
    if (slot != NULL)
        return decode(in, "options", slot, err);
    parse_value_fn *parse = value_parser(ep, key);
    if (parse == NULL) {
        mr_err_set(err, MR_E_USAGE, "unknown option%s%.*s%s in the endpoint",
                   is_plain_word(key) ? " \"" : "", is_plain_word(key) ? (int)key.len : 0, key.ptr,
                   is_plain_word(key) ? "\"" : "");
        mr_err_hint(err, ep->kind == MR_ENDPOINT_MYSQL
                             ? "The options are socket, ssl-mode, ssl-ca, ssl-cert, "
                               "ssl-key, defaults-file, defaults-group, "
                               "password-command, enable-cleartext-plugin, compress and "
                               "connect-timeout; write ? in a password as %%3F."
                             : "The only option of a snapshot is key.");
        return MR_E_USAGE;
    }
    char *text = NULL;
    enum mr_code rc = decode(in, "options", &text, err);
    if (rc == MR_OK)
        rc = parse(ep, text, err);
    free(text);
    return rc;
}

static enum mr_code parse_options(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    while (in.len > 0) {
        struct span rest = {NULL, 0};
        (void)cut(&in, '&', &rest);
        if (in.len > 0) {
            enum mr_code rc = parse_option(ep, in, err);
            if (rc != MR_OK)
                return rc;
        }
        in = rest;
    }
    return MR_OK;
}

/* The last @ ends the account, so that an @ in a password is taken for what it is. A socket or a
 * port without a host is this machine's; without either, the option files may name one. */
static enum mr_code parse_mysql(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    const char *end = find_any(in, "/?");
    struct span authority = {in.ptr, (size_t)(end - in.ptr)};
    struct span path = {end, in.len - authority.len};
    struct span options = {NULL, 0};
    (void)cut(&path, '?', &options);

    const char *at = last_at(authority);
    enum mr_code rc = MR_OK;
    if (at != NULL) {
        size_t len = (size_t)(at - authority.ptr);
        rc = parse_userinfo(ep, (struct span){authority.ptr, len}, err);
        authority = (struct span){at + 1, authority.len - len - 1};
    }
    if (rc == MR_OK)
        rc = parse_host(ep, authority, err);
    if (rc == MR_OK && path.len > 0)
        rc = parse_dbs(ep, (struct span){path.ptr + 1, path.len - 1}, err);
    if (rc == MR_OK)
        rc = parse_options(ep, options, err);
    if (rc == MR_OK && ep->password != NULL && ep->password_command != NULL) {
        rc = mr_err_set(err, MR_E_USAGE, "password and password-command in one endpoint");
        mr_err_hint(err, "Keep the one that holds.");
    }
    if (rc == MR_OK && ep->host[0] == '\0' && (ep->socket != NULL || ep->port != 0)) {
        free(ep->host);
        ep->host = strdup("localhost");
        if (ep->host == NULL)
            rc = mr_err_nomem(err, "reading an endpoint");
    }
    return rc;
}

static enum mr_code parse_snapshot(struct mr_endpoint *ep, struct span in, struct mr_err *err)
{
    struct span options = {NULL, 0};
    (void)cut(&in, '?', &options);
    if (in.len == 0)
        return mr_err_set(err, MR_E_USAGE, "endpoint \"snapshot:\" names no directory");
    enum mr_code rc = decode(in, "directory", &ep->dir, err);
    return rc == MR_OK ? parse_options(ep, options, err) : rc;
}

bool mr_endpoint_is_shards(const char *uri)
{
    return strncasecmp(uri, SHARDS_SCHEME, strlen(SHARDS_SCHEME)) == 0;
}

static enum mr_code keep_shards(struct mr_endpoint *ep, const char *uri, struct mr_err *err)
{
    memset(ep, 0, sizeof *ep);
    ep->kind = MR_ENDPOINT_SHARDS;
    ep->shards = strdup(uri + strlen(SHARDS_SCHEME));
    return ep->shards != NULL ? MR_OK : mr_err_nomem(err, "reading an endpoint");
}

static enum mr_code refuse_shards(struct mr_endpoint *ep, struct mr_err *err)
{
    memset(ep, 0, sizeof *ep);
    (void)mr_err_set(err, MR_E_REFUSED,
                     "an endpoint that begins with shards: stands for many servers as one source");
    mr_err_hint(err, "Only check, affected and report work with the sources of a [map]; for all "
                     "else name one of its servers, mysql://….");
    return MR_E_REFUSED;
}

enum mr_code mr_endpoint_parse_any(struct mr_endpoint *ep, const char *uri, struct mr_err *err)
{
    return mr_endpoint_is_shards(uri) ? keep_shards(ep, uri, err) : mr_endpoint_parse(ep, uri, err);
}

enum mr_code mr_endpoint_parse(struct mr_endpoint *ep, const char *uri, struct mr_err *err)
{
    if (mr_endpoint_is_shards(uri))
        return refuse_shards(ep, err);
    memset(ep, 0, sizeof *ep);
    ep->connect_timeout_s = CONNECT_TIMEOUT_S;
    enum mr_code rc;
    if (strncasecmp(uri, MYSQL_SCHEME, strlen(MYSQL_SCHEME)) == 0) {
        const char *rest = uri + strlen(MYSQL_SCHEME);
        ep->kind = MR_ENDPOINT_MYSQL;
        rc = parse_mysql(ep, (struct span){rest, strlen(rest)}, err);
    } else if (strncasecmp(uri, SNAPSHOT_SCHEME, strlen(SNAPSHOT_SCHEME)) == 0) {
        const char *rest = uri + strlen(SNAPSHOT_SCHEME);
        ep->kind = MR_ENDPOINT_SNAPSHOT;
        rc = parse_snapshot(ep, (struct span){rest, strlen(rest)}, err);
    } else {
        const char *end = strstr(uri, "://");
        int shown = end != NULL && end - uri < 20 ? (int)(end - uri) : 0;
        if (shown > 0)
            rc = mr_err_set(err, MR_E_USAGE,
                            "endpoint starts with \"%.*s://\", not with mysql:// or "
                            "snapshot:",
                            shown, uri);
        else
            rc = mr_err_set(err, MR_E_USAGE,
                            "endpoint starts neither with mysql:// nor with snapshot:");
    }
    if (rc == MR_E_USAGE && err != NULL && err->hint[0] == '\0')
        mr_err_hint(err, ep->kind == MR_ENDPOINT_SNAPSHOT
                             ? "Write snapshot:DIR, with the directory of a snapshot."
                             : "Write mysql://user@host:3306/database.");
    if (rc != MR_OK)
        mr_endpoint_release(ep);
    return rc;
}

void mr_endpoint_release(struct mr_endpoint *ep)
{
    if (ep->password != NULL)
        explicit_bzero(ep->password, strlen(ep->password));
    if (ep->password_command != NULL) /* a password may stand in it */
        explicit_bzero(ep->password_command, strlen(ep->password_command));
    free(ep->user);
    free(ep->password);
    free(ep->password_command);
    free(ep->host);
    for (size_t i = 0; i < ep->ndbs; i++)
        free(ep->dbs[i]);
    free(ep->dbs);
    free(ep->socket);
    free(ep->ssl_ca);
    free(ep->ssl_cert);
    free(ep->ssl_key);
    free(ep->defaults_file);
    free(ep->defaults_group);
    free(ep->dir);
    free(ep->key);
    free(ep->shards);
    memset(ep, 0, sizeof *ep);
}

/* NULL stays NULL; *failed is set when memory is out. */
static char *copy_text(const char *text, bool *failed)
{
    if (text == NULL)
        return NULL;
    char *copy = strdup(text);
    if (copy == NULL)
        *failed = true;
    return copy;
}

/* Texts are copied one by one into memory of its own, since release overwrites the password: a
 * shared one would vanish for both. */
enum mr_code mr_endpoint_copy(struct mr_endpoint *to, const struct mr_endpoint *from,
                              struct mr_err *err)
{
    bool failed = false;
    *to = (struct mr_endpoint){
        .kind = from->kind,
        .user = copy_text(from->user, &failed),
        .password = copy_text(from->password, &failed),
        .password_command = copy_text(from->password_command, &failed),
        .host = copy_text(from->host, &failed),
        .port = from->port,
        .socket = copy_text(from->socket, &failed),
        .ssl_ca = copy_text(from->ssl_ca, &failed),
        .ssl_cert = copy_text(from->ssl_cert, &failed),
        .ssl_key = copy_text(from->ssl_key, &failed),
        .defaults_file = copy_text(from->defaults_file, &failed),
        .defaults_group = copy_text(from->defaults_group, &failed),
        .ssl_mode = from->ssl_mode,
        .enable_cleartext = from->enable_cleartext,
        .compress = from->compress,
        .connect_timeout_s = from->connect_timeout_s,
        .dir = copy_text(from->dir, &failed),
        .key = copy_text(from->key, &failed),
        .shards = copy_text(from->shards, &failed),
    };
    if (from->ndbs > 0) {
        to->dbs = calloc(from->ndbs, sizeof *to->dbs);
        failed = failed || to->dbs == NULL;
    }
    for (size_t i = 0; i < from->ndbs && to->dbs != NULL; i++)
        to->dbs[to->ndbs++] = copy_text(from->dbs[i], &failed);
    if (!failed)
        return MR_OK;
    mr_endpoint_release(to);
    return mr_err_nomem(err, "copying an endpoint");
}

/* The text of MYRECON_[<role>_]<what>, or NULL. */
static const char *env_text(const char *role, const char *what)
{
    char name[64];
    (void)snprintf(name, sizeof name, "MYRECON_%s%s%s", role != NULL ? role : "",
                   role != NULL ? "_" : "", what);
    return getenv(name);
}

enum mr_code mr_endpoint_from_env(struct mr_endpoint *ep, const char *role, struct mr_err *err)
{
    if (ep->kind != MR_ENDPOINT_MYSQL)
        return MR_OK;
    const struct {
        const char *what;
        char **slot;
    } parts[] = {{"USER", &ep->user}, {"PASSWORD", &ep->password}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const bool is_password = parts[i].slot == &ep->password;
        if (*parts[i].slot != NULL || (is_password && ep->password_command != NULL))
            continue;
        const char *text = role != NULL ? env_text(role, parts[i].what) : NULL;
        if (text == NULL)
            text = env_text(NULL, parts[i].what);
        if (text == NULL)
            continue;
        *parts[i].slot = strdup(text);
        if (*parts[i].slot == NULL)
            return mr_err_nomem(err, "reading the environment");
    }
    return MR_OK;
}

/* Percent-encodes what would not parse back, and what does not belong on a terminal. */
static void encode(struct mr_strbuf *out, const char *text, const char *plain)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_word =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c >= 0x80;
        if (is_word || strchr("-._~$", c) != NULL || strchr(plain, c) != NULL)
            mr_strbuf_add_char(out, *text);
        else
            mr_strbuf_add_fmt(out, "%%%02X", c);
    }
}

static void add_snapshot(const struct mr_endpoint *ep, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, SNAPSHOT_SCHEME);
    encode(out, ep->dir, "/:,@+=");
}

static void add_host(const struct mr_endpoint *ep, struct mr_strbuf *out)
{
    bool is_v6 = strchr(ep->host, ':') != NULL;
    mr_strbuf_add_str(out, is_v6 ? "[" : "");
    encode(out, ep->host, is_v6 ? ":" : "");
    mr_strbuf_add_str(out, is_v6 ? "]" : "");
    if (ep->port != 0)
        mr_strbuf_add_fmt(out, ":%u", ep->port);
}

/* Appends "?key=value" or "&key=value"; nothing where value is NULL. */
static void add_option(struct mr_strbuf *out, bool *any, const char *key, const char *value)
{
    if (value == NULL)
        return;
    mr_strbuf_add_fmt(out, "%c%s=", *any ? '&' : '?', key);
    encode(out, value, "/:,@+");
    *any = true;
}

void mr_endpoint_display(const struct mr_endpoint *ep, struct mr_strbuf *out)
{
    bool any = false;
    if (ep->kind == MR_ENDPOINT_SNAPSHOT) {
        add_snapshot(ep, out);
        return;
    }
    if (ep->kind == MR_ENDPOINT_SHARDS) { /* which has no password */
        mr_strbuf_add_fmt(out, "%s%s", SHARDS_SCHEME, ep->shards);
        return;
    }
    mr_strbuf_add_str(out, MYSQL_SCHEME);
    if (ep->user != NULL) {
        encode(out, ep->user, "");
        mr_strbuf_add_char(out, '@');
    }
    add_host(ep, out);
    for (size_t i = 0; i < ep->ndbs; i++) {
        mr_strbuf_add_char(out, i == 0 ? '/' : ',');
        encode(out, ep->dbs[i], "");
    }
    add_option(out, &any, "socket", ep->socket);
}

static const char *ssl_mode_name(enum mr_ssl_mode mode)
{
    for (size_t i = 0; i < sizeof ssl_modes / sizeof *ssl_modes; i++)
        if (ssl_modes[i].mode == mode && mode != MR_SSL_PREFERRED)
            return ssl_modes[i].name;
    return NULL;
}

void mr_endpoint_uri(const struct mr_endpoint *ep, struct mr_strbuf *out)
{
    char seconds[16];
    bool any = ep->socket != NULL;
    mr_endpoint_display(ep, out);
    if (ep->kind == MR_ENDPOINT_SHARDS)
        return;
    (void)snprintf(seconds, sizeof seconds, "%u", ep->connect_timeout_s);
    add_option(out, &any, "ssl-mode", ssl_mode_name(ep->ssl_mode));
    add_option(out, &any, "ssl-ca", ep->ssl_ca);
    add_option(out, &any, "ssl-cert", ep->ssl_cert);
    add_option(out, &any, "ssl-key", ep->ssl_key);
    add_option(out, &any, "enable-cleartext-plugin", ep->enable_cleartext ? "1" : NULL);
    if (ep->compress != MR_COMPRESS_UNSAID)
        add_option(out, &any, "compress", ep->compress == MR_COMPRESS_ON ? "1" : "0");
    add_option(out, &any, "defaults-file", ep->defaults_file);
    add_option(out, &any, "defaults-group", ep->defaults_group);
    add_option(out, &any, "connect-timeout",
               ep->connect_timeout_s != CONNECT_TIMEOUT_S ? seconds : NULL);
}

const char *mr_endpoint_text(const struct mr_endpoint *ep, bool with_options,
                             struct mr_arena *arena)
{
    struct mr_strbuf sb = MR_STRBUF_INIT;
    if (with_options)
        mr_endpoint_uri(ep, &sb);
    else
        mr_endpoint_display(ep, &sb);
    const char *text = sb.failed ? NULL : mr_arena_strdup(arena, sb.ptr);
    mr_strbuf_release(&sb);
    return text;
}

void mr_endpoint_place(const struct mr_endpoint *ep, struct mr_strbuf *out)
{
    if (ep->kind == MR_ENDPOINT_SNAPSHOT) {
        add_snapshot(ep, out);
        return;
    }
    if (ep->kind == MR_ENDPOINT_SHARDS) {
        mr_endpoint_display(ep, out);
        return;
    }
    add_host(ep, out);
    if (ep->socket != NULL)
        mr_strbuf_add_fmt(out, " socket %s", ep->socket);
}

/* For a line that somebody else is to run, by an account of his own. What belonged to this one is
 * named, so that he knows what to give instead. */
void mr_endpoint_drop_account(struct mr_endpoint *ep, struct mr_strbuf *named)
{
    const struct {
        const char *name;
        char **slot;
    } options[] = {{"password-command", &ep->password_command},
                   {"ssl-cert", &ep->ssl_cert},
                   {"ssl-key", &ep->ssl_key},
                   {"defaults-file", &ep->defaults_file},
                   {"defaults-group", &ep->defaults_group}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (*options[i].slot != NULL && named != NULL)
            mr_strbuf_add_fmt(named, "%s%s", named->len > 0 ? ", " : "", options[i].name);
        free(*options[i].slot);
        *options[i].slot = NULL;
    }
    if (ep->password != NULL)
        explicit_bzero(ep->password, strlen(ep->password));
    free(ep->password);
    free(ep->user);
    ep->user = ep->password = NULL;
}

void mr_endpoint_wipe_arg(char *arg)
{
    if (mr_endpoint_is_shards(arg)) /* where none belongs, and one may stand by a slip */
        arg += strlen(SHARDS_SCHEME);
    if (strncasecmp(arg, MYSQL_SCHEME, strlen(MYSQL_SCHEME)) != 0)
        return;
    char *start = arg + strlen(MYSQL_SCHEME);
    struct span rest = {start, strlen(start)};
    struct span authority = {start, (size_t)(find_any(rest, "/?") - start)};
    const char *at = last_at(authority);
    /* A password with a raw / or ? ends the authority before its '@'. */
    if (at == NULL)
        at = last_at(rest);
    char *colon = strchr(start, ':');
    if (at == NULL || colon == NULL || colon > at)
        return;
    for (char *p = colon + 1; p < at; p++)
        *p = 'x';
}
