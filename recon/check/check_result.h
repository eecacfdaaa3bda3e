/*
 * check_result: a finished run as its case tells it, for the outputs and the exit code.
 */
#ifndef MR_CHECK_RESULT_H
#define MR_CHECK_RESULT_H

#include "core/case/findings.h"
#include "recon/check/check_explained.h"
#include "recon/check/check_proof.h"

/* A line of a run's options: sums of a snapshot's manifest were believed. */
#define MR_RUN_TRUSTS "trust-manifest=1"
/* Of another one: it was a part of a fleet's plan (check_scope.h). */
#define MR_RUN_SCOPE "\nscope="

struct mr_check_result {
    struct mr_arena arena;
    struct mr_findings *fd;
    const struct mr_find_run *run;
    struct mr_find_table *tables; /* by name */
    size_t ntables;
    struct mr_vec objects; /* struct mr_find_object */
    struct mr_vec advice;  /* struct mr_find_advice */
    struct mr_find_counts sums;
    uint64_t diverged, unsettled, not_checked; /* tables */
    uint64_t differing; /* tables: diverged, or checked in part and some rows differ */
    uint64_t unsettled_rows;
    size_t one_sided; /* tables that one side alone has; they are among the objects */
    struct mr_check_explained *explained; /* one a table: by plans of the case */
    const char **notes;                   /* one a table: see mr_check_result_note() */
    struct mr_check_explained all_explained;
    const char *explained_by;    /* the one plan's directory, or NULL */
    bool incomplete;             /* something was skipped, unsettled or could not be seen */
    bool differs;                /* any difference at all */
    bool interrupted;            /* a server was lost: --resume goes on */
    uint64_t max_rows;           /* row lines a table */
    struct mr_check_proof proof; /* of a run that read what changed */
};

/* Reads a run; rows themselves are read when they are written.  run and fd must outlive it.  To
 * be released also after an error. */
enum mr_code mr_check_result_load(struct mr_check_result *result, struct mr_findings *fd,
                                  const struct mr_find_run *run, uint64_t max_rows,
                                  struct mr_err *err);
void mr_check_result_release(struct mr_check_result *result);

/* 4 incomplete, 1 differences, 0 equal. */
int mr_check_result_exit(const struct mr_check_result *result);
/* "incomplete", "diverged" or "equal". */
const char *mr_check_result_verdict(const struct mr_check_result *result);

/* Were files of a snapshot left unread (--trust-manifest)? */
bool mr_check_result_trusts(const struct mr_check_result *result);

/* Do the two sides look like two histories of one database?  Ids given to different
 * people, or rows of their own on both sides of one table. */
bool mr_check_result_two_histories(const struct mr_check_result *result);

/* Differing rows of a table that no plan of the case explains. */
uint64_t mr_check_result_unexplained(const struct mr_check_result *result, size_t table);

/* Is there nothing but what plans of the case explain, and counters? */
bool mr_check_result_all_explained(const struct mr_check_result *result);

/* A table's note for JSON, which has one field for it: what limits the comparison, and what nearly
 * all of its differing rows have in common; NULL: neither. */
const char *mr_check_result_note(const struct mr_check_result *result, size_t table);

/* Is that object a table that one side alone has?  Its rows are compared with nothing, and it has no
 * table line. */
bool mr_check_result_is_one_sided(const struct mr_check_result *result,
                                  const struct mr_find_object *object);
/* The first of them on from *at among the objects, *at then being behind it; NULL: no more. */
const struct mr_find_object *mr_check_result_one_sided(const struct mr_check_result *result,
                                                       size_t *at);

/* Not checked to its end, and rows that differ were found all the same: those are so, and there may be more. */
bool mr_check_result_is_in_part(const struct mr_find_table *table);
/* Is there a row of it to be told one by one?  What plans explain is reported in a line of its own. */
bool mr_check_result_has_lines(const struct mr_check_result *result, size_t table);

/* Diverged rows beyond max_rows a table. */
uint64_t mr_check_result_not_printed(const struct mr_check_result *result);

/* The table with the most changed rows among those whose identity is only their key, for
 * want of a better one; ntables if there is none. */
size_t mr_check_result_without_identity(const struct mr_check_result *result);

#endif
