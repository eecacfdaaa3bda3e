/*
 * plan_fit: do the values of a row to be written fit the columns of TARGET, and what may be
 * written instead?
 *
 * Every policy judges each row that it is about to write, after its references were mapped:
 * core/schema/column_fit.h says what fits.  Where only a server knows a charset, TARGET is
 * asked.  Values that TARGET's row holds already are not judged, nor are ids that stand for
 * new ones (is_placeholder): the block of new ids fits every column that refers to it.
 *
 * TARGET's row must fit into a statement, too, since it is compared before and written by
 * undo: where a value of it is longer than max_allowed_packet, only skip is left.
 *
 * A row fits neither where MySQL would take all that an UPDATE brings for what is there.
 *
 * Where a value does not fit, a person chooses: skip; without-value (NULL, or the column's
 * default where that is a constant); or another value, as COLUMN=TEXT, or for several
 * columns a JSON object.  Not for columns that say which row it is or what it refers to, nor
 * for those that the condition of a reference looks at.
 *
 * EDITS are such values for a row: again and again a column's position, the length of an
 * encoding (both size_t), and the encoding.
 *
 *   mr_plan_fit_open → mr_plan_fit_row → mr_plan_fit_choices, mr_plan_fit_choose …
 *     → mr_plan_fit_close
 *
 * Ownership: what a call leaves in the struct is good until the next one.  Threads: one.
 * Errors: those of TARGET, MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_PLAN_FIT_H
#define MR_PLAN_FIT_H

#include "repair/plan/plan_tables.h"

#define MR_FIT_KIND "does-not-fit"
#define MR_FIT_SKIP "skip"
#define MR_FIT_WITHOUT "without-value"

struct mr_plan_fit {
    const struct mr_plan_tables *plan;
    struct mr_reader *target;
    bool (*is_placeholder)(struct mr_key value); /* NULL: no value stands for a new id */
    uint64_t packet;                             /* TARGET's max_allowed_packet; 0: not known */
    struct mr_vec columns; /* size_t: of the row judged last, those that do not fit */
    bool is_stuck;         /* TARGET's own row cannot be sent: it can only stay as it is */
    struct mr_strbuf why;  /* "name: 31 characters, varchar(20) holds 20; …" */
    struct mr_strbuf text, sql, bytes;
};

void mr_plan_fit_open(struct mr_plan_fit *fit, const struct mr_plan_tables *plan,
                      struct mr_reader *target);
void mr_plan_fit_close(struct mr_plan_fit *fit);

/* Can a row of the table have a value that does not fit? */
bool mr_plan_fit_is_needed(const struct mr_plan_table *table);

/* Judges an image; live: the image of TARGET's row that it is to replace, or ptr NULL; image
 * ptr NULL: that row is to go.  fit->columns is empty where all of it fits. */
enum mr_code mr_plan_fit_row(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                             struct mr_key image, struct mr_key live, struct mr_err *err);

/* Is the column of TARGET stored, and neither what a row is known by, nor a reference, nor
 * what the condition of one looks at?  Then another value makes no other fact of the row. */
bool mr_plan_fit_is_plain(const struct mr_plan_tables *plan, const struct mr_plan_table *table,
                          size_t column);

/* What may be chosen for the row judged last: "skip;without-value;name=VALUE". */
void mr_plan_fit_choices(const struct mr_plan_fit *fit, const struct mr_plan_table *table,
                         struct mr_strbuf *out);

/* The choice of the last rule for such values; NULL: there is none. */
const char *mr_plan_fit_rule(const struct mr_conflict_rule *rules, size_t count);

/* Does it look like a choice of a value, COLUMN=TEXT or {…}? */
bool mr_plan_fit_is_value(const char *choice);
/* How much of a decision is words of the plan, which may be spelled in capitals or not; a column behind newest:,
 * or a value, is somebody's own. */
size_t mr_plan_fit_words(const char *decision);

/* Appends the edits that a choice (not skip) makes of the row judged last.  *possible
 * false: it is none that can be carried out, and fit->why says so. */
enum mr_code mr_plan_fit_choose(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                                const char *choice, struct mr_strbuf *edits, bool *possible,
                                struct mr_err *err);

/* One edit more. */
void mr_plan_fit_add(struct mr_strbuf *edits, size_t column, struct mr_key value);
/* Puts edits into the values of a row, one for each column, which point into them. */
void mr_plan_fit_apply(struct mr_key edits, struct mr_key *values, size_t nvalues);

#endif
