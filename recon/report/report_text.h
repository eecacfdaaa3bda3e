/*
 * report_text: numbers as texts for a %s, alive until MR_TEXTS others were made.
 *
 * Threads: plain data.
 */
#ifndef MR_REPORT_TEXT_H
#define MR_REPORT_TEXT_H

#include <stdint.h>

#define MR_TEXTS 8

struct mr_texts {
    char texts[MR_TEXTS][64];
    unsigned made;
};

/* "1,234,567" */
const char *mr_text_number(struct mr_texts *texts, uint64_t number);
/* The same without commas, to be copied. */
const char *mr_text_plain(struct mr_texts *texts, uint64_t number);
/* "1 row", "2,000 rows" */
const char *mr_text_count(struct mr_texts *texts, uint64_t number, const char *one,
                          const char *many);

/* "2026-11-20 14:36:05 UTC" of the same with T and Z */
const char *mr_text_time(struct mr_texts *texts, const char *time);
/* "42 s", "3 min 20 s", "2 h 5 min" */
const char *mr_text_duration(struct mr_texts *texts, double seconds);

#endif
