/*
 * report_survey: one diverged table, looked at as a whole: on which axis its keys are
 * drawn and where on it rows differ, from which key on everything differs, the longest
 * runs of diverged keys, and when the diverged rows were created.
 *
 *   mr_survey → fields → mr_survey_release
 *
 * Findings are streamed three times; memory is bounded by what is kept (runs, bins,
 * chunks), not by their number.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_REPORT_SURVEY_H
#define MR_REPORT_SURVEY_H

#include "recon/report/report.h"
#include "recon/report/report_axis.h"
#include "recon/report/report_lane.h"
#include "recon/report/report_order.h"
#include "recon/report/report_row.h"
#include "recon/report/report_times.h"

#define MR_SURVEY_RUNS 20 /* the longest that are kept */

/* Where rows differ on a stretch of the axis. */
struct mr_survey_map {
    struct mr_report_axis axis;
    uint64_t bins[MR_LANES][MR_AXIS_BINS]; /* rows */
};

/* A run of diverged keys with no equal row in between. */
struct mr_survey_run {
    uint64_t no; /* in key order */
    uint64_t rows;
    const char *from, *to; /* keys as plain, masked text */
};

/* From some key on, (nearly) everything differs. */
struct mr_survey_tail {
    bool known;
    const char *from;         /* the key, as text */
    mr_place place;           /* on the axis */
    uint64_t rows;            /* that differ from there on */
    uint64_t equal;           /* among them; 0: everything differs */
    uint64_t diverged_before; /* and before it */
};

struct mr_report_survey {
    struct mr_report_columns columns;
    const struct mr_find_counter *counter; /* of the key, or NULL */
    struct mr_report_order order;
    uint64_t diverged; /* findings */

    bool has_map;
    struct mr_survey_map map;
    bool has_zoom; /* what differs is a small part of the map: that part by itself */
    struct mr_survey_map zoom;

    struct mr_survey_tail tail;
    struct mr_survey_run runs[MR_SURVEY_RUNS]; /* in key order */
    size_t nruns;
    uint64_t all_runs;

    struct mr_report_times times; /* empty without a time column */
    struct mr_arena arena;
};

enum mr_code mr_survey(struct mr_report_survey *survey, const struct mr_report *report,
                       const struct mr_find_table *table, struct mr_err *err);
void mr_survey_release(struct mr_report_survey *survey);

/* "id", "(order_id, line)" */
void mr_survey_key_names(const struct mr_find_table *table, struct mr_strbuf *out);
/* Where the diverged rows lie, in a sentence or two; plain, masked text. */
void mr_survey_words(const struct mr_report_survey *survey, struct mr_strbuf *out);

#endif
