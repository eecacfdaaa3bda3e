/* config_load.c: where configuration files lie; see config.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/cli/config.h"
#include "core/file/io.h"

#define MAX_BYTES ((size_t)16 << 20)
#define FILE_NAME "myrecon.ini"

/* What a file that nobody named says is obeyed by whoever finds it there: it has to be his. */
static enum mr_code read_text(const char *path, enum mr_config_place place, struct mr_strbuf *text,
                              struct mr_err *err)
{
    enum mr_code code = place == MR_CONFIG_NAMED ? mr_io_read_file(path, MAX_BYTES, text, err)
                                                 : mr_io_read_own(path, MAX_BYTES, text, err);
    if (code == MR_OK)
        return code;
    mr_err_context(err, "could not load the configuration");
    if (err->hint[0] == '\0' && place == MR_CONFIG_SYSTEM)
        mr_err_hint(err, "It is read whatever other file is named; make it readable, or set "
                         "MYRECON_SYSTEM_CONFIG to another file.");
    else if (err->hint[0] == '\0')
        mr_err_hint(err, "Name a readable file with --config or in MYRECON_CONFIG.");
    return code;
}

static enum mr_code load_file(struct mr_config *config, const char *path,
                              enum mr_config_place place, struct mr_config_rooms rooms,
                              struct mr_err *err)
{
    const struct mr_config_file file = {.path = path, .place = place};
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = read_text(path, place, &text, err);
    if (code == MR_OK)
        code = mr_config_add(config, text.ptr, text.len, &file, rooms, err);
    mr_strbuf_release(&text);
    return code;
}

/* A link that leads nowhere is there.  Where nobody may look, there is none, and it is said. */
static bool is_absent(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0)
        return false;
    int why = errno; /* what is logged may change it */
    if (why == EACCES)
        mr_log_warning("could not look for the configuration \"%s\": %s; going on without", path,
                       strerror(why));
    return why == ENOENT || why == ENOTDIR || why == EACCES;
}

/* What a variable says of a directory, or NULL.  From a relative one the configuration would depend
 * on where the command was started. */
static const char *directory(const char *variable)
{
    const char *value = getenv(variable);
    if (value == NULL || value[0] == '\0')
        return NULL;
    if (value[0] == '/')
        return value;
    mr_log_warning("%s is \"%s\", no absolute path: no configuration is looked for there", variable,
                   value);
    return NULL;
}

/* Empty: the user has none.  A file in ~/.config counts also for whom XDG_CONFIG_HOME leads to a
 * directory that has none. */
static enum mr_code find_usual(struct mr_strbuf *path, struct mr_err *err)
{
    static const struct {
        const char *variable, *below;
    } places[] = {{"XDG_CONFIG_HOME", "/" FILE_NAME}, {"HOME", "/.config/" FILE_NAME}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *dir = directory(places[i].variable);
        mr_strbuf_reset(path);
        if (dir == NULL)
            continue;
        mr_strbuf_add_fmt(path, "%s%s", dir, places[i].below);
        MR_TRY(mr_strbuf_check(path, "looking for the configuration file", err));
        if (!is_absent(path->ptr))
            return MR_OK;
    }
    mr_strbuf_reset(path);
    return MR_OK;
}

static enum mr_code load_own(struct mr_config *config, const char *named,
                             struct mr_config_rooms rooms, struct mr_err *err)
{
    struct mr_strbuf usual = MR_STRBUF_INIT;
    if (named != NULL)
        return load_file(config, named, MR_CONFIG_NAMED, rooms, err);
    enum mr_code code = find_usual(&usual, err);
    if (code == MR_OK && usual.len > 0)
        code = load_file(config, usual.ptr, MR_CONFIG_USUAL, rooms, err);
    mr_strbuf_release(&usual);
    return code;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat left, right;
    return b != NULL && stat(a, &left) == 0 && stat(b, &right) == 0 &&
           left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* A file that is named besides is not read twice: its references would add up. */
static enum mr_code load_system(struct mr_config *config, struct mr_config_rooms rooms,
                                struct mr_err *err)
{
    const char *other = getenv("MYRECON_SYSTEM_CONFIG");
    const bool is_named = other != NULL && other[0] != '\0';
    const char *path = is_named ? other : "/etc/" FILE_NAME;
    if (strcmp(path, "/dev/null") == 0 || (!is_named && is_absent(path)) ||
        is_same_file(path, config->file))
        return MR_OK;
    return load_file(config, path, MR_CONFIG_SYSTEM, rooms, err);
}

/* The stronger file first: each is put in front of what there is. */
enum mr_code mr_config_load(const char *path, struct mr_config_rooms rooms, struct mr_config **out,
                            struct mr_err *err)
{
    *out = NULL;
    struct mr_config *config = mr_config_new();
    if (config == NULL)
        return mr_err_nomem(err, "reading the configuration file");
    enum mr_code code = load_own(config, path, rooms, err);
    if (code == MR_OK)
        code = load_system(config, rooms, err);
    if (code == MR_OK)
        *out = config;
    else
        mr_config_free(config);
    return code;
}
