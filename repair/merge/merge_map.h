/*
 * merge_map: from a row to its parents, and from a parent's place on TARGET to the values
 * that the row refers by.
 *
 * The map is entity → entity: a reference gets the values that its parent's row has on
 * TARGET, once, never chained.  A reference may be to any columns.  A parent that is not in
 * w is itself on both sides.  A reference to nobody keeps its values.
 *
 * Calling sequence: link (once, when all rows are collected), then mr_merge_map_open, mr_merge_map_row
 * for each row, mr_merge_map_close.  Ownership: a mapped row lives until the next one.  Errors:
 * those of the servers and of the case.
 */
#ifndef MR_MERGE_MAP_H
#define MR_MERGE_MAP_H

#include "core/case/case_fields.h"
#include "repair/merge/merge_work.h"

/* Fills name and link. */
enum mr_code mr_merge_link(struct mr_merge *m, struct mr_err *err);

enum mr_merge_map_mode {
    MR_MERGE_MAP_HARD = 1, /* only references that say who the row is */
    MR_MERGE_MAP_ALL,
    MR_MERGE_MAP_KNOWN /* all, but those to a row that waits: their values stay */
};

struct mr_merge_map {
    struct mr_merge *m;
    struct mr_case_stmt *parents;
    struct mr_case_fields parents_map;
    struct mr_key *values; /* per column of the widest table */
    size_t nvalues;
    struct mr_arena arena;
    struct mr_strbuf row, bytes;
    bool disagrees; /* references of a column gave it different values */
};

enum mr_code mr_merge_map_open(struct mr_merge_map *map, struct mr_merge *m, struct mr_err *err);
void mr_merge_map_close(struct mr_merge_map *map);

/* The row as it would stand on TARGET, but for an id of its own: map->row.  edits: what a
 * person wants there instead (plan_fit.h), or NULL. */
enum mr_code mr_merge_map_row(struct mr_merge_map *map, const struct mr_plan_table *table,
                              const struct mr_merge_work_row *row, enum mr_merge_map_mode mode,
                              struct mr_key edits, struct mr_err *err);

#endif
