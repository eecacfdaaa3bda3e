/*
 * when: a point in time as a person writes it: YYYY-MM-DD[ HH:MM:SS[.f]][Z|±HH:MM].
 *
 * A `T` may stand for the blank.  The fraction has one to six digits.  Without a zone
 * the time is meant as it is written in DATE and DATETIME columns, and in the server's
 * global time zone for TIMESTAMP columns: the caller decides.
 */
#ifndef MR_WHEN_H
#define MR_WHEN_H

#include <stdbool.h>

#include "core/base/strbuf.h"
#include "core/row/row.h"

struct mr_when {
    struct mr_time time; /* as written */
    bool has_zone;
    int offset_minutes; /* east of UTC; 0 for Z */
};

/* Does the calendar have the day?  No part of it is zero, but the year may be. */
bool mr_when_is_day(const struct mr_time *time);

/* Days from 1970-01-01 to that day, in the proleptic Gregorian calendar; month and day are not 0. */
int64_t mr_when_day_number(const struct mr_time *time);

/* MR_E_USAGE with a hint of the form; no day that the calendar does not have. */
enum mr_code mr_when_parse(struct mr_when *when, const char *text, struct mr_err *err);

/* The same instant in UTC; a time without zone is taken as UTC. */
struct mr_time mr_when_utc(const struct mr_when *when);

/* Microseconds since 1970 of that instant. */
int64_t mr_when_us(const struct mr_when *when);

/* By the fields of a date and time, as strcmp(); no sign, no zone. */
int mr_when_compare(const struct mr_time *a, const struct mr_time *b);

/* "2026-04-02 12:11:00" or, with a fraction, "2026-04-02 12:11:00.500000". */
void mr_when_format(const struct mr_time *time, struct mr_strbuf *out);
/* The same of microseconds since 1970, in UTC. */
void mr_when_format_us(int64_t us, struct mr_strbuf *out);

#endif
