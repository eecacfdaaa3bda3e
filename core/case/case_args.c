/* case_args.c: see case_args.h. */
#include "core/case/case_args.h"

#include <inttypes.h>
#include <stdio.h>

static void bind_digits(struct mr_case_stmt *stmt, int at, uint64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, n);
    mr_case_bind_text(stmt, at, text);
}

/* Bytes are borrowed, not copied, since images may be large: they must stay until the statement
 * is reset. No bytes are NULL, and not an empty value. */
static void bind(struct mr_case_stmt *stmt, int at, const struct mr_case_arg *arg)
{
    switch (arg->type) {
    case MR_ARG_IS_INT: mr_case_bind_int(stmt, at, arg->n); break;
    case MR_ARG_IS_DIGITS: bind_digits(stmt, at, (uint64_t)arg->n); break;
    case MR_ARG_IS_TEXT: mr_case_bind_text(stmt, at, arg->text); break;
    case MR_ARG_IS_BYTES:
        if (arg->bytes.ptr != NULL)
            mr_case_bind_borrowed(stmt, at, arg->bytes.ptr, arg->bytes.len);
        else
            mr_case_bind_null(stmt, at);
        break;
    }
}

/* A parameter that is missing would be NULL, silently; number 0, which cannot be bound, is one
 * that the statement does not have, or that was given before. */
void mr_case_bind(struct mr_case_stmt *stmt, const struct mr_case_arg *args, size_t count)
{
    uint64_t given = 0;
    int at = 0;
    if (count != mr_case_params(stmt))
        mr_case_bind_null(stmt, 0);
    for (size_t i = 0; i < count; i++) {
        at = mr_case_param(stmt, args[i].name, at + 1);
        const uint64_t bit = (uint64_t)1 << at % 64;
        bind(stmt, (given & bit) == 0 ? at : 0, &args[i]);
        given |= bit;
    }
}

enum mr_code mr_case_run_with(struct mr_case_stmt *stmt, const struct mr_case_arg *args,
                              size_t count, struct mr_err *err)
{
    mr_case_bind(stmt, args, count);
    return mr_case_run(stmt, err);
}

enum mr_code mr_case_ask_with(struct mr_case_stmt *stmt, const struct mr_case_arg *args,
                              size_t count, bool *row, struct mr_err *err)
{
    mr_case_bind(stmt, args, count);
    return mr_case_step(stmt, row, err);
}

enum mr_code mr_case_prepare_with(struct mr_case *cf, const char *sql,
                                  const struct mr_case_arg *args, size_t count,
                                  struct mr_case_stmt **out, struct mr_err *err)
{
    MR_TRY(mr_case_prepare(cf, sql, out, err));
    mr_case_bind(*out, args, count);
    return MR_OK;
}

enum mr_code mr_case_once_with(struct mr_case *cf, const char *sql, const struct mr_case_arg *args,
                               size_t count, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare_with(cf, sql, args, count, &stmt, err);
    if (code == MR_OK)
        code = mr_case_run(stmt, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_case_change_with(struct mr_case *cf, const char *sql,
                                 const struct mr_case_arg *args, size_t count, int64_t *changed,
                                 struct mr_err *err)
{
    MR_TRY(mr_case_once_with(cf, sql, args, count, err));
    *changed = mr_case_changes(cf);
    return MR_OK;
}

enum mr_code mr_case_has_with(struct mr_case *cf, const char *sql, const struct mr_case_arg *args,
                              size_t count, bool *row, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare_with(cf, sql, args, count, &stmt, err);
    *row = false;
    if (code == MR_OK)
        code = mr_case_step(stmt, row, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_case_number_with(struct mr_case *cf, const char *sql,
                                 const struct mr_case_arg *args, size_t count, int64_t *number,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare_with(cf, sql, args, count, &stmt, err);
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    *number = code == MR_OK && row ? mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    return code;
}
