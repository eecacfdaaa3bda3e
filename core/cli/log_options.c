/* log_options.c: see log_options.h. */
#include "core/cli/log_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/base/version.h"
#include "core/file/append.h"

/* The field of the command's struct of values; false where the command has no such option. */
static bool get(const struct mr_settings *settings, const char *name, void *value, size_t size)
{
    const struct mr_option *option = mr_settings_find(settings->set, name);
    if (option == NULL)
        return false;
    memcpy(value, (const char *)settings->values + option->offset, size);
    return true;
}

/* A slip would append to a case, or to somebody's data: what begins otherwise than a record of
 * ours, and a torn one begins with nothing but a line's end, is no log. */
static enum mr_code check_log(int fd, const char *path, struct mr_err *err)
{
    char head[5] = "";
    ssize_t got = pread(fd, head, sizeof head - 1, 0);
    if (got <= 0 || strncmp(head, "{\"ti", (size_t)got) == 0 || head[0] == '\n' ||
        strspn(head, "0123456789") == (size_t)got)
        return MR_OK;
    (void)mr_err_set(err, MR_E_IO, "file \"%s\" is there, and is no log of myrecon", path);
    mr_err_hint(err, "Nothing was written to it. Name another --log-file.");
    return MR_E_IO;
}

/* How it was called is what whoever reads the log asks first. */
static void say_begin(char *const *args)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "myrecon %s begins:", MR_VERSION);
    for (; *args != NULL; args++)
        mr_strbuf_add_fmt(&text, " %s", *args);
    if (!text.failed)
        mr_log_file_only(text.ptr);
    mr_strbuf_release(&text);
}

enum mr_code mr_log_options_begin(const struct mr_settings *settings, char *const *args,
                                  struct mr_err *err)
{
    const char *path = NULL;
    unsigned verbose = 0;
    enum mr_log_format format = MR_LOG_TEXT;
    int fd = -1;
    if (!get(settings, "log-file", &path, sizeof path) || path == NULL)
        return MR_OK;
    (void)get(settings, "log-format", &format, sizeof format);
    (void)get(settings, "verbose", &verbose, sizeof verbose);
    enum mr_code code = mr_append_open(path, "log file", &fd, err);
    if (code == MR_OK)
        code = check_log(fd, path, err);
    if (code != MR_OK) {
        if (fd >= 0)
            (void)close(fd);
        mr_settings_context(settings, "log-file", err);
        return code;
    }
    mr_log_set_file(fd, path, format,
                    verbose == 0   ? MR_LOG_INFO
                    : verbose == 1 ? MR_LOG_DETAIL
                                   : MR_LOG_DEBUG);
    say_begin(args);
    return MR_OK;
}

void mr_log_options_end(int exit_code)
{
    char text[64];
    (void)snprintf(text, sizeof text, "myrecon ends with exit code %d", exit_code);
    mr_log_file_only(text);
    mr_log_set_file(-1, "", MR_LOG_TEXT, MR_LOG_ERROR);
}
