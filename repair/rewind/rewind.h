/*
 * rewind: what undoes transactions of one server, for the planner that copies (repair/copy): of each row
 * that they changed, how it stood before the first of them, behind the last, and now.
 *
 *   mr_rewind_open → mr_rewind_read (the log) → mr_copy_plan, which calls mr_rewind_fill
 *   → mr_rewind_close
 *
 * A row is decided as a merge decides it (repair/decide/decide_three.h): base is the row behind the last
 * selected change, SOURCE the row before the first, TARGET the row now.  So what was changed rightly
 * since stays, column by column, and where a column that they changed was changed again, otherwise, the
 * row is asked about: `changed-since`.  Inserted rows go where nobody changed them since; deleted ones come
 * back under their keys; one whose key is another row's by now is `key-taken`, one whose parent by a foreign
 * key has gone, and does not come back, `parent-absent`.
 *
 * Nothing is guessed.  Refused by name: definitions among the selected transactions, and tables that were
 * defined anew behind them; changes logged as statements; rows of which the log has a part only; what was
 * rolled back in part; logs that are not there; rows of tables that are not there, or not planned; ends of XA
 * transactions that were prepared in front of the selected ones.  Rows whose images do not lead to the row that stands are
 * `changed-since`, with that as the reason.
 *
 * Memory: that of the log's stream; changed rows are kept in a temporary table of the case.
 * Ownership: what is set by the caller outlives it.  Errors: MR_E_REFUSED, those of history_read.h, of
 * the case.  Threads: one.
 */
#ifndef MR_REWIND_H
#define MR_REWIND_H

#include "core/logs/change_kinds.h"
#include "core/logs/history_read.h"
#include "repair/copy/copy.h"
#include "repair/rewind/rewind_select.h"

struct mr_rewind_task {
    struct mr_plan_tables *tables;
    const bool *planned; /* per table: is it meant?  NULL: all are */
    /* what --tables and --exclude say, also of tables that the plan does not have */
    const struct mr_string_list *meant, *excluded;
    struct mr_findings *fd;
    struct mr_rewind_select *select;
    bool kinds[MR_CHANGE_KINDS];  /* by enum mr_binlog_kind: changes that are undone */
    const struct mr_endpoint *ep; /* TARGET's */
    const struct mr_db_opts *opts;
    const struct mr_server *server;
    const struct mr_conflict_rule *on_conflict;
    size_t non_conflict;
    mr_decision_fn *decision; /* may be NULL */
    void *decision_ctx;
    struct mr_arena *arena;
    /* Everything that the selected transactions did is to be undone: what no plan of these tables can
     * undo is refused, wherever it is. */
    bool is_strict;
    /* Behind the reading: what else the caller has to refuse.  NULL: nothing */
    enum mr_code (*check)(void *ctx, const struct mr_history_read *read, uint64_t transactions,
                          struct mr_err *err);
    void *check_ctx;
    /* A sentence that the plan keeps, of a table ("db.t"). */
    enum mr_code (*note)(void *ctx, const char *kind, const char *table, const char *text,
                         struct mr_err *err);
    void *note_ctx;
};

struct mr_rewind;

/* To be closed also after a failure. */
enum mr_code mr_rewind_open(const struct mr_rewind_task *task, struct mr_rewind **out,
                            struct mr_err *err);
enum mr_code mr_rewind_read(struct mr_rewind *rewind, struct mr_err *err);
void mr_rewind_close(struct mr_rewind *rewind); /* NULL is fine */

/* Gives each key that selected changes have met, by table and key: is: their last one has left a row
 * under it.  key lives until fn returns. */
typedef enum mr_code mr_rewind_key_fn(void *ctx, size_t table, struct mr_key key, bool is,
                                      struct mr_err *err);
enum mr_code mr_rewind_each(struct mr_rewind *rewind, mr_rewind_key_fn *fn, void *ctx,
                            struct mr_err *err);

/* For struct mr_copy_task: ctx is a struct mr_rewind. */
enum mr_code mr_rewind_fill(void *ctx, struct mr_copy *copy, struct mr_err *err);

#endif
