/*
 * case_args: the parameters of a statement, by name.
 *
 *     "UPDATE m SET held=:held, other=:other WHERE id=:id"
 *     MR_CASE_RUN(stmt, err, MR_ARG_INT("id", id), MR_ARG_INT("held", held),
 *                 MR_ARG_BYTES("other", key));
 *
 * The order is the caller's (that of the statement is found fastest); each parameter of the
 * statement is given a value once.  That a name is wrong, or one is missing, is an error of the
 * next step.
 *
 * Ownership: bytes must stay until the statement is reset, texts are copied.  Threads: the
 * statement's.
 */
#ifndef MR_CASE_ARGS_H
#define MR_CASE_ARGS_H

#include "core/case/casefile.h"
#include "core/source/keyrange.h"

struct mr_case_arg {
    const char *name; /* ":id" */
    enum { MR_ARG_IS_INT, MR_ARG_IS_DIGITS, MR_ARG_IS_TEXT, MR_ARG_IS_BYTES } type;
    int64_t n;
    const char *text;    /* or NULL */
    struct mr_key bytes; /* ptr NULL: NULL */
};

#define MR_ARG_INT(param, value)                                                                   \
    ((struct mr_case_arg){.name = ":" param, .type = MR_ARG_IS_INT, .n = (int64_t)(value)})
/* A uint64_t, as a text of its digits: SQLite's integers end at 2^63-1. */
#define MR_ARG_DIGITS(param, value)                                                                \
    ((struct mr_case_arg){.name = ":" param, .type = MR_ARG_IS_DIGITS, .n = (int64_t)(value)})
#define MR_ARG_TEXT(param, value)                                                                  \
    ((struct mr_case_arg){.name = ":" param, .type = MR_ARG_IS_TEXT, .text = (value)})
#define MR_ARG_BYTES(param, value)                                                                 \
    ((struct mr_case_arg){.name = ":" param, .type = MR_ARG_IS_BYTES, .bytes = (value)})
#define MR_ARG_BLOB(param, start, size)                                                            \
    ((struct mr_case_arg){.name = ":" param, .type = MR_ARG_IS_BYTES, .bytes = {(start), (size)}})
#define MR_ARG_NULL(param) MR_ARG_TEXT(param, NULL)

/* Gives the parameters their values; a name that is wrong, missing or given twice fails the next
 * step. */
void mr_case_bind(struct mr_case_stmt *stmt, const struct mr_case_arg *args, size_t count);
/* Binds them, and runs a statement that gives no row. */
enum mr_code mr_case_run_with(struct mr_case_stmt *stmt, const struct mr_case_arg *args,
                              size_t count, struct mr_err *err);
/* Binds them, and takes the first step: is there a row?  The caller resets. */
enum mr_code mr_case_ask_with(struct mr_case_stmt *stmt, const struct mr_case_arg *args,
                              size_t count, bool *row, struct mr_err *err);

/* Of a statement that is used once.  It gives no row; */
enum mr_code mr_case_once_with(struct mr_case *cf, const char *sql, const struct mr_case_arg *args,
                               size_t count, struct mr_err *err);
/* the same, and how many rows it has changed (*changed stays where it fails); */
enum mr_code mr_case_change_with(struct mr_case *cf, const char *sql,
                                 const struct mr_case_arg *args, size_t count, int64_t *changed,
                                 struct mr_err *err);
/* is there a row?; */
enum mr_code mr_case_has_with(struct mr_case *cf, const char *sql, const struct mr_case_arg *args,
                              size_t count, bool *row, struct mr_err *err);
/* one row with a number, 0 where there is none; */
enum mr_code mr_case_number_with(struct mr_case *cf, const char *sql,
                                 const struct mr_case_arg *args, size_t count, int64_t *number,
                                 struct mr_err *err);
/* rows that the caller steps through.  Frees what *out is then, whatever is returned. */
enum mr_code mr_case_prepare_with(struct mr_case *cf, const char *sql,
                                  const struct mr_case_arg *args, size_t count,
                                  struct mr_case_stmt **out, struct mr_err *err);

#define MR_CASE_ARGS(...)                                                                          \
    (const struct mr_case_arg[]){__VA_ARGS__},                                                     \
        sizeof((const struct mr_case_arg[]){__VA_ARGS__}) / sizeof(struct mr_case_arg)
#define MR_CASE_BIND(stmt, ...) mr_case_bind(stmt, MR_CASE_ARGS(__VA_ARGS__))
#define MR_CASE_RUN(stmt, err, ...) mr_case_run_with(stmt, MR_CASE_ARGS(__VA_ARGS__), err)
#define MR_CASE_ASK(stmt, row, err, ...) mr_case_ask_with(stmt, MR_CASE_ARGS(__VA_ARGS__), row, err)
#define MR_CASE_ONCE(cf, sql, err, ...) mr_case_once_with(cf, sql, MR_CASE_ARGS(__VA_ARGS__), err)
#define MR_CASE_CHANGE(cf, sql, changed, err, ...)                                                 \
    mr_case_change_with(cf, sql, MR_CASE_ARGS(__VA_ARGS__), changed, err)
#define MR_CASE_HAS(cf, sql, row, err, ...)                                                        \
    mr_case_has_with(cf, sql, MR_CASE_ARGS(__VA_ARGS__), row, err)
#define MR_CASE_NUMBER(cf, sql, number, err, ...)                                                  \
    mr_case_number_with(cf, sql, MR_CASE_ARGS(__VA_ARGS__), number, err)
#define MR_CASE_PREPARE(cf, sql, out, err, ...)                                                    \
    mr_case_prepare_with(cf, sql, MR_CASE_ARGS(__VA_ARGS__), out, err)

#endif
