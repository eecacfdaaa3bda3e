/*
 * report_people: how many people a run's differences touch, counted as `affected` lists
 * them.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED.  That nobody can tell which table's rows
 * are people is none: then `why` says so.  Threads: one.
 */
#ifndef MR_REPORT_PEOPLE_H
#define MR_REPORT_PEOPLE_H

#include "core/cli/config.h"
#include "recon/affected/affected.h"
#include "recon/check/check_result.h"

struct mr_report_people {
    bool known;
    bool at_least;   /* the case does not tell all: there may be more */
    bool other;      /* by the configuration that is given it may be another number */
    const char *why; /* where not known: the reason, in the arena */
    uint64_t people;
    uint64_t by_reason[MR_AFFECTED_REASONS]; /* a person may have several */
    const char *subjects;                    /* names of the tables, joined by ", ", in the arena */
};

/* config: which tables hold people, where it says so; else the run's own answer.
 * case_path: of the case, for the check to run that is named where the configuration is
 * another one than the run's. */
enum mr_code mr_report_people_count(struct mr_report_people *people,
                                    const struct mr_check_result *result,
                                    const struct mr_config *config, const char *case_path,
                                    struct mr_arena *arena, struct mr_err *err);

/* "17 people (7 in collision, 3 moved, 9 by what refers to them; some in several ways)"; "at least …" where there may be more. */
void mr_report_people_words(const struct mr_report_people *people, struct mr_strbuf *out);

#endif
