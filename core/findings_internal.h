/* findings_internal: what findings.c and findings_rows.c share; nobody else includes it. */
#ifndef MR_FINDINGS_INTERNAL_H
#define MR_FINDINGS_INTERNAL_H

#include "findings.h"

struct mr_findings {
    struct mr_case *cf;
    int64_t run;
    /* prepared once, because every chunk uses them */
    struct mr_case_stmt *add_chunk, *add_suspect;
};

/* Takes the lock, begins; end commits or rolls back, keeps the first error, unlocks. */
enum mr_code mr_findings_begin(struct mr_findings *fd, struct mr_err *err);
enum mr_code mr_findings_end(struct mr_findings *fd, enum mr_code code,
                             struct mr_err *err);

/* Prepares a statement and binds its first parameter: the id of a table or run. */
enum mr_code mr_findings_prepare(struct mr_findings *fd, const char *sql, int64_t id,
                                 struct mr_case_stmt **stmt, struct mr_err *err);

/* Runs a statement with one integer parameter, e.g. a table's id. */
enum mr_code mr_findings_run_int(struct mr_findings *fd, const char *sql, int64_t value,
                                 struct mr_err *err);

/* Copies of a column's text or blob; NULL for NULL, or on failure with *code set. */
const char *mr_findings_text(struct mr_case_stmt *stmt, int column,
                             struct mr_arena *arena, enum mr_code *code,
                             struct mr_err *err);
const void *mr_findings_blob(struct mr_case_stmt *stmt, int column, size_t *len,
                             struct mr_arena *arena, enum mr_code *code,
                             struct mr_err *err);

#endif
