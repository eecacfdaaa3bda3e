/*
 * alike: what the changed rows of a table have in common, in one sentence.
 *
 * Where nearly everything differs the cause is one: another time zone, another character set,
 * a column that only one side fills.  Rows are counted by the columns that differ in them, and
 * each column by how: shifted by a constant, NULL on one side, other letters' case, a wrong
 * character set.
 *
 * Calling sequence: init, add each row of which both sides' images are known, say, release.
 * Memory: in proportion to the columns, whatever the rows are: the first few sets of columns
 * and the first few offsets of a column are counted, what comes later is only counted as more.
 * The sentence names columns and offsets, never a value; of masked columns not even offsets.
 *
 * Errors: MR_E_NOMEM; MR_E_CASE for an image that no encoder wrote.  Threads: one at a time.
 */
#ifndef MR_ALIKE_H
#define MR_ALIKE_H

#include "core/case/findings.h"
#include "core/case/image.h"

#define MR_ALIKE_SETS 8    /* of columns that differ together */
#define MR_ALIKE_COLUMNS 8 /* of such a set; rows with more are counted as wide */
#define MR_ALIKE_OFFSETS 4 /* of a column */

/* How a column differs, where it is no offset. */
enum mr_alike_way {
    MR_ALIKE_OTHERWISE = 0,
    MR_ALIKE_NULL_ON_TARGET,
    MR_ALIKE_NULL_ON_SOURCE,
    MR_ALIKE_LETTER_CASE,
    MR_ALIKE_BLANKS,     /* at the end */
    MR_ALIKE_TWICE,      /* TARGET's is SOURCE's, taken for latin1 and made UTF-8 once more */
    MR_ALIKE_TWICE_BACK, /* and the other way round */
    MR_ALIKE_MARKS,      /* TARGET has ? where SOURCE has a letter that is not ASCII */
    MR_ALIKE_MARKS_BACK
};
#define MR_ALIKE_WAYS (MR_ALIKE_MARKS_BACK + 1)

struct mr_alike_offset {
    int64_t by; /* target - source; of times in microseconds */
    uint64_t rows;
};

struct mr_alike_column {
    uint64_t rows; /* that differ in it */
    uint64_t ways[MR_ALIKE_WAYS];
    struct mr_alike_offset offsets[MR_ALIKE_OFFSETS]; /* rows 0: not used yet */
};

struct mr_alike_set {
    size_t count; /* of columns; 0: not used yet */
    size_t columns[MR_ALIKE_COLUMNS];
    uint64_t rows;
};

struct mr_alike {
    struct mr_alike_column *columns;
    size_t ncolumns;
    struct mr_alike_set sets[MR_ALIKE_SETS];
    uint64_t rows; /* that were added */
    uint64_t wide; /* with more columns than a set has */
    struct mr_image source, target;
};

enum mr_code mr_alike_init(struct mr_alike *p, size_t ncolumns, struct mr_err *err);
void mr_alike_release(struct mr_alike *p); /* also of zeroes */
/* Forgets all rows. */
void mr_alike_reset(struct mr_alike *p);
/* A finding with both images; others are passed over. */
enum mr_code mr_alike_add(struct mr_alike *p, const struct mr_find_column *columns,
                          const struct mr_finding *finding, struct mr_err *err);

/* Out of how many the rows of a pattern are. */
struct mr_alike_of {
    uint64_t differing; /* rows that differ in any way, missing and extra ones too */
    uint64_t rows;      /* rows that were compared */
    const char *noun;   /* "rows", "rows looked at so far" */
};

/*
 * Appends "99.8 % of 2,000,000 rows differ in `updated_at` only, by exactly 3:30 h …" and
 * gives true, if that is nearly all that differs and nearly everything differs: at least
 * MR_ALIKE_LEAST rows, half of those compared, and 95 % of those that differ.
 */
#define MR_ALIKE_LEAST 20
bool mr_alike_say(const struct mr_alike *p, const struct mr_find_column *columns,
                  const struct mr_alike_of *of, struct mr_strbuf *out);

/*
 * The same of a pattern to which pairs were added that are one identity on both sides, `moved` of
 * them in all: "99.9 % of 2,000,000 rows have another `id` in TARGET …, as in a table that was
 * shifted".  Only of keys that are one number.
 */
bool mr_alike_say_moved(const struct mr_alike *p, const struct mr_find_column *columns,
                        uint64_t moved, uint64_t rows, struct mr_strbuf *out);

/* "99.8 % of 2,000,000 rows", "all 20 rows": rounded down, so that 100 % never stands for less. */
void mr_alike_add_share(struct mr_strbuf *out, uint64_t part, uint64_t of, const char *noun);
/* "3:30 h", "1 day", "0.25 s", "17": without its sign. */
void mr_alike_add_offset(struct mr_strbuf *out, enum mr_class cls, int64_t by);

#endif
