/* case_args.c: see case_args.h. */
#include "core/case/case_args.h"

static void bind(struct mr_case_stmt *stmt, int at, const struct mr_case_arg *arg)
{
    switch (arg->type) {
    case MR_ARG_IS_INT: mr_case_bind_int(stmt, at, arg->n); break;
    case MR_ARG_IS_TEXT: mr_case_bind_text(stmt, at, arg->text); break;
    case MR_ARG_IS_BYTES:
        if (arg->bytes.ptr != NULL)
            mr_case_bind_borrowed(stmt, at, arg->bytes.ptr, arg->bytes.len);
        else
            mr_case_bind_null(stmt, at);
        break;
    }
}

/* A parameter that is missing would be NULL, silently; one that no statement has is number 0,
 * which cannot be bound. */
void mr_case_bind(struct mr_case_stmt *stmt, const struct mr_case_arg *args, size_t count)
{
    if (count != mr_case_params(stmt))
        mr_case_bind_null(stmt, 0);
    for (size_t i = 0; i < count; i++)
        bind(stmt, mr_case_param(stmt, args[i].name), &args[i]);
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
                                  struct mr_case_stmt **out,
                                  const struct mr_case_arg *args, size_t count,
                                  struct mr_err *err)
{
    enum mr_code code = mr_case_prepare(cf, sql, out, err);
    if (code == MR_OK)
        mr_case_bind(*out, args, count);
    return code;
}

enum mr_code mr_case_once_with(struct mr_case *cf, const char *sql,
                               const struct mr_case_arg *args, size_t count,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare_with(cf, sql, &stmt, args, count, err);
    if (code == MR_OK)
        code = mr_case_run(stmt, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_case_has_with(struct mr_case *cf, const char *sql,
                              const struct mr_case_arg *args, size_t count, bool *row,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare_with(cf, sql, &stmt, args, count, err);
    *row = false;
    if (code == MR_OK)
        code = mr_case_step(stmt, row, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_case_number_with(struct mr_case *cf, const char *sql,
                                 const struct mr_case_arg *args, size_t count,
                                 int64_t *number, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare_with(cf, sql, &stmt, args, count, err);
    *number = 0;
    if (code == MR_OK)
        code = mr_case_step(stmt, &row, err);
    if (code == MR_OK && row)
        *number = mr_case_int(stmt, 0);
    mr_case_free(stmt);
    return code;
}
