/* err.c: see err.h. */
#include "core/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int exit_code;
    const char *name;
    const char *hint;
} codes[MR_CODE_COUNT] = {
#define MR_CODE(symbol, exit_code, name, hint) [symbol] = {exit_code, name, hint},
#include "core/base/codes.def"
#undef MR_CODE
};

static void reset(struct mr_err *err, enum mr_code code)
{
    memset(err, 0, sizeof *err);
    err->code = code;
}

enum mr_code mr_err_set(struct mr_err *err, enum mr_code code, const char *fmt, ...)
{
    if (err == NULL)
        return code;
    reset(err, code);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    return code;
}

enum mr_code mr_err_set_sys(struct mr_err *err, enum mr_code code, int errno_value, const char *fmt,
                            ...)
{
    if (err == NULL)
        return code;
    reset(err, code);
    err->sys_errno = errno_value;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    char reason[128];
    const char *text = strerror_r(errno_value, reason, sizeof reason);
    size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, ": %s", text);
    return code;
}

void mr_err_fill_nomem(struct mr_err *err, const char *what)
{
    (void)mr_err_set(err, MR_E_NOMEM, "out of memory while %s", what);
}

void mr_err_context(struct mr_err *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    char before[sizeof err->message];
    memcpy(before, err->message, sizeof before);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, ": %s", before);
}

void mr_err_detail(struct mr_err *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->detail, sizeof err->detail, fmt, args);
    va_end(args);
}

void mr_err_hint(struct mr_err *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->hint, sizeof err->hint, fmt, args);
    va_end(args);
}

/* Where nothing is there no disk is full. */
const char *mr_err_get_hint(const struct mr_err *err)
{
    const bool is_absent = err->sys_errno == ENOENT || err->sys_errno == ENOTDIR;
    if (err->hint[0] == '\0' && err->code == MR_E_IO && is_absent)
        return "See that the path is right and usable by this account.";
    return err->hint[0] != '\0' ? err->hint : codes[err->code].hint;
}

const char *mr_code_name(enum mr_code code)
{
    return codes[code].name;
}

int mr_code_exit(enum mr_code code)
{
    return codes[code].exit_code;
}
