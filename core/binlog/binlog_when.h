/*
 * binlog_when: dates and times as row images and JSON hold them.
 *
 * Each function is given all bytes of its value and returns false for bytes that are no date or
 * time of a server.  Zero dates are dates.  digits: of the fraction, 0 to 6; what is behind them is
 * not stored.  Formats "of old" are those of servers before MySQL 5.6, and of tables that were
 * made under them; they have no fraction.
 *
 * TIMESTAMP is seconds of UTC, and comes out as UTC: so does a SELECT, since our sessions have
 * time_zone '+00:00'.  0 is the zero date; with a fraction it is 1970, as MariaDB has it.
 *
 * Threads: no state.
 */
#ifndef MR_BINLOG_WHEN_H
#define MR_BINLOG_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/row/row.h"

/* All three bytes, eight, four, of a value. */
bool mr_binlog_date(const uint8_t at[3], struct mr_time *out);
bool mr_binlog_time_of_old(const uint8_t at[3], struct mr_time *out);
bool mr_binlog_datetime_of_old(const uint8_t at[8], struct mr_time *out);
bool mr_binlog_timestamp_of_old(const uint8_t at[4], struct mr_time *out);
/* Bytes: 3, 5 and 4, and one for each two digits. */
bool mr_binlog_time(const uint8_t *at, unsigned digits, struct mr_time *out);
bool mr_binlog_datetime(const uint8_t *at, unsigned digits, struct mr_time *out);
bool mr_binlog_timestamp(const uint8_t *at, unsigned digits, struct mr_time *out);
/* In JSON: one number for all of it. */
bool mr_binlog_packed_time(int64_t packed, struct mr_time *out);
bool mr_binlog_packed_datetime(int64_t packed, struct mr_time *out);

#endif
