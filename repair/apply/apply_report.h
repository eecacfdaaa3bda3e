/*
 * apply_report: what `repair apply` and `repair undo` say of a plan with rows, while they
 * run, for people and as JSON lines (docs/formats/plan-v1.md).
 *
 * Calling sequence: fill, begin, refusal …, end, release.
 *
 * Errors: MR_E_IO for the output.  Threads: one.
 */
#ifndef MR_APPLY_REPORT_H
#define MR_APPLY_REPORT_H

#include <stdio.h>

#include "core/base/term.h"
#include "core/json/jsonw.h"
#include "repair/apply/apply_units.h"
#include "repair/apply/reseed_apply.h"

struct mr_apply_report {
    const struct mr_manifest *manifest;
    const struct mr_reseed_run *reseed; /* NULL: of undo */
    const char *dir;                    /* of the plan */
    bool undo, dry_run, rehearse, json;
    struct mr_look look;
    /* rehearse: struct mr_rehearse_nontransactional; or NULL */
    const struct mr_vec *nontransactional;
    FILE *out;
    uint64_t doubled;   /* rows that stand, and somebody else beside them */
    uint64_t altered;   /* where triggers fire: that do not stand as planned */
    bool unlooked;      /* whether any do is not known */
    struct mr_jsonw w;  /* private, as are these: */
    struct mr_vec kept; /* for people: struct mr_apply_kept */
    struct mr_arena arena;
};

/* The plan, and its counters. */
enum mr_code mr_apply_report_begin(struct mr_apply_report *report, struct mr_err *err);
enum mr_code mr_apply_report_refusal(struct mr_apply_report *report,
                                     const struct mr_refusal *refusal, struct mr_err *err);
/* undo: what has become of rows that triggers wrote into a table. */
enum mr_code mr_apply_report_fired(struct mr_apply_report *report, const struct mr_fired_sum *sum,
                                   struct mr_err *err);
/* A row was written, and by now other rows, whose keys others names, have its identity. */
enum mr_code mr_apply_report_doubled(struct mr_apply_report *report, const char *table,
                                     const char *key, const char *others, struct mr_err *err);
/* counts NULL: no unit was begun. */
enum mr_code mr_apply_report_end(struct mr_apply_report *report,
                                 const struct mr_apply_counts *counts, struct mr_err *err);
void mr_apply_report_release(struct mr_apply_report *report);

/* 0: every row; 1: rows were refused, somebody is there twice, a counter is too low, or
 * conflicts are open; 4: a counter could not be proven, or whether anybody is twice. */
int mr_apply_report_exit(const struct mr_apply_report *report,
                         const struct mr_apply_counts *counts);

#endif
