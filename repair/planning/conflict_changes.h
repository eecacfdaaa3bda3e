/*
 * conflict_changes: when a side has last changed what of a conflict's row, as its binary log attests: one
 * cell of conflicts.csv.
 *
 *     {"row":{"kind":"insert","time":"2026-04-03 10:00:00","gtid":"0-1-7","log":"bin.000001",
 *      "position":"4711"},"columns":{"city":{"time":…},"note":null},"not_kept":"12"}
 *
 * row: the whole row was inserted, deleted, or moved from or to another key (`insert`, `delete`, `came`,
 * `went`).  columns: each that was changed since, by the last change of it; null: there are more changes
 * than the case keeps, and which was the last is not known.  not_kept: how many those are.  Times are UTC,
 * as the transactions were committed.
 *
 * Nothing is attested, and the cell is empty, where the side's log is not to be relied upon: its table's
 * evidence is not good, the row's is doubtful, or the log does not lead to the row that is there.
 *
 * Calling sequence: open once a plan, add for each conflict and side, close.  Errors: MR_E_CASE,
 * MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_CONFLICT_CHANGES_H
#define MR_CONFLICT_CHANGES_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_conflict_changes;

/* fd: the case, with what was collected. */
enum mr_code mr_conflict_changes_open(struct mr_findings *fd, struct mr_conflict_changes **out,
                                      struct mr_err *err);
void mr_conflict_changes_close(struct mr_conflict_changes *changes); /* NULL is fine */
/* Appends to `text`; nothing where nothing is attested. */
enum mr_code mr_conflict_changes_add(struct mr_conflict_changes *changes,
                                     const struct mr_plan_table *table,
                                     const struct mr_entity *entity, enum mr_side side,
                                     struct mr_strbuf *text, struct mr_err *err);

#endif
