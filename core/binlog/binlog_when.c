/* binlog_when.c: see binlog_when.h. */
#include "core/binlog/binlog_when.h"

#include "core/db/db_wire.h"

#define HOURS_MAX 838
#define MONTHS_BASE 13 /* a year has months 0 to 12 in MySQL's numbers */
#define DAY_SECONDS 86400
#define MICROS_BITS 24

static uint64_t little(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static uint64_t big(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static unsigned fraction_bytes(unsigned digits)
{
    return (digits + 1) / 2;
}

/* A fraction stands in units of its last even digit. */
static uint32_t micros_of(uint64_t fraction, unsigned bytes)
{
    static const uint32_t units[] = {0, 10000, 100, 1};
    return (uint32_t)(fraction * units[bytes]);
}

static bool is_time(const struct mr_time *t)
{
    return t->hour <= HOURS_MAX && t->minute <= 59 && t->second <= 59 && t->micros <= 999999;
}

bool mr_binlog_date(const uint8_t at[3], struct mr_time *out)
{
    const uint32_t v = (uint32_t)little(at, 3);
    *out = (struct mr_time){.year = v >> 9, .month = v >> 5 & 15, .day = v & 31};
    return mr_wire_is_moment(out);
}

bool mr_binlog_time_of_old(const uint8_t at[3], struct mr_time *out)
{
    int32_t v = (int32_t)little(at, 3);
    if (v >= 0x800000)
        v -= 0x1000000;
    *out = (struct mr_time){.negative = v < 0};
    const uint32_t digits = (uint32_t)(v < 0 ? -v : v); /* HHMMSS */
    out->hour = digits / 10000;
    out->minute = digits / 100 % 100;
    out->second = digits % 100;
    return is_time(out);
}

bool mr_binlog_datetime_of_old(const uint8_t at[8], struct mr_time *out)
{
    const uint64_t v = little(at, 8); /* YYYYMMDDHHMMSS */
    if (v > 99999999999999)
        return false;
    const uint32_t date = (uint32_t)(v / 1000000), time = (uint32_t)(v % 1000000);
    *out = (struct mr_time){.year = date / 10000,
                            .month = date / 100 % 100,
                            .day = date % 100,
                            .hour = time / 10000,
                            .minute = time / 100 % 100,
                            .second = time % 100};
    return mr_wire_is_moment(out);
}

/* Days since 1970 to a date, by eras of 400 years that begin on March 1: H. Hinnant,
 * chrono-Compatible Low-Level Date Algorithms. */
static void put_day(uint32_t days, struct mr_time *out)
{
    const uint32_t z = days + 719468, era = z / 146097, of_era = z - era * 146097;
    const uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    const uint32_t month = (5 * of_year + 2) / 153; /* since March */
    out->day = of_year - (153 * month + 2) / 5 + 1;
    out->month = month < 10 ? month + 3 : month - 9;
    out->year = year + era * 400 + (out->month <= 2);
}

static bool put_seconds(uint32_t seconds, uint32_t micros, struct mr_time *out)
{
    const uint32_t time = seconds % DAY_SECONDS;
    *out = (struct mr_time){.micros = micros};
    if (seconds == 0 && micros == 0)
        return true;
    put_day(seconds / DAY_SECONDS, out);
    out->hour = time / 3600;
    out->minute = time / 60 % 60;
    out->second = time % 60;
    return micros <= 999999;
}

bool mr_binlog_timestamp_of_old(const uint8_t at[4], struct mr_time *out)
{
    return put_seconds((uint32_t)little(at, 4), 0, out);
}

bool mr_binlog_timestamp(const uint8_t *at, unsigned digits, struct mr_time *out)
{
    const unsigned n = fraction_bytes(digits);
    return put_seconds((uint32_t)big(at, 4), micros_of(big(at + 4, n), n), out);
}

/* Hour, minute and second of a number of 10 (TIME) or 5 bits and twice 6. */
static void put_time(uint64_t hms, struct mr_time *out)
{
    out->hour = (uint32_t)(hms >> 12);
    out->minute = (uint32_t)(hms >> 6 & 63);
    out->second = (uint32_t)(hms & 63);
}

static void put_datetime(uint64_t v, struct mr_time *out)
{
    const uint64_t date = v >> 17, months = date >> 5;
    put_time(v & 0x1ffff, out);
    out->day = (uint32_t)(date & 31);
    out->month = (uint32_t)(months % MONTHS_BASE);
    out->year = (uint32_t)(months / MONTHS_BASE);
}

/* The whole number, fraction included, is moved by half of its range, so that memcmp() orders. */
bool mr_binlog_time(const uint8_t *at, unsigned digits, struct mr_time *out)
{
    const unsigned n = fraction_bytes(digits);
    const int64_t v = (int64_t)big(at, 3 + n) - ((int64_t)0x800000 << 8 * n);
    const uint64_t size = (uint64_t)(v < 0 ? -v : v);
    *out = (struct mr_time){.negative = v < 0};
    put_time(size >> 8 * n, out);
    out->micros = micros_of(size & ((UINT64_C(1) << 8 * n) - 1), n);
    return is_time(out);
}

bool mr_binlog_datetime(const uint8_t *at, unsigned digits, struct mr_time *out)
{
    const unsigned n = fraction_bytes(digits);
    const uint64_t v = big(at, 5), half = UINT64_C(0x8000000000);
    *out = (struct mr_time){.micros = micros_of(big(at + 5, n), n)};
    if (v < half)
        return false;
    put_datetime(v - half, out);
    return mr_wire_is_moment(out);
}

bool mr_binlog_packed_time(int64_t packed, struct mr_time *out)
{
    const uint64_t size = packed < 0 ? -(uint64_t)packed : (uint64_t)packed;
    *out = (struct mr_time){.negative = packed < 0};
    if (size >> MICROS_BITS > 0x3fffff) /* 22 bits: no hour is cut */
        return false;
    put_time(size >> MICROS_BITS, out);
    out->micros = (uint32_t)(size & ((1U << MICROS_BITS) - 1));
    return is_time(out);
}

bool mr_binlog_packed_datetime(int64_t packed, struct mr_time *out)
{
    *out = (struct mr_time){0};
    if (packed < 0)
        return false;
    put_datetime((uint64_t)packed >> MICROS_BITS, out);
    out->micros = (uint32_t)((uint64_t)packed & ((1U << MICROS_BITS) - 1));
    return mr_wire_is_moment(out);
}
