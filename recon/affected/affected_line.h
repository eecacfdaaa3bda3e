/*
 * affected_line: the people in order, one line each.
 *
 * Calling sequence: when everybody is collected, begin; then next until there is no more;
 * release.  Order: the texts of the identity's columns by their bytes, NULL first; then
 * the name of the table, the keys on SOURCE, the keys on TARGET.
 *
 * Memory: one line, which lives until the next one.  Threads: one.  Errors: MR_E_CASE,
 * MR_E_NOMEM, MR_E_CANCELLED.
 */
#ifndef MR_AFFECTED_LINE_H
#define MR_AFFECTED_LINE_H

#include "recon/affected/affected_extent.h"
#include "core/case/case_fields.h"
#include "recon/affected/affected_people.h"

struct mr_affected_line {
    const struct mr_affected_subject *subject;
    const struct mr_value *values; /* one a field, as people see it */
    struct mr_vec keys[2];         /* struct mr_key: texts, SOURCE's and TARGET's */
    struct mr_strbuf key_text[2];  /* the same, joined by ';' */
    struct mr_strbuf reasons;      /* "missing;child" */
    struct mr_strbuf tables;       /* "club.members;club.orders" */
    struct mr_strbuf new_key;      /* with a plan */
    bool no_new_key;               /* they have none, or there is no plan */
};

/* What is known of all lines before the first one is read. */
struct mr_affected_facts {
    uint64_t people;
    uint64_t by_reason[MR_AFFECTED_REASONS];
    size_t most_keys;                  /* that somebody has on one side */
    struct mr_affected_extent *fields; /* one a field */
    struct mr_affected_extent keys[2]; /* of joined texts, SOURCE's and TARGET's; of the
                                          numbers, too, where a key is one integer */
    struct mr_affected_extent tables;
};

struct mr_affected_lines {
    struct mr_affected_people *people;
    struct mr_affected_facts facts;
    struct mr_affected_line line;
    struct mr_value *values;
    struct mr_case_stmt *stmt;
    struct mr_case_fields map;
};

/* Puts the lines in order. */
enum mr_code mr_affected_lines_begin(struct mr_affected_lines *lines,
                                     struct mr_affected_people *people, struct mr_err *err);
/* The next line, or NULL at the end. */
enum mr_code mr_affected_lines_next(struct mr_affected_lines *lines,
                                    const struct mr_affected_line **line, struct mr_err *err);
void mr_affected_lines_release(struct mr_affected_lines *lines);

/* How the field's values of a subject table are shown. */
struct mr_value_style mr_affected_style(const struct mr_affected_subject *subject, size_t field);

/* Is the table's key one integer? */
bool mr_affected_key_is_number(const struct mr_affected_subject *subject);

#endif
