/*
 * err: one error, told once, with a reason and a hint.
 *
 * Every fallible function returns enum mr_code and takes a struct mr_err * last.  It
 * fills the error where the failure happens; callers may put context in front of the
 * message on the way up; main.c prints it, once, and exits with mr_code_exit().  Nothing
 * below main.c prints an error or exits.
 *
 * Ownership: the struct is the caller's; it holds fixed arrays, so reporting an error
 * never allocates.  On MR_OK the struct is left untouched.
 *
 * Texts: lower case, no full stop, the object's type and quoted name, always the reason.
 * The hint is a sentence, with a full stop, that says what to do.
 *
 * Differences between two servers are findings, not errors (see casefile.h).
 */
#ifndef MR_ERR_H
#define MR_ERR_H

#include <stddef.h>

enum mr_code {
#define MR_CODE(symbol, exit_code, name, hint) symbol,
#include "core/base/codes.def"
#undef MR_CODE
    MR_CODE_COUNT
};

struct mr_err {
    enum mr_code code;
    int sys_errno;      /* errno of a failed system call, else 0 */
    unsigned sql_errno; /* server's or client library's error number, else 0 */
    char sqlstate[6];   /* "" where there is none */
    char message[1024];
    char detail[1024]; /* second line for people, or "" */
    char hint[1024];   /* overrides the default hint of the code, or "" */
};

#define MR_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))

/* Sets err to a fresh error of that code and returns the code.  err may be NULL. */
enum mr_code mr_err_set(struct mr_err *err, enum mr_code code, const char *fmt, ...)
    MR_PRINTF(3, 4);

/* The same for a failed system call: appends ": <strerror(errno_value)>". */
enum mr_code mr_err_set_sys(struct mr_err *err, enum mr_code code, int errno_value, const char *fmt,
                            ...) MR_PRINTF(4, 5);

/* Out of memory while doing `what`; the code is seen where it is called, so that compilers
 * and analyzers know that what could not be had is not used. */
void mr_err_fill_nomem(struct mr_err *err, const char *what);
static inline enum mr_code mr_err_nomem(struct mr_err *err, const char *what)
{
    mr_err_fill_nomem(err, what);
    return MR_E_NOMEM;
}

/* Puts "<text>: " in front of the message. */
void mr_err_context(struct mr_err *err, const char *fmt, ...) MR_PRINTF(2, 3);
void mr_err_detail(struct mr_err *err, const char *fmt, ...) MR_PRINTF(2, 3);
void mr_err_hint(struct mr_err *err, const char *fmt, ...) MR_PRINTF(2, 3);

/*
 * MR_TRY leaves a function that owns nothing (yet) with the code of what failed;
 * MR_TRY_OUT sets `code` and goes to `out:`, where what the function owns is released.
 * What is declared after the first MR_TRY_OUT is not used below `out:`.
 */
#define MR_TRY(expr)                                                                               \
    do {                                                                                           \
        const enum mr_code try_code_ = (expr);                                                     \
        if (try_code_ != MR_OK)                                                                    \
            return try_code_;                                                                      \
    } while (0)
#define MR_TRY_OUT(expr)                                                                           \
    do {                                                                                           \
        code = (expr);                                                                             \
        if (code != MR_OK)                                                                         \
            goto out;                                                                              \
    } while (0)

/* The hint to print: err's own, else the code's default, else NULL. */
const char *mr_err_get_hint(const struct mr_err *err);

/* Its name in codes.def, of static storage; and the exit status that main.c ends with. */
const char *mr_code_name(enum mr_code code);
int mr_code_exit(enum mr_code code);

#endif
