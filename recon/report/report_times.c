/* report_times.c: see report_times.h. */
#include "recon/report/report_times.h"

#include <inttypes.h>

#include "core/row/when.h"

#define DAY_S INT64_C(86400)
#define MONDAY 4 /* the day numbered -3 was a Monday: (day + 3) / 7 counts from there */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The inverse of mr_when_day_number(), by the same eras, so that a bucket's beginning is labelled with
 * the day that it was counted from. */
static struct mr_time calendar(int64_t seconds)
{
    int64_t day = floor_div(seconds, DAY_S), rest = seconds - day * DAY_S;
    int64_t shifted = day + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    return (struct mr_time){
        .year = (uint32_t)(year_of_era + era * 400 + (month >= 10)),
        .month = (uint32_t)(month < 10 ? month + 3 : month - 9),
        .day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = (uint32_t)(rest / 3600),
        .minute = (uint32_t)(rest / 60 % 60),
        .second = (uint32_t)(rest % 60),
    };
}

bool mr_times_seconds(const struct mr_value *value, int64_t *seconds)
{
    const struct mr_time *t = &value->t;
    if (value->cls != MR_CLASS_DATE && value->cls != MR_CLASS_DATETIME)
        return false;
    if (t->month < 1 || t->month > 12 || t->day < 1 || t->day > 31)
        return false;
    bool has_time = value->cls == MR_CLASS_DATETIME;
    *seconds = mr_when_day_number(t) * DAY_S +
               (has_time ? t->hour * 3600 + t->minute * 60 + t->second : 0);
    return true;
}

void mr_times_see(struct mr_report_times *times, const struct mr_value *value)
{
    int64_t s;
    if (!mr_times_seconds(value, &s)) {
        times->undated++;
        return;
    }
    if (times->dated == 0 || s < times->min_s)
        times->min_s = s;
    if (times->dated == 0 || s > times->max_s)
        times->max_s = s;
    times->dated++;
}

/* Rounded down, not towards zero: or the buckets on both sides of 1970 would fall into one. */
static int64_t bucket_of(enum mr_times_unit unit, int64_t s)
{
    struct mr_time t = calendar(s);
    switch (unit) {
    case MR_UNIT_MINUTE: return floor_div(s, 60);
    case MR_UNIT_5_MINUTES: return floor_div(s, 300);
    case MR_UNIT_15_MINUTES: return floor_div(s, 900);
    case MR_UNIT_HOUR: return floor_div(s, 3600);
    case MR_UNIT_6_HOURS: return floor_div(s, 6 * INT64_C(3600));
    case MR_UNIT_DAY: return floor_div(s, DAY_S);
    case MR_UNIT_WEEK: return floor_div(floor_div(s, DAY_S) + MONDAY - 1, 7);
    case MR_UNIT_MONTH: return (int64_t)t.year * 12 + t.month - 1;
    case MR_UNIT_YEAR: return t.year;
    case MR_UNIT_DECADE: return t.year / 10;
    case MR_UNIT_CENTURY: break;
    }
    return t.year / 100;
}

static int64_t first_of(int64_t year, int64_t month)
{
    const struct mr_time first = {.year = (uint32_t)year, .month = (uint32_t)month, .day = 1};
    return mr_when_day_number(&first) * DAY_S;
}

/* Where a bucket begins. */
static int64_t begin_of(enum mr_times_unit unit, int64_t bucket)
{
    switch (unit) {
    case MR_UNIT_MINUTE: return bucket * 60;
    case MR_UNIT_5_MINUTES: return bucket * 300;
    case MR_UNIT_15_MINUTES: return bucket * 900;
    case MR_UNIT_HOUR: return bucket * 3600;
    case MR_UNIT_6_HOURS: return bucket * 6 * 3600;
    case MR_UNIT_DAY: return bucket * DAY_S;
    case MR_UNIT_WEEK: return (bucket * 7 - MONDAY + 1) * DAY_S;
    case MR_UNIT_MONTH: return first_of(bucket / 12, bucket % 12 + 1);
    case MR_UNIT_YEAR: return first_of(bucket, 1);
    case MR_UNIT_DECADE: return first_of(bucket * 10, 1);
    case MR_UNIT_CENTURY: break;
    }
    return first_of(bucket * 100, 1);
}

/* The finest unit with which all rows fit: a coarser one would hide that they were created within
 * an hour. */
void mr_times_fit(struct mr_report_times *times)
{
    if (times->dated == 0)
        return;
    for (int unit = MR_UNIT_MINUTE; unit <= MR_UNIT_CENTURY; unit++) {
        times->unit = (enum mr_times_unit)unit;
        times->first = bucket_of(times->unit, times->min_s);
        int64_t last = bucket_of(times->unit, times->max_s);
        if (last - times->first < MR_TIMES_BUCKETS) {
            times->nbuckets = (size_t)(last - times->first + 1);
            return;
        }
    }
}

void mr_times_add(struct mr_report_times *times, const struct mr_value *value,
                  enum mr_find_kind kind, uint64_t rows)
{
    int64_t s;
    if (times->nbuckets == 0 || kind == MR_KIND_UNDECIDED || !mr_times_seconds(value, &s))
        return;
    int64_t at = bucket_of(times->unit, s) - times->first;
    if (at >= 0 && at < (int64_t)times->nbuckets)
        times->count[kind - MR_KIND_MISSING][at] += rows;
}

const char *mr_times_unit_name(enum mr_times_unit unit)
{
    static const char *const names[] = {
        [MR_UNIT_MINUTE] = "a minute",       [MR_UNIT_5_MINUTES] = "5 minutes",
        [MR_UNIT_15_MINUTES] = "15 minutes", [MR_UNIT_HOUR] = "an hour",
        [MR_UNIT_6_HOURS] = "6 hours",       [MR_UNIT_DAY] = "a day",
        [MR_UNIT_WEEK] = "a week",           [MR_UNIT_MONTH] = "a month",
        [MR_UNIT_YEAR] = "a year",           [MR_UNIT_DECADE] = "a decade",
        [MR_UNIT_CENTURY] = "a century"};
    return names[unit];
}

void mr_times_add_label(struct mr_strbuf *out, const struct mr_report_times *times, size_t bucket)
{
    struct mr_time t = calendar(begin_of(times->unit, times->first + (int64_t)bucket));
    if (times->unit >= MR_UNIT_YEAR)
        mr_strbuf_add_fmt(out, "%04" PRIu32, t.year);
    else if (times->unit == MR_UNIT_MONTH)
        mr_strbuf_add_fmt(out, "%04" PRIu32 "-%02" PRIu32, t.year, t.month);
    else if (times->unit >= MR_UNIT_DAY)
        mr_strbuf_add_fmt(out, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, t.year, t.month, t.day);
    else
        mr_strbuf_add_fmt(out, "%02" PRIu32 "-%02" PRIu32 " %02" PRIu32 ":%02" PRIu32, t.month,
                          t.day, t.hour, t.minute);
}

void mr_times_add_moment(struct mr_strbuf *out, int64_t seconds)
{
    struct mr_time t = calendar(seconds);
    mr_when_format(&t, out);
}
