/*
 * merged_rows: is each row that OLD's own transactions left one that a merge decided about, or that was
 * equal on both sides?  By the records of its plan (entities.csv.zst) and of its case.
 *
 *   mr_merged_book_open → _load of each merge → mr_merged_book_judge of each row (mr_rewind_each)
 *   → mr_merged_book_close
 *
 * A row is known by table and key, as the planner of the merge and the one of the rejoin encode them: of
 * one table by one key; a table whose key is another one by now is not accounted for.
 * Of a table that several merges have planned the last that was loaded counts; what a run found, the last run.
 *
 * Memory: that of the case.  Ownership: texts in the arena.  Errors: those of the case, MR_E_REFUSED for
 * a damaged plan.  Threads: one.
 */
#ifndef MR_MERGED_ROWS_H
#define MR_MERGED_ROWS_H

#include "core/case/findings.h"
#include "core/db/log_place.h"
#include "repair/plan/plan_dir.h"
#include "repair/plan/plan_tables.h"

/* How a row of OLD's own is accounted for. */
enum mr_merged_how {
    MR_MERGED_STANDS = 1, /* on LIVE, under its key or another one */
    MR_MERGED_DISMISSED,  /* somebody decided, or the live side had deleted it */
    MR_MERGED_EQUAL,      /* it was equal on both sides when they were compared */
    MR_MERGED_DELETED,    /* OLD had deleted it at last: there is nothing to keep */
    MR_MERGED_NOT,        /* by nothing */
    MR_MERGED_HOWS
};

struct mr_merged_book {
    const struct mr_plan_tables *tables; /* of the rejoin */
    struct mr_findings *fd;              /* its temporary case */
    const struct mr_server *old;         /* its target: of each merge the source */
    struct mr_arena *arena;
    uint64_t counts[MR_MERGED_HOWS];
    uint64_t
        kept; /* of those that OLD had deleted: LIVE has them, and no merge has decided about that */
    const char *uncovered; /* the first row that nothing accounts for, for people; or NULL */
    const char *dismissed; /* columns that ignore-columns names, for people; or NULL */
    const char *unseen; /* the first other one that was not compared, as LIVE has none; or NULL */
    /* private */
    struct mr_merged_table *of; /* per table */
    struct mr_case_stmt *find;
    struct mr_vec cases; /* struct mr_findings * */
};

/* To be closed also after a failure. */
enum mr_code mr_merged_book_open(struct mr_merged_book *book, struct mr_err *err);
void mr_merged_book_close(struct mr_merged_book *book);

/* What plan and case of a merge say; *place: where OLD stood before its rows were compared, why is set
 * where that is not known, and where others than OLD and LIVE were compared.  case_path: where its case is by now; NULL: as plan.json has it. */
enum mr_code mr_merged_book_load(struct mr_merged_book *book, const struct mr_plan_dir *merge,
                                 const char *case_path, struct mr_log_place *place,
                                 struct mr_err *err);

/* Counts the row of a table of the plan: is: OLD has it now. */
enum mr_code mr_merged_book_judge(struct mr_merged_book *book, size_t table, struct mr_key key,
                                  bool is, struct mr_err *err);

#endif
