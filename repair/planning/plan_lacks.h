/*
 * plan_lacks: what the configuration of a run said, and that of its plan does not say: the
 * plan would know rows by other columns than the run that it is made from.
 *
 * Calling sequence: config and has_split_keys set, add for each table, text.  Threads: one.
 */
#ifndef MR_PLAN_LACKS_H
#define MR_PLAN_LACKS_H

#include "core/base/strbuf.h"
#include "core/case/findings.h"
#include "core/cli/config.h"

struct mr_plan_lacks {
    const struct mr_config *config; /* the plan's */
    bool has_split_keys;            /* of its command line: they stand for split-key */
    size_t count;                   /* lines that it lacks */
    struct mr_strbuf first;         /* of them, for people */
};

/* Table: "db.t" of db.name.  settings: struct mr_find_setting of the run, of all tables. */
enum mr_code mr_plan_lacks_add(struct mr_plan_lacks *lacks, const char *table, const char *db,
                               const char *name, const struct mr_vec *settings, struct mr_err *err);
/* Appends the warning about what was added, or nothing; run: its uuid. */
void mr_plan_lacks_text(const struct mr_plan_lacks *lacks, const char *run, struct mr_strbuf *out);

#endif
