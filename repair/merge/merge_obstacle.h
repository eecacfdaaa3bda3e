/*
 * merge_obstacle: what keeps the rows that TARGET lacks from being written, each by itself
 * (m.own, mr_decide_obstacle()), and what says so: m.other, m.detail, m.choices.
 *
 * Who hangs on rows that wait is merge_conflict's.
 */
#ifndef MR_MERGE_OBSTACLE_H
#define MR_MERGE_OBSTACLE_H

#include "repair/merge/merge_internal.h"

/* The component is grouped (merge_group.h), and m.differs and m.below are known. */
enum mr_code mr_merge_obstacles(struct mr_merge *m, size_t first, size_t count, struct mr_err *err);

#endif
