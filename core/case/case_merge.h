/*
 * case_merge: the cases of the parts of a fleet's pair become one, as one check of that pair would
 * have made it.
 *
 * Each part has read some tables whole and some ranges of others, in a run of one uuid.  What one
 * part alone knows is taken over as it is (findings with their packed images, chunks, duplicates);
 * what only all of them know together is worked out anew: counts, moved identities, whom rows
 * belong to, verdicts.  What nearly all differing rows have in common is left to the caller
 * (recon/check/check_alike.h), who knows how it is said.
 *
 *   case_merge_tables   which tables there are, do their ranges tile, what each part says of them
 *   case_merge_parts    opens parts, and reads what they tell of the run
 *   case_merge_rows     copies rows
 *   case_merge_kin      joins references: who is an ancestor here may be a finding there
 *
 * Nothing is equal that was not read: a table is not-checked, with the reason, where a part of it
 * is missing, unfinished, of another server, or of a table that was made anew between two parts.  Where parts
 * are missing or unfinished and nothing else speaks against the table, what the others have found in it is kept,
 * and counted: so far.
 *
 * Calling sequence: open a new case for writing → mr_case_merge → the run is its current one.  A
 * part whose file is damaged ends the merge with its number in *damaged: the caller gives up, or
 * merges again, into another new case, without that part's path.
 *
 * Ownership: everything given must stay until it returns.  Errors: MR_E_CASE; MR_E_REFUSED for
 * ranges that do not tile, or objects that no part or more than one compares; MR_E_IO for a part that
 * is replaced meanwhile; MR_E_NOMEM, MR_E_CANCELLED.  Threads: one.  Memory: tables and references of the pair, the ancestors of one
 * part, and a batch of findings.
 */
#ifndef MR_CASE_MERGE_H
#define MR_CASE_MERGE_H

#include "core/case/findings.h"

struct mr_case_merge_range {
    size_t at; /* among all ranges of the table, over all parts, in key order */
    struct mr_range range;
};

struct mr_case_merge_table {
    const char *name;                         /* "db.t", SOURCE's names */
    const struct mr_case_merge_range *ranges; /* one at 0 without ends: the whole table */
    size_t nranges;
};

struct mr_case_merge_part {
    const char *name; /* for people: "part 7" */
    const char *path; /* of its case; NULL: it is not read, because of why */
    const char *why;  /* why its run has not ended, or is not there: a clause; or NULL */
    /* what the options of its run say of that scope, a line; NULL: they are not looked at */
    const char *scope;
    bool has_objects; /* it has compared the objects */
    const struct mr_case_merge_table *tables;
    size_t ntables;
};

struct mr_case_merge {
    const char *pair; /* its name, for people */
    /* uuid; of a pair of which no part can be read also started, source, target and uri */
    struct mr_find_run run;
    const char *why; /* the pair could not be planned, and has no parts; or NULL */
    const struct mr_case_merge_part *parts;
    size_t nparts;
};

/* *damaged: the part that the error is of; nparts: of none. */
enum mr_code mr_case_merge(const struct mr_case_merge *merge, struct mr_findings *out,
                           size_t *damaged, struct mr_err *err);

#endif
