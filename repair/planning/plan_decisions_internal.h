/*
 * plan_decisions_internal: what the files of plan_decisions share: plan_decisions_read.c reads the file into
 * temporary tables of the case, plan_decisions.c answers from them, and proves what was answered.
 */
#ifndef MR_PLAN_DECISIONS_INTERNAL_H
#define MR_PLAN_DECISIONS_INTERNAL_H

#include "core/case/case_fields.h"
#include "repair/planning/decision_faults.h"
#include "repair/planning/plan_decisions.h"

/* Of a decisions file. */
enum mr_decision_column {
    MR_DECISION_TABLE,
    MR_DECISION_SOURCE_KEY,
    MR_DECISION_TARGET_KEY,
    MR_DECISION_IDENTITY,
    MR_DECISION_KIND,
    MR_DECISION_SOURCE,
    MR_DECISION_TARGET,
    MR_DECISION_DECISION,
    MR_DECISION_DIFFERS,
    MR_DECISION_DERIVED,
    MR_DECISION_COLUMNS
};

struct mr_plan_decisions {
    const char *path;
    struct mr_decision_file file;
    const struct mr_plan_tables *tables;
    struct mr_plan_decided *decided;
    struct mr_findings *fd;
    struct mr_case *cf;           /* fd's */
    struct mr_arena arena;        /* of choices */
    struct mr_vec choices;        /* const char *: each that is made, once */
    struct mr_strbuf text, image; /* image: of a row whose key may be spelled like another's */
    struct mr_strbuf raw[2],
        key;    /* of a line: source_key and target_key as they stand there; whose it is */
    size_t nul; /* which field of it has a NUL, from 1; 0: none */
    struct mr_case_stmt *add, *by_key, *by_run, *crossed, *equal, *used, *drop;
    struct mr_case_fields by_key_map, by_run_map, crossed_map,
        equal_map;                  /* struct mr_decision_line */
    size_t at[MR_DECISION_COLUMNS]; /* of the columns in a line; SIZE_MAX: not there */
    size_t width;                   /* 0: no header yet */
    const char *page_key; /* of digests that stand for images (asked.h); NULL: none can be told */
    struct mr_decision_faults faults;
    uint64_t settled; /* lines of rows that nobody asks about */
    uint64_t derived; /* lines that say what the plan itself had filled in */
};

/* A line of the file, or some of it; texts are the statement's. */
struct mr_decision_line {
    int64_t line; /* 0: none */
    const char *table, *key, *choice, *kind, *source, *target, *target_key, *identity, *differs;
    bool used;     /* it was asked for */
    bool is_asked; /* in the conflict that it says */
};

/* Reads the file; all lines that are refused are named at once. */
enum mr_code mr_decisions_read(struct mr_plan_decisions *d, struct mr_err *err);
/* What is refused (code) about a line is kept, so that all such lines are named at once. */
enum mr_code mr_decision_name_line(struct mr_plan_decisions *d, uint64_t line, const char *table,
                                   const char *key, enum mr_code code, struct mr_err *err);
/* NULL: no planned table has that name. */
const struct mr_plan_table *mr_decision_table(const struct mr_plan_decisions *d, const char *name);
/* The line of a key, or of its text; *found false: there is none.  image: no line beside which another row
 * stands; NULL: any.  by_key is to be reset then. */
enum mr_code mr_decision_ask_key(struct mr_plan_decisions *d, const struct mr_plan_table *t,
                                 const char *key, const char *image, struct mr_decision_line *line,
                                 bool *found, struct mr_err *err);

#endif
