/* when.c: see when.h. */
#include "core/row/when.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define MICROS INT64_C(1000000)

static bool parse_digits(const char **at, unsigned count, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < count; i++) {
        if (**at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (uint32_t)(**at - '0');
        (*at)++;
    }
    return true;
}

static bool parse_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool is_leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
    static const uint32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

bool mr_when_is_day(const struct mr_time *t)
{
    return t->month >= 1 && t->month <= 12 && t->day >= 1 &&
           t->day <= days_in_month(t->year, t->month);
}

/* By eras of 400 years (146,097 days) that begin on March 1, so that the leap day is a year's last:
 * H. Hinnant, chrono-Compatible Low-Level Date Algorithms. */
int64_t mr_when_day_number(const struct mr_time *t)
{
    const int64_t year = (int64_t)t->year - (t->month <= 2);
    const int64_t era = (year < 0 ? year - 399 : year) / 400, year_of_era = year - era * 400;
    const int64_t month = ((int64_t)t->month + 9) % 12; /* since March */
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                               (153 * month + 2) / 5 + t->day - 1;
    return era * 146097 + day_of_era - 719468;
}

static bool parse_date(const char **at, struct mr_time *t)
{
    return parse_digits(at, 4, &t->year) && parse_char(at, '-') && parse_digits(at, 2, &t->month) &&
           parse_char(at, '-') && parse_digits(at, 2, &t->day) && t->year >= 1 && mr_when_is_day(t);
}

/* One to six digits behind the point, as microseconds. */
static bool parse_fraction(const char **at, uint32_t *micros)
{
    uint32_t weight = 100000;
    *micros = 0;
    for (; **at >= '0' && **at <= '9' && weight > 0; weight /= 10) {
        *micros += (uint32_t)(**at - '0') * weight;
        (*at)++;
    }
    return weight < 100000;
}

static bool parse_clock(const char **at, struct mr_time *t)
{
    if (!parse_digits(at, 2, &t->hour) || !parse_char(at, ':') ||
        !parse_digits(at, 2, &t->minute) || !parse_char(at, ':') ||
        !parse_digits(at, 2, &t->second) || t->hour > 23 || t->minute > 59 || t->second > 59)
        return false;
    return !parse_char(at, '.') || parse_fraction(at, &t->micros);
}

static bool parse_zone(const char **at, struct mr_when *when)
{
    char sign = **at;
    when->has_zone = sign != '\0';
    if (!when->has_zone || parse_char(at, 'Z'))
        return true;
    uint32_t hours = 0, minutes = 0;
    if ((sign != '+' && sign != '-') || !parse_char(at, sign) || !parse_digits(at, 2, &hours) ||
        !parse_char(at, ':') || !parse_digits(at, 2, &minutes) || hours > 14 || minutes > 59)
        return false;
    when->offset_minutes = (int)(hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return true;
}

enum mr_code mr_when_parse(struct mr_when *when, const char *text, struct mr_err *err)
{
    const char *at = text;
    *when = (struct mr_when){0};
    bool good = parse_date(&at, &when->time);
    if (good && (at[0] == ' ' || at[0] == 'T')) {
        at++;
        good = parse_clock(&at, &when->time);
    }
    if (good && parse_zone(&at, when) && *at == '\0')
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is not a time", text);
    mr_err_hint(err, "Write YYYY-MM-DD or \"YYYY-MM-DD HH:MM:SS\", with Z or +HH:MM "
                     "behind it for a time zone.");
    return MR_E_USAGE;
}

static void previous_day(struct mr_time *t)
{
    if (--t->day > 0)
        return;
    if (--t->month == 0) {
        t->month = 12;
        t->year--;
    }
    t->day = days_in_month(t->year, t->month);
}

static void next_day(struct mr_time *t)
{
    if (++t->day <= days_in_month(t->year, t->month))
        return;
    t->day = 1;
    if (++t->month > 12) {
        t->month = 1;
        t->year++;
    }
}

struct mr_time mr_when_utc(const struct mr_when *when)
{
    const int day_minutes = 24 * 60;
    struct mr_time utc = when->time;
    int minutes = (int)(utc.hour * 60 + utc.minute) - when->offset_minutes;
    if (minutes < 0) {
        previous_day(&utc);
        minutes += day_minutes;
    } else if (minutes >= day_minutes) {
        next_day(&utc);
        minutes -= day_minutes;
    }
    utc.hour = (uint32_t)minutes / 60;
    utc.minute = (uint32_t)minutes % 60;
    return utc;
}

void mr_when_format(const struct mr_time *time, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "%04u-%02u-%02u %02u:%02u:%02u", time->year, time->month, time->day,
                      time->hour, time->minute, time->second);
    if (time->micros != 0)
        mr_strbuf_add_fmt(out, ".%06u", time->micros);
}

int64_t mr_when_us(const struct mr_when *when)
{
    const struct mr_time t = mr_when_utc(when);
    return (mr_when_day_number(&t) * 86400 + t.hour * 3600 + t.minute * 60 + t.second) * 1000000 +
           t.micros;
}

int mr_when_compare(const struct mr_time *a, const struct mr_time *b)
{
    const uint32_t x[] = {a->year, a->month, a->day, a->hour, a->minute, a->second, a->micros};
    const uint32_t y[] = {b->year, b->month, b->day, b->hour, b->minute, b->second, b->micros};
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

void mr_when_format_us(int64_t us, struct mr_strbuf *out)
{
    const time_t seconds = (time_t)(us / MICROS);
    char text[32] = "";
    struct tm utc;
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
    mr_strbuf_add_str(out, text);
    if (us % MICROS > 0)
        mr_strbuf_add_fmt(out, ".%06" PRId64, us % MICROS);
}
