/* secret.c: see secret.h. */
#include "core/base/secret.h"

#include <string.h>
#include <strings.h>

#define PORT_DIGITS_MAX 5

static bool overwrite(char *from, const char *end)
{
    bool any = false;
    for (; from < end; from++) {
        any = any || *from != 'x';
        *from = 'x';
    }
    return any;
}

/* Behind "mysql://", also "mysql:/" and "mysql:"; no further than an account. */
static char *behind_scheme(char *arg)
{
    static const char *const known[] = {"mysql:", "mariadb:"};
    char *colon = strstr(arg, "://");
    for (size_t i = 0; colon == NULL && i < sizeof known / sizeof *known; i++)
        if (strncasecmp(arg, known[i], strlen(known[i])) == 0)
            colon = arg + strlen(known[i]) - 1;
    if (colon == NULL)
        return arg;
    colon++;
    return colon + strspn(colon, "/");
}

/* A host's port, and what stands for one: "h:PW/" */
static bool mask_port(char *from)
{
    char *colon = *from == '[' ? strchr(from, ']') : from;
    colon = colon != NULL ? strchr(colon, ':') : NULL;
    const char *end = from + strcspn(from, "/?");
    if (colon == NULL || colon >= end)
        return false;
    colon++;
    const size_t digits = strspn(colon, "0123456789");
    return (colon + digits < end || digits > PORT_DIGITS_MAX) && overwrite(colon, end);
}

/* "password=x", "pw=x" */
static bool is_password(const char *key, size_t len)
{
    static const char *const words[] = {"pass", "pw", "secret"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        for (size_t i = 0, n = strlen(words[w]); i + n <= len; i++)
            if (strncasecmp(key + i, words[w], n) == 0)
                return true;
    return false;
}

static bool mask_options(char *arg)
{
    bool any = false;
    for (char *at = strchr(arg, '?'); at != NULL; at = strchr(at, '&')) {
        size_t key = strcspn(++at, "=&");
        char *value = at + key + 1;
        if (at[key] == '=' && is_password(at, key))
            any = overwrite(value, value + strcspn(value, "&")) || any;
    }
    return any;
}

/* "user=u;password=x", and "h=host,u=user,p=x" as Percona's tools have it; all that follows goes,
 * too, since a password may hold what divides. */
static bool mask_pairs(char *arg)
{
    static const char *const words[] = {"password", "passwd", "pass", "pwd", "pw", "p"};
    const bool is_dsn = strpbrk(arg, ",;") != NULL; /* p alone is too short to mean one */
    for (char *at = arg + strspn(arg, "-"); *at != '\0'; at += *at != '\0') {
        const size_t key = strcspn(at, "=,;");
        for (size_t w = 0; at[key] == '=' && w < sizeof words / sizeof *words; w++)
            if (strlen(words[w]) == key && strncasecmp(at, words[w], key) == 0 &&
                (key > 1 || is_dsn))
                return overwrite(at + key + 1, at + strlen(at));
        at += strcspn(at, ",;");
    }
    return false;
}

static bool mask_endpoint(char *arg)
{
    char *from = behind_scheme(arg), *at = strrchr(from, '@');
    bool any = false;
    if (at != NULL) { /* behind a scheme, / stands for a : that was mistyped */
        char *mark = from + strcspn(from, from != arg ? ":/" : ":");
        any = mark < at && overwrite(mark + 1, at);
    }
    if (from != arg || at != NULL)
        any = mask_port(at != NULL ? at + 1 : from) || any;
    return mask_options(arg) || any;
}

void mr_secret_wipe(char *arg)
{
    (void)overwrite(arg, arg + strlen(arg));
}

const char *mr_secret_value(const char *arg)
{
    const char *value = arg[0] == '-' ? strchr(arg, '=') : NULL;
    return value != NULL ? value + 1 : arg;
}

bool mr_secret_mask(char *arg)
{
    char *value = arg + (mr_secret_value(arg) - arg);
    if (value > arg &&
        is_password(arg, (size_t)(value - arg) - 1)) /* an option of another program */
        return overwrite(value, value + strlen(value));
    arg = value;
    if (strstr(arg, "://") != NULL)
        return mask_endpoint(arg);
    if (arg[0] == '-' && arg[1] == 'p' && arg[2] != '\0') /* as the servers' own clients have it */
        return overwrite(arg + 2, arg + strlen(arg));
    if (strpbrk(arg, " \t\n") != NULL || (arg[0] == '/' && arg[1] != '/') || arg[0] == '.')
        return false;
    if (strncasecmp(arg, "snapshot:", 9) == 0)
        return mask_options(arg);
    return mask_pairs(arg) || mask_endpoint(arg);
}

bool mr_secret_mask_word(char *arg)
{
    char *at = strrchr(arg, '@');
    if (at == NULL)
        return mr_secret_mask(arg);
    char *mark = arg + strcspn(arg, ":/");
    return overwrite(mark < at ? mark + 1 : arg, at) | mr_secret_mask(arg);
}
