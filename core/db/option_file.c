/* option_file.c: see option_file.h. */
#include "core/db/option_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define INCLUDE_DEPTH_MAX 10

enum option {
    OPT_USER,
    OPT_PASSWORD,
    OPT_PASSWORD_COMMAND,
    OPT_HOST,
    OPT_PORT,
    OPT_SOCKET,
    OPT_SSL_CA,
    OPT_SSL_CERT,
    OPT_SSL_KEY,
    OPT_SSL_MODE,
    OPT_SSL,
    OPT_SSL_VERIFY,
    OPT_CLEARTEXT,
    OPT_COMPRESS,
    OPT_COUNT
};

static const char *const option_names[OPT_COUNT] = {
    [OPT_USER] = "user",
    [OPT_PASSWORD] = "password",
    [OPT_PASSWORD_COMMAND] = "password-command",
    [OPT_HOST] = "host",
    [OPT_PORT] = "port",
    [OPT_SOCKET] = "socket",
    [OPT_SSL_CA] = "ssl-ca",
    [OPT_SSL_CERT] = "ssl-cert",
    [OPT_SSL_KEY] = "ssl-key",
    [OPT_SSL_MODE] = "ssl-mode",
    [OPT_SSL] = "ssl",
    [OPT_SSL_VERIFY] = "ssl-verify-server-cert",
    [OPT_CLEARTEXT] = "enable-cleartext-plugin",
    [OPT_COMPRESS] = "compress",
};

struct reader {
    const char *group; /* "myrecon" or the endpoint's */
    char *values[OPT_COUNT];
    unsigned depth; /* of includes */
};

struct place {
    const char *path;
    unsigned line;
    /* named by the user, or from within such a file: then a failure is an error, since what is
     * passed over may have asked for TLS */
    bool required;
    bool is_ours; /* nobody but its owner may write it, who is this user or root */
};

static void forget(struct reader *reader, enum option option)
{
    char **value = &reader->values[option];
    if (*value != NULL && (option == OPT_PASSWORD || option == OPT_PASSWORD_COMMAND))
        explicit_bzero(*value, strlen(*value));
    free(*value);
    *value = NULL;
}

static void reader_release(struct reader *reader)
{
    for (size_t i = 0; i < OPT_COUNT; i++)
        forget(reader, (enum option)i);
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

/* Takes off a comment behind the value (a # outside quotes after a space, as the
 * servers see it), quotes, and escapes; in place. */
static void unquote(char *text)
{
    char quote = '\0';
    for (char *p = text; *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        else if (quote != '\0')
            quote = *p == quote ? '\0' : quote;
        else if (*p == '\'' || *p == '"')
            quote = *p;
        else if (*p == '#' && p > text && (p[-1] == ' ' || p[-1] == '\t')) {
            *p = '\0';
            break;
        }
    }
    (void)trim(text);
    size_t len = strlen(text);
    char *from = text;
    if (len >= 2 && (*text == '\'' || *text == '"') && text[len - 1] == *text) {
        text[len - 1] = '\0';
        from++;
    }
    static const char escapes[] = "b\bt\tn\nr\rs \\\\\"\"''";
    char *to = text;
    for (; *from != '\0'; from++) {
        const char *known = NULL;
        for (const char *e = escapes; *from == '\\' && *e != '\0'; e += 2)
            if (from[1] == *e)
                known = e + 1;
        if (known != NULL)
            from++;
        *to++ = known != NULL ? *known : *from;
    }
    *to = '\0';
}

/* Is `name` (of a file) the option?  - and _ are the same to the servers. */
static bool is_option(const char *name, const char *option)
{
    if (strncmp(name, "loose-", 6) == 0 || strncmp(name, "loose_", 6) == 0)
        name += 6;
    for (; *name != '\0' && *option != '\0'; name++, option++)
        if (*name != *option && !(*name == '_' && *option == '-'))
            return false;
    return *name == *option;
}

/* Who may write the file would run what he likes. */
static enum mr_code refuse_command(struct place place, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_CONFIG,
                     "option file \"%s\", line %u: password-command in a file that others own or "
                     "may write",
                     place.path, place.line);
    mr_err_hint(err, "Let it belong to this account (or root), and take the others' right away: "
                     "chmod go-w.");
    return MR_E_CONFIG;
}

/* Of password and password-command the later holds, as of two passwords. */
static enum mr_code keep_value(struct reader *reader, enum option option, const char *value,
                               struct mr_err *err)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return mr_err_nomem(err, "reading an option file");
    forget(reader, option);
    if (option == OPT_PASSWORD)
        forget(reader, OPT_PASSWORD_COMMAND);
    if (option == OPT_PASSWORD_COMMAND)
        forget(reader, OPT_PASSWORD);
    reader->values[option] = copy;
    return MR_OK;
}

static enum mr_code take_option(struct reader *reader, struct place place, char *line,
                                struct mr_err *err)
{
    char *value = strchr(line, '=');
    char nothing[1] = "";
    if (value != NULL)
        *value++ = '\0';
    else
        value = nothing;
    char *name = trim(line);
    if (strcmp(name, "skip-ssl") == 0 || strcmp(name, "skip_ssl") == 0)
        return MR_OK; /* would lower the mode */
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (!is_option(name, option_names[i]))
            continue;
        if (i == OPT_PASSWORD_COMMAND && !place.is_ours)
            return refuse_command(place, err);
        value = trim(value);
        unquote(value);
        return keep_value(reader, (enum option)i, value, err);
    }
    return MR_OK;
}

static bool is_our_group(const struct reader *reader, const char *group)
{
    return strcmp(group, "client") == 0 || strcmp(group, "client-server") == 0 ||
           strcmp(group, "client-mariadb") == 0 || strcmp(group, reader->group) == 0;
}

static enum mr_code read_file(struct reader *reader, const char *path, bool required,
                              struct mr_err *err);

static int is_config_name(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".cnf") == 0;
}

/* In the order of the names, as the servers do it: a later file wins. */
static enum mr_code read_dir(struct reader *reader, const char *path, bool required,
                             struct mr_err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_config_name, alphasort);
    enum mr_code rc = MR_OK;
    if (count < 0 && required && errno != ENOENT)
        rc =
            mr_err_set_sys(err, MR_E_CONFIG, errno, "could not read option directory \"%s\"", path);
    for (int i = 0; i < count; i++) {
        char *file = NULL;
        if (rc == MR_OK && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
            file = NULL;
            rc = mr_err_nomem(err, "reading an option file");
        }
        if (rc == MR_OK)
            rc = read_file(reader, file, required, err);
        free(file);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* The argument of "!include" or "!includedir", or NULL. */
static char *directive(char *line, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(line, word, len) != 0 || (line[len] != ' ' && line[len] != '\t'))
        return NULL;
    return trim(line + len);
}

/* In the usual files, which are the system's, what cannot be read is passed over, as clients do; in
 * one that was named it is an error. */
static enum mr_code take_line(struct reader *reader, struct place place, char *line, bool *ours,
                              struct mr_err *err)
{
    line = trim(line);
    if (*line == '\0' || *line == '#' || *line == ';')
        return MR_OK;
    if (*line == '!') {
        char *path = directive(line, "!includedir");
        if (path != NULL)
            return read_dir(reader, path, place.required, err);
        path = directive(line, "!include");
        return path != NULL ? read_file(reader, path, place.required, err) : MR_OK;
    }
    if (*line == '[') {
        char *close = strchr(line, ']');
        if (close == NULL)
            return place.required ? mr_err_set(err, MR_E_CONFIG,
                                               "option file \"%s\", line %u: group without ]",
                                               place.path, place.line)
                                  : MR_OK;
        *close = '\0';
        *ours = is_our_group(reader, trim(line + 1));
        return MR_OK;
    }
    return *ours ? take_option(reader, place, line, err) : MR_OK;
}

/* An included file that is not there is left out, as the servers' clients do. */
static enum mr_code open_file(struct place *place, bool included, FILE **out, struct mr_err *err)
{
    const char *path = place->path;
    const bool required = place->required;
    *out = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe does not hold us */
    FILE *file = fd >= 0 && fstat(fd, &st) == 0 ? fdopen(fd, "r") : NULL;
    int reason = errno;
    if (file == NULL && fd >= 0)
        (void)close(fd);
    if (file == NULL && included && reason == ENOENT)
        return MR_OK;
    if (file == NULL)
        return required ? mr_err_set_sys(err, MR_E_CONFIG, reason,
                                         "could not read option file \"%s\"", path)
                        : MR_OK;
    if (!S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH) != 0) {
        (void)fclose(file);
        return required ? mr_err_set(err, MR_E_CONFIG, "option file \"%s\" %s", path,
                                     S_ISREG(st.st_mode) ? "is writable by everybody"
                                                         : "is not a regular file")
                        : MR_OK;
    }
    place->is_ours =
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && (st.st_uid == 0 || st.st_uid == geteuid());
    *out = file;
    return MR_OK;
}

/* The depth is bounded, since a file may include itself. The line is overwritten: it may have held
 * the password. */
static enum mr_code read_file(struct reader *reader, const char *path, bool required,
                              struct mr_err *err)
{
    if (reader->depth >= INCLUDE_DEPTH_MAX)
        return mr_err_set(err, MR_E_CONFIG, "option file \"%s\" is included more than %d deep",
                          path, INCLUDE_DEPTH_MAX);
    FILE *file = NULL;
    struct place place = {.path = path, .required = required};
    enum mr_code rc = open_file(&place, reader->depth > 0, &file, err);
    if (rc != MR_OK || file == NULL)
        return rc;
    reader->depth++;
    bool ours = false;
    char *line = NULL;
    size_t cap = 0;
    while (rc == MR_OK && getline(&line, &cap, file) >= 0) {
        place.line++;
        rc = take_line(reader, place, line, &ours, err);
    }
    if (rc == MR_OK && ferror(file) && required)
        rc = mr_err_set_sys(err, MR_E_CONFIG, errno, "could not read option file \"%s\"", path);
    if (line != NULL)
        explicit_bzero(line, cap);
    free(line);
    (void)fclose(file);
    reader->depth--;
    return rc;
}

static enum mr_code read_standard_files(struct reader *reader, struct mr_err *err)
{
    static const char *const paths[] = {"/etc/my.cnf", "/etc/mysql/my.cnf"};
    enum mr_code rc = MR_OK;
    for (size_t i = 0; rc == MR_OK && i < sizeof paths / sizeof *paths; i++)
        rc = read_file(reader, paths[i], false, err);
    const char *home = getenv("HOME");
    char *path = NULL;
    if (rc != MR_OK || home == NULL)
        return rc;
    if (asprintf(&path, "%s/.my.cnf", home) < 0)
        return mr_err_nomem(err, "reading an option file");
    rc = read_file(reader, path, false, err);
    free(path);
    return rc;
}

/* Moves an option into an empty place of the endpoint. */
static void fill(struct reader *reader, enum option option, char **slot)
{
    if (*slot == NULL && reader->values[option] != NULL && reader->values[option][0] != '\0') {
        *slot = reader->values[option];
        reader->values[option] = NULL;
    }
}

static bool is_on(const char *value)
{
    return value != NULL && strcmp(value, "0") != 0 && strcasecmp(value, "off") != 0 &&
           strcasecmp(value, "false") != 0;
}

/* As the servers' clients write the modes (VERIFY_CA), or as our endpoints do.  A word that is
 * neither was to be some mode: it is not passed over for a weaker one. */
static enum mr_code parse_ssl_mode(const char *text, enum mr_ssl_mode *mode, struct mr_err *err)
{
    static const char *const clients[] = {"verify_ca", "verify_identity"};
    static const char *const ours[] = {"verify-ca", "verify-identity"};
    const char *name = text;
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        if (strcasecmp(text, clients[i]) == 0)
            name = ours[i];
    if (!mr_ssl_mode_of(name, mode)) {
        (void)mr_err_set(err, MR_E_CONFIG, "option file gives ssl-mode \"%s\"", text);
        mr_err_hint(err, "The modes are DISABLED, PREFERRED, REQUIRED, VERIFY_CA and "
                         "VERIFY_IDENTITY.");
        return MR_E_CONFIG;
    }
    if (*mode == MR_SSL_DISABLED) /* does not lower it */
        *mode = MR_SSL_PREFERRED;
    return MR_OK;
}

static enum mr_code raise_ssl_mode(const struct reader *reader, struct mr_endpoint *ep,
                                   struct mr_err *err)
{
    if (ep->ssl_mode != MR_SSL_PREFERRED)
        return MR_OK;
    const char *text = reader->values[OPT_SSL_MODE];
    enum mr_code rc = text != NULL ? parse_ssl_mode(text, &ep->ssl_mode, err) : MR_OK;
    if (rc != MR_OK)
        return rc;
    if (is_on(reader->values[OPT_SSL_VERIFY]))
        ep->ssl_mode = MR_SSL_VERIFY_IDENTITY;
    else if (is_on(reader->values[OPT_SSL]) && ep->ssl_mode == MR_SSL_PREFERRED)
        ep->ssl_mode = MR_SSL_REQUIRED;
    return MR_OK;
}

static enum mr_code apply_address(struct reader *reader, struct mr_endpoint *ep, struct mr_err *err)
{
    bool unnamed = ep->host[0] == '\0';
    const char *port = reader->values[OPT_PORT];
    if (unnamed && reader->values[OPT_HOST] != NULL) {
        free(ep->host);
        ep->host = reader->values[OPT_HOST];
        reader->values[OPT_HOST] = NULL;
    }
    if (unnamed && port != NULL) {
        char *end = NULL;
        unsigned long number = strtoul(port, &end, 10);
        if (*port < '0' || *port > '9' || *end != '\0' || number == 0 || number > 65535)
            return mr_err_set(err, MR_E_CONFIG, "option file gives port \"%s\"", port);
        ep->port = (unsigned)number;
    }
    bool is_local = ep->host[0] == '\0' || strcmp(ep->host, "localhost") == 0;
    if (is_local && (unnamed || ep->port == 0))
        fill(reader, OPT_SOCKET, &ep->socket);
    return MR_OK;
}

enum mr_code mr_option_file_apply(struct mr_endpoint *ep, struct mr_err *err)
{
    struct reader reader = {
        .group = ep->defaults_group != NULL ? ep->defaults_group : "myrecon",
    };
    enum mr_code rc = ep->defaults_file != NULL ? read_file(&reader, ep->defaults_file, true, err)
                                                : read_standard_files(&reader, err);
    if (rc == MR_OK)
        rc = apply_address(&reader, ep, err);
    if (rc == MR_OK) {
        fill(&reader, OPT_USER, &ep->user);
        if (ep->password_command == NULL)
            fill(&reader, OPT_PASSWORD, &ep->password);
        if (ep->password == NULL)
            fill(&reader, OPT_PASSWORD_COMMAND, &ep->password_command);
        fill(&reader, OPT_SSL_CA, &ep->ssl_ca);
        fill(&reader, OPT_SSL_CERT, &ep->ssl_cert);
        fill(&reader, OPT_SSL_KEY, &ep->ssl_key);
        ep->enable_cleartext = ep->enable_cleartext || is_on(reader.values[OPT_CLEARTEXT]);
        if (ep->compress == MR_COMPRESS_UNSAID && reader.values[OPT_COMPRESS] != NULL)
            ep->compress = is_on(reader.values[OPT_COMPRESS]) ? MR_COMPRESS_ON : MR_COMPRESS_OFF;
        rc = raise_ssl_mode(&reader, ep, err);
    }
    reader_release(&reader);
    return rc;
}
