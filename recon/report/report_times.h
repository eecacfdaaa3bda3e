/*
 * report_times: when the diverged rows of a table were created: a histogram by kind.
 *
 *   see (every row) → fit → add (every row) → read
 *
 * Times are seconds of the column's own calendar, counted as UTC counts them.  The width
 * of a bucket is chosen by the span, from a minute to years, so that there are at most
 * MR_TIMES_BUCKETS.  A row without a usable time (NULL, a zero date) is only counted.
 *
 * Threads: plain data.
 */
#ifndef MR_REPORT_TIMES_H
#define MR_REPORT_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/case/findings.h"

#define MR_TIMES_BUCKETS 120
#define MR_TIMES_KINDS 4 /* missing … collision, by enum mr_find_kind - 1 */

enum mr_times_unit {
    MR_UNIT_MINUTE = 1,
    MR_UNIT_5_MINUTES,
    MR_UNIT_15_MINUTES,
    MR_UNIT_HOUR,
    MR_UNIT_6_HOURS,
    MR_UNIT_DAY,
    MR_UNIT_WEEK, /* from Monday */
    MR_UNIT_MONTH,
    MR_UNIT_YEAR,
    MR_UNIT_DECADE,
    MR_UNIT_CENTURY
};

struct mr_report_times {
    uint64_t dated, undated; /* rows */
    int64_t min_s, max_s;    /* valid where dated > 0 */
    enum mr_times_unit unit;
    int64_t first; /* number of the first bucket */
    size_t nbuckets;
    uint64_t count[MR_TIMES_KINDS][MR_TIMES_BUCKETS];
};

/* False where the value is no time of the calendar. */
bool mr_times_seconds(const struct mr_value *value, int64_t *seconds);

/* The three steps of above: the span is learnt, buckets are laid over it, rows are counted in
 * them. */
void mr_times_see(struct mr_report_times *times, const struct mr_value *value);
void mr_times_fit(struct mr_report_times *times);
void mr_times_add(struct mr_report_times *times, const struct mr_value *value,
                  enum mr_find_kind kind, uint64_t rows);

/* "a minute", "15 minutes", "a day" … */
const char *mr_times_unit_name(enum mr_times_unit unit);
/* The beginning of a bucket, as short as the unit allows: "2026-04-02", "04-02 13:05". */
void mr_times_add_label(struct mr_strbuf *out, const struct mr_report_times *times, size_t bucket);
/* "2026-04-02 13:05:00" */
void mr_times_add_moment(struct mr_strbuf *out, int64_t seconds);

#endif
