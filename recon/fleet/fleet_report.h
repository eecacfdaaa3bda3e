/*
 * fleet_report: what the page of a fleet is made from: of each pair that `fleet merge` has written
 * what its case tells, who is affected, and what was not seen.
 *
 *   mr_fleet_report_load, with a visitor for each pair → pairs, order, sums → mr_fleet_report_release
 *
 * Cases are opened one after the other, and what is kept of a pair is bounded (MR_FLEET_GAPS texts), so
 * that memory goes by the number of pairs.  Of each case the run of the merge counts; that it was
 * checked again since is only said.  A case that is missing, damaged, of another fleet, or that does
 * not say what fleet.jsonl says, is a fault of its pair: that pair is incomplete, its figures are those
 * of fleet.jsonl, and who is affected is not known.
 *
 * Ownership: texts live in the report.  Errors: those of the visitor, MR_E_NOMEM, MR_E_CANCELLED.
 * Threads: one.
 */
#ifndef MR_FLEET_REPORT_H
#define MR_FLEET_REPORT_H

#include "recon/fleet/fleet_rank.h"
#include "recon/fleet/fleet_result.h"
#include "recon/report/report.h"

#define MR_FLEET_GAPS 20 /* texts of a pair that are kept */

struct mr_fleet_report_pair {
    const struct mr_fleet_result_pair *told; /* in fleet.jsonl */
    const char *fault;                       /* why its case does not count; or NULL */
    const char *later;                       /* run of a later check in its case; or NULL */
    const char *source, *target;             /* NULL with a fault */
    enum mr_fleet_word verdict;
    struct mr_fleet_figures figures;
    struct mr_fleet_only only;       /* none with a fault */
    bool has_people;                 /* how many are affected is known: */
    struct mr_report_people people;  /* or why not; its subjects are not kept */
    const char *gaps[MR_FLEET_GAPS]; /* what was not seen: a table and why, or what is invisible */
    uint64_t ngaps;                  /* all there are */
};

struct mr_fleet_report {
    const struct mr_fleet_result *result;
    const struct mr_config *config; /* never NULL */
    bool unmask;
    uint64_t max_rows; /* samples a table, of the visitor's page */
    const char *up;    /* URL of the page of all pairs, for the visitor's; or NULL */
    struct mr_arena arena;
    struct mr_fleet_report_pair *pairs; /* result->npairs */
    size_t *order;                      /* the worst first */
    struct mr_fleet_figures sums;
    size_t equal, diverged, incomplete; /* pairs */
    size_t faults;                      /* of the incomplete ones */
    size_t with_rows;                   /* in which rows differ, whatever their verdict */
    size_t only, with_only; /* tables that one side alone has, and pairs that have such */
    uint64_t people;        /* counted pair by pair */
    size_t people_unknown;  /* pairs of which nobody can tell */
    bool people_at_least, people_other;
};

/* The report of one pair, while its case is open. */
typedef enum mr_code mr_fleet_pair_fn(void *ctx, const struct mr_fleet_report_pair *pair,
                                      const struct mr_report *report, struct mr_err *err);

/* The fields before arena are set by the caller.  visit, and done, which is called behind each
 * pair with a fault or without: or NULL.  To be released also after an error. */
enum mr_code mr_fleet_report_load(struct mr_fleet_report *report, mr_fleet_pair_fn *visit,
                                  void (*done)(void *ctx), void *ctx, struct mr_err *err);
void mr_fleet_report_release(struct mr_fleet_report *report);

/* 4 where anything is incomplete, else 0: whether rows differ is what the page tells. */
int mr_fleet_report_exit(const struct mr_fleet_report *report);
/* Of all pairs. */
enum mr_fleet_word mr_fleet_report_verdict(const struct mr_fleet_report *report);
/* "3 of 64 pairs differ; 1 could not be checked whole": a sentence without its full stop. */
void mr_fleet_report_headline(const struct mr_fleet_report *report, struct mr_strbuf *out);

#endif
