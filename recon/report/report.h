/*
 * report: what a report is made from, whatever its format: the result of a run, and how
 * much of it may be shown.
 *
 *   mr_report_load → mr_report_html, _md or _json → mr_report_release
 *
 * Everything is read from the case; nothing is written to it.  Ownership: the result and
 * the options outlive the report.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_REPORT_H
#define MR_REPORT_H

#include "recon/check/check_result.h"
#include "recon/check/next_step.h"
#include "core/case/evidence.h"
#include "core/case/lineage.h"
#include "core/case/mask.h"
#include "recon/report/report_people.h"
#include "recon/report/report_story_text.h"
#include "recon/report/report_text.h"

struct mr_report {
    const struct mr_check_result *result;
    const struct mr_config *config; /* never NULL */
    const char *case_path;
    bool unmask;
    uint64_t max_rows;            /* samples a table */
    const struct mr_story *story; /* what was done since, or NULL */
    const char *up;               /* URL of the page of all pairs, or NULL */
    const char *run;              /* that commands have to name, or NULL */
    struct mr_vec counters;       /* struct mr_find_counter, by table */
    bool *is_masked;              /* one a counter */
    struct mr_vec references;     /* struct mr_lineage_reference, of the run */
    struct mr_next_steps steps;
    struct mr_report_people people; /* only of a run in which rows differ */
    /* what the logs say of the parting of the two; own_by MR_OWN_BY_NONE: nothing */
    struct mr_evidence_side logs[2];
    int64_t own_since_us[2]; /* first write of that side alone; 0: none is known */
    struct mr_arena arena;
};

/* The fields before run are set by the caller. */
enum mr_code mr_report_load(struct mr_report *report, struct mr_err *err);
void mr_report_release(struct mr_report *report);

/* AUTO_INCREMENT of a table, or NULL. */
const struct mr_find_counter *mr_report_counter(const struct mr_report *report, int64_t table);
/* The table of a counter. */
const struct mr_find_table *mr_report_counter_table(const struct mr_report *report,
                                                    const struct mr_find_counter *counter);
/* Is the counter's column masked, so that the greatest key of a side, which is somebody's, is not shown?
 * `counter` is one of the report's. */
bool mr_report_counter_is_masked(const struct mr_report *report,
                                 const struct mr_find_counter *counter);
/* The next insert of this side would get a key that a row of either side has, or had. */
bool mr_report_counter_collides(const struct mr_find_counter *counter, int side);

/* One mask a column, in the arena; NULL when memory is out. */
enum mr_mask *mr_report_masks(const struct mr_report *report, const struct mr_find_table *table,
                              struct mr_arena *arena);

/* "Diverged", "Equal", "Incomplete" … */
const char *mr_report_verdict(const struct mr_report *report);
/* What the run found, in one sentence: "27 rows differ in 4 of 4 tables". */
void mr_report_headline(const struct mr_report *report, struct mr_strbuf *out);

/* What to do first, in a sentence or two.  Its step, if it is the first one of the list,
 * is *taken: it need not be said again. */
const char *mr_report_lead(const struct mr_report *report, bool *taken);

/* "1 row", "2,000 rows" */
void mr_report_count(struct mr_strbuf *out, uint64_t number, const char *one, const char *many);

#endif
