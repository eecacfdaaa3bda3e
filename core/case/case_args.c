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
