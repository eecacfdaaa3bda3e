/*
 * decide_page: the page on which people decide the conflicts of a plan: one file of HTML that
 * loads nothing, shows each conflict with what each choice would do, and saves the decisions file
 * that `repair plan --decisions` reads.
 *
 * It is made of the plan's directory alone.  What it says stands in it as one JSON document
 * (decide_data.h); decide_page.js shows it.
 *
 * Errors: MR_E_REFUSED for a plan that asks nothing, has more conflicts than a page can hold, or
 * masks a column of a key; those of the output.  Threads: one.
 */
#ifndef MR_DECIDE_PAGE_H
#define MR_DECIDE_PAGE_H

#include "core/cli/config.h"
#include "repair/plan/plan_dir.h"

struct mr_decide_page_task {
    struct mr_plan_dir *plan;
    const struct mr_config *config; /* whose masks hold beside those of the plan */
    bool unmask;
    const char *output;
    bool force; /* replaces what is there */
};

/* *conflicts: how many are on the page. */
enum mr_code mr_decide_page_write(const struct mr_decide_page_task *task, uint64_t *conflicts,
                                  struct mr_err *err);

#endif
